"""The baseline table of a cohort: descriptions, tests and standardised differences, a row a variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ostealgia.display import count_of, number, p_value, percent
from ostealgia.options import one_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Described:
    """Numbers of one group. q1, q3 : type 7 quantiles (linear); q1_type2, q3_type2 : averaged at steps, as in SAS."""

    n: int
    missing: int
    mean: float = float("nan")
    sd: float = float("nan")
    median: float = float("nan")
    q1: float = float("nan")
    q3: float = float("nan")
    q1_type2: float = float("nan")
    q3_type2: float = float("nan")
    min: float = float("nan")
    max: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class GroupTest:
    """One test of a variable between groups. ci_low, ci_high : of ``estimate`` where the test has one."""

    test: str
    statistic: float
    df: float
    p_value: float
    estimate: float = float("nan")
    ci_low: float = float("nan")
    ci_high: float = float("nan")
    df_2: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class BaselineRow:
    """One variable. levels, counts : (levels, groups) of a categorical one, empty for numbers.  shown : the test that the table prints."""

    variable: str
    kind: str
    groups: tuple[Described, ...]
    levels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    tests: tuple[GroupTest, ...]
    shown: str
    smd: float

    def test(self, name: str) -> GroupTest:
        """The test of this name."""
        one_of("test", name, [test.test for test in self.tests])
        return next(test for test in self.tests if test.test == name)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TableOne(Result):
    """A baseline table. groups, n : names and sizes of the groups.  rows : a variable each."""

    by: str
    groups: tuple[str, ...]
    n: tuple[int, ...]
    ci_level: float
    rows: tuple[BaselineRow, ...]

    def row(self, variable: str) -> BaselineRow:
        """The row of a variable."""
        one_of("variable", variable, [row.variable for row in self.rows])
        return next(row for row in self.rows if row.variable == variable)

    def to_frame(self) -> pd.DataFrame:
        """One row a variable, level and group: variable, level, group, n, missing, events, percent, mean, sd, median, q1, q3, min, max."""
        import pandas as pd

        records: list[dict[str, Any]] = []
        for row in self.rows:
            for g, (name, part) in enumerate(zip(self.groups, row.groups, strict=True)):
                base = {"variable": row.variable, "level": None, "group": name, "n": part.n, "missing": part.missing}
                if row.kind == "number":
                    fields = ("mean", "sd", "median", "q1", "q3", "min", "max")
                    records.append(base | {field: getattr(part, field) for field in fields})
                for level, counts in zip(row.levels, row.counts, strict=True):
                    share = 100 * counts[g] / part.n if part.n else float("nan")
                    records.append(base | {"level": level, "events": counts[g], "percent": share})
        order = [
            "variable",
            "level",
            "group",
            "n",
            "missing",
            "events",
            "percent",
            "mean",
            "sd",
            "median",
            "q1",
            "q3",
            "min",
            "max",
        ]
        return pd.DataFrame(records).reindex(columns=order)

    def tests(self) -> pd.DataFrame:
        """One row a variable and test: variable, test, statistic, df, p_value, estimate, ci_low, ci_high, ci_level, smd, shown."""
        import pandas as pd

        records = [
            {
                "variable": row.variable, "test": test.test, "statistic": test.statistic, "df": test.df, "df_2": test.df_2,
                "p_value": test.p_value, "estimate": test.estimate, "ci_low": test.ci_low, "ci_high": test.ci_high,
                "ci_level": self.ci_level, "smd": row.smd, "shown": test.test == row.shown,
            }
            for row in self.rows
            for test in row.tests
        ]  # fmt: skip
        return pd.DataFrame(records)

    def cells(self) -> list[list[str]]:
        """The table as it is printed: header, then a line a variable and level."""
        head = ["", *(f"{name} (n = {n})" for name, n in zip(self.groups, self.n, strict=True)), "SMD", "P"]
        return [head, *(line for row in self.rows for line in _lines(row))]

    def __str__(self) -> str:
        cells = self.cells()
        widths = [max(len(line[j]) for line in cells) for j in range(len(cells[0]))]
        lines = [f"TableOne: by {self.by}, {count_of(len(self.rows), 'variable', 'variables')}"]
        for line in cells:
            texts = [c.ljust(w) if j == 0 else c.rjust(w) for j, (c, w) in enumerate(zip(line, widths, strict=True))]
            lines.append("  " + "  ".join(texts).rstrip())
        return "\n".join([*lines, *tail_lines(self)])


def _lines(row: BaselineRow) -> list[list[str]]:
    p = p_value(row.test(row.shown).p_value) if row.shown else "-"
    smd = number(row.smd)
    blank = [""] * len(row.groups)
    if row.kind == "number":
        mean = [f"{number(g.mean, 1)} ({number(g.sd, 1)})" if g.n else "-" for g in row.groups]
        middle = [f"{number(g.median, 1)} [{number(g.q1, 1)} to {number(g.q3, 1)}]" if g.n else "-" for g in row.groups]
        out = [[f"{row.variable}, mean (SD)", *mean, smd, p], ["  median [quartiles]", *middle, "", ""]]
    else:
        out = [[f"{row.variable}, n (%)", *blank, smd, p]]
        for level, counts in zip(row.levels, row.counts, strict=True):
            shares = [f"{c} ({percent(c / g.n, 1)})" if g.n else "-" for c, g in zip(counts, row.groups, strict=True)]
            out.append([f"  {level}", *shares, "", ""])
    if any(g.missing for g in row.groups):
        out.append(["  missing", *(str(g.missing) for g in row.groups), "", ""])
    return out
