# pyright: reportMissingTypeStubs=false
"""Selection weights as functions of the P value, and the share of all conceivable studies that they let through.

A study with standard error s has effect y, x = y / s and P = 1 - Phi(x). With true effects N(mu, tau2), y is N(mu, S),
S = s^2 + tau2, and the share let through is A = integral of w(P) times that density. Since the density obeys the heat
equation, every derivative of A in mu and tau2 is a combination of A_n = d^n A / d mu^n, n = 0..4. Steps are closed
forms; smooth weights are integrated by Gauss-Legendre panels in x, on which P does not depend on the study, with closed
forms beyond.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_ndtr, ndtr, ndtri

Array = NDArray[np.float64]
_NODES, _SHARES = np.polynomial.legendre.leggauss(12)
_EDGE = 8.3  # beyond, P is 0 or 1 to 1e-16
_PANEL = 0.5
ORDERS = 5


class Through(NamedTuple):
    """Log weights of the studies with derivatives in the p parameters, and the shares let through with theirs.

    log_w (k,), first (p, k), second (p, p, k); shares (5, k): A and its derivatives in mu; shares_1 (p, 3, k): dA_n / d
    delta for n = 0..2; shares_2 (p, p, k): second derivatives of A in delta.
    """

    log_w: Array
    first: Array
    second: Array
    shares: Array
    shares_1: Array
    shares_2: Array


class Weighting(Protocol):
    """What the likelihood needs from a selection function."""

    def through(self, delta: Array, mu: float, total: Array) -> Through:
        """At parameters delta (p,), true mean mu and total variances (k,)."""
        ...


def hermite(z: Array) -> Array:
    """Probabilists' Hermite polynomials of order 0 to 4, (5, ...)."""
    z2 = z * z
    return np.stack([np.ones_like(z), z, z2 - 1.0, z * (z2 - 3.0), z2 * z2 - 6.0 * z2 + 3.0])


def cumulative(edge: Array, mu: float, total: Array) -> Array:
    """Phi((edge - mu) / sqrt(total)) and its first four derivatives in mu.

    edge, total : broadcast to (...). Returns (5, ...).

    >>> cumulative(np.array([0.0]), 0.0, np.array([1.0]))[:2].round(4).ravel().tolist()
    [0.5, -0.3989]
    """
    root = np.sqrt(total)
    z = np.asarray((edge - mu) / root)
    inside = np.isfinite(z)
    safe = np.where(inside, z, 0.0)
    density = np.where(inside, np.exp(-0.5 * safe * safe) / math.sqrt(2.0 * math.pi), 0.0)
    out = np.empty((ORDERS, *z.shape))
    out[0] = ndtr(z)
    for n, polynomial in enumerate(hermite(safe)[:4], start=1):
        out[n] = -polynomial * density / root**n
    return out


@dataclass(frozen=True, eq=False)
class Steps:
    """Weight delta_j where P lies above cut j - 1 and not above cut j.

    interval : of each study, (k,).  edges : of the intervals as effects, (j + 1, k) pairs (upper effect first): the
    share of interval j is Phi(edge j) - Phi(edge j + 1); two_sided : and the mirror image.
    """

    interval: NDArray[np.intp]
    edges: Array
    two_sided: bool

    def through(self, delta: Array, mu: float, total: Array) -> Through:
        upper = cumulative(self.edges, mu, total)
        mass = upper[:, :-1] - upper[:, 1:]
        if self.two_sided:
            lower = cumulative(-self.edges, mu, total)
            mass = mass + lower[:, 1:] - lower[:, :-1]
        p, k = len(delta), len(total)
        with np.errstate(divide="ignore"):
            log_w = np.log(delta)[self.interval]
        chosen = self.interval[None, :] == np.arange(p)[:, None]
        first = chosen / np.where(delta > 0.0, delta, np.inf)[:, None]
        second = np.zeros((p, p, k))
        second[np.arange(p), np.arange(p)] = -first * first
        shares = np.einsum("j,njk->nk", delta, mass)
        return Through(log_w, first, second, shares, np.moveaxis(mass[:3], 0, 1), np.zeros((p, p, k)))


def steps(y: Array, se: Array, p: Array, cuts: Array, *, two_sided: bool) -> Steps:
    """The step function with these cuts (increasing, the last 1) for effects y with P values p, (k,)."""
    z = -ndtri(np.concatenate([[0.0], cuts]) / (2.0 if two_sided else 1.0))
    if two_sided:
        z[-1] = 0.0
    return Steps(np.searchsorted(cuts, p, side="left"), z[:, None] * se[None, :], two_sided)


class LogWeight(NamedTuple):
    """log w with first (p, ...) and second (p, p, ...) derivatives."""

    value: Array
    first: Array
    second: Array


class PValue(NamedTuple):
    """P with log P and log(1 - P), each of one shape."""

    p: Array
    log_p: Array
    log_q: Array


def p_values(x: Array, *, two_sided: bool, floor: float) -> PValue:
    """P of standardised effects x, with P and 1 - P held at ``floor`` or more where it is above 0."""
    if two_sided:
        p = 2.0 * ndtr(-np.abs(x))
        log_p = math.log(2.0) + log_ndtr(-np.abs(x))
        with np.errstate(divide="ignore"):
            log_q = np.log(1.0 - 2.0 * ndtr(-np.abs(x)))
    else:
        p, log_p, log_q = ndtr(-x), log_ndtr(-x), log_ndtr(x)
    if floor > 0.0:
        p = np.clip(p, floor, 1.0 - floor)
        low, high = math.log(floor), math.log1p(-floor)
        log_p, log_q = np.clip(log_p, low, high), np.clip(log_q, low, high)
    return PValue(p, log_p, log_q)


def _exponent(slope: Array) -> LogWeight:
    """log w = delta times a slope that does not depend on delta; its value is filled in by the caller."""
    return LogWeight(slope, slope[None], np.zeros((1, 1, *slope.shape)))


def _half_normal(delta: Array, at: PValue, precision: Array) -> LogWeight:
    line = _exponent(-precision * at.p * at.p)
    return line._replace(value=delta[0] * line.value)


def _negative_exponential(delta: Array, at: PValue, precision: Array) -> LogWeight:
    line = _exponent(-precision * at.p)
    return line._replace(value=delta[0] * line.value)


def _power(delta: Array, at: PValue, precision: Array) -> LogWeight:
    line = _exponent(precision * at.log_q)
    return line._replace(value=delta[0] * line.value)


def _logistic(delta: Array, at: PValue, precision: Array) -> LogWeight:
    slope = precision * at.p
    t = delta[0] * slope
    rising = expit(t)
    value = math.log(2.0) - t - np.log1p(np.exp(-t))
    return LogWeight(value, (-slope * rising)[None], (-slope * slope * rising * (1.0 - rising))[None, None])


def _beta(delta: Array, at: PValue, precision: Array) -> LogWeight:
    value = (delta[0] - 1.0) * at.log_p + (delta[1] - 1.0) * at.log_q
    return LogWeight(value, np.stack([at.log_p, at.log_q]), np.zeros((2, 2, *value.shape)))


class Kind(NamedTuple):
    """A smooth selection function.

    null : parameters of no selection.  low : the lowest value of each.  floor : of P.
    """

    log_weight: Callable[[Array, PValue, Array], LogWeight]
    null: tuple[float, ...]
    low: float
    floor: float
    with_precision: bool


SMOOTH: dict[str, Kind] = {
    "beta": Kind(_beta, (1.0, 1.0), 1e-5, 1e-5, False),
    "halfnorm": Kind(_half_normal, (0.0,), 0.0, 0.0, True),
    "negexp": Kind(_negative_exponential, (0.0,), 0.0, 0.0, True),
    "logistic": Kind(_logistic, (0.0,), 0.0, 0.0, True),
    "power": Kind(_power, (0.0,), 0.0, 1e-5, True),
}


@dataclass(frozen=True, eq=False)
class Smooth:
    """A smooth weight function prepared for one set of studies.

    observed : P of the studies, (k,).  nodes : x of the quadrature, (g,), with weights (g,) and P there; tails : x and
    P at its two ends.
    se, precision : (k,).
    """

    kind: Kind
    observed: PValue
    nodes: Array
    share: Array
    at: PValue
    ends: Array
    at_ends: PValue
    se: Array
    precision: Array
    same: bool  # one precision for all studies

    def through(self, delta: Array, mu: float, total: Array) -> Through:
        k, p = len(self.se), len(delta)
        own = self.kind.log_weight(delta, self.observed, self.precision)
        column = np.ones((1, 1)) if self.same else self.precision[:, None]
        inner = self._expanded(self.kind.log_weight(delta, _row(self.at), column))
        outer = self._expanded(self.kind.log_weight(delta, _row(self.at_ends), column))
        scale = np.sqrt(total) / self.se
        z = (self.nodes[None, :] - (mu / self.se)[:, None]) / scale[:, None]
        density = np.exp(-0.5 * z * z) * (self.share[None, :] / (math.sqrt(2.0 * math.pi) * scale[:, None]))
        basis = hermite(z) * density / np.sqrt(total)[None, :, None] ** np.arange(ORDERS)[:, None, None]
        edges = cumulative(self.ends[:, None] * self.se[None, :], mu, total)
        tails = np.stack([edges[:, 0], -edges[:, 1]])  # (2, 5, k): below the first end, above the last
        tails[1, 0] += 1.0

        def integral(values: Array, at_ends: Array, orders: int) -> Array:
            body = np.einsum("nkg,kg->nk", basis[:orders], np.broadcast_to(values, (k, len(self.nodes))))
            return body + np.einsum("tnk,kt->nk", tails[:, :orders], np.broadcast_to(at_ends, (k, 2)))

        shares = integral(inner.value, outer.value, ORDERS)
        shares_1 = np.stack([integral(inner.first[j], outer.first[j], 3) for j in range(p)])
        shares_2 = np.empty((p, p, k))
        for i in range(p):
            for j in range(p):
                shares_2[i, j] = integral(inner.second[i, j], outer.second[i, j], 1)[0]
        return Through(own.value, own.first, own.second, shares, shares_1, shares_2)

    @staticmethod
    def _expanded(log_weight: LogWeight) -> LogWeight:
        """w with its derivatives from log w with its own."""
        w = np.exp(log_weight.value)
        first = log_weight.first * w
        both = log_weight.first[:, None] * log_weight.first[None, :] + log_weight.second
        return LogWeight(w, first, both * w)


def _row(at: PValue) -> PValue:
    return PValue(at.p[None, :], at.log_p[None, :], at.log_q[None, :])


def smooth(name: str, x: Array, se: Array, precision: Array | None, *, two_sided: bool) -> Smooth:
    """The smooth weight function ``name`` for studies with standardised effects x and standard errors se, (k,).

    precision : (k,) or None, a multiplier of the exponent.
    """
    kind = SMOOTH[name]
    breaks = _breaks(kind.floor, two_sided)
    low, width = breaks[:-1], np.diff(breaks)
    nodes = (low[:, None] + 0.5 * width[:, None] * (_NODES + 1.0)).ravel()
    share = (0.5 * width[:, None] * _SHARES).ravel()
    ends = breaks[[0, -1]]

    def at(points: Array) -> PValue:
        return p_values(points, two_sided=two_sided, floor=kind.floor)

    return Smooth(
        kind, at(x), nodes, share, at(nodes), ends, at(ends), se,
        np.ones(len(se)) if precision is None else precision, precision is None,
    )  # fmt: skip


def _breaks(floor: float, two_sided: bool) -> Array:
    """Ends of the panels in x: where P reaches its floor, and evenly between; towards 0 for two sides, where w has a corner."""
    edge = -float(ndtri(floor / (2.0 if two_sided else 1.0))) if floor > 0.0 else _EDGE
    if not two_sided:
        return np.linspace(-edge, edge, math.ceil(2.0 * edge / _PANEL) + 1)
    start = float(ndtri(0.5 + 0.5 * floor)) if floor > 0.0 else 0.0
    fine = np.geomspace(max(start, 1e-6), _PANEL, 12)
    right = np.concatenate([[0.0], fine, np.linspace(_PANEL, edge, math.ceil((edge - _PANEL) / _PANEL) + 1)[1:]])
    right = np.unique(np.concatenate([[start], right]))
    right = right[right >= 0.0]
    return np.concatenate([-right[:0:-1], right])


def curve(name: str, delta: Array, p: Array, precision: float = 1.0) -> Array:
    """The weight of a smooth selection function at any P values.

    >>> curve("negexp", np.array([1.0]), np.array([0.0, 1.0])).round(4).tolist()
    [1.0, 0.3679]
    """
    kind = SMOOTH[name]
    held = np.clip(p, kind.floor, 1.0 - kind.floor)
    with np.errstate(divide="ignore"):
        at = PValue(held, np.log(held), np.log1p(-held))
    return np.exp(kind.log_weight(delta, at, np.array(precision)).value)
