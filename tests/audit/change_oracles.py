"""Which changes of a printed number can be seen to be wrong, by the rule that checked it: see planted_changes.py.

Each function takes the finding that fits, the number as printed and as changed, and says True where the same arithmetic
shows the new number to be wrong beyond rounding, False where it may still be right, None where this cannot be told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

NUMERAL = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?(?!\d)|\d*\.\d+|\d+")
SIGNED = re.compile(r"(?:(?<![\d.])-)?(?:\d+(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+)")


@dataclass(frozen=True)
class Numeral:
    """A number without sign as printed: its first and last character, its value and one unit of its last place."""

    start: int
    end: int
    text: str

    @property
    def value(self) -> float:
        return float(self.text.replace(",", ""))

    @property
    def unit(self) -> float:
        return 10.0 ** -len(self.text.partition(".")[2])

    def fits(self, low: float, high: float) -> bool:
        """Whether rounding or cutting may turn a value of the range into this print."""
        return self.value + self.unit >= low and self.value - self.unit <= high


def numbers_in(text: str) -> list[float]:
    """The numbers of a text; a minus is one where it follows no digit."""
    return [float(item.replace(",", "")) for item in SIGNED.findall(text)]


def _percent(found: Any, old: Numeral, new: Numeral) -> bool | None:
    told = re.match(r"([\d,]+) of ([\d,]+) is [^;]*; printed ([\d.,]+)%", found.message)
    if not told:
        return None
    part, whole, share = (float(item.replace(",", "")) for item in told.groups())
    roles = [role for role, value in (("part", part), ("whole", whole), ("share", share)) if value == old.value]
    if len(roles) != 1 or ("." in old.text and roles[0] != "share"):
        return None
    if roles[0] == "share":
        return not new.fits(100 * part / whole, 100 * part / whole)
    part, whole = (new.value, whole) if roles[0] == "part" else (part, new.value)
    unit = 10.0 ** -len(told[3].partition(".")[2])
    return whole == 0 or abs(100 * part / whole - share) > unit


def _range(found: Any, old: Numeral, new: Numeral) -> bool | None:
    """The printed number is compared with a recomputed range; its relation stays."""
    low, high = found.recomputed_low, found.recomputed_high
    low = found.recomputed if low is None else low
    high = found.recomputed if high is None else high
    own = NUMERAL.search(found.reported)
    if low is None or own is None or len(NUMERAL.findall(found.reported)) != 1 or own[0] != old.text:
        return None
    if found.reported.lstrip().startswith("<"):
        return low > new.value + new.unit
    if found.reported.lstrip().startswith(">"):
        return high < new.value - new.unit
    return not new.fits(low, high)


def _p_value(found: Any, old: Numeral, new: Numeral) -> bool | None:
    return None if new.value > 1 else _range(found, old, new)


def _equal(found: Any, old: Numeral, new: Numeral) -> bool | None:
    """A number that is printed twice, or a part of a sum: every other number is wrong."""
    if found.reported.startswith(("<", ">")):
        return None  # P < 0.01 for P < 0.001 is no contradiction
    same = " here and in " in found.message or re.search(r"= [\d,]+(?: \w+)?(?: in Table|; printed|\Z)", found.message)
    coarse = max(old.unit, new.unit)  # a value that is cut or written with more digits is not wrong
    return abs(new.value - old.value) >= 1.01 * coarse if same else None


def _years(found: Any, old: Numeral, new: Numeral) -> bool | None:
    return _order(found, old, new) if 1900 <= new.value <= 2030 else None


def _test(found: Any, old: Numeral, new: Numeral) -> bool | None:
    """A statistic, or a P: the test that gave the P is not known for certain."""
    if not found.message.startswith("P of"):
        return _range(found, old, new)
    return _implied_p(found, old, new)


def _implied_p(found: Any, old: Numeral, new: Numeral) -> bool | None:
    """The P of an interval: another test may give a P that is near, not one on the other side or far away."""
    if not _p_value(found, old, new):
        return None
    low, high = found.recomputed_low, found.recomputed_high
    if found.reported.startswith(("<", ">")) or low is None:
        return abs(math.log10((new.value + 1e-9) / (old.value + 1e-9))) > 0.9
    return (low > 0.06 and new.value < 0.045) or (high < 0.04 and new.value > 0.055) or new.value > 4 * high


def _interval(found: Any, old: Numeral, new: Numeral) -> bool | None:
    numerals = NUMERAL.findall(found.reported)
    if numerals.count(old.text) != 1 or len(numerals) != 3:
        return None
    signs = [
        -1.0 if item else 1.0 for item in re.findall(r"(-?)(?:\d+(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+)", found.reported)
    ]
    at = numerals.index(old.text)
    printed = [Numeral(0, 0, item) for item in numerals]
    printed[at] = replace(new, start=0, end=0)
    point, low, high = (sign * item.value for sign, item in zip(signs, printed, strict=True))
    units = [item.unit for item in printed]
    if not low - units[1] <= point + units[0] or not point - units[0] <= high + units[2]:
        return True
    if "middle" not in found.message:
        return False
    if "log scale" in found.message:
        if min(low - units[1], high - units[2]) <= 0:
            return None
        ends = [math.sqrt((low + s * units[1]) * (high + s * units[2])) for s in (-1, 1)]
    elif "natural scale" in found.message:
        ends = [(low + high + s * (units[1] + units[2])) / 2 for s in (-1, 1)]
    else:
        return None
    away = max(ends[0] - point - units[0], point - units[0] - ends[1])
    return away > 0.1 * (ends[1] - ends[0] + abs(ends[0] - (low + units[1])))  # clearly beside the middle


def _within(found: Any, old: Numeral, new: Numeral) -> bool | None:
    """One number on a scale with ends."""
    low, high = found.recomputed_low, found.recomputed_high
    if low is None or high is None or NUMERAL.findall(found.reported) != [old.text]:
        return None
    return not low <= new.value <= high + new.unit


def _whole_numbers(found: Any, old: Numeral, new: Numeral) -> bool | None:
    told = re.match(r"(mean )?([\d.]+)%? of (\d+): the total", found.message)
    if not told or told[2] != old.text:
        return None
    n, scale = int(told[3]), 1 if told[1] else 100
    if scale == 100 and new.value > 100:
        return True
    total = new.value * n / scale
    return all(abs(scale * k / n - new.value) > new.unit for k in (math.floor(total), math.ceil(total)))


def _order(found: Any, old: Numeral, new: Numeral) -> bool | None:
    """Numbers that have to rise."""
    values = numbers_in(found.reported)
    if len(values) < 2 or values != sorted(values) or values.count(old.value) != 1:
        return None
    moved = [new.value if value == old.value else value for value in values]
    return moved != sorted(moved)


def _direction(found: Any, old: Numeral, new: Numeral) -> bool | None:
    told = re.match(r"\S+(?: \S+)? ([\d.]+)(?:: | is ([\d.]+)(?:%|-fold))", found.message)
    if not told:
        return None
    if old.text == told[1]:
        return (float(told[1]) - 1) * (new.value - 1) < 0
    return None


def _significance(found: Any, old: Numeral, new: Numeral) -> bool | None:
    if NUMERAL.findall(found.reported) != [old.text] or new.value > 1:
        return None
    if not found.reported[:1].isdigit() and not found.reported.startswith("."):
        return None  # a bound: only its sign can be turned
    return new.value > 0.1 if "says significant" in found.message else new.value < 0.01


VISIBLE: dict[str, Callable[[Any, Numeral, Numeral], bool | None]] = {
    "percent-vs-count": _percent,
    "cross-reference": _equal,
    "total-vs-parts": _equal,
    "ci-vs-point": _interval,
    "p-vs-statistic": _p_value,
    "p-vs-ci": _implied_p,
    "chi2-vs-counts": _test,
    "t-vs-summary": _test,
    "heterogeneity": _range,
    "scale-bound": _within,
    "GRIM": _whole_numbers,
    "quantile-order": _order,
    "date-order": _years,
    "direction-vs-claim": _direction,
    "claim-vs-evidence": _significance,
}
