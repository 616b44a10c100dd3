"""Gauss-Hermite rules for integrals over a standard normal variable."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError

Array = NDArray[np.float64]
MAX_POINTS = 101


@dataclass(frozen=True, kw_only=True, eq=False)
class HermiteRule:
    """Nodes and log weights of an adaptive rule.

    node : (q,), on the scale of a standard normal.  log_weight : (q,), log of weight / density of the standard
    normal, less log sqrt(2 pi):
    with mode m and scale s of exp(h), log of the integral of exp(h(z)) / sqrt(2 pi) is log s + log sum exp(log_weight
    + h(m + s node)).
    """

    node: Array
    log_weight: Array

    @property
    def points(self) -> int:
        return int(self.node.size)


@lru_cache(maxsize=32)
def gauss_hermite(points: int) -> HermiteRule:
    """The Gauss-Hermite rule with ``points`` nodes, for use around the mode of an integrand (1 node: Laplace's
    approximation).

    points : whole number from 1 to 101.  Returns a HermiteRule; raises OptionError for anything else.
    Source: Liu & Pierce 1994, doi:10.1093/biomet/81.3.624.

    >>> rule = gauss_hermite(7)
    >>> second_moment = np.sum(np.exp(rule.log_weight - rule.node**2 / 2) * rule.node**2)
    >>> round(float(second_moment), 12)
    1.0
    """
    if isinstance(points, bool) or not 1 <= points <= MAX_POINTS or points != int(points):
        raise OptionError(
            f"quadrature_points={points!r} is not a whole number from 1 to {MAX_POINTS}. Usual choices: 1, 7, 21."
        )
    x, weight = np.polynomial.hermite.hermgauss(int(points))
    node, log_weight = np.sqrt(2.0) * x, np.log(weight) - 0.5 * np.log(np.pi) + np.square(x)
    node.setflags(write=False)
    log_weight.setflags(write=False)
    return HermiteRule(node=node, log_weight=log_weight)
