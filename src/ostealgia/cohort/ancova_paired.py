"""Change within patients: the paired t test and Wilcoxon's signed ranks, for all or by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.cohort.mixed_model_data import categories_of
from ostealgia.display import count_of, interval, level_text, number, p_text
from ostealgia.errors import TableError, suggestion
from ostealgia.numerics.least_squares import PairedTests, paired_tests
from ostealgia.numerics.least_squares_multiplicity import critical
from ostealgia.options import confidence_level
from ostealgia.tables.formula_design import labels_of, levels_of, missing_in
from ostealgia.tables.plain_columns import plain_array
from ostealgia.tables.result import Excluded, Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PairedChange(Result):
    """Change from before to after. groups : their names, or ("all",).  tests : of each."""

    before: str
    after: str
    group: str | None
    groups: tuple[str, ...]
    tests: tuple[PairedTests, ...]
    ci_level: float

    def to_frame(self) -> pd.DataFrame:
        """One row a group: group, n, estimate (mean change), std_error, df, statistic (t), p_value, ci_low, ci_high, ci_level,
        v (sum of positive ranks), p_value_wilcoxon."""
        import pandas as pd

        df = np.array([float(test.df) for test in self.tests])
        half = critical(self.ci_level, df) * np.array([test.std_error for test in self.tests])
        mean = np.array([test.mean for test in self.tests])
        return pd.DataFrame(
            {
                "group": self.groups, "n": [test.n for test in self.tests], "estimate": mean,
                "std_error": [test.std_error for test in self.tests], "df": df, "statistic": [test.t for test in self.tests],
                "p_value": [test.p_value for test in self.tests], "ci_low": mean - half, "ci_high": mean + half,
                "ci_level": self.ci_level, "v": [test.v for test in self.tests],
                "p_value_wilcoxon": [test.p_value_wilcoxon for test in self.tests],
            }
        )  # fmt: skip

    def __str__(self) -> str:
        width = max(map(len, self.groups))
        rows = [
            f"  {row['group']:<{width}}  n {row['n']}  {number(row['estimate'])} [{interval(row['ci_low'], row['ci_high'])}]  "
            f"{p_text(row['p_value'])} (signed ranks {p_text(row['p_value_wilcoxon'])})"
            for row in self.to_frame().to_dict("records")
        ]
        head = f"PairedChange: {self.after} - {self.before}, {level_text(self.ci_level)} CI by t"
        return "\n".join([head, *rows, *tail_lines(self)])


def paired_change(
    frame: Any, *, before: str, after: str, group: str | None = None, level: float = 0.95
) -> PairedChange:  # fmt: skip
    """Did patients change from ``before`` to ``after``, in each group?

    frame : one row a patient.  before, after : columns of numbers; rows without both are left out and counted.  group : column, one test
    for each of its levels. A group with fewer than two pairs is left out and said.

    Returns PairedChange. A change within a group is no effect of treatment: it holds regression to the mean and natural course; compare
    groups by ``ancova``, never by which of them is significant (Bland & Altman 2011, doi:10.1186/1745-6215-12-264).
    Source: Student 1908, doi:10.2307/2331554; Wilcoxon 1945, doi:10.2307/3001968.

    >>> paired_change({"nrs_0": [8, 7, 9, 6], "nrs_4": [5, 6, 4, 6]}, before="nrs_0", after="nrs_4").to_frame()["estimate"].tolist()
    [-2.25]
    """
    level = confidence_level(level)
    names = [before, after, *([group] if group is not None else [])]
    columns = _columns(frame, names)
    gone = np.array(missing_in(columns))
    keep = gone == ""
    excluded = [
        Excluded(study=count_of(count, "row", "rows"), reason=f"no value in column {name!r}")
        for name in columns
        if (count := int((gone == name).sum()))
    ]
    if not keep.any():
        raise TableError("no row has both values", column=after, expected="a value before and after in some rows")
    change = columns[after][keep].astype(np.float64) - columns[before][keep].astype(np.float64)
    groups, codes = ("all",), np.zeros(len(change), dtype=np.intp)
    if group is not None:
        labels, rows = labels_of(columns[group][keep])
        order = [name for name in (categories_of(frame, group) or levels_of(columns[group])) if name]
        codes = np.array([order.index(label) for label in labels], dtype=np.intp)[rows]
        groups = tuple(order)
    found: list[tuple[str, PairedTests]] = []
    for i, name in enumerate(groups):
        mine = change[codes == i]
        if len(mine) < 2:
            excluded.append(
                Excluded(study=f"group {name}", reason=f"{count_of(len(mine), 'pair', 'pairs')} only; two are needed")
            )
        else:
            found.append((name, paired_tests(mine)))
    if not found:
        raise TableError("no group has two pairs or more", column=after, expected="two rows with both values")
    same = [name for name, test in found if test.std_error == 0]
    notes = [f"in group {name} the change is the same in all, so there is no t test" for name in same]
    return PairedChange(
        before=before, after=after, group=group, groups=tuple(name for name, _ in found), tests=tuple(test for _, test in found),
        ci_level=level, excluded=tuple(excluded), notes=tuple(notes),
    )  # fmt: skip


def _columns(frame: Any, names: list[str]) -> dict[str, Any]:
    offered = list(frame) if isinstance(frame, Mapping) else list(getattr(frame, "columns", []))
    out: dict[str, Any] = {}
    for i, name in enumerate(names):
        if name not in offered:
            hint = suggestion(name, map(str, offered)).strip() or None
            raise TableError(
                f"no column {name!r}", column=name, expected=f"one of {', '.join(map(repr, offered))}", action=hint
            )
        out[name] = plain_array(frame[name], name)
        if i < 2:
            try:
                out[name] = out[name].astype(np.float64)
            except (TypeError, ValueError):
                raise TableError("something that is not a number", column=name, expected="numbers, or empty") from None
            if np.isinf(out[name]).any():
                raise TableError("the column holds an infinite value", column=name, expected="finite numbers, or empty")
    if len({len(values) for values in out.values()}) > 1:
        raise TableError("the columns have different numbers of rows", expected="the same number in each")
    return out
