"""Sets of pooled results in R: subgroups, leave-one-out, cumulative."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.meta.r_script_effects import write_data
from ostealgia.meta.r_script_pool import TESTS, TOLERANCE, pool_block, pool_call
from ostealgia.meta.r_script_text import Script, r_comment, r_string, r_vector
from ostealgia.meta.sensitivity import SensitivityResult
from ostealgia.meta.subgroups import SubgroupResult
from ostealgia.meta.text import method_line


def write_subgroups(result: SubgroupResult) -> Script:
    """Each subgroup's pool, then the test between them."""
    whole = result.overall
    script = Script(
        f"{whole.measure} by {result.by}: {method_line(whole)}, {'one tau2' if result.tau2_common else 'a tau2 each'}"
    )
    member = {study: label for label, fit in result.groups.items() for study in fit.effects.study}
    write_data(script, whole.effects, {"group": [member.get(study) for study in whole.effects.study]})
    if result.tau2_common:
        _common_tau2(script, result)
    for label, fit in result.groups.items():
        script.add("", r_comment(f"--- subgroup {label}"), f"part <- dat[which(dat$group == {r_string(label)}), ]")
        pool_block(script, fit, "part")
    script.add("", r_comment("--- between subgroups"))
    fits = list(result.groups.values())
    script.add(
        f"estimate <- {r_vector(fit.estimate for fit in fits)}",
        f"std_error <- {r_vector(fit.std_error for fit in fits)}",
    )
    script.add("centre <- sum(estimate / std_error^2) / sum(1 / std_error^2)")
    script.add("q_between <- sum((estimate - centre)^2 / std_error^2)")
    script.check("Q between subgroups", "q_between", result.q_between, tolerance=1e-8, unit=1.0)
    found = "pchisq(q_between, length(estimate) - 1, lower.tail = FALSE)"
    script.check("P value between subgroups", found, result.q_between_p_value, tolerance=1e-7)
    script.add("", r_comment("--- all studies"))
    pool_block(script, whole, "dat")
    return script


def _common_tau2(script: Script, result: SubgroupResult) -> None:
    """One tau2 with a mean for each subgroup: the residual tau2 of a regression on the subgroups."""
    fit = next(iter(result.groups.values()))
    method = (fit.tau2_method or "REML").partition(",")[0]
    control = "control = list(threshold = 1e-12, tol = 1e-12, maxiter = 100000)"
    script.add(
        f"joint <- rma(yi = yi, sei = sei, mods = ~ 0 + group, data = dat[!is.na(dat$group), ], method = {r_string(method)}, {control})"
    )
    script.check("tau2 common to the subgroups", "joint$tau2", fit.tau2, unit=float((fit.effects.std_error**2).min()))


def write_sensitivity(result: SensitivityResult) -> Script:
    """Every refit in one loop: estimates and intervals."""
    fit = result.original
    word = "without each study in turn" if result.kind == "leave-one-out" else "study after study"
    script = Script(f"{fit.measure} {word}: {method_line(fit)}")
    write_data(script, fit.effects)
    rows = _rows(result)
    template = max(result.fits, key=lambda one: one.k)
    tests = [TESTS[one.ci_method] for one in result.fits]
    script.add(f"rows <- list({', '.join(r_vector(row + 1) for row in rows)})")
    script.add(f"test <- {r_vector(tests)}")
    script.add(
        "one <- function(i) {", "  part <- dat[rows[[i]], ]", "  if (nrow(part) == 1) return(c(part$yi, NA, NA, NA))"
    )
    script.add(f"  fit <- {pool_call(template, 'part', test='test[i]')}")
    script.add(f"  c(coef(fit), fit$ci.lb, fit$ci.ub, {'fit$tau2' if fit.model in ('random', 'glmm') else 'NA'})", "}")
    script.add("found <- sapply(seq_along(rows), one)", "print(t(found))")
    _check_rows(script, result)
    return script


def _rows(result: SensitivityResult) -> list[Any]:
    place = {study: i for i, study in enumerate(result.original.effects.study)}
    return [np.array([place[study] for study in one.effects.study]) for one in result.fits]


def _check_rows(script: Script, result: SensitivityResult) -> None:
    fits, tolerance = result.fits, TOLERANCE[result.original.model]
    several = [i for i, fit in enumerate(fits) if fit.k > 1]
    index = r_vector(i + 1 for i in several)
    size = min(fits[i].std_error for i in several)
    script.add("", f"several <- {index}")
    for what, row, name in (
        ("estimates", 1, "estimate"),
        ("lower limits", 2, "ci_low"),
        ("upper limits", 3, "ci_high"),
    ):
        script.check(
            what, f"found[{row}, several]", [getattr(fits[i], name) for i in several], tolerance=tolerance, unit=size
        )
    if result.original.model in ("random", "glmm"):
        typical = float((result.original.effects.std_error**2).min())
        script.check("tau2", "found[4, several]", [fits[i].tau2 for i in several], tolerance=tolerance, unit=typical)
