"""A row's own ratio or difference against the two arms printed beside it.

A printed estimate may be adjusted. It is held against its arms only where other estimates of its column are exactly those of
their arms, none of the words about the table speak of adjustment, and it is further off than an adjustment would carry it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.columns import looks_like_study
from ostealgia.audit.checks.reading.effect_rows import Row, effect_rows
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.reading.two_arms import (
    PROPORTION,
    RATIOS,
    Arm,
    Given,
    arms_of_groups,
    arms_of_means,
    arms_of_studies,
    given,
)
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.tables.model import ReadTable
from ostealgia.numerics.intervals import Printed

FAMILY = {"WMD": "MD", "CRUDE OR": "OR"}
NAMES = {"OR": "odds ratio", "RR": "risk ratio", "RD": "risk difference", "MD": "mean difference",
         "SMD": "standardised mean difference", PROPORTION: "proportion"}  # fmt: skip
MANY = 3  # rows of a column that are those of their arms
FAR, FURTHER, FURTHEST = (
    1.0,
    1.5,
    3.0,
)  # standard errors beyond what an adjustment may do; the others in a paper that adjusts
OF_STUDIES = 0.5  # the same in a table of studies
UNITS, SHARE = 3.0, 0.08  # units of the last place, and share of the value, that are always forgiven
_ADJUSTED = re.compile(
    r"\badjust|\ba(?:OR|RR|HR|MD)\b|ancova|covari|mixed|regress|multivari|least[\s-]squares|\bLS\b|\bGEE\b|generali[sz]ed|propensity|"
    r"weighted|match(?:ed|ing)|imput|change|controll(?:ed|ing) for|stratifi|cluster|bayes|bootstrap|marginal|estimated mean|peto",
    re.I,
)
_CRUDE = re.compile(r"\b(?:crude|un-?adjusted|univaria\w+)\b", re.I)
_REFERENCE = re.compile(r"^\W*(?:ref(?:erence)?\.?|1(?:\.0+)?|1(?:\.0+)?\s?\(ref\w*\.?\))\W*$", re.I)


@dataclass(frozen=True)
class Told:
    """An estimate with the arms of its row, and whether it is what they give."""

    row: Row
    estimate: Printed
    arms: tuple[Arm, ...]
    options: tuple[Given, ...]  # by the definition and direction of the column
    fits: bool
    otherwise: bool  # it would fit in another direction, or as the ratio of those without the event


def table_row_effects(paper: Paper) -> Iterator[Finding]:
    """Does the ratio or difference of each row follow from the two arms printed beside it?"""
    columns: dict[tuple[int, int], list[Row]] = {}
    for row in effect_rows(paper):
        columns.setdefault((row.table.index, row.column.index), []).append(row)
    for rows in columns.values():
        measure = _measure(rows)
        if measure:
            yield from _column(paper, rows, measure)


def _measure(rows: Sequence[Row]) -> str:
    """The measure of a column; a proportion where an only arm stands beside a nameless percentage."""
    named = {FAMILY.get(row.measure or "", row.measure or "") for row in rows}
    measure = named.pop() if len(named) == 1 else "?"
    return measure if measure in NAMES else PROPORTION if not measure else ""


def _column(paper: Paper, rows: Sequence[Row], measure: str) -> Iterator[Finding]:
    table, first = rows[0].table, rows[0]
    words = f"{first.note} {first.column.name}"
    crude = _CRUDE.search(words) is not None
    if (_ADJUSTED.search(_CRUDE.sub("", words)) and not crude) or _has_references(paper, first):
        return
    told = _best_direction(_with_arms(paper, table, rows, measure), measure)
    fits = [one for one in told if one.fits]
    off = [one for one in told if not one.fits and not one.otherwise]
    studies = table.kind == "studies"
    far = _threshold(paper, len(fits), len(off), studies, crude)
    for one in told:
        if one.fits:
            yield _finding(one, measure, studies, "consistent")
        elif one in off and far is not None and _apart(one, measure) > far:
            yield _finding(one, measure, studies, "inconsistent")


def _threshold(paper: Paper, fits: int, off: int, studies: bool, crude: bool) -> float | None:
    """How far off an estimate has to be before it is told; None where too few others are those of their arms."""
    if studies:
        return OF_STUDIES if fits >= max(2, 2 * off) else None
    if fits >= max(MANY, 2 * off):
        return FURTHER if _adjusts(paper) and not crude else FAR
    if fits >= max(1, off) and (crude or not _adjusts(paper)):
        return FAR
    return FURTHEST if fits >= max(2, 2 * off) else None


@once
def _adjusts(paper: Paper) -> bool:
    return _ADJUSTED.search(paper.document.plain) is not None


def _has_references(paper: Paper, row: Row) -> bool:
    """Whether some rows are a reference: then the ratios are of categories, not of the rows' own arms."""
    printed = paper.document.tables[row.table.index]
    return any(_REFERENCE.match(line[row.column.index].text) for line in printed.body)


def _with_arms(
    paper: Paper, table: ReadTable, rows: Sequence[Row], measure: str
) -> list[tuple[Row, Printed, tuple[Arm, ...]]]:
    studies = table.kind == "studies"
    of_rows = arms_of_studies(table) if studies else {}
    groups = [column for column in table.columns if column.role == "group" and column.n is not None]
    found: list[tuple[Row, Printed, tuple[Arm, ...]]] = []
    for row in rows:
        estimate = row.printed("estimate")
        if estimate is None or estimate.relation != "=" or row.line.depth:
            continue
        if studies:
            arms = of_rows.get(row.line.row, ()) if looks_like_study(row.line.label) else ()
        else:
            arms = arms_of_groups(row.line, groups) if len(groups) == 2 and table.kind == "groups" else ()
            arms = arms or arms_of_means(paper.document.tables[table.index], row.line.row)
        if len(arms) == (1 if measure == PROPORTION else 2):
            found.append((row, estimate, arms))
    return found


def _best_direction(listed: Sequence[tuple[Row, Printed, tuple[Arm, ...]]], measure: str) -> list[Told]:
    """The estimates with what their arms give, in the direction in which most of them fit."""
    best: list[Told] = []
    for turn in _ways(measure):
        told = []
        for row, estimate, arms in listed:
            options = tuple(given(measure, turn(arms)))
            if options:
                others = [g for other in _ways(measure) for g in given(measure, other(arms))]
                fits = _fits(estimate, options)
                told.append(Told(row, estimate, arms, options, fits, not fits and _fits(estimate, others)))
        if sum(one.fits for one in told) > sum(one.fits for one in best) or not best:
            best = told
    return best


def _ways(measure: str) -> list[Callable[[Sequence[Arm]], Sequence[Arm]]]:
    """The arms as printed, exchanged, and those without the event: an odds ratio may be of any of them."""

    def straight(arms: Sequence[Arm]) -> Sequence[Arm]:
        return arms

    def turned(arms: Sequence[Arm]) -> Sequence[Arm]:
        return tuple(reversed(arms))

    def without(arms: Sequence[Arm]) -> Sequence[Arm]:
        return tuple(Arm(arm.n, count=None if arm.count is None else arm.n - arm.count) for arm in arms)

    if measure == PROPORTION:
        return [straight, without]
    ways = [straight, turned]
    return [*ways, lambda arms: without(arms), lambda arms: without(turned(arms))] if measure in RATIOS else ways


def _fits(estimate: Printed, options: Sequence[Given]) -> bool:
    """Whether the print is one of the values, but for a unit of its last place."""
    return any(
        estimate.allows(option.box)
        or min(abs(estimate.value - end) for end in (option.box.low, option.box.high, option.value))
        <= 1.01 * estimate.unit
        for option in options
    )


def _apart(one: Told, measure: str) -> float:
    """Standard errors between the print and the nearest value of its arms; 0 within a few units of the last place."""
    return min(_distance(one.estimate, option, measure) for option in one.options)


def _distance(estimate: Printed, option: Given, measure: str) -> float:
    ends = (option.box.low, option.box.high)
    if option.box.contains(estimate.value):
        return 0.0
    near = min(ends, key=lambda end: abs(end - estimate.value))
    if abs(estimate.value - near) <= max(UNITS * estimate.unit, SHARE * abs(near) if measure in RATIOS else 0.0):
        return 0.0
    if option.std_error <= 0:
        return 0.0
    if measure in RATIOS:
        return abs(math.log(estimate.value / near)) / option.std_error if estimate.value > 0 else math.inf
    return abs(estimate.value - near) / option.std_error


def _finding(one: Told, measure: str, studies: bool, verdict: str) -> Finding:
    nearest = min(one.options, key=lambda option: _distance(one.estimate, option, measure))
    if verdict == "inconsistent" and measure not in ("RD", PROPORTION):
        nearest = one.options[0]
    triplet = one.row.triplet
    places = max(one.estimate.decimals, 0)
    low, high = nearest.limits(measure in RATIOS)
    shown = (
        f"{nearest.value:.{places}f} ({low:.{places}f} to {high:.{places}f})"
        if triplet
        else f"{nearest.value:.{places}f}"
    )
    arms = " and ".join(arm.text for arm in one.arms)
    reported = triplet.text if triplet is not None else one.estimate.text
    wrong = verdict == "inconsistent"
    limits = triplet is not None and _limits_fit(triplet.low, low) and _limits_fit(triplet.high, high)
    repair = one.estimate.like(nearest.value) if limits or triplet is None else shown
    return make(
        "pooled-vs-studies" if studies else "ci-vs-point",
        one.row.place,
        reported=reported,
        verdict=verdict,
        severity="major" if wrong else "none",
        message=f"{arms} {'give' if len(one.arms) > 1 else 'gives'} {_article(measure)} of {shown}"
        + (f"; printed {reported}" if wrong else ""),
        recomputed=nearest.value,
        values=nearest.box,
        cause=(slip(one.estimate, nearest.value) or Cause(repair=repair)) if wrong else None,
    )


def _article(measure: str) -> str:
    return f"{'an' if NAMES[measure][0] in 'aeiou' else 'a'} {NAMES[measure]}"


def _limits_fit(printed: Printed, value: float) -> bool:
    return abs(printed.value - value) <= 2 * printed.unit + 0.02 * abs(value)


CHECKS = (table_row_effects,)
