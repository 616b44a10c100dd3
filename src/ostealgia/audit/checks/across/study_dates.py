"""Dates and times that the paper itself bounds: submission, follow-up within the study, length of a period, studies before the search.

"Received 12 March 2021; accepted 4 June 2020"; patients treated from January 2014 and followed until December 2018 with a median
follow-up of 106 months; "an 8-year period from January 2012 to December 2015"; a search until 2021 with studies of 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ostealgia.audit.checks.across.dates import DATE, MONTHS, When, when
from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.text import Sentence, sentences, sentences_with
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.numerics.intervals import Interval

_MONTH_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_FULL = (
    rf"(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s{{1,3}}(?:of\s)?(?P<m1>{_MONTH_NAME}),?\s{{1,3}}(?P<y1>(?:19|20)\d\d)|"
    rf"(?P<m2>{_MONTH_NAME})\s{{1,3}}(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s{{1,3}}(?P<y2>(?:19|20)\d\d)|"
    r"(?P<y3>(?:19|20)\d\d)-(?P<m3>0[1-9]|1[0-2])-(?P<d3>[0-2]\d|3[01]))(?!\d)"
)
_STEPS = {"received": 0, "submitted": 0, "revis": 1, "accepted": 2, "published": 3, "available": 3}
_SUBMITTED = re.compile(
    rf"\b(?P<step>received|submitted|accepted|published|"
    rf"available)\b(?P<revised>\s{{1,3}}(?:in\s{{1,3}})?(?:final\s{{1,3}})?revis\w+(?:\s{{1,3}}form)?)?"
    rf"(?:\s{{1,3}}(?:online|for\s{{1,3}}publication|after\s{{1,3}}revision|on|"
    rf"in\s{{1,3}}print)){{0,2}}\s{{0,3}}[:;,|]?\s{{0,3}}{_FULL}|"
    rf"\b(?P<rev>revis(?:ed|ion)(?:\s{{1,3}}(?:version|manuscript))?(?:\s{{1,3}}(?:received|on|"
    rf"submitted)){{0,2}})\s{{0,3}}[:;,|]?\s{{0,3}}{_FULL.replace('1>', '4>').replace('2>', '5>').replace('3>', '6>')}",
    re.I,
)
NEAR = 160  # characters between two dates of one history
FRONT = 12_000  # characters at either end of a document that may hold it


def submission_dates(paper: Paper) -> Iterator[Finding]:
    """Is a paper received before it is revised, accepted and published?"""
    plain = paper.document.plain
    spans = [(0, len(plain))] if len(plain) <= 2 * FRONT else [(0, FRONT), (len(plain) - FRONT, len(plain))]
    for begin, end in spans:
        found = list(_SUBMITTED.finditer(plain, begin, end))
        steps = [(_step(m), _day(m), m) for m in found]
        known = [(step, day, m) for step, day, m in steps if day is not None]
        runs: list[list[tuple[int, tuple[int, int, int], re.Match[str]]]] = []
        for one in known:
            near = runs and one[2].start() - runs[-1][-1][2].end() < NEAR and one[0] >= runs[-1][-1][0]
            if near:
                runs[-1].append(one)
            else:
                runs.append([one])
        for run in runs:
            if run[0][0] == 0 and len(run) >= 2 and _of_the_paper(plain, run[0][2]):
                yield from (_submitted(paper, a, b) for a, b in pairwise(run) if a[0] < 3)


def _of_the_paper(plain: str, first: re.Match[str]) -> bool:
    """Whether a history is that of the paper, and not of a grant."""
    before = plain[max(0, first.start() - 20) : first.start()]
    return (
        first[0][:1].isupper()
        or re.search(r"\b(?:history|manuscript|paper|article|was)\W{0,3}$", before, re.I) is not None
    )


def _step(match: re.Match[str]) -> int:
    if match["rev"] or match["revised"]:
        return _STEPS["revis"]
    return _STEPS[match["step"].casefold()]


def _day(match: re.Match[str]) -> tuple[int, int, int] | None:
    for at in "123456":
        year, month, day = (match[f"{part}{at}"] for part in "ymd")
        if year:
            number = int(month) if month.isdigit() else MONTHS.index(month[:3].casefold()) + 1
            return int(year), number, int(day)
    return None


def _submitted(
    paper: Paper,
    first: tuple[int, tuple[int, int, int], re.Match[str]],
    second: tuple[int, tuple[int, int, int], re.Match[str]],
) -> Finding:
    late = first[1] > second[1]
    a, b = (" ".join(one[2][0].split()) for one in (first, second))
    return make(
        "date-order",
        paper.place(first[2].start(), second[2].end()),
        reported=b,
        verdict="impossible" if late else "consistent",
        severity="minor" if late else "none",
        message=f"{a}; {b}" + (": the later step has the earlier date" if late else ""),
    )


# ---------------------------------------------------------------- follow-up against the dates of the study

_ENTRY = re.compile(
    r"\b(?:enrol\w*|recruit\w*|accru\w*|randomi[sz]\w*|inclu\w+|treated|operated|operations?|surgery|underwent|"
    r"diagnosed|admitted|seen|referred|entered|implanted|born|"
    r"received|presented|registered)\b", re.I,
)  # fmt: skip
_PERIOD = re.compile(
    rf"(?:\b(?:from|between|during|in)\s{{1,3}})?(?<![\d/])(?P<first>{DATE})\s{{0,3}}(?:to|and|until|till|"
    rf"through|[-–])\s{{0,3}}(?P<last>{DATE})",
    re.I,
)
_END = re.compile(
    rf"\b(?:cut\s?-?\s?off|followed(?:[\s-]{{1,2}}up)?|follow[\s-]{{0,2}}up|last\s{{1,3}}(?:visit|"
    rf"follow[\s-]{{0,2}}up|contact)|censor\w*|data\s?base|lock\w*|end\s{{1,3}}of\s{{1,3}}(?:the\s)?study)\b"
    rf"[^.;\d]{{0,50}}?(?P<date>{DATE})", re.I,
)  # fmt: skip
_TIME = r"(?P<{0}>\d{{1,3}}(?:[.·]\d{{1,2}})?)"
_LASTED = re.compile(
    r"\b(?:(?P<what>median|mean|average|maximum|minimum|maximal|longest)\s{1,3}(?:duration\s{1,3}of\s{1,3}|"
    r"length\s{1,3}of\s{1,3}|time\s{1,3}of\s{1,3})?(?:the\s{1,3})?follow[\s-]{0,2}up(?:\s{1,3}(?:time|period|"
    r"duration))?|"
    r"follow[\s-]{0,2}up\s{1,3}(?:time\s{1,3}|period\s{1,3}|duration\s{1,3})?(?:was|lasted|of|"
    r"ranged)\s{1,3}(?:a\s{1,3})?(?:(?:median|mean|average)\s{1,3}(?:of\s{1,3})?|from\s{1,3})?|"
    r"followed(?:[\s-]{1,2}up)?\s{1,3}for\s{1,3}(?:a\s{1,3}(?:median|mean)\s{1,3}(?:of\s{1,3})?|up\s{1,3}to\s{1,3}))"
    r"[^.;:\d()]{0,60}?"
    + _TIME.format("value")
    + r"(?:\s{0,3}(?:to|-|–)\s{0,3}"
    + _TIME.format("high")
    + r")?\s{0,3}-?(?P<unit>months?|years?|weeks?)\b"
    r"(?:\s{0,2}[(\[][^()\[\]\d]{0,30}"
    + _TIME.format("a")
    + r"\s{0,3}(?:to|-|–|,)\s{0,3}"
    + _TIME.format("b")
    + r"\s{0,3}(?P<bunit>months?|years?|weeks?)?)?",
    re.I,
)
_PER_MONTH = {"month": 1.0, "year": 12.0, "week": 12 / 52.1775}
SLACK = 1.5  # months by which a follow-up may be longer: the days of both months, and rounding
_OTHER_START = re.compile(
    r"\b(?:since|after|from|until|at)\s{1,3}(?:the\s{1,3})?(?:diagnosis|birth|first|initial|previous|primary|"
    r"disease|onset|menarche)|\b(?:planned|minimum of|expected|another|"
    r"previous|cohorts|trials|studies|respectively|registry)\b", re.I,
)  # fmt: skip
REACH = 3  # sentences behind the dates that may tell the follow-up


@dataclass(frozen=True)
class _Window:
    """The first and the last day of which the paper can know anything."""

    first: When
    end: When

    @property
    def months(self) -> float:
        """From the first day of the first month to the last day of the last."""
        return 12 * (self.end.year - self.first.year) + (self.end.month or 12) - (self.first.month or 1) + 1


def follow_up_within_study(paper: Paper) -> Iterator[Finding]:
    """Is no follow-up longer than from the first patient to the end of the data?"""
    listed = [one for one in sentences(paper.document) if one.section in ("abstract", "methods", "results", "other")]
    for at, sentence in enumerate(listed):
        for match in _LASTED.finditer(sentence.text):
            passage = [one for one in listed[max(0, at - REACH) : at + 1] if one.block == sentence.block]
            window = _window(passage)
            if window is None or any(_OTHER_START.search(one.text) for one in passage):
                continue
            yield from _within(paper, sentence, match, window)


def _window(passage: list[Sentence]) -> _Window | None:
    """The study's dates, where the passage names one period of entry and one end of the data."""
    periods = [(one, m) for one in passage for m in _PERIOD.finditer(one.text) if _ENTRY.search(one.text)]
    if len(periods) != 1:
        return None
    sentence, period = periods[0]
    ends = [m for one in passage for m in _END.finditer(one.text, period.end() if one is sentence else 0)]
    first, last = when(period["first"]), when(period["last"])
    if len(ends) != 1 or first.after(last):
        return None
    end = when(ends[0]["date"])
    return _Window(first, end) if not last.after(end) else None


def _within(paper: Paper, sentence: Sentence, match: re.Match[str], window: _Window) -> Iterator[Finding]:
    unit = match["unit"].casefold().rstrip("s")
    told = [(match[name].replace("·", "."), unit) for name in ("value", "high") if match[name]]
    if match["b"]:
        told.append((match["b"].replace("·", "."), (match["bunit"] or unit).casefold().rstrip("s")))
    longest = max((float(value) * _PER_MONTH[one], value, one) for value, one in told)
    most = window.months
    long = longest[0] > most + SLACK
    yield make(
        "date-order",
        paper.place(*sentence.span(*match.span())),
        reported=f"{longest[1]} {longest[2]}s",
        verdict="impossible" if long else "consistent",
        severity="minor" if long else "none",
        values=Interval(0.0, most / _PER_MONTH[longest[2]]),
        message=f"a follow-up of {longest[1]} {longest[2]}s, with {most:g} months from {window.first.text} to "
        f"{window.end.text}",
    )


# ---------------------------------------------------------------- the length of a period

_LENGTH = re.compile(
    rf"(?<![<>≤≥\d.]\s)(?<![<>≤≥\d.])\b(?P<n>\d{{1,2}}|[a-z]{{3,9}})[\s-]{{1,2}}(?P<unit>year|"
    rf"month)s?\b[\s-]{{0,2}}(?:long\s)?(?:study\s{{1,3}}|inclusion\s{{1,3}}|recruitment\s{{1,3}})?(?:period|"
    rf"interval|span)\b,?\s{{0,3}}[(]?"
    rf"\s{{0,2}}(?:\bfrom\b|\bbetween\b|\()\s{{0,3}}(?P<first>{DATE})\s{{0,3}}(?:to|and|until|till|through|"
    rf"[-–])\s{{0,3}}(?P<last>{DATE})",
    re.I,
)


def length_of_period(paper: Paper) -> Iterator[Finding]:
    """Is a period as long as its dates ("an 8-year period from January 2012 to December 2015")?"""
    for sentence in sentences_with(paper.document, _LENGTH):
        for match in _LENGTH.finditer(sentence.text):
            n = spelled(match["n"])
            first, last = when(match["first"]), when(match["last"])
            if n is None or n < 1 or first.after(last):
                continue
            unit = match["unit"].casefold()
            known = first.month is not None and last.month is not None
            if unit == "month" and not known:
                continue
            years = (
                last.year - first.year + ((last.month or 0) - (first.month or 0)) / 12
                if known
                else float(last.year - first.year)
            )
            length = 12 * years if unit == "month" else years
            low, high = (
                (length - 1, length + 2) if unit == "month" else (length - 0.75, length + (0.75 if known else 1.0))
            )
            fits = low <= n <= high
            yield make(
                "date-order",
                paper.place(*sentence.span(*match.span())),
                reported=f"{match['n']} {unit}s",
                verdict="consistent" if fits else "inconsistent",
                severity="none" if fits else "minor",
                values=Interval(low, high),
                message=f"a period of {n} {unit}s; from {first.text} to {last.text} are {length:.3g}",
            )


# ---------------------------------------------------------------- the last patient against the end of the follow-up

_LAST_IN = re.compile(
    rf"(?:\b(?:last|final)\s{{1,3}}(?:{PEOPLE}|[a-z]{{3,12}})\s{{1,3}}(?:was\s{{1,3}}|had\s{{1,3}}been\s{{1,3}})?"
    rf"(?:enrol\w+|recruit\w+|randomi[sz]ed|included|treated|operated\s{{1,3}}(?:on|upon)|entered|admitted|registered|seen|"
    rf"allocated|assigned|implanted|inoculated|vaccinated|underwent\s{{1,3}}surgery|received\s{{1,3}}treatment)|"
    rf"\b(?:recruitment|enrol+ment|inclusion|accrual|randomi[sz]ation)\s{{1,3}}(?:was\s{{1,3}})?(?:ended|closed|completed|"
    rf"stopped|finished))\s{{1,3}}(?:in|on)\s{{1,3}}(?P<date>{DATE})",
    re.I,
)
_CLOSED = re.compile(
    rf"\b(?:follow[\s-]{{0,2}}up|observation|the\s{{1,3}}(?:study|trial)|data\s?base|data\s{{1,3}}collection|last\s{{1,3}}visit)\s{{1,3}}"
    rf"(?:was\s{{1,3}}|had\s{{1,3}})?(?:closed|ended|stopped|completed|finished|terminated|locked|frozen|took\s{{1,3}}place|was)\s{{1,3}}"
    rf"(?:in|on|at\s{{1,3}}the\s{{1,3}}end\s{{1,3}}of)\s{{1,3}}(?P<date>{DATE})",
    re.I,
)
_TWO_ENTRIES = re.compile(
    r"\bfirst\b|\b(?:interim|planned|expected|phase|wave|previous|earlier|cohorts|trials|studies|respectively|registry)\b",
    re.I,
)


def last_patient(paper: Paper) -> Iterator[Finding]:
    """Does the follow-up end after the last patient came ("the last patient was treated in ... Follow-up was closed on ...")?"""
    listed = sentences(paper.document)
    for at, sentence in enumerate(listed):
        if sentence.section == "introduction" or (entry := _LAST_IN.search(sentence.text)) is None:
            continue
        passage = [one for one in listed[at : at + REACH] if one.block == sentence.block]
        if any(_TWO_ENTRIES.search(one.text) for one in passage):
            continue
        ends = [(one, m) for one in passage for m in _CLOSED.finditer(one.text, entry.end() if one is sentence else 0)]
        if len(ends) != 1:
            continue
        told, match = ends[0]
        last, end = when(entry["date"]), when(match["date"])
        early = last.after(end)
        yield make(
            "date-order",
            paper.place(*told.span(*match.span())),
            reported=end.text,
            verdict="impossible" if early else "consistent",
            severity="minor" if early else "none",
            message=f"the follow-up ended {end.text}, " + ("before" if early else "not before")
            + f" the last patient ({last.text})",
        )  # fmt: skip


# ---------------------------------------------------------------- the search and the studies it found

_SEARCHED = re.compile(
    rf"\b(?:search\w*|inception|databases?|PubMed|MEDLINE|Embase)\b[^.;]{{0,160}}?\b(?:to|until|till|through|"
    rf"up\s{{1,3}}to|on|in|-|–)\s{{1,3}}(?:the\s{{1,3}}end\s{{1,3}}of\s{{1,3}})?(?P<date>{DATE})",
    re.I,
)
_OF_STUDIES = re.compile(
    rf"\b(?:studies|trials|articles|reports|papers|publications|"
    rf"they)\b[^.;\d]{{0,40}}?\bpublished\s{{1,3}}(?:between|from|"
    rf"in)\s{{1,3}}(?:the\s{{1,3}}years\s{{1,3}})?(?P<first>{DATE})\s{{0,3}}"
    rf"(?:and|to|until|[-–])\s{{0,3}}(?P<last>{DATE})", re.I,
)  # fmt: skip
_ANY_YEAR = re.compile(r"(?<![\d/.])20\d\d(?![\d/])")


def studies_before_search(paper: Paper) -> Iterator[Finding]:
    """Is no included study younger than the search?"""
    ends = [
        when(m["date"])
        for one in sentences_with(paper.document, _SEARCHED)
        for m in _SEARCHED.finditer(one.text)
        if one.section != "introduction"
    ]
    if not ends:
        return
    last = max(ends, key=lambda one: (one.year, one.month or 12))
    for sentence in sentences_with(paper.document, _OF_STUDIES):
        if sentence.section not in ("abstract", "results", "other"):
            continue
        for match in _OF_STUDIES.finditer(sentence.text):
            newest = when(match["last"])
            late = newest.after(last) and newest.year > last.year
            yield make(
                "date-order",
                paper.place(*sentence.span(*match.span())),
                reported=newest.text,
                verdict="impossible" if late else "consistent",
                severity="minor" if late else "none",
                message=f"studies published until {newest.text}, searched until {last.text}",
            )


CHECKS = (submission_dates, follow_up_within_study, length_of_period, last_patient, studies_before_search)
