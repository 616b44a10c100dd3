"""Galbraith's radial plot: standardised effects against precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.display import level_text
from ostealgia.meta.diagnostics import RadialResult
from ostealgia.meta.diagnostics import radial as radial_numbers
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, size_of
from ostealgia.plot.scatter import (
    POINT,
    axis_label,
    draw_notes,
    effect_ticks,
    even_ticks,
    name_points,
    new_scatter,
    plain_axes,
    say,
)
from ostealgia.tables.measures import MEASURES

MOST_NAMES = 6
ROOM = 1.06  # the effect axis stands this far beyond the most precise study


def radial(fit: Any, *, ax: Any = None, effect_label: str | None = None) -> Any:
    """Which studies are further from the pooled effect than chance explains?

    fit : a PoolResult or a RadialResult.  ax : Axes to draw in; None makes a figure.  effect_label : instead of the name of the measure.
    A line from the origin has the slope of an effect: it is read on the right, where the bar is the interval of the pooled one. 95% of
    studies lie in the band. Returns the Axes.  Source: Galbraith 1988, doi:10.1002/sim.4780070807.

    >>> import ostealgia as oa
    >>> data = {"study": list("ABC"), "estimate": [-0.5, -0.2, -0.4], "std_error": [0.2, 0.1, 0.3]}
    >>> ax = radial(oa.meta.pool(data, measure="OR"))
    >>> float(ax.get_xlim()[0])
    0.0
    """
    found = fit if isinstance(fit, RadialResult) else radial_numbers(fit)
    measure = MEASURES[found.measure]
    notes = [
        f"Band: where {level_text(found.level)} of studies lie around the pooled effect (line). Right: effect; bar: its interval."
    ]
    with house_style():
        if ax is None:
            ax = new_scatter(notes)
            box = ax.get_position()
            ax.set_position((box.x0, box.y0, box.width - 34.0 / 450.0, box.height))  # room for the effect axis
        right = ROOM * float(found.precision.max())
        low, high = _range(found, right)
        even_ticks(ax, "x", 0.0, right)
        even_ticks(ax, "y", low, high)
        plain_axes(ax, "Precision, 1 / √(SE² + τ²)", "Effect × precision")
        _draw_band(ax, found, right)
        _draw_effect_axis(ax, found, measure, right, (low, high))
        ax.plot(
            found.precision, found.standardised, linestyle="none", marker="o", markersize=POINT, markerfacecolor=style.INK,
            markeredgecolor=style.PAPER, markeredgewidth=0.6, zorder=4, clip_on=False,
        )  # fmt: skip
        name_points(ax, found.precision, found.standardised, found.study, _outside(found))
        width, _ = size_of(ax)
        say(ax, 0.0, 1.0, width + 40.0, 9.0, effect_label or axis_label(measure), style.SECONDARY, align="right")
        draw_notes(ax, notes)
    return ax


def _range(found: RadialResult, right: float) -> tuple[float, float]:
    edges = np.array([0.0, found.estimate * right, found.ci_low * right, found.ci_high * right])
    edges = edges[np.isfinite(edges)]
    low = min(float(found.standardised.min()), float(edges.min()) - found.z, -found.z)
    high = max(float(found.standardised.max()), float(edges.max()) + found.z, found.z)
    pad = 0.04 * (high - low)
    return low - pad, high + pad


def _draw_band(ax: Any, found: RadialResult, right: float) -> None:
    ends = np.array([0.0, right])
    middle = found.estimate * ends
    ax.fill_between(ends, middle - found.z, middle + found.z, color="#f1f3f5", linewidth=0, zorder=0.5)
    for shift in (-found.z, found.z):
        ax.plot(ends, middle + shift, color=style.MARK, linewidth=0.75, zorder=1)
    ax.axhline(0.0, color=style.RULE, linewidth=0.75, zorder=0.8)
    ax.plot(ends, middle, color=style.ACCENT, linewidth=1.2, zorder=2)


def _draw_effect_axis(ax: Any, found: RadialResult, measure: Any, right: float, limits: tuple[float, float]) -> None:
    """Effects as slopes, read where their lines reach the right end."""
    _, height = size_of(ax)
    low, high = limits[0] / right, limits[1] / right
    places, labels = effect_ticks(measure, low, high, 1.6 * height)
    twin = ax.secondary_yaxis("right")
    twin.set_yticks([place * right for place in places], labels=labels)
    twin.minorticks_off()
    twin.tick_params(
        length=3, width=0.75, color=style.INK, labelsize=9.5, labelcolor=style.INK, labelfontfamily=list(style.FAMILIES)
    )
    ax.plot(
        [right, right], [found.ci_low * right, found.ci_high * right], color=style.ACCENT, linewidth=4.0, solid_capstyle="butt", zorder=5,
        clip_on=False,
    )  # fmt: skip


def _outside(found: RadialResult) -> list[int]:
    far = np.abs(found.standardised - found.estimate * found.precision)
    return [int(i) for i in np.argsort(-far, kind="stable") if far[i] > found.z][:MOST_NAMES]
