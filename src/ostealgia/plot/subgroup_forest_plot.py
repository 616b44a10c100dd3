"""The effect of a treatment in subgroups of one cohort, as a forest plot with tests of interaction."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ostealgia.display import level_text, p_text
from ostealgia.errors import OptionError
from ostealgia.plot.canvas import house_style
from ostealgia.plot.columns import Column, data_columns
from ostealgia.plot.forest_plot import draw_table
from ostealgia.plot.forest_table import ForestOptions, ForestTable, Row, align_numbers
from ostealgia.plot.numbers import effect_digits, effect_text
from ostealgia.tables.measures import MEASURES, Measure

NEEDED = ("factor", "level", "estimate", "ci_low", "ci_high")
MEASURE_OF = {
    "risk difference": "RD", "risk ratio": "RR", "odds ratio": "OR", "hazard ratio": "HR", "mean difference": "MD",
}  # fmt: skip


def subgroup_forest(
    frame: Any,
    *,
    ax: Any = None,
    measure: str = "risk difference",
    interactions: Any = None,
    overall: str = "All patients",
    arms: Sequence[str] = ("Treated", "Control"),
    labels: Mapping[str, str] | None = None,
    event_label: str = "responders",
    effect_label: str | None = None,
    favours: Sequence[str] | None = None,
    level: float = 0.95,
    small_cell: int = 0,
    notes: Sequence[str] = (),
) -> Any:
    """Is the effect of the treatment another one in some kind of patient?

    frame : one row a level: factor, level, estimate, ci_low, ci_high on the reported scale, and where known events_1, n_1, events_2, n_2 (1
    is treated); the row whose factor is empty or ``overall`` is the effect in all.  measure : "risk difference" (as shares, shown in
    percentage points), "risk ratio", "odds ratio", "hazard ratio" or "mean difference".  interactions : frame factor, p_value.
    labels : factor or level -> name.  small_cell : a level with a count from 1 to below it is named and not drawn.
    The other arguments are as in ``forest``. The size of a square follows the precision. Returns the Axes.
    Source: Wang 2007, doi:10.1056/NEJMsr077003 (report all, test interaction, do not read single subgroups).

    >>> rows = [{"factor": f, "level": l, "estimate": e, "ci_low": e - 0.1, "ci_high": e + 0.1}
    ...         for f, l, e in (("", "", 0.2), ("sex", "male", 0.25), ("sex", "female", 0.15))]
    >>> subgroup_forest(rows).child_axes[0].get_xscale()
    'linear'
    """
    shown = _measure(measure)
    table = _table(frame, overall)
    scale = 100.0 if shown.name == "RD" else 1.0
    with house_style():
        made = _forest_table(table, shown, scale, _p_values(interactions), labels or {}, small_cell, ForestOptions(
            arms=tuple(arms), event_label=event_label, effect_label=effect_label or _effect_label(shown), favours=favours,
        ), overall, level_text(level), notes)  # fmt: skip
        return draw_table(made, ax)


def _measure(name: str) -> Measure:
    code = MEASURE_OF.get(name, name)
    if code not in MEASURES:
        raise OptionError(f"measure={name!r} is not one of {', '.join(map(repr, MEASURE_OF))}.")
    found = MEASURES[code]
    return dataclasses.replace(found, lower=-100.0, upper=100.0) if code == "RD" else found


def _effect_label(measure: Measure) -> str:
    return "Difference, percentage points" if measure.name == "RD" else measure.reported_scale.capitalize()


def _table(frame: Any, overall: str) -> Any:
    import pandas as pd

    table: Any = pd.DataFrame(frame)
    absent = [name for name in NEEDED if name not in table.columns]
    if absent or not len(table):
        raise OptionError(f"the frame needs one row a level of a factor; absent: {', '.join(absent) or 'all rows'}.")
    table = table.reset_index(drop=True)
    table["factor"] = table["factor"].fillna("").astype(str)
    table.loc[table["factor"].str.casefold() == overall.casefold(), "factor"] = ""
    return table


def _p_values(interactions: Any) -> dict[str, float]:
    if interactions is None or not len(interactions):
        return {}
    return {str(row["factor"]): float(row["p_value"]) for row in interactions.to_dict("records")}


def _forest_table(
    table: Any,
    measure: Measure,
    scale: float,
    p_values: Mapping[str, float],
    labels: Mapping[str, str],
    small_cell: int,
    options: ForestOptions,
    overall: str,
    level: str,
    notes: Sequence[str],
) -> ForestTable:
    hidden = _hidden(table, small_cell)
    columns = (
        data_columns(table, "two-group binary", options.arms, options.event_label) if "n_1" in table.columns else []
    )
    if hidden:
        columns = [_masked(column, hidden) for column in columns]
    numbers = {name: table[name].to_numpy(dtype=float) * scale for name in ("estimate", "ci_low", "ci_high")}
    places = [i for i in range(len(table)) if i not in hidden]
    lows, highs = numbers["ci_low"][places], numbers["ci_high"][places]
    digits = 0 if measure.name == "RD" else effect_digits(measure, lows, highs)
    precision = _precision(numbers, measure)
    largest = max((precision[i] for i in places if table["factor"].iloc[i]), default=math.nan)
    rows: list[Row] = []
    heading = ""
    for factor in dict.fromkeys(table["factor"]):
        for position in np.flatnonzero((table["factor"] == factor).to_numpy()):
            kind = "study" if factor else "pooled"
            if factor and heading != factor:
                rows.append(Row(kind="heading", label=_heading(factor, p_values, labels)))
                heading = factor
            name = overall if not factor else str(table["level"].iloc[position])
            rows.append(
                _row(
                    kind,
                    labels.get(name, name),
                    int(position),
                    numbers,
                    measure,
                    digits,
                    columns,
                    precision,
                    largest,
                    int(position) in hidden,
                )
            )
    whole = [row for row in rows if row.kind == "pooled"]
    rest = [row for row in rows if row.kind != "pooled"]
    words = [*notes]
    if p_values:
        words.append("P: test of interaction, not adjusted for the number of factors.")
    if hidden:
        words.append(
            f"Levels with fewer than {small_cell} patients in a cell, or from which such a level would follow, are not drawn."
        )
    head = options.effect_label or ""
    return ForestTable(
        measure=measure, rows=tuple(align_numbers([*rest, *([Row(kind="gap")] if whole and rest else []), *whole])), columns=tuple(columns),
        label_head="Subgroup", effect_head=f"{head} [{level} CI]", axis_label=f"{head} (log scale)" if measure.ratio else head,
        weight_heads=(), domains=(), with_audit=False, pooled=whole[0].estimate if whole else math.nan, methods=" ".join(words),
        options=options,
    )  # fmt: skip


def _hidden(table: Any, small_cell: int) -> set[int]:
    """Positions of rows with a count, or its complement, from 1 to below ``small_cell``; and one more of a factor where only one level is
    left out, since it would follow from the others and all patients."""
    if not small_cell or "n_1" not in table.columns:
        return set()
    out: set[int] = set()
    for arm in ("1", "2"):
        events, n = (table[f"{name}_{arm}"].to_numpy(dtype=float) for name in ("events", "n"))
        for counts in (events, n - events, n):
            out |= set(np.flatnonzero((counts > 0) & (counts < small_cell)).tolist())
    sizes = table["n_1"].to_numpy(dtype=float) + table["n_2"].to_numpy(dtype=float)
    for factor in sorted(set(table["factor"]) - {""}):
        own = np.flatnonzero((table["factor"] == factor).to_numpy()).tolist()
        open_ones = [i for i in own if i not in out]
        if len(own) - len(open_ones) == 1 and open_ones:
            out.add(min(open_ones, key=lambda i: sizes[i]))
    return out


def _masked(column: Column, hidden: set[int]) -> Column:
    return dataclasses.replace(
        column, cells=tuple(("–", "") if i in hidden else cell for i, cell in enumerate(column.cells))
    )


def _precision(numbers: Mapping[str, Any], measure: Measure) -> list[float]:
    """Inverse squared width of each interval on the even scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (np.log(numbers[n]) if measure.ratio else numbers[n] for n in ("ci_low", "ci_high"))
        found = 1.0 / (high - low) ** 2
    return [float(value) if math.isfinite(value) else math.nan for value in found]


def _heading(factor: str, p_values: Mapping[str, float], labels: Mapping[str, str]) -> str:
    name = str(labels.get(factor, factor.replace("_", " ")))
    name = name[:1].upper() + name[1:]
    p = p_values.get(factor, math.nan)
    return name if math.isnan(p) else f"{name} (interaction {p_text(p)})"


def _row(
    kind: str,
    label: str,
    position: int,
    numbers: Mapping[str, Any],
    measure: Measure,
    digits: int,
    columns: Sequence[Column],
    precision: Sequence[float],
    largest: float,
    hidden: bool,
) -> Row:
    estimate, low, high = (
        math.nan if hidden else float(numbers[name][position]) for name in ("estimate", "ci_low", "ci_high")
    )
    cells = tuple(column.cells[position] for column in columns)
    if math.isnan(estimate):
        return Row(kind=kind, label=label, position=position, cells=cells, numbers=("not shown" if hidden else "–", ""))
    texts = [effect_text(value, digits, measure) for value in (estimate, low, high)]
    between = "" if math.isnan(low) or math.isnan(high) else f"{texts[1]} to {texts[2]}"
    share = precision[position] / largest if kind == "study" and largest else math.nan
    return Row(
        kind=kind, label=label, position=position, estimate=estimate, low=low, high=high, share=share, numbers=(texts[0], between),
        cells=cells, accent=kind == "pooled",
    )  # fmt: skip
