"""Step curves over time with their numbers at risk: what Kaplan-Meier and incidence plots share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.plot import style
from ostealgia.plot.canvas import leading, new_sheet, root_figure, size_of, text_width, wrap
from ostealgia.plot.scatter import plain_axes, say

Array = NDArray[np.float64]

WIDTH, HEIGHT = 500.0, 250.0  # of the curves alone
TOP, AXIS = 30.0, 38.0  # above; ticks and title below
TABLE_ROW = 14.0
KEY = 14.0  # a piece of line before a name
LONGEST_NAME = 118.0
MOST = 10
DASHES: tuple[Any, ...] = ("solid", (0, (4.0, 2.0)), (0, (1.2, 1.6)), (0, (6.0, 1.6, 1.2, 1.6)))
_STEPS = {
    "month": (1, 2, 3, 6, 12, 24, 36, 60, 120),
    "week": (1, 2, 4, 8, 12, 26, 52, 104, 208),
    "day": (7, 14, 30, 90, 180, 365, 730),
}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One step curve. label : at its end.  colour : number of its group.  dash : number of its dash.

    first : its value from time 0 on.  median : a time to mark or NaN.  censored : times of ticks.
    """

    label: str
    colour: int
    dash: int
    time: Array
    value: Array
    low: Array
    high: Array
    first: float
    end: float
    median: float = math.nan
    censored: Array | None = None


@dataclass(frozen=True, kw_only=True)
class RiskRow:
    """One line of the table under the axis: at_risk and events give numbers at times, without and with a bracket."""

    label: str
    colour: int
    dash: int
    at_risk: Callable[[Array], Array]
    events: Callable[[Array], Array]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """All that is drawn: curves, table, notes, the top of the value axis (1 = 100%) and where time ends."""

    curves: tuple[Curve, ...]
    rows: tuple[RiskRow, ...]
    notes: tuple[str, ...]
    top: float
    until: float
    time_label: str
    value_label: str
    small_cell: int = 0


def colour_of(number: int) -> str:
    """The colour of a group: the accent where it is alone is the first of the palette."""
    return style.GROUPS[number % len(style.GROUPS)]


def new_axes(panel: Panel) -> Any:
    """Axes on a new figure with room for names at the curves' ends, the table and the notes."""
    left, right = _left(panel), _right(panel)
    lines = sum(len(wrap(note, WIDTH - 2 * style.MARGIN, style.SMALL)) for note in panel.notes)
    below = AXIS + _table_height(panel) + (lines * leading(style.SMALL) + 8.0 if lines else 0.0) + 4.0
    whole = TOP + HEIGHT + below
    return new_sheet(WIDTH, whole, (left / WIDTH, below / whole, (WIDTH - left - right) / WIDTH, HEIGHT / whole))


def short_name(label: str) -> str:
    lines = wrap(label, LONGEST_NAME, style.SMALL)
    return lines[0] + ("…" if len(lines) > 1 else "")


def _left(panel: Panel) -> float:
    """Room for the names of the table, or for the ticks of the value axis."""
    names = [text_width(short_name(row.label), style.SMALL) for row in panel.rows] if len(panel.rows) > 1 else []
    half = (
        max(
            text_width(_cell(row, np.array([0.0]), panel.small_cell)[0].split(" ")[0], style.SMALL)
            for row in panel.rows
        )
        / 2
    )
    return max(46.0, style.MARGIN + (KEY + 5.0 + max(names) if names else 0.0) + half + 10.0)


def _right(panel: Panel) -> float:
    return max(
        [
            14.0,
            *(
                text_width(short_name(curve.label), style.SMALL, True) + KEY + 19.0
                for curve in panel.curves
                if curve.label
            ),
        ]
    )


def _table_height(panel: Panel) -> float:
    return TABLE_ROW * (len(panel.rows) + 1) + 6.0


def draw(ax: Any, panel: Panel) -> None:
    """Everything, in order from the ground up."""
    if len(panel.rows) > MOST:
        raise OptionError(f"{len(panel.rows)} groups cannot be told apart in one plot; draw {MOST} or fewer.")
    ticks = _set_axes(ax, panel)
    plain_axes(ax, panel.time_label, "")
    say(ax, 0.0, 1.0, -30.0, 12.0, panel.value_label, style.SECONDARY)
    for curve in reversed(panel.curves):
        _draw_curve(ax, curve, panel)
    _draw_medians(ax, panel)
    _draw_names(ax, panel)
    _draw_table(ax, panel, ticks)
    _draw_notes(ax, panel)


def _set_axes(ax: Any, panel: Panel) -> Array:
    width, _ = size_of(ax)
    ax.set_xlim(0.0, panel.until)
    ticks = time_ticks(panel.until, width, panel.time_label, _widest_cell(panel))
    ax.set_xticks(ticks, labels=[f"{t:g}" for t in ticks])
    ax.set_ylim(0.0, panel.top)
    step = 0.25 if panel.top > 0.8 else 0.1 if panel.top > 0.2 else 0.05
    values = np.arange(0.0, panel.top + 1e-9, step)
    ax.set_yticks(values, labels=[f"{100 * v:.0f}" for v in values])
    ax.spines["bottom"].set_position(("outward", 4.0))
    return ticks


def _widest_cell(panel: Panel) -> float:
    """Width of the largest entry of the table, without events where it has none."""
    times = np.linspace(0.0, panel.until, 5)
    return max(text_width(cell, style.SMALL) for row in panel.rows for cell in _cell(row, times, panel.small_cell))


def time_ticks(until: float, width: float, label: str, widest: float) -> Array:
    """Round times from 0 on whose table entries do not touch: by 3, 6, 12 for months, by 4, 12, 26 for weeks.

    >>> time_ticks(40.0, 400.0, "Months", 40.0).tolist()
    [0.0, 6.0, 12.0, 18.0, 24.0, 30.0, 36.0]
    """
    steps: Sequence[float] = next((own for unit, own in _STEPS.items() if unit in label.lower()), ())
    power = 10.0 ** math.floor(math.log10(until)) if until > 0 else 1.0
    plain = [power * factor for factor in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0)]
    for step in [*steps, *plain] if steps and until / steps[-1] <= MOST and until >= 2 * steps[0] else plain:
        if step / until * width >= max(widest + 10.0, 34.0) and until / step <= MOST:
            return np.arange(0.0, until * (1 + 1e-9), step)
    return np.array([0.0])


def _stairs(curve: Curve, values: Array, until: float) -> tuple[Array, Array]:
    """Corners of a step function from time 0 to the end of its follow-up, not beyond the axis."""
    end = min(curve.end, until)
    use = curve.time <= end
    x = np.concatenate([[0.0], curve.time[use], [end]])
    y = np.concatenate([[curve.first], values[use], [values[use][-1] if use.any() else curve.first]])
    changes = np.concatenate([[True], (y[1:] != y[:-1]) & ~(np.isnan(y[1:]) & np.isnan(y[:-1]))])
    changes[-1] = True
    return x[changes], y[changes]


def _draw_curve(ax: Any, curve: Curve, panel: Panel) -> None:
    colour = colour_of(curve.colour)
    x, low = _stairs(curve, np.where(np.isnan(curve.low), curve.value, curve.low), panel.until)
    x_high, high = _stairs(curve, np.where(np.isnan(curve.high), curve.value, curve.high), panel.until)
    both = np.union1d(x, x_high)
    lower, upper = (v[np.searchsorted(at, both, side="right") - 1] for at, v in ((x, low), (x_high, high)))
    ax.fill_between(
        both,
        lower,
        upper,
        step="post",
        color=colour,
        alpha=0.15 if len(panel.curves) <= 3 else 0.08,
        linewidth=0,
        zorder=1.2,
    )
    x, y = _stairs(curve, curve.value, panel.until)
    ax.plot(
        x,
        y,
        drawstyle="steps-post",
        color=colour,
        linewidth=1.5,
        linestyle=DASHES[curve.dash % len(DASHES)],
        zorder=3,
        clip_on=False,
    )
    if curve.censored is not None and len(curve.censored):
        times = curve.censored[curve.censored <= panel.until]
        heights = np.append(curve.value, curve.first)[np.searchsorted(curve.time, times, side="right") - 1]
        ax.plot(
            times,
            heights,
            linestyle="none",
            marker="|",
            markersize=5.0,
            markeredgewidth=0.8,
            color=colour,
            zorder=3.2,
            clip_on=False,
        )


def _draw_medians(ax: Any, panel: Panel) -> None:
    """A dotted line at one half to each median and down to the axis."""
    medians = [(curve.median, curve.colour) for curve in panel.curves if curve.median <= panel.until]
    if not medians:
        return
    dotted = (0, (1.2, 2.0))
    ax.plot(
        [0.0, max(m for m, _ in medians)], [0.5, 0.5], color=style.SECONDARY, linewidth=0.8, linestyle=dotted, zorder=2
    )
    for median, colour in medians:
        ax.plot([median, median], [0.0, 0.5], color=colour_of(colour), linewidth=0.9, linestyle=dotted, zorder=2)


def _draw_names(ax: Any, panel: Panel) -> None:
    """Each name at the right edge, as near to the height of its curve's end as the others let it, after a piece of its line."""
    width, height = size_of(ax)
    named = [curve for curve in panel.curves if curve.label]
    ends = [float(_stairs(curve, curve.value, panel.until)[1][-1]) / panel.top * height for curve in named]
    for curve, up in zip(named, apart(ends, leading(style.SMALL) + 0.5, height), strict=True):
        key_line(ax, curve, width + 6.0, up)
        ax.annotate(
            short_name(curve.label), (1.0, up / height), xytext=(KEY + 11.0, -0.33 * style.SMALL), xycoords="axes fraction",
            textcoords="offset points", va="baseline", ha="left", fontproperties=style.font(style.SMALL, bold=True), color=style.INK,
            parse_math=False, annotation_clip=False, zorder=6,
        )  # fmt: skip


def apart(places: Sequence[float], gap: float, top: float) -> list[float]:
    """The same places moved as little as is needed to be ``gap`` apart, none above ``top`` or below 0 while there is room.

    >>> apart([10.0, 11.0, 40.0], 8.0, 100.0)
    [6.5, 14.5, 40.0]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    blocks: list[list[float]] = []  # [sum of (place - gap x position in the block), members]
    for i in order:
        blocks.append([places[i], 1.0])
        while len(blocks) > 1 and _start(blocks[-1], gap, top) < _start(blocks[-2], gap, top) + blocks[-2][1] * gap:
            total, members = blocks.pop()
            blocks[-1][0] += total - members * blocks[-1][1] * gap
            blocks[-1][1] += members
    moved = [_start(block, gap, top) + j * gap for block in blocks for j in range(int(block[1]))]
    out = [0.0] * len(places)
    for i, place in zip(order, moved, strict=True):
        out[i] = place
    return out


def _start(block: Sequence[float], gap: float, top: float) -> float:
    """Lowest place of a block: as near to the wishes of its members as the edges allow."""
    total, members = block
    return max(0.0, min(total / members, top - (members - 1) * gap))


def _cell(row: RiskRow, times: Array, small_cell: int) -> list[str]:
    """ "82 (21)": at risk just before each time, events up to then; counts below ``small_cell`` are not shown."""

    def shown(value: float) -> str:
        hidden = 0 < value < small_cell
        return f"<{small_cell}" if hidden else f"{value:,.0f}"

    return [f"{shown(n)} ({shown(d)})" for n, d in zip(row.at_risk(times), row.events(times), strict=True)]


def _draw_table(ax: Any, panel: Panel, ticks: Array) -> None:
    left = -_left(panel) + style.MARGIN
    y = -AXIS - 12.0
    say(ax, 0.0, 0.0, left, y, "At risk (events)", style.SECONDARY)
    for row in panel.rows:
        y -= TABLE_ROW
        if len(panel.rows) > 1:
            say(ax, 0.0, 0.0, left + KEY + 5.0, y, short_name(row.label), style.INK)
            key_line(ax, row, left, y + 3.0)
        for tick, text in zip(ticks, _cell(row, ticks, panel.small_cell), strict=True):
            shift = 0.5 * text_width(
                text.split(" ")[0], style.SMALL
            )  # the number at risk under its tick, the bracket after it
            say(ax, tick / panel.until, 0.0, -shift, y, text, style.INK)


def key_line(ax: Any, of: Curve | RiskRow, x: float, y: float) -> None:
    """A piece of a group's line, from (x, y) points off the lower left corner of the Axes."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    line = Line2D(
        [x / 72, (x + KEY) / 72], [y / 72, y / 72], color=colour_of(of.colour), linewidth=1.8, linestyle=DASHES[of.dash % len(DASHES)],
        clip_on=False, zorder=5,
    )  # fmt: skip
    line.set_transform(root_figure(ax).dpi_scale_trans + ScaledTranslation(0.0, 0.0, ax.transAxes))
    ax.add_artist(line)
    line.set_clip_path(None)


def _draw_notes(ax: Any, panel: Panel) -> None:
    """Small lines under the table, over the whole width of the figure."""
    width, _ = size_of(ax)
    whole = width + _left(panel) + _right(panel) - 2 * style.MARGIN
    y = -AXIS - 12.0 - _table_height(panel) - 2.0
    for note in panel.notes:
        for line in wrap(note, max(whole, 200.0), style.SMALL):
            say(ax, 0.0, 0.0, -_left(panel) + style.MARGIN, y, line, style.SECONDARY)
            y -= leading(style.SMALL)
