"""Other readings of tables: what real papers print that is no error, and the errors that must stay visible beside it.

Every table is made up; each stands for one cause of false flags in published papers. Planted errors in the same layouts
show that the reading does not hide them.
"""

import pytest

from ostealgia.audit.checking import understand
from ostealgia.audit.checks.reading.premises import doubtful
from ostealgia.audit.checks.tables import counts as table_counts
from ostealgia.audit.checks.tables import effects as table_effects
from ostealgia.audit.checks.tables import p_values as table_tests
from ostealgia.audit.checks.tables import proportions as table_proportions
from ostealgia.audit.checks.tables import scales as table_scales
from ostealgia.audit.checks.tables import scored as table_scored
from ostealgia.audit.checks.tables import studies as table_studies
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.tables import read_tables
from ostealgia.audit.tables.headers import measure_in, size_in
from ostealgia.io.documents.reading import from_text

MODULES = (table_counts, table_effects, table_proportions, table_scales, table_scored, table_studies, table_tests)


def findings(rows, caption="Characteristics of the patients", note=""):
    lines = "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows.strip().split("\n"))
    document = from_text(f"Results\n\nTable 1. {caption}\n\n{lines}\n\n{note}\n")
    paper = Paper(document=document, tables=read_tables(document))
    return [finding for module in MODULES for check in module.CHECKS for finding in check(paper)]


def flags(rows, **words):
    return [finding for finding in findings(rows, **words) if finding.flagged]


HEAD = "Variable | A (n = 120) | B (n = 118)\nMen, n (%) | 61 (50.8) | 59 (50.0)\nDiabetes, n (%) | 30 (25.0) | 28 (23.7)\n"

# cause -> (rows below HEAD, words)
NO_ERRORS = {
    "the note says that values are missing": (
        "Smoker, n (%) | 26 (23.2) | 24 (20.3)",
        {"note": "ᵃMissing data for eight patients."},
    ),
    "the row is of another population": ("Dose below 150, n (%) | 36 (25.5) | 12 (8.7)", {}),
    "the row is of the women only": ("Postmenopausal, n (%) | 30 (50.8) | 28 (47.5)", {}),
    "categories add up to those with a value": (
        "Stage, n (%) | |\nI | 50 (48.1) | 60 (50.8)\nII | 54 (51.9) | 58 (49.2)",
        {},
    ),
    "the unknown are left out of the percentages": (
        "Stage, n (%) | |\nI | 50 (48.1) | 60 (50.8)\nII | 54 (51.9) | 58 (49.2)\nUnknown | 16 | 0",
        {},
    ),
    "percentages are rounded up": (
        "Rash, n (%) | 25 (21) | 25 (22)",
        {"note": "Percentages were rounded to the next whole number."},
    ),
    "brackets hold events": (
        "Falls, n | 10 (14) | 7 (9)",
        {"note": "The number in parentheses is the number of events."},
    ),
    "events, not patients": ("Adverse events, n (%) | 140 (53.3) | 61 (45.8)", {}),
    "two counts of one cell": ("Male/female, n (%) | 61 (51)/59 (49) | 59 (50)/59 (50)", {}),
    "the second of two counts has the percentage": (
        "Other/not known, n (%) | 2 (2)/0 | 0/1 (1)",
        {},
    ),
    "of a heading's own number": ("School degree (%; n = 200) | |\nHigh school | 40 (40.4) | 45 (44.6)", {}),
    "below a row of sizes": (
        "Indications | (n = 5) | (n = 8)\nDistress | 1 (20.0) | 2 (25.0)\nNo progress | 4 (80.0) | 6 (75.0)",
        {},
    ),
    "minimum and maximum": ("Time | |\nMinimum, maximum | 10, 34 | 7, 28", {}),
    "the row's own share": ("Responders, n (%) | 2 (100) | 5 (100)", {}),
}


@pytest.mark.parametrize("cause", NO_ERRORS)
def test_a_percentage_with_another_reading_is_no_error(cause):
    rows, words = NO_ERRORS[cause]
    assert [f.message for f in flags(HEAD + rows, **words) if f.rule == "percent-vs-count"] == []


@pytest.mark.parametrize(
    ("rows", "repair"),
    [
        ("Smoker, n (%) | 26 (2.2) | 24 (20.3)", "21.7"),  # a lost digit
        ("Smoker, n (%) | 26 (21.7) | 24 (30.2)", None),  # digits exchanged, above every smaller denominator
        ("Stage, n (%) | |\nI | 50 (41.7) | 60 (50.8)\nII | 70 (85.3) | 58 (49.2)", "58.3"),
    ],
)
def test_an_error_in_the_same_layouts_is_still_told(rows, repair):
    found = [f for f in flags(HEAD + rows) if f.rule == "percent-vs-count"]
    assert len(found) == 1
    assert repair is None or repair in (found[0].repair or "")


def test_rows_with_tests_of_their_own_are_no_categories():
    rows = """
Outcome | A (n = 41) | B (n = 44) | C (n = 42) | P
First day, n (%) | | | |
Nausea | 16 (39) | 14 (32) | 4 (10) | 0.006
Vomiting | 4 (10) | 5 (11) | 0 (0) | 0.088
Complete response | 25 (61) | 30 (68) | 38 (90) | 0.006
Rescue | 5 (12) | 4 (9) | 0 (0) | 0.06
"""
    assert [f for f in flags(rows) if f.rule == "total-vs-parts"] == []


@pytest.mark.parametrize("name", ["Common adverse events, n (%)", "Comorbidities, n (%)", "Reasons, n (%)"])
def test_headings_of_which_a_patient_may_have_several(name):
    rows = f"Variable | A (n = 20) | B (n = 20)\n{name} | |\nHeadache | 12 (60) | 10 (50)\nCough | 9 (45) | 10 (50)"
    assert [f for f in flags(rows) if f.rule == "total-vs-parts"] == []


def test_a_share_in_every_column_is_no_sum_of_groups():
    rows = HEAD.replace("| B (n = 118)", "| B (n = 118) | All (n = 238)").replace("59 (50.0)", "59 (50.0) | 120 (50.4)")
    rows = rows.replace("28 (23.7)", "28 (23.7) | 58 (24.4)") + "Syndrome, n (%) | 42 (13) | 35 (13) | 39 (7)"
    assert [f for f in flags(rows) if f.rule == "total-vs-parts"] == []


def test_one_p_beside_all_categories_is_tested_once():
    rows = """
Variable | A (n = 38) | B (n = 39) | P
Age, years, mean ± SD | 64.0 ± 8.0 | 63.0 ± 8.0 | 0.585
Diagnosis, n (%) | | |
Stable | 17 (44.7) | 19 (48.7) | 0.548
Unstable | 21 (55.3) | 19 (48.7) | 0.548
Silent | 0 | 1 (2.6) | 0.548
"""
    tested = [f for f in findings(rows) if f.rule == "chi2-vs-counts"]
    assert len(tested) == 1 and not tested[0].flagged


def test_columns_below_one_size_hold_the_same_patients():
    assert size_in("N = 49–50", 0) is None and size_in("(n = 109 + 119)", 0) is None
    assert size_in("(n = 1,219)", 0).text == "1,219"


@pytest.mark.parametrize(
    ("header", "measure"),
    [
        ("Odds ratio or mean difference", "?"),
        ("RR/Mean difference (95% CI)", "?"),
        ("β or RR (95% CI)", "?"),
        ("Crude OR and adjusted OR", "OR"),
        ("Adjusted OR (95% CI)", "OR"),
    ],
)
def test_a_column_of_two_measures_has_no_scale(header, measure):
    assert measure_in(header) == measure


def test_a_column_of_ratios_and_differences_is_not_checked_as_ratios():
    rows = """
Outcome | RR or mean difference (95% CI) | P
Caesarean | 0.92 (0.71 to 1.19) | 0.53
Instrumental | 1.10 (0.80 to 1.51) | 0.55
Pain score | -0.05 (-0.35 to 0.25) | 0.74
Anxiety score | 0.29 (0.11 to 0.47) | 0.002
"""
    assert flags(rows, caption="Outcomes") == []


def test_a_reference_range_is_no_scale():
    rows = "Variable | A (n = 20) | B (n = 20)\nESR, mm/h (normal: 0-10), mean (SD) | 10.5 (8.4) | 27.0 (26.7)"
    assert [f for f in flags(rows) if f.rule == "scale-bound"] == []


def test_a_p_that_may_be_of_another_test_is_only_noted():
    rows = "Variable | A (n = 27) | B (n = 22) | P\nGlucose, mg/dL | 103.7 ± 3.3 | 101.4 ± 2.6 | 0.928"
    assert [f for f in flags(rows) if f.rule == "t-vs-summary"] == []


# ---------------------------------------------------------------- what a rule takes for granted


def test_many_lost_digits_stay_visible():
    """Five slips in ten cells: each is explained alone, so the size of the group is not in doubt."""
    rows = "Event | A (n = 30) | B (n = 30)\n" + "\n".join(
        f"{name}, n (%) | {a} ({pa}) | {b} ({pb})"
        for name, a, pa, b, pb in [
            ("Nausea", 8, "2.7", 6, "20.0"),
            ("Fever", 11, "3.7", 9, "30.0"),
            ("Rash", 14, "4.7", 12, "40.0"),
            ("Pain", 7, "2.3", 5, "16.7"),
            ("Fatigue", 10, "3.3", 15, "50.0"),
        ]
    )
    found = [f for f in flags(rows, caption="Adverse events") if f.rule == "percent-vs-count"]
    assert [f.cause_code for f in found] == ["lost-digit"] * 5
    assert [f.repair for f in found] == ["26.7", "36.7", "46.7", "23.3", "33.3"]


def test_a_table_of_other_sizes_is_only_noted():
    """Percentages of 25 to 29 patients below a header of 30: no slip, another denominator."""
    rows = "Event | A (n = 30) | B (n = 30)\n" + "\n".join(
        f"{name}, n (%) | {a} ({100 * a / n:.1f}) | {b} ({100 * b / 30:.1f})"
        for name, a, n, b in [("Nausea", 8, 26, 6), ("Fever", 11, 25, 9), ("Rash", 14, 27, 12), ("Pain", 7, 26, 5)]
    )
    assert [f for f in flags(rows, caption="Adverse events") if f.rule == "percent-vs-count"] == []


def test_settled_misfits_are_neither_counted_nor_lowered():
    off = [Finding(rule="GRIM", reported=str(i), verdict="inconsistent", severity="minor") for i in range(6)]
    fine = [Finding(rule="GRIM", reported="9", verdict="consistent", severity="none")]
    assert not any(f.flagged for f in doubtful(off + fine, "GRIM", "why"))
    kept = doubtful(off + fine, "GRIM", "why", settled=lambda f: f.reported in ("0", "1", "2"))
    assert [f.flagged for f in kept] == [True] * 6 + [False]  # three are left: too few to doubt the premise


# ---------------------------------------------------------------- proportions


def proportion(text):
    document = from_text(f"Results\n\n{text}", name="a")
    paper, _ = understand(document)
    return [f for check in table_proportions.CHECKS for f in check(paper)]


@pytest.mark.parametrize(
    "text",
    [
        "Response occurred in 52 of 74 patients (70.3%; 95% CI 59.1% to 79.5%).",  # Wilson
        "Response occurred in 52 of 74 patients (70.3%; 95% CI 58.5% to 80.3%).",  # exact
        "The response rate was 70.3% (52/74; 95% CI, 59.9-80.7).",  # normal
    ],
)
def test_a_proportion_with_the_interval_of_a_usual_method_fits(text):
    found = proportion(text)
    assert len(found) == 1 and not found[0].flagged


def test_one_limit_that_no_method_gives_is_told_with_its_repair():
    found = proportion("Response occurred in 52 of 74 patients (70.3%; 95% CI 59.1% to 89.5%).")
    assert [(f.verdict, f.cause_code, f.repair) for f in found] == [
        ("inconsistent", "typing-slip", "70.3 (59.1 to 79.5)")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Response occurred in 52 of 74 patients (70.3%; 95% CI 50.2% to 88.1%).",  # both limits wider: clustered data
        "The pooled response was 70.3% (52/74; 95% CI, 59.9-90.7).",
        "Survival at one year by the Kaplan-Meier method was 70.3% (52/74; 95% CI, 59.9-90.7).",
    ],
)
def test_intervals_that_may_be_of_another_model_are_left_alone(text):
    assert [f for f in proportion(text) if f.flagged] == []


def test_a_proportion_in_a_table_row():
    rows = """
Outcome | Events/patients | Response, % (95% CI)
Complete | 12/74 | 16.2 (8.7-26.6)
Any | 52/74 | 70.3 (59.1-89.5)
"""
    found = [f for f in findings(rows, caption="Response") if f.rule == "ci-vs-point" and f.reported.startswith("70.3")]
    assert sum(f.flagged for f in found) == 1


"""The interval of 12 of 74 is the exact one (8.7 to 26.6)."""


def precisions(*models):
    """The findings on precision for a table of two groups and the intervals of a model, one for each of four factors."""
    rows = [["Variable", "Yes (n = 100)", "No (n = 100)"]]
    rows += [[f"{name}, n (%)", "20 (20.0)", "30 (30.0)"] for name in ("Diabetes", "Smoker", "Asthma", "Stroke")]
    model = [["Variable", "OR", "95% CI"], *models]
    first, second = ("\n".join("\t".join(row) for row in part) for part in (rows, model))
    text = f"Table 1. Patients by response\n\n{first}\n\nTable 2. Multivariable logistic regression of response\n\n{second}\n"
    document = from_text(text)
    paper = Paper(document=document, tables=read_tables(document))
    return [f for f in table_effects.table_precision(paper) if f.rule == "precision-bound"]


def test_one_interval_too_narrow_is_flagged_but_a_table_of_them_only_noted():
    names = ("Diabetes", "Smoker", "Asthma", "Stroke")
    narrow = [[name, "1.20", "1.10-1.31"] for name in names]
    wide = [[name, "1.20", "0.60-2.40"] for name in names]
    assert [f.flagged for f in precisions(*narrow)] == [False] * 4
    assert [f.flagged for f in precisions(narrow[0], *wide[1:])] == [True, False, False, False]
