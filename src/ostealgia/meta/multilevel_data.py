"""What models of dependent effects start from: effects with repeated study labels, grouping columns, moderators, known covariance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.meta.coerce import as_effects
from ostealgia.numerics.covariance_known import KnownCovariance, NotPositiveDefinite, from_matrix
from ostealgia.tables.measures import measure_of
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
REPEATED = "labels that occur more than once"
EACH_EFFECT = "each effect"  # the rows themselves, whatever the columns are called
ROW_NAMES = ("effect", "row", "obs")  # names of the single effect where the table has no such column


def as_dependent(data: Any, measure: str | None = None, V: Any = None) -> EffectSizes:
    """Effects of which several may come from one study.

    data : EffectSizes, a frame or a mapping with study, estimate and std_error (or variance); the other columns are kept, for grouping and
    as moderators. Where ``V`` is a matrix and the table has no standard errors, they are the roots of its diagonal.  Raises TableError.
    """
    names = list(data.keys()) if isinstance(data, Mapping) else list(getattr(data, "columns", []))
    if not isinstance(data, EffectSizes) and "estimate" in names and not {"std_error", "variance", "vi"} & set(names):
        matrix = V if isinstance(V, np.ndarray) else getattr(V, "matrix", None)
        if matrix is not None and "ci_low" not in names and "p_value" not in names:
            errors = np.sqrt(np.diag(np.asarray(matrix, dtype=float)))
            data = {**{name: np.asarray(data[name]) for name in names}, "std_error": errors}
            names.append("std_error")
    found = data if isinstance(data, EffectSizes) else _quick(data, names, measure) or as_effects(data, measure)
    found = replace(found, notes=tuple(note for note in found.notes if not note.startswith(REPEATED)))
    bad = np.flatnonzero(~((found.std_error > 0) & np.isfinite(found.std_error) & np.isfinite(found.estimate)))
    if not len(bad):
        return found
    from ostealgia.effects.compute import without_zero_errors

    return without_zero_errors(found)


def _quick(data: Any, names: list[str], measure: str | None) -> EffectSizes | None:
    """Two clean numeric columns; None where a closer look (and its messages) is needed."""
    if not {"study", "estimate", "std_error"} <= set(names) or {"ci_low", "measure"} & set(names):
        return None
    try:
        y, se = np.array(data["estimate"], dtype=float), np.array(data["std_error"], dtype=float)
    except (TypeError, ValueError):
        return None
    if y.ndim != 1 or y.shape != se.shape or not len(y):
        return None
    if not (np.isfinite(y).all() and np.isfinite(se).all() and (se > 0).all()):
        return None
    definition, note = measure_of(measure or "GEN")
    used = {"study", "estimate", "std_error", "n"}
    return EffectSizes(
        measure=definition.name,
        study=tuple(map(str, np.asarray(data["study"]).tolist())),
        estimate=y,
        std_error=se,
        n=np.array(data["n"], dtype=float) if "n" in names else np.full(len(y), np.nan),
        columns={name: np.asarray(data[name]) for name in names if name not in used},
        notes=() if note is None else (note,),
    )


def labels_of(effects: EffectSizes, name: str, what: str) -> list[str]:
    """One label a row from the column ``name``; ``study`` is the study, ``effect`` the row itself where there is no such column.

    what : the option that asks, for the message.  Raises TableError.
    """
    if name == "study":
        return list(effects.study)
    if name == EACH_EFFECT:
        return [str(i + 1) for i in range(effects.k)]
    if name in effects.columns:
        found = [text_of(value) for value in np.asarray(effects.columns[name]).tolist()]
        empty = [i for i, label in enumerate(found) if label == ""]
        if empty:
            raise TableError(
                f"no {name} in {len(empty)} of {effects.k} rows",
                row=effects.rows[empty[0]] if effects.rows else None,
                column=name,
                found=f"empty in the row of study {effects.study[empty[0]]!r}",
                expected="a label in every row",
                action="Fill the cells, or leave these rows out.",
            )
        return found
    if name in ROW_NAMES:
        return [str(i + 1) for i in range(effects.k)]
    offered = ["study", *effects.columns]
    raise TableError(
        f"no column {name!r} for {what}",
        found=", ".join(offered),
        action=suggestion(name, offered).strip() or "Name one of the columns.",
    )


def text_of(value: Any) -> str:
    """A label: whole numbers without decimals, missing as an empty string."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def codes_of(labels: Iterable[Any]) -> tuple[Codes, tuple[Any, ...]]:
    """Codes from 0 in order of appearance, and the labels.

    >>> codes_of(["b", "a", "b"])
    (array([0, 1, 0]), ('b', 'a'))
    """
    seen: dict[Any, int] = {}
    codes = [seen.setdefault(label, len(seen)) for label in labels]
    return np.array(codes, dtype=np.int64), tuple(seen)


def grouping(effects: EffectSizes, given: Any, what: str) -> tuple[str, Codes, tuple[str, ...]]:
    """Name, codes and labels of a grouping: a column name, "a/b" for the combinations of two columns, or one label a row.

    Raises TableError, OptionError.
    """
    if isinstance(given, str):
        parts = [labels_of(effects, part.strip(), what) for part in given.split("/")]
        joined = parts[0] if len(parts) == 1 else [" / ".join(row) for row in zip(*parts, strict=True)]
        codes, labels = codes_of(joined)
        return given, codes, labels
    values = [text_of(value) for value in np.asarray(given).tolist()]
    if len(values) != effects.k:
        raise OptionError(
            f"{what} has {len(values)} labels for {effects.k} effects; give a column name or one label a row."
        )
    codes, labels = codes_of(values)
    return ("cluster" if what == "cluster" else "group"), codes, labels


def random_terms(random: Any) -> list[str]:
    """The groupings that a description of random intercepts names.

    A string nests with "/" and crosses with "+": "study/effect" is a study and its effects. A sequence lists the groupings one by one.

    >>> random_terms("district/school"), random_terms("study + lab"), random_terms(("study", "study/effect"))
    (['district', 'district/school'], ['study', 'lab'], ['study', 'study/effect'])
    """
    if isinstance(random, str):
        out: list[str] = []
        for part in random.replace("~", " ").split("+"):
            names = [name.strip() for name in part.split("|")[-1].split("/")]
            out += ["/".join(names[: i + 1]) for i in range(len(names))]
        found = list(dict.fromkeys(out))
    else:
        found = ["/".join(piece.strip() for piece in str(name).split("/")) for name in random]
    if not found or any(not piece for name in found for piece in name.split("/")):
        raise OptionError(
            f"random={random!r} names no grouping; write for instance 'study/effect' or ('study', 'lab')."
        )
    return found


def moderator_columns(effects: EffectSizes, moderators: Sequence[str]) -> tuple[EffectSizes, Array, Codes]:
    """The numeric columns of the moderators; rows without a value are left out by name.

    Returns the effects kept, the columns (k, m) and the positions of the rows kept.  Raises TableError.
    """
    columns = np.empty((effects.k, len(moderators)))
    for j, name in enumerate(moderators):
        if name not in effects.columns:
            offered = list(effects.columns)
            raise TableError(
                f"no column {name!r} for moderators",
                found=", ".join(offered) or "no other columns",
                action=suggestion(name, offered).strip() or None,
            )
        try:
            columns[:, j] = np.array(effects.columns[name], dtype=float)
        except (TypeError, ValueError):
            raise TableError(
                f"moderator {name!r} is not numeric",
                column=name,
                found=f"{effects.columns[name][0]!r}",
                expected="numbers, one a row",
                action="Give indicator columns for groups, or the design as X=.",
            ) from None
    missing = ~np.isfinite(columns).all(axis=1)
    keep = np.flatnonzero(~missing)
    if not missing.any():
        return effects, columns, keep
    gone = []
    for i in np.flatnonzero(missing):
        lacking = ", ".join(
            name for name, value in zip(moderators, columns[i], strict=True) if not math.isfinite(value)
        )
        row = effects.rows[i] if effects.rows else None
        gone.append(Excluded(study=effects.study[i], reason=f"no value of the moderator {lacking}", row=row))
    if not len(keep):
        raise TableError("no row has a value of every moderator", column=moderators[0])
    kept = effects.take(keep)
    return replace(kept, excluded=(*kept.excluded, *gone)), columns[keep], keep


def sampling_covariance(effects: EffectSizes, V: Any) -> tuple[KnownCovariance, str]:
    """The known covariance of the rows and how to describe it.

    V : None (independent errors), a matrix (k, k), a list of matrices of consecutive rows, or what ``known_covariance`` made.
    Its diagonal must be the squared standard errors.  Raises TableError, OptionError.
    """
    if V is None:
        return KnownCovariance(effects.variance), "independent"
    if isinstance(V, KnownCovariance):
        known, text = V, "given"
    elif hasattr(V, "covariance") and isinstance(V.covariance, KnownCovariance):
        known, text = V.covariance, V.description
    else:
        known, text = _from_arrays(V), "given"
    if known.k != effects.k:
        raise OptionError(
            f"V is for {known.k} effects and there are {effects.k}; make it from the rows that are analysed."
        )
    apart = np.abs(known.variance - effects.variance) > 1e-6 * effects.variance
    if apart.any():
        i = int(np.flatnonzero(apart)[0])
        raise TableError(
            f"V and std_error disagree on the variance of {effects.study[i]!r}",
            row=effects.rows[i] if effects.rows else None,
            found=f"V has {known.variance[i]:.6g}, std_error squared is {effects.variance[i]:.6g}",
            expected="the same variances, in the same order of rows",
        )
    return known, text


def _from_arrays(V: Any) -> KnownCovariance:
    if isinstance(V, (list, tuple)) and len(V) and np.asarray(V[0]).ndim == 2:
        sizes = [len(block) for block in V]
        full = np.zeros((sum(sizes), sum(sizes)))
        at = 0
        for block, size in zip(V, sizes, strict=True):
            full[at : at + size, at : at + size] = np.asarray(block, dtype=float)
            at += size
        V = full
    matrix = np.array(V, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise OptionError(f"V should be a square matrix over the effects; found shape {matrix.shape}.")
    if not np.isfinite(matrix).all() or not (np.diag(matrix) > 0).all():
        raise OptionError("V should hold finite numbers with variances above 0 on its diagonal.")
    scale = np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    if (np.abs(matrix - matrix.T) > 1e-8 * scale).any():
        raise OptionError("V is not symmetric; give the covariance of each pair of effects twice.")
    return checked(lambda: from_matrix(0.5 * (matrix + matrix.T)), None, "V")


def checked(make: Any, effects: EffectSizes | None, what: str) -> KnownCovariance:
    """Run ``make``; a block that is not positive definite becomes a message that names it."""
    try:
        return make()
    except NotPositiveDefinite as error:
        rows = error.index
        where = f"rows {', '.join(str(i + 1) for i in rows[:6])}"
        if effects is not None:
            where = f"study {effects.study[rows[0]]!r} ({len(rows)} effects)"
        raise OptionError(
            f"{what} is not positive definite for {where}: {error}. Such correlations cannot occur together; lower them, or leave out "
            "effects that repeat one another."
        ) from None
