"""One pooled effect from many studies."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.meta.assembly import PoolOptions, finish
from ostealgia.meta.coerce import as_effects
from ostealgia.meta.result import PoolResult
from ostealgia.numerics import pooling
from ostealgia.numerics.likelihood import log_likelihood
from ostealgia.numerics.tau2 import TAU2, estimate_tau2, tau2_dl_from_q
from ostealgia.numerics.tau2_interval import TAU2_CI, empty_note
from ostealgia.options import confidence_level, one_of

Array = NDArray[np.float64]
NAN = math.nan
DEFAULTS: dict[str, Any] = {"model": "random", "tau2": "REML", "ci": "auto", "pi": "V", "level": 0.95, "tau2_ci": "QP"}


def pool(
    effects: Any,
    *,
    measure: str | None = None,
    model: str = "random",
    tau2: str = "REML",
    ci: str = "auto",
    pi: str = "V",
    level: float = 0.95,
    tau2_ci: str | None = None,
    weights: Any = None,
    tau2_value: float | None = None,
    **more: Any,
) -> PoolResult:
    """Pool effect sizes: common effect, random effects, generalised linear mixed model, Mantel-Haenszel or Peto.

    effects : EffectSizes, or a frame (mapping of columns) with study, estimate, std_error on the analysis scale of ``measure``.
    model : "random", "common", "glmm", "MH" or "peto".  tau2 : estimator of the between-study variance (REML; DL, HE, HS, HSk, SJ, ML,
    EB, PM, PMM, GENQ).  ci : "auto" (Hartung-Knapp, but z where k = 2 or tau2 = 0, and a note says so), "z", "t", "HK", "HK-adhoc",
    "HK-ci"; an explicit one never switches.  pi : prediction interval from three studies ("V" t with k - 1 df, "HTS" t with k - 2,
    "S" normal, "HK", "HK-PR", "none").  level : confidence level as a proportion.  tau2_ci : "QP" (Q-profile; "GENQ" for tau2="GENQ"),
    "BJ", "J", "PL" or "none".  weights : "equal" or (k,) weights for the mean (for tau2="GENQ" also for tau2).
    tau2_value : a known tau2 instead of an estimate.  more : options of the model: glmm (``glmm``, ``quadrature``,
    ``glmm_method``), MH (``mh_increment``, ``rd_variance``, ``rate_weights``), random and common (``q_center="MH"``: Q, and with it the
    DL estimate of tau2, around the Mantel-Haenszel estimate, as in RevMan and R's meta).
    Returns a PoolResult. Raises OptionError, TableError, ConvergenceError.
    Sources: Viechtbauer 2005, doi:10.3102/10769986030003261; IntHout et al. 2014, doi:10.1186/1471-2288-14-25.

    >>> fit = pool({"study": ["A", "B", "C"], "estimate": [-0.9, -0.2, 0.1], "std_error": [0.2, 0.22, 0.17]}, tau2="DL", ci="z")
    >>> round(fit.estimate, 4), round(fit.tau2, 4)
    (-0.3287, 0.2437)
    """
    one_of("model", model, MODELS)
    one_of("tau2", tau2, TAU2)
    one_of("ci", ci, ("auto", *pooling.INTERVALS))
    one_of("pi", pi, (*pooling.PREDICTION, "none"))
    if tau2_ci is not None:
        one_of("tau2_ci", tau2_ci, (*TAU2_CI, "none"))
    confidence_level(level)
    data = as_effects(effects, measure)
    options = PoolOptions(
        tau2=tau2, ci=ci, pi=pi, level=level, tau2_ci=tau2_ci, weights=weights, tau2_value=tau2_value, more=more
    )
    return MODELS[model](data, options)


def _inverse_variance(data: EffectSizes, options: PoolOptions, *, random: bool) -> PoolResult:
    options.refuse_unknown(("q_center", "mh_increment"), "random" if random else "common")
    data = _positive(data)
    y, v, k = data.estimate, data.variance, data.k
    tau2, tau2_value, level = options.tau2, options.tau2_value, options.level
    notes = list(data.notes)
    given = _weights(options.weights, k)
    center, center_shown = _center(data, options)
    value, value_se, certificate = _between(y, v, tau2, given, tau2_value, notes) if random else (0.0, NAN, {})
    if center is not None and random and tau2 == "DL" and tau2_value is None and k > 1:
        value = tau2_dl_from_q(pooling.q_around(y, v, center), v)
    user = given if given is not None else (1.0 / v if random and tau2 == "GENQ" and tau2_value is None else None)
    mean = pooling.weighted_mean(y, v, 0.0 if math.isnan(value) else value, user)
    method = _interval_method(options.ci, k, value, random, notes)
    std_error, df = pooling.INTERVALS[method](mean, k, level)
    if std_error == 0:
        notes.append(f"no interval by ci={method!r}: all effects are equal, so its standard error is 0")
    test = pooling.wald(mean.estimate, std_error, df, level)
    heterogeneity = pooling.heterogeneity(y, v, value, level, random=random, center=center)
    predicted = (NAN, NAN)
    rule = options.pi if random and options.pi != "none" else None
    if rule is not None:
        predicted = pooling.prediction_interval(mean, value, k, rule, level, adhoc=method == "HK-adhoc")
        if 1 < k < 3:
            notes.append("no prediction interval: it needs at least three studies")
    tau2_ci = _tau2_interval(tau2, options.tau2_ci, k) if random and tau2_value is None else None
    q = heterogeneity.q if center is None else pooling.q_around(y, v, pooling.weighted_mean(y, v, 0.0).estimate)
    notes += [
        note for note in (empty_note(q, k - 1, tau2_ci, level), _narrow(method, mean, std_error, df, level)) if note
    ]
    return finish(
        data,
        mean.weights,
        model="random" if random else "common",
        tau2_method=(tau2 if tau2_value is None else "given") if random else None,
        ci_method=method,
        pi_method=rule,
        level=level,
        estimate=mean.estimate,
        test=test,
        prediction=predicted,
        notes=notes,
        certificate=certificate,
        options={"ci": options.ci, **center_shown, **_shown_weights(options.weights)},
        tau2=value if random else 0.0,
        tau2_std_error=value_se,
        tau2_ci_method=tau2_ci,
        loglik=_loglik(y, v, value, tau2, random),
        **heterogeneity._asdict(),
    )


def _between(
    y: Array, v: Array, method: str, weights: Array | None, known: float | None, notes: list[str]
) -> tuple[float, float, dict[str, Any]]:
    """tau2, its standard error and its certificate."""
    if known is not None:
        if not known >= 0:
            raise OptionError(f"tau2_value={known!r} is not a number of 0 or more.")
        return float(known), NAN, {"method": "given"}
    if len(y) < 2:
        return NAN, NAN, {"method": method, "reason": "one study"}
    found = estimate_tau2(y, v, method, weights=weights if method == "GENQ" else None)
    certificate = dict(found.certificate)
    if found.untruncated < 0:
        certificate["untruncated"] = found.untruncated
    return found.value, found.std_error, certificate


def _positive(data: EffectSizes) -> EffectSizes:
    """The effects with a standard error above zero; those whose data give a standard error of zero are excluded by name."""
    if data.k and _beside(float(data.std_error.min()), float(data.std_error.max())):
        return data
    _weighable(data)
    if (data.std_error > 0).all() and np.isfinite(data.std_error).all():
        return data
    from ostealgia.effects.compute import without_zero_errors

    kept = without_zero_errors(data)
    if kept.k == 0 or not ((kept.std_error > 0).all() and np.isfinite(kept.std_error).all()):
        bad = int(np.flatnonzero(~((data.std_error > 0) & np.isfinite(data.std_error)))[0])
        raise TableError(
            "no study has a usable standard error"
            if kept.k == 0
            else f"study {data.study[bad]!r} has a standard error too large to be squared",
            row=data.rows[bad] if data.rows else None,
            column="std_error",
            found=f"{data.std_error[bad]:g}",
            expected="a finite number above 0, below 1e100",
            action="Correct the cell, remove the row, or pool the counts (model='glmm') where the table has them.",
        )
    return kept


def _beside(least: float, most: float) -> bool:
    """Whether the smallest and the largest standard error can be weighted beside one another; False for NaN."""
    return least > 1e-100 and most < 1e100 and most < 1e50 * least


def _weighable(data: EffectSizes) -> None:
    """Standard errors whose weights double precision can hold beside one another."""
    usable = data.std_error[np.isfinite(data.std_error) & (data.std_error > 0)]
    if not len(usable) or _beside(float(usable.min()), float(usable.max())):
        return
    i = int(np.nanargmax(np.abs(np.log(np.where(data.std_error > 0, data.std_error, 1.0)))))
    raise TableError(
        f"study {data.study[i]!r} has a standard error that cannot be weighted beside the others",
        row=data.rows[i] if data.rows else None,
        column="std_error",
        found=f"{data.std_error[i]:g}; the others from {usable.min():g} to {usable.max():g}",
        expected="values from 1e-100 to 1e100, the largest less than 1e50 times the smallest",
        action="Correct the cell or remove the row.",
    )


def _center(data: EffectSizes, options: PoolOptions) -> tuple[float | None, dict[str, Any]]:
    """The value around which Q is taken: the inverse-variance mean (None), or the Mantel-Haenszel estimate as in RevMan and meta."""
    name = one_of("q_center", options.get("q_center", "inverse"), ("inverse", "MH"))
    increment = options.get("mh_increment")
    if name == "inverse":
        if increment is not None:
            raise OptionError("mh_increment belongs to model='MH' or q_center='MH'.")
        return None, {}
    from ostealgia.meta.mantel_haenszel import pool_mantel_haenszel

    fit = pool_mantel_haenszel(data, PoolOptions(more={"mh_increment": increment}))
    return fit.estimate, {"q_center": "MH", "mh_increment": increment or "none"}


def _shown_weights(weights: Any) -> dict[str, Any]:
    return {} if weights is None else {"weights": weights if isinstance(weights, str) else "given"}


def _weights(weights: Any, k: int) -> Array | None:
    if weights is None:
        return None
    if isinstance(weights, str):
        one_of("weights", weights, ("equal",))
        return np.ones(k)
    values = np.array(weights, dtype=float)
    if values.shape != (k,) or not (np.isfinite(values).all() and (values > 0).all()):
        raise OptionError(f"weights should be {k} numbers above 0, one a study; found shape {values.shape}.")
    return values


def _interval_method(ci: str, k: int, tau2: float, random: bool, notes: list[str]) -> str:
    """The interval in force. "auto" is Hartung-Knapp for random effects, z where k = 2 or tau2 = 0; an explicit choice stays."""
    if ci != "auto":
        if k < 2 and ci != "z":
            notes.append(f"one study: ci={ci!r} has no degrees of freedom, so there is no interval")
        return ci
    if not random or k < 2:
        return "z"
    if k == 2:
        notes.append("interval by z, not Hartung-Knapp, because there are two studies (ci='auto')")
        return "z"
    if tau2 == 0.0:
        notes.append("interval by z, not Hartung-Knapp, because tau2 = 0 (ci='auto')")
        return "z"
    return "HK"


def _narrow(method: str, mean: pooling.Mean, std_error: float, df: float, level: float) -> str | None:
    """A phrase where Hartung-Knapp, meant to widen the interval of few studies, makes it narrower than z does."""
    if method != "HK" or not std_error > 0 or not df > 0:
        return None
    width, plain = pooling.quantile(level, df) * std_error, pooling.quantile(level, math.inf) * mean.std_error
    if width >= plain * (1.0 - 1e-9):
        return None
    return (
        f"the Hartung-Knapp interval is narrower than that by z ({100 * width / plain:.0f}% of its width), because the effects vary less "
        "than their standard errors say; ci='HK-ci' takes the wider of the two"
    )


def _tau2_interval(tau2: str, method: str | None, k: int) -> str | None:
    """The name of the interval for tau2: Q-profile, or generalised Q for the estimator of that name."""
    name = method or ("GENQ" if tau2 == "GENQ" else "QP")
    return None if name == "none" or k < 2 else name


def _loglik(y: Array, v: Array, tau2: float, method: str, random: bool) -> float:
    restricted = random and method == "REML"
    if math.isnan(tau2) or (restricted and len(y) < 2):
        return NAN
    return log_likelihood(tau2 if random else 0.0, [(y, v)], restricted=restricted)


def _random(data: EffectSizes, options: PoolOptions) -> PoolResult:
    return _inverse_variance(data, options, random=True)


def _common(data: EffectSizes, options: PoolOptions) -> PoolResult:
    return _inverse_variance(data, options, random=False)


def _glmm(data: EffectSizes, options: PoolOptions) -> PoolResult:
    from ostealgia.meta.glmm import pool_glmm

    return pool_glmm(data, options)


def _mantel_haenszel(data: EffectSizes, options: PoolOptions) -> PoolResult:
    from ostealgia.meta.mantel_haenszel import pool_mantel_haenszel

    return pool_mantel_haenszel(data, options)


def _peto(data: EffectSizes, options: PoolOptions) -> PoolResult:
    from ostealgia.meta.mantel_haenszel import pool_peto

    return pool_peto(data, options)


MODELS: dict[str, Callable[[EffectSizes, PoolOptions], PoolResult]] = {
    "random": _random,
    "common": _common,
    "glmm": _glmm,
    "MH": _mantel_haenszel,
    "peto": _peto,
}
