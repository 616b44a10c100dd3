"""The Bayesian normal-normal model by numerical integration over tau, the standard deviation between studies.

Given tau, everything is normal: y_i ~ N(mu, v_i + tau^2), the mean mu, each study's own effect and the effect in a new study. So one
integral over tau is enough (Roever 2020, doi:10.18637/jss.v093.i06). It is taken in x = log tau by Gauss-Legendre panels that are halved
until the integrals of the density, of tau, tau^2, mu, mu^2 and of the distribution functions of mu and of a new study stop moving; what
they moved by last is the error that the certificate states. Below the lowest panel the likelihood is that of tau = 0 to 1e-13, and the
mass of the prior is exact. Data are brought to order one by a power of two first, so that the unit does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError, OptionError
from ostealgia.numerics.bayes_mixture import NormalMixture
from ostealgia.numerics.bayes_priors import TauPrior
from ostealgia.numerics.tau2 import scale_of

Array = NDArray[np.float64]
POINTS = 20
TOLERANCE = 1e-11  # relative, of every integral together
ACCEPTED = 1e-8
LONGEST_PATH = 8.0  # standard deviations that a component moves within a panel of twice POINTS nodes
MOST_PANELS = 4000
DEPTH = 46.0  # log of what is left out at the ends: 1e-20
HIGHEST = 230.0  # log of the largest tau in units of the data
CHUNK = 2_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Effects in internal units: (y - shift) / unit and v / unit^2 (k,), and the normal prior of the mean or None."""

    y: Array
    v: Array
    unit: float
    shift: float
    mean_prior: tuple[float, float] | None
    prior: TauPrior
    v_given: Array

    def conditional(self, tau: Array) -> tuple[Array, Array, Array]:
        """Given each tau (n,): log marginal likelihood without constants, mean and sd of mu, all (n,)."""
        rows = max(1, CHUNK // len(self.y))
        parts = [self._conditional(tau[i : i + rows]) for i in range(0, len(tau), rows)]
        log_lik, mean, sd = (np.concatenate(column) for column in zip(*parts, strict=True))
        return log_lik, mean, sd

    def _conditional(self, tau: Array) -> tuple[Array, Array, Array]:
        w = 1.0 / (self.v + np.square(tau)[:, None])
        total, sum_y, penalty = w.sum(axis=1), w @ self.y, 0.0
        centre, precision = 0.0, 0.0
        if self.mean_prior is not None:
            centre, precision = self.mean_prior[0], self.mean_prior[1] ** -2.0
        total, sum_y = total + precision, sum_y + precision * centre
        mean = sum_y / total
        rss = (w * np.square(self.y - mean[:, None])).sum(axis=1)
        if self.mean_prior is not None:
            penalty = precision * np.square(mean - centre)
        log_lik = 0.5 * (np.log(w).sum(axis=1) - np.log(total) - rss - penalty)
        return log_lik, mean, 1.0 / np.sqrt(total)

    def log_prior(self, tau: Array) -> Array:
        """Log density of tau (n,) in internal units."""
        return self.prior.log_density(tau * self.unit, self.v_given) + math.log(self.unit)

    def log_constant(self) -> float:
        """What turns the internal marginal likelihood into that of the data; 2 pi to the k - 1 for a flat prior of the mean."""
        k = len(self.y)
        power = k if self.mean_prior is not None else k - 1
        extra = -math.log(self.mean_prior[1]) if self.mean_prior is not None else 0.0
        return extra - 0.5 * power * math.log(2.0 * math.pi) - power * math.log(self.unit)


@dataclass(frozen=True, kw_only=True, eq=False)
class TauPosterior:
    """The posterior of tau in the unit of the effects: density, distribution function and quantile by the same panels."""

    data: Data
    edges: Array  # of the panels, log tau in internal units (p + 1,)
    below: Array  # posterior mass below each edge (p + 1,)
    log_norm: float  # log of the integral of density times internal likelihood
    log_at_zero: float  # log internal likelihood at tau = 0
    lowest: float = 0.0

    def density(self, x: Array) -> Array:
        """Posterior density at tau = x (n,); at 0 the limit, which is infinite for some priors."""
        tau = np.asarray(x, dtype=np.float64)
        flat = np.atleast_1d(tau).ravel()
        out = np.zeros_like(flat)
        inside = (flat > 0) & (flat <= self.data.prior.highest)
        t = flat[inside] / self.data.unit
        if len(t):
            log_lik = self.data.conditional(t)[0]
            out[inside] = np.exp(log_lik + self.data.log_prior(t) - self.log_norm) / self.data.unit
        at_zero = self.data.prior.at_zero
        if at_zero > 0:
            out[flat == 0] = at_zero * math.exp(self.log_at_zero - self.log_norm)
        return out.reshape(tau.shape)

    def cdf(self, x: Array) -> Array:
        """Posterior probability of tau up to x, any shape."""
        tau = np.asarray(x, dtype=np.float64)
        flat = np.atleast_1d(tau).ravel()
        with np.errstate(divide="ignore"):
            at = np.log(np.maximum(flat, 0.0) / self.data.unit)
        out = np.where(at >= self.edges[-1], 1.0, 0.0)
        for i in np.flatnonzero((at < self.edges[0]) & (flat > 0)):
            out[i] = self._below(float(flat[i]))
        inside = (at >= self.edges[0]) & (at < self.edges[-1])
        panel = np.searchsorted(self.edges, at[inside], side="right") - 1
        out[inside] = self.below[panel] + self._part(self.edges[panel], at[inside])
        return out.reshape(tau.shape)

    def _below(self, tau: float) -> float:
        """Mass under the lowest panel, where the likelihood is that of tau = 0."""
        mass = self.data.prior.below(tau, self.data.v_given)
        return mass * math.exp(self.log_at_zero - self.log_norm)

    def _part(self, low: Array, high: Array) -> Array:
        """Mass between two places (n,) of log tau that lie in one panel."""
        x, weight = _on(low, high)
        return (weight * self._height(x.ravel()).reshape(x.shape)).sum(axis=1)

    def _height(self, x: Array) -> Array:
        return np.exp(_log_density(self.data, x) - self.log_norm)

    def quantile(self, p: Array) -> Array:
        """The tau below which the probability p (any shape) lies: Newton's method within the panel that holds it."""
        p = np.asarray(p, dtype=np.float64)
        flat = np.atleast_1d(p).ravel()
        out = np.where(flat >= self.below[-1], self.data.unit * math.exp(float(self.edges[-1])), 0.0)
        for i in np.flatnonzero((flat > 0) & (flat <= self.below[0])):
            out[i] = self._low_quantile(float(flat[i]))
        inside = (flat > self.below[0]) & (flat < self.below[-1])
        panel = np.searchsorted(self.below, flat[inside], side="right") - 1
        start, target = self.edges[panel], flat[inside] - self.below[panel]
        low, high = start.copy(), self.edges[panel + 1].copy()
        x = 0.5 * (low + high)
        for _step in range(100):
            gap = self._part(start, x) - target
            low, high = np.where(gap < 0, x, low), np.where(gap < 0, high, x)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = x - gap / self._height(x)
            new = np.where((step > low) & (step < high), step, 0.5 * (low + high))
            if bool(np.all(np.abs(new - x) <= 1e-14)):
                break
            x = new
        out[inside] = self.data.unit * np.exp(x)
        return out.reshape(p.shape)

    def _low_quantile(self, p: float) -> float:
        low, high = -740.0, float(self.edges[0])
        for _step in range(200):
            middle = 0.5 * (low + high)
            if not low < middle < high:
                break
            if self._below(self.data.unit * math.exp(middle)) < p:
                low = middle
            else:
                high = middle
        return self.data.unit * math.exp(high)

    def mode(self) -> float:
        """The tau of the highest posterior density; 0 where the density is highest there."""
        grid = np.concatenate([[-math.inf], np.linspace(float(self.edges[0]), float(self.edges[-1]), 801)])
        with np.errstate(divide="ignore"):
            height = self.density(self.data.unit * np.exp(grid))
        best = int(np.argmax(height))
        if best <= 1:
            return 0.0
        low, high = float(grid[best - 1]), float(grid[min(best + 1, len(grid) - 1)])
        return _golden(
            lambda x: -float(self.density(np.array(self.data.unit * math.exp(x)))), low, high, self.data.unit
        )


def _golden(loss: Callable[[float], float], low: float, high: float, unit: float) -> float:
    """unit exp(x) at the least loss between low and high, by golden sections and one parabola."""
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    at_a, at_b = loss(a), loss(b)
    while high - low > 1e-5:
        if at_a < at_b:
            high, b, at_b = b, a, at_a
            a = high - ratio * (high - low)
            at_a = loss(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + ratio * (high - low)
            at_b = loss(b)
    x, h = 0.5 * (low + high), 1e-4
    left, middle, right = loss(x - h), loss(x), loss(x + h)
    bend = left - 2.0 * middle + right
    shift = 0.5 * h * (left - right) / bend if bend > 0 else 0.0
    return unit * math.exp(x + max(-h, min(h, shift)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Posterior:
    """The joint posterior of tau and mu as nodes: tau (n,), posterior weight (n,), mean and sd (n,) of mu given tau, in the unit of the
    effects.  log_evidence : log marginal likelihood, NaN for an improper prior of tau.  certificate : how the integral was found.
    """

    data: Data
    tau: Array
    weight: Array
    mean: Array
    sd: Array
    tau_posterior: TauPosterior
    log_evidence: float
    certificate: Mapping[str, Any]

    @cached_property
    def mu(self) -> NormalMixture:
        """Posterior of the mean."""
        return NormalMixture(weight=self.weight, mean=self.mean, sd=self.sd)

    @cached_property
    def new_study(self) -> NormalMixture:
        """Posterior predictive distribution of the true effect in a new study."""
        return NormalMixture(weight=self.weight, mean=self.mean, sd=np.hypot(self.sd, self.tau))

    def study(self, i: int) -> NormalMixture:
        """Posterior of the true effect of study i (shrinkage): between its own estimate and the mean."""
        y, v = float(self.data.y[i]) * self.data.unit + self.data.shift, float(self.data.v_given[i])
        share = np.square(self.tau) / (v + np.square(self.tau))
        mean = share * y + (1.0 - share) * self.mean
        return NormalMixture(weight=self.weight, mean=mean, sd=np.sqrt(share * v + np.square((1.0 - share) * self.sd)))

    def joint_density(self, mu: Array, tau: Array) -> Array:
        """Density at every pair: mu (m,), tau (n,) to (n, m)."""
        _, mean, sd = self.data.conditional(np.asarray(tau, dtype=np.float64) / self.data.unit)
        mean, sd = mean * self.data.unit + self.data.shift, sd * self.data.unit
        z = (np.asarray(mu)[None, :] - mean[:, None]) / sd[:, None]
        given = np.exp(-0.5 * z * z) / (sd[:, None] * math.sqrt(2.0 * math.pi))
        return given * self.tau_posterior.density(np.asarray(tau))[:, None]

    def tau_moment(self, power: int) -> float:
        """E[tau^power], infinite where the integral does not exist."""
        return float(self.weight @ self.tau**power) if moment_exists(self.data, power) else math.inf

    def moments(self, mixture: NormalMixture, power: int) -> tuple[float, float]:
        """Mean and sd of a mixture whose sd grows as tau^power; NaN and infinity where they do not exist."""
        if not moment_exists(self.data, power):
            return math.nan, math.inf
        mean = float(mixture.weight @ mixture.mean)
        if not moment_exists(self.data, 2 * power):
            return mean, math.inf
        return mean, math.sqrt(float(mixture.weight @ (np.square(mixture.sd) + np.square(mixture.mean - mean))))

    def log_bayes_factor_homogeneous(self) -> float:
        """Log of the marginal likelihood at tau = 0 over that of the model; NaN for an improper prior of tau."""
        if not self.data.prior.proper:
            return math.nan
        return self.tau_posterior.log_at_zero - self.tau_posterior.log_norm


def least_studies(prior: TauPrior, mean_prior: tuple[float, float] | None) -> int:
    """How many studies give a proper posterior.

    >>> from ostealgia.numerics.bayes_priors import jeffreys, uniform
    >>> least_studies(uniform(), None), least_studies(jeffreys(), None)
    (3, 2)
    """
    flat = mean_prior is None
    if prior.proper:
        return 2 if flat else 1
    return (3 if prior.tail == 0.0 else 2) - (0 if flat else 1)


def moment_exists(data: Data, power: int) -> bool:
    """True where E[tau^power] is finite: the density falls as tau^-(k - 1 + tail), one power faster with a normal prior of the mean."""
    if power == 0 or math.isfinite(data.prior.highest) or math.isinf(data.prior.tail):
        return True
    fall = data.prior.tail + len(data.y) - (1 if data.mean_prior is None else 0) - power
    return fall > 1.0 or (fall == 1.0 and data.prior.slow)


def posterior(y: Array, v: Array, prior: TauPrior, mean_prior: tuple[float, float] | None = None) -> Posterior:
    """The posterior of mean and between-study standard deviation, given effects with known variances.

    y, v : arrays (k,).  prior : of tau.  mean_prior : (mean, sd) of a normal prior of mu, or None for a flat one.
    Returns a Posterior; raises OptionError for too few studies, ConvergenceError where the integral is not found to 1e-8.
    Source: Roever 2020, doi:10.18637/jss.v093.i06; Roever & Friede 2017, doi:10.1080/10618600.2016.1276840.

    >>> from ostealgia.numerics.bayes_priors import half_normal
    >>> found = posterior(np.array([-0.9, -0.2, 0.1]), np.array([0.04, 0.05, 0.03]), half_normal(0.5))
    >>> round(float(found.mu.quantile(np.array(0.5))), 3), found.certificate["relative_error"] < 1e-10
    (-0.326, True)
    """
    data = _internal(y, v, prior, mean_prior)
    grid, log_f = _scan(data)
    log_zero = float(data.conditional(np.zeros(1))[0][0])
    peak = max(float(log_f.max()), log_zero)
    panels = _Panels(data, _edges(data, grid, log_f), peak)
    atom = prior.below(data.unit * math.exp(float(grid[0])), data.v_given) * math.exp(log_zero - peak)
    panels.refine(atom, None)
    weight, tau, mean, sd = panels.nodes(atom)
    tests = _test_points(data, NormalMixture(weight=weight, mean=mean, sd=sd), tau)
    panels.refine(atom, tests)
    weight, tau, mean, sd = panels.nodes(atom)
    total, below = panels.cumulative(atom)
    certificate = panels.certificate(atom, total)
    if not certificate["relative_error"] <= ACCEPTED:
        raise ConvergenceError(
            f"the integral over tau was found to {certificate['relative_error']:.1e} only: {certificate}."
        )
    log_norm = math.log(total) + peak
    over_tau = TauPosterior(data=data, edges=panels.edges(), below=below, log_norm=log_norm, log_at_zero=log_zero)
    return Posterior(
        data=data, tau=tau * data.unit, weight=weight, mean=mean * data.unit + data.shift, sd=sd * data.unit,
        tau_posterior=over_tau, log_evidence=log_norm + data.log_constant() if prior.proper else math.nan,
        certificate=certificate,
    )  # fmt: skip


def _internal(y: Array, v: Array, prior: TauPrior, mean_prior: tuple[float, float] | None) -> Data:
    y, v = np.asarray(y, dtype=np.float64), np.asarray(v, dtype=np.float64)
    least = least_studies(prior, mean_prior)
    if len(y) < least:
        raise OptionError(
            f"{prior.label} with {'a flat' if mean_prior is None else 'a normal'} prior of the mean needs {least} studies for a "
            f"proper posterior; found {len(y)}. Use a proper prior of tau, such as half-normal, or a normal prior of the mean."
        )
    unit = scale_of(v)
    shift = float((y / v).sum() / (1.0 / v).sum())
    inner = None if mean_prior is None else ((mean_prior[0] - shift) / unit, mean_prior[1] / unit)
    return Data(
        y=(y - shift) / unit, v=v / (unit * unit), unit=unit, shift=shift, mean_prior=inner, prior=prior, v_given=v
    )


def _log_density(data: Data, x: Array) -> Array:
    """Log of prior times likelihood per unit of x = log tau, (n,)."""
    tau = np.exp(x)
    return data.conditional(tau)[0] + data.log_prior(tau) + x


def _scan(data: Data) -> tuple[Array, Array]:
    """A grid of log tau over all that matters, and the log density on it."""
    steepest = float((1.0 / data.v).sum() + np.square(data.y / data.v).sum())
    low = min(0.5 * math.log(1e-13 / steepest), math.log(data.prior.lowest / data.unit))
    low = max(low, -600.0)
    top = min(HIGHEST, math.log(data.prior.highest / data.unit))
    spread = max(float(np.ptp(data.y)), math.sqrt(float(data.v.max())))
    middle = math.log(data.prior.quantile(0.5) / data.unit) if data.prior.quantile is not None else low
    high = min(top, max(math.log(spread) + 2.0, middle, low + 1.0))
    power = max(m for m in (0, 1, 2) if moment_exists(data, m))
    peak = float(_log_density(data, np.linspace(low, high, 101)).max())
    while high < top:
        beyond = float(_log_density(data, np.array([high]))[0])
        peak = max(peak, beyond)
        if beyond + power * max(high, 0.0) < peak - DEPTH:
            break
        high = min(top, high + 1.0 + 0.1 * abs(high))
    count = int(min(2000, max(200, (high - low) / 0.05)))
    grid = np.linspace(low, high, count + 1)
    return grid, _log_density(data, grid)


def _edges(data: Data, grid: Array, log_f: Array) -> Array:
    """Panels around every peak, as wide as the peak is there and growing away from it."""
    inner = np.flatnonzero((log_f[1:-1] >= log_f[:-2]) & (log_f[1:-1] > log_f[2:])) + 1
    edges = [float(grid[0]), float(grid[-1])]
    for i in inner[np.argsort(-log_f[inner])][:8]:
        if log_f[i] < log_f.max() - DEPTH:
            continue
        low, high = float(grid[i - 1]), float(grid[i + 1])
        at = math.log(_golden(lambda x: -float(_log_density(data, np.array([x]))[0]), low, high, 1.0))
        h = 1e-3
        f = _log_density(data, np.array([at - h, at, at + h]))
        bend = -(f[0] - 2.0 * f[1] + f[2]) / (h * h)
        width = 1.0 / math.sqrt(max(float(bend), 0.25))
        reach = 0.0
        while reach < grid[-1] - grid[0]:
            edges += [at - reach, at + reach]
            reach = reach + min(max(width, 0.5 * reach), 8.0)
    kept = np.unique(np.clip(edges, grid[0], grid[-1]))
    return kept[np.concatenate([[True], np.diff(kept) > 1e-9])]


@lru_cache(maxsize=1)
def _legendre() -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(POINTS)
    return 0.5 * (x + 1.0), 0.5 * w


def _on(low: Array, high: Array) -> tuple[Array, Array]:
    """Nodes and weights (p, POINTS) of the rule on panels (p,)."""
    at, weight = _legendre()
    width = (high - low)[:, None]
    return low[:, None] + width * at, width * weight


def _test_points(data: Data, mu: NormalMixture, tau: Array) -> Array:
    """Values at which the distribution functions of the mean and of a new study must stop moving, (2, 7)."""
    p = np.array([0.001, 0.025, 0.25, 0.5, 0.75, 0.975, 0.999])
    new = NormalMixture(weight=mu.weight, mean=mu.mean, sd=np.hypot(mu.sd, tau))
    return np.stack([mu.quantile(p), new.quantile(p)])


class _Panels:
    """Panels of the integral over log tau; each is integrated whole and in two halves, and halved where the two differ."""

    def __init__(self, data: Data, edges: Array, peak: float) -> None:
        self.data, self.peak = data, peak
        self.low, self.high = edges[:-1], edges[1:]
        self.power = max(m for m in (0, 1, 2) if moment_exists(data, m))
        self.tests: Array | None = None
        self.error = np.zeros(0)
        self._measure()

    def _measure(self) -> None:
        middle = 0.5 * (self.low + self.high)
        whole_x, whole_w = _on(self.low, self.high)
        left_x, left_w = _on(self.low, middle)
        right_x, right_w = _on(middle, self.high)
        whole, _, _ = self._integrals(whole_x, whole_w)
        self.x, self.w = np.hstack([left_x, right_x]), np.hstack([left_w, right_w])
        self.values, self.sizes, self.paths = self._integrals(self.x, self.w)
        self.gaps = np.abs(self.values - whole)

    def _integrals(self, x: Array, w: Array) -> tuple[Array, Array, Array]:
        """Integrals (p, tests) of each panel, the sizes (tests,) their errors count against, and the longest way (p,) that a component
        goes within a panel."""
        shape, flat = x.shape, x.ravel()
        tau = np.exp(flat)
        log_lik, mean, sd = self.data.conditional(tau)
        f = w.ravel() * np.exp(log_lik + self.data.log_prior(tau) + flat - self.peak)
        wide = np.hypot(sd, tau)
        columns = [f, *(f * tau**m for m in range(1, self.power + 1))]
        sizes = [float(column.sum()) for column in columns]
        columns += [f * mean, f * (mean * mean + sd * sd)]
        sizes += [float((f * np.hypot(mean, sd)).sum()), float(columns[-1].sum())]
        if self.tests is not None:
            for points, width in zip(self.tests, (sd, wide), strict=True):
                part = NormalMixture(weight=np.ones(1), mean=np.zeros(1), sd=np.ones(1))
                columns += [f * part.cdf((c - mean) / width) for c in points]
                sizes += [sizes[0]] * len(points)
        values = np.stack([column.reshape(shape).sum(axis=1) for column in columns], axis=1)
        return values, np.array(sizes), self._path(tau.reshape(shape), mean.reshape(shape), sd.reshape(shape))

    def _path(self, tau: Array, mean: Array, sd: Array) -> Array:
        """Way of the mean and of the two most extreme studies, in standard deviations, along the nodes of each panel."""
        longest = _way(mean, sd)
        score = self.data.y / np.sqrt(self.data.v)
        for i in {int(np.argmax(score)), int(np.argmin(score))}:
            share = tau**2 / (self.data.v[i] + tau**2)
            centre = share * self.data.y[i] + (1.0 - share) * mean
            width = np.sqrt(share * self.data.v[i] + np.square((1.0 - share) * sd))
            longest = np.maximum(longest, _way(centre, width))
        return longest

    def refine(self, atom: float, tests: Array | None) -> None:
        """Halve panels until all integrals together are known to TOLERANCE."""
        if tests is not None:
            self.tests = tests
            self._measure()
        for _round in range(40):
            share = (self.gaps / (self.sizes + 1e-300)).max(axis=1)
            mass = self.values[:, 0] / (self.sizes[0] + atom)
            split = (share > TOLERANCE / len(self.low)) & (share > 4e-16) & (self.high - self.low > 1e-6)
            split |= (self.paths > LONGEST_PATH) & (mass > 1e-13)
            if not split.any() or len(self.low) > MOST_PANELS:
                return
            middle = 0.5 * (self.low + self.high)
            self.low = np.sort(np.concatenate([self.low, middle[split]]))
            self.high = np.sort(np.concatenate([self.high, middle[split]]))
            self._measure()

    def nodes(self, atom: float) -> tuple[Array, Array, Array, Array]:
        """Posterior weight, tau, mean and sd (n,) of mu, internal units; the first node is tau = 0 with the mass below the panels."""
        x = self.x.ravel()
        tau = np.concatenate([[0.0], np.exp(x)])
        _, mean, sd = self.data.conditional(tau)
        weight = np.concatenate([[atom], self.w.ravel() * np.exp(_log_density(self.data, x) - self.peak)])
        weight = weight / weight.sum()
        share = weight * tau**self.power
        kept = (weight > 1e-19) | (share > 1e-19 * share.sum())
        return weight[kept], tau[kept], mean[kept], sd[kept]

    def edges(self) -> Array:
        return np.append(self.low, self.high[-1])

    def cumulative(self, atom: float) -> tuple[float, Array]:
        """The whole integral, and the posterior mass below each edge."""
        below = np.concatenate([[atom], self.values[:, 0]]).cumsum()
        return float(below[-1]), below / below[-1]

    def certificate(self, atom: float, total: float) -> dict[str, Any]:
        """How well the integrals are known: relative_error is the largest over all that were followed."""
        last = _log_density(self.data, np.array([self.high[-1] - 1e-3, self.high[-1]]))
        fall = max((last[0] - last[1]) / 1e-3, 1e-3)
        open_end = math.isinf(self.data.prior.highest) or self.high[-1] < math.log(
            self.data.prior.highest / self.data.unit
        )
        above = math.exp(float(last[1]) - self.peak) / fall / total if open_end else 0.0
        return {
            "method": "Gauss-Legendre panels in log tau, halved until the integrals stop moving",
            "panels": len(self.low),
            "nodes": int(self.x.size),
            "relative_error": float((self.gaps.sum(axis=0) / (self.sizes + 1e-300)).max()),
            "longest_path": float(np.max(np.where(self.values[:, 0] > 1e-13 * total, self.paths, 0.0))),
            "mass_below": atom / total,
            "mass_above": above,
            "tau_lowest": self.data.unit * math.exp(float(self.low[0])),
            "tau_highest": self.data.unit * math.exp(float(self.high[-1])),
        }


def _way(centre: Array, width: Array) -> Array:
    narrow = np.minimum(width[:, 1:], width[:, :-1])
    return (np.abs(np.diff(centre, axis=1)) / narrow + np.abs(np.diff(np.log(width), axis=1))).sum(axis=1)
