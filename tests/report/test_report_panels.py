"""Panels of an analysis: open ones are read at once, the others are folded; their tables and figures are linked and named."""

from __future__ import annotations

import dataclasses
import re

from report_sample import DOT, RESPONSE, stand_in

from ostealgia.report.content import Analysis, Answer, Column, Fact, Figure, Panel, Report, Table
from ostealgia.report.page import render_report

TERM = (Column(key="term", label="Term"), Column(key="value", label="Value", digits=2))


def table(name: str, title: str = "") -> Table:
    return Table(id=name, title=title, columns=TERM, rows=({"term": "year <b>", "value": 0.5},))


def figure(name: str) -> Figure:
    return Figure(id=name, title="Bubble", svg=stand_in(RESPONSE[:2]), alt="Bubble plot.", png_base64=DOT, csv="a\n1\n")


OPEN = Panel(
    id="p1", title="Meta-regression", text="I2 of 3 studies.", facts=(Fact(label="R2", value="12%"),),
    tables=(table("t1"), table("t2", "At its ends")), figures=(figure("bubble"),), notes=("few studies",), open=True,
)  # fmt: skip
FOLDED = Panel(id="p2", title="Influence of single studies", tables=(table("t3"),))
REPORT = Report(
    id="x",
    title="Example",
    answers=(Answer(text="79% responded.", outcome="Response", estimate="79%", analysis="a", certainty="not rated"),),
    analyses=(Analysis(id="a", title="Response", panels=(OPEN, FOLDED)),),
)


def test_open_panels_stand_in_the_text_and_the_others_under_the_fold():
    page = render_report(REPORT)
    assert "<h3>Meta-regression</h3>" in page and "<h3>Influence of single studies</h3>" not in page
    fold = page[page.index('<div class="details">') :]
    assert "Influence of single studies" in fold and "Meta-regression" not in fold.split("</main>")[0]
    assert "few studies" in page and "12%" in page and "At its ends" in page


def test_ids_are_unique_and_texts_are_escaped():
    page = render_report(REPORT)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert "year &lt;b&gt;" in page and "year <b>" not in page


def test_figures_of_a_panel_offer_data_svg_and_png():
    page = render_report(REPORT)
    for ending in ("csv", "svg", "png"):
        assert f'download="bubble.{ending}"' in page


def test_the_certainty_is_beside_the_estimate_and_only_where_something_is_pooled():
    assert "Certainty</th>" in render_report(REPORT) and "not rated" in render_report(REPORT)
    without = dataclasses.replace(REPORT, answers=(dataclasses.replace(REPORT.answers[0], certainty=""),))
    assert "Certainty</th>" not in render_report(without)


def test_same_report_same_bytes():
    assert render_report(REPORT) == render_report(REPORT)
