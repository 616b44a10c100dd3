"""What pooling accepts: effect sizes, or a frame (or mapping of columns) with study, estimate and std_error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ostealgia.effects.reading import as_text
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import TableError
from ostealgia.tables.measures import measure_of


def as_effects(data: Any, measure: str | None = None) -> EffectSizes:
    """Effect sizes from what the caller has.

    data : EffectSizes, a pandas frame, or a mapping of columns. A frame with ``estimate`` and ``std_error`` (or ``variance``) counts as
    effects on the analysis scale of ``measure`` (its own column ``measure``, else "GEN"). Anything else goes through ``effects.compute``
    and needs ``measure``.  Raises TableError.

    >>> as_effects({"study": ["A", "B"], "estimate": [0.1, 0.4], "std_error": [0.1, 0.2]}).measure
    'GEN'
    """
    if isinstance(data, EffectSizes):
        return data
    names = list(data.keys()) if isinstance(data, Mapping) else list(getattr(data, "columns", []))
    if not names:
        raise TableError(
            "nothing to pool",
            found=type(data).__name__,
            expected="effect sizes, a data frame or a mapping of columns",
        )
    if {"estimate", "std_error"} <= set(names) and "ci_low" not in names:
        given = _given(data, names, measure)
        if given is not None:
            return given
    from ostealgia.effects.compute import compute

    return compute(data, measure=measure or _own_measure(data, names) or "GEN")


def _own_measure(data: Any, names: list[str]) -> str | None:
    if "measure" not in names:
        return None
    found = sorted({str(name) for name in np.asarray(data["measure"]).ravel()})
    if len(found) == 1:
        return found[0]
    raise TableError(
        "more than one measure in one pool",
        column="measure",
        found=", ".join(found),
        expected="one measure",
        action="Split the table, or convert the effects to one measure.",
    )


def _given(data: Any, names: list[str], measure: str | None) -> EffectSizes | None:
    """The quick path: two clean numeric columns. None where a closer look (and its messages) is needed."""
    try:
        y = np.array(data["estimate"], dtype=float)
        se = np.array(data["std_error"], dtype=float)
        n = np.array(data["n"], dtype=float) if "n" in names else np.full(len(y), np.nan)
    except (TypeError, ValueError):
        return None
    if y.ndim != 1 or len(y) == 0 or any(np.shape(data[name]) != y.shape for name in names):
        return None
    if not (math.isfinite(y.sum()) and se.min() > 0 and se.max() < math.inf):
        return None
    definition, note = measure_of(measure or _own_measure(data, names) or "GEN")
    study = tuple([f"study {i}" for i in range(1, len(y) + 1)])
    if "study" in names:
        study = tuple(as_text(label) or name for label, name in zip(data["study"], study, strict=True))
        if len(set(study)) < len(study):
            return None
    rest = {
        name: np.asarray(data[name]) for name in names if name not in {"study", "estimate", "std_error", "measure", "n"}
    }
    return EffectSizes(
        measure=definition.name,
        study=study,
        estimate=y,
        std_error=se,
        n=n,
        columns=rest,
        notes=() if note is None else (note,),
    )
