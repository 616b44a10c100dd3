"""The numbers of a sentence that count something, with how deep in brackets they stand.

Percentages, measures, ages, dates, ranges, thresholds, labels of weeks, grades and tables and marks of citations are left out;
a number that may be anything else (a decimal, a fraction, a P) is kept as one that does not count, so that it ends a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ostealgia.audit.checks.reading.nouns import PEOPLE, RECORDS
from ostealgia.audit.checks.reading.text import COUNT_PATTERN
from ostealgia.audit.checks.reading.words import WORD_NUMBERS, spelled
from ostealgia.audit.statements.words import TENS
from ostealgia.io.documents import gates

_ONES = "|".join(sorted(WORD_NUMBERS, key=len, reverse=True))
_TENS = "|".join(TENS)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|"
    r"Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
_N = r"\d{1,6}(?:[.,]\d{1,3})?"
_UNIT = (
    r"(?:years?|months?|weeks?|days?|hours?|hrs?|(?-i:h)|minutes?|min|seconds?|mg|mcg|[µμ]g|(?-i:g)|kg|ml|dl|"
    r"(?-i:l)|cm|mm|(?-i:m)|km|gy|cgy|mmol|iu|(?-i:u)|°|points?|times|fold|"
    r"cent(?:re|er)s|sites|hospitals|countries|clinics|fractions|(?-i:y)|yrs?|mo|percent|per\scent|[ap]\.m\.|"
    r"seasons|rounds|databases|weeks)"
)
# what is no count; each is left out with its words, in this order
_LEFT_OUT = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"\[\s?\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,40}\s?\]",  # citations
        r"\b(?:into|to|in|as|by|or|from|for|on|at|any|either|under|within)\s{1,3}one\s{1,3}of\s{1,3}(?:the\s|these\s)?(?:\d{1,2}|"
        r"two|three|four|five|six|seven|eight|nine|ten|twelve)\b",
        r"\b(?:mean|median|average)\b[^,;:()\d]{0,40}\d+(?:\.\d+)?(?:\s?(?:±|\+/-|–|-|"
        r"to)\s?\d+(?:\.\d+)?)?(?:\s?years)?",
        r"\b(?:RoB|ROBINS|RECIST|CTCAE|v\.|PRISMA|STROBE|SF|PHQ|GAD|EQ)[\s-]?\d{1,2}(?:\.\d)?\b",
        r"\b(?:p|or|hr|rr)\s?[=<>]\s?0?\.\d+",
        rf"[,;/]?\s{{0,2}}[<>~≈]?\s?{_N}\s?%",
        rf"(?:\d{{1,2}}(?:st|nd|rd|th)?\s{{1,3}})?{_MONTH},?\s{{1,3}}(?:\d{{1,2}}(?:st|nd|rd|"
        rf"th)?,?\s{{1,3}}(?!\d{{1,3}}\b))?(?:(?:19|20)\d\d)?(?!\w)",
        r"\b(?:in|since|from|to|and|between|until|through|during|of|by|before|after|-|–)\s{1,3}(?:19|"
        r"20)\d\d\b(?!\s(?:patients|participants))",
        rf"[<>≤≥]\s?{_N}",
        r"\b(?:more|less|fewer|greater|older|younger|higher|lower) than (?:\d+|one|two|three|four|five|six)\b|"
        r"\bat (?:least|most) (?:\d+|one|two|three|once)\b|"
        r"\b(?:one|two|three|four|five|\d+) or (?:more|less|fewer)\b|\bup to \d+\b|\bone (?:another|third|half|"
        r"quarter|side)\b|\bno one\b|\bone-\w+",
        rf"\b\d{{1,3}}\s?(?:-|–|to|and|or)\s?\d{{1,3}}[\s-]{{0,2}}{_UNIT}\b",
        rf"(?<![\w.,]){_N}[\s-]{{0,2}}{_UNIT}(?![\w])(?!\s(?:old\s)?(?:patients|participants|women|men)\b)",
        rf"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty)[\s-]{{1,2}}{_UNIT}\b",
        r"\b(?:tables?|figures?|figs?\.?|appendix|weeks?|days?|months?|years?|stages?|phases?|versions?|cycles?|"
        r"steps?|visits?|chapters?|aged?)\s{0,2}[A-Z]?\d{1,3}\b"
        r"(?:\s?(?:-|–|to|or|and|,)\s?\d{1,3}\b(?!\s[a-z]{3,}))?",
        r"\b(?:grades?|class|types?|levels?|groups?|arms?|cohorts?|ecog|asa|no\.|scores?|schedule|"
        r"zone)\s{0,2}\d\b(?:\s?(?:-|–|to|or|and|,|/)\s?\d\b)?",
        r"\b\d{1,2}\s?:\s?\d{1,2}\b",
        r"\b(?:two|three|four|five|six|seven|\d)\s{1,2}(?:[a-z-]+\s{1,2})?(?:groups|arms|categories|classes|"
        r"cohorts|types|subgroups|sexes)\b",
        r"\bn\s?=(?=\s?\d)",
    )
)
_EMPTY = re.compile(r"[(\[][\s;,/]*[)\]]")  # the bracket of a percentage
_HUNDRED = re.compile(
    rf"\b(?P<h>{_ONES}|a)[\s-]{{1,2}}hundred(?:(?:[\s-]{{1,2}}and)?[\s-]{{1,2}}(?P<rest>(?:{_TENS})(?:[\s-](?:{_ONES}))?|{_ONES})\b)?",
    re.I,
)
_OTHER = re.compile(r"\d+(?:[.,/·]\d+)*")


@dataclass(frozen=True)
class Mention:
    """A number of a sentence: its characters, how many brackets are open there, and whether it counts something."""

    value: int
    start: int
    end: int
    depth: int
    counts: bool = True


@lru_cache(maxsize=4096)
def mentions(text: str) -> tuple[str, tuple[Mention, ...]]:
    """The text without what counts nothing, of the same length, and its numbers in order.

    >>> [(m.value, m.depth) for m in mentions("Of 86 nurses (41%), 23 (12 men) left after week 4.")[1]]
    [(86, 0), (23, 0), (12, 1)]
    """
    clear = text
    for pattern in (*_LEFT_OUT, _EMPTY):
        clear = pattern.sub(_blank, clear) if gates.may_match(pattern, clear) else clear
    found: dict[int, Mention] = {}
    depths = _depths(clear)
    for match in gates.finditer(_HUNDRED, clear):
        hundreds = 1 if match["h"].casefold() == "a" else spelled(match["h"]) or 0
        value = 100 * hundreds + (spelled(match["rest"]) or 0 if match["rest"] else 0)
        found[match.start()] = Mention(value, *match.span(), depths[match.start()])
    inside = [(one.start, one.end) for one in found.values()]
    for match in COUNT_PATTERN.finditer(clear):
        value = spelled(match[1])
        if value is not None and not any(start <= match.start() < end for start, end in inside):
            found[match.start()] = Mention(value, *match.span(), depths[match.start()])
    taken = {at for one in found.values() for at in range(one.start, one.end)}
    for match in _OTHER.finditer(clear):
        if match.start() not in taken:
            found[match.start()] = Mention(-1, *match.span(), depths[match.start()], counts=False)
    return clear, tuple(found[start] for start in sorted(found))


_GOES_ON = re.compile(
    r"\s{1,3}(?:[a-z]+ed|were|was|had|have|did|took|went|got|could|came|made|of|in|to|for|with|by|from|at|on|and|"
    r"or|others?|completely|finally|underwent|left|the|an?)\b|\W*$|\s{0,2}[,.;:()]",
    re.I,
)


def same_thing(behind: str, whole: str) -> bool:
    """Whether the words behind a number don't name something else than the words of its whole do.

    >>> same_thing(" were treated", "adults"), same_thing(" dogs entered", "dogs were presented"), same_thing(" smokers", "adults")
    (True, True, False)
    """
    if _GOES_ON.match(behind):
        return True
    words = behind.casefold().split()[:3]
    named = {word.strip(",.;:()").rstrip("s") for word in whole.casefold().split()}
    return (
        any(word.strip(",.;:()").rstrip("s") in named for word in words)
        or re.match(rf"\s{{1,3}}(?:[a-z-]+\s{{1,3}}){{0,2}}?(?:{PEOPLE}|{RECORDS})\b", behind, re.I) is not None
    )


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _depths(text: str) -> list[int]:
    """How many brackets are open at each character."""
    depth, found = 0, []
    for sign in text:
        depth = max(0, depth - 1) if sign in ")]" else depth
        found.append(depth)
        depth += sign in "(["
    return found
