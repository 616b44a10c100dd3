"""A project of ``kind = "cohort"``: read the patients, analyse them, and everything that goes to ``build/``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ostealgia.cohort.analysis_model import CohortAnalysis, Section
from ostealgia.errors import OptionError, ProjectError
from ostealgia.project.cohort_spec import settings_of
from ostealgia.project.model import CONFIG
from ostealgia.project.outputs import RESULT_KEYS
from ostealgia.project.store import Project, inside

if TYPE_CHECKING:
    from collections.abc import Callable

INPUT_SUFFIXES = (".csv", ".xlsx", ".toml", ".tsv")
FURTHER_INPUTS = ("plan.lock.json", "README.md", "README.txt")
# of a row: what tells the group, the method and the scale, the first that is there
GROUP = ("group", "comparison", "level")
METHOD = ("method", "model", "analysis", "strategy", "test", "quantity")
SCALE = ("measure", "scale")


def analysis_of(project: Project, say: Callable[[str], None] | None = None) -> CohortAnalysis:
    """Read the cohort of a project and analyse it. Nothing of a patient is in the messages."""
    from ostealgia.cohort.analysis import analyse
    from ostealgia.cohort.analysis_privacy import hidden
    from ostealgia.cohort.reading import read

    tell = say or (lambda message: None)
    spec = project.spec
    folder = inside(project.folder, spec.cohort.folder)
    mapping = inside(project.folder, spec.cohort.mapping) if spec.cohort.mapping else None
    if mapping is not None and not mapping.is_file():
        raise ProjectError(f"{CONFIG}, [cohort]: the file {spec.cohort.mapping!r} of key 'mapping' is not there.")
    tell(f"{project.name}: reading the patients")
    cohort = read(folder, mapping=mapping)
    tell(f"{project.name}: analysing {cohort.n} patients")
    try:
        found = analyse(cohort, settings_of(spec), rng_seed=spec.models.rng_seed)
    except OptionError as error:
        raise ProjectError(f"{CONFIG}: {error}") from None
    return hidden(found, found.settings.small_cell)


def input_hashes(folder: Path, spec: Any) -> dict[str, str]:
    """SHA-256 of the tables, the mapping and the plan of a cohort, by their path in the project."""
    root = inside(folder, spec.cohort.folder)
    if not root.is_dir():
        raise ProjectError(f"{CONFIG}, [cohort]: the folder {spec.cohort.folder!r} of key 'folder' is not there.")
    paths = [path for path in sorted(root.iterdir()) if path.is_file() and _is_input(path)]
    if spec.cohort.mapping and (mapping := inside(folder, spec.cohort.mapping)).is_file():
        paths.append(mapping)
    base = folder.resolve()
    return {
        path.resolve().relative_to(base).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }


def _is_input(path: Path) -> bool:
    return path.suffix.lower() in INPUT_SUFFIXES or path.name in FURTHER_INPUTS


# --- results ----------------------------------------------------------------------------------------------------------


def result_rows(analysis: CohortAnalysis, inputs_sha256: str) -> list[dict[str, Any]]:
    """One row an estimate, with the keys of ``results.json`` in their order; ``analysis`` is section/table."""
    rows, seen = [], dict[str, int]()
    for section in analysis.sections:
        for name, frame in section.tables.items():
            for row in _estimates(section, name, frame, analysis):
                count = seen[row["id"]] = seen.get(row["id"], 0) + 1
                row["id"] += f"#{count}" if count > 1 else ""
                rows.append({key: row.get(key) for key in RESULT_KEYS} | {"inputs_sha256": inputs_sha256})
    return rows


def _estimates(section: Section, name: str, frame: Any, analysis: CohortAnalysis) -> Iterator[dict[str, Any]]:
    """The rows of a table that hold an estimate or a test."""
    if not ({"estimate", "p_value", "mean"} & set(frame.columns)):
        return
    labels = _label_columns(frame)
    for record in frame.to_dict("records"):
        words = [
            str(record[column]) for column in labels if record[column] is not None and record[column] == record[column]
        ]
        own = {key: record.get(key) for key in ("std_error", "ci_low", "ci_high", "ci_level", "p_value", "n")}
        estimate = record.get("estimate", record.get("mean"))
        if "n" not in frame.columns and {"n_1", "n_2"} <= set(frame.columns):
            own["n"] = record["n_1"] + record["n_2"]
        yield {
            "id": "/".join((section.id, name, *(word for word in words if word))), "analysis": f"{section.id}/{name}",
            "method": _first(record, METHOD), "group": _first(record, GROUP) or "all",
            "scale": _first(record, SCALE) or ("mean" if "estimate" not in frame.columns and "mean" in frame.columns else section.id),
            "estimate": estimate, **own, "notes": list(section.notes) if section.failed else [],
        }  # fmt: skip


def _label_columns(frame: Any) -> list[str]:
    """Columns that tell one row from another: text, and weeks, months, grades, deltas."""
    from ostealgia.cohort.analysis_model import NUMBERS

    kept = []
    for name in frame.columns:
        is_text = frame[name].dtype.kind not in "iufb"
        if (is_text and name not in ("rule", "source", "family", "method", "check_status", "question")) or name in (
            "week", "month", "time", "grade", "delta", "threshold",
        ):  # fmt: skip
            kept.append(name)
    return [name for name in kept if name not in NUMBERS]


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(record[name]) for name in names if isinstance(record.get(name), str) and record[name]), "")


def tables_of(analysis: CohortAnalysis, results: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The tidy tables by file name: ``<section>-<table>.csv``, all estimates, and what was left out."""
    tables: dict[str, list[dict[str, Any]]] = {
        "estimates.csv": [{**row, "notes": "; ".join(row["notes"])} for row in results]
    }
    for section in analysis.sections:
        for name, frame in section.tables.items():
            tables[f"{section.id}-{name.replace('_', '-')}.csv"] = frame.to_dict("records")
    left = excluded_rows(analysis)
    if left:
        tables["excluded.csv"] = left
    said = [
        {"section": section.id, "kind": "not done" if kind else "note", "text": text}
        for section in analysis.sections
        for kind, text in (*((1, section.failed),) * bool(section.failed), *((0, note) for note in section.notes))
    ]
    tables["notes.csv"] = said
    return tables


def excluded_rows(analysis: CohortAnalysis) -> list[dict[str, Any]]:
    """What was left out of which section, and why; counts, no patient."""
    found: dict[tuple[str, str, str], None] = {}
    for section in analysis.sections:
        for item in section.excluded:
            found[(section.id, item.study, item.reason)] = None
    return [{"analysis": section, "what": what, "reason": reason} for section, what, reason in found]
