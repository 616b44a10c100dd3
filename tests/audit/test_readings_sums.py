"""Sums of tables: totals of rows and columns, the column of all patients, flows, arms, falling ranges; both ways."""

from __future__ import annotations

import pytest

from ostealgia.audit.checks.reading.sole_tests import sole_tests
from ostealgia.audit.checks.tables import arm_sizes, counts, flow_rows, overall, p_values, quantiles, sums
from ostealgia.audit.paper import Paper
from ostealgia.audit.tables import read_tables
from ostealgia.io.documents.reading import from_text


def paper_of(*tables: str, methods: str = "Adults were eligible.", note: str = "") -> Paper:
    """A paper with tables whose cells are parted by bars."""
    drawn = []
    for k, rows in enumerate(tables):
        lines = "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows.split("\n"))
        drawn.append(f"Table {k + 1}. Numbers of the trial\n\n{lines}\n\n{note}\n")
    document = from_text(f"A trial\n\nMethods\n\n{methods}\n\nResults\n\nThey are shown.\n\n" + "\n".join(drawn))
    return Paper(document=document, tables=read_tables(document))


def flags(found) -> list[str]:
    return [one.message for one in found if one.flagged]


OVERALL = (
    "Characteristic | Overall (n = 150) | Drug (n = 80) | Control (n = 70) | P\n"
    "Age, years, mean (SD) | {mean} ({sd}) | 60.4 (9.1) | 61.8 (9.7) | 0.36\n"
    "Male, n (%) | 75 (50.0) | 40 (50.0) | 35 (50.0) | 1.00\n"
    "Weight, kg, mean (SD) | 71.0 (11.4) | 70.6 (11.0) | 71.5 (11.9) | 0.63\n"
    "BMI, mean (SD) | 24.9 (3.2) | 24.8 (3.1) | 25.0 (3.3) | 0.70"
)


@pytest.mark.parametrize(
    ("mean", "sd", "flagged"),
    [("61.1", "9.4", 0), ("60.6", "9.4", 0), ("66.1", "9.4", 1), ("61.1", "4.9", 1), ("61.1", "19.4", 1)],
)
def test_mean_and_sd_of_all_lie_between_those_of_the_groups(mean, sd, flagged):
    found = flags(overall.table_overall(paper_of(OVERALL.format(mean=mean, sd=sd))))
    assert len(found) == flagged


def test_columns_add_up_to_a_column_of_totals():
    rows = (
        "Event | Grade 1 | Grade 2 | Grade 3 | Total\nNausea | 7 | 4 | 1 | 12\n"
        "Fever | 5 | 2 | 0 | 7\nRash | 9 | 3 | 2 | {}\nCough | 6 | 1 | 1 | 8"
    )
    assert not flags(sums.table_sums(paper_of(rows.format(14))))
    assert flags(sums.table_sums(paper_of(rows.format(19)))) == [
        "Rash, Grade 1 + Grade 2 + Grade 3: 9 + 3 + 2 = 14; printed 19"
    ]


def test_a_total_that_may_hold_patients_twice_is_no_sum():
    rows = (
        "Event | Arm A | Arm B | Total*\nNausea | 7 | 4 | 11\nFever | 5 | 2 | 7\nRash | 9 | 3 | 10\nCough | 6 | 1 | 7"
    )
    assert not flags(sums.table_sums(paper_of(rows, note="* A patient may have more than one event.")))


def test_men_and_women_add_up_to_the_patients_of_a_study():
    rows = (
        "Study | N | Male | Female\nSmith 2001 | 40 | 22 | 18\nJones 2007 | 55 | 25 | {}\n"
        "Brown 2012 | 61 | 30 | 31\nGreen 2015 | 38 | 20 | 18"
    )
    assert not flags(sums.table_sums(paper_of(rows.format(30))))
    assert len(flags(sums.table_sums(paper_of(rows.format(40))))) == 1


def test_a_row_of_totals_needs_another_column_that_fits():
    rows = "Centre | Screened | Enrolled\nNorth | 31 | 20\nSouth | 42 | 25\nWest | 18 | 11\nTotal | {} | {}"
    assert not flags(sums.table_sums(paper_of(rows.format(91, 56))))
    assert len(flags(sums.table_sums(paper_of(rows.format(91, 65))))) == 1
    assert not flags(sums.table_sums(paper_of(rows.format(104, 71))))  # a centre may be left out


def test_a_subtotal_of_studies():
    rows = (
        "Study | N | MD (95% CI)\nSmith 2001 | 40 | -0.8 (-1.4 to -0.2)\n"
        "Jones 2007 | 55 | -0.6 (-1.1 to -0.1)\nBrown 2012 | 61 | -0.9 (-1.5 to -0.3)\n"
        "Subtotal | {} | -0.8 (-1.1 to -0.5)"
    )
    assert not flags(sums.table_sums(paper_of(rows.format(156))))
    assert len(flags(sums.table_sums(paper_of(rows.format(166))))) == 1


FLOW = (
    "Stage | Patients\nScreened | {}\nExcluded{} | 50\n  Not eligible | {}\n  Declined | 12\n"
    "  Other reasons | 8\nRandomised | 120\n  Allocated to drug | 61\n"
    "  Allocated to control | 59"
)


def test_a_flow_of_patients_row_by_row():
    assert not flags(flow_rows.table_flow(paper_of(FLOW.format(170, "", 30))))
    assert len(flags(flow_rows.table_flow(paper_of(FLOW.format(180, "", 30))))) == 1
    assert len(flags(flow_rows.table_flow(paper_of(FLOW.format(170, "", 40))))) == 1
    assert not flags(flow_rows.table_flow(paper_of(FLOW.format(170, " (more than one reason possible)", 40))))


ARMS = "Outcome | Drug (n = {}) | Control (n = 70)\nResponse, n (%) | {} | 20 (28.6)\nFlare, n (%) | {} | 21 (30.0)"


def test_an_arm_holds_no_more_patients_than_were_assigned_to_it():
    said = "Patients were randomly assigned to Drug (n = 80) or Control (n = 70)."
    first = ARMS.format(80, "40 (50.0)", "20 (25.0)")
    more, fewer = ARMS.format(88, "44 (50.0)", "22 (25.0)"), ARMS.format(76, "38 (50.0)", "19 (25.0)")
    assert len(flags(arm_sizes.table_arm_sizes(paper_of(first, more, methods=said)))) == 1
    assert not flags(arm_sizes.table_arm_sizes(paper_of(first, fewer, methods=said)))
    assert not flags(arm_sizes.table_arm_sizes(paper_of(first, more)))


def test_one_range_that_falls_among_others_that_rise():
    rows = (
        "Characteristic | Drug (n = 40) | Control (n = 42)\n"
        "Pain score, median (IQR) | {} | 6 (5-8)\n"
        "Dose, mg, median (range) | 40 (5-200) | 35 (10-180)"
    )
    assert not flags(quantiles.table_quantiles(paper_of(rows.format("7 (5-8)"))))
    assert len(flags(quantiles.table_quantiles(paper_of(rows.format("7 (8-5)"))))) == 1
    falling = rows.format("7 (8-5)").replace("6 (5-8)", "6 (8-5)")
    assert not flags(quantiles.table_quantiles(paper_of(falling)))


BLOCK = (
    "Characteristic | N | %\nSore throat | |\nYes | 60 | 54.1\nNo | 51 | 45.9\n"
    "Usual treatment (N = 60) | |\nNone | 12 | 20.0\n"
    "Herbs | 27 | 45.0\nClinic | 21 | 35.0\nFever reported | 54 | {}\n"
    "Fever treated (N = 54) | 38 | 70.4\nOedema | 30 | 27.0\nMurmur | 40 | 36.0"
)


def test_the_n_of_a_heading_ends_with_its_full_block():
    assert not flags(counts.table_counts(paper_of(BLOCK.format("48.6"))))


MADE = (
    "Cause | n = 174 (%)\nBleeding | 13 (7.5)\nUnknown cause | 4 (2.3)\nPreterm | 30 (17.2)\n"
    "Labour | 38 ({})\nInfection | 24 (13.8)\nDefects | 7 (4.0)\nPressure | 25 (14.4)\n"
    "Disease | 3 (1.7)\nSmall | 23 (13.2)\nOther | 7 (4.0)"
)


def test_a_long_block_made_to_100():
    assert not flags(counts.table_counts(paper_of(MADE.format("21.9"))))
    assert flags(counts.table_counts(paper_of(MADE.format("28.1"))))


ABOVE = (
    "Characteristic | Drug (n = 40) | Control (n = 50)\nMale, n (%) | 20 (50.0) | 25 (50.0)\n"
    "Smoker, n (%) | {} | 15 (30.0)\n"
    "Diabetes, n (%) | 10 (25.0) | 5 (10.0)\nOpioids, n (%) | 30 (75.0) | 40 (80.0)\n"
    "Steroids, n (%) | 4 (10.0) | 6 (12.0)"
)


def test_a_count_above_its_group_where_the_row_is_of_the_groups():
    assert flags(counts.table_counts(paper_of(ABOVE.format("52 (30.0)"))))
    events = ABOVE.format("52 (30.0)").replace("Smoker", "Fracture events")
    assert not flags(counts.table_counts(paper_of(events)))


def test_a_percentage_above_100_is_no_rate_beside_shares():
    assert flags(counts.table_counts(paper_of(ABOVE.format("12 (300)"))))


VISITS = (
    "Visit | Drug (n = 85) | Control (n = 87) | P value\n"
    "Baseline, mean (SD) | 6.6 (1.7) | 6.5 (1.6) | 0.69\n"
    "Week 4, mean (SD) | 3.4 (2.1) | 4.3 (2.0) | {}\n"
    "Week 8, mean (SD) | 3.3 (2.0) | 4.2 (2.0) | 0.004"
)


@pytest.mark.parametrize(
    ("methods", "flagged"),
    [("Means were compared by Student's t test.", 1), ("Student's t test or the Mann-Whitney test was used.", 0)],
)
def test_a_p_of_means_where_only_t_tests_are_named(methods, flagged):
    assert len(flags(p_values.table_tests(paper_of(VISITS.format("0.34"), methods=methods)))) == flagged
    assert not flags(p_values.table_tests(paper_of(VISITS.format("0.005"), methods=methods)))


def test_which_tests_are_the_only_ones_named():
    assert sole_tests(paper_of(VISITS, methods="The chi-square test and t tests were used.")) == {
        "chi2-vs-counts",
        "t-vs-summary",
    }
    assert not sole_tests(paper_of(VISITS, methods="The chi-square test for trend and paired t tests were used."))
