"""One analysis from its rows to its results: effects, pool, subgroups, sensitivity lines, and what was left out."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ostealgia.display import count_of
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import ConvergenceError, OptionError, ProjectError, TableError
from ostealgia.meta.pooling import pool
from ostealgia.meta.result import PoolResult
from ostealgia.project.computing import effect_sizes
from ostealgia.project.engine import beside, extended
from ostealgia.project.model import CONFIG, AnalysisSpec, Assumption
from ostealgia.project.run_result import AnalysisRun, CrudeSum, Variant
from ostealgia.project.select import Selection, fill, select, why_empty
from ostealgia.project.store import Project, Row
from ostealgia.project.times import plural
from ostealgia.tables.measures import MEASURES
from ostealgia.tables.result import Excluded

__all__ = ["AnalysisRun", "CrudeSum", "Variant", "run_analysis"]
NO_FIT = (ConvergenceError, TableError)  # what keeps an analysis from a result, and not the project from its report
EXPLAINED = 200  # lines of an analysis without any result whose reasons are worked out one by one


def run_analysis(project: Project, spec: AnalysisSpec, flagged: Mapping[int, str]) -> AnalysisRun:
    """Everything about one analysis. flagged : rows of ``results.csv`` with a number that cannot be right.

    An impossible row is left out by name; an analysis without rows has a ``problem`` instead of a result. Raises ProjectError for an
    option that does not exist.
    """
    if spec.kind == "network":
        from ostealgia.project.networks import run_network

        return run_network(project, spec)
    selection = select(project, spec)
    if not selection.k:
        problem = why_empty(project, spec) if not selection.excluded else "every row was left out"
        return AnalysisRun(spec, selection, excluded=selection.excluded, notes=selection.notes, problem=problem)
    effects, problem, left = _effects(spec, selection)
    excluded = (*selection.excluded, *left)
    run = AnalysisRun(
        spec, selection, effects=effects, excluded=excluded, notes=selection.notes, problem=problem,
        sources=dict(zip(selection.rows, selection.sources, strict=True)),
    )  # fmt: skip
    run = replace(run, variants=tuple(_assumed(project, spec, selection, item) for item in spec.assume))
    if effects is None:
        return run
    finish = {"sum": _summed, "list": lambda run: run}.get(spec.model or "", _pooled)
    if not (spec.trajectory and not spec.time):  # a pool over all times would answer no question
        run = finish(run)
    if run.fit is not None:
        run = _with_sensitivity(project, run, flagged)
    return extended(project, run)


def _effects(spec: AnalysisSpec, selection: Selection) -> tuple[EffectSizes | None, str, tuple[Excluded, ...]]:
    """Effect sizes of the rows; a row that cannot be is left out by name, with the reason."""
    try:
        effects = effect_sizes(spec, selection)
    except OptionError as error:
        raise ProjectError(f"{CONFIG}, analysis {spec.id!r}: {error}") from None
    except TableError as error:
        left = tuple(
            Excluded(study=study, reason=_reason(spec, selection, i) or error.problem, row=selection.rows[i])
            for i, study in enumerate(selection.columns["study"])
        )
        reasons = Counter(item.reason for item in left).most_common(2)
        told = "; ".join(f"{reason} in {count_of(count, 'study', 'studies')}" for reason, count in reasons)
        return None, f"no study can be used: {told}", left
    left = tuple(replace(item, reason=_in_words(spec, item.reason)) for item in effects.excluded)
    if spec.baseline and "n_1" in effects.columns:  # the same patients at two times: counted once
        effects = replace(effects, n=np.asarray(effects.columns["n_1"], dtype=float))
    return replace(effects, excluded=left), "", left


def _reason(spec: AnalysisSpec, selection: Selection, index: int) -> str:
    """Why one line cannot be used: its empty cells, or what the effect of this line alone is refused for."""
    empty = _empty_cells(spec, selection, index)
    if empty or index >= EXPLAINED:
        return empty
    try:
        effect_sizes(spec, selection.only(index), on_bad="raise")
    except TableError as error:
        found = "" if error.found is None else f" (found {error.found})"
        problem = error.problem.replace(f" (study {selection.columns['study'][index]!r})", "")
        return _in_words(spec, f"{problem}{found}")
    return ""


def _empty_cells(spec: AnalysisSpec, selection: Selection, index: int) -> str:
    """Which cells of a line are empty, in words."""
    empty = [
        name
        for name, values in selection.columns.items()
        if isinstance(values[index], float) and math.isnan(values[index])
    ]
    empty = [name for name in empty if name not in ("std_error", "p_value", "ci_low", "ci_high", "correlation")]
    return _in_words(spec, f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty") if empty else ""


def _in_words(spec: AnalysisSpec, reason: str) -> str:
    """A reason with the times in the place of _1 and _2, where one arm is compared with itself."""
    if not spec.baseline:
        return reason
    times = {"1": spec.time, "post": spec.time, "2": spec.baseline, "pre": spec.baseline}
    return re.sub(
        r"\b(mean|sd|n)_(1|2|pre|post)\b",
        lambda found: f"{'SD' if found[1] == 'sd' else found[1]} at {plural(times[found[2]])}",
        reason,
    )


def _options(spec: AnalysisSpec) -> dict[str, Any]:
    """The options of ``pool`` that the analysis states; what it leaves open has the default of ``pool``."""
    stated = {"model": spec.model, "tau2": spec.tau2, "ci": spec.ci, "pi": spec.pi}
    return {name: value for name, value in stated.items() if value is not None} | {"level": spec.level, **spec.options}


def _pool(spec: AnalysisSpec, effects: EffectSizes) -> PoolResult:
    try:
        return pool(effects, **_options(spec))
    except OptionError as error:
        raise ProjectError(f"{CONFIG}, analysis {spec.id!r}: {error}") from None


def _pooled(run: AnalysisRun) -> AnalysisRun:
    assert run.effects is not None  # the caller checked
    try:
        return replace(run, fit=_pool(run.spec, run.effects))
    except NO_FIT as error:
        return replace(run, problem=f"the model has no fit ({str(error).rstrip('.')})")


def _variant(ident: str, title: str, spec: AnalysisSpec, selection: Selection, notes: tuple[str, ...] = ()) -> Variant:
    """The analysis on other rows; without a fit it says why."""
    effects, problem, _ = _effects(spec, selection)
    if effects is None:
        return Variant(ident, title, None, notes, problem)
    try:
        return Variant(ident, title, _pool(spec, effects), notes)
    except NO_FIT as error:
        return Variant(ident, title, None, notes, f"the model has no fit ({str(error).rstrip('.')})")


def _summed(run: AnalysisRun) -> AnalysisRun:
    """Events and patients added up."""
    assert run.effects is not None  # the caller checked
    if MEASURES[run.spec.measure].kind != "proportion":
        raise ProjectError(
            f"{CONFIG}, analysis {run.spec.id!r}: model = 'sum' adds up events and n, so it needs a measure of one proportion (PLO); "
            f"found {run.spec.measure!r}."
        )
    columns = run.effects.columns
    crude = CrudeSum(
        float(sum(columns["events"])),
        float(sum(columns.get("n", run.effects.n))),
        run.effects.k,
        run.spec.level,
    )
    return replace(run, crude=crude)


def _assumed(project: Project, spec: AnalysisSpec, selection: Selection, assumption: Assumption) -> Variant:
    """The analysis with missing SDs filled as one assumption says."""
    filled = fill(project, spec, selection, assumption)
    notes = tuple(note for note in filled.notes if note not in selection.notes)
    return _variant(assumption.id, assumption.title, spec, filled, notes)


def _with_sensitivity(project: Project, run: AnalysisRun, flagged: Mapping[int, str]) -> AnalysisRun:
    """Subgroups, leave-one-out, Egger's test, and the lines without flagged rows and with accepted repairs."""
    from ostealgia.meta.asymmetry import egger
    from ostealgia.meta.sensitivity import leave_one_out
    from ostealgia.meta.subgroups import subgroup

    fit = run.fit
    assert fit is not None and run.effects is not None  # the caller checked
    lines = (_without_flagged(run, flagged), _repaired(project, run))
    run = replace(run, variants=(*run.variants, *(line for line in lines if line is not None)))
    if run.spec.subgroup:
        effects, by = run.effects, run.spec.subgroup
        run = beside(run, "Subgroups", lambda: {"subgroups": subgroup(effects, by=by, **_options(run.spec))})
    if run.spec.role == "primary" and fit.k >= 3:
        run = beside(run, "Leave-one-out", lambda: {"leave_one_out": leave_one_out(fit)})
        run = beside(run, "Egger's test", lambda: {"egger": egger(fit)})
    return run


def _without_flagged(run: AnalysisRun, flagged: Mapping[int, str]) -> Variant | None:
    """Without the rows that have a number that cannot be right."""
    assert run.effects is not None  # the caller checked
    kept = set(run.effects.rows)
    gone = [i for i in run.selection.touching(flagged) if run.selection.rows[i] in kept]
    if not gone or len(gone) == len(kept):
        return None
    selection = run.selection.without(flagged, "flagged by the audit")
    named = ", ".join(str(run.selection.columns["study"][i]) for i in gone)
    title = f"without {len(gone)} flagged row{'s' * (len(gone) > 1)} ({named})"
    return _variant("without-flagged", title, run.spec, selection)


def _repaired(project: Project, run: AnalysisRun) -> Variant | None:
    """With the repairs that a named person has accepted in ``repairs.csv``."""
    repairs = [item for item in project.repairs if item.text("accepted_by") and item.text("row").isdigit()]
    by_number = {row.number: row for row in project.results}
    changed: dict[int, dict[str, str]] = {}
    for item in repairs:
        row = by_number.get(int(item.text("row")))
        if row is not None:
            changed.setdefault(row.number, dict(row.cells))[item.text("column")] = item.text("to")
    left = {item.row for item in run.excluded}
    touched = [number for number in changed if run.selection.touching([number]) or number in left]
    if not touched:
        return None
    rows = tuple(Row(row.number, changed.get(row.number, row.cells)) for row in project.results)
    repaired = replace(project, results=replace(project.results, rows=rows))
    who = ", ".join(sorted({item.text("accepted_by") for item in repairs}))
    title = f"with {len(touched)} repaired row{'s' * (len(touched) > 1)}, accepted by {who}"
    return _variant("repaired", title, run.spec, select(repaired, run.spec))
