"""Ratings of studies: stars against the total, stars against their most, the class against the paper's own limits."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.scales import is_adapted
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.rules.plausibility import STAR_LIMITS, star_limit
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import place_of
from ostealgia.io.documents.model import Cell
from ostealgia.numerics.intervals import as_interval

DOMAINS = {"selection": "selection", "comparability": "comparability", "outcome": "outcome", "exposure": "exposure"}
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
    """Newcastle-Ottawa: at most 4, 2 and 3 in its domains and 9 in all, or what the headings print as the most."""
    names = {c.index: _domain(c.name) for c in table.columns}
    if sum(name is not None and name != "total" for name in names.values()) < 3:
        return
    told = {c.index: _most_in(c.name) for c in table.columns}
    adapted = is_adapted(paper.document.plain)
    for row in rows:
        for column, entry in row.line.entries.items():
            domain = names.get(column)
            number = entry.parts.get("filled") or entry.parts.get("points") or entry.parts.get("total")
            if domain is None or number is None or "most" in entry.parts:
                continue
            place = place_of(paper, table, row.line, entry)
            usual = STAR_LIMITS["NOS"][domain]
            most = told[column] or (None if adapted else usual)
            if most == usual:
                yield star_limit(int(number.value), domain, place=place)
            elif most is not None:
                yield scale_bound(number.printed, 0, most, what=f"{row.line.label}, {domain}", place=place)


def _domain(heading: str) -> str | None:
    """The domain a heading names, without its limits: "Comparability (max 2)"."""
    bare = _LIMITS_SAID.sub(" ", heading).strip().casefold()
    if re.fullmatch(r"\W*(?:total|total scores?|total stars?|overall scores?|sum|nos total)\W*", bare):
        return "total"
    if re.fullmatch(r"\W*(?:exposures?|outcomes?)(?:\s?(?:/|or|and)\s?(?:exposures?|outcomes?))?\W*", bare):
        return "outcome"
    return next((d for d in DOMAINS if re.fullmatch(rf"\W*{d}\W*", bare)), None)


_LIMITS_SAID = re.compile(
    r"[(\[,/]\s{0,2}(?:0\s?(?:-|–|to)\s?|max(?:imum)?\.?\s?(?:of\s)?|up to\s|out of\s|of\s|≤\s?)?"
    r"(\d{1,2})\s?(?:stars?|points?)?\s{0,2}[)\]]?\s*$",
    re.I,
)


def _most_in(heading: str) -> int | None:
    """The most points that a heading prints: "Selection (0-4)", "Outcome (max 3)", "Total /9".

    >>> _most_in("Selection (0-4)"), _most_in("Outcome (max 3)"), _most_in("Total")
    (4, 3, None)
    """
    found = _LIMITS_SAID.search(heading)
    return int(found[1]) if found else None


# ---------------------------------------------------------------- MINORS: a column an item, each 0, 1 or 2

_MINORS = re.compile(r"\bMINORS\b|methodological index for non-?\s?randomi[sz]ed", re.I)
_POINT = re.compile(r"\s*(\d{1,2})\s*$")
LEAST_ITEMS = 6


def table_items(paper: Paper) -> Iterator[Finding]:
    """scale-bound for the items of MINORS, and total-vs-parts for their totals, where nearly all rows add up."""
    for printed in paper.document.tables:
        if not _MINORS.search(f"{printed.caption} {printed.note}"):
            continue
        names = [printed.column_name(column).strip() for column in range(printed.n_columns)]
        items = [i for i, name in enumerate(names) if i and re.fullmatch(r"(?:item|q|i)?\.?\s?\d{1,2}\.?", name, re.I)]
        total = [i for i, name in enumerate(names) if re.match(r"total|sum|score", name, re.I)]
        if len(items) < LEAST_ITEMS:
            continue
        rows = [row for row in printed.body if all(_POINT.match(row[i].text) for i in items)]
        for row in rows:
            for i in items:
                place = paper.place(row[i].start, row[i].end)
                yield star_limit(int(row[i].text), "item", tool="MINORS", place=place)
        if len(total) == 1:
            yield from _item_totals(paper, [row for row in rows if _POINT.match(row[total[0]].text)], items, total[0])


def _item_totals(paper: Paper, rows: Sequence[Sequence[Cell]], items: Sequence[int], total: int) -> Iterator[Finding]:
    sums = [sum(int(row[i].text) for i in items) for row in rows]
    fitting = sum(added == int(row[total].text) for added, row in zip(sums, rows, strict=True))
    if fitting < max(2, 0.6 * len(rows)):
        return
    for row in rows:
        place = paper.place(row[total].start, row[total].end)
        parts = [row[i].text.strip() for i in items]
        yield total_vs_parts(parts, row[total].text.strip(), what=f"{row[0].text.strip()}, points", place=place)


# ---------------------------------------------------------------- judgements: how many studies are low, unclear, high

_JUDGED = re.compile(
    r"\W*(?:low|high|unclear|some concerns?|moderate|serious|critical|no information)(?: risk)?(?: of bias)?(?:,? ?\W?n\W?(?: \(%\))?)?\W*",
    re.I,
)
_BIAS = re.compile(r"risk of bias|\brob\b|robins|quadas|methodological quality", re.I)
_STUDIES = re.compile(r"\s*(\d{1,3})(?:\s?\(\s?\d{1,3}(?:[.,·]\d{1,2})?\s?%?\s?\))?\s*$")
LEAST_DOMAINS = 4


def table_judgements(paper: Paper) -> Iterator[Finding]:
    """total-vs-parts for numbers of studies by judgement: every domain is of the same studies, as all rows but one say."""
    for printed in paper.document.tables:
        if not _BIAS.search(printed.caption):
            continue
        columns = [c for c in range(1, printed.n_columns) if _JUDGED.fullmatch(printed.column_name(c).strip())]
        if len(columns) < 2 or len(columns) != printed.n_columns - 1:
            continue
        rows = [(row, [_STUDIES.match(row[c].text) for c in columns]) for row in printed.body]
        read = [(row, [int(match[1]) for match in found if match]) for row, found in rows if all(found)]
        sums = [sum(parts) for _, parts in read]
        if len(read) != len(rows) or len(read) < LEAST_DOMAINS:
            continue
        whole = max(set(sums), key=sums.count)
        if sums.count(whole) < len(sums) - 1:
            continue
        for row, parts in read:
            place = paper.place(row[columns[0]].start, row[columns[-1]].end)
            yield total_vs_parts(parts, str(whole), what=f"{row[0].text.strip()}, studies", place=place)


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


CHECKS = (table_ratings, table_items, table_judgements)
