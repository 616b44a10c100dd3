"""Denominators a few words away, flows through a passage, limits in bare brackets: flagged where certain, silent elsewhere."""

import pytest

import ostealgia as oa
from ostealgia.audit.finding import Finding
from ostealgia.io.documents.reading import from_text


def flags(results: str, *, methods: str = "Patients were followed for two years.") -> list[Finding]:
    told = f"# A study\n\n## Methods\n\n{methods}\n\n## Results\n\n{results}\n"
    return list(oa.audit.check(from_text(told, name="a.md")).flags)


def rules(results: str, **where: str) -> list[str]:
    return [found.rule for found in flags(results, **where)]


# ---------------------------------------------------------------- percentages


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("Out of 80 patients treated with pamidronate, 12 had a rib fracture ({}%).", "15.0 18.0"),
        ("Fever was seen in {}% of patients in the early arm (9/60).", "15.0 51.0"),
        ("Fever was seen in {}% of patients (9 of 60) given the block.", "15.0 51.0"),
        ("12 patients (24.0%) in the early group (n = 50) and 9 ({}%) in the late group (n = 60) fell.", "15.0 51.0"),
        ("Fever occurred in 12 of 50 (early) and 9 of 60 (late) patients (24% vs {}%).", "15 51"),
        ("There were 9 patients with fever among the 60 given the block ({}%).", "15 51"),
        ("The share with fever was 9/60, or {}%.", "15.0 51.0"),
        ("60 patients received the block; 9 of them ({}%) had fever.", "15 51"),
        ("A total of 9 patients ({}%) out of 60 in the early arm had fever.", "15 51"),
        ("Of 50 patients in the early group and 60 in the late group, 12 (24.0%) and 9 ({}%), respectively, fell.", "15.0 51.0"),
    ],
)  # fmt: skip
def test_a_denominator_a_few_words_away(words: str, wrong: str) -> None:
    right, other = wrong.split()
    assert not flags(words.format(right))
    assert rules(words.format(other)) == ["percent-vs-count"]


@pytest.mark.parametrize(
    "words",
    [
        "Almost 60% (354 of 600) of all users and 40% of those in this report (80 of 200) stopped.",
        "There was a 50% reduction of pain in patients of the early arm (9/60).",
        "At least 20% of patients in the early arm (9/60) had fever.",
        "The last 40 were grade 1 or 2 out of 60 (66.7%).",
    ],
)
def test_a_change_or_a_rough_share_is_no_percentage_of_the_fraction(words: str) -> None:
    assert not flags(words)


def test_the_other_percentages_of_a_sentence_say_the_denominator() -> None:
    told = "In the 42 patients there were complete responses in one (2%), partial in 32 (76%) and none in eight ({}%)."
    assert not flags(told.format(19))
    assert rules(told.format(91)) == ["percent-vs-count"]


def test_two_arms_have_denominators_of_their_own() -> None:
    told = "Of 60 and 70 patients, three (4.3%) of the second responded; nine (15%) of the first and four (5.7%) of the second fell."
    assert not flags(told)


def test_percentages_made_to_add_up_to_hundred_are_no_slip() -> None:
    assert not flags("Of the 114 reports, 20 (17.5%) were good, 74 (65.0%) fair and 20 (17.5%) poor.")


@pytest.mark.parametrize(
    "said", ["Percentages are Kaplan-Meier estimates.", "Death was analysed by the Kaplan-Meier method."]
)
def test_an_estimate_over_time_lies_above_its_counts(said: str) -> None:
    words = "Death occurred in 44.8% (7/17) and in 61.1% (11/18) (HR 0.57, 95% CI 0.22-1.47)."
    assert not flags(words, methods=said)
    assert flags(words.replace("44.8%", "34.8%"), methods=said)
    assert flags(words)


# ---------------------------------------------------------------- flows


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("Of 90 patients screened, {} were excluded (10 had no scan, 8 declined, 12 for other reasons) and 60 were randomised.",
         "30 27"),
        ("We screened 90 patients. After exclusion of 30 patients (no scan, n = 10; refusal, n = {}; other, n = 12), 60 were "
         "randomised.", "8 11"),
        ("90 patients were reviewed; {} did not meet the criteria, and the remaining 60 formed the study cohort.", "30 24"),
        ("The search identified 900 records. After removal of 200 duplicates, 700 records were screened, of which {} were "
         "excluded. "
         "Of 60 full-text articles assessed, 50 were excluded and 10 studies were included.", "640 645"),
        ("In the early arm {} of 60 patients withdrew, leaving 55 for analysis.", "5 9"),
        ("60 patients were included (90 screened, {} excluded).", "30 27"),
    ],
)  # fmt: skip
def test_the_flow_of_a_passage(words: str, wrong: str) -> None:
    right, other = wrong.split()
    assert not flags(words.format(right))
    assert flags(words.format(other))


@pytest.mark.parametrize(
    "words",
    [
        "Of 90 patients screened, 20 were excluded and 60 were randomised.",  # others may have left
        "We enrolled 90 workers, of whom 67% (60/90) had a sample; 5 were excluded because of missing data, leaving 55.",
        "Of 90 patients screened, 30 were excluded (some for more than one reason: 20 had no scan, 15 declined) and 60 were randomised.",
        "Four patients were excluded (three had no scan and one patient had <2 cycles).",
    ],
)
def test_a_flow_that_leaves_something_out_is_not_judged(words: str) -> None:
    assert not flags(words)


# ---------------------------------------------------------------- intervals

SAID = "Estimates are followed by their 95% confidence interval in brackets."


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("The hazard ratio of male sex was 0.747 [0.963-1.954] for death.", "ci-vs-point"),
        ("The hazard ratio of a score of 80 or more was 2.15 (1.22-3.78, P = 0.080) for death.", "p-vs-ci"),
        ("The adjusted hazard ratio (95% CI; P) was 0.79 (0.57-1.09; 0.012) for male sex.", "p-vs-ci"),
        ("Mean pain at week 4 differed by -0.75 points (95% CI -0.95 to -0.55; P = 0.10) between the arms.", "p-vs-ci"),
        ("The sensitivity was 8.7% (95% CI 79.1% to 94.3%) and the specificity 93.2% (95% CI 87.0% to 97.1%), "
         "the accuracy 90.1% (95% CI 85.0% to 94.0%) and the yield 80.0% (95% CI 71.0% to 87.0%).", "ci-vs-point"),
    ],
)  # fmt: skip
def test_intervals_without_a_label_and_differences_in_words(words: str, rule: str) -> None:
    assert rule in rules(words, methods=SAID)


@pytest.mark.parametrize(
    "words",
    [
        "The hazard ratio was 1.37 for age of 70 years or more (95% CI from 1.04 to 1.80, P = 0.025).",
        "The odds ratio was 1. 64 (95% CI 0.91-2.94).",
        "The pooled fraction was 24%, 95% (CI 21 to 28%).",
        "The difference was -2.9 points; 95% confi- 95% CI, -5.3 to 4.0 in the other column.",
        "The risk ratio of creatinine was 1.24 (95% CI 0.61-1.92; P = 0.462).",  # P fits the estimate and the width: a profile
    ],
)
def test_an_interval_that_may_be_another_or_a_profile(words: str) -> None:
    assert not flags(words, methods=SAID)


# ---------------------------------------------------------------- how narrow an interval can be


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("There were 108 deaths among 206 patients. Age of 70 years or more had a hazard ratio for death of {}.", 1),
        ("With 116 deaths in 189 patients, Cox regression gave a hazard ratio of {} for female sex.", 1),
        ("With 116 deaths in 189 patients, Cox regression gave a hazard ratio of {} per point of the score.", 0),
    ],
)
def test_a_factor_that_is_there_or_not_needs_events(words: str, wrong: int) -> None:
    narrow, wide = "0.78 (95% CI 0.65-0.93)", "0.78 (95% CI 0.52-1.17)"
    assert not flags(words.format(wide))
    assert rules(words.format(narrow)) == ["events-bound"] * wrong


# ---------------------------------------------------------------- statistics in words


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("The Wald chi-square of male sex in the Cox model was 0.64 (df = 1, p = {}).", "0.42 0.043"),
        ("The Pearson chi-squared statistic for fever was 2.36 with 1 degree of freedom (P = {}).", "0.12 0.012"),
        ("Pain went with sleep (r = -0.09, P = {}, N = 135).", "0.30 0.003"),
    ],
)
def test_a_statistic_told_in_words(words: str, wrong: str) -> None:
    right, other = wrong.split()
    assert not flags(words.format(right))
    assert rules(words.format(other)) == ["p-vs-statistic"]


def test_a_correlation_of_ranks_has_another_p() -> None:
    assert not flags("Pain went with sleep (r = -0.09, P = .003, N = 135).", methods="Spearman correlations were used.")


def test_a_small_p_is_repaired_with_three_places() -> None:
    found = flags("The odds ratio of male sex was 2.15 (95% CI 1.22-3.78; P = 0.08).")
    assert [(one.rule, one.repair) for one in found] == [("p-vs-ci", "0.008")]


def test_decimal_commas_with_three_places_are_no_thousands() -> None:
    text = "The odds ratio was 1,956 (95% CI 1,005-3,806; P = 0,048), the rate 61,2% against 43,3% (P = 0,012)."
    assert not flags(text)


def test_a_sum_of_two_searches_is_no_flow() -> None:
    told = "We identified 1200 publications and 350 clinical reports. After removing duplicates, 1430 articles were included."
    assert not flags(told)
