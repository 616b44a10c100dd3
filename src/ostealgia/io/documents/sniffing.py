"""What a file is, by its first bytes and then by its name; and its words where it is text."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from pathlib import Path

from ostealgia.errors import DocumentError

FORMATS: dict[str, str] = {
    "text": "plain text",
    "markdown": "Markdown",
    "html": "a web page",
    "jats": "JATS or NLM XML",
    "pdf": "PDF",
    "docx": "a Word document",
    "csv": "a table with delimiters",
    "xlsx": "an Excel workbook",
}
_EXPECTED = "PDF, JATS XML, HTML, Word (.docx), Markdown, plain text, CSV or Excel (.xlsx)"
_SUFFIXES = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
_BINARY: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (.doc or .xls) or a protected one"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", "an RTF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%!PS", "a PostScript file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"PAR1", "a Parquet file"),
    (b"\x00\x00\x00", "a media file"),
    (b"ID3", "a sound file"),
    (b"RIFF", "a media file"),
)
FEW_STRAY, STRAY = (
    20,
    0.003,
)  # control characters in a text, and their share of its bytes, that are no sign of binary data
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HTML = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body|div|article|main|section|h[1-6]|p|table)\b",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(rb"\s*<(?:\?xml|!doctype|[a-z][\w:-]*[\s>])", re.IGNORECASE)
_ARTICLE = re.compile(rb"<(?:\w+:)?(?:article|pmc-articleset|front|article-set)\b", re.IGNORECASE)
_ROOT = re.compile(
    rb"\s*(?:<\?[^>]{0,200}>\s*|<![^>]{0,2000}>\s*){0,6}<(?:\w+:)?(?:article|pmc-articleset)\b", re.IGNORECASE
)
_JATS = re.compile(rb"<(?:\w+:)?(?:article-meta|sec|front|title-group)\b|article-type=|dtd-version=")
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|\|.*\|\s*$|```|\*\*\S)", re.MULTILINE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,30})", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_bytes(path: Path, name: str) -> bytes:
    """The whole file, or a DocumentError that says why it cannot be read. name : how messages name the file."""
    if path.is_dir():
        raise DocumentError(
            "this is a folder, not a file", file=name, expected=_EXPECTED, action="Name the files in it."
        )
    try:
        if not path.exists():
            raise DocumentError(
                "the file does not exist", file=name, expected=_EXPECTED, action="Check the name and the folder."
            )
        if not path.is_file():
            raise DocumentError("this is not a regular file", file=name, found="a device or a pipe", expected=_EXPECTED)
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(
            "the file cannot be read",
            file=name,
            found=getattr(error, "strerror", None) or str(error),
            action="Check that you may read it.",
        ) from error
    if not data.strip():
        raise DocumentError(
            "the file is empty", file=name, found=f"{len(data)} bytes without a word", expected=_EXPECTED
        )
    return data


def format_of(data: bytes, name: str, suffix: str) -> str:
    """The name in FORMATS, by content first. Raises DocumentError for what none of the readers can read."""
    suffix = suffix.lower()
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _office(data, name)
    for mark, kind in _BINARY:
        if data.startswith(mark) and not (mark == b"MZ" and data[:400].isascii() and b"\x00" not in data[:400]):
            raise DocumentError(
                "the file is not a paper",
                file=name,
                found=kind,
                expected=_EXPECTED,
                action="Save the paper in one of these forms.",
            )
    head = data[:4096]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", errors="ignore").encode("utf-8", errors="ignore")
    head = head.removeprefix(codecs.BOM_UTF8)
    if _XML.match(head) and _ROOT.match(head) and _JATS.search(data[:50_000]):
        return "jats"
    if _XML.match(head) and not _HTML.match(head) and suffix not in (".html", ".htm", ".md", ".txt"):
        return _xml_kind(data, name, head)
    if _HTML.match(head) or (suffix in (".html", ".htm", ".xhtml") and b"<" in head):
        return (
            "html"
            if not (
                suffix in (".md", ".markdown", ".txt") and not re.match(rb"\s*<(?:!doctype|html)", head, re.IGNORECASE)
            )
            else _text_kind(suffix)
        )
    if _XML.match(head) and _ARTICLE.search(data[:20_000]) and suffix != ".md":
        return "jats"
    return _text_kind(suffix)


def _text_kind(suffix: str) -> str:
    kind = _SUFFIXES.get(suffix, "text")
    return kind if kind != "html" else "text"


def _xml_kind(data: bytes, name: str, head: bytes) -> str:
    if re.search(rb"<html\b", head, re.IGNORECASE):
        return "html"
    if _ARTICLE.search(data[:200_000]) or b"<!ENTITY" in data[:200_000]:
        return "jats"
    found = re.search(rb"<([A-Za-z][\w:-]*)", re.sub(rb"<[?!][^>]*>", b"", head))
    root = found[1].decode("ascii", "replace") if found else "XML"
    raise DocumentError(
        "this kind of XML is not a paper",
        file=name,
        found=f"<{root}>",
        expected="JATS or NLM XML with <article>",
        action="Give the article's JATS, HTML, PDF or text.",
    )


def _office(data: bytes, name: str) -> str:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
        raise DocumentError(
            "the file is damaged",
            file=name,
            found=f"a zip archive that breaks off ({error})",
            expected="a complete .docx or .xlsx",
            action="Save or download it again.",
        ) from error
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    kind = "an OpenDocument file" if "content.xml" in names else "a zip archive"
    raise DocumentError(
        "the file is not a paper", file=name, found=kind, expected=_EXPECTED, action="Unpack it, or save it as .docx."
    )


def decoded(data: bytes, name: str, *, declared: bool = False) -> tuple[str, tuple[str, ...]]:
    """(text, notes) by byte-order mark, UTF-8, a declared charset, UTF-16 without mark, Windows-1252; else a DocumentError.

    declared : look for the charset that an HTML page declares.
    """
    codec = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    if (
        codec is None
        and (data[1:2] == b"\x00" or data[:1] == b"\x00")
        and data[:400].count(b"\x00") > 0.3 * len(data[:400])
    ):
        codec = "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"
    if codec:
        try:
            return data.decode(codec), (f"the text is {codec.upper()}",) if codec != "utf-8-sig" else ()
        except UnicodeDecodeError as error:
            raise _unreadable(name, f"{codec.upper()} that breaks at byte {error.start + 1}") from error
    control = _CONTROL.search(data[:1_000_000])
    stray = len(_CONTROL.findall(data)) if control else 0
    if control and (b"\x00" in data or stray > max(FEW_STRAY, STRAY * len(data))):
        raise _unreadable(name, f"binary data (byte 0x{control[0].hex()} at position {control.start() + 1})")
    if stray:  # letters of fonts without a table of meanings, as programs that take text out of a PDF leave them
        data = _CONTROL.sub("\ufffd".encode(), data)
        noted = f"{stray} control characters have no meaning: they were read as unknown signs"
        text, notes = decoded(data, name, declared=declared)
        return text, (*notes, noted)
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        first = error
    charset = _META_CHARSET.search(data[:4096]) if declared else None
    if charset:
        try:
            return data.decode(charset[1].decode("ascii")), (f"the page declares {charset[1].decode('ascii')}",)
        except (LookupError, UnicodeDecodeError):
            pass
    line = data[: first.start].count(b"\n") + 1
    broken = len(re.findall(rb"[\x81\x8d\x8f\x90\x9d]", data))
    if broken > 5:
        raise _unreadable(name, f"bytes that are neither UTF-8 (line {line}) nor Windows-1252")
    text = data.decode("cp1252", errors="replace")
    return text, (f"the file is not UTF-8 (line {line}); it was read as Windows-1252: check letters with accents",)


def _unreadable(name: str, found: str) -> DocumentError:
    return DocumentError(
        "the text cannot be read",
        file=name,
        found=found,
        expected="text in UTF-8, UTF-16 or Windows-1252",
        action="Save the file as UTF-8 text, or give the PDF.",
    )


def is_markdown(text: str) -> bool:
    """Whether a text uses Markdown's headings, tables or emphasis."""
    return len(_MARKDOWN.findall(text[:200_000])) >= 2
