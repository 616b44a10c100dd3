"""Numbers of a table: enough digits, a true minus, and padding that puts the decimal points below one another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ostealgia import display
from ostealgia.tables.measures import Measure

FIGURE_SPACE = "\u2007"  # as wide as a figure
POINT_SPACE = "\u2008"  # as wide as a full stop
MISSING = "–"


def effect_digits(measure: Measure, lows: ArrayLike, highs: ArrayLike, estimate: float = math.nan) -> int:
    """Decimals that the data carry: 2 for ratios; 0, 1 or 2 by how wide the intervals are for others.

    >>> from ostealgia.tables.measures import MEASURES
    >>> effect_digits(MEASURES["MD"], [-30.0], [20.0]), effect_digits(MEASURES["OR"], [0.1], [9.0])
    (0, 2)
    """
    if measure.ratio:
        return measure.digits
    width = np.asarray(highs, dtype=float) - np.asarray(lows, dtype=float)
    width = width[np.isfinite(width)]
    typical = float(np.median(width)) if len(width) else 1.0
    if measure.percent:
        return 1 if 100 * typical < 3 or 0 <= estimate < 0.095 else 0
    if typical <= 0:
        return measure.digits
    return max(0, min(max(measure.digits, 2), 1 - math.floor(math.log10(typical / 4))))


def effect_text(value: float, digits: int, measure: Measure) -> str:
    """One effect on the reported scale; a ratio that rounds to nothing has one decimal more, from 100 on it has none.

    >>> from ostealgia.tables.measures import MEASURES
    >>> [effect_text(value, 2, MEASURES["OR"]) for value in (0.0012, 0.5, 321.4)]
    ['0.001', '0.50', '321']
    >>> effect_text(-4.383, 1, MEASURES["MD"]), effect_text(0.786, 0, MEASURES["PLO"])
    ('−4.4', '79')
    """
    if math.isnan(value):
        return MISSING
    if measure.percent:
        return display.number(100 * value, digits, typographic=True)
    if measure.ratio and math.isfinite(value):
        if 0 < value < 0.5 * 10.0**-digits:
            finer = 10.0 ** -(digits + 1)
            return f"{value:.{digits + 1}f}" if value >= 0.5 * finer else f"<{finer:.{digits + 1}f}"
        if value >= 100:
            return display.number(value, 0) if value < 99_999.5 else ">99,999"
    return display.number(value, digits, typographic=True)


def count_text(value: float, digits: int = 0) -> str:
    """A count, a person-time or a sum of them, with commas.

    >>> count_text(1210.0), count_text(12.54, 1), count_text(float("nan"))
    ('1,210', '12.5', '–')
    """
    return MISSING if math.isnan(value) else f"{value:,.{digits}f}"


def column_texts(values: ArrayLike, most: int = 2) -> list[str]:
    """A column of measured values, all with as many decimals as the longest needs, at most ``most``.

    >>> column_texts([6, 5.6, float("nan")])
    ['6.0', '5.6', '–']
    """
    numbers = np.asarray(values, dtype=float)
    finite = numbers[np.isfinite(numbers)]
    digits = next((d for d in range(most) if np.all(np.abs(np.round(finite, d) - finite) < 1e-9)), most)
    if len(finite) and np.min(np.abs(finite)) >= 100:
        digits = min(digits, 1)
    return [display.number(v, digits, typographic=True) if math.isfinite(v) else MISSING for v in numbers]


def aligned(texts: Sequence[str]) -> list[str]:
    """The texts padded with figure and punctuation spaces to one width, decimal points below one another.

    >>> [text.strip() for text in aligned(["−4.4", "12"])], {len(text) for text in aligned(["−4.4", "12"])}
    (['−4.4', '12'], {4})
    """
    parts = [text.partition(".") for text in texts]
    before = max((len(whole) - whole.count(",") for whole, _, _ in parts), default=0)
    commas = max((whole.count(",") for whole, _, _ in parts), default=0)
    after = max((len(rest) for _, _, rest in parts), default=0)
    padded: list[str] = []
    for whole, point, rest in parts:
        own = whole.count(",")
        left = FIGURE_SPACE * (before - len(whole) + own) + POINT_SPACE * (commas - own)
        right = (POINT_SPACE if after and not point else "") + FIGURE_SPACE * (after - len(rest))
        padded.append(left + whole + point + rest + right)
    return padded
