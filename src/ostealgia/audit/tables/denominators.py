"""Of which number are the percentages of a table? Decided over the whole table, then cell by cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.rules.counts import p_values_of
from ostealgia.audit.rules.percents import rounded_twice
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import Block, Variable, blocks, count, number, variables
from ostealgia.numerics.intervals import Printed, as_interval
from ostealgia.numerics.summary_tests import CHI2_TESTS, chi2_df

LEAST_EVALUABLE = 0.5  # of a group; a smaller denominator is no matter of missing values
USUAL = 0.8  # of a group: as many have a value where one cell alone does not fit


@dataclass(frozen=True)
class Share:
    """One count with its percentage, and what it is a percentage of. sure : a misfit is one for every reading of the table.

    base : None where the table does not tell.  name : of the base, in words.
    """

    variable: Variable
    line: Line
    column: int
    block: Block
    count: Number
    percent: Number
    base: int | None = None
    base_number: Number | None = None
    name: str = ""
    sure: bool = True

    @property
    def printed(self) -> Printed:
        """The percentage."""
        return self.percent.printed

    def fits(self, n: int) -> bool:
        """Whether the percentage is that of the count and n."""
        if n <= 0 or self.count.value > n:
            return False
        value = 100 * self.count.value / n
        if self.printed.allows(as_interval(value)) or rounded_twice(self.printed, value):
            return True
        text = self.percent.text.rstrip("% ")
        padded = text[-1:] == "0" and self.printed.decimals >= 2  # "4.90" for 4.9
        return padded and Printed.parse(text[:-1]).allows(as_interval(value))


def shares(table: ReadTable) -> list[Share]:
    """Every count with a percentage, with its denominator."""
    found: list[Share] = []
    for block in blocks(table):
        cells = list(_cells(table, block))
        if cells:
            found += _with_bases(cells, block)
    return found


def _cells(table: ReadTable, block: Block) -> list[Share]:
    columns = (*block.indexes, *((block.total.index,) if block.total else ()))
    return [
        Share(variable, line, column, block, counted, percent)
        for variable in variables(table)
        for line in variable.lines
        for column in columns
        if (counted := number(line, column, "count")) is not None
        and (percent := number(line, column, "percent")) is not None
    ]


def _with_bases(cells: list[Share], block: Block) -> list[Share]:
    sizes = _sizes(cells, block)
    reading = _reading(cells, block, sizes)
    return [_based(cell, cells, block, sizes, reading) for cell in cells]


def _sizes(cells: Sequence[Share], block: Block) -> dict[int, tuple[int, Number | None]]:
    """Column -> size and where it is printed; without a printed one, the only size that nearly all cells agree on."""
    columns = (*block.groups, *((block.total,) if block.total else ()))
    sizes: dict[int, tuple[int, Number | None]] = {}
    for column in columns:
        mine = [cell for cell in cells if cell.column == column.index]
        if column.n is not None and column.n.value > 0:
            n = int(column.n.value)
            fewer = _common(mine, n) if sum(not cell.fits(n) for cell in mine) > 1 and len(mine) > 2 else None
            sizes[column.index] = (n, column.n) if fewer is None else (fewer, None)
        else:
            implied = _subtotal(mine) or implied_size(mine)
            if implied is not None:
                sizes[column.index] = (implied, None)
    return sizes


def _subtotal(cells: Sequence[Share]) -> int | None:
    """The sum that the categories of at least two variables share, where most of their percentages are of it."""
    sums: dict[str, int] = {}
    for cell in cells:
        if cell.line.depth:
            sums[cell.variable.name] = sums.get(cell.variable.name, 0) + int(cell.count.value)
    if len(sums) < 2:
        return None
    best = max(sums.values(), key=lambda n: list(sums.values()).count(n))
    fitting = sum(cell.fits(best) for cell in cells)
    return best if list(sums.values()).count(best) >= 2 and fitting >= 0.7 * len(cells) else None


def implied_size(cells: Sequence[Share]) -> int | None:
    """The one denominator that at least four in five of the cells (and five of them) agree on.

    A sweep over the ranges of denominators that each cell allows.
    """
    ranges = [r for cell in cells if (r := denominators(cell.count.value, cell.printed)) is not None]
    if len(ranges) < 5:
        return None
    events = sorted([(low, 0, 1) for low, _ in ranges] + [(high, 1, -1) for _, high in ranges])
    best, depth, at, until = 0, 0, 0, 0
    for i, (place, _, step) in enumerate(events):
        depth += step
        if step > 0 and depth > best:
            best, at, until = depth, place, events[i + 1][0]
    return at if best >= 0.8 * len(ranges) and at == until else None


def denominators(counted: float, percent: Printed) -> tuple[int, int] | None:
    """The whole numbers that a count of so many per cent may be out of; None where there is none, or no end."""
    box = percent.interval()
    least = box.low - 0.05 * percent.unit  # rounded twice
    if counted <= 0 or least <= 0:
        return None
    low, high = max(math.ceil(100 * counted / box.high - 1e-9), int(counted)), math.floor(100 * counted / least + 1e-9)
    return (low, high) if low <= high else None


def _reading(cells: Sequence[Share], block: Block, sizes: dict[int, tuple[int, Number | None]]) -> str | None:
    """ "column", "row" or "all": which denominator fits most cells; None where none fits enough of them."""
    usable = [cell for cell in cells if cell.column in sizes and cell.count.value > 0 and not _own_n(cell)]
    if not usable:
        return "own"
    usable = [cell for cell in usable if not _of_some(cell, cells, sizes[cell.column][0])] or usable
    fits = {"column": 0, "row": 0, "all": 0}
    grand = _grand_total(block)
    for cell in usable:
        fits["column"] += cell.fits(sizes[cell.column][0]) or _lost_digit(cell, sizes[cell.column][0])
        row = row_total(cell.line, block)
        fits["row"] += bool(row) and cell.fits(row)
        fits["all"] += bool(grand) and cell.fits(grand)
    name = max(fits, key=lambda key: (fits[key], key == "column"))
    enough = fits[name] >= 0.6 * len(usable) or (fits[name] >= 0.5 * len(usable) and len(usable) <= 4)
    return name if enough and fits[name] >= 1 else None


def _of_some(cell: Share, cells: Sequence[Share], n: int) -> bool:
    """Whether the categories of its variable are all percentages of their own smaller sum: nothing on the size of the group."""
    siblings = [c for c in cells if c.variable is cell.variable and c.column == cell.column and c.line.depth]
    known = sum(int(c.count.value) for c in siblings)
    return len(siblings) >= 2 and known < n and all(c.fits(known) and not c.fits(n) for c in siblings)


FAR = 1.6  # times the printed percentage; no group of about that size has it


def _lost_digit(cell: Share, n: int) -> bool:
    """Whether a digit was lost in a percentage of that size: "8 (2.7)" of 30 speaks for 30, not against it."""
    value = 100 * cell.count.value / n
    cause = slip(cell.printed, value) if cell.printed.value > 0 and value > FAR * cell.printed.value else None
    return cause is not None and cause.code == "lost-digit" and cell.printed.decimals > 0


def _own_n(cell: Share) -> Number | None:
    head = cell.variable.head
    return number(cell.line, cell.column, "n") or number(cell.line, 0, "n") or (
        number(head, cell.column, "n") or number(head, 0, "n") if head is not None else None
    )  # fmt: skip


def row_total(line: Line, block: Block) -> int:
    """Patients of a row over all groups; 0 where a group has no count."""
    counts = [count(line, column) for column in block.indexes]
    return sum(c for c in counts if c is not None) if len(counts) > 1 and None not in counts else 0


def _grand_total(block: Block) -> int:
    if block.total is not None and block.total.n is not None:
        return int(block.total.n.value)
    return sum(block.sizes) if block.sizes and len(block.sizes) > 1 else 0


def _based(
    cell: Share, cells: Sequence[Share], block: Block, sizes: dict[int, tuple[int, Number | None]], reading: str | None
) -> Share:
    own = _own_n(cell)
    if own is not None:
        sure = number(cell.line, cell.column, "n") is not None or _most_fit_own(cells)
        return replace(cell, base=int(own.value), base_number=own, name="the n of its own row", sure=sure)
    if reading is None or reading == "own":
        return cell
    if reading == "row":
        return replace(cell, base=row_total(cell.line, block) or None, name="the total of the row", sure=True)
    if reading == "all":
        return replace(cell, base=_grand_total(block), name="all patients", sure=False)
    if cell.column not in sizes:
        return cell
    n, printed = sizes[cell.column]
    based = replace(cell, base=n, base_number=printed, name="the size of the group")
    if cell.fits(n):
        return based
    return _misfit(based, cells, n, block)


def _most_fit_own(cells: Sequence[Share]) -> bool:
    owned = [(cell, own) for cell in cells if (own := _own_n(cell)) is not None]
    fitting = sum(cell.fits(int(own.value)) for cell, own in owned)
    return fitting >= 2 and fitting >= 0.6 * len(owned)


def _misfit(cell: Share, cells: Sequence[Share], n: int, block: Block) -> Share:
    """A percentage that is not one of its group: is it one of those with data, of the variable, or an error?"""
    siblings = [
        c for c in cells if c.variable is cell.variable and c.column == cell.column and c.line.depth and cell.line.depth
    ]
    others = [c for c in siblings if c is not cell]
    if len(siblings) >= 2:
        known = sum(int(c.count.value) for c in siblings)
        alone = len(others) > 0 and all(c.fits(known) and not c.fits(n) for c in others)
        if known < n and (all(c.fits(known) for c in siblings) or alone):
            return replace(cell, base=known, base_number=None, name="those of the variable")
        if known > n and all(c.fits(known) for c in siblings):
            return replace(cell, base=known, base_number=None, name="those of the variable")
        head = count(cell.variable.head, cell.column) if cell.variable.head else None
        if head and all(c.fits(head) for c in siblings):
            return replace(cell, base=head, base_number=None, name="those of the variable's own row")
        if _common(siblings, n) is not None:
            return replace(cell, base=None)
        if others and all(c.fits(n) for c in others):
            return cell
    if _own_denominator(cell, cells, n):
        return replace(cell, base=None)
    row = row_total(cell.line, block)
    beside = [c for c in cells if c.line is cell.line and c is not cell and c.column in block.indexes]
    if row and beside and cell.fits(row) and all(c.fits(row) for c in beside):
        return replace(cell, base=row, base_number=None, name="the total of the row", sure=False)
    return cell


def _common(siblings: Sequence[Share], n: int) -> int | None:
    """One denominator below n that all categories share: patients with data."""
    ranges = [denominators(c.count.value, c.printed) for c in siblings if c.count.value > 0]
    if len(ranges) < 2 or None in ranges:
        return None
    low = max(r[0] for r in ranges if r)
    high = min(r[1] for r in ranges if r)
    return low if low <= high and low < n and high >= LEAST_EVALUABLE * n else None


def _own_denominator(cell: Share, cells: Sequence[Share], n: int) -> bool:
    """Whether values may be missing in this row: its percentages are those of fewer patients.

    In a row where this cell alone does not fit, a slip of a digit or the size of another group is the simpler reading,
    and so is a P of the row that needs all patients.
    """
    row = [c for c in cells if c.line is cell.line and (c.column in cell.block.indexes or not cell.block.indexes)]
    off = [c for c in row if not c.fits(int(_size(c) or n))]
    if cell.block.indexes and cell.column not in cell.block.indexes:
        return bool(off)  # all patients together: missing where some are missing in a group
    off = off or [cell]
    for c in [*off, cell]:
        size = int(_size(c) or n)
        found = denominators(c.count.value, c.printed)
        if found is None or found[0] >= size or found[1] < LEAST_EVALUABLE * size:
            return False
    if len(off) > 1:
        return True
    found = denominators(cell.count.value, cell.printed)
    if found is None or found[1] < USUAL * n:
        return False
    by_p = _p_says(cell, row, n, found)
    if by_p is not None:
        return by_p
    others = [int(c.n.value) for c in cell.block.groups if c.n is not None and c.index != cell.column]
    return slip(cell.printed, 100 * cell.count.value / n) is None and not any(cell.fits(other) for other in others)


def _p_says(cell: Share, row: Sequence[Share], n: int, found: tuple[int, int]) -> bool | None:
    """True where statistic and P of the row need fewer patients, False where they need all, None where they do not tell.

    With all patients the count may also be the slip: another count that fits the percentage is tried as well.
    """
    printed = _test_of(cell)
    sizes = cell.block.sizes
    if not printed or sizes is None or len(row) != len(sizes):
        return None
    at = [c.column for c in row].index(cell.column)
    counts = [int(c.count.value) for c in row]

    def fits(size: int, counted: int) -> bool:
        mine = [counted if i == at else other for i, other in enumerate(counts)]
        rest = [(size if i == at else other) - c for i, (other, c) in enumerate(zip(sizes, mine, strict=True))]
        if min(rest) < 0 or float(chi2_df([mine, rest])) == 0:
            return False
        return all(_given(name, number.printed, [mine, rest]) for name, number in printed.items())

    here = counts[at]
    if fits(n, here):
        return None if any(fits(size, here) for size in _fewer(found, n)) else False
    if any(fits(size, here) for size in _fewer(found, n)):
        return True
    box = cell.printed.interval("half") * (n / 100)
    others = [k for k in range(math.ceil(box.low), math.floor(box.high) + 1) if k != here]
    return False if len(others) < 3 and any(fits(n, k) for k in others) else None


def _fewer(found: tuple[int, int], n: int) -> range:
    return range(found[0], min(found[1], n - 1, found[0] + 9) + 1)


def _test_of(cell: Share) -> dict[str, Number]:
    """Statistic and P of a row, where they are printed as values."""
    printed: dict[str, Number] = {}
    for name, column in (("statistic", cell.block.statistic), ("p_value", cell.block.p_value)):
        value = number(cell.line, column.index, name) if column is not None else None
        if value is not None and value.printed.relation == "=":
            printed[name] = value
    return printed


def _given(name: str, printed: Printed, counts: Sequence[Sequence[float]]) -> bool:
    if name == "p_value":
        return any(printed.allows(as_interval(value)) for value in p_values_of(counts).values())
    values = (float(test(counts).statistic) for test in CHI2_TESTS.values())
    return any(printed.allows(as_interval(value)) for value in values if not math.isnan(value))


def _size(cell: Share) -> float | None:
    columns = (*cell.block.groups, *((cell.block.total,) if cell.block.total is not None else ()))
    column = next((c for c in columns if c.index == cell.column), None)
    return column.n.value if column is not None and column.n is not None else None
