"""Tables of groups: statistics and P values against the counts, means and SDs of the groups they compare."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ostealgia.audit.baseline import Source, weigh
from ostealgia.audit.causes import only_repair, slip, within
from ostealgia.audit.checks.reading.premises import counts_tested, doubtful, lowered, means_tested, ordinary_test
from ostealgia.audit.checks.tables.counts import NOT_PATIENTS, OWN_N, compared, paper_shares
from ostealgia.audit.finding import Cause, Finding, Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.counts import chi2_vs_counts, p_values_of
from ostealgia.audit.rules.means import Group, abs_print, t_vs_summary
from ostealgia.audit.rules.p_values import p_vs_statistic
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.count_readings import TOGETHER, other_counts
from ostealgia.audit.tables.denominators import Share
from ostealgia.audit.tables.headers import has_ci, is_weighted, statistics_in
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.rank_tests import ordered_p_values
from ostealgia.audit.tables.view import (
    Block,
    Variable,
    blocks,
    count,
    group_tables,
    number,
    place_of,
    size_rows,
    variables,
)
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Printed, as_interval
from ostealgia.numerics.summary_tests import CHI2_TESTS, chi2_df, p_from_chi2

Counts = list[list[int]]

# another comparison than that of independent groups, or another test, may stand behind P
_OTHER_TEST = re.compile(r"regression|logistic|\bcox\b|univaria|multivaria|paired|mcnemar|matched|\bgee\b|mixed model|log-?rank|survival|"
                         r"kaplan|ancova|repeated|adjusted|covarian", re.IGNORECASE)  # fmt: skip
_TESTS_SAID = {
    "t": re.compile(r"\bt[ -]tests?\b", re.IGNORECASE),
    "chi2": re.compile(r"chi-?squared?|χ ?2|χ²", re.IGNORECASE),
}
_PLAIN_TEST = re.compile(r"one-?\s?way|\banova\b|\bt[ -]tests?\b|analysis of variance", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"unknown|missing|not (?:available|reported|known|recorded|tested|done)|\bn/?a\b|unspecified", re.IGNORECASE
)
_DEVIATIONS = re.compile(r"\bs\.?d\.?\b|deviation", re.IGNORECASE)
_NO_T = "another test (of ranks, of changes, of a part of the patients) may stand behind P"
_NO_STATISTIC = (
    "many statistics of this table do not follow from the counts: they may be of another test or of several groups"
)
_NO_TEST = "few P values of this table follow from the groups: they may be of another test"
_FINER = "a category has no patients: P may be of finer categories than are printed"
_LEAST = "the least P that is printed may stand for all that are smaller"
_COUNT_CELL = re.compile(r"\d+ ?\(\d+(?:\.\d+)? ?%?\)")
NEAR = 0.25  # in normal deviates: variants of exact and ordinal tests differ by less
MOST_MISSING = 0.3  # of the patients of a group with no value of a variable
MISSING = 0.05  # of the patients of one group with one value
NEARLY = 0.01  # of a statistic
FAR = 1.5  # a t test and a rank test of the same data seldom differ by more


def table_tests(paper: Paper) -> Iterator[Finding]:
    """Every statistic and P of the tables of groups, those that fit included."""
    for table in group_tables(paper):
        printed = paper.document.tables[table.index]
        around = f"{printed.caption} {printed.note}"
        if is_weighted(around):
            continue
        based = paper_shares(paper)[table.index]
        for block in blocks(table):
            if not block.independent or (block.statistic is None and block.p_value is None):
                continue
            other = _OTHER_TEST.search(printed.caption) is not None or _of_effect(table, block)
            cases = [
                (_case(paper, table, block, variable, line, other), rows)
                for variable, line, rows in _comparisons(table, block)
                if not _sizes_again(table, line)
            ]
            named = _named(cases, based, block, around)
            with_statistic: list[Finding] = []
            of_p: list[Finding] = []
            for case, rows in cases:
                (of_p if case.statistic is None else with_statistic).extend(
                    _tested(replace(case, named=named), rows, based)
                )
            said = _PLAIN_TEST.search(around) is not None and not _OTHER_TEST.search(around)
            yield from means_tested(
                doubtful(_swapped(with_statistic), "chi2-vs-counts", _NO_STATISTIC), _NO_T, said=said
            )
            yield from counts_tested(ordinary_test(of_p, ("chi2-vs-counts", "t-vs-summary"), _NO_TEST), _NO_TEST)


def _comparisons(table: ReadTable, block: Block) -> Iterator[tuple[Variable, Line, tuple[Line, ...]]]:
    """Each line with a statistic or P, and the lines it compares: one cell beside several rows compares all of them."""
    beside: dict[int, list[Line]] = {}
    columns = [c.index for c in (block.statistic, block.p_value) if c is not None]
    starts = {line.row: {line.entries[c].start for c in columns if c in line.entries} for line in table.lines}
    for line in table.lines:
        for start in starts[line.row]:
            beside.setdefault(start, []).append(line)
    for variable in variables(table):
        for line, rows in compared(variable, block):
            spanned = max((beside[start] for start in starts[line.row]), key=len, default=[line])
            if len(spanned) < 2 or len(rows) >= len(spanned):
                yield variable, line, rows
            elif line is spanned[0]:
                counted = tuple(one for one in spanned if any(count(one, c) is not None for c in block.indexes))
                yield variable, line, counted or rows


def _of_effect(table: ReadTable, block: Block) -> bool:
    """Whether an estimate with its interval stands between the groups and P: P may be of the estimate."""
    if block.p_value is None:
        return False
    between = [c for c in table.columns if block.indexes[-1] < c.index < block.p_value.index]
    return any(c.role in ("estimate", "interval", "ci_low") or has_ci(c.name) for c in between)


def _swapped(found: Sequence[Finding]) -> Iterator[Finding]:
    """Where the statistics of two rows belong to one another's counts: say that the rows are exchanged."""
    off = [f for f in found if f.flagged and f.rule in ("chi2-vs-counts", "t-vs-summary") and f.recomputed is not None]
    partner: dict[int, Finding] = {}
    for one, other in itertools.combinations(off, 2):
        if _of_other(one, other) and _of_other(other, one):
            partner[id(one)], partner[id(other)] = other, one
    for f in found:
        other = partner.get(id(f))
        text = f"the statistic is that of another row, and that row has this one's ({other.reported})" if other else ""
        yield f if other is None else replace(f, cause_code="row-swap", cause=text, repair=other.reported)


def _of_other(one: Finding, other: Finding) -> bool:
    if other.recomputed is None or one.rule != other.rule:
        return False
    low, high = other.recomputed_low, other.recomputed_high
    box = Interval(low, high) if low is not None and high is not None else as_interval(other.recomputed)
    return abs_print(Printed.of(one.reported)).allows(box)


def _named(
    cases: Sequence[tuple[_Case, Sequence[Line]]], based: Sequence[Share], block: Block, around: str
) -> frozenset[str]:
    """The tests of a statistic column: what its header says; where it says only "statistic", what the note says or its rows fit."""
    said = statistics_in(block.statistic.name) if block.statistic else frozenset[str]()
    if "?" not in said:
        return said
    fits = {"chi2-vs-counts": 0, "t-vs-summary": 0}
    tried = dict(fits)
    by_t = False
    for case, rows in cases:
        # a header that names all of them lets misfits be seen; a P of the statistic says as much as the counts do
        listed = list(_tested(replace(case, named=frozenset(["chi2", "t", "F"])), rows, based))
        by_p = any(found.rule == "p-vs-statistic" and not found.flagged for found in listed)
        for found in listed:
            if found.rule in fits and case.statistic is not None:
                tried[found.rule] += 1
                fits[found.rule] += by_p or not found.flagged
                by_t = by_t or (not found.flagged and found.message.startswith(("Student", "Welch")))
    learned = {"chi2-vs-counts": "chi2", "t-vs-summary": "t" if by_t else "F"}
    more = [name for rule, name in learned.items() if fits[rule] >= max(1, 0.5 * tried[rule])]
    more += [name for name, pattern in _TESTS_SAID.items() if pattern.search(around)]
    return frozenset(more) | (said - {"?"}) if more else said


@dataclass(frozen=True)
class _Case:
    """One line with a statistic or P."""

    block: Block
    variable: Variable
    line: Line
    statistic: Number | None
    p_value: Number | None
    named: frozenset[str]  # tests that the header names
    generic: bool  # it says only "statistic"
    deviations: bool  # the table says that SDs stand beside the means
    t_said: bool  # ... and that P is of a t test
    other_test: bool
    place: Place
    p_place: Place
    alone: bool  # the row below has its own P: this one is not of several rows
    above: tuple[tuple[int, ...], ...]  # counts of the rows before it, nearest first
    shared: bool  # rows of another kind carry the same P: it is of them
    alike: tuple[tuple[int, ...], ...]  # counts of the rows next to it that carry the same P, its own included

    @property
    def p_printed(self) -> Printed | None:
        return self.p_value.printed if self.p_value is not None else None


def _case(paper: Paper, table: ReadTable, block: Block, variable: Variable, line: Line, other_test: bool) -> _Case:
    statistic = number(line, block.statistic.index, "statistic") if block.statistic else None
    p_value = number(line, block.p_value.index, "p_value") if block.p_value else None
    place, p_place = (
        place_of(paper, table, line, part, variable) for part in (statistic or p_value, p_value or statistic)
    )
    printed = paper.document.tables[table.index]
    said = " ".join((printed.caption, printed.note, line.label, variable.name, *(c.name for c in table.columns)))
    t_said = _TESTS_SAID["t"].search(said) is not None
    deviations = _DEVIATIONS.search(said) is not None
    generic = block.statistic is not None and "?" in statistics_in(block.statistic.name)
    return _Case(block, variable, line, statistic, p_value, frozenset(), generic, deviations, t_said, other_test, place, p_place,
                 _alone(paper, table, block, line), _counts_above(table, block, line),
                 _of_other_rows(block, variable, line, p_value), _alike(table, block, line, p_value))  # fmt: skip


def _counts_above(table: ReadTable, block: Block, line: Line) -> tuple[tuple[int, ...], ...]:
    """Counts of the three rows before it, nearest first."""
    before = sorted((other for other in table.lines if 0 < line.row - other.row <= 3), key=lambda other: -other.row)
    counts = ([c for column in block.indexes if (c := count(other, column)) is not None] for other in before)
    return tuple(tuple(row) for row in counts if len(row) == len(block.indexes))


def _alike(table: ReadTable, block: Block, line: Line, p_value: Number | None) -> tuple[tuple[int, ...], ...]:
    """Counts of the run of rows around a line that carry its P: it may be one test of all of them."""
    if p_value is None or block.p_value is None:
        return ()
    rows = {other.row: other for other in table.lines}
    same = {
        row
        for row, other in rows.items()
        if (p := number(other, block.p_value.index, "p_value")) and p.text == p_value.text
    }
    first = last = line.row
    while first - 1 in same:
        first -= 1
    while last + 1 in same:
        last += 1
    counts = (
        [c for column in block.indexes if (c := count(rows[row], column)) is not None] for row in range(first, last + 1)
    )
    return tuple(tuple(row) for row in counts if len(row) == len(block.indexes))


def _of_other_rows(block: Block, variable: Variable, line: Line, p_value: Number | None) -> bool:
    """Whether a row of the variable that is none of counts carries the same P: the P is of a mean, or of all of it."""
    if p_value is None or block.p_value is None:
        return False
    others = [other for other in variable.lines if other is not line]
    same = [
        other for other in others if (p := number(other, block.p_value.index, "p_value")) and p.text == p_value.text
    ]
    return any(count(other, column) is None for other in same for column in block.indexes if column in other.entries)


def _one_of_some(case: _Case) -> bool:
    """Whether a P stands beside a category that is not the first, and others have none: it may belong to another row."""
    levels = case.variable.levels
    if not any(case.line is line for line in levels) or case.line is levels[0] or case.block.p_value is None:
        return False
    return any(case.block.p_value.index not in line.entries for line in levels)


def _alone(paper: Paper, table: ReadTable, block: Block, line: Line) -> bool:
    """Whether the next row is none of counts without a statistic or P of its own."""
    below = min((other for other in table.lines if other.row > line.row), key=lambda other: other.row, default=None)
    if below is None:
        return True
    if any(count(below, column) is None for column in block.indexes) and not _counts_printed(
        paper, table, block, below
    ):
        return True
    return any(column is not None and column.index in below.entries for column in (block.statistic, block.p_value))


def _counts_printed(paper: Paper, table: ReadTable, block: Block, line: Line) -> bool:
    """Whether the cells of a row look like counts with percentages, though the reader was not certain of them."""
    cells = paper.document.tables[table.index].cells
    row = cells[line.row] if line.row < len(cells) else ()
    return bool(block.indexes) and all(
        column < len(row) and _COUNT_CELL.match(row[column].text.strip()) is not None for column in block.indexes
    )


def _sizes_again(table: ReadTable, line: Line) -> bool:
    """Whether a second row of sizes ("n") stands above: the sizes of the header are those of other rows."""
    return sum(other.row < line.row for other in size_rows(table)) >= 2


def _tested(case: _Case, rows: Sequence[Line], based: Sequence[Share]) -> Iterator[Finding]:
    if case.p_printed is not None and not 0 <= case.p_printed.value <= 1:
        return
    counted = [line for line in rows if all(count(line, c) is not None for c in case.block.indexes)]
    if counted and len(counted) == len(rows):
        tables, sure = _count_tables(case, counted, based)
        if tables:
            yield from _by_counts(case, tables, sure, len(counted))
    elif case.variable.head is case.line or not case.variable.levels:
        groups = _groups(case)
        if groups is not None:
            yield from _by_means(case, groups)


# ---------------------------------------------------------------- counts


def _count_tables(case: _Case, rows: Sequence[Line], based: Sequence[Share]) -> tuple[list[Counts], bool]:
    """The tables of counts the test may rest on, most likely first, and whether nothing else is known."""
    columns = case.block.indexes
    whole = [[c for column in columns if (c := count(row, column)) is not None] for row in rows]
    if len(rows) >= 2:
        tables = [whole]
        known = [line for line, _ in zip(rows, whole, strict=True) if not _UNKNOWN.search(line.label)]
        if len(known) != len(rows):
            tables.append([counts for line, counts in zip(rows, whole, strict=True) if line in known])
        if case.line is rows[0] or case.line in rows:
            at = list(rows).index(case.line)
            rest = [sum(counts[j] for i, counts in enumerate(whole) if i != at) for j in range(len(columns))]
            tables.append([whole[at], rest])
        return [table for table in tables if len(table) > 1 and _comparable(table)], _exclusive(case, rows, based)
    sizes, sure = _sizes_of(case, rows[0], based)
    if sizes is None:
        return [], False
    table = [whole[0], [n - c for n, c in zip(sizes, whole[0], strict=True)]]
    return ([table], sure) if min(table[1]) >= 0 and _comparable(table) else ([], False)


def _exclusive(case: _Case, rows: Sequence[Line], based: Sequence[Share]) -> bool:
    """Whether each patient seems to have one of the categories: they make up the groups, but for missing values."""
    for column in case.block.groups:
        counts = sum(c for row in rows if (c := count(row, column.index)) is not None)
        percents = [s.printed.value for s in based if s.column == column.index and any(s.line is row for row in rows)]
        if column.n is not None and not (1 - MOST_MISSING) * column.n.value <= counts <= column.n.value + 1:
            return False
        if column.n is None and len(percents) == len(rows) and not 100 * (1 - MOST_MISSING) <= sum(percents) <= 103:
            return False
    return True


def _too_few(case: _Case, table: Counts) -> bool:
    """Whether the rows hold far fewer patients than the groups: the statistic beside them is of more rows."""
    sums = [sum(column) for column in zip(*table, strict=True)]
    sizes = case.block.sizes
    return sizes is None or any(added < (1 - MOST_MISSING) * n for added, n in zip(sums, sizes, strict=True))


def _sizes_of(case: _Case, line: Line, based: Sequence[Share]) -> tuple[list[int] | None, bool]:
    """Patients behind a single row: what its percentages are of, else the sizes of the groups."""
    mine = {share.column: share for share in based if share.line is line}
    sizes: list[int] = []
    sure = True
    if sum(not share.fits(share.base) for share in mine.values() if share.base and share.count.value > 0) >= 2:
        return None, False  # the percentages of the row are of other numbers
    for column in case.block.groups:
        share = mine.get(column.index)
        if share is not None:
            if share.base is None or share.name not in ("the size of the group", "the n of its own row"):
                return None, False
            sizes.append(share.base)
            sure = sure and (share.count.value == 0 or share.fits(share.base))
        elif column.n is not None:
            sizes.append(int(column.n.value))
            sure = False
        else:
            return None, False
    return sizes, sure


def _comparable(table: Counts) -> bool:
    return float(chi2_df(table)) > 0


def _by_counts(case: _Case, tables: Sequence[Counts], sure: bool, rows: int) -> Iterator[Finding]:
    p = case.p_printed
    if case.statistic is None:
        if p is not None:
            other = NOT_PATIENTS.search(case.line.label) or OWN_N.search(case.line.label)
            single = case.shared or (rows == 1 and (not case.alone or other is not None or _one_of_some(case)))
            found = _p_of_counts(case, tables, sure and not single, p, rows)
            if found is not None:
                yield found
        return
    checks = [chi2_vs_counts(table, case.statistic.printed, p, place=case.place) for table in tables]
    first = next((check for check in checks if not check.flagged), checks[0])
    table = tables[checks.index(first)]
    certain = case.named <= {"chi2", "t", "F"} and "chi2" in case.named
    supported = (
        p is not None and any(p.allows(as_interval(q)) for q in p_values_of(table).values()) if first.flagged else False
    )
    few = rows > 1 and not sure and _too_few(case, tables[0])
    if first.flagged and (few or (not certain and not (supported and "z" not in case.named))):
        return
    yield first
    if p is None:
        return
    df = float(chi2_df(table))
    second = p_vs_statistic("chi2", case.statistic.printed, [df], p, place=case.p_place)
    if not second.flagged:
        yield second
        return
    fitting = [name for name, q in p_values_of(table).items() if p.allows(as_interval(q))]
    weighed = weigh(second, first, Source("the counts", fitting[0] if fitting else None))
    exact = float(p_from_chi2(first.recomputed, df)) if first.recomputed is not None else None
    yield _mended_p(weighed, first, p, exact)


def _p_of_counts(case: _Case, tables: Sequence[Counts], sure: bool, p: Printed, rows: int) -> Finding | None:
    """A P alone against every test that such counts may be given."""
    if case.other_test or len(case.block.groups) > 2:
        return None  # a misfit would say nothing, so a fit says nothing either
    checks = [chi2_vs_counts(table, None, p, place=case.p_place) for table in tables]
    first = next((check for check in checks if not check.flagged), checks[0])
    if not first.flagged or not sure:
        return None if first.flagged else first
    ordered = [named for table in tables for named in ordered_p_values(table).items()]
    for name, value in ordered:
        if p.allows(as_interval(value)):
            message = f"P of the test of {name} from the counts is {value:.3g}; printed {p.text}"
            return replace(first, verdict="consistent", severity="none", cause=None, cause_code=None, repair=None, basis="arithmetic",
                           recomputed=value, recomputed_low=value, recomputed_high=value, message=message)  # fmt: skip
    table = tables[0]
    sizes = case.block.sizes if rows > 1 else [sum(column) for column in zip(*table, strict=True)]
    others = [*other_counts(table if rows > 1 else table[:1], sizes, case.above)]
    if rows == 1 and len(case.alike) > 1:
        others += [(TOGETHER, [list(row) for row in case.alike]), *other_counts(case.alike, sizes)]
    told = next((f"P would fit if {why}" for why, other in others if _comparable(other) and _p_fits(p, other)), None)
    least = p.relation == "=" and p.decimals >= 3 and abs(p.value - p.unit) < 1e-9
    told = _LEAST if told is None and least and first.recomputed is not None and first.recomputed < p.value else told
    told = _FINER if told is None and rows > 1 and any(not any(row) for row in table) else told
    if told is not None:
        return lowered(first, told)
    values = [*p_values_of(table).values(), *(value for _, value in ordered)]
    if len(table) == 2 and _with_missing(table, p):
        return replace(first, severity="information", basis="judgement")
    if (len(table) > 2 or _small(table)) and min(_apart(p, value) for value in values) < NEAR:
        return replace(first, severity="information", basis="judgement")
    return first


def _p_fits(p: Printed, table: Counts) -> bool:
    return any(p.allows(as_interval(value)) for value in p_values_of(table).values())


def _with_missing(table: Counts, p: Printed) -> bool:
    """Whether P is one of a few patients less in some group: values may be missing, the percentages those of all."""
    values: list[float] = []
    for kept in itertools.product((1.0, 1 - MISSING), repeat=2 * len(table[0])):
        cells = np.array(table, dtype=float) * np.array(kept).reshape(2, -1)
        cells = np.floor(cells + 0.5)
        if float(chi2_df(cells)) > 0:
            values += [float(CHI2_TESTS[name](cells).p_value) for name in ("Pearson", "Yates")]
    values = [value for value in values if not math.isnan(value)]
    return bool(values) and p.allows(Interval(min(values), max(values)))


def _small(table: Counts) -> bool:
    counts = np.asarray(table, dtype=float)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    return bool((expected < 5).any())


def _apart(p: Printed, value: float) -> float:
    from scipy import special

    box = p.interval().clip(1e-12, 1.0)
    nearest = min(max(value, box.low), box.high)
    ends = -special.ndtri(np.clip(np.array([nearest, max(value, 1e-12)]) / 2, 1e-300, 0.5))
    return float(abs(ends[0] - ends[1]))


# ---------------------------------------------------------------- means


def _groups(case: _Case) -> list[Group] | None:
    found: list[Group] = []
    sizes = case.block.sizes
    if sizes is None:
        return None
    for column, size in zip(case.block.groups, sizes, strict=True):
        mean, sd = number(case.line, column.index, "mean"), number(case.line, column.index, "sd")
        if mean is None or sd is None:
            return None
        try:
            found.append(Group.of(mean.printed, sd.printed, size))
        except OptionError:
            return None
    return found if any(group.sd.value > 0 for group in found) else None


def _by_means(case: _Case, groups: list[Group]) -> Iterator[Finding]:
    p = case.p_printed
    if case.statistic is None:
        if p is not None:
            if len(groups) > 2:
                return
            found = t_vs_summary(groups, None, p, place=case.p_place)
            if not found.flagged or _clear(case, found, p):
                sure = case.deviations and case.t_said and _clear_of_errors(case, groups, p)
                yield found if sure else lowered(found, _NO_T)
        return
    squared = "t" not in case.named or "F" in case.named
    first = _nearly(t_vs_summary(groups, case.statistic.printed, p, squared=squared, place=case.place), case.statistic)
    certain = case.named <= {"chi2", "t", "F"} and bool(case.named & {"t", "F"})
    fits = p is not None and not t_vs_summary(groups, None, p, place=case.p_place).flagged
    if first.flagged and not certain and not (fits and case.generic and "z" not in case.named):
        return
    yield first
    if p is None:
        return
    second = _p_of_statistic(case, groups, p)
    if not second.flagged or not (first.flagged or certain):
        if not second.flagged:
            yield second
        return
    # t and its P are of one test: where both fit the means but not each other, neither is taken for the right one
    if first.flagged:
        yield weigh(second, first, Source("the means and SDs", "Student's or Welch's t" if fits else None))
    else:
        yield second if fits else _mended_p(second, first, p, second.recomputed)


def _mended_p(check: Finding, statistic: Finding, p: Printed, value: float | None) -> Finding:
    """Where the statistic follows from the table and P does not, P is the slip: what it would be."""
    if (
        not check.flagged
        or statistic.flagged
        or value is None
        or check.recomputed_low is None
        or check.recomputed_high is None
    ):
        return check
    cause = only_repair(p, within(Interval(check.recomputed_low, check.recomputed_high))) if p.relation == "=" else None
    exact = slip(p, value) if p.relation == "=" else None
    cause = exact or cause or Cause(repair=p.like(value))
    text = cause.text or "the statistic follows from the table, its P does not"
    return replace(check, cause_code=cause.code, cause=text, repair=cause.repair)


def _clear(case: _Case, found: Finding, p: Printed) -> bool:
    """Whether P is further from the t test's than a rank test or missing values would make it."""
    if case.other_test or found.severity != "major" or found.recomputed is None or len(case.block.groups) > 2:
        return False
    return _apart(p, found.recomputed) > FAR


def _nearly(found: Finding, statistic: Number) -> Finding:
    """A statistic that programs give a little otherwise, from unrounded data: no error."""
    if not found.flagged or found.recomputed is None:
        return found
    near = abs(abs(statistic.value) - abs(found.recomputed)) <= max(
        NEARLY * abs(found.recomputed), statistic.printed.unit
    )
    return (
        replace(found, verdict="rounding", severity="none", cause=None, cause_code=None, repair=None) if near else found
    )


def _clear_of_errors(case: _Case, groups: Sequence[Group], p: Printed) -> bool:
    """The same where the numbers after the means are read as standard errors."""
    widened = [Group.of(g.mean, Printed.of(f"{g.sd.value * math.sqrt(g.n):.4g}"), g.n) for g in groups]
    return _clear(case, t_vs_summary(widened, None, p, place=case.p_place), p)


def _p_of_statistic(case: _Case, groups: Sequence[Group], p: Printed) -> Finding:
    statistic = case.statistic.printed if case.statistic is not None else p
    total, smallest = sum(g.n for g in groups), min(g.n for g in groups)
    if len(groups) > 2:
        return p_vs_statistic("F", statistic, [len(groups) - 1, total - len(groups)], p, place=case.p_place)
    second = p_vs_statistic("t", statistic, [total - 2], p, place=case.p_place)
    if not second.flagged:
        return second
    tries = [p_vs_statistic("t", statistic, [Interval(smallest - 1, total - 2)], p, place=case.p_place)]
    if case.named == {"F"} or "F" in case.named:
        tries.append(p_vs_statistic("F", statistic, [1, total - 2], p, place=case.p_place))
    other = next((check for check in tries if not check.flagged), None)
    return second if other is None else replace(other, verdict="rounding")


CHECKS = (table_tests,)
