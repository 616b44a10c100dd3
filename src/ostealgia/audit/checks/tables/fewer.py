"""Percentages of a table of fewer patients than their group has: values are missing, or patients were no longer there."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ostealgia.audit.checks.tables.parts import MARK
from ostealgia.audit.checks.tables.shares import (
    COARSE_ROWS,
    FINE,
    MOST,
    NO_VALUE,
    ONLY_N,
    OTHER_SIZE,
    added_around,
    beside,
    complete,
    far_slip,
    fits_between,
    levels_of,
    size_of,
)
from ostealgia.audit.tables.denominators import Share, denominators
from ostealgia.audit.tables.view import count

MISSING = 0.15  # share of a group that may have no value
MOST_MISSING = 0.5  # where the categories say how many have one
SAID_MISSING = 0.4  # where the table says itself that values are missing
FEW_MISSING = 0.05  # of a group: as many are often left out without a word
LITTLE = 0.01  # of a size that is printed nowhere, beside percentages with decimals
# words of a caption, a note or a label that say that values are missing
MISSING_SAID = re.compile(
    r"missing|\bavailable\b|not (?:all|asked|every|recorded|reported|known|assessed|answered|evaluable)|"
    r"did not (?:answer|respond|report|complete)|(?:no|non)-?respon|prefer(?:red)? not|\bevaluable\b|\bassessable\b|"
    r"\b(?:n|numbers?|denominators?|sample sizes?) (?:may )?(?:var|differ)|no data|may not (?:add|sum|total)|\bdon'?t know\b|"
    r"\bunknown\b|\bcomplete(?:d)? data\b",
    re.IGNORECASE,
)
_PERCENT_OF = re.compile(r"(?:%|per ?cent|proportion)\s?of\b|\bof (?:those|these|whom)\b|\bamong\b", re.IGNORECASE)
_LATER = re.compile(
    r"\b(?:at|after|week|month|day|year|visit)s? ?\d|\d ?-?(?:weeks?|wks?|months?|mo|days?|years?|yrs?)\b(?! of age| old)|"
    r"\bfollow-?up\b|\bpost-?(?:treatment|intervention|operative)", re.IGNORECASE)  # fmt: skip
_ROUNDED_SAID = re.compile(r"\bround", re.IGNORECASE)
# brackets that hold no percentages
_PEOPLE = re.compile(
    r"(?<![\w.,/])(\d{2,6}) (?:patients|participants|subjects|women|men|children|persons|individuals)\b", re.IGNORECASE
)
_BRACKETS_SAID = re.compile(
    r"numbers? of (?:adverse )?(?:events|episodes|occurrences)|"
    r"(?:parenthes[ei]s|parentheses|brackets?)[^.;]{0,60}\b(?:events?|episodes?|ranges?|sd|deviations?|errors?|months?|days?|"
    r"means?|medians?|ranks?)\b|\b(?:events?|episodes?|ranges?|standard deviations?)\b[^.;]{0,40}(?:parenthes|bracket)",
    re.IGNORECASE,
)


def implied(share: Share, found: Sequence[Share]) -> bool:
    """Whether the size of the group is printed nowhere, so that it may be a little another, or another one in this row.

    Where only categories that add up to it tell the size, it holds for other rows if one more cell of the row fits its group.
    """
    column = next((c for c in share.block.groups if c.index == share.column), None)
    if column is None or column.n is not None or share.base_number is not None or share.name != "the size of the group":
        return False
    base, room = share.base or 0, FEW_MISSING if share.printed.unit > FINE else LITTLE
    if fits_between(share, base * (1 - room), base * (1 + room)):
        return True
    fitting = [one for one in found if one.column == share.column and one.count.value > 0 and one.fits(base)]
    row = [one for one in found if one.line is share.line and one.count.value > 0]
    if any(added_around(one, found) != base for one in fitting) or added_around(share, found) == base:
        return False
    return not any(one.fits(size_of(one)) for one in row) and fits_between(share, base / OTHER_SIZE, base * OTHER_SIZE)


def fewer_in_all(share: Share, found: Sequence[Share]) -> bool:
    """Whether the column of all patients is one of fewer patients in this row, as this group is: values are missing.

    A few are missing in both; or the numbers of the groups that the row needs add up to the number that its total needs.
    """
    total = share.block.total
    if total is None or total.n is None:
        return False
    whole = next((one for one in found if one.line is share.line and one.column == total.index), None)
    if whole is None or whole.column == share.column or whole.fits(int(total.n.value)):
        return False
    pairs = ((whole, total.n.value), (share, share.base or 0))
    if all(fits_between(one, n * (1 - MISSING), n - 1) for one, n in pairs):
        return True
    row = [one for one in found if one.line is share.line and one.column in share.block.indexes]
    ranges = [(n, n) if one.fits(n := size_of(one)) else denominators(one.count.value, one.printed) for one in row]
    of_all = denominators(whole.count.value, whole.printed)
    if of_all is None or None in ranges or len(row) != len(share.block.indexes):
        return False
    low, high = sum(r[0] for r in ranges if r), sum(r[1] for r in ranges if r)
    return max(low, of_all[0]) <= min(high, of_all[1]) and of_all[1] < total.n.value


def all_of_fewer(share: Share, found: Sequence[Share]) -> bool:
    """Whether the row prints 100% beside several counts below their groups: of those who were due."""
    row = [one for one in found if one.line is share.line]
    whole = [one for one in row if one.printed.value == 100]
    return share in whole and len(whole) >= 2 and all(one.count.value < (size_of(one) or 0) for one in whole[:2])


def later(share: Share, found: Sequence[Share]) -> bool:
    """Whether fewer patients may have been left: 100% beside a count a little below the group, or a row of a later time."""
    base = share.base or 0
    if complete(share, found):
        return False
    if share.printed.value == 100 and base * (1 - MISSING) <= share.count.value < base:
        return True
    return _LATER.search(share.line.label) is not None and fits_between(share, base * (1 - SAID_MISSING), base - 1)


def as_many_elsewhere(share: Share, found: Sequence[Share]) -> bool:
    """Whether two other rows of the column are percentages of the same slightly smaller number: as many had a value."""
    base = share.base or 0
    if share.printed.unit > FINE or complete(share, found):
        return False
    column = (one for one in found if one.column == share.column and one.line is not share.line and one.count.value > 0)
    others = [one for one in column if one.printed.unit <= FINE and not one.fits(size_of(one))]
    fewer = range(int(base * (1 - MISSING)), base)
    return any(len({one.line.row for one in others if one.fits(n)}) >= 2 for n in fewer if share.fits(n))


def next_to_another(share: Share, found: Sequence[Share]) -> bool:
    """Whether the row above or below is, as this one, a percentage of one and the same smaller number: both are of a part."""
    base = share.base or 0
    mine = denominators(share.count.value, share.printed)
    if mine is None or mine[0] >= base or complete(share, found):
        return False
    for one in found:
        if (
            one.column != share.column
            or abs(one.line.row - share.line.row) != 1
            or one.count.value <= 0
            or one.fits(base)
        ):
            continue
        other = denominators(one.count.value, one.printed)
        both = far_slip(one) and far_slip(share)
        if other is not None and max(mine[0], other[0]) <= min(mine[1], other[1], base - 1) and not both:
            return True
    return False


def without_missing(share: Share, found: Sequence[Share]) -> bool:
    if not share.base:
        return False
    base = share.base
    if _of_known(share, found):
        return True
    column = [one for one in found if one.column == share.column and one.count.value > 0 and one.base in (base, None)]
    misfits = [one for one in column if not one.fits(base)]
    rows = {one.line.row for one in misfits}
    if len(rows) >= 2 and (len(rows) >= COARSE_ROWS or all(one.printed.unit <= FINE for one in misfits)):
        fewest = max(2, int(base * (1 - MISSING)))
        most = int(base * (1 + MISSING)) if len(rows) >= COARSE_ROWS else base - 1
        for n in range(most, fewest - 1, -1):
            if share.fits(n) and sum(one.fits(n) for one in misfits) >= max(2, MOST * len(misfits)):
                return True
    return _run_of_rows(share, found) or _many_fewer(share, found) or _lone_and_coarse(share, found)


def _of_known(share: Share, found: Sequence[Share]) -> bool:
    """Whether the percentage is one of the categories' own sum, a number below the group, and the others fit it as well."""
    level = levels_of(share, found)
    level = level if len(level) >= 2 else beside(share, found)
    added = sum(int(one.count.value) for one in level)
    base = share.base or 0
    unknown = sum(
        n for line in share.variable.levels if NO_VALUE.search(line.label) and (n := count(line, share.column))
    )
    if unknown and len(level) >= 2 and added + unknown < base and all(one.fits(added + unknown) for one in level):
        return True
    whole = abs(sum(one.printed.value for one in level) - 100) <= len(level) * share.printed.unit
    if (
        len(level) >= 2
        and whole
        and 0 < added <= base * (1 + MISSING)
        and added != base
        and all(one.fits(added) for one in level)
    ):
        return True
    if len(level) < 2 or not base * (1 - MOST_MISSING) <= added < base or not share.fits(added):
        return False
    fitting = sum(one.fits(added) for one in level)
    return fitting == len(level) or (added >= base * (1 - MISSING) and fitting > sum(one.fits(base) for one in level))


def _run_of_rows(share: Share, found: Sequence[Share]) -> bool:
    """Whether the percentage stands in a run of rows (three at least) that all fit one other number, near the group's size."""
    base = share.base or 0
    column = sorted(
        (one for one in found if one.column == share.column and one.count.value > 0), key=lambda one: one.line.row
    )
    at = next((i for i, one in enumerate(column) if one.line is share.line), None)
    if at is None:
        return False
    first, last = at, at
    while first > 0 and not column[first - 1].fits(base):
        first -= 1
    while last + 1 < len(column) and not column[last + 1].fits(base):
        last += 1
    run = column[first : last + 1]
    if len(run) < COARSE_ROWS:
        return False
    sizes = range(max(2, int(base * (1 - MISSING))), int(base * (1 + MISSING)) + 1)
    return any(all(one.fits(n) for one in run) for n in sizes)


def _many_fewer(share: Share, found: Sequence[Share]) -> bool:
    """Whether rows of this table (three at least) print a little more than their group gives: values are missing here and there."""
    base = share.base or 0
    if complete(share, found) or not fits_between(share, base * (1 - MISSING), base - 1):
        return False
    alike = {
        one.line.row
        for one in found
        if (n := size_of(one))
        and not one.fits(n)
        and not complete(one, found)
        and fits_between(one, n * (1 - MISSING), n - 1)
    }
    return len(alike) >= COARSE_ROWS


def _lone_and_coarse(share: Share, found: Sequence[Share]) -> bool:
    """Whether a percentage without decimals would fit with a patient or two less, and nothing says that all have a value."""
    base = share.base or 0
    if share.printed.unit <= FINE or complete(share, found):
        return False
    return fits_between(share, base * (1 - FEW_MISSING), base - 1)


def marked_fewer(share: Share, found: Sequence[Share], words: str) -> bool:
    """Whether the mark behind its label is explained by missing values: "Chorioamnionitis* 1 (33)", "* Not all were examined"."""
    if complete(share, found) or not fits_between(share, share.count.value, (share.base or 0) - 1):
        return False
    for label in {share.line.label.strip(), share.variable.name.strip()}:
        mark = MARK.search(label)
        if mark is None:
            continue
        own = re.escape(mark[0]) if not mark[0].isalpha() or not mark[0].isascii() else rf"(?<!\S){mark[0]}"
        if any(
            MISSING_SAID.search(m[1]) for m in re.finditer(own + r"[\s:.)]{0,3}([A-Z0-9][^.;*†‡§¶#]{0,160})", words)
        ):
            return True
    return False


def by_words(share: Share, found: Sequence[Share], words: str) -> bool:
    """Whether the words of the table tell why the percentage is not that of the group."""
    base = share.base or 0
    labels = f"{share.line.label} {share.variable.name}"
    value = 100 * share.count.value / base if base else math.nan
    if (
        _ROUNDED_SAID.search(words)
        and share.printed.unit >= 1
        and abs(share.printed.value - value) < share.printed.unit
    ):
        return True
    if _BRACKETS_SAID.search(words):
        return True
    people = {int(m[1]) for m in _PEOPLE.finditer(words)} - {*(share.block.sizes or ()), sum(share.block.sizes or ())}
    noted = ({int(m[1]) for m in ONLY_N.finditer(words)} | people) - {base}
    if any(2 <= n <= base * (1 + MISSING) and share.fits(n) for n in noted):
        return True  # "data available for only n = 55", "one more patient was included, making n = 70"
    if _PERCENT_OF.search(labels) and fits_between(share, share.count.value, base - 1):
        return True
    said = MISSING_SAID.search(words) or MISSING_SAID.search(labels)
    if any(NO_VALUE.search(line.label) for line in share.variable.levels):
        return False  # the table prints how many are missing
    return bool(said) and not complete(share, found) and fits_between(share, base * (1 - SAID_MISSING), base - 1)
