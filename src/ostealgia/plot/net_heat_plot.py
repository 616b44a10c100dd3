"""The net heat plot: designs that contradict one another, and through which evidence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from ostealgia import display
from ostealgia.display import p_text
from ostealgia.errors import OptionError
from ostealgia.plot import style
from ostealgia.plot.canvas import Pen, house_style, leading, new_sheet, size_of, text_width, wrap

CELL = 26.0
GAP = 12.0
LEGEND = 132.0
MOST_LABEL = 240.0
FULL_AT = (1.0, 8.0)  # the colours are full at the largest change, held inside these limits


def net_heat(fit: Any, *, ax: Any = None, model: str = "common", title: str | None = None) -> Any:
    """Which designs drive the inconsistency of a network, and against which others?

    fit : NetworkResult, or its ``net_heat()``.  model : "common" or "random", see ``NetworkResult.net_heat``.
    ax : Axes to draw in, smaller where they are too small; None makes a figure of its own size.
    Grey squares: area is how much of the row's network estimate comes from the column's direct evidence. Colours: on the diagonal the
    contribution of a design to Q between designs; elsewhere what the row's contribution loses (warm) or gains (cool) when the column's
    design is given effects of its own. Warm crosses name the designs that disagree.
    Returns the Axes.  Source: Krahn, Binder & Koenig 2013, doi:10.1186/1471-2288-13-35.

    >>> from ostealgia.network import fit
    >>> data = {"study": list("ABC"), "treat1": list("xyx"), "treat2": list("yzz"), "estimate": [1.0, 2.0, 3.3], "std_error": [0.5] * 3}
    >>> ax = net_heat(fit(data))
    >>> len(ax.patches) >= 18
    True
    """
    heat = _heat_of(fit, model)
    names = [f"{label} ({k})" for label, k in zip(heat.labels, heat.k, strict=True)]
    with house_style():
        rows = [wrap(name, MOST_LABEL) for name in names]
        left = style.MARGIN + 18.0 + max(text_width(line) for lines in rows for line in lines) + GAP
        size = CELL * len(rows)
        top = style.MARGIN + (leading(style.TITLE) + 6.0 if title else 0.0) + 18.0
        width = max(left + size + GAP + 32.0, left + LEGEND) + style.MARGIN
        words = _words(heat, width - 2 * style.MARGIN)
        height = top + size + 44.0 + len(words) * leading(style.SMALL) + style.MARGIN
        scale = 1.0
        if ax is None:
            ax = new_sheet(width, height)
        else:
            own = size_of(ax)
            scale = min(1.0, own[0] / width, own[1] / height)
            width, height = own[0] / scale, own[1] / scale
        ax.set_axis_off()
        ax.set_autoscale_on(False)
        ax.set_xlim(0, width)
        ax.set_ylim(height, 0)
        pen = Pen(ax, scale)
        if title:
            pen.text(style.MARGIN, style.MARGIN + 0.5 * leading(style.TITLE), title, size=style.TITLE, bold=True)
        full = float(np.clip(np.abs(heat.change).max(), *FULL_AT))
        _matrix(pen, heat, rows, left, top, full)
        _legend(pen, left, top + size + 16.0, full, float(np.abs(heat.change).max()) > full)
        pen.block(style.MARGIN, top + size + 48.0, words, size=style.SMALL, colour=style.SECONDARY)
    return ax


def _heat_of(fit: Any, model: str) -> Any:
    if hasattr(fit, "change") and hasattr(fit, "hat"):
        return fit
    if hasattr(fit, "net_heat"):
        return fit.net_heat(model=model)
    raise OptionError(f"net_heat draws a NetworkResult or its net_heat(); found {type(fit).__name__}.")


def _matrix(pen: Pen, heat: Any, rows: list[tuple[str, ...]], left: float, top: float, full: float) -> None:
    """Cells, their squares, the names at the left, numbers above, contributions at the right."""
    size = CELL * len(rows)
    for i, lines in enumerate(rows):
        y = top + CELL * (i + 0.5)
        pen.text(style.MARGIN + 12.0, y, str(i + 1), bold=True, align="right")
        first = y - 0.5 * (len(lines) - 1) * leading(style.BODY)
        pen.block(style.MARGIN + 18.0, first, lines)
        pen.text(left + CELL * (i + 0.5), top - 9.0, str(i + 1), bold=True, align="center")
        value = display.number(float(heat.contribution[i]), 2, typographic=True)
        pen.text(left + size + GAP + 26.0, y, value, align="right")
        for j in range(len(rows)):
            x0, y0 = left + CELL * j, top + CELL * i
            _box(pen, x0, y0, CELL, CELL, _colour(float(heat.change[i, j]) / full))
            side = (CELL - 4.0) * math.sqrt(min(1.0, abs(float(heat.hat[i, j]))))
            _box(pen, x0 + 0.5 * (CELL - side), y0 + 0.5 * (CELL - side), side, side, style.MARK, z=2.5)
    pen.text(left + size + GAP + 26.0, top - 9.0, "Q", align="right", colour=style.SECONDARY)
    for at in range(len(rows) + 1):
        pen.line([left, left + size], [top + CELL * at] * 2, width=0.5, colour=style.RULE, z=3)
        pen.line([left + CELL * at] * 2, [top, top + size], width=0.5, colour=style.RULE, z=3)


def _box(pen: Pen, x: float, y: float, width: float, height: float, colour: Any, z: float = 1) -> None:
    pen.axes.add_patch(
        Rectangle((x, y), width, height, facecolor=colour, edgecolor="none", linewidth=0, zorder=z, clip_on=False)
    )


def _colour(share: float) -> tuple[float, float, float]:
    """White at 0, vermilion at 1, the accent at -1."""
    end = np.array(to_rgb(style.BAD if share > 0 else style.ACCENT))
    red, green, blue = (1.0 - min(1.0, abs(share)) * (1.0 - end)).tolist()
    return red, green, blue


def _legend(pen: Pen, x: float, y: float, full: float, beyond: bool) -> None:
    """The scale of colours with its two ends and zero."""
    steps = 44
    for i in range(steps):
        share = 2.0 * (i + 0.5) / steps - 1.0
        _box(pen, x + LEGEND * i / steps, y, LEGEND / steps + 0.2, 8.0, _colour(share))
    for share, align in ((-1.0, "left"), (0.0, "center"), (1.0, "right")):
        value = display.number(share * full, 1, typographic=True) if share else "0"
        if beyond and share:
            value = ("\u2265 " if share > 0 else "\u2264 ") + value
        pen.text(x + LEGEND * (share + 1) / 2, y + 16.0, value, size=style.SMALL, colour=style.SECONDARY, align=align)


def _words(heat: Any, width: float) -> list[str]:
    """What the squares and colours are, and the test."""
    effects = "random effects" if heat.model == "random" else "common effect"
    text = (
        f"Q between designs {display.number(heat.q, 2)}, df {heat.df}, {p_text(heat.p_value)} ({effects}). "
        "Grey: how much of the row\u2019s estimate comes from the column\u2019s design. "
        "Colour on the diagonal: the design\u2019s part of Q; elsewhere: what the row\u2019s part loses (warm) or gains (cool) "
        "when the column\u2019s design is given effects of its own. In brackets: studies."
    )
    return list(wrap(text, width, style.SMALL))
