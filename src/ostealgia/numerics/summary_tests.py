"""Tests from summary numbers: chi-square, Fisher, t, F from counts, means and SDs, and P from a statistic.

Everything works on arrays through scipy.special; nothing here needs the data of single patients.
"""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ostealgia.errors import OptionError
from ostealgia.options import one_of

Array = NDArray[np.float64]

MAX_TABLES = 400_000  # largest number of tables that the exact test will list
SAME = 1 + 1e-7  # two tables count as equally probable within this factor


class SummaryTest(NamedTuple):
    """A statistic with its degrees of freedom and two-sided P value; arrays over the leading axes."""

    statistic: Array
    df: Array
    p_value: Array


# ---------------------------------------------------------------- counts


def expected_counts(counts: ArrayLike) -> Array:
    """Counts expected under independence, from the margins. counts : array (..., r, c)."""
    table = _counts(counts)
    total = table.sum(axis=(-2, -1), keepdims=True)
    with np.errstate(invalid="ignore"):
        return table.sum(axis=-1, keepdims=True) * table.sum(axis=-2, keepdims=True) / total


def chi2_df(counts: ArrayLike) -> Array:
    """(r - 1)(c - 1), where rows and columns without any count are not counted."""
    table = _counts(counts)
    rows = (table.sum(axis=-1) > 0).sum(axis=-1)
    columns = (table.sum(axis=-2) > 0).sum(axis=-1)
    return np.asarray(np.maximum(rows - 1, 0) * np.maximum(columns - 1, 0), dtype=float)


def chi2_pearson(counts: ArrayLike) -> SummaryTest:
    """Pearson's chi-square of independence. counts : array (..., r, c) of whole numbers.

    A table with an empty margin has no statistic there (df 0, NaN).
    Source: Pearson 1900, doi:10.1080/14786440009463897.

    >>> test = chi2_pearson([[59, 73], [37, 36]])
    >>> round(float(test.statistic), 3), float(test.df), round(float(test.p_value), 3)
    (0.677, 1.0, 0.411)
    """
    table, expected = _counts(counts), expected_counts(counts)
    return _chi2_test(_ratio(np.square(table - expected), expected), chi2_df(table))


def chi2_yates(counts: ArrayLike) -> SummaryTest:
    """Pearson's chi-square with Yates' correction: each deviation is made smaller by 0.5, but not below 0.

    For 2 x 2 tables only; NaN for others. Source: Yates 1934, doi:10.2307/2983604.

    >>> round(float(chi2_yates([[59, 73], [37, 36]]).statistic), 3)
    0.458
    """
    table, expected = _counts(counts), expected_counts(counts)
    deviation = np.maximum(np.abs(table - expected) - 0.5, 0.0)
    df = chi2_df(table)
    df = df if table.shape[-2:] == (2, 2) else np.zeros_like(df)
    return _chi2_test(_ratio(np.square(deviation), expected), df)


def chi2_likelihood_ratio(counts: ArrayLike) -> SummaryTest:
    """Likelihood-ratio chi-square, G = 2 sum O log(O/E). Source: Wilks 1938, doi:10.1214/aoms/1177732360.

    >>> round(float(chi2_likelihood_ratio([[59, 73], [37, 36]]).statistic), 3)
    0.676
    """
    table, expected = _counts(counts), expected_counts(counts)
    with np.errstate(invalid="ignore"):
        terms = special.xlogy(table, table) - special.xlogy(table, expected)
    return _chi2_test(2 * terms, chi2_df(table))


def chi2_n_minus_1(counts: ArrayLike) -> SummaryTest:
    """Pearson's chi-square times (N - 1)/N: the conditional variance in place of the binomial one; for 2 x 2 tables.

    Source: Campbell 2007, doi:10.1002/sim.2832.
    """
    table = _counts(counts)
    statistic, df, _ = chi2_pearson(table)
    total = table.sum(axis=(-2, -1))
    df = df if table.shape[-2:] == (2, 2) else np.zeros_like(df)
    scaled = np.asarray(statistic * (total - 1) / total, dtype=float)
    return SummaryTest(np.where(df > 0, scaled, np.nan), df, p_from_chi2(scaled, df))


CHI2_TESTS: dict[str, Callable[[ArrayLike], SummaryTest]] = {
    "Pearson": chi2_pearson,
    "Yates": chi2_yates,
    "likelihood ratio": chi2_likelihood_ratio,
    "N - 1": chi2_n_minus_1,
}


def fisher_exact(counts: ArrayLike) -> float:
    """Two-sided P of Fisher's exact test: all tables with the same margins that are no more probable than this one.

    counts : one table (r, c) of whole numbers. Exact by listing, for 2 x k and k x 2 with at most 400,000 tables;
    NaN for anything larger.
    Source: Fisher 1922, doi:10.2307/2340521; Freeman, Halton 1951, doi:10.1093/biomet/38.1-2.141.

    >>> round(fisher_exact([[44, 30], [59, 72]]), 3)
    0.059
    """
    table = _counts(counts)
    if table.ndim != 2:
        raise OptionError(f"fisher_exact takes one table (r, c), not an array of shape {table.shape}.")
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    table = table if table.shape[0] <= table.shape[1] else table.T
    if table.shape[0] < 2:
        return 1.0
    if table.shape[0] > 2:
        return float("nan")
    columns = table.sum(axis=0)
    first = _first_rows(columns, int(table[0].sum()))
    if first is None:
        return float("nan")
    log_p = _log_choose(columns, first).sum(axis=1)
    observed = _log_choose(columns, table[0]).sum()
    weight = np.exp(log_p - log_p.max())
    return float(min(1.0, weight[log_p <= observed + np.log(SAME)].sum() / weight.sum()))


def _first_rows(columns: Array, total: int) -> Array | None:
    """Every first row 0 <= x_j <= columns_j with that total, as an array (tables, k); None where they are too many."""
    *most, last = (int(column) for column in columns)
    size = int(np.prod([min(column, total) + 1 for column in most], dtype=float))
    if size > MAX_TABLES:
        return None
    axes = [np.arange(min(column, total) + 1) for column in most]
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    rest = total - grid.sum(axis=1)
    keep = (rest >= 0) & (rest <= last)
    return np.column_stack([grid[keep], rest[keep]]).astype(float)


def _log_choose(n: Array, k: Array) -> Array:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def _counts(counts: ArrayLike) -> Array:
    table = np.asarray(counts, dtype=float)
    if table.ndim < 2:
        raise OptionError(f"counts need at least two axes (rows, columns), not shape {table.shape}.")
    if bool((~np.isfinite(table)).any()) or bool((table < 0).any()):
        raise OptionError("counts must be whole numbers of 0 or more; a negative or missing count was found.")
    return table


def _ratio(numerator: Array, expected: Array) -> Array:
    return np.divide(numerator, expected, out=np.zeros_like(numerator), where=expected > 0)


def _chi2_test(terms: Array, df: Array) -> SummaryTest:
    statistic = np.where(df > 0, terms.sum(axis=(-2, -1)), np.nan)
    return SummaryTest(statistic, df, p_from_chi2(statistic, df))


# ---------------------------------------------------------------- means


def t_student(
    mean_1: ArrayLike, sd_1: ArrayLike, n_1: ArrayLike, mean_2: ArrayLike, sd_2: ArrayLike, n_2: ArrayLike
) -> SummaryTest:
    """Student's two-sample t with the pooled SD. All arrays of one shape; n at least 2 in one group.

    Source: Student 1908, doi:10.1093/biomet/6.1.1.

    >>> test = t_student(62.25, 11.54, 102, 62.02, 11.39, 103)
    >>> round(float(test.statistic), 3), float(test.df), round(float(test.p_value), 3)
    (0.144, 203.0, 0.886)
    """
    m1, s1, n1, m2, s2, n2 = (np.asarray(x, dtype=float) for x in (mean_1, sd_1, n_1, mean_2, sd_2, n_2))
    df = n1 + n2 - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = ((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df
        statistic = np.asarray((m1 - m2) / np.sqrt(variance * (1 / n1 + 1 / n2)), dtype=float)
    return SummaryTest(statistic, np.asarray(df, dtype=float), p_from_t(statistic, df))


def t_welch(
    mean_1: ArrayLike, sd_1: ArrayLike, n_1: ArrayLike, mean_2: ArrayLike, sd_2: ArrayLike, n_2: ArrayLike
) -> SummaryTest:
    """Welch's two-sample t with Satterthwaite's df. All arrays of one shape. Source: Welch 1947, doi:10.2307/2332510.

    >>> test = t_welch(7.96, 2.27, 73, 7.08, 2.29, 132)
    >>> round(float(test.statistic), 4), round(float(test.df), 1)
    (2.6495, 149.8)
    """
    m1, s1, n1, m2, s2, n2 = (np.asarray(x, dtype=float) for x in (mean_1, sd_1, n_1, mean_2, sd_2, n_2))
    with np.errstate(divide="ignore", invalid="ignore"):
        v1, v2 = s1**2 / n1, s2**2 / n2
        statistic = np.asarray((m1 - m2) / np.sqrt(v1 + v2), dtype=float)
        df = np.asarray((v1 + v2) ** 2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1)), dtype=float)
    return SummaryTest(statistic, df, p_from_t(statistic, df))


def welch_df_range(ratio_low: float, ratio_high: float, n_1: float, n_2: float) -> tuple[float, float]:
    """Smallest and largest Satterthwaite df where (sd_1^2/n_1)/(sd_2^2/n_2) lies between the two ratios.

    The df rises to n_1 + n_2 - 2 at the ratio (n_1 - 1)/(n_2 - 1) and falls on both sides of it.

    >>> low, high = welch_df_range(0.0, float("inf"), 10, 20)
    >>> low, round(high, 9)
    (9.0, 28.0)
    """

    def at(ratio: float) -> float:
        if np.isinf(ratio):
            return float(n_1 - 1)
        return float((ratio + 1) ** 2 / (ratio**2 / (n_1 - 1) + 1 / (n_2 - 1)))

    best = (n_1 - 1) / (n_2 - 1)
    ends = at(ratio_low), at(ratio_high)
    top = at(best) if ratio_low <= best <= ratio_high else max(ends)
    return min(ends), top


def anova_f(means: ArrayLike, sds: ArrayLike, ns: ArrayLike) -> tuple[float, float, float, float]:
    """One-way analysis of variance from group means, SDs and sizes: (F, df between, df within, P). Arrays (k,).

    Source: Fisher 1925, Statistical Methods for Research Workers.

    >>> f, df1, df2, p = anova_f([62.02, 62.25], [11.39, 11.54], [103, 102])
    >>> round(f, 4), df1, df2             # with two groups F is Student's t squared
    (0.0206, 1.0, 203.0)
    """
    m, s, n = (np.asarray(x, dtype=float) for x in (means, sds, ns))
    df1, df2 = float(m.size - 1), float(n.sum() - m.size)
    grand = (n * m).sum() / n.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        f = float((n * np.square(m - grand)).sum() / df1 / (((n - 1) * np.square(s)).sum() / df2))
    return f, df1, df2, float(p_from_f(f, df1, df2))


def between_ss_range(low: ArrayLike, high: ArrayLike, ns: ArrayLike) -> tuple[float, float]:
    """Smallest and largest sum of squares between groups, sum n (mean - grand mean)^2, over means between low and high.

    It is convex in the means: the largest is at a corner; for a fixed centre g each mean of the smallest stands as near
    to g as it may, and the best g solves one linear equation between neighbouring ends. Arrays (k,), k at most 16.

    >>> low, high = between_ss_range([1.0, 2.0], [1.5, 2.5], [10, 10])
    >>> round(low, 3), round(high, 3)
    (1.25, 11.25)
    """
    lo, hi, n = (np.asarray(x, dtype=float) for x in (low, high, ns))

    def ss(m: Array) -> Array:
        grand = (m * n).sum(axis=-1, keepdims=True) / n.sum()
        return (n * np.square(m - grand)).sum(axis=-1)

    corners = np.array(list(itertools.product(*zip(lo.tolist(), hi.tolist(), strict=True))))
    ends = np.unique(np.concatenate([lo, hi]))
    middle = np.concatenate([ends, 0.5 * (ends[1:] + ends[:-1])])
    below, above = middle[:, None] < lo, middle[:, None] > hi
    pull = (n * (below | above)).sum(axis=1)
    target = (n * (below * lo + above * hi)).sum(axis=1)
    centre = np.divide(target, pull, out=middle.copy(), where=pull > 0)
    candidates = np.concatenate([middle, centre])
    return float(ss(np.clip(candidates[:, None], lo, hi)).min()), float(ss(corners).max())


# ---------------------------------------------------------------- P from a statistic


def p_from_chi2(statistic: ArrayLike, df: ArrayLike) -> Array:
    """Upper tail of chi-square; NaN where df is 0.

    >>> round(float(p_from_chi2(6.677, 1)), 4)
    0.0098
    """
    x, d = np.asarray(statistic, dtype=float), np.asarray(df, dtype=float)
    return np.where(d > 0, special.chdtrc(np.where(d > 0, d, 1.0), np.maximum(x, 0.0)), np.nan)


def p_from_t(statistic: ArrayLike, df: ArrayLike) -> Array:
    """Two-sided P of a t statistic; infinite df is the normal distribution.

    >>> round(float(p_from_t(0.147, 203)), 4)
    0.8833
    """
    t, d = np.asarray(statistic, dtype=float), np.asarray(df, dtype=float)
    infinite = np.isinf(d)
    return np.where(infinite, p_from_z(t), 2 * special.stdtr(np.where(infinite, 1.0, d), -np.abs(t)))


def p_from_z(statistic: ArrayLike) -> Array:
    """Two-sided P of a normal deviate.

    >>> round(float(p_from_z(1.96)), 4)
    0.05
    """
    return np.asarray(2 * special.ndtr(-np.abs(np.asarray(statistic, dtype=float))))


def p_from_f(statistic: ArrayLike, df_1: ArrayLike, df_2: ArrayLike) -> Array:
    """Upper tail of F.

    >>> round(float(p_from_f(4.0, 1, 60)), 4)       # t = 2 with 60 df
    0.05
    """
    return np.asarray(special.fdtrc(df_1, df_2, np.maximum(np.asarray(statistic, dtype=float), 0.0)))


def p_from_r(statistic: ArrayLike, df: ArrayLike) -> Array:
    """Two-sided P of a correlation with df = n - 2, by its t.

    >>> round(float(p_from_r(0.5, 18)), 4)
    0.0248
    """
    r, d = np.asarray(statistic, dtype=float), np.asarray(df, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(np.abs(r) < 1, r * np.sqrt(d / (1 - np.square(np.clip(r, -1, 1)))), np.inf)
    return p_from_t(t, d)


# distribution -> (function, number of degrees of freedom)
P_VALUE: dict[str, tuple[Callable[..., Any], int]] = {
    "chi2": (p_from_chi2, 1),
    "t": (p_from_t, 1),
    "z": (p_from_z, 0),
    "F": (p_from_f, 2),
    "r": (p_from_r, 1),
    "Q": (p_from_chi2, 1),
}


def p_value(distribution: str, statistic: ArrayLike, *df: ArrayLike) -> Array:
    """Two-sided P (upper tail for chi2, Q and F) of a statistic. distribution : chi2, t, z, F, r or Q.

    >>> round(float(p_value("F", 4.0, 1, 60)), 4)
    0.05
    """
    function, count = P_VALUE[one_of("distribution", distribution, P_VALUE)]
    if len(df) != count:
        raise OptionError(f"a {distribution} statistic needs {count} degrees of freedom; {len(df)} were given.")
    return np.asarray(function(statistic, *df), dtype=float)
