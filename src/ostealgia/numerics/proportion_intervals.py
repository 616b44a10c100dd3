"""Confidence intervals of one proportion, by five named methods; arrays in, arrays out."""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

from ostealgia.errors import OptionError
from ostealgia.numerics.transforms import expit
from ostealgia.options import confidence_level, one_of

Array = NDArray[np.float64]
Limits = tuple[Array, Array]


def clopper_pearson(events: Array, n: Array, level: float) -> Limits:
    """Exact interval from the binomial distribution (Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404).

    >>> [round(x.item(), 4) for x in clopper_pearson(np.array([10.0]), np.array([10.0]), 0.95)]
    [0.6915, 1.0]
    """
    tail = (1 - level) / 2
    none, all_of = events <= 0, events >= n
    low = betaincinv(np.where(none, 1.0, events), np.where(none, n + 1, n - events + 1), tail)
    high = betaincinv(np.where(all_of, 1.0, events + 1), np.where(all_of, 1.0, n - events), 1 - tail)
    return np.where(none, 0.0, low), np.where(all_of, 1.0, high)


def wilson(events: Array, n: Array, level: float) -> Limits:
    """Score interval (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    >>> [round(x.item(), 4) for x in wilson(np.array([16.0]), np.array([17.0]), 0.95)]
    [0.7302, 0.9895]
    """
    z2 = _z(level) ** 2
    p = events / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2) / (1 + z2 / n) * np.sqrt(p * (1 - p) / n + z2 / (4 * n**2))
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def agresti_coull(events: Array, n: Array, level: float) -> Limits:
    """Normal interval after adding z^2/2 events and as many others; limits end at 0 and 1.

    Source: Agresti and Coull 1998, doi:10.1080/00031305.1998.10480550.

    >>> [round(x.item(), 4) for x in agresti_coull(np.array([16.0]), np.array([17.0]), 0.95)]
    [0.7108, 1.0]
    """
    z2 = _z(level) ** 2
    return normal(events + z2 / 2, n + z2, level)


def normal(events: Array, n: Array, level: float) -> Limits:
    """p plus or minus z standard errors, limits ended at 0 and 1; has no width at 0 and n events.

    >>> [round(x.item(), 4) for x in normal(np.array([16.0]), np.array([17.0]), 0.95)]
    [0.8293, 1.0]
    """
    p = events / n
    half = _z(level) * np.sqrt(p * (1 - p) / n)
    return np.maximum(p - half, 0.0), np.minimum(p + half, 1.0)


def logit(events: Array, n: Array, level: float) -> Limits:
    """Normal interval on the logit scale; 0.5 is added to both cells at 0 and n events.

    >>> [round(x.item(), 4) for x in logit(np.array([10.0]), np.array([10.0]), 0.95)]
    [0.5517, 0.9972]
    """
    add = np.where((events <= 0) | (events >= n), 0.5, 0.0)
    a, b = events + add, n - events + add
    centre, half = np.log(a / b), _z(level) * np.sqrt(1 / a + 1 / b)
    return expit(centre - half), expit(centre + half)


PROPORTION_INTERVALS: dict[str, Callable[[Array, Array, float], Limits]] = {
    "clopper-pearson": clopper_pearson,
    "wilson": wilson,
    "agresti-coull": agresti_coull,
    "normal": normal,
    "logit": logit,
}


def proportion_interval(
    events: ArrayLike, n: ArrayLike, *, method: str = "wilson", level: float = 0.95
) -> tuple[Array, Array, Array]:
    """What do these counts say about the proportion? Returns (estimate, ci_low, ci_high), arrays of the counts' shape.

    events, n : counts, broadcast together; NaN gives NaN.  method : a key of PROPORTION_INTERVALS.  level : 0 to 1.
    Raises OptionError for an unknown method or level, and for events outside 0 to n.

    >>> [round(float(x), 4) for x in proportion_interval(16, 17, method="clopper-pearson")]
    [0.9412, 0.7131, 0.9985]
    """
    one_of("method", method, PROPORTION_INTERVALS)
    level = confidence_level(level)
    x, size = np.broadcast_arrays(np.asarray(events, dtype=float), np.asarray(n, dtype=float))
    known = ~(np.isnan(x) | np.isnan(size))
    if np.any(known & ((x < 0) | (x > size) | (size <= 0))):
        raise OptionError("events must lie between 0 and n, and n must be above 0, in every proportion.")
    x, size = np.where(known, x, 1.0), np.where(known, size, 2.0)
    low, high = PROPORTION_INTERVALS[method](x, size, level)
    return np.where(known, x / size, np.nan), np.where(known, low, np.nan), np.where(known, high, np.nan)


def _z(level: float) -> float:
    return float(ndtri(0.5 + level / 2))
