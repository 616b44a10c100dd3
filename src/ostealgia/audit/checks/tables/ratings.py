"""Ratings of studies: stars against the total, stars against their most, the class against the paper's own limits."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import star_limit
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import place_of
from ostealgia.numerics.intervals import as_interval

DOMAINS = {"selection": "selection", "comparability": "comparability", "outcome": "outcome", "exposure": "exposure"}
CLASSES = ("high", "good", "moderate", "fair", "medium", "intermediate", "low", "poor")
_CLASS = re.compile(r"\b(high|good|moderate|fair|medium|intermediate|low|poor)\b", re.IGNORECASE)
_LIMIT = re.compile(
    r"(?P<least>\d+) (?:or|and) (?:higher|more|above|greater|over)|(?:≥|>=|at least|from) ?(?P<least2>\d+)(?! ?(?:-|to))"
    r"|(?:between )?(?P<low>\d+) ?(?:-|to|and) ?(?P<high>\d+)|(?:>|above|over|more than|greater than) ?(?P<above>\d+)"
    r"|(?P<most>\d+) (?:or|and) (?:lower|less|fewer|below)|(?:≤|<=|at most|up to) ?(?P<most2>\d+)"
    r"|(?:<|below|under|less than|fewer than|lower than) ?(?P<below>\d+)",
    re.IGNORECASE,
)
HIGHEST = 99


@dataclass(frozen=True)
class Rated:
    """One row of ratings: what each domain has, the printed total, its most, and the class in words."""

    line: Line
    filled: tuple[Number, ...]
    total: Number | None
    most: Number | None
    word: str | None
    stars: bool


def table_ratings(paper: Paper) -> Iterator[Finding]:
    """Totals, limits of domains and classes of every table of ratings."""
    limits: dict[str, tuple[int, int]] | None = None
    for table in paper.tables:
        if table.kind != "ratings":
            continue
        rows = [rated for line in table.lines if (rated := _rated(paper, table, line)) is not None]
        limits = quality_limits(paper.document.plain) if limits is None else limits
        if _adds_up(rows):
            for row in rows:
                yield from _total(paper, table, row, limits)
        for row in rows:
            yield from _class(paper, table, row, limits)
        yield from _domains(paper, table, rows)


def _rated(paper: Paper, table: ReadTable, line: Line) -> Rated | None:
    entries = sorted(line.entries.values(), key=lambda e: e.column)
    stars = [e.parts["filled"] for e in entries if "filled" in e.parts]
    points = [e.parts["points"] for e in entries if "points" in e.parts]
    totals = [e for e in entries if "total" in e.parts]
    if len(totals) != 1:
        return None
    total = totals[0].parts["total"]
    printed = paper.document.tables[table.index]
    said = [
        cell.text.strip()
        for cell in (printed.cells[line.row] if line.row < len(printed.cells) else ())  # rows of a continued table
        if len(cell.text.strip()) < 30 and _CLASS.search(cell.text)
    ]
    word = _CLASS.search(said[0]) if len(said) == 1 else None
    return Rated(
        line,
        tuple(stars or points),
        total,
        totals[0].parts.get("most"),
        word[0].casefold() if word else None,
        bool(stars),
    )


def _adds_up(rows: Sequence[Rated]) -> bool:
    """Whether the total is the sum of the domains: by stars, or because most rows say so."""
    told = [row for row in rows if row.total is not None and len(row.filled) >= 2]
    if len(told) < 2 or len({len(row.filled) for row in told}) > 1:
        return False
    fitting = sum(sum(n.value for n in row.filled) == row.total.value for row in told if row.total)
    within = all(row.most is None or sum(n.value for n in row.filled) <= row.most.value for row in told)
    if all(row.stars for row in told) and within:
        return True
    return fitting >= 2 and fitting >= 0.6 * len(told)


def _total(paper: Paper, table: ReadTable, row: Rated, limits: dict[str, tuple[int, int]]) -> Iterator[Finding]:
    if row.total is None or len(row.filled) < 2:
        return
    added = int(sum(n.value for n in row.filled))
    place = place_of(paper, table, row.line, row.line.entries[_column_of(row)])
    place = replace(place, quote=_words(paper, table, row))
    found = total_vs_parts([n.text for n in row.filled], row.total.text, what=f"{row.line.label}, points", place=place)
    most = f"/{row.most.text}" if row.most is not None else ""
    if found.flagged:
        changed = bool(limits) and class_of(added, limits) != class_of(int(row.total.value), limits)
        told = "the class of quality changes" if changed else "the class of quality is the same"
        text = f"{found.cause}; {told}" if found.cause else told
        found = replace(
            found,
            severity="major" if changed else "minor",
            cause=text if limits else found.cause,
            repair=f"{added}{most}",
        )
    yield replace(found, reported=f"{row.total.text}{most}")


def _words(paper: Paper, table: ReadTable, row: Rated) -> str:
    printed = paper.document.tables[table.index]
    return " ".join(cell.text.strip() for cell in printed.cells[row.line.row] if 0 < len(cell.text.strip()) < 60)


def _column_of(row: Rated) -> int:
    return next(column for column, entry in row.line.entries.items() if "total" in entry.parts)


def _class(paper: Paper, table: ReadTable, row: Rated, limits: dict[str, tuple[int, int]]) -> Iterator[Finding]:
    """The class in words against the paper's own limits."""
    if row.word is None or row.total is None or row.word not in limits:
        return
    low, high = limits[row.word]
    value = int(row.total.value)
    fits = low <= value <= high
    right = class_of(value, limits)
    place = replace(
        place_of(paper, table, row.line, row.line.entries[_column_of(row)]), quote=_words(paper, table, row)
    )
    yield make(
        "cross-reference",
        place,
        reported=f"{row.total.text} {row.word}",
        verdict="consistent" if fits else "inconsistent",
        severity="none" if fits else "minor",
        recomputed=float(value),
        values=as_interval(value),
        message=f"{row.line.label}: {value} is {right or 'no class'} by the paper's own limits; printed {row.word}",
    )


def _domains(paper: Paper, table: ReadTable, rows: Sequence[Rated]) -> Iterator[Finding]:
    """Newcastle-Ottawa: at most 4, 2 and 3 in its domains."""
    names = {
        c.index: next((d for d in DOMAINS if re.fullmatch(rf"\W*{d}\W*", c.name.strip().casefold())), None)
        for c in table.columns
    }
    if sum(name is not None for name in names.values()) < 3:
        return
    for row in rows:
        for column, entry in row.line.entries.items():
            domain = names.get(column)
            number = entry.parts.get("filled") or entry.parts.get("points")
            if domain is not None and number is not None:
                place = place_of(paper, table, row.line, entry)
                yield star_limit(int(number.value), "outcome" if domain == "exposure" else domain, place=place)


def class_of(value: int, limits: dict[str, tuple[int, int]]) -> str | None:
    """The class a total belongs to."""
    return next((name for name, (low, high) in limits.items() if low <= value <= high), None)


def quality_limits(plain: str) -> dict[str, tuple[int, int]]:
    """The classes of quality as the paper defines them: class -> least and most points. Empty where it does not.

    >>> quality_limits("Studies were high quality if they scored 7 or higher, moderate between 5 and 6, and low below 5.")
    {'high': (7, 99), 'moderate': (5, 6), 'low': (0, 4)}
    >>> quality_limits("Scores of 7-9 were rated as high quality, 4-6 as moderate and 0-3 as low quality.")
    {'high': (7, 9), 'moderate': (4, 6), 'low': (0, 3)}
    """
    for sentence in re.split(r"(?<=[.;])\s+(?=[A-Z])|\n", plain):
        if len(sentence) < 600 and re.search(r"scor|star|point", sentence, re.IGNORECASE):
            found = _limits_in(sentence)
            if len(found) >= 2:
                return found
    return {}


def _limits_in(sentence: str) -> dict[str, tuple[int, int]]:
    words = [(m.start(), m.end(), m[0].casefold()) for m in _CLASS.finditer(sentence)]
    words = [w for w in words if not re.match(r"er\b", sentence[w[1] :])]
    ranges = [(m.start(), m.end(), _range(m)) for m in _LIMIT.finditer(sentence)]
    ranges = [
        r
        for r in ranges
        if not re.match(r"\s*(?:points|stars)?\s*(?:,)?\s*(?:in|of) (?:the )?(?:three|total)", sentence[r[1] :])
    ]
    if len(words) != len(ranges) or not 2 <= len(words) <= 4 or len({w[2] for w in words}) != len(words):
        return {}
    paired = list(zip(sorted(words), sorted(ranges), strict=True))
    first = [word[0] < limit[0] for word, limit in paired]
    if not (all(first) or not any(first)):
        return {}
    found = {word[2]: limit[2] for word, limit in paired}
    spans = sorted(found.values())
    return found if all(a[1] < b[0] for a, b in itertools.pairwise(spans)) else {}


def _range(found: re.Match[str]) -> tuple[int, int]:
    value = {name: int(text) for name, text in found.groupdict().items() if text}
    low = value.get("least", value.get("least2", value.get("low", value.get("above", -1) + 1)))
    high = value.get("most", value.get("most2", value.get("high", value.get("below", HIGHEST + 1) - 1)))
    return low, high


CHECKS = (table_ratings,)
