"""From a formula and columns to a design matrix, and to the same matrix for new values of the moderators."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.reading import as_text
from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.meta.formula import Formula, Term, Variable
from ostealgia.numerics.splines import NaturalSpline, natural_spline, spline_columns

Array = NDArray[np.float64]
INTERCEPT = "intercept"


@dataclass(frozen=True)
class Coding:
    """How one variable of the formula becomes numbers. levels : of a factor, the first is the reference.  spline : of ns()."""

    variable: Variable
    levels: tuple[str, ...] = ()
    spline: NaturalSpline | None = None

    @property
    def is_factor(self) -> bool:
        return bool(self.levels)

    def names(self, full: bool) -> list[str]:
        """Names of its columns; full : one for each level instead of all but the first."""
        label = self.variable.label
        if self.levels:
            return [f"{label}{level}" for level in self.levels[0 if full else 1 :]]
        return [label] if self.spline is None else [f"{label}{j + 1}" for j in range(self.spline.df)]

    def matrix(self, values: Any, full: bool) -> Array:
        """Its columns for these values, (k, columns)."""
        if self.levels:
            labels = [as_text(value) for value in values]
            unknown = [label for label in labels if label not in self.levels]
            if unknown:
                listed = ", ".join(map(repr, self.levels))
                raise TableError(
                    f"a level that the fit has not seen in {self.variable.label}", column=self.variable.column, found=unknown[0],
                    expected=f"one of {listed}", action=suggestion(unknown[0], self.levels).strip() or None,
                )  # fmt: skip
            codes = np.array([self.levels.index(label) for label in labels], dtype=int)
            table = np.eye(len(self.levels))[:, 0 if full else 1 :]
            return table[codes]
        x = numbers_of(values, self.variable.column)
        if self.spline is not None:
            return spline_columns(self.spline, x)
        return (x**self.variable.argument if self.variable.kind == "power" else x)[:, None]


@dataclass(frozen=True)
class Recipe:
    """A design that can be built again for new rows.

    codings : of every variable.  full : for each term, whether each of its factors has a column for every level.
    names : of the columns.  term_of : for each column its term, -1 for the intercept.
    """

    formula: Formula
    codings: Mapping[Variable, Coding]
    full: tuple[tuple[bool, ...], ...]
    names: tuple[str, ...]
    term_of: tuple[int, ...]

    @property
    def term_labels(self) -> tuple[str, ...]:
        """Each term as it is written."""
        return tuple(":".join(variable.label for variable in term) for term in self.formula.terms)

    def columns_of(self, term: int) -> tuple[int, ...]:
        """Positions of the columns of a term."""
        return tuple(j for j, owner in enumerate(self.term_of) if owner == term)

    def matrix(self, columns: Mapping[str, Any], k: int) -> Array:
        """The design matrix (k, p) for these columns."""
        blocks = [np.ones((k, 1))] if self.formula.intercept else []
        blocks += [self._block(term, full, columns) for term, full in zip(self.formula.terms, self.full, strict=True)]
        return np.hstack(blocks)

    def _block(self, term: Term, full: tuple[bool, ...], columns: Mapping[str, Any]) -> Array:
        block = np.ones((len(columns[term[0].column]), 1))
        for variable, whole in zip(term, full, strict=True):
            part = self.codings[variable].matrix(columns[variable.column], whole)
            block = (block[:, None, :] * part[:, :, None]).reshape(len(block), -1)
        return block


def recipe_of(formula: Formula, columns: Mapping[str, Any]) -> Recipe:
    """Levels, knots and names of a formula for these data (without missing values).

    A factor has treatment contrasts (its first level, in alphabetical or numerical order, is the reference), or a column for every level
    where no other column of the model stands for its mean: the first factor without an intercept, an interaction without its main effect.

    >>> from ostealgia.meta.formula import parse_formula
    >>> recipe_of(parse_formula("~ dose * factor(site)"), {"dose": [1.0, 2.0, 3.0], "site": ["b", "a", "b"]}).names
    ('intercept', 'dose', 'factor(site)b', 'dose:factor(site)b')
    """
    variables = dict.fromkeys(variable for term in formula.terms for variable in term)
    codings = {variable: _coding(variable, columns[variable.column]) for variable in variables}
    full = _full_codings(formula, codings)
    names, owner = ([INTERCEPT], [-1]) if formula.intercept else ([], [])
    for i, (term, whole) in enumerate(zip(formula.terms, full, strict=True)):
        labels = [""]
        for variable, every in zip(term, whole, strict=True):
            labels = [f"{a}:{b}" if a else b for b in codings[variable].names(every) for a in labels]
        names += labels
        owner += [i] * len(labels)
    return Recipe(formula, codings, full, tuple(names), tuple(owner))


def _full_codings(formula: Formula, codings: Mapping[Variable, Coding]) -> tuple[tuple[bool, ...], ...]:
    """For each factor in each term: a column for every level where the term without it is not in the model."""
    present = {frozenset(term) for term in formula.terms}
    if formula.intercept:
        present.add(frozenset())
    out: list[tuple[bool, ...]] = []
    for term in formula.terms:
        row: list[bool] = []
        for variable in term:
            margin = frozenset(term) - {variable}
            every = codings[variable].is_factor and margin not in present
            row.append(every)
            if every and not margin:
                present.add(margin)  # the full set of levels holds the constant
        out.append(tuple(row))
    return tuple(out)


def _coding(variable: Variable, values: Any) -> Coding:
    if variable.kind == "factor" or (variable.kind == "column" and is_text(values)):
        levels = levels_of(values)
        if len(levels) < 2:
            raise TableError(
                f"{variable.label} has one level only", column=variable.column, found=levels[0] if levels else "no value",
                expected="two levels or more", action="Leave it out of the formula.",
            )  # fmt: skip
        return Coding(variable, levels=levels)
    if variable.kind == "ns":
        return Coding(variable, spline=natural_spline(numbers_of(values, variable.column), variable.argument))
    return Coding(variable)


# --- columns ----------------------------------------------------------------------------------------------------------


def take_columns(formula: Formula, offered: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that the formula names, as arrays. Raises TableError with the columns there are."""
    out: dict[str, Any] = {}
    for name in formula.columns:
        if name not in offered:
            listed = ", ".join(map(repr, offered)) or "none"
            raise TableError(
                f"no column {name!r} with values for the formula", column=name, expected=f"one of {listed}",
                action=suggestion(name, offered).strip() or "Check the spelling; a name with spaces stands between backticks",
            )  # fmt: skip
        out[name] = np.asarray(offered[name])
    return out


def missing_in(columns: Mapping[str, Any]) -> list[str]:
    """For each row the name of the first column that has no value there, or an empty string."""
    k = len(next(iter(columns.values()))) if columns else 0
    out = [""] * k
    for name, values in columns.items():
        for i, value in enumerate(values):
            if not out[i] and is_missing(value):
                out[i] = name
    return out


def is_missing(value: Any) -> bool:
    """None, NaN, not-a-time, or text without a letter or figure in it."""
    return as_text(value) == ""


def is_text(values: Any) -> bool:
    """True where a column holds words or yes/no, so that it can only be a factor."""
    array = np.asarray(values)
    if array.dtype.kind in "iuf":
        return False
    if array.dtype.kind == "b":
        return True
    return any(not is_missing(value) and not _is_number(value) for value in array)


def _is_number(value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def numbers_of(values: Any, column: str) -> Array:
    """A column of numbers. Raises TableError for a word or an infinite value."""
    for value in np.asarray(values):
        if not _is_number(value):
            raise TableError(
                "not a number", column=column, found=repr(str(value)), expected="a number", action=f"Write factor({column}) for groups."
            )  # fmt: skip
    return np.array([float(value) for value in np.asarray(values)])


def levels_of(values: Any) -> tuple[str, ...]:
    """The different levels, numbers by size, words by the alphabet."""
    labels = dict.fromkeys(as_text(value) for value in np.asarray(values))
    if all(_is_number(label) for label in labels):
        return tuple(sorted(labels, key=float))
    return tuple(sorted(labels, key=lambda label: (label.casefold(), label)))


def grid_of(recipe: Recipe, columns: Mapping[str, Any], new: Any) -> tuple[dict[str, Any], int]:
    """New rows for a design: every column the formula names, from a mapping or a frame; single values are repeated.

    Returns (columns, number of rows). Raises TableError for a column that is absent or empty.
    """
    names = recipe.formula.columns
    offered = list(new.keys()) if isinstance(new, Mapping) else list(getattr(new, "columns", []))
    unknown = [name for name in offered if name not in columns and isinstance(new, Mapping)]
    if unknown:
        listed = ", ".join(map(repr, names)) or "none"
        raise OptionError(f"{unknown[0]!r} is not a moderator of this fit: {listed}.{suggestion(unknown[0], names)}")
    absent = [name for name in names if name not in offered]
    if absent:
        raise TableError(
            f"new values need the column {absent[0]!r}", expected=", ".join(map(repr, names)), found=", ".join(map(repr, offered)) or "none"
        )  # fmt: skip
    arrays = {name: np.atleast_1d(np.asarray(new[name])) for name in names}
    sizes = {len(values) for values in arrays.values()} or {1}
    k = max(sizes)
    if not sizes <= {1, k}:
        raise OptionError(
            f"the new columns have {sorted(sizes)} rows; give each the same number, or one value for all."
        )
    arrays = {name: np.repeat(values, k) if len(values) == 1 else values for name, values in arrays.items()}
    for name, values in arrays.items():
        if any(is_missing(value) for value in values):
            raise TableError("a new row has no value", column=name, expected="a value in every row")
    return arrays, k


def described(recipe: Recipe) -> Sequence[str]:
    """Notes on how the columns were coded."""
    notes: list[str] = []
    for variable, coding in recipe.codings.items():
        if coding.levels and variable.kind == "column":
            shown = ", ".join(coding.levels[:4]) + (", ..." if len(coding.levels) > 4 else "")
            notes.append(f"column {variable.column!r} holds text and was read as factor({variable.column}): {shown}")
    return notes
