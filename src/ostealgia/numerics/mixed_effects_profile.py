# pyright: reportMissingTypeStubs=false
"""Profile-likelihood intervals of variance components and their correlations.

A value is in the interval while twice the log-likelihood, maximised over everything else, is within the chi-square quantile (1 df) of its
maximum (Hardy & Thompson 1996, doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A; Viechtbauer 2007).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.mixed_effects import MixedFit, MixedModel
from ostealgia.numerics.mixed_effects_climb import Objective, Peak, climb
from ostealgia.numerics.mixed_effects_structures import (
    Term,
    rho_limits,
    rho_to_parameter,
    tau2_and_rho,
    variance_to_parameter,
)

Array = NDArray[np.float64]
LARGEST = 1e6  # standard deviations, in units of the total one, beyond which a limit is called infinite


def tau2_interval(
    model: MixedModel, fit: MixedFit, term: int, which: int = 0, *, level: float = 0.95
) -> tuple[float, float]:
    """Limits of one variance of one random effect.

    term : position of the random effect.  which : position of its variance.  Returns (low, high); high is infinite where the likelihood
    does not fall far enough.  Raises ConvergenceError.
    """
    part, inner = _place(model, term)
    x = canonical(model, fit.parameters)
    drop = _Profile(model, x, part.start + which, level)
    estimate = float(x[part.start + which])
    low = 0.0 if estimate == 0.0 else drop.towards(estimate, 0.0)
    high = drop.beyond(estimate, max(estimate, variance_to_parameter(inner, 0.01)))
    unit, power = model.unit, inner.power
    return (low**power * unit) ** 2, (high**power * unit) ** 2


def rho_interval(
    model: MixedModel, fit: MixedFit, term: int, which: int = 0, *, level: float = 0.95
) -> tuple[float, float]:
    """Limits of one correlation of one random effect; the edge of its range where the likelihood does not fall far enough.

    which : position of the correlation (UN: levels (1, 2), (1, 3), ..., (2, 3), ...).  NaN where the variances are 0.
    """
    part, inner = _place(model, term)
    x = canonical(model, fit.parameters)
    rho = float(tau2_and_rho(inner, x[part])[1][which])
    if math.isnan(rho):
        return math.nan, math.nan
    if inner.structure == "UN" and which > 0:
        return _first_pair(model, fit, term, which, level)
    at = part.start + inner.sds
    drop = _Profile(model, x, at, level)
    low, high = rho_limits(inner)
    ends = [rho_to_parameter(inner, edge) for edge in (low, high)]
    found = [drop.towards(float(x[at]), end) for end in ends]
    values: list[float] = []
    for angle, end, edge in zip(found, ends, (low, high), strict=True):
        moved = x.copy()
        moved[at] = angle
        values.append(edge if angle == end else float(tau2_and_rho(inner, moved[part])[1][0]))
    return min(values), max(values)


def canonical(model: MixedModel, parameters: Array) -> Array:
    """The same covariances with standard deviations of 0 or more and angles in their first range."""
    x = np.abs(parameters)
    for inner, part in zip(model.inner, model.slices, strict=True):
        if inner.size == inner.sds:
            continue
        if inner.structure == "UN":
            x[part] = _angles(np.asarray(inner.build(parameters[part]), dtype=np.float64))
        else:
            rho = float(tau2_and_rho(inner, parameters[part])[1][0])
            x[part.start + inner.sds] = rho_to_parameter(inner, 0.0 if math.isnan(rho) else rho)
            if inner.structure in ("CAR", "HCAR"):
                x[part.start + inner.sds] = abs(float(parameters[part.start + inner.sds]))
    return x


def _angles(matrix: Array) -> Array:
    """Parameters of UN that give this matrix."""
    m = len(matrix)
    sd = np.sqrt(np.diag(matrix))
    safe = np.where(sd > 0, sd, 1.0)
    r = matrix / np.outer(safe, safe)
    np.fill_diagonal(r, 1.0)
    factor = np.linalg.cholesky((1 - 1e-13) * r + 1e-13 * np.eye(m))
    angles: list[float] = []
    for i in range(1, m):
        rest = 1.0
        for j in range(i):
            share = min(1.0, max(-1.0, float(factor[i, j]) / rest)) if rest > 1e-12 else 0.0
            angles.append(math.acos(share))
            rest *= math.sqrt(max(0.0, 1.0 - share * share))
    return np.array([*np.sqrt(sd), *angles])


def _first_pair(model: MixedModel, fit: MixedFit, term: int, which: int, level: float) -> tuple[float, float]:
    """The correlation of a pair of UN, after the levels are renumbered so that the pair comes first."""
    old = model.terms[term]
    rows, columns = np.triu_indices(old.m, 1)
    pair = [int(rows[which]), int(columns[which])]
    order = [*pair, *(level for level in range(old.m) if level not in pair)]
    new_code = np.argsort(order)
    terms = [replace(t, level=new_code[t.level]) if i == term else t for i, t in enumerate(model.terms)]
    other = model.with_terms(terms)
    part, _ = _place(model, term)
    x = fit.parameters.copy()
    matrix = np.asarray(old.build(fit.parameters[part]), dtype=np.float64)
    x[part] = _angles(matrix[np.ix_(order, order)])
    return rho_interval(other, replace(fit, parameters=x), term, 0, level=level)


def _place(model: MixedModel, term: int) -> tuple[slice, Term]:
    at = model.order.index(term)
    return model.slices[at], model.inner[at]


class _Profile:
    """Twice the fall of the log-likelihood less the chi-square quantile, along one parameter."""

    def __init__(self, model: MixedModel, x: Array, at: int, level: float) -> None:
        self.model, self.x, self.at = model, x, at
        self.top = model.at(x).log_likelihood
        self.quantile = float(ndtri(0.5 + level / 2.0)) ** 2
        self.free = np.arange(len(x)) != at
        self.warm = x[self.free]

    def __call__(self, value: float) -> tuple[float, float]:
        held = np.zeros(len(self.x))
        held[self.at] = value
        objective = Objective(self.model.engine, restricted=self.model.restricted, free=self.free, held=held)
        peak = self._best(objective)
        if not peak.converged:
            raise ConvergenceError(
                "the profile of a variance component did not converge; use likelihood-ratio tests of simpler models"
            )
        self.warm = peak.x
        slope = float(objective.everything(peak.x)[1][self.at])
        return 2.0 * (self.top - peak.value) - self.quantile, -2.0 * slope

    def _best(self, objective: Objective) -> Peak:
        """The higher of the maxima reached from the last point of the profile and from the estimate.

        Far from the estimate a correlation can lose all influence; a climb from there would stay where the likelihood is flat. Variances
        alone have no such plain, and the higher of the two starts is enough.
        """
        starts = [self.warm, self.x[self.free]]
        zeros = self.model.zeros[self.free]
        if zeros.all():
            starts = [max(starts, key=objective.value)]
        peaks = [climb(objective, start, zeros) for start in starts]
        return max(peaks, key=lambda peak: (peak.converged, peak.value))

    def towards(self, estimate: float, edge: float) -> float:
        """The crossing between the estimate and an edge of the range, or the edge."""
        self.warm = self.x[self.free]
        at_edge, _ = self(edge)
        if at_edge <= 0.0:
            return edge
        self.warm = self.x[self.free]
        return _crossing(self, estimate, edge)

    def beyond(self, estimate: float, step: float) -> float:
        """The crossing above the estimate; infinite where there is none."""
        self.warm = self.x[self.free]
        inside, outside = estimate, estimate + step
        while self(outside)[0] <= 0.0:
            inside, outside = outside, outside + 2.0 * (outside - estimate)
            if outside > LARGEST:
                return math.inf
        return _crossing(self, inside, outside)


def _crossing(function: Callable[[float], tuple[float, float]], inside: float, outside: float) -> float:
    """Where a function that is below 0 inside and above 0 outside is 0: Newton steps held in the bracket, to 1e-10."""
    x = 0.5 * (inside + outside)
    for _ in range(100):
        value, slope = function(x)
        if value <= 0.0:
            inside = x
        else:
            outside = x
        new = x - value / slope if slope != 0.0 else math.inf
        if not min(inside, outside) < new < max(inside, outside):
            new = 0.5 * (inside + outside)
        if abs(new - x) <= 1e-10 * max(abs(new), 1e-6):
            return new
        x = new
    raise ConvergenceError("the limit of a profile interval was not found after 100 steps")
