"""Word documents (.docx) to the parts of a paper, from the file's own XML."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

from ostealgia.errors import DocumentError
from ostealgia.io.documents.markup import is_data_table, split_lines
from ostealgia.io.documents.parts import RawCell, Writer
from ostealgia.io.documents.signs import clean, one_line, raised
from ostealgia.io.documents.words import caption_label

_LARGEST = 400_000_000
_LARGEST_XML = 120_000_000


def open_archive(data: bytes, name: str, kind: str) -> zipfile.ZipFile:
    """The zip archive of an Office file, refused where it is damaged or would unpack to an unreasonable size."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        size = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, RuntimeError) as error:
        raise DocumentError(
            f"the {kind} file is damaged",
            file=name,
            found=str(error)[:120],
            expected="a complete file",
            action="Save or download it again.",
        ) from error
    if size > _LARGEST:
        raise DocumentError(
            f"the {kind} file is too large",
            file=name,
            found=f"{size / 1e6:,.0f} MB unpacked",
            expected=f"at most {_LARGEST / 1e6:.0f} MB",
            action="Save the text as PDF or plain text.",
        )
    return archive


def _xml(archive: zipfile.ZipFile, member: str, name: str) -> Any:
    """The root element of one member; entities are not expanded."""
    import lxml.etree

    parser = lxml.etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, load_dtd=False, remove_comments=True
    )
    try:
        with archive.open(member) as stream:
            data = stream.read(_LARGEST_XML + 1)
        if len(data) > _LARGEST_XML or b"<!ENTITY" in data[:100_000]:
            raise DocumentError(
                "the Word file cannot be read",
                file=name,
                found=f"{member} is too large or declares entities",
                expected="a document saved by a word processor",
            )
        return lxml.etree.fromstring(data, parser=parser)
    except (
        zipfile.BadZipFile,
        RuntimeError,
        OSError,
        EOFError,
        NotImplementedError,
        lxml.etree.XMLSyntaxError,
        ValueError,
    ) as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(
            "the Word file is damaged",
            file=name,
            found=f"{member}: {str(error)[:100]}",
            expected="a complete .docx",
            action="Open it in a word processor and save it again.",
        ) from error


def local(node: Any) -> str:
    """The name of an element without its namespace."""
    return node.tag.rsplit("}", 1)[-1] if isinstance(node.tag, str) else ""


@dataclass(frozen=True)
class _Style:
    kind: str = "paragraph"
    level: int = 0


def docx_parts(data: bytes, name: str) -> tuple[Writer, tuple[str, ...]]:
    """The words and parts of a Word document, and notes. Raises DocumentError where it cannot be read."""
    archive = open_archive(data, name, "Word")
    styles = _styles(archive, name)
    root = _xml(archive, "word/document.xml", name)
    writer = Writer()
    body = next((child for child in root if local(child) == "body"), root)
    _walk(body, writer, styles)
    if not writer.parts:
        raise DocumentError(
            "the document holds no text",
            file=name,
            found="no words in its body",
            expected="the text of a paper",
            action="If it holds pictures of pages, give a file with text.",
        )
    notes = []
    if any(local(node) == "del" for node in root.iter()):
        notes.append("tracked deletions of the Word file were left out and insertions read")
    return writer, tuple(notes)


def _styles(archive: zipfile.ZipFile, name: str) -> dict[str, _Style]:
    if "word/styles.xml" not in archive.namelist():
        return {}
    found: dict[str, _Style] = {}
    for style in _xml(archive, "word/styles.xml", name):
        if local(style) != "style":
            continue
        title = next((_value(child) for child in style if local(child) == "name"), "") or ""
        outline = next((_value(node) for node in style.iter() if local(node) == "outlineLvl"), None)
        found[_attribute(style, "styleId") or ""] = _style(title.lower(), outline)
    return found


def _style(title: str, outline: str | None) -> _Style:
    if title == "title":
        return _Style("title", 1)
    if title.startswith("heading") or ((outline or "").isdigit() and int(outline or 9) < 9):
        digits = "".join(sign for sign in title if sign.isdigit())
        return _Style("heading", int(digits or int(outline or 0) + 1))
    if title == "caption":
        return _Style("caption")
    return _Style("list" if title.startswith("list") else "paragraph")


def _attribute(node: Any, name: str) -> str | None:
    return next((value for key, value in node.attrib.items() if key.rsplit("}", 1)[-1] == name), None)


def _value(node: Any) -> str | None:
    return _attribute(node, "val")


def _walk(node: Any, writer: Writer, styles: dict[str, _Style]) -> None:
    for child in node:
        name = local(child)
        if name == "p":
            _paragraph(child, writer, styles)
        elif name == "tbl":
            _table(child, writer)
        elif name in ("sdt", "sdtContent", "customXml", "ins", "smartTag"):
            _walk(child, writer, styles)


def _paragraph(node: Any, writer: Writer, styles: dict[str, _Style]) -> None:
    raw, _ = clean(_words(node))
    bold = _all_bold(node)
    style, numbered = _paragraph_style(node, styles)
    for line in raw.split("\n") if "\t" in raw else [raw.replace("\n", " ")]:
        words = one_line(line)
        if not words:
            continue
        label = caption_label(words)
        if label:
            writer.add("caption", words, label=label[1], float_kind=label[0])
        elif style.kind == "caption":
            writer.add("caption", words, float_kind="figure")
        elif style.kind in ("title", "heading"):
            writer.add(style.kind, words, level=style.level)
        elif bold and len(words) < 100 and not words.endswith("."):
            writer.add("heading", words, certain=False)
        else:
            writer.add("list" if numbered or style.kind == "list" else "paragraph", words, certain=len(words) > 80)


def _paragraph_style(node: Any, styles: dict[str, _Style]) -> tuple[_Style, bool]:
    properties = next((child for child in node if local(child) == "pPr"), None)
    if properties is None:
        return _Style(), False
    name = next((_value(child) for child in properties if local(child) == "pStyle"), None)
    numbered = any(local(child) == "numPr" for child in properties)
    return styles.get(name or "", _Style()), numbered


def _all_bold(node: Any) -> bool:
    """Every run with words is bold."""
    seen = False
    for run in node.iter():
        if local(run) != "r" or not any(local(child) == "t" and (child.text or "").strip() for child in run):
            continue
        properties = next((child for child in run if local(child) == "rPr"), None)
        bold = None if properties is None else next((child for child in properties if local(child) == "b"), None)
        if bold is None or _value(bold) in ("0", "false"):
            return False
        seen = True
    return seen


def _words(node: Any) -> str:
    """The words of a paragraph; raised figures raised, deletions left out, line breaks as line ends."""
    pieces: list[str] = []
    _collect(node, pieces)
    return "".join(pieces)


_NO_WORDS = frozenset(
    (
        "del",
        "instrText",
        "pPr",
        "rPr",
        "delText",
        "Fallback",
        "footnoteReference",
        "endnoteReference",
        "commentReference",
        "moveFrom",
    )
)


def _collect(node: Any, pieces: list[str]) -> None:
    for child in node:
        name = local(child)
        if name in _NO_WORDS or not name:
            continue
        if name == "r":
            own: list[str] = []
            _collect(child, own)
            words = "".join(own)
            pieces.append(raised(words) if words and _is_raised(child) else words)
        elif name == "t":
            pieces.append(child.text or "")
        elif name == "tab":
            pieces.append("\t")
        elif name in ("br", "cr"):
            pieces.append("\n")
        elif name == "noBreakHyphen":
            pieces.append("-")
        elif name == "sym":
            pieces.append(_symbol(child))
        elif name == "sSup":
            parts = ["".join(_flat(item)) for item in child if local(item) in ("e", "sup")]
            pieces.append(parts[0] + raised(parts[1]) if len(parts) == 2 else "".join(parts))
        elif name == "p":
            _collect(child, pieces)
            pieces.append("\n")
        else:
            _collect(child, pieces)


def _flat(node: Any) -> list[str]:
    pieces: list[str] = []
    _collect(node, pieces)
    return pieces


_SYMBOLS = {
    "f0b1": "±",
    "f0a3": "≤",
    "f0b3": "≥",
    "f0b4": "×",
    "f063": "χ",
    "f061": "α",
    "f062": "β",
    "f074": "τ",
    "f06d": "μ",
    "f02d": "-",
    "f044": "Δ",
}


def _symbol(node: Any) -> str:
    return _SYMBOLS.get((_attribute(node, "char") or "").lower(), "")


def _is_raised(run: Any) -> bool:
    properties = next((child for child in run if local(child) == "rPr"), None)
    return properties is not None and any(
        local(child) == "vertAlign" and _value(child) == "superscript" for child in properties
    )


def _table(node: Any, writer: Writer) -> None:
    rows, heads = _rows(node)
    if is_data_table(rows):
        writer.table(rows, header_rows=heads or None)
        return
    for row in rows:
        for cell in row:
            if cell.text:
                writer.add("paragraph", cell.text)


def _rows(node: Any) -> tuple[list[list[RawCell]], int]:
    """Rows with their merged cells (gridSpan, vMerge) and how many of them repeat as a header."""
    read: list[list[list[Any]]] = []  # [cell, lines, rows]
    above: dict[int, list[Any]] = {}  # column -> the cell that a vertical merge goes on from
    heads = 0
    for row in (child for child in node.iter() if local(child) == "tr" and _nearest_table(child) is node):
        line: list[list[Any]] = []
        column = 0
        is_head = any(local(item) == "tblHeader" for child in row if local(child) == "trPr" for item in child)
        heads += is_head and heads == len(read)
        for cell in (item for item in row.iter() if local(item) == "tc" and _nearest_row(item) is row):
            span, merge = _spans(cell)
            if merge == "continue" and column in above:
                above[column][2] += 1
                line.append([None, [], 1])
            else:
                words = [one_line(part) for part in _words(cell).split("\n")]
                lines = [part for part in words if part]
                entry = [RawCell(" ".join(lines), 1, span), lines, 1]
                line.append(entry)
                if merge == "restart":
                    above[column] = entry
                else:
                    above.pop(column, None)
            column += span
        read.append(line)
    rows: list[list[RawCell]] = []
    for line in read:
        cells = [
            (RawCell(cell.text, rows_down, cell.columns), lines) for cell, lines, rows_down in line if cell is not None
        ]
        whole = len(cells) == len(line)
        rows += [[cell for cell, _ in part] for part in split_lines(cells)] if whole else [[cell for cell, _ in cells]]
    return rows, heads


def _nearest_table(node: Any) -> Any:
    return next((up for up in node.iterancestors() if local(up) == "tbl"), None)


def _nearest_row(node: Any) -> Any:
    return next((up for up in node.iterancestors() if local(up) == "tr"), None)


def _spans(cell: Any) -> tuple[int, str | None]:
    properties = next((child for child in cell if local(child) == "tcPr"), None)
    if properties is None:
        return 1, None
    span = next((_value(child) for child in properties if local(child) == "gridSpan"), None)
    merge = next((_value(child) or "continue" for child in properties if local(child) == "vMerge"), None)
    return int(span) if span and span.isdigit() and int(span) < 200 else 1, merge
