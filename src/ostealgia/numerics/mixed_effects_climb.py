"""Climbing a likelihood whose edges are stationary points: Newton's method, then what it may have missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.mixed_effects_algebra import Engine, derivatives, solve
from ostealgia.numerics.optimise import newton, uphill

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
SADDLE = 1e-7  # a curvature above this part of the largest one is an ascent, not rounding
FLAT = 1e-9  # a curvature below this part of the largest one: the data say next to nothing


@dataclass(frozen=True, eq=False)
class Peak:
    """A local maximum. x (q,), value, gradient (q,), hessian (q, q), iterations, converged."""

    x: Array
    value: float
    gradient: Array
    hessian: Array
    iterations: int
    converged: bool


class Objective:
    """The log-likelihood of an engine, some parameters held.

    free : (q,), which parameters move.  held : (q,), the values of the others.
    """

    def __init__(
        self, engine: Engine, *, restricted: bool, free: Mask | None = None, held: Array | None = None
    ) -> None:
        self.engine, self.restricted = engine, restricted
        self.free = np.ones(engine.size, dtype=bool) if free is None else free
        self.held = np.zeros(engine.size) if held is None else held
        self.evaluations = 0

    def full(self, x: Array) -> Array:
        """All parameters, the held ones filled in."""
        p = self.held.copy()
        p[self.free] = x
        return p

    def value(self, x: Array) -> float:
        self.evaluations += 1
        pieces = self.engine.pieces(self.full(x), 0)
        if pieces is None:
            return -np.inf
        return solve(pieces, self.engine.k, restricted=self.restricted).log_likelihood

    def __call__(self, x: Array) -> tuple[float, Array, Array]:
        value, gradient, hessian = self.everything(x)
        return value, gradient[self.free], hessian[np.ix_(self.free, self.free)]

    def everything(self, x: Array) -> tuple[float, Array, Array]:
        """Value, gradient and Hessian in all parameters, the held ones included."""
        self.evaluations += 1
        p = self.full(x)
        pieces = self.engine.pieces(p, 2)
        if pieces is None:
            return -np.inf, np.zeros(len(p)), -np.eye(len(p))
        found = solve(pieces, self.engine.k, restricted=self.restricted)
        gradient, hessian = derivatives(pieces, found, restricted=self.restricted)
        return found.log_likelihood, gradient, hessian


def climb(
    objective: Objective, start: Array, zeros: Mask, *, floor: float = -np.inf, attempts: int = 6
) -> Peak:  # fmt: skip
    """A local maximum reached from ``start``.

    zeros : (q of the free parameters), those that are standard deviations and may be exactly 0. Newton steps with exact derivatives; a
    standard deviation that runs to 0 is set to 0; a stationary point that is no maximum (an edge the likelihood rises from) is left along
    its steepest curvature, unless it is below ``floor``, the value of a maximum already found: then the climb is given up (converged is
    False).  Raises ConvergenceError where there is no likelihood at the start.
    """
    x, iterations = np.array(start, dtype=np.float64), 0
    peak: Any = None
    for _ in range(attempts):
        peak = newton(objective, x, longest=1.0, tolerance=1e-13)
        iterations += peak.iterations
        if not np.isfinite(peak.value):
            raise ConvergenceError("the likelihood cannot be computed; check the variances for extreme values")
        x = _at_zero(objective, _polish(objective, peak.x, peak), zeros)
        value, gradient, hessian = objective(x)
        rise = _ascent(hessian)
        if rise is None or not len(x):
            return Peak(x, value, gradient, hessian, iterations, peak.converged and _small(gradient, hessian))
        if value < floor:
            return Peak(x, value, gradient, hessian, iterations, False)
        x = _leave(objective, x, value, rise)
    value, gradient, hessian = objective(x)
    return Peak(x, value, gradient, hessian, iterations, False)


def _polish(objective: Objective, x: Array, peak: Any) -> Array:
    """One more step from where the decrement was small: quadratic convergence takes it to rounding."""
    step = uphill(peak.hessian, peak.gradient)
    if not np.isfinite(step).all() or float(np.max(np.abs(step), initial=0.0)) > 0.1:
        return x
    return x + step if objective.value(x + step) >= peak.value - 1e-12 * (1.0 + abs(peak.value)) else x


def _at_zero(objective: Objective, x: Array, zeros: Mask) -> Array:
    """Standard deviations that the iteration leaves as a speck are set to 0 where the likelihood is no lower there."""
    for j in np.flatnonzero(zeros & (np.abs(x) < 0.05) & (x != 0.0)):
        trial = x.copy()
        trial[j] = 0.0
        here = objective.value(x)
        if objective.value(trial) >= here - 1e-12 * (1.0 + abs(here)):
            x = trial
    return x


def _ascent(hessian: Array) -> Array | None:
    """The direction of an upward curvature, or None at a maximum."""
    if not len(hessian):
        return None
    values, vectors = np.linalg.eigh(hessian)
    return vectors[:, -1] if values[-1] > SADDLE * max(1.0, float(np.max(np.abs(values)))) else None


def _leave(objective: Objective, x: Array, value: float, direction: Array) -> Array:
    """The best of a few points along a direction of upward curvature, both ways."""
    points = [x + sign * length * direction for length in (0.05, 0.2, 0.6) for sign in (1.0, -1.0)]
    values = [objective.value(point) for point in points]
    return points[int(np.argmax(values))] if max(values) > value else x + 0.01 * direction


def _small(gradient: Array, hessian: Array) -> bool:
    """The slope promises no further gain: the Newton decrement is at rounding."""
    return float(gradient @ uphill(hessian, gradient)) <= 1e-10 if len(gradient) else True


def flat_directions(hessian: Array) -> int:
    """How many directions the likelihood does not bend in.

    >>> flat_directions(np.diag([-4.0, 0.0]))
    1
    """
    if not len(hessian):
        return 0
    size = np.abs(np.linalg.eigvalsh(hessian))
    return int((size < FLAT * max(1.0, float(size.max()))).sum())
