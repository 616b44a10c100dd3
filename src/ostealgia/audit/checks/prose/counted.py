"""Means of counts and of variables coded 0 and 1 in running text: can so many persons have them?

A sentence is read where it has one mean, at most its SD, one number of persons that is tied to it ("in the 14 patients",
"(n = 14)"), and no other number besides the coding or the limits of the scale. What is averaged must be a count for each person
("number of X"), whole points, or a variable said to be coded 0 and 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.nouns import COUNTED, PEOPLE
from ostealgia.audit.checks.reading.scales import named_scores, printed_scores
from ostealgia.audit.checks.reading.text import Sentence, sentences
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.granularity import debit, grim_mean, grimmer
from ostealgia.audit.statements.model import Number
from ostealgia.io.documents import gates

# "(0 = no, 1 = yes)", "(0/1)", "(1 if present, 0 otherwise)", "(1 = yes)": brackets without any other digit, and no range
_BRACKET = re.compile(
    r"[(\[](?:[^()\[\]\d]{0,20}\b[01]\b[^()\[\]\d]{1,40}\b[01]\b[^()\[\]\d]{0,40}|\s?1\s?=\s?[a-z -]{2,20}|[a-z -]{2,20}\s?=\s?1\s?)[)\]]",
    re.I,
)
_RANGE = re.compile(r"[01]\s{0,2}(?:-|–|to\b)\s{0,2}[01]")
_AS = re.compile(
    r"\b(?:coded|scored|recorded|entered|treated|expressed|rated)\s{1,3}(?:as\s{1,3}|with\s{1,3})?(?:either\s{1,3})?[01]\b"
    r"(?:\s{0,2}\([^()\d]{1,30}\)|\s{1,3}(?:for|if)\s{1,3}[a-z ]{2,25}|\s{0,2}=\s{0,2}[a-z]{2,15})?"
    r"(?:\s{0,2}[/,]\s{0,2}|,?\s{1,3}(?:or|and)\s{1,3})[01]\b"
    r"(?:\s{0,2}\([^()\d]{1,30}\)|\s{1,3}(?:for|if)\s{1,3}[a-z ]{2,25}(?=,)|\s{0,2}=\s{0,2}[a-z]{2,15})?|"
    r"\b0\s?[/–-]\s?1\b(?=\s{1,3}(?:variable|indicator|dummy|coding|coded|item)\b)",
    re.I,
)
_TWO_VALUED = re.compile(
    r"\b(?:binary|dichotomous|dummy|indicator|yes[-/ ]no|0\s?[/–-]\s?1)\s{1,3}(?:[a-z-]+\s{1,3}){0,3}?"
    r"(?:variables?|indicators?|items?|codes?|coding|covariates?)\b|\b(?:binary|dummy)\s{1,3}indicator\b",
    re.I,
)
_MEAN = re.compile(r"\b(?:mean|average[ds]?)\b", re.I)
# several values of a person, a part of the persons, or a number that no person gave
_NOT_ONE = re.compile(
    r"\b(?:items|daily|weekly|monthly|diar\w+|averaged? (?:over|across)|chang\w*|differ\w*|reduc\w*|decreas\w*|increas\w*|improv\w*|"
    r"gain\w*|adjust\w*|least.squares|imput\w*|weighted|estimat\w*|model\w*|sums?|composite|subscales?|total|standardi[sz]ed|pooled|studies|trials|"
    r"respectively|versus|vs|compared|responders|non-?responders|completers|survivors|those|whom|who|remaining|others?|both|either|"
    r"groups|arms|median|centres|centers|raters|observers|readers|surgeons|hospitals|expected|predicted|assum\w*|"
    r"loss of|half|per (?:day|week|month|year|fraction|session|lesion|hour|night|centre|center|study|group)|"
    r"(?:each|every|a) (?:day|week|month|year|night))\b|%",
    re.I,
)
_ADJECTIVES = r"(?:(?!(?:in|of|for|among|and|to|was|were|at|on|the|had|with|or)\b)[a-z-]+\s{1,3}){0,2}?"
_SIZE = re.compile(
    rf"[(\[]?\bn\s?=\s?(?P<n>\d{{1,4}})\b[)\]]?|"
    rf"\b(?:in|of|for|among|from|across|by|to|over)\s{{1,3}}(?:all\s{{1,3}})?(?:the\s{{1,3}}|these\s{{1,3}}|our\s{{1,3}}|all\s{{1,3}})?(?P<p>\d{{1,4}})\s{{1,3}}{_ADJECTIVES}{PEOPLE}\b",
    re.I,
)
_NUMBER = re.compile(r"(?<![\w.,/\-–])-?\d{1,4}(?:\.\d{1,3})?(?![\w/]|[.,]\d)")
_DIGIT = re.compile(r"\d")
_SPREAD = re.compile(
    r"(?:±|\+/-|\b(?:sd|s\.d\.|standard\s{1,3}deviation)\b\)?\s{0,2}[,:=]?\s{0,2}(?:of\s{1,3}|was\s{1,3}|±\s{0,2})?)\s{0,2}$",
    re.I,
)
_HEADED = re.compile(r"\b(?:mean|average)\s{0,2}[(\[±]\s{0,2}(?:±\s{0,2})?(?:sd|standard deviation)\b", re.I)
_OPEN = re.compile(r"[\d]\s{0,2}[(\[±]\s{0,2}$")
_PLACED = re.compile(
    r"(?:\b(?:mean|average|averaged|averaging|averages|was|were|is|of|at|had|scored)\b[\s:,=]{0,3}|[=:,]\s{0,2})$", re.I
)
LEAST = 5  # persons


@dataclass(frozen=True)
class Told:
    """What a sentence tells: the mean, its SD where there is one, how many persons, and whether it is of zeros and ones."""

    mean: Number
    sd: Number | None
    n: int
    coded: bool


def means_of_counts(paper: Paper) -> Iterator[Finding]:
    """GRIM and GRIMMER, or DEBIT, for the only mean of a sentence."""
    for sentence in sentences(paper.document):
        told = _told(sentence)
        if told is None:
            continue
        end = max(told.mean.end, told.sd.end if told.sd is not None else 0)
        place = paper.place(told.mean.start, end)
        if told.coded:
            if told.sd is not None:
                yield debit(told.mean.printed, told.sd.printed, told.n, place=place)
            continue
        first = grim_mean(told.mean.printed, told.n, place=place)
        yield _weighed(first)
        if told.sd is not None and not first.flagged:
            yield _weighed(grimmer(told.mean.printed, told.sd.printed, told.n, place=place))


def _told(sentence: Sentence) -> Told | None:
    text = sentence.text
    if not gates.search(_MEAN, text) or len(text) > 400:
        return None
    clear, coded = _without_coding(text)
    coded = coded or _TWO_VALUED.search(text) is not None
    if not (coded or COUNTED.search(text)) or _NOT_ONE.search(text):
        return None
    for one in (*printed_scores(clear), *named_scores(clear)):
        clear = _blank(clear, one.start, one.end)
    sizes = list(_SIZE.finditer(clear))
    if len({int(match["n"] or match["p"]) for match in sizes}) != 1:
        return None
    for match in sizes:
        clear = _blank(clear, *match.span(), "#")
    return _parts(sentence, clear, int(sizes[0]["n"] or sizes[0]["p"]), coded)


def _parts(sentence: Sentence, clear: str, n: int, coded: bool) -> Told | None:
    """The mean and its SD, where the sentence has no third number."""
    found = list(_NUMBER.finditer(clear))
    if (
        not 1 <= len(found) <= 2
        or n < LEAST
        or len(_DIGIT.findall(clear)) != sum(len(_DIGIT.findall(m[0])) for m in found)
    ):
        return None
    mean = found[0]
    if "." not in mean[0] or not _PLACED.search(clear, max(0, mean.start() - 40), mean.start()):
        return None
    spread = found[1] if len(found) == 2 else None
    if spread is not None:
        beside = _HEADED.search(clear) and _OPEN.search(clear, 0, spread.start())
        if not (beside or _SPREAD.search(clear, max(0, spread.start() - 40), spread.start())):
            return None
    value = sentence.number(mean, 0)
    sd = sentence.number(spread, 0) if spread is not None else None
    if (coded and not 0 <= value.value <= 1) or (sd is not None and sd.value < 0):
        return None
    return Told(value, sd, n, coded)


def _without_coding(text: str) -> tuple[str, bool]:
    """The text without the words of a coding, and whether there were any."""
    found = [match.span() for match in _BRACKET.finditer(text) if not _RANGE.search(match[0])]
    found += [match.span() for match in _AS.finditer(text)]
    for start, end in found:
        text = _blank(text, start, end)
    return text, bool(found)


def _blank(text: str, start: int, end: int, mark: str = "@") -> str:
    return text[:start] + mark * (end - start) + text[end:]


def _weighed(found: Finding) -> Finding:
    """A flag here rests on something that is not printed: every person has a value."""
    if not found.flagged:
        return found
    told = f"{found.message} (if every one of them has one whole number)"
    return replace(found, basis="judgement", severity="minor", message=told)


CHECKS = (means_of_counts,)
