"""Directions, bounds on precision, heterogeneity, pools of one study and retold sentences: what is flagged, and what is left alone."""

import pytest

import ostealgia as oa
from ostealgia.io.documents.reading import from_text


def rules(results: str, *, abstract: str = "Background: itch is common.") -> set[str]:
    told = f"# A study\n\n## Abstract\n\n{abstract}\n\n## Methods\n\nAdults were followed.\n\n## Results\n\n{results}\n"
    return {found.rule for found in oa.audit.check(from_text(told, name="a.md")).flags}


def table(caption: str, *rows: str) -> str:
    bars = "|---" * len(rows[0].split("|")) + "|"
    return "\n".join([caption, "", f"| {rows[0]} |", bars, *(f"| {row} |" for row in rows[1:])])


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        ("Mean itch fell from 6.4 (SD 1.3) before to {} (SD 1.1) after the bath.", "3.1", "8.1"),
        ("The share of smokers rose from 21% in 2011 to {}% in 2018.", "34", "14"),
        ("There was a reduction in wheals from 18.2 to {} per leg.", "11.5", "25.1"),
        ("Nursing time was shortened from 64 minutes before to {} minutes after the change.", "41", "81"),
        ("The mean itch score fell by {} points, from 7.2 to 4.1.", "3.1", "1.3"),
        ("Mean use decreased by {}% from 90 mg to 60 mg.", "33", "63"),
        ("Dressing took shorter with tape ({} min) than with gauze (14 min).", "9", "19"),
        ("The mean score in the cream group ({}) was lower than that in the salt group (5.8).", "4.2", "7.2"),
        ("Stay was shorter in the early group than in the late group: {} days.", "4.1 vs 6.3", "6.3 vs 4.1"),
        ("Survival was longer with cream than with salt (median {} months).", "11.2 vs 8.7", "8.7 vs 11.2"),
        ("Cream led to {} in wheals compared with placebo (RR 0.64, 95% CI 0.47 to 0.87).", "a decrease", "an increase"),
        ("Cream {} the risk of itch compared with placebo (RR 0.49, 95% CI 0.31 to 0.77).", "halved", "doubled"),
        ("The odds of relief were {} times higher with cream than with placebo (OR 2.60; 95% CI 1.40 to 4.83).", "2.6", "6.2"),
        ("Fewer adults had wheals with cream than with salt ({}).", "12% vs 31%", "31% vs 12%"),
        ("The prevalence of falls rose from {}%.", "4.2% to 8.1", "8.1% to 4.2"),
        ("There was a {}% reduction in the risk of death for relapse-free survival (HR 0.78; 95% CI 0.58 to 1.05).", "22", "78"),
    ],
)  # fmt: skip
def test_words_of_direction_and_their_numbers(words: str, right: str, wrong: str) -> None:
    assert rules(words.format(right)) == set()
    assert "direction-vs-claim" in rules(words.format(wrong))


@pytest.mark.parametrize(
    "words",
    [
        "Itch decreased from 1 to 6 weeks after the bath.",
        "The incidence decreased from 2010 to 2018 in men.",
        "Itch did not increase from 5.3 to 4.1.",
        "The chance was reduced from 1 in 20 to 1 in 40.",
        "Survival decreased from 3 months to 12 months after diagnosis.",
        "The dose was reduced from 1 g to 750 mg.",
        "Skin thickness fell with increasing numbers of baths (from 33 to 12).",
        "Wheals fell, with the range of reduction from 15% to 60%.",
        "Doubling the share by 2.3 times (from 18.1% to 41.6%) changed little.",
        "Scores were higher among those with cream (n = 12) than with salt (n = 19).",
        "A lower back was seen in smokers (12.0%) than in others (19.0%).",
        "A reduced dose (from 10 to 40 mg) was given to 12 patients.",
        "The dose was reduced from 40 mg/day to 280 mg/week.",
        "Costs increased from 900 thousand to 1.2 million.",
        "The rank of itch rose from 8 to 3.",
        "Smoking decreased from 34 (28%) to 40 (19%) patients.",
        "Acuity fell from 0.1 to 0.3 logMAR.",
        "Temperature fell from 38.9 °C to 100.1 °F.",
        "There was a reduction in pressure (from 20% to 40%; n = 6).",
        "Rates were higher with cream (3 per 100) than with salt (12 per 1000).",
        "Levels were higher with cream (median 4.1) than with salt (mean 4.9).",
        "Smoking was more prevalent with cream (41% of men, 30% of women) than with salt (45% of men, 12% of women).",
        "The number of events was lower with cream (12 in 400) than with salt (9 in 120).",
        "There was 9% higher risk of itch in men (RR 1.12, 95% CI 1.05 to 1.19) compared to women (1.03, 95% CI 1.00 to 1.06).",
    ],
)
def test_numbers_that_no_direction_is_told_of(words: str) -> None:
    assert rules(words) == set()


_SHARE = "Obesity was present in 61 of 204 patients (29.9%). In logistic regression of all 204 patients, "


@pytest.mark.parametrize(
    ("words", "right", "wrong", "rule"),
    [
        (_SHARE + "obesity was a predictor of itch (OR 1.80, 95% CI {}).", "0.95 to 3.41", "1.55 to 2.09", "precision-bound"),
        ("There were 88 events (41 in the cream group and 47 in the salt group). In a Cox model the hazard ratio was 0.80 (95% CI {}).",
         "0.53 to 1.21", "0.71 to 0.90", "events-bound"),
        ("Of 204 patients, 88 relapsed. In a Cox model the hazard ratio for relapse (cream vs salt) was 1.40 (95% CI {}).",
         "0.90 to 2.18", "1.25 to 1.57", "events-bound"),
        ("Itch was seen in 29 of 92 bathed and 19 of 95 other adults. In crude logistic regression the odds ratio was 1.84 (95% CI {}).",
         "0.94 to 3.60", "1.47 to 2.31", "precision-bound"),
        ("Of 204 patients, 88 relapsed. Obesity (61 of 204 patients) was associated with relapse in the Cox model (HR 1.40, 95% CI {}).",
         "0.90 to 2.18", "1.25 to 1.57", "events-bound"),
    ],
)  # fmt: skip
def test_intervals_of_factors_that_the_paper_counts(words: str, right: str, wrong: str, rule: str) -> None:
    assert rules(words.format(right)) == set()
    assert rules(words.format(wrong)) == {rule}


@pytest.mark.parametrize(
    "words",
    [
        _SHARE.replace("logistic", "a weighted logistic") + "obesity predicted itch (OR 1.80, 95% CI 1.55 to 2.09).",
        _SHARE + "obesity predicted itch (OR 1.80 per point; 95% CI 1.55 to 2.09).",
        _SHARE + "age predicted obesity (OR 1.80, 95% CI 1.55 to 2.09).",
        "We saw 5,120 admissions. " + _SHARE + "obesity predicted itch (OR 1.80, 95% CI 1.55 to 2.09).",
    ],
)
def test_intervals_that_may_be_that_narrow(words: str) -> None:
    assert rules(words) == set()


def test_events_of_a_row_bound_its_hazard_ratio() -> None:
    rows = ["Subgroup | Events | HR (95% CI)", "Men | 44 | 0.71 ({})", "Women | 51 | 0.82 (0.47 to 1.42)"]
    made = table("Table 1. Relapse by subgroup (Cox model, treatment effect)", *rows)
    assert rules(made.format("0.39 to 1.29")) == set()
    assert rules(made.format("0.60 to 0.84")) == {"events-bound"}


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        ("The trials differed (Cochran's Q 15.2, df 8, P = 0.055; I² {}%).", "47", "74"),
        ("Cochran's Q for itch was 31.2 with 10 degrees of freedom (p = {}).", "0.0005", "0.15"),
        ("Heterogeneity was described by Q = 28.0 (df = 14), I² = 50.0% and H = {}.", "1.41", "2.41"),
        ("Seven trials of itch were pooled (k = 7; Q = 7.50, df = {}, I² = 20%).", "6", "9"),
        ("Trials were alike (DerSimonian-Laird: Q = 3.10, df = 6, I² = 0%, τ² = {}).", "0", "0.21"),
        ("Heterogeneity: Chi² = 30.0, df = 12 (P = 0.003); I² = {}%.", "60", "70"),
    ],
)
def test_heterogeneity_in_other_words(words: str, right: str, wrong: str) -> None:
    assert rules(words.format(right)) == set()
    assert "heterogeneity" in rules(words.format(wrong))


def test_a_bare_p_beside_q_and_i2_is_that_of_q() -> None:
    rows = [
        "Outcome | Trials | Q | df | P | I² (%)",
        "Itch | 12 | 29.80 | 11 | 0.002 | 63.1",
        "Sleep | 15 | 20.10 | 14 | {} | 30.3",
    ]
    made = table("Table 1. Heterogeneity by outcome", *rows)
    assert rules(made.format("0.127")) == set()
    assert rules(made.format("0.721")) == {"heterogeneity"}


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        ("Only one trial reported itch. Its RR was 0.70 (95% CI 0.51 to 0.96). The pooled RR, based on this single study, was {}.",
         "0.70 (95% CI 0.51 to 0.96)", "0.82 (95% CI 0.60 to 1.12)"),
        ("One study (Ahlgren, 2015) contributed to the analysis of sleep (OR 1.90, 95% CI 1.20 to 3.01{}).", "", ", I² = 38%"),
    ],
)  # fmt: skip
def test_pools_of_one_study(words: str, right: str, wrong: str) -> None:
    assert rules(words.format(right)) == set()
    assert rules(words.format(wrong)) & {"pooled-vs-studies", "heterogeneity"}


@pytest.mark.parametrize(
    "words",
    [
        "One large trial weighed most (RR 0.81, 95% CI 0.60 to 1.09); the pooled RR was 0.70 (95% CI 0.52 to 0.94).",
        "Only one trial reached significance (RR 0.61, 95% CI 0.40 to 0.93). The pooled RR was 0.90 (95% CI 0.72 to 1.14).",
        "The subgroup included only one trial with three arms (I2 = 30%).",
        "I2 was 62% for the 14 studies; chi-square for sex was 4.1 (df = 1, P = 0.043).",
    ],
)
def test_one_study_that_is_not_the_pool(words: str) -> None:
    assert rules(words) == set()


def test_i2_of_a_row_of_one_study() -> None:
    rows = [
        "Outcome | No. of studies | Pooled OR (95% CI) | I²",
        "Itch | 4 | 1.62 (0.99-2.65) | 42%",
        "Sleep | 1 | 1.57 (0.59-4.20) | {}",
    ]
    made = table("Table 1. Pooled results", *rows)
    assert rules(made.format("0%")) == rules(made.format("NA")) == set()
    assert rules(made.format("32%")) == {"heterogeneity"}
    assert rules(made.replace("Outcome |", "Outcome, by arms |").format("32%")) == set()


def test_rows_that_count_one_study() -> None:
    rows = ["Factor | Studies | Study | Study OR (95% CI) | Pooled OR (95% CI)", "Sleep | 1 | Ahlgren, 2015 | 1.90 (1.20-3.01) | {}",
            "Itch | 1 | Berger, 2017 | 1.50 (1.01-2.23) | 1.50 (1.01-2.23)"]  # fmt: skip
    made = table("Table 1. Pooled results", *rows)
    assert rules(made.format("1.90 (1.20-3.01)")) == set()
    assert rules(made.format("1.40 (0.88-2.22)")) == {"pooled-vs-studies"}


def test_trials_without_a_year_and_limits_in_a_column_of_their_own() -> None:
    rows = [
        "Trial | MD | 95% CI",
        "Ahlgren | -3.1 | -5.0 to -1.2",
        "Berger | -2.2 | -4.0 to -0.4",
        "Carlsen | -4.0 | -6.5 to -1.5",
        "Pooled | {} | {}",
    ]
    made = table("Table 1. Meta-analysis of trials, random effects", *rows)
    assert rules(made.format("-2.9", "-4.1 to -1.7")) == set()
    assert rules(made.format("-4.9", "-6.1 to -3.7")) == {"pooled-vs-studies"}


@pytest.mark.parametrize(
    ("abstract", "results", "right", "wrong"),
    [
        ("Median relief was {} months with cream and 5.1 months with salt.",
         "Median relief was 9.4 months with cream and 5.1 months with salt.", "9.4", "4.9"),
        ("Earmuffs were used by 31 adults ({}%).", "Earmuffs were used by 31 of 80 adults (38.8%).", "38.8", "83.8"),
        ("Survival was longer with cream (hazard ratio {}; P = 0.018).",
         "Survival was longer with cream: hazard ratio 0.72, 95% CI 0.55 to 0.94, P = 0.018.", "0.72", "0.77"),
        ("We randomised {} adults.", "We randomised 164 adults.", "164", "146"),
        ("A total of {} patients were included.", "A total of 1275 patients were included.", "1275", "1257"),
    ],
)  # fmt: skip
def test_sentences_of_the_abstract_told_again(abstract: str, results: str, right: str, wrong: str) -> None:
    assert rules(results, abstract=abstract.format(right)) == set()
    assert rules(results, abstract=abstract.format(wrong))


@pytest.mark.parametrize(
    ("abstract", "results"),
    [
        ("Relief was seen in 61% at 3 months.", "Relief was seen in 64% at 6 months."),
        ("Median relief was 12.1 months in men.", "Median relief was 9.8 months in women."),
        ("Grade 3 itch was seen in 21% of adults.", "Grade 4 itch was seen in 12% of adults."),
        ("Response was seen in 41% of adults.", "Complete response was seen in 14% of adults."),
        ("A total of 124 patients were analysed.", "A total of 142 patients were randomised."),
        ("We included 124 patients.", "We included 142 patients, of whom 18 were later excluded."),
        ("We included 120 patients.", "We included 102 patients in the per-protocol analysis and 120 in all."),
    ],
)
def test_sentences_that_tell_something_else(abstract: str, results: str) -> None:
    assert rules(results, abstract=abstract) == set()


def test_proportions_in_columns_and_their_intervals() -> None:
    rows = [
        "Relief | n/N | Per cent | 95% CI",
        "Full | 10/61 | 16.4 | 9.2, 27.6",
        "Part | 26/61 | 42.6 | 31.0, 55.1",
        "None | 19/61 | 31.1 | {}",
    ]
    made = table("Table 1. Relief at week 2", *rows)
    assert rules(made.format("20.9, 43.6")) == set()
    assert rules(made.format("29.0, 43.6")) == {"ci-vs-point"}
    assert "ci-vs-point" in rules(made.format("44.0, 56.1"))
    assert rules(made.replace("week 2", "week 2, weighted").format("29.0, 43.6")) == set()


def test_z_beside_p_without_an_estimate() -> None:
    rows = [
        "Predictor | z | P value",
        "Age | 2.64 | 0.008",
        "Sex | 1.12 | 0.263",
        "Sleep | 3.08 | 0.002",
        "Itch | 1.87 | {}",
    ]
    made = table("Table 1. Wald tests", *rows)
    assert rules(made.format("0.061")) == set()
    assert rules(made.format("0.161")) == {"p-vs-statistic"}
    assert rules(made.replace("0.263", "0.3").replace("0.002", "0.2").format("0.161")) == set()
