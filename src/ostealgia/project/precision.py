"""Rounding of the inputs: is there a value of each typed number, inside its printed precision, that gives a published result?

A search, not a proof: counts are tried one at a time, then in pairs in the order of an additive forecast, then all cells are moved together
along the slopes of the result. What is found is checked by a full recomputation; where nothing is found the claim differs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.errors import OstealgiaError
from ostealgia.numerics.intervals import Printed
from ostealgia.project.select import Latitude, Selection

Array = NDArray[np.float64]
Evaluate = Callable[[Selection], Sequence[float]]

ROUNDS = 4
MOST_CELLS = 200
MOST_SINGLES = 400
MOST_PAIRS = 80
STEPS = 400
INSIDE = 0.9  # aim a little inside the half unit, so that curvature does not push the result out again


@dataclass(frozen=True)
class Reached:
    """Inputs that give the published result. text : which cells are moved, and to what."""

    changes: Mapping[tuple[int, str], float]
    values: tuple[float, ...]
    text: str


def reach(selection: Selection, evaluate: Evaluate, targets: Sequence[Printed | None]) -> Reached | None:
    """Values inside the printed precision of the inputs for which every target is met; None where none was found.

    selection : the typed inputs with their ``latitude``.  evaluate : the recomputed quantities of a selection, in the order of ``targets``.
    targets : the printed numbers; None is not compared.
    """
    cells = [cell for cell in selection.latitude if cell.high > cell.low]
    if not cells or len(cells) > MOST_CELLS:
        return None
    problem = _Problem(selection, evaluate, targets, cells)
    return problem.one_count() or problem.two_counts() or problem.all_together()


class _Problem:
    """The search for one claim."""

    def __init__(
        self, selection: Selection, evaluate: Evaluate, targets: Sequence[Printed | None], cells: Sequence[Latitude]
    ) -> None:
        self.selection, self.evaluate, self.targets, self.cells = selection, evaluate, targets, cells
        self.typed = np.array([float(selection.columns[cell.column][cell.index]) for cell in cells])
        self.low = np.array([cell.low for cell in cells])
        self.high = np.array([cell.high for cell in cells])
        self.singles: dict[tuple[int, float], Array] = {}

    def one_count(self) -> Reached | None:
        """One count at a time, the nearest to the typed one first."""
        for i, choice in self._other_counts()[:MOST_SINGLES]:
            point = self.typed.copy()
            point[i] = choice
            values = self._values(point)
            if values is None:
                continue
            self.singles[i, choice] = values
            if self._met(values):
                return self._reached(point, values)
        return None

    def _other_counts(self) -> list[tuple[int, float]]:
        """(cell, count) of every other count that prints the same, the smallest change first."""
        found = [
            (i, float(choice))
            for i, cell in enumerate(self.cells)
            for choice in cell.choices
            if choice != self.typed[i]
        ]
        return sorted(found, key=lambda item: (abs(item[1] - self.typed[item[0]]), item))

    def two_counts(self) -> Reached | None:
        """Two counts at a time: those first whose single effects add up to the nearest result."""
        base = self._values(self.typed)
        if base is None:
            return None
        pairs = []
        for (first, a), (second, b) in itertools.combinations(self.singles, 2):
            if first != second:
                forecast = self.singles[first, a] + self.singles[second, b] - base
                moved = abs(a - self.typed[first]) + abs(b - self.typed[second])
                pairs.append((self._misfit(forecast), moved, first, a, second, b))
        for _, _, first, a, second, b in sorted(pairs)[:MOST_PAIRS]:
            point = self.typed.copy()
            point[first], point[second] = a, b
            found = self._check(point)
            if found is not None:
                return found
        return None

    def all_together(self) -> Reached | None:
        """All cells along their slopes, a few rounds; counts stay whole."""
        point = self.typed.copy()
        for _ in range(ROUNDS):
            values = self._values(point)
            slopes = self._slopes(point)
            if values is None or slopes is None:
                return None
            point = self._whole(_towards(point, values, slopes, self.low, self.high, self.targets))
            found = self._check(point)
            if found is not None:
                return found
        return None

    def _slopes(self, point: Array) -> Array | None:
        """Change of every quantity over the whole latitude of each cell, (quantities, cells)."""
        columns = []
        for i in range(len(self.cells)):
            ends = []
            for value in (self.low[i], self.high[i]):
                moved = point.copy()
                moved[i] = value
                ends.append(self._values(moved))
            if ends[0] is None or ends[1] is None:
                return None
            columns.append(ends[1] - ends[0])
        return np.array(columns).T

    def _values(self, point: Array) -> Array | None:
        selection = self.selection
        for cell, value, typed in zip(self.cells, point, self.typed, strict=True):
            if value != typed:
                selection = selection.with_cell(cell.index, cell.column, float(value))
        try:
            return np.asarray(self.evaluate(selection), dtype=float)
        except OstealgiaError:
            return None

    def _whole(self, point: Array) -> Array:
        for i, cell in enumerate(self.cells):
            if cell.choices:
                point[i] = min(cell.choices, key=lambda choice: abs(choice - point[i]))
        return point

    def _met(self, values: Array) -> bool:
        return all(t is None or t.fits(float(v)) for t, v in zip(self.targets, values, strict=True))

    def _misfit(self, values: Array) -> float:
        """How far the targets are missed, in half units beyond the first."""
        misses = [0.0]
        for target, value in zip(self.targets, values, strict=True):
            if target is not None:
                low, high = _ends(target)
                misses.append(max(0.0, abs(float(value) - 0.5 * (low + high)) / (0.5 * (high - low)) - 1.0))
        return round(max(misses), 6)

    def _check(self, point: Array) -> Reached | None:
        values = self._values(point)
        return self._reached(point, values) if values is not None and self._met(values) else None

    def _reached(self, point: Array, values: Array) -> Reached:
        moved = [i for i in range(len(self.cells)) if point[i] != self.typed[i]]
        changes = {(self.cells[i].index, self.cells[i].column): float(point[i]) for i in moved}
        return Reached(changes, tuple(float(v) for v in values), self._text(point, moved))

    def _text(self, point: Array, moved: list[int]) -> str:
        if len(moved) > 3:
            return f"{len(moved)} inputs moved inside their printed precision"
        parts = []
        for i in moved:
            cell = self.cells[i]
            digits = 0 if cell.choices else 4
            value, typed = display.number(point[i], digits), display.number(self.typed[i], digits)
            parts.append(f"{cell.study}: {cell.column} {value} instead of {typed} (printed {cell.printed})")
        return "; ".join(parts)


def _towards(
    point: Array, values: Array, slopes: Array, low: Array, high: Array, targets: Sequence[Printed | None]
) -> Array:
    """The point of the box whose linear prediction lies nearest to the printed ranges (projected gradient)."""
    kept = [j for j, target in enumerate(targets) if target is not None]
    middle = np.array([0.5 * sum(_ends(targets[j])) for j in kept])
    half = np.array([0.5 * (_ends(targets[j])[1] - _ends(targets[j])[0]) for j in kept])
    a = slopes[kept] / half[:, None]
    start = (values[kept] - middle) / half
    width = high - low
    u = (point - low) / width
    origin = u.copy()
    bound = float(np.linalg.norm(a, 2)) ** 2 or 1.0
    for _ in range(STEPS):
        r = start + a @ (u - origin)
        excess = np.sign(r) * np.maximum(np.abs(r) - INSIDE, 0.0)
        if not excess.any():
            break
        u = np.clip(u - a.T @ excess / bound, 0.0, 1.0)
    return low + u * width


def _ends(target: Printed | None) -> tuple[float, float]:
    if target is None:
        return -np.inf, np.inf
    box = target.interval("half")
    return box.low, box.high
