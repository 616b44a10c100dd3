"""Results as rows: ``results.json`` and the tidy tables of ``build/tables``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ostealgia.audit.finding import Finding
from ostealgia.meta.backtransform import study_frame
from ostealgia.meta.result import PoolResult, ScaleEstimate
from ostealgia.meta.text import method_line
from ostealgia.project.claims import ClaimResult
from ostealgia.project.outputs_engine import engine_rows, engine_tables
from ostealgia.project.run_result import AnalysisRun

NAN = math.nan
RESULT_KEYS = (
    "id", "analysis", "method", "group", "scale", "estimate", "std_error", "ci_low", "ci_high", "ci_level", "p_value", "pi_low",
    "pi_high", "n", "k", "inputs_sha256", "notes",
)  # fmt: skip
Rows = list[dict[str, Any]]


def result_rows(runs: Iterable[AnalysisRun], inputs_sha256: str) -> Rows:
    """One row an estimate and scale, with the keys of ``results.json`` in their order."""
    return [{key: row.get(key) for key in RESULT_KEYS} for row in _all_rows(runs, inputs_sha256)]


def _all_rows(runs: Iterable[AnalysisRun], sha: str) -> Iterator[dict[str, Any]]:
    for run in runs:
        common = {"analysis": run.spec.id, "inputs_sha256": sha}
        if run.crude is not None:
            yield common | _crude_row(run)
        if run.listed:
            yield from (common | row for row in _listed_rows(run))
        for group, fit, notes in groups_of(run):
            for scale, part in _scales(fit):
                yield common | _fit_row(run, group, fit, scale, part, notes)
        yield from (common | row for row in engine_rows(run))


def groups_of(run: AnalysisRun) -> Iterator[tuple[str, PoolResult, tuple[str, ...]]]:
    """Every pool of an analysis by group: "all", subgroups, then the sensitivity lines."""
    if run.fit is not None:
        yield "all", run.fit, (*run.notes, *run.fit.notes)
    if run.subgroups is not None:
        for label, fit in run.subgroups.groups.items():
            yield f"{run.spec.subgroup} = {label}", fit, fit.notes
    for variant in run.variants:
        if variant.fit is not None:
            yield variant.title, variant.fit, (*variant.notes, *variant.fit.notes)


def _scales(fit: PoolResult) -> Iterator[tuple[str, ScaleEstimate]]:
    yield "reported", fit.reported
    if fit.analysis_scale.scale != fit.reported.scale:
        yield "analysis", fit.analysis_scale


def _fit_row(
    run: AnalysisRun, group: str, fit: PoolResult, scale: str, part: ScaleEstimate, notes: Iterable[str]
) -> dict[str, Any]:
    own = scale == "analysis" or fit.analysis_scale.scale == fit.reported.scale
    return {
        "id": f"{run.spec.id}/{group}/{scale}",
        "method": method_line(fit),
        "group": group,
        "scale": part.scale,
        "estimate": part.estimate,
        "std_error": part.std_error if own else None,
        "ci_low": part.ci_low,
        "ci_high": part.ci_high,
        "ci_level": fit.ci_level,
        "p_value": fit.reported.p_value,
        "pi_low": part.pi_low,
        "pi_high": part.pi_high,
        "n": fit.n,
        "k": fit.k,
        "notes": list(dict.fromkeys(notes)),
    }


def _crude_row(run: AnalysisRun) -> dict[str, Any]:
    crude = run.crude
    assert crude is not None  # the caller checked
    low, high = crude.interval
    return {
        "id": f"{run.spec.id}/all/reported", "method": "events and patients added up, no model; Clopper-Pearson interval",
        "group": "all", "scale": "proportion", "estimate": crude.estimate, "ci_low": low, "ci_high": high, "ci_level": crude.level,
        "n": crude.n, "k": crude.k, "notes": list(run.notes),
    }  # fmt: skip


def _listed_rows(run: AnalysisRun) -> Iterator[dict[str, Any]]:
    for row in study_rows(run):
        yield {
            "id": f"{run.spec.id}/{row['study']}/reported", "method": "the study's own result, not pooled", "group": row["study"],
            "scale": run.effects.definition.reported_scale if run.effects else "", "estimate": row["reported_estimate"],
            "ci_low": row["reported_ci_low"], "ci_high": row["reported_ci_high"], "ci_level": run.spec.level, "k": 1,
            "n": row["n"], "notes": list(worked_back(row)),
        }  # fmt: skip


FROM_P = "interval worked back from P"


def worked_back(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What must be said of a published effect: whether its interval was printed, or implied by its P."""

    def there(name: str) -> bool:
        value = row.get(f"published_{name}")
        return value is not None and not math.isnan(float(value))

    return (FROM_P,) if there("p_value") and not there("ci_low") and not there("std_error") else ()


def study_rows(run: AnalysisRun) -> Rows:
    """One row a study: effect on both scales, weight, the columns it came from, its row in ``results.csv`` and its source."""
    if run.effects is None:
        return []
    if run.fit is not None:
        frame = run.fit.study_frame()
        effects = run.fit.effects
    else:
        effects = run.effects
        frame = study_frame(effects, run.spec.level)
    rows = []
    for place, record in enumerate(frame.to_dict("records")):
        number = effects.rows[place] if effects.rows else None
        source = run.sources.get(number, "") if number is not None else ""
        named = {str(name): value for name, value in record.items()}
        if run.listed and not math.isnan(float(named.get("published_ci_low", NAN))):  # the printed limits, not Wald's
            named |= {f"reported_{name}": named[f"published_{name}"] for name in ("ci_low", "ci_high")}
        notes = {"note": "; ".join(worked_back(named))} if run.listed else {}
        rows.append({"analysis": run.spec.id, "row": number, **named, "source": source, **notes})
    return rows


def heterogeneity_rows(runs: Iterable[AnalysisRun]) -> Rows:
    """tau2, I2 by both definitions, Q and Egger's test of each pool."""
    names = (
        "tau2",
        "tau2_ci_low",
        "tau2_ci_high",
        "tau2_ci_method",
        "i2_tau2",
        "i2_q",
        "i2_q_ci_low",
        "i2_q_ci_high",
        "q",
        "q_df",
        "q_p_value",
    )
    rows = []
    for run in runs:
        for group, fit, _ in groups_of(run):
            egger = run.egger if group == "all" else None
            rows.append(
                {"analysis": run.spec.id, "group": group, "method": method_line(fit), "k": fit.k}
                | {name: getattr(fit, name) for name in names}
                | {
                    "egger_intercept": egger.intercept if egger else NAN,
                    "egger_p_value": egger.p_value if egger else NAN,
                }
            )
    return rows


def sensitivity_rows(runs: Iterable[AnalysisRun]) -> Rows:
    """Leave-one-out and the grid of methods, one row a refit, reported scale."""
    rows = []
    for run in runs:
        if run.leave_one_out is not None:
            for record in run.leave_one_out.to_frame().to_dict("records"):
                rows.append({
                    "analysis": run.spec.id, "kind": "leave-one-out", "label": record["label"], "estimate": record["reported_estimate"],
                    "ci_low": record["reported_ci_low"], "ci_high": record["reported_ci_high"], "tau2": record["tau2"],
                    "i2_q": record["i2_q"], "note": "",
                })  # fmt: skip
        if run.spec.role == "primary":
            for row in run.grid:
                rows.append({
                    "analysis": run.spec.id, "kind": "method", "label": row.label, "estimate": row.estimate, "ci_low": row.ci_low,
                    "ci_high": row.ci_high, "tau2": row.tau2, "i2_q": row.i2_q, "note": row.note,
                })  # fmt: skip
    return rows


def excluded_rows(runs: Iterable[AnalysisRun]) -> Rows:
    """Who was left out of which analysis, and why."""
    return [{"analysis": run.spec.id, **item.to_dict()} for run in runs for item in run.excluded]


def claim_rows(claims: Iterable[ClaimResult]) -> Rows:
    """Claims without their variants, which have rows of their own."""
    rows = []
    for claim in claims:
        record = claim.to_dict()
        variants = record.pop("variants")
        rows.append({**record, "assumption": ""})
        rows.extend({"id": claim.id, "claim": claim.title, "assumption": item["assumption"], "recomputed": item["recomputed"],
                     "verdict": item["verdict"]} for item in variants)  # fmt: skip
    return rows


def finding_rows(findings: Iterable[Finding]) -> Rows:
    """Findings as rows; the words are the rule's own."""
    rows = []
    for finding in findings:
        record = finding.to_dict()
        record.pop("span")
        rows.append({**record, "message": finding.message})
    return rows


def tables_of(
    runs: Iterable[AnalysisRun], claims: Iterable[ClaimResult], findings: Iterable[Finding], results: Rows
) -> Mapping[str, Rows]:
    """The tidy tables by file name; an empty one is left out."""
    runs = list(runs)
    estimates = [{**row, "notes": "; ".join(row["notes"])} for row in results]
    tables = {
        "estimates": estimates,
        "studies": [row for run in runs for row in study_rows(run)],
        "heterogeneity": heterogeneity_rows(runs),
        "sensitivity": sensitivity_rows(runs),
        "claims": claim_rows(claims),
        "findings": finding_rows(findings),
        "excluded": excluded_rows(runs),
        **engine_tables(runs),
    }
    return {f"{name}.csv": rows for name, rows in tables.items() if rows}
