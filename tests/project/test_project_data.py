"""The bundled tables against sums that the papers print, and against themselves."""

from __future__ import annotations

import pytest

from ostealgia.project.bundled import PROJECTS, available
from ostealgia.project.checks import check_inputs
from ostealgia.project.printed_tables import checks_of


def total(rows, column):
    return sum(int(row.text(column)) for row in rows)


def test_all_projects_are_in_the_package():
    assert available() == list(PROJECTS)


def test_baal_2021_adds_up_to_its_own_totals(judged):
    project = judged["mrgfus"].project
    assert (len(project.studies), total(project.studies, "n")) == (33, 1082)
    response = [row for row in project.results if row.text("outcome") == "pain response"]
    assert (len(response), total(response, "n"), total(response, "events")) == (20, 636, 502)
    high = [row for row in project.results if "grade 3" in row.text("outcome")]
    low = [row for row in project.results if "grade 1" in row.text("outcome")]
    assert (total(high, "events"), total(low, "events")) == (7, 47)


def test_li_2025_adds_up_to_its_own_total(judged):
    rows = [row for row in judged["refractory-pain"].project.results if row.text("outcome") == "refractory pain"]
    assert (len(rows), total(rows, "n")) == (8, 2774)


def test_every_row_says_where_it_is_printed(judged):
    for name in PROJECTS:
        assert all(row.text("source") for row in judged[name].project.results)
        assert all(claim.source for claim in judged[name].project.spec.claim)


def test_slips_of_baal_2021_are_found_with_their_cause(judged):
    wrong = {f.quote.split(",")[0]: f for f in check_inputs(judged["mrgfus"].project) if f.flagged}
    assert set(wrong) == {"Namba 2019", "Wang B. 2019", "Giles 2019", "Xiong 2018"}
    assert wrong["Wang B. 2019"].cause_code == "lost-digit" and wrong["Wang B. 2019"].repair == "26.7"
    assert wrong["Namba 2019"].cause_code == "neighbour-row"  # 12.9% is 4 of 31, the n of the next row


def test_slips_of_li_2025_are_found(judged):
    found = check_inputs(judged["refractory-pain"].project)
    rules = {(f.rule, f.quote.split(",")[1].strip()) for f in found if f.flagged and f.basis == "arithmetic"}
    assert ("double-exponentiation", "multiple bone metastases") in rules
    assert ("double-exponentiation", "severe acute pain") in rules
    assert ("duplicate-value", "anxiety") in rules
    stars = [f for f in found if f.document == "appraisal.csv" and f.verdict == "inconsistent"]
    assert len(stars) == 6  # of seven totals of stars one fits (Berruti)


def test_per_cents_and_totals_of_deng_2026_fit(judged):
    project = judged["rt-analgesia"].project
    found = [finding for table in project.spec.table for finding in checks_of(project, table)]
    assert len(found) > 80 and not [finding for finding in found if finding.flagged]


@pytest.mark.parametrize("name", PROJECTS)
def test_repairs_are_empty(judged, name):
    assert len(judged[name].project.repairs) == 0
