"""Text with delimiters to records: the delimiter is found, every row is counted and has the header's width."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator

from ostealgia.errors import TableError
from ostealgia.io.columns import Body, Header, check_header
from ostealgia.io.files import Encoding

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_CHUNK = 8_192
_SAMPLE = 200
_SEPARATOR = re.compile(
    r"\s*sep=([,;|\t])\s*[\r\n]", re.IGNORECASE
)  # a line that some spreadsheets write above the header


def open_records(data: bytes, encoding: Encoding, delimiter: str) -> Iterator[list[str]]:
    """Records of the text, in file order, blank lines as empty lists (so that counting them counts rows)."""
    lines = io.TextIOWrapper(io.BytesIO(data), encoding=encoding.codec, newline="")
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


def find_delimiter(data: bytes, encoding: Encoding, suffix: str = "") -> str:
    """The delimiter under which the header has fields and most rows have as many; a comma where there is one column."""
    declared = _SEPARATOR.match(data[:64].decode(encoding.codec, errors="ignore"))
    if declared:
        return declared[1]
    best, best_score = ",", (0.0, 0)
    for delimiter in sorted(DELIMITERS, key=lambda d: d != "\t" or suffix.lower() not in (".tsv", ".tab")):
        widths = []
        with contextlib.suppress(csv.Error):  # a row that read_body will refuse, with its place
            for record in itertools.islice(open_records(data, encoding, delimiter), _SAMPLE):
                if (record and not is_comment(record)) or widths:
                    widths.append(len(record))
        if not widths or widths[0] < 2:
            continue
        filled = [width for width in widths if width]
        score = (round(sum(width == widths[0] for width in filled) / len(filled), 1), widths[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def is_comment(record: list[str]) -> bool:
    """A line above the header that starts with "# " (a template's explanation).

    >>> is_comment(["# one row a study", " fill in"]), is_comment(["#study", "n"])
    (True, False)
    """
    first = record[0].lstrip() if record else ""
    return first == "#" or first.startswith(("# ", "##", "#\t"))


def read_header(records: Iterator[list[str]], shown: str) -> tuple[list[str], int, int]:
    """(names, row number of the header, comment lines above it)."""
    comments = 0
    try:
        for number, record in enumerate(records, start=1):
            if is_comment(record):
                comments += 1
            elif number == 1 and record and record[0].strip().lower() == "sep=":
                continue
            elif any(cell.strip() for cell in record):
                return record, number, comments
    except csv.Error as error:
        raise _broken(error, shown, 1) from error
    raise TableError(
        "the file has no header",
        file=shown,
        found=f"{comments} comment lines" if comments else "blank lines",
        expected="column names in the first row",
    )


def read_body(records: Iterator[list[str]], header: Header, shown: str, labels: frozenset[str] = frozenset()) -> Body:
    """Every record under the header into its columns; a record of another width is refused with its row number.

    labels : our names of columns that are kept as text.
    """
    columns = header.columns(labels)
    body = Body(columns)
    next_row = header.row + 1
    width = len(columns)
    while True:
        chunk: list[list[str]] = []
        try:
            chunk.extend(itertools.islice(records, _CHUNK))
        except csv.Error as error:
            raise _broken(error, shown, next_row + len(chunk)) from error
        if not chunk:
            body.forget_trailing_blanks()
            return body
        rows = range(next_row, next_row + len(chunk))
        next_row = rows.stop
        if set(map(len, chunk)) == {width} and "" not in (table := list(zip(*chunk, strict=True)))[0]:
            body.count(rows.start, rows[-1])
        else:
            table = list(zip(*_checked(chunk, rows, body, header, shown), strict=True))
        for column, values in zip(columns, table, strict=False):
            column.add(values)


def _checked(chunk: list[list[str]], rows: range, body: Body, header: Header, shown: str) -> list[list[str]]:
    kept = []
    width = len(header.names)
    for row, record in zip(rows, chunk, strict=True):
        if len(record) == width and record[0]:
            pass
        elif not "".join(record).strip():
            body.blank.append(row)
            continue
        elif len(record) != width:
            raise _ragged(record, row, header, shown)
        kept.append(record)
        body.count(row, row)
    return kept


def _ragged(record: list[str], row: int, header: Header, shown: str) -> TableError:
    width = len(header.names)
    text = " | ".join(cell.strip() for cell in record)
    text = text if len(text) <= 90 else text[:87] + "..."
    if len(record) > width:
        action = "Put a value that holds the delimiter, such as a comma in a name, in double quotes"
    else:
        action = "Give every row a field for every column; leave a missing value empty but keep its delimiter"
    fields = f"{len(record)} field" + ("s" if len(record) != 1 else "")
    return TableError(
        "the row has another number of fields than the header",
        file=shown,
        row=row,
        found=f"{fields} ({text})",
        expected=f"{width} fields ({_short(header.names)})",
        action=action,
    )


def _short(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 8 else ", ".join(names[:7]) + ", ..."


def _broken(error: csv.Error, shown: str, row: int) -> TableError:
    if "field limit" in str(error) or "unexpected end" in str(error):
        problem, action = (
            "a quotation mark is opened and never closed",
            "Close the quotation mark, or double one that belongs to the text",
        )
    elif "expected after" in str(error):
        problem, action = (
            "text follows a closing quotation mark",
            'Double a quotation mark inside a quoted value: "the ""A"" arm"',
        )
    else:
        problem, action = f"the row cannot be read ({error})", "Save the table again as CSV"
    return TableError(
        problem, file=shown, row=row, expected='fields separated by one delimiter, quoted with "', action=action
    )


def line_end_notes(data: bytes, encoding: Encoding) -> tuple[str, ...]:
    """A note where lines do not end with LF."""
    sample = data[:65_536].decode(encoding.codec, errors="ignore")
    if "\r\n" in sample:
        return ("lines end with CR LF (Windows)",)
    return ("lines end with CR (old Macintosh)",) if "\r" in sample and "\n" not in sample else ()


def text_rows(
    data: bytes, encoding: Encoding, shown: str, suffix: str = ""
) -> tuple[Header, list[tuple[int, list[str]]]]:
    """A table as it was typed: (header, [(row number, trimmed cells), ...]), with the same refusals as ``read_table``.

    For readers that need the text of each number (its printed decimals). Blank rows are left out; zero rows are allowed.
    """
    records = open_records(data, encoding, find_delimiter(data, encoding, suffix))
    names, header_row, _ = read_header(records, shown)
    header = check_header(names, header_row, shown)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row, record in enumerate(records, start=header_row + 1):
            if not "".join(record).strip():
                continue
            if len(record) != len(header.names):
                raise _ragged(record, row, header, shown)
            rows.append((row, [cell.strip() for cell in record]))
    except csv.Error as error:
        raise _broken(error, shown, rows[-1][0] + 1 if rows else header_row + 1) from error
    return header, rows
