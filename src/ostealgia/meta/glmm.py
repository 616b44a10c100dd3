"""Pooling by a generalised linear mixed model: the counts themselves, no normal approximation within studies."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.assembly import PoolOptions, complete_counts, counts_as_given, finish
from ostealgia.meta.result import PoolResult
from ostealgia.numerics import pooling
from ostealgia.numerics.glmm import GlmmFit
from ostealgia.numerics.heterogeneity import h_interval, i2_from_h, q_p_value
from ostealgia.numerics.quadrature import MAX_POINTS
from ostealgia.options import one_of
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
NAN = math.nan
INTERVALS = ("auto", "z", "t")
# the only model of one group, by method
ONE_GROUP = {"ML": "random intercept", "EE": "one intercept"}


def _proportion(c: dict[str, Array], **options: Any) -> GlmmFit:
    from ostealgia.numerics.glmm import fit_proportion

    return fit_proportion(c["events"], c["n"], **options)


def _rate(c: dict[str, Array], **options: Any) -> GlmmFit:
    from ostealgia.numerics.glmm import fit_rate

    return fit_rate(c["events"], c["person_time"], **options)


def _odds_ratio(c: dict[str, Array], **options: Any) -> GlmmFit:
    from ostealgia.numerics.glmm_two_group import fit_odds_ratio

    return fit_odds_ratio(c["events_1"], c["n_1"], c["events_2"], c["n_2"], **options)


def _rate_ratio(c: dict[str, Array], **options: Any) -> GlmmFit:
    from ostealgia.numerics.glmm_two_group import fit_rate_ratio

    return fit_rate_ratio(c["events_1"], c["person_time_1"], c["events_2"], c["person_time_2"], **options)


# measure -> (fit, columns of counts, models offered)
GLMM: dict[str, tuple[Callable[..., GlmmFit], tuple[str, ...], tuple[str, ...]]] = {
    "PLO": (_proportion, ("events", "n"), ()),
    "IRLN": (_rate, ("events", "person_time"), ()),
    "OR": (_odds_ratio, ("events_1", "n_1", "events_2", "n_2"), ("UM.FS", "UM.RS", "CM.AL", "CM.EL")),
    "IRR": (_rate_ratio, ("events_1", "person_time_1", "events_2", "person_time_2"), ("UM.FS", "UM.RS", "CM.EL")),
}


def pool_glmm(data: EffectSizes, options: PoolOptions) -> PoolResult:
    """Fit the model of the measure to its counts; see ``numerics.glmm``.  tau2 is by maximum likelihood whatever ``tau2`` says."""
    options.refuse_unknown(("glmm", "quadrature", "glmm_method"), "glmm")
    options.refuse_weights("glmm")
    ci, level = options.ci, options.level
    if ci not in INTERVALS:
        raise OptionError(
            f"ci={ci!r} does not exist for model='glmm', which has no Hartung-Knapp form; use 'z' or 't'."
        )
    fit, shown = _fitted(data, options)
    notes = [*counts_as_given(data.notes), *fit.notes]
    data = replace(data, notes=())
    if ci == "auto":
        notes.append("interval by z: Hartung-Knapp does not exist for a GLMM (ci='auto')")
    if fit.method == "ML":
        notes.append("maximum likelihood for tau2; studies have no weights of their own in a GLMM")
    kept = _without(data, fit.dropped)
    alone = fit.k == 1 and fit.method == "ML"
    tau2 = NAN if alone else fit.tau2  # one study says nothing of the variance between studies
    method = "z" if ci == "auto" else ci
    mean = pooling.Mean(fit.estimate, fit.std_error, NAN, np.full(fit.k, NAN))
    std_error, df = pooling.INTERVALS[method](mean, fit.k, level)
    rule = _rule(options.pi, fit, notes)
    predicted = (NAN, NAN) if rule is None else pooling.prediction_interval(mean, fit.tau2, fit.k, rule, level)
    _, low, high = h_interval(fit.q_wald, fit.k, level)
    return finish(
        kept,
        mean.weights,
        model="glmm",
        tau2_method="ML" if fit.method == "ML" else None,
        ci_method=method,
        pi_method=rule,
        level=level,
        estimate=fit.estimate,
        test=pooling.wald(fit.estimate, std_error, df, level),
        prediction=predicted,
        notes=notes,
        options={"ci": ci, **shown},
        certificate={
            **fit.certificate,
            "q_lrt": fit.q_lrt,
            "sigma2_study": fit.sigma2_study,
            "loglik_at_modes": fit.loglik_at_modes,
        },
        converged=fit.converged,
        tau2=tau2,
        tau2_std_error=NAN if alone else fit.tau2_std_error,
        i2_tau2=NAN if alone else fit.i2_tau2,
        i2_q=fit.i2_q,
        i2_q_ci_low=i2_from_h(low),
        i2_q_ci_high=i2_from_h(high),
        h2=fit.h2,
        q=fit.q_wald,
        q_df=fit.q_df,
        q_p_value=q_p_value(fit.q_wald, fit.q_df),
        loglik=fit.loglik,
    )


def _fitted(data: EffectSizes, options: PoolOptions) -> tuple[GlmmFit, dict[str, Any]]:
    """The fit, and the options as they are shown."""
    if data.measure not in GLMM:
        offered = ", ".join(GLMM)
        raise OptionError(f"model='glmm' exists for measure {offered}; found {data.measure!r}.")
    function, names, models = GLMM[data.measure]
    columns = complete_counts(data, names, "glmm")
    method = one_of("glmm_method", options.get("glmm_method", "ML"), ("ML", "EE"))
    chosen = options.get("glmm", models[0] if models else ONE_GROUP[method])
    if models:
        one_of("glmm", chosen, models)
    elif chosen != ONE_GROUP[method]:
        raise OptionError(
            f"glmm={chosen!r} is for two groups; measure {data.measure} has one model only: leave it out."
        )
    extra = {"model": chosen} if models else {}
    fit = function(columns, method=method, quadrature_points=_points(options.get("quadrature", 7)), **extra)
    shown = {"glmm": chosen, "glmm_method": method}
    if method == "ML":
        shown["quadrature"] = fit.quadrature_points
    return fit, shown


def _points(quadrature: Any) -> int:
    if isinstance(quadrature, bool) or quadrature not in range(1, MAX_POINTS + 1):
        raise OptionError(
            f"quadrature={quadrature!r} is not a whole number from 1 to {MAX_POINTS}. Usual choices: 1, 7, 21."
        )
    return int(quadrature)


def _rule(pi: str, fit: GlmmFit, notes: list[str]) -> str | None:
    if pi == "none" or fit.method == "EE":
        return None
    if pi in ("HK", "HK-PR"):
        raise OptionError(
            f"pi={pi!r} needs a Hartung-Knapp standard error, which a GLMM does not have; use 'V', 'HTS' or 'S'."
        )
    if 1 < fit.k < 3:
        notes.append("no prediction interval: it needs at least three studies")
    return pi


def _without(data: EffectSizes, dropped: tuple[int, ...]) -> EffectSizes:
    """The effects that carry information; the others are excluded by name."""
    if not dropped:
        return data
    keep = np.ones(data.k, dtype=bool)
    keep[list(dropped)] = False
    reason = "no events, or events only, in both groups: carries no information on the effect"
    gone = tuple(Excluded(study=data.study[i], reason=reason, row=data.rows[i] if data.rows else None) for i in dropped)
    return replace(data.take(keep), excluded=(*data.excluded, *gone))
