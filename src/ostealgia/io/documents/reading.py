"""A paper from a file: what the file is, which reader reads it, and what is said where none can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ostealgia.errors import DocumentError
from ostealgia.io.documents.model import Document
from ostealgia.io.documents.outline import document
from ostealgia.io.documents.parts import Writer
from ostealgia.io.documents.signs import clean
from ostealgia.io.documents.sniffing import FORMATS, decoded, format_of, is_markdown, read_bytes
from ostealgia.io.documents.text import text_parts, without_line_numbers
from ostealgia.io.documents.text_columns import in_one_column


def from_text(text: str, name: str = "text", format: str = "text", notes: tuple[str, ...] = ()) -> Document:
    """A Document from a text that is already in memory.

    text : plain text or Markdown, with tables by tabs, pipes or columns of blanks.  format : "text" or "markdown".
    Returns the Document; its text is the same but for line ends, ligatures (spelled out), invisible characters, line numbers (blank),
    and two columns side by side on one page, of which the right one follows the left one (a note says so).

    >>> paper = from_text("Results\\n\\nThe risk was lower (HR 0·68; 95% CI 0·51–0·91).")
    >>> paper.blocks[1].section, paper.plain[paper.blocks[1].start:]
    ('results', 'The risk was lower (HR 0.68; 95% CI 0.51-0.91).')
    """
    cleaned, left_out = clean(text.replace("\r\n", "\n").replace("\r", "\n"))
    told = (*notes, f"{left_out} ligatures or invisible characters were resolved") if left_out else notes
    cleaned, numbered = without_line_numbers(cleaned)
    if numbered:
        told = (*told, f"numbers of lines in the margin were left out: {numbered}")
    if format == "text":
        cleaned, changed, side_by_side = in_one_column(cleaned)
        told = (*told, *_told_of_columns(changed, side_by_side))
    pages = tuple(at + 1 for at, sign in enumerate(cleaned) if sign == "\f") if "\f" in cleaned else ()
    return document(name, format, cleaned, text_parts(cleaned), notes=told, page_starts=(0, *pages) if pages else ())


def _told_of_columns(changed: int, side_by_side: int) -> tuple[str, ...]:
    """Notes on pages whose columns stood side by side: read one after the other, or left as they are."""
    notes = []
    if changed:
        pages = f"{changed} pages" if changed > 1 else "1 page"
        notes.append(
            f"two columns side by side on {pages} were read one after the other: lines are counted in that order"
        )
    if side_by_side:
        pages = f"{side_by_side} pages" if side_by_side > 1 else "1 page"
        notes.append(f"columns side by side on {pages} could not be told apart: sentences there may be mixed")
    return tuple(notes)


def read_document(path: str | Path, *, limits: bool = True) -> Document:
    """A paper from a file: PDF, JATS or NLM XML, HTML, Word, Markdown, plain text, CSV or Excel.

    path : the file; what it is is decided by its content, then by its suffix.
    limits : read in a child process with at most 60 s of processor time and 1 GiB, as a file of unknown origin should be;
    False reads in this process.
    Raises DocumentError (one message: file, page, found, expected, what to do) where the file cannot be read.
    """
    if limits:
        from ostealgia.io.documents.children import read_in_child

        return read_in_child(Path(path))
    return read_here(Path(path))


def read_here(path: Path, shown: str | None = None) -> Document:
    """A paper from a file, in this process. shown : how messages name the file."""
    shown = shown or str(path)
    data = read_bytes(path, shown)
    kind = format_of(data, shown, path.suffix)
    try:
        return _READERS[kind](data, path.name, shown)
    except RecursionError as error:
        raise DocumentError(
            "the file is nested too deeply", file=shown, found=FORMATS[kind], action="Save it again as text or PDF."
        ) from error


def _read_text(data: bytes, name: str, shown: str) -> Document:
    text, notes = decoded(data, shown)
    kind = "markdown" if name.lower().endswith((".md", ".markdown")) or is_markdown(text) else "text"
    return from_text(text, name, kind, notes)


def _read_html(data: bytes, name: str, shown: str) -> Document:
    from ostealgia.io.documents.html import html_parts

    text, notes = decoded(data, shown, declared=True)
    writer, told = html_parts(text, shown)
    return _written(name, "html", writer, (*notes, *told))


def _read_jats(data: bytes, name: str, shown: str) -> Document:
    from ostealgia.io.documents.jats import jats_parts

    return _written(name, "jats", *jats_parts(data, shown))


def _read_docx(data: bytes, name: str, shown: str) -> Document:
    from ostealgia.io.documents.docx import docx_parts

    return _written(name, "docx", *docx_parts(data, shown))


def _read_csv(data: bytes, name: str, shown: str) -> Document:
    from ostealgia.io.documents.sheets import csv_parts

    return _written(name, "csv", *csv_parts(data, shown, name[name.rfind(".") :] if "." in name else ""))


def _read_xlsx(data: bytes, name: str, shown: str) -> Document:
    from ostealgia.io.documents.sheets import xlsx_parts

    return _written(name, "xlsx", *xlsx_parts(data, shown))


def _read_pdf(data: bytes, name: str, shown: str) -> Document:
    from ostealgia.io.documents.pdf import pdf_parts

    writer, page_starts, notes = pdf_parts(data, shown)
    return document(name, "pdf", writer.text, writer.parts, notes=notes, page_starts=page_starts, markup=False)


def _written(name: str, kind: str, writer: Writer, notes: tuple[str, ...]) -> Document:
    return document(name, kind, writer.text, writer.parts, notes=notes, markup=False)


_READERS: dict[str, Callable[[bytes, str, str], Document]] = {
    "text": _read_text,
    "markdown": _read_text,
    "html": _read_html,
    "jats": _read_jats,
    "docx": _read_docx,
    "csv": _read_csv,
    "xlsx": _read_xlsx,
    "pdf": _read_pdf,
}
