"""What the cells around a percentage of a table say of its denominator: its column, its run of rows, its categories."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from ostealgia.audit.causes import slip
from ostealgia.audit.tables.denominators import Share, denominators

ROWS_ABOVE = 8  # rows in which the whole of a subset is looked for
MANY = 4  # misfits of one column that speak against its size
COARSE_ROWS = 3  # so many coarse percentages of one smaller number are no chance
FINE = 0.1  # per cent; a percentage printed more coarsely fits many denominators
MOST = 0.75  # of the misfits of a column that one other number explains
OTHER_SIZE = 1.6  # a row of another population is seldom larger than so many times the group
ONLY_N = re.compile(r"\bn\s?=\s?(\d{1,6})\b", re.IGNORECASE)
NO_VALUE = re.compile(
    r"unknown|missing|not (?:available|reported|known|recorded|tested|done|assessed|evaluable)|\bn/?a\b|unspecified|no data",
    re.IGNORECASE,
)


def far_slip(one: Share) -> bool:
    """Whether one slip of a digit explains the percentage, and no group of about that size would: "8 (2.7)" of 30."""
    if not one.base or one.count.value <= 0 or one.printed.value <= 0:
        return False
    value = 100 * one.count.value / one.base
    ratio = value / one.printed.value
    return not 1 / OTHER_SIZE <= ratio <= OTHER_SIZE and slip(one.printed, value) is not None


def size_of(one: Share) -> int:
    """The printed size of its group, else the number it is a percentage of; 0 where neither is known."""
    column = next((c for c in one.block.groups if c.index == one.column), None)
    return int(column.n.value) if column is not None and column.n is not None else one.base or 0


def sizes_exchanged(row: Sequence[Share]) -> bool:
    """Whether each percentage of a row is one of another column's patients: of another group, or of all, none of its own."""
    if len(row) < 2:
        return False
    sizes = row[0].block.sizes
    if sizes is None or len(set(sizes)) < 2 or any(one.fits(size_of(one)) for one in row):
        return False
    of_all = [one for one in row if one.fits(sum(sizes))]
    return len(of_all) < len(row) and all(one in of_all or any(one.fits(n) for n in sizes) for one in row)


def fits_between(one: Share, least: float, most: float) -> bool:
    """Whether some number of patients in this range gives the percentage."""
    found = denominators(one.count.value, one.printed)
    return found is not None and max(found[0], math.ceil(least)) <= min(found[1], math.floor(most))


def column_of(share: Share, found: Sequence[Share]) -> dict[int, Share]:
    """The percentages of its column, by row."""
    return {one.line.row: one for one in found if one.column == share.column}


def run_of(row: int, rows: Mapping[int, Share]) -> list[Share]:
    """The rows around this one without a gap: up to the next headings."""
    first = last = row
    while first - 1 in rows:
        first -= 1
    while last + 1 in rows:
        last += 1
    return [rows[at] for at in range(first, last + 1) if at in rows]


def levels_of(share: Share, found: Sequence[Share]) -> list[Share]:
    """The categories of its variable in its column that say something of the patient."""
    return [
        one
        for one in found
        if one.column == share.column
        and one.variable is share.variable
        and one.line.depth
        and not NO_VALUE.search(one.line.label)
    ]


def beside(share: Share, found: Sequence[Share]) -> list[Share]:
    """The rows next to it in its column up to the next heading, where the table does not say which are its categories."""
    rows = {row: one for row, one in column_of(share, found).items() if not NO_VALUE.search(one.line.label)}
    run = run_of(share.line.row, rows)
    return run if len(run) <= ROWS_ABOVE else []


def added_around(share: Share, found: Sequence[Share]) -> int:
    """The patients of the rows around it."""
    return sum(int(one.count.value) for one in run_of(share.line.row, column_of(share, found)))


def adds_up_as_others(share: Share, found: Sequence[Share]) -> bool:
    """Whether the counts of its run of rows add up to the number to which other runs of the column (two, and most) add up.

    Then the count is right, where it alone of its run does not fit: "4 (12%) | 3 (33%)" where the events of every other variable are 7.
    """
    rows = column_of(share, found)
    runs = {run[0].line.row: run for run in (run_of(row, rows) for row in rows)}
    own = run_of(share.line.row, rows)
    whole = added_around(share, found)
    others = [added_around(run[0], found) for run in runs.values() if len(run) > 1 and share not in run]
    alone = len(own) > 1 and all(one is share or one.fits(one.base or 0) for one in own)
    return alone and others.count(whole) >= 2 and others.count(whole) > 0.5 * len(others)


def complete(share: Share, found: Sequence[Share]) -> bool:
    """Whether the categories of the variable make up the group, so that nobody is missing."""
    level = [one for one in found if one.column == share.column and one.variable is share.variable and one.line.depth]
    level = level if len(level) >= 2 else beside(share, found)
    return len(level) >= 2 and sum(int(one.count.value) for one in level) == share.base
