"""Sections before any comparison: data quality, plan, flow of patients, baseline table."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.cohort.analysis_context import BASELINE, Context, Steps
from ostealgia.cohort.analysis_model import SECTIONS, Section
from ostealgia.cohort.derivations_events import flow
from ostealgia.cohort.survival_data import absent, column_of, grouping
from ostealgia.cohort.table_one_build import _describe, _is_categorical, table_one
from ostealgia.cohort.table_one_result import BaselineRow, Described, TableOne
from ostealgia.display import count_of
from ostealgia.errors import TableError

MOST_STEPS = 1_000_000  # of an exact test of a large table; beyond it random tables stand in, and a note says so


def quality_section(context: Context) -> Section:
    """Findings of the data-quality report (counts, no values, no identifiers) and what is missing."""
    import pandas as pd

    report = context.cohort.quality
    findings = pd.DataFrame(
        [
            {
                "severity": one.severity,
                "rule": one.rule,
                "file": one.file,
                "column": one.column,
                "message": one.message,
                "count": one.count,
            }
            for one in report.findings
        ],
        columns=["severity", "rule", "file", "column", "message", "count"],
    )
    left_out = pd.DataFrame(
        [{"what": one.study, "reason": one.reason} for one in (*context.cohort.excluded, *context.excluded)],
        columns=["what", "reason"],
    )
    tables = {"findings": findings, "missing": report.missingness, "visits": report.patterns, "left-out": left_out}
    return Section(
        id="quality", title=SECTIONS["quality"], results={"report": report}, tables={k: v for k, v in tables.items() if len(v)},
        notes=tuple(report.notes), excluded=(*context.cohort.excluded, *context.excluded),
    )  # fmt: skip


def plan_section(context: Context) -> Section:
    """The plan as found, its deviations, and every setting of the analysis."""
    import pandas as pd

    plan = context.cohort.plan
    said = {**context.settings.to_dict(), "rng_seed": context.rng_seed}
    said |= {"weeks": context.weeks, "primary_week": context.primary_week, "reference": context.groups[0]}
    said |= {"windows": dict(context.placed.windows), "confounders": context.confounders}
    settings = pd.DataFrame([{"choice": name, "value": _words(value)} for name, value in said.items()])
    deviations, departures = (
        plan.to_frame(),
        pd.DataFrame(_departures(plan.contents, said), columns=["entry", "planned", "now"]),
    )
    tables = {"settings": settings, "deviations": deviations, "departures": departures}
    notes = [plan.note()]
    if plan.contents:
        count = count_of(len(departures), "setting", "settings")
        notes.append(
            f"{count} of this analysis {'differs' if len(departures) == 1 else 'differ'} from what the plan states"
        )
    return Section(
        id="plan",
        title=SECTIONS["plan"],
        results={"plan": plan},
        tables={k: v for k, v in tables.items() if len(v)},
        notes=tuple(notes),
    )


# entry of plan.toml, as in ostealgia.toml -> name of the setting, where the two differ
RENAMED = {"column": "group", "factors": "subgroups", "show": "estimands"}
PLANNED = ("groups", "endpoints", "models", "subgroups", "estimands")


def _departures(contents: Any, said: dict[str, Any]) -> list[dict[str, str]]:
    """Settings that the plan states otherwise. said : name -> value of this analysis."""
    found = []
    for part in PLANNED:
        stated = contents.get(part, {})
        for key, planned in stated.items() if isinstance(stated, dict) else ():
            name = RENAMED.get(key, key)
            if name in said and _plain(planned) != _plain(said[name]):
                found.append({"entry": f"{part}.{key}", "planned": _words(planned), "now": _words(said[name])})
    return found


def _plain(value: Any) -> Any:
    """A value as it would be typed: lists of one as the one, keys as text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return _plain(value[0]) if len(value) == 1 else [_plain(item) for item in value]
    return value


def _words(value: Any) -> str:
    if value is None:
        return "by default"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_words(item)}" for name, item in value.items()) or "none"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def flow_section(context: Context) -> Section:
    """From screening to the visits (STROBE item 13)."""
    import pandas as pd

    steps = Steps()
    found = steps.run("flow", lambda: flow(context.cohort)) if "screening" in context.cohort else None
    rows = []
    if found is not None:
        rows += [
            {"stage": "screened", "group": "", "n": found.screened},
            {"stage": "not eligible", "group": "", "n": found.screened - found.eligible},
            {"stage": "eligible", "group": "", "n": found.eligible},
        ]
    rows.append({"stage": "analysed", "group": "", "n": context.cohort.n})
    for name in context.groups:
        mine = context.group == name
        rows.append({"stage": "analysed", "group": name, "n": int(mine.sum())})
        rows += [
            {
                "stage": f"pain assessed at week {week}",
                "group": name,
                "n": int(context.wide.loc[mine, f"nrs_{week}"].notna().sum()),
            }
            for week in context.weeks
        ]
    tables: dict[str, Any] = {"patients": pd.DataFrame(rows)}
    if found is not None:
        if len(found.reasons):
            tables["reasons"] = found.reasons.rename(columns={"n_first": "n"})
        tables["visits"] = found.visits
    notes = (
        () if "screening" in context.cohort else ("there is no screening log: the way to enrolment cannot be shown",)
    )
    return Section(
        id="flow", title=SECTIONS["flow"], results={} if found is None else {"flow": found}, tables=tables,
        notes=(*notes, *(found.notes if found is not None else ())), failed=steps.failed,
    )  # fmt: skip


def table_one_section(context: Context) -> Section:
    """Who the patients of each group are, with standardised differences."""
    steps = Steps()
    names = context.available(context.settings.baseline, BASELINE, "baseline")
    found = steps.run("baseline table", lambda: _table_one(context, names))
    if found is None:
        return Section(id="table-one", title=SECTIONS["table-one"], failed=steps.failed)
    tables = {"patients": found.to_frame()}
    notes = list(found.notes)
    if context.compared:
        tables["tests"] = found.tests()
        notes.append(
            "groups that were not randomised differ by more than chance: read the standardised differences, not the P values"
        )
    return Section(
        id="table-one", title=SECTIONS["table-one"], results={"table_one": found}, tables=tables, notes=tuple(notes),
        excluded=found.excluded, failed=steps.failed,
    )  # fmt: skip


def _table_one(context: Context, names: tuple[str, ...]) -> Any:
    if not names:
        raise TableError(
            "patients has no baseline variable that is known here", file="patients", expected=", ".join(BASELINE[:6])
        )
    if not context.compared:
        return _one_group(context, names)
    return table_one(
        context.baseline,
        by="group",
        variables=names,
        levels=context.levels,
        level=context.level,
        seed=context.rng_seed,
        most_steps=MOST_STEPS,
    )


def _one_group(context: Context, names: tuple[str, ...]) -> TableOne:
    """The same table of a single group: descriptions, no test and no difference."""
    rows = []
    for name in names:
        values = column_of(context.baseline, name)
        gone = absent(values)
        missing = int(gone.sum())
        if _is_categorical(values):
            part = grouping({name: values[~gone]}, [name], {})
            counts = np.bincount(part.codes, minlength=len(part.levels))
            rows.append(
                BaselineRow(
                    variable=name, kind="category", groups=(Described(n=int((~gone).sum()), missing=missing),), levels=part.levels,
                    counts=tuple((int(count),) for count in counts), tests=(), shown="", smd=float("nan"),
                )
            )  # fmt: skip
        else:
            described = _describe(values[~gone].astype(float), missing)
            rows.append(
                BaselineRow(
                    variable=name,
                    kind="number",
                    groups=(described,),
                    levels=(),
                    counts=(),
                    tests=(),
                    shown="",
                    smd=float("nan"),
                )
            )
    return TableOne(by="group", groups=context.groups, n=(context.cohort.n,), ci_level=context.level, rows=tuple(rows))
