"""Panels of a report: what an analysis was asked for beyond its pool, as tables, facts and a sentence each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ostealgia import display
from ostealgia.display import capital, count_of, level_text, p_text, p_value
from ostealgia.meta.multilevel_coefficients import Coefficients
from ostealgia.meta.regression_text import decimals, omnibus_text
from ostealgia.meta.text import interval_text, measure_interval, measure_text, shown
from ostealgia.project.certainty import level_of
from ostealgia.project.present_parts import Parts, figures_of
from ostealgia.project.run_result import AnalysisRun, DependentLine
from ostealgia.project.times import plural
from ostealgia.project.words import for_readers, short_title, signs
from ostealgia.report import content
from ostealgia.tables.measures import MEASURES

Row = dict[str, Any]
CERTAINTY = content.Column(key="certainty", label="Certainty")


def panels(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun]) -> tuple[content.Panel, ...]:
    """The panels of one analysis, with those of the sensitivity analyses that descend from it."""
    found: list[content.Panel] = []
    for build in BUILDERS:
        found.extend(build(run, parts, children))
    return tuple(found)


def said_before(run: AnalysisRun) -> set[str]:
    """Notes that the analysis itself shows."""
    sides = (run, run.fit, run.effects)
    return {note for side in sides if side is not None for note in side.notes}


def fresh(notes: Sequence[str], run: AnalysisRun) -> tuple[str, ...]:
    """Notes that are not shown elsewhere, as sentences."""
    said = said_before(run)
    return tuple(for_readers(note) for note in dict.fromkeys(notes) if note not in said)


# ---------------------------------------------------------------- numbers of a coefficient


def coefficient_cells(table: Coefficients, i: int = 0) -> Row:
    """Estimate, interval, prediction interval, P and df of one coefficient, on the reported scale where there is one."""
    back = {name: float(table.reported(name)[i]) for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")}
    measure = table.measure
    if not math.isfinite(back["estimate"]):
        back = {name: float(getattr(table, name)[i]) for name in back}
        measure = MEASURES["GEN"]
    df = float(table.df[i])
    tested = table.measure.no_effect is not None or table.slope[i]
    return {
        "estimate": measure_text(measure, back["estimate"]),
        "ci": measure_interval(measure, back["ci_low"], back["ci_high"]),
        "pi": measure_interval(measure, back["pi_low"], back["pi_high"]) if math.isfinite(back["pi_low"]) else "",
        "p": p_value(float(table.p_value[i])) if tested else "",
        "df": "" if not math.isfinite(df) else display.number(df, 1),
    }


def used_columns(columns: Sequence[content.Column], rows: Sequence[Mapping[str, Any]]) -> tuple[content.Column, ...]:
    """The columns that have something in them."""
    return tuple(column for column in columns if any(row.get(column.key) not in (None, "") for row in rows))


def estimate_columns(level: float) -> tuple[content.Column, ...]:
    """Estimate, interval, prediction interval, P and degrees of freedom."""
    return (
        content.Column(key="estimate", label="Estimate", align="decimal"),
        content.Column(key="ci", label=f"{level_text(level)} CI", align="right"),
        content.Column(key="pi", label=f"{level_text(level)} prediction interval", align="right"),
        content.Column(key="p", label="P", align="right"),
        content.Column(key="df", label="df", align="decimal"),
    )


# ---------------------------------------------------------------- regression


def _regression(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun]) -> Iterator[content.Panel]:
    for item in (run, *children):
        if item.regression is not None:
            yield _regression_panel(item, parts, "" if item is run else f": {short_title(item, run)}")


def _regression_panel(run: AnalysisRun, parts: Parts, suffix: str) -> content.Panel:
    fit = run.regression
    assert fit is not None  # the caller checked
    number = display.number
    r2 = "" if math.isnan(fit.r2) else f"; they account for {fit.r2:.0f}% of τ²"
    text = f"Effects regressed on {fit.formula.removeprefix('~ ')}, {count_of(fit.k, 'study', 'studies')}: all moderators together, "
    text += f"{omnibus_text(fit.omnibus)}{r2}. A relation between studies need not hold between patients."
    facts = [
        content.Fact(
            label="R²",
            value="not defined" if math.isnan(fit.r2) else f"{fit.r2:.0f}%",
            note="share of τ² accounted for",
        )
    ]
    if fit.model == "random":
        limits = "" if math.isnan(fit.tau2_ci_low) else f" ({display.interval(fit.tau2_ci_low, fit.tau2_ci_high, 3)})"
        facts.append(
            content.Fact(label="Residual τ²", value=f"{number(fit.tau2, 3)}{limits}", note=f"by {fit.tau2_method}")
        )
    if not math.isnan(fit.i2_tau2):
        facts.append(content.Fact(label="Residual I²", value=f"{fit.i2_tau2:.0f}%", note="from τ²"))
    facts.append(content.Fact(label="Residual Q", value=f"{number(fit.q, 1)}, df {fit.q_df}, {p_text(fit.q_p_value)}"))
    left = tuple(f"{item.study}: left out ({item.reason})" for item in fit.excluded if item not in run.excluded)
    return content.Panel(
        id=f"{run.spec.id}-regression", title=f"Meta-regression{suffix}", open=not suffix, text=signs(text), facts=tuple(facts),
        tables=tuple(_regression_tables(run)), figures=figures_of(run, parts, "bubble"), notes=(*left, *fresh(fit.notes, run)),
    )  # fmt: skip


def _regression_tables(run: AnalysisRun) -> Iterator[content.Table]:
    fit = run.regression
    assert fit is not None  # the caller checked
    ratio = fit.definition.ratio
    rows = []
    for j, name in enumerate(fit.names):
        digits = decimals(float(fit.std_error[j]))
        low, high = float(fit.ci_low[j]), float(fit.ci_high[j])
        row: Row = {
            "term": capital(name) if name == "intercept" else name, "estimate": display.number(float(fit.estimate[j]), digits),
            "ci": display.interval(low, high, digits), "p": p_value(float(fit.p_value[j])),
            "vif": None if math.isnan(fit.vif[j]) else float(fit.vif[j]),
        }  # fmt: skip
        if ratio:
            back = fit.definition.back
            row["ratio"] = f"{float(back(fit.estimate[j])):.2f} ({float(back(low)):.2f} to {float(back(high)):.2f})"
        rows.append(row)
    columns = [
        content.Column(key="term", label="Term", wide=True),
        content.Column(key="estimate", label="Coefficient", align="decimal"),
        content.Column(key="ci", label=f"{level_text(fit.ci_level)} CI", align="right"),
        content.Column(key="ratio", label="As a ratio", align="right"),
        content.Column(key="p", label="P", align="right"),
        content.Column(key="vif", label="VIF", align="decimal", digits=2),
    ]
    caption = f"Coefficients on the {fit.definition.analysis_scale} scale, per unit of a moderator or against the first level of a factor."
    yield content.Table(
        id=f"{run.spec.id}-coefficients",
        title="Coefficients",
        columns=used_columns(columns, rows),
        rows=tuple(rows),
        caption=caption,
    )
    predicted = predictions(run)
    if predicted is not None:
        yield _prediction_table(run, predicted)


def predictions(run: AnalysisRun) -> Any:
    """Predicted effects at the ends of the only moderator, where it is a number; else None."""
    fit = run.regression
    if fit is None or len(fit.moderators) != 1:
        return None
    name, values = next(iter(fit.moderators.items()))
    if any(coding.is_factor for coding in fit.recipe.codings.values()):
        return None
    ends = sorted({float(min(values)), float(max(values))})
    return fit.predict({name: ends})


def _prediction_table(run: AnalysisRun, found: Any) -> content.Table:
    measure = MEASURES[found.measure]
    rows = []
    for record in found.to_frame().to_dict("records"):
        low, high = record["reported_pi_low"], record["reported_pi_high"]
        rows.append({
            "at": record["label"], "estimate": measure_text(measure, record["reported_estimate"]),
            "ci": measure_interval(measure, record["reported_ci_low"], record["reported_ci_high"]),
            "pi": measure_interval(measure, low, high) if math.isfinite(low) else "",
        })  # fmt: skip
    columns = (content.Column(key="at", label="At"), *estimate_columns(found.ci_level))
    return content.Table(
        id=f"{run.spec.id}-predictions",
        title="What the line says at its ends",
        columns=used_columns(columns, rows),
        rows=tuple(rows),
    )


# ---------------------------------------------------------------- dependent effects


def _dependence(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun]) -> Iterator[content.Panel]:
    runs = [item for item in (run, *children) if item.dependence]
    if not runs:
        return
    rows: list[Row] = []
    for item in runs:
        group = "As entered" if item is run else short_title(item, run)
        own = [_simple_line("simple pool, every effect as a study", item, parts)] if item.fit is not None else []
        own += [_dependent_row(line, item, parts) for line in item.dependence]
        rows += [{"group": group, **row} for row in own]
    columns = (
        *([content.Column(key="group", label="Analysis")] if len(runs) > 1 else []),
        content.Column(key="line", label="Line", wide=True), *estimate_columns(run.spec.level),
        content.Column(key="size", label="Effects, clusters", align="right"),
        content.Column(key="tau2", label="τ² between, within", align="right"), CERTAINTY,
    )  # fmt: skip
    notes = [note for item in runs for line in item.dependence for note in line.notes]
    table = content.Table(
        id=f"{run.spec.id}-dependence", title="", columns=used_columns(columns, rows), rows=tuple(rows),
        group_by="group" if len(runs) > 1 else "",
    )  # fmt: skip
    yield content.Panel(
        id=f"{run.spec.id}-dependent", title="Several effects of one study", open=True, tables=(table,), notes=fresh(notes, run),
        text=_dependence_text(run),
    )  # fmt: skip


def _dependence_text(run: AnalysisRun) -> str:
    text = (
        "Effects of one study share its patients and its ways of working. The three-level model gives each study and each effect a "
        "variance; the cluster-robust interval (CR2, Satterthwaite) holds when that model does not."
    )
    if run.factors is not None and len(run.factors.rows) > 1:
        text += (
            " A mean over different factors is shown only to say what it rests on; it is the effect of none of them."
        )
    return text


def _simple_line(label: str, run: AnalysisRun, parts: Parts) -> Row:
    fit = run.fit
    assert fit is not None  # the caller checked
    part = fit.reported
    return {
        "line": capital(label), "estimate": shown(fit, part.estimate), "ci": interval_text(fit, part.ci_low, part.ci_high),
        "pi": "" if math.isnan(part.pi_low) else interval_text(fit, part.pi_low, part.pi_high),
        "p": "" if math.isnan(part.p_value) or fit.definition.no_effect is None else p_value(part.p_value),
        "df": "" if not math.isfinite(fit.df) else display.number(fit.df, 1), "size": f"{fit.k}",
        "tau2": display.number(fit.tau2, 3), "certainty": level_of(parts.project, run.spec.id),
    }  # fmt: skip


def _dependent_row(line: DependentLine, run: AnalysisRun, parts: Parts) -> Row:
    label = capital(line.title)
    if line.fit is None:
        return {"line": f"{label}: {line.problem}"}
    groups = run.selection.groups
    clusters = len({groups[name]["cluster"] for name in (run.effects.study if run.effects else ())})
    components = getattr(line.fit, "components", None)
    tau2 = [] if components is None else [float(part.tau2[0]) for part in components]
    return {
        "line": label, **coefficient_cells(line.table), "size": f"{line.fit.k}, {clusters}",
        "tau2": ", ".join(display.number(value, 3) for value in tau2),
        "certainty": level_of(parts.project, f"{run.spec.id}: {line.id}"),
    }  # fmt: skip


# ---------------------------------------------------------------- factors


def _factors(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun]) -> Iterator[content.Panel]:
    for item in (run, *children):
        if item.factors is not None:
            yield _factor_panel(item, parts, "" if item is run else f": {short_title(item, run)}")


def _factor_panel(run: AnalysisRun, parts: Parts, suffix: str) -> content.Panel:
    found = run.factors
    assert found is not None  # the caller checked
    rows: list[Row] = []
    for row in found.rows:
        cells = {} if row.coefficient is None else coefficient_cells(row.coefficient)
        rests = (
            "one study, as it has it"
            if row.model == "one study"
            else f"{row.model}{f'; {row.remark}' if row.remark else ''}"
        )
        rows.append({
            "factor": capital(row.factor), **cells, "pi": "", "size": f"{row.k}, {row.studies}", "remark": rests,
            "certainty": level_of(parts.project, f"{run.spec.id}: {row.factor}"),
        })  # fmt: skip
    rows += list(missing_factors(run))
    columns = (
        content.Column(key="factor", label="Factor", wide=True), *estimate_columns(run.spec.level),
        content.Column(key="size", label="Effects, studies", align="right"),
        content.Column(key="remark", label="What it rests on", wide=True), CERTAINTY,
    )  # fmt: skip
    table = content.Table(
        id=f"{run.spec.id}-factor-table", title="", columns=used_columns(columns, rows), rows=tuple(rows)
    )
    text = ". ".join(capital(signs(note)).rstrip(".") for note in found.notes if note not in said_before(run)) + "."
    return content.Panel(
        id=f"{run.spec.id}-factors", title=f"Each factor by itself{suffix}", open=not suffix, text=text if len(text) > 1 else "",
        tables=(table,),
    )  # fmt: skip


def missing_factors(run: AnalysisRun) -> Iterator[Row]:
    """Outcomes that were asked for as factors and have no effect that can be used, with the reason."""
    if run.factors is None or run.spec.by != "outcome":
        return
    shown_ones = {row.factor for row in run.factors.rows}
    for outcome in run.spec.outcomes:
        if outcome not in shown_ones:
            told = [item.reason for item in run.excluded if item.study.endswith(f": {outcome}")]
            reason = "; ".join(dict.fromkeys(told)) or "no row with a number for it"
            yield {"factor": capital(outcome), "size": "0, 0", "remark": reason}


# ---------------------------------------------------------------- course over time


def _course(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun]) -> Iterator[content.Panel]:
    for item in (run, *children):
        if item.course is not None:
            yield _course_panel(item, parts, "" if item is run else f": {short_title(item, run)}")


def _course_panel(run: AnalysisRun, parts: Parts, suffix: str) -> content.Panel:
    found = run.course
    assert found is not None  # the caller checked
    times = sorted(found.observed)
    table = found.at(times)
    rows = []
    for i, when in enumerate(times):
        name = f"{run.spec.id}: {plural(f'{when:g} {run.spec.time_unit}')}"
        rows.append({
            "time": capital(plural(f"{when:g} {run.spec.time_unit}")), **coefficient_cells(table, i), "studies": found.observed[when],
            "certainty": level_of(parts.project, name),
        })  # fmt: skip
    columns = (
        content.Column(key="time", label="Time"), *estimate_columns(run.spec.level),
        content.Column(key="studies", label="Studies", align="right"), CERTAINTY,
    )  # fmt: skip
    kind = "chi-square" if found.fit.ci_method == "z" else "F"
    test = f"{kind} {found.change_statistic:.2f}, df {found.change_df}, {p_text(found.change_p_value)}"
    rho = run.spec.within_correlation[:1]
    errors = f"correlated {rho[0]:g} per {run.spec.time_unit} apart (assumed)" if rho else "taken as independent"
    text = (
        f"All times of all studies in one model (shape: {found.shape}; true effects of a study correlated by {found.structure}; sampling "
        f"errors {errors}). Change over time: {test}."
    )
    return content.Panel(
        id=f"{run.spec.id}-course", title=f"Course over time{suffix}", open=not suffix, text=text, figures=figures_of(run, parts, "course"),
        tables=(content.Table(id=f"{run.spec.id}-course-table", title="", columns=used_columns(columns, rows), rows=tuple(rows)),),
        notes=fresh(found.notes, run),
    )  # fmt: skip


# ---------------------------------------------------------------- absolute effects


def _absolute(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun]) -> Iterator[content.Panel]:
    found = run.absolute
    if found is None:
        return
    rows = [_absolute_row(row, found.per) for row in found.rows]
    columns = (
        content.Column(key="without", label="Without", unit=f"per {found.per:,}", align="decimal"),
        content.Column(key="with", label="With", unit=f"per {found.per:,}", align="right"),
        content.Column(key="difference", label="Difference", unit=f"per {found.per:,}", align="right"),
        content.Column(key="prediction", label="In a new setting", unit=f"per {found.per:,}", align="right"),
        content.Column(key="needed", label="Number needed", align="right", wide=True), CERTAINTY,
        content.Column(key="note", label="", wide=True),
    )  # fmt: skip
    table = content.Table(
        id=f"{run.spec.id}-absolute-table", title="", columns=used_columns(columns, rows), rows=tuple(rows)
    )
    yield content.Panel(
        id=f"{run.spec.id}-absolute", title=f"In {found.per:,} patients", open=True, tables=(table,),
        notes=tuple(capital(note) for note in found.notes),
    )  # fmt: skip


def more_or_fewer(value: float, per: int) -> str:
    """A difference of risks in words: "7.0 more".

    >>> more_or_fewer(0.07, 100), more_or_fewer(-0.079, 100)
    ('7.0 more', '7.9 fewer')
    """
    return f"{display.number(abs(value) * per, 1)} {'fewer' if value < 0 else 'more'}"


def _absolute_row(row: Any, per: int) -> Row:
    def count(value: float) -> str:
        return display.number(value * per, 1)

    cells: Row = {"certainty": row.certainty.level, "note": row.note, "needed": row.number_needed}
    if math.isfinite(row.risk):
        cells["with"] = f"{count(row.risk)} ({count(row.risk_low)} to {count(row.risk_high)})"
    if math.isfinite(row.without):
        cells["without"] = count(row.without)
        cells["difference"] = _span(row.difference, row.difference_low, row.difference_high, per)
        if math.isfinite(row.difference_pi_low):
            cells["prediction"] = (
                f"{more_or_fewer(row.difference_pi_low, per)} to {more_or_fewer(row.difference_pi_high, per)}"
            )
    return cells


def _span(value: float, low: float, high: float, per: int) -> str:
    return f"{more_or_fewer(value, per)} ({more_or_fewer(low, per)} to {more_or_fewer(high, per)})"


# ---------------------------------------------------------------- small studies, influence

FEW = 10


def _small_study(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun]) -> Iterator[content.Panel]:
    rows = [row for row in run.small_study if row["applies"]]
    if not run.small_study:
        return
    k = run.fit.k if run.fit is not None else 0
    few = f"{count_of(k, 'study', 'studies')}, under {FEW}: chance and asymmetry look alike, and no test here can tell them apart. "
    text = f"{few if k < FEW else ''}Asymmetry is not publication bias. One test is chosen beforehand; the smallest P is not a result."
    cells = [
        {
            "test": row["test"], "statistic": row["statistic"], "df": "" if not math.isfinite(row["df"]) else f"{row['df']:.0f}",
            "p": p_value(row["p_value"]),
        }
        for row in rows
    ]  # fmt: skip
    columns = (
        content.Column(key="test", label="Test", wide=True),
        content.Column(key="statistic", label="Statistic", align="decimal", digits=2),
        content.Column(key="df", label="df", align="right"), content.Column(key="p", label="P", align="right"),
    )  # fmt: skip
    notes = list(
        dict.fromkeys(
            part for row in rows for part in str(row["note"]).split("; ") if part and "fewer than" not in part
        )
    )
    other = [str(row["test"]) for row in run.small_study if not row["applies"]]
    if other:
        notes.append(f"not for these data (measure, or counts that are missing): {', '.join(other)}")
    tables = (
        content.Table(
            id=f"{run.spec.id}-small-study-tests", title="", columns=used_columns(columns, cells), rows=tuple(cells)
        ),
    )
    yield content.Panel(
        id=f"{run.spec.id}-small-study", title="Small-study effects" + (f" (under {FEW} studies)" if k < FEW else ""), text=text,
        figures=figures_of(run, parts, "funnel"), tables=tables if cells else (), notes=fresh(notes, run),
    )  # fmt: skip


def _influence(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun]) -> Iterator[content.Panel]:
    found = run.influence
    if found is None:
        return
    marked = [name for name, yes in zip(found.study, found.influential, strict=True) if yes]
    rows = []
    for record in found.to_frame().to_dict("records"):
        strong = bool(record["influential"])
        rows.append({
            "study": content.Cell(value=record["study"], strong=strong),
            **{name: _number_or_none(record[name]) for name in ("rstudent", "dffits", "cook_distance", "hat", "tau2_deleted")},
            "mark": "influential" if strong else "",
        })  # fmt: skip
    columns = (
        content.Column(key="study", label="Study"), content.Column(key="rstudent", label="Studentised residual", align="decimal", digits=2),
        content.Column(key="dffits", label="DFFITS", align="decimal", digits=2),
        content.Column(key="cook_distance", label="Cook", align="decimal", digits=2),
        content.Column(key="hat", label="Hat", align="decimal", digits=2),
        content.Column(key="tau2_deleted", label="τ² without", align="decimal", digits=3), content.Column(key="mark", label=""),
    )  # fmt: skip
    told = f"Marked: {', '.join(marked)}. " if marked else "No study is marked. "
    yield content.Panel(
        id=f"{run.spec.id}-influence", title="Influence of single studies",
        text=f"{told}A mark is a reason to read that paper again, none to leave it out.",
        tables=(content.Table(id=f"{run.spec.id}-influence-table", title="", columns=used_columns(columns, rows), rows=tuple(rows)),),
        notes=fresh(found.notes, run),
    )  # fmt: skip


def _number_or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


Builder = Callable[[AnalysisRun, Parts, Sequence[AnalysisRun]], Iterator[content.Panel]]
BUILDERS: tuple[Builder, ...] = (_absolute, _regression, _factors, _dependence, _course, _small_study, _influence)
