"""Wording tied to an estimate: does "53% lower odds" agree with the ratio, "significant" with the interval or P?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from ostealgia.audit.checks.prose.intervals import scale_name
from ostealgia.audit.checks.reading.directions import certain
from ostealgia.audit.checks.reading.figures import MULTIPLICITY, RATIOS, free, mentions, words_in
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.direction import direction_vs_claim
from ostealgia.audit.rules.p_values import p_vs_ci
from ostealgia.audit.rules.significance import p_range, show
from ostealgia.audit.statements.model import Claim, Estimate, Number, PValue, Statement
from ostealgia.audit.statements.words import listed
from ostealgia.numerics.intervals import Interval

TREATMENT = listed("group arm treatment therapy treated intervention receiving received randomized randomised drug")
CONTRAST = listed("but whereas while although however though despite except not no nor neither without")
CONDITIONS = listed(
    "if would could remain remained correction corrected bonferroni threshold when unless cutoff criterion set disappeared vanished "
    "lost"
)
_PER_UNITS = re.compile(r"\b(?:for (?:each|every)|per|each|every)\b[^.;(]{0,12}?\d", re.I)
_COMPARED_NEXT = re.compile(r"[)\]%\s]{0,4}(?:versus|vs\.?|compared|and|in|for)\b[^.;]{0,20}\d", re.I)
_P_BEHIND = re.compile(r"\bp(?:[- ]values?)?\s?([=<>])\s?0?(\.\d{1,5})", re.I)
_SOME = re.compile(
    r"\b(?:for|in|of|with|across|at)\s{1,2}(?:most|many|several|some|the majority|almost all|nearly all)\b|\brang(?:e|ed|ing|es)\s{1,2}"
    r"(?:from|between)\b",
    re.I,
)
_OTHER_NUMBER = re.compile(r"[;)=\d]")
COMPARISONS = (
    "differ", "effect", "associat", "correlat", "increas", "decreas", "reduc", "chang", "improv", "predict", "relation", "impact",
    "influence", "benefit", "advantage", "heterogen", "interact", "trend", "at", "for", "in", "between", "result", "variab", "variation",
    "elevat", "rise", "fall", "drop", "declin", "risk", "factor", "contribut", "higher", "lower", "more", "less", "and", "with", "when",
    "discrepan", "shift", "gain", "superior", "bias", "determin", "deteriorat", "prolong",
)  # fmt: skip
CHANCES = ("risk", "probability", "incidence", "rate", "mortality")
DESIRED = re.compile(r"better|improved|worse|poorer", re.I)
INDEPENDENT = listed("independent independently irrespective regardless unrelated unchanged")
UNSURE = ("rate", "incidence", "probability")
_SIGNIFICANT = re.compile(r"\bsignifican", re.I)
_HEDGED = re.compile(
    r"\b(?:no|not|none|neither|nor|never|without|lack\w*|fail\w*|hardly|barely|cannot|non|marginal\w*|borderline|nearly|almost|close|"
    r"approach\w*|trend\w*|interaction\w*|heterogeneity|respectively|clinical\w*|unclear|uncertain|if|whether|subgroups?)\b|n[’']t\b",
    re.I,
)
_DENIAL = re.compile(r"(?:\bnon|\bnot?|n[’']t)\b[\s-]{0,2}(?:[a-z]{1,15}\s{1,2}){0,3}?significan", re.I)
NEAR_CLAIM = 90  # characters from "no significant difference" to its estimate
CLEARLY_DENIED = 0.03  # an implied P above may be called not significant by another test or level
OFF = 0.25  # of the width of an interval: further from its middle an estimate is another one
ROUND = 2.5  # points by which a multiple of 10 may be rounded
CLEARLY_ABOVE, CLEARLY_BELOW = 0.10, 0.01  # a P between them may be called significant or not


def directions(paper: Paper) -> Iterator[Finding]:
    """direction-vs-claim for every wording that is tied to a ratio; a reduction above 100% even without one."""
    for claim in free(paper, Claim):
        if claim.direction == 0 or claim.of is None:
            continue
        if (
            claim.estimate is None
            or claim.estimate.measure not in (*RATIOS, None)
            or claim.estimate.estimate.value <= 0
        ):
            yield from _too_much(paper, claim)
            continue
        if claim.estimate.transformed or claim.estimate.estimate.value == 1:  # 1 marks the reference group
            continue
        if DESIRED.match(claim.wording) and claim.estimate.measure not in ("OR", "RR"):
            continue  # better odds of survival stand beside a lower hazard of death
        if claim.of in UNSURE and claim.estimate.measure not in ("IRR", "RR"):
            continue  # a rate of what is wanted, or points of a percentage
        first, last = sorted((claim.end, claim.estimate.start))
        if claim.size is not None and _PER_UNITS.search(paper.document.plain, first, last):
            continue  # "12% for each 10 units (OR 1.012)": the ratio may be that of one unit
        found = _direction(paper, claim, claim.estimate)
        if not found.flagged or certain(paper, claim, claim.estimate):
            yield found


def _direction(paper: Paper, claim: Claim, estimate: Estimate) -> Finding:
    own = claim.times is not None and claim.times.start == estimate.estimate.start
    opposite = (estimate.estimate.value > 1) != (claim.direction > 0)
    limits = None
    if estimate.ci_low is not None and estimate.ci_high is not None and estimate.ci_low.value > 0:
        limits = (estimate.ci_low.text, estimate.ci_high.text)
    start, end = min(claim.start, estimate.start), max(claim.end, estimate.end)
    return direction_vs_claim(
        estimate.estimate.text,
        "higher" if claim.direction > 0 else "lower",
        percent=_of_odds(claim, estimate, _stated(claim.size, opposite, 100 * abs(estimate.estimate.value - 1))),
        fold=None if own else _stated(claim.times, opposite),
        limits=limits,
        measure=estimate.measure or "ratio",
        outcome=claim.of or "the outcome",
        role=_role(claim, estimate),
        place=paper.place(start, end),
    )


def _of_odds(claim: Claim, estimate: Estimate, percent: str | None) -> str | None:
    """A change of the risk is smaller than that of the odds: "an OR of 2 reflects a 19% increase in risk" tells the direction only."""
    smaller = claim.size is not None and claim.size.value < 100 * abs(estimate.estimate.value - 1)
    return None if estimate.measure == "OR" and claim.of in CHANCES and smaller else percent


def _stated(number: Number | None, opposite: bool, exact: float | None = None) -> str | None:
    """The size that the words state; a rough round one ("almost 30%", 30% for 28%) only says the direction."""
    if number is None:
        return None
    if exact is not None and not opposite and number.value % 10 == 0 and abs(number.value - exact) <= ROUND:
        return None
    if number.text.startswith("~"):
        if opposite:
            return number.text.lstrip("~ ")
        return None if number.value % 5 == 0 else number.text
    return number.text


def _role(claim: Claim, estimate: Estimate) -> str:
    words = {*claim.subject, *(claim.group or "").split(), *(estimate.group or "").split()}
    return "treatment" if words & TREATMENT else "factor"


def _too_much(paper: Paper, claim: Claim) -> Iterator[Finding]:
    size = claim.size
    if size is None or claim.direction > 0 or size.printed.interval().low <= 100:
        return
    yield make(
        "direction-vs-claim",
        paper.place(claim.start, claim.end),
        reported=f"{size.text}% lower",
        verdict="impossible",
        severity="major",
        message=f"the text says {size.text}% lower {claim.of}; a reduction cannot exceed 100%",
        cause=Cause(code="reversed-coding", text="an increase may be worded as a reduction"),
    )


# ---------------------------------------------------------------- significance in words


def significance(paper: Paper) -> Iterator[Finding]:
    """ "significant", "strong correlation" or "no significant difference" against the interval or P of the same sentence."""
    estimates = _by_sentence(free(paper, Estimate))
    p_values = _by_sentence(free(paper, PValue))
    for claim in free(paper, Claim):
        if claim.significant is None or claim.direction != 0 or claim.size is not None:
            continue
        if claim.significant and claim.estimate is not None and not _of_some(paper, claim):
            yield from _against_intervals(paper, claim, estimates.get(claim.sentence, []))
        if claim.significant is False:
            yield from _denied(paper, claim, estimates.get(claim.sentence, []))
        found = _against_p(paper, claim, p_values.get(claim.sentence, []), estimates.get(claim.sentence, []))
        if found is not None:
            yield found


S = TypeVar("S", bound=Statement)


def _of_some(paper: Paper, claim: Claim) -> bool:
    """Whether significance is claimed of most items only, whose ratios are told as a range."""
    words = paper.document.plain[claim.sentence[0] : claim.sentence[1]]
    return _SOME.search(words) is not None


def _by_sentence(statements: Iterable[S]) -> dict[tuple[int, int], list[S]]:
    found: dict[tuple[int, int], list[S]] = {}
    for statement in statements:
        found.setdefault(statement.sentence, []).append(statement)
    return found


def _against_intervals(paper: Paper, claim: Claim, estimates: list[Estimate]) -> Iterator[Finding]:
    """Estimates that a claim of significance introduces and whose interval includes no effect."""
    last = claim.end
    after = [one for one in estimates if one.start >= claim.end]
    words = paper.document.plain[claim.end : claim.sentence[1]]
    if "respectively" in words and any(_excludes(one) for one in after):
        return  # "(OR 2.6, 0.8 to 8.1 and OR 8.6, 1.7 to 44.4 for two levels, respectively)": the last carries the claim
    of_size = "signific" not in claim.wording.lower()  # "strong": no test is claimed
    certain = of_size or (len(estimates) == 1 and _one_claim(paper, claim))
    for k, estimate in enumerate(one for one in estimates if one.start >= claim.end):
        between = words_in(paper, last, estimate.start)
        if CONTRAST.intersection(between) or estimate.start - last > 250:
            return
        if k and not _listed(paper.document.plain[last : estimate.start], between):
            return
        if k and estimate.p_value is not None and estimate.p_value.printed.interval().low > 0.05:
            return  # "decreased significantly in A (...) with an unchanged B (..., p = 0.98)"
        last = estimate.end
        scale = scale_name(estimate)
        if (
            scale not in ("ratio", "difference")
            or estimate.ci_low is None
            or estimate.ci_high is None
            or estimate.measure in ("mean", "median")
        ):
            continue
        null = 1.0 if scale == "ratio" and not estimate.transformed else 0.0
        if not estimate.ci_low.printed.interval().high < null < estimate.ci_high.printed.interval().low:
            continue
        if (scale == "ratio" and estimate.ci_low.value <= 0) or _off_middle(estimate, scale):
            continue
        found = _interval_finding(paper, claim, estimate, (estimate.ci_low.text, estimate.ci_high.text), scale, null)
        said_so = estimate.p_value is not None and estimate.p_value.printed.interval().low > 0.05
        near = not of_size and not said_so and (found.recomputed or 1.0) < CLEARLY_ABOVE
        yield replace(found, severity="information") if near or not certain else found


def _denied(paper: Paper, claim: Claim, estimates: list[Estimate]) -> Iterator[Finding]:
    """ "No significant difference (HR 0.62, 0.41 to 0.94)": the one estimate right behind the words excludes no effect."""
    after = [one for one in estimates if one.start >= claim.end]
    if not after or after[0].start - claim.end > NEAR_CLAIM or len(estimates) != 1 or mentions(paper, *MULTIPLICITY):
        return
    one = after[0]
    gap = paper.document.plain[claim.end : one.start]
    if _COMPARED_NEXT.match(paper.document.plain[one.end : one.end + 40]) or _p_behind(paper, one, claim.sentence[1]):
        return  # "(63% (39 to 92) versus 51% (29 to 78), P = 0.34)": the interval is that of one group
    scale = scale_name(one)
    if (
        scale not in ("ratio", "difference")
        or one.ci_low is None
        or one.ci_high is None
        or one.measure in ("mean", "B")
    ):
        return
    said = {*words_in(paper, claim.end, one.start)} & CONTRAST or {*words_in(paper, *claim.sentence)} & CONDITIONS
    if said or _OTHER_NUMBER.search(gap):
        return
    null = 1.0 if scale == "ratio" and not one.transformed else 0.0
    low, high = one.ci_low.printed, one.ci_high.printed
    if low.value > high.value or not (low.interval().low > null or high.interval().high < null):
        return
    named = paper.document.plain[max(one.sentence[0], one.estimate.start - 40) : one.estimate.start]
    if scale == "difference" and 0 < low.value < 1 < high.value and "ratio" in named:
        return  # "no difference (ratio 1.04; 0.97 to 1.11)"
    implied = p_vs_ci(one.estimate.text, low, high, "0.5", scale=scale)
    if implied.recomputed is None or implied.recomputed > CLEARLY_DENIED:
        return
    p = one.p_value.printed if one.p_value is not None else None
    if p is not None and p.interval().high > 0.05:
        return  # then P and interval are compared
    yield make(
        "claim-vs-evidence",
        paper.place(claim.start, one.end),
        reported=f"{one.estimate.text} ({low.text} to {high.text})",
        verdict="inconsistent",
        severity="major",
        basis="judgement",
        message=f"the text says not significant; the interval {low.text} to {high.text} beside it excludes {null:g} "
        f"(implied P {show(implied.recomputed)})",
    )


def _excludes(estimate: Estimate) -> bool:
    """Whether an interval excludes no effect."""
    scale = scale_name(estimate)
    if estimate.ci_low is None or estimate.ci_high is None or scale not in ("ratio", "difference"):
        return False
    null = 1.0 if scale == "ratio" and not estimate.transformed else 0.0
    return estimate.ci_low.value > null or estimate.ci_high.value < null


def _of_an_event(paper: Paper, claim: Claim) -> bool:
    """Whether "significant" is the size of something that was seen ("3 of 27 had significant losses"), not of a comparison."""
    bracket = re.search(r"[(\[,;.]", paper.document.plain[claim.start : claim.start + 80])
    words = words_in(paper, claim.start, claim.start + (bracket.start() if bracket else 80))
    if words[:1] != ["significant"] or len(words) < 2 or not claim.significant:
        return False
    return not any(word.startswith(COMPARISONS) for word in words[1:5])


def _one_claim(paper: Paper, claim: Claim) -> bool:
    """Whether the sentence speaks of significance once, plainly: affirmed without any hedge, or denied by the word before it."""
    words = paper.document.plain[claim.sentence[0] : claim.sentence[1]]
    if len(_SIGNIFICANT.findall(words)) != 1:
        return False
    return (_HEDGED.search(words) is None) if claim.significant else _DENIAL.search(words) is not None


def _off_middle(estimate: Estimate, scale: str) -> bool:
    """Whether the interval is clearly not that of the estimate, which is then told by itself: it says nothing of significance."""
    low, high, point = (part.value if part else 0.0 for part in (estimate.ci_low, estimate.ci_high, estimate.estimate))
    if scale == "ratio" and not estimate.transformed and min(low, high, point) > 0:
        low, high, point = math.log(low), math.log(high), math.log(point)
    return high > low and abs(point - (low + high) / 2) > OFF * (high - low)


def _p_behind(paper: Paper, estimate: Estimate, end: int) -> bool:
    """Whether a P above 0.05 follows in the sentence, which is what the words rest on."""
    found = _P_BEHIND.search(paper.document.plain, estimate.end, min(end, estimate.end + 120))
    return found is not None and (found[1] == ">" or float(f"0{found[2]}") > 0.05)


def _listed(gap: str, between: list[str]) -> bool:
    """Whether an estimate continues a list: "pain (OR 3.1, ...), fracture (OR 2.0, ...)"."""
    return "(" not in gap.rstrip(" ([") and "." not in gap and ";" not in gap and len(between) <= 8


def _interval_finding(
    paper: Paper, claim: Claim, estimate: Estimate, limits: tuple[str, str], scale: str, null: float
) -> Finding:
    low, high = limits
    wald = p_vs_ci(estimate.estimate.text, low, high, "0.5", scale=scale)
    value = wald.recomputed
    implied = f" (implied P {show(value)})" if value is not None else ""
    return make(
        "p-vs-ci",
        paper.place(estimate.start, estimate.end),
        reported=f"{estimate.estimate.text} ({low} to {high})",
        verdict="inconsistent",
        severity="major",
        basis="judgement",
        recomputed=value,
        values=None
        if wald.recomputed_low is None or wald.recomputed_high is None
        else Interval(wald.recomputed_low, wald.recomputed_high),
        message=f'the text says "{claim.wording}"; the interval {low} to {high} includes {null:g}{implied}',
    )


def _against_p(paper: Paper, claim: Claim, p_values: list[PValue], estimates: list[Estimate]) -> Finding | None:
    """The one P of the sentence, right behind the words, where nothing else stands between."""
    if len(p_values) != 1 or _of_an_event(paper, claim) or not _one_claim(paper, claim):
        return None
    part = next((one for one in p_values if one.start >= claim.end), None)
    if part is None or part.start - claim.end > 90 or part.p_value.text.startswith("+"):
        return None  # (a signed number is no P)
    if any(claim.end <= one.start < part.start for one in estimates):
        return None
    gap = paper.document.plain[claim.end : part.start]
    if ". " in gap or "considered" in words_in(paper, max(claim.sentence[0], claim.start - 40), claim.start):
        return None
    between = words_in(paper, claim.end, part.start)
    if INDEPENDENT.intersection(between) or ":" in gap:  # "(game: p = 0.2; lecture: p = 0.02)": P of several
        return None
    if (CONTRAST | CONDITIONS).intersection(between) or len(between) > 12 or _OTHER_NUMBER.search(gap):
        return None
    if CONDITIONS.intersection(words_in(paper, max(claim.sentence[0], claim.start - 60), claim.start)):
        return None
    p = p_range(part.p_value.printed)
    wrong = p.low >= CLEARLY_ABOVE if claim.significant else p.high < CLEARLY_BELOW
    fits = p.high <= 0.05 if claim.significant else p.low >= 0.05
    level = part.p_value.printed.relation != "=" and part.p_value.printed.value == 0.05
    if level or (not wrong and not fits):
        return None  # "P < 0.05" may be the level
    if not claim.significant:
        turned = words_in(paper, claim.sentence[0], claim.start)
        if {"but", "whereas", "while", "however", "although"}.intersection(turned):
            return None  # "A fell, but B did not change significantly (P < 0.001)": P may be that of both
    said = "significant" if claim.significant else "not significant"
    return make(
        "claim-vs-evidence",
        paper.place(claim.start, part.end),
        reported=part.p_value.text,
        verdict="inconsistent" if wrong else "consistent",
        severity="major" if wrong else "none",
        basis="judgement",
        message=f"the text says {said}; the P beside it is {part.p_value.text}",
    )


CHECKS = (directions, significance)
