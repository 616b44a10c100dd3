# pyright: reportMissingTypeStubs=false
"""Cluster-robust ("sandwich") variances of generalised least squares, with small-sample corrections and degrees of freedom.

CR0: Liang & Zeger 1986, doi:10.1093/biomet/73.1.13. CR2 and its Satterthwaite degrees of freedom: Bell & McCaffrey 2002; Tipton 2015,
doi:10.1037/met0000011; Pustejovsky & Tipton 2018, doi:10.1080/07350015.2016.1247004. CR3: the jackknife approximation of the same paper.
The weights are the inverse of the working covariance. No matrix larger than a cluster is formed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Stack = tuple[Codes, Array]  # rows (b, n), working covariance (b, n, n)
TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Sandwich:
    """A robust fit. coefficients (p,), covariance (p, p), clusters.

    scores : (p, J) and bread (p, p), kept for degrees of freedom of any contrast.  singular : clusters whose leverage is complete.
    """

    coefficients: Array
    covariance: Array
    clusters: int
    k: int
    bread: Array
    _whole: tuple[tuple[Array, Array], ...]
    singular: int

    def satterthwaite(self, contrast: Array) -> float:
        """Degrees of freedom of a contrast (p,) of the coefficients under the working covariance."""
        c = self.bread @ contrast
        square = cross = both = 0.0
        total = np.zeros_like(self.bread)
        for design, adjusted in self._whole:
            u = adjusted @ c  # (b, n)
            t = np.einsum("bn,bn->b", u, u)
            h = np.einsum("bnp,bn->bp", design, u)
            bent = np.einsum("bp,pq,bq->b", h, self.bread, h)
            square += float((t - bent).sum())
            cross += float((t * t - 2.0 * t * bent).sum())
            total += h.T @ h
        turned = total @ self.bread
        both = float(np.trace(turned @ turned))
        spread = cross + both
        return square * square / spread if spread > 0 else math.nan


def _plain(design: Array, factor: Array, bread: Array) -> tuple[Array, int]:
    return design, 0


def _bias_reduced(design: Array, factor: Array, bread: Array) -> tuple[Array, int]:
    """CR2: the symmetric root that makes the variance unbiased when the working covariance is right."""
    middle = np.swapaxes(factor, 1, 2) @ factor
    turned = middle @ design
    inner = middle @ middle - turned @ bread @ np.swapaxes(turned, 1, 2)
    values, vectors = np.linalg.eigh(0.5 * (inner + np.swapaxes(inner, 1, 2)))
    keep = values > TOLERANCE * values[:, -1:]
    root = np.where(keep, 1.0 / np.sqrt(np.where(keep, values, 1.0)), 0.0)
    projected = np.swapaxes(vectors, 1, 2) @ design
    return middle @ (vectors @ (root[:, :, None] * projected)), int((~keep).any(axis=1).sum())


def _jackknife(design: Array, factor: Array, bread: Array) -> tuple[Array, int]:
    """CR3: residuals as if the cluster had been left out, (I - P)^-1 with a pseudo-inverse where its leverage is complete."""
    hat = design @ bread @ np.swapaxes(design, 1, 2)
    values, vectors = np.linalg.eigh(np.eye(design.shape[1]) - 0.5 * (hat + np.swapaxes(hat, 1, 2)))
    keep = values > 1e-10
    inverse = np.where(keep, 1.0 / np.where(keep, values, 1.0), 0.0)
    return vectors @ (inverse[:, :, None] * (np.swapaxes(vectors, 1, 2) @ design)), int((~keep).any(axis=1).sum())


def _one(clusters: int, k: int, p: int) -> float:
    return 1.0


def _clusters(clusters: int, k: int, p: int) -> float:
    return clusters / (clusters - 1.0)


def _clusters_less_p(clusters: int, k: int, p: int) -> float:
    return clusters / (clusters - float(p))


def _stata(clusters: int, k: int, p: int) -> float:
    return clusters * (k - 1.0) / ((clusters - 1.0) * (k - p))


Adjust = Callable[[Array, Array, Array], tuple[Array, int]]
Factor = Callable[[int, int, int], float]
# kind -> adjustment of the residuals of a cluster, factor for the number of clusters J, effects k and coefficients p
KINDS: dict[str, tuple[Adjust, Factor]] = {
    "CR0": (_plain, _one),
    "CR1": (_plain, _clusters),
    "CR1p": (_plain, _clusters_less_p),
    "CR1S": (_plain, _stata),
    "CR2": (_bias_reduced, _one),
    "CR3": (_jackknife, _one),
}


def sandwich(y: Array, x: Array, stacks: Sequence[Stack], kind: str) -> Sandwich:
    """Generalised least squares with a cluster-robust variance.

    y : (k,).  x : (k, p).  stacks : clusters of one size together, rows (b, n) and working covariance (b, n, n).  kind : a key of KINDS.

    >>> y, x = np.array([0.0, 1.0, 5.0]), np.ones((3, 1))
    >>> found = sandwich(y, x, [(np.array([[0], [1], [2]]), np.ones((3, 1, 1)))], "CR2")
    >>> round(float(found.covariance[0, 0]), 6), round(found.satterthwaite(np.ones(1)), 6)
    (2.333333, 2.0)
    """
    adjust, factor = KINDS[kind]
    whitened = [_whiten(y, x, stack) for stack in stacks]
    information = np.sum([np.einsum("bnp,bnq->pq", design, design) for design, _, _ in whitened], axis=0)
    bread = np.asarray(np.linalg.inv(information), dtype=np.float64)
    coefficients = bread @ np.sum(
        [np.einsum("bnp,bn->p", design, response) for design, response, _ in whitened], axis=0
    )
    meat, singular = np.zeros_like(bread), 0
    whole: list[tuple[Array, Array]] = []
    for design, response, root in whitened:
        adjusted, complete = adjust(design, root, bread)
        scores = np.einsum("bnp,bn->bp", adjusted, response - design @ coefficients)
        meat += scores.T @ scores
        singular += complete
        whole.append((design, adjusted))
    clusters = sum(len(index) for index, _ in stacks)
    covariance = factor(clusters, len(y), x.shape[1]) * bread @ meat @ bread
    return Sandwich(coefficients, covariance, clusters, len(y), bread, tuple(whole), singular)


def _whiten(y: Array, x: Array, stack: Stack) -> tuple[Array, Array, Array]:
    """L^-1 X (b, n, p), L^-1 y (b, n) and L (b, n, n), L the Cholesky factor of the working covariance."""
    index, covariance = stack
    root = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    columns = np.concatenate([x[index], y[index][:, :, None]], axis=2)
    solved = np.asarray(np.linalg.solve(root, columns), dtype=np.float64)
    return solved[:, :, :-1], solved[:, :, -1], root
