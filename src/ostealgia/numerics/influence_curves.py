"""Many smooth curves in one variable: all their roots, and the value of each at a point of its own, for the price of a few evaluations.

Refits without one study (or with the first i studies) differ only in tau2. Their scores, estimates and variances are analytic in tau2
with no singularity right of -min v. On an interval that is short against its distance from there, a Chebyshev interpolant of a dozen nodes
holds them to rounding error (Trefethen 2013, "Approximation theory and approximation practice", theorem 8.2), so that k refits cost
O(k) and not O(k^2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError

Array = NDArray[np.float64]
Curves = Callable[[float], Array]  # t -> (members,) or (quantities, members)
_REACH = 0.6  # an interval from low is at most this share of (low + pole) long
_DIGITS = 16.5


def node_count(low: float, high: float, pole: float) -> int:
    """How many Chebyshev nodes give rounding error on [low, high] for curves analytic right of -pole.

    >>> node_count(1.0, 1.6, 0.1)
    20
    """
    half = 0.5 * (high - low)
    if half <= 0.0:
        return 1
    z = (0.5 * (low + high) + pole) / half
    return max(3, math.ceil(_DIGITS * math.log(10.0) / math.log(z + math.sqrt(z * z - 1.0))) + 2)


def _coefficients(function: Curves, low: float, high: float, pole: float, keep: NDArray[np.intp]) -> Array:
    """Chebyshev coefficients on [low, high] of the members kept: (nodes, ..., kept)."""
    n = node_count(low, high, pole)
    angle = (np.arange(n) + 0.5) * (math.pi / n)
    nodes = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(angle)
    values = np.stack([function(float(t))[..., keep] for t in nodes])
    table = np.cos(np.outer(np.arange(n), angle)) * (2.0 / n)
    table[0] *= 0.5
    return np.asarray(np.tensordot(table, values, axes=(1, 0)), dtype=float)


def _clenshaw(coefficients: Array, x: Array) -> tuple[Array, Array]:
    """Value and derivative of the series at x in [-1, 1]; the last axis of the coefficients goes along with x."""
    b1 = np.zeros(coefficients.shape[1:])
    b2, d1, d2 = np.zeros_like(b1), np.zeros_like(b1), np.zeros_like(b1)
    for c in coefficients[:0:-1]:
        d1, d2 = 2.0 * (x * d1 + b1) - d2, d1
        b1, b2 = 2.0 * x * b1 - b2 + c, b1
    return x * b1 - b2 + coefficients[0], b1 + x * d1 - d2


def values_at(function: Curves, points: Array, pole: float) -> Array:
    """Each member at its own point.

    function : t -> (quantities, members).  points : (members,), zero or more, finite.  pole : the curves are analytic right of -pole.
    Returns (quantities, members).

    >>> found = values_at(lambda t: np.array([[1.0, 2.0]]) / (t + 1.0), np.array([0.0, 1.0]), 1.0)
    >>> found.round(12).tolist()
    [[1.0, 1.0]]
    """
    out: Array | None = None
    for low, high, members in _groups(points, pole):
        if high <= low:
            block = function(low)[..., members]
        else:
            centre, half = 0.5 * (low + high), 0.5 * (high - low)
            block = _clenshaw(_coefficients(function, low, high, pole, members), (points[members] - centre) / half)[0]
        if out is None:
            out = np.empty((*block.shape[:-1], len(points)))
        out[..., members] = block
    return np.empty((0, 0)) if out is None else out


def _groups(points: Array, pole: float) -> Iterator[tuple[float, float, NDArray[np.intp]]]:
    """Points near one another, with the interval they lie in."""
    order = np.argsort(points, kind="stable")
    ranked = points[order]
    start = 0
    while start < len(order):
        low = float(ranked[start])
        stop = int(np.searchsorted(ranked, low + _REACH * (low + pole), side="right")) if low > 0.0 else 0
        if low == 0.0:
            stop = int(np.searchsorted(ranked, 0.0, side="right"))
        yield low, float(ranked[stop - 1]), order[start:stop]
        start = stop


def falling_roots(function: Curves, grid: Array, pole: float) -> tuple[Array, NDArray[np.intp], Array]:
    """Every root at which a member falls through zero between two grid values.

    function : t -> (members,).  grid : rising, from 0, each step at most 0.6 of (value + pole).
    Returns (roots, member of each, values on the grid (grid, members)). Raises ConvergenceError where an iteration does not end.

    >>> roots, member, _ = falling_roots(lambda t: np.array([1.0, 2.0]) - t, np.array([0.0, 0.6, 1.5, 2.2]), 1.0)
    >>> roots.round(12).tolist(), member.tolist()
    ([1.0, 2.0], [0, 1])
    """
    values = np.stack([function(float(t)) for t in grid])
    cell, member = np.nonzero((values[:-1] > 0) & (values[1:] <= 0))
    order = np.argsort(cell, kind="stable")
    cell, member = cell[order], member[order]
    pieces: list[Array] = []
    for j in np.unique(cell):
        inside = cell == j
        low, high = float(grid[j]), float(grid[j + 1])
        series = _coefficients(function, low, high, pole, member[inside])
        pieces.append(0.5 * (low + high) + 0.5 * (high - low) * _root_of(series))
    return (np.concatenate(pieces) if pieces else np.empty(0)), member, values


def _root_of(series: Array) -> Array:
    """The root in [-1, 1] of series that are positive at -1 and not at 1: Newton steps held in a bracket."""
    size = series.shape[1]
    low, high = np.full(size, -1.0), np.ones(size)
    x, moved = np.zeros(size), np.ones(size)
    for step in range(100):
        value, slope = _clenshaw(series, x)
        low, high = np.where(value > 0, x, low), np.where(value > 0, high, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = x - value / slope
        new = np.where((new >= low) & (new <= high) & (step < 30), new, 0.5 * (low + high))
        moved = np.abs(new - x)
        x = new
        if bool((moved <= 1e-14).all()):
            return x
    if bool((np.minimum(moved, high - low) > 1e-12).any()):
        raise ConvergenceError("the tau2 of a refit was not found to 12 digits in 100 steps")
    return x
