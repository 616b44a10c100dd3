"""Linear mixed models of repeated measurements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ostealgia.cohort.mixed_model_data import read_rows, subject_codes, without_values
from ostealgia.cohort.mixed_model_result import MixedModelResult
from ostealgia.display import count_of
from ostealgia.errors import TableError
from ostealgia.numerics.linear_mixed import LinearMixedFit, check_information, fit_linear_mixed
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula import parse_formula
from ostealgia.tables.formula_design import described, recipe_of

METHODS = ("REML", "ML")
DF_METHODS = ("satterthwaite", "kenward-roger", "none")


def mixed_model(
    frame: Any, *, outcome: str, fixed: str, subject: str, random: str = "1", correlated: bool = True, method: str = "REML",
    df: str = "satterthwaite", level: float = 0.95, reference: Mapping[str, str] | None = None, information: str = "expected",
) -> MixedModelResult:  # fmt: skip
    """How an outcome that was measured repeatedly differs between groups and over time: a linear mixed model.

    y_i = X_i beta + Z_i b_i + e_i with b_i ~ N(0, G) for every subject and e_i ~ N(0, sigma^2 I).

    frame : one row a subject and time.  outcome : a column of numbers.  fixed : formula, "arm * factor(week)".  subject : column.
    random : formula of the random effects, "1" (intercept) or "1 + week" (intercept and slope).  correlated : the random effects may be
    correlated.  method : "REML" or "ML" (to compare models with different fixed effects).  df : "satterthwaite", "kenward-roger" (REML
    only; adjusts the standard errors, too), or "none" (normal).  reference : {"arm": "control"}.
    information : of the standard errors, "expected" (as R lmerTest has it) or "observed", which stays right where dropout depends on what
    was seen (Kenward & Molenberghs 1998, doi:10.1214/ss/1028905886); the estimates are the same.

    Returns MixedModelResult. Raises TableError and OptionError; a fit that did not converge, or lies on the boundary, says so in its
    notes. Missing outcomes may depend on what was observed (missing at random); where dropout depends on what was not seen, or death ends
    follow-up, the estimate is of a hypothetical course and needs sensitivity analyses. Not for ordinal or heavily skewed outcomes.
    Source: Laird & Ware 1982, doi:10.2307/2529876; Bates et al. 2015, doi:10.18637/jss.v067.i01; Kuznetsova, Brockhoff & Christensen
    2017, doi:10.18637/jss.v082.i13; Kenward & Roger 1997, doi:10.2307/2533558.

    >>> rows = {"id": [1, 1, 2, 2, 3, 3, 4, 4], "week": [0, 4] * 4, "arm": ["a", "a", "b", "b"] * 2,
    ...         "nrs": [7.0, 5.0, 8.0, 4.5, 6.0, 5.5, 7.5, 3.0]}
    >>> fit = mixed_model(rows, outcome="nrs", fixed="arm * factor(week)", subject="id")
    >>> round(fit.row("armb:factor(week)4")["estimate"], 3)
    -2.75
    """
    one_of("method", method, METHODS)
    one_of("df", df, DF_METHODS)
    check_information(df, information)
    level = confidence_level(level)
    effects = parse_formula(random)
    rows = read_rows(frame, outcome=outcome, fixed=fixed, keys=[subject], others=[effects], reference=reference)
    try:
        recipe = recipe_of(effects, rows.columns, rows.levels)
        z = recipe.matrix(rows.columns, rows.n)
    except TableError as error:
        raise without_values(error) from None
    names, codes = subject_codes(rows.labels[subject])
    fit = fit_linear_mixed(rows.y, rows.design, z, codes, reml=method == "REML", correlated=correlated)
    return MixedModelResult(
        outcome=outcome, formula=str(rows.recipe.formula), names=rows.recipe.names, df_method=df, ci_level=level, n=rows.n,
        inference=fit.inference(df, information), recipe=rows.recipe, columns=rows.columns, residual_variance=fit.sigma2, subject=subject,
        subjects=tuple(names), random_names=recipe.names, correlated=correlated, method=method, fit=fit, excluded=rows.excluded,
        notes=(*described(rows.recipe), *_notes(fit, codes), *information_note(information)),
    )  # fmt: skip


def information_note(information: str) -> list[str]:
    """What to say where the standard errors are not the usual ones."""
    return ["standard errors from the observed information"] if information == "observed" else []


def _notes(fit: LinearMixedFit, codes: Any) -> list[str]:
    notes: list[str] = []
    if not fit.converged:
        notes.append(
            f"the fit did not converge (the deviance may still fall by {fit.decrement:.2g}): do not use it; simplify the random effects"
        )
    if fit.singular:
        notes.append(
            "the covariance of the random effects is on its boundary (a variance of zero or a correlation of 1): the data do not carry "
            "all of them; consider fewer"
        )
    once = int((np.bincount(codes) == 1).sum())
    if once:
        notes.append(
            f"{count_of(once, 'subject has', 'subjects have')} one row only and say nothing of change within a subject"
        )
    return notes
