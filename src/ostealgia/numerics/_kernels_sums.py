# pyright: basic, reportMissingImports=false, reportCallIssue=false
"""Compiled sums of the batch engine: analyses side by side, and everything that is added up over their studies.

Sixty-four analyses of similar size are turned into the columns of a small table that stays in the first-level cache (a short analysis is
filled up with rows of infinite variance, which weigh nothing). Every sum then runs over the columns side by side, so that the processor's
vector unit works on several analyses at a time. What happens to one column never depends on its neighbours: the numbers of an analysis are
the same in whatever company, order or partition it is fitted. Analyses of more than ``LONG`` studies are read where they stand.

The study of smallest variance stands in row 0. Effects are counted from it (its own is 0) and the sums leave it out: its share is added
where they are used, so that no digits are lost where it outweighs all others. ``S`` holds, for each of the columns, sums and state in slots
of 64 numbers: with w = 1 / (v + tau2) and d = y - MID, slots S1..S3 = sum w^1..3, M1..M3 = sum w^1..3 d and Q1..Q3 = sum w^1..3 d^2,
without row 0. The centre MID follows the mean.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from ostealgia.numerics import batch_codes as code

S1, S2, S3, M1, M2, M3, Q1, Q2, Q3, TAU, MID, BASE, FIRST = (64 * i for i in range(13))
LOW, HIGH, OLD, OLD_H, OLD_D, TYPICAL, SPREAD, ROOT_A0, ROOT_B0, COCHRAN, TRACE = (64 * i for i in range(13, 24))
SCORE0, DONE, SIZE, TARGET, SCALE, A, B, A_SLOPE, B_SLOPE, MEAN_V, STEPS, USED = (64 * i for i in range(24, 36))
SLOTS = 64 * 36
AHEAD = 5  # cache lines of what comes next in memory that are asked for at each step


def jit(function, *, reorder=False):
    """Compile without the global lock; keep the compiled code on disk where that is possible. reorder : sums may be reordered."""
    fast = {"contract", "nsz", "reassoc"} if reorder else {"contract", "nsz"}
    options = {"nogil": True, "fastmath": fast, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # no folder for the cache can be written
        return njit(**options)(function)


def jit_sum(function):
    """As ``jit``, for a sum along one analysis."""
    return jit(function, reorder=True)


@jit
def tables():
    """V, Y and S, each at the head of a cache line: a row of eight numbers that lies across two lines costs a fifth of the speed."""
    size = 64 * (code.LONG + 2)
    flat = np.empty(2 * size + SLOTS + 8)
    head = -(flat.ctypes.data // 8) % 8
    V = flat[head : head + size].reshape((code.LONG + 2, 64))
    Y = flat[head + size : head + 2 * size].reshape((code.LONG + 2, 64))
    S = flat[head + 2 * size : head + 2 * size + SLOTS]
    S[:] = 0.0
    return V, Y, S


@intrinsic
def _fetch(typing_context, array, index):
    """Ask for the cache line of array[index] without waiting for it. No number depends on it."""

    def build(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(ask, [place, number(0), number(3), number(1)])  # to read, to stay in the caches, data
        return context.get_dummy_value()

    return types.void(array, types.intp), build


@jit
def _ahead(y, v, where):
    """Ask for some lines of what comes next in memory, from where[192] to where[193], so that it arrives while sums are made."""
    begin, end = where[192], min(where[192] + 8 * AHEAD, where[193])
    for i in range(begin, end, 8):
        _fetch(y, i)
        _fetch(v, i)
    where[192] = max(begin, end)


@jit
def _columns(y, v, where, least, rows, V, Y):
    """Sixty-four analyses as the columns of V and Y; below a short one stand rows that weigh nothing."""
    for j in range(least):
        _ahead(y, v, where)
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


@jit
def _load(y, v, offsets, order, at, count, V, Y, S, where):
    """Turn ``count`` analyses into columns, each scaled by a power of two; returns the number of rows, odd."""
    rows, least, small, large = 3, 1 << 60, math.inf, 0.0
    for c in range(64):
        a = np.uint64(order[at + c] if c < count else order[at])
        start, k = offsets[a], offsets[a + np.uint64(1)] - offsets[a]
        where[c], where[64 + c] = start, k
        rows, least = max(rows, k), min(least, k)
        small, large = min(small, v[start]), max(large, v[start])
        S[DONE + c] = 0.0 if c < count else 1.0
        S[SIZE + c], S[SCALE + c] = k, 1.0
    plain = small > 1e-40 and large < 1e40
    if not plain:  # a power of two changes no digit; it only keeps cubes of weights inside the range of doubles
        for c in range(64):
            first = v[where[c]]
            S[SCALE + c] = 1.0 if 1e-40 < first < 1e40 else math.ldexp(1.0, -(math.frexp(first)[1] // 2))
    rows += 1 - (rows & 1)
    if rows > code.LONG:
        return rows
    _columns(y, v, where, least, rows, V, Y)
    if not plain:
        for j in range(rows):
            for c in range(64):
                V[j, c] *= S[SCALE + c] * S[SCALE + c]
                Y[j, c] *= S[SCALE + c]
    return rows


@jit
def _most_precise_first(V, Y, rows, S):
    """Bring the study of smallest variance to row 0 and count effects from it."""
    for c in range(64):
        S[FIRST + c], S[LOW + c] = V[0, c], 0.0
    for j in range(1, rows):
        for c in range(64):
            better = V[j, c] < S[FIRST + c]
            S[LOW + c] = j if better else S[LOW + c]
            S[FIRST + c] = V[j, c] if better else S[FIRST + c]
    for c in range(64):
        j = int(S[LOW + c])
        S[BASE + c] = Y[j, c]
        V[j, c], Y[j, c] = V[0, c], Y[0, c]
        V[0, c], Y[0, c] = S[FIRST + c], S[BASE + c]
        S[MID + c] = 0.0
    for j in range(rows):
        for c in range(64):
            Y[j, c] -= S[BASE + c]


@jit
def _unweighted(V, Y, rows, S):
    """Sums of variances, effects and their squares."""
    for c in range(64):
        S[S2 + c], S[M2 + c], S[Q2 + c] = 0.0, 0.0, 0.0
    for j in range(rows):
        for c in range(64):
            inside = V[j, c] < math.inf
            d = Y[j, c] if inside else 0.0
            S[S2 + c] += V[j, c] if inside else 0.0
            S[M2 + c] += d
            S[Q2 + c] += d * d


@jit_sum
def _unweighted_long(y, v, where, S):
    """The same of analyses that are read where they stand; slots FIRST, BASE and LOW (place of the most precise study) as well."""
    for c in range(64):
        if S[DONE + c] == 0.0:
            scale, start, end = S[SCALE + c], where[c], where[c] + where[64 + c]
            best = start
            for i in range(start, end):
                best = i if v[i] < v[best] else best
            base = y[best]
            s2 = m2 = q2 = 0.0
            for i in range(start, end):
                d = (y[i] - base) * scale
                s2, m2, q2 = s2 + v[i] * scale * scale, m2 + d, q2 + d * d
            S[S2 + c], S[M2 + c], S[Q2 + c] = s2, m2, q2
            S[FIRST + c], S[BASE + c], S[LOW + c], S[MID + c] = v[best] * scale * scale, base * scale, 0.0, 0.0
            where[128 + c] = best


@jit
def prepare(y, v, offsets, order, at, count, method, V, Y, S, where):
    """Load a block; returns its rows."""
    rows = _load(y, v, offsets, order, at, count, V, Y, S, where)
    spread = method in (code.HE, code.SJ, code.ML, code.REML)
    if rows > code.LONG:
        _unweighted_long(y, v, where, S)
    else:
        _most_precise_first(V, Y, rows, S)
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


@jit
def _light(y, v, where, V, Y, rows, S):
    """S1, S2, M1, Q1 only: enough for the closed forms and for the mean."""
    for c in range(64):
        S[S1 + c], S[S2 + c], S[M1 + c], S[Q1 + c] = 0.0, 0.0, 0.0, 0.0
    for j in range(1, rows, 2):
        _ahead(y, v, where)
        for c in range(64):
            w, x = 1.0 / (V[j, c] + S[TAU + c]), 1.0 / (V[j + 1, c] + S[TAU + c])
            d, e = Y[j, c] - S[MID + c], Y[j + 1, c] - S[MID + c]
            S[S1 + c] += w + x
            S[S2 + c] += w * w + x * x
            S[M1 + c] += w * d + x * e
            S[Q1 + c] += w * d * d + x * e * e


@jit
def _full(y, v, where, V, Y, rows, S):
    """All nine sums at tau2 = slot TAU."""
    for i in range(9 * 64):
        S[i] = 0.0
    for j in range(1, rows, 2):
        _ahead(y, v, where)
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


@jit_sum
def _full_long(y, v, where, S, every):
    """The nine sums of analyses that are read where they stand; only of those still at work unless ``every``."""
    for c in range(64):
        if where[64 + c] > 0 and (every or S[DONE + c] == 0.0):
            tau2, mid, scale, start = S[TAU + c], S[MID + c], S[SCALE + c], where[c]
            best, base = where[128 + c], y[where[128 + c]]
            s1 = s2 = s3 = m1 = m2 = m3 = q1 = q2 = q3 = 0.0
            for i in range(start, start + where[64 + c]):
                w = 1.0 / (v[i] * scale * scale + tau2) if i != best else 0.0
                d = (y[i] - base) * scale - mid
                w2 = w * w
                w3 = w2 * w
                e = d * d
                s1, s2, s3 = s1 + w, s2 + w2, s3 + w3
                m1, m2, m3 = m1 + w * d, m2 + w2 * d, m3 + w3 * d
                q1, q2, q3 = q1 + w * e, q2 + w2 * e, q3 + w3 * e
            S[S1 + c], S[S2 + c], S[S3 + c] = s1, s2, s3
            S[M1 + c], S[M2 + c], S[M3 + c] = m1, m2, m3
            S[Q1 + c], S[Q2 + c], S[Q3 + c] = q1, q2, q3


@jit
def add_up(y, v, rows, V, Y, S, where, light, every):
    """The sums at slot TAU around slot MID. light : S1, S2, M1, Q1 are enough.  every : of finished analyses as well."""
    if rows > code.LONG:
        _full_long(y, v, where, S, every)
    elif light:
        _light(y, v, where, V, Y, rows, S)
    else:
        _full(y, v, where, V, Y, rows, S)
