"""Design matrices of models of dependent effects, and what they cannot carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.meta.multilevel_data import moderator_columns
from ostealgia.numerics.covariance_known import KnownCovariance
from ostealgia.numerics.mixed_effects_structures import Term
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]


def design_of(
    data: EffectSizes, known: KnownCovariance, moderators: str | Sequence[str], X: Any, names: Sequence[str] | None,
    intercept: bool,
) -> tuple[EffectSizes, KnownCovariance, Array, tuple[str, ...]]:  # fmt: skip
    """The rows kept, their known covariance, the design (k, p) and the names of its columns."""
    if X is not None:
        if moderators:
            raise OptionError("give moderators (columns of the table) or X (a design), not both.")
        x = np.array(X, dtype=float)
        x = x[:, None] if x.ndim == 1 else x
        if x.shape[0] != data.k or not np.isfinite(x).all():
            raise OptionError(
                f"X should be {data.k} rows of finite numbers, one a row of the effects; found shape {x.shape}."
            )
        columns = tuple(names) if names is not None else tuple(f"x{j + 1}" for j in range(x.shape[1]))
        if len(columns) != x.shape[1]:
            raise OptionError(f"names has {len(columns)} entries for {x.shape[1]} columns of X.")
        return data, known, x, columns
    if isinstance(moderators, str) and "~" in moderators:
        return formula_design(data, known, moderators)
    if not len(moderators):
        if not intercept:
            raise OptionError("a model without an intercept needs moderators or X.")
        return data, known, np.ones((data.k, 1)), ("intercept",)
    data, known, extra, listed = moderator_block(data, known, moderators)
    if intercept:
        return data, known, np.column_stack([np.ones(data.k), extra]), ("intercept", *listed)
    return data, known, extra, listed


def moderator_block(
    data: EffectSizes, known: KnownCovariance, moderators: str | Sequence[str]
) -> tuple[EffectSizes, KnownCovariance, Array, tuple[str, ...]]:
    """The rows with a value of every moderator, their known covariance, the columns (k, m) and their names."""
    listed = (moderators,) if isinstance(moderators, str) else tuple(moderators)
    if not listed:
        return data, known, np.empty((data.k, 0)), ()
    data, columns, keep = moderator_columns(data, listed)
    return data, known.take(keep) if len(keep) < known.k else known, columns, listed


def formula_design(
    data: EffectSizes, known: KnownCovariance, formula: str
) -> tuple[EffectSizes, KnownCovariance, Array, tuple[str, ...]]:
    """The same for a formula of the grammar of ``regress``, "~ dose + factor(site)"; nothing in it is evaluated."""
    from ostealgia.tables.formula import parse_formula
    from ostealgia.tables.formula_design import described, missing_in, recipe_of, take_columns

    parsed = parse_formula(formula)
    offered = {"study": np.array(data.study), **data.columns, "n": data.columns.get("n", data.n)}
    columns = take_columns(parsed, offered)
    absent = missing_in(columns)
    if any(absent):
        keep = np.flatnonzero([not name for name in absent])
        if not len(keep):
            raise TableError("no row has a value of every moderator", column=absent[0], expected="a value in some rows")
        row = data.rows or (None,) * data.k
        gone = [
            Excluded(study=data.study[i], reason=f"no value of moderator {name!r}", row=row[i])
            for i, name in enumerate(absent)
            if name
        ]
        kept = data.take(keep)
        data = replace(kept, excluded=(*kept.excluded, *gone))
        known = known.take(keep)
        columns = {name: np.asarray(values)[keep] for name, values in columns.items()}
    recipe = recipe_of(parsed, columns)
    data = replace(data, notes=(*data.notes, *described(recipe)))
    return data, known, recipe.matrix(columns, data.k), recipe.names


def outcome_design(
    codes: NDArray[np.int64], levels: tuple[str, ...], extra: Array, moderators: tuple[str, ...], slopes: str
) -> tuple[Array, tuple[str, ...]]:
    """A mean for each outcome, then a slope of each moderator for each outcome or one for all."""
    means = np.eye(len(levels))[codes]
    if slopes == "common":
        return np.column_stack([means, extra]), (*levels, *moderators)
    parts, names = [means], list(levels)
    for j, name in enumerate(moderators):
        parts.append(means * extra[:, [j]])
        names += [f"{level}:{name}" for level in levels]
    return np.column_stack(parts), tuple(names)


def no_flat_levels(term: Term, levels: tuple[str, ...], data: EffectSizes) -> list[str]:
    """Refuse a structure that has parameters without data; a note where there are few studies for its parameters."""
    if len(levels) < 2:
        raise OptionError("there is one outcome only; use multilevel() or pool().")
    pairs = np.unique(np.column_stack([term.group, term.level]), axis=0)
    counts = np.bincount(pairs[:, 1], minlength=term.m)
    if term.definition.many_sd and (counts < 2).any():
        alone = ", ".join(level for level, count in zip(levels, counts, strict=True) if count < 2)
        raise OptionError(
            f"structure={term.structure!r} has a variance for each outcome, and {alone} is reported by one study only. "
            "Use structure='CS' (or 'AR', 'CAR' over times, 'ID' without correlation)."
        )
    units = int(term.group.max()) + 1
    seen = np.zeros((units, term.m))
    seen[pairs[:, 0], pairs[:, 1]] = 1.0
    together = seen.T @ seen
    off = together[np.tril_indices(term.m, -1)]
    if term.structure not in ("ID", "DIAG") and (seen.sum(axis=1) > 1).sum() < 2:
        raise OptionError(
            f"structure={term.structure!r} has a correlation, and fewer than two studies report more than one outcome. Use 'DIAG' or 'ID'."
        )
    notes: list[str] = []
    if term.structure == "UN" and (off < 2).any():
        below = np.where(np.tri(term.m, k=-1) > 0, together, np.inf)
        i, j = np.unravel_index(int(np.argmin(below)), below.shape)
        if together[i, j] == 0:
            raise OptionError(
                f"structure='UN' has a correlation of {levels[j]} with {levels[i]}, which no study reports together. "
                "Use 'HCS' or 'CS' (over times 'AR' or 'CAR')."
            )
        notes.append(
            f"one study only reports {levels[j]} together with {levels[i]}: their correlation is hardly determined"
        )
    repeated = len(pairs) < data.k
    if repeated:
        notes.append(
            "some studies give an outcome more than once: add random='study/effect' unless V says how they depend"
        )
    if units < 2 * term.size:
        notes.append(
            f"{units} studies for {term.size} variance parameters of structure {term.structure}: the components are hardly determined; "
            "compare with a structure of fewer parameters"
        )
    return notes
