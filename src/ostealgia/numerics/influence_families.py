# pyright: reportMissingTypeStubs=false
"""tau2 of many related data sets at once: every study left out in turn, or the first, the first two, ... studies.

A family gives, for weights a, the residual squares and traces of all its members from the sums of the whole, in O(k p^2). With
P = A - A X (X'AX)^-1 X'A, leaving study i out gives P - P e e'P / P_ii (e the i-th unit vector).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.influence_curves import falling_roots, values_at
from ostealgia.numerics.regression_design import project
from ostealgia.numerics.regression_tau2 import Problem, log_likelihood, search_grid

Array = NDArray[np.float64]
HEAVY = 0.999


class Pieces(NamedTuple):
    """Of each member, with its weights a: y'Py, tr P, tr PV, sum a; (members,)."""

    q: Array
    trace_p: Array
    trace_pv: Array
    total: Array


class Family(Protocol):
    """Data sets of order one that differ in which studies they hold. k, df : studies and residual df of each member (members,).
    heavy : members that have to be fitted by themselves."""

    y: Array
    v: Array
    basis: Array
    k: Array
    df: Array
    heavy: NDArray[np.bool_]

    def pieces(self, a: Array) -> Pieces:
        """The sums of every member with weights a."""
        ...

    def score(self, tau2: float, restricted: bool) -> Array:
        """Twice the derivative of every member's (restricted) log-likelihood in tau2."""
        ...

    def spread(self) -> Array:
        """Variance of every member's effects around their mean (divided by the number of studies)."""
        ...

    def rows(self, member: int) -> NDArray[np.intp]:
        """Positions of the studies of one member."""
        ...


class LeftOut:
    """Every study left out in turn.

    y : residuals of an unweighted fit plus any combination of the columns, (k,).  v : (k,).  basis : (k, p) orthonormal.
    center : y before the columns were taken out, for the spread.  heavy : (k,), members whose study carries nearly all that is known of a
    coefficient; taking it out by subtraction would lose digits, so their numbers here mean nothing and they are to be refitted.
    """

    def __init__(self, y: Array, v: Array, basis: Array, center: Array) -> None:
        self.y, self.v, self.basis, self.center = y, v, basis, center
        k, p = basis.shape
        self.k = np.full(k, float(k - 1))
        self.df = np.full(k, float(k - 1 - p))
        self.heavy = np.maximum(project(basis, 1.0 / v).leverage, np.einsum("kj,kj->k", basis, basis)) > HEAVY

    def free(self, leverage: Array) -> Array:
        """1 - leverage, and 1 for the heavy."""
        return np.where(self.heavy, 1.0, 1.0 - leverage)

    def pieces(self, a: Array) -> Pieces:
        f = project(self.basis, a)
        r, free = f.residual(self.y), self.free(f.leverage)
        u, v = f.u, self.v
        inner, inner_v = u.T @ (a[:, None] * u), u.T @ ((a * v)[:, None] * u)
        lever = np.einsum("ki,ij,kj->k", u, inner, u)
        lever_v = np.einsum("ki,ij,kj->k", u, inner_v, u)
        ratio = (a * (1.0 - 2.0 * f.leverage) + lever) / free  # (PP)_ii / P_ii
        ratio_v = (a * v * (1.0 - 2.0 * f.leverage) + lever_v) / free  # (PVP)_ii / P_ii
        return Pieces(
            np.maximum(float(r @ r) - r * r / free, 0.0),
            float(a @ (1.0 - f.leverage)) - ratio,
            float((a * v) @ (1.0 - f.leverage)) - ratio_v,
            float(a.sum()) - a,
        )

    def score(self, tau2: float, restricted: bool) -> Array:
        w = 1.0 / (self.v + tau2)
        f = project(self.basis, w)
        r, free = f.residual(self.y), self.free(f.leverage)
        z = f.root * r
        pz = f.root * f.residual(z)
        lever = np.einsum("ki,ij,kj->k", f.u, f.u.T @ (w[:, None] * f.u), f.u)
        ratio = (w * (1.0 - 2.0 * f.leverage) + lever) / free
        share = r / (f.root * free)  # z_i / P_ii
        value = float(z @ z) - 2.0 * share * pz + share * share * w * free * ratio
        return value - (float(w @ (1.0 - f.leverage)) - ratio if restricted else float(w.sum()) - w)

    def spread(self) -> Array:
        k = len(self.center)
        d = self.center - self.center.mean()
        return (float(d @ d) - d * d * (k / (k - 1.0))) / (k - 1.0)

    def rows(self, member: int) -> NDArray[np.intp]:
        return np.delete(np.arange(len(self.y)), member)


class FirstStudies:
    """The first study, the first two, and so on, with one mean. y : effects less a constant near their mean, (k,).  v : (k,)."""

    def __init__(self, y: Array, v: Array) -> None:
        self.y, self.v, self.basis = y, v, np.full((len(y), 1), len(y) ** -0.5)
        self.k = np.arange(1.0, len(y) + 1.0)
        self.df = self.k - 1.0
        self.heavy = np.zeros(len(y), dtype=bool)

    def pieces(self, a: Array) -> Pieces:
        s1, s2 = np.cumsum(a), np.cumsum(a * a)
        ay = np.cumsum(a * self.y)
        q = np.cumsum(a * self.y * self.y) - ay * ay / s1
        q[0] = 0.0
        return Pieces(np.maximum(q, 0.0), s1 - s2 / s1, np.cumsum(a * self.v) - np.cumsum(a * a * self.v) / s1, s1)

    def score(self, tau2: float, restricted: bool) -> Array:
        w = 1.0 / (self.v + tau2)
        ww = w * w
        s1, s2 = np.cumsum(w), np.cumsum(ww)
        mean = np.cumsum(w * self.y) / s1
        value = np.cumsum(ww * self.y * self.y) - 2.0 * mean * np.cumsum(ww * self.y) + mean * mean * s2
        value[0] = 0.0
        return value - (s1 - s2 / s1 if restricted else s1)

    def spread(self) -> Array:
        mean = np.cumsum(self.y) / self.k
        return np.maximum(np.cumsum(self.y * self.y) / self.k - mean * mean, 0.0)

    def rows(self, member: int) -> NDArray[np.intp]:
        return np.arange(member + 1)


# --- estimators -------------------------------------------------------------------------------------------------------


def _moment(family: Family, a: Array) -> Array:
    found = family.pieces(a)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (found.q - found.trace_pv) / found.trace_p


def _dl(family: Family) -> Array:
    return _moment(family, 1.0 / family.v)


def _he(family: Family) -> Array:
    return _moment(family, np.ones_like(family.v))


def _hunter_schmidt(family: Family, factor: Array) -> Array:
    found = family.pieces(1.0 / family.v)
    # no weight left beside a study that outweighs all others: such members are fitted by themselves
    return (factor * found.q - family.k) / np.where(found.total > 0.0, found.total, 1.0)


def _hs(family: Family) -> Array:
    return _hunter_schmidt(family, np.ones_like(family.k))


def _hsk(family: Family) -> Array:
    return _hunter_schmidt(family, family.k / np.maximum(family.df, 1.0))


def _sj(family: Family) -> Array:
    start = np.maximum(family.spread(), 0.0)
    q = values_at(lambda t: family.pieces(1.0 / (family.v + t)).q[None, :], start, float(family.v.min()))[0]
    return start * q / np.maximum(family.df, 1.0)


def _q_equals(family: Family, target: Array) -> Array:
    """tau2 at which each member's generalised Q equals its target; it falls steadily, so there is one root at most."""
    top = float((family.pieces(1.0 / family.v).q / target).max()) * float(family.v.max())
    grid = _grid(family, max(top, float(family.v.max())))
    roots, member, _ = falling_roots(
        lambda t: family.pieces(1.0 / (family.v + t)).q - target, grid, float(family.v.min())
    )
    out = np.zeros(len(target))
    out[member] = roots
    return out


def _pm(family: Family) -> Array:
    return _q_equals(family, np.maximum(family.df, 1.0))


def _pmm(family: Family) -> Array:
    return _q_equals(family, np.array([float(chdtri(max(df, 1.0), 0.5)) for df in family.df]))


def _grid(family: Family, top: float) -> Array:
    """The search grid of a single fit, up to ``top``."""
    return search_grid(np.array([np.sqrt(0.25 * top)]), family.v, 1)


def _likelihood(family: Family, restricted: bool) -> Array:
    """Certified maxima: every fall of the score through zero on the grid, or zero; the one of highest likelihood."""
    df = np.maximum(family.df, 1.0)
    residual = family.pieces(np.ones_like(family.v)).q
    grid = _grid(family, 4.0 * float((residual / df).max()))
    pole = float(family.v.min())
    roots, member, values = falling_roots(lambda t: family.score(t, restricted), grid, pole)
    counted = (family.df > 0) & ~family.heavy
    if not bool(np.isfinite(values).all()) or bool((values[-1][counted] > 0).any()):
        raise ConvergenceError("the likelihood of a refit has no maximum on the search grid")
    out = np.zeros(len(df))
    out[member] = roots
    count = np.bincount(member, minlength=len(df)) + (values[0] <= 0)
    for i in np.flatnonzero((count > 1) & counted):
        out[i] = _best(family, int(i), [0.0] * int(values[0][i] <= 0) + roots[member == i].tolist(), restricted)
    return out


def _best(family: Family, member: int, candidates: list[float], restricted: bool) -> float:
    rows = family.rows(member)
    basis, _ = np.linalg.qr(family.basis[rows])
    y = family.y[rows]
    data = Problem(y - basis @ (basis.T @ y), family.v[rows], basis, 0.0)
    return max(candidates, key=lambda t: log_likelihood(t, data, restricted=restricted))


def _reml(family: Family) -> Array:
    return _likelihood(family, True)


def _ml(family: Family) -> Array:
    return _likelihood(family, False)


def _none(family: Family) -> Array:
    return np.zeros(len(family.k))


TAU2: dict[str, Callable[[Family], Array]] = {
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
    "common": _none,
}


def family_tau2(family: Family, method: str) -> Array:
    """tau2 of every member, truncated at zero; zero where a member has no residual df.

    >>> y, v = np.array([0.0, 1.0, 3.0]), np.ones(3)
    >>> family_tau2(FirstStudies(y - 1.0, v), "DL").round(4).tolist()
    [0.0, 0.0, 1.3333]
    """
    raw = TAU2[method](family)
    return np.where(family.df > 0, np.maximum(raw, 0.0), 0.0)
