"""GRIM, GRIMMER, DEBIT: can whole numbers have that percentage, that mean, that standard deviation?

For counts and whole-number items only; never for model, imputed or weighted means: the caller knows. Rounding half up
and half even are both allowed, truncation is not (a cut percentage would hide most that these rules can see).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from ostealgia.audit.causes import only_repair, probable
from ostealgia.audit.finding import NOWHERE, Cause, Finding, Place, make
from ostealgia.errors import OptionError
from ostealgia.numerics.granularity import (
    binary_sd_possible,
    first_whole,
    has_power,
    mean_possible,
    sd_possible,
)
from ostealgia.numerics.intervals import Interval, Numeral, Printed

WEAK = 0.6  # share of all printed values that are possible; above it one that is not says little
NO_POWER = "no power: at this size every printed value is possible"


def grim_percent(
    percent: Numeral,
    n: int,
    *,
    denominators: Mapping[str, int] | None = None,
    what: str = "",
    place: Place = NOWHERE,
) -> Finding:
    """Is there a whole count out of n with the printed percentage?

    percent : as printed, in per cent.  n : patients.  what : words for the message.
    denominators : other totals that may have been used, by name; they serve to name the cause.
    Returns a Finding; recomputed is the nearest percentage that is possible.
    Source: Brown, Heathers 2017, doi:10.1177/1948550616673876.

    >>> found = grim_percent("91", 48)
    >>> found.verdict, found.message
    ('impossible', '91% of 48: 43 would be 90%, 44 would be 92%; no whole count gives 91%')
    >>> grim_percent("88.5", 200).verdict
    'consistent'
    """
    printed = Printed.of(percent)
    _size("n", n)
    shown = printed.text.rstrip("%").strip()
    box = _exactly(printed)
    if not 0 <= printed.value <= 100:
        return _finding("GRIM", shown, place, False, f"{shown}% is not a share of {n}", Interval(0.0, 100.0))
    below = math.floor(printed.value * n / 100)
    options = [100 * count / n for count in (below, below + 1) if count <= n]
    nearest = min(options, key=lambda value: abs(value - printed.value))
    if bool(mean_possible(box.low / 100, box.high / 100, n)):
        power = bool(has_power(box.width / 100, n))
        message = f"{shown}% of {n}: {_count(box, n)}" if power else f"{shown}% of {n}: {NO_POWER}"
        return _finding("GRIM", shown, place, True, message, None, nearest)
    told = ", ".join(f"{round(value * n / 100)} would be {printed.like(value)}%" for value in options)
    message = f"{what + ': ' if what else ''}{shown}% of {n}: {told}; no whole count gives {shown}%"
    near = Interval(min(options), max(options))
    found = _finding("GRIM", shown, place, False, message, near, nearest, _other_n(printed, n, denominators or {}))
    if box.width / 100 * n < WEAK:
        return found
    told = f"{message}; most percentages are possible of so many: a few patients without a value would do"
    return replace(found, severity="information", basis="judgement", message=told)


def _other_n(printed: Printed, n: int, others: Mapping[str, int]) -> Cause | None:
    box = printed.interval("half")
    for name, other in others.items():
        if other > 0 and other != n and bool(has_power(box.width / 100, other)):
            first, last = first_whole(box.low * other / 100, box.high * other / 100)
            if first <= last:
                text = f"{printed.text.rstrip('%')}% is {int(first)} of {other}, {name}"
                return Cause(code="wrong-denominator", text=text)
    return None


def grim_mean(mean: Numeral, n: int, *, items: int = 1, place: Place = NOWHERE) -> Finding:
    """Can n persons' averages of whole-number items have the printed mean?

    mean : as printed.  items : items averaged for each person.
    Returns a Finding; recomputed is the nearest mean that is possible.
    Source: Brown, Heathers 2017, doi:10.1177/1948550616673876.

    >>> grim_mean("5.19", 28).verdict, grim_mean("5.21", 28).verdict
    ('impossible', 'consistent')
    >>> grim_mean("7.08", 132).message
    'mean 7.08 of 132: no power: at this size every printed value is possible'
    """
    printed = Printed.of(mean)
    _size("n", n)
    _size("items", items)
    size, box = n * items, _exactly(printed)
    below = math.floor(printed.value * size)
    options = [below / size, (below + 1) / size]
    nearest = min(options, key=lambda value: abs(value - printed.value))
    of = f"{n}" if items == 1 else f"{n} x {items} items"
    if bool(mean_possible(box.low, box.high, n, items)):
        power = bool(has_power(box.width, n, items))
        message = f"mean {printed.text} of {of}: " + (f"{_count(box * 100, size)}" if power else NO_POWER)
        return _finding("GRIM", printed.text, place, True, message, None, nearest)
    told = " and ".join(f"{printed.like(value)}" for value in options)
    message = f"mean {printed.text} of {of}: the nearest that whole numbers give are {told}"
    return _finding("GRIM", printed.text, place, False, message, Interval(*options), nearest)


def grimmer(
    mean: Numeral,
    sd: Numeral,
    n: int,
    *,
    items: int = 1,
    scale: tuple[int, int] | None = None,
    place: Place = NOWHERE,
) -> Finding:
    """Can n persons' averages of whole-number items have the printed mean and SD?

    mean, sd : as printed; the SD has n - 1 in its denominator.  items : items averaged for each person.
    scale : least and largest value of one item, where it is known.
    Returns a Finding about the SD (or about the mean, where that fails already).
    Source: Anaya 2016, doi:10.7287/peerj.preprints.2400v1.

    >>> grimmer("5.21", "1.60", 28).verdict, grimmer("3.44", "2.47", 18).verdict
    ('consistent', 'impossible')
    >>> grimmer("1.0", "4.0", 20, scale=(0, 10)).message
    'mean 1.0 and SD 4.0 of 20: no whole numbers from 0 to 10 have this mean and this SD'
    """
    m, s = Printed.of(mean), Printed.of(sd)
    _size("n", n, least=2)
    _size("items", items)
    if s.value < 0:
        raise OptionError(f"an SD of {s.text} is below 0.")
    fits, failed = sd_possible(_ends(m), _ends(s), n, items, scale)
    head = f"mean {m.text} and SD {s.text} of {n}{'' if items == 1 else f' x {items} items'}"
    told = {
        "mean": "no whole total gives this mean",
        "sd": "no whole sum of squares gives this SD with this mean",
        "scale": "no whole numbers"
        + (f" from {scale[0]} to {scale[1]}" if scale is not None else "")
        + " have this mean and this SD",
        "": "whole numbers can have both",
    }
    cause = None
    if failed == "sd":
        cause = only_repair(s, lambda edit: sd_possible(_ends(m), _ends(edit), n, items, scale)[0])
    shown = m.text if failed == "mean" else s.text
    return _finding("GRIMMER", shown, place, fits, f"{head}: {told[failed]}", None, None, cause)


def debit(mean: Numeral, sd: Numeral, n: int, *, place: Place = NOWHERE) -> Finding:
    """Can n values of 0 or 1 have the printed mean and SD?

    Returns a Finding about the SD; recomputed is the SD that the mean gives.
    Source: Heathers, Brown 2019, https://osf.io/5vb3u.

    >>> found = debit("0.19", "0.35", 1683)
    >>> found.verdict, round(found.recomputed, 3)
    ('impossible', 0.392)
    """
    m, s = Printed.of(mean), Printed.of(sd)
    _size("n", n, least=2)
    if not 0 <= m.value <= 1:
        raise OptionError(f"a mean of {m.text} is not one of zeros and ones; it should be within 0 to 1.")
    fits, failed = binary_sd_possible(_ends(m), _ends(s), n)
    value = math.sqrt(m.value * (1 - m.value) * n / (n - 1))
    told = (
        "no whole count gives this mean" if failed == "mean" else f"zeros and ones with this mean have SD {value:.3g}"
    )
    message = f"mean {m.text} and SD {s.text} of {n}: {told}"
    cause = None
    if failed == "sd":
        cause = probable(s, lambda edit: binary_sd_possible(_ends(m), _ends(edit), n)[0]) or Cause()
        right = s.like(value)  # the mean alone tells the SD
        if binary_sd_possible(_ends(m), _ends(Printed.parse(right)), n)[0]:
            cause = replace(cause, repair=right)
    return _finding("DEBIT", m.text if failed == "mean" else s.text, place, fits, message, None, value, cause)


def _finding(
    rule: str,
    reported: str,
    place: Place,
    fits: bool,
    message: str,
    values: Interval | None,
    nearest: float | None = None,
    cause: Cause | None = None,
) -> Finding:
    return make(
        rule,
        place,
        reported=reported,
        verdict="consistent" if fits else "impossible",
        severity="none" if fits else "major",
        message=message,
        recomputed=nearest,
        values=values,
        cause=cause,
    )


def _ends(printed: Printed) -> tuple[float, float]:
    box = _exactly(printed)
    return box.low, box.high


def _exactly(printed: Printed) -> Interval:
    """The rounding interval of a value printed with an equals sign."""
    if printed.relation != "=":
        raise OptionError(f"{printed.text!r} is a bound, not a value; granularity needs a printed value.")
    return printed.interval("half")


def _size(name: str, value: int, least: int = 1) -> None:
    if value < least or value != int(value):
        raise OptionError(f"{name}={value!r}: it should be a whole number of at least {least}.")


def _count(box: Interval, size: int) -> str:
    first, last = first_whole(box.low * size / 100, box.high * size / 100)
    return f"the total may be {int(first)}" if first == last else f"the total may be {int(first)} to {int(last)}"
