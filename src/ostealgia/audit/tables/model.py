"""A table as it was understood: which column is a group, a statistic, a P; which row a variable, a category, a study.

The printed numerals stay with their places; nothing here is computed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ostealgia.audit.statements.model import Number

TABLE_KINDS: dict[str, str] = {
    "groups": "patients' groups side by side: baseline, adverse events, univariable comparisons",
    "characteristics": "one column of counts or summaries of one population",
    "effects": "a row a factor or outcome, with estimate, interval and P",
    "studies": "a row a study, with its size and results",
    "ratings": "a row a study, with judgements or stars by domain and a total",
    "other": "nothing that can be recomputed by structure",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. role : "label", "group", "total", "n", "count", "statistic", "df", "p_value", "estimate", "interval", "mean",
    "sd", "text", ...  name : the header's words.  group : the group it belongs to.  n : the size printed in its header.
    """

    index: int
    role: str
    name: str
    group: str | None = None
    n: Number | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The numbers of one cell, by part: count, percent, n, mean, sd, median, low, high, estimate, ci_low, ci_high,
    statistic, df, p_value, filled (stars), total, ... Parts that are not printed are absent."""

    row: int
    column: int
    parts: dict[str, Number]
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row. label : its first words.  depth : 0 a variable or a study, 1 a category of the variable above.
    variable : the variable a category belongs to (its label), else its own label.  unit_hint : "n (%)", "mean ± SD", ...
    """

    row: int
    label: str
    depth: int
    variable: str
    unit_hint: str | None
    entries: dict[int, Entry]  # by column


@dataclass(frozen=True, kw_only=True)
class ReadTable:
    """One table of a paper. index : in Document.tables.  kind : name in TABLE_KINDS.

    used : cells (row, column) whose numbers the structure explains; free-text checks leave them alone.
    notes : what was taken for granted ("percentages by column").
    """

    index: int
    kind: str
    label: str
    columns: tuple[Column, ...] = ()
    lines: tuple[Line, ...] = ()
    used: frozenset[tuple[int, int]] = frozenset()
    notes: tuple[str, ...] = ()
