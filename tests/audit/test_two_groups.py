"""Tests of two groups in one sentence, and statistics, df and P side by side in a table: flagged where certain, silent elsewhere."""

import pytest

import ostealgia as oa
from ostealgia.io.documents.reading import from_text


def rules(results: str, *, before: str = "Patients were followed for two years.", after: str = "") -> list[str]:
    told = f"# A study\n\n## Methods\n\n{before}\n\n## Results\n\n{results}\n\n## Discussion\n\n{after}\n"
    return [found.rule for found in oa.audit.check(from_text(told, name="a.md")).flags]


# ---------------------------------------------------------------- t of two means: 2.37 (Student), P 0.020


@pytest.mark.parametrize(
    "words",
    [
        "Mean (SD) stiffness was 5.2 (1.9) in 40 patients given the brace and 4.2 (1.9) in 41 patients without it (t = {t}).",
        "The braced group (n = 40) had a mean stiffness of 5.2 ± 1.9, the other group (n = 41) of 4.2 ± 1.9; t(79) = {t}.",
        "Stiffness averaged 5.2 (SD = 1.9) among the 40 braced and 4.2 (SD = 1.9) among the 41 free (t = {t}, df = 79).",
        "An independent t test (t(79) = {t}) compared stiffness, 5.2 [SD 1.9] in 40 women and 4.2 [SD 1.9] in 41 men.",
        "Stiffness was 5.2, SD 1.9, with the brace (n = 40) and 4.2, SD 1.9, without (n = 41), with 79 degrees of freedom and t = {t}.",
    ],
)
def test_t_of_two_means(words: str) -> None:
    assert rules(words.format(t="2.37")) == []
    assert rules(words.format(t="4.12")) == ["t-vs-summary"]


def test_p_of_a_named_t_test_of_two_means() -> None:
    words = "Mean (SD) stiffness was 5.2 (1.9) in 40 patients vs 4.2 (1.9) in 41 controls, t test P = {}."
    assert rules(words.format("0.020")) == []
    assert rules(words.format("0.30")) == ["t-vs-summary"]


@pytest.mark.parametrize(
    "words",
    [
        "By a paired t test stiffness was 5.2 ± 1.9 in 40 patients and 4.2 ± 1.9 in 41 patients (t = 4.12).",
        "The adjusted stiffness was 5.2 ± 1.9 in 40 patients and 4.2 ± 1.9 in 41 patients (t = 4.12).",
        "Stiffness was 5.2 ± 1.9 with the brace and 4.2 ± 1.9 without (t = 4.12).",
        "Stiffness was 5.2 ± 1.9 in 40 patients, 4.2 ± 1.9 in 41 patients and 4.8 ± 1.9 in 40 patients (t = 4.12).",
        "Stiffness was 5.2 ± 1.9 in 40 patients and 4.2 ± 1.9 in 41 patients (t(60) = 4.12).",
    ],
)
def test_a_t_of_other_numbers(words: str) -> None:
    assert rules(words) == []


# ---------------------------------------------------------------- chi-square of two counts: 4.98, P 0.026


@pytest.mark.parametrize(
    "words",
    [
        "Fever occurred in 24 of 60 patients with the block versus 13 of 61 without (Pearson chi-square {x}, P = 0.026).",
        "The chi-squared test gave χ²(1) = {x}, P = 0.026 for fever (24/60 early, 13/61 late).",
        "Of the early group 24 of 60 and of the late group 13 of 61 had fever, χ² {x}, df 1.",
    ],
)
def test_chi_square_of_two_counts(words: str) -> None:
    assert "chi2-vs-counts" not in rules(words.format(x="4.98"))
    assert "chi2-vs-counts" in rules(words.format(x="9.43"))


def test_counts_whose_order_their_p_tells() -> None:
    words = "Of 60 early patients, 24 had fever and of 61 late ones 13 (chi-square = {x}, P = 0.026)."
    assert rules(words.format(x="4.98")) == []
    assert rules(words.format(x="9.43")) == ["chi2-vs-counts"]


def test_a_chi_square_of_more_than_two_counts() -> None:
    assert rules("Fever occurred in 24 of 60, 13 of 61 and 20 of 60 patients (χ² 9.43, df 2, P = 0.009).") == []
    assert rules("By McNemar's test fever fell from 24 of 60 to 13 of 60 (chi-square 9.43, P = 0.002).") == []


# ---------------------------------------------------------------- intervals that the counts give: OR 2.46 (1.10 to 5.50)


@pytest.mark.parametrize(
    "words",
    [
        "Fever was seen in 24 of 60 smokers and in 13 of 61 others (OR 2.46, 95% CI {ci}).",
        "Comparing 60 smokers (24 with fever) and 61 others (13 with fever), the crude odds ratio was 2.46 (95% CI {ci}).",
        "Among 60 smokers, 24 had fever, as against 13 among 61 others (odds ratio 2.46; 95% confidence interval {ci}).",
    ],
)
def test_an_interval_of_the_odds_ratio_of_two_counts(words: str) -> None:
    assert rules(words.format(ci="1.10 to 5.50")) == []
    assert rules(words.format(ci="1.89 to 3.20")) == ["precision-bound"]


def test_the_interval_of_another_odds_ratio() -> None:
    assert rules("Fever was seen in 24 of 60 smokers and in 13 of 61 others (OR 1.31, 95% CI 1.01 to 1.70).") == []


def test_a_factor_whose_patients_are_told() -> None:
    words = "In the model of 192 patients (33 with diabetes), the odds ratio for diabetes was 1.20 (95% CI {})."
    assert rules(words.format("0.55 to 2.62")) == []
    assert rules(words.format("0.88 to 1.63")) == ["precision-bound"]


# ---------------------------------------------------------------- bounds: what does not switch them off

_FACTORS = """Table 2. Univariable logistic regression for fever (76 events among 155 patients)

| Factor | No. (%) of 155 patients | OR | 95% CI | P |
|---|---|---|---|---|
| Alone | 46 (29.7) | 0.64 | 0.32-1.29 | 0.21 |
| Brace | 53 (34.2) | 1.00 | {} | 0.99 |

{}
"""


@pytest.mark.parametrize("note", ["Maximum likelihood, unweighted.", "No weights were used.", ""])
def test_a_model_without_weights(note: str) -> None:
    assert rules(_FACTORS.format("0.51-1.96", note)) == []
    assert rules(_FACTORS.format("0.79-1.26", note)) == ["precision-bound"]


def test_a_model_with_weights() -> None:
    assert rules(_FACTORS.format("0.79-1.26", "Inverse-probability weighted.")) == []


def test_a_meta_analysis_of_others() -> None:
    words = "After 130 deaths (48 in the early group and 82 in the late group; HR 0.55, 95% CI {}) the trial ended."
    other = "A meta-analysis of 25 trials reported more."
    assert rules(words.format("0.38-0.79"), after=other) == []
    assert rules(words.format("0.47-0.64"), after=other) == ["events-bound"]


def test_deaths_of_both_groups() -> None:
    words = (
        "60 of 105 patients in the early group and 81 of 103 in the late group had died (hazard ratio 0.56; 95% CI {})."
    )
    assert rules(words.format("0.40 to 0.78")) == []
    assert rules(words.format("0.50 to 0.63")) == ["events-bound"]


def test_two_drugs_that_are_compared() -> None:
    words = "With 95 deaths observed, the hazard ratio comparing the first drug with the second was 0.80 (95% CI {})."
    assert rules(words.format("0.53-1.20")) == []
    assert rules(words.format("0.72-0.89")) == ["events-bound"]


# ---------------------------------------------------------------- columns of statistics

_TESTS = """Table 3. Comparison of domains

| Domain | {head} | P value |
|---|---|---|---|
| Sleep | {first} | 0.013 |
| Mood | {second} | 0.006 |
| Work | {third} | {p} |
"""


@pytest.mark.parametrize(
    ("head", "first", "second", "third", "right"),
    [
        ("t | df", "2.55 | 75", "2.81 | 87", "0.98 | 68", "0.33"),
        ("F | df", "4.55 | 2, 104", "3.84 | 4, 91", "1.74 | 3, 87", "0.165"),
        ("Degrees of freedom | χ²", "2 | 8.69", "3 | 12.45", "2 | 2.22", "0.33"),
    ],
)
def test_p_beside_statistic_and_df(head: str, first: str, second: str, third: str, right: str) -> None:
    table = _TESTS.replace("{head}", head).format(first=first, second=second, third=third, p="{p}")
    assert rules(table.format(p=right)) == []
    assert rules(table.format(p="0.012")) == ["p-vs-statistic"]


def test_adjusted_p_beside_statistic_and_df() -> None:
    table = _TESTS.replace("of domains", "of domains (P by Tukey's method)").replace("{head}", "t | df")
    assert rules(table.format(first="2.55 | 75", second="2.81 | 87", third="0.98 | 68", p="0.012")) == []


def test_p_of_heterogeneity_in_its_column() -> None:
    table = (
        "Table 4. Pooled outcomes\n\n| Outcome | Studies | Q | df | P (heterogeneity) |\n|---|---|---|---|---|\n"
        "| Fever | 4 | 2.53 | 3 | 0.47 |\n| Falls | 6 | 5.44 | 5 | 0.365 |\n| Pain | 7 | 28.63 | 6 | {} |\n"
    )
    assert rules(table.format("<0.001")) == []
    assert rules(table.format("0.41")) == ["heterogeneity"]
