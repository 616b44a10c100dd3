"""Whole numbers of a table that add up: columns to a column of totals, rows to a row of totals, men and women to all.

Read from the printed grid, whatever kind of table it is. A sum is told only where others of the same table fit, so that
the columns or rows are certainly its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.columns import looks_like_study
from ostealgia.audit.checks.tables.wholes import far_total
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.audit.tables.headers import is_n, is_total
from ostealgia.audit.tables.model import ReadTable
from ostealgia.audit.tables.view import blocks, count, shortened
from ostealgia.io.documents.model import PrintedTable
from ostealgia.numerics.intervals import Printed

LEAST_ROWS = 3
FITTING = 0.66  # of the rows
_WHOLE = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d{1,8})$")
_PAIR = re.compile(r"(\d{1,6})\s?[/:]\s?(\d{1,6})$")
_TOTAL_ROW = re.compile(
    r"\W{0,3}(?:(?:sub-?|grand )?totals?|sum|all (?:studies|patients|trials)|pooled|overall|combined|summary)\b",
    re.IGNORECASE,
)
_MEN = re.compile(r"^\W*(?:n\W{0,3})?(?:males?|men|boys|m)\b(?!.*(?:/|%|female))", re.IGNORECASE)
_WOMEN = re.compile(r"^\W*(?:n\W{0,3})?(?:females?|women|girls|f)\b(?!.*(?:/|%))", re.IGNORECASE)
_BOTH = re.compile(
    r"\b(?:m|males?|men)\s?[/:]\s?(?:f|females?|women)\b|\b(?:f|females?|women)\s?[/:]\s?(?:m|males?|men)\b",
    re.IGNORECASE,
)
_ANY_GRADE = re.compile(r"\W*(?:any|all) grades?\b\W*(?:n\W*)?$", re.IGNORECASE)
_ARM = re.compile(r"\W*(?:combined|both)\b", re.IGNORECASE)
_MARKED = re.compile(r"[*†‡§¶#⁰-⁹¹²³ᵃ-ᶿ]\W*$")
_OVERLAP = re.compile(
    r"more than one|more than once|\b(?:multiple|several|both)\b|may (?:not )?(?:add|sum|exceed|overlap)|do(?:es)? not (?:add|sum)|twice|"
    r"overlap|counted (?:in|for)|not mutually|duplicate",
    re.IGNORECASE,
)
_MEASURED = re.compile(r"\bcosts?\b|€|\$|£|\bprices?\b|\bscores?\b|\bhours?\b|\bvolumes?\b|\bmean\b", re.IGNORECASE)
_STATISTICS = re.compile(r"\b(?:mean|median|minimum|maximum|s\.?d\.?|valid|percentile)\b", re.IGNORECASE)
_NO_SUM = re.compile(
    r"%|year|\bage\b|\bmax|\bmin|diff|limit|bound|mmhg|mean|median|range|score|ratio|follow|month|week|weight|dose|duration|per\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Grid:
    """The whole numbers of a printed table: body rows by columns, None where a cell holds anything else."""

    printed: PrintedTable
    rows: tuple[int, ...]
    numbers: tuple[tuple[int | None, ...], ...]

    def label(self, row: int) -> str:
        """The first words of a row."""
        return self.printed.cells[row][0].text.strip()

    def words(self, row: int) -> str:
        """The words of a row."""
        return " ".join(cell.text for cell in self.printed.cells[row][:3])

    def name(self, column: int) -> str:
        """The words above a column."""
        return " ".join(self.printed.column_name(column).split())


def parts_overlap(printed: PrintedTable, label: str) -> bool:
    """Whether the table says, or a mark at a total may, that its parts hold some patients twice; or that they are no counts."""
    if _MEASURED.search(f"{label} {printed.caption}"):
        return True  # sums of rounded numbers
    return _MARKED.search(label) is not None or _OVERLAP.search(f"{label} {printed.caption} {printed.note}") is not None


def table_sums(paper: Paper) -> Iterator[Finding]:
    """Totals of rows, of columns, and of men and women, in every table."""
    for index, printed in enumerate(paper.document.tables):
        grid = printed_grid(paper, printed)
        if grid is None:
            continue
        if not _counted(paper, index):
            yield from _total_column(paper, grid)
        yield from _total_rows(paper, grid, index)
        yield from _sexes(paper, grid)


def printed_grid(paper: Paper, printed: PrintedTable) -> Grid | None:
    """The whole numbers of a table; None where it is too small to add anything up."""
    rows = range(len(printed.cells))
    if printed.n_columns < 2 or len(rows) < 2:
        return None
    numbers = tuple(
        tuple(None if cell.copied else _number(paper, cell.start, cell.end) for cell in printed.cells[row])
        for row in rows
    )
    return Grid(printed, tuple(rows), numbers)


def _number(paper: Paper, start: int, end: int) -> int | None:
    found = _WHOLE.match(paper.document.plain[start:end].strip())
    return int(found[0].replace(",", "")) if found else None


def _counted(paper: Paper, index: int) -> bool:
    """Whether the table is one of groups whose counts are compared with all patients elsewhere."""
    table = next((t for t in paper.tables if t.index == index), None)
    if table is None or table.kind != "groups":
        return False
    totals = [block.total.index for block in blocks(table) if block.total is not None]
    return any(count(line, column) is not None for line in table.lines for column in totals)


def _total_column(paper: Paper, grid: Grid) -> Iterator[Finding]:
    """A column "Total" beside the columns that make it up."""
    width = grid.printed.n_columns
    named = [(c, grid.name(c)) for c in range(1, width)]
    totals = [c for c, name in named if (is_total(name) or _ANY_GRADE.match(name)) and not _NO_SUM.search(name)]
    if len(totals) > 1:
        totals = [c for c in totals if not _ARM.match(grid.name(c))]  # an arm of combined treatment
    if len(totals) != 1:
        return
    whole = totals[0]
    parts = [c for c in range(1, width) if c != whole and not _NO_SUM.search(grid.name(c)) and not is_n(grid.name(c))]
    parts = [c for c in parts if sum(row[c] is not None for row in grid.numbers) >= FITTING * len(grid.rows)]
    cases = [
        (row, [(c, numbers[c]) for c in parts], numbers[whole])
        for row, numbers in zip(grid.rows, grid.numbers, strict=True)
        if len(parts) >= 2 and numbers[whole] is not None and all(numbers[c] is not None for c in parts)
    ]
    yield from _sums(paper, grid, whole, cases)


def _sexes(paper: Paper, grid: Grid) -> Iterator[Finding]:
    """Men and women against the number of patients of a row."""
    columns = range(1, grid.printed.n_columns)
    sizes = [c for c in columns if is_n(grid.name(c)) or is_total(grid.name(c))]
    if len(sizes) != 1:
        return
    men, women = ([c for c in columns if pattern.match(grid.name(c))] for pattern in (_MEN, _WOMEN))
    both = [c for c in columns if _BOTH.search(grid.name(c)) and "%" not in grid.name(c)]
    cases: list[tuple[int, list[tuple[int, int | None]], int | None]] = []
    for row, numbers in zip(grid.rows, grid.numbers, strict=True):
        if len(men) == len(women) == 1:
            cases.append((row, [(men[0], numbers[men[0]]), (women[0], numbers[women[0]])], numbers[sizes[0]]))
        elif len(both) == 1:
            cell = grid.printed.cells[row][both[0]]
            pair = _PAIR.match(paper.document.plain[cell.start : cell.end].strip())
            if pair:
                cases.append((row, [(both[0], int(pair[1])), (both[0], int(pair[2]))], numbers[sizes[0]]))
    yield from _sums(paper, grid, sizes[0], cases, of_total=False)


def _sums(
    paper: Paper,
    grid: Grid,
    whole: int,
    cases: Sequence[tuple[int, list[tuple[int, int | None]], int | None]],
    *,
    of_total: bool = True,
) -> Iterator[Finding]:
    """The findings of rows whose parts and total are printed; nothing where too few of the rows fit."""
    known = [(row, parts, total) for row, parts, total in cases if total and all(n is not None for _, n in parts)]
    telling = [case for case in known if sum(bool(n) for _, n in case[1]) >= 2]
    fits = sum(sum(n or 0 for _, n in parts) == total for _, parts, total in telling)
    if len(known) < LEAST_ROWS or fits < 2 or fits < FITTING * len(telling):
        return
    if fits < len(telling) and parts_overlap(grid.printed, grid.name(whole)):
        return
    for row, parts, total in known:
        told = " + ".join(dict.fromkeys(grid.name(c) for c, _ in parts))
        yield sum_finding(
            paper,
            grid,
            row,
            whole,
            [n or 0 for _, n in parts],
            total or 0,
            f"{grid.label(row)}, {told}",
            of_total=of_total,
        )


def _total_rows(paper: Paper, grid: Grid, index: int) -> Iterator[Finding]:
    """A row "Total" or "Subtotal" below the rows that make it up, in each column of whole numbers.

    Another column of the same total must fit its rows, and no more than one in three may not; where no other column has
    numbers, another total of the same column must fit, or it is the one total of patients of a table of studies.
    """
    read = next((t for t in paper.tables if t.index == index), None)
    known = _told_of_studies(read)
    studies = sum(looks_like_study(grid.label(row)) for row in grid.rows) >= LEAST_ROWS
    at = [i for i, row in enumerate(grid.rows) if _TOTAL_ROW.match(grid.label(row))]
    if any(_STATISTICS.search(grid.words(row)) for row in grid.rows):
        return
    starts = sorted({0, *(i for i, row in enumerate(grid.rows) if 0 < row <= grid.printed.header_rows)})
    tries = [_cases(grid, at, start) for start in starts]
    cases = max(tries, key=lambda one: sum(sum(case.parts) == case.total for case in one), default=[])
    for i in at:
        row = [case for case in cases if case.at == i]
        fits = sum(sum(case.parts) == case.total for case in row)
        off = len(row) - fits
        other_rows = sum(case.at != i and sum(case.parts) == case.total for case in cases)
        alone = len(row) == 1 and (other_rows > 0 or (studies and is_n(grid.name(row[0].column))))
        overlap = parts_overlap(grid.printed, grid.label(grid.rows[i]))
        if not (alone or (fits and (off <= 1 or 2 * off <= fits))) or (off and overlap):
            continue
        for case in row:
            percents = case.total == 100 and 0 < abs(sum(case.parts) - 100) <= len(case.parts)  # rounded ones
            if case.column not in known and not percents:
                what = f"{grid.label(grid.rows[i])}, {grid.name(case.column)}"
                yield sum_finding(paper, grid, grid.rows[i], case.column, case.parts, case.total, what)


def _told_of_studies(read: ReadTable | None) -> set[int]:
    """The columns whose one total at the end is compared where tables of studies are."""
    if read is None or read.kind != "studies" or not read.lines:
        return set()
    totals = [line for line in read.lines if line.depth == 1]
    ends = len(totals) == 1 and read.lines[-1] is totals[0]
    sized = (c.index for c in read.columns if c.role in ("n", "count")) if ends else ()
    return {column for column in sized if all(column in line.entries for line in read.lines)}


@dataclass(frozen=True)
class _Case:
    """One column of a row of totals. at : of the row among the grid's."""

    at: int
    column: int
    parts: tuple[int, ...]
    total: int


def _cases(grid: Grid, at: Sequence[int], start: int) -> list[_Case]:
    found: list[_Case] = []
    for k, i in enumerate(at):
        above = [j for j in range(at[k - 1] + 1 if k else start, i) if any(n is not None for n in grid.numbers[j])]
        for column in range(1, grid.printed.n_columns):
            total, parts = grid.numbers[i][column], [grid.numbers[j][column] for j in above]
            whole = [n for n in parts if n is not None]
            if total and len(whole) == len(parts) >= 2 and not _NO_SUM.search(grid.name(column)):
                found.append(_Case(i, column, tuple(whole), total))
    return found


def sum_finding(
    paper: Paper,
    grid: Grid,
    row: int,
    column: int,
    parts: Sequence[int],
    total: int,
    what: str,
    *,
    of_total: bool = True,
) -> Finding:
    """total-vs-parts for one cell of a grid. of_total : the cell is called a total, so that a slip is more likely its own."""
    cell = grid.printed.cells[row][column]
    words = " ".join(c.text.strip() for c in grid.printed.cells[row] if not c.copied and c.text.strip())
    place = replace(paper.place(cell.start, cell.end), quote=shortened(words))
    found = far_total(total_vs_parts([str(n) for n in parts], str(total), what=what, place=place), parts, total)
    added = sum(parts)
    of_parts = sum(
        n + total - added >= 0 and slip(Printed.of(n), float(n + total - added)) is not None for n in set(parts)
    )
    if (
        found.repair is not None and of_parts and not of_total
    ):  # one digit of the total or of a part: which of them is not told
        return replace(found, repair=None, cause="one digit is wrong: of the total or of one of its parts")
    return found


CHECKS = (table_sums,)
