# pyright: reportMissingTypeStubs=false
"""Ranks of treatments under the normal distribution of their estimates: P-scores, SUCRA and rank probabilities.

None of them is a measure of how large or how certain a difference is (Trinquart et al. 2016, doi:10.7326/M15-2521).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, owens_t

Array = NDArray[np.float64]
_BLOCK = 200_000  # numbers drawn at a time


class RankProbabilities(NamedTuple):
    """probability : (n, n), treatment i has rank j (0 is best).  draws : how many were simulated, 0 where the values are exact."""

    probability: Array
    draws: int


def p_scores(estimate: Array, std_error: Array, *, higher_is_better: bool) -> Array:
    """Mean over the other treatments of the one-sided certainty that a treatment is better, (n,).

    estimate, std_error : (n, n), row less column.  Equal to the mean of SUCRA over the normal distribution of the estimates
    (Ruecker & Schwarzer 2015, doi:10.1186/s12874-015-0060-8).

    >>> p_scores(np.array([[0.0, 1.0], [-1.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 0.0]]), higher_is_better=True).round(4).tolist()
    [0.8413, 0.1587]
    """
    better = better_than(estimate, std_error, higher_is_better=higher_is_better)
    return np.asarray(np.nansum(better, axis=1) / (len(estimate) - 1), dtype=np.float64)


def better_than(estimate: Array, std_error: Array, *, higher_is_better: bool) -> Array:
    """Probability that the row's treatment is better than the column's, (n, n); NaN on the diagonal."""
    sign = 1.0 if higher_is_better else -1.0
    n = len(estimate)
    off = ~np.eye(n, dtype=bool)
    out = np.full((n, n), np.nan)
    out[off] = ndtr(sign * estimate[off] / std_error[off])
    return out


def rank_probabilities(
    level: Array,
    covariance: Array,
    *,
    higher_is_better: bool,
    rng: np.random.Generator | None = None,
    draws: int = 100_000,
) -> RankProbabilities:
    """Probability of each rank under a normal distribution.

    level : (n,).  covariance : (n, n), of the levels around their mean (singular along (1, ..., 1)).  Exact for two and three treatments;
    for more, ``draws`` draws of ``rng`` in antithetic pairs.

    >>> found = rank_probabilities(np.zeros(3), np.eye(3) - 1 / 3, higher_is_better=True)
    >>> found.probability.round(4).tolist()[0], found.draws
    ([0.3333, 0.3333, 0.3333], 0)
    """
    n = len(level)
    signed = level if higher_is_better else -level
    if n <= 3:
        return RankProbabilities(_exact(signed, covariance), 0)
    if rng is None:
        raise ValueError("more than three treatments need a random generator")
    return _simulated(signed, covariance, rng, draws)


def _exact(level: Array, covariance: Array) -> Array:
    n = len(level)
    corner = np.diag(covariance)
    spread = np.sqrt(np.maximum(corner[:, None] + corner - 2.0 * covariance, 0.0))
    difference = level[:, None] - level
    if n == 1:
        return np.ones((1, 1))
    if n == 2:
        p = float(ndtr(difference[0, 1] / spread[0, 1]))
        return np.array([[p, 1.0 - p], [1.0 - p, p]])
    out = np.empty((3, 3))
    for i in range(3):
        j, k = [other for other in range(3) if other != i]
        shared = covariance[i, i] - covariance[i, j] - covariance[i, k] + covariance[j, k]
        rho = float(shared / (spread[i, j] * spread[i, k]))
        a, b = float(difference[i, j] / spread[i, j]), float(difference[i, k] / spread[i, k])
        best, worst = bivariate_normal(a, b, rho), bivariate_normal(-a, -b, rho)
        out[i] = best, max(0.0, 1.0 - best - worst), worst
    return out


def bivariate_normal(h: float, k: float, rho: float) -> float:
    """P(X < h, Y < k) for standard normal X and Y with correlation rho, by Owen's T (Owen 1956, doi:10.1214/aoms/1177728074).

    >>> round(bivariate_normal(0.0, 0.0, 0.5), 6)
    0.333333
    """
    rho = max(-1.0, min(1.0, rho))
    if abs(rho) > 1.0 - 1e-12:
        return float(ndtr(min(h, k))) if rho > 0 else max(0.0, float(ndtr(h) + ndtr(k)) - 1.0)
    if h == 0.0 and k == 0.0:
        return 0.25 + float(np.arcsin(rho)) / (2.0 * np.pi)
    root = float(np.sqrt((1.0 - rho) * (1.0 + rho)))
    apart = 0.0 if h * k > 0.0 or (h * k == 0.0 and h + k >= 0.0) else 0.5
    inside = 0.5 * float(ndtr(h) + ndtr(k)) - _owen(h, (k - rho * h) / root) - _owen(k, (h - rho * k) / root) - apart
    return min(1.0, max(0.0, inside))


def _owen(h: float, numerator: float) -> float:
    """T(h, numerator / h), also at h = 0."""
    if h == 0.0:
        return 0.25 * float(np.sign(numerator))
    return float(owens_t(h, numerator / h))


def _simulated(level: Array, covariance: Array, rng: np.random.Generator, draws: int) -> RankProbabilities:
    n = len(level)
    values, vectors = np.linalg.eigh(covariance)
    keep = values > 1e-12 * values[-1]
    root = vectors[:, keep] * np.sqrt(values[keep])
    count = np.zeros(n * n, dtype=np.int64)
    half = max(1, draws // 2)
    step = max(1, _BLOCK // n)
    place = np.arange(n) * n
    for start in range(0, half, step):
        size = min(step, half - start)
        around = rng.standard_normal((size, root.shape[1])) @ root.T
        for drawn in (level + around, level - around):
            order = np.argsort(-drawn, axis=1)
            count += np.bincount((place[order] + np.arange(n)).ravel(), minlength=n * n)
    return RankProbabilities(count.reshape(n, n) / (2.0 * half), 2 * half)
