"""Audits as a Word document: headline, what does not fit, what was verified, limits. The same audits give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ostealgia import display
from ostealgia.audit.finding import Finding
from ostealgia.audit.result import Audit
from ostealgia.report import cells
from ostealgia.report.audit_files import Audited, Unread
from ostealgia.report.audit_notes import (
    KINDS,
    by_gravity,
    by_rule,
    kind_of,
    place_words,
    quoted,
    recomputed_text,
    tally_text,
    title_of,
)
from ostealgia.report.palette import COLOURS
from ostealgia.report.word import saved, set_up

_LIMITS = (
    "A number that is not listed stands alone: nothing else in the paper allows it to be recomputed.",
    "Numbers inside figures are not read. Data that were never printed cannot be checked.",
    "Rounding alone never counts against a number: half up, half to even and truncation are allowed for.",
    "A finding says what does not fit together; it does not say which number is right, nor why it came to be.",
)
_WIDTHS_CM = {3: (4.4, 8.2, 4.4), 4: (4.2, 8.4, 2.2, 2.2)}


def audit_docx(papers: Sequence[Audited | Unread]) -> bytes:
    """The audits of one or several papers as a .docx file.

    papers : in their order; those that could not be read are listed with their message.
    """
    import docx

    document = docx.Document()
    set_up(document, "Audit")
    read = [paper for paper in papers if isinstance(paper, Audited)]
    for number, paper in enumerate(read):
        if number:
            document.add_page_break()
        _paper(document, paper.audit)
    failed = [paper for paper in papers if isinstance(paper, Unread)]
    if failed:
        document.add_heading("Could not be read", 1)
        for paper in failed:
            document.add_paragraph(_clean(paper.message), style="List Bullet")
    document.add_heading("Limits", 1)
    for line in _LIMITS:
        document.add_paragraph(line, style="List Bullet")
    return saved(document)


def _paper(document: Any, audit: Audit) -> None:
    title = title_of(audit.document)
    document.add_heading(_clean(title), 1)
    if title != audit.document.name:
        document.add_paragraph(_clean(audit.document.name)).runs[0].italic = True
    document.add_paragraph(f"{display.capital(tally_text(audit))}.").runs[0].bold = True
    for severity, members in by_gravity(audit.findings).items():
        document.add_heading(display.capital(severity), 2)
        _flags(document, audit, members)
    _verified(document, audit)
    if audit.notes:
        document.add_heading("Notes", 2)
        for note in audit.notes:
            document.add_paragraph(_typeset(note), style="List Bullet")


def _flags(document: Any, audit: Audit, members: Sequence[Finding]) -> None:
    table = _table(document, ("Where and what is printed", "What does not fit", "Recomputed, would fit"))
    for found in members:
        row = table.add_row().cells
        _words(
            row[0],
            place_words(audit.document, found) or "in the paper",
            quoted(audit.document, found) or found.reported,
        )
        kind = KINDS[kind_of(found)]
        judged = ", by judgement" if found.basis == "judgement" else ""
        first = row[1].paragraphs[0]
        _coloured(first, f"{kind.sign} {kind.label}", kind.tone)
        first.add_run(f"  {found.rule}{judged}")
        row[1].add_paragraph(_typeset(found.message or found.reported))
        if found.cause:
            row[1].add_paragraph(f"Probable cause: {_typeset(found.cause)}")
        row[2].paragraphs[0].add_run(recomputed_text(found) or cells.MISSING)
        if found.repair:
            row[2].add_paragraph(f"Would fit: {_typeset(found.repair)}")
    _finish(table)


def _verified(document: Any, audit: Audit) -> None:
    lines = by_rule(audit.findings)
    if not lines:
        return
    document.add_heading("What was verified", 2)
    table = _table(document, ("Rule", "What it asks", "Checked", "Fit"))
    for line in lines:
        row = table.add_row().cells
        for cell, text in zip(row, (line.rule, line.question, str(line.checked), str(line.fit)), strict=True):
            cell.paragraphs[0].add_run(text)
    _finish(table)


def _table(document: Any, header: Sequence[str]) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    table = document.add_table(rows=1, cols=len(header))
    table.autofit = False
    for cell, text in zip(table.rows[0].cells, header, strict=True):
        cell.paragraphs[0].add_run(text).bold = True
    repeated = OxmlElement("w:tblHeader")  # the header again on each page
    repeated.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)
    return table


def _finish(table: Any) -> None:
    """Widths, small type, a rule under the header and one at the end; rows are not broken over pages."""
    from docx.oxml import OxmlElement
    from docx.shared import Cm, Pt

    widths = _WIDTHS_CM[len(table.columns)]
    for number, row in enumerate(table.rows):
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Cm(width)
            _rule(cell, "000000" if number in (0, len(table.rows) - 1) else "D0D7DE")
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.space_after = Pt(2)
                for run in paragraph.runs:
                    run.font.size = Pt(9)


def _rule(cell: Any, colour: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tcBorders")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", colour)):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    cell._tc.get_or_add_tcPr().append(borders)


def _words(cell: Any, where: str, quote: str) -> None:
    _coloured(cell.paragraphs[0], _clean(where), "secondary")
    cell.add_paragraph(f"\u201c{_clean(' '.join(quote.split()))}\u201d")


def _coloured(paragraph: Any, text: str, tone: str) -> None:
    from docx.shared import RGBColor

    run = paragraph.add_run(text)
    run.font.color.rgb = RGBColor.from_string(COLOURS[tone][0].lstrip("#").upper())
    run.bold = tone in ("warn", "bad")


def _clean(text: str) -> str:
    return cells.clean(text)


def _typeset(text: str) -> str:
    return cells.typeset(_clean(text))
