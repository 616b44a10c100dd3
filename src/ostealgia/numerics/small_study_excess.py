# pyright: reportMissingTypeStubs=false
"""The test of excess significance: more significant studies than their power lets expect. Arrays in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, chdtrc, ndtr, ndtri

Array = NDArray[np.float64]
ALTERNATIVES = ("two-sided", "greater", "less")


def significant(y: Array, v: Array, alpha: float, alternative: str) -> NDArray[np.bool_]:
    """Which studies reject no effect at level alpha, (k,)."""
    z = y / np.sqrt(v)
    if alternative == "two-sided":
        return np.abs(z) >= -float(ndtri(alpha / 2.0))
    return z >= -float(ndtri(alpha)) if alternative == "greater" else z <= float(ndtri(alpha))


def power(v: Array, theta: float, tau2: float, alpha: float, alternative: str) -> Array:
    """Probability that each study rejects no effect where true effects are normal around theta with variance tau2,
    (k,).

    >>> power(np.array([1.0]), 0.0, 0.0, 0.05, "two-sided").round(4).tolist()
    [0.05]
    """
    spread = np.sqrt(1.0 + tau2 / v)
    shift = theta / np.sqrt(v)
    if alternative == "two-sided":
        critical = -float(ndtri(alpha / 2.0))
        return ndtr((shift - critical) / spread) + ndtr((-critical - shift) / spread)
    critical = -float(ndtri(alpha))
    return ndtr(((shift if alternative == "greater" else -shift) - critical) / spread)


def poisson_binomial(probability: Array) -> Array:
    """Probabilities of 0 .. k successes in independent trials of unequal probability.

    >>> poisson_binomial(np.array([0.5, 0.5])).tolist()
    [0.25, 0.5, 0.25]
    """
    mass = np.ones(1)
    for p in probability.tolist():
        mass = np.convolve(mass, (1.0 - p, p))
    return mass


def _chi2(observed: int, probability: Array, tail: str) -> tuple[float, float]:
    k, expected = len(probability), float(probability.sum())
    spread = expected * (1.0 - expected / k)
    if not spread > 0.0:
        return math.nan, math.nan
    z = (observed - expected) / math.sqrt(spread)
    p = chdtrc(1, z * z) if tail == "two-sided" else ndtr(-z if tail == "greater" else z)
    return z * z, float(p)


def _binomial(observed: int, probability: Array, tail: str) -> tuple[float, float]:
    k, mean = len(probability), float(probability.mean())
    if tail == "greater":
        return math.nan, float(bdtrc(observed - 1, k, mean)) if observed > 0 else 1.0
    if tail == "less":
        return math.nan, float(bdtr(observed, k, mean))
    mass = poisson_binomial(np.full(k, mean))
    return math.nan, _as_rare(mass, observed)


def _exact(observed: int, probability: Array, tail: str) -> tuple[float, float]:
    mass = poisson_binomial(probability)
    if tail == "two-sided":
        return math.nan, _as_rare(mass, observed)
    part = mass[observed:] if tail == "greater" else mass[: observed + 1]
    return math.nan, min(1.0, math.fsum(part.tolist()))


def _as_rare(mass: Array, observed: int) -> float:
    """Probability of all counts that are not more likely than the one observed."""
    return min(1.0, math.fsum(mass[mass <= mass[observed] * (1.0 + 1e-7)].tolist()))


TESTS: dict[str, Callable[[int, Array, str], tuple[float, float]]] = {
    "exact": _exact,
    "chi2": _chi2,
    "binomial": _binomial,
}
