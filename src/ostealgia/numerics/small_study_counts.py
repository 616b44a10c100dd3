# pyright: reportMissingTypeStubs=false
"""Tests of small-study effects that start from 2x2 tables: what is regressed on what, with which weights.

Every function takes the counts events_1, n_1, events_2, n_2, arrays (k,) as observed, without tables that have no
events (or nothing but events) in both groups. The effect is passed in where the test uses it, with whatever was done
about zero cells already done.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ostealgia.numerics.small_study import RankCorrelation, rank_correlation

Array = NDArray[np.float64]


class Regression(NamedTuple):
    """Response, predictor and weights of a weighted straight line, each (k,)."""

    y: Array
    x: Array
    w: Array


def harbord_odds_ratio(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Regression:
    """Score of the log odds ratio over its information, on one over the root of the information.

    Z = a - E(a) and its hypergeometric variance V (Harbord, Egger & Sterne 2006, doi:10.1002/sim.2380).
    """
    n, events = n_1 + n_2, events_1 + events_2
    score = events_1 - events * n_1 / n
    return _score_line(score, n_1 * n_2 * events * (n - events) / (n * n * (n - 1.0)))


def harbord_risk_ratio(
    events_1: Array, n_1: Array, events_2: Array, n_2: Array, *, equal_arms: bool = True
) -> Regression:
    """The same for the log risk ratio (Harbord, Harris & Sterne 2009, doi:10.1177/1536867X0900900202).

    The information is n1 n2 d / (n h) with d events and h others in n patients; equal_arms : n d / (4 h), what it is
    where both groups are of one size, used for every study by R's meta.
    """
    n, events = n_1 + n_2, events_1 + events_2
    score = (events_1 * n - events * n_1) / (n - events)
    size = n / 4.0 if equal_arms else n_1 * n_2 / n
    return _score_line(score, size * events / (n - events))


def _score_line(score: Array, information: Array) -> Regression:
    return Regression(score / information, information**-0.5, information)


def peters(effect: Array, events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Regression:
    """Effect on 1 / n, weighted by events times others over n (Peters et al. 2006, doi:10.1001/jama.295.6.676)."""
    n, events = n_1 + n_2, events_1 + events_2
    return Regression(effect, 1.0 / n, events * (n - events) / n)


def macaskill(effect: Array, variance: Array, n_1: Array, n_2: Array) -> Regression:
    """Effect on n, weighted by 1 / variance (Macaskill, Walter & Irwig 2001, doi:10.1002/sim.698)."""
    return Regression(effect, n_1 + n_2, 1.0 / variance)


def macaskill_pooled(effect: Array, events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Regression:
    """Effect on n, weighted by the inverse variance of the log odds of an event in both groups together (Macaskill et al. 2001)."""
    line = peters(effect, events_1, n_1, events_2, n_2)
    return Regression(effect, n_1 + n_2, line.w)


def deeks(effect: Array, n_1: Array, n_2: Array) -> Regression:
    """Log odds ratio on 1 / sqrt(effective sample size 4 n1 n2 / n), weighted by it.

    Deeks, Macaskill & Irwig 2005, doi:10.1016/j.jclinepi.2005.01.016.
    """
    size = 4.0 * n_1 * n_2 / (n_1 + n_2)
    return Regression(effect, size**-0.5, size)


def pustejovsky(effect: Array, variance: Array, n_1: Array, n_2: Array) -> Regression:
    """Standardised mean difference on sqrt(1 / n1 + 1 / n2), weighted by 1 / variance.

    The usual standard error depends on the effect itself (Pustejovsky & Rodgers 2019, doi:10.1002/jrsm.1332).
    """
    return Regression(effect, np.sqrt(1.0 / n_1 + 1.0 / n_2), 1.0 / variance)


def schwarzer(events_1: Array, n_1: Array, events_2: Array, n_2: Array, log_odds_ratio: float) -> RankCorrelation:
    """Rank correlation of the standardised count of treated events with one over its variance.

    log_odds_ratio : the Mantel-Haenszel estimate; mean and variance of the count are those of Fisher's noncentral
    hypergeometric distribution with that odds ratio and the margins of the study (Schwarzer, Antes & Schumacher 2007,
    doi:10.1002/sim.2588).
    """
    cells = zip(events_1 + events_2, n_1, n_2, strict=True)
    found = [noncentral_hypergeometric(float(d), float(a), float(b), log_odds_ratio) for d, a, b in cells]
    mean, variance = np.array(found).T
    return rank_correlation((events_1 - mean) / np.sqrt(variance), 1.0 / variance)


def noncentral_hypergeometric(events: float, n_1: float, n_2: float, log_odds_ratio: float) -> tuple[float, float]:
    """Mean and variance of the events in group 1, given the events in both, the group sizes and the odds ratio.

    >>> [round(x, 6) for x in noncentral_hypergeometric(2, 10, 10, 0.0)]
    [1.0, 0.473684]
    """
    x = np.arange(max(0.0, events - n_2), min(events, n_1) + 1.0)
    log_weight = (
        x * log_odds_ratio
        - gammaln(x + 1.0)
        - gammaln(n_1 - x + 1.0)
        - gammaln(events - x + 1.0)
        - gammaln(n_2 - events + x + 1.0)
    )
    weight = np.exp(log_weight - float(log_weight.max()))
    weight /= math.fsum(weight)
    mean = float(weight @ x)
    return mean, float(weight @ (x - mean) ** 2)
