"""From the analysis of a cohort to the content of its report: answers, sections with figures and linked numbers, methods, checklists."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ostealgia.cohort.analysis_model import CohortAnalysis, Section
from ostealgia.display import capital, count_of
from ostealgia.io.writers import csv_text
from ostealgia.project.cohort_checklists import checklist_section
from ostealgia.project.cohort_figures import CohortDrawing, by_section, draw_all
from ostealgia.project.cohort_glance import glance
from ostealgia.project.cohort_methods import methods
from ostealgia.project.cohort_sentences import first_sentence, sentence
from ostealgia.project.cohort_sheets import Sheet
from ostealgia.project.cohort_tables import MAIN
from ostealgia.project.cohort_tables_tidy import sheet_of
from ostealgia.project.cohort_words import readable
from ostealgia.project.words import signs
from ostealgia.report import content

BANNER = "SIMULATED data: no record describes a real patient; nothing here is clinical evidence"
ANSWERED = (
    "response",
    "weighting",
    "pain",
    "relief",
    "toxicity",
    "survival",
)  # sections whose sentence stands on the first screen
FOLDED = ("quality", "plan", "flow")  # tables of these are all under the fold
LIMITS = (
    "Groups that were not allotted at random may differ in what nobody recorded; no analysis mends that.",
    "It informs clinicians and researchers; it is not a medical device and advises on no patient's treatment.",
)


def report_of(
    analysis: CohortAnalysis,
    project: Any = None,
    *,
    drawings: Mapping[str, CohortDrawing] | None = None,
    software: Sequence[tuple[str, str]] = (),
    command: str = "",
    files: Sequence[str] = (),
) -> content.Report:
    """The report of a cohort.

    analysis : of ``oa.cohort.analyse``.  project : as loaded, for title, question and notes; None takes what the cohort itself tells.
    drawings : of ``cohort_figures.draw_all``; None draws them.  files : names in the folder, offered as links.
    A section that could not be done stays, with the reason.

    >>> import ostealgia as oa
    >>> cohort = oa.cohort.read(oa.cohort.example())
    >>> report = report_of(oa.cohort.analyse(cohort, rng_seed=1), drawings={})
    >>> report.banner[:14], str(report.answers[0].text)[:11]
    ('SIMULATED data', 'At week 12,')
    """
    drawings = draw_all(analysis, project) if drawings is None else drawings
    sheets = {section.id: _sheets(analysis, section) for section in analysis.sections}
    said = {section.id: sentence(analysis, section, sheets[section.id]) for section in analysis.sections}
    table = glance(analysis, sheets)
    parts = [section for section in analysis.sections if section.id != "checklists"]
    left_out: Sequence[tuple[str, str]] = getattr(drawings, "left_out", ())
    analyses = [
        _section(
            analysis, one, sheets[one.id], said[one.id], by_section(drawings, one.id),
            [why for section, why in left_out if section == one.id],
        )
        for one in parts
    ]  # fmt: skip
    info, asked = _info(project), getattr(getattr(project, "spec", None), "question", None)
    texts = methods(analysis, software)
    return content.Report(
        id=str(getattr(project, "name", "") or analysis.cohort.name),
        title=info["title"] or f"Cohort {analysis.cohort.name}",
        kind="cohort",
        subtitle=info["subtitle"],
        banner=BANNER if analysis.cohort.simulated else "",
        citation=" ".join(part for part in (info["citation"], f"doi:{info['doi']}" if info["doi"] else "") if part),
        question=_question(asked, analysis),
        answers=tuple(_answers(analysis, sheets, said)),
        glance=table,
        problems=tuple(_problems(analysis)),
        analyses=(*analyses, checklist_section(analysis, drawings)),
        exclusions=tuple(content.ExclusionRow(study=row.study, reason=row.reason, row=row.row) for row in analysis.cohort.excluded),
        methods=texts,
        notes=(
            *info["notes"], *_not_drawn(analysis),
            *(capital(signs(note)) for note in dict.fromkeys((*analysis.cohort.notes, *analysis.notes))),
        ),
        not_done=(*info["not_done"], *LIMITS),
        provenance=content.Provenance(
            software=tuple(content.Fact(label=name, value=version) for name, version in software),
            inputs=tuple(content.FileRecord(name=name, sha256=digest) for name, digest in sorted(_hashes(project, analysis).items())),
            command=command,
        ),
        downloads=tuple(content.Download(filename=name, label=_label(name)) for name in files),
    )  # fmt: skip


def _answers(
    analysis: CohortAnalysis, sheets: Mapping[str, Mapping[str, Sheet]], said: Mapping[str, Any]
) -> Iterator[content.Answer]:
    """The sentences of the first screen; of response the one among all treated."""
    for ident in ANSWERED:
        text = said.get(ident)
        if text:
            first = first_sentence(analysis, sheets[ident]) if ident == "response" else ""
            yield content.Answer(text=first or text, analysis=ident)


def _info(project: Any) -> dict[str, Any]:
    """Title and notes of the project, empty where there is none."""
    info = getattr(getattr(project, "spec", None), "project", None)
    fields: dict[str, Any] = {
        name: str(getattr(info, name, "") or "") for name in ("title", "subtitle", "citation", "doi")
    }
    return fields | {name: tuple(getattr(info, name, ()) or ()) for name in ("notes", "not_done")}


def _not_drawn(analysis: CohortAnalysis) -> tuple[str, ...]:
    """That figures with single counts are left out where small counts are hidden."""
    if int(analysis.settings.small_cell or 0) <= 1:
        return ()
    return (
        "Figures that would show single counts (flow, response by class, survival steps) are left out: small counts are hidden.",
    )


def _hashes(project: Any, analysis: CohortAnalysis) -> dict[str, str]:
    return dict(getattr(project, "hashes", None) or analysis.cohort.inputs_sha256)


def _question(asked: Any, analysis: CohortAnalysis) -> content.Question:
    texts = {name: str(getattr(asked, name, "") or "") for name in ("text", "population", "intervention", "comparator")}
    outcomes = tuple(getattr(asked, "outcomes", ()) or ())
    if not any(texts.values()) and not outcomes:
        groups = analysis.groups
        texts["text"] = (
            f"Does {groups[1]}, against {groups[0]}, change pain, its course and its price in patients with painful bone metastases?"
            if len(groups) == 2
            else "How do pain and its price go after treatment in patients with painful bone metastases?"
        )
    return content.Question(**texts, outcomes=outcomes)


def _label(name: str) -> str:
    return {"report.docx": "this report as a Word document", "results.json": "every number"}.get(name, "")


# --- sections ---------------------------------------------------------------------------------------------------------


def _sheets(analysis: CohortAnalysis, section: Section) -> dict[str, Sheet]:
    """The tables of a section: "main" first where it has one, then all tidy frames."""
    made: dict[str, Sheet] = {}
    build = MAIN.get(section.id)
    main = build(analysis, section) if build is not None else None
    if main is not None and main.rows:
        made["main"] = main
    for name, frame in section.tables.items():
        if frame is not None and len(frame):
            made[name] = sheet_of(analysis, section, name)
    return made


def _section(
    analysis: CohortAnalysis,
    section: Section,
    sheets: Mapping[str, Sheet],
    answer: str,
    drawings: Sequence[CohortDrawing],
    not_drawn: Sequence[str] = (),
) -> content.Analysis:
    main = sheets.get("main")
    rest = [sheet for name, sheet in sheets.items() if name != "main"]
    if main is None and rest and section.id not in FOLDED:
        main, rest = rest[0], rest[1:]
    small_cell = int(analysis.settings.small_cell or 0)
    hidden = f"A dash in a count stands also for a hidden one: 1 to {small_cell - 1} patients, or what would give such a count away"
    problem = f"Not done: {capital(section.failed)}." if section.failed else ""
    return content.Analysis(
        id=section.id,
        title=section.title,
        answer=signs(answer) if not isinstance(answer, content.Said) else answer,
        problem=problem.replace("..", "."),
        figures=tuple(_figure(one) for one in drawings),
        estimates=None if main is None else main.table(),
        tables=tuple(sheet.table() for sheet in rest),
        notes=tuple(
            capital(readable(signs(note.removeprefix("RED FLAG: "))))
            for note in dict.fromkeys(section.notes)
            if not str(answer).startswith(_plain(note))
        )
        + ((hidden,) if small_cell > 1 and section.tables else ())
        + tuple(f"A figure could not be drawn: {why}" for why in not_drawn),
        exclusions=tuple(
            content.ExclusionRow(study=row.study, reason=row.reason, row=row.row) for row in section.excluded
        ),
    )


def _plain(note: str) -> str:
    """A note without the words that mark a contradiction, as it stands in the answer."""
    return capital(signs(note.removeprefix("RED FLAG: "))) if note else "-"


def _figure(drawing: CohortDrawing) -> content.Figure:
    frame = drawing.data
    return content.Figure(
        id=drawing.name, title=drawing.title, svg=drawing.svg, alt=drawing.alt, filename=drawing.name,
        png_base64=base64.b64encode(drawing.png).decode(),
        csv=None if frame is None else csv_text(frame.to_dict("records")),
    )  # fmt: skip


def _problems(analysis: CohortAnalysis) -> Iterator[content.Problem]:
    """What is wrong, each sentence once."""
    told: set[str] = set()
    for one in _every_problem(analysis):
        if one.text not in told:
            told.add(one.text)
            yield one


def _every_problem(analysis: CohortAnalysis) -> Iterator[content.Problem]:
    """What is wrong with the inputs, what could not be done, where conclusions differ."""
    for section in analysis.sections:
        for note in section.notes:
            if note.startswith("RED FLAG"):
                yield content.Problem(
                    text=capital(note.removeprefix("RED FLAG: ").rstrip(".")) + ".", target=section.id
                )
    if analysis.plan.deviations:
        told = count_of(len(analysis.plan.deviations), "deviation", "deviations")
        yield content.Problem(text=f"{capital(told)} from the frozen analysis plan.", target="plan")
    for found in analysis.cohort.quality.grave:
        rows = count_of(found.count, "row", "rows") if found.rows else ""
        verdict = "impossible" if found.severity == "impossible" else "inconsistent"
        place = f"{found.file}{f', {rows}' if rows else ''}"
        yield content.Problem(text=f"{place}: {found.message}.", verdict=verdict, target="quality")
    for section in analysis.failed:
        if len(analysis.groups) == 1 and section.failed.startswith("there is one group"):
            continue  # nothing is wrong: the section says so itself
        yield content.Problem(
            text=f"{section.title}: {section.failed}".rstrip(".") + ".", verdict="note", target=section.id
        )
