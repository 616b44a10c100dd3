"""The normal-normal likelihood in tau2: certified maximum likelihood and restricted maximum likelihood.

The score may have several roots. All sign changes on an expanding grid are bracketed, each root is polished by a safeguarded Newton
iteration, and the candidate (a root, or zero where the score is not above zero there) of highest likelihood is kept. Plain Fisher scoring,
which can cycle, is not used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.heterogeneity import Strata

Array = NDArray[np.float64]
LOG_2PI = math.log(2 * math.pi)
_CELLS = 400_000  # grid values x studies held in memory at a time


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """How a likelihood fit was found.

    roots : every maximum of the likelihood that the grid brackets (with 0 where the score is not above zero there), low to high.
    loglik : log-likelihood at each, less that of the one kept.  bracket : the interval of the root kept, or None at zero.
    score : derivative of the log-likelihood at the estimate, times tau2 where that is above zero.  score_at_zero : derivative at 0.
    iterations : of the polish.  grid_points, grid_top : how far the search went.
    """

    criterion: str
    roots: tuple[float, ...]
    loglik: tuple[float, ...]
    bracket: tuple[float, float] | None
    score: float
    score_at_zero: float
    iterations: int
    grid_points: int
    grid_top: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def log_likelihood(tau2: float, strata: Strata, *, restricted: bool) -> float:
    """Log-likelihood with the full Gaussian constant; restricted: with -0.5 log|X'WX| + 0.5 log|X'X|.

    Harville 1977, doi:10.1080/01621459.1977.10480998.
    """
    total = 0.0
    for y, v in strata:
        s = v + tau2
        w = 1.0 / s
        s1 = float(w.sum())
        r = y - float(w @ y) / s1
        total -= 0.5 * (len(y) * LOG_2PI + float(np.log(s).sum()) + float((w * r) @ r))
        if restricted:
            total += 0.5 * (LOG_2PI + math.log(len(y)) - math.log(s1))
    return total


def score(tau2: float, strata: Strata, *, restricted: bool) -> tuple[float, float]:
    """First and second derivative of the log-likelihood in tau2."""
    first = second = 0.0
    for y, v in strata:
        w = 1.0 / (v + tau2)
        s1, s2 = float(w.sum()), float(w @ w)
        r = y - float(w @ y) / s1
        wr = w * r
        first += float(wr @ wr) - s1
        second += -2.0 * float(wr @ (w * wr)) + 2.0 * float(w @ wr) ** 2 / s1 + s2
        if restricted:
            first += s2 / s1
            second += -2.0 * float((w * w) @ w) / s1 + (s2 / s1) ** 2
    return 0.5 * first, 0.5 * second


def _score_on(grid: Array, strata: Strata, restricted: bool) -> Array:
    """The score at every grid value, in blocks that bound the memory."""
    out = np.zeros(len(grid))
    for y, v in strata:
        step = max(1, _CELLS // max(1, len(y)))
        for start in range(0, len(grid), step):
            t = grid[start : start + step, None]
            w = 1.0 / (v[None, :] + t)
            s1 = w.sum(axis=1)
            r = y[None, :] - ((w @ y) / s1)[:, None]
            w *= w
            s2 = w.sum(axis=1)
            r *= r
            r *= w
            block = r.sum(axis=1) - s1
            out[start : start + step] += block + s2 / s1 if restricted else block
    return 0.5 * out


def _grid(strata: Strata) -> Array:
    """0, then a geometric grid (at most 1.6 apart) from far below the smallest variance to above any possible root.

    Above max (y - mean)^2 the maximum-likelihood score is negative; the restricted one at most k / (k - 1) times as far out, and
    2 covers k = 2.
    """
    smallest = min(float(v.min()) for _, v in strata)
    spread = max(float(y.max() - y.min()) for y, _ in strata)
    top = 4.0 * spread * spread + 4.0 * max(float(v.max()) for _, v in strata)
    low = min(1e-3 * smallest, 1e-6 * top)
    steps = math.ceil(math.log2(top / low) * 1.5)
    grid = np.empty(steps + 2)
    grid[0] = 0.0
    grid[1:] = low * np.exp2(np.arange(steps + 1) * (math.log2(top / low) / steps))
    return grid


def _start(low: float, high: float, value_low: float, value_high: float) -> float:
    """Where the straight line between two bracket values crosses zero, kept off the ends."""
    if math.isinf(value_low) or value_low == value_high:
        return 0.5 * (low + high)
    share = value_low / (value_low - value_high)
    return low + min(0.99, max(0.01, share)) * (high - low)


def polish(
    function: Callable[[float], tuple[float, float]],
    low: float,
    high: float,
    *,
    start: float | None = None,
    rising: bool = False,
) -> tuple[float, int]:
    """A root inside [low, high] of a function that is positive at ``low`` and not at ``high`` (the reverse when ``rising``).

    function : returns value and derivative.  Newton steps held in the bracket, halving where a step leaves it; ends when a step is below
    4 units in the last place.  Returns (root, iterations). Raises ConvergenceError after 200 steps.

    >>> root, steps = polish(lambda x: (2.0 - x * x, -2.0 * x), 1.0, 2.0)
    >>> round(root, 12)
    1.414213562373
    """
    x = 0.5 * (low + high) if start is None else start
    for iteration in range(1, 201):
        value, slope = function(x)
        if value == 0.0:
            return x, iteration
        if (value > 0) != rising:
            low = x
        else:
            high = x
        new = x - value / slope if slope != 0.0 else math.inf
        if not (low < new < high):
            if abs(new - x) <= 1e-15 * abs(x):
                return x, iteration
            new = 0.5 * (low + high)
        if abs(new - x) <= 1e-15 * abs(x) or high - low <= 4e-16 * high:
            return new, iteration
        x = new
    raise ConvergenceError(f"no root to 15 digits between {low!r} and {high!r} after 200 steps")


def maximise(strata: Strata, *, restricted: bool) -> tuple[float, Certificate]:
    """tau2 of highest (restricted) likelihood and its certificate; the data should be of order one (see ``tau2.scaled``)."""
    grid = _grid(strata)
    values = _score_on(grid, strata, restricted)
    while values[-1] > 0 and len(grid) < 2000:
        grid = np.append(grid, grid[-1] * np.array([2.0, 4.0, 8.0, 16.0]))
        values = np.append(values, _score_on(grid[-4:], strata, restricted))
    if values[-1] > 0 or not np.all(np.isfinite(values)):
        raise ConvergenceError("the likelihood has no maximum on the search grid; check for variances of 0 or infinity")

    def derivative(t: float) -> tuple[float, float]:
        return score(t, strata, restricted=restricted)

    falls = np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0))
    candidates: list[tuple[float, tuple[float, float] | None, int]] = []
    if values[0] <= 0:
        candidates.append((0.0, None, 0))
    for i in falls:
        low, high = float(grid[i]), float(grid[i + 1])
        root, steps = polish(derivative, low, high, start=_start(low, high, float(values[i]), float(values[i + 1])))
        candidates.append((root, (low, high), steps))
    likelihoods = [log_likelihood(t, strata, restricted=restricted) for t, _, _ in candidates]
    best = int(np.argmax(likelihoods))
    tau2, bracket, steps = candidates[best]
    unit = tau2 if tau2 > 0 else 1.0
    return tau2, Certificate(
        criterion="restricted likelihood" if restricted else "likelihood",
        roots=tuple(t for t, _, _ in candidates),
        loglik=tuple(value - likelihoods[best] for value in likelihoods),
        bracket=bracket,
        score=derivative(tau2)[0] * unit,
        score_at_zero=float(values[0]),
        iterations=steps,
        grid_points=len(grid),
        grid_top=float(grid[-1]),
    )
