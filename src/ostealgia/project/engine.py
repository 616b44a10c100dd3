"""What an analysis asks for beyond the simple pool: regression, dependent effects, factors, a course over time, absolute effects.

Each step takes the run and gives back the run with one more result beside the headline, or with a note that says why there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.display import count_of
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, OstealgiaError, ProjectError
from ostealgia.project.computing import effect_sizes
from ostealgia.project.model import CONFIG, AnalysisSpec
from ostealgia.project.run_result import AnalysisRun, DependentLine
from ostealgia.project.select import select
from ostealgia.project.store import Project

if TYPE_CHECKING:
    from ostealgia.meta.known_covariance_build import SamplingCovariance

FEWEST = 3  # studies for small-study effects and influence
REGRESSION_TAU2 = ("DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM")
REGRESSION_CI = ("auto", "z", "t", "HK", "HK-adhoc")


def extended(project: Project, run: AnalysisRun) -> AnalysisRun:
    """The run with everything its analysis asks for; steps that do not apply change nothing."""
    for title, step in STEPS.items():
        run = beside(run, title, lambda run=run, step=step: step(project, run))
    return run


def beside(run: AnalysisRun, title: str, step: Callable[[], Mapping[str, Any]]) -> AnalysisRun:
    """The run with the fields a step gives, or with a note that says why there are none. A ProjectError is passed on."""
    try:
        return replace(run, **step())
    except ProjectError:
        raise
    except OstealgiaError as error:
        return run.noted(f"{title}: not computed ({str(error).rstrip('.')})")


# ---------------------------------------------------------------- regression


def _regression(project: Project, run: AnalysisRun) -> Mapping[str, Any]:
    """``moderators``: a meta-regression on columns of the studies or of the rows."""
    spec = run.spec
    if not spec.moderators or run.effects is None:
        return {}
    from ostealgia.meta.regression import regress

    options: dict[str, Any] = {"level": spec.level}
    if spec.model == "common":
        options["model"] = "common"
    for name, known in (
        ("tau2", REGRESSION_TAU2),
        ("ci", REGRESSION_CI),
        ("pi", ("V", "HTS", "S", "HK", "HK-PR", "none")),
    ):
        if getattr(spec, name) in known:
            options[name] = getattr(spec, name)
    fit = regress(run.effects, "~ " + spec.moderators.removeprefix("~"), **options)
    return {"regression": fit}


# ---------------------------------------------------------------- several effects of one study


def clustered(run: AnalysisRun, effects: EffectSizes | None = None) -> EffectSizes:
    """The effects under the name of their cluster, with the time of each as a column."""
    found = run.effects if effects is None else effects
    assert found is not None  # the caller checked
    groups = [run.selection.groups[name] for name in found.study]
    columns = {**found.columns, "time": np.array([group["time"] for group in groups], dtype=float)}
    return replace(found, study=tuple(group["cluster"] for group in groups), columns=columns)


def _errors(effects: EffectSizes, rho: float | None, kind: str = "constant") -> SamplingCovariance | None:
    if rho is None:
        return None
    from ostealgia.meta.known_covariance_build import known_covariance

    return known_covariance(effects, rho=rho, kind=kind)


def _correlations(spec: AnalysisSpec) -> tuple[float | None, ...]:
    return spec.within_correlation or (None,)


def _dependence(project: Project, run: AnalysisRun) -> Mapping[str, Any]:
    """``cluster``: the three-level model and cluster-robust intervals, a line each beside the pool."""
    if not run.spec.cluster or run.effects is None or run.spec.trajectory:
        return {}
    effects = clustered(run)
    clusters = len(set(effects.study))
    if clusters == effects.k:
        return {"notes": (*run.notes, f"every {run.spec.cluster} gives one effect: there is no dependence to model")}
    if clusters < 2:
        return {
            "notes": (
                *run.notes,
                f"all effects come from one {run.spec.cluster}: a pool over them says nothing about others",
            )
        }
    note = (
        f"the simple pool counts {count_of(effects.k, 'effect', 'effects')} of {count_of(clusters, 'cluster', 'clusters')} as if each "
        "came from patients of its own; the lines below it do not"
    )
    lines = tuple(line for rho in _correlations(run.spec) for line in _dependent_lines(run.spec, effects, rho))
    return {"dependence": lines, "notes": (*run.notes, note) if run.fit is not None else run.notes}


def _dependent_lines(spec: AnalysisSpec, effects: EffectSizes, rho: float | None) -> Iterator[DependentLine]:
    """The lines at one correlation of the sampling errors."""
    from ostealgia.meta.multilevel_fit import multilevel
    from ostealgia.meta.robust_inference import robust

    how = (
        "errors taken as independent" if rho is None else f"errors correlated {rho:g} within a {spec.cluster} (assumed)"
    )
    tail = "" if rho is None else f" {rho:g}"
    try:
        fit = multilevel(effects, V=_errors(effects, rho), level=spec.level)
    except OstealgiaError as error:
        yield DependentLine(f"three-level{tail}", f"three-level model, {how}", None, rho, str(error).rstrip("."))
        return
    if "multilevel" in spec.dependence:
        yield DependentLine(f"three-level{tail}", f"three-level model, {how}", fit, rho)
    if "robust" in spec.dependence:
        title = f"cluster-robust (CR2), {how}"
        try:
            yield DependentLine(f"robust{tail}", title, robust(fit), rho)
        except OstealgiaError as error:
            yield DependentLine(f"robust{tail}", title, None, rho, str(error).rstrip("."))


def _factors(project: Project, run: AnalysisRun) -> Mapping[str, Any]:
    """``by``: every factor by itself."""
    if not run.spec.by or run.effects is None:
        return {}
    from ostealgia.meta.multilevel_factors import pool_by_factor

    labels = [run.selection.groups[name]["by"] for name in run.effects.study]
    effects = clustered(run)
    found = pool_by_factor(effects, by=labels, V=_errors(effects, _correlations(run.spec)[0]), level=run.spec.level)
    return {"factors": found}


def _course(project: Project, run: AnalysisRun) -> Mapping[str, Any]:
    """``trajectory``: all times of all studies in one model."""
    spec = run.spec
    if not spec.trajectory:
        return {}
    from ostealgia.meta.trajectory_fit import trajectory

    whole = spec.model_copy(update={"time": "", "window_days": None, "pick": None, "subgroup": "", "moderators": ""})
    selection = select(project, whole)
    effects = effect_sizes(whole, selection)
    data = clustered(replace(run, selection=selection), effects)
    rho = _correlations(spec)[0]
    found = trajectory(data, shape=spec.trajectory, V=_errors(data, rho, "autoregressive"), level=spec.level)
    left = tuple(item for item in (*selection.excluded, *effects.excluded) if item not in run.excluded)
    return {"course": found, "excluded": (*run.excluded, *left)}


# ---------------------------------------------------------------- absolute effects, small studies, influence


def _absolute(project: Project, run: AnalysisRun) -> Mapping[str, Any]:
    """``baseline_risk``: events per 100 with and without, beside the certainty."""
    spec = run.spec
    if not spec.baseline_risk or run.fit is None:
        return {}
    from ostealgia.effects.absolute import RISK_WITH_TREATMENT
    from ostealgia.meta.absolute_certainty import absolute_table

    require_direction(spec, spec.measure in RISK_WITH_TREATMENT)
    rows = [row for row in project.appraisal if row.text("item") == spec.id]
    try:
        table = absolute_table(
            {spec.id: run.fit}, baseline_risk=spec.baseline_risk, event=spec.event, appraisal=rows, per=spec.per
        )
    except OptionError as error:
        raise ProjectError(f"{CONFIG}, analysis {spec.id!r}: {error}") from None
    return {"absolute": table}


def require_direction(spec: AnalysisSpec, needed: bool) -> None:
    """A ProjectError where nobody has said whether the event is wanted."""
    if needed and spec.higher_is_better is None:
        raise ProjectError(
            f"{CONFIG}, analysis {spec.id!r}: baseline_risk needs to know whether the event is wanted; write higher_is_better = true "
            "(pain response) or false (fracture)."
        )


def _small_study(project: Project, run: AnalysisRun) -> Mapping[str, Any]:
    """Tests of small-study effects, for every primary pool of three studies or more."""
    if run.fit is None or run.spec.role != "primary" or run.fit.k < FEWEST:
        return {}
    from ostealgia.meta.small_study_table import small_study_effects

    return {"small_study": tuple(small_study_effects(run.fit).to_dict("records"))}


def _influence(project: Project, run: AnalysisRun) -> Mapping[str, Any]:
    """Influence of every study, for every primary pool of three studies or more by inverse variance."""
    if run.fit is None or run.spec.role != "primary" or run.fit.k < FEWEST:
        return {}
    if run.fit.model not in ("random", "common"):
        return {
            "notes": (*run.notes, "influence measures are for inverse-variance models; for this one see leave-one-out")
        }
    from ostealgia.meta.influence_results import influence

    return {"influence": influence(run.fit)}


STEPS: dict[str, Callable[[Project, AnalysisRun], Mapping[str, Any]]] = {
    "Meta-regression": _regression,
    "Dependent effects": _dependence,
    "Factors": _factors,
    "Course over time": _course,
    "Absolute effects": _absolute,
    "Small-study effects": _small_study,
    "Influence": _influence,
}
