# pyright: reportMissingTypeStubs=false
"""Residual between-study variance of a meta-regression: the estimators of ``tau2`` for a design of p columns, in O(k p^2) sums.

y is the residual of the unweighted fit (every estimator is the same for y and y + Xb), v the variances, both of order one; basis is an
orthonormal basis of the columns of X.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.likelihood import LOG_2PI, Certificate, polish
from ostealgia.numerics.regression_design import (
    Projection,
    project,
    trace_p,
    trace_pp,
    trace_pv,
    trace_pvp,
    trace_pvpv,
)
from ostealgia.numerics.tau2 import Tau2

Array = NDArray[np.float64]
_CELLS = 400_000  # grid values x studies held in memory at a time


class Problem(NamedTuple):
    """What an estimator starts from: residuals of the unweighted fit and variances (k,), basis (k, p), spread of y, weights of GENQ."""

    y: Array
    v: Array
    basis: Array
    spread: float
    weights: Array | None = None

    @property
    def df(self) -> int:
        """Studies less columns."""
        return self.basis.shape[0] - self.basis.shape[1]


def generalised_q(tau2: float, data: Problem) -> float:
    """Weighted residual squares with weights 1 / (v + tau2), which fall as tau2 grows."""
    r = project(data.basis, 1.0 / (data.v + tau2)).residual(data.y)
    return float(r @ r)


# --- moment estimators ------------------------------------------------------------------------------------------------


def _inside(f: Projection, v: Array, tau2: float) -> float:
    """Variance of the quadratic form y'Py: 2 tr(P S P S) with S = V + tau2 I."""
    return 2.0 * trace_pvpv(f, v) + 4.0 * tau2 * trace_pvp(f, v) + 2.0 * tau2 * tau2 * trace_pp(f)


def _moment(data: Problem, weights: Array) -> Tau2:
    """(y'Py - tr PV) / tr P with the weights given (DerSimonian & Kacker 2007, doi:10.1016/j.cct.2006.04.004)."""
    f = project(data.basis, weights)
    r, scale = f.residual(data.y), trace_p(f)
    value = (float(r @ r) - trace_pv(f, data.v)) / scale
    inside = max(0.0, _inside(f, data.v, max(0.0, value)))
    return _closed(value, math.sqrt(inside) / scale)


def _closed(value: float, std_error: float, **more: Any) -> Tau2:
    return Tau2(value=value, std_error=std_error, untruncated=value, certificate={"closed_form": True, **more})


def _dl(data: Problem) -> Tau2:
    return _moment(data, 1.0 / data.v)


def _he(data: Problem) -> Tau2:
    return _moment(data, np.ones_like(data.v))


def _genq(data: Problem) -> Tau2:
    return _moment(data, 1.0 / data.v if data.weights is None else data.weights)


def _hunter_schmidt(data: Problem, factor: float) -> Tau2:
    k = len(data.y)
    f = project(data.basis, 1.0 / data.v)
    r, s1 = f.residual(data.y), float(f.weights.sum())
    value = (factor * float(r @ r) - k) / s1
    t = max(0.0, value)
    inside = 2.0 * data.df + 4.0 * t * trace_p(f) + 2.0 * t * t * trace_pp(f)
    return _closed(value, factor * math.sqrt(inside) / s1)


def _hs(data: Problem) -> Tau2:
    return _hunter_schmidt(data, 1.0)


def _hsk(data: Problem) -> Tau2:
    return _hunter_schmidt(data, len(data.y) / data.df)


def _sj(data: Problem) -> Tau2:
    """Sidik & Jonkman 2005, doi:10.1111/j.1467-9876.2005.00489.x, from the variance of y around its mean."""
    start = data.spread
    if start <= 0.0:
        return _closed(0.0, math.nan, reason="all effects equal")
    f = project(data.basis, 1.0 / (data.v + start))
    r = f.residual(data.y)
    value = start * float(r @ r) / data.df
    return _closed(value, start / data.df * math.sqrt(max(0.0, _inside(f, data.v, value))), start=start)


# --- estimating equations in Q ----------------------------------------------------------------------------------------


def q_root(target: float, data: Problem) -> tuple[float, dict[str, Any]]:
    """tau2 at which the generalised Q equals ``target``; 0 where Q(0) is not above it. Q falls steadily: one root at most.

    Newton steps on 1 / Q - 1 / target, held in a bracket.  Returns (tau2, certificate). Raises ConvergenceError.
    """

    def gap(t: float) -> tuple[float, float]:
        f = project(data.basis, 1.0 / (data.v + t))
        r = f.residual(data.y)
        value, slope = float(r @ r), float((f.weights * r) @ r)
        return 1.0 / value - 1.0 / target, slope / value / value

    at_zero = generalised_q(0.0, data)
    if at_zero <= target:
        return 0.0, {"bracket": None, "score_at_zero": at_zero - target, "score": at_zero - target, "iterations": 0}
    # Q(t) <= Q(0) vmax / (vmax + t), so this t is above the root
    high = float(data.v.max()) * (at_zero / target)
    value, slope = gap(0.0)
    if not (math.isfinite(high) and slope > 0.0):
        raise ConvergenceError(f"Q stays above {target!r} for every tau2 tried")
    root, steps = polish(gap, 0.0, high, start=min(-value / slope, 0.5 * high), rising=True)
    return root, {
        "bracket": (0.0, high), "score_at_zero": at_zero - target, "score": generalised_q(root, data) - target, "iterations": steps
    }  # fmt: skip


def _pm_with(data: Problem, target: float) -> Tau2:
    value, certificate = q_root(target, data)
    k, s1 = len(data.y), float((1.0 / (data.v + value)).sum())
    std_error = math.sqrt(2.0 * k * k / data.df) / s1
    return Tau2(value=value, std_error=std_error, untruncated=value, certificate=certificate)


def _pm(data: Problem) -> Tau2:
    return _pm_with(data, float(data.df))


def _pmm(data: Problem) -> Tau2:
    return _pm_with(data, float(chdtri(data.df, 0.5)))


# --- likelihood -------------------------------------------------------------------------------------------------------


def log_likelihood(tau2: float, data: Problem, *, restricted: bool) -> float:
    """Log-likelihood with the full Gaussian constant; restricted: with -0.5 log|X'WX| + 0.5 log|X'X| (Harville 1977)."""
    s = data.v + tau2
    f = project(data.basis, 1.0 / s)
    r = f.residual(data.y)
    total = -0.5 * (len(s) * LOG_2PI + float(np.log(s).sum()) + float(r @ r))
    if restricted:
        total += 0.5 * data.basis.shape[1] * LOG_2PI - float(np.log(np.abs(np.diag(f.factor))).sum())
    return total


def score(tau2: float, data: Problem, *, restricted: bool) -> tuple[float, float]:
    """First and second derivative of the log-likelihood in tau2: (y'PPy - tr P) / 2 and (tr PP - 2 y'PPPy) / 2; tr W for tr P in ML."""
    f = project(data.basis, 1.0 / (data.v + tau2))
    z = f.root * f.residual(data.y)
    pz = f.residual(z)
    if restricted:
        first, second = float(z @ z) - trace_p(f), trace_pp(f)
    else:
        first, second = float(z @ z) - float(f.weights.sum()), float(f.weights @ f.weights)
    return 0.5 * first, 0.5 * second - float(pz @ pz)


def score_on(grid: Array, data: Problem, restricted: bool) -> Array:
    """The score at every grid value, by Gram-Schmidt on all values at once, in blocks that bound the memory."""
    out = np.empty(len(grid))
    columns = data.basis.T
    step = max(1, _CELLS // len(data.y))
    for start in range(0, len(grid), step):
        w = 1.0 / (data.v[None, :] + grid[start : start + step, None])
        root = np.sqrt(w)
        e = root * data.y
        kept: list[Array] = []
        for column in columns:
            u = root * column
            for other in kept:
                u -= np.einsum("gk,gk->g", other, u)[:, None] * other
            u /= np.sqrt(np.einsum("gk,gk->g", u, u))[:, None]
            e -= np.einsum("gk,gk->g", u, e)[:, None] * u
            kept.append(u)
        e *= e
        value = np.einsum("gk,gk->g", w, e) - w.sum(axis=1)
        if restricted:
            for u in kept:
                u *= u
                value += np.einsum("gk,gk->g", w, u)
        out[start : start + step] = value
    return 0.5 * out


def search_grid(y: Array, v: Array, df: int) -> Array:
    """0, then a geometric grid (at most 1.6 apart) from far below the smallest variance to above any possible root.

    With t >= max v the score is below zero as soon as RSS / df < (min v + t)^2 / (max v + t), which t >= 2 RSS / df makes sure of:
    y'PPy <= wmax^2 RSS (RSS of the unweighted fit) and tr P >= wmin df.
    """
    top = 2.0 * max(float(v.max()), 2.0 * float(y @ y) / df)
    low = min(1e-3 * float(v.min()), 1e-6 * top)
    steps = math.ceil(math.log2(top / low) * 1.5)
    grid = np.empty(steps + 2)
    grid[0] = 0.0
    grid[1:] = low * np.exp2(np.arange(steps + 1) * (math.log2(top / low) / steps))
    return grid


def maximise(data: Problem, *, restricted: bool) -> tuple[float, Certificate]:
    """tau2 of highest (restricted) likelihood and its certificate: every sign change of the score on the grid is bracketed and polished,
    and the candidate (a root, or zero where the score is not above zero there) of highest likelihood is kept."""
    grid = search_grid(data.y, data.v, data.df)
    values = score_on(grid, data, restricted)
    if values[-1] > 0 or not np.all(np.isfinite(values)):
        raise ConvergenceError("the likelihood has no maximum on the search grid; check for variances of 0 or infinity")

    def derivative(t: float) -> tuple[float, float]:
        return score(t, data, restricted=restricted)

    candidates: list[tuple[float, tuple[float, float] | None, int]] = [(0.0, None, 0)] if values[0] <= 0 else []
    for i in np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0)):
        low, high = float(grid[i]), float(grid[i + 1])
        share = float(values[i] / (values[i] - values[i + 1]))
        root, steps = polish(derivative, low, high, start=low + min(0.99, max(0.01, share)) * (high - low))
        candidates.append((root, (low, high), steps))
    likelihoods = [log_likelihood(t, data, restricted=restricted) for t, _, _ in candidates]
    best = int(np.argmax(likelihoods))
    tau2, bracket, steps = candidates[best]
    return tau2, Certificate(
        criterion="restricted likelihood" if restricted else "likelihood",
        roots=tuple(t for t, _, _ in candidates),
        loglik=tuple(value - likelihoods[best] for value in likelihoods),
        bracket=bracket,
        score=derivative(tau2)[0] * (tau2 if tau2 > 0 else 1.0),
        score_at_zero=float(values[0]),
        iterations=steps,
        grid_points=len(grid),
        grid_top=float(grid[-1]),
    )


def _likelihood_result(value: float, information: float, certificate: Certificate) -> Tau2:
    """The estimate with its standard error; NaN where one study outweighs the others beyond the digits of the information."""
    std_error = 1.0 / math.sqrt(information) if information > 0.0 else math.nan
    return Tau2(value=value, std_error=std_error, untruncated=value, certificate=certificate.to_dict())


def _reml(data: Problem) -> Tau2:
    value, certificate = maximise(data, restricted=True)
    information = 0.5 * trace_pp(project(data.basis, 1.0 / (data.v + value)))
    return _likelihood_result(value, information, certificate)


def _ml(data: Problem) -> Tau2:
    value, certificate = maximise(data, restricted=False)
    information = 0.5 * float(((data.v + value) ** -2.0).sum())
    return _likelihood_result(value, information, certificate)


TAU2: dict[str, Callable[[Problem], Tau2]] = {
    "DL": _dl,
    "HE": _he,
    "HS": _hs,
    "HSk": _hsk,
    "SJ": _sj,
    "ML": _ml,
    "REML": _reml,
    "EB": _pm,
    "PM": _pm,
    "PMM": _pmm,
    "GENQ": _genq,
}
