"""sample-flow told in one phrase: all, those who leave, and those who are left, in the order the phrase has.

"Of the 92 patients in the first group, 5 were lost, leaving 87"; "after removal of 40 duplicates from 512 records, 472 were screened";
"of 60 full texts, 48 were excluded and 12 included"; "512 references, of which 40 were duplicates and 472 unique".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.nouns import PERSONS, RECORDS
from ostealgia.audit.checks.reading.text import COUNT, COUNT_PATTERN, loose, sentences_with
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import sample_flow

_N = r"(?<![\w.,\-])"
_ALL, _OUT, _LEFT = rf"{_N}(?P<all>{COUNT})", rf"{_N}(?P<out>{COUNT})", rf"{_N}(?P<left>{COUNT})"
_NOUN = r"(?:[a-z\-]+\s){0,3}?[a-z\-]+"
_FREE = r"[^\d.;:()%=]"  # words of the phrase; a further number ends it
_GONE = (
    r"(?:(?:were|was|had\sbeen|did|have|had)\s)?(?:then\s|subsequently\s|later\s)?(?:lost|excluded|withdr[ae]wn?|dropped\sout|discontinued|declined|refused|died|"
    r"stopped|duplicates?|ineligible|not\s(?:eligible|evaluable|assessed|complete)|removed|left\sthe)"
)
_KEPT = (
    r"(?:(?:were|was)\s)?(?:then\s|finally\s)?(?:remained|remaining|screened|included|analy[sz]ed|evaluated|evaluable|assessed|eligible|enrolled|"
    r"randomi[sz]ed|could\sbe)"
)
_SO = r"(?:so(?:\sthat)?|hence|thus|therefore|and\sso)"
_LEAVING = (
    rf"(?:,?\s(?:and\s|thus\s|thereby\s|which\s)?(?:leaving|left|{_SO})|[,;]?\s(?:and\s)?the\s(?:remaining|other))\s"
    rf"(?:a\stotal\sof\s|only\s)?{_LEFT}(?!\s?%)"
)
_REMAINED = r"remained\b(?=\s?(?:$|[.,;)]|for\s|to\s|eligible|evaluable|available))"  # not "remained on the drug"
_FULL = r"full[- ]texts?"
# the phrases whose words say that those left are all the rest
_CLOSED = tuple(
    loose(pattern)
    for pattern in (
        rf"\b(?:of|from)\s(?:the\s)?{_ALL}\s{_FREE}{{3,70}}?,?\s{_OUT}\s(?:{_NOUN}\s)?{_GONE}\b{_FREE}{{0,60}}?{_LEAVING}",
        rf"{_OUT}\s(?:out\s)?of\s(?:the\s|all\s)?{_ALL}\s(?:{_NOUN}\s)?{_GONE}\b{_FREE}{{0,60}}?{_LEAVING}",
        rf"\bafter\s(?:the\s)?(?:exclusion|removal|excluding|removing|withdrawal|loss)\s(?:of\s)?{_OUT}\s(?:[a-z\-]+\s){{0,3}}?(?:of|from|among)\s"
        rf"(?:the\s|all\s)?{_ALL}\s{_FREE}{{0,50}}?,\s{_LEFT}\s(?!full){_FREE}{{0,30}}?\b{_KEPT}\b",
        rf"{_OUT}\s(?:out\s)?of\s(?:the\s|all\s)?{_ALL}\s(?:{_NOUN}\s)?{_GONE}\b{_FREE}{{0,60}}?[,;]\s{_LEFT}\s(?:{_NOUN}\s)?{_REMAINED}",
        rf"\bwith\s{_OUT}\s(?:out\s)?of\s(?:the\s|all\s)?{_ALL}\s(?:{_NOUN}\s)?{_GONE}\b{_FREE}{{0,60}}?,\s{_LEFT}\s(?:{_NOUN}\s)?{_REMAINED}",
        rf"\b(?:removed|deleted|excluded)\s{_OUT}\s(?:[a-z\-]+\s){{1,3}}?(?:of|from|among)\s(?:the\s|all\s)?{_ALL}\b{_FREE}{{0,40}}?{_LEAVING}",
        rf"\b{_ALL}\s(?:{_NOUN}),\sof\swhich\s{_OUT}\s(?:were\s|was\s)?duplicates?\sand\s{_LEFT}\s(?:were\s)?unique\b",
        rf"{_ALL}\s{_FULL}\s{_FREE}{{0,60}}?,\s{_OUT}\s(?:{_NOUN}\s)?(?:were\s)?(?:excluded|rejected|not\seligible),?\s(?:and\s)?(?:finally\s)?{_LEFT}\s"
        rf"{_FREE}{{0,40}}?\b(?:included|remained|eligible)\b",
        rf"\b(?:read|assessed|examined|reviewed|retrieved|evaluated)\s(?:the\s)?{_ALL}\s{_FREE}{{0,40}}?\b{_FULL}\b{_FREE}{{0,30}}?,\s(?:of\swhich\swe\s)?excluded\s{_OUT},?\s"
        rf"(?:and\s)?included\s{_LEFT}\b",
    )
)
_BESIDE = loose(  # by itself no more than an upper limit; certain where another group of the sentence adds up
    rf"{_OUT}\s(?:out\s)?of\s(?:the\s)?{_ALL}\s(?:{_NOUN}\s)?{_GONE}\b{_FREE}{{0,40}}?,?\sand\s{_LEFT}\s(?:{_NOUN}\s)?{_KEPT}\b"
)
_AGAIN = re.compile(
    r"\b(?:respectively|each|rescreen\w*|again|additional\w*|another|further|hand|at least|articles describing|reports of)\b",
    re.I,
)
_SPLIT = re.compile(r"[^.;\d]{1,60}?\band\s{1,3}\d")  # "leaving 40 in the first group and 47 in the second"
_SAME_UNIT = loose(
    rf"\s?(?:(?:[a-z\-]+\s){{0,3}}?(?:{PERSONS}|{RECORDS})\b|(?:{_KEPT}|completed|finished|left|unique|for|to|in|at|of|were|was|who|had)\b|\W*$)"
)
UNIT = 40  # characters behind a number that name what it counts
LEAST = 10  # of those at the start


def flow_phrases(paper: Paper) -> Iterator[Finding]:
    """Are those at the start, less those who leave, those who are left?"""
    for sentence in sentences_with(paper.document, *_CLOSED, _BESIDE):
        if sentence.section == "introduction":
            continue
        taken: list[tuple[int, int]] = []
        for match in (m for pattern in _CLOSED for m in pattern.finditer(sentence.text)):
            if _AGAIN.search(match[0]) or any(start < match.end() and match.start() < end for start, end in taken):
                continue
            taken.append(match.span())
            found = _flow(paper, sentence.span(*match.span()), match)
            if found is not None and (not found.flagged or _closed(sentence.text, match)):
                yield found
        beside = [m for m in _BESIDE.finditer(sentence.text) if not _AGAIN.search(m[0])]
        flows = [_flow(paper, sentence.span(*match.span()), match) for match in beside]
        known = [found for found in flows if found is not None]
        if any(not found.flagged for found in known):
            yield from known


def _closed(text: str, match: re.Match[str]) -> bool:
    """Whether nothing beside the phrase tells why the numbers differ: others who left or came, other groups, or another unit."""
    began, lost, left = (spelled(match[name]) or 0 for name in ("all", "out", "left"))
    behind = text[match.end("left") : match.end("left") + 120]
    unit = re.match(r"\s{1,4}(?:[a-z-]+\s{1,4})?([a-z-]+)", text[match.end("all") : match.end("all") + UNIT])
    same = _SAME_UNIT.match(behind) or (unit is not None and unit[1] in re.findall(r"[a-z-]+", behind[:UNIT]))
    if _AGAIN.search(behind) or _SPLIT.match(behind) or not same:
        return False
    own = {match.start(name) for name in ("all", "out", "left")}
    beside = {spelled(m[1]) for m in COUNT_PATTERN.finditer(text) if m.start(1) not in own}
    return not beside & {began - lost, abs(began - lost - left)}


def _flow(paper: Paper, span: tuple[int, int], match: re.Match[str]) -> Finding | None:
    began, lost, left = (spelled(match[name]) or 0 for name in ("all", "out", "left"))
    if began < LEAST or lost >= 2 * began or left > 3 * began or lost < 1:
        return None
    what = "those at the start and those who remain"
    return sample_flow(began, [lost], left, what=what, place=paper.place(*span))


CHECKS = (flow_phrases,)
