"""Cox models of a cohort: from a frame and a formula to the fitted result, with every reason why there may be none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ostealgia.cohort.cox_result import CoxResult
from ostealgia.cohort.survival_data import Ask, SurvivalRows, need_events, survival_rows
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.cox import CoxFit, cox_fit, state_at
from ostealgia.numerics.cox_data import CoxData, cox_data
from ostealgia.numerics.cox_exact import cox_exact_fit
from ostealgia.numerics.cox_firth import cox_firth_fit
from ostealgia.numerics.cox_residuals import dfbeta, robust_variance
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula import Formula, Variable, parse_formula
from ostealgia.tables.formula_design import Recipe, described, recipe_of, refuse_words_among_numbers

FITS = {"efron": cox_fit, "breslow": cox_fit, "exact": cox_exact_fit}
MOST_EXACT = 2e7  # rows x tied deaths x coefficients squared
CLOSE = 1e-6  # largest scaled gradient of a fit that counts as converged


def formula_of(terms: str | Sequence[str] | Formula) -> Formula:
    """A formula from text, from a list of columns, or as it is; its intercept is the baseline hazard and gets no column.

    >>> str(formula_of(["arm", "age"]))
    '~ arm + age'
    """
    if isinstance(terms, (str, Formula)):
        parsed = parse_formula(terms)
        if not parsed.intercept:
            raise OptionError(
                "a Cox model has no intercept to leave out (the baseline hazard stands for it); drop '- 1'."
            )
        return parsed
    return Formula(True, tuple((Variable("column", name),) for name in dict.fromkeys(terms)))


def design_of(rows: SurvivalRows, formula: Formula, levels: Mapping[str, Sequence[str]]) -> tuple[Recipe, Any]:
    """The recipe and the columns (n, p) without the constant. Messages name the column, never a patient's value."""
    refuse_words_among_numbers(formula, rows.columns, levels)
    try:
        recipe = recipe_of(
            formula, rows.columns, {name: order for name, order in levels.items() if name in rows.columns}
        )
        return recipe, recipe.matrix(rows.columns, rows.n)[:, 1:]
    except TableError as error:
        raise TableError(error.problem, column=error.column, expected=error.expected, action=error.action) from None


def cox(
    frame: Any,
    *,
    time: str,
    event: str,
    terms: str | Sequence[str] | Formula,
    start: str | None = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    ties: str = "efron",
    robust: bool | None = None,
    firth: bool = False,
    level: float = 0.95,
    event_value: object = None,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> CoxResult:
    """By how much does each term multiply the hazard of the event?

    frame : one row a patient, or with ``start`` one row an interval (start, time] of a patient, for values that change over time.
    time, event, event_value : as in ``kaplan_meier``.  terms : a formula ("arm + ns(age, 3)") or a list of columns; text columns are
    factors whose first level, or the first of ``levels``, is the reference.  strata : columns with a baseline hazard for each combination.
    weights : positive.  cluster : the patient, where one has several rows that are not intervals.  ties : "efron", "breslow" or "exact".
    robust : sandwich standard errors; by default with weights or clusters.  firth : penalised likelihood, where an arm has no event
    (Heinze & Schemper 2001, doi:10.1111/j.0006-341X.2001.00114.x).
    Maximises the partial likelihood; a hazard ratio is one number only while hazards are proportional (``fit.proportional_hazards()``).
    Not for a value known only later as if known from the start (see ``immortal_time``), nor, with another event competing, for absolute
    risk.  Raises TableError where a term carries no information or has no finite estimate.
    Source: Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x; Efron 1977, doi:10.1080/01621459.1977.10480613; Lin & Wei 1989,
    doi:10.1080/01621459.1989.10478874 (robust).

    >>> data = {"t": [1, 2, 3, 4, 5, 6], "d": [1, 1, 0, 1, 1, 1], "arm": list("ababab")}
    >>> fit = cox(data, time="t", event="d", terms="arm")
    >>> fit.names, round(float(fit.estimate[0]), 4)
    (('armb',), -0.2739)
    """
    one_of("ties", ties, FITS)
    level = confidence_level(level)
    formula = formula_of(terms)
    ask = Ask(
        time=time, event=event, start=start, strata=strata, weights=weights, cluster=cluster, formula=formula.columns,
        event_value=event_value, levels=levels or {},
    )  # fmt: skip
    rows = survival_rows(frame, ask)
    need_events(rows, event)
    recipe, x = design_of(rows, formula, levels or {})
    return cox_of(rows, recipe, x, ask, ties=ties, robust=robust, firth=firth, level=level)


def cox_of(
    rows: SurvivalRows,
    recipe: Recipe,
    x: Any,
    ask: Ask,
    *,
    ties: str,
    robust: bool | None,
    level: float,
    firth: bool = False,
) -> CoxResult:
    """Fit the rows and put the result together."""
    names = recipe.names[1:]
    weight = np.ones(rows.n) if rows.weight is None else rows.weight
    data = cox_data(rows.time, rows.event, x, weight=weight, stratum=rows.stratum.codes, start=rows.start, ties=ties)
    _check_exact(data, rows, ties)
    if firth and (ties == "exact" or rows.weight is not None):
        raise OptionError("firth=True goes with ties='efron' or 'breslow' and without weights.")
    fit = cox_firth_fit(data) if firth else FITS[ties](data)
    _check_information(fit, names)
    _check_finite(fit, names)
    wanted = (rows.weight is not None or rows.cluster is not None) if robust is None else bool(robust)
    if wanted and ties == "exact":
        raise OptionError("robust standard errors cannot be had with ties='exact'; take ties='efron'.")
    vcov = fit.vcov
    if wanted:
        vcov = robust_variance(dfbeta(data, state_at(data, fit.scaled_beta), fit.vcov), weight, rows.cluster)
    converged = fit.converged and fit.gradient < CLOSE
    return CoxResult(
        names=names, estimate=fit.beta, vcov=vcov, ci_level=level, ratio="hazard ratio", n=rows.n, events=rows.events,
        converged=converged, gradient=fit.gradient, formula=str(recipe.formula), time=ask.time, event=ask.event,
        strata=rows.stratum.column, ties=ties, robust=wanted, firth=firth, fit=fit, data=data, recipe=recipe, rows=rows,
        excluded=rows.excluded,
        notes=(*rows.notes, *described(recipe), *_notes(rows, data, len(names), converged), *_penalty_note(firth)),
    )  # fmt: skip


def _check_exact(data: CoxData, rows: SurvivalRows, ties: str) -> None:
    if ties != "exact":
        return
    if rows.weight is not None:
        raise OptionError("ties='exact' has no weights; take ties='efron'.")
    deepest = float(data.n_deaths.max())
    passes = float(data.m) if rows.start is not None else 1.0
    if rows.n * deepest * (1 + len(data.x)) ** 2 * passes > MOST_EXACT:
        raise OptionError(
            f"ties='exact' with {rows.n:,} rows and up to {deepest:.0f} events at one time would take too long; take ties='efron'."
        )


def _check_information(fit: CoxFit, names: Sequence[str]) -> None:
    """Raise where columns repeat one another, or do not differ among those at risk."""
    if fit.idle:
        listed = ", ".join(repr(names[j]) for j in fit.idle[:5])
        raise TableError(
            f"{listed} cannot be estimated: the same for all at risk at every event, or made up of the other terms",
            expected="terms that differ within risk sets and do not repeat one another", action="Leave it out, or merge levels",
        )  # fmt: skip


def _check_finite(fit: CoxFit, names: Sequence[str]) -> None:
    """Raise where the likelihood still rises as a coefficient runs away."""
    if fit.endless.any():
        listed = ", ".join(repr(names[j]) for j in np.flatnonzero(fit.endless)[:5])
        raise TableError(
            f"{listed} has no finite hazard ratio: it separates those with the event from those without (as when a group has no event)",
            action="Merge levels, leave the term out, compare with logrank or rmst, or fit with firth=True",
        )  # fmt: skip


def _penalty_note(firth: bool) -> list[str]:
    return (
        ["Firth's penalty: likelihoods are penalised, intervals by Wald are too short where a group has no event"]
        if firth
        else []
    )


def _notes(rows: SurvivalRows, data: CoxData, p: int, converged: bool) -> list[str]:
    notes: list[str] = []
    if p and rows.events < 10 * p:
        notes.append(f"{rows.events} events for {count_of(p, 'coefficient', 'coefficients')}: fewer than 10 for each")
    idle = len(np.unique(rows.stratum.codes)) - len(np.unique(data.event_stratum))
    if rows.stratum.column and idle:
        notes.append(f"{count_of(idle, 'stratum has', 'strata have')} no event and add nothing")
    if not converged:
        notes.append("Newton's method did not reach the maximum: the scaled gradient is not near 0")
    return notes
