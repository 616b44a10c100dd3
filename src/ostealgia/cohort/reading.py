"""A cohort from its folder: tables, dictionary, plan and data-quality report, before any analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.cohort.plan import Plan, read_plan
from ostealgia.cohort.quality import quality_report
from ostealgia.cohort.quality_findings import QualityReport
from ostealgia.cohort.reading_frames import Loaded, load_raw, read_dictionary, table_path, typed
from ostealgia.cohort.reading_mapping import mapped_table, read_mapping
from ostealgia.cohort.reading_schema import FILES, LIMITS, NEEDED, OUTCOME_FILES, TEXT_COLUMNS, Entry, key_of
from ostealgia.display import count_of
from ostealgia.errors import TableError
from ostealgia.io.writers import sha256_file
from ostealgia.options import one_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

MAPPING, DICTIONARY, SIMULATED = "mapping.toml", "data_dictionary", "SIMULATED"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Cohort(Result):
    """A centre's patients. Duplicate patients and visits, and rows of unknown patients, are left out of the tables and counted in
    ``excluded``, and impossible values are missing; the quality report was made before that.

    name : of the folder.  simulated : the folder says that no row is a real patient.  tables : name -> frame, the index counts the rows of
    the file from 0.  dictionary : (table, column) -> entry.  quality : the report.  plan : as found before outcomes were read.
    inputs_sha256 : file -> SHA-256.
    """

    name: str
    simulated: bool
    tables: Mapping[str, Any]
    dictionary: Mapping[tuple[str, str], Entry]
    quality: QualityReport
    plan: Plan
    inputs_sha256: Mapping[str, str] = field(default_factory=dict)

    def table(self, name: str) -> Any:
        """A table by name. Raises TableError where the cohort has none."""
        one_of("table", name, FILES)
        if name not in self.tables:
            raise TableError(
                f"the cohort has no table {name!r}",
                found=", ".join(self.tables),
                action=f"Add {name}.csv to the folder",
            )
        return self.tables[name]

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    @property
    def patients(self) -> Any:
        """One row a patient."""
        return self.tables["patients"]

    @property
    def visits(self) -> Any:
        """One row a visit."""
        return self.tables["visits"]

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.patients)

    def to_frame(self) -> pd.DataFrame:
        """The patients."""
        return self.patients.copy()

    def __str__(self) -> str:
        tail = ", SIMULATED data" if self.simulated else ""
        lines = [f"Cohort: {self.name}, {count_of(self.n, 'patient', 'patients')}{tail}"]
        lines += [f"  {name}: {len(frame):,} rows" for name, frame in self.tables.items()]
        grave = len(self.quality.grave)
        lines.append(
            f"  data quality: {count_of(len(self.quality), 'finding', 'findings')}, {grave} of them impossible or inconsistent"
        )
        return "\n".join(lines + tail_lines(self))


def example() -> Path:
    """The folder of the bundled cohort. Every record in it is SIMULATED; no row describes a real patient.

    >>> sorted(path.name for path in example().iterdir())[:2]
    ['README.md', 'adverse_events.csv']
    """
    return Path(str(resources.files("ostealgia").joinpath("data", "cohort")))


def read(folder: str | Path, *, mapping: str | Path | None = None, show_values: bool = False) -> Cohort:
    """Read a cohort and report on the quality of its data.

    folder : patients.csv and visits.csv, and where present qlq_items, labs, adverse_events, events, screening, opioids, skeletal_events,
    diary (CSV or XLSX), data_dictionary.csv, plan.toml.  mapping : a TOML file that brings another export (also REDCap) to these tables;
    default mapping.toml in the folder, where there is one.  show_values : findings tell values and identifiers; for the screen only.
    Raises TableError with file, row and column, without the value.

    >>> cohort = read(example())
    >>> cohort.n, cohort.simulated, len(cohort.visits)
    (205, True, 1025)
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TableError(
            "there is no such folder", file=str(folder), expected="a folder with patients.csv and visits.csv"
        )
    plan = read_plan(folder)
    stated = table_path(folder, DICTIONARY)
    dictionary = read_dictionary(stated) if stated else {}
    sections, beside = _sections(folder, mapping)
    loaded = {name: one for name in _order() if (one := _load(folder, beside, name, sections, dictionary)) is not None}
    _need_tables(loaded, folder)
    quality = quality_report(loaded, dictionary, show_values=show_values)
    tables, excluded = _usable(loaded)
    notes = [
        plan.note(),
        *dict.fromkeys(f"{_said_of(one, sections)}: {note}" for one in loaded.values() for note in one.notes),
    ]
    simulated = _simulated(folder)
    if simulated:
        notes.insert(
            0, "every record is SIMULATED: no row describes a real patient, and nothing here is clinical evidence"
        )
    paths = (
        {name: table_path(folder, name) for name in loaded}
        if not sections
        else {one.file: beside / one.file for one in loaded.values()}
    )
    return Cohort(
        name=folder.resolve().name, simulated=simulated, tables=tables, dictionary=dictionary, quality=quality, plan=plan,
        inputs_sha256={path.name: sha256_file(path) for path in paths.values() if path is not None and path.is_file()},
        excluded=excluded, notes=tuple(notes),
    )  # fmt: skip


def _said_of(one: Loaded, sections: Mapping[str, Any]) -> str:
    """The file; with its table where one export holds several."""
    return f"{one.file}, {one.name}" if sections else one.file


def _order() -> list[str]:
    """Outcomes last: the plan and the patients were seen before."""
    return [*(name for name in FILES if name not in OUTCOME_FILES), *OUTCOME_FILES]


def _sections(folder: Path, mapping: str | Path | None) -> tuple[dict[str, dict[str, Any]], Path]:
    if mapping is None and not (folder / MAPPING).is_file():
        return {}, folder
    return read_mapping(Path(mapping) if mapping is not None else folder / MAPPING), folder


def _load(
    folder: Path,
    beside: Path,
    name: str,
    sections: Mapping[str, Mapping[str, Any]],
    dictionary: Mapping[tuple[str, str], Entry],
) -> Loaded | None:
    if name in sections:
        file, frame, notes = mapped_table(beside, name, sections[name])
        return typed(name, file, frame, dictionary, notes)
    path = table_path(folder, name)
    if path is None:
        return None
    frame, notes = load_raw(path, text=_text_columns(name, dictionary))
    return typed(name, path.name, frame, dictionary, notes)


def _text_columns(name: str, dictionary: Mapping[tuple[str, str], Entry]) -> tuple[str, ...]:
    return (
        *TEXT_COLUMNS,
        *(column for (table, column), entry in dictionary.items() if table == name and entry.kind == "text"),
    )


def _need_tables(loaded: Mapping[str, Loaded], folder: Path) -> None:
    for name in NEEDED:
        if name not in loaded:
            raise TableError(
                f"there is no table {name!r}", file=str(folder), found=", ".join(loaded) or "no table of a cohort",
                expected="patients.csv and visits.csv", action="Add it, or name another export in mapping.toml",
            )  # fmt: skip
    if loaded["patients"].frame["id"].notna().sum() == 0:
        raise TableError("there is no patient", file=loaded["patients"].file, expected="one row a patient")


def _usable(loaded: Mapping[str, Loaded]) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The tables without rows that cannot belong to an analysis, and what was left out, counted."""
    from ostealgia.cohort.quality import codes_of_ids, patient_index
    from ostealgia.tables.result import Excluded

    patients = patient_index(loaded)
    tables, excluded = {}, []
    for name, one in loaded.items():
        frame, keys = one.frame, key_of(name, one.frame.columns)
        none = frame["id"].isna().to_numpy()
        strange = (codes_of_ids(frame["id"], patients) < 0) & ~none if name != "screening" else ~(none | True)
        twice = frame.duplicated(keys).to_numpy() & ~none & ~strange if keys else none & False
        for lost, reason in (
            (none, "no identifier"),
            (strange, "not among the patients"),
            (twice, "the same key stands in an earlier row"),
        ):
            if lost.any():
                excluded.append(
                    Excluded(study=f"{one.file}: {count_of(int(lost.sum()), 'row', 'rows')}", reason=reason)
                )
        lost = none | strange | twice
        tables[name] = _possible(frame[~lost] if lost.any() else frame, one.file, excluded)
    return tables, tuple(excluded)


def _possible(frame: Any, file: str, excluded: list[Any]) -> Any:
    """The frame with impossible values as missing; each column is counted."""
    from ostealgia.tables.result import Excluded

    changed: dict[str, Any] = {}
    for column in frame.columns:
        if column in LIMITS and frame[column].dtype.kind in "iuf":
            values = frame[column].to_numpy(dtype=float)
            limit = LIMITS[column]
            wrong = (values < limit.low) | (values > limit.high)
            if limit.whole and not column.startswith(
                ("nrs", "week")
            ):  # 7.5 may be a rating; 2.5 is no answer and no grade
                wrong |= ~np.isnan(values) & (values != np.floor(values))
            if wrong.any():
                changed[column] = np.where(wrong, np.nan, values)
                count = count_of(int(wrong.sum()), "value", "values")
                excluded.append(Excluded(study=f"{file}: {count} of {column}", reason="impossible, taken as missing"))
    return frame.assign(**changed) if changed else frame


def _simulated(folder: Path) -> bool:
    readme = next((folder / name for name in ("README.md", "README.txt") if (folder / name).is_file()), None)
    return readme is not None and SIMULATED in readme.read_text(encoding="utf-8", errors="replace")
