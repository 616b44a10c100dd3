"""The papers of a project: each is audited, and what does not fit travels with the rows that were typed from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ostealgia.audit.finding import Finding
from ostealgia.audit.result import Audit
from ostealgia.display import count_of
from ostealgia.errors import DocumentError
from ostealgia.io.cells import parse_number
from ostealgia.project.store import PAPERS, Paper, Project, Row
from ostealgia.report import content

# columns whose numbers tell a row; P and levels are too alike to tell one
TELLING = (
    "n", "events", "person_time", "mean", "sd", "std_error", "median", "q1", "q3", "estimate", "ci_low", "ci_high",
)  # fmt: skip
_NUMERAL = re.compile(r"(?<![\w.])[-\u2212]?\d+(?:,\d{3})*(?:\.\d+)?")


@dataclass(frozen=True)
class PaperAudit:
    """A paper of the project and its audit. audit : None where it could not be read; ``problem`` says why.

    page : file name of the annotated paper in ``build/``, "" where there is none.
    """

    paper: Paper
    audit: Audit | None
    page: str = ""
    problem: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was checked, under the name of the file in the project."""
        found = self.audit.findings if self.audit is not None else ()
        return tuple(replace(finding, document=self.paper.file) for finding in found)

    @property
    def flags(self) -> tuple[Finding, ...]:
        """What does not fit."""
        return tuple(finding for finding in self.findings if finding.flagged)

    @property
    def name(self) -> str:
        """The study and its file, or the file."""
        return f"{self.paper.study} ({self.paper.file})" if self.paper.study else self.paper.file


def audit_papers(project: Project) -> tuple[PaperAudit, ...]:
    """Every paper of the project, read and checked in child processes with limits."""
    if not project.papers:
        return ()
    from ostealgia.audit.many import check_files
    from ostealgia.report.theme import slug

    answers = check_files([project.folder / paper.file for paper in project.papers])
    audits: list[PaperAudit] = []
    taken: set[str] = set()
    for paper, (path, answer) in zip(project.papers, answers, strict=True):
        if isinstance(answer, DocumentError):
            problem = str(answer).replace(str(path), paper.file)
            audits.append(PaperAudit(paper, None, problem=problem))
            continue
        stem = slug(Path(paper.file).stem)
        page = next(name for i in range(len(taken) + 1) if (name := f"{stem}{f'-{i + 1}' if i else ''}") not in taken)
        taken.add(page)
        named = replace(answer, document=replace(answer.document, name=paper.file))
        audits.append(PaperAudit(paper, named, page=f"papers/{page}.html"))
    return tuple(audits)


def pages_of(audits: Iterable[PaperAudit]) -> dict[str, str]:
    """File name in ``build/`` -> the annotated paper."""
    from ostealgia.report.annotated_page import annotated

    return {item.page: annotated(replace(item.audit, findings=item.findings)) for item in audits if item.audit}


def rows_in_doubt(project: Project, audits: Sequence[PaperAudit]) -> dict[int, str]:
    """Rows of ``results.csv`` that hold a number which does not fit in the paper of their study, and the rule that says so.

    A row holds it where it has a decimal number of what the finding reports, or two whole numbers that the finding is about.
    Judgement does not put a row in doubt.
    """
    by_study: dict[str, list[Finding]] = {}
    for item in audits:
        if item.paper.study:
            by_study.setdefault(item.paper.study, []).extend(item.flags)
    doubted: dict[int, str] = {}
    for row in project.results:
        for finding in by_study.get(row.text("study"), ()):
            if finding.basis == "arithmetic" and _holds(row, finding):
                doubted.setdefault(row.number, finding.rule)
    return doubted


def _holds(row: Row, finding: Finding) -> bool:
    values = {value for name in TELLING if (value := parse_number(row.text(name))) is not None and value == value}
    reported = _numerals(finding.reported)
    shared = values & reported
    if any(not value.is_integer() for value in shared):
        return True
    return bool(shared) and len(values & (reported | _numerals(finding.message))) > 1


def _numerals(text: str) -> set[float]:
    """The numbers in a text.

    >>> sorted(_numerals("8 of 1,030 is 2.7%"))
    [2.7, 8.0, 1030.0]
    """
    return {float(found.replace(",", "").replace("\u2212", "-")) for found in _NUMERAL.findall(text)}


def flags_by_study(audits: Iterable[PaperAudit]) -> Mapping[str, int]:
    """Study -> how many numbers of its paper do not fit, for studies with any."""
    counts: dict[str, int] = {}
    for item in audits:
        if item.paper.study and item.flags:
            counts[item.paper.study] = counts.get(item.paper.study, 0) + len(item.flags)
    return counts


# ---------------------------------------------------------------- for the report


def papers_table(audits: Sequence[PaperAudit]) -> content.Table:
    """One row a paper: how much of it was checked and how much does not fit."""
    columns = (
        content.Column(key="study", label="Study", wide=True),
        content.Column(key="file", label="File", wide=True),
        content.Column(key="checked", label="Numbers checked", align="right"),
        content.Column(key="fit", label="Fit", align="right"),
        content.Column(key="flagged", label="Do not fit", align="right"),
        content.Column(key="grave", label="Change a conclusion", align="right"),
        content.Column(key="page", label="Annotated paper", wide=True),
    )
    rows = tuple(_paper_row(item) for item in audits)
    return content.Table(
        id="papers", title=f"Papers and their audits ({PAPERS})", columns=columns, rows=rows,
        caption="Every number of a paper that can be recomputed from others. A study whose paper has numbers that do not fit is marked "
        "in the tables of studies; the headline results are as entered.",
    )  # fmt: skip


def _paper_row(item: PaperAudit) -> dict[str, object]:
    if item.audit is None:
        return {"study": item.paper.study, "file": item.paper.file, "page": "could not be read"}
    counts = item.audit.counts()
    return {
        "study": item.paper.study, "file": item.paper.file, "checked": len(item.audit.findings),
        "fit": counts["consistent"] + counts["rounding"], "flagged": counts["flagged"],
        "grave": counts["conclusion-changing"], "page": item.page,
    }  # fmt: skip


def paper_problems(audits: Iterable[PaperAudit]) -> Iterable[tuple[int, content.Problem]]:
    """What is wrong with the papers, one line each, with its rank among the problems of the report."""
    for item in audits:
        if item.problem:
            yield (
                2,
                content.Problem(
                    text=f"A paper could not be audited. {item.problem}", verdict="differs", target="papers"
                ),
            )
        elif item.flags:
            grave = sum(finding.severity == "conclusion-changing" for finding in item.flags)
            told = f"{item.name}: {count_of(len(item.flags), 'printed number does', 'printed numbers do')} not fit the others"
            told += (
                f", {grave} of them {'changes' if grave == 1 else 'change'} a conclusion of the paper" if grave else ""
            )
            verdict = "impossible" if any(finding.verdict == "impossible" for finding in item.flags) else "inconsistent"
            yield 0 if grave else 2, content.Problem(text=f"{told}.", verdict=verdict, target="papers")


def paper_notes(project: Project, audits: Sequence[PaperAudit]) -> tuple[str, ...]:
    """Papers in the folder that are not listed, and what their readers decided."""
    listed = {paper.file for paper in project.papers}
    folder = project.folder / "papers"
    there = sorted(f"papers/{path.name}" for path in folder.iterdir()) if folder.is_dir() else []
    idle = [name for name in there if name not in listed and not Path(name).name.startswith(".")]
    notes = [f"{name} is not listed in {PAPERS}, and was not audited" for name in idle]
    return (*notes, *(f"{item.paper.file}: {note}" for item in audits if item.audit for note in item.audit.notes))
