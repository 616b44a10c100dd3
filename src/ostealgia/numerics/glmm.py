"""Generalised linear mixed models for one group: proportions (logit link) and rates (log link), by maximum likelihood.

The exact binomial or Poisson likelihood of each study needs no zero-cell correction. Random effects are integrated
out by adaptive Gauss-Hermite
quadrature. For two groups see ``glmm_two_group``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ostealgia.errors import ConvergenceError, TableError
from ostealgia.numerics.glmm_families import Binomial, Family, Poisson
from ostealgia.numerics.glmm_fit import Model, Optimum, Point, Start, fixed_part, maximise, maximise_common
from ostealgia.numerics.glmm_marginal import log_marginal
from ostealgia.numerics.heterogeneity import i2_from_q, moments, typical_variance
from ostealgia.numerics.quadrature import MAX_POINTS, gauss_hermite
from ostealgia.options import one_of

Array = NDArray[np.float64]
NAN = math.nan
METHODS: dict[str, Callable[[Model, Start], Optimum]] = {"ML": maximise, "EE": maximise_common}
FINE_POINTS = 31
COARSE = 0.1
ONE = np.ones(1)


@dataclass(frozen=True, kw_only=True, eq=False)
class GlmmFit:
    """A pooled effect by a generalised linear mixed model, on the scale of its link (log odds, log rate, log odds
    ratio, log rate ratio).

    method : "ML" random effects, "EE" one common effect (tau2 = 0).  k : studies that carry information.
    dropped : positions (from 0) of the studies that carry none and were left out.
    tau2_std_error : by the delta method, NaN at tau2 = 0.  sigma2_study : variance of the study level, for UM.RS only.
    loglik : log-likelihood with all constants; for ML the marginal one.  loglik_at_modes : log-likelihood of the
    counts at the conditional
    modes of the study effects (what metafor prints as logLik for models fitted by quadrature); equal to loglik for EE
    without random level.
    common_estimate, common_std_error, common_loglik : the fit with tau2 = 0, always given.
    q_wald, q_lrt, q_df : Wald and likelihood-ratio tests of one common effect.  i2_tau2 : 100 tau2 / (tau2 + typical
    variance), per cent.
    i2_q : 100 (q_wald - q_df) / q_wald, per cent.  h2 : 1 + tau2 / typical variance.
    study_effect : (k,), conditional mode of each study's effect (common estimate for EE).
    certificate : how the maximum was found: iterations, gradient norm, what a further step would gain, grid of tau,
    roots, boundary flag.
    """

    model: str
    method: str
    k: int
    estimate: float
    std_error: float
    tau2: float
    tau2_std_error: float = NAN
    sigma2_study: float = NAN
    loglik: float
    loglik_at_modes: float
    common_estimate: float
    common_std_error: float
    common_loglik: float
    q_wald: float
    q_lrt: float
    q_df: int
    i2_tau2: float
    i2_q: float
    h2: float
    typical_variance: float
    quadrature_points: int
    study_effect: Array
    dropped: tuple[int, ...] = ()
    converged: bool = True
    certificate: Mapping[str, Any] = field(default_factory=dict[str, Any])
    notes: tuple[str, ...] = ()


def fit_proportion(events: ArrayLike, n: ArrayLike, *, method: str = "ML", quadrature_points: int = 7) -> GlmmFit:
    """Which proportion do studies share, and how much do they vary, on the logit scale? Random-intercept logistic
    regression.

    events, n : (k,), counts, 0 <= events <= n, n above 0.  method : "ML" or "EE" (logistic regression without random
    effect).
    quadrature_points : 1 (Laplace), 7, 21 or any number to 101.  Estimate and std_error are log odds.
    Raises TableError for impossible counts, ConvergenceError where no finite estimate exists (no events anywhere, or
    events only).
    Source: Stijnen, Hamza & Ozdemir 2010, doi:10.1002/sim.4040; Lin & Chu 2020, doi:10.1097/EDE.0000000000001232.

    >>> fit = fit_proportion([8, 26, 26, 6, 109, 14], [10, 31, 30, 9, 140, 17])
    >>> round(fit.estimate, 4), round(fit.std_error, 4), round(fit.tau2, 4)
    (1.3705, 0.1616, 0.0)
    """
    y, size = counts("events", events, "n", n)
    at_most("events", y, "n", size)
    if not 0 < y.sum() < size.sum():
        raise _no_estimate("events" if y.sum() == 0 else "non-events", y.size, "log odds")
    a, b = (y + _half(y, size - y)), (size - y + _half(y, size - y))
    family = Binomial(events=y[None], n=size[None])
    return one_arm_fit(
        "one group", family, np.zeros_like(y), 1.0 / a + 1.0 / b, method=method, points=quadrature_points
    )


def fit_rate(events: ArrayLike, person_time: ArrayLike, *, method: str = "ML", quadrature_points: int = 7) -> GlmmFit:
    """Which event rate do studies share, on the log scale? Random-intercept Poisson regression.

    events : (k,), counts.  person_time : (k,), above 0.  Estimate and std_error are the log of events per unit of
    person_time.
    method, quadrature_points, errors : as in ``fit_proportion``.  Source: Stijnen, Hamza & Ozdemir 2010,
    doi:10.1002/sim.4040.

    >>> fit = fit_rate([7, 8, 3, 6, 1], [1344, 1600, 12012, 1536, 370])
    >>> round(fit.estimate, 4), round(fit.tau2, 4)
    (-6.1327, 1.1444)
    """
    y, time = counts("events", events, "person_time", person_time)
    if y.sum() == 0:
        raise _no_estimate("events", y.size, "log rate")
    family = Poisson(events=y[None], person_time=time[None])
    return one_arm_fit(
        "one group", family, np.zeros_like(y), 1.0 / np.where(y > 0, y, 0.5), method=method, points=quadrature_points
    )


def one_arm_fit(
    name: str,
    family: Family,
    offset: Array,
    variance: Array,
    *,
    method: str,
    points: int,
    dropped: tuple[int, ...] = (),
    notes: tuple[str, ...] = (),
) -> GlmmFit:
    """Models in which a study has one linear predictor, offset + effect_i.  offset, variance : (k,); variance is for
    I2 only."""
    one_of("method", method, METHODS)
    rule = gauss_hermite(points)
    model = Model(family=family, offset=offset[None], shared=np.ones((1, 1)), random=ONE, own=None, rule=rule)
    y, w = family.centre[0] - offset, family.weight[0]

    def start(sd: Array) -> tuple[Array, None]:
        weight = 1.0 / (1.0 / w + np.square(sd)[..., None])
        return np.sum(weight * y, axis=-1, keepdims=True) / np.sum(weight, axis=-1, keepdims=True), None

    own, information = family.own_fit()
    return one_sd_result(
        name,
        method,
        model,
        start,
        q_wald=wald_q(own[0] - offset, information[0]),
        variance=variance,
        dropped=dropped,
        notes=notes,
    )


def one_sd_result(
    name: str,
    method: str,
    model: Model,
    start: Start,
    *,
    q_wald: float,
    variance: Array,
    dropped: tuple[int, ...] = (),
    notes: tuple[str, ...] = (),
) -> GlmmFit:
    """Fit a model whose one random effect is that of the pooled quantity, the first shared parameter, and collect its
    numbers."""
    optimum = METHODS[method](model, start)
    point, null = optimum.point, optimum.null
    k = int(variance.size)
    sd = float(point.sd)
    constant = float(np.sum(model.family.constant))
    estimate, common = float(point.beta[0]), float(null.beta[0])
    std_error, sd_error = standard_errors(point, 0)
    change = quadrature_change(model, point)
    if abs(change) > COARSE:
        points = "1 quadrature point is" if model.rule.points == 1 else f"{model.rule.points} quadrature points are"
        notes = (*notes, f"{points} coarse for these data: a finer rule changes the log-likelihood by {change:.2g}.")
    if method == "ML" and k == 1:
        notes = (*notes, "One study: the between-study variance cannot be estimated and is taken as 0.")
    return GlmmFit(
        model=name,
        method=method,
        k=k,
        estimate=estimate,
        std_error=std_error,
        tau2=sd**2,
        tau2_std_error=2.0 * sd * sd_error if sd > 0 else NAN,
        loglik=float(point.value) + constant,
        loglik_at_modes=float(np.sum(_at_modes(model, point))) + constant,
        common_estimate=common,
        common_std_error=standard_errors(null, 0)[0],
        common_loglik=float(null.value) + constant,
        q_wald=q_wald,
        q_lrt=max(0.0, 2.0 * (float(np.sum(model.family.saturated)) - float(null.value) - constant)),
        study_effect=estimate + sd * np.broadcast_to(point.mode, (k,)),
        quadrature_points=model.rule.points,
        dropped=dropped,
        certificate=certificate(optimum, method, model.rule.points) | {"quadrature_change": change},
        notes=notes,
        **heterogeneity(sd**2, q_wald, variance),
    )


def heterogeneity(tau2: float, q_wald: float, variance: Array) -> dict[str, Any]:
    """q_df, I2 by both definitions, H2 and the typical variance.  variance : (k,), of the effect of each study."""
    df = int(variance.size) - 1
    typical = typical_variance([(np.zeros_like(variance), variance)])
    share = tau2 / typical if tau2 > 0 and typical > 0 else 0.0
    return {
        "q_df": df,
        "i2_tau2": 100.0 * share / (1.0 + share),
        "i2_q": i2_from_q(q_wald, df) if df > 0 else 0.0,
        "h2": 1.0 + share,
        "typical_variance": typical,
    }


def wald_q(estimate: Array, information: Array) -> float:
    """Wald test of equal effects from estimates and informations of single studies, (k,); information 0: infinite
    estimate, no weight.

    >>> wald_q(np.array([0.0, 2.0, 0.0]), np.array([1.0, 1.0, 0.0]))
    2.0
    """
    return moments(estimate, information).rss if np.sum(information) > 0 else 0.0


def standard_errors(point: Point, index: int) -> tuple[float, float]:
    """Standard errors of one shared parameter and of sd from the observed information; that of sd is NaN where sd is
    0."""
    size = point.beta.shape[-1] + (1 if point.sd > 0 else 0)
    try:
        np.linalg.cholesky(-point.hessian[:size, :size])
    except np.linalg.LinAlgError:
        raise ConvergenceError(
            "The information matrix is not positive definite at the end of the fit: the data do not fix the model."
        ) from None
    covariance = np.linalg.inv(-point.hessian[:size, :size])
    return math.sqrt(covariance[index, index]), math.sqrt(covariance[-1, -1]) if point.sd > 0 else NAN


def certificate(optimum: Optimum, method: str, points: int) -> dict[str, Any]:
    """What was done to find the maximum and what proves it, as plain numbers."""
    point = optimum.point
    free = point.gradient if point.sd > 0 else point.gradient[:-1]
    own = float(np.sum(np.square(point.own_gradient)))
    out: dict[str, Any] = {
        "algorithm": "Newton with exact derivatives"
        + (f", adaptive Gauss-Hermite, {points} points" if method == "ML" else ""),
        "quadrature_points": points,
        "iterations": optimum.iterations,
        "gradient_norm": math.sqrt(float(np.sum(np.square(free))) + own),
        "newton_decrement": float(point.decrement),
    }
    if method == "ML":
        out |= {
            "tau_grid": [0.0, *map(float, optimum.grid)],
            "profile_score": [optimum.score_at_zero, *map(float, optimum.grid_score)],
            "starts": len(optimum.grid) + 1,
            "tau_roots": list(optimum.roots),
            "boundary": not point.sd > 0,
            "score_of_tau2_at_zero": optimum.score_at_zero,
        }
    return out


def _at_modes(model: Model, point: Point) -> Array:
    """Log-likelihood of each arm at the conditional modes, (R, k), without constant."""
    return model.family.value_slope(
        fixed_part(model, point.beta, point.own) + point.sd * model.random[:, None] * point.mode
    )[0]


def quadrature_change(model: Model, point: Point) -> float:
    """How much the log-likelihood at the maximum changes when a much finer rule is used there."""
    if not point.sd > 0:
        return 0.0
    finer = gauss_hermite(min(MAX_POINTS, max(FINE_POINTS, 2 * model.rule.points + 1)))
    eta0 = fixed_part(model, point.beta, point.own)
    return float(np.sum(log_marginal(model.family, eta0, point.sd, model.random, finer, point.mode)) - point.value)


def _half(*cells: Array) -> Array:
    """1/2 for the studies that have a cell of 0, else 0."""
    return np.where(np.any([cell == 0 for cell in cells], axis=0), 0.5, 0.0)


def _no_estimate(what: str, k: int, scale: str) -> ConvergenceError:
    return ConvergenceError(
        f"No study ({k} in all) has any {what}: the {scale} is infinite and no model can estimate it. "
        "Report the total with an exact interval instead, or pool on another scale (PFT, PAS)."
    )


def counts(name: str, value: ArrayLike, size_name: str, size: ArrayLike) -> tuple[Array, Array]:
    """Counts (0 or more) and their denominators (above 0) as float arrays (k,); TableError names the first position
    that is not."""
    y, n = np.atleast_1d(np.asarray(value, dtype=np.float64)), np.atleast_1d(np.asarray(size, dtype=np.float64))
    if y.ndim != 1 or y.shape != n.shape or y.size == 0:
        raise TableError(
            f"{name} and {size_name} should be two lists of one length", found=f"shapes {y.shape} and {n.shape}"
        )
    for label, array, good, expected in (
        (name, y, np.isfinite(y) & (y >= 0), "a number, 0 or more"),
        (size_name, n, np.isfinite(n) & (n > 0), "a number above 0"),
    ):
        if not good.all():
            where = int(np.argmin(good))
            raise TableError(f"{label} of study {where + 1} cannot be used", found=array[where], expected=expected)
    return y, n


def at_most(name: str, events: Array, size_name: str, size: Array) -> None:
    """TableError where there are more events than patients."""
    if np.any(events > size):
        where = int(np.argmax(events > size))
        raise TableError(
            f"{name} of study {where + 1} is above {size_name}",
            found=events[where],
            expected=f"at most {size[where]:g}",
        )
