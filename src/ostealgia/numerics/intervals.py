"""Printed numbers and the closed intervals that their rounding leaves open.

A printed ``0.70`` stands for every value that rounds, or is cut, to 0.70. Carried through a formula as closed intervals
(Moore, Kearfott, Cloud 2009, Introduction to Interval Analysis, doi:10.1137/1.9780898717716), a recomputed value
disagrees with a printed one only where no value inside those ranges gives it: rounding alone never raises a flag.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.options import one_of

Array = NDArray[np.float64]

# rounding -> (below, above) the magnitude that is printed, in units of its last place
ROUNDING: dict[str, tuple[str, str]] = {
    "half": ("-0.5", "0.5"),  # half up and half even: the closed interval holds both
    "truncation": ("0", "1"),
    "any": ("-0.5", "1"),  # the hull of the two
}

MOST_PLACES = 400  # more than a float has

SLACK = 1e-9  # relative; covers the floating-point error of the formulas, far below any printed digit


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval; low and high may be infinite, low <= high.

    >>> Interval(1.0, 2.0) - Interval(0.5, 0.75)
    Interval(low=0.25, high=1.5)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise OptionError(
                f"an interval from {self.low!r} to {self.high!r} is empty; its low end must not be above its high end."
            )

    def __add__(self, other: Interval | float) -> Interval:
        o = as_interval(other)
        return Interval(self.low + o.low, self.high + o.high)

    def __sub__(self, other: Interval | float) -> Interval:
        o = as_interval(other)
        return Interval(self.low - o.high, self.high - o.low)

    def __mul__(self, other: Interval | float) -> Interval:
        o = as_interval(other)
        ends = [_product(a, b) for a in (self.low, self.high) for b in (o.low, o.high)]
        return Interval(min(ends), max(ends))

    def __truediv__(self, other: Interval | float) -> Interval:
        return self * as_interval(other).reciprocal()

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __abs__(self) -> Interval:
        if self.low >= 0:
            return self
        return -self if self.high <= 0 else Interval(0.0, max(-self.low, self.high))

    @property
    def width(self) -> float:
        """high - low."""
        return self.high - self.low

    @property
    def middle(self) -> float:
        """Half-way between the ends."""
        return 0.5 * (self.low + self.high)

    def reciprocal(self) -> Interval:
        """1/x; the whole line where 0 lies strictly inside.

        >>> Interval(0.0, 4.0).reciprocal()
        Interval(low=0.25, high=inf)
        """
        if self.low < 0 < self.high or self.low == self.high == 0:
            return Interval(-math.inf, math.inf)
        low = -math.inf if self.high == 0 else 1 / self.high
        high = math.inf if self.low == 0 else 1 / self.low
        return Interval(low, high)

    def log(self) -> Interval:
        """Natural logarithm; the part at or below 0 goes to -infinity."""
        return Interval(_log(self.low), _log(self.high))

    def exp(self) -> Interval:
        """Exponential; beyond the range of a float it is infinite."""
        return Interval(_exp(self.low), _exp(self.high))

    def sqrt(self) -> Interval:
        """Square root of the part that is not negative."""
        return Interval(math.sqrt(max(self.low, 0.0)), math.sqrt(max(self.high, 0.0)))

    def square(self) -> Interval:
        """x squared (not self * self, which forgets that both factors are the same number)."""
        magnitude = abs(self)
        return Interval(magnitude.low**2, magnitude.high**2)

    def clip(self, low: float, high: float) -> Interval:
        """The ends moved into low .. high, for a quantity that cannot leave that range."""
        return Interval(min(max(self.low, low), high), min(max(self.high, low), high))

    def contains(self, value: float) -> bool:
        """Whether the value lies inside, with a relative slack of 1e-9 for floating point."""
        return self.overlaps(Interval(value, value))

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share a value, with a relative slack of 1e-9 for floating point."""
        return _at_most(self.low, other.high) and _at_most(other.low, self.high)

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))


def as_interval(value: Interval | float) -> Interval:
    """A number as the interval of that one value; an interval as it is."""
    return value if isinstance(value, Interval) else Interval(float(value), float(value))


def monotone(function: Callable[[float], float], x: Interval) -> Interval:
    """The range of a monotone function of one variable, rising or falling, from its two ends.

    >>> monotone(lambda p: 1 - p, Interval(0.25, 0.5))
    Interval(low=0.5, high=0.75)
    """
    ends = function(x.low), function(x.high)
    return Interval(min(ends), max(ends))


def corners(function: Callable[..., Any], *arguments: Interval | float) -> Interval:
    """The range of a function over a box, from the values at its 2^k corners: no optimiser.

    Exact where the function is continuous and monotone in each argument while the others stand still (the direction
    may depend on where they stand): its extremes over a box then lie at corners. function takes k arrays of length 2^k.

    >>> corners(lambda m1, m2, s: (m1 - m2) / s, Interval(2.0, 3.0), 1.0, Interval(0.5, 1.0))
    Interval(low=1.0, high=4.0)
    """
    boxes = [as_interval(argument) for argument in arguments]
    ends = [(box.low,) if box.low == box.high else (box.low, box.high) for box in boxes]
    grid = np.array(list(itertools.product(*ends)), dtype=float)
    with np.errstate(all="ignore"):
        values: Array = np.asarray(function(*grid.T), dtype=float)
    if bool(np.isnan(values).any()):
        return Interval(-math.inf, math.inf)
    return Interval(float(values.min()), float(values.max()))


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as it is printed: value, decimals and the sign before it.

    text : as found, without an equals sign.  value : float.  decimals : places after the point (negative for 12e3).
    relation : one of "=", "<", "<=", ">", ">=", "~".
    percent : a per cent sign follows; value stays in per cent.

    >>> printed = Printed.parse("61.2%")
    >>> printed.value, printed.decimals, printed.unit, printed.interval("half")
    (61.2, 1, 0.1, Interval(low=61.15, high=61.25))
    >>> Printed.parse("< 0.001").interval()
    Interval(low=-inf, high=0.001)
    """

    text: str
    value: float
    decimals: int
    relation: str = "="
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Printed:
        """Read a printed number: unicode minus, per cent, thousands marks, decimal comma or dot, 1.2e-5, 3 × 10^-4.

        Raises OptionError where the text is not one number.
        """
        return _parsed(str(text))

    @classmethod
    def of(cls, number: Printed | str | float, decimals: int | None = None) -> Printed:
        """A printed number from text or from a float, whose places are those of its shortest form (0.06 has two).

        A float has lost its trailing zeros (0.060 has become 0.06), so its range is wider than what was printed: that
        can hide a disagreement, never make one. decimals : the places that were printed, where they are known.
        """
        if isinstance(number, Printed):
            return number
        if isinstance(number, str):
            return cls.parse(number)
        value = float(number)
        if not math.isfinite(value):
            raise OptionError(f"{number!r} is not a printed number.")
        if decimals is None:
            shortest = Decimal(repr(value)).normalize().as_tuple().exponent
            decimals = max(0, -int(shortest))
        return cls(f"{value:.{decimals}f}", value, decimals)

    @property
    def unit(self) -> float:
        """One unit in the last printed place."""
        return float(self._unit)

    @property
    def _unit(self) -> Decimal:
        return Decimal(1).scaleb(-self.decimals)

    @property
    def exact(self) -> Decimal:
        """The value as a decimal number, without binary error."""
        return _quantize(self.value, self.decimals, ROUND_HALF_EVEN)

    def interval(self, rounding: str = "any") -> Interval:
        """Every value that may stand behind the print: half up, half even and truncation (``any``), or one of them.

        A value printed with < or > leaves all of that side. Zero may come from either sign.
        """
        return _rounding_interval(self.value, self.decimals, self.relation, one_of("rounding", rounding, ROUNDING))

    def fits(self, value: float) -> bool:
        """Whether this one value rounds (half up or half even) to what is printed."""
        return not math.isnan(value) and self.interval("half").contains(value)

    def allows(self, values: Interval) -> bool:
        """Whether some value of the interval can stand behind the print."""
        return self.interval("any").overlaps(values)

    def like(self, value: float) -> str:
        """Another value with as many places as this one.

        >>> Printed.parse("6.677").like(0.67654)
        '0.677'
        """
        if not math.isfinite(value):
            return str(value)
        rounded = _quantize(value, self.decimals, ROUND_HALF_UP)
        return f"{abs(rounded) if rounded == 0 else rounded:f}"

    def proportion(self) -> Printed:
        """A percentage as the proportion it stands for, with two more places.

        >>> Printed.parse("61.2%").proportion().value
        0.612
        """
        return Printed(self.text, float(self.exact.scaleb(-2)), self.decimals + 2, self.relation, False)


@lru_cache(maxsize=16_384)
def _parsed(text: str) -> Printed:
    """A text as a printed number; papers print the same numerals again and again."""
    found = _NUMBER.fullmatch(_plain(text))
    if found is None:
        raise OptionError(f"{text!r} is not one printed number. Write it as 0.70, -4.4, < 0.001, 61.2% or 1,445.")
    digits, places = _digits(found["digits"])
    exponent = int(found["e"] or found["ten"] or 0)
    value = float(Decimal(f"{found['sign'] or ''}{digits}").scaleb(exponent))
    if not math.isfinite(value) or abs(places - exponent) > MOST_PLACES:
        raise OptionError(f"{text!r} is beyond the numbers that are printed. Write it with fewer places.")
    relation = _RELATIONS[found["relation"] or "="]
    return Printed(
        text.strip().removeprefix("=").strip(), value, places - exponent, relation, found["percent"] is not None
    )


@lru_cache(maxsize=16_384)
def _rounding_interval(value: float, decimals: int, relation: str, rounding: str) -> Interval:
    """Every value that may stand behind a print."""
    unit = Decimal(1).scaleb(-decimals)
    below, above = (Decimal(part) * unit for part in ROUNDING[rounding])
    if relation in ("<", "<="):
        return Interval(-math.inf, value)
    if relation in (">", ">="):
        return Interval(value, math.inf)
    if relation == "~":
        below, above = min(below, -unit), max(above, unit)
    magnitude = abs(_quantize(value, decimals, ROUND_HALF_EVEN))
    near, far = magnitude + below, magnitude + above
    if magnitude == 0:
        return Interval(float(-far), float(far))
    return Interval(float(near), float(far)) if value > 0 else Interval(float(-far), float(-near))


Numeral = Printed | str | float  # what a rule accepts for a printed number


# rounding used when another value is written with the places of a print
WRITE_ROUNDING = {"half up": ROUND_HALF_UP, "half even": ROUND_HALF_EVEN, "truncation": ROUND_DOWN}


def written(value: float, decimals: int) -> frozenset[str]:
    """The ways a value may be printed at that many places: half up, half even, cut.

    >>> sorted(written(0.125, 2))
    ['0.12', '0.13']
    """
    return frozenset(f"{_quantize(value, decimals, rule):f}" for rule in WRITE_ROUNDING.values())


_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u200a\u202f]+")
_SIGNS = str.maketrans(
    {
        "\u2212": "-",
        "\u2013": "-",
        "\u2012": "-",
        "\ufe63": "-",
        "\uff0d": "-",
        "\u00b7": ".",
        "\u2219": ".",
        "\u22c5": ".",
    }
)
_RELATIONS = {
    "=": "=", "<": "<", ">": ">", "<=": "<=", "=<": "<=", "≤": "<=", "⩽": "<=", ">=": ">=", "=>": ">=", "≥": ">=",
    "⩾": ">=", "~": "~", "≈": "~", "<<": "<", ">>": ">", "≪": "<", "≫": ">",
}  # fmt: skip
_NUMBER = re.compile(
    r"(?P<relation><=|>=|=<|=>|<<|>>|[=<>≤⩽≥⩾~≈≪≫])?(?P<sign>[-+])?(?P<digits>\d[\d,. ]*|[.,]\d+)"
    r"(?:[eE](?P<e>[-+]?\d{1,3})|[x×*∗]10\^?\(?(?P<ten>[-+]?\d{1,3})\)?)?(?P<percent>%)?"
)
_GROUPED = re.compile(r"\d{1,3}(?:([ ,])\d{3})(?:\1\d{3})*(?:\.\d+)?")


def _plain(text: str) -> str:
    """Signs in ASCII and no blanks, but for those between digits (they may mark thousands)."""
    flat = _SPACES.sub(" ", str(text).translate(_SIGNS)).strip()
    return re.sub(r"(?<!\d) | (?!\d)", "", flat)


def _digits(digits: str) -> tuple[str, int]:
    """Digits with a point, and the number of places; a comma marks thousands where groups of three follow 1 to 999."""
    if _GROUPED.fullmatch(digits) and not digits.startswith("0"):
        plain = digits.replace(",", "").replace(" ", "")
    else:
        plain = digits.replace(",", ".")
    if plain.count(".") > 1 or " " in plain or plain.endswith("."):
        raise OptionError(f"{digits!r} is not one printed number. Write it as 0.70 or 1,445.")
    return plain, len(plain.partition(".")[2])


_WIDE = Context(prec=2 * MOST_PLACES)


def _quantize(value: float, decimals: int, rule: str) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=rule, context=_WIDE)


def _slack(a: float, b: float) -> float:
    scale = max(abs(a), abs(b))
    return SLACK * scale if math.isfinite(scale) else 0.0


def _at_most(a: float, b: float) -> bool:
    return a <= b or a <= b + _slack(a, b)


def _product(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf
