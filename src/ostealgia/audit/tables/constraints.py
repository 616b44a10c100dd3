"""A table as a system of constraints: which single printed number, changed, makes everything fit?

Each constraint knows the numbers it binds and whether it holds for given values. A broken system is mended by trying,
for each number of a broken constraint, the values that the other numbers ask for: one that satisfies every constraint
the number takes part in is a repair. Exactly one such number is the probable error; with several, none is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ostealgia.audit.causes import slip
from ostealgia.audit.finding import Cause
from ostealgia.audit.statements.model import Number
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Printed, as_interval
from ostealgia.numerics.summary_tests import CHI2_TESTS, chi2_df, p_from_chi2

Values = Mapping[Number, Printed]


@dataclass(frozen=True)
class Constraint:
    """One demand on some printed numbers. wanted : what a number should be, the others given (empty: cannot tell)."""

    rule: str
    numbers: tuple[Number, ...]
    holds: Callable[[Values], bool]
    wanted: Callable[[Values, Number], Sequence[float]]


@dataclass(frozen=True)
class Repair:
    """A single change that makes all constraints hold."""

    number: Number
    value: str
    cause: Cause


class System:
    """Constraints over the printed numbers of one table. They are made when first asked for: most tables need no mending."""

    def __init__(self, make: Callable[[], Iterable[Constraint]]) -> None:
        self._make = make

    @cached_property
    def constraints(self) -> list[Constraint]:
        """All constraints."""
        return list(self._make())

    @cached_property
    def values(self) -> dict[Number, Printed]:
        """Every number as printed."""
        return {n: n.printed for c in self.constraints for n in c.numbers}

    @cached_property
    def _of(self) -> dict[Number, list[Constraint]]:
        found: dict[Number, list[Constraint]] = {}
        for constraint in self.constraints:
            for number in constraint.numbers:
                found.setdefault(number, []).append(constraint)
        return found

    @cached_property
    def broken(self) -> list[Constraint]:
        """The constraints that do not hold."""
        return [constraint for constraint in self.constraints if not constraint.holds(self.values)]

    def repairs(self, start: Constraint | None = None) -> list[Repair]:
        """Every single change that mends a broken constraint and all that hang together with it, one for each number."""
        broken = self._together(start) if start is not None else self.broken
        if not broken:
            return []
        shared = [n for n in broken[0].numbers if all(n in other.numbers for other in broken[1:])]
        found: list[Repair] = []
        for number in dict.fromkeys(shared):
            repair = self._repair(number, broken)
            if repair is not None:
                found.append(repair)
        return found

    def _together(self, start: Constraint) -> list[Constraint]:
        """The broken constraints that share numbers with this one, directly or through others."""
        broken = self.broken
        if start not in broken:
            return []
        kept = [start]
        for one in kept:
            near = [other for other in broken if other not in kept and set(other.numbers) & set(one.numbers)]
            kept.extend(near)
        return kept

    def _repair(self, number: Number, broken: Sequence[Constraint]) -> Repair | None:
        printed = self.values[number]
        for constraint in broken:
            for target in constraint.wanted(self.values, number):
                text = printed.like(target)
                try:
                    changed = {**self.values, number: Printed.parse(text)}
                except OptionError:
                    continue
                if changed[number].value != printed.value and all(c.holds(changed) for c in self._of[number]):
                    slipped = slip(printed, target)
                    cause = slipped or Cause(text=f"{printed.text} would have to be {text}", repair=text)
                    return Repair(number, text, cause)
        return None


def percent_of(counted: Number, percent: Number, base: int, base_number: Number | None = None) -> Constraint:
    """percent = 100 count/base; the base takes part where it is printed."""

    def parts(values: Values) -> tuple[float, Printed, float]:
        return (
            values[counted].value,
            values[percent],
            values[base_number].value if base_number is not None else float(base),
        )

    def holds(values: Values) -> bool:
        c, p, n = parts(values)
        return 0 <= c <= n and n > 0 and p.allows(as_interval(100 * c / n))

    def wanted(values: Values, number: Number) -> Sequence[float]:
        c, p, n = parts(values)
        if number == percent:
            return (100 * c / n,) if n > 0 else ()
        box = p.interval("half")
        if number == counted:
            low, high = _wholes(box * (n / 100))
            return [float(k) for k in range(low, high + 1)] if high - low < 3 else ()
        if c <= 0 or box.low <= 0:
            return ()
        low, high = _wholes(Interval(100 * c / box.high, 100 * c / box.low))
        return [float(k) for k in range(low, high + 1)] if high - low < 3 else ()

    bound = (counted, percent) + ((base_number,) if base_number is not None else ())
    return Constraint("percent-vs-count", bound, holds, wanted)


def _wholes(box: Interval) -> tuple[int, int]:
    import math

    return math.ceil(box.low - 1e-9), math.floor(box.high + 1e-9)


def sum_of(parts: Sequence[Number], total: int, total_number: Number | None = None) -> Constraint:
    """Counts add up to a total, printed or known."""

    def whole(values: Values) -> float:
        return values[total_number].value if total_number is not None else float(total)

    def holds(values: Values) -> bool:
        return sum(values[part].value for part in parts) == whole(values)

    def wanted(values: Values, number: Number) -> Sequence[float]:
        added = sum(values[part].value for part in parts)
        if number == total_number:
            return (added,)
        return (values[number].value + whole(values) - added,)

    bound = tuple(parts) + ((total_number,) if total_number is not None else ())
    return Constraint("total-vs-parts", bound, holds, wanted)


def chi2_of(rows: Sequence[Sequence[Number]], sizes: Sequence[int] | None, statistic: Number) -> Constraint:
    """A chi-square follows from counts. sizes : the rest of each group is a further row."""

    def table(values: Values) -> list[list[float]]:
        counts = [[values[n].value for n in row] for row in rows]
        if sizes is not None:
            counts.append([size - sum(row[j] for row in counts) for j, size in enumerate(sizes)])
        return counts

    def all_values(values: Values) -> list[float]:
        counts = table(values)
        if min(min(row) for row in counts) < 0 or float(chi2_df(counts)) == 0:
            return []
        return [v for test in CHI2_TESTS.values() if (v := float(test(counts).statistic)) == v]

    def holds(values: Values) -> bool:
        return any(values[statistic].allows(as_interval(v)) for v in all_values(values))

    def wanted(values: Values, number: Number) -> Sequence[float]:
        return all_values(values) if number == statistic else ()

    return Constraint("chi2-vs-counts", (*(n for row in rows for n in row), statistic), holds, wanted)


def p_of_chi2(statistic: Number, p_value: Number, df: int) -> Constraint:
    """P follows from a chi-square and its df."""

    def holds(values: Values) -> bool:
        box = values[statistic].interval().clip(0.0, 1e300)
        return values[p_value].allows(Interval(float(p_from_chi2(box.high, df)), float(p_from_chi2(box.low, df))))

    def wanted(values: Values, number: Number) -> Sequence[float]:
        return (float(p_from_chi2(values[statistic].value, df)),) if number == p_value else ()

    return Constraint("p-vs-statistic", (statistic, p_value), holds, wanted)


def named(repairs: Sequence[Repair]) -> Repair | None:
    """The repair where there is exactly one, or exactly one that is a slip of one digit."""
    if len(repairs) == 1:
        return repairs[0]
    slips = [repair for repair in repairs if repair.cause.code != "unknown"]
    return slips[0] if len(slips) == 1 else None


def several(repairs: Sequence[Repair]) -> str:
    """Words for more than one possible change."""
    return "one of several single changes would do: " + ", ".join(f"{r.number.text} to {r.value}" for r in repairs)
