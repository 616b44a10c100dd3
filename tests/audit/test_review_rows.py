"""Rows of studies and their pools, a row's own effect against its arms, heterogeneity in columns: both ways."""

import pytest
from cross_papers import flags, paper

from ostealgia.audit.checks.across.ratio_bounds import table_ratio_bounds
from ostealgia.audit.checks.reviews.columns import review_columns
from ostealgia.audit.checks.reviews.sections import pools
from ostealgia.audit.checks.reviews.tables import review_tables
from ostealgia.audit.checks.tables.row_effects import table_row_effects

METHODS = "Estimates were pooled with the DerSimonian-Laird random-effects model."


def made(caption, *rows, methods=METHODS, note=""):
    """A paper whose results hold one table in Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    body = "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
    return paper(
        f"# Study\n\n## Methods\n\n{methods}\n\n## Results\n\n{caption}\n\n{body}\n\n{note}\n", name="paper.md"
    )


# ---------------------------------------------------------------- pools of sections


def subgroups(first="-0.95 (-1.43 to -0.47)", one="-1.10 (-1.80 to -0.40)", total="-0.99 (-1.39 to -0.59)"):
    rows = [("Spine", "", ""), ("Adams 2014", "60", "-0.80 (-1.50 to -0.10)"), ("Brown 2015", "75", "-1.08 (-1.74 to -0.42)"),
            ("Subtotal", "135", first), ("Pelvis", "", ""), ("Clark 2016", "50", "-1.10 (-1.80 to -0.40)"),
            ("Subtotal", "50", one), ("Overall", "185", total)]  # fmt: skip
    return made("Table 2. Results by site", ("Study", "N", "MD (95% CI)"), *rows)


def test_each_pool_rests_on_the_studies_of_its_section():
    assert [len(pool.studies) for pool in pools(subgroups())] == [2, 1, 3]
    found = list(review_tables(subgroups()))
    assert len(found) == 3 and not any(one.flagged for one in found)


@pytest.mark.parametrize(
    ("pooled", "repair"),
    [("-0.40 (-1.10 to 0.30)", "-1.10 (-1.80 to -0.40)"), ("-1.70 (-2.40 to -1.00)", "-1.10 (-1.80 to -0.40)")],
)
def test_the_pool_of_one_study_is_that_study(pooled, repair):
    [found] = flags(review_tables, subgroups(one=pooled))
    assert found.verdict == "impossible" and found.repair in (repair, repair.split()[0])


def test_a_subtotal_lies_among_its_studies():
    [found] = flags(review_tables, subgroups(first="-0.35 (-0.83 to 0.13)"))
    assert found.verdict == "impossible" and found.recomputed < -0.8


def test_a_pool_of_studies_that_are_not_all_printed_is_not_asked():
    """The sizes above the pool do not add up to its size: the table goes on elsewhere."""
    rows = [("Adams 2014", "60", "-0.80 (-1.50 to -0.10)"), ("Brown 2015", "75", "-1.10 (-1.76 to -0.44)"),
            ("Total", "460", "-0.35 (-0.83 to 0.13)")]  # fmt: skip
    assert not flags(review_tables, made("Table 2. Meta-analysis", ("Study", "N", "MD (95% CI)"), *rows))


@pytest.mark.parametrize(
    "caption",
    ["Table 2. Leave-one-out analysis of pooled MD", "Table 2. Network meta-analysis", "Table 2. Meta-regression"],
)
def test_other_analyses_have_no_such_pool(caption):
    rows = [("Adams 2014", "-0.80 (-1.50 to -0.10)"), ("Brown 2015", "-1.10 (-1.76 to -0.44)"),
            ("Overall", "-0.35 (-0.83 to 0.13)")]  # fmt: skip
    assert not list(review_tables(made(caption, ("Study", "MD (95% CI)"), *rows)))


@pytest.mark.parametrize(
    ("pooled", "wrong"),
    [("-1.10 (-1.35 to -0.86)", False), ("-0.63 (-0.88 to -0.38)", True), ("-1.10 (-1.17 to -1.03)", True)],
)
def test_a_named_model_narrows_what_a_pool_can_be(pooled, wrong):
    rows = [("Adams 2014", "17.8", "-0.90 (-1.49 to -0.31)"), ("Brown 2015", "7.6", "-0.10 (-1.01 to 0.81)"),
            ("Clark 2016", "5.2", "-0.70 (-1.80 to 0.40)"), ("Davis 2018", "5.2", "-1.70 (-2.80 to -0.60)"),
            ("Evans 2019", "21.3", "-2.00 (-2.54 to -1.46)"), ("Frank 2020", "43.0", "-0.90 (-1.28 to -0.52)"),
            ("Pooled estimate", "100", pooled)]  # fmt: skip
    one = made("Table 2. Meta-analysis, fixed-effect model", ("Study", "Weight (%)", "MD (95% CI)"), *rows, methods="")
    assert bool(flags(review_tables, one)) == wrong


# ---------------------------------------------------------------- a row's own effect and its arms

TRIAL = ("Outcome", "Cryotherapy (n = 85)", "Radiotherapy (n = 87)", "Risk ratio (95% CI)")
OTHERS = [
    ("Pain flare", "20 (23.5)", "21 (24.1)", "0.97 (0.57-1.66)"),
    ("Fracture", "12 (14.1)", "18 (20.7)", "0.68 (0.35-1.33)"),
]


@pytest.mark.parametrize(
    ("ratio", "wrong"), [("1.79 (1.13-2.84)", False), ("4.66 (2.93-7.41)", True), ("0.56 (0.35-0.89)", False)]
)
def test_a_ratio_beside_its_counts(ratio, wrong):
    """The reciprocal is that of the other arm: a matter of direction, not asked here."""
    one = made("Table 2. Outcomes", TRIAL, ("Response", "35 (41.2)", "20 (23.0)", ratio), *OTHERS, methods="")
    found = flags(table_row_effects, one)
    assert bool(found) == wrong and all("35/85 and 20/87" in flag.message for flag in found)


@pytest.mark.parametrize("words", ["adjusted for age", "from a mixed model", "least-squares estimates"])
def test_adjusted_ratios_are_not_asked(words):
    one = made(
        f"Table 2. Outcomes, {words}", TRIAL, ("Response", "35 (41.2)", "20 (23.0)", "4.66 (2.93-7.41)"), *OTHERS
    )
    assert not list(table_row_effects(one))


def test_ratios_of_a_column_that_follows_no_counts_are_not_asked():
    rows = [("Response", "35 (41.2)", "20 (23.0)", "4.66 (2.93-7.41)"), ("Pain flare", "20 (23.5)", "21 (24.1)", "1.44 (0.87-2.38)"),
            ("Fracture", "12 (14.1)", "18 (20.7)", "1.03 (0.53-2.00)")]  # fmt: skip
    assert not flags(table_row_effects, made("Table 2. Outcomes", TRIAL, *rows, methods=""))


def test_ratios_against_a_reference_row_are_not_asked():
    rows = [
        ("Stage I", "30 (35.3)", "30 (34.5)", "1 (ref)"),
        ("Stage II", "35 (41.2)", "20 (23.0)", "4.66 (2.93-7.41)"),
        *OTHERS,
    ]
    assert not list(table_row_effects(made("Table 2. Outcomes", TRIAL, *rows, methods="")))


@pytest.mark.parametrize(("difference", "wrong"), [("-0.90 (-1.51 to -0.29)", False), ("-2.40 (-3.02 to -1.78)", True)])
def test_a_difference_beside_its_means(difference, wrong):
    head = ("Visit", "Cryotherapy (n = 85)", "Radiotherapy (n = 87)", "Mean difference (95% CI)")
    rows = [
        ("Baseline", "6.6 (1.7)", "6.5 (1.6)", "0.10 (-0.40 to 0.60)"),
        ("Week 4", "3.4 (2.1)", "4.3 (2.0)", difference),
    ]
    plain = made("Table 2. Pain scores, mean (SD)", head, *rows, methods="Means were compared by t tests.")
    assert bool(flags(table_row_effects, plain)) == wrong
    adjusted = made("Table 2. Pain scores, mean (SD)", head, *rows, methods="Follow-up was compared by ANCOVA.")
    assert not flags(table_row_effects, adjusted)


@pytest.mark.parametrize(("ratio", "wrong"), [("1.92 (1.00-3.66)", False), ("4.61 (2.41-8.83)", True)])
def test_the_odds_ratio_of_a_study_beside_its_events(ratio, wrong):
    rows = [("Adams 2014", "40/74", "30/79", ratio), ("Brown 2015", "90/160", "60/152", "1.97 (1.25-3.10)"),
            ("Clark 2016", "95/160", "70/161", "1.90 (1.22-2.96)")]  # fmt: skip
    one = made("Table 2. Results", ("Study", "Laser (n/N)", "Sham (n/N)", "OR (95% CI)"), *rows)
    assert [flag.rule for flag in flags(table_row_effects, one)] == ["pooled-vs-studies"] * wrong


def test_the_difference_of_a_study_beside_its_means():
    head = ("Study", "Mean", "SD", "n", "Mean", "SD", "n", "MD (95% CI)")
    rows = [("Adams 2014", "4.0", "2.1", "74", "4.9", "1.6", "79", "-1.90 (-2.49 to -1.31)"),
            ("Brown 2015", "1.5", "2.4", "160", "3.5", "2.5", "152", "-2.00 (-2.54 to -1.46)"),
            ("Clark 2016", "3.5", "1.8", "160", "4.4", "1.7", "161", "-0.90 (-1.28 to -0.52)")]  # fmt: skip
    [found] = flags(table_row_effects, made("Table 2. Meta-analysis of 3 studies", head, *rows))
    assert found.repair == "-0.90"


# ---------------------------------------------------------------- heterogeneity in columns

K_ROWS = [("Spine", "4", "3", "12.9", "77", "0.005"), ("Pelvis", "5", "4", "10.4", "62", "0.034"),
          ("Femur", "8", "7", "30.0", "77", "<0.001"), ("Ribs", "7", "6", "9.6", "38", "0.14")]  # fmt: skip
K_HEAD = ("Site", "Studies", "df", "Q", "I2 (%)", "P heterogeneity")


def test_degrees_of_freedom_are_one_less_than_studies():
    assert not flags(review_columns, made("Table 3. Pools", K_HEAD, *K_ROWS))
    off = [("Spine", "4", "3", "12.9", "77", "0.005"), ("Pelvis", "5", "8", "10.4", "62", "0.034"), *K_ROWS[2:]]
    assert "4" in [one.repair for one in flags(review_columns, made("Table 3. Pools", K_HEAD, *off))]


@pytest.mark.parametrize(("i2", "wrong"), [("38.1", False), ("8.1", True)])
def test_i2_and_p_where_the_other_rows_follow_q(i2, wrong):
    head = ("Site", "Studies", "I2 (%)", "P heterogeneity")
    rows = [
        ("Spine", "4", "77.0", "0.005"),
        ("Pelvis", "5", "61.7", "0.034"),
        ("Femur", "8", "76.5", "<0.001"),
        ("Ribs", "7", i2, "0.138"),
    ]
    assert bool(flags(review_columns, made("Table 3. Pools", head, *rows))) == wrong


# ---------------------------------------------------------------- bounds with the numbers of the caption

REGRESSION = ("Variable", "OR (95% CI)", "P value")


@pytest.mark.parametrize(
    "size",
    ["(n = 214; 87 events)", "(87 events in 214 patients)", "; 214 patients, 87 events", "(N = 214, events = 87)"],
)
@pytest.mark.parametrize(("interval", "wrong"), [("0.59 (0.47-0.74)", True), ("0.59 (0.33-1.04)", False)])
def test_a_logistic_interval_and_the_events_of_the_caption(size, interval, wrong):
    rows = [("Male sex", "1.10 (0.62-1.95)", "0.75"), ("Visceral metastases (yes vs no)", interval, "0.04")]
    one = made(f"Table 3. Multivariable logistic regression for response {size}", REGRESSION, *rows, methods="")
    assert bool(flags(table_ratio_bounds, one)) == wrong


@pytest.mark.parametrize("label", ["Number of prior lines", "Age (per 10 years)", "Pain score >= baseline, per point"])
def test_a_measured_factor_of_a_logistic_model_has_no_bound(label):
    one = made(
        "Table 3. Multivariable logistic regression for response (n = 214; 87 events)",
        REGRESSION,
        ("Male sex", "1.10 (0.62-1.95)", "0.75"),
        (label, "0.96 (0.94-0.98)", "0.001"),
        methods="",
    )
    assert not flags(table_ratio_bounds, one)
