"""Whether the categories of a variable hold every patient of a group: told by the other groups of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.finding import Finding
from ostealgia.audit.rules.counts import p_values_of
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.denominators import Share
from ostealgia.audit.tables.grid import indent_of
from ostealgia.audit.tables.model import Column, Line, ReadTable
from ostealgia.audit.tables.view import GROUPS, Block, Variable, count, number, variables
from ostealgia.io.documents.model import Document
from ostealgia.numerics.intervals import as_interval
from ostealgia.numerics.summary_tests import CHI2_TESTS, chi2_df

ROWS_ABOVE = 8  # in which the row is looked for that categories split
FAR = 1.5  # times its parts: such a total is a number of something else, unless one slip explains it


def far_total(check: Finding, parts: Sequence[int], whole: int) -> Finding:
    """The same finding; information where the total is far from its parts and no slip explains it: it may not be theirs.

    >>> found = Finding(rule="total-vs-parts", reported="47 + 9", verdict="inconsistent", severity="minor")
    >>> [far_total(found, [47, 9], whole).flagged for whole in (55, 2)]
    [True, False]
    """
    added = sum(parts)
    near = min(added, whole) > 0 and max(added, whole) <= FAR * min(added, whole)
    slip = check.repair is not None or check.cause_code not in (None, "unknown") or _one_digit(added, whole)
    slip = slip or any(_one_digit(part, part + whole - added) for part in parts)
    return check if near or slip else lowered(check, "the total is far from the sum: it may be one of something else")


def _one_digit(a: int, b: int) -> bool:
    """Whether two numbers differ by one digit, changed, lost or added."""
    x, y = sorted((str(a), str(b)), key=len)
    if a < 0 or b < 0 or a == b:
        return False
    if len(x) == len(y):
        return sum(i != j for i, j in zip(x, y, strict=True)) == 1
    return any(y[:i] + y[i + 1 :] == x for i in range(len(y)))


def of_another_group(table: ReadTable, column: Column, added: int) -> bool:
    """Whether two variables of a column add up to the size of another group, which its own do not: the headings may be shifted."""
    if column.n is None or added == column.n.value:
        return False
    mine = _sums(table, column)
    others = [c for c in table.columns if c.role in GROUPS and c.n is not None and c.index != column.index]
    named = [c for c in others if c.n is not None and c.n.value == added]
    return (
        bool(named)
        and mine.count(added) >= 2
        and column.n.value not in mine
        and not any(added in _sums(table, c) for c in named)
    )


def _sums(table: ReadTable, column: Column) -> list[int]:
    counted = [[count(line, column.index) for line in v.counted((column.index,))] for v in variables(table)]
    return [sum(c for c in counts if c is not None) for counts in counted if len(counts) >= 2]


def runs_on(document: Document, table: ReadTable, variable: Variable, mine: Sequence[Share]) -> bool:
    """Whether the rows below a heading may go on into the next variable: no indentation tells where they end.

    Every percentage fits its own count of the group, so that no number is off, and no other group is made up by them.
    """
    if table.notes or not mine or not all(one.base and one.fits(one.base) for one in mine):
        return False
    if sum(one.printed.value - 0.5 * one.printed.unit for one in mine) <= 100:
        return False  # the percentages are those of one variable
    cells = document.tables[table.index].cells
    if len({indent_of(document, cells[line.row][0]) for line in table.lines if line.row < len(cells)}) > 1:
        return False
    if _splits_row_above(table, variable):
        return True
    column, exact = mine[0].column, 0
    for other in table.columns:
        if other.index != column and other.role in GROUPS and other.n is not None:
            counts = [count(line, other.index) for line in variable.counted((other.index,))]
            exact += sum(c for c in counts if c is not None) == other.n.value
    return exact == 0


def _splits_row_above(table: ReadTable, variable: Variable) -> bool:
    """Whether its first categories add up, in each group, to one row above ("Drug used 136", then "Oral 76", "Injected 60")."""
    groups = [c.index for c in table.columns if c.role in GROUPS]
    first = variable.levels[0].row
    sums, closed = dict.fromkeys(groups, 0), list(variable.levels[:-1])
    for i, line in enumerate(closed):
        sums = {c: n + (count(line, c) or 0) for c, n in sums.items()}
        above = (one for one in table.lines if 0 < first - one.row <= ROWS_ABOVE)
        if i and any(sums and all(count(one, c) == n for c, n in sums.items()) for one in above):
            return True
    return False


def elsewhere_whole(table: ReadTable, variable: Variable, column: int) -> bool:
    """Whether the categories make up another group exactly: then each patient has one of them."""
    fits = tried = 0
    for other in table.columns:
        if other.index != column and other.role in GROUPS and other.n is not None:
            counts = [count(line, other.index) for line in variable.counted((other.index,))]
            known = [c for c in counts if c is not None]
            tried += len(known) == len(counts) >= 2
            fits += len(known) == len(counts) >= 2 and sum(known) == other.n.value
    return fits >= 1 and 2 * fits > tried


def others_off(table: ReadTable, variable: Variable, column: int, short: bool) -> bool:
    """Whether the categories make up no other group either, or (short) leave out patients of another group too."""
    sums: list[tuple[int, int]] = []
    for other in table.columns:
        if other.index != column and other.role in GROUPS and other.n is not None:
            known = [count(line, other.index) for line in variable.counted((other.index,))]
            if len(known) >= 2:
                sums.append((sum(c for c in known if c is not None), int(other.n.value)))
    if not sums:
        return False
    return all(added != n for added, n in sums) or (short and any(added < n for added, n in sums))


def nobody_missing(table: ReadTable, variable: Variable) -> bool:
    """Whether the categories of all patients together make up all patients."""
    totals = [c for c in table.columns if c.role == "total" and c.n is not None]
    sums = [(sum(n for line in variable.levels if (n := count(line, c.index)) is not None), c.n) for c in totals]
    return any(n is not None and added == n.value for added, n in sums)


def printed_test(line: Line, block: Block) -> dict[str, Number]:
    """The statistic and the P of a line that are printed as values."""
    found: dict[str, Number] = {}
    for name, column in (("statistic", block.statistic), ("p_value", block.p_value)):
        value = number(line, column.index, name) if column is not None else None
        if value is not None and value.printed.relation == "=":
            found[name] = value
    return found


def fits_test(printed: Mapping[str, Number], counts: Sequence[Sequence[int]]) -> bool:
    """Whether some usual test of the counts gives every one of them."""
    if float(chi2_df(counts)) == 0:
        return False
    for name, value in printed.items():
        shown = value.printed
        if name == "p_value":
            values = list(p_values_of(counts).values())
        else:
            values = [v for test in CHI2_TESTS.values() if (v := float(test(counts).statistic)) == v]
        if not any(shown.allows(as_interval(v)) for v in values):
            return False
    return True
