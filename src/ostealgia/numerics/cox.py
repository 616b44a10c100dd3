"""Cox's proportional hazards model by the partial likelihood of Efron or Breslow.

Cox DR 1972, J R Stat Soc B 34:187-220, doi:10.1111/j.2517-6161.1972.tb00899.x; Efron B 1977, J Am Stat Assoc 72:557-565,
doi:10.1080/01621459.1977.10480613; Breslow N 1974, Biometrics 30:89-99, doi:10.2307/2529620.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.cox_blocks import BLOCK, block_likelihood
from ostealgia.numerics.cox_data import CoxData
from ostealgia.numerics.survival_compiled import compiled

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
Derivatives = tuple[float, Array, Array]

LIMIT = 60
LONGEST = 4.0  # no coefficient moves further in one step, in standard deviations of its column
ENOUGH = 1e-9  # Newton decrement after which one more step is the last
ENDLESS = 0.05  # a step this long that gains nothing: the coefficient has no finite estimate
ALIAS = 1e-9  # share of a column's information that the columns before it leave


@dataclass(frozen=True, kw_only=True, eq=False)
class CoxState:
    """The model at one coefficient vector, sorted as in CoxData.

    risk : (n,) exp(linear predictor).  hazard : (s,) step_weight / denominator.  mean : (p, s) weighted mean of the columns at each step.
    exposure : (n,) cumulative hazard, without the risk score, that a row was exposed to.
    """

    log_likelihood: float
    score: Array
    risk: Array
    hazard: Array
    mean: Array
    exposure: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class CoxFit:
    """Coefficients on the scale of the input columns.

    beta, std_error : (p,).  vcov : (p, p), from the information.  null : log likelihood, score and information at 0 (scaled columns).
    gradient : largest of |score| / sqrt(information), the certificate.  endless : (p,) True where a coefficient runs away.
    idle : columns without information of their own; nothing is fitted where there are any.
    """

    beta: Array
    vcov: Array
    scaled_beta: Array
    log_likelihood: float
    log_likelihood_null: float
    score_statistic: float
    wald_statistic: float
    gradient: float
    iterations: int
    converged: bool
    endless: Bools
    idle: tuple[int, ...]

    @property
    def std_error(self) -> Array:
        """Square roots of the diagonal of vcov."""
        return np.sqrt(np.diag(self.vcov))


def at_risk_sums(data: CoxData, values: Array) -> Array:
    """Sums of values (..., n) over those at risk at each event time, (..., m)."""
    below = _tails(values)
    out = below[..., data.first]
    if data.stratum[-1] > 0:
        out -= below[..., data.end]
    if data.late_order is not None:
        late = _tails(values[..., data.late_order])
        out -= late[..., data.late_first] - late[..., data.late_end]
    return out


def _tails(values: Array) -> Array:
    """Sums from each position to the end, with a 0 behind the last."""
    out = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    np.cumsum(values[..., ::-1], axis=-1, out=out[..., -2::-1])
    return out


def death_sums(data: CoxData, values: Array) -> Array:
    """Sums of values (..., n) over the deaths at each event time, (..., m)."""
    if not data.tied:
        return values[..., data.deaths]
    starts = np.concatenate([[0], np.cumsum(data.n_deaths)[:-1]]).astype(np.intp)
    return np.add.reduceat(values[..., data.deaths], starts, axis=-1)


def exposure_of(data: CoxData, rate: Array) -> Array:
    """For each row the sum of a quantity per step (..., s) over the steps at which it is at risk; a tied death counts by its share."""
    at_times, own = rate, None
    if len(data.step_at) != data.m:
        starts = np.concatenate([[0], np.cumsum(data.n_deaths)[:-1]]).astype(np.intp)
        at_times = np.add.reduceat(rate, starts, axis=-1)
        own = np.add.reduceat(rate * data.step_share, starts, axis=-1)
    run = np.zeros((*rate.shape[:-1], data.m + 1))
    np.cumsum(at_times, axis=-1, out=run[..., 1:])
    out = run[..., data.until] - run[..., data.begin]
    if own is not None:
        out[..., data.deaths] -= own[..., data.death_at]
    return out


def state_at(data: CoxData, beta: Array) -> CoxState:
    """Likelihood, score and their parts at coefficients of the scaled columns."""
    eta = beta @ data.x
    eta -= eta.mean()
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        risk = np.exp(eta)
        loaded = np.empty((len(beta) + 1, data.n))
        np.multiply(risk, data.weight, out=loaded[0])
        np.multiply(data.x, loaded[0], out=loaded[1:])
        sums = at_risk_sums(data, loaded)
        if len(data.step_at) != data.m:
            sums = sums[:, data.step_at] - data.step_share * death_sums(data, loaded)[:, data.step_at]
        denominator = sums[0]
        hazard = data.step_weight / denominator
        mean = sums[1:] / denominator
        loaded_deaths = data.weight[data.deaths]
        value = float(loaded_deaths @ eta[data.deaths] - data.step_weight @ np.log(denominator))
        score = data.x[:, data.deaths] @ loaded_deaths - mean @ data.step_weight
    return CoxState(
        log_likelihood=value, score=score, risk=risk, hazard=hazard, mean=mean, exposure=exposure_of(data, hazard)
    )


def information_at(data: CoxData, state: CoxState, multiplier: Array | None = None) -> Array:
    """Minus the second derivative, (p, p): sum over steps of the variance of the columns, times a number for each event time.

    The sum of squares over steps is turned into one over rows, each with its exposure.
    """
    if multiplier is None:
        exposure, weight = state.exposure, data.step_weight
    else:
        factor = multiplier[data.step_at]
        exposure, weight = exposure_of(data, state.hazard * factor), data.step_weight * factor
    load = data.weight * state.risk * exposure
    return (data.x * load) @ data.x.T - (state.mean * weight) @ state.mean.T


def aliased(information: Array) -> list[int]:
    """Columns that the columns before them leave no information for.

    >>> aliased(np.array([[2.0, 2.0], [2.0, 2.0]]))
    [1]
    """
    rest, out = information.copy(), list[int]()
    start = np.maximum(np.diag(information), 1e-300)
    biggest = float(start.max(initial=0.0))
    for j in range(len(rest)):
        if rest[j, j] <= ALIAS * start[j] or start[j] <= 1e-12 * biggest:
            out.append(j)
            continue
        rest = rest - np.outer(rest[:, j], rest[j]) / rest[j, j]
    return out


def climb(
    function: Callable[[Array], Derivatives], null: Derivatives, enough: float = ENOUGH
) -> tuple[Array, Derivatives, int, Bools, bool]:
    """Newton's method from 0 with halved steps: beta, derivatives there, steps taken, runaway coefficients, converged.

    null : the derivatives at 0.  enough : Newton decrement after which one more step is the last.
    """
    p = len(null[1])
    beta, here = np.zeros(p), null
    endless = np.zeros(p, dtype=bool)
    last = False
    for iteration in range(1, LIMIT + 1):
        step = _solved(here[2], here[1])
        decrement = float(here[1] @ step)
        longest = float(np.max(np.abs(step), initial=0.0))
        if last or decrement <= 1e-20:
            return beta, here, iteration - 1, endless, True
        if decrement < 1e-8 and longest > ENDLESS:
            endless = np.abs(step) > 0.5 * longest
            return beta, here, iteration - 1, endless, False
        last = decrement < enough
        step *= min(1.0, LONGEST / max(longest, 1e-300))
        new = function(beta + step)
        for _ in range(30):
            if np.isfinite(new[0]) and new[0] >= here[0] - 1e-9 * (1.0 + abs(here[0])):
                break
            step *= 0.5
            new = function(beta + step)
        beta, here = beta + step, new
    return beta, here, LIMIT, endless, False


def _solved(information: Array, score: Array) -> Array:
    if not len(score):
        return score
    try:
        step = np.linalg.solve(information, score)
    except np.linalg.LinAlgError:
        step = np.linalg.pinv(information, hermitian=True) @ score
    return np.asarray(step, dtype=np.float64)


def fit_from(data: CoxData, function: Callable[[Array], Derivatives], enough: float = ENOUGH) -> CoxFit:
    """Maximise a partial likelihood of the scaled columns and bring the result back to the scale of the input."""
    p = len(data.x)
    null = function(np.zeros(p))
    idle = tuple(aliased(null[2]))
    if idle:
        beta, here, iterations, endless, converged = np.zeros(p), null, 0, np.zeros(p, dtype=bool), False
    else:
        beta, here, iterations, endless, converged = climb(function, null, enough)
    covariance = np.linalg.pinv(here[2], hermitian=True) if p else np.zeros((0, 0))
    size = np.sqrt(np.maximum(np.diag(here[2]), 1e-300))
    return CoxFit(
        beta=beta / data.scale,
        vcov=covariance / np.outer(data.scale, data.scale),
        scaled_beta=beta,
        log_likelihood=here[0],
        log_likelihood_null=null[0],
        score_statistic=float(null[1] @ _solved(null[2], null[1])),
        wald_statistic=float(beta @ here[2] @ beta),
        gradient=float(np.max(np.abs(here[1]) / size, initial=0.0)),
        iterations=iterations,
        converged=converged,
        endless=endless,
        idle=idle,
    )


def cox_fit(data: CoxData) -> CoxFit:
    """Coefficients of Cox's model: log hazard ratios that maximise the partial likelihood.

    l(b) = sum over deaths of w x'b - sum over steps of w log(sum at risk of w exp(x'b) - share * the same over the tied deaths); share is
    0 (Breslow) or 0, 1/d, ... (Efron).  Not for hazards that are not proportional over the time looked at: see ``cox_zph``.
    Source: Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x; Efron 1977, doi:10.1080/01621459.1977.10480613.

    >>> from ostealgia.numerics.cox_data import cox_data
    >>> x = np.array([[0.0], [1.0], [0.0], [1.0], [0.0]])
    >>> data = cox_data(np.arange(1.0, 6.0), np.ones(5, dtype=bool), x, weight=np.ones(5), stratum=np.zeros(5, dtype=np.intp))
    >>> round(float(cox_fit(data).beta[0]), 4)
    0.2739
    """

    return fit_from(data, likelihood_of(data))


def likelihood_of(data: CoxData) -> Callable[[Array], Derivatives]:
    """Log likelihood, score and information as a function of the coefficients of the scaled columns; compiled for many rows."""
    simple = data.late_order is None and not data.tied and data.n > BLOCK and not data.stratum[-1] and len(data.x) > 0
    kernels: Any = compiled(data.n) if data.late_order is None else None

    def in_arrays(beta: Array) -> Derivatives:
        state = state_at(data, beta)
        if not np.isfinite(state.log_likelihood):
            return -np.inf, state.score, np.eye(len(beta))
        return state.log_likelihood, state.score, information_at(data, state)

    def in_one_pass(beta: Array) -> Derivatives:
        eta = beta @ data.x
        eta -= eta.mean()
        with np.errstate(over="ignore"):
            risk = np.exp(eta)
        if not np.isfinite(risk).all():
            return -np.inf, np.zeros(len(beta)), np.eye(len(beta))
        efron = len(data.step_at) != data.m
        value, score, taken, load = kernels.cox_pass(
            data.x, eta, risk, data.weight, data.event, data.time, data.stratum, efron
        )
        return value, score, (data.x * load) @ data.x.T - taken

    if kernels is not None:
        return in_one_pass
    return block_likelihood(data) if simple else in_arrays
