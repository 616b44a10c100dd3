"""The same patients in two tables: sizes, category totals, means and SDs that must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.layout import Layout, Row, Variable, place_of, read_variables
from ostealgia.audit.rules.counts import odds_ratio
from ostealgia.audit.rules.means import Group
from ostealgia.audit.rules.pooled import same_mean
from ostealgia.audit.rules.totals import same_total
from ostealgia.errors import OptionError, suggestion

if TYPE_CHECKING:
    import pandas as pd

# a variable, or a variable with one category, or with several categories taken together
Key = str | tuple[str, str] | tuple[str, tuple[str, ...]]


def compare_margins(
    first: pd.DataFrame,
    second: pd.DataFrame,
    mapping: Mapping[Key, Key | int] | None = None,
    *,
    layout: Layout,
    other: Layout,
) -> list[Finding]:
    """Two tables split the same patients differently: do their totals, category counts, means and SDs agree?

    first, second : tables as for ``check_baseline_table``.
    layout, other : how each is read; their names are used in the words.
    mapping : a line of the first table -> the line of the second that holds the same patients. A line is named by its
    variable, by (variable, category), or by (variable, (category, category, ...)) for categories taken together. A
    whole number in place of the second line is the known number of those patients (a group's size). Without a mapping
    the lines that carry the same name in both tables are compared.
    Returns findings about the first table, those that fit included: the sum of all groups (total-vs-parts), then one a
    pair (cross-reference), or total-vs-parts where a number is given. Means and SDs are compared over their rounding.
    Raises OptionError for a line that is not there.

    >>> import pandas as pd
    >>> a = pd.DataFrame({"variable": ["Arm", "Arm"], "level": ["old", "new"],
    ...                   "yes_n": ["52", "80"], "no_n": ["44", "29"]})
    >>> b = pd.DataFrame({"variable": ["Male"], "level": [""], "old_n": ["63"], "new_n": ["62"]})
    >>> found = compare_margins(
    ...     a, b, {("Arm", "old"): 103, ("Arm", "new"): 102},
    ...     layout=Layout(groups={"yes": 132, "no": 73}), other=Layout(groups={"old": 103, "new": 102}))
    >>> [(f.reported, f.verdict) for f in found]
    [('132 + 73 = 205', 'consistent'), ('52 + 44 = 96', 'impossible'), ('80 + 29 = 109', 'impossible')]
    """
    here, there = read_variables(first, layout), read_variables(second, other)
    where = (f"in {layout.name}", f"in {other.name}")
    found = [
        same_total(
            layout.sizes, other.sizes, what="all patients", rule="total-vs-parts", where=where, place=_top(here, layout)
        )
    ]
    if sum(layout.sizes) != sum(other.sizes):
        return found
    pairs = same_lines(here, there) if mapping is None else mapping
    for key, target in pairs.items():
        variable, rows = find_rows(here, key)
        if isinstance(target, int):
            found.append(_against_size(rows, target, key, variable, layout))
        else:
            _, other_rows = find_rows(there, target)
            found += _against_rows(rows, other_rows, key, variable, (layout, other), where)
    return _two_by_two_repairs(found, here, pairs, layout)


def find_rows(variables: Sequence[Variable], key: Key) -> tuple[Variable, list[Row]]:
    """The variable and the lines that a key names. Raises OptionError, with the nearest names, where there is none.

    The line of the variable itself is meant where no category is named.
    """
    name, levels = (key, ()) if isinstance(key, str) else (key[0], (key[1],) if isinstance(key[1], str) else key[1])
    by_name = {variable.name: variable for variable in variables}
    if name not in by_name:
        raise OptionError(f"variable={name!r} is not a line of the table.{suggestion(name, by_name)}")
    variable = by_name[name]
    if not levels:
        if variable.head is None:
            raise OptionError(f"variable={name!r} has no line of its own; name one of its categories.")
        return variable, [variable.head]
    by_level = {row.label: row for row in variable.levels}
    for level in levels:
        if level not in by_level:
            listed = ", ".join(map(repr, by_level))
            raise OptionError(f"category={level!r} of {name!r} is not one of {listed}.{suggestion(level, by_level)}")
    return variable, [by_level[level] for level in levels]


def same_lines(first: Sequence[Variable], second: Sequence[Variable]) -> dict[Key, Key | int]:
    """A mapping of the lines that carry the same name in both tables (but for case and what follows a comma)."""
    named = {_fold(variable.name): variable for variable in second}
    mapping: dict[Key, Key | int] = {}
    for variable in first:
        other = named.get(_fold(variable.name))
        if other is None:
            continue
        if variable.head is not None and other.head is not None and not variable.levels and not other.levels:
            mapping[variable.name] = other.name
        levels = {row.label.casefold(): row.label for row in other.levels}
        for row in variable.levels:
            if row.label.casefold() in levels:
                mapping[(variable.name, row.label)] = (other.name, levels[row.label.casefold()])
    return mapping


def _fold(name: str) -> str:
    return name.partition(",")[0].strip().casefold()


def _top(variables: Sequence[Variable], layout: Layout) -> Place:
    row = variables[0].rows[0]
    return replace(
        place_of(row, layout), line=1, quote=", ".join(f"{name} (n = {size})" for name, size in layout.groups.items())
    )


def _words(key: Key) -> str:
    if isinstance(key, str):
        return key
    levels = key[1] if isinstance(key[1], str) else " + ".join(key[1])
    return f"{key[0]}, {levels}"


def _against_size(rows: Sequence[Row], size: int, key: Key, variable: Variable, layout: Layout) -> Finding:
    counts = _added(rows, key)
    return same_total(
        counts,
        [size],
        what=_words(key),
        rule="total-vs-parts",
        severity="conclusion-changing",
        where=(f"in {layout.name}", "patients in the group"),
        place=place_of(rows[0], layout, variable),
    )


def _against_rows(
    rows: Sequence[Row],
    others: Sequence[Row],
    key: Key,
    variable: Variable,
    layouts: tuple[Layout, Layout],
    where: tuple[str, str],
) -> list[Finding]:
    place = place_of(rows[0], layouts[0], variable)
    if rows[0].has_means and others[0].has_means:
        groups = [_groups(row, layout) for row, layout in zip((rows[0], others[0]), layouts, strict=True)]
        return same_mean(groups[0], groups[1], what=_words(key), where=where, place=place)
    return [same_total(_added(rows, key), _added(others, key), what=_words(key), where=where, place=place)]


def _groups(row: Row, layout: Layout) -> list[Group]:
    return [
        Group.of(mean, sd, size)
        for mean, sd, size in zip(row.means, row.sds, layout.sizes, strict=True)
        if mean is not None and sd is not None
    ]


def _added(rows: Sequence[Row], key: Key) -> list[int]:
    """Counts by group, lines added up."""
    for row in rows:
        if not row.has_counts:
            raise OptionError(f"the line {_words(key)!r} (row {row.line}) has no count for every group.")
    return [sum(column) for column in zip(*(row.whole_counts for row in rows), strict=True)]


def _two_by_two_repairs(
    found: list[Finding], here: Sequence[Variable], mapping: Mapping[Key, Key | int], layout: Layout
) -> list[Finding]:
    """Where both categories of a variable miss their known sizes in two groups: what one column would have to be.

    Each column may be the right one, so both ways are told and neither is called the repair.
    """
    sized: dict[str, list[tuple[Key, int]]] = {}
    for key, target in mapping.items():
        if isinstance(target, int) and not isinstance(key, str):
            sized.setdefault(key[0], []).append((key, target))
    for pairs in sized.values():
        if len(pairs) != 2 or len(layout.groups) != 2:
            continue
        counts = [_added(find_rows(here, key)[1], key) for key, _ in pairs]
        labels = [_words(key).removeprefix(f"{key[0]}, ") for key, _ in pairs]
        text = _ways(counts, [size for _, size in pairs], labels, layout)
        if text:
            heads = tuple(f"{_words(key)}:" for key, _ in pairs)
            found = [replace(f, cause=text) if f.flagged and f.message.startswith(heads) else f for f in found]
    return found


def _ways(counts: list[list[int]], sizes: list[int], labels: list[str], layout: Layout) -> str | None:
    told: list[str] = []
    for kept, changed in ((0, 1), (1, 0)):
        new = [size - row[kept] for row, size in zip(counts, sizes, strict=True)]
        if min(new) < 0 or sum(new) != layout.sizes[changed]:
            continue
        table = [[row[0], new[i]] if kept == 0 else [new[i], row[1]] for i, row in enumerate(counts)]
        names = list(layout.groups)
        crude = f"{odds_ratio(table)[0]:.2f}"
        effect = f"odds ratio {crude} for {labels[0]}"
        told.append(f"with {names[kept]} as printed, {names[changed]} would be {new[0]}, {new[1]} ({effect})")
    return "; ".join(told) or None
