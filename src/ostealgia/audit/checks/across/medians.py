"""Median times and the hazard ratio beside them: do both say that the same group did better?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.facts import parsed, triplet_of
from ostealgia.audit.checks.reading.text import Sentence, loose, once, sentences_with
from ostealgia.audit.checks.reading.words import overlap, stems
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import median_vs_hr
from ostealgia.audit.statements.model import Estimate, Number

_TIMES = loose(
    r"(?<![\w.])(\d{1,3}(?:\.\d+)?)\s?(?:months?|years?|weeks?|days?)?\s?(?:vs\.?|versus|and|compared with)\s?"
    r"(\d{1,3}(?:\.\d+)?)\s?(?:months?|years?|weeks?|days?)\b"
)
_SURVIVAL = re.compile(r"\b(?:surviv\w*|PFS|OS|DFS|EFS|RFS|TTP|time to|median)\b", re.I)
REACH = 320  # characters from two medians to their hazard ratio
_CI = r"(?:\s?[(\[](?:95%\s?(?:CI|confidence\sinterval)[:,]?\s?)?[^()\[\]]{3,30}[)\]])?"
_NAMED = loose(
    rf"(?<![\w.])(\d{{1,3}}(?:\.\d+)?)\s?(?:months?|years?|weeks?|days?|mo){_CI}\s(?:in|for|with|among|after|under|on)\s(?:the\s)?([^,;().\d]{{1,60}}?)\s"
    rf"(?:and|vs\.?|versus|compared\s(?:with|to)|as\sagainst),?\s(\d{{1,3}}(?:\.\d+)?)\s?(?:months?|years?|weeks?|days?|mo){_CI}\s"
    r"(?:(?:in|for|with|among|after|under|on)\s)?(?:the\s)?([^,;().\d]{3,60}?)\s?(?=[(,;.\[])"
)
_REFERENCE = re.compile(
    r"\b(?:control|standard|placebo|usual|conventional|alone|no|without|sham|comparator|observation only)\b", re.I
)
# "HR 0.55 (0.40-0.75) for A versus B", "hazard ratio for A vs B, 0.55"
_AGAINST = loose(
    r"\bfor\s(?:the\s)?([^,;:().\d]{2,60}?)\s(?:vs\.?|versus|compared\s(?:with|to)|relative\sto|against|over)\s(?:the\s)?([^,;:().\d]{2,60})"
)
# "(HR for the new drug 0.52": of this group, against the other of two
_OF_ONE = loose(r"(?:\bHRs?|\bratios?)\sfor\s(?:the\s)?([^,;:().\d]{2,60}?)\s(?:was\s|of\s|=\s)?(?=\d)")
_FAVOURS = loose(r"\bratios?\s(?:of\s)?(?:below|under|less\sthan|lower\sthan|<)\s?1(?:\.0+)?\s(?:indicates?|favou?rs?)\s(?:a\sbenefit\s)?"
                 r"(?:of\s|for\s|with\s)?(?:the\s)?([^,;:().\d]{2,60})")  # fmt: skip


def medians_unnamed(paper: Paper) -> Iterator[Finding]:
    """Do two median times and the hazard ratio beside them tell one story, whichever group comes first?"""
    ratios = _ratios(paper)
    for sentence in _told(paper):
        for match in _TIMES.finditer(sentence.text):
            start, end = sentence.span(match.start(), match.end())
            after = [one for one in ratios if 0 <= one.start - end <= REACH]
            if after:
                yield from _medians(
                    paper, (sentence.number(match, 1), sentence.number(match, 2)), after[0], (start, end)
                )


def medians_named(paper: Paper) -> Iterator[Finding]:
    """Has the group the longer median that the hazard ratio says does better, where the words name both groups?"""
    ratios = _ratios(paper)
    for sentence in _told(paper):
        for match in _NAMED.finditer(sentence.text):
            start, end = sentence.span(match.start(), match.end())
            after = [one for one in ratios if 0 <= one.start - end <= REACH // 4]
            sign = _about(paper, sentence, match, after[0]) if after else 0
            if not sign:
                continue
            first, second = sentence.number(match, 1), sentence.number(match, 3)
            pair = (first, second) if sign > 0 else (second, first)
            yield from _medians(paper, pair, after[0], (start, end), known=True)


def _ratios(paper: Paper) -> list[Estimate]:
    return [one for one in paper.of_kind(Estimate) if one.measure in ("HR", "AHR") and one.cell is None]


def _told(paper: Paper) -> Iterator[Sentence]:
    for sentence in sentences_with(paper.document, _SURVIVAL):
        if sentence.section in ("abstract", "results") and _SURVIVAL.search(sentence.text):
            yield sentence


def _about(paper: Paper, sentence: Sentence, match: re.Match[str], ratio: Estimate) -> int:
    """1 where the ratio is of the first group against the second, -1 the other way round, 0 where the words do not say."""
    groups = match[2], match[4]
    plain = paper.document.plain
    near = plain[sentence.span(match.start(), match.end())[1] : min(sentence.end, ratio.end + 160)]
    against = _AGAINST.search(near)
    if against is not None:
        return _order(groups, against[1], against[2])
    alone = _OF_ONE.search(near)
    if alone is not None:
        return _order(groups, alone[1], None)
    favoured = _favoured(paper)
    if favoured is not None:
        return _order(groups, favoured, None)
    first, second = (_REFERENCE.search(group) is not None for group in groups)
    return 1 if second and not first else 0


def _order(groups: tuple[str, str], one: str, other: str | None) -> int:
    """Whether the words of a comparison are those of the two groups, in their order (1) or turned (-1)."""
    a, b = (stems(group) for group in groups)
    x = stems(one)
    likeness = [overlap(group - rest, x) for group, rest in ((a, b), (b, a))]
    if max(likeness) < 0.5 or likeness[0] == likeness[1]:
        return 0
    if other is not None and not stems(other) & (b if likeness[0] > likeness[1] else a):
        return 0
    return 1 if likeness[0] > likeness[1] else -1


@once
def _favoured(paper: Paper) -> str | None:
    """The group that hazard ratios below 1 favour, where the paper says so once and for all."""
    named = {
        match[1].strip().casefold()
        for s in sentences_with(paper.document, _FAVOURS)
        for match in _FAVOURS.finditer(s.text)
    }
    return named.pop() if len(named) == 1 else None


def _medians(
    paper: Paper, medians: tuple[Number, Number], ratio: Estimate, span: tuple[int, int], *, known: bool = False
) -> Iterator[Finding]:
    """known : the first median is that of the group the hazard ratio is about; else either order may be meant."""
    triplet = triplet_of(ratio)
    limits = None if triplet is None else (triplet.low, triplet.high)
    shown = parsed(ratio.estimate)
    if shown is None or shown.value <= 0 or min(number.value for number in medians) <= 0:
        return
    orders = (medians,) if known else (medians, medians[::-1])
    found = [median_vs_hr(a.text, b.text, shown, limits, place=paper.place(*span)) for a, b in orders]
    fitting = next((one for one in found if one.verdict == "consistent"), found[0] if known else None)
    if fitting is not None:
        yield fitting


CHECKS = (medians_unnamed, medians_named)
