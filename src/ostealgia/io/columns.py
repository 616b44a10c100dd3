"""Columns as they are read: headers checked, numbers recognised, everything that was read in a special way noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import TableError
from ostealgia.io import cells
from ostealgia.tables.columns import canonical_columns

_REMEMBERED = 20


@dataclass(frozen=True)
class Header:
    """names : as in the file, trimmed.  ours : by our names.  row : where it stands.  unnamed : made-up names."""

    names: list[str]
    ours: list[str]
    row: int
    unnamed: frozenset[str]
    notes: tuple[str, ...]

    def columns(self, labels: frozenset[str] = frozenset()) -> list[Column]:
        """Empty columns to be filled; those named in labels, by our names, are kept as text."""
        return [Column(name, ours, ours in labels) for name, ours in zip(self.names, self.ours, strict=True)]


def check_header(raw: Sequence[str], row: int, shown: str) -> Header:
    """Names of the columns, or a TableError: numbers instead of names, a name given twice.

    >>> check_header(["slab", "yi"], 1, "t.csv").ours
    ['study', 'estimate']
    """
    names = [" ".join(str(name).split()) for name in raw]
    numeric = [name for name in names if _is_number(name)]
    if numeric and len(numeric) * 2 >= len([name for name in names if name]):
        raise TableError(
            "the first row looks like data, not like column names",
            file=shown,
            row=row,
            found=", ".join(names[:8]),
            expected="a header such as study, events, n",
            action="Add a first row with the name of each column",
        )
    unnamed = []
    for position, name in enumerate(names):
        if not name:
            names[position] = f"column_{position + 1}"
            unnamed.append(names[position])
    _refuse_twice(names, names, row, shown)
    mapping, notes = canonical_columns(names)
    ours = [mapping[name] for name in names]
    _refuse_twice(ours, names, row, shown)
    return Header(names, ours, row, frozenset(unnamed), notes)


def _is_number(text: str) -> bool:
    number = cells.parse_number(text)
    return number is not None and number == number


def _refuse_twice(keys: Sequence[str], names: Sequence[str], row: int, shown: str) -> None:
    for key, count in Counter(keys).items():
        if count < 2:
            continue
        places = [index + 1 for index, other in enumerate(keys) if other == key]
        found = " and ".join(f"{names[place - 1]!r} (column {place})" for place in places)
        problem = "a column name is given twice" if keys is names else f"two columns are both read as {key!r}"
        raise TableError(
            problem,
            file=shown,
            row=row,
            column=key,
            found=found,
            expected="every name once",
            action="Rename or remove one of them",
        )


@dataclass
class Column:
    """One column while it is read, in runs: numbers where a run is plain, else its cells as text.

    label : text whatever it looks like.  points : some cell has a decimal point.  padded : some cell is such as 007.
    """

    name: str
    ours: str
    label: bool = False
    runs: list[NDArray[np.float64] | list[str]] = field(default_factory=list)
    points: bool = False
    padded: bool = False

    def __post_init__(self) -> None:
        self.label = self.label or self.ours in cells.TEXT_COLUMNS

    @property
    def number(self) -> bool:
        """A number whatever it looks like."""
        return self.ours in cells.NUMBER_COLUMNS

    def add(self, values: Sequence[str]) -> None:
        """The next cells, in file order."""
        read = None if self.label else cells.read_quickly(values)
        if not self.label and not self.number and not self.padded:
            self.padded = any(value[:1] == "0" and value[1:2].isdigit() for value in values)
        if read is None:
            self.runs.append(list(values))
            return
        self.runs.append(read[0])
        self.points = self.points or read[1]


@dataclass
class Body:
    """What stands under the header: columns, row numbers (as counted in the file) and rows that hold nothing."""

    columns: list[Column]
    rows: list[range] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)

    def forget_trailing_blanks(self) -> None:
        """Empty rows under the last one are no news."""
        last = self.rows[-1].stop if self.rows else 0
        self.blank = [row for row in self.blank if row < last]

    def count(self, first: int, last: int) -> None:
        """These rows are kept, too."""
        if self.rows and self.rows[-1].stop == first:
            self.rows[-1] = range(self.rows[-1].start, last + 1)
        else:
            self.rows.append(range(first, last + 1))


@dataclass
class Finished:
    """values : float array, int array or list of objects.  text : the first (row position, cell) in a column of numbers."""

    values: Any
    notes: list[str] = field(default_factory=list)
    text: list[tuple[int, str]] = field(default_factory=list)
    wants_text: bool = False
    empty: bool = False


def uses_decimal_comma(columns: Sequence[Column], delimiter: str | None) -> bool:
    """Is the comma decimal? Only where it does not delimit, some comma can be nothing else, and no point is decimal."""
    if delimiter in (None, ","):
        return False
    sure = 0
    for column in columns:
        if column.label:
            continue
        if column.points:
            return False
        for run in column.runs:
            if isinstance(run, list):
                commas, points = cells.comma_evidence(run)
                if points:
                    return False
                sure += commas
    return sure > 0


def finish(column: Column, *, decimal_comma: bool) -> Finished:
    """Decide what the column is: numbers, numbers with some text among them, or text."""
    if column.label:
        text = _as_text(column)
        return Finished(text.values, empty=not any(text.values))
    if column.padded:
        return Finished([], wants_text=True)
    values, text, missing, minus = _read_runs(column, decimal_comma)
    if text:
        count = int(np.isfinite(values).sum())
        if not column.number and count < len(text):
            return _as_text(column)
        return _as_mixed(column, values, text, missing, minus)
    whole = values.size > 0 and bool(
        np.all(np.abs(values) < cells.EXACT_INTEGERS) and np.all(values == np.floor(values))
    )
    empty = not np.any(values == values)
    if empty and missing and not column.number:
        return _as_text(column)
    return Finished(
        values.astype(np.int64) if whole else values, _notes(column.name, missing, minus), empty=empty and not missing
    )


def _read_runs(column: Column, decimal_comma: bool) -> tuple[NDArray[np.float64], dict[int, str], Counter[str], int]:
    parts: list[NDArray[np.float64]] = []
    text: dict[int, str] = {}
    missing: Counter[str] = Counter()
    minus, start = 0, 0
    for index, run in enumerate(column.runs):
        if isinstance(run, list):
            read = cells.read_closely(run, decimal_comma=decimal_comma)
            text.update((start + position, cell) for position, cell in read.text.items())
            missing.update(read.missing)
            minus += read.minus_signs
            parts.append(read.values)
        else:
            parts.append(run)
        start += len(column.runs[index])
    return (np.concatenate(parts) if parts else np.empty(0)), text, missing, minus


def _as_text(column: Column) -> Finished:
    typed = [run for run in column.runs if isinstance(run, list)]
    if len(typed) < len(column.runs):
        return Finished([], wants_text=True)  # a run is numbers already: read the file again to have them as typed
    return Finished([cell.strip() or None for run in typed for cell in run])


def _as_mixed(column: Column, numbers: Any, text: dict[int, str], missing: Counter[str], minus: int) -> Finished:
    values: list[Any] = [None if number != number else cells.as_typed(float(number)) for number in numbers]
    for position, cell in text.items():
        values[position] = cell
    found = sorted(text.items())[:_REMEMBERED]
    return Finished(values, _notes(column.name, missing, minus), found)


def _notes(name: str, missing: Counter[str], minus: int) -> list[str]:
    notes = []
    if missing:
        words = ", ".join(f"{word!r} {count}" for word, count in sorted(missing.items()))
        total = sum(missing.values())
        notes.append(f"column {name!r}: {total} cell{'s' if total > 1 else ''} read as missing ({words})")
    if minus:
        notes.append(f"column {name!r}: U+2212 read as a minus sign in {minus} cell{'s' if minus > 1 else ''}")
    return notes
