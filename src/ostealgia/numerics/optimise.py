"""Newton's method for a few smooth parameters, with exact derivatives and steps that always go uphill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Derivatives = tuple[float, Array, Array]


@dataclass(frozen=True, kw_only=True, eq=False)
class Maximum:
    """Where Newton's method ended: x (p,), value, gradient (p,), hessian (p, p); ``decrement`` is twice the gain a
    further step promises."""

    x: Array
    value: float
    gradient: Array
    hessian: Array
    decrement: float
    iterations: int
    converged: bool


def uphill(hessian: Array, vector: Array) -> Array:
    """(-hessian)^-1 vector, (..., p); a hessian that is not negative definite is bent until it is, so that the step
    goes uphill.

    >>> uphill(np.array([[-2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 4.0]))
    array([1., 1.])
    """
    if hessian.shape[-1] == 1:
        return vector / np.maximum(np.abs(hessian[..., 0]), 1e-300)
    values, vectors = np.linalg.eigh(-hessian)
    values = np.maximum(np.abs(values), 1e-12 * np.max(np.abs(values), axis=-1, keepdims=True) + 1e-300)
    turned = np.swapaxes(vectors, -1, -2) @ vector[..., None]
    return (vectors @ (turned / values[..., None]))[..., 0]


def newton(
    function: Callable[[Array], Derivatives],
    start: Array,
    *,
    longest: float = 2.0,
    tolerance: float = 1e-16,
    limit: int = 200,
) -> Maximum:
    """A local maximum of ``function``, which gives value, gradient (p,) and hessian (p, p) at x (p,).

    longest : no parameter moves further than this in one step.  tolerance : on the Newton decrement.  A step that
    lowers the value is halved.
    ``converged`` is false when ``limit`` steps were not enough.

    >>> peak = newton(lambda x: (float(-np.sum((x - 1) ** 2)), -2 * (x - 1), -2 * np.eye(2)), np.array([3.0, 0.5]))
    >>> peak.x, peak.converged
    (array([1., 1.]), True)
    """
    x = np.array(start, dtype=np.float64)
    value, gradient, hessian = function(x)
    decrement = np.inf
    for iteration in range(limit):
        step = uphill(hessian, gradient)
        decrement = float(gradient @ step)
        if decrement <= tolerance:
            return Maximum(
                x=x,
                value=value,
                gradient=gradient,
                hessian=hessian,
                decrement=decrement,
                iterations=iteration,
                converged=True,
            )
        step *= min(1.0, longest / float(np.max(np.abs(step))))
        new = function(x + step)
        for _ in range(40):
            if new[0] >= value - 1e-12 * (1.0 + abs(value)):
                break
            step *= 0.5
            new = function(x + step)
        x = x + step
        value, gradient, hessian = new
    return Maximum(
        x=x,
        value=value,
        gradient=gradient,
        hessian=hessian,
        decrement=decrement,
        iterations=limit,
        converged=decrement <= 1e-10,
    )
