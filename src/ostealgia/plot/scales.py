"""The effect axis: how far it reaches, which ticks it has, how its numbers are written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ostealgia.display import MINUS
from ostealgia.plot import style
from ostealgia.plot.canvas import text_width
from ostealgia.tables.measures import Measure

Array = NDArray[np.float64]

MOST_TICKS = 8
TICK_GAP = 11.0  # points between two labels
NEAR = 1e-9


@dataclass(frozen=True, kw_only=True)
class EffectAxis:
    """Limits and ticks on the reported scale.

    low, high : ends of the axis.  ticks, labels : where and what.  log : ratios.  no_effect : reported value or None.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    log: bool
    no_effect: float | None

    def position(self, value: float) -> float:
        """Place on the axis, 0 at its low and 1 at its high end; beyond them below 0 or above 1."""
        if self.log:
            if not value > 0:
                return -math.inf
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)

    def value(self, position: float) -> float:
        """The effect at a place on the axis: the inverse of ``position``."""
        if self.log:
            return math.exp(math.log(self.low) + position * (math.log(self.high) - math.log(self.low)))
        return self.low + position * (self.high - self.low)


def no_effect_of(measure: Measure) -> float | None:
    """The value of no effect on the reported scale, None where the measure has none.

    >>> from ostealgia.tables.measures import MEASURES
    >>> no_effect_of(MEASURES["OR"]), no_effect_of(MEASURES["PLO"])
    (1.0, None)
    """
    return None if measure.no_effect is None else float(measure.back(measure.no_effect))


def effect_axis(
    measure: Measure,
    *,
    estimates: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    shares: ArrayLike,
    pooled: ArrayLike,
    width: float,
    xlim: tuple[float, float] | None = None,
) -> EffectAxis:
    """An axis for these effects (reported scale) on ``width`` points.

    shares : weight of each study, any unit or NaN.  pooled : pooled estimates and their limits.
    It holds the estimates that carry the weight, the pooled ones and the value of no effect, and as much of the
    intervals as leaves the estimates apart: an interval that dwarfs the others is clipped (and gets an arrowhead).
    ``xlim`` sets the ends by hand.
    """
    no_effect = no_effect_of(measure)
    if xlim is None:
        studies = [_forward(values, measure) for values in (estimates, lows, highs)]
        low, high = _reach(
            studies,
            np.asarray(shares, float),
            _forward(pooled, measure),
            _forward([math.nan if no_effect is None else no_effect], measure),
        )
        low, high = _backward(low, high, measure)
    else:
        low, high = float(xlim[0]), float(xlim[1])
    ticks = log_ticks(low, high, width) if measure.ratio else linear_ticks(low, high, width, measure)
    if xlim is None:
        low, high = _snap(low, high, ticks, measure)
    shown = tuple(tick for tick in ticks if low - NEAR * abs(low) <= tick <= high + NEAR * abs(high))
    labels = tick_labels(shown, measure)
    return EffectAxis(low=low, high=high, ticks=shown, labels=labels, log=measure.ratio, no_effect=no_effect)


def _forward(values: ArrayLike, measure: Measure) -> Array:
    """To the scale on which the axis is even; None becomes NaN."""
    values = np.array(values, dtype=float)
    if not measure.ratio:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(values)


def _backward(low: float, high: float, measure: Measure) -> tuple[float, float]:
    if measure.ratio:
        return math.exp(max(low, -60.0)), math.exp(min(high, 60.0))
    return max(low, measure.lower), min(high, measure.upper)


def _reach(studies: list[Array], shares: Array, pooled: Array, no_effect: Array) -> tuple[float, float]:
    """Ends before rounding, on the even scale: the core of estimates, then intervals as far as they do not crowd it."""
    estimates, lows, highs = studies
    kept = _carrying(estimates, shares)
    core = np.concatenate([estimates[kept], pooled[::3], no_effect])
    core = core[np.isfinite(core)]
    core = core if len(core) else np.zeros(1)
    core_low, core_high = float(core.min()), float(core.max())
    room = max(0.75 * (core_high - core_low), 3.0 * _typical_half(lows[kept], highs[kept], shares[kept]))
    room = room or 0.1 * max(1.0, abs(core_low))
    low = min(core_low, max(_edge(lows, 0.02), core_low - room), max(_least(pooled), core_low - 3 * room))
    high = max(core_high, min(_edge(highs, 0.98), core_high + room), min(-_least(-pooled), core_high + 3 * room))
    pad = 0.02 * (high - low)
    return (low if low == core_low else low - pad), (high if high == core_high else high + pad)


def _carrying(estimates: Array, shares: Array) -> NDArray[np.intp]:
    """Positions of the studies that carry 97% of the weight, at least half of them."""
    known = np.flatnonzero(np.isfinite(estimates))
    weights = shares[known]
    if not np.isfinite(weights).all() or not (weights > 0).any():
        return known
    order = known[np.argsort(-weights, kind="stable")]
    carried = np.cumsum(shares[order]) / weights.sum()
    count = max(int(np.searchsorted(carried, 0.97)) + 1, len(known) // 2)
    return order[:count]


def _typical_half(lows: Array, highs: Array, shares: Array) -> float:
    """Half the width of a typical interval: the median, at most ten times that in the middle of the weight."""
    half = (highs - lows) / 2
    known = np.isfinite(half)
    if not known.any():
        return 0.0
    half, weights = half[known], np.nan_to_num(shares[known], nan=1.0)
    order = np.argsort(half, kind="stable")
    middle = half[order][int(np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2))]
    return min(float(np.median(half)), 10.0 * float(middle))


def far_away(value: float, lows: ArrayLike, highs: ArrayLike) -> bool:
    """True where a value lies further from all intervals than three times their whole range: no axis should hold both.

    >>> far_away(0.0, [95.0, 98.0], [103.0, 105.0]), far_away(0.0, [1.0, 4.0], [3.0, 6.0])
    (True, False)
    """
    lows, highs = (np.asarray(values, dtype=float) for values in (lows, highs))
    ends = np.concatenate([lows[np.isfinite(lows)], highs[np.isfinite(highs)]])
    if not len(ends):
        return False
    low, high = float(ends.min()), float(ends.max())
    return max(low - value, value - high) > 3.0 * (high - low)


def _least(values: Array) -> float:
    values = values[~np.isnan(values)]
    return float(values.min()) if len(values) else math.inf


def _edge(values: Array, share: float) -> float:
    """A far quantile, so that one interval in fifty may be clipped; infinity counts as far away."""
    values = values[~np.isnan(values)]
    if not len(values):
        return math.inf if share < 0.5 else -math.inf
    ordered = np.sort(values)
    index = math.floor(share * (len(ordered) - 1)) if share < 0.5 else math.ceil(share * (len(ordered) - 1))
    return float(ordered[index])


def _snap(low: float, high: float, ticks: Sequence[float], measure: Measure) -> tuple[float, float]:
    """Ends moved out to a tick that is near."""
    if not ticks:
        return low, high
    if measure.ratio:
        near = 0.1 * math.log(high / low)
        first = ticks[0] if ticks[0] <= low and math.log(low / ticks[0]) <= near else low
        last = ticks[-1] if ticks[-1] >= high and math.log(ticks[-1] / high) <= near else high
        return first, last
    near = 0.12 * (high - low)
    first = ticks[0] if ticks[0] <= low and low - ticks[0] <= near else low
    last = ticks[-1] if ticks[-1] >= high and ticks[-1] - high <= near else high
    return first, last


def log_ticks(low: float, high: float, width: float) -> tuple[float, ...]:
    """1-2-5 in each decade, else 1-3, else decades; round numbers where the axis is shorter than that."""
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    series = [
        [float(f"{m}e{d}") for d in decades for m in (1, 2, 5)],
        [float(f"{m}e{d}") for d in decades for m in (1, 3)],
        *([float(f"1e{d}") for d in decades if d % step == 0] for step in (1, 2, 3, 5, 10)),
    ]
    measure = _RATIO
    for i, ticks in enumerate(series):
        kept = _around(ticks, low, high)
        inside = [tick for tick in kept if low <= tick <= high]
        if i == 0 and len(inside) < 3:
            return _short_log_ticks(low, high, width)
        if len(inside) <= MOST_TICKS and _fits(kept, tick_labels(kept, measure), low, high, width, log=True):
            return tuple(kept)
    return tuple(kept)


def _short_log_ticks(low: float, high: float, width: float) -> tuple[float, ...]:
    kept: list[float] = [1.0]
    for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 100.0):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first > 4 * MOST_TICKS:
            continue
        kept = [round(i * step, 10) for i in range(first, last + 1) if i > 0]
        inside = [tick for tick in kept if low <= tick <= high]
        if len(inside) <= MOST_TICKS - 1 and _fits(kept, tick_labels(kept, _RATIO), low, high, width, log=True):
            break
    return tuple(kept)


def linear_ticks(low: float, high: float, width: float, measure: Measure) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten, five to eight of them where they fit."""
    span = high - low
    exponent = math.floor(math.log10(span)) - 1
    kept: list[float] = [low, high]
    for step in (m * 10.0**e for e in range(exponent, exponent + 4) for m in (1.0, 2.0, 5.0)):
        first, last = math.floor(low / step + NEAR), math.ceil(high / step - NEAR)
        if last - first + 1 > MOST_TICKS:
            continue
        kept = [round(i * step, 12) + 0.0 for i in range(first, last + 1)]
        kept = [tick for tick in kept if measure.lower - NEAR <= tick <= measure.upper + NEAR]
        if _fits(kept, tick_labels(kept, measure), low, high, width, log=False):
            break
    return tuple(kept)


def _around(ticks: Sequence[float], low: float, high: float) -> list[float]:
    """The ticks inside, and the nearest one outside at each end."""
    ordered = sorted(set(ticks))
    below = [tick for tick in ordered if tick < low]
    above = [tick for tick in ordered if tick > high]
    return [*below[-1:], *(tick for tick in ordered if low <= tick <= high), *above[:1]]


def _fits(ticks: Sequence[float], labels: Sequence[str], low: float, high: float, width: float, *, log: bool) -> bool:
    """True where neighbouring labels keep their distance."""
    if log:
        at = [width * math.log(tick / low) / math.log(high / low) for tick in ticks]
    else:
        at = [width * (tick - low) / (high - low) for tick in ticks]
    half = [text_width(label, style.SMALL + 0.5) / 2 for label in labels]
    return all(at[i + 1] - half[i + 1] - at[i] - half[i] >= TICK_GAP for i in range(len(at) - 1))


def tick_labels(ticks: Iterable[float], measure: Measure) -> tuple[str, ...]:
    """Ticks as they are read: ratios each with its own digits, others all with the same.

    >>> from ostealgia.tables.measures import MEASURES
    >>> tick_labels([0.1, 1, 10], MEASURES["OR"]), tick_labels([0.2, 0.4], MEASURES["PLO"])
    (('0.1', '1', '10'), ('20', '40'))
    """
    ticks = tuple(ticks)
    if measure.ratio:
        return tuple(_plain(tick) for tick in ticks)
    values = [100 * tick if measure.percent else tick for tick in ticks]
    digits = max((_decimals(value) for value in values), default=0)
    return tuple(f"{value + 0.0:,.{digits}f}".replace("-", MINUS) for value in values)


def _plain(value: float) -> str:
    if not 1e-6 < abs(value) < 1e9:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", MINUS)
    return f"{value:,.{_decimals(value)}f}".replace("-", MINUS)


def _decimals(value: float) -> int:
    for digits in range(9):
        if abs(round(value, digits) - value) <= 1e-9 * max(1.0, abs(value)) and (
            digits > 0 or abs(value - round(value)) < 1e-9
        ):
            return digits
    return 9


_RATIO = Measure(name="", title="", kind="", analysis_scale="", reported_scale="", ratio=True)
