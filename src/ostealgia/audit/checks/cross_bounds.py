"""What the number of patients allows: how narrow an interval can be, what counts say beside an adjusted ratio."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.cross_effects import triplet_of
from ostealgia.audit.checks.cross_facts import parsed
from ostealgia.audit.checks.cross_text import COUNT, loose, once, sentences
from ostealgia.audit.checks.cross_words import overlap, spelled, stems
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import events_bound, precision_bound
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.direction import adjusted_vs_crude
from ostealgia.audit.rules.plausibility import median_vs_hr, robustness_of_significance
from ostealgia.audit.statements.model import Estimate, Number, Size
from ostealgia.audit.tables.model import Column, Entry, Line, ReadTable
from ostealgia.errors import OptionError

_CONTINUOUS = re.compile(
    r"\b(?:per|each|every|continuous|increases? (?:of|by|in (?:the )?\w+ (?:score|level|count|age))|increment\w*|"
    r"(?:point|year|unit|fold)[- ]increase|"
    r"scores?|levels?|age|bmi|body.mass|weight|doses?|duration|concentrations?|increasing|decreasing|time|ordinal|shift|proportional.odds|units?|doubling|log(?!-?\s?rank)|trend|weighted|IPTW|propensity|matched|penali[sz]ed|ridge|lasso|robust|sandwich|GEE|"
    r"cluster\w*|generali[sz]ed|million|billion|weights?)\b",
    re.I,
)
_BINARY = re.compile(
    r"\b(?:vs|versus|compared (?:with|to)|than (?:those|patients|in|with)|relative to|group|arm|yes|no)\b", re.I
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
        found = events_bound(low, high, n=most, level=share, place=place)
    elif statement.measure in ("OR", "AOR"):
        found = precision_bound(low, high, exposed=None, n=most, level=share, place=place)
    else:
        return
    if binary or not found.flagged:
        yield found


def bounds_crude(paper: Paper) -> Iterator[Finding]:
    """Do the adjusted odds ratios of one table point the same way as the counts of another?"""
    for effects in (table for table in paper.tables if table.kind == "effects"):
        for groups in (table for table in paper.tables if table.kind == "groups"):
            outcome = _outcome_columns(groups)
            if outcome is None or not _same_outcome(paper, effects, groups):
                continue
            for line in effects.lines:
                yield from _crude(paper, effects, line, groups, outcome)


_NEGATED = re.compile(r"^\W*(?:non|no|not|without|un|absence of|failure)[\s\-]*", re.I)


def _outcome_columns(table: ReadTable) -> tuple[Column, Column] | None:
    """The columns with and without the outcome: "Responders", "Non-responders"."""
    columns = [column for column in table.columns if column.role == "group"]
    if len(columns) != 2:
        return None
    for first, second in ((columns[0], columns[1]), (columns[1], columns[0])):
        bare = _NEGATED.sub("", second.group or second.name)
        if _NEGATED.match(second.group or second.name) and stems(bare) & stems(first.group or first.name):
            return first, second
    return None


def _same_outcome(paper: Paper, first: ReadTable, second: ReadTable) -> bool:
    one, two = (stems(paper.document.tables[table.index].caption) for table in (first, second))
    common = {
        "logistic",
        "regression",
        "univariate",
        "univariable",
        "multivariate",
        "multivariable",
        "baseline",
        "characteristic",
    }
    return len((one & two) - common) >= 2


def _crude(
    paper: Paper, effects: ReadTable, line: Line, groups: ReadTable, outcome: tuple[Column, Column]
) -> Iterator[Finding]:
    entry = next(
        (entry for entry in line.entries.values() if {"estimate", "ci_low", "ci_high"} <= set(entry.parts)), None
    )
    if entry is None:
        return
    parts = [parsed(entry.parts[name]) for name in ("estimate", "ci_low", "ci_high")]
    estimate, low, high = parts
    if estimate is None or low is None or high is None or min(estimate.value, low.value) <= 0:
        return
    lines = [other for other in groups.lines if other.depth == 1 and _alike(other.variable, line.label)]
    counted = [(other, cells) for other in lines if (cells := _cells(other, outcome)) is not None]
    if len(counted) != 2:
        return
    exposed = _exposed(paper, effects, line, [other.label for other, _ in counted])
    if exposed is None:
        return
    counts = [list(counted[exposed][1]), list(counted[1 - exposed][1])]
    role = "treatment" if re.search(r"treat|group|arm|interven|regimen", line.label, re.I) else "factor"
    try:
        yield adjusted_vs_crude(
            Triplet(estimate, low, high),
            counts,
            outcome=outcome[0].group or "the outcome",
            role=role,
            place=paper.place(entry.start, entry.end),
        )
    except OptionError:
        return


def _alike(first: str, second: str) -> bool:
    one, two = stems(first), stems(second)
    return bool(one) and overlap(one, two) >= 0.6 and len(one & two) >= min(2, len(one), len(two))


def _cells(line: Line, outcome: tuple[Column, Column]) -> tuple[int, int] | None:
    found = []
    for column in outcome:
        entry = line.entries.get(column.index)
        shown = parsed(entry.parts.get("count")) if entry is not None else None
        if shown is None or shown.value != int(shown.value):
            return None
        found.append(int(shown.value))
    return found[0], found[1]


_CODED = re.compile(r"\b1\s{0,2}=\s{0,2}([^;]{1,80})")


def _exposed(paper: Paper, effects: ReadTable, line: Line, labels: list[str]) -> int | None:
    """Which of two categories is coded 1; None where the row does not say."""
    cells = paper.document.tables[effects.index].cells[line.row]
    words = " ; ".join(paper.document.plain[cell.start : cell.end] for cell in cells)
    named = _CODED.search(words)
    versus = re.search(r"\(([^()]{1,60}?)\s(?:vs\.?|versus)\s", line.label)
    told = named[1] if named else versus[1] if versus else ""
    scores = [overlap(stems(label), stems(told)) for label in labels]
    if max(scores, default=0.0) < 0.8 or scores[0] == scores[1]:
        return None
    return scores.index(max(scores))


_TIMES = loose(
    r"(?<![\w.])(\d{1,3}(?:\.\d+)?)\s?(?:months?|years?|weeks?|days?)?\s?(?:vs\.?|versus|and|compared with)\s?"
    r"(\d{1,3}(?:\.\d+)?)\s?(?:months?|years?|weeks?|days?)\b"
)
_SURVIVAL = re.compile(r"\b(?:surviv\w*|PFS|OS|DFS|EFS|RFS|TTP|time to|median)\b")
REACH = 320  # characters from two medians to their hazard ratio


def bounds_medians(paper: Paper) -> Iterator[Finding]:
    """Do two median times and the hazard ratio beside them tell one story, whichever group comes first?"""
    ratios = [one for one in paper.of_kind(Estimate) if one.measure in ("HR", "AHR") and one.cell is None]
    for sentence in sentences(paper.document):
        if sentence.section not in ("abstract", "results") or not _SURVIVAL.search(sentence.text):
            continue
        for match in _TIMES.finditer(sentence.text):
            start, end = sentence.span(match.start(), match.end())
            after = [one for one in ratios if 0 <= one.start - end <= REACH]
            if after:
                yield from _medians(
                    paper, (sentence.number(match, 1), sentence.number(match, 2)), after[0], (start, end)
                )


_NAMED = loose(
    r"(?<![\w.])(\d{1,3}(?:\.\d+)?)\s(?:months?|years?|weeks?|days?)\s(?:in|for|with)\s(?:the\s)?([^,;().\d]{3,60}?)\s"
    r"(?:and|vs\.?|versus|compared\s(?:with|to)),?\s(\d{1,3}(?:\.\d+)?)\s(?:months?|years?|weeks?|days?)\s(?:in|for|with)\s"
    r"(?:the\s)?([^,;().\d]{3,60}?)\s?(?=[(,;.])"
)
_REFERENCE = re.compile(
    r"\b(?:control|standard|placebo|usual|conventional|alone|no|without|sham|comparator|observation only)\b", re.I
)


def bounds_named_medians(paper: Paper) -> Iterator[Finding]:
    """Has the treated group the longer median where its hazard ratio against the control is below 1?"""
    ratios = [one for one in paper.of_kind(Estimate) if one.measure in ("HR", "AHR") and one.cell is None]
    for sentence in sentences(paper.document):
        if sentence.section not in ("abstract", "results") or not _SURVIVAL.search(sentence.text):
            continue
        for match in _NAMED.finditer(sentence.text):
            treated, control = (_REFERENCE.search(match[i]) is None for i in (2, 4))
            start, end = sentence.span(match.start(), match.end())
            after = [one for one in ratios if 0 <= one.start - end <= REACH // 4]
            if treated and not control and after:
                yield from _medians(
                    paper, (sentence.number(match, 1), sentence.number(match, 3)), after[0], (start, end), known=True
                )


def _medians(
    paper: Paper, medians: tuple[Number, Number], ratio: Estimate, span: tuple[int, int], *, known: bool = False
) -> Iterator[Finding]:
    """known : the first median is that of the group the hazard ratio is about; else either order may be meant."""
    triplet = triplet_of(ratio)
    limits = None if triplet is None else (triplet.low, triplet.high)
    shown = parsed(ratio.estimate)
    if shown is None or shown.value <= 0 or min(number.value for number in medians) <= 0:
        return
    orders = (medians,) if known else (medians, medians[::-1])
    found = [median_vs_hr(a.text, b.text, shown, limits, place=paper.place(*span)) for a, b in orders]
    fitting = next((one for one in found if one.verdict == "consistent"), found[0] if known else None)
    if fitting is not None:
        yield fitting


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


def bounds_adjusted(paper: Paper) -> Iterator[Finding]:
    """Do univariable and multivariable ratio of one row lie on opposite sides of 1, both clearly?"""
    for table in paper.tables:
        if table.kind != "effects":
            continue
        for line in table.lines:
            found = [triplet for entry in line.entries.values() if (triplet := _triplet(entry)) is not None]
            if len(found) == 2:
                yield from _opposite(paper, line, found)


def _triplet(entry: Entry) -> tuple[Entry, Triplet] | None:
    if not {"estimate", "ci_low", "ci_high"} <= set(entry.parts):
        return None
    parts = [parsed(entry.parts[name]) for name in ("estimate", "ci_low", "ci_high")]
    estimate, low, high = parts
    if estimate is None or low is None or high is None or min(estimate.value, low.value) <= 0 or high.value < low.value:
        return None
    return entry, Triplet(estimate, low, high)


def _opposite(paper: Paper, line: Line, found: list[tuple[Entry, Triplet]]) -> Iterator[Finding]:
    (_, crude), (entry, adjusted) = found
    opposite = crude.high.value < 1 < adjusted.low.value or adjusted.high.value < 1 < crude.low.value
    turned = f"{1 / adjusted.estimate.value:.2f}"
    yield make(
        "adjusted-vs-crude",
        paper.place(entry.start, entry.end),
        reported=adjusted.text,
        verdict="inconsistent" if opposite else "consistent",
        severity="major" if opposite else "none",
        basis="judgement",
        message=f"{line.label}: {crude.text} and {adjusted.text}"
        + (" exclude 1 on opposite sides" if opposite else " do not exclude 1 on opposite sides"),
        recomputed=crude.estimate.value,
        cause=Cause(code="reversed-coding", text=f"the reciprocal {turned} points the same way as the other ratio"),
    )


CHECKS = (bounds_interval, bounds_crude, bounds_adjusted, bounds_medians, bounds_named_medians, bounds_robust)
