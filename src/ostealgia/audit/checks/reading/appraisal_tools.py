"""Tools that rate studies by points: how they are named, and the most points they give."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ostealgia.io.documents import gates


@dataclass(frozen=True)
class RatingTool:
    """A tool with its usual most points. forms : every most that a usual version has."""

    name: str
    named: re.Pattern[str]
    most: int
    forms: tuple[int, ...]


_WORDS = (
    r"(?:\s{1,3}(?:quality|assessment|scale|index|score|scores|checklist|rating|ratings|total|\([A-Za-z-]{2,8}\))){0,4}"
)
RATING_TOOLS = (
    RatingTool("NOS", re.compile(r"\bnewcastle\W{1,3}ottawa\b" + _WORDS + r"|\bNOS\b" + _WORDS, re.I), 9, (9,)),
    RatingTool("Jadad", re.compile(r"\b(?:jadad|oxford\s{1,3}quality)\b" + _WORDS, re.I), 5, (5,)),
    RatingTool("PEDro", re.compile(r"\bPEDro\b" + _WORDS, re.I), 10, (10,)),
    RatingTool(
        "MINORS",
        re.compile(
            r"\bMINORS\b" + _WORDS + r"|\bmethodological\s{1,3}index\s{1,3}for\s{1,3}non-?randomi[sz]ed\b(?:\s{1,3}studies)?" + _WORDS,
            re.I,
        ),
        24,
        (16, 24),
    ),
    RatingTool("Downs and Black", re.compile(r"\bdowns\s{1,3}(?:and|&)\s{1,3}black\b" + _WORDS, re.I), 32, (27, 28, 32)),
    RatingTool("STROBE", re.compile(r"\bSTROBE\b" + _WORDS, re.I), 34, (22, 34)),
    RatingTool("MERSQI", re.compile(r"\bMERSQI\b" + _WORDS, re.I), 18, (18,)),
)  # fmt: skip
_ONE_ARM = re.compile(r"\bnon-?\s?comparative\b", re.I)
_TWO_ARMS = re.compile(r"(?<!non-)(?<!non)(?<!non )\bcomparative\b", re.I)


def rating_tools(text: str) -> list[RatingTool]:
    """The tools that a text names.

    >>> [tool.name for tool in rating_tools("By the Jadad scale, 4 points.")]
    ['Jadad']
    """
    return [tool for tool in RATING_TOOLS if gates.search(tool.named, text)]


def most_points(tool: RatingTool, text: str) -> int:
    """The most points of a tool: MINORS gives 16 to studies without a comparison.

    >>> most_points(rating_tools("MINORS")[0], "MINORS index for non-comparative studies")
    16
    """
    return 16 if tool.name == "MINORS" and _ONE_ARM.search(text) and not _TWO_ARMS.search(text) else tool.most
