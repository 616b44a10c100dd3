"""Medians of running text with their quartiles or range: does the median lie between them?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.text import sentences_with
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import quantile_order

_NUMBER = r"(\d{1,3}(?:,\d{3})+|\d{1,5}(?:\.\d{1,3})?)(?![.,]?\d)"
_UNIT = r"(?:(?<=\d)%|\s{0,3}([a-z][a-z/]{0,14})\b)?"
# "median follow-up was 9.6 months (IQR, 10.1 to 17.3 months)": nothing but the named parts, in this order
_MEDIAN = re.compile(
    rf"\b(median|mean\s{{1,3}}age)\b[^.;:()\[\]\d,]{{0,80}}?\s{_NUMBER}{_UNIT}\s{{0,3}}[(\[]\s{{0,3}}"
    r"(iqr|inter-?quartile\s{1,3}range|range)\s{0,3}[,:=]?\s{0,3}(?:from\s{1,3}|of\s{1,3})?"
    rf"{_NUMBER}{_UNIT}\s{{0,3}}(?:-|\bto\b)\s{{0,3}}{_NUMBER}{_UNIT}\s{{0,3}}[)\];,]",
    re.I,
)
_OTHER = re.compile(r"\b(?:differen\w*|chang\w*|increas\w*|decreas\w*|reduc\w*|and|or|versus|vs)\b", re.I)

_NOT_IT = re.compile(
    r"\b(?:at|after|before|within|for|to|over|in|by|from|per|than|until|grades?|stages?|days?|weeks?|months?|years?|every|first|last|each|"
    r"levels?|phase|cycle|visit)\s{1,3}$",
    re.I,
)


def medians_in_order(paper: Paper) -> Iterator[Finding]:
    """quantile-order for "median age was 64 years (range 65-88)": one median, the name of its limits, two rising limits."""
    for sentence in sentences_with(paper.document, _MEDIAN):
        for match in _MEDIAN.finditer(sentence.text):
            name, middle, unit, limits, low, low_unit, high, high_unit = match.groups()
            before = match[0][: match.start(2) - match.start()]
            if _OTHER.search(before) or _NOT_IT.search(before):
                continue  # "the median score at 12 months (range 14 to 20)"
            if _value(low) >= _value(high):
                continue  # limits printed from high to low are another habit
            if len({_singular(one) for one in (unit, low_unit, high_unit) if one}) > 1:
                continue
            quartiles = not limits.casefold().startswith("range")
            place = paper.place(*sentence.span(match.start(), match.end()))
            if name.casefold() == "median":
                ends = ("q1", "q3") if quartiles else ("min", "max")
                values = {ends[0]: _plain(low), "median": _plain(middle), ends[1]: _plain(high)}
                yield quantile_order(values, what="the median", place=place)
            elif not quartiles:
                yield quantile_order(
                    {"min": _plain(low), "max": _plain(high)}, mean=_plain(middle), what="the mean", place=place
                )


def _plain(numeral: str) -> str:
    return numeral.replace(",", "")


def _value(numeral: str) -> float:
    return float(_plain(numeral))


def _singular(unit: str) -> str:
    return unit.casefold().rstrip("s")


CHECKS = (medians_in_order,)
