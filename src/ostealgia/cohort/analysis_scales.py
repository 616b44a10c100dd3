"""Sections on scales and laboratory values: what was seen, and the difference between groups given the value at baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ostealgia.cohort.analysis_context import Context, Steps
from ostealgia.cohort.analysis_model import SECTIONS, Section
from ostealgia.cohort.analysis_response import contrast_table, described, left_out
from ostealgia.cohort.ancova_fit import ancova
from ostealgia.cohort.derivations_events import quality_of_life
from ostealgia.cohort.reading_schema import LIMITS
from ostealgia.errors import OptionError, suggestion

LABORATORY = ("crp", "nlr", "wbc", "pct", "tnf_a", "il6", "albumin", "hemoglobin", "transferrin", "kcal")


def quality_of_life_section(context: Context) -> Section:
    """Scale scores: observed, and ANCOVA of each week after baseline with Bonferroni over all scales and weeks."""
    id = "quality-of-life"
    if "qlq_items" not in context.cohort:
        return Section(id=id, title=SECTIONS[id], failed="there is no qlq_items table")
    steps = Steps()
    scores = steps.run("scores", lambda: quality_of_life(context.cohort, context.settings.instrument))
    if scores is None:
        return Section(id=id, title=SECTIONS[id], failed=steps.failed)
    names = _wanted(context.settings.scales, tuple(scores.scales), "scales")
    tables = {"scales": scores.scale_frame(), **_tables(context, scores.scores, names, steps, "scale")}
    notes = (
        *scores.notes,
        "a difference of 10 points is often taken as one that patients notice; it is a convention, not a threshold of this cohort",
        "forms of those alive who filled one in; a difference here is one among them",
    )
    return Section(
        id=id,
        title=SECTIONS[id],
        results={"scores": scores},
        tables=tables,
        notes=(*notes, *left_out(context)),
        failed=steps.failed,
    )


def laboratory_section(context: Context) -> Section:
    """Laboratory values: observed, ANCOVA differences, and ratios of geometric means where all values are above 0."""
    id = "laboratory"
    if "labs" not in context.cohort:
        return Section(id=id, title=SECTIONS[id], failed="there is no labs table")
    steps = Steps()
    frame = context.cohort.table("labs")
    there = [
        name for name in frame.columns if name not in ("id", "week", "day", "date") and frame[name].dtype.kind in "iuf"
    ]
    ordered = (*(name for name in LABORATORY if name in there), *(name for name in there if name not in LABORATORY))
    names = _wanted(context.settings.laboratory, ordered, "laboratory")
    tables = _tables(context, frame, names, steps, "marker", ratios=True)
    units = {name: LIMITS[name].unit for name in names if name in LIMITS and getattr(LIMITS[name], "unit", "")}
    for table in tables.values():
        table.insert(1, "unit", [units.get(name, "") for name in table["marker"]])
    notes = (
        "differences by ANCOVA with HC3 standard errors; ratios of geometric means by ANCOVA of logarithms where all values are above 0",
        "values of those alive who gave blood; markers are of the same patients, so their P values are not independent",
    )
    return Section(id=id, title=SECTIONS[id], tables=tables, notes=(*notes, *left_out(context)), failed=steps.failed)


def _wanted(wanted: Sequence[str] | None, offered: Sequence[str], what: str) -> tuple[str, ...]:
    for name in wanted or ():
        if name not in offered:
            raise OptionError(
                f"{what}: {name!r} is not there.{suggestion(name, offered)} There are: {', '.join(offered)}."
            )
    return tuple(offered) if wanted is None else tuple(wanted)


def _tables(
    context: Context, frame: Any, names: Sequence[str], steps: Steps, label: str, *, ratios: bool = False
) -> dict[str, Any]:
    """observed, differences and (for markers) ratios, of every name and week."""
    import pandas as pd

    weeks = sorted(int(week) for week in frame["week"].dropna().unique())
    wide = _wide(context, frame, names, weeks)
    seen, gaps, shares = [], [], []
    for name in names:
        for week in weeks:
            for group in context.groups:
                values = wide.loc[context.group == group, f"{name}_{week}"].to_numpy(dtype=float)
                seen.append({label: name, "week": week, "group": group, **described(values)})
        for week in (week for week in weeks if week > 0):
            made, share = _differences(context, wide, name, week, steps, ratios)
            gaps += [] if made is None else [made.assign(**{label: name}, week=week)]
            shares += [] if share is None else [share.assign(**{label: name}, week=week)]
    tables: dict[str, Any] = {"observed": pd.DataFrame(seen)}
    for key, parts in (("contrasts", gaps), ("ratios", shares)):
        if parts:
            tables[key] = _family(pd.concat(parts, ignore_index=True), label)
    return tables


def _wide(context: Context, frame: Any, names: Sequence[str], weeks: Sequence[int]) -> Any:
    """One row a patient with <name>_<week>; of two samples in a week the first."""
    import pandas as pd

    ids = context.cohort.patients["id"].to_numpy()
    columns: dict[str, Any] = {"group": context.group}
    for week in weeks:
        here = frame[(frame["week"] == week).to_numpy()].drop_duplicates("id").set_index("id").reindex(ids)
        columns |= {f"{name}_{week}": here[name].to_numpy(dtype=float) for name in names}
    return pd.DataFrame(columns)


def _differences(context: Context, wide: Any, name: str, week: int, steps: Steps, ratios: bool) -> tuple[Any, Any]:
    """(difference, ratio) of each group to the reference; None where it cannot be done."""
    if not context.compared:
        return None, None
    before, after = f"{name}_0", f"{name}_{week}"
    if before not in wide.columns or wide[after].notna().sum() == 0:
        steps.failures.append(f"{name} at week {week}: no patient has a value")
        return None, None
    made = steps.run(f"{name} at week {week}", lambda: contrast_table(_ancova(context, wide, before, after, "value")))
    pairs = wide[[before, after]].dropna()
    if not ratios or made is None or not (pairs > 0).all().all():
        return made, None
    share = steps.run(
        f"{name} at week {week}, ratio", lambda: contrast_table(_ancova(context, wide, before, after, "log"))
    )
    if share is None:
        return made, None
    # the standard error stays that of the logarithm
    return made, share.assign(
        **{column: np.exp(share[column]) for column in ("estimate", "ci_low", "ci_high")},
        scale="ratio of geometric means",
    )


def _ancova(context: Context, wide: Any, before: str, after: str, response: str) -> Any:
    constant = wide.loc[wide[after].notna(), before].nunique() < 2
    return ancova(
        wide, outcome=after, group="group", baseline=None if constant else before, response="value" if constant else response,
        std_error="HC3", level=context.level, reference={"group": context.groups[0]},
    )  # fmt: skip


def _family(frame: Any, label: str) -> Any:
    """P by Bonferroni over all rows of the table, which is the named family; the label first."""
    size = len(frame)
    made = frame.assign(
        p_adjusted=np.minimum(1.0, frame["p_value"] * size),
        family=f"Bonferroni over every {label} and week",
        n_comparisons=size,
    )
    first = [label, "week"]
    return made[[*first, *(name for name in made.columns if name not in first)]]
