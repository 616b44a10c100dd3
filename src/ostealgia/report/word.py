"""What every Word document shares: page, fonts, tables as XML, links inside the document, and the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from ostealgia.report import cells
from ostealgia.report.content import Link, Said
from ostealgia.report.palette import COLOURS

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
TEXT_CM = 17.0  # between the margins


def colour(name: str) -> str:
    """A colour of the page as Word writes it."""
    return COLOURS[name][0].lstrip("#").upper()


def set_up(document: Any, title: str, banner: str = "") -> None:
    """Page, type and properties; ``banner`` stands at the top of every page."""
    import datetime

    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    page = document.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.0)
    page.top_margin = page.bottom_margin = Cm(2.0)
    sizes = (("Normal", 10.5), ("Title", 18), ("Heading 1", 14), ("Heading 2", 11.5), ("Heading 3", 10.5))
    for name, size in sizes:
        style = document.styles[name]
        style.font.name, style.font.size = "Source Sans 3", Pt(size)
        style.font.color.rgb = RGBColor.from_string(colour("ink"))
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(attribute), None)
        for attribute in ("w:ascii", "w:hAnsi", "w:cs"):
            fonts.set(qn(attribute), "Source Sans 3")
    document.styles["Normal"].paragraph_format.space_after = Pt(5)
    properties = document.core_properties
    properties.author, properties.title, properties.comments = "ostealgia", title, ""
    properties.created = properties.modified = datetime.datetime(1980, 1, 1)
    if banner:
        paragraph = page.header.paragraphs[0]
        run = paragraph.add_run(cells.clean(banner))
        run.bold, run.font.size, run.font.color.rgb = True, Pt(9), RGBColor.from_string(colour("warn"))


def saved(document: Any) -> bytes:
    """The document as bytes, all its parts with one date."""
    buffer = io.BytesIO()
    document.save(buffer)
    return fixed(buffer.getvalue())


def fixed(data: bytes) -> bytes:
    """The same file with one date for all its parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            made.writestr(entry, given.read(name))
    return buffer.getvalue()


@dataclass
class Bookmarks:
    """Names of the places in the document that sentences lead to."""

    numbers: dict[str, int] = field(default_factory=dict)
    set_already: set[str] = field(default_factory=set)

    def name(self, target: str) -> str:
        """The bookmark of a target; short, since Word allows 40 letters."""
        return f"b{self.numbers.setdefault(target, len(self.numbers) + 1)}"

    def around(self, target: str, inner: str) -> str:
        """XML of a paragraph's content as the place of this target; the first of a name counts."""
        if not target or target in self.set_already:
            return inner
        self.set_already.add(target)
        number = self.name(target)[1:]
        return f'<w:bookmarkStart w:id="{number}" w:name="b{number}"/>{inner}<w:bookmarkEnd w:id="{number}"/>'


def run_xml(text: str, *, bold: bool = False, size: float = 0.0, tone: str = "", italic: bool = False) -> str:
    """One run of text. size : in points, 0 as the paragraph has it.  tone : a colour of the page."""
    marks = "<w:b/>" if bold else ""
    marks += "<w:i/>" if italic else ""
    marks += f'<w:color w:val="{colour(tone)}"/>' if tone else ""
    marks += f'<w:sz w:val="{round(2 * size)}"/><w:szCs w:val="{round(2 * size)}"/>' if size else ""
    return f'<w:r><w:rPr>{marks}</w:rPr><w:t xml:space="preserve">{escape(typeset(text))}</w:t></w:r>'


def typeset(text: str) -> str:
    """Clean text with true minus signs."""
    return cells.typeset(cells.clean(str(text)))


def sentence_xml(text: str, marks: Bookmarks, known: set[str], **look: Any) -> str:
    """A sentence as runs; the numbers of a ``Said`` lead to their cells."""
    if not isinstance(text, Said):
        return run_xml(text, **look)
    made = []
    for part in text.parts:
        if isinstance(part, Link) and part.target in known:
            made.append(
                f'<w:hyperlink w:anchor="{marks.name(part.target)}" w:history="1">{run_xml(part.text, **look)}</w:hyperlink>'
            )
        else:
            made.append(run_xml(part if isinstance(part, str) else part.text, **look))
    return "".join(made)


def add_paragraph(document: Any, inner: str, style: str = "Normal") -> None:
    """A paragraph from the XML of its runs. style : its name in Word."""
    _append(document, f"<w:p {_SPACE}>{_style_xml(document, style)}{inner}</w:p>")


def _style_xml(document: Any, style: str) -> str:
    """The properties of a paragraph of this style; ids are looked up once a document."""
    known = document.__dict__.setdefault("_ostealgia_styles", {}) if hasattr(document, "__dict__") else {}
    if style not in known:
        known[style] = document.styles[style].style_id
    return "" if style == "Normal" else f'<w:pPr><w:pStyle w:val="{known[style]}"/></w:pPr>'


def _append(document: Any, xml: str) -> None:
    """An element at the end of the body, before the properties of its last section."""
    from docx.oxml import parse_xml

    document.element.body[-1].addprevious(parse_xml(xml))


@dataclass(frozen=True)
class WordCell:
    """One cell: XML of its runs, how it is set, how many columns it spans."""

    inner: str
    align: str = "left"
    span: int = 1


@dataclass(frozen=True)
class WordRow:
    """One row. rule : a line under it, "ink" or "rule" or none.  head : repeated on each page."""

    cells: Sequence[WordCell]
    rule: str = ""
    head: bool = False


def add_table(document: Any, rows: Iterable[WordRow], widths_cm: Sequence[float]) -> None:
    """A table with widths in cm, no vertical lines; a row is not broken over pages."""
    grid = "".join(f'<w:gridCol w:w="{round(567 * width)}"/>' for width in widths_cm)
    body = "".join(_row_xml(row, widths_cm) for row in rows)
    xml = (
        f'<w:tbl {_SPACE}><w:tblPr><w:tblW w:w="{round(567 * sum(widths_cm))}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="110" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"
    )
    _append(document, xml)
    _append(document, f'<w:p {_SPACE}><w:pPr><w:spacing w:after="0"/></w:pPr></w:p>')


def _row_xml(row: WordRow, widths_cm: Sequence[float]) -> str:
    properties = "<w:cantSplit/>" + ("<w:tblHeader/>" if row.head else "")
    made, at = [], 0
    for cell in row.cells:
        width = sum(widths_cm[at : at + cell.span])
        at += cell.span
        span = f'<w:gridSpan w:val="{cell.span}"/>' if cell.span > 1 else ""
        line = (
            f'<w:tcBorders><w:bottom w:val="single" w:sz="4" w:space="0" w:color="{colour(row.rule)}"/></w:tcBorders>'
            if row.rule
            else ""
        )
        valign = '<w:vAlign w:val="bottom"/>' if row.head else ""
        made.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{round(567 * width)}" w:type="dxa"/>{span}{line}{valign}</w:tcPr>'
            f'<w:p><w:pPr><w:spacing w:before="10" w:after="10"/><w:jc w:val="{cell.align}"/></w:pPr>{cell.inner}</w:p></w:tc>'
        )
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(made)}</w:tr>"
