"""Standard deviations and standard errors from intervals, tests, quartiles, ranges and correlations.

Sources: Cochrane Handbook for Systematic Reviews of Interventions, version 6, sections 6.3 and 6.5.2 ("Handbook");
Wan X et al. BMC Med Res Methodol 2014;14:135, doi:10.1186/1471-2288-14-135 ("Wan").
Functions take numbers or arrays that broadcast; NaN stays NaN; an impossible value is a TableError.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from ostealgia.errors import TableError
from ostealgia.numerics import order_statistics as order
from ostealgia.options import confidence_level, one_of

Array = NDArray[np.float64]

# the smallest group that can be converted: all five numbers, range, quartiles
SMALLEST_N: dict[str, int] = {"both": 5, "range": 2, "iqr": 5}


# -- small checks -----------------------------------------------------------------------------------------------------
def as_array(x: ArrayLike | None) -> Array:
    """Numbers as an array of floats; NaN where nothing is given."""
    return np.asarray(np.nan if x is None else x, dtype=float)


def refuse(
    name: str, values: Array, bad: Any, expected: str, action: str = "Check the value against the paper."
) -> None:
    """Raise a TableError for the first value marked bad; NaN is never marked by a comparison."""
    values, bad = np.broadcast_arrays(np.atleast_1d(values), np.atleast_1d(bad))
    if bad.any():
        at = int(np.flatnonzero(bad.ravel())[0])
        where = f" (value {at + 1} of {values.size})" if values.size > 1 else ""
        found = f"{values.ravel()[at]:g}"
        raise TableError(f"{name}{where} is not {expected}", found=found, expected=expected, action=action)


def above_zero(name: str, x: ArrayLike | None) -> Array:
    """Numbers as an array; a TableError for the first that is not above 0 (NaN stays)."""
    values = as_array(x)
    refuse(name, values, ~(values > 0) & ~np.isnan(values), "above 0")
    return values


def _ordered_interval(ci_low: ArrayLike, ci_high: ArrayLike) -> tuple[Array, Array]:
    low, high = np.broadcast_arrays(as_array(ci_low), as_array(ci_high))
    refuse("ci_high", high, high <= low, "above ci_low")
    return low, high


def critical_value(level: float = 0.95, df: ArrayLike = np.inf) -> Array:
    """Two-sided critical value of t with df degrees of freedom; of the normal distribution where df is infinite.

    >>> critical_value(0.95, [np.inf, 24]).round(3).tolist()
    [1.96, 2.064]
    """
    return quantile_t(1.0 - (1.0 - confidence_level(level)) / 2.0, df)


def quantile_t(probability: ArrayLike, df: ArrayLike) -> Array:
    """Quantile of t, arrays broadcast; of the normal distribution where df is infinite, NaN where it is NaN."""
    p, df = np.broadcast_arrays(as_array(probability), as_array(df))
    finite = np.where(np.isfinite(df), df, 1.0)
    t = np.where(np.isnan(df), np.nan, np.asarray(stdtrit(finite, p)))
    return np.where(np.isinf(df), np.asarray(ndtri(p)), t)


# -- SD and SE from interval, test or spread --------------------------------------------------------------------------
def sd_from_se(std_error: ArrayLike, n: ArrayLike) -> Any:
    """SD of one group from the standard error of its mean: std_error x sqrt(n) (Handbook 6.5.2.2).

    >>> float(sd_from_se(0.5, 16))
    2.0
    """
    return (above_zero("std_error", std_error) * np.sqrt(above_zero("n", n)))[()]


def sd_from_ci(
    ci_low: ArrayLike, ci_high: ArrayLike, n: ArrayLike, *, level: float = 0.95, distribution: str = "t"
) -> Any:
    """SD of one group from the interval of its mean: sqrt(n) (high - low)/(2 critical value) (Handbook 6.5.2.2).

    distribution : "t" with n - 1 degrees of freedom, or "z", which the Handbook allows from about 100 patients on.

    >>> float(sd_from_ci(2.97, 5.03, 24).round(3))
    2.439
    """
    one_of("distribution", distribution, ("t", "z"))
    low, high = _ordered_interval(ci_low, ci_high)
    n = above_zero("n", n)
    if distribution == "t":
        refuse("n", n, n <= 1, "above 1, as t needs n - 1 degrees of freedom")
    df = n - 1.0 if distribution == "t" else np.full_like(n, np.inf)
    return (np.sqrt(n) * (high - low) / (2.0 * critical_value(level, df)))[()]


def se_from_ci(
    ci_low: ArrayLike, ci_high: ArrayLike, *, level: float = 0.95, df: ArrayLike = np.inf, log: bool = False
) -> Any:
    """Standard error from a confidence interval; log=True for a ratio (the result is on the log scale).

    df : infinite for an interval by the normal distribution (Handbook 6.3.1, 6.3.2).

    >>> float(se_from_ci(0.71, 1.02, log=True).round(4))
    0.0924
    """
    low, high = _ordered_interval(ci_low, ci_high)
    if log:
        refuse("ci_low", low, low <= 0, "above 0, as a ratio must be")
        low, high = np.log(low), np.log(high)
    return ((high - low) / (2.0 * critical_value(level, df)))[()]


def _statistic(p_value: ArrayLike, df: ArrayLike) -> Array:
    p = as_array(p_value)
    refuse("p_value", p, (p <= 0) | (p >= 1), "between 0 and 1", "Where only P < 0.05 is printed, give the limit.")
    return -quantile_t(p / 2.0, df)


def se_from_p(estimate: ArrayLike, p_value: ArrayLike, *, df: ArrayLike = np.inf) -> Any:
    """Standard error from an estimate on the analysis scale and its two-sided P: |estimate|/critical (Handbook 6.3.2).

    >>> float(se_from_p(3.8, 0.008, df=45).round(2))
    1.37
    """
    estimate = as_array(estimate)
    refuse("estimate", estimate, estimate == 0, "different from 0", "An estimate of 0 has P = 1 and no standard error.")
    return (np.abs(estimate) / _statistic(p_value, df))[()]


def sd_from_se_of_difference(std_error: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Any:
    """Common SD of two groups from the standard error of the difference of their means (Handbook 6.5.2.3).

    >>> float(sd_from_se_of_difference(1.37, 25, 22).round(2))
    4.69
    """
    n_1, n_2 = above_zero("n_1", n_1), above_zero("n_2", n_2)
    return (above_zero("std_error", std_error) / np.sqrt(1.0 / n_1 + 1.0 / n_2))[()]


def sd_from_t(difference: ArrayLike, t: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Any:
    """Common SD of two groups from a difference of means and its t statistic (Handbook 6.5.2.3).

    >>> float(sd_from_t(3.8, 2.78, 25, 22).round(2))
    4.68
    """
    t = as_array(t)
    refuse("t", t, t == 0, "different from 0")
    return sd_from_se_of_difference(np.abs(as_array(difference) / t), n_1, n_2)


def sd_from_p(difference: ArrayLike, p_value: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Any:
    """Common SD of two groups from a difference of means and the two-sided P of the t test (Handbook 6.5.2.3).

    >>> float(sd_from_p(3.8, 0.008, 25, 22).round(2))
    4.68
    """
    n_1, n_2 = above_zero("n_1", n_1), above_zero("n_2", n_2)
    return sd_from_se_of_difference(se_from_p(difference, p_value, df=n_1 + n_2 - 2.0), n_1, n_2)


def sd_from_iqr(q1: ArrayLike, q3: ArrayLike, n: ArrayLike | None = None, *, quantiles: str = "table") -> Any:
    """SD of one group from its quartiles.

    n : with n the interquartile range is divided by its expectation in a normal sample of that size (Wan, by
    quantiles="table" or "approximation"); without n by 1.35, which holds for large groups (Handbook 6.5.2.5).

    >>> float(sd_from_iqr(2.5, 5.8, 24).round(3)), float(sd_from_iqr(2.5, 5.8).round(3))
    (2.59, 2.444)
    """
    one_of("quantiles", quantiles, order.IQR_IN_SD)
    low, high = as_array(q1), as_array(q3)
    refuse("q3", high, high < low, "at least q1")
    if n is None:
        return ((high - low) / 1.35)[()]
    n = as_array(n)
    refuse("n", n, n < SMALLEST_N["iqr"], f"at least {SMALLEST_N['iqr']}")
    return order.sd_iqr(n, low, high, quantiles)[()]


def sd_from_range(min: ArrayLike, max: ArrayLike, n: ArrayLike, *, quantiles: str = "table") -> Any:
    """SD of one group from its smallest and largest value and its size (Wan). The least robust of the conversions.

    >>> float(sd_from_range(0.4, 9, 24).round(3))
    2.208
    """
    one_of("quantiles", quantiles, order.RANGE_IN_SD)
    low, high, n = as_array(min), as_array(max), as_array(n)
    refuse("max", high, high < low, "at least min")
    refuse("n", n, n < SMALLEST_N["range"], f"at least {SMALLEST_N['range']}")
    return order.sd_range(n, low, high, quantiles)[()]


# -- change from baseline ---------------------------------------------------------------------------------------------
def change_sd(sd_pre: ArrayLike, sd_post: ArrayLike, correlation: ArrayLike) -> Any:
    """SD of the change from the SDs before and after and their correlation (Handbook 6.5.2.8).

    >>> float(change_sd(6.4, 7.1, 0.7826).round(2))
    4.5
    """
    pre, post, r = above_zero("sd_pre", sd_pre), above_zero("sd_post", sd_post), as_array(correlation)
    refuse("correlation", r, np.abs(r) > 1, "between -1 and 1")
    return np.sqrt(np.maximum(pre**2 + post**2 - 2.0 * r * pre * post, 0.0))[()]


def change_correlation(sd_pre: ArrayLike, sd_post: ArrayLike, sd_change: ArrayLike) -> Any:
    """Correlation of the values before and after, from the three SDs (Handbook 6.5.2.8).

    An SD of the change outside |sd_pre - sd_post| to sd_pre + sd_post is impossible and refused.

    >>> float(change_correlation(6.4, 7.1, 4.5).round(2)), float(change_correlation(7.0, 6.9, 4.2).round(2))
    (0.78, 0.82)
    """
    pre, post, change = (
        above_zero(*pair) for pair in (("sd_pre", sd_pre), ("sd_post", sd_post), ("sd_change", sd_change))
    )
    r = (pre**2 + post**2 - change**2) / (2.0 * pre * post)
    bad = np.abs(r) > 1.0 + 1e-12
    refuse("sd_change", np.broadcast_to(change, np.shape(r)), bad, "between |sd_pre - sd_post| and sd_pre + sd_post")
    return np.clip(r, -1.0, 1.0)[()]
