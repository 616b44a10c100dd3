"""Groups that running text tells side by side: the mean, spread and number of persons of each, however they are written.

Grammar, not words: a mean is a value (with any unit) that its spread follows; a size is "n = 40", "the 40 patients", or one of a
list ("n = 62 and 60"). Sizes belong to means in the order of the text; where that leaves two ways, both are given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.text import loose

_V = r"\d{1,5}(?:\.\d{1,3})?"
_NO_UNIT = (
    r"SDs?|S\.D\.|SEM?|standard|and|in|for|to|vs|versus|or|of|with|than|the|from|n|p|t|was|were|at|on|by|among|as|a|an|"
    r"compared|but|while|whereas"
)
# "111.9 g/L", "24.4 kg/m²", "12.1 mm Hg", "97.4 μmol/L"
_UNIT = rf"(?:\s?(?!(?:{_NO_UNIT})\b)[A-Za-zµμ°×][\w/µμ°²³⁻·^×]{{0,11}}){{0,2}}"
_SPREAD = r"(?:SD|S\.D\.|SEM?|S\.E\.M?\.?|standard\s(?:deviation|error(?:\sof\sthe\smean)?))"
_MEAN = loose(
    rf"(?<![\w.,/=<>±+-])(?P<mean>[-−]?{_V}){_UNIT}\s?(?:[(\[]?\s?(?:±|\+/-)\s?|[(\[,;]?\s?(?:with\s(?:an?\s)?)?(?P<kind>{_SPREAD})\s?(?:of\s|[=:,]\s?)?±?\s?)"
    rf"(?P<spread>{_V})(?!\d|[.]\d|\s?[%/]\s?\d|\s?%|\s?[–-]\s?\d)"
)
_BARE = loose(rf"(?<![\w.,/=<>±+-])(?P<mean>[-−]?{_V}){_UNIT}\s?[(\[]\s?(?P<kind>)(?P<spread>{_V})\s?[)\]](?!\s?%)")
_BARE_SAID = re.compile(
    r"\b(?:means?|averages?)\b[^.;()\d]{0,20}[(\[,±]\s{0,2}(?:±\s{0,2})?(?:SD|S\.D\.|standard deviations?)\b", re.I
)
_ERRORS = re.compile(r"\bSEMs?\b|\bSEs?\b|\bstandard errors?\b|\bS\.E", re.I)
_DEVIATIONS = re.compile(r"\bSDs?\b|\bS\.D\.|\bstandard deviations?\b", re.I)
_N = loose(r"(?<![A-Za-z])n\s?[=:]\s?(\d{1,6})(?![\d.]*\d)")
_N_LIST = loose(
    r"(?<![A-Za-z])n\s?[=:]\s?(\d{1,6}(?:\s?(?:,|and|,\sand|vs\.?|versus|/|;)\s?\d{1,6}){1,5})(?![\d.]*\d|\s?%)"
)
_OF_PEOPLE = loose(rf"(?<![\w.,/±=-])(\d{{1,6}})\s(?:[a-z][a-z-]*\s){{0,3}}?{PEOPLE}\b")
_OF_THESE = loose(
    r"\b(?:the|those|these|all)\s(\d{1,6})\s(?!years?|months?|weeks?|days?|hours?|minutes?|points?|items?|sites?|cent(?:re|er)s?|hospitals?|tests?|studies)[a-z]"
)
_NUMBER = re.compile(r"\d+")
_RESPECTIVELY = re.compile(r"\brespectively\b", re.I)


@dataclass(frozen=True)
class ToldMean:
    """A mean with its spread, as printed, and where both stand in the text."""

    mean: str
    spread: str
    kind: str  # "sd", "se", or "" where the sentence says neither
    start: int
    end: int


def told_means(text: str) -> tuple[ToldMean, ...]:
    """The means of a text that have a spread.

    >>> [(m.mean, m.spread, m.kind) for m in told_means("111.9 g/L (SD 14.7) in A and 5.2 ± 1.1 days in B")]
    [('111.9', '14.7', 'sd'), ('5.2', '1.1', 'sd')]
    """
    found = list(_MEAN.finditer(text))
    if not found and _BARE_SAID.search(text):
        found = list(_BARE.finditer(text))
    errors, deviations = _ERRORS.search(text), _DEVIATIONS.search(text)
    whole = "se" if errors and not deviations else "sd" if deviations and not errors else ""
    return tuple(
        ToldMean(
            m["mean"].replace("−", "-"), m["spread"], _kind(m["kind"] or "") or whole, m.start("mean"), m.end("spread")
        )
        for m in found
    )


def _kind(word: str) -> str:
    low = word.casefold()
    return "" if not low else "se" if "error" in low or low.replace(".", "").startswith("se") else "sd"


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with blanks in place of some spans: what is left tells of something else."""
    parts = list(text)
    for start, end in spans:
        parts[start:end] = " " * (end - start)
    return "".join(parts)


def told_sizes(text: str, means: Sequence[ToldMean]) -> tuple[tuple[int, ...], ...]:
    """The sizes of the groups of these means, in their order; several tuples where the text leaves several ways; empty if none.

    >>> told_sizes("3.2 ± 1.8 vs 5.1 ± 1.9, n = 62 and 60", told_means("3.2 ± 1.8 vs 5.1 ± 1.9, n = 62 and 60"))
    ((62, 60),)
    """
    clear = without(text, [(m.start, m.end) for m in means])
    for pattern in (_N, _OF_PEOPLE, _OF_THESE):
        found = [m for m in pattern.finditer(clear) if int(m[1]) >= 3]
        if len(found) == len(means) >= 2:
            ways = _ways(text, [int(m[1]) for m in found], [m.start(1) for m in found], means)
            if ways:
                return ways
    listed = [tuple(int(n) for n in _NUMBER.findall(m[1])) for m in _N_LIST.finditer(clear)]
    same = [one for one in listed if len(one) == len(means) and min(one) >= 3]
    return (same[0],) if len(same) == 1 else ()


def _ways(text: str, sizes: list[int], places: list[int], means: Sequence[ToldMean]) -> tuple[tuple[int, ...], ...]:
    """Each size beside its own mean; where all sizes stand behind (or around) all means, either order of two may be meant."""
    order = "".join(kind for _, kind in sorted([(at, "n") for at in places] + [(m.start, "m") for m in means]))
    plain = tuple(sizes)
    if order in ("mn" * len(sizes), "nm" * len(sizes)) or _RESPECTIVELY.search(text):
        return (plain,)
    if order == "n" * len(sizes) + "m" * len(sizes):
        return (plain,)
    return (plain, plain[::-1]) if len(sizes) == 2 else ()
