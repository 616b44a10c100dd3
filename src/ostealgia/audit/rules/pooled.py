"""cross-reference of means: do two groupings of the same patients have the same mean and SD?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ostealgia.audit.finding import NOWHERE, Finding, Place, make
from ostealgia.audit.rules.means import Group
from ostealgia.audit.rules.significance import show, show_range
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval
from ostealgia.numerics.summary_tests import between_ss_range

LARGE = 0.1  # a difference of the means above a tenth of the SD is a major one


def pooled_mean(groups: Sequence[Group]) -> tuple[float, Interval]:
    """Mean of all patients from the group means, and its range over their rounding.

    >>> value, box = pooled_mean([Group.of("62.02", "11.39", 103), Group.of("62.25", "11.54", 102)])
    >>> round(value, 3), box.contains(62.14)
    (62.134, True)
    """
    total = sum(group.n for group in groups)
    means = [group.mean.interval() for group in groups]
    ends = [sum(g.n * end for g, end in zip(groups, side, strict=True)) / total for side in _sides(means)]
    return sum(group.n * group.mean.value for group in groups) / total, Interval(*ends)


def pooled_sd(groups: Sequence[Group]) -> tuple[float, Interval]:
    """SD of all patients about their common mean, from group means and SDs, and its range over their rounding.

    Source: the analysis of variance identity, total = within + between sum of squares (Fisher 1925).

    >>> value, box = pooled_sd([Group.of("62.02", "11.39", 103), Group.of("62.25", "11.54", 102)])
    >>> round(value, 2), box.contains(11.44)
    (11.44, True)
    """
    n = np.array([group.n for group in groups], dtype=float)
    means = [group.mean.interval() for group in groups]
    low, high = (np.array(side) for side in _sides(means))
    between = between_ss_range(low, high, n)
    printed = np.array([group.mean.value for group in groups])
    at = float((n * np.square(printed - (n * printed).sum() / n.sum())).sum())
    sds = [group.sd_range for group in groups]
    within = [float(((n - 1) * np.square(side)).sum()) for side in _sides(sds)]
    here = float(((n - 1) * np.square([group.sd.value for group in groups])).sum())
    df = float(n.sum() - 1)
    ends = [math.sqrt((w + b) / df) for w, b in zip(within, between, strict=True)]
    return math.sqrt((here + at) / df), Interval(*ends)


def same_mean(
    first: Sequence[Group],
    second: Sequence[Group],
    *,
    what: str = "the mean of the same patients",
    where: tuple[str, str] = ("here", "elsewhere"),
    place: Place = NOWHERE,
) -> list[Finding]:
    """Do two groupings of the same patients give one mean and one SD? Two findings, the mean first.

    first, second : groups that each cover all patients.  Raises OptionError where the numbers of patients differ.
    Verdict impossible where the ranges over rounding have nothing in common.

    >>> a = [Group.of("62.02", "11.39", 103), Group.of("62.25", "11.54", 102)]
    >>> b = [Group.of("61.84", "10.89", 132), Group.of("61.56", "10.26", 73)]
    >>> [found.verdict for found in same_mean(a, b)]
    ['impossible', 'impossible']
    """
    if sum(group.n for group in first) != sum(group.n for group in second):
        raise OptionError("the two groupings do not hold the same number of patients; their means need not agree.")
    scale = pooled_sd(second)[0]
    found: list[Finding] = []
    for name, pooled in (("mean", pooled_mean), ("SD", pooled_sd)):
        (a, a_box), (b, b_box) = pooled(first), pooled(second)
        fits = a_box.overlaps(b_box)
        large = scale > 0 and abs(a - b) > LARGE * scale
        text = f"{show(a, 4)} {where[0]} (rounding allows {show_range(a_box, 4)})"
        other = f"{show(b, 4)} {where[1]} ({show_range(b_box, 4)})"
        found.append(
            make(
                "cross-reference",
                place,
                reported=", ".join((g.mean if name == "mean" else g.sd).text for g in first),
                verdict="consistent" if fits else "impossible",
                severity="none" if fits else "major" if large else "minor",
                message=f"{what}: {name} {text}, {other}",
                recomputed=b,
                values=b_box,
            )
        )
    return found


def _sides(boxes: Sequence[Interval]) -> tuple[list[float], list[float]]:
    return [box.low for box in boxes], [box.high for box in boxes]
