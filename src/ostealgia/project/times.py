"""Times as they are typed: "3 month", in days and in words."""

from __future__ import annotations

import math

DAYS_PER_UNIT = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}


def days_of(text: str) -> float:
    """A time such as "3 month" in days.

    >>> days_of("12 weeks"), days_of("0 month")
    (84.0, 0.0)
    """
    parts = str(text).split()
    unit = parts[-1].lower().rstrip("s") if len(parts) == 2 else ""
    if unit not in DAYS_PER_UNIT:
        units = ", ".join(DAYS_PER_UNIT)
        raise ValueError(f"time {text!r} is not a number and a unit ({units}), for instance '3 month'")
    try:
        number = float(parts[0])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"time {text!r} does not start with a number, for instance '3 month'")
    return number * DAYS_PER_UNIT[unit]


def plural(time: str) -> str:
    """A time in words: "3 months", "1 month", "baseline"; "each time" where an analysis takes all of them.

    >>> plural("3 month"), plural("1 month"), plural("0 month"), plural("")
    ('3 months', '1 month', 'baseline', 'each time')
    """
    if not time:
        return "each time"
    number, unit = time.split()
    if float(number) == 0:
        return "baseline"
    return f"{number} {unit.rstrip('s')}" + ("" if float(number) == 1 else "s")
