"""From results to the content of a report: the sentences, the tables and what is wrong, as plain data."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia import display
from ostealgia.audit.finding import Finding
from ostealgia.audit.rules import recover
from ostealgia.io.writers import csv_text
from ostealgia.meta.result import PoolResult
from ostealgia.meta.text import level_text, method_line, shown
from ostealgia.project import outputs
from ostealgia.project.analyses import AnalysisRun, Variant
from ostealgia.project.claims import CANNOT, DIFFERS, ClaimResult
from ostealgia.project.figures import Drawing
from ostealgia.project.model import ComparisonSpec, TableSpec, plural
from ostealgia.project.store import RESULTS, STUDIES, Project, Row
from ostealgia.report import content
from ostealgia.tables.measures import MEASURES

MOST_PROBLEMS = 12
METHODS = (
    "Rows were typed from the tables of the paper as printed; the source column of the tables below says where each number stands. "
    "A number that cannot be right leaves its row out by name; nothing is corrected.",
    "A claim is reproduced when the recomputed value rounds to every printed digit, limits included; it is rounding when "
    "some value of the inputs inside their own printed precision does; it differs when neither holds; and it cannot be computed when "
    "the paper does not print what it is computed from. Rounding is searched for by changing counts one and two at a time among "
    "those that print the same per cent, then all inputs together; what is found is checked by recomputing.",
    "Each pooled claim is also recomputed by every usual method (model, transformation, estimator of τ², interval). "
    "Where more than one gives the printed numbers, none is confirmed.",
)


@dataclass(frozen=True)
class Parts:
    """Everything a report is made from."""

    project: Project
    runs: Mapping[str, AnalysisRun]
    claims: Sequence[ClaimResult]
    findings: Sequence[Finding]
    drawings: Mapping[str, Sequence[Drawing]]
    command: str
    software: Sequence[tuple[str, str]]
    files: Sequence[str]


def build(parts: Parts) -> content.Report:
    """The report of a project."""
    spec = parts.project.spec
    info = spec.project
    citation = " ".join(part for part in (info.citation, f"doi:{info.doi}" if info.doi else "") if part)
    claims = tuple(claim_row(claim, parts.project, _root_of(claim.analysis, parts)) for claim in parts.claims)
    findings = tuple(_finding(finding, i) for i, finding in enumerate(parts.findings, start=1))
    return content.Report(
        id=parts.project.folder.name,
        title=info.title,
        kind=KIND_LABELS.get(info.kind, info.kind),
        subtitle=info.subtitle,
        citation=citation,
        question=content.Question(
            text=spec.question.text, population=spec.question.population, intervention=spec.question.intervention,
            comparator=spec.question.comparator, outcomes=spec.question.outcomes,
        ),
        answers=tuple(_answers(parts)),
        problems=tuple(_problems(parts, findings)),
        analyses=(*_analyses(parts), *(_comparison(item, parts) for item in spec.comparison)),
        claims=claims,
        findings=findings,
        tables=tuple(_entered(parts)),
        exclusions=tuple(_exclusions(parts)),
        methods=_methods(parts),
        notes=(*info.notes, *_reading_notes(parts.project)),
        not_done=info.not_done,
        provenance=content.Provenance(
            software=tuple(content.Fact(label=name, value=value) for name, value in parts.software),
            inputs=tuple(
                content.FileRecord(name=name, sha256=digest) for name, digest in sorted(parts.project.hashes.items())
            ),
            command=parts.command,
        ),
        downloads=tuple(content.Download(filename=name, label=_label(name)) for name in parts.files),
    )  # fmt: skip


KIND_LABELS = {
    "review": "review",
    "summary": "Published summary numbers, recomputed and checked against one another",
    "cohort": "cohort",
}


# ---------------------------------------------------------------- answers


def _primary(parts: Parts) -> Iterable[AnalysisRun]:
    return (run for run in parts.runs.values() if run.spec.role == "primary")


def _answers(parts: Parts) -> Iterable[content.Answer]:
    for run in _primary(parts):
        if run.fit is not None:
            yield _pooled_answer(run, run.fit)
        elif run.crude is not None:
            yield _crude_answer(run)
        elif any(variant.fit for variant in run.variants):
            yield _assumed_answer(run)
        elif run.listed:
            effects = run.effects
            k = effects.k if effects is not None else 0
            text = f"{_title(run)}: {_count(k, 'result', 'results')} side by side, not pooled."
            yield content.Answer(text=text, analysis=run.spec.id)
        elif run.problem:
            yield content.Answer(
                text=f"{_title(run)}: no result, because {run.problem}.", outcome=_title(run), analysis=run.spec.id
            )
    if not parts.runs:
        yield from _checked_answer(parts)


def _pooled_answer(run: AnalysisRun, fit: PoolResult) -> content.Answer:
    part = fit.reported
    level = level_text(fit.ci_level)
    text = f"{_sentence(run, _value(fit, part.estimate))} ({level} CI {_range(fit, part.ci_low, part.ci_high)})"
    if not math.isnan(part.pi_low):
        text += f"; {level} prediction interval for a new study {_range(fit, part.pi_low, part.pi_high)}"
    text += f". {_capital(_count(fit.k, 'study', 'studies'))}{_patients(fit.n)}."
    return content.Answer(
        text=text,
        outcome=_title(run),
        estimate=_value(fit, part.estimate),
        ci=_range(fit, part.ci_low, part.ci_high),
        pi="" if math.isnan(part.pi_low) else _range(fit, part.pi_low, part.pi_high),
        k=str(fit.k),
        n="" if math.isnan(fit.n) else f"{fit.n:,.0f}",
        heterogeneity="" if math.isnan(fit.i2_q) else f"I² {fit.i2_q:.0f}%",
        analysis=run.spec.id,
    )


def _sentence(run: AnalysisRun, estimate: str) -> str:
    """The sentence of the analysis with the number put in; a plain one where none is written."""
    if "{estimate}" in run.spec.answer:
        return run.spec.answer.replace("{estimate}", estimate).rstrip(".")
    return f"{_title(run)}: {estimate}"


def _crude_answer(run: AnalysisRun) -> content.Answer:
    crude = run.crude
    assert crude is not None  # the caller checked
    low, high = crude.interval
    text = (
        f"{_sentence(run, display.percent(crude.estimate, 1))} ({crude.events:,.0f} of {crude.n:,.0f}; "
        f"{level_text(crude.level)} CI {_percents(low, high)}), added up over {_count(crude.k, 'study', 'studies')} and not pooled."
    )
    return content.Answer(
        text=text, outcome=_title(run), estimate=display.percent(crude.estimate, 1), ci=_percents(low, high), k=str(crude.k),
        n=f"{crude.n:,.0f}", analysis=run.spec.id,
    )  # fmt: skip


def _assumed_answer(run: AnalysisRun) -> content.Answer:
    fits = [variant.fit for variant in run.variants if variant.fit is not None]
    estimates = [fit.reported.estimate for fit in fits]
    low, high = min(estimates), max(estimates)
    text = (
        f"{_title(run)} cannot be recomputed from what is printed; "
        f"{_count(len(fits), 'assumption', 'assumptions')} about what is missing give {_value(fits[0], low)} to {_value(fits[0], high)}."
    )
    return content.Answer(text=text, outcome=_title(run), estimate=_range(fits[0], low, high), k=str(fits[0].k),
                          n="" if math.isnan(fits[0].n) else f"{fits[0].n:,.0f}", heterogeneity="by assumption",
                          analysis=run.spec.id)  # fmt: skip


def _checked_answer(parts: Parts) -> Iterable[content.Answer]:
    """Where nothing is pooled: how many printed numbers were checked and how many fit; then each printed table."""
    judged = [claim for claim in parts.claims if claim.verdict != CANNOT]
    wrong = [claim for claim in judged if claim.verdict == DIFFERS]
    missing = len(parts.claims) - len(judged)
    text = (
        f"{len(judged) - len(wrong)} of {len(judged)} printed results that can be checked fit the other printed numbers; "
        f"{len(wrong)} {'does' if len(wrong) == 1 else 'do'} not"
    )
    yield content.Answer(text=text + (f", and {missing} cannot be computed from what is public." if missing else "."))
    for table in parts.project.spec.table:
        tests = [claim for claim in parts.claims if claim.id.startswith(f"{table.id}.")]
        bad = [claim.title.split(": ", 1)[-1] for claim in tests if claim.verdict == DIFFERS]
        if tests:
            text = f"{table.title.rstrip('.')}: {len(tests) - len(bad)} of {len(tests)} fit"
            yield content.Answer(text=text + (f"; not {', '.join(bad)}." if bad else "."))


# ---------------------------------------------------------------- what is wrong


def _problems(parts: Parts, rows: Sequence[content.FindingRow]) -> Iterable[content.Problem]:
    """The worst first: what changes a conclusion, words against numbers, major findings, then claims that differ."""
    found: list[tuple[int, content.Problem]] = []
    pairs = [
        (finding, row)
        for finding, row in zip(parts.findings, rows, strict=True)
        if finding.flagged and finding.severity in ("major", "conclusion-changing")
    ]
    for (rule, severity), group in _grouped(pairs).items():
        rank = 0 if severity == "conclusion-changing" else 2
        if len(group) >= MANY and rule in SEVERAL:
            text = f"{len(group)} {SEVERAL[rule]}: {', '.join(finding.quote.split(',')[0] for finding, _ in group)}."
            found.append((rank, content.Problem(text=text, verdict=group[0][0].verdict, target=group[0][1].id)))
            continue
        for finding, row in group:
            quote = f"{finding.quote}: " if finding.quote else ""
            text = f"{quote}{_brief(finding.message)}."
            found.append((rank, content.Problem(text=text, verdict=finding.verdict, target=row.id)))
    told = {id(finding) for finding, _ in pairs}
    for claim in parts.claims:
        if claim.verdict == DIFFERS and not any(id(finding) in told for finding in claim.findings):
            text = f"{claim.title}: published {claim.published}, recomputed {claim.recomputed or 'otherwise'}."
            found.append((3, content.Problem(text=text, verdict="differs", target=claim.id)))
    seen: set[str] = set()
    for _, problem in sorted(found, key=lambda item: item[0]):
        if problem.text not in seen:
            seen.add(problem.text)
            yield problem


MANY = 3
SEVERAL = {
    "percent-vs-count": "printed per cents are not those of their counts",
    "double-exponentiation": "published ratios are the exponential of a ratio",
    "total-vs-parts": "totals are not the sum of their parts",
    "scale-bound": "rows have a value that cannot be",
}


def _grouped(
    pairs: Iterable[tuple[Finding, content.FindingRow]],
) -> dict[tuple[str, str], list[tuple[Finding, content.FindingRow]]]:
    grouped: dict[tuple[str, str], list[tuple[Finding, content.FindingRow]]] = {}
    for finding, row in pairs:
        grouped.setdefault((finding.rule, finding.severity), []).append((finding, row))
    return grouped


def _brief(message: str) -> str:
    """The first two statements of a rule's message."""
    return "; ".join(message.split("; ")[:2]).rstrip(".")


# ---------------------------------------------------------------- analyses


def _analyses(parts: Parts) -> Iterable[content.Analysis]:
    for run in _primary(parts):
        yield _analysis(run, parts)


def _analysis(run: AnalysisRun, parts: Parts) -> content.Analysis:
    children = [item for item in parts.runs.values() if item.spec.like and _root(item, parts) == run.spec.id]
    answer = next((item.text for item in _answers(parts) if item.analysis == run.spec.id), "")
    return content.Analysis(
        id=run.spec.id,
        title=_title(run),
        answer=answer,
        how=_how(run),
        figures=tuple(_figure(drawing, run) for drawing in parts.drawings.get(run.spec.id, ())),
        heterogeneity=tuple(_heterogeneity(run)),
        estimates=next(iter(_study_tables(run)), None) if run.listed else _estimates(run, children),
        sensitivity=tuple(_sensitivity(run)),
        tables=() if run.listed else tuple(_study_tables(run)),
        methods=_signs(_method_paragraph(run)),
        notes=tuple(_analysis_notes(run)),
        exclusions=tuple(_exclusion(run, item) for item in run.excluded),
        problem=_problem_sentence(run),
    )


def _root(run: AnalysisRun, parts: Parts) -> str:
    """The primary analysis that a sensitivity analysis descends from."""
    spec = run.spec
    while spec.like and spec.role != "primary":
        spec = parts.runs[spec.like].spec
    return spec.id


def _problem_sentence(run: AnalysisRun) -> str:
    return f"There is no result as printed: {run.problem}." if run.problem else ""


def _how(run: AnalysisRun) -> str:
    if run.fit is not None:
        return _capital(_method(run.fit))
    if run.crude is not None:
        return "Events and patients of all studies added up; Clopper-Pearson interval"
    return "Study results side by side, not pooled" if run.listed else ""


def _method_paragraph(run: AnalysisRun) -> str:
    """Measure, model, estimators and interval in one paragraph."""
    spec, measure = run.spec, MEASURES[run.spec.measure]
    scale = "" if measure.analysis_scale == measure.title else f", pooled as {measure.analysis_scale}"
    parts = [f"Measure: {measure.title} ({spec.measure}){scale}."]
    if spec.model == "list" or (run.crude is not None):
        parts = [f"Measure: {measure.title} ({spec.measure})."]
    if spec.baseline:
        parts.append(f"{_capital(plural(spec.time))} against {plural(spec.baseline)} of the same arm.")
    if run.fit is not None:
        parts.append(f"Method: {_method(run.fit)}.")
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


def _analysis_notes(run: AnalysisRun) -> list[str]:
    notes = list(run.notes)
    if run.fit is not None:
        notes += [note for note in run.fit.notes if note not in notes]
    if run.egger is not None:
        notes += [note for note in run.egger.notes if note not in notes]
    if run.subgroups is not None:
        notes += [note for note in run.subgroups.notes if note not in notes]
    return [_capital(_signs(note)) for note in notes]


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
        yield content.Fact(label="Q", value=f"{number(fit.q, 1)}, df {fit.q_df:.0f}, P {_p(fit.q_p_value)}")
    if run.egger is not None:
        egger = run.egger
        value = f"intercept {number(egger.intercept)} (SE {number(egger.std_error)}), P {_p(egger.p_value)}"
        yield content.Fact(label="Egger's test", value=value, note="funnel asymmetry")


def _p(value: float) -> str:
    text = display.p_value(value)
    return text if text.startswith("<") else f"= {text}"


def _estimates(run: AnalysisRun, children: Sequence[AnalysisRun]) -> content.Table | None:
    """The headline and every line beside it: subgroups, stated changes of the data or of the method."""
    rows: list[dict[str, Any]] = []
    if run.fit is not None:
        rows.append(_line("As entered", run.fit, strong=True))
    elif run.crude is not None:
        rows.append(_crude_line("As entered", run, strong=True))
    for label, fit in (run.subgroups.groups if run.subgroups is not None else {}).items():
        rows.append(_line(f"{run.spec.subgroup}: {label}", fit))
    rows += [_variant_line(variant) for variant in run.variants]
    for child in children:
        if child.fit is not None:
            rows.append(_line(_short_title(child, run), child.fit))
        elif child.crude is not None:
            rows.append(_crude_line(_short_title(child, run), child))
        else:
            rows += [_variant_line(variant, prefix=f"{_short_title(child, run)}: ") for variant in child.variants]
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
    )
    columns = tuple(column for column in columns if any(row.get(column.key) not in (None, "") for row in rows))
    caption = ""
    if run.subgroups is not None:
        found = run.subgroups
        caption = f"Test between subgroups: Q {display.number(found.q_between, 2)}, df {found.q_between_df}, P {_p(found.q_between_p_value)}"
    return content.Table(
        id=f"{run.spec.id}-estimates", title="Estimates", columns=columns, rows=tuple(rows), caption=caption
    )


def _short_title(child: AnalysisRun, parent: AnalysisRun) -> str:
    """A line's title without the words of the analysis it belongs to."""
    title, head = _title(child), _title(parent)
    rest = title[len(head) :].lstrip(" ,:") if title.startswith(head) else title
    return _capital(rest) or title


def _line(label: str, fit: PoolResult, *, strong: bool = False) -> dict[str, Any]:
    part = fit.reported
    pi = "" if math.isnan(part.pi_low) else _range(fit, part.pi_low, part.pi_high)
    return {
        "line": content.Cell(value=label, strong=strong),
        "estimate": content.Cell(value=_value(fit, part.estimate), strong=strong),
        "ci": content.Cell(value=_range(fit, part.ci_low, part.ci_high), strong=strong),
        "pi": pi, "i2": "" if math.isnan(fit.i2_q) else f"{fit.i2_q:.0f}", "k": fit.k,
        "n": None if math.isnan(fit.n) else f"{fit.n:,.0f}",
    }  # fmt: skip


def _crude_line(label: str, run: AnalysisRun, *, strong: bool = False) -> dict[str, Any]:
    crude = run.crude
    assert crude is not None  # the caller checked
    return {
        "line": content.Cell(value=label, strong=strong),
        "estimate": content.Cell(value=display.percent(crude.estimate, 1), strong=strong),
        "ci": content.Cell(value=_percents(*crude.interval), strong=strong), "pi": "", "i2": "", "k": crude.k,
        "n": f"{crude.n:,.0f}",
    }  # fmt: skip


def _variant_line(variant: Variant, prefix: str = "") -> dict[str, Any]:
    label = prefix + (variant.title if prefix else _capital(variant.title))
    if variant.fit is None:
        return {"line": f"{label}: {variant.problem}"}
    return _line(label, variant.fit)


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
            "study": record["label"], "estimate": _value(fit, record["reported_estimate"]),
            "ci": _range(fit, record["reported_ci_low"], record["reported_ci_high"]), "tau2": record["tau2"], "i2": record["i2_q"],
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
            "method": row.label, "estimate": _value(fit, row.estimate), "ci": _range(fit, row.ci_low, row.ci_high), "tau2": tau2,
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
    "events": "Events", "n": "n", "mean_1": "Mean", "sd_1": "SD", "n_1": "n", "mean_2": "Mean", "sd_2": "SD", "n_2": "n",
    "events_1": "Events 1", "events_2": "Events 2", "mean": "Mean", "sd": "SD", "person_time": "Person-time", "mean_pre": "Mean before",
    "sd_pre": "SD before", "mean_post": "Mean after", "sd_post": "SD after", "correlation": "r",
}  # fmt: skip


def _study_tables(run: AnalysisRun) -> Iterable[content.Table]:
    """What was entered for each study, with its effect, weight, row and source."""
    records = outputs.study_rows(run)
    if not records:
        return
    effects = run.effects
    assert effects is not None  # rows exist
    measure = MEASURES[run.spec.measure]
    entered = [name for name in records[0] if name not in HIDDEN and any(_filled(row[name]) for row in records)]
    single = [name for name in entered if not (name == "n" and any(other.startswith("n_") for other in entered))]
    columns = [content.Column(key="study", label="Study")]
    for name in single:
        label = HEADINGS.get(name, name.replace("_", " "))
        if run.spec.baseline and name[-2:] in ("_1", "_2"):
            label = f"{label} at {plural(run.spec.time if name.endswith('1') else run.spec.baseline)}"
        columns.append(content.Column(key=name, label=label, align="decimal"))
    columns += [
        content.Column(key="effect", label=_capital(measure.title), align="decimal"),
        content.Column(key="ci", label=f"{level_text(run.spec.level)} CI", align="right"),
    ]
    if run.fit is not None and any(_filled(row["weight"]) for row in records):
        columns.append(content.Column(key="weight", label="Weight", unit="%", align="decimal", digits=1))
    columns += [
        content.Column(key="row", label="Row", align="right"),
        content.Column(key="source", label="Source", wide=True),
    ]
    rows = []
    for record in records:
        cells = {name: record[name] for name in ("study", *single, "weight", "row", "source")}
        cells["effect"] = _measured(run, record["reported_estimate"])
        cells["ci"] = (
            f"{_measured(run, record['reported_ci_low'])} to {_measured(run, record['reported_ci_high'])}".replace(
                "% to", " to"
            )
        )
        rows.append(cells)
    yield content.Table(
        id=f"{run.spec.id}-studies", title="Studies as entered, with their effects", columns=tuple(columns), rows=tuple(rows),
        caption=f"Row: row of {RESULTS} (the first one where several make a line).",
    )  # fmt: skip


def _filled(value: Any) -> bool:
    return value is not None and value != "" and not (isinstance(value, float) and math.isnan(value))


def _figure(drawing: Drawing, run: AnalysisRun) -> content.Figure:
    return content.Figure(
        id=drawing.name, title=drawing.title, svg=drawing.svg, alt=drawing.alt, filename=drawing.name,
        png_base64=base64.b64encode(drawing.png).decode(), csv=csv_text(outputs.study_rows(run)),
    )  # fmt: skip


# ---------------------------------------------------------------- comparison


def _comparison(spec: ComparisonSpec, parts: Parts) -> content.Analysis:
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
        cells: dict[str, Any] = {"outcome": _capital(outcome), "study": first.text("study") if first else ""}
        cells |= {arm: _ratio_text(row) for arm, row in found.items()}
        if spec.recover:
            cells["_entered"] = _entered_text(found[spec.arms[0][0]], parts)
        rows.append(cells)
    table = content.Table(id=f"{spec.id}-table", title=spec.title, columns=tuple(columns), rows=tuple(rows))
    measure = MEASURES[spec.measure].title
    return content.Analysis(
        id=spec.id, title=spec.title, how=f"{_capital(measure)} with 95% CI, as printed", estimates=table,
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


def _entered_text(row: Row | None, parts: Parts) -> str:
    """What was entered, if the printed ratio is the exponential of a ratio."""
    if row is None or not row.text("ci_low"):
        return ""
    rules = {f.rule: f for f in parts.findings if f.line == row.number and f.document == RESULTS and f.flagged}
    if "duplicate-value" in rules:
        return "cannot be worked back"
    if "ci-vs-point" in rules:
        return (rules["ci-vs-point"].repair or "cannot be worked back").replace(" to ", " to ")
    return recover(row.value("estimate"), row.value("ci_low"), row.value("ci_high")).text()


# ---------------------------------------------------------------- claims, findings, exclusions


def claim_row(claim: ClaimResult, project: Project, target: str = "", *, typographic: bool = True) -> content.ClaimRow:
    """A claim as a row of the report, or (``typographic=False``) of a terminal. target : the analysis it links to."""
    put = _signs if typographic else str
    return content.ClaimRow(
        id=claim.id, claim=put(claim.title), published=put(claim.published), recomputed=put(claim.recomputed), verdict=claim.verdict,
        detail=put(claim.detail) + "." if claim.detail else "", source=claim.source, analysis=target,
        project=project.spec.project.title,
        variants=tuple(
            content.ClaimVariant(assumption=v.title, recomputed=v.recomputed, detail=DETAIL.get(v.verdict, "")) for v in claim.variants
        ),
    )  # fmt: skip


def _signs(text: str) -> str:
    """The field's signs for their names in ASCII."""
    for name, sign in (("chi2", "χ²"), ("tau2", "τ²"), ("I2", "I²")):
        text = re.sub(rf"\b{name}\b", sign, text)
    return text


def _root_of(analysis: str, parts: Parts) -> str:
    return _root(parts.runs[analysis], parts) if analysis in parts.runs else ""


DETAIL = {"same digits": "gives the printed digits", "other digits": "gives other digits"}


def _finding(finding: Finding, number: int) -> content.FindingRow:
    place = finding.document or ""
    if finding.line is not None:
        place = f"{place}, row {finding.line}"
    recomputed = "" if finding.recomputed is None else _short(finding.recomputed)
    low, high = finding.recomputed_low, finding.recomputed_high
    if (
        low is not None
        and high is not None
        and math.isfinite(low)
        and math.isfinite(high)
        and _short(low) != _short(high)
    ):
        recomputed = f"{recomputed} ({_short(low)} to {_short(high)})".strip()
    return content.FindingRow(
        id=f"finding-{number}", place=place, quote=finding.quote, reported=finding.reported, recomputed=recomputed,
        rule=finding.rule, verdict=finding.verdict, severity=finding.severity, cause=finding.cause or "", repair=finding.repair or "",
        basis=finding.basis,
    )  # fmt: skip


def _short(value: float) -> str:
    if not math.isfinite(value):
        return "infinite"
    return f"{value:.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"


def _exclusions(parts: Parts) -> Iterable[content.ExclusionRow]:
    for run in parts.runs.values():
        for item in run.excluded:
            yield _exclusion(run, item)


def _exclusion(run: AnalysisRun, item: Any) -> content.ExclusionRow:
    return content.ExclusionRow(
        study=item.study,
        reason=item.reason,
        analysis=_title(run),
        row=item.row,
        file=RESULTS if item.row is not None else "",
    )


# ---------------------------------------------------------------- what was entered, methods


def _entered(parts: Parts) -> Iterable[content.Table]:
    if parts.project.spec.analysis and parts.project.studies.rows:
        yield _sheet_table("studies", f"Studies ({STUDIES})", parts.project.studies.names, parts.project.studies.rows)
    for table in parts.project.spec.table:
        yield _printed_table(table, parts)


def _printed_table(table: TableSpec, parts: Parts) -> content.Table:
    sheet = parts.project.tables[table.id]
    return _sheet_table(table.id, f"{table.title} (as printed)", sheet.names, sheet.rows)


def _sheet_table(ident: str, title: str, names: Sequence[str], rows: Sequence[Row]) -> content.Table:
    used = [name for name in names if any(row.text(name) for row in rows)]
    if "label" in used and all(row.text("label") == row.text("study") for row in rows):
        used.remove("label")
    columns = tuple(
        content.Column(
            key=name, label=_capital(name.replace("_", " ")), align="decimal" if _numeric(rows, name) else "left",
            wide=any(len(row.text(name)) > 28 for row in rows),
        )
        for name in used
    )  # fmt: skip
    return content.Table(
        id=f"entered-{ident}",
        title=title,
        columns=columns,
        rows=tuple({name: row.text(name) for name in used} for row in rows),
    )


def _numeric(rows: Sequence[Row], name: str) -> bool:
    cells = [row.text(name) for row in rows if row.text(name)]
    return bool(cells) and all(row.printed(name) is not None for row in rows if row.text(name))


def _methods(parts: Parts) -> tuple[str, ...]:
    version = next((value for name, value in parts.software if name == "ostealgia"), "")
    head = f"Computed with ostealgia {version}."
    if not parts.runs:
        return (METHODS[0], METHODS[1].split(" Rounding is searched")[0], head)
    return (*METHODS, head)


def _reading_notes(project: Project) -> tuple[str, ...]:
    sheets = (project.results, project.studies, project.appraisal, project.repairs, *project.tables.values())
    return tuple(f"{sheet.file}: {note}" for sheet in sheets for note in sheet.notes)


def _label(name: str) -> str:
    return {
        "results.json": "every estimate with its method and the hash of the inputs",
        "tables/estimates.csv": "the same as a table",
        "tables/studies.csv": "effects of the studies, with row and source",
        "tables/heterogeneity.csv": "heterogeneity of each pool",
        "tables/sensitivity.csv": "leave-one-out and other methods",
        "tables/claims.csv": "published and recomputed",
        "tables/findings.csv": "checks of the printed numbers",
        "tables/excluded.csv": "what was left out",
    }.get(name, "")


# ---------------------------------------------------------------- words


def _method(fit: PoolResult) -> str:
    return method_line(fit).replace("tau2", "τ²")


def _title(run: AnalysisRun) -> str:
    return run.spec.title or run.spec.id


def _value(fit: PoolResult, value: float) -> str:
    return shown(fit, value)


def _range(fit: PoolResult, low: float, high: float, word: str = "to") -> str:
    """ "73.3 to 83.2%" for per cents, "0.88 to 1.09" otherwise."""
    first = shown(fit, low)
    return f"{first.rstrip('%')} {word} {shown(fit, high)}"


def _measured(run: AnalysisRun, value: float) -> str:
    measure = MEASURES[run.spec.measure]
    return display.percent(value, 1) if measure.percent else display.number(value, measure.digits)


def _percents(low: float, high: float) -> str:
    return f"{display.percent(low, 1).rstrip('%')} to {display.percent(high, 1)}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _patients(n: float) -> str:
    return "" if math.isnan(n) else f" with {n:,.0f} patients"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
