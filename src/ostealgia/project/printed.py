"""A number as it is printed: its value, its decimals, and the values it may stand for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ostealgia import display

_NUMBER = re.compile(r"^(?P<sign><=|>=|<|>|=)?(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$")
TINY = 1e-9


@dataclass(frozen=True)
class Printed:
    """One printed number.

    value : as a float.  digits : decimals that are printed.  bound : "", "<" or ">" (a P printed as < 0.001).

    >>> Printed.read("-5.0").digits, Printed.read("<0.001").bound, Printed.read("1,445").value
    (1, '<', 1445.0)
    """

    value: float
    digits: int
    bound: str = ""

    @classmethod
    def read(cls, found: Any) -> Printed:
        """From a TOML number, a Decimal, or the text of a cell; raises ValueError where it is no number."""
        if isinstance(found, Printed):
            return found
        text = str(found).strip().replace("\u2212", "-").replace(",", "").replace(" ", "")
        match = _NUMBER.match(text)
        if match is None or isinstance(found, bool):
            raise ValueError(f"{found!r} is not a number")
        number = Decimal(match["number"])
        exponent = number.as_tuple().exponent
        digits = max(0, -exponent) if isinstance(exponent, int) else 0
        return cls(float(number), digits, (match["sign"] or "").rstrip("=") if match["sign"] else "")

    @property
    def half_unit(self) -> float:
        """Half a unit of the last printed digit."""
        return 0.5 * 10.0**-self.digits

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value that rounds to it."""
        return self.value - self.half_unit, self.value + self.half_unit

    def with_digits(self, digits: int | None) -> Printed:
        """The same number with another count of decimals (None leaves it)."""
        return self if digits is None else Printed(self.value, digits, self.bound)

    def agrees(self, recomputed: float) -> bool:
        """Whether the recomputed value rounds to the printed one (a half may go either way), or keeps the bound.

        >>> Printed.read("79").agrees(78.63), Printed.read("79").agrees(79.6), Printed.read("<0.001").agrees(0.0002)
        (True, False, True)
        """
        if recomputed is None or math.isnan(recomputed):
            return False
        if self.bound:
            return recomputed < self.value if self.bound == "<" else recomputed > self.value
        if math.isinf(recomputed):
            return False
        slack = TINY * max(1.0, abs(self.value))
        return abs(recomputed - self.value) <= self.half_unit + slack

    def distance(self, recomputed: float) -> float:
        """How far outside the printed rounding the recomputed value lies, in half units; 0 inside."""
        if recomputed is None or not math.isfinite(recomputed):
            return math.inf
        return max(0.0, abs(recomputed - self.value) / self.half_unit - 1.0)

    def text(self, *, typographic: bool = False) -> str:
        """The number as printed.

        >>> Printed.read("-4.40").text(), Printed.read("<0.001").text()
        ('-4.40', '< 0.001')
        """
        number = display.number(self.value, self.digits, typographic=typographic)
        return f"{self.bound} {number}" if self.bound else number


def counts_of_percent(percent: Printed, n: int) -> tuple[int, ...]:
    """Every count of ``n`` whose per cent rounds to the printed one; empty where there is none.

    >>> counts_of_percent(Printed.read("38"), 599)
    (225, 226, 227, 228, 229, 230)
    >>> counts_of_percent(Printed.read("91"), 48)
    ()
    """
    low, high = percent.limits
    first = max(0, math.floor(low * n / 100))
    last = min(n, math.ceil(high * n / 100))
    return tuple(count for count in range(first, last + 1) if percent.agrees(100.0 * count / n))


def nearest_count(percent: Printed, n: int) -> int:
    """The count nearest to the printed per cent of ``n``.

    >>> nearest_count(Printed.read("71"), 1445)
    1026
    """
    return round(percent.value * n / 100)
