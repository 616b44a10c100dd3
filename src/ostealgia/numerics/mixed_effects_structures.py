"""Covariance of random effects: one function a structure, one line in the table.

A structure with m levels (outcomes, time points) is a matrix G(p) of parameters p that may take any real value: a standard deviation is p
itself (only its square is in G) or p squared (where products of two are in G), a correlation goes through a sine or cosine. The edges of
what is possible (a variance of 0, a correlation of +-1) are then ordinary points with zero slope, so that one and the same Newton
iteration ends there or inside. Derivatives are taken by a complex step (Squire & Trapp 1998, doi:10.1137/S003614459631241X), exact to
rounding, so a new structure needs no algebra of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Analytic = NDArray[Any]  # float or complex
STEP = 1e-30
SECOND_STEP = 1e-5


def _identity(p: Analytic, m: int, gaps: Array) -> Analytic:
    return _square(p[..., 0]) * np.eye(m)


def _diagonal(p: Analytic, m: int, gaps: Array) -> Analytic:
    return p[..., :, None] ** 2 * np.eye(m)


def _square(value: Analytic) -> Analytic:
    """A variance, set out over the cells of a matrix."""
    return (value**2)[..., None, None]


def _outer(p: Analytic, m: int) -> Analytic:
    """Products of the standard deviations p squared."""
    sd = p[..., :m] ** 2
    return sd[..., :, None] * sd[..., None, :]


def _exchangeable(angle: Analytic, m: int) -> Analytic:
    """Ones on the diagonal, rho elsewhere; rho from -1 / (m - 1) to 1 along the sine of the angle."""
    low = -1.0 / (m - 1) if m > 1 else 0.0
    rho = (0.5 * (1.0 + low) + 0.5 * (1.0 - low) * np.sin(angle))[..., None, None]
    return rho + (1.0 - rho) * np.eye(m)


def _compound(p: Analytic, m: int, gaps: Array) -> Analytic:
    return _square(p[..., 0]) * _exchangeable(p[..., 1], m)


def _compound_unequal(p: Analytic, m: int, gaps: Array) -> Analytic:
    return _outer(p, m) * _exchangeable(p[..., m], m)


def _steps(angle: Analytic, m: int) -> Analytic:
    """rho to the power of the difference in position, rho = sin(angle)."""
    rho = np.sin(angle)[..., None]
    powers = np.cumprod(np.concatenate([np.ones_like(rho), np.repeat(rho, m - 1, axis=-1)], axis=-1), axis=-1)
    at = np.arange(m)
    return powers[..., np.abs(at[:, None] - at[None, :])]


def _autoregressive(p: Analytic, m: int, gaps: Array) -> Analytic:
    return _square(p[..., 0]) * _steps(p[..., 1], m)


def _autoregressive_unequal(p: Analytic, m: int, gaps: Array) -> Analytic:
    return _outer(p, m) * _steps(p[..., m], m)


def _continuous(p: Analytic, m: int, gaps: Array) -> Analytic:
    return _square(p[..., 0]) * np.exp(-_square(p[..., 1]) * gaps)


def _continuous_unequal(p: Analytic, m: int, gaps: Array) -> Analytic:
    return _outer(p, m) * np.exp(-_square(p[..., m]) * gaps)


def _unstructured(p: Analytic, m: int, gaps: Array) -> Analytic:
    """m standard deviations, then the angles of the rows of the Cholesky factor of the correlations (Pinheiro & Bates 1996)."""
    factor = np.zeros((*p.shape[:-1], m, m), dtype=p.dtype)
    factor[..., 0, 0] = 1.0
    at = m
    for i in range(1, m):
        rest: Any = 1.0
        for j in range(i):
            factor[..., i, j] = rest * np.cos(p[..., at])
            rest = rest * np.sin(p[..., at])
            at += 1
        factor[..., i, i] = rest
    factor = p[..., :m, None] ** 2 * factor
    return factor @ np.swapaxes(factor, -1, -2)


@dataclass(frozen=True)
class Structure:
    """One structure. build : G (..., m, m) from p (..., q).  many_sd : a standard deviation for each level, or one.
    rhos : correlation parameters at m levels.

    title : in words.  ordered : the levels are time points.  power : the standard deviation is p to this power.
    """

    build: Callable[[Analytic, int, Array], Analytic]
    many_sd: bool
    rhos: Callable[[int], int]
    title: str
    ordered: bool = False
    power: int = 1

    def sds(self, m: int) -> int:
        return m if self.many_sd else 1

    def size(self, m: int) -> int:
        """Number of parameters."""
        return self.sds(m) + self.rhos(m)


def _none(m: int) -> int:
    return 0


def _one(m: int) -> int:
    return 1 if m > 1 else 0


def _pairs(m: int) -> int:
    return m * (m - 1) // 2


STRUCTURES: dict[str, Structure] = {
    "ID": Structure(_identity, False, _none, "one variance, no correlation"),
    "DIAG": Structure(_diagonal, True, _none, "a variance each, no correlation"),
    "CS": Structure(_compound, False, _one, "one variance, one correlation"),
    "HCS": Structure(_compound_unequal, True, _one, "a variance each, one correlation", power=2),
    "AR": Structure(_autoregressive, False, _one, "one variance, correlation to the power of the steps apart", True),
    "HAR": Structure(
        _autoregressive_unequal, True, _one, "a variance each, correlation to the power of the steps apart", True, 2
    ),
    "CAR": Structure(_continuous, False, _one, "one variance, correlation to the power of the time apart", True),
    "HCAR": Structure(
        _continuous_unequal, True, _one, "a variance each, correlation to the power of the time apart", True, 2
    ),
    "UN": Structure(_unstructured, True, _pairs, "a variance each, a correlation each pair", power=2),
}


@dataclass(frozen=True, eq=False)
class Term:
    """One random effect. group : code of the unit (k,), from 0.  level : code of the outcome or time (k,), 0 for an intercept.

    structure : a key of STRUCTURES.  m : number of levels.  times : (m,), for CAR and HCAR; its median gap is the unit of time inside.
    """

    group: NDArray[np.int64]
    level: NDArray[np.int64]
    structure: str
    m: int
    times: Array

    @property
    def definition(self) -> Structure:
        return STRUCTURES[self.structure]

    @property
    def size(self) -> int:
        """Number of parameters; with one level every structure is a single variance."""
        return self.definition.size(self.m)

    @property
    def sds(self) -> int:
        return self.definition.sds(self.m)

    @property
    def power(self) -> int:
        return 1 if self.m == 1 else self.definition.power

    @cached_property
    def gap_unit(self) -> float:
        """The median distance of neighbouring times."""
        gaps = np.diff(np.unique(self.times))
        return float(np.median(gaps)) if len(gaps) else 1.0

    @cached_property
    def gaps(self) -> Array:
        return np.abs(self.times[:, None] - self.times[None, :]) / self.gap_unit

    def build(self, p: Analytic) -> Analytic:
        """G (..., m, m) at parameters p (..., q)."""
        if self.m == 1:
            return _square(p[..., 0])
        return self.definition.build(p, self.m, self.gaps)


def intercept(group: NDArray[np.int64]) -> Term:
    """A random intercept for every unit.

    >>> intercept(np.array([0, 0, 1])).size
    1
    """
    return Term(group=group, level=np.zeros(len(group), dtype=np.int64), structure="ID", m=1, times=np.zeros(1))


def derivatives(term: Term, p: Array, order: int) -> tuple[Array, Array, Array]:
    """G (m, m), its first derivatives (size, m, m), its second (size, size, m, m); the latter empty below that order.

    First by complex step; second by a central difference of these, relative error near 1e-10 (used in the Hessian only).

    >>> term = Term(np.array([0, 0]), np.array([0, 1]), "CS", 2, np.arange(2.0))
    >>> G, first, _ = derivatives(term, np.array([2.0, 0.0]), 1)
    >>> G.tolist(), first[0].tolist()
    ([[4.0, 0.0], [0.0, 4.0]], [[4.0, 0.0], [0.0, 4.0]])
    """
    m, q = term.m, len(p)
    value = np.asarray(term.build(p), dtype=np.float64)
    if order < 1:
        return value, np.empty((0, m, m)), np.empty((0, 0, m, m))
    if m == 1:
        first = np.full((1, 1, 1), 2.0 * p[0])
        return value, first, np.full((1, 1, 1, 1), 2.0)
    gap = SECOND_STEP * np.maximum(1.0, np.abs(p)) if order > 1 else np.empty(0)
    points = np.concatenate([p[None], p + np.diag(gap), p - np.diag(gap)]) if order > 1 else p[None]
    slopes = np.imag(term.build(points[:, None, :] + 1j * STEP * np.eye(q))) / STEP  # (points, q, m, m)
    if order < 2:
        return value, slopes[0], np.empty((0, 0, m, m))
    second = (slopes[1 : q + 1] - slopes[q + 1 :]) / (2.0 * gap)[:, None, None, None]
    return value, slopes[0], 0.5 * (second + np.swapaxes(second, 0, 1))


def variance_to_parameter(term: Term, variance: float) -> float:
    """The parameter at which the variance of a level is this."""
    return variance ** (0.5 / term.power)


def rho_to_parameter(term: Term, rho: float, *, inside: bool = False) -> float:
    """The parameter at which the correlation is ``rho``; ``inside`` keeps off the edges. CAR: rho over one unit of time."""
    low, high = rho_limits(term)
    if inside:
        rho = min(high - 0.02, max(low + 0.02, rho))
    if term.structure == "UN":
        return math.acos(rho)
    if term.structure in ("CAR", "HCAR"):
        rho = rho**term.gap_unit if not inside else rho
        return math.sqrt(-math.log(rho)) if rho > 0 else 30.0
    return math.asin(min(1.0, max(-1.0, (2.0 * rho - high - low) / (high - low))))


def rho_limits(term: Term) -> tuple[float, float]:
    """The smallest and largest correlation that the structure can take."""
    if term.structure in ("CS", "HCS"):
        return (-1.0 / (term.m - 1) if term.m > 1 else 0.0), 1.0
    if term.structure in ("CAR", "HCAR"):
        return 0.0, 1.0
    return -1.0, 1.0


def tau2_and_rho(term: Term, p: Array) -> tuple[Array, Array]:
    """The variances and the correlations as they are reported: rho of UN for levels (1, 2), (1, 3), ..., (2, 3), ...
    NaN where a variance is 0.

    The correlation of ID and DIAG is 0 by definition; that of CAR and HCAR is over one unit of the times given.

    >>> term = Term(np.array([0, 0]), np.array([0, 1]), "UN", 2, np.arange(2.0))
    >>> [x.tolist() for x in tau2_and_rho(term, np.array([2.0, 1.0, 0.0]))]
    [[16.0, 1.0], [1.0]]
    """
    matrix = np.asarray(term.build(p), dtype=np.float64)
    tau2 = np.diag(matrix)[: term.sds].copy()
    if term.m == 1 or term.structure in ("ID", "DIAG"):
        return tau2, np.zeros(1 if term.m > 1 else 0)
    if term.structure == "UN":
        rows, columns = np.triu_indices(term.m, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.sqrt(np.diag(matrix))
            rho = matrix[rows, columns] / (scale[rows] * scale[columns])
        return tau2, np.clip(rho, -1.0, 1.0)
    if not (tau2 > 0).any():
        return tau2, np.full(1, math.nan)
    low, high = rho_limits(term)
    if term.structure in ("CAR", "HCAR"):
        return tau2, np.array([math.exp(-(float(p[term.sds]) ** 2) / term.gap_unit)])
    return tau2, np.array([0.5 * (high + low) + 0.5 * (high - low) * math.sin(float(p[term.sds]))])
