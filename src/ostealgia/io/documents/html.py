"""HTML pages to the parts of a paper. Nothing of a page is run or loaded."""

from __future__ import annotations

import re
from typing import Any

from ostealgia.errors import DocumentError
from ostealgia.io.documents.markup import collect, is_data_table, is_hidden, local, read_rows, words_of
from ostealgia.io.documents.parts import RawCell, Writer
from ostealgia.io.documents.signs import one_line
from ostealgia.io.documents.words import caption_label

_SKIPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "form",
        "button",
        "svg",
        "canvas",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "map",
        "select",
        "dialog",
        "head",
        "link",
        "meta",
        "input",
        "textarea",
        "menu",
    ]
)
_CONTAINERS = frozenset(
    [
        "html",
        "body",
        "main",
        "article",
        "section",
        "div",
        "header",
        "footer",
        "aside",
        "figure",
        "center",
        "fieldset",
        "details",
        "blockquote",
        "dl",
        "dd",
        "dt",
        "ul",
        "ol",
        "li",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "address",
        "summary",
        "table",
        "caption",
        "figcaption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "hr",
        "hgroup",
    ]
)
_HEADING = re.compile(r"h([1-6])\Z")
_CAPTION_CLASS = re.compile(
    r"\b(?:caption|table-title|figcaption|tbl-title|fig-caption|table-caption|table__title)\b", re.IGNORECASE
)
_NOTE_CLASS = re.compile(
    r"\b(?:table-wrap-foot|tablefootnotes?|table-foot(?:er|notes?)?|tblfn|tfoot|table-notes?|footnotes?|table-fn"
    r"|legend|article-table-footer)\b",
    re.IGNORECASE,
)
_NAVIGATION = re.compile(
    r"\b(?:nav(?:igation|bar)?|menu|breadcrumbs?|cookies?|social|share|sidebar|related|recommended|advert\w*"
    r"|banner|toolbar|site-header|site-footer|page-footer|comments?|pagination|skip-link)\b",
    re.IGNORECASE,
)
_XML_HEAD = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")


def html_parts(text: str, name: str) -> tuple[Writer, tuple[str, ...]]:
    """The words and parts of an HTML page, and notes. Raises DocumentError where it holds no words."""
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(_XML_HEAD.sub("", text).replace("\x00", ""), parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError(
            "the page cannot be read",
            file=name,
            found=str(error)[:120] or "no element",
            expected="HTML",
            action="Save the page again as HTML.",
        ) from error
    if any("xcessive depth" in entry.message for entry in parser.error_log):
        action = "Save the page again as HTML, or give the PDF."
        raise DocumentError(
            "the page is nested too deeply", file=name, found="more than 250 elements within each other", action=action
        )
    page = _Page()
    page.walk(_main(root))
    page.flush()
    if not page.writer.parts:
        raise DocumentError(
            "the page holds no text",
            file=name,
            found="only scripts, pictures or menus",
            expected="the words of a paper",
            action="Save the page from the browser after it has loaded, or give the PDF.",
        )
    return page.writer, tuple(page.notes)


def _main(root: Any) -> Any:
    """The element that holds the paper: <main> or <article> where it holds most of the words, else the body."""
    body = next(iter(root.iter("body")), root)
    whole = len("".join(body.itertext())) or 1
    for name in ("main", "article"):
        found = list(body.iter(name))
        if len(found) == 1 and len("".join(found[0].itertext())) > 0.4 * whole:
            return found[0]
    return body


class _Page:
    """Walks the elements in order and writes what a reader sees."""

    def __init__(self) -> None:
        self.writer = Writer()
        self.notes: list[str] = []
        self._inline: list[str] = []
        self._kind = "paragraph"
        self._deep = 0

    def flush(self) -> None:
        words = one_line("".join(self._inline))
        self._inline.clear()
        if words:
            self.put(self._kind, words)

    def put(self, kind: str, words: str, level: int = 0) -> None:
        words = one_line(words)
        if not words:
            return
        label = caption_label(words)
        if label and kind in ("paragraph", "caption", "heading", "list"):
            self.writer.add("caption", words, label=label[1], float_kind=label[0])
        elif kind == "caption":
            self.writer.add("caption", words, float_kind="figure")
        else:
            self.writer.add(kind, words, level=level)

    def walk(self, node: Any) -> None:
        """One element and what is below it; very deep nesting is read as plain words."""
        name = local(node)
        if not name or name in _SKIPPED or is_hidden(node) or self._is_navigation(node, name):
            return
        if self._deep > 120:
            self._inline.append(words_of(node))
            return
        self._deep += 1
        try:
            if name in _CONTAINERS:
                self._block(node, name)
            else:
                self._children(node)
        finally:
            self._deep -= 1

    def _is_navigation(self, node: Any, name: str) -> bool:
        if name == "footer" and not any(local(up) in ("article", "main") for up in node.iterancestors()):
            return True
        if node.get("role") in ("navigation", "banner", "search", "complementary", "dialog", "menu"):
            return True
        marks = f"{node.get('class') or ''} {node.get('id') or ''}"
        return (
            name in ("div", "ul", "aside", "section", "header")
            and bool(_NAVIGATION.search(marks))
            and len("".join(node.itertext())) < 3000
        )

    def _block(self, node: Any, name: str) -> None:
        self.flush()
        heading = _HEADING.match(name)
        marks = node.get("class") or ""
        if heading:
            self.put("heading", words_of(node), int(heading[1]))
        elif name == "table":
            self._table(node)
        elif name in ("figcaption", "caption") or (_CAPTION_CLASS.search(marks) and not _has_table(node)):
            self.put("caption", words_of(node))
        elif _NOTE_CLASS.search(marks) and self._below_table() and not _has_table(node):
            self._note(node)
        elif name == "li" and not _has_blocks(node):
            self.put("list", words_of(node))
        else:
            kept, self._kind = self._kind, "list" if name in ("li", "dd") else "paragraph"
            self._children(node)
            self.flush()
            self._kind = kept

    def _children(self, node: Any) -> None:
        """Words and inline elements gather to one paragraph; a block closes it."""
        self._inline.append(node.text or "")
        for child in node:
            name = local(child)
            if name == "br":
                self._inline.append(" ")
            elif name in _CONTAINERS:
                self.walk(child)
            elif _has_blocks(child):
                self.walk(child)
                self.flush()
            elif name:
                collect(child, self._inline, _SKIPPED)
            self._inline.append(child.tail or "")

    def _below_table(self) -> bool:
        return bool(self.writer.parts) and (
            self.writer.parts[-1].grid is not None or self.writer.parts[-1].kind == "note"
        )

    def _note(self, node: Any) -> None:
        below = [child for child in node.iter() if local(child) in ("p", "li", "dd") and not _has_blocks(child)]
        for item in below or [node]:
            words = one_line(words_of(item))
            if words:
                self.writer.add("note", words)

    def _table(self, node: Any) -> None:
        if any(local(inner) == "table" for inner in node.iterdescendants()):
            self._children(node)
            return
        rows, heads = read_rows(node)
        if not is_data_table(rows):
            self._children(node)
            return
        for caption in (child for child in node if local(child) == "caption"):
            words = one_line(words_of(caption))
            label = caption_label(words)
            if words:
                self.writer.add("caption", words, label=label[1] if label else "", float_kind="table")
        cleaned = [[RawCell(one_line(cell.text), cell.rows, cell.columns, cell.header) for cell in row] for row in rows]
        self.writer.table(cleaned, header_rows=heads)


def _has_blocks(node: Any) -> bool:
    return any(local(child) in _CONTAINERS for child in node.iterdescendants())


def _has_table(node: Any) -> bool:
    return any(local(child) == "table" for child in node.iterdescendants())
