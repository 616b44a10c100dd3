"""Logistic regression with a ridge penalty, and its cross-validated deviance over penalties."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.logistic import derivatives, solved
from ostealgia.numerics.random_streams import words

Array = NDArray[np.float64]


class RidgePath(NamedTuple):
    """penalties (m,), from large to small; beta (m, p); deviance (m,), cross-validated, of all patients together."""

    penalties: Array
    beta: Array
    deviance: Array


def ridge_fit(x: Array, y: Array, penalty: float, *, start: Array | None = None) -> Array:
    """Coefficients that maximise the log likelihood less penalty/2 times the sum of squares of standardised coefficients.

    x : (n, p); constant columns are not penalised. Source: le Cessie & van Houwelingen 1992, doi:10.2307/2347628.

    >>> x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    >>> ridge_fit(x, np.array([0.0, 0, 1, 0, 1, 1]), 1.0).round(3).tolist()
    [-0.403, 0.806]
    """
    spread = x.std(axis=0)
    free = spread < 1e-12
    scale = np.where(free, 1.0, spread)
    columns = np.ascontiguousarray((x / scale).T)
    cost = np.where(free, 0.0, penalty)
    beta = np.zeros(x.shape[1]) if start is None else start * scale
    value, score, information = derivatives(columns, y, None, None, beta)
    value -= 0.5 * float(cost @ np.square(beta))
    for _ in range(100):
        slope = score - cost * beta
        step = solved(information + np.diag(cost), slope)
        if float(slope @ step) < 1e-20:
            break
        new, height = (value, score, information), -np.inf
        for _ in range(40):
            new = derivatives(columns, y, None, None, beta + step)
            height = new[0] - 0.5 * float(cost @ np.square(beta + step))
            if height >= value - 1e-12 * (1 + abs(value)):
                break
            step = step * 0.5
        beta, value = beta + step, height
        _, score, information = new
    return beta / scale


def ridge_path(x: Array, y: Array, *, folds: int = 10, seed: int = 1, penalties: Array | None = None) -> RidgePath:
    """Fits and cross-validated deviances; folds are drawn within each outcome, so that none is without events.

    penalties : from large to small, by default 10^3.5 ... 10^-2.
    """
    sizes = np.logspace(3.5, -2, 34) if penalties is None else penalties
    order = np.lexsort((words(seed, 0, len(y), 1, use="ridge")[:, 0], y))
    fold = np.empty(len(y), dtype=np.intp)
    fold[order] = np.arange(len(y)) % folds
    deviance = np.zeros(len(sizes))
    for f in range(folds):
        out = fold == f
        beta = None
        for i, penalty in enumerate(sizes):
            beta = ridge_fit(x[~out], y[~out], float(penalty), start=beta)
            eta = x[out] @ beta
            deviance[i] -= 2 * float((y[out] * eta - np.logaddexp(0.0, eta)).sum())
    found = list[Array]()
    for penalty in sizes:
        found.append(ridge_fit(x, y, float(penalty), start=found[-1] if found else None))
    return RidgePath(sizes, np.array(found), deviance)
