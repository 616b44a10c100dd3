"""precision-bound, events-bound, scale-bound: can an interval be that narrow, a value that large?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ostealgia.audit.finding import NOWHERE, Finding, Place, make
from ostealgia.audit.rules.significance import quantile, show, show_range
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Numeral, Printed, as_interval


def log_std_error(ci_low: Printed, ci_high: Printed, level: float = 0.95) -> Interval:
    """Standard error of a log ratio from its Wald limits, over their rounding.

    >>> box = log_std_error(Printed.parse("0.51"), Printed.parse("0.91"))
    >>> round(box.low, 4), round(box.high, 4)
    (0.1414, 0.153)
    """
    low, high = (part.interval().clip(1e-300, math.inf).log() for part in (ci_low, ci_high))
    width = high - low
    scale = 1 / (2 * quantile(level))
    return Interval(max(width.low, 0.0) * scale, max(width.high, 0.0) * scale)


def precision_bound(
    ci_low: Numeral,
    ci_high: Numeral,
    *,
    exposed: int | None,
    n: int,
    events: int | None = None,
    cells: Sequence[int] | None = None,
    level: float = 0.95,
    place: Place = NOWHERE,
) -> Finding:
    """Can a logistic regression give so narrow an interval for a binary factor?

    ci_low, ci_high : Wald limits of the odds ratio.
    exposed : patients with the factor; None where it is not known: the bound of an even split, the lowest of all, is taken.
    n : patients in the model.
    events : patients with the outcome, where they are printed. The fitted probabilities add up to them, so that the
    information is also at most events (n - events)/(4 n).
    cells : the four counts factor x outcome, where they are printed.
    The information on the coefficient is at most 1/4 of sum (x - mean)^2, so with q = exposed/n its standard error is at
    least 2/sqrt(n q (1 - q)), whatever else is in the model: below that is impossible. Adjustment does not narrow it
    below the crude sqrt(sum 1/cell) either (Robinson, Jewell 1991, doi:10.2307/1403444): below that is inconsistent.
    For maximum likelihood without weights, penalty or robust errors only.
    Returns a Finding; recomputed is the bound.

    >>> found = precision_bound("1.359", "1.727", exposed=129, n=205)
    >>> found.verdict, round(found.recomputed, 3)
    ('impossible', 0.289)
    """
    if n < 2 or (exposed is not None and not 0 < exposed < n):
        raise OptionError(f"exposed={exposed} of n={n}: both groups of a binary factor must hold patients.")
    low, high = Printed.of(ci_low), Printed.of(ci_high)
    with_factor = n / 2 if exposed is None else exposed
    found, bound = log_std_error(low, high, level), 2 / math.sqrt(with_factor * (n - with_factor) / n)
    of_whom = f"for any binary factor of {n} patients" if exposed is None else f"with {exposed} of {n} exposed"
    if events is not None and 0 < events < n and (by_outcome := 2 / math.sqrt(events * (n - events) / n)) > bound:
        bound, of_whom = by_outcome, f"for any binary factor of {n} patients, {events} of them with the outcome"
    verdict, name = "consistent", f"the least possible {of_whom} is {bound:.3f}"
    if found.high < bound:
        verdict = "impossible"
    elif cells is not None and min(cells) > 0:
        crude = math.sqrt(sum(1 / cell for cell in cells))
        if found.high < crude:
            verdict, bound, name = "inconsistent", crude, f"that of the crude odds ratio is {crude:.3f}"
    return make(
        "precision-bound",
        place,
        reported=f"{low.text} to {high.text}",
        verdict=verdict,
        severity="none" if verdict == "consistent" else "major",
        recomputed=bound,
        values=as_interval(bound),
        message=f"{low.text} to {high.text} means a standard error of {show_range(found)} on the log scale; {name}",
    )


def events_bound(
    ci_low: Numeral,
    ci_high: Numeral,
    *,
    events: int | None = None,
    n: int | None = None,
    level: float = 0.95,
    place: Place = NOWHERE,
) -> Finding:
    """Can a Cox model give so narrow an interval for a binary factor with that many events?

    ci_low, ci_high : Wald limits of the hazard ratio.
    events : printed number of events.
    n : patients; where the events are not printed this is the most that there can be.
    Each event adds at most 1/4 to the information on a binary coefficient (Schoenfeld 1983, doi:10.2307/2531021), so
    the standard error is at least 2/sqrt(events). Not for continuous factors, weights, penalties or robust errors.
    Returns a Finding; recomputed is the least number of events that the interval needs.

    >>> found = events_bound("0.51", "0.91", n=205)
    >>> found.verdict, round(found.recomputed)
    ('consistent', 183)
    """
    most = events if events is not None else n
    if most is None or most <= 0:
        raise OptionError("events-bound needs the number of events, or of patients, above 0.")
    low, high = Printed.of(ci_low), Printed.of(ci_high)
    box = log_std_error(low, high, level)
    if low.value <= 0 or high.value <= low.value:
        raise OptionError(f"{low.text} to {high.text} is not an interval of a ratio with two limits above 0.")
    point = 4 / (math.log(high.value / low.value) / (2 * quantile(level))) ** 2
    needed = Interval(4 / box.high**2, 4 / box.low**2 if box.low > 0 else math.inf)
    verdict = "impossible" if needed.low > most * (1 + 1e-9) else "consistent"
    counted = f"{most} events are printed" if events is not None else f"there are {most} patients"
    return make(
        "events-bound",
        place,
        reported=f"{low.text} to {high.text}",
        verdict=verdict,
        severity="none" if verdict == "consistent" else "major",
        recomputed=point,
        values=needed,
        message=f"{low.text} to {high.text} needs at least {show(needed.low)} events (about {point:.0f}); {counted}",
    )


def scale_bound(
    value: Numeral,
    low: float,
    high: float,
    *,
    sd: Numeral | None = None,
    n: int | None = None,
    what: str = "the value",
    place: Place = NOWHERE,
) -> Finding:
    """Can a mean, and its SD, stand on a scale from low to high?

    sd : with it the largest SD possible for that mean is compared, sqrt((mean - low)(high - mean) n/(n - 1)), which has
    all patients at the two ends.
    n : patients; without it the factor n/(n - 1) is 2, the most it can be.
    Returns a Finding about the SD where one is given and the mean lies on the scale, else about the value.
    Source: Bhatia, Davis 2000, doi:10.2307/2589180.

    >>> scale_bound("7.96", 0, 10, sd="2.27", n=73).verdict, scale_bound("11.2", 0, 10).verdict
    ('consistent', 'impossible')
    """
    if not low < high:
        raise OptionError(f"a scale from {low!r} to {high!r} has no room; low must be below high.")
    printed = Printed.of(value)
    box = printed.interval()
    inside = box.overlaps(Interval(low, high))
    scale = f"from {low:g} to {high:g}" if math.isfinite(high) else f"from {low:g} upwards"
    if sd is None or not inside:
        return make(
            "scale-bound",
            place,
            reported=printed.text,
            verdict="consistent" if inside else "impossible",
            severity="none" if inside else "major",
            values=Interval(low, high),
            message=f"{what} {printed.text} {'stands' if inside else 'cannot stand'} on a scale {scale}",
        )
    spread = Printed.of(sd)
    factor = 2.0 if n is None else n / (n - 1) if n > 1 else 1.0
    middle = 0.5 * (low + high)
    best = box.clip(low, high)
    at = min(max(middle, best.low), best.high)
    largest = math.sqrt((at - low) * (high - at) * factor)
    fits = spread.interval().clip(0.0, math.inf).overlaps(Interval(0.0, largest)) and spread.value >= 0
    return make(
        "scale-bound",
        place,
        reported=spread.text,
        verdict="consistent" if fits else "impossible",
        severity="none" if fits else "major",
        values=Interval(0.0, largest),
        message=f"{what} {printed.text} on a scale {scale} allows an SD of at most {show(largest)}; "
        f"printed {spread.text}",
    )
