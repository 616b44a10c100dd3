# pyright: reportMissingTypeStubs=false
"""Sums that every heterogeneity statistic is made of, for one mean or for one mean a stratum. All cost O(k)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

Array = NDArray[np.float64]
Strata = Sequence[tuple[Array, Array]]


class Moments(NamedTuple):
    """Sums over the studies of one stratum with weights w: S1 = sum w, the weighted mean, rss = sum w (y - mean)^2."""

    s1: float
    mean: float
    rss: float


def moments(y: Array, w: Array) -> Moments:
    """The weighted sums of one stratum.

    y, w : arrays (k,).

    >>> moments(np.array([0.0, 2.0]), np.array([1.0, 1.0])).rss
    2.0
    """
    s1 = float(np.add.reduce(w))
    mean = float(w.dot(y)) / s1
    r = y - mean
    return Moments(s1, mean, float(r.dot(w * r)))


def strata_of(y: Array, v: Array, group: NDArray[np.int64] | None = None) -> Strata:
    """The data split by stratum code; one stratum when ``group`` is None.

    Effects are counted from that of the most precise study of the stratum: a shift changes no statistic of heterogeneity, and this
    one keeps the digits of a study that outweighs all others.
    """
    if group is None:
        return [(y - y[v.argmin()], v)]
    return [strata_of(y[group == code], v[group == code])[0] for code in np.unique(group)]


def residual_df(strata: Strata) -> int:
    """Studies less one mean a stratum."""
    return sum(len(y) - 1 for y, _ in strata)


def cochran_q(strata: Strata) -> float:
    """Cochran's Q, summed over strata (Cochran 1954, doi:10.2307/3001666).

    >>> cochran_q([(np.array([0.0, 1.0]), np.array([0.5, 0.5]))])
    1.0
    """
    return sum(moments(y, 1.0 / v).rss for y, v in strata)


def generalised_q(tau2: float, strata: Strata) -> float:
    """Q with weights 1 / (v + tau2): falls as tau2 grows (DerSimonian & Kacker 2007, doi:10.1016/j.cct.2006.04.004)."""
    return sum(moments(y, 1.0 / (v + tau2)).rss for y, v in strata)


def trace_p(a: Array) -> float:
    """sum(a) - sum(a^2) / sum(a), the trace of A - aa' / sum(a), without loss of digits where one weight outweighs all others.

    a : (k,), weights above 0.

    >>> trace_p(np.array([1.0, 1.0]))
    1.0
    >>> trace_p(np.array([1e30, 1.0])) > 0.9
    True
    """
    largest = int(a.argmax())
    most = float(a[largest])
    others = a.copy()
    others[largest] = 0.0
    rest = float(np.add.reduce(others))
    total = rest + most
    return most * (rest / total) + float(others.dot((total - others) / total))


def typical_variance(strata: Strata) -> float:
    """The "typical" within-study variance of Higgins and Thompson (2002, doi:10.1002/sim.1186): df / (S1 - S2 / S1)."""
    trace = sum(trace_p(1.0 / v) for _, v in strata)
    df = residual_df(strata)
    return df / trace if df > 0 and trace > 0 else math.nan


def i2_from_q(q: float, df: float) -> float:
    """100 (Q - df) / Q, not below 0; 0 when Q = 0 (Higgins & Thompson 2002).

    >>> round(i2_from_q(152.2330, 12), 2)
    92.12
    """
    return max(0.0, 100.0 * (q - df) / q) if q > 0 else 0.0


def h_interval(q: float, k: int, level: float) -> tuple[float, float, float]:
    """H and its test-based interval (Higgins & Thompson 2002, doi:10.1002/sim.1186, formulas A1 and A2).

    Returns (H, low, high), none below 1; NaN limits for k < 3 unless Q > k.

    >>> [round(x, 4) for x in h_interval(152.23300808237326, 13, 0.95)]
    [3.5618, 2.9256, 4.3363]
    """
    df = k - 1
    if df < 1:
        return math.nan, math.nan, math.nan
    h = math.sqrt(q / df) if q > df else 1.0
    if q > k:
        se_log_h = 0.5 * (math.log(q) - math.log(df)) / (math.sqrt(2 * q) - math.sqrt(2 * k - 3))
    elif k > 2:
        se_log_h = math.sqrt(1 / (2 * (k - 2)) * (1 - 1 / (3 * (k - 2) ** 2)))
    else:
        return h, math.nan, math.nan
    half = float(ndtri(0.5 + level / 2)) * se_log_h
    return h, max(1.0, h * math.exp(-half)), max(1.0, h * math.exp(half))


def i2_from_h(h: float) -> float:
    """I2 in per cent from H: 100 (H^2 - 1) / H^2."""
    return 100.0 * (h * h - 1.0) / (h * h)


def q_p_value(q: float, df: float) -> float:
    """Upper tail of chi-square; 1 when there is nothing to test."""
    return float(chdtrc(df, q)) if df > 0 else 1.0
