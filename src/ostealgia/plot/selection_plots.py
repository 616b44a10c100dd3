"""Selection models as curves: how much less often a study is seen, against its P value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ostealgia.errors import OptionError
from ostealgia.numerics.selection_weights import SMOOTH
from ostealgia.numerics.selection_weights import curve as weight_curve
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, leading, new_sheet, size_of, text_width, wrap
from ostealgia.plot.scales import linear_ticks, tick_labels
from ostealgia.plot.scatter import BOTTOM, HEIGHT, LEFT, PLAIN, RIGHT, TOP, WIDTH, draw_notes, plain_axes, say

Array = NDArray[np.float64]

MOST = len(style.GROUPS)
TICKS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
LEADER = 14.0  # points from the end of a curve to its name
LONGEST = 120.0
INNER_P = (0.01, 0.95)  # the height of the figure is set by what lies between; a beta curve may rise without end beyond
ANCHOR = 0.01
POINTS = 801
PALE = 0.14
SIDES = {
    "greater": "one-sided P value, small for effects above no effect",
    "less": "one-sided P value, small for effects below no effect",
    "two-sided": "two-sided P value",
}


class Curve(NamedTuple):
    """One selection function: P and weight at the points of its line, (g,), and limits of the weight or None."""

    label: str
    steps: bool
    colour: str
    p: Array
    weight: Array
    low: Array | None
    high: Array | None


def selection_weights(*results: Any, labels: Sequence[str] | None = None, ax: Any = None) -> Any:
    """How much less often would a study with a large P value be seen, by these selection models?

    results : SelectionResults of the same studies and alternative, one to five.  labels : their names, by default those
    of the functions.
    ax : Axes with room for the names on their right; None makes a figure.
    The weight is 1 for the smallest P values (for "beta" at P = 0.01, or at its highest point); dotted: no selection.
    Small strokes are the P values of the studies. One function alone has a pointwise Wald interval, of log weights for
    steps; "beta" has none. With ``precision`` the curve is that of the least precise study. P is on a square-root
    scale.
    Returns the Axes. Raises OptionError.

    >>> from ostealgia.meta import selection_model
    >>> data = {"estimate": [0.1, 0.5, 0.3, 0.6, 0.7, 0.2], "std_error": [0.1, 0.2, 0.2, 0.2, 0.3, 0.25]}
    >>> ax = selection_weights(selection_model(data, "negexp"), selection_model(data, "halfnorm"))
    >>> [text.get_text() for text in ax.texts if text.get_text().startswith(("neg", "half"))]
    ['negative exponential', 'half-normal']
    """
    _check(results, labels)
    names = list(labels) if labels is not None else [_name(result) for result in results]
    colours = (style.ACCENT,) if len(results) == 1 else style.GROUPS
    curves = [
        _curve(r, name, colours[i], alone=len(results) == 1)
        for i, (r, name) in enumerate(zip(results, names, strict=True))
    ]
    notes = _notes(results, curves)
    with house_style():
        if ax is None:
            ax = _sheet(curves, notes)
        _set_axes(ax, curves, results[0])
        _draw(ax, curves, results[0])
        _draw_names(ax, curves)
        draw_notes(ax, notes)
    return ax


def _check(results: Sequence[Any], labels: Sequence[str] | None) -> None:
    if not 1 <= len(results) <= MOST:
        raise OptionError(f"selection_weights draws one to {MOST} selection models; found {len(results)}.")
    for result in results:
        if not hasattr(result, "delta_name"):
            raise OptionError(f"selection_weights draws results of selection_model; found {type(result).__name__}.")
        if result.alternative != results[0].alternative or not np.array_equal(result.p, results[0].p):
            raise OptionError(
                "selection_weights draws models of the same studies and alternative in one figure; draw them apart."
            )
    if labels is not None and len(labels) != len(results):
        raise OptionError(f"labels: {len(results)} names are needed; found {len(labels)}.")


def _name(result: Any) -> str:
    if result.kind == "stepfun":
        inner = [f"{step:g}" for step in result.steps if step < 1.0]
        return f"step{'s' if len(inner) > 1 else ''} at {', '.join(inner)}"
    return result.title + (f", by {result.precision}" if result.precision else "")


# --- the curves -------------------------------------------------------------------------------------------------------


def _curve(result: Any, label: str, colour: str, *, alone: bool) -> Curve:
    z = float(ndtri(0.5 + 0.5 * result.ci_level))
    if result.kind == "stepfun":
        return _stairs(result, label, colour, z if alone else None)
    p = np.linspace(0.0, 1.0, POINTS) ** 2
    weight = result.weight(p)
    if result.kind == "beta":
        return Curve(label, False, colour, p, weight / _highest(result), None, None)
    error = float(result.delta_std_error[0])
    if not alone or not math.isfinite(error):
        return Curve(label, False, colour, p, weight, None, None)
    lowest = SMOOTH[result.kind].low
    ends = [max(lowest, float(result.delta[0]) + sign * z * error) for sign in (1.0, -1.0)]
    low, high = (weight_curve(result.kind, np.array([end]), p) for end in ends)
    return Curve(label, False, colour, p, weight, low, high)


def _stairs(result: Any, label: str, colour: str, z: float | None) -> Curve:
    """Two points a step, so that a line through them has right angles."""
    edges = np.concatenate([[0.0], np.asarray(result.steps, dtype=float)])
    p = np.repeat(edges, 2)[1:-1]
    weight = np.repeat(result.delta, 2)
    errors = np.repeat(result.delta_std_error, 2)
    if z is None or not np.isfinite(errors).any():
        return Curve(label, True, colour, p, weight, None, None)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(np.isfinite(errors) & (weight > 0), np.exp(np.minimum(z * errors / weight, 50.0)), 1.0)
    return Curve(label, True, colour, p, weight, weight / reach, weight * reach)


def _highest(result: Any) -> float:
    """What a beta curve is divided by: its highest point, or the value at P = 0.01 where it rises without end."""
    first, second = (float(d) for d in result.delta)
    inside = first >= 1.0 and second >= 1.0 and first + second > 2.0
    anchor = (first - 1.0) / (first + second - 2.0) if inside else ANCHOR
    return float(result.weight([anchor])[0])


def _notes(results: Sequence[Any], curves: Sequence[Curve]) -> list[str]:
    notes: list[str] = []
    if curves[0].low is not None:
        cut = ", cut off at the top" if _reach(curves) > _top(curves) else ""
        notes.append(f"Shaded: {100 * results[0].ci_level:g}% interval at each P value{cut}.")
    if any(result.precision for result in results):
        notes.append("Where precision counts, the curve is that of the least precise study.")
    k = results[0].k
    if k < 10:
        notes.append(f"{k} studies: with fewer than 10, the data say almost nothing about selection.")
    return notes


# --- what is drawn ----------------------------------------------------------------------------------------------------


def _names_width(curves: Sequence[Curve]) -> float:
    return max(text_width(name, style.SMALL) for name in [*(_short(c.label) for c in curves), "no selection"])


def _short(label: str) -> str:
    lines = wrap(label, LONGEST, style.SMALL)
    return lines[0] + ("…" if len(lines) > 1 else "")


def _sheet(curves: Sequence[Curve], notes: Sequence[str]) -> Any:
    """A new figure with room for the names on the right and the notes below."""
    beside = LEADER + _names_width(curves) + style.MARGIN
    width = WIDTH - RIGHT + beside
    lines = sum(len(wrap(note, WIDTH - LEFT - RIGHT, style.SMALL)) for note in notes)
    bottom = BOTTOM + (lines * leading(style.SMALL) + 6.0 if lines else 0.0)
    height = HEIGHT - 60.0 + bottom - BOTTOM
    return new_sheet(
        width,
        height,
        (LEFT / width, bottom / height, (width - LEFT - beside) / width, (height - TOP - bottom) / height),
    )


def _set_axes(ax: Any, curves: Sequence[Curve], result: Any) -> None:
    ax.set_xscale("function", functions=(lambda p: np.sqrt(np.clip(p, 0.0, None)), np.square))
    ax.set_xlim(0.0, 1.0)
    top = _top(curves)
    ax.set_ylim(0.0, top)
    words = f"{SIDES[result.alternative][:1].upper()}{SIDES[result.alternative][1:]} (square-root scale)"
    plain_axes(ax, words, "Relative chance of being seen")
    width, height = size_of(ax)
    shown = [tick for tick in TICKS if tick not in (0.7, 0.3, 0.01) or width > 240.0]
    ax.set_xticks(shown, labels=[f"{tick:g}" for tick in shown])
    levels = [tick for tick in linear_ticks(0.0, top, 0.6 * height, PLAIN) if 0.0 <= tick <= top]
    ax.set_yticks(levels, labels=tick_labels(levels, PLAIN))


def _top(curves: Sequence[Curve]) -> float:
    """The upper end of the axis: above every curve, and above its interval where that is not much higher."""
    tallest = 1.0
    for curve in curves:
        inside = (curve.p >= INNER_P[0]) & (curve.p <= INNER_P[1])
        seen = curve.weight if curve.steps else curve.weight[inside]
        tallest = max(tallest, float(np.max(seen, initial=0.0)))
    return 1.08 * max(tallest, min(_reach(curves), 1.6 * tallest))


def _reach(curves: Sequence[Curve]) -> float:
    return max((float(np.max(curve.high)) for curve in curves if curve.high is not None), default=0.0)


def _draw(ax: Any, curves: Sequence[Curve], result: Any) -> None:
    ax.plot([0.0, 1.0], [1.0, 1.0], color=style.SECONDARY, linestyle=(0, (1, 2)), linewidth=1.2, zorder=2)
    for curve in curves:
        if curve.low is not None:
            ax.fill_between(curve.p, curve.low, curve.high, color=curve.colour, alpha=PALE, linewidth=0, zorder=1)
        ax.plot(curve.p, curve.weight, color=curve.colour, linewidth=1.8, zorder=3)
    _, height = size_of(ax)
    ax.vlines(
        result.p,
        0.0,
        6.0 / height,
        transform=ax.get_xaxis_transform(),
        color=style.INK,
        linewidth=0.9,
        zorder=4,
        clip_on=False,
    )


def _draw_names(ax: Any, curves: Sequence[Curve]) -> None:
    """Each name at the end of its line, moved apart where they would touch."""
    _, height = size_of(ax)
    top = ax.get_ylim()[1]
    ends = [*(float(np.clip(curve.weight[-1], 0.0, top)) for curve in curves), 1.0]
    words = [*(_short(curve.label) for curve in curves), "no selection"]
    colours = [*(curve.colour for curve in curves), style.SECONDARY]
    at = _apart([end / top * height for end in ends], leading(style.SMALL), height)
    for end, word, colour, y in zip(ends, words, colours, at, strict=True):
        say(ax, 1.0, y / height, LEADER, -0.33 * style.SMALL, word, colour)
        ax.annotate(
            "", (1.0, end / top), xytext=(LEADER - 3.0, y - end / top * height), xycoords="axes fraction", textcoords="offset points",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.75, "shrinkA": 0, "shrinkB": 1}, annotation_clip=False,
        )  # fmt: skip


def _apart(places: Sequence[float], gap: float, highest: float) -> list[float]:
    """The places moved as little as needed to be ``gap`` apart and between 0 and ``highest``, in the same order.

    >>> _apart([0.0, 1.0, 50.0], 10.0, 100.0)
    [0.0, 10.0, 50.0]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    groups: list[tuple[float, int]] = []  # middle and number of names that stand gap by gap
    for i in order:
        middle, many = places[i], 1
        while True:
            half = gap * (many - 1) / 2
            middle = min(max(middle, half), max(highest - half, half))
            if not groups or middle - half >= groups[-1][0] + gap * (groups[-1][1] + 1) / 2:
                break
            before, count = groups.pop()
            middle, many = (before * count + middle * many) / (count + many), count + many
        groups.append((middle, many))
    rows = [middle + gap * (j - (many - 1) / 2) for middle, many in groups for j in range(many)]
    moved = dict(zip(order, rows, strict=True))
    return [moved[i] for i in range(len(places))]
