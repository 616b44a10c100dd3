# pyright: reportMissingTypeStubs=false
"""Many meta-analyses at once, as flat arrays: effects y, variances v, and offsets that say where each analysis begins.

Two engines give the same numbers to rounding: a compiled kernel (numba) and NumPy alone. tau2 by likelihood is certified as in
``likelihood.maximise``, but cheaply. In the eigenvectors of the centred variances, A(t) = y'P(t)^2 y = sum c_i / (l_i + t)^2 and
B(t) = tr P(t) = sum 1 / (l_i + t) with c_i >= 0, l_i > 0 (for ML, B = sum 1 / (v_i + t)); twice the score is A - B. Power means of
straight lines are concave, so a = A^(-1/2) and b = 1 / B are concave and rise, and the score is above zero exactly where a^2 < b:

- above a root r: a(t) >= a(r) + (t - r) / sqrt(SS), the slope at infinity, with SS = sum (y - plain mean)^2, and
  b(t) <= b(r) + b'(r) (t - r). If 2 a(r) / sqrt(SS) >= b'(r), then a^2 > b for all t > r: no further root.
- below it: a(t) <= a(r) - a'(r) (r - t), the tangent, and b lies above its chord from 0 to r. If the slope of the chord is less than
  2 a a' - a'^2 r (at r), then a^2 < b for all t in [0, r).
- at r = 0 with the score not above zero, the first condition, or a quadratic in t without a root, does the same.

Where this does not settle it (about 3 analyses in 100 of moderate, half of those of very unequal variances), the grid of
``likelihood.maximise`` is walked, and where that shows more than one candidate, ``likelihood.maximise`` itself decides.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from ostealgia.errors import ConvergenceError, OptionError
from ostealgia.numerics import batch_codes as codes_
from ostealgia.numerics.batch_numpy import fit_numpy
from ostealgia.numerics.tau2 import estimate_tau2
from ostealgia.options import one_of

Array = NDArray[np.float64]
Index = NDArray[np.int64]
ENGINES = ("auto", "numpy", "numba")
COMPILED_FROM = 50_000  # effects from which "auto" takes the compiled engine
SHARE = 50_000  # effects that are worth a thread


class BatchFit(NamedTuple):
    """One entry an analysis, arrays (n,).

    k : studies.  estimate, variance : the mean and its model variance.  hk_factor : Hartung-Knapp factor.  tau2 : NaN for one study.
    q : Cochran's Q.  typical : the typical variance of Higgins and Thompson.
    score : derivative of the log-likelihood at tau2, times tau2 (PM: (Q(tau2) - target) / target); NaN for closed forms.
    score_at_zero : the derivative at 0 times the harmonic mean variance.  steps : evaluations of the iteration.
    certified : how tau2 was found, positions in ``batch_codes.CERTIFIED``.  roots : candidates for the maximum (0 for closed forms).
    """

    k: Index
    estimate: Array
    variance: Array
    hk_factor: Array
    tau2: Array
    q: Array
    typical: Array
    score: Array
    score_at_zero: Array
    steps: NDArray[np.int16]
    certified: NDArray[np.int8]
    roots: NDArray[np.int8]


def resolve_engine(engine: str, effects: int) -> str:
    """The engine in force: "auto" is numba where it is installed and there are many effects.

    >>> resolve_engine("auto", 10)
    'numpy'
    """
    one_of("engine", engine, ENGINES)
    if engine == "auto":
        return "numba" if effects >= COMPILED_FROM and find_spec("numba") is not None else "numpy"
    if engine == "numba" and find_spec("numba") is None:
        raise OptionError(
            "engine='numba' needs numba, which is not installed. Install it with: pip install 'ostealgia[fast]'; or take engine='numpy'."
        )
    return engine


def fit_batch(
    y: Array,
    v: Array,
    offsets: Index,
    tau2: str = "REML",
    *,
    given: Array | None = None,
    engine: str = "auto",
    threads: int | None = None,
) -> BatchFit:
    """Pool every analysis of a batch.

    y, v : arrays (N,), effects and variances, finite, v above 0 (not checked here).  offsets : (n + 1,), analysis i is
    ``y[offsets[i]:offsets[i + 1]]``.  tau2 : a name of ``batch_codes.METHODS``; "given" with ``given`` (n,), zeros for the common effect.
    engine : "auto", "numpy" or "numba".  threads : for the compiled engine; None for as many as there are processors.
    Returns a BatchFit. An analysis that does not converge has tau2 NaN and "not converged" as its certificate.

    >>> fit = fit_batch(np.array([-0.9, -0.2, 0.1]), np.array([0.04, 0.05, 0.03]), np.array([0, 3]), "DL")
    >>> round(float(fit.tau2[0]), 4)
    0.2454
    """
    method = codes_.METHODS[one_of("tau2", tau2, codes_.METHODS)]
    engine = resolve_engine(engine, len(y))
    k = np.diff(offsets)
    n = len(k)
    out = np.empty((8 if method >= codes_.PM else 6, n))
    certified, steps = np.full(n, codes_.CLOSED, np.int8), np.zeros(n, np.int16)
    known = (np.zeros(n) if given is None else given) if method == codes_.GIVEN else np.zeros(0)
    target = _targets(tau2, k) if method == codes_.PM else np.zeros(0)
    arguments = (method, target, known, out, certified, steps)
    if engine == "numba":
        _compiled(y, v, offsets, arguments, threads)
    else:
        fit_numpy(y, v, offsets, *arguments)
    _small(y, v, offsets, k, method, known, out, certified, steps)
    roots: NDArray[np.int8] = np.full(n, 0 if method < codes_.PM else 1, np.int8)
    if method >= codes_.PM:
        with np.errstate(all="ignore"):
            _search(y, v, offsets, tau2, out, certified, roots)
        score, score_at_zero = out[codes_.SCORE], out[codes_.SCORE_0]
    else:
        score = score_at_zero = np.broadcast_to(np.float64(np.nan), (n,))
    _no_numbers(k, out, certified)
    return BatchFit(k, out[0], out[1], out[2], out[3], out[4], out[5], score, score_at_zero, steps, certified, roots)


def _no_numbers(k: Index, out: Array, certified: NDArray[np.int8]) -> None:
    """Mark as not converged what has no finite mean or tau2: numbers near the limits of doubles."""
    rows = [codes_.ESTIMATE, codes_.VARIANCE, codes_.TAU2]
    if math.isfinite(sum(float(out[row].sum()) for row in rows)):
        return
    fine = np.isfinite(out[rows])
    fine[2] |= k < 2
    lost = (k > 0) & ~fine.all(axis=0)
    certified[lost] = codes_.FAILED
    out[: codes_.TAU2 + 1, lost] = np.nan


def _targets(tau2: str, k: Index) -> Array:
    """The Q that PM looks for: k - 1, or the median of chi-square(k - 1) for PMM."""
    df = np.maximum(k - 1.0, 0.0)
    if tau2 != "PMM":
        return df
    values, place = np.unique(df, return_inverse=True)
    return np.asarray(chdtri(np.maximum(values, 1.0), 0.5), dtype=float)[place]


def _compiled(y: Array, v: Array, offsets: Index, arguments: tuple[Any, ...], threads: int | None) -> None:
    """Run the kernel on ranges of analyses, in threads of this call alone (it holds no lock; nothing stays behind for a later fork)."""
    from ostealgia.numerics import _kernels

    fit_range: Callable[..., Any] = cast(Any, _kernels).fit_range
    n = len(offsets) - 1
    y, v, offsets = np.ascontiguousarray(y), np.ascontiguousarray(v), np.ascontiguousarray(offsets, dtype=np.int64)
    workers = min(threads or available_threads(), 1 + len(y) // SHARE)
    if workers < 2:
        fit_range(y, v, offsets, 0, n, *arguments)
        return
    cuts = np.searchsorted(offsets, np.linspace(0, len(y), 4 * workers + 1)[1:-1])
    bounds = np.unique(np.concatenate([[0], np.minimum(cuts, n), [n]]))
    with ThreadPoolExecutor(workers) as pool:
        parts = [
            pool.submit(fit_range, y, v, offsets, int(a), int(b), *arguments) for a, b in itertools.pairwise(bounds)
        ]
        for part in parts:
            part.result()


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _small(
    y: Array, v: Array, offsets: Index, k: Index, method: int, known: Array, out: Array,
    certified: NDArray[np.int8], steps: NDArray[np.int16],
) -> None:  # fmt: skip
    """Analyses of one study (its effect, no tau2) and of none (nothing)."""
    if len(k) == 0 or int(k.min()) > 1:
        return
    few = np.flatnonzero(k < 2)
    out[:, few] = np.nan
    certified[few], steps[few] = codes_.NONE, 0
    one = few[k[few] == 1]
    at = offsets[one]
    tau2 = known[one] if method == codes_.GIVEN else np.zeros(len(one))
    out[codes_.ESTIMATE, one], out[codes_.VARIANCE, one], out[codes_.Q, one] = y[at], v[at] + tau2, 0.0
    if method == codes_.GIVEN:
        out[codes_.TAU2, one] = tau2


def _search(
    y: Array, v: Array, offsets: Index, tau2: str, out: Array, certified: NDArray[np.int8], roots: NDArray[np.int8]
) -> None:
    """The full search of ``estimate_tau2`` for the few analyses that the engine leaves open."""
    left = np.flatnonzero(certified == codes_.SEARCH)
    if len(left) == 0:
        return
    found = np.full(len(left), np.nan)
    for i, a in enumerate(left):
        run = slice(int(offsets[a]), int(offsets[a + 1]))
        try:
            fit = estimate_tau2(y[run], v[run], tau2)
            if not math.isfinite(fit.value):
                raise ConvergenceError("tau2 is not a number")
        except (ConvergenceError, ArithmeticError, ValueError):
            certified[a] = codes_.FAILED
            out[codes_.SCORE : codes_.SCORE_0 + 1, a] = np.nan
            continue
        found[i] = fit.value
        certificate = fit.certificate
        roots[a] = len(certificate.get("roots", (fit.value,)))
        k = int(offsets[a + 1] - offsets[a])
        likelihood = "roots" in certificate
        at_zero = k / float((1.0 / v[run]).sum()) if likelihood else 1.0 / (k - 1)
        out[codes_.SCORE_0, a] = certificate["score_at_zero"] * at_zero
        out[codes_.SCORE, a] = 0.0 if fit.value == 0.0 else certificate["score"] / (1.0 if likelihood else k - 1)
    part_y, part_v, part_offsets = take(y, v, offsets, left)
    again = fit_batch(part_y, part_v, part_offsets, "given", given=np.nan_to_num(found), engine="numpy")
    out[:6, left] = np.array([again.estimate, again.variance, again.hk_factor, found, again.q, again.typical])


def stacked(fits: Sequence[BatchFit]) -> BatchFit:
    """Fits one after the other."""
    return BatchFit(*cast(Any, (np.concatenate(values) for values in zip(*fits, strict=True))))


def part_of(fit: BatchFit, first: int, last: int) -> BatchFit:
    """The analyses from ``first`` to before ``last``."""
    return BatchFit(*cast(Any, (values[first:last] for values in fit)))


def take(y: Array, v: Array, offsets: Index, which: Index) -> tuple[Array, Array, Index]:
    """The analyses at these positions, in that order.

    >>> y, v, offsets = take(np.arange(5.0), np.ones(5), np.array([0, 2, 5]), np.array([1]))
    >>> y, offsets
    (array([2., 3., 4.]), array([0, 3]))
    """
    k = np.diff(offsets)[which]
    new = np.concatenate([[0], np.cumsum(k)]).astype(np.int64)
    place = runs(offsets[which], k)
    return y[place], v[place], new


def runs(first: Index, length: Index) -> Index:
    """first, first + 1, ... for ``length`` numbers, of each pair in turn.

    >>> runs(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    end = np.cumsum(length)
    total = int(end[-1]) if len(end) else 0
    return np.repeat(first - (end - length), length) + np.arange(total, dtype=np.int64)


class Part(NamedTuple):
    """Refits as a batch of their own: y, v, offsets; and for each refit the analysis and the position of the study left out."""

    y: Array
    v: Array
    offsets: Index
    analysis: Index
    left_out: Index


def without_each(y: Array, v: Array, offsets: Index, *, cells: int = 2_000_000) -> Iterator[Part]:
    """Every analysis of two studies or more without each of its studies in turn, in parts of about ``cells`` effects.

    >>> [part.y.tolist() for part in without_each(np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([0, 3]))]
    [[2.0, 3.0, 1.0, 3.0, 1.0, 2.0]]
    """
    k = np.diff(offsets)
    which = np.flatnonzero(k > 1)
    size = np.cumsum(k[which] * (k[which] - 1))
    start = 0
    while start < len(which):
        done = size[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(size, done + cells, side="right")))
        yield _without(y, v, offsets, which[start:stop])
        start = stop


def _without(y: Array, v: Array, offsets: Index, which: Index) -> Part:
    k = np.diff(offsets)[which]
    analysis = np.repeat(which, k)
    left_out = runs(np.zeros(len(k), np.int64), k)
    rest = np.repeat(k - 1, k)
    within = runs(np.zeros(len(rest), np.int64), rest)
    within += within >= np.repeat(left_out, rest)
    place = np.repeat(offsets[analysis], rest) + within
    return Part(y[place], v[place], np.concatenate([[0], np.cumsum(rest)]), analysis, left_out)
