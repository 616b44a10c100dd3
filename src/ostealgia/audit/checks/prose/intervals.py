"""Estimates of running text: does each lie where its interval says, and does its P follow from the interval?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.figures import (
    EFFECTS,
    MULTIPLICITY,
    estimates_of_sentences,
    free,
    level_of,
    mentions,
)
from ostealgia.audit.checks.reading.interval_company import (
    UNKNOWN,
    Reading,
    least_shown,
    misfit,
    weighed,
    with_likely_slip,
)
from ostealgia.audit.checks.reading.interval_readings import RESPECTIVELY, point_and_interval
from ostealgia.audit.checks.reading.premises import MANY, doubtful, lowered
from ostealgia.audit.checks.reading.seen import is_difference, place_of_estimate, scale_name
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet, ci_vs_point
from ostealgia.audit.rules.p_values import p_vs_ci
from ostealgia.audit.statements.model import Estimate, Number, Test
from ostealgia.numerics.intervals import Interval, Printed

_NO_P = "many P values of this paper do not fit their intervals: they may be of another comparison"
POOLABLE = frozenset({"OR", "RR", "HR", "MD", "SMD", "RD"})
_POOLED = re.compile(r"\bpool|\boverall\b|\bcombined\b|\bmeta-?\s?analy", re.I)
_REVIEW = re.compile(r"\bmeta-?\s?analy|\bsystematic(?:ally)? (?:review|search)", re.I)
EXACT = ("fisher's exact", "fisher exact", "fisher’s exact", "fischer's exact", "fischer exact", "fischer’s exact")
FEW_EVENTS = 0.35  # standard error of the log ratio above which an exact P is well above that of the interval
PLAIN = 2  # exact P values that fit their intervals
ONE_SIDED = ("one-sided", "one-tailed", "1-sided", "1-tailed", "one sided", "one tailed")


def intervals(paper: Paper) -> Iterator[Finding]:
    """ci-vs-point and p-vs-ci for every estimate with an interval."""
    adjusted = mentions(paper, *MULTIPLICITY) and not _plain_p(paper)
    one_sided = mentions(paper, *ONE_SIDED)
    owners = _owners(paper)
    of_p: list[Finding] = []
    for estimate in free(paper, Estimate):
        if estimate.ci_low is None or estimate.ci_high is None or estimate.ci_kind in ("prediction", "range", "iqr"):
            continue
        found = point_and_interval(paper, estimate)
        if (
            found is not None
            and found.flagged
            and (_of_a_coefficient(paper, estimate) or _comma_and_space(paper, estimate) or _power_of_all(estimate))
        ):
            continue
        if found is not None and found.flagged:
            found = _copied(found, estimate, owners)
            scale = scale_name(estimate) or UNKNOWN
            reading = Reading(
                _triplet(estimate),
                None,
                scale,
                pooled=_is_pooled(paper, estimate),
                coefficient=estimate.measure == "B",
                p_value=estimate.p_value.printed if estimate.p_value is not None else None,
                level=level_of(estimate),
            )
            found = with_likely_slip(weighed(paper, found, reading), reading)
        if found is not None:
            yield found
        if estimate.p_value is not None:
            p_found = _p_of_interval(paper, estimate, adjusted, one_sided)
            broken = found is not None and misfit(found)  # then a misfit of P says nothing more
            if p_found is not None and not (broken and p_found.flagged):
                of_p.append(p_found)
    several = len({one.message for one in of_p if one.flagged}) >= MANY  # an abstract repeats what the results say
    yield from doubtful(of_p, "p-vs-ci", _NO_P) if several else of_p


_COEFFICIENT = re.compile(
    r"(?<![A-Za-z])(?:b|beta|β|estimate|coefficient|coeff)\s{0,2}[=:]\s{0,2}([-−–]?\d{0,4}\.\d{1,4})", re.I
)


def _of_a_coefficient(paper: Paper, estimate: Estimate) -> bool:
    """Whether the interval is of the coefficient before the effect size: "(b = .10, SD = .03, p = .005, d = .20, 95 % CI .04, .16)"."""
    if estimate.ci_low is None or estimate.ci_high is None:
        return False
    before = paper.document.plain[max(estimate.sentence[0], estimate.start - 120) : estimate.start]
    told = _COEFFICIENT.findall(before[before.rfind("(") + 1 :])
    middle = (estimate.ci_low.printed.interval() + estimate.ci_high.printed.interval()) * 0.5
    return any(Printed.parse(number).interval().overlaps(middle) for number in told)


def _comma_and_space(paper: Paper, estimate: Estimate) -> bool:
    """Whether a ratio is printed with a comma and a space for its point: "1, 29 (95% CI 1.27 to 1.32)"."""
    before = re.search(
        r"(?<![\d.])(\d), $", paper.document.plain[max(0, estimate.estimate.start - 4) : estimate.estimate.start]
    )
    if before is None or estimate.ci_low is None or estimate.ci_high is None or not estimate.estimate.text.isdigit():
        return False
    return estimate.ci_low.value <= float(f"{before[1]}.{estimate.estimate.text}") <= estimate.ci_high.value


_POWER = re.compile(r"([-−–]?\d[\d.]*)\s?[x×*∗]\s?10")


def _power_of_all(estimate: Estimate) -> bool:
    """Whether the power of ten behind the estimate is that of its limits, too: "2.4 × 10⁹/L (95% CI 1.2 to 3.6)"."""
    told = _POWER.match(estimate.estimate.text)
    if told is None or estimate.ci_low is None or estimate.ci_high is None:
        return False
    mantissa = Printed.parse(told[1]).value
    return estimate.ci_low.value <= mantissa <= estimate.ci_high.value and abs(estimate.estimate.value) > abs(
        estimate.ci_high.value
    )


def _plain_p(paper: Paper) -> bool:
    """Whether the paper's P values beside intervals are not adjusted: several fit as they are, and not more than one is larger."""
    fits = larger = 0
    for one in free(paper, Estimate):
        scale = scale_name(one)
        if one.p_value is None or one.ci_low is None or one.ci_high is None or one.measure not in EFFECTS:
            continue
        if scale not in ("ratio", "difference") or one.p_value.printed.relation != "=" or not 0 < one.p_value.value < 1:
            continue
        if one.ci_low.value >= one.ci_high.value or (scale == "ratio" and one.ci_low.value <= 0):
            continue
        found = p_vs_ci(
            one.estimate.text, one.ci_low.text, one.ci_high.text, one.p_value.text, scale=scale, level=level_of(one)
        )
        fits += not found.flagged
        larger += found.flagged and found.recomputed is not None and one.p_value.value > found.recomputed
    return fits >= PLAIN and larger <= 1


def _triplet(estimate: Estimate) -> Triplet:
    return Triplet.of(
        *(part.text for part in (estimate.estimate, estimate.ci_low, estimate.ci_high) if part is not None)
    )


def _is_pooled(paper: Paper, estimate: Estimate) -> bool:
    """Whether the estimate is a pooled result of a review."""
    if estimate.study is not None or _REVIEW.search(paper.document.plain[:4000]) is None:
        return False
    said = paper.document.plain[max(0, estimate.sentence[0] - 200) : estimate.sentence[1]]
    return estimate.measure == "SMD" or (estimate.measure in POOLABLE and _POOLED.search(said) is not None)


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
        its = ci_vs_point(other.estimate.text, low, high, scale=scale, level=level_of(other))
        if not its.flagged or its.cause_code == "double-exponentiation":
            typed = slip(estimate.estimate.printed, other.estimate.value)
            if typed is not None:  # one effect at two places, with a slip at one of them
                repair = f"{other.estimate.text} ({low} to {high})"
                return replace(found, cause_code=typed.code, cause=typed.text, repair=repair)
            text = f"the interval is that of another estimate of the paper, {other.estimate.text}"
            return replace(found, cause_code="copied-interval", cause=text, repair=None)
    return found


_OF_ANOTHER = re.compile(
    r"[\s,(\[]{0,3}(?:for|of)\s{1,3}(?:the\s{1,3})?(?:non-?\s?inferiority|superiority|interaction|trend|heterogeneity|equivalence)",
    re.I,
)
_P_BEFORE = re.compile(
    r"\bp(?:[- ]?values?)?\s{0,2}([<>=]\s{0,2}0?\.\d{1,5})\s{0,2}[,;:]\s{0,2}"
    r"(?:a?HR|a?OR|a?RR|(?:adjusted\s{1,2})?(?:hazards?|odds|risk|rate)\s{1,2}ratio)\s{0,2}[:=,]?\s{0,2}$",
    re.I,
)
_JUST_P = re.compile(
    r"[\s)\]}%,;:.]{0,6}(?:[A-Za-z/²]{0,12}[\s)\],;]{1,3})?(?:and\s{1,2}|with\s{1,2}(?:an?\s{1,2})?)?[(\[]?\s?(?:two-?\s?sided\s|2-sided\s)?"
    r"[Pp](?:[- ]?[Vv]alues?)?\s{0,3}(?:of|was|is)?\s{0,3}[=<>≤≥:]{0,2}\s{0,3}"
)
_THIRD = re.compile(r"\s?[;,]\s{0,2}")
_OTHER_TEST = re.compile(
    r"log-?\s?rank|mann|\bMWU\b|wilcoxon|fisher|chi-?\s?squared?|χ|kruskal|\bt-?\s?test|anova|likelihood", re.I
)
_SECOND_P = re.compile(r"[\s)\],;:]{0,5}(?:log-?\s?rank\s{1,2})?[Pp](?:[- ]?values?)?\s{0,2}[=<>≤]")
_JUST_A_MEASURE = re.compile(
    r"[\s)\],;:]{0,5}[(\[]?\s?(?:with\s{1,2}(?:an?\s{1,2})?)?(?:(?:adjusted|crude|unadjusted|pooled)\s{1,2})?"
    r"(?:[a-zA-Z]?[A-Z]{2,4}s?|[a-z]{4,9}\s{1,2}ratios?|(?:mean\s{1,2})?differences?|β|B|b)?\s{0,2}(?:\([A-Za-z]{2,5}\))?\s{0,2}(?:of|was|is|[=:,])?\s{0,3}"
)
_VERSUS = re.compile(r"\b(?:vs\.?|versus|compared)\b", re.I)
_OF_A_COMPARISON = re.compile(r"\binteraction\b|\bheterogeneity\b|\bp[- ]?(?:for[- ])?trend\b|\bnon-?inferior", re.I)
_NOT_INFERIOR = re.compile(r"\bnon-?\s?inferior|\bnot\s{1,2}inferior|\bequivalen(?:ce|t)\b", re.I)
_LOST_SIGN = re.compile(r"\bP\s{0,2},\s{0,3}$", re.I)
_SUBGROUPS = re.compile(
    r"\bsub-?\s?groups?\b|\bcomparing\b|\binteraction\b|\btrend\b|\bmeta-?regression\b|\bdifferences? between\b", re.I
)


def _p_of_interval(paper: Paper, estimate: Estimate, adjusted: bool, one_sided: bool) -> Finding | None:
    """p-vs-ci of an estimate; None where P or limits cannot be read as those of one Wald interval."""
    p, parts = estimate.p_value, (estimate.estimate, estimate.ci_low, estimate.ci_high)
    scale, effect = scale_name(estimate), estimate.measure in EFFECTS
    if not effect and is_difference(paper, estimate):
        scale, effect = "difference", True  # "differed by -0.75 points (95% CI -0.95 to -0.55; P = 0.10)"
    if p is None or scale is None or not effect or not 0 <= p.value <= 1:
        return None
    plain = paper.document.plain
    if _OF_ANOTHER.match(plain, p.end) or _LOST_SIGN.search(plain[max(0, p.start - 6) : p.start]):
        return None  # "P < 0.001 for non-inferiority"; "P , 0.01", where a less-than sign was lost
    point, least, most = (part.text for part in parts if part is not None)
    triplet, low, high = (point, least, most), Printed.parse(least).value, Printed.parse(most).value
    if low >= high or (scale == "ratio" and low <= 0):
        return None
    place, level = place_of_estimate(paper, estimate, p), level_of(estimate)
    found = p_vs_ci(*triplet, p.text, scale=scale, level=level, test=estimate.test, place=place)
    if not found.flagged:
        return found
    if scale == "difference" and estimate.measure in ("difference", "RD") and low > 0:
        other = p_vs_ci(*triplet, p.text, scale="ratio", level=level, place=place)
        if not other.flagged:
            return None  # a ratio by a name of its own ("event ratio 0.938")
    earlier = _P_BEFORE.search(plain[max(estimate.sentence[0], estimate.estimate.start - 60) : estimate.estimate.start])
    if earlier is not None:
        own = p_vs_ci(*triplet, earlier[1].replace(" ", ""), scale=scale, level=level, place=place)
        if own.verdict != "inconsistent":
            return None  # "p = 0.296, HR 1.52 (95% CI 0.69-3.32): p = 0.97"
    why = _of_something_else(paper, estimate, found, p)
    if why is not None:
        return lowered(found, why)
    found = least_shown(found, p.printed)
    why = _of_another_kind(paper, estimate, found, p, adjusted=adjusted, one_sided=one_sided)
    return found if why is None else lowered(found, why)


def _of_something_else(paper: Paper, estimate: Estimate, found: Finding, p: Number) -> str | None:
    """Why a P that the interval does not give may be that of another test or comparison; None where nothing says so."""
    plain = paper.document.plain
    if not _beside(paper, estimate, p):
        return "the P does not stand right beside this interval"
    if found.severity == "minor" and (
        _OTHER_TEST.search(plain, max(0, p.start - 18), p.start) or _OTHER_TEST.search(plain, p.end, p.end + 40)
    ):
        return "another test is named beside it"
    if _exact_of_few(paper, estimate, found, p):
        return "the paper tests with Fisher's exact test, whose P is larger where events are few"
    if _of_a_statistic(paper, p):
        return "the P is that of the test statistic before it"
    tiny = p.value > 0.05 and found.recomputed is not None and found.recomputed < 1e-4
    if tiny and _SUBGROUPS.search(plain, *estimate.sentence):
        return "it may be that of the difference between the subgroups"
    if p.value < 0.05 and _NOT_INFERIOR.search(plain, max(0, estimate.sentence[0] - 300), estimate.sentence[1]):
        return "it may be that of a test of non-inferiority"
    if _several(paper, estimate) or _OF_A_COMPARISON.search(plain, *estimate.sentence):
        return "the sentence has other comparisons, whose P it may be"
    return None


def _of_another_kind(
    paper: Paper, estimate: Estimate, found: Finding, p: Number, *, adjusted: bool, one_sided: bool
) -> str | None:
    """Why a flagged P may be one-sided, or adjusted for several comparisons; None where nothing says so."""
    told = paper.document.plain[estimate.sentence[0] : estimate.sentence[1]].lower()
    if (one_sided and _half(found, p)) or any(word in told for word in ONE_SIDED):
        return "it fits a one-sided test"
    named = any(word in told for word in (*MULTIPLICITY, "correct"))
    if (adjusted or named) and found.recomputed is not None and p.value > found.recomputed:
        return "the paper adjusts P for several comparisons"
    return None


def _exact_of_few(paper: Paper, estimate: Estimate, found: Finding, p: Number) -> bool:
    """Whether P may be that of Fisher's exact test: an unadjusted ratio of few events, and a larger P on the same side of 0.05."""
    if estimate.ci_low is None or estimate.ci_high is None or found.severity != "minor" or found.recomputed is None:
        return False
    if estimate.measure not in ("OR", "RR") or min(estimate.ci_low.value, estimate.ci_high.value) <= 0:
        return False
    wide = math.log(estimate.ci_high.value / estimate.ci_low.value) / 3.92 >= FEW_EVENTS
    return wide and p.value > found.recomputed and mentions(paper, *EXACT)


def _several(paper: Paper, estimate: Estimate) -> bool:
    """Whether the estimate is one of two that are compared, or of a list told by "respectively": the P may be that of both."""
    plain = paper.document.plain
    others = [one for one in estimates_of_sentences(paper).get(estimate.sentence, ()) if one is not estimate]
    if not others:
        return False
    alike = [
        one for one in others if one.measure == estimate.measure and one.p_value is None and one.start < estimate.start
    ]
    if alike and estimate.measure not in POOLABLE - {"MD"}:
        return True  # "one group gained 2.1 kg (95% CI 1.2-3.0) and the other 2.6 kg (95% CI 1.7-3.5) (P = .44)"
    ends = [one.end for one in others if one.end <= estimate.estimate.start]
    between = plain[max(ends, default=estimate.estimate.start) : estimate.estimate.start]
    return RESPECTIVELY.search(plain, *estimate.sentence) is not None or _VERSUS.search(between) is not None


def _beside(paper: Paper, estimate: Estimate, p: Number) -> bool:
    """Whether nothing but its name stands between the interval and the P, and no second P follows: there is one reading."""
    plain, last = paper.document.plain, estimate.ci_high
    if last is None:
        return False
    if p.start >= last.end and _THIRD.fullmatch(plain, last.end, p.start):
        return True  # "HR (95% CI; P) was 0.79 (0.57-1.09; 0.012)"
    if p.start >= last.end:
        return _JUST_P.fullmatch(plain, last.end, p.start) is not None
    behind = _SECOND_P.match(plain, last.end) is not None
    return not behind and _JUST_A_MEASURE.fullmatch(plain, p.end, estimate.estimate.start) is not None


def _of_a_statistic(paper: Paper, p: Number) -> bool:
    """Whether the P is that of a test statistic printed before it: "t(834) = 2.33, p = 0.020, d = 0.12 (95% CI -0.02 to 0.26)"."""
    return any(test.p_value is not None and test.p_value.start == p.start for test in paper.of_kind(Test))


def _half(found: Finding, p: Number) -> bool:
    if found.recomputed_low is None or found.recomputed_high is None:
        return False
    return p.printed.allows(Interval(found.recomputed_low / 2, found.recomputed_high / 2))


CHECKS = (intervals,)
