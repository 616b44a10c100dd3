"""The proportional subdistribution hazards model of Fine and Gray.

Fine JP, Gray RJ 1999, J Am Stat Assoc 94:496-509, doi:10.1080/01621459.1999.10474144.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.cox import Derivatives, climb
from ostealgia.numerics.survival_curve import running_product

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class FineGray:
    """Log subdistribution hazard ratios beta (p,), with the sandwich variance that counts the estimated censoring weights in.

    vcov_naive : inverse information.  gradient : largest |score| / sqrt(information).
    """

    beta: Array
    vcov: Array
    vcov_naive: Array
    log_likelihood: float
    log_likelihood_null: float
    gradient: float
    iterations: int
    converged: bool
    endless: NDArray[np.bool_]
    information: Array

    @property
    def std_error(self) -> Array:
        """Square roots of the diagonal of vcov."""
        return np.sqrt(np.diag(self.vcov))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rows:
    """Rows in order of time. x : (p, n) scaled.  other : rows with a competing event.  first : (m,) first row at risk at each event time.

    uncensored : (n,) G(T-), probability of not being censored before the row's own time; at_events : (m,) the same at the event times.
    """

    x: Array
    time: Array
    own: Bools
    other: Bools
    censored: Bools
    first: Ints
    n_deaths: Array
    event_time: Array
    uncensored: Array
    at_events: Array
    centre: Array
    scale: Array


def fine_gray_fit(time: Array, cause: Ints, x: Array, *, censored_last: bool = False) -> FineGray:
    """Effect of columns on the cumulative incidence of cause 1, as log subdistribution hazard ratios.

    time : (n,).  cause : (n,), 0 censored, 1 the cause asked for, 2 any other.  x : (n, p).
    A subject with another event stays at risk with weight G(t-) / G(T-), G the product-limit estimate of remaining uncensored.
    censored_last : where events and censorings share a time, take those with the event off the number at risk of censoring first
    (censoring comes after the event); otherwise they count as at risk of it, as in the software of the authors.
    The ratio is not a cause-specific hazard ratio and says nothing about aetiology: it orders cumulative incidences.
    Source: Fine & Gray 1999, doi:10.1080/01621459.1999.10474144 (their variance, section 3.2).

    >>> t, c = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([1, 2, 1, 0, 1])
    >>> round(float(fine_gray_fit(t, c, np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])).beta[0]), 4)
    -0.752
    """
    rows = _rows(time, cause, x, censored_last)

    def derivatives(beta: Array) -> Derivatives:
        value, score, information, _ = _at(rows, beta)
        return (value, score, information) if np.isfinite(value) else (-np.inf, score, np.eye(len(beta)))

    p = int(x.shape[1])
    null = derivatives(np.zeros(p))
    beta, here, iterations, endless, converged = climb(derivatives, null)
    bread = np.linalg.pinv(here[2], hermitian=True) if p else np.zeros((0, 0))
    influence = _influence(rows, beta)
    vcov = bread @ (influence @ influence.T) @ bread
    unit = np.outer(rows.scale, rows.scale)
    size = np.sqrt(np.maximum(np.diag(here[2]), 1e-300))
    return FineGray(
        beta=beta / rows.scale, vcov=vcov / unit, vcov_naive=bread / unit, log_likelihood=here[0], log_likelihood_null=null[0],
        gradient=float(np.max(np.abs(here[1]) / size, initial=0.0)), iterations=iterations, converged=converged, endless=endless,
        information=null[2],
    )  # fmt: skip


def _rows(time: Array, cause: Ints, x: Array, censored_last: bool) -> _Rows:
    order = np.argsort(time, kind="stable")
    t, k = time[order], cause[order]
    centre = x.mean(axis=0)
    scale = x.std(axis=0)
    tiny = scale <= 1e-12 * np.maximum(np.abs(centre), 1e-300)
    scale = np.where(tiny, 1.0, scale)
    columns = np.ascontiguousarray(((x - centre) / scale).T[:, order])
    columns[tiny] = 0.0
    event_time, deaths = np.unique(t[k == 1], return_counts=True)
    left = _left_limits(t, k == 0, censored_last)
    return _Rows(
        x=columns, time=t, own=k == 1, other=k > 1, censored=k == 0, first=np.searchsorted(t, event_time, side="left"),
        n_deaths=deaths.astype(float), event_time=event_time, uncensored=left(t), at_events=left(event_time), centre=centre, scale=scale,
    )  # fmt: skip


def _left_limits(time: Array, censored: Bools, censored_last: bool) -> Callable[[Array], Array]:
    """The product-limit estimate of remaining uncensored, just before given times."""
    different, place = np.unique(time, return_inverse=True)
    gone = np.bincount(place, minlength=len(different)).astype(float)
    lost = np.bincount(place[censored], minlength=len(different)).astype(float)
    risk = np.cumsum(gone[::-1])[::-1]
    if censored_last:
        risk = risk - (gone - lost)
    curve = running_product(1.0 - np.divide(lost, risk, out=np.zeros_like(risk), where=risk > 0))
    curve = np.concatenate([[1.0], curve])

    def before(wanted: Array) -> Array:
        return curve[np.searchsorted(different, wanted, side="left")]

    return before


def _at(rows: _Rows, beta: Array) -> tuple[float, Array, Array, tuple[Array, Array, Array]]:
    """Likelihood, score and information; and the risk scores, the hazard steps and the weighted means (p, m) at the event times."""
    eta = beta @ rows.x
    eta = eta - eta.mean()
    with np.errstate(all="ignore"):
        risk = np.exp(eta)
        loaded = np.concatenate([risk[None], rows.x * risk])
        tails = np.concatenate([np.cumsum(loaded[:, ::-1], axis=1)[:, ::-1], np.zeros((len(loaded), 1))], axis=1)
        kept = np.where(rows.other, 1.0 / np.where(rows.other, rows.uncensored, 1.0), 0.0)
        heads = np.concatenate([np.zeros((len(loaded), 1)), np.cumsum(loaded * kept, axis=1)], axis=1)
        sums = tails[:, rows.first] + rows.at_events * heads[:, rows.first]
        hazard = rows.n_deaths / sums[0]
        mean = sums[1:] / sums[0]
        value = float(eta[rows.own].sum() - rows.n_deaths @ np.log(sums[0]))
        score = rows.x[:, rows.own].sum(axis=1) - mean @ rows.n_deaths
        load = risk * _exposure(rows, hazard, kept)
        information = (rows.x * load) @ rows.x.T - (mean * rows.n_deaths) @ mean.T
    return value, score, information, (risk, hazard, mean)


def _exposure(rows: _Rows, rate: Array, kept: Array) -> Array:
    """For each row the sum of a rate per event time (..., m) while it is at risk, with its weight after a competing event."""
    run = np.concatenate([np.zeros((*rate.shape[:-1], 1)), np.cumsum(rate, axis=-1)], axis=-1)
    late = rate * rows.at_events
    rest = np.concatenate([np.cumsum(late[..., ::-1], axis=-1)[..., ::-1], np.zeros((*rate.shape[:-1], 1))], axis=-1)
    upto = np.searchsorted(rows.event_time, rows.time, side="right")
    return run[..., upto] + kept * rest[..., upto]


def _influence(rows: _Rows, beta: Array) -> Array:
    """What each row adds to the score, (p, n): its own part and that of the estimated censoring distribution."""
    _, _, _, (risk, hazard, mean) = _at(rows, beta)
    kept = np.where(rows.other, 1.0 / np.where(rows.other, rows.uncensored, 1.0), 0.0)
    upto = np.searchsorted(rows.event_time, rows.time, side="right")
    own = -risk * (rows.x * _exposure(rows, hazard, kept) - _exposure(rows, mean * hazard, kept))
    own[:, rows.own] += rows.x[:, rows.own] - mean[:, upto[rows.own] - 1]
    return own + _censoring_part(rows, risk, hazard, mean, kept)


def _censoring_part(rows: _Rows, risk: Array, hazard: Array, mean: Array, kept: Array) -> Array:
    """q(u) / pi(u) against each row's censoring martingale, (p, n)."""
    different, place = np.unique(rows.time, return_inverse=True)
    late = hazard * rows.at_events
    rest = np.append(np.cumsum(late[::-1])[::-1], 0.0)
    rest_mean = np.concatenate([np.cumsum((late * mean)[:, ::-1], axis=1)[:, ::-1], np.zeros((len(mean), 1))], axis=1)
    after = np.searchsorted(rows.event_time, different, side="left")
    gone = risk * kept
    before = np.searchsorted(rows.time, different, side="left")
    mass = np.concatenate([[0.0], np.cumsum(gone)])[before]
    first = np.concatenate([np.zeros((len(mean), 1)), np.cumsum(rows.x * gone, axis=1)], axis=1)[:, before]
    q = first * rest[after] - mass * rest_mean[:, after]
    at_risk = len(rows.time) - before.astype(float)
    lost = np.bincount(place[rows.censored], minlength=len(different))
    drift = np.cumsum(q * lost / at_risk**2, axis=1)
    return np.where(rows.censored, (q / at_risk)[:, place], 0.0) - drift[:, place]
