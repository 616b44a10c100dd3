"""P of groups told in running text, against their means, SDs and sizes, or their counts and percentages.

The test is that of the sentence, of the sentence beside it, or of the Methods where these name one test and no other. Where none is
named only a P far from every usual test is told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ostealgia.audit.checks.reading.anew import another_subject, tells_anew
from ostealgia.audit.checks.reading.figures import mentions
from ostealgia.audit.checks.reading.premises import away
from ostealgia.audit.checks.reading.sole_tests import sole_tests, t_tests_named
from ostealgia.audit.checks.reading.text import Sentence, loose, once, sentences
from ostealgia.audit.checks.reading.told_groups import ToldMean, told_means, told_sizes, without
from ostealgia.audit.finding import Finding, Place, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.means import RANKS, RULE, Group, t_vs_summary
from ostealgia.audit.rules.significance import ALPHA, changes, p_range
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Printed, corners
from ostealgia.numerics.summary_tests import p_from_t

OWN = ("abstract", "results", "other")
MOST = 6  # groups of one analysis of variance
FAR_SOLE, FAR_UNNAMED = (
    0.5,
    2.0,
)  # normal deviates that P may be away from that of the test, which another test may have given
SKEWED = 0.5  # SD of the mean: above it a test of ranks may give any P
_P = loose(r"\bp(?:\s?-?\s?values?)?\s?(?:(?P<rel>[=<>≤≥])|of|was|is|:)\s?(?P<p>0?\.\d{1,6})(?!\d)")
_DIGIT = re.compile(r"\d")
_SUMMARY = re.compile(r"±|\+/-|\bSDs?\b|\bS\.D\.|\bSEM?\b|standard (?:deviation|error)", re.I)
_TEST = re.compile(r"\bt[- ]{0,2}tests?\b|\bstudent\S{0,3}\b|\bwelch\S{0,3}\b|\banova\b|\banalysis of variance\b", re.I)
_ANOVA = re.compile(r"\banova\b|\banalys[ie]s of variance\b", re.I)
_STATISTIC = loose(r"(?<![\w.])[tFzU]\s?(?:[(\[][\d.,\s]{1,12}[)\]]\s?)?=\s?[-−–]?\s?\d")
_NO_TEST = re.compile(
    r"\bpaired|ancova|covarian|mixed[- ](?:effect|model|linear|anova)|repeated|adjust|least.squares|weight(?:ed|ing)|match|imput|mann|"
    r"wilcoxon|kruskal|\branks?\b|"
    r"rank[- ]sum|non-?param|"
    r"one-?(?:sided|tailed)|regress|trend|before|\bpre-?\s?(?:and|treat|op)|geometric|\blog\b|interaction|two-?way|correlat|post.?hoc|bonferroni|"
    r"tukey|inferior|equivalen|\bsame\b|\bat rest\b|"
    r"\b(?:left|right)\b[^.;]{1,80}\b(?:left|right)\b|\b(?:eyes|knees|hips|teeth|implants|limbs)\b|false discovery|benjamini|holm",
    re.I,
)
_UNPAIRED = re.compile(r"\bun-?(?:paired|matched|adjusted|weighted)|\bbody[- ]weight|\bweight\b", re.I)
_CHANGED = re.compile(r"\b(?:in|de)creased? from|\b(?:rose|fell|dropped|declined|improved|changed|went) from", re.I)
_TIME = re.compile(
    r"\bbaseline|\bfollow-?up|\badmission|\bdischarge|\d\s(?:weeks?|months?|years?|days?)\b(?!\s(?:old|of age))", re.I
)
_DIFFERENCE = re.compile(
    r"^\W{0,3}(?:(?:this|the|that|these|those|both)\s{1,3}(?:[a-z-]{1,20}\s{1,3}){0,3}?)?"
    r"(?:differences?|groups|means|values|scores|it|this)\b",
    re.I,
)
_OF_VALUES = re.compile(r"^\W{0,3}(?:[a-z-]{1,20}\s{1,3}){0,4}?(?:groups|means|values|scores)\b", re.I)
_DIFFERED = re.compile(r"\bdiffer|\bsignifican|\bcompar|\bbetween\b", re.I)


@dataclass(frozen=True)
class Told:
    """Groups of a sentence, the P beside them (in it, or in the next one) and the words of both."""

    means: tuple[ToldMean, ...]
    sizes: tuple[tuple[int, ...], ...]
    p: str
    span: tuple[int, int]
    words: str


def p_of_told_means(paper: Paper) -> Iterator[Finding]:
    """t-vs-summary for the P of two or more groups whose means, spreads and sizes stand in one sentence."""
    listed = own_sentences(paper)
    for at, sentence in enumerate(listed):
        if _DIGIT.search(sentence.text) is None or _SUMMARY.search(sentence.text) is None:
            continue
        told = _told(paper, sentence, listed[at + 1] if at + 1 < len(listed) else None)
        if told is not None:
            yield from _judged(paper, told)


def _told(paper: Paper, sentence: Sentence, following: Sentence | None) -> Told | None:
    text = sentence.text
    means = told_means(text)
    if not 2 <= len(means) <= MOST or _STATISTIC.search(text):
        return None
    clear = without(text, [(m.start, m.end) for m in means])
    words = _UNPAIRED.sub("", clear)
    if _NO_TEST.search(words) or _CHANGED.search(words) or len(_TIME.findall(clear)) > 1:
        return None
    sizes = told_sizes(text, means)
    if not sizes:
        return None
    own = list(_P.finditer(text))
    if len(own) == 1:
        last = means[-1].end
        between = text[last : own[0].start()]
        if tells_anew(between) or another_subject(between):
            return None
        return Told(means, sizes, p_shown(own[0]), sentence.span(*own[0].span()), text)
    if own or following is None or following.start - sentence.end > 3 or not _DIFFERENCE.match(following.text):
        return None
    p = list(_P.finditer(following.text))
    if _OF_VALUES.match(following.text) and not _DIFFERED.search(following.text):
        return None  # "The values were higher in older patients"
    if len(p) != 1 or told_means(following.text) or _NO_TEST.search(_UNPAIRED.sub("", following.text)):
        return None
    if _STATISTIC.search(following.text):
        return None
    return Told(means, sizes, p_shown(p[0]), following.span(*p[0].span()), f"{text} {following.text}")


def p_shown(match: re.Match[str]) -> str:
    """A matched P as it is compared: its value, with the relation before it unless that is "="."""
    relation = match["rel"] or ""
    return f"{'' if relation == '=' else relation}{match['p']}"


def _judged(paper: Paper, told: Told) -> Iterator[Finding]:
    place = paper.place(*told.span)
    found: list[Finding] = []
    for sizes in told.sizes:
        try:
            groups = [Group.of(m.mean, m.spread, n) for m, n in zip(told.means, sizes, strict=True)]
        except OptionError:
            return
        if not any(group.sd.value > 0 for group in groups):
            return
        if all(m.kind == "se" for m in told.means):
            listed = _of_errors(groups, told.p, place)
        else:
            listed = [t_vs_summary(groups, None, told.p, place=place)]
            if listed[0].flagged and not all(m.kind == "sd" for m in told.means) and len(groups) == 2:
                listed += _of_errors(groups, told.p, place)
        found += listed
    if not found:
        return
    fitting = [one for one in found if one.verdict in ("consistent", "rounding")]
    if fitting:
        yield fitting[0]
        return
    yield from _flag(paper, told, found)


def _flag(paper: Paper, told: Told, found: Sequence[Finding]) -> Iterator[Finding]:
    """A P that no reading of the sentence gives: a flag where its test is named, or where it is far from every test."""
    nearest = min(found, key=away)
    distance = away(nearest)
    named = _TEST.search(told.words) is not None
    if len(told.means) > 2 and not _ANOVA.search(told.words):
        named = False
        if (
            "anova" not in paper.document.plain.casefold()
            and "analysis of variance" not in paper.document.plain.casefold()
        ):
            return
    sole = "t-vs-summary" in sole_tests(paper) or t_tests_named(paper)
    skewed = any(float(m.spread) > SKEWED * abs(float(m.mean)) for m in told.means)
    if not named:
        least = FAR_SOLE if sole and "t-vs-summary" in sole_tests(paper) else 1.0 if sole else FAR_UNNAMED
        if distance < least or (skewed and not sole) or (not sole and mentions(paper, *_MODELS)):
            return
    message = nearest.message.partition(RANKS)[0]
    values = Interval(nearest.recomputed_low or 0.0, nearest.recomputed_high or 0.0)
    severity = "major" if changes(p_range(Printed.of(nearest.reported)), values, ALPHA) else "minor"
    yield replace(nearest, message=message, severity=severity, basis="arithmetic" if named else "judgement")


_MODELS = (
    "ancova", "analysis of covariance", "mixed model", "mixed-effects", "adjusted for", "repeated measures", "paired t", "propensity"
)  # fmt: skip


def _of_errors(groups: Sequence[Group], p: str, place: Place) -> list[Finding]:
    """The same numbers with standard errors after the means, of two groups."""
    if len(groups) != 2 or not any(group.sd.value > 0 for group in groups):
        return []
    a, b = groups
    box = abs(corners(_ratio, a.mean.interval(), a.sd_range, b.mean.interval(), b.sd_range))
    df = (float(min(a.n, b.n) - 1), float(a.n + b.n - 2))
    least = float(p_from_t(box.high, df[1])) if math.isfinite(box.high) else 0.0
    values = Interval(least, float(p_from_t(box.low, df[0])))
    point = float(p_from_t(float(abs(_ratio(a.mean.value, a.sd.value, b.mean.value, b.sd.value))), df[1]))
    printed = Printed.of(p)
    fits = printed.allows(values)
    severity = "none" if fits else "major" if changes(p_range(printed), values, ALPHA) else "minor"
    message = f"P of the difference from the means and standard errors is {point:.3g}; printed {printed.text}"
    verdict = "consistent" if fits else "inconsistent"
    return [
        make(RULE, place, reported=printed.text, verdict=verdict, severity=severity, recomputed=point, values=values,
             message=message)
    ]  # fmt: skip


def _ratio(m1: Any, s1: Any, m2: Any, s2: Any) -> Any:
    return (m1 - m2) / np.hypot(s1, s2)


@once
def own_sentences(paper: Paper) -> tuple[Sentence, ...]:
    """Sentences of the paper's own results."""
    return tuple(
        replace(sentence, text=sentence.text.replace("·", ".")) if "·" in sentence.text else sentence
        for sentence in sentences(paper.document)
        if sentence.section in OWN and "et al" not in sentence.text
    )


CHECKS = (p_of_told_means,)
