"""Robust variance estimation with moment estimators: correlated effects, hierarchical effects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ostealgia.errors import OptionError
from ostealgia.meta.multilevel_data import as_dependent, grouping
from ostealgia.meta.multilevel_design import design_of
from ostealgia.meta.robust_inference import RobustResult, WorkingModel, assemble, diagonal_model
from ostealgia.numerics.correlated_hierarchical import Working, correlated_effects, hierarchical_effects
from ostealgia.numerics.covariance_known import KnownCovariance
from ostealgia.numerics.mixed_effects_blocks import marginal
from ostealgia.numerics.robust_sandwich import sandwich
from ostealgia.options import between, confidence_level, one_of

WEIGHTS = ("correlated", "hierarchical")


def rve(
    effects: Any,
    *,
    cluster: Any = "study",
    weights: str = "correlated",
    rho: float | None = None,
    moderators: Sequence[str] = (),
    X: Any = None,
    names: Sequence[str] | None = None,
    intercept_column: bool = True,
    small_sample: bool = True,
    level: float = 0.95,
    measure: str | None = None,
) -> RobustResult:
    """What is the mean effect, when the covariance within studies is unknown?

    effects, moderators, X, names, intercept_column : as for ``multilevel``.  cluster : column, or one label a row.
    weights : "correlated" (effects of a study share patients: 1 / (k_j (mean variance + tau2)), with the correlation ``rho`` in tau2) or
    "hierarchical" (independent samples in a study: 1 / (variance + tau2 + omega2)).  rho : must be stated for correlated effects; try
    several, the result hardly moves.  small_sample : CR2 with Satterthwaite degrees of freedom; else times J/(J-p) with J - p df.
    Returns a RobustResult with tau2, omega2 (hierarchical) and i2 (correlated). Raises OptionError, TableError.
    Source: Hedges, Tipton & Johnson 2010, doi:10.1002/jrsm.5; Tipton 2015, doi:10.1037/met0000011.

    >>> rows = {"study": ["A", "A", "B", "B", "C", "D"], "estimate": [0.1, 0.3, 0.9, 0.7, 0.2, 0.5], "std_error": [0.1] * 6}
    >>> found = rve(rows, rho=0.8)
    >>> round(found.estimate, 3), round(found.df, 2)
    (0.425, 3.0)
    """
    one_of("weights", weights, WEIGHTS)
    confidence_level(level)
    if weights == "correlated" and rho is None:
        raise OptionError(
            "weights='correlated' needs rho, the correlation of the sampling errors within a study; it is never assumed. State one "
            "(rho=0.8) and show that others give the same."
        )
    if weights == "hierarchical" and rho is not None:
        raise OptionError("rho belongs to weights='correlated'; hierarchical effects are independent within a study.")
    data = as_dependent(effects, measure)
    data, _, x, columns = design_of(data, KnownCovariance(data.variance), moderators, X, names, intercept_column)
    name, codes, labels = grouping(data, cluster, "cluster")
    if len(labels) <= x.shape[1]:
        raise OptionError(f"{len(labels)} clusters cannot carry robust standard errors of {x.shape[1]} coefficients.")
    start = diagonal_model(data, data.variance, x, columns, math.nan, level, weights)
    y, v = data.estimate / start.unit, data.variance / start.unit**2
    if weights == "correlated":
        found = correlated_effects(y, v, start.basis, codes, between("rho", rho or 0.0, 0.0, 1.0, closed=True))
    else:
        found = hierarchical_effects(y, v, start.basis, codes)
    kind, test = ("CR2", "Satterthwaite") if small_sample else ("CR1p", "t-p")
    parts = sandwich(y, start.basis, marginal(KnownCovariance(1.0 / found.weights), [], [], codes), kind)
    return assemble(
        _said(start, found, weights), parts, kind, test, name, len(labels), level,
        omega2=found.omega2 * start.unit**2, i2=found.i2,
        options={"weights": weights, "rho": rho, "small_sample": small_sample, "level": level, "cluster": name},
    )  # fmt: skip


def _said(start: WorkingModel, found: Working, weights: str) -> WorkingModel:
    tau2 = np.array([found.tau2 * start.unit**2])
    return replace(start, tau2=tau2, model=f"{weights} effects (tau2 by moments)")
