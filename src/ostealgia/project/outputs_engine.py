"""Rows of ``results.json`` and of the tidy tables for what goes beyond the simple pool: regression, dependent effects, networks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ostealgia.display import level_text
from ostealgia.meta.multilevel_coefficients import Coefficients
from ostealgia.project.run_result import AnalysisRun
from ostealgia.project.times import plural

NAN = math.nan
Rows = list[dict[str, Any]]
SHOWN = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")


def engine_rows(run: AnalysisRun) -> Iterator[dict[str, Any]]:
    """Rows of ``results.json``: id, method, group, scale, the numbers, n, k, notes."""
    yield from _regression(run)
    for line in run.dependence:
        if line.fit is not None:
            yield from _coefficient(run, line.id, line.title, line.table, 0, line.fit.k, line.notes)
    if run.factors is not None:
        for row in run.factors.rows:
            if row.coefficient is not None:
                notes = (row.remark,) if row.remark else ()
                yield from _coefficient(run, f"factor: {row.factor}", row.model, row.coefficient, 0, row.k, notes)
    yield from _course(run)
    yield from _absolute(run)
    yield from _network(run)


def _regression(run: AnalysisRun) -> Iterator[dict[str, Any]]:
    fit = run.regression
    if fit is None:
        return
    method = f"meta-regression on {fit.formula}, {fit.model} (tau2 by {fit.tau2_method}), {level_text(fit.ci_level)} CI by {fit.ci_method}"
    for j, name in enumerate(fit.names):
        yield {
            "id": f"{run.spec.id}/moderator: {name}/analysis", "method": method, "group": f"moderator: {name}",
            "scale": fit.definition.analysis_scale, "estimate": float(fit.estimate[j]), "std_error": float(fit.std_error[j]),
            "ci_low": float(fit.ci_low[j]), "ci_high": float(fit.ci_high[j]), "ci_level": fit.ci_level, "p_value": float(fit.p_value[j]),
            "n": fit.n, "k": fit.k, "notes": list(fit.notes),
        }  # fmt: skip


def _coefficient(
    run: AnalysisRun, group: str, method: str, table: Coefficients, i: int, k: int, notes: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """A coefficient on the reported scale, and on the analysis scale where that is another one."""
    head = {
        "method": method,
        "group": group,
        "ci_level": table.ci_level,
        "p_value": float(table.p_value[i]),
        "k": k,
        "notes": list(notes),
    }
    reported, analysis = table.measure.reported_scale, table.measure.analysis_scale
    back = {name: float(table.reported(name)[i]) for name in SHOWN}
    own = {name: float(getattr(table, name)[i]) for name in SHOWN}
    if reported != analysis and math.isfinite(back["estimate"]):
        yield head | {"id": f"{run.spec.id}/{group}/reported", "scale": reported, **back}
    suffix = "reported" if reported == analysis else "analysis"
    yield head | {
        "id": f"{run.spec.id}/{group}/{suffix}",
        "scale": analysis,
        **own,
        "std_error": float(table.std_error[i]),
    }


def _course(run: AnalysisRun) -> Iterator[dict[str, Any]]:
    found = run.course
    if found is None:
        return
    times = sorted(found.observed)
    table = found.at(times)
    method = f"course over time, shape {found.shape}, structure {found.structure}"
    for i, when in enumerate(times):
        group = f"time: {plural(f'{when:g} {run.spec.time_unit}')}"
        yield from _coefficient(run, group, method, table, i, found.observed[when], found.notes)


def _absolute(run: AnalysisRun) -> Iterator[dict[str, Any]]:
    for row in () if run.absolute is None else run.absolute.rows:
        if not math.isfinite(row.without):
            continue
        yield _risk_row(run, f"absolute at {row.without:g}", row, row.k, row.n)
    if run.network is not None:
        for name, effects in run.network.absolute.items():
            for effect in effects:
                group = f"{name}, absolute at {effect.baseline_risk:g}"
                yield _risk_row(run, group, effect, run.network.fit.k, run.network.fit.n)


def _risk_row(run: AnalysisRun, group: str, row: Any, k: int, n: float) -> dict[str, Any]:
    return {
        "id": f"{run.spec.id}/{group}/risk difference", "method": "events with minus without, at the stated baseline risk", "group": group,
        "scale": "risk difference", "estimate": row.difference, "ci_low": row.difference_low, "ci_high": row.difference_high,
        "pi_low": row.difference_pi_low, "pi_high": row.difference_pi_high, "ci_level": row.ci_level, "k": k, "n": n,
        "notes": ["the interval takes the baseline risk as known"],
    }  # fmt: skip


def _network(run: AnalysisRun) -> Iterator[dict[str, Any]]:
    if run.network is None:
        return
    for fit in (run.network.fit, *run.network.others):
        tau2 = f" (tau2 by {fit.tau2_method})" if fit.tau2_method else ""
        method = f"network, {fit.model}{tau2}, {level_text(fit.ci_level)} CI by normal quantiles (z)"
        for row in fit.against_reference().to_dict("records"):
            group = f"{row['treatment']} against {fit.reference}"
            head = {"method": method, "group": group, "ci_level": fit.ci_level, "p_value": row["p_value"], "n": fit.n, "k": fit.k,
                    "notes": list(fit.notes)}  # fmt: skip
            scales = fit.definition.reported_scale, fit.definition.analysis_scale
            if scales[0] != scales[1]:
                back = {name: row[f"reported_{name}"] for name in SHOWN}
                yield head | {"id": f"{run.spec.id}/{group}/reported", "scale": scales[0], **back}
            suffix = "reported" if scales[0] == scales[1] else "analysis"
            own = {name: row[name] for name in (*SHOWN, "std_error")}
            yield head | {"id": f"{run.spec.id}/{group}/{suffix}", "scale": scales[1], **own}


# ---------------------------------------------------------------- tidy tables


def regression_rows(run: AnalysisRun) -> Rows:
    """One row a coefficient."""
    return [] if run.regression is None else _named(run, run.regression.to_frame())


def dependence_rows(run: AnalysisRun) -> Rows:
    """One row a line of dependent effects."""
    rows: Rows = []
    for line in run.dependence:
        if line.fit is None:
            rows.append({"analysis": run.spec.id, "line": line.title, "note": line.problem})
            continue
        numbers = line.table.to_frame().to_dict("records")[0]
        numbers.pop("name")
        rows.append(
            {"analysis": run.spec.id, "line": line.title, "k": line.fit.k, **numbers, "note": "; ".join(line.notes)}
        )
    return rows


def factor_rows(run: AnalysisRun) -> Rows:
    """One row a factor."""
    return [] if run.factors is None else _named(run, run.factors.to_frame())


def course_rows(run: AnalysisRun) -> Rows:
    """One row an observed time."""
    return [] if run.course is None else _named(run, run.course.observed_frame())


def absolute_rows(run: AnalysisRun) -> Rows:
    """One row an analysis (or treatment) and baseline risk."""
    rows = [] if run.absolute is None else run.absolute.to_dict()["rows"]
    for name, effects in {} if run.network is None else run.network.absolute.items():
        rows += [{"analysis": run.spec.id, "treatment": name, **_plain_record(effect.to_dict())} for effect in effects]
    return rows


def _plain_record(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if not isinstance(value, (list, dict))}


def small_study_rows(run: AnalysisRun) -> Rows:
    """One row a test of small-study effects; those that do not apply with the reason."""
    return [{"analysis": run.spec.id, **row} for row in run.small_study]


def influence_rows(run: AnalysisRun) -> Rows:
    """One row a study."""
    return [] if run.influence is None else _named(run, run.influence.to_frame())


def reference_rows(run: AnalysisRun) -> Rows:
    """One row a treatment against the reference, of every part of the network."""
    rows: Rows = []
    for fit in () if run.network is None else (run.network.fit, *run.network.others):
        rows += _named(run, fit.against_reference())
    return rows


def pair_rows(run: AnalysisRun) -> Rows:
    """One row a pair of treatments and model, of the part that is shown."""
    return [] if run.network is None else _named(run, run.network.fit.to_frame())


def arm_rows(run: AnalysisRun) -> Rows:
    """One row an arm, as it entered the network."""
    if run.network is None:
        return []
    return [
        {
            "analysis": run.spec.id, "study": arm.study, "treatment": arm.treatment, "arm": arm.arm, **arm.cells,
            "row": ", ".join(map(str, arm.rows)), "source": arm.source,
        }
        for arm in run.network.arms
    ]  # fmt: skip


def part_rows(run: AnalysisRun) -> Rows:
    """One row a treatment: the part of the network it belongs to."""
    return [] if run.network is None else _named(run, run.network.parts.to_frame())


def rank_rows(run: AnalysisRun) -> Rows:
    """One row a treatment: P-score, SUCRA, rank probabilities."""
    if run.network is None or run.network.scores is None or run.network.rankings is None:
        return []
    return _named(run, run.network.scores.to_frame().merge(run.network.rankings.to_frame(), on="treatment"))


def consistency_rows(run: AnalysisRun) -> Rows:
    """One row a part of Q."""
    return (
        []
        if run.network is None or run.network.decomposition is None
        else _named(run, run.network.decomposition.to_frame())
    )


def split_rows(run: AnalysisRun) -> Rows:
    """One row a pair of treatments: direct and indirect evidence."""
    return [] if run.network is None or run.network.split is None else _named(run, run.network.split.to_frame())


def league_rows(run: AnalysisRun) -> Rows:
    """The league as a square: one row a treatment, one column a treatment."""
    if run.network is None:
        return []
    league = run.network.league
    return [
        {"treatment": name, **dict(zip(league.treatments, cells, strict=True))}
        for name, cells in zip(league.treatments, league.cells, strict=True)
    ]


def _named(run: AnalysisRun, frame: Any) -> Rows:
    """Records of a frame with the analysis in front."""
    return [
        {"analysis": run.spec.id, **{str(key): value for key, value in row.items()}} for row in frame.to_dict("records")
    ]


TABLES = {
    "regression": regression_rows,
    "dependent-effects": dependence_rows,
    "factors": factor_rows,
    "trajectory": course_rows,
    "absolute-effects": absolute_rows,
    "small-study-effects": small_study_rows,
    "influence": influence_rows,
    "network": reference_rows,
    "network-pairs": pair_rows,
    "network-arms": arm_rows,
    "network-parts": part_rows,
    "network-ranks": rank_rows,
    "network-consistency": consistency_rows,
    "network-splits": split_rows,
}


def engine_tables(runs: Iterable[AnalysisRun]) -> dict[str, Rows]:
    """The tidy tables by name, and one league a network; an empty one is left out."""
    runs = list(runs)
    tables = {name: [row for run in runs for row in rows_of(run)] for name, rows_of in TABLES.items()}
    tables |= {f"league-{run.spec.id}": league_rows(run) for run in runs}
    return {name: _square(rows) for name, rows in tables.items() if rows}


def _square(rows: Rows) -> Rows:
    """Every row with the columns of all."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


LABELS = {
    "regression": "coefficients of the meta-regressions",
    "dependent-effects": "three-level and cluster-robust lines",
    "factors": "each factor by itself",
    "trajectory": "the course over time",
    "absolute-effects": "events per 100 at the stated risks",
    "small-study-effects": "tests of small-study effects",
    "influence": "influence of single studies",
    "network": "treatments against the reference",
    "network-pairs": "every pair of treatments",
    "network-arms": "the arms of the networks",
    "network-parts": "which treatments trials join",
    "network-ranks": "P-scores, SUCRA, rank probabilities",
    "network-consistency": "Q, taken apart by design",
    "network-splits": "direct and indirect evidence",
}
