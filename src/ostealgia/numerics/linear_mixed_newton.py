"""Minimising a smooth function by Newton steps that keep going down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DECREMENT = 1e-11  # expected fall of the deviance, relative to 1 + |deviance| / n


@dataclass(frozen=True)
class Minimum:
    """Where a search ended. decrement : expected further fall, g' H^-1 g / 2.  definite : the Hessian is positive there."""

    x: Array
    value: float
    gradient: Array
    hessian: Array
    iterations: int
    decrement: float
    definite: bool
    converged: bool


def newton(
    value: Callable[[Array], float],
    derivatives: Callable[[Array], tuple[Array, Array]],
    start: Array,
    *,
    max_steps: int = 100,
    settle: Callable[[Array], Array] | None = None,
) -> Minimum:
    """Newton's method with positive curvature forced and steps halved until the value falls.

    value : the function, infinite outside its domain.  derivatives : gradient and Hessian.  settle : puts a parameter that has an optimum
    in closed form there.  Source: Nocedal & Wright 2006, Numerical Optimization, section 3.4.

    >>> found = newton(lambda x: float((x[0] - 2) ** 4 + x[0] ** 2), lambda x: (np.array([4 * (x[0] - 2) ** 3 + 2 * x[0]]),
    ...                np.array([[12 * (x[0] - 2) ** 2 + 2]])), np.array([5.0]))
    >>> round(float(found.x[0]), 6), found.converged
    (1.164878, True)
    """
    fix = settle or _same
    x = fix(start)
    now = value(x)
    gradient, hessian = derivatives(x)
    steps = 0
    while True:
        step, decrement, definite = _direction(gradient, hessian)
        small = decrement <= DECREMENT * (1.0 + abs(now) * 1e-3)
        if (small and definite) or steps >= max_steps or not np.isfinite(decrement):
            break
        found = _descend(value, fix, x, now, step, 2.0 * decrement)
        if found is None:
            break
        x, now = found
        gradient, hessian = derivatives(x)
        steps += 1
    step, decrement, definite = _direction(gradient, hessian)
    tried = fix(x + step)  # one last full step costs nothing and takes the gradient to rounding error
    last = value(tried)
    if definite and last <= now + 1e-9 * (1.0 + abs(now)):
        other = derivatives(tried)
        if np.linalg.norm(other[0]) <= np.linalg.norm(gradient):
            x, now, (gradient, hessian) = tried, last, other
            step, decrement, definite = _direction(gradient, hessian)
    converged = bool(np.isfinite(decrement) and decrement <= 1e-7)
    return Minimum(x, now, gradient, hessian, steps, float(decrement), definite, converged)


def _same(x: Array) -> Array:
    return x


def _direction(gradient: Array, hessian: Array) -> tuple[Array, float, bool]:
    """A step down: the Newton step with every eigenvalue made positive; its expected fall; whether none had to be."""
    if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
        return np.zeros_like(gradient), np.inf, False
    values, vectors = np.linalg.eigh(hessian)
    largest = float(np.abs(values).max(initial=0.0)) or 1.0
    floor = 1e-9 * largest
    inside = vectors.T @ gradient
    flat = np.maximum(np.abs(values), floor)
    step = -vectors @ (inside / flat)
    return step, float(0.5 * (inside**2 / flat).sum()), bool((values > -floor).all())


def _descend(
    value: Callable[[Array], float], fix: Callable[[Array], Array], x: Array, now: float, step: Array, slope: float
) -> tuple[Array, float] | None:
    size = 1.0
    for _ in range(40):
        tried = fix(x + size * step)
        found = value(tried)
        if found <= now - 1e-4 * size * slope:
            return tried, found
        size *= 0.5
    return None
