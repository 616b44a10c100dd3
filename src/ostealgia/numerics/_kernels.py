# pyright: basic, reportMissingImports=false
"""Compiled kernel of the batch engine: tau2 and the mean of many analyses. Imported only where numba is installed.

``batch_numpy`` gives the same numbers without it; ``_kernels_sums`` says how the data stand. In all that follows row 0 of a column, the
most precise study, has weight w = 1 / (FIRST + TAU) and effect 0, so that its distance from the centre is -MID; the sums are those of the
others. The compiled code is kept on disk and renewed when this file changes: after a change in ``_kernels_sums`` or ``batch_codes`` alone,
touch it.
"""

from __future__ import annotations

import math

import numpy as np

from ostealgia.numerics import batch_codes as code
from ostealgia.numerics._kernels_sums import (
    A_SLOPE,
    B_SLOPE,
    BASE,
    COCHRAN,
    DONE,
    FIRST,
    HIGH,
    LOW,
    M1,
    M2,
    M3,
    MEAN_V,
    MID,
    OLD,
    OLD_D,
    OLD_H,
    Q1,
    Q2,
    Q3,
    ROOT_A0,
    ROOT_B0,
    S1,
    S2,
    S3,
    SCALE,
    SCORE0,
    SIZE,
    SPREAD,
    STEPS,
    TARGET,
    TAU,
    TRACE,
    TYPICAL,
    USED,
    A,
    B,
    add_up,
    jit,
    jit_sum,
    prepare,
    tables,
)

CHUNK = 16_384  # effects of a run of analyses; while it is fitted, the next one is brought into the second-level cache
QUICK = 7  # evaluations before an analysis leaves its block and goes into one with others that take long


@jit
def _cochran(S, move):
    """Cochran's Q and the trace S1 - S2 / S1, from sums at tau2 = 0; the mean there becomes the centre if ``move``."""
    for c in range(64):
        w, rest, d = 1.0 / S[FIRST + c], S[S1 + c], -S[MID + c]
        s1, m1 = w + rest, w * d + S[M1 + c]
        shift = m1 / s1
        S[COCHRAN + c] = max(0.0, w * d * d + S[Q1 + c] - shift * m1)
        S[TRACE + c] = (2.0 * w * rest + (rest * rest - S[S2 + c])) / s1
        S[TYPICAL + c] = S[SIZE + c] / s1
        if move:
            S[MID + c] += shift


@jit
def _closed_form(method, S):
    """Slot TAU by a moment estimator; for SJ its start value."""
    if method == code.DL:
        for c in range(64):
            S[TAU + c] = max(0.0, (S[COCHRAN + c] - (S[SIZE + c] - 1.0)) / S[TRACE + c])
    elif method == code.HE:
        for c in range(64):
            S[TAU + c] = max(0.0, S[SPREAD + c] / (S[SIZE + c] - 1.0) - S[MEAN_V + c])
    elif method in (code.HS, code.HSK):
        for c in range(64):
            k = S[SIZE + c]
            factor = k / (k - 1.0) if method == code.HSK else 1.0
            S[TAU + c] = max(0.0, (S[COCHRAN + c] * factor - k) / (1.0 / S[FIRST + c] + S[S1 + c]))
    else:
        for c in range(64):
            S[TAU + c] = S[SPREAD + c] / S[SIZE + c]


@jit
def _sidik_jonkman(S):
    """The second step of SJ, from sums at its start value."""
    for c in range(64):
        w, d = 1.0 / (S[FIRST + c] + S[TAU + c]), -S[MID + c]
        m1 = w * d + S[M1 + c]
        rss = w * d * d + S[Q1 + c] - m1 * m1 / (w + S[S1 + c])
        S[TAU + c] = max(0.0, S[TAU + c] * rss / (S[SIZE + c] - 1.0))


@jit
def _derivatives(method, S):
    """Slots A, B and their slopes in tau2; A - B is twice the score (REML, ML), A = Q(tau2) and B its target (PM).

    P = W - ww' / s1: A = y'P^2 y with slope -2 y'P^3 y, B = tr P with slope -tr P^2 (ML: S1, -S2), written without differences that cancel.
    """
    for c in range(64):
        w, d, rest, s2 = 1.0 / (S[FIRST + c] + S[TAU + c]), -S[MID + c], S[S1 + c], S[S2 + c]
        s1, m1 = w + rest, w * d + S[M1 + c]
        shift = m1 / s1
        r = d - shift
        e = S[M2 + c] - shift * s2
        a = w * w * r * r + (S[Q2 + c] - 2.0 * shift * S[M2 + c] + shift * shift * s2)
        g = S[Q3 + c] - 2.0 * shift * S[M3 + c] + shift * shift * S[S3 + c]
        slope = -2.0 * (w * w * w * r * r * (rest / s1) - 2.0 * w * w * r * e / s1 + (g - e * e / s1))
        share = w / s1
        if method == code.PM:
            S[A + c], S[A_SLOPE + c] = w * d * d + S[Q1 + c] - shift * m1, -a
            S[B + c], S[B_SLOPE + c] = S[TARGET + c], 0.0
        elif method == code.ML:
            S[A + c], S[A_SLOPE + c] = a, slope
            S[B + c], S[B_SLOPE + c] = s1, -(w * w + s2)
        else:
            S[A + c], S[A_SLOPE + c] = a, slope
            S[B + c] = 2.0 * share * rest + (rest * rest - s2) / s1
            trace = (
                share * share * rest * rest + s2 * (1.0 + 2.0 * share * share + s2 / (s1 * s1)) - 2.0 * S[S3 + c] / s1
            )
            S[B_SLOPE + c] = -trace
        # the centre follows the mean, but stays where an analysis is finished: its neighbours must not matter
        S[MID + c] += shift if S[DONE + c] == 0.0 else 0.0


@jit
def _at_work(S):
    left = 0
    for c in range(64):
        left += 1 if S[DONE + c] == 0.0 else 0
    return left


@jit
def _start(method, S):
    """After the sums at zero: who is finished there, and where the others begin."""
    for c in range(64):
        a, b = S[A + c], S[B + c]
        h = b / a - 1.0
        slope = (S[B_SLOPE + c] * a - S[A_SLOPE + c] * b) / (a * a)
        S[SCORE0 + c] = 0.5 * (a - b) * S[TYPICAL + c] if method != code.PM else (a - b) / b
        S[ROOT_A0 + c] = 1.0 / math.sqrt(a)
        S[ROOT_B0 + c] = 1.0 / b
        S[DONE + c] = 1.0 if not a > b else S[DONE + c]
        S[LOW + c], S[HIGH + c] = 0.0, math.inf
        S[OLD + c], S[OLD_H + c], S[OLD_D + c] = 0.0, h, slope
        first = (S[COCHRAN + c] - (S[SIZE + c] - 1.0)) / S[TRACE + c]
        first = first if first > 0.0 else -h / slope
        first = first if 0.0 < first < math.inf else S[TYPICAL + c]
        S[TAU + c] = 0.0 if S[DONE + c] == 1.0 else first
    return _at_work(S)


@jit
def _advance(S):
    """One safeguarded step on B / A = 1, which is close to a straight line in tau2; returns how many are still at work.

    Inverse cubic interpolation through the last two values and slopes, held inside the bracket and near the Newton step, which is
    taken otherwise.
    """
    for c in range(64):
        t, a, b = S[TAU + c], S[A + c], S[B + c]
        h = b / a - 1.0
        slope = (S[B_SLOPE + c] * a - S[A_SLOPE + c] * b) / (a * a)
        low = t if h < 0.0 else S[LOW + c]
        high = t if h > 0.0 else S[HIGH + c]
        newton = -h / slope
        run, rise = t - S[OLD + c], h - S[OLD_H + c]
        chord = run / rise
        left, right = (chord - 1.0 / slope) / -rise, (1.0 / S[OLD_D + c] - chord) / -rise
        cubic = newton + h * h * (left - S[OLD_H + c] * (right - left) / -rise)
        near = abs(cubic - newton) < 0.5 * abs(newton) and S[OLD_D + c] > 0.0
        new = t + cubic if near else t + newton
        settled = slope > 0.0 and abs(newton) <= code.NEAR * (t + S[TYPICAL + c])
        inside = slope > 0.0 and low < new and new < high
        half = 0.5 * (low + high) if high < math.inf else 2.0 * t + S[TYPICAL + c]
        new = max(0.5 * t, t + newton) if settled else (new if inside else half)
        working = S[DONE + c] == 0.0
        S[LOW + c] = low if working else S[LOW + c]
        S[HIGH + c] = high if working else S[HIGH + c]
        S[OLD + c] = t if working else S[OLD + c]
        S[OLD_H + c] = h if working else S[OLD_H + c]
        S[OLD_D + c] = slope if working else S[OLD_D + c]
        S[TAU + c] = new if working else t
        S[DONE + c] = 1.0 if settled else S[DONE + c]
    return _at_work(S)


@jit
def _one_root(S, c):
    """BOUND where the slopes prove that the likelihood has one maximum, else GRID. See ``batch.fit_batch`` for the proof."""
    a, b, tau2 = S[A + c], S[B + c], S[TAU + c]
    if a == 0.0:
        return code.BOUND
    root_a, root_b = 1.0 / math.sqrt(a), 1.0 / b
    slope_b = -S[B_SLOPE + c] * root_b * root_b
    spread = S[SPREAD + c] * (1.0 + 1e-9)
    beyond = 2.0 * root_a / math.sqrt(spread) - slope_b
    if tau2 == 0.0:
        gap = root_a * root_a - root_b
        clear = beyond >= 0.0 or beyond * beyond * (1.0 + 1e-9) < 4.0 * gap / spread
        return code.BOUND if clear else code.GRID
    slope_a = -0.5 * S[A_SLOPE + c] * root_a * root_a * root_a
    chord = (root_b - S[ROOT_B0 + c]) / tau2
    below = chord * (1.0 + 1e-9) < 2.0 * root_a * slope_a - slope_a * slope_a * tau2
    return code.BOUND if below and beyond >= 0.0 else code.GRID


@jit
def _results(S):
    """Mean, its variance, the Hartung-Knapp factor and the typical variance, in slots LOW to OLD_D, in the unit of the data."""
    for c in range(64):
        w, d, lost = 1.0 / (S[FIRST + c] + S[TAU + c]), -S[MID + c], S[SIZE + c] - 1.0
        s1, m1, back = w + S[S1 + c], w * d + S[M1 + c], 1.0 / S[SCALE + c]
        shift = m1 / s1
        S[LOW + c] = (S[BASE + c] + (S[MID + c] + shift)) * back
        S[HIGH + c] = back * back / s1
        S[OLD + c] = max(0.0, w * d * d + S[Q1 + c] - shift * m1) / lost
        S[OLD_H + c] = lost * back * back / S[TRACE + c]
        S[OLD_D + c] = S[TAU + c] * back * back


@jit
def _write(order, at, count, S, out):
    """The results of a block to their places."""
    for c in range(count):
        a = np.uint64(order[at + c])
        out[code.ESTIMATE, a] = S[LOW + c]
        out[code.VARIANCE, a] = S[HIGH + c]
        out[code.HK_FACTOR, a] = S[OLD + c]
        out[code.TAU2, a] = S[OLD_D + c]
        out[code.Q, a] = S[COCHRAN + c]
        out[code.TYPICAL_V, a] = S[OLD_H + c]


@jit
def _certify(order, at, count, method, last, S, out, codes, steps, slow, retry, found):
    """How each tau2 of a block was found.

    Those still at work go on the list ``slow`` (in the ``last`` stage they are left to the full search), those without proof on ``retry``.
    """
    for c in range(count):
        a, t = order[at + c], S[TAU + c]
        if S[DONE + c] == 0.0 and not last:
            slow[found[0]] = a
            found[0] += 1
            continue
        score = S[A + c] - S[B + c]
        steps[a] = S[USED + c]
        out[code.SCORE, a] = score / S[B + c] if method == code.PM else 0.5 * score * t
        out[code.SCORE_0, a] = S[SCORE0 + c]
        miss = abs(score * S[A + c] / (S[B_SLOPE + c] * S[A + c] - S[A_SLOPE + c] * S[B + c])) if t > 0.0 else 0.0
        if S[DONE + c] == 0.0 or not miss <= code.SLACK * (t + S[TYPICAL + c]):
            codes[a] = code.SEARCH
        else:
            codes[a] = code.MONOTONE if method == code.PM else _one_root(S, c)
        if codes[a] == code.GRID:
            retry[found[1]] = a
            found[1] += 1


@jit
def _next_closed(method, phase, order, at, count, given, S):
    """After sums at 0 (phase 0) or at the start value of SJ (phase 1): the next tau2. Returns the phase to come; 2 is the last."""
    if phase == 1:
        _sidik_jonkman(S)
        return 2
    _cochran(S, True)
    if method == code.GIVEN:
        for c in range(count):
            S[TAU + c] = given[order[at + c]] * S[SCALE + c] * S[SCALE + c]
        return 2
    _closed_form(method, S)
    return 1 if method == code.SJ else 2


@jit
def _block(
    y, v, order, at, count, method, target, given, last, rows, V, Y, S, where, out, codes, steps, slow, retry, found
):
    """Fit up to 64 analyses that are loaded."""
    iterated = method >= code.PM
    for c in range(64):
        S[USED + c] = 0.0
    if method == code.PM:
        for c in range(64):
            S[TARGET + c] = target[order[at + c]] if c < count else 1.0
    phase, rounds, cap = 0, 0, code.CAP if last else QUICK
    while True:
        add_up(y, v, rows, V, Y, S, where, not iterated, phase != 1)
        if not iterated:
            if phase == 2:
                break
            phase = _next_closed(method, phase, order, at, count, given, S)
            continue
        if phase == 0:
            _cochran(S, False)
        _derivatives(method, S)
        if phase == 2:
            break
        left = _start(method, S) if phase == 0 else _advance(S)
        rounds += phase
        phase = 1 if left > 0 and rounds < cap else 2
        if phase == 1:
            for c in range(64):
                S[USED + c] += 1.0 - S[DONE + c]
    if iterated:
        _certify(order, at, count, method, last, S, out, codes, steps, slow, retry, found)
    _results(S)
    _write(order, at, count, S, out)


@jit_sum
def _limits(y, v, where, S, c):
    """Smallest and largest variance, and spread of the effects, of one analysis, scaled."""
    start, scale = where[c], S[SCALE + c]
    least, most, low, high = math.inf, 0.0, math.inf, -math.inf
    for i in range(start, start + where[64 + c]):
        least, most = min(least, v[i]), max(most, v[i])
        low, high = min(low, y[i]), max(high, y[i])
    return least * scale * scale, most * scale * scale, (high - low) * scale


@jit
def _grid(y, v, order, at, count, method, rows, V, Y, S, where, out, codes):
    """Whether the grid of ``likelihood.maximise`` shows the root found and no other; else the code becomes SEARCH."""
    falls, last = np.zeros(64, np.int64), np.zeros(64)
    positive, held = np.zeros(64, np.bool_), np.zeros(64, np.bool_)
    most = 0
    for c in range(count):
        smallest, largest, spread = _limits(y, v, where, S, c)
        top = 4.0 * spread * spread + 4.0 * largest
        low = min(1e-3 * smallest, 1e-6 * top)
        wide = math.log2(top / low) * 1.5
        S[STEPS + c] = math.ceil(wide) if wide <= code.WIDEST else -1.0
        S[LOW + c], S[HIGH + c] = low, math.log2(top / low) / S[STEPS + c]
        most = max(most, int(S[STEPS + c]) + 2)
    for i in range(most):
        add_up(y, v, rows, V, Y, S, where, False, False)
        _derivatives(method, S)
        for c in range(count):
            if i > S[STEPS + c] + 1:
                continue
            now, t = S[A + c] > S[B + c], S[TAU + c]
            if positive[c] and not now:
                falls[c] += 1
                found = out[code.TAU2, order[at + c]] * S[SCALE + c] * S[SCALE + c]
                held[c] = last[c] * (1.0 - 1e-9) <= found and found <= t * (1.0 + 1e-9)
            positive[c], last[c] = now, t
            S[TAU + c] = S[LOW + c] * 2.0 ** (i * S[HIGH + c])
    for c in range(count):
        a = order[at + c]
        clear = (
            not positive[c]
            and S[STEPS + c] > 0.0
            and ((out[code.TAU2, a] == 0.0 and falls[c] == 0) or (falls[c] == 1 and held[c]))
        )
        codes[a] = code.GRID if clear else code.SEARCH


@jit
def _by_size(offsets, first, last, order, counts):
    """Analyses of two studies or more from ``first`` to ``last``, by size, those longer than LONG at the end. Returns how many."""
    counts[:] = 0
    for a in range(first, last):
        k = offsets[a + 1] - offsets[a]
        if k > 1:
            counts[min(k, code.LONG + 1) + 1] += 1
    for k in range(1, code.LONG + 3):
        counts[k] += counts[k - 1]
    for a in range(first, last):
        k = offsets[a + 1] - offsets[a]
        if k > 1:
            slot = min(k, code.LONG + 1)
            order[counts[slot]] = a
            counts[slot] += 1
    return counts[code.LONG + 1]


@jit
def _alike(offsets, order, at, total, sized):
    """How many of the next analyses go into one block: up to 64, all long or none. sized : the order is by size."""
    most = min(64, total - at)
    last = order[at + most - 1]
    if sized and offsets[last + 1] - offsets[last] <= code.LONG:
        return most
    long = offsets[order[at] + 1] - offsets[order[at]] > code.LONG
    count = 1
    while count < most:
        a = order[at + count]
        if (offsets[a + 1] - offsets[a] > code.LONG) != long:
            break
        count += 1
    return count


@jit
def _chunk_end(offsets, begin, last):
    """Where a run of analyses ends whose effects fit into the second-level cache."""
    end = begin + 1
    while end < last and end - begin < 1024 and offsets[end + 1] - offsets[begin] <= CHUNK:
        end += 1
    return end


@jit_sum
def fit_range(y, v, offsets, first, last, method, target, given, out, codes, steps):
    """Fit analyses ``first`` to ``last``.

    y, v : (N,), effects and variances, finite, v > 0.  offsets : (n + 1,).  method : one of the codes above.
    target : (n,) for PM.  given : (n,) for GIVEN.  out : (8, n) is filled for analyses of two studies or more, codes : (n,) and
    steps : (n,) where they are not closed forms.
    """
    V, Y, S = tables()
    where, counts, found = np.zeros(194, np.int64), np.zeros(code.LONG + 4, np.int64), np.zeros(2, np.int64)
    work = np.empty((3, 1024), np.int64)  # in turn: all by size; those that need more steps; those that need the grid
    begin = first
    while begin < last:
        end = _chunk_end(offsets, begin, last)
        where[192], where[193] = max(where[192], offsets[end]), min(offsets[last], offsets[end] + CHUNK)
        total = _by_size(offsets, begin, end, work[0], counts)
        found[:] = 0
        for stage in range(3):
            order, at = work[stage], 0
            while at < total:
                count = _alike(offsets, order, at, total, stage == 0)
                rows = prepare(y, v, offsets, order, at, count, method, V, Y, S, where)
                if stage < 2:
                    _block(
                        y, v, order, at, count, method, target, given, stage == 1, rows, V, Y, S, where, out, codes, steps,
                        work[1], work[2], found,
                    )  # fmt: skip
                else:
                    _grid(y, v, order, at, count, method, rows, V, Y, S, where, out, codes)
                at += count
            total = found[min(stage, 1)]
        begin = end
