"""What an interval behind a number of running text may be, when it is not the number's own, or not of the expected scale.

A number and the interval behind it are checked as one. Three lists say when that reading is not certain: words by which the
number has no interval of its own (NOT_ITS_OWN), words that tell the scale (_scale), and other readings that a misfit may have
(OTHER_READINGS). A new wording is one function and one entry.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

from ostealgia.audit.checks.reading.containment import contained
from ostealgia.audit.checks.reading.figures import EFFECTS, RATIOS, words_in
from ostealgia.audit.checks.reading.interval_company import HIGH_FIRST, UNEVEN_METHODS, outside
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.reading.seen import MINUS, Seen, another_between, is_difference, scale_name, went_down
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Estimate
from ostealgia.numerics.intervals import Interval, Printed

_TIME = re.compile(r"\s{0,2}-?(?:months?|weeks?|days?|years?|mo|hours?|h|min)\b")
_MEDIAN = re.compile(r"\bmedian\b|\bhodges\b|\bpseudomedian\b", re.I)
_OF_UNIT = re.compile(r"[a-z]/\d{1,4}[-−–]$", re.I)
_STATISTIC = re.compile(
    r"\b(?:Wald(?:\s{0,2}(?:χ2|χ²|chi-?squared?))?|[tFzZQ](?:\s{0,2}=(?=\s{0,2}\())?|χ2|χ²|chi-?squared?)"
    r"\s{0,2}(?:\([\d., ]{1,12}\)\s{0,2})?=\s{0,2}$"
)
_PART = re.compile(r"\d\.\s{1,3}$|\d,$")
_BROKEN_WORD = re.compile(r"\b[A-Za-z]{2,}[-\u2010]\s{1,3}(?:\(?(?:9[059]|80|99\.\d)\s?%|\d)")
_CI = re.compile(r"\s?%?\s?,?\s{0,2}(?:CI|confidence)\b")
_MORE = re.compile(r"\s{0,2}(?:[-–−]|to|;)\s{0,2}[-–−]?\d{1,4},\d")
_SPACED_MINUS = re.compile(r"[-−–]\s{1,2}$")
_TIMES = re.compile(
    r"\s{0,2}-?(?:times|fold)\s{1,2}(?:more|higher|greater|as|likel|increase|the\s{1,2}(?:odds|risk|hazard))", re.I
)
_RESAMPLED = re.compile(r"\bindirect\s{1,2}effect|\bmediat(?:ion|ed)\b|\bboot-?strap|\bcredible\b|\bposterior\b", re.I)
_RANGE = re.compile(r"[)\]\d]\s{0,2}$")
_LISTED = re.compile(r"\d\s{0,2}(?:,|and|,\s{0,2}and|;|or)\s{0,2}$")
RESPECTIVELY = re.compile(r"\brespectively\b", re.I)
MOST = 20.0  # limits of a ratio beside a percentage
_WIDTH = re.compile(r"(?:\bIQR|\brange|±)[\s:=]{0,3}$", re.I)
_VERSUS = re.compile(r"\d\s?%[^.()%]{0,60}\b(?:vs\.?|versus|compared\s{1,2}(?:with|to))[^.()%]{0,20}$")
_AT_TIME = re.compile(r"\b(?:at|after|within|over|for|by|until)\s{1,3}$")
_BY = re.compile(r"\bby\s{1,3}(?:an?\s{1,3})?$")
_ENDS = re.compile(r"\bsmallest\b.{0,200}\blargest\b", re.I | re.S)
_OTHER_SIZE = 5.0
LINE = 220  # characters of two printed lines


def point_and_interval(paper: Paper, estimate: Estimate) -> Finding | None:
    """ci-vs-point of an estimate of the text, None where the interval may not be its own."""
    seen = Seen(paper, estimate)
    if any(told(seen) for told in NOT_ITS_OWN):
        return None
    scale = _scale(seen)
    if scale is None:
        return None if estimate.measure in EFFECTS and estimate.estimate.value < 0 else contained(seen)
    found = seen.checked(scale)
    for reading in OTHER_READINGS if found.flagged else ():
        other = reading(seen, found, scale)
        if other is None or other is not found:
            return other
    return found


# ---------------------------------------------------------------- numbers without an interval of their own


def _at_a_time(seen: Seen) -> bool:
    return seen.behind(_TIME) and _AT_TIME.search(seen.before(14)) is not None


def _of_a_spread(seen: Seen) -> bool:
    own = "±" in seen.between and seen.estimate.measure not in RATIOS
    return own or _WIDTH.search(seen.before(14)) is not None


def _of_two_ends(seen: Seen) -> bool:
    return _ENDS.search(seen.paper.document.plain, seen.estimate.sentence[0], seen.estimate.estimate.start) is not None


def _second_of_two(seen: Seen) -> bool:
    return seen.estimate.percent and _VERSUS.search(seen.before(90)) is not None


def _is_level(seen: Seen) -> bool:
    """Whether the number is the level of the interval: "(MD 11.76; 95%, CI 4.66-18.86)"."""
    return seen.estimate.estimate.text in ("90", "95", "99", "90%", "95%", "99%") and seen.behind(_CI)


def _decimal_commas(seen: Seen) -> bool:
    """Whether the limits are the halves of one number: "95% CI -1,6 - 0,6"."""
    plain = seen.paper.document.plain
    return plain[seen.low.end : seen.high.start] == "," and _MORE.match(plain, seen.high.end) is not None


def _of_another_kind(seen: Seen) -> bool:
    """Whether limits without a sign beside a percentage, all far from it, are those of a ratio: "55%, p = 0.004, 95% CI 1.26-5.74"."""
    low, high = seen.low, seen.high
    if not seen.estimate.percent or "%" in low.text + high.text:
        return False
    return 0 < low.value < high.value < 0.5 * seen.estimate.estimate.value and high.value < MOST


def _line_number(seen: Seen) -> bool:
    """Whether a whole number is the number of a line of a manuscript: the one before it and the one behind it stand close by."""
    number, plain = seen.estimate.estimate, seen.paper.document.plain
    if not number.text.isdigit() or number.value < 2 or seen.estimate.cell is not None:
        return False
    around = plain[max(0, number.start - LINE) : number.start], plain[number.end : number.end + LINE]
    beside = (int(number.value) - 1, int(number.value) + 1)
    return all(re.search(rf"(?<![\w.,]){n}(?![\w.,%])", text) for n, text in zip(beside, around, strict=True))


def _across_columns(seen: Seen) -> bool:
    """Whether the line runs on in another column of the page: "-2.9 points; 95% confi- 95% CI, -5.3 to 4.0"."""
    return _BROKEN_WORD.search(seen.between) is not None


def _cut_in_two(seen: Seen) -> bool:
    """Whether a blank stands in the number: "1. 64 (95% CI 0.91 to 2.94)"."""
    start = seen.estimate.estimate.start
    return _PART.search(seen.paper.document.plain, max(0, start - 5), start) is not None


NOT_ITS_OWN: tuple[Callable[[Seen], bool], ...] = (
    _line_number,  # "90 days before 112 (95% HPD ...)", 111 and 113 around it
    lambda seen: _OF_UNIT.search(seen.before(14)) is not None,  # "16.8 U/50-1 with treatment (95% CI ...)"
    lambda seen: _STATISTIC.search(seen.before(14)) is not None,  # "b = 0.81, Wald = 4.32, 95% CI 1.05-4.84"
    _is_level,
    _decimal_commas,
    _across_columns,
    _cut_in_two,
    lambda seen: "CRi" in seen.between,  # complete responses with incomplete recovery: "13 CR, 1 CRi, 4 PD, 3 SD"
    _of_another_kind,
    _at_a_time,  # "was 14.7% at 12 months (95% CI 2.4% to 27.0%)"
    _of_a_spread,  # "18.9 (IQR 22.4; 95% CI ...)", "-521.79 ± 228.09; 95% CI ..." of the difference
    _of_two_ends,  # "from the smallest of 3.8 to the largest of 4.6 (95% CI ...)"
    _second_of_two,  # "(45% in A vs. 48% in B, 95% CI -5 to 11%)": the interval is that of the difference
)


def _scale(seen: Seen) -> str | None:
    """The scale of the interval, as the words around the number have it; None where only order and containment are certain."""
    estimate, scale = seen.estimate, scale_name(seen.estimate)
    if seen.behind(_TIME) or _MEDIAN.search(seen.before(60)):
        return None  # a median time, a median difference
    if scale == "proportion" and _BY.search(seen.before(14)):
        return None  # "decreased the incidence by 0.74%": a difference
    if scale is None and estimate.measure is None and not estimate.percent and seen.behind(_TIMES):
        return "ratio"  # "1.42 times more likely (95% CI 1.05 to 1.92)"
    if scale is None and is_difference(seen.paper, estimate):
        return "difference"
    if scale == "proportion" and any(text.startswith(MINUS) for text in seen.texts[1:]):
        return "difference"  # "14% lower (95% CI -3.9 to -22.8%)": a change in per cent
    return scale


# ---------------------------------------------------------------- other readings of a misfit


def _resampled(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """An indirect effect, a bootstrap or Bayesian interval: it need not be symmetric."""
    del scale
    if outside(found) or not seen.in_sentence(_RESAMPLED):
        return found
    return lowered(found, UNEVEN_METHODS)


def _cut_at_the_end(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """ "a difference of 87% (95% CI 63.7 to 100)": a limit at the end of the scale says nothing about the middle."""
    ends = abs(seen.low.value), abs(seen.high.value)
    if scale == "ratio" or not seen.estimate.percent or outside(found) or 100 not in ends:
        return found
    return None


def _limits_turned_round(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """A difference in the middle of limits that are printed high first ("0.43, 95% CI 0.67-0.18"), as others of the paper are."""
    if scale != "difference" or seen.low.value <= seen.high.value or not _others_descend(seen):
        return found
    point, low, high = seen.texts
    if seen.checked(scale, point, high, low).flagged:
        return found
    return lowered(found, HIGH_FIRST)


def _others_descend(seen: Seen) -> bool:
    """Whether another estimate of the paper lies between limits that are printed high first."""
    for other in seen.paper.of_kind(Estimate):
        low, high = other.ci_low, other.ci_high
        if other.estimate.start == seen.estimate.estimate.start or low is None or high is None:
            continue
        if other.ci_kind == "confidence" and low.value > other.estimate.value > high.value:
            return True
    return False


def _spaced_minus(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """ "(mean diff - 1.1, 95% CI -2.6, 0.4)": the minus stands apart."""
    if not _SPACED_MINUS.search(seen.before(14)):
        return found
    negative = seen.checked(scale, f"-{seen.texts[0]}", *seen.texts[1:])
    return found if negative.flagged else negative


def _dash_of_a_range(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """ "0.86 (0.76-0.97) -0.90 (0.80-1.01)": the minus of the second number is the dash of a range."""
    del scale
    point, low, high = seen.texts
    if not point.startswith(MINUS) or not _RANGE.search(seen.before(6)) or low.startswith(MINUS):
        return found
    for name in ("ratio", "difference"):
        bare = seen.checked(name, point.lstrip("-−– "), low, high)
        if not bare.flagged:
            return bare
    return None


def _of_another_number(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """The interval may be that of another number: of a list ("20.0, 14.0; 95% CIs ..., respectively"), or of one in between."""
    del scale
    listed = _LISTED.search(seen.before(14)) is not None and seen.in_sentence(RESPECTIVELY)
    return None if listed or another_between(seen.between) else found


def _by_its_size(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """A decline without its sign: "8.9 units lower (95% CI -6.8 to -11.0)"."""
    if not went_down(seen):
        return found
    if _descending(*seen.texts[1:]):
        return None
    if found.cause_code != "reversed-coding" or scale != "difference":
        return found
    return lowered(found, "the words say that it went down")


def _as_change(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """A relative change in per cent, 100 (ratio - 1) or 100 (1 - ratio), whose interval is symmetric for the ratio."""
    del scale
    if not seen.estimate.percent:
        return found
    numbers = [part.printed for part in (seen.estimate.estimate, seen.low, seen.high)]
    for sign in (1, -1):
        ratios = [1 + sign * number.value / 100 for number in numbers]
        if min(ratios) <= 0:
            continue
        digits = max(number.decimals for number in numbers) + 2
        point, *limits = (f"{ratio:.{digits}f}" for ratio in ratios)
        if not seen.checked("ratio", point, *limits[::sign]).flagged:
            low, high = numbers[1], numbers[2]
            told = f"{numbers[0].text}% is the middle of {low.text}% to {high.text}% as a relative change"
            values = Interval(min(low.value, high.value), max(low.value, high.value))
            shown = f"{numbers[0].text} ({low.text} to {high.text})"
            return make("ci-vs-point", seen.place, reported=shown, verdict="rounding", values=values, message=told)
    return found


def _limits_of_the_ratio(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """A coefficient beside the limits of its exponential ("b = 0.063, CI 0.910 to 1.247"): two scales, one result."""
    point = seen.estimate.estimate
    if scale != "difference" or seen.low.value <= 0 or abs(point.value) > 5:
        return found
    shown = f"{math.exp(point.value):.{max(point.printed.decimals, seen.low.printed.decimals)}f}"
    if seen.checked("ratio", shown, seen.low.text, seen.high.text).flagged:
        return found
    told = f"{found.message}; it is the logarithm of the middle, {shown}"
    return replace(
        found, severity="information", basis="judgement", message=told, cause_code="wrong-scale", repair=None
    )


def _standardised(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """ "β = -0.15; CI -11.62 to -1.08": a coefficient below 1 beside the limits of the unstandardised one."""
    del scale
    value = seen.estimate.estimate.value
    if seen.estimate.measure != "B" or "β" not in seen.before(8) or abs(value) >= 1:
        return found
    return None if abs(0.5 * (seen.low.value + seen.high.value)) > _OTHER_SIZE * abs(value) else found


def _dash_of_the_word(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """ "OR = 0.77 (95 % CI - 0.62-0.96)": a dash after CI is no minus."""
    point, low, high = seen.texts
    if scale != "ratio" or not low.startswith("-") or high.startswith("-"):
        return found
    dashed = seen.checked(scale, point, low.lstrip("- "), high)
    return found if dashed.flagged else dashed


def _times_more(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """ "75% (95% CI 1.25 to 2.45) higher": the interval is that of the ratio 1.75."""
    if scale != "proportion" or not 0 < seen.low.value < 10:
        return found
    point = seen.estimate.estimate
    for sign in (1, -1):
        ratio = 1 + sign * point.value / 100
        if ratio > 0:
            shown = f"{ratio:.{point.printed.decimals + 2}f}"
            other = seen.checked("ratio", shown, seen.low.text, seen.high.text)
            if not other.flagged:
                return other
    return found


_LIFE_TABLE = frozenset(
    ["survival", "kaplan-meier", "actuarial", "cumulative", "control", "free", "efficacy", "effectiveness", "weighted"]
)


def _uncertain_proportion(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """A proportion may come from a life table, a complement or a model: only gross misfits are told."""
    if scale != "proportion":
        return found
    estimate = seen.estimate
    if _LIFE_TABLE.intersection(words_in(seen.paper, max(estimate.sentence[0], estimate.start - 200), estimate.end)):
        return contained(seen)
    if found.basis == "judgement":
        return replace(found, severity="information", cause_code=None, cause=None, repair=None)
    return found


def _on_other_scales(seen: Seen, found: Finding, scale: str) -> Finding | None:
    """A mean or difference may have been analysed as a logarithm: an interval that fits there is listed as fitting."""
    del scale
    numbers = seen.estimate.estimate, seen.low, seen.high
    if seen.estimate.measure not in ("mean", "difference", "B", "RD") or found.verdict != "inconsistent":
        return found
    if min(seen.low.value, numbers[0].value) <= 0:
        return found
    other = seen.checked("ratio", *(part.text for part in numbers))
    return found if other.flagged else other


Reader = Callable[[Seen, Finding, str], Finding | None]
# each returns the finding it was given where it has nothing to say, another one, or None where nothing is certain
OTHER_READINGS: tuple[Reader, ...] = (
    _limits_turned_round,
    _resampled,
    _cut_at_the_end,
    _spaced_minus,
    _dash_of_a_range,
    _of_another_number,
    _by_its_size,
    _as_change,
    _limits_of_the_ratio,
    _standardised,
    _dash_of_the_word,
    _times_more,
    _uncertain_proportion,
    _on_other_scales,
)


def _descending(low: str, high: str) -> bool:
    """Whether two negative limits stand in the order of their size: "a decline of 8.9 (95% CI -6.8 to -11.0)"."""
    return low.startswith(MINUS) and high.startswith(MINUS) and Printed.parse(low).value > Printed.parse(high).value
