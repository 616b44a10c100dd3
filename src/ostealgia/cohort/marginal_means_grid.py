"""The grid of factor levels on which a linear model is averaged, and the rows that test whole terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError, suggestion
from ostealgia.options import one_of
from ostealgia.tables.formula import Term
from ostealgia.tables.formula_design import Recipe, labels_of, numbers_of
from ostealgia.tables.labels import as_text

Array = NDArray[np.float64]
WEIGHTS = ("equal", "proportional")


def factor_levels(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    """The factors of a model with their levels."""
    return {variable.column: coding.levels for variable, coding in recipe.codings.items() if coding.is_factor}


def cells(
    recipe: Recipe, columns: Mapping[str, Any], by: Sequence[str], at: Mapping[str, Any], weights: str
) -> tuple[list[tuple[str, ...]], Array]:
    """Combinations of the levels of ``by`` (the first varies fastest) and the row (m, p) of each marginal mean."""
    one_of("weights", weights, WEIGHTS)
    levels = _kept_levels(recipe, by, at)
    given = _covariates(recipe, columns, levels, at)
    others = [name for name in levels if name not in by]
    share = _shares(columns, levels, others, weights)
    combinations = [tuple(reversed(found)) for found in product(*(levels[name] for name in reversed(by)))]
    averaged = list(product(*(levels[name] for name in others)))
    grid: dict[str, Any] = {
        **{name: np.repeat([found[i] for found in combinations], len(averaged)) for i, name in enumerate(by)},
        **{name: np.tile([found[i] for found in averaged], len(combinations)) for i, name in enumerate(others)},
        **{name: np.full(len(combinations) * len(averaged), value) for name, value in given.items()},
    }
    size = len(combinations) * len(averaged)
    rows = recipe.matrix(grid, size).reshape(len(combinations), len(averaged), -1)
    return combinations, np.einsum("cap,a->cp", rows, share)


def _kept_levels(recipe: Recipe, by: Sequence[str], at: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    levels = factor_levels(recipe)
    for name in by:
        if name not in levels:
            listed = ", ".join(map(repr, levels)) or "none"
            hint = (
                f" Write factor({name}) in the formula." if name in recipe.formula.columns else suggestion(name, levels)
            )
            raise OptionError(f"{name!r} is not a factor of this model; its factors are {listed}.{hint}")
    for name, wanted in at.items():
        if name not in recipe.formula.columns:
            raise OptionError(
                f"at names {name!r}, which the model does not use.{suggestion(name, recipe.formula.columns)}"
            )
        if name in levels:
            asked = [as_text(value) for value in np.atleast_1d(np.asarray(wanted)).tolist()]
            unknown = [value for value in asked if value not in levels[name]]
            if unknown:
                raise OptionError(f"{unknown[0]!r} is not a level of {name!r}: {', '.join(map(repr, levels[name]))}.")
            levels[name] = tuple(level for level in levels[name] if level in asked)
    return levels


def _covariates(
    recipe: Recipe, columns: Mapping[str, Any], levels: Mapping[str, Any], at: Mapping[str, Any]
) -> dict[str, float]:
    out: dict[str, float] = {}
    for name in recipe.formula.columns:
        if name in levels:
            continue
        value = at.get(name)
        if value is not None and np.ndim(value) > 0:
            raise OptionError(f"at gives several values for {name!r}; give one number.")
        try:
            out[name] = float(value) if value is not None else float(numbers_of(columns[name], name).mean())
        except (TypeError, ValueError):
            raise OptionError(f"at gives {value!r} for {name!r}, which is not a number.") from None
    return out


def _shares(
    columns: Mapping[str, Any], levels: Mapping[str, tuple[str, ...]], others: Sequence[str], weights: str
) -> Array:
    """Weight of each combination of the factors averaged over."""
    shape = tuple(len(levels[name]) for name in others)
    if weights == "equal" or not others:
        return np.full(int(np.prod(shape)), 1.0 / max(1, int(np.prod(shape))))
    keep = np.ones(len(columns[others[0]]), dtype=bool)
    codes = np.zeros(len(keep), dtype=np.intp)
    for name in others:
        names, rows = labels_of(columns[name])
        place = np.array(
            [levels[name].index(level) if level in levels[name] else -1 for level in names], dtype=np.intp
        )[rows]
        keep &= place >= 0
        codes = codes * len(levels[name]) + place
    counts = np.bincount(codes[keep], minlength=int(np.prod(shape))).astype(np.float64)
    if counts.sum() == 0:
        raise OptionError("no row has the levels that are averaged over; use weights='equal'.")
    return counts / counts.sum()


def type3_rows(recipe: Recipe, columns: Mapping[str, Any], n: int) -> dict[str, Array]:
    """For each term the combinations of coefficients that are zero where the term does nothing beyond the others.

    The design is written again with factors that sum to zero over their levels; the coefficients of a term there, as combinations of
    those of the fit, are its rows.
    """
    back = _recoded(recipe, columns, n, None)
    return {label: back[list(recipe.columns_of(i))] for i, label in enumerate(recipe.term_labels)}


def intercept_row(recipe: Recipe, columns: Mapping[str, Any], n: int, averaged: Sequence[str] | None = None) -> Array:
    """The intercept (1, p) as the mean over equally weighted levels of the factors ``averaged`` (None: all), the others at their first
    level, numbers at 0."""
    return _recoded(recipe, columns, n, averaged)[list(recipe.columns_of(-1))]


def _recoded(recipe: Recipe, columns: Mapping[str, Any], n: int, averaged: Sequence[str] | None) -> Array:
    """Coefficients of the design with balanced factors, as combinations (p, p) of those of the fit."""
    design = recipe.matrix(columns, n)
    blocks = [np.ones((n, 1))] if recipe.formula.intercept else []
    for term, full in zip(recipe.formula.terms, recipe.full, strict=True):
        blocks.append(_balanced(recipe, term, full, columns, averaged))
    scale = np.sqrt((design**2).sum(axis=0))
    change = np.linalg.lstsq(design / scale, np.hstack(blocks), rcond=None)[0] / scale[:, None]
    return np.linalg.inv(change)


def _balanced(
    recipe: Recipe, term: Term, full: Sequence[bool], columns: Mapping[str, Any], averaged: Sequence[str] | None
) -> Array:
    block = np.ones((len(columns[term[0].column]), 1))
    for variable, whole in zip(term, full, strict=True):
        coding = recipe.codings[variable]
        part = coding.matrix(columns[variable.column], whole)
        if coding.is_factor and not whole and (averaged is None or variable.column in averaged):
            part = part - 1.0 / len(coding.levels)
        block = (block[:, None, :] * part[:, :, None]).reshape(len(block), -1)
    return block
