"""Judgement: do the words claim more, or something else, than the number beside them carries?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.facts import parsed, triplet_of
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Claim, Estimate

RATIOS = ("OR", "AOR", "HR", "AHR", "RR", "IRR")
REACH = 200  # characters between the words and the number they are about
_STRENGTH = re.compile(
    r"\bstrong(?:ly|est)?\s{1,3}(?:[a-z\-]+\s{1,3}){0,2}?(?:correlat|associat|predict|relat|link)\w*", re.I
)
_CONTRAST = re.compile(r"\b(?:but|whereas|while|although|however|though|despite|except|not|no)\b|[.;]", re.I)
_NOT = re.compile(r"\b(?:no|not|non|nor|neither|without|lack|absence|failed|fails|never|if|whether)\b", re.I)


def claims_of_strength(paper: Paper) -> Iterator[Finding]:
    """Is a strong association claimed for ratios whose own intervals include 1?

    Wording that is tied to one estimate ("significantly higher (OR ...)") is the matter of the prose checks.
    """
    by_sentence: dict[tuple[int, int], list[Estimate]] = {}
    for statement in paper.of_kind(Estimate):
        if statement.cell is None and statement.section in ("abstract", "results", "conclusion", "discussion"):
            by_sentence.setdefault(statement.sentence, []).append(statement)
    tied = {
        claim.start for claim in paper.of_kind(Claim) if claim.significant is not None and claim.estimate is not None
    }
    for (start, end), listed in by_sentence.items():
        text = paper.document.plain[start:end]
        claim = _STRENGTH.search(text)
        if claim is None or _NOT.search(text[max(0, claim.start() - 40) : claim.end()]):
            continue
        if any(start + claim.start() <= place < start + claim.end() for place in tied):
            continue
        behind = [one for one in listed if one.start >= start + claim.end()][
            :1
        ]  # of a list, the first carries the claim
        if behind and _CONTRAST.search(paper.document.plain, start + claim.end(), behind[0].start):
            continue
        for statement in behind:
            yield from _strength(paper, statement, (start + claim.start(), start + claim.end()))


def _strength(paper: Paper, statement: Estimate, words: tuple[int, int]) -> Iterator[Finding]:
    triplet = triplet_of(statement) if statement.measure in RATIOS else None
    if triplet is None or not 0 <= statement.start - words[1] <= REACH:
        return
    if not triplet.low.interval().high < 1 < triplet.high.interval().low:
        return
    said = paper.document.quote(*words)
    yield make(
        "claim-vs-evidence",
        paper.place(words[0], statement.end),
        reported=triplet.text,
        verdict="inconsistent",
        severity="major",
        basis="judgement",
        message=f"the words are {said!r}; the interval {triplet.low.text} to {triplet.high.text} includes 1",
    )


_CHANCE = re.compile(
    r"\b(?:times|fold)\b.{0,12}\b(?:more|less|as)\s{1,3}likely\b|\bthe (?:risk|likelihood|probability)\b", re.I
)


def claims_of_odds(paper: Paper) -> Iterator[Finding]:
    """Is an odds ratio read as a ratio of chances ("5.4 times more likely")? Information only."""
    for claim in paper.of_kind(Claim):
        ratio = claim.estimate
        if ratio is None or ratio.measure not in ("OR", "AOR") or claim.times is None or claim.cell is not None:
            continue
        words = paper.document.plain[claim.start : min(claim.end + 20, claim.sentence[1])]
        value = parsed(ratio.estimate)
        if value is None or not value.value > 0 or abs(value.value - 1) < 0.2 or not _CHANCE.search(words):
            continue
        found = make(
            "construct-vs-label",
            paper.place(claim.start, claim.end),
            reported=claim.times.text,
            verdict="inconsistent",
            severity="information",
            basis="judgement",
            message=f"{claim.times.text} is a ratio of odds; the words read it as a ratio of chances, which is nearer to 1 where the "
            "outcome is not rare",
            cause=Cause(code="wrong-scale", text="odds are not chances"),
        )
        yield found


CHECKS = (claims_of_strength, claims_of_odds)
