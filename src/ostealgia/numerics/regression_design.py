"""The design matrix of a regression: its rank, an orthonormal basis, and the projection that every statistic is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError, TableError

Array = NDArray[np.float64]
ROUNDING = 1e-14
RANK_TOLERANCE = 1e-8  # a column whose part outside the columns before it is shorter than this share of it is redundant


class Basis(NamedTuple):
    """X = basis @ factor: orthonormal columns (k, p) and an upper triangle (p, p)."""

    basis: Array
    factor: Array


class Projection(NamedTuple):
    """P = A - A X (X'AX)^-1 X'A for weights a, written as root (I - UU') root with root = sqrt(a).

    weights, root : (k,).  u : (k, p) orthonormal.  factor : (p, p) triangle with root * basis = u @ factor.
    leverage : (k,), diagonal of UU'.
    """

    weights: Array
    root: Array
    u: Array
    factor: Array
    leverage: Array

    def residual(self, y: Array) -> Array:
        """(I - UU') root y: residuals times the square root of the weights."""
        e = self.root * y
        return e - self.u @ (self.u.T @ e)


def orthonormal(x: Array, names: Sequence[str]) -> Basis:
    """An orthonormal basis of the columns of X.

    x : (k, p).  names : of its columns.  Raises TableError that names the columns which say the same as those before them, OptionError
    where X is no matrix of finite numbers or has more columns than rows.

    >>> orthonormal(np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 5.0]]), ["intercept", "dose"]).basis.shape
    (3, 2)
    """
    k, p = x.shape
    if p == 0:
        raise OptionError("the model has no column: add an intercept or a moderator.")
    if p > k:
        raise OptionError(f"the model has {p} coefficients for {k} studies; use fewer moderators.")
    norms = np.sqrt(np.einsum("kj,kj->j", x, x))
    unit = x / np.where(norms > 0.0, norms, 1.0)
    q, r = np.linalg.qr(unit)
    if np.abs(np.diag(r)).min() <= RANK_TOLERANCE:
        _refuse(unit, list(names))
    return Basis(q, r * norms)


def redundant_columns(unit: Array) -> list[int]:
    """Positions of the columns (of length one, or zero) that lie in the span of those before them."""
    kept: list[Array] = []
    redundant: list[int] = []
    for j in range(unit.shape[1]):
        rest = unit[:, j].copy()
        for _twice in range(2):
            for column in kept:
                rest -= (column @ rest) * column
        length = float(np.sqrt(rest @ rest))
        if length <= RANK_TOLERANCE:
            redundant.append(j)
        else:
            kept.append(rest / length)
    return redundant


def _refuse(unit: Array, names: list[str]) -> None:
    redundant = redundant_columns(unit)
    if not redundant:
        return
    listed = ", ".join(repr(names[j]) for j in redundant)
    one = len(redundant) == 1
    raise TableError(
        f"the moderators say the same thing twice: {listed} {'is' if one else 'are'} a combination of the other columns",
        expected="columns none of which can be computed from the others",
        action=f"Leave {'it' if one else 'them'} out of the formula, or merge levels that occur together.",
    )


def project(basis: Array, weights: Array) -> Projection:
    """The projection for these weights.

    basis : (k, p).  weights : (k,), above zero.

    >>> found = project(np.full((4, 1), 0.5), np.ones(4))
    >>> found.leverage.round(2).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    root = np.sqrt(weights)
    u, factor = np.linalg.qr(root[:, None] * basis)
    return Projection(weights, root, u, factor, np.einsum("kj,kj->k", u, u))


def unweighted_residuals(y: Array, basis: Array) -> Array:
    """What the columns leave of y; zero throughout where it is no more than rounding.

    >>> unweighted_residuals(np.full(3, 0.3), np.full((3, 1), 3**-0.5)).tolist()
    [0.0, 0.0, 0.0]
    """
    rest = y - basis @ (basis.T @ y)
    return np.zeros_like(rest) if np.abs(rest).max() <= ROUNDING * np.abs(y).max() else rest


# --- traces of P, each in O(k p^2) --------------------------------------------------------------------------------


def trace_p(f: Projection) -> float:
    """Trace of P."""
    return float(f.weights @ (1.0 - f.leverage))


def trace_pp(f: Projection) -> float:
    """Trace of PP."""
    a, inner = f.weights, f.u.T @ (f.weights[:, None] * f.u)
    return float((a * a) @ (1.0 - 2.0 * f.leverage)) + float((inner * inner).sum())


def trace_pv(f: Projection, v: Array) -> float:
    """Trace of PV, V = diag(v)."""
    return float((f.weights * v) @ (1.0 - f.leverage))


def trace_pvp(f: Projection, v: Array) -> float:
    """Trace of PVP."""
    a = f.weights
    one, other = f.u.T @ (a[:, None] * f.u), f.u.T @ ((a * v)[:, None] * f.u)
    return float((a * a * v) @ (1.0 - 2.0 * f.leverage)) + float((one * other).sum())


def trace_pvpv(f: Projection, v: Array) -> float:
    """Trace of PVPV."""
    av = f.weights * v
    inner = f.u.T @ (av[:, None] * f.u)
    return float((av * av) @ (1.0 - 2.0 * f.leverage)) + float((inner * inner).sum())
