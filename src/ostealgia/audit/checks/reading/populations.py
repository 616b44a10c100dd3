"""Who is counted where: the groups of a paper's tables with their sizes, and the patients of each category over all groups."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import folded, is_weighted, label_key
from ostealgia.audit.tables.view import Block, blocks, count, group_tables

_GENERIC_WORDS = """group groups arm arms patients participants subjects the of in cohort n number treated treatment therapy
    randomised randomized assigned allocated to receiving received at risk"""
_GENERIC = frozenset(_GENERIC_WORDS.split())
_PIECES = re.compile(r"[^\W_]+")
_NUMBER_OF = re.compile(r"\bno\.(?:\s?of\b)?|\bno\sof\b", re.IGNORECASE)
_SIZE = re.compile(r"[(\[,;]?\s{0,3}\bn\s{0,3}[=:]\s{0,3}[\d,]+\s{0,3}[)\]]?", re.IGNORECASE)


def group_key(name: str) -> frozenset[str]:
    """The words of a group's name that tell it from others.

    >>> sorted(group_key("Usual-care group (n = 80)")), sorted(group_key("No. of patients"))
    (['care', 'usual'], [])
    """
    return frozenset(_PIECES.findall(folded(_NUMBER_OF.sub(" ", _SIZE.sub(" ", name))))) - _GENERIC


@dataclass(frozen=True, eq=False)
class Sized:
    """A table with its groups. sizes : name of each group -> its printed number of patients."""

    table: int
    block: Block
    sizes: dict[frozenset[str], Number]

    @property
    def total(self) -> int:
        """Patients of all groups."""
        return sum(int(n.value) for n in self.sizes.values())


@dataclass(frozen=True, eq=False)
class Category:
    """A row of the first table of groups. count : of all groups together.  whole : all patients.  by_group : count in each."""

    label: str
    key: tuple[str, ...]
    count: int
    whole: int
    by_group: dict[frozenset[str], int]
    sizes: dict[frozenset[str], int]


@once
def sized_tables(paper: Paper) -> tuple[Sized, ...]:
    """The tables of independent groups whose sizes are all printed, in order."""
    found: list[Sized] = []
    for table in group_tables(paper):
        printed = paper.document.tables[table.index]
        usable = [block for block in blocks(table) if block.sizes and len(block.groups) >= 2 and block.independent]
        if len(usable) != 1 or table.notes or is_weighted(f"{printed.caption} {printed.note}"):
            continue
        named = {group_key(c.group or ""): c.n for c in usable[0].groups if c.n is not None}
        if len(named) == len(usable[0].groups) and frozenset() not in named:
            found.append(Sized(table.index, usable[0], named))
    return tuple(found)


@once
def categories(paper: Paper) -> tuple[Category, ...]:
    """The categories of the first table of groups that prints their counts in every group."""
    sized = sized_tables(paper)
    if not sized:
        return ()
    first = sized[0]
    table = next(t for t in paper.tables if t.index == first.table)
    sizes = {name: int(n.value) for name, n in first.sizes.items()}
    found: list[Category] = []
    for line in table.lines:
        counts = [count(line, column.index) for column in first.block.groups]
        if None in counts:
            continue
        by_group = dict(zip(sizes, (c for c in counts if c is not None), strict=True))
        label = f"{line.variable} {line.label}" if line.depth else line.label
        key = label_key(line.label)
        if key and all(c <= sizes[g] for g, c in by_group.items()):
            found.append(Category(label, key, sum(by_group.values()), first.total, by_group, sizes))
    return tuple(found)
