"""What HTML and JATS have in common: inline words with raised figures, formulas, and tables with merged cells."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from ostealgia.io.documents.parts import RawCell
from ostealgia.io.documents.signs import raised

_BLANKS = re.compile(r"[ \t\r\n\x0b\x0c]+")
_DROPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "canvas",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "map",
        "button",
        "input",
        "select",
        "option",
        "textarea",
        "annotation",
        "annotation-xml",
        "tex-math",
        "head",
        "link",
        "meta",
        "base",
        "graphic",
        "inline-graphic",
        "media",
        "object-id",
    ]
)
_BROKEN = frozenset(
    [
        "br",
        "break",
        "p",
        "div",
        "li",
        "title",
        "tr",
        "td",
        "th",
        "entry",
        "row",
        "list-item",
        "label",
        "caption",
        "def-item",
        "term",
        "def",
        "hr",
    ]
)
_ORDINALS = frozenset(("st", "nd", "rd", "th"))
_RAISABLE = re.compile(r"[\d\s,;–−+*†‡§¶#a-z()-]{1,40}\Z")
_MARKS = re.compile(r"[\d\s,;–-]{1,40}\Z|[a-z](?:\s?,\s?[a-z]){0,6}\Z|[*†‡§¶#]{1,4}\Z")


def local(node: Any) -> str:
    """The name of an element without its namespace, lower case; "" for comments and instructions."""
    tag = node.tag
    if not isinstance(tag, str):
        return ""
    return tag.rsplit("}", 1)[-1].lower()


def words_of(node: Any, skip: frozenset[str] = frozenset()) -> str:
    """The words of an element on one line, superscripts as raised figures, formulas readable.

    skip : names of elements whose words are left out.
    """
    pieces: list[str] = []
    collect(node, pieces, skip)
    return _BLANKS.sub(" ", "".join(pieces)).strip(" ")


def lines_in(node: Any, skip: frozenset[str] = frozenset()) -> list[str]:
    """The words of an element, one entry for each of its own lines (paragraphs, line breaks)."""
    pieces: list[str] = []
    collect(node, pieces, skip, line_mark="\x00")
    lines = [_BLANKS.sub(" ", line).strip(" ") for line in "".join(pieces).split("\x00")]
    return [line for line in lines if line]


def entity_text(node: Any) -> str:
    """What an entity reference stands for, where it is a known sign; else nothing."""
    sign = html.unescape(node.text or "")
    return sign if len(sign) <= 2 else ""


def collect(node: Any, pieces: list[str], skip: frozenset[str], line_mark: str = " ") -> None:
    """Appends the words of an element without its tail; a raised figure looks at the words before it in ``pieces``."""
    stack: list[tuple[Any, bool]] = [(node, True)]
    while stack:
        item, opening = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        name = local(item)
        if opening and not name:
            if item is not node and item.tail:
                pieces.append(entity_text(item) if type(item).__name__ == "_Entity" else "")
                pieces.append(item.tail)
            elif type(item).__name__ == "_Entity":
                pieces.append(entity_text(item))
            continue
        if item is not node and item.tail:
            stack.append((item.tail, True))
        if name in _DROPPED or name in skip or is_hidden(item):
            continue
        if name in ("sup", "superscript"):
            pieces.append(_superscript(words_of_children(item)))
        elif name == "xref" or (name == "a" and _is_mark_link(item)):
            pieces.append(_reference(item, pieces))
        elif name == "math":
            pieces.append(_formula(item))
        else:
            gap = line_mark if name in _BROKEN else ""
            if gap and item is not node:
                pieces.append(gap)
                stack.append((gap, True))
            stack += [(child, True) for child in reversed(item)]
            if item.text:
                pieces.append(item.text)


def words_of_children(node: Any) -> str:
    """The bare words within an element."""
    return "".join(node.itertext()).strip()


def is_hidden(node: Any) -> bool:
    """An element that a reader does not see."""
    get = node.get
    if get("hidden") is not None or get("aria-hidden") == "true":
        return True
    style, kind = get("style"), get("class")
    if style and "display:none" in style.replace(" ", "").lower():
        return True
    return bool(kind) and any(name in _HIDDEN_CLASSES for name in kind.lower().split())


_HIDDEN_CLASSES = frozenset(
    (
        "visually-hidden",
        "sr-only",
        "screen-reader-text",
        "mathjax_preview",
        "u-visually-hidden",
        "hidden",
        "mjx_assistive_mathml",
    )
)


def _superscript(words: str) -> str:
    words = _BLANKS.sub(" ", words)
    if words in _ORDINALS or not _RAISABLE.match(words):
        return words if words in _ORDINALS else raised(words) if len(words) <= 4 else f" {words}"
    return raised(words.replace("[", "").replace("]", ""))


def _is_mark_link(node: Any) -> bool:
    return (node.get("href") or "").startswith("#") and len(words_of_children(node)) <= 12


def _reference(node: Any, pieces: list[str]) -> str:
    """A reference's or footnote's number is raised unless it stands in brackets or is a word."""
    words = _BLANKS.sub(" ", words_of_children(node))
    kind = node.get("ref-type", "")
    if kind in (
        "fig",
        "table",
        "sec",
        "supplementary-material",
        "disp-formula",
        "app",
        "boxed-text",
    ) or not _MARKS.match(words):
        return words
    before = "".join(pieces[-3:]).rstrip()
    if (
        before.endswith(("[", "(", ",", "-", "–", ";"))
        or not before
        or re.search(
            r"(?:fig(?:ure|s)?|tables?|section|box|appendix|eq(?:uation)?|ref(?:erence)?s?)\.?\Z",
            before[-12:],
            re.IGNORECASE,
        )
    ):
        return words
    return (
        raised(words)
        if kind in ("bibr", "table-fn", "fn", "aff", "corresp") or before[-1:].isalnum() or before[-1:] in ".)%,"
        else words
    )


def _formula(node: Any) -> str:
    """A MathML formula on one line."""
    name = local(node)
    if name in _DROPPED:
        return ""
    children = [child for child in node if isinstance(child.tag, str)]
    if name in ("msup", "msubsup") and children:
        parts = [_formula(child) for child in children]
        exponent = parts[-1].strip()
        low = parts[1].strip() if name == "msubsup" else ""
        up = raised(exponent) if _RAISABLE.match(exponent) else f"^{exponent}"
        return parts[0].strip() + up + low
    if name == "msub" and len(children) == 2:
        return _formula(children[0]).strip() + _formula(children[1]).strip()
    if name == "mfrac" and len(children) == 2:
        return f"{_formula(children[0]).strip()}/{_formula(children[1]).strip()}"
    words = "".join(map(_formula, children)) if children else (node.text or "").strip()
    if name == "mo" and words.strip() in "=<>≤≥±×+":
        return f" {words.strip()} "
    return words.replace("\u2062", "")


# ---- tables


def rows_of(table: Any) -> Iterator[tuple[Any, bool]]:
    """(row, whether it stands in the head) of an HTML table, without the rows of tables within its cells."""
    stack = [(table, False)]
    while stack:
        node, head = stack.pop()
        for child in reversed(list(node)) if node is not table else reversed(list(table)):
            if local(child) in ("thead", "tbody", "tfoot", "tgroup", "tr", "row", "table"):
                stack.append((child, head or local(child) == "thead"))
        if local(node) in ("tr", "row"):
            yield node, head


def read_rows(table: Any) -> tuple[list[list[RawCell]], int | None]:
    """(rows of cells with their spans, number of header rows or None) of an HTML or CALS table."""
    rows: list[list[RawCell]] = []
    heads: list[bool] = []
    for row, in_head in rows_of(table):
        cells = [cell for cell in row if local(cell) in ("td", "th", "entry")]
        if not cells:
            continue
        read = [_cell(cell) for cell in cells]
        split = split_lines(read)
        rows += [[cell for cell, _ in line] for line in split]
        heads += [in_head or all(local(cell) == "th" for cell in cells)] * len(split)
    count = 0
    while count < len(heads) and heads[count]:
        count += 1
    return rows, count if 0 < count < len(rows) else None


def _cell(node: Any) -> tuple[RawCell, list[str]]:
    lines = lines_in(node)
    rows, columns = _number(node.get("rowspan"), 1), _number(node.get("colspan"), 1)
    if node.get("morerows"):
        rows = 1 + _number(node.get("morerows"), 0)
    first, last = re.search(r"\d+", node.get("namest") or ""), re.search(r"\d+", node.get("nameend") or "")
    if first and last:
        columns = max(1, int(last[0]) - int(first[0]) + 1)
    return RawCell(" ".join(lines), min(rows, 2000), min(columns, 200), local(node) == "th"), lines


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.strip().isdigit() and len(text) < 6 else otherwise


def split_lines(cells: list[tuple[RawCell, list[str]]]) -> list[list[tuple[RawCell, list[str]]]]:
    """A row whose cells hold the same number of lines, values among them, is that many rows.

    >>> row = [(RawCell("Breast Lung"), ["Breast", "Lung"]), (RawCell("3 (30) 7 (70)"), ["3 (30)", "7 (70)"])]
    >>> [[cell.text for cell, _ in line] for line in split_lines(row)]
    [['Breast', '3 (30)'], ['Lung', '7 (70)']]
    """
    counts = {len(lines) for _, lines in cells if len(lines) > 1}
    many = [lines for _, lines in cells if len(lines) > 1]
    merged = any(cell.rows > 1 or cell.columns > 1 for cell, _ in cells)
    if len(counts) != 1 or len(many) < 2 or merged or len(cells[0][1]) < 2:
        return [cells]
    count = counts.pop()
    values = [lines for _, lines in cells[1:] if len(lines) == count]
    if not values or not all(any(sign.isdigit() for sign in line) for line in values[0]):
        return [cells]
    if any(len(lines) == 1 for _, lines in cells[1:]) and count > 2 and len(values) < (len(cells) - 1) / 2:
        return [cells]
    out: list[list[tuple[RawCell, list[str]]]] = []
    for at in range(count):
        line: list[tuple[RawCell, list[str]]] = []
        for cell, lines in cells:
            words = lines[at] if len(lines) == count else (lines[0] if lines and at == 0 else "")
            line.append((RawCell(words, header=cell.header), [words]))
        out.append(line)
    return out


def is_data_table(rows: list[list[RawCell]]) -> bool:
    """Not a table that only arranges a page: two rows and two columns at least, and no page-long cells."""
    filled = [cell for row in rows for cell in row if cell.text]
    width = max((sum(cell.columns for cell in row) for row in rows), default=0)
    return (
        len(rows) >= 2
        and width >= 2
        and len(filled) >= 3
        and sum(len(cell.text) for cell in filled) / len(filled) < 600
    )
