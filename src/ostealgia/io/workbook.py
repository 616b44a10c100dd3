"""Excel workbooks (.xlsx) to the same columns as text files: stored values of formulas, one sheet, named."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from ostealgia.errors import TableError, suggestion
from ostealgia.io.columns import Body, Header

_CHUNK = 20_000
_LARGEST = 2_000_000_000


def is_workbook(data: bytes, shown: str = "") -> bool:
    """A zip archive with a workbook inside. Raises TableError where it would unpack to more than this machine should hold."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(item.file_size for item in archive.infolist())
            found = "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, RuntimeError, OSError, ValueError, EOFError):
        return False
    if found and size > _LARGEST:
        action = "Save the sheet as CSV and give that file"
        raise TableError("the workbook is too large", file=shown, found=f"{size / 1e9:.1f} GB unpacked", action=action)
    return found


@contextlib.contextmanager
def _damage_told(shown: str) -> Iterator[None]:
    """A TableError in place of the many kinds of error that a damaged or encrypted workbook gives."""
    try:
        yield
    except TableError:
        raise
    except Exception as error:
        raise TableError(
            "the workbook cannot be read",
            file=shown,
            found=str(error) or type(error).__name__,
            expected="an .xlsx workbook without a password",
            action="Save it again as .xlsx or as CSV",
        ) from error


def open_sheet(data: bytes, sheet: str | int | None, shown: str) -> tuple[Any, str, tuple[str, ...]]:
    """(openpyxl worksheet in read-only mode, its title, notes). Without a choice the first visible sheet is read."""
    import openpyxl

    with _damage_told(shown):
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    titles = [worksheet.title for worksheet in book.worksheets]
    if not titles:
        raise TableError("the workbook has no sheet with cells", file=shown, expected="a sheet with a table")
    title = _choose(sheet, titles, book, shown)
    others = f", one of {len(titles)} ({', '.join(titles)})" if len(titles) > 1 else ""
    notes = (f"the file is an .xlsx workbook: sheet {title!r} read{others}",)
    worksheet = book[title]
    worksheet.reset_dimensions()
    return worksheet, title, notes


def _choose(sheet: str | int | None, titles: list[str], book: Any, shown: str) -> str:
    if sheet is None:
        visible = [title for title in titles if book[title].sheet_state == "visible"]
        return (visible or titles)[0]
    if str(sheet) in titles:
        return str(sheet)
    if str(sheet).isdigit() and 1 <= int(sheet) <= len(titles):
        return titles[int(sheet) - 1]
    raise TableError(
        "the workbook has no such sheet",
        file=shown,
        found=repr(sheet),
        expected="one of " + ", ".join(map(repr, titles)),
        action=(suggestion(sheet, titles).strip() or "Give the name of the sheet, or its number from 1"),
    )


def rows_of(worksheet: Any, shown: str) -> Iterator[list[str]]:
    """Cells of each row as text, without the empty ones at its end."""
    with _damage_told(shown):
        for cells in worksheet.iter_rows(values_only=True):
            row = [cell_text(value) for value in cells]
            while row and not row[-1]:
                row.pop()
            yield row


def cell_text(value: Any) -> str:
    """A cell's value as it would stand in a CSV file.

    >>> cell_text(None), cell_text(12), cell_text(0.25), cell_text(True)
    ('', '12', '0.25', 'TRUE')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).strip()


def read_body(rows: Iterator[list[str]], header: Header, shown: str, labels: frozenset[str] = frozenset()) -> Body:
    """Rows under the header into columns; cells beyond the header are refused, empty rows remembered."""
    width = len(header.names)
    body = Body(header.columns(labels))
    chunk: list[list[str]] = []
    for row, record in enumerate(rows, start=header.row + 1):
        if not any(record):
            body.blank.append(row)
            continue
        if len(record) > width:
            column = next(index for index, cell in enumerate(record) if index >= width and cell)
            raise TableError(
                "a cell stands outside the table",
                file=shown,
                row=row,
                column=letter(column + 1),
                found=record[column],
                expected=f"{width} columns ({', '.join(header.names[:8])})",
                action="Name its column in the header, or clear the cell",
            )
        chunk.append(record + [""] * (width - len(record)))
        body.count(row, row)
        if len(chunk) == _CHUNK:
            _pour(chunk, body)
            chunk = []
    _pour(chunk, body)
    body.forget_trailing_blanks()
    return body


def _pour(chunk: list[list[str]], body: Body) -> None:
    if chunk:
        for column, values in zip(body.columns, zip(*chunk, strict=True), strict=True):
            column.add(values)


def letter(position: int) -> str:
    """The spreadsheet's letter of a column.

    >>> letter(1), letter(28)
    ('A', 'AB')
    """
    text = ""
    while position:
        position, rest = divmod(position - 1, 26)
        text = chr(65 + rest) + text
    return text


def refuse_unstored_formulas(data: bytes, title: str, header: Header, shown: str) -> None:
    """Raise a TableError for the first formula whose value the file does not hold: it would pass for an empty cell."""
    import openpyxl

    formulas = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)[title]
    stored = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)[title]
    for sheet in (formulas, stored):
        sheet.reset_dimensions()
    pairs = zip(formulas.iter_rows(values_only=True), stored.iter_rows(values_only=True), strict=False)
    for row, (written, values) in enumerate(pairs, start=1):
        for column, (formula, value) in enumerate(zip(written, values, strict=False)):
            if value is None and formula is not None and row >= header.row and column < len(header.names):
                raise TableError(
                    "the file holds a formula without its value",
                    file=shown,
                    row=row,
                    column=header.names[column],
                    found=str(formula),
                    expected="a number or text",
                    action="Open the workbook in a spreadsheet program, save it, and try again",
                )
