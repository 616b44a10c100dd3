"""What every part of a report is made from, and its figures."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia.audit.finding import Finding
from ostealgia.io.writers import csv_text
from ostealgia.project import outputs, outputs_engine
from ostealgia.project.claim_base import ClaimResult
from ostealgia.project.figures import Drawing
from ostealgia.project.papers import PaperAudit
from ostealgia.project.run_result import AnalysisRun
from ostealgia.project.store import Project
from ostealgia.report import content


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
    without_script: Sequence[str] = ()
    papers: Sequence[PaperAudit] = ()


# kind of drawing -> the rows behind it; every other kind shows the studies of the analysis
DATA: dict[str, Callable[[AnalysisRun], list[dict[str, Any]]]] = {
    "course": outputs_engine.course_rows,
    "network": outputs_engine.arm_rows,
    "network-forest": outputs_engine.reference_rows,
}


def figures_of(run: AnalysisRun, parts: Parts, *kinds: str) -> tuple[content.Figure, ...]:
    """The figures of these kinds, with the data behind them."""
    return tuple(figure(item, run) for item in parts.drawings.get(run.spec.id, ()) if item.kind in kinds)


def figure(drawing: Drawing, run: AnalysisRun) -> content.Figure:
    """A drawing as a figure of the report."""
    rows = DATA.get(drawing.kind, outputs.study_rows)(run)
    return content.Figure(
        id=drawing.name, title=drawing.title, svg=drawing.svg, alt=drawing.alt, filename=drawing.name,
        png_base64=base64.b64encode(drawing.png).decode(), csv=csv_text(rows),
    )  # fmt: skip
