"""The tables of a paper, understood: groups, statistics, studies, effects."""

from __future__ import annotations

from ostealgia.audit.tables.model import Column, Entry, Line, ReadTable
from ostealgia.audit.tables.reading import read_table, read_tables, row_size, row_study

__all__ = ["Column", "Entry", "Line", "ReadTable", "read_table", "read_tables", "row_size", "row_study"]
