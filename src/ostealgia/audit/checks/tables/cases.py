"""Lines of a table that carry a statistic or P, with what the table says of the test behind it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.checks.reading.sole_tests import sole_tests
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.tables.counts import compared
from ostealgia.audit.finding import Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.means import Group
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import has_ci, statistics_in
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import Block, Variable, count, number, place_of, size_rows, variables
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Printed

# another comparison than that of independent groups, or another test, may stand behind P
OTHER_TEST = re.compile(r"regression|logistic|\bcox\b|univaria|multivaria|paired|mcnemar|matched|\bgee\b|mixed model|log-?rank|survival|"
                         r"kaplan|ancova|repeated|adjusted|covarian", re.IGNORECASE)  # fmt: skip
TESTS_SAID = {
    "t": re.compile(r"\bt[ -]tests?\b", re.IGNORECASE),
    "chi2": re.compile(r"chi-?squared?|χ ?2|χ²", re.IGNORECASE),
}
_DEVIATIONS = re.compile(r"\bs\.?d\.?\b|deviation", re.IGNORECASE)
_COUNT_CELL = re.compile(r"\d+ ?\(\d+(?:\.\d+)? ?%?\)")
FAR = 1.5  # a t test and a rank test of the same data seldom differ by more
MOST_ALIKE = 60  # rows before and after one that may carry its P
NAMED_FAR = 0.5  # where the paper names no test of means but t tests


@dataclass(frozen=True)
class Case:
    """One line with a statistic or P."""

    block: Block
    variable: Variable
    line: Line
    statistic: Number | None
    p_value: Number | None
    named: frozenset[str]  # tests that the header names
    generic: bool  # it says only "statistic"
    deviations: bool  # the table says that SDs stand beside the means
    t_said: bool  # ... or the paper, that P is of a t test
    far: float  # normal deviates that P may be away from that of the t test, as another test may have given it
    other_test: bool
    place: Place
    p_place: Place
    alone: bool  # the row below has its own P: this one is not of several rows
    above: tuple[tuple[int, ...], ...]  # counts of the rows before it, nearest first
    shared: bool  # rows of another kind carry the same P: it is of them
    alike: tuple[tuple[int, ...], ...]  # counts of the rows next to it that carry the same P, its own included
    ranks: bool = False  # the paper names a rank test of two groups
    by_column: bool = False  # the other P of its column are of ordinary tests, and the paper names t tests

    @property
    def p_printed(self) -> Printed | None:
        """The P of the row."""
        return self.p_value.printed if self.p_value is not None else None


def case_of(paper: Paper, table: ReadTable, block: Block, variable: Variable, line: Line, other_test: bool) -> Case:
    """A line with its statistic and P, and what caption, note, labels and neighbouring rows say of the test."""
    statistic = number(line, block.statistic.index, "statistic") if block.statistic else None
    p_value = number(line, block.p_value.index, "p_value") if block.p_value else None
    place, p_place = (
        place_of(paper, table, line, part, variable) for part in (statistic or p_value, p_value or statistic)
    )
    printed = paper.document.tables[table.index]
    said = " ".join((printed.caption, printed.note, line.label, variable.name, *(c.name for c in table.columns)))
    only_t = "t-vs-summary" in sole_tests(paper)
    t_said = only_t or TESTS_SAID["t"].search(said) is not None
    deviations = _DEVIATIONS.search(said) is not None
    generic = block.statistic is not None and "?" in statistics_in(block.statistic.name)
    far = NAMED_FAR if only_t else FAR
    return Case(block, variable, line, statistic, p_value, frozenset(), generic, deviations, t_said, far, other_test, place, p_place,
                 _alone(paper, table, block, line), _counts_above(table, block, line),
                 _of_other_rows(block, variable, line, p_value), _alike(table, block, line, p_value))  # fmt: skip


def comparisons(table: ReadTable, block: Block) -> Iterator[tuple[Variable, Line, tuple[Line, ...]]]:
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


def of_effect(table: ReadTable, block: Block) -> bool:
    """Whether an estimate with its interval stands between the groups and P: P may be of the estimate."""
    if block.p_value is None:
        return False
    between = [c for c in table.columns if block.indexes[-1] < c.index < block.p_value.index]
    return any(c.role in ("estimate", "interval", "ci_low") or has_ci(c.name) for c in between)


def _counts_above(table: ReadTable, block: Block, line: Line) -> tuple[tuple[int, ...], ...]:
    """Counts of the three rows before it, nearest first."""
    rows = _by_row(table)
    before = [other for row in range(line.row - 1, line.row - 4, -1) for other in rows.get(row, ())]
    counts = ([c for column in block.indexes if (c := count(other, column)) is not None] for other in before)
    return tuple(tuple(row) for row in counts if len(row) == len(block.indexes))


def _alike(table: ReadTable, block: Block, line: Line, p_value: Number | None) -> tuple[tuple[int, ...], ...]:
    """Counts of the run of rows around a line that carry its P: it may be one test of all of them."""
    if p_value is None or block.p_value is None:
        return ()
    rows, column_of_p = _by_row(table), block.p_value.index

    def same(row: int) -> bool:
        p = number(rows[row][-1], column_of_p, "p_value") if row in rows else None
        return p is not None and p.text == p_value.text

    first = last = line.row
    while line.row - first < MOST_ALIKE and same(first - 1):
        first -= 1
    while last - line.row < MOST_ALIKE and same(last + 1):
        last += 1
    run = (rows[row][-1] for row in range(first, last + 1))
    counts = ([c for column in block.indexes if (c := count(other, column)) is not None] for other in run)
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


def one_of_some(case: Case) -> bool:
    """Whether a P stands beside a category that is not the first, and others have none: it may belong to another row."""
    levels = case.variable.levels
    if not any(case.line is line for line in levels) or case.line is levels[0] or case.block.p_value is None:
        return False
    return any(case.block.p_value.index not in line.entries for line in levels)


def _alone(paper: Paper, table: ReadTable, block: Block, line: Line) -> bool:
    """Whether the next row is none of counts without a statistic or P of its own."""
    rows = _by_row(table)
    following = list(rows)
    at = bisect_right(following, line.row)
    if at == len(following):
        return True
    below = rows[following[at]][0]
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


def sizes_again(table: ReadTable, line: Line) -> bool:
    """Whether a second row of sizes ("n") stands above: the sizes of the header are those of other rows."""
    return sum(other.row < line.row for other in _size_rows(table)) >= 2


_size_rows = once(size_rows)


@once
def _by_row(table: ReadTable) -> dict[int, list[Line]]:
    """The lines of each row of the grid, sorted by row."""
    found: dict[int, list[Line]] = {}
    for line in sorted(table.lines, key=lambda line: line.row):
        found.setdefault(line.row, []).append(line)
    return found


def groups_of(case: Case) -> list[Group] | None:
    """Mean, SD and size of each group of a line; None where one is not printed, or all SDs are 0."""
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
