"""From a formula and columns to a design matrix, and to the same matrix for new values of the moderators."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.numerics.splines import NaturalSpline, natural_spline, spline_columns
from ostealgia.tables.formula import Formula, Term, Variable
from ostealgia.tables.labels import as_text
from ostealgia.tables.plain_columns import plain_array

Array = NDArray[np.float64]
INTERCEPT = "intercept"
LONG = 1000  # rows from which a column of words is worth a hash table in C


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
            labels, positions = labels_of(values)
            unknown = [label for label in labels if label not in self.levels]
            if unknown:
                listed = ", ".join(map(repr, self.levels))
                raise TableError(
                    f"a level that the fit has not seen in {self.variable.label}", column=self.variable.column, found=unknown[0],
                    expected=f"one of {listed}", action=suggestion(unknown[0], self.levels).strip() or None,
                )  # fmt: skip
            codes = np.array([self.levels.index(label) for label in labels], dtype=np.intp)
            table = np.eye(len(self.levels))[:, 0 if full else 1 :]
            return table[codes[positions]]
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
        parts: dict[tuple[Variable, bool], Array] = {}
        blocks += [
            self._block(term, full, columns, parts) for term, full in zip(self.formula.terms, self.full, strict=True)
        ]
        return np.hstack(blocks)

    def _block(
        self, term: Term, full: tuple[bool, ...], columns: Mapping[str, Any], parts: dict[tuple[Variable, bool], Array]
    ) -> Array:
        """Columns of one term. parts : those of each variable, kept for the next term."""
        block: Array | None = None
        for key in zip(term, full, strict=True):
            if key not in parts:
                parts[key] = self.codings[key[0]].matrix(columns[key[0].column], key[1])
            part = parts[key]
            block = part if block is None else (block[:, None, :] * part[:, :, None]).reshape(len(block), -1)
        return np.zeros((0, 0)) if block is None else block


def recipe_of(
    formula: Formula, columns: Mapping[str, Any], levels: Mapping[str, Sequence[str]] | None = None
) -> Recipe:
    """Levels, knots and names of a formula for these data (without missing values).

    A factor has treatment contrasts (its first level, in alphabetical or numerical order, is the reference), or a column for every level
    where no other column of the model stands for its mean: the first factor without an intercept, an interaction without its main effect.
    levels : for a column, its levels in another order (the first is the reference, those not named follow); such a column is a factor.

    >>> from ostealgia.tables.formula import parse_formula
    >>> recipe_of(parse_formula("~ dose * factor(site)"), {"dose": [1.0, 2.0, 3.0], "site": ["b", "a", "b"]}).names
    ('intercept', 'dose', 'factor(site)b', 'dose:factor(site)b')
    """
    variables = dict.fromkeys(variable for term in formula.terms for variable in term)
    given = levels or {}
    codings = {
        variable: _coding(variable, columns[variable.column], given.get(variable.column)) for variable in variables
    }
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


def _coding(variable: Variable, values: Any, ordered: Sequence[str] | None = None) -> Coding:
    if variable.kind == "factor" or (variable.kind == "column" and (ordered is not None or is_text(values))):
        levels = levels_of(values)
        if ordered is not None:
            named = dict.fromkeys(level for level in ordered if level in levels)
            levels = (*named, *(level for level in levels if level not in named))
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
        out[name] = plain_array(offered[name], name)
    return out


def missing_in(columns: Mapping[str, Any]) -> list[str]:
    """For each row the name of the first column that has no value there, or an empty string."""
    k = len(next(iter(columns.values()))) if columns else 0
    out = [""] * k
    for name, values in columns.items():
        for i in np.flatnonzero(_absent(values)):
            out[i] = out[i] or name
    return out


def _absent(values: Any) -> NDArray[np.bool_]:
    array = array_of(values)
    if array.dtype.kind in "fiub":
        return np.isnan(array) if array.dtype.kind == "f" else np.zeros(len(array), dtype=bool)
    names, rows = labels_of(array)
    return np.array([name == "" for name in names], dtype=bool)[rows]


def is_missing(value: Any) -> bool:
    """None, NaN, not-a-time, or text without a letter or figure in it."""
    return as_text(value) == ""


def array_of(values: Any) -> NDArray[Any]:
    """A column as an array."""
    return np.asarray(values)


def labels_of(values: Any) -> tuple[list[str], NDArray[np.intp]]:
    """The different labels in order of appearance, and for each row the position of its label.

    >>> labels_of(["b", "a", "b"])[0]
    ['b', 'a']
    """
    array = array_of(values)
    if array.dtype.kind in "fiub":
        different, rows = _different_numbers(array)
        raw = _number_texts(different)
    else:
        different, rows = _different(array)
        raw = [as_text(value) for value in different]
    names = dict.fromkeys(raw)
    if len(names) == len(raw):
        return raw, rows
    index = {name: i for i, name in enumerate(names)}
    return list(names), np.array([index[name] for name in raw], dtype=np.intp)[rows]


def _different_numbers(array: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The different numbers in order of appearance, and the position of each row's; whole numbers of a small range by counting."""
    if array.dtype.kind in "iu" and len(array):
        low, high = int(array.min()), int(array.max())
        if high - low < 4 * len(array) + 100:
            at = (array - array.dtype.type(low)).astype(np.intp)
            first = np.full(high - low + 1, len(array), dtype=np.intp)
            first[at[::-1]] = np.arange(len(array) - 1, -1, -1)
            values = np.flatnonzero(first < len(array))
            order = values[np.argsort(first[values])]
            place = np.empty(high - low + 1, dtype=np.intp)
            place[order] = np.arange(len(order))
            return array[first[order]], place[at]
    different, first, codes = np.unique(array, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    return different[order], place[codes.reshape(-1)]


def _number_texts(numbers: NDArray[Any]) -> list[str]:
    """Numbers as labels, as ``as_text`` writes them."""
    if numbers.dtype.kind in "iu":
        return [str(value) for value in numbers.tolist()]
    return [as_text(value) for value in (numbers.tolist() if numbers.dtype == np.float64 else numbers)]


def _different(array: NDArray[Any]) -> tuple[Sequence[Any], NDArray[np.intp]]:
    """The different values of a column of objects in order of appearance, and the position of each row's; by pandas where it is there."""
    pandas: Any = sys.modules.get("pandas")
    if (
        array.dtype.kind == "O"
        and pandas is not None
        and len(array) > LONG
        and pandas.api.types.infer_dtype(array) == "string"
    ):
        rows, different = pandas.factorize(array, use_na_sentinel=False)
        return list(different), rows.astype(np.intp)
    items: list[Any] = array.tolist()
    if array.dtype.kind == "U" or {value.__class__ for value in items} <= {str}:
        index = {value: i for i, value in enumerate(dict.fromkeys(items))}
        return list(index), np.fromiter(map(index.__getitem__, items), dtype=np.intp, count=len(items))
    seen: dict[Any, int] = {}
    positions = [seen.setdefault((value.__class__, value), len(seen)) for value in array]
    return [value for _, value in seen], np.array(positions, dtype=np.intp)


def refuse_words_among_numbers(formula: Formula, columns: Mapping[str, Any], levels: Mapping[str, Any]) -> None:
    """Raises TableError where a column that is not said to be a factor holds a few words among its numbers; no value is shown.

    Read as a factor, such a column would have a level for each number.
    """
    for variable in dict.fromkeys(variable for term in formula.terms for variable in term):
        values = columns[variable.column]
        if variable.kind != "column" or variable.column in levels or array_of(values).dtype.kind in "iufb":
            continue
        found = [label for label in labels_of(values)[0] if label]
        words = sum(not _is_number(label) for label in found)
        if 0 < words < len(found) - words:
            raise TableError(
                f"the column holds words among its numbers ({words} of {len(found)} different values)", column=variable.column,
                expected="numbers, or groups", action=f"Correct the words, or write factor({variable.column}) for groups.",
            )  # fmt: skip


def is_text(values: Any) -> bool:
    """True where a column holds words or yes/no, so that it can only be a factor."""
    array = array_of(values)
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
    array = array_of(values)
    if array.dtype.kind in "iuf" and bool(np.isfinite(array).all()):
        return array.astype(np.float64)
    for value in array:
        if not _is_number(value):
            raise TableError(
                "not a number", column=column, found=repr(str(value)), expected="a number", action=f"Write factor({column}) for groups."
            )  # fmt: skip
    return np.array([float(value) for value in array])


def levels_of(values: Any) -> tuple[str, ...]:
    """The different levels, numbers by size, words by the alphabet."""
    labels, _ = labels_of(values)
    if all(_is_number(label) for label in labels):
        return tuple(sorted(labels, key=float))
    return tuple(sorted(labels, key=lambda label: (label.casefold(), label)))


def grid_of(recipe: Recipe, columns: Mapping[str, Any], new: Any) -> tuple[dict[str, Any], int]:
    """New rows for a design: every column the formula names, from a mapping or a frame; single values are repeated.

    Returns (columns, number of rows). Raises TableError for a column that is absent or empty.
    """
    names = recipe.formula.columns
    held: Any = cast("Mapping[str, Any]", new).keys() if isinstance(new, Mapping) else getattr(new, "columns", ())
    offered: list[str] = list(held)
    unknown = [name for name in offered if name not in columns and isinstance(new, Mapping)]
    if unknown:
        listed = ", ".join(map(repr, names)) or "none"
        raise OptionError(f"{unknown[0]!r} is not a moderator of this fit: {listed}.{suggestion(unknown[0], names)}")
    absent = [name for name in names if name not in offered]
    if absent:
        raise TableError(
            f"new values need the column {absent[0]!r}", expected=", ".join(map(repr, names)), found=", ".join(map(repr, offered)) or "none"
        )  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {name: np.atleast_1d(array_of(new[name])) for name in names}
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
