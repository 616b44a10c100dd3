"""Probable causes: the single smallest change of a printed numeral that makes it fit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from ostealgia.audit.finding import Cause
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Printed, as_interval, written

DIGITS = "0123456789"


def _inserted(body: str) -> Iterator[str]:
    for i in range(len(body) + 1):
        for digit in DIGITS:
            yield body[:i] + digit + body[i:]


def _deleted(body: str) -> Iterator[str]:
    for i, mark in enumerate(body):
        if mark in DIGITS:
            yield body[:i] + body[i + 1 :]


def _replaced(body: str) -> Iterator[str]:
    for i, mark in enumerate(body):
        if mark in DIGITS:
            yield from (body[:i] + digit + body[i + 1 :] for digit in DIGITS if digit != mark)


def _exchanged(body: str) -> Iterator[str]:
    places = [i for i, mark in enumerate(body) if mark in DIGITS]  # digits on both sides of a point are neighbours, too
    for i, j in itertools.pairwise(places):
        if body[i] != body[j]:
            yield body[:i] + body[j] + body[i + 1 : j] + body[i] + body[j + 1 :]


# kind of edit -> (cause code, what happened to the print, edits of the print that undo it)
EDITS: dict[str, tuple[str, str, Callable[[str], Iterator[str]]]] = {
    "lost": ("lost-digit", "a digit is missing", _inserted),
    "exchanged": ("typing-slip", "two neighbouring digits are exchanged", _exchanged),
    "replaced": ("typing-slip", "one digit differs", _replaced),
    "added": ("typing-slip", "there is one digit too many", _deleted),
}

POWERS: dict[int, tuple[str, str]] = {
    -1: ("lost-digit", "the printed value is a tenth"),
    -2: ("lost-digit", "the printed value is a hundredth"),
    1: ("typing-slip", "the printed value is ten times too large"),
    2: ("typing-slip", "the printed value is a hundred times too large"),
}


def slip(printed: Printed, expected: float) -> Cause | None:
    """The one-step slip that turns the expected value into what is printed, or None.

    >>> slip(Printed.parse("3.6"), 35.714).code, slip(Printed.parse("6.677"), 0.6767).repair
    ('lost-digit', '0.677')
    """
    targets = {text.lstrip("-") for text in written(expected, printed.decimals)}
    body = f"{abs(printed.exact):f}"
    repair = printed.like(expected)
    if any(_same(body, target) for target in targets):
        differs = printed.value * expected < 0
        text = f"the sign differs ({printed.text} for {repair})"
        return Cause(code="typing-slip", text=text, repair=repair) if differs else None
    for code, text, edits in EDITS.values():
        if any(_same(edit, target) for target in targets for edit in edits(body)):
            return Cause(code=code, text=f"{text} ({printed.text} for {repair})", repair=repair)
    for power, (code, text) in POWERS.items():
        if expected and printed.fits(expected * 10.0**power):
            return Cause(code=code, text=f"{text} ({printed.text} for {repair})", repair=repair)
    return None


def single_repairs(printed: Printed, fits: Callable[[Printed], bool]) -> list[tuple[Printed, Cause]]:
    """Every value one edit away from the print that fits, each once; the caller decides what more than one means.

    >>> [p.text for p, _ in single_repairs(Printed.parse("12.9"), lambda p: p.interval("half").contains(21.93))]
    ['21.9']
    """
    body = f"{abs(printed.exact):f}"
    sign = "-" if printed.value < 0 else ""
    found: dict[float, tuple[Printed, Cause]] = {}
    for code, text, edits in EDITS.values():
        for edit in edits(body):
            candidate = _parsed(sign + edit)
            if candidate is None or candidate.value == printed.value or candidate.decimals != printed.decimals:
                continue
            if candidate.value not in found and fits(candidate):
                candidate = Printed.parse(candidate.like(candidate.value))
                cause = Cause(code=code, text=f"{text} ({printed.text} for {candidate.text})", repair=candidate.text)
                found[candidate.value] = (candidate, cause)
    return list(found.values())


def only_repair(printed: Printed, fits: Callable[[Printed], bool]) -> Cause | None:
    """The cause where exactly one value, one edit away, fits; None where there is none, or more than one."""
    repairs = single_repairs(printed, fits)
    return repairs[0][1] if len(repairs) == 1 else None


def likely(causes: Sequence[Cause]) -> Cause | None:
    """What several possible slips have in common: their usual kind; the value only where there is one of them.

    >>> likely([Cause(code="typing-slip", repair="1.2"), Cause(code="typing-slip", repair="1.7")]).repair is None
    True
    """
    if len(causes) <= 1:
        return causes[0] if causes else None
    codes = [cause.code for cause in causes if cause.code != "unknown"]
    if not codes:
        return None
    code = max(dict.fromkeys(codes), key=codes.count)
    return Cause(
        code=code, text=f"one digit is wrong; {len(causes)} different single changes would do, so none is named"
    )


def within(values: Interval | float) -> Callable[[Printed], bool]:
    """A test for ``single_repairs``: the print, rounded half up or half even, lies in the range."""
    box = as_interval(values)
    return lambda printed: printed.interval("half").overlaps(box)


def _same(edit: str, target: str) -> bool:
    """The same numeral but for zeros in front of it."""
    return edit.lstrip("0").rstrip(".") == target.lstrip("0").rstrip(".") and edit.strip(".") != ""


def _parsed(text: str) -> Printed | None:
    try:
        return Printed.parse(text)
    except OptionError:
        return None
