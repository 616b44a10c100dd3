"""Sections on who responds: predictors chosen as in the paper and otherwise, and effects in subgroups."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from ostealgia.cohort.analysis_context import PREDICTORS, SUBGROUPS, Context, Steps
from ostealgia.cohort.analysis_model import SECTIONS, Section
from ostealgia.cohort.logistic_model import logistic
from ostealgia.cohort.logistic_screen import backward_aic, univariable_screen
from ostealgia.cohort.performance_measures import decision_curve, performance, ridge
from ostealgia.cohort.subgroups_effects import subgroup_effects
from ostealgia.errors import OstealgiaError, TableError

OUTCOME = "responder"
PER_COEFFICIENT = 10
RUNAWAY = 50.0  # standard error of a log odds ratio that has no finite estimate
THRESHOLDS = tuple(round(0.05 * i, 2) for i in range(2, 19))


def with_response(context: Context, *, everywhere: bool = False) -> Any:
    """One row a patient: baseline, responder (1, 0; all treated) at the main week, and pain there."""
    context.refuse_unassessed(everywhere=everywhere)
    frame = context.response.by_week[context.primary_week]
    if len(frame) != context.cohort.n:
        raise TableError("several sites a patient", file="visits", column="site", expected="one site a patient")
    return context.wide.assign(**{OUTCOME: np.asarray(frame.responder_all_treated, dtype=float)})


def predictors_section(context: Context) -> Section:
    """Which baseline variables go with response: the screen of the paper with its stability, the whole model, and shrinkage beside."""
    steps = Steps()
    results: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    notes = [
        f"outcome: response at week {context.primary_week} among all treated",
        f"screening by P below {context.settings.screen_p:g} is done because papers do it; the selection frequency says how often each "
        "variable would pass in other samples of such patients",
        "associations in this cohort, judged on the patients they were found in; none is a cause by this",
    ]
    frame = steps.run("", lambda: with_response(context, everywhere=True))
    if frame is not None:
        names = context.available(context.settings.predictors, PREDICTORS, "predictors")
        _predictors(context, frame, [*(["group"] if context.compared else []), *names], steps, results, tables, notes)
    return Section(
        id="predictors",
        title=SECTIONS["predictors"],
        results=results,
        tables=tables,
        notes=tuple(notes),
        failed=steps.failed,
    )


def _predictors(
    context: Context,
    frame: Any,
    names: list[str],
    steps: Steps,
    results: dict[str, Any],
    tables: dict[str, Any],
    notes: list[str],
) -> None:
    settings, events = context.settings, int(frame[OUTCOME].sum())
    fewer = min(events, len(frame) - events)
    if not names:
        raise_nothing = "patients has no candidate variable that is known here"
        steps.failures.append(f"predictors: {raise_nothing}")
        return
    if fewer == 0:
        steps.failures.append(
            f"predictors: {'nobody' if events == 0 else 'everybody'} is a responder, so nothing tells them apart"
        )
        return
    screen = steps.run("screening", lambda: univariable_screen(
        frame, outcome=OUTCOME, candidates=names, entry_p=settings.screen_p, bootstrap=settings.bootstrap, seed=context.rng_seed,
        levels=context.levels))  # fmt: skip
    if screen is not None:
        results["screen"] = screen
        tables["screen"] = _ratios(screen.to_frame(), context.level)
        notes += [note for note in screen.notes if note not in notes]
        if not screen.selected:
            steps.failures.append(f"model of the screened variables: none has P below {settings.screen_p:g}")
    chosen = list(screen.selected) if screen is not None else []
    if chosen:
        _model(context, frame, chosen, steps, results, tables, notes)
    columns = _coefficients(frame, names)
    if fewer < columns:
        steps.failures.append(
            f"models of all candidates: {fewer} patients with the rarer outcome for {columns} coefficients; one each is the least"
        )
        return
    _alternatives(context, frame, names, steps, results, tables)
    if fewer < PER_COEFFICIENT * columns:
        notes.append(
            f"{fewer} patients with the rarer outcome for {columns} coefficients of all candidates: fewer than {PER_COEFFICIENT} each, so "
            "the model of all candidates is unstable and the shrunken one is to be preferred"
        )


def _coefficients(frame: Any, names: list[str]) -> int:
    return sum(1 if frame[name].dtype.kind in "iuf" else max(1, frame[name].nunique() - 1) for name in names)


def _ratios(frame: Any, level: float) -> Any:
    """Odds ratios with Wald limits from log odds ratios; the standard error stays that of the logarithm."""
    half = float(ndtri(0.5 + level / 2)) * frame["std_error"]
    runaway = (frame["std_error"] > RUNAWAY).to_numpy()  # separated: no finite odds ratio
    ends = {"estimate": frame["estimate"], "ci_low": frame["estimate"] - half, "ci_high": frame["estimate"] + half}
    made = {name: np.exp(np.where(runaway, np.nan, values.to_numpy(dtype=float))) for name, values in ends.items()}
    return frame.assign(**made, ci_level=level, measure="odds ratio")


def logistic_or_firth(frame: Any, *, terms: list[str], context: Context) -> Any:
    """Logistic regression; Firth's penalised one where a coefficient has no finite estimate (``fit.method`` says so)."""
    options: dict[str, Any] = {"outcome": OUTCOME, "terms": terms, "level": context.level, "levels": context.levels}
    try:
        fit = logistic(frame, **options)
    except TableError as error:
        if "firth" not in str(error).lower():
            raise
        return logistic(frame, **options, method="firth")
    return fit if fit.fit.converged else logistic(frame, **options, method="firth")


def _model(
    context: Context,
    frame: Any,
    chosen: list[str],
    steps: Steps,
    results: dict[str, Any],
    tables: dict[str, Any],
    notes: list[str],
) -> None:
    fit = steps.run("logistic model", lambda: logistic_or_firth(frame, terms=chosen, context=context))
    if fit is None:
        return
    results["logistic"] = fit
    tables["model"] = fit.to_frame(exponentiate=True).assign(measure="odds ratio", method=fit.method, n=fit.n)
    if fit.method == "firth":
        notes.append(
            "a variable separates responders from others: Firth's penalised likelihood is used, with its limits"
        )
    measured = steps.run("performance", lambda: performance(
        fit, bootstrap=context.settings.bootstrap, seed=context.rng_seed, level=context.level))  # fmt: skip
    if measured is not None:
        results["performance"] = measured
        tables["performance"] = measured.to_frame()
        tables["calibration"] = measured.calibration_frame()
    curve = steps.run("decision curve", lambda: decision_curve(fit, thresholds=THRESHOLDS))
    if curve is not None:
        results["decision_curve"] = curve
        tables["decision_curve"] = curve.to_frame()


def _alternatives(
    context: Context, frame: Any, names: list[str], steps: Steps, results: dict[str, Any], tables: dict[str, Any]
) -> None:
    """All candidates: maximum likelihood, Firth, ridge; and backward by AIC."""
    import pandas as pd

    parts: list[Any] = []
    options: dict[str, Any] = {"outcome": OUTCOME, "level": context.level, "levels": context.levels}
    whole = None
    try:
        whole = logistic(frame, terms=names, **options)
    except OstealgiaError as error:
        steps.failures.append(f"model of all candidates: {error}")
    if whole is not None:
        parts.append(whole.to_frame(exponentiate=True).assign(model="all candidates, maximum likelihood"))
    firth = steps.run("model of all candidates, Firth", lambda: logistic(frame, terms=names, method="firth", **options))
    if firth is not None:
        results["firth"] = firth
        parts.append(firth.to_frame(exponentiate=True).assign(model="all candidates, Firth"))
    if whole is not None:
        shrunken = steps.run("ridge", lambda: ridge(whole, seed=context.rng_seed))
        if shrunken is not None:
            results["ridge"] = shrunken
            table = shrunken.to_frame()
            parts.append(table.assign(estimate=np.exp(table["estimate"]), model="all candidates, ridge"))
        fewer = steps.run(
            "backward selection", lambda: backward_aic(frame, outcome=OUTCOME, candidates=names, levels=context.levels)
        )
        if fewer is not None:
            results["backward"] = fewer
            parts.append(fewer.to_frame(exponentiate=True).assign(model="backward by AIC"))
    if parts:
        made = pd.concat(parts, ignore_index=True).assign(measure="odds ratio")
        tables["alternative"] = made[["model", *(name for name in made.columns if name != "model")]]


def subgroups_section(context: Context) -> Section:
    """Response and pain difference by pre-stated factors with the test of interaction."""
    id = "subgroups"
    steps = Steps()
    pair = steps.run("", context.of_two)
    if pair is None:
        return Section(id=id, title=SECTIONS[id], failed=steps.failed)
    names = context.available(context.settings.subgroups, SUBGROUPS, "subgroups")
    two = pair.two
    frame = steps.run("", lambda: with_response(pair))
    if frame is None or two is None:
        return Section(id=id, title=SECTIONS[id], failed=steps.failed)
    week = context.primary_week
    start = "nrs_baseline" if frame["nrs_baseline"].nunique() > 1 else None

    def effects(factors: tuple[str, ...]) -> Any:
        return subgroup_effects(
            frame, group="group", treated=two[0], reference=two[1], factors=factors, response=OUTCOME, pain=f"nrs_{week}", baseline=start,
            level=context.level,
        )  # fmt: skip

    usable = tuple(name for name in names if steps.run(name, lambda name=name: effects((name,))) is not None)
    found = steps.run("subgroups", lambda: effects(usable))
    if found is None:
        return Section(id=id, title=SECTIONS[id], failed=steps.failed)
    stated = "stated beforehand" if context.settings.subgroups is not None else "the usual ones, not stated beforehand"
    notes = (
        f"factors: {stated}", "the test of interaction is the answer; a subgroup with P below 0.05 beside one without is no difference",
        "interaction of the response on the log odds scale by likelihood ratio, of pain by F; P adjusted by Bonferroni over the factors",
    )  # fmt: skip
    tables = {"subgroups": found.effects, "interactions": found.interactions}
    return Section(
        id=id, title=SECTIONS[id], results={"subgroups": found}, tables={k: v for k, v in tables.items() if len(v)},
        notes=(*found.notes, *notes), excluded=found.excluded, failed=steps.failed,
    )  # fmt: skip
