"""Percentages of a table whose denominator is not the size of their group: a share of another row, or of those with values."""

from __future__ import annotations

from collections.abc import Sequence

from ostealgia.audit.paper import Check
from ostealgia.audit.tables.denominators import Share
from ostealgia.audit.tables.model import Line
from ostealgia.audit.tables.view import count

ROWS_ABOVE = 8  # rows in which the whole of a subset is looked for
MISSING = 0.15  # share of a group that may have no value
MANY = 4  # misfits of one column that speak against its size
COARSE_ROWS = 3  # so many coarse percentages of one smaller number are no chance
FINE = 0.1  # per cent; a percentage printed more coarsely fits many denominators


def another_reading(share: Share, found: Sequence[Share], lines: Sequence[Line]) -> bool:
    """Whether a percentage that does not fit its group fits another denominator that the table itself suggests.

    share : the percentage.  found : all those of its table.  lines : of the table.
    True where most percentages of its column or of its variable do not fit the group, so that its size is not certain;
    where every percentage of the row is a share of one row above ("of these, ..."); or where all of its column that do
    not fit their group fit one slightly smaller number: patients without a value are left out.
    """
    return _wrong_size(share, found) or _part_of_a_row(share, found, lines) or _without_missing(share, found)


def _wrong_size(share: Share, found: Sequence[Share]) -> bool:
    column = [one for one in found if one.column == share.column and one.base == share.base and one.count.value > 0]
    for these in (column, [one for one in column if one.variable is share.variable]):
        misfits = sum(not one.fits(share.base or 0) for one in these)
        if misfits >= MANY and misfits > 0.5 * len(these):
            return True
    return False


def _part_of_a_row(share: Share, found: Sequence[Share], lines: Sequence[Line]) -> bool:
    row = [one for one in found if one.line is share.line]
    if len({one.column for one in row}) < 2:
        return False
    above = [line for line in lines if 0 < share.line.row - line.row <= ROWS_ABOVE]
    for line in above:
        wholes = [count(line, one.column) for one in row]
        if all(whole is not None and one.fits(whole) for one, whole in zip(row, wholes, strict=True)):
            return True
    return False


def _without_missing(share: Share, found: Sequence[Share]) -> bool:
    if not share.base:
        return False
    column = [one for one in found if one.column == share.column and one.base == share.base]
    level = [one for one in column if one.variable is share.variable]
    added = sum(int(one.count.value) for one in level)
    if len(level) >= 2 and share.base * (1 - MISSING) <= added < share.base and all(one.fits(added) for one in level):
        return True
    misfits = [one for one in column if not one.fits(share.base)]
    rows = {one.line.row for one in misfits}
    if len(rows) < 2 or (len(rows) < COARSE_ROWS and any(one.printed.unit > FINE for one in misfits)):
        return False
    fewest = max(2, int(share.base * (1 - MISSING)))
    most = int(share.base * (1 + MISSING)) if len(rows) >= COARSE_ROWS else share.base - 1
    return any(all(one.fits(n) for one in misfits) for n in range(most, fewest - 1, -1))


CHECKS: tuple[Check, ...] = ()
