"""Numbers of one kind in a stretch of running text, with their places, and when two prints may be one value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ostealgia.numerics.intervals import Printed

OWN_RESULTS = ("abstract", "results", "other")  # sections in which a paper tells its own results
PERCENT = re.compile(r"(?<![\w.,·])(\d{1,3}(?:[.·]\d{1,2})?)\s?%(?!\s{0,2}(?:CI\b|conf|credible))", re.I)


@dataclass(frozen=True)
class Told:
    """A number of running text. start, end : its characters in the document."""

    printed: Printed
    start: int
    end: int


def told_numbers(matches: Iterable[re.Match[str]], offset: int = 0) -> list[Told]:
    """The first group of each match as a number; offset : characters of the document before the searched text.

    >>> [told.printed.text for told in told_numbers(PERCENT.finditer("44.0% and 51·2% (95% CI 40 to 62)"))]
    ['44.0', '51.2']
    """
    return [
        Told(Printed.parse(match[1].replace("·", ".")), offset + match.start(1), offset + match.end(1))
        for match in matches
    ]


def same_print(first: Printed, second: Printed) -> bool:
    """Whether two prints may be of one value: equal, or one of them is the other, rounded.

    >>> same_print(Printed.parse("4.4"), Printed.parse("4.38")), same_print(Printed.parse("4.4"), Printed.parse("4.7"))
    (True, False)
    """
    return first.value == second.value or first.fits(second.value) or second.fits(first.value)
