"""precision-bound and events-bound for a factor that the paper counts, or for the arms of a trial, and in columns of events.

A factor is binary where the paper counts who has it ("anaemia was present in 41 of 90 patients") and the sentence of the ratio has
it as its subject, or the bracket behind it counts it. The patients, or events, that the sentence itself or the paper prints bound
the interval.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.effect_rows import Row, effect_rows
from ostealgia.audit.checks.reading.facts import triplet_of
from ostealgia.audit.checks.reading.largest import counts_repeated, is_gross, largest_number, largest_size
from ostealgia.audit.checks.reading.text import loose, once, sentences_with
from ostealgia.audit.checks.reading.words import stems
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import events_bound, precision_bound
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.statements.model import Estimate
from ostealgia.io.documents import gates
from ostealgia.io.documents.model import PrintedTable

MARGIN = 1.25  # times the events that are printed
SMALL = 0.9, 1.1  # ratios of a unit of something measured
REACH = 220  # characters behind a sentence, or before it, that may count its events
_PEOPLE = r"(?:patients|participants|subjects|women|men|persons|people|children|adults|individuals|residents|cases)"
_COUNTED = (
    loose(
        r"(?:^|[.;,]\s|\b(?:and|while|whereas)\s)(?:the\s|an?\s)?(?P<factor>[a-z][a-z \-]{2,60}?)\s(?:was|were)\s(?:present|recorded|"
        r"found|seen|noted|diagnosed|documented|"
        r"observed|reported|detected|known|identified|used|"
        r"given)\s(?:at\sbaseline\s)?in\s(?P<k>\d{1,6})\s(?:\([\d.]{1,5}\s?%\)\s)?(?:of|out\sof|among)\s(?:the\s|all\s)?(?P<n>\d{2,6})\b"
    ),
    loose(
        rf"\bof\s(?:the\s|all\s|these\s)?(?P<n>\d{{2,6}})\s{_PEOPLE},?\s(?P<k>\d{{1,6}})\s(?:\([\d.]{{1,5}}\s?%\)\s)?(?:had|were|"
        rf"suffered\sfrom|used|received|reported)\s"
        rf"(?:an?\s)?(?P<factor>[a-z][a-z \-]{{2,50}}?)(?=[.,;(]|\sand\b|\sat\b)"
    ),
    loose(
        r"(?:^|[.,;:(]\s?)(?:an?\s|the\s)?(?P<factor>[a-z][a-z \-]{2,50}?)\s?\((?P<k>\d{1,6})\s(?:of|out\sof|/)\s(?:the\s)?(?P<n>\d{2,6})\b"
    ),
)
_SUBJECT = loose(
    r"(?:^|[,;:.]\s|\bthat\s)(?:the\s|an?\s)?(?P<subject>[a-z][a-z \-]{2,60}?)(?:\s(?:at\s(?:baseline|diagnosis|admission|"
    r"entry)))?(?:\s?\([^()]{1,40}\))?\s"
    r"(?:(?:was|were|is|are|remained|carried|had|has|showed|increased|decreased|raised|reduced|predicted|conferred|emerged|doubled|"
    r"proved|lowered)\b|"
    r"(?:independently|significantly|strongly)\s[a-z]+ed\b)"
)
_IN_BRACKET = loose(
    r"[,:;]\s(?:an?\s|the\s)?(?P<subject>[a-z][a-z \-]{2,50}?)\s?\(\d{1,6}\s(?:of|out\sof|/)\s(?:the\s)?\d{2,6}[^()]{0,30}\)"
)
_SEX = re.compile(r"\b(?:male|female)\s(?:sex|gender)\b|^\W*(?:the\s)?(?:women|men)\b", re.I)
_HALVES = loose(  # "a ratio above the median carried", "hazard ratio (A vs B)"
    r"\b(?:above|below|at\sleast|over|under)\s(?:the|its|their)\smedian\b|"
    r"\bratios?\s(?:for\s[a-z ,-]{3,40}\s)?\([^()\d]{2,60}\s(?:vs\.?|versus|v|compared\swith|against)\s[^()\d]{2,60}\)\s"
    r"(?:was|of|=|:|,)?\s?$"
)
_FRACTION = loose(r"(?<![\w.,/])(\d{1,5})\s(?:of|out\sof)\s(?:the\s)?(\d{2,6})\b(?!\s?%)")
_CRUDE = re.compile(r"\bunadjusted|\bcrude\b|\bunivari", re.I)
_EVENT = r"(?:deaths|events|recurrences|relapses|progressions|failures|fractures)"
_EVENTS = loose(
    rf"(?<![\w.,/%\-])(?P<a>\d{{1,5}})\s(?:[a-z\-]+\s)?{_EVENT}\b(?!\sper\b)|(?<![\w.,/%\-])(?P<b>\d{{1,5}})\s(?:(?:of|"
    rf"out\sof)\s(?:the\s)?\d{{1,6}}\s)?"
    rf"(?:{_PEOPLE}\s)?(?:had\s)?(?:died|relapsed|progressed)\b"
)
_BY_ARM = loose(
    rf"{_EVENT}\s?[(,:]\s?\d{{1,5}}\s(?:in|with|on|among)\s[^.;:()\d]{{2,60}}?\s?(?:and|,|vs\.?|versus)\s\d{{1,5}}\s(?:in|with|on|among)\s"
)
_TRIAL = re.compile(r"\brandomi[sz]ed\b", re.I)
_UNNAMED = loose(
    r"\b(?:hazards?\sratios?|HR)\s(?:\([A-Z]{2}\)\s)?(?:for\s(?:death|progression|events?|recurrence|relapse)[a-z ,]{0,30}\s)?(?:was|"
    r"of|=|:|,)?\s?$|"
    r"\b(?:hazards?\sratios?|HR)\s(?:for\s[a-z ,-]{3,40}\s)?\([^()]{2,60}\s(?:vs\.?|versus|v|compared\swith|against)\s[^()]{2,60}\)\s"
    r"(?:was|of|=|:|,)?\s?$"
)
_NOT_PLAIN = re.compile(
    r"(?<!T1-)(?<!T2-)(?<!T1 )(?<!T2 )\bweight(?:ed|ing)\b|\bpropensity|\bIPTW\b|\bmatched\b|penali[sz]ed|\bridge\b|\blasso\b|"
    r"\brobust\s(?:standard|variance|error|estimat|sandwich)|"
    r"sandwich|\bclustered\b|\bGEE\b|generali[sz]ed\s(?:estimating|linear|mixed)|\bmixed[\s-](?:effects?|models?|logistic|cox)|"
    r"multilevel|recurrent\sevents?\smodel|bayes|firth|"
    r"bootstrap|mendelian|\bperson-years",
    re.I,
)
_REVIEW = re.compile(r"\bmeta-?\s?analy|\bsystematic(?:ally)?\sreview|\bpooled\b", re.I)
FRONT = 4000  # characters in which a paper says that it is a review
OTHERS = ("introduction", "discussion", "conclusion", "references", "back")  # where it speaks of other papers, too
_DENIED = re.compile(
    r"\bun(?:weighted|matched|penali[sz]ed|clustered)\b|\bnon-?(?:robust|clustered|weighted)\b|"
    r"\b(?:no|not|without)\s(?:any\s)?(?:\w+\s)?(?:weight\w*|match\w*|penali\w+|imput\w+|robust\w*|cluster\w*|bootstrap\w*)",
    re.I,
)
_UNITS = re.compile(
    r"\b(?:per|each|every|increase(?:s)?\s(?:of|in)|unit|continuous|log)\b|\d\s?(?:mg|ml|kg|years?|points?|dB|mm)\b",
    re.I,
)
_EMPTY = stems("patients group presence present baseline status factor variable history being having independent")
_EVENTS_HEAD = re.compile(
    r"^\W*(?:(?:no\.?|number|n|total)\W{0,2}(?:of\s)?)?(?:events?|deaths?)\b(?P<of>\W{1,4}(?:(?:no\.?|number)\W{0,2}(?:of\s)?)?(?:n|"
    r"patients|total)\b)?",
    re.I,
)
_WHOLE = re.compile(r"\s*(\d{1,6})(?:\s?/\s?\d{1,6})?\s*(?:\(\s?\d{1,3}(?:\.\d+)?\s?%?\s?\))?\s*$")
_TREATED = re.compile(
    r"\btreatment\seffect|\beffect\sof\s(?:the\s)?(?:treatment|intervention)|\bversus\b|\bvs\b|compared\swith|\brandomi[sz]ed|"
    r"\barms?\b|sub-?groups?",
    re.I,
)


def counted_factors(paper: Paper) -> Iterator[Finding]:
    """Can the ratio of a factor that the paper counts have so narrow an interval?"""
    if largest_size(paper) is None:
        return
    logistic = "ogistic" in paper.document.plain
    for one in paper.of_kind(Estimate):
        if (
            one.cell is not None
            or one.study is not None
            or one.section not in ("abstract", "results", "other")
            or one.measure is None
        ):
            continue
        triplet = triplet_of(one)
        if triplet is None or SMALL[0] < triplet.estimate.value < SMALL[1]:
            continue
        if one.measure not in ("OR", "AOR", "HR", "AHR") or counts_repeated(paper) or _plain_denied(paper):
            continue
        if one.measure in ("OR", "AOR") and logistic:
            yield from _odds(paper, one, triplet)
        elif one.measure in ("HR", "AHR"):
            yield from _hazard(paper, one, triplet)


@once
def _plain_denied(paper: Paper) -> bool:
    """Whether the paper names weights, penalties, robust errors or a model with several records a patient, or is a review."""
    plain, blocks = paper.document.plain, paper.document.blocks
    if gates.may_match(_NOT_PLAIN, plain) and _NOT_PLAIN.search(_DENIED.sub(" ", plain)) is not None:
        return True
    return any(
        _REVIEW.search(plain, one.start, min(one.end, FRONT))
        for one in blocks
        if one.start < FRONT and one.section not in OTHERS
    )


@once
def _shares(paper: Paper) -> dict[frozenset[str], set[tuple[int, int]]]:
    """Stems of a factor -> those who have it, and all, by the paper's own sentences."""
    found: dict[frozenset[str], set[tuple[int, int]]] = {}
    for sentence in sentences_with(paper.document, *_COUNTED, _RECORDED):
        if sentence.section not in ("abstract", "methods", "results", "other"):
            continue
        for pattern in _COUNTED:
            for match in pattern.finditer(sentence.text):
                factor, k, n = stems(match["factor"]) - _EMPTY, int(match["k"]), int(match["n"])
                if factor and 0 < k < n:
                    found.setdefault(factor, set()).add((k, n))
        told = loose_share(sentence.text)
        if told is not None:
            found.setdefault(told[0], set()).add(told[1:])
    return found


_RECORDED = loose(
    rf"^\W*(?:the\s|an?\s)?(?P<factor>[a-z][a-z \-]{{2,60}}?)\s(?:was|"
    rf"were)\s[a-z]+(?:\sat\sbaseline)?\sin\s(?P<k>\d{{1,6}})\s\([\d.]{{1,5}}\s?%\)\sof\s(?:the\s|all\s)?"
    rf"(?P<n>\d{{2,6}})\s{_PEOPLE}"
)


def loose_share(text: str) -> tuple[frozenset[str], int, int] | None:
    """A factor with its share, "diabetes was recorded in 61 (24.4%) of the 250 participants"."""
    match = _RECORDED.search(text)
    if match is None or not 0 < int(match["k"]) < int(match["n"]):
        return None
    factor = stems(match["factor"]) - _EMPTY
    return (factor, int(match["k"]), int(match["n"])) if factor else None


def _share(paper: Paper, one: Estimate) -> tuple[int, int] | None:
    """Those with the factor and all patients, where the subject of the ratio's sentence is a factor that the paper counts once."""
    start = one.sentence[0]
    before = [e.end for e in paper.of_kind(Estimate) if one.sentence[0] <= e.end <= one.start]
    words = paper.document.plain[max([start, *before]) : one.estimate.start]
    named = [*_SUBJECT.finditer(words), *_IN_BRACKET.finditer(words)]
    if (
        not named
        or _UNITS.search(words[named[-1].start() :])
        or _UNITS.search(paper.document.plain[one.estimate.end : one.end])
        or _UNITS.search(paper.document.plain[one.end : min(one.end + 40, one.sentence[1])])
    ):
        return None
    subject = stems(named[-1]["subject"]) - _EMPTY
    shares = _shares(paper)
    known = {
        share
        for factor, listed in shares.items()
        if subject and subject <= factor and len(factor - subject) <= 2
        for share in listed
    }
    return known.pop() if len(known) == 1 else None


def _two_fractions(paper: Paper, one: Estimate, triplet: Triplet) -> tuple[int, int] | None:
    """The first of two groups and both, where an unadjusted ratio is that of the two fractions told before it."""
    plain = paper.document.plain
    near = plain[max(0, one.sentence[0] - REACH) : one.estimate.start].rpartition("\n\n")[2]
    counts = [(int(m[1]), int(m[2])) for m in _FRACTION.finditer(near)]
    if len(counts) != 2 or not _CRUDE.search(near) or any(not 0 < k < n for k, n in counts):
        return None
    (a, m), (b, n) = counts
    ratio = a * (n - b) / (b * (m - a))
    fits = any(triplet.estimate.fits(value) for value in (ratio, 1 / ratio))
    return (m, m + n) if fits else None


def _odds(paper: Paper, one: Estimate, triplet: Triplet) -> Iterator[Finding]:
    share = _share(paper, one) or _two_fractions(paper, one, triplet)
    if share is None:
        return
    found = precision_bound(
        triplet.low, triplet.high, exposed=share[0], n=share[1], place=paper.place(one.start, one.end)
    )
    most = max(share[1], largest_size(paper) or 0)
    if not found.flagged or (most <= share[1] and is_gross(paper, found, triplet.low, triplet.high, 0.95, share[1])):
        yield found


def _hazard(paper: Paper, one: Estimate, triplet: Triplet) -> Iterator[Finding]:
    plain = paper.document.plain
    before = plain[one.sentence[0] : one.estimate.start]
    alone = sum(e.sentence == one.sentence and e.measure in ("HR", "AHR") for e in paper.of_kind(Estimate)) == 1
    near = plain[max(0, one.sentence[0] - REACH) : one.estimate.start].rpartition("\n\n")[2]
    binary = (
        _share(paper, one) is not None
        or _SEX.search(before) is not None
        or _HALVES.search(before.rstrip("( ") + " ") is not None
        or (_BY_ARM.search(near) and _UNNAMED.search(before.rstrip("( ") + " "))
    )
    if not alone or not (binary or (_TRIAL.search(plain) and _UNNAMED.search(before.rstrip("( ") + " "))):
        return
    if _UNITS.search(before) or _UNITS.search(plain[one.estimate.end : one.end]):
        return
    events, n = _events(paper, one), largest_size(paper)
    if n is None:
        return
    found = events_bound(triplet.low, triplet.high, events=events, n=n, place=paper.place(one.start, one.end))
    needed = found.recomputed or 0.0
    if not found.flagged or (needed > MARGIN * (events or n) and largest_number(paper) < needed):
        yield found


def _events(paper: Paper, one: Estimate) -> int | None:
    """The most events that the sentences around a ratio count."""
    block = paper.document.block_at(one.sentence[0])
    if block is None:
        return None
    text = paper.document.plain[
        max(block.start, one.sentence[0] - REACH) : min(block.end, one.sentence[1] + REACH // 2)
    ]
    return max((int(match["a"] or match["b"]) for match in _EVENTS.finditer(text)), default=None)


def columns_of_events(paper: Paper) -> Iterator[Finding]:
    """Can the hazard ratio of two arms be so narrow with the events of its own row?"""
    if counts_repeated(paper):
        return
    rows: dict[int, list[Row]] = {}
    for row in effect_rows(paper):
        if row.measure == "HR" and row.triplet is not None and row.wald and row.table.kind == "effects":
            rows.setdefault(row.table.index, []).append(row)
    for index, listed in rows.items():
        printed = paper.document.tables[index]
        column = _events_column(printed)
        heads = " ".join((printed.caption, printed.note, *(printed.column_name(c) for c in range(printed.n_columns))))
        if (
            column is None
            or not _TREATED.search(heads)
            or _NOT_PLAIN.search(_DENIED.sub(" ", heads))
            or _UNITS.search(heads)
        ):
            continue
        found = [one for row in listed if (one := _row_bound(row, printed, column)) is not None]
        off = sum(one.flagged for one in found)
        if off <= max(1, len(found) // 2):
            most = largest_number(paper) if off > len(found) - off else 0  # the other rows say what the column holds
            yield from (one for one in found if not one.flagged or most < (one.recomputed or 0.0))


def _events_column(printed: PrintedTable) -> int | None:
    """The one column that holds the events of both arms."""
    named = [column for column in range(printed.n_columns) if _EVENTS_HEAD.match(printed.column_name(column))]
    return named[0] if len(named) == 1 else None


def _row_bound(row: Row, printed: PrintedTable, column: int) -> Finding | None:
    cells = printed.cells[row.line.row] if row.line.row < len(printed.cells) else ()
    match = _WHOLE.match(cells[column].text) if column < len(cells) else None
    triplet = row.triplet
    if match is None or triplet is None or int(match[1]) < 1 or not 0 < triplet.low.value < triplet.high.value:
        return None
    found = events_bound(triplet.low, triplet.high, events=int(match[1]), level=row.level, place=row.place)
    return found if not found.flagged or (found.recomputed or 0.0) > MARGIN * int(match[1]) else None


CHECKS = (counted_factors, columns_of_events)
