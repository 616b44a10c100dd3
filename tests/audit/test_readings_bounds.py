"""Bounds, medians, crude ratios, pooled rows and columns of heterogeneity in other words and layouts, each beside one that fits."""

import pytest
from cross_papers import flags, paper, review

from ostealgia.audit.checks.across.bounds import bounds_interval
from ostealgia.audit.checks.across.crude import crude_in_words, crude_means
from ostealgia.audit.checks.across.medians import medians_named
from ostealgia.audit.checks.across.ratio_bounds import table_ratio_bounds
from ostealgia.audit.checks.across.studies import studies_middle, studies_total
from ostealgia.audit.checks.prose.exponentiation import exponentiated
from ostealgia.audit.checks.reviews.columns import review_columns
from ostealgia.audit.checks.reviews.pooled import review_pooled
from ostealgia.audit.checks.reviews.tables import review_tables
from ostealgia.audit.checks.tables.medians import table_medians
from ostealgia.audit.checks.tables.studies import table_studies
from ostealgia.effects.compute import compute
from ostealgia.meta.pooling import pool


def table(caption, *rows, before="", note=""):
    """A paper whose results hold one table in Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    rule = "|" + "---|" * len(rows[0])
    body = "\n".join([lines[0], rule, *lines[1:]])
    return paper(f"# Study\n\n## Results\n\n{before}\n\n{caption}\n\n{body}\n\n{note}\n", name="paper.md")


def said(words):
    """A paper with these results."""
    return paper(f"# Study\n\n## Results\n\n{words}\n", name="paper.md")


# ---------------------------------------------------------------- pooled rows

STUDIES = [("Adams 2014", "0.50 (0.25-1.00)"), ("Brown 2015", "0.70 (0.40-1.22)"), ("Clark 2016", "0.65 (0.30-1.41)"),
           ("Davis 2018", "0.55 (0.31-0.98)")]  # fmt: skip


@pytest.mark.parametrize(
    ("pooled", "wrong"),
    [("0.60 (0.44-0.83)", False), ("0.82 (0.60-1.12)", True), ("0.56 (0.50-0.57)", True), ("0.56 (0.41-0.77)", False)],
)
@pytest.mark.parametrize("label", ["Pooled (random effects)", "Total", "Overall"])
def test_a_pooled_row_lies_among_its_studies(pooled, wrong, label):
    made = table("Table 2. Meta-analysis of response", ("Study", "OR (95% CI)"), *STUDIES, (label, pooled))
    assert bool(flags(review_tables, made)) == wrong


def test_a_pooled_row_by_another_model_or_among_subgroups_is_not_asked():
    network = table(
        "Table 2. Network meta-analysis", ("Study", "OR (95% CI)"), *STUDIES, ("Pooled", "0.82 (0.60-1.12)")
    )
    parts = [
        *STUDIES,
        ("Subtotal", "0.60 (0.44-0.83)"),
        ("Evans 2019", "1.50 (1.00-2.25)"),
        ("Overall", "0.82 (0.60-1.12)"),
    ]
    several = table("Table 2. Meta-analysis", ("Study", "OR (95% CI)"), *parts)
    assert not list(review_tables(network)) and not list(review_tables(several))


# ---------------------------------------------------------------- columns of heterogeneity


def test_columns_of_heterogeneity():
    head = ("Outcome", "Studies", "OR (95% CI)", "Q", "I2 (%)", "P heterogeneity")
    rows = [("Response", "11", "1.67 (1.20-2.32)", "18.9", "47", "0.04"), ("Fracture", "8", "0.80 (0.55-1.16)", "9.1", "23", "0.25"),
            ("Toxicity", "6", "1.10 (0.70-1.73)", "9.4", "47", "0.09")]  # fmt: skip
    assert not flags(review_columns, table("Table 3. Pools", head, *rows))
    off = [("Response", "11", "1.67 (1.20-2.32)", "18.9", "74", "0.04"), *rows[1:]]
    assert [one.repair for one in flags(review_columns, table("Table 3. Pools", head, *off))] == ["47"]
    p_off = [("Response", "11", "1.67 (1.20-2.32)", "18.9", "47", "0.40"), *rows[1:]]
    assert [one.reported for one in flags(review_columns, table("Table 3. Pools", head, *p_off))] == ["0.40"]


def test_columns_that_fit_no_row_are_of_something_else():
    head = ("Outcome", "Studies", "Q", "I2 (%)")
    rows = [("Response", "11", "18.9", "12"), ("Fracture", "8", "9.1", "61"), ("Toxicity", "6", "9.4", "8")]
    assert not flags(review_columns, table("Table 3. Pools", head, *rows))


# ---------------------------------------------------------------- bounds

HEAD = ("Variable", "HR (95% CI)", "P value")
OPIOIDS = ("Opioid use (yes vs no)", "1.34 (0.82-2.19)", "0.24")


@pytest.mark.parametrize(
    ("interval", "wrong"), [("1.67 (1.50-1.86)", True), ("1.67 (1.22-2.29)", True), ("1.67 (1.05-2.65)", False)]
)
def test_events_of_the_caption(interval, wrong):
    made = table(
        "Table 3. Cox regression for death (80 deaths in 204 patients)", HEAD, ("Male sex", interval, "0.03"), OPIOIDS
    )
    assert bool(flags(table_ratio_bounds, made)) == wrong


@pytest.mark.parametrize("label", ["Age", "Haemoglobin", "Number of lesions", "Male sex × age", "NRS (per point)"])
def test_a_measured_factor_has_no_bound(label):
    made = table(
        "Table 3. Cox regression for death (80 deaths in 204 patients)",
        HEAD,
        (label, "1.67 (1.50-1.86)", "0.03"),
        OPIOIDS,
    )
    assert not flags(table_ratio_bounds, made)


@pytest.mark.parametrize(
    "words", ["weighted Cox regression", "Cox regression with robust errors", "Cox regression in matched pairs"]
)
def test_other_models_have_no_bound(words):
    made = table(
        f"Table 3. {words} for death (80 deaths in 204 patients)",
        HEAD,
        ("Male sex", "1.67 (1.50-1.86)", "0.03"),
        OPIOIDS,
    )
    assert not list(table_ratio_bounds(made))


def test_patients_of_the_caption_and_the_exposed_of_another_table():
    first = "Table 1. Baseline\n\n| Variable | All (n = 204) |\n|---|---|\n| Male, n (%) | 113 (55.4) |\n| Opioids, n (%) | 147 (72.1) |\n"
    head = ("Variable", "OR (95% CI)", "P value")
    caption = "Table 3. Logistic regression for response (n = 204)"
    for interval, wrong in (("1.67 (1.12-2.49)", True), ("1.67 (0.95-2.94)", False)):
        made = table(caption, head, ("Male sex", interval, "0.01"), OPIOIDS, before=first)
        assert bool(flags(table_ratio_bounds, made)) == wrong


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (
            "There were 80 deaths among 204 patients. Male sex was associated with death (HR 1.67, 95% CI 1.22-2.29; P = 0.001).",
            True,
        ),
        (
            "There were 80 deaths among 204 patients. Male sex was associated with death (HR 1.67, 95% CI 1.05-2.65; P = 0.03).",
            False,
        ),
        (
            "A total of 204 patients took part. Male sex was associated with death (HR 1.67, 95% CI 1.32-2.11; P < 0.001).",
            True,
        ),
        (
            "A total of 204 patients took part. Lactate was associated with death (HR 1.67, 95% CI 1.32-2.11; P < 0.001).",
            False,
        ),
        ("A total of 204 patients took part. Male sex and lactate predicted death (HR 1.67, 95% CI 1.32-2.11).", False),
        (
            "Of 204 patients, 113 were men. Male sex was associated with response (OR 1.67, 95% CI 1.22-2.29; P = 0.001).",
            True,
        ),
    ],
)
def test_sex_has_two_values(words, wrong):
    assert bool(flags(bounds_interval, said(words))) == wrong


# ---------------------------------------------------------------- medians


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize(
    "words",
    [
        "Median time to progression was {0} months after stereotactic and {1} months after standard therapy (HR 0.52, 95% CI 0.33-0.82).",
        "Median overall survival was {1} months with placebo and {0} months with denosumab (HR for denosumab 0.52, 95% CI 0.33-0.82).",
    ],
)
def test_medians_in_other_words(words, swap):
    times = ("5.1", "8.3") if swap else ("8.3", "5.1")
    assert bool(flags(medians_named, said(words.format(*times)))) == swap


@pytest.mark.parametrize("swap", [False, True])
def test_medians_in_a_table(swap):
    one, two = ("5.1 (4.0-6.3)", "8.3 (6.0-10.5)") if swap else ("8.3 (6.0-10.5)", "5.1 (4.0-6.3)")
    head = ("Group", "Median OS, months (95% CI)", "HR (95% CI)", "P")
    made = table("Table 4. Survival", head, ("A", one, "0.52 (0.33-0.82)", "0.005"), ("B", two, "1 (reference)", ""))
    assert bool(flags(table_medians, made)) == swap
    below = table("Table 4. Survival", head, ("B", two, "1 (reference)", ""), ("A", one, "0.52 (0.33-0.82)", "0.005"))
    assert bool(flags(table_medians, below)) == swap


# ---------------------------------------------------------------- crude and adjusted


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (
            "The crude odds ratio for response was 0.60 (95% CI 0.40-0.90) and the adjusted odds ratio 1.80 (95% CI 1.20-2.70).",
            True,
        ),
        ("The crude OR was 0.60 (95% CI 0.40-0.90); after adjustment, the OR was 1.80 (95% CI 1.20-2.70).", True),
        ("The crude OR was 0.60 (95% CI 0.40-0.90); after adjustment, the OR was 0.70 (95% CI 0.45-1.09).", False),
        ("The crude OR was 0.60 (95% CI 0.40-0.90); after adjustment, the OR was 1.20 (95% CI 0.80-1.80).", False),
        ("The adjusted OR was 0.60 (95% CI 0.40-0.90) for pain and 1.80 (95% CI 1.20-2.70) for fracture.", False),
    ],
)
def test_crude_and_adjusted_in_a_sentence(words, wrong):
    assert bool(flags(crude_in_words, said(words))) == wrong


@pytest.mark.parametrize(
    ("ratio", "wrong"), [("3.68 (1.76-7.69)", True), ("0.68 (0.51-0.91)", False), ("1.20 (0.90-1.60)", False)]
)
def test_a_ratio_for_each_unit_follows_the_means(ratio, wrong):
    groups = (
        "Table 1. Factors of early response by outcome\n\n| Factor | Responders (n = 132) | Non-responders (n = 73) |\n|---|---|---|\n"
        "| Pain score, mean ± SD | 7.08 ± 2.20 | 7.96 ± 2.27 |\n| Male, n (%) | 70 (53.0) | 40 (54.8) |\n"
    )
    made = table(
        "Table 2. Logistic regression of factors of early response", ("Factor", "OR (95% CI)", "P"), ("Pain score", ratio, "0.001"),
        ("Male", "1.10 (0.60-2.02)", "0.76"), before=groups,
    )  # fmt: skip
    assert bool(flags(crude_means, made)) == wrong


def test_a_ratio_of_another_outcome_need_not_follow_the_means():
    groups = (
        "Table 1. Factors by tolerance\n\n| Factor | Success (n = 132) | Failure (n = 73) |\n|---|---|---|\n"
        "| Lung capacity, mean ± SD | 7.96 ± 2.20 | 7.08 ± 2.27 |\n"
    )
    rows = (("Factor", "HR (95% CI)", "P"), ("Lung capacity", "0.68 (0.51-0.91)", "0.001"))
    assert not list(crude_means(table("Table 2. Factors of death with the tolerance", *rows, before=groups)))


# ---------------------------------------------------------------- ratios exponentiated twice


def test_the_p_of_an_interaction_takes_no_interval_back():
    head = ("Subgroup", "A, n (%)", "B, n (%)", "OR (95% CI)", "P")
    rows = [
        ("Men", "21 (65.6)", "10 (47.6)", "2.10 (0.68-6.47)", "0.62"),
        ("Women", "15 (50.0)", "14 (46.7)", "1.14 (0.41-3.15)", ""),
        ("Under 65", "20 (55.6)", "12 (48.0)", "1.35 (0.49-3.75)", "0.81"),
        ("65 or older", "16 (61.5)", "12 (46.2)", "1.87 (0.62-5.63)", ""),
    ]
    assert not flags(exponentiated, table("Table 4. Response in subgroups", head, *rows))


# ---------------------------------------------------------------- a column of a review, and percentages of its sizes

REVIEW = "Study\tSample size\tAge\tResponse, n (%)\n" + "\n".join(
    f"{name} et al. ({i})\t{n}\t{age}\t{events} ({100 * events / n:.1f})"
    for i, (name, n, age, events) in enumerate(
        [
            ("Adams", 40, "60", 30),
            ("Brown", 62, "55", 41),
            ("Clark", 25, "71", 20),
            ("Davis", 80, "64", 52),
            ("Evans", 33, "48", 27),
        ],
        11,
    )
)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("The median age in the 5 studies was 60 years (range 48-71).", []),
        ("The median age in the 5 studies was 60 years (range 48-77).", ["71"]),
        ("The median age in the 5 studies was 66 years (range 48-71).", ["60"]),
        ("The median age in the 3 prospective studies was 66 years (range 48-71).", []),
        ("The median dose was 66 mg (range 48-71).", []),
    ],
)
def test_a_median_of_a_column(words, wrong):
    made = paper(
        f"A review\n\nResults\n\nWe included 5 studies. {words}\n\nTable 1. Studies\n\n{REVIEW}\n\nDiscussion\n\nFine.\n"
    )
    assert [one.repair for one in flags(studies_middle, made)] == wrong


def test_the_sizes_of_one_arm_are_no_total():
    rows = [("Adams", 40, 41), ("Brown", 62, 60), ("Clark", 25, 27), ("Davis", 80, 79), ("Evans", 33, 35)]
    body = "\n".join(f"{name} et al. ({i})\t2010\t{a}\t{b}" for i, (name, a, b) in enumerate(rows, 11))
    two = f"Study\tYear\tNo. of patients, block\tNo. of patients, control\n{body}"
    words = "Results\n\nA total of 5 studies with 400 patients were included.\n\nTable 1. Studies\n\n"
    assert not flags(studies_total, paper(f"A review\n\n{words}{two}\n\nDiscussion\n\nFine.\n"))
    one = "Study\tYear\tNo. of patients\n" + "\n".join(line.rpartition("\t")[0] for line in body.splitlines())
    words = words.replace("400", "204")
    assert flags(studies_total, paper(f"A review\n\n{words}{one}\n\nDiscussion\n\nFine.\n"))


def test_one_p_of_one_digit_takes_no_interval_back():
    words = "The pooled HR was 1.54 (95% CI 1.17-2.02, P = 0.005) for survival and 1.43 (95% CI 1.12-1.83, P = 0.008) for relapse."
    assert not flags(exponentiated, said(words))


# ---------------------------------------------------------------- one digit of a pooled result

POOLED = "5 studies were included. The pooled response rate was {0}% (95% CI {1} to {2}%)."


def test_one_digit_of_a_pooled_rate():
    data = {"study": list("abcde"), "events": [30, 41, 20, 52, 27], "n": [40, 62, 25, 80, 33]}
    fit = pool(compute(data, measure="PLO"), tau2="DL", ci="z").reported
    right = [f"{100 * value:.1f}" for value in (fit.estimate, fit.ci_low, fit.ci_high)]
    assert not flags(review_pooled, review(results=POOLED.format(*right)))
    off = right[0][0] + str((int(right[0][1]) + 4) % 10) + right[0][2:]
    assert [one.repair for one in flags(review_pooled, review(results=POOLED.format(off, *right[1:])))] == [right[0]]
    assert not flags(
        review_pooled, review(results=POOLED.format("31.0", "22.0", "41.0").replace("response", "depression"))
    )


# ---------------------------------------------------------------- percentages of the sizes of the whole table


def test_a_short_column_of_percentages_rests_on_the_table():
    names = ("Adams", "Brown", "Clark", "Davis", "Evans", "Foster", "Green", "Hill", "Irving", "Jones")
    sizes, responses = (40, 62, 25, 80, 33, 51, 46, 71, 38, 29), (30, 41, 20, 52, 27, 33, 30, 49, 25, 21)
    rows = list(zip(names, sizes, responses, (8, 9, None, None, 5, *[None] * 5), strict=True))

    def body(last):
        shown = [(f"{x} et al. ({i})", n, a, b) for i, (x, n, a, b) in enumerate(rows, 11)]
        return "Study\tSample size\tResponse, n (%)\tToxicity, n (%)\n" + "\n".join(
            f"{name}\t{n}\t{a} ({100 * a / n:.1f})\t"
            + ("" if b is None else last if b == 5 else f"{b} ({100 * b / n:.1f})")
            for name, n, a, b in shown
        )

    for last, wrong in (("5 (15.2)", []), ("5 (1.5)", ["5 (1.5)"])):
        made = paper(f"A review\n\nResults\n\nFine.\n\nTable 1. Studies\n\n{body(last)}\n\nDiscussion\n\nFine.\n")
        assert [one.reported for one in flags(table_studies, made)] == wrong
