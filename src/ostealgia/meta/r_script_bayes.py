"""A Bayesian pool in R, by the package bayesmeta."""

from __future__ import annotations

from ostealgia.errors import OptionError
from ostealgia.meta.bayes_result import BayesResult
from ostealgia.meta.r_script_effects import write_data
from ostealgia.meta.r_script_text import Script, r_number, r_string

# our prior -> R code, with the values of its parameters
PRIORS = {
    "half-normal": "function(t) dhalfnormal(t, scale = {0})",
    "half-Cauchy": "function(t) dhalfcauchy(t, scale = {0})",
    "half-t": "function(t) dhalft(t, scale = {0}, df = {1})",
    "log-normal": "function(t) dlnorm(t, meanlog = {0}, sdlog = {1})",
    "log-t": "function(t) dt((log(t) - {0}) / {1}, df = {2}) / ({1} * t)",
    "Jeffreys": '"Jeffreys"',
}


def write_bayes(fit: BayesResult) -> Script:
    """The script of one Bayesian pool. bayesmeta replaces the integral over tau by a grid whose error delta bounds: 1e-3 is asked of it
    for the mean and a new study, 1e-5 for tau, where it integrates.
    """
    script = Script(
        f"{fit.measure} ({fit.definition.title}), {fit.k} studies: Bayesian normal-normal model",
        ("metafor", "bayesmeta"),
    )
    write_data(script, fit.effects)
    centre = (
        ""
        if fit.mean_prior is None
        else f", mu.prior = c({r_number(fit.mean_prior[0])}, {r_number(fit.mean_prior[1])})"
    )
    script.add(
        f"fit <- bayesmeta(y = dat$yi, sigma = dat$sei, labels = dat$study, tau.prior = {_prior(fit)}{centre},",
        f"  interval.type = {r_string(fit.interval)}, delta = 1e-4, epsilon = 1e-7, rel.tol.integrate = 1e-9)", "print(fit)", "",
    )  # fmt: skip
    level = f"level = {r_number(fit.ci_level)}"
    kind = f"method = {r_string(fit.interval)}"
    script.check("median of tau", "fit$qposterior(tau.p = 0.5)", fit.tau.median, tolerance=1e-5)
    script.check(
        "interval of tau",
        f"fit$post.interval(tau.{level}, {kind})",
        (fit.tau.ci_low, fit.tau.ci_high),
        tolerance=1e-4,
        unit=fit.tau.median,
    )
    for one, more in ((fit.mean, ""), (fit.prediction, ", predict = TRUE")):
        spread = one.ci_high - one.ci_low
        script.check(
            f"median of {one.parameter}", f"fit$qposterior(mu.p = 0.5{more})", one.median, tolerance=1e-3, unit=spread
        )
        found = f"fit$post.interval(mu.{level}, {kind}{more})"
        script.check(f"interval of {one.parameter}", found, (one.ci_low, one.ci_high), tolerance=1e-3, unit=spread)
    return script


def _prior(fit: BayesResult) -> str:
    prior = fit.tau_prior
    values = [r_number(value) for value in prior.parameters.values()]
    if prior.name == "uniform":
        return f"function(t) dunif(t, 0, {values[0]})" if values else '"uniform"'
    if prior.name not in PRIORS:
        raise OptionError(f"the prior {prior.label} has no counterpart in R's bayesmeta, so no script is written.")
    return PRIORS[prior.name].format(*values)
