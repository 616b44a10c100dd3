"""The product-limit estimator: counts at each time, survival, intervals, quantiles and the mean up to a time.

Kaplan EL, Meier P 1958, J Am Stat Assoc 53:457-481, doi:10.1080/01621459.1958.10501452.
"""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]
NEAR = 1.4901161193847656e-08  # root of the double's precision: shares closer than this are one
ROUNDING = 1e-13  # times closer than this share of their mean are one time


@dataclass(frozen=True, kw_only=True, eq=False)
class RiskTable:
    """Different times in order (m,), with the numbers at risk just before, events and censorings at each; weights count as given."""

    time: Array
    n_risk: Array
    n_event: Array
    n_censor: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class SurvivalCurve:
    """A step function: ``survival`` holds from ``time`` on, 1 before the first.

    std_error_log : of log survival (Greenwood), infinite at 0.  hazard : share of those at risk with the event.
    """

    table: RiskTable
    survival: Array
    std_error_log: Array
    hazard: Array

    @cached_property
    def cumulative_hazard(self) -> Array:
        """By Nelson and Aalen."""
        return np.cumsum(self.hazard)

    @cached_property
    def std_error_hazard(self) -> Array:
        """Of the cumulative hazard."""
        risk = self.table.n_risk
        return np.sqrt(np.cumsum(np.divide(self.hazard, risk, out=np.zeros_like(risk), where=risk > 0)))

    @property
    def std_error(self) -> Array:
        """Of the survival itself; NaN where it is 0."""
        with np.errstate(invalid="ignore"):
            return self.survival * self.std_error_log


def weight_at(place: Ints, weight: Array | Bools, size: int) -> Array:
    """Sum of weights at each place, (size,).

    >>> weight_at(np.array([0, 2, 2]), np.array([1.0, 0.5, 0.5]), 3).tolist()
    [1.0, 0.0, 1.0]
    """
    return np.asarray(np.bincount(place, weight, minlength=size), dtype=np.float64)


def running_product(factor: Array) -> Array:
    """Cumulative product along the first axis."""
    return np.asarray(np.cumprod(factor, axis=0), dtype=np.float64)


def merged_times(*times: Array) -> tuple[Array, ...]:
    """Times that differ by rounding alone become the smallest of them (0.1 + 0.2 and 0.3).

    Two neighbours are one time when they differ by no more than 1e-13 of the mean time, whatever its unit.

    >>> merged_times(np.array([1.0, 0.3, 0.1 + 0.2]))[0].tolist()
    [1.0, 0.3, 0.3]
    """
    together = times[0] if len(times) == 1 else np.concatenate(times)
    ordered = np.sort(together)
    steps = np.diff(ordered)
    room = (
        ROUNDING * float(np.mean(ordered if len(ordered) and ordered[0] >= 0.0 else np.abs(ordered)))
        if len(ordered)
        else 0.0
    )
    close = np.count_nonzero(steps <= room)
    if not close or close == np.count_nonzero(steps == 0.0):
        return times
    together = together.copy()
    different = np.unique(ordered)
    follower = np.flatnonzero(np.diff(different) <= room) + 1
    heads = np.concatenate([[True], np.diff(follower) > 1])  # the first that follows another begins a run
    target = different[follower[heads] - 1][np.cumsum(heads) - 1]
    if len(follower) <= 20:
        for old, new in zip(different[follower], target, strict=True):
            together[together == old] = new
    else:
        place = np.minimum(np.searchsorted(different[follower], together), len(follower) - 1)
        together = np.where(different[follower][place] == together, target[place], together)
    cuts = np.cumsum([len(part) for part in times])[:-1]
    return tuple(np.split(together, cuts))


def risk_table(time: Array, event: Bools, weight: Array | None = None, start: Array | None = None) -> RiskTable:
    """Who is at risk, has the event, is censored, at every different time.

    time, event : arrays (n,).  weight : (n,) or None for ones.  start : entry times (n,) or None; a subject counts as at risk after its
    start, up to and including its time. Where nothing is weighted and nobody enters late, the counts come from sorting alone.

    >>> table = risk_table(np.array([3.0, 1.0, 3.0, 5.0]), np.array([True, True, False, True]))
    >>> table.n_risk.tolist(), table.n_event.tolist(), table.n_censor.tolist()
    ([4.0, 3.0, 1.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0])
    """
    if weight is None and start is None:
        return _counted(time, event)
    weight = np.ones(len(time)) if weight is None else weight
    different, place = np.unique(time, return_inverse=True)
    size = len(different)
    total = weight_at(place, weight, size)
    deaths = weight_at(place, weight * event, size)
    at_risk = np.cumsum(total[::-1])[::-1]
    if start is not None:
        entry = np.searchsorted(different, start, side="right")  # at risk from the first time after the start
        late = weight_at(entry, weight, size + 1)
        at_risk = at_risk - (float(weight.sum()) - np.cumsum(late)[:size])
    censored = np.where(np.bincount(place, ~event, minlength=size) > 0, total - deaths, 0.0)
    return RiskTable(time=different, n_risk=at_risk, n_event=deaths, n_censor=censored)


def _counted(time: Array, event: Bools) -> RiskTable:
    """Counts without weights, from one sort."""
    if not len(time):
        return RiskTable(time=time, n_risk=time, n_event=time, n_censor=time)
    order = np.argsort(time)
    ordered, happened = np.take(time, order), np.take(event, order)
    new = np.empty(len(time), dtype=bool)
    new[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    if new.all():
        deaths = happened.astype(np.float64)
        return RiskTable(time=ordered, n_risk=np.arange(len(time), 0.0, -1.0), n_event=deaths, n_censor=1.0 - deaths)
    first = np.flatnonzero(new)
    total = np.diff(first, append=len(ordered)).astype(np.float64)
    deaths = np.add.reduceat(happened, first, dtype=np.float64)
    return RiskTable(
        time=ordered[first], n_risk=(len(ordered) - first).astype(np.float64), n_event=deaths, n_censor=total - deaths
    )


def product_limit(table: RiskTable) -> SurvivalCurve:
    """Survival by Kaplan and Meier with Greenwood's variance, cumulative hazard by Nelson and Aalen.

    S(t) = product of (1 - d/Y); var log S = sum of d / (Y (Y - d)); H(t) = sum of d/Y with variance sum of d/Y^2.
    Source: Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452; Aalen 1978, doi:10.1214/aos/1176344247.

    >>> curve = product_limit(risk_table(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False])))
    >>> curve.survival.tolist()
    [0.75, 0.75, 0.375, 0.375]
    """
    risk, deaths = table.n_risk, table.n_event
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = deaths / risk
        left = risk - deaths
        if (
            not (risk[-1:] >= 1.0).all() or (risk[:-1] < 1.0).any()
        ):  # with weights or late entries: nobody left, up to rounding
            hazard = np.where(risk > 0, hazard, 0.0)
            left = np.where(np.abs(left) < 1e-12 * np.maximum(risk, 1.0), 0.0, left)
            hazard = np.where(left == 0.0, np.where(deaths > 0, 1.0, 0.0), hazard)
        some_left = bool(left.all())
        greenwood = np.divide(hazard, left, out=left)
        if not some_left:
            greenwood[deaths == 0] = 0.0
    survival = np.subtract(1.0, hazard)
    std_error_log = np.sqrt(np.cumsum(greenwood, out=greenwood), out=greenwood)
    return SurvivalCurve(
        table=table, survival=np.cumprod(survival, out=survival), std_error_log=std_error_log, hazard=hazard
    )


# --- intervals --------------------------------------------------------------------------------------------------------


def _plain(s: Array, se: Array, z: float) -> tuple[Array, Array]:
    return np.maximum(s - z * se * s, 0.0), np.minimum(s + z * se * s, 1.0)


def _log(s: Array, se: Array, z: float) -> tuple[Array, Array]:
    return s * np.exp(-z * se), np.minimum(s * np.exp(z * se), 1.0)


def _log_log(s: Array, se: Array, z: float) -> tuple[Array, Array]:
    log_s = np.log(s)
    factor = z * se
    factor /= log_s
    np.exp(factor, out=factor)  # of log survival: log(-log S) moved by z standard errors
    low = log_s / factor
    high = np.multiply(log_s, factor, out=factor)
    return np.exp(low, out=low), np.exp(high, out=high)


def _logit(s: Array, se: Array, z: float) -> tuple[Array, Array]:
    centre, half = np.log(s / (1.0 - s)), z * se / (1.0 - s)
    return 1.0 / (1.0 + np.exp(half - centre)), 1.0 / (1.0 + np.exp(-half - centre))


def _arcsine(s: Array, se: Array, z: float) -> tuple[Array, Array]:
    centre, half = np.arcsin(np.sqrt(s)), 0.5 * z * se * np.sqrt(s / (1.0 - s))
    low, high = np.maximum(0.0, centre - half), np.minimum(np.pi / 2, centre + half)
    return np.sin(low) ** 2, np.sin(high) ** 2


INTERVALS: dict[str, Callable[[Array, Array, float], tuple[Array, Array]]] = {
    "log-log": _log_log,
    "log": _log,
    "plain": _plain,
    "logit": _logit,
    "arcsin": _arcsine,
}


def survival_interval(survival: Array, std_error_log: Array, kind: str, level: float) -> tuple[Array, Array]:
    """Pointwise limits of survival on one of five scales, (m,) each.

    NaN where survival is 0; 1 to 1 before the first event. ``log-log`` keeps its coverage best in small samples.
    Source: Borgan & Liestol 1990, Scand J Stat 17:35-41; Kalbfleisch & Prentice 2002, doi:10.1002/9781118032985.

    >>> low, high = survival_interval(np.array([0.5]), np.array([0.2]), "log-log", 0.95)
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.2952, 0.6745)
    """
    z = float(ndtri(0.5 + level / 2.0))
    begin, end = int(np.count_nonzero(survival >= 1.0)), int(np.count_nonzero(survival > 0.0))  # survival does not rise
    low, high = INTERVALS[kind](survival[begin:end], std_error_log[begin:end], z)
    if begin == 0 and end == len(survival):
        return low, high
    before, after = np.ones(begin), np.full(len(survival) - end, np.nan)
    return np.concatenate([before, low, after]), np.concatenate([before, high, after])


# --- quantiles --------------------------------------------------------------------------------------------------------


def step_quantile(time: Array, survival: Array, shares: Array) -> Array:
    """Times at which a step function has lost these shares, (q,); NaN where it does not get that far.

    time, survival : (m,), survival from that time on (NaN values are left out).  Where survival equals 1 - share exactly over a
    stretch, the middle of that stretch (to the next step, or to the last time) is taken.

    >>> step_quantile(np.array([2.0, 4.0, 9.0]), np.array([0.75, 0.5, 0.25]), np.array([0.25, 0.5, 0.9]))
    array([3. , 6.5, nan])
    """
    keep = ~np.isnan(survival)
    if not keep.any():
        return np.full(len(shares), np.nan)
    lost = np.maximum.accumulate(np.concatenate([[0.0], 1.0 - survival[keep]]))  # a limit may rise after late entries
    at = np.concatenate([[0.0], time[keep]])
    last = at[-1]
    step = np.concatenate([[True], np.diff(lost) > NEAR])
    lost, at = lost[step], at[step]
    first = np.searchsorted(lost + NEAR, shares, side="left")
    after = np.searchsorted(lost - NEAR, shares, side="right")
    ends = np.append(at, last)
    inside = first < len(lost)
    where = np.minimum(first, len(lost) - 1)
    flat = inside & (after > first)
    out = np.where(flat, 0.5 * (at[where] + ends[np.minimum(after, len(at))]), at[where])
    return np.where(inside, np.where(shares <= 0.0, at[0], out), np.nan)


# --- restricted mean --------------------------------------------------------------------------------------------------


def restricted_mean(curve: SurvivalCurve, tau: float) -> tuple[float, float]:
    """Area under the curve up to tau, and its standard error.

    Variance: sum over event times up to tau of (area beyond)^2 d / (Y (Y - d)).  Beyond the last time the curve is taken as flat.
    Source: Royston & Parmar 2013, BMC Med Res Methodol 13:152, doi:10.1186/1471-2288-13-152.

    >>> curve = product_limit(risk_table(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True] * 4)))
    >>> restricted_mean(curve, 3.0)[0]
    2.25
    """
    table = curve.table
    use = table.time <= tau
    time, survival = table.time[use], curve.survival[use]
    widths = np.diff(np.concatenate([[0.0], time, [tau]]))
    areas = widths * np.concatenate([[1.0], survival])
    beyond = np.cumsum(areas[::-1])[::-1][1:]
    risk, deaths = table.n_risk[use], table.n_event[use]
    left = risk - deaths
    usable = (deaths > 0) & (left > 0)
    terms = np.divide(beyond**2 * deaths, risk * left, out=np.zeros_like(risk), where=usable)
    return float(areas.sum()), float(np.sqrt(terms.sum()))
