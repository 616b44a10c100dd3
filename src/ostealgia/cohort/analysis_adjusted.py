"""Sections on what may mislead: confounding, missing values, and events between treatment and outcome."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.cohort.analysis_context import Context, Steps
from ostealgia.cohort.analysis_model import SECTIONS, Section
from ostealgia.cohort.analysis_models import OUTCOME, with_response
from ostealgia.cohort.causal_sensitivity import e_value
from ostealgia.cohort.causal_standardisation import aipw, g_computation
from ostealgia.cohort.causal_weighting import propensity, weighted_effect
from ostealgia.cohort.derivations_events import survival_frame
from ostealgia.cohort.estimands_course import Course
from ostealgia.cohort.estimands_table import estimands_of
from ostealgia.cohort.imputation_pool import pool_imputations, tipping_point
from ostealgia.cohort.logistic_model import logistic
from ostealgia.display import count_of
from ostealgia.errors import TableError

KINDS = {
    "unweighted": "nobody is weighted",
    "ate": "all patients",
    "att": "the treated",
    "overlap": "those who could have had either",
}


# --- confounding ------------------------------------------------------------------------------------------------------


def weighting_section(context: Context) -> Section:
    """Weighted, standardised and doubly robust differences, balance before and after, and the E-value."""
    id = "weighting"
    steps = Steps()
    pair = steps.run("", context.of_two)
    frame = None if pair is None else steps.run("adjustment", lambda: _adjusted_frame(pair))
    if pair is None or frame is None:
        return Section(id=id, title=SECTIONS[id], failed=steps.failed)
    terms = list(pair.confounders)
    if not terms:
        return Section(id=id, title=SECTIONS[id], failed="patients has no confounder that is known here")
    results: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    score = steps.run("propensity score", lambda: propensity(frame, treatment="treated", terms=terms))
    if score is not None:
        results["propensity"] = score
        tables["balance"] = score.balance()
        tables["overlap"] = _overlap(score)
        _effects(pair, frame, terms, steps, results, tables)
    made = steps.run("E-value", lambda: _e_values(pair, frame, terms, results))
    if made is not None and len(made):
        tables["e_value"] = made
    notes = (
        f"confounders: {', '.join(terms)}; whatever else differs between the groups is not adjusted for",
        "standard errors of weighted differences know that the score was estimated (M-estimation) for ATE, ATT and overlap weights",
        "pain is compared among those seen at the main week; response among all",
        "AIPW is right where the model of the outcome or that of the score is; balance is a standardised difference below 0.1",
    )
    said = () if score is None else score.notes
    return Section(
        id=id, title=SECTIONS[id], results=results, tables=tables, notes=(*said, *notes), failed=steps.failed
    )


def _adjusted_frame(pair: Context) -> Any:
    frame = with_response(pair)
    two = pair.two
    assert two is not None  # of_two has refused it
    frame = frame.assign(treated=(pair.group == two[0]).astype(float))
    if "events" in pair.cohort:
        survival = survival_frame(pair.cohort, "os")
        frame = frame.assign(
            os_months=survival["time_months"].to_numpy(), os_event=survival["event"].astype(float).to_numpy()
        )
    return frame


def _overlap(score: Any) -> Any:
    """Quantiles of the score by group: where the groups do not meet."""
    import pandas as pd

    rows = []
    for name, inside in (("treated", score.treated == 1), ("reference", score.treated == 0)):
        values = np.quantile(score.score[inside], [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0])
        names = ("min", "p5", "q1", "median", "q3", "p95", "max")
        rows.append(
            {"group": name, "n": int(inside.sum()), **dict(zip(names, (float(v) for v in values), strict=True))}
        )
    return pd.DataFrame(rows)


def _effects(
    pair: Context, frame: Any, terms: list[str], steps: Steps, results: dict[str, Any], tables: dict[str, Any]
) -> None:
    import pandas as pd

    rows: list[dict[str, Any]] = []
    pain = f"nrs_{pair.primary_week}"
    survival: dict[str, Any] = {"time": "os_months", "event": "os_event"} if "os_months" in frame.columns else {}
    for outcome, words, measure in (
        (OUTCOME, "pain response", "risk difference"),
        (pain, "worst pain", "mean difference"),
    ):
        known = frame[frame[outcome].notna()]
        for kind, who in KINDS.items():
            fit = steps.run(f"{words}, {kind} weights", lambda kind=kind, outcome=outcome, known=known: weighted_effect(
                known, treatment="treated", outcome=outcome, terms=terms, weights=kind, level=pair.level,
                **(survival if outcome == OUTCOME else {})))  # fmt: skip
            if fit is None:
                continue
            results[f"{outcome}_{kind}"] = fit
            rows.append({"outcome": words, "method": "weighting", "estimand": f"{kind}: {who}", "measure": measure, **_numbers(fit),
                         "n": fit.score.n})  # fmt: skip
            if fit.cox is not None:
                table = fit.cox.to_frame(exponentiate=True).iloc[0]
                rows.append({"outcome": "overall survival", "method": "weighted Cox model", "estimand": f"{kind}: {who}",
                             "measure": "hazard ratio", "n": fit.cox.n,
                             **{key: float(table[key]) for key in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}})  # fmt: skip
        for name, make in STANDARDISED.items():
            fit = steps.run(
                f"{words}, {name}",
                lambda make=make, outcome=outcome, known=known: make(known, outcome, terms, pair.level),
            )
            if fit is not None:
                results[f"{outcome}_{name}"] = fit
                rows.append(
                    {
                        "outcome": words,
                        "method": name,
                        "estimand": "ate: all patients",
                        "measure": measure,
                        **_numbers(fit),
                        "n": fit.n,
                    }
                )
    if rows:
        tables["effects"] = pd.DataFrame(rows).assign(ci_level=pair.level)


def _g_computation(frame: Any, outcome: str, terms: list[str], level: float) -> Any:
    return g_computation(frame, treatment="treated", outcome=outcome, terms=["treated", *terms], level=level)


def _aipw(frame: Any, outcome: str, terms: list[str], level: float) -> Any:
    return aipw(frame, treatment="treated", outcome=outcome, terms=["treated", *terms], score_terms=terms, level=level)


STANDARDISED = {"g-computation": _g_computation, "AIPW": _aipw}


def _numbers(fit: Any) -> dict[str, float]:
    return {key: float(getattr(fit, key)) for key in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}


def _e_values(pair: Context, frame: Any, terms: list[str], results: dict[str, Any]) -> Any:
    """How strong an unmeasured confounder would have to be, for the adjusted odds ratio and hazard ratio."""
    import pandas as pd

    rows = []
    fit = logistic(frame, outcome=OUTCOME, terms=["treated", *terms], level=pair.level)
    table = fit.to_frame(exponentiate=True)
    row = table[table["term"] == "treated"].iloc[0]
    share = float(frame[OUTCOME].mean())
    rare = "OR_rare" if share < 0.15 else "OR_common"
    rows.append(("pain response", "adjusted odds ratio", rare, row))
    weighted = results.get(f"{OUTCOME}_overlap")
    if weighted is not None and weighted.cox is not None:
        died = float(frame["os_event"].mean())
        rows.append(
            ("overall survival", "overlap-weighted hazard ratio", "HR_rare" if died < 0.15 else "HR_common",
             weighted.cox.to_frame(exponentiate=True).iloc[0])
        )  # fmt: skip
    made = []
    for outcome, measure, kind, one in rows:
        found = e_value(
            float(one["estimate"]), measure=kind, ci_low=float(one["ci_low"]), ci_high=float(one["ci_high"])
        )
        made.append(
            {"outcome": outcome, "measure": measure, "estimate": float(one["estimate"]), "ci_low": float(one["ci_low"]),
             "ci_high": float(one["ci_high"]), "e_value": found.e_value, "e_value_ci": found.e_value_ci}
        )  # fmt: skip
    return pd.DataFrame(made)


# --- missing values ---------------------------------------------------------------------------------------------------


def missing_section(context: Context) -> Section:
    """Pain at the main week among those alive: complete cases, multiple imputation, and how bad the unseen would have to be."""
    id = "missing"
    steps = Steps()
    pair = steps.run("", context.of_two)
    course = None if pair is None else steps.run("missing values", lambda: pair.course)
    if pair is None or course is None:
        return Section(id=id, title=SECTIONS[id], failed=steps.failed)
    results: dict[str, Any] = {}
    tables: dict[str, Any] = {"reasons": _reasons(course)}
    gone = course.dropped[:, course.at]
    if gone.any():
        made = steps.run("multiple imputation", lambda: _stacked(course))
        if made is not None:
            _pooled(pair, course, made, steps, results, tables)
    alive = int((~course.dead[:, course.at]).sum())
    notes = (
        f"pain at week {pair.primary_week} of the {alive} alive then; {int(gone.sum())} of them were not seen. After death there is no "
        "pain to impute",
        "the shift of the tipping point is added to imputed pain of the treated group, in points, and is not held to the scale",
        f"{pair.settings.imputations} completed data sets, seed {pair.rng_seed}",
    )
    return Section(id=id, title=SECTIONS[id], results=results, tables=tables, notes=notes, failed=steps.failed)


def _reasons(course: Course) -> Any:
    import pandas as pd

    two = course.context.two or ("", "")
    rows = []
    for t, week in enumerate(course.weeks):
        for name, inside in zip(two, (course.treated, ~course.treated), strict=True):
            for state, where in (
                ("seen", ~np.isnan(course.pain[:, t])), ("dead", course.dead[:, t]), ("alive, not seen", course.dropped[:, t]),
            ):  # fmt: skip
                rows.append(
                    {
                        "week": week,
                        "group": name,
                        "state": state,
                        "events": int(where[inside].sum()),
                        "n": int(inside.sum()),
                    }
                )
    return pd.DataFrame(rows)


def _stacked(course: Course) -> tuple[Any, Any]:
    """(completed data sets below one another, the original) of those alive at the main week."""
    import pandas as pd

    inside = ~course.dead[:, course.at]
    draws = course.imputed("as seen")
    values = draws.completed[:, :, course.at][:, inside]
    ids = np.arange(course.n)[inside]  # numbers of our own: no identifier goes further
    base = {"id": ids, "treated": course.treated[inside].astype(float), "baseline": course.pain_0[inside]}
    frame = pd.concat(
        [pd.DataFrame({**base, "imputation": d + 1, "pain": one}) for d, one in enumerate(values)], ignore_index=True
    )
    original = pd.DataFrame({**base, "pain": course.pain[inside, course.at]})
    return frame, original


def _pooled(
    pair: Context, course: Course, made: tuple[Any, Any], steps: Steps, results: dict[str, Any], tables: dict[str, Any]
) -> None:
    import pandas as pd

    from ostealgia.cohort.ancova_fit import ancova

    frame, original = made
    terms = "treated + baseline" if original["baseline"].nunique() > 1 else "treated"
    pooled = steps.run(
        "pooling",
        lambda: pool_imputations(frame, imputation="imputation", outcome="pain", terms=terms, level=pair.level),
    )
    seen = steps.run("complete cases", lambda: ancova(original, outcome="pain", fixed=terms, level=pair.level))
    parts = []
    if seen is not None:
        parts.append(seen.to_frame().assign(analysis="complete cases", n=seen.n))
    if pooled is not None:
        results["pooled"] = pooled
        parts.append(pooled.to_frame().assign(analysis="multiple imputation", n=pooled.n))
    if parts:
        table = pd.concat(parts, ignore_index=True)
        tables["pooled"] = table[["analysis", *(name for name in table.columns if name != "analysis")]]
    if pooled is None:
        return
    tipped = steps.run("tipping point", lambda: tipping_point(
        frame, imputation="imputation", original=original, id="id", outcome="pain", terms=terms, by="treated", value=1,
        deltas=_deltas(pair), level=pair.level))  # fmt: skip
    if tipped is not None:
        results["tipping_point"] = tipped
        tables["tipping_point"] = tipped.to_frame()


def _deltas(pair: Context) -> tuple[float, ...]:
    if not pair.settings.deltas:
        raise TableError("no shift is given", expected="[models] deltas with one number or more")
    return pair.settings.deltas


# --- estimands --------------------------------------------------------------------------------------------------------


def estimands_section(context: Context) -> Section:
    """One result line a strategy, and the sentence where conclusions differ."""
    id = "estimands"
    if not context.settings.estimands:
        return Section(id=id, title=SECTIONS[id], notes=("not asked for",))
    steps = Steps()
    found = steps.run("", lambda: estimands_of(context))
    if found is None:
        return Section(id=id, title=SECTIONS[id], failed=steps.failed)
    tables = {"results": found.to_frame(), "strategies": found.strategies(), "events": found.events}
    problems: dict[str, list[str]] = {}
    for line in found.lines:
        if line.problem:
            problems.setdefault(line.problem, []).append(f"{line.outcome}, {line.event}, {line.strategy}")
    for problem, lines in problems.items():
        more = f" and {count_of(len(lines) - 1, 'other line', 'other lines')}" if len(lines) > 1 else ""
        steps.failures.append(f"{lines[0]}{more}: {problem}")
    return Section(
        id=id, title=SECTIONS[id], results={"estimands": found}, tables=tables, notes=found.notes, failed=steps.failed
    )
