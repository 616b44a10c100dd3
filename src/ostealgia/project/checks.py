"""What is wrong with the inputs: every typed row, quality table and published interval goes through the audit rules."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ostealgia.audit.finding import Finding, Place, make
from ostealgia.audit.rules import (
    Elsewhere,
    Triplet,
    ci_vs_point,
    double_exponentiation,
    duplicate_interval,
    p_vs_ci,
    percent_vs_count,
    total_vs_parts,
)
from ostealgia.audit.rules.scales import SCALE_OF_MEASURE
from ostealgia.errors import OptionError
from ostealgia.project.model import ClaimSpec, ProjectSpec
from ostealgia.project.printed import counts_of_percent
from ostealgia.project.select import PERCENT
from ostealgia.project.store import APPRAISAL, NUMBERS, RESULTS, Project, Row

AT_LEAST_ZERO = ("n", "events", "person_time", "sd", "std_error")


def check_inputs(project: Project) -> tuple[Finding, ...]:
    """Findings about the typed tables, in the order of their rows; what fits is listed as well."""
    found: list[Finding] = []
    arms: dict[tuple[str, str], set[str]] = defaultdict(set)
    effects: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in project.results:
        arms[row.text("study"), row.text("outcome")].add(row.text("arm"))
        effects[_effect_key(row)].append(row)
    for row in project.results:
        place = place_of(row, with_arm=len(arms[row.text("study"), row.text("outcome")]) > 1)
        same = [other for other in effects[_effect_key(row)] if other.number != row.number]
        found.extend(finding.at(place) for finding in _check_row(project, row, same))
    found.extend(_copied_intervals(project))
    found.extend(_appraisal_totals(project))
    return tuple(found)


OWN_INTERVAL = ("pooled", "estimate", "not-printed")


def check_claims(spec: ProjectSpec) -> tuple[Finding, ...]:
    """Every published pooled estimate against its own interval."""
    found = []
    for claim in spec.claim:
        estimate, low, high = claim.printed
        if estimate is None or low is None or high is None or claim.quantity not in OWN_INTERVAL:
            continue
        place = Place(document="published result", quote=claim.title or claim.id)
        try:
            found.append(ci_vs_point(estimate, low, high, scale=scale_of_claim(spec, claim), place=place))
        except OptionError:  # a triplet that the rule does not take: nothing to say
            continue
    return tuple(found)


def scale_of_claim(spec: ProjectSpec, claim: ClaimSpec) -> str:
    """The scale on which the interval of a claim is symmetric: by its measure, that of its analysis, or its unit."""
    analysis = spec.analysis_of(claim.analysis)
    measure = claim.measure or (analysis.measure if analysis else "")
    if measure.upper() in SCALE_OF_MEASURE:
        return SCALE_OF_MEASURE[measure.upper()]
    return "proportion" if claim.unit == "%" else "difference"


def flagged_rows(findings: Iterable[Finding]) -> dict[int, str]:
    """Rows of ``results.csv`` with a number that cannot be right, and the rule that says so."""
    flags: dict[int, str] = {}
    for finding in findings:
        if (
            finding.document == RESULTS
            and finding.line is not None
            and finding.flagged
            and finding.basis == "arithmetic"
        ):
            flags.setdefault(finding.line, finding.rule)
    return flags


def place_of(row: Row, *, with_arm: bool = False) -> Place:
    """Where a row stands, in words for the report; the arm where the same study and outcome have several."""
    time = f"{row.text('time')} {row.text('time_unit')}".strip()
    parts = (row.text("study"), row.text("outcome"), row.text("arm") if with_arm else "", time)
    return Place(document=RESULTS, line=row.number, quote=", ".join(part for part in parts if part))


def _effect_key(row: Row) -> tuple[str, ...]:
    """What makes two rows state the same effect."""
    return tuple(row.text(name) for name in ("study", "outcome", "measure", "time", "time_unit"))


def _check_row(project: Project, row: Row, same: list[Row]) -> Iterator[Finding]:
    """Findings about one row. same : other rows that state the same effect."""
    yield from _impossible(row)
    measure = row.text("measure")
    if measure.lower() in PERCENT:
        yield from _percent(project, row)
    elif measure.upper() in SCALE_OF_MEASURE:
        yield from _triplet(row, measure.upper(), same)


def _impossible(row: Row) -> Iterator[Finding]:
    """Numbers that no study can have: the row is left out of every analysis that needs them."""
    values = {}
    for column in NUMBERS:
        try:
            values[column] = row.value(column)
        except ValueError as error:
            yield _cannot_be(row, row.text(column), str(error))
    events, n = values.get("events", math.nan), values.get("n", math.nan)
    if events > n:
        yield _cannot_be(row, f"{events:g} of {n:g}", f"{events:g} events in {n:g} patients")
    for column in AT_LEAST_ZERO:
        if values.get(column, 0.0) < 0:
            yield _cannot_be(row, row.text(column), f"{column} is below 0")


def _cannot_be(row: Row, reported: str, message: str) -> Finding:
    return make(
        "scale-bound", place_of(row), reported=reported, verdict="impossible", severity="major", message=message
    )


def _percent(project: Project, row: Row) -> Iterator[Finding]:
    """A printed per cent against its count, or against the sample size alone."""
    percent = row.printed("estimate")
    n, events = row.printed("n"), row.printed("events")
    if percent is None or n is None or n.value <= 0:
        return
    if events is None:
        if not counts_of_percent(percent, int(n.value)):
            yield make(
                "GRIM", place_of(row), reported=percent.text, verdict="impossible", severity="major",
                message=f"no whole number of {n.value:g} patients is {percent.text}%",
            )  # fmt: skip
        return
    if events.value <= n.value:
        yield percent_vs_count(
            int(events.value), percent, int(n.value), neighbours=_neighbours(project, row), place=place_of(row)
        )


def _neighbours(project: Project, row: Row) -> dict[str, int]:
    """n of the studies above and below in ``studies.csv``."""
    names = [study.text("study") for study in project.studies]
    if row.text("study") not in names:
        return {}
    here = names.index(row.text("study"))
    found = {}
    for place in (here - 1, here + 1):
        if 0 <= place < len(names):
            size = project.studies.rows[place].printed("n")
            if size is not None:
                found[f"the neighbouring row, {names[place]}"] = int(size.value)
    return found


def _triplet(row: Row, measure: str, same: list[Row]) -> Iterator[Finding]:
    """An estimate with its interval and P."""
    estimate, low, high, p = (row.printed(name) for name in ("estimate", "ci_low", "ci_high", "p_value"))
    if estimate is None or low is None or high is None:
        return
    scale = SCALE_OF_MEASURE[measure]
    try:
        if scale == "ratio":
            double = double_exponentiation(estimate, low, high, elsewhere=_elsewhere(same), place=place_of(row))
            if double.flagged:
                yield double
        yield ci_vs_point(estimate, low, high, scale=scale, place=place_of(row))
        if p is not None and scale != "proportion":
            yield p_vs_ci(estimate, low, high, p, scale=scale, place=place_of(row))
    except OptionError as error:
        yield make(
            "ci-vs-point", place_of(row), reported=f"{estimate.text} ({low.text} to {high.text})", verdict="impossible",
            severity="major", message=str(error),
        )  # fmt: skip


def _elsewhere(same: list[Row]) -> list[Elsewhere]:
    """The same effect of the same study in other rows."""
    found = []
    for other in same:
        estimate, low, high = (other.printed(name) for name in ("estimate", "ci_low", "ci_high"))
        if estimate is not None:
            found.append(Elsewhere.of(estimate, low, high))
    return found


def _copied_intervals(project: Project) -> Iterator[Finding]:
    """Two rows with one interval."""
    seen: dict[tuple[float, float], list[tuple[Row, Triplet]]] = defaultdict(list)
    for row in project.results:
        estimate, low, high = (row.printed(name) for name in ("estimate", "ci_low", "ci_high"))
        if estimate is None or low is None or high is None:
            continue
        triplet = Triplet.of(estimate, low, high)
        for other, earlier in seen[low.value, high.value]:
            names = (row.text("outcome"), other.text("outcome"))
            if row.text("arm") == other.text("arm") and names[0] != names[1]:
                found = duplicate_interval(triplet, earlier, names=names, place=place_of(row))
                if found is not None:
                    yield found
        seen[low.value, high.value].append((row, triplet))


def _appraisal_totals(project: Project) -> Iterator[Finding]:
    """Where a tool has a row ``total``: do the domains add up to it?"""
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in project.appraisal:
        grouped[row.text("study"), row.text("tool")].append(row)
    for (study, tool), rows in grouped.items():
        total = next((row for row in rows if row.text("domain").lower() == "total"), None)
        parts = [row.printed("judgement") for row in rows if row is not total]
        if total is None or total.printed("judgement") is None or any(part is None for part in parts):
            continue
        place = Place(document=APPRAISAL, line=total.number, quote=f"{study}, {tool}")
        yield total_vs_parts(
            [part for part in parts if part is not None],
            total.text("judgement"),
            what="sum of the domains",
            place=place,
        )
