# pyright: reportMissingTypeStubs=false
"""An interval around the common-effect mean that allows for heterogeneity and for small-study effects."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.tau2 import scale_of

Array = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_SPAN = 9.0  # standard deviations beyond which the normal tail is nothing (1e-19)


class HenmiCopas(NamedTuple):
    """estimate, std_error : common-effect weights, error with tau2.  quantile : what it is multiplied by.  tau2 : DerSimonian-Laird."""

    estimate: float
    std_error: float
    quantile: float
    ci_low: float
    ci_high: float
    tau2: float


def henmi_copas(y: Array, v: Array, level: float = 0.95) -> HenmiCopas:
    """The mean with weights 1 / v, which small studies pull least, with an interval that counts the heterogeneity and
    that tau2 is estimated.

    y, v : arrays (k,), k of two or more.  The distribution of the mean over its estimated error is found by integrating
    over Q, whose conditional distribution is taken as a gamma with its exact first two moments.
    Source: Henmi & Copas 2010, doi:10.1002/sim.4029.

    >>> found = henmi_copas(np.array([0.0, 0.5, 1.0]), np.array([0.1, 0.1, 0.1]))
    >>> round(found.estimate, 6), found.ci_low < 0.5 < found.ci_high
    (0.5, True)
    """
    unit = scale_of(v)
    y, v = y / unit, v / (unit * unit)
    k, w = len(y), 1.0 / v
    s1, s2, s3, s4 = (float((w**p).sum()) for p in (1, 2, 3, 4))
    mean = float(w @ y) / s1
    q = float(w @ (y - mean) ** 2)
    tau2 = max(0.0, (q - (k - 1)) / (s1 - s2 / s1))
    moments = _Moments(k, s1, s2 / s1, s3 / s1, s4 / s1, tau2)
    ratio = _quantile(moments, (1.0 - level) / 2.0)
    std_error = math.sqrt((tau2 * s2 / s1 + 1.0) / s1)
    factor = math.sqrt(1.0 + tau2 * s2 / s1) * ratio
    half = factor * std_error * unit
    mean *= unit
    return HenmiCopas(mean, std_error * unit, factor, mean - half, mean + half, tau2 * unit * unit)


class _Moments(NamedTuple):
    """Mean and variance of Q given the standardised mean R; w1 = sum w, wj = sum w^j / sum w."""

    k: int
    w1: float
    w2: float
    w3: float
    w4: float
    tau2: float

    def gamma(self, r: Array) -> tuple[Array, Array]:
        """Shape and scale of the gamma with the mean and variance of Q at these values of R."""
        t, w1, w2, w3, w4 = self.tau2, self.w1, self.w2, self.w3, self.w4
        spread = 1.0 + t * w2
        given = (r / spread) ** 2 - 1.0 / spread
        skew = w3 - w2 * w2
        mean = (self.k - 1) + t * (w1 - w2) + t * t * given * skew
        variance = (
            2.0 * (self.k - 1)
            + 4.0 * t * (w1 - w2)
            + 2.0 * t * t * (w1 * w2 - 2.0 * w3 + w2 * w2)
            + 4.0 * t * t * given * skew
            + 4.0 * t**3 * given * (w4 - 2.0 * w2 * w3 + w2**3)
            + 2.0 * t**4 * (1.0 / spread**2 - 2.0 * r * r / spread**3) * skew**2
        )
        return mean * mean / variance, variance / mean

    def tail(self, x: float) -> float:
        """P(R above x times its estimated error)."""
        half = 0.5 * _SPAN
        r = x + half * (_NODES + 1.0)
        bound = (self.w1 / self.w2 - 1.0) * ((r / x) ** 2 - 1.0) + (self.k - 1)
        shape, scale = self.gamma(math.sqrt(1.0 + self.tau2 * self.w2) * r)
        density = np.exp(-0.5 * r * r) / math.sqrt(2.0 * math.pi)
        return half * float(_WEIGHTS @ (gammainc(shape, bound / scale) * density))


def _quantile(moments: _Moments, target: float) -> float:
    """Where the tail has this probability, by halving: it falls from one half to nothing."""
    low, high = 1e-8, 1.0
    while moments.tail(high) > target:
        high *= 2.0
        if high > 1e6:
            raise ConvergenceError("the Henmi-Copas interval has no finite limit for these studies")
    for _ in range(200):
        middle = 0.5 * (low + high)
        if high - low <= 1e-13 * high:
            return middle
        low, high = (middle, high) if moments.tail(middle) > target else (low, middle)
    return 0.5 * (low + high)
