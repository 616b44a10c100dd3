"""Natural cubic splines as columns of a design matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError

Array = NDArray[np.float64]
_ORDER = 4


@dataclass(frozen=True)
class NaturalSpline:
    """A natural cubic spline: inner knots and the two boundary knots, beyond which it is a straight line."""

    knots: tuple[float, ...]
    boundary: tuple[float, float]

    @property
    def df(self) -> int:
        """Number of columns, the constant not counted."""
        return len(self.knots) + 1


def natural_spline(x: Array, df: int) -> NaturalSpline:
    """Knots at quantiles of x, boundary knots at its range.

    x : array (k,).  df : columns wanted, 1 or more; df - 1 inner knots.  Raises OptionError where x has too few different values.
    Source: Hastie 1992, in Chambers & Hastie, "Statistical Models in S", chapter 7; the same columns as ``ns(x, df)`` of R.

    >>> natural_spline(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), 2).knots
    (2.0,)
    """
    if df < 1:
        raise OptionError(f"df={df!r} of a natural spline is not a whole number of 1 or more.")
    different = len(np.unique(x))
    if different < df + 1:
        raise OptionError(f"a natural spline with {df} df needs {df + 1} different values; there are {different}.")
    low, high = float(x.min()), float(x.max())
    knots = np.quantile(x, np.linspace(0.0, 1.0, df + 1)[1:-1])
    if len(np.unique(np.concatenate([[low], knots, [high]]))) < df + 1:
        raise OptionError(
            f"a natural spline with {df} df has knots that coincide, because many values are the same; use fewer df."
        )
    return NaturalSpline(tuple(float(knot) for knot in knots), (low, high))


def spline_columns(spline: NaturalSpline, x: Array) -> Array:
    """The columns of a natural spline at x, (k, df).

    The cubic B-splines without the first, projected on those combinations whose second derivative is zero at both boundary knots.

    >>> spline_columns(natural_spline(np.array([0.0, 1.0, 2.0, 3.0]), 1), np.array([0.0, 1.5, 6.0])).round(3).ravel().tolist()
    [0.0, 0.401, 1.604]
    """
    low, high = spline.boundary
    knots = np.concatenate([[low] * _ORDER, spline.knots, [high] * _ORDER])
    ends = np.array([low, high])
    curvature = _basis(ends, knots, derivative=2)[:, 1:]
    q, _ = np.linalg.qr(curvature.T, mode="complete")
    columns = _basis(np.clip(x, low, high), knots)[:, 1:]
    slope = _basis(ends, knots, derivative=1)[:, 1:]
    columns = columns + np.minimum(x - low, 0.0)[:, None] * slope[0] + np.maximum(x - high, 0.0)[:, None] * slope[1]
    return columns @ q[:, 2:]


def _basis(x: Array, knots: Array, derivative: int = 0) -> Array:
    """Cubic B-splines or their derivatives at x within the boundary knots, (k, len(knots) - 4) (de Boor 1978)."""
    return _spline(x, knots, _ORDER - 1, derivative)


def _spline(x: Array, knots: Array, degree: int, derivative: int) -> Array:
    if degree == 0:
        last = int((knots < knots[-1]).sum()) - 1  # the last interval takes its right end
        position = (x[:, None] >= knots[: last + 1]).sum(axis=1) - 1
        out = np.zeros((len(x), len(knots) - 1))
        out[np.arange(len(x)), position] = 1.0
        return out
    lower = _spline(x, knots, degree - 1, max(0, derivative - 1))
    width = knots[degree:] - knots[:-degree]
    share = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)
    if derivative:
        scaled = degree * lower * share
        return scaled[:, :-1] - scaled[:, 1:]
    rise = (x[:, None] - knots[:-degree]) * share * lower
    fall = (knots[degree:] - x[:, None]) * share * lower
    return rise[:, :-1] + fall[:, 1:]
