"""Significance in words: does "significant", "no difference" or "strong correlation" agree with the interval or P beside it?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.figures import MULTIPLICITY, free, grouped_by_sentence, mentions, words_in
from ostealgia.audit.checks.reading.seen import scale_name
from ostealgia.audit.checks.reading.text import once, sentences_with
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.p_values import p_vs_ci
from ostealgia.audit.rules.significance import p_range, show
from ostealgia.audit.statements.model import Claim, Estimate, Number, PValue
from ostealgia.audit.statements.words import listed
from ostealgia.numerics.intervals import Interval

CONTRAST = listed("but whereas while although however though despite except not no nor neither without")
CONDITIONS = listed(
    "if would could remain remained correction corrected bonferroni threshold when unless cutoff criterion set disappeared vanished "
    "lost"
)
_COMPARED_NEXT = re.compile(r"[)\]%\s]{0,4}(?:versus|vs\.?|compared|and|in|for)\b[^.;]{0,20}\d", re.I)
_P_BEHIND = re.compile(r"\bp(?:[- ]values?)?\s?([=<>])\s?0?(\.\d{1,5})", re.I)
REMAINS = listed("remain remained")  # significant, after adjustment
_P_SIGN = re.compile(r"\b[Pp](?:[- ]?values?)?\s{0,2}[=<>≤≥:]?\s{0,2}$")
_SOME = re.compile(
    r"\b(?:for|in|of|with|across|at)\s{1,2}(?:most|many|several|some|the majority|almost all|nearly all)\b|\brang(?:e|ed|ing|es)\s{1,2}"
    r"(?:from|between)\b",
    re.I,
)
# a level that something had to reach: "significant at a P value of 0.2 or less were considered for the model"
_LEVEL_BEHIND = re.compile(
    r"\W{0,3}(?:or|and)\s{1,2}(?:less|lower|below|smaller|under|more|above|greater|higher)\b", re.I
)
_SELECTED = re.compile(
    r"\b(?:considered|entered|included|retained|selected|candidates?|eligible|kept|carried|incorporated)\b"
    r"[^.;]{0,60}?\b(?:multi-?varia\w+|models?|regression)\b|\bstepwise\b|\b(?:cut-?off|criterion|threshold)\b",
    re.I,
)
# "higher in A (56% vs 44%; P": the two values that the P compares
_VALUE = r"[\d.,\xb7%\xb1 -]{1,18}(?:\([\d.,% -]{1,14}\) ?)?(?:mg|kg|g|cm|mm|months?|weeks?|days?|years?|points?|minutes?|min|h|hours?)? ?"
_TWO_VALUES = re.compile(
    rf"(?:[^\d.;:()\[\]]{{0,90}}[(\[])?{_VALUE}(?:vs\.?|versus|compared (?:with|to)) ?{_VALUE}[;,] ?", re.I
)
_TIMED = re.compile(
    r"\b(?:weeks?|months?|days?|years?|grades?|stages?)\s{1,2}\d{1,3}\b|(?<![\w.])\d{1,3}[-\s]{1,2}(?:weeks?|months?|days?|years?)\b",
    re.I,
)
FAR_P = 130  # characters from words of significance to their P
MOST_WORDS = 20  # between words of significance and their P
_OTHER_NUMBER = re.compile(r"[;)=\d]")
COMPARISONS = (
    "differ", "effect", "associat", "correlat", "increas", "decreas", "reduc", "chang", "improv", "predict", "relation", "impact",
    "influence", "benefit", "advantage", "heterogen", "interact", "trend", "at", "for", "in", "between", "result", "variab", "variation",
    "elevat", "rise", "fall", "drop", "declin", "risk", "factor", "contribut", "higher", "lower", "more", "less", "and", "with", "when",
    "discrepan", "shift", "gain", "superior", "bias", "determin", "deteriorat", "prolong",
)  # fmt: skip
INDEPENDENT = listed("independent independently irrespective regardless unrelated unchanged")
_SIGNIFICANT = re.compile(r"\b(?:non-?)?significan", re.I)
_HEDGED = re.compile(
    r"\b(?:no|not|none|neither|nor|never|without|lack\w*|fail\w*|hardly|barely|cannot|non|marginal\w*|borderline|nearly|almost|close|"
    r"approach\w*|trend\w*|interaction\w*|heterogeneity|respectively|clinical\w*|unclear|uncertain|if|whether|subgroups?)\b|n[’']t\b",
    re.I,
)
_DENIAL = re.compile(
    r"\bnon-?significan|(?:\bnon|\bnot?|n[’']t)\b[\s-]{0,2}(?:[a-z]{1,15}\s{1,2}){0,3}?significan", re.I
)
_NO_DIFFERENCE = re.compile(
    r"\b(?:did|do|does)(?:\s{1,2}not|n[’']t)\s{1,2}(?:appreciably\s{1,2}|materially\s{1,2})?differ\b|"
    r"\bno\s{1,2}(?:clear\s{1,2}|apparent\s{1,2}|overall\s{1,2})?(?:differences?|associations?|correlations?|relationship)\b|"
    r"\b(?:was|were|is|are)(?:\s{1,2}not|n[’']t)\s{1,2}(?:independently\s{1,2})?(?:associated|correlated|related|different)\b|"
    r"\b(?:was|were|is)(?:\s{1,2}not|n[’']t)\s{1,2}an?\s{1,2}(?:independent\s{1,2})?(?:predictor|risk\s{1,2}factor|prognostic\s{1,2}factor)\b|"
    r"\b(?:was|were)\s{1,2}(?:similar|comparable)\s{1,2}(?:in|between|across|among|for|to|with)\b",
    re.I,
)
# words of another result, or of a P that is not that of a difference
_OTHERWISE = re.compile(
    r"\b(?:increas\w*|decreas\w*|improv\w*|rose|rise|fell|chang\w+|declin\w+|higher|lower|greater|more|less|fewer|differed|but|however|"
    r"while|whereas|although|though|except|unlike|non-?inferior\w*|equivalen\w+|heterogen\w+|interact\w+|agree\w*|concord\w+|icc|"
    r"kappa|adjust\w+|unadjusted|univaria\w+|multivaria\w+|both(?! (?:groups|arms|cohorts|treatments))|"
    r"neither|only|respectively|model|fit|trend|which|over\s{1,2}time|superior\w*|reduc\w+)\b",
    re.I,
)
TURNED = listed("but whereas while however although except")
NEAR_CLAIM = 90  # characters from "no significant difference" to its estimate
CLEARLY_DENIED = 0.03  # an implied P above may be called not significant by another test or level
OFF = 0.25  # of the width of an interval: further from its middle an estimate is another one
LEVEL = 0.05
NEAR_ABOVE, NEAR_BELOW = 0.06, 0.045  # the same where a paper says that its level is 0.05
# "a P below 0.05 was considered significant", "the level of significance was 0.05"
_ALPHA = re.compile(
    r"\b(?:[Pp](?:[- ]?values?)?|level(?:\s{1,2}of\s{1,2}significance)?|alpha|α)[^.\d]{0,40}?(0?\.(?:05|01|001|10|1|005|025))\b"
)
_SET = re.compile(
    r"\b(?:considered|regarded|deemed|taken|level|alpha|set\s{1,2}at|threshold|defined|accepted)\b|α", re.I
)
CLEARLY_ABOVE, CLEARLY_BELOW = 0.10, 0.01  # a P between them may be called significant or not


@dataclass(frozen=True)
class Tested:
    """A P with what it is printed with, from start to end."""

    start: int
    end: int
    number: Number


def significance(paper: Paper) -> Iterator[Finding]:
    """ "significant", "strong correlation" or "no significant difference" against the interval or P of the same sentence."""
    estimates = grouped_by_sentence(free(paper, Estimate))
    tested = _tested(paper)
    for claim in free(paper, Claim):
        if claim.significant is None or claim.direction != 0 or claim.size is not None:
            continue
        if claim.significant and claim.estimate is not None and not _of_some(paper, claim):
            yield from _against_intervals(paper, claim, estimates.get(claim.sentence, []))
        if claim.significant is False:
            yield from _denied(paper, claim, estimates.get(claim.sentence, []))
        found = _against_p(paper, claim, tested.get(claim.sentence, []), estimates.get(claim.sentence, []))
        if found is not None:
            yield found


def no_difference(paper: Paper) -> Iterator[Finding]:
    """ "Did not differ", "no association", "similar" against the one P or interval of the sentence."""
    estimates = grouped_by_sentence(free(paper, Estimate))
    tested = _tested(paper)
    for sentence in {**estimates, **tested}:
        claim = _plain_denial(paper, sentence)
        if claim is None:
            continue
        yield from _denied(paper, claim, estimates.get(sentence, []))
        found = _against_p(paper, claim, tested.get(sentence, []), estimates.get(sentence, []))
        if found is not None:
            yield found


def _tested(paper: Paper) -> dict[tuple[int, int], list[Tested]]:
    """What carries a P in each sentence: P values that stand alone, and estimates with a P and no interval."""
    found: dict[tuple[int, int], list[Tested]] = {}
    for one in free(paper, PValue):
        found.setdefault(one.sentence, []).append(Tested(one.start, one.end, one.p_value))
    for one in free(paper, Estimate):
        if one.p_value is not None and one.ci_low is None:
            sign = _P_SIGN.search(paper.document.plain, max(0, one.p_value.start - 16), one.p_value.start)
            first = min(one.start, sign.start() if sign is not None else one.p_value.start)
            found.setdefault(one.sentence, []).append(Tested(first, one.end, one.p_value))
    return found


def _plain_denial(paper: Paper, sentence: tuple[int, int]) -> Claim | None:
    """The only words of a sentence that deny a difference or an association, where nothing in it tells of another one."""
    plain = paper.document.plain
    words = list(_NO_DIFFERENCE.finditer(plain, *sentence))
    if len(words) != 1 or _OTHERWISE.search(plain, *sentence) or _SIGNIFICANT.search(plain, *sentence):
        return None
    start, end = words[0].span()
    return Claim(start=start, end=end, sentence=sentence, direction=0, significant=False, wording=words[0][0])


def _of_some(paper: Paper, claim: Claim) -> bool:
    """Whether significance is claimed of most items only, whose ratios are told as a range."""
    words = paper.document.plain[claim.sentence[0] : claim.sentence[1]]
    return _SOME.search(words) is not None


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
    if said or _OTHER_NUMBER.search(_TIMED.sub(" ", gap)):
        return
    null = 1.0 if scale == "ratio" and not one.transformed else 0.0
    low, high = one.ci_low.printed, one.ci_high.printed
    if low.value > high.value or not (low.interval().low > null or high.interval().high < null):
        return
    named = paper.document.plain[max(one.sentence[0], one.estimate.start - 40) : one.estimate.start]
    if scale == "difference" and 0 < low.value < 1 < high.value and "ratio" in named:
        return  # "no difference (ratio 1.03; 0.95 to 1.12)"
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
    if words.lstrip()[:1].islower():
        return False  # the end of a sentence whose beginning stands elsewhere
    if _NO_DIFFERENCE.fullmatch(claim.wording):
        return True
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


def _against_p(paper: Paper, claim: Claim, tested: list[Tested], estimates: list[Estimate]) -> Finding | None:
    """The one P of the sentence, right behind the words, where nothing else stands between."""
    if len(tested) != 1 or _of_an_event(paper, claim) or not _one_claim(paper, claim):
        return None
    part = tested[0]
    if part.start < claim.end or part.start - claim.end > FAR_P or part.number.text.startswith("+"):
        return None  # (a signed number is no P)
    if any(claim.end <= one.start < part.start for one in estimates) or not _introduces(paper, claim, part):
        return None
    p = p_range(part.number.printed)
    above, below = _limits(paper)
    wrong = p.low >= above if claim.significant else p.high < below
    fits = p.high <= 0.05 if claim.significant else p.low >= 0.05
    if _is_level(paper, claim, part) or not (wrong or fits):
        return None
    said = "significant" if claim.significant else "not significant"
    if not claim.significant and not _SIGNIFICANT.search(claim.wording):
        said = f'"{claim.wording}"'
    return make(
        "claim-vs-evidence",
        paper.place(claim.start, part.end),
        reported=part.number.text,
        verdict="inconsistent" if wrong else "consistent",
        severity="major" if wrong else "none",
        basis="judgement",
        message=f"the text says {said}; the P beside it is {part.number.text}",
    )


@once
def _limits(paper: Paper) -> tuple[float, float]:
    """From which P on "significant", and below which "not significant", is wrong: near 0.05 only where the paper sets this level."""
    stating = (
        one.text for one in sentences_with(paper.document, _SET) if _SET.search(one.text) and "significan" in one.text
    )
    levels = {float(found[1]) for text in stating for found in _ALPHA.finditer(text)}
    sure = levels == {LEVEL} and not mentions(paper, *MULTIPLICITY)
    return (NEAR_ABOVE, NEAR_BELOW) if sure else (CLEARLY_ABOVE, CLEARLY_BELOW)


def _introduces(paper: Paper, claim: Claim, part: Tested) -> bool:
    """Whether words of significance lead to a P: no contrast, condition or other number between them."""
    printed = paper.document.plain[claim.end : part.start]
    gap = _TIMED.sub(" ", printed)
    between = words_in(paper, claim.end, part.start)
    between += [
        word for word in words_in(paper, claim.start, claim.end) if word in TURNED | CONDITIONS
    ]  # "significant except"
    before = words_in(paper, max(claim.sentence[0], claim.start - 60), claim.start)
    if ". " in printed or ":" in gap or len(between) > MOST_WORDS:  # "(game: p = 0.2; lecture: p = 0.02)": P of several
        return False
    conditions = CONDITIONS - REMAINS if claim.significant else CONDITIONS
    if (INDEPENDENT | CONTRAST | conditions).intersection(between) or conditions.intersection(before):
        return False
    if "considered" in words_in(paper, max(claim.sentence[0], claim.start - 40), claim.start):
        return False
    if _OTHER_NUMBER.search(gap) and not any(_TWO_VALUES.fullmatch(words) for words in (gap, printed)):
        return False
    # "A fell, but B did not change significantly (P < 0.001)": P may be that of both
    turned = words_in(paper, claim.sentence[0], claim.start)
    return bool(claim.significant) or not TURNED.intersection(turned)


def _is_level(paper: Paper, claim: Claim, part: Tested) -> bool:
    """Whether a P is a level that results were held against: "P < 0.05", "a P of 0.2 or less", what was entered in a model."""
    printed = part.number.printed
    if printed.relation != "=" and printed.value == 0.05:
        return True
    plain = paper.document.plain
    return (
        _LEVEL_BEHIND.match(plain, part.number.end) is not None or _SELECTED.search(plain, *claim.sentence) is not None
    )


CHECKS = (significance, no_difference)
