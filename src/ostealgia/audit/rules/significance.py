"""What several rules share: P as an interval, and on which side of the significance level it lies."""

from __future__ import annotations

import math

from scipy import special

from ostealgia.numerics.intervals import Interval, Printed
from ostealgia.options import confidence_level

ALPHA = 0.05


def p_range(printed: Printed) -> Interval:
    """Every P that may stand behind the print, inside 0 to 1."""
    return printed.interval().clip(0.0, 1.0)


def side(p: Interval, alpha: float = ALPHA) -> str:
    """ "below", "above", or "either" where the interval holds the level.

    >>> side(Interval(0.02, 0.03)), side(Interval(0.049, 0.051))
    ('below', 'either')
    """
    if p.high < alpha:
        return "below"
    return "above" if p.low >= alpha else "either"


def changes(shown: Interval, recomputed: Interval, alpha: float = ALPHA) -> bool:
    """Whether the two lie on different sides of the significance level."""
    return {side(shown, alpha), side(recomputed, alpha)} == {"below", "above"}


def quantile(level: float) -> float:
    """The normal quantile of a two-sided level: 1.96 for 0.95."""
    return float(special.ndtri(0.5 + confidence_level(level) / 2))


def decimals_for(value: float, digits: int = 3) -> int:
    """Places that show a value to that many significant digits."""
    return 3 if value == 0 or not math.isfinite(value) else max(0, digits - 1 - math.floor(math.log10(abs(value))))


def show(value: float, digits: int = 3) -> str:
    """A value to some significant digits; an exponent only below 0.0001.

    >>> show(0.00041234), show(49.99), show(188127.63)
    ('0.000412', '50.0', '188128')
    """
    if not math.isfinite(value):
        return "not defined" if math.isnan(value) else "infinity" if value > 0 else "minus infinity"
    if 0 < abs(value) < 1e-4:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{decimals_for(value, digits)}f}"


def show_range(values: Interval, digits: int = 3) -> str:
    """An interval as "0.0253 to 0.0414"."""
    return f"{show(values.low, digits)} to {show(values.high, digits)}"
