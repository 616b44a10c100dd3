"""The funnel plot: effects against their standard errors, with contours of significance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.display import p_text
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, leading, size_of, text_width
from ostealgia.plot.scales import far_away, linear_ticks, tick_labels
from ostealgia.plot.scatter import (
    LEFT,
    PLAIN,
    POINT,
    axis_label,
    draw_notes,
    effect_ticks,
    name_points,
    new_scatter,
    say,
)
from ostealgia.tables.measures import MEASURES, Measure

Array = NDArray[np.float64]

FEW = 10
MOST_LABELS = 6
# two-sided P and its normal quantile, from the outside in; the shade of what lies within
CONTOURS = (
    (0.01, 2.5758293035489004, "#f1f3f5"),
    (0.05, 1.959963984540054, "#e2e6ea"),
    (0.10, 1.6448536269514722, "#d0d6dc"),
)
KEY = (("P > 0.10", "#d0d6dc"), ("0.05 to 0.10", "#e2e6ea"), ("0.01 to 0.05", "#f1f3f5"), ("< 0.01", style.PAPER))
Z95 = 1.959963984540054


def funnel(fit: Any, *, ax: Any = None, effect_label: str | None = None, imputed: Any = None, egger: Any = None) -> Any:
    """Do less precise studies say something else?

    fit : PoolResult.  ax : Axes to draw in; None makes a figure.  effect_label : instead of the name of the measure.
    imputed : (estimates, standard errors) on the analysis scale, drawn hollow.  egger : EggerResult, for a line below.
    Effects are on the analysis scale, with ticks in the units that are reported; the standard error grows downwards.
    Greys show the two-sided P of a study against no effect; a measure without a value of no effect has the limits
    within which 95% of studies lie around the pooled value when all estimate the same. Studies further from it than
    1.96 sqrt(tau2 + SE^2) are named, six at most.
    Returns the Axes.  Source: Peters et al. 2008, doi:10.1016/j.jclinepi.2007.11.010.

    >>> import ostealgia as oa
    >>> data = {"study": list("ABC"), "estimate": [-0.5, -0.2, -0.4], "std_error": [0.2, 0.1, 0.3]}
    >>> fit = oa.meta.pool(data, measure="OR")
    >>> ax = funnel(fit)
    >>> bool(ax.yaxis_inverted())
    True
    """
    measure = MEASURES[fit.measure]
    extra = np.asarray(imputed, dtype=float) if imputed is not None else np.empty((2, 0))
    notes = _notes(fit, egger) + (["Hollow: imputed."] if extra.shape[1] else [])
    with house_style():
        if ax is None:
            ax = new_scatter(notes)
        _set_axes(ax, fit, measure, effect_label, extra)
        (_draw_limits if _no_effect(fit) is None else _draw_contours)(ax, fit)
        _draw_points(ax, fit, extra)
        _label_outliers(ax, fit, extra)
        _draw_words(ax, fit, notes)
    return ax


def _no_effect(fit: Any) -> float | None:
    """The value of no effect on the analysis scale; None where there is none, or where it is far from every study."""
    value = MEASURES[fit.measure].no_effect
    lows = fit.effects.estimate - Z95 * fit.effects.std_error
    highs = fit.effects.estimate + Z95 * fit.effects.std_error
    return None if value is None or far_away(value, lows, highs) else value


def _notes(fit: Any, egger: Any) -> list[str]:
    notes: list[str] = []
    if egger is not None:
        notes.append(
            f"Egger’s test: intercept {display.number(egger.intercept, 2, typographic=True)} "
            f"(SE {display.number(egger.std_error, 2)}), t {display.number(egger.statistic, 2, typographic=True)}, "
            f"df {egger.df:.0f}, {p_text(egger.p_value)}."
        )
    if fit.k < FEW:
        count = "One study" if fit.k == 1 else f"{fit.k} studies"
        notes.append(f"{count}: with fewer than {FEW}, asymmetry cannot be told from chance.")
    return notes


# --- axes ------------------------------------------------------------------------------------------------------------


def _set_axes(ax: Any, fit: Any, measure: Measure, effect_label: str | None, extra: Array) -> None:
    values = np.concatenate([fit.effects.estimate, extra[0], [fit.estimate]])
    no_effect = _no_effect(fit)
    values = values if no_effect is None else np.append(values, no_effect)
    errors = np.concatenate([fit.effects.std_error, extra[1]])
    deepest = float(np.nanmax(errors)) * 1.06
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    pad = max(0.09 * (high - low), 0.8 * deepest)
    low, high = low - pad, high + pad
    ax.set_xlim(low, high)
    ax.set_ylim(deepest, 0.0)
    width, _ = size_of(ax)
    ticks, labels = effect_ticks(measure, low, high, width)
    ax.set_xticks(ticks, labels=labels)
    depths = linear_ticks(0.0, deepest, 160.0, PLAIN)
    depths = tuple(depth for depth in depths if depth <= deepest)
    ax.set_yticks(depths, labels=tick_labels(depths, PLAIN))
    ax.minorticks_off()
    ax.tick_params(
        length=3, width=0.75, color=style.INK, labelsize=9.5, labelcolor=style.INK, labelfontfamily=list(style.FAMILIES)
    )
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    label = f"{effect_label or axis_label(measure)}. Dotted: pooled effect"
    ax.set_xlabel(label, fontproperties=style.font(style.SMALL), color=style.SECONDARY, labelpad=4, parse_math=False)


# --- what is drawn ---------------------------------------------------------------------------------------------------


def _draw_contours(ax: Any, fit: Any) -> None:
    """Nested triangles from no effect at a standard error of zero, darkest where P is largest."""
    centre = float(_no_effect(fit) or 0.0)
    deepest = ax.get_ylim()[0]
    for i, (_, z, shade) in enumerate(CONTOURS):
        ax.fill(
            [centre, centre - z * deepest, centre + z * deepest],
            [0, deepest, deepest],
            color=shade,
            linewidth=0,
            zorder=0.5 + i / 10,
        )
    ax.plot([centre, centre], [0, deepest], color=style.INK, linewidth=0.75, zorder=1.5)
    _draw_pooled(ax, fit)


def _draw_limits(ax: Any, fit: Any) -> None:
    """Where 95% of studies lie around the pooled value when all estimate the same."""
    deepest = ax.get_ylim()[0]
    ends = [fit.estimate - Z95 * deepest, fit.estimate + Z95 * deepest]
    ax.fill([fit.estimate, *ends], [0, deepest, deepest], color="#f1f3f5", linewidth=0, zorder=0.5)
    for end in ends:
        ax.plot([fit.estimate, end], [0, deepest], color=style.MARK, linewidth=0.75, zorder=1)
    _draw_pooled(ax, fit)


def _draw_pooled(ax: Any, fit: Any) -> None:
    ax.plot(
        [fit.estimate] * 2,
        [0, ax.get_ylim()[0]],
        color=style.ACCENT,
        linewidth=1.0,
        linestyle=(0, (1.2, 2.0)),
        zorder=2,
    )


def _draw_points(ax: Any, fit: Any, extra: Array) -> None:
    look = {"linestyle": "none", "marker": "o", "markersize": POINT, "zorder": 4, "clip_on": False}
    ax.plot(
        fit.effects.estimate,
        fit.effects.std_error,
        markerfacecolor=style.INK,
        markeredgecolor=style.PAPER,
        markeredgewidth=0.6,
        **look,
    )
    if extra.shape[1]:
        ax.plot(extra[0], extra[1], markerfacecolor=style.PAPER, markeredgecolor=style.INK, markeredgewidth=0.9, **look)


# --- labels of outliers ----------------------------------------------------------------------------------------------


def _outliers(fit: Any) -> list[int]:
    tau2 = fit.tau2 if math.isfinite(fit.tau2) else 0.0
    far = np.abs(fit.effects.estimate - fit.estimate) / np.sqrt(tau2 + np.square(fit.effects.std_error))
    found = [int(i) for i in np.argsort(-far, kind="stable") if far[i] > Z95]
    return found[:MOST_LABELS] if fit.k > 2 else []


def _label_outliers(ax: Any, fit: Any, extra: Array) -> None:
    names = [*fit.effects.study, *[""] * extra.shape[1]]
    x, y = np.concatenate([fit.effects.estimate, extra[0]]), np.concatenate([fit.effects.std_error, extra[1]])
    name_points(ax, x, y, names, _outliers(fit))


# --- words -----------------------------------------------------------------------------------------------------------


def _draw_words(ax: Any, fit: Any, notes: Sequence[str]) -> None:
    """Title of the vertical axis, key of the greys above the plot, notes below it."""
    width, _ = size_of(ax)
    say(ax, 0.0, 1.0, -LEFT + style.MARGIN, 9.0, "Standard error", style.SECONDARY)
    if _no_effect(fit) is not None:
        _draw_key(ax, width)
    else:
        words = "Shaded: 95% of studies, if all estimate the same"
        say(ax, 0.0, 1.0, width - text_width(words, style.SMALL), 9.0, words, style.SECONDARY)
    draw_notes(ax, notes)


def _draw_key(ax: Any, width: float) -> None:
    """Swatches in one line, right of the axis title or above it, clear of the data."""
    widths = [text_width(words, style.SMALL) for words, _ in KEY]
    x = width - sum(widths) - len(KEY) * 15.0 - (len(KEY) - 1) * 9.0
    y = 9.0 if x > text_width("Standard error", style.SMALL) - LEFT + 18.0 else 9.0 + leading(style.SMALL)
    for (words, shade), wide in zip(KEY, widths, strict=True):
        _swatch(ax, x, y - 1.5, shade)
        say(ax, 0.0, 1.0, x + 15.0, y, words, style.SECONDARY)
        x += 15.0 + wide + 9.0


def _swatch(ax: Any, x: float, y: float, shade: str) -> None:
    from matplotlib.offsetbox import AnnotationBbox, DrawingArea
    from matplotlib.patches import Rectangle

    area = DrawingArea(11.0, 9.0)
    area.add_artist(Rectangle((0, 0), 11.0, 9.0, facecolor=shade, edgecolor=style.MARK, linewidth=0.5))
    box = AnnotationBbox(
        area,
        (0, 1),
        xybox=(x, y),
        xycoords="axes fraction",
        boxcoords="offset points",
        box_alignment=(0, 0),
        frameon=False,
        pad=0,
        annotation_clip=False,
    )
    ax.add_artist(box)
