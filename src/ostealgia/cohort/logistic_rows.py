"""From a frame and a formula to the arrays of a regression: which rows, which columns, and why some were left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.survival_data import FIRST_ROW, absent, column_of
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.cox import aliased
from ostealgia.tables.formula import Formula, Variable, parse_formula
from ostealgia.tables.formula_design import (
    Recipe,
    described,
    labels_of,
    numbers_of,
    recipe_of,
    refuse_words_among_numbers,
)
from ostealgia.tables.labels import as_text
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
Levels = Mapping[str, Sequence[str]]
YES, NO = ("1", "yes", "true"), ("0", "no", "false")


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelRows:
    """x : (n, p) design with its intercept.  y : (n,).  positions : of the rows in the frame.  columns : every column read, (n,) each."""

    x: Array
    y: Array
    recipe: Recipe
    positions: NDArray[np.intp]
    columns: Mapping[str, Any]
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.y)


def formula_from(terms: str | Sequence[str] | Formula) -> Formula:
    """A formula from text, a list of columns, or as it is.

    >>> str(formula_from(["arm", "age"]))
    '~ arm + age'
    """
    if isinstance(terms, (str, Formula)):
        return parse_formula(terms)
    return Formula(True, tuple((Variable("column", name),) for name in dict.fromkeys(terms)))


def complete_rows(frame: Any, names: Sequence[str]) -> tuple[dict[str, Any], NDArray[np.intp], tuple[Excluded, ...]]:
    """The columns at the rows that have a value in all of them, the positions of these rows, and what was left out."""
    columns = {name: column_of(frame, name) for name in dict.fromkeys(names)}
    if len({len(values) for values in columns.values()}) > 1:
        raise TableError("the columns have different lengths", expected="one value a row in each")
    keep = np.ones(len(next(iter(columns.values()))), dtype=bool)
    excluded: list[Excluded] = []
    for name, values in columns.items():
        lost = keep & absent(values)
        if lost.any():
            count = count_of(int(lost.sum()), "row", "rows")
            excluded.append(Excluded(study=count, reason=f"no value in column {name!r}"))
            keep &= ~lost
    if not keep.any():
        raise TableError(
            "no row has a value in every column",
            expected=", ".join(map(repr, columns)),
            action="Check the columns, or use fewer",
        )
    positions = np.flatnonzero(keep)
    return {name: values[positions] for name, values in columns.items()}, positions, tuple(excluded)


def binary(values: NDArray[Any], column: str, positions: NDArray[np.intp], *, of: object = None) -> Array:
    """0 and 1 from 0/1, yes/no, true/false, or from ``of``, the value that counts as 1. Messages give the row, not the value."""
    names, rows = labels_of(values)
    texts = [name.casefold() for name in names]
    if of is not None:
        return np.array([float(text == as_text(of).casefold()) for text in texts])[rows]
    wrong = np.array([text not in YES + NO for text in texts])
    if wrong.any():
        raise TableError(
            "not a yes/no column", column=column, row=int(positions[int(np.argmax(wrong[rows]))]) + FIRST_ROW,
            expected="1 or 0, or yes and no", action="With other codes name the value that counts by event_value=",
        )  # fmt: skip
    return np.array([float(text in YES) for text in texts])[rows]


def model_rows(
    frame: Any,
    outcome: str,
    terms: str | Sequence[str] | Formula,
    *,
    levels: Levels | None = None,
    is_binary: bool = True,
    event_value: object = None,
    also: Sequence[str] = (),
) -> ModelRows:
    """Rows with a value in the outcome, every column of the terms and those in ``also``.

    Raises TableError for an outcome with one value, and for columns that repeat one another.
    """
    formula = formula_from(terms)
    if outcome in formula.columns:
        raise OptionError(f"{outcome!r} is the outcome and a term as well; take it out of the terms.")
    columns, positions, excluded = complete_rows(frame, [outcome, *formula.columns, *also])
    y = (
        binary(columns[outcome], outcome, positions, of=event_value)
        if is_binary
        else quiet_numbers(columns, outcome, positions)
    )
    if is_binary and len(np.unique(y)) < 2:
        raise TableError(
            "the outcome is the same in all rows", column=outcome, expected="patients with and without the event"
        )
    recipe, x = design(formula, columns, len(y), levels)
    check_rank(x, recipe.names)
    return ModelRows(
        x=x, y=y, recipe=recipe, positions=positions, columns=columns, excluded=excluded, notes=tuple(described(recipe))
    )


def quiet_numbers(columns: Mapping[str, Any], name: str, positions: NDArray[np.intp]) -> Array:
    """A column of numbers; the message names the column and never a patient's value."""
    try:
        return numbers_of(columns[name], name)
    except TableError as error:
        raise TableError(error.problem, column=name, expected=error.expected) from None


def design(formula: Formula, columns: Mapping[str, Any], n: int, levels: Levels | None) -> tuple[Recipe, Array]:
    """Recipe and matrix of a formula; messages name the column, never a patient's value."""
    refuse_words_among_numbers(formula, columns, levels or {})
    try:
        recipe = recipe_of(
            formula, columns, {k: [as_text(v) for v in o] for k, o in (levels or {}).items() if k in columns}
        )
        return recipe, recipe.matrix(columns, n)
    except TableError as error:
        raise TableError(error.problem, column=error.column, expected=error.expected, action=error.action) from None


def check_rank(x: Array, names: Sequence[str]) -> None:
    """Raise where a column is constant or made up of those before it."""
    products = x.T @ x
    size = np.diag(products)
    if not np.isfinite(products).all() or bool((size < 1e-200).any()):  # values beyond the range of their squares
        x = x / np.maximum(np.abs(x).max(axis=0), 1e-300)
        products = x.T @ x
        size = np.diag(products)
    scale = np.sqrt(np.maximum(size, 1e-300) / len(x))
    idle = aliased(products / np.outer(scale, scale))
    if idle or x.shape[1] > len(x):
        listed = ", ".join(repr(names[j]) for j in idle[:5]) or "the last terms"
        raise TableError(
            f"{listed} cannot be estimated: the same in all rows, or made up of the other terms",
            expected="terms that do not repeat one another, and more rows than coefficients", action="Leave it out, or merge levels",
        )  # fmt: skip
