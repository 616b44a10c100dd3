"""Competing risks: cumulative incidence by Aalen and Johansen, and Gray's test.

Aalen OO, Johansen S 1978, Scand J Stat 5:141-150; Gray RJ 1988, Ann Stat 16:1141-1154, doi:10.1214/aos/1176350951.
"""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ostealgia.numerics.survival_curve import RiskTable, running_product

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Incidence:
    """Cumulative incidence of each cause: ``incidence`` and ``std_error`` (causes, m) from each ``time`` (m,) on, 0 before the first.

    n_event : (causes, m).  survival : (m,) free of any event.
    """

    time: Array
    n_risk: Array
    n_event: Array
    n_censor: Array
    survival: Array
    incidence: Array
    std_error: Array

    @property
    def table(self) -> RiskTable:
        """Counts with all causes together."""
        return RiskTable(time=self.time, n_risk=self.n_risk, n_event=self.n_event.sum(axis=0), n_censor=self.n_censor)


def cumulative_incidence(time: Array, cause: Ints, n_causes: int) -> Incidence:
    """Probability of each cause by each time, with the others competing, by Aalen and Johansen.

    time : (n,).  cause : (n,), 0 censored, 1 to n_causes.
    F_k(t) = sum over times u up to t of S(u-) d_k(u) / Y(u).  Standard errors by the infinitesimal jackknife: the change of F_k(t) with
    the weight of one subject i is the sum over u up to t of S(u-) e_ik(u) - (F_k(t) - F_k(u)) e_i(u) / (1 - d(u)/Y(u)), where e_ik(u) is
    (subject i has cause k at u, minus d_k(u)/Y(u) while i is at risk) / Y(u), and e_i its sum over causes.
    Not 1 - Kaplan-Meier with the other causes censored: that is the incidence if nobody died.
    Source: Aalen & Johansen 1978; Therneau & Grambsch 2000, doi:10.1007/978-1-4757-3294-8 (jackknife).

    >>> found = cumulative_incidence(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 0, 1]), 2)
    >>> found.incidence.tolist()
    [[0.25, 0.25, 0.25, 0.75], [0.0, 0.25, 0.25, 0.25]]
    """
    different, place = np.unique(time, return_inverse=True)
    size = len(different)
    counts = np.bincount(place * (n_causes + 1) + cause, minlength=size * (n_causes + 1)).reshape(size, n_causes + 1)
    counts = counts.T.astype(float)
    risk = np.cumsum(counts.sum(axis=0)[::-1])[::-1]
    events = counts[1:].sum(axis=0)
    survival = running_product((risk - events) / risk)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before * counts[1:] / risk, axis=1)
    std_error = np.stack([_jackknife(k, counts, risk, events, before, incidence[k]) for k in range(n_causes)])
    return Incidence(
        time=different, n_risk=risk, n_event=counts[1:], n_censor=counts[0], survival=survival, incidence=incidence,
        std_error=std_error,
    )  # fmt: skip


def _jackknife(k: int, counts: Array, risk: Array, events: Array, before: Array, curve: Array) -> Array:
    """Standard error of one curve (m,): the influence of a subject is a quadratic in F(t) that its own time fixes."""
    hazard, own = events / risk, counts[k + 1] / risk
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(risk > events, 1.0 / ((1.0 - hazard) * risk), 0.0)  # nothing follows when all are gone
    constant = np.cumsum(before * own / risk + curve * hazard * spread)
    slope = np.cumsum(hazard * spread)
    total = np.zeros((3, len(risk)))
    for kind in range(len(counts)):
        a = -constant + (before / risk if kind == k + 1 else 0.0) + (curve * spread if kind else 0.0)
        b = slope - (spread if kind else 0.0)
        total += np.cumsum(counts[kind] * np.stack([a * a, a * b, b * b]), axis=1)
    left = risk - counts.sum(axis=0)
    still = left * (-constant + curve * slope) ** 2
    square = total[0] + 2.0 * curve * total[1] + curve**2 * total[2] + still
    return np.sqrt(np.maximum(square, 0.0))


# --- Gray's test ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class GrayTest:
    """score : (g,) observed minus expected for one cause.  variance : (g - 1, g - 1).  statistic : chi-square with ``df``."""

    score: Array
    variance: Array
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Counts:
    """At each time with an event, by group (t, g): at risk, events of the cause, other events; survival and incidence before and after."""

    risk: Array
    own: Array
    other: Array
    before: Array
    after: Array
    incidence: Array


def gray_test(time: Array, cause: Ints, group: Ints, n_groups: int, stratum: Ints, rho: float = 0.0) -> GrayTest:
    """Is the cumulative incidence of cause 1 the same in all groups?

    time : (n,).  cause : (n,), 0 censored, 1 the cause asked for, 2 any other.  group, stratum : (n,) codes from 0.
    The groups' subdistribution hazards are compared, with weight (1 - F(t-))^rho.  A subject that had another event counts as at risk
    still, by R_g = Y_g (1 - F_g(t-)) / S_g(t-).  It asks about incidence, not about cause: a treatment that only delays the other event
    changes it.  Source: Gray 1988, doi:10.1214/aos/1176350951.

    >>> t, c, g = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([1, 2, 1, 1, 0, 1]), np.array([0, 0, 0, 1, 1, 1])
    >>> gray_test(t, c, g, 2, np.zeros(6, dtype=np.intp)).df
    1
    """
    score, variance = np.zeros(n_groups), np.zeros((n_groups, n_groups))
    for code in np.unique(stratum):
        rows = stratum == code
        part = _gray_parts(_gray_counts(time[rows], cause[rows], group[rows], n_groups), rho)
        score, variance = score + part[0], variance + part[1]
    kept = np.flatnonzero(np.diag(variance) > 1e-14 * max(1.0, float(np.trace(variance))))[:-1]
    if not len(kept):
        return GrayTest(score=score, variance=variance[:-1, :-1], statistic=0.0, df=0, p_value=float("nan"))
    statistic = float(score[kept] @ np.linalg.solve(variance[np.ix_(kept, kept)], score[kept]))
    return GrayTest(
        score=score, variance=variance[:-1, :-1], statistic=statistic, df=len(kept), p_value=float(chdtrc(len(kept), statistic))
    )  # fmt: skip


def _gray_counts(time: Array, cause: Ints, group: Ints, n_groups: int) -> _Counts:
    different, place = np.unique(time, return_inverse=True)
    size = len(different)
    cell = (place * n_groups + group) * 3 + cause
    counts = np.bincount(cell, minlength=size * n_groups * 3).reshape(size, n_groups, 3).astype(float)
    risk = np.cumsum(counts.sum(axis=2)[::-1], axis=0)[::-1]
    keep = counts[:, :, 1:].sum(axis=(1, 2)) > 0
    risk, own, other = risk[keep], counts[keep, :, 1], counts[keep, :, 2]
    some = risk > 0
    after = running_product(np.divide(risk - own - other, risk, out=np.ones_like(risk), where=some))
    before = np.concatenate([np.ones((1, n_groups)), after[:-1]])
    gain = np.divide(before * own, risk, out=np.zeros_like(risk), where=some)
    incidence = np.concatenate([np.zeros((1, n_groups)), np.cumsum(gain, axis=0)[:-1]])
    return _Counts(risk=risk, own=own, other=other, before=before, after=after, incidence=incidence)


def _gray_parts(c: _Counts, rho: float) -> tuple[Array, Array]:
    """Score (g,) and its variance (g, g) in one stratum."""
    some = c.risk > 0
    own, many = c.own.sum(axis=1), c.own.sum(axis=1) > 0
    load = np.divide(c.risk, c.before, out=np.zeros_like(c.risk), where=some & (c.before > 0))
    total = load.sum(axis=1)
    pooled = np.cumsum(own / total)  # incidence of all groups together
    pooled_before = np.concatenate([[0.0], pooled[:-1]])
    weight = (1.0 - pooled_before) ** rho
    at_risk = load * (1.0 - c.incidence)
    score = weight @ (c.own - own[:, None] * at_risk / at_risk.sum(axis=1)[:, None])
    share = load / total[:, None]
    spread = weight[:, None, None] * (
        np.einsum("ti,ij->tij", load, np.eye(load.shape[1])) - load[:, :, None] * share[:, None, :]
    )
    drift = np.cumsum(spread * (own / (total * (1.0 - pooled_before)))[:, None, None], axis=0)
    survives = c.after > 0
    left = np.divide(1.0 - pooled[:, None], c.after, out=np.zeros_like(c.after), where=survives)
    first = np.where(survives, 1.0 - left, 1.0)
    together = np.where(own > 1, own - 1.0, 0.0)[:, None]
    ties = 1.0 - np.divide(together, total[:, None] * c.before - 1.0, out=np.zeros_like(load), where=together > 0)
    size_own = np.where(some & many[:, None], ties * c.before * own[:, None], 0.0)
    size_own = np.divide(size_own, total[:, None] * c.risk, out=np.zeros_like(load), where=some)
    pairs = np.where(c.other > 1, c.other - 1.0, 0.0)
    ties = 1.0 - np.divide(pairs, c.risk - 1.0, out=np.zeros_like(load), where=pairs > 0)
    size_other = np.where(survives, ties * c.before**2 * c.other, 0.0)
    size_other = np.divide(size_other, c.risk**2, out=np.zeros_like(load), where=some)
    # what an event in group k at t moves in the score of group i, the drift still to come included
    end = drift[-1]
    by_own = spread + first[:, None, :] * (end - drift)
    by_other = left[:, None, :] * (end - drift)
    variance = np.einsum("tik,tjk,tk->ij", by_own, by_own, size_own) + np.einsum(
        "tik,tjk,tk->ij", by_other, by_other, size_other
    )
    return score, variance
