"""total-vs-parts: one margin in two tables with the same columns, and one row of the patients in two tables of the same groups."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.populations import categories, sized_tables
from ostealgia.audit.checks.reading.words import at_odds, stems
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.tables.headers import folded, is_weighted, label_key
from ostealgia.audit.tables.view import count, number, place_of, shortened
from ostealgia.io.documents.model import Cell, PrintedTable

_TOTAL = re.compile(r"\W{0,3}(?:total|all|overall|sum)(?: (?:patients|participants|cases))?\W*(?:n\b)?\W*$", re.I)
_WHOLE = re.compile(r"\s*(\d{1,3}(?:,\d{3})+|\d{1,7})(?:\s{0,2}[(\[]\s?\d{1,3}(?:[.·]\d{1,2})?\s?%?\s?[)\]])?\s*$")
_ANOTHER = re.compile(
    r"\b(?:after|before|follow-?up|subgroup|sensitivity|excluding|per[- ]protocol|validation|"
    r"replication|matched|training|year \d|(?:19|20)\d\d|week|"
    r"month|day \d)\b",
    re.I,
)
_DIVIDED = re.compile(r"\bby\b.*")  # what divides the patients is another in each table
_FIXED = frozenset({("male",), ("female",)})  # categories that nobody leaves between two tables


@dataclass(frozen=True)
class _Margin:
    """The row of all of a table, by the names of its columns."""

    table: PrintedTable
    cells: dict[str, tuple[int, Cell]]
    row: Sequence[Cell]
    sums: frozenset[str]  # columns whose rows add up to it


def margins_twice(paper: Paper) -> Iterator[Finding]:
    """Is the row of all the same in two tables with the same columns?"""
    margins = [m for table in paper.document.tables if (m := _margin(table)) is not None]
    for first, second in itertools.combinations(margins, 2):
        names = set(first.cells)
        if names != set(second.cells) or _apart(first.table, second.table):
            continue
        off = [name for name in names if first.cells[name][0] != second.cells[name][0]]
        if not off or len(off) == len(names) or not _same_patients(first, second, off):
            continue
        if all(name in first.sums & second.sums for name in off) and _made_up(first) and _made_up(second):
            continue  # each is the sum of its rows and its groups: some patients are in one table only
        for name in first.cells:
            value, cell = second.cells[name]
            words = " ".join(one.text.strip() for one in second.row if not one.copied)
            place = replace(paper.place(cell.start, cell.end), quote=shortened(words))
            what = f"{second.row[0].text.strip()}, {name}, {first.table.label or 'another table'}"
            yield cross_reference(
                str(value), str(first.cells[name][0]), what=what, exact=True, severity="minor", place=place
            )


def _margin(table: PrintedTable) -> _Margin | None:
    if not 2 <= len(table.body) <= 40 or table.n_columns < 3 or is_weighted(f"{table.caption} {table.note}"):
        return None
    rows = [row for row in table.body if _TOTAL.match(row[0].text)]
    if len(rows) != 1:
        return None
    cells: dict[str, tuple[int, Cell]] = {}
    sums: set[str] = set()
    for column in range(1, table.n_columns):
        name, match = folded(table.column_name(column)), _WHOLE.match(rows[0][column].text)
        if match is None or rows[0][column].copied:
            continue
        if not name or name in cells:
            return None
        cells[name] = int(match[1].replace(",", "")), rows[0][column]
        parts = [_WHOLE.match(row[column].text) for row in table.body if row is not rows[0]]
        if parts and all(parts) and sum(int(m[1].replace(",", "")) for m in parts if m) == cells[name][0]:
            sums.add(name)
    return _Margin(table, cells, rows[0], frozenset(sums)) if len(cells) >= 2 else None


def _apart(first: PrintedTable, second: PrintedTable) -> bool:
    """Whether the captions say that the tables are of other patients or times."""
    words = [f"{re.sub(_DIVIDED, ' ', table.caption)} {table.note}" for table in (first, second)]
    return at_odds(*words) or any(_ANOTHER.search(said) for said in words)


def _same_patients(first: _Margin, second: _Margin, off: Sequence[str]) -> bool:
    """Whether the captions are of one subject, or what differs are all patients as the columns that agree make them up."""
    subject = [stems(re.sub(r"\bby\b.*", " ", margin.table.caption)) for margin in (first, second)]
    split = all(" by " in margin.table.caption for margin in (first, second))
    rows = {label_key(row[0].text) for row in first.table.body} & {label_key(row[0].text) for row in second.table.body}
    agreed = len(first.cells) - len(off)
    return len(rows) <= 1 and (
        (split and bool(subject[0] & subject[1])) or (agreed >= 1 and _made_up(first) and _made_up(second))
    )


def _made_up(margin: _Margin) -> bool:
    """Whether the last column is the sum of the others: the columns are groups of the same patients."""
    values = [value for value, _ in margin.cells.values()]
    return len(values) >= 3 and max(values) == sum(values) - max(values)


def rows_twice(paper: Paper) -> Iterator[Finding]:
    """Has a row of men or of women the same number in two tables of the same groups with the same sizes?"""
    sized = sized_tables(paper)
    for first, second in itertools.combinations(sized[:6], 2):
        if {k: n.value for k, n in first.sizes.items()} != {k: n.value for k, n in second.sizes.items()}:
            continue
        tables = [next(t for t in paper.tables if t.index == one.table) for one in (first, second)]
        lines = [{label_key(line.label): line for line in table.lines} for table in tables]
        columns = [dict(zip(one.sizes, one.block.indexes, strict=True)) for one in (first, second)]
        for key in _FIXED & set(lines[0]) & set(lines[1]):
            one, other = lines[0][key], lines[1][key]
            for group in first.sizes:
                a, b = count(one, columns[0][group]), count(other, columns[1][group])
                here = number(other, columns[1][group], "count")
                if a is None or b is None or here is None or any("n" in e.parts for e in other.entries.values()):
                    continue
                label = paper.document.tables[first.table].label or "another table"
                place = place_of(paper, tables[1], other, other.entries[columns[1][group]])
                yield cross_reference(
                    str(b), str(a), what=f"{other.label}, {label}", exact=True, severity="minor", place=place
                )


def sexes_divided(paper: Paper) -> Iterator[Finding]:
    """Have the men, or the women, of all columns of a later table of all patients the number of the first table?"""
    sized = sized_tables(paper)
    known = {one.key: one for one in categories(paper) if one.key in _FIXED}
    for later in sized[1:] if known else ():
        first = sized[0]
        if set(later.sizes) == set(first.sizes) or later.total != first.total:
            continue
        table = next(t for t in paper.tables if t.index == later.table)
        if _apart(*(paper.document.tables[one.table] for one in (first, later))):
            continue
        for line in table.lines:
            entries = [line.entries.get(c) for c in later.block.indexes]
            counts = [count(line, c) for c in later.block.indexes]
            key = label_key(line.label)
            if key not in _FIXED or None in counts or any(e is None or "n" in e.parts for e in entries):
                continue
            men = next(iter(known.values()))
            right = men.count if men.key == key else men.whole - men.count
            added = sum(n for n in counts if n is not None)
            last = entries[-1]
            if last is not None:
                place = place_of(paper, table, line, last)
                label = paper.document.tables[first.table].label or "another table"
                yield cross_reference(
                    str(added), str(right), what=f"{line.label}, {label}", exact=True, severity="minor", place=place
                )


CHECKS = (margins_twice, rows_twice, sexes_divided)
