"""The flow of patients within one sentence, and dates from one to another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.cross_text import COUNT, COUNT_PATTERN, Sentence, loose, sentences
from ostealgia.audit.checks.cross_words import spelled
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import sample_flow

_PEOPLE = r"(?:(?:[a-z\-]+\s){0,3}?(?:patients|participants|subjects|individuals|women|men|children|people|persons|adults)\s)?"
_START = loose(
    rf"(?:\b(?:screened|assessed|approached|enrolled|identified|recruited|randomi[sz]ed)\s(?:a\stotal\sof\s)?({COUNT})\b|"
    rf"\bof\s(?:the\s)?({COUNT})\s{_PEOPLE}(?:who\s)?(?:were\s)?(?:screened|assessed|approached|identified|recruited|enrolled|"
    rf"randomi[sz]ed)|^\W*({COUNT})\s{_PEOPLE}were\s(?:screened|assessed|approached|identified|recruited))"
)
_OUT = loose(rf"(?<![\w.,\-])({COUNT})\s{_PEOPLE}(?:were\s|was\s)?(?:excluded|ineligible|not\seligible)\b")
_LEFT = loose(
    rf"(?<![\w.,\-])({COUNT})\s{_PEOPLE}(?:were\s|was\s)?(?:then\s|finally\s|therefore\s)?(?:randomi[sz]ed|included|enrolled|analy[sz]ed|remained)\b"
)
_SEVERAL = re.compile(
    r"\b(?:respectively|each|groups?|arms?|rescreen\w*|again|later|additional\w*|another|further|other)\b", re.I
)

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:(?:\d{1,2}(?:st|nd|rd|th)?\s{1,3})?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
    r"\.?,?\s{1,3}(?:\d{1,2},?\s{1,3})?)?"
)
_DATES = re.compile(
    rf"\b(?:from|between)\s{{1,3}}{_MONTH}((?:19|20)\d\d)\s{{0,3}}(?:to|and|until|till|through|[-–])\s{{0,3}}{_MONTH}((?:19|20)\d\d)\b",
    re.I,
)
_ROLE = re.compile(r"\b(?:increas|decreas|rose|fell|declin|differ|compar|change|growth|doubl|ratio)", re.I)


def flow_of_sentence(paper: Paper) -> Iterator[Finding]:
    """Do no more remain than those at the start less those left out ("of 140 screened, 18 were excluded and 132 randomised")?

    Fewer may remain: other losses need not be named in the same sentence.
    """
    for sentence in sentences(paper.document):
        start = _START.search(sentence.text)
        out = _OUT.search(sentence.text, start.end()) if start else None
        left = _LEFT.search(sentence.text, out.end()) if out else None
        if start is None or out is None or left is None or _SEVERAL.search(sentence.text):
            continue
        values = [spelled(text) for text in (start[1] or start[2] or start[3], out[1], left[1])]
        if None in values or not _alone(sentence, left.end()):
            continue
        began, lost, kept = (value or 0 for value in values)
        if kept < began - lost or began < 10:
            continue
        place = paper.place(*sentence.span(start.start(), left.end()))
        yield sample_flow(began, [lost], kept, what="those at the start and those who remain", place=place)


def _alone(sentence: Sentence, end: int) -> bool:
    """Whether the three are all the numbers of the passage, so that each can only mean what its word says."""
    return sum(1 for _ in COUNT_PATTERN.finditer(sentence.text[:end])) == 3


def dates_in_order(paper: Paper) -> Iterator[Finding]:
    """Does a period end after it began ("from May 2019 to March 2017")?"""
    for sentence in sentences(paper.document):
        for match in _DATES.finditer(sentence.text):
            if sentence.section not in ("abstract", "methods", "results", "other"):
                continue
            first, last = (int(match[2]), _month(match[1])), (int(match[4]), _month(match[3]))
            named = first[1] is not None and last[1] is not None
            late = first[0] > last[0] or (first[0] == last[0] and named and (first[1] or 0) > (last[1] or 0))
            if late and (_ROLE.search(sentence.text) or first[0] - last[0] > 30):
                continue
            yield make(
                "date-order",
                paper.place(*sentence.span(match.start(), match.end())),
                reported=" ".join(match[0].split()),
                verdict="impossible" if late else "consistent",
                severity="minor" if late else "none",
                message=f"the period {' '.join(match[0].split())} "
                + ("ends before it begins" if late else "begins before it ends"),
            )


def _month(name: str | None) -> int | None:
    return None if not name else MONTHS.index(name[:3].casefold()) + 1


CHECKS = (flow_of_sentence, dates_in_order)
