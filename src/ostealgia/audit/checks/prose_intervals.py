"""Estimates of running text: does each lie where its interval says, and does its P follow from the interval?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.prose_common import (
    CERTAIN_SCALE,
    EFFECTS,
    MULTIPLICITY,
    RATIOS,
    free,
    in_percent,
    level_of,
    mentions,
    words_in,
)
from ostealgia.audit.checks.table_premises import MANY, doubtful
from ostealgia.audit.finding import Finding, Place, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import ci_vs_point
from ostealgia.audit.rules.p_values import p_vs_ci
from ostealgia.audit.statements.model import Estimate, Number
from ostealgia.numerics.intervals import Interval, Printed

_NO_P = "many P values of this paper do not fit their intervals: they may be of another comparison"
UNEVEN = ("bootstrap", "bayesian", "markov", "profile likelihood", "profile-likelihood", "permutation", "jackknife")
ONE_SIDED = ("one-sided", "one-tailed", "1-sided", "1-tailed", "one sided", "one tailed")


def intervals(paper: Paper) -> Iterator[Finding]:
    """ci-vs-point and p-vs-ci for every estimate with an interval."""
    adjusted = mentions(paper, *MULTIPLICITY)
    uneven = mentions(paper, *UNEVEN)
    one_sided = mentions(paper, *ONE_SIDED)
    owners = _owners(paper)
    of_p: list[Finding] = []
    for estimate in free(paper, Estimate):
        if estimate.ci_low is None or estimate.ci_high is None or estimate.ci_kind in ("prediction", "range", "iqr"):
            continue
        found = _point(paper, estimate)
        if found is not None and found.flagged:
            found = _copied(found, estimate, owners)
        if found is not None and found.basis == "judgement" and found.flagged and uneven:
            told = f"{found.message}; the paper names intervals that need not be symmetric"
            found = replace(found, severity="information", message=told)
        if found is not None:
            yield found
        if estimate.p_value is not None:
            p_found = _p(paper, estimate, adjusted, one_sided)
            broken = found is not None and found.flagged  # then a misfit of P says nothing more
            if p_found is not None and not (broken and p_found.flagged):
                of_p.append(p_found)
    several = len({one.message for one in of_p if one.flagged}) >= MANY  # an abstract repeats what the results say
    yield from doubtful(of_p, "p-vs-ci", _NO_P) if several else of_p


Owners = dict[tuple[str, str], list[Estimate]]


def _owners(paper: Paper) -> Owners:
    """The estimates of the paper by their limits, as printed."""
    found: Owners = {}
    for one in paper.of_kind(Estimate):
        if one.ci_low is not None and one.ci_high is not None:
            found.setdefault((one.ci_low.text, one.ci_high.text), []).append(one)
    return found


def _copied(found: Finding, estimate: Estimate, owners: Owners) -> Finding:
    """Where the interval is that of another estimate of the paper, in whose middle it lies: say so."""
    if estimate.ci_low is None or estimate.ci_high is None or estimate.measure is None:
        return found
    low, high = estimate.ci_low.text, estimate.ci_high.text
    if sum(sign.isdigit() for sign in low + high) < 5:
        return found
    for other in owners.get((low, high), ()):
        scale = scale_name(other)
        if other.measure != estimate.measure or other.estimate.value == estimate.estimate.value or scale is None:
            continue
        if not ci_vs_point(other.estimate.text, low, high, scale=scale, level=level_of(other)).flagged:
            typed = slip(estimate.estimate.printed, other.estimate.value)
            if typed is not None:  # one effect at two places, with a slip at one of them
                repair = f"{other.estimate.text} ({low} to {high})"
                return replace(found, cause_code=typed.code, cause=typed.text, repair=repair)
            text = f"the interval is that of another estimate of the paper, {other.estimate.text}"
            return replace(found, cause_code="copied-interval", cause=text, repair=None)
    return found


def scale_name(estimate: Estimate) -> str | None:
    """The scale on which the interval of an estimate is symmetric, None where that is not certain."""
    scale = CERTAIN_SCALE.get(estimate.measure or "")
    if scale == "ratio" and estimate.estimate.value < 0:
        return "difference"  # "log odds ratio (OR), -0.01"
    if scale == "ratio" and estimate.transformed:
        return "difference"
    if scale == "proportion" and not estimate.percent and estimate.estimate.value > 1:
        return None
    return scale if estimate.ci_kind == "confidence" else None


def _place(paper: Paper, estimate: Estimate, number: Number | None = None) -> Place:
    numbers = [part for part in (estimate.estimate, estimate.ci_low, estimate.ci_high, number) if part is not None]
    start = min(min(part.start for part in numbers), estimate.start)
    return paper.place(start, max(max(part.end for part in numbers), min(estimate.end, start + 300)))


def _point(paper: Paper, estimate: Estimate) -> Finding | None:
    scale, place = scale_name(estimate), _place(paper, estimate)
    before = paper.document.plain[max(estimate.sentence[0], estimate.estimate.start - 14) : estimate.estimate.start]
    if _OF_UNIT.search(before):
        return None  # "16.8 U/50-1 with treatment (95% CI ...)": the end of a unit
    if _TIME.match(paper.document.plain, estimate.estimate.end) is not None:
        if _AT_TIME.search(before):
            return None  # "was 14.7% at 12 months (95% CI 2.4% to 27.0%)"
        scale = None  # a median time: its interval need not be symmetric on any scale
    spread = paper.document.plain[estimate.estimate.end : estimate.ci_low.start] if estimate.ci_low else ""
    if _WIDTH.search(before) or ("±" in spread and estimate.measure not in RATIOS):
        return None  # "18.9 (IQR 22.4; 95% CI ...)", "-521.79 ± 228.09; 95% CI ..." of the difference
    if _ENDS.search(paper.document.plain, estimate.sentence[0], estimate.estimate.start):
        return None  # "from the smallest of 3.8 to the largest of 4.6 (95% CI ...)"
    compared = paper.document.plain[max(estimate.sentence[0], estimate.estimate.start - 90) : estimate.estimate.start]
    if estimate.percent and _VERSUS.search(compared):
        return None  # "(45% in A vs. 48% in B, 95% CI -5 to 11%)": the interval is that of the difference
    if scale == "proportion" and _BY.search(before):
        scale = None  # "decreased the incidence by 0.74%": a difference
    point, low, high = in_percent(estimate, estimate.estimate, estimate.ci_low, estimate.ci_high)
    if scale is None:
        return _contained(paper, estimate, place) if not _negative_ratio(estimate) else None
    found = ci_vs_point(point, low, high, scale=scale, level=level_of(estimate), place=place)
    if found.flagged and (relative := _as_change(estimate, place)) is not None:
        return relative
    if found.flagged and found.cause_code == "reversed-coding" and scale == "difference" and _lowered(paper, estimate):
        told = f"{found.message}; the words say that it went down"
        return replace(found, severity="information", basis="judgement", message=told)
    if found.flagged and scale == "difference" and (mixed := _limits_of_the_ratio(estimate, found, place)) is not None:
        return mixed
    if found.flagged and estimate.measure == "B" and _standardised(paper, estimate):
        return None  # "β = -0.12; CI -14.09 to -1.24": the interval is that of the unstandardised coefficient
    if found.flagged and scale == "ratio" and low.startswith("-") and not high.startswith("-"):
        dashed = ci_vs_point(point, low.lstrip("- "), high, scale=scale, level=level_of(estimate), place=place)
        if not dashed.flagged:
            return dashed  # "OR = 0.77 (95 % CI – 0.62–0.96)": a dash after CI is no minus
    if found.flagged and scale == "proportion" and (told := _times_more(estimate, place)) is not None:
        return told
    if found.flagged and scale == "proportion":
        return _uncertain_proportion(paper, estimate, found)
    if found.flagged and estimate.measure in ("mean", "difference", "B", "RD") and found.verdict == "inconsistent":
        found = _on_other_scales(estimate, found, place)
    return found


def _negative_ratio(estimate: Estimate) -> bool:
    return estimate.measure in EFFECTS and estimate.estimate.value < 0


def _uncertain_proportion(paper: Paper, estimate: Estimate, found: Finding) -> Finding | None:
    """A proportion may come from a life table, a complement or a model: only gross misfits are told."""
    near = set(words_in(paper, max(estimate.sentence[0], estimate.start - 200), estimate.end))
    if near & {
        "survival",
        "kaplan-meier",
        "actuarial",
        "cumulative",
        "control",
        "free",
        "efficacy",
        "effectiveness",
        "weighted",
    }:
        return _contained(paper, estimate, _place(paper, estimate))
    if found.basis == "judgement":
        return replace(found, severity="information", cause_code=None, cause=None, repair=None)
    return found


def _on_other_scales(estimate: Estimate, found: Finding, place: Place) -> Finding:
    """A mean or difference may have been analysed as a logarithm: an interval that fits there is listed as fitting."""
    point, low, high = (
        part.text for part in (estimate.estimate, estimate.ci_low, estimate.ci_high) if part is not None
    )
    if min(Printed.parse(low).value, Printed.parse(point).value) <= 0:
        return found
    other = ci_vs_point(point, low, high, scale="ratio", level=level_of(estimate), place=place)
    return found if other.flagged else other


_TIME = re.compile(r"\s{0,2}-?(?:months?|weeks?|days?|years?|mo|hours?|h|min)\b")
_OF_UNIT = re.compile(r"[a-z]/\d{1,4}[-−–]$", re.I)
_WIDTH = re.compile(r"(?:\bIQR|\brange|±)[\s:=]{0,3}$", re.I)
_VERSUS = re.compile(r"\d\s?%[^.()%]{0,60}\b(?:vs\.?|versus|compared\s{1,2}(?:with|to))[^.()%]{0,20}$")
_AT_TIME = re.compile(r"\b(?:at|after|within|over|for|by|until)\s{1,3}$")
_BY = re.compile(r"\bby\s{1,3}(?:an?\s{1,3})?$")
_ENDS = re.compile(r"\bsmallest\b.{0,200}\blargest\b", re.I | re.S)
_UNSIGNED = re.compile(r"\bdifferences?\s{1,2}of\s{1,2}$", re.I)  # "a difference of 0.56 (95% CI -1.22 to 0.09)"
_OTHER_SIZE = 5.0
LOWERED = re.compile(r"\b(?:small|few|reduc|decreas|declin|lower|fell|drop|loss|lost|diminish|less|improve)", re.I)


def _lowered(paper: Paper, estimate: Estimate) -> bool:
    """Whether the words before say that the value went down, so that its sign may be left out."""
    first = max(estimate.sentence[0], estimate.estimate.start - 160)
    between = estimate.ci_low is not None and estimate.cell is None  # "0.33 fewer episodes (95% CI ...)"
    until = estimate.ci_low.start if between and estimate.ci_low is not None else estimate.estimate.start
    if LOWERED.search(paper.document.plain, first, max(until, estimate.estimate.start)) is not None:
        return True
    if _UNSIGNED.search(paper.document.plain, max(first, estimate.estimate.start - 40), estimate.estimate.start):
        return True
    behind = (estimate.end, min(estimate.sentence[1], estimate.end + 30))  # "6.6% (mean; 95% CI ...) smaller"
    return LOWERED.search(paper.document.plain, *behind) is not None


def _as_change(estimate: Estimate, place: Place) -> Finding | None:
    """A relative change in per cent, 100 (ratio - 1) or 100 (1 - ratio), whose interval is symmetric for the ratio."""
    if not estimate.percent:
        return None
    numbers = [part.printed for part in (estimate.estimate, estimate.ci_low, estimate.ci_high) if part is not None]
    for sign in (1, -1):
        ratios = [1 + sign * number.value / 100 for number in numbers]
        if min(ratios) <= 0:
            continue
        digits = max(number.decimals for number in numbers) + 2
        point, *limits = (f"{ratio:.{digits}f}" for ratio in ratios)
        found = ci_vs_point(point, *limits[::sign], scale="ratio", level=level_of(estimate), place=place)
        if not found.flagged:
            low, high = numbers[1], numbers[2]
            told = f"{numbers[0].text}% is the middle of {low.text}% to {high.text}% as a relative change"
            values = Interval(min(low.value, high.value), max(low.value, high.value))
            shown = f"{numbers[0].text} ({low.text} to {high.text})"
            return make(
                "ci-vs-point", place, reported=shown, verdict="rounding", severity="none", values=values, message=told
            )
    return None


def _limits_of_the_ratio(estimate: Estimate, found: Finding, place: Place) -> Finding | None:
    """A coefficient beside the limits of its exponential ("b = 0.063, CI 0.910 to 1.247"): two scales, one result."""
    low, high, point = estimate.ci_low, estimate.ci_high, estimate.estimate
    if low is None or high is None or low.value <= 0 or abs(point.value) > 5:
        return None
    ratio = math.exp(point.value)
    shown = f"{ratio:.{max(point.printed.decimals, low.printed.decimals)}f}"
    if ci_vs_point(shown, low.text, high.text, scale="ratio", level=level_of(estimate), place=place).flagged:
        return None
    told = f"{found.message}; it is the logarithm of the middle, {shown}"
    return replace(
        found, severity="information", basis="judgement", message=told, cause_code="wrong-scale", repair=None
    )


def _standardised(paper: Paper, estimate: Estimate) -> bool:
    """Whether a coefficient below 1 written with the Greek letter stands beside limits of another size."""
    low, high = estimate.ci_low, estimate.ci_high
    before = paper.document.plain[max(0, estimate.estimate.start - 8) : estimate.estimate.start]
    if low is None or high is None or "β" not in before or abs(estimate.estimate.value) >= 1:
        return False
    return abs(0.5 * (low.value + high.value)) > _OTHER_SIZE * abs(estimate.estimate.value)


def _times_more(estimate: Estimate, place: Place) -> Finding | None:
    """ "75% (95% CI 1.25 to 2.45) higher": the interval is that of the ratio 1.75."""
    if estimate.ci_low is None or estimate.ci_high is None or not 0 < estimate.ci_low.value < 10:
        return None
    point = estimate.estimate
    for sign in (1, -1):
        ratio = 1 + sign * point.value / 100
        if ratio > 0:
            shown = f"{ratio:.{point.printed.decimals + 2}f}"
            low, high = estimate.ci_low.text, estimate.ci_high.text
            found = ci_vs_point(shown, low, high, scale="ratio", level=level_of(estimate), place=place)
            if not found.flagged:
                return found
    return None


def _contained(paper: Paper, estimate: Estimate, place: Place) -> Finding | None:
    """Order and containment only, where the scale of the interval is not known."""
    point, low, high = (
        part.printed for part in (estimate.estimate, estimate.ci_low, estimate.ci_high) if part is not None
    )
    inside = low.value <= high.value and point.interval().overlaps(
        Interval(low.interval().low, max(high.interval().high, low.interval().high))
    )
    if not inside and estimate.measure is None:
        return None
    if not inside and (_turned(point, low, high) or _lowered(paper, estimate)):
        return None
    reported = f"{point.text} ({low.text} to {high.text})"
    told = "lies in its interval" if inside else "lies outside its interval"
    return make(
        "ci-vs-point",
        place,
        reported=reported,
        verdict="consistent" if inside else "impossible",
        severity="none" if inside else "major",
        values=Interval(min(low.value, high.value), max(low.value, high.value)),
        message=f"{point.text} {told} {low.text} to {high.text}",
    )


def _turned(point: Printed, low: Printed, high: Printed) -> bool:
    """Limits in the other order, or with the other sign: what is meant is not certain."""
    return high.value <= point.value <= low.value or min(low.value, high.value) <= -point.value <= max(
        low.value, high.value
    )


def _p(paper: Paper, estimate: Estimate, adjusted: bool, one_sided: bool) -> Finding | None:
    scale, p = scale_name(estimate), estimate.p_value
    if p is None or scale is None or estimate.measure not in EFFECTS or not 0 <= p.value <= 1:
        return None
    point, low, high = (
        part.text for part in (estimate.estimate, estimate.ci_low, estimate.ci_high) if part is not None
    )
    if Printed.parse(low).value > Printed.parse(high).value or (scale == "ratio" and Printed.parse(low).value <= 0):
        return None
    if Printed.parse(low).value == Printed.parse(high).value:
        return None
    place = _place(paper, estimate, p)
    found = p_vs_ci(point, low, high, p.text, scale=scale, level=level_of(estimate), test=estimate.test, place=place)
    if not found.flagged:
        return found
    if scale == "difference" and estimate.measure in ("difference", "RD") and Printed.parse(low).value > 0:
        other = p_vs_ci(point, low, high, p.text, scale="ratio", level=level_of(estimate), place=place)
        if not other.flagged:
            return None  # a ratio by a name of its own ("event ratio 0.938")
    told = paper.document.plain[estimate.sentence[0] : estimate.sentence[1]].lower()
    if (one_sided and _half(found, p)) or any(word in told for word in ONE_SIDED):
        return replace(
            found, severity="information", basis="judgement", message=f"{found.message}; it fits a one-sided test"
        )
    if adjusted and found.recomputed is not None and p.value > found.recomputed:
        told = f"{found.message}; the paper adjusts P for several comparisons"
        return replace(found, severity="information", basis="judgement", message=told)
    return found


def _half(found: Finding, p: Number) -> bool:
    if found.recomputed_low is None or found.recomputed_high is None:
        return False
    return p.printed.allows(Interval(found.recomputed_low / 2, found.recomputed_high / 2))


CHECKS = (intervals,)
