"""Tables of patients by group: every count, percentage, mean, statistic and P of a printed table is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ostealgia.audit.finding import Cause, Finding
from ostealgia.audit.layout import Layout, Row, Variable, place_of, read_variables
from ostealgia.audit.rules.counts import chi2_vs_counts, p_values_of
from ostealgia.audit.rules.means import Group, t_vs_summary
from ostealgia.audit.rules.p_values import p_vs_statistic
from ostealgia.audit.rules.percents import percent_vs_count
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.numerics.intervals import Interval, Printed, as_interval
from ostealgia.numerics.summary_tests import chi2_df

if TYPE_CHECKING:
    import pandas as pd


def check_baseline_table(frame: pd.DataFrame, groups: Mapping[str, int] | Layout, **columns: Any) -> list[Finding]:
    """Does every number of a summary table follow from the others: percentages, totals, chi-square, t or F, P?

    frame : one row a line of the table, as printed (best read with dtype=str). A row with an empty ``level`` opens a
    variable and carries its statistic and P; rows with a level below it are its categories; a row with counts and no
    categories is a binary variable, whose other category is the rest of each group.
    groups : column prefix -> number of patients, two groups or more; or a whole ``Layout``.
    columns : fields of Layout by name (variable, level, statistic, p_value, count, percent, mean, sd, separator,
    document, page, name).
    Returns findings line by line, those that fit included; lines without numbers give none. Raises TableError for a
    missing column or a cell that is no number.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"variable": ["Dose", "Dose", "Dose"], "level": ["", "< 30", ">= 30"],
    ...                       "a_n": ["", "59", "73"], "b_n": ["", "37", "36"], "a_pct": ["", "44.7", "55.3"],
    ...                       "b_pct": ["", "50.7", "49.3"], "statistic": ["6.677", "", ""], "p": ["0.411", "", ""]})
    >>> found = check_baseline_table(table, {"a": 132, "b": 73}, statistic="statistic", p_value="p")
    >>> [(f.rule, f.line, f.verdict) for f in found if f.flagged]
    [('chi2-vs-counts', 2, 'inconsistent'), ('p-vs-statistic', 2, 'inconsistent')]
    """
    layout = replace(groups, **columns) if isinstance(groups, Layout) else Layout(groups=dict(groups), **columns)
    variables = read_variables(frame, layout)
    by_row = _percent_of_rows(variables, layout)
    found: list[Finding] = []
    for variable in variables:
        found += _percents(variable, layout, by_row)
        found += _totals(variable, layout)
        found += _tests(variable, layout)
    return found


# ---------------------------------------------------------------- percentages


def _percent_of_rows(variables: list[Variable], layout: Layout) -> bool:
    """Whether the percentages are of the row (each line adds to 100) and not of the group: what fits more cells."""
    fits = {"column": 0, "row": 0}
    for row in (row for variable in variables for row in variable.rows if row.has_counts):
        total = sum(row.whole_counts)
        for count, percent, size in zip(row.whole_counts, row.percents, layout.sizes, strict=True):
            if percent is not None:
                fits["column"] += percent.allows(as_interval(100 * count / size))
                fits["row"] += total > 0 and percent.allows(as_interval(100 * count / total))
    return fits["row"] > fits["column"]


def _percents(variable: Variable, layout: Layout, by_row: bool) -> list[Finding]:
    found: list[Finding] = []
    bases = _denominators(variable, layout)
    for row in variable.rows:
        for i, (count, percent) in enumerate(zip(row.counts, row.percents, strict=True)):
            if count is None or percent is None:
                continue
            base = sum(row.whole_counts) if by_row and row.has_counts else bases[i]
            if base <= 0:
                continue
            others = {name: size for j, (name, size) in enumerate(layout.groups.items()) if j != i}
            totals = {"all groups": sum(layout.sizes), "its own line": sum(row.whole_counts) if row.has_counts else 0}
            place = place_of(row, layout, variable)
            check = percent_vs_count(count, percent, base, neighbours=others, denominators=totals, place=place)
            found.append(_neighbouring_cell(check, percent, i, row, variable, bases) if check.flagged else check)
    return found


def _denominators(variable: Variable, layout: Layout) -> list[int]:
    """Patients behind the percentages: all of a group, or those with a known category where that fits better."""
    chosen: list[int] = []
    for i, size in enumerate(layout.sizes):
        cells = [(row.counts[i], row.percents[i]) for row in variable.levels]
        known = sum(count for count, _ in cells if count is not None)
        fits = {size: 0, known: 0}
        for count, percent in cells:
            for base in fits:
                if count is not None and percent is not None and base > 0:
                    fits[base] += percent.allows(as_interval(100 * count / base))
        chosen.append(known if 0 < known < size and fits[known] > fits[size] else size)
    return chosen


def _neighbouring_cell(
    check: Finding, percent: Printed, i: int, row: Row, variable: Variable, bases: list[int]
) -> Finding:
    """Where the percentage is that of the cell beside, above or below: say so."""
    if check.cause_code in ("lost-digit", "neighbour-row"):
        return check
    rows = variable.rows
    at = rows.index(row)
    cells = [(row, j) for j in range(len(bases)) if j != i]
    cells += [(rows[k], i) for k in (at - 1, at + 1) if 0 <= k < len(rows)]
    for other, j in cells:
        count = other.counts[j]
        if count is not None and percent.fits(100 * count / bases[j]):
            text = f"{percent.text}% is {count} of {bases[j]}, a neighbouring cell ({other.label})"
            return replace(check, cause_code="neighbour-row", cause=text, repair=percent.like(check.recomputed or 0.0))
    return check


# ---------------------------------------------------------------- totals


def _totals(variable: Variable, layout: Layout) -> list[Finding]:
    """Categories against the size of each group. Fewer than the group may be missing values: information only."""
    if len(variable.levels) < 2 or not all(row.has_counts for row in variable.levels):
        return []
    found: list[Finding] = []
    for i, (group, size) in enumerate(layout.groups.items()):
        counts = [row.whole_counts[i] for row in variable.levels]
        head = variable.head.counts[i] if variable.head is not None else None
        whole = size if head is None else head
        place = place_of(variable.rows[0], layout)
        what = f"{variable.name}, {group}"
        check = total_vs_parts(counts, whole, what=what, severity="major", place=place)
        if check.verdict == "inconsistent" and sum(counts) < whole:
            told = "values may be missing; the table does not say so"
            check = replace(check, severity="information", basis="judgement", cause=told)
        elif check.verdict == "inconsistent":
            check = replace(check, verdict="impossible", cause="categories may overlap, or a count is too large")
        found.append(check)
    return found


# ---------------------------------------------------------------- tests


def _tests(variable: Variable, layout: Layout) -> list[Finding]:
    row = variable.tested
    if row.statistic is None and row.p_value is None:
        return []
    counts = _counts(variable, layout)
    if counts is not None:
        return _count_tests(row, counts, layout)
    summary = variable.head or row
    if summary.has_means:
        return _mean_tests(row, summary, layout)
    return []


def _counts(variable: Variable, layout: Layout) -> list[list[int]] | None:
    """The counts behind the test, categories by groups; a single line stands for itself and the rest of each group."""
    rows = [row for row in variable.levels if row.has_counts]
    if len(rows) != len(variable.levels):
        return None
    if len(rows) >= 2:
        table = [row.whole_counts for row in rows]
    else:
        single = rows[0] if rows else variable.head
        if single is None or not single.has_counts:
            return None
        counts = single.whole_counts
        if any(count > size for count, size in zip(counts, layout.sizes, strict=True)):
            return None
        table = [counts, [size - count for count, size in zip(counts, layout.sizes, strict=True)]]
    return table if float(chi2_df(table)) > 0 else None


def _count_tests(row: Row, counts: list[list[int]], layout: Layout) -> list[Finding]:
    place = place_of(row, layout)
    if row.statistic is None:
        return [chi2_vs_counts(counts, None, row.p_value, place=place)]
    first = chi2_vs_counts(counts, row.statistic, row.p_value, place=place)
    if row.p_value is None:
        return [first]
    second = p_vs_statistic("chi2", row.statistic, [float(chi2_df(counts))], row.p_value, place=place)
    fitting = [name for name, p in p_values_of(counts).items() if row.p_value.allows(as_interval(p))]
    return [first, weigh(second, first, Source("the counts", fitting[0] if fitting else None))]


def _mean_tests(row: Row, summary: Row, layout: Layout) -> list[Finding]:
    place = place_of(row, layout)
    groups = [
        Group.of(mean, sd, size)
        for mean, sd, size in zip(summary.means, summary.sds, layout.sizes, strict=True)
        if mean is not None and sd is not None
    ]
    if row.statistic is None:
        return [t_vs_summary(groups, None, row.p_value, place=place)]
    first = t_vs_summary(groups, row.statistic, row.p_value, place=place)
    if row.p_value is None:
        return [first]
    total, smallest = sum(layout.sizes), min(layout.sizes)
    if len(groups) > 2:
        second = p_vs_statistic("F", row.statistic, [len(groups) - 1, total - len(groups)], row.p_value, place=place)
    else:
        second = p_vs_statistic("t", row.statistic, [total - 2], row.p_value, place=place)
        if second.flagged:
            dfs = Interval(smallest - 1, total - 2)
            welch = p_vs_statistic("t", row.statistic, [dfs], row.p_value, place=place)
            second = second if welch.flagged else replace(welch, verdict="rounding")
    alone = t_vs_summary(groups, None, row.p_value, place=place)
    fits = alone.verdict in ("consistent", "rounding")
    return [first, weigh(second, first, Source("the means and SDs", "Student's or Welch's t" if fits else None))]


@dataclass(frozen=True)
class Source:
    """What the statistic was recomputed from, and the test whose P is the printed one, if any."""

    name: str
    test: str | None


def weigh(p_check: Finding, statistic_check: Finding, source: Source) -> Finding:
    """Which of statistic and P is off? The counts (or means) decide where one of them fits.

    P fits and the statistic does not: the statistic is the slip, and what P says stands (minor). The statistic fits
    and P is that of another test of the same numbers: no disagreement. The statistic fits and P does not: P is
    repaired.
    """
    if not p_check.flagged:
        return p_check
    if source.test is None:
        fits = not statistic_check.flagged and p_check.recomputed is not None
        repair = Printed.of(p_check.reported).like(p_check.recomputed or 0.0)
        return replace(p_check, repair=repair) if fits else p_check
    if statistic_check.flagged:
        cause = Cause(
            code=statistic_check.cause_code or "unknown",
            text=f"P fits {source.name}, the statistic does not",
            repair=statistic_check.repair,
        )
        return replace(p_check, severity="minor", cause_code=cause.code, cause=cause.text, repair=cause.repair)
    message = f"{p_check.message}; P is that of another test of {source.name} ({source.test})"
    return replace(
        p_check, verdict="consistent", severity="none", cause_code=None, cause=None, repair=None, message=message
    )
