"""Where the search for variance components begins: many cheap points, spread over shares, correlations and sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.mixed_effects_structures import Term, rho_to_parameter, variance_to_parameter

Array = NDArray[np.float64]
RHOS = (0.0, 0.6, -0.4, 0.95, -0.9)
TOTALS = (1.0, 0.3, 0.05)
SPREAD_OUT = 24


def start_points(terms: Sequence[Term], spread: float, by_level: Sequence[Array]) -> list[Array]:
    """Points (q,) to evaluate before climbing.

    spread : residual variance.  by_level : for each term the variance at its levels (m,). The terms share the variance evenly, or one has
    most of it; then points of an additive sequence (Roberts 2018) that fills the parameter space evenly, the same at every call.
    """
    points = [
        _point(terms, [np.full(term.m, total * spread * part) for term, part in zip(terms, share, strict=True)], rho)
        for total in TOTALS
        for share in _shares(len(terms))
        for rho in RHOS
    ]
    if any(term.sds > 1 for term in terms):
        points += [_point(terms, list(by_level), rho) for rho in RHOS]
    points += _even(terms, spread)
    return list({tuple(x.tolist()): x for x in points}.values())


def _shares(n: int) -> list[Array]:
    shares = [np.full(n, 1.0 / n)]
    return shares + [np.where(np.arange(n) == i, 0.8, 0.2 / (n - 1)) for i in range(n) if n > 1]


def _point(terms: Sequence[Term], variances: list[Array], rho: float) -> Array:
    parts: list[float] = []
    for term, v in zip(terms, variances, strict=True):
        levels = v if term.sds > 1 else [float(v.mean())]
        parts += [variance_to_parameter(term, float(value)) for value in levels]
        parts += [rho_to_parameter(term, rho, inside=True)] * (term.size - term.sds)
    return np.array(parts)


def _even(terms: Sequence[Term], spread: float) -> list[Array]:
    """Points of the additive sequence with the generalised golden ratio: sizes from 1% to twice the spread, all correlations."""
    q = sum(term.size for term in terms)
    if q < 3:
        return []
    ratio = 1.5
    for _ in range(60):
        ratio = (1.0 + ratio) ** (1.0 / (q + 1))
    steps = ratio ** -np.arange(1.0, q + 1)
    points: list[Array] = []
    for n in range(1, SPREAD_OUT + 1):
        at = (0.5 + n * steps) % 1.0
        parts: list[float] = []
        for term in terms:
            own = at[len(parts) : len(parts) + term.size]
            parts += [variance_to_parameter(term, spread * 0.01 * 200.0 ** float(u)) for u in own[: term.sds]]
            parts += [_angle(term, float(u)) for u in own[term.sds :]]
        points.append(np.array(parts))
    return points


def _angle(term: Term, u: float) -> float:
    """A correlation parameter at the share u of its range."""
    if term.structure == "UN":
        return math.pi * u
    return 2.0 * u if term.structure in ("CAR", "HCAR") else math.pi * (u - 0.5)
