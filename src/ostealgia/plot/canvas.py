"""A sheet measured in points, with text that is measured before it is placed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from ostealgia.plot import style
from ostealgia.plot.letters import families

SCREEN_DPI = 96


@contextmanager
def house_style() -> Iterator[None]:
    """The settings of `style.rc` for a block; a letter that no font has is drawn as a box without a warning."""
    style.register_fonts()
    with mpl.rc_context(cast(Any, style.rc())), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


def root_figure(axes: Any) -> Any:
    """The whole figure that Axes are in, also from within a subfigure."""
    figure = axes.figure
    while getattr(figure, "figure", figure) is not figure:
        figure = figure.figure
    return figure


def size_of(axes: Any) -> tuple[float, float]:
    """Width and height of Axes in points."""
    box, dpi = axes.get_window_extent(), root_figure(axes).dpi
    return box.width * 72 / dpi, box.height * 72 / dpi


class Sheet(Axes):
    """Axes of a figure that was made here: a notebook shows the figure when they are the last value of a cell."""

    name = "ostealgia.sheet"

    def _repr_png_(self) -> bytes:
        from ostealgia.plot.export import figure_png

        return figure_png(root_figure(self))


def new_sheet(width: float, height: float, rect: tuple[float, float, float, float] = (0, 0, 1, 1)) -> Sheet:
    """Axes on a new figure of this size in points, unknown to pyplot (nothing is shown, nothing stays in memory)."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=SCREEN_DPI)
    FigureCanvasAgg(figure)
    sheet = Sheet(figure, rect)
    figure.add_axes(sheet)
    return sheet


@lru_cache(maxsize=20_000)
def text_width(text: str, size: float = style.BODY, bold: bool = False) -> float:
    """Width of one line in points, as it is drawn in a vector file.

    >>> text_width("0123456789") == text_width("1111111111")
    True
    """
    if not text:
        return 0.0
    with house_style():
        width, _, _ = text_to_path.get_text_width_height_descent(
            text, style.font(size, bold=bold, families=families(text)), False
        )
    return float(width)


def wrap(text: str, width: float, size: float = style.BODY, bold: bool = False) -> tuple[str, ...]:
    """Lines no wider than ``width`` points, broken between words, or inside a word that is too long for a line.

    >>> wrap("Hartung and Knapp", 50.0)
    ('Hartung', 'and Knapp')
    """
    lines: list[str] = []
    line = ""
    for word in _pieces(text, width, size, bold):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, size, bold) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return (*lines, line) if line else tuple(lines) or ("",)


def _pieces(text: str, width: float, size: float, bold: bool) -> Iterator[str]:
    for word in re.split(r"[ \t\r\n\f\v]+", text.strip()):
        while text_width(word, size, bold) > width and len(word) > 1:
            cut = _fitting(word, width, size, bold)
            yield word[:cut]
            word = word[cut:]
        yield word


def _fitting(word: str, width: float, size: float, bold: bool) -> int:
    """How many letters of the word fit, at least one; after a hyphen or slash where there is one."""
    cut = len(word) - 1
    while cut > 1 and text_width(word[:cut], size, bold) > width:
        cut -= 1
    breaks = [i + 1 for i, letter in enumerate(word[:cut]) if letter in "-/–_.,;:" and i + 1 >= cut / 2]
    return breaks[-1] if breaks else cut


class Pen:
    """Draws on Axes whose data coordinates are points from the top left corner, all lengths times ``scale``."""

    def __init__(self, axes: Axes, scale: float = 1.0) -> None:
        self.axes, self.scale = axes, scale

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = style.BODY,
        bold: bool = False,
        colour: str = style.INK,
        align: str = "left",
        url: str | None = None,
        z: float = 5,
    ) -> Text:
        """One line of text, its small letters centred on ``y``."""
        artist = Text(
            x,
            y + 0.33 * size,
            text,
            fontproperties=style.font(size * self.scale, bold=bold, families=families(text)),
            color=colour,
            ha=align,
            va="baseline",
            parse_math=False,
            zorder=z,
            clip_on=False,
        )
        if url:
            artist.set_url(url)
        self.axes.add_artist(artist)
        artist.set_clip_path(None)
        return artist

    def block(self, x: float, y: float, lines: Sequence[str], *, size: float = style.BODY, **options: Any) -> None:
        """Lines below one another, the first centred on ``y``."""
        for i, line in enumerate(lines):
            if line:
                self.text(x, y + i * leading(size), line, size=size, **options)

    def line(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        *,
        width: float = 0.75,
        colour: str = style.INK,
        z: float = 2,
        **options: Any,
    ) -> Line2D:
        """A line through the points, its width in points."""
        artist = Line2D(xs, ys, linewidth=width * self.scale, color=colour, zorder=z, clip_on=False, **options)
        self.axes.add_artist(artist)
        artist.set_clip_path(None)
        return artist

    def mark(
        self,
        x: float,
        y: float,
        shape: Any,
        *,
        size: float,
        colour: str,
        z: float = 4,
        url: str | None = None,
        **options: Any,
    ) -> None:
        """One marker of this size (side or diameter) in points."""
        artist = Line2D(
            [x],
            [y],
            marker=shape,
            markersize=size * self.scale,
            markerfacecolor=colour,
            linestyle="none",
            zorder=z,
            clip_on=False,
            **{"markeredgecolor": "none", "markeredgewidth": 0, **options},
        )
        if url:
            artist.set_url(url)
        self.axes.add_artist(artist)
        artist.set_clip_path(None)

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str = style.PAPER, edge: str = "none", line: float = 0.75,
        url: str | None = None, z: float = 2, **options: Any,
    ) -> None:  # fmt: skip
        """A rectangle from its top left corner."""
        artist = Rectangle(
            (x, y),
            width,
            height,
            facecolor=fill,
            edgecolor=edge,
            linewidth=line * self.scale,
            zorder=z,
            clip_on=False,
            **options,
        )
        if url:
            artist.set_url(url)
        self.axes.add_artist(artist)
        artist.set_clip_path(None)


def leading(size: float) -> float:
    """Distance from line to line."""
    return style.LEADING * size


def on_points(ax: Any, width: float, height: float) -> tuple[Any, Pen]:
    """Axes without spines whose coordinates are points from the top left corner, and a pen for them.

    ax : Axes to draw in, everything alike smaller where they are too small; None makes a figure of ``width`` by ``height`` points.
    """
    scale = 1.0
    if ax is None:
        ax = new_sheet(width, height)
    else:
        own = size_of(ax)
        scale = min(1.0, own[0] / width, own[1] / height)
        width, height = own[0] / scale, own[1] / scale
    ax.set_xlim(0.0, width)
    ax.set_ylim(height, 0.0)
    ax.set_axis_off()
    return ax, Pen(ax, scale)
