"""Values of a measure as text: its digits, its per cent sign, its intervals."""

from __future__ import annotations

import math

from ostealgia import display
from ostealgia.tables.measures import Measure


def measure_text(measure: Measure, value: float, *, digits: int | None = None, typographic: bool = False) -> str:
    """A value on the reported scale of a measure, in its digits.

    >>> from ostealgia.tables.measures import MEASURES
    >>> measure_text(MEASURES["PLO"], 0.7863), measure_text(MEASURES["OR"], 0.984)
    ('78.6%', '0.98')
    """
    if measure.percent:
        return display.percent(value, 1 if digits is None else digits, typographic=typographic)
    return display.number(value, measure.digits if digits is None else digits, typographic=typographic)


def measure_interval(
    measure: Measure, low: float, high: float, *, digits: int | None = None, typographic: bool = False
) -> str:
    """An interval on the reported scale of a measure, the per cent sign once; "no interval" where there is none.

    >>> from ostealgia.tables.measures import MEASURES
    >>> measure_interval(MEASURES["PLO"], 0.732, 0.832), measure_interval(MEASURES["OR"], math.nan, math.nan)
    ('73.2 to 83.2%', 'no interval')
    """
    if math.isnan(low) and math.isnan(high):
        return "no interval"
    left, right = (measure_text(measure, value, digits=digits, typographic=typographic) for value in (low, high))
    return f"{left.removesuffix('%')} to {right}"
