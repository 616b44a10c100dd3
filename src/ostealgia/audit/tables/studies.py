"""Tables with one study a row: results, sizes, ratings."""

from __future__ import annotations

import re

from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.cells import Shape
from ostealgia.audit.tables.columns import Frame
from ostealgia.audit.tables.effects import effect_entries
from ostealgia.audit.tables.grid import Grid
from ostealgia.audit.tables.headers import hint_of, is_n, is_total, size_in
from ostealgia.audit.tables.model import Entry, Line
from ostealgia.audit.tables.rows import CONTINUOUS, HINTED, PARTS, is_whole

FILLED, EMPTY = re.compile("[★⭐✭*✩]"), re.compile("[☆]")
_TOTAL_ROW = re.compile(r"^(?:total|overall|sum|all|pooled|summary|combined|mean|median)\b", re.IGNORECASE)
_SD = re.compile(r"\bsd\b|standard deviation|\bstd\b", re.IGNORECASE)


def study_lines(grid: Grid, frame: Frame) -> tuple[Line, ...]:
    """A line for each study; depth 1 marks a row of totals."""
    extra = effect_entries(grid, frame)
    lines = []
    for row in grid.body:
        label = grid.text(row, frame.label)
        entries: dict[int, Entry] = {}
        for column in frame.columns:
            if column.role in ("label", "study", "category", "estimate", "interval", "ci_low", "ci_high", "p_value"):
                continue
            shape = grid.shape(row, column.index)
            parts = _study_parts(grid, column.index, column.role, shape)
            if parts:
                entries[column.index] = Entry(
                    row=row, column=column.index, parts=parts, start=shape.start, end=shape.end
                )
        entries.update(extra.get(row, {}))
        total = _TOTAL_ROW.match(label) is not None
        lines.append(
            Line(row=row, label=label, depth=1 if total else 0, variable=label, unit_hint=None, entries=entries)
        )
    return tuple(lines)


def _study_parts(grid: Grid, column: int, role: str, shape: Shape) -> dict[str, Number]:
    if role == "n" or is_n(grid.lasts[column]):
        if shape.form == "one" and is_whole(shape.first):
            return {"n": shape.first}
        sized = size_in(shape.text, shape.start) if shape.form == "size" else None
        return {"n": sized} if sized is not None else {}
    if not shape.data:
        return {}
    hint = hint_of(grid.names[column])
    if shape.form == "plus minus":
        return dict(zip(("mean", "sd"), shape.numbers, strict=False))
    names = HINTED.get((shape.form, hint or "")) or PARTS.get(shape.form)
    if shape.form == "one" and hint is None:
        names = ("sd",) if _SD.search(grid.names[column]) else ("value",)
    if shape.form == "pair" and names is None and CONTINUOUS.search(grid.names[column]):
        names = ("mean", "sd")
    if names is None or shape.form == "bound":
        return {}
    parts = dict(zip(names, shape.numbers, strict=False))
    if any(name in parts and not is_whole(parts[name]) for name in ("count", "n")):
        return {}
    return parts


def rating_lines(grid: Grid, frame: Frame) -> tuple[Line, ...]:
    """A line for each study: filled stars or points by domain, the printed total and the class in words."""
    lines = []
    for row in grid.body:
        entries: dict[int, Entry] = {}
        for column in range(grid.width):
            if column == frame.label:
                continue
            parts = _rating_parts(grid, row, column)
            if parts:
                shape = grid.shape(row, column)
                entries[column] = Entry(row=row, column=column, parts=parts, start=shape.start, end=shape.end)
        label = grid.text(row, frame.label)
        lines.append(Line(row=row, label=label, depth=0, variable=label, unit_hint=None, entries=entries))
    return tuple(lines)


def _rating_parts(grid: Grid, row: int, column: int) -> dict[str, Number]:
    shape = grid.shape(row, column)
    text = grid.text(row, column)
    named = (
        is_total(grid.names[column])
        or re.search(r"\bscore|\btotal|\bsum\b|points", grid.names[column].casefold()) is not None
    )
    filled = len(FILLED.findall(text))
    if filled or EMPTY.search(text):
        if any(mark.isalnum() for mark in text):
            return {}
        number = Number(str(filled), shape.start, shape.end)
        return {"total": number} if named else {"filled": number}
    if shape.form == "of":
        return {"total": shape.numbers[0], "most": shape.numbers[1]}
    if shape.form == "one" and is_whole(shape.first):
        return {"total" if named else "points": shape.first}
    return {}
