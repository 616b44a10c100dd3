"""Bundled projects computed once for all tests of the room."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from project_cases import DATA, MINIMAL, ROWS

from ostealgia.project import store
from ostealgia.project.analyses import run_analysis
from ostealgia.project.bundled import PROJECTS
from ostealgia.project.checks import check_inputs, flagged_rows
from ostealgia.project.claims import Context, judge


@dataclass(frozen=True)
class Judged:
    """One bundled project: its analyses and claims by id."""

    project: store.Project
    runs: dict[str, Any]
    claims: dict[str, Any]


@pytest.fixture(scope="session")
def judged() -> dict[str, Judged]:
    """The bundled projects without figures and files."""
    found = {}
    for name in PROJECTS:
        project = store.load(DATA / name)
        flagged = flagged_rows(check_inputs(project))
        runs = {spec.id: run_analysis(project, spec, flagged) for spec in project.spec.analysis}
        claims = {claim.id: claim for claim in judge(Context(project, runs))}
        found[name] = Judged(project, runs, claims)
    return found


@pytest.fixture
def make(tmp_path):
    """A small project on disk: make(config, results, **other files)."""

    def write(config: str = MINIMAL, results: str | None = ROWS, **others: str) -> Path:
        folder = tmp_path / "small"
        folder.mkdir(exist_ok=True)
        (folder / "ostealgia.toml").write_text(config, encoding="utf-8")
        if results is not None:
            (folder / "results.csv").write_text(results, encoding="utf-8")
        for name, text in others.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def copy_of(tmp_path):
    """A copy of a bundled project."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(DATA / name, tmp_path / name))

    return copy
