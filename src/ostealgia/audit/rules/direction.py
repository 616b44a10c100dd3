"""direction-vs-claim and adjusted-vs-crude: do words and numbers point the same way?"""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from ostealgia.audit.finding import NOWHERE, Cause, Finding, Place, make
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.counts import odds_ratio
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Numeral, Printed
from ostealgia.options import one_of

CLAIMS = {"higher": 1, "lower": -1}

# role of the factor -> severity of a wrong direction
ROLES = {"treatment": "conclusion-changing", "factor": "major"}


def direction_vs_claim(
    ratio: Numeral,
    claim: str,
    *,
    percent: Numeral | None = None,
    fold: Numeral | None = None,
    limits: tuple[Numeral, Numeral] | None = None,
    measure: str = "OR",
    outcome: str = "the outcome",
    role: str = "factor",
    words: str | None = None,
    place: Place = NOWHERE,
) -> Finding:
    """Does a sentence ("53% lower odds", "0.12-fold greater") agree with the ratio printed beside it?

    ratio : OR, HR, RR as printed, of the outcome that the sentence names.
    claim : "higher" or "lower".
    percent, fold : the size that the sentence states, if any.
    limits : of the ratio; turned round in the repair.
    role : "treatment" (main comparison) or "factor"; it sets the severity.
    words : those of the sentence, where they are others than higher or lower ("worse survival").
    Returns a Finding; recomputed is the size that the ratio gives (in per cent, or the ratio itself). Where the
    words fit the reciprocal, the outcome (or the exposure) may be coded the other way round: the printed numbers
    alone cannot tell.

    >>> direction_vs_claim("0.68", "lower", percent="32", measure="HR").verdict
    'consistent'
    >>> found = direction_vs_claim("3.676", "lower", percent="268")
    >>> found.verdict, found.cause_code, found.repair
    ('impossible', 'reversed-coding', '72.8% lower')
    """
    sign = CLAIMS[one_of("claim", claim, CLAIMS)]
    severity = ROLES[one_of("role", role, ROLES)]
    x = Printed.of(ratio)
    if x.value <= 0:
        raise OptionError(f"ratio={x.text!r} is not above 0.")
    size = None if percent is None else Printed.of(percent)
    times = None if fold is None else Printed.of(fold)
    if (x.value > 1) != (sign > 0) and x.value != 1:
        return _opposite(x, claim, sign, size, times, limits, measure, outcome, severity, words, place)
    if x.interval().contains(1.0) and x.value == 1:
        return make(
            "direction-vs-claim",
            place,
            reported=_claim_text(claim, size, times),
            verdict="inconsistent",
            severity="minor",
            basis="judgement",
            recomputed=1.0,
            message=f"{measure} {x.text} shows no difference; the text says {words or f'{claim} {outcome}'}",
        )
    return _same_direction(x, claim, sign, size, times, measure, outcome, words, place)


def _same_direction(
    x: Printed,
    claim: str,
    sign: int,
    size: Printed | None,
    times: Printed | None,
    measure: str,
    outcome: str,
    words: str | None,
    place: Place,
) -> Finding:
    text = words or _claim_text(claim, size, times)
    value, values, stated = x.value, x.interval(), times
    if size is not None:
        value, values, stated = _change(x.value, sign), _change_range(x, sign), size
    elif times is not None and sign < 0 and times.value > 1:
        value, values = 1 / x.value, x.interval().clip(1e-300, math.inf).reciprocal()
    verdict = "consistent"
    if stated is not None and not stated.fits(value):
        verdict = "rounding" if stated.allows(values) else "inconsistent"
    too_much = size is not None and sign < 0 and size.interval().low > 100
    shown = f"{value:.1f}%" if size is not None else f"{value:.3g}-fold"
    message = (
        f"{measure} {x.text} is {shown} {claim} ({outcome}); the text says {text}"
        if stated
        else f"{measure} {x.text}: {text}" + ("" if words else f" {outcome}")
    )
    return make(
        "direction-vs-claim",
        place,
        reported=text,
        verdict="impossible" if too_much else verdict,
        severity="major" if too_much else "minor" if verdict == "inconsistent" else "none",
        message=f"{message}; a reduction cannot exceed 100%" if too_much else message,
        recomputed=value,
        values=values,
        cause=Cause(repair=f"{shown} {claim}"),
    )


def _opposite(
    x: Printed,
    claim: str,
    sign: int,
    size: Printed | None,
    times: Printed | None,
    limits: tuple[Numeral, Numeral] | None,
    measure: str,
    outcome: str,
    severity: str,
    words: str | None,
    place: Place,
) -> Finding:
    text = words or _claim_text(claim, size, times)
    true_word = "higher" if sign < 0 else "lower"
    change = _change(x.value, -sign)
    what = f"{'above' if x.value > 1 else 'below'} 1" if words else f"{change:.1f}% {true_word} ({outcome})"
    message = f"{measure} {x.text} is {what}; the text says {text}"
    impossible = size is not None and sign < 0 and size.interval().low > 100
    if impossible:
        message += "; a reduction cannot exceed 100%"
        severity = "major"
    turned = 1 / x.value
    repair = _turned(x, limits)
    if size is not None:
        repair = f"{_change(turned, sign):.1f}% {claim}"
    cause = Cause(
        code="reversed-coding",
        repair=repair,
        text=f"the words fit the reciprocal, {_turned(x, limits)}: outcome or groups may be coded the other way{_or_word(x, size, sign)}",
    )
    return make(
        "direction-vs-claim",
        place,
        reported=text,
        verdict="impossible" if impossible else "inconsistent",
        severity=severity,
        message=message,
        recomputed=x.value if size is None else change,
        values=None,
        cause=cause,
    )


def _or_word(x: Printed, size: Printed | None, sign: int) -> str:
    """The other possibility where the stated size is that of the ratio itself: then the word is wrong."""
    if size is None or not (size.fits(_change(x.value, -sign)) or size.allows(_change_range(x, -sign))):
        return ""
    return f"; or the word is wrong, and it is {size.text.rstrip('%').strip()}% {'higher' if sign < 0 else 'lower'}"


def _change(ratio: float, sign: int) -> float:
    """How much higher (sign 1) or lower (sign -1), in per cent."""
    return 100 * (ratio - 1) * sign


def _change_range(x: Printed, sign: int) -> Interval:
    return (x.interval() - 1.0) * (100.0 * sign)


def _turned(x: Printed, limits: tuple[Numeral, Numeral] | None) -> str:
    text = f"{1 / x.value:.2f}"
    if limits is None:
        return text
    low, high = (Printed.of(limit).value for limit in limits)
    return f"{text} ({1 / high:.2f} to {1 / low:.2f})" if low > 0 else text


def _claim_text(claim: str, size: Printed | None, times: Printed | None) -> str:
    if size is not None:
        return f"{size.text.rstrip('%').strip()}% {claim}"
    return f"{times.text}-fold {claim}" if times is not None else claim


def adjusted_vs_crude(
    adjusted: Triplet,
    counts: ArrayLike,
    *,
    outcome: str = "the outcome",
    role: str = "factor",
    place: Place = NOWHERE,
) -> Finding:
    """Do an adjusted odds ratio and the crude one of the printed counts point the same way?

    counts : [[exposed with outcome, exposed without], [unexposed with, unexposed without]].
    Flagged (as judgement: adjustment may turn an effect) only where both intervals exclude 1 on opposite sides.
    recomputed is the crude odds ratio.
    Source: Simpson 1951, doi:10.1111/j.2517-6161.1951.tb00088.x, for the reversal that adjustment can bring.

    >>> found = adjusted_vs_crude(Triplet.of("0.210", "0.100", "0.440"), [[72, 25], [48, 41]])
    >>> found.verdict, round(found.recomputed, 2), found.cause_code
    ('inconsistent', 2.46, 'reversed-coding')
    """
    severity = ROLES[one_of("role", role, ROLES)]
    crude, low, high = odds_ratio(counts)
    opposite = (low > 1 and adjusted.high.value < 1) or (high < 1 and adjusted.low.value > 1)
    limits = "" if math.isnan(low) else f" ({low:.2f} to {high:.2f})"
    message = f"adjusted OR {adjusted.text} for {outcome}; the crude OR of the printed counts is {crude:.2f}{limits}"
    text = (
        f"the reciprocal {_turned(adjusted.estimate, (adjusted.low, adjusted.high))} points the same way as the counts"
    )
    return make(
        "adjusted-vs-crude",
        place,
        reported=adjusted.text,
        verdict="inconsistent" if opposite else "consistent",
        severity=severity if opposite else "none",
        basis="judgement",
        message=message,
        recomputed=None if math.isnan(crude) else crude,
        values=None if math.isnan(low) else Interval(low, high),
        cause=Cause(
            code="reversed-coding", text=text, repair=_turned(adjusted.estimate, (adjusted.low, adjusted.high))
        ),
    )
