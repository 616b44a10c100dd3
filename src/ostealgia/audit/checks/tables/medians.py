"""Median times and hazard ratios in the rows of one table: does the group with the longer median have the lower hazard?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ostealgia.audit.checks.reading.columns import cell_number
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import median_vs_hr
from ostealgia.audit.tables.headers import measure_in
from ostealgia.io.documents.model import Cell, PrintedTable

_TIME = re.compile(r"\b(?:surviv\w*|OS|PFS|DFS|EFS|RFS|TTP|time to|months?|years?|weeks?|days?)\b", re.I)
_MEDIAN = re.compile(r"\bmedians?\b", re.I)
_ADJUSTED = re.compile(r"multi-?varia|(?<!un)adjusted|\baHR\b", re.I)
_REFERENCE = re.compile(
    r"\W{0,2}(?:1(?:\.0{1,3})?\W{0,3}(?:\(?\s?ref\w*\.?\)?)?|ref\w*\.?\s?(?:\(?1(?:\.0{1,3})?\)?)?)\W{0,2}$", re.I
)
_TRIPLET = re.compile(
    r"\s*(\d+\.\d+)\s?[,;(\[]{0,2}\s?(?:95\s?%\s?CI\W{0,2})?(\d+\.\d+)\s?(?:-|to|,|;)\s?(\d+\.\d+)\s?[)\]]?\s*$"
)


def table_medians(paper: Paper) -> Iterator[Finding]:
    """Median and hazard ratio of each group against those of the reference group, the row above or the only one of the table."""
    for table in paper.document.tables:
        columns = _columns(table)
        if columns is None:
            continue
        median, ratio = columns
        rows = [row for row in table.body if not row[ratio].copied]
        at = [i for i, row in enumerate(rows) if _REFERENCE.match(row[ratio].text) and row[ratio].text.strip()]
        for first in at:
            for row in _against(rows, first, ratio, alone=len(at) == 1):
                yield from _compared(paper, row, rows[first], median, ratio)


def _columns(table: PrintedTable) -> tuple[int, int] | None:
    """The only column of median times and the only one of crude hazard ratios."""
    names = [table.column_name(column) for column in range(table.n_columns)]
    medians = [i for i, name in enumerate(names) if _MEDIAN.search(name) and _TIME.search(f"{name} {table.caption}")]
    ratios = [i for i, name in enumerate(names) if measure_in(name) == "HR" and not _ADJUSTED.search(name)]
    return (medians[0], ratios[0]) if len(medians) == 1 and len(ratios) == 1 else None


def _against(rows: Sequence[Sequence[Cell]], first: int, ratio: int, *, alone: bool) -> Iterator[Sequence[Cell]]:
    """The rows with a ratio to this reference: those right below, or all of a table that has nothing else."""
    others = [row for i, row in enumerate(rows) if i != first]
    if alone and all(_TRIPLET.match(_flat(row[ratio])) for row in others):
        yield from others
        return
    for row in rows[first + 1 :]:
        if not _TRIPLET.match(_flat(row[ratio])):
            return
        yield row


def _flat(cell: Cell) -> str:
    return cell.text.replace("–", "-").replace("−", "-").replace("—", "-")


def _compared(paper: Paper, row: Sequence[Cell], base: Sequence[Cell], median: int, ratio: int) -> Iterator[Finding]:
    told = _TRIPLET.match(_flat(row[ratio]))
    own, theirs = (parsed(cell_number(paper, one[median])) for one in (row, base))
    if told is None or own is None or theirs is None or own.value <= 0 or theirs.value <= 0:
        return
    estimate, low, high = told.groups()
    if not 0 < float(low) <= float(estimate) <= float(high):
        return
    place = paper.place(row[ratio].start, row[ratio].end)
    found = median_vs_hr(own.text, theirs.text, estimate, (low, high), place=place)
    if found.flagged or found.verdict == "consistent":
        yield found


CHECKS = (table_medians,)
