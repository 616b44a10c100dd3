"""A printed table as a grid that can be asked: which rows are headers, what shape has a cell, what is a column called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.cells import Shape, read_cell
from ostealgia.audit.tables.headers import hint_of, is_n, is_p, several_hints, several_sizes, size_in, statistics_in
from ostealgia.io.documents.model import Cell, Document, PrintedTable

RICH = (
    "pair",
    "count percent",
    "percent count",
    "of percent",
    "percent of",
    "plus minus",
    "plus minus range",
    "triple",
    "triple p",
)
_STAR = re.compile("[★☆⭐✩✭]")
_SIZE = re.compile(r"[,;]?\s*[(\[]?\s*\bn\s*[=:]\s*\d[\d,]*[^)\]]*[)\]]?", re.IGNORECASE)
_FORM_WORDS = re.compile(
    r"[,;]?\s*[(\[]?(?:\b(?:n|no\.?)\s*,?\s*\(?\s*%\s*\)?|%\s*\(?\s*n\s*\)?|mean\s*±\s*sd|±\s*sd)[)\]]?", re.IGNORECASE
)


@dataclass(frozen=True)
class Grid:
    """The cells of one table, perhaps turned by 90 degrees; rows and columns count from 0 in this orientation."""

    document: Document
    table: PrintedTable
    cells: tuple[tuple[Cell, ...], ...]
    head: int
    turned: bool = False

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.cells[0]) if self.cells else 0

    @property
    def body(self) -> range:
        """The rows below the header."""
        return range(self.head, len(self.cells))

    @cached_property
    def _shapes(self) -> dict[tuple[int, int], Shape]:
        return {}

    @cached_property
    def _forms(self) -> dict[int, Counter[str]]:
        return {}

    def shape(self, row: int, column: int) -> Shape:
        """The shape of a cell."""
        known = self._shapes.get((row, column))
        if known is None:
            cell = self.cells[row][column]
            known = self._shapes[(row, column)] = read_cell(words(self.document, cell), cell.start)
        return known

    def text(self, row: int, column: int) -> str:
        """The words of a cell."""
        return " ".join(words(self.document, self.cells[row][column]).split())

    @cached_property
    def _answers(self) -> bool:
        return any(self.text(row, 0).casefold().startswith("yes") for row in self.body)

    def is_size_row(self, row: int) -> bool:
        """Whether a row is labelled as one of numbers of patients; "No" below "Yes" is an answer."""
        label = self.text(row, 0)
        return is_n(label) and not (label.casefold() == "no" and self._answers)

    def indent(self, row: int) -> int:
        """Blanks before the first words of a row."""
        return indent_of(self.document, self.cells[row][0])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The words above each column, from top to bottom, each said once."""
        return tuple(self._name(column, range(self.head)) for column in range(self.width))

    @cached_property
    def lasts(self) -> tuple[str, ...]:
        """The lowest words above each column."""
        found: list[str] = []
        for column in range(self.width):
            said = [self.text(row, column) for row in range(self.head) if self.text(row, column)]
            found.append(said[-1] if said else "")
        return tuple(found)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The name of the group of each column: its header without sizes and words of form."""
        named = []
        for column in range(self.width):
            upper = self._name(column, range(self.head)) if self.head < 2 else self._name(column, range(self.head - 1))
            last = self.lasts[column]
            if self.head > 1 and not _is_form(last) and last not in upper:
                upper = f"{upper} {last}"
            named.append(" ".join(_FORM_WORDS.sub("", _SIZE.sub("", upper)).split()).strip(" ,;"))
        return tuple(named)

    def _name(self, column: int, rows: Sequence[int]) -> str:
        said: list[str] = []
        for row in rows:
            text = self.text(row, self._above(row, column))
            if text and text not in said:
                said.append(text)
        return " ".join(said)

    def size(self, column: int) -> Number | None:
        """The size printed above a column."""
        for row in range(self.head - 1, -1, -1):
            cell = self.cells[row][self._above(row, column)]
            said = words(self.document, cell)
            if several_sizes(said):
                return None
            found = size_in(said, cell.start)
            if found is not None:
                return found
        return None

    def _above(self, row: int, column: int) -> int:
        """The column whose words stand over this one, too: an empty cell behind a group's name, above words that stand below each group."""
        if row + 1 >= self.head or column < 2 or self.text(row, column) or self.cells[row][column].copied:
            return column
        below = [self.text(row + 1, c) for c in range(self.width)]
        if not below[column] or below.count(below[column]) < 2:
            return column
        left = next((c for c in range(column - 1, 0, -1) if self.text(row, c)), column)
        return left if below[column] not in below[left:column] else column

    def stars(self, row: int, column: int) -> bool:
        """Whether a cell holds stars."""
        return _STAR.search(self.cells[row][column].text) is not None

    def forms(self, column: int) -> Counter[str]:
        """How many body cells of a column have each form."""
        known = self._forms.get(column)
        if known is None:
            known = self._forms[column] = Counter(self.shape(row, column).form for row in self.body)
        return known

    def share(self, column: int, forms: Sequence[str]) -> float:
        """Which share of the printed body cells of a column has one of the forms."""
        counted = self.forms(column)
        printed = sum(counted.values()) - counted["blank"]
        return sum(counted[form] for form in forms) / printed if printed else 0.0

    def data_share(self, column: int) -> float:
        """Which share of the printed body cells of a column holds numbers."""
        counted = self.forms(column)
        printed = sum(counted.values()) - counted["blank"]
        return 1 - (counted["text"] + counted["reference"]) / printed if printed else 0.0

    @cached_property
    def around(self) -> str:
        """Caption and note."""
        return f"{self.table.caption} {self.table.note}"

    @cached_property
    def table_hints(self) -> frozenset[str]:
        """The forms that caption, note and the header of the first column name."""
        return several_hints(f"{self.around} {self.names[0] if self.head and self.width else ''}")


_BLANKS = " \u00a0\u2003\u2002\t"


def indent_of(document: Document, cell: Cell) -> int:
    """Blanks before the words of a row's first cell: in the cell, or in a plain text before it on its line."""
    shown = len(cell.text) - len(cell.text.lstrip(_BLANKS))
    if not shown and document.format == "text" and cell.start < cell.end:
        line = document.text[max(0, cell.start - 80) : cell.start].rpartition("\n")
        shown = len(line[2]) if line[1] and not line[2].strip(" \u00a0\u2003\u2002") else 0
    return shown or (2 if re.match(r"\s*[-•·]\s+\w", cell.text) else 0)


def words(document: Document, cell: Cell) -> str:
    """The words of a cell with one sign for each meaning, where its place holds it; else as they stand."""
    plain = document.plain[cell.start : cell.end]
    return plain if plain.strip() else cell.text if cell.end > cell.start else ""


def make_grid(document: Document, table: PrintedTable) -> Grid:
    """The grid of a table: header rows found anew, cut where the columns are named anew, turned where groups are its rows."""
    grid = Grid(document, table, table.cells, _header_rows(document, table))
    named_anew = next((row for row in grid.body if _names_anew(grid, row)), None)
    if named_anew is not None:
        grid = Grid(document, table, table.cells[:named_anew], grid.head)
    return _turn(grid) if _is_turned(grid) else grid


def _names_anew(grid: Grid, row: int) -> bool:
    """Whether a row below the header names the same groups in other columns: what follows has columns of its own."""
    names = [name.casefold() for name in grid.groups]
    said = [grid.text(row, column).casefold() for column in range(grid.width)]
    known = [(column, text) for column, text in enumerate(said) if column and text and text in names]
    return len({text for _, text in known}) >= 2 and sum(names[column] != text for column, text in known) >= 2


def _header_rows(document: Document, table: PrintedTable) -> int:
    """Rows that name columns. The reader's guess is corrected: a first row of data is no header, a row of units is."""
    cells = table.cells
    if not cells or not cells[0]:
        return 0
    head = min(max(table.header_rows, 1), len(cells))
    if table.header_rows <= 1 and _is_data(document, cells[0]):
        return 0
    while head < len(cells) and head < 4 and _names_columns(document, cells[head], table.n_columns):
        head += 1
    return head


def _is_data(document: Document, row: Sequence[Cell]) -> bool:
    read = [read_cell(words(document, cell), cell.start) for cell in row[1:]]
    printed = [shape for shape in read if shape.form != "blank"]
    if not printed or any(size_in(shape.text, 0) for shape in printed):
        return False
    if len(row) == 2:
        return bool(printed[0].numbers) and printed[0].text[:1].isdigit() and not row[0].header
    return any(shape.form in RICH for shape in printed) and not any(cell.header for cell in row[1:] if cell.text.strip() and not
                                                                    read_cell(words(document, cell), 0).data)  # fmt: skip


def _names_columns(document: Document, row: Sequence[Cell], width: int) -> bool:
    if row[0].text.strip() and not row[0].copied:
        return False
    said = [words(document, cell).strip() for cell in row[1:]]
    said = [text for text in said if text]
    return (
        bool(said)
        and width > 2
        and all(_is_form(text) or size_in(text, 0) or not any(map(str.isdigit, text)) for text in said)
    )


def _is_form(text: str) -> bool:
    """Whether words name a form ("n (%)", "Mean ± SD", "P") and not a group."""
    flat = text.strip().casefold()
    bare = _SIZE.sub("", flat).strip()
    return not bare or is_n(flat) or flat in ("%", "sd", "mean", "n%") or (hint_of(flat) is not None and len(flat) < 25)


def _is_turned(grid: Grid) -> bool:
    """Whether groups are rows: P or a statistic is a row, and no column."""
    if grid.head != 1 or grid.width < 3 or len(grid.body) < 3:
        return False
    if any(is_p(name) or statistics_in(name) for name in grid.names[1:]):
        return False
    labels = [grid.text(row, 0) for row in grid.body]
    return any(is_p(label) for label in labels[2:]) and len(labels) <= 8


def _turn(grid: Grid) -> Grid:
    return Grid(grid.document, grid.table, tuple(zip(*grid.cells, strict=True)), 1, True)
