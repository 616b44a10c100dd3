"""Percentages of a table whose denominator is not the size of their group: a share of another row, or of those with values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from ostealgia.audit.causes import slip
from ostealgia.audit.paper import Check
from ostealgia.audit.tables.denominators import Share, denominators
from ostealgia.audit.tables.model import Line
from ostealgia.audit.tables.view import count, number

ROWS_ABOVE = 8  # rows in which the whole of a subset is looked for
NEAR_ROWS = 2  # ... where the other groups of the row are blank
MISSING = 0.15  # share of a group that may have no value
MOST_MISSING = 0.5  # where the categories say how many have one
SAID_MISSING = 0.4  # where the table says itself that values are missing
FEW_MISSING = 0.05  # of a group: as many are often left out without a word
LITTLE = 0.01  # of a size that is printed nowhere, beside percentages with decimals
MANY = 4  # misfits of one column that speak against its size
COARSE_ROWS = 3  # so many coarse percentages of one smaller number are no chance
FINE = 0.1  # per cent; a percentage printed more coarsely fits many denominators
ALIKE = 1.3  # shares of the groups that are the same part of the patients ("of the women")
MOST = 0.75  # of the misfits of a column that one other number explains
CONFIRMING, CONFIRMED = 3, 0.8  # percentages of the column, and their share, that confirm a base
DIGIT = 5.0  # a count of so many times its group has a digit too many
OTHER_SIZE = 1.6  # a row of another population is seldom larger than so many times the group

# words of a caption, a note or a label that say that values are missing
MISSING_SAID = re.compile(
    r"missing|\bavailable\b|not (?:all|asked|every|recorded|reported|known|assessed|answered|evaluable)|"
    r"did not (?:answer|respond|report|complete)|(?:no|non)-?respon|prefer(?:red)? not|\bevaluable\b|\bassessable\b|"
    r"\b(?:n|numbers?|denominators?|sample sizes?) (?:may )?(?:var|differ)|no data|may not (?:add|sum|total)|\bdon'?t know\b|"
    r"\bunknown\b|\bcomplete(?:d)? data\b",
    re.IGNORECASE,
)
_LONG_WORD = re.compile(r"[a-z]{6,}")
_MEASURED = re.compile(
    r"^(?:mean |median )?(?:age|bmi|body[ -]mass[ -]index|weight|height|pre-?pregnancy (?:bmi|body mass index)|gestational age|"
    r"(?:systolic|diastolic) (?:bp|blood pressure)|heart rate)\b(?!.*\bn ?\()", re.IGNORECASE)  # fmt: skip
_CUT = re.compile(
    r"[<>≤≥%]|\d ?[-–] ?\d|\b(?:group|category|over|under|above|below|at least|and older|loss|gain)\b", re.IGNORECASE
)
_TOTAL = re.compile(r"(?:sub)?total\b", re.IGNORECASE)
_PERCENT_OF = re.compile(r"(?:%|per ?cent|proportion)\s?of\b|\bof (?:those|these|whom)\b|\bamong\b", re.IGNORECASE)
_LATER = re.compile(
    r"\b(?:at|after|week|month|day|year|visit)s? ?\d|\d ?-?(?:weeks?|wks?|months?|mo|days?|years?|yrs?)\b(?! of age| old)|"
    r"\bfollow-?up\b|\bpost-?(?:treatment|intervention|operative)", re.IGNORECASE)  # fmt: skip
_MARK = re.compile(r"(?:[ʰ-˸ᴬ-ᶿ⁰-⁹¹²³*†‡§¶#]|(?<=[^\s\w])[a-h]|(?<=\s)[a-h])$")
_ONLY_N = re.compile(r"\bn\s?=\s?(\d{1,6})\b", re.IGNORECASE)
_ROUNDED_SAID = re.compile(r"\bround", re.IGNORECASE)
# brackets that hold no percentages
_BRACKETS_SAID = re.compile(
    r"numbers? of (?:adverse )?(?:events|episodes|occurrences)|"
    r"(?:parenthes[ei]s|parentheses|brackets?)[^.;]{0,60}\b(?:events?|episodes?|ranges?|sd|deviations?|errors?|months?|days?|"
    r"means?|medians?|ranks?)\b|\b(?:events?|episodes?|ranges?|standard deviations?)\b[^.;]{0,40}(?:parenthes|bracket)",
    re.IGNORECASE,
)
_NO_VALUE = re.compile(
    r"unknown|missing|not (?:available|reported|known|recorded|tested|done|assessed|evaluable)|\bn/?a\b|unspecified|no data",
    re.IGNORECASE,
)


def another_reading(share: Share, found: Sequence[Share], lines: Sequence[Line], words: str = "") -> bool:
    """Whether a percentage that does not fit its group fits another denominator that the table itself suggests.

    share : the percentage.  found : all those of its table.  lines : of the table.  words : its caption and note.
    True where most percentages of its column or of its variable do not fit the group, so that its size is not certain;
    where every percentage of the row is a share of one row above ("of these, ..."), or none fits its group; where the
    categories add up to those with a value; where the percentages that do not fit their group fit a slightly smaller
    number (patients without a value are left out), or the words say so; where the words say that brackets hold no percentages.
    """
    return (
        _wrong_size(share, found)
        or _headed_part(share, lines)
        or _total_below(share, lines)
        or _whole_row(share, found)
        or _measured(share)
        or _part_of_a_row(share, found, lines)
        or _row_of_others(share, found)
        or _not_patients(share, lines)
        or _implied(share, found)
        or _all_of_fewer(share, found)
        or _later(share, found)
        or _run_below(share, found)
        or _as_many_elsewhere(share, found)
        or _noted_size(share, words)
        or _sized_above(share, lines)
        or _next_to_another(share, found)
        or _of_everybody(share, found)
        or _fewer_in_all(share, found)
        or _without_missing(share, found)
        or _by_words(share, found, words)
    )


def _wrong_size(share: Share, found: Sequence[Share]) -> bool:
    column = [one for one in found if one.column == share.column and one.base == share.base and one.count.value > 0]
    for these in (column, [one for one in column if one.variable is share.variable]):
        misfits = sum(not one.fits(share.base or 0) and not far_slip(one) for one in these)
        if misfits >= MANY and misfits > 0.5 * len(these) and not far_slip(share):
            return True
    return False


def far_slip(one: Share) -> bool:
    """Whether one slip of a digit explains the percentage, and no group of about that size would: "8 (2.7)" of 30."""
    if not one.base or one.count.value <= 0 or one.printed.value <= 0:
        return False
    value = 100 * one.count.value / one.base
    ratio = value / one.printed.value
    return not 1 / OTHER_SIZE <= ratio <= OTHER_SIZE and slip(one.printed, value) is not None


def _part_of_a_row(share: Share, found: Sequence[Share], lines: Sequence[Line]) -> bool:
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


def _measured(share: Share) -> bool:
    """Whether the row is of something measured: a number of patients with a mean ("Age, years | 943 | 26.5")."""
    label = share.line.label
    if not _MEASURED.search(label) or _CUT.search(label) or not share.base:
        return False
    return slip(share.printed, 100 * share.count.value / share.base) is None or share.count.value == share.base


def _headed_part(share: Share, lines: Sequence[Line]) -> bool:
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


def _total_below(share: Share, lines: Sequence[Line]) -> bool:
    """Whether a row of the total closes its categories, and the percentage is of that."""
    below = [line for line in lines if 0 < line.row - share.line.row <= ROWS_ABOVE and _TOTAL.match(line.label.strip())]
    whole = count(below[0], share.column) if below else None
    return whole is not None and whole != share.base and share.fits(whole)


def _whole_row(share: Share, found: Sequence[Share]) -> bool:
    """Whether the row gives the sizes of the groups themselves, as shares of all patients ("Overall 534 (54.4%)")."""
    row = [one for one in found if one.line is share.line and one.column in share.block.indexes]
    if share.count.value == share.base and share.base_number is None:
        return True  # "Cases 7 (17.3)", a rate beside the size of the group
    added = sum(int(one.count.value) for one in row)
    return len(row) >= 2 and all(one.count.value == one.base and one.fits(added) for one in row)


def _row_of_others(share: Share, found: Sequence[Share]) -> bool:
    """Whether no percentage of the row fits its group, and each fits another possible number: another population.

    Percentages that stand in one another's cells are an error of the row, not another population.
    """
    row = [one for one in found if one.line is share.line and one.count.value > 0 and one.column in share.block.indexes]
    sized = [(one, _size(one)) for one in row]
    known = [(one, n) for one, n in sized if n]
    if len(known) < 2 or any(one.fits(n) for one, n in known):
        return False
    if all(
        any(one.printed.fits(100 * other.count.value / n) for other, n in known if other is not one) for one, _ in known
    ):
        return False
    if all(_fits_between(one, n / OTHER_SIZE, n * OTHER_SIZE) for one, n in known):
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


def _not_patients(share: Share, lines: Sequence[Line]) -> bool:
    """Whether a count of the row is above its group while its percentage is below 100: events, not patients."""
    for column in share.block.groups:
        counted, percent = number(share.line, column.index, "count"), number(share.line, column.index, "percent")
        if counted is None or percent is None or column.n is None or counted.value <= column.n.value:
            continue
        digits = counted.value / column.n.value >= DIGIT  # one digit too many, where nothing else of the row is above
        if percent.value < 100 and column.index != share.column and not digits:
            return True
    return False


def _implied(share: Share, found: Sequence[Share]) -> bool:
    """Whether the size of the group is printed nowhere, so that it may be a little another, or another one in this row.

    Where only categories that add up to it tell the size, it holds for other rows if one more cell of the row fits its group.
    """
    column = next((c for c in share.block.groups if c.index == share.column), None)
    if column is None or column.n is not None or share.base_number is not None or share.name != "the size of the group":
        return False
    base, room = share.base or 0, FEW_MISSING if share.printed.unit > FINE else LITTLE
    if _fits_between(share, base * (1 - room), base * (1 + room)):
        return True
    fitting = [one for one in found if one.column == share.column and one.count.value > 0 and one.fits(base)]
    row = [one for one in found if one.line is share.line and one.count.value > 0]
    if any(_added(one, found) != base for one in fitting) or _added(share, found) == base:
        return False
    return not any(one.fits(_size(one)) for one in row) and _fits_between(share, base / OTHER_SIZE, base * OTHER_SIZE)


def _of_everybody(share: Share, found: Sequence[Share]) -> bool:
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


def _fewer_in_all(share: Share, found: Sequence[Share]) -> bool:
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
    if all(_fits_between(one, n * (1 - MISSING), n - 1) for one, n in pairs):
        return True
    row = [one for one in found if one.line is share.line and one.column in share.block.indexes]
    ranges = [(n, n) if one.fits(n := _size(one)) else denominators(one.count.value, one.printed) for one in row]
    of_all = denominators(whole.count.value, whole.printed)
    if of_all is None or None in ranges or len(row) != len(share.block.indexes):
        return False
    low, high = sum(r[0] for r in ranges if r), sum(r[1] for r in ranges if r)
    return max(low, of_all[0]) <= min(high, of_all[1]) and of_all[1] < total.n.value


def _all_of_fewer(share: Share, found: Sequence[Share]) -> bool:
    """Whether the row prints 100% beside several counts below their groups: of those who were due."""
    row = [one for one in found if one.line is share.line]
    whole = [one for one in row if one.printed.value == 100]
    return share in whole and len(whole) >= 2 and all(one.count.value < (_size(one) or 0) for one in whole[:2])


def _later(share: Share, found: Sequence[Share]) -> bool:
    """Whether fewer patients may have been left: 100% beside a count a little below the group, or a row of a later time."""
    base = share.base or 0
    if _complete(share, found):
        return False
    if share.printed.value == 100 and base * (1 - MISSING) <= share.count.value < base:
        return True
    return _LATER.search(share.line.label) is not None and _fits_between(share, base * (1 - SAID_MISSING), base - 1)


def _run_below(share: Share, found: Sequence[Share]) -> bool:
    """Whether adjacent rows split the row above them ("No 10", "Went home 8 (80)", "Did not 2 (20)")."""
    rows = {one.line.row: one for one in found if one.column == share.column}
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


def _as_many_elsewhere(share: Share, found: Sequence[Share]) -> bool:
    """Whether two other rows of the column are percentages of the same slightly smaller number: as many had a value."""
    base = share.base or 0
    if share.printed.unit > FINE or _complete(share, found):
        return False
    column = (one for one in found if one.column == share.column and one.line is not share.line and one.count.value > 0)
    others = [one for one in column if one.printed.unit <= FINE and not one.fits(_size(one))]
    fewer = range(int(base * (1 - MISSING)), base)
    return any(len({one.line.row for one in others if one.fits(n)}) >= 2 for n in fewer if share.fits(n))


def _noted_size(share: Share, words: str) -> bool:
    """Whether a mark behind its label, or behind its variable's, is explained by a size: "ᶜ n = 45"."""
    for label in (share.line.label, share.variable.name):
        mark = _MARK.search(label.strip())
        if mark is not None and re.search(re.escape(mark[0]) + r"\s{0,2}\(?n\s?=\s?\d", words, re.IGNORECASE):
            return True
    return False


def _sized_above(share: Share, lines: Sequence[Line]) -> bool:
    """Whether a row above says of how many patients the rows below it are: "Late effects (n = 54) 13 (24%)"."""
    above = (line for line in lines if 0 < share.line.row - line.row <= ROWS_ABOVE)
    return any(
        int(m[1]) != share.base and share.fits(int(m[1])) for line in above for m in _ONLY_N.finditer(line.label)
    )


def _next_to_another(share: Share, found: Sequence[Share]) -> bool:
    """Whether the row above or below is, as this one, a percentage of one and the same smaller number: both are of a part."""
    base = share.base or 0
    mine = denominators(share.count.value, share.printed)
    if mine is None or mine[0] >= base or _complete(share, found):
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


def _size(one: Share) -> int:
    column = next((c for c in one.block.groups if c.index == one.column), None)
    return int(column.n.value) if column is not None and column.n is not None else one.base or 0


def _fits_between(one: Share, least: float, most: float) -> bool:
    """Whether some number of patients in this range gives the percentage."""
    found = denominators(one.count.value, one.printed)
    return found is not None and max(found[0], math.ceil(least)) <= min(found[1], math.floor(most))


def _without_missing(share: Share, found: Sequence[Share]) -> bool:
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


def _levels(share: Share, found: Sequence[Share]) -> list[Share]:
    """The categories of its variable in its column that say something of the patient."""
    return [
        one
        for one in found
        if one.column == share.column
        and one.variable is share.variable
        and one.line.depth
        and not _NO_VALUE.search(one.line.label)
    ]


def _run(row: int, rows: Mapping[int, Share]) -> list[Share]:
    """The rows around this one without a gap: up to the next headings."""
    first = last = row
    while first - 1 in rows:
        first -= 1
    while last + 1 in rows:
        last += 1
    return [rows[at] for at in range(first, last + 1) if at in rows]


def _added(share: Share, found: Sequence[Share]) -> int:
    """The patients of the rows around it."""
    return sum(
        int(one.count.value)
        for one in _run(share.line.row, {one.line.row: one for one in found if one.column == share.column})
    )


def _beside(share: Share, found: Sequence[Share]) -> list[Share]:
    """The rows next to it in its column up to the next heading, where the table does not say which are its categories."""
    rows = {one.line.row: one for one in found if one.column == share.column and not _NO_VALUE.search(one.line.label)}
    run = _run(share.line.row, rows)
    return run if len(run) <= ROWS_ABOVE else []


def _of_known(share: Share, found: Sequence[Share]) -> bool:
    """Whether the percentage is one of the categories' own sum, a number below the group, and the others fit it as well."""
    level = _levels(share, found)
    level = level if len(level) >= 2 else _beside(share, found)
    added = sum(int(one.count.value) for one in level)
    base = share.base or 0
    unknown = sum(
        n for line in share.variable.levels if _NO_VALUE.search(line.label) and (n := count(line, share.column))
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


def _complete(share: Share, found: Sequence[Share]) -> bool:
    """Whether the categories of the variable make up the group, so that nobody is missing."""
    level = [one for one in found if one.column == share.column and one.variable is share.variable and one.line.depth]
    level = level if len(level) >= 2 else _beside(share, found)
    return len(level) >= 2 and sum(int(one.count.value) for one in level) == share.base


def _many_fewer(share: Share, found: Sequence[Share]) -> bool:
    """Whether rows of this table (three at least) print a little more than their group gives: values are missing here and there."""
    base = share.base or 0
    if _complete(share, found) or not _fits_between(share, base * (1 - MISSING), base - 1):
        return False
    alike = {
        one.line.row
        for one in found
        if (n := _size(one))
        and not one.fits(n)
        and not _complete(one, found)
        and _fits_between(one, n * (1 - MISSING), n - 1)
    }
    return len(alike) >= COARSE_ROWS


def _lone_and_coarse(share: Share, found: Sequence[Share]) -> bool:
    """Whether a percentage without decimals would fit with a patient or two less, and nothing says that all have a value."""
    base = share.base or 0
    if share.printed.unit <= FINE or _complete(share, found):
        return False
    return _fits_between(share, base * (1 - FEW_MISSING), base - 1)


def _by_words(share: Share, found: Sequence[Share], words: str) -> bool:
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
    noted = {int(m[1]) for m in _ONLY_N.finditer(words)} - {base}
    if any(2 <= n <= base * (1 + MISSING) and share.fits(n) for n in noted):
        return True  # "data available for only n = 55", "one more patient was included, making n = 70"
    if _PERCENT_OF.search(labels) and _fits_between(share, share.count.value, base - 1):
        return True
    said = MISSING_SAID.search(words) or MISSING_SAID.search(labels)
    if any(_NO_VALUE.search(line.label) for line in share.variable.levels):
        return False  # the table prints how many are missing
    return bool(said) and not _complete(share, found) and _fits_between(share, base * (1 - SAID_MISSING), base - 1)


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
        and 0 < one.count.value < _size(one)
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
    row = bool(beside) and all(one.fits(_size(one)) for one in beside)
    most = len(column) - fits <= 1 or fits >= CONFIRMED * len(column)
    if (fits >= CONFIRMING and most) or (far_slip(share) and (row or fits >= 2)):
        return True
    said = row and share.line.unit_hint == "count percent" and share.base_number is not None
    return (_complete(share, found) or row) and (fits >= 2 or said) and fits >= 0.5 * len(column)


def made_to_100(share: Share, found: Sequence[Share]) -> bool:
    """Whether the last digit is one off so that the categories, or the groups of a row, add up to exactly 100.

    Rightly rounded ones would not.
    """
    level = _levels(share, found)
    level = level if len(level) >= 2 else _beside(share, found)
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
        and abs(one.printed.value - 100 * one.count.value / _size(one)) <= 0.5
        for one in row
        if _size(one)
    ]
    if len(rounded) >= 2 and all(rounded):
        return True
    if share.percent.text.rstrip("% ").endswith((".00", "·00")) and abs(share.printed.value - value) <= 0.5:
        return True
    return len(printed) >= MANY and padded >= MOST * len(printed) and abs(share.printed.value - value) <= 0.5


CHECKS: tuple[Check, ...] = ()
