"""Scores and percentages in tables of studies: do they stand on their scale, and can so many patients have that share?"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.tables.scored import CHANGED, NORMAL, ZERO_TO_TEN
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.rules.granularity import grim_percent
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.reading import row_size
from ostealgia.audit.tables.view import number, place_of

_SCALE_OF_TEN = re.compile(r"\b(?:1[01]-?\s?point|0\s?(?:-|to)\s?10)\b", re.IGNORECASE)
_SCALE_OF_HUNDRED = re.compile(r"\b(?:0\s?(?:-|to)\s?100|100-?\s?(?:mm|points?))\b", re.IGNORECASE)
_PAIN = re.compile(r"\b(?:pain|nrs|vas)\b", re.IGNORECASE)
_SPREAD = re.compile(r"\b(?:sd|standard deviation)\b", re.IGNORECASE)
LEAST_ROWS = 3


def table_study_scales(paper: Paper) -> Iterator[Finding]:
    """Means of scales from 0 to 10 in the columns of a table of studies."""
    for table in paper.tables:
        if table.kind != "studies":
            continue
        for column in table.columns:
            if not ZERO_TO_TEN.search(column.name) or NORMAL.search(column.name) or CHANGED.search(column.name):
                continue
            for line in table.lines:
                mean, sd = number(line, column.index, "mean"), number(line, column.index, "sd")
                if mean is not None and (sd is None or sd.value >= 0):
                    place = place_of(paper, table, line, line.entries[column.index])
                    yield scale_bound(
                        mean.printed, 0, 10, sd=sd.printed if sd is not None else None, what=column.name, place=place
                    )


def table_study_pairs(paper: Paper) -> Iterator[Finding]:
    """Means and SDs of pain scores in neighbouring columns of a table of studies, where the paper names one scale, 0 to 10."""
    plain = paper.document.plain
    tables = [table for table in paper.tables if table.kind == "studies"]
    if not tables or not _SCALE_OF_TEN.search(plain) or _SCALE_OF_HUNDRED.search(plain):
        return
    for table in tables:
        printed = paper.document.tables[table.index]
        for first, second in itertools.pairwise(table.columns):
            if not _is_pain(first.name, f"{printed.caption} {printed.note}") or not _SPREAD.search(second.name):
                continue
            if first.name.split()[:1] != second.name.split()[:1]:
                continue
            rows = [(line, *_pair(line, first.index, second.index)) for line in table.lines if line.depth == 0]
            means = [mean.value for _, mean, _ in rows if mean is not None]
            if len(means) >= LEAST_ROWS and min(means) >= 0 and max(means) <= 10:
                yield from _spreads(paper, table, rows, first.name)


def table_study_percents(paper: Paper) -> Iterator[Finding]:
    """GRIM for a column of bare percentages in a table of studies: what does not fit is information."""
    for table in paper.tables:
        for column in table.columns if table.kind == "studies" else ():
            cells = [(line, number(line, column.index, "percent")) for line in table.lines if line.depth == 0]
            bare = [
                (line, p) for line, p in cells if p is not None and set(line.entries[column.index].parts) == {"percent"}
            ]
            sized = [(line, p, n) for line, p in bare if (n := row_size(table, line.row)) is not None and n.value >= 1]
            found = [
                grim_percent(
                    p.printed,
                    int(n.value),
                    what=line.label,
                    place=place_of(paper, table, line, line.entries[column.index]),
                )
                for line, p, n in sized
                if 0 < p.value <= 100 and p.printed.relation == "="
            ]
            yield from (lowered(f, "the percentage may be of other patients of that study") for f in found)


def _spreads(
    paper: Paper, table: ReadTable, rows: Sequence[tuple[Line, Number | None, Number | None]], name: str
) -> Iterator[Finding]:
    printed = paper.document.tables[table.index]
    estimated = re.search(r"estimat|imput|assum", printed.note, re.IGNORECASE) is not None
    for line, mean, sd in rows:
        if mean is None or sd is None or sd.value < 0:
            continue
        if estimated and not paper.document.text[sd.end : sd.end + 1].isspace():
            continue  # a mark: the SD is not of the study
        n = row_size(table, line.row)
        size = int(n.value) if n is not None and n.value >= 2 else None
        place = place_of(paper, table, line, line.entries[_column_of(line, sd)])
        yield scale_bound(mean.printed, 0, 10, sd=sd.printed, n=size, what=f"{line.label}, {name}", place=place)


def _is_pain(name: str, around: str) -> bool:
    """Whether a column holds pain scores, by its name or by an abbreviation that the table explains."""
    if CHANGED.search(name):
        return False
    words = (re.escape(word) for word in name.split() if word.isupper() and len(word) > 1)
    return _PAIN.search(name) is not None or any(re.search(rf"\b{w}[ ,:=]{{1,3}}pain\b", around) for w in words)


def _pair(line: Line, first: int, second: int) -> tuple[Number | None, Number | None]:
    mean = number(line, first, "mean") or number(line, first, "value")
    return mean, number(line, second, "sd") or number(line, second, "value")


def _column_of(line: Line, sd: Number) -> int:
    return next(column for column, entry in line.entries.items() if sd in entry.parts.values())


CHECKS = (table_study_scales, table_study_pairs, table_study_percents)
