"""Selection models: the mean effect if studies with large P values were published less often. Certified maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.likelihood import LOG_2PI
from ostealgia.numerics.optimise import uphill
from ostealgia.numerics.selection_weights import Weighting

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
NAN = math.nan
_STEPS = 300
_NEAR = 1e-9


class Value(NamedTuple):
    """Log-likelihood with its gradient (q,) and hessian (q, q) in mu, tau2 and the weights' parameters."""

    loglik: float
    gradient: Array
    hessian: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Effects y with variances v, (k,), the selection function, and for mu, tau2, delta: bounds and which are free, (2 + p,)."""

    y: Array
    v: Array
    weighting: Weighting
    low: Array
    high: Array
    free: Mask

    def value(self, x: Array) -> Value:
        """The log-likelihood and its derivatives at x = (mu, tau2, delta), (2 + p,)."""
        mu, tau2, delta = float(x[0]), float(x[1]), x[2:]
        total = self.v + tau2
        found = self.weighting.through(delta, mu, total)
        share = found.shares[0]
        if not (np.all(share > 0.0) and np.all(np.isfinite(found.log_w))):
            q = len(x)
            return Value(-math.inf, np.zeros(q), np.zeros((q, q)))
        r = self.y - mu
        normal = -0.5 * (LOG_2PI + np.log(total) + r * r / total)
        loglik = float((found.log_w + normal - np.log(share)).sum())
        return Value(loglik, *self._derivatives(found, r, total))

    def _derivatives(self, found: Any, r: Array, total: Array) -> tuple[Array, Array]:
        p, k = found.first.shape
        a = found.shares / found.shares[0]
        d1 = found.shares_1 / found.shares[0]
        slopes = np.concatenate([a[1:2], 0.5 * a[2:3], d1[:, 0]])  # of the share, over the share: (2 + p, k)
        own = np.concatenate([(r / total)[None], (0.5 * (r * r / total - 1.0) / total)[None], found.first])
        gradient = (own - slopes).sum(axis=1)
        curve = np.empty((2 + p, 2 + p, k))
        curve[0, 0] = -1.0 / total - a[2]
        curve[0, 1] = -r / total**2 - 0.5 * a[3]
        curve[1, 1] = (0.5 - r * r / total) / total**2 - 0.25 * a[4]
        curve[0, 2:] = -d1[:, 1]
        curve[1, 2:] = -0.5 * d1[:, 2]
        curve[2:, 2:] = found.second - found.shares_2 / found.shares[0]
        curve[1, 0] = curve[0, 1]
        curve[2:, :2] = np.swapaxes(curve[:2, 2:], 0, 1)
        return gradient, (curve + slopes[:, None] * slopes[None, :]).sum(axis=2)


class Peak(NamedTuple):
    """Where one climb ended: x, value, which parameters are held at a bound, the promised gain of a further step, its number of steps."""

    x: Array
    value: Value
    held: Mask
    decrement: float
    steps: int


def climb(problem: Problem, start: Array) -> Peak:
    """A local maximum within the bounds by Newton steps that go uphill; parameters that press against a bound are held there."""
    x = np.clip(start, problem.low, problem.high)
    value = problem.value(x)
    held = ~problem.free
    decrement = math.inf
    for step in range(_STEPS):
        held = ~problem.free | _pressing(problem, x, value.gradient)
        move = np.zeros_like(x)
        if not held.all():
            open_ = np.flatnonzero(~held)
            g = value.gradient[open_]
            move[open_] = uphill(value.hessian[np.ix_(open_, open_)], g)
            decrement = float(g @ move[open_])
        else:
            decrement = 0.0
        if not math.isfinite(value.loglik) or decrement <= 1e-17 * (1.0 + abs(value.loglik)):
            return Peak(x, value, held, decrement, step)
        moved = _search(problem, x, value, _shortened(move))
        if moved is None:
            return Peak(x, value, held, decrement, step)
        x, value = moved
    return Peak(x, value, held, decrement, _STEPS)


def _pressing(problem: Problem, x: Array, gradient: Array) -> Mask:
    return ((x <= problem.low) & (gradient <= 0.0)) | ((x >= problem.high) & (gradient >= 0.0))


def _shortened(move: Array) -> Array:
    """mu and tau2 move by 2 units of the data at most, a weight parameter by 20, in one step."""
    longest = np.full(len(move), 20.0)
    longest[:2] = 2.0
    return move * min(1.0, float(np.min(longest / np.maximum(np.abs(move), 1e-300))))


def _search(problem: Problem, x: Array, value: Value, move: Array) -> tuple[Array, Value] | None:
    """Halve the step until the likelihood rises; None where it cannot."""
    for _ in range(60):
        new = np.clip(x + move, problem.low, problem.high)
        if np.array_equal(new, x):
            return None
        found = problem.value(new)
        if found.loglik > value.loglik or (
            found.loglik >= value.loglik - 1e-13 * (1.0 + abs(value.loglik)) and _smaller(problem, new, found, x, value)
        ):
            return new, found
        move = 0.5 * move
    return None


def _smaller(problem: Problem, new: Array, found: Value, x: Array, value: Value) -> bool:
    """At the rounding level of the likelihood the gradient decides."""
    sizes = [
        float(np.abs(np.where(~problem.free | _pressing(problem, at, f.gradient), 0.0, f.gradient)).max())
        for at, f in ((new, found), (x, value))
    ]
    return sizes[0] < sizes[1]


class Fit(NamedTuple):
    """The best of all climbs: x = (mu, tau2, delta), standard errors (NaN where fixed or held), log-likelihood.

    held : which are at a bound.  certificate : what a reader can check.
    """

    x: Array
    std_error: Array
    loglik: float
    held: Mask
    certificate: dict[str, Any]


def maximise(problem: Problem, starts: list[Array], names: tuple[str, ...], *, keep_held: Mask) -> Fit:
    """The highest of the maxima reached from all starts, with standard errors from the observed information.

    keep_held : parameters that stay in the information though they are at a bound.  Raises ConvergenceError.
    """
    peaks = [climb(problem, start) for start in starts]
    good = [peak for peak in peaks if math.isfinite(peak.value.loglik) and peak.decrement <= 1e-9]
    if not good:
        raise ConvergenceError(
            f"the selection model did not converge from any of {len(starts)} starts; the likelihood may be flat. "
            "Use fewer steps, or fix the weights."
        )
    best = max(good, key=lambda peak: peak.value.loglik)
    error, smallest = _standard_errors(problem, best, keep_held)
    rest = np.where(best.held, 0.0, best.value.gradient) * np.maximum(np.abs(best.x), 1.0)
    levels = sorted({round(best.value.loglik - peak.value.loglik, 6) for peak in good})
    certificate = {
        "criterion": "likelihood",
        "starts": len(starts),
        "converged_starts": len(good),
        "at_best": sum(best.value.loglik - peak.value.loglik < 1e-6 for peak in good),
        "maxima": tuple(0.0 - level for level in levels),
        "gradient": float(np.abs(rest).max()),
        "decrement": best.decrement,
        "smallest_curvature": smallest,
        "iterations": best.steps,
        "held": tuple(name for name, held, free in zip(names, best.held, problem.free, strict=True) if held and free),
    }
    return Fit(best.x, error, best.value.loglik, best.held & problem.free, certificate)


def _standard_errors(problem: Problem, peak: Peak, keep_held: Mask) -> tuple[Array, float]:
    """Roots of the diagonal of the inverse observed information; the smallest eigenvalue of its correlation form."""
    used = np.flatnonzero(problem.free & (~peak.held | keep_held))
    error, smallest = _inverse(peak.value.hessian, used, len(peak.x))
    if not smallest > _NEAR and bool((peak.held & keep_held).any()):
        used = np.flatnonzero(problem.free & ~peak.held)
        error, smallest = _inverse(peak.value.hessian, used, len(peak.x))
    return error, smallest


def _inverse(hessian: Array, used: NDArray[np.intp], size: int) -> tuple[Array, float]:
    error = np.full(size, NAN)
    information = -hessian[np.ix_(used, used)]
    diagonal = np.diag(information)
    if len(used) == 0 or not bool((diagonal > 0.0).all()):
        return error, NAN
    root = np.sqrt(diagonal)
    scaled = information / np.outer(root, root)
    smallest = float(np.linalg.eigvalsh(scaled)[0])
    if smallest > _NEAR:
        error[used] = np.sqrt(np.diag(np.linalg.inv(scaled))) / root
    return error, smallest
