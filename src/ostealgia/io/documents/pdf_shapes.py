"""Signs told by their shape: fonts of signs whose table of letters is wrong or absent.

Journals set before about 2015 print "=", "<" and the minus sign from fonts that say "¼", "," and nothing at all. What is
printed can still be told by the box around the ink: a minus sign is flat, a quarter is not.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

_TALL, _WIDE = 0.68, 0.5
_AS_DIGITS = {"1": "+", "3": "×", "4": "÷", "5": "=", "6": "±", "$": "≥", "#": "≤"}
_AS_POINTS = {",": "<", ".": ">"}
_AS_LETTERS: dict[str, tuple[float, float, str]] = {
    "¼": (0.0, 0.6, "="),
    "À": (0.0, 0.3, "−"),
    "þ": (0.8, 1.25, "+"),
    "Â": (0.8, 1.15, "×"),
    "Æ": (0.95, 1.4, "±"),
    "ð": (2.0, 9.0, "("),
    "Þ": (2.0, 9.0, ")"),
    "½": (2.0, 9.0, "["),
    "¾": (2.0, 9.0, "]"),
}
"""Height by width of the ink of the sign that such a font prints in place of a letter, and that sign."""


def shape_reader(handle: Any, raw: Any) -> Callable[[int, str, float, float, bool], str]:
    """A function of (index, sign or "", width, height of its font's box, whether the line stands sideways) that gives the sign printed.

    "" stands for a character without a meaning; the answer is then a minus sign where the ink is flat, "" without ink, else U+FFFD.
    """
    ends = [ctypes.c_double() for _ in range(4)]
    left, right, bottom, top = ends
    places = [ctypes.byref(end) for end in ends]

    def ink(index: int, sideways: bool) -> tuple[float, float]:
        if not raw.FPDFText_GetCharBox(handle, index, *places):
            return 0.0, 0.0
        across, tall = right.value - left.value, top.value - bottom.value
        return (tall, across) if sideways else (across, tall)

    def read(index: int, sign: str, width: float, height: float, sideways: bool = False) -> str:
        if sign in _AS_POINTS:
            across, tall = ink(index, sideways) if width > _WIDE * height else (0.0, 0.0)
            return _AS_POINTS[sign] if tall > 0.4 * height and across > 0.4 * height else sign
        if sign in _AS_LETTERS:
            across, tall = ink(index, sideways)
            least, most, meant = _AS_LETTERS[sign]
            return meant if across > 0 and tall > 0 and least <= tall / across <= most else sign
        if sign:
            across, tall = ink(index, sideways) if width > _TALL * height else (0.0, height)
            if 0 < tall < 0.2 * across:
                return "−"
            return _AS_DIGITS.get(sign, sign) if 0 < tall < _TALL * height else sign
        across, tall = ink(index, sideways)
        if across <= 0 or tall <= 0:
            return ""
        return "−" if tall < 0.25 * across else "\ufffd"

    return read


SUSPECTS = frozenset("".join(_AS_DIGITS) + "2" + "".join(_AS_POINTS) + "".join(_AS_LETTERS))
"""Signs that such fonts print as others."""
