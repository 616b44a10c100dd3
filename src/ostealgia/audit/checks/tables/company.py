"""When the denominator of a percentage is certain, and how a table rounds: told by the other percentages."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.tables.shares import (
    FINE,
    MANY,
    MOST,
    column_of,
    complete,
    far_slip,
    fits_between,
    levels_of,
    run_of,
    size_of,
)
from ostealgia.audit.tables.denominators import Share

LEAST_LEFT, CLEAR_LEFT, MOST_MORE = 0.5, 0.75, 1.25  # of a group: of its patients with a value, or of their lesions
CONFIRMING, CONFIRMED = 3, 0.8  # percentages of the column, and their share, that confirm a base


def confirmed(share: Share, found: Sequence[Share]) -> bool:
    """Whether other numbers of the table say that the base is the right one.

    Three other percentages of its column fit the base, and four in five of those that say anything; or two, and the
    categories of the variable make up the group or the row fits elsewhere; or the label says "n (%)" and the row fits
    elsewhere. Of a cell that prints its own fraction ("8/30 (2.7)"), half of the other fractions must fit.
    """
    if share.name == "the n of its own row":
        own = [one for one in found if one.name == share.name and one is not share and one.base and one.count.value > 0]
        return not own or sum(one.fits(one.base or 0) for one in own) >= 0.5 * len(own)
    column = [
        one
        for one in found
        if one.column == share.column
        and one is not share
        and 0 < one.count.value < size_of(one)
        and not far_slip(one)
        and one.base in (share.base, None)
    ]
    counts = {int(one.count.value) for one in column}
    column = [
        one
        for one in column
        if one.fits(share.base or 0) or not any(one.fits(n) for n in counts if n > one.count.value)
    ]
    fits = sum(one.fits(share.base or 0) for one in column)
    beside = [one for one in found if one.line is share.line and one is not share and one.count.value > 0]
    row = bool(beside) and all(one.fits(size_of(one)) for one in beside)
    most = len(column) - fits <= 1 or fits >= CONFIRMED * len(column)
    if (fits >= CONFIRMING and most) or (far_slip(share) and (row or fits >= 2)) or _small_but_clear(share, found):
        return True
    said = row and share.line.unit_hint == "count percent" and share.base_number is not None
    return (complete(share, found) or row) and (fits >= 2 or said) and fits >= 0.5 * len(column)


def _small_but_clear(share: Share, found: Sequence[Share]) -> bool:
    """Whether the table prints the size of the group and only this percentage, with decimals, misfits: no other number near gives it."""
    if share.base_number is None or share.printed.unit > FINE:
        return False
    others = [one for one in found if one is not share and 0 < one.count.value < size_of(one)]
    if not others or not all(one.printed.unit <= FINE and one.fits(one.base or 0) for one in others):
        return False
    base = share.base or 0
    least = CLEAR_LEFT if slip(share.printed, 100 * share.count.value / base) else LEAST_LEFT
    return not fits_between(share, base * least, base * MOST_MORE)


def made_to_100(share: Share, found: Sequence[Share]) -> bool:
    """Whether the last digit is one off so that the categories, or the groups of a row, add up to exactly 100.

    Rightly rounded ones would not.
    """
    level = levels_of(share, found)
    level = level if len(level) >= 2 else run_of(share.line.row, column_of(share, found))
    missing = [one for one in found if one.column == share.column and one.variable is share.variable and one.line.depth]
    row = [one for one in found if one.line is share.line and one.column in share.block.indexes]
    return any(_made_to_100(these, share.base or 0) for these in (level, missing, row))


def _made_to_100(level: Sequence[Share], base: int) -> bool:
    if base <= 0 or len(level) < 2 or sum(int(one.count.value) for one in level) != base:
        return False
    right = [float(one.printed.like(100 * one.count.value / base)) for one in level]
    steps = [abs(one.printed.value - value) / one.printed.unit for one, value in zip(level, right, strict=True)]
    room = 1e-6
    adds = abs(sum(one.printed.value for one in level) - 100) < room
    off = sum(step > room for step in steps)
    cut = off == 2 and any(one.fits(base) and step > room for one, step in zip(level, steps, strict=True))
    return adds and max(steps) < 1 + room and (cut or (off <= 2 and abs(sum(right) - 100) > room))


def padded_wholes(share: Share, found: Sequence[Share]) -> bool:
    """Whether the percentages of the table are whole ones with ".0" behind them, and this one is rightly rounded to a whole one."""
    printed = [one.percent.text.rstrip("% ") for one in found if one.count.value > 0 and one.printed.value < 100]
    padded = sum(text.endswith((".0", "·0")) for text in printed)
    value = 100 * share.count.value / share.base if share.base else math.nan
    row = [one for one in found if one.line is share.line and one.count.value > 0]
    rounded = [
        one.percent.text.rstrip("% ").endswith((".0", "·0"))
        and abs(one.printed.value - 100 * one.count.value / size_of(one)) <= 0.5
        for one in row
        if size_of(one)
    ]
    if len(rounded) >= 2 and all(rounded):
        return True
    if share.percent.text.rstrip("% ").endswith((".00", "·00")) and abs(share.printed.value - value) <= 0.5:
        return True
    return len(printed) >= MANY and padded >= MOST * len(printed) and abs(share.printed.value - value) <= 0.5
