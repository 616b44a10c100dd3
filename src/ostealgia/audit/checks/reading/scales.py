"""Which scale of scores a text names, and the least and the most that can stand on it.

Two ways to be certain: the limits are printed beside a word of scores ("0-10 numeric rating scale", "from 0 to 100",
"11-point"), or the scale has one form everywhere (Karnofsky 0 to 100). A text that names several is not read. A paper that says
that its version of a scale goes further ("has a score of between 0 and 35") is believed wherever it names the scale.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.paper import Paper
from ostealgia.io.documents import gates

ENDS = (
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    12,
    15,
    16,
    18,
    20,
    21,
    24,
    25,
    27,
    28,
    30,
    35,
    36,
    40,
    42,
    48,
    50,
    52,
    56,
    60,
    63,
    64,
    68,
    72,
    80,
    100,
    108,
)


@dataclass(frozen=True)
class Scores:
    """The limits of a scale. start, end : where the text names it.  printed : the limits are printed there.
    tool : it rates studies, and may have been adapted."""

    low: float
    high: float
    start: int
    end: int
    printed: bool
    tool: bool = False

    @property
    def limits(self) -> tuple[float, float]:
        """Least and most."""
        return self.low, self.high


# scales with one form everywhere, whose names stand for nothing else
_NAMED: tuple[tuple[str, float, float], ...] = (
    (
        r"\bkarnofsky(?:'s)?\b(?:\s{1,3}(?:performance|index|scores?|scale|status|\(?KPS\)?)){0,4}"
        r"|\bKPS\b(?:\s{1,3}(?:scores?|scale|status)){0,2}",
        0,
        100,
    ),
    (
        r"\b(?:ECOG|eastern\s{1,3}cooperative\s{1,3}oncology\s{1,3}group(?:\s{1,3}\(ECOG\))?)[\s/-]{1,3}(?:PS\b|performance|scores?\b|zubrod)"
        r"(?:\s{1,3}(?:performance|status|scores?|scale|\(?ECOG(?:[ -]PS)?\)?|\(PS\))){0,4}"
        r"|\bperformance\s{1,3}status\s{1,3}\(?ECOG\)?|\bECOG\b(?=\s{1,3}[0-5]\s?(?:-|–|to)\s?\d)",
        0,
        5,
    ),
    (r"\bspinal\s{1,3}instability\s{1,3}neoplastic\s{1,3}scores?\b(?:\s{1,3}\(SINS\))?|\bSINS\s{1,3}scores?\b", 0, 18),
    (r"\bglasgow\s{1,3}coma\s{1,3}(?:scale|scores?)(?:\s{1,3}\(GCS\))?(?:\s{1,3}scores?)?|\bGCS\s{1,3}scores?\b", 3, 15),
    (r"\bPHQ-?\s?9\b(?:(?:\s{1,3}(?:total|depression|scores?|scale)){1,3}|(?=\s{1,3}(?:was|of|averaged|ranged)\b))", 0, 27),
    (r"\bGAD-?\s?7\b(?:(?:\s{1,3}(?:total|anxiety|scores?|scale)){1,3}|(?=\s{1,3}(?:was|of|averaged|ranged)\b))", 0, 21),
    (r"\bMirels'?\b(?:'s)?(?:\s{1,3}(?:fracture|risk|total|rating|scores?|scale)){0,3}", 4, 12),
    (
        r"\b(?:HADS|hospital\s{1,3}anxiety\s{1,3}and\s{1,3}depression\s{1,3}scale(?:\s{1,3}\(HADS\))?)[\s,-]{1,3}(?:A|D|anxiety|depression)\b(?:\s{1,3}(?:subscale|scores?|scale)){0,3}",
        0,
        21,
    ),
    (
        r"\b(?:oswestry(?:\s{1,3}(?:low\s{1,3}back\s{1,3}pain|disability|index|scores?|questionnaire|\(ODI\))){1,4}|"
        r"ODI(?:\s{1,3}scores?)?\b)",
        0,
        100,
    ),
    (r"\bbarthel\b(?:\s{1,3}(?:index|scores?|scale|ADL)){0,3}", 0, 100),
    (r"\bpalliative\s{1,3}performance\s{1,3}(?:scale|scores?|status|\(PPS\)){1,3}", 0, 100),
    (r"\bharris\s{1,3}hip\s{1,3}scores?\b(?:\s{1,3}\(HHS\))?", 0, 100),
    (r"\broland-?\s?morris\b(?:\s{1,3}(?:disability|questionnaire|scores?|\(RMDQ\))){0,4}", 0, 24),
    (r"\bmontreal\s{1,3}cognitive\s{1,3}assessment\b(?:\s{1,3}\(MoCA\))?(?:\s{1,3}scores?)?|\bMoCA\s{1,3}scores?\b", 0, 30),
    (r"\bapgar\s{1,3}(?:scores?|ratings?)\b|\bapgars?\b(?=\s{1,3}(?:at|was|of)\b)", 0, 10),
    (r"\b(?:modified\s{1,3})?rankin\s{1,3}(?:scale\s{1,3}scores?|scores?|scale|grade)\b(?:\s{1,3}\(mRS\))?", 0, 6),
    (r"\bNIHSS\b(?:\s{1,3}scores?)?", 0, 42),
    (r"\bpain\s{1,3}catastrophi[sz]ing\s{1,3}scale\b(?:\s{1,3}\(PCS\))?(?:\s{1,3}scores?)?", 0, 52),
    (r"\bmini-?\s?mental\s{1,3}state\s{1,3}exam\w*(?:\s{1,3}\(MMSE\))?(?:\s{1,3}scores?)?|\bMMSE\b(?:\s{1,3}scores?)?", 0, 30),
)  # fmt: skip
# tools that rate studies; adapted versions have other limits
_TOOLS: tuple[tuple[str, float, float], ...] = (
    (
        r"\bnewcastle\W{1,3}ottawa\b(?:\s{1,3}(?:quality|assessment|scale|\(NOS\)|scores?|ratings?)){0,4}|\bNOS\s{1,3}(?:total\s{1,3})?(?:scores?|ratings?)\b|\bNOS\b",
        0,
        9,
    ),
    (r"\bjadad\b(?:\s{1,3}(?:scale|scores?|ratings?)){0,3}", 0, 5),
)
_TO = r"\s{0,2}(?:-|–|to|through)\s{0,2}"
_INSTRUMENT = (
    r"(?:nrs|vas|bpi|pain|numeric(?:al)?\s{1,3}(?:pain\s{1,3})?(?:rating\s{1,3})?(?:scale|score)|visual\s{1,3}analog(?:ue)?\s{1,3}(?:scale|score)|"
    r"rating\s{1,3}scale|quality\s{1,3}of\s{1,3}life|global\s{1,3}health(?:\s{1,3}(?:status|score|scale)){0,2}|qlq-?\s?c30(?:\s{1,3}[a-z]+){0,4}|"
    r"scale|scores?|scored|rated|item|points?|whole\s{1,3}numbers?|integers?)"
)
_UNIT = r"(?![\d%]|[.,]\d|\s{0,2}(?:%|years?|months?|weeks?|days?|patients?|gy\b|cm\b|hours?|h\b|minutes?|mg))"
_HIGH = r"(?P<high>\d{1,3})" + _UNIT
_LOW = r"(?<![\w.,/%+±–-])(?P<low>[01])"
# how the limits of a scale are told, and nothing else is; a range of results or a class of scores is told in other words
_TOLD: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        # "on a scale from 0 (no pain) to 10 (worst pain)", "scale of 0 to 100", "rated from 0 to 10", "integers 0-10"
        rf"\b(?:scale|nrs|vas|whole\s{{1,3}}numbers?|integers?|whole\s{{1,3}}points?,?)\s{{0,3}}[,:(]?\s{{0,3}}"
        rf"(?:from\s{{1,3}}|of\s{{1,3}}|ranging\s{{1,3}}from\s{{1,3}}|between\s{{1,3}})?"
        rf"{_LOW}(?:{_TO}|\s{{1,3}}and\s{{1,3}}|\s{{0,2}}\([a-z ,]{{3,50}}\)\s{{0,2}}(?:to|-|–)\s{{0,2}}){_HIGH}"
        rf"(?:\s{{0,2}}\([a-z ,]{{3,60}}\))?",
        rf"\b(?:rated|scored|measured|assessed|recorded)\s{{1,3}}(?:(?:on\s{{1,3}}a\s{{1,3}}scale\s{{1,3}})?from)\s{{1,3}}{_LOW}{_TO}(?P<high>10|100){_UNIT}",
        # "the 0-10 numeric rating scale", "a 0 to 10 NRS", "0-10 integer pain ratings"
        rf"{_LOW}{_TO}{_HIGH}\s{{1,3}}(?:points?\s{{1,3}}|integer\s{{1,3}})?(?:numeric|numerical|visual|verbal|pain|nrs|vas|rating|scale|integer)\b",
        # "worst pain (0-10)", "(NRS, 0 to 10)", "(range of the scale, 0-100)", "(BPI; 0-10 scale)"
        rf"\b{_INSTRUMENT}\s{{0,2}}[(\[,;:]\s{{0,2}}(?:(?:nrs|vas|bpi|integer|scale|whole\s{{1,3}}numbers?|scores?)[\s,:;]{{0,3}}|"
        rf"range\s{{1,3}}of\s{{1,3}}(?:the\s{{1,3}}|possible\s{{1,3}})?(?:scale|scores?)[\s,:]{{0,3}}|from\s{{1,3}}){{0,2}}"
        rf"{_LOW}{_TO}(?P<high>10|100){_UNIT}",
        rf"\b(?:range\s{{1,3}}of\s{{1,3}}(?:the\s{{1,3}}|possible\s{{1,3}})?(?:scale|scores?)|possible\s{{1,3}}range|score\s{{1,3}}range)[\s,:]{{0,3}}{_LOW}{_TO}{_HIGH}",
        # "Musculoskeletal Tumor Society score (0-30)": the limits, or else the range of the very scores, right behind the name
        rf"\b(?:scores?|scale|index|inventory|questionnaire)\s{{0,2}}[(\[]\s{{0,2}}(?:possible\s{{1,3}}range,?\s{{0,3}})?"
        rf"{_LOW}{_TO}{_HIGH}(?=\s{{0,2}}[)\]])",
        # "0 = no pain, 10 = worst pain"
        rf"{_LOW}\s{{0,2}}(?:=|[(:])\s{{0,2}}no\s{{1,3}}pain\b[^.;\d]{{0,20}}?\b(?P<high>10|100)(?=\s{{0,2}}(?:=|[(:]))"
        rf"(?:\s{{0,2}}[=(:][a-z ]{{3,50}})?",
    )
)
_POINTS = re.compile(r"\b(?:(?P<eleven>11|eleven)|(?P<hundred>101))\s?-\s?points?\b", re.I)
_TOLD_WORDS = gates.words_of_any((*_TOLD, _POINTS))
_NEAR = 45  # characters between the limits and a word of scores


# scale -> the highest score of the version that a paper uses
Own = Mapping[re.Pattern[str], float]
# "(the long version) has a score of between 0 and 40", "ranges from 0 to 40", "the maximum score is 40"
_TOLD_HIGHEST: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"[^.;\d]{{0,80}}?\b(?:(?:has|have|gives?|yields?)\s{{1,3}}(?:an?\s{{1,3}})?(?:total\s{{1,3}}|possible\s{{1,3}})?(?:scores?|range)|ranges|"
        rf"(?:is|are)\s{{1,3}}scored|possible\s{{1,3}}(?:scores?|range)|score\s{{1,3}}range)[\s,:(]{{1,3}}"
        rf"(?:(?:of|from|between|ranging|range|are)\s{{1,3}}){{0,3}}(?P<low>\d{{1,2}})(?:{_TO}|\s{{1,3}}and\s{{1,3}}){_HIGH}",
        rf"[^.;\d]{{0,80}}?\bmaxim(?:um|al)\s{{1,3}}(?:possible\s{{1,3}}|total\s{{1,3}})*(?:scores?|points)\s{{1,3}}"
        rf"(?:of|is|being)\s{{1,3}}{_HIGH}",
    )
)
_SENTENCE = 160  # characters behind the name of a scale


@once
def own_scales(paper: Paper) -> Own:
    """The scales of one form of which the paper says that its version goes further."""
    return highest_told(paper.document.plain)


def highest_told(plain: str) -> Own:
    """The scales that a text gives a higher end than they are known to have, from the same lower one.

    >>> list(highest_told("The version of MMSE that was used has a score of between 0 and 35.").values())
    [35.0]
    >>> highest_told("The MMSE ranges from 0 to 30. The MMSE ranged from 12 to 35."), highest_told("KPS of 40 to 110")
    ({}, {})
    """
    found: dict[re.Pattern[str], float] = {}
    forms = [form for form in _TOLD_HIGHEST if gates.may_match(form, plain)]
    for pattern, low, high, _ in _COMPILED if forms else ():
        for name in gates.finditer(pattern, plain):
            for form in forms:
                told = form.match(plain, name.end(), name.end() + _SENTENCE)
                if told is None or float(told.groupdict().get("low") or low) != low:
                    continue
                if float(told["high"]) > found.get(pattern, high):
                    found[pattern] = float(told["high"])
    return found


def named_scores(text: str, own: Own | None = None) -> list[Scores]:
    """The scales of one form that a text names, with the ends that the paper gives them.

    >>> [(s.low, s.high) for s in named_scores("KPS at inclusion was 80")]
    [(0.0, 100.0)]
    """
    if not gates.holds_any(_NAME_WORDS, text):
        return []
    found = [
        Scores(low, (own or {}).get(pattern, high), start, end, False, tool)
        for pattern, low, high, start, end, tool in _names_in(text)
    ]
    return sorted(found, key=lambda one: one.start)


@lru_cache(maxsize=4096)  # several checks ask of the same words
def _names_in(text: str) -> tuple[tuple[re.Pattern[str], float, float, int, int, bool], ...]:
    """Each name of a scale with its usual ends and where it stands."""
    return tuple(
        (pattern, float(low), float(high), match.start(), match.end(), tool)
        for pattern, low, high, tool in _COMPILED
        for match in gates.finditer(pattern, text)
    )


def printed_scores(text: str) -> list[Scores]:
    """The scales whose limits are printed beside a word of scores.

    >>> [s.limits for s in printed_scores("worst pain on a scale from 0 (no pain) to 10 (worst imaginable pain)")]
    [(0.0, 10.0)]
    >>> printed_scores("ECOG 0-1 and 5 to 10 fractions")
    []
    """
    return list(_printed_scores(text))


@lru_cache(maxsize=4096)  # several checks ask of the same words
def _printed_scores(text: str) -> tuple[Scores, ...]:
    if not gates.holds_any(_TOLD_WORDS, text):
        return ()
    found = [
        Scores(float(match["low"]), float(match["high"]), *_printed_at(match), True)
        for pattern in _TOLD
        for match in gates.finditer(pattern, text)
        if int(match["high"]) in ENDS
    ]
    for match in gates.finditer(_POINTS, text):
        around = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if re.search(r"\b(?:nrs|pain|numeric(?:al)?|rating|likert)\b", around, re.I):
            found.append(Scores(0.0, 10.0 if match["eleven"] else 100.0, match.start(), match.end(), True))
    return tuple(sorted({one.start: one for one in found}.values(), key=lambda one: one.start))


def _printed_at(match: re.Match[str]) -> tuple[int, int]:
    """Where the limits stand: from the lower one to the end of what is said of the upper."""
    return match.start("low"), match.end()


def one_scale(text: str, own: Own | None = None) -> tuple[float, float] | None:
    """The limits of the only scale of a text; None where there is none or more than one."""
    found = {one.limits for one in (*printed_scores(text), *named_scores(text, own))}
    return next(iter(found)) if len(found) == 1 else None


# an adapted tool, or one whose total is not the usual one
_ADAPTED = re.compile(
    r"\b(?:modified|adapted|adaptation|cross-sectional|modification)\b[^.]{0,80}(?:newcastle|\bNOS\b|jadad)|(?:newcastle|\bNOS\b|jadad)"
    r"[^.]{0,80}\b(?:modified|adapted|adaptation|cross-sectional|modification|(?:10|ten|8|eight|16|sixteen)[- ](?:stars?|points?)|"
    r"out of (?:10|8|ten|eight))\b",
    re.I,
)


_A_TOOL = re.compile(r"newcastle|\bnos\b|jadad")  # one of these is needed: of a text in lower case, for speed


@lru_cache(maxsize=16)
def is_adapted(plain: str) -> bool:
    """Whether a paper may have adapted the tool it rates studies with: then its limits are not known.

    >>> is_adapted("A modified Newcastle-Ottawa Scale was used."), is_adapted("The Newcastle-Ottawa Scale was used.")
    (True, False)
    """
    return _A_TOOL.search(gates.folded(plain)) is not None and _ADAPTED.search(plain) is not None


_COMPILED = tuple(
    (re.compile(pattern, re.I), low, high, listed is _TOOLS)
    for listed in (_NAMED, _TOOLS)
    for pattern, low, high in listed
)
_NAME_WORDS = gates.words_of_any(pattern for pattern, *_ in _COMPILED)
