"""``repairs.csv``: every repair names a cell of ``results.csv``, what it holds, and a value that its column can have."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.io.cells import number_hint, parse_number
from ostealgia.project import printed as prints
from ostealgia.project.times import DAYS_PER_UNIT
from ostealgia.tables.measures import MEASURES, measure_of

if TYPE_CHECKING:
    from ostealgia.project.store import Row, Sheet

PERCENT = ("percent", "%")
Test = Callable[[float], bool]


def _whole(value: float) -> bool:
    return float(value).is_integer()


# column -> (test of a number, what is expected)
POSSIBLE: dict[str, tuple[Test, str]] = {
    "n": (lambda x: x >= 1 and _whole(x), "a whole number of 1 or more"),
    "events": (lambda x: x >= 0 and _whole(x), "a whole number of 0 or more"),
    "person_time": (lambda x: x > 0, "a number above 0"),
    "sd": (lambda x: x >= 0, "a number of 0 or more"),
    "std_error": (lambda x: x > 0, "a number above 0"),
    "correlation": (lambda x: -1 <= x <= 1, "a number from -1 to 1"),
    "ci_level": (lambda x: 0 < x < 100, "a level such as 0.95 or 95"),
    "time": (lambda x: x >= 0, "a number of 0 or more"),
}
# (lower, upper): a row where the first is above the second cannot be
ORDERED = (("events", "n"), ("ci_low", "ci_high"), ("q1", "median"), ("median", "q3"), ("q1", "q3"), ("min", "max"))


def check_repairs(repairs: Sheet, results: Sheet, numbers: tuple[str, ...]) -> None:
    """A TableError (file, row, column, found, expected) for the first repair that cannot be.

    numbers : the columns of ``results.csv`` that hold numbers.
    """
    by_number = {str(row.number): row for row in results}
    for item in repairs:
        for what, choices in (("row", set(by_number)), ("column", set(results.names))):
            if item.text(what) not in choices:
                row_wanted = f"the number of a row of {results.file} (header = row 1)"
                raise TableError(
                    f"{results.file} has no {what} {item.text(what)!r}", file=repairs.file, row=item.number,
                    expected=row_wanted if what == "row" else "a name in its header",
                    action=suggestion(item.text(what), choices).strip() or None,
                )  # fmt: skip
    for item in repairs:
        row = by_number[item.text("row")]
        _check_from(repairs.file, results.file, item, row)
        _check_to(repairs.file, item, row, numbers)
        _check_together(repairs, item, row)


def _check_from(file: str, results: str, repair: Row, row: Row) -> None:
    """The cell still holds what the repair says it replaces; else the table has changed since, or the row is another one."""
    column, stated, found = repair.text("column"), repair.text("from"), row.text(repair.text("column"))
    if stated == found:
        return
    try:
        same = float(stated) == float(found)
    except ValueError:
        same = False
    if not same:
        raise TableError(
            f"the cell to repair ({results}, row {row.number}, column {column}) does not hold the value in 'from'", file=file,
            row=repair.number, column="from", found=f"{stated or 'nothing'} in 'from', {found or 'nothing'} in {results}",
            expected="the same value in both", action="Check the row number (header = row 1), and correct the repair or remove it.",
        )  # fmt: skip


def _impossible(file: str, repair: Row, expected: str) -> TableError:
    return TableError(
        f"a repair that {repair.text('column')} cannot have", file=file, row=repair.number, column="to", found=repair.text("to"),
        expected=expected, action="Correct the repair or remove it.",
    )  # fmt: skip


def _check_to(file: str, repair: Row, row: Row, numbers: tuple[str, ...]) -> None:
    """The new value by itself: a number where the column holds numbers, inside what the column can be. Empty takes the number away."""
    column, text = repair.text("column"), repair.text("to")
    if not text:
        return
    if column == "p_value":
        _check_p(file, repair)
    elif column == "measure":
        _check_measure(file, repair)
    elif column == "time_unit" and text.lower().rstrip("s") not in DAYS_PER_UNIT:
        raise _impossible(file, repair, ", ".join(DAYS_PER_UNIT))
    elif column in numbers or column == "time":
        value = parse_number(text)
        if value is None:
            raise _impossible(file, repair, f"a number. {number_hint(text)}".strip())
        test, expected = POSSIBLE.get(column, (math.isfinite, "a number"))
        if not math.isnan(value) and not test(value):
            raise _impossible(file, repair, expected)
        _check_estimate(file, repair, row, value)


def _check_p(file: str, repair: Row) -> None:
    try:
        found = prints.read(repair.text("to"))
    except ValueError:
        found = None
    if found is None or not 0 <= found.value <= 1:
        raise _impossible(file, repair, "a P value from 0 to 1, such as 0.03 or <0.001")


def _check_measure(file: str, repair: Row) -> None:
    if repair.text("to").lower() in PERCENT:
        return
    try:
        measure_of(repair.text("to"))
    except OptionError:
        raise _impossible(file, repair, f"percent, or a measure: {', '.join(MEASURES)}") from None


def _check_estimate(file: str, repair: Row, row: Row, value: float) -> None:
    """A per cent from 0 to 100, a ratio above 0."""
    if repair.text("column") not in ("estimate", "ci_low", "ci_high"):
        return
    name = row.text("measure")
    if name.lower() in PERCENT and not 0 <= value <= 100:
        raise _impossible(file, repair, "a per cent from 0 to 100")
    definition = MEASURES.get(name.upper())
    if definition is not None and definition.ratio and not value > 0:
        raise _impossible(file, repair, f"a number above 0 (measure {definition.name})")


def _check_together(repairs: Sheet, repair: Row, row: Row) -> None:
    """The row with all its repairs: no more events than patients, no limit beyond the other."""
    cells = dict(row.cells) | {
        item.text("column"): item.text("to") for item in repairs if item.text("row") == repair.text("row")
    }
    column = repair.text("column")
    for low, high in ORDERED:
        first, second = parse_number(cells.get(low, "")), parse_number(cells.get(high, ""))
        if column in (low, high) and first is not None and second is not None and first > second:
            raise _impossible(
                repairs.file,
                repair,
                f"{low} not above {high} (the row would have {low} {first:g} and {high} {second:g})",
            )
