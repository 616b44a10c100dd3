"""Tables with a row a study, as the checks of reviews see them: names, years, sizes, and the numbers of each column."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.reading.words import stems
from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.model import ReadTable
from ostealgia.errors import OptionError
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Printed

_NUMERAL = re.compile(r"(?<![\w.])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])-?\d+(?:\.\d+)?")
_YEAR = re.compile(r"\b(19[5-9]\d|20[0-4]\d)\b")
_SIZE = re.compile(r"\b(?:n|no|number|sample|patients?|pts|participants?|subjects?|size|total)\b", re.I)
_NOT_SIZE = re.compile(r"\b(?:event|respon|tox|year|age|male|female|dose|lesion|death|grade)|%|mean|median", re.I)
_TOTAL = re.compile(r"^\W*(?:total|overall|pooled|all|sum|summary|mean|median|average)\b", re.I)
_NAME = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, eq=False)
class Studies:
    """A table with a row a study. rows : of the grid.  sizes : patients of each row, None where there are none."""

    index: int
    kind: str
    printed: PrintedTable
    rows: tuple[int, ...]
    label_column: int
    size_column: int | None
    sizes: tuple[int | None, ...]
    names: tuple[str, ...]

    def cell(self, row: int, column: int) -> Cell:
        """A cell of the grid."""
        return self.printed.cells[row][column]

    def numbers(self, column: int) -> list[Printed | None]:
        """The first number of each row in a column, None where the cell has none."""
        return [first_number(self.cell(row, column).text) for row in self.rows]

    def filled(self, column: int) -> list[bool]:
        """Whether the cell of each row says anything."""
        return [said(self.cell(row, column).text) for row in self.rows]

    @property
    def total(self) -> int | None:
        """Sum of the sizes; None where a row has none."""
        known = [size for size in self.sizes if size is not None]
        return sum(known) if self.sizes and len(known) == len(self.sizes) else None

    @property
    def years(self) -> list[int]:
        """The year of each row, from its label or from a column of years; empty where a row has none."""
        named = [_YEAR.search(name) for name in self.names]
        if named and all(named):
            return [int(match[1]) for match in named if match]
        for column in range(self.printed.n_columns):
            if "year" in self.printed.column_name(column).casefold():
                found = [_YEAR.fullmatch(self.cell(row, column).text.strip()) for row in self.rows]
                if found and all(found):
                    return [int(match[1]) for match in found if match]
        return []

    def column_words(self, column: int) -> frozenset[str]:
        """Stems of a column's name, abbreviations of the table's note written out."""
        name = self.printed.column_name(column)
        return stems(name) | expanded(name, self.printed.note + " " + self.printed.caption)


def said(text: str) -> bool:
    """Whether a cell reports something."""
    return text.strip().casefold() not in (
        "",
        "-",
        "–",
        "—",
        "nr",
        "na",
        "n/a",
        "n.r.",
        "not reported",
        "none reported",
        "/",
    )


def first_number(text: str) -> Printed | None:
    """The first numeral of a cell, with its places."""
    found = _NUMERAL.search(text.replace("−", "-").replace("–", "-"))
    if found is None:
        return None
    try:
        return Printed.parse(found[0])
    except OptionError:
        return None


def expanded(name: str, notes: str) -> frozenset[str]:
    """Words that a note gives for the abbreviations of a name: "TR, treatment response" or "TR: treatment response".

    >>> sorted(expanded("N TR (%)", "PS, pain score; TR, treatment response"))
    ['response', 'treatment']
    """
    found: set[str] = set()
    for short in re.findall(r"\b[A-Z][A-Za-z]{0,5}\b", name):
        told = re.search(rf"\b{short}\s?[,:=]\s?([^,;.:=\n]{{3,60}})", notes)
        if told:
            found |= stems(told[1])
    return frozenset(found)


@once
def study_tables(paper: Paper) -> tuple[Studies, ...]:
    """The tables with a row a study: characteristics, results, ratings."""
    kinds = {table.index: table for table in paper.tables}
    views = (_view(index, table, kinds.get(index)) for index, table in enumerate(paper.document.tables))
    return tuple(view for view in views if view is not None)


def _view(index: int, table: PrintedTable, read: ReadTable | None) -> Studies | None:
    label = _label_column(table)
    if label is None or len(table.body) < 3:
        return None
    first = table.header_rows
    rows = [first + i for i, row in enumerate(table.body) if _is_study(row, label)]
    if len(rows) < 3 or len(rows) < 0.6 * len([row for row in table.body if any(said(cell.text) for cell in row)]):
        return None
    size = _size_column(table, rows, read)
    sizes = [_whole(table.cells[row][size].text) if size is not None else None for row in rows]
    kind = read.kind if read is not None else "studies"
    names = tuple(table.cells[row][label].text for row in rows)
    return Studies(index, kind, table, tuple(rows), label, size, tuple(sizes), names)


def _label_column(table: PrintedTable) -> int | None:
    """The column whose cells name studies: "Smith et al. (24)", "Smith, 2019 [14]", "Smith 2019"."""
    for column in range(min(table.n_columns, 4)):
        texts = [row[column].text for row in table.body if said(row[column].text)]
        named = [text for text in texts if looks_like_study(text)]
        if len(texts) >= 3 and len(named) >= 0.6 * len(texts):
            return column
    return None


_STUDY = re.compile(
    r"^\W{0,3}(?:(?:van|von|de|der|da|del|la|le|el|al|di|den|ter|Mc|Mac|O)['’\- ]{0,1}){0,3}[A-Z][\w'’\-]+"
    r"(?:[ ,&]{1,3}(?:and\s)?(?:[A-Z][\w'’\-]*\.?){1,2}){0,3},?\s{0,2}"
    r"(?:et\s?al\b\.?,?|\(?(?:19[5-9]|20[0-4])\d[a-d]?\)?|\[\d{1,3}\]|\(\d{1,3}\))"
)


def looks_like_study(text: str) -> bool:
    """Whether a cell names a study.

    >>> [looks_like_study(t) for t in ("Wang B., 2019 [15]", "Parkes et al. (24)", "Breast 2", "Bone pain")]
    [True, True, False, False]
    """
    return len(text) < 90 and _STUDY.match(text.strip()) is not None


def _is_study(row: Sequence[Cell], label: int) -> bool:
    text = row[label].text.strip()
    return said(text) and not _TOTAL.match(text) and looks_like_study(text)


def _size_column(table: PrintedTable, rows: list[int], read: ReadTable | None) -> int | None:
    if read is not None:
        given = [column.index for column in read.columns if column.role == "n"]
        if len(given) == 1:
            return given[0]
    best: list[tuple[int, int]] = []
    for column in range(table.n_columns):
        name = table.column_name(column)
        if not _SIZE.search(name) or _NOT_SIZE.search(name):
            continue
        whole = [_whole(table.cells[row][column].text) for row in rows]
        if sum(value is not None for value in whole) >= 0.8 * len(rows):
            best.append((0 if re.search(r"sample|patient|pts|participant|total", name, re.I) else 1, column))
    return min(best)[1] if best else None


def _whole(text: str) -> int | None:
    flat = text.strip().replace(",", "")
    return int(flat) if flat.isascii() and flat.isdigit() and len(flat) < 9 else None


def study_key(name: str) -> tuple[str, str]:
    """First author and year or reference number of a study's name, for comparison.

    >>> study_key("Wang B., 2019 [15]"), study_key("Parkes et al. (24)")
    (('wang', '15'), ('parkes', '24'))
    """
    author = _NAME.search(name)
    mark = re.search(r"[\[(](\d{1,3})[\])]", name)
    year = _YEAR.search(name)
    number = mark[1] if mark else year[1] if year else ""
    return (author[0].casefold() if author else "", number)


def row_of_study(studies: Studies, name: str) -> int | None:
    """The row of the table that a cited study stands in; None where none or several fit.

    An author alone is enough only where it is the author of one row.
    """
    author, number = study_key(name)
    if not author:
        return None
    keys = [study_key(row) for row in studies.names]
    same = [i for i, key in enumerate(keys) if key[0] == author]
    exact = [i for i in same if number and keys[i][1] == number]
    if len(exact) == 1:
        return studies.rows[exact[0]]
    numbered = [i for i in same if number and keys[i][1] and keys[i][1] != number]
    return studies.rows[same[0]] if len(same) == 1 and not numbered else None


def median(values: Sequence[float]) -> float:
    """The middle value.

    >>> median([3, 1, 2]), median([])
    (2.0, nan)
    """
    ordered = sorted(values)
    k = len(ordered)
    if not k:
        return math.nan
    return float(ordered[k // 2]) if k % 2 else 0.5 * (ordered[k // 2 - 1] + ordered[k // 2])


def cell_number(paper: Paper, cell: Cell) -> Number | None:
    """The first numeral of a cell with its place."""
    text = paper.document.plain[cell.start : cell.end]
    found = _NUMERAL.search(text)
    return Number(found[0], cell.start + found.start(), cell.start + found.end()) if found else None
