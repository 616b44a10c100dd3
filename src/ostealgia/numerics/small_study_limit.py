# pyright: reportMissingTypeStubs=false
"""Limit meta-analysis: a random-effects model with a bias that grows with the standard error, taken to infinite precision."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.heterogeneity import moments
from ostealgia.numerics.small_study import weighted_line

Array = NDArray[np.float64]


class Limit(NamedTuple):
    """estimate, std_error : the adjusted mean.  intercept, bias : beta and alpha of the model.  shrunken : each study
    at infinite precision, (k,).
    q, q_small, q_residual : Cochran's Q, its part from small-study effects (1 df), the rest (k - 2 df).
    g2 : share of the variation of the shrunken effects, in per cent, that small-study effects leave unexplained.
    """

    estimate: float
    std_error: float
    intercept: float
    bias: float
    shrunken: Array
    q: float
    q_small: float
    q_residual: float
    g2: float


def limit_meta(y: Array, v: Array, tau2: float, *, adjust: str = "expectation", published_error: bool = False) -> Limit:
    """The model y = beta + sqrt(v + tau2) (alpha + e), e of variance 1, and what is left of it where v goes to 0.

    y, v : arrays (k,), k of three or more with unequal v.  tau2 : between-study variance, 0 or more.
    adjust : "expectation" (beta + alpha tau), "radial" (slope of the radial plot of the shrunken effects), "mean"
    (their common-effect mean).
    published_error : for "expectation", 1 / sqrt(sum of squares of the precisions 1 / s), which takes alpha as known
    and tau as 0; else the standard error of beta + alpha tau.
    Source: Rucker et al. 2011, doi:10.1093/biostatistics/kxq046.

    >>> y, v = np.array([0.2, 0.4, 0.5, 0.9]), np.array([0.01, 0.04, 0.09, 0.16])
    >>> round(limit_meta(y, v, 0.0).estimate, 4)
    -0.0015
    """
    error, total = np.sqrt(v), np.sqrt(v + tau2)
    tau = math.sqrt(tau2)
    line = weighted_line(y, total, 1.0 / (v + tau2), dispersed=False)
    shrunken = line.intercept + tau / total * (y - line.intercept)
    radial = weighted_line(shrunken, error, 1.0 / v, dispersed=False)
    if adjust == "mean":
        estimate, std_error = moments(shrunken, 1.0 / v).mean, float((1.0 / v).sum()) ** -0.5
    elif adjust == "radial":
        estimate, std_error = radial.intercept, _radial_error(error)
    else:
        estimate = line.intercept + tau * line.slope
        std_error = _radial_error(error) if published_error else _expectation_error(total, tau)
    common = weighted_line(y, error, 1.0 / v)
    q = moments(y, 1.0 / v).rss
    residual = common.dispersion * common.df
    return Limit(
        estimate=estimate, std_error=std_error, intercept=line.intercept, bias=line.slope, shrunken=shrunken,
        q=q, q_small=q - residual, q_residual=residual, g2=_unexplained(shrunken, error, radial.intercept, radial.slope),
    )  # fmt: skip


def _radial_error(s: Array) -> float:
    """Standard error of the slope of a radial plot with unit residual variance."""
    precision = 1.0 / s
    return 1.0 / math.sqrt(float(((precision - precision.mean()) ** 2).sum()))


def _expectation_error(total: Array, tau: float) -> float:
    """Standard error of beta + tau alpha: a linear combination of the two coefficients of the radial plot."""
    precision = 1.0 / total
    spread = float(((precision - precision.mean()) ** 2).sum())
    inside = 1.0 + tau * tau * float((precision**2).mean()) - 2.0 * tau * float(precision.mean())
    return math.sqrt(max(0.0, inside) / spread)


def _unexplained(shrunken: Array, error: Array, slope: float, intercept: float) -> float:
    """100 (1 - R2) of the radial plot of the shrunken effects."""
    z, precision = shrunken / error, 1.0 / error
    rest = z - intercept - slope * precision
    around = z - z.mean()
    total = float(around @ around)
    return 100.0 * float(rest @ rest) / total if total > 0 else math.nan
