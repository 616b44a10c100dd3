"""Meta-regression: do effects differ with a characteristic of the studies?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.meta.coerce import as_effects
from ostealgia.meta.pooling import _positive
from ostealgia.meta.regression_result import RegressionResult
from ostealgia.numerics.pooling import PREDICTION, quantile
from ostealgia.numerics.regression import TESTS, Regression, fit_regression
from ostealgia.numerics.tau2 import TAU2
from ostealgia.numerics.tau2_interval import empty_note
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula import Formula, parse_formula
from ostealgia.tables.formula_design import Recipe, described, missing_in, recipe_of, take_columns
from ostealgia.tables.result import Excluded

FEW = 10  # studies a coefficient (Cochrane Handbook, section 10.11.4)
MODELS = ("random", "common")


def regress(
    effects: Any,
    formula: str | Formula,
    *,
    measure: str | None = None,
    model: str = "random",
    tau2: str = "REML",
    ci: str = "auto",
    pi: str = "V",
    level: float = 0.95,
    tau2_value: float | None = None,
) -> RegressionResult:
    """Regress effects on characteristics of the studies (mixed-effects meta-regression).

    effects : as for ``pool``; the columns of the formula are those kept with the effects, and ``n``, ``std_error``, ``variance``.
    formula : "~ year + factor(design)": columns, factor(), ns(x, df), I(x^2), "+", ":", "*", "- 1"; text columns are factors; the first
    level is the reference. Nothing is evaluated.
    model : "random", or "common" for tau2 = 0.  tau2 : estimator of the residual variance between studies.
    ci : "auto" (Knapp-Hartung, t with k - p df; z where tau2 = 0, and a note says so), "z", "t", "HK", "HK-adhoc".
    pi : of predictions: "V" (t, k - p df), "HTS" (t, k - p - 1 df), "S" (normal), "HK", "HK-PR" (Knapp-Hartung standard errors), "none".
    level : confidence level.  tau2_value : a known residual tau2.
    Returns a RegressionResult; studies without a moderator are excluded by name. Raises OptionError, TableError, ConvergenceError.
    Not for individual patients' characteristics: a relation between study means need not hold for patients (ecological bias).
    Sources: Thompson & Higgins 2002, doi:10.1002/sim.1187; Knapp & Hartung 2003, doi:10.1002/sim.1482.

    >>> data = {"estimate": [0.1, 0.3, 0.5, 0.8], "std_error": [0.1, 0.1, 0.1, 0.1], "dose_gy": [8, 16, 24, 32]}
    >>> fit = regress(data, "~ dose_gy")
    >>> fit.names, round(float(fit.estimate[1]), 5)
    (('intercept', 'dose_gy'), 0.02875)
    """
    one_of("model", model, MODELS)
    one_of("tau2", tau2, TAU2)
    one_of("ci", ci, ("auto", *TESTS))
    one_of("pi", pi, (*PREDICTION, "none"))
    confidence_level(level)
    parsed = parse_formula(formula)
    data = _positive(as_effects(effects, measure))
    columns = take_columns(parsed, offered_columns(data))
    data, columns = _complete(data, columns)
    recipe = recipe_of(parsed, columns)
    x = recipe.matrix(columns, data.k)
    if data.k < len(recipe.names):
        raise OptionError(
            f"{len(recipe.names)} coefficients need at least as many studies; there are {data.k}. Use fewer moderators."
        )
    method = "common" if model == "common" else tau2
    notes = [*data.notes, *described(recipe)]
    fit = _fit(data, x, recipe, method, ci, level, tau2_value, notes)
    _remarks(fit, recipe, notes, level)
    if model == "random" and tau2_value is None and (note := empty_note(fit.q, fit.q_df, "QP", level)):
        notes.append(f"residual: {note}")
    return RegressionResult(
        measure=data.measure, formula=str(parsed), model=model,
        tau2_method=None if model == "common" else "given" if tau2_value is not None else tau2,
        ci_method=fit.test, pi_method=None if pi == "none" or model == "common" else pi, ci_level=level, k=data.k,
        n=float(np.nansum(data.n)) if np.isfinite(data.n).any() else math.nan, fit=fit, recipe=recipe, effects=data,
        moderators=columns, options={**data.options, "ci": ci}, excluded=data.excluded, notes=tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def offered_columns(data: EffectSizes) -> dict[str, Any]:
    """What a formula may name: the columns kept with the effects, n, std_error and variance."""
    offered: dict[str, Any] = {name: np.asarray(values) for name, values in data.columns.items()}
    for name, values in (("n", data.n), ("std_error", data.std_error), ("variance", data.variance)):
        offered.setdefault(name, values)
    return offered


def _complete(data: EffectSizes, columns: Mapping[str, Any]) -> tuple[EffectSizes, dict[str, Any]]:
    """The studies with a value of every moderator; the others are excluded by name."""
    absent = missing_in(columns)
    if not any(absent):
        return data, dict(columns)
    keep = np.array([not name for name in absent])
    if not keep.any():
        raise TableError("no study has a value of every moderator", column=absent[0], expected="a value in some rows")
    left = tuple(
        Excluded(
            study=data.study[i], reason=f"no value of moderator {absent[i]!r}", row=data.rows[i] if data.rows else None
        )
        for i in np.flatnonzero(~keep)
    )
    kept = data.take(keep)
    fields = {name: getattr(kept, name) for name in kept.__dataclass_fields__}
    return (
        EffectSizes(**{**fields, "excluded": (*kept.excluded, *left)}),
        {name: np.asarray(values)[keep] for name, values in columns.items()},
    )


def _fit(
    data: EffectSizes, x: Any, recipe: Recipe, method: str, ci: str, level: float, known: float | None, notes: list[str]
) -> Regression:
    """The fit, with the interval that "auto" stands for."""
    slopes = [j for j, owner in enumerate(recipe.term_of) if owner >= 0]
    options: dict[str, Any] = {"level": level, "names": recipe.names, "tested": slopes or [0], "tau2": known}
    y, v = data.estimate, data.variance
    if ci != "auto":
        return fit_regression(y, v, x, method, test=ci, **options)
    if method == "common":
        return fit_regression(y, v, x, method, test="z", **options)
    fit = fit_regression(y, v, x, method, test="HK", **options)
    if fit.q_df < 1 or fit.tau2 == 0.0:
        why = "there are as many coefficients as studies" if fit.q_df < 1 else "tau2 = 0"
        notes.append(f"intervals by z, not Knapp-Hartung, because {why} (ci='auto')")
        return fit_regression(y, v, x, method, test="z", **options)
    return fit


def _remarks(fit: Regression, recipe: Recipe, notes: list[str], level: float) -> None:
    slopes = sum(1 for owner in recipe.term_of if owner >= 0)
    if slopes and fit.k < FEW * slopes:
        notes.append(
            f"{fit.k} studies for {slopes} moderator coefficient{'s' if slopes > 1 else ''}: "
            f"fewer than {FEW} a coefficient, so a relation is easily found or missed by chance"
        )
    if (
        fit.test == "HK"
        and fit.df > 0
        and 0 < quantile(level, fit.df) ** 2 * fit.hk_factor < quantile(level, math.inf) ** 2
    ):
        notes.append(
            "the Knapp-Hartung intervals are narrower than those by z, because the effects vary less than their standard errors say; "
            "ci='HK-adhoc' holds the factor at 1 or more"
        )
    if fit.q_df < 1:
        notes.append("as many coefficients as studies: tau2 cannot be estimated")
