"""Numbers that cannot be: one line a rule, by the plain name of the column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.faults import Faults, shown
from ostealgia.effects.reading import some

Array = NDArray[np.float64]

COUNTS = ("events", "n")
SUFFIXES = ("_1", "_2", "_pre", "_post")

# plain name -> (is wrong, what is wrong, what is expected)
RULES: dict[str, tuple[Callable[[Array], NDArray[np.bool_]], str, str]] = {
    "events": (lambda x: x < 0, "is negative", "a count of 0 or more"),
    "n": (lambda x: x <= 0, "is not above 0", "a number of patients above 0"),
    "person_time": (lambda x: x <= 0, "is not above 0", "a person-time above 0"),
    "sd": (lambda x: x < 0, "is negative", "a standard deviation of 0 or more"),
    "std_error": (lambda x: x <= 0, "is not above 0", "a standard error above 0"),
    "variance": (lambda x: x <= 0, "is not above 0", "a variance above 0"),
    "r": (lambda x: np.abs(x) > 1, "is outside -1 to 1", "a correlation from -1 to 1"),
    "correlation": (lambda x: np.abs(x) > 1, "is outside -1 to 1", "a correlation from -1 to 1"),
    "p_value": (lambda x: (x <= 0) | (x >= 1), "is not between 0 and 1", "a P value above 0 and below 1"),
}


def plain_name(column: str) -> str:
    """The name without the group.

    >>> plain_name("events_1"), plain_name("sd_pre"), plain_name("std_error")
    ('events', 'sd', 'std_error')
    """
    for suffix in SUFFIXES:
        if column.endswith(suffix):
            return column.removesuffix(suffix)
    return column


def check_cells(cells: Mapping[str, Array], faults: Faults) -> list[str]:
    """Refuse infinite and impossible numbers, column by column; a note on counts that are not whole."""
    notes: list[str] = []
    with np.errstate(invalid="ignore"):
        for column, values in cells.items():
            if np.isinf(values).any():
                faults.refuse(
                    np.isinf(values), column, f"{column} is infinite", found=values, expected="a finite number"
                )
            rule = RULES.get(plain_name(column))
            if rule is not None:
                wrong, problem, expected = rule
                faults.refuse(wrong(values), column, f"{column} {problem}", found=values, expected=expected)
            if plain_name(column) in COUNTS:
                broken = np.isfinite(values) & (values != np.floor(values))
                if broken.any():
                    names = [f"{faults.labels[i]} ({shown(values[i])})" for i in np.flatnonzero(broken).tolist()]
                    notes.append(f"{column} is not a whole number in {some(names)}")
        _check_parts(cells, faults)
    return notes


def _check_parts(cells: Mapping[str, Array], faults: Faults) -> None:
    """No more events than patients, in each group."""
    for suffix in ("", "_1", "_2"):
        events, n = cells.get(f"events{suffix}"), cells.get(f"n{suffix}")
        if events is None or n is None:
            continue
        over = events > n
        if over.any():
            found = {int(i): f"{shown(events[i])} of {shown(n[i])}" for i in np.flatnonzero(over)}
            problem = f"events{suffix} is above n{suffix}"
            for i, text in found.items():
                faults.refuse([i], f"events{suffix}", problem, found=text, expected="at most n events")


def decimals(value: float) -> int:
    """Decimal places of the shortest text that gives this number.

    >>> decimals(0.25), decimals(12.0), decimals(1e-5)
    (2, 0, 5)
    """
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    return max(0, -int(exponent)) if isinstance(exponent, int) else 0


def printed_slack(value: float, limit: float, other: float) -> float:
    """How far an estimate may lie outside a limit because one of them was printed with fewer decimals.

    Rounding keeps the order of two numbers with the same decimals, so there is no slack between them. A number that the
    other two show with more decimals is taken to have them as well (0.5 beside 0.53 and 0.91 is 0.50).

    >>> printed_slack(0.5, 0.53, 0.91), printed_slack(1, 1.02, 2)
    (0.0, 0.5)
    """
    places = [decimals(x) for x in (value, limit, other)]
    own = max(places[0], min(places[1], places[2]))
    its = max(places[1], min(places[0], places[2]))
    return 0.0 if own == its else 0.5 * 10.0 ** -min(own, its)


def check_published(cells: Mapping[str, Array], faults: Faults) -> None:
    """An interval the right way round, with its estimate inside by more than rounding."""
    low, high, estimate = (cells.get(name) for name in ("ci_low", "ci_high", "estimate"))
    if low is None or high is None:
        return
    faults.refuse(low > high, "ci_low", "ci_low is above ci_high", found=low, expected="the lower limit first")
    if estimate is None:
        return
    for limit, other, name, outside in (
        (low, high, "ci_low", estimate < low),
        (high, low, "ci_high", estimate > high),
    ):
        for i in np.flatnonzero(outside & (low <= high)).tolist():
            gap = abs(estimate[i] - limit[i])
            if gap > printed_slack(estimate[i], limit[i], other[i]) + 1e-9 * abs(limit[i]):
                faults.refuse(
                    [i],
                    "estimate",
                    f"the estimate lies outside its own interval ({name} {shown(limit[i])})",
                    found=estimate,
                    expected=f"a value from {shown(low[i])} to {shown(high[i])}",
                    action="Compare the three numbers with the paper; one of them is mistyped or misprinted.",
                )


def refuse_text(text: Mapping[str, Mapping[int, str]], faults: Faults) -> None:
    """Cells that hold text where a number is needed."""
    from ostealgia.io.cells import number_hint

    for column, found in text.items():
        for i, value in found.items():
            faults.refuse(
                [i],
                column,
                f"text stands where a number is needed in {column}",
                found={i: value},
                expected="a number",
                action=number_hint(value) + ".",
            )


def leave_out_empty(
    cells: Mapping[str, Array], needed: tuple[str, ...], rows: NDArray[np.bool_], faults: Faults
) -> None:
    """Rows with an empty needed cell are left out, with the names of the cells."""
    empty = np.zeros(len(rows), dtype=bool)
    for name in needed:
        empty |= np.isnan(cells[name])
    for i in np.flatnonzero(empty & rows).tolist():
        names = [name for name in needed if np.isnan(cells[name][i])]
        verb = "is" if len(names) == 1 else "are"
        faults.leave_out([i], f"{', '.join(names)} {verb} empty")


def describe(cells: Mapping[str, Any], names: tuple[str, ...], i: int) -> str:
    """The numbers of one row, for a reason: "events_1 0, n_1 12"."""
    return ", ".join(f"{name} {shown(cells[name][i])}" for name in names)
