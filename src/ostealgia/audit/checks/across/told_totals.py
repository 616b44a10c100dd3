"""Parts of a whole told in one sentence: "52 breast, 31 lung, 9 other; 92 in total", "all 92 patients ...: breast (52), ..., other (9)".

The parts are three numbers or more in one grammatical form, with words only between them. They are certainly all of the whole where
the sentence prints the total as such, or where the list closes with the others and divides patients by what each has only once.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.text import COUNT_PATTERN, Sentence, count_matches, sentences
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.io.documents import gates

LEAST = 3  # parts
BETWEEN = (0.7, 1.4)  # of the total: a sum outside is of something else
_NUMBER = r"(?<![\w.,])\d{1,3}(?:[.·]\d{1,3})?"
_SHARE = re.compile(rf"[(\[]\s{{0,2}}{_NUMBER}\s?%\s{{0,2}}[)\]]|[;,/]?\s{{0,2}}{_NUMBER}\s?%")
_WORDS = r"[A-Za-z][^\d(),;:.=%\[\]]{0,70}?"
_SEP = r"\s{0,20}(?:[,;]\s{1,3}(?:(?:and|or|plus)\s{1,3})?|\s(?:and|or|plus)\s{1,3})"
# what stands between two parts, by the form of the list
_FORMS = (
    re.compile(
        rf"\s{{0,9}}[)\]]{_SEP}{_WORDS}\s{{0,9}}[(\[]\s{{0,9}}(?:n\s{{0,9}}=\s{{0,9}})?$", re.I
    ),  # breast (52), lung (31)
    re.compile(
        rf"\s{{0,9}}(?:(?:{PEOPLE}){_SEP}|{_SEP}){_WORDS}(?:,?\s{{0,9}}\bn\s{{0,9}}=|:|\bin)\s{{0,9}}$", re.I
    ),  # breast, n = 52; breast in 52
    re.compile(rf"\s{{1,9}}{_WORDS}{_SEP}$", re.I),  # 52 breast, 31 lung
)
_SITES = r"(?:bones?(?!\smeta)|sites?|locations?|regions?|levels?|joints?|limbs?|symptoms?|reasons?|drugs?|treatments?)"
_OTHERS = re.compile(
    rf"\b(?:others?(?!\s(?:[a-z]+\s)?{_SITES})|another|else|miscellaneous|unknown|unclassified|unspecified|various|remaining|rest)\b",
    re.I,
)
_TOTAL_BEFORE = re.compile(r"\b(?:total(?:l?ing)?|sum|altogether)\b[^.\d]{0,16}$", re.I)
_IN_TOTAL = re.compile(
    r"\b(?:in|among|from|on)\s{1,2}(?:an?\s|the\s)?$", re.I
)  # "31 falls ... in a total of 62 patients"
_TOTAL_BEHIND = re.compile(r"\s{0,2}(?:[a-z]+\s){0,2}?(?:in\s{1,2}(?:total|all)|altogether)\b", re.I)
_OF_ALL = re.compile(r"\s{0,9}(?:out\s)?of\s(?:the\s|all\s|our\s|these\s|a\stotal\sof\s){0,2}$", re.I)
_PEOPLE = re.compile(rf"\s{{1,3}}(?:[a-z\-]+\s{{1,3}}){{0,3}}?{PEOPLE}\b", re.I)
_ONCE = re.compile(  # what a patient has only once
    r"\bprimar(?:y|ies)\b|\bhistolog|\b(?:cancers?|carcinomas?|tumou?rs?|malignanc\w+|neoplasms?|sarcomas?)\b|"
    r"\bcauses? of death\b|\brace\b|\bethnic|"
    r"\bmarital|\bblood (?:group|type)|\bunderlying diagnos",
    re.I,
)
# the best response of a patient is one of four
_ANSWERS = re.compile(r"\bcomplete\b|\bCR\b"), re.compile(r"\bstable\b|\bSD\b"), re.compile(r"\bprogress|\bPD\b")
_OVERLAP = re.compile(
    r"\b(?:complicat|adverse|toxic|symptom|co-?morbid|treat(?:ment|ed)|therap|receiv|procedure|medicat|drug|reason|event|previous|prior\b|"
    r"risk|location|level|regimen|chemo|surger|operat|including|includes?\b|such\sas|e\.g|main|most|multiple|several|both|at\sleast|"
    r"more\sthan|some|history|synchronous|double|(?:had|having|with)\s(?:two|both)|(?:two|both)\s(?:causes|cancers|primar)|respectively|or\smore|overlap|sites?\sof|metastatic\ssites?|metastas[ei]s\s(?:to|in|of|at|were)|lesions?\b|studies|trials|et\sal)",
    re.I,
)
_RATED = re.compile(r"\bstars\b|★", re.I)  # appraisals are read elsewhere
_LABEL = re.compile(r"\b(?:tables?|figures?|fig\.?)\s{0,3}$", re.I)


@dataclass(frozen=True)
class _List:
    """Numbers of one form side by side. first, last : among the numbers of the sentence."""

    first: int
    last: int
    form: int


def told_totals(paper: Paper) -> Iterator[Finding]:
    """Do the parts that a sentence lists add up to the whole that it names?"""
    for sentence in sentences(paper.document):
        if sentence.section == "introduction" or _RATED.search(sentence.text):
            continue
        text = sentence.text
        if gates.may_match(_SHARE, text):
            text = _SHARE.sub(lambda m: " " * len(m[0]), text)
        numbers = [m for m in count_matches(text) if spelled(m[1]) is not None]
        if len(numbers) <= LEAST:
            continue
        for one in _lists(text, numbers):
            yield from _compared(paper, sentence, text, numbers, one)


def _lists(text: str, numbers: list[re.Match[str]]) -> Iterator[_List]:
    gaps = [text[a.end() : b.start()] for a, b in itertools.pairwise(numbers)]
    for form, pattern in enumerate(_FORMS):
        first = 0
        for at in range(len(gaps) + 1):
            if at < len(gaps) and len(gaps[at]) < 110 and pattern.fullmatch(gaps[at]):
                continue
            if at - first + 1 >= LEAST:
                yield _List(first, at, form)
            first = at + 1


def _compared(
    paper: Paper, sentence: Sentence, text: str, numbers: list[re.Match[str]], one: _List
) -> Iterator[Finding]:
    for total, first, last, explicit in _wholes(text, numbers, one):
        parts = [spelled(number[1]) or 0 for number in numbers[first : last + 1] if number is not total]
        whole = spelled(total[1]) or 0
        if len(parts) < LEAST or max(parts) >= whole:
            continue
        span = sorted((total.start(), total.end(), numbers[first].start(), numbers[last].end()))
        place = paper.place(*sentence.span(span[0], span[-1]))
        found = total_vs_parts(parts, str(whole), what="the parts and the total", place=place)
        if found.flagged and not _certain(paper, sentence, text, numbers, one, whole, parts, explicit=explicit):
            continue
        yield found
        return


def _wholes(text: str, numbers: list[re.Match[str]], one: _List) -> Iterator[tuple[re.Match[str], int, int, bool]]:
    """Numbers that may be the whole, the first and last part, and whether the sentence says that it is the total."""
    if one.last + 1 < len(numbers):
        behind = numbers[one.last + 1]
        gap = text[numbers[one.last].end() : behind.start()]
        before = _TOTAL_BEFORE.search(gap)
        said = _TOTAL_BEHIND.match(text, behind.end()) or (before and not _IN_TOTAL.search(gap, 0, before.start()))
        if len(gap) < 90 and (said or _OF_ALL.fullmatch(gap)):
            yield behind, one.first, one.last, bool(said)
    end = numbers[one.last]
    if one.first and one.form == len(_FORMS) - 1 and one.last - one.first >= LEAST - 1:
        gap = text[numbers[one.first - 1].end() : numbers[one.first].start()]
        if _OF_ALL.fullmatch(gap):  # "52 of the 92 tumours were ductal, 31 lobular, ..."
            yield numbers[one.first], one.first - 1, one.last, False
            return
    if one.last - one.first >= LEAST and _TOTAL_BEHIND.match(text, end.end()):
        yield end, one.first, one.last - 1, True
    if one.form and one.last - one.first >= LEAST and _PEOPLE.match(text, numbers[one.first].end()):
        yield numbers[one.first], one.first + 1, one.last, False  # "of 92 patients, 52 had ..."
    if one.first and _PEOPLE.match(text, numbers[one.first - 1].end()):
        gap = text[numbers[one.first - 1].end() : numbers[one.first].start()]
        if len(gap) < 130 and not re.search(r"[;.]\s", gap):
            yield numbers[one.first - 1], one.first, one.last, False


def _certain(
    paper: Paper, sentence: Sentence, text: str, numbers: list[re.Match[str]], one: _List, whole: int, parts: list[int],
    *, explicit: bool,
) -> bool:  # fmt: skip
    """Whether the parts are all of the whole, and no patient is in two of them."""
    if _OVERLAP.search(text) or not BETWEEN[0] * whole < sum(parts) < BETWEEN[1] * whole:
        return False
    off = whole - sum(parts)
    if _said(paper, sentence, off, (numbers[one.first].start(), numbers[one.last].end())):
        return False
    if explicit:
        return True
    last = numbers[one.last]
    near = text[numbers[one.last - 1].end() : last.start()] if one.form < 2 else text[last.end() : last.end() + 40]
    if (
        off < 0
        and ";" not in text[numbers[one.first].end() : last.start()]
        and all(answer.search(text) for answer in _ANSWERS)
    ):
        return True
    return _OTHERS.search(near) is not None and _ONCE.search(text) is not None


def _said(paper: Paper, sentence: Sentence, off: int, listed: tuple[int, int]) -> bool:
    """Whether the words tell of those who are missing, in the sentence or the two behind it, or of those who count twice.

    listed : characters of the sentence with the parts, which don't tell it.
    """
    words = paper.document.plain[sentence.start : sentence.end + 300] if off > 0 else sentence.text
    start, end = sentence.span(*listed) if off > 0 else (listed[0] + sentence.start, listed[1] + sentence.start)
    found = (m for m in COUNT_PATTERN.finditer(words) if spelled(m[1]) == abs(off))
    outside = (m for m in found if not start <= m.start() + sentence.start < end)
    return any(_LABEL.search(words, max(0, m.start() - 12), m.start()) is None for m in outside)


CHECKS = (told_totals,)
