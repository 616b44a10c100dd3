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
            edit = body[:i] + digit + body[i:]
            if edit[0] != "0" or edit[1:2] not in DIGITS:  # "1.68" for "0.68" is another digit, not a lost one
                yield edit


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
LOST_ZERO = ("lost-digit", "a zero after the point is missing")
SHORT = 2  # digits of a numeral that may have lost a place: "0.2" for "0.72"
LONGEST = 24  # digits of a numeral for which slips are looked for


def slip(printed: Printed, expected: float) -> Cause | None:
    """The one-step slip that turns the expected value into what is printed, or None.

    >>> slip(Printed.parse("3.6"), 35.714).code, slip(Printed.parse("6.677"), 0.6767).repair
    ('lost-digit', '0.677')
    >>> slip(Printed.parse("0.34"), 0.0343).repair, slip(Printed.parse("0.2"), 0.722).repair
    ('0.034', '0.72')
    """
    targets = {text.lstrip("-") for text in written(expected, printed.decimals)}
    body = f"{abs(printed.exact):f}"
    repair = printed.like(expected)
    if any(_same(body, target) for target in targets):
        differs = printed.value * expected < 0
        text = f"the sign differs ({printed.text} for {repair})"
        return Cause(code="typing-slip", text=text, repair=repair) if differs else None
    if len(body) > LONGEST:
        return None
    for name in ("lost", "exchanged"):
        if _edited(body, targets, name):
            return _told(printed, *EDITS[name][:2], repair)
    shifted = _shifted(printed, expected, repair)
    if shifted is not None:
        return shifted
    finer = {text.lstrip("-") for text in written(expected, printed.decimals + 1)}
    if printed.decimals > 0 and _digits(printed) <= SHORT and _edited(body, finer, "lost"):
        return _told(printed, *EDITS["lost"][:2], f"{expected:.{printed.decimals + 1}f}")
    for name in ("replaced", "added"):
        if _edited(body, targets, name):
            return _told(printed, *EDITS[name][:2], repair)
    return None


def _digits(printed: Printed) -> int:
    """Digits but for leading zeros."""
    return sum(mark in DIGITS for mark in f"{abs(printed.exact):f}".lstrip("0."))


def _edited(body: str, targets: set[str], name: str) -> bool:
    return any(_same(edit, target) for edit in EDITS[name][2](body) for target in targets)


def _shifted(printed: Printed, expected: float, repair: str) -> Cause | None:
    """The place of the point: ten or a hundred times too small or too large."""
    if not expected:
        return None
    for power, (code, text) in POWERS.items():
        twice = (
            float(f"{expected:.{max(printed.decimals, 0)}f}") * 10.0**power
        )  # the point is moved in a rounded number
        if not (printed.fits(expected * 10.0**power) or (power < 0 and printed.fits(twice))):
            continue
        if power == 1 and 0 < abs(printed.value) < 1:
            return _told(printed, *LOST_ZERO, f"{expected:.{printed.decimals + 1}f}")
        return _told(printed, code, text, repair)
    return None


def _told(printed: Printed, code: str, text: str, repair: str) -> Cause:
    return Cause(code=code, text=f"{text} ({printed.text} for {repair})", repair=repair)


def single_repairs(printed: Printed, fits: Callable[[Printed], bool]) -> list[tuple[Printed, Cause]]:
    """Every value one edit away from the print that fits, each once; the caller decides what more than one means.

    >>> [p.text for p, _ in single_repairs(Printed.parse("12.9"), lambda p: p.interval("half").contains(21.93))]
    ['21.9']
    """
    found: dict[float, tuple[Printed, Cause]] = {}
    sign = "-" if printed.value < 0 else ""
    body = f"{abs(printed.exact):f}"
    for code, text, edits in EDITS.values() if len(body) <= LONGEST else ():
        for edit in edits(body):
            if len(edit.partition(".")[2]) != printed.decimals:
                continue
            candidate = _parsed(sign + edit)
            if candidate is None or candidate.value == printed.value:
                continue
            if candidate.value not in found and fits(candidate):
                candidate = Printed.parse(candidate.like(candidate.value))
                found[candidate.value] = (candidate, _told(printed, code, text, candidate.text))
    return list(found.values())


def shifts(printed: Printed, fits: Callable[[Printed], bool]) -> list[tuple[Printed, Cause]]:
    """The point at another place: a tenth for the value, a lost zero (0.5 for 0.05), ten times the value.

    >>> [p.text for p, _ in shifts(Printed.parse("0.090"), within(Interval(0.894, 0.897)))]
    ['0.90']
    """
    if printed.decimals < 1 or not printed.value or printed.relation != "=":
        return []
    found: list[tuple[Printed, Cause]] = []
    for power, places in ((-1, printed.decimals - 1), (1, printed.decimals + 1)):
        value = printed.exact.scaleb(-power)
        candidate = _parsed(f"{value:.{places}f}")
        if candidate is None or not fits(candidate):
            continue
        lost = power == 1 and abs(printed.value) < 1
        found.append((candidate, _told(printed, *(LOST_ZERO if lost else POWERS[power]), candidate.text)))
    return found


def lost_places(printed: Printed, fits: Callable[[Printed], bool]) -> list[tuple[Printed, Cause]]:
    """Values with one more place after the point, of which one digit is missing in the print (0.2 for 0.72)."""
    body, sign = f"{abs(printed.exact):f}", "-" if printed.value < 0 else ""
    if printed.decimals < 1 or printed.relation != "=" or len(body) > LONGEST:
        return []
    found: dict[float, tuple[Printed, Cause]] = {}
    point = body.index(".")
    for i in range(point + 1, len(body)):
        for digit in DIGITS:
            candidate = _parsed(sign + body[:i] + digit + body[i:])
            if candidate is not None and candidate.value not in found and fits(candidate):
                found[candidate.value] = (candidate, _told(printed, *EDITS["lost"][:2], candidate.text))
    return list(found.values())


def probable(printed: Printed, fits: Callable[[Printed], bool]) -> Cause | None:
    """The likeliest single slip: a shifted point before one other digit; several of a kind have no repair.

    A shifted point is one change, another digit one of nine times as many as there are digits: where both fit, the first
    is the likelier. A single digit can nearly always be replaced by one that fits; then a lost place is looked for first.

    >>> probable(Printed.parse("0.04"), within(Interval(0.405, 0.462))).code
    'lost-digit'
    >>> probable(Printed.parse("0.208"), within(Interval(0.862, 0.931))).repair
    '0.908'
    """
    moved = [cause for _, cause in shifts(printed, fits)]
    if len(moved) == 1:
        return moved[0]
    same = [cause for _, cause in single_repairs(printed, fits)]
    short = _digits(printed) <= 1
    if len(same) != 1 or short:
        finer = [cause for _, cause in lost_places(printed, fits)]
        if len(finer) == 1 and (short or not same):
            return finer[0]
        same = same or finer
    return likely([*moved, *same])


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
