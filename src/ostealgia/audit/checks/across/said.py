"""Ratios of the text against those of a table, or of the results against the abstract: one effect, two sets of numbers.

Other models, outcomes and subgroups give other ratios of the same factor, so three things have to agree before two prints are
taken for one effect: the factor and the outcome in words, the measure, and the width of the interval on the log scale (with P,
where both are printed). A typing error, or numbers of an earlier analysis, leave that width as it is.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostealgia.audit.checks.across.effects import RATIOS
from ostealgia.audit.checks.reading.effect_rows import effect_rows
from ostealgia.audit.checks.reading.facts import sentence_words, triplet_of
from ostealgia.audit.checks.reading.figures import family
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.reading.words import at_odds, overlap, stems
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.statements.model import Estimate
from ostealgia.numerics.intervals import Printed

NEAR_WIDTH = 0.05  # two widths of one interval, on the log scale
NEAR = 120  # characters before a ratio that say of whom, and when, it is
MOST = 400  # ratios of a paper that are looked at
OUTCOME = 0.6  # share of the words of a table's outcome that the sentence says
_CRUDE = re.compile(r"\b(?:un-?adjusted|crude|uni-?vari\w*|bivari\w*)\b", re.I)
_OTHER = re.compile(
    r"\b(?:subgroup|sub-group|sensitivity|stratif\w*|restrict\w*|exclud\w*|excluding|interaction|per-protocol|intention|imput\w*|"
    r"weighted|matched|model [0-9A-Z]\b|among (?:men|women|patients|those)|secondary)\b",
    re.I,
)
_PLAIN = """logistic regression cox univariate univariable multivariate multivariable bivariate model adjusted unadjusted crude odds
    hazard risk ratio factor predictor predicting predict determinant variable analyses association independent final
    estimate effect effects confidence interval proportional outcome assessed using for"""
PLAIN = stems(_PLAIN)


@dataclass(frozen=True)
class Place:
    """One print of a ratio. words : all that it may be about.  where : for a message."""

    triplet: Triplet
    measure: str
    p: Printed | None
    where: str


@dataclass(frozen=True)
class Row(Place):
    """A row of a table of ratios. label : stems of the factor.  outcome : stems of what the table is about."""

    label: frozenset[str]
    outcome: frozenset[str]
    key: tuple[int, int]


def said_in_table(paper: Paper) -> Iterator[Finding]:
    """Is the ratio of a sentence that of the table's row on the same factor?"""
    rows = _rows(paper)
    if not rows:
        return
    told = list(_told(paper))
    for one in told:
        triplet = triplet_of(one)
        words = _words(paper, one)
        about = [row for row in rows if row.label <= words and row.measure == family(one.measure)]
        longest = max((len(row.label) for row in about), default=0)
        about = [row for row in about if len(row.label) == longest and _outcome_said(paper, one, row)]
        if triplet is None or len({row.key for row in about}) != 1 or _is_other(paper, one):
            continue
        if any(_partnered(told, one, row.triplet) for row in about):
            continue
        yield from _compared(paper, one, triplet, about)


def said_in_results(paper: Paper) -> Iterator[Finding]:
    """Is the ratio of the abstract that of the results on the same factor?"""
    told = list(_told(paper))
    common = _common(paper, told)
    results: dict[frozenset[str], list[Estimate]] = {}
    for one in told:
        if one.section == "results" and not _is_other(paper, one):
            results.setdefault(_own(paper, one, common), []).append(one)
    for one in told:
        own, triplet = _own(paper, one, common), triplet_of(one)
        twins = [twin for twin in results.get(own, ()) if family(twin.measure) == family(one.measure)]
        if one.section != "abstract" or not own or triplet is None or len(twins) != 1 or _is_other(paper, one):
            continue
        if _stands_in_results(told, one, triplet):
            continue  # the print that is the same is its partner
        other = triplet_of(twins[0])
        both = (paper.document.plain[max(it.sentence[0], it.start - NEAR) : it.end] for it in (one, twins[0]))
        if other is not None and not _partnered(told, one, other) and not at_odds(*both):
            where = f"the results, line {paper.document.line(twins[0].start)}"
            p = twins[0].p_value.printed if twins[0].p_value is not None else None
            yield from _compared(paper, one, triplet, [Place(other, family(one.measure), p, where)])


def _compared(paper: Paper, one: Estimate, triplet: Triplet, places: Sequence[Place]) -> Iterator[Finding]:
    """A print against those of the other place: equal to one of them, or unlike all and as wide as one."""
    if any(_equal(triplet, place.triplet) for place in places):
        return  # told by the numbers, one by one
    p = one.p_value.printed if one.p_value is not None else None
    for place in places:
        if not _same_width(triplet, place.triplet) or not _same_p(p, place.p) or _turned(triplet, place.triplet):
            continue
        other = place.triplet
        flips = (triplet.estimate.value > 1) != (other.estimate.value > 1)
        yield make(
            "cross-reference",
            paper.place(one.start, one.end),
            reported=triplet.text,
            verdict="inconsistent",
            severity="conclusion-changing" if flips or _excludes(triplet) != _excludes(other) else "major",
            message=f"{one.measure} of the same factor: {triplet.text} here, {other.text} in {place.where}",
            recomputed=other.estimate.value,
            values=other.estimate.interval(),
        )
        return


def _partnered(told: Sequence[Estimate], one: Estimate, other: Triplet) -> bool:
    """Whether the section prints the other ratio, too: then each of the two has its own partner ("left ...", "right ...")."""
    triplets = (triplet_of(twin) for twin in told if twin is not one and twin.section == one.section)
    return any(twin is not None and _equal(twin, other) for twin in triplets)


def _stands_in_results(told: Sequence[Estimate], one: Estimate, triplet: Triplet) -> bool:
    """Whether the results print a ratio of the abstract as it is."""
    others = (
        triplet_of(other)
        for other in told
        if other.section == "results" and family(other.measure) == family(one.measure)
    )
    return any(other is not None and _equal(other, triplet) for other in others)


def _excludes(triplet: Triplet) -> bool:
    return triplet.low.value > 1 or triplet.high.value < 1


def _equal(first: Triplet, second: Triplet) -> bool:
    """The estimate, or both limits, are the same as far as the places of the shorter print tell."""
    same = [a.allows(b.interval()) for a, b in zip(first.parts, second.parts, strict=True)]
    return same[0] or all(same[1:])


def _turned(first: Triplet, second: Triplet) -> bool:
    """The reciprocal: the other category is the reference."""
    return first.estimate.interval().overlaps(second.estimate.interval().clip(1e-300, math.inf).reciprocal())


def _same_width(first: Triplet, second: Triplet) -> bool:
    widths = [math.log(one.high.value / one.low.value) for one in (first, second)]
    loose = sum(part.unit / part.value for one in (first, second) for part in (one.low, one.high)) / 2
    return abs(widths[0] - widths[1]) < NEAR_WIDTH * widths[1] + loose and loose < 0.25 * widths[1]


def _same_p(first: Printed | None, second: Printed | None) -> bool:
    if first is None or second is None:
        return True
    return first.interval().overlaps(second.interval()) and (first.relation == second.relation)


def _told(paper: Paper) -> Iterator[Estimate]:
    """The ratios with intervals of abstract, results and conclusion that no other study is named for."""
    count = 0
    for one in paper.of_kind(Estimate):
        if one.cell is not None or one.study is not None or one.section not in ("abstract", "results", "conclusion"):
            continue
        if family(one.measure) in RATIOS and not one.percent and triplet_of(one) is not None:
            count += 1
            if count > MOST:
                return
            yield one


def _is_other(paper: Paper, one: Estimate) -> bool:
    """Words of another analysis: crude where the table may be adjusted, a subgroup, a sensitivity analysis."""
    text = paper.document.plain[max(one.sentence[0], one.start - 300) : one.end]
    return _CRUDE.search(text) is not None or _OTHER.search(text) is not None


def _words(paper: Paper, one: Estimate) -> frozenset[str]:
    """The words of the clause; of the sentence up to the ratio, where it has no other ratio."""
    clause = stems(" ".join(one.subject))
    alone = _in_sentence(paper)[one.sentence] == 1
    return clause | stems(paper.document.plain[one.sentence[0] : one.start][-1200:]) if alone else clause


@once
def _in_sentence(paper: Paper) -> Counter[tuple[int, int]]:
    """How many ratios each sentence prints."""
    return Counter(one.sentence for one in paper.of_kind(Estimate) if family(one.measure) in RATIOS)


def _outcome_said(paper: Paper, one: Estimate, row: Row) -> bool:
    return bool(row.outcome) and overlap(row.outcome, sentence_words(paper, one.sentence)) >= OUTCOME


def _rows(paper: Paper) -> list[Row]:
    """Rows of tables of ratios whose factor is a word of its own."""
    found: list[Row] = []
    for row in effect_rows(paper):
        triplet = row.triplet
        if triplet is None or row.table.kind != "effects" or family(row.measure) not in RATIOS or not row.wald:
            continue
        if not 0 < triplet.low.value < triplet.high.value or triplet.estimate.value <= 0 or row.line.depth:
            continue
        label = stems(row.line.label) - PLAIN
        printed = paper.document.tables[row.table.index]
        outcome = stems(printed.caption) - PLAIN - label
        if not label:
            continue
        where = f"{printed.label or 'a table'}, line {paper.document.line(row.entry.start)}"
        key = row.table.index, row.line.row
        measure = family(row.measure)
        found.append(Row(triplet, measure, row.printed("p_value"), where, label, outcome, key))
    return found


def _common(paper: Paper, told: Sequence[Estimate]) -> frozenset[str]:
    """Words that half of the ratios stand with: the outcome, not the factor."""
    words = {(one.section, one.start): _words(paper, one) for one in told}
    seen = Counter(word for own in words.values() for word in own)
    return frozenset(word for word, count in seen.items() if count > max(2, 0.5 * len(words))) | PLAIN


def _own(paper: Paper, one: Estimate, common: frozenset[str]) -> frozenset[str]:
    """The words of the factor: those of the clause that are not of the outcome or of the way it is told."""
    return _words(paper, one) - common - VERBS


VERBS = stems(
    """associated association carried higher lower increased decreased greater reduced across conclusion background
    independently significantly strongly showed had were was compared with those than"""
)

CHECKS = (said_in_table, said_in_results)
