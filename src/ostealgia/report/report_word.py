"""A report as a Word document: the content of the page, figures as pictures, numbers of sentences linked to their cells."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from typing import Any

from ostealgia.report import cells, content
from ostealgia.report.page import FIT, claims_line, tables_of
from ostealgia.report.word import (
    TEXT_CM,
    Bookmarks,
    WordCell,
    WordRow,
    add_paragraph,
    add_table,
    run_xml,
    saved,
    sentence_xml,
    set_up,
)

SMALL = 8.5
DPI = 200.0
_ALIGN = {"decimal": "right", "right": "right", "center": "center", "left": "left"}


def report_docx(report: content.Report) -> bytes:
    """The report as a .docx file; the same report gives the same bytes.

    >>> from ostealgia.report.content import Answer, Report
    >>> report_docx(Report(id="x", title="Example", answers=(Answer(text="79% responded."),)))[:2]
    b'PK'
    """
    import docx

    document = docx.Document()
    set_up(document, report.title, report.banner)
    _Writer(document, report).write()
    return saved(document)


class _Writer:
    """Writes one report; what all parts share is kept here."""

    def __init__(self, document: Any, report: content.Report) -> None:
        self.document, self.report = document, report
        self.marks = Bookmarks()
        self.known = _targets(report)

    def write(self) -> None:
        """All parts in the order of the page."""
        self._summary()
        for analysis in self.report.analyses:
            self._analysis(analysis)
        for part in (self._claims, self._findings, self._entered, self._left_out, self._methods, self._provenance):
            part()

    # --- pieces ---

    def _heading(self, text: str, level: int, target: str = "") -> None:
        add_paragraph(
            self.document, self.marks.around(target, run_xml(text)), "Title" if level == 0 else f"Heading {level}"
        )

    def _say(self, text: str, style: str = "Normal", **look: Any) -> None:
        if text:
            add_paragraph(self.document, sentence_xml(text, self.marks, self.known, **look), style)

    def _list(self, lines: Sequence[str], title: str = "") -> None:
        if lines and title:
            self._heading(title, 3)
        for line in lines:
            self._say(line, "List Bullet")

    # --- parts ---

    def _summary(self) -> None:
        report, asked = self.report, self.report.question
        self._heading(report.title, 0)
        self._say(report.subtitle)
        self._say(report.citation, tone="secondary")
        parts = (
            ("Population", asked.population),
            ("Intervention", asked.intervention),
            ("Comparator", asked.comparator),
            ("Outcomes", "; ".join(asked.outcomes)),
        )
        if asked.text or any(value for _, value in parts):
            self._heading("What was asked", 2)
            self._say(asked.text)
            for label, value in parts:
                self._say(f"{label}: {value}" if value else "")
        if report.answers:
            self._heading("What was found", 2)
            for number, answer in enumerate(report.answers):
                self._say(answer.text, bold=number == 0)
        if report.glance is not None:
            self._table(report.glance, 2)
        if report.problems:
            self._heading("What to be wary of" if report.kind == "cohort" else "What is wrong with the inputs", 2)
            for problem in report.problems:
                text = f"{content.VERDICTS[problem.verdict][0]} {problem.text}"
                self._say(content.said(content.Link(text, problem.target)) if problem.target else text, "List Bullet")

    def _analysis(self, it: content.Analysis) -> None:
        self._heading(it.title, 1, it.id)
        self._say(it.answer, bold=not isinstance(it.answer, content.Said))
        self._say(it.problem, tone="warn")
        for figure in it.figures[:1]:
            self._figure(figure)
        self._say(it.how, tone="secondary")
        if it.estimates is not None:
            self._table(it.estimates)
        self._facts(it.heterogeneity, "Heterogeneity")
        for panel in it.panels:
            if panel.open:
                self._panel(panel)
        if it.methods:
            self._heading("How it was done", 2)
            self._say(it.methods)
        self._list(it.notes, "Notes")
        for figure in it.figures[1:]:
            self._heading(figure.title, 2)
            self._figure(figure)
        for panel in it.panels:
            if not panel.open:
                self._panel(panel)
        for table in (*it.sensitivity, *it.tables):
            self._table(table)
        self._exclusions(it.exclusions, "Left out of this analysis")

    def _panel(self, panel: content.Panel) -> None:
        self._heading(panel.title, 2)
        self._say(panel.text)
        for figure in panel.figures:
            self._figure(figure)
        self._facts(panel.facts)
        for table in panel.tables:
            self._table(table, 3)
        self._list(panel.notes)

    def _facts(self, facts: Sequence[content.Fact], title: str = "") -> None:
        if facts and title:
            self._heading(title, 3)
        for fact in facts:
            note = f" ({fact.note})" if fact.note else ""
            self._say(f"{fact.label}: {fact.value}{note}")

    def _figure(self, figure: content.Figure) -> None:
        import io

        from docx.shared import Cm

        if figure.png_base64 is None:
            return
        picture = base64.b64decode(figure.png_base64)
        wide = struct.unpack(">I", picture[16:20])[0] / DPI * 2.54
        shape = self.document.add_picture(io.BytesIO(picture), width=Cm(min(TEXT_CM, wide)))
        shape._inline.docPr.set("descr", cells.clean(figure.alt))
        words = f"{figure.title}. {figure.caption}" if figure.caption else figure.title
        add_paragraph(self.document, self.marks.around(figure.id, run_xml(words, size=9, tone="secondary")))

    def _table(self, it: content.Table, level: int = 2) -> None:
        columns = cells.shown_columns(it)
        if it.title:
            self._heading(it.title, level, it.id)
        self._say(it.caption, tone="secondary", size=9)
        rows = [WordRow([self._head(column) for column in columns], rule="ink", head=True)]
        texts: list[list[str]] = []
        set_rows = cells.set_rows(it)
        for number, row in enumerate(set_rows):
            if row.group:
                rows.append(WordRow([WordCell(run_xml(row.group, bold=True, size=SMALL), span=len(columns))]))
                continue
            shown = [self._cell(cell, column, row.total) for cell, column in zip(row.cells, columns, strict=True)]
            texts.append([cell.text + (f" {cell.verdict}" if cell.verdict else "") for cell in row.cells])
            rows.append(WordRow(shown, rule="ink" if number == len(set_rows) - 1 else ""))
        add_table(self.document, rows, _widths(columns, texts))
        for letter, text in it.footnotes:
            self._say(f"{letter} {text}", size=9, tone="secondary")

    def _head(self, column: content.Column) -> WordCell:
        unit = f", {column.unit}" if column.unit else ""
        return WordCell(run_xml(f"{column.label}{unit}", bold=True, size=SMALL), align=_ALIGN[column.align])

    def _cell(self, cell: cells.SetCell, column: content.Column, total: bool) -> WordCell:
        text = cell.text
        if cell.verdict:
            sign, _, _ = content.VERDICTS[cell.verdict]
            text = f"{sign} {cell.verdict}" if cell.missing else f"{sign} {text}"
        inner = run_xml(text, bold=cell.strong or total, size=SMALL)
        if cell.target in self.known:
            inner = f'<w:hyperlink w:anchor="{self.marks.name(cell.target)}" w:history="1">{inner}</w:hyperlink>'
        if cell.footnote:
            inner += run_xml(f" {cell.footnote}", size=7)
        return WordCell(self.marks.around(cell.id, inner), align=_ALIGN[column.align])

    def _claims(self) -> None:
        report = self.report
        if not report.claims:
            return
        self._heading("Published and recomputed", 1)
        self._say(claims_line(report.claim_counts()))
        heads = ("Claim", "Published", "Recomputed", "Verdict")
        rows = [
            (row.claim, row.published, row.recomputed or cells.MISSING, _verdict(row.verdict)) for row in report.claims
        ]
        self._plain(heads, rows, (6.6, 3.6, 3.6, 3.2))

    def _findings(self) -> None:
        if not self.report.findings:
            return
        self._heading("Checks of the printed numbers", 1)
        wrong = [row for row in self.report.findings if row.verdict not in FIT]
        self._say(f"{len(self.report.findings)} checks; {len(wrong)} do not fit together.")
        heads = ("Where, and what stands there", "Printed", "Recomputed", "Rule", "Verdict")
        rows = [
            (
                f"{row.place}: {row.quote}" if row.quote else row.place,
                row.reported,
                row.recomputed,
                row.rule,
                _verdict(row.verdict),
            )
            for row in wrong
        ]
        self._plain(heads, rows, (6.0, 2.8, 3.2, 2.6, 2.4))

    def _entered(self) -> None:
        if self.report.tables:
            self._heading("What was entered", 1)
        for table in self.report.tables:
            self._table(table)

    def _left_out(self) -> None:
        report = self.report
        self._heading("Left out, and notes", 1)
        self._exclusions(report.exclusions, "")
        if not report.exclusions:
            self._say("Nothing is listed here; what single analyses left out stands with them.")
        self._list(report.notes, "Notes")

    def _exclusions(self, rows: Sequence[content.ExclusionRow], title: str) -> None:
        if not rows:
            return
        if title:
            self._heading(title, 3)
        heads = ("What", "Row", "Reason")
        self._plain(
            heads, [(row.study, "" if row.row is None else str(row.row), row.reason) for row in rows], (6.0, 2.0, 9.0)
        )

    def _methods(self) -> None:
        if self.report.methods or self.report.not_done:
            self._heading("Methods", 1, "methods")
        for paragraph in self.report.methods:
            self._say(paragraph)
        self._list(self.report.not_done, "What was not done")

    def _provenance(self) -> None:
        source = self.report.provenance
        if not (source.software or source.inputs or source.command):
            return
        self._heading("Where the numbers come from", 1)
        self._facts(source.software)
        if source.command:
            self._say(f"Made by {source.command}.")
        if source.inputs:
            self._plain(("File", "SHA-256"), [(item.name, item.sha256) for item in source.inputs], (5.0, 12.0))

    def _plain(self, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """A table of texts."""
        made = [WordRow([WordCell(run_xml(text, bold=True, size=SMALL)) for text in heads], rule="ink", head=True)]
        for number, row in enumerate(rows):
            made.append(
                WordRow(
                    [WordCell(run_xml(text, size=SMALL)) for text in row], rule="ink" if number == len(rows) - 1 else ""
                )
            )
        add_table(self.document, made, widths)


def _verdict(name: str) -> str:
    return f"{content.VERDICTS[name][0]} {name}"


def _targets(report: content.Report) -> set[str]:
    """Every id that will have a bookmark."""
    found = {analysis.id for analysis in report.analyses} | {"methods"}
    for analysis in report.analyses:
        found |= {figure.id for figure in analysis.figures if figure.png_base64}
        found |= {figure.id for panel in analysis.panels for figure in panel.figures if figure.png_base64}
    for table in tables_of(report):
        found |= {table.id} if table.title else set()
        for row in table.rows:
            found |= {cell.id for cell in row.values() if isinstance(cell, content.Cell) and cell.id}
    return found


def _widths(columns: Sequence[content.Column], texts: Sequence[Sequence[str]]) -> list[float]:
    """Widths in cm that share the page by what stands in the columns; text that may wrap gives way first."""
    natural: list[float] = []
    for i, column in enumerate(columns):
        head = max((len(word) for word in f"{column.label} {column.unit}".split()), default=1)
        body = max((len(row[i]) for row in texts), default=1)
        natural.append(0.165 * max(head, body) + 0.35)
    spare = TEXT_CM - sum(natural)
    if spare >= 0:
        return natural
    wide = [i for i, width in enumerate(natural) if width > 3.0] or list(range(len(natural)))
    room = sum(natural[i] for i in wide)
    least = 2.2 if len(wide) < len(natural) else 0.5
    shrunk = [max(least, width * (1 + spare / room)) if i in wide else width for i, width in enumerate(natural)]
    factor = min(1.0, TEXT_CM / sum(shrunk))
    return [width * factor for width in shrunk]
