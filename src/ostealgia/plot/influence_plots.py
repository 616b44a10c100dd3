"""Influence of every study: a row a study, a strip a measure, with the limits beyond which a study is marked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.meta.influence_results import InfluenceResult
from ostealgia.meta.influence_results import influence as influence_numbers
from ostealgia.options import one_of
from ostealgia.plot import style
from ostealgia.plot.canvas import Pen, house_style, new_sheet, size_of, text_width, wrap
from ostealgia.plot.scales import tick_labels
from ostealgia.plot.scatter import PLAIN

Array = NDArray[np.float64]
MOST_ROWS = 60
STRIP, GAP = 74.0, 18.0
NAMES = 210.0
NOTE = (
    "Dotted: limits; values beyond them are red. Bold: influential by DFFITS, Cook’s distance, hat value or DFBETAS. "
    "Thin line: the whole fit, or no influence."
)
HEAD, FOOT = 34.0, 34.0
POINT = 5.0
HEADING = "Study left out"


@dataclass(frozen=True)
class Strip:
    """One measure: its heading, its values, a line for the whole fit, limits (dotted)."""

    title: str
    values: Array
    centre: float | None
    limits: tuple[float, ...]

    def beyond(self, value: float) -> bool:
        """True where a value is further from the centre than a limit on its side."""
        return any(value < limit < 0.0 or value > limit > 0.0 for limit in self.limits)


def _both(limit: float) -> tuple[float, ...]:
    return (-limit, limit) if math.isfinite(limit) else ()


# heading -> how to get it from a result
STRIPS: dict[str, Callable[[InfluenceResult], Strip]] = {
    "rstudent": lambda r: Strip("Studentised residual", r.rstudent, 0.0, (-1.96, 1.96)),
    "dffits": lambda r: Strip("DFFITS", r.dffits, 0.0, _both(r.limits["dffits"])),
    "cook_distance": lambda r: Strip("Cook’s distance", r.cook_distance, 0.0, (r.limits["cook_distance"],)),
    "cov_ratio": lambda r: Strip("Covariance ratio", r.cov_ratio, 1.0, ()),
    "tau2": lambda r: Strip("τ² without", r.tau2_deleted, r.tau2, ()),
    "q": lambda r: Strip("Q without", r.q_deleted, r.q, ()),
    "hat": lambda r: Strip("Hat value", r.hat, None, (r.limits["hat"],)),
    "weight": lambda r: Strip("Weight, %", r.weight, None, ()),
}


def influence(fit: Any, *, ax: Any = None, measures: tuple[str, ...] | None = None) -> Any:
    """Which studies does the result hang on?

    fit : a PoolResult, a RegressionResult or an InfluenceResult.  measures : strips to draw, among rstudent, dffits, cook_distance,
    cov_ratio, tau2, q, hat, weight; None draws all but the weight.  ax : Axes to draw in; None makes a figure.
    Thin lines: no influence, or the value of the whole fit; dotted: 1.96 for residuals, and the limits of Viechtbauer & Cheung 2010,
    doi:10.1002/jrsm.11, beyond which a study is bold. Of more than sixty studies those with the largest Cook's distance are shown, which
    is said below. Returns the Axes.

    >>> import ostealgia as oa
    >>> data = {"study": list("ABC"), "estimate": [-0.5, -0.2, -0.4], "std_error": [0.2, 0.1, 0.3]}
    >>> ax = influence(oa.meta.pool(data, measure="OR"))
    >>> ax.axison
    False
    """
    found = fit if isinstance(fit, InfluenceResult) else influence_numbers(fit)
    chosen = tuple(STRIPS)[:-1] if measures is None else tuple(one_of("measures", name, STRIPS) for name in measures)
    strips = [STRIPS[name](found) for name in chosen]
    rows, notes = _rows(found)
    with house_style():
        widest = max(text_width(_name(found, i), bold=True) for i in rows)
        left = min(NAMES, max(widest, text_width(HEADING, bold=True) + 12.0)) + 4.0
        width = 2 * style.MARGIN + left + len(strips) * (STRIP + GAP)
        lines = [line for note in notes for line in wrap(note, width - 2 * style.MARGIN, style.SMALL)]
        height = HEAD + len(rows) * style.ROW + FOOT + len(lines) * 12.0
        scale = 1.0
        if ax is None:
            ax = new_sheet(width, height)
        else:
            given = size_of(ax)
            scale = min(given[0] / width, given[1] / height)
        ax.set_axis_off()
        ax.set_xlim(0.0, width)
        ax.set_ylim(height, 0.0)
        pen = Pen(ax, scale)
        _draw_names(pen, found, rows)
        x = style.MARGIN + left + GAP
        for strip in strips:
            _draw_strip(pen, strip, rows, found, x)
            x += STRIP + GAP
        pen.line([style.MARGIN, width - style.MARGIN], [HEAD - 9.0] * 2, width=1.0)
        pen.block(
            style.MARGIN, HEAD + len(rows) * style.ROW + FOOT - 2.0, lines, size=style.SMALL, colour=style.SECONDARY
        )
    return ax


def _rows(found: InfluenceResult) -> tuple[list[int], list[str]]:
    """The studies shown, in order of the table, and what is said below."""
    k = len(found.study)
    notes = [NOTE]
    if k <= MOST_ROWS:
        return list(range(k)), notes
    largest = np.argsort(-np.nan_to_num(found.cook_distance, nan=np.inf), kind="stable")[:MOST_ROWS]
    notes.append(f"{MOST_ROWS} of {k} studies: those with the largest Cook’s distance.")
    return sorted(int(i) for i in largest), notes


def _name(found: InfluenceResult, i: int) -> str:
    lines = wrap(" ".join(found.study[i].split()), NAMES - 6.0, style.BODY, bool(found.influential[i]))
    return lines[0] + ("…" if len(lines) > 1 else "")


def _y(row: int) -> float:
    return HEAD + (row + 0.5) * style.ROW


def _draw_names(pen: Pen, found: InfluenceResult, rows: list[int]) -> None:
    pen.text(style.MARGIN, HEAD - 21.0, HEADING, bold=True)
    for row, i in enumerate(rows):
        pen.text(style.MARGIN, _y(row), _name(found, i), bold=bool(found.influential[i]))


def _draw_strip(pen: Pen, strip: Strip, rows: list[int], found: InfluenceResult, x: float) -> None:
    values = strip.values[rows]
    low, high, shown = _reach(strip, values)
    bottom = HEAD + len(rows) * style.ROW

    def place(value: float) -> float:
        return x + STRIP * (value - low) / (high - low)

    for i, line in enumerate(wrap(strip.title, STRIP + GAP - 4.0, style.SMALL, True)[:2]):
        pen.text(x + STRIP / 2, HEAD - 21.0 + 10.0 * i, line, size=style.SMALL, bold=True, align="center")
    if strip.centre is not None and low <= strip.centre <= high:
        pen.line([place(strip.centre)] * 2, [HEAD, bottom], colour=style.RULE, width=1.0, z=1)
    for limit in shown:
        pen.line([place(limit)] * 2, [HEAD, bottom], colour=style.BAD, width=0.9, z=1, linestyle=(0, (1.2, 2.0)))
    for row, i in enumerate(rows):
        value = float(strip.values[i])
        if math.isfinite(value):
            base = min(max(strip.centre if strip.centre is not None else low, low), high)
            pen.line([place(base), place(value)], [_y(row)] * 2, colour=style.RULE, width=1.0, z=2)
            colour = style.BAD if strip.beyond(value) else style.INK
            pen.mark(place(value), _y(row), "o", size=POINT, colour=colour)
    pen.line([x, x + STRIP], [bottom] * 2)
    ticks = strip_ticks(low, high)
    for tick, label in zip(ticks, tick_labels(ticks, PLAIN), strict=True):
        pen.line([place(tick)] * 2, [bottom, bottom + 3.0])
        pen.text(place(tick), bottom + 12.0, label, size=style.SMALL, align="center")


def strip_ticks(low: float, high: float) -> list[float]:
    """Two or three round values inside a narrow strip.

    >>> strip_ticks(-0.9, 0.9)
    [-0.5, 0.0, 0.5]
    """
    exponent = math.floor(math.log10(high - low))
    for step in (m * 10.0**e for e in (exponent, exponent - 1) for m in (5.0, 2.0, 1.0)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first >= 1:
            skip = 1 if last - first <= 2 else last - first
            return [round(i * step, 12) + 0.0 for i in range(first, last + 1, skip)]
    return [low, high]


def _reach(strip: Strip, values: Array) -> tuple[float, float, list[float]]:
    """Ends of a strip: all values and the centre, and the limits that are not too far to be worth the room."""
    kept = [float(value) for value in values if math.isfinite(value)] + (
        [strip.centre] if strip.centre is not None else []
    )
    low, high = (min(kept), max(kept)) if kept else (0.0, 1.0)
    span = high - low or abs(high) or 1.0
    shown = [limit for limit in strip.limits if math.isfinite(limit) and low - 1.5 * span <= limit <= high + 1.5 * span]
    low, high = min([low, *shown]), max([high, *shown])
    pad = 0.05 * (high - low) or 0.5
    return low - pad, high + pad, shown
