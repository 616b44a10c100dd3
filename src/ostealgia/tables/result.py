# pyright: reportMissingTypeStubs=false
"""The base of all results: frozen, with notes, a tidy frame and a text."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """One row that was left out, and why.

    study : label of the row.  row : its number in the file (header = row 1) or None.  reason : a full phrase.
    """

    study: str
    reason: str
    row: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """study, row, reason."""
        return {"study": self.study, "row": self.row, "reason": self.reason}


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """A frozen answer that knows what was left out and what must be said with it."""

    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy: one row an estimate, always the same column names."""
        raise TypeError(f"{type(self).__name__} has no frame")

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre style='line-height:1.35'>{html.escape(str(self))}</pre>"


def tail_lines(result: Result) -> list[str]:
    """What was left out and what must be said, a line each, for the end of a text."""
    lines = [
        f"  excluded: {row.study}{f' (row {row.row})' if row.row else ''}: {row.reason}" for row in result.excluded
    ]
    return lines + [f"  note: {note}" for note in result.notes]


def as_json(value: Any) -> Any:
    """``plain`` with infinity as a word: degrees of freedom of z are "Infinity".

    >>> as_json([float("nan"), float("-inf"), np.float64(2)])
    [None, '-Infinity', 2.0]
    """
    return plain(value, infinity="Infinity")


def plain(value: Any, *, infinity: str | None = None) -> Any:
    """A value that JSON can hold: numpy's types become Python's, NaN becomes None.

    infinity : what stands for infinity, None or "Infinity".

    >>> plain({"k": np.int64(3), "ci": (0.5, np.inf)})
    {'k': 3, 'ci': [0.5, None]}
    """
    if isinstance(value, np.ndarray):
        value = cast(Any, value).tolist()
    elif isinstance(value, np.generic):
        value = cast(Any, value).item()
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return None if math.isnan(value) or infinity is None else infinity if value > 0 else f"-{infinity}"
    if isinstance(value, (list, tuple)):
        return [plain(item, infinity=infinity) for item in cast(list[Any], value)]
    if isinstance(value, Mapping):
        items = cast(Mapping[Any, Any], value).items()
        return {str(key): plain(item, infinity=infinity) for key, item in items}
    return value
