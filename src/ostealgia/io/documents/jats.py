"""JATS and NLM XML to the parts of a paper. Entities are not expanded and nothing is loaded."""

from __future__ import annotations

import re
from typing import Any

from ostealgia.errors import DocumentError
from ostealgia.io.documents.markup import collect, is_data_table, local, read_rows, words_of
from ostealgia.io.documents.parts import RawCell, Writer
from ostealgia.io.documents.signs import one_line
from ostealgia.io.documents.words import caption_label, section_of

_BLOCKS = frozenset(
    [
        "sec",
        "p",
        "list",
        "table-wrap",
        "fig",
        "fig-group",
        "table-wrap-group",
        "boxed-text",
        "disp-formula",
        "disp-quote",
        "disp-formula-group",
        "supplementary-material",
        "def-list",
        "statement",
        "ack",
        "app",
        "app-group",
        "fn-group",
        "fn",
        "ref-list",
        "glossary",
        "notes",
        "floats-group",
        "floats-wrap",
        "verse-group",
        "list-item",
        "preformat",
        "table",
        "alternatives",
        "bio",
    ]
)
_PASSED = frozenset(("label", "title", "object-id", "sec-meta", "contrib-group"))
_SECTION_TYPES = {
    "intro": "introduction",
    "introduction": "introduction",
    "background": "introduction",
    "methods": "methods",
    "materials": "methods",
    "materials|methods": "methods",
    "methods|materials": "methods",
    "subjects": "methods",
    "results": "results",
    "results|discussion": "discussion",
    "discussion": "discussion",
    "conclusions": "conclusion",
    "conclusion": "conclusion",
    "supplementary-material": "back",
    "coi-statement": "back",
    "data-availability": "back",
    "ethics-statement": "back",
    "author-contributions": "back",
    "funding-information": "back",
}
_NESTED_ENTITY = re.compile(rb"<!ENTITY\s+%?\s*[^\s>]{1,80}\s+[\"'][^\"'<>]{0,400}[&%][#\w.-]{1,80};")
_TOO_DEEP = 60


def jats_parts(data: bytes, name: str) -> tuple[Writer, tuple[str, ...]]:
    """The words and parts of a JATS article, and notes. Raises DocumentError where it cannot be read."""
    import lxml.etree

    if _NESTED_ENTITY.search(data[:200_000]):
        raise DocumentError(
            "the file declares entities that are built from other entities",
            file=name,
            found="nested <!ENTITY ...> declarations",
            expected="a JATS article without such declarations",
            action="Get the article from its publisher again; this form is used to exhaust memory.",
        )
    parser = lxml.etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml.etree.fromstring(data, parser=parser)
    except (lxml.etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        found = str(error)[:160] + (f" (line {line})" if line and "line" not in str(error) else "")
        raise DocumentError(
            "the file is not well-formed XML",
            file=name,
            found=found,
            expected="a complete JATS article",
            action="Download the file again.",
        ) from error
    article = next((node for node in root.iter() if local(node) == "article"), None)
    if article is None:
        raise DocumentError(
            "the XML holds no article",
            file=name,
            found=f"<{local(root)}>",
            expected="JATS or NLM XML with <article>",
            action="Give the article's JATS, HTML, PDF or text.",
        )
    reader = _Article()
    reader.article(article)
    if not reader.writer.parts:
        raise DocumentError(
            "the article holds no text",
            file=name,
            found="no title, abstract or body",
            expected="a full text or an abstract",
        )
    return reader.writer, tuple(reader.notes)


def _child(node: Any, *names: str) -> Any:
    for name in names:
        node = next((child for child in node if local(child) == name), None) if node is not None else None
    return node


class _Article:
    """Writes front matter, abstract, body, back matter and floats in this order."""

    def __init__(self) -> None:
        self.writer = Writer()
        self.notes: list[str] = []

    def article(self, article: Any) -> None:
        meta = _child(article, "front", "article-meta")
        if meta is not None:
            self._front(meta)
        for part in article:
            name = local(part)
            if name == "body":
                self._body(part)
            elif name in ("floats-group", "floats-wrap"):
                self._blocks(part, 1, None)
            elif name == "back":
                self._back(part)
        if _child(article, "body") is None:
            self.notes.append("the file holds no body: only the front matter and the abstract were read")

    def _body(self, body: Any) -> None:
        """The sections, and what stands before the first of them: an introduction, or all of a paper without sections."""
        children = list(body)
        first = next((at for at, child in enumerate(children) if local(child) == "sec"), len(children))
        self._blocks(children[:first], 1, "introduction" if first < len(children) else "other")
        self._blocks(children[first:], 1, None)

    def _put(self, kind: str, words: str, **more: Any) -> None:
        words = one_line(words)
        if words:
            self.writer.add(kind, words, **more)

    def _front(self, meta: Any) -> None:
        title = _child(meta, "title-group", "article-title")
        if title is not None:
            self._put("title", words_of(title, frozenset(("xref", "fn"))), section="front")
        for node in meta:
            name = local(node)
            if name in (
                "contrib-group",
                "aff",
                "author-notes",
                "pub-date",
                "history",
                "permissions",
                "kwd-group",
                "funding-group",
            ):
                self._put("front", words_of(node), section="front")
        for node in meta:
            if local(node) in ("abstract", "trans-abstract") and node.get("abstract-type") not in (
                "graphical",
                "toc",
                "teaser",
            ):
                self._abstract(node)

    def _abstract(self, node: Any) -> None:
        title = _child(node, "title")
        if title is not None:
            self._put("heading", words_of(title), level=1, section="abstract")
        self._blocks(node, 2, "abstract")

    def _back(self, back: Any) -> None:
        for node in back:
            name = local(node)
            if name == "ref-list":
                self._references(node)
            elif name in ("app-group", "sec", "app"):
                self._blocks(node, 1, None) if name == "app-group" else self._section(
                    node, 1, "back" if name == "sec" else None
                )
            else:
                self._put("heading", self._title(node), level=1, section="back")
                self._blocks(node, 2, "back")

    def _references(self, node: Any) -> None:
        self._put("heading", self._title(node), level=1, section="references")
        for ref in node.iter():
            if local(ref) == "ref":
                self._put("reference", words_of(ref), section="references")

    def _title(self, node: Any) -> str:
        title = _child(node, "title")
        return words_of(title) if title is not None else ""

    def _section(self, node: Any, level: int, section: str | None) -> None:
        title = self._title(node)
        label = _child(node, "label")
        if label is not None and title:
            title = f"{words_of(label)} {title}"
        kind = (node.get("sec-type") or "").lower().strip()
        known = section or (section_of(title) if title else None) or _SECTION_TYPES.get(kind)
        forced = section or (known if level == 1 or _SECTION_TYPES.get(kind) else None)
        if title:
            self._put("heading", title, level=level, section=forced)
        elif level == 1 and section is None:
            section = known or "other"
        self._blocks(node, level + 1, section)

    def _blocks(self, node: Any, level: int, section: str | None) -> None:
        for child in node:
            name = local(child)
            if not name or name in _PASSED:
                continue
            if level > _TOO_DEEP:
                self._put("paragraph", words_of(child), section=section)
            elif name in ("sec", "ack", "app", "notes", "glossary"):
                self._section(child, level, section)
            elif name == "table-wrap":
                self._table(child, section)
            elif name == "fig":
                self._caption(child, "figure", section)
            elif name == "ref-list":
                self._references(child)
            elif name in ("list-item", "def-item"):
                self._paragraph(child, "list", level, section)
            elif name == "disp-formula":
                self._put("paragraph", words_of(child), section=section)
            elif name in _BLOCKS and name not in ("p", "preformat"):
                if name == "boxed-text" and (caption := _child(child, "caption")) is not None:
                    self._put("heading", words_of(caption), level=level, section=section)
                self._blocks(child, level + 1, section)
            elif name == "table":
                self._grid(child, section)
            else:
                self._paragraph(child, "paragraph", level, section)

    def _paragraph(self, node: Any, kind: str, level: int, section: str | None) -> None:
        """A paragraph, cut where a table, figure or list stands within it."""
        pieces: list[str] = [node.text or ""]
        broken = False
        for child in node:
            name = local(child)
            if name in _BLOCKS and name not in ("p", "preformat", "disp-formula", "alternatives", "fn", "label"):
                self._put(kind, "".join(pieces), section=section, certain=False)
                pieces, broken = [], True
                self._blocks([child], level + 1, section)
            else:
                collect(child, pieces, frozenset(("fn", "label")) if kind == "list" else frozenset(("fn",)))
                if name == "p":
                    pieces.append(" ")
            pieces.append(child.tail or "")
        self._put(kind, "".join(pieces), section=section, certain=not broken)

    def _caption(self, node: Any, float_kind: str, section: str | None) -> None:
        label, caption = _child(node, "label"), _child(node, "caption")
        words = " ".join(words_of(item) for item in (label, caption) if item is not None)
        if not words:
            return
        named = caption_label(words)
        shown = named[1] if named else words_of(label) if label is not None else ""
        self._put(
            "caption", words, label=shown, float_kind=float_kind, section=None if section != "abstract" else section
        )

    def _table(self, node: Any, section: str | None) -> None:
        tables = [
            item
            for item in node.iter()
            if local(item) in ("table", "tgroup") and not (local(item) == "tgroup" and _within_table(item))
        ]
        self._caption(node, "table", section)
        read = [self._grid(table, section) for table in tables]
        if not any(read):
            label = _child(node, "label")
            self.notes.append(
                f"{words_of(label) if label is not None else 'a table'} is a picture or empty: it was not read"
            )
        foot = _child(node, "table-wrap-foot")
        if foot is not None:
            below = [item for item in foot if local(item)]
            for item in [
                inner for outer in below for inner in (list(outer) if local(outer) == "fn-group" else [outer])
            ]:
                self._put("note", words_of(item))

    def _grid(self, table: Any, section: str | None) -> bool:
        rows, heads = read_rows(table)
        cleaned = [[RawCell(one_line(cell.text), cell.rows, cell.columns, cell.header) for cell in row] for row in rows]
        if not is_data_table(cleaned):
            for row in cleaned:
                self._put("paragraph", " ".join(cell.text for cell in row), section=section)
            return False
        self.writer.table(cleaned, header_rows=heads)
        return True


def _within_table(node: Any) -> bool:
    return any(local(up) == "table" for up in node.iterancestors())
