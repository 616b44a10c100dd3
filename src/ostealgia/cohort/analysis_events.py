"""Sections on events: toxicity, onset and duration of relief, survival, and the trap of immortal time."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.cohort.adverse_events_table import adverse_events
from ostealgia.cohort.analysis_context import STRATA, Context, Steps
from ostealgia.cohort.analysis_model import SECTIONS, Section
from ostealgia.cohort.analysis_response import left_out
from ostealgia.cohort.competing_incidence import cumulative_incidence, gray_test
from ostealgia.cohort.competing_regression import fine_gray
from ostealgia.cohort.cox_model import cox
from ostealgia.cohort.derivations import relief_duration, time_to_relief
from ostealgia.cohort.derivations_events import survival_frame
from ostealgia.cohort.quality_order import DAYS_PER_MONTH
from ostealgia.cohort.survival_kaplan_meier import kaplan_meier
from ostealgia.cohort.survival_landmark import immortal_time
from ostealgia.cohort.survival_tests import logrank, rmst
from ostealgia.errors import TableError

ENDPOINTS = {"os": "overall survival", "pfs": "survival without pain progression"}
GRID_WEEKS = (1, 2, 4, 8, 12, 26, 52)
GRID_MONTHS = (3.0, 6.0, 12.0, 24.0, 36.0)
RATIO = ("estimate", "ci_low", "ci_high")


def toxicity_section(context: Context) -> Section:
    """Patients with adverse events by worst grade."""
    id = "toxicity"
    if "adverse_events" not in context.cohort:
        return Section(id=id, title=SECTIONS[id], failed="there is no adverse_events table")
    steps = Steps()
    found = steps.run(
        "adverse events", lambda: adverse_events(context.cohort, groups=context.groups, level=context.level)
    )
    if found is None:
        return Section(id=id, title=SECTIONS[id], failed=steps.failed)
    tables = {
        "events": found.rates,
        "grades": found.grades,
        "differences": found.differences,
        "discontinuation": found.discontinued,
    }
    notes = (
        "each patient counts once a category, by the worst grade; all patients are the denominator",
        "P by Fisher's exact test, not adjusted: with many categories some below 0.05 are chance",
        *(
            ()
            if not context.compared
            else ("more visits or longer follow-up in one group find more events: read with the flow of patients",)
        ),
    )
    return Section(
        id=id, title=SECTIONS[id], results={"adverse_events": found}, tables={k: v for k, v in tables.items() if len(v)},
        notes=(*found.notes, *notes, *left_out(context)), failed=steps.failed,
    )  # fmt: skip


# --- relief -----------------------------------------------------------------------------------------------------------


def relief_section(context: Context) -> Section:
    """Onset of relief with death competing; how long it lasts in those who had it."""
    id = "relief"
    if "events" not in context.cohort:
        return Section(id=id, title=SECTIONS[id], failed="there is no events table")
    steps = Steps()
    results: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    frame = steps.run("time to relief", lambda: _timed(time_to_relief(context.cohort), "time to relief"))
    source = () if frame is None else (f"onset from {frame['source'].iloc[0]}",)
    if frame is not None:
        _relief(context, frame, steps, results, tables, "incidence", {1: "relief", 2: "death"})
    if frame is not None and "relief_onset_day" in context.cohort.table("events").columns:
        length = steps.run("duration of relief", lambda: _timed(relief_duration(context.cohort), "duration of relief"))
        if length is not None:
            causes = {
                code: name
                for code, name in {1: "pain progression", 2: "death"}.items()
                if (length["event"] == code).any()
            }
            found = steps.run("duration of relief", lambda: _incidence(context, length, causes or None))
            if found is not None:
                results["duration"] = found
                tables["duration"] = found.at([7.0 * week for week in GRID_WEEKS if week >= 4])
                tables["duration"].insert(2, "week", (tables["duration"]["time"] / 7).round().astype(int))
    notes = (
        *source, "death competes: the curves are cumulative incidences, not 1 - Kaplan-Meier",
        "duration is of those who had relief, a group selected after treatment: it describes and does not compare",
    )  # fmt: skip
    return Section(
        id=id,
        title=SECTIONS[id],
        results=results,
        tables=tables,
        notes=(*notes, *left_out(context)),
        failed=steps.failed,
    )


def _timed(frame: Any, what: str) -> Any:
    """Rows with a time; refused where none has one."""
    known = frame[frame["time_days"].notna()]
    if not len(known):
        raise TableError(f"nobody has a {what}", file="events", expected="follow-up in events")
    return known


def _incidence(context: Context, frame: Any, causes: Any) -> Any:
    present = [name for name in context.groups if (frame["group"] == name).any()]
    return cumulative_incidence(
        frame,
        time="time_days",
        status="event",
        by="group",
        causes=causes,
        level=context.level,
        levels={"group": present},
    )


def _relief(
    context: Context,
    frame: Any,
    steps: Steps,
    results: dict[str, Any],
    tables: dict[str, Any],
    key: str,
    causes: dict[int, str],
) -> None:
    present = {code: name for code, name in causes.items() if (frame["event"] == code).any()}
    if 1 not in present:
        steps.failures.append("onset of relief: nobody had relief")
        return
    found = steps.run("cumulative incidence", lambda: _incidence(context, frame, present))
    if found is None:
        return
    results[key] = found
    weeks = [week for week in GRID_WEEKS if week <= max(12, context.primary_week)]
    tables["incidence"] = found.at([7.0 * week for week in weeks])
    tables["incidence"].insert(2, "week", (tables["incidence"]["time"] / 7).round().astype(int))
    if not context.compared:
        return
    tests = []
    for code, name in present.items():
        test = steps.run(f"Gray's test, {name}", lambda code=code: gray_test(
            frame, time="time_days", status="event", cause=code, by="group", levels=context.levels))  # fmt: skip
        if test is not None:
            results[f"gray_{name}"] = test
            tests.append(
                {"cause": name, "test": "Gray", "statistic": test.statistic, "df": test.df, "p_value": test.p_value}
            )
    if tests:
        import pandas as pd

        tables["gray"] = pd.DataFrame(tests)
    model = steps.run("Fine-Gray model", lambda: fine_gray(
        frame, time="time_days", status="event", cause=1, terms="group", level=context.level, levels=context.levels))  # fmt: skip
    if model is not None:
        results["fine_gray"] = model
        tables["subdistribution"] = model.to_frame(exponentiate=True)
    hazard = steps.run("cause-specific hazard", lambda: cox(
        frame, time="time_days", event="event", event_value=1, terms="group", level=context.level, levels=context.levels))  # fmt: skip
    if hazard is not None:
        results["cause_specific"] = hazard
        tables["cause_specific"] = hazard.to_frame(exponentiate=True)


# --- survival ---------------------------------------------------------------------------------------------------------


def survival_section(context: Context) -> Section:
    """Overall and progression-free survival: curves, medians, tests, hazard ratios, restricted means."""
    id = "survival"
    if "events" not in context.cohort:
        return Section(id=id, title=SECTIONS[id], failed="there is no events table")
    steps = Steps()
    results: dict[str, Any] = {}
    parts: dict[str, list[Any]] = {}
    for endpoint, words in ENDPOINTS.items():
        frame = steps.run(words, lambda endpoint=endpoint: survival_frame(context.cohort, endpoint))
        if frame is not None:
            _one_endpoint(context, _with_covariates(context, frame), endpoint, words, steps, results, parts)
    import pandas as pd

    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    notes = (
        "Kaplan-Meier with log-log limits; survival without progression counts pain progression and death",
        "hazard ratios: Cox, Efron's ties; the score test of proportional hazards stands beside",
        f"restricted means up to {context.settings.rmst_months:g} months, or to the end of the shorter follow-up",
        *((f"stratified by {', '.join(strata)}",) if (strata := _strata(context)) and context.compared else ()),
    )
    return Section(
        id=id,
        title=SECTIONS[id],
        results=results,
        tables=tables,
        notes=(*notes, *left_out(context)),
        failed=steps.failed,
    )


def _strata(context: Context) -> tuple[str, ...]:
    return context.available(context.settings.strata, STRATA, "strata")


def _with_covariates(context: Context, frame: Any) -> Any:
    extra = [name for name in (*context.confounders, *_strata(context)) if name not in frame.columns]
    return frame.assign(**{name: context.baseline[name].to_numpy() for name in dict.fromkeys(extra)})


def _one_endpoint(
    context: Context,
    frame: Any,
    key: str,
    words: str,
    steps: Steps,
    results: dict[str, Any],
    parts: dict[str, list[Any]],
) -> None:
    ask: dict[str, Any] = {"time": "time_months", "event": "event"}
    present = [
        name for name in context.groups if frame.loc[(frame["group"] == name).to_numpy(), "time_months"].notna().any()
    ]
    levels = {"group": present}

    def keep(table: str, made: Any) -> None:
        if made is not None and len(made):
            made = made.copy()
            made.insert(0, "endpoint", words)
            parts.setdefault(table, []).append(made)

    fit = steps.run(
        f"Kaplan-Meier, {words}", lambda: kaplan_meier(frame, **ask, by="group", level=context.level, levels=levels)
    )
    if fit is None:
        return
    results[key] = fit
    keep("medians", fit.summary_frame())
    longest = float(np.nanmax(frame["time_months"].to_numpy(dtype=float)))
    grid = [month for month in GRID_MONTHS if month <= longest]
    if grid:
        keep("at", fit.at(grid))
    if len(present) < 2:
        return
    keep("logrank", _tests(context, frame, ask, levels, words, key, steps, results))
    _hazards(context, frame, ask, levels, words, key, steps, results, keep)
    tau = _horizon(context, frame, present)
    mean = steps.run(
        f"restricted mean, {words}", lambda: rmst(frame, **ask, by="group", tau=tau, level=context.level, levels=levels)
    )
    if mean is not None:
        results[f"{key}_rmst"] = mean
        keep("rmst", mean.to_frame().assign(month=mean.tau))


def _horizon(context: Context, frame: Any, present: list[str]) -> float:
    """The stated horizon of restricted means, or the shortest of the groups' longest times where that is shorter."""
    known = frame[frame["time_months"].notna()]
    shared = min(float(known.loc[(known["group"] == name).to_numpy(), "time_months"].max()) for name in present)
    return min(shared, context.settings.rmst_months)


def _tests(
    context: Context,
    frame: Any,
    ask: dict[str, Any],
    levels: Any,
    words: str,
    key: str,
    steps: Steps,
    results: dict[str, Any],
) -> Any:
    import pandas as pd

    strata, rows = _strata(context), []
    for name, chosen in (("log-rank", None), ("stratified log-rank", strata or None)):
        if name != "log-rank" and chosen is None:
            continue
        test = steps.run(
            f"{name}, {words}", lambda chosen=chosen: logrank(frame, **ask, by="group", strata=chosen, levels=levels)
        )
        if test is not None:
            results[f"{key}_{name.replace(' ', '_').replace('-', '')}"] = test
            rows.append(
                {
                    "test": name,
                    "strata": ", ".join(chosen or ()),
                    "statistic": test.statistic,
                    "df": test.df,
                    "p_value": test.p_value,
                }
            )
    return pd.DataFrame(rows)


def _hazards(
    context: Context,
    frame: Any,
    ask: dict[str, Any],
    levels: Any,
    words: str,
    key: str,
    steps: Steps,
    results: dict[str, Any],
    keep: Any,
) -> None:
    adjusted = [name for name in context.confounders if name != "group"]
    for model, terms in (("unadjusted", ["group"]), ("adjusted", ["group", *adjusted])):
        if model == "adjusted" and not adjusted:
            continue
        fit = steps.run(
            f"Cox model, {words}, {model}",
            lambda terms=terms: cox_or_firth(frame, terms=terms, level=context.level, levels=levels, **ask),
        )
        if fit is None:
            continue
        results[f"{key}_cox" if model == "unadjusted" else f"{key}_cox_adjusted"] = fit
        said = "Firth" if fit.firth else "maximum likelihood"
        keep("cox", fit.to_frame(exponentiate=True).assign(model=model, fitted_by=said, n=fit.n, events=fit.events))
        tests = (
            None
            if fit.firth
            else steps.run(
                f"proportional hazards, {words}, {model}", lambda fit=fit: fit.proportional_hazards().to_frame()
            )
        )
        if tests is not None:
            keep("proportional_hazards", tests.assign(model=model))


def cox_or_firth(frame: Any, **options: Any) -> Any:
    """Cox's model; where a coefficient has no finite estimate Firth's penalised one, which says so (``firth``)."""
    try:
        fit = cox(frame, **options)
    except TableError as error:
        if "firth" not in str(error).lower():
            raise
        return cox(frame, **options, firth=True)
    if bool(np.isfinite(fit.std_error).all()) and fit.converged and bool((fit.std_error < 50).all()):
        return fit
    return cox(frame, **options, firth=True)


# --- immortal time ----------------------------------------------------------------------------------------------------


def immortal_section(context: Context) -> Section:
    """Does relief go with longer survival? The naive answer, the landmark and the time-dependent one."""
    id = "immortal-time"
    if "events" not in context.cohort:
        return Section(id=id, title=SECTIONS[id], failed="there is no events table")
    steps = Steps()
    found = steps.run("immortal time", lambda: _immortal(context))
    if found is None:
        return Section(id=id, title=SECTIONS[id], failed=steps.failed)
    table = found.to_frame().copy()
    for name in RATIO:
        table[name] = np.exp(table[name].to_numpy(dtype=float))
    table["scale"] = "hazard ratio"
    notes = (
        "'ever relieved' known from the start is wrong: whoever had relief lived until then, and that time counts for relief",
        f"landmark at week {context.settings.landmark_week}: relief by then, among those alive then",
        "an association: relief is not allotted, and those who have it differ from the others",
    )
    return Section(
        id=id, title=SECTIONS[id], results={"immortal_time": found}, tables={"ratios": table}, notes=(*found.notes, *notes),
        failed=steps.failed,
    )  # fmt: skip


def _immortal(context: Context) -> Any:
    frame = survival_frame(context.cohort, "os")
    relief = time_to_relief(context.cohort)
    onset = np.where(relief["event"] == 1, relief["time_days"] / DAYS_PER_MONTH, np.nan)
    return immortal_time(
        frame.assign(relief=onset), time="time_months", event="event", exposure_time="relief",
        landmark_at=7 * context.settings.landmark_week / DAYS_PER_MONTH, level=context.level,
    )  # fmt: skip
