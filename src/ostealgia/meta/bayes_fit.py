"""Bayesian random-effects meta-analysis: the mean, the heterogeneity, each study and a new one, without simulation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.meta.backtransform import to_reported
from ostealgia.meta.bayes_result import INTERVAL_NAMES, BayesResult, PosteriorEstimate
from ostealgia.meta.bayes_settings import fitting_prior
from ostealgia.meta.coerce import as_effects
from ostealgia.meta.result import ScaleEstimate
from ostealgia.numerics.bayes import Posterior, posterior
from ostealgia.numerics.bayes_mixture import NormalMixture, central_interval, shortest_interval
from ostealgia.numerics.bayes_priors import TauPrior
from ostealgia.options import confidence_level, one_of

FEW = 5
NAN = math.nan


def bayes(
    effects: Any,
    *,
    tau_prior: TauPrior | str | None = None,
    mean_prior: tuple[float, float] | None = None,
    measure: str | None = None,
    level: float = 0.95,
    interval: str = "shortest",
) -> BayesResult:
    """What do these studies say of the mean effect and of the next study, given what was known of heterogeneity before?

    effects : as for ``pool``.  tau_prior : prior of tau, the standard deviation between studies on the analysis scale, as text
    ("half-normal(0.5)", "half-Cauchy(0.5)", "half-t(0.5, 4)", "uniform", "Jeffreys", "Turner(outcome; comparison)",
    "Rhodes(outcome; comparison; area)") or from ``heterogeneity_prior``; it must be given.  mean_prior : (mean, sd) of a normal prior
    of the mean on the analysis scale, or None for a flat one.  level : of the credible intervals.  interval : "shortest" (highest
    density) or "central" (as much left out on either side); both are on the result, this one is shown.
    The model is y_i ~ N(theta_i, SE_i^2), theta_i ~ N(mu, tau^2), standard errors known. One integral over tau is taken numerically;
    the certificate states its error.
    Use it where studies are few and something is known of heterogeneity; not to make a strong claim from a strong prior: show the
    result under a second prior. Rare events break the normal model within studies: use ``pool(model="glmm")`` there.
    Returns a BayesResult. Raises OptionError, TableError, ConvergenceError.
    Sources: Roever 2020, doi:10.18637/jss.v093.i06; Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x.

    >>> data = {"study": list("ABC"), "estimate": [-0.9, -0.2, 0.1], "std_error": [0.2, 0.22, 0.17]}
    >>> fit = bayes(data, measure="OR", tau_prior="half-normal(0.5)")
    >>> round(fit.reported.estimate, 2), round(fit.tau.median, 2), round(fit.probability_below(0.0), 2)
    (0.72, 0.47, 0.86)
    """
    one_of("interval", interval, INTERVAL_NAMES)
    confidence_level(level)
    data = _usable(as_effects(effects, measure))
    prior = fitting_prior(tau_prior, data.measure)
    centre = _mean_prior(mean_prior)
    found = posterior(data.estimate, data.variance, prior, centre)
    mean = estimate_of("mean", found.mu, found, 1, level, interval)
    tau = _tau_estimate(found, level, interval)
    prediction = estimate_of("prediction", found.new_study, found, 1, level, interval)
    return BayesResult(
        measure=data.measure, k=data.k, n=float(np.nansum(data.n)) if np.isfinite(data.n).any() else NAN, ci_level=level,
        interval=interval, tau_prior=prior, mean_prior=centre, mean=mean, tau=tau, prediction=prediction,
        reported=_reported(data, mean, prediction), effects=data, posterior=found, certificate=found.certificate,
        excluded=data.excluded, notes=tuple(dict.fromkeys([*data.notes, *_notes(data, prior, centre, mean)])),
    )  # fmt: skip


def estimate_of(
    name: str, mixture: NormalMixture, found: Posterior, power: int, level: float, interval: str
) -> PosteriorEstimate:
    """The numbers of a mixture whose standard deviation grows as tau^power (0: stays bounded, as for the studies)."""
    mean, sd = found.moments(mixture, power)
    return _estimate(name, mixture, mean, sd, level, interval)


def _tau_estimate(found: Posterior, level: float, interval: str) -> PosteriorEstimate:
    first, second = found.tau_moment(1), found.tau_moment(2)
    sd = math.sqrt(max(second - first * first, 0.0)) if math.isfinite(second) else math.inf
    return _estimate("tau", found.tau_posterior, first, sd, level, interval)


def _estimate(name: str, distribution: Any, mean: float, sd: float, level: float, interval: str) -> PosteriorEstimate:
    shortest, central = shortest_interval(distribution, level), central_interval(distribution, level)
    low, high = shortest if interval == "shortest" else central
    return PosteriorEstimate(
        parameter=name, mean=mean, sd=sd, median=float(distribution.quantile(np.array(0.5))), mode=distribution.mode(),
        ci_low=low, ci_high=high, shortest_low=shortest[0], shortest_high=shortest[1], central_low=central[0],
        central_high=central[1],
    )  # fmt: skip


def _reported(data: EffectSizes, mean: PosteriorEstimate, prediction: PosteriorEstimate) -> ScaleEstimate:
    values = np.array([mean.median, mean.ci_low, mean.ci_high, prediction.ci_low, prediction.ci_high])
    shown = [float(value) for value in to_reported(data.definition, values, data)]
    return ScaleEstimate(
        scale=data.definition.reported_scale, estimate=shown[0], std_error=mean.sd, statistic=NAN, df=NAN, p_value=NAN,
        ci_low=shown[1], ci_high=shown[2], pi_low=shown[3], pi_high=shown[4],
    )  # fmt: skip


def _usable(data: EffectSizes) -> EffectSizes:
    """The effects with a standard error above zero; others are excluded by name."""
    if (data.std_error > 0).all() and np.isfinite(data.std_error).all():
        return data
    from ostealgia.effects.compute import without_zero_errors

    kept = without_zero_errors(data)
    if kept.k == 0 or not (np.isfinite(kept.std_error).all() and (kept.std_error > 0).all()):
        raise TableError("no study has a usable standard error", column="std_error", expected="a finite number above 0")
    return kept


def _mean_prior(mean_prior: Any) -> tuple[float, float] | None:
    if mean_prior is None or mean_prior == "flat":
        return None
    try:
        centre, sd = (float(value) for value in mean_prior)
    except (TypeError, ValueError):
        centre, sd = NAN, NAN
    if not (math.isfinite(centre) and math.isfinite(sd) and sd > 0):
        raise OptionError(
            f"mean_prior={mean_prior!r} is not (mean, sd) of a normal distribution on the analysis scale, such as (0, 4) for log odds "
            "ratios. Leave it out for a flat prior."
        )
    return centre, sd


def _notes(
    data: EffectSizes, prior: TauPrior, centre: tuple[float, float] | None, mean: PosteriorEstimate
) -> list[str]:
    notes: list[str] = []
    if data.k <= FEW:
        few = "one study says" if data.k == 1 else f"{data.k} studies say"
        notes.append(f"{few} little about tau: the prior decides much of its posterior; compare with another prior")
    if not prior.proper:
        notes.append(f"the {prior.name} prior of tau is improper: there is no marginal likelihood and no Bayes factor")
    if not math.isfinite(mean.sd):
        notes.append(
            "the posterior has tails so heavy that the mean's standard deviation does not exist; read median and interval"
        )
    if data.definition.analysis_scale != data.definition.reported_scale:
        notes.append(
            "limits are those of the analysis scale, transformed; on the reported scale the interval keeps its probability"
        )
    return notes
