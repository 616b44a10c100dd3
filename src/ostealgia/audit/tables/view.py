"""A table of groups as its checks see it: variables with their categories, groups that are compared, places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.finding import Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import is_plain_p, is_time
from ostealgia.audit.tables.model import Column, Entry, Line, ReadTable

GROUPS = ("group", "total", "count")
_ROW_OF_N = re.compile(r"(?:n|no\.?|number)$", re.IGNORECASE)


@dataclass(frozen=True)
class Variable:
    """A variable: its own line (None where the table has none) and the lines of its categories."""

    name: str
    head: Line | None
    levels: tuple[Line, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its own line, then its categories."""
        return ((self.head,) if self.head else ()) + self.levels

    def counted(self, columns: Sequence[int]) -> tuple[Line, ...]:
        """The categories that have a count in every one of the columns; empty where one of them has none."""
        lines = tuple(line for line in self.levels if any(number(line, c, "count") for c in columns))
        whole = all(number(line, c, "count") is not None for line in lines for c in columns)
        return lines if whole and len(lines) == len(self.levels) else ()


@dataclass(frozen=True)
class Block:
    """Groups side by side, with the column of all of them, and the columns of the test that compares them."""

    groups: tuple[Column, ...]
    total: Column | None = None
    statistic: Column | None = None
    p_value: Column | None = None

    @property
    def indexes(self) -> tuple[int, ...]:
        """The groups' columns."""
        return tuple(column.index for column in self.groups)

    @property
    def sizes(self) -> tuple[int, ...] | None:
        """Patients in each group, None where one is not printed."""
        known = [int(column.n.value) for column in self.groups if column.n is not None]
        return tuple(known) if len(known) == len(self.groups) and min(known, default=0) > 0 else None

    @property
    def independent(self) -> bool:
        """Whether the groups hold different patients, as far as their names tell."""
        shared = [column.n.start for column in self.groups if column.n is not None]
        if len(shared) > 1 and len(set(shared)) == 1:
            return False  # one size above all of them: the same patients
        return len(self.groups) >= 2 and not any(is_time(column.group or "") for column in self.groups)


def variables(table: ReadTable) -> list[Variable]:
    """The variables of a table, in order."""
    found: list[tuple[str, Line | None, list[Line]]] = []
    for line in table.lines:
        if line.depth and found and found[-1][0] == line.variable:
            found[-1][2].append(line)
        elif line.depth:
            found.append((line.variable, None, [line]))
        elif line.label or line.entries:
            found.append((line.label, line, []))
    return [Variable(name, head, tuple(levels)) for name, head, levels in found]


def blocks(table: ReadTable) -> list[Block]:
    """The groups that are compared with one another; a new block begins after a statistic or P."""
    found: list[list[Column]] = []
    closed = True
    for column in table.columns:
        if column.role in GROUPS:
            if closed:
                found.append([])
                closed = False
            found[-1].append(column)
        elif column.role in ("statistic", "p_value") and found:
            found[-1].append(column)
            closed = True
    return [_block(columns) for columns in found]


def _block(columns: Sequence[Column]) -> Block:
    totals = [c for c in columns if c.role == "total"]
    groups = tuple(c for c in columns if c.role in ("group", "count"))
    statistics = [c for c in columns if c.role == "statistic"]
    p_values = [c for c in columns if c.role == "p_value" and is_plain_p(c.name)]
    all_p = [c for c in columns if c.role == "p_value"]
    return Block(
        groups,
        totals[0] if len(totals) == 1 else None,
        statistics[0] if len(statistics) == 1 else None,
        p_values[0] if len(p_values) == 1 and len(all_p) == 1 else None,
    )


def number(line: Line, column: int, part: str) -> Number | None:
    """A part of the entry in a column."""
    entry = line.entries.get(column)
    return entry.parts.get(part) if entry is not None else None


def count(line: Line, column: int) -> int | None:
    """The count in a column."""
    found = number(line, column, "count")
    return None if found is None else int(found.value)


def place_of(
    paper: Paper, table: ReadTable, line: Line, entry: Entry | Number | None, variable: Variable | None = None
) -> Place:
    """Where a number stands: the span of its cell, quoted with the words of its row."""
    words = row_words(paper, line)
    if variable is not None and line.depth and variable.name and variable.name != line.label:
        words = f"{variable.name}: {words}"
    if entry is None:
        entry = next(iter(line.entries.values()), None)
    if entry is None:
        return Place(document=paper.document.name, quote=shortened(words))
    return replace(paper.place(entry.start, entry.end), quote=shortened(words))


def row_words(paper: Paper, line: Line) -> str:
    """The words of a row, cells joined by blanks; long texts between its numbers are left out."""
    said = [line.label]
    for entry in sorted(line.entries.values(), key=lambda e: e.start):
        text = paper.document.quote(entry.start, entry.end)
        if entry.column != 0 and len(text) < 80:
            said.append(text)
    return " ".join(said)


def shortened(words: str, most: int = 25) -> str:
    """At most so many words."""
    parts = words.split()
    return " ".join(parts if len(parts) <= most else [*parts[:most], "..."])


def size_rows(table: ReadTable) -> tuple[Line, ...]:
    """The rows that print numbers of patients ("n", "No."); "No" below "Yes" is an answer."""
    answers = any(line.label.strip().casefold().startswith("yes") for line in table.lines)
    labels = ((line, line.label.strip()) for line in table.lines)
    return tuple(
        line for line, label in labels if _ROW_OF_N.match(label) and not (answers and label.casefold() == "no")
    )


def group_tables(paper: Paper) -> Iterator[ReadTable]:
    """The tables of groups of a paper."""
    yield from (table for table in paper.tables if table.kind in ("groups", "characteristics"))
