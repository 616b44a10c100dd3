"""The same patients in two tables: group sizes, category totals, means and SDs that must agree."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.tables.counts import paper_shares
from ostealgia.audit.checks.tables.shares import far_slip
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.counts import odds_ratio
from ostealgia.audit.rules.means import Group
from ostealgia.audit.rules.pooled import same_mean
from ostealgia.audit.rules.totals import same_total
from ostealgia.audit.tables.headers import common_words, folded, is_weighted, label_key
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import (
    Block,
    Variable,
    blocks,
    count,
    group_tables,
    number,
    place_of,
    shortened,
    variables,
)
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval

_AFTER = re.compile(r"\b(?:after|post|follow-?up|at (?:week|month|day)|change|last|final|discharge)\b", re.IGNORECASE)
_ARM = re.compile(
    r"^(?:(?:treatment|study|intervention|therapy|randomi[sz]ed|allocated) (?:group|arm|allocation)s?|treatments?|groups?|arms?|"
    r"allocation)$"
)
_ARM_NAME = re.compile(
    r"\b(?:group|arm|control|placebo|treatment|therapy|intervention|observation|experimental|cohort)\b", re.IGNORECASE
)
LEAST_MATCHED = 3
LEAST_AGREEING = 0.5


@dataclass(frozen=True)
class Split:
    """One table's way of dividing the patients into groups."""

    table: ReadTable
    block: Block
    variables: tuple[Variable, ...]
    name: str

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.block.sizes or ()


def table_margins(paper: Paper) -> Iterator[Finding]:
    """Where two tables divide the same patients differently, everything that both print must have one total."""
    splits = [split for table in group_tables(paper) for split in _splits(paper, table)]
    told: set[tuple[tuple[int, int] | None, str, str]] = set()
    for first, second in itertools.combinations(splits, 2):
        if sum(first.sizes) == sum(second.sizes) and _another_division(first, second):
            for finding in _compare(paper, second, first):
                key = (finding.span, finding.rule, finding.reported)
                if key not in told:  # a third table with the same groups says the same once more
                    told.add(key)
                    yield finding


def _splits(paper: Paper, table: ReadTable) -> Iterator[Split]:
    printed = paper.document.tables[table.index]
    if is_weighted(f"{printed.caption} {printed.note}"):
        return
    usable = [block for block in blocks(table) if block.sizes and block.independent]
    if len(usable) == 1:
        yield Split(table, usable[0], tuple(variables(table)), printed.label or "another table")


def _another_division(first: Split, second: Split) -> bool:
    names = [{folded(c.group or "") for c in split.block.groups} for split in (first, second)]
    return names[0] != names[1] and sorted(first.sizes) != sorted(second.sizes)


def _compare(paper: Paper, here: Split, there: Split) -> Iterator[Finding]:
    """Findings about the later table. Nothing is said where the two do not look like the same patients."""
    counted: list[Finding] = []
    for variable, other in _pairs(here.variables, there.variables):
        counted += _variable(paper, here, there, variable, other)
    means = [f for v, o in _pairs(here.variables, there.variables) for f in _means(paper, here, there, v, o)]
    fitting = sum(not finding.flagged for finding in counted)
    alike = len(counted) >= LEAST_MATCHED and fitting >= LEAST_AGREEING * len(counted)
    if alike:
        yield from counted
        yield from means
    elif len(counted) + len(means) < LEAST_MATCHED:
        yield from (finding for finding in counted if not finding.flagged)
    yield from _arms(paper, here, there)
    yield from _arms(paper, there, here)


def _pairs(first: Sequence[Variable], second: Sequence[Variable]) -> Iterator[tuple[Variable, Variable]]:
    """Variables that carry the same words, each named only once in its table."""
    named: dict[tuple[str, ...], list[Variable]] = {}
    for variable in second:
        named.setdefault(label_key(variable.name), []).append(variable)
    own = [label_key(variable.name) for variable in first]
    for variable, key in zip(first, own, strict=True):
        found = named.get(key, [])
        if (
            key
            and len(found) == 1
            and own.count(key) == 1
            and bool(_AFTER.search(variable.name)) == bool(_AFTER.search(found[0].name))
        ):
            yield variable, found[0]


def _variable(paper: Paper, here: Split, there: Split, variable: Variable, other: Variable) -> list[Finding]:
    lines, others = variable.counted(here.block.indexes), other.counted(there.block.indexes)
    if not variable.levels and not other.levels and variable.head is not None and other.head is not None:
        pair = _counts(variable.head, here.block), _counts(other.head, there.block)
        if None in pair:
            return []
        return [_same(paper, here, there, variable, [variable.head], [other.head], variable.name)]
    if len(lines) < 2 or len(others) < 2:
        return []
    return _levels(paper, here, there, variable, lines, others)


def _levels(
    paper: Paper, here: Split, there: Split, variable: Variable, lines: Sequence[Line], others: Sequence[Line]
) -> list[Finding]:
    """Categories of the same name, then what is left of one table against what is left of the other."""
    keys = {label_key(line.label): line for line in others}
    matched = [(line, keys[label_key(line.label)]) for line in lines if label_key(line.label) in keys]
    found: list[Finding] = []
    rest_here = [line for line in lines if all(line is not a for a, _ in matched)]
    rest_there = [line for line in others if all(line is not b for _, b in matched)]
    grouped = len(rest_here) == 1 and len(rest_there) >= 1
    for line, twin in matched:
        # "Other" may hold more categories in the table that prints fewer of them
        if folded(line.label).startswith("other") and (rest_here or rest_there):
            rest_here.append(line)
            rest_there.append(twin)
            grouped = True
            continue
        found.append(_same(paper, here, there, variable, [line], [twin], f"{variable.name}, {line.label}"))
    complete = all(_complete(split, group) for split, group in ((here, lines), (there, others)))
    if matched and grouped and complete and rest_here and rest_there:
        name = " + ".join(line.label for line in rest_here)
        check = _same(paper, here, there, variable, rest_here, rest_there, f"{variable.name}, {name}")
        found.append(replace(check, severity="minor") if check.flagged else check)
    return found


def _complete(split: Split, lines: Sequence[Line]) -> bool:
    return all(
        sum(c for line in lines if (c := count(line, column.index)) is not None) == size
        for column, size in zip(split.block.groups, split.sizes, strict=True)
    )


def _counts(line: Line, block: Block) -> list[int] | None:
    found = [count(line, column) for column in block.indexes]
    return None if None in found else [c for c in found if c is not None]


def _same(
    paper: Paper,
    here: Split,
    there: Split,
    variable: Variable,
    lines: Sequence[Line],
    others: Sequence[Line],
    what: str,
) -> Finding:
    mine = [c for line in lines for c in (_counts(line, here.block) or [])]
    theirs = [c for line in others for c in (_counts(line, there.block) or [])]
    first, last = lines[0].entries[here.block.indexes[0]], lines[-1].entries[here.block.indexes[-1]]
    place = place_of(paper, here.table, lines[0], first, variable)
    place = replace(place, span=(first.start, max(first.end, last.end)))
    found = same_total(mine, theirs, what=what, where=(f"in {_table(here)}", f"in {_table(there)}"), place=place)
    if not found.flagged:
        return found
    lesser = (here, lines) if sum(mine) < sum(theirs) else (there, others)
    if not _of_all(paper, *lesser):
        return lowered(found, f"patients without a value may be left out in {_table(lesser[0])}")
    return found


def _of_all(paper: Paper, split: Split, lines: Sequence[Line]) -> bool:
    """Whether every patient of the groups has a value in these rows: each percentage is one of its whole group.

    Rows without percentages are taken for such where the categories of their variable make up the groups.
    """
    shares = [s for s in paper_shares(paper)[split.table.index] if any(s.line is line for line in lines)]
    mine = [s for s in shares if s.column in split.block.indexes and s.count.value > 0]
    sizes = dict(zip(split.block.indexes, split.sizes, strict=True))
    if any(_own_size(line, column) for line in lines for column in (0, *sizes)):
        return False
    if len(mine) < sum(count(line, column) != 0 for line in lines for column in sizes):
        variable = next((v for v in split.variables if any(one is lines[0] for one in v.lines)), None)
        return variable is not None and len(variable.levels) > 1 and _complete(split, variable.levels)
    return all(s.fits(sizes[s.column]) or far_slip(replace(s, base=sizes[s.column])) for s in mine)


def _own_size(line: Line, column: int) -> bool:
    return number(line, column, "n") is not None


def _table(split: Split) -> str:
    return split.name[:1].upper() + split.name[1:].lower() if split.name.isupper() else split.name


def _means(paper: Paper, here: Split, there: Split, variable: Variable, other: Variable) -> list[Finding]:
    if variable.head is None or other.head is None:
        return []
    groups = [_groups(split, line) for split, line in ((here, variable.head), (there, other.head))]
    if groups[0] is None or groups[1] is None:
        return []
    place = place_of(paper, here.table, variable.head, variable.head.entries[here.block.indexes[0]])
    where = (f"in {_table(here)}", f"in {_table(there)}")
    found = same_mean(groups[0], groups[1], what=variable.name, where=where, place=place)
    return [f for f, apart in zip(found, _apart(groups[0], groups[1]), strict=True) if apart or not f.flagged]


def _apart(first: Sequence[Group], second: Sequence[Group]) -> tuple[bool, bool]:
    """Whether mean and SD differ whatever the weights of the groups: values may be missing in a few patients."""
    means = [_hull([group.mean.interval() for group in groups]) for groups in (first, second)]
    spreads = []
    for groups, mean in zip((first, second), means, strict=True):
        within = _hull([group.sd_range for group in groups])
        spreads.append(Interval(0.99 * within.low, math.sqrt(within.high**2 + mean.width**2 / 4) * 1.01))
    return not means[0].overlaps(means[1]), not spreads[0].overlaps(spreads[1])


def _hull(boxes: Sequence[Interval]) -> Interval:
    return Interval(min(box.low for box in boxes), max(box.high for box in boxes))


def _groups(split: Split, line: Line) -> list[Group] | None:
    found: list[Group] = []
    for column, size in zip(split.block.groups, split.sizes, strict=True):
        mean, sd = number(line, column.index, "mean"), number(line, column.index, "sd")
        if mean is None or sd is None:
            return None
        try:
            found.append(Group.of(mean.printed, sd.printed, size))
        except OptionError:
            return None
    return found


# ---------------------------------------------------------------- the groups of one table as a row of the other


def _arms(paper: Paper, here: Split, there: Split) -> Iterator[Finding]:
    """A row "Treatment group" with one category for each group of the other table: its totals are their sizes."""
    for variable in here.variables:
        lines = variable.counted(here.block.indexes)
        if len(lines) != len(there.sizes) or not _ARM.match(folded(re.sub(r",? ?n ?\(%\)", "", variable.name))):
            continue
        if not all(_ARM_NAME.search(column.group or "") for column in there.block.groups):
            continue
        totals = [sum(_counts(line, here.block) or [0]) for line in lines]
        if sum(totals) != sum(there.sizes):
            continue
        order = _assigned(lines, there, totals, paper)
        for line, at in zip(lines, order, strict=True):
            column, size = there.block.groups[at], there.sizes[at]
            first, last = line.entries[here.block.indexes[0]], line.entries[here.block.indexes[-1]]
            place = replace(
                place_of(paper, here.table, line, first, variable), span=(first.start, max(first.end, last.end))
            )
            check = same_total(
                _counts(line, here.block) or [],
                [size],
                what=f"{variable.name}, {line.label}",
                rule="total-vs-parts",
                severity="conclusion-changing",
                where=(f"in {_table(here)}", f"patients of {column.group} in {_table(there)}"),
                place=replace(place, quote=shortened(place.quote)),
            )
            yield (
                replace(check, cause=_ways(lines, order, here, there), cause_code="unknown") if check.flagged else check
            )


def _assigned(lines: Sequence[Line], there: Split, totals: Sequence[int], paper: Paper) -> tuple[int, ...]:
    """Which category is which group: where the totals fit, else by their words, else in the order that fits best."""
    orders = (
        list(itertools.permutations(range(len(there.sizes))))
        if len(there.sizes) <= 5
        else [tuple(range(len(there.sizes)))]
    )

    def score(order: tuple[int, ...]) -> tuple[int, int, int]:
        fits = sum(totals[i] == there.sizes[at] for i, at in enumerate(order))
        named = sum(_linked(lines[i].label, there.block.groups[at].group or "", paper) for i, at in enumerate(order))
        return (
            fits if fits == len(order) else 0,
            named,
            -sum(abs(totals[i] - there.sizes[at]) for i, at in enumerate(order)),
        )

    return max(orders, key=score)


def _linked(label: str, group: str, paper: Paper) -> int:
    """Whether words say that a category and a group are one: shared words, or one in brackets after the other."""
    if common_words(folded(label).split(), folded(group).split()):
        return 2
    text = folded(paper.document.plain)
    a, b = folded(label), folded(group)
    return int(f"{b} ({a}" in text or f"{a} ({b}" in text)


def _ways(lines: Sequence[Line], order: Sequence[int], here: Split, there: Split) -> str | None:
    """For two by two: what one column would have to be if the other is right. Neither is called the repair."""
    if len(lines) != 2 or len(here.sizes) != 2:
        return None
    counts = [_counts(line, here.block) or [] for line in lines]
    sizes = [there.sizes[at] for at in order]
    told: list[str] = []
    for kept, changed in ((0, 1), (1, 0)):
        new = [size - row[kept] for row, size in zip(counts, sizes, strict=True)]
        if min(new) < 0 or sum(new) != here.sizes[changed]:
            continue
        table = [[row[0], new[i]] if kept == 0 else [new[i], row[1]] for i, row in enumerate(counts)]
        names = [column.group or column.name for column in here.block.groups]
        crude = f"{odds_ratio(table)[0]:.2f}"
        effect = f"odds ratio {crude} for {lines[0].label}"
        told.append(f"with {names[kept]} as printed, {names[changed]} would be {new[0]}, {new[1]} ({effect})")
    return "; ".join(told) or None


CHECKS = (table_margins,)
