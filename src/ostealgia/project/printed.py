"""Printed numbers in a project: from TOML and cells, to text, and the counts that a printed per cent leaves open."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ostealgia import display
from ostealgia.numerics.intervals import Printed

_PLAIN = {"=": "", "~": "about "}


def read(found: Any) -> Printed:
    """A printed number from a TOML number (a Decimal keeps its zeros) or text; ValueError where it is none.

    >>> read(Decimal("-5.0")).decimals, read("< 0.001").relation, read(79).decimals
    (1, '<', 0)
    """
    if isinstance(found, Printed):
        return found
    if isinstance(found, bool) or not isinstance(found, (int, float, str, Decimal)):
        raise ValueError(f"{found!r} is not a number")
    return Printed.parse(f"{found:f}" if isinstance(found, Decimal) else str(found))


def with_decimals(printed: Printed, decimals: int | None) -> Printed:
    """The same number with another count of printed decimals (None leaves it)."""
    return printed if decimals is None else replace(printed, decimals=decimals)


def shown(printed: Printed, *, typographic: bool = False) -> str:
    """The number as printed.

    >>> shown(read(Decimal("-4.40"))), shown(read("<0.001"))
    ('-4.40', '< 0.001')
    """
    number = f"{printed.value:.{max(printed.decimals, 0)}f}"
    if typographic:
        number = number.replace("-", display.MINUS)
    return f"{_PLAIN.get(printed.relation, printed.relation + ' ')}{number}"


def agrees(printed: Printed, recomputed: float) -> bool:
    """Whether the recomputed value rounds to the print (a half may go either way), or keeps its bound.

    >>> agrees(read(79), 78.63), agrees(read(79), 79.6), agrees(read("<0.001"), 0.0002)
    (True, False, True)
    """
    return not math.isnan(recomputed) and printed.fits(recomputed)


def p_like(value: float | None, printed: Printed | None) -> str:
    """A recomputed P with the decimals of the printed one, at least three.

    >>> p_like(0.00012, read("<0.001")), p_like(0.03274, read("0.021")), p_like(None, None)
    ('< 0.001', '0.033', '-')
    """
    if value is None or math.isnan(value):
        return "-"
    digits = max(printed.decimals, 3) if printed is not None else 3
    return f"< {10.0**-digits:.{digits}f}" if value < 0.5 * 10.0**-digits else display.number(value, digits)


def counts_of_percent(percent: Printed, n: int) -> tuple[int, ...]:
    """Every count of ``n`` whose per cent rounds to the printed one; empty where there is none. n : above 0.

    >>> counts_of_percent(read(38), 599), counts_of_percent(read(91), 48)
    ((225, 226, 227, 228, 229, 230), ())
    """
    box = percent.interval("half").clip(0.0, 100.0)
    first, last = max(0, math.floor(box.low * n / 100)), min(n, math.ceil(box.high * n / 100))
    return tuple(count for count in range(first, last + 1) if percent.fits(100.0 * count / n))


def nearest_count(percent: Printed, n: int) -> int:
    """The count nearest to the printed per cent of ``n``.

    >>> nearest_count(read(71), 1445)
    1026
    """
    return round(percent.value * n / 100)
