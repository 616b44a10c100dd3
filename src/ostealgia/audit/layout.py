"""How a typed summary table is read: which rows belong together, and each printed number with its places.

A row with an empty level opens a variable and carries its statistic and P; the rows with a level that follow are its
categories. Read such tables with ``dtype=str``: a column of numbers has lost its trailing zeros.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ostealgia.audit.finding import Place
from ostealgia.audit.rules.p_values import printed_p
from ostealgia.errors import OptionError, TableError
from ostealgia.io.cells import MISSING_WORDS
from ostealgia.numerics.intervals import Printed

if TYPE_CHECKING:
    import pandas as pd

# what stands in a cell where nothing is printed
EMPTY = MISSING_WORDS | {""}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of a summary table with groups side by side.

    groups : prefix of a group's columns -> its number of patients.
    variable, level, statistic, p_value : names of columns.
    count, percent, mean, sd : what follows the prefix and a separator.
    document, name : where the table stands, for the findings.

    >>> Layout(groups={"control": 103, "observation": 102}).column("control", "count")
    'control_n'
    """

    groups: Mapping[str, int]
    variable: str = "variable"
    level: str = "level"
    statistic: str = "statistic_reported"
    p_value: str = "p_reported"
    count: str = "n"
    percent: str = "pct"
    mean: str = "mean"
    sd: str = "sd"
    separator: str = "_"
    document: str | None = None
    page: int | None = None
    name: str = "the table"

    def column(self, group: str, part: str) -> str:
        """The column that holds a group's count, percent, mean or sd."""
        return f"{group}{self.separator}{getattr(self, part)}"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Patients in each group."""
        return tuple(self.groups.values())


@dataclass(frozen=True)
class Row:
    """One line of the table; each tuple has one entry a group, None where nothing is printed."""

    line: int
    label: str
    counts: tuple[int | None, ...]
    percents: tuple[Printed | None, ...]
    means: tuple[Printed | None, ...]
    sds: tuple[Printed | None, ...]
    statistic: Printed | None
    p_value: Printed | None

    @property
    def has_counts(self) -> bool:
        """Whether a count is printed for every group."""
        return all(count is not None for count in self.counts)

    @property
    def has_means(self) -> bool:
        """Whether mean and SD are printed for every group."""
        return all(part is not None for part in (*self.means, *self.sds))

    @property
    def whole_counts(self) -> list[int]:
        """The counts, where all are printed."""
        return [count for count in self.counts if count is not None]

    def quote(self) -> str:
        """The cells of the line, joined by blanks."""
        cells = [self.label]
        for count, percent, mean, sd in zip(self.counts, self.percents, self.means, self.sds, strict=True):
            if count is not None:
                cells.append(f"{count} ({percent.text})" if percent else str(count))
            if mean is not None:
                cells.append(f"{mean.text} ± {sd.text}" if sd else mean.text)
        cells += [part.text for part in (self.statistic, self.p_value) if part is not None]
        return " ".join(cells)


@dataclass(frozen=True)
class Variable:
    """A variable: its own line (None where the table has none) and the lines of its categories."""

    name: str
    head: Row | None
    levels: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Its own line, then its categories."""
        return ((self.head,) if self.head else ()) + self.levels

    @property
    def tested(self) -> Row:
        """The line with the statistic and P: the first one that has either."""
        return next((row for row in self.rows if row.statistic or row.p_value), self.rows[0])


def read_variables(frame: pd.DataFrame, layout: Layout) -> list[Variable]:
    """The variables of a table, in order.

    Raises TableError for a missing column, for text where a number is expected, and for a count that is not whole.
    """
    _check_columns(frame, layout)
    variables: list[Variable] = []
    for line, cells in zip(file_lines(frame), frame.to_dict("records"), strict=True):
        name, level = (text_of(cells.get(column)) for column in (layout.variable, layout.level))
        row = _row(cells, layout, line, level or name)
        if level and variables and (not name or name == variables[-1].name):
            last = variables[-1]
            variables[-1] = Variable(last.name, last.head, (*last.levels, row))
        elif level:
            variables.append(Variable(name, None, (row,)))
        elif name:
            variables.append(Variable(name, row, ()))
    return variables


def place_of(row: Row, layout: Layout, variable: Variable | None = None) -> Place:
    """Where a line stands; a category is quoted with its variable."""
    quote = row.quote()
    if variable is not None and row in variable.levels:
        quote = f"{variable.name}: {quote}"
    return Place(document=layout.document, page=layout.page, line=row.line, quote=quote)


def cell_number(value: Any, *, column: str, line: int) -> Printed | None:
    """A cell as a printed number, None where nothing is printed. Raises TableError for other text."""
    text = text_of(value)
    if text.casefold() in EMPTY:
        return None
    try:
        return Printed.of(text if isinstance(value, str) else float(value))
    except OptionError:
        raise _unreadable(text, column, line, "a number as printed, for instance 61.2 or < 0.001") from None


def cell_p(value: Any, *, column: str, line: int) -> Printed | None:
    """A cell as a printed P value ("= 0.02", "<0.001", "ns"), None where nothing is printed."""
    text = text_of(value)
    if text.casefold() in EMPTY:
        return None
    try:
        return printed_p(text if isinstance(value, str) else float(value))
    except OptionError:
        raise _unreadable(text, column, line, "a P value as printed, for instance 0.047 or < 0.001") from None


def _unreadable(text: str, column: str, line: int, expected: str) -> TableError:
    action = "Correct the cell, or leave it empty where nothing is printed."
    return TableError(
        "the cell cannot be read", row=line, column=column, found=repr(text), expected=expected, action=action
    )


def _row(cells: Mapping[Any, Any], layout: Layout, line: int, label: str) -> Row:
    def numbers(part: str) -> tuple[Printed | None, ...]:
        columns = [layout.column(group, part) for group in layout.groups]
        return tuple(cell_number(cells.get(column), column=column, line=line) for column in columns)

    counts = tuple(
        _whole(printed, layout.column(group, "count"), line)
        for group, printed in zip(layout.groups, numbers("count"), strict=True)
    )
    return Row(
        line=line,
        label=label,
        counts=counts,
        percents=numbers("percent"),
        means=numbers("mean"),
        sds=numbers("sd"),
        statistic=cell_number(cells.get(layout.statistic), column=layout.statistic, line=line),
        p_value=cell_p(cells.get(layout.p_value), column=layout.p_value, line=line),
    )


def _whole(printed: Printed | None, column: str, line: int) -> int | None:
    if printed is None:
        return None
    if printed.value < 0 or printed.value != int(printed.value) or printed.relation != "=":
        expected = "a whole number of patients, 0 or more"
        raise TableError(
            "a count is not a whole number", row=line, column=column, found=repr(printed.text), expected=expected
        )
    return int(printed.value)


def _check_columns(frame: pd.DataFrame, layout: Layout) -> None:
    if len(layout.groups) < 2:
        raise OptionError(f"groups={dict(layout.groups)!r} names fewer than two groups to compare.")
    for group, size in layout.groups.items():
        if size <= 0:
            raise OptionError(f"groups={dict(layout.groups)!r}: {group!r} must hold at least one patient.")
    needed = [layout.variable, *_group_columns(frame, layout)]
    for column in needed:
        if column not in frame.columns:
            raise TableError(
                f"column {column!r} is missing",
                found=", ".join(map(str, frame.columns)),
                expected=f"{layout.variable!r}, and for each group its {layout.count!r} or {layout.mean!r} column",
                action="Name the columns with the arguments of Layout.",
            )


def _group_columns(frame: pd.DataFrame, layout: Layout) -> list[str]:
    """Count or mean column of each group: the one that is there, or the one that is missed."""
    wanted: list[str] = []
    for group in layout.groups:
        count, mean = layout.column(group, "count"), layout.column(group, "mean")
        wanted.append(mean if mean in frame.columns and count not in frame.columns else count)
    return wanted


def file_lines(frame: pd.DataFrame) -> list[int]:
    """Row numbers in the file (header = row 1): the index where it holds them, else counted from 2."""
    labels = list(frame.index)
    numbers = [int(label) for label in labels if hasattr(label, "__index__")]
    held = len(numbers) == len(labels) and len(set(numbers)) == len(labels) and min(numbers, default=0) >= 2
    if held:
        return numbers
    shifted = len(numbers) == len(labels) and numbers == sorted(set(numbers))
    return [number + 2 for number in numbers] if shifted else list(range(2, len(labels) + 2))


def text_of(value: Any) -> str:
    """A cell as text without blanks around it; empty where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).strip()
