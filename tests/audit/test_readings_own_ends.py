"""Scales in a paper's own version, shares at their end, counts of the same patients, joined categories, rounded sizes, P as witness."""

import pytest

import ostealgia as oa
from ostealgia.audit.finding import Finding
from ostealgia.audit.rules.confidence import ci_vs_point
from ostealgia.io.documents.reading import from_text


def flags(results: str, rule: str, methods: str = "Adults were eligible.") -> list[Finding]:
    told = f"# A study\n\n## Methods\n\n{methods}\n\n## Results\n\n{results}\n"
    found = oa.audit.check(from_text(told, name="a.md")).flags
    return [one for one in found if one.rule == rule and one.severity != "information"]


def table(caption: str, rows: str, note: str = "") -> str:
    lines = [[cell.strip() for cell in row.split("|")] for row in rows.strip().split("\n")]
    lines.insert(1, ["---"] * len(lines[0]))
    return f"Table 1. {caption}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{note}\n"


WIDER = "The regional version of the MMSE was used, which has a score of between 0 and 36."
SCORE = "At the end the mean MMSE score was {} in the treated patients."


@pytest.mark.parametrize(
    ("methods", "score", "wrong"),
    [
        ("The MMSE was used.", "34.2", 1),
        (WIDER, "34.2", 0),
        (WIDER, "37.2", 1),
        ("The MMSE, whose maximum score is 36, was used.", "34.2", 0),
        ("Scores of the MMSE ranged from 12 to 36.", "34.2", 1),  # a range of results is no range of the scale
        ("The MMSE ranges from 0 to 20.", "28.2", 0),  # a part of it, or a slip: the known scale stays
    ],
)
def test_a_scale_as_the_paper_says_that_it_is(methods: str, score: str, wrong: int) -> None:
    assert len([f for f in flags(SCORE.format(score), "scale-bound", methods) if f.reported == score]) == wrong


def test_the_scale_of_a_table_as_the_paper_says_that_it_is() -> None:
    rows = (
        "Variable | Before (n = 40) | After (n = 40)\nMMSE score, mean (SD) | 28.2 (2.1) | 33.4 (2.2)\n"
        "MMSE score, women | 27.1 (2.0) | 28.3 (2.4)"
    )
    assert flags(table("Scores of the patients", rows), "scale-bound", "The MMSE was used.")
    assert not flags(table("Scores of the patients", rows), "scale-bound", WIDER)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("There was no relation of the MMSE score and weight (r = -0.061, p=0.31).", 0),
        ("The MMSE score was not correlated with age, mean -0.06.", 0),
        ("The mean MMSE score was 34.2 (SD 2.1).", 1),
        ("The median MMSE score = 34.2.", 1),
    ],
)
def test_a_statistic_is_no_score(text: str, wrong: int) -> None:
    assert len(flags(text, "scale-bound")) == wrong


@pytest.mark.parametrize(
    ("numbers", "scale", "flagged"),
    [
        (("100", "88.8", "100"), "difference", False),  # 31 of 31, exact
        (("100", "88.8", "100"), "proportion", False),
        (("0", "0", "11.2"), "proportion", False),
        (("1.00", "0.89", "1.00"), "proportion", False),
        (("90", "88.8", "100"), "difference", True),
        (("100", "88.8", "108"), "difference", True),
    ],
)
def test_the_interval_of_a_share_of_all_or_none(numbers: tuple[str, str, str], scale: str, flagged: bool) -> None:
    assert ci_vs_point(*numbers, scale=scale).flagged == flagged


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("IL6 and IL8 levels rose twofold in 24/54 (44%) and 22/55 (40%) cases, respectively (P < 0.001).", 0),
        (
            "A fall of 20% relative to baseline was seen in 24/54 (44%) after one and 22/55 (40%) after two cycles (P < 0.001).",
            0,
        ),
        ("A fall of 20% from baseline was seen in 24/54 (44%) with A versus 22/55 (40%) with B (P < 0.001).", 1),
        ("Relief was seen in 24/54 (44%) and 22/55 (40%) cases with A and B, respectively (P < 0.001).", 1),
    ],
)
def test_counts_of_the_same_patients_are_not_compared(text: str, wrong: int) -> None:
    assert len(flags(text, "chi2-vs-counts")) == wrong


TESTED = """
Variable | Group A (n = 120) | Group B (n = 110) | P
Smoker, n (%) | 40 (33.3) | 28 (25.5) | 0.19
Diabetes, n (%) | 22 (18.3) | 25 (22.7) | 0.41
Hypertension, n (%) | 61 (50.8) | 49 (44.5) | 0.34
Asthma, n (%) | 12 (10.0) | 19 (17.3) | 0.11
Type, n (%) | | | {p}
- 1 | 60 (50.0) | 70 (63.6) |
- {second} | 24 (20.0) | 18 (16.4) |
- 4 | 36 (30.0) | 22 (20.0) |
"""


@pytest.mark.parametrize(
    ("second", "p", "wrong"),
    [
        ("2", "0.202", 1),  # three types give 0.10
        ("2/3", "0.202", 0),  # four types, of which two are joined
        ("2 and 3", "0.202", 0),
        ("2/3", "0.802", 1),  # no division of them gives so large a P
    ],
)
def test_a_row_that_joins_categories(second: str, p: str, wrong: int) -> None:
    found = flags(table("Characteristics", TESTED.format(second=second, p=p)), "chi2-vs-counts")
    assert len(found) == wrong


@pytest.mark.parametrize(
    ("size", "ratio", "wrong"),
    [
        ("50%", "HR: 0.55, 95% CI: 0.33-0.92", 0),
        ("60%", "HR: 0.55, 95% CI: 0.33-0.92", 1),
        ("48%", "HR: 0.55, 95% CI: 0.33-0.92", 1),
        ("50.0%", "HR: 0.55, 95% CI: 0.33-0.92", 1),
    ],
)
def test_a_size_rounded_to_tens(size: str, ratio: str, wrong: int) -> None:
    text = f"The variant was associated with a {size} decrease in the risk of fracture ({ratio})."
    assert len(flags(text, "direction-vs-claim")) == wrong


QUANTILES = """
Variable | Group A (n = 120) | Group B (n = 110)
Schooling, years | 11 (9-13) | 12 (121-14)
Stay, days | 5 (3-8) | 6 (4-9)
"""


@pytest.mark.parametrize(
    ("note", "name"),
    [
        ("Values are median (IQR).", "quartile"),
        ("Values are median (interquartile range).", "quartile"),
        ("Values are median (range).", "min"),
    ],
)
def test_limits_have_the_name_that_the_note_gives_them(note: str, name: str) -> None:
    found = flags(table("Characteristics, median", QUANTILES, note), "quantile-order")
    assert len(found) == 1 and (name in found[0].message or (name == "quartile" and "q1" in found[0].message))
    assert (name == "quartile") == ("minimum" not in found[0].message and "min " not in found[0].message)


RATIOS = """
Variable | HR (95% CI) | P
Age | 1.10 (0.83-1.46) | 0.51
Stage | 1.84 (1.37-2.47) | <0.001
Sex | 0.92 (0.71-1.19) | 0.53
Site | 1.26 (0.88-1.80) | 0.21
Size | 1.53 (1.12-{}) | {}
"""


@pytest.mark.parametrize(
    ("high", "p", "repair"),
    [
        ("1.65", "0.008", "1.53 (1.12 to 2.09)"),  # P is of the upper limit that belongs to the lower one
        ("1.65", "0.00000003", None),  # P fits neither 1.53 (1.42 to 1.65) nor 1.35 (1.12 to 1.65)
    ],
)
def test_p_says_which_limit_is_wrong(high: str, p: str, repair: str | None) -> None:
    found = flags(table("Cox regression of survival", RATIOS.format(high, p)), "ci-vs-point")
    assert [one.repair for one in found] == [repair]
