"""Log-rank tests of equal survival, weighted by S(t-)^rho, over strata.

Harrington DP, Fleming TR 1982, Biometrika 69:553-566, doi:10.1093/biomet/69.3.553.
"""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ostealgia.numerics.survival_curve import running_product

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class LogRank:
    """observed, expected : (g,), weighted.  variance : (g, g) of observed - expected.  statistic : chi-square with ``df``."""

    observed: Array
    expected: Array
    variance: Array
    statistic: float
    df: int
    p_value: float


def logrank_test(time: Array, event: Bools, group: Ints, n_groups: int, stratum: Ints, rho: float = 0.0) -> LogRank:
    """Observed against expected events in each group.

    At each event time a group expects d Y_g / Y events with hypergeometric variance; each time is weighted by the pooled survival just
    before it, to the power rho (0 log-rank, 1 Peto-Peto).  With strata the sums go over strata.
    Do not use the log-rank test to look for a difference where curves cross: it has no power there.
    Source: Mantel 1966, Cancer Chemother Rep 50:163; Harrington & Fleming 1982, doi:10.1093/biomet/69.3.553.

    >>> t, d, g = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True] * 4), np.array([0, 0, 1, 1])
    >>> round(logrank_test(t, d, g, 2, np.zeros(4, dtype=np.intp)).statistic, 4)
    2.8824
    """
    observed, expected = np.zeros(n_groups), np.zeros(n_groups)
    variance = np.zeros((n_groups, n_groups))
    for code in np.unique(stratum):
        rows = stratum == code
        parts = _stratum_sums(time[rows], event[rows], group[rows], n_groups, rho)
        observed, expected, variance = observed + parts[0], expected + parts[1], variance + parts[2]
    statistic, df = quadratic_test(observed - expected, variance)
    return LogRank(
        observed=observed, expected=expected, variance=variance, statistic=statistic, df=df,
        p_value=float(chdtrc(df, statistic)) if df else float("nan"),
    )  # fmt: skip


def _stratum_sums(time: Array, event: Bools, group: Ints, n_groups: int, rho: float) -> tuple[Array, Array, Array]:
    different, place = np.unique(time, return_inverse=True)
    size = len(different)
    cell = place * n_groups + group
    left = np.bincount(cell, minlength=size * n_groups).reshape(size, n_groups).astype(float)
    deaths = np.bincount(cell[event], minlength=size * n_groups).reshape(size, n_groups).astype(float)
    risk = np.cumsum(left[::-1], axis=0)[::-1]
    keep = deaths.sum(axis=1) > 0
    risk, deaths = risk[keep], deaths[keep]
    total, all_deaths = risk.sum(axis=1), deaths.sum(axis=1)
    before = np.concatenate([[1.0], running_product(1.0 - all_deaths / total)[:-1]]) if len(total) else np.zeros(0)
    weight = before**rho
    share = risk / total[:, None]
    factor = np.divide(total - all_deaths, total - 1.0, out=np.zeros_like(total), where=total > 1) * all_deaths
    factor = factor * weight**2
    variance = np.diag(factor @ share) - (share * factor[:, None]).T @ share
    return weight @ deaths, (weight * all_deaths) @ share, variance


def quadratic_test(score: Array, variance: Array) -> tuple[float, int]:
    """score' variance^- score without the last group that carries information, and its df.

    >>> quadratic_test(np.array([2.0, -2.0]), np.array([[1.0, -1.0], [-1.0, 1.0]]))
    (4.0, 1)
    """
    use = np.flatnonzero(np.diag(variance) > 1e-14 * max(1.0, float(np.trace(variance))))
    if len(use) < 2:
        return 0.0, 0
    kept = use[1:]
    values = np.linalg.solve(variance[np.ix_(kept, kept)], score[kept])
    return float(score[kept] @ values), len(kept)
