"""Families of comparisons: adjusted P values and critical values."""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaincinv, gammaln, log_ndtr, ndtr, ndtri, stdtr, stdtrit

Array = NDArray[np.float64]

# what may be asked for, in words
ADJUSTMENTS: dict[str, str] = {
    "none": "not adjusted",
    "bonferroni": "Bonferroni",
    "holm": "Holm",
    "sidak": "Sidak",
    "tukey": "Tukey",
}


def two_sided(t: Array, df: Array) -> Array:
    """P values of t statistics; normal where df is infinite."""
    finite = np.isfinite(df)
    students = np.asarray(stdtr(np.where(finite, df, 1.0), -np.abs(t)), dtype=np.float64)
    return np.where(finite, 2.0 * students, 2.0 * np.asarray(ndtr(-np.abs(t)), dtype=np.float64))


def critical(level: float | Array, df: Array) -> Array:
    """Two-sided critical values of t; normal where df is infinite."""
    half = 0.5 + 0.5 * np.broadcast_to(np.asarray(level, dtype=np.float64), df.shape)
    finite = np.isfinite(df)
    students = np.asarray(stdtrit(np.where(finite, df, 1.0), half), dtype=np.float64)
    return np.where(finite, students, np.asarray(ndtri(half), dtype=np.float64))


def adjusted(method: str, t: Array, df: Array, level: float, means: int) -> tuple[Array, Array]:
    """(P values, critical values) of one family of comparisons.

    method : a key of ADJUSTMENTS.  t, df (m,).  means : number of means compared, for "tukey".  Holm's P values go with Bonferroni's
    critical values, since his steps have no interval of their own.  Source: Dunn 1961, doi:10.1080/01621459.1961.10482090; Holm 1979;
    Sidak 1967, doi:10.1080/01621459.1967.10482935; Tukey 1949 and Kramer 1956 (studentised range).

    >>> p, c = adjusted("bonferroni", np.array([2.0, 3.0]), np.array([20.0, 20.0]), 0.95, 3)
    >>> p.round(4).tolist(), c.round(4).tolist()
    ([0.1185, 0.0142], [2.4231, 2.4231])
    """
    m = len(t)
    p = two_sided(t, df)
    if method == "bonferroni" or method == "holm":
        wide = critical(1.0 - (1.0 - level) / m, df)
        return (np.minimum(1.0, m * p) if method == "bonferroni" else _holm(p)), wide
    if method == "sidak":
        return -np.expm1(m * np.log1p(-np.minimum(p, 1.0 - 1e-16))), critical(level ** (1.0 / m), df)
    if method == "tukey":
        root = float(np.sqrt(2.0))
        tails = [studentised_range_tail(abs(float(a)) * root, means, float(b)) for a, b in zip(t, df, strict=True)]
        limits = {float(b): studentised_range_quantile(level, means, float(b)) / root for b in np.unique(df)}
        return np.array(tails), np.array([limits[float(b)] for b in df])
    return p, critical(level, df)


def _holm(p: Array) -> Array:
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    out = np.empty_like(p)
    out[order] = np.minimum(1.0, steps)
    return out


@lru_cache(maxsize=4)
def _nodes(count: int) -> tuple[Array, Array]:
    x, w = leggauss(count)
    return x.astype(np.float64), w.astype(np.float64)


def studentised_range_tail(q: float, means: int, df: float) -> float:
    """P(range of ``means`` normal means / independent standard deviation > q), df degrees of freedom (may be infinite).

    Both integrals by Gauss-Legendre quadrature of the upper tail itself, so that small P values keep their digits.
    Source: Copenhaver & Holland 1988, doi:10.1080/00949658808811082.

    >>> round(studentised_range_tail(3.5, 3, 20.0), 6)
    0.055892
    """
    if not q > 0.0:
        return 1.0 if q == 0.0 else float("nan")
    if not np.isfinite(df):
        return float(_range_tail(np.array([q]), means)[0])
    x, w = _nodes(80)
    low, high = np.sqrt(2.0 * gammaincinv(0.5 * df, 1e-17) / df), np.sqrt(2.0 * gammainccinv(0.5 * df, 1e-17) / df)
    s = 0.5 * (high + low) + 0.5 * (high - low) * x
    log_density = (
        0.5 * df * np.log(df) - gammaln(0.5 * df) - (0.5 * df - 1.0) * np.log(2.0)
        + (df - 1.0) * np.log(s) - 0.5 * df * s**2
    )  # fmt: skip
    return float(min(1.0, 0.5 * (high - low) * (w * np.exp(log_density)) @ _range_tail(q * s, means)))


def _range_tail(w: Array, means: int) -> Array:
    """P(range of ``means`` standard normals > w)."""
    x, weight = _nodes(160)
    z = 8.5 * x
    inside = np.exp(log_ndtr(z[None, :] - w[:, None]) - log_ndtr(z)[None, :])
    part = -np.expm1((means - 1) * np.log1p(-np.minimum(inside, 1.0 - 1e-16)))
    density = np.exp(-0.5 * z**2 + (means - 1) * log_ndtr(z)) / np.sqrt(2.0 * np.pi)
    return means * 8.5 * part @ (weight * density)


def studentised_range_quantile(level: float, means: int, df: float) -> float:
    """The value that the studentised range exceeds with probability 1 - level.

    >>> round(studentised_range_quantile(0.95, 3, 20.0), 4)
    3.5779
    """
    low, high = 0.0, 4.0
    while studentised_range_tail(high, means, df) > 1.0 - level:
        low, high = high, 2.0 * high
        if high > 1e6:
            return float("inf")
    for _ in range(60):
        middle = 0.5 * (low + high)
        if studentised_range_tail(middle, means, df) > 1.0 - level:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
