"""The normal-normal likelihood in tau2: certified maximum likelihood and restricted maximum likelihood.

The score may have several roots. All sign changes on an expanding grid are bracketed, each root is polished by a safeguarded Newton
iteration, and the candidate (a root, or zero where the score is not above zero there) of highest likelihood is kept. Plain Fisher scoring,
which can cycle, is not used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.heterogeneity import Strata

Array = NDArray[np.float64]
LOG_2PI = math.log(2 * math.pi)
add = (
    np.add.reduce
)  # the method ``sum`` less its detour; here and in ``dot`` microseconds count, for few studies are fitted often
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
        return dict(vars(self))


def log_likelihood(tau2: float, strata: Strata, *, restricted: bool) -> float:
    """Log-likelihood with the full Gaussian constant; restricted: with -0.5 log|X'WX| + 0.5 log|X'X|.

    Harville 1977, doi:10.1080/01621459.1977.10480998.
    """
    total = 0.0
    for y, v in strata:
        s = v + tau2
        w = 1.0 / s
        s1 = float(add(w))
        r = y - float(w.dot(y)) / s1
        total -= 0.5 * (len(y) * LOG_2PI + float(add(np.log(s))) + float(r.dot(w * r)))
        if restricted:
            total += 0.5 * (LOG_2PI + math.log(len(y)) - math.log(s1))
    return total


def score(tau2: float, strata: Strata, *, restricted: bool) -> tuple[float, float]:
    """First and second derivative of the log-likelihood in tau2."""
    a, b, a_slope, b_slope = _parts(tau2, precise_first(strata), restricted)
    return 0.5 * (a - b), 0.5 * (a_slope - b_slope)


def precise_first(strata: Strata) -> Strata:
    """The studies of smallest variance at the head of their strata, so that sums over the others lose no digits beside them.

    >>> precise_first([(np.array([1.0, 2.0]), np.array([4.0, 3.0]))])[0][1].tolist()
    [3.0, 4.0]
    """
    out: list[tuple[Array, Array]] = []
    for y, v in strata:
        i = int(v.argmin())
        if i:
            y, v = y.copy(), v.copy()
            y[0], y[i], v[0], v[i] = y[i], y[0], v[i], v[0]
        out.append((y, v))
    return out


def _parts(tau2: float, strata: Strata, restricted: bool) -> tuple[float, float, float, float]:
    """a = y'P^2 y and b = tr P (sum w for plain likelihood), both falling, and their slopes: twice the score is a - b.

    strata : of ``precise_first``.  The traces are written in shares of the first study, without differences that cancel.
    """
    a = b = a_slope = b_slope = 0.0
    for y, v in strata:
        w = 1.0 / (v + tau2)
        others, first = w[1:], float(w[0])
        rest, s2 = float(add(others)), float(others.dot(others))
        s1 = first + rest
        r = y - float(w.dot(y)) / s1
        r *= w
        a += float(r.dot(r))
        a_slope += 2.0 * float(w.dot(r)) ** 2 / s1 - 2.0 * float(r.dot(r * w))
        if restricted:
            share, s3 = first / s1, float(others.dot(others * others))
            b += share * rest + (rest - s2 / s1)
            b_slope -= share * share * rest * rest + s2 * (1.0 + 2.0 * share * share + s2 / s1 / s1) - 2.0 * s3 / s1
        else:
            b += s1
            b_slope -= first * first + s2
    return a, b, a_slope, b_slope


def _parts_on(grid: Array, strata: Strata, restricted: bool) -> tuple[Array, Array]:
    """a and b of ``_parts`` at every grid value, in blocks that bound the memory."""
    a, b = np.zeros(len(grid)), np.zeros(len(grid))
    for y, v in strata:
        step = max(1, _CELLS // max(1, len(y)))
        for start in range(0, len(grid), step):
            here = slice(start, start + step)
            w = 1.0 / (v + grid[here, None])
            first, others = w[:, 0], w[:, 1:]
            rest = add(others, axis=1)
            s1 = first + rest
            r = y - (w.dot(y) / s1)[:, None]
            r *= w
            a[here] += np.einsum("ij,ij->i", r, r)
            b[here] += first / s1 * rest + (rest - np.einsum("ij,ij->i", others, others) / s1) if restricted else s1
    return a, b


def _grid(strata: Strata) -> Array:
    """0, then a geometric grid (at most 1.6 apart) from far below the smallest variance to above any possible root.

    Above max (y - mean)^2 the maximum-likelihood score is negative; the restricted one at most k / (k - 1) times as far out, and
    2 covers k = 2.
    """
    lowest, highest = np.minimum.reduce, np.maximum.reduce
    smallest = min(float(lowest(v)) for _, v in strata)
    spread = max(float(highest(y) - lowest(y)) for y, _ in strata)
    top = 4.0 * spread * spread + 4.0 * max(float(highest(v)) for _, v in strata)
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
    near: float = 1e-15,
) -> tuple[float, int]:
    """A root inside [low, high] of a function that is positive at ``low`` and not at ``high`` (the reverse when ``rising``).

    function : returns value and derivative.  Newton steps held in the bracket, halving where a step leaves it; ends with a Newton
    step below ``near`` of the root (for a function close to a straight line, 1e-10 leaves 1e-20).  Returns (root, iterations). Raises
    ConvergenceError after 200 steps.

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
        step = abs(new - x)
        if not (low < new < high):
            if step <= 1e-15 * abs(x):
                return x, iteration
            new = 0.5 * (low + high)
        elif step <= near * abs(x):
            return new, iteration
        if abs(new - x) <= 1e-15 * abs(x) or high - low <= 4e-16 * high:
            return new, iteration
        x = new
    raise ConvergenceError(f"no root to 15 digits between {low!r} and {high!r} after 200 steps")


def maximise(strata: Strata, *, restricted: bool) -> tuple[float, Certificate]:
    """tau2 of highest (restricted) likelihood and its certificate; the data should be of order one (see ``tau2.scaled``)."""
    strata = precise_first(strata)
    grid = _grid(strata)
    a, b = _parts_on(grid, strata, restricted)
    while a[-1] > b[-1] and len(grid) < 2000:
        grid = np.append(grid, grid[-1] * np.array([2.0, 4.0, 8.0, 16.0]))
        more = _parts_on(grid[-4:], strata, restricted)
        a, b = np.append(a, more[0]), np.append(b, more[1])
    positive = a > b
    if positive[-1] or not math.isfinite(add(a) + add(b)):
        raise ConvergenceError("the likelihood has no maximum on the search grid; check for variances of 0 or infinity")

    def ratio(
        t: float,
    ) -> tuple[float, float]:  # b / a - 1 rises through a maximum, and is close to a straight line in tau2
        up, down, up_slope, down_slope = _parts(t, strata, restricted)
        return (down - up) / up, down_slope / up - up_slope / up * (down / up)

    falls = (positive[:-1] > positive[1:]).nonzero()[0].tolist()
    candidates: list[tuple[float, tuple[float, float] | None, int]] = []
    if not positive[0]:
        candidates.append((0.0, None, 0))
    for i in falls:
        low, high = float(grid[i]), float(grid[i + 1])
        start = _start(low, high, 1.0 - float(b[i] / a[i]), 1.0 - float(b[i + 1] / a[i + 1]))
        root, steps = polish(ratio, low, high, start=start, rising=True, near=1e-10)
        candidates.append((root, (low, high), steps))
    likelihoods = [0.0]
    if len(candidates) > 1:
        likelihoods = [log_likelihood(t, strata, restricted=restricted) for t, _, _ in candidates]
    best = int(np.argmax(likelihoods))
    tau2, bracket, steps = candidates[best]
    unit = tau2 if tau2 > 0 else 1.0
    up, down = _parts(tau2, strata, restricted)[:2] if tau2 > 0 else (float(a[0]), float(b[0]))
    return tau2, Certificate(
        criterion="restricted likelihood" if restricted else "likelihood",
        roots=tuple(t for t, _, _ in candidates),
        loglik=tuple(value - likelihoods[best] for value in likelihoods),
        bracket=bracket,
        score=0.5 * (up - down) * unit,
        score_at_zero=0.5 * float(a[0] - b[0]),
        iterations=steps,
        grid_points=len(grid),
        grid_top=float(grid[-1]),
    )
