"""Whether the categories of a variable hold every patient, told by the other groups of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ostealgia.audit.paper import Check
from ostealgia.audit.rules.counts import p_values_of
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import GROUPS, Block, Variable, count, number
from ostealgia.numerics.intervals import as_interval
from ostealgia.numerics.summary_tests import CHI2_TESTS, chi2_df


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


CHECKS: tuple[Check, ...] = ()
