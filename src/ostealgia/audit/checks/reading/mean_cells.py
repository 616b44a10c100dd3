"""Means with their SD in the cells of a table, whatever kind of table it is, and how many persons each is of.

A cell holds both ("0.53 ± 0.50" under "Mean (SD)", or where the caption says so), or two neighbouring columns are named mean and SD.
The number of persons stands in a column of numbers to the left, in the heading, or for all in the caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import hint_of, several_sizes, size_in
from ostealgia.errors import OptionError
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Printed

_VALUE = r"\d{1,4}(?:[.,·]\d{1,3})?"
_BOTH = re.compile(
    rf"\s*(?P<mean>-?{_VALUE})\s{{0,3}}(?:±|\+/-|\(\s?(?:±\s?)?)\s{{0,3}}(?P<sd>{_VALUE})\s{{0,2}}\)?\s*$"
)
_ONE = re.compile(rf"\s*(?P<value>-?{_VALUE})\s*$")
_MEAN = re.compile(r"(?:^|[\s,(])means?\W*$", re.I)
_SD = re.compile(r"(?:^|[\s,(±])(?:sd|s\.d\.|std\.? dev(?:iation)?\.?|standard deviation)\W*$", re.I)
_N = re.compile(r"(?:^|[\s,(])(?:n|no\.?|number|patients|valid n)\W*$", re.I)
_WHOLE = re.compile(r"\s*(\d{1,5})\s*$")


@dataclass(frozen=True)
class MeanCell:
    """A mean and its SD. label : the words of the row, with those of the heading row above.  n : persons, None where unknown."""

    row: int
    column: int
    label: str
    heading: str
    n: int | None
    mean: Number
    sd: Number
    start: int
    end: int


def mean_cells(paper: Paper, table: PrintedTable) -> Iterator[MeanCell]:
    """Every mean with its SD in a table."""
    names = [table.column_name(column) for column in range(table.n_columns)]
    columns = list(_columns(table, names))
    if not columns:
        return
    above = ""
    for index, row in enumerate(table.cells):
        if index < table.header_rows:
            continue
        label = row[0].text.strip()
        if label and not any(cell.text.strip() for cell in row[1:]):
            above = label
            continue
        for column, spread in columns:
            found = _read(paper, row[column], row[spread])
            if found is None or row[column].copied:
                continue
            mean, sd = found
            n = _size(table, names, index, column)
            end = max(row[spread].end, row[column].end)
            yield MeanCell(
                index, column, f"{above} {label}".strip(), names[column], n, mean, sd, row[column].start, end
            )


def _columns(table: PrintedTable, names: list[str]) -> Iterator[tuple[int, int]]:
    """Columns of means, each with the column of its SD (itself where one cell holds both)."""
    told = hint_of(f"{table.caption} {table.note}") == "mean sd"
    for column, name in enumerate(names):
        if column == 0:
            continue
        hint = hint_of(name)
        if hint == "mean sd" or (told and hint is None and not _N.search(name)):
            yield column, column
        elif _MEAN.search(name) and column + 1 < len(names) and _SD.search(names[column + 1]):
            yield column, column + 1


def _read(paper: Paper, first: Cell, second: Cell) -> tuple[Number, Number] | None:
    text = paper.document.plain
    if first is second:
        both = _BOTH.match(text[first.start : first.end])
        return (
            None
            if both is None
            else _two(both["mean"], first.start + both.start("mean"), both["sd"], first.start + both.start("sd"))
        )
    mean, sd = (_ONE.match(text[cell.start : cell.end]) for cell in (first, second))
    if mean is None or sd is None:
        return None
    return _two(mean["value"], first.start + mean.start("value"), sd["value"], second.start + sd.start("value"))


def _two(mean: str, at: int, sd: str, sd_at: int) -> tuple[Number, Number] | None:
    found = Number(mean, at, at + len(mean)), Number(sd, sd_at, sd_at + len(sd))
    try:
        printed = [Printed.parse(one.text) for one in found]
    except OptionError:
        return None
    return found if printed[1].value >= 0 else None


def _size(table: PrintedTable, names: list[str], row: int, column: int) -> int | None:
    """Persons of a cell: of the column of numbers left of it (up to the next mean), of its heading, or of the caption."""
    for left in range(column - 1, 0, -1):
        if _N.search(names[left]):
            whole = _WHOLE.match(table.cells[row][left].text)
            return int(whole[1]) if whole else None
        if _MEAN.search(names[left]) or hint_of(names[left]) == "mean sd":
            break
    own = size_in(names[column], 0)
    if own is None and not several_sizes(table.caption):
        own = size_in(table.caption, 0)
    return int(own.value) if own is not None else None
