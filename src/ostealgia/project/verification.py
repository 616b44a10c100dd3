"""Does a project still give what its ``build/`` says? Recompute, compare, and name what changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostealgia.errors import ProjectError
from ostealgia.io.writers import json_ready
from ostealgia.project.steps import (
    BUILD,
    PROVENANCE,
    Progress,
    ProjectResult,
    compute,
    row_digest,
    sheets_of,
)
from ostealgia.project.store import Project, load

RESULTS_JSON = "results.json"
COMPARED = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "pi_low", "pi_high", "n", "k")


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was. kind : input, row, result, output or software."""

    kind: str
    what: str
    before: str = ""
    now: str = ""

    def to_dict(self) -> dict[str, str]:
        """kind, what, before, now."""
        return {"kind": self.kind, "what": self.what, "before": self.before, "now": self.now}

    def __str__(self) -> str:
        values = f": {self.before or 'absent'} before, {self.now or 'absent'} now" if self.before or self.now else ""
        return f"{self.kind:8}  {self.what}{values}"


@dataclass(frozen=True)
class VerifyResult:
    """What ``verify`` found. differences : empty where everything is as it was.  checked : how many numbers and files were compared."""

    folder: Path
    differences: tuple[Difference, ...]
    checked: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """JSON: whether all is as it was, how much was compared, the differences."""
        return {
            "project": self.folder.resolve().name,
            "same": not self.differences,
            "checked": dict(self.checked),
            "differences": [difference.to_dict() for difference in self.differences],
        }

    def text(self) -> str:
        """For a terminal."""
        compared = f"{self.checked['results']} numbers, {self.checked['inputs']} input files, {self.checked['outputs']} output files"
        if not self.differences:
            return f"{self.folder.resolve().name}: everything is as it was ({compared} compared)."
        lines = [f"  {difference}" for difference in self.differences]
        return "\n".join(
            [f"{self.folder.resolve().name}: {len(self.differences)} differences ({compared} compared)", *lines]
        )


def verify(folder: str | Path, progress: Progress | None = None) -> VerifyResult:
    """Recompute a project and compare with its ``build/``: input files and rows, every number, every output file.

    folder : a project with ``build/``. Nothing is written. Raises ProjectError where there is no build, and what ``run`` raises.
    """
    path = Path(folder)
    project = load(path)
    record, results = _read_build(path)
    now = compute(project, path / BUILD, progress or (lambda message: None))
    differences = [
        *_software(record, now),
        *_inputs(record, project),
        *_rows(record, project),
        *_numbers(results, now.results),
        *_outputs(path / BUILD, record, now),
    ]
    checked = {
        "results": len(results) * len(COMPARED),
        "inputs": len(record.get("inputs", {})),
        "outputs": len(record.get("outputs", {})),
    }
    return VerifyResult(path, tuple(differences), checked)


def _read_build(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    build = folder / BUILD
    found = []
    for name in (PROVENANCE, RESULTS_JSON):
        try:
            found.append(json.loads((build / name).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise ProjectError(
                f"{build} has no {name}: there is nothing to compare with. Make it with: ostealgia run {folder}."
            ) from None
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ProjectError(
                f"{build / name} cannot be read as JSON ({error}). Make it anew with: ostealgia run {folder}."
            ) from None
    record, results = found
    if not isinstance(record, dict) or not isinstance(results, list):
        raise ProjectError(f"{build} was not made by this program. Make it anew with: ostealgia run {folder}.")
    return record, results


def _software(record: Mapping[str, Any], now: ProjectResult) -> Iterator[Difference]:
    current = json.loads(now.files[PROVENANCE])["software"]
    before = record.get("software", {})
    for name in sorted({*before, *current}):
        if before.get(name) != current.get(name):
            yield Difference("software", name, str(before.get(name, "")), str(current.get(name, "")))


def _inputs(record: Mapping[str, Any], project: Project) -> Iterator[Difference]:
    """Files that are new, gone, or have other bytes."""
    before = record.get("inputs", {})
    for name in sorted({*before, *project.hashes}):
        if before.get(name) != project.hashes.get(name):
            what = "new file" if name not in before else "file gone" if name not in project.hashes else "file changed"
            yield Difference("input", f"{name}: {what}")


def _rows(record: Mapping[str, Any], project: Project) -> Iterator[Difference]:
    """Rows of the tables that are new, gone or changed, by file and row number."""
    current = {sheet.file: {str(row.number): row for row in sheet} for sheet in sheets_of(project)}
    before = record.get("rows", {})
    for name in sorted({*before, *current}):
        old, new = before.get(name, {}), current.get(name, {})
        for number in sorted({*old, *new}, key=int):
            row = new.get(number)
            if row is None:
                yield Difference("row", f"{name}, row {number}: gone")
            elif number not in old:
                yield Difference("row", f"{name}, row {number}: new ({_label(row.cells)})")
            elif row_digest(row.cells) != old[number]:
                yield Difference("row", f"{name}, row {number}: changed ({_label(row.cells)})")


def _label(cells: Mapping[str, str]) -> str:
    names = ("study", "variable", "quantity", "outcome", "level", "time")
    return ", ".join(cells[name] for name in names if cells.get(name)) or "no label"


def _numbers(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[Difference]:
    """Numbers of ``results.json`` that are new, gone or another value at ten digits."""
    old, new = ({row.get("id"): row for row in rows} for rows in (before, json_ready(now)))
    for ident in dict.fromkeys([*old, *new]):
        if ident not in new:
            yield Difference("result", f"{ident}: gone")
        elif ident not in old:
            yield Difference("result", f"{ident}: new")
        else:
            for name in COMPARED:
                a, b = old[ident].get(name), new[ident].get(name)
                if a != b:
                    yield Difference("result", f"{ident}, {name}", _shown(a), _shown(b))


def _shown(value: Any) -> str:
    return "none" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _outputs(build: Path, record: Mapping[str, Any], now: ProjectResult) -> Iterator[Difference]:
    """Files of ``build/`` that were edited since they were made, or that would have other bytes now."""
    made = record.get("outputs", {})
    for name, digest in sorted(made.items()):
        path = build / name
        if not path.is_file():
            yield Difference("output", f"{name}: missing in {BUILD}/")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield Difference("output", f"{name}: edited since it was made")
    for name, data in sorted(now.files.items()):
        if name == PROVENANCE:
            continue
        if name not in made:
            yield Difference("output", f"{name}: would be new")
        elif hashlib.sha256(data).hexdigest() != made[name]:
            yield Difference("output", f"{name}: would have other bytes")
    for name in sorted(set(made) - set(now.files)):
        yield Difference("output", f"{name}: would not be made")
