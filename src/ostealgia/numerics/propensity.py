# pyright: reportMissingTypeStubs=false
"""Weights from a propensity score, the balance they reach, and effects with standard errors that know the score was estimated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from ostealgia.numerics.logistic import information_of, solved
from ostealgia.options import one_of

Array = NDArray[np.float64]


def _tilt_ate(e: Array) -> Array:
    return np.ones_like(e)


def _tilt_att(e: Array) -> Array:
    return e


def _tilt_atc(e: Array) -> Array:
    return 1.0 - e


def _tilt_overlap(e: Array) -> Array:
    return e * (1.0 - e)


def _tilt_matching(e: Array) -> Array:
    return np.minimum(e, 1.0 - e)


def _tilt_entropy(e: Array) -> Array:
    return -xlogy(e, e) - xlogy(1.0 - e, 1.0 - e)


# whose mean effect it is: the tilt of the covariate distribution, as a function of the score (Li, Morgan & Zaslavsky 2018)
TILTS: dict[str, Callable[[Array], Array]] = {
    "ate": _tilt_ate,
    "att": _tilt_att,
    "atc": _tilt_atc,
    "overlap": _tilt_overlap,
    "matching": _tilt_matching,
    "entropy": _tilt_entropy,
}
# slope of the tilt, where the standard error can take the estimation of the score into account
TILT_SLOPES: dict[str, Callable[[Array], Array]] = {
    "ate": lambda e: np.zeros_like(e),
    "att": lambda e: np.ones_like(e),
    "atc": lambda e: -np.ones_like(e),
    "overlap": lambda e: 1.0 - 2.0 * e,
    "entropy": lambda e: np.log1p(-e) - np.log(e),
}
WEIGHTS = ("unweighted", *TILTS, "ate_stabilised", "ate_truncated_1_99")


def propensity_weights(score: Array, treated: Array, kind: str) -> Array:
    """Weights h(e)/e of the treated and h(e)/(1 - e) of the others, (n,).

    score : (n,) chance of treatment.  treated : (n,) of 0 and 1.  kind : one of WEIGHTS. "ate_stabilised" multiplies by the share of the
    own group; "ate_truncated_1_99" ends the ATE weights at their 1st and 99th percentile, which moves the estimand.
    Source: Li, Morgan & Zaslavsky 2018, doi:10.1080/01621459.2016.1260466; Zhou et al. 2020, doi:10.1177/0962280220940334.

    >>> propensity_weights(np.array([0.25, 0.25]), np.array([1.0, 0.0]), "overlap").tolist()
    [0.75, 0.25]
    """
    one_of("weights", kind, WEIGHTS)
    own = np.where(treated > 0.5, score, 1.0 - score)
    if kind == "unweighted":
        return np.ones_like(score)
    if kind == "ate_stabilised":
        share = float(treated.mean())
        return np.where(treated > 0.5, share, 1.0 - share) / own
    if kind == "ate_truncated_1_99":
        low, high = np.quantile(1.0 / own, [0.01, 0.99])
        return np.clip(1.0 / own, low, high)
    return TILTS[kind](score) / own


def effective_size(weight: Array) -> float:
    """Kish's effective number of patients, (sum w)^2 / sum w^2."""
    return float(weight.sum() ** 2 / np.square(weight).sum())


def weighted_smd(x: Array, treated: Array, weight: Array) -> float:
    """Weighted mean of the treated minus that of the others, in unweighted standard deviations (root of the mean variance).

    Variance p(1 - p) where x holds 0 and 1 only, else with n - 1. Source: Austin & Stuart 2015, doi:10.1002/sim.6607.
    """
    one = treated > 0.5
    gap = float(np.average(x[one], weights=weight[one]) - np.average(x[~one], weights=weight[~one]))
    if bool(np.isin(x, (0.0, 1.0)).all()):
        spread = [float(part.mean() * (1 - part.mean())) for part in (x[one], x[~one])]
    else:
        spread = [float(part.var(ddof=1)) if len(part) > 1 else 0.0 for part in (x[one], x[~one])]
    sd = math.sqrt(sum(spread) / 2)
    return gap / sd if sd > 0 else 0.0 if abs(gap) < 1e-12 else math.copysign(math.inf, gap)


def weighted_ks(x: Array, treated: Array, weight: Array) -> float:
    """Largest distance of the two weighted distribution functions."""
    one = treated > 0.5
    order = np.argsort(x, kind="stable")
    total_1, total_0 = float(weight[one].sum()), float(weight[~one].sum())
    step = np.asarray(np.where(one, weight / total_1, -weight / total_0), dtype=np.float64)[order]
    last = np.append(np.diff(x[order]) > 0, True)
    return float(np.abs(np.cumsum(step)[last]).max())


class WeightedDifference(NamedTuple):
    """Weighted means and their difference; se_hc0, se_hc1 : with the weights as known, se_m : with the score estimated (NaN if not had)."""

    mean_treated: float
    mean_control: float
    difference: float
    se_hc0: float
    se_hc1: float
    se_m: float


def weighted_difference(y: Array, treated: Array, weight: Array) -> WeightedDifference:
    """Weighted mean of the treated minus that of the others, with the sandwich of weighted least squares.

    >>> round(weighted_difference(np.array([1.0, 3.0, 0.0, 1.0]), np.array([1.0, 1, 0, 0]), np.ones(4)).difference, 6)
    1.5
    """
    one = treated > 0.5
    means, parts = list[float](), 0.0
    for group in (one, ~one):
        w, total = weight[group], weight[group].sum()
        mean = float(w @ y[group] / total)
        means.append(mean)
        parts += float(np.square(w * (y[group] - mean)).sum() / total**2)
    n = len(y)
    hc1 = math.sqrt(parts * n / (n - 2)) if n > 2 else math.nan
    return WeightedDifference(means[0], means[1], means[0] - means[1], math.sqrt(parts), hc1, math.nan)


def m_estimation_se(x: Array, y: Array, treated: Array, score: Array, kind: str) -> float:
    """Standard error of the weighted difference from the stacked equations of score model and means; NaN where the tilt has no slope.

    x : (n, p) of the score model. Source: Lunceford & Davidian 2004, doi:10.1002/sim.1903; Li, Thomas & Li 2019, doi:10.1093/aje/kwy201.
    """
    if kind not in TILT_SLOPES:
        return math.nan
    tilt, slope = TILTS[kind](score), TILT_SLOPES[kind](score)
    z, e = treated, score
    w1, w0 = z * tilt / e, (1.0 - z) * tilt / (1.0 - e)
    # derivatives of the weights by the linear predictor, de = e (1 - e)
    d1 = z * (slope * (1.0 - e) - tilt * (1.0 - e) / e)
    d0 = (1.0 - z) * (slope * e + tilt * e / (1.0 - e))
    m1, m0 = float(w1 @ y / w1.sum()), float(w0 @ y / w0.sum())
    r1, r0 = y - m1, y - m0
    lead = (x * (d1 * r1)[:, None]).sum(axis=0) / w1.sum() - (x * (d0 * r0)[:, None]).sum(axis=0) / w0.sum()
    from_score = np.asarray((x * (z - e)[:, None]) @ solved(information_of(x, e), lead), dtype=np.float64)
    influence = w1 * r1 / float(w1.sum()) - w0 * r0 / float(w0.sum()) + from_score
    return math.sqrt(float(np.square(influence).sum()))


def aipw(y: Array, treated: Array, score: Array, mean_1: Array, mean_0: Array) -> tuple[float, float]:
    """Augmented inverse-probability estimate of the mean difference and its standard error (variance of the influence, n - 1).

    mean_1, mean_0 : (n,) outcome predicted if treated and if not. Right where either model is (Robins 1994,
    doi:10.1080/01621459.1994.10476818).
    """
    influence = (
        mean_1 - mean_0 + treated * (y - mean_1) / score - (1.0 - treated) * (y - mean_0) / (1.0 - score)
    )  # fmt: skip
    return float(influence.mean()), float(influence.std(ddof=1) / math.sqrt(len(y)))


# ---------------------------------------------------------------- E-value


def _from_or_common(x: float) -> float:
    return math.sqrt(x)


def _from_hr_common(x: float) -> float:
    return (1 - 0.5 ** math.sqrt(x)) / (1 - 0.5 ** math.sqrt(1 / x))


def _from_smd(x: float) -> float:
    return math.exp(0.91 * x)


def _same(x: float) -> float:
    return x


# what is given -> risk ratio; "common" is an outcome of more than about 15%
TO_RISK_RATIO: dict[str, Callable[[float], float]] = {
    "RR": _same,
    "OR_rare": _same,
    "HR_rare": _same,
    "OR_common": _from_or_common,
    "HR_common": _from_hr_common,
    "SMD": _from_smd,
}


def e_value_of(risk_ratio: float) -> float:
    """Strength that an unmeasured confounder would need with both treatment and outcome to explain a risk ratio away.

    Source: VanderWeele & Ding 2017, doi:10.7326/M16-2607.

    >>> round(e_value_of(3.9), 2)
    7.26
    """
    ratio = max(risk_ratio, 1 / risk_ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))
