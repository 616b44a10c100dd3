# pyright: reportMissingTypeStubs=false
"""Finite mixtures of normal distributions, and the summary of any one-dimensional posterior."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]


class Distribution(Protocol):
    """What a summary needs: density and quantiles as arrays in, arrays out; ``lowest``: the start of the support."""

    @property
    def lowest(self) -> float: ...

    def density(self, x: Array) -> Array: ...

    def quantile(self, p: Array) -> Array: ...


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Mean and sd (infinite where they do not exist), median, mode, shortest and central interval of one posterior."""

    mean: float
    sd: float
    median: float
    mode: float
    shortest: tuple[float, float]
    central: tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class NormalMixture:
    """weight (n,), summing to 1; mean and sd (n,) of the components."""

    weight: Array
    mean: Array
    sd: Array
    lowest: float = -math.inf

    def density(self, x: Array) -> Array:
        """Density at x, any shape.

        >>> one = NormalMixture(weight=np.ones(1), mean=np.zeros(1), sd=np.ones(1))
        >>> round(float(one.density(np.array(0.0))), 6)
        0.398942
        """
        z = (np.asarray(x)[..., None] - self.mean) / self.sd
        return np.exp(-0.5 * z * z) @ (self.weight / (self.sd * math.sqrt(2.0 * math.pi)))

    def slope(self, x: Array) -> Array:
        """Derivative of the density."""
        z = (np.asarray(x)[..., None] - self.mean) / self.sd
        return -(z * np.exp(-0.5 * z * z)) @ (self.weight / (self.sd * self.sd * math.sqrt(2.0 * math.pi)))

    def cdf(self, x: Array) -> Array:
        """Probability of a value up to x, any shape."""
        return ndtr((np.asarray(x)[..., None] - self.mean) / self.sd) @ self.weight

    def quantile(self, p: Array) -> Array:
        """Values below which the probabilities p (any shape) lie: Newton's method held within a bracket.

        >>> two = NormalMixture(weight=np.array([0.5, 0.5]), mean=np.array([-1.0, 1.0]), sd=np.array([0.1, 0.1]))
        >>> round(float(two.quantile(np.array(0.25))), 6)
        -1.0
        """
        shape = np.shape(p)
        p = np.atleast_1d(np.asarray(p, dtype=np.float64)).ravel()
        low, high = self._bracket(p)
        narrowest = float(self.sd.min())
        x = np.clip(ndtri(p)[:, None] * self.sd @ self.weight + self.mean @ self.weight, low, high)
        for _step in range(300):
            gap = self.cdf(x) - p
            low, high = np.where(gap < 0, x, low), np.where(gap < 0, high, x)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = x - gap / self.density(x)
            inside = (step > low) & (step < high)
            new = np.where(inside, step, 0.5 * (low + high))
            if bool(np.all((np.abs(new - x) <= 1e-13 * (np.abs(x) + narrowest)) | (np.abs(gap) <= 2e-16))):
                break
            x = new
        return x.reshape(shape)

    def _bracket(self, p: Array) -> tuple[Array, Array]:
        """The quantile lies between the least and the largest one of the components; those without weight do not count."""
        heavy = self.weight > 1e-6 * np.minimum(p, 1.0 - p).min() / len(self.weight)
        kept = np.flatnonzero(heavy) if heavy.any() else np.arange(len(self.weight))
        inner = np.clip(p, 1e-300, 1.0 - 1e-16)
        # the components left out hold less than 1e-6 of the smaller tail, so the level moves by no more than that
        slack = 1e-5 * np.minimum(inner, 1.0 - inner)
        at_low = self.mean[kept] + ndtri(inner - slack)[:, None] * self.sd[kept]
        at_high = self.mean[kept] + ndtri(np.minimum(inner + slack, 1.0 - 1e-16))[:, None] * self.sd[kept]
        pad = 1e-9 * float(self.sd.min())
        return at_low.min(axis=1) - pad, at_high.max(axis=1) + pad

    def mode(self) -> float:
        """The value of the highest density: the best of a grid of quantiles, then the root of the slope."""
        grid = self.quantile(np.linspace(0.005, 0.995, 199))
        best = int(np.argmax(self.density(grid)))
        low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
        return root(lambda x: float(self.slope(np.array(x))), low, high)


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function changes its sign between low and high: secants with the Illinois rule.

    Dowell & Jarratt 1971, doi:10.1007/BF01934364.

    >>> round(root(lambda x: x * x - 2.0, 0.0, 2.0), 12)
    1.414213562373
    """
    at_low, at_high = function(low), function(high)
    side = 0.0
    if at_low == 0.0 or at_high == 0.0 or (at_low > 0) == (at_high > 0):
        return low if abs(at_low) <= abs(at_high) else high
    for _step in range(100):
        x = (at_high * low - at_low * high) / (at_high - at_low)
        if not low < x < high:
            x = 0.5 * (low + high)
        value = function(x)
        if value == 0.0 or high - low <= 4e-16 * (abs(low) + abs(high)):
            return x
        if (value > 0) == (at_high > 0):
            high, at_high, at_low, side = x, value, at_low * (0.5 if side > 0 else 1.0), 1.0
        else:
            low, at_low, at_high, side = x, value, at_high * (0.5 if side < 0 else 1.0), -1.0
    return 0.5 * (low + high)


def central_interval(distribution: Distribution, level: float) -> tuple[float, float]:
    """The same probability left out on either side."""
    tail = 0.5 * (1.0 - level)
    low, high = distribution.quantile(np.array([tail, 1.0 - tail]))
    return float(low), float(high)


def shortest_interval(distribution: Distribution, level: float) -> tuple[float, float]:
    """The shortest interval of this probability; for one peak it holds the highest densities.

    It starts at the end of the support where the density is highest there. Else the probability left out below is the
    point at which both ends have one density, found from the best of a grid.
    """
    spare = 1.0 - level
    start = distribution.lowest
    share = 0.5 * (1.0 - np.cos(np.linspace(0.0, math.pi, 65)))
    if math.isfinite(start):
        share[0], share[-1] = 0.0, 1.0 - 1e-12
    else:
        share = np.clip(share, 1e-9, 1.0 - 1e-9)
    lows, highs = distribution.quantile(share * spare), distribution.quantile(share * spare + level)
    best = int(np.argmin(highs - lows))
    if best == 0 and math.isfinite(start):
        return start, float(highs[0])
    a, b = float(share[max(best - 1, 0)]), float(share[min(best + 1, len(share) - 1)])

    def gap(part: float) -> float:
        ends = distribution.quantile(np.array([part * spare, part * spare + level]))
        left, right = distribution.density(ends)
        return float(right - left)

    part = root(gap, a, b)
    low, high = distribution.quantile(np.array([part * spare, part * spare + level]))
    return float(low), float(high)
