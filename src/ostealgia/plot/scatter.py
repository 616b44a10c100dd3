"""What scatter plots of studies share: ticks in the units that are reported, names that cover nothing, words at a corner."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.plot import style
from ostealgia.plot.canvas import leading, new_sheet, size_of, text_width, wrap
from ostealgia.plot.scales import linear_ticks, log_ticks, tick_labels
from ostealgia.tables.measures import Measure

Array = NDArray[np.float64]

WIDTH, HEIGHT = 450.0, 330.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 30.0, 50.0
POINT = 5.5
LONGEST_NAME = 150.0  # points

PLAIN = Measure(name="", title="", kind="", analysis_scale="", reported_scale="")
_PER_CENT = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)


# --- the effect axis --------------------------------------------------------------------------------------------------


def axis_label(measure: Measure) -> str:
    """The effect with its unit and, where it is not even, the scale of the axis."""
    shown = measure.analysis_scale if measure.needs_n else measure.reported_scale
    label = shown[:1].upper() + shown[1:] + (", %" if measure.percent and not measure.needs_n else "")
    if not bent(measure):
        return label
    scale = measure.analysis_scale
    return f"{label} ({scale.split()[0] if scale.startswith(('log', 'arcsine', 'square-root')) else scale} scale)"


def bent(measure: Measure) -> bool:
    """True where the two scales differ and one value of one is one value of the other, whatever the sample size."""
    return measure.analysis_scale != measure.reported_scale and not measure.needs_n


def effect_ticks(measure: Measure, low: float, high: float, width: float) -> tuple[list[float], list[str]]:
    """Places on the analysis scale and their labels on the reported one."""
    if not bent(measure):
        ticks = linear_ticks(low, high, width, PLAIN)
        kept = [tick for tick in ticks if low <= tick <= high]
        return kept, list(tick_labels(kept, PLAIN))
    grid = np.linspace(low, high, 2001)
    back = np.asarray(measure.back(grid), dtype=float)
    inside = back[np.isfinite(back)]
    shown = [
        tick
        for tick in _reported_ticks(measure, float(inside[0]), float(inside[-1]), width)
        if inside[0] <= tick <= inside[-1]
    ]
    places = [float(np.interp(tick, back, grid)) for tick in shown]
    return thinned(places, list(_labels(shown, measure)), width / (high - low))


def _reported_ticks(measure: Measure, low: float, high: float, width: float) -> Sequence[float]:
    if measure.analysis_scale.startswith("logit"):
        return _PER_CENT
    if measure.analysis_scale.startswith("log ") and low > 0:
        return log_ticks(low, high, width)
    return linear_ticks(low, high, width, measure)


def _labels(ticks: Sequence[float], measure: Measure) -> Sequence[str]:
    """Each tick with its own digits where the axis is bent."""
    return [tick_labels([tick], measure)[0] for tick in ticks]


def thinned(places: list[float], labels: list[str], points_a_unit: float) -> tuple[list[float], list[str]]:
    """Without labels that would touch the one before; those near the middle come first."""
    order = sorted(range(len(places)), key=lambda i: abs(i - (len(places) - 1) / 2))
    taken: list[int] = []
    for i in order:
        half = text_width(labels[i], 9.5) / 2
        if all(abs(places[i] - places[j]) * points_a_unit > half + text_width(labels[j], 9.5) / 2 + 9.0 for j in taken):
            taken.append(i)
    return [places[i] for i in sorted(taken)], [labels[i] for i in sorted(taken)]


# --- names of points --------------------------------------------------------------------------------------------------

Box = tuple[float, float, float, float]
_SIDES: tuple[Callable[[float, float], tuple[float, float, str]], ...] = (
    lambda width, gap: (gap, 0.0, "left"),
    lambda width, gap: (-gap, 0.0, "right"),
    lambda width, gap: (0.0, gap + 2.0, "center"),
    lambda width, gap: (0.0, -gap - 2.0, "center"),
    lambda width, gap: (gap, 0.9 * gap, "left"),
    lambda width, gap: (gap, -0.9 * gap, "left"),
    lambda width, gap: (-gap, 0.9 * gap, "right"),
    lambda width, gap: (-gap, -0.9 * gap, "right"),
)
_START = {"left": 0.0, "right": 1.0, "center": 0.5}


def name_points(
    ax: Any,
    x: Array,
    y: Array,
    names: Sequence[str],
    which: Sequence[int],
    half: Array | float = POINT / 2,
    *,
    most_covered: float = math.inf,
) -> None:
    """Names of some points, each where it covers neither a point nor another name.

    x, y : all points, in data coordinates, (k,).  names : (k,).  which : positions of those named, the most important first.
    half : half the height of the markers in points, one for all or (k,).  most_covered : a name that would cover a larger share of its own
    area than this is left out.
    """
    width, height = size_of(ax)
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    fractions = ax.transAxes.inverted().transform(ax.transData.transform(np.column_stack([x, y])))
    px, py = fractions[:, 0] * width, fractions[:, 1] * height
    halves = np.broadcast_to(np.asarray(half, dtype=float), px.shape)
    reach = halves + 0.5
    taken: list[Box] = [
        (float(a - r), float(b - r), float(a + r), float(b + r)) for a, b, r in zip(px, py, reach, strict=True)
    ]
    for i in which:
        name = " ".join(str(names[i]).split())
        lines = wrap(name, LONGEST_NAME, style.SMALL)
        name = lines[0] + ("…" if len(lines) > 1 else "")
        wide = text_width(name, style.SMALL)
        cost, (dx, dy, align, box) = _best_side(
            float(px[i]), float(py[i]), wide, (width, height), taken, float(halves[i]) + 4.0
        )
        if cost > most_covered * 11.0 * wide:
            continue
        taken.append(box)
        ax.annotate(
            name, (x[i], y[i]), xytext=(dx, dy - 0.33 * style.SMALL), textcoords="offset points", ha=align, va="baseline",
            fontproperties=style.font(style.SMALL), color=style.INK, parse_math=False, zorder=6, annotation_clip=False,
        )  # fmt: skip


def _best_side(
    x: float, y: float, width: float, size: tuple[float, float], taken: Sequence[Box], gap: float
) -> tuple[float, tuple[float, float, str, Box]]:
    """Area covered, then offset, alignment and box, of the side that covers least; the first of equals."""
    tried: list[tuple[float, int, tuple[float, float, str, Box]]] = []
    for order, side in enumerate(_SIDES):
        dx, dy, align = side(width, gap)
        left = x + dx - _START[align] * width
        box = (left, y + dy - 5.5, left + width, y + dy + 5.5)
        outside = max(0.0, -box[0]) + max(0.0, box[2] - size[0]) + max(0.0, -box[1]) + max(0.0, box[3] - size[1])
        cost = 12 * outside + sum(_overlap(box, other) for other in taken)
        tried.append((cost, order, (dx, dy, align, box)))
    best = min(tried, key=lambda attempt: attempt[:2])
    return best[0], best[2]


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across * down if across > 0 and down > 0 else 0.0


# --- words ------------------------------------------------------------------------------------------------------------


def say(ax: Any, fx: float, fy: float, dx: float, dy: float, words: str, colour: str, align: str = "left") -> None:
    """Words at a corner of the Axes (fx, fy as shares of its sides), moved by (dx, dy) points."""
    ax.annotate(
        words,
        (fx, fy),
        xytext=(dx, dy),
        xycoords="axes fraction",
        textcoords="offset points",
        va="baseline",
        ha=align,
        color=colour,
        fontproperties=style.font(style.SMALL),
        parse_math=False,
        annotation_clip=False,
    )


# --- a plain plot of points -------------------------------------------------------------------------------------------


def new_scatter(notes: Sequence[str] = (), *, width: float = WIDTH, height: float = HEIGHT) -> Any:
    """Axes on a new figure with room for an axis title above, ticks, a title below and notes."""
    lines = sum(len(wrap(note, width - LEFT - RIGHT, style.SMALL)) for note in notes)
    bottom = BOTTOM + (lines * leading(style.SMALL) + 6.0 if lines else 0.0)
    whole = height + bottom - BOTTOM
    rect = (LEFT / width, bottom / whole, (width - LEFT - RIGHT) / width, (whole - TOP - bottom) / whole)
    return new_sheet(width, whole, rect)


def plain_axes(ax: Any, x_label: str, y_label: str) -> None:
    """Two spines, small ticks, the horizontal title below and the vertical one at the top left corner."""
    ax.minorticks_off()
    ax.tick_params(
        length=3, width=0.75, color=style.INK, labelsize=9.5, labelcolor=style.INK, labelfontfamily=list(style.FAMILIES)
    )
    ax.tick_params(axis="x", pad=5.0)  # clear of a vertical label at the corner
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.set_xlabel(x_label, fontproperties=style.font(style.SMALL), color=style.SECONDARY, labelpad=4, parse_math=False)
    say(ax, 0.0, 1.0, -LEFT + style.MARGIN, 9.0, y_label, style.SECONDARY)


def even_ticks(ax: Any, axis: str, low: float, high: float) -> None:
    """Limits and round ticks of a linear axis, "x" or "y"."""
    width, height = size_of(ax)
    getattr(ax, f"set_{axis}lim")(low, high)
    ticks = [t for t in linear_ticks(low, high, width if axis == "x" else 0.6 * height, PLAIN) if low <= t <= high]
    labels = tick_labels(ticks, PLAIN)
    if max(abs(low), abs(high)) < 10_000:
        labels = tuple(label.replace(",", "") for label in labels)  # a year has no comma
    getattr(ax, f"set_{axis}ticks")(ticks, labels=labels)


def draw_notes(ax: Any, notes: Sequence[str]) -> None:
    """Small lines below the plot."""
    width, _ = size_of(ax)
    y = -BOTTOM - 2.0
    for note in notes:
        for line in wrap(note, max(width, 200.0), style.SMALL):
            say(ax, 0.0, 0.0, 0.0, y, line, style.SECONDARY)
            y -= leading(style.SMALL)
