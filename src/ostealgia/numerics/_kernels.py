# pyright: basic, reportMissingImports=false
"""Compiled kernels of the batch engine. Imported only where numba is installed; ``batch_numpy`` gives the same numbers without it.

Sixty-four analyses of similar size are turned into the columns of a small table that stays in the first-level cache (a short analysis is
filled up with rows of infinite variance, which weigh nothing). Every sum then runs over the columns side by side, so that the processor's
vector unit works on several analyses at a time. What happens to one column never depends on its neighbours: the numbers of an analysis are
the same in whatever company, order or partition it is fitted. Analyses of more than ``LONG`` studies are read where they stand.

``S`` holds, for each of the columns, sums and state in slots of 64 numbers. Sums are taken around a centre (slot MID) that follows the
mean, so that nothing cancels: with w = 1 / (v + tau2) and d = y - MID, slots S1..S3 = sum w^1..3, M1..M3 = sum w^1..3 d and
Q1..Q3 = sum w^1..3 d^2. (The compiled code is kept on disk and renewed when this file changes, but not when ``batch_codes`` does.)
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ostealgia.numerics import batch_codes as code

CHUNK = 16_384  # effects brought into the second-level cache at a time
QUICK = 7  # evaluations before an analysis leaves its block and goes into one with others that take long
S1, S2, S3, M1, M2, M3, Q1, Q2, Q3, TAU, MID = (64 * i for i in range(11))
LOW, HIGH, OLD, OLD_H, OLD_D, TYPICAL, SPREAD, ROOT_A0, ROOT_B0, COCHRAN, TRACE = (64 * i for i in range(11, 22))
SCORE0, DONE, SIZE, TARGET, SCALE, A, B, A_SLOPE, B_SLOPE, MEAN_V, STEPS, USED = (64 * i for i in range(22, 34))
SLOTS = 64 * 34


def _jit(function):
    """Compile without the global lock; keep the compiled code on disk where that is possible."""
    options = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # no folder for the cache can be written
        return njit(**options)(function)


@_jit
def _columns(y, v, where, least, rows, V, Y):
    """Sixty-four analyses as the columns of V and Y; below a short one stand rows that weigh nothing."""
    for j in range(least):
        for c in range(64):
            i = np.uint64(where[c] + j)  # unsigned: no test for a negative index
            V[j, c] = v[i]
            Y[j, c] = y[i]
    for j in range(least, rows):
        for c in range(64):
            inside = j < where[64 + c]
            i = where[c] + j if inside else where[c]
            V[j, c] = v[i] if inside else math.inf
            Y[j, c] = y[i] if inside else 0.0


@_jit
def _load(y, v, offsets, order, at, count, V, Y, S, where):
    """Turn ``count`` analyses into columns, each scaled by a power of two; returns the number of rows, even."""
    rows, least, plain = 2, 1 << 60, True
    for c in range(64):
        S[DONE + c] = 0.0 if c < count else 1.0
        a = order[at + c] if c < count else order[at]
        where[c] = offsets[a]
        where[64 + c] = offsets[a + 1] - offsets[a]
        rows, least = max(rows, where[64 + c]), min(least, where[64 + c])
        S[SIZE + c], first = where[64 + c], v[where[c]]
        S[SCALE + c] = 1.0
        if (
            not 1e-40 < first < 1e40
        ):  # a power of two changes no digit; it only keeps cubes of weights inside the range of doubles
            S[SCALE + c] = math.ldexp(1.0, -(math.frexp(first)[1] // 2))
            plain = False
    rows += rows & 1
    if rows > code.LONG:
        return rows
    _columns(y, v, where, least, rows, V, Y)
    if not plain:
        for j in range(rows):
            for c in range(64):
                V[j, c] *= S[SCALE + c] * S[SCALE + c]
                Y[j, c] *= S[SCALE + c]
    return rows


@_jit
def _centre(V, Y, rows, S):
    """Slot MID: the effect of smallest variance. Sums around it lose at most a factor k to cancellation (see ``batch``)."""
    for c in range(64):
        S[LOW + c], S[MID + c] = V[0, c], Y[0, c]
    for j in range(1, rows):
        for c in range(64):
            better = V[j, c] < S[LOW + c]
            S[MID + c] = Y[j, c] if better else S[MID + c]
            S[LOW + c] = V[j, c] if better else S[LOW + c]


@_jit
def _unweighted(V, Y, rows, S):
    """Mean variance and squares around the plain mean."""
    for c in range(64):
        S[S2 + c], S[M2 + c], S[Q2 + c] = 0.0, 0.0, 0.0
    for j in range(rows):
        for c in range(64):
            inside = V[j, c] < math.inf
            d = Y[j, c] - S[MID + c] if inside else 0.0
            S[S2 + c] += V[j, c] if inside else 0.0
            S[M2 + c] += d
            S[Q2 + c] += d * d


@_jit
def _first_long(y, v, where, S):
    """Slot MID: the weighted mean at tau2 = 0; and the sums of ``_unweighted``."""
    for c in range(64):
        if S[DONE + c] == 0.0:
            scale, start = S[SCALE + c], where[c]
            s1 = m1 = s2 = m2 = q2 = 0.0
            for i in range(start, start + where[64 + c]):
                variance = v[i] * scale * scale
                d = (y[i] - y[start]) * scale
                w = 1.0 / variance
                s1, m1 = s1 + w, m1 + w * d
                s2, m2, q2 = s2 + variance, m2 + d, q2 + d * d
            S[S2 + c], S[M2 + c], S[Q2 + c] = s2, m2, q2
            S[MID + c] = y[start] * scale + m1 / s1


@_jit
def _prepare(y, v, offsets, order, at, count, method, V, Y, S, where):
    """Load a block and choose centres; returns its rows."""
    rows = _load(y, v, offsets, order, at, count, V, Y, S, where)
    spread = method in (code.HE, code.SJ, code.ML, code.REML)
    if rows > code.LONG:
        _first_long(y, v, where, S)
    else:
        _centre(V, Y, rows, S)
        if spread:
            _unweighted(V, Y, rows, S)
    if spread:
        for c in range(64):
            k = S[SIZE + c]
            S[MEAN_V + c] = S[S2 + c] / k
            S[SPREAD + c] = max(0.0, S[Q2 + c] - S[M2 + c] * S[M2 + c] / k)
    for c in range(64):
        S[TAU + c] = 0.0
    for c in range(count, 64):
        where[64 + c] = 0
    return rows


@_jit
def _light(V, Y, rows, S):
    """S1, S2, M1, Q1 only: enough for the closed forms and for the mean."""
    for c in range(64):
        S[S1 + c], S[S2 + c], S[M1 + c], S[Q1 + c] = 0.0, 0.0, 0.0, 0.0
    for j in range(0, rows, 2):
        for c in range(64):
            w, x = 1.0 / (V[j, c] + S[TAU + c]), 1.0 / (V[j + 1, c] + S[TAU + c])
            d, e = Y[j, c] - S[MID + c], Y[j + 1, c] - S[MID + c]
            S[S1 + c] += w + x
            S[S2 + c] += w * w + x * x
            S[M1 + c] += w * d + x * e
            S[Q1 + c] += w * d * d + x * e * e


@_jit
def _full(V, Y, rows, S):
    """All nine sums at tau2 = slot TAU."""
    for i in range(9 * 64):
        S[i] = 0.0
    for j in range(0, rows, 2):
        for c in range(64):
            w, x = 1.0 / (V[j, c] + S[TAU + c]), 1.0 / (V[j + 1, c] + S[TAU + c])
            d, e = Y[j, c] - S[MID + c], Y[j + 1, c] - S[MID + c]
            w2, x2 = w * w, x * x
            w3, x3 = w2 * w, x2 * x
            S[S1 + c] += w + x
            S[S2 + c] += w2 + x2
            S[S3 + c] += w3 + x3
            S[M1 + c] += w * d + x * e
            S[M2 + c] += w2 * d + x2 * e
            S[M3 + c] += w3 * d + x3 * e
            d, e = d * d, e * e
            S[Q1 + c] += w * d + x * e
            S[Q2 + c] += w2 * d + x2 * e
            S[Q3 + c] += w3 * d + x3 * e


@_jit
def _full_long(y, v, where, S, every):
    """The nine sums of analyses that are read where they stand; only of those still at work unless ``every``."""
    for c in range(64):
        if where[64 + c] > 0 and (every or S[DONE + c] == 0.0):
            tau2, mid, scale, start = S[TAU + c], S[MID + c], S[SCALE + c], where[c]
            s1 = s2 = s3 = m1 = m2 = m3 = q1 = q2 = q3 = 0.0
            for i in range(start, start + where[64 + c]):
                w = 1.0 / (v[i] * scale * scale + tau2)
                d = y[i] * scale - mid
                w2 = w * w
                w3 = w2 * w
                e = d * d
                s1, s2, s3 = s1 + w, s2 + w2, s3 + w3
                m1, m2, m3 = m1 + w * d, m2 + w2 * d, m3 + w3 * d
                q1, q2, q3 = q1 + w * e, q2 + w2 * e, q3 + w3 * e
            S[S1 + c], S[S2 + c], S[S3 + c] = s1, s2, s3
            S[M1 + c], S[M2 + c], S[M3 + c] = m1, m2, m3
            S[Q1 + c], S[Q2 + c], S[Q3 + c] = q1, q2, q3


@_jit
def _sums(y, v, rows, V, Y, S, where, light, every):
    if rows > code.LONG:
        _full_long(y, v, where, S, every)
    elif light:
        _light(V, Y, rows, S)
    else:
        _full(V, Y, rows, S)


@_jit
def _cochran(S, move):
    """Cochran's Q and the trace S1 - S2 / S1, from sums at tau2 = 0; the mean there becomes the centre if ``move``."""
    for c in range(64):
        shift = S[M1 + c] / S[S1 + c]
        S[COCHRAN + c] = max(0.0, S[Q1 + c] - shift * S[M1 + c])
        S[TRACE + c] = S[S1 + c] - S[S2 + c] / S[S1 + c]
        S[TYPICAL + c] = S[SIZE + c] / S[S1 + c]
        if move:
            S[MID + c] += shift


@_jit
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
            S[TAU + c] = max(0.0, (S[COCHRAN + c] * factor - k) / S[S1 + c])
    else:
        for c in range(64):
            S[TAU + c] = S[SPREAD + c] / S[SIZE + c]


@_jit
def _sidik_jonkman(S):
    """The second step of SJ, from sums at its start value."""
    for c in range(64):
        rss = S[Q1 + c] - S[M1 + c] * S[M1 + c] / S[S1 + c]
        S[TAU + c] = max(0.0, S[TAU + c] * rss / (S[SIZE + c] - 1.0))


@_jit
def _derivatives(method, S):
    """Slots A, B and their slopes in tau2; A - B is twice the score (REML, ML), A = Q(tau2) and B its target (PM). Both fall or stay."""
    for c in range(64):
        s1, s2, s3, m2 = S[S1 + c], S[S2 + c], S[S3 + c], S[M2 + c]
        shift = S[M1 + c] / s1
        a = S[Q2 + c] - 2.0 * shift * m2 + shift * shift * s2
        e = m2 - shift * s2
        slope = -2.0 * (S[Q3 + c] - 2.0 * shift * S[M3 + c] + shift * shift * s3 - e * e / s1)
        if method == code.PM:
            S[A_SLOPE + c] = -a
            S[A + c] = S[Q1 + c] - shift * S[M1 + c]
            S[B + c], S[B_SLOPE + c] = S[TARGET + c], 0.0
        elif method == code.ML:
            S[A + c], S[A_SLOPE + c] = a, slope
            S[B + c], S[B_SLOPE + c] = s1, -s2
        else:
            ratio = s2 / s1
            S[A + c], S[A_SLOPE + c] = a, slope
            S[B + c], S[B_SLOPE + c] = s1 - ratio, -(s2 - 2.0 * s3 / s1 + ratio * ratio)
    for c in range(
        64
    ):  # the centre follows the mean, but stays where an analysis is finished: its neighbours must not matter
        move = S[M1 + c] / S[S1 + c] if S[DONE + c] == 0.0 else 0.0
        S[MID + c] += move
        S[Q1 + c] -= move * S[M1 + c]
        S[M1 + c] = S[M1 + c] if S[DONE + c] != 0.0 else 0.0


@_jit
def _at_work(S):
    left = 0
    for c in range(64):
        left += 1 if S[DONE + c] == 0.0 else 0
    return left


@_jit
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


@_jit
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


@_jit
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


@_jit
def _results(S):
    """Mean, its variance, the Hartung-Knapp factor and the typical variance, in slots LOW to OLD_H, in the unit of the data."""
    for c in range(64):
        s1, m1, lost = S[S1 + c], S[M1 + c], S[SIZE + c] - 1.0
        shift, back = m1 / s1, 1.0 / S[SCALE + c]
        S[LOW + c] = (S[MID + c] + shift) * back
        S[HIGH + c] = back * back / s1
        S[OLD + c] = max(0.0, S[Q1 + c] - shift * m1) / lost
        S[OLD_H + c] = lost * back * back / S[TRACE + c]
        S[OLD_D + c] = S[TAU + c] * back * back


@_jit
def _write(order, at, count, S, out):
    """The results of a block to their places."""
    for c in range(count):
        a = order[at + c]
        out[code.ESTIMATE, a] = S[LOW + c]
        out[code.VARIANCE, a] = S[HIGH + c]
        out[code.HK_FACTOR, a] = S[OLD + c]
        out[code.TAU2, a] = S[OLD_D + c]
        out[code.Q, a] = S[COCHRAN + c]
        out[code.TYPICAL_V, a] = S[OLD_H + c]


@_jit
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


@_jit
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


@_jit
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
        _sums(y, v, rows, V, Y, S, where, not iterated, phase != 1)
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
    else:
        for c in range(count):
            codes[order[at + c]], steps[order[at + c]] = code.CLOSED, 0
    _results(S)
    _write(order, at, count, S, out)


@_jit
def _limits(y, v, where, S, c):
    """Smallest and largest variance, and spread of the effects, of one analysis, scaled."""
    start, scale = where[c], S[SCALE + c]
    least, most, low, high = math.inf, 0.0, math.inf, -math.inf
    for i in range(start, start + where[64 + c]):
        least, most = min(least, v[i]), max(most, v[i])
        low, high = min(low, y[i]), max(high, y[i])
    return least * scale * scale, most * scale * scale, (high - low) * scale


@_jit
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
        _sums(y, v, rows, V, Y, S, where, False, False)
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


@_jit
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


@_jit
def _alike(offsets, order, at, total):
    """How many of the next analyses go into one block: up to 64, all long or none."""
    long = offsets[order[at] + 1] - offsets[order[at]] > code.LONG
    count = 1
    while count < 64 and at + count < total:
        a = order[at + count]
        if (offsets[a + 1] - offsets[a] > code.LONG) != long:
            break
        count += 1
    return count


@_jit
def _chunk_end(offsets, begin, last):
    """Where a run of analyses ends whose effects fit into the second-level cache."""
    end = begin + 1
    while end < last and end - begin < 1024 and offsets[end + 1] - offsets[begin] <= CHUNK:
        end += 1
    return end


@_jit
def fit_range(y, v, offsets, first, last, method, target, given, out, codes, steps):
    """Fit analyses ``first`` to ``last``.

    y, v : (N,), effects and variances, finite, v > 0.  offsets : (n + 1,).  method : one of the codes above.
    target : (n,) for PM.  given : (n,) for GIVEN.  out : (8, n), codes : (n,), steps : (n,) are filled for analyses of two studies or more.
    Returns a number that only keeps the reading of the data from being optimised away.
    """
    V, Y, S = np.empty((code.LONG + 2, 64)), np.empty((code.LONG + 2, 64)), np.zeros(SLOTS)
    where, counts, found = np.zeros(128, np.int64), np.zeros(code.LONG + 4, np.int64), np.zeros(2, np.int64)
    work = np.empty((3, 1024), np.int64)  # in turn: all by size; those that need more steps; those that need the grid
    read, begin = 0.0, first
    while begin < last:
        end = _chunk_end(offsets, begin, last)
        for i in range(offsets[begin], min(offsets[end], offsets[begin] + CHUNK), 8):
            read += y[i] + v[i]  # one number a cache line: what follows does not read in order
        total = _by_size(offsets, begin, end, work[0], counts)
        found[:] = 0
        for stage in range(3):
            order, at = work[stage], 0
            while at < total:
                count = _alike(offsets, order, at, total)
                rows = _prepare(y, v, offsets, order, at, count, method, V, Y, S, where)
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
    return read
