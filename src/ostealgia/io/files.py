"""Bytes of an input file, refused with a reason where they cannot be a table; and their encoding."""

from __future__ import annotations

import codecs
import difflib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from ostealgia.errors import TableError

STDIN = "-"
ZIP = b"PK\x03\x04"
_SAVE_AS = "Save the table as CSV (UTF-8) or .xlsx and give that file."
# first bytes -> what the file is
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or another old Office file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"{\\rtf", "an RTF document"),
)
_MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|table)", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# longest first: the UTF-32 marks begin with those of UTF-16
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {
    "utf-8-sig": "UTF-8 with BOM",
    "utf-16": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
    "utf-8": "UTF-8",
}


@dataclass(frozen=True)
class Encoding:
    """codec : Python's name.  title : for a reader.  notes : what must be said."""

    codec: str
    title: str
    notes: tuple[str, ...] = ()


def shown_name(path: str | Path) -> str:
    """How a file is named in messages: as it was given.

    >>> shown_name("-")
    'standard input'
    """
    return "standard input" if str(path) == STDIN else str(path)


def read_bytes(path: str | Path, shown: str) -> bytes:
    """The whole file, or a TableError that says why it cannot be read. ``-`` reads the standard input."""
    data = sys.stdin.buffer.read() if str(path) == STDIN else _read_path(Path(path), shown)
    if not data.strip():
        what = "0 bytes" if not data else "only blanks"
        raise TableError("the file is empty", file=shown, found=what, expected="a header and one row a study")
    return data


def _read_path(path: Path, shown: str) -> bytes:
    if path.is_dir():
        raise TableError(
            "this is a folder, not a file",
            file=shown,
            expected="a table (.csv, .tsv, .txt or .xlsx)",
            action=_listing(path),
        )
    if not path.exists():
        raise TableError(
            "the file does not exist", file=shown, expected="a table (.csv, .tsv, .txt or .xlsx)", action=_nearby(path)
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise TableError(
            "the file cannot be read",
            file=shown,
            found=error.strerror or type(error).__name__,
            action="Check that you may read it and that no other program holds it.",
        ) from error


def _listing(folder: Path) -> str:
    names = sorted(item.name for item in folder.iterdir() if item.suffix.lower() in (".csv", ".tsv", ".txt", ".xlsx"))
    if not names:
        return "It holds no table."
    return "It holds " + ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"The folder {path.parent} does not exist either."
    stems = {item.stem.casefold(): item.name for item in sorted(path.parent.iterdir()) if item.is_file()}
    close = difflib.get_close_matches(path.stem.casefold(), stems, n=1, cutoff=0.6)  # .csv alone makes no likeness
    return f"Did you mean {path.with_name(stems[close[0]])}?" if close else "Check the name and the folder."


def refuse_binary(data: bytes, shown: str) -> None:
    """Raise a TableError where the bytes are a picture, a document, an archive or another binary file."""
    kind = next((name for mark, name in _SIGNATURES if data.startswith(mark)), None)
    if kind is None and data.startswith(ZIP):
        kind = "a zip archive that is not an .xlsx workbook"
    if kind is None and _MARKUP.match(data[:200]):
        kind = "a web page or XML"
    if kind is None and not any(data.startswith(mark) for mark, _ in _MARKS):
        kind = _control_characters(data)
    if kind:
        raise TableError(
            "the file is not a table",
            file=shown,
            found=kind,
            expected="a text table or an .xlsx workbook",
            action=_SAVE_AS,
        )


def _control_characters(data: bytes) -> str | None:
    found = _CONTROL.search(data)
    if not found:
        return None
    if found[0] == b"\x00" and b"\x00" in (data[1:2], data[0:1]):
        return "UTF-16 text without its byte-order mark"
    return f"binary data (byte 0x{found[0].hex()} at position {found.start() + 1})"


def encoding_of(data: bytes, shown: str) -> Encoding:
    """The encoding by its byte-order mark, else UTF-8, else Windows-1252 with a note; else a TableError."""
    codec = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if codec is None:
        return _without_mark(data, shown)
    title = _NAMES[codec]
    if codec == "utf-16":
        title += " LE" if data.startswith(codecs.BOM_UTF16_LE) else " BE"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise _unreadable(shown, f"text that breaks {title} at byte {error.start + 1}") from error
    if "\x00" in text:
        raise _unreadable(shown, "NUL characters")
    return Encoding(codec, title, (f"the file is {title}",))


def _without_mark(data: bytes, shown: str) -> Encoding:
    try:
        data.decode("utf-8")
        return Encoding("utf-8", "UTF-8")
    except UnicodeDecodeError as error:
        first = error
    try:
        data.decode("cp1252")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        line = data[: error.start].count(b"\n") + 1
        raise _unreadable(shown, f"byte 0x{byte:02x} in line {line}, neither UTF-8 nor Windows-1252") from error
    line = data[: first.start].count(b"\n") + 1
    note = f"the file is not UTF-8 (line {line}); it was read as Windows-1252: check letters with accents"
    return Encoding("cp1252", _NAMES["cp1252"], (note,))


def _unreadable(shown: str, found: str) -> TableError:
    return TableError(
        "the encoding of the text cannot be read",
        file=shown,
        found=found,
        expected="UTF-8, UTF-16 with byte-order mark, or Windows-1252",
        action="Save the file as CSV UTF-8.",
    )
