# pyright: reportMissingTypeStubs=false
"""Two proportions compared, paired proportions, and stratified 2 x 2 tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, betaincinv, ndtri

from ostealgia.errors import OptionError
from ostealgia.numerics.proportion_intervals import wilson
from ostealgia.numerics.summary_tests import SummaryTest, p_from_chi2
from ostealgia.options import confidence_level, one_of

Array = NDArray[np.float64]
Pair = tuple[float, float]


class Interval(NamedTuple):
    """An estimate with its limits; NaN where there is none."""

    estimate: float
    ci_low: float
    ci_high: float


# ---------------------------------------------------------------- one proportion


def wilson_continuity(events: float, n: float, level: float) -> Pair:
    """Score interval with continuity correction (Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E)."""
    z, p = _z(level), events / n
    low = (2 * events + z * z - 1 - z * math.sqrt(z * z - 2 - 1 / n + 4 * p * (n * (1 - p) + 1))) / (2 * (n + z * z))
    high = (2 * events + z * z + 1 + z * math.sqrt(z * z + 2 - 1 / n + 4 * p * (n * (1 - p) - 1))) / (2 * (n + z * z))
    return 0.0 if events <= 0 else max(0.0, low), 1.0 if events >= n else min(1.0, high)


def jeffreys(events: float, n: float, level: float) -> Pair:
    """Equal-tailed interval of Jeffreys' prior, 0 and 1 as limits at 0 and n events (Brown 2001, doi:10.1214/ss/1009213286).

    >>> [round(x, 4) for x in jeffreys(1, 20, 0.95)]
    [0.0054, 0.2108]
    """
    tail = (1 - level) / 2
    low = 0.0 if events <= 0 else float(betaincinv(events + 0.5, n - events + 0.5, tail))
    high = 1.0 if events >= n else float(betaincinv(events + 0.5, n - events + 0.5, 1 - tail))
    return low, high


def binomial_test(events: int, n: int, share: float = 0.5) -> float:
    """Exact two-sided P: all counts that are not more probable than the one seen.

    >>> round(binomial_test(9, 31), 6)
    0.029449
    """
    if not 0 <= events <= n or not 0 < share < 1:
        raise OptionError("events must lie between 0 and n, and the share between 0 and 1.")
    x = np.arange(n + 1, dtype=float)
    from scipy.special import gammaln

    log_p = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1) + x * math.log(share) + (n - x) * math.log1p(-share)
    return float(min(1.0, np.exp(log_p[log_p <= log_p[events] + 1e-7]).sum()))


# ---------------------------------------------------------------- two proportions


def _wald(x1: float, n1: float, x0: float, n0: float, level: float) -> Pair:
    p1, p0 = x1 / n1, x0 / n0
    half = _z(level) * math.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
    return p1 - p0 - half, p1 - p0 + half


def _newcombe(x1: float, n1: float, x0: float, n0: float, level: float) -> Pair:
    l1, u1 = (float(v[0]) for v in wilson(np.array([x1]), np.array([n1]), level))
    l0, u0 = (float(v[0]) for v in wilson(np.array([x0]), np.array([n0]), level))
    p1, p0 = x1 / n1, x0 / n0
    gap = p1 - p0
    return gap - math.hypot(p1 - l1, u0 - p0), gap + math.hypot(u1 - p1, p0 - l0)


def _miettinen_nurminen(x1: float, n1: float, x0: float, n0: float, level: float) -> Pair:
    """Score limits with the N/(N - 1) variance: where the score statistic reaches the quantile."""
    gap, z, n = x1 / n1 - x0 / n0, _z(level), n1 + n0

    def score(delta: float) -> float:
        p1, p0 = _restricted(x1, n1, x0, n0, delta)
        variance = (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * n / (n - 1)
        return (gap - delta) / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap - delta)

    def end(side: float) -> float:
        inside, outside = gap, side
        for _ in range(200):
            middle = 0.5 * (inside + outside)
            inside, outside = (middle, outside) if abs(score(middle)) < z else (inside, middle)
        return 0.5 * (inside + outside)

    return end(-1.0), end(1.0)


def _restricted(x1: float, n1: float, x0: float, n0: float, delta: float) -> Pair:
    """Most probable proportions whose difference is delta: the root of a cubic (Miettinen & Nurminen 1985)."""
    n, x = n1 + n0, x1 + x0
    a, b = n, (n1 + 2 * n0) * delta - n - x
    c = (n0 * delta - n - 2 * x0) * delta + x
    d = x0 * delta * (1 - delta)
    v = b**3 / (27 * a**3) - b * c / (6 * a * a) + d / (2 * a)
    u = math.copysign(math.sqrt(max(b * b / (9 * a * a) - c / (3 * a), 0.0)), v)
    angle = (math.pi + math.acos(min(1.0, max(-1.0, v / u**3))) if u != 0 else math.pi + math.acos(0.0)) / 3
    p0 = min(1.0, max(0.0, 2 * u * math.cos(angle) - b / (3 * a)))
    return min(1.0, max(0.0, p0 + delta)), p0


DIFFERENCE_INTERVALS: dict[str, Callable[[float, float, float, float, float], Pair]] = {
    "newcombe": _newcombe,
    "miettinen-nurminen": _miettinen_nurminen,
    "wald": _wald,
}


def risk_difference(
    x1: float, n1: float, x0: float, n0: float, *, method: str = "newcombe", level: float = 0.95
) -> Interval:
    """Risk in group 1 minus risk in group 0.

    method : "newcombe" (from two Wilson intervals, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I),
    "miettinen-nurminen" (score, doi:10.1002/sim.4780040211) or "wald" (too short with few events).

    >>> [round(x, 4) for x in risk_difference(80, 109, 52, 96)]
    [0.1923, 0.0607, 0.3161]
    """
    one_of("method", method, DIFFERENCE_INTERVALS)
    _counts(x1, n1, x0, n0)
    low, high = DIFFERENCE_INTERVALS[method](x1, n1, x0, n0, confidence_level(level))
    return Interval(
        x1 / n1 - x0 / n0, max(-1.0, low) if method != "wald" else low, min(1.0, high) if method != "wald" else high
    )


def risk_ratio(x1: float, n1: float, x0: float, n0: float, *, level: float = 0.95) -> Interval:
    """Ratio of two risks, limits on the log scale (Katz 1978, doi:10.2307/2530610); NaN where a group has no event.

    >>> [round(x, 3) for x in risk_ratio(80, 109, 52, 96)]
    [1.355, 1.092, 1.682]
    """
    _counts(x1, n1, x0, n0)
    if x1 == 0 or x0 == 0:
        return Interval(math.nan, math.nan, math.nan)
    return _log_interval(x1 * n0 / (n1 * x0), math.sqrt(max(0.0, 1 / x1 - 1 / n1 + 1 / x0 - 1 / n0)), level)


def odds_ratio(x1: float, n1: float, x0: float, n0: float, *, level: float = 0.95) -> Interval:
    """Ratio of two odds, limits on the log scale (Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x); NaN where a cell is 0.

    >>> [round(x, 3) for x in odds_ratio(80, 109, 52, 96)]
    [2.334, 1.301, 4.188]
    """
    _counts(x1, n1, x0, n0)
    cells = (x1, n1 - x1, x0, n0 - x0)
    if min(cells) == 0:
        return Interval(math.nan, math.nan, math.nan)
    return _log_interval(cells[0] * cells[3] / (cells[1] * cells[2]), math.sqrt(sum(1 / c for c in cells)), level)


class NumberNeeded(NamedTuple):
    """1 / risk difference; form : "interval", or two half-lines that meet at infinity where the risk difference may be 0."""

    estimate: float
    ci_low: float
    ci_high: float
    form: str


def number_needed(difference: Interval) -> NumberNeeded:
    """Number needed to treat, negative to harm, with the inverse limits of a risk difference (Altman 1998, doi:10.1136/bmj.317.7168.1309).

    >>> number_needed(Interval(0.2, 0.1, 0.4))
    NumberNeeded(estimate=5.0, ci_low=2.5, ci_high=10.0, form='interval')
    """
    inverse = [1 / v if v else math.inf for v in difference]
    if difference.ci_low > 0 or difference.ci_high < 0:
        return NumberNeeded(inverse[0], inverse[2], inverse[1], "interval")
    return NumberNeeded(inverse[0], inverse[2], inverse[1], "two half-lines (NNTB to infinity to NNTH)")


# ---------------------------------------------------------------- pairs and strata


def mcnemar(first_only: float, second_only: float, *, correct: bool = True) -> SummaryTest:
    """Do two answers of the same patients differ? Chi-square from the pairs that disagree (McNemar 1947, doi:10.1007/BF02295996).

    >>> round(float(mcnemar(22, 9).statistic), 4)
    4.6452
    """
    b, c = float(first_only), float(second_only)
    one = np.asarray(1.0)
    if b + c == 0:
        return SummaryTest(np.asarray(np.nan), one, np.asarray(np.nan))
    statistic = np.asarray(max(0.0, abs(b - c) - (1.0 if correct else 0.0)) ** 2 / (b + c))
    return SummaryTest(statistic, one, p_from_chi2(statistic, one))


def mcnemar_exact(first_only: int, second_only: int) -> float:
    """Exact two-sided P from the pairs that disagree.

    >>> round(mcnemar_exact(22, 9), 6)
    0.029449
    """
    n = first_only + second_only
    return 1.0 if n == 0 else float(min(1.0, 2 * bdtr(float(min(first_only, second_only)), n, 0.5)))


def cochran_mantel_haenszel(tables: ArrayLike, *, correct: bool = False) -> SummaryTest:
    """Is exposure related to the outcome within strata? tables : (k, 2, 2). Chi-square with 1 df.

    Source: Mantel & Haenszel 1959, doi:10.1093/jnci/22.4.719.
    """
    t = np.asarray(tables, dtype=float)
    n = t.sum(axis=(1, 2))
    t, n = t[n > 1], n[n > 1]
    row, column = t.sum(axis=2), t.sum(axis=1)
    due = row[:, 0] * column[:, 0] / n
    variance = row.prod(axis=1) * column.prod(axis=1) / (n**2 * (n - 1))
    gap = abs(float((t[:, 0, 0] - due).sum()))
    total = float(variance.sum())
    one = np.asarray(1.0)
    statistic = np.asarray((gap - (min(0.5, gap) if correct else 0.0)) ** 2 / total if total > 0 else np.nan)
    return SummaryTest(statistic, one, p_from_chi2(statistic, one))


def _log_interval(ratio: float, std_error: float, level: float) -> Interval:
    half = _z(confidence_level(level)) * std_error
    return Interval(ratio, ratio * math.exp(-half), ratio * math.exp(half))


def _counts(x1: float, n1: float, x0: float, n0: float) -> None:
    if not (0 <= x1 <= n1 and 0 <= x0 <= n0 and n1 > 0 and n0 > 0):
        raise OptionError("events must lie between 0 and n, and n must be above 0, in both groups.")


def _z(level: float) -> float:
    return float(ndtri(0.5 + level / 2))
