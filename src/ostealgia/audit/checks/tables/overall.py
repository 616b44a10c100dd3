"""The column of all patients against its groups: mean and SD of all follow from those of the groups."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from ostealgia.audit.causes import slip
from ostealgia.audit.finding import Cause, Finding, Place, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.means import Group
from ostealgia.audit.rules.pooled import pooled_mean, pooled_sd
from ostealgia.audit.rules.significance import show
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import is_weighted
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import Block, blocks, group_tables, number, place_of
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval

_PERCENT = re.compile(r"%|\bn ?\(|percent", re.IGNORECASE)
MOST_OFF = 0.3  # of the rows; else the groups may not be those of all patients, or the numbers no means with SDs


def table_overall(paper: Paper) -> Iterator[Finding]:
    """Means and SDs of the column of all patients, where the groups' sizes make up all."""
    for table in group_tables(paper):
        printed = paper.document.tables[table.index]
        if is_weighted(f"{printed.caption} {printed.note}"):
            continue
        for block in blocks(table):
            total, sizes = block.total, block.sizes
            if total is None or sizes is None or len(sizes) < 2 or not block.independent:
                continue
            if total.n is None or total.n.value != sum(sizes):
                continue
            pairs = [pair for line in table.lines if (pair := _row(paper, table, block, line)) is not None]
            for found in zip(*pairs, strict=True):
                if sum(one.flagged for one in found) <= max(1, MOST_OFF * len(found)):
                    yield from found


def _row(paper: Paper, table: ReadTable, block: Block, line: Line) -> tuple[Finding, Finding] | None:
    """What the groups say of mean and SD of all patients in one row."""
    if block.total is None or block.sizes is None or _PERCENT.search(line.label):
        return None
    mean, sd = (number(line, block.total.index, part) for part in ("mean", "sd"))
    groups = _groups(block, block.sizes, line)
    if mean is None or sd is None or groups is None or mean.printed.relation != "=":
        return None
    places = [place_of(paper, table, line, one) for one in (mean, sd)]
    return (
        _finding(mean, pooled_mean(groups), _mean_range(groups), f"{line.label}, mean of all", places[0]),
        _finding(sd, pooled_sd(groups), _sd_range(groups), f"{line.label}, SD of all", places[1]),
    )


def _groups(block: Block, sizes: Sequence[int], line: Line) -> list[Group] | None:
    found: list[Group] = []
    for column, size in zip(block.groups, sizes, strict=True):
        mean, sd = number(line, column.index, "mean"), number(line, column.index, "sd")
        if mean is None or sd is None or sd.value <= 0:
            return None
        try:
            found.append(Group.of(mean.printed, sd.printed, size))
        except OptionError:
            return None
    return found


def _mean_range(groups: Sequence[Group]) -> Interval:
    """What the mean of all may be, however many values are missing in a group: between the least and the greatest mean."""
    boxes = [group.mean.interval() for group in groups]
    return Interval(min(box.low for box in boxes), max(box.high for box in boxes))


def _sd_range(groups: Sequence[Group]) -> Interval:
    """What the SD of all may be: never below the smallest within a group, never above the largest with the means' distance."""
    box = pooled_sd(groups)[1]
    within = [group.sd_range for group in groups]
    means = [group.mean.interval() for group in groups]
    apart = max(one.high for one in means) - min(one.low for one in means)
    low, high = min(one.low for one in within), max(one.high for one in within)
    total = sum(group.n for group in groups)
    least = low * math.sqrt((total - len(groups)) / (total - 1))
    return Interval(min(box.low, 0.99 * least), max(box.high, 1.01 * math.sqrt(high**2 + apart**2 / 4)))


def _finding(printed: Number, pooled: tuple[float, Interval], values: Interval, what: str, place: Place) -> Finding:
    shown, value = printed.printed, pooled[0]
    fits = shown.interval().overlaps(values)
    cause = None if fits else slip(shown, value) or Cause(repair=shown.like(value))
    told = f"{show(value, 4)}, with values missing {show(values.low, 4)} to {show(values.high, 4)}"
    return make(
        "total-vs-parts",
        place,
        reported=shown.text,
        verdict="consistent" if fits else "impossible",
        severity="none" if fits else "minor",
        message=f"{what}: the groups give {told}; printed {shown.text}",
        recomputed=value,
        values=values,
        cause=cause,
    )


CHECKS = (table_overall,)
