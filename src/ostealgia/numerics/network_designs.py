"""Designs of a network against one another: what each contributes to inconsistency, and through which others. Arrays in, arrays out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.network import Evidence, contrast_basis

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class DesignHeat(NamedTuple):
    """contribution : (D,), part of each design in Q between designs.  after : (D, D), what is left of the row's part when the design of
    the column has effects of its own.  hat : (D, D), how strongly the column's direct estimates enter the row's network estimates: the
    hat value, for designs of several arms the largest singular value of the block.
    """

    contribution: Array
    after: Array
    hat: Array


def design_heat(data: Evidence, design: Index, n_designs: int, tau2: float = 0.0) -> DesignHeat:
    """Q between designs taken apart by design, before and after each design in turn is left out of the consistency equations.

    design : (n_studies,), code of each study's design.  tau2 : added to every variance.
    Direct estimates of each design are pooled by weighted least squares; the network is their regression (Krahn, Binder & Koenig 2013,
    doi:10.1186/1471-2288-13-35, section 2.3).  The parts add up to Q between designs; a column of ``after`` to what detaching leaves.

    >>> from ostealgia.numerics.network import decompose
    >>> triangle = decompose(np.arange(3), np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([1.0, 2.0, 3.3]), np.full(3, 0.25),
    ...                      np.full(3, 2), 3)
    >>> heat = design_heat(triangle, np.arange(3), 3)
    >>> heat.contribution.round(3).tolist(), heat.hat[0].round(3).tolist()
    ([0.04, 0.04, 0.04], [0.667, 0.333, 0.333])
    """
    parts = [_direct(data, np.flatnonzero(design[data.row_study] == d), tau2) for d in range(n_designs)]
    theta = [part[0] for part in parts]
    select = [part[1] for part in parts]
    weight = [part[2] for part in parts]
    information = [s.T @ a @ s for s, a in zip(select, weight, strict=True)]
    pull = [s.T @ (a @ t) for s, a, t in zip(select, weight, theta, strict=True)]
    total: Array = np.sum(information, axis=0)
    right: Array = np.sum(pull, axis=0)
    inverse = _pseudo_inverse(total)

    def left(level: Array) -> Array:
        rest = [t - s @ level for t, s in zip(theta, select, strict=True)]
        return np.array([float(r @ a @ r) for r, a in zip(rest, weight, strict=True)])

    after = np.zeros((n_designs, n_designs))
    for e in range(n_designs):
        level = _pseudo_inverse(total - information[e]) @ (right - pull[e])
        after[:, e] = left(level)
        after[e, e] = 0.0
    hat = np.array(
        [[float(np.linalg.norm(s @ inverse @ t.T @ a, 2)) for t, a in zip(select, weight, strict=True)] for s in select]
    )
    return DesignHeat(left(inverse @ right), after, hat)


def _direct(data: Evidence, rows: Index, tau2: float) -> tuple[Array, Array, Array]:
    """One design alone: estimates in an orthonormal basis of its arms' contrasts, what they are of all treatments, their information."""
    arms = np.flatnonzero(np.abs(data.x[rows]).sum(axis=0) > 0)
    basis = contrast_basis(len(arms))
    x = data.x[np.ix_(rows, arms)] @ basis
    w = 1.0 / (data.v[rows] + tau2)
    information = x.T @ (x * w[:, None])
    select = np.zeros((len(arms) - 1, data.n))
    select[:, arms] = basis.T
    return np.asarray(np.linalg.solve(information, x.T @ (w * data.y[rows])), dtype=np.float64), select, information


def _pseudo_inverse(matrix: Array) -> Array:
    """Of a Laplacian whose graph may have come apart."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > 1e-10 * float(values[-1])
    turned = vectors[:, kept]
    return np.asarray((turned / values[kept]) @ turned.T, dtype=np.float64)
