"""The colours of the page in light and dark, and the dark partner of any colour in a figure.

Okabe-Ito group colours and the inks come from the figures as they are; in dark mode each gets a partner of the same
hue. Lightness is that of OKLab (Ottosson 2020, "A perceptual color space for image processing").
"""

from __future__ import annotations

from ostealgia.plot import style

# name -> (light, dark); text tones reach 4.5:1 on paper and panel in their mode, which a test computes
COLOURS: dict[str, tuple[str, str]] = {
    "paper": (style.PAPER, "#11151a"),
    "panel": ("#f6f8fa", "#181e25"),
    "rule": (style.RULE, "#363f49"),
    "ink": (style.INK, "#e4e8ec"),
    "secondary": (style.SECONDARY, "#a4aeb8"),
    "accent": (style.ACCENT, "#79b8f2"),
    "good": (style.GOOD, "#8fc4a6"),
    "quiet": (style.QUIET, "#a4aeb8"),
    "warn": (style.WARN, "#e3b14f"),
    "bad": (style.BAD, "#ff9b6a"),
    "focus": (style.ACCENT, "#79b8f2"),
}
TEXT: tuple[str, ...] = ("ink", "secondary", "accent", "good", "quiet", "warn", "bad")
GROUND: tuple[str, ...] = ("paper", "panel")

# fills of bars with words on them, or one on another: what is pale on paper is dim in the dark, so that letters and marks stay apart
_FILLS: dict[str, str] = {
    "#86bbe3": "#2b6296", "#dcebf7": "#1d3a52", "#e3e7eb": "#353d46", "#a9cbe8": "#2a5273", "#f3c39c": "#6d4424",
}  # fmt: skip
# figure colours with a fixed partner
_DARK: dict[str, str] = dict(COLOURS.values()) | {"#000000": "#e4e8ec"} | _FILLS

Lab = tuple[float, float, float]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    channel = min(max(channel, 0.0), 1.0)
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def full_hex(colour: str) -> str:
    """A colour as six lower-case digits.

    >>> full_hex("#FFF")
    '#ffffff'
    """
    digits = colour.lstrip("#").lower()
    return "#" + ("".join(2 * digit for digit in digits) if len(digits) == 3 else digits)


def _channels(colour: str) -> list[float]:
    digits = full_hex(colour)[1:]
    return [_linear(int(digits[i : i + 2], 16) / 255) for i in (0, 2, 4)]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2.2 defines it, 1 to 21.

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = _channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_lab(colour: str) -> Lab:
    red, green, blue = _channels(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _from_lab(lab: Lab) -> str:
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(channel)):02x}" for channel in channels)


def dark_partner(colour: str) -> str:
    """The colour that stands for ``colour`` in dark mode: greys and tints turn over, hues are lifted.

    >>> dark_partner("#ffffff"), dark_partner("#1b1f24")
    ('#11151a', '#e4e8ec')
    """
    colour = full_hex(colour)
    if colour in _DARK:
        return _DARK[colour]
    lightness, a, b = _to_lab(colour)
    grey = (a * a + b * b) ** 0.5 < 0.03
    if grey or lightness > 0.9:
        turned = 0.19 + 0.74 * (1 - lightness)
        turned = max(turned, 0.6) if lightness < 0.75 else turned  # a mid grey is a mark, which must stay visible
        return _from_lab((turned, 0.6 * a, 0.6 * b))
    return _from_lab((max(lightness, 0.7), 0.9 * a, 0.9 * b))


def variables() -> str:
    """The colours as CSS custom properties, light first, then dark on screens only (print stays light)."""
    light = "".join(f"--{name}:{pair[0]};" for name, pair in COLOURS.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in COLOURS.items())
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def figure_variables(colours: set[str]) -> str:
    """Custom properties for the colours that occur in figures (``--x1b1f24``), with their dark partners.

    >>> figure_variables(set())
    ''
    """
    if not colours:
        return ""
    names = sorted(full_hex(colour) for colour in colours)
    light = "".join(f"--x{name[1:]}:{name};" for name in names)
    dark = "".join(f"--x{name[1:]}:{dark_partner(name)};" for name in names)
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
