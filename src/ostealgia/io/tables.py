"""One door for tables: CSV, TSV, semicolons and .xlsx to a frame by our column names, with all that was noticed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import TableError, suggestion
from ostealgia.io import cells, columns, delimited, files, workbook

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """A table as it stands in a file.

    frame : columns by our names; the index, named "row", is the row number as a spreadsheet counts it (header = row 1;
    a quoted line break does not start a row).  Numbers where the whole column allows; labels (study, outcome, ...) are
    text as typed, None where empty.  ``frame.attrs`` holds "file", "notes" and "columns" (our name -> the file's).
    file : the name as given.  mapping : the file's column name -> ours.  notes : what was read in a special way.
    text_in_numbers : column -> ((row, text), ...), the first cells of a column of numbers that are none.
    """

    frame: pd.DataFrame
    file: str
    mapping: Mapping[str, str]
    notes: tuple[str, ...] = ()
    text_in_numbers: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    encoding: str = "UTF-8"
    delimiter: str | None = None
    sheet: str | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        lines = [
            f"Table: {self.file}, {len(self)} row{'s' * (len(self) != 1)}, columns {', '.join(self.frame.columns)}"
        ]
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])

    def original(self, column: str) -> str:
        """How the file spells a column: "sei (read as std_error)", or the name itself."""
        return spelled(column, {ours: theirs for theirs, ours in self.mapping.items()})

    def find(self, column: str) -> str:
        """Our name of a column given by our name or the file's; else a TableError with the choices."""
        if column in self.frame.columns:
            return column
        if column in self.mapping:
            return self.mapping[column]
        names = [*self.mapping, *self.frame.columns]
        raise TableError(
            "there is no such column",
            file=self.file,
            column=column,
            found=", ".join(self.mapping),
            action=suggestion(column, names).strip() or "Check the spelling",
        )

    def number(self, column: str) -> NDArray[np.float64]:
        """A column as floats (k,), NaN where empty; a TableError names the first cell that is text."""
        ours = self.find(column)
        values = self.frame[ours]
        if values.dtype != object:
            return values.to_numpy(dtype=np.float64)
        numbers = np.full(len(values), np.nan)
        for position, (row, value) in enumerate(values.items()):
            number = cells.parse_number(value) if isinstance(value, str) else value
            if number is None and value is not None:
                raise TableError(
                    "text stands where a number is needed",
                    file=self.file,
                    row=int(str(row)),
                    column=self.original(ours),
                    found=repr(value),
                    expected="a number",
                    action=cells.number_hint(value),
                )
            numbers[position] = np.nan if number is None else number
        return numbers

    def text(self, column: str) -> list[str]:
        """A column as text (k,), "" where empty; 2019 stays "2019"."""
        values = self.frame[self.find(column)]
        return ["" if value is None or value != value else _plain(value) for value in values.tolist()]

    def place(self, error: TableError) -> TableError:
        """The error with this file's name, and its spelling of the column."""
        return placed(error, self.frame)


def _plain(value: Any) -> str:
    return str(cells.as_typed(value)) if isinstance(value, float) else str(value)


def spelled(ours: str, originals: Mapping[str, str]) -> str:
    """A column as the file spells it.

    >>> spelled("std_error", {"std_error": "sei"})
    'sei (read as std_error)'
    """
    theirs = originals.get(ours, ours)
    return ours if theirs == ours else f"{theirs} (read as {ours})"


def placed(error: TableError, frame: pd.DataFrame) -> TableError:
    """A TableError about a frame from ``read_table``, completed with the file and its spelling of the column."""
    column = error.column and spelled(error.column, frame.attrs.get("columns", {}))
    return TableError(
        error.problem,
        file=frame.attrs.get("file", error.file),
        row=error.row,
        column=column,
        found=error.found,
        expected=error.expected,
        action=error.action,
    )


def read_table(
    path: str | Path, *, sheet: str | int | None = None, name: str | None = None, allow_empty: bool = False
) -> Table:
    """Read a table of studies from a file.

    path : .csv, .tsv, .txt (comma, semicolon, tab or vertical bar; UTF-8, UTF-16 with byte-order mark, Windows-1252;
    any line ends) or .xlsx; "-" is the standard input.  sheet : name or number (from 1) of a workbook's sheet; default
    the first.  name : the name shown in messages, default the path.  allow_empty : a header without rows will do.
    Lines above the header that start with "# " are comments.
    Raises TableError with file, row, column, found, expected and the way out: missing or empty file, header only,
    binary, unreadable encoding, no header, a name given twice, a ragged row.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "t.csv"
    >>> _ = path.write_text("slab;xi;ni\\nNamba 2019;8;10\\nTsai 2019;26;31\\n")
    >>> read_table(path, name="t.csv").frame
              study  events   n
    row
    2    Namba 2019       8  10
    3     Tsai 2019      26  31
    """
    shown = name or files.shown_name(path)
    data = files.read_bytes(path, shown)
    if not (data.startswith(files.ZIP) and workbook.is_workbook(data, shown)):
        files.refuse_binary(data, shown)
        if sheet is not None:
            found, action = f"sheet {sheet!r}", "Leave out the sheet"
            raise TableError("a text file has no sheets", file=shown, found=found, action=action)
        return _table(_Text(data, Path(path).suffix, shown), shown, allow_empty)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="openpyxl")  # about styles and validation rules, which are not read
        return _table(_Workbook(data, sheet, shown), shown, allow_empty)


def _table(source: _Source, shown: str, allow_empty: bool) -> Table:
    """The steps that all kinds of file share."""
    header = columns.check_header(source.names, source.header_row, shown)
    body, finished = _read(source, header)
    if not body.rows and not allow_empty:
        raise TableError(
            "the table has a header and no rows (zero studies)",
            file=shown,
            row=source.header_row + 1,
            found="nothing",
            expected="one row a study",
            action="Add the rows; where the first row is a study, add a row with the names of the columns above it",
        )
    return _assemble(source, header, body, finished, shown)


class _Source(Protocol):
    """A file opened as a table: names, header_row, notes, and body(), which can be read again."""

    names: list[str]
    header_row: int
    notes: tuple[str, ...]
    encoding: str
    delimiter: str | None
    sheet: str | None

    def body(self, header: columns.Header, labels: frozenset[str]) -> columns.Body:
        """Every row under the header; columns named in labels, by our names, as text."""
        ...

    def check_empty_cells(self, header: columns.Header) -> None:
        """Raise where an empty cell is not what it seems."""
        ...


class _Text(_Source):
    sheet = None

    def __init__(self, data: bytes, suffix: str, shown: str) -> None:
        self.data, self.shown = data, shown
        self.codec = files.encoding_of(data, shown)
        self.encoding = self.codec.title
        self.delimiter = delimited.find_delimiter(data, self.codec, suffix)
        records = delimited.open_records(data, self.codec, self.delimiter)
        self.names, self.header_row, comments = delimited.read_header(records, shown)
        notes = [*self.codec.notes, *delimited.line_end_notes(data, self.codec)]
        if self.delimiter != ",":
            notes.append(f"fields are separated by {delimited.DELIMITERS[self.delimiter]}s")
        if comments:
            notes.append(f"{comments} comment line{'s' if comments > 1 else ''} above the header")
        self.notes = tuple(notes)

    def body(self, header: columns.Header, labels: frozenset[str]) -> columns.Body:
        records = delimited.open_records(self.data, self.codec, self.delimiter or ",")
        for _ in range(header.row):
            next(records)
        return delimited.read_body(records, header, self.shown, labels)

    def check_empty_cells(self, header: columns.Header) -> None:
        """An empty field of a text file is empty."""


class _Workbook(_Source):
    encoding = "xlsx"
    delimiter = None

    def __init__(self, data: bytes, sheet: str | int | None, shown: str) -> None:
        self.data, self.shown = data, shown
        self.worksheet, self.sheet, self.notes = workbook.open_sheet(data, sheet, shown)
        for row, names in enumerate(workbook.rows_of(self.worksheet, shown), start=1):
            if any(names) and not delimited.is_comment(names):
                self.names, self.header_row = names, row
                return
        raise TableError(
            "the sheet is empty", file=shown, found=f"sheet {self.sheet!r}", expected="a header and one row a study"
        )

    def body(self, header: columns.Header, labels: frozenset[str]) -> columns.Body:
        rows = workbook.rows_of(self.worksheet, self.shown)
        for _ in range(header.row):
            next(rows)
        return workbook.read_body(rows, header, self.shown, labels)

    def check_empty_cells(self, header: columns.Header) -> None:
        workbook.refuse_unstored_formulas(self.data, str(self.sheet), header, self.shown)


def _read(source: _Source, header: columns.Header) -> tuple[columns.Body, list[columns.Finished]]:
    """The body with every column decided; read a second time where a column of text began with numbers."""
    labels: frozenset[str] = frozenset()
    while True:
        body = source.body(header, labels)
        comma = columns.uses_decimal_comma(body.columns, source.delimiter)
        finished = [columns.finish(column, decimal_comma=comma) for column in body.columns]
        again = frozenset(column.ours for column, done in zip(body.columns, finished, strict=True) if done.wants_text)
        if not again:
            if comma:
                source.notes += ("the comma is read as the decimal sign",)
            return body, finished
        labels |= again


def _assemble(
    source: _Source, header: columns.Header, body: columns.Body, finished: list[columns.Finished], shown: str
) -> Table:
    import pandas as pd

    rows = body.rows[0] if len(body.rows) == 1 else [row for run in body.rows for row in run]
    index = (
        pd.RangeIndex(rows.start, rows.stop, name="row")
        if isinstance(rows, range)
        else pd.Index(rows, name="row", dtype=np.int64)
    )
    notes = [*source.notes, *_blank_note(body.blank)]
    data: dict[str, Any] = {}
    text: dict[str, tuple[tuple[int, str], ...]] = {}
    gaps = False
    for column, done in zip(body.columns, finished, strict=True):
        if column.name in header.unnamed and done.empty:
            notes.append(f"{column.name} has neither name nor values: left out")
            continue
        if column.name in header.unnamed:
            notes.append(f"a column without name is called {column.name!r}")
        notes += done.notes
        values = (
            done.values if isinstance(done.values, np.ndarray) else pd.Series(done.values, index=index, dtype=object)
        )
        data[column.ours] = values
        gaps = gaps or bool(pd.isna(values).any())
        if done.text:
            text[column.ours] = tuple((int(index[position]), cell) for position, cell in done.text)
    if gaps:
        source.check_empty_cells(header)
    mapping = {name: ours for name, ours in zip(header.names, header.ours, strict=True) if ours in data}
    notes += [note for note in header.notes if any(repr(name) in note for name in mapping)]
    frame = pd.DataFrame(data, index=index)
    frame.attrs = {"file": shown, "notes": tuple(notes), "columns": {ours: name for name, ours in mapping.items()}}
    return Table(
        frame=frame,
        file=shown,
        mapping=mapping,
        notes=tuple(notes),
        text_in_numbers=text,
        encoding=source.encoding,
        delimiter=source.delimiter,
        sheet=source.sheet,
    )


def _blank_note(blank: list[int]) -> list[str]:
    if not blank:
        return []
    listed = ", ".join(map(str, blank[:5])) + (f" and {len(blank) - 5} more" if len(blank) > 5 else "")
    return [f"blank row{'s' if len(blank) > 1 else ''} {listed} skipped"]
