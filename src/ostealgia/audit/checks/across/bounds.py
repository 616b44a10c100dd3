"""What the number of patients allows: how narrow an interval can be, what counts say beside an adjusted ratio."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.across.effects import GENERIC
from ostealgia.audit.checks.reading.facts import parsed, triplet_of
from ostealgia.audit.checks.reading.largest import GROSS, NOT_SURE, counts_repeated, is_gross, largest_size
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.reading.text import loose, once, sentences_with
from ostealgia.audit.checks.reading.words import stems
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import events_bound, precision_bound
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.plausibility import robustness_of_significance
from ostealgia.audit.statements.model import Estimate
from ostealgia.audit.tables.model import Column, Line

_CONTINUOUS = re.compile(
    r"\b(?:per|each|every|continuous|increases? (?:of|by|in (?:the )?\w+ (?:score|level|count|age))|increment\w*|"
    r"(?:point|year|unit|fold)[- ]increase|"
    r"scores?|levels?|age|bmi|body.mass|weight|doses?|duration|concentrations?|increasing|decreasing|time(?![\s-]{1,3}to\b)|ordinal|shift|proportional.odds|units?|doubling|log(?!-?\s?rank)|trend|weighted|IPTW|propensity|matched|penali[sz]ed|ridge|lasso|robust|sandwich|GEE|"
    r"cluster\w*|generali[sz]ed|million|billion|weights?)\b",
    re.I,
)
# two kinds of patients, in the words that lead to an estimate; what is "higher" in one of them is measured, not counted
_BINARY = re.compile(
    r"\b(?:vs|versus|compared (?:with|to|against)|than)\b|\bcomparing\s{1,3}[^.;()\d]{3,60}?\s(?:with|to|and|against)\s|"
    r"\b(?:treatment|intervention|control|study|experimental|placebo)[\s-]{1,2}"
    r"(?:group|arm)\b",
    re.I,
)
_MEASURED = re.compile(
    r"\b(?:higher|lower|elevated|increased|decreased|reduced|greater|raised|longer|shorter|larger|smaller|older|younger)"
    r"\s{1,3}(?!(?:\w+\s{1,3}){0,2}?(?:risks?|odds|hazards?|rates?|likel\w+|chances?|probabilit\w+|incidence|mortality|prevalence|frequen\w+|"
    r"than|favou?rable|common|deaths?|survival)\b)",
    re.I,
)
_OUTCOME_FIRST = re.compile(
    r"^\W{0,3}(?:and\s)?(?:as\s)?(?:compared|relative)\b|\b(?:relative|compared)\s{1,3}(?:to|with)\s{1,3}no\b", re.I
)
_EVENTS = re.compile(
    r"(?<![\w.,/%\-])(\d{1,4})\s{1,2}(?:(?:events|deaths|progressions|failures|relapses)\b(?!\s{1,2}(?:per|a|of)\b)|"
    r"(?:of\s{1,2}(?:the\s{1,2})?\d{1,5}\s{1,2})?(?:patients|participants|women|men)\s{1,2}(?:had\s{1,2})?died\b)",
    re.I,
)
# "(HR 0.52, 95% CI 0.44-0.61) for the one group versus the other", "9.7 months in the one group and 4.9 months in the other (HR ..."
_BEHIND = re.compile(
    r"[\s)\],;]{0,4}(?:for|in|with)\s{1,3}(?:the\s{1,3})?[^.;()]{2,60}?\s(?:vs\.?|versus|compared\s{1,3}(?:with|to)|relative\s{1,3}to|than)\s",
    re.I,
)
_TWO_TIMES = re.compile(
    r"\d\s?(?:months?|years?|weeks?|days?)\b[^.;()]{0,60}\b(?:and|versus|vs\.?)\s{1,3}\d{1,4}(?:\.\d+)?\s?(?:months?|years?|weeks?|days?)\b"
    r"[^;)]{0,60}$",
    re.I,
)
JOINED = 12  # characters after an estimate
# "Male sex was associated with death (HR 1.67": a factor that has two values, alone before its ratio
_SUBJECT = re.compile(
    r"(?:^|[.;:)]\s{0,2})(?:in\s[a-z]{1,20}\s[a-z]{1,20},\s)?(?:the\s)?(?:male|female)\s(?:sex|gender)\s(?![^()]{0,90}\b(?:and|per|each|by)\b)"
    r"[^,;()\d]{1,90}\(?[^()\d]{0,30}$",
    re.I,
)
# a factor that is there or not, right before its ratio or behind it: "for opioid use at baseline", "a score of 80 or more"
_THERE_OR_NOT = (
    r"(?:(?:female|male)\s(?:sex|gender)|[a-z\-]+\s(?:use|primary|location)(?:\sat\sbaseline)?|use\sof\s[a-z\- ]{3,30}|"
    r"(?:presence|absence|history)\sof\s[a-z\- ]{3,40}|"
    r"(?:[a-z]+\s){0,2}(?:metasta[st][ei]s|metastases|lesions|fractures?|diabetes|hypertension)|"
    r"(?:[a-z]+\s){0,4}of\s\d+(?:\.\d+)?\s?(?:years\s|points\s|%\s)?(?:or|and)\s(?:more|older|over|above|higher|less|younger|below|lower)|"
    r"(?:[a-z]+\s){0,2}[≥≤<>]\s?\d+(?:\.\d+)?(?:\s(?:years|points))?)"
)
_CUT = loose(
    r"(?:[a-z]+\s){0,4}of\s\d+(?:\.\d+)?\s?(?:years\s|points\s|%\s)?(?:or|and)\s(?:more|older|over|above|higher|less|younger|below|lower)"
)
_FACTOR_BEHIND = loose(rf"[\s)\],;]{{0,4}}(?:for|of|with)\s(?:an?\s|the\s)?{_THERE_OR_NOT}\s?(?:[.,;)(]|in\s|on\s|$)")
_FACTOR_BEFORE = loose(
    rf"(?:^|[.;:,)]\s|\b(?:for|of|with|in)\s|\bbaseline\s)(?:an?\s|the\s)?{_THERE_OR_NOT},?\s?(?:(?:was|were|had|has|is)\b[^.;()\d]{{0,90}})?[(\[,]?\s?$"
)
_DEATHS = re.compile(
    r"(?<![\w.,/(%\-])(\d{1,4}) deaths (?:in|among|of) (?:the |all |these )?(\d{2,6}) (?:patients|participants|subjects|women|men)\b",
    re.I,
)
_ASIDE = re.compile(r"\([^()]{0,60}\)")
_RATIO_NAME = re.compile(
    r"[(\[,;:]?\s{0,2}(?:(?:an?|the|with|adjusted|estimated)\s{1,2}){0,3}(?:a?OR|a?HR|a?RR|(?:odds|hazards?)\s{1,2}ratio)\s{0,2}(?:\([A-Za-z]{2,4}\)\s{0,2})?"
    r"(?:for\s{1,2}[a-z ]{3,40}|of\s{1,2}(?=$))?\s{0,2}(?:of|was|is|[=:,])?\s{0,2}$",
    re.I,
)
_LOGISTIC = re.compile(r"\blogistic\b", re.I)
BESIDE = 60  # characters before a number of events that name its model
_SURVIVAL_MODEL = re.compile(r"\bCox\b|\bhazard|\bsurviv", re.I)
_OF_DEATH = re.compile(r"\b(?:deaths?|mortality|died|overall survival)\b", re.I)
ALL_EVENTS = 1.25  # times the deaths of all patients
BEFORE = 200  # characters of the sentence before, which may count the events
REACH = 90  # characters from a comparison to its ratio
_REVIEW = re.compile(r"\bmeta-?\s?analy|\bsystematic(?:ally)? review|\bpooled\b", re.I)
_ELSEWHERE = re.compile(r"[,;:)]|\b(?:but|predict\w*|while|whereas)\b", re.I)
NEAR = 50  # characters before an estimate that say what it is of
FRONT = 4000  # characters of a paper in which it says what it is
OTHERS = ("introduction", "discussion", "conclusion", "references", "back")  # where it speaks of other papers, too
# "130 deaths (48 in the one group and 82 in the other; HR", "60 of 105 patients in the one group and 81 of 103 in the other had died (HR"
_TWO_COUNTS = loose(
    r"(?<![\d.,])(?P<a>\d{1,5})(?:(?:\s?/\s?|\sof\s(?:the\s)?)\d{1,6})?(?:\s[a-z]+){0,2}?\s(?:in|with|on|among|after|receiving)\s[^.;:()\d]{2,60}?\s"
    r"(?:and|versus|vs\.?|compared\swith|against)\s(?P<b>\d{1,5})(?:(?:\s?/\s?|\sof\s(?:the\s)?)\d{1,6})?(?:\s[a-z]+){0,2}?\s"
    r"(?:in|with|on|among|after|receiving)\s[^.;:()\d]{2,60}?[,;(]{1,2}\s?[^.;()\d]{0,30}$"
)


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
    """Whether the paper says of itself, where it begins, that it pools studies: not where it speaks of others."""
    document = paper.document
    begins = [block for block in document.blocks if block.start < FRONT and block.section not in OTHERS]
    return any(_REVIEW.search(document.plain, block.start, min(block.end, FRONT)) is not None for block in begins)


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
        if _of_two_values(paper, statement):
            yield from _bounded(paper, statement, triplet, most)


_WITH = re.compile(r"\bwith ([^.;()]{1,60}?) than (?:in |for |among )?(?:those|patients|others)\b", re.I)
_SCORED = re.compile(r"\b(?:NRS|VAS|scores?|scale|index|intensity|rating)\b", re.I)
_CUT_OFF = re.compile(
    r"\d|[<>≤≥]|\b(?:high|higher|low|lower|severe|moderate|mild|poor|good|above|below|more|less)\b", re.I
)


def _of_two_values(paper: Paper, statement: Estimate) -> bool:
    """Whether the words of this very estimate compare two kinds of patients, or name a factor that a table counts."""
    plain = paper.document.plain
    sentence = plain[statement.sentence[0] : statement.sentence[1]]
    if _CONTINUOUS.search(_CUT.sub(" ", sentence)):
        return False
    before = [one.end for one in paper.of_kind(Estimate) if statement.sentence[0] <= one.end <= statement.start]
    clause = plain[max([statement.sentence[0], *before]) : statement.estimate.start]
    if _MEASURED.search(clause[-NEAR:]):
        return False  # "non-responders had a higher ratio of cells (OR 1.21)"
    measured = _WITH.search(clause)
    if measured and _SCORED.search(measured[1]) and not _CUT_OFF.search(measured[1]):
        return False  # "lower in patients with pain, NRS than in those without"
    subject = stems(" ".join(statement.subject)) - GENERIC
    if subject and subject <= _counted_factors(paper):
        return True
    if _SUBJECT.search(clause) or _there_or_not(plain, statement, clause):
        return True
    if _BEHIND.match(plain, statement.end) or _TWO_TIMES.search(clause) or _TWO_COUNTS.search(clause):
        return True
    named = list(_BINARY.finditer(clause))
    if before and named and named[0].start() < JOINED:
        return False  # it joins two estimates: "(HR 1.12, ...) versus the control group (HR 1.10, ...)"
    between = (
        clause[named[-1].end() :].partition("(")[0] if named else ""
    )  # "than those with three or fewer lesions (adjusted OR"
    return (
        bool(named) and len(between) <= REACH and not _ELSEWHERE.search(between) and not _OUTCOME_FIRST.search(clause)
    )


def _there_or_not(plain: str, statement: Estimate, clause: str) -> bool:
    """Whether the ratio is that of a factor that a patient has or has not."""
    words = clause[: clause.rfind("(")] if clause.rstrip()[-8:].find("(") >= 0 else clause
    named = _RATIO_NAME.sub("", _ASIDE.sub(" ", words))
    behind = (statement.end, statement.estimate.end)  # "0.79 for opioid use (95% CI 0.70-0.88)"
    return any(_FACTOR_BEHIND.match(plain, end) for end in behind) or _FACTOR_BEFORE.search(named) is not None


def _bounded(paper: Paper, statement: Estimate, triplet: Triplet, most: int) -> Iterator[Finding]:
    level = parsed(statement.ci_level)
    share = 0.95 if level is None or not 50 < level.value < 100 else level.value / 100
    place = paper.place(statement.start, statement.end)
    low, high = triplet.low, triplet.high
    if statement.measure in ("HR", "AHR"):
        events = _events_said(paper, statement)
        deaths = _all_deaths(paper)
        if (
            deaths is not None
            and deaths[1] == most
            and _OF_DEATH.search(paper.document.plain[slice(*statement.sentence)])
        ):
            found = events_bound(low, high, events=deaths[0], level=share, place=place)
            if found.flagged and (found.recomputed or 0) > ALL_EVENTS * deaths[0] and not counts_repeated(paper):
                yield found
                return
        found = events_bound(low, high, events=events, n=most, level=share, place=place)
        if events is not None and found.flagged and (found.recomputed or 0) > GROSS**2 * events:
            yield found  # no subgroup, stratum or model has more events than its own sentence counts
            return
    elif statement.measure in ("OR", "AOR"):
        found = precision_bound(low, high, exposed=None, n=most, level=share, place=place)
    else:
        return
    if statement.measure in ("OR", "AOR") and 0.9 < triplet.estimate.value < 1.1:
        return  # of a unit of something measured
    yield found if not found.flagged or is_gross(paper, found, low, high, share, most) else lowered(found, NOT_SURE)


def _events_said(paper: Paper, statement: Estimate) -> int | None:
    """The number of events that the sentence of an only hazard ratio, or the one behind it, counts; None where it is not one number."""
    start, end = statement.sentence
    alone = [
        one for one in paper.of_kind(Estimate) if one.sentence == statement.sentence and one.measure in ("HR", "AHR")
    ]
    plain = paper.document.plain
    both = _TWO_COUNTS.search(plain, start, statement.estimate.start)
    if both is not None and len(alone) == 1 and _OF_DEATH.search(plain, start, end):
        return int(both["a"]) + int(both["b"])
    window = plain[start : end + 140].split("\n\n")[0]
    found = {
        int(m[1])
        for m in _EVENTS.finditer(window)
        if not _LOGISTIC.search(window, max(0, m.start() - BESIDE), m.start())
    }
    block = paper.document.block_at(start)
    if not found and block is not None:
        before = plain[max(block.start, start - BEFORE) : start].rstrip().rpartition(". ")[2]
        deaths = _OF_DEATH.search(before) is not None
        same = _OF_DEATH.search(plain, start, end) is not None if deaths else _SURVIVAL_MODEL.search(before) is not None
        found = {int(m[1]) for m in _EVENTS.finditer(before)} if same else found
    return found.pop() if len(alone) == 1 and len(found) == 1 else None


@once
def _all_deaths(paper: Paper) -> tuple[int, int] | None:
    """Deaths of how many patients, where the paper's own sentences count them once and for all."""
    own = ("abstract", "results")
    found = {
        (int(m[1]), int(m[2]))
        for sentence in sentences_with(paper.document, _DEATHS)
        if sentence.section in own
        for m in _DEATHS.finditer(sentence.text)
    }
    return found.pop() if len(found) == 1 else None


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
