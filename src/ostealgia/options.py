"""Checking of options: one helper writes each message."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ostealgia.errors import OptionError, suggestion


def one_of(name: str, value: str, choices: Iterable[str]) -> str:
    """Return ``value`` when it is among ``choices``, else raise an OptionError that lists them.

    >>> one_of("tau2", "DL", ["DL", "REML"])
    'DL'
    >>> one_of("tau2", "REMl", ["DL", "REML"])
    Traceback (most recent call last):
    ...
    ostealgia.errors.OptionError: tau2='REMl' is not one of 'DL', 'REML'. Did you mean 'REML'?
    """
    names = list(choices)
    if value in names:
        return value
    listed = ", ".join(repr(choice) for choice in names)
    raise OptionError(f"{name}={value!r} is not one of {listed}.{suggestion(value, names)}")


def between(name: str, value: float, low: float, high: float, *, closed: bool = False) -> float:
    """Return ``value`` as float when it lies between ``low`` and ``high`` (limits allowed when ``closed``).

    >>> between("level", 0.95, 0, 1)
    0.95
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    inside = low <= number <= high if closed else low < number < high
    if inside:
        return number
    word = "from" if closed else "strictly between"
    raise OptionError(f"{name}={value!r} is not a number {word} {low:g} {'to' if closed else 'and'} {high:g}.")


def confidence_level(level: float) -> float:
    """A confidence level as a proportion; 95 is refused with the spelling that is meant.

    >>> confidence_level(0.9)
    0.9
    """
    try:
        value = float(level)
    except (TypeError, ValueError):
        value = math.nan
    if 1.0 < value < 100.0:
        raise OptionError(f"level={level!r} is not a proportion between 0 and 1. Write {value / 100:g} for {value:g}%.")
    return between("level", level, 0.0, 1.0)
