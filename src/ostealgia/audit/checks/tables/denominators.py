"""Percentages of a table whose denominator is not the size of their group: asked of shares, company, fewer, parts and not_counts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.tables.fewer import (
    all_of_fewer,
    as_many_elsewhere,
    by_words,
    fewer_in_all,
    implied,
    later,
    marked_fewer,
    next_to_another,
    without_missing,
)
from ostealgia.audit.checks.tables.not_counts import row_of_events
from ostealgia.audit.checks.tables.parts import (
    headed_part,
    noted_size,
    of_everybody,
    part_of_a_row,
    row_of_others,
    run_below,
    sized_above,
    total_below,
    whole_row,
)
from ostealgia.audit.checks.tables.shares import MANY, far_slip
from ostealgia.audit.tables.denominators import Share
from ostealgia.audit.tables.model import Line

_MEASURED = re.compile(
    r"^(?:mean |median )?(?:age|bmi|body[ -]mass[ -]index|weight|height|pre-?pregnancy (?:bmi|body mass index)|gestational age|"
    r"(?:systolic|diastolic) (?:bp|blood pressure)|heart rate)\b(?!.*\bn ?\()", re.IGNORECASE)  # fmt: skip
_CUT = re.compile(
    r"[<>≤≥%]|\d ?[-–] ?\d|\b(?:group|category|over|under|above|below|at least|and older|loss|gain)\b", re.IGNORECASE
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
        or headed_part(share, lines)
        or total_below(share, lines)
        or whole_row(share, found)
        or _measured(share)
        or part_of_a_row(share, found, lines)
        or row_of_others(share, found)
        or row_of_events(share)
        or implied(share, found)
        or all_of_fewer(share, found)
        or later(share, found)
        or run_below(share, found)
        or as_many_elsewhere(share, found)
        or noted_size(share, words)
        or sized_above(share, lines)
        or next_to_another(share, found)
        or of_everybody(share, found)
        or fewer_in_all(share, found)
        or without_missing(share, found)
        or marked_fewer(share, found, words)
        or by_words(share, found, words)
    )


def _wrong_size(share: Share, found: Sequence[Share]) -> bool:
    column = [one for one in found if one.column == share.column and one.base == share.base and one.count.value > 0]
    for these in (column, [one for one in column if one.variable is share.variable]):
        misfits = sum(not one.fits(share.base or 0) and not far_slip(one) for one in these)
        if misfits >= MANY and misfits > 0.5 * len(these) and not far_slip(share):
            return True
    return False


def _measured(share: Share) -> bool:
    """Whether the row is of something measured: a number of patients with a mean ("Age, years | 943 | 26.5")."""
    label = share.line.label
    if not _MEASURED.search(label) or _CUT.search(label) or not share.base:
        return False
    return slip(share.printed, 100 * share.count.value / share.base) is None or share.count.value == share.base
