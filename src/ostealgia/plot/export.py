"""A figure as SVG text or PNG bytes: the same figure gives the same bytes."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from ostealgia.options import one_of
from ostealgia.plot.canvas import house_style, root_figure
from ostealgia.plot.letters import drawn_with_fallback, missing_in, missing_note


class MissingLetters(UserWarning):
    """A figure has letters that no installed font can draw."""


PNG_DPI = 200
MOST_PIXELS = 30_000
_FONT_TYPES = {"path": "path", "none": "none"}


def figure_svg(figure: Any, *, text: str = "path") -> str:
    """The figure as one SVG document, the same bytes each time.

    figure : a matplotlib Figure, or Axes (then the figure they are in).
    text : "path" draws letters as outlines: the same look everywhere. "none" keeps them as text, small and selectable,
    for pages that carry the family of `ostealgia.plot.style.font_css`. A text with letters that no installed font has stays text, so
    that the reader's fonts can show it.
    Raises OptionError for another ``text``.

    >>> from matplotlib.figure import Figure
    >>> figure_svg(Figure(figsize=(1, 1)))[:5]
    '<?xml'
    """
    one_of("text", text, _FONT_TYPES)
    figure = _figure(figure)
    with house_style(), drawn_with_fallback(figure, as_text=True), mpl.rc_context({"svg.fonttype": _FONT_TYPES[text]}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _tidy(buffer.getvalue())


def figure_png(figure: Any, *, dpi: float = PNG_DPI) -> bytes:
    """The figure as PNG, 200 dots an inch unless told otherwise, the same bytes each time.

    Fewer dots where a side would have more than 30,000 of them. Letters that no installed font has are boxes, and a ``MissingLetters``
    warning names them.

    >>> from matplotlib.figure import Figure
    >>> figure_png(Figure(figsize=(1, 1)))[1:4]
    b'PNG'
    """
    figure = _figure(figure)
    dpi = min(dpi, MOST_PIXELS / max(figure.get_size_inches()))
    missing = missing_in(figure)
    if missing:
        warnings.warn(missing_note(missing), MissingLetters, stacklevel=2)
    with house_style(), drawn_with_fallback(figure, as_text=False):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None}, pil_kwargs={"compress_level": 4})
    return buffer.getvalue()


def _figure(figure: Any) -> Any:
    if isinstance(figure, Figure):
        return figure
    return root_figure(figure)


_AUTOMATIC = re.compile(r'<g id="(?!patch_1")(?:figure|axes|patch|line2d|text|[xy]tick|matplotlib\.axis|[A-Z]\w*)_\d+"')
_GLYPH = re.compile(r'(#|id=")(OstealgiaSans-(?:Regular|Bold|Italic)|DejaVuSans(?:-\w+)?)-([0-9a-f]+)"')
_SHIFT = re.compile(r'transform="translate\((-?[\d.]+)(?: 0)?\)"/>')
_SHORT = {"OstealgiaSans-Regular": "r", "OstealgiaSans-Bold": "b", "OstealgiaSans-Italic": "i"}


def _tidy(svg: str) -> str:
    """Half as long and drawn alike: no comments, no automatic ids of groups, short names of letters."""
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = _AUTOMATIC.sub("<g", svg)
    svg = _GLYPH.sub(lambda found: f'{found[1]}{_SHORT.get(found[2], found[2])}-{found[3]}"', svg)
    svg = _SHIFT.sub(lambda found: f'x="{float(found[1]):.2f}"/>', svg)
    return "\n".join(line.strip() for line in svg.split("\n") if line.strip()) + "\n"
