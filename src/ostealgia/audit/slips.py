"""Which single slip of which printed number makes all numbers fit again, and is it likely enough to be named?

A check binds several printed numbers; any of them may be the wrong one. Each number is tried with every slip of the pen: a
digit lost, added, exchanged or another one, the point at another place. A slip that fits is weighed as Bayes' rule has it: by how
often its kind happens, over the number of slips of that kind that the number has, over the number of values that would fit as well
(where many would, one of them fits by chance). Against all slips stands another value altogether (of another row or test). One
value that holds most of the weight is the repair; several are told as candidates, and none is the repair.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ostealgia.audit.causes import DIGITS, EDITS, LONGEST, LOST_ZERO, POWERS
from ostealgia.audit.finding import Cause
from ostealgia.numerics.intervals import Interval, Printed, written

Fits = Callable[[Printed], bool]

# how often a slip is of each kind, about (the point by one place, by two)
KINDS: dict[str, float] = {
    "replaced": 0.35, "lost": 0.2, "exchanged": 0.15, "point": 0.2, "two places": 0.05, "added": 0.1, "pointless": 0.2,
    "rounded": 0.03, "cut": 0.01,
}  # fmt: skip
NO_POINT = ("lost-digit", "the point is missing")
OTHER = 0.5  # how often the number is another one altogether, against a slip
SURE = 0.65  # share of the weight that names a value, or a kind of slip
TOLD = 0.12  # share of the weight with which a candidate is told
MOST_TOLD = 3
WIDEST = 400  # values to either side that are looked at
PLACES = 4  # of a numeral where no other number says how finely they are printed


@dataclass(frozen=True)
class Suspect:
    """A printed number that may be the wrong one.

    name : what it is, for a reader ("P", "the lower limit"); fits : whether all numbers fit with another value in its place.
    least, places : fewest and most places after the point that its print may have.  plausible : about how many prints it may have
    at all.  other : how often another value stands there altogether, against a slip.
    determined : the other numbers give it; of those that they give, the one in question is then one of as many as fit.
    rounded : it may have been rounded again after the point was moved.  among : with this value, how many prints the rounding
    leaves open for the number that the others give; that just the one that stands there was printed is one chance in so many.
    inside : a range that holds every value that may fit, so that others need not be tried.
    """

    name: str
    printed: Printed
    fits: Fits
    places: int = PLACES
    least: int = 0
    plausible: float = 0.0
    other: float = OTHER
    determined: bool = False
    rounded: bool = True
    among: Callable[[Printed], float] | None = None
    inside: Interval | None = None


@dataclass(frozen=True)
class Slip:
    """One slip that would explain the print. weight : of its evidence, comparable between numbers.  width : values that fit as well."""

    suspect: Suspect
    kind: str
    value: Printed
    code: str
    text: str
    weight: float
    width: float = 1.0

    @property
    def told(self) -> str:
        """ "a digit is missing (2.7 for 26.7)"."""
        return f"{self.text} ({self.suspect.printed.text} for {self.value.text})"


@dataclass(frozen=True)
class Verdict:
    """What the slips of the suspects say: sorted by their shares of the weight; the rest is another value altogether."""

    slips: tuple[Slip, ...] = ()
    shares: tuple[float, ...] = ()

    @property
    def named(self) -> Slip | None:
        """The one value that is likely enough to be the repair."""
        return self.slips[0] if self.slips and self.shares[0] >= SURE else None

    def cause(self, repaired: Callable[[Slip], str] = lambda slip: slip.value.text) -> Cause | None:
        """The cause in words, with the repair where one value is named. repaired : how the repair is written."""
        if not self.slips:
            return None
        named = self.named
        if named is not None:
            return Cause(code=named.code, text=named.told, repair=repaired(named))
        listed = [slip for slip, share in zip(self.slips, self.shares, strict=True) if share >= TOLD]
        code = self.slips[0].code
        if not listed or len(listed) > MOST_TOLD or sum(self.shares) < SURE:
            return Cause(code=code, text=NOT_NAMED)
        if len(listed) == 1:
            return Cause(code=code, text=f"perhaps {listed[0].told}; others would fit as well")
        return Cause(code=code, text=f"one slip would explain it, of several: {_listed(listed)}")


NOT_NAMED = "perhaps a slip of a digit or of the point; too many values would fit for one to be named"


def _listed(slips: Sequence[Slip]) -> str:
    """ "0.35 or 0.36 in place of 0.04, or 2.92 in place of 0.92"."""
    values: dict[str, list[str]] = {}
    for slip in slips:
        values.setdefault(slip.suspect.printed.text, []).append(slip.value.text)
    return ", or ".join(f"{' or '.join(found)} in place of {text}" for text, found in values.items())


def weighed(suspects: Sequence[Suspect]) -> Verdict:
    """Every slip of every suspect that makes the numbers fit, weighed against one another and against another value altogether.

    >>> from ostealgia.audit.causes import within
    >>> one = Suspect("P", Printed.parse("0.012"), within(Interval(0.1198, 0.1203)), places=3, plausible=200, determined=True)
    >>> weighed([one]).cause().repair
    '0.120'
    >>> vague = Suspect("P", Printed.parse("0.71"), within(Interval(0.110, 0.163)), least=2, plausible=100, determined=True)
    >>> weighed([vague]).cause().repair is None
    True
    """
    other = sum(suspect.other / suspect.plausible for suspect in suspects if suspect.plausible > 0)
    groups = [group for suspect in suspects for group in _grouped(list(_slips(suspect)))]
    total = sum(weight for _, weight in groups) + other
    groups.sort(key=lambda group: -group[1])
    return Verdict(tuple(slip for slip, _ in groups), tuple(weight / total for _, weight in groups))


def _grouped(slips: Sequence[Slip]) -> list[tuple[Slip, float]]:
    """Slips of one number with their weight; values that are one another's rounding (0.34, 0.343) are told as one.

    The finer value is named where no other of its places fits.
    """
    groups: list[list[Slip]] = []
    for slip in sorted(slips, key=lambda slip: (slip.value.decimals, -slip.weight)):
        same = (group for group in groups if _rounds_to(slip.value, group[0].value))
        group = next(same, None)
        if group is None:
            groups.append([slip])
        else:
            group.append(slip)
    return [(_spokesman(group), sum(slip.weight for slip in group)) for group in groups]


def _rounds_to(fine: Printed, coarse: Printed) -> bool:
    return coarse.fits(fine.value)


def _spokesman(group: Sequence[Slip]) -> Slip:
    finest = [slip for slip in group if slip.value.decimals == group[-1].value.decimals]
    if len({slip.value.value for slip in finest}) == 1 and finest[0].width <= 1:
        return finest[0]
    return max(reversed(group), key=lambda slip: slip.weight)


def _slips(suspect: Suspect) -> Iterator[Slip]:
    printed = suspect.printed
    body = f"{abs(printed.exact):f}"
    if printed.relation != "=" or len(body) > LONGEST or not printed.value:
        return
    numbers: dict[str, set[float]] = {}
    near: list[tuple[float, str, str, str, str]] = []
    low, high = (-math.inf, math.inf) if suspect.inside is None else (suspect.inside.low, suspect.inside.high)
    sign, seen = (-1.0 if printed.value < 0 else 1.0), set[str]()
    for kind, code, text, edit in _texts(suspect, body):
        value = sign * float(edit)
        numbers.setdefault(kind, set()).add(value)
        if low - COARSE <= value <= high + COARSE and edit not in seen and value != printed.value:
            seen.add(edit)
            near.append((value, kind, code, text, edit))
    spread: dict[int, list[tuple[float, float]]] = {}
    for number, kind, code, text, edit in near:
        value = Printed(edit if sign > 0 else f"-{edit}", number, len(edit.partition(".")[2]))
        if value.decimals < suspect.least or not _may_fit(value, low, high) or not suspect.fits(value):
            continue
        width = _width(value, suspect, spread.setdefault(value.decimals, []))
        share = _ways(kind, body, len(numbers[kind]))
        weight = KINDS[kind] / share / (width if suspect.determined or kind == "rounded" else 1.0)
        chance = 1.0 if suspect.among is None else max(1.0, suspect.among(value))
        yield Slip(suspect, kind, value, code, text, weight / chance, width)


def _ways(kind: str, body: str, values: int) -> float:
    """In how many ways a number may have this slip: any digit may be lost, ten may be added at any place, ..."""
    digits = sum(mark in DIGITS for mark in body)
    return {"rounded": SHIFTS, "lost": digits + 1.0, "added": 10.0 * digits}.get(kind, float(values))


SHIFTS = 2.0  # places by which the point may be moved before a number is rounded
COARSE = 1.0  # the coarsest unit of a print, for a first look


def _may_fit(value: Printed, low: float, high: float) -> bool:
    """A quick look before the numbers are compared over their rounding."""
    return low - value.unit <= value.value <= high + value.unit


def _texts(suspect: Suspect, body: str) -> Iterator[tuple[str, str, str, str]]:
    printed, places = suspect.printed, suspect.places
    for power in (-1, 1, -2, 2):  # the same digits, the point elsewhere
        value = abs(printed.exact.scaleb(-power))
        code, text = LOST_ZERO if power == 1 and abs(printed.value) < 1 else POWERS[power]
        for decimals in sorted({printed.decimals + power, printed.decimals}):
            exact = value == round(value, decimals) if decimals >= 0 else False
            if "." in body and decimals <= places and exact:
                yield "point" if abs(power) == 1 else "two places", code, text, f"{value:.{decimals}f}"
    if "." not in body:
        for decimals in range(1, min(len(body), places) + 1):
            yield "pointless", *NO_POINT, f"{abs(printed.exact.scaleb(-decimals)):.{decimals}f}"
    for kind in ("exchanged", "lost", "replaced", "added"):
        code, text, edits = EDITS[kind]
        yield from ((kind, code, text, edit) for edit in edits(body) if _well_formed(edit, places))
    if suspect.rounded and printed.decimals >= 1:
        yield from _shifted_and_rounded(printed, suspect.inside)


def _shifted_and_rounded(printed: Printed, inside: Interval | None) -> Iterator[tuple[str, str, str, str]]:
    """The point elsewhere, and the number rounded to its places again: 0.034 for 0.343, 10.25 for 1.02."""
    places, scale = printed.decimals, 10.0**printed.decimals
    box = abs(inside) if inside is not None else Interval(0.0, math.inf)
    for power, half in ((1, 5), (2, 50)):
        middle = int(abs(printed.exact).scaleb(places + power))
        low = max(middle - half, math.floor(box.low * scale) - 1)
        high = middle + half if math.isinf(box.high) else min(middle + half, math.ceil(box.high * scale) + 1)
        for value in range(low, high + 1):
            yield "rounded", *POWERS[-power], f"{value / scale:.{places}f}"
    for text in sorted(written(abs(float(printed.exact.scaleb(-1))), places)):
        yield "cut", *POWERS[1], text


def _well_formed(text: str, places: int) -> bool:
    whole, _, after = text.partition(".")
    return len(after) <= places and not text.endswith(".") and whole != "" and (len(whole) == 1 or whole[0] != "0")


def _width(value: Printed, suspect: Suspect, known: list[tuple[float, float]]) -> float:
    """How many values of as many places fit; of a range that the other numbers give, how many times the part that is so printed."""
    if suspect.inside is not None and suspect.determined:
        shown, wanted = value.interval("half"), suspect.inside
        common = min(shown.high, wanted.high) - max(shown.low, wanted.low)
        return max(1.0, wanted.width / common) if common > 0 else MOST
    for low, high in known:
        if low <= value.value <= high:
            return round((high - low) / value.unit) + 1
    if not suspect.determined:
        return 1.0  # is not asked for
    ends = [_reach(value, suspect.fits, sign) for sign in (-1, 1)]
    known.append((value.value - ends[0] * value.unit, value.value + ends[1] * value.unit))
    return ends[0] + ends[1] + 1


MOST = 1000.0  # where a print only touches the range


def _reach(value: Printed, fits: Fits, sign: int) -> int:
    """How many steps of its last place a value can go before it no longer fits."""

    def at(step: int) -> bool:
        text = f"{value.value + sign * step * value.unit:.{value.decimals}f}"
        return fits(Printed(text, float(text), value.decimals))

    low, high = 0, 1
    while high <= WIDEST and at(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at(middle) else (low, middle)
    return low
