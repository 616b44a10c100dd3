"""The L'Abbé plot: risk with treatment against risk without."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.meta.diagnostics import LabbeResult
from ostealgia.meta.diagnostics import labbe as labbe_numbers
from ostealgia.plot import style
from ostealgia.plot.bubble_plot import bubble_sizes
from ostealgia.plot.canvas import house_style
from ostealgia.plot.numbers import effect_text
from ostealgia.plot.scales import linear_ticks, tick_labels
from ostealgia.plot.scatter import BOTTOM, LEFT, PLAIN, RIGHT, TOP, draw_notes, name_points, new_scatter, plain_axes
from ostealgia.tables.measures import MEASURES

SIDE = 300.0
MOST_NAMES = 4


def labbe(fit: Any, *, ax: Any = None, treated_label: str = "treatment", control_label: str = "control") -> Any:
    """Does the effect hold over the range of baseline risks?

    fit : a PoolResult of two-group counts (OR, RR, RD, PETO, IRR, IRD) or a LabbeResult.  ax : Axes to draw in; None makes a figure.
    treated_label, control_label : of the groups. Area is weight; the solid line is no effect, the dotted one the pooled effect.
    Returns the Axes.  Source: L'Abbé, Detsky & O'Rourke 1987, doi:10.7326/0003-4819-107-2-224.

    >>> import ostealgia as oa
    >>> arms = {"study": ["A", "B"], "events_1": [4, 6], "n_1": [10, 12], "events_2": [6, 8], "n_2": [10, 12]}
    >>> ax = labbe(oa.meta.pool(oa.effects.compute(arms, measure="RR")))
    >>> ax.get_xlabel()
    'Risk with control, %'
    """
    found = fit if isinstance(fit, LabbeResult) else labbe_numbers(fit)
    measure = MEASURES[found.measure]
    effect = effect_text(found.estimate, measure.digits, measure)
    notes = [f"Area: weight. Solid: no effect. Dotted: pooled {measure.title} {effect}."]
    risk = found.kind == "risk"
    with house_style():
        if ax is None:
            ax = new_scatter(notes, width=SIDE + LEFT + RIGHT, height=SIDE + TOP + BOTTOM)
        top = _top(found)
        ticks = [t for t in linear_ticks(0.0, top, SIDE, PLAIN) if t <= top]
        labels = tick_labels([100.0 * t for t in ticks] if risk else ticks, PLAIN)
        for axis in ("x", "y"):
            getattr(ax, f"set_{axis}lim")(0.0, top)
            getattr(ax, f"set_{axis}ticks")(ticks, labels=labels)
        ax.set_aspect("equal", adjustable="box")
        word, unit = ("Risk", ", %") if risk else ("Rate", "")
        plain_axes(ax, f"{word} with {control_label}{unit}", f"{word} with {treated_label}{unit}")
        ax.plot([0.0, top], [0.0, top], color=style.INK, linewidth=0.75, zorder=1)
        inside = (found.line_control <= top) & (found.line_treated <= top)
        ax.plot(
            found.line_control[inside], found.line_treated[inside], color=style.ACCENT, linewidth=1.2, linestyle=(0, (1.2, 2.0)), zorder=2
        )  # fmt: skip
        sizes = bubble_sizes(found.weight)
        order = np.argsort(-sizes, kind="stable")
        ax.scatter(
            found.control[order], found.treated[order], s=sizes[order] ** 2, c=style.MARK, alpha=0.75,
            edgecolors=style.PAPER, linewidths=0.6, zorder=3, clip_on=False,
        )  # fmt: skip
        name_points(ax, found.control, found.treated, found.study, _far(found), sizes / 2, most_covered=0.1)
        draw_notes(ax, notes)
    return ax


def _top(found: LabbeResult) -> float:
    """The end of both axes: all of 0 to 100% unless every risk is small."""
    largest = float(np.nanmax(np.concatenate([found.control, found.treated])))
    return 1.0 if found.kind == "risk" and largest > 0.4 else 1.12 * largest or 1.0


def _far(found: LabbeResult) -> list[int]:
    """Studies that stand on the other side of no effect than the pooled line, or far from it, heaviest first."""
    expected = np.interp(found.control, found.line_control, found.line_treated)
    error = np.sqrt(np.maximum(expected * (1.0 - np.minimum(expected, 0.99)), 1e-6) / found.n_treated + np.maximum(
        found.control * (1.0 - np.minimum(found.control, 0.99)), 1e-6) / found.n_control)  # fmt: skip
    far = np.abs(found.treated - expected) / error
    return [int(i) for i in np.argsort(-far, kind="stable") if far[i] > 1.96][:MOST_NAMES]
