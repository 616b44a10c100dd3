"""Drawing a network whose places are known."""

from __future__ import annotations

from typing import Any

from matplotlib.patches import Circle, Polygon

from ostealgia.plot import style
from ostealgia.plot.canvas import Pen, leading
from ostealgia.plot.network_layout import GraphLayout, PartLayout

LINE = "#9aa4af"
NUMBER_SIZE = 8.5


def draw_graph(pen: Pen, layout: GraphLayout) -> None:
    """Title, parts, notes."""
    pen.block(style.MARGIN, style.MARGIN + leading(style.TITLE) / 2, layout.title, size=style.TITLE, bold=True)
    for part in layout.parts:
        _draw_part(pen, part, layout.top)
    y = layout.top + layout.body + 8.0 + leading(style.SMALL) / 2
    pen.block(style.MARGIN, y, layout.notes, size=style.SMALL, colour=style.SECONDARY)


def _draw_part(pen: Pen, part: PartLayout, top: float) -> None:
    x, y = part.x, top + part.y
    if part.caption:
        pen.text(x, y + 6.0, part.caption, size=style.SMALL, colour=style.SECONDARY)
    for arms in part.arms:
        corners = [(x + part.nodes[i].x, y + part.nodes[i].y) for i in arms]
        _add(pen, Polygon(corners, closed=True, facecolor=style.ACCENT, alpha=0.09, linewidth=0, zorder=1))
    for edge in part.edges:
        a, b = part.nodes[edge.first], part.nodes[edge.second]
        pen.line([x + a.x, x + b.x], [y + a.y, y + b.y], width=edge.width, colour=LINE, z=2, solid_capstyle="round")
    for edge in part.edges:
        if edge.number is not None:
            at = (x + edge.number[0], y + edge.number[1])
            pen.mark(*at, "o", size=5.5 + 5.0 * len(str(edge.studies)), colour=style.PAPER, z=2.5)
            pen.text(*at, str(edge.studies), size=NUMBER_SIZE, colour=style.SECONDARY, align="center", z=2.6)
    for node in part.nodes:
        _add(
            pen,
            Circle(
                (x + node.x, y + node.y),
                node.radius,
                facecolor=style.ACCENT,
                edgecolor=style.PAPER,
                linewidth=1.2 * pen.scale,
                zorder=3,
            ),
        )
        pen.block(x + node.label_x, y + node.label_y, node.lines, align=node.align)


def _add(pen: Pen, patch: Any) -> None:
    patch.set_clip_on(False)
    pen.axes.add_patch(patch)
