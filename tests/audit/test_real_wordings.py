"""Wordings of real papers, with made-up numbers: what they say is read, and what they do not say is no misfit."""

from __future__ import annotations

import pytest

from ostealgia.audit.checking import check
from ostealgia.audit.statements.extraction import extract
from ostealgia.audit.statements.model import Count, Estimate
from ostealgia.io.documents.reading import from_text


def audit(text):
    return check(from_text(f"Results\n\n{text}"))


def estimates(text):
    found = [one for one in extract(from_text(f"Results\n\n{text}")) if isinstance(one, Estimate)]
    return [
        (one.measure, one.estimate.text, one.ci_low and one.ci_low.text, one.ci_high and one.ci_high.text)
        for one in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Deaths were more frequent (relative risk, 95% CI 3.60, 1.21-10.71, p = 0.02).",
            ("RR", "3.60", "1.21", "10.71"),
        ),
        ("Use was more frequent (OR 1.52, adjusted for use before; 95%CI 1.08-2.14).", ("OR", "1.52", "1.08", "2.14")),
        ("The risk was higher (HR 1.14, 1.04-1.25).", ("HR", "1.14", "1.04", "1.25")),
        ("Relapse was rarer (OR=2.9; CI95%: 1.2–7.0).", ("OR", "2.9", "1.2", "7.0")),
        ("Training helped (b = 0.41, SE = 0.13, 95% CI [0.16, 0.66]).", ("B", "0.41", "0.16", "0.66")),
        ("The difference was 12.3%; 95.002% CI: 1.7% to 22.9%.", ("RD", "12.3", "1.7", "22.9")),
    ],
)
def test_read(text, expected):
    assert expected in estimates(text)


def test_the_spread_is_not_the_estimate():
    assert ("mean", "2.41") in [pair[:2] for pair in estimates("The mean index was 2.41 (SD 0.58, 95% CI 2.3-2.5).")]


FITTING = [
    # no part and whole
    "Pressure was below 140/90 mmHg (52%) in most of the 210 patients.",
    "Twenty-six eyes of 13 patients (43%) were treated.",
    "Anaemia of 3/4 grade leukopenia (17% vs 15%, P = 0.7) was rare.",
    "Tumours were grade 1 or 2 in 96 out of 140, and 118 were grade 1 or 2 out of 158 (74.7%).",
    "One hundred and fifty-two of 170 patients (89.4%) responded.",
    "One of four different doses (50%, 30%, 15%, and 5%) was given.",
    "Two sessions of 30 min exercise (60% of the maximum) were done.",
    "7 patients (21.9%) improved by two and 3 patients (9.4%) by one of four categories.",
    "The kinds were common (type B; n = 9); the share of one was below 2% (8 of 9).",
    "Almost 1/4 (22.0%) of the patients had it.",
    "It was seen in three patients 3 (2.34%) and resolved.",
    # denominators that are not certain
    "71% (n = 68) of the first group and 84% (n = 32) of the second completed the diary.",
    "70.2% of the students (n = 1404) and 61.1% (n = 1222) of their parents agreed.",
    "It happened in 40 participants, 21 (8.6%) in the first group and 19 (7.9%) in the second.",
    "A response was seen in 86.0% (559/650, 95% CI 83.1% to 88.5%) and 84.3% (548/650, 95% CI 81.3% to 86.9%).",
    # intervals that belong to something else, or to another scale
    "Adherence was 41.2% v 46.0% (p = 0.5, difference in proportions 95% CI -14.1% to 23.7%).",
    "Pressure fell more (adjusted mean difference −7.5/−0.8 mmHg; 95% CI −12.0, −3.0/−3.5, 1.9).",
    "The mean cost was £9640 (95% uncertainty interval 6855–12 425).",
    "The effect lay within the margin of −15% to 15% (95% CI −9.1% to 4.8%).",
    "The two scores differed (86.1 ± 7.5 and 80.2 ± 8.1, p = 0.01, 95% CI = 1.1–10.7).",
    "Albumin was lower, with a difference between groups of −28% (95% CI −47 to −2).",
    "The rate was reduced by 24% (95% CI: 4% to 40%).",
    "Cholesterol was reduced by 0.12 mmol/L (95% CI: −0.20 to −0.04).",
    "The net reduction was −9.0 mmHg (95% CI: −3.1 to −14.9).",
    "The absolute RR was 4.0% (95% CI −2.3 to 10.3).",
    "The number needed to treat to prevent one death in trials (HR 0.80; 95% CI 0.67-0.95) was 20 (95% CI 12–66).",
    # P
    "The interaction was significant (t(58) = -6.1, p < .000).",
    "The repeated measures were corrected by Greenhouse-Geisser; time mattered (F(2, 18) = 4.9, p = 0.035).",
    # words
    "None of the many baseline factors that we looked at and recorded was significant (all p > 0.12).",
    "The effect of time approached significance (P = 0.11).",
    "The groups did not show any statistical significance (P = 0.98).",
    "There was a non – significant decrease in pressure (p = 0.28).",
    "The first unit had a significantly lower rate than 23.1% in the other unit (RR 1.45, 95% CI 1.10–1.91).",
    "The lower relapse rate was unrelated to the kinetics (odds ratio for early clearance 1.06, 95% CI 0.42–2.67).",
    "The belief that it reduces the risk was common and was not associated with activity (OR 1.09, 95% CI 0.87–1.37).",
    "The risk increased by 12% for each 10 ng/dL of the marker (OR 1.012 [95% CI 1.001–1.023]).",
    "Factors were younger age and higher affective risk perception (OR = 0.52, p < 0.001).",
    # totals
    "Among 239 registered patients, 216 were randomised to one drug (n = 111) or the other (n = 105).",
    "80 patients were randomized to saline (n = 40) or the drug (n = 40): a high (n = 20) or a low dose (n = 20).",
    "A total of 300 subjects were randomly allocated into 3 groups: a gel (n=100), a control group and a rinse (n=100).",
]


@pytest.mark.parametrize("text", FITTING)
def test_no_misfit(text):
    found = audit(text)
    assert not found.flags, [one.message for one in found.flags]
    assert not found.notes


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Follow-up was complete in 9/105 (17%) of the patients.", "percent-vs-count"),
        ("A response was seen in 86.0% (541/650, 95% CI 83.1% to 88.5%).", "percent-vs-count"),
        ("The scores differed (mean difference -2.0; 95% CI -4.0 to 8.0).", "ci-vs-point"),
        ("The risk was higher (HR 0.78, 1.04-1.25; 95% CI 1.04-1.25).", "ci-vs-point"),
        ("Time mattered (F(2, 18) = 4.9, p = 0.35).", "p-vs-statistic"),
        ("The difference was not significant (P < 0.001).", "claim-vs-evidence"),
        ("The drug was associated with a higher risk of death (HR 0.61, 95% CI 0.45-0.83).", "direction-vs-claim"),
    ],
)
def test_misfits_are_still_told(text, rule):
    assert rule in [one.rule for one in audit(text).flags]


def test_a_level_is_no_share():
    counts = [
        one
        for one in extract(from_text("Results\n\nThe rate was 85.7% (557/650, 95% CI 82.8% to 88.2%)."))
        if isinstance(one, Count)
    ]
    assert ("557", "85.7", "650") in [
        (one.count and one.count.text, one.percent and one.percent.text, one.n and one.n.text) for one in counts
    ]


SUBSETS = """Table 1. Baseline.

Variable\tA (n = 41)\tB (n = 38)
Women, n (%)\t16 (39.0)\t17 (44.7)
Women after menopause\t12 (75.0)\t11 (64.7)
Schooling
Primary\t11 (27.5)\t12 (31.6)
Secondary\t20 (50.0)\t18 (47.4)
Higher\t9 (22.5)\t8 (21.1)
"""


def test_a_subset_and_missing_values_are_other_denominators():
    found = check(from_text(f"Results\n\n{SUBSETS}"))
    assert not [one for one in found.flags if one.rule == "percent-vs-count"], [one.message for one in found.flags]
    wrong = check(from_text(f"Results\n\n{SUBSETS.replace('17 (44.7)', '17 (54.7)')}"))
    assert [one.quote for one in wrong.flags if one.rule == "percent-vs-count"]
