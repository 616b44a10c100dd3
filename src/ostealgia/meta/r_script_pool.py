"""A pooled result in R: the call of metafor for each model, and the checks of its numbers."""

from __future__ import annotations

import math
from typing import Any

from ostealgia.errors import OptionError
from ostealgia.meta.r_script_effects import arguments, raw_columns, write_data
from ostealgia.meta.r_script_text import Script, r_number, r_string
from ostealgia.meta.result import PoolResult
from ostealgia.meta.text import method_line

TESTS = {"z": "z", "t": "t", "HK": "knha", "HK-adhoc": "adhoc", "HK-ci": "knha"}
CONTROL = "control = list(threshold = 1e-12, tol = 1e-12, maxiter = 100000)"
# R's searches for tau2 and its limits stop at about this, relative; a GLMM depends on the optimiser
TOLERANCE = {"random": 1e-6, "common": 1e-8, "MH": 1e-8, "peto": 1e-8, "glmm": 1e-3}


def write_pool(fit: PoolResult) -> Script:
    """The script of one pooled result."""
    script = Script(f"{fit.measure} ({fit.definition.title}), {fit.k} studies: {method_line(fit)}")
    extra = {"w": fit.weights} if fit.options.get("weights") == "given" else None
    write_data(script, fit.effects, extra)
    pool_block(script, fit, "dat")
    return script


def pool_block(script: Script, fit: PoolResult, data: str) -> None:
    """The call on one frame, and the checks of its numbers."""
    if fit.k == 1:
        script.comment("one study: nothing was pooled")
        script.check("estimate", f"{data}$yi", fit.estimate)
        return
    prepare(script, fit, data)
    script.add(f"fit <- {pool_call(fit, data)}", "print(fit)")
    checks(script, fit, data)


def prepare(script: Script, fit: PoolResult, data: str) -> None:
    """What must be there before the call: tau2 around the Mantel-Haenszel estimate, as RevMan and R's meta take it."""
    if fit.options.get("q_center") != "MH":
        return
    script.comment(
        "Q, and with it the DL estimate of tau2, around the Mantel-Haenszel estimate (as RevMan and R's meta do)"
    )
    weight = f"1 / {data}$sei^2"
    script.add(f"mh <- as.numeric({_mantel_haenszel(fit, data)}$beta)", f"q_mh <- sum({weight} * ({data}$yi - mh)^2)")
    script.check("Q", "q_mh", fit.q)
    if fit.model == "random" and fit.tau2_method == "DL":
        total = f"(sum({weight}) - sum(({weight})^2) / sum({weight}))"
        script.add(f"tau2_mh <- max(0, (q_mh - (nrow({data}) - 1)) / {total})")


def pool_call(fit: PoolResult, data: str, *, test: str | None = None, tau2: str | None = None) -> str:
    """The call of metafor for this model.

    test : R code for the test instead of this fit's.  tau2 : R code for a known tau2.
    """
    return CALLS[fit.model](fit, data, test, tau2)


def _rma(fit: PoolResult, data: str, test: str | None, tau2: str | None) -> str:
    random, method = fit.model == "random", fit.tau2_method or ""
    parts = ["yi = yi", "sei = sei", f"data = {data}"]
    around = fit.options.get("q_center") == "MH" and method == "DL"
    known = method == "given" or method.endswith(", common") or around
    if not random:
        parts.append('method = "EE"')
    elif known:
        parts.append(f"tau2 = {tau2 or ('tau2_mh' if around else r_number(fit.tau2))}")
    else:
        parts.append(f"method = {r_string(method)}")
    if fit.options.get("weights") == "equal":
        parts.append("weighted = FALSE")
    elif fit.options.get("weights") == "given":
        parts.append("weights = w")
    elif method == "GENQ":
        parts.append("weights = 1 / sei^2")
    parts += [f"test = {test or r_string(TESTS[fit.ci_method])}", f"level = {_level(fit)}"]
    return f"rma({', '.join(parts)}, {CONTROL})" if random and not known else f"rma({', '.join(parts)})"


def _mantel_haenszel(fit: PoolResult, data: str) -> str:
    """rma.mh without increments in the pooled tables, or with those of the study effects."""
    effects = fit.effects
    size = r_number(effects.options.get("increment", 0.5))
    rule = '"only0"' if fit.options.get("mh_increment") == "effects" else '"none"'
    adding = f'add = c({size}, {size if rule != chr(34) + "none" + chr(34) else 0}), to = c("only0", {rule})'
    return f"rma.mh(measure = {r_string(fit.measure)}, {arguments(effects)}, data = {data}, {adding}, level = {_level(fit)})"


def _mh(fit: PoolResult, data: str, test: str | None, tau2: str | None) -> str:
    _needs_counts(fit)
    unusual = {"rd_variance": ("sato",), "rate_weights": ("MH",)}
    for name, usual in unusual.items():
        value = fit.options.get(name, usual[0])
        if value not in usual:
            raise OptionError(f"{name}={value!r} has no counterpart in R's metafor, so no R script is written for it.")
    if fit.measure == "RD" and fit.options.get("mh_increment") == "effects":
        raise OptionError(
            "mh_increment='effects' of a risk difference has no counterpart in metafor; no R script is written for it."
        )
    return _mantel_haenszel(fit, data)


def _peto(fit: PoolResult, data: str, test: str | None, tau2: str | None) -> str:
    _needs_counts(fit)
    return f"rma.peto({arguments(fit.effects)}, data = {data}, level = {_level(fit)})"


def _glmm(fit: PoolResult, data: str, test: str | None, tau2: str | None) -> str:
    _needs_counts(fit)
    parts = [f"measure = {r_string(fit.measure)}", arguments(fit.effects), f"data = {data}"]
    if fit.effects.definition.kind.startswith("two-group"):
        parts.append(f"model = {r_string(fit.options['glmm'])}")
    parts.append(f"method = {r_string(fit.options.get('glmm_method', 'ML'))}")
    if "quadrature" in fit.options and fit.options.get("glmm") in (None, "random intercept", "UM.FS", "CM.AL"):
        parts.append(f"nAGQ = {int(fit.options['quadrature'])}")
    parts += [f"test = {test or r_string(TESTS[fit.ci_method])}", f"level = {_level(fit)}"]
    return f"rma.glmm({', '.join(parts)})"


CALLS: dict[str, Any] = {"random": _rma, "common": _rma, "MH": _mh, "peto": _peto, "glmm": _glmm}


def _needs_counts(fit: PoolResult) -> None:
    if not raw_columns(fit.effects):
        raise OptionError(
            f"model={fit.model!r} needs the counts in the R script; they are not all there with these effects."
        )


def _level(fit: PoolResult) -> str:
    return r_number(round(100 * fit.ci_level, 10))


def checks(script: Script, fit: PoolResult, data: str) -> None:
    """Estimate, interval, heterogeneity and prediction interval against our numbers."""
    tolerance = TOLERANCE[fit.model]
    script.add("")
    script.comment(expected_text(fit))
    script.check("estimate", "coef(fit)", fit.estimate, tolerance=tolerance, unit=fit.std_error)
    _uncertainty(script, fit, data, tolerance)
    _heterogeneity(script, fit, tolerance)
    _tau2_interval(script, fit)
    _prediction(script, fit, data, tolerance)


def expected_text(fit: PoolResult) -> str:
    """Our numbers in one comment."""
    words = [f"estimate {fit.estimate:.10g}", f"{100 * fit.ci_level:g}% CI {fit.ci_low:.10g} to {fit.ci_high:.10g}"]
    if math.isfinite(fit.tau2) and fit.model in ("random", "glmm"):
        words.append(f"tau2 {fit.tau2:.10g}")
    side = fit.reported
    if fit.definition.analysis_scale != fit.definition.reported_scale:
        words.append(f"{side.scale} {side.estimate:.10g} ({side.ci_low:.10g} to {side.ci_high:.10g})")
    return "expected: " + ", ".join(words)


def _uncertainty(script: Script, fit: PoolResult, data: str, tolerance: float) -> None:
    """Standard error, interval and P; by hand where metafor has no name for the interval."""
    if fit.ci_method == "HK-ci":
        _wider_interval(script, fit, data)
        return
    if fit.options.get("glmm") == "UM.RS":
        script.comment("lme4 takes the standard error from differences, so it agrees to about 1%")
        tolerance = 0.02
    script.check("standard error", "fit$se", fit.std_error, tolerance=tolerance)
    limits = "c(fit$ci.lb, fit$ci.ub)"
    script.check("confidence interval", limits, (fit.ci_low, fit.ci_high), tolerance=tolerance, unit=fit.std_error)
    if fit.definition.no_effect is not None and fit.p_value > 1e-12:
        script.check(
            "P value", "fit$pval", fit.p_value, tolerance=100 * tolerance if tolerance >= 0.001 else 10 * tolerance
        )


def _wider_interval(script: Script, fit: PoolResult, data: str) -> None:
    """The Hartung-Knapp interval or the normal one, whichever is wider (metafor has no name for it)."""
    script.add(f"normal <- {pool_call(fit, data, test=r_string('z'))}")
    script.add("wider <- if (normal$ci.ub - normal$ci.lb > fit$ci.ub - fit$ci.lb) normal else fit")
    limits, tolerance = (fit.ci_low, fit.ci_high), TOLERANCE[fit.model]
    script.check("confidence interval", "c(wider$ci.lb, wider$ci.ub)", limits, tolerance=tolerance, unit=fit.std_error)


def _heterogeneity(script: Script, fit: PoolResult, tolerance: float) -> None:
    if fit.model in ("random", "glmm") and fit.tau2_method is not None:
        typical = float((fit.effects.std_error**2).min())
        script.check("tau2", "fit$tau2", fit.tau2, tolerance=tolerance, unit=typical)
        if fit.model == "random" and fit.options.get("q_center") != "MH":
            script.check("standard error of tau2", "fit$se.tau2", fit.tau2_std_error, tolerance=10 * tolerance)
            script.check("I2 from tau2", "fit$I2", fit.i2_tau2, tolerance=10 * tolerance, unit=1.0)
    if fit.options.get("q_center") == "MH" or fit.options.get("glmm") == "UM.RS":
        return  # checked above; lme4 cannot fit the saturated model of UM.RS
    q = "fit$QE.Wld" if fit.model == "glmm" else "fit$QE"
    script.check("Q", q, fit.q, tolerance=tolerance, unit=1.0)
    if fit.q_p_value > 1e-12:
        p = "fit$QEp.Wld" if fit.model == "glmm" else "fit$QEp"
        script.check("P value of Q", p, fit.q_p_value, tolerance=10 * tolerance)


def _tau2_interval(script: Script, fit: PoolResult) -> None:
    """Q-profile, profile-likelihood and generalised-Q limits; R's search is told to be as strict as ours."""
    kind = fit.tau2_ci_method
    known = fit.tau2_method == "given" or fit.options.get("q_center") == "MH"
    if (
        kind not in ("QP", "PL", "GENQ")
        or fit.model != "random"
        or known
        or (fit.tau2_method == "GENQ") != (kind == "GENQ")
    ):
        return
    if not (math.isfinite(fit.tau2_ci_high) and fit.tau2_ci_high > 0):
        return
    control = f"control = list(tol = 1e-12, maxiter = 100000, tau2.max = {10.0 * max(fit.tau2_ci_high, fit.tau2):.3g})"
    inner = Script("")
    inner.add(f"limits <- confint(fit, type = {r_string(kind)}, {control})")
    unit = float((fit.effects.std_error**2).min())
    inner.check("interval of tau2", "limits$random[1, c(2, 3)]", fit.tau2_interval, tolerance=1e-5, unit=unit)
    if kind == "GENQ":
        inner.lines = ['if (requireNamespace("CompQuadForm", quietly = TRUE)) {', *inner.lines, "}"]
    script.add(*inner.lines)


# rule -> (does it take the Hartung-Knapp standard error, degrees of freedom lost or None for normal quantiles)
RULES = {"S": (False, None), "V": (False, 1), "HTS": (False, 2), "HK": (True, 1), "HK-PR": (True, 2)}


def _prediction(script: Script, fit: PoolResult, data: str, tolerance: float) -> None:
    if fit.pi_method is None or not math.isfinite(fit.pi_low):
        return
    knapp, lost = RULES[fit.pi_method]
    tail = r_number(0.5 + fit.ci_level / 2)
    quantile = f"qnorm({tail})" if lost is None else f"qt({tail}, {fit.k - lost})"
    script.comment(f"prediction interval, rule {fit.pi_method}")
    if fit.model == "glmm":
        error = "fit$se"
        tolerance = 0.02 if fit.options.get("glmm") == "UM.RS" else tolerance
    else:
        error = _inverse_variance_error(fit, data)
        if knapp:
            script.add(f"w_pi <- 1 / ({data}$sei^2 + fit$tau2)")
            factor = f"sum(w_pi * ({data}$yi - weighted.mean({data}$yi, w_pi))^2) / {fit.k - 1}"
            error = f"{error} * sqrt({f'max(1, {factor})' if fit.ci_method == 'HK-adhoc' else factor})"
    script.add(f"half <- {quantile} * sqrt(fit$tau2 + ({error})^2)")
    limits = "as.numeric(coef(fit)) + c(-half, half)"
    script.check("prediction interval", limits, (fit.pi_low, fit.pi_high), tolerance=tolerance, unit=fit.std_error)


def _inverse_variance_error(fit: PoolResult, data: str) -> str:
    """The standard error of the mean under the model, without Hartung-Knapp's factor."""
    weights = fit.options.get("weights")
    if weights == "equal":
        return f"sqrt(sum({data}$sei^2 + fit$tau2)) / {fit.k}"
    if weights == "given" or fit.tau2_method == "GENQ":
        w = f"{data}$w" if weights == "given" else f"(1 / {data}$sei^2)"
        return f"sqrt(sum({w}^2 * ({data}$sei^2 + fit$tau2))) / sum({w})"
    return f"sqrt(1 / sum(1 / ({data}$sei^2 + fit$tau2)))"
