"""Meta-regression and models of dependent effects in R: rma with a design matrix, rma.mv with random effects."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ostealgia.errors import OptionError
from ostealgia.meta.r_script_effects import write_data
from ostealgia.meta.r_script_text import Script, r_comment, r_number, r_string, r_vector

TESTS = {"z": "z", "t": "t", "HK": "knha", "HK-adhoc": "adhoc"}
CONTROL = "control = list(threshold = 1e-12, tol = 1e-12, maxiter = 100000)"
LIKELIHOOD = 1e-6  # of log-likelihoods; rma.mv stops its search of the components at about 1e-4
SEARCHED = 1e-3


def _design(names: Any, x: Any) -> tuple[dict[str, Any], str]:
    """The design as columns x1, x2, ... and the R code of the matrix."""
    columns = {f"x{j + 1}": np.asarray(x)[:, j] for j in range(len(names))}
    return columns, f"X <- as.matrix(dat[, {r_vector(columns)}, drop = FALSE])"


def write_regression(result: Any) -> Script:
    """A meta-regression on its design matrix: columns as the formula made them, no formula is read in R."""
    fit = result.fit
    script = Script(f"{result.measure}, meta-regression on {result.formula}: {result.k} studies")
    columns, matrix = _design(fit.names, fit.x)
    own = fit.moment_weights is not None or "weights" in result.options
    write_data(script, result.effects, {**columns, **({"w": fit.weights} if own else {})})
    for column, name in zip(columns, fit.names, strict=True):
        script.add(r_comment(f"{column}: {name}"))
    if fit.method == "common":
        method = 'method = "EE"'
    elif fit.method == "given":
        method = f"tau2 = {r_number(fit.tau2)}"
    else:
        method = f"method = {r_string(fit.method)}, {CONTROL}"
    if fit.test not in TESTS or (own and fit.test.startswith("HK")):
        raise OptionError(
            f"ci={fit.test!r}{' with weights' if own else ''} has no counterpart in metafor; no R script is written."
        )
    more = ", weights = w" if own else ""
    tested = f", btt = {r_vector(np.asarray(fit.tested) + 1)}" if len(fit.tested) else ""
    script.add(
        matrix,
        f"fit <- rma(yi = yi, sei = sei, mods = X, intercept = FALSE, data = dat, {method}{more}{tested},",
        f"  test = {r_string(TESTS[fit.test])}, level = {r_number(round(100 * fit.level, 10))})", "print(fit)", "",
    )  # fmt: skip
    _coefficients(script, fit.beta, fit.std_error, fit.ci_low, fit.ci_high, 1e-6)
    typical = float(np.min(fit.v))
    if fit.method not in ("common", "given"):
        script.check("residual tau2", "fit$tau2", fit.tau2, unit=typical)
        script.check("I2 from tau2", "fit$I2", fit.i2_tau2, tolerance=1e-5, unit=1.0)
    script.check("residual Q", "fit$QE", fit.q, unit=1.0)
    if len(fit.tested):
        script.check("omnibus statistic", "fit$QM", fit.omnibus.statistic, tolerance=1e-5, unit=1.0)
        if fit.omnibus.p_value > 1e-12:
            script.check("omnibus P value", "fit$QMp", fit.omnibus.p_value, tolerance=1e-4)
    return script


def _coefficients(script: Script, beta: Any, std_error: Any, low: Any, high: Any, tolerance: float) -> None:
    size = float(np.min(std_error))
    script.check("coefficients", "as.numeric(coef(fit))", beta, tolerance=tolerance, unit=size)
    script.check("standard errors", "fit$se", std_error, tolerance=tolerance)
    script.check("lower limits", "fit$ci.lb", low, tolerance=tolerance, unit=size)
    script.check("upper limits", "fit$ci.ub", high, tolerance=tolerance, unit=size)


def write_multilevel(result: Any) -> Script:
    """A multilevel or multivariate model: sampling covariance, random effects and design as they were fitted."""
    x, known = result.design, result.problem.known.scaled(result.problem.unit**2)
    script = Script(f"{result.measure}, {result.model} model: {result.k} effects")
    columns, matrix = _design(result.names, x)
    random, structures, units = _random(result)
    write_data(script, result.effects, {**columns, **units})
    for column, name in zip(columns, result.names, strict=True):
        script.add(r_comment(f"{column}: {name}"))
    script.add(matrix, *_covariance(known))
    struct = f", struct = {r_vector(structures)}" if structures else ""
    script.add(
        f"fit <- rma.mv(yi, V, mods = X, intercept = FALSE, data = dat, random = list({', '.join(random)}){struct},",
        f"  method = {r_string(result.method)}, test = {r_string(result.ci_method)}, level = {r_number(round(100 * result.ci_level, 10))},",
        '  control = list(optimizer = "nlminb", rel.tol = 1e-10, iter.max = 10000, eval.max = 10000))', "print(fit)", "",
    )  # fmt: skip
    script.check("log-likelihood", "logLik(fit)", result.loglik, tolerance=LIKELIHOOD, unit=1.0)
    found = result.coefficients
    _coefficients(script, found.estimate, found.std_error, found.ci_low, found.ci_high, SEARCHED)
    _components(script, result)
    script.check("residual Q", "fit$QE", result.q, unit=1.0)
    return script


def _covariance(known: Any) -> list[str]:
    lines = ["V <- diag(dat$sei^2)"]
    for index, block in known.blocks:
        rows = r_vector(np.asarray(index) + 1)
        lines.append(f"V[{rows}, {rows}] <- matrix({r_vector(np.asarray(block).ravel())}, {len(index)})")
    return lines


def _random(result: Any) -> tuple[list[str], list[str], dict[str, Any]]:
    """The formulas of the random effects, their structures, and the columns g1, l1, ... that they use."""
    random: list[str] = []
    structures: list[str] = []
    units: dict[str, Any] = {}
    for i, (term, component) in enumerate(zip(result.problem.terms, result.components, strict=True), start=1):
        units[f"g{i}"] = [f"u{code}" for code in term.group]
        if component.structure is None or term.m == 1:
            random.append(f"~ 1 | g{i}")
            continue
        if component.structure not in ("CS", "HCS", "UN", "AR", "HAR", "ID", "DIAG", "CAR"):
            raise OptionError(
                f"structure={component.structure!r} has no counterpart in metafor; no R script is written."
            )
        units[f"l{i}"] = (
            term.times[term.level] if component.structure == "CAR" else [f"m{code:03d}" for code in term.level]
        )
        random.append(f"~ l{i} | g{i}")
        structures.append(component.structure)
    if len(structures) > 2:
        raise OptionError("rma.mv takes two structured random effects at most; no R script is written.")
    return random, structures, units


def _components(script: Script, result: Any) -> None:
    """Variances of the intercepts (sigma2), of the first structure (tau2, rho) and of the second (gamma2, phi)."""
    typical = float(np.min(result.effects.std_error**2))
    plain = [
        one
        for one, term in zip(result.components, result.problem.terms, strict=True)
        if one.structure is None or term.m == 1
    ]
    if plain:
        values = [float(one.tau2[0]) for one in plain]
        script.check("variance components", "fit$sigma2", values, tolerance=SEARCHED, unit=typical)
    structured = [
        one
        for one, term in zip(result.components, result.problem.terms, strict=True)
        if one not in plain and term.m > 1
    ]
    for one, (variance, correlation) in zip(structured, (("tau2", "rho"), ("gamma2", "phi")), strict=False):
        script.check(f"variances of {one.name}", f"fit${variance}", one.tau2, tolerance=SEARCHED, unit=typical)
        within = [value for value in np.asarray(one.rho, dtype=float) if abs(value) < 0.999 and math.isfinite(value)]
        if len(within) == len(one.rho) and within and one.structure not in ("ID", "DIAG", "CAR"):
            script.check(f"correlations of {one.name}", f"fit${correlation}", one.rho, tolerance=5e-3, unit=1.0)
