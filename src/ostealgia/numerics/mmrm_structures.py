"""Covariance of repeated visits: unstructured, Toeplitz, autoregressive, ante-dependent and exchangeable, with exact derivatives.

Parameters are free of bounds: logarithms of standard deviations (one, or one a visit), and correlations rho = theta / sqrt(1 + theta^2);
that of compound symmetry is a logistic function of theta between -1/(T - 1), where the matrix is singular, and 1. The unstructured one is
D U U' D with D = diag(exp(psi)) and U unit lower triangular. Kenward and Roger's adjustment depends on this choice; it is that of the
reference software.  Source: Mallinckrodt et al. 2008, doi:10.1177/009286150804200402; Zimmerman & Nunez-Anton 2009,
Antedependence Models for Longitudinal Data, chapter 3; Bove et al. 2024 (mmrm: vignette on covariance structures).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Structure:
    """A family of covariance matrices. label : in words.  powers : of T, (parameters, T, T): the correlation of visits i and j is the
    product of rho_k ** powers[k, i, j]; None for the unstructured matrix.  several : a standard deviation for each visit.  logistic :
    how rho depends on theta."""

    label: str
    powers: Callable[[int], Array] | None
    several: bool
    logistic: bool = False

    def size(self, visits: int) -> int:
        """Number of parameters."""
        inner = visits * (visits - 1) // 2 if self.powers is None else len(self.powers(visits))
        return inner + (visits if self.several else 1)

    def spread(self, visits: int) -> Array:
        """How often each log standard deviation enters an element, (parameters, T, T)."""
        if not self.several:
            return np.full((1, visits, visits), 2.0)
        eye = np.eye(visits)
        return eye[:, :, None] + eye[:, None, :]

    def covariance(self, psi: Array, visits: int) -> Array:
        """The matrix (T, T)."""
        spread = self.spread(visits)
        return np.exp(np.tensordot(psi[: len(spread)], spread, axes=1)) * self._inner(psi[len(spread) :], visits)[0]

    def derivatives(self, psi: Array, visits: int) -> tuple[Array, Array, Array]:
        """The matrix, its first (s, T, T) and second (s, s, T, T) derivatives."""
        spread = self.spread(visits)
        m = len(spread)
        scale = np.exp(np.tensordot(psi[:m], spread, axes=1))
        inner, first, second = self._inner(psi[m:], visits)
        size = len(psi)
        one, two = np.empty((size, visits, visits)), np.empty((size, size, visits, visits))
        sigma = scale * inner
        one[:m], one[m:] = spread * sigma, scale * first
        two[:m, :m] = spread[:, None] * spread[None, :] * sigma
        two[:m, m:] = spread[:, None] * (scale * first)[None, :]
        two[m:, :m] = two[:m, m:].transpose(1, 0, 2, 3)
        two[m:, m:] = scale * second
        return sigma, one, two

    def _inner(self, theta: Array, visits: int) -> tuple[Array, Array, Array]:
        if self.powers is None:
            return _triangular(theta, visits)
        return _correlations(_logistic(theta, visits) if self.logistic else _sigmoid(theta), self.powers(visits))

    def start(self, covariance: Array) -> Array:
        """Parameters near a covariance matrix that was found roughly (positive definite)."""
        visits = len(covariance)
        sd = np.sqrt(np.diag(covariance))
        correlation = covariance / np.outer(sd, sd)
        if self.powers is None:
            root = np.linalg.cholesky(covariance)
            unit = root / np.diag(root)[:, None]
            return np.concatenate([np.log(np.diag(root)), unit[np.tril_indices(visits, -1)]])
        logs = np.log(sd) if self.several else np.array([0.5 * np.log((sd**2).mean())])
        powers = self.powers(visits)
        lower = correlation[np.tril_indices(visits, -1)]
        rho = float(np.clip(lower.mean() if lower.size else 0.0, 0.0, 0.9))
        low = 1.0 / (visits - 1.0)
        theta = float(np.log((rho + low) / (1.0 - rho))) if self.logistic else rho / float(np.sqrt(1.0 - rho**2))
        return np.concatenate([logs, np.full(len(powers), theta)])


def _sigmoid(theta: Array) -> tuple[Array, Array, Array]:
    """rho = theta / sqrt(1 + theta^2) and its two derivatives."""
    length = np.sqrt(1.0 + theta**2)
    return theta / length, length**-3, -3.0 * theta * length**-5


def _logistic(theta: Array, visits: int) -> tuple[Array, Array, Array]:
    """rho = (1 + a) / (1 + exp(-theta)) - a with a = 1 / (T - 1), and its two derivatives."""
    low = 1.0 / (visits - 1.0)
    share = 1.0 / (1.0 + np.exp(-theta))
    slope = (1.0 + low) * share * (1.0 - share)
    return (1.0 + low) * share - low, slope, slope * (1.0 - 2.0 * share)


def _correlations(link: tuple[Array, Array, Array], powers: Array) -> tuple[Array, Array, Array]:
    """Products of powers of rho, which comes with its derivatives."""
    rho, slope, bend = link
    m, t = len(rho), powers.shape[1]
    r = rho[:, None, None]
    value = r**powers
    by_rho = np.where(powers >= 1, powers * r ** np.maximum(powers - 1, 0), 0.0)
    by_rho2 = np.where(powers >= 2, powers * (powers - 1) * r ** np.maximum(powers - 2, 0), 0.0)
    d1 = by_rho * slope[:, None, None]
    d2 = by_rho2 * (slope**2)[:, None, None] + by_rho * bend[:, None, None]
    first, second = np.empty((m, t, t)), np.empty((m, m, t, t))
    for k in range(m):
        others = value[np.arange(m) != k].prod(axis=0)
        first[k], second[k, k] = d1[k] * others, d2[k] * others
        for l in range(k):
            rest = value[(np.arange(m) != k) & (np.arange(m) != l)].prod(axis=0)
            second[k, l] = second[l, k] = d1[k] * d1[l] * rest
    return value.prod(axis=0), first, second


def _triangular(theta: Array, visits: int) -> tuple[Array, Array, Array]:
    """U U' with U unit lower triangular."""
    a, b = np.tril_indices(visits, -1)
    root = np.eye(visits)
    root[a, b] = theta
    eye, m = np.eye(visits), len(theta)
    outer = eye[a][:, :, None] * root[:, b].T[:, None, :]
    first = outer + outer.transpose(0, 2, 1)
    same = (b[:, None] == b[None, :]).astype(np.float64)[:, :, None, None]
    cross = eye[a][:, None, :, None] * eye[a][None, :, None, :]
    second = same * (cross + cross.transpose(0, 1, 3, 2))
    return root @ root.T, first.reshape(m, visits, visits), second.reshape(m, m, visits, visits)


def _lags(visits: int) -> Array:
    return np.abs(np.subtract.outer(np.arange(visits), np.arange(visits))).astype(np.float64)


def _exchangeable(visits: int) -> Array:
    return (_lags(visits) > 0).astype(np.float64)[None]


def _autoregressive(visits: int) -> Array:
    return _lags(visits)[None]


def _toeplitz(visits: int) -> Array:
    return (_lags(visits)[None] == np.arange(1, visits)[:, None, None]).astype(np.float64)


def _antedependent(visits: int) -> Array:
    i = np.arange(visits)
    low, high = np.minimum.outer(i, i), np.maximum.outer(i, i)
    k = np.arange(visits - 1)[:, None, None]
    return ((low <= k) & (k < high)).astype(np.float64)


STRUCTURES: dict[str, Structure] = {
    "us": Structure("unstructured", None, True),
    "toeph": Structure("heterogeneous Toeplitz", _toeplitz, True),
    "toep": Structure("Toeplitz", _toeplitz, False),
    "ar1h": Structure("heterogeneous first-order autoregressive", _autoregressive, True),
    "ar1": Structure("first-order autoregressive", _autoregressive, False),
    "adh": Structure("heterogeneous ante-dependence", _antedependent, True),
    "ad": Structure("ante-dependence", _antedependent, False),
    "csh": Structure("heterogeneous compound symmetry", _exchangeable, True, True),
    "cs": Structure("compound symmetry", _exchangeable, False, True),
}
