"""Drawing a planned forest plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.patches import Polygon

from ostealgia.plot import style
from ostealgia.plot.canvas import Pen, leading, text_width
from ostealgia.plot.forest_layout import HEIGHTS, LEGEND_GAP, LEGEND_STEP, Plan, bold, indent
from ostealgia.plot.forest_paging import Page, axis_height, body_height, foot_lines, is_main_total
from ostealgia.plot.forest_table import Row
from ostealgia.plot.marks import JUDGEMENTS, SIZE, VERDICTS

LARGEST_SQUARE = 10.5  # side in points of the study with the largest weight
SMALLEST_SQUARE = 2.0
DIAMOND = 0.74  # of a row
TICK = 3.0
TICK_SIZE = 9.5
FAVOURS_SIZE = 9.5
FAVOURS_GAP = 18.0


def draw(pen: Pen, layout: Plan, page: Page, width: float, height: float) -> None:
    """One page of a planned forest plot on Axes of this size in points."""
    pen.axes.set_axis_off()
    pen.axes.set_autoscale_on(False)
    pen.axes.set_xlim(0, width)
    pen.axes.set_ylim(height, 0)
    _draw_head(pen, layout)
    top = layout.head_height
    bottom = top + body_height(layout, page)
    panel = _panel(pen, layout, top, bottom)
    y = _draw_rows(pen, panel, layout, page, top)
    _draw_lines(panel, layout, pen.scale, top, y if page.last else bottom)
    _draw_axis(pen, layout, bottom)
    _draw_foot(pen, layout, page, bottom + axis_height(layout))


def _panel(pen: Pen, layout: Plan, top: float, bottom: float) -> Any:
    """The effect axis as an Axes of its own, in reported units across and in points of the sheet down."""
    left, right = layout.plot
    width, height = pen.axes.get_xlim()[1], pen.axes.get_ylim()[0]
    bounds = (left / width, 1 - bottom / height, (right - left) / width, (bottom - top) / height)
    panel = pen.axes.inset_axes(bounds, zorder=3)
    axis = layout.axis
    panel.set_xscale("log" if axis.log else "linear")
    panel.set_xlim(axis.low, axis.high)
    panel.set_ylim(bottom, top)
    panel.set_facecolor("none")
    for side in ("left", "right", "top"):
        panel.spines[side].set_visible(False)
    panel.spines["bottom"].set_linewidth(0.75 * pen.scale)
    panel.set_yticks([])
    panel.set_xticks(list(axis.ticks), labels=["" for _ in axis.ticks])
    panel.minorticks_off()
    panel.tick_params(axis="x", length=TICK * pen.scale, width=0.75 * pen.scale, color=style.INK)
    return panel


def _draw_head(pen: Pen, layout: Plan) -> None:
    y = style.MARGIN + leading(style.TITLE) / 2
    pen.block(style.MARGIN, y, layout.title, size=style.TITLE, bold=True)
    last = layout.head_height - 5.0 - leading(style.BODY) / 2
    pen.text(style.MARGIN, last, layout.table.label_head, bold=True)
    step = leading(style.BODY)

    def stack(x: float, lines: Sequence[str], align: str, above: int = 0) -> None:
        for i, line in enumerate(reversed(lines)):
            pen.text(x, last - (i + above) * step, line, bold=True, align=align)

    for column, place in zip(layout.table.columns, layout.columns, strict=True):
        if column.align == "left":
            stack(place.left, place.head, "left")
        else:
            stack((place.left + place.right) / 2, place.head, "center")
    _draw_arms(pen, layout, last, stack)
    for place in (layout.effect, *layout.weights):
        stack(place.right, place.head, "right")
    for x, domain in zip(layout.signs, layout.table.domains, strict=True):
        pen.text(x, last, domain[:2] if domain else "RoB", bold=True, align="center")
    if layout.table.with_audit:
        pen.text(layout.audit, last, "Audit", bold=True, align="center")
    pen.line([style.MARGIN, layout.width - style.MARGIN], [layout.head_height] * 2, width=0.9)


def _draw_arms(pen: Pen, layout: Plan, last: float, stack: Any) -> None:
    """Names of the arms over their columns, with a rule where there are several columns."""
    step = leading(style.BODY)
    seen: set[str] = set()
    for column in layout.table.columns:
        if not column.arm or column.arm in seen:
            continue
        seen.add(column.arm)
        group = [
            place for place, other in zip(layout.columns, layout.table.columns, strict=True) if other.arm == column.arm
        ]
        left, right = group[0].left, group[-1].right
        depth = max(len(place.head) for place in group)
        stack((left + right) / 2, group[0].arm, "center", depth)
        if len(group) > 1:
            y = last - (depth - 0.5) * step + 0.2
            pen.line([left, right], [y, y], width=0.6, colour=style.SECONDARY)


def _draw_rows(pen: Pen, panel: Any, layout: Plan, page: Page, top: float) -> float:
    """All rows of the page; returns where the lines down the plot end (the middle of the main diamond)."""
    y = top + 5.0
    if page.heading:
        pen.text(style.MARGIN, y + HEIGHTS["heading"] / 2, page.heading, bold=True)
        y += HEIGHTS["heading"]
    end = y
    for i in page.rows:
        row = layout.table.rows[i]
        if is_main_total(layout, i):
            pen.line([style.MARGIN, layout.width - style.MARGIN], [y + 1.0] * 2, width=0.6, colour=style.RULE, z=1)
            y += 4.0
        centre = y + HEIGHTS[row.kind] / 2 + (2.0 if row.kind == "heading" else 0.0)
        _draw_text(pen, layout, i, centre)
        _MARKS[row.kind](pen, panel, layout, row, centre)
        y += layout.row_height(i)
        if row.accent:
            end = centre
    return end if end > top + 5.0 else y


def _draw_text(pen: Pen, layout: Plan, index: int, y: float) -> None:
    """Label, data, numbers and weights of one row."""
    row, table = layout.table.rows[index], layout.table
    heavy = bold(row)
    note = row.kind == "note"
    size = style.SMALL if note else style.BODY
    colour = style.SECONDARY if note or row.kind == "prediction" else style.INK
    x = style.MARGIN + indent(row, table)
    pen.block(x, y, layout.labels[index], size=size, bold=heavy, colour=colour)
    for place, (first, second), column in zip(layout.columns, row.cells or (), table.columns, strict=False):
        if column.align == "left":
            pen.text(place.left, y, first, bold=heavy)
        else:
            pen.text(place.anchor, y, first, bold=heavy, align="right")
        if second:
            pen.text(place.anchor, y, second, bold=heavy)
    if row.numbers[0]:
        pen.text(layout.estimate, y, row.numbers[0], bold=heavy, align="right")
    if row.numbers[1]:
        pen.text(layout.effect.right, y, row.numbers[1], bold=heavy, align="right", colour=colour)
    for place, text in zip(layout.weights, row.weights, strict=False):
        if text:
            pen.text(place.right, y, text, bold=heavy, align="right")


# --- marks in the plot -----------------------------------------------------------------------------------------------


def _clipped(layout: Plan, low: float, high: float) -> tuple[float, float, bool, bool]:
    """The part of an interval that is on the axis, and whether something is cut off on the left and on the right."""
    axis = layout.axis
    slack = 1e-6
    left, right = axis.position(low) < -slack, axis.position(high) > 1 + slack
    return (axis.low if left else low), (axis.high if right else high), left, right


def _draw_interval(pen: Pen, panel: Any, layout: Plan, row: Row, y: float, *, width: float, colour: str) -> None:
    if math.isnan(row.low) or math.isnan(row.high):
        return
    low, high, left, right = _clipped(layout, row.low, row.high)
    outside = layout.axis.position(row.high) < 0 or layout.axis.position(row.low) > 1
    if not outside:
        panel.plot([low, high], [y, y], color=colour, linewidth=width * pen.scale, solid_capstyle="butt", zorder=3)
    for cut, x, shape in ((left, layout.axis.low, "<"), (right, layout.axis.high, ">")):
        if cut and not (outside and (shape == ">") != (layout.axis.position(row.low) > 1)):
            _arrow(pen, panel, x, y, shape, colour)


def _arrow(pen: Pen, panel: Any, x: float, y: float, shape: str, colour: str) -> None:
    tip, back, half = (-1.5, 4.5, 2.6) if shape == "<" else (1.5, -4.5, 2.6)
    marker = [(tip, 0.0), (back, half), (back, -half)]
    panel.plot(
        [x], [y], marker=marker, markersize=6.0 * pen.scale, color=colour, markeredgewidth=0, clip_on=False, zorder=4
    )


def _mark_study(pen: Pen, panel: Any, layout: Plan, row: Row, y: float) -> None:
    """A square with its area by weight, the interval on top of it; signs of judgement and audit."""
    side = LARGEST_SQUARE * math.sqrt(max(row.share, 0.0)) if math.isfinite(row.share) else 0.5 * LARGEST_SQUARE
    if 0 <= layout.axis.position(row.estimate) <= 1:
        panel.plot(
            [row.estimate],
            [y],
            marker="s",
            markersize=max(side, SMALLEST_SQUARE) * pen.scale,
            color=style.MARK,
            markeredgewidth=0,
            clip_on=False,
            zorder=2.5,
        )
    _draw_interval(pen, panel, layout, row, y, width=0.85, colour=style.INK)
    for x, judgement in zip(layout.signs, row.judgements, strict=False):
        if judgement:
            _sign(pen, x, y, judgement)
    if row.verdict:
        sign = VERDICTS[row.verdict]
        pen.text(layout.audit, y, sign.sign, size=11.5, bold=True, colour=sign.colour, align="center", url=row.url)


def _mark_refit(pen: Pen, panel: Any, layout: Plan, row: Row, y: float) -> None:
    """A dot with its interval."""
    _draw_interval(pen, panel, layout, row, y, width=0.85, colour=style.INK)
    if 0 <= layout.axis.position(row.estimate) <= 1:
        look = {"marker": "o", "markersize": 5.0 * pen.scale, "color": style.INK, "markeredgewidth": 0}
        panel.plot([row.estimate], [y], clip_on=False, zorder=3.5, **look)


def _sign(pen: Pen, x: float, y: float, judgement: str) -> None:
    sign = JUDGEMENTS[judgement]
    size = {"o": SIZE, "s": 0.9 * SIZE, "D": 0.8 * SIZE}[sign.shape]
    pen.mark(x, y, sign.shape, size=size, colour=sign.colour)
    pen.text(x, y - 0.2, sign.sign, size=8.0, bold=True, colour=style.PAPER, align="center", z=6)


def _mark_pooled(pen: Pen, panel: Any, layout: Plan, row: Row, y: float) -> None:
    """A diamond from limit to limit: full in the accent for the main pool, hollow for subtotals and further models."""
    axis, half = layout.axis, DIAMOND * style.ROW / 2
    fill = style.ACCENT if row.accent else style.PAPER
    if math.isnan(row.low) or math.isnan(row.high):
        if 0 <= axis.position(row.estimate) <= 1:
            panel.plot(
                [row.estimate],
                [y],
                marker="D",
                markersize=half * pen.scale,
                color=style.ACCENT,
                zorder=4,
                clip_on=False,
            )
        return
    low, estimate, high = (axis.value(min(max(axis.position(v), -5.0), 6.0)) for v in (row.low, row.estimate, row.high))
    corners = [(low, y), (estimate, y - half), (high, y), (estimate, y + half)]
    panel.add_patch(
        Polygon(
            corners,
            closed=True,
            facecolor=fill,
            edgecolor=style.ACCENT,
            linewidth=0.9 * pen.scale,
            joinstyle="miter",
            zorder=4,
        )
    )
    for cut, x, shape in ((axis.position(row.low) < 0, axis.low, "<"), (axis.position(row.high) > 1, axis.high, ">")):
        if cut:
            _arrow(pen, panel, x, y, shape, style.ACCENT)


def _mark_prediction(pen: Pen, panel: Any, layout: Plan, row: Row, y: float) -> None:
    _draw_interval(pen, panel, layout, row, y, width=3.0, colour=style.ACCENT)


def _mark_nothing(pen: Pen, panel: Any, layout: Plan, row: Row, y: float) -> None:
    """Rows of text only."""


_MARKS = {
    "study": _mark_study,
    "refit": _mark_refit,
    "pooled": _mark_pooled,
    "prediction": _mark_prediction,
    "heading": _mark_nothing,
    "note": _mark_nothing,
    "gap": _mark_nothing,
}

# --- lines, axis and foot --------------------------------------------------------------------------------------------


def _draw_lines(panel: Any, layout: Plan, scale: float, top: float, bottom: float) -> None:
    """Solid at no effect, dotted at the pooled value."""
    axis, pooled = layout.axis, layout.table.pooled
    floor = panel.get_ylim()[0]
    if axis.no_effect is not None and 0 <= axis.position(axis.no_effect) <= 1:
        panel.plot([axis.no_effect] * 2, [top, floor], color=style.INK, linewidth=0.75 * scale, zorder=1, clip_on=False)
    if 0 <= axis.position(pooled) <= 1:
        dots = (0, (1.2, 2.2))
        panel.plot(
            [pooled] * 2,
            [top, bottom],
            color=style.ACCENT,
            linewidth=0.9 * scale,
            linestyle=dots,
            zorder=1.5,
            clip_on=False,
        )


def _draw_axis(pen: Pen, layout: Plan, bottom: float) -> None:
    """Tick labels, the name of the effect, and whom each side favours."""
    left, right = layout.plot
    y = bottom + TICK + 2.0 + TICK_SIZE / 2 + 1.0
    for tick, label in zip(layout.axis.ticks, layout.axis.labels, strict=True):
        pen.text(left + layout.axis.position(tick) * (right - left), y, label, size=TICK_SIZE, align="center")
    y += TICK_SIZE / 2 + leading(style.SMALL) / 2 + 2.0
    pen.text((left + right) / 2, y, layout.table.axis_label, size=style.SMALL, colour=style.SECONDARY, align="center")
    if layout.table.options.favours:
        _draw_favours(pen, layout, y + leading(style.BODY))


def _draw_favours(pen: Pen, layout: Plan, y: float) -> None:
    """The two sides of no effect, pushed apart where they would meet and held on the sheet."""
    left, right = layout.plot
    axis = layout.axis
    middle = 0.5 if axis.no_effect is None else min(max(axis.position(axis.no_effect), 0.0), 1.0)
    centre = left + middle * (right - left)
    first, second = (str(text) for text in layout.table.options.favours or ("", ""))
    first, second = f"← {first}", f"{second} →"
    widths = [text_width(text, FAVOURS_SIZE) for text in (first, second)]
    room = layout.width - 2 * style.MARGIN - FAVOURS_GAP
    if sum(widths) > room:
        size = FAVOURS_SIZE * room / sum(widths)
        widths = [text_width(text, size) for text in (first, second)]
    else:
        size = FAVOURS_SIZE
    x_first = max(centre - FAVOURS_GAP / 2, style.MARGIN + widths[0])
    x_second = min(max(centre + FAVOURS_GAP / 2, x_first + FAVOURS_GAP), layout.width - style.MARGIN - widths[1])
    x_first = min(x_first, x_second - FAVOURS_GAP)
    pen.text(x_first, y, first, size=size, align="right")
    pen.text(x_second, y, second, size=size)


def _draw_foot(pen: Pen, layout: Plan, page: Page, y: float) -> None:
    """The line of methods and what the signs mean."""
    y += 5.0 + leading(style.SMALL) / 2
    lines = foot_lines(layout, page)
    pen.block(style.MARGIN, y, lines, size=style.SMALL, colour=style.SECONDARY)
    y += len(lines) * leading(style.SMALL) + 3.0
    for line in layout.legend():
        x = style.MARGIN
        for name, text in line:
            x = _draw_legend_item(pen, x, y, name, text)
        y += LEGEND_STEP


def _draw_legend_item(pen: Pen, x: float, y: float, name: str, text: str) -> float:
    if name in JUDGEMENTS:
        _sign(pen, x + SIZE / 2, y, name)
        x += SIZE + 4.0
    elif name in VERDICTS:
        pen.text(
            x + SIZE / 2, y, VERDICTS[name].sign, size=11.0, bold=True, colour=VERDICTS[name].colour, align="center"
        )
        x += SIZE + 4.0
    pen.text(x, y, text, size=style.SMALL, colour=style.SECONDARY)
    return x + text_width(text, style.SMALL) + LEGEND_GAP
