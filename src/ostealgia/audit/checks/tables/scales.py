"""Means of whole-number scales in tables: can so many patients have that mean and SD, and do they stand on the scale?"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.rules.granularity import grim_mean, grim_percent, grimmer
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import is_weighted
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.reading import row_size
from ostealgia.audit.tables.view import blocks, group_tables, number, place_of, variables

# whole numbers, one item for each patient
_WHOLE = re.compile(
    r"\bnrs\b|numeric(?:al)? rating|charlson|\becog\b|\bkarnofsky\b|apgar|number of (?:lesions|metastases|fractures|fractions|"
    r"comorbidities|children|treatments|procedures|visits|segments|levels)|\basa\b|\bmmse\b|glasgow coma",
    re.IGNORECASE,
)
_AVERAGED = re.compile(
    r"average|mean of|change|difference|reduction|decrease|improvement|%|percent|per |index score|ratio|log",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\([^()]*\)")
_CHANGED = re.compile(
    r"area under|\bauc\b|\bsums?\b|cumulative|change|difference|reduction|decrease|improvement|%|percent|ratio",
    re.IGNORECASE,
)
_NORMAL = re.compile(r"\b(?:normal|reference|ref\.?|range|norm)\b", re.IGNORECASE)  # "(normal: 0-10)" is no scale
_ZERO_TO_TEN = re.compile(r"\bnrs\b|numeric(?:al)? rating|\b0 ?(?:-|to) ?10\b|borg dyspn|cr-?10\b", re.IGNORECASE)
_SCALE_OF_TEN = re.compile(r"\b(?:1[01]-?\s?point|0\s?(?:-|to)\s?10)\b", re.IGNORECASE)
_SCALE_OF_HUNDRED = re.compile(r"\b(?:0\s?(?:-|to)\s?100|100-?\s?(?:mm|points?))\b", re.IGNORECASE)
_PAIN = re.compile(r"\b(?:pain|nrs|vas)\b", re.IGNORECASE)
_SPREAD = re.compile(r"\b(?:sd|standard deviation)\b", re.IGNORECASE)
LEAST_ROWS = 3


def table_scales(paper: Paper) -> Iterator[Finding]:
    """GRIM, GRIMMER and the ends of the scale, for rows whose label names a whole-number scale."""
    for table in group_tables(paper):
        printed = paper.document.tables[table.index]
        if is_weighted(f"{printed.caption} {printed.note}"):
            continue
        for block in blocks(table):
            for variable in variables(table):
                for line in variable.lines:
                    label = f"{variable.name} {line.label}"
                    if _CHANGED.search(_UNIT.sub("", label)):
                        continue
                    for column in block.groups:
                        if column.n is not None and column.n.value >= 2:
                            yield from _row(paper, table, line, label, column.index, int(column.n.value))


def table_study_scales(paper: Paper) -> Iterator[Finding]:
    """Means of scales from 0 to 10 in the columns of a table of studies."""
    for table in paper.tables:
        if table.kind != "studies":
            continue
        for column in table.columns:
            if not _ZERO_TO_TEN.search(column.name) or _NORMAL.search(column.name) or _CHANGED.search(column.name):
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
    if not _SCALE_OF_TEN.search(plain) or _SCALE_OF_HUNDRED.search(plain):
        return
    for table in paper.tables:
        if table.kind != "studies":
            continue
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
    if _CHANGED.search(name):
        return False
    words = (re.escape(word) for word in name.split() if word.isupper() and len(word) > 1)
    return _PAIN.search(name) is not None or any(re.search(rf"\b{w}[ ,:=]{{1,3}}pain\b", around) for w in words)


def _pair(line: Line, first: int, second: int) -> tuple[Number | None, Number | None]:
    mean = number(line, first, "mean") or number(line, first, "value")
    return mean, number(line, second, "sd") or number(line, second, "value")


def _column_of(line: Line, sd: Number) -> int:
    return next(column for column, entry in line.entries.items() if sd in entry.parts.values())


def _row(paper: Paper, table: ReadTable, line: Line, label: str, column: int, n: int) -> Iterator[Finding]:
    mean, sd = number(line, column, "mean"), number(line, column, "sd")
    if mean is None or sd is None or sd.value < 0:
        return
    place = place_of(paper, table, line, line.entries[column])
    if _ZERO_TO_TEN.search(label) and not _NORMAL.search(label):
        yield scale_bound(mean.printed, 0, 10, sd=sd.printed, n=n, what=line.label, place=place)
    if (
        not _WHOLE.search(label)
        or _AVERAGED.search(_UNIT.sub("", label))
        or mean.printed.relation != "="
        or sd.printed.relation != "="
    ):
        return
    first = grim_mean(mean.printed, n, place=place)
    yield _weighed(first)
    if not first.flagged:
        second = grimmer(mean.printed, sd.printed, n, place=place)
        yield _weighed(second)


def _weighed(check: Finding) -> Finding:
    """A flag here rests on two things that are not printed: every patient has a value, and it is one whole number."""
    if not check.flagged:
        return check
    told = "if every patient of the group gave one whole number"
    return replace(check, severity="minor", basis="judgement", message=f"{check.message} ({told})")


CHECKS = (table_scales, table_study_scales, table_study_pairs, table_study_percents)
