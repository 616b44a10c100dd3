"""Dates that must follow one another: a period begins before it ends, and the data are cut off after the last patient entered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.checks.reading.text import Sentence, sentences
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
_YEAR = r"(?:19|20)\d\d"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
# "14 May 2019", "May 14, 2019", "May 2019", "May, 2019", "2019"; with the day of no use here
DATE = rf"(?:(?:{_DAY}\s{{1,3}}(?:of\s{{1,3}})?)?{_NAME},?\s{{1,3}}(?:{_DAY},?\s{{1,3}})?{_YEAR}|{_YEAR})(?![\d/]|-\d)"
_PARTS = re.compile(rf"(?:({_NAME})\D{{0,4}}(?:{_DAY}\D{{1,4}})?)?({_YEAR})$", re.I)
_LINK = r",?\s{0,3}(?:to|and|until|till|through|up\s{1,3}to|[-–])\s{0,3}(?:the\s{1,3}end\s{1,3}of\s{1,3})?"
_AND = re.compile(r"\band\b", re.I)
_PERIOD = re.compile(
    rf"(?P<open>\b(?:from|between)\s{{1,3}})?(?<![\d/])(?P<first>{DATE})(?P<link>{_LINK})(?P<last>{DATE})", re.I
)
# "started in April 2014 and ended in August 2015", "the first patient was enrolled in May 2009 and the last in June 2011"
_STARTED = re.compile(
    rf"\b(?:(?:start|began|beg[iu]n|open|commenc|initiat)\w*|first\s{{1,3}}(?:patient|participant|subject)\b[^.;,\d]{{0,40}}?)"
    rf"\s{{1,3}}(?:in|on)\s{{1,3}}(?P<first>{DATE})(?:[,;]?\s{{1,3}}and|[,;])\s{{1,3}}(?:[a-z]+\s{{1,3}}){{0,3}}?"
    rf"(?:(?:end|clos|finish|stopp|complet)\w*|last(?:\s{{1,3}}(?:patient|participant|subject|one))?(?:\s{{1,3}}(?:was|were)\s{{1,3}}[a-z]+)?)"
    rf"\s{{1,3}}(?:in|on)\s{{1,3}}(?P<last>{DATE})",
    re.I,
)
_ENTRY = re.compile(
    r"\b(?:enrol\w*|recruit\w*|accru\w*|randomi[sz]\w*|inclusion|(?:patient|participant)s?\s{1,3}(?:were\s{1,3})?(?:included|treated|entered))\b",
    re.I,
)
# the end of what could be known of the patients
_CUT = re.compile(
    rf"\b(?P<what>data\s{{0,3}}-?(?:base)?\s{{0,3}}-?(?:cut\s{{0,2}}-?\s{{0,2}}off|lock)(?:\s{{1,3}}date)?|cut\s{{0,2}}-?\s{{0,2}}off\s{{1,3}}date|"
    rf"data\s{{1,3}}as\s{{1,3}}of|database|(?:last|final)\s{{1,3}}follow-?\s?up(?:\s{{1,3}}visit)?|(?:end|closure)\s{{1,3}}of\s{{1,3}}follow-?\s?up|"
    rf"(?:survival|vital)\s{{1,3}}status|followed(?:\s{{1,3}}up)?(?=\s{{1,3}}(?:until|through|up\s{{1,3}}to))|"
    rf"follow-?\s?up(?=\s{{1,3}}(?:was\s{{1,3}})?(?:end|clos|stopp|censor|complet|finish|until|through|up\s{{1,3}}to)))"
    rf"(?:\s{{1,3}}(?:for|of)\s{{1,3}}(?:the\s{{1,3}}|this\s{{1,3}})?(?:[a-z]+\s{{1,3}}){{0,2}}?(?:analysis|report|study|trial))?"
    rf"(?:[,:]?\s{{0,3}}(?:was|were|is|on|of|in|at|locked|set|fixed|ended|ending|closed|stopped|completed|finished|censored|until|through|up\s{{1,3}}to|updated|took\s{{1,3}}place|dated)\b){{0,3}}"
    rf"[,:(]?\s{{0,3}}(?P<date>{DATE})",
    re.I,
)
_ROLE = re.compile(r"\b(?:increas|decreas|rose|fell|declin|differ|compar|change|growth|doubl|ratio)", re.I)
_NOT_OWN = re.compile(
    r"\b(?:interim|preliminar|planned|expected|anticipated|search|literature|pubmed|medline|embase|seer|registry|another|previous|earlier|"
    r"other|second|cohorts|trials|studies|respectively|first\s{1,3}(?:data|cut|analysis)|phase)",
    re.I,
)
SECTIONS = ("abstract", "methods", "results", "other")


@dataclass(frozen=True)
class When:
    """A year, and its month where it is printed."""

    text: str
    year: int
    month: int | None

    def after(self, other: When) -> bool:
        """Whether it is certainly later than the other."""
        if self.year != other.year:
            return self.year > other.year
        return self.month is not None and other.month is not None and self.month > other.month


@dataclass(frozen=True)
class Period:
    """A period as printed, with the characters of its sentence."""

    first: When
    last: When
    start: int
    end: int
    entry: bool  # patients entered the study in it


def when(text: str) -> When:
    """A printed date.

    >>> when("14 May 2019"), when("May 14, 2019").month, when("2019").month
    (When(text='14 May 2019', year=2019, month=5), 5, None)
    """
    words = " ".join(text.split())
    found = _PARTS.search(words)
    if found is None:
        raise ValueError(f"{text!r} is no date.")
    name = found[1]
    return When(words, int(found[2]), MONTHS.index(name[:3].casefold()) + 1 if name else None)


def dates_in_order(paper: Paper) -> Iterator[Finding]:
    """date-order for periods, and for the end of the data against the end of enrolment of the same passage."""
    listed = [one for one in sentences(paper.document) if one.section in SECTIONS and re.search(_YEAR, one.text)]
    before: tuple[Sentence, Period] | None = None
    for sentence in listed:
        periods = list(_periods(sentence))
        for period in periods:
            if not _ROLE.search(sentence.text) and period.first.year - period.last.year <= 30:
                yield _ordered(paper, sentence, period)
        own = [one for one in periods if one.entry]
        if len(own) == 1 and len(periods) == 1 and not _NOT_OWN.search(sentence.text):
            before = sentence, own[0]
        elif periods:
            before = None
        if before is not None:
            yield from _cut_off(paper, sentence, *before)


def _periods(sentence: Sentence) -> Iterator[Period]:
    for pattern in (_PERIOD, _STARTED):
        for match in pattern.finditer(sentence.text):
            first, last = when(match["first"]), when(match["last"])
            said = pattern is _STARTED or match["open"]
            if not said and (first.month is None or last.month is None or _AND.search(match["link"])):
                continue  # two dates side by side are a period only with a word or dash that says so
            entry = _ENTRY.search(sentence.text) is not None
            yield Period(first, last, match.start(), match.end(), entry)


def _ordered(paper: Paper, sentence: Sentence, period: Period) -> Finding:
    late = period.first.after(period.last)
    words = " ".join(sentence.text[period.start : period.end].split())
    return make(
        "date-order",
        paper.place(*sentence.span(period.start, period.end)),
        reported=words,
        verdict="impossible" if late else "consistent",
        severity="minor" if late else "none",
        message=f"the period {words} " + ("ends before it begins" if late else "begins before it ends"),
    )


def _cut_off(paper: Paper, sentence: Sentence, told: Sentence, entry: Period) -> Iterator[Finding]:
    """The end of the data against the end of enrolment, in the same sentence or the one behind it."""
    if sentence.block != told.block or _NOT_OWN.search(sentence.text):
        return
    start = entry.end if sentence is told else 0
    if sentence is not told and paper.document.plain[told.end : sentence.start].strip():
        return
    for match in _CUT.finditer(sentence.text, start):
        end = when(match["date"])
        early = entry.last.after(end)
        what = " ".join(match["what"].split())
        what = "end of follow-up" if what.casefold().startswith("follow") else what
        yield make(
            "date-order",
            paper.place(*sentence.span(match.start(), match.end())),
            reported=end.text,
            verdict="impossible" if early else "consistent",
            severity="minor" if early else "none",
            message=f"{what}: {end.text} is " + ("before" if early else "not before")
            + f" the last patients entered ({entry.last.text})",
        )  # fmt: skip


CHECKS = (dates_in_order,)
