"""cross-reference of group sizes: one arm with more patients in a later table than were assigned to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import folded
from ostealgia.audit.tables.model import ReadTable
from ostealgia.audit.tables.view import group_tables

_ASSIGNED = re.compile(r"\b(?:randomi[sz]ed|randomly|assigned|allocated)\b", re.IGNORECASE)
_NOT_PATIENTS = re.compile(
    r"lesion|site|event|cycle|sample|eyes|visit|metastas|tumou?r|procedure|implant|teeth|knees|hips", re.IGNORECASE
)
NEAR = 160  # characters around a size in which the words of an assignment stand


def table_arm_sizes(paper: Paper) -> Iterator[Finding]:
    """No table holds more patients of an arm than the text says were assigned to it and the first table prints."""
    tables = [table for table in group_tables(paper) if len(_sizes(table)) >= 2]
    for later in tables[1:]:
        printed = paper.document.tables[later.index]
        first, here = _sizes(tables[0]), _sizes(later)
        shared = [name for name in here if name in first]
        same = [name for name in shared if here[name].value == first[name].value]
        if not same or len(shared) < len(first) or _NOT_PATIENTS.search(printed.caption):
            continue
        assigned = _assigned(paper)
        for name in shared:
            size = here[name]
            known = first[name].value in assigned
            if known and (name in same or size.value > first[name].value):
                place = paper.place(size.start, size.end)
                yield cross_reference(size.text, first[name].text, what=f"patients of {name}", place=place)


def _sizes(table: ReadTable) -> dict[str, Number]:
    """Name of each group -> its printed size; empty where a name stands twice."""
    named = [
        (folded(c.group), c.n) for c in table.columns if c.role in ("group", "count") and c.n is not None and c.group
    ]
    found = {name: n for name, n in named if name and n is not None}
    return found if len(found) == len(named) else {}


@once
def _assigned(paper: Paper) -> frozenset[float]:
    """The numbers "n = 103" of the text beside words of an assignment."""
    plain = paper.document.plain
    spans = [(table.start, table.end) for table in paper.document.tables]
    found = set[float]()
    for match in re.finditer(r"\bn\s?=\s?(\d{1,5})\b", plain, re.IGNORECASE):
        if any(start <= match.start() < end for start, end in spans):
            continue
        if _ASSIGNED.search(plain, max(0, match.start() - NEAR), match.end() + NEAR):
            found.add(float(match[1]))
    return frozenset(found)


CHECKS = (table_arm_sizes,)
