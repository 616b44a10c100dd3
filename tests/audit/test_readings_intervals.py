"""When a misfit of estimate, interval and P is certain: the other cells of the column, or the other intervals of the paper, say so.

Everything is made up; each snippet stands for one cause of false flags, with the error that must stay visible beside it.
"""

from __future__ import annotations

import pytest

from ostealgia.audit.checking import check
from ostealgia.io.documents.reading import from_text


def audit(text):
    return check(from_text(f"Results\n\n{text}\n"))


def table(rows, caption="Logistic regression of pain", note=""):
    lines = "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows.strip().split("\n"))
    return audit(f"Table 1. {caption}\n\n{lines}\n\n{note}")


def rules(found):
    return [flag.rule for flag in found.flags]


def misfits(found):
    return [one for one in found.findings if one.verdict in ("inconsistent", "impossible")]


# symmetric on the log scale: 1.50 is the middle of 1.00 to 2.25, 2.00 of 1.00 to 4.00, 0.80 of 0.50 to 1.28, 1.20 of 0.90 to 1.60
RATIOS = "Factor | OR (95% CI)\nAge | 1.50 (1.00-2.25)\nSmoking | 2.00 (1.00-4.00)\nDiabetes | 0.80 (0.50-1.28)\nFever | 1.20 (0.90-1.60)\n"


def test_a_misfit_is_told_where_the_other_cells_fit():
    assert rules(table(RATIOS)) == []
    assert rules(table(RATIOS.replace("2.25", "2.85"))) == ["ci-vs-point"]  # middle 1.69, 0.4 standard errors away


def test_a_small_misfit_alone_in_its_paper_is_information():
    found = table("Factor | OR (95% CI)\nAge | 1.07 (0.75-1.36)\n")  # middle 1.01; no other interval shows the method
    assert rules(found) == [] and len(misfits(found)) == 1


def test_a_column_of_skewed_intervals_is_of_another_method():
    # all 0.2 to 0.4 standard errors below their middle, as profile intervals of few events are
    rows = "Factor | OR (95% CI)\nAge | 3.50 (1.74-5.60)\nSex | 1.15 (0.55-1.90)\nCough | 2.10 (0.90-4.00)\nPulse | 4.50 (2.00-8.20)\n"
    found = table(rows)
    assert rules(found) == [] and len(misfits(found)) == 4


def test_intervals_of_another_coefficient():
    # standardised coefficients beside the intervals of the unstandardised ones, which are not printed
    rows = "Variable | β (95% CI)\n"
    rows += (
        "Age | 0.31 (1.02 to 1.60)\nBMI | 0.12 (0.40 to 2.30)\nDose | 0.22 (0.90 to 1.90)\nPain | 0.40 (2.10 to 6.30)\n"
    )
    assert rules(table(rows, "Linear regression")) == []


DIFFERENCES = (
    "Outcome | Difference (95% CI)\nPain | -1.5 (-2.5 to -0.5)\nFatigue | 0.8 (-0.4 to 2.0)\nSleep | 2.0 (1.0 to 3.0)\n"
    "Anxiety | -0.7 (-1.9 to 0.5)\n"
)


def test_a_sign_lost_in_one_row_and_in_all():
    assert rules(table(DIFFERENCES, "Mean difference between groups")) == []
    one = DIFFERENCES.replace("-1.5 (-2.5 to -0.5)", "1.5 (-2.5 to -0.5)")
    assert rules(table(one, "Mean difference between groups")) == ["ci-vs-point"]
    turned = "Outcome | Mean difference (95% CI)\nPain | 1.6 (-4.7 to 1.5)\nSleep | 1.1 (-5.3 to 3.1)\nCough | 2.0 (-4.0 to 0.0)\n"
    assert rules(table(turned, "Mean difference between groups")) == []


@pytest.mark.parametrize(
    "text",
    [
        "The global decline was 8.9 units (95% CI -6.8 to -11.0).",  # limits in the order of their size
        "The choice was more likely (b = 0.81, Wald = 4.32, P = .04, 95% CI 1.048-4.836).",
        "The change was larger (MD 11.76; 95%, CI: 4.66-18.86).",
        "The frequency was lower (difference of means -0.5; 95% CI -1,6 - 0,6; p = 0.38).",
        "Response was seen in both (first: 55%, p = 0.004, 95% CI 1.26-5.74; second: 50%, p = 0.001, 95% CI 1.70-5.40).",
        "The median difference between groups was 0.75 (95% CI -1.6 to 2.3; Mann-Whitney U test).",
        "Cases aged 50-60 years (incident rate ratio [IRR] 8.85 compared to referent, (95% CI 4.14-18.9)) were frequent.",
        "Mean levels were 15% (95% CI -4.4 to -23.6%) lower in the treated group.",
        "The adjusted increase was 0.22 L (95% CI 0.19, 0.35 L) for one and 0.25 L (95% CI 0.21, 0.37 L) for the other.",
        "Odds fell with duration (OR 0.89, 95% CI 0.85-– 0.94).",
        "The increase was 25% (t = (19) = -1.809, 95% CI [-31.05, 2.31], p = 0.09).",
        "The number of sessions was alike (mean diff − 1.1, 95% CI -2.6, 0.4).",
        "The relative risk was 0.87(0.77-0.98) –0.92(0.82-1.03) by index.",
        "The scheme was not inferior to usual care (difference of means -0.29; 95% CI -0.69 to 0.11; P < 0.001).",
        "Resection did not matter (p = 0.359, HR: 1.46 (95% CI 0.65-3.28): p = 0.94).",
        "Recovery was more frequent (6/6 and 1/8; difference 87%, 95% CI = 63.69–100).",
        "Infections were a little more frequent (RR 1.10, 95% CI 1.00-1.18; P = 0.055).",
        # P of another test
        "Comparing endurance with other regimes, the gain was larger (MD 1.59, 95% CI 1.19-1.98, P = 0.08).",
        "The active group improved more, t(834) = 2.33, p = .020, d = 0.12 (95% CI -0.02 to 0.26).",
        "The event rates were alike (HR 0.96; 95% CI 0.76-1.22; P < 0.001 for non-inferiority).",
        "Risk rose with each unit (HR 1.29, 95% CI 1.17 to 1.43; p = 0.001).",  # the least that is shown
        "Two behaviours carried the highest risk (odds ratios 18.0, 12.0; 95% confidence intervals 3.9-83.1, 3.2-45.0, respectively).",
        # an exact P, another letter
        "All nine responded, χ2(1, N = 55) = 4.81, p = .044.",
        "Scores were alike (Z = 0.44, p = .83; Z = 0.57, p = .99; Z = 0.59, p = .98).",
        # statistics over imputed data
        "There was no effect in imputed data (F(1, 352) = 0.41 [0.02-1.57]; p = 0.61 [0.21-0.89]).",
        # P with a power of ten
        "Survival was longer (HR 0.72 (95% CI 0.53-0.98), P = 3.6 × 10-2).",
    ],
)
def test_words_that_give_no_certain_misfit(text):
    assert rules(audit(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "The difference was -2.0 (95% CI -4.0 to 8.0).",
        "The risk was higher (OR 0.29, 95% CI 0.30-0.92).",
        "The mean change was small (b = -0.018, SE = 0.064, p = 0.781, 95% CI -0.0145 to 0.110).",
        "There was no difference (mean difference 0.49, 95% CI: 0.67-1.48; 0.63, 95% CI: 0.81-1.54).",
        "The mean difference in progression was 17 AU (95% CI, -86 to 53 AU).",
        "Agreement was good, ICC 0.82 (95% CI 0.91-0.65).",
        "Effectiveness was 85.0% (95% CI: 95.3-52.1) in the second year.",
        "The mean difference was 2.1 (95% CI 2.9 to 1.4).",
        "Patients were 1.37 times more likely to have pain (95% CI 1.32 to 1.84).",
        "The share with pain was 65% (95% CI 59 to 62%) in the end.",
        "The median survival was 156 days (95% CI 174.1-269.3 days).",
    ],
)
def test_misfits_that_stay(text):
    assert "ci-vs-point" in rules(audit(text))


def test_a_statistic_without_its_p_that_stays():
    assert rules(audit("They differed, t(38) = 2.171, p = 0.36.")) == ["p-vs-statistic"]
    assert rules(audit("They differed, χ2(1, N = 900) = 6.68, p = .41.")) == ["p-vs-statistic"]


WITH_P = """Factor | OR | 95% CI | {}
Fever | 2.00 | 1.20 to 3.33 | 0.008
Cough | 1.50 | 0.90 to 2.50 | 0.12
Age | 1.80 | 1.10 to 2.95 | {}
"""


@pytest.mark.parametrize("heading", ["P for interaction", "P interaction", "P (trend)", "P het", "p-int"])
def test_the_p_of_another_test_by_its_heading(heading):
    assert rules(table(WITH_P.format("P", "0.35"))) == ["p-vs-ci"]
    assert rules(table(WITH_P.format(heading, "0.35"))) == []


def test_the_p_of_another_test_by_the_note():
    rows = WITH_P.format("P valueᵇ", "0.35")
    assert rules(table(rows, "Pooled odds ratios. ᵇP-value of Q-test for heterogeneity.")) == []


def test_the_p_beside_i2_is_that_of_heterogeneity():
    rows = "Subgroup | OR (95% CI) | P | I2 (%)\nTrials | 0.93 (0.75-1.16) | 0.024 | 50.1\nCohorts | 0.60 (0.48-0.76) | 0.031 | 48.1\n"
    assert rules(table(rows + "Others | 0.80 (0.50-1.28) | 0.35 | 10.0\n", "Pooled results")) == []


def test_one_p_for_two_categories():
    rows = (
        "Factor | OR | 95% CI | P\nFever | 2.00 | 1.20 to 3.33 | 0.008\nCough | 1.50 | 0.90 to 2.50 | 0.12\n"
        "Weight: heavy | 1.60 | 0.70 to 3.66 | 0.03\nWeight: unknown | 0.70 | 0.30 to 1.63 | 0.03\n"
    )
    assert rules(table(rows)) == []


def test_wide_intervals_of_few_events_are_not_exponentiated_twice():
    rows = (
        "Study | RR (95% CI)\n"
        "First 2003 | 25.00 (1.52 to 411.18)\nSecond 2008 | 33.40 (2.05 to 544.17)\nThird 2000 | 3.00 (0.13 to 69.52)\n"
        "Fourth 2004 | 1.50 (0.52 to 4.34)\nFourth 2005 | 0.50 (0.12 to 2.05)\n"
    )
    assert rules(table(rows, "Risk ratio of adverse events")) == []
    assert rules(audit("Bleeding was more frequent (OR 1342.9, 95% CI 3.1 to 581743.2).")) == []


def test_one_pair_of_two_tables_is_chance():
    cox = (
        "Factor | HR (95% CI) | P\nKarnofsky < 80 | 2.31 (1.72-3.10) | <0.001\nLung cancer | 1.40 (1.05-1.87) | 0.022\n"
    )
    groups = "Subgroup | HR (95% CI)\nKarnofsky < 80 | 0.80 (0.56-1.13)\nKarnofsky 80 or more | 0.95 (0.70-1.29)\n"
    tables = "\n\n".join(
        f"Table {k}. {caption}\n\n" + rows.replace(" | ", "\t")
        for k, (caption, rows) in enumerate((("Cox regression of death", cox), ("Treatment by subgroup", groups)), 1)
    )
    assert rules(audit(tables)) == []


def test_exposed_patients_of_a_table_of_responders():
    responders = (
        "Subgroup\tIntervention (n = 110)\tControl (n = 118)\n"
        "Men, n (%)\t32 (51.6)\t26 (48.1)\nWomen, n (%)\t25 (52.1)\t30 (46.9)\n"
    )
    model = "Factor\tOR (95% CI)\nMen\t0.90 (0.53-1.53)\nFever\t1.20 (0.70-2.06)\n"
    text = f"Table 1. Responders\n\n{responders}\n\nTable 2. Logistic regression of response\n\n{model}"
    assert "precision-bound" not in rules(audit(text))


SIZE = "We included 205 patients. "


@pytest.mark.parametrize(
    "text",
    [
        "Compared with responders, non-responders had a higher cell ratio (adjusted OR 1.210, 95% CI 1.100-1.331; P < 0.001).",
        "Serum albumin (adjusted OR 1.320, 95% CI 1.250-1.395) and age (adjusted OR 8.64, 95% CI 4.18-17.86) were predictors.",
        "The marker was associated with response relative to no response (OR 0.780, 95% CI 0.710-0.856).",
        "Height loss, but not sex (male vs female), predicted collapse (OR 1.30, 95% CI 1.18-1.43).",
        "It was prognostic in one arm (OR 1.32, 95% CI 1.25-1.39) versus the other arm (OR 1.30, 95% CI 1.23-1.37).",
        "Each 1-point increase in the score raised the odds compared with the point before (OR 1.68, 95% CI 1.56-1.81).",
    ],
)
def test_the_bound_of_a_binary_factor_needs_a_binary_factor(text):
    assert "precision-bound" not in [one.rule for one in audit(SIZE + text).findings]


def test_a_binary_factor_with_too_narrow_an_interval():
    text = "Patients with more than three lesions had higher odds of pain than those with three or fewer (OR 1.53, 95% CI 1.36-1.73)."
    assert "precision-bound" in rules(audit(SIZE + text))
    times = "Survival was 9.7 months in the first group and 4.9 months in the second (HR 0.52, 95% CI 0.50-0.54)."
    assert "events-bound" in rules(audit(SIZE + times))


def test_a_repair_has_the_decimals_that_are_printed():
    (found,) = audit("In a meta-analysis the pooled SMD was -3.71 (95% CI -5.29 to -2.00).").flags
    assert found.repair is None or "5.429" not in found.repair


def test_three_numbers_each_exponentiated_once_more():
    (found,) = audit(
        "Response was more frequent (OR 8.25, 95% CI 3.94-25.79)."
    ).flags  # exp(2.11), exp(1.37), exp(3.25)
    assert (found.cause_code, found.repair) == ("double-exponentiation", "2.11 (1.37 to 3.25)")


STUDIES = """Table 1. Included studies

Study	n	Refractory pain, n (%)
Adam 2001	40	30 (75.0)
Berg 2003	62	41 (66.1)
Cole 2005	25	20 (80.0)
Dahl 2007	80	52 (65.0)
Evers 2009	33	27 (81.8)
"""


@pytest.mark.parametrize(
    "text",
    [
        "The pooled incidence of depression was 15% (95% CI 12 to 19%).",
        "In patients without metastases the pooled incidence of refractory pain was 20% (95% CI 15 to 26%).",
        "The pooled incidence of refractory pain was 50% (95% CI 43 to 57%) when the four largest series were excluded.",
    ],
)
def test_a_pool_of_something_else_than_the_column(text):
    five = "Five studies with 240 patients were included. The pooled incidence of refractory pain was 71.2% (95% CI 65.0 to 76.7%). "
    document = f"A systematic review and meta-analysis\n\nResults\n\n{five}{text}\n\n{STUDIES}"
    assert "pooled-vs-studies" not in rules(check(from_text(document)))
