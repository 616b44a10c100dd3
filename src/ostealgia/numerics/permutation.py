"""Permutation test of a meta-regression: how often a random order of the moderators gives as large a statistic.

Follmann & Proschan 1999, doi:10.1111/j.0006-341X.1999.00732.x; Higgins & Thompson 2004, doi:10.1002/sim.1752.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.numerics import permutation_batch, random_streams
from ostealgia.numerics.regression import TESTS, Regression
from ostealgia.numerics.regression_design import orthonormal
from ostealgia.numerics.tau2 import scale_of

Array = NDArray[np.float64]
TIE = 1e-7  # statistics this close (relative) count as equal: they are the same up to rounding


@dataclass(frozen=True, kw_only=True, eq=False)
class PermutationTest:
    """P values by permutation. p_value : (p,), NaN for the intercept beside moderators.  omnibus_p_value : of all tested columns.

    exact : all ``refits`` arrangements were used (the one observed among them), else that many random ones.  kind : "orders" or "signs".
    count : arrangements at least as extreme, (p,).
    """

    p_value: Array
    omnibus_p_value: float
    refits: int
    exact: bool
    kind: str
    count: Array


def permutation_p_values(fit: Regression, *, refits: int = 10_000, seed: int = 1) -> PermutationTest:
    """Permutation P values of the coefficients and of the omnibus test.

    fit : a Regression. With moderators the rows of the design are put in another order against the effects; for a single mean the signs of
    the effects are changed. refits : how many random arrangements; where there are no more different ones than that, all are used.
    seed : of the counter-based stream, so that the result does not depend on how the work is divided.
    P is (1 + number at least as extreme) / (1 + refits) for random arrangements (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585), the
    plain share for all of them.  Raises OptionError.

    >>> from ostealgia.numerics.regression import fit_regression
    >>> x = np.column_stack([np.ones(5), [0.0, 1.0, 2.0, 3.0, 4.0]])
    >>> fit = fit_regression(np.array([0.1, 0.3, 0.5, 0.8, 0.9]), np.full(5, 0.04), x)
    >>> test = permutation_p_values(fit)
    >>> test.exact, test.refits, round(test.omnibus_p_value, 4)
    (True, 120, 0.0167)
    """
    if refits < 1:
        raise OptionError(f"refits={refits!r} is not a number of 1 or more.")
    if fit.moment_weights is not None or fit.method in ("GENQ", "given"):
        raise OptionError(
            "a fit with given weights or a given tau2 has no permutation test; estimate tau2 from the data."
        )
    if fit.q_df < 1:
        raise OptionError("as many coefficients as studies: there is nothing to permute.")
    if math.isnan(fit.omnibus.statistic) or not fit.hk_factor > 0.0:
        raise OptionError("the fit leaves no residuals, so it has no test statistic to compare.")
    single = fit.p == 1 and float(np.ptp(fit.x)) == 0.0
    observed, whole = _statistics(fit, fit.y[None, :], fit.v[None, :], fit.x)
    blocks, total, exact = _signs(fit, refits, seed) if single else _orders(fit, refits, seed)
    count, omnibus, done = np.zeros(fit.p), 0, 0
    for y, v, x in blocks:
        statistic, value = _statistics(fit, y, v, x)
        count += (np.abs(statistic) >= np.abs(observed) * (1.0 - TIE)).sum(axis=0)
        omnibus += int((value >= whole * (1.0 - TIE)).sum())
        done += len(y)
    extra = 0 if exact else 1
    p_value = (count + extra) / (total + extra)
    if not single:
        p_value[[j for j in range(fit.p) if j not in fit.tested and float(np.ptp(fit.x[:, j])) == 0.0]] = math.nan
    return PermutationTest(
        p_value=p_value, omnibus_p_value=(omnibus + extra) / (total + extra), refits=done, exact=exact,
        kind="signs" if single else "orders", count=count,
    )  # fmt: skip


def _statistics(fit: Regression, y: Array, v: Array, x: Array) -> tuple[Array, Array]:
    """The test statistics of every row: (rows, p) and (rows,)."""
    columns = orthonormal(x, fit.names)
    scale = scale_of(fit.v)
    data = permutation_batch.rows_of(y / scale, v / (scale * scale), columns.basis)
    tau2 = permutation_batch.rows_tau2(data, fit.method)
    hartung_knapp, _ = TESTS[fit.test]
    return permutation_batch.wald_statistics(
        data, tau2, columns.factor, list(fit.tested), hartung_knapp=hartung_knapp, adhoc=fit.test == "HK-adhoc"
    )


Blocks = Iterator[tuple[Array, Array, Array]]


def _orders(fit: Regression, refits: int, seed: int) -> tuple[Blocks, int, bool]:
    """Effects in other orders against a fixed design, in blocks; how many; whether they are all there are."""
    _, codes = np.unique(fit.x, axis=0, return_inverse=True)
    codes = codes.ravel()
    total = distinct_orders(np.bincount(codes))
    size = permutation_batch.block_rows(fit.k)
    if total <= refits:
        design = fit.x[np.argsort(codes, kind="stable")]
        listed = np.argsort(np.array(list(arrangements(codes))), axis=1, kind="stable")
        return (
            ((fit.y[rows], fit.v[rows], design) for rows in (listed[i : i + size] for i in range(0, total, size))),
            total,
            True,
        )
    starts = range(0, refits, size)
    return (
        (
            (fit.y[rows], fit.v[rows], fit.x)
            for rows in (random_streams.permutations(seed, i, min(i + size, refits), fit.k) for i in starts)
        ),
        refits,
        False,
    )


def _signs(fit: Regression, refits: int, seed: int) -> tuple[Blocks, int, bool]:
    """Effects with other signs, in blocks."""
    size, total = permutation_batch.block_rows(fit.k), 2.0**fit.k
    if total <= refits:
        bits = np.arange(int(total))[:, None] >> np.arange(fit.k) & 1
        signs = 1.0 - 2.0 * bits
        parts = (signs[i : i + size] for i in range(0, len(signs), size))
        return ((fit.y * s, np.broadcast_to(fit.v, s.shape), fit.x) for s in parts), len(signs), True
    drawn = (random_streams.signs(seed, i, min(i + size, refits), fit.k) for i in range(0, refits, size))
    return ((fit.y * s, np.broadcast_to(fit.v, s.shape), fit.x) for s in drawn), refits, False


def distinct_orders(counts: NDArray[np.intp]) -> int:
    """How many different arrangements there are of items of which some are alike: n! / (m1! m2! ...).

    >>> distinct_orders(np.array([2, 2]))
    6
    """
    out = math.factorial(int(counts.sum()))
    for m in counts:
        out //= math.factorial(int(m))
    return out


def arrangements(codes: NDArray[np.intp]) -> Iterator[tuple[int, ...]]:
    """Every different arrangement of these codes, once.

    >>> list(arrangements(np.array([0, 1, 0])))
    [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
    """
    items = sorted(int(code) for code in codes)
    if len(set(items)) == len(items):
        yield from itertools.permutations(items)
        return
    while True:  # next in lexicographic order (Knuth, The Art of Computer Programming 4A, algorithm L)
        yield tuple(items)
        j = len(items) - 2
        while j >= 0 and items[j] >= items[j + 1]:
            j -= 1
        if j < 0:
            return
        last = len(items) - 1
        while items[j] >= items[last]:
            last -= 1
        items[j], items[last] = items[last], items[j]
        items[j + 1 :] = items[:j:-1]
