"""How numbers are written: one place for digits, minus signs and intervals."""

from __future__ import annotations

import math

MINUS = "\u2212"
SCIENTIFIC_FROM = 1e7  # with decimals; whole numbers (digits=0, counts) from 1e12
_SUPERSCRIPT = str.maketrans("0123456789-", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b")


def number(value: float | None, digits: int = 2, *, typographic: bool = False) -> str:
    """A number with a fixed count of decimals; "-" where it is missing.

    typographic : a true minus (U+2212), for HTML, figures and Word; ASCII in the terminal and in CSV. A number that is too large to
    be read digit by digit is written in scientific form.

    >>> number(-4.383, 2), number(0.0004, 2), number(float("nan"))
    ('-4.38', '0.00', '-')
    >>> number(188127.63), number(1.2345e17), number(-1.2345e17, typographic=True)
    ('188,127.63', '1.2e+17', '−1.2 × 10¹⁷')
    """
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        text = "inf" if value > 0 else "-inf"
    elif abs(value) >= (1e12 if digits == 0 else SCIENTIFIC_FROM):
        return _scientific(value, typographic)
    else:
        text = f"{value:,.{digits}f}"
        if float(text.replace(",", "")) == 0:
            text = text.lstrip("-")
    return text.replace("-", MINUS).replace("inf", "\u221e") if typographic else text


def _scientific(value: float, typographic: bool) -> str:
    """Two figures and a power of ten: "1.2e+17", or with a raised exponent."""
    text = f"{value:.1e}"
    if not typographic:
        return text
    mantissa, power = text.split("e")
    return f"{mantissa.replace('-', MINUS)} \u00d7 10{str(int(power)).translate(_SUPERSCRIPT)}"


def variance(value: float | None, *, typographic: bool = False) -> str:
    """A variance (tau2) with four decimals, or with two figures where four decimals would show nothing of it.

    >>> variance(0.28221), variance(0.0), variance(3.2e-7), variance(float("inf")), variance(float("nan"))
    ('0.2822', '0.0000', '3.2e-07', 'infinity', 'not estimable')
    """
    if value is None or math.isnan(value):
        return "not estimable"
    if math.isinf(value):
        return "infinity"
    if 0.0 < abs(value) < 5e-5:
        return _scientific(value, typographic)
    return number(value, 4, typographic=typographic)


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
    """The text with a capital first letter, the others as they are; a word with its own capitals stays.

    >>> capital("log odds ratio"), capital("eGFR of 40")
    ('Log odds ratio', 'eGFR of 40')
    """
    if any(letter.isupper() for letter in text.split(" ", 1)[0][1:]):
        return text
    return text[:1].upper() + text[1:]


def interval(low: float | None, high: float | None, digits: int = 2, *, typographic: bool = False) -> str:
    """An interval as "73 to 83".

    >>> interval(-5.025, -3.741, 1)
    '-5.0 to -3.7'
    """
    return f"{number(low, digits, typographic=typographic)} to {number(high, digits, typographic=typographic)}"
