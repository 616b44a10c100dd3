"""Transformations from the analysis scale to the scale that is reported."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def identity(x: ArrayLike) -> Array:
    """x unchanged, as an array."""
    return np.asarray(x, dtype=float)


def exp(x: ArrayLike) -> Array:
    """exp(x), overflowing to infinity without a warning."""
    with np.errstate(over="ignore"):
        return np.exp(np.asarray(x, dtype=float))


def exp_unit(x: ArrayLike) -> Array:
    """exp(x), at most 1: a log proportion back to a proportion."""
    return np.minimum(exp(x), 1.0)


def clip_unit(x: ArrayLike) -> Array:
    """x held inside 0 to 1."""
    return np.clip(np.asarray(x, dtype=float), 0.0, 1.0)


def square(x: ArrayLike) -> Array:
    """x squared, 0 where x is negative: a square-root rate back to a rate."""
    return np.square(np.maximum(np.asarray(x, dtype=float), 0.0))


def expit(x: ArrayLike) -> Array:
    """1 / (1 + exp(-x)) without overflow.

    >>> float(expit(0.0))
    0.5
    """
    x = np.asarray(x, dtype=float)
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def logit(p: ArrayLike) -> Array:
    """log(p / (1 - p)); infinite at 0 and 1."""
    p = np.asarray(p, dtype=float)
    with np.errstate(divide="ignore"):
        return np.log(p) - np.log1p(-p)


def arcsine_back(x: ArrayLike) -> Array:
    """sin(x)^2 with x held inside 0 to pi/2: arcsine proportion back to a proportion."""
    return np.square(np.sin(np.clip(np.asarray(x, dtype=float), 0.0, np.pi / 2)))


def freeman_tukey_back(x: ArrayLike, n: ArrayLike) -> Any:
    """Freeman-Tukey double arcsine back to a proportion at sample size n (Miller 1978, doi:10.1080/00031305.1978.10479283).

    Values outside the range that the transformation can take at this n give 0 or 1 at a limit and NaN where the formula has no root.
    """
    x, n = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(n, dtype=float))
    raise TypeError("replaced by the effects room")


def freeman_tukey_rate_back(x: ArrayLike, t: ArrayLike) -> Any:
    """Freeman-Tukey rate back to a rate at person-time t."""
    raise TypeError("replaced by the effects room")
