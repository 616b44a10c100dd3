"""Estimates with interval and P beside their rows, and the statistics and P values beside groups."""

from __future__ import annotations

from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.cells import Shape
from ostealgia.audit.tables.columns import Frame
from ostealgia.audit.tables.grid import Grid
from ostealgia.audit.tables.headers import is_n
from ostealgia.audit.tables.model import Column, Entry

SINGLE = ("one", "bound", "p")


def effect_entries(grid: Grid, frame: Frame, *, tests: bool = False) -> dict[int, dict[int, Entry]]:
    """Row -> column -> entry, for the columns of estimates (with the interval and P of their block).

    tests : statistics and P values that belong to no estimate get an entry of their own.
    """
    blocks = _blocks(frame)
    taken = {column.index for block in blocks for column in block}
    found: dict[int, dict[int, Entry]] = {}
    for row in grid.body:
        entries: dict[int, Entry] = {}
        for block in blocks:
            entry = _block_entry(grid, row, block)
            if entry is not None:
                entries[entry.column] = entry
        if tests:
            for column in frame.of("statistic", "p_value", "df"):
                if column.index not in taken:
                    entry = _single(grid, row, column)
                    if entry is not None:
                        entries[column.index] = entry
        if entries:
            found[row] = entries
    return found


def _blocks(frame: Frame) -> list[list[Column]]:
    """Columns that belong together: an estimate and what follows it up to the next estimate."""
    blocks: list[list[Column]] = []
    for column in frame.columns:
        if column.role == "estimate":
            blocks.append([column])
        elif blocks and column.role in ("interval", "ci_low", "ci_high", "p_value", "std_error", "wald"):
            if column.role in {c.role for c in blocks[-1]} or (
                column.role == "p_value" and _far(frame, blocks[-1], column)
            ):
                continue
            blocks[-1].append(column)
        elif blocks and column.role in ("group", "total", "count") and column.index > blocks[-1][-1].index + 1:
            continue
    return blocks


def _far(frame: Frame, block: list[Column], column: Column) -> bool:
    """Whether numbers of another kind stand between an estimate and a P: it may be of these."""
    between = (c for c in frame.columns if block[-1].index < c.index < column.index)
    return any(c.role in ("data", "group", "total", "statistic") and not is_n(c.name) for c in between)


def _block_entry(grid: Grid, row: int, block: list[Column]) -> Entry | None:
    shape = grid.shape(row, block[0].index)
    parts = _estimate(shape)
    if parts is None:
        return None
    end = shape.end
    for column in block[1:]:
        beside = grid.shape(row, column.index)
        more = _beside(beside, column.role)
        for name, number in more.items():
            if name not in parts:
                parts[name] = number
                end = max(end, beside.end) if column.role != "p_value" else end
    return Entry(row=row, column=block[0].index, parts=parts, start=shape.start, end=end)


def _estimate(shape: Shape) -> dict[str, Number] | None:
    if shape.form in ("triple", "triple p"):
        return dict(zip(("estimate", "ci_low", "ci_high", "p_value"), shape.numbers, strict=False))
    if shape.form == "one":
        return {"estimate": shape.first}
    return None


def _beside(shape: Shape, role: str) -> dict[str, Number]:
    if role == "interval" and (shape.form == "range" or shape.pattern in ("9,9", "9;9")):
        return dict(zip(("ci_low", "ci_high"), shape.numbers, strict=False))
    if role in ("ci_low", "ci_high", "std_error", "wald") and shape.form == "one":
        return {role: shape.first}
    if role == "p_value" and shape.form in SINGLE:
        return {"p_value": shape.first}
    return {}


def _single(grid: Grid, row: int, column: Column) -> Entry | None:
    shape = grid.shape(row, column.index)
    if shape.form not in SINGLE:
        return None
    return Entry(row=row, column=column.index, parts={column.role: shape.first}, start=shape.start, end=shape.end)
