"""Granularity: which means and standard deviations whole numbers can have. Arrays in, arrays out.

Sources: Brown, Heathers 2017, doi:10.1177/1948550616673876 (GRIM); Anaya 2016, doi:10.7287/peerj.preprints.2400v1
(GRIMMER, as corrected by Allard 2018); Heathers, Brown 2019, https://osf.io/5vb3u (DEBIT).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ostealgia.errors import OptionError

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

SLACK = 1e-9  # relative; the floating-point error of an end times n, far below one unit
LARGEST = 2.0**62  # ends beyond it, and open ones, are cut there: no printed mean tells such totals apart
MOST_TOTALS = 100_000  # totals tried for one mean; with more of them there is no power left
MOST_EXACT = 12_000  # n x (width of the scale) x n up to which the reachable sums of squares are enumerated


def first_whole(low: ArrayLike, high: ArrayLike) -> tuple[Whole, Whole]:
    """The first and last whole number from low to high; first > last where there is none.

    >>> first, last = first_whole([145.18, 145.46], [145.46, 146.1])
    >>> first.tolist(), last.tolist()
    ([146, 146], [145, 146])
    """
    a, b = (np.clip(np.asarray(end, dtype=float), -LARGEST, LARGEST) for end in (low, high))
    slack = SLACK * np.maximum(np.maximum(np.abs(a), np.abs(b)), 1.0)
    return np.ceil(a - slack).astype(np.int64), np.floor(b + slack).astype(np.int64)


def mean_possible(low: ArrayLike, high: ArrayLike, n: ArrayLike, items: ArrayLike = 1) -> Flags:
    """Can the mean of n averages of whole-number items lie from low to high?

    low, high : the mean's rounding interval (k,); for a proportion in per cent, a hundredth of it.
    n : persons; items : items averaged for each.  Returns (k,) of bool.

    >>> mean_possible([5.185, 5.195], [5.195, 5.205], 28).tolist()
    [False, False]
    """
    size = np.asarray(n, dtype=float) * np.asarray(items, dtype=float)
    first, last = first_whole(np.asarray(low) * size, np.asarray(high) * size)
    return np.asarray(first <= last)


def has_power(width: ArrayLike, n: ArrayLike, items: ArrayLike = 1) -> Flags:
    """Whether a rounding interval of that width can miss every total of n x items whole numbers.

    >>> has_power(0.01, [28, 100, 132]).tolist()
    [True, False, False]
    """
    return np.asarray(np.asarray(width) * np.asarray(n) * np.asarray(items) < 1 - SLACK)


def least_squares_sum(total: ArrayLike, n: int) -> Array:
    """The least sum of squares of n whole numbers with that total: all of them next to the mean.

    >>> least_squares_sum([7], 3).tolist()
    [17.0]
    """
    t = np.asarray(total, dtype=float)
    q = np.floor(t / n)
    r = t - q * n
    return (n - r) * q**2 + r * (q + 1) ** 2


def largest_squares_sum(total: ArrayLike, n: int, lowest: int, highest: int) -> Array:
    """The largest sum of squares of n whole numbers from lowest to highest with that total: all but one at the ends.

    >>> largest_squares_sum([7], 3, 0, 5).tolist()
    [29.0]
    """
    t, width = np.asarray(total, dtype=float), float(highest - lowest)
    above = np.minimum(np.floor((t - n * lowest) / width), n)
    rest = t - n * lowest - above * width
    one = np.where(above < n, 1.0, 0.0)
    return above * highest**2 + one * (lowest + rest) ** 2 + (n - above - one) * lowest**2


def sd_possible(
    mean: tuple[float, float],
    sd: tuple[float, float],
    n: int,
    items: int = 1,
    scale: tuple[int, int] | None = None,
) -> tuple[bool, str]:
    """Can n whole numbers have a mean and an SD (n - 1) inside these rounding intervals?

    mean, sd : (low, high).  items : averaged for each person.  scale : least and largest value of one item.
    Some whole total inside the mean's interval needs a sum of squares that is whole, of the same parity, not below the
    least possible and inside the SD's interval; with a scale it must be reachable on it, too.
    Returns whether, and what fails: "", "mean", "sd" or "scale".

    >>> sd_possible((5.205, 5.215), (1.595, 1.605), 28), sd_possible((3.435, 3.445), (2.465, 2.475), 18)
    ((True, ''), (False, 'sd'))
    """
    if n < 2 or items < 1:
        raise OptionError(f"n={n}, items={items}: an SD needs at least two persons and one item.")
    if scale is not None and not scale[0] < scale[1]:
        raise OptionError(f"a scale from {scale[0]!r} to {scale[1]!r} has no room; low must be below high.")
    size = n * items
    first, last = (int(end) for end in first_whole(mean[0] * size, mean[1] * size))
    if first > last:
        return False, "mean"
    if last - first >= MOST_TOTALS:
        return True, ""
    totals = np.arange(first, last + 1, dtype=float)
    if scale is not None:
        totals = totals[(totals >= n * items * scale[0]) & (totals <= n * items * scale[1])]
        if totals.size == 0:
            return False, "scale"
    low, high = _squares_range(totals, n, sd, items)
    if not bool(np.any(low <= high)):
        return False, "sd"
    if scale is None:
        return True, ""
    reachable = any(
        _reaches(int(t), int(a), int(b), n, items * scale[0], items * scale[1])
        for t, a, b in zip(totals, low, high, strict=True)
        if a <= b
    )
    return (True, "") if reachable else (False, "scale")


def binary_sd_possible(mean: tuple[float, float], sd: tuple[float, float], n: int) -> tuple[bool, str]:
    """Can n values of 0 or 1 have a mean and an SD (n - 1) inside these rounding intervals? Also what fails.

    >>> binary_sd_possible((0.185, 0.195), (0.345, 0.355), 1683)
    (False, 'sd')
    """
    if n < 2:
        raise OptionError(f"n={n}: an SD needs at least two persons.")
    first, last = (int(end) for end in first_whole(max(mean[0], 0.0) * n, min(mean[1], 1.0) * n))
    if first > last:
        return False, "mean"
    counts = _around_the_middle(first, last, n)
    spread = np.sqrt(counts * (n - counts) / (n * (n - 1.0)))
    fits = (spread >= sd[0] * (1 - SLACK)) & (spread <= sd[1] * (1 + SLACK))
    return (True, "") if bool(fits.any()) else (False, "sd")


def _around_the_middle(first: int, last: int, n: int) -> Array:
    """The counts to try; beyond MOST_TOTALS of them evenly spaced ones (their SDs then differ by less than a print)."""
    if last - first < MOST_TOTALS:
        return np.arange(first, last + 1, dtype=float)
    spaced = np.append(np.linspace(first, last, MOST_TOTALS), float(min(max(n // 2, first), last)))
    return np.unique(np.round(spaced)).astype(np.float64)


def _squares_range(totals: Array, n: int, sd: tuple[float, float], items: int) -> tuple[Array, Array]:
    """First and last sum of squares for each total: whole, of its parity, inside the SD's interval, large enough."""
    middle = totals**2 / n
    low, high = (middle + (max(end, 0.0) * items) ** 2 * (n - 1) for end in sd)
    slack = SLACK * np.maximum(high, 1.0)
    first = np.maximum(np.ceil(low - slack), least_squares_sum(totals, n))
    first = first + np.mod(first - totals, 2.0)
    last = np.floor(high + slack)
    return first, last - np.mod(last - totals, 2.0)


def _reaches(total: int, low: int, high: int, n: int, lowest: int, highest: int) -> bool:
    """Whether n whole numbers from lowest to highest have that total and a sum of squares from low to high.

    Exact for small n (all sums enumerated); above, between the least and the largest possible sum.
    """
    shift = total - n * lowest
    width = highest - lowest
    # sum (x - lowest)^2 = S - 2 lowest T + n lowest^2
    move = -2 * lowest * total + n * lowest**2
    if n * n * width <= MOST_EXACT:
        mask = _reachable_squares(n, width)[shift]
        a, b = max(low + move, 0), high + move
        return b >= a and bool((mask >> a) & ((1 << (b - a + 1)) - 1))
    most = float(largest_squares_sum([total], n, lowest, highest)[0])
    return low <= most + SLACK * max(1.0, abs(most))


@lru_cache(maxsize=16)
def _reachable_squares(n: int, width: int) -> tuple[int, ...]:
    """For each total of n whole numbers 0..width the reachable sums of squares, as the bits of one integer."""
    masks = [1] + [0] * (n * width)
    for used in range(n):
        after = [0] * (n * width + 1)
        for total in range(used * width + 1):
            here = masks[total]
            if here:
                for value in range(width + 1):
                    after[total + value] |= here << (value * value)
        masks = after
    return tuple(masks)
