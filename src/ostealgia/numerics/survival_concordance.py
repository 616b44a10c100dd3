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
    order = np.lexsort((~event, time, stratum))
    t, d, g, w = time.take(order), event.take(order), stratum.take(order), weight.take(order)
    code = codes_of(score).take(order)
    block = (
        np.concatenate([[True], (t[1:] != t[:-1]) | (g[1:] != g[:-1]) | (d[1:] != d[:-1])]) if n else np.zeros(0, bool)
    )
    begins = np.flatnonzero(block)
    number = np.cumsum(block) - 1
    ends = np.append(begins[1:], n)[number]
    bounds = np.searchsorted(g, g, side="left"), np.searchsorted(g, g, side="right")
    kernels = compiled(n) if start is None else None
    if kernels is not None:
        six = kernels.concordance_pass(code, w, d, number, g)
        parts: Sides = (six[0], six[1], six[2]), (six[3], six[4], six[5])
    else:
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


Sides = tuple[tuple[Array, Array, Array], tuple[Array, Array, Array]]


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
