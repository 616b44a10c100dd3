"""Robust variance estimation with the moment estimators of Hedges, Tipton & Johnson 2010, doi:10.1002/jrsm.5.

Correlated effects: the effects of a cluster share patients; hierarchical effects: clusters hold independent samples. Both give approximate
weights only: the standard errors come from the sandwich.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Working:
    """weights (k,), tau2 between clusters, omega2 within them (hierarchical, else NaN), q = weighted residual squares.

    i2 : 100 (q - what q would be on average without tau2) / q, in per cent (correlated, else NaN).
    """

    weights: Array
    tau2: float
    omega2: float
    i2: float
    q: float


def correlated_effects(y: Array, v: Array, x: Array, cluster: Codes, rho: float) -> Working:
    """Weights 1 / (k_j (mean variance + tau2)) for the k_j effects of cluster j; tau2 by moments with a common correlation rho.

    y, v : (k,).  x : (k, p).  cluster : codes (k,) from 0.

    >>> one = np.ones((4, 1))
    >>> correlated_effects(np.array([0.0, 0.2, 1.0, 1.2]), np.full(4, 0.01), one, np.array([0, 0, 1, 1]), 0.8).tau2 > 0.4
    True
    """
    size = np.bincount(cluster).astype(float)
    mean = np.bincount(cluster, weights=v) / size
    w = 1.0 / (size * mean)
    bread, rss = _least_squares(y, x, w[cluster])
    sums = _sums(x, cluster)  # (J, p)
    within = _cross(x, (w / size)[cluster])
    between = (sums * (w / size)[:, None]).T @ sums
    expected = len(size) - (1.0 - rho) * float(np.trace(bread @ within)) - rho * float(np.trace(bread @ between))
    slope = float((size * w).sum()) - float(np.trace(bread @ ((sums * (w * w)[:, None]).T @ sums)))
    tau2 = max(0.0, (rss - expected) / slope)
    i2 = max(0.0, 100.0 * (rss - expected) / rss) if rss > 0 else 0.0
    return Working(1.0 / (size * (mean + tau2))[cluster], tau2, np.nan, i2, rss)


def hierarchical_effects(y: Array, v: Array, x: Array, cluster: Codes) -> Working:
    """Weights 1 / (v + tau2 + omega2): two moments, the weighted residual squares and the squares of residual sums by cluster.

    omega2 (within clusters) is truncated at 0 before tau2 (between clusters) is found from it, and tau2 then in turn.

    >>> one = np.ones((4, 1))
    >>> hierarchical_effects(np.array([0.0, 0.2, 1.0, 1.2]), np.full(4, 0.01), one, np.array([0, 0, 1, 1])).omega2
    0.01
    """
    w = 1.0 / v
    size = np.bincount(cluster).astype(float)
    bread, rss = _least_squares(y, x, w)
    residual = y - x @ (bread @ (x.T @ (w * y)))
    squares = float((np.bincount(cluster, weights=residual) ** 2).sum())
    sums, weighted = _sums(x, cluster), _sums(w[:, None] * x, cluster)
    half = bread @ (sums.T @ sums)  # X' J X on the bread
    t1 = float((size * size).sum()) - 2.0 * float(np.trace(bread @ ((weighted * size[:, None]).T @ sums)))
    t1 += float(np.trace(half @ bread @ (weighted.T @ weighted)))
    o1 = (
        float(len(y))
        - 2.0 * float(np.trace(bread @ (weighted.T @ sums)))
        + float(np.trace(half @ bread @ _cross(x, w * w)))
    )
    c1 = float(v.sum()) - float(np.trace(half))
    t2 = float(w.sum()) - float(np.trace(bread @ (weighted.T @ weighted)))
    o2 = float(w.sum()) - float(np.trace(bread @ _cross(x, w * w)))
    c2 = float(len(y) - x.shape[1])
    determinant = o1 * t2 - o2 * t1
    omega2 = ((squares - c1) * t2 - (rss - c2) * t1) / determinant if determinant != 0.0 else 0.0
    omega2 = max(0.0, omega2)
    tau2 = max(0.0, (rss - c2 - omega2 * o2) / t2)
    return Working(1.0 / (v + tau2 + omega2), tau2, omega2, np.nan, rss)


def _least_squares(y: Array, x: Array, w: Array) -> tuple[Array, float]:
    """(X'WX)^-1 and the weighted residual squares."""
    bread = np.asarray(np.linalg.inv(_cross(x, w)), dtype=np.float64)
    residual = y - x @ (bread @ (x.T @ (w * y)))
    return bread, float((w * residual) @ residual)


def _cross(x: Array, w: Array) -> Array:
    return (x * w[:, None]).T @ x


def _sums(x: Array, cluster: Codes) -> Array:
    """Column sums by cluster, (J, p)."""
    out = np.empty((int(cluster.max()) + 1, x.shape[1]))
    for j, column in enumerate(x.T):
        out[:, j] = np.bincount(cluster, weights=column, minlength=len(out))
    return out
