# pyright: reportMissingTypeStubs=false
"""Pooling of effects with known variances: estimate, test, interval, prediction interval, heterogeneity. Arrays in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from ostealgia.numerics.heterogeneity import (
    cochran_q,
    h_interval,
    i2_from_h,
    i2_from_q,
    q_p_value,
    residual_df,
    strata_of,
    typical_variance,
)

Array = NDArray[np.float64]
ROUNDING = (8 * float(np.finfo(np.float64).eps)) ** 2  # of a sum of squares, beside the sum of the squared effects


class Mean(NamedTuple):
    """A weighted mean: estimate, its standard error under the model, the Hartung-Knapp factor, weights in per cent."""

    estimate: float
    std_error: float
    hk_factor: float
    weights: Array


class Wald(NamedTuple):
    """A test and interval: std_error, statistic, df, p_value, ci_low, ci_high."""

    std_error: float
    statistic: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float


class Heterogeneity(NamedTuple):
    """Q with df and P; I2 by both definitions and H2; the test-based I2 interval."""

    q: float
    q_df: int
    q_p_value: float
    i2_tau2: float
    i2_q: float
    i2_q_ci_low: float
    i2_q_ci_high: float
    h2: float


def weighted_mean(y: Array, v: Array, tau2: float, weights: Array | None = None) -> Mean:
    """The pooled mean with weights 1 / (v + tau2), or with given ones.

    y, v : arrays (k,).  weights : (k,), any positive scale.  The Hartung-Knapp factor is sum w (y - mean)^2 / (k - 1) with
    w = 1 / (v + tau2) and the mean that goes with w, also where other weights are given; NaN for one study, 0 where the effects
    differ by no more than their rounding (Hartung & Knapp 2001, doi:10.1002/sim.791).

    >>> weighted_mean(np.array([0.0, 1.0]), np.array([1.0, 1.0]), 0.0).estimate
    0.5
    """
    total = v + tau2
    w = 1.0 / total
    a = w if weights is None else weights
    s1 = float(np.add.reduce(a))
    estimate = float(a.dot(y)) / s1
    variance = 1.0 / s1 if weights is None else float((a * a * total).sum()) / (s1 * s1)
    k = len(y)
    r = y - (estimate if weights is None else float(w @ y) / float(w.sum()))
    spread = float(r.dot(w * r))
    if spread <= ROUNDING * float(y.dot(w * y)):
        spread = 0.0
    factor = spread / (k - 1) if k > 1 else math.nan
    return Mean(estimate, math.sqrt(variance), factor, 100.0 * a / s1)


# --- intervals: the standard error and degrees of freedom of each method ------------------------------------------


def _normal(mean: Mean, k: int, level: float) -> tuple[float, float]:
    return mean.std_error, math.inf


def _student(mean: Mean, k: int, level: float) -> tuple[float, float]:
    return mean.std_error, k - 1.0


def _hartung_knapp(mean: Mean, k: int, level: float) -> tuple[float, float]:
    return mean.std_error * math.sqrt(mean.hk_factor), k - 1.0


def _hk_adhoc(mean: Mean, k: int, level: float) -> tuple[float, float]:
    return mean.std_error * math.sqrt(max(1.0, mean.hk_factor)), k - 1.0


def _hk_ci(mean: Mean, k: int, level: float) -> tuple[float, float]:
    """The Hartung-Knapp interval, or the normal one where that is wider."""
    hk, df = _hartung_knapp(mean, k, level)
    wider = quantile(level, math.inf) * mean.std_error > quantile(level, df) * hk
    return (mean.std_error, math.inf) if wider else (hk, df)


INTERVALS: dict[str, Callable[[Mean, int, float], tuple[float, float]]] = {
    "z": _normal,
    "t": _student,
    "HK": _hartung_knapp,
    "HK-adhoc": _hk_adhoc,
    "HK-ci": _hk_ci,
}


@lru_cache(maxsize=4096)
def quantile(level: float, df: float) -> float:
    """Two-sided quantile of t with df degrees of freedom; of the normal where df is infinite.

    >>> round(quantile(0.95, float("inf")), 6)
    1.959964
    """
    upper = 0.5 + level / 2.0
    return float(ndtri(upper)) if math.isinf(df) else float(stdtrit(df, upper))


def two_sided_p(statistic: float, df: float) -> float:
    """Two-sided P of a t or normal statistic."""
    return 2.0 * float(ndtr(-abs(statistic)) if math.isinf(df) else stdtr(df, -abs(statistic)))


def wald(estimate: float, std_error: float, df: float, level: float) -> Wald:
    """Test of no effect (0 on the analysis scale) and the interval."""
    if not std_error > 0.0:
        return Wald(std_error, math.nan, df, math.nan, math.nan, math.nan)
    statistic = estimate / std_error
    half = quantile(level, df) * std_error
    return Wald(std_error, statistic, df, two_sided_p(statistic, df), estimate - half, estimate + half)


# --- prediction intervals: rule -> (Hartung-Knapp standard error?, degrees lost) ------------------------------------

PREDICTION: dict[str, tuple[bool, int | None]] = {
    "S": (False, None),  # normal quantile (Skipka 2006)
    "V": (False, 1),  # t with k - 1 df (Veroniki et al. 2019)
    "HTS": (False, 2),  # t with k - 2 df (Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x)
    "HK": (True, 1),  # Hartung-Knapp standard error, k - 1 df
    "HK-PR": (True, 2),  # Hartung-Knapp standard error, k - 2 df (Partlett & Riley 2017, doi:10.1002/sim.7140)
}


def prediction_interval(
    mean: Mean, tau2: float, k: int, rule: str, level: float, *, adhoc: bool = False
) -> tuple[float, float]:
    """The interval of the true effect in a new setting: estimate -+ q sqrt(tau2 + SE^2); NaN below three studies.

    rule : a key of PREDICTION.  adhoc : the Hartung-Knapp factor is held at 1 or more, as in the interval "HK-adhoc".
    """
    if k < 3:
        return math.nan, math.nan
    hk, lost = PREDICTION[rule]
    factor = max(1.0, mean.hk_factor) if adhoc else mean.hk_factor
    se = mean.std_error * math.sqrt(factor) if hk else mean.std_error
    half = quantile(level, math.inf if lost is None else k - float(lost)) * math.sqrt(tau2 + se * se)
    return mean.estimate - half, mean.estimate + half


def heterogeneity(
    y: Array, v: Array, tau2: float, level: float, *, random: bool = True, center: float | None = None
) -> Heterogeneity:
    """Q, I2 by both definitions and H2.

    random : I2 and H2 from tau2 and the typical variance (Higgins & Thompson 2002); else i2_tau2 is NaN and H2 = Q / df.
    center : the value around which Q is taken, by default the inverse-variance mean.
    """
    strata = strata_of(y, v)
    k, df = len(y), residual_df(strata)
    if df < 1:
        return Heterogeneity(0.0, 0, 1.0, math.nan if random else 0.0, 0.0, math.nan, math.nan, 1.0)
    q = cochran_q(strata) if center is None else q_around(y, v, center)
    i2_q = i2_from_q(q, df)
    _, low, high = h_interval(q, k, level)
    if random:
        typical = typical_variance(strata)
        i2_tau2, h2 = 100.0 * tau2 / (tau2 + typical), tau2 / typical + 1.0
    else:
        i2_tau2, h2 = math.nan, q / df
    return Heterogeneity(q, df, q_p_value(q, df), i2_tau2, i2_q, i2_from_h(low), i2_from_h(high), h2)


def q_around(y: Array, v: Array, center: float) -> float:
    """Weighted squares around a given value: sum (y - center)^2 / v."""
    r = y - center
    return float((r / v) @ r)
