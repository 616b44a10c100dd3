"""Means of whole-number scales in tables: can so many patients have that mean and SD, and do they stand on the scale?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.rules.granularity import grim_mean, grimmer
from ostealgia.audit.tables.headers import is_weighted
from ostealgia.audit.tables.model import Line, ReadTable
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


CHECKS = (table_scales, table_study_scales)
