"""From a frame or a mapping of columns to named arrays, with the place of every row: frames end here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import count_of
from ostealgia.errors import TableError, suggestion
from ostealgia.tables.columns import canonical_columns
from ostealgia.tables.labels import NOTHING, as_text

Array = NDArray[np.float64]
Index = NDArray[np.int64]

LISTED = 6  # names written out in one note


@dataclass
class Sheet:
    """Columns by our names, one entry a row, and where each row stands.

    columns : our name -> array of any type, (size,).  rows : number of each row as counted in the file (header = row
    1).  numbered : the numbers come from the file.  original : our name -> the file's.  places : columns made from
    another row (long tables): our name -> (rows, name in the file).  notes : what was read in a special way.
    """

    columns: dict[str, Any]
    rows: Index
    numbered: bool = False
    file: str | None = None
    original: Mapping[str, str] = field(default_factory=dict)
    places: dict[str, tuple[Index, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def take(self, keep: NDArray[Any]) -> Sheet:
        """The rows at these positions (or where the mask is true)."""
        index = np.flatnonzero(keep) if keep.dtype == bool else keep
        return replace(
            self,
            columns={name: values[index] for name, values in self.columns.items()},
            rows=self.rows[index],
            places={name: (rows[index], theirs) for name, (rows, theirs) in self.places.items()},
        )

    def place(self, index: int, column: str | None) -> tuple[int, str | None]:
        """Row number and column name, as the reader of the file knows them."""
        if column in self.places:
            rows, theirs = self.places[column]
            return int(rows[index]), theirs
        theirs = self.original.get(column, column) if column else None
        return int(self.rows[index]), theirs if theirs == column else f"{theirs} (read as {column})"

    def labels(self) -> list[str]:
        """Name of the study in each row; "study 3" where there is none."""
        given = self.columns.get("study")
        if given is None:
            return [f"study {i}" for i in range(1, self.size + 1)]
        texts = [value if type(value) is str else as_text(value) for value in given.tolist()]
        return [text or f"study {i}" for i, text in enumerate(texts, start=1)]


def open_sheet(data: Any, file: str | None = None) -> Sheet:
    """A frame, a mapping of columns, or a table of ``io.read_table``, as a Sheet. Raises TableError.

    >>> sheet = open_sheet({"slab": ["Namba 2019"], "xi": [8], "ni": [10]})
    >>> list(sheet.columns), sheet.notes[0]
    (['study', 'events', 'n'], "column 'slab' read as 'study'")
    """
    data = getattr(data, "frame", data)
    if isinstance(data, Mapping):
        names, attrs, rows, numbered = list(data), {}, None, False
    elif hasattr(data, "columns") and hasattr(data, "index"):
        names, attrs = list(data.columns), dict(getattr(data, "attrs", {}))
        numbered = data.index.name == "row"
        rows = np.asarray(data.index, dtype=np.int64) if numbered else None
    else:
        raise TableError(
            "no table was given", found=type(data).__name__, expected="a data frame or a mapping of columns"
        )
    file = file or attrs.get("file")
    mapping, notes = canonical_columns(names)
    columns: dict[str, Any] = {}
    for name in names:
        ours = mapping[str(name)]
        if ours in columns:
            raise TableError("two columns have one name", file=file, column=str(name), action="Rename or remove one.")
        columns[ours] = as_column(data[name], str(name), file)
    sizes = {name: len(values) for name, values in columns.items()}
    if not sizes or set(sizes.values()) == {0}:
        raise TableError("the table has no rows (zero studies)", file=file, expected="one row a study")
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise TableError(
            "the columns differ in length", file=file, found=found, expected="one value a row in every column"
        )
    size = next(iter(sizes.values()))
    original = {ours: str(name) for name, ours in mapping.items()} | dict(attrs.get("columns", {}))
    if rows is None:
        rows = np.arange(2, size + 2)
    earlier = [str(note) for note in attrs.get("notes", ())]
    return Sheet(columns, rows, numbered, file, original, {}, [*earlier, *notes])


def as_column(values: Any, name: str, file: str | None) -> NDArray[Any]:
    """One column as an array (k,): numbers as float64 or integers, everything else as objects."""
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    array = values if isinstance(values, np.ndarray) else _from_sequence(values)
    if array.ndim != 1:
        expected = "a list or array, one value a row"
        raise TableError(
            "not a column of values", file=file, column=name, found=type(values).__name__, expected=expected
        )
    return array if array.dtype.kind in "fiub" else array.astype(object)


def _from_sequence(values: Any) -> NDArray[Any]:
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        return np.asarray(values)
    try:
        return np.asarray(values, dtype=float) if values and not isinstance(values[0], str | bool) else _objects(values)
    except (TypeError, ValueError):
        return _objects(values)


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


def numbers(values: NDArray[Any]) -> tuple[Array, dict[int, str]]:
    """A column as floats (k,), NaN where empty, and the cells that hold text instead: position -> text.

    >>> numbers(np.array(["3", "", "n/a", "5%"], dtype=object))[1]
    {3: '5%'}
    """
    if values.dtype.kind in "fiub":
        return values.astype(float), {}
    from ostealgia.io.cells import parse_number

    found = np.full(len(values), np.nan)
    text: dict[int, str] = {}
    for i, value in enumerate(values.tolist()):
        if isinstance(value, str):
            number = parse_number(value)
            if number is None:
                text[i] = value
                continue
        elif value is None:
            continue
        else:
            try:
                number = float(value)
            except (TypeError, ValueError):
                if str(value) not in NOTHING:
                    text[i] = str(value)
                continue
        found[i] = number
    return found, text


def studies(count: int) -> str:
    """A number of studies in words for a note.

    >>> studies(1), studies(3)
    ('1 study', '3 studies')
    """
    return count_of(count, "study", "studies")


def some(names: Sequence[str]) -> str:
    """A list of names for a note, shortened: "A, B, C and 12 more".

    >>> some(list("ABCDEFGH"))
    'A, B, C, D, E, F and 2 more'
    """
    shown = ", ".join(names[:LISTED])
    return shown if len(names) <= LISTED else f"{shown} and {len(names) - LISTED} more"


def only(sheet: Sheet, column: str, wanted: Any, labels: Sequence[str]) -> Sheet:
    """The rows whose label is the wanted one (capitals do not count); a TableError lists the labels where none is."""
    target = as_text(wanted).casefold()
    keep = np.array([label.casefold() == target for label in labels])
    if not keep.any():
        present = sorted({label for label in labels if label})
        raise TableError(
            f"no row has {column} {as_text(wanted)!r}",
            file=sheet.file,
            column=column,
            found=some(present) or "only empty cells",
            action=suggestion(wanted, present).strip() or None,
        )
    if not keep.all():
        sheet.notes.append(f"{column} {as_text(wanted)!r}: {int(keep.sum())} of {sheet.size} rows taken")
    return sheet.take(keep)


def select(sheet: Sheet, outcome: Any, time: Any) -> Sheet:
    """The rows of one outcome and one time point ("3", or "3 month" with the column time_unit)."""
    for column, wanted in (("outcome", outcome), ("time", time)):
        if wanted is None:
            labels = [as_text(value) for value in sheet.columns[column].tolist()] if column in sheet.columns else []
            if column == "outcome" and len(set(labels)) > 1:
                sheet.notes.append(f"{len(set(labels))} outcomes are in one analysis: {some(sorted(set(labels)))}")
            continue
        if column not in sheet.columns:
            sheet.notes.append(f"{column}={wanted!r} changes nothing: there is no column {column!r}")
            continue
        labels = [as_text(value) for value in sheet.columns[column].tolist()]
        if column == "time" and " " in as_text(wanted) and "time_unit" in sheet.columns:
            units = (as_text(value) for value in sheet.columns["time_unit"].tolist())
            labels = [f"{label} {unit}".strip() for label, unit in zip(labels, units, strict=True)]
            labels = [label.removesuffix("s") for label in labels]
            wanted = as_text(wanted).removesuffix("s")
        sheet = only(sheet, column, wanted, labels)
    return sheet
