"""Maximum likelihood for models with one random effect a study: every root of the profile score is bracketed, then
polished by Newton's method.

The parameters are the shared ones (P), one own parameter a study where the design has it, and the standard deviation
sd of the random effect.
The Hessian has an arrow shape, so own parameters are eliminated study by study and the cost is linear in k. The
likelihood is even in sd:
sd = 0 is a maximum when the second derivative there, twice the score for the variance, is not above 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.glmm_families import Family
from ostealgia.numerics.glmm_marginal import study_terms
from ostealgia.numerics.optimise import uphill
from ostealgia.numerics.quadrature import HermiteRule

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Start = Callable[[Array], tuple[Array, Array | None]]

SD_GRID: Array = 0.04 * np.power(2.5, np.arange(7, dtype=np.float64))
SD_LIMIT = 50.0
LONGEST_STEP = 3.0
CONVERGED = 1e-16
ACCEPTABLE = 1e-9
ITERATIONS = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """Linear predictor of arm r in study i: offset_ri + sum_p shared_pr beta_p + own_r alpha_i + random_r sd z_i.

    offset : (R, k).  shared : (P, R).  random : (R,).  own : (R,) or None.
    """

    family: Family
    offset: Array
    shared: Array
    random: Array
    own: Array | None
    rule: HermiteRule

    @property
    def transfer(self) -> Array:
        """Derivative of the inputs of a study (eta0_1 .. eta0_R, sd) by (beta_1 .. beta_P, sd), transposed: (P + 1, R
        + 1)."""
        shared, arms = self.shared.shape
        out = np.zeros((shared + 1, arms + 1))
        out[:-1, :-1] = self.shared
        out[-1, -1] = 1.0
        return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Point:
    """The log-likelihood at one set of parameters, or at a grid of them (leading axes ...).

    gradient : (..., P + 1) and hessian : (..., P + 1, P + 1), by the shared parameters and sd, own parameters
    eliminated.
    own_gradient, own_curvature : (..., k).  cross : (..., P + 1, k).  full_hessian : before the elimination.  mode :
    (..., k).
    """

    beta: Array
    own: Array | None
    sd: Array
    value: Array
    gradient: Array
    hessian: Array
    full_hessian: Array
    own_gradient: Array
    own_curvature: Array
    cross: Array
    mode: Array

    @property
    def decrement(self) -> Array:
        """Twice the gain that a Newton step promises, over all parameters but sd when sd is 0."""
        step = self.step(np.asarray(self.sd > 0))
        gain = np.sum(self.gradient * step, axis=-1)
        if self.own is not None:
            gain = gain + np.sum(_ratio(np.square(self.own_gradient), -self.own_curvature), axis=-1)
        return np.asarray(gain, dtype=np.float64)

    def step(self, free_sd: Mask) -> Array:
        """Newton step of the shared parameters and sd, (..., P + 1); sd stays where ``free_sd`` is false."""
        inner = uphill(self.hessian[..., :-1, :-1], self.gradient[..., :-1])
        lead = uphill(self.hessian[..., :-1, :-1], self.hessian[..., :-1, -1])
        bend = self.hessian[..., -1, -1] + np.sum(self.hessian[..., -1, :-1] * lead, axis=-1)
        sd_step = np.where(free_sd, _ratio(self.profile_score, np.abs(bend)), 0.0)
        return np.concatenate([inner + lead * sd_step[..., None], sd_step[..., None]], axis=-1)

    @property
    def profile_score(self) -> Array:
        """Slope of the log-likelihood by sd once the other parameters are taken to their best values, to first
        order."""
        inner = uphill(self.hessian[..., :-1, :-1], self.gradient[..., :-1])
        return self.gradient[..., -1] + np.sum(self.hessian[..., -1, :-1] * inner, axis=-1)

    @property
    def profile_bend(self) -> Array:
        """Second derivative of the profile log-likelihood by sd."""
        lead = uphill(self.hessian[..., :-1, :-1], self.hessian[..., :-1, -1])
        return self.hessian[..., -1, -1] + np.sum(self.hessian[..., -1, :-1] * lead, axis=-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Optimum:
    """The maximum and how it was found."""

    point: Point
    null: Point
    iterations: int
    roots: tuple[float, ...]
    grid: Array
    grid_score: Array
    score_at_zero: float


def _ratio(numerator: Array, denominator: Array) -> Array:
    """numerator / denominator, 0 where the denominator is 0 (a parameter that the study does not inform)."""
    out = np.zeros(np.broadcast_shapes(numerator.shape, denominator.shape))
    return np.divide(numerator, denominator, out=out, where=denominator != 0)


def fixed_part(model: Model, beta: Array, own: Array | None) -> Array:
    """The linear predictors without random effect, (..., R, k)."""
    eta0 = model.offset + (beta @ model.shared)[..., None]
    return eta0 if model.own is None or own is None else eta0 + model.own[:, None] * own[..., None, :]


def evaluate(model: Model, beta: Array, own: Array | None, sd: Array, mode: Array | None = None) -> Point:
    """Log-likelihood (without constant) with its derivatives.  beta : (..., P).  own : (..., k) or None.  sd :
    (...)."""
    eta0 = fixed_part(model, beta, own)
    terms = study_terms(model.family, eta0, sd, model.random, model.rule, mode)
    transfer = model.transfer
    gradient = np.sum(terms.gradient, axis=-1) @ transfer.T
    full = transfer @ np.sum(terms.hessian, axis=-1) @ transfer.T
    hessian, cross = full, np.zeros((*gradient.shape, 0))
    own_gradient = own_curvature = np.zeros((*terms.value.shape[:-1], 0))
    if model.own is not None:
        direction = np.append(model.own, 0.0)[:, None]
        own_gradient = np.sum(direction * terms.gradient, axis=-2)
        toward = np.sum(direction * terms.hessian, axis=-2)
        own_curvature = np.sum(direction * toward, axis=-2)
        cross = transfer @ toward
        share = _ratio(cross, own_curvature[..., None, :])
        gradient = gradient - np.sum(share * own_gradient[..., None, :], axis=-1)
        hessian = full - share @ np.swapaxes(cross, -1, -2)
    return Point(
        beta=beta,
        own=own,
        sd=sd,
        value=np.sum(terms.value, axis=-1),
        gradient=gradient,
        hessian=hessian,
        full_hessian=full,
        own_gradient=own_gradient,
        own_curvature=own_curvature,
        cross=cross,
        mode=terms.mode,
    )


def _moved(model: Model, point: Point, step: Array, sd: Array) -> Point:
    """The point after a step of the shared parameters and sd; own parameters follow. No parameter moves further than
    LONGEST_STEP."""
    own = point.own
    if own is not None:
        lead = point.own_gradient + np.sum(point.cross * step[..., None], axis=-2)
        own = own + np.clip(_ratio(lead, np.abs(point.own_curvature)), -LONGEST_STEP, LONGEST_STEP)
    beta = point.beta + np.clip(step[..., :-1], -LONGEST_STEP, LONGEST_STEP)
    return evaluate(model, beta, own, sd, point.mode if np.all(sd > 0) else None)


def _halved(model: Model, old: Point, new: Point, slack: Array) -> Point:
    """Where the likelihood fell, halve the way back to the old parameters until it does not."""
    for _ in range(30):
        worse = ~(new.value >= old.value - slack)
        if not worse.any():
            break
        weight = np.where(worse, 0.5, 1.0)[..., None]
        beta = old.beta + weight * (new.beta - old.beta)
        own = None if new.own is None or old.own is None else old.own + weight * (new.own - old.own)
        new = evaluate(model, beta, own, old.sd + weight[..., 0] * (new.sd - old.sd), None)
    return new


def fit_at(model: Model, start: Start, sd: Array, tolerance: float = CONVERGED) -> tuple[Point, int]:
    """The best shared and own parameters at fixed sd, scalar or grid; returns the point and the number of Newton
    steps."""
    beta, own = start(sd)
    point = evaluate(model, beta, own, sd)
    fixed = np.zeros(sd.shape, dtype=bool)
    for iteration in range(ITERATIONS):
        still = replace(point, sd=np.zeros_like(sd)).decrement
        if np.all(still <= tolerance):
            return point, iteration
        new = _moved(model, point, point.step(fixed), sd)
        new = _halved(model, point, new, 1e-9 * (1.0 + np.abs(point.value)))
        if np.all(np.abs(new.value - point.value) <= 1e-13 * np.abs(point.value)) and np.all(still <= ACCEPTABLE):
            return new, iteration + 1
        point = new
    raise ConvergenceError(f"The common-effect fit did not converge in {ITERATIONS} Newton steps.")


def maximise(model: Model, start: Start) -> Optimum:
    """Maximum likelihood over all parameters.

    The profile score of sd is scanned on a grid that expands until it is negative; each change from rising to falling
    is one bracket and is
    polished by Newton's method; sd = 0 is a candidate when the score for the variance there is not above 0; the
    highest candidate is kept.
    Raises ConvergenceError when the likelihood rises without bound or a bracket cannot be polished.
    """
    null, iterations = fit_at(model, start, np.array(0.0))
    scanned = _scan(model, start)
    sd = np.append(0.0, scanned.sd)
    score = np.append(0.0, scanned.profile_score)
    bend = np.append(null.profile_bend, scanned.profile_bend)
    rising = np.append(bend[0] > 0, score[1:] > 0)
    candidates = [] if rising[0] else [null]
    for left in np.flatnonzero(rising[:-1] & ~rising[1:]):
        ends = slice(int(left), int(left) + 2)
        guess = _cubic_root(sd[ends], score[ends], bend[ends])
        found, steps = _polish(
            model, _between(model, null, scanned, int(left), guess), float(sd[left]), float(sd[left + 1])
        )
        iterations += steps
        candidates.append(found)
    best = max(candidates, key=lambda point: float(point.value))
    if np.max(scanned.value) > float(best.value) + 1e-6:
        raise ConvergenceError(
            "The likelihood is higher on the grid than at every maximum found: the quadrature is too coarse here."
        )
    return Optimum(
        point=best,
        null=null,
        iterations=iterations,
        roots=tuple(float(point.sd) for point in candidates if point.sd > 0),
        grid=scanned.sd,
        grid_score=score[1:],
        score_at_zero=0.5 * float(bend[0]),
    )


def maximise_common(model: Model, start: Start) -> Optimum:
    """Maximum likelihood with sd = 0: one common effect."""
    null, iterations = fit_at(model, start, np.array(0.0))
    none = np.zeros(0)
    return Optimum(
        point=null, null=null, iterations=iterations, roots=(), grid=none, grid_score=none, score_at_zero=float("nan")
    )


def _scan(model: Model, start: Start) -> Point:
    """The best other parameters on a grid of sd, expanded until the profile score is negative at its end."""
    grid: Array = SD_GRID
    while True:
        point, _ = fit_at(model, start, grid, tolerance=1e-3)
        if point.profile_score[-1] < 0:
            return point
        if grid[-1] > SD_LIMIT:
            raise ConvergenceError(
                f"The likelihood still rises at a between-study standard deviation of {grid[-1]:.0f}: no finite "
                "estimate exists. Studies at 0% stand beside studies at 100%, or most are too small. Fit a common "
                "effect (method='EE') or pool them apart."
            )
        grid = np.concatenate([grid, 2.5 * grid[-1:]])


def _cubic_root(x: Array, score: Array, bend: Array) -> float:
    """Where the cubic with these values and slopes at both ends of a bracket falls through 0, by bisection."""
    width = x[1] - x[0]

    def cubic(t: float) -> float:
        rise = score[0] * (1 + 2 * t) + width * bend[0] * t
        return float(rise * (1 - t) ** 2 + (score[1] * (3 - 2 * t) + width * bend[1] * (t - 1)) * t * t)

    low, high = 0.0, 1.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if cubic(middle) > 0 else (low, middle)
    return float(x[0] + width * high)


def _between(model: Model, null: Point, scanned: Point, left: int, sd: float) -> Point:
    """A starting point at sd, other parameters interpolated between grid positions ``left`` and ``left`` + 1 (0: the
    null fit)."""
    low_sd, low_beta = (0.0, null.beta) if left == 0 else (float(scanned.sd[left - 1]), scanned.beta[left - 1])
    weight = (sd - low_sd) / (float(scanned.sd[left]) - low_sd)
    own = None
    if scanned.own is not None and null.own is not None:
        low_own = null.own if left == 0 else scanned.own[left - 1]
        own = low_own + weight * (scanned.own[left] - low_own)
    return evaluate(model, low_beta + weight * (scanned.beta[left] - low_beta), own, np.array(sd))


def _polish(model: Model, point: Point, low: float, high: float) -> tuple[Point, int]:
    """Newton's method for all parameters with sd kept between two points of the grid; returns the maximum and the
    number of steps."""
    for iteration in range(ITERATIONS):
        gain, here = float(point.decrement), float(point.sd)
        bend = float(point.profile_bend)
        if gain <= CONVERGED and bend <= 0:
            return point, iteration
        target = here + float(point.step(np.array(True))[-1])
        inside = low < target < high and bend < 0
        if not inside:
            target = 0.5 * (here + (high if point.profile_score > 0 else low))
        new = _moved(model, point, point.step(np.array(inside)), np.array(target))
        if gain <= ACCEPTABLE and abs(float(new.value - point.value)) <= 1e-13 * abs(float(point.value)):
            return new, iteration + 1
        point = new
    raise ConvergenceError(
        f"The random-effects fit did not converge in {ITERATIONS} Newton steps between sd {low:.3g} and {high:.3g}."
    )
