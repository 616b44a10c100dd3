"""CSV, TSV and Excel files as papers that are nothing but tables; numbers as they are shown."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import Any

from ostealgia.errors import DocumentError, TableError
from ostealgia.io.documents.docx import open_archive
from ostealgia.io.documents.parts import RawCell, Writer
from ostealgia.io.documents.signs import one_line

_MOST_ROWS = 200_000
_MOST_CELLS = 2_000_000


def csv_parts(data: bytes, name: str, suffix: str) -> tuple[Writer, tuple[str, ...]]:
    """The table of a CSV or TSV file; rows may have different lengths."""
    from ostealgia.io.files import encoding_of

    try:
        encoding = encoding_of(data, name)
    except TableError as error:
        raise DocumentError(
            error.problem, file=name, found=error.found, expected=error.expected, action=error.action
        ) from error
    text = data.decode(encoding.codec)
    try:
        rows = _records(text, _delimiter(text[:200_000], suffix))
    except csv.Error as error:
        raise DocumentError(
            "the table cannot be read",
            file=name,
            found=str(error),
            expected="fields apart by one delimiter",
            action="Save the table again as CSV.",
        ) from error
    writer = Writer()
    _put(writer, [[one_line(cell) for cell in row] for row in rows if any(cell.strip() for cell in row)], name)
    return writer, encoding.notes


def _records(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True))


def _delimiter(text: str, suffix: str) -> str:
    """The delimiter under which most rows have one and the same number of fields; rows of a title or a note may differ."""
    best, best_score = "\t" if suffix.lower() in (".tsv", ".tab") else ",", (0.0, 0)
    for delimiter in ",;\t|":
        try:
            widths = [len(row) for row in _records(text, delimiter) if row]
        except csv.Error:
            continue
        typical, times = (
            Counter(width for width in widths if width > 1).most_common(1)[0] if max(widths, default=0) > 1 else (0, 0)
        )
        score = (round(times / max(1, len(widths)), 1), typical)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _put(writer: Writer, rows: list[list[str]], name: str) -> None:
    if len(rows) > _MOST_ROWS or sum(map(len, rows)) > _MOST_CELLS:
        raise DocumentError(
            "the table is too large for a paper",
            file=name,
            found=f"{len(rows):,} rows",
            expected=f"at most {_MOST_ROWS:,} rows",
            action="Audit the printed tables, not the data.",
        )
    if rows:
        writer.table([[RawCell(cell) for cell in row] for row in rows])


def xlsx_parts(data: bytes, name: str) -> tuple[Writer, tuple[str, ...]]:
    """The tables of a workbook, one a sheet, their numbers with the decimals that are shown."""
    import openpyxl

    open_archive(data, name, "Excel")
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, read_only=len(data) > 5_000_000)
    except Exception as error:  # openpyxl raises many kinds for damaged files
        raise DocumentError(
            "the workbook cannot be read",
            file=name,
            found=str(error)[:120] or type(error).__name__,
            expected="an .xlsx workbook without a password",
            action="Save it again as .xlsx or as CSV.",
        ) from error
    writer, notes = Writer(), []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            notes.append(f"sheet {sheet.title!r} is hidden and was not read")
            continue
        rows = _rows(sheet, name)
        if not rows:
            continue
        if len(book.worksheets) > 1:
            writer.add("heading", sheet.title, level=1)
        writer.table(rows)
    if not writer.parts:
        raise DocumentError("the workbook holds no cells", file=name, expected="a sheet with a table")
    return writer, tuple(notes)


def _rows(sheet: Any, name: str) -> list[list[RawCell]]:
    spans = {}
    inside = set()
    for area in getattr(getattr(sheet, "merged_cells", None), "ranges", ()):
        spans[(area.min_row, area.min_col)] = (area.max_row - area.min_row + 1, area.max_col - area.min_col + 1)
        inside |= {
            (r, c)
            for r in range(area.min_row, min(area.max_row, area.min_row + 500) + 1)
            for c in range(area.min_col, min(area.max_col, area.min_col + 200) + 1)
        }
    rows: list[list[RawCell]] = []
    count = 0
    for r, line in enumerate(sheet.iter_rows(), start=1):
        row = []
        for c, cell in enumerate(line, start=1):
            if (r, c) in inside and (r, c) not in spans:
                continue
            down, across = spans.get((r, c), (1, 1))
            row.append(RawCell(shown(cell.value, getattr(cell, "number_format", "General")), down, across))
        count += len(row)
        if count > _MOST_CELLS:
            raise DocumentError(
                "the sheet is too large for a paper's table",
                file=name,
                found=f"more than {_MOST_CELLS:,} cells",
                action="Audit the printed tables, not the data.",
            )
        rows.append(row)
    while rows and not any(cell.text for cell in rows[-1]):
        rows.pop()
    return [row for row in rows if any(cell.text for cell in row) or any(cell.rows > 1 for cell in row)]


_FORMAT = re.compile(r"^(?P<group>#,##)?[0#?]*(?:\.(?P<decimals>0+)[#?]*)?(?P<percent>%)?(?:_\)|_-|\s)*$")


def shown(value: Any, number_format: str = "General") -> str:
    """A cell as a spreadsheet shows it.

    >>> shown(0.88312, "0.000"), shown(0.4189, "0.0%"), shown(1024.0), shown(2774, "#,##0"), shown(None)
    ('0.883', '41.9%', '1024', '2,774', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        match = _FORMAT.match(number_format.split(";", maxsplit=1)[0])
        if number_format in ("General", "@", "") or match is None:
            return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.10g}"
        scaled = value * 100 if match["percent"] else value
        decimals = len(match["decimals"] or "")
        return f"{scaled:{',' if match['group'] else ''}.{decimals}f}{'%' if match['percent'] else ''}"
    if hasattr(value, "isoformat"):
        words = value.isoformat()
        return words[:10] if words.endswith("T00:00:00") else words
    return one_line(str(value))
