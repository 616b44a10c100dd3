"""From results to the content of a report: the answers, what is wrong, the claims and what was entered, as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ostealgia.audit.finding import Finding
from ostealgia.display import capital, count_of, level_text
from ostealgia.meta.result import PoolResult
from ostealgia.meta.text import interval_text, measure_interval, measure_text, shown
from ostealgia.project.certainty import level_of, unknown_items
from ostealgia.project.claim_base import CANNOT, DIFFERS, ClaimResult
from ostealgia.project.model import TableSpec
from ostealgia.project.outputs_engine import LABELS
from ostealgia.project.papers import paper_notes, paper_problems, papers_table
from ostealgia.project.present_analysis import comparison, exclusion, root_of, section
from ostealgia.project.present_network import network_answer
from ostealgia.project.present_panels import coefficient_cells
from ostealgia.project.present_parts import Parts
from ostealgia.project.printed_tables import STATISTIC, P, short
from ostealgia.project.run_result import AnalysisRun
from ostealgia.project.store import APPRAISAL, REPAIRS, STUDIES, Project, Row
from ostealgia.project.survives_present import survival_answers, survival_sections
from ostealgia.project.times import plural
from ostealgia.project.words import patients_text, signs, title_of
from ostealgia.report import content
from ostealgia.tables.measures import MEASURES

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


def build(parts: Parts) -> content.Report:
    """The report of a project."""
    spec = parts.project.spec
    info = spec.project
    citation = " ".join(part for part in (info.citation, f"doi:{info.doi}" if info.doi else "") if part)
    claims = tuple(claim_row(claim, parts.project, _root_of(claim.analysis, parts)) for claim in parts.claims)
    told = [finding for finding in parts.findings if finding.flagged or finding.document not in _paper_files(parts)]
    findings = tuple(_finding(finding, i) for i, finding in enumerate(told, start=1))
    return content.Report(
        id=parts.project.name,
        title=info.title,
        kind=KIND_LABELS.get(info.kind, info.kind),
        subtitle=info.subtitle,
        citation=citation,
        question=content.Question(
            text=spec.question.text, population=spec.question.population, intervention=spec.question.intervention,
            comparator=spec.question.comparator, outcomes=spec.question.outcomes,
        ),
        answers=(*survival_answers(parts), *_answers(parts)),
        problems=tuple(_problems(parts, told, findings)),
        analyses=(*survival_sections(parts), *_analyses(parts), *(comparison(item, parts) for item in spec.comparison)),
        claims=claims,
        findings=findings,
        tables=tuple(_entered(parts)),
        exclusions=tuple(_exclusions(parts)),
        methods=_methods(parts),
        notes=(*info.notes, *_reading_notes(parts.project), *paper_notes(parts.project, parts.papers), *parts.without_script),
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
            yield _pooled_answer(run, run.fit, parts.project)
        elif run.network is not None:
            yield network_answer(run, parts)
        elif run.course is not None:
            yield _course_answer(run, parts.project)
        elif run.crude is not None:
            yield _crude_answer(run)
        elif any(variant.fit for variant in run.variants):
            yield _assumed_answer(run)
        elif run.listed:
            effects = run.effects
            k = effects.k if effects is not None else 0
            plain = f"{title_of(run)}: {count_of(k, 'result', 'results')} side by side, not pooled"
            text = (run.spec.answer or plain).replace("{k}", str(k)).rstrip(".") + "."
            yield content.Answer(text=text, analysis=run.spec.id)
        elif run.problem:
            yield content.Answer(
                text=f"{title_of(run)}: no result, because {run.problem}.", outcome=title_of(run), analysis=run.spec.id
            )
    if not parts.runs:
        yield from _checked_answer(parts)


def _pooled_answer(run: AnalysisRun, fit: PoolResult, project: Project) -> content.Answer:
    part = fit.reported
    level = level_text(fit.ci_level)
    text = f"{_sentence(run, shown(fit, part.estimate))} ({level} CI {interval_text(fit, part.ci_low, part.ci_high)})"
    if not math.isnan(part.pi_low):
        text += f"; {level} prediction interval for a new study {interval_text(fit, part.pi_low, part.pi_high)}"
    text += f". {capital(count_of(fit.k, 'study', 'studies'))}{patients_text(fit.n)}."
    return content.Answer(
        text=text,
        outcome=title_of(run),
        estimate=shown(fit, part.estimate),
        ci=interval_text(fit, part.ci_low, part.ci_high),
        pi="" if math.isnan(part.pi_low) else interval_text(fit, part.pi_low, part.pi_high),
        k=str(fit.k),
        n="" if math.isnan(fit.n) else f"{fit.n:,.0f}",
        heterogeneity="" if math.isnan(fit.i2_q) else f"I² {fit.i2_q:.0f}%",
        analysis=run.spec.id,
        certainty=level_of(project, run.spec.id),
    )


def _course_answer(run: AnalysisRun, project: Project) -> content.Answer:
    """The mean at the first and the last time of the data."""
    found = run.course
    assert found is not None  # the caller checked
    times = sorted(found.observed)
    ends = found.at([times[0], times[-1]])
    level = level_text(run.spec.level)
    told = [
        f"{cells['estimate']} ({level} CI {cells['ci']}) at {plural(f'{when:g} {run.spec.time_unit}')}"
        for when, cells in zip(
            (times[0], times[-1]), (coefficient_cells(ends, 0), coefficient_cells(ends, 1)), strict=True
        )
    ]
    studies = found.fit.components[0].units
    head = run.spec.answer.rstrip(".") or title_of(run)
    text = f"{head}: {told[0]}, {told[1]}. {capital(count_of(studies, 'study', 'studies'))}, {found.fit.k} effects."
    last = coefficient_cells(ends, 1)
    return content.Answer(
        text=text, outcome=f"{title_of(run)}, {plural(f'{times[-1]:g} {run.spec.time_unit}')}", estimate=last["estimate"], ci=last["ci"],
        pi=last["pi"], k=str(studies), analysis=run.spec.id, certainty=level_of(project, run.spec.id),
    )  # fmt: skip


def _sentence(run: AnalysisRun, estimate: str) -> str:
    """The sentence of the analysis with the number put in; a plain one where none is written."""
    if "{estimate}" in run.spec.answer:
        return run.spec.answer.replace("{estimate}", estimate).rstrip(".")
    measure = MEASURES[run.spec.measure]
    name = f"{measure.title} " if measure.ratio or measure.no_effect is not None else ""
    return f"{title_of(run)}: {name}{estimate}"


def _crude_answer(run: AnalysisRun) -> content.Answer:
    crude = run.crude
    assert crude is not None  # the caller checked
    measure = MEASURES[run.spec.measure]
    estimate, interval = measure_text(measure, crude.estimate), measure_interval(measure, *crude.interval)
    text = (
        f"{_sentence(run, estimate)} ({crude.events:,.0f} of {crude.n:,.0f}; "
        f"{level_text(crude.level)} CI {interval}), added up over {count_of(crude.k, 'study', 'studies')} and not pooled."
    )
    return content.Answer(
        text=text, outcome=title_of(run), estimate=estimate, ci=interval, k=str(crude.k),
        n=f"{crude.n:,.0f}", analysis=run.spec.id,
    )  # fmt: skip


def _assumed_answer(run: AnalysisRun) -> content.Answer:
    fits = [variant.fit for variant in run.variants if variant.fit is not None]
    estimates = [fit.reported.estimate for fit in fits]
    low, high = min(estimates), max(estimates)
    told = count_of(len(fits), "assumption about what is missing gives", "assumptions about what is missing give")
    text = f"{title_of(run)} cannot be recomputed from what is printed; {told} {interval_text(fits[0], low, high)}."
    return content.Answer(text=text, outcome=title_of(run), estimate=interval_text(fits[0], low, high), k=str(fits[0].k),
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
    told = []
    for table in parts.project.spec.table:
        tests = [claim for claim in parts.claims if claim.id.startswith(f"{table.id}.")]
        bad = [claim.title.split(": ", 1)[-1].split(",")[0] for claim in tests if claim.verdict == DIFFERS]
        if tests:
            rest = f" (not {', '.join(bad)})" if bad else ""
            told.append(f"{short(table)}: {len(tests) - len(bad)} of {len(tests)}{rest}")
    if told:
        yield content.Answer(text=f"Tests and ratios that fit. {'; '.join(told)}.")


# ---------------------------------------------------------------- what is wrong


def _paper_files(parts: Parts) -> set[str]:
    """The papers; of what fits in them the report gives the count, and tables/findings.csv every line."""
    return {item.paper.file for item in parts.papers}


def _problems(parts: Parts, told: Sequence[Finding], rows: Sequence[content.FindingRow]) -> Iterable[content.Problem]:
    """The worst first: what changes a conclusion, words against numbers, major findings, then claims that differ.

    told, rows : the findings of the report, and their rows. A paper is one line, however much of it does not fit.
    """
    found: list[tuple[int, content.Problem]] = list(paper_problems(parts.papers))
    papers = _paper_files(parts)
    pairs = [
        (finding, row)
        for finding, row in zip(told, rows, strict=True)
        if finding.flagged and finding.severity in ("major", "conclusion-changing") and finding.document not in papers
    ]
    for (rule, severity), group in _grouped(pairs).items():
        rank = 0 if severity == "conclusion-changing" else 2
        if len(group) >= MANY and rule in SEVERAL:
            text = f"{len(group)} {SEVERAL[rule]}: {', '.join(finding.quote.split(',')[0] for finding, _ in group)}."
            found.append((rank, content.Problem(text=text, verdict=group[0][0].verdict, target=group[0][1].id)))
            continue
        for finding, row in group:
            quote = f"{finding.quote}: " if finding.quote and not finding.message.startswith(finding.quote) else ""
            text = f"{quote}{_brief(finding.message)}."
            found.append((rank, content.Problem(text=text, verdict=finding.verdict, target=row.id)))
    shown_already = {id(finding) for finding, _ in pairs}
    for claim in parts.claims:
        if claim.verdict == DIFFERS and not any(id(finding) in shown_already for finding in claim.findings):
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


def _analyses(parts: Parts) -> Iterable[content.Analysis]:
    answers = {answer.analysis: answer.text for answer in _answers(parts)}
    for run in _primary(parts):
        yield section(run, parts, answers.get(run.spec.id, ""))


# ---------------------------------------------------------------- claims, findings, exclusions


def claim_row(claim: ClaimResult, project: Project, target: str = "", *, typographic: bool = True) -> content.ClaimRow:
    """A claim as a row of the report, or (``typographic=False``) of a terminal. target : the analysis it links to."""
    put = signs if typographic else str
    return content.ClaimRow(
        id=claim.id, claim=put(claim.title), published=put(claim.published), recomputed=put(claim.recomputed), verdict=claim.verdict,
        detail=put(claim.detail) + "." if claim.detail else "", source=claim.source, analysis=target,
        project=project.spec.project.title,
        variants=tuple(
            content.ClaimVariant(assumption=v.title, recomputed=v.recomputed, detail=DETAIL.get(v.verdict, "")) for v in claim.variants
        ),
    )  # fmt: skip


def _root_of(analysis: str, parts: Parts) -> str:
    return root_of(parts.runs[analysis], parts) if analysis in parts.runs else ""


DETAIL = {"same digits": "gives the printed digits", "other digits": "gives other digits"}


def _finding(finding: Finding, number: int) -> content.FindingRow:
    place = finding.document or ""
    if finding.page is not None:
        place = f"{place}, page {finding.page}"
    elif finding.line is not None:
        place = f"{place}, {'row' if place.endswith('.csv') else 'line'} {finding.line}"
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
    """Who was left out of which analysis; of a sensitivity analysis only what its own analysis does not say already."""
    for run in parts.runs.values():
        parent = parts.runs[root_of(run, parts)]
        said = {item.study for item in parent.excluded} if parent is not run else set()
        for item in run.excluded:
            if item.study not in said:
                yield exclusion(run, item)


# ---------------------------------------------------------------- what was entered, methods


def _repairs(project: Project) -> content.Table:
    """Every repair with what it replaces, why, and who accepted it."""
    by_number = {str(row.number): row for row in project.results}
    rows = []
    for item in project.repairs:
        row = by_number.get(item.text("row"))
        rows.append({
            "row": item.text("row"), "study": row.text("study") if row else "", "column": item.text("column"),
            "from": item.text("from") or "empty", "to": item.text("to") or "empty", "why": item.text("why"),
            "accepted_by": item.text("accepted_by") or "nobody yet: not used", "date": item.text("date"),
        })  # fmt: skip
    labels = {
        "row": "Row", "study": "Study", "column": "Column", "from": "From", "to": "To", "why": "Why", "accepted_by": "Accepted by",
        "date": "Date",
    }  # fmt: skip
    columns = tuple(
        content.Column(
            key=key,
            label=label,
            align="right" if key in ("row", "from", "to") else "left",
            wide=key in ("why", "study"),
        )
        for key, label in labels.items()
    )
    return content.Table(
        id="entered-repairs", title=f"Repairs ({REPAIRS})", columns=columns, rows=tuple(rows),
        caption="A repair changes no headline: it is used in the line with repaired rows, and only where a named person has accepted it.",
    )  # fmt: skip


def _entered(parts: Parts) -> Iterable[content.Table]:
    if parts.papers:
        yield papers_table(parts.papers)
    if parts.project.repairs.rows:
        yield _repairs(parts.project)
    if parts.project.spec.analysis and parts.project.studies.rows:
        yield _sheet_table("studies", f"Studies ({STUDIES})", parts.project.studies.names, parts.project.studies.rows)
    for table in parts.project.spec.table:
        yield _printed_table(table, parts)


def _printed_table(table: TableSpec, parts: Parts) -> content.Table:
    """A printed table as it stands in the paper: one column a group, or one ratio a row."""
    sheet = parts.project.tables[table.id]
    build = {"groups": _grouped_rows, "ratios": _ratio_rows}[table.kind]
    columns, rows = build(table, sheet.rows)
    return content.Table(id=f"entered-{table.id}", title=f"{table.title} (as printed)", columns=columns, rows=rows)


def _grouped_rows(
    table: TableSpec, rows: Sequence[Row]
) -> tuple[tuple[content.Column, ...], tuple[dict[str, str], ...]]:
    columns = [content.Column(key="variable", label="Variable", wide=True)]
    columns += [
        content.Column(key=group.column, label=f"{group.name} (n = {group.n})", align="right") for group in table.groups
    ]
    columns += [
        content.Column(key="statistic", label="t or χ²", align="decimal"),
        content.Column(key="p", label="P", align="decimal"),
    ]
    out = []
    for row in rows:
        level = row.text("level")
        cells = {"variable": f"\u2003{level}" if level else row.text("variable")}
        for group in table.groups:
            count, percent = row.text(f"{group.column}_n"), row.text(f"{group.column}_pct")
            mean, sd = row.text(f"{group.column}_mean"), row.text(f"{group.column}_sd")
            cells[group.column] = f"{mean} ± {sd}" if mean else f"{count} ({percent})" if percent else count
        out.append(cells | {"statistic": row.text(STATISTIC), "p": row.text(P)})
    return tuple(columns), tuple(out)


def _ratio_rows(table: TableSpec, rows: Sequence[Row]) -> tuple[tuple[content.Column, ...], tuple[dict[str, str], ...]]:
    columns = (
        content.Column(key="label", label="Variable", wide=True),
        content.Column(key="estimate", label=table.measure, align="decimal"),
        content.Column(key="ci", label="95% CI", align="right"),
        content.Column(key="p", label="P", align="right"),
    )
    out = []
    for row in rows:
        if row.text(table.estimate):
            ci = f"{row.text('ci_low')} to {row.text('ci_high')}" if row.text("ci_low") else ""
            out.append(
                {"label": row.text(table.label), "estimate": row.text(table.estimate), "ci": ci, "p": row.text(P)}
            )
    return columns, tuple(out)


def _sheet_table(ident: str, title: str, names: Sequence[str], rows: Sequence[Row]) -> content.Table:
    used = [name for name in names if any(row.text(name) for row in rows)]
    if "label" in used and all(row.text("label") == row.text("study") for row in rows):
        used.remove("label")
    columns = tuple(
        content.Column(
            key=name, label=capital(name.replace("_", " ")), align="decimal" if _numeric(rows, name) else "left",
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
    read = [f"{sheet.file}: {note}" for sheet in sheets for note in sheet.notes]
    idle = unknown_items(project)
    if idle:
        read.append(f"{APPRAISAL}: certainty is judged for {', '.join(idle)}, which is no analysis of this project")
    return tuple(read)


def _label(name: str) -> str:
    stem = name.removeprefix("tables/").removesuffix(".csv")
    if name.startswith("papers/"):
        return "the paper with its numbers marked"
    if name.startswith("r/"):
        return "the same analysis in R"
    if stem.startswith("league-"):
        return "every treatment against every other"
    if stem in LABELS:
        return LABELS[stem]
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
