"""A project on disk: its tables as they were typed, its hashes, and paths that cannot leave the folder."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ostealgia.errors import ProjectError, TableError, suggestion
from ostealgia.io.cells import NUMBER_COLUMNS, number_hint, parse_number
from ostealgia.io.delimited import text_rows
from ostealgia.io.files import encoding_of, read_bytes, refuse_binary
from ostealgia.numerics.intervals import Printed
from ostealgia.project import printed as prints
from ostealgia.project.model import CONFIG, ProjectSpec, read_config
from ostealgia.project.repairs import check_repairs

RESULTS, STUDIES, APPRAISAL, REPAIRS = "results.csv", "studies.csv", "appraisal.csv", "repairs.csv"
PAPERS = "papers.csv"
RESULT_COLUMNS = (
    "study", "arm", "arm_role", "outcome", "time", "time_unit", "n", "events", "person_time", "mean", "sd", "std_error", "median", "q1",
    "q3", "min", "max", "correlation", "estimate", "ci_low", "ci_high", "ci_level", "p_value", "measure", "source", "note",
)  # fmt: skip
STUDY_COLUMNS = ("study", "label", "year", "design", "country", "doi", "status")
APPRAISAL_COLUMNS = ("study", "tool", "domain", "item", "judgement", "support")
PAPER_COLUMNS = ("file", "study")
REPAIR_COLUMNS = ("row", "column", "from", "to", "why", "accepted_by", "date")
# columns of numbers; P may be printed as a bound, and is read with its sign
NUMBERS = tuple(name for name in RESULT_COLUMNS if name in NUMBER_COLUMNS and name != "p_value")
NEEDED = {
    RESULTS: ("study", "outcome"),
    STUDIES: ("study",),
    APPRAISAL: ("study",),
    REPAIRS: ("row", "column", "to", "accepted_by"),
    PAPERS: ("file",),
}


@dataclass(frozen=True)
class Row:
    """One record as typed. number : its row in the file (header = row 1)."""

    number: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """The cell, "" where it is empty or the column is absent."""
        return self.cells.get(column, "")

    def value(self, column: str) -> float:
        """The cell as a number, NaN where it is empty; ValueError with a hint where it is text."""
        cell = self.text(column)
        number = parse_number(cell)
        if number is None:
            raise ValueError(f"{column} is {cell!r}, which is not a number. {number_hint(cell)}")
        return number

    def printed(self, column: str) -> Printed | None:
        """The cell with its printed decimals, or None where it is empty or no number."""
        try:
            return prints.read(self.text(column))
        except ValueError:
            return None


@dataclass(frozen=True)
class Sheet:
    """A table of the project. notes : how it was read."""

    file: str
    names: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Paper:
    """A paper of the project. file : its path in the folder.  study : whose results it reports, "" for none."""

    file: str
    study: str = ""


@dataclass(frozen=True)
class Project:
    """One project folder, read and checked. Nothing in it is computed yet."""

    folder: Path
    spec: ProjectSpec
    results: Sheet
    studies: Sheet
    appraisal: Sheet
    repairs: Sheet
    tables: Mapping[str, Sheet] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    papers: tuple[Paper, ...] = ()

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.resolve().name

    @property
    def inputs_sha256(self) -> str:
        """One hash over the names and hashes of all input files."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.hashes.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def study(self, name: str) -> Row | None:
        """The row of ``studies.csv`` for a study."""
        return next((row for row in self.studies if row.text("study") == name), None)


def load(folder: str | Path) -> Project:
    """Read a project folder: configuration, tables and hashes.

    Raises ProjectError for the folder and the configuration, TableError (file, row, column) for a table.
    """
    path = Path(folder)
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise ProjectError(f"The project folder {path} {what}. Make one with: ostealgia init DIR --template NAME.")
    spec = read_config(path)
    results = _sheet(path, RESULTS, RESULT_COLUMNS, wanted=bool(spec.analysis or spec.comparison))
    repairs = _sheet(path, REPAIRS, REPAIR_COLUMNS)
    check_repairs(repairs, results, NUMBERS)
    studies = _sheet(path, STUDIES, STUDY_COLUMNS)
    papers = _papers(path, spec, {row.text("study") for row in (*results, *studies)})
    return Project(
        folder=path,
        spec=spec,
        results=results,
        studies=studies,
        appraisal=_sheet(path, APPRAISAL, APPRAISAL_COLUMNS),
        repairs=repairs,
        tables={table.id: read_sheet(inside(path, table.file), table.file) for table in spec.table},
        hashes=_hashes(path, spec, papers) | _cohort_hashes(path, spec),
        papers=papers,
    )


def inside(folder: Path, name: str) -> Path:
    """The path of a file of the project; a ProjectError where it would leave the folder.

    >>> inside(Path("."), "../secret.csv")
    Traceback (most recent call last):
    ...
    ostealgia.errors.ProjectError: ostealgia.toml: the path '../secret.csv' leaves the project folder. Put the file inside it and
    give its path from there.
    """
    root = folder.resolve()
    path = (root / name).resolve()
    if Path(name).is_absolute() or not path.is_relative_to(root):
        raise ProjectError(
            f"{CONFIG}: the path {name!r} leaves the project folder. Put the file inside it and give its path from there."
        )
    return folder / name


def read_sheet(path: Path, name: str, canonical: tuple[str, ...] = ()) -> Sheet:
    """Read one CSV of the project as text, every row with its number.

    canonical : where given, other spellings of columns are mapped to ours and the mapping is in ``notes``.
    Raises TableError for an empty or binary file, a ragged row, an open quotation mark, or a missing column.
    """
    try:
        data = read_bytes(path, name)
        refuse_binary(data, name)
        encoding = encoding_of(data, name)
    except TableError as error:
        raise error.at(file=name) from None
    header, body = text_rows(data, encoding, name, path.suffix)
    names, notes = (tuple(header.ours), header.notes) if canonical else (tuple(header.names), ())
    missing = [column for column in NEEDED.get(name, ()) if column not in names]
    if missing:
        raise TableError(
            f"the column {missing[0]!r} is missing",
            file=name,
            row=header.row,
            found=", ".join(names),
            expected=", ".join(canonical or NEEDED[name]),
            action=f"Add the column to the header.{suggestion(missing[0], names)}".strip(),
        )
    _refuse_misspelt(name, names, canonical, header.row)
    rows = tuple(Row(place, dict(zip(names, record, strict=True))) for place, record in body)
    return Sheet(name, names, rows, (*encoding.notes, *notes))


def _refuse_misspelt(name: str, names: tuple[str, ...], canonical: tuple[str, ...], row: int) -> None:
    """A column that is nearly one of ours, while ours is absent, would be left unread in silence."""
    for column in names:
        near = difflib.get_close_matches(column, [ours for ours in canonical if ours not in names], n=1, cutoff=0.8)
        if column not in canonical and near:
            raise TableError(
                f"the column {column!r} is not known",
                file=name,
                row=row,
                column=column,
                expected=", ".join(canonical),
                action=f"Did you mean {near[0]!r}? A column of your own needs a name that is not so close to one of these.",
            )


def _sheet(folder: Path, name: str, columns: tuple[str, ...], *, wanted: bool = False) -> Sheet:
    """A standard table of the project; an absent one is empty, unless the analyses need it."""
    path = folder / name
    if not path.exists() and not wanted:
        return Sheet(name, columns)
    return read_sheet(inside(folder, name), name, columns)


def _papers(folder: Path, spec: ProjectSpec, studies: set[str]) -> tuple[Paper, ...]:
    """The papers of ``papers.csv`` and of ``[[paper]]``; each is a file inside the folder, and its study a known one."""
    found: dict[str, Paper] = {}
    sheet = _sheet(folder, PAPERS, PAPER_COLUMNS)
    named = [(row.text("file"), row.text("study"), row.number) for row in sheet]
    for file, study, number in [*named, *((item.file, item.study, None) for item in spec.paper)]:
        place = CONFIG if number is None else f"{PAPERS}, row {number}"
        if not file or not inside(folder, file).is_file():
            raise ProjectError(
                f"{place}: the paper {file!r} is no file of the project. Put it inside the folder and give its path from there."
            )
        if file in found:
            raise ProjectError(f"{place}: the paper {file!r} is listed twice. Remove one of the two.")
        if study and study not in studies:
            raise ProjectError(
                f"{place}: study {study!r} is in neither {RESULTS} nor {STUDIES}.{suggestion(study, sorted(studies))}"
            )
        found[file] = Paper(file, study)
    return tuple(found.values())


def _cohort_hashes(folder: Path, spec: ProjectSpec) -> dict[str, str]:
    """SHA-256 of the tables of a cohort; a review has none."""
    if spec.project.kind != "cohort":
        return {}
    from ostealgia.project.cohort_run import input_hashes

    return input_hashes(folder, spec)


def _hashes(folder: Path, spec: ProjectSpec, papers: tuple[Paper, ...]) -> dict[str, str]:
    """SHA-256 of every input file by its name in the project."""
    names = [CONFIG, RESULTS, STUDIES, APPRAISAL, REPAIRS, PAPERS, *(table.file for table in spec.table)]
    names += [paper.file for paper in papers]
    present = [name for name in names if (folder / name).is_file()]
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in present}
