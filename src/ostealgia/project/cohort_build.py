"""The files of a cohort project: report, Word document, results, tables and figures, in memory until everything is there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ostealgia.cohort.analysis_model import CohortAnalysis
from ostealgia.project.cohort_figures import CohortDrawing
from ostealgia.project.cohort_run import analysis_of, result_rows, tables_of
from ostealgia.project.steps import PROVENANCE, Progress, ProjectResult, versions
from ostealgia.project.store import Project
from ostealgia.report import content


def compute_cohort(project: Project, out: Path, say: Progress) -> ProjectResult:
    """Everything a run of a cohort makes: nothing is written."""
    analysis = analysis_of(project, say)
    results = result_rows(analysis, project.inputs_sha256)
    tables = tables_of(analysis, results)
    say(f"{project.name}: figures")
    drawings = _drawings(analysis, project)
    say(f"{project.name}: report")
    report = _report(analysis, project, drawings, [f"tables/{name}" for name in tables])
    files = _files(project, analysis, report, results, tables, drawings)
    return ProjectResult(project, out, {}, (), (), results, report, files, analysis=analysis)


def _drawings(analysis: CohortAnalysis, project: Project) -> Mapping[str, CohortDrawing]:
    """The figures by name."""
    from ostealgia.project.cohort_figures import draw_all

    return draw_all(analysis, project)


def _report(
    analysis: CohortAnalysis, project: Project, drawings: Mapping[str, CohortDrawing], tables: list[str]
) -> content.Report:
    """The content of the report."""
    from ostealgia.project.cohort_present import report_of

    return report_of(
        analysis,
        project,
        drawings=drawings,
        software=versions(),
        command="ostealgia run PROJECT",
        files=["results.json", *tables],
    )


def _files(
    project: Project, analysis: CohortAnalysis, report: content.Report, results: list[dict[str, Any]], tables: Mapping[str, Any],
    drawings: Mapping[str, CohortDrawing],
) -> dict[str, bytes]:  # fmt: skip
    """Every file of ``build/`` by its name."""
    from ostealgia.io.writers import csv_text, json_text
    from ostealgia.report import render_report, report_docx

    files: dict[str, bytes] = {
        "report.html": render_report(report).encode(), "report.docx": report_docx(report), "results.json": json_text(results).encode(),
    }  # fmt: skip
    files |= {f"tables/{name}": csv_text(rows).encode() for name, rows in tables.items()}
    for drawing in drawings.values():
        files[f"figures/{drawing.name}.svg"] = drawing.svg.encode()
        files[f"figures/{drawing.name}.png"] = drawing.png
    record = {
        "software": dict(versions()), "inputs_sha256": project.inputs_sha256, "inputs": dict(sorted(project.hashes.items())),
        "rows": {}, "rng_seed": analysis.rng_seed,
        "outputs": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }  # fmt: skip
    return files | {PROVENANCE: json_text(record).encode()}


def summary(analysis: CohortAnalysis) -> Mapping[str, Any]:
    """What a program wants to know of the analysis besides its numbers: groups, weeks, and what could not be done."""
    return {
        "simulated": analysis.cohort.simulated, "patients": analysis.cohort.n, "groups": list(analysis.groups),
        "weeks": list(analysis.weeks), "primary_week": analysis.primary_week,
        "not_done": {section.id: section.failed for section in analysis.failed},
    }  # fmt: skip
