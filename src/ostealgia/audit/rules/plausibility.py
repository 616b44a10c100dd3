"""Order, limits and flows: quantile-order, date-order, sample-flow, star limits, median-vs-hr, robustness-of-significance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from numpy.typing import ArrayLike

from ostealgia.audit.causes import likely, slip
from ostealgia.audit.finding import NOWHERE, Balance, Cause, Finding, Place, make
from ostealgia.audit.rules.counts import p_values_of
from ostealgia.audit.rules.significance import ALPHA, show
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Numeral, Printed, as_interval
from ostealgia.options import one_of

QUANTILES = {"min": "minimum", "q1": "first quartile", "median": "median", "q3": "third quartile", "max": "maximum"}

# appraisal tool -> domain -> most stars (points)
STAR_LIMITS: dict[str, dict[str, int]] = {
    "NOS": {"selection": 4, "comparability": 2, "outcome": 3, "exposure": 3, "total": 9},
    "Jadad": {"randomisation": 2, "blinding": 2, "withdrawals": 1, "total": 5},
    "MINORS": {"item": 2, "total": 24},
}


def quantile_order(
    values: Mapping[str, Numeral], *, mean: Numeral | None = None, what: str = "the values", place: Place = NOWHERE
) -> Finding:
    """Do minimum, quartiles, median and maximum rise, and does the mean lie between minimum and maximum?

    values : some of "min", "q1", "median", "q3", "max", as printed.
    Returns a Finding; verdict impossible where rounding cannot mend the order.

    >>> quantile_order({"median": "7", "q1": "5", "q3": "9"}).verdict
    'consistent'
    >>> found = quantile_order({"median": "7", "q1": "8", "q3": "9"})
    >>> found.verdict, found.message
    ('impossible', 'the values: the first quartile 8 is above the median 7')
    """
    for name in values:
        one_of("quantile", name, QUANTILES)
    shown = {name: Printed.of(values[name]) for name in QUANTILES if name in values}
    pairs = list(pairwise(shown))
    centre = None if mean is None else Printed.of(mean)
    broken = [(a, shown[a], b, shown[b]) for a, b in pairs if _above(shown[a], shown[b])]
    if centre is not None:
        if "min" in shown and _above(shown["min"], centre):
            broken.append(("min", shown["min"], "mean", centre))
        if "max" in shown and _above(centre, shown["max"]):
            broken.append(("mean", centre, "max", shown["max"]))
    text = ", ".join(f"{QUANTILES[name]} {printed.text}" for name, printed in shown.items())
    message = f"{what}: {text} rise" if not broken else ""
    inner = [*list(shown.values())[1:-1], *([centre] if centre is not None else [])]
    ends = list(shown.values())
    if broken and inner and all(_above(ends[0], one) and _above(one, ends[-1]) for one in inner):
        return make("quantile-order", place, reported=" ".join(p.text for p in shown.values()), verdict="consistent",
                    message=f"{what}: {text} fall: the greatest value is printed first")  # fmt: skip
    if broken:
        a, first, b, second = broken[0]
        message = f"{what}: the {QUANTILES.get(a, a)} {first.text} is above the {QUANTILES.get(b, b)} {second.text}"
    return make(
        "quantile-order",
        place,
        reported=" ".join(printed.text for printed in shown.values()),
        verdict="impossible" if broken else "consistent",
        severity="minor" if broken else "none",
        message=message,
    )


def _above(first: Printed, second: Printed) -> bool:
    """Whether the first is above the second; with as many places rounding keeps the order."""
    if first.decimals == second.decimals:
        return first.value > second.value
    return first.interval().low > second.interval().high


def date_order(dates: Sequence[tuple[str, date]], *, place: Place = NOWHERE) -> Finding:
    """Do dates that follow one another (enrolment opens, closes, follow-up ends, received, accepted) do so?

    dates : (name, date) in the order in which they must stand.

    >>> date_order([("first patient", date(2020, 5, 1)), ("last patient", date(2018, 5, 1))]).verdict
    'impossible'
    """
    if len(dates) < 2:
        raise OptionError("date-order needs at least two dates.")
    broken = [(a, b) for a, b in pairwise(dates) if a[1] > b[1]]
    told = ", ".join(f"{name} {day.isoformat()}" for name, day in dates)
    if broken:
        (first, early), (second, late) = broken[0]
        told = f"{first} ({early.isoformat()}) is after {second} ({late.isoformat()})"
    return make(
        "date-order",
        place,
        reported=", ".join(day.isoformat() for _, day in dates),
        verdict="impossible" if broken else "consistent",
        severity="minor" if broken else "none",
        message=told,
    )


def sample_flow(
    start: int, losses: Sequence[int], end: int, *, what: str = "patients", place: Place = NOWHERE
) -> Finding:
    """Does a flow of patients add up: those at the start, less those who leave, are those at the end?

    losses : all exclusions that are printed between the two; they must be complete.
    Returns a Finding about the end; impossible where more remain than began, inconsistent where the sum is off.

    >>> sample_flow(250, [30, 15], 205).verdict, sample_flow(250, [30, 15], 215).message
    ('consistent', 'patients: 250 - 30 - 15 = 205; printed 215')
    """
    if min([start, end, *losses]) < 0:
        raise OptionError("a flow holds numbers of patients; none of them may be below 0.")
    left = start - sum(losses)
    verdict = "impossible" if end > start else "consistent" if left == end else "inconsistent"
    wrong = verdict != "consistent"
    sums = " - ".join(str(part) for part in (start, *losses))
    found = make(
        "sample-flow",
        place,
        reported=str(end),
        verdict=verdict,
        severity="minor" if wrong else "none",
        message=f"{what}: {sums} = {left}; printed {end}",
        recomputed=float(left),
        values=as_interval(left),
        cause=_of_flow(start, losses, end) if wrong else None,
    )
    return replace(found, balance=Balance(start, (*losses, end)))


def _of_flow(start: int, losses: Sequence[int], end: int) -> Cause | None:
    """The slip of the end that makes a flow add up, else that of the start or a loss; its kind only where several would do."""
    left = start - sum(losses)
    at_end = slip(Printed.parse(str(end)), left) if left >= 0 else None
    wanted = [(start, start - left + end), *((loss, loss + left - end) for loss in losses)]
    found = [slip(Printed.parse(str(number)), other) for number, other in wanted if other >= 0]
    other = likely([cause for cause in found if cause is not None])
    # the number that is flagged is the end: what would mend another one is a cause, never the repair of this one
    return at_end or (None if other is None else replace(other, repair=None))


def star_limit(stars: int, domain: str, *, tool: str = "NOS", place: Place = NOWHERE) -> Finding:
    """Is a rating within what its domain can have (Newcastle-Ottawa: selection 4, comparability 2, outcome 3, total 9)?

    tool : a name in STAR_LIMITS.  domain : a domain of the tool, or "total".
    Source: Wells et al., the Newcastle-Ottawa Scale.

    >>> star_limit(5, "selection").verdict, star_limit(9, "total").verdict
    ('impossible', 'consistent')
    """
    limits = STAR_LIMITS[one_of("tool", tool, STAR_LIMITS)]
    most = limits[one_of("domain", domain, limits)]
    fits = 0 <= stars <= most
    return make(
        "scale-bound",
        place,
        reported=str(stars),
        verdict="consistent" if fits else "impossible",
        severity="none" if fits else "minor",
        values=Interval(0.0, float(most)),
        message=f"{tool}, {domain}: {stars} of at most {most}",
    )


def median_vs_hr(
    median_1: Numeral,
    median_2: Numeral,
    hazard_ratio: Numeral,
    limits: tuple[Numeral, Numeral] | None = None,
    *,
    place: Place = NOWHERE,
) -> Finding:
    """Do two median survival times and a hazard ratio (1 against 2) point the same way?

    median_1, median_2 : of group 1 (treated) and 2, one unit.  limits : of the hazard ratio.
    With proportional hazards the group with the longer median has the lower hazard; with constant hazards the ratio is
    median_2/median_1. Curves may cross, so this is a judgement, and only opposite directions with an interval on one
    side of 1 (or a ratio beyond 1/1.25 and 1.25 where none is printed) are more than information.

    >>> median_vs_hr("14.2", "9.8", "0.68", ("0.51", "0.91")).verdict
    'consistent'
    >>> found = median_vs_hr("9.8", "14.2", "0.68", ("0.51", "0.91"))
    >>> found.verdict, found.basis, found.repair
    ('inconsistent', 'judgement', None)
    """
    first, second, ratio = (Printed.of(value) for value in (median_1, median_2, hazard_ratio))
    if min(first.value, second.value, ratio.value) <= 0:
        raise OptionError("medians and hazard ratio must be above 0.")
    times = second.interval() / first.interval()
    shown = second.value / first.value
    message = f"medians {first.text} and {second.text} suggest a hazard ratio near {show(shown)}; printed {ratio.text}"
    opposite = (times.high < 1 and ratio.value > 1) or (times.low > 1 and ratio.value < 1)
    clear = max(ratio.value, 1 / ratio.value) > 1.25 and max(shown, 1 / shown) > 1.1
    inside = True
    if limits is not None:
        low, high = (Printed.of(limit).value for limit in limits)
        clear = clear and not low <= 1 <= high
        inside = low <= times.high and times.low <= high
    severity = "minor" if opposite and clear else "information"
    wrong = opposite or not inside
    return make(
        "median-vs-hr",
        place,
        reported=f"{first.text}, {second.text}, {ratio.text}",
        verdict="inconsistent" if wrong else "consistent",
        severity=severity if wrong else "none",
        basis="judgement",
        recomputed=shown,
        values=times if math.isfinite(times.high) else None,
        message=f"{message}; they point in opposite directions" if opposite else message,
    )


def robustness_of_significance(
    counts: ArrayLike, p_value: Numeral, *, alpha: float = ALPHA, place: Place = NOWHERE
) -> Finding:
    """Do the other usual tests of the same counts lie on the other side of the significance level? Information only.

    counts : array (r, c) of whole numbers.  p_value : as printed.
    Returns a Finding that is always consistent; recomputed is the P of the test that is furthest away.

    >>> found = robustness_of_significance([[44, 30], [59, 72]], "0.047")
    >>> found.severity, found.message
    ('information', "printed P 0.047; Yates gives 0.0661, Fisher's exact gives 0.0587: significance rests on the choice of test")
    """
    printed = Printed.of(p_value)
    below = printed.value < alpha or (printed.relation == "<" and printed.value <= alpha)
    others = {name: p for name, p in p_values_of(counts).items() if (p < alpha) != below}
    told = ", ".join(f"{name} gives {show(p)}" for name, p in others.items())
    message = f"printed P {printed.text}; " + (
        f"{told}: significance rests on the choice of test" if others else "every usual test is on the same side"
    )
    values = list(others.values()) or list(p_values_of(counts).values())
    return make(
        "robustness-of-significance",
        place,
        reported=printed.text,
        verdict="consistent",
        severity="information" if others else "none",
        message=message,
        recomputed=max(values) if below else min(values),
        values=Interval(min(values), max(values)),
    )
