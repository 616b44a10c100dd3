"""The bundled projects on their real data: copied, run, and set beside what was published."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from ostealgia.errors import OstealgiaError, ProjectError
from ostealgia.io.writers import write_text
from ostealgia.project.model import CONFIG
from ostealgia.project.steps import BUILD, PROVENANCE, Progress, ProjectResult, run

PROJECTS = ("mrgfus", "refractory-pain", "cryoablation", "rt-analgesia", "therapies", "cohort")
# project -> folder of the package with its tables, copied beside ostealgia.toml
TABLES = {"cohort": ("data", "cohort")}
INDEX = "index.html"
CLAIM_KEYS = (
    "id",
    "claim",
    "published",
    "recomputed",
    "verdict",
    "detail",
    "methods_matching",
    "methods_tried",
    "source",
    "variants",
)


@dataclass(frozen=True)
class DemoResult:
    """The projects by name, and where the index page is."""

    out: Path
    projects: Mapping[str, ProjectResult]

    @property
    def index(self) -> Path:
        """The page that links the reports."""
        return self.out / INDEX

    def to_json(self) -> list[dict[str, Any]]:
        """One entry a claim, in the order of the reports: project, id, claim, published, recomputed, verdict, and why."""
        return [
            {"project": name, **{key: claim.to_dict()[key] for key in CLAIM_KEYS}}
            for name, result in self.projects.items()
            for claim in result.claims
        ]

    def text(self) -> str:
        """The claims as one table, and where the reports are."""
        from ostealgia.project.present import claim_row
        from ostealgia.report import claims_text

        rows = [
            claim_row(claim, result.project, typographic=False)
            for result in self.projects.values()
            for claim in result.claims
        ]
        lines = [f"report   {result.out / 'report.html'}" for result in self.projects.values()]
        return "\n".join([claims_text(rows), *lines, f"all      {self.index}"])

    def __str__(self) -> str:
        return self.text()


def demo(out: str | Path = "ostealgia-demo", progress: Progress | None = None) -> DemoResult:
    """Recompute the bundled reviews and cohort from their printed tables, and analyse the SIMULATED cohort from its patients.

    out : folder for the copies of the projects with their ``build/``, and ``index.html``; made where it is missing, and used again
    where it is an earlier demo. The bundled data themselves are never written to.
    progress : called with one line a stage.  Returns a DemoResult. Raises ProjectError.
    """
    target = Path(out)
    say = progress or (lambda message: None)
    for name in PROJECTS:
        _refuse_foreign(target / name)
    results = {}
    for place, name in enumerate(PROJECTS, start=1):
        say(f"{place} of {len(PROJECTS)}: {name}")
        _copy(name, target / name)
        results[name] = run(target / name, progress=say)
    write_text(target / INDEX, index_page(results))
    return DemoResult(target, results)


def index_page(results: Mapping[str, ProjectResult]) -> str:
    """The page over all reports, with one table of claims."""
    from ostealgia.report import render_index
    from ostealgia.report.content import IndexEntry

    entries = [IndexEntry(report=result.report, href=f"{name}/{BUILD}/report.html") for name, result in results.items()]
    return render_index(
        entries,
        title="Painful bone metastases: published results, recomputed",
        subtitle="Three reviews and one cohort, each recomputed from its own printed tables, a network of trials, and a SIMULATED cohort",
        footer="Made by ostealgia demo. Every number is typed from the papers that are cited; nothing is corrected. The patients of the "
        "cohort are SIMULATED.",
    )


def available(names: Sequence[str] = PROJECTS) -> list[str]:
    """The names of the bundled projects that are there.

    >>> available()
    ['mrgfus', 'refractory-pain', 'cryoablation', 'rt-analgesia', 'therapies', 'cohort']
    """
    root = files("ostealgia") / "data" / "projects"
    return [name for name in names if (root / name / CONFIG).is_file()]


def _refuse_foreign(target: Path) -> None:
    """An earlier demo may be replaced, also one that was stopped on its way, nothing else."""
    if not target.exists():
        return
    bundled = files("ostealgia") / "data" / "projects" / target.name / CONFIG
    copied = (target / CONFIG).is_file() and (target / CONFIG).read_bytes() == bundled.read_bytes()
    ours = copied or (target.is_dir() and (target / BUILD / PROVENANCE).is_file())
    if not ours and not (target.is_dir() and not any(target.iterdir())):
        raise ProjectError(f"{target} exists and is no earlier demo. Give another folder with --out.")


def _copy(name: str, target: Path) -> None:
    """A fresh copy of a bundled project; changes made in an earlier copy go, its ``build/`` stays until the run replaces it."""
    try:
        for place in (TABLES.get(name), ("data", "projects", name)):
            if place is None:
                continue
            with as_file(files("ostealgia").joinpath(*place)) as source:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", BUILD))
    except OSError as error:
        raise OstealgiaError(f"{target}: the demo cannot be written: {error.strerror or error}.") from None
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
