"""From the sums of a linear model to its likelihood: value, slope and curvature in the variance parameters.

B = [y, X] is the response beside an orthonormal design, M the marginal covariance at parameters p. Everything the (restricted) likelihood
needs is L = log|M| and A = B' M^-1 B with their derivatives; how these are found (closed form, blocks) is the engine's affair.
Harville 1977, doi:10.1080/01621459.1977.10480998.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LOG_2PI = math.log(2.0 * math.pi)


@dataclass(frozen=True, eq=False)
class Pieces:
    """log_det, and A (1 + p, 1 + p); first derivatives (q,), (q, 1 + p, 1 + p); second (q, q), (q, q, 1 + p, 1 + p)."""

    log_det: float
    a: Array
    log_det_1: Array
    a_1: Array
    log_det_2: Array
    a_2: Array


class Engine(Protocol):
    """What finds the pieces. size : number of parameters.  k : effects.  restricted is the fit's affair, not the engine's."""

    @property
    def size(self) -> int: ...

    @property
    def k(self) -> int: ...

    def pieces(self, p: Array, order: int) -> Pieces | None:
        """The pieces at p with derivatives to ``order`` (0 or 2); None where M is not positive definite in floating point."""
        ...


@dataclass(frozen=True, eq=False)
class Solution:
    """Generalised least squares at given parameters. coefficients (p,), covariance (p, p), rss = r' M^-1 r, log_likelihood."""

    coefficients: Array
    covariance: Array
    rss: float
    log_likelihood: float


def solve(pieces: Pieces, k: int, *, restricted: bool) -> Solution:
    """Coefficients on the orthonormal design and the log-likelihood with its full Gaussian constant.

    With an orthonormal design the restricted likelihood has -0.5 log|A_XX| alone, which equals -0.5 log|X' M^-1 X| + 0.5 log|X'X| for
    the design it came from.
    """
    a = pieces.a
    covariance = np.asarray(np.linalg.inv(a[1:, 1:]), dtype=np.float64)
    coefficients = covariance @ a[1:, 0]
    e = np.concatenate([np.ones(1), -coefficients])
    rss = float(e @ a @ e)
    p = len(coefficients)
    value = -0.5 * (k * LOG_2PI + pieces.log_det + rss)
    if restricted:
        value += 0.5 * p * LOG_2PI - 0.5 * float(np.linalg.slogdet(a[1:, 1:])[1])
    return Solution(coefficients, covariance, rss, value)


def derivatives(pieces: Pieces, solution: Solution, *, restricted: bool) -> tuple[Array, Array]:
    """Gradient (q,) and Hessian (q, q) of the log-likelihood, the coefficients profiled out."""
    c = solution.covariance
    e = np.concatenate([np.ones(1), -solution.coefficients])
    bent = pieces.a_1 @ e  # (q, 1 + p)
    gradient = pieces.log_det_1 + bent @ e
    pull = bent[:, 1:]
    hessian = pieces.log_det_2 + pieces.a_2 @ e @ e - 2.0 * pull @ c @ pull.T
    if restricted:
        turned = c @ pieces.a_1[:, 1:, 1:]  # (q, p, p)
        gradient = gradient + np.trace(turned, axis1=1, axis2=2)
        hessian = hessian + np.einsum("ab,ijba->ij", c, pieces.a_2[:, :, 1:, 1:])
        hessian = hessian - np.einsum("iab,jba->ij", turned, turned)
    return -0.5 * gradient, -0.5 * hessian
