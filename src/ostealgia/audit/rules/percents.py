"""percent-vs-count: does a printed percentage follow from its count and denominator, and if not, whose is it?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from ostealgia.audit.causes import only_repair, slip
from ostealgia.audit.finding import NOWHERE, Cause, Finding, Place, judge, make
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Numeral, Printed, as_interval

RULE = "percent-vs-count"

POINTS, RATIO = 5.0, 1.25  # a percentage further off than this, in points or as a ratio, is a major difference


def percent_vs_count(
    count: int,
    percent: Numeral,
    n: int,
    *,
    neighbours: Mapping[str, int] | None = None,
    denominators: Mapping[str, int] | None = None,
    place: Place = NOWHERE,
) -> Finding:
    """Is the printed percentage 100 count/n, and if not: a lost digit, a neighbouring row's n, another denominator?

    count, n : whole numbers.
    percent : as printed, in per cent.
    neighbours : n of neighbouring rows or columns, by name.
    denominators : other totals that may have been used (all patients, patients with data), by name.
    Returns a Finding; repair is the percentage of count and n, with the places that are printed.

    >>> found = percent_vs_count(8, "2.7", 30)
    >>> found.verdict, found.cause_code, found.repair
    ('inconsistent', 'lost-digit', '26.7')
    >>> percent_vs_count(4, "12.9", 10, neighbours={"the next row": 31}).cause
    '12.9% is 4 of 31, the n of the next row'
    """
    printed = Printed.of(percent)
    if n <= 0 or count < 0:
        raise OptionError(f"{count} of {n} is not a proportion: n must be above 0, the count not below 0.")
    value = 100 * count / n
    reported = f"{count} ({printed.text.rstrip('%').strip()})"
    if count > n:
        return make(
            RULE,
            place,
            reported=reported,
            verdict="impossible",
            severity="major",
            recomputed=value,
            values=as_interval(value),
            message=f"{count} of {n}: a part cannot exceed its whole",
            cause=_count_cause(count, printed, n),
        )
    verdict = judge(printed, value, as_interval(value))
    if verdict == "inconsistent" and rounded_twice(printed, value):
        verdict = "rounding"
    message = f"{count} of {n} is {value:.{printed.decimals + 1}f}%; printed {printed.text.rstrip('%').strip()}%"
    if verdict == "inconsistent" and not 0 <= printed.value <= 100:
        verdict = "impossible"
    flagged = verdict not in ("consistent", "rounding")
    return make(
        RULE,
        place,
        reported=reported,
        verdict=verdict,
        message=message,
        recomputed=value,
        values=as_interval(value),
        severity=_severity(printed.value, value) if flagged else "none",
        cause=_cause(count, printed, n, value, neighbours or {}, denominators or {}) if flagged else None,
    )


def rounded_twice(printed: Printed, value: float) -> bool:
    """Whether a value, rounded to one place more and then once more, gives the print: 3.448, 3.45, 3.5.

    >>> rounded_twice(Printed.parse("3.5"), 100 / 29), rounded_twice(Printed.parse("3.6"), 100 / 29)
    (True, False)
    """
    if printed.relation != "=":
        return False
    first = Printed.parse(f"{abs(value):.{printed.decimals + 1}f}")
    return abs(float(printed.like(first.value)) - abs(printed.value)) < 0.1 * printed.unit


def _severity(printed: float, value: float) -> str:
    large = abs(printed - value) > POINTS or not value / RATIO <= printed <= value * RATIO
    return "major" if large else "minor"


def _cause(
    count: int, printed: Printed, n: int, value: float, neighbours: Mapping[str, int], denominators: Mapping[str, int]
) -> Cause:
    repair = printed.like(value)
    found = slip(printed, value)
    if found is not None and found.code == "lost-digit":
        return found
    for code, others, what in (("neighbour-row", neighbours, "the n of"), ("wrong-denominator", denominators, "")):
        for name, other in others.items():
            if other > 0 and other != n and printed.allows(as_interval(100 * count / other)):
                text = f"{printed.text.rstrip('%')}% is {count} of {other}, {what} {name}".replace(",  ", ", ")
                return Cause(code=code, text=text, repair=repair)
    if found is not None:
        return found
    slipped = _count_cause(count, printed, n)
    if slipped is not None:
        return slipped
    return Cause(text=_fitting_denominators(count, printed), repair=repair)


def _count_cause(count: int, printed: Printed, n: int) -> Cause | None:
    """A slip of one digit in the count that makes it fit, where there is exactly one."""
    found = only_repair(Printed.parse(str(count)), lambda edit: edit.value <= n and printed.fits(100 * edit.value / n))
    return found and replace(found, repair=f"{found.repair} ({printed.text})")


def _fitting_denominators(count: int, printed: Printed) -> str | None:
    """The whole numbers that would give the printed percentage, in words."""
    box = printed.interval()
    if count == 0 or box.low <= 0:
        return None
    low, high = max(math.ceil(100 * count / box.high), count), math.floor(100 * count / box.low)
    if high < low:
        return f"no denominator gives {printed.text.rstrip('%')}% for a count of {count}"
    told = f"{low}" if low == high else f"{low} to {high}"
    return f"{printed.text.rstrip('%')}% would need a denominator of {told}"
