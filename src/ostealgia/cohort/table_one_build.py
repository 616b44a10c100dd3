"""From a frame of patients to the baseline table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ostealgia.cohort.logistic_rows import FIRST_ROW, Levels
from ostealgia.cohort.survival_data import absent, column_of, grouping
from ostealgia.cohort.table_one_result import BaselineRow, Described, GroupTest, TableOne
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics import ranks
from ostealgia.numerics.summary_tests import anova_f, chi2_pearson, chi2_yates, expected_counts, t_student, t_welch
from ostealgia.numerics.two_by_two_exact import MOST_STEPS, conditional_odds_ratio, fisher_test
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula_design import is_text
from ostealgia.tables.labels import as_text
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
NUMBER_TESTS = ("welch", "student", "mann-whitney")
COUNT_TESTS = ("auto", "chi-square", "chi-square with continuity correction", "fisher")
FEW_VALUES = 2  # a column of numbers with no more different values is categorical


def table_one(
    frame: Any,
    *,
    by: str,
    variables: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    numbers: str = "welch",
    counts: str = "auto",
    levels: Levels | None = None,
    level: float = 0.95,
    seed: int = 0,
    most_steps: int = MOST_STEPS,
) -> TableOne:
    """Who are the patients of each group, and how far do the groups differ?

    frame : one row a patient.  by : the groups, in the order of their names or of ``levels``.  variables : columns, by default all others.
    categorical : columns of numbers that are categories; text and columns with two values are so anyway.
    numbers : test printed for numbers, "welch", "student" or "mann-whitney" (for more than two groups analysis of variance or
    Kruskal-Wallis).  counts : "chi-square", "chi-square with continuity correction" (2 x 2), "fisher", or "auto": Fisher's exact test where
    an expected count is below 5, else chi-square.  Every test is in ``.tests()``.
    most_steps : work that an exact test of a larger table may take; beyond it P is estimated from random tables of ``seed``, and a note
    says so. The default takes up to 20 seconds a table, 1,000,000 below half a second.
    Groups that were not randomised should be judged by their standardised differences; P depends on the size of the cohort.
    Raises TableError where there are fewer than two groups or a value is not a number.
    Source: tests in ``ostealgia.numerics``; standardised differences: Austin 2009, doi:10.1002/sim.3697; Yang & Dalton 2012.

    >>> data = {"arm": list("aaabbb"), "age": [61, 58, 70, 66, 59, 72], "sex": ["f", "m", "f", "m", "m", "f"]}
    >>> table = table_one(data, by="arm")
    >>> table.row("age").groups[0].mean, round(table.row("sex").test("fisher").p_value, 3)
    (63.0, 1.0)
    """
    one_of("numbers", numbers, NUMBER_TESTS)
    one_of("counts", counts, COUNT_TESTS)
    level = confidence_level(level)
    names = _variables(frame, by, variables)
    unknown = [name for name in categorical if name not in names]
    if unknown:
        raise OptionError(f"categorical={unknown!r} is not among the variables {names!r}.")
    group = column_of(frame, by)
    known = ~absent(group)
    arms = grouping({by: group[known]}, [by], levels or {})
    sizes = np.bincount(arms.codes, minlength=len(arms.levels))
    if len(arms.levels) < 2:
        raise TableError("there is one group only", column=by, expected="two groups or more")
    notes = [f"{name}: no patient" for name, n in zip(arms.levels, sizes, strict=True) if not n]
    excluded = ()
    if not known.all():
        lost = count_of(int((~known).sum()), "row", "rows")
        excluded = (Excluded(study=lost, reason=f"no value in column {by!r}"),)
    rows = []
    for name in names:
        values = column_of(frame, name)
        if len(values) != len(known):
            raise TableError("the columns have different lengths", column=name, expected="one value a row in each")
        values = values[known]
        if name in categorical or name in (levels or {}) or _is_categorical(values):
            row, said = _categories(
                name, values, arms.codes, len(arms.levels), counts, levels or {}, level, seed, most_steps
            )
        else:
            row, said = _numbers(name, values, arms.codes, len(arms.levels), numbers, level, np.flatnonzero(known))
        rows.append(row)
        notes += said
    return TableOne(
        by=by,
        groups=arms.levels,
        n=tuple(int(n) for n in sizes),
        ci_level=level,
        rows=tuple(rows),
        excluded=excluded,
        notes=tuple(notes),
    )


def _variables(frame: Any, by: str, variables: Sequence[str] | None) -> list[str]:
    offered = list(frame.keys()) if hasattr(frame, "keys") else []
    chosen = [name for name in offered if name != by] if variables is None else list(dict.fromkeys(variables))
    if by in chosen or not chosen:
        raise OptionError(f"variables={chosen!r} must name at least one column, and not {by!r}.")
    return chosen


def _is_categorical(values: NDArray[Any]) -> bool:
    present = values[~absent(values)]
    if not len(present):
        return False
    return is_text(present) or len({as_text(v) for v in np.unique(present.astype(str))}) <= FEW_VALUES


# --- numbers ----------------------------------------------------------------------------------------------------------


def _numbers(
    name: str, values: NDArray[Any], codes: NDArray[np.intp], k: int, shown: str, level: float, places: NDArray[np.intp]
) -> tuple[BaselineRow, list[str]]:
    gone = absent(values)
    x = np.full(len(values), np.nan)
    try:
        x[~gone] = values[~gone].astype(float)
    except (TypeError, ValueError):
        wrong = next(i for i in np.flatnonzero(~gone) if not _reads(values[i]))
        raise TableError("not a number", column=name, row=int(places[wrong]) + FIRST_ROW, expected="a number") from None
    if bool(np.isinf(x).any()):
        raise TableError("an infinite value", column=name, expected="a finite number")
    groups = [x[(codes == g) & ~gone] for g in range(k)]
    described = tuple(_describe(part, int((gone & (codes == g)).sum())) for g, part in enumerate(groups))
    notes = [f"{name}: no value in a group, so nothing is tested"] if min(map(len, groups)) == 0 else []
    if all(float(np.ptp(part)) == 0 for part in groups if len(part)) and not notes:
        notes = [f"{name}: no spread within the groups"]
    tests = _number_tests(groups, level)
    wanted = shown if k == 2 else "kruskal-wallis" if shown == "mann-whitney" else "anova"
    smd = ranks.smd_continuous(*groups) if k == 2 else _largest(ranks.smd_continuous, groups)
    return BaselineRow(
        variable=name, kind="number", groups=described, levels=(), counts=(), tests=tests, shown=wanted, smd=smd
    ), notes


def _reads(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _describe(x: Array, missing: int) -> Described:
    if not len(x):
        return Described(n=0, missing=missing)
    q1, median, q3 = (float(q) for q in np.quantile(x, [0.25, 0.5, 0.75]))
    return Described(
        n=len(x), missing=missing, mean=float(x.mean()), sd=float(x.std(ddof=1)) if len(x) > 1 else float("nan"),
        median=median, q1=q1, q3=q3,
        q1_type2=ranks.quantile_type2(x, 0.25), q3_type2=ranks.quantile_type2(x, 0.75), min=float(x.min()), max=float(x.max()),
    )  # fmt: skip


def _number_tests(groups: list[Array], level: float) -> tuple[GroupTest, ...]:
    out: list[GroupTest] = []
    full = all(len(part) > 1 for part in groups)
    means = [float(part.mean()) if len(part) else float("nan") for part in groups]
    sds = [float(part.std(ddof=1)) if len(part) > 1 else float("nan") for part in groups]
    if len(groups) == 2:
        for name, test in (("student", t_student), ("welch", t_welch)):
            t, df, p = (float(v) for v in test(means[0], sds[0], len(groups[0]), means[1], sds[1], len(groups[1])))
            gap = means[0] - means[1]
            half = float(stdtrit(df, 0.5 + level / 2)) * abs(gap / t) if t and np.isfinite(t) else float("nan")
            if t == 0:
                half = float(stdtrit(df, 0.5 + level / 2)) * _std_error(name, sds, [len(g) for g in groups])
            out.append(
                GroupTest(test=name, statistic=t, df=df, p_value=p, estimate=gap, ci_low=gap - half, ci_high=gap + half)
            )
        w = ranks.mann_whitney(*groups)
        out.append(GroupTest(test="mann-whitney", statistic=w.statistic, df=float("nan"), p_value=w.p_value))
    f = anova_f(means, sds, [len(g) for g in groups]) if full else (float("nan"),) * 4
    out.append(GroupTest(test="anova", statistic=f[0], df=f[1], df_2=f[2], p_value=f[3]))
    h = ranks.kruskal_wallis(groups)
    out.append(GroupTest(test="kruskal-wallis", statistic=float(h.statistic), df=float(h.df), p_value=float(h.p_value)))
    spread = ranks.brown_forsythe(groups)
    out.append(
        GroupTest(
            test="brown-forsythe", statistic=spread.statistic, df=spread.df_1, df_2=spread.df_2, p_value=spread.p_value
        )
    )
    for g, part in enumerate(groups):
        w_normal, p = ranks.shapiro_wilk(part)
        out.append(GroupTest(test=f"shapiro-wilk, group {g + 1}", statistic=w_normal, df=float("nan"), p_value=p))
    return tuple(out)


def _std_error(kind: str, sds: list[float], n: list[int]) -> float:
    if kind == "welch":
        return float(np.sqrt(sds[0] ** 2 / n[0] + sds[1] ** 2 / n[1]))
    pooled = ((n[0] - 1) * sds[0] ** 2 + (n[1] - 1) * sds[1] ** 2) / (n[0] + n[1] - 2)
    return float(np.sqrt(pooled * (1 / n[0] + 1 / n[1])))


def _largest(distance: Any, groups: list[Any]) -> float:
    """The largest absolute standardised difference of any two groups."""
    found = [abs(distance(a, b)) for i, a in enumerate(groups) for b in groups[i + 1 :]]
    known = [value for value in found if not np.isnan(value)]
    return max(known) if known else float("nan")


# --- categories -------------------------------------------------------------------------------------------------------


def _categories(
    name: str,
    values: NDArray[Any],
    codes: NDArray[np.intp],
    k: int,
    shown: str,
    levels: Levels,
    level: float,
    seed: int,
    most_steps: int,
) -> tuple[BaselineRow, list[str]]:
    gone = absent(values)
    missing = np.bincount(codes[gone], minlength=k)
    if gone.all():
        groups = tuple(Described(n=0, missing=int(m)) for m in missing)
        blank = BaselineRow(
            variable=name, kind="category", groups=groups, levels=(), counts=(), tests=(), shown="", smd=float("nan")
        )
        return blank, [f"{name}: no value in any row"]
    part = grouping({name: values[~gone]}, [name], levels)
    size = len(part.levels)
    table = np.bincount(part.codes * k + codes[~gone], minlength=size * k).reshape(size, k)
    tests, notes = _count_tests(name, table, level, seed, most_steps)
    expected = expected_counts(table)
    low = not bool((table.sum(axis=0) == 0).any()) and float(expected[table.sum(axis=1) > 0].min()) < 5
    chosen = ("fisher" if low else "chi-square") if shown == "auto" else shown
    if chosen not in [test.test for test in tests]:
        chosen = "chi-square"
    smd = (
        ranks.smd_categorical(table)
        if k == 2
        else _largest(lambda a, b: ranks.smd_categorical(np.column_stack([a, b])), list(table.T))
    )
    groups = tuple(Described(n=int(n), missing=int(m)) for n, m in zip(table.sum(axis=0), missing, strict=True))
    return BaselineRow(
        variable=name, kind="category", groups=groups, levels=part.levels, counts=tuple(tuple(int(c) for c in row) for row in table),
        tests=tests, shown=chosen, smd=smd,
    ), notes  # fmt: skip


def _count_tests(
    name: str, table: NDArray[Any], level: float, seed: int, most_steps: int
) -> tuple[tuple[GroupTest, ...], list[str]]:
    pearson = chi2_pearson(table)
    used = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    side = min(used.shape) - 1
    v = float(np.sqrt(pearson.statistic / (table.sum() * side))) if side > 0 else float("nan")
    out = [
        GroupTest(
            test="chi-square",
            statistic=float(pearson.statistic),
            df=float(pearson.df),
            p_value=float(pearson.p_value),
            estimate=v,
        )
    ]
    if table.shape == (2, 2):
        yates = chi2_yates(table)
        out.append(
            GroupTest(
                test="chi-square with continuity correction",
                statistic=float(yates.statistic),
                df=float(yates.df),
                p_value=float(yates.p_value),
            )
        )
    exact = fisher_test(table, seed=seed, most_steps=most_steps)
    ratio = conditional_odds_ratio(table, level=level) if table.shape == (2, 2) else None
    nan = float("nan")
    out.append(
        GroupTest(
            test="fisher", statistic=nan, df=nan, p_value=exact.p_value, estimate=nan if ratio is None else ratio.estimate,
            ci_low=nan if ratio is None else ratio.ci_low, ci_high=nan if ratio is None else ratio.ci_high,
        )
    )  # fmt: skip
    said = f"{name}: P of Fisher's test by {exact.simulated:,} random tables, seed {seed}"
    return tuple(out), [said] if exact.simulated else []
