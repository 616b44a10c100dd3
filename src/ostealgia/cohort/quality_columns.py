"""Checks of single columns: numbers, codes, limits, units, and agreement with the data dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ostealgia.cohort.quality_findings import Finding, finding
from ostealgia.cohort.reading_frames import Loaded
from ostealgia.cohort.reading_schema import LIMITS, Entry, Limit

Dictionary = Mapping[tuple[str, str], Entry]
ENOUGH_FOR_A_UNIT = 5
# column -> tables in which it must not be empty
NEVER_EMPTY = {
    "week": ("visits", "qlq_items", "labs", "opioids"),
    "group": ("patients",),
    "day": ("skeletal_events", "diary"),
    "grade": ("adverse_events",),
}


def column_findings(loaded: Loaded, dictionary: Dictionary, *, show: bool) -> Iterator[Finding]:
    """All findings that need one column only."""
    frame = loaded.frame
    for column, rows in loaded.not_numbers.items():
        values = loaded.not_number_values[column] if show else ()
        yield Finding(
            rule="not_a_number", severity="impossible", file=loaded.file, column=column, count=len(rows), rows=rows[:50], values=values,
            message="text stands where a number is needed; it is taken as missing",
        )  # fmt: skip
    yield from _against_dictionary(loaded, dictionary)
    for column in frame.columns:
        cells, entry = frame[column], dictionary.get((loaded.name, column))
        if column == "id":
            where = np.flatnonzero(cells.isna().to_numpy())
            if len(where):
                yield finding(
                    "no_identifier",
                    "impossible",
                    loaded.file,
                    column,
                    "the row belongs to nobody",
                    where,
                    frame=frame,
                    show=show,
                )
            continue
        if column in NEVER_EMPTY and loaded.name in NEVER_EMPTY[column]:
            where = np.flatnonzero(cells.isna().to_numpy())
            if len(where):
                message = f"the row has no {column}"
                yield finding(
                    f"no_{column}", "inconsistent", loaded.file, column, message, where, frame=frame, show=show
                )
        if cells.dtype.kind in "iuf":
            yield from _numbers(loaded, column, entry, show)
        elif entry is not None and entry.codes:
            where = _outside_codes(cells, entry.codes)
            if len(where):
                message = f"not one of the codes of the dictionary ({', '.join(entry.codes)})"
                yield finding("unknown_code", "impossible", loaded.file, column, message, where, frame=frame, show=show)


def _outside_codes(cells: Any, codes: tuple[str, ...]) -> Any:
    return np.flatnonzero((cells.notna() & ~cells.isin(codes)).to_numpy())


def _numbers(loaded: Loaded, column: str, entry: Entry | None, show: bool) -> Iterator[Finding]:
    frame = loaded.frame
    values = frame[column].to_numpy(dtype=float)
    limit = LIMITS.get(column, Limit(low=-np.inf))
    known = values[~np.isnan(values)]
    if not len(known):
        if len(values):
            yield finding("all_missing", "information", loaded.file, column, "the column is empty", count=len(values))
        return
    unit = _unit(limit, known)
    if unit:
        yield finding(
            "unit",
            "suspect",
            loaded.file,
            column,
            f"the median suggests {unit}; {limit.unit} is expected",
            count=len(known),
        )
    where = np.flatnonzero((values < limit.low) | (values > limit.high))
    if len(where):
        span = f"{limit.low:g} to {limit.high:g}" if np.isfinite(limit.high) else f"{limit.low:g} or more"
        message = f"outside {span}{' ' + limit.unit if limit.unit and 'points' not in limit.unit else ''}"
        if len(where) > 1 and len(set(values[where])) == 1:
            message += "; all are one and the same value: if it is a code for missing, name it in the mapping (missing = [...])"
        yield finding("impossible_value", "impossible", loaded.file, column, message, where, frame=frame, show=show)
    if limit.whole:
        where = np.flatnonzero(~np.isnan(values) & (values != np.floor(values)))
        if len(where):
            yield finding(
                "not_whole", "suspect", loaded.file, column, "not a whole number", where, frame=frame, show=show
            )
    if entry is not None and entry.low is not None and entry.high is not None:
        where = np.flatnonzero((values < entry.low) | (values > entry.high))
        if len(where):
            message = f"outside the range that the dictionary states ({entry.low:g} to {entry.high:g})"
            yield finding(
                "outside_dictionary", "information", loaded.file, column, message, where, frame=frame, show=show
            )


def _unit(limit: Limit, known: Any) -> str:
    """The other unit that the median speaks for, or ""."""
    if not limit.other or len(known) < ENOUGH_FOR_A_UNIT:
        return ""
    middle = float(np.median(known))
    return limit.other if middle < limit.median_low or middle > limit.median_high else ""


def _against_dictionary(loaded: Loaded, dictionary: Dictionary) -> Iterator[Finding]:
    stated = {column: entry for (table, column), entry in dictionary.items() if table == loaded.name}
    if not stated:
        return
    for column, entry in stated.items():
        if column not in loaded.frame.columns:
            yield finding(
                "missing_column",
                "inconsistent",
                loaded.file,
                column,
                "the dictionary states a column that the file does not have",
                count=1,
            )
        else:
            missing = int(loaded.frame[column].isna().sum())
            differs = (entry.n is not None and entry.n != len(loaded.frame)) or (
                entry.n_missing is not None and entry.n_missing != missing
            )
            if differs:
                here = f"{len(loaded.frame)}, {missing} missing"
                message = (
                    f"the dictionary counts {entry.n} rows, {entry.n_missing} of them missing; the file has {here}"
                )
                yield finding("other_count", "information", loaded.file, column, message, count=1)
    for column in loaded.frame.columns:
        if column not in stated:
            yield finding(
                "unknown_column", "information", loaded.file, column, "the column is not in the dictionary", count=1
            )
