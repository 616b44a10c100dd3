# pyright: reportMissingTypeStubs=false
"""Exponential families in their natural parameter, with the derivatives that Laplace and Gauss-Hermite approximations
need.

Arrays are (arms, studies): the last axis runs over studies, the one before over arms. A linear predictor ``eta`` may
have any number of
leading axes (quadrature nodes, grids of parameters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln, xlogy

Array = NDArray[np.float64]


class Family(Protocol):
    """The log-likelihood of one arm is y eta - K(eta) + constant, K convex."""

    @property
    def centre(self) -> Array:
        """A finite eta near the one that fits each arm by itself, (arms, k): a place to start."""
        ...

    @property
    def weight(self) -> Array:
        """The information on eta at ``centre``, (arms, k)."""
        ...

    @property
    def constant(self) -> Array:
        """The part of the log-likelihood without eta, (arms, k)."""
        ...

    @property
    def saturated(self) -> Array:
        """The log-likelihood of each arm fitted by itself, constant included, (arms, k)."""
        ...

    def own_fit(self) -> tuple[Array, Array]:
        """Estimate of eta from each arm alone and its information, (arms, k); both 0 where the estimate is infinite."""
        ...

    def value_slope(self, eta: Array) -> tuple[Array, Array, Array]:
        """Log-likelihood without constant, and its first and second derivative, each of the shape of eta."""
        ...

    def slope_curvature(self, eta: Array) -> tuple[Array, Array]:
        """First and second derivative."""
        ...

    def four(self, eta: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Log-likelihood without constant and its first four derivatives."""
        ...


def log_choose(n: Array, y: Array) -> Array:
    """log of n! / (y! (n - y)!), also for fractional arguments."""
    return np.asarray(gammaln(n + 1.0) - gammaln(y + 1.0) - gammaln(n - y + 1.0), dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Binomial:
    """Events among n with logit link.  events, n : (arms, k); an arm with n = 0 says nothing."""

    events: Array
    n: Array

    @property
    def centre(self) -> Array:
        return np.log((self.events + 0.5) / (self.n - self.events + 0.5))

    @property
    def weight(self) -> Array:
        return np.where(self.n > 0, (self.events + 0.5) * (self.n - self.events + 0.5) / (self.n + 1.0), 0.0)

    @property
    def constant(self) -> Array:
        return log_choose(self.n, self.events)

    @property
    def saturated(self) -> Array:
        y, rest = self.events, self.n - self.events
        share = np.divide(y, self.n, out=np.zeros_like(y), where=self.n > 0)
        return np.asarray(self.constant + xlogy(y, share) + xlogy(rest, 1.0 - share), dtype=np.float64)

    def own_fit(self) -> tuple[Array, Array]:
        inside = (self.events > 0) & (self.events < self.n)
        y, rest = np.where(inside, self.events, 1.0), np.where(inside, self.n - self.events, 1.0)
        return np.log(y) - np.log(rest), np.where(inside, y * rest / (y + rest), 0.0)

    def value_slope(self, eta: Array) -> tuple[Array, Array, Array]:
        p = np.asarray(expit(eta))
        mean = self.n * p
        return self.events * eta - self.n * np.logaddexp(0.0, eta), self.events - mean, mean * (p - 1.0)

    def slope_curvature(self, eta: Array) -> tuple[Array, Array]:
        p = np.asarray(expit(eta))
        mean = self.n * p
        return self.events - mean, mean * (p - 1.0)

    def four(self, eta: Array) -> tuple[Array, Array, Array, Array, Array]:
        p = np.asarray(expit(eta))
        value, slope, second = self.value_slope(eta)
        return value, slope, second, second * (1.0 - 2.0 * p), second * (1.0 - 6.0 * p * (1.0 - p))


@dataclass(frozen=True, kw_only=True, eq=False)
class Poisson:
    """Events in person_time with log link.  events, person_time : (arms, k); an arm with person_time = 0 says
    nothing."""

    events: Array
    person_time: Array

    @property
    def centre(self) -> Array:
        return np.log((self.events + 0.5) / np.where(self.person_time > 0, self.person_time, 1.0))

    @property
    def weight(self) -> Array:
        return np.where(self.person_time > 0, self.events + 0.5, 0.0)

    @property
    def constant(self) -> Array:
        return np.asarray(xlogy(self.events, self.person_time) - gammaln(self.events + 1.0), dtype=np.float64)

    @property
    def saturated(self) -> Array:
        y = self.events
        return np.asarray(xlogy(y, y) - y - gammaln(y + 1.0), dtype=np.float64)

    def own_fit(self) -> tuple[Array, Array]:
        return np.log(np.where(self.events > 0, self.events / self.person_time, 1.0)), self.events

    def value_slope(self, eta: Array) -> tuple[Array, Array, Array]:
        mean = self.person_time * np.exp(np.minimum(eta, 300.0))
        return self.events * eta - mean, self.events - mean, -mean

    def slope_curvature(self, eta: Array) -> tuple[Array, Array]:
        mean = self.person_time * np.exp(np.minimum(eta, 300.0))
        return self.events - mean, -mean

    def four(self, eta: Array) -> tuple[Array, Array, Array, Array, Array]:
        value, slope, second = self.value_slope(eta)
        return value, slope, second, second, second
