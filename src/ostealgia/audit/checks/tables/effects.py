"""Tables of estimates: interval against point, P against interval, counts against crude odds ratios, precision."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.effect_rows import Row, effect_rows
from ostealgia.audit.checks.reading.interval_company import (
    HIGH_FIRST,
    STRONG,
    UNKNOWN,
    Reading,
    least_shown,
    misfit,
    of_another_estimate,
    one_slip,
    weighed,
    with_likely_slip,
)
from ostealgia.audit.checks.reading.largest import NOT_SURE, is_gross
from ostealgia.audit.checks.reading.premises import doubtful, lowered
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import precision_bound
from ostealgia.audit.rules.confidence import Triplet, ci_vs_point
from ostealgia.audit.rules.counts import p_values_of
from ostealgia.audit.rules.p_values import p_vs_ci, p_vs_statistic
from ostealgia.audit.rules.totals import duplicate_interval
from ostealgia.audit.tables.headers import folded, label_key
from ostealgia.audit.tables.model import Entry, Line
from ostealgia.audit.tables.view import Block, blocks, count, number, variables
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Printed, as_interval

_CONSTANT = re.compile(r"\b(?:intercept|constant)\b", re.IGNORECASE)
_NO_SCALE = "many intervals of this column do not fit their estimates: they may be of another scale or method"
_NO_P = "many P values of this column do not fit the intervals: they may be of another comparison"
_NO_SIZE = (
    "many intervals are too narrow for these counts: the model may hold more patients than the table that gives them"
)
_OF_ANOTHER_TEST = re.compile(
    r"interact|\bp ?-?int\b|heterogen|\bhet\b|trend|between|overall|global|log-?\s?rank", re.IGNORECASE
)
_NOTE_OF_P = re.compile(
    r"(?<![A-Za-z])P(?:[ -]?values?)?\s(?:of|for|from|is|are|by)\b[^.;]{0,50}"
    r"(?:interact|heterogen|trend|log-?\s?rank|chi|\bQ[- ]|between|likelihood|wald tests? for)",
    re.IGNORECASE,
)
_HETEROGENEITY = re.compile(r"\bI\s?[²2]|heterogen|\bQ\b|\btau", re.IGNORECASE)
FEW_FIT = 2  # P values that fit their intervals before one that does not is told
MOST_FIT = 3  # P values that fit their intervals before those beside an I2 are taken for P of the estimates
_TWO = "the P may be of the comparison with the estimate before it"
AS_OTHERS = 2  # other rows of a column with limits high first that make it a way of writing
MIXED = 2  # ratios below zero that say a column holds differences too
_CONTINUOUS = re.compile(r"\bper\b|continuous|increase|increment|each|log\b|unit|\byears?\b|score|mean", re.IGNORECASE)


def table_intervals(paper: Paper) -> Iterator[Finding]:
    """Point and interval of every estimate, and P against the interval."""
    rows = effect_rows(paper)
    columns: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        columns.setdefault((row.table.index, row.column.index), []).append(row)
    for column in columns.values():
        found: list[Finding] = []
        readings: dict[Finding, Reading] = {}
        mixed = sum(_below_zero(row) for row in column) >= MIXED
        for row in column:
            triplet = row.triplet
            if (
                triplet is None
                or (row.scale == "ratio" and (mixed or _of_means(row)))
                or _ratio_among_differences(row, triplet)
            ):
                continue
            first = _centre(row, triplet)
            if first is not None and first.flagged and of_another_estimate(row, triplet, rows):
                continue
            if first is not None:
                where = (row.table.index, row.column.index)
                coefficient, p = row.measure in ("B", None), row.printed("p_value")
                reading = Reading(
                    triplet, where, row.scale or UNKNOWN, coefficient=coefficient, p_value=p, level=row.level
                )
                first = weighed(paper, first, reading)
                found.append(_high_first(_copied(first, row, rows), row, triplet))
                readings[found[-1]] = reading
            apart = first is not None and misfit(first)  # then a misfit of P says nothing more
            of_p = [f for f in _p_value(row, triplet) if not (apart and misfit(f))]
            found += (lowered(f, _TWO) if _beside_another(row) else f for f in of_p)
        around = " ".join(one.name for one in column[0].table.columns)
        least = MOST_FIT if _HETEROGENEITY.search(around) else FEW_FIT
        told = _ordinary_p(doubtful(found, "ci-vs-point", _NO_SCALE, settled=one_slip), least)
        yield from (with_likely_slip(one, readings[one]) if one in readings else one for one in told)


def _high_first(found: Finding, row: Row, triplet: Triplet) -> Finding:
    """A difference in the middle of limits printed high first, as its column prints others: a way of writing, no wrong number."""
    if not found.flagged or row.scale != "difference" or triplet.low.value <= triplet.high.value:
        return found
    turned = ci_vs_point(triplet.estimate, triplet.high, triplet.low, scale=row.scale, level=row.level, place=row.place)
    others = [
        one
        for line in row.table.lines
        if (one := line.entries.get(row.column.index)) is not row.entry and one is not None
    ]
    alike = sum(_descends(one) for one in others)
    return lowered(found, HIGH_FIRST) if not turned.flagged and alike >= AS_OTHERS else found


def _descends(entry: Entry) -> bool:
    low, high = entry.parts.get("ci_low"), entry.parts.get("ci_high")
    return low is not None and high is not None and low.value > high.value


def _ordinary_p(found: list[Finding], least: int) -> list[Finding]:
    """The findings of a column; a P that its interval does not give is told where most of the other P, and so many, are given."""
    of_p = [f for f in found if f.rule == "p-vs-ci"]
    off = sum(misfit(f) for f in of_p)
    if len(of_p) - off >= STRONG * (off - 1) and len(of_p) - off >= least:
        return found
    doubted = [f for f in found if f.rule != "p-vs-ci" or misfit(f)]  # what fits says as little
    return [lowered(f, _NO_P) if f.rule == "p-vs-ci" else f for f in doubted]


def _beside_another(row: Row) -> bool:
    """Whether an estimate with an interval but without a P stands before it: this P may compare the two."""
    others = [entry for entry in row.line.entries.values() if entry is not row.entry and "ci_low" in entry.parts]
    return any("p_value" not in entry.parts and entry.start < row.entry.start for entry in others)


def _ratio_among_differences(row: Row, triplet: Triplet) -> bool:
    """Whether an interval in a column of differences is one of a ratio: it fits on the log scale and on no other."""
    if row.scale != "difference" or triplet.low.value <= 0:
        return False
    tried = [
        ci_vs_point(triplet.estimate, triplet.low, triplet.high, scale=name, level=row.level)
        for name in ("difference", "ratio")
    ]
    return tried[0].flagged and not tried[1].flagged


def _of_means(row: Row) -> bool:
    """Whether the groups of the row have means: the estimate beside them is their difference, whatever the column is called."""
    return any({"mean", "sd"} <= entry.parts.keys() for entry in row.line.entries.values())


def _below_zero(row: Row) -> bool:
    """Whether a ratio is printed below zero: its column then holds differences too."""
    estimate, low = row.printed("estimate"), row.printed("ci_low")
    return row.scale == "ratio" and any(part is not None and part.value < 0 for part in (estimate, low))


def _centre(row: Row, triplet: Triplet) -> Finding | None:
    if row.scale is not None and row.wald:
        return ci_vs_point(
            triplet.estimate, triplet.low, triplet.high, scale=row.scale, level=row.level, place=row.place
        )
    if row.scale is not None:
        found = ci_vs_point(
            triplet.estimate, triplet.low, triplet.high, scale=row.scale, level=row.level, place=row.place
        )
        if not found.flagged:
            return found
    if triplet.low.value <= triplet.high.value and triplet.estimate.interval().overlaps(_span(triplet)):
        return None if row.scale else _inside(row, triplet)
    return ci_vs_point(triplet.estimate, triplet.low, triplet.high, scale="difference", place=row.place)


def _inside(row: Row, triplet: Triplet) -> Finding:
    """What is certain of an interval whose scale is not named: the estimate lies in it."""
    low, high = triplet.low, triplet.high
    return make(
        "ci-vs-point",
        row.place,
        reported=triplet.text,
        verdict="consistent",
        message=f"{triplet.estimate.text} lies in its interval {low.text} to {high.text}",
        values=Interval(low.value, high.value),
    )


def _span(triplet: Triplet) -> Interval:
    return Interval(triplet.low.interval().low, triplet.high.interval().high)


def _copied(check: Finding, row: Row, rows: Sequence[Row]) -> Finding:
    """Where the interval is that of another row of the table: say so."""
    triplet = row.triplet
    if not check.flagged or check.cause_code == "double-exponentiation" or triplet is None:
        return check
    for other in rows:
        same = other.triplet
        if other is row or other.table is not row.table or same is None:
            continue
        if (same.low.text, same.high.text) == (triplet.low.text, triplet.high.text):
            text = f"the interval is that of another row, {other.line.label} ({same.estimate.text})"
            return replace(check, cause_code="copied-interval", cause=text, repair=None)
    return check


def _p_value(row: Row, triplet: Triplet) -> Iterator[Finding]:
    p = row.printed("p_value")
    if (
        p is None
        or (p.decimals == 0 and p.relation == "=")
        or row.scale not in ("ratio", "difference")
        or not row.wald
        or not 0 <= p.value <= 1
        or _shared_p(row)
    ):
        return
    if (row.scale == "ratio" and triplet.low.value <= 0) or _of_another_test(row):
        return
    place = replace(row.place, span=_p_span(row))
    try:
        found = p_vs_ci(triplet.estimate, triplet.low, triplet.high, p, scale=row.scale, level=row.level, place=place)
    except OptionError:
        return
    if not (found.flagged and _of_the_counts(row, p)):
        yield least_shown(found, p)


def _of_the_counts(row: Row, p: Printed) -> bool:
    """Whether P is that of a test of the two counts of its row: the interval's own P may be another."""
    for block in blocks(row.table):
        counts, sizes = [count(row.line, column) for column in block.indexes], block.sizes
        if sizes is None or len(sizes) != 2 or None in counts:
            continue
        having = [n for n in counts if n is not None]
        rest = [size - n for size, n in zip(sizes, having, strict=True)]
        if min(rest) >= 0 and sum(having) and sum(rest):
            return any(p.allows(as_interval(value)) for value in p_values_of([having, rest]).values())
    return False


def _of_another_test(row: Row) -> bool:
    """Whether heading or note say that the P is not that of the estimate: of an interaction, of heterogeneity, of all categories."""
    return bool(_OF_ANOTHER_TEST.search(row.p_heading) or _NOTE_OF_P.search(row.note))


def _p_span(row: Row) -> tuple[int, int]:
    number = row.entry.parts["p_value"]
    return number.start, number.end


def _shared_p(row: Row) -> bool:
    """Whether P is one of the whole variable: it stands once beside several categories."""
    mine = row.entry.parts["p_value"]
    others = [line.entries.get(row.column.index) for line in row.table.lines if line is not row.line]
    if any(
        other is not None and (p := other.parts.get("p_value")) is not None and p.start == mine.start
        for other in others
    ):
        return True  # one cell across several rows
    if mine.printed.value >= 0.001 and _repeated(row):
        return True
    same = [
        line.entries[row.column.index]
        for line in row.table.lines
        if line.depth and row.line.depth and line.variable == row.line.variable and row.column.index in line.entries
    ]
    if len(same) > 1 and sum("p_value" in entry.parts for entry in same) < len(same):
        return True
    above = {line.row: line.entries.get(row.column.index) for line in row.table.lines}
    before = above.get(row.line.row - 1)  # the last of several categories, the others without a P
    behind = above.get(row.line.row + 1)  # or the first of them
    return any(one is not None and "ci_low" in one.parts and "p_value" not in one.parts for one in (before, behind))


def _repeated(row: Row) -> bool:
    """Whether the next row, of another estimate, repeats this P: it is that of the variable they belong to."""
    mine, at = row.entry.parts["p_value"].text, row.line.row
    beside = [line.entries.get(row.column.index) for line in row.table.lines if abs(line.row - at) == 1]
    return any(
        entry is not None
        and "p_value" in entry.parts
        and entry.parts["p_value"].text == mine
        and entry.parts["estimate"].text != row.entry.parts["estimate"].text
        and not _has_its_p(entry, row)
        for entry in beside
    )


def _has_its_p(entry: Entry, row: Row) -> bool:
    """Whether an estimate has the P that its interval gives."""
    numbers = [entry.parts.get(name) for name in ("estimate", "ci_low", "ci_high", "p_value")]
    texts = [one.printed for one in numbers if one is not None]
    if len(texts) < len(numbers) or row.scale is None:
        return False
    try:
        return not misfit(p_vs_ci(*texts, scale=row.scale, level=row.level))
    except OptionError:
        return False


def table_duplicates(paper: Paper) -> Iterator[Finding]:
    """Two rows with one interval to many digits."""
    seen: dict[tuple[float, float], Row] = {}
    for row in effect_rows(paper):
        triplet = row.triplet
        if triplet is None:
            continue
        key = (triplet.low.value, triplet.high.value)
        other = seen.setdefault(key, row)
        if other is row or other.triplet is None or other.table is not row.table:
            continue
        found = duplicate_interval(triplet, other.triplet, names=(row.line.label, other.line.label), place=row.place)
        if found is not None:
            yield found


# ---------------------------------------------------------------- coefficients


def table_coefficients(paper: Paper) -> Iterator[Finding]:
    """Of a regression table: exp(B) against the ratio, and P against the Wald statistic."""
    rows = effect_rows(paper)
    exponentials: dict[tuple[int, int], list[Finding]] = {}
    for row in rows:
        wald, p = row.printed("wald"), row.printed("p_value")
        if wald is not None and p is not None and wald.value >= 0 and 0 <= p.value <= 1:
            found = p_vs_statistic("chi2", wald, [1.0], p, place=replace(row.place, span=_p_span(row)))
            if not (found.flagged and not _is_wald(row, wald)):
                yield least_shown(found, p)
        if row.measure == "B":
            twins = [
                r
                for r in rows
                if r.line is row.line and r.table is row.table and r.measure in ("OR", "HR", "RR", "IRR")
            ]
            behind = [r for r in twins if r.entry.start > row.entry.start]  # of two models, its own
            twin = min(behind or twins, key=lambda r: r.entry.start, default=None)
            if twin is not None:
                exponentials.setdefault((row.table.index, row.column.index), []).extend(_exponential(row, twin))
    for found in exponentials.values():
        fitting = sum(not f.flagged for f in found)
        sure = fitting >= max(1, len(found) - fitting)  # else the column is of something else
        yield from (f for f in found if not f.flagged or sure)


def _is_wald(row: Row, wald: Printed) -> bool:
    """Whether the statistic is (B/SE) squared, so that it has one degree of freedom."""
    b, se = row.printed("estimate"), row.printed("std_error")
    if b is None or se is None or se.value <= 0:
        return False
    z = b.interval() / se.interval().clip(1e-12, 1e300)
    return wald.allows(z.square())


def _exponential(row: Row, twin: Row) -> Iterator[Finding]:
    b, ratio = row.printed("estimate"), twin.printed("estimate")
    if b is None or ratio is None or abs(b.value) > 20 or _CONSTANT.search(row.line.label):
        return
    box = b.interval().exp()
    fits = ratio.allows(box)
    reverse = ratio.allows((-b.interval()).exp())
    if not fits and reverse:
        return  # the sign belongs to the other category
    value = box.middle
    yield make(
        "cross-reference",
        replace(twin.place, span=(twin.entry.parts["estimate"].start, twin.entry.parts["estimate"].end)),
        reported=ratio.text,
        verdict="rounding" if fits and not ratio.fits(value) else "consistent" if fits else "inconsistent",
        severity="none" if fits else "minor",
        message=f"{row.line.label}: exp({b.text}) is {value:.{ratio.decimals + 1}f}; printed {ratio.text}",
        recomputed=value,
        values=box,
    )


# ---------------------------------------------------------------- counts and odds ratios


def table_precision(paper: Paper) -> Iterator[Finding]:
    """Adjusted odds ratios of binary factors whose numbers of patients another table prints: can the interval be so narrow?"""
    yield from doubtful(_precision(paper), "precision-bound", _NO_SIZE)


def _precision(paper: Paper) -> Iterator[Finding]:
    factors = _binary_factors(paper)
    for row in effect_rows(paper):
        triplet = row.triplet
        logistic = row.measure == "OR" and row.wald and row.table.kind == "effects"
        if not logistic or triplet is None or not 0 < triplet.low.value < triplet.high.value:
            continue
        known = factors.get(label_key(row.line.variable)) or factors.get(label_key(row.line.label))
        if known is None or not _is_binary(paper, row, known.labels):
            continue
        cells = known.cells if known.outcome else None
        found = precision_bound(
            triplet.low, triplet.high, exposed=known.exposed, n=known.n, cells=cells, level=row.level, place=row.place
        )
        sure = not found.flagged or is_gross(paper, found, triplet.low, triplet.high, row.level, known.n)
        yield found if sure else lowered(found, NOT_SURE)


@dataclass(frozen=True)
class Factor:
    """A factor with two values: patients with it, all patients, the four counts (two groups), the names of its values."""

    exposed: int
    n: int
    cells: tuple[int, ...]
    labels: tuple[str, ...]
    outcome: bool


def _binary_factors(paper: Paper) -> dict[tuple[str, ...], Factor]:
    """Factors with two values, from tables that divide the patients by the outcome (or else by anything)."""
    found: dict[tuple[str, ...], Factor] = {}
    for table in paper.tables:
        if table.kind != "groups":
            continue
        for block in blocks(table):
            if not block.independent or block.sizes is None or len(block.sizes) != 2:
                continue
            for variable in variables(table):
                lines = variable.counted(block.indexes)
                rows = [[c for column in block.indexes if (c := count(line, column)) is not None] for line in lines]
                labels = tuple(line.label for line in lines)
                if (
                    not variable.levels
                    and variable.head is not None
                    and number(variable.head, block.indexes[0], "percent")
                ):
                    if not _of_their_columns(variable.head, block):
                        continue  # "32 (51.6)" of 110: responders among some of them
                    first = [c for column in block.indexes if (c := count(variable.head, column)) is not None]
                    rows = [first, [n - c for n, c in zip(block.sizes, first, strict=False)]]
                    labels = ()
                if len(rows) != 2 or any(len(row) != 2 or min(row) < 0 for row in rows):
                    continue
                totals = [sum(row) for row in rows]
                if sum(totals) == sum(block.sizes) and min(totals) > 0:
                    cells = (*rows[0], *rows[1])
                    found[label_key(variable.name)] = Factor(totals[0], sum(totals), cells, labels, False)
    return found


def _of_their_columns(line: Line, block: Block) -> bool:
    """Whether the percentages of a row are its counts over the sizes of their columns."""
    for column, size in zip(block.indexes, block.sizes or (), strict=False):
        counted, percent = number(line, column, "count"), number(line, column, "percent")
        if counted is not None and percent is not None:
            share = 100 * counted.value / size
            if not percent.printed.allows(Interval(share - 1e-9, share + 1e-9)):
                return False
    return True


def _is_binary(paper: Paper, row: Row, labels: Sequence[str]) -> bool:
    """Whether the model holds the factor with two values: it has no others, or the table names both of them."""
    own = folded(f"{row.line.label}")
    if _CONTINUOUS.search(own):
        return False
    if not labels:
        return True
    printed = paper.document.tables[row.table.index]
    words = folded(" ".join(cell.text for line in printed.body for cell in line) + " " + printed.note).replace(" ", "")
    return all(folded(label).replace(" ", "") in words for label in labels)


CHECKS = (table_intervals, table_duplicates, table_coefficients, table_precision)
