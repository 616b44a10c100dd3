# pyright: reportMissingTypeStubs=false
"""Confidence intervals for tau2: one function a method, one line in the table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from ostealgia.numerics import likelihood
from ostealgia.numerics.heterogeneity import Strata, moments, residual_df, strata_of
from ostealgia.numerics.quadratic_form import upper_tail
from ostealgia.numerics.tau2 import q_root, scale_of
from ostealgia.options import confidence_level, one_of

Array = NDArray[np.float64]
Interval = tuple[float, float]


def tau2_interval(
    y: Array, v: Array, method: str, *, level: float = 0.95, weights: Array | None = None, restricted: bool = True
) -> Interval:
    """A confidence interval for tau2.

    y, v : arrays (k,).  method : "QP" (Q-profile), "GENQ" (generalised Q with ``weights``), "BJ" (generalised Q, weights 1/v),
    "J" (generalised Q, weights 1/sqrt(v)), "PL" (profile likelihood, restricted unless ``restricted`` is False).
    Returns (low, high): low is 0 where the data allow it; both 0 where even tau2 = 0 is above the upper limit; NaN for one study.

    >>> y, v = np.array([-0.9, -0.2, 0.1, 0.4]), np.array([0.04, 0.05, 0.03, 0.02])
    >>> low, high = tau2_interval(y, v, "QP")
    >>> 0 < low < high
    True
    """
    one_of("tau2_ci", method, TAU2_CI)
    confidence_level(level)
    scale = scale_of(v)
    strata = strata_of(y / scale, v / (scale * scale))
    if residual_df(strata) < 1:
        return math.nan, math.nan
    low, high = TAU2_CI[method](strata, level, weights=weights, restricted=restricted)
    unit = scale * scale
    return low * unit, high * unit


def empty_note(q: float, df: float, method: str | None, level: float) -> str | None:
    """A phrase where no tau2 of 0 or more is inside its interval, by methods whose Q has weights 1/v at tau2 = 0; else None.

    q, df : Cochran's Q and its degrees of freedom.  Such data vary less than chance within studies explains.
    Source: Viechtbauer 2007, doi:10.1002/sim.2514.

    >>> empty_note(0.02, 4, "QP", 0.95)
    'the interval of tau2 is empty: Q = 0.02 is smaller than its lower quantile 0.484 (df 4); limits are given as 0'
    >>> empty_note(2.0, 4, "QP", 0.95) is None
    True
    """
    if method not in ("QP", "BJ") or not df >= 1:
        return None
    quantile = float(chdtri(df, (1.0 + level) / 2.0))
    if not q < quantile:
        return None
    return (
        f"the interval of tau2 is empty: Q = {q:.3g} is smaller than its lower quantile {quantile:.3g} (df {df:g}); "
        "limits are given as 0"
    )


def _q_profile(strata: Strata, level: float, **_: Any) -> Interval:
    """Viechtbauer 2007, doi:10.1002/sim.2514: the tau2 at which Q equals its chi-square quantiles."""
    df = residual_df(strata)
    tail = (1.0 - level) / 2.0
    return q_root(float(chdtri(df, tail)), strata)[0], q_root(float(chdtri(df, 1.0 - tail)), strata)[0]


def _generalised(strata: Strata, level: float, *, weights: Array | None, **_: Any) -> Interval:
    """Biggerstaff & Jackson 2008, doi:10.1002/sim.3453; Jackson 2013, doi:10.1002/jrsm.1081: Q with fixed weights a is a positive
    combination of chi-squares whose coefficients depend on tau2."""
    ((y, v),) = strata
    a = 1.0 / v if weights is None else weights
    q = moments(y, a).rss
    tail = (1.0 - level) / 2.0

    def upper(tau2: float) -> float:
        return upper_tail(q, _coefficients(a, v + tau2))

    return _crossing(upper, tail), _crossing(upper, 1.0 - tail)


def _coefficients(a: Array, s: Array) -> Array:
    """Eigenvalues of S^1/2 (A - aa'/sum a) S^1/2, S = diag(s), without the one that is zero."""
    root = np.sqrt(s)
    ar = a * root
    matrix = np.diag(a * s) - np.outer(ar, ar) / float(a.sum())
    return np.asarray(np.linalg.eigvalsh(matrix)[1:], dtype=float)


def _crossing(upper: Callable[[float], float], target: float) -> float:
    """The tau2 at which the upper tail, which grows with tau2, reaches ``target``; 0 where it is there already."""
    if upper(0.0) >= target:
        return 0.0
    low, high = 0.0, 1.0
    for _step in range(200):
        if upper(high) >= target:
            break
        low, high = high, high * 2.0
    return _bisect(lambda t: upper(t) - target, low, high)


def _bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """A root by bisection with secant steps (the Illinois rule), to 1e-13 of the upper end.

    Dowell & Jarratt 1971, doi:10.1007/BF01934364.
    """
    f_low, f_high = function(low), function(high)
    side: int = 0
    for _step in range(200):
        if f_low == 0.0 or high - low <= 1e-13 * high:
            break
        x = (f_low * high - f_high * low) / (f_low - f_high)
        if not low < x < high:
            x = 0.5 * (low + high)
        value = function(x)
        if value == 0.0:
            return x
        if (value > 0) == (f_high > 0):
            high, f_high, f_low, side = x, value, f_low * (0.5 if side == 1 else 1.0), 1
        else:
            low, f_low, f_high, side = x, value, f_high * (0.5 if side == -1 else 1.0), -1
        if abs(value) < 1e-14:
            return x
    return 0.5 * (low + high)


def _profile(strata: Strata, level: float, *, restricted: bool, **_: Any) -> Interval:
    """Hardy & Thompson 1996: twice the fall of the (restricted) log-likelihood equals the chi-square(1) quantile."""
    centre = likelihood.maximise(strata, restricted=restricted)[0]
    floor = likelihood.log_likelihood(centre, strata, restricted=restricted) - 0.5 * float(chdtri(1, 1.0 - level))

    def above(t: float) -> float:
        return likelihood.log_likelihood(t, strata, restricted=restricted) - floor

    low = 0.0 if above(0.0) >= 0.0 else _bisect(above, 0.0, centre)
    high = max(2.0 * centre, 1e-8)
    for _step in range(1000):
        if above(high) < 0.0:
            break
        high *= 2.0
    return low, _bisect(above, centre, high)


def _biggerstaff_jackson(strata: Strata, level: float, **_: Any) -> Interval:
    return _generalised(strata, level, weights=None)


def _jackson(strata: Strata, level: float, **_: Any) -> Interval:
    variance = strata[0][1]
    return _generalised(strata, level, weights=1.0 / np.sqrt(variance))


TAU2_CI: dict[str, Callable[..., Interval]] = {
    "QP": _q_profile,
    "GENQ": _generalised,
    "BJ": _biggerstaff_jackson,
    "J": _jackson,
    "PL": _profile,
}
