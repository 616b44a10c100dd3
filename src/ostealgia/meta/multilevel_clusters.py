"""What each cluster of a multilevel model says by itself, and how much each effect counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.meta.multilevel_data import grouping
from ostealgia.meta.multilevel_result import MultilevelResult
from ostealgia.numerics.mixed_effects_blocks import NotNested, marginal

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class ClusterSummaries:
    """cluster : name of the widest grouping.  codes : cluster of each effect (k,).  labels : of the clusters (J,).

    estimate, std_error : (J,), mean of a cluster's effects given its own random effect, analysis scale.  weights : (k,), per cent, of each
    effect in the pooled mean; with correlated sampling errors one can be below 0.
    """

    cluster: str
    codes: NDArray[np.int64]
    labels: tuple[str, ...]
    estimate: Array
    std_error: Array
    weights: Array


def cluster_summaries(fit: MultilevelResult) -> ClusterSummaries:
    """The mean of each cluster (study) by the fitted variances within it, and the weights of the effects.

    fit : of ``multilevel`` with the intercept as its only coefficient.  A cluster's mean is generalised least squares with the marginal
    covariance of its effects less the variance of the cluster itself, so that it speaks of this cluster, not of the mean of all.
    Raises OptionError for moderators or several outcomes.  Source: Konstantopoulos 2011, doi:10.1002/jrsm.35.

    >>> from ostealgia.meta.multilevel_fit import multilevel
    >>> rows = {"study": ["A", "A", "B", "B", "C", "D"], "estimate": [0.1, 0.3, 0.9, 0.7, 0.2, 0.5], "std_error": [0.1] * 6}
    >>> found = cluster_summaries(multilevel(rows))
    >>> found.estimate.round(2).tolist(), round(float(found.weights.sum()), 6)
    ([0.2, 0.8, 0.2, 0.5], 100.0)
    """
    if fit.names != ("intercept",):
        raise OptionError(
            f"clusters are summarised for a model of one mean; this one has the coefficients {', '.join(fit.names)}."
        )
    widest = min(range(len(fit.components)), key=lambda t: fit.components[t].units)
    own = fit.components[widest]
    name = own.name if own.units < fit.k else "study"
    _, codes, labels = grouping(fit.effects, name, "cluster")
    unit = fit.problem.unit
    matrices = [part.matrix / unit**2 for part in fit.components]
    try:
        stacks = marginal(fit.problem.known, fit.problem.terms, matrices, codes)
    except NotNested:  # crossed groupings: all effects are one block
        stacks = marginal(fit.problem.known, fit.problem.terms, matrices, np.zeros(fit.k, dtype=np.int64))
    shared = float(matrices[widest][0, 0]) if own.units < fit.k else 0.0
    weights, estimate, variance = np.zeros(fit.k), np.zeros(len(labels)), np.zeros(len(labels))
    for index, blocks in stacks:
        for rows, block in zip(index, blocks, strict=True):
            weights[rows] = np.linalg.solve(block, np.ones(len(rows)))
            for code in np.unique(codes[rows]).tolist():
                at = np.flatnonzero(codes[rows] == code)
                inner = np.linalg.solve(block[np.ix_(at, at)] - shared, np.ones(len(at)))
                total = float(inner.sum())
                estimate[code] = float(inner @ fit.effects.estimate[rows[at]]) / total
                variance[code] = unit**2 / total
    return ClusterSummaries(
        cluster=name, codes=codes, labels=labels, estimate=estimate, std_error=np.sqrt(variance),
        weights=100.0 * weights / float(weights.sum()),
    )  # fmt: skip
