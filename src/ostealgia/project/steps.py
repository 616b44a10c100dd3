"""One project from its inputs to ``build/``: read, check, compute, judge, draw, write."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ostealgia.display import count_of
from ostealgia.errors import OstealgiaError, ProjectError, TableError
from ostealgia.project.model import CONFIG
from ostealgia.project.store import RESULTS, Project, load

if TYPE_CHECKING:
    from ostealgia.audit.finding import Finding
    from ostealgia.cohort.analysis_model import CohortAnalysis
    from ostealgia.project.claims import ClaimResult
    from ostealgia.project.figures import Drawing
    from ostealgia.project.papers import PaperAudit
    from ostealgia.project.run_result import AnalysisRun
    from ostealgia.report.content import Report

Progress = Callable[[str], None]
BUILD = "build"
PROVENANCE = "provenance.json"
SOFTWARE = ("numpy", "scipy", "pandas", "matplotlib")


@dataclass(frozen=True)
class ProjectResult:
    """What a run made. out : the folder with the files.  files : name in it -> content.  report : its content as plain data.

    analysis : of a cohort; a review has ``runs`` instead.
    """

    project: Project
    out: Path
    runs: Mapping[str, AnalysisRun]
    claims: tuple[ClaimResult, ...]
    findings: tuple[Finding, ...]
    results: list[dict[str, Any]]
    report: Report
    files: Mapping[str, bytes] = field(repr=False, default_factory=dict)
    analysis: CohortAnalysis | None = field(repr=False, default=None)

    def to_dict(self) -> dict[str, Any]:
        """JSON: where the files are, the estimates, the claims, and what does not fit."""
        return self._cohort_dict() | {
            "project": self.project.name,
            "title": self.project.spec.project.title,
            "out": str(self.out),
            "results": self.results,
            "claims": [claim.to_dict() for claim in self.claims],
            **self._conclusions(),
            "findings": [finding.to_dict() for finding in self.findings],
            "excluded": self._excluded(),
        }

    def _conclusions(self) -> dict[str, Any]:
        """What survives of the conclusions of a paper, where the project names them."""
        from ostealgia.project.survives import conclusions_of

        found = conclusions_of(self.project, self.claims)
        return {"conclusions": [one.to_dict() for one in found]} if found else {}

    def _excluded(self) -> list[dict[str, Any]]:
        """Who or what was left out of which analysis, and why; of a cohort counts only."""
        if self.analysis is not None:
            from ostealgia.project.cohort_run import excluded_rows

            return excluded_rows(self.analysis)
        from ostealgia.project.outputs import excluded_rows as left_out

        return left_out(self.runs.values())

    def _cohort_dict(self) -> dict[str, Any]:
        if self.analysis is None:
            return {}
        from ostealgia.project.cohort_build import summary

        return {"cohort": summary(self.analysis)}

    def text(self) -> str:
        """For a terminal: the answers, what is wrong, the claims, and where the report is."""
        from ostealgia.project.present import claim_row
        from ostealgia.report import claims_text
        from ostealgia.report.text import plain

        lines = [self.project.spec.project.title, ""]
        lines += [f"  {plain(answer.text)}" for answer in self.report.answers]
        wrong = [plain(problem.text) for problem in self.report.problems]
        if wrong:
            head = "What is wrong with the inputs:" if self.analysis is None else "What to be wary of:"
            lines += ["", head, *(f"  ! {text}" for text in wrong[:6])]
            if len(wrong) > 6:
                lines.append(f"  and {len(wrong) - 6} more, in the report")
        left = len(self._excluded())
        if left:
            lines += ["", f"Left out, by name and with the reason: {left} lines in tables/excluded.csv"]
        if self.claims:
            rows = [claim_row(claim, self.project, typographic=False) for claim in self.claims]
            lines += ["", claims_text(rows).rstrip()]
        return "\n".join([*lines, "", f"report: {self.out / 'report.html'}"])

    def __str__(self) -> str:
        return self.text()


def run(folder: str | Path, out: str | Path | None = None, progress: Progress | None = None) -> ProjectResult:
    """Everything of a project, from its tables to ``build/``.

    folder : with ``ostealgia.toml``.  out : where the files go instead of ``build/`` in the folder; it must be new,
    empty, or an earlier result.  progress : called with one line a stage.
    Writes report.html, report.docx, results.json, provenance.json, tables/*.csv, r/*.R, figures/*.svg and *.png; all of it or,
    where anything fails, nothing.
    The same inputs on the same machine give the same bytes.
    Raises ProjectError (folder, ostealgia.toml) and TableError (file, row, column). An impossible row is left out by name.

    >>> import tempfile
    >>> from ostealgia.project.templates import init
    >>> folder = tempfile.mkdtemp() + "/new"
    >>> made = init(folder, "prevalence")
    >>> run(folder)
    Traceback (most recent call last):
    ...
    ostealgia.errors.TableError: results.csv: the table has a header and no rows. Expected: one row for each study, arm,
    outcome and time. Type the studies' results, then run again.
    """
    say = progress or (lambda message: None)
    project = load(folder)
    target = _target(project.folder, out)
    result = compute(project, target, say)
    say(f"{result.project.name}: writing {target}")
    write(result.files, target)
    return result


def compute(project: Project, out: Path, say: Progress) -> ProjectResult:
    """Everything a run makes, in memory: nothing is written."""
    from ostealgia.project.claims import Context, judge

    if project.spec.project.kind == "cohort":
        from ostealgia.project.cohort_build import compute_cohort

        return compute_cohort(project, out, say)
    _refuse_unready(project)
    name = project.name
    say(f"{name}: checking the inputs")
    checked = _check(project)
    papers = _audit(project, say)
    flagged = _flagged(project, checked, papers)
    if project.spec.analysis:
        say(f"{name}: {len(project.spec.analysis)} analyses")
    runs = _analyse(project, flagged)
    say(f"{name}: {len(project.spec.claim)} published numbers")
    claims = judge(Context(project, runs))
    findings = (*_findings(project, checked, claims), *(finding for paper in papers for finding in paper.findings))
    if runs:
        say(f"{name}: figures")
    drawings = _draw(runs, flagged)
    say(f"{name}: report")
    results, tables = _tables(project, runs, claims, findings)
    scripts, without = _scripts(runs)
    pages = _pages(papers)
    made = [*(f"tables/{name}" for name in tables), *scripts, *pages]
    report = _report(project, runs, claims, findings, drawings, made, without, papers)
    files = _files(project, report, results, tables, {**scripts, **pages}, drawings)
    return ProjectResult(project, out, runs, claims, findings, results, report, files)


def _refuse_unready(project: Project) -> None:
    """A project that has nothing to compute yet."""
    if project.spec.analysis and not project.results.rows:
        raise TableError(
            "the table has a header and no rows",
            file=RESULTS,
            expected="one row for each study, arm, outcome and time",
            action="Type the studies' results, then run again",
        )
    if not (
        project.spec.analysis or project.spec.claim or project.spec.table or project.spec.comparison or project.papers
    ):
        raise ProjectError(
            f"{project.folder / CONFIG} has no [[analysis]], [[claim]], [[table]], [[comparison]] or [[paper]]: there is nothing to do."
        )


def _check(project: Project) -> tuple[Finding, ...]:
    """Every typed row and printed table through the audit rules."""
    from ostealgia.project.checks import check_inputs
    from ostealgia.project.printed_tables import checks_of

    tables = [finding for table in project.spec.table for finding in checks_of(project, table)]
    return (*check_inputs(project), *tables)


def _audit(project: Project, say: Progress) -> tuple[PaperAudit, ...]:
    """Every paper of the project with its audit."""
    if not project.papers:
        return ()
    from ostealgia.project.papers import audit_papers

    say(f"{project.name}: auditing {count_of(len(project.papers), 'paper', 'papers')}")
    return audit_papers(project)


def _flagged(project: Project, checked: Sequence[Finding], papers: Sequence[PaperAudit]) -> dict[int, str]:
    """Rows of ``results.csv`` with a number that cannot be right: as it was typed, or in the paper it was typed from."""
    from ostealgia.project.checks import flagged_rows
    from ostealgia.project.papers import rows_in_doubt

    return {**rows_in_doubt(project, papers), **flagged_rows(checked)}


def _pages(papers: Sequence[PaperAudit]) -> dict[str, str]:
    """The annotated papers."""
    from ostealgia.project.papers import pages_of

    return pages_of(papers)


def _analyse(project: Project, flagged: Mapping[int, str]) -> dict[str, AnalysisRun]:
    """Every analysis by its id."""
    from ostealgia.project.analyses import run_analysis

    return {spec.id: run_analysis(project, spec, flagged) for spec in project.spec.analysis}


def _findings(project: Project, checked: Sequence[Finding], claims: Sequence[ClaimResult]) -> tuple[Finding, ...]:
    """Findings about the inputs, those the claims brought, and published intervals that nothing has looked at yet."""
    from ostealgia.project.checks import check_claims

    found = list(dict.fromkeys((*checked, *(finding for claim in claims for finding in claim.findings))))
    seen = {(finding.rule, finding.reported) for finding in found}
    more = [finding for finding in check_claims(project.spec) if (finding.rule, finding.reported) not in seen]
    return (*found, *more)


def _draw(runs: Mapping[str, AnalysisRun], flagged: Mapping[int, str]) -> dict[str, tuple[Drawing, ...]]:
    """Figures of the analyses that ask for one."""
    from ostealgia.project.figures import draw

    return {ident: draw(item, flagged) for ident, item in runs.items()}


def _tables(
    project: Project, runs: Mapping[str, AnalysisRun], claims: Sequence[ClaimResult], findings: Sequence[Finding]
) -> tuple[list[dict[str, Any]], Mapping[str, list[dict[str, Any]]]]:
    """The rows of ``results.json`` and of the tidy tables."""
    from ostealgia.project.outputs import result_rows, tables_of
    from ostealgia.project.survives import conclusions_of
    from ostealgia.project.survives_beside import beside_of

    results = result_rows(runs.values(), project.inputs_sha256)
    tables = dict(tables_of(runs.values(), claims, findings, results))
    for name, rows in (
        ("conclusions.csv", conclusions_of(project, claims)),
        ("beside-simulated.csv", beside_of(project)),
    ):
        if rows:
            tables[name] = [row.to_dict() for row in rows]
    return results, tables


def _scripts(runs: Mapping[str, AnalysisRun]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Every analysis for R, and which of them R has no counterpart for."""
    from ostealgia.project.scripts import scripts_of

    return scripts_of(runs)


def _primary(runs: Mapping[str, AnalysisRun], script: str) -> bool:
    return runs[script.removeprefix("r/").removesuffix(".R")].spec.role == "primary"


def _report(
    project: Project,
    runs: Mapping[str, AnalysisRun],
    claims: Sequence[ClaimResult],
    findings: Sequence[Finding],
    drawings: Mapping[str, Sequence[Drawing]],
    files: Sequence[str],
    without_script: Sequence[str],
    papers: Sequence[PaperAudit],
) -> Report:
    """The content of the report."""
    from ostealgia.project.present import build
    from ostealgia.project.present_parts import Parts

    return build(
        Parts(
            project=project, runs=runs, claims=claims, findings=findings, drawings=drawings, software=versions(),
            command="ostealgia run PROJECT", files=["results.json", *files], without_script=without_script, papers=papers,
        )
    )  # fmt: skip


def _files(
    project: Project,
    report: Report,
    results: list[dict[str, Any]],
    tables: Mapping[str, Any],
    scripts: Mapping[str, str],
    drawings: Mapping[str, Sequence[Drawing]],
) -> dict[str, bytes]:
    """Every file of ``build/`` by its name, as bytes."""
    from ostealgia.io.writers import csv_text, json_text
    from ostealgia.report import render_report, report_docx

    files: dict[str, bytes] = {
        "report.html": render_report(report).encode(),
        "report.docx": report_docx(report),
        "results.json": json_text(results).encode(),
    }
    files |= {f"tables/{name}": csv_text(rows).encode() for name, rows in tables.items()}
    files |= {name: text.encode() for name, text in scripts.items()}
    for drawing in (item for listed in drawings.values() for item in listed):
        files[f"figures/{drawing.name}.svg"] = drawing.svg.encode()
        files[f"figures/{drawing.name}.png"] = drawing.png
    files[PROVENANCE] = json_text(_provenance(project, files)).encode()
    return files


def _provenance(project: Project, files: Mapping[str, bytes]) -> dict[str, Any]:
    """What the files were made from: hashes of inputs and outputs, of each row of the inputs, and versions."""
    return {
        "software": dict(versions()),
        "inputs_sha256": project.inputs_sha256,
        "inputs": dict(sorted(project.hashes.items())),
        "rows": {sheet.file: {str(row.number): row_digest(row.cells) for row in sheet} for sheet in sheets_of(project)},
        "outputs": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }


def sheets_of(project: Project) -> list[Any]:
    """Every table of the inputs that has rows."""
    sheets = (project.results, project.studies, project.appraisal, project.repairs, *project.tables.values())
    return [sheet for sheet in sheets if sheet.rows]


def row_digest(cells: Mapping[str, str]) -> str:
    """A short hash of one row, so that a changed row can be named later without keeping its values.

    >>> row_digest({"study": "A", "n": "10"}) == row_digest({"study": "A", "n": "11"})
    False
    """
    text = "\x1f".join(f"{name}\x1e{value}" for name, value in cells.items())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def versions() -> tuple[tuple[str, str], ...]:
    """The software that made the numbers."""
    from importlib.metadata import version

    import ostealgia

    named = [("ostealgia", ostealgia.__version__), ("Python", platform.python_version())]
    return tuple(named + [(name, version(name)) for name in SOFTWARE])


# ---------------------------------------------------------------- writing


def _target(folder: Path, out: str | Path | None) -> Path:
    """Where the files go; refused where other files would be replaced."""
    target = Path(out) if out is not None else folder / BUILD
    if target.exists() and not target.is_dir():
        raise ProjectError(f"{target} is a file; give a folder for the results.")
    if target.is_dir() and any(target.iterdir()) and not (target / PROVENANCE).is_file():
        raise ProjectError(
            f"{target} holds other files (no {PROVENANCE} of an earlier run), and they would be replaced. Give another folder with --out."
        )
    return target


def write(files: Mapping[str, bytes], target: Path) -> None:
    """Put all files into a new folder beside the target, then swap: either everything is there or nothing has changed."""
    target = Path(os.path.abspath(target))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        token = secrets.token_hex(4)
        fresh, old = target.with_name(f".{target.name}.{token}.new"), target.with_name(f".{target.name}.{token}.old")
        try:
            for name, data in files.items():
                path = fresh / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            _swap(fresh, target, old)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OstealgiaError(f"{target}: the results cannot be written: {error.strerror or error}.") from None


def _swap(fresh: Path, target: Path, old: Path) -> None:
    """The new folder takes the place of the target; where that fails the earlier one is put back."""
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(fresh, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise
