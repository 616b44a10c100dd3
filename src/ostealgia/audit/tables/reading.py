"""From printed tables to tables that are understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.columns import Frame, read_frame, sizes
from ostealgia.audit.tables.effects import effect_entries
from ostealgia.audit.tables.grid import Grid, make_grid
from ostealgia.audit.tables.headers import size_in
from ostealgia.audit.tables.model import Entry, Line, ReadTable
from ostealgia.audit.tables.rows import group_rows, is_whole, joined, to_lines
from ostealgia.audit.tables.studies import rating_lines, study_lines
from ostealgia.io.documents.model import Document
from ostealgia.numerics.intervals import as_interval


def read_tables(document: Document) -> tuple[ReadTable, ...]:
    """What is each table of a paper, and what does each of its columns, rows and cells hold?

    Returns one ReadTable for each of Document.tables. Where the evidence of headers, labels, notes and cells does not
    tell, a cell has no entry: it is not understood, and not checked.

    >>> from ostealgia.io.documents.model import Document
    >>> read_tables(Document(name="a", format="text", text="", plain=""))
    ()
    """
    return tuple(read_table(document, index) for index in range(len(document.tables)))


_NUMBERED = re.compile(
    r"^\W{0,4}(?:(?:supplementa\w{1,4}|appendix|online|e?table|tab)\b[.\s]{0,3}){1,3}[\dA-Z.-]{1,6}\b", re.IGNORECASE
)
MOST_ROWS, MOST_COLUMNS = 1500, 200  # a longer one is data, not a printed table


def read_table(document: Document, index: int) -> ReadTable:
    """One table of a document."""
    printed = document.tables[index]
    if len(printed.cells) > MOST_ROWS or printed.n_columns > MOST_COLUMNS:
        told = f"{len(printed.cells)} rows by {printed.n_columns} columns: taken for data, not for a printed table"
        return ReadTable(index=index, kind="other", label=printed.label, notes=(told,))
    grid = make_grid(document, document.tables[index])
    frame = read_frame(grid)
    lines: tuple[Line, ...] = ()
    notes: list[str] = []
    columns = frame.columns
    if frame.kind in ("groups", "characteristics"):
        lines, frame = _group_lines(grid, frame)
        columns = frame.columns
    elif frame.kind == "studies":
        lines = study_lines(grid, frame)
    elif frame.kind == "ratings":
        lines = rating_lines(grid, frame)
    elif frame.kind == "effects":
        extra = effect_entries(grid, frame)
        rows = group_rows(grid, frame, (), {})
        lines = to_lines(grid, rows, extra)
    if grid.turned:
        notes.append("groups are rows")
    used = frozenset(
        place
        for line in lines
        for entry in line.entries.values()
        for place in _places(grid, entry)
        if "value" not in entry.parts
    )
    return ReadTable(
        index=index,
        kind=frame.kind,
        label=grid.table.label,
        columns=columns,
        lines=lines,
        used=used,
        notes=tuple(notes),
    )


def _places(grid: Grid, entry: Entry) -> Iterable[tuple[int, int]]:
    """The cells, in the printed orientation, that the numbers of an entry stand in."""
    for number in entry.parts.values():
        for column in range(grid.width):
            cell = grid.cells[entry.row][column]
            if cell.start <= number.start < cell.end:
                yield (cell.row, cell.column)
                break


def _group_lines(grid: Grid, frame: Frame) -> tuple[tuple[Line, ...], Frame]:
    columns = [c.index for c in frame.of("group", "total", "count")]
    known = dict(sizes(grid, frame))
    if len(columns) == 1 and columns[0] not in known:
        said = _NUMBERED.sub(lambda label: " " * len(label[0]), grid.table.caption)  # "Table 2 Patients" are not two
        caption = size_in(said, grid.table.caption_start or 0)
        if caption is not None and grid.table.caption_start is not None:
            known[columns[0]] = caption
    rows = group_rows(grid, frame, columns, known)
    lines = to_lines(grid, rows, effect_entries(grid, frame, tests=True))
    lines = tuple(_with_percents(grid, frame, line) for line in lines)
    return _with_row_sizes(grid, frame, lines), _sized(frame, known)


LEAST_SIZED, MOST_FIT = 3, 0.6  # rows whose percentages are of the number in a column "N", and their share


def _with_row_sizes(grid: Grid, frame: Frame, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The numbers of a column "N" as the sizes of the percentages that they fit: each row has its own."""
    for size in frame.of("n"):
        for column in (c.index for c in frame.of("group", "total", "count")):
            cells = {
                line.row: (line.entries[column], grid.shape(line.row, size.index))
                for line in lines
                if column in line.entries and {"count", "percent"} <= set(line.entries[column].parts)
            }
            sized = {row: (e, s.first) for row, (e, s) in cells.items() if s.form == "one" and is_whole(s.first)}
            fitting = sum(_is_share(entry, n) for entry, n in sized.values())
            if (
                fitting < LEAST_SIZED
                or fitting < MOST_FIT * len(cells)
                or len({n.value for _, n in sized.values()}) < 2
            ):
                continue
            own = {row: joined(entry, {"n": n}) for row, (entry, n) in sized.items() if "n" not in entry.parts}
            lines = tuple(
                replace(line, entries={**line.entries, column: own[line.row]}) if line.row in own else line
                for line in lines
            )
    return lines


def _is_share(entry: Entry, n: Number) -> bool:
    count, percent = entry.parts["count"], entry.parts["percent"]
    return (
        0 <= count.value <= n.value and n.value > 0 and percent.printed.allows(as_interval(100 * count.value / n.value))
    )


def _with_percents(grid: Grid, frame: Frame, line: Line) -> Line:
    """Counts and percentages that stand in columns of their own, put together."""
    pairs = {c.index - 1: c.index for c in frame.of("percent")}
    entries = dict(line.entries)
    for column, percent in pairs.items():
        entry, shape = entries.get(column), grid.shape(line.row, percent)
        if shape.form not in ("one", "percent"):
            continue
        if entry is None:
            continue
        value = entry.parts.get("count") or entry.parts.get("value")
        if value is not None and is_whole(value) and value.start != shape.first.start:  # not one cell above both
            entries[column] = joined(Entry(row=entry.row, column=column, parts={"count": value}, start=entry.start, end=shape.end),
                                     {"percent": shape.first})  # fmt: skip
    return Line(
        row=line.row,
        label=line.label,
        depth=line.depth,
        variable=line.variable,
        unit_hint=line.unit_hint,
        entries=entries,
    )


def _sized(frame: Frame, known: Mapping[int, Number]) -> Frame:
    columns = tuple(replace(c, n=known.get(c.index, c.n)) for c in frame.columns)
    return replace(frame, columns=columns)


def row_size(table: ReadTable, row: int) -> Number | None:
    """The sample size printed in a row: the first whole number of a column of sizes ("Sample size", "N", "n")."""
    line = next((line for line in table.lines if line.row == row), None)
    if line is None:
        return None
    for column in table.columns:
        if column.role == "n" and column.index in line.entries:
            number = line.entries[column.index].parts.get("n")
            if number is not None:
                return number
    return None


def row_study(table: ReadTable, row: int) -> str | None:
    """The study a row is about, as printed ("Shi et al. (30)"); None in a table that is not one of studies."""
    if table.kind not in ("studies", "ratings"):
        return None
    line = next((line for line in table.lines if line.row == row), None)
    return line.label if line is not None and line.label else None
