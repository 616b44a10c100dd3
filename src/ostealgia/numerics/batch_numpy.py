"""The batch engine in NumPy alone: the algorithm of ``_kernels``, with whole arrays where the kernel has loops.

Analyses of equal (or nearly equal) size are the columns of a table; short ones are filled up with rows of infinite variance, which weigh
nothing. Sums run down the columns row by row, so what happens to one column does not depend on its neighbours.

The study of smallest variance stands in row 0. Effects are counted from it (its own is 0), and the sums leave it out: its share is added
where they are used, so that no digits are lost where it outweighs all others. With w = 1 / (v + tau2) and d = y - centre, s_i = sum w^i,
m_i = sum w^i d, q_i = sum w^i d^2 without row 0; the centre follows the mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.batch_codes import (
    BOUND,
    CAP,
    CLOSED,
    DL,
    ESTIMATE,
    GIVEN,
    GRID,
    HE,
    HK_FACTOR,
    HS,
    HSK,
    LONG,
    ML,
    MONOTONE,
    NEAR,
    PM,
    SCORE,
    SCORE_0,
    SEARCH,
    SJ,
    SLACK,
    TAU2,
    TYPICAL_V,
    VARIANCE,
    WIDEST,
    Q,
)

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]
CELLS = 32_768  # of one table
LEAST = 4  # columns of a table, so that NumPy never turns a sum down one column into a sum along it


class Table(NamedTuple):
    """Analyses side by side: which, their sizes, the power of two they were multiplied by, the effect of the most precise study (that
    the others are counted from), and variances and effects as columns."""

    analysis: Index
    k: Array
    scale: Array
    base: Array
    v: Array
    y: Array


class Sums(NamedTuple):
    """Sums down the columns; see the head of the module. w, d : weight of row 0, and its distance from the centre."""

    w: Array
    d: Array
    s1: Array
    s2: Array
    s3: Array
    m1: Array
    m2: Array
    m3: Array
    q1: Array
    q2: Array
    q3: Array


class Slopes(NamedTuple):
    """A and B and their slopes in tau2: A - B is twice the score (REML, ML), or A = Q(tau2) and B its target (PM)."""

    a: Array
    b: Array
    a_slope: Array
    b_slope: Array


class Start(NamedTuple):
    """What is known at tau2 = 0: Q, S1 - S2 / S1, typical variance, squares around the plain mean, mean variance, slopes."""

    q: Array
    trace: Array
    typical: Array
    spread: Array
    mean_v: Array


def tables(y: Array, v: Array, offsets: Index) -> Iterator[Table]:
    """All analyses of two studies or more, in tables of like size."""
    k = np.diff(offsets)
    width = np.where(k <= 32, k, -(-k // 8) * 8)
    order = np.argsort(width, kind="stable")
    order = order[k[order] > 1]
    bounds = np.flatnonzero(np.diff(width[order])) + 1
    for group in np.split(order, bounds):
        rows = int(width[group[0]]) if len(group) else 0
        step = 1 if rows > LONG else max(LEAST, CELLS // max(1, rows))
        for at in range(0, len(group), step):
            yield _table(y, v, offsets, k, group[at : at + step])


def _table(y: Array, v: Array, offsets: Index, k: Index, which: Index) -> Table:
    rows = int(k[which].max())
    if rows > LONG:
        run = slice(int(offsets[which[0]]), int(offsets[which[0] + 1]))
        columns = which
        table_v, table_y = v[run, None].copy(), y[run, None].copy()
    else:
        columns = np.concatenate([which, np.repeat(which[:1], max(0, LEAST - len(which)))])
        place = offsets[columns][None, :] + np.arange(rows)[:, None]
        outside = np.arange(rows)[:, None] >= k[columns][None, :]
        place[outside] = 0
        table_v, table_y = v[place], y[place]
        table_v[outside], table_y[outside] = np.inf, 0.0
    first = table_v[0]
    scale = np.ones(len(columns))
    far = ~((first > 1e-40) & (first < 1e40))
    scale[far] = np.ldexp(1.0, -(np.frexp(first[far])[1] // 2))
    if far.any():
        table_v *= scale * scale
        table_y *= scale
    best, column = table_v.argmin(axis=0), np.arange(len(columns))
    least, base = table_v[best, column], table_y[best, column]
    table_v[best, column], table_y[best, column] = table_v[0], table_y[0]
    table_v[0], table_y[0] = least, base
    table_y -= base
    return Table(columns, k[columns].astype(np.float64), scale, base, table_v, table_y)


def _sums(table_v: Array, table_y: Array, tau2: Array, centre: Array, *, light: bool = False) -> Sums:
    """All sums; those of first powers and s2 if ``light``."""
    w = table_v[1:] + tau2
    np.divide(1.0, w, out=w)
    wdd = table_y[1:] - centre
    wd = w * wdd
    wdd *= wd
    s, m, q = [w.sum(axis=0)], [wd.sum(axis=0)], [wdd.sum(axis=0)]
    power = w.copy()
    for _ in range(1 if light else 2):
        power *= w
        s.append(power.sum(axis=0))
        if not light:
            wd *= w
            wdd *= w
            m.append(wd.sum(axis=0))
            q.append(wdd.sum(axis=0))
    if light:
        return Sums(1.0 / (table_v[0] + tau2), -centre, s[0], s[1], s[0], m[0], m[0], m[0], q[0], q[0], q[0])
    return Sums(1.0 / (table_v[0] + tau2), -centre, s[0], s[1], s[2], m[0], m[1], m[2], q[0], q[1], q[2])


def _mean(sums: Sums) -> tuple[Array, Array, Array]:
    """Sum of all weights, sum of all w d, and how far the mean lies from the centre."""
    s1, m1 = sums.w + sums.s1, sums.w * sums.d + sums.m1
    return s1, m1, m1 / s1


def _squares(sums: Sums) -> Array:
    """Weighted squares around the mean: Q at the tau2 of the sums."""
    _, m1, shift = _mean(sums)
    return sums.w * sums.d * sums.d + sums.q1 - shift * m1


def _at_zero(table: Table, sums: Sums, spread: bool) -> Start:
    mean_v = squares = np.zeros(len(table.k))
    if spread:
        inside = np.isfinite(table.v)
        y = np.where(inside, table.y, 0.0)
        mean_v = np.where(inside, table.v, 0.0).sum(axis=0) / table.k
        squares = np.maximum(0.0, (y * y).sum(axis=0) - y.sum(axis=0) ** 2 / table.k)
    s1 = _mean(sums)[0]
    return Start(
        q=np.maximum(0.0, _squares(sums)),
        trace=(2.0 * sums.w * sums.s1 + (sums.s1 * sums.s1 - sums.s2)) / s1,
        typical=table.k / s1,
        spread=squares,
        mean_v=mean_v,
    )


def _closed_form(method: int, table: Table, zero: Start, s1: Array) -> Array:
    k, df = table.k, table.k - 1.0
    if method == DL:
        value = (zero.q - df) / zero.trace
    elif method == HE:
        value = zero.spread / df - zero.mean_v
    elif method == HS:
        value = (zero.q - k) / s1
    elif method == HSK:
        value = (zero.q * k / df - k) / s1
    else:
        value = zero.spread / k
    return np.maximum(0.0, value)


def _slopes(method: int, sums: Sums, target: Array) -> tuple[Slopes, Array]:
    """A, B, their slopes, and how far the mean lies from the centre: the formulas of ``_kernels._derivatives``."""
    w, d, rest, s2, s3, _, m2, m3, _, q2, q3 = sums
    s1, _, shift = _mean(sums)
    r = d - shift
    a = w * w * r * r + (q2 - 2.0 * shift * m2 + shift * shift * s2)
    if method == PM:
        return Slopes(_squares(sums), target, -a, np.zeros_like(a)), shift
    e = m2 - shift * s2
    g = q3 - 2.0 * shift * m3 + shift * shift * s3
    a_slope = -2.0 * (w * w * w * r * r * (rest / s1) - 2.0 * w * w * r * e / s1 + (g - e * e / s1))
    if method == ML:
        return Slopes(a, s1, a_slope, -(w * w + s2)), shift
    share = w / s1
    b = 2.0 * share * rest + (rest * rest - s2) / s1
    trace = share * share * rest * rest + s2 * (1.0 + 2.0 * share * share + s2 / (s1 * s1)) - 2.0 * s3 / s1
    return Slopes(a, b, a_slope, -trace), shift


def _newton(slopes: Slopes) -> tuple[Array, Array]:
    """B / A - 1 and its slope."""
    a, b, a_slope, b_slope = slopes
    return b / a - 1.0, (b_slope * a - a_slope * b) / (a * a)


def _step(
    t: Array, slopes: Slopes, low: Array, high: Array, old: tuple[Array, Array, Array], typical: Array
) -> tuple[Array, Mask, Array, Array, Array, Array]:
    """One safeguarded step on B / A = 1, as in ``_kernels._advance``: (new tau2, settled, low, high, h, slope)."""
    h, slope = _newton(slopes)
    low, high = np.where(h < 0.0, t, low), np.where(h > 0.0, t, high)
    newton = -h / slope
    old_t, old_h, old_slope = old
    back = old_h - h
    chord = (t - old_t) / -back
    left, right = (chord - 1.0 / slope) / back, (1.0 / old_slope - chord) / back
    cubic = newton + h * h * (left - old_h * (right - left) / back)
    near = (np.abs(cubic - newton) < 0.5 * np.abs(newton)) & (old_slope > 0.0)
    new = t + np.where(near, cubic, newton)
    settled = (slope > 0.0) & (np.abs(newton) <= NEAR * (t + typical))
    inside = (slope > 0.0) & (low < new) & (new < high)
    half = np.where(np.isinf(high), 2.0 * t + typical, 0.5 * (low + high))
    new = np.where(settled, np.maximum(0.5 * t, t + newton), np.where(inside, new, half))
    return new, settled, low, high, h, slope


def _iterate(
    method: int, table: Table, zero: Start, at_zero: Slopes, centre: Array, target: Array
) -> tuple[Array, Mask, Array, Array]:
    """The tau2 of every column where B / A = 1, or 0: (tau2, settled, evaluations, centre)."""
    h, slope = _newton(at_zero)
    first = (zero.q - (table.k - 1.0)) / zero.trace
    first = np.where(first > 0.0, first, -h / slope)
    first = np.where((first > 0.0) & np.isfinite(first), first, zero.typical)
    working = at_zero.a > at_zero.b
    tau2, steps, settled = np.where(working, first, 0.0), np.zeros(len(h)), ~working
    at = np.flatnonzero(working)
    held = at if len(at) >= LEAST else np.arange(len(h))
    low, high = np.zeros(len(h)), np.full(len(h), np.inf)
    old = [np.zeros(len(h)), h.copy(), slope.copy()]
    table_v, table_y = np.take(table.v, held, axis=1), np.take(table.y, held, axis=1)
    for _ in range(CAP):
        if len(at) == 0:
            break
        if LEAST <= len(at) < 0.75 * len(held):
            table_v, table_y, held = np.take(table.v, at, axis=1), np.take(table.y, at, axis=1), at
        slopes, shift = _slopes(method, _sums(table_v, table_y, tau2[held], centre[held]), target[held])
        new, done, low_new, high_new, h_new, slope_new = _step(
            tau2[held], slopes, low[held], high[held], (old[0][held], old[1][held], old[2][held]), zero.typical[held]
        )
        keep = ~settled[held]
        mine = held[keep]
        centre[mine] += shift[keep]
        old[0][mine], old[1][mine], old[2][mine] = tau2[mine], h_new[keep], slope_new[keep]
        low[mine], high[mine], tau2[mine] = low_new[keep], high_new[keep], new[keep]
        steps[mine] += 1
        settled[mine] = done[keep]
        at = mine[~done[keep]]
    return tau2, settled, steps, centre


def _one_root(tau2: Array, slopes: Slopes, at_zero: Slopes, spread: Array) -> Mask:
    """Where the slopes prove one maximum; see ``batch`` for the proof and ``_kernels._one_root`` for the same in a loop."""
    root_a, root_b = 1.0 / np.sqrt(slopes.a), 1.0 / slopes.b
    slope_b = -slopes.b_slope * root_b * root_b
    spread = spread * (1.0 + 1e-9)
    beyond = 2.0 * root_a / np.sqrt(spread) - slope_b
    gap = root_a * root_a - root_b
    at_the_edge = (beyond >= 0.0) | (beyond * beyond * (1.0 + 1e-9) < 4.0 * gap / spread)
    slope_a = -0.5 * slopes.a_slope * root_a * root_a * root_a
    chord = (root_b - 1.0 / at_zero.b) / tau2
    below = chord * (1.0 + 1e-9) < 2.0 * root_a * slope_a - slope_a * slope_a * tau2
    return (slopes.a == 0.0) | np.where(tau2 == 0.0, at_the_edge, below & (beyond >= 0.0))


def _on_grid(method: int, table: Table, tau2: Array, columns: Index, centre: Array) -> Mask:
    """For these columns: whether the grid of ``likelihood.maximise`` shows the root found and no other."""
    number = len(columns)
    columns = np.concatenate([columns, np.repeat(columns[:1], max(0, LEAST - number))])
    v, y, found, centre = (
        np.take(table.v, columns, axis=1),
        np.take(table.y, columns, axis=1),
        tau2[columns],
        centre[columns],
    )
    inside = np.isfinite(v)
    spread = np.where(inside, y, -np.inf).max(axis=0) - np.where(inside, y, np.inf).min(axis=0)
    top = 4.0 * spread * spread + 4.0 * np.where(inside, v, 0.0).max(axis=0)
    low = np.minimum(1e-3 * v.min(axis=0), 1e-6 * top)
    steps = np.ceil(np.log2(top / low) * 1.5)
    steps[~(steps <= WIDEST)] = np.nan  # beyond the range of doubles: left to the full search, which says so
    ratio = np.log2(top / low) / steps
    t = last = np.zeros(len(columns))
    positive, held, falls = np.zeros(len(t), bool), np.zeros(len(t), bool), np.zeros(len(t))
    for i in range(int(np.nan_to_num(steps).max()) + 2):
        slopes, shift = _slopes(method, _sums(v, y, t, centre), np.ones(len(t)))
        centre = centre + shift
        on = i <= steps + 1
        now = np.where(on, slopes.a > slopes.b, positive)
        fall = positive & ~now
        falls += fall
        held = np.where(fall, (last * (1.0 - 1e-9) <= found) & (found <= t * (1.0 + 1e-9)), held)
        positive, last = now, t
        t = np.where(i <= steps, low * np.exp2(i * ratio), t)
    clear = np.isfinite(steps) & ~positive & (((found == 0.0) & (falls == 0)) | ((falls == 1) & held))
    return clear[:number]


def _fit_iterated(
    method: int, table: Table, target: Array, centre: Array
) -> tuple[Start, Array, Sums, Array, NDArray[np.int8], Array, Array, Array]:
    sums = _sums(table.v, table.y, np.zeros(len(table.k)), centre)
    zero = _at_zero(table, sums, method != PM)
    at_zero, shift = _slopes(method, sums, target)
    centre = centre + shift
    tau2, settled, steps, centre = _iterate(method, table, zero, at_zero, centre, target)
    sums = _sums(table.v, table.y, tau2, centre)
    slopes, _ = _slopes(method, sums, target)
    score = slopes.a - slopes.b
    miss = np.abs(score * slopes.a / (slopes.b_slope * slopes.a - slopes.a_slope * slopes.b))
    fine = settled & ((tau2 == 0.0) | (miss <= SLACK * (tau2 + zero.typical)))
    codes = np.full(len(tau2), MONOTONE if method == PM else GRID, np.int8)
    if method != PM:
        codes[_one_root(tau2, slopes, at_zero, zero.spread)] = BOUND
        doubtful = np.flatnonzero(fine & (codes == GRID))
        if len(doubtful):
            codes[doubtful[~_on_grid(method, table, tau2, doubtful, centre)]] = SEARCH
    codes[~fine] = SEARCH
    if method == PM:
        return zero, tau2, sums, centre, codes, steps, score / slopes.b, (at_zero.a - at_zero.b) / at_zero.b
    return zero, tau2, sums, centre, codes, steps, 0.5 * score * tau2, 0.5 * (at_zero.a - at_zero.b) * zero.typical


def _fit_closed(method: int, table: Table, given: Array, centre: Array) -> tuple[Start, Array, Sums, Array]:
    sums = _sums(table.v, table.y, np.zeros(len(table.k)), centre, light=True)
    zero = _at_zero(table, sums, method in (HE, SJ))
    s1, _, shift = _mean(sums)
    centre = centre + shift
    tau2 = given * table.scale * table.scale if method == GIVEN else _closed_form(method, table, zero, s1)
    if method == SJ:
        squares = _squares(_sums(table.v, table.y, tau2, centre, light=True))
        tau2 = np.maximum(0.0, tau2 * squares / (table.k - 1.0))
    return zero, tau2, _sums(table.v, table.y, tau2, centre, light=True), centre


def fit_numpy(
    y: Array, v: Array, offsets: Index, method: int, target: Array, given: Array, out: Array, codes: NDArray[np.int8],
    steps: NDArray[np.int16],
) -> None:  # fmt: skip
    """Fit all analyses of two studies or more; arguments as in ``_kernels.fit_range``."""
    unused = np.broadcast_to(np.float64(0.0), (len(offsets) - 1,))
    target, given = target if len(target) else unused, given if len(given) else unused
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for table in tables(y, v, offsets):
            a = table.analysis
            centre = np.zeros(len(a))
            if method < PM:
                zero, tau2, sums, centre = _fit_closed(method, table, given[a], centre)
                codes[a] = CLOSED
                steps[a] = 0
            else:
                zero, tau2, sums, centre, codes[a], steps[a], out[SCORE, a], out[SCORE_0, a] = _fit_iterated(
                    method, table, target[a], centre
                )
            (s1, _, shift), unit, df = _mean(sums), table.scale * table.scale, table.k - 1.0
            out[ESTIMATE, a] = (table.base + (centre + shift)) / table.scale
            out[VARIANCE, a] = 1.0 / (s1 * unit)
            out[HK_FACTOR, a] = np.maximum(0.0, _squares(sums)) / df
            out[TAU2, a] = tau2 / unit
            out[Q, a] = zero.q
            out[TYPICAL_V, a] = df / (zero.trace * unit)
