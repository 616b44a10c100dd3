"""Generalised linear mixed models for two groups: log odds ratios from 2x2 tables, log rate ratios from events and
person-time.

UM.FS  unconditional, fixed study levels, random group difference (coded +1/2, -1/2)
UM.RS  unconditional, random study levels and independent random group difference, by Laplace's approximation
CM.AL  conditional on the total of events, approximate (binomial) likelihood
CM.EL  conditional on the total of events, exact likelihood: noncentral hypergeometric (OR), binomial (IRR)

Source: Stijnen, Hamza & Ozdemir 2010, doi:10.1002/sim.4040; Jackson, Law, Stijnen, Viechtbauer & White 2018,
doi:10.1002/sim.7588.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ostealgia.errors import ConvergenceError, TableError
from ostealgia.numerics.glmm import (
    METHODS,
    GlmmFit,
    at_most,
    certificate,
    counts,
    heterogeneity,
    one_arm_fit,
    one_sd_result,
    standard_errors,
    wald_q,
)
from ostealgia.numerics.glmm_conditional import Hypergeometric
from ostealgia.numerics.glmm_families import Binomial, Family, Poisson
from ostealgia.numerics.glmm_fit import Model, Point, maximise
from ostealgia.numerics.glmm_slopes import LEVEL, SLOPE, SlopeOptimum, maximise_slopes
from ostealgia.numerics.quadrature import gauss_hermite
from ostealgia.options import one_of

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tables:
    """Informative studies: events and denominators (patients or person-time) of both groups, (k,), and what was left
    out."""

    events_1: Array
    size_1: Array
    events_2: Array
    size_2: Array
    variance: Array
    dropped: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def events(self) -> Array:
        return np.stack([self.events_1, self.events_2])

    @property
    def size(self) -> Array:
        return np.stack([self.size_1, self.size_2])


def fit_odds_ratio(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    model: str = "UM.FS",
    method: str = "ML",
    quadrature_points: int = 7,
) -> GlmmFit:
    """Which odds ratio (group 1 against group 2) do studies share, and how much does it vary? Estimates are log odds
    ratios.

    events_1, n_1, events_2, n_2 : (k,), counts; group 1 is the treated one.  model : "UM.FS", "UM.RS", "CM.AL" or
    "CM.EL".
    method : "ML" or "EE" (common odds ratio).  quadrature_points : UM.RS with ML always uses 1 (Laplace).
    Studies without events in both groups, or with events only, carry no information and are left out by position with
    a note.
    Raises TableError for impossible counts, ConvergenceError where no finite estimate exists or a fit does not
    converge.
    Source: Stijnen, Hamza & Ozdemir 2010, doi:10.1002/sim.4040; Jackson et al. 2018, doi:10.1002/sim.7588.

    >>> fit = fit_odds_ratio([4, 6, 3, 62], [123, 306, 231, 13598], [11, 29, 11, 248], [139, 303, 220, 12867])
    >>> round(fit.estimate, 4), round(fit.std_error, 4), fit.tau2
    (-1.4502, 0.1299, 0.0)
    """
    one_of("model", model, ODDS_RATIO)
    one_of("method", method, METHODS)
    tables = _two_by_two(events_1, n_1, events_2, n_2)
    return ODDS_RATIO[model](tables, method, quadrature_points)


def fit_rate_ratio(
    events_1: ArrayLike,
    person_time_1: ArrayLike,
    events_2: ArrayLike,
    person_time_2: ArrayLike,
    *,
    model: str = "UM.FS",
    method: str = "ML",
    quadrature_points: int = 7,
) -> GlmmFit:
    """Which incidence rate ratio (group 1 against group 2) do studies share? Estimates are log rate ratios.

    events : (k,), counts.  person_time : (k,), above 0, one unit for both groups.  model : "UM.FS", "UM.RS" or "CM.EL".
    Studies without any event carry no information and are left out with a note.  Other arguments and errors as in
    ``fit_odds_ratio``.
    Source: Stijnen, Hamza & Ozdemir 2010, doi:10.1002/sim.4040.

    >>> fit = fit_rate_ratio([7, 8, 3, 6], [1344, 1600, 12012, 1536], [11, 8, 14, 10], [1988, 1461, 10962, 1503])
    >>> round(fit.estimate, 4), round(fit.tau2, 4)
    (-0.5326, 0.0525)
    """
    one_of("model", model, RATE_RATIO)
    one_of("method", method, METHODS)
    tables = _two_rates(events_1, person_time_1, events_2, person_time_2)
    return RATE_RATIO[model](tables, method, quadrature_points)


def _informative(arrays: tuple[Array, Array, Array, Array], empty: Mask, why: str) -> _Tables:
    """The studies that carry information; raises where none does."""
    dropped = tuple(int(i) for i in np.flatnonzero(empty))
    if len(dropped) == empty.size:
        raise ConvergenceError(f"No study carries information on a ratio: all of them ({empty.size}) have {why}.")
    noun = "study has" if len(dropped) == 1 else "studies have"
    notes = (f"{len(dropped)} {noun} {why}: no information on the ratio, left out.",) if dropped else ()
    e1, s1, e2, s2 = (array[~empty] for array in arrays)
    return _Tables(
        events_1=e1, size_1=s1, events_2=e2, size_2=s2, variance=np.zeros(e1.size), dropped=dropped, notes=notes
    )


def _two_by_two(events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike) -> _Tables:
    a, n1 = counts("events_1", events_1, "n_1", n_1)
    c, n2 = counts("events_2", events_2, "n_2", n_2)
    if a.size != c.size:
        raise TableError("both groups should have the same studies", found=f"{a.size} and {c.size} studies")
    at_most("events_1", a, "n_1", n1)
    at_most("events_2", c, "n_2", n2)
    tables = _informative(
        (a, n1, c, n2), (a + c == 0) | (a + c == n1 + n2), "no events, or events only, in both groups"
    )
    cells = [*tables.events, *(tables.size - tables.events)]
    half = np.where(np.any([cell == 0 for cell in cells], axis=0), 0.5, 0.0)
    return replace(tables, variance=np.sum([1.0 / (cell + half) for cell in cells], axis=0))


def _refuse_edges(tables: _Tables) -> None:
    """Raise where, given the margins, every table is the most extreme one on the same side."""
    (a, c), (b, d) = tables.events, tables.size - tables.events
    for edge, sign in (((a == 0) | (d == 0), "minus"), ((b == 0) | (c == 0), "plus")):
        if edge.all():
            raise _separated(sign, "odds")


def _two_rates(events_1: ArrayLike, time_1: ArrayLike, events_2: ArrayLike, time_2: ArrayLike) -> _Tables:
    x1, t1 = counts("events_1", events_1, "person_time_1", time_1)
    x2, t2 = counts("events_2", events_2, "person_time_2", time_2)
    if x1.size != x2.size:
        raise TableError("both groups should have the same studies", found=f"{x1.size} and {x2.size} studies")
    tables = _informative((x1, t1, x2, t2), x1 + x2 == 0, "no events in either group")
    for side, sign in ((tables.events_1, "minus"), (tables.events_2, "plus")):
        if not side.any():
            raise _separated(sign, "rate")
    half = np.where((tables.events_1 == 0) | (tables.events_2 == 0), 0.5, 0.0)
    return replace(tables, variance=1.0 / (tables.events_1 + half) + 1.0 / (tables.events_2 + half))


def _separated(sign: str, what: str) -> ConvergenceError:
    return ConvergenceError(
        f"In every informative study one group is at its limit on the same side: the log {what} ratio is {sign} "
        "infinity and no model can estimate it. Pool differences, or report the counts."
    )


def _fixed_levels(family: Family, tables: _Tables, method: str, points: int) -> GlmmFit:
    """UM.FS: one level a study, random group difference."""
    model = Model(
        family=family,
        offset=np.zeros_like(tables.events),
        shared=SLOPE[None],
        random=SLOPE,
        own=LEVEL,
        rule=gauss_hermite(points),
    )
    (c1, c2), (w1, w2) = _rows(family.centre), _rows(family.weight)
    difference, variance = c1 - c2, 1.0 / w1 + 1.0 / w2

    def start(sd: Array) -> tuple[Array, Array]:
        spread = np.square(sd)[..., None]
        weight = 1.0 / (variance + spread)
        theta = np.sum(weight * difference, axis=-1, keepdims=True) / np.sum(weight, axis=-1, keepdims=True)
        shrunk = theta + spread * weight * (difference - theta)
        return theta, (w1 * (c1 - shrunk / 2) + w2 * (c2 + shrunk / 2)) / (w1 + w2)

    return one_sd_result(
        "UM.FS",
        method,
        model,
        start,
        q_wald=_fixed_levels_q(family),
        variance=tables.variance,
        dropped=tables.dropped,
        notes=tables.notes,
    )


def _rows(x: Array) -> tuple[Array, Array]:
    """Group 1 and group 2 of an array (2, k)."""
    return x[0], x[1]


def _fixed_levels_q(family: Family) -> float:
    own, information = family.own_fit()
    first, second = _rows(information)
    both = (first > 0) & (second > 0)
    joint = np.where(both, first * second / np.where(both, first + second, 1.0), 0.0)
    return wald_q(own[0] - own[1], joint)


def _random_levels(
    family: Family, clear: Callable[[Mask], Family], tables: _Tables, method: str, points: int
) -> GlmmFit:
    """UM.RS: random study levels; random (ML) or common (EE) group difference.  clear : the family without the arms
    that are marked."""
    rule = gauss_hermite(1 if method == "ML" else points)
    (c1, c2), (w1, w2) = _rows(family.centre), _rows(family.weight)
    weight = w1 * w2 / (w1 + w2)
    theta = float(np.sum(weight * (c1 - c2)) / np.sum(weight))
    mu = float(np.mean((w1 * (c1 - theta / 2) + w2 * (c2 + theta / 2)) / (w1 + w2)))
    offset = np.zeros_like(tables.events)
    level = Model(family=family, offset=offset, shared=np.stack([LEVEL, SLOPE]), random=LEVEL, own=None, rule=rule)

    def start(sd: Array) -> tuple[Array, None]:
        return np.broadcast_to(np.array([mu, theta]), (*sd.shape, 2)).copy(), None

    optimum = maximise(level, start)
    common = optimum.point
    constant = float(np.sum(family.constant))
    q_wald, saturated = _random_levels_q(clear, family, rule.points)
    mean, std_error = float(common.beta[1]), standard_errors(common, 1)[0]
    base = GlmmFit(
        model="UM.RS",
        method=method,
        k=tables.variance.size,
        estimate=mean,
        std_error=std_error,
        tau2=0.0,
        sigma2_study=float(common.sd) ** 2,
        loglik=float(common.value) + constant,
        loglik_at_modes=float(np.sum(family.value_slope(_levels_at(common))[0])) + constant,
        common_estimate=mean,
        common_std_error=std_error,
        common_loglik=float(common.value) + constant,
        q_wald=q_wald,
        q_lrt=max(0.0, 2.0 * (saturated - float(common.value))),
        quadrature_points=rule.points,
        study_effect=np.full(tables.variance.size, mean),
        dropped=tables.dropped,
        certificate=certificate(optimum, "ML", rule.points) | {"random_effect": "study level"},
        notes=tables.notes,
        **heterogeneity(0.0, q_wald, tables.variance),
    )
    if method == "EE":
        return base
    return _with_slopes(
        base, family, maximise_slopes(family, offset, float(common.beta[0]), mean, _slope_starts(common)), tables
    )


def _levels_at(point: Point) -> Array:
    """Linear predictors of both groups at the conditional modes of the study levels, (2, k)."""
    return np.outer(LEVEL, point.beta[0] + point.sd * point.mode) + (SLOPE * point.beta[1])[:, None]


def _slope_starts(common: Point) -> list[tuple[float, float]]:
    sigma = float(common.sd)
    return [(max(sigma, 0.1), 0.1), (max(sigma, 0.3), 0.5), (max(sigma, 0.3), 2.0), (0.5 * sigma + 0.05, 1.0)]


def _with_slopes(base: GlmmFit, family: Family, found: SlopeOptimum, tables: _Tables) -> GlmmFit:
    """The random-slope fit in place of the common one."""
    peak = found.maximum
    free = np.array([True, True, *(peak.x[2:] > 0)])
    covariance = np.linalg.inv(-peak.hessian[np.ix_(free, free)])
    tau = float(peak.x[3])
    constant = float(np.sum(family.constant))
    proof = {
        "algorithm": "Newton with exact derivatives of the Laplace approximation",
        "quadrature_points": 1,
        "iterations": found.iterations,
        "gradient_norm": float(np.linalg.norm(peak.gradient[free])),
        "newton_decrement": peak.decrement,
        "starts": found.starts,
        "starts_agreeing": found.agreeing,
        "boundary": bool(np.any(peak.x[2:] == 0)),
        "score_of_sigma2_at_zero": float(found.variance_score[0]) if peak.x[2] == 0 else math.nan,
        "score_of_tau2_at_zero": float(found.variance_score[1]) if tau == 0 else math.nan,
    }
    return replace(
        base,
        estimate=float(peak.x[1]),
        std_error=math.sqrt(covariance[1, 1]),
        tau2=tau**2,
        tau2_std_error=2.0 * tau * math.sqrt(covariance[-1, -1]) if tau > 0 else math.nan,
        sigma2_study=float(peak.x[2]) ** 2,
        loglik=peak.value + constant,
        loglik_at_modes=float(np.sum(family.value_slope(found.eta)[0])) + constant,
        study_effect=found.eta[0] - found.eta[1],
        certificate=proof,
        **heterogeneity(tau**2, base.q_wald, tables.variance),
    )


def _random_levels_q(clear: Callable[[Mask], Family], family: Family, points: int) -> tuple[float, float]:
    """Wald test of equal differences with random levels of group 2, and the log-likelihood (no constant) when every
    difference is free.

    A group 1 without events, or with events only, is fitted perfectly by an infinite difference: it adds nothing to
    either number.
    """
    perfect: Mask = family.own_fit()[1][0] == 0
    reduced = clear(perfect)
    difference = np.where(perfect, 0.0, family.centre[0] - family.centre[1])
    level = float(np.mean(_rows(family.centre)[1]))
    model = Model(
        family=reduced,
        offset=np.zeros_like(family.centre),
        shared=LEVEL[None],
        random=LEVEL,
        own=np.array([1.0, 0.0]),
        rule=gauss_hermite(points),
    )

    def start(sd: Array) -> tuple[Array, Array]:
        return np.full((*sd.shape, 1), level), np.broadcast_to(difference, (*sd.shape, difference.size)).copy()

    point = maximise(model, start).point
    own = np.zeros_like(difference) if point.own is None else np.where(perfect, 0.0, point.own)
    size = 1 + int(point.sd > 0)
    diagonal, cross, inner = -point.own_curvature, -point.cross[:size], -point.full_hessian[:size, :size]

    def information(vector: Array) -> Array:
        return diagonal * vector - cross.T @ np.linalg.solve(inner, cross @ vector)

    ones = information(np.ones_like(own))
    wald = float(own @ information(own) - (ones @ own) ** 2 / np.sum(ones)) if np.sum(ones) > 0 else 0.0
    return max(0.0, wald), float(point.value) + _perfect_arms(family, perfect)


def _perfect_arms(family: Family, perfect: Mask) -> float:
    """Log-likelihood, without constant, of the arms of group 1 that are fitted perfectly."""
    return float(np.sum(np.where(perfect, family.saturated[0] - family.constant[0], 0.0)))


def _whole_numbers(tables: _Tables) -> None:
    for name, values in zip(("events_1", "n_1", "events_2", "n_2"), (*tables.events, *tables.size), strict=False):
        broken = values[np.round(values) != values]
        if broken.size > 0:
            raise TableError(f"{name} should be whole numbers for the exact conditional model", found=broken[0])


def _odds_fixed(tables: _Tables, method: str, points: int) -> GlmmFit:
    _refuse_edges(tables)
    return _fixed_levels(Binomial(events=tables.events, n=tables.size), tables, method, points)


def _odds_random(tables: _Tables, method: str, points: int) -> GlmmFit:
    if any(events.sum() in (0.0, size.sum()) for events, size in zip(tables.events, tables.size, strict=True)):
        raise _separated("plus or minus", "odds")

    def clear(perfect: Mask) -> Family:
        keep = np.stack([~perfect, np.ones_like(perfect)])
        return Binomial(events=np.where(keep, tables.events, 0.0), n=np.where(keep, tables.size, 0.0))

    return _random_levels(Binomial(events=tables.events, n=tables.size), clear, tables, method, points)


def _conditional_binomial(name: str) -> Callable[[_Tables, str, int], GlmmFit]:
    """Events of group 1 among all events, binomial with the log ratio of the denominators as offset."""

    def fit(tables: _Tables, method: str, points: int) -> GlmmFit:
        total = tables.events_1 + tables.events_2
        if tables.events_1.sum() in (0.0, total.sum()):
            raise _separated("minus" if tables.events_1.sum() == 0 else "plus", "odds" if name == "CM.AL" else "rate")
        return one_arm_fit(
            name,
            Binomial(events=tables.events_1[None], n=total[None]),
            np.log(tables.size_1 / tables.size_2),
            tables.variance,
            method=method,
            points=points,
            dropped=tables.dropped,
            notes=tables.notes,
        )

    return fit


def _odds_exact(tables: _Tables, method: str, points: int) -> GlmmFit:
    _whole_numbers(tables)
    _refuse_edges(tables)
    family = Hypergeometric(
        events_1=tables.events_1[None], n_1=tables.size_1[None], events_2=tables.events_2[None], n_2=tables.size_2[None]
    )
    return one_arm_fit(
        "CM.EL",
        family,
        np.zeros_like(tables.events_1),
        tables.variance,
        method=method,
        points=points,
        dropped=tables.dropped,
        notes=tables.notes,
    )


def _rates_fixed(tables: _Tables, method: str, points: int) -> GlmmFit:
    return _fixed_levels(Poisson(events=tables.events, person_time=tables.size), tables, method, points)


def _rates_random(tables: _Tables, method: str, points: int) -> GlmmFit:
    def clear(perfect: Mask) -> Family:
        keep = np.stack([~perfect, np.ones_like(perfect)])
        return Poisson(events=np.where(keep, tables.events, 0.0), person_time=np.where(keep, tables.size, 0.0))

    return _random_levels(Poisson(events=tables.events, person_time=tables.size), clear, tables, method, points)


ODDS_RATIO: dict[str, Callable[[_Tables, str, int], GlmmFit]] = {
    "UM.FS": _odds_fixed,
    "UM.RS": _odds_random,
    "CM.AL": _conditional_binomial("CM.AL"),
    "CM.EL": _odds_exact,
}
RATE_RATIO: dict[str, Callable[[_Tables, str, int], GlmmFit]] = {
    "UM.FS": _rates_fixed,
    "UM.RS": _rates_random,
    "CM.EL": _conditional_binomial("CM.EL"),
}
