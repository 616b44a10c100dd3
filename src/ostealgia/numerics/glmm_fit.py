"""Maximum likelihood for models with one random effect a study: every root of the profile score is bracketed, then polished by Newton's method.

The parameters are the shared ones (P), one own parameter a study where the design has it, and the standard deviation sd of the random effect.
The Hessian has an arrow shape, so own parameters are eliminated study by study and the cost is linear in k. The likelihood is even in sd:
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
Start = Callable[[Array], tuple[Array, Array | None]]

SD_GRID = 0.04 * 2.5 ** np.arange(7)
SD_LIMIT = 200.0
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
        """Derivative of the inputs of a study (eta0_1 .. eta0_R, sd) by (beta_1 .. beta_P, sd), transposed: (P + 1, R + 1)."""
        shared, arms = self.shared.shape
        out = np.zeros((shared + 1, arms + 1))
        out[:-1, :-1] = self.shared
        out[-1, -1] = 1.0
        return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Point:
    """The log-likelihood at one set of parameters, or at a grid of them (leading axes ...).

    gradient : (..., P + 1) and hessian : (..., P + 1, P + 1), by the shared parameters and sd, own parameters eliminated.
    own_gradient, own_curvature : (..., k).  cross : (..., P + 1, k).  full_hessian : before the elimination.  mode : (..., k).
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
        step = self.step(self.sd > 0)
        gain = np.sum(self.gradient * step, axis=-1)
        if self.own is not None:
            gain = gain + np.sum(_ratio(np.square(self.own_gradient), -self.own_curvature), axis=-1)
        return np.asarray(gain)

    def step(self, free_sd: Array) -> Array:
        """Newton step of the shared parameters and sd, (..., P + 1); sd stays where ``free_sd`` is false."""
        inner = uphill(self.hessian[..., :-1, :-1], self.gradient[..., :-1])
        lead = uphill(self.hessian[..., :-1, :-1], self.hessian[..., :-1, -1])
        bend = self.hessian[..., -1, -1] + np.sum(self.hessian[..., -1, :-1] * lead, axis=-1)
        sd_step = np.where(free_sd, _ratio(self.profile_score, np.abs(bend)), 0.0)
        return np.concatenate([inner + lead * sd_step[..., None], sd_step[..., None]], axis=-1)

    @property
    def profile_score(self) -> Array:
        """Slope of the log-likelihood by sd once the other parameters are taken to their best values, to first order."""
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


def evaluate(model: Model, beta: Array, own: Array | None, sd: Array, mode: Array | None = None) -> Point:
    """Log-likelihood (without constant) with its derivatives.  beta : (..., P).  own : (..., k) or None.  sd : (...)."""
    eta0 = model.offset + (beta @ model.shared)[..., None]
    if model.own is not None and own is not None:
        eta0 = eta0 + model.own[:, None] * own[..., None, :]
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
    """The point after a step of the shared parameters and sd; own parameters follow. No parameter moves further than LONGEST_STEP."""
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
    """The best shared and own parameters at fixed sd, scalar or grid; returns the point and the number of Newton steps."""
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

    The profile score of sd is scanned on a grid that expands until it is negative; each change from rising to falling is one bracket and is
    polished by Newton's method; sd = 0 is a candidate when the score for the variance there is not above 0; the highest candidate is kept.
    Raises ConvergenceError when the likelihood rises without bound or a bracket cannot be polished.
    """
    null, iterations = fit_at(model, start, np.array(0.0))
    bend = float(null.profile_bend)
    grid, score, scanned = _scan(model, start)
    candidates = [null] if bend <= 0 else []
    signs = np.concatenate([[bend > 0], score > 0])
    edges = np.concatenate([[0.0], grid])
    roots: list[float] = []
    for left in np.flatnonzero(signs[:-1] & ~signs[1:]):
        found, steps = _polish(model, start, scanned, edges, np.concatenate([[0.0], score]), int(left), bend)
        iterations += steps
        roots.append(float(found.sd))
        candidates.append(found)
    best = max(candidates, key=lambda point: float(point.value))
    return Optimum(
        point=best,
        null=null,
        iterations=iterations,
        roots=tuple(roots),
        grid=grid,
        grid_score=score,
        score_at_zero=0.5 * bend,
    )


def _scan(model: Model, start: Start) -> tuple[Array, Array, Point]:
    """Profile score on the grid of sd, expanded until it is negative at the end."""
    grid = SD_GRID
    while True:
        point, _ = fit_at(model, start, grid, tolerance=1e-3)
        score = point.profile_score
        if score[-1] < 0:
            return grid, score, point
        if grid[-1] > SD_LIMIT:
            raise ConvergenceError(
                f"The likelihood still rises at a between-study standard deviation of {grid[-1]:.0f}: no finite estimate exists. "
                "Studies with no events stand beside studies with events only; pool them apart, or use a model with fixed between-study variance."
            )
        grid = np.append(grid, grid[-1] * 2.5 ** np.arange(1, 4))


def _polish(
    model: Model, start: Start, scanned: Point, edges: Array, score: Array, left: int, bend: float
) -> tuple[Point, int]:
    """Newton's method for all parameters with sd kept between two points of the grid."""
    low, high = edges[left], edges[left + 1]
    if left == 0:
        first, second = bend, score[1] / high
        sd = np.array(high * np.sqrt(first / (first - second)))
    else:
        sd = np.array(low + (high - low) * score[left] / (score[left] - score[left + 1]))
    near = left if left == 0 or high - sd < sd - low else left - 1
    own = None if scanned.own is None else scanned.own[near]
    point = evaluate(model, scanned.beta[near], own, sd)
    for iteration in range(ITERATIONS):
        gain = float(point.decrement)
        if gain <= CONVERGED and point.profile_bend <= 0:
            return point, iteration
        if gain < 1e-2:
            low, high = (float(point.sd), high) if point.profile_score > 0 else (low, float(point.sd))
        step = point.step(np.array(True))
        target = float(point.sd) + float(step[-1])
        if point.profile_bend >= 0 or not low <= target <= high:
            target = 0.5 * (low + high)
            step = point.step(np.array(False))
        new = _moved(model, point, step, np.array(target))
        if gain <= ACCEPTABLE and abs(float(new.value - point.value)) <= 1e-13 * abs(float(point.value)):
            return new, iteration + 1
        point = new
    raise ConvergenceError(
        f"The random-effects fit did not converge in {ITERATIONS} Newton steps between sd {edges[left]:.3g} and {edges[left + 1]:.3g}."
    )
