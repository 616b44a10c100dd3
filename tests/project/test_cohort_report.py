"""The report of a cohort: what it says, that every number of a sentence is a cell, and that the audit finds nothing in it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from importlib import resources

import pandas as pd
import pytest

import ostealgia as oa
from ostealgia.project.cohort_checklists import CHECKLISTS, rows_of
from ostealgia.project.cohort_figures import draw_all, stacked
from ostealgia.project.cohort_present import report_of
from ostealgia.project.cohort_sheets import between, count, of, points, share
from ostealgia.project.cohort_words import readable, term_words
from ostealgia.report import render_report, report_docx
from ostealgia.report.content import Link, Said
from ostealgia.report.page import tables_of


@pytest.fixture(scope="module")
def analysis():
    return oa.cohort.analyse(oa.cohort.read(oa.cohort.example()), rng_seed=1)


@pytest.fixture(scope="module")
def drawings(analysis):
    return draw_all(analysis)


@pytest.fixture(scope="module")
def report(analysis, drawings):
    return report_of(analysis, drawings=drawings, software=(("ostealgia", "1"),), command="ostealgia run PROJECT")


@pytest.fixture(scope="module")
def page(report):
    return render_report(report)


def said_of(report):
    texts = [answer.text for answer in report.answers] + [part.answer for part in report.analyses]
    return [text for text in texts if isinstance(text, Said)]


def findings(path):
    return oa.audit.check(oa.audit.read(path)).findings


# --- what it says ---


def test_the_first_answer_is_the_response_among_all_treated(report):
    """32 of 103 and 54 of 102 responders: those treated again are none of them (39 and 65 by treatment policy)."""
    text = report.answers[0].text
    assert text.startswith("At week 12, 54/102 (53%) of the observation group and 32/103 (31%) of the control group")
    assert "21.9 percentage points (Newcombe 95% CI 8.4 to 34.3; P\u00a0=\u00a00.002 by Fisher's exact test)" in text


def test_every_number_of_a_sentence_is_the_text_of_a_cell(report):
    cells = {
        cell.id: cell.value
        for table in tables_of(report)
        for row in table.rows
        for cell in row.values()
        if getattr(cell, "id", "")
    }
    links = [part for text in said_of(report) for part in text.parts if isinstance(part, Link)]
    assert len(links) > 60
    for link in links:
        assert link.target in cells, link
        assert str(cells[link.target]).replace("< ", "").strip() == link.text, link


def test_numbers_outside_links_are_weeks_levels_and_counts_of_tests(report):
    """What is not linked in a linked sentence may not be a result: only weeks, confidence levels, months, and how many were looked at."""
    allowed = re.compile(
        r"week \d+|\d+% CI|grade 3|within \d+ months|[Oo]f \d+|compared, \d+|\d+ show|\d+ tests?|\d+ factors|below 0\.05|week \d+"
    )
    for text in said_of(report):
        rest = "".join(part for part in text.parts if isinstance(part, str))
        left = allowed.sub("", rest)
        assert not re.search(r"\d", left), (text, left)


def test_every_link_of_the_page_leads_somewhere(page):
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    assert len(ids) == len(re.findall(r'\bid="([^"]+)"', page))
    inside = set(re.findall(r'href="#([^"]+)"', page))
    assert inside <= ids, sorted(inside - ids)[:5]


def test_simulated_is_said_on_page_figures_and_word(report, page, drawings):
    assert (
        page.count("SIMULATED data") >= 2
    )  # at the top, and on each printed page; the letters of figures are outlines
    assert all(one.alt and one.svg and one.png for one in drawings.values())
    xml = zipfile.ZipFile(io.BytesIO(report_docx(report))).read("word/header1.xml").decode()
    assert "SIMULATED data" in xml


def test_the_figures_are_there_with_data(drawings, report):
    wanted = {
        "flow",
        "response-stack",
        "pain-trajectory",
        "adverse-events",
        "relief",
        "survival-os",
        "survival-pfs",
        "subgroups",
        "balance",
    }
    assert wanted <= set(drawings)
    figures = [figure for part in report.analyses for figure in part.figures]
    assert {figure.id for figure in figures} == set(drawings)
    assert all(figure.csv and figure.png_base64 for figure in figures)
    assert max(len(one.svg) for one in drawings.values()) < 150_000


def test_the_stack_counts_as_the_table_does(analysis):
    """The figure and the rates beside it use one rule: a response after re-irradiation is no response among all treated."""
    wide = stacked(analysis.section("response").results["response"]).set_index(["group", "week"])
    rates = analysis.section("response").tables["rates"]
    own = rates[rates["denominator"] == "all_treated"]
    for row in own.itertuples():
        assert wide.loc[(row.group, row.week), ["CR", "PR"]].sum() == row.events
        assert wide.loc[(row.group, row.week)].sum() == row.n


def test_methods_name_what_was_done(report, analysis):
    text = " ".join(report.methods)
    for words in (
        "MMRM",
        "Kenward and Roger's",
        "consensus_2012",
        "week 12: day 70 to 98",
        "ostealgia 1",
        f"seed {analysis.rng_seed}",
        "SIMULATED",
    ):
        assert words in text, words


def test_red_flags_and_bad_data_come_first(report):
    texts = [problem.text for problem in report.problems]
    assert any("depends on the strategy" in text for text in texts)
    assert any("after the patient's death" in text for text in texts)
    assert not any("P0" in text for text in texts)  # no identifier


# --- its own audit ---


def test_the_audit_finds_nothing_in_the_page(page, tmp_path):
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    found = findings(tmp_path / "report.html")
    assert [(one.rule, one.quote) for one in found if one.verdict not in ("consistent", "rounding")] == []
    assert sum(one.verdict == "consistent" for one in found) > 250


def test_the_audit_finds_nothing_in_the_word_document(report, tmp_path):
    (tmp_path / "report.docx").write_bytes(report_docx(report))
    found = findings(tmp_path / "report.docx")
    assert [(one.rule, one.quote) for one in found if one.verdict not in ("consistent", "rounding")] == []
    assert sum(one.verdict == "consistent" for one in found) > 250


# --- other cohorts ---


def test_a_section_that_failed_stays_with_its_reason(analysis):
    sections = tuple(
        replace(one, tables={}, results={}, failed="there is no events table") if one.id == "survival" else one
        for one in analysis.sections
    )
    report = report_of(replace(analysis, sections=sections), drawings={})
    part = next(one for one in report.analyses if one.id == "survival")
    assert part.problem == "Not done: There is no events table."
    assert any("Survival: there is no events table" in problem.text for problem in report.problems)
    assert "There is no events table" in render_report(report)
    strobe = next(
        panel
        for one in report.analyses
        if one.id == "checklists"
        for panel in one.panels
        if "TRIPOD" not in panel.title
    )
    assert "Survival" not in str(next(row["where"] for row in strobe.tables[0].rows if row["item"] == "14c"))


def test_small_cells_leave_no_small_count(analysis):
    from ostealgia.cohort.analysis_privacy import hidden

    report = report_of(hidden(analysis, 5))
    text = " ".join(
        str(getattr(value, "value", value))
        for table in tables_of(report)
        for row in table.rows
        for value in row.values()
    )
    assert not re.search(r"\b[1-4]/10[23] \(", text)
    assert any("small counts are hidden" in note for note in report.notes)
    shown = {figure.id for part in report.analyses for figure in part.figures}
    assert not shown & {"flow", "response-stack", "survival-os"}


def test_one_group_is_described_and_not_compared(analysis):
    keep = {"response", "pain", "relief", "survival", "flow", "quality"}
    sections = tuple(
        replace(
            one,
            tables={
                name: frame
                for name, frame in one.tables.items()
                if "difference" not in name and name not in ("contrasts", "cox", "means")
            },
        )
        for one in analysis.sections
        if one.id in keep
    )
    report = report_of(replace(analysis, sections=sections, groups=("control",)), drawings={})
    assert report.glance is None
    assert report.answers[0].text.startswith("Pain response at week 12 among all treated: 32 of 103")
    assert "Median overall survival: 8.6 months" in " ".join(answer.text for answer in report.answers)


# --- checklists ---


@pytest.mark.parametrize(("ident", "items"), [("strobe", 22), ("target", 21), ("tripod-ai", 27)])
def test_checklists_have_all_their_items(ident, items):
    numbers = {int(re.findall(r"\d+", row["item"])[0]) for row in rows_of(ident)}
    assert numbers == set(range(1, items + 1))
    assert next(one for one in CHECKLISTS if one.id == ident).items == items


def test_consort_pro_has_its_five_extended_items():
    assert [row["item"] for row in rows_of("consort-pro") if row["item"].startswith("P")] == [
        "P1b",
        "P2b",
        "P6a",
        "P12a",
        "P20/21",
    ]


def test_checklists_are_well_formed_and_cited(report):
    places = {part.id for part in report.analyses} | {"summary", "methods", "provenance"}
    for one in CHECKLISTS:
        rows = rows_of(one.id)
        assert len({row["item"] for row in rows}) == len(rows)
        assert {row["state"] for row in rows} <= {"report", "part", "authors", "na"}
        assert all(row["sections"] for row in rows if row["state"] in ("report", "part"))
        assert all(row["note"] for row in rows if row["state"] == "na")
        assert {place for row in rows for place in row["sections"].split()} <= places
        assert one.doi.startswith("10.")
        raw = resources.files("ostealgia").joinpath("data", "checklists", f"{one.id}.csv").read_text(encoding="utf-8")
        assert all(None not in row and None not in row.values() for row in csv.DictReader(raw.splitlines()))


# --- words and numbers ---


def test_numbers_are_written_as_the_page_writes_them():
    assert of(54, 102) == "54/102 (53%)"
    assert of(float("nan"), 102) == ""
    assert count(1234.0) == "1,234"
    assert count("week 4 - week 0") == "week 4 - week 0"
    assert points(0.2187) == "21.9"
    assert share(0.0) == "0%"
    assert between(0.68, 0.84, 0, 100.0, "%") == "68% to 84%"
    assert between(5.6, float("nan"), 1) == "5.6 to not reached"
    assert between(float("nan"), float("nan"), 1) == ""


def test_terms_are_put_in_words():
    columns = ["group", "sex", "ecog", "ecog_2_or_more"]
    assert term_words("groupobservation", columns) == "group: observation"
    assert term_words("ecog_2_or_more", columns) == "ECOG 2 or more"
    assert readable("left out: visceral_mets") == "left out: visceral metastases"


def test_a_figure_that_cannot_be_drawn_is_told(analysis):
    """Six arms cannot be told apart in a trajectory: the report says so and stands."""
    seen = analysis.section("pain").tables["observed"]
    many = pd.concat(
        [part.assign(group=f"{g} {i}") for i in range(3) for g, part in seen.groupby("group")], ignore_index=True
    )
    pain = replace(analysis.section("pain"), tables={"observed": many}, results={})
    small = replace(analysis, sections=(pain,), groups=tuple(many["group"].unique()))
    drawings = draw_all(small)
    assert [section for section, _ in drawings.left_out] == ["pain"]
    notes = report_of(small, drawings=drawings).analyses[0].notes
    assert any("A figure could not be drawn: 6 arms" in note for note in notes)
