"""A paper known by its printed tables only: every chi-square and t test, every ratio with its P, recomputed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostealgia import display
from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.rules import Group as Summary
from ostealgia.audit.rules import (
    chi2_vs_counts,
    ci_vs_point,
    p_vs_ci,
    p_vs_statistic,
    percent_vs_count,
    t_vs_summary,
    total_vs_parts,
)
from ostealgia.errors import ProjectError, TableError, suggestion
from ostealgia.numerics.intervals import Printed
from ostealgia.numerics.summary_tests import chi2_df, chi2_pearson, t_student
from ostealgia.project.model import CONFIG, Group, RowOf, TableSpec
from ostealgia.project.printed import p_like
from ostealgia.project.store import Project, Row, Sheet

STATISTIC, P = "statistic_reported", "p_reported"


@dataclass(frozen=True)
class Variable:
    """One variable of a printed table: its own row, and the rows of its levels."""

    name: str
    row: Row
    levels: tuple[Row, ...]


@dataclass(frozen=True)
class TestRow:
    """One recomputed test. published, recomputed : as text.  findings : what the rules say about it."""

    id: str
    title: str
    published: str
    recomputed: str
    findings: tuple[Finding, ...]
    detail: str = ""
    source: str = ""


def variables(sheet: Sheet) -> tuple[Variable, ...]:
    """The variables of a ``groups`` table with their levels."""
    found: list[Variable] = []
    for row in sheet:
        name = row.text("variable")
        if row.text("level") and found and found[-1].name == name:
            found[-1] = Variable(name, found[-1].row, (*found[-1].levels, row))
        else:
            found.append(Variable(name, row, ()))
    return tuple(found)


def tests_of(project: Project, table: TableSpec) -> tuple[TestRow, ...]:
    """Every test of a printed table, recomputed; and the ratios with their P values. Raises ProjectError for fewer than two groups."""
    if table.kind == "groups" and len(table.groups) < 2:
        raise ProjectError(f"{CONFIG}, table {table.id!r}: kind = 'groups' needs two groups or more to compare.")
    return tuple({"groups": _group_tests, "ratios": _ratio_tests}[table.kind](project.tables[table.id], table))


def checks_of(project: Project, table: TableSpec) -> Iterator[Finding]:
    """Per cents against counts, and levels against the size of their group."""
    if table.kind != "groups":
        return
    for variable in variables(project.tables[table.id]):
        for group in table.groups:
            rows = variable.levels or (variable.row,)
            for row in rows:
                yield from _percent(table, group, row)
            if len(variable.levels) > 1:
                counts = [_count(table, group, row) for row in variable.levels]
                if all(count is not None for count in counts):
                    place = _place(table, variable.row, f"{variable.name}, {group.name}")
                    yield total_vs_parts([c for c in counts if c is not None], group.n, what=variable.name, place=place)


def _percent(table: TableSpec, group: Group, row: Row) -> Iterator[Finding]:
    count, percent = _count(table, group, row), row.printed(f"{group.column}_pct")
    if count is not None and percent is not None:
        label = f"{row.text('variable')} {row.text('level')}".strip()
        yield percent_vs_count(count, percent, group.n, place=_place(table, row, f"{label}, {group.name}"))


def _count(table: TableSpec, group: Group, row: Row) -> int | None:
    cell = row.printed(f"{group.column}_n")
    return None if cell is None else int(cell.value)


def _group_tests(sheet: Sheet, table: TableSpec) -> Iterator[TestRow]:
    for variable in variables(sheet):
        statistic, p = variable.row.printed(STATISTIC), variable.row.printed(P)
        if statistic is None and p is None:
            continue
        counts = _counts(table, variable)
        groups = _summaries(table, variable.row)
        if counts is not None:
            yield _chi_square(table, variable, counts, statistic, p)
        elif groups is not None:
            yield _t_test(table, variable, groups, statistic, p)


def _counts(table: TableSpec, variable: Variable) -> list[list[int]] | None:
    """Levels by groups, where they can be tested; a variable with one row is taken against the rest of each group."""
    rows = variable.levels or (variable.row,)
    counts = [[_count(table, group, row) for group in table.groups] for row in rows]
    whole = [[count for count in line if count is not None] for line in counts]
    if not table.groups or any(len(line) != len(table.groups) for line in whole):
        return None
    if len(whole) == 1:
        whole.append([group.n - count for group, count in zip(table.groups, whole[0], strict=True)])
    possible = all(count >= 0 for line in whole for count in line)
    return whole if possible and float(chi2_df(whole)) > 0 else None


def _summaries(table: TableSpec, row: Row) -> list[Summary] | None:
    found = []
    for group in table.groups:
        mean, sd = row.printed(f"{group.column}_mean"), row.printed(f"{group.column}_sd")
        if mean is None or sd is None or sd.value < 0 or group.n < 2:
            return None
        found.append(Summary.of(mean, sd, group.n))
    return found or None


def _chi_square(
    table: TableSpec, variable: Variable, counts: list[list[int]], statistic: Printed | None, p: Printed | None
) -> TestRow:
    place = _place(table, variable.row, variable.name)
    test = chi2_pearson(counts)
    df = float(chi2_df(counts))
    findings = []
    if statistic is not None:
        findings.append(chi2_vs_counts(counts, statistic, p, place=place))
    if p is not None:
        findings.append(chi2_vs_counts(counts, None, p, place=place))
    if p is not None and statistic is not None:
        findings.append(p_vs_statistic("chi2", statistic, [df], p, place=place))
    return TestRow(
        id=f"{table.id}.{slug(variable.name)}",
        title=f"{short(table)}: {plain_name(variable.name)}, chi-square",
        published=_published("chi2", statistic, p),
        recomputed=_recomputed("chi2", float(test.statistic), statistic, float(test.p_value), p),
        findings=tuple(findings),
        detail=_repairs(findings),
        source=table.source,
    )


def _t_test(
    table: TableSpec, variable: Variable, groups: Sequence[Summary], statistic: Printed | None, p: Printed | None
) -> TestRow:
    place = _place(table, variable.row, variable.name)
    a, b = groups[0], groups[1]
    test = t_student(a.mean.value, a.sd.value, a.n, b.mean.value, b.sd.value, b.n)
    findings = []
    if statistic is not None:
        findings.append(t_vs_summary(groups, statistic, p, place=place))
        if p is not None:
            findings.append(p_vs_statistic("t", statistic, [a.n + b.n - 2], p, place=place))
    elif p is not None:
        findings.append(t_vs_summary(groups, None, p, place=place))
    detail = _repairs(findings)
    if not detail and findings[0].verdict == "rounding" and findings[0].recomputed_low is not None:
        low, high = (display.number(x, 3) for x in (findings[0].recomputed_low, findings[0].recomputed_high))
        detail = f"rounding of the printed means and SDs leaves t open from {low} to {high}"
    return TestRow(
        id=f"{table.id}.{slug(variable.name)}",
        title=f"{short(table)}: {plain_name(variable.name)}, t test",
        published=_published("t", statistic, p),
        recomputed=_recomputed("t", abs(float(test.statistic)), statistic, float(test.p_value), p),
        findings=tuple(findings),
        detail=detail,
        source=table.source,
    )


def _ratio_tests(sheet: Sheet, table: TableSpec) -> Iterator[TestRow]:
    if table.label not in sheet.names or table.estimate not in sheet.names:
        missing = table.label if table.label not in sheet.names else table.estimate
        raise TableError(
            f"the column {missing!r} is missing", file=table.file, found=", ".join(sheet.names),
            action=f"Set label and estimate of [[table]] {table.id!r} to columns of the file",
        )  # fmt: skip
    for row in sheet:
        estimate, low, high, p = (row.printed(name) for name in (table.estimate, "ci_low", "ci_high", P))
        if estimate is None or low is None or high is None:
            continue
        name = row.text(table.label)
        place = _place(table, row, name)
        centre = ci_vs_point(estimate, low, high, scale=table.measure, place=place)
        findings = [centre]
        published = f"{table.measure} {estimate.text} ({low.text} to {high.text})"
        middle = centre.recomputed if centre.recomputed is not None else float("nan")
        recomputed = f"{table.measure} {display.number(middle, max(estimate.decimals, 2))}"
        if p is not None and low.value <= high.value:
            found = p_vs_ci(estimate, low, high, p, scale=table.measure, place=place)
            findings.append(found)
            published += f", P {_p_text(p)}"
            recomputed += f", P {p_like(found.recomputed, p)}"
        yield TestRow(
            id=f"{table.id}.{slug(name)}",
            title=f"{short(table)}: {plain_name(name)}, {table.measure} with interval and P",
            published=published,
            recomputed=f"{recomputed} from the interval",
            findings=tuple(findings),
            detail=_repairs(findings),
            source=table.source,
        )


def counts_at(project: Project, tables: Sequence[TableSpec], where: RowOf) -> list[int]:
    """The counts at a place of a printed table, one a group; the size of the group where no variable is named."""
    table = next(item for item in tables if item.id == where.table)
    groups = [group for group in table.groups if where.group in ("", group.column)]
    if not groups:
        names = [group.column for group in table.groups]
        raise ProjectError(
            f"{CONFIG}: table {table.id!r} has no group {where.group!r}.{suggestion(where.group, names)}"
        )
    if not where.variable:
        return [group.n for group in groups]
    row = row_at(project, where)
    return [_count(table, group, row) or 0 for group in groups]


def row_at(project: Project, where: RowOf) -> Row:
    """The row of a printed table that a claim names."""
    sheet = project.tables[where.table]
    for row in sheet:
        if row.text("variable") == where.variable and row.text("level") == where.level:
            return row
    known = [f"{row.text('variable')} | {row.text('level')}" for row in sheet]
    raise ProjectError(
        f"{CONFIG}: table {where.table!r} has no row with variable {where.variable!r} and level {where.level!r}."
        f"{suggestion(f'{where.variable} | {where.level}', known)}"
    )


def counts_against_rest(project: Project, tables: Sequence[TableSpec], where: RowOf) -> list[list[int]] | None:
    """[[level in group 1, level in group 2], [rest 1, rest 2]], or None where the row has no counts."""
    table = next(item for item in tables if item.id == where.table)
    row = row_at(project, where)
    inside = [_count(table, group, row) for group in table.groups]
    if len(inside) != 2 or inside[0] is None or inside[1] is None:
        return None
    return [[inside[0], inside[1]], [table.groups[0].n - inside[0], table.groups[1].n - inside[1]]]


def means_at(
    project: Project, tables: Sequence[TableSpec], where: RowOf
) -> tuple[tuple[str, float], tuple[str, float]] | None:
    """(group, mean) of the two groups at a place of a printed table."""
    table = next(item for item in tables if item.id == where.table)
    found = _summaries(table, row_at(project, where))
    if found is None or len(found) != 2:
        return None
    first, second = table.groups
    return (first.name, found[0].mean.value), (second.name, found[1].mean.value)


def slug(name: str) -> str:
    """A name as part of an id.

    >>> slug("ECOG performance status, n (%)")
    'ecog-performance-status'
    """
    plain = unicodedata.normalize("NFKD", plain_name(name)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def plain_name(name: str) -> str:
    """A variable without the note of how it is summarised.

    >>> plain_name("Age, years, mean ± SD"), plain_name("Sex, n (% male)")
    ('Age, years', 'Sex')
    """
    return re.sub(r",\s*(n\s*\(%[^)]*\)|mean\s*±\s*SD)\s*$", "", name).strip()


def short(table: TableSpec) -> str:
    """ "Table 1" of "Table 1. Baseline"."""
    return table.title.split(".")[0]


def _place(table: TableSpec, row: Row, quote: str) -> Place:
    return Place(document=table.file, line=row.number, quote=f"{short(table)}, {quote}")


def _published(name: str, statistic: Printed | None, p: Printed | None) -> str:
    parts = [f"{name} {statistic.text}" if statistic else "", f"P {_p_text(p)}" if p else ""]
    return ", ".join(part for part in parts if part)


def _recomputed(name: str, value: float, statistic: Printed | None, p_value: float, p: Printed | None) -> str:
    digits = statistic.decimals if statistic else 3
    parts = [f"{name} {display.number(value, digits)}", f"P {p_like(p_value, p)}"]
    return ", ".join(parts)


def _p_text(p: Printed) -> str:
    return p.text if p.relation == "=" else f"{p.relation} {p.value:g}"


def _repairs(findings: Sequence[Finding]) -> str:
    """What the rules say about what does not fit."""
    told = [finding.message for finding in findings if finding.verdict in ("inconsistent", "impossible")]
    return "; ".join(dict.fromkeys(told))
