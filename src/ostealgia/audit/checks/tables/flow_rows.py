"""sample-flow in a table: patients screened, excluded with their reasons, randomised, lost, analysed, row by row."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostealgia.audit.checks.tables.sums import Grid, parts_overlap, printed_grid, sum_finding
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.tables.headers import is_total

_STARTED = re.compile(
    r"\W*(?:(?:patients|participants|subjects|records|studies)\s)?(?:screened|assessed|identified|approached|invited|registered)\b",
    re.IGNORECASE,
)
_LEFT_OUT = re.compile(
    r"\W*(?:(?:patients|participants|subjects|total)\s)?(?:excluded|ineligible|not (?:eligible|randomi[sz]ed|included|enrolled)|"
    r"screen(?:ing)? failures?)\b",
    re.IGNORECASE,
)
_TAKEN = re.compile(
    r"\W*(?:(?:patients|participants|subjects)\s)?(?:randomi[sz]ed|enrolled|included|allocated)\b(?!\s(?:to|but)\b)",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(r"\W*(?:allocated|assigned|randomi[sz]ed)\sto\b", re.IGNORECASE)
_LOST = re.compile(
    r"\W*(?:died|deaths?|lost|withdr|dropped|drop-?outs?|discontinued|excluded|not (?:evaluable|assess|analy)|consent withdrawn|"
    r"did not (?:receive|complete|attend))",
    re.IGNORECASE,
)
_LEFT = re.compile(
    r"\W*(?:(?:patients|participants|subjects)\s)?(?:analy[sz]ed|completed|evaluable|assessed at|"
    r"included in (?:the )?analysis|remaining)\b",
    re.IGNORECASE,
)
_STAGE = re.compile(
    r"\b(?:identified|retrieved|found|screened|assessed|reviewed|eligible|included|enrolled|randomi[sz]ed|allocated|analy[sz]ed|evaluable|completed|"
    r"remaining|approached|invited|unique|after (?:removal|duplicates|exclusion))\b",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\bafter\b", re.IGNORECASE)  # "records after duplicates were removed"
_OUT = re.compile(
    r"\b(?:duplicates?|excluded|exclusions?|removed|rejected|ineligible|not (?:eligible|included|retrieved|randomi[sz]ed|available)|"
    r"lost|withdrew|withdrawn|withdrawals?|drop-?outs?|declined|refused|discontinued|died|deaths)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Sum:
    """Rows of a grid (by place) whose numbers make up the number of another row, in one column."""

    whole: int
    parts: tuple[int, ...]
    column: int


def table_flow(paper: Paper) -> Iterator[Finding]:
    """Do the numbers of a flow of patients, printed as a table, follow from one another?"""
    for printed in paper.document.tables:
        grid = printed_grid(paper, printed)
        if grid is None:
            continue
        labels = [grid.label(row) for row in grid.rows]
        sums = _sums(grid, labels)
        if not sums:
            continue
        fits = {one: _fits(grid, one) for one in sums}
        off = sum(not fit for fit in fits.values())
        if off and any(parts_overlap(printed, labels[one.whole]) for one, fit in fits.items() if not fit):
            continue
        if off > max(1, len(sums) - off):
            continue  # another order of the rows
        for one in sums:
            if off == 0 or len(sums) > 1:
                told = " + ".join(labels[i] for i in one.parts)
                parts = [grid.numbers[i][one.column] or 0 for i in one.parts]
                whole = grid.numbers[one.whole][one.column] or 0
                what, row = f"{labels[one.whole]} = {told}", grid.rows[one.whole]
                yield sum_finding(paper, grid, row, one.column, parts, whole, what, of_total=False)


def _sums(grid: Grid, labels: Sequence[str]) -> list[_Sum]:
    told = (*_screening(grid, labels), *_arms(grid, labels), *_losses(grid, labels), *_chain(grid, labels))
    return list(dict.fromkeys(told))


def rows_of_a_flow(grid: Grid, labels: Sequence[str]) -> set[int]:
    """The rows whose numbers ``table_flow`` judges."""
    sums = _sums(grid, labels)
    off = sum(not _fits(grid, one) for one in sums)
    judged = len(sums) > 1 and off <= max(1, len(sums) - off)
    return {row for one in sums for row in (one.whole, *one.parts)} if judged else set()


def _fits(grid: Grid, one: _Sum) -> bool:
    return sum(grid.numbers[i][one.column] or 0 for i in one.parts) == grid.numbers[one.whole][one.column]


def _printed(grid: Grid, rows: Sequence[int], column: int) -> bool:
    return all(grid.numbers[i][column] is not None for i in rows)


def _screening(grid: Grid, labels: Sequence[str]) -> Iterator[_Sum]:
    """Screened = excluded + randomised; excluded = its reasons, the rows between."""
    begun = next((i for i, label in enumerate(labels) if _STARTED.match(label)), None)
    out = next(
        (i for i, label in enumerate(labels) if begun is not None and i > begun and _LEFT_OUT.match(label)), None
    )
    taken = next((i for i, label in enumerate(labels) if out is not None and i > out and _TAKEN.match(label)), None)
    if begun is None or out is None or taken is None:
        return
    reasons = tuple(range(out + 1, taken))
    for column in range(1, grid.printed.n_columns):
        if out == begun + 1 and _printed(grid, (begun, out, taken), column):
            yield _Sum(begun, (out, taken), column)
            if len(reasons) >= 2 and _printed(grid, reasons, column):
                yield _Sum(out, reasons, column)


def _arms(grid: Grid, labels: Sequence[str]) -> Iterator[_Sum]:
    """Randomised = allocated to one arm + to the other, in the rows right below."""
    for i, label in enumerate(labels):
        below = i + 1
        while below < len(labels) and _ASSIGNED.match(labels[below]):
            below += 1
        arms = tuple(range(i + 1, below))
        if _TAKEN.match(label) and len(arms) >= 2:
            for column in range(1, grid.printed.n_columns):
                if _printed(grid, (i, *arms), column):
                    yield _Sum(i, arms, column)


def _losses(grid: Grid, labels: Sequence[str]) -> Iterator[_Sum]:
    """Randomised = the losses of the rows below + analysed, in the columns of at least two arms."""
    first = next((i for i, label in enumerate(labels) if _TAKEN.match(label)), None)
    if first is None:
        return
    last = first + 1
    while last < len(labels) and _LOST.match(labels[last]):
        last += 1
    if last == first + 1 or last >= len(labels) or not _LEFT.match(labels[last]):
        return
    rows = tuple(range(first + 1, last + 1))
    columns = [c for c in range(1, grid.printed.n_columns) if _printed(grid, (first, *rows), c)]
    if sum(not is_total(grid.name(c)) for c in columns) >= 2:
        yield from (_Sum(first, rows, column) for column in columns)


def _chain(grid: Grid, labels: Sequence[str]) -> Iterator[_Sum]:
    """A stage = those left out right below + the next stage, in a table that is nothing but stages and losses."""
    rows = [i for i in range(len(labels)) if any(number is not None for number in grid.numbers[i])]
    lost = {i: _OUT.search(labels[i]) is not None and not _AFTER.search(labels[i]) for i in rows}
    if len(rows) < 5 or not all(lost[i] or _STAGE.search(labels[i]) for i in rows):
        return
    stages = [i for i in rows if not lost[i]]
    for first, last in itertools.pairwise(stages):
        between = tuple(i for i in rows if first < i <= last)
        for column in range(1, grid.printed.n_columns):
            if len(between) >= 2 and _printed(grid, (first, *between), column):
                yield _Sum(first, between, column)


CHECKS = (table_flow,)
