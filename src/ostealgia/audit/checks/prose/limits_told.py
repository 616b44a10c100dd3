"""Quartiles and ranges of running text whose two limits stand in the wrong order, or beside their median: "15 months (IQR 25-7)".

Some papers print every range from high to low: a range is a slip where it alone is turned round, and others of the paper are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.text import Sentence, once, sentences, sentences_with
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import quantile_order
from ostealgia.numerics.intervals import Interval

_N = r"(\d{1,5}(?:[.·]\d{1,3})?)(?![.,·]?\d)"
_UNIT = (
    r"(?:\s{0,2}%|\s{0,3}(?:months?|years?|days?|weeks?|hours?|minutes?|min|ml|mL|mg|g|kg|cm|mm|points?|Gy|"
    r"sessions?|fractions?))?"
)
_NAME = (
    r"(?P<name>iqr|inter-?\s?quartile\s{1,3}range|inter-?\s?quartile|quartiles|(?:25th|first|1st|"
    r"lower)[^\d()]{1,30}?(?:75th|third|3rd|upper)\s{1,3}(?:percentiles?|quartiles?)|"
    r"q1\s?[-–,]\s?q3|range|min(?:imum)?\s?[-–]\s?max(?:imum)?)"
)
_LIMITS = re.compile(
    rf"(?P<m>{_N}){_UNIT}\s{{0,3}}[(\[,;]\s{{0,3}}{_NAME}\s{{0,3}}(?:\(\s?iqr\s?\))?\s{{0,3}}[,:=]?\s{{0,3}}(?:from\s|of\s|were\s|was\s|between\s)?(?P<low>{_N}){_UNIT}\s{{0,3}}"
    rf"(?:-|–|−|\bto\b|\band\b|,|;)\s{{0,3}}(?P<high>{_N}){_UNIT}(?:\s{{0,3}}[)\]]|\s{{0,2}}[,;.]?\s|$)",
    re.I,
)
# "median (IQR) age was 71 (64-78)"
_DECLARED = re.compile(
    rf"\bmedians?\s{{0,3}}[(\[,]\s{{0,3}}{_NAME}\s{{0,3}}[)\],](?P<gap>[^.;()\d]{{0,80}}?)\s(?P<m>{_N}){_UNIT}\s{{0,3}}[(\[]\s{{0,3}}"
    rf"(?P<low>{_N}){_UNIT}\s{{0,3}}(?:-|–|−|\bto\b|,)\s{{0,3}}(?P<high>{_N}){_UNIT}\s{{0,3}}[)\]]",
    re.I,
)
_CENTRE = re.compile(r"\b(?:median|medians)\b[^;]{0,140}$", re.I)
_OTHER = re.compile(
    r"\b(?:differen\w*|chang\w*|reduc\w*|decreas\w*|fell|fall|drop\w*|improv\w*|declin\w*|respectively)\b", re.I
)

_A_TIME = re.compile(
    r"\b(?:at|in|after|before|within|until|by|cycle|week|month|day|year|visit|stage|grade)\s{1,3}$", re.I
)
_THEN = re.compile(r"[)\]]?\s{0,3}(?:was|were|is)\b", re.I)  # the median comes behind its limits


def limits_told(paper: Paper) -> Iterator[Finding]:
    """quantile-order for the limits behind a median."""
    turned, in_order = _orders(paper)
    for sentence in sentences_with(paper.document, _LIMITS, _DECLARED):
        for match in (*_LIMITS.finditer(sentence.text), *_DECLARED.finditer(sentence.text)):
            before = sentence.text[: match.start()]
            if (
                (match.re is _LIMITS and _CENTRE.search(before) is None)
                or _OTHER.search(match["gap"] if match.re is _DECLARED else "")
                or _OTHER.search(before[-160:])
                or before.rstrip().endswith(("-", "–", "−", "±", "=", "/", "+"))
                or _A_TIME.search(before)
                or _THEN.match(sentence.text, match.end() - 1)
            ):
                continue
            if _other_unit(match):
                continue
            low, high, middle = (match[name].replace("·", ".") for name in ("low", "high", "m"))
            place = paper.place(*sentence.span(match.start(), match.end()))
            if float(low) > float(high):
                if turned == 1 and (in_order or _quartiles(match)):
                    yield _reversed(match, middle, low, high, sentence, paper)
                continue
            ends = ("q1", "q3") if _quartiles(match) else ("min", "max")
            inside = float(low) <= float(middle) <= float(high)
            if inside or _related(float(low), float(middle), float(high)):
                yield quantile_order({ends[0]: low, "median": middle, ends[1]: high}, what="the median", place=place)


def _other_unit(match: re.Match[str]) -> bool:
    """Whether both limits have units that differ: "40 days-25 months"."""
    text, at = match[0], match.start()
    first = re.match(r"\s{0,3}([a-z]+)", text[match.end("low") - at :], re.I)
    second = re.match(r"\s{0,3}([a-z]+)", text[match.end("high") - at :], re.I)
    words = [found[1].casefold().rstrip("s") for found in (first, second) if found and found[1] not in ("to", "and")]
    return len(words) == 2 and words[0] != words[1]


def _related(low: float, middle: float, high: float) -> bool:
    """Whether three numbers are of one size, so that they can be one quantity."""
    return low / 4 <= middle <= high * 4


def _quartiles(match: re.Match[str]) -> bool:
    return not match["name"].casefold().startswith(("range", "min"))


@once
def _orders(paper: Paper) -> tuple[int, int]:
    """How many limits of the paper stand from high to low, and from low to high."""
    ends = {
        (match["m"], *(float(match[name].replace("·", ".")) for name in ("low", "high")))
        for sentence in sentences(paper.document)
        for match in (*_LIMITS.finditer(sentence.text), *_DECLARED.finditer(sentence.text))
    }
    turned = sum(low > high for _, low, high in ends)
    return turned, len(ends) - turned


def _reversed(match: re.Match[str], middle: str, low: str, high: str, sentence: Sentence, paper: Paper) -> Finding:
    name = " ".join(match["name"].split())
    return make(
        "quantile-order",
        paper.place(*sentence.span(match.start(), match.end())),
        reported=f"{middle} {low} {high}",
        verdict="inconsistent",
        severity="minor",
        values=Interval(float(high), float(low)),
        message=f"the {name} is printed from {low} down to {high}",
    )


CHECKS = (limits_told,)
