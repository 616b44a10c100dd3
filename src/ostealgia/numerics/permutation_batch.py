# pyright: reportMissingTypeStubs=false
"""Thousands of meta-regressions that share a design: (y, v) in another order, or with other signs, in each row.

Sums are taken for all rows at once; systems of p equations are solved by a Cholesky factorisation written out over the rows. The design is
given by an orthonormal basis, so that X'WX is well conditioned wherever the variances are of comparable size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.likelihood import LOG_2PI
from ostealgia.numerics.regression_tau2 import search_grid

Array = NDArray[np.float64]
NEWTON = 30  # then halving, for scores so flat that rounding decides their sign


class Rows(NamedTuple):
    """Data sets of order one, a row each: y, v (rows, k); basis (k, p) shared; products (k, p * p) of its columns."""

    y: Array
    v: Array
    basis: Array
    products: Array

    @property
    def df(self) -> int:
        return self.basis.shape[0] - self.basis.shape[1]

    def take(self, index: NDArray[np.intp]) -> Rows:
        return Rows(self.y[index], self.v[index], self.basis, self.products)


class Solved(NamedTuple):
    """Weighted fits: weights and residuals (rows, k), coefficients in the basis (rows, p), inverse of the information (rows, p, p)."""

    w: Array
    r: Array
    g: Array
    inverse: Array

    def trace(self, c: Array, data: Rows) -> Array:
        """Trace of (X'WX)^-1 X' diag(c) X, (rows,)."""
        inner = (c @ data.products).reshape(self.inverse.shape)
        return np.einsum("bij,bij->b", self.inverse, inner)


def rows_of(y: Array, v: Array, basis: Array) -> Rows:
    """The data sets with the products of the basis.  y, v : (rows, k).  basis : (k, p)."""
    k, p = basis.shape
    return Rows(y, v, basis, (basis[:, :, None] * basis[:, None, :]).reshape(k, p * p))


def solve(data: Rows, w: Array) -> Solved:
    """Weighted least squares of every row.

    w : (rows, k).

    >>> data = rows_of(np.array([[1.0, 3.0]]), np.ones((1, 2)), np.full((2, 1), 0.5**0.5))
    >>> solve(data, 1.0 / data.v).r.round(12).tolist()
    [[-1.0, 1.0]]
    """
    p = data.basis.shape[1]
    inverse = spd_inverse((w @ data.products).reshape(-1, p, p))
    g = np.einsum("bij,bj->bi", inverse, (w * data.y) @ data.basis)
    return Solved(w, data.y - g @ data.basis.T, g, inverse)


def spd_inverse(a: Array) -> Array:
    """Inverses of symmetric positive definite matrices (rows, p, p), by Cholesky written out over the rows."""
    p = a.shape[1]
    if p == 1:
        return 1.0 / a
    lower = np.zeros_like(a)
    for j in range(p):
        d = a[:, j, j] - np.einsum("bi,bi->b", lower[:, j, :j], lower[:, j, :j])
        lower[:, j, j] = np.sqrt(d)
        for i in range(j + 1, p):
            dot = np.einsum("bi,bi->b", lower[:, i, :j], lower[:, j, :j])
            lower[:, i, j] = (a[:, i, j] - dot) / lower[:, j, j]
    back = np.zeros_like(a)  # inverse of the triangle
    for j in range(p):
        back[:, j, j] = 1.0 / lower[:, j, j]
        for i in range(j + 1, p):
            dot = np.einsum("bi,bi->b", lower[:, i, j:i], back[:, j:i, j])
            back[:, i, j] = -dot / lower[:, i, i]
    return np.einsum("bki,bkj->bij", back, back)


# --- tau2 of every row ------------------------------------------------------------------------------------------------


def _q(found: Solved) -> Array:
    return np.einsum("bk,bk,bk->b", found.w, found.r, found.r)


def _moment(data: Rows, a: Array) -> Array:
    found = solve(data, a)
    trace_p = a.sum(axis=1) - found.trace(a * a, data)
    trace_pv = (a * data.v).sum(axis=1) - found.trace(a * a * data.v, data)
    return (_q(found) - trace_pv) / trace_p


def _dl(data: Rows) -> Array:
    return _moment(data, 1.0 / data.v)


def _he(data: Rows) -> Array:
    return _moment(data, np.ones_like(data.v))


def _hunter_schmidt(data: Rows, factor: float) -> Array:
    found = solve(data, 1.0 / data.v)
    return (factor * _q(found) - data.y.shape[1]) / found.w.sum(axis=1)


def _hs(data: Rows) -> Array:
    return _hunter_schmidt(data, 1.0)


def _hsk(data: Rows) -> Array:
    return _hunter_schmidt(data, data.y.shape[1] / data.df)


def _sj(data: Rows) -> Array:
    start = data.y.var(axis=1)
    if not bool((start > 0).all()):
        start = np.maximum(start, 1e-300)
    return start * _q(solve(data, 1.0 / (data.v + start[:, None]))) / data.df


def _q_equals(data: Rows, target: float) -> Array:
    """Newton on 1 / Q - 1 / target, which rises almost as a straight line and bends down: from the left it cannot overshoot."""
    t = np.zeros(len(data.y))
    todo = np.arange(len(t))
    for _step in range(200):
        part = data.take(todo)
        found = solve(part, 1.0 / (part.v + t[todo, None]))
        q = _q(found)
        z = found.w * found.r
        step = np.maximum((q - target) * q / (target * np.einsum("bk,bk->b", z, z)), 0.0)
        t[todo] += step
        todo = todo[step > 1e-13 * t[todo]]
        if not len(todo):
            return t
    raise ConvergenceError("the tau2 of a permuted fit was not found in 200 steps")


def _pm(data: Rows) -> Array:
    return _q_equals(data, float(data.df))


def _pmm(data: Rows) -> Array:
    return _q_equals(data, float(chdtri(data.df, 0.5)))


def _score(data: Rows, t: Array | float, restricted: bool, *, slope: bool = False) -> tuple[Array, Array]:
    """Twice the first derivative of the log-likelihood, and twice the second where ``slope``."""
    found = solve(data, 1.0 / (data.v + t))
    w = found.w
    z = w * found.r
    ww = w * w
    first = np.einsum("bk,bk->b", z, z) - w.sum(axis=1)
    inner = found.inverse
    if restricted:
        p = data.basis.shape[1]
        inner = found.inverse @ (ww @ data.products).reshape(-1, p, p)
        first += np.einsum("bii->b", inner)
    if not slope:
        return first, first
    wz = w * z
    g = wz @ data.basis
    zpz = np.einsum("bk,bk->b", z, wz) - np.einsum("bi,bij,bj->b", g, found.inverse, g)
    second = ww.sum(axis=1) - 2.0 * zpz
    if restricted:
        second += -2.0 * found.trace(ww * w, data) + np.einsum("bij,bji->b", inner, inner)
    return first, second


def _log_likelihood(data: Rows, t: Array, restricted: bool) -> Array:
    s = data.v + t[:, None]
    found = solve(data, 1.0 / s)
    total = -0.5 * (data.y.shape[1] * LOG_2PI + np.log(s).sum(axis=1) + _q(found))
    return total + 0.5 * np.linalg.slogdet(found.inverse)[1] if restricted else total


def _likelihood(data: Rows, restricted: bool) -> Array:
    """Every fall of the score through zero on a grid, polished; zero where the score is not above zero there; the best of them."""
    rest = data.y - (data.y @ data.basis) @ data.basis.T
    largest = rest[int(np.argmax(np.einsum("bk,bk->b", rest, rest)))]
    grid = search_grid(largest, data.v, data.df)
    values = np.stack([_score(data, float(t), restricted)[0] for t in grid])
    if not bool(np.isfinite(values).all()) or bool((values[-1] > 0).any()):
        raise ConvergenceError("the likelihood of a permuted fit has no maximum on the search grid")
    cell, row = np.nonzero((values[:-1] > 0) & (values[1:] <= 0))
    share = values[cell, row] / (values[cell, row] - values[cell + 1, row])
    roots = _polished(data.take(row), grid[cell], grid[cell + 1], share, restricted)
    out = np.zeros(len(data.y))
    out[row] = roots
    count = np.bincount(row, minlength=len(out)) + (values[0] <= 0)
    several = np.flatnonzero(count > 1)
    if len(several):
        _choose(data, out, several, row, roots, values[0] <= 0, restricted)
    return out


def _polished(data: Rows, low: Array, high: Array, share: Array, restricted: bool) -> Array:
    """Newton steps held in the brackets, then halving."""
    x = low + np.clip(share, 0.01, 0.99) * (high - low)
    todo = np.arange(len(x))
    for step in range(100):
        if not len(todo):
            return x
        part, at = data.take(todo), x[todo]
        first, second = _score(part, at[:, None], restricted, slope=True)
        low[todo], high[todo] = np.where(first > 0, at, low[todo]), np.where(first > 0, high[todo], at)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = at - first / second
        inside = (new >= low[todo]) & (new <= high[todo]) & (step < NEWTON)
        x[todo] = np.where(inside, new, 0.5 * (low[todo] + high[todo]))
        moved = np.minimum(np.abs(x[todo] - at), high[todo] - low[todo])
        todo = todo[moved > 1e-12 * at]
    raise ConvergenceError("the tau2 of a permuted fit was not found in 100 steps")


def _choose(
    data: Rows,
    out: Array,
    several: NDArray[np.intp],
    row: NDArray[np.intp],
    roots: Array,
    zero: NDArray[np.bool_],
    restricted: bool,
) -> None:
    """The candidate of highest likelihood, for the rows that have more than one."""
    for i in several:
        candidates = np.concatenate([np.zeros(int(zero[i])), roots[row == i]])
        same = data.take(np.full(len(candidates), i))
        out[i] = candidates[int(np.argmax(_log_likelihood(same, candidates, restricted)))]


def _reml(data: Rows) -> Array:
    return _likelihood(data, True)


def _ml(data: Rows) -> Array:
    return _likelihood(data, False)


def _common(data: Rows) -> Array:
    return np.zeros(len(data.y))


TAU2: dict[str, Callable[[Rows], Array]] = {
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
    "GENQ": _dl,
    "common": _common,
}


def rows_tau2(data: Rows, method: str) -> Array:
    """tau2 of every row, truncated at zero.

    >>> data = rows_of(np.array([[0.0, 2.0, 7.0]]), np.ones((1, 3)), np.full((3, 1), 3**-0.5))
    >>> rows_tau2(data, "DL").round(6).tolist()
    [12.0]
    """
    return np.maximum(TAU2[method](data), 0.0)


def wald_statistics(
    data: Rows, tau2: Array, factor: Array, tested: list[int], *, hartung_knapp: bool, adhoc: bool
) -> tuple[Array, Array]:
    """Statistics of the coefficients of X = basis @ factor, and of the omnibus test (before it is divided by its df).

    Returns (rows, p) and (rows,).
    """
    found = solve(data, 1.0 / (data.v + tau2[:, None]))
    back = np.linalg.inv(factor)
    beta = found.g @ back.T
    vcov = np.einsum("ij,bjk,lk->bil", back, found.inverse, back)
    if hartung_knapp:
        scale = _q(found) / data.df
        vcov *= (np.maximum(scale, 1.0) if adhoc else scale)[:, None, None]
    size = np.sqrt(np.maximum(np.einsum("bii->bi", vcov), 0.0))
    exact = (size == 0.0).any(axis=1)  # rows without residual: a Hartung-Knapp factor of 0
    size[exact] = 1.0
    vcov[exact] = np.eye(vcov.shape[1])
    statistic = beta / size
    b = statistic[:, tested]
    block = (vcov / (size[:, :, None] * size[:, None, :]))[:, tested][:, :, tested]
    omnibus = np.einsum("bi,bij,bj->b", b, spd_inverse(block), b)
    statistic[exact] = np.where(beta[exact] == 0.0, 0.0, math.inf)
    omnibus[exact] = np.where((beta[exact][:, tested] == 0.0).all(axis=1), 0.0, math.inf)
    return statistic, omnibus


def block_rows(k: int) -> int:
    """How many rows are worked on at a time, so that an array stays in the cache.

    >>> block_rows(20)
    1638
    """
    return max(16, math.floor(2**15 / k))
