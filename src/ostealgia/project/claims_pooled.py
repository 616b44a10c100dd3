"""Claims about a pooled result: the project's own method, rounding of the inputs, and the grid of methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ostealgia.errors import ProjectError
from ostealgia.numerics.intervals import Printed
from ostealgia.project.analyses import AnalysisRun
from ostealgia.project.claim_base import (
    CANNOT,
    DIFFERS,
    NAN,
    REPRODUCED,
    ROUNDING,
    ClaimResult,
    ClaimVariant,
    Context,
    Triple,
    all_agree,
    in_percent,
    join,
    needed,
    number_text,
    result,
    run_of,
    triple_text,
)
from ostealgia.project.computing import effect_sizes
from ostealgia.project.methods import MethodRow, method_of, row_of
from ostealgia.project.model import CONFIG, ClaimSpec
from ostealgia.project.precision import reach
from ostealgia.project.printed import agrees
from ostealgia.project.select import Selection

POOLED = ("pooled", "estimate")  # two names of one quantity
SEARCHED = (*POOLED, "tau2", "i2", "q", "p", "pi")


def pooled(claim: ClaimSpec, context: Context) -> ClaimResult:
    """A pooled estimate with its interval, or events of all patients added up."""
    run = run_of(claim, context)
    if run.crude is not None:
        return _sum(claim, run)
    if run.fit is None:
        return _not_computed(claim, run)
    return fitted(claim, run)


def fitted(claim: ClaimSpec, run: AnalysisRun) -> ClaimResult:
    """A number of the pool: the project's own method first, then rounding of the inputs, then the grid of methods."""
    fit = run.fit
    if fit is None:
        return _not_computed(claim, run)
    targets = claim.printed
    if not any(targets):
        raise ProjectError(
            f"{CONFIG}, claim {claim.id!r}: quantity = {claim.quantity!r} needs the printed estimate, or ci_low and ci_high."
        )
    row = row_of(method_of(fit), "", fit)
    values = _values(claim, row, run)
    if all(math.isnan(value) for value in values):
        detail = join(
            [f"missing: {claim.missing or f'the method of the analysis gives no {claim.quantity}'}", claim.comment]
        )
        return result(claim, verdict=CANNOT, recomputed="", detail=detail)
    verdict = REPRODUCED if all_agree(targets, values) else DIFFERS
    details = []
    if verdict == DIFFERS and claim.quantity in SEARCHED:
        found = reach(run.selection, lambda selection: _evaluate(claim, run, selection), targets)
        if found is not None:
            verdict = ROUNDING
            details.append(f"rounding of the inputs gives it: {found.text}")
    matching, tried, told = _methods(claim, run, targets)
    details += [told, claim.comment]
    return result(
        claim, verdict=verdict, recomputed=triple_text(claim, values), detail=join(details), numbers=values,
        methods_matching=matching, methods_tried=tried, variants=_variants(claim, run, targets),
    )  # fmt: skip


def _evaluate(claim: ClaimSpec, run: AnalysisRun, selection: Selection) -> Triple:
    """The numbers of a claim for other inputs, by the analysis's own method."""
    from ostealgia.meta.pooling import pool
    from ostealgia.meta.sensitivity import refit_options

    fit = run.fit
    assert fit is not None  # the caller checked
    effects = effect_sizes(run.spec, selection)
    options = {**refit_options(fit), **run.spec.options}
    return _values(claim, row_of(method_of(fit), "", pool(effects, **options)), run)


def _values(claim: ClaimSpec, row: MethodRow, run: AnalysisRun) -> Triple:
    """Estimate and limits in the unit of the claim."""
    factor = 100.0 if in_percent(claim, run) else 1.0
    if claim.quantity in POOLED:
        return row.estimate * factor, row.ci_low * factor, row.ci_high * factor
    if claim.quantity == "i2":
        estimate = claim.printed[0]
        both = [value for value in (row.i2_q, row.i2_tau2) if not math.isnan(value)]
        match = next((value for value in both if estimate is not None and agrees(estimate, value)), None)
        return match if match is not None else (both[0] if both else NAN), NAN, NAN
    if claim.quantity == "pi":
        return NAN, row.pi_low * factor, row.pi_high * factor
    return {"q": row.q, "p": row.p_value, "tau2": row.tau2}[claim.quantity], NAN, NAN


def _methods(
    claim: ClaimSpec, run: AnalysisRun, targets: Sequence[Printed | None]
) -> tuple[int | None, int | None, str]:
    """How many of the usual methods give the printed numbers, and what that means."""
    if claim.quantity not in (*POOLED, "tau2", "i2"):
        return None, None, ""
    rows = _grid_rows(claim, run)
    if not rows:
        return None, None, ""
    matching = [row for row in rows if all_agree(targets, _values(claim, row, run))]
    count, tried = len(matching), len(rows)
    if not matching:
        told = f"none of {tried} methods gives the printed numbers from the typed inputs"
    elif count == 1:
        told = f"one of {tried} methods gives the printed numbers: {matching[0].label}"
    else:
        named = "; ".join(row.label for row in matching[:3]) + ("; ..." if count > 3 else "")
        told = f"{count} of {tried} methods give the printed numbers, so none is confirmed ({named})"
    return count, tried, told


def _grid_rows(claim: ClaimSpec, run: AnalysisRun) -> list[MethodRow]:
    """Methods that can differ in this quantity: tau2 and I2 do not depend on the interval, and need a random effect."""
    rows = [row for row in run.grid if not row.note]
    if claim.quantity in POOLED:
        return rows
    if claim.quantity == "tau2":
        return [
            row for row in rows if row.method.model == "glmm" or (row.method.model == "random" and row.method.ci == "z")
        ]
    return [row for row in rows if row.method.model in ("random", "glmm") and row.method.ci == "z"]


def _variants(claim: ClaimSpec, run: AnalysisRun, targets: Sequence[Printed | None]) -> tuple[ClaimVariant, ...]:
    found = []
    for variant in run.variants:
        if claim.quantity not in POOLED:
            continue
        if variant.fit is None:
            found.append(ClaimVariant(variant.title, variant.problem))
            continue
        values = _values(claim, row_of(method_of(variant.fit), "", variant.fit), run)
        verdict = "same digits" if all_agree(targets, values) else "other digits"
        found.append(ClaimVariant(variant.title, triple_text(claim, values), verdict))
    return tuple(found)


def _not_computed(claim: ClaimSpec, run: AnalysisRun) -> ClaimResult:
    """No result: what is missing, and what the stated assumptions would give."""
    targets = claim.printed
    variants = _variants(claim, run, targets)
    details = [f"missing: {claim.missing or run.problem or 'the analysis is not pooled'}"]
    recomputed = ""
    if variants:
        same = [variant for variant in variants if variant.verdict == "same digits"]
        recomputed = f"{len(variants)} assumptions below"
        details.append(
            f"{len(same)} of {len(variants)} assumptions give the printed digits"
            + (", so none is confirmed" if len(same) > 1 else "")
        )
    details.append(claim.comment)
    return result(claim, verdict=CANNOT, recomputed=recomputed, detail=join(details), variants=variants)


def _sum(claim: ClaimSpec, run: AnalysisRun) -> ClaimResult:
    """Events of all patients: the count and its denominator."""
    crude = run.crude
    assert crude is not None  # the caller checked
    factor = 100.0 if in_percent(claim, run) else 1.0
    values = (crude.estimate * factor, *(limit * factor for limit in crude.interval))
    targets = claim.printed
    verdict = REPRODUCED if all_agree(targets, values) else DIFFERS
    text = f"{number_text(claim, values[0], 1)} ({crude.events:,.0f} of {crude.n:,.0f} in {crude.k} studies)"
    return result(claim, verdict=verdict, recomputed=text, detail=claim.comment, numbers=values)


def count(claim: ClaimSpec, context: Context) -> ClaimResult:
    """How many studies (k) or patients (n) an analysis has."""
    run = run_of(claim, context)
    if run.crude is None and run.fit is None:
        if run.variants and run.variants[0].fit is not None:
            value = float(run.variants[0].fit.k if claim.quantity == "k" else run.variants[0].fit.n)
        else:
            return _not_computed(claim, run)
    else:
        source: Any = run.crude or run.fit
        value = float(getattr(source, claim.quantity))
    estimate = needed(claim, "estimate")
    what = "studies" if claim.quantity == "k" else "patients"
    verdict = REPRODUCED if agrees(estimate, value) else DIFFERS
    return result(
        claim, verdict=verdict, recomputed=f"{value:,.0f} {what}", detail=claim.comment, numbers=(value, NAN, NAN),
        published=f"{estimate.value:,.0f} {what}",
    )  # fmt: skip
