# pyright: reportMissingTypeStubs=false
"""Tests of small-study effects: a weighted straight line, and Kendall's rank correlation. Arrays in, numbers out."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.pooling import two_sided_p

Array = NDArray[np.float64]
NAN = math.nan
_BLOCK = 2_000_000  # pairs held in memory at a time
EXACT_BELOW = 50


class Line(NamedTuple):
    """A weighted straight line y = intercept + slope x. dispersion : weighted residual squares / (k - 2), 1 where it was not used."""

    intercept: float
    intercept_std_error: float
    slope: float
    slope_std_error: float
    dispersion: float
    df: int


class RankCorrelation(NamedTuple):
    """Kendall's S (concordant less discordant pairs), its standard error under no association with ties counted, tau-b,
    and P values.

    p_exact : from the permutation distribution, NaN with ties or ``EXACT_BELOW`` pairs and more.  p_normal : from S /
    SE.
    p_corrected : from (|S| - 1) / SE, the continuity correction.
    """

    s: float
    s_std_error: float
    tau: float
    ties: bool
    p_exact: float
    p_normal: float
    p_corrected: float


def weighted_line(y: Array, x: Array, w: Array, *, dispersed: bool = True) -> Line:
    """The weighted least-squares line through (x, y).

    y, x, w : arrays (k,), k of three or more, w above 0 and x not all equal.  dispersed : standard errors are
    multiplied by the root of the residual mean square (Egger's test); else w are taken as known inverse variances (a
    mixed-effects meta-regression).

    >>> line = weighted_line(np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.0, 2.0]), np.ones(3))
    >>> round(line.slope, 6), line.df
    (1.5, 1)
    """
    share = w / float(w.sum())
    mean_x, mean_y = float(share @ x), float(share @ y)
    dx = x - mean_x
    sxx = float((w * dx) @ dx)
    slope = float((w * dx) @ (y - mean_y)) / sxx
    residual = y - mean_y - slope * dx
    df = len(y) - 2
    dispersion = float((w * residual) @ residual) / df if dispersed and df > 0 else 1.0
    return Line(
        intercept=mean_y - slope * mean_x,
        intercept_std_error=math.sqrt(dispersion * (1.0 / float(w.sum()) + mean_x * mean_x / sxx)),
        slope=slope,
        slope_std_error=math.sqrt(dispersion / sxx),
        dispersion=dispersion,
        df=df,
    )


def line_tau2_dl(y: Array, x: Array, v: Array) -> float:
    """Residual between-study variance around a straight line by the moment estimator (Thompson & Sharp 1999,
    doi:10.1002/(SICI)1097-0258(19991030)18:20<2693::AID-SIM235>3.0.CO;2-V); 0 or more.

    y, x, v : arrays (k,), effects, predictor and within-study variances.

    >>> line_tau2_dl(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0]), np.ones(3))
    0.0
    """
    w = 1.0 / v
    line = weighted_line(y, x, w)
    q = line.dispersion * line.df
    dx = x - float(w @ x) / float(w.sum())
    trace = float(w.sum()) - float(w @ w) / float(w.sum()) - float((w * w) @ (dx * dx)) / float(w @ (dx * dx))
    return max(0.0, (q - line.df) / trace)


def rank_correlation(x: Array, y: Array) -> RankCorrelation:
    """Kendall's rank correlation of two arrays (k,), with the variance that counts ties (Kendall 1970, chapter 4).

    >>> found = rank_correlation(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0]))
    >>> found.s, round(found.tau, 4), round(found.p_exact, 4)
    (4.0, 0.6667, 0.3333)
    """
    k = len(x)
    s = _concordance(x, y)
    ties_x, ties_y = _tied(x), _tied(y)
    pairs = k * (k - 1) / 2.0
    left, right = pairs - _pairs(ties_x), pairs - _pairs(ties_y)
    tau = s / math.sqrt(left * right) if left > 0 and right > 0 else NAN
    variance = (k * (k - 1.0) * (2 * k + 5) - _triple(ties_x) - _triple(ties_y)) / 18.0
    if k > 2:
        variance += 2.0 * _pairs(ties_x) * _pairs(ties_y) / (k * (k - 1.0))
        variance += _trios(ties_x) * _trios(ties_y) / (9.0 * k * (k - 1.0) * (k - 2.0))
    error = math.sqrt(variance) if variance > 0 else NAN
    ties = bool(len(ties_x) or len(ties_y))
    return RankCorrelation(
        s=s, s_std_error=error, tau=tau, ties=ties,
        p_exact=_exact_p(s, k) if k < EXACT_BELOW and not ties else NAN,
        p_normal=two_sided_p(s / error, math.inf),
        p_corrected=min(1.0, two_sided_p(max(0.0, abs(s) - 1.0) / error, math.inf)),
    )  # fmt: skip


def _concordance(x: Array, y: Array) -> float:
    """Sum over pairs of sign(x_i - x_j) sign(y_i - y_j), in blocks of rows that bound the memory."""
    k, total = len(x), 0.0
    step = max(1, _BLOCK // k)
    for start in range(0, k, step):
        rows = slice(start, start + step)
        total += float((np.sign(x[rows, None] - x) * np.sign(y[rows, None] - y)).sum())
    return total / 2.0


def _tied(x: Array) -> Array:
    """Sizes of the groups of equal values, those of two and more."""
    counts = np.unique(x, return_counts=True)[1].astype(float)
    return counts[counts > 1]


def _pairs(t: Array) -> float:
    return float((t * (t - 1)).sum()) / 2.0


def _triple(t: Array) -> float:
    return float((t * (t - 1) * (2 * t + 5)).sum())


def _trios(t: Array) -> float:
    return float((t * (t - 1) * (t - 2)).sum())


def _exact_p(s: float, k: int) -> float:
    """Two-sided P of S from the number of permutations with each count of inversions (no ties)."""
    share = np.ones(1)
    for m in range(2, k + 1):
        share = np.convolve(share, np.full(m, 1.0 / m))
    concordant = round((s + k * (k - 1) / 2.0) / 2.0)
    tail = min(float(share[: concordant + 1].sum()), float(share[concordant:].sum()))
    return min(1.0, 2.0 * tail)
