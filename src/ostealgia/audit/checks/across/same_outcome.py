"""cross-reference: one outcome's ratio in the text and in its row of a table; one pool's studies, patients and ratio at two places.

Certain only where both places are of the same thing and nothing else: the words before the ratio are those of the row (and of the
groups), and the two intervals are equally wide on the log scale, as another model's or another outcome's hardly are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.checks.across.effects import GENERIC, RATIOS
from ostealgia.audit.checks.reading.facts import triplet_of
from ostealgia.audit.checks.reading.figures import family
from ostealgia.audit.checks.reading.nouns import PERSONS
from ostealgia.audit.checks.reading.text import COUNT, COUNT_PATTERN, Sentence, loose, once, sentences_with
from ostealgia.audit.checks.reading.told import OWN_RESULTS
from ostealgia.audit.checks.reading.words import spelled, stems
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.statements.model import Estimate, Number

SAME_WIDTH = 0.01  # relative, beyond the rounding of the limits
TURNED = 0.03  # log: a ratio and that of the exchanged groups, both rounded, have a product of about 1
BEHIND = 90  # characters behind a ratio that may name its model or its patients
_FREE = GENERIC | stems(
    """hr rr aor ahr irr shown achieved achieve recorded occurred was were had expressed confidence interval estimate estimated rate rates
    arm treatment treated respectively same table given presented obtained primary endpoint secondary background
    objective methods conclusion"""
)
_OTHER = re.compile(
    r"\badjust|\bmultivari|\bunivari|\bsubgroup|\bmodel|\bsensitivity|\binteraction|\bper.protocol|\bintention|\bpropensity|\bmatch(?:ed|ing)\b|"
    r"\bweight|\bcluster|\bGEE\b|generali[sz]ed|\bimput|\bBayes|\bsafety\b|\bpopulation\b|\bper\s1|"
    r"\bexclud|\bamong\b|\bonly\b|\bfixed|\bcrude|\bet al\b|\bupdated?\b|\binterim",
    re.I,
)
_AGAINST = re.compile(r"\b(?:vs\b|versus|against|relative to|compared|reference|taken as)", re.I)


@dataclass(frozen=True, eq=False)
class _RowOf:
    """A row of a table of groups with one ratio. words : of its label."""

    words: frozenset[str]
    groups: frozenset[str]
    ratio: Estimate
    table: int


@once
def _rows(paper: Paper) -> tuple[_RowOf, ...]:
    """The rows whose cell prints its ratio with its name, "OR 2.62 (1.32 to 5.21)"."""
    ratios: dict[tuple[int, int], list[Estimate]] = {}
    for one in paper.of_kind(Estimate):
        if one.cell is not None and one.measure in RATIOS and triplet_of(one) is not None:
            ratios.setdefault((one.cell.table, one.cell.row), []).append(one)
    found: list[_RowOf] = []
    for (index, row), listed in ratios.items():
        if len(listed) != 1 or index >= len(paper.document.tables):
            continue
        printed = paper.document.tables[index]
        label = stems(re.split(r"[,(]", printed.cells[row][0].text)[0])
        groups = frozenset().union(*(stems(printed.column_name(column)) for column in range(1, printed.n_columns)))
        if label:
            found.append(_RowOf(label, groups, listed[0], index))
    return tuple(found)


def ratios_of_rows(paper: Paper) -> Iterator[Finding]:
    """Is the ratio of an outcome in the text the one of the outcome's row?"""
    rows = _rows(paper)
    if not rows:
        return
    told: dict[int, list[Estimate]] = {}
    for one, words in _told(paper):
        about = [
            i
            for i, row in enumerate(rows)
            if row.words == words - (row.groups - row.words) and _kind(row.ratio) == _kind(one)
        ]
        if len(about) == 1 and not any(_value(row.ratio) == _value(one) for row in rows):
            told.setdefault(about[0], []).append(one)
    for index, listed in told.items():
        row = rows[index]
        label = paper.document.tables[row.table].label or "the table"
        if len(listed) > 1 and len({_value(one) for one in listed}) == 1:  # the text agrees with itself
            where = f"the text, lines {' and '.join(str(paper.document.line(one.start)) for one in listed[:2])}"
            yield from _differ(paper, row.ratio, listed[0], where)
            continue
        for one in listed:
            yield from _differ(paper, one, row.ratio, f"{label}, line {paper.document.line(row.ratio.start)}")


def _value(one: Estimate) -> tuple[str, float]:
    return _kind(one), one.estimate.value


def _told(paper: Paper) -> Iterator[tuple[Estimate, frozenset[str]]]:
    """The ratios of running text with the words before them, up to the ratio before; only the paper's own, of all patients."""
    ends: dict[tuple[int, int], int] = {}
    for one in paper.of_kind(Estimate):
        if one.cell is not None:
            continue
        start = ends.get(one.sentence, one.sentence[0])
        ends[one.sentence] = one.end
        clause = paper.document.plain[start : one.estimate.start]
        behind = re.split(r"[.;](?:\s|$)|,\s|\band\b|\d", paper.document.plain[one.end : one.end + BEHIND])
        if one.study is not None or one.section not in OWN_RESULTS or one.measure not in RATIOS or len(clause) > 400:
            continue
        if _OTHER.search(clause) is None and not any(_OTHER.search(words) for words in behind[:2]):
            yield one, stems(clause) - _FREE


def _kind(one: Estimate) -> str:
    return family(one.measure)


def _differ(paper: Paper, one: Estimate, other: Estimate, where: str) -> Iterator[Finding]:
    """Two prints of one ratio, where neither the ratios nor the limits are within rounding of each other."""
    first, second = triplet_of(one), triplet_of(other)
    if first is None or second is None or not _same_width(first, second):
        return
    if first.estimate.interval().overlaps(second.estimate.interval()):
        return
    turned = abs(math.log(first.estimate.value * second.estimate.value)) <= TURNED
    if turned and _AGAINST.search(paper.document.plain[max(0, one.start - BEHIND) : one.end]):
        return  # the groups the other way round
    sides = (first.estimate.value > 1) != (second.estimate.value > 1)
    yield cross_reference(
        one.estimate.text,
        other.estimate.text,
        what=f"{one.measure} of the same outcome ({where})",
        severity="conclusion-changing" if sides else "major",
        place=paper.place(one.start, one.end),
    )


def _same_width(first: Triplet, second: Triplet) -> bool:
    """Whether two intervals of ratios are equally wide on the log scale, as far as their places after the point tell."""
    widths = []
    for one in (first, second):
        if min(one.low.value, one.high.value, one.estimate.value) <= 0:
            return False
        boxes = one.low.interval().clip(1e-9, math.inf).log(), one.high.interval().clip(1e-9, math.inf).log()
        widths.append((boxes[1].low - boxes[0].high, boxes[1].high - boxes[0].low))
    (a, b), (c, d) = widths
    return a * (1 - SAME_WIDTH) <= d and c * (1 - SAME_WIDTH) <= b


# ---------------------------------------------------------------- pools

_STUDIES = rf"(?<![\w.,\-])(?P<studies>{COUNT})\s(?:[a-z\-]+\s){{0,2}}?(?:studies|trials|RCTs|cohorts)"
_PEOPLE = rf"(?<![\w.,\-])(?P<people>{COUNT})\s(?:[a-z\-]+\s){{0,2}}?{PERSONS}\b"
_POOL = loose(rf"{_STUDIES}\s?(?:\(|with|comprising|including|involving|,)\s?(?:a\stotal\sof\s|n\s=\s)?{_PEOPLE}")
_OF_POOLS = stems(
    "pooled analysed analyzed included total analysis contributed trials participants subjects meta-analysis random effects"
)
NEAR = 160  # characters from the patients to the ratio


@dataclass(frozen=True, eq=False)
class _Pool:
    """Studies, patients and ratio of a pool at one place."""

    studies: Number
    people: Number
    ratio: Estimate
    words: frozenset[str]
    section: str
    beside: frozenset[int]  # the other numbers of its sentence, as of those who were analysed


def pools_restated(paper: Paper) -> Iterator[Finding]:
    """Are the studies, the patients and the ratio of a pool of the abstract those of the results, where two of them are?"""
    pools = list(_pools(paper))
    here = [pool for pool in pools if pool.section == "abstract"]
    there = [pool for pool in pools if pool.section in ("results", "other")]
    for one in here:
        alike = [other for other in there if _kind(one.ratio) == _kind(other.ratio) and sum(_equal(one, other)) >= 2]
        once_here = len(alike) == 1 and sum(sum(_equal(pool, alike[0])) >= 2 for pool in here) == 1
        if once_here and not (_counts_of(alike[0]) & one.beside or _counts_of(one) & alike[0].beside):
            yield from _restated(paper, one, alike[0])


def _equal(one: _Pool, other: _Pool) -> tuple[bool, bool, bool]:
    return (
        spelled(one.studies.text) == spelled(other.studies.text),
        spelled(one.people.text) == spelled(other.people.text),
        _limits(one.ratio) == _limits(other.ratio),
    )


def _counts_of(pool: _Pool) -> set[int | None]:
    return {spelled(pool.studies.text), spelled(pool.people.text)}


def _limits(one: Estimate) -> tuple[float, ...]:
    return tuple(number.value for number in (one.estimate, one.ci_low, one.ci_high) if number is not None)


def _restated(paper: Paper, one: _Pool, other: _Pool) -> Iterator[Finding]:
    studies, people, ratio = _equal(one, other)
    where = f"the results, line {paper.document.line(other.people.start)}"
    if studies and people and not ratio:
        if one.words & other.words:
            yield from _differ(paper, one.ratio, other.ratio, where)
        return
    if studies and people:
        return
    mine, theirs = (one.studies, other.studies) if not studies else (one.people, other.people)
    yield cross_reference(
        str(spelled(mine.text)),
        str(spelled(theirs.text)),
        what=f"{'studies' if not studies else 'patients'} of the same pool ({where})",
        severity="minor",
        exact=True,
        place=paper.place(mine.start, mine.end),
    )


def _pools(paper: Paper) -> Iterator[_Pool]:
    ratios = [
        one for one in paper.of_kind(Estimate) if one.cell is None and one.measure in RATIOS and one.study is None
    ]
    for sentence in sentences_with(paper.document, _POOL):
        if sentence.section not in ("abstract", "results", "other"):
            continue
        matches = list(_POOL.finditer(sentence.text))
        if len(matches) != 1 or _OTHER.search(sentence.text):
            continue
        people = sentence.number(matches[0], "people")
        near = [one for one in ratios if 0 < one.start - people.end <= NEAR and triplet_of(one) is not None]
        if near and not _another_pool(paper, sentence, near[0]):
            words = frozenset(word for word in sentence.words - _FREE - _OF_POOLS if spelled(word) is None)
            used = {matches[0].start("studies"), matches[0].start("people")}
            others = (m for m in COUNT_PATTERN.finditer(sentence.text) if m.start(1) not in used)
            beside = frozenset(value for m in others if (value := spelled(m[1])) is not None and value > 1)
            yield _Pool(sentence.number(matches[0], "studies"), people, near[0], words, sentence.section, beside)


def _another_pool(paper: Paper, sentence: Sentence, ratio: Estimate) -> bool:
    """Whether other studies are counted between the sentence of a pool and the ratio."""
    between = paper.document.plain[sentence.end : ratio.start]
    return ratio.start > sentence.end and re.search(r"\b(?:studies|trials|patients|\d+)\b", between) is not None


CHECKS = (ratios_of_rows, pools_restated)
