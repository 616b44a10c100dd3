"""total-vs-parts, cross-reference, duplicate-value: do numbers that must agree with one another do so?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ostealgia.audit.causes import likely, slip
from ostealgia.audit.finding import NOWHERE, Balance, Cause, Finding, Place, make
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Numeral, Printed, as_interval

LONG = 6  # digits that two intervals must share before the match counts as a copy


def total_vs_parts(
    parts: Sequence[Numeral],
    total: Numeral,
    *,
    what: str = "parts",
    exact: bool = True,
    severity: str = "minor",
    place: Place = NOWHERE,
) -> Finding:
    """Do the printed parts add up to the printed total?

    exact : the numbers are counts; with False they are rounded prints (percentages), compared over their rounding.
    severity : of a disagreement; the caller knows what hangs on it.
    what : a word for the parts.
    Returns a Finding; recomputed is the sum.

    >>> total_vs_parts([24, 5, 7, 8, 3], 47).verdict
    'consistent'
    >>> total_vs_parts(["33.3", "33.3", "33.3"], "100", exact=False).verdict
    'rounding'
    """
    if not parts:
        raise OptionError("total-vs-parts needs at least one part.")
    shown = [Printed.of(part) for part in parts]
    whole = Printed.of(total)
    value = sum(part.value for part in shown)
    values = as_interval(value) if exact else _sum([part.interval() for part in shown])
    sums = " + ".join(part.text for part in shown) + f" = {_plain(value)}"
    near = "rounding" if not exact and whole.allows(values) else "inconsistent"
    verdict = "consistent" if whole.value == value else near
    flagged = verdict == "inconsistent"
    found = make(
        "total-vs-parts",
        place,
        reported=whole.text,
        verdict=verdict,
        severity=severity if flagged else "none",
        message=f"{what}: {sums}; printed {whole.text}",
        recomputed=value,
        values=values,
        cause=_of_sum(shown, whole, value, exact) if flagged else None,
    )
    counts = exact and all(one.value == int(one.value) and one.decimals == 0 for one in (whole, *shown))
    return replace(found, balance=Balance(int(whole.value), tuple(int(p.value) for p in shown))) if counts else found


def _of_sum(parts: Sequence[Printed], whole: Printed, value: float, exact: bool) -> Cause | None:
    """The slip of the total that makes a sum fit, else that of a part; its kind only where several parts would do."""
    of_total = slip(whole, value)
    if of_total is not None or not exact:
        return of_total
    wanted = [(part, whole.value - (value - part.value)) for part in parts]
    found = [slip(part, other) for part, other in wanted if other >= 0 and part.value != other]
    return likely([cause for cause in found if cause is not None])


def same_total(
    first: Sequence[int],
    second: Sequence[int],
    *,
    what: str = "the same patients",
    rule: str = "cross-reference",
    severity: str = "major",
    where: tuple[str, str] = ("here", "elsewhere"),
    place: Place = NOWHERE,
) -> Finding:
    """Do two groupings of the same patients give the same number?

    first, second : counts that are added up.  Verdict impossible where they differ: both describe all patients.
    Returns a Finding about the first; recomputed is the second's sum.

    >>> same_total([77, 30], [49, 51], what="ECOG 0-1").verdict
    'impossible'
    """
    a, b = sum(first), sum(second)
    told = " and ".join(
        f"{sum_text(parts)} {place_word}" for parts, place_word in zip((first, second), where, strict=True)
    )
    return make(
        rule,
        place,
        reported=sum_text(first),
        verdict="consistent" if a == b else "impossible",
        severity="none" if a == b else severity,
        message=f"{what}: {told}",
        recomputed=float(b),
        values=as_interval(b),
    )


def cross_reference(
    first: Numeral,
    second: Numeral,
    *,
    what: str = "the same quantity",
    severity: str = "major",
    exact: bool = False,
    place: Place = NOWHERE,
) -> Finding:
    """Is one quantity printed with the same value at two places, as far as their places after the point allow?

    exact : counts, which nobody rounds.

    >>> cross_reference("5.4", "5.39").verdict, cross_reference("3.72", "3.94").verdict
    ('consistent', 'inconsistent')
    """
    a, b = Printed.of(first), Printed.of(second)
    if a.value == b.value or a.fits(b.value) or b.fits(a.value):
        verdict = "consistent"
    else:
        verdict = (
            "rounding" if a.interval().overlaps(b.interval()) and a.relation == b.relation == "=" else "inconsistent"
        )
        if a.relation != "=" or b.relation != "=":
            verdict = "consistent" if a.interval().overlaps(b.interval()) else "inconsistent"
        if exact and verdict == "rounding":
            verdict = "inconsistent"
    flagged = verdict == "inconsistent"
    return make(
        "cross-reference",
        place,
        reported=a.text,
        verdict=verdict,
        severity=severity if flagged else "none",
        message=f"{what}: {a.text} here, {b.text} elsewhere",
        recomputed=b.value,
        values=_bounded(b.interval()),
        cause=_of_other(a, b) if flagged and a.relation == b.relation == "=" else None,
    )


def _of_other(a: Printed, b: Printed) -> Cause | None:
    """The slip that makes one print of the other; a finer print is given as it stands there."""
    found = slip(a, b.value)
    if found is None or b.decimals <= a.decimals:
        return found
    same = b.text.lstrip("0").replace(".", "") == a.text.lstrip("0").replace(".", "").ljust(len(b.text), "0")
    return replace(found, repair=b.text) if same or found.code == "lost-digit" else None


def duplicate_interval(
    first: Triplet, second: Triplet, *, names: tuple[str, str] = ("this row", "another row"), place: Place = NOWHERE
) -> Finding | None:
    """Do two different estimates carry the same interval to many digits? None where the intervals differ or are short.

    Two Wald intervals on different estimates differ; a match of six digits or more is no coincidence of rounding.

    >>> found = duplicate_interval(Triplet.of("4.22", "1.22", "2048.64"), Triplet.of("3.91", "1.22", "2048.64"))
    >>> found.verdict, found.cause_code
    ('impossible', 'copied-interval')
    """
    same = (first.low.value, first.high.value) == (second.low.value, second.high.value)
    few = max(_digits(first.low), _digits(first.high)) < LONG
    if not same or (few and not _one_copied(first, second)):
        return None
    if first.estimate.interval().overlaps(second.estimate.interval()):
        return None
    shown = f"{names[0]} ({first.estimate.text}) and {names[1]} ({second.estimate.text})"
    text = f"the interval {first.low.text} to {first.high.text} stands at {shown}"
    return make(
        "duplicate-value",
        place,
        reported=first.text,
        verdict="impossible",
        severity="major",
        message=text,
        cause=Cause(code="copied-interval", text="one of the two intervals is a copy of the other"),
    )


def _one_copied(first: Triplet, second: Triplet) -> bool:
    """Whether the interval of six digits in all has one of two ratios in its middle on the log scale, and the other far from it."""
    low, high = first.low.value, first.high.value
    if (
        not 0 < low < high
        or _digits(first.low) + _digits(first.high) < LONG
        or min(_digits(first.low), _digits(first.high)) < LONG // 2
    ):
        return False
    middle, width = (low * high) ** 0.5, high / low
    off = [
        abs(math.log(one.estimate.value / middle)) / math.log(width) if one.estimate.value > 0 else 1.0
        for one in (first, second)
    ]
    return min(off) < 0.02 and max(off) > 0.08


def _sum(parts: Sequence[Interval]) -> Interval:
    total = as_interval(0.0)
    for part in parts:
        total = total + part
    return total


def _bounded(box: Interval) -> Interval | None:
    return box if abs(box.low) < float("inf") and abs(box.high) < float("inf") else None


def _plain(value: float) -> str:
    return f"{value:.10g}"


def sum_text(parts: Sequence[int]) -> str:
    """Counts with their sum.

    >>> sum_text([80, 29]), sum_text([103])
    ('80 + 29 = 109', '103')
    """
    return str(parts[0]) if len(parts) == 1 else f"{' + '.join(map(str, parts))} = {sum(parts)}"


def _digits(printed: Printed) -> int:
    """Significant digits that are printed."""
    return len(str(abs(int(printed.exact.scaleb(printed.decimals)))))
