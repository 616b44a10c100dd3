"""Readings of published layouts and wordings that were once taken for errors, and the errors that must stay visible beside them.

Everything is made up; each snippet stands for one cause of false flags.
"""

from __future__ import annotations

import pytest

from ostealgia.audit.checking import check
from ostealgia.audit.rules.confidence import ci_vs_point
from ostealgia.audit.rules.p_values import p_vs_ci
from ostealgia.io.documents.reading import from_text


def audit(text):
    return check(from_text(f"Results\n\n{text}\n"))


def table(rows, caption, note=""):
    lines = "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows.strip().split("\n"))
    return audit(f"Table 1. {caption}\n\n{lines}\n\n{note}")


def rules(found):
    return [flag.rule for flag in found.flags]


FITTING = [
    # a percentage of something else than the count before it
    "The destination is known for only 49 of the 144 survivors - 24 (49%) went to a medical ward.",
    "Of all nurses 96 of 163 (60% female) answered the questions.",
    "Three patients (13%, 2/14 in the exercise group and 1/9 in the relaxation group) had sarcopenia.",
    "Of 608 screened patients 57 (9.4%) were colonised. Among these 57 patients, 7 (1.2%) acquired it during the stay.",
    "Of the 441 men 259 (59%) enrolled and 240 (93%) of these agreed to the examination.",
    "One-hundred and two patients had one session (13.2%).",
    "We recruited 62/60 (103.3%) of the target in primary care.",
    # other scales
    "The proportion was 75% (95% CI 1.25 to 2.45) higher among mothers with less schooling.",
    "Skills did not differ (b = 0.063, SE = 0.080, p = 0.43, 95% CI 0.910 to 1.247).",
    "There was no significant difference at the end (ratio 1.03; 90% CI: 0.95, 1.12).",
    "The decrease in mean (SD) HR was -1.08 (±8.66) bpm at six hours.",
    "Recruitment did not differ (45% medical practice vs. 48% researcher, (95% CI -5 to 11%) p = 0.508).",
    "The slope rose to 16.8 (IQR 30.7) U/50-1 with treatment (95% CI 11.8, 59.0).",
    "Moderation was found for problem drinking (β = -0.15; CI = -11.62 to -1.08; P = 0.02).",
    "Children given zinc had an average of 0.33 fewer episodes (95% CI -0.39 to -0.27).",
    "The change equated to a difference of 0.56 kg (95% CI -1.22 to 0.09).",
    # the fraction belongs to the percentage before it
    "Centres used the dispensers in at least one of the two groups, 89% (31/35) used the soap.",
    "Data were missing from 12 of 41 participants and 9 of 24 variables, χ2(271, N = 41) = 241.30, p = .903.",
    # P of another comparison, a number that is no P
    "They did not find any significant difference between the first two groups (P > 0.95), but the difference between the "
    "third and the fourth group was significant (P = 0.001).",
    "The intercept was significantly higher in the first group than in the second (a - b = +0.848 units).",
    # sizes
    "A sample size of 90 participants would be sufficient. Participants were randomly assigned to passive control (n = 36), "
    "active control (n = 36) or intervention (n = 35).",
    "We included 204 patients, randomly assigned to haemodynamic therapy (n = 95) or protocolised care (n = 92). In all, 17 "
    "patients were not treated.",
]


@pytest.mark.parametrize("text", FITTING)
def test_words_that_fit(text):
    assert rules(audit(text)) == []


BROKEN = [
    ("Relapse was seen in 49 of the 144 survivors (49%).", "percent-vs-count"),
    ("In all 96 of 163 nurses (65.0%) answered the questions.", "percent-vs-count"),
    ("The risk was higher (OR 1.90, 95% CI 2.21 to 3.68).", "ci-vs-point"),
    ("The mean difference was 1.5 (95% CI 2.1 to 5.2) points.", "ci-vs-point"),
    ("There was no significant difference (mean difference 3.1; 95% CI 1.2 to 5.0).", "claim-vs-evidence"),
]


@pytest.mark.parametrize(("text", "rule"), BROKEN)
def test_words_that_do_not_fit(text, rule):
    assert rule in rules(audit(text))


PART = """
Observation | N = 138 (%)
Patients discharged at 6 h | 125 (90.6)
Required extended monitoring after 6 h | 13 (9.4)
Reasons for extended monitoring |
Lowest heart rate at 6 h | 11 (84.6)
Symptomatic | 0
Mild | 4 (2.9)
Women | 70 (50.7)
"""
TOTAL = """
Characteristic | Total sample (N = 99)
Women, n (%) | 55 (55.6)
Employed, n (%) | 54 (54.5)
Single parent, n (%) | 6 (6.1)
Children, n (%) | 28 (28.3)
Made a quit attempt, n (%) | 37 (37.4)
Did the participant cut down before? (n, %) |
Yes | 5 (13.5)
No | 32 (86.5)
Total, n | 37
"""
OVERALL = """
Variable | No intention | Intention | All
Overall | 534 (54.4%) | 447 (45.6%) | 981
Married | 317 (59.4%) | 281 (62.9%) | 598 (61.0%)
Divorced | 56 (10.5%) | 52 (11.6%) | 108 (11.0%)
"""
MEASURED = """
Variables | n | %
Age, years | 943 | 26.5
<20 | 31 | 3.3
20-34 | 837 | 88.8
35+ | 75 | 8.0
White | 656 | 69.6
Black | 75 | 8.0
"""


@pytest.mark.parametrize("rows", [PART, TOTAL, OVERALL, MEASURED], ids=["part", "total below", "overall", "measured"])
def test_denominators_of_other_rows(rows):
    assert (
        rules(table(rows, "Characteristics of the patients (N=943)" if rows is MEASURED else "Characteristics")) == []
    )


def test_a_planted_percentage_stays_visible():
    assert rules(table(PART.replace("70 (50.7)", "70 (57.0)"), "Characteristics of the patients")) == [
        "percent-vs-count"
    ]
    assert rules(table(TOTAL.replace("54 (54.5)", "54 (45.5)"), "Characteristics of the patients")) == [
        "percent-vs-count"
    ]


def test_questions_that_were_not_asked_of_all():
    rows = "Variable | All (n = 481)\nWomen | 250 (52.0)\nYes | 107 (33.7)\nOften | 66 (20.8)\nMarried | 240 (49.9)\n"
    assert (
        rules(
            table(rows, "Characteristics", note="Note: Questions on food were not asked of persons with a high income.")
        )
        == []
    )


STATISTICS = "Event | Cases (N = 1008) n (%) | Controls (N = 336) n (%) | Chi-square | P\n" + "\n".join(
    f"{name} | {a} ({100 * a / 1008:.1f}) | {b} ({100 * b / 336:.1f}) | {x} | <0.001"
    for name, a, b, x in (
        ("Abuse", 219, 18, 41.925),
        ("Neglect", 186, 15, 36.118),
        ("Violence", 326, 49, 36.560),
        ("Rejection", 452, 60, 82.231),
        ("Conflict", 516, 112, 70.875),
    )
)


def test_many_statistics_that_do_not_fit_are_of_another_test():
    found = table(STATISTICS, "Events in childhood")
    assert rules(found) == []
    assert any("another test" in (one.message or "") for one in found.findings)


def test_p_of_all_categories_beside_the_last():
    rows = (
        "Factor | OR | 95% CI | P\nFever | 2.00 | 1.20 to 3.33 | 0.008\nCough | 1.50 | 0.90 to 2.50 | 0.12\n"
        "Sex | | |\nMale | 1 | |\nFemale | 1.40 | 1.17 to 1.67 | <0.001\nTriage | | |\nOne | 1 | |\n"
        "Two | 5.30 | 2.73 to 10.31 |\nThree | 10.11 | 5.20 to 19.65 |\nFour | 8.07 | 3.71 to 17.55 | 0.001\n"
    )
    assert rules(table(rows, "Logistic regression of visits")) == []
    alone = rows.replace("<0.001", "0.04")
    assert rules(table(alone, "Logistic regression of visits")) == ["p-vs-ci"]


def test_a_second_row_of_sizes():
    rows = (
        "Variable | Skippers (n = 10) | Eaters (n = 1434) | P\nn | | |\nAge (years), mean ± SD | 8.2 ± 1.8 | 8.5 ± 1.7 | 0.58\n"
        "n | 503 | 6028 |\nAge (years), mean ± SD | 34.3 ± 8.2 | 37.6 ± 7.5 | <0.0001\n"
    )
    assert rules(table(rows, "Characteristics", note="P of the t-test; SD: standard deviation")) == []


def test_a_second_header_of_differences_under_ratios():
    rows = (
        "Outcome | Odds ratio (95% CI) | P\nRecovery | 0.95 (0.62 to 1.44) | 0.81\nRelapse | 0.70 (0.45 to 1.10) | 0.12\n"
        "Scores | Difference in means (95% CI) | P\nBDI | 1.19 (-0.52 to 2.90) | 0.17\nPain | 3.01 (1.18 to 4.85) | 0.001\n"
    )
    assert rules(table(rows, "Outcomes of the trial")) == []


def test_outcomes_side_by_side_are_not_crude_and_adjusted():
    rows = (
        "Variable | Fruit and vegetables aOR (95% CI) | Inactivity aOR (95% CI)\n"
        "Primary school | 0.36 (0.18 to 0.72) | 3.59 (1.58 to 8.14)\nFarming | 0.70 (0.24 to 2.05) | 1.40 (0.66 to 2.97)\n"
    )
    assert "adjusted-vs-crude" not in rules(table(rows, "Adjusted odds ratios of two outcomes"))
    models = rows.replace("Fruit and vegetables aOR", "Crude OR").replace("Inactivity aOR", "Adjusted OR")
    assert "adjusted-vs-crude" in rules(table(models, "Odds ratios of one outcome"))


def test_the_exponential_of_another_outcome_is_chance():
    rows = (
        "Variable | Tobacco aOR (95% CI) | Alcohol aOR (95% CI) | Inactivity aOR (95% CI)\n"
        "Farming | 2.89 (1.36 to 6.15) | 2.02 (0.82 to 4.95) | 0.70 (0.24 to 2.05)\n"
    )
    assert rules(table(rows, "Adjusted odds ratios")) == []


def test_an_interval_of_the_other_coefficient_of_the_row():
    rows = (
        "Variable | B | β | 95% CI\nChild portion | 0.005 | 0.03 | (-0.016, 0.027)\nParent portion | -0.023 | -0.12 | (-0.049, 0.002)\n"
        "Parent BMI | 1.170 | 0.26 | (0.594, 1.745)\n"
    )
    assert rules(table(rows, "Multiple regression of BMI")) == []
    assert rules(table(rows.replace("1.170", "2.170"), "Multiple regression of BMI")) == ["ci-vs-point"]


def test_a_very_wide_interval_with_its_own_p():
    rows = (
        "Factor | OR (95% CI) | P\nSlope | 4042 (0.48 to 34200000) | 0.072\nIntercept | 1.19 (0.25 to 5.71) | 0.832\n"
    )
    assert rules(table(rows, "Growth curves and caries")) == []


def test_subgroups_side_by_side_are_not_two_models():
    rows = (
        "Months | First treatment aOR (95% CI) | Second treatment aOR (95% CI)\n4.0-5.4 | 2.2 (0.8 to 6.5) | 10.9 (1.0 to 117.8)\n"
        "5.5-6.9 | 3.8 (1.8 to 8.0) | 47.2 (3.0 to 746.1)\n"
    )
    assert rules(table(rows, "Adjusted odds ratios of success")) == []


def test_a_size_that_a_footnote_gives():
    head = "Variable | Pregnant (n = 99) | Lactating (n = 102)\n"
    rows = head + "Women | 99 (100.0) | 102 (100.0)\nFood rations, n (%) | 6 (10.9) | 3 (2.9)\n"
    note = "Note: Data on rations available for only n = 55 pregnant women."
    assert rules(table(rows, "Characteristics", note=note)) == []


def test_a_narrow_interval_needs_a_certain_number_of_patients():
    text = "There were 149 mothers. Retention was lower in young mothers than in older ones (OR 0.57, 95% CI 0.41 to 0.78)."
    more = f"In all 1,112 families took part. {text}"
    assert rules(audit(more)) == []


def test_commas_as_decimal_points():
    assert not ci_vs_point("1,901", "1.223", "2.955").flagged
    assert not ci_vs_point("3.387", "2,247", "5,106").flagged
    assert not ci_vs_point("1,901", "1,223", "2,955").flagged
    assert ci_vs_point("2,901", "1.223", "2.955").flagged


def test_p_beside_an_exact_interval():
    # both say that there is an effect; the interval is not symmetric, so Wald's P does not follow from it
    assert not p_vs_ci("9.3", "1.1", "135.7", "0.038").flagged
    assert not p_vs_ci("23.8", "3.4", "340.9", "< 0.001").flagged
    # they disagree on whether there is an effect
    assert p_vs_ci("9.3", "1.1", "135.7", "0.38").flagged
    # a symmetric one
    assert p_vs_ci("2.00", "1.20", "3.33", "0.2").flagged
