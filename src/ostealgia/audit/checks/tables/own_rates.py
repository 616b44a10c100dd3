"""Percentages of a table whose rows print their own patients: "Site | Patients | Responses | %", a whole number in each column.

Which columns belong together is told by the other rows, each of which gives its percentage to the last place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostealgia.audit.causes import slip
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.percents import percent_vs_count
from ostealgia.audit.tables.headers import is_weighted
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Printed

_PERCENT = re.compile(r"%|\bper ?cent|\brates?\b|\bproportions?\b|\bprevalence\b|\bincidence\b", re.I)
_NO_SHARE = re.compile(
    r"\bci\b|confidence|±|\bsd\b|\bsurvival\b|\bweights?\b|\bweighted\b|\bchange|reduction|\bpooled\b|i2|i²|year(?:ly)?\b|annual|per 1|"
    r"\badjusted|standardi[sz]ed|cumulative|actuarial|kaplan|\bp\b",
    re.I,
)
_COUNT = re.compile(r"\s*(\d{1,3}(?:,\d{3})+|\d{1,7})\s*$")
_WITH_PERCENT = re.compile(
    r"\s*(\d{1,3}(?:,\d{3})+|\d{1,7})\s{0,2}[(\[]\s{0,2}(\d{1,3}(?:[.·]\d{1,2})?)\s?%?\s{0,2}[)\]]\s*$"
)
_SHARE = re.compile(r"\s*[(\[]?(\d{1,3}(?:[.·]\d{1,2})?)\s?%?[)\]]?\s*$")
FITTING = 4  # rows that fit for each that does not; one of few rows may be off
NEARLY_ALL = 0.95  # of its patients, where one slip explains the percentage
LEAST_LEFT = 0.85  # of its patients: as many may have a value in one row
FEWEST = 10  # patients of a row that tells which columns belong together


@dataclass(frozen=True)
class _Row:
    """One row: count, patients and percentage, the latter with the cell it stands in."""

    cell: Cell
    count: int
    size: int
    percent: Printed

    @property
    def fits(self) -> bool:
        """Whether the percentage is that of count and patients."""
        return self.count <= self.size and self.percent.fits(100 * self.count / self.size)

    @property
    def telling(self) -> bool:
        """Whether such a fit is no chance."""
        return self.fits and 0 < self.count < self.size >= FEWEST


def own_rates(paper: Paper) -> Iterator[Finding]:
    """Is each row's percentage that of its own count and its own patients?"""
    for table in paper.document.tables:
        if table.n_columns < 3 or len(table.cells) < 3 or is_weighted(f"{table.caption} {table.note}"):
            continue
        names = [table.column_name(column) for column in range(table.n_columns)]
        for at in range(1, table.n_columns):
            if _NO_SHARE.search(names[at]) or not (_PERCENT.search(f"{names[at]} {table.caption}")):
                continue
            rows = _best(table, at)
            off = [row for row in rows if not row.fits]
            telling = sum(row.telling for row in rows)
            if len(rows) - len(off) < FITTING * (len(off) - 1) + 1 or telling < min(3, len(rows) - 1):
                continue
            for row in rows:
                if row.fits or (_certain(row) and not _of_a_run(table, row, at)):
                    place = paper.place(row.cell.start, row.cell.end)
                    yield percent_vs_count(row.count, row.percent.text, row.size, place=place)


def _best(table: PrintedTable, at: int) -> list[_Row]:
    """The rows by the count and size columns before the percentage that most of them fit; none where two pairs do."""
    tries: list[list[_Row]] = []
    for count in range(max(1, at - 3), at + 1):
        for size in range(1, table.n_columns):
            if count != at and "%" in table.column_name(count):
                continue
            if size != count and (size < at or count == at):
                rows = [one for row in table.body if (one := _row(row, count, size, at)) is not None]
                if len(rows) >= 2:
                    tries.append(rows)
    tries.sort(key=lambda rows: sum(row.fits for row in rows), reverse=True)
    if not tries:
        return []
    first = sum(row.fits for row in tries[0])
    second = sum(row.fits for row in tries[1]) if len(tries) > 1 else 0
    return tries[0] if first > second else []


def _row(row: Sequence[Cell], count: int, size: int, at: int) -> _Row | None:
    if row[at].copied or row[count].copied or row[size].copied:
        return None
    both = _WITH_PERCENT.match(row[at].text) if count == at else None
    counted = both or (_COUNT.match(row[count].text) if count != at else None)
    of, share = _COUNT.match(row[size].text), None if count == at else _SHARE.match(row[at].text)
    printed = both[2] if both else share[1] if share else None
    if counted is None or of is None or printed is None or "." not in printed.replace("·", "."):
        return None
    a, n = (int(m[1].replace(",", "")) for m in (counted, of))
    return _Row(row[at], a, n, Printed.parse(printed.replace("·", "."))) if n > 0 else None


def _certain(row: _Row) -> bool:
    """Whether no slightly smaller number of patients gives the percentage, or one slip explains it."""
    slipped = slip(row.percent, 100 * row.count / row.size) is not None
    least = int((NEARLY_ALL if slipped else LEAST_LEFT) * row.size)
    return not any(row.percent.fits(100 * row.count / n) for n in range(max(least, row.count, 1), row.size))


def _of_a_run(table: PrintedTable, row: _Row, at: int) -> bool:
    """Whether the percentage and those beside it are of the sum of their counts: "65 (46.4) | 25 (17.9) | 50 (35.7)"."""
    cells = next((cells for cells in table.body if cells[at] is row.cell), [])
    found = [_WITH_PERCENT.match(cell.text) if not cell.copied else None for cell in cells]
    for first in range(at + 1):
        for last in range(max(at, first + 1), len(cells)):
            run = [
                (int(m[1].replace(",", "")), Printed.parse(m[2].replace("·", ".")))
                for m in found[first : last + 1]
                if m
            ]
            whole = sum(count for count, _ in run)
            if len(run) == last + 1 - first and whole and all(p.fits(100 * count / whole) for count, p in run):
                return True
    return False


CHECKS = (own_rates,)
