"""sample-flow told in one phrase: all, those who leave, and those who are left, in the order the phrase has.

"Of the 92 patients in the first group, 5 were lost, leaving 87"; "after removal of 40 duplicates from 512 records, 472 were screened";
"of 60 full texts, 48 were excluded and 12 included"; "512 references, of which 40 were duplicates and 472 unique".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.text import COUNT, loose, sentences
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
    r"ineligible|not\s(?:eligible|evaluable|assessed|complete)|removed|left\sthe)"
)
_KEPT = (
    r"(?:(?:were|was)\s)?(?:then\s|finally\s)?(?:remained|remaining|screened|included|analy[sz]ed|evaluated|evaluable|assessed|eligible|enrolled|"
    r"randomi[sz]ed|could\sbe)"
)
_LEAVING = rf",?\s(?:and\s|thus\s|thereby\s)?(?:leaving|so\sthat)\s(?:a\stotal\sof\s|only\s)?{_LEFT}(?!\s?%)"
_FULL = r"full[- ]texts?"
# the phrases whose words say that those left are all the rest
_CLOSED = tuple(
    loose(pattern)
    for pattern in (
        rf"\bof\s(?:the\s)?{_ALL}\s{_FREE}{{3,70}}?,\s{_OUT}\s(?:{_NOUN}\s)?{_GONE}\b{_FREE}{{0,60}}?{_LEAVING}",
        rf"{_OUT}\s(?:out\s)?of\s(?:the\s|all\s)?{_ALL}\s(?:{_NOUN}\s)?{_GONE}\b{_FREE}{{0,60}}?{_LEAVING}",
        rf"\bafter\s(?:the\s)?(?:exclusion|removal|excluding|removing|withdrawal|loss)\s(?:of\s)?{_OUT}\s(?:[a-z\-]+\s){{0,3}}?(?:of|from|among)\s"
        rf"(?:the\s|all\s)?{_ALL}\s{_FREE}{{0,50}}?,\s{_LEFT}\s{_FREE}{{0,30}}?\b{_KEPT}\b",
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
LEAST = 10  # of those at the start


def flow_phrases(paper: Paper) -> Iterator[Finding]:
    """Are those at the start, less those who leave, those who are left?"""
    for sentence in sentences(paper.document):
        if sentence.section == "introduction":
            continue
        taken: list[tuple[int, int]] = []
        for match in (m for pattern in _CLOSED for m in pattern.finditer(sentence.text)):
            if _AGAIN.search(match[0]) or any(start < match.end() and match.start() < end for start, end in taken):
                continue
            taken.append(match.span())
            found = _flow(paper, sentence.span(*match.span()), match)
            if found is not None:
                yield found
        beside = [m for m in _BESIDE.finditer(sentence.text) if not _AGAIN.search(m[0])]
        flows = [_flow(paper, sentence.span(*match.span()), match) for match in beside]
        known = [found for found in flows if found is not None]
        if any(not found.flagged for found in known):
            yield from known


def _flow(paper: Paper, span: tuple[int, int], match: re.Match[str]) -> Finding | None:
    began, lost, left = (spelled(match[name]) or 0 for name in ("all", "out", "left"))
    if began < LEAST or lost >= 2 * began or left > 3 * began or lost < 1:
        return None
    what = "those at the start and those who remain"
    return sample_flow(began, [lost], left, what=what, place=paper.place(*span))


CHECKS = (flow_phrases,)
