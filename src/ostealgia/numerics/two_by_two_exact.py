# pyright: reportMissingTypeStubs=false
"""Fisher's exact test for tables of any shape, and the odds ratio of a 2 x 2 table conditional on its margins."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from ostealgia.errors import OptionError
from ostealgia.numerics.random_streams import stream
from ostealgia.numerics.summary_tests import fisher_exact
from ostealgia.options import confidence_level

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME = 1e-7  # tables count as equally probable within this share
MOST_STEPS = 60_000_000  # cells visited by the backward pass
MOST_PATHS = 2_000_000  # partial tables held at once
DRAWS = 100_000  # of the simulation that stands in beyond that


class ExactTest(NamedTuple):
    """p_value, and ``simulated``: the number of random tables it rests on, 0 where it is exact."""

    p_value: float
    simulated: int


class ConditionalOddsRatio(NamedTuple):
    """Maximum of the conditional likelihood and exact limits; 0 and infinity where a cell of the table is 0."""

    estimate: float
    ci_low: float
    ci_high: float


def fisher_test(counts: ArrayLike, *, seed: int = 0, draws: int = DRAWS, most_steps: int = MOST_STEPS) -> ExactTest:
    """Two-sided P of Fisher's exact test: all tables with these margins that are not more probable than this one.

    counts : one table (r, c) of whole numbers. Columns are filled one after another; partial tables whose every completion counts, or none,
    are settled at once by their longest and shortest path (Mehta & Patel 1983, doi:10.1080/01621459.1983.10477989). Where that is too much
    work (more than ``most_steps`` cells), P is estimated from ``draws`` random tables of ``seed``, and ``simulated`` says so.
    Source: Freeman & Halton 1951, doi:10.1093/biomet/38.1-2.141.

    >>> round(fisher_test([[3, 1, 0], [0, 2, 4], [1, 1, 1]]).p_value, 6)
    0.120213
    """
    table = checked(counts)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape, default=0) < 2:
        return ExactTest(1.0, 0)
    table = table if table.shape[0] <= table.shape[1] else table.T
    table = table[np.argsort(table.sum(axis=1))][:, np.argsort(-table.sum(axis=0))]
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed = -float(gammaln(table + 1.0).sum()) + SAME
    exact = _hypergeometric(table) if table.shape == (2, 2) else _network(rows, columns, observed, most_steps)
    if exact is None:
        listed = fisher_exact(table)  # two rows and many patients: fewer tables than cells of the paths
        exact = None if math.isnan(listed) else listed
    if exact is not None:
        return ExactTest(exact, 0)
    return ExactTest(_simulated(rows, columns, observed, seed, draws), draws)


def _hypergeometric(table: Ints) -> float:
    """A 2 x 2 table of any size: every count of the first cell that matters, by the ratios of neighbouring probabilities.

    Counts further than 40 standard deviations from the mean have no probability that a double could hold.
    """
    n, row, column = int(table.sum()), int(table[0].sum()), int(table[:, 0].sum())
    mean = row * column / n
    sd = math.sqrt(mean * (n - row) / n * (n - column) / max(n - 1, 1))
    low = max(0, row + column - n, math.floor(mean - 40 * sd - 10))
    high = min(row, column, math.ceil(mean + 40 * sd + 10))
    at = int(table[0, 0])
    if not low <= at <= high:
        return 0.0
    k = np.arange(low, high, dtype=np.float64)
    ratio = np.log((row - k) * (column - k)) - np.log((k + 1.0) * (n - row - column + k + 1.0))
    log_p = np.concatenate([[0.0], np.cumsum(ratio)])
    log_p -= log_p.max()
    p = np.exp(log_p)
    return min(1.0, float(p[log_p <= log_p[at - low] + SAME].sum() / p.sum()))


def checked(counts: ArrayLike) -> Ints:
    """A table of whole numbers of 0 or more."""
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2:
        raise OptionError(f"the table needs rows and columns, not shape {table.shape}.")
    if not bool(np.isfinite(table).all()) or bool((table < 0).any()) or bool((table != np.rint(table)).any()):
        raise OptionError("counts must be whole numbers of 0 or more.")
    return table.astype(np.int64)


def _compositions(total: int, most: Ints) -> list[tuple[int, ...]]:
    """Every way to fill a column: parts of all rows but the last."""
    ranges = [range(min(total, int(m)) + 1) for m in most[:-1]]
    return [x for x in itertools.product(*ranges) if 0 <= total - sum(x) <= most[-1]]


def _network(rows: Ints, columns: Ints, observed: float, most_steps: int) -> float | None:
    shape = tuple(int(r) + 1 for r in rows[:-1])
    ways = [math.prod(min(int(c), int(r)) + 1 for r in rows[:-1]) for c in columns]
    if sum(ways) * math.prod(shape) > most_steps or sum(ways) > 200_000:
        return None
    fills = [_compositions(int(c), rows) for c in columns]
    longest, shortest = _paths(shape, fills, columns)
    total = _log_total(rows, columns)
    size = len(rows) - 1
    left = rows[None, :-1].copy()
    past, many = np.zeros(1), np.ones(1)
    found = 0.0
    for k, column_fills in enumerate(fills):
        live: list[tuple[Ints, Array, Array]] = []
        held = 0
        rest = int(columns[k + 1 :].sum())
        for x in column_fills:
            part = np.array(x, dtype=np.int64)
            ok = (left >= part).all(axis=1)
            to = left[ok] - part
            at = np.ravel_multi_index(tuple(to.T), shape)
            far, near = longest[k + 1].ravel()[at], shortest[k + 1].ravel()[at]
            here = past[ok] + _log_weight(x, int(columns[k]))
            count = many[ok]
            all_in = np.isfinite(far) & (here + far <= observed)
            if all_in.any():
                inside = to[all_in]
                last = rest - inside.sum(axis=1)
                ahead = (
                    gammaln(rest + 1.0) - gammaln(inside + 1.0).sum(axis=1) - gammaln(last + 1.0)
                    - gammaln(columns[k + 1 :] + 1.0).sum()
                )  # fmt: skip
                found += float((count[all_in] * np.exp(here[all_in] + ahead - total)).sum())
            go_on = np.isfinite(far) & ~all_in & (here + near <= observed)
            if go_on.any():
                live.append((to[go_on], here[go_on], count[go_on]))
                held += int(go_on.sum())
                if held > MOST_PATHS:
                    return None
        if not live:
            break
        left, past, many = _merged(live, shape, size)
    return min(1.0, found)


def _log_weight(x: tuple[int, ...], column: int) -> float:
    return -float(sum(math.lgamma(part + 1.0) for part in x)) - math.lgamma(column - sum(x) + 1.0)


def _log_total(rows: Ints, columns: Ints) -> float:
    """Log of the sum over all tables of 1 / product of factorials."""
    return float(gammaln(rows.sum() + 1.0) - gammaln(rows + 1.0).sum() - gammaln(columns + 1.0).sum())


def _paths(
    shape: tuple[int, ...], fills: list[list[tuple[int, ...]]], columns: Ints
) -> tuple[list[Array], list[Array]]:
    """For each number of filled columns and what is left of the rows: the most and least probable completion (log)."""
    end = np.full(shape, -np.inf)
    end[(0,) * len(shape)] = 0.0
    longest, shortest = [end], [-end]
    for k in range(len(fills) - 1, -1, -1):
        best, worst = np.full(shape, -np.inf), np.full(shape, np.inf)
        for x in fills[k]:
            w = _log_weight(x, int(columns[k]))
            into = tuple(slice(part, None) for part in x)
            source = tuple(slice(0, side - part) for side, part in zip(shape, x, strict=True))
            np.maximum(best[into], longest[-1][source] + w, out=best[into])
            np.minimum(worst[into], shortest[-1][source] + w, out=worst[into])
        longest.append(best)
        shortest.append(worst)
    return longest[::-1], shortest[::-1]


def _merged(live: list[tuple[Ints, Array, Array]], shape: tuple[int, ...], size: int) -> tuple[Ints, Array, Array]:
    """Partial tables with the same rest and the same probability become one."""
    left = np.concatenate([part[0] for part in live])
    past, many = np.concatenate([part[1] for part in live]), np.concatenate([part[2] for part in live])
    code = np.asarray(np.ravel_multi_index(tuple(left.T), shape), dtype=np.int64).reshape(-1)
    coarse = np.rint(past * 1e9)
    order = np.asarray(np.lexsort((coarse, code)), dtype=np.intp).reshape(-1)
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(code[order]) != 0) | (np.diff(coarse[order]) != 0)
    starts = np.flatnonzero(new)
    return left[order][starts].reshape(-1, size), past[order][starts], np.add.reduceat(many[order], starts)


def _simulated(rows: Ints, columns: Ints, observed: float, seed: int, draws: int) -> float:
    """(1 + tables no more probable) / (1 + draws), with random tables of these margins."""
    random = stream(seed, 0, use="fisher")
    logs = np.zeros(draws)
    left = np.tile(rows, (draws, 1))
    for column in columns:
        filled = _column(random, left, int(column))
        left = left - filled
        logs -= gammaln(filled + 1.0).sum(axis=1)
    return (1 + int((logs <= observed).sum())) / (1 + draws)


def _column(random: np.random.Generator, left: Ints, column: int) -> Ints:
    """A column drawn from what is left of each row, one hypergeometric number a cell."""
    out = np.zeros_like(left)
    need = np.full(len(left), column)
    behind = left.sum(axis=1)
    for j in range(left.shape[1]):
        behind = behind - left[:, j]
        out[:, j] = random.hypergeometric(left[:, j], behind, need)
        need = need - out[:, j]
    return out


# ---------------------------------------------------------------- conditional odds ratio


def conditional_odds_ratio(
    counts: ArrayLike, *, level: float = 0.95, root_tolerance: float = 0.0
) -> ConditionalOddsRatio:
    """Odds ratio a d / (b c) of a 2 x 2 table [[a, b], [c, d]], conditional on its margins, with exact limits.

    Mean of the noncentral hypergeometric distribution equal to a; each limit leaves (1 - level)/2 in its tail (Cornfield 1956). Not the
    odds ratio of the four counts, which is a little further from 1.
    root_tolerance : 0 solves to machine precision. Other software stops its search (Brent's, for the ratio or its inverse between 0 and 1)
    within 2^-13; the same number here gives the same digits, of which about four are right.
    Source: Fisher 1935, doi:10.2307/2342435; Agresti 1992, doi:10.1214/ss/1177011454.

    >>> [round(x, 3) for x in conditional_odds_ratio([[3, 1], [1, 3]])]
    [6.408, 0.212, 626.244]
    """
    table = checked(counts)
    if table.shape != (2, 2):
        raise OptionError(f"the conditional odds ratio needs a 2 x 2 table, not {table.shape[0]} x {table.shape[1]}.")
    tail = (1 - confidence_level(level)) / 2
    a, n_1, n_2 = int(table[0, 0]), int(table[:, 0].sum()), int(table[:, 1].sum())
    drawn = int(table[0].sum())
    x = np.arange(max(0, drawn - n_2), min(drawn, n_1) + 1, dtype=float)
    if len(x) == 1:
        return ConditionalOddsRatio(math.nan, 0.0, math.inf)
    base = -(gammaln(x + 1) + gammaln(n_1 - x + 1) + gammaln(drawn - x + 1) + gammaln(n_2 - drawn + x + 1))

    def chance(log_ratio: float) -> Array:
        weight = base + x * log_ratio
        weight = np.exp(weight - weight.max())
        return weight / weight.sum()

    def solve(rising: Callable[[float], float]) -> float:
        return _root(rising) if root_tolerance <= 0 else _brent_ratio(rising, root_tolerance)

    first, last = a == x[0], a == x[-1]
    estimate = 0.0 if first else math.inf if last else solve(lambda t: float(chance(t) @ x) - a)
    low = 0.0 if first else solve(lambda t: float(chance(t)[x >= a].sum()) - tail)
    high = math.inf if last else solve(lambda t: tail - float(chance(t)[x <= a].sum()))
    return ConditionalOddsRatio(estimate, low, high)


def _root(rising: Callable[[float], float]) -> float:
    """exp of the zero of a rising function of the log odds ratio, by bisection."""
    low, high = -1.0, 1.0
    while rising(low) > 0 and low > -700:
        low *= 2
    while rising(high) < 0 and high < 700:
        high *= 2
    for _ in range(200):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return math.exp(0.5 * (low + high))


def _brent_ratio(rising: Callable[[float], float], tolerance: float) -> float:
    """The zero as a ratio, sought between 0 and 1, or its inverse there where the ratio is above 1."""
    at_one = rising(0.0)
    if at_one == 0:
        return 1.0
    tiny = float(np.finfo(float).eps)
    if at_one > 0:
        return brent(lambda t: rising(math.log(max(t, 1e-300))), 0.0, 1.0, tolerance)
    return 1.0 / brent(lambda t: rising(-math.log(t)), tiny, 1.0, tolerance)


def brent(function: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """A zero between low and high, where the function changes its sign: inverse interpolation guarded by bisection.

    Source: Brent 1973, Algorithms for Minimization without Derivatives, chapter 4.

    >>> round(brent(lambda x: x * x - 2.0, 0.0, 2.0, 1e-12), 9)
    1.414213562
    """
    a, b, c = low, high, low
    fa, fb = function(a), function(b)
    fc = fa
    if fa == 0 or fb == 0:
        return a if fa == 0 else b
    for _ in range(1000):
        before = b - a
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        close = 2 * float(np.finfo(float).eps) * abs(b) + tolerance / 2
        step = (c - b) / 2
        if abs(step) <= close or fb == 0:
            break
        if abs(before) >= close and abs(fa) > abs(fb):
            step = _interpolated((a, b, c), (fa, fb, fc), before, close, step)
        a, fa = b, fb
        b += step if abs(step) >= close else math.copysign(close, step)
        fb = function(b)
        if (fb > 0) == (fc > 0) and fb != 0:
            c, fc = a, fa
    return b


def _interpolated(
    x: tuple[float, float, float], f: tuple[float, float, float], before: float, close: float, step: float
) -> float:
    """The step of a line through two points or an inverse parabola through three, where it is short enough; else the given one."""
    (a, b, c), (fa, fb, fc) = x, f
    gap, ratio = c - b, fb / fa
    if a == c:
        p, q = gap * ratio, 1.0 - ratio
    else:
        far, near = fa / fc, fb / fc
        p = ratio * (gap * far * (far - near) - (b - a) * (near - 1.0))
        q = (far - 1.0) * (near - 1.0) * (ratio - 1.0)
    p, q = (p, -q) if p > 0 else (-p, q)
    return p / q if p < 0.75 * gap * q - abs(close * q) / 2 and p < abs(before * q / 2) else step
