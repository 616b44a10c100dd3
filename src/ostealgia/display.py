"""How numbers are written: one place for digits, minus signs and intervals."""

from __future__ import annotations

import math

MINUS = "\u2212"


def number(value: float | None, digits: int = 2, *, typographic: bool = False) -> str:
    """A number with a fixed count of decimals; "-" where it is missing.

    typographic : a true minus (U+2212), for HTML, figures and Word; ASCII in the terminal and in CSV.

    >>> number(-4.383, 2), number(0.0004, 2), number(float("nan"))
    ('-4.38', '0.00', '-')
    """
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        text = "inf" if value > 0 else "-inf"
    else:
        text = f"{value:,.{digits}f}"
        if float(text.replace(",", "")) == 0:
            text = text.lstrip("-")
    return text.replace("-", MINUS).replace("inf", "\u221e") if typographic else text


def percent(value: float | None, digits: int = 0, *, typographic: bool = False) -> str:
    """A proportion as per cent, no space before the sign.

    >>> percent(0.7863), percent(0.0088, 1)
    ('79%', '0.9%')
    """
    if value is None or math.isnan(value):
        return "-"
    return number(100 * value, digits, typographic=typographic) + "%"


def p_value(value: float | None) -> str:
    """P as 0.012, or < 0.001.

    >>> p_value(0.0121), p_value(0.00001)
    ('0.012', '< 0.001')
    """
    if value is None or math.isnan(value):
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def p_text(value: float | None) -> str:
    """P with its sign: "P = 0.012", "P < 0.001".

    >>> p_text(0.0121), p_text(0.00001)
    ('P = 0.012', 'P < 0.001')
    """
    text = p_value(value)
    return f"P {text}" if text.startswith("<") else f"P = {text}"


def level_text(level: float) -> str:
    """A confidence level, given as a proportion, as per cent.

    >>> level_text(0.95), level_text(0.995)
    ('95%', '99.5%')
    """
    return f"{100 * level:.10g}%"


def count_of(number: int, one: str, many: str) -> str:
    """A number with its noun.

    >>> count_of(1, "study", "studies"), count_of(3, "study", "studies")
    ('1 study', '3 studies')
    """
    return f"{number} {one if number == 1 else many}"


def capital(text: str) -> str:
    """The text with a capital first letter, the others as they are.

    >>> capital("log odds ratio")
    'Log odds ratio'
    """
    return text[:1].upper() + text[1:]


def interval(low: float | None, high: float | None, digits: int = 2, *, typographic: bool = False) -> str:
    """An interval as "73 to 83".

    >>> interval(-5.025, -3.741, 1)
    '-5.0 to -3.7'
    """
    return f"{number(low, digits, typographic=typographic)} to {number(high, digits, typographic=typographic)}"
