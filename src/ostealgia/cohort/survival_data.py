"""From a frame of patients to the arrays of survival analysis: what is missing, impossible or tied is said here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import count_of
from ostealgia.errors import TableError, suggestion
from ostealgia.numerics.survival_curve import merged_times
from ostealgia.tables.formula_design import labels_of, levels_of
from ostealgia.tables.labels import as_text
from ostealgia.tables.plain_columns import plain_array
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

_YES = {"1", "true", "yes"}
_NO = {"0", "false", "no"}
FIRST_ROW = 2  # of a file whose header is row 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Grouping:
    """Rows in groups. codes : (n,) from 0.  levels : names, the first is the reference.  column : where they come from, None for one
    group."""

    column: str | None
    codes: Ints
    levels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class SurvivalRows:
    """The rows that can be analysed, as arrays (n,), and what was left out.

    event : True where the event was seen.  cause : 0 censored, else 1 + position in ``causes``.  positions : of the rows in the frame.
    columns : those of a formula.
    """

    time: Array
    event: Bools
    start: Array | None
    cause: Ints
    causes: tuple[str, ...]
    group: Grouping
    stratum: Grouping
    weight: Array | None
    cluster: Ints | None
    columns: Mapping[str, Any]
    positions: Ints
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.time)

    @property
    def events(self) -> int:
        """Rows with an event."""
        return int(self.event.sum())


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Which columns are wanted for what. event_value : the value of ``event`` that is the event; None for yes/no or 0/1.

    censored : the value of ``event`` that is no event, where it holds causes; ``causes`` then gives their order.
    """

    time: str
    event: str
    start: str | None = None
    by: str | None = None
    strata: str | Sequence[str] | None = None
    weights: str | None = None
    cluster: str | None = None
    formula: Sequence[str] = ()
    event_value: object = None
    competing: bool = False
    censored: object = 0
    causes: Sequence[Any] | None = None
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)


def survival_rows(frame: Any, ask: Ask) -> SurvivalRows:
    """The rows of a frame (or a mapping of columns) with a value in every column asked for.

    A negative or infinite time, a time not after its start, and an event that is neither yes nor no are errors with the row (header = row
    1), not the value. A row that lacks a value is left out and counted under ``excluded``. Times that differ by rounding alone are one
    time.

    >>> rows = survival_rows({"months": [3, 5, None], "died": [1, 0, 1]}, Ask(time="months", event="died"))
    >>> rows.n, rows.excluded[0].reason
    (2, "no value in column 'months'")
    """
    strata = [ask.strata] if isinstance(ask.strata, str) else list(ask.strata or [])
    single = [name for name in (ask.start, ask.by, ask.weights, ask.cluster) if name]
    names = list(dict.fromkeys([ask.time, ask.event, *single, *strata, *ask.formula]))
    columns = {name: column_of(frame, name) for name in names}
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise TableError("the columns have different lengths", expected="one value a row in each")
    keep, excluded = _complete(columns)
    positions = np.flatnonzero(keep)
    if not len(positions):
        raise TableError(
            "no row has a value in every column",
            expected=", ".join(map(repr, names)),
            action="Check the columns, or use fewer",
        )
    if not keep.all():
        columns = {name: values[positions] for name, values in columns.items()}
    time = _numbers(columns[ask.time], ask.time, positions, low=0.0)
    start = None if ask.start is None else _numbers(columns[ask.start], ask.start, positions)
    notes: list[str] = []
    time, start = _merged(time, start, ask, positions, notes)
    cause, causes = _causes(columns[ask.event], ask, positions)
    weight = None if ask.weights is None else _numbers(columns[ask.weights], ask.weights, positions, low=0.0)
    if weight is not None and not (weight > 0).all():
        raise TableError(
            "a weight is 0", column=ask.weights, row=_row(positions, weight <= 0), expected="weights above 0"
        )
    cluster = None if ask.cluster is None else _codes(columns[ask.cluster])
    return SurvivalRows(
        time=time, event=cause > 0, start=start, cause=cause, causes=causes,
        group=grouping(columns, [ask.by] if ask.by else [], ask.levels), stratum=grouping(columns, strata, ask.levels),
        weight=weight, cluster=cluster, columns={name: columns[name] for name in ask.formula}, positions=positions,
        excluded=excluded, notes=tuple(notes),
    )  # fmt: skip


def column_of(frame: Any, name: str) -> NDArray[Any]:
    """One column of a frame or mapping as an array. Raises TableError with the columns there are."""
    offered = list(frame.keys()) if isinstance(frame, Mapping) else list(getattr(frame, "columns", []))
    if not isinstance(name, str) or name not in offered:
        listed = ", ".join(repr(str(column)) for column in offered[:20]) + (", ..." if len(offered) > 20 else "")
        hint = suggestion(name, map(str, offered)).strip()
        raise TableError(f"there is no column {name!r}", expected=f"one of {listed}", action=hint or None)
    return plain_array(frame[name], name)


def _complete(columns: Mapping[str, NDArray[Any]]) -> tuple[Bools, tuple[Excluded, ...]]:
    size = len(next(iter(columns.values())))
    keep = np.ones(size, dtype=bool)
    excluded: list[Excluded] = []
    for name, values in columns.items():
        lost = keep & absent(values)
        if lost.any():
            count = count_of(int(lost.sum()), "row", "rows")
            excluded.append(Excluded(study=count, reason=f"no value in column {name!r}"))
            keep &= ~lost
    return keep, tuple(excluded)


def absent(values: NDArray[Any]) -> Bools:
    """Where a column has no value: None, NaN, not-a-time, or blank text."""
    kind = values.dtype.kind
    if kind in "iub":
        return np.zeros(len(values), dtype=bool)
    if kind == "f":
        return np.isnan(values)
    return np.array([as_text(value) == "" for value in values], dtype=bool)


def _row(positions: Ints, wrong: Bools) -> int:
    return int(positions[np.flatnonzero(wrong)[0]]) + FIRST_ROW


def _numbers(values: NDArray[Any], column: str, positions: Ints, low: float = -np.inf) -> Array:
    """A column of finite numbers, not below ``low``; the message names the row and not the value."""
    if values.dtype.kind in "mM":
        raise TableError(
            "a date or a duration with its own unit, not a number",
            column=column,
            expected="days, weeks or months as a number",
        )
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        wrong = np.array([not _is_number(value) for value in values])
        raise TableError("not a number", column=column, row=_row(positions, wrong), expected="a number") from None
    wrong = ~np.isfinite(numbers) | (numbers < low)
    if wrong.any():
        expected = "a finite number" + ("" if np.isinf(low) else f" of {low:g} or more")
        raise TableError("the value is impossible", column=column, row=_row(positions, wrong), expected=expected)
    return numbers


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _merged(
    time: Array, start: Array | None, ask: Ask, positions: Ints, notes: list[str]
) -> tuple[Array, Array | None]:
    if start is None:
        (merged,) = merged_times(time)
        if merged is not time:
            notes.append(f"times in {ask.time!r} that differ by rounding alone were taken as one time")
        return merged, None
    merged, begun = merged_times(time, start)
    if merged is not time:
        notes.append(f"times in {ask.time!r} and {ask.start!r} that differ by rounding alone were taken as one time")
    wrong = begun >= merged
    if wrong.any():
        raise TableError(
            f"the time is not after its start in {ask.start!r}",
            column=ask.time,
            row=_row(positions, wrong),
            expected="start < time",
        )
    return merged, begun


def _causes(values: NDArray[Any], ask: Ask, positions: Ints) -> tuple[Ints, tuple[str, ...]]:
    """Codes of events, 0 for censored, and the names of the causes."""
    labels = np.array([as_text(value) for value in values], dtype=object) if values.dtype.kind == "O" else None
    if ask.competing:
        return _competing(values, ask)
    if ask.event_value is not None:
        wanted = as_text(ask.event_value)
        seen = labels if labels is not None else np.array([as_text(value) for value in values.tolist()], dtype=object)
        return (seen == wanted).astype(np.intp), (wanted,)
    if labels is None and values.dtype.kind in "bif":
        numbers = values.astype(np.float64)
        wrong = (numbers != 0) & (numbers != 1)
    else:
        folded = [as_text(value).casefold() for value in values.tolist()]
        numbers = np.array([float(word in _YES) for word in folded])
        wrong = np.array([word not in _YES and word not in _NO for word in folded], dtype=bool)
    if wrong.any():
        raise TableError(
            "not an event indicator", column=ask.event, row=_row(positions, wrong), expected="1 (event) or 0 (censored), or yes and no",
            action="With other codes name the event by event_value=",
        )  # fmt: skip
    return numbers.astype(np.intp), (ask.event,)


def _competing(values: NDArray[Any], ask: Ask) -> tuple[Ints, tuple[str, ...]]:
    none = as_text(ask.censored)
    present = [level for level in levels_of(values) if level != none]
    causes = present if ask.causes is None else [as_text(cause) for cause in ask.causes]
    unknown = [level for level in present if level not in causes]
    if unknown:
        raise TableError(
            f"causes={list(causes)!r} leaves out a value of this column",
            column=ask.event,
            expected="every cause there is, and the value of censored=",
        )
    if not present:
        raise TableError("there is no event", column=ask.event, expected=f"values other than {none!r} (censored)")
    place = {cause: i + 1 for i, cause in enumerate(causes)} | {none: 0}
    names, rows = labels_of(values)
    return np.array([place[name] for name in names], dtype=np.intp)[rows], tuple(causes)


def grouping(
    columns: Mapping[str, NDArray[Any]], names: Sequence[str], levels: Mapping[str, Sequence[str]]
) -> Grouping:
    """Codes of one column, or of the combinations of several that occur; one group where there is none."""
    if not names:
        size = len(next(iter(columns.values())))
        return Grouping(column=None, codes=np.zeros(size, dtype=np.intp), levels=("all",))
    parts = [_one_grouping(columns[name], name, levels.get(name)) for name in names]
    if len(parts) == 1:
        return parts[0]
    code = np.zeros(len(parts[0].codes), dtype=np.intp)
    for part in parts:
        code = code * len(part.levels) + part.codes
    used, codes = np.unique(code, return_inverse=True)
    labels: list[str] = []
    for value in used.tolist():
        words: list[str] = []
        for part in reversed(parts):
            value, position = divmod(value, len(part.levels))
            words.append(part.levels[position])
        labels.append(", ".join(reversed(words)))
    return Grouping(column=", ".join(names), codes=codes.astype(np.intp), levels=tuple(labels))


def _one_grouping(values: NDArray[Any], name: str, order: Sequence[str] | None) -> Grouping:
    if values.dtype.kind in "iufb":
        different, inverse = _different(values)
        texts = [as_text(value) for value in different.tolist()]
    else:
        seen: dict[str, int] = {}
        inverse = np.array([seen.setdefault(as_text(value), len(seen)) for value in values.tolist()], dtype=np.intp)
        texts = list(seen)
    found = levels_of(np.array(texts, dtype=object))
    wanted = found if order is None else tuple(as_text(level) for level in order)
    missing = [level for level in found if level not in wanted]
    if missing:
        raise TableError(
            f"levels={list(wanted)!r} leaves out a value of this column", column=name, expected="every level there is"
        )
    place = np.array([wanted.index(text) for text in texts], dtype=np.intp)
    return Grouping(column=name, codes=place[inverse.reshape(-1)], levels=wanted)


def _different(values: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """Different values in order, and the place of each row's; whole numbers of a small range without a sort."""
    if values.dtype.kind in "iu" and len(values) > 1000:
        low, high = int(values.min()), int(values.max())
        if high - low < 1000:
            shifted = (values - low).astype(np.intp)
            seen = np.bincount(shifted) > 0
            return np.flatnonzero(seen) + low, (np.cumsum(seen) - 1)[shifted]
    different, inverse = np.unique(values, return_inverse=True)
    return different, inverse.astype(np.intp)


def _codes(values: NDArray[Any]) -> Ints:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(as_text(value), len(seen)) for value in values.tolist()], dtype=np.intp)


def need_events(rows: SurvivalRows, column: str) -> None:
    """Raise where nobody had the event."""
    if not rows.event.any():
        raise TableError(
            f"all {rows.n} rows are censored: there is no event to compare", column=column, expected="at least one event",
            action="Check the coding of the event, or describe the follow-up with kaplan_meier",
        )  # fmt: skip


def need_groups(group: Grouping, what: str) -> None:
    """Raise where there are fewer than two groups with rows."""
    present = len(np.unique(group.codes))
    if group.column is None or present < 2:
        raise TableError(
            f"{what} needs two groups or more; there is {present}",
            column=group.column,
            action="Name a column with groups by by=",
        )
