"""cross-reference: the size of one group in two tables, and the patients at risk at the start against the size of the group."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.populations import Sized, group_key, sized_tables
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.denominators import Share, shares
from ostealgia.io.documents.model import PrintedTable
from ostealgia.numerics.intervals import Printed

_ALL = re.compile(
    r"\b(?:all|every)\s(?:the\s)?(?:randomi[sz]ed|included|enrolled|assigned|allocated)\s(?:patients|participants)\b",
    re.I,
)
_SAME = re.compile(
    r"\b(?:same|all)\s(?:the\s)?(\d{1,6})\s(?:patients|participants|subjects|women|men|children|adults)\b", re.I
)
_FEWER = re.compile(
    r"\bexcept|\bexclu|\bwith (?:data|available)|\bevaluable|\bavailable|\bmissing|\bwho (?:completed|received|had)|\bsafety set",
    re.I,
)
_NOT_PATIENTS = re.compile(r"\b(?:lesion|cycle|sample|eye|implant|knee|hip)s?\b", re.I)
_AT_RISK = re.compile(r"\b(?:number|no\.?|numbers|patients|participants|subjects)\b[^.]{0,30}?\bat[- ]risk\b", re.I)
_START = re.compile(
    r"^\W*(?:(?:months?|years?|weeks?|days?|time)\W*)?0(?:\.0)?\W*(?:months?|mo|years?|y|weeks?|days?)?\W*$|^\W*baseline\W*$",
    re.I,
)
_ENTRY = re.compile(r"left[- ]truncat|delayed entry|\bage (?:as the )?time ?scale|time-dependent", re.I)
_WHOLE = re.compile(r"\s*(\d{1,3}(?:,\d{3})+|\d{1,7})\s*$")
_LATER_ON = re.compile(
    r"\b(?:follow-?up|weeks?|months?|years?|completers?|per[- ]protocol|subgroup|pregnan|second|extension)\b", re.I
)
FEW = 4  # patients without any follow-up
NEAR = 2  # patients, by which sets of patients often differ
FITTING = 2  # percentages of a group that are of another table's size


def sizes_in_tables(paper: Paper) -> Iterator[Finding]:
    """Has a group the same number of patients above two tables?

    Patients may be left out of a later table. A smaller number is told only where the table says that it holds all patients, or
    where its own percentages are of the number above the first table; a larger one where one slip makes them equal.
    """
    sized = sized_tables(paper)
    for later in sized[1:]:
        first = sized[0]
        if set(first.sizes) != set(later.sizes):
            continue
        off = [name for name in later.sizes if later.sizes[name].value != first.sizes[name].value]
        printed = paper.document.tables[later.table]
        if _NOT_PATIENTS.search(printed.caption) or len(off) == len(later.sizes):
            continue
        for name in later.sizes:
            here, there = later.sizes[name], first.sizes[name]
            if name not in off or _certain(paper, later, printed, name, here, there):
                what = f"patients of the {' '.join(sorted(name))} group, {paper.document.tables[first.table].label or 'another table'}"
                place = paper.place(here.start, here.end)
                yield cross_reference(here.text, there.text, what=what, exact=True, place=place)


def _certain(
    paper: Paper, later: Sized, printed: PrintedTable, name: frozenset[str], here: Number, there: Number
) -> bool:
    mine = [one for one in _shares(paper, later) if one.column == _column(later, name) and one.count.value > 0]
    of_first = [one for one in mine if one.fits(int(there.value))]
    of_own = [one for one in mine if one.fits(int(here.value))]
    if len(of_first) >= FITTING and len(of_first) == len(mine) and len(of_own) < len(mine):
        return True
    around = f"{printed.caption} {printed.note}"
    if _ALL.search(around) and not _FEWER.search(around):
        return True
    told = _SAME.search(around)
    if told is not None and int(told[1]) == later.total - here.value + there.value and not _FEWER.search(around):
        return True
    larger = here.value > there.value + NEAR and not _LATER_ON.search(around)
    return larger and slip(here.printed, there.value) is not None and len(of_own) < len(mine)


def _column(later: Sized, name: frozenset[str]) -> int:
    return next(c.index for c in later.block.groups if group_key(c.group or "") == name)


def _shares(paper: Paper, later: Sized) -> list[Share]:
    return shares(next(table for table in paper.tables if table.index == later.table))


# ---------------------------------------------------------------- numbers at risk


def at_risk(paper: Paper) -> Iterator[Finding]:
    """Are all patients of a group at risk at the start, and never more of them later?"""
    sized = sized_tables(paper)
    for table in paper.document.tables:
        if table.n_columns < 3 or not _AT_RISK.search(f"{table.caption} {table.cells[0][0].text} {table.note}"):
            continue
        if _ENTRY.search(paper.document.plain):
            return
        head = max(table.header_rows, 1)
        names = [" ".join(row[column].text for row in table.cells[:head]) for column in range(table.n_columns)]
        start = next((c for c in range(1, table.n_columns) if _START.match(names[c])), None)
        if start is None:
            continue
        yield from _falling(paper, table, start)
        if sized:
            yield from _at_start(paper, table, start, sized[0])


def _falling(paper: Paper, table: PrintedTable, start: int) -> Iterator[Finding]:
    """The row with more patients at risk than at the time before."""
    for row in table.cells[max(table.header_rows, 1) :]:
        numbers = [(cell, int(m[1].replace(",", ""))) for cell in row[start:] if (m := _WHOLE.match(cell.text))]
        for (before, a), (after, b) in itertools.pairwise(numbers):
            place = paper.place(before.start, after.end)
            told = f"{row[0].text.strip()}: {a} patients at risk, then {b}"
            wrong = b > a
            yield make(
                "sample-flow",
                place,
                reported=after.text.strip(),
                verdict="impossible" if wrong else "consistent",
                severity="minor" if wrong else "none",
                message=told,
            )


def _at_start(paper: Paper, table: PrintedTable, start: int, first: Sized) -> Iterator[Finding]:
    """The number at the start against the group's, where the other groups' are the same at both places."""
    known = {name: int(n.value) for name, n in first.sizes.items()}
    read = [
        (row[start], match, key)
        for row in table.cells[max(table.header_rows, 1) :]
        if (match := _WHOLE.match(row[start].text)) and (key := group_key(row[0].text)) in known
    ]
    fits = [int(match[1].replace(",", "")) == known[key] for _, match, key in read]
    if len(read) != len(known) or sum(fits) < len(fits) - 1 or not any(fits):
        return
    for cell, match, key in read:
        if 0 < known[key] - int(match[1].replace(",", "")) <= FEW:
            continue
        place = paper.place(cell.start, cell.end)
        what = f"patients of the {' '.join(sorted(key))} group at the start and in all"
        found = cross_reference(match[1], str(known[key]), what=what, exact=True, place=place)
        yield (
            replace(found, cause=None, cause_code="unknown", repair=None)
            if found.flagged and not slip(Printed.parse(match[1].replace(",", "")), known[key])
            else found
        )


CHECKS = (sizes_in_tables, at_risk)
