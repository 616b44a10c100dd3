"""Limits of a scale told beside its name, in a sentence, a caption or the label of a row: "Sleep Quality Index (PSQI, range 0-21)"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ostealgia.audit.checks.reading.scales import ENDS, printed_scores
from ostealgia.io.documents import gates

_TO = r"\s{0,2}(?:-|–|to)\s{0,2}"
_NAME = (
    r"(?:(?i:(?:sub)?scales?|scores?|index|inventory|questionnaire|status|pain|fatigue|nausea|satisfaction|severity|intensity|quality|"
    r"anxiety|depression|disability|function|stiffness|itch\w*|dyspn\w+|discomfort|distress|sleepiness)|"
    r"[A-Z][A-Z0-9-]{1,9}s?)"
)
# "(PSQI, possible range 0-21)", "KPS (0-100)", "satisfaction, rated 0-10,", "which ranges from 0 to 48,", "(0 = none, 10 = worst)"
_LIMITS = re.compile(
    rf"\b{_NAME}\s{{0,2}}(?:"
    rf"[(\[](?P<in>[A-Za-z][A-Za-z0-9 ,:;'/-]{{0,40}}?[ ,:;])?\s{{0,2}}(?P<low>\d{{1,2}}){_TO}(?P<high>\d{{1,3}})"
    rf"(?:[- ](?:points?|mm|cm))?(?:[,;] [^()\[\]\d]{{3,50}})?\s{{0,2}}[)\]]"
    rf"|(?:\s\([A-Z][A-Z0-9-]{{1,8}}\))?\s(?:from|of|ranging\sfrom|between)\s(?P<low3>[01])(?:{_TO}|\sand\s|"
    rf"\s\([a-z ]{{3,40}}\)\sto\s)(?P<high3>\d{{1,3}})\b(?![.,]\d|\s{{0,2}}%)"
    rf"|\s{{0,2}}[(\[]\s?(?P<low4>[01])\s?(?:=|:|\bis\b)\s?[a-z -]{{2,40}}[,;]\s(?:and\s)?(?P<high4>\d{{1,3}})\s?(?:=|:|"
    rf"\bis\b)[^()\d]{{2,50}}[)\]]"
    rf"|\s{{0,2}}[(\[](?:[A-Z-]{{2,8}}[,;]\s)?max(?:imum|imal|\.)\s(?:possible\s)?(?:score\s|of\s|is\s|"
    rf"=\s){{0,2}}(?P<high5>\d{{1,3}})(?:\spoints)?\s?[)\]]"
    rf"|(?:\s\([A-Z][A-Z0-9-]{{1,8}}\))?,?\s(?:of\s[a-z ]{{3,40}}\s)?(?:which\s|that\s)?(?:(?:can\s|could\s|may\s)?"
    rf"(?:ranges?|runs?|goes|extends?)\s(?:from\s)?|(?:is\s|"
    rf"was\s)?(?:rated|scored|measured)\s(?:from\s|on\sa\sscale\s(?:of|from)\s)?)"
    rf"(?P<low2>\d{{1,2}}){_TO}(?P<high2>\d{{1,3}})\b(?![.,]\d|\s{{0,2}}%),?)"
)
_ENDS = ("", "2", "3", "4", "5")  # of the groups of _LIMITS
_BETWEEN = re.compile(
    r"\b(?:rated|scored|graded|assessed)\s[^.;()\d]{0,60}?\b(?:between|from)\s(?P<low>[01])\s?(?:\([a-z ,-]{3,40}\)|"
    r"=\s?[a-z -]{3,40})\s(?:and|to)\s(?P<high>\d{1,3})\b",
    re.I,
)
_MM = re.compile(
    r"\b(?P<high>100|10)[- ]?(?P<unit>mm|cm)\s{1,2}(?:visual\s{1,2}analogu?e?\s{1,2}(?:scale|score)|VAS)\b(?:\s{0,2}\([A-Z]{2,5}\))?",
    re.I,
)
# what a pair in brackets behind a name is when it is no scale
_NO_LIMITS = re.compile(
    r"\b(?:ci|confidence|iqr|interquartile|quartiles?|sd|age[ds]?|years?|months?|weeks?|days?|n|p|table|fig\w*|version|item\w*|q)\b",
    re.I,
)
_SCALE_OF = re.compile(r"(?:(?:sub)?scale|NRS|VAS)\b", re.I)
# a range that may be that of the very scores: "the median score (range 2-15) was 8"
_ONLY_RANGE = re.compile(r"\W*(?:(?:with\s)?(?:a\s)?(?:range|ranging)(?:\s(?:of|from))?|from)\W*", re.I)
USUAL = 10  # the least end of a scale that observed scores hardly have
_DIGIT = re.compile(r"\d")
_RANGES = re.compile(r"\b(?:can|could|may|which|that)\s(?:ranges?|runs?|goes|extends?)\b")
_RANGE_SAID = re.compile(r"\b(?:range[ds]?|possible|scale|scores?|from)\b", re.I)


def limits_told(text: str) -> Iterator[tuple[int, int, float, float]]:
    """Where the limits of a scale are told beside its name: start, end, least, most."""
    return iter(_limits_of(text))


@lru_cache(maxsize=4096)  # several checks ask of the same sentences
def _limits_of(text: str) -> tuple[tuple[int, int, float, float], ...]:
    return tuple(_limits_in(text))


def _limits_in(text: str) -> Iterator[tuple[int, int, float, float]]:
    found = [
        (m, m["low"] or m["low2"] or m["low3"] or m["low4"] or "0", next(m[f"high{i}"] for i in _ENDS if m[f"high{i}"]))
        for m in (gates.finditer(_LIMITS, text) if _DIGIT.search(text) else ())
    ]
    for match, low, high in found:
        inner = match["in"] or ""
        said = match["low"] is None or _RANGE_SAID.search(inner) is not None
        if match["low3"] is not None and not _SCALE_OF.match(text, match.start()):
            continue
        if (
            _NO_LIMITS.search(inner)
            or (float(high) not in ENDS and not _RANGE_SAID.search(inner) and not _RANGES.search(match[0]))
            or float(low) >= float(high)
            or (float(low) > 1 and not said)
            or (inner and _of_the_scores(inner, float(low), float(high)))
        ):
            continue
        yield match.start(), match.end(), float(low), float(high)
    for match in gates.finditer(_MM, text):
        yield match.start(), match.end(), 0.0, float(match["high"])
    for match in gates.finditer(_BETWEEN, text):
        if int(match["high"]) in ENDS:
            yield match.start("low"), match.end(), float(match["low"]), float(match["high"])
    for one in printed_scores(text):
        if not any(m.start() <= one.start < m.end() for m, _, _ in found):
            yield one.start, one.end, one.low, one.high


def _of_the_scores(inner: str, low: float, high: float) -> bool:
    """Whether a plain "range" in brackets may be that of the scores: it has ends that few scales have."""
    if not _ONLY_RANGE.fullmatch(inner):
        return re.search(r"\bobserved\b", inner, re.I) is not None
    return low > 1 or high not in ENDS or high < USUAL
