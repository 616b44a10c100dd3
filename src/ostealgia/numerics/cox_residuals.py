"""Residuals of a Cox model, its baseline hazard, its robust variance and the test of proportional hazards.

Therneau TM, Grambsch PM, Fleming TR 1990, Biometrika 77:147-160, doi:10.1093/biomet/77.1.147; Grambsch PM, Therneau TM 1994, Biometrika
81:515-526, doi:10.1093/biomet/81.3.515; Lin DY, Wei LJ 1989, J Am Stat Assoc 84:1074-1078, doi:10.1080/01621459.1989.10478874.
"""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ostealgia.numerics.cox import CoxState, exposure_of, information_at
from ostealgia.numerics.cox_data import CoxData
from ostealgia.numerics.survival_curve import product_limit, risk_table, weight_at

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


def back(data: CoxData, values: Array) -> Array:
    """Values of sorted rows (..., n) in the order of the input."""
    out = np.empty_like(values)
    out[..., data.order] = values
    return out


def martingale(data: CoxData, state: CoxState) -> Array:
    """Events minus expected events of each row, (n,), in the order of the input."""
    return back(data, data.event - state.risk * state.exposure)


def deviance(data: CoxData, state: CoxState) -> Array:
    """Martingale residuals made symmetric, (n,): sign(M) sqrt(-2 (M + d log(d - M)))."""
    m = data.event - state.risk * state.exposure
    expected = np.maximum(data.event - m, 1e-300)
    inside = -2.0 * (m + np.where(data.event, np.log(expected), 0.0))
    return back(data, np.sign(m) * np.sqrt(np.maximum(inside, 0.0)))


def _mean_at_deaths(data: CoxData, state: CoxState) -> Array:
    """Mean of the scaled columns among those at risk, at each death, (p, e); tied deaths share the average over their steps."""
    if len(data.step_at) == data.m:
        return state.mean[:, data.death_at]
    starts = np.concatenate([[0], np.cumsum(data.n_deaths)[:-1]]).astype(np.intp)
    return (np.add.reduceat(state.mean, starts, axis=1) / data.n_deaths)[:, data.death_at]


def schoenfeld(data: CoxData, state: CoxState) -> Array:
    """At each death, in order of stratum and time, its columns minus the mean at risk, (e, p), on the scale of the input."""
    return ((data.x[:, data.deaths] - _mean_at_deaths(data, state)) * data.scale[:, None]).T


def score_residuals(data: CoxData, state: CoxState) -> Array:
    """What each row adds to the score, (n, p), without its weight, on the scale of the input and in its order."""
    drift = exposure_of(data, state.mean * state.hazard)
    out = -state.risk * (data.x * state.exposure - drift)
    out[:, data.deaths] += data.x[:, data.deaths] - _mean_at_deaths(data, state)
    return (back(data, out) * data.scale[:, None]).T


def dfbeta(data: CoxData, state: CoxState, vcov: Array) -> Array:
    """Approximate change of each coefficient when a row is left out, (n, p): score residuals times the variance."""
    return score_residuals(data, state) @ vcov


def robust_variance(influence: Array, weight: Array, cluster: Ints | None) -> Array:
    """Sandwich variance: the weighted dfbeta, summed within clusters, times themselves.

    influence : (n, p), dfbeta.  weight : (n,).  cluster : (n,) codes or None for each row on its own.
    Source: Lin & Wei 1989, doi:10.1080/01621459.1989.10478874.

    >>> robust_variance(np.array([[0.1], [-0.1]]), np.ones(2), np.array([0, 0])).tolist()
    [[0.0]]
    """
    loaded = influence * weight[:, None]
    if cluster is not None:
        size = int(cluster.max()) + 1
        columns = [weight_at(cluster, loaded[:, j], size) for j in range(loaded.shape[1])]
        loaded = np.column_stack(columns) if columns else np.zeros((size, 0))
    return loaded.T @ loaded


def baseline_hazard(data: CoxData, state: CoxState) -> Array:
    """Cumulative hazard at each event time of each stratum, (m,), of a row whose columns are at their means (``data.centre``).

    Breslow's estimator, or Efron's for Efron's ties, from 0 at the start of each stratum. Times exp(-b'centre) it is that of a row of
    zeros.
    """
    at_times = weight_at(data.step_at, state.hazard, data.m)
    run = np.cumsum(at_times)
    new = np.concatenate([[True], data.event_stratum[1:] != data.event_stratum[:-1]]) if data.m else np.zeros(0, bool)
    before = np.where(new, run - at_times, 0.0)
    return run - np.maximum.accumulate(before) if data.m else run


# --- proportional hazards ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class HazardsTest:
    """statistic, df, p_value : one for each term, the last for all together.  time_scale : (e,) the transformed event times."""

    statistic: Array
    df: Ints
    p_value: Array
    time_scale: Array


TRANSFORMS = ("km", "rank", "identity", "log")


def transformed_times(data: CoxData, transform: str, start: Array | None = None) -> Array:
    """Event times (m,) on one of four scales: 1 - S(t-) of all rows together, rank among all rows, time, log time.

    start : entry times of the sorted rows, for the product-limit estimate.
    """
    if transform == "identity":
        return data.event_time
    if transform == "log":
        return np.log(data.event_time)
    if transform == "rank":
        ordered = np.sort(data.time)
        low, high = (np.searchsorted(ordered, data.event_time, side=side) for side in ("left", "right"))
        return np.asarray(0.5 * (low + high + 1.0), dtype=np.float64)
    curve = product_limit(risk_table(data.time, data.event, start=start))
    before = np.searchsorted(curve.table.time, data.event_time, side="left")
    return 1.0 - np.concatenate([[1.0], curve.survival])[before]


def cox_zph(data: CoxData, state: CoxState, scale: Array, terms: Sequence[Sequence[int]]) -> HazardsTest:
    """Score test that the coefficients of a term change with time, by columns x * g(t) added to the fitted model.

    scale : (m,) g at the event times; it is centred at the mean over deaths.  terms : columns of each term.
    With V(t) the variance of the columns at risk, the information of (b, theta) has the blocks sum V, sum g V, sum g^2 V, and the score of
    theta is the sum of g times the Schoenfeld residuals.  A small P says that the hazard ratio is not one number; a large one does not show
    that it is, least of all with few events.
    Source: Grambsch & Therneau 1994, doi:10.1093/biomet/81.3.515 (the exact score test, without their approximation V(t) = mean V).
    """
    deaths = data.n_deaths
    g = scale - float(deaths @ scale / deaths.sum())
    residual = data.x[:, data.deaths] - _mean_at_deaths(data, state)
    score = residual @ (data.weight[data.deaths] * g[data.death_at])
    plain, once, twice = (information_at(data, state, g**power) for power in range(3))
    statistics: list[float] = []
    sizes: list[int] = []
    p = len(data.x)
    for columns in [*terms, range(p)]:
        use = np.array(list(columns), dtype=np.intp)
        reduced = twice[np.ix_(use, use)] - once[use] @ np.linalg.pinv(plain, hermitian=True) @ once[:, use]
        statistics.append(float(score[use] @ np.linalg.pinv(reduced, hermitian=True) @ score[use]))
        sizes.append(len(use))
    df = np.array(sizes, dtype=np.intp)
    value = np.array(statistics)
    return HazardsTest(statistic=value, df=df, p_value=np.asarray(chdtrc(df, value)), time_scale=scale[data.death_at])
