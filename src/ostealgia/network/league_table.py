"""The league table: every treatment against every other, network and direct evidence side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import level_text, number
from ostealgia.errors import OptionError
from ostealgia.network.labels import known
from ostealgia.network.result import NetworkResult
from ostealgia.numerics.pooling import quantile
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class League(Result):
    """treatments : in the order shown.  cells : rows of texts; below the diagonal the network, above it direct evidence only.

    Both halves give the treatment further left and up against the other one, so that a cell and its mirror image can be compared.
    rows : the same numbers, one dictionary a pair.
    """

    measure: str
    model: str
    ci_level: float
    treatments: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    rows: tuple[dict[str, Any], ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The table of texts, treatments as rows and columns."""
        import pandas as pd

        return pd.DataFrame(
            [list(row) for row in self.cells], index=list(self.treatments), columns=list(self.treatments)
        )

    def to_frame(self) -> pd.DataFrame:
        """One row a pair: treat1, treat2, k, reported network and direct values with their intervals; treat1 against treat2."""
        import pandas as pd

        return pd.DataFrame(list(self.rows))

    def to_dict(self) -> dict[str, Any]:
        return {
            "measure": self.measure, "model": self.model, "ci_level": self.ci_level, "treatments": list(self.treatments),
            "cells": [list(row) for row in self.cells], "rows": plain(list(self.rows)), "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        head = f"League: {self.measure} [{level_text(self.ci_level)} CI], {self.model}; below the diagonal network, above direct evidence"
        body = [[*row] for row in self.cells]
        for i, name in enumerate(self.treatments):
            body[i][i] = name
        widths = [max(len(row[j]) for row in body) for j in range(len(body))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in body]
        last = "Each cell: the treatment further left and up against the other one."
        return "\n".join(
            [head, *(f"  {line}" for line in lines), f"  {last}", *(f"  note: {note}" for note in self.notes)]
        )


def league_of(
    found: NetworkResult, *, model: str | None = None, order: Sequence[str] | None = None, digits: int | None = None
) -> League:
    """Every treatment against every other, as text and as numbers.

    order : all treatments, in the order to show; by default alphabetical. It is not a ranking.

    >>> from ostealgia.network import fit
    >>> data = {"study": ["A", "B"], "treat1": ["x", "y"], "treat2": ["y", "z"], "estimate": [1.0, 2.0], "std_error": [0.3, 0.4]}
    >>> fit(data).league(digits=1).frame.loc["z", "x"]
    '3.0 [2.0 to 4.0]'
    """
    chosen = found.estimates(model)
    names = _order(found, order)
    at = chosen.place(names)
    up = np.triu_indices(len(names), 1)
    pick = (np.array(at)[up[0]], np.array(at)[up[1]])
    half = quantile(found.ci_level, math.inf) * chosen.direct.std_error[pick]
    direct = chosen.direct.estimate[pick]
    network = _texts(found, [chosen.estimate[pick], chosen.ci_low[pick], chosen.ci_high[pick]], digits)
    alone = _texts(found, [direct, direct - half, direct + half], digits)
    cells = [["" for _ in names] for _ in names]
    rows: list[dict[str, Any]] = []
    counts = chosen.direct.k[pick].tolist()
    for a, b, k, (lower, one), (upper, other) in zip(*(u.tolist() for u in up), counts, network, alone, strict=True):
        cells[b][a], cells[a][b] = lower, upper if k and not math.isnan(other[0]) else "."
        values = dict(zip(_COLUMNS, (*one, *other), strict=True))
        rows.append({"treat1": names[a], "treat2": names[b], "k": k, **values})
    return League(
        measure=found.measure, model=chosen.model, ci_level=found.ci_level, treatments=tuple(names),
        cells=tuple(tuple(row) for row in cells), rows=tuple(rows), excluded=found.excluded,
    )  # fmt: skip


_COLUMNS = tuple(
    f"{kind}_reported_{part}" for kind in ("network", "direct") for part in ("estimate", "ci_low", "ci_high")
)


def _texts(found: NetworkResult, values: list[Array], digits: int | None) -> list[tuple[str, tuple[float, ...]]]:
    """Estimate and limits of each pair on the reported scale, as text and as numbers."""
    measure = found.definition
    shown = [np.asarray(measure.back(value), dtype=float).tolist() for value in values]
    times, places = (100.0, 1) if measure.percent else (1.0, measure.digits)
    places = places if digits is None else digits
    made: list[tuple[str, tuple[float, ...]]] = []
    for row in zip(*shown, strict=True):
        value, low, high = (number(times * item, places) for item in row)
        made.append((f"{value} [{low} to {high}]", row))
    return made


def _order(found: NetworkResult, order: Sequence[str] | None) -> list[str]:
    if order is None:
        return list(found.treatments)
    names = [known("order", name, found.treatments) for name in order]
    missing = [name for name in found.treatments if name not in names]
    if missing or len(set(names)) < len(names):
        raise OptionError(
            f"order should name every treatment once; {'missing: ' + ', '.join(missing) if missing else 'one is named twice'}."
        )
    return names
