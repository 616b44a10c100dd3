"""One section of the report: an analysis with its figures, lines, heterogeneity and studies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from ostealgia import display
from ostealgia.audit.rules import recover
from ostealgia.display import capital, level_text, p_text
from ostealgia.meta.result import PoolResult
from ostealgia.meta.text import interval_text, measure_interval, measure_text, shown
from ostealgia.project import outputs
from ostealgia.project.certainty import level_of, reasons_of
from ostealgia.project.claims_printed import logarithm_of
from ostealgia.project.model import ComparisonSpec
from ostealgia.project.papers import flags_by_study
from ostealgia.project.present_network import method_paragraph, network_section
from ostealgia.project.present_panels import CERTAINTY, panels
from ostealgia.project.present_parts import Parts, figures_of
from ostealgia.project.run_result import AnalysisRun, Variant
from ostealgia.project.store import RESULTS, Project, Row
from ostealgia.project.times import plural
from ostealgia.project.words import for_readers, method_text, short_title, signs, title_of
from ostealgia.report import content
from ostealgia.tables.measures import MEASURES
from ostealgia.tables.result import Excluded


def section(run: AnalysisRun, parts: Parts, answer: str) -> content.Analysis:
    """The section of one analysis, with the sensitivity analyses that descend from it."""
    children = [item for item in parts.runs.values() if item.spec.like and root_of(item, parts) == run.spec.id]
    fields: dict[str, Any] = {
        "figures": figures_of(run, parts, *(("forest",) if run.small_study else ("forest", "funnel"))),
        "heterogeneity": tuple(_heterogeneity(run)),
        "estimates": next(iter(_study_tables(run, parts)), None) if run.listed else _estimates(run, children, parts),
        "sensitivity": tuple(_sensitivity(run)),
        "tables": () if run.listed else tuple(_study_tables(run, parts)),
        "panels": panels(run, parts, children),
        "how": _how(run),
    }
    if run.network is not None:
        fields = network_section(run, parts, children, answer)
    return content.Analysis(
        id=run.spec.id,
        title=title_of(run),
        answer=answer,
        methods=signs(method_paragraph(run) if run.network is not None else _method_paragraph(run)),
        notes=tuple(
            for_readers(note) for note in (*reasons_of(parts.project, run.spec.id), *_analysis_notes(run, children))
        ),
        exclusions=tuple(exclusion(run, item) for item in run.excluded),
        problem=_problem_sentence(run),
        **fields,
    )


def root_of(run: AnalysisRun, parts: Parts) -> str:
    """The primary analysis that a sensitivity analysis descends from."""
    spec = run.spec
    while spec.like and spec.role != "primary":
        spec = parts.runs[spec.like].spec
    return spec.id


def _problem_sentence(run: AnalysisRun) -> str:
    return f"There is no result as printed: {run.problem}." if run.problem else ""


def _how(run: AnalysisRun) -> str:
    if run.fit is not None:
        return capital(method_text(run.fit))
    if run.crude is not None:
        return "Events and patients of all studies added up; Clopper-Pearson interval"
    if run.course is not None:
        return f"All times in one model, {level_text(run.spec.level)} CI by t"
    return "Study results side by side, not pooled" if run.listed else ""


def _method_paragraph(run: AnalysisRun) -> str:
    """Measure, model, estimators and interval in one paragraph."""
    spec, measure = run.spec, MEASURES[run.spec.measure]
    scale = "" if measure.analysis_scale == measure.title else f", pooled as {measure.analysis_scale}"
    parts = [f"Measure: {measure.title} ({spec.measure}){scale}."]
    if spec.model == "list" or (run.crude is not None):
        parts = [f"Measure: {measure.title} ({spec.measure})."]
    if spec.baseline:
        parts.append(f"{capital(plural(spec.time))} against {plural(spec.baseline)} of the same arm.")
    if run.fit is not None:
        parts.append(f"Method: {method_text(run.fit)}.")
        if run.fit.pi_method and run.fit.k >= 3:
            parts.append(f"Prediction interval: {PI_RULES[run.fit.pi_method]} (rule {run.fit.pi_method}).")
        if run.fit.tau2_ci_method:
            parts.append(f"Interval of τ²: {TAU2_INTERVALS.get(run.fit.tau2_ci_method, run.fit.tau2_ci_method)}.")
    elif run.crude is not None:
        parts.append(
            "Events and patients of all studies are added up without a model; the interval is exact (Clopper-Pearson)."
        )
    if spec.note:
        parts.append(spec.note)
    return " ".join(parts)


TAU2_INTERVALS = {
    "QP": "Q-profile",
    "GENQ": "generalised Q",
    "PL": "profile likelihood",
    "BJ": "Biggerstaff-Jackson",
    "J": "Jackson",
}
PI_RULES = {
    "V": "t with k - 1 degrees of freedom",
    "HTS": "t with k - 2 degrees of freedom",
    "S": "normal quantiles",
    "HK": "with the Hartung-Knapp standard error",
    "HK-PR": "with the Hartung-Knapp standard error, Partlett and Riley's rule",
}


def _analysis_notes(run: AnalysisRun, children: Sequence[AnalysisRun]) -> list[str]:
    """What must be said of an analysis, and under the name of its line what must be said of each line beside it."""
    sides = (run.fit, run.subgroups, run.leave_one_out, run.egger)
    own = dict.fromkeys((*run.notes, *(note for side in sides if side is not None for note in side.notes)))
    lines = [(variant.title, variant.notes, variant.fit) for variant in run.variants]
    for child in children:
        title = short_title(child, run)
        lines.append((title, child.notes, child.fit))
        lines += [(f"{title}, {variant.title}", variant.notes, variant.fit) for variant in child.variants]
    further = [
        f"{title}: {note}"
        for title, notes, fit in lines
        for note in dict.fromkeys((*notes, *(fit.notes if fit is not None else ())))
        if note not in own
    ]
    return [*own, *further]


def _heterogeneity(run: AnalysisRun) -> Iterable[content.Fact]:
    fit = run.fit
    if fit is None:
        return
    number = display.number
    if not math.isnan(fit.tau2):
        limits = "" if math.isnan(fit.tau2_ci_low) else f" ({display.interval(fit.tau2_ci_low, fit.tau2_ci_high, 3)})"
        how = TAU2_INTERVALS.get(fit.tau2_ci_method or "", fit.tau2_ci_method)
        scale = f"{fit.definition.analysis_scale} scale" + (f"; interval by {how}" if limits else "")
        yield content.Fact(label="τ²", value=f"{number(fit.tau2, 3)}{limits}", note=scale)
    if not math.isnan(fit.i2_q):
        limits = (
            "" if math.isnan(fit.i2_q_ci_low) else f" ({number(fit.i2_q_ci_low, 0)} to {number(fit.i2_q_ci_high, 0)})"
        )
        yield content.Fact(label="I² from Q", value=f"{number(fit.i2_q, 0)}%{limits}", note="(Q - df) / Q")
    if not math.isnan(fit.i2_tau2):
        yield content.Fact(label="I² from τ²", value=f"{number(fit.i2_tau2, 0)}%", note="τ² / (τ² + typical variance)")
    if not math.isnan(fit.q):
        yield content.Fact(label="Q", value=f"{number(fit.q, 1)}, df {fit.q_df:.0f}, {p_text(fit.q_p_value)}")
    if run.egger is not None:
        egger = run.egger
        value = f"intercept {number(egger.intercept)} (SE {number(egger.std_error)}), {p_text(egger.p_value)}"
        yield content.Fact(label="Egger's test", value=value, note="funnel asymmetry")


def _estimates(run: AnalysisRun, children: Sequence[AnalysisRun], parts: Parts) -> content.Table | None:
    """The headline and every line beside it: as published, subgroups, stated changes of the data or of the method."""
    project = parts.project
    rows: list[dict[str, Any]] = []
    if run.fit is not None:
        rows.append(_line("As entered", run.fit, strong=True, certainty=_rating(project, run)))
    elif run.crude is not None:
        rows.append(_crude_line("As entered", run, strong=True))
    rows += _published_lines(run, parts)
    for label, fit in (run.subgroups.groups if run.subgroups is not None else {}).items():
        name = f"{run.spec.subgroup}: {label}"
        rows.append(_line(name, fit, certainty=_rating(project, run, label)))
    rows += [_variant_line(run, variant, project) for variant in run.variants]
    for child in children:
        if child.regression is not None and _same_pool(child, run):
            continue  # it differs in its moderators alone: its regression stands below
        if child.fit is not None:
            rows.append(_line(short_title(child, run), child.fit, certainty=_rating(project, child)))
        elif child.crude is not None:
            rows.append(_crude_line(short_title(child, run), child))
        else:
            rows += [
                _variant_line(child, variant, project, f"{short_title(child, run)}: ") for variant in child.variants
            ]
    if not rows:
        return None
    columns = (
        content.Column(key="line", label="Line", wide=True),
        content.Column(key="estimate", label="Estimate", align="decimal"),
        content.Column(key="ci", label=f"{level_text(run.spec.level)} CI", align="right"),
        content.Column(key="pi", label=f"{level_text(run.spec.level)} prediction interval", align="right"),
        content.Column(key="i2", label="I²", unit="%", align="right"),
        content.Column(key="k", label="Studies", align="right"),
        content.Column(key="n", label="Patients", align="right"),
        CERTAINTY,
    )
    columns = tuple(column for column in columns if any(row.get(column.key) not in (None, "") for row in rows))
    caption = ""
    if run.subgroups is not None:
        found = run.subgroups
        test = f"Q {display.number(found.q_between, 2)}, df {found.q_between_df}, {p_text(found.q_between_p_value)}"
        caption = f"Test between subgroups: {test}"
    return content.Table(
        id=f"{run.spec.id}-estimates", title="Estimates", columns=columns, rows=tuple(rows), caption=caption
    )


def _same_pool(child: AnalysisRun, run: AnalysisRun) -> bool:
    """Whether two analyses pool the same rows by the same method."""
    if child.fit is None or run.fit is None:
        return False
    return (child.fit.reported, child.fit.k) == (run.fit.reported, run.fit.k)


def _rating(project: Project, run: AnalysisRun, line: str = "") -> str:
    """The certainty of a pooled result: of the analysis, or of one of its lines (item "analysis: line")."""
    return level_of(project, f"{run.spec.id}: {line}" if line else run.spec.id)


def _line(label: str, fit: PoolResult, *, certainty: str, strong: bool = False) -> dict[str, Any]:
    part = fit.reported
    pi = "" if math.isnan(part.pi_low) else interval_text(fit, part.pi_low, part.pi_high)
    return {
        "line": content.Cell(value=label, strong=strong),
        "estimate": content.Cell(value=shown(fit, part.estimate), strong=strong),
        "ci": content.Cell(value=interval_text(fit, part.ci_low, part.ci_high), strong=strong),
        "pi": pi, "i2": "" if math.isnan(fit.i2_q) else f"{fit.i2_q:.0f}", "k": fit.k,
        "n": None if math.isnan(fit.n) else f"{fit.n:,.0f}", "certainty": certainty,
    }  # fmt: skip


NOT_ALIGNED = "\u2060"  # a number of fewer decimals keeps its unit beside it, where a column is set point under point


def _published_lines(run: AnalysisRun, parts: Parts) -> list[dict[str, Any]]:
    """The pooled result as the paper prints it, with the verdict and a link to the claim."""
    verdicts = {claim.id: claim.verdict for claim in parts.claims}
    rows: list[dict[str, Any]] = []
    for claim in parts.project.spec.claim:
        estimate, low, high = claim.printed
        if claim.analysis != run.spec.id or claim.quantity != "pooled" or estimate is None or claim.id not in verdicts:
            continue
        between = "" if low is None or high is None else f"{low.text} to {high.text}{claim.unit}"
        name = content.Cell(value="As published", verdict=verdicts[claim.id], target=claim.id)
        rows.append(
            {
                "line": name,
                "estimate": f"{estimate.text}{NOT_ALIGNED if claim.unit else ''}{claim.unit}",
                "ci": between,
                "pi": "",
                "i2": "",
            }
        )
    return rows


def _crude_line(label: str, run: AnalysisRun, *, strong: bool = False) -> dict[str, Any]:
    crude, measure = run.crude, MEASURES[run.spec.measure]
    assert crude is not None  # the caller checked
    return {
        "line": content.Cell(value=label, strong=strong),
        "estimate": content.Cell(value=measure_text(measure, crude.estimate), strong=strong),
        "ci": content.Cell(value=measure_interval(measure, *crude.interval), strong=strong), "pi": "", "i2": "", "k": crude.k,
        "n": f"{crude.n:,.0f}",
    }  # fmt: skip


def _variant_line(run: AnalysisRun, variant: Variant, project: Project, prefix: str = "") -> dict[str, Any]:
    label = prefix + (variant.title if prefix else capital(variant.title))
    if variant.fit is None:
        return {"line": f"{label}: {variant.problem}"}
    return _line(label, variant.fit, certainty=_rating(project, run, variant.id))


def _sensitivity(run: AnalysisRun) -> Iterable[content.Table]:
    if run.leave_one_out is not None:
        yield _leave_one_out(run)
    if run.grid and run.spec.role == "primary":
        yield _method_table(run)


def _leave_one_out(run: AnalysisRun) -> content.Table:
    assert run.leave_one_out is not None and run.fit is not None  # the caller checked
    fit = run.fit
    rows = []
    for record in run.leave_one_out.to_frame().to_dict("records"):
        rows.append({
            "study": record["label"], "estimate": shown(fit, record["reported_estimate"]),
            "ci": interval_text(fit, record["reported_ci_low"], record["reported_ci_high"]), "tau2": record["tau2"], "i2": record["i2_q"],
        })  # fmt: skip
    columns = (
        content.Column(key="study", label="Without"),
        content.Column(key="estimate", label="Estimate", align="decimal"),
        content.Column(key="ci", label=f"{level_text(fit.ci_level)} CI", align="right"),
        content.Column(key="tau2", label="τ²", align="decimal", digits=3),
        content.Column(key="i2", label="I²", unit="%", align="right", digits=0),
    )
    return content.Table(id=f"{run.spec.id}-leave-one-out", title="Leave one out", columns=columns, rows=tuple(rows))


def _method_table(run: AnalysisRun) -> content.Table:
    assert run.fit is not None  # the caller checked
    fit = run.fit
    rows = []
    for row in run.grid:
        if row.note and math.isnan(row.estimate):
            rows.append({"method": row.label, "estimate": "", "ci": row.note, "tau2": None})
            continue
        tau2 = None if row.method.model in ("common", "MH", "peto") or row.method.tau2 == "EE" else row.tau2
        rows.append({
            "method": row.label, "estimate": shown(fit, row.estimate), "ci": interval_text(fit, row.ci_low, row.ci_high), "tau2": tau2,
        })  # fmt: skip
    columns = (
        content.Column(key="method", label="Method", wide=True),
        content.Column(key="estimate", label="Estimate", align="decimal"),
        content.Column(key="ci", label=f"{level_text(fit.ci_level)} CI", align="right"),
        content.Column(key="tau2", label="τ²", align="decimal", digits=3),
    )
    return content.Table(
        id=f"{run.spec.id}-methods", title=f"The same studies by {len(rows)} methods", columns=columns, rows=tuple(rows),
        caption="Model, transformation, estimator of τ² and interval; τ² is on the scale of the transformation.",
    )  # fmt: skip


HIDDEN = ("estimate", "std_error", "ci_low", "ci_high", "weight", "study", "reported_estimate", "reported_ci_low",
          "reported_ci_high", "analysis", "row", "source", "_study")  # fmt: skip
HEADINGS = {
    "published_p_value": "P, as printed", "note": "Interval",
    "events": "Events", "n": "n", "mean_1": "Mean", "sd_1": "SD", "n_1": "n", "mean_2": "Mean", "sd_2": "SD", "n_2": "n",
    "events_1": "Events 1", "events_2": "Events 2", "mean": "Mean", "sd": "SD", "person_time": "Person-time", "mean_pre": "Mean before",
    "sd_pre": "SD before", "mean_post": "Mean after", "sd_post": "SD after", "correlation": "r",
}  # fmt: skip


def _study_tables(run: AnalysisRun, parts: Parts) -> Iterable[content.Table]:
    """What was entered for each study, with its effect, weight, row and source."""
    records = outputs.study_rows(run)
    if not records:
        return
    effects = run.effects
    assert effects is not None  # rows exist
    measure = MEASURES[run.spec.measure]
    entered = [name for name in records[0] if name not in HIDDEN and any(_filled(row[name]) for row in records)]
    entered = [name for name in entered if not name.startswith("published_") or name == "published_p_value"]
    single = [name for name in entered if not (name == "n" and any(other.startswith("n_") for other in entered))]
    columns = [content.Column(key="study", label="Study")]
    for name in single:
        label = HEADINGS.get(name, name.replace("_", " "))
        if run.spec.baseline and name[-2:] in ("_1", "_2"):
            label = f"{label} at {plural(run.spec.time if name.endswith('1') else run.spec.baseline)}"
        columns.append(content.Column(key=name, label=label, align="decimal"))
    columns += [
        content.Column(key="effect", label=capital(measure.title), align="decimal"),
        content.Column(key="ci", label=f"{level_text(run.spec.level)} CI", align="right"),
    ]
    if run.fit is not None and any(_filled(row["weight"]) for row in records):
        columns.append(content.Column(key="weight", label="Weight", unit="%", align="decimal", digits=1))
    columns += [
        content.Column(key="row", label="Row", align="right"),
        content.Column(key="source", label="Source", wide=True),
    ]
    flags = flags_by_study(parts.papers)
    if any(record["study"] in flags for record in records):
        columns.insert(1, content.Column(key="audit", label="Audit of its paper"))
    rows = []
    for record in records:
        cells = {name: record[name] for name in ("study", *single, "weight", "row", "source")}
        cells["audit"] = _audit_mark(flags.get(str(record["study"]), 0))
        cells["effect"] = measure_text(measure, record["reported_estimate"])
        cells["ci"] = measure_interval(measure, record["reported_ci_low"], record["reported_ci_high"])
        if "note" in cells:
            cells["note"] = "from its P" if cells["note"] else "as printed"
        rows.append(cells)
    yield content.Table(
        id=f"{run.spec.id}-studies", title="Studies as entered, with their effects", columns=tuple(columns), rows=tuple(rows),
        caption=f"Row: row of {RESULTS} (the first one where several make a line).",
    )  # fmt: skip


def _audit_mark(flags: int) -> content.Cell | None:
    """The mark of a study whose paper has numbers that do not fit, with a link to the table of papers."""
    if not flags:
        return None
    text = f"{flags} {'does' if flags == 1 else 'do'} not fit"
    return content.Cell(value=text, verdict="inconsistent", target="papers")


def _filled(value: Any) -> bool:
    return value is not None and value != "" and not (isinstance(value, float) and math.isnan(value))


# ---------------------------------------------------------------- comparison


def comparison(spec: ComparisonSpec, parts: Parts) -> content.Analysis:
    """The same outcomes from several places, side by side; with what was entered, where that can be worked back."""
    columns = [content.Column(key="outcome", label="Factor", wide=True), content.Column(key="study", label="Study")]
    for place, (arm, title) in enumerate(spec.arms):
        columns.append(content.Column(key=arm, label=title, align="right"))
        if place == 0 and spec.recover:
            columns.append(content.Column(key="_entered", label="As entered (worked back)", align="right"))
    rows = []
    for outcome in spec.outcomes:
        found = {arm: _row_of(parts.project, outcome, arm, spec.measure) for arm, _ in spec.arms}
        first = next((row for row in found.values() if row is not None), None)
        cells: dict[str, Any] = {"outcome": capital(outcome), "study": first.text("study") if first else ""}
        cells |= {arm: _ratio_text(row) for arm, row in found.items()}
        if spec.recover:
            others = [row for arm, row in found.items() if arm != spec.arms[0][0] and row is not None]
            cells["_entered"] = _entered_text(found[spec.arms[0][0]], others, parts)
        rows.append(cells)
    table = content.Table(id=f"{spec.id}-table", title=spec.title, columns=tuple(columns), rows=tuple(rows))
    measure = MEASURES[spec.measure].title
    return content.Analysis(
        id=spec.id, title=spec.title, how=f"{capital(measure)} with 95% CI, as printed", estimates=table,
        notes=(spec.note,) if spec.note else (),
    )  # fmt: skip


def _row_of(project: Project, outcome: str, arm: str, measure: str) -> Row | None:
    for row in project.results:
        if row.text("outcome") == outcome and row.text("arm") == arm and row.text("measure").upper() == measure:
            return row
    return None


def _ratio_text(row: Row | None) -> str:
    """An estimate with interval or P as printed; "not printed" where there is none."""
    if row is None:
        return "not printed"
    text = row.text("estimate")
    if row.text("ci_low") and row.text("ci_high"):
        return f"{text} ({row.text('ci_low')} to {row.text('ci_high')})"
    return f"{text} (P {row.text('p_value')})" if row.text("p_value") else text


def _entered_text(row: Row | None, others: Sequence[Row], parts: Parts) -> str:
    """What was entered, if the printed ratio is the exponential of a ratio. others : the same effect at other places."""
    numbers = None if row is None else [row.printed(name) for name in ("estimate", "ci_low", "ci_high")]
    if row is None or numbers is None or None in numbers:
        return ""
    rules = {f.rule: f for f in parts.findings if f.line == row.number and f.document == RESULTS and f.flagged}
    if "duplicate-value" in rules:
        return "cannot be worked back"
    if "ci-vs-point" in rules:
        return rules["ci-vs-point"].repair or "cannot be worked back"
    estimate, low, high = (item for item in numbers if item is not None)
    entered = next((found for other in others if (found := logarithm_of(estimate, other)) is not None), None)
    return recover(estimate, low, high, entered=entered).text()


def exclusion(run: AnalysisRun, item: Excluded) -> content.ExclusionRow:
    """A row that was left out, as a line of the report."""
    return content.ExclusionRow(
        study=item.study,
        reason=item.reason,
        analysis=title_of(run),
        row=item.row,
        file=RESULTS if item.row is not None else "",
    )
