"""The baseline table against R 4.2.2 (stats), case by case at the tolerance of each."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import ostealgia as oa
from ostealgia.errors import OstealgiaError
from ostealgia.numerics import ranks
from ostealgia.numerics.two_by_two_exact import conditional_odds_ratio, fisher_test

HERE = Path(__file__).parent.parent / "reference"
CASES = {case["id"]: case for case in json.loads((HERE / "cohort_table1.json").read_text())["cases"]}
UNIROOT = (
    2.0**-13
)  # R's fisher.test stops its search for the odds ratio there; with it the digits of the reference come out


@cache
def data(name):
    frame = pd.read_csv(HERE / "cohort_data" / Path(name).name)
    return frame.apply(lambda x: x.map({True: "TRUE", False: "FALSE"}) if x.dtype == bool else x)


@cache
def baseline(name, by, variable, categorical):
    frame = data(name)[[by, variable]]
    return oa.cohort.table_one(frame, by=by, variables=[variable], categorical=[variable] if categorical else [])


def close(found, wanted, case):
    wanted = [np.inf if w == "Infinity" else np.nan if w is None else w for w in np.atleast_1d(wanted)]
    assert_allclose(np.atleast_1d(np.asarray(found, dtype=float)), np.asarray(wanted, dtype=float), **case["tolerance"])


def t_test(row, case):
    test = row.test("student" if case["spec"]["var_equal"] else "welch")
    e = case["expected"]
    close(
        [test.statistic, test.df, test.p_value, test.estimate, test.ci_low, test.ci_high],
        [e["statistic"], e["df"], e["p"], e["mean_diff"], *e["ci"]],
        case,
    )


def describe(row, case):
    for part, wanted in zip(row.groups, case["expected"], strict=True):
        names = {"q1_type7": "q1", "q3_type7": "q3"}
        close([getattr(part, names.get(key, key)) for key in wanted], list(wanted.values()), case)


def mann_whitney(row, case):
    test, e = row.test("mann-whitney"), case["expected"]
    close([test.statistic, test.p_value], [e["W"], e["p_corrected"]], case)
    frame, s = data(case["data"]), case["spec"]
    groups = [frame[s["outcome"]][frame[s["group"]].astype(str) == level].dropna() for level in s["levels"]]
    close(ranks.mann_whitney(*groups, correct=False).p_value, e["p_uncorrected"], case)


def smd_continuous(row, case):
    frame, s = data(case["data"]), case["spec"]
    groups = [frame[s["outcome"]][frame[s["group"]].astype(str) == level].dropna() for level in s["levels"]]
    close([row.smd, ranks.smd_continuous(*groups, pooled=True)], list(case["expected"].values()), case)


def shapiro(row, case):
    found = [row.test(f"shapiro-wilk, group {g}") for g in (1, 2)]
    close([t.statistic for t in found], case["expected"]["W"], case)
    close([t.p_value for t in found], case["expected"]["p"], case)


def levene(row, case):
    test = row.test("brown-forsythe")
    close([test.statistic, test.df, test.df_2, test.p_value], list(case["expected"].values()), case)


def chi_square(row, case):
    test, e = row.test("chi-square"), case["expected"]
    assert [list(line) for line in row.counts] == e["table"]
    close(
        [test.statistic, test.df, test.p_value, test.estimate], [e["statistic"], e["df"], e["p"], e["cramers_v"]], case
    )
    if "p_yates" in e:
        yates = row.test("chi-square with continuity correction")
        close([yates.statistic, yates.p_value], [e["statistic_yates"], e["p_yates"]], case)


def fisher(row, case):
    test, e = row.test("fisher"), case["expected"]
    close(test.p_value, e["p"], case)
    if "conditional_or" in e:
        close(conditional_odds_ratio(row.counts, root_tolerance=UNIROOT), [e["conditional_or"], *e["ci"]], case)
        # the exact root is where R's search would end if it went on: 2e-4 is its own stopping distance, relative
        assert_allclose([test.estimate, test.ci_low, test.ci_high], [e["conditional_or"], *e["ci"]], rtol=2e-4)


def smd_categorical(row, case):
    close(row.smd, case["expected"]["smd"], case)


CHECKS = {
    "t_test": t_test,
    "describe": describe,
    "mann_whitney": mann_whitney,
    "smd_continuous": smd_continuous,
    "shapiro_by_group": shapiro,
    "levene_median": levene,
    "chi_square": chi_square,
    "fisher_exact": fisher,
    "smd_categorical": smd_categorical,
}


@pytest.mark.parametrize("name", [key for key, case in CASES.items() if case["method"] in CHECKS])
def test_a_row_of_the_table_is_that_of_r(name):
    case = CASES[name]
    s = case["spec"]
    variable, categorical = (s["outcome"], False) if "outcome" in s else (s["variable"], True)
    row = baseline(case["data"], s["group"], variable, categorical).rows[0]
    CHECKS[case["method"]](row, case)


def test_p_adjustments():
    case = CASES["p_adjust"]
    for method, wanted in case["expected"].items():
        close(ranks.p_adjust(case["spec"]["p"], method), wanted, case)


def test_trend_and_kruskal():
    case = CASES["trend/ecog"]
    table = pd.crosstab(
        data(case["data"])[case["spec"]["variable"]], data(case["data"])[case["spec"]["group"]]
    ).to_numpy()
    found = ranks.cochran_armitage(table[:, 0], table.sum(axis=1))
    close([found.statistic, found.p_value], list(case["expected"].values()), case)
    case = CASES["kruskal/tumour"]
    values, groups = np.array(case["spec"]["values"]), np.array(case["spec"]["groups"])
    found = ranks.kruskal_wallis([values[groups == g] for g in np.unique(groups)])
    close([found.statistic, found.df, found.p_value], list(case["expected"].values()), case)


def test_fisher_beyond_two_columns_is_that_of_r():
    # R 4.2.2 fisher.test, printed to 7 digits
    assert_allclose(fisher_test([[10, 20, 30], [15, 22, 9], [8, 30, 12]]).p_value, 0.002268814, rtol=1e-6)
    big = [[300, 200, 150, 30, 20], [310, 190, 160, 25, 30]]
    assert_allclose(fisher_test(big).p_value, 0.5546107, rtol=1e-6)


def test_fisher_falls_back_on_random_tables_and_says_so():
    table = [[12, 5, 9, 3], [4, 8, 2, 9], [7, 7, 3, 1], [2, 6, 8, 4]]
    found = fisher_test(table, seed=3)
    assert found.simulated == 100_000
    assert abs(found.p_value - 0.01230818) < 4 * np.sqrt(0.0123 / 1e5)  # R's exact P, 4 Monte Carlo standard errors
    assert fisher_test(table, seed=3) == found
    frame = pd.DataFrame(
        [(f"r{i}", f"c{j}") for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)],
        columns=["a", "b"],
    )
    assert "random tables" in str(oa.cohort.table_one(frame, by="b"))


@given(st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=2, max_size=3))
@settings(max_examples=40, deadline=None)
def test_fisher_is_the_sum_over_all_tables(rows):
    table = np.array(rows)
    assert_allclose(fisher_test(table).p_value, by_listing(table), rtol=1e-9)
    assert_allclose(fisher_test(table.T[::-1]).p_value, fisher_test(table).p_value, rtol=1e-9)


def by_listing(table):
    """The same sum with every table written out."""
    from math import factorial, prod

    seen = []

    def fill(done, left):
        if len(done) == len(table) - 1:
            seen.append([*done, tuple(left)])
            return
        need = int(table[len(done)].sum())
        for a in range(min(need, left[0]) + 1):
            for b in range(min(need - a, left[1]) + 1):
                c = need - a - b
                if c <= left[2]:
                    fill([*done, (a, b, c)], (left[0] - a, left[1] - b, left[2] - c))

    fill([], tuple(int(v) for v in table.sum(axis=0)))
    weight = [1 / prod(factorial(int(v)) for row in t for v in row) for t in seen]
    own = 1 / prod(factorial(int(v)) for v in table.ravel())
    return sum(w for w in weight if w <= own * (1 + 1e-7)) / sum(weight)


def test_exact_mann_whitney_is_the_share_of_arrangements():
    # R: wilcox.test(c(1.1,2.2,3.3), c(4.4,5.5,6.6,7.7)) gives 2/35
    assert_allclose(ranks.mann_whitney([1.1, 2.2, 3.3], [4.4, 5.5, 6.6, 7.7]).p_value, 2 / 35, rtol=1e-12)
    one, other = np.arange(0, 90, 2.0), np.arange(1, 80, 2.0)
    exact = ranks.mann_whitney(one, other, method="exact").p_value
    assert abs(exact - ranks.mann_whitney(one, other, method="normal").p_value) < 0.01


@given(st.floats(0.1, 50), st.floats(-100, 100))
@settings(max_examples=20, deadline=None)
def test_the_unit_of_a_column_changes_no_test(scale, shift):
    frame = data("table1_palliative_a.csv")[["group", "age"]]
    one = oa.cohort.table_one(frame, by="group").row("age")
    other = oa.cohort.table_one(frame.assign(age=frame["age"] * scale + shift), by="group").row("age")
    assert_allclose([t.p_value for t in other.tests], [t.p_value for t in one.tests], rtol=1e-6)
    assert_allclose(other.smd, one.smd, rtol=1e-6)


def test_the_printed_table_counts_the_missing_and_names_the_test():
    frame = data("table1_lung.csv")
    table = oa.cohort.table_one(frame, by="male", categorical=["ecog"])
    text = str(table)
    assert "missing" in text and "meal.cal, mean (SD)" in text
    assert table.row("ecog").shown == "fisher"
    assert set(table.to_frame()["variable"]) == {"age", "wt.loss", "meal.cal", "ecog"}
    assert table.tests()["shown"].sum() == 4


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        ({"arm": ["a", "a"], "x": [1, 2]}, {}, "one group only"),
        ({"arm": ["a", "b"], "x": [1, 2]}, {"numbers": "t"}, "numbers='t'"),
        ({"arm": ["a", "b"], "x": [1, 2]}, {"variables": ["y"]}, "no column 'y'"),
        ({"arm": ["a", "b"], "x": [1, 2]}, {"categorical": ["z"]}, "categorical"),
    ],
)
def test_bad_input_is_one_message(frame, options, words):
    with pytest.raises(OstealgiaError, match=words):
        oa.cohort.table_one(frame, by="arm", **options)


def test_an_empty_column_and_an_empty_arm_are_shown_as_such():
    frame = {"arm": ["a", "a", "a", "b", "b"], "x": [1.0, 2.0, 4.0, None, None], "y": [None] * 5}
    table = oa.cohort.table_one(frame, by="arm")
    assert np.isnan(table.row("x").test("welch").p_value)
    assert any("no value" in note for note in table.notes)
    assert "y" in str(table)
