"""Rows of a Cox model, sorted once: who is at risk at each event time, found by position.

Everything that a step of Newton's method needs is then a cumulative sum read at these positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.survival_curve import weight_at

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class CoxData:
    """n rows in order of stratum and time, m different event times in the same order.

    x : (p, n), centred and scaled by ``centre`` and ``scale``.  order : position of each sorted row in the input.
    first, end : (m,) at risk at an event time are the sorted rows first to end - 1.
    late_order, late_first, late_end : the same for rows in order of entry, which are taken off (None without entry times).
    begin, until : (n,) a row is exposed to the event times begin to until - 1.
    deaths : (e,) sorted rows with an event, and death_at (e,) their event time.  n_deaths, death_weight : (m,).
    step_at, step_share, step_weight : (s,) terms of the likelihood; at each the deaths of its time count less by ``step_share``.
    """

    x: Array
    time: Array
    event: Bools
    weight: Array
    stratum: Ints
    order: Ints
    centre: Array
    scale: Array
    first: Ints
    end: Ints
    late_order: Ints | None
    late_first: Ints
    late_end: Ints
    begin: Ints
    until: Ints
    deaths: Ints
    death_at: Ints
    n_deaths: Array
    death_weight: Array
    event_time: Array
    event_stratum: Ints
    step_at: Ints
    step_share: Array
    step_weight: Array
    tied: bool

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.time)

    @property
    def m(self) -> int:
        """Different event times, counted within strata."""
        return len(self.event_time)


def cox_data(
    time: Array,
    event: Bools,
    x: Array,
    *,
    weight: Array,
    stratum: Ints,
    start: Array | None = None,
    ties: str = "efron",
) -> CoxData:
    """Sort and index the rows of a Cox model.

    time, event, weight, stratum (codes from 0), start : (n,).  x : (n, p).  ties : "efron" or "breslow" (also for "exact").

    >>> data = cox_data(np.array([2.0, 1.0, 2.0]), np.array([True, True, True]), np.zeros((3, 1)), weight=np.ones(3),
    ...                 stratum=np.zeros(3, dtype=np.intp))
    >>> data.event_time.tolist(), data.first.tolist(), data.step_share.tolist()
    ([1.0, 2.0], [0, 1], [0.0, 0.0, 0.5])
    """
    one = not stratum.any()
    order = _by_time(time) if one else np.lexsort((time, stratum))
    t, d, g, w = time.take(order), event.take(order), stratum.take(order), weight.take(order)
    centre, scale, scaled = _scaled(x, order)
    if one and start is None and len(t) and not (t[1:] == t[:-1]).any():
        return _different_times(t, d, w, g, order, scaled, centre, scale)
    new = np.concatenate([[True], (t[1:] != t[:-1]) | (g[1:] != g[:-1])]) if len(t) else np.zeros(0, bool)
    block = np.cumsum(new) - 1  # rows with one time in one stratum
    deaths = np.flatnonzero(d)
    with_event, death_at = _consecutive(block[deaths])
    first = np.flatnonzero(new)[with_event]
    event_time, event_stratum = t[first], g[first]
    counts = np.arange(int(g[-1]) + 1 if len(g) else 0)
    row_end = np.searchsorted(g, counts, side="right")
    event_begin = np.searchsorted(event_stratum, counts, side="left")
    reached = np.zeros(len(t) + 1, dtype=np.intp)
    reached[1:] = np.cumsum(np.bincount(first, minlength=len(t))[: len(t)])
    until = reached[1:][_last_of_block(new)[block]] if len(t) else np.zeros(0, np.intp)
    begin = event_begin[g]
    late_order, late_first, late_end = None, first, first
    if start is not None:
        s = start[order]
        late_order = np.argsort(s, kind="stable") if one else np.lexsort((s, g))
        late_first = _ranked(s[late_order], g[late_order], event_time, event_stratum)
        late_end = row_end[event_stratum]
        begin = _events_up_to(event_time, event_stratum, s, g)
    n_deaths = np.bincount(death_at, minlength=len(first)).astype(float)
    death_weight = weight_at(death_at, w[deaths], len(first))
    step_at, step_share, step_weight = _steps(n_deaths, death_weight, efron=ties == "efron")
    return CoxData(
        x=scaled, time=t, event=d, weight=w, stratum=g, order=order, centre=centre, scale=scale, first=first,
        end=row_end[event_stratum], late_order=late_order, late_first=late_first, late_end=late_end, begin=begin, until=until,
        deaths=deaths, death_at=death_at, n_deaths=n_deaths, death_weight=death_weight, event_time=event_time,
        event_stratum=event_stratum, step_at=step_at, step_share=step_share, step_weight=step_weight, tied=bool((n_deaths > 1).any()),
    )  # fmt: skip


def _different_times(
    t: Array, d: Bools, w: Array, g: Ints, order: Ints, x: Array, centre: Array, scale: Array
) -> CoxData:
    """The same where no two rows share a time, in one stratum without late entries: every event is a step by itself."""
    deaths = np.flatnonzero(d)
    m, n = len(deaths), len(t)
    each, none, mass = np.arange(m), np.zeros(m, dtype=np.intp), w[deaths]
    return CoxData(
        x=x, time=t, event=d, weight=w, stratum=g, order=order, centre=centre, scale=scale, first=deaths, end=np.full(m, n),
        late_order=None, late_first=deaths, late_end=deaths, begin=np.zeros(n, dtype=np.intp),
        until=np.cumsum(d, dtype=np.intp), deaths=deaths, death_at=each, n_deaths=np.ones(m), death_weight=mass,
        event_time=t[deaths], event_stratum=none, step_at=each, step_share=np.zeros(m), step_weight=mass, tied=False,
    )  # fmt: skip


def _by_time(time: Array) -> Ints:
    """Positions in order of time; those with one time stay in their order."""
    order = np.argsort(time)  # the quick sort does not keep them
    ordered = np.take(time, order)
    return np.argsort(time, kind="stable") if (ordered[1:] == ordered[:-1]).any() else order


def _scaled(x: Array, order: Ints) -> tuple[Array, Array, Array]:
    """Centre, scale and the columns as rows (p, n) in sorted order, so that no result depends on a unit."""
    n, p = x.shape
    columns, centre, scale = np.empty((p, n)), np.zeros(p), np.ones(p)
    for j in range(p):  # one column at a time stays in the processor's cache
        column = columns[j]
        np.take(x[:, j].copy(), order, out=column, mode="clip")
        if n:
            centre[j] = column.mean()
        column -= centre[j]
        spread = float(np.sqrt(column @ column / max(n, 1)))
        if spread <= 1e-12 * max(abs(float(centre[j])), 1e-300):
            column[:] = 0.0
        else:
            scale[j] = spread
            column /= spread
    return centre, scale, columns


def _consecutive(codes: Ints) -> tuple[Ints, Ints]:
    """Different values of codes that do not fall, and for each its place among them."""
    if not len(codes):
        return codes, codes
    new = np.concatenate([[True], codes[1:] != codes[:-1]])
    return codes[new], np.cumsum(new) - 1


def _last_of_block(new: Bools) -> Ints:
    starts = np.flatnonzero(new)
    return np.append(starts[1:], len(new)) - 1


def _ranked(value: Array, stratum: Ints, wanted: Array, wanted_stratum: Ints) -> Ints:
    """For each wanted value the first position in its stratum that is not below it; values are sorted within strata."""
    out = np.zeros(len(wanted), dtype=np.intp)
    for code in np.unique(wanted_stratum):
        low, high = np.searchsorted(stratum, [code, code + 1])
        rows = wanted_stratum == code
        out[rows] = low + np.searchsorted(value[low:high], wanted[rows], side="left")
    return out


def _events_up_to(event_time: Array, event_stratum: Ints, value: Array, stratum: Ints) -> Ints:
    """For each row the first event time of its stratum that is later than its value."""
    out = np.zeros(len(value), dtype=np.intp)
    for code in np.unique(stratum):
        low, high = np.searchsorted(event_stratum, [code, code + 1])
        rows = stratum == code
        out[rows] = low + np.searchsorted(event_time[low:high], value[rows], side="right")
    return out


def _steps(n_deaths: Array, death_weight: Array, *, efron: bool) -> tuple[Ints, Array, Array]:
    """One term an event time (Breslow), or one a death with 0, 1/d, 2/d ... of the tied deaths taken off (Efron)."""
    size = len(n_deaths)
    if not efron or not (n_deaths > 1).any():
        return np.arange(size), np.zeros(size), death_weight
    repeats = n_deaths.astype(np.intp)
    at = np.repeat(np.arange(size), repeats)
    rank = np.arange(len(at)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return at, rank / n_deaths[at], death_weight[at] / n_deaths[at]
