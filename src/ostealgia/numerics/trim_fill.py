"""Trim and fill: how many studies would make the funnel symmetric, and where they would lie. Arrays in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError, OptionError

Array = NDArray[np.float64]
NAN = math.nan
LIMIT = 100


class Missing(NamedTuple):
    """Estimated number of missing studies, not rounded, and its standard error (NaN where its variance is negative)."""

    k0: float
    k0_std_error: float


class Filled(NamedTuple):
    """k0 : studies filled in.  k0_std_error : of the estimate before rounding.  p_value : of no missing study, R0 only.
    center : the pooled value of the trimmed studies.  mirrored : positions of the studies that were mirrored, (k0,).
    estimate : their mirror images, (k0,).  iterations : until the number stayed.
    """

    k0: int
    k0_std_error: float
    p_value: float
    center: float
    mirrored: NDArray[np.intp]
    estimate: Array
    iterations: int


def _r0(signed: Array) -> Missing:
    k = len(signed)
    lowest = max((-float(r) for r in signed if r < 0), default=0.0)
    k0 = k - lowest - 1.0
    return Missing(k0, math.sqrt(2.0 * max(0.0, k0) + 2.0))


def _rank_sum(signed: Array) -> float:
    return float(signed[signed > 0].sum())


def _rank_sum_variance(k: int, k0: float) -> float:
    """Variance of the rank sum when k0 studies are missing (Duval & Tweedie 2000b)."""
    cubic = 10.0 * k0**3 + 27.0 * k0**2 + 17.0 * k0
    mixed = -18.0 * k * k0**2 - 18.0 * k * k0 + 6.0 * k * k * k0
    return (k * (k + 1.0) * (2.0 * k + 1.0) + cubic + mixed) / 24.0


def _root(value: float) -> float:
    return math.sqrt(value) if value >= 0.0 else NAN


def _l0(signed: Array) -> Missing:
    k = len(signed)
    k0 = (4.0 * _rank_sum(signed) - k * (k + 1.0)) / (2.0 * k - 1.0)
    return Missing(k0, 4.0 * _root(_rank_sum_variance(k, k0)) / (2.0 * k - 1.0))


def _q0(signed: Array) -> Missing:
    k = len(signed)
    inside = 2.0 * k * k - 4.0 * _rank_sum(signed) + 0.25
    if inside < 0.0:
        raise OptionError("Q0 does not exist here: the studies lie almost all on one side. Use estimator='L0' or 'R0'.")
    k0 = k - 0.5 - math.sqrt(inside)
    spread = (k - 0.5) ** 2 - k0 * (2.0 * k - k0 - 1.0)
    return Missing(k0, 2.0 * _root(_rank_sum_variance(k, k0)) / math.sqrt(spread) if spread > 0 else NAN)


ESTIMATORS: dict[str, Callable[[Array], Missing]] = {"L0": _l0, "R0": _r0, "Q0": _q0}


def signed_ranks(deviation: Array) -> Array:
    """Ranks of the absolute deviations with the sign of each; ties by order of appearance.

    >>> signed_ranks(np.array([-0.5, 0.1, 0.5])).tolist()
    [-2.0, 1.0, 3.0]
    """
    ranks = np.empty(len(deviation))
    ranks[np.argsort(np.abs(deviation), kind="stable")] = np.arange(1.0, len(deviation) + 1.0)
    return np.sign(deviation) * ranks


def trim_and_fill(
    y: Array, v: Array, center: Callable[[Array, Array], float], *, missing: str, estimator: str = "L0"
) -> Filled:
    """Trim the studies without a counterpart until their number stays, then mirror them around the trimmed centre.

    y, v : arrays (k,).  center : pools effects and variances to one value; it is called on the trimmed studies.
    missing : "left" or "right", where studies are thought to be missing.  estimator : "L0", "R0" or "Q0".
    Raises ConvergenceError when the number of trimmed studies goes round in circles, OptionError where Q0 does not
    exist.
    Source: Duval & Tweedie 2000, doi:10.1111/j.0006-341X.2000.00455.x; doi:10.1080/01621459.2000.10473905.

    >>> y = np.array([0.0, 0.1, 0.2, 0.9, 1.1, 1.3])
    >>> found = trim_and_fill(y, np.full(6, 0.01), lambda a, b: float(a.mean()), missing="left", estimator="R0")
    >>> found.k0
    0
    """
    sign = 1.0 if missing == "left" else -1.0
    order = np.argsort(sign * y, kind="stable")
    ys, vs, k = (sign * y)[order], v[order], len(y)
    seen: list[int] = []
    k0, guess, middle = 0, Missing(NAN, NAN), NAN
    while not seen or k0 != seen[-1]:
        if len(seen) > LIMIT or k0 in seen[:-1]:
            cycle = ", ".join(map(str, [*seen[seen.index(k0) :], k0]))
            raise ConvergenceError(
                f"trim and fill by {estimator} goes round in circles: {cycle} studies. Try another estimator, or the other trimming model."
            )
        seen.append(k0)
        middle = center(ys[: k - k0], vs[: k - k0])
        guess = ESTIMATORS[estimator](signed_ranks(ys - middle))
        k0 = min(k - 1, max(0, round(guess.k0)))
    mirrored = order[k - k0 :]
    return Filled(
        k0=k0,
        k0_std_error=guess.k0_std_error,
        p_value=0.5 ** (k0 + 1) if estimator == "R0" else NAN,
        center=sign * middle,
        mirrored=mirrored,
        estimate=sign * (2.0 * middle - ys[k - k0 :]),
        iterations=len(seen),
    )
