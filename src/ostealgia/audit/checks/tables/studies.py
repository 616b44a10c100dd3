"""Tables with one study a row: percentages of the row's patients, rows of totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.tables.sums import parts_overlap
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.percents import percent_vs_count
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.denominators import denominators
from ostealgia.audit.tables.model import Column, Line, ReadTable
from ostealgia.audit.tables.view import number, place_of, shortened
from ostealgia.numerics.intervals import as_interval

LEAST = 3  # rows that must fit before one that does not is a disagreement
SHARE = 0.6  # of the rows
FEWEST, HALF = 2, 0.5  # the same where the percentages of the whole table
MANY, SURE = 12, 0.8  # (so many of them, and this share) are those of the same sizes


@dataclass(frozen=True)
class _Cell:
    """A count with its percentage in the row of one study."""

    line: Line
    column: Column
    count: Number
    percent: Number
    n: int

    @property
    def fits(self) -> bool:
        return self.count.value <= self.n and self.percent.printed.allows(as_interval(100 * self.count.value / self.n))


def table_studies(paper: Paper) -> Iterator[Finding]:
    """Percentages of every study's patients, and rows of totals."""
    for table in paper.tables:
        if table.kind == "studies":
            yield from _percents(paper, table)
            yield from _totals(paper, table)


def _percents(paper: Paper, table: ReadTable) -> Iterator[Finding]:
    sizes = [c for c in table.columns if c.role == "n"]
    whole = {size.index: _fit_as_a_whole(table, size) for size in sizes}
    for column in table.columns:
        own = [c for line in table.lines if (c := _own(line, column)) is not None]
        for cell in own:
            yield _checked(paper, table, cell, own)
        tried = [[c for line in table.lines if (c := _cell(line, column, size)) is not None] for size in sizes]
        tried = [cells for cells in tried if cells]
        if not tried:
            continue
        cells = max(tried, key=lambda cells: sum(cell.fits for cell in cells))
        told = [cell for cell in cells if cell.count.value > 0]
        fitting = sum(cell.fits for cell in told)
        certain = fitting >= LEAST and fitting >= SHARE * len(told)
        certain = certain or (
            _by_usual_sizes(sizes, cells, whole) and fitting >= FEWEST and fitting >= HALF * len(told)
        )
        for cell in cells:
            if cell.fits or (certain and not _of_others(cell, cells)):
                yield _checked(paper, table, cell, cells)


def _fit_as_a_whole(table: ReadTable, size: Column) -> bool:
    """Whether nearly all percentages of the table are those of one column of sizes."""
    told = [
        c for column in table.columns for line in table.lines if (c := _cell(line, column, size)) and c.count.value > 0
    ]
    return sum(cell.fits for cell in told) >= max(MANY, SURE * len(told))


def _by_usual_sizes(sizes: Sequence[Column], cells: Sequence[_Cell], whole: dict[int, bool]) -> bool:
    """Whether the sizes of these cells are those that the whole table's percentages rest on."""
    used = [size.index for size in sizes if all(_sized(cell, size) for cell in cells)]
    return any(whole[index] for index in used)


def _sized(cell: _Cell, size: Column) -> bool:
    n = number(cell.line, size.index, "n")
    return n is not None and int(n.value) == cell.n


def _own(line: Line, column: Column) -> _Cell | None:
    """A cell that prints its own denominator: "8/10 (80)"."""
    parts = [number(line, column.index, name) for name in ("count", "percent", "n")]
    counted, percent, n = parts
    if counted is None or percent is None or n is None or n.value <= 0:
        return None
    return _Cell(line, column, counted, percent, int(n.value))


def _cell(line: Line, column: Column, size: Column) -> _Cell | None:
    counted, percent, n = (
        number(line, column.index, "count"),
        number(line, column.index, "percent"),
        number(line, size.index, "n"),
    )
    if counted is None or percent is None or n is None or n.value <= 0 or number(line, column.index, "n") is not None:
        return None
    return _Cell(line, column, counted, percent, int(n.value))


def _of_others(cell: _Cell, cells: Sequence[_Cell]) -> bool:
    """Whether most rows that do not fit are percentages of fewer patients: those that could be evaluated."""
    off = [c for c in cells if not c.fits and c.count.value > 0]
    fewer = [
        c
        for c in off
        if (r := denominators(c.count.value, c.percent.printed)) is not None and 0.5 * c.n <= r[1] and r[0] < c.n
    ]
    return cell in fewer and 2 * len(fewer) > len(off) and len(fewer) > 1


def _checked(paper: Paper, table: ReadTable, cell: _Cell, cells: Sequence[_Cell]) -> Finding:
    at = next(i for i, line in enumerate(table.lines) if line is cell.line)
    neighbours: dict[str, int] = {}
    for step, name in ((1, "the next row"), (-1, "the row above")):
        if 0 <= at + step < len(table.lines):
            near = next((c for c in cells if c.line is table.lines[at + step]), None)
            n = near.n if near is not None else _size_of(table, table.lines[at + step])
            if n:
                neighbours[name] = n
    entry = cell.line.entries[cell.column.index]
    words = paper.document.quote(entry.start, entry.end)
    place = replace(place_of(paper, table, cell.line, entry), quote=shortened(f"{cell.line.label} {cell.n} {words}"))
    return percent_vs_count(int(cell.count.value), cell.percent.printed, cell.n, neighbours=neighbours, place=place)


def _size_of(table: ReadTable, line: Line) -> int | None:
    for column in table.columns:
        n = number(line, column.index, "n") if column.role == "n" else None
        if n is not None:
            return int(n.value)
    return None


def _totals(paper: Paper, table: ReadTable) -> Iterator[Finding]:
    """A row of totals against the rows above it, for sizes and counts."""
    totals = [line for line in table.lines if line.depth == 1]
    rows = [line for line in table.lines if line.depth == 0]
    if len(totals) != 1 or table.lines[-1] is not totals[0] or len(rows) < 2:
        return
    printed = paper.document.tables[table.index]
    label = printed.cells[totals[0].row][0].text if totals[0].row < len(printed.cells) else totals[0].label
    for column in table.columns:
        part = "n" if column.role == "n" else "count"
        parts = [n for line in rows if (n := number(line, column.index, part)) is not None]
        whole = number(totals[0], column.index, part)
        if whole is None or len(parts) != len(rows):
            continue
        place = place_of(paper, table, totals[0], whole)
        found = total_vs_parts([p.text for p in parts], whole.text, what=column.name, severity="minor", place=place)
        if not (found.flagged and parts_overlap(printed, label)):
            yield found


CHECKS = (table_studies,)
