"""Transformations from the analysis scale to the scale that is reported."""

from __future__ import annotations

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


def freeman_tukey(events: ArrayLike, n: ArrayLike) -> Array:
    """Half the Freeman-Tukey double arcsine of events among n (Freeman and Tukey 1950, doi:10.1214/aoms/1177729756).

    >>> round(float(freeman_tukey(5, 20)), 4)
    0.5368
    """
    x, n = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    return 0.5 * (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1))))


def freeman_tukey_back(x: ArrayLike, n: ArrayLike) -> Array:
    """Freeman-Tukey double arcsine back to a proportion at sample size n.

    x : any shape, on the half scale of :func:`freeman_tukey`.  n : sizes that broadcast with it, for a pooled value the
    harmonic mean of the sizes. Below the value of 0 of n the result is 0, above the value of n of n it is 1, as no
    proportion lies there; NaN where x or n is missing or n is not above 0.
    Source: Miller 1978, doi:10.1080/00031305.1978.10479283.

    >>> freeman_tukey_back([freeman_tukey(5, 20), 0.01, 1.7], 20).round(6).tolist()
    [0.25, 0.0, 1.0]
    """
    x, n = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(n, dtype=float))
    usable = np.isfinite(x) & np.isfinite(n) & (n > 0)
    size = np.where(usable, n, 1.0)
    lowest, highest = freeman_tukey(0.0, size), freeman_tukey(size, size)
    inside = np.clip(np.where(usable, x, np.pi / 4), lowest, highest)
    sine, cosine = np.sin(2 * inside), np.cos(2 * inside)
    u = sine + (sine - 1 / sine) / size
    rest = np.sqrt(np.maximum(1 - u**2, 0.0))
    small = 0.5 * u**2 / (1 + rest)  # the same as (1 - rest) / 2 without its loss of digits
    p = np.where(cosine >= 0, small, 1 - small)
    p = np.where(x <= lowest, 0.0, np.where(x >= highest, 1.0, p))
    infinite = np.isinf(x) & (n > 0)
    return np.where(usable, p, np.where(infinite, np.where(x > 0, 1.0, 0.0), np.nan))


def freeman_tukey_rate_back(x: ArrayLike, t: ArrayLike) -> Array:
    """Freeman-Tukey rate back to a rate at person-time t (for a pooled value the harmonic mean of the person-times).

    The mean of sqrt(y) and sqrt(y + 1/t) solved for y; 0 below the value that no event has, NaN where x or t is missing
    or t is not above 0. Source: Freeman and Tukey 1950, doi:10.1214/aoms/1177729756.

    >>> x = 0.5 * (np.sqrt(5 / 100) + np.sqrt(6 / 100))
    >>> freeman_tukey_rate_back([x, 0.01], 100.0).round(6).tolist()
    [0.05, 0.0]
    """
    x, t = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(t, dtype=float))
    usable = ~np.isnan(x) & np.isfinite(t) & (t > 0)
    time = np.where(usable, t, 1.0)
    inside = np.maximum(np.where(usable, x, 1.0), 0.5 / np.sqrt(time))
    return np.where(usable, np.square(inside - 1 / (4 * time * inside)), np.nan)
