"""sample-flow within one sentence: do those at the start, less those left out, make those who remain?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.across.flow_chain import is_chain
from ostealgia.audit.checks.reading.nouns import PERSONS
from ostealgia.audit.checks.reading.text import COUNT, COUNT_PATTERN, Sentence, loose, numbered_with, sentences
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import sample_flow

_PEOPLE = rf"(?:(?:[a-z\-]+\s){{0,3}}?{PERSONS}\s)?"
_START = loose(
    rf"(?:\b(?:screened|assessed|approached|enrolled|identified|recruited|randomi[sz]ed)\s(?:a\stotal\sof\s)?({COUNT})\b|"
    rf"\bof\s(?:the\s)?({COUNT})\s{_PEOPLE}(?:who\s)?(?:were\s)?(?:screened|assessed|approached|identified|recruited|enrolled|"
    rf"randomi[sz]ed)|\bof\s(?:the\s)?({COUNT})\s(?:screened|assessed|enrolled|recruited|randomi[sz]ed)\s{_PEOPLE}|^\W*({COUNT})\s{_PEOPLE}were\s(?:screened|assessed|approached|identified|recruited))"
)
_OUT = loose(
    rf"(?<![\w.,\-])({COUNT})\s{_PEOPLE}(?:were\s|was\s)?(?:excluded|ineligible|not\seligible|lost\sto\sfollow-?\s?up|withdrew|"
    rf"dropped\sout)\b|\bexcluded\s({COUNT})\b"
)
_REMAINING = loose(
    rf"\bleaving\s(?:a\stotal\sof\s)?({COUNT})\b|\bthe\sremaining\s({COUNT})\s{_PEOPLE}(?:were|underwent|received)\b|"
    rf"\b(?:included|randomi[sz]ed|analy[sz]ed|enrolled)\s({COUNT})\b"
)
_LEFT = loose(
    rf"(?<![\w.,\-])({COUNT})\s{_PEOPLE}(?:were\s|was\s)?(?:then\s|finally\s|therefore\s)?(?:randomi[sz]ed|included|enrolled|analy[sz]ed|remained)\b"
)
_SEVERAL = re.compile(
    r"\b(?:respectively|each|groups?|arms?|rescreen\w*|again|later|additional\w*|another|further|other)\b", re.I
)


def flow_of_sentence(paper: Paper) -> Iterator[Finding]:
    """Do no more remain than those at the start less those left out ("of 140 screened, 18 were excluded and 132 randomised")?

    Fewer may remain, where no word says that these are the rest: other losses need not be named in the same sentence.
    """
    listed = sentences(paper.document)
    for index, sentence in numbered_with(paper.document, _START):
        start = _START.search(sentence.text)
        out = _OUT.search(sentence.text, start.end()) if start else None
        if start is None or out is None or _SEVERAL.search(sentence.text) or is_chain(sentence):
            continue  # in a chain every number has its part
        left = _LEFT.search(sentence.text, out.end()) or _REMAINING.search(sentence.text, out.end())
        values = [spelled(_found(match)) for match in (start, out)]
        following = listed[index + 1] if index + 1 < len(listed) else None
        if left is None and following is not None and following.block == sentence.block:
            rest = _RESTING.match(following.text)
            if rest is None or not _alone(sentence, len(sentence.text), 2):
                continue
            values.append(spelled(_found(rest)))
            end, exact = following.span(0, rest.end())[1], True
        elif left is not None and _alone(sentence, left.end(), 3):
            values.append(spelled(_found(left)))
            end, exact = sentence.span(0, left.end())[1], left[0].casefold().startswith(("leaving", "the remaining"))
        else:
            continue
        if None in values:
            continue
        began, lost, kept = (value or 0 for value in values)
        if began < 10 or (kept < began - lost and not exact):
            continue
        place = paper.place(sentence.span(start.start(), start.end())[0], end)
        yield sample_flow(began, [lost], kept, what="those at the start and those who remain", place=place)


_RESTING = loose(rf"\s?the\sremaining\s({COUNT})\s{_PEOPLE}(?:were|underwent|received)\b")


def _found(match: re.Match[str]) -> str:
    """The number of a pattern with several places for it."""
    return next(group for group in match.groups() if group)


def _alone(sentence: Sentence, end: int, several: int) -> bool:
    """Whether these are all the numbers of the passage, so that each can only mean what its word says."""
    return sum(1 for _ in COUNT_PATTERN.finditer(sentence.text[:end])) == several


CHECKS = (flow_of_sentence,)
