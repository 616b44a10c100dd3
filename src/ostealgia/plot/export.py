"""A figure as SVG text or PNG bytes: the same figure gives the same bytes."""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from ostealgia.options import one_of
from ostealgia.plot.canvas import house_style

PNG_DPI = 200
_FONT_TYPES = {"path": "path", "none": "none"}


def figure_svg(figure: Any, *, text: str = "path") -> str:
    """The figure as one SVG document, the same bytes each time.

    figure : a matplotlib Figure, or Axes (then the figure they are in).
    text : "path" draws letters as outlines: the same look everywhere. "none" keeps them as text, small and selectable, for pages
    that carry the family of `ostealgia.plot.style.font_css`.
    Raises OptionError for another ``text``.

    >>> from matplotlib.figure import Figure
    >>> figure_svg(Figure(figsize=(1, 1)))[:5]
    '<?xml'
    """
    one_of("text", text, _FONT_TYPES)
    figure = _figure(figure)
    with house_style(), mpl.rc_context({"svg.fonttype": _FONT_TYPES[text]}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _tidy(buffer.getvalue())


def figure_png(figure: Any, *, dpi: float = PNG_DPI) -> bytes:
    """The figure as PNG, 200 dots an inch unless told otherwise, the same bytes each time.

    >>> from matplotlib.figure import Figure
    >>> figure_png(Figure(figsize=(1, 1)))[1:4]
    b'PNG'
    """
    figure = _figure(figure)
    with house_style():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def _figure(figure: Any) -> Any:
    if isinstance(figure, Figure):
        return figure
    return figure.get_figure(root=True) if hasattr(figure, "get_figure") else figure


def _tidy(svg: str) -> str:
    """Without comments and trailing blanks, with one line end."""
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in svg.split("\n") if line.strip()) + "\n"
