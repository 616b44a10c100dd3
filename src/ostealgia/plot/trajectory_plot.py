"""A pooled course over time: the mean with its intervals, and the studies it comes from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import MINUS, level_text, p_text
from ostealgia.meta.trajectory_fit import TrajectoryResult
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, leading, size_of, text_width, wrap
from ostealgia.plot.scales import linear_ticks
from ostealgia.plot.scatter import BOTTOM, LEFT, PLAIN, axis_label, effect_ticks, new_scatter, plain_axes, say

Array = NDArray[np.float64]
COUNTS = 14.0  # points between the axis and the line with the number of studies


def trajectory(
    result: TrajectoryResult,
    *,
    ax: Any = None,
    studies: bool = True,
    time_label: str = "Time",
    effect_label: str | None = None,
    zero: bool | None = None,
) -> Any:
    """How does the pooled effect go over time?

    result : what ``meta.trajectory`` gave.  ax : Axes to draw in; None makes a figure.  studies : the effects of each study, joined.
    time_label : with the unit ("Weeks after treatment").  zero : hold the value of no effect on the axis; by default where it is near.
    The ribbon is the interval of the mean, dotted lines that of a new study; the number of studies stands under each observed time.
    Effects are on the analysis scale with ticks in the units that are reported. Returns the Axes.

    >>> import ostealgia as oa
    >>> rows = {"study": list("AABB"), "time": [1, 4, 1, 4], "estimate": [-2.0, -3.1, -1.4, -3.0], "std_error": [0.3] * 4}
    >>> ax = trajectory(oa.meta.trajectory(rows, shape="means", structure="CS"), time_label="Weeks")
    >>> ax.get_xlabel()
    'Weeks'
    """
    notes = _notes(result)
    with house_style():
        if ax is None:
            ax = new_scatter([*notes, "the line of counts"])
        low, high = _vertical_range(result, zero)
        _set_axes(ax, result, low, high)
        plain_axes(ax, time_label, effect_label or axis_label(result.fit.definition))
        ax.xaxis.labelpad = 4 + COUNTS
        _draw_reference(ax, result, low, high)
        if studies:
            _draw_studies(ax, result)
        _draw_mean(ax, result)
        _draw_counts(ax, result)
        _draw_notes(ax, notes)
    return ax


def _study_lines(result: TrajectoryResult) -> list[tuple[Array, Array, Array]]:
    """Times, effects and weights of each study, in order of time."""
    term = result.fit.problem.terms[0]
    times = np.array([float(level) for level in result.fit.components[0].levels])[term.level]
    effects = result.fit.effects
    out: list[tuple[Array, Array, Array]] = []
    for code in range(int(term.group.max()) + 1):
        rows = np.flatnonzero(term.group == code)
        rows = rows[np.argsort(times[rows], kind="stable")]
        out.append((times[rows], effects.estimate[rows], 1.0 / effects.std_error[rows]))
    return out


def _vertical_range(result: TrajectoryResult, zero: bool | None) -> tuple[float, float]:
    """Every effect and the mean with its interval, and as much of the prediction interval as does not crowd them."""
    curve, y = result.curve, result.fit.effects.estimate
    values = np.concatenate([y, curve.ci_low, curve.ci_high])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.4 * (high - low) or 1.0
    if np.isfinite(curve.pi_low).all():
        low = max(min(low, float(curve.pi_low.min())), low - room)
        high = min(max(high, float(curve.pi_high.max())), high + room)
    none = result.fit.definition.no_effect
    if none is not None and zero is not False:
        near = low - 0.35 * (high - low) < none < high + 0.35 * (high - low)
        if near or zero:
            low, high = min(low, none), max(high, none)
    pad = 0.05 * (high - low) or 0.5
    return low - pad, high + pad


def _set_axes(ax: Any, result: TrajectoryResult, low: float, high: float) -> None:
    width, height = size_of(ax)
    times = np.array(sorted(result.observed))
    span = float(times[-1] - times[0])
    ax.set_xlim(times[0] - 0.06 * span, times[-1] + 0.06 * span)
    ticks = _apart(times, width / (1.12 * span))
    if len(ticks) < len(times) / 2:
        ticks = np.array([t for t in linear_ticks(times[0], times[-1], width, PLAIN) if times[0] <= t <= times[-1]])
    ax.set_xticks(ticks, labels=[f"{t:g}".replace("-", MINUS) for t in ticks])
    ax.set_ylim(low, high)
    places, shown = effect_ticks(result.fit.definition, low, high, 1.6 * height)
    ax.set_yticks(places, labels=shown)


def _apart(times: Array, points_a_unit: float) -> Array:
    """Times whose labels do not touch: from the first on, each far enough from the last kept."""
    kept = [float(times[0])]
    for t in times[1:].tolist():
        if (t - kept[-1]) * points_a_unit > text_width(f"{t:g}", 9.5) + 9.0:
            kept.append(t)
    return np.array(kept)


def _draw_reference(ax: Any, result: TrajectoryResult, low: float, high: float) -> None:
    none = result.fit.definition.no_effect
    if none is not None and low < none < high:
        ax.axhline(none, color=style.INK, linewidth=0.75, zorder=1)


def _draw_studies(ax: Any, result: TrajectoryResult) -> None:
    """Thin lines, fainter where there are many; points larger where the effect is more precise."""
    lines = _study_lines(result)
    heaviest = max(float(w.max()) for _, _, w in lines)
    faint = min(0.9, max(0.25, 8.0 / len(lines)))
    for times, y, weight in lines:
        ax.plot(times, y, color=style.MARK, linewidth=0.8, alpha=faint, zorder=1.5)
        ax.scatter(
            times,
            y,
            s=(2.5 + 4.0 * weight / heaviest) ** 2,
            color=style.MARK,
            alpha=faint,
            edgecolors=style.PAPER,
            linewidths=0.5,
            zorder=1.7,
        )


def _draw_mean(ax: Any, result: TrajectoryResult) -> None:
    curve, t = result.curve, result.times
    dotted = (0, (1.2, 2.0))
    if result.shape == "means":
        for i, time in enumerate(t):
            ax.plot([time] * 2, [curve.ci_low[i], curve.ci_high[i]], color=style.ACCENT, linewidth=1.5, zorder=3)
            ax.plot(
                [time] * 2,
                [curve.pi_low[i], curve.pi_high[i]],
                color=style.ACCENT,
                linewidth=0.9,
                linestyle=dotted,
                zorder=2.5,
            )
        ax.scatter(
            t, curve.estimate, s=36.0, color=style.ACCENT, marker="D", edgecolors=style.PAPER, linewidths=0.6, zorder=4
        )
        return
    ax.fill_between(t, curve.ci_low, curve.ci_high, color=style.ACCENT, alpha=0.15, linewidth=0, zorder=1.2)
    ax.plot(t, curve.estimate, color=style.ACCENT, linewidth=1.5, zorder=3)
    for values in (curve.pi_low, curve.pi_high):
        ax.plot(t, values, color=style.ACCENT, linewidth=0.9, linestyle=dotted, zorder=2.5)


def _draw_counts(ax: Any, result: TrajectoryResult) -> None:
    """The number of studies under each labelled time that was observed."""
    low, high = ax.get_xlim()
    width, _ = size_of(ax)
    ticks = [float(t) for t in ax.get_xticks() if float(t) in result.observed]
    for t in ticks:
        say(ax, (t - low) / (high - low), 0.0, 0.0, -16.0 - COUNTS, str(result.observed[t]), style.SECONDARY, "center")
    title = "Studies"
    first = (ticks[0] - low) / (high - low) * width if ticks else 0.0
    if first + LEFT - style.MARGIN > text_width(title, style.SMALL) + 8.0:
        say(ax, 0.0, 0.0, -LEFT + style.MARGIN, -16.0 - COUNTS, title, style.SECONDARY)


def _draw_notes(ax: Any, notes: list[str]) -> None:
    """Small lines below the plot, one lower than elsewhere because of the counts."""
    width, _ = size_of(ax)
    y = -BOTTOM - 2.0 - COUNTS
    for note in notes:
        for line in wrap(note, max(width, 200.0), style.SMALL):
            say(ax, 0.0, 0.0, 0.0, y, line, style.SECONDARY)
            y -= leading(style.SMALL)


def _notes(result: TrajectoryResult) -> list[str]:
    """What is drawn, and the test of change."""
    level = f"{level_text(result.curve.ci_level)} interval"
    mean = (
        f"Diamonds: pooled mean with its {level}" if result.shape == "means" else f"Line: pooled mean; ribbon: {level}"
    )
    words = [f"{mean}; dotted: prediction interval of a new study. Grey: studies. Errors {result.fit.errors}."]
    kind = "χ²" if result.fit.ci_method == "z" else "F"
    words.append(
        f"Change over time: {kind} {result.change_statistic:.2f}, df {result.change_df}, {p_text(result.change_p_value)}."
    )
    return words
