"""An estimate of the text with its interval and the words around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ostealgia.audit.checks.reading.figures import CERTAIN_SCALE, in_percent, level_of
from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import ci_vs_point
from ostealgia.audit.statements.model import Estimate, Number

MINUS = ("-", "−", "–")
_LEVELS = re.compile(r"\b(?:80|90|95|97\.5|98|99)(?:\.0)?\s{0,2}(?:%|per\s?cent|percent|[-‐]percent)?")
_NAMED = re.compile(
    r"\b(?:S\.?E\.?M?|S\.?D\.?|P|n|N|z|t)(?:[ -]values?)?\s{0,2}[=<>≤≥]\s{0,2}[-−–]?\d{0,6}\.?\d+", re.I
)
_DIGITS = re.compile(r"(?<![A-Za-z/^\d.])\d")
_UNSIGNED = re.compile(r"\bdifferences?\s{1,2}of\s{1,2}$", re.I)  # "a difference of 0.46 (95% CI -1.02 to 0.10)"
_UNSIGNED_TOO = re.compile(
    r"\bdifferences?\s{1,2}of\s{1,2}\d.{0,200}\band\s{1,2}$", re.I | re.S
)  # "... and 0.68 (95% CI -1.33 to -0.03)"
LOWERED = re.compile(r"\b(?:small|few|reduc|decreas|declin|lower|fell|drop|loss|lost|diminish|less|improve)", re.I)


@dataclass(frozen=True)
class Seen:
    """An estimate of the text with the words around it."""

    paper: Paper
    estimate: Estimate

    @cached_property
    def place(self) -> Place:
        """Where it stands."""
        return place_of_estimate(self.paper, self.estimate)

    @cached_property
    def low(self) -> Number:
        """The lower limit."""
        return self.estimate.ci_low or self.estimate.estimate

    @cached_property
    def high(self) -> Number:
        """The upper limit."""
        return self.estimate.ci_high or self.estimate.estimate

    @cached_property
    def texts(self) -> list[str]:
        """Estimate and limits as printed, with a per cent sign where they are per cent."""
        return in_percent(self.estimate, self.estimate.estimate, self.low, self.high)

    @cached_property
    def between(self) -> str:
        """The words between the number and its lower limit."""
        return self.paper.document.plain[self.estimate.estimate.end : self.low.start]

    def before(self, characters: int) -> str:
        """The words of the sentence before the number."""
        start = self.estimate.estimate.start
        return self.paper.document.plain[max(self.estimate.sentence[0], start - characters) : start]

    def behind(self, pattern: re.Pattern[str]) -> bool:
        """Whether the words right behind the number are these."""
        return pattern.match(self.paper.document.plain, self.estimate.estimate.end) is not None

    def in_sentence(self, pattern: re.Pattern[str]) -> bool:
        """Whether the sentence has these words."""
        return pattern.search(self.paper.document.plain, *self.estimate.sentence) is not None

    def checked(self, scale: str, *texts: str) -> Finding:
        """ci-vs-point of the printed or the given numbers."""
        return ci_vs_point(*(texts or self.texts), scale=scale, level=level_of(self.estimate), place=self.place)


_EFFECT = re.compile(r"\b(?:effects?|differ(?:s|ed|ence)?)\b", re.I)
_DIFFERED = re.compile(r"\bdiffer(?:ed|s|ing)?\s{1,2}by\s{1,2}$", re.I)
_NO_DIFFERENCE = re.compile(
    r"\b(?:median|hodges|log|logit|percent\w*|relative|fold|ratio|correlation|indirect|mediat\w*|bootstrap\w*|bayes\w*|posterior|slope|risk|odds|hazard)\b",
    re.I,
)


def is_difference(paper: Paper, estimate: Estimate) -> bool:
    """Whether an estimate without a name is a difference by the words before it: "differed by -0.75 points (95% CI ...)".

    One of its limits lies below 0, so it is no ratio, and none of the words names another kind of effect.
    """
    low, high = estimate.ci_low, estimate.ci_high
    if estimate.percent or low is None or high is None or estimate.cell is not None:
        return False
    if estimate.measure is not None:
        before = paper.document.plain[max(0, estimate.estimate.start - 16) : estimate.estimate.start]
        return estimate.measure == "mean" and _DIFFERED.search(before) is not None
    words = paper.document.plain[max(estimate.sentence[0], estimate.estimate.start - 120) : estimate.estimate.start]
    return low.value < 0 and _EFFECT.search(words) is not None and _NO_DIFFERENCE.search(words) is None


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


def place_of_estimate(paper: Paper, estimate: Estimate, number: Number | None = None) -> Place:
    """Where an estimate stands, from its name to its limits, and to another number of it."""
    numbers = [part for part in (estimate.estimate, estimate.ci_low, estimate.ci_high, number) if part is not None]
    start = min(min(part.start for part in numbers), estimate.start)
    return paper.place(start, max(max(part.end for part in numbers), min(estimate.end, start + 300)))


def another_between(text: str) -> bool:
    """Whether another number than the level of the interval stands between an estimate and its limits: it may be the estimate."""
    return _DIGITS.search(_NAMED.sub(" ", _LEVELS.sub(" ", text))) is not None


def went_down(seen: Seen) -> bool:
    """Whether the words before say that the value went down, so that its sign may be left out."""
    paper, estimate = seen.paper, seen.estimate
    first = max(estimate.sentence[0], estimate.estimate.start - 160)
    between = estimate.ci_low is not None and estimate.cell is None  # "0.4 fewer falls (95% CI ...)"
    until = estimate.ci_low.start if between and estimate.ci_low is not None else estimate.estimate.start
    if LOWERED.search(paper.document.plain, first, max(until, estimate.estimate.start)) is not None:
        return True
    if _UNSIGNED.search(paper.document.plain, max(first, estimate.estimate.start - 40), estimate.estimate.start):
        return True
    if _UNSIGNED_TOO.search(paper.document.plain, max(first, estimate.estimate.start - 240), estimate.estimate.start):
        return True
    behind = (estimate.end, min(estimate.sentence[1], estimate.end + 30))  # "5% (mean; 95% CI ...) smaller"
    return LOWERED.search(paper.document.plain, *behind) is not None
