# pyright: reportMissingTypeStubs=false
"""Standard errors, tests and intervals of a whole batch, from what ``batch.fit_batch`` gives. Formulas as in ``pooling``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

from ostealgia.numerics.batch import BatchFit
from ostealgia.numerics.pooling import PREDICTION

Array = NDArray[np.float64]
_TABLE = 1024


def t_quantile(level: float, df: Array) -> Array:
    """Two-sided quantiles of t, of the normal where df is infinite; each df is looked up once.

    >>> t_quantile(0.95, np.array([1.0, np.inf])).round(4).tolist()
    [12.7062, 1.96]
    """
    upper = 0.5 + level / 2.0
    if _all_normal(df):
        return np.broadcast_to(np.float64(ndtri(upper)), df.shape)
    with np.errstate(invalid="ignore"):
        if len(df) > 4 * _TABLE and bool((df.min() >= 0.0) & (df.max() < _TABLE)):  # a look-up is quicker than sorting
            table = np.asarray(stdtrit(np.arange(float(_TABLE)), upper))
            return table[df.astype(np.int64)]
        values, place = np.unique(df, return_inverse=True)
        found = np.where(np.isinf(values), float(ndtri(upper)), stdtrit(values, upper))
    return found[place]


def _all_normal(df: Array) -> bool:
    """True for degrees of freedom that are one infinite number, repeated without memory."""
    return df.strides == (0,) and len(df) > 0 and bool(np.isinf(df[0]))


def standard_errors(fit: BatchFit, ci: str, level: float, *, random: bool) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Standard error and degrees of freedom by a named interval: (std_error, df, where z is in force). All (n,).

    ci : "z", "t", "HK", "HK-adhoc", "HK-ci", or "auto": Hartung-Knapp, but z where k is 2 or less, tau2 = 0 or the model is common.
    """
    with np.errstate(invalid="ignore"):
        plain, n = np.sqrt(fit.variance), len(fit.k)
        if ci == "z" or (ci == "auto" and not random):
            return plain, np.broadcast_to(np.float64(np.inf), (n,)), np.broadcast_to(np.bool_(True), (n,))
        df = (fit.k - 1).astype(float)
        if ci == "t":
            return plain, df, np.zeros(n, bool)
        normal = (fit.k <= 2) | (fit.tau2 == 0.0) if ci == "auto" else np.zeros(n, bool)
        factor = np.fmax(1.0, fit.hk_factor) if ci == "HK-adhoc" else fit.hk_factor
        wide = plain * np.sqrt(factor)
        if ci == "HK-ci":
            normal = float(ndtri(0.5 + level / 2.0)) * plain > t_quantile(level, df) * wide
    return np.where(normal, plain, wide), np.where(normal, np.inf, df), normal


def wald_tests(estimate: Array, std_error: Array, df: Array) -> tuple[Array, Array]:
    """Statistic and two-sided P of no effect; NaN where the standard error is not above zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(std_error > 0.0, estimate / std_error, np.nan)
        p_value = np.empty(len(statistic))
        normal = np.isinf(df)
        p_value[normal] = 2.0 * ndtr(-np.abs(statistic[normal]))
        p_value[~normal] = 2.0 * stdtr(df[~normal], -np.abs(statistic[~normal]))
    return statistic, p_value


def limits(estimate: Array, std_error: Array, df: Array, level: float) -> tuple[Array, Array]:
    """Interval estimate -+ quantile times standard error; NaN where the standard error is not above zero."""
    with np.errstate(invalid="ignore"):
        half = t_quantile(level, df) * std_error
        above = std_error > 0.0
        if not above.all():
            half[~above] = np.nan
    return estimate - half, estimate + half


def prediction_limits(fit: BatchFit, rule: str, level: float, *, adhoc: bool) -> tuple[Array, Array]:
    """Prediction intervals by a rule of ``pooling.PREDICTION``; NaN below three studies."""
    hk, lost = PREDICTION[rule]
    with np.errstate(invalid="ignore"):
        factor = np.fmax(1.0, fit.hk_factor) if adhoc else fit.hk_factor
        squared = fit.variance * factor if hk else fit.variance
        df = np.full(len(fit.k), np.inf) if lost is None else (fit.k - lost).astype(float)
        half = np.where(fit.k < 3, np.nan, t_quantile(level, df) * np.sqrt(fit.tau2 + squared))
    return fit.estimate - half, fit.estimate + half


def heterogeneity_of(fit: BatchFit, *, random: bool) -> tuple[Array, Array, Array, Array]:
    """(i2_tau2, i2_q, h2, q_p_value), the first two in per cent, as ``pooling.heterogeneity`` defines them."""
    df = fit.k - 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        i2_q = np.where(fit.q > 0.0, np.maximum(0.0, 100.0 * (fit.q - df) / fit.q), 0.0)
        q_p_value = np.where(df > 0.0, chdtrc(np.maximum(df, 1.0), fit.q), 1.0)
        if random:
            i2_tau2 = 100.0 * fit.tau2 / (fit.tau2 + fit.typical)
            h2 = fit.tau2 / fit.typical + 1.0
        else:
            i2_tau2, h2 = np.where(df > 0.0, np.nan, 0.0), fit.q / df
        h2 = np.where(df > 0.0, h2, 1.0)
    return i2_tau2, i2_q, h2, q_p_value
