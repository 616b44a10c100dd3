"""Harrell's C: how often, of two comparable subjects, the one with the higher risk score has the event first.

Harrell FE, Lee KL, Mark DB 1996, Stat Med 15:361-387, doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.survival_compiled import compiled

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]
SHIFT = 26  # two counts share a whole number of 64 bits


Sides = tuple[tuple[Array, Array, Array], tuple[Array, Array, Array]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Concordance:
    """C with its standard error, and the (weighted) pairs: concordant, discordant, tied in the score."""

    estimate: float
    std_error: float
    concordant: float
    discordant: float
    tied: float


def codes_of(score: Array) -> Ints:
    """Ranks from 0 of different scores; those that differ by rounding alone share one.

    >>> codes_of(np.array([0.3, 1.0, 0.1 + 0.2])).tolist()
    [0, 1, 0]
    """
    if not len(score):
        return np.zeros(0, dtype=np.intp)
    order = np.argsort(score)
    ordered = score.take(order)
    room = 1e-12 * max(float(np.max(np.abs(ordered))), 1e-300)
    out = np.empty(len(score), dtype=np.intp)
    out[order] = np.concatenate([[0], np.cumsum(np.diff(ordered) > room)])
    return out


def rank_sums(codes: Ints, weight: Array, low: Ints, high: Ints, wanted: Ints) -> tuple[Array, Array]:
    """For each query: weight at positions low to high - 1 of codes below the wanted one, and equal to it.

    codes, weight : (n,).  low, high, wanted : (q,).  The codes are split by their bits, highest first; a query follows its own code down
    (a wavelet matrix): n log n in all.

    >>> less, same = rank_sums(np.array([2, 0, 1, 2]), np.ones(4), np.array([0]), np.array([4]), np.array([2]))
    >>> less.tolist(), same.tolist()
    ([2.0], [2.0])
    """
    begin, end = low.astype(np.int32), np.maximum(high, low).astype(np.int32)
    now, load = codes.astype(np.int32), weight
    target = wanted.astype(np.int32)
    less = np.zeros(len(begin))
    for bit in range(max(int(now.max(initial=0)), int(target.max(initial=0))).bit_length() - 1, -1, -1):
        zero = (now >> bit) & 1 == 0
        count = np.zeros(len(now) + 1, dtype=np.int32)
        np.cumsum(zero, out=count[1:])
        sums = np.zeros(len(now) + 1)
        np.cumsum(load * zero, out=sums[1:])
        up = ((target >> bit) & 1).astype(bool)
        zeros_low, zeros_high = count[begin], count[end]
        less += np.where(up, sums[end] - sums[begin], 0.0)
        ones = int(count[-1])
        begin = np.where(up, ones + begin - zeros_low, zeros_low)
        end = np.where(up, ones + end - zeros_high, zeros_high)
        split = np.concatenate([np.flatnonzero(zero), np.flatnonzero(~zero)])
        now, load = now[split], load[split]
    run = np.concatenate([[0.0], np.cumsum(load)])
    return less, run[end] - run[begin]


def concordance(
    score: Array, time: Array, event: Bools, *, weight: Array | None = None, stratum: Ints | None = None,
    start: Array | None = None, cluster: Ints | None = None,
) -> Concordance:  # fmt: skip
    """Concordance of a risk score with the order of events, with its jackknife standard error.

    All arrays (n,): a higher score should mean an earlier event.  A pair is comparable where the earlier time is an event and the other
    subject is at risk then; at the same time an event comes before a censoring.  Pairs within strata only.  C = (concordant + tied / 2) /
    comparable.  The standard error is the infinitesimal jackknife (each subject's share of C), summed within clusters.
    C says nothing of calibration, and depends on the censoring: do not compare it between studies with other follow-up.
    Source: Harrell, Lee & Mark 1996; Therneau & Watson 2015, Mayo Clinic Technical Report 85.

    >>> c = concordance(np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0]), np.array([True, True, False]))
    >>> c.estimate, c.concordant
    (1.0, 3.0)
    """
    n = len(time)
    weight = np.ones(n) if weight is None else weight
    stratum = np.zeros(n, dtype=np.intp) if stratum is None else stratum
    ranks = codes_of(score)
    kernels = compiled(n) if start is None else None
    order = _plain_order(time, ranks, weight, stratum) if kernels is None and start is None else None
    plain = order is not None
    if order is None:
        order = np.lexsort((~event, time, stratum))
    t, d, g, w = time.take(order), event.take(order), stratum.take(order), weight.take(order)
    code = ranks.take(order)
    if plain:
        parts: Sides = _plain_sides(code, d)
    else:
        block = (
            np.concatenate([[True], (t[1:] != t[:-1]) | (g[1:] != g[:-1]) | (d[1:] != d[:-1])])
            if n
            else np.zeros(0, bool)
        )
        begins = np.flatnonzero(block)
        number = np.cumsum(block) - 1
        if kernels is not None:
            six = kernels.concordance_pass(code, w, d, number, g)
            parts = (six[0], six[1], six[2]), (six[3], six[4], six[5])
        else:
            ends = np.append(begins[1:], n)[number]
            bounds = np.searchsorted(g, g, side="left"), np.searchsorted(g, g, side="right")
            parts = _both_sides(code, w, d, ends, begins[number], bounds)
    if start is not None:
        parts = _without_late(parts, code, w, d, t, g, start[order])
    as_event, as_other = parts
    pairs = np.array([float((w * d) @ column) for column in as_event])
    total = float(pairs.sum())
    if total <= 0:
        return Concordance(estimate=np.nan, std_error=np.nan, concordant=0.0, discordant=0.0, tied=0.0)
    somers = float((pairs[0] - pairs[1]) / total)
    share = [a * d + b for a, b in zip(as_event, as_other, strict=True)]
    influence = w * ((share[0] - share[1]) - somers * (share[0] + share[1] + share[2])) / total / 2.0
    if cluster is not None:
        influence = np.bincount(cluster[order], influence)
    return Concordance(
        estimate=0.5 * (somers + 1.0), std_error=float(np.sqrt(influence @ influence)),
        concordant=float(pairs[0]), discordant=float(pairs[1]), tied=float(pairs[2]),
    )  # fmt: skip


def _plain_order(time: Array, ranks: Ints, weight: Array, stratum: Ints) -> Ints | None:
    """The order of time where no two rows have one time or one score, nothing is weighted and there is one stratum; else None."""
    n = len(time)
    if not 1 < n < 1 << SHIFT or int(ranks.max()) != n - 1 or stratum.any() or not (weight == 1.0).all():
        return None
    order = np.argsort(time)
    ordered = time.take(order)
    return None if (ordered[1:] == ordered[:-1]).any() else order


def _plain_sides(code: Ints, d: Bools) -> Sides:
    """As ``_both_sides`` where times and scores are all different, without weights: both counts come from one pass."""
    n = len(code)
    both = smaller_before(code, np.where(d, 1 << SHIFT, 1))
    events, others = both >> SHIFT, both & ((1 << SHIFT) - 1)
    less = np.where(d, code - events - others, 0).astype(np.float64)
    total = np.where(d, np.arange(n - 1, -1, -1), 0)
    before = np.cumsum(d) - d
    none = np.zeros(n)
    return (less, total - less, none), ((before - events).astype(np.float64), events.astype(np.float64), none)


def smaller_before(code: Ints, load: Ints) -> Ints:
    """For each row the loads of the rows before it whose code is smaller.

    code : (n,) the numbers 0 to n - 1, each once.  load : (n,) whole numbers.  The rows are split by the bits of their code, highest first,
    and stay in order; at each split those above take the loads of those below that came before them: n log n in all.

    >>> smaller_before(np.array([1, 0, 3, 2]), np.array([10, 20, 30, 40])).tolist()
    [0, 0, 30, 30]
    """
    n = len(code)
    bits = max(1, (n - 1).bit_length())
    now, mass, found = (
        np.arange(1 << bits, dtype=np.int32),
        np.zeros(1 << bits, np.int64),
        np.zeros(1 << bits, np.int64),
    )
    now[:n], mass[:n] = code, load
    for bit in range(bits - 1, -1, -1):
        half, nodes = 1 << bit, 1 << (bits - 1 - bit)
        upper = (now & half) != 0
        above, below = np.flatnonzero(upper).reshape(nodes, half), np.flatnonzero(~upper).reshape(nodes, half)
        run = np.zeros((nodes, half + 1), np.int64)
        np.cumsum(mass[below], axis=1, out=run[:, 1:])
        start = 2 * half * np.arange(nodes)[:, None] + np.arange(half)
        gained = np.take_along_axis(run, above - start, axis=1)  # above - start : how many of those below came before
        split = np.concatenate([below, above], axis=1)
        now, mass, found = now[split].reshape(-1), mass[split].reshape(-1), found[split]
        found[:, half:] += gained
        found = found.reshape(-1)
    return found[code]


def _both_sides(code: Ints, w: Array, d: Bools, ends: Ints, begins: Ints, bounds: tuple[Ints, Ints]) -> Sides:
    """(concordant, discordant, tied) weight of each row's pairs as the event, and as the one that outlives an event."""
    running = np.concatenate([[0.0], np.cumsum(w)])
    events = np.flatnonzero(d)
    less, same = np.zeros(len(w)), np.zeros(len(w))
    less[events], same[events] = rank_sums(code, w, ends[events], bounds[1][events], code[events])
    total = np.where(d, running[bounds[1]] - running[ends], 0.0)
    as_event = (less, total - less - same, same)
    place = np.cumsum(d)  # events up to here
    before = np.concatenate([[0], place])
    low, high = before[bounds[0]], before[begins]
    below, equal = rank_sums(code[events], w[events], low, high, code)
    mass = np.concatenate([[0.0], np.cumsum(w[events])])
    every = mass[np.maximum(high, low)] - mass[low]
    return as_event, (every - below - equal, below, equal)


def _without_late(parts: Sides, code: Ints, w: Array, d: Bools, t: Array, g: Ints, s: Array) -> Sides:
    """The same without pairs in which the other one had not yet entered at the event."""
    late = np.lexsort((s, g))
    key_s, key_g = s[late], g[late]
    events = np.flatnonzero(d)
    first = _place(key_s, key_g, t[events], g[events], "left")
    end = np.searchsorted(key_g, g[events], side="right")
    less, same = rank_sums(code[late], w[late], first, end, code[events])
    running = np.concatenate([[0.0], np.cumsum(w[late])])
    off = running[end] - running[first]
    as_event = tuple(column.copy() for column in parts[0])
    for column, part in zip(as_event, (less, off - less - same, same), strict=True):
        column[events] -= part
    low = np.searchsorted(g[events], g, side="left")
    high = _place(t[events], g[events], s, g, "right")
    below, equal = rank_sums(code[events], w[events], low, high, code)
    mass = np.concatenate([[0.0], np.cumsum(w[events])])
    every = mass[high] - mass[low]
    as_other = tuple(a - b for a, b in zip(parts[1], (every - below - equal, below, equal), strict=True))
    return (as_event[0], as_event[1], as_event[2]), (as_other[0], as_other[1], as_other[2])


def _place(value: Array, stratum: Ints, wanted: Array, wanted_stratum: Ints, side: str) -> Ints:
    """Insertion points within strata; values are sorted within strata."""
    out = np.zeros(len(wanted), dtype=np.intp)
    for code in np.unique(wanted_stratum):
        low, high = np.searchsorted(stratum, [code, code + 1])
        rows = wanted_stratum == code
        found = (
            np.searchsorted(value[low:high], wanted[rows], side="left")
            if side == "left"
            else np.searchsorted(value[low:high], wanted[rows], side="right")
        )
        out[rows] = low + found
    return out
