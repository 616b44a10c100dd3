"""Sections on pain: the consensus response by week, worst pain over time by four models, opioid use."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.clinical.pain_response_rules import DEFINITIONS
from ostealgia.cohort.analysis_context import Context, Steps
from ostealgia.cohort.analysis_model import SECTIONS, Section
from ostealgia.cohort.ancova_fit import ancova
from ostealgia.cohort.ancova_paired import paired_change
from ostealgia.cohort.derivations import best_response
from ostealgia.cohort.mixed_model_fit import mixed_model
from ostealgia.cohort.mmrm_fit import mmrm
from ostealgia.cohort.response_difference_build import response_difference, two_group_effects
from ostealgia.errors import OstealgiaError, TableError

CLASSES = ("CR", "PR", "PP", "IR", "NR", "NE")
DF_OF_MIXED = {"kenward-roger-linear": "kenward-roger"}  # the linear mixed model has one form of it
ONE_GROUP = "there is one group: comparisons are left out"


def left_out(context: Context) -> tuple[str, ...]:
    """The sentence where nothing can be compared."""
    return () if context.compared else (ONE_GROUP,)


# --- response ---------------------------------------------------------------------------------------------------------


def response_section(context: Context) -> Section:
    """Consensus response by week over both denominators, differences between groups, and other definitions beside it."""
    steps = Steps()
    found = steps.run("response", lambda: context.response)
    if found is None:
        return Section(id="response", title=SECTIONS["response"], failed=steps.failed)
    tables: dict[str, Any] = {
        "classes": _classes(context, found),
        "rates": _seen(context, found, found.rates(level=context.level)),
    }
    steps.run("", context.refuse_unassessed)
    blind = context.unassessed(found)
    if context.compared:
        made = steps.run("differences", lambda: response_difference(found, context.pairs, level=context.level))
        if made is not None:
            away = {(week, f"{one} - {other}") for one, other in context.pairs for week in found.by_week
                    if (week, one) in blind or (week, other) in blind}  # fmt: skip
            keep = [(week, pair) not in away for week, pair in zip(made["week"], made["comparison"], strict=True)]
            tables["differences"] = made[keep].reset_index(drop=True)
    tables["definitions"] = _definitions(context)
    tables["best"] = _best(context, found)
    notes = (
        "the rate among all treated counts those without a value, dead or treated again as no response; the rate among the assessable "
        "leaves out who died or did not come, and is higher by that; it and the classes count a response after the index site was treated "
        "again as it is",
        "best response is another outcome than response at a week, and always higher",
    )
    return Section(
        id="response", title=SECTIONS["response"], results={"response": found}, tables={k: v for k, v in tables.items() if len(v)},
        notes=(*found.notes, *notes, *_blind_notes(blind), *left_out(context)), excluded=found.excluded, failed=steps.failed,
    )  # fmt: skip


def _seen(context: Context, found: Any, rates: Any) -> Any:
    """Rates of the weeks and groups in which somebody could be assessed, or all had died."""
    blind = context.unassessed(found)
    kept = [(week, group) not in blind for week, group in zip(rates["week"], rates["group"], strict=True)]
    return rates[kept].reset_index(drop=True)


def _blind_notes(blind: dict[tuple[int, str], str]) -> tuple[str, ...]:
    """Which weeks have no rate because nobody could be assessed."""
    weeks: dict[str, list[int]] = {}
    for week, group in blind:
        weeks.setdefault(group, []).append(week)
    return tuple(
        f"nobody in {group} could be assessed at week {', '.join(map(str, found))}: no rate is given, and none is 0"
        for group, found in weeks.items()
    )


def _classes(context: Context, found: Any) -> Any:
    """One row a week, group and class."""
    import pandas as pd

    counts = found.counts().set_index(["group", "week"])
    rows = []
    for week in found.by_week:
        for name in context.groups:
            own = counts.loc[(name, week)]
            n = int(own.sum())
            for label in CLASSES:
                if label in own.index:
                    events = int(own[label])
                    rows.append(
                        {
                            "week": week,
                            "group": name,
                            "pain_response": label,
                            "events": events,
                            "n": n,
                            "percent": 100 * events / n,
                        }
                    )
    return pd.DataFrame(rows)


def _definitions(context: Context) -> Any:
    """Response at the main week by every definition of the literature that the data allow."""
    import pandas as pd

    rows = []
    for label, definition in DEFINITIONS.items():
        try:
            found = context.response if label == context.settings.definition else context.responses_by(label)
        except OstealgiaError:
            continue  # the data do not hold what this definition looks at
        rates = _seen(context, found, found.rates(level=context.level))
        rates = rates[rates["week"] == context.primary_week].assign(
            definition=label, rule=definition.rule, source=definition.source
        )
        rows.append(rates.assign(check_status=definition.check_status))
    frame: Any = pd.concat(rows, ignore_index=True)
    first = ["week", "definition", "group", "denominator"]
    return frame[[*first, *(name for name in frame.columns if name not in first)]]


def _best(context: Context, found: Any) -> Any:
    """Best response over all weeks by group."""
    import pandas as pd

    frame: Any = best_response(found)
    rows = []
    for name in context.groups:
        own = frame.loc[(frame["group"] == name).to_numpy(), "pain_response"]
        rows += [
            {"group": name, "pain_response": label, "events": int((own == label).sum()), "n": len(own)}
            for label in CLASSES
            if (frame["pain_response"] == label).any()
        ]
    return pd.DataFrame(rows)


# --- pain -------------------------------------------------------------------------------------------------------------


def pain_section(context: Context) -> Section:
    """Worst pain: MMRM (primary), linear mixed model, ANCOVA at the main week, change within each group."""
    steps = Steps()
    tables: dict[str, Any] = {"observed": observed(context, "nrs", ("nrs_baseline", "baseline"))}
    results: dict[str, Any] = {}
    primary = steps.run("MMRM", lambda: pain_mmrm(context))
    mixed = steps.run("linear mixed model", lambda: _mixed(context))
    for key, words, fit in (("mmrm", "MMRM", primary), ("mixed_model", "linear mixed model", mixed)):
        if fit is not None:
            results[key] = fit
            _model_tables(context, fit, words, steps, tables)
    if mixed is not None and context.compared:
        made = steps.run("differences in change", lambda: mixed.differences_in_change("group", over="week").to_frame())
        if made is not None:
            made = made.rename(columns={"contrast": "comparison", "family_size": "n_comparisons"})
            tables["changes"] = made.drop(columns=["p_value_unadjusted", "adjust"])
    week = context.primary_week
    if context.compared:
        found = steps.run(f"ANCOVA at week {week}", lambda: pain_ancova(context, week))
        if found is not None:
            results["ancova"] = found
            made = steps.run(f"ANCOVA at week {week}", lambda: contrast_table(found))
            if made is not None:
                _add(tables, "contrasts", made.assign(week=week, model="ANCOVA"))
            _add(tables, "coefficients", found.to_frame().assign(model="ANCOVA"))
    paired = steps.run(
        "change within groups",
        lambda: paired_change(
            context.wide, before="nrs_baseline", after=f"nrs_{week}", group="group", level=context.level
        ),
    )
    if paired is not None:
        results["paired_change"] = paired
        tables["change"] = paired.to_frame().assign(week=week)
    fits = [fit for fit in (primary, mixed) if fit is not None]
    said = [note for fit in fits for note in fit.notes]
    notes = (
        "missing visits: at random given the pain seen before and the covariates; after death the means are of a course without death",
        "a change within a group is no effect of treatment",
    )
    return Section(
        id="pain",
        title=SECTIONS["pain"],
        results=results,
        tables=tables,
        notes=(*said, *notes, *left_out(context)),
        failed=steps.failed,
    )


def pain_mmrm(context: Context, frame: Any = None) -> Any:
    """The primary model: pain at the weeks after baseline, given pain at baseline; a simpler model where there is one week only."""
    rows: Any = context.long() if frame is None else frame
    covariates = "".join(f" + {name}" for name in context.settings.covariates)
    start = "" if rows["baseline"].nunique() < 2 else "baseline * factor(week) + "
    group = "group * factor(week)" if rows["group"].nunique() > 1 else "factor(week)"
    if rows["week"].nunique() < 2:
        raise TableError(
            "pain is known at one week after baseline only", column="nrs_worst", expected="two weeks; see the ANCOVA"
        )
    fit = mmrm(
        rows, outcome="value", fixed=f"{start}{group}{covariates}", subject="id", visit="week", covariance=context.settings.covariance,
        df=context.settings.df_method, level=context.level, reference=_reference(context, rows),
    )  # fmt: skip
    if not fit.converged:
        raise TableError(
            f"the model did not converge with covariance {', '.join(context.settings.covariance)}", column="nrs_worst"
        )
    return fit


def _reference(context: Context, rows: Any) -> dict[str, str] | None:
    return (
        {"group": context.groups[0]}
        if (rows["group"] == context.groups[0]).any() and rows["group"].nunique() > 1
        else None
    )


def _mixed(context: Context) -> Any:
    rows = context.long(with_baseline=True)
    group = "group * factor(week)" if context.compared else "factor(week)"
    df = DF_OF_MIXED.get(context.settings.df_method, context.settings.df_method)
    return mixed_model(
        rows, outcome="value", fixed=group, subject="id", random=context.settings.random, df=df,
        level=context.level, reference=_reference(context, rows),
    )  # fmt: skip


def pain_ancova(context: Context, week: int, *, outcome: str = "") -> Any:
    """Pain at a week given pain at baseline, by ordinary least squares on who was seen."""
    covariates = " + ".join(context.settings.covariates)
    return ancova(
        context.wide, outcome=outcome or f"nrs_{week}", group="group", baseline="nrs_baseline", covariates=covariates, level=context.level,
        reference={"group": context.groups[0]},
    )  # fmt: skip


def _add(tables: dict[str, Any], name: str, frame: Any) -> None:
    """Rows below those that a table has; the model, the week and the comparison first."""
    import pandas as pd

    first = [column for column in ("model", "week", "comparison", "group", "term") if column in frame.columns]
    frame = frame[[*first, *(column for column in frame.columns if column not in first)]]
    tables[name] = pd.concat([tables[name], frame], ignore_index=True) if name in tables else frame


def _model_tables(context: Context, fit: Any, words: str, steps: Steps, tables: dict[str, Any]) -> None:
    """Means by week, and differences by week with the P of the named family beside."""
    by = ["group", "week"] if context.compared else ["week"]
    means = steps.run(f"{words}, marginal means", lambda: fit.marginal_means(by).to_frame())
    if means is not None:
        _add(
            tables,
            "means",
            means.assign(model=words) if context.compared else means.assign(model=words, group=context.groups[0]),
        )
    if context.compared:
        made = steps.run(f"{words}, differences", lambda: contrast_table(fit, within="week"))
        if made is not None:
            _add(tables, "contrasts", made.assign(model=words))
    tests = steps.run(f"{words}, tests of terms", lambda: fit.term_tests().to_frame())
    if tests is not None:
        _add(
            tables,
            "terms",
            tests.rename(columns={"df": "df", "df_denominator": "df_2"})
            .drop(columns="sum_of_squares")
            .assign(model=words),
        )
    _add(tables, "coefficients", fit.to_frame().assign(model=words))


def contrast_table(fit: Any, *, within: str | tuple[str, ...] = ()) -> Any:
    """Differences of each group from the reference: limits and P unadjusted, and P by Bonferroni over all of them, the family named."""
    plain = fit.contrasts("group", within=within, compare="reference").to_frame()
    pooled = fit.contrasts("group", within=within, compare="reference", adjust="bonferroni", family="all").to_frame()
    plain = plain.drop(columns=["p_value_unadjusted", "adjust", "family", "family_size"]).rename(
        columns={"contrast": "comparison"}
    )
    return plain.assign(
        p_adjusted=pooled["p_value"],
        family="Bonferroni " + pooled["family"].astype(str),
        n_comparisons=pooled["family_size"],
    )


def observed(context: Context, stem: str, start: tuple[str, str]) -> Any:
    """What was seen: n, mean, SD, median and quartiles by group and week; no model."""
    import pandas as pd

    rows = []
    for week, name in [(0, start[0]), *((week, f"{stem}_{week}") for week in context.weeks)]:
        for group in context.groups:
            values = context.wide.loc[context.group == group, name].to_numpy(dtype=float)
            rows.append({"week": week, "group": group, **described(values)})
    return pd.DataFrame(rows)


def described(values: Any) -> dict[str, Any]:
    """n, missing, mean, sd, median, quartiles, min and max of what is known."""
    known = values[~np.isnan(values)]
    out: dict[str, Any] = {"n": len(known), "missing": len(values) - len(known)}
    empty = not len(known)
    out |= {
        "mean": np.nan if empty else float(known.mean()),
        "sd": float(known.std(ddof=1)) if len(known) > 1 else np.nan,
    }
    quantiles = [np.nan] * 5 if empty else np.quantile(known, [0.5, 0.25, 0.75, 0.0, 1.0]).tolist()
    return out | dict(zip(("median", "q1", "q3", "min", "max"), quantiles, strict=True))


# --- opioids ----------------------------------------------------------------------------------------------------------


def opioid_section(context: Context) -> Section:
    """Oral morphine equivalents: what was seen, who needed a quarter more, and the change given the dose at baseline."""
    steps = Steps()
    known = any(context.wide[f"omed_{week}"].notna().any() for week in context.weeks)
    if not known:
        return Section(
            id="opioids", title=SECTIONS["opioids"], failed="no opioid dose after baseline is known (omed_mg in visits)"
        )
    tables: dict[str, Any] = {"observed": observed(context, "omed", ("omed_baseline_mg", "baseline"))}
    tables["increase"], differences = _increase(context)
    results: dict[str, Any] = {}
    if context.compared:
        tables["increase_differences"] = differences
        parts = [
            steps.run(f"ANCOVA at week {week}", lambda week=week: _omed_ancova(context, week)) for week in context.weeks
        ]
        frames = []
        for week, fit in zip(context.weeks, parts, strict=True):
            if fit is not None:
                results[f"ancova_{week}"] = fit
                made = steps.run(f"difference at week {week}", lambda fit=fit: contrast_table(fit))
                if made is not None:
                    frames.append(made.assign(week=week))
        if frames:
            tables["contrasts"] = _bonferroni(frames, "over all weeks together")
    notes = (
        "doses are oral morphine equivalents, mg a day; they measure exposure and are no advice on doses",
        "an increase is a dose a quarter or more above that at baseline, or any opioid where there was none",
        "differences in mg a day: ANCOVA of the dose given that at baseline, HC3 standard errors, on who was seen",
    )
    return Section(
        id="opioids",
        title=SECTIONS["opioids"],
        results=results,
        tables=tables,
        notes=(*notes, *left_out(context)),
        failed=steps.failed,
    )


def raised(start: Any, dose: Any) -> Any:
    """Whether the dose rose by a quarter or more, or from none; NaN where a dose is not known."""
    rise = np.where(start > 0, dose >= 1.25 * start, dose > 0).astype(float)
    return np.where(np.isnan(start) | np.isnan(dose), np.nan, rise)


def _increase(context: Context) -> tuple[Any, Any]:
    import pandas as pd

    from ostealgia.cohort.response_difference_build import risks

    start = context.wide["omed_baseline_mg"].to_numpy(dtype=float)
    rows, differences = [], []
    for week in context.weeks:
        up = raised(start, context.wide[f"omed_{week}"].to_numpy(dtype=float))
        counts = {}
        for group in context.groups:
            own = up[context.group == group]
            counts[group] = (float(np.nansum(own)), float((~np.isnan(own)).sum()))
        found = risks([c[0] for c in counts.values()], [c[1] for c in counts.values()], context.level)
        rows += [{"week": week, "group": group, **one} for group, one in zip(counts, found, strict=True)]
        for one, other in context.pairs:
            effects = two_group_effects(*counts[one], *counts[other], level=context.level)
            differences += [{"week": week, "comparison": f"{one} - {other}", **effect} for effect in effects]
    return pd.DataFrame(rows), pd.DataFrame(differences)


def _omed_ancova(context: Context, week: int) -> Any:
    return ancova(
        context.wide, outcome=f"omed_{week}", group="group", baseline="omed_baseline_mg", std_error="HC3", level=context.level,
        reference={"group": context.groups[0]},
    )  # fmt: skip


def _bonferroni(frames: list[Any], family: str) -> Any:
    """Tables of one comparison each, below one another, with P times their number."""
    import pandas as pd

    frame = pd.concat(frames, ignore_index=True)
    size = len(frame)
    return frame.assign(
        p_adjusted=np.minimum(1.0, frame["p_value"] * size), family=f"Bonferroni {family}", n_comparisons=size
    )
