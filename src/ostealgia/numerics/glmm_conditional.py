# pyright: reportMissingTypeStubs=false
"""The noncentral hypergeometric distribution: events of arm 1 given the margins of a 2x2 table, its log odds ratio
the natural parameter.

Sums run over the support, or over a window around the mean with a stride that grows with the standard deviation. A
sum over every h-th value
of a smooth bell of standard deviation s differs from the full sum by a factor near exp(-2 pi^2 s^2 / h^2) (Poisson's
summation formula), here
below 1e-70, so tables with ten million patients cost no more than small ones.
Source: Liao & Rosen 2001, doi:10.1198/000313001753272547; Stijnen, Hamza & Ozdemir 2010, doi:10.1002/sim.4040.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ostealgia.errors import ConvergenceError

Array = NDArray[np.float64]
SMALL_SUPPORT = 256
SMOOTH_SD = 9.0
STIRLING = 25.0


def log_gamma_step(x: Array, step: Array) -> Array:
    """log Gamma(x + step) - log Gamma(x) without the loss of digits of a difference of large numbers.

    x : above 0.  step : above -x.  Stirling's series is used where both arguments exceed 25.

    >>> abs(float(log_gamma_step(np.array(1e7), np.array(1.0)) - np.log(1e7))) < 1e-12
    True
    """
    x, step = np.broadcast_arrays(x, step)
    large = (x > STIRLING) & (x + step > STIRLING)
    if not large.any():
        return np.asarray(gammaln(x + step) - gammaln(x), dtype=np.float64)
    low, move = np.where(large, x, 2.0 * STIRLING), np.where(large, step, 0.0)
    high = low + move
    series = (high - 0.5) * np.log1p(move / low) + move * (np.log(low) - 1.0) + _stirling(high) - _stirling(low)
    if large.all():
        return series
    small = np.where(large, 1.0, x)
    return np.where(large, series, gammaln(np.where(large, 1.0, x + step)) - gammaln(small))


def _stirling(x: Array) -> Array:
    """Remainder of Stirling's formula for log Gamma, good to 1e-13 above 25."""
    inverse = 1.0 / x
    square = inverse * inverse
    return inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1260.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Hypergeometric:
    """Events of arm 1 given all margins; eta is the log odds ratio.  events_1, n_1, events_2, n_2 : (1, k), whole
    numbers."""

    events_1: Array
    n_1: Array
    events_2: Array
    n_2: Array

    @cached_property
    def total(self) -> Array:
        return self.events_1 + self.events_2

    @cached_property
    def low(self) -> Array:
        return np.maximum(0.0, self.total - self.n_2)

    @cached_property
    def high(self) -> Array:
        return np.minimum(self.n_1, self.total)

    @cached_property
    def cells(self) -> tuple[Array, Array, Array, Array]:
        a, c = self.events_1, self.events_2
        return a, self.n_1 - a, c, self.n_2 - c

    @property
    def centre(self) -> Array:
        a, b, c, d = self.cells
        return np.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)))

    @property
    def weight(self) -> Array:
        return 1.0 / np.sum([1.0 / (cell + 0.5) for cell in self.cells], axis=0)

    @property
    def constant(self) -> Array:
        return np.zeros_like(self.events_1)

    @property
    def saturated(self) -> Array:
        estimate, information = self.own_fit()
        return np.where(information > 0, self.value_slope(estimate)[0], 0.0)

    def own_fit(self) -> tuple[Array, Array]:
        inside = (self.events_1 > self.low) & (self.events_1 < self.high)
        eta = np.where(inside, self.centre, 0.0)
        below, above = np.full(eta.shape, -np.inf), np.full(eta.shape, np.inf)
        for _ in range(200):
            slope, bend = self.slope_curvature(eta)
            below, above = np.where(slope >= 0, eta, below), np.where(slope <= 0, eta, above)
            move = np.where(inside, np.clip(slope / np.maximum(-bend, 1e-300), -1.0, 1.0), 0.0)
            new = eta + move
            outside = (new < below) | (new > above)
            new = np.where(outside, 0.5 * (below + above), new)
            if np.all(np.square(move) * -bend <= 1e-14):
                return new, np.where(inside, -bend, 0.0)
            eta = new
        raise ConvergenceError("The conditional odds ratio of a study was not found in 200 Newton steps.")

    def _log_weight(self, gap: Array) -> Array:
        """log C(n_1, j) C(n_2, total - j) relative to the observed table, j = events_1 + gap; gap : (..., 1, k, J)."""
        a, b, c, d = (cell[..., None] + 1.0 for cell in self.cells)
        return -(log_gamma_step(a, gap) + log_gamma_step(b, -gap) + log_gamma_step(c, -gap) + log_gamma_step(d, gap))

    @cached_property
    def _table(self) -> tuple[Array, Array] | None:
        """Support, as distance from the observed count, and log weights of all studies where every support is small,
        each (1, k, J)."""
        size = int(np.max(self.high - self.low)) + 1
        if size > SMALL_SUPPORT:
            return None
        gap = (self.low - self.events_1)[..., None] + np.arange(size)
        inside = gap <= (self.high - self.events_1)[..., None]
        gap = np.where(inside, gap, 0.0)
        return gap, np.where(inside, self._log_weight(gap), -np.inf)

    def _window(self, eta: Array) -> tuple[Array, Array]:
        """Points around the mean at eta, as distance from the observed count, and their log weights, log of the
        stride included."""
        mean, sd = self._approximate_moments(eta)
        smooth = sd > SMOOTH_SD
        stride = np.where(smooth, sd / 3.0, 1.0)
        half = 9.0 * sd + 20.0
        start = np.where(smooth, mean - half, np.maximum(self.low, np.floor(mean - half)))
        end = np.minimum(self.high, mean + half)
        count = int(np.max(np.ceil((end - start) / stride))) + 1
        j = start[..., None] + stride[..., None] * np.arange(count)
        inside = (j >= self.low[..., None]) & (j <= end[..., None])
        gap = np.where(inside, j - self.events_1[..., None], 0.0)
        return gap, np.where(inside, self._log_weight(gap) + np.log(stride)[..., None], -np.inf)

    def _approximate_moments(self, eta: Array) -> tuple[Array, Array]:
        """Mean and standard deviation to first order: the root of a quadratic, taken for the arm whose odds are
        larger."""
        positive = eta >= 0
        odds = np.exp(-np.abs(eta))
        first, second = np.where(positive, self.n_1, self.n_2), np.where(positive, self.n_2, self.n_1)
        b = first + self.total + odds * (second - self.total)
        c = first * self.total
        share = 2.0 * c / (b + np.sqrt(np.maximum(np.square(b) - 4.0 * (1.0 - odds) * c, 0.0)))
        mean = np.clip(np.where(positive, share, self.total - share), self.low, self.high)
        gaps = (mean, self.n_1 - mean, self.total - mean, self.n_2 - self.total + mean)
        return mean, np.sqrt(1.0 / np.sum([1.0 / (gap + 0.5) for gap in gaps], axis=0))

    def _points(self, eta: Array) -> tuple[Array, Array, Array]:
        """Support as distance from the observed count, probabilities, and the log-likelihood."""
        gap, log_w = self._table or self._window(eta)
        height = log_w + gap * eta[..., None]
        top = height.max(axis=-1, keepdims=True)
        share = np.exp(height - top)
        total = share.sum(axis=-1, keepdims=True)
        return gap, share / total, -(top + np.log(total))[..., 0]

    def value_slope(self, eta: Array) -> tuple[Array, Array, Array]:
        gap, share, value = self._points(eta)
        mean = np.sum(share * gap, axis=-1)
        return value, -mean, -np.sum(share * np.square(gap - mean[..., None]), axis=-1)

    def slope_curvature(self, eta: Array) -> tuple[Array, Array]:
        _, slope, bend = self.value_slope(eta)
        return slope, bend

    def four(self, eta: Array) -> tuple[Array, Array, Array, Array, Array]:
        gap, share, value = self._points(eta)
        mean = np.sum(share * gap, axis=-1)
        dev = gap - mean[..., None]
        square = share * np.square(dev)
        second, third = square.sum(axis=-1), np.sum(square * dev, axis=-1)
        fourth = np.sum(square * np.square(dev), axis=-1) - 3.0 * np.square(second)
        return value, -mean, -second, -third, -fourth
