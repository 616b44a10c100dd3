"""Scores against limits that their sentence, another one, their row or their caption tells; means and shares of whole numbers.

Each wording stands twice: with numbers that can be, which raise no flag and are listed as checked, and with one that cannot.
"""

import re

import pytest

import ostealgia as oa
from ostealgia.audit.result import Audit
from ostealgia.io.documents.reading import from_text

_CHOICE = re.compile(r"\{([^|{}]*)\|([^{}]*)\}")


def audit(words: str, *, wrong: bool) -> Audit:
    told = _CHOICE.sub(lambda m: m[2 if wrong else 1], words)
    return oa.audit.check(from_text(f"# A study\n\n## Results\n\n{told}\n", name="a.md"))


def both_ways(words: str, rule: str) -> None:
    right, wrong = audit(words, wrong=False), audit(words, wrong=True)
    assert [str(found) for found in right.flags] == []
    assert any(found.rule == rule for found in right.findings)
    assert {found.rule for found in wrong.flags} == {rule}


def table(caption: str, *rows: str) -> str:
    bars = "|" + "---|" * (rows[0].count("|") + 1)
    return "\n".join([f"Table 2. {caption}", "", f"|{rows[0]}|", bars, *(f"|{row}|" for row in rows[1:])])


@pytest.mark.parametrize(
    "words",
    [
        "Itch was rated on a numeric rating scale (NRS) from 0 to 10. The mean NRS score was {6.4|16.4} (SD 1.9) at entry.",
        "Cough was measured on a numeric rating scale (0–10). At noon the mean NRS score was 3.1 with honey and {4.2|14.2} without it.",
        "Tiredness was scored from 0 to 10. The mean rating was {6.4|16.4} in week 1.",
        "The worry score of the Sleep Inventory (SLI-W, range 0-21) had a median of 9 (range 2 to {19|29}).",
        "The Limb Stability Score (LSS, 0–18) was 7 in median (range, 3–{16|26}).",
        "The baseline NRS score (0–10) was 4 (IQR 3–{6|16}).",
        "Itch on the 100-mm visual analogue scale (VAS) averaged {52|152} mm in the control group.",
        "Worst itch (0–10) decreased by a mean of {2.8|12.8} points.",
        "The mean shoulder score (0 to 100) improved from 44 before operation to {81|181} at two years.",
        "The Ankle Score, which ranges from 0 to 48, was {33.4|53.4} (SD 6.2) at one year.",
        "The mean total score on the balance scale (maximum 56 points) was {44.3|64.3} in the dance group.",
        "Nausea was assessed on an 11-point scale (0 = none, 10 = worst possible). Median nausea was 3 (IQR 1–{5|15}) on day 1.",
    ],
)
def test_scores_of_sentences_stand_on_the_scale_that_is_told(words: str) -> None:
    both_ways(words, "scale-bound")


@pytest.mark.parametrize(
    "words",
    [
        "The NRS score (0-10) was recorded in 45 patients.",
        "The NRS score (0–10) was 45% lower than before.",
        "The shuttle test (0-12 levels) came first. With a brace (BRC, 0–12) the mean distance was 25 m.",
        "The total SIP score ranges from 0 to 10,298. The mean SIP score was 708.3.",
        "Survival of patients with a PS of 0–1 was 10.9 months.",
        "Severe itch was a score of 7-10 (NRS 7-10) and mild itch NRS 1-3. The mean NRS score was 8.01.",
        "Age (18–80) was 49 years in median.",
    ],
)
def test_numbers_that_are_no_scores_of_the_scale(words: str) -> None:
    assert [str(found) for found in audit(words, wrong=False).flags] == []


@pytest.mark.parametrize(
    "words",
    [
        table(
            "Scores at entry",
            "Score|Drug (n = 61)|Placebo (n = 60)",
            "Worst itch, NRS (0-10), median (range)|6 (3-9)|6 (2-9)",
            "Worry index (0-27), median (range)|8 (1-{21|31})|9 (0-22)",
        ),
        table(
            "Quality of life (each scale 0–100), mean (SD)",
            "Scale|A (n = 52)|B (n = 50)",
            "Global health|{44.1|144.1} (19.2)|47.3 (18.1)",
            "Sleep|58.0 (20.1)|55.9 (21.0)",
        ),
        table(
            "Itch scores (range 0–10), mean ± SD",
            "Time point|A (n = 52)|B (n = 50)",
            "Baseline|6.8 ± 1.6|6.7 ± 1.8",
            "4 weeks|4.5 ± 1.8|{4.9|49} ± 1.7",
        ),
        table(
            "Outcomes",
            "Outcome|Scale|Brace, mean (SD)|Cast, mean (SD)",
            "Ache at rest|0–10|3.2 (1.3)|{3.5|13.5} (1.4)",
            "Function|0–100|62 (12)|59 (13)",
        ),
    ],
)
def test_scores_of_tables_stand_on_the_scale_that_is_told(words: str) -> None:
    both_ways(words, "scale-bound")


@pytest.mark.parametrize(
    "words",
    [
        "Itch was scored as a whole number from 0 to 10 (NRS). The mean NRS score was {4.65|4.67} (n = 23).",
        "The mean number of skin lesions in the 21 patients of the biopsy substudy was {3.24|3.21} (range 1 to 7).",
        "Patients of the drug substudy (n = 19) had a mean of {4.58|4.28} fractures per patient.",
        "In this series 21 patients underwent a mean of {1.67|1.69} treatment sessions each (range 1–4).",
        "Eighteen adults were treated. Itch was scored by each of the 18 adults as a whole number. The mean "
        "itch score was {6.78|6.76} on the day before.",
        "On average, the 17 children had {2.35|2.38} ear infections in the preceding year.",
        "The fifteen patients had {2.27|2.24} operations on average.",
        table(
            "Itch in whole numbers from 0 to 10 (n = 34)",
            "Time|Mean NRS score|SD",
            "Baseline|{4.62|4.60}|1.94",
            "Week 4|4.53|1.76",
        ),
        table("Falls", "Home|n|Number of falls, mean (SD)", "Dance|14|{2.36|2.39} (1.45)", "Usual|16|5.25 (2.11)"),
    ],
)
def test_means_of_whole_numbers(words: str) -> None:
    both_ways(words, "GRIM")


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (
            "Itch was recorded as an integer from 0 to 10. For the 13 patients the mean score was 6.23 (SD {1.48|1.46}) at entry.",
            "GRIMMER",
        ),
        (
            table(
                "Number of correct answers out of 20",
                "Group|n|Mean|SD",
                "Workshop|20|13.90|2.53",
                "None|17|11.59|{2.24|2.25}",
            ),
            "GRIMMER",
        ),
        ("Smoking (0 = no, 1 = yes) had a mean of 0.43 (SD {0.50|0.38}) in the 44 letters.", "DEBIT"),
        (
            table(
                "Binary predictors (coded 0 = absent, 1 = present)",
                "Variable|N|Mean|SD",
                "Worry|77|0.47|0.50",
                "Male sex|77|0.51|{0.50|0.57}",
            ),
            "DEBIT",
        ),
    ],
)
def test_standard_deviations_of_whole_numbers(words: str, rule: str) -> None:
    right, wrong = audit(words, wrong=False), audit(words, wrong=True)
    assert [str(found) for found in right.flags] == []
    assert {found.rule for found in wrong.flags} == {rule}


@pytest.mark.parametrize(
    "words",
    [
        table(
            "Symptoms, % of patients",
            "Symptom|Baseline (n = 17)|Week 4 (n = 21)",
            "Poor sleep|47.1|61.9",
            "Itch|41.2|23.8",
            "Dry mouth|{52.9|32.9}|57.1",
        ),
        table(
            "Harms",
            "Harm|A subset (n = 29)|B subset (n = 32)",
            "Constipation|76%|50%",
            "Itch|52%|75%",
            "Admission|7%|13%",
            "Stopped early|{62|61}%|34%",
        ),
    ],
)
def test_shares_of_columns_without_counts(words: str) -> None:
    both_ways(words, "GRIM")


@pytest.mark.parametrize(
    "words",
    [
        "The mean dose of the 21 patients was 3.21 Gy.",
        "The 19 adults lost a mean of 4.28 kg.",
        "The mean number of falls per year was 3.21 in the 21 residents.",
        "The mean number of lesions fell by 1.21 in the 21 patients.",
        "The mean number of visits was 3.21 in the 12 women and 4.11 in the 9 men.",
        table(
            "Change in number of falls, mean (SD)",
            "Home|n|Change in falls, mean (SD)",
            "Dance|14|2.39 (1.45)",
            "Usual|16|5.27 (2.11)",
        ),
        table("Body fat, %", "Time|A (n = 17)|B (n = 21)", "Baseline|31.2|33.3", "Week 4|30.1|32.8"),
        table("Patients", "Site|No. (n = 29)|%", "Arm|17|58.6", "Leg|10|34.5", "Hand|2|6.8"),
    ],
)
def test_means_and_shares_that_need_no_whole_numbers(words: str) -> None:
    found = audit(words, wrong=False).flags
    assert [str(one) for one in found if one.rule in ("GRIM", "GRIMMER", "DEBIT")] == []
