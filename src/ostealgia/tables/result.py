# pyright: reportMissingTypeStubs=false
"""The base of all results: frozen, with notes, a tidy frame and a text."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
