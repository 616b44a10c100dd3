# pyright: reportMissingTypeStubs=false
"""Generalised estimating equations: mean models of repeated outcomes with a working correlation and a sandwich variance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ostealgia.numerics.logistic import solved
from ostealgia.options import one_of

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
LIMIT = 200
CLOSE = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class GeeFit:
    """beta : (p,).  vcov : (p, p) sandwich.  naive_vcov : if the working correlation were right.

    correlation : of the visits 1 ... T, (T, T).  alpha : its parameters.  scale : of the variance.  gradient : certificate.
    """

    beta: Array
    vcov: Array
    naive_vcov: Array
    correlation: Array
    alpha: Array
    scale: float
    gradient: float
    iterations: int
    converged: bool


def _identity(eta: Array) -> tuple[Array, Array, Array]:
    return eta, np.ones_like(eta), np.ones_like(eta)


def _logit(eta: Array) -> tuple[Array, Array, Array]:
    mean = np.asarray(expit(eta), dtype=np.float64)
    spread = np.maximum(mean * (1.0 - mean), 1e-12)
    return mean, spread, spread


def _log(eta: Array) -> tuple[Array, Array, Array]:
    mean = np.exp(np.minimum(eta, 700.0))
    return mean, mean, mean


# family -> linear predictor -> (mean, slope of the mean, variance function)
FAMILIES: dict[str, Callable[[Array], tuple[Array, Array, Array]]] = {
    "gaussian": _identity,
    "binomial": _logit,
    "poisson": _log,
}


class Visits:
    """Rows by patient and visit as dense tables (patients, visits), patients of one pattern of visits together."""

    def __init__(self, cluster: Ints, wave: Ints) -> None:
        self.n, self.waves = len(cluster), int(wave.max()) + 1
        self.patients = int(cluster.max()) + 1
        self.cell = (cluster, wave)
        self.seen = np.zeros((self.patients, self.waves), dtype=bool)
        self.seen[self.cell] = True
        self.rows = np.zeros((self.patients, self.waves), dtype=np.intp)
        self.rows[self.cell] = np.arange(self.n)
        patterns, member = np.unique(self.seen, axis=0, return_inverse=True)
        member = member.reshape(-1)
        self.groups = [
            (np.flatnonzero(p), self.rows[np.flatnonzero(member == g)][:, np.flatnonzero(p)])
            for g, p in enumerate(patterns)
        ]

    def products(self, residual: Array) -> tuple[Array, Array]:
        """Sums of products of residuals for each pair of visits, and how many patients have both, (T, T)."""
        table = np.zeros((self.patients, self.waves))
        table[self.cell] = residual
        seen = self.seen.astype(float)
        return table.T @ table, seen.T @ seen


def _independence(sums: Array, counts: Array, scale: float) -> tuple[Array, Array]:
    return np.empty(0), np.eye(len(sums))


def _exchangeable(sums: Array, counts: Array, scale: float) -> tuple[Array, Array]:
    upper = np.triu_indices(len(sums), 1)
    pairs = counts[upper].sum()
    alpha = float(sums[upper].sum() / (scale * pairs)) if pairs else 0.0
    return np.array([alpha]), np.where(np.eye(len(sums), dtype=bool), 1.0, alpha)


def _ar1(sums: Array, counts: Array, scale: float) -> tuple[Array, Array]:
    """Least squares of the products of every pair of visits on alpha to the power of their distance."""
    lags = np.arange(1.0, len(sums))
    product: Array = np.array([float(np.trace(sums, k)) for k in range(1, len(sums))]) / scale
    pairs: Array = np.array([float(np.trace(counts, k)) for k in range(1, len(sums))])

    def slope(alpha: float) -> float:
        return float((lags * alpha ** (lags - 1) * (product - pairs * alpha**lags)).sum())

    grid = np.linspace(-0.9999, 0.9999, 400)
    loss = [float((pairs * grid_alpha ** (2 * lags) - 2 * product * grid_alpha**lags).sum()) for grid_alpha in grid]
    best = int(np.argmin(loss)) if len(lags) else 200
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, 399)])
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    alpha = 0.5 * (low + high) if len(lags) else 0.0
    at = np.arange(len(sums))
    return np.array([alpha]), alpha ** np.abs(at[:, None] - at[None, :])


def _unstructured(sums: Array, counts: Array, scale: float) -> tuple[Array, Array]:
    matrix = np.divide(sums, scale * counts, out=np.zeros_like(sums), where=counts > 0)
    np.fill_diagonal(matrix, 1.0)
    return matrix[np.triu_indices(len(sums), 1)], matrix


CORRELATIONS: dict[str, Callable[[Array, Array, float], tuple[Array, Array]]] = {
    "independence": _independence,
    "exchangeable": _exchangeable,
    "ar1": _ar1,
    "unstructured": _unstructured,
}


def gee_fit(
    x: Array, y: Array, cluster: Ints, wave: Ints, *, family: str = "binomial", correlation: str = "exchangeable"
) -> GeeFit:
    """Coefficients of the mean of a repeated outcome, averaged over patients, with sandwich covariance.

    x : (n, p), y : (n,), cluster : patient of each row from 0, wave : its visit from 0, one row a visit.
    Scale and correlation by moments of the Pearson residuals without a correction for the number of coefficients. Valid where missing
    visits do not depend on the outcome (MCAR); with fewer than about 40 patients the sandwich is too small.
    Source: Liang & Zeger 1986, doi:10.1093/biomet/73.1.13.

    >>> x = np.column_stack([np.ones(6), [0, 0, 0, 0, 1, 1]])
    >>> y, cluster, wave = np.array([1.0, 2, 3, 4, 5, 7]), np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    >>> gee_fit(x, y, cluster, wave, family="gaussian").beta.round(4).tolist()
    [2.5, 3.5]
    """
    mean_of = FAMILIES[one_of("family", family, FAMILIES)]
    correlate = CORRELATIONS[one_of("correlation", correlation, CORRELATIONS)]
    visits = Visits(cluster, wave)
    beta = np.zeros(x.shape[1])
    if family == "poisson":
        beta = np.linalg.lstsq(x, np.log(y + 0.1), rcond=None)[0]
    alpha, matrix, scale = np.empty(0), np.eye(visits.waves), 1.0
    converged, iteration = False, 0
    for iteration in range(1, LIMIT + 1):
        mean, slope, variance = mean_of(x @ beta)
        if iteration > 3 or family == "gaussian":  # the first steps stand on independence
            residual = (y - mean) / np.sqrt(variance)
            scale = float(np.mean(np.square(residual)))
            alpha, matrix = correlate(*visits.products(residual), scale)
        score, bread, _ = _equations(visits, x, y, mean, slope, variance, matrix)
        if not (np.isfinite(bread).all() and np.isfinite(score).all()):
            break
        step = solved(bread, score)
        beta = beta + step
        if iteration > 5 and float(np.max(np.abs(step) * np.sqrt(np.diag(bread)))) < CLOSE:
            converged = True
            break
    mean, slope, variance = mean_of(x @ beta)
    residual = (y - mean) / np.sqrt(variance)
    scale = float(np.mean(np.square(residual)))
    alpha, matrix = correlate(*visits.products(residual), scale)
    score, bread, meat = _equations(visits, x, y, mean, slope, variance, matrix)
    usable = bool(np.isfinite(bread).all())
    inverse = np.asarray(
        np.linalg.pinv(bread, hermitian=True) if usable else np.full(bread.shape, np.nan), dtype=np.float64
    )
    beta = np.asarray(beta, dtype=np.float64)
    return GeeFit(
        beta=beta, vcov=inverse @ meat @ inverse, naive_vcov=np.asarray(scale * inverse, dtype=np.float64),
        correlation=matrix, alpha=alpha, scale=scale,
        gradient=float(np.max(np.abs(score) / np.sqrt(np.diag(bread)))), iterations=iteration, converged=converged,
    )  # fmt: skip


def _equations(
    visits: Visits, x: Array, y: Array, mean: Array, slope: Array, variance: Array, matrix: Array
) -> tuple[Array, Array, Array]:
    """Score (p,), sum of D'V^-1 D, and sum of the outer products of the patients' scores, without the scale."""
    p = x.shape[1]
    root = np.sqrt(variance)
    design = x * (slope / root)[:, None]
    residual = (y - mean) / root
    score, bread, meat = np.zeros(p), np.zeros((p, p)), np.zeros((p, p))
    for waves, rows in visits.groups:
        block = matrix[np.ix_(waves, waves)]
        inverse = np.linalg.pinv(block, hermitian=True) if np.isfinite(block).all() else np.full(block.shape, np.nan)
        d, e = design[rows], residual[rows]
        turned = np.einsum("ts,bsp->btp", inverse, d)
        own = np.einsum("btp,bt->bp", turned, e)
        score += own.sum(axis=0)
        bread += np.einsum("btp,btq->pq", d, turned)
        meat += own.T @ own
    return score, bread, meat
