"""Scores of appraisal tools in running text: none above the most that the sentence itself prints, or that the tool has.

"The Jadad scale: range 2-6, of a possible 5", "scores ranged from 9 to 17 (maximum 16 points)", "the best obtained 6 of 5 points".
A sentence is read where it names one tool and every number of it has its part: the maximum, a number of studies, a range, a centre,
or points beside what they are out of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.appraisal_tools import RATING_TOOLS, RatingTool, most_points, rating_tools
from ostealgia.audit.checks.reading.scales import is_adapted
from ostealgia.audit.checks.reading.text import Sentence, sentences_with
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound

_POINTS = r"\d{1,2}(?:\.\d)?(?![\w%]|[.,]\d)"
_ALONE = r"(?<![\w.,/–-])"
# "6 of 5 points", "8/9"
_OF = re.compile(
    rf"{_ALONE}(?P<value>{_POINTS})\s{{0,2}}(?:/|(?:points?\s{{1,3}})?(?:out\s{{1,3}})?of(?:\s{{1,3}}(?:a\s{{1,3}}possible|a\s{{1,3}}maximum|possible|the))?)"
    rf"\s{{0,2}}(?P<most>\d{{1,2}})(?![\w%/]|[.,]\d)(?!\s{{1,3}}(?:[a-z-]+\s{{1,3}}){{0,2}}(?:studies|trials|articles|papers|reports|cohorts))",
    re.I,
)
# how the most is told
_MOST = re.compile(
    r"(?:\bmax(?:imum|imal)?\b\.?(?:\s{1,3}(?:possible|total|attainable))?(?:\s{1,3}(?:scores?|points?))?(?:\s{1,3}(?:of|is|was|being))?|"
    r"\bof\s{1,3}a\s{1,3}(?:possible|maximum|total)(?:\s{1,3}(?:of|score\s{1,3}of|maximum\s{1,3}of))?|\bout\s{1,3}of|"
    r"\b(?:scale|range\s{1,3}of\s{1,3}the\s{1,3}scale|possible\s{1,3}range|points)\s{1,3}(?:from\s{1,3}|of\s{1,3})?0\s{0,2}(?:-|–|to)|[(,\[]\s{0,2}0\s{0,2}(?:-|–|to))"
    r"\s{0,3}(?P<most>\d{1,2})(?![\w%]|[.,]\d)",
    re.I,
)
_RANGE = re.compile(rf"{_ALONE}(?P<low>{_POINTS})\s{{0,2}}(?:-|–|−|\bto\b|\band\b)\s{{0,2}}(?P<high>{_POINTS})", re.I)
_RANGED = re.compile(
    r"\b(?:rang(?:e|ed|es|ing)|varied|vary|varying|scored|scores|between|from|were|was)\b[\s:,=]{0,3}"
    r"(?:(?:from|of|between|was|were|score|scores)\s{1,3}){0,2}$|[(\[]\s{0,2}$",
    re.I,
)
_CENTRE = re.compile(
    r"\b(?:median|mean|average|score|weakest|worst|lowest|best|highest|scored|obtained|received|got|was|of)\b[^\d.;]{0,12}$",
    re.I,
)
_NUMBER = re.compile(rf"{_ALONE}{_POINTS}")
# a number before any other noun or verb counts that ("12 came from Asia", "15 studies")
_SCORED = re.compile(
    r"\W*$|\s{0,2}[,;:.)\]±@(/–—-]|"
    r"\s{1,3}(?:points?|stars?|and|or|to|for|in|on|at|by|with|out|overall|which|while|whereas|but|were|was)\b",
    re.I,
)
_BARE = re.compile(r"\s{1,3}(?:points?|stars?)\b", re.I)
_APART = re.compile(
    r"\b\d{1,4}\s{1,3}(?:[a-z-]+\s{1,3}){0,2}?(?:studies|trials|articles|papers|reports|cohorts|patients|participants)\b|"
    r"\[\d{1,3}(?:[,–-]\s?\d{1,3}){0,6}\]|[(\[]?\bn\s?=\s?\d{1,4}\b[)\]]?|\b(?:tables?|figures?|fig\.)\s{1,3}S?\d{1,2}\b|\b(?:19|20)\d\d\b",
    re.I,
)
_NO_SCORE = re.compile(
    r"\b(?:items?|questions?|criteri(?:a|on)|domains?|kappa|inter-?rater|cut-?offs?|thresholds?|modified|adapted|if|graded?|defined|considered|"
    r"classified|categor\w*|percent\w*|each|years?|months?|weeks?|sizes?|cross-sectional|"
    r"selection|comparability|exposure|randomi[sz]ation|blinding|withdrawals?|drop-?outs?|allocation|concealment|extended|revised|raters?)\b|[<>≤≥]|%",
    re.I,
)
_SKIPPED = ("methods", "introduction")


def appraisal_scores(paper: Paper) -> Iterator[Finding]:
    """scale-bound for the scores of a sentence about one appraisal tool."""
    adapted = is_adapted(paper.document.plain)
    for sentence in sentences_with(paper.document, *(tool.named for tool in RATING_TOOLS)):
        if sentence.section in _SKIPPED or len(sentence.text) > 400:
            continue
        tools = rating_tools(sentence.text)
        if len(tools) == 1 and not _NO_SCORE.search(sentence.text):
            yield from _judged(paper, sentence, tools[0], adapted)


def _judged(paper: Paper, sentence: Sentence, tool: RatingTool, adapted: bool) -> Iterator[Finding]:
    read = _scores(sentence, tool)
    if read is None:
        return
    scores, told = read
    if len(told) > 1 or (not told and adapted):
        return
    high = next(iter(told), most_points(tool, sentence.text))
    for match, group in scores:
        value = sentence.number(match, group)
        yield scale_bound(value.printed, 0, high, what="the score", place=paper.place(value.start, value.end))


def _scores(sentence: Sentence, tool: RatingTool) -> tuple[list[tuple[re.Match[str], str | int]], set[int]] | None:
    """The scores of a sentence and the most it tells for them; None where a number has no part."""
    clear = sentence.text
    for pattern in (tool.named, _APART):
        clear = _blanked(clear, pattern)
    found: list[tuple[re.Match[str], str | int]] = []
    told: set[int] = set()
    for match in _OF.finditer(clear):
        found.append((match, "value"))
        told.add(int(match["most"]))
    clear = _blanked(clear, _OF)
    told |= {int(match["most"]) for match in _MOST.finditer(clear)}
    clear = _blanked(clear, _MOST)
    for match in _RANGE.finditer(clear):
        if not _RANGED.search(clear, max(0, match.start() - 40), match.start()):
            return None
        found += [(match, "low"), (match, "high")]
    clear = _blanked(clear, _RANGE)
    for match in _NUMBER.finditer(clear):
        if not _SCORED.match(clear, match.end()):
            return None
        if not (_CENTRE.search(clear, max(0, match.start() - 40), match.start()) or _BARE.match(clear, match.end())):
            return None
        found.append((match, 0))
    if not found or any(most not in tool.forms for most in told) or re.search(r"\d", _blanked(clear, _NUMBER)):
        return None
    return found, told


def _blanked(text: str, pattern: re.Pattern[str]) -> str:
    for match in pattern.finditer(text):
        text = text[: match.start()] + "@" * (match.end() - match.start()) + text[match.end() :]
    return text


CHECKS = (appraisal_scores,)
