"""Tables of estimates: interval against point, P against interval, counts against crude odds ratios, precision."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.table_premises import doubtful, lowered
from ostealgia.audit.finding import Finding, Place, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import precision_bound
from ostealgia.audit.rules.confidence import Triplet, ci_vs_point
from ostealgia.audit.rules.p_values import p_vs_ci, p_vs_statistic
from ostealgia.audit.rules.scales import SCALE_OF_MEASURE
from ostealgia.audit.rules.totals import duplicate_interval
from ostealgia.audit.tables.headers import folded, is_nameless, label_key, measure_in
from ostealgia.audit.tables.model import Column, Entry, Line, ReadTable
from ostealgia.audit.tables.view import blocks, count, number, place_of, variables
from ostealgia.errors import OptionError
from ostealgia.io.documents.model import PrintedTable
from ostealgia.numerics.intervals import Interval, Printed

_NOT_WALD = re.compile(
    r"bootstrap|credible|bayes|profile|penali[sz]ed|firth|exact|robust|posterior|jackknife|permut", re.IGNORECASE
)
_CONSTANT = re.compile(r"\b(?:intercept|constant)\b", re.IGNORECASE)
_SECOND_HEADER = re.compile(
    r"\b(?:differences?|means?|ratio|coefficients?|beta|change|OR|HR|RR|MD|SMD)\b|β", re.IGNORECASE
)
_NUMBERED = re.compile(r"\d\.\d|\d\s?[(\[]\s?[-−–]?\d")
_LEVEL = re.compile(r"\b(9[0-9](?:\.\d)?|8[0-9]) ?% ?(?:ci|confidence)", re.IGNORECASE)
_NO_SCALE = "many intervals of this column do not fit their estimates: they may be of another scale or method"
_NO_P = "many P values of this column do not fit the intervals: they may be of another comparison"
_NO_SIZE = (
    "many intervals are too narrow for these counts: the model may hold more patients than the table that gives them"
)
_TWO = "the P may be of the comparison with the estimate before it"
_PROFILE = "few events: profile or penalised limits need not be symmetric"
FEW = 15.0  # upper over lower limit
MIXED = 2  # ratios below zero that say a column holds differences too
_CONTINUOUS = re.compile(r"\bper\b|continuous|increase|increment|each|log\b|unit|\byears?\b|score|mean", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One estimate of a table. measure : None where neither header nor caption says what it is."""

    table: ReadTable
    line: Line
    column: Column
    entry: Entry
    measure: str | None
    level: float
    wald: bool
    place: Place

    def printed(self, part: str) -> Printed | None:
        """A part as printed."""
        found = self.entry.parts.get(part)
        return found.printed if found is not None else None

    @property
    def scale(self) -> str | None:
        """The scale on which the interval is symmetric."""
        return _scale(self.measure)

    @property
    def triplet(self) -> Triplet | None:
        """Estimate and limits, where all are printed and the limits rise."""
        parts = [self.printed(name) for name in ("estimate", "ci_low", "ci_high")]
        estimate, low, high = parts
        if estimate is None or low is None or high is None:
            return None
        return Triplet(estimate, low, high) if {p.relation for p in (estimate, low, high)} == {"="} else None


def effect_rows(paper: Paper) -> list[Row]:
    """Every estimate of every table."""
    found: list[Row] = []
    for table in paper.tables:
        printed = paper.document.tables[table.index]
        around = f"{printed.caption} {printed.note} {' '.join(column.name for column in table.columns)}"
        level = _LEVEL.search(around)
        for column in table.columns:
            if column.role != "estimate":
                continue
            named = measure_in(column.name)
            measure = measure_in(printed.caption) if is_nameless(column.name) else named
            for line in table.lines:
                entry = line.entries.get(column.index)
                if entry is not None and "estimate" in entry.parts:
                    place = place_of(paper, table, line, entry)
                    below = _renamed(printed, line.row, column.index)
                    turned = below is not None and (_scale(below) == "ratio") != (_scale(measure) == "ratio")
                    mine = below if turned else measure
                    found.append(
                        Row(table, line, column, entry, None if mine == "?" else mine,
                            float(level[1]) / 100 if level else 0.95, _NOT_WALD.search(around) is None, place)
                    )  # fmt: skip
    return found


def _scale(measure: str | None) -> str | None:
    return "difference" if measure == "B" else SCALE_OF_MEASURE.get(measure or "")


def _renamed(printed: PrintedTable, row: int, column: int) -> str | None:
    """The measure that a second header inside the table names ("Difference in means (95% CI)"); "?" where it names none known."""
    for cells in reversed(printed.cells[printed.header_rows : row]):
        text = cells[column].text.strip() if column < len(cells) else ""
        alone = sum(cell.text.strip() == text for cell in cells) == 1  # no heading across the row
        if alone and _SECOND_HEADER.search(text) and not _NUMBERED.search(text):
            return measure_in(text) or "?"
    return None


def table_intervals(paper: Paper) -> Iterator[Finding]:
    """Point and interval of every estimate, and P against the interval."""
    rows = effect_rows(paper)
    columns: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        columns.setdefault((row.table.index, row.column.index), []).append(row)
    for column in columns.values():
        found: list[Finding] = []
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
            if first is not None and first.flagged and _of_another_estimate(row, triplet, rows):
                continue
            if first is not None and first.flagged and _of_few_events(row, triplet):
                first = lowered(first, _PROFILE)
            if first is not None:
                found.append(_copied(first, row, rows))
            if first is None or not first.flagged:
                found += (lowered(f, _TWO) if _beside_another(row) else f for f in _p_value(row, triplet))
        yield from doubtful(doubtful(found, "ci-vs-point", _NO_SCALE, settled=_one_slip), "p-vs-ci", _NO_P)


def _of_another_estimate(row: Row, triplet: Triplet, rows: Sequence[Row]) -> bool:
    """Whether the interval has another estimate of the line in its middle (B beside a standardised coefficient, a ratio beside B)."""
    if row.scale != "ratio" and triplet.low.value > 0 and abs(triplet.estimate.value) < 5:
        ratio = f"{math.exp(triplet.estimate.value):.{max(triplet.estimate.decimals, triplet.low.decimals)}f}"
        if not ci_vs_point(ratio, triplet.low, triplet.high, scale="ratio", level=row.level).flagged:
            return True
    for other in rows:
        point = other.printed("estimate")
        if other.line is not row.line or other.column.index == row.column.index or point is None:
            continue
        if min(triplet.low.decimals, triplet.high.decimals) < 2:
            continue  # coarse limits have many numbers in their middle
        kinds = ["difference", "ratio"] if min(triplet.low.value, point.value) > 0 else ["difference"]
        for kind in kinds:
            if not ci_vs_point(point, triplet.low, triplet.high, scale=kind, level=row.level).flagged:
                return "ci_low" not in other.entry.parts
    return False


def _one_slip(found: Finding) -> bool:
    """Whether the estimate lies outside its limits and one slip of a digit explains it."""
    outside = found.verdict == "impossible" and "outside its interval" in (found.message or "")
    return outside and found.repair is not None and found.cause_code in ("lost-digit", "typing-slip")


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


def _of_few_events(row: Row, triplet: Triplet) -> bool:
    """Whether a ratio lies inside limits so far apart that profile or penalised limits are off the middle."""
    low, point, high = (part.value for part in (triplet.low, triplet.estimate, triplet.high))
    return row.scale == "ratio" and 0 < low < point < high and high / low > FEW


def _below_zero(row: Row) -> bool:
    """Whether a ratio is printed below zero: its column then holds differences too."""
    estimate, low = row.printed("estimate"), row.printed("ci_low")
    return row.scale == "ratio" and any(part is not None and part.value < 0 for part in (estimate, low))


def _centre(row: Row, triplet: Triplet) -> Finding | None:
    if row.scale is not None and row.wald:
        found = ci_vs_point(
            triplet.estimate, triplet.low, triplet.high, scale=row.scale, level=row.level, place=row.place
        )
        return found
    scales = (
        [row.scale]
        if row.scale
        else [name for name in ("ratio", "difference") if name == "difference" or triplet.low.value > 0]
    )
    for scale in scales:
        found = ci_vs_point(triplet.estimate, triplet.low, triplet.high, scale=scale, level=row.level, place=row.place)
        if not found.flagged:
            return found
    outside = (
        not triplet.estimate.interval().overlaps(_span(triplet)) if triplet.low.value <= triplet.high.value else True
    )
    return (
        ci_vs_point(triplet.estimate, triplet.low, triplet.high, scale="difference", place=row.place)
        if outside
        else None
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
    if p is None or row.scale not in ("ratio", "difference") or not row.wald or not 0 <= p.value <= 1 or _shared_p(row):
        return
    if row.scale == "ratio" and triplet.low.value <= 0:
        return
    place = replace(row.place, span=_p_span(row))
    try:
        found = p_vs_ci(triplet.estimate, triplet.low, triplet.high, p, scale=row.scale, level=row.level, place=place)
    except OptionError:
        return
    yield _display(found, p)


def _display(found: Finding, p: Printed) -> Finding:
    """Programs print the least P they can show: 0.0001 then stands for less."""
    least = p.relation == "=" and p.decimals >= 4 and abs(p.value - p.unit) < 0.1 * p.unit
    if not found.flagged or not least or found.recomputed_high is None or found.recomputed_high > p.value:
        return found
    message = f"{found.message}; the print is the least that a program shows"
    shown = replace(found, verdict="rounding", severity="none", basis="arithmetic", message=message)
    return replace(shown, cause=None, cause_code=None, repair=None)


def _p_span(row: Row) -> tuple[int, int]:
    number = row.entry.parts["p_value"]
    return number.start, number.end


def _shared_p(row: Row) -> bool:
    """Whether P is one of the whole variable: it stands once beside several categories."""
    same = [
        line.entries[row.column.index]
        for line in row.table.lines
        if line.depth and row.line.depth and line.variable == row.line.variable and row.column.index in line.entries
    ]
    if len(same) > 1 and sum("p_value" in entry.parts for entry in same) < len(same):
        return True
    above = {line.row: line.entries.get(row.column.index) for line in row.table.lines}
    before = above.get(row.line.row - 1)  # the last of several categories, the others without a P
    return before is not None and "ci_low" in before.parts and "p_value" not in before.parts


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
                yield found
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
        yield from (f for f in found if not f.flagged or fitting >= 1)  # else the column is of something else


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
        yield precision_bound(
            triplet.low, triplet.high, exposed=known.exposed, n=known.n, cells=cells, level=row.level, place=row.place
        )


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
