"""Ratings of studies in small tables: points of each domain against the heading's or the tool's most, and their sum.

The heading or the tool says how many points a domain has, and that the last column is their total: no other row need fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.scales import is_adapted
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.audit.tables.headers import folded
from ostealgia.audit.tables.view import shortened
from ostealgia.io.documents.model import Cell

_LIMITS = re.compile(
    r"[(\[,/]\s{0,2}(?:(?P<low>[01])\s?(?:-|–|to)\s?|max(?:imum)?\.?\s?:?\s?(?:of\s)?|up to\s|out of\s|of\s|≤\s?)?(?P<most>\d{1,2})\s?"
    r"(?:stars?|points?|items?)?\s{0,2}[)\]]?\s*$",
    re.I,
)
_POINTS = re.compile(r"\s*(?:(\d{1,2})|([★*⭐✩☆✭]{1,9})|(-|–|—|0))\s*(?:stars?|points?)?\s*$")
_TOTAL_CELL = re.compile(r"\s*(\d{1,2})\s*(?:/\s*(\d{1,2}))?\s*(?:stars?|points?)?\s*$")
_TOTAL = re.compile(
    r"^\W*(?:(?:nos|jadad|minors|pedro|quality|overall)\s)?(?:total|sum|overall|score)s?"
    r"(?:\s(?:scores?|stars|points|nos|quality|rating))?\W*$",
    re.I,
)
# tool -> its domains with their most points
_TOOLS: tuple[tuple[re.Pattern[str], tuple[tuple[str, int], ...], int], ...] = (
    (
        re.compile(r"newcastle\W{1,3}ottawa|\bNOS\b", re.I),
        (
            (r"s(?:el(?:ection)?)?", 4),
            (r"c(?:omp(?:arability)?)?", 2),
            (r"[oe](?:utcomes?|xposures?)?(?:\s?(?:/|or)\s?(?:exposure|outcome))?", 3),
        ),
        9,
    ),
    (
        re.compile(r"\bjadad\b|oxford quality", re.I),
        (
            (r"randomi[sz]ation", 2),
            (r"(?:double[- ])?blind(?:ing|ed)?", 2),
            (r"withdrawals?(?:(?: and |/)drop-?outs?)?|drop-?outs?|(?:account of )?(?:all )?patients", 1),
        ),
        5,
    ),
)  # fmt: skip
_ITEM = re.compile(r"\W*(?:item|q|i|d|domain|question)?\.?\s?\d{1,2}\W*$", re.I)
_MINORS = re.compile(r"\bMINORS\b|methodological index for non-?\s?randomi[sz]ed", re.I)
_CHECKLIST = re.compile(r"\bJBI\b|joanna briggs|\bchecklist\b|critical appraisal|\bCASP\b", re.I)
_ANSWERS = re.compile(r"\W*(?:yes|no|unclear|can'?t tell|not applicable|n/?a|partly|partial(?:ly)?)\W*$", re.I)
_ASIDE = re.compile(r"not applicable|\bn/?a\b", re.I)
LEAST_ITEMS = 6
# a table of numbers of studies, or of agreement, for each domain
_SUMMED_UP = re.compile(
    r"\b(?:number|no\.|percent\w*|proportion|share) of (?:the )?(?:included )?(?:stud(?:y|ies)|trials|articles|papers)\b|"
    r"\bagreement\b|\bkappa\b|"
    r"\bfull points\b|\bmedians?\b|\bmeans?\b",
    re.I,
)
_NO_STUDY = re.compile(
    r"\W*(?:yes|no|unclear|low|high|mean|median|total|agreement|kappa|all|n|%|range|max\w*)\W*$", re.I
)
HALF = 0.5  # of the rows add up where the heading does not say that the last column is the total


@dataclass(frozen=True)
class _Part:
    """A column of points. most : as the heading or the tool says."""

    column: int
    most: int | None
    low: int


def rated_rows(paper: Paper) -> Iterator[Finding]:
    """Does a domain have more points than it can, and do the points make up the total?"""
    for table in paper.document.tables:
        if len(table.body) < 2 or table.n_columns < 3:
            continue
        names = [table.column_name(column).strip() for column in range(table.n_columns)]
        said = f"{table.caption} {table.note} {' '.join(names)}"
        if _SUMMED_UP.search(table.caption):
            continue
        parts = _parts(names, said, adapted=is_adapted(paper.document.plain))
        if len(parts) < 2:
            continue
        body = [row for row in table.body if not _NO_STUDY.match(row[0].text)]
        rows = [row for row in body if all(_points(row[one.column]) is not None for one in parts)]
        for row in rows:
            for one in parts:
                if one.most is not None:
                    yield _bound(paper, row, one, names[one.column])
        totals = [c for c in range(1, table.n_columns) if _TOTAL.match(_LIMITS.sub("", names[c]))]
        if len(totals) == 1 and all(one.column < totals[0] for one in parts):
            yield from _sums(paper, rows, parts, totals[0], items=len(parts) >= LEAST_ITEMS)


def _parts(names: Sequence[str], said: str, *, adapted: bool) -> list[_Part]:
    """The domains of a tool, or columns with their limits beside their names."""
    bare = [_LIMITS.sub("", name).strip() for name in names]
    found = [_LIMITS.search(name) for name in names]
    for named, domains, _ in _TOOLS:
        if not named.search(said):
            continue
        parts = []
        for pattern, usual in domains:
            at = [c for c in range(1, len(names)) if re.fullmatch(rf"\W*(?:{pattern})\W*", bare[c], re.I)]
            if len(at) != 1:
                return []
            match = found[at[0]]
            parts.append(_Part(at[0], int(match["most"]) if match else None if adapted else usual, 0))
        return parts
    if _MINORS.search(said):
        items = [c for c in range(1, len(names)) if _ITEM.match(names[c])]
        return [_Part(c, 2, 0) for c in items] if len(items) >= LEAST_ITEMS else []
    return []


def _points(cell: Cell) -> int | None:
    match = _POINTS.match(cell.text)
    if match is None or cell.copied:
        return None
    if match[1]:
        return int(match[1])
    return sum(mark not in "☆✩" for mark in match[2]) if match[2] else 0


def _bound(paper: Paper, row: Sequence[Cell], one: _Part, name: str) -> Finding:
    cell = row[one.column]
    place = replace(paper.place(cell.start, cell.end), quote=_words(row))
    return scale_bound(str(_points(cell)), one.low, one.most or 0, what=f"{row[0].text.strip()}, {name}", place=place)


def _sums(
    paper: Paper, rows: Sequence[Sequence[Cell]], parts: Sequence[_Part], total: int, *, items: bool
) -> Iterator[Finding]:
    read = [(row, match) for row in rows if (match := _TOTAL_CELL.match(row[total].text))]
    fits = [sum(_points(row[one.column]) or 0 for one in parts) == int(match[1]) for row, match in read]
    if not read or (sum(fits) < HALF * len(read)):
        return
    for row, match in read:
        points = [str(_points(row[one.column])) for one in parts]
        place = replace(paper.place(row[total].start, row[total].end), quote=_words(row))
        found = total_vs_parts(points, match[1], what=f"{row[0].text.strip()}, points", place=place)
        if found.flagged:
            found = replace(found, repair=f"{sum(map(int, points))}{f'/{match[2]}' if match[2] else ''}")
        yield replace(found, reported=match[1] + (f"/{match[2]}" if match[2] else ""))


def _words(row: Sequence[Cell]) -> str:
    return shortened(" ".join(cell.text.strip() for cell in row if not cell.copied and 0 < len(cell.text.strip()) < 60))


# ---------------------------------------------------------------- a study a column


def rated_columns(paper: Paper) -> Iterator[Finding]:
    """The same where the domains are rows ("Selection (max 4)") and the studies columns."""
    for table in paper.document.tables:
        labels = [row[0].text.strip() for row in table.body]
        if not 3 <= len(labels) <= 8 or table.n_columns < 3 or _SUMMED_UP.search(table.caption):
            continue
        parts = _parts(
            ["", *labels],
            f"{table.caption} {table.note} {table.column_name(0)}",
            adapted=is_adapted(paper.document.plain),
        )
        if len(parts) < 2:
            continue
        for column in range(1, table.n_columns):
            for one in parts:
                row = table.body[one.column - 1]
                points = _points(row[column])
                if points is not None and one.most is not None:
                    place = replace(paper.place(row[column].start, row[column].end), quote=_words(row))
                    what = f"{table.column_name(column)}, {labels[one.column - 1]}"
                    yield scale_bound(str(points), 0, one.most, what=what, place=place)


# ---------------------------------------------------------------- answers of a checklist


def answered(paper: Paper) -> Iterator[Finding]:
    """Do the answers of each study make up the items of the checklist?"""
    for table in paper.document.tables:
        if not _CHECKLIST.search(f"{table.caption} {table.note}") or len(table.body) < 2:
            continue
        columns = [c for c in range(1, table.n_columns) if _ANSWERS.match(table.column_name(c))]
        totals = [
            c for c in range(1, table.n_columns) if re.match(r"\W*(?:total|items?|all)\b", folded(table.column_name(c)))
        ]
        if len(columns) < 2 or len(totals) != 1 or len(columns) + 2 < table.n_columns:
            continue
        read = [(row, [_points(row[c]) for c in (*columns, totals[0])]) for row in table.body]
        known = [(row, [n for n in values if n is not None]) for row, values in read if None not in values]
        if sum(sum(values[:-1]) == values[-1] for _, values in known) < HALF * len(known):
            continue
        aside = {k for k, c in enumerate(columns) if _ASIDE.search(table.column_name(c))}
        for row, values in known:
            if sum(n for k, n in enumerate(values[:-1]) if k not in aside) == values[-1] != sum(values[:-1]):
                continue  # the total leaves out the items that do not apply
            place = replace(paper.place(row[columns[0]].start, row[totals[0]].end), quote=_words(row))
            yield total_vs_parts(
                list(map(str, values[:-1])), str(values[-1]), what=f"{row[0].text.strip()}, answers", place=place
            )


CHECKS = (rated_rows, rated_columns, answered)
