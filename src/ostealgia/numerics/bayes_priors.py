# pyright: reportMissingTypeStubs=false
"""Priors for the between-study standard deviation tau: density, mass below a value, quantile; one line in the table each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, erf, erfinv, gammaln, ndtr, ndtri, stdtr, stdtrit

from ostealgia.errors import OptionError

Array = NDArray[np.float64]
INFINITY = math.inf


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TauPrior:
    """A prior of tau > 0, on the scale of the effects.

    name, parameters : what it is.  log_density : (tau (n,), v (k,)) to (n,); improper priors up to a constant.
    below : (tau, v) to the mass in (0, tau).  quantile : of a proper prior, else None.  proper : its mass is 1.
    at_zero : density at tau = 0 (infinity for log-t).  tail : the density falls as tau^-tail (infinity: faster than any power).
    slow : a logarithm falls with it, so that a moment at the limit still exists.
    lowest : a tau below which next to nothing of a proper prior lies.  highest : end of its support.
    source : where it comes from.  check : how far the constants were checked.
    """

    name: str
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])
    log_density: Callable[[Array, Array], Array]
    below: Callable[[float, Array], float]
    quantile: Callable[[float], float] | None = None
    proper: bool = True
    at_zero: float
    tail: float = INFINITY
    slow: bool = False
    lowest: float = INFINITY
    highest: float = INFINITY
    setting: str = ""
    source: str = ""
    check: str = ""

    @property
    def label(self) -> str:
        """The prior as it is written: half-normal(0.5), with the setting where it has one."""
        numbers = ", ".join(f"{value:g}" for value in self.parameters.values())
        head = f"{self.name}({numbers})" if numbers else self.name
        return f"{head}, {self.setting}" if self.setting else head

    def __repr__(self) -> str:
        return f"TauPrior: {self.label}{'' if self.proper else ' (improper)'}"


def half_normal(scale: float) -> TauPrior:
    """|N(0, scale^2)|: 95% of its mass lies below 1.96 scale.  Source: Spiegelhalter et al. 2004, doi:10.1002/0470092602, 5.7.3.

    >>> round(half_normal(0.5).quantile(0.95), 2)
    0.98
    """
    s = positive("scale", scale)
    constant = 0.5 * math.log(2.0 / math.pi) - math.log(s)
    root2 = math.sqrt(2.0)
    return TauPrior(
        name="half-normal", parameters={"scale": s}, at_zero=math.exp(constant), lowest=1e-9 * s,
        log_density=lambda tau, v: constant - 0.5 * np.square(tau / s),
        below=lambda tau, v: float(erf(tau / (s * root2))),
        quantile=lambda p: s * root2 * float(erfinv(p)),
    )  # fmt: skip


def half_t(scale: float, df: float) -> TauPrior:
    """|t| with df degrees of freedom, times scale.  Source: Gelman 2006, doi:10.1214/06-BA117A.

    >>> round(half_t(1.0, 1.0).quantile(0.5), 6)
    1.0
    """
    s, nu = positive("scale", scale), positive("df", df)
    constant = math.log(2.0 / s) + float(gammaln((nu + 1) / 2) - gammaln(nu / 2)) - 0.5 * math.log(nu * math.pi)

    def quantile(p: float) -> float:
        if p <= 0.0:
            return 0.0
        u = float(betaincinv(0.5, nu / 2, p))
        return s * math.sqrt(nu * u / (1.0 - u)) if u < 0.5 else s * float(stdtrit(nu, 0.5 + p / 2))

    def below(tau: float, v: Array) -> float:
        z = tau / s
        return float(betainc(0.5, nu / 2, z * z / (nu + z * z)))

    return TauPrior(
        name="half-t", parameters={"scale": s, "df": nu}, at_zero=math.exp(constant), tail=nu + 1.0, lowest=1e-9 * s,
        log_density=lambda tau, v: constant - 0.5 * (nu + 1.0) * np.log1p(np.square(tau / s) / nu),
        below=below, quantile=quantile,
    )  # fmt: skip


def half_cauchy(scale: float) -> TauPrior:
    """|Cauchy(0, scale)|: half its mass lies below scale.  Source: Gelman 2006, doi:10.1214/06-BA117A.

    >>> round(half_cauchy(25.0).quantile(0.5), 6)
    25.0
    """
    s = positive("scale", scale)
    return TauPrior(
        name="half-Cauchy", parameters={"scale": s}, at_zero=2.0 / (math.pi * s), tail=2.0, lowest=1e-9 * s,
        log_density=lambda tau, v: math.log(2.0 / (math.pi * s)) - np.log1p(np.square(tau / s)),
        below=lambda tau, v: 2.0 / math.pi * math.atan(tau / s),
        quantile=lambda p: s * math.tan(0.5 * math.pi * p),
    )  # fmt: skip


def uniform(upper: float | None = None) -> TauPrior:
    """The same density for every tau up to ``upper``; improper without one.  Source: Gelman 2006, doi:10.1214/06-BA117A.

    >>> uniform().proper, uniform(4.0).quantile(0.5)
    (False, 2.0)
    """
    if upper is None:
        return TauPrior(
            name="uniform", proper=False, at_zero=1.0, tail=0.0, below=lambda tau, v: tau,
            log_density=lambda tau, v: np.zeros_like(tau),
        )  # fmt: skip
    top = positive("upper", upper)
    return TauPrior(
        name="uniform", parameters={"upper": top}, at_zero=1.0 / top, highest=top, lowest=1e-9 * top,
        log_density=lambda tau, v: np.where(tau <= top, -math.log(top), -INFINITY),
        below=lambda tau, v: min(tau / top, 1.0),
        quantile=lambda p: top * p,
    )  # fmt: skip


def jeffreys() -> TauPrior:
    """The root of Fisher's information of tau: sqrt(sum (tau / (v + tau^2))^2); improper, proper posterior from two studies.

    Source: Bodnar, Link, Arendacka, Possolo & Elster 2017, doi:10.1002/sim.7156.
    """

    def log_density(tau: Array, v: Array) -> Array:
        t2 = np.square(tau)[:, None]
        return np.log(tau) + 0.5 * np.log(np.square(1.0 / (v + t2)).sum(axis=1))

    return TauPrior(
        name="Jeffreys", proper=False, at_zero=0.0, tail=1.0, log_density=log_density,
        below=lambda tau, v: 0.5 * tau * tau * math.sqrt(float(np.square(1.0 / v).sum())),
    )  # fmt: skip


def log_normal(location: float, scale: float) -> TauPrior:
    """log tau is N(location, scale^2).

    >>> round(log_normal(-1.07, 0.87).quantile(0.5), 4)
    0.343
    """
    m, s = float(location), positive("scale", scale)
    constant = -0.5 * math.log(2.0 * math.pi) - math.log(s)

    def log_density(tau: Array, v: Array) -> Array:
        x = np.log(tau)
        return constant - x - 0.5 * np.square((x - m) / s)

    return TauPrior(
        name="log-normal", parameters={"location": m, "scale": s}, at_zero=0.0, lowest=math.exp(m - 9.0 * s),
        log_density=log_density, below=lambda tau, v: float(ndtr((math.log(tau) - m) / s)) if tau > 0 else 0.0,
        quantile=lambda p: math.exp(m + s * float(ndtri(p))) if p > 0 else 0.0,
    )  # fmt: skip


def log_t(location: float, scale: float, df: float = 5.0) -> TauPrior:
    """(log tau - location) / scale is t with df degrees of freedom.  Its density grows without limit towards tau = 0.

    >>> round(log_t(-1.5, 1.0).quantile(0.5), 4)
    0.2231
    """
    m, s, nu = float(location), positive("scale", scale), positive("df", df)
    constant = float(gammaln((nu + 1) / 2) - gammaln(nu / 2)) - 0.5 * math.log(nu * math.pi) - math.log(s)

    def log_density(tau: Array, v: Array) -> Array:
        x = np.log(tau)
        return constant - x - 0.5 * (nu + 1.0) * np.log1p(np.square((x - m) / s) / nu)

    return TauPrior(
        name="log-t", parameters={"location": m, "scale": s, "df": nu}, at_zero=INFINITY, tail=1.0, slow=True,
        lowest=math.exp(m - 12.0 * s), log_density=log_density,
        below=lambda tau, v: float(stdtr(nu, (math.log(tau) - m) / s)) if tau > 0 else 0.0,
        quantile=lambda p: math.exp(max(m + s * float(stdtrit(nu, p)), -740.0)) if p > 0 else 0.0,
    )  # fmt: skip


# name -> (maker, names of its parameters, how many of them must be given)
PRIORS: dict[str, tuple[Callable[..., TauPrior], tuple[str, ...], int]] = {
    "half-normal": (half_normal, ("scale",), 1),
    "half-Cauchy": (half_cauchy, ("scale",), 1),
    "half-t": (half_t, ("scale", "df"), 2),
    "uniform": (uniform, ("upper",), 0),
    "Jeffreys": (jeffreys, (), 0),
    "log-normal": (log_normal, ("location", "scale"), 2),
    "log-t": (log_t, ("location", "scale", "df"), 2),
}


def positive(name: str, value: float) -> float:
    """A finite number above zero as float, else an OptionError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise OptionError(f"{name}={value!r} is not a number above 0. It is in the unit of the effects, as tau is.")
    return number
