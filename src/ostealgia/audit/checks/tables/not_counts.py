"""Numbers with another in brackets that are no count of a group's patients with its percentage: events, ratios, rates, pairs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ostealgia.audit.causes import single_repairs, slip
from ostealgia.audit.checks.tables.shares import levels_of, size_of, sizes_exchanged
from ostealgia.audit.paper import Paper
from ostealgia.audit.tables.denominators import Share
from ostealgia.audit.tables.view import group_tables, number
from ostealgia.numerics.intervals import as_interval

DIGIT = 5.0  # a count of so many times its group has a digit too many
MOST_PERCENT = 110.0  # what is printed above is a rate, not a share with a slip
# a mean or a count of events, not of patients: the unit or kind is in the label
NOT_PATIENTS = re.compile(
    r"[,(\[] ?(?:k?g|mg|µg|c?m|mm|mm ?hg|m?mol/l|[mg]?g/d?l|years?|y|yrs?|months?|weeks?|wks?|days?|hours?|hrs?|h|"
    r"min(?:utes)?|ml|kg/m[2²])(?:[,)\] ]|$)|"
    r"\b(?:mean|median|s\.?d\.?|events?|episodes?|lesions?|admissions?|visits?|doses)\b",
    re.IGNORECASE,
)
OWN_N = re.compile(r"\bn ?= ?(\d[\d,]{0,9})", re.IGNORECASE)
_RATIO = re.compile(
    r"\bratio\b|\b(?:males?|m|men|women|yes|right|left) ?[/:] ?(?:females?|f|women|men|no|left|right)\b", re.IGNORECASE
)
_SLASHED = re.compile(r"\d ?/ ?\d")
_PAIRS = re.compile(r"\) ?/ ?\d")  # "9 (64)/5 (36)"


def no_patients(paper: Paper, share: Share, found: Sequence[Share]) -> bool:
    """Whether a number with another in brackets may be no count of the group's patients with its percentage."""
    words = f"{share.line.label} {share.variable.name}"
    above = share.base is not None and share.count.value > share.base
    sizes = {int(m[1].replace(",", "")) for m in OWN_N.finditer(f"{words} {_heading(paper, share)}")}
    if (above and NOT_PATIENTS.search(words)) or sizes - {share.base}:
        return True
    row = [one for one in found if one.line is share.line and one.count.value > 0]
    same = _same_patients(share, found) or sizes_exchanged(row)
    if above and not same and not _digit_too_many(share):
        return True  # the row is of other patients
    if (
        share.printed.relation != "="
        or is_rate(share, found)
        or (above and share.printed.fits(100 * share.count.value / (share.base or 1)))
    ):
        return True  # "> 33"; "52/50 (104.0)" of a target
    entry = share.line.entries[share.column]
    printed = paper.document.plain[entry.start : entry.end]
    if _SLASHED.search(printed) and _RATIO.search(words):
        return True  # "Male/female (ratio) 126/142 (0.89)"
    if _SLASHED.search(printed) and _slashed(paper, share):
        return True
    rest = [one for one in found if one.column == share.column and one.line is not share.line]
    signed = sum("%" in paper.document.plain[(e := one.line.entries[one.column]).start : e.end] for one in rest)
    return "%" not in printed and signed >= 2 and signed > 0.5 * len(rest)


def _same_patients(share: Share, found: Sequence[Share]) -> bool:
    """Whether the rest of the row, or of its variable, are percentages of the group's patients, and so this cell should be.

    Every other cell of the row that has a percentage fits its own group; or, where there is none, every other category of the
    variable does, and one slip in the count or the percentage explains this one.
    """
    row = [one for one in found if one.line is share.line and one is not share and one.count.value > 0]
    if row:
        return all(one.fits(size_of(one)) for one in row) and (share.percent.value < 100 or _slipped(share))
    level = [one for one in levels_of(share, found) if one is not share and one.count.value > 0]
    return bool(level) and all(one.fits(share.base or 0) for one in level) and _slipped(share)


def _slipped(share: Share) -> bool:
    """Whether another count that one slip makes of this one, or of its percentage, fits."""
    base = share.base or 0
    if slip(share.printed, 100 * share.count.value / base) is not None:
        return True
    return bool(
        single_repairs(
            share.count.printed, lambda other: other.value <= base and share.printed.fits(100 * other.value / base)
        )
    )


def is_rate(share: Share, found: Sequence[Share]) -> bool:
    """Whether a number above 100 is no share with a lost point: its neighbours in the row are as large, or no slip explains it."""
    if share.percent.value <= MOST_PERCENT or _same_patients(share, found):
        return False
    beside = [one for one in found if one.line is share.line and one is not share and one.count.value > 0]
    if any(one.percent.value > MOST_PERCENT for one in beside):
        return True
    return slip(share.printed, 100 * share.count.value / (share.base or 1)) is None


def _heading(paper: Paper, share: Share) -> str:
    """The words of the nearest row above without numbers of its own."""
    table = next((t for t in group_tables(paper) if any(line is share.line for line in t.lines)), None)
    above = [line for line in table.lines if line.row < share.line.row] if table is not None else []
    return next((line.label for line in reversed(above) if set(line.entries) <= {0}), "")


def _digit_too_many(share: Share) -> bool:
    """Whether the count fits its percentage once a digit is taken out of it: "116 (53.3)" of 30."""
    text = share.count.text
    shorter = {text[:i] + text[i + 1 :] for i in range(len(text))} if len(text) > 1 and text.isdigit() else set()
    return any(share.base and share.printed.allows(as_interval(100 * int(one) / share.base)) for one in shorter if one)


def _slashed(paper: Paper, share: Share) -> bool:
    """Whether numbers on both sides of a slash are two counts ("12 (8/4)", "0/1 (2)"), not a count of its patients."""
    entry = share.line.entries[share.column]
    above = share.count.value > (share.base or 0) and not _digit_too_many(share)
    if not any(n.value == share.base for n in entry.parts.values()) or above:
        return True
    column = next((c for c in share.block.groups if c.index == share.column), None)
    size = int(column.n.value) if column is not None and column.n is not None else None
    second = entry.parts.get("n")
    if size and second is not None and share.printed.allows(as_interval(100 * second.value / size)):
        return True  # "0/1 (2)": the percentage is of the second count
    beside = [
        paper.document.plain[e.start : e.end]
        for c in share.block.indexes
        if (e := share.line.entries.get(c)) is not None
    ]
    return any("/" in text and _PAIRS.search(text) for text in beside)


def row_of_events(share: Share) -> bool:
    """Whether a count of the row is above its group while its percentage is below 100: events, not patients."""
    for column in share.block.groups:
        counted, percent = number(share.line, column.index, "count"), number(share.line, column.index, "percent")
        if counted is None or percent is None or column.n is None or counted.value <= column.n.value:
            continue
        digits = counted.value / column.n.value >= DIGIT  # one digit too many, where nothing else of the row is above
        if percent.value < 100 and column.index != share.column and not digits:
            return True
    return False
