"""From a frame of patients to the rows and the design of a linear model; what is left out is said, no value or identifier is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.tables.formula import Formula, parse_formula
from ostealgia.tables.formula_design import (
    Recipe,
    labels_of,
    levels_of,
    missing_in,
    recipe_of,
    refuse_words_among_numbers,
    take_columns,
)
from ostealgia.tables.labels import as_text
from ostealgia.tables.plain_columns import plain_array
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
IntArray = NDArray[np.intp]
INFLUENTIAL = 1e-9  # a column shorter than this, beside those before it, is a combination of them


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelRows:
    """The rows of a linear model. outcome : its name.  y (n,), design (n, p) of full rank.  columns : those of all formulas, rows kept.

    labels : the key columns (subject, visit) as arrays.  levels : the order of levels that was given.
    """

    outcome: str
    recipe: Recipe
    columns: Mapping[str, Any]
    labels: Mapping[str, NDArray[Any]]
    levels: Mapping[str, tuple[str, ...]]
    y: Array
    design: Array
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.y)


def read_rows(
    frame: Any, *, outcome: str, fixed: str | Formula, keys: Sequence[str] = (), others: Sequence[Formula] = (),
    reference: Mapping[str, str] | None = None, response: Array | None = None,
) -> ModelRows:  # fmt: skip
    """The complete rows of a frame for one model.

    frame : pandas frame or mapping of columns.  fixed : formula.  keys : further columns that need a value.  others : further formulas.
    reference : for a factor, the level the others are compared with; else its first (the first category, the smallest, or alphabetical).
    response : the outcome itself, where it is not a column.  Raises TableError and OptionError without a value of a patient.
    """
    formula = parse_formula(fixed)
    offered = offered_columns(frame)
    columns = take_columns(formula, offered)
    for other in others:
        columns |= take_columns(other, offered)
    for name in (*keys, *(() if response is not None else (outcome,))):
        _need(name, offered)
    values = plain_array(offered[outcome], outcome) if response is None else response
    wanted = {outcome: values, **columns, **{name: plain_array(offered[name], name) for name in keys}}
    _same_length(wanted)
    keep, excluded = _complete(wanted, keys)
    kept = {name: column[keep] for name, column in columns.items()}
    levels = _levels(frame, columns, kept, reference or {})
    y = _outcome(wanted[outcome][keep], outcome)
    recipe, design = _designed(formula, kept, levels, len(y))
    _full_rank(design, recipe.names)
    labels = {name: wanted[name][keep] for name in keys}
    return ModelRows(
        outcome=outcome, recipe=recipe, columns=kept, labels=labels, levels=levels, y=y, design=design,
        excluded=excluded, notes=(),
    )  # fmt: skip


def codes_of(values: NDArray[Any], order: Sequence[str] | None = None) -> tuple[tuple[str, ...], IntArray]:
    """Levels in order, and the position of each row's level."""
    names, rows = labels_of(values)
    levels = tuple(name for name in order if name in names) if order is not None else levels_of(values)
    place = {name: i for i, name in enumerate(levels)}
    return levels, np.array([place[name] for name in names], dtype=np.intp)[rows]


def subject_codes(values: NDArray[Any]) -> tuple[list[str], IntArray]:
    """Subjects in the order of their label, and the code of each row."""
    names, rows = labels_of(values)
    order = np.argsort(np.array(names), kind="stable")
    rank = np.empty(len(names), dtype=np.intp)
    rank[order] = np.arange(len(names))
    return [names[i] for i in order], rank[rows]


def categories_of(frame: Any, name: str) -> tuple[str, ...] | None:
    """The categories of a categorical column in their order, else None."""
    held = getattr(getattr(frame[name], "cat", None), "categories", None)
    return None if held is None else tuple(as_text(value) for value in held)


def without_values(error: TableError) -> TableError:
    """The same error without what was found: it may be a patient's value."""
    return TableError(
        error.problem, row=error.row, column=error.column, expected=error.expected, action=error.action
    )  # fmt: skip


def offered_columns(frame: Any) -> dict[str, Any]:
    if isinstance(frame, Mapping):
        return {str(name): values for name, values in frame.items()}
    names = getattr(frame, "columns", None)
    if names is None:
        raise TableError("no table", found=type(frame).__name__, expected="a data frame or a mapping of columns")
    return {str(name): frame[name] for name in names}


def _need(name: str, offered: Mapping[str, Any]) -> None:
    if name not in offered:
        listed = ", ".join(map(repr, offered)) or "none"
        raise TableError(
            f"no column {name!r}", column=name, expected=f"one of {listed}", action=suggestion(name, offered).strip() or None
        )  # fmt: skip


def _same_length(columns: Mapping[str, NDArray[Any]]) -> None:
    if len({len(values) for values in columns.values()}) > 1:
        raise TableError("the columns have different numbers of rows", expected="the same number in each")


def _complete(
    columns: Mapping[str, NDArray[Any]], keys: Sequence[str]
) -> tuple[NDArray[np.bool_], tuple[Excluded, ...]]:
    gone = np.array(missing_in(columns))
    keep = gone == ""
    excluded = tuple(
        Excluded(study=count_of(count, "row", "rows"), reason=f"no value in column {name!r}")
        for name in columns
        if (count := int((gone == name).sum()))
    )
    excluded += tuple(
        Excluded(study=count_of(lost, "subject", "subjects"), reason="no complete row")
        for name in keys[:1]
        if not keep.all() and (lost := _different(columns[name]) - _different(columns[name][keep]))
    )
    if not keep.any():
        emptiest = max(columns, key=lambda name: int((gone == name).sum()))
        raise TableError(
            "no row has a value in every column of the model", column=emptiest, expected="a value in some rows",
            action="Check the names of the columns, or leave the empty column out of the model.",
        )  # fmt: skip
    return keep, excluded


def _different(values: NDArray[Any]) -> int:
    return len([name for name in labels_of(values)[0] if name])


def _levels(
    frame: Any, columns: Mapping[str, Any], kept: Mapping[str, Any], reference: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    levels = {name: found for name in columns if (found := categories_of(frame, name)) is not None}
    for name, first in reference.items():
        if name not in columns:
            raise OptionError(f"reference names {name!r}, which the model does not use.{suggestion(name, columns)}")
        known = levels.get(name) or levels_of(kept[name])
        if as_text(first) not in known:
            listed = ", ".join(map(repr, known))
            raise OptionError(f"reference of {name!r}: {first!r} is not one of {listed}.{suggestion(first, known)}")
        levels[name] = (as_text(first), *(level for level in known if level != as_text(first)))
    return levels


def _outcome(values: NDArray[Any], name: str) -> Array:
    try:
        y = values.astype(np.float64)
    except (TypeError, ValueError):
        raise TableError("the outcome holds something that is not a number", column=name, expected="numbers") from None
    if not np.isfinite(y).all():
        raise TableError("the outcome holds an infinite value", column=name, expected="finite numbers")
    return y


def _designed(
    formula: Formula, columns: Mapping[str, Any], levels: Mapping[str, tuple[str, ...]], n: int
) -> tuple[Recipe, Array]:
    refuse_words_among_numbers(formula, columns, levels)
    try:
        recipe = recipe_of(formula, columns, levels)
        return recipe, recipe.matrix(columns, n)
    except TableError as error:
        raise without_values(error) from None


def _full_rank(design: Array, names: Sequence[str]) -> None:
    """Raises TableError with the columns that are combinations of those before them."""
    n, p = design.shape
    if p == 0:
        raise OptionError("the formula has no term; write '1' for the intercept alone.")
    if n <= p:
        raise TableError(
            f"{count_of(n, 'row', 'rows')} for {count_of(p, 'coefficient', 'coefficients')}", expected="more rows"
        )
    lengths = np.sqrt((design**2).sum(axis=0))
    empty = lengths == 0.0
    root = np.linalg.qr(design / np.where(empty, 1.0, lengths), mode="r")
    depends = np.abs(np.diag(root)) < INFLUENTIAL
    if depends.any():
        listed = ", ".join(repr(name) for name, gone in zip(names, depends, strict=True) if gone)
        raise TableError(
            f"the design is singular: {listed} cannot be told from the other columns",
            action="An interaction may have an empty cell, or two columns say the same. Merge levels or leave a term out.",
        )  # fmt: skip
