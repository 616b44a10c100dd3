"""The one style of every figure: type, sizes, colours. Nothing global is changed.

Lengths are in points (1/72 inch); a page shows them as CSS points, so that 16.5 pt is a row of 22 px.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from importlib import resources
from typing import Any

FAMILY = "Ostealgia Sans"
FAMILIES = (FAMILY, "DejaVu Sans")  # the second, which matplotlib brings, for letters the first has not

# type
BODY = 10.5
SMALL = 9.0
TITLE = 12.5
LEADING = 1.28

# a row of a table, in points
ROW = 16.5
MARGIN = 8.0

# colours, the same as in pages
INK = "#1b1f24"
SECONDARY = "#57606a"
RULE = "#d0d7de"
PAPER = "#ffffff"
ACCENT = "#0b5fa5"
MARK = "#8c959f"  # squares of studies: 3:1 on paper, and the interval stays visible on top
GOOD, QUIET, WARN, BAD = "#38694f", "#57606a", "#8a5600", "#b43e00"

# Okabe and Ito's palette (2008, "Color universal design"), dark enough on paper, at most five groups
GROUPS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")

_FACES = {"Regular": (400, "normal"), "Bold": (600, "normal"), "Italic": (400, "italic")}


def font_bytes(face: str, suffix: str = "ttf") -> bytes:
    """One of the bundled font files ("Regular", "Bold", "Italic") as "ttf" or "woff2".

    >>> font_bytes("Regular", "woff2")[:4]
    b'wOF2'
    """
    return _font_file(face, suffix).read_bytes()


def _font_file(face: str, suffix: str) -> Any:
    return resources.files("ostealgia").joinpath("data", "fonts", f"OstealgiaSans-{face}.{suffix}")


@lru_cache(maxsize=2)
def font_css(italic: bool = True) -> str:
    """The bundled family as @font-face rules with data: addresses, for pages that need no network.

    Weights 400 and 600, and 400 italic; figures are tabular by default. About 115 kB.

    >>> font_css().count("@font-face")
    3
    """
    rules = []
    for face, (weight, slant) in _FACES.items():
        if slant == "italic" and not italic:
            continue
        data = base64.b64encode(font_bytes(face, "woff2")).decode("ascii")
        rules.append(
            f'@font-face{{font-family:"{FAMILY}";font-style:{slant};font-weight:{weight};font-display:swap;'
            f'src:url("data:font/woff2;base64,{data}") format("woff2")}}'
        )
    return "\n".join(rules)


@lru_cache(maxsize=1)
def register_fonts() -> None:
    """Make the bundled family known to matplotlib; done once, at the first figure."""
    from matplotlib import font_manager

    for face in _FACES:
        with resources.as_file(_font_file(face, "ttf")) as path:
            font_manager.fontManager.addfont(path)


@lru_cache(maxsize=64)
def font(size: float = BODY, *, bold: bool = False, italic: bool = False, families: tuple[str, ...] = FAMILIES) -> Any:
    """matplotlib FontProperties of the bundled family at this size in points; ``families`` adds others for letters it lacks."""
    from matplotlib.font_manager import FontProperties

    register_fonts()
    return FontProperties(
        family=list(families),
        size=size,
        weight="bold" if bold else "normal",
        style="italic" if italic else "normal",
    )


def rc() -> dict[str, Any]:
    """Settings for ``matplotlib.rc_context``: what is drawn and saved is then the same on every machine."""
    return {
        "font.family": list(FAMILIES),
        "font.size": BODY,
        "text.color": INK,
        "text.parse_math": False,
        "text.usetex": False,
        "text.hinting": "no_hinting",
        "text.antialiased": True,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.75,
        "axes.facecolor": PAPER,
        "axes.unicode_minus": True,
        "axes.grid": False,
        "axes.axisbelow": True,
        "axes.prop_cycle": _cycle(),
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "savefig.bbox": None,
        "figure.autolayout": False,
        "figure.constrained_layout.use": False,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.direction": "out",
        "ytick.direction": "out",
        "lines.linewidth": 1.0,
        "lines.solid_capstyle": "butt",
        "patch.linewidth": 0.0,
        "path.simplify": True,
        "path.sketch": None,
        "svg.fonttype": "path",
        "svg.hashsalt": "ostealgia",
        "svg.image_inline": True,
    }


def _cycle() -> Any:
    from cycler import cycler

    return cycler(color=list(GROUPS))
