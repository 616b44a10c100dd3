"""Whether a paper writes 0.68 as "0,68", decided for the whole paper, and its numbers with points."""

from __future__ import annotations

import re
from itertools import pairwise

# a comma that can only be a decimal one: 0,68 | 5,3% | 5,3 ± 2,1 | = 5,31
_CERTAIN = re.compile(
    r"(?<![\d.,])(?:-?0,\d{1,4}(?![\d,.]\d|\d)|\d{1,3},\d{1,2}(?=\s?[%±])|(?<=[=<>±]\s)\d{1,3},\d{1,2}(?!\d|,\d"
    r"|\.\d)|(?<=[=<>±])\d{1,3},\d{1,2}(?!\d|,\d|\.\d))"
)
_POINTS = re.compile(r"(?<![\d.,/])\d{1,4}\.\d{1,5}(?![\d.,/]\d|\d)")
_POINTS_OF_THOUSANDS = re.compile(r"(?<![\d.,/])[1-9]\d{0,2}\.\d{3}(?![\d.]|,\d{3})")
_COMMA_NUMBER = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+|\d+),(\d{1,6})(?!\d|,\d|\.\d)")
_POINT_NUMBER = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:\.\d{3})+(?![\d.,]\d|\d)")
_EITHER = re.compile(rf"(?P<comma>{_COMMA_NUMBER.pattern})|{_POINT_NUMBER.pattern}")
_BRACKETS = re.compile(r"\[[\d,;\s-]{1,80}\]")
_SWAP = str.maketrans(",.", ".,")


def with_points(plain: str) -> tuple[str, str | None]:
    """(the text with points in its numbers where the paper writes decimal commas, a note or None), at the same length.

    The whole paper is one or the other: at least three numbers must be impossible as anything but decimal commas, and
    they must be three times as many as those with a decimal point.

    >>> with_points("OR 0,68 (0,51-0,91), p = 0,009, n = 1.024")[0]
    'OR 0.68 (0.51-0.91), p = 0.009, n = 1,024'
    >>> with_points("OR 1,956 (1,005-3,806), p = 0,048, 61,2% or 0,61, 43,3%, n = 1.024")[0]
    'OR 1.956 (1.005-3.806), p = 0.048, 61.2% or 0.61, 43.3%, n = 1,024'
    >>> with_points("2,774 patients, OR 0.68")
    ('2,774 patients, OR 0.68', None)
    """
    if "," not in plain:
        return plain, None
    certain = len(_CERTAIN.findall(plain))
    if certain < 3:
        return plain, None
    points = len(_POINTS.findall(plain)) - len(_POINTS_OF_THOUSANDS.findall(plain))
    if certain <= 3 * points:
        return plain, None
    cited = [(match.start(), match.end()) for match in _BRACKETS.finditer(plain) if _is_citation(match[0])]
    found = 0

    def swap(match: re.Match[str]) -> str:
        nonlocal found
        if match["comma"] is None:
            return match[0].replace(".", ",")
        if any(start <= match.start() < end for start, end in cited):
            return match[0]
        found += 1
        return match[0].translate(_SWAP)

    plain = _EITHER.sub(swap, plain)  # in one go: "1,956" becomes "1.956", which is no thousand then
    return plain, f"the paper writes decimal commas: {found} numbers were read with a point"


def _is_citation(words: str) -> bool:
    """Whole numbers in rising order, none of which begins with 0."""
    parts = re.findall(r"\d+", words)
    if any(part.startswith("0") for part in parts):
        return False
    values = [int(part) for part in parts]
    return all(a < b for a, b in pairwise(values))
