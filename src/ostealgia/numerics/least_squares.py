"""Ordinary least squares with robust covariances, and tests of a paired change."""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from ostealgia.errors import OptionError
from ostealgia.numerics.linear_mixed import scale_problem
from ostealgia.options import one_of

Array = NDArray[np.float64]
EXACT_BELOW = 50  # signed-rank test: exact distribution for fewer differences, without ties and zeros

# power of (1 - leverage) by which each squared residual is divided
HC_POWER: dict[str, float] = {"HC0": 0.0, "HC1": 0.0, "HC2": 1.0, "HC3": 2.0}


@dataclass(frozen=True)
class LeastSquares:
    """A linear model. inverse (p, p) : (X'X)^-1.  leverage, residuals (n,).  total : sum of squares about the mean (about 0 without one).
    constant : the columns span a constant."""

    estimate: Array
    inverse: Array
    residuals: Array
    leverage: Array
    design: Array
    total: float
    constant: bool

    @property
    def n(self) -> int:
        return len(self.residuals)

    @property
    def df(self) -> int:
        return self.n - len(self.estimate)

    @property
    def rss(self) -> float:
        return float(self.residuals @ self.residuals)

    @property
    def sigma2(self) -> float:
        return self.rss / self.df

    @property
    def r2(self) -> float:
        return 1.0 - self.rss / self.total

    @property
    def r2_adjusted(self) -> float:
        return 1.0 - (self.rss / self.df) / (self.total / (self.n - int(self.constant)))

    @property
    def log_likelihood(self) -> float:
        return -0.5 * self.n * (float(np.log(2.0 * np.pi * self.rss / self.n)) + 1.0)

    def vcov(self, kind: str = "classical") -> Array:
        """Covariance of the estimates: "classical", or consistent under unequal variances, "HC0" to "HC3".

        HC2 divides each squared residual by 1 - h, HC3 by (1 - h)^2. Source: MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7.
        Raises OptionError where a row has leverage 1.
        """
        if kind == "classical":
            return self.sigma2 * self.inverse
        power = HC_POWER[one_of("std_error", kind, ["classical", *HC_POWER])]
        free = 1.0 - self.leverage
        if power and float(free.min()) < 1e-10:
            raise OptionError(
                f"{kind} cannot be computed: a row determines a coefficient alone (leverage 1). Use 'HC1' or 'classical'."
            )
        spread = self.residuals**2 / free**power
        if kind == "HC1":
            spread = spread * (self.n / self.df)
        root = self.design @ self.inverse
        return root.T @ (spread[:, None] * root)


def least_squares(y: Array, x: Array) -> LeastSquares:
    """Ordinary least squares by an orthogonal factorisation.

    y (n,), x (n, p).  Raises OptionError for a singular design or a perfect fit.

    >>> fit = least_squares(np.array([1.0, 2.0, 4.0, 5.0]), np.column_stack([np.ones(4), [0.0, 1.0, 2.0, 3.0]]))
    >>> fit.estimate.round(6).tolist(), round(fit.r2, 6)
    ([0.9, 1.4], 0.98)
    """
    scaled = scale_problem(y, x)
    root = scaled.back / scaled.unit
    ones = np.ones(len(y))
    constant = bool(np.abs(ones - scaled.q @ (scaled.q.T @ ones)).max() < 1e-8)
    about = y - y.mean() if constant else y
    return LeastSquares(
        scaled.shift, root @ root.T, scaled.y * scaled.unit, (scaled.q**2).sum(axis=1), x, float(about @ about), constant
    )  # fmt: skip


@dataclass(frozen=True)
class PairedTests:
    """Tests that a change is zero: Student's t, and Wilcoxon's signed ranks (v : sum of the positive ranks)."""

    n: int
    mean: float
    std_error: float
    t: float
    df: int
    p_value: float
    v: float
    p_value_wilcoxon: float
    exact: bool


def paired_tests(change: Array) -> PairedTests:
    """t and signed-rank tests of changes (n,), n >= 2.

    Zero changes leave the ranks; the rank test is exact below 50 changes without ties and zeros, else normal with correction for ties
    and continuity. A change that is the same in all gives an infinite or undefined t.  Source: Wilcoxon 1945, doi:10.2307/3001968;
    Hollander, Wolfe & Chicken 2013, Nonparametric Statistical Methods, section 3.1.

    >>> found = paired_tests(np.array([-1.0, -2.5, 0.5, -3.0, -1.5]))
    >>> round(found.t, 4), found.v, round(found.p_value_wilcoxon, 4)
    (-2.4495, 1.0, 0.125)
    """
    n = len(change)
    mean, error = float(change.mean()), float(change.std(ddof=1)) / float(np.sqrt(n))
    t = mean / error if error > 0 else (np.nan if mean == 0 else float(np.copysign(np.inf, mean)))
    p = float(2.0 * stdtr(n - 1, -abs(t))) if np.isfinite(t) else (np.nan if np.isnan(t) else 0.0)
    v, p_ranks, exact = signed_rank(change)
    return PairedTests(n, mean, error, float(t), n - 1, p, v, p_ranks, exact)


def signed_rank(change: Array) -> tuple[float, float, bool]:
    """(V, two-sided P value, exact or not) of Wilcoxon's signed-rank test."""
    left = change[change != 0.0]
    n = len(left)
    if n == 0:
        return 0.0, float("nan"), False
    values, place, counts = np.unique(np.abs(left), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - 0.5 * (counts - 1.0))[place.reshape(-1)]
    v = float(ranks[left > 0].sum())
    if n < EXACT_BELOW and len(values) == n and n == len(change):
        return v, _exact_signed_rank(v, n), True
    centre = n * (n + 1) / 4.0
    sd = float(np.sqrt(n * (n + 1) * (2 * n + 1) / 24.0 - (counts.astype(np.float64) ** 3 - counts).sum() / 48.0))
    z = (v - centre - 0.5 * float(np.sign(v - centre))) / sd if sd > 0 else 0.0
    return v, min(1.0, float(2.0 * ndtr(-abs(z)))), False


def _exact_signed_rank(v: float, n: int) -> float:
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, n + 1):
        moved = ways.copy()
        moved[rank:] += ways[: len(ways) - rank]
        ways = moved
    share = ways / ways.sum()
    at = round(v)
    tail = share[: at + 1].sum() if v <= n * (n + 1) / 4.0 else share[at:].sum()
    return min(1.0, float(2.0 * tail))
