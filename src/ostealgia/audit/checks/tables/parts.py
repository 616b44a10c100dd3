"""Percentages of a table that are a share of another row, or of other patients than their group."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.tables.shares import (
    COARSE_ROWS,
    FINE,
    MANY,
    ONLY_N,
    OTHER_SIZE,
    ROWS_ABOVE,
    column_of,
    far_slip,
    fits_between,
    run_of,
    size_of,
    sizes_exchanged,
)
from ostealgia.audit.tables.denominators import Share, denominators
from ostealgia.audit.tables.grid import indent_of
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import count
from ostealgia.io.documents.model import Document, PrintedTable

NEAR_ROWS = 2  # ... where the other groups of the row are blank
ALIKE = 1.3  # shares of the groups that are the same part of the patients ("of the women")
_LONG_WORD = re.compile(r"[a-z]{6,}")
_TOTAL = re.compile(r"(?:sub)?total\b", re.IGNORECASE)
_RAISED = re.compile(r"[ʰ-˸ᴬ-ᶿ⁰-⁹ⁿ¹²³*†‡§¶#]$")
MARK = re.compile(r"(?:[ʰ-˸ᴬ-ᶿ⁰-⁹¹²³*†‡§¶#]|(?<=[^\s\w])[a-h]|(?<=\s)[a-h])$")


def part_of_a_row(share: Share, found: Sequence[Share], lines: Sequence[Line]) -> bool:
    """Whether all percentages of the row are those of the counts of one row close above it: "of those with pain"."""
    row = [one for one in found if one.line is share.line]
    alone = len({one.column for one in row}) < 2
    reach = NEAR_ROWS if alone else ROWS_ABOVE
    above = [line for line in lines if 0 < share.line.row - line.row <= reach]
    for line in above:
        wholes = [count(line, one.column) for one in row]
        if alone and any(one.base is not None and whole == one.base for one, whole in zip(row, wholes, strict=True)):
            continue
        if all(whole is not None and one.fits(whole) for one, whole in zip(row, wholes, strict=True)):
            return True
    return False


def headed_part(share: Share, lines: Sequence[Line]) -> bool:
    """Whether it is a share of a row above, which the heading over its own row names ("Reasons for extended monitoring")."""
    above = [line for line in lines if 0 < share.line.row - line.row <= ROWS_ABOVE]
    headings = [line for line in above if set(line.entries) <= {0}]
    for line in above:
        whole = count(line, share.column)
        if whole is None or whole == share.base or not share.fits(whole):
            continue
        words = set(_LONG_WORD.findall(line.label.casefold()))
        if any(line.row < one.row and words & set(_LONG_WORD.findall(one.label.casefold())) for one in headings):
            return True
    return False


def total_below(share: Share, lines: Sequence[Line]) -> bool:
    """Whether a row of the total closes its categories, and the percentage is of that."""
    below = [line for line in lines if 0 < line.row - share.line.row <= ROWS_ABOVE and _TOTAL.match(line.label.strip())]
    whole = count(below[0], share.column) if below else None
    return whole is not None and whole != share.base and share.fits(whole)


def run_below(share: Share, found: Sequence[Share]) -> bool:
    """Whether adjacent rows split the row above them ("No 10", "Went home 8 (80)", "Did not 2 (20)")."""
    rows = column_of(share, found)
    first = last = share.line.row
    while first - 1 in rows and share.line.row - first < ROWS_ABOVE:
        first -= 1
        whole = int(rows[first].count.value)
        added, last = 0, first
        while last + 1 in rows and added < whole:
            last += 1
            added += int(rows[last].count.value)
        run = [rows[row] for row in range(first + 1, last + 1)]
        if len(run) >= 2 and added == whole and share in run and all(one.fits(whole) for one in run):
            return True
    return False


def sized_above(share: Share, lines: Sequence[Line]) -> bool:
    """Whether a row above says of how many patients the rows below it are: "Late effects (n = 54) 13 (24%)"."""
    above = (line for line in lines if 0 < share.line.row - line.row <= ROWS_ABOVE)
    return any(int(m[1]) != share.base and share.fits(int(m[1])) for line in above for m in ONLY_N.finditer(line.label))


def noted_size(share: Share, words: str) -> bool:
    """Whether a mark behind its label, or behind its variable's, is explained by a size: "ᶜ n = 45"."""
    for label in (share.line.label, share.variable.name):
        mark = MARK.search(label.strip())
        if mark is not None and re.search(re.escape(mark[0]) + r"\s{0,2}\(?n\s?=\s?\d", words, re.IGNORECASE):
            return True
    return False


def whole_row(share: Share, found: Sequence[Share]) -> bool:
    """Whether the row gives the sizes of the groups themselves, as shares of all patients ("Overall 534 (54.4%)")."""
    row = [one for one in found if one.line is share.line and one.column in share.block.indexes]
    if share.count.value == share.base and share.base_number is None and slip(share.printed, 100.0) is None:
        return True  # "Cases 7 (17.3)", a rate beside the size of the group
    added = sum(int(one.count.value) for one in row)
    return len(row) >= 2 and all(one.count.value == one.base and one.fits(added) for one in row)


def of_everybody(share: Share, found: Sequence[Share]) -> bool:
    """Whether the row, or the whole variable, gives percentages of all groups together."""
    row = [one for one in found if one.line is share.line and one.column in share.block.indexes and one.count.value > 0]
    sizes = share.block.sizes
    if sizes and len(row) >= 2 and all(one.fits(sum(sizes)) for one in row):
        return True
    family = [
        one for one in found if one.variable is share.variable and one.line.depth and one.column in share.block.indexes
    ]
    known = [one for one in family if one.count.value > 0]
    added = sum(int(one.count.value) for one in known)
    return len({one.column for one in known}) >= 2 and len(known) >= MANY and all(one.fits(added) for one in known)


def row_of_others(share: Share, found: Sequence[Share]) -> bool:
    """Whether no percentage of the row fits its group, and each fits another possible number: another population.

    Percentages that stand in one another's cells are an error of the row, not another population.
    """
    row = [one for one in found if one.line is share.line and one.count.value > 0 and one.column in share.block.indexes]
    sized = [(one, size_of(one)) for one in row]
    known = [(one, n) for one, n in sized if n]
    if len(known) < 2 or any(one.fits(n) for one, n in known) or sizes_exchanged(row):
        return False
    if all(
        any(one.printed.fits(100 * other.count.value / n) for other, n in known if other is not one) for one, _ in known
    ):
        return False
    if all(fits_between(one, n / OTHER_SIZE, n * OTHER_SIZE) for one, n in known):
        return True
    slips = sum(slip(one.printed, 100 * one.count.value / n) is not None for one, n in known)
    if len(known) >= COARSE_ROWS and slips <= 0.34 * len(known):
        return True  # no percentages at all: means with SDs
    parts = [100 * one.count.value / (one.printed.value * n) if one.printed.value else 0.0 for one, n in known]
    of_fewer = min(parts) > 0 and max(parts) < 1
    return (
        of_fewer
        and (max(parts) <= ALIKE * min(parts) or all(one.printed.unit <= FINE for one, _ in known))
        and not all(far_slip(one) for one, _ in known)
        and all(denominators(one.count.value, one.printed) for one, _ in known)
    )


def marked_size(printed: PrintedTable, table: ReadTable, share: Share) -> bool:
    """Whether a mark at the row, or at the heading over it, is explained by a size of which the percentage may be a part."""
    heads = [line.row for line in table.lines if line.row < share.line.row and set(line.entries) <= {0}]
    rows = [share.line.row, *heads[-1:]]
    if table.notes or max(rows) >= len(printed.cells):
        return False  # turned: its rows are columns
    marks = [m for row in rows if (m := _RAISED.search(printed.cells[row][0].text.strip()))]
    sizes = [
        int(n[1]) for m in marks for n in re.finditer(re.escape(m[0]) + r"\s{0,2}\(?n\s?=\s?(\d{1,6})", printed.note)
    ]
    possible = denominators(share.count.value, share.printed)
    return possible is not None and any(n != share.base and possible[0] <= n for n in sizes)


def marked_block(printed: PrintedTable, table: ReadTable, share: Share, found: Sequence[Share]) -> bool:
    """Whether a mark at the heading of its block may say who is left out: the percentages make up 100, the counts not the group."""
    heads = [line.row for line in table.lines if line.row < share.line.row and set(line.entries) <= {0}]
    if table.notes or not heads or heads[-1] >= len(printed.cells):
        return False
    if _RAISED.search(printed.cells[heads[-1]][0].text.strip()) is None:
        return False
    block = run_of(share.line.row, column_of(share, found))
    whole = abs(sum(one.printed.value for one in block) - 100) <= sum(0.5 * one.printed.unit for one in block)
    return len(block) >= 2 and whole and sum(int(one.count.value) for one in block) < (share.base or 0)


def of_parent_row(document: Document, table: ReadTable, share: Share) -> bool:
    """Whether the percentage is of the row it is indented under ("Metastases 24", below it "   Several sites 6 (25)")."""
    cells = document.tables[table.index].cells
    if table.notes or share.line.row >= len(cells):
        return False  # turned: its rows are columns
    own = indent_of(document, cells[share.line.row][0])
    for line in sorted((one for one in table.lines if one.row < share.line.row), key=lambda one: -one.row):
        if indent_of(document, cells[line.row][0]) < own:
            whole = count(line, share.column)
            return whole is not None and whole != share.base and share.fits(whole)
    return False
