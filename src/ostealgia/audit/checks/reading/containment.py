"""Order and containment of an interval of running text, where its scale is not known."""

from __future__ import annotations

import re

from ostealgia.audit.checks.reading.figures import free
from ostealgia.audit.checks.reading.seen import Seen, another_between, went_down
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Estimate
from ostealgia.numerics.intervals import Interval, Printed

_UNIT = (
    r"(?:\s?%|[\s-]{0,2}(?:months?|weeks?|days?|years?|hours?|mo|min|mm|cm|kg|mg|ml|points?|fold|times|mmol/L|mmHg|"
    r"(?:cases?|events?|episodes?)?\s?per\s[\d, ]{1,9}[\s-]{1,2}(?:person|patient)[\s-]{1,2}(?:years|months)))?"
)
_ONLY_CI = re.compile(
    rf"{_UNIT}\s?[;,]?\s?[(\[]?\s?(?:(?:9[059]|80)\s?%?-?\s{{0,2}})?(?:CI|CrI|(?:confidence|credible)\s{{1,2}}(?:intervals?|limits?))"
    r"(?:\s(?:9[059]|80)\s?%)?"
    r"\s?(?:[(\[]\s?(?:CI|CrI)\s?[)\]])?\s?[:,=;]?\s{0,2}[(\[]?\s?",
    re.I,
)
LEVELS = ("90", "95", "99")
ENOUGH = 3  # numbers of the paper that stand like this one and lie in their intervals
ALIKE = 2.0  # factor up to which a number may lie outside limits of its own
_COMPARATIVE = re.compile(
    r"\s?%?\s?[)\]]?,?\s{0,2}(?:higher|lower|more|less|fewer|greater|smaller|larger|longer|shorter|better|worse)\b",
    re.I,
)


def contained(seen: Seen) -> Finding | None:
    """Order and containment only, where the scale of the interval is not known."""
    estimate = seen.estimate
    point, low, high = (part.printed for part in (estimate.estimate, seen.low, seen.high))
    inside = low.value <= high.value and point.interval().overlaps(
        Interval(low.interval().low, max(high.interval().high, low.interval().high))
    )
    if _exchanged(seen, point, low, high) and _sign_in_words(seen):
        return None  # "the loss was 3.1 kg (95% CI 3.4 to 2.8) higher": in the order of the signs
    if _exchanged(seen, point, low, high):
        return seen.checked("difference", *(part.text for part in (point, low, high)))
    if not inside and (another_between(seen.between) or (estimate.measure is None and not _right_before(seen))):
        return None
    if not inside and (_turned(point, low, high) or (went_down(seen) and not _all_positive(seen))):
        return None
    reported = f"{point.text} ({low.text} to {high.text})"
    told = "lies in its interval" if inside else "lies outside its interval"
    return make(
        "ci-vs-point",
        seen.place,
        reported=reported,
        verdict="consistent" if inside else "impossible",
        severity="none" if inside else "major",
        values=Interval(min(low.value, high.value), max(low.value, high.value)),
        message=f"{point.text} {told} {low.text} to {high.text}",
    )


def _sign_in_words(seen: Seen) -> bool:
    """Whether words beside a difference say its direction, so that its limits may keep the order that they have with a sign."""
    behind = seen.paper.document.plain[seen.high.end : min(seen.estimate.sentence[1], seen.high.end + 20)]
    return went_down(seen) or _COMPARATIVE.match(behind) is not None


def _exchanged(seen: Seen, point: Printed, low: Printed, high: Printed) -> bool:
    """Whether two limits without a sign stand in the wrong order right behind their number: "0.82 (95% CI 0.91-0.65)"."""
    unsigned = 0 < high.value <= point.value <= low.value and high.value < low.value
    plain = seen.paper.document.plain[seen.low.end : seen.high.start].strip()
    return unsigned and _ONLY_CI.fullmatch(seen.between) is not None and plain in ("-", "–", "to", ",", ";")


def _turned(point: Printed, low: Printed, high: Printed) -> bool:
    """Limits in the other order, or with the other sign: what is meant is not certain."""
    return high.value <= point.value <= low.value or min(low.value, high.value) <= -point.value <= max(
        low.value, high.value
    )


def _right_before(seen: Seen) -> bool:
    """Whether nothing but "(95% CI" stands between a number and its limits: the interval is its own.

    Limits of another size may be those of another quantity, unless all numbers of the paper that stand so lie in theirs.
    """
    if not _stands_alone(seen) or seen.estimate.estimate.text in LEVELS:
        return False  # "24%, 95% (CI 21 to 28%)"
    if seen.low.value / ALIKE < seen.estimate.estimate.value < seen.high.value * ALIKE or _beyond_a_share(seen):
        return True
    others = [one for one in _standing_alone(seen.paper) if one[0] != seen.estimate.estimate.start]
    return len(others) >= ENOUGH and all(holds for _, holds in others)


def _beyond_a_share(seen: Seen) -> bool:
    """Whether a percentage above 100 stands before limits of a share: "446.9% (95% CI 46.3 to 47.5%)"."""
    number = seen.estimate.estimate
    before = seen.paper.document.plain[max(0, number.start - 1) : number.start]
    return seen.estimate.percent and number.value > 100 > seen.high.value > seen.low.value and not before.isalnum()


def _all_positive(seen: Seen) -> bool:
    return min(seen.low.value, seen.high.value, seen.estimate.estimate.value) > 0


def _stands_alone(seen: Seen) -> bool:
    """Whether a number above 0 has nothing but the label of its interval before its limits, which are above 0, too."""
    return _all_positive(seen) and _ONLY_CI.fullmatch(seen.between) is not None


@once
def _standing_alone(paper: Paper) -> tuple[tuple[int, bool], ...]:
    """Every number of the text that stands so: its first character, and whether it lies in its limits."""
    found = []
    for one in free(paper, Estimate):
        if one.ci_low is None or one.ci_high is None or one.ci_kind in ("range", "iqr", "prediction"):
            continue
        if _stands_alone(Seen(paper, one)):
            holds = one.ci_low.printed.interval().low <= one.estimate.value <= one.ci_high.printed.interval().high
            found.append((one.estimate.start, holds))
    return tuple(found)
