"""Tests from summary numbers against scipy.stats (another implementation, from the data where there are any)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from ostealgia.errors import OptionError
from ostealgia.numerics.summary_tests import (
    CHI2_TESTS,
    anova_f,
    between_ss_range,
    chi2_df,
    chi2_likelihood_ratio,
    chi2_n_minus_1,
    chi2_pearson,
    chi2_yates,
    fisher_exact,
    p_from_t,
    p_value,
    t_student,
    t_welch,
    welch_df_range,
)

# both programs sum the same few terms in double precision
TIGHT = 1e-10

cells = st.integers(1, 60)
tables = st.integers(2, 4).flatmap(lambda r: st.lists(st.lists(cells, min_size=2, max_size=2), min_size=r, max_size=r))


@given(table=tables)
@settings(max_examples=40)
def test_chi_square_matches_scipy(table):
    for function, options in (
        (chi2_pearson, {"correction": False}),
        (chi2_likelihood_ratio, {"correction": False, "lambda_": 0}),
    ):
        test = function(table)
        expected = stats.chi2_contingency(table, **options)
        assert_allclose([test.statistic, test.df], [expected.statistic, expected.dof], rtol=TIGHT, atol=1e-10)
        assert_allclose(test.p_value, expected.pvalue, rtol=1e-8, atol=1e-12)  # P loses what cancels in G


@given(table=st.lists(st.lists(cells, min_size=2, max_size=2), min_size=2, max_size=2))
@settings(max_examples=40)
def test_yates_and_fisher_match_scipy(table):
    expected = stats.chi2_contingency(table, correction=True)
    assert_allclose(chi2_yates(table).statistic, expected.statistic, rtol=TIGHT, atol=1e-10)
    assert_allclose(fisher_exact(table), stats.fisher_exact(table).pvalue, rtol=1e-8)  # both sum exponentials of lgamma


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # fisher.test of R 4.2.2 (network algorithm), printed to 12 digits
        ([[3, 0], [1, 4], [2, 1]], 0.188311688312),
        ([[1, 2, 1, 0], [3, 3, 6, 1]], 0.823529411765),
        ([[49, 51], [36, 34], [18, 17]], 0.946887715251),
    ],
)
def test_fisher_for_longer_tables_matches_r(table, expected):
    assert_allclose(fisher_exact(table), expected, rtol=1e-10)  # sums of exponentials of lgamma


def test_fisher_leaves_out_what_it_cannot_list():
    assert np.isnan(fisher_exact(np.ones((3, 3))))
    assert np.isnan(fisher_exact(np.full((2, 8), 50)))
    assert fisher_exact([[5, 3], [0, 0]]) == 1.0


def test_an_empty_row_is_not_counted():
    with_empty, without = chi2_pearson([[10, 5], [0, 0], [3, 9]]), chi2_pearson([[10, 5], [3, 9]])
    assert float(with_empty.df) == 1.0
    assert_allclose(with_empty.statistic, without.statistic, rtol=TIGHT)
    assert np.isnan(chi2_pearson([[10, 5], [0, 0]]).statistic)


def test_the_n_minus_1_chi_square_by_hand():
    # 205 patients: Pearson x 204/205
    table = [[44, 30], [59, 72]]
    assert_allclose(chi2_n_minus_1(table).statistic, chi2_pearson(table).statistic * 204 / 205, rtol=TIGHT)
    assert np.isnan(chi2_n_minus_1([[1, 2], [3, 4], [5, 6]]).statistic)


def test_many_tables_at_once():
    stack = np.array([[[59, 73], [37, 36]], [[44, 30], [59, 72]]])
    for test in CHI2_TESTS.values():
        assert_allclose(test(stack).statistic, [test(table).statistic for table in stack], rtol=TIGHT)
    assert chi2_df(stack).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("counts", [[1, 2, 3], [[1, -2], [3, 4]], [[1, np.nan], [3, 4]]])
def test_bad_counts_are_refused(counts):
    with pytest.raises(OptionError, match="counts"):
        chi2_pearson(counts)


groups = st.lists(st.floats(-50, 50).map(lambda x: round(x, 3)), min_size=3, max_size=12).filter(
    lambda x: np.std(x) > 0.1
)


@given(a=groups, b=groups)
@settings(max_examples=40)
def test_t_from_summaries_matches_t_from_the_data(a, b):
    summary = (np.mean(a), np.std(a, ddof=1), len(a), np.mean(b), np.std(b, ddof=1), len(b))
    for function, equal in ((t_student, True), (t_welch, False)):
        expected = stats.ttest_ind(a, b, equal_var=equal)
        test = function(*summary)
        assert_allclose(
            [test.statistic, test.df], [expected.statistic, expected.df], rtol=1e-8, atol=1e-8
        )  # the mean cancels
        assert_allclose(test.p_value, expected.pvalue, rtol=1e-7, atol=1e-12)


@given(a=groups, b=groups, c=groups)
@settings(max_examples=30)
def test_f_from_summaries_matches_the_data(a, b, c):
    data = [a, b, c]
    f, df1, df2, p = anova_f([np.mean(x) for x in data], [np.std(x, ddof=1) for x in data], [len(x) for x in data])
    expected = stats.f_oneway(*data)
    assert_allclose(f, expected.statistic, rtol=1e-7, atol=1e-9)  # sums of squares about different centres
    assert_allclose(p, stats.f.sf(f, df1, df2), rtol=1e-9)  # f_oneway has no P where the means are equal
    assert (df1, df2) == (2, len(a) + len(b) + len(c) - 3)


@given(
    ends=st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 2)), min_size=2, max_size=5),
    shares=st.lists(st.floats(0, 1), min_size=5, max_size=5),
)
def test_the_sum_of_squares_between_groups_stays_in_its_range(ends, shares):
    low, n = np.array([e[0] for e in ends]), np.arange(3, 3 + len(ends))
    high = low + np.array([e[1] for e in ends])
    least, most = between_ss_range(low, high, n)
    means = low + np.array(shares[: len(ends)]) * (high - low)
    here = (n * (means - (n * means).sum() / n.sum()) ** 2).sum()
    assert least <= here * (1 + 1e-9) + 1e-9 and here <= most * (1 + 1e-9) + 1e-9


def test_the_smallest_sum_of_squares_is_reached():
    # three ranges with a common point: 0; three apart: hand-solved, means 1, 2, 3 of sizes 1 give 2
    assert between_ss_range([0.0, 0.5, 0.9], [1.0, 1.5, 1.2], [5, 6, 7])[0] < 1e-12
    assert_allclose(between_ss_range([0.0, 2.0, 3.0], [1.0, 2.0, 4.0], [1, 1, 1])[0], 2.0, rtol=1e-12)


@given(st.floats(0.01, 100), st.integers(2, 50), st.integers(2, 50))
def test_satterthwaite_df_lies_in_its_range(ratio, n1, n2):
    low, high = welch_df_range(ratio / 2, ratio * 2, n1, n2)
    test = t_welch(1.0, np.sqrt(ratio * n1), n1, 0.0, np.sqrt(n2), n2)
    assert low <= float(test.df) * (1 + 1e-9) and float(test.df) <= high * (1 + 1e-9)
    assert min(n1, n2) - 1 <= low * (1 + 1e-9) and high <= n1 + n2 - 2 + 1e-9


@pytest.mark.parametrize(
    ("distribution", "statistic", "df", "expected"),
    [
        ("chi2", 6.677, (1,), stats.chi2.sf(6.677, 1)),
        ("Q", 42.39, (16,), stats.chi2.sf(42.39, 16)),
        ("t", -2.652, (203,), 2 * stats.t.sf(2.652, 203)),
        ("t", 2.0, (np.inf,), 2 * stats.norm.sf(2.0)),
        ("z", -2.17, (), 2 * stats.norm.sf(2.17)),
        ("F", 5.73, (1, 186), stats.f.sf(5.73, 1, 186)),
        ("r", 0.5, (18,), 2 * stats.t.sf(0.5 * np.sqrt(18 / 0.75), 18)),
    ],
)
def test_p_values_match_scipy(distribution, statistic, df, expected):
    assert_allclose(p_value(distribution, statistic, *df), expected, rtol=1e-9)


def test_p_of_nothing_and_of_everything():
    assert float(p_from_t(0.0, 10)) == 1.0
    assert float(p_value("r", 1.0, 10)) == 0.0
    with pytest.raises(OptionError, match="degrees of freedom"):
        p_value("F", 2.0, 3)
    with pytest.raises(OptionError, match="distribution='w' is not one of"):
        p_value("w", 2.0)
