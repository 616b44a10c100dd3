"""Linear mixed-effects models with known sampling covariance: multilevel and multivariate meta-analysis.

y = X beta + sum Z b + e, e ~ N(0, V) with V known in blocks, b ~ N(0, G) by unit, G of a structure of ``mixed_effects_structures``.
Maximum likelihood or restricted maximum likelihood (Harville 1977, doi:10.1080/01621459.1977.10480998; for meta-analysis Berkey et al.
1998, doi:10.1002/(SICI)1097-0258(19981130)17:22<2537::AID-SIM953>3.0.CO;2-C, and Konstantopoulos 2011, doi:10.1002/jrsm.35).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.covariance_known import KnownCovariance
from ostealgia.numerics.mixed_effects_algebra import Solution, solve
from ostealgia.numerics.mixed_effects_blocks import Blocks
from ostealgia.numerics.mixed_effects_border import Bordered, border_terms, indicator
from ostealgia.numerics.mixed_effects_climb import Objective, Peak, climb, flat_directions
from ostealgia.numerics.mixed_effects_starts import start_points
from ostealgia.numerics.mixed_effects_structures import Term, tau2_and_rho
from ostealgia.numerics.mixed_effects_three_level import ThreeLevel

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
CLIMBS = 9  # starts climbed from where there are correlations; a third of it for variances alone and above 500 effects
MANY = 150  # effects above which the grid of starts is coarser
# a start that is below the best on the grid by more than the first, plus the second times k, is not climbed from
MARGIN = (2.0, 0.04)


METHODS = {ThreeLevel: "closed form", Blocks: "blocks", Bordered: "blocks with a border"}


class RankDeficient(ValueError):
    """A column of the design is a combination of those before it; ``column`` is its position."""

    def __init__(self, column: int) -> None:
        super().__init__(f"column {column} of the design adds nothing")
        self.column = column


@dataclass(frozen=True, eq=False)
class Component:
    """One random effect as estimated. matrix : G (m, m).  tau2 : its variances.  rho : its correlations."""

    matrix: Array
    tau2: Array
    rho: Array


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A fitted model. coefficients (p,), covariance (p, p), components in the order of the terms.

    parameters : where the search ended, in units of the search (for profiles).  q, q_df : residual heterogeneity around the model
    without random effects.  certificate : how the maximum was found.
    """

    coefficients: Array
    covariance: Array
    components: tuple[Component, ...]
    log_likelihood: float
    q: float
    q_df: int
    parameters: Array
    converged: bool
    certificate: Mapping[str, Any]


class MixedModel:
    """The problem, brought to order one: y and V by a power of two, the design to orthonormal columns.

    y : (k,).  x : (k, p), full rank.  known : sampling covariance.  terms : random effects.  restricted : REML instead of ML.
    Raises RankDeficient.
    """

    def __init__(
        self, y: Array, x: Array, known: KnownCovariance, terms: Sequence[Term], *, restricted: bool = True
    ) -> None:
        self.terms, self.restricted, self.k, self.p = tuple(terms), restricted, len(y), x.shape[1]
        self._given = (y, x, known)
        self.basis, self.back = _orthonormal(x)
        self.unit = _unit(y, self.basis, known.variance)
        self.known = known.scaled(self.unit**-2)
        self.b = np.column_stack([y / self.unit, self.basis])
        # few units first: a cluster before the effects in it; crossed intercepts that are a border last
        borders = border_terms(self.known, self.terms) if len(self.terms) > 1 else []
        rest = [t for t in range(len(self.terms)) if t not in borders]
        self.order = [*sorted(rest, key=lambda t: int(self.terms[t].group.max())), *borders]
        self.inner = tuple(self.terms[t] for t in self.order)
        self.engine = _engine(self.b, self.known, self.inner, len(borders))
        self.slices: list[slice] = []
        at = 0
        for term in self.inner:
            self.slices.append(slice(at, at + term.size))
            at += term.size
        self.zeros = np.zeros(at, dtype=bool)
        for term, part in zip(self.inner, self.slices, strict=True):
            self.zeros[part.start : part.start + term.sds] = True

    def fit(self) -> MixedFit:
        """The maximum over all starts.  Raises ConvergenceError where the best start does not converge."""
        objective = Objective(self.engine, restricted=self.restricted)
        if not len(self.zeros):
            peaks, tried = [climb(objective, np.empty(0), self.zeros)], 1
        else:
            starts, tried = self._starts(objective)
            peaks = self._climbs(objective, starts)
        best = max(peaks, key=lambda peak: (peak.converged, peak.value))
        if not best.converged:
            raise ConvergenceError(
                "the variance components did not converge from any start; simplify the random effects, or check the data for "
                "effects with a variance that is orders of magnitude away from the others"
            )
        return self._result(best, peaks, tried, objective.evaluations)

    def _climbs(self, objective: Objective, starts: list[Array]) -> list[Peak]:
        """A climb from every start, each told of the best so far."""
        peaks: list[Peak] = []
        for x in starts:
            found = [peak.value for peak in peaks if peak.converged]
            peaks.append(climb(objective, x, self.zeros, floor=max(found, default=-np.inf)))
        return self._hops(objective, peaks)

    def _hops(self, objective: Objective, peaks: list[Peak]) -> list[Peak]:
        """From the best maximum to those where one variance is 0 that was not, or the reverse, until none is higher.

        With a variance for each level the likelihood can have a maximum for each set of levels whose variance is 0.
        """
        several = [j for term, part in zip(self.inner, self.slices, strict=True) if term.power == 2
                   for j in range(part.start, part.start + term.sds)]  # fmt: skip
        best = max(peaks, key=lambda peak: (peak.converged, peak.value))
        higher = bool(several)
        while higher:
            higher = False
            for j in several:
                x = best.x.copy()
                x[j] = 0.7 if x[j] == 0.0 else 0.0
                found = climb(objective, x, self.zeros, floor=best.value)
                peaks.append(found)
                if found.converged and found.value > best.value + 1e-9:
                    best, higher = found, True
        return peaks

    def with_terms(self, terms: Sequence[Term]) -> MixedModel:
        """The same data with other random effects."""
        return MixedModel(*self._given, terms, restricted=self.restricted)

    def at(self, parameters: Array) -> Solution:
        """Coefficients and likelihood at given parameters, on the orthonormal design and in units of the search."""
        pieces = self.engine.pieces(parameters, 0)
        if pieces is None:
            raise ConvergenceError("the marginal covariance is not positive definite")
        return solve(pieces, self.k, restricted=self.restricted)

    def components(self, parameters: Array) -> tuple[Component, ...]:
        """The random effects at given parameters, in the unit of the data and the order of the terms."""
        out: dict[int, Component] = {}
        area = self.unit**2
        for place, term, part in zip(self.order, self.inner, self.slices, strict=True):
            tau2, rho = tau2_and_rho(term, parameters[part])
            matrix = np.asarray(term.build(parameters[part]), dtype=np.float64)
            out[place] = Component(matrix * area, tau2 * area, rho)
        return tuple(out[place] for place in range(len(self.terms)))

    def log_likelihood(self, solution: Solution) -> float:
        """The log-likelihood in the unit of the data."""
        lost = self.p if self.restricted else 0
        return solution.log_likelihood - (self.k - lost) * math.log(self.unit)

    def _starts(self, objective: Objective) -> tuple[list[Array], int]:
        spread = float(np.sum((self.b[:, 0] - self.basis @ (self.basis.T @ self.b[:, 0])) ** 2)) / max(
            1, self.k - self.p
        )
        if isinstance(self.engine, ThreeLevel):
            return _peaks_of_grid(self.engine, spread + float(np.median(self.known.variance)), self.restricted)
        candidates = start_points(self.inner, spread, self._by_level(spread))
        values = np.array([objective.value(x) for x in candidates])
        order = np.argsort(-values, kind="stable")
        climbs = CLIMBS if self.k <= 500 and not self.zeros.all() else CLIMBS // 3
        return [candidates[i] for i in order[:climbs]], len(candidates)

    def _by_level(self, spread: float) -> list[Array]:
        """For every term the variance of the residuals at each of its levels beyond that of sampling, (m,)."""
        rest = self.b[:, 0] - self.basis @ (self.basis.T @ self.b[:, 0])
        out: list[Array] = []
        for term in self.inner:
            n = np.maximum(1, np.bincount(term.level, minlength=term.m))
            beyond = np.bincount(term.level, weights=rest * rest - self.known.variance, minlength=term.m) / n
            out.append(np.maximum(beyond, 0.02 * spread))
        return out

    def _result(self, best: Peak, peaks: list[Peak], tried: int, evaluations: int) -> MixedFit:
        solution = self.at(best.x)
        none = self.at(np.where(self.zeros, 0.0, best.x))
        covariance = self.back @ solution.covariance @ self.back.T
        optima = sorted({round(peak.value - best.value, 7) + 0.0 for peak in peaks if peak.converged}, reverse=True)
        top = float(np.linalg.eigvalsh(best.hessian)[-1]) if len(best.x) else 0.0
        return MixedFit(
            coefficients=self.back @ solution.coefficients * self.unit,
            covariance=covariance * self.unit**2,
            components=self.components(best.x),
            log_likelihood=self.log_likelihood(solution),
            q=none.rss,
            q_df=self.k - self.p,
            parameters=best.x,
            converged=best.converged,
            certificate={
                "criterion": "restricted likelihood" if self.restricted else "likelihood",
                "method": METHODS[type(self.engine)],
                "starts": tried,
                "climbs": len(peaks),
                "optima": tuple(optima),
                "gradient": float(np.max(np.abs(best.gradient), initial=0.0)),
                "largest_curvature": top,
                "flat_directions": flat_directions(best.hessian),
                "iterations": sum(peak.iterations for peak in peaks),
                "evaluations": evaluations,
            },
        )


def _engine(
    b: Array, known: KnownCovariance, terms: tuple[Term, ...], borders: int = 0
) -> ThreeLevel | Blocks | Bordered:
    """Closed form where the random effects are intercepts of clusters and of single effects and errors are independent.

    borders : how many of the last terms are crossed intercepts to be taken as a border.
    """
    if borders:
        z, owner = indicator(terms[len(terms) - borders :])
        return Bordered(_engine(np.column_stack([b, z]), known, terms[: len(terms) - borders]), b.shape[1], owner)
    if known.diagonal and 0 < len(terms) <= 2 and all(term.m == 1 for term in terms):
        single = [int(term.group.max()) + 1 == len(b) for term in terms]
        if sum(single) <= 1 and len(terms) - sum(single) <= 1:
            cluster = np.zeros(len(b), dtype=np.int64) if single[0] else terms[0].group
            return ThreeLevel(b, known.variance, cluster, between=not single[0], within=single[-1])
    return Blocks(b, known, terms)


def _peaks_of_grid(engine: ThreeLevel, total: float, restricted: bool) -> tuple[list[Array], int]:
    """Starts at the local maxima of the likelihood on a grid of the two variances, and at the best of each edge.

    total : the total variance, which sets the grid, so that the unit of the data does not.
    """
    steps = np.concatenate([np.zeros(1), np.geomspace(5e-4, 3.0, 12 if engine.k <= MANY else 8) * total])
    none = np.zeros(1)
    values = engine.grid(steps if engine.between else none, steps if engine.within else none, restricted=restricted)
    padded = np.pad(values, 1, constant_values=-np.inf)
    rows, columns = values.shape
    around = [padded[1 + i : 1 + i + rows, 1 + j : 1 + j + columns] for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    tops = {(int(i), int(j)) for i, j in np.argwhere(values >= np.max(around, axis=0))}
    tops |= _edges(values, engine.k)
    least = float(values.max()) - MARGIN[0] - MARGIN[1] * engine.k
    starts = [
        np.sqrt(np.array([steps[i]] * engine.between + [steps[j]] * engine.within))
        for i, j in sorted(tops, key=lambda at: -values[at])
        if values[i, j] >= least
    ]
    return starts, values.size


def _edges(values: Array, k: int) -> set[tuple[int, int]]:
    """The best of each edge of the grid; with many effects only where the likelihood does not rise inwards from it."""
    j, i = int(np.argmax(values[0])), int(np.argmax(values[:, 0]))
    rises_j = len(values) > 1 and values[1, j] > values[0, j]
    rises_i = values.shape[1] > 1 and values[i, 1] > values[i, 0]
    return {at for at, rises in (((0, j), rises_j), ((i, 0), rises_i)) if k <= MANY or not rises}


def _orthonormal(x: Array) -> tuple[Array, Array]:
    """(Q, T) with Q orthonormal and coefficients on x = T times those on Q."""
    length = np.sqrt((x * x).sum(axis=0))
    if not (length > 0).all():
        raise RankDeficient(int(np.argmin(length)))
    q, r = np.linalg.qr(x / length)
    diagonal = np.abs(np.diag(r))
    if not (diagonal > 1e-9).all():
        raise RankDeficient(int(np.argmin(diagonal)))
    return q, np.linalg.inv(r) / length[:, None]


def _unit(y: Array, basis: Array, v: Array) -> float:
    """A power of two near the total standard deviation: dividing by it is exact."""
    rest = y - basis @ (basis.T @ y)
    spread = float(rest @ rest) / max(1, len(y) - basis.shape[1])
    middle = float(np.partition(v, len(v) // 2)[len(v) // 2])
    return 2.0 ** round(0.5 * math.log2(middle + spread))
