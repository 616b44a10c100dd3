"""Rows that cannot be used: refused with the place of the first, or left out by name with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.reading import Sheet
from ostealgia.errors import TableError

ON_BAD = ("raise", "exclude")


class Faults:
    """Collects what is wrong, row by row; the first fault of a row counts.

    errors : position -> TableError, for rows that must be refused.  reasons : position -> why a row is left out.
    """

    def __init__(self, sheet: Sheet, labels: Sequence[str], on_bad: str) -> None:
        self.sheet, self.labels, self.on_bad = sheet, labels, on_bad
        self.errors: dict[int, TableError] = {}
        self.reasons: dict[int, str] = {}

    def refuse(
        self,
        where: NDArray[np.bool_] | Iterable[int],
        column: str,
        problem: str,
        *,
        found: Any = None,
        expected: str | None = None,
        action: str | None = None,
    ) -> None:
        """Mark rows as wrong. where : mask (k,) or positions.  found : array (k,) of the cells, or a text."""
        if isinstance(where, np.ndarray):
            if not where.any():
                return
            where = np.flatnonzero(where)
        positions = sorted(int(i) for i in where)
        if self.on_bad == "raise":
            positions = positions[:1]
        for i in positions:
            row, theirs = self.sheet.place(i, column)
            value = shown(found[i]) if isinstance(found, np.ndarray | dict) else found
            error = TableError(
                f"{problem} (study {self.labels[i]!r})",
                file=self.sheet.file,
                row=row,
                column=theirs,
                found=value,
                expected=expected,
                action=action or "Correct the cell, or remove the row.",
            )
            if i not in self.errors:
                self.errors[i] = error
                seen = "" if value is None else f" (found {value}{f', expected {expected}' if expected else ''})"
                self.reasons.setdefault(i, f"{problem}{seen}")

    def leave_out(self, where: NDArray[np.bool_] | Iterable[int], reason: str) -> None:
        """Leave rows out in either mode, with this reason."""
        positions = np.flatnonzero(where).tolist() if isinstance(where, np.ndarray) else where
        for i in positions:
            self.reasons.setdefault(int(i), reason)

    def settle(self) -> None:
        """Raise the fault of the first row, where faults are to be raised."""
        if self.on_bad == "raise" and self.errors:
            raise self.errors[min(self.errors)]


def shown(value: Any) -> str:
    """A value as it was typed, as near as a float can tell.

    >>> shown(12.0), shown(-0.2), shown("12%")
    ('12', '-0.2', "'12%'")
    """
    if isinstance(value, str):
        return repr(value)
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
