"""Wording tied to an estimate: does "53% lower odds" or "worse survival" agree with the ratio beside it?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.directions import certain, only_turned
from ostealgia.audit.checks.reading.figures import RATIOS, free
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.direction import direction_vs_claim
from ostealgia.audit.statements.model import Claim, Estimate, Number
from ostealgia.audit.statements.words import listed

TREATMENT = listed("group arm treatment therapy treated intervention receiving received randomized randomised drug")
_PER_UNITS = re.compile(r"\b(?:for (?:each|every)|per|each|every)\b[^.;(]{0,12}?\d", re.I)
CHANCES = ("risk", "probability", "incidence", "rate", "mortality")
DESIRED = re.compile(r"better|improved|worse|poorer", re.I)
UNSURE = ("rate", "incidence", "probability")
_SECOND = re.compile(  # "8% higher in A (1.11) compared to B (1.02)"
    r"[^.;]{0,80}?\b(?:compared\s{1,3}(?:to|with)|than|versus|vs)\b[^.;()]{2,80}[(\[]\s?\d{1,2}\.\d"
)
_LIST = re.compile(r"\s?(?:[(\[][^()\[\]]{0,40}[)\]])?,\s?\d{1,2}\.\d{1,3},?\s(?:and\s)?\d{1,2}\.\d")
_QUARTERS = re.compile(r"quartile|quintile|tertile|\bquarters?\b|\btrend\b", re.I)
ROUND = 5.0  # points by which a multiple of 10 may be rounded, ties either way


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
        if claim.indirect and not _clear(claim.estimate):
            continue
        if not claim.indirect and DESIRED.match(claim.wording) and claim.estimate.measure not in ("OR", "RR"):
            continue  # better odds of survival stand beside a lower hazard of death
        if claim.of in UNSURE and claim.estimate.measure not in ("IRR", "RR"):
            continue  # a rate of what is wanted, or points of a percentage
        first, last = sorted((claim.end, claim.estimate.start))
        if claim.size is not None and _PER_UNITS.search(paper.document.plain, first, last):
            continue  # "15% for each 10 units (OR 1.014)": the ratio may be that of one unit
        if _one_of_several(paper, claim, claim.estimate):
            continue
        found = _direction(paper, claim, claim.estimate)
        if not found.flagged or certain(paper, claim, claim.estimate):
            yield found
        elif only_turned(paper, claim, claim.estimate):
            yield lowered(
                found, "the size in words is that of the reciprocal: the ratio may be that of the other group"
            )


def _one_of_several(paper: Paper, claim: Claim, estimate: Estimate) -> bool:
    """Whether the ratio is one of two that the words compare, or the first of a list over quarters of a factor."""
    behind = paper.document.plain[estimate.end : estimate.end + 160]
    if claim.size is not None and _SECOND.match(behind):
        return True
    sentence = paper.document.plain[slice(*estimate.sentence)]
    return _LIST.match(behind) is not None and _QUARTERS.search(sentence) is not None


def _clear(estimate: Estimate) -> bool:
    """Whether the interval of a ratio lies on one side of 1."""
    low, high = estimate.ci_low, estimate.ci_high
    return low is not None and high is not None and 0 < low.value < high.value and not low.value <= 1 <= high.value


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
        words=f'"{claim.wording}"' if claim.indirect else None,
        place=paper.place(start, end),
    )


def _of_odds(claim: Claim, estimate: Estimate, percent: str | None) -> str | None:
    """A change of the risk is smaller than that of the odds: "an OR of 2 reflects a 19% increase in risk" tells the direction only."""
    smaller = claim.size is not None and claim.size.value < 100 * abs(estimate.estimate.value - 1)
    return None if estimate.measure == "OR" and claim.of in CHANCES and smaller else percent


def _stated(number: Number | None, opposite: bool, exact: float | None = None) -> str | None:
    """The size that the words state; a rough round one ("almost 30%", 30% for 28%, 50% for 45%) only says the direction."""
    if number is None:
        return None
    tens = number.value % 10 == 0 and "." not in number.text
    if exact is not None and not opposite and tens and abs(number.value - exact) <= ROUND + 1e-9:
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


CHECKS = (directions,)
