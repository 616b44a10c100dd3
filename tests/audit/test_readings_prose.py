"""Wordings of real papers that have another reading: none of them is a flag, and the plain error beside it still is."""

from __future__ import annotations

import pytest

import ostealgia as oa
from ostealgia.io.documents.reading import from_text


def flags(words: str, *rules: str) -> list[tuple[str, str]]:
    """(rule, printed numerals) of the flags of made-up Results."""
    audit = oa.audit.check(from_text(f"Results\n\n{words}", name="a.txt"), rules=rules or None)
    assert not [note for note in audit.notes if "could not be run" in note]
    return [(found.rule, found.reported) for found in audit.flags]


OTHER_READINGS = {
    "odds are not risks": "With a common outcome, an OR of 2 reflects a 19% increase in risk of disease.",
    "the ratio is that of the other group": "Those with the trait were three times less likely to relapse (OR 2.80, 95% CI 1.15-6.81).",
    "the outcome is worded the other way": "The oldest were twice as likely to decline screening (OR 0.56, 95% CI 0.40-0.78).",
    "bordered significance": "The benefit bordered statistical significance (HR 0.81; 95% CI 0.65-1.02).",
    "non-statistical significant": "The test showed non-statistical significant bias, p = 0.223.",
    "the name of a test": "The groups were alike (Tukey honest significant difference test, p = 0.99).",
    "P of two clauses": "Scores fell in the first group but did not change significantly in the second (P < 0.001).",
    "the fraction behind is its own": "Of all, about four out of five patients (77.7%; 87/112) took analgesics.",
    "percent of a size in the bracket": "There were n = 148 (98.6% of 150) responders.",
    "with, behind without": "It was seen in 31% of cases without fever, with significant differences between wards (p < 0.001).",
    "unclear significance": "This is of unclear significance because of the certainty (RR 0.96, 95% CI 0.66 to 1.40).",
    "a significant interaction": "Two strata showed significant interaction terms, earlier use [HR 0.81 (95% CI 0.60-1.09)].",
    "significant for most": "There were significant associations for most items, ranging from aHR 0.20 [0.10-0.43] to 1.07 "
    "[0.72-1.60].",
    "interval of one group": "There were no significant differences in the rises between the groups (63% (95% CI: 39, 92) versus "
    "51% "
    "(29, 78), P = 0.340).",
    "interval of another estimate": "A significant effect was found (β = -0.10; 95% CI = -15.89 to 0.06; P = 0.05).",
    "a mean over imputed data": "There was no effect (F(1, 352) = 0.41 [0.02-1.57]; p = 0.61 [0.21-0.89]).",
    "the nearer number": "Copies rose in cases aged 50-60 years (incident rate ratio [IRR] 8.85 compared to referent, (95% CI: "
    "4.14-18.9)).",
    "a grade is no count": "The regimen (n = 183) resulted in any-grade (57.9%) and grade ≥ 2 (14.2%) reactions.",
    "thousands behind a blank": "Of 12 345 patients, 1 234 (10.0%) had fractures.",
    "thousands behind an apostrophe": "Of all, 1'234 of 12'345 patients (10.0%) had fractures.",
    "duplicates were removed": "A total of 9,167 articles were identified in the search. After removing 4,641 duplicate records, "
    "4,526 articles "
    "remained for screening.",
    "a number in words": "A total of 990 records were identified in the search. Three-hundred and fifty-nine duplicate records "
    "were removed and "
    "the remaining 631 records were screened.",
    "a list without a total": "The review included 36 randomised controlled trials (RCTs) (n = 3,353), 80 quasi-experimental "
    "studies, seven "
    "baseline and six mass media studies were included.",
    "groups of the treated": "In all, 123 patients were randomised to receive the drug (n = 55) or placebo (n = 56). Of these, 111 "
    "were treated.",
    "lines of a manuscript": "In this trial, 229 patients with 171 disease, 172 patients were randomised 173 to the drug (n = 114) "
    "or placebo "
    "(n = 115).",
    "cumulative incidence": "The CIs of chronic disease within 6 months were 18.8% (5/27 cases).",
}


@pytest.mark.parametrize("words", OTHER_READINGS.values(), ids=OTHER_READINGS)
def test_another_reading_is_no_flag(words: str) -> None:
    assert flags(words) == []


STILL_FLAGGED = {
    "higher odds": ("The odds of response were higher (OR 0.116, 95% CI 0.056-0.239).", "direction-vs-claim"),
    "size of the odds": ("The trait lowered the odds by 52% (OR 0.72, 95% CI 0.60-0.86).", "direction-vs-claim"),
    "significant": ("There was a significant difference between the groups (P = 0.34).", "claim-vs-evidence"),
    "not significant": ("There was no significant difference between the groups (P < 0.001).", "claim-vs-evidence"),
    "its own fraction": ("Pain fell in 77.7% (67/112) of the patients.", "percent-vs-count"),
    "percent of a size": ("There were n = 138 (20% of 512) responders.", "percent-vs-count"),
    "apostrophes": ("Of all, 1'234 of 12'345 patients (11.0%) had fractures.", "percent-vs-count"),
    "patients of studies": ("In 20 studies (N = 636), 502 (72.9%) patients had relief.", "percent-vs-count"),
    "more kept than found": (
        "A total of 519 articles were identified in the search. After removing duplicates, 726 articles were included.",
        "cross-reference",
    ),
    "groups and total": (
        "In all, 123 patients were randomised to the drug (n = 55) or placebo (n = 56).",
        "total-vs-parts",
    ),
}


@pytest.mark.parametrize(("words", "rule"), STILL_FLAGGED.values(), ids=STILL_FLAGGED)
def test_the_plain_error_is_flagged(words: str, rule: str) -> None:
    assert [name for name, _ in flags(words)] == [rule]


SAME_EFFECT = """Lower serum albumin was associated with higher odds of early death (OR 0.85 per g/L, 95% CI 0.75-0.96).
Lower albumin was associated with higher mortality (HR 0.85, 95% CI 0.75-0.96).
Younger age was associated with greater odds of response (OR 0.97, 95% CI 0.95-0.99).
Decreased albumin increased the risk of death (HR 0.72, 95% CI 0.60-0.86).
Low hemoglobin was associated with an increased risk of death (HR for hemoglobin 0.88, 95% CI 0.80-0.97).
Higher odds of response were seen with single fractions (multiple versus single fractions: OR 0.69, 95% CI 0.50-0.95).
Non-smokers had a lower risk of pain flare (OR 2.10, 95% CI 1.20-3.68, for smoking).
It reduced the odds of response by 73% (adjusted OR for non-response 3.676, 95% CI 1.757-7.689).
The risk of death was 37% higher in the control group (HR 0.73, 95% CI 0.55-0.97).
The treated were 8.6 times less likely to respond (adjusted OR 8.64, 95% CI 4.2-17.8).
Each 1-g/L decrease in albumin was associated with an 8% higher risk of death (HR 0.92, 95% CI 0.88-0.96).
Patients with fewer than three lesions had higher odds of response (OR 0.69 for more than three, 95% CI 0.50-0.95).
Better performance increased the odds of response (ECOG 2-4 vs 0-1: OR 0.50, 95% CI 0.30-0.83).
Opioid-naive patients were more likely to respond (OR 0.46, 95% CI 0.30-0.70; reference: no strong opioid).
The odds of response were lower without multimodal analgesia (OR 3.57, 95% CI 1.80-7.10).
With RT alone the risk of progression was higher (HR 0.68, 95% CI 0.51-0.91).
Delaying radiotherapy increased the risk of fracture (early vs late: HR 0.58, 95% CI 0.40-0.84).
The only factor associated with a higher risk was younger age (OR 0.96, 95% CI 0.94-0.99).
Women had a higher risk of fracture (HR 0.70, 95% CI 0.55-0.89).
The risk of death was higher in the placebo group (HR 0.73, 95% CI 0.55-0.97).""".splitlines()


@pytest.mark.parametrize("words", SAME_EFFECT)
def test_the_same_effect_told_from_the_other_side(words: str) -> None:
    assert flags(words, "direction-vs-claim") == []


OPPOSITE = """The odds of response were higher in the treated group than in the control group (OR 0.116, 95% CI 0.056-0.239).
Diabetes was associated with lower odds of response (OR 1.85, 95% CI 1.20-2.85).
The odds of response were higher in patients with diabetes than in those without (OR 0.55, 95% CI 0.35-0.86).
Compared with placebo, the new drug increased the risk of death (HR 0.70, 95% CI 0.55-0.89).
In multivariable analysis, diabetes was independently associated with reduced odds of response (aOR 1.85; 95% CI 1.20-2.85).
Patients with diabetes had 45% higher odds of response (OR 0.55, 95% CI 0.35-0.86).""".splitlines()


@pytest.mark.parametrize("words", OPPOSITE)
def test_an_opposite_direction_without_another_reading(words: str) -> None:
    assert flags(words, "direction-vs-claim") != []


def test_signs_of_old_fonts() -> None:
    """Text taken out of a PDF whose fonts say ¼ for =, and a comma for <."""
    words = "The hazard was lower (HR ¼ 0.61 (95% CI: 0.47 to 0.80); P , 0.01) and the other was not (HR ¼ 0.96; 95% CI: 0.76 to 1.22)."
    assert flags(words) == []
    wrong = words.replace("P , 0.01", "P ¼ 0.41")
    assert flags(wrong) == [("p-vs-ci", "0.41")]


REVIEW = """Abstract

Reduced left strain (HR 1.91, 95% CI 1.52-2.41) was associated with mortality. Right strain (HR 2.08, 95% CI 1.60-2.69) was, too.

Results

Mortality was higher with reduced strain of the right side (HR 2.08, 95% CI 1.60-2.69).
"""


def test_each_of_two_ratios_has_its_partner() -> None:
    audit = oa.audit.check(from_text(REVIEW, name="a.txt"))
    assert [found.rule for found in audit.flags] == []


PARTNERS = """Abstract

The median duration of shedding was 30 days (IQR 20-46) in all cases.

Results

The median duration of shedding was 30 days (IQR 20-46) in the cases.

For the 15 cases with continued treatment, the median duration of shedding was 30 days (IQR 20-44).
"""


def test_a_number_with_its_partner_is_not_the_other_one() -> None:
    audit = oa.audit.check(from_text(PARTNERS, name="a.txt"))
    assert [found.rule for found in audit.flags] == []


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("The median age was 64 years (range 65-88).", ["65 64 88"]),
        ("The median PFS was 9.6 months (IQR 10.1-17.3).", ["10.1 9.6 17.3"]),
        ("The mean age was 91 years (range 45-88).", ["45 88"]),
        ("The median survival was 9.6 months (range, 3.1 to 17.3 months).", []),
        ("The mean time was 9.6 months (IQR 10.1-17.3 months).", []),  # a mean may lie outside the quartiles
        ("The median age was 2 years with an age range between 7 months and 10 years.", []),
        ("The median was 1.0 hours (interquartile range 28 min to 2.2 hours).", []),
        ("The median density was 15 × 10⁶ ml⁻¹ (interquartile range 9-30).", []),
        ("The median blood loss was 500 (range, 1502,000 mL).", []),
        ("The median change was 1.2 points (range -3.4 to -1.1).", []),
    ],
)
def test_a_median_lies_inside_its_own_pair(words: str, printed: list[str]) -> None:
    assert [reported for _, reported in flags(words, "quantile-order")] == printed


SUBSETS = [
    "Of the 52, 46 patients had progression, and all but eight patients (85%) died.",
    "Scores improved in over 85% (25/29) of the first and 60% (21/34) of the second group.",
    "Those further along were significantly more likely to complete all calls (OR 2.6, 95% CI: 0.8-8.1 and OR 8.6, 95% CI: 1.7-44.4 "
    "for two stages, respectively).",
    "In all, 87 consecutive women (age range: 18-54 years) and 205 men (range, 49-65 years) took part.",
    "Relief was seen in 36/84 (43.0%) and 24/84 (29.0%) of the two groups.",  # a whole percentage with .0
    "The mortality with recanalization was lower (32.9% vs 74.4%; P = 0.001) (OR 5.1; 95% CI 1.34-19.33).",
    "In all, 3 of 27 had significant hearing losses (Fisher exact test, P = 0.19).",
    "It came close to a statistically significant association (P = 0.16).",
    "It was significant in the first (P = 0.02) and in the second model (P = 0.40).",  # two P
    "Of 103 patients 12 died before month 3; 61 (67.0%) of the others responded.",
    "Of 103 patients, 61 (67.0%) of the evaluable ones responded.",
    "Relief occurred in 6112 of 103 patients (59.2%).",  # a reference behind 61
    "The groups differed by chance (mean diff − 1.1, 95% CI -2.6, 0.4; P = 0.16).",
    "* Significantly different from the control group, P < 0.05. There was no significant effect (P < 0.05 was the level).",
]


@pytest.mark.parametrize("words", SUBSETS)
def test_parts_references_and_levels(words: str) -> None:
    assert flags(words) == []


def test_a_share_of_all_stays_visible() -> None:
    assert flags("Of 103 patients, 61 (67.0%) of the patients responded.", "percent-vs-count") != []
