# pyright: reportMissingTypeStubs=false
"""Tests on the values of patients in groups: ranks, spread, normality, trend, and P values of several tests together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ostealgia.errors import OptionError
from ostealgia.numerics.summary_tests import SummaryTest, anova_f, p_from_chi2
from ostealgia.options import one_of

Array = NDArray[np.float64]
EXACT_BELOW = 50  # groups smaller than this, without ties, get the exact distribution


class RankTest(NamedTuple):
    """statistic : W, pairs won by the first group, ties as half.  exact : how P was found."""

    statistic: float
    p_value: float
    exact: bool


class FTest(NamedTuple):
    """F with its two degrees of freedom."""

    statistic: float
    df_1: float
    df_2: float
    p_value: float


def midranks(x: ArrayLike) -> tuple[Array, Array]:
    """Ranks from 1, ties at their mean, (n,), and how often each different value occurs.

    >>> midranks([5.0, 2.0, 5.0])[0].tolist()
    [2.5, 1.0, 2.5]
    """
    _, place, counts = np.unique(np.asarray(x, dtype=float), return_inverse=True, return_counts=True)
    upper = np.cumsum(counts)
    return (upper - (counts - 1) / 2.0)[place.reshape(-1)], counts.astype(float)


def mann_whitney(x: ArrayLike, y: ArrayLike, *, method: str = "auto", correct: bool = True) -> RankTest:
    """Do values of one group tend to be larger? W and its two-sided P.

    x, y : arrays without missing values.  method : "exact" (no ties), "normal" (variance corrected for ties), or "auto": exact where both
    groups have fewer than 50 values and no two are equal.  correct : continuity correction of 0.5 in the normal approximation.
    Says nothing about medians or means unless the two distributions have one shape.
    Source: Mann & Whitney 1947, doi:10.1214/aoms/1177730491.

    >>> mann_whitney([1.1, 2.2, 3.3], [4.4, 5.5, 6.6, 7.7]).p_value.__round__(4)
    0.0571
    """
    one_of("method", method, ("auto", "exact", "normal"))
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    n, m = len(a), len(b)
    if not n or not m:
        return RankTest(math.nan, math.nan, False)
    ranks, ties = midranks(np.concatenate([a, b]))
    w = float(ranks[:n].sum() - n * (n + 1) / 2)
    tied = len(ties) < n + m
    if method == "exact" and tied:
        raise OptionError("the exact distribution of W needs values without ties; take method='normal'.")
    if method == "exact" or (method == "auto" and not tied and max(n, m) < EXACT_BELOW):
        chance = _rank_sum_distribution(n, m)
        tail = chance[: int(min(w, n * m - w)) + 1].sum()
        return RankTest(w, float(min(1.0, 2 * tail)), True)
    total = n + m
    variance = n * m / 12 * (total + 1 - float((ties**3 - ties).sum()) / (total * (total - 1)))
    gap = w - n * m / 2
    if variance <= 0:
        return RankTest(w, math.nan, False)
    z = (gap - (math.copysign(0.5, gap) if gap and correct else 0.0)) / math.sqrt(variance)
    return RankTest(w, float(min(1.0, 2 * special.ndtr(-abs(z)))), False)


def _rank_sum_distribution(n: int, m: int) -> Array:
    """Probabilities of W = 0 ... n m when no value is tied: coefficients of the Gaussian binomial, one factor at a time."""
    out = np.zeros(n * m + 1)
    out[0] = 1.0
    for k in range(1, n + 1):
        step = m + k
        if step < len(out):
            out[step:] -= out[:-step].copy()
        for start in range(k):
            out[start::k] = np.cumsum(out[start::k])
        out *= k / (m + k)
    return np.maximum(out, 0.0)


def kruskal_wallis(groups: Sequence[ArrayLike]) -> SummaryTest:
    """Do the groups have one distribution? H with its tie correction, chi-square with k - 1 df.

    Source: Kruskal & Wallis 1952, doi:10.1080/01621459.1952.10483441.

    >>> test = kruskal_wallis([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> round(float(test.statistic), 4), float(test.df)
    (4.5714, 2.0)
    """
    arrays = [np.asarray(group, dtype=float) for group in groups if len(np.asarray(group))]
    sizes = np.array([len(array) for array in arrays], dtype=float)
    total, df = sizes.sum(), np.asarray(len(arrays) - 1.0)
    if len(arrays) < 2:
        return SummaryTest(np.asarray(np.nan), df, np.asarray(np.nan))
    ranks, ties = midranks(np.concatenate(arrays))
    sums = np.add.reduceat(ranks, np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp))
    with np.errstate(divide="ignore", invalid="ignore"):
        h = 12 / (total * (total + 1)) * (sums**2 / sizes).sum() - 3 * (total + 1)
        h = np.asarray(h / (1 - (ties**3 - ties).sum() / (total**3 - total)), dtype=float)
    return SummaryTest(h, df, p_from_chi2(h, df))


def brown_forsythe(groups: Sequence[ArrayLike]) -> FTest:
    """Do the groups spread alike? One-way analysis of variance of the distances from each group's median.

    Source: Brown & Forsythe 1974, doi:10.1080/01621459.1974.10482955.

    >>> round(brown_forsythe([[1.0, 2.0, 3.0], [2.0, 5.0, 9.0]]).statistic, 4)
    1.7857
    """
    away = [np.abs(a - np.median(a)) for a in (np.asarray(group, dtype=float) for group in groups) if len(a) > 1]
    if len(away) < 2:
        return FTest(math.nan, math.nan, math.nan, math.nan)
    return FTest(*anova_f([a.mean() for a in away], [a.std(ddof=1) for a in away], [len(a) for a in away]))


def cochran_armitage(events: ArrayLike, n: ArrayLike, scores: ArrayLike | None = None) -> SummaryTest:
    """Does the proportion rise or fall over ordered categories? Chi-square with 1 df.

    events, n : one value a category.  scores : of the categories, 1, 2, ... by default.
    Source: Cochran 1954, doi:10.2307/3001616; Armitage 1955, doi:10.2307/3001775.

    >>> round(float(cochran_armitage([10, 15, 25], [50, 50, 50]).statistic), 4)
    10.125
    """
    x, size = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    s = np.arange(1.0, len(x) + 1) if scores is None else np.asarray(scores, dtype=float)
    total, share = size.sum(), x.sum() / size.sum()
    away = s - (size * s).sum() / total
    one = np.asarray(1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.asarray((x * away).sum() ** 2 / ((size * away**2).sum() * share * (1 - share)), dtype=float)
    return SummaryTest(statistic, one, p_from_chi2(statistic, one))


# ---------------------------------------------------------------- normality
# coefficients of Royston 1995, lowest power first
_A_LAST = (0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056)
_A_NEXT = (0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633)
_GAMMA = (-2.273, 0.459)
_MEAN_SMALL, _SD_SMALL = (0.544, -0.39978, 0.025054, -6.714e-4), (1.3822, -0.77857, 0.062767, -0.0020322)
_MEAN_LARGE, _SD_LARGE = (-1.5861, -0.31082, -0.083751, 0.0038915), (-0.4803, -0.082676, 0.0030302)


def shapiro_wilk(x: ArrayLike) -> tuple[float, float]:
    """Could these values come from a normal distribution? (W, P); NaN for fewer than 3 or more than 5,000 values, or all the same.

    With many values P is small for departures that do no harm: look at the distribution as well.
    Source: Shapiro & Wilk 1965, doi:10.1093/biomet/52.3-4.591; Royston 1995 (AS R94), doi:10.2307/2986146.

    >>> w, p = shapiro_wilk([148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236])
    >>> round(w, 3), round(p, 4)
    (0.789, 0.0067)
    """
    values = np.sort(np.asarray(x, dtype=float))
    n = len(values)
    if not 3 <= n <= 5000 or values[0] == values[-1]:
        return math.nan, math.nan
    away = (values - values.mean()) / (values[-1] - values[0])
    w = min(1.0, float((_shapiro_weights(n) @ away) ** 2 / (away @ away)))
    return w, _shapiro_p(w, n)


def _poly(coefficients: Sequence[float], x: float) -> float:
    return sum(c * x**k for k, c in enumerate(coefficients))


def _shapiro_weights(n: int) -> Array:
    if n == 3:
        return np.array([-1.0, 0.0, 1.0]) * math.sqrt(0.5)
    m = np.asarray(special.ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25)), dtype=float)
    square, root = float(m @ m), 1 / math.sqrt(n)
    ends = 2 if n > 5 else 1
    tops = [m[-1 - k] / math.sqrt(square) + _poly(c, root) for k, c in enumerate((_A_LAST, _A_NEXT)[:ends])]
    kept = square - 2 * float((m[-ends:] ** 2).sum())
    a = m * math.sqrt((1 - 2 * sum(t * t for t in tops)) / kept)
    for k, top in enumerate(tops):
        a[-1 - k], a[k] = top, -top
    return a


def _shapiro_p(w: float, n: int) -> float:
    if n == 3:
        return max(0.0, 6 / math.pi * (math.asin(math.sqrt(w)) - math.asin(math.sqrt(0.75))))
    if w >= 1.0:
        return 1.0
    y, log_n = math.log1p(-w), math.log(n)
    if n <= 11:
        bound = _poly(_GAMMA, n)
        if y >= bound:
            return 0.0
        y, mean, sd = -math.log(bound - y), _poly(_MEAN_SMALL, n), math.exp(_poly(_SD_SMALL, n))
    else:
        mean, sd = _poly(_MEAN_LARGE, log_n), math.exp(_poly(_SD_LARGE, log_n))
    return float(special.ndtr(-(y - mean) / sd))


# ---------------------------------------------------------------- several P values


def _bonferroni(p: Array) -> Array:
    return p * len(p)


def _holm(p: Array) -> Array:
    order = np.argsort(p)
    return _unsorted(np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]), order)


def _step_up(p: Array, factor: Array) -> Array:
    """factor : for P values from the largest to the smallest."""
    order = np.argsort(-p)
    return _unsorted(np.minimum.accumulate(factor * p[order]), order)


def _hochberg(p: Array) -> Array:
    return _step_up(p, np.arange(1.0, len(p) + 1))


def _benjamini_hochberg(p: Array) -> Array:
    return _step_up(p, len(p) / np.arange(float(len(p)), 0.0, -1.0))


def _benjamini_yekutieli(p: Array) -> Array:
    return _step_up(p, (1 / np.arange(1.0, len(p) + 1)).sum() * len(p) / np.arange(float(len(p)), 0.0, -1.0))


def _unsorted(values: Array, order: NDArray[np.intp]) -> Array:
    out = np.empty_like(values)
    out[order] = values
    return out


P_ADJUSTMENTS: dict[str, Callable[[Array], Array]] = {
    "none": lambda p: p,
    "bonferroni": _bonferroni,
    "holm": _holm,
    "hochberg": _hochberg,
    "BH": _benjamini_hochberg,
    "BY": _benjamini_yekutieli,
}


def p_adjust(p: ArrayLike, method: str = "holm") -> Array:
    """P values of several tests, adjusted together; missing ones stay missing and are not counted.

    method : none, bonferroni, holm, hochberg (family-wise error), BH, BY (false discovery rate).
    Source: Holm 1979, doi:10.2307/4615733; Hochberg 1988, doi:10.1093/biomet/75.4.800; Benjamini & Hochberg 1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x; Benjamini & Yekutieli 2001, doi:10.1214/aos/1013699998.

    >>> p_adjust([0.01, 0.02, 0.04], "holm").tolist()
    [0.03, 0.04, 0.04]
    """
    one_of("method", method, P_ADJUSTMENTS)
    values = np.asarray(p, dtype=float)
    known = ~np.isnan(values)
    if bool(((values[known] < 0) | (values[known] > 1)).any()):
        raise OptionError("P values must lie from 0 to 1.")
    out = values.copy()
    if known.any():
        out[known] = np.minimum(1.0, P_ADJUSTMENTS[method](values[known]))
    return out


# ---------------------------------------------------------------- differences in standard deviations


def smd_continuous(x: ArrayLike, y: ArrayLike, *, pooled: bool = False) -> float:
    """Mean of y minus mean of x, in standard deviations: root of the mean variance, or with ``pooled`` the pooled one.

    Source: Austin 2009, doi:10.1002/sim.3697.

    >>> round(smd_continuous([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]), 4)
    1.0
    """
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    n, m = len(a), len(b)
    if n < 2 or m < 2:
        return math.nan
    va, vb = float(a.var(ddof=1)), float(b.var(ddof=1))
    variance = ((n - 1) * va + (m - 1) * vb) / (n + m - 2) if pooled else (va + vb) / 2
    return _over(float(b.mean() - a.mean()), math.sqrt(variance))


def _over(gap: float, sd: float) -> float:
    if sd > 0:
        return gap / sd
    return 0.0 if gap == 0 else math.copysign(math.inf, gap)


def smd_categorical(counts: ArrayLike) -> float:
    """Distance of two distributions over categories, zero or more (for two categories the absolute standardised difference).

    counts : (categories, 2). Source: Yang & Dalton 2012, SAS Global Forum paper 335-2012 (Mahalanobis distance of the proportions).

    >>> round(smd_categorical([[40, 40], [63, 62]]), 6)
    0.007805
    """
    table = np.asarray(counts, dtype=float)
    table = table[table.sum(axis=1) > 0]
    total = table.sum(axis=0)
    if len(table) < 2:
        return 0.0 if (total > 0).all() else math.nan
    if (total == 0).any():
        return math.nan
    shares = (table / total)[1:]
    spread = sum((np.diag(p) - np.outer(p, p) for p in shares.T), np.zeros((len(shares),) * 2)) / 2
    gap = shares[:, 1] - shares[:, 0]
    inverse = np.linalg.pinv(spread, rcond=1e-12, hermitian=True)
    if float(np.abs(spread @ inverse @ gap - gap).max()) > 1e-8:
        return math.inf
    return math.sqrt(max(0.0, float(gap @ inverse @ gap)))


def quantile_type2(x: ArrayLike, share: float) -> float:
    """Quantile by averaging at discontinuities, as SAS and most textbooks do (type 2 of Hyndman & Fan 1996, doi:10.2307/2684934).

    >>> quantile_type2([1.0, 2.0, 3.0, 4.0], 0.25)
    1.5
    """
    values = np.sort(np.asarray(x, dtype=float))
    if not len(values):
        return math.nan
    place = len(values) * share
    j = math.floor(place + 1e-9)
    at = [min(max(j - 1, 0), len(values) - 1), min(j, len(values) - 1)]
    return float(values[at].mean() if abs(place - j) < 1e-9 else values[at[1]])
