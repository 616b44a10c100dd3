"""direction-vs-claim for two groups: "more frequent in A than in B (19% vs 63%)" against the two numbers behind it.

The first number is that of the group before "than", the second that of the group behind it, where the bracket that follows the words
begins with the two and names no group. Words of more or less decide; better and worse do not, nor does a wording that is negated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.text import Sentence, loose, sentences_with
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.numerics.intervals import Printed

_NUMBER = r"\d{1,4}(?:\.\d{1,3})?"
_FRACTION = r"\d{1,5}\s?(?:/|of|out\sof)\s?\d{1,6}"
_UNIT = r"(?:years?|months?|weeks?|days?|hours?|h|min|points?|mm|cm|mg|ml|g)"
_SPREAD = rf"(?:\s?(?:±|\+/-)\s?{_NUMBER}|\s?\(\s?SD:?\s?{_NUMBER}\s?\))"


def _value(name: str) -> str:
    """A percentage with its fraction before or behind it, or a number with its unit and spread."""
    return (
        rf"(?:{_FRACTION}\s?[,;:=(\[]\s?)?(?P<{name}>{_NUMBER})(?P<{name}_sign>\s?%)?[)\]]?(?:\s?[(\[]\s?{_FRACTION}\s?[)\]])?"
        rf"{_SPREAD}?(?:\s{_UNIT}\b)?"
    )


_PAIR = loose(
    rf"[(\[]\s?(?:(?:means?|medians?|rates?|incidence)[,:]?\s)?{_value('first')}\s?,?\s?(?:vs\.?|versus|v\.?|and|against|compared\s(?:with|to))\s?{_value('second')}"
    r"\s?(?=[,;)\]]|respectively\b)(?!,?\s?(?:and|vs|versus)\b)"
    # what follows inside the bracket is another statistic, not words on what the numbers are
    r"(?=[,;]?\s?(?:respectively\b\s?)?(?:[)\]]|"
    r"P\b|a?(?:OR|RR|HR)s?\b|(?:adjusted|crude)?\s?(?:odds|risk|hazard|rate|mean|absolute|"
    r"relative|difference|log-?rank|chi|fisher|student|t\b|z\b|n\.?s\.?\b|not\ssig|95|99|90|MD|SMD|RD|χ|[Δ<>=≤≥\d(\[])))"
)
_FREQUENT = r"(?:frequent(?:ly)?|common(?:ly)?|often|likely|prevalent|rare(?:ly)?|seldom|unlikely)"
_SELDOM = re.compile(r"rare|seldom|unlikely", re.I)
_OFTEN = re.compile(_FREQUENT, re.I)
_UP, _DOWN = r"higher|greater|larger|longer|older|commoner", r"lower|smaller|shorter|younger|rarer"
_WORD = re.compile(
    rf"\b(?:(?P<often>more|less)\s{{1,3}}(?P<what>{_FREQUENT})|(?P<up>{_UP})|(?P<down>{_DOWN}))\b(?!-)",
    re.I,
)
_THAN = re.compile(r"\bthan\b|,?\s{0,3}\bcompared\s{1,3}(?:with|to)\b", re.I)
_GROUP = loose(
    r"\s(?:(?:in|with|for|after|among|at|under|during|following|by|on)\s)?(?:the\s|those\s|that\s|patients\s)?[^.;:()\[\]\d<>=%]{1,70}"
)
_OPEN = re.compile(
    r"\b(?:not?|nor|never|neither|without|although|whereas|while|but|expected|predicted|half|twice|times|fold|either|both|respective|if|order|"
    r"may|might|could|would|should|hypothes\w+|assum\w+|anticipat\w+|odds|hazards?|(?<!open )(?<!closed )reduction|decrease|decline|"
    r"survival|change|loss|p-?values?|cut-?off|threshold|rank\w*|versus|vs)\b",
    re.I,
)
_SHARE = re.compile(r"\d\s?%|\d\.\d")
_THAT = re.compile(r"\bthat\b(?!\s{1,3}(?:of|in|for|with|after|among)\b)", re.I)
_OF_TIME = re.compile(rf"\d\s{{0,3}}{_UNIT}\b", re.I)
_MORE = re.compile(r"\b(?:more|less|fewer|better|worse)\b", re.I)
LONGEST = 220  # characters from the words to the bracket
LEAST = 8.0  # units of the last place that two numbers are apart


def compared(paper: Paper) -> Iterator[Finding]:
    """Is the first of two numbers the larger one where the words say so?"""
    for sentence in sentences_with(paper.document, _THAN):
        if sentence.section in ("introduction", "methods") or not _THAN.search(sentence.text):
            continue
        start = 0
        for pair in _PAIR.finditer(sentence.text):
            told = _direction(sentence.text[max(start, pair.start() - LONGEST) : pair.start()])
            start = pair.end()
            often = told is not None and _OFTEN.search(told[1]) is not None
            if told is not None and not (often and _OF_TIME.search(pair[0])):
                yield from _judged(paper, sentence, pair, *told)


def _direction(words: str) -> tuple[int, str] | None:
    """The one wording of a direction, which ends in "than" and a group right before the bracket."""
    words = re.split(r"[.;:)\]]\s", words)[-1]
    if _SHARE.search(words):
        return None  # "31.4% were late, more than in this survey (7.2% and 12.6%, respectively)"
    joints = list(_THAN.finditer(words))
    found = list(_WORD.finditer(words))
    if len(joints) != 1 or not found or _OPEN.search(words):
        return None
    last = found[-1]
    if last.start() > joints[0].start() or (len(found) > 1 and not last["often"]):
        return None
    between = words[last.end() : joints[0].start()]
    behind = words[joints[0].end() :].rstrip()
    if _MORE.search(between):
        return None  # "were less likely to think that others drank more than they did (93% vs 79%)"
    if (
        not _GROUP.fullmatch(behind)
        or _THAT.search(behind)
        or re.search(r"[(:;,\d]", between)
        or len(found) > 2
        or re.search(r"\bor\b|,", behind)
    ):
        return None
    sign = 1 if last["up"] or (last["often"] or "").lower() == "more" else -1
    sign = -sign if last["what"] and _SELDOM.match(last["what"]) else sign
    return sign, " ".join(last[0].split())


def _judged(paper: Paper, sentence: Sentence, pair: re.Match[str], sign: int, wording: str) -> Iterator[Finding]:
    first, second = Printed.parse(pair["first"]), Printed.parse(pair["second"])
    if bool(pair["first_sign"]) != bool(pair["second_sign"]) and pair["first_sign"]:
        return
    gap = (first.value - second.value) * sign
    if gap == 0:
        return
    wrong = gap < 0
    if wrong and -gap < LEAST * max(first.unit, second.unit):
        return  # small differences may be those of adjusted numbers
    unit = "%" if pair["second_sign"] else ""
    shown = f"{first.text}{unit} and {second.text}{unit}"
    start, end = sentence.span(pair.start("first"), pair.end("second"))
    yield make(
        "direction-vs-claim",
        paper.place(start, end),
        reported=shown,
        verdict="inconsistent" if wrong else "consistent",
        severity="major" if wrong else "none",
        message=f'the text says "{wording}" of the first of two groups; the numbers are {shown} in this order',
        recomputed=first.value - second.value if wrong else None,
        cause=Cause(code="reversed-coding", text="the word is the opposite one, or the two numbers are exchanged")
        if wrong
        else None,
    )


CHECKS = (compared,)
