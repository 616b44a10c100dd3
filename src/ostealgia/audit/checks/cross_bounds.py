"""What the number of patients allows: how narrow an interval can be, what counts say beside an adjusted ratio."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.cross_effects import triplet_of
from ostealgia.audit.checks.cross_facts import parsed
from ostealgia.audit.checks.cross_text import COUNT, loose, once, sentences
from ostealgia.audit.checks.cross_words import spelled, stems
from ostealgia.audit.checks.table_premises import lowered
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import events_bound, log_std_error, precision_bound
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.plausibility import robustness_of_significance
from ostealgia.audit.statements.model import Count, Estimate, Size
from ostealgia.audit.tables.model import Column, Line
from ostealgia.numerics.intervals import Printed

_CONTINUOUS = re.compile(
    r"\b(?:per|each|every|continuous|increases? (?:of|by|in (?:the )?\w+ (?:score|level|count|age))|increment\w*|"
    r"(?:point|year|unit|fold)[- ]increase|"
    r"scores?|levels?|age|bmi|body.mass|weight|doses?|duration|concentrations?|increasing|decreasing|time(?![\s-]{1,3}to\b)|ordinal|shift|proportional.odds|units?|doubling|log(?!-?\s?rank)|trend|weighted|IPTW|propensity|matched|penali[sz]ed|ridge|lasso|robust|sandwich|GEE|"
    r"cluster\w*|generali[sz]ed|million|billion|weights?)\b",
    re.I,
)
_BINARY = re.compile(
    r"\b(?:vs|versus|compared (?:with|to)|than (?:those|patients|in|with)|relative to|group|arm|yes|no)\b", re.I
)
_NUMBERED = re.compile(r"(?<![\w.,/\-])(\d{1,3}(?:,\d{3})+|\d{2,7})\s[a-z]{4,}")
_EVENTS = re.compile(
    r"(?<![\w.,/(%\-])(\d{1,4}) (?:events|deaths|progressions|failures|relapses)\b(?! (?:per|a|of)\b)", re.I
)
GROSS = 1.5  # times the least possible standard error: more than twice the patients would be needed
MORE_EVENTS = 1.1  # times the largest number of patients that is printed
_NOT_SURE = "the model may hold more records than the number of patients that is printed"
_REPEATED = re.compile(
    r"generali[sz]ed\s{1,2}estimating|repeated[\s-]{1,2}measure|multi-?level\s{1,2}(?:model|logistic|regression)|"
    r"mixed[\s-]{1,2}effects?\s{1,2}logistic|case[\s-]{1,2}control|person[\s-]{1,2}years|inverse[\s-]{1,2}probability|firth|"
    r"patient[\s-]{1,2}visits|of\s{1,2}visits",
    re.I,
)
_REVIEW = re.compile(r"\bmeta-?\s?analy|\bsystematic(?:ally)? review|\bpooled\b", re.I)
_ANY_SIZE = loose(
    rf"(?:\bn\s?=\s?({COUNT})\b)|(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,3}}?(?:patients|participants|subjects|individuals|women|men|children|"
    r"cases|lesions|procedures|persons|people|births|admissions|hospitali[sz]ations|visits|eyes|hips|knees|samples|records|tumou?rs)\b"
)


@once
def largest_size(paper: Paper) -> int | None:
    """The largest number of anything counted in the paper's own data; None where there is none or millions are named."""
    own = ("abstract", "methods", "results", "conclusion", "other", "front")
    sizes = [size for size in paper.of_kind(Size) if size.section in own and size.study is None]
    found = [int(shown.value) for size in sizes if (shown := parsed(size.n)) is not None and shown.value < 1e9]
    found += [int(column.n.value) for table in paper.tables for column in table.columns if column.n is not None]
    arms: dict[tuple[int, int], set[int]] = {}  # denominators of one sentence: the groups may be all patients together
    for count in paper.of_kind(Count):
        if count.n is not None and count.cell is None and (shown := parsed(count.n)) is not None:
            arms.setdefault(count.sentence, set()).add(int(min(shown.value, 1e9)))
    found += [sum(sizes) for sizes in arms.values()]
    for sentence in sentences(paper.document):
        if sentence.section not in own:
            continue
        if re.search(r"\b(?:million|billion|thousand)\b", sentence.text, re.I):
            return None
        found += [value for m in _ANY_SIZE.finditer(sentence.text) if (value := spelled(m[1] or m[2])) is not None]
    return max(found, default=None)


@once
def _counted_factors(paper: Paper) -> frozenset[str]:
    """Words of single rows of counts ("Neurological deficit, n (%)") that no other kind of row has: factors with two values."""
    two: set[str] = set()
    other: set[str] = set()
    for table in paper.tables:
        if table.kind != "groups":
            continue
        for line in table.lines:
            single = line.depth == 0 and any("count" in entry.parts for entry in line.entries.values())
            (two if single else other).update(stems(line.label))
    return frozenset(two - other)


def _is_review(paper: Paper) -> bool:
    return _REVIEW.search(paper.document.plain[:4000]) is not None


def bounds_interval(paper: Paper) -> Iterator[Finding]:
    """Can intervals of hazard and odds ratios be that narrow with so many patients?"""
    most = largest_size(paper)
    if most is None or most < 10 or _is_review(paper):
        return
    for statement in paper.of_kind(Estimate):
        triplet = triplet_of(statement)
        if triplet is None or statement.study is not None or statement.cell is not None:
            continue
        if statement.section not in ("abstract", "results"):
            continue
        sentence = paper.document.plain[statement.sentence[0] : statement.sentence[1]]
        named = _BINARY.search(sentence) is not None or bool(
            stems(" ".join(statement.subject)) & _counted_factors(paper)
        )
        binary = named and not _CONTINUOUS.search(sentence)
        yield from _bounded(paper, statement, triplet, most, binary)


def _bounded(paper: Paper, statement: Estimate, triplet: Triplet, most: int, binary: bool) -> Iterator[Finding]:
    level = parsed(statement.ci_level)
    share = 0.95 if level is None or not 50 < level.value < 100 else level.value / 100
    place = paper.place(statement.start, statement.end)
    low, high = triplet.low, triplet.high
    if statement.measure in ("HR", "AHR"):
        events = _events_said(paper, statement)
        found = events_bound(low, high, events=events, n=most, level=share, place=place)
        if events is not None and found.flagged and (found.recomputed or 0) > GROSS**2 * events:
            yield found  # no subgroup, stratum or model has more events than its own sentence counts
            return
    elif statement.measure in ("OR", "AOR"):
        found = precision_bound(low, high, exposed=None, n=most, level=share, place=place)
    else:
        return
    by_unit = (
        statement.measure in ("OR", "AOR") and 0.9 < triplet.estimate.value < 1.1
    )  # of a unit of something measured
    if (binary and not by_unit) or not found.flagged:
        yield found if not found.flagged or _gross(paper, found, low, high, share) else lowered(found, _NOT_SURE)


def _events_said(paper: Paper, statement: Estimate) -> int | None:
    """The number of events that the sentence of an only hazard ratio, or the one behind it, counts; None where it is not one number."""
    start, end = statement.sentence
    alone = [
        one for one in paper.of_kind(Estimate) if one.sentence == statement.sentence and one.measure in ("HR", "AHR")
    ]
    window = paper.document.plain[start : end + 140].split("\n\n")[0]
    found = {int(m[1]) for m in _EVENTS.finditer(window)}
    return found.pop() if len(alone) == 1 and len(found) == 1 else None


@once
def _largest_number(paper: Paper) -> int:
    """The largest whole number with a word behind it in the paper's own sections, but for years."""
    found = [0]
    for sentence in sentences(paper.document):
        if sentence.section in ("abstract", "methods", "results", "front", "other"):
            values = [int(m[1].replace(",", "")) for m in _NUMBERED.finditer(sentence.text)]
            found += [value for value in values if not 1900 <= value <= 2100]
    return max(found)


def _gross(paper: Paper, found: Finding, low: Printed, high: Printed, level: float) -> bool:
    """Whether the interval is far too narrow for any number of patients that the model may hold, once for each patient."""
    if _REPEATED.search(paper.document.plain) is not None or found.recomputed is None:
        return False
    narrow = log_std_error(low, high, level).high
    if narrow <= 0 or _largest_number(paper) >= 4 / narrow**2:
        return False  # as many records as the interval needs may have been counted under another word
    if found.rule == "events-bound":
        return found.recomputed > MORE_EVENTS * (largest_size(paper) or 0)  # nobody has a first event twice
    return GROSS * log_std_error(low, high, level).high < found.recomputed


def bounds_robust(paper: Paper) -> Iterator[Finding]:
    """Would another usual test of the printed counts leave the result on its side of 0.05? Information only."""
    for table in paper.tables:
        columns = [column for column in table.columns if column.role == "group" and column.n is not None]
        if table.kind != "groups" or len(columns) != 2:
            continue
        for line in table.lines:
            yield from _robust(paper, line, columns)


def _robust(paper: Paper, line: Line, columns: list[Column]) -> Iterator[Finding]:
    p = [entry.parts["p_value"] for entry in line.entries.values() if "p_value" in entry.parts]
    counts = []
    for column in columns:
        entry = line.entries.get(column.index)
        events = parsed(entry.parts.get("count")) if entry is not None else None
        size = parsed(column.n)
        if entry is None or events is None or size is None or not 0 <= events.value <= size.value:
            return
        counts.append([int(events.value), int(size.value - events.value)])
    if len(counts) != 2 or not all(sum(pair) for pair in zip(*counts, strict=True)):
        return
    shown = parsed(p[0]) if len(p) == 1 else None
    if shown is None or shown.relation != "=" or not 0.005 < shown.value < 0.2:
        return
    found = robustness_of_significance(counts, shown, place=paper.place(p[0].start, p[0].end))
    if found.severity == "information":
        yield found


CHECKS = (bounds_interval, bounds_robust)
