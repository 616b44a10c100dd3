# pyright: reportMissingTypeStubs=false
"""Fail-safe N: how many studies averaging no effect would change the conclusion. Arrays in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.pooling import weighted_mean
from ostealgia.numerics.tau2 import estimate_tau2

Array = NDArray[np.float64]
NAN = math.nan
MOST = 100_000


class FailSafe(NamedTuple):
    """n : number of studies.  estimate, p_value, tau2 : of the observed studies, NaN where the method has none.
    estimate_with, p_value_with, tau2_with : with n null studies added ("general" only)."""

    n: int
    estimate: float = NAN
    p_value: float = NAN
    tau2: float = NAN
    estimate_with: float = NAN
    p_value_with: float = NAN
    tau2_with: float = NAN


def _whole(value: float) -> int:
    """Rounded up, unless it is a whole number but for rounding error."""
    nearest = round(value)
    return max(0, nearest if abs(value - nearest) < 1.5e-8 * max(1.0, abs(value)) else math.ceil(value))


def rosenthal(y: Array, v: Array, alpha: float) -> FailSafe:
    """Null studies that raise the one-sided P of Stouffer's sum of z to alpha (Rosenthal 1979,
    doi:10.1037/0033-2909.86.3.638).

    >>> rosenthal(np.array([0.5, 0.6, 0.7]), np.array([0.04, 0.04, 0.04]), 0.05).n
    27
    """
    total = abs(float((y / np.sqrt(v)).sum()))
    needed = (total / float(ndtri(alpha))) ** 2 - len(y)
    return FailSafe(_whole(needed), p_value=float(ndtr(-total / math.sqrt(len(y)))))


def orwin(y: Array, v: Array, target: float, *, weighted: bool) -> FailSafe:
    """Null studies of average weight that bring the mean to the target (Orwin 1983, doi:10.3102/10769986008002157).

    target : above 0; the sign of the mean is taken off.
    """
    mean = float(y @ (1.0 / v)) / float((1.0 / v).sum()) if weighted else float(y.mean())
    return FailSafe(_whole(len(y) * (abs(mean) - target) / target), estimate=mean)


def rosenberg(y: Array, v: Array, alpha: float) -> FailSafe:
    """Null studies of average weight that raise the two-sided P of the common effect to alpha.

    Rosenberg 2005, doi:10.1111/j.0014-3820.2005.tb01004.x, by the normal distribution.
    """
    w = 1.0 / v
    total = float(w.sum())
    sum_wy = float(w @ y)
    needed = (sum_wy / float(ndtri(alpha / 2.0))) ** 2 - total
    p_value = 2.0 * float(ndtr(-abs(sum_wy) / math.sqrt(total)))
    return FailSafe(_whole(len(y) * needed / total), estimate=sum_wy / total, p_value=p_value)


class _Pooled(NamedTuple):
    estimate: float
    p_value: float
    tau2: float


def general(y: Array, v: Array, method: str, *, alpha: float, target: float | None, exact: bool = False) -> FailSafe:
    """The smallest number of null studies with which the model has P of alpha or more, or a mean not above the target.

    y, v : arrays (k,).  method : estimator of tau2, or "common".  target : above 0 (sign taken off), or None for alpha.
    The added studies average 0, share the harmonic mean variance and scatter as the model expects, by sqrt(variance +
    tau2).
    exact : the model is refitted with them (as they share one variance, only their mean and scatter matter); else tau2
    is put together from its part within and between the two sets of studies.
    A generalisation of Orwin's and Rosenberg's numbers (Viechtbauer 2010, doi:10.18637/jss.v036.i03, function fsn).
    Raises ConvergenceError above 100,000.
    """
    observed = _pooled(y, v, method)
    refit = _refitted if exact and method != "common" else _put_together

    def with_null(m: int) -> _Pooled:
        return refit(y, v, m, observed, method) if m else observed

    def overturned(m: int) -> bool:
        fit = with_null(m)
        return fit.p_value >= alpha if target is None else abs(fit.estimate) <= target

    n = _smallest(overturned)
    return FailSafe(n, *observed, *with_null(n))


def _tested(estimate: float, std_error: float, tau2: float) -> _Pooled:
    return _Pooled(estimate, 2.0 * float(ndtr(-abs(estimate) / std_error)), tau2)


def _pooled(y: Array, v: Array, method: str) -> _Pooled:
    tau2 = 0.0 if method == "common" or len(y) < 2 else estimate_tau2(y, v, method).value
    mean = weighted_mean(y, v, tau2)
    return _tested(mean.estimate, mean.std_error, tau2)


def _refitted(y: Array, v: Array, m: int, observed: _Pooled, method: str) -> _Pooled:
    typical = 1.0 / float((1.0 / v).mean())
    null = _standardised(m) * math.sqrt(typical + observed.tau2)
    return _pooled(np.concatenate([y, null]), np.concatenate([v, np.full(m, typical)]), method)


def _put_together(y: Array, v: Array, m: int, observed: _Pooled, method: str) -> _Pooled:
    typical, k = 1.0 / float((1.0 / v).mean()), len(y)
    mean = k * observed.estimate / (k + m)
    between = k * (observed.estimate - mean) ** 2 + m * mean * mean
    within = (k - 1 + max(0, m - 1)) * observed.tau2
    tau2 = 0.0 if method == "common" else (within + between) / (k + m - 1)
    w, null = 1.0 / (v + tau2), m / (typical + tau2)
    total = float(w.sum()) + null
    return _tested(float(w @ y) / total, total**-0.5, tau2)


def _standardised(m: int) -> Array:
    """m numbers with mean 0 and standard deviation 1 (0 where m is 1)."""
    x: Array = np.arange(m, dtype=np.float64) - 0.5 * (m - 1)
    return x / float(np.std(x, ddof=1)) if m > 1 else x


def _smallest(reached: Callable[[int], bool]) -> int:
    """The smallest m where ``reached`` is true, by doubling and halving."""
    if reached(0):
        return 0
    low, high = 0, 1
    while not reached(high):
        low, high = high, 2 * high
        if low >= MOST:
            raise ConvergenceError(f"more than {MOST:,} null studies would be needed")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
