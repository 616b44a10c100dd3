# pyright: reportMissingTypeStubs=false
"""The distribution of a positive combination of chi-square variables."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

Array = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_SERIES_TERMS = 4000


def upper_tail(q: float, coefficients: Array) -> float:
    """P(sum of lambda_j chi-square(1) > q) for lambda_j > 0.

    Ruben's series of central chi-squares (Ruben 1962, doi:10.1214/aoms/1177704580; Farebrother 1984, doi:10.2307/2347721) where its
    error bound of 1e-12 is met within 4000 terms, else Imhof's integral (1961, doi:10.1093/biomet/48.3-4.419).

    >>> round(upper_tail(3.841458820694124, np.array([1.0])), 10)
    0.05
    >>> round(upper_tail(2 * 5.991464547107979, np.array([2.0, 2.0])), 10)
    0.05
    """
    lam = np.asarray(coefficients, dtype=float)
    lam = lam[lam > 1e-14 * float(lam.max())]
    if q <= 0.0:
        return 1.0
    if np.ptp(lam) <= 1e-12 * float(lam.max()):
        return float(chdtrc(len(lam), q / float(lam.mean())))
    series = _ruben(q, lam)
    return _imhof(q, lam) if math.isnan(series) else series


def _ruben(q: float, lam: Array) -> float:
    """Upper tail by Ruben's series; NaN when it needs too many terms. The mixture weights sum to 1, which bounds the error."""
    beta = 2.0 / (1.0 / float(lam.min()) + 1.0 / float(lam.max()))
    theta = 1.0 - beta / lam
    log_start = 0.5 * float(np.log(beta / lam).sum())
    if np.max(np.abs(theta)) > 0.98 or log_start < -600.0:
        return math.nan
    n = len(lam)
    weights = [math.exp(log_start)]
    powers: list[float] = []
    power = np.ones_like(theta)
    size = 64
    total, mass = 0.0, 0.0
    tails = chdtrc(n + 2.0 * np.arange(size), q / beta)
    for j in range(_SERIES_TERMS):
        if j > 0:
            power = power * theta
            powers.append(float(power.sum()))
            weights.append(float(np.dot(powers[::-1], weights)) / (2.0 * j))
        if j >= size:
            size *= 2
            tails = chdtrc(n + 2.0 * np.arange(size), q / beta)
        total += weights[j] * float(tails[j])
        mass += weights[j]
        left = 1.0 - mass
        if j > 8 and abs(left) < 1e-12 and abs(weights[j]) < 1e-13:
            return min(1.0, max(0.0, total + left))
    return math.nan


def _imhof(q: float, lam: Array) -> float:
    """Imhof's integral by Gauss-Legendre panels, each no longer than a fraction of an oscillation, until the tail bound is 1e-11."""
    scale = float(lam.max())
    lam, q = lam / scale, q / scale

    def integrand(u: Array) -> Array:
        x = np.outer(u, lam)
        theta = 0.5 * np.arctan(x).sum(axis=1) - 0.5 * q * u
        log_rho = 0.25 * np.log1p(x * x).sum(axis=1)
        return np.sin(theta) * np.exp(-log_rho) / u

    rate = 0.5 * max(float(lam.sum()), q)
    low, total = 0.0, 0.0
    length = math.pi / rate
    for _ in range(20_000):
        u = low + 0.5 * length * (_NODES + 1.0)
        total += 0.5 * length * float(_WEIGHTS @ integrand(u))
        low += length
        bound = math.exp(-0.25 * float(np.log1p((low * lam) ** 2).sum())) * 2.0 / len(lam)
        slope = 0.5 * abs(float((lam / (1.0 + (low * lam) ** 2)).sum()) - q)
        # past the last stationary phase the alternating remainder is below its first term
        if bound < 1e-11 or (low > 50.0 and bound / max(1e-300, slope * low) < 1e-12):
            break
        length = math.pi / max(slope, 0.05 * rate) if low > 5.0 else length * 1.0
    return min(1.0, max(0.0, 0.5 + total / math.pi))
