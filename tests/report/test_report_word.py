"""Sentences whose numbers lead to their cells, on the page and in Word; the Word document holds what the page holds."""

from __future__ import annotations

import base64
import io
import re
import zipfile

import docx
import pytest

from ostealgia.report import render_report, report_docx
from ostealgia.report.content import (
    Analysis,
    Answer,
    Cell,
    Column,
    Figure,
    Link,
    Panel,
    Problem,
    Report,
    Said,
    Table,
    said,
)

COLUMNS = (Column(key="group", label="Group"), Column(key="share", label="Share", unit="%", align="right"))
PIXEL = base64.b64encode(
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
).decode()


@pytest.fixture
def report():
    table = Table(
        id="rates", title="Rates", columns=COLUMNS, group_by="part",
        rows=({"part": "All", "group": "A", "share": Cell(value="-4%", id="rates-1", strong=True)},
              {"part": "All", "group": "B", "share": None}),
        footnotes=(("a", "a footnote"),),
    )  # fmt: skip
    figure = Figure(
        id="fig", title="A figure", svg='<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>', alt="alt", png_base64=PIXEL
    )
    answer = said("The share was ", Link("-4%", "rates-1"), " (", Link("no cell", "nowhere"), "); P = 0.041.")
    return Report(
        id="x", title="Example", kind="cohort", banner="SIMULATED data: not real <b>",
        answers=(Answer(text=answer, analysis="part"),), problems=(Problem(text="a problem", target="part"),),
        glance=Table(id="glance", title="How sure", columns=COLUMNS, rows=({"group": Cell(value="A", target="part"), "share": "4%"},)),
        analyses=(
            Analysis(id="part", title="Part one", answer=answer, estimates=table, figures=(figure,), notes=("a note",),
                     panels=(Panel(id="p", title="A panel", text="Panel text"),)),
        ),
        methods=("How it was done.",),
    )  # fmt: skip


def test_a_sentence_is_its_text():
    made = said("HR ", Link("0.73", "cell"), said(" (", Link("0.53 to 0.99", "ci"), ")"), "")
    assert isinstance(made, Said)
    assert made == "HR 0.73 (0.53 to 0.99)"
    assert [part.target for part in made.parts if isinstance(part, Link)] == ["cell", "ci"]


def test_numbers_lead_to_their_cells_on_the_page(report):
    page = render_report(report)
    place = re.findall(r'<td id="([^"]+)" class="right strong">', page)[0]
    assert (
        page.count(f'<a class="cell" href="#{place}">\u22124%</a>') == 2
    )  # the answer and the section, with a true minus
    assert "no cell" in page
    assert "#nowhere" not in page
    assert "P\u00a0=\u00a00.041" in page


def test_the_banner_is_said_on_screen_and_on_each_printed_page(report):
    page = render_report(report)
    assert '<p class="banner" role="note">SIMULATED data: not real &lt;b&gt;</p>' in page
    assert '@top-center{content:"SIMULATED data: not real  b "' in page
    assert "@top-center" not in render_report(Report(id="x", title="Real"))


def test_word_holds_what_the_page_holds(report):
    document = docx.Document(io.BytesIO(report_docx(report)))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for words in (
        "Example",
        "Part one",
        "The share was",
        "a note",
        "Panel text",
        "How it was done.",
        "a problem",
        "A figure",
    ):
        assert words in text, words
    assert [[cell.text for cell in row.cells] for row in document.tables[1].rows] == [
        ["Group", "Share, %"], ["All", "All"], ["A", "\u22124%"], ["B", "\u2013"],
    ]  # fmt: skip
    assert document.sections[0].header.paragraphs[0].text.startswith("SIMULATED data")
    assert len(document.inline_shapes) == 1


def test_links_of_the_word_document_have_their_places(report):
    xml = zipfile.ZipFile(io.BytesIO(report_docx(report))).read("word/document.xml").decode()
    wanted, there = set(re.findall(r'w:anchor="([^"]+)"', xml)), set(re.findall(r'w:name="(b\d+)"', xml))
    assert wanted
    assert wanted <= there
    assert len(re.findall(r"<w:bookmarkStart", xml)) == len(there)  # each place once


def test_the_same_report_gives_the_same_bytes(report):
    assert report_docx(report) == report_docx(report)
    assert render_report(report) == render_report(report)
