"""The figures of a cohort's report, as bytes, each from the results of one section."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostealgia.cohort.analysis_model import CohortAnalysis, Section
from ostealgia.display import capital
from ostealgia.errors import OstealgiaError
from ostealgia.project.cohort_tables_models import YES_NO
from ostealgia.project.cohort_words import VARIABLES, term_words
from ostealgia.project.figures import Drawing

SIMULATED = "SIMULATED data"
FAVOURS = {
    "higher": ("Favours {reference}", "Favours {treated}"),
    "lower": ("Favours {treated}", "Favours {reference}"),
}


@dataclass(frozen=True)
class Made:
    """A figure in the making. data : the rows behind it, for whoever wants the numbers."""

    name: str
    section: str
    title: str
    alt: str
    axes: Any
    data: Any = None


@dataclass(frozen=True)
class CohortDrawing(Drawing):
    """A drawing with the section it belongs to and the rows behind it."""

    section: str = ""
    data: Any = field(default=None, compare=False)


class Drawings(dict[str, CohortDrawing]):
    """Drawings by name. left_out : (section, why) of each figure that could not be drawn."""

    left_out: tuple[tuple[str, str], ...] = ()


def draw_all(analysis: CohortAnalysis, project: Any = None) -> Drawings:
    """Every figure that the analysis has results for, by name. A figure that cannot be drawn is left out, with the reason in ``left_out``.

    project : not needed; the small-cell rule and whether the courses of single patients may be shown stand in the settings.
    """
    from ostealgia.plot import figure_png, figure_svg

    drawings, left_out = Drawings(), list[tuple[str, str]]()
    for section, build in BUILDERS:
        try:
            made = build(Maker(analysis))
        except OstealgiaError as problem:
            left_out.append((section, str(problem).split("\n")[0]))
            continue
        if made is None:
            continue
        if analysis.cohort.simulated:
            _stamp(made.axes)
        drawings[made.name] = CohortDrawing(
            made.name, made.name, made.title, made.alt, figure_svg(made.axes), figure_png(made.axes), made.section, made.data
        )  # fmt: skip
    drawings.left_out = tuple(left_out)
    return drawings


def _stamp(axes: Any) -> None:
    """SIMULATED, at the top right of the figure, so that it is said wherever the figure goes."""
    from ostealgia.plot import style
    from ostealgia.plot.canvas import house_style, root_figure

    figure = root_figure(axes)
    width, height = (72 * side for side in figure.get_size_inches())
    extra = 12.0
    with house_style():
        figure.set_size_inches(width / 72, (height + extra) / 72)
        for one in figure.axes:
            if one not in (child for parent in figure.axes for child in parent.child_axes):
                box = one.get_position()
                share = height / (height + extra)
                one.set_position([box.x0, box.y0 * share, box.width, box.height * share])
        figure.text(
            1 - style.MARGIN / width, 1 - 3.0 / (height + extra), SIMULATED, ha="right", va="top", color=style.WARN,
            fontproperties=style.font(8.0, bold=True), parse_math=False,
        )  # fmt: skip


@dataclass(frozen=True)
class Maker:
    """What all figures need: the analysis, its words, its rules."""

    analysis: CohortAnalysis

    @property
    def labels(self) -> dict[str, str]:
        """Group -> name with a capital."""
        return {group: capital(str(group)) for group in self.analysis.groups}

    @property
    def small_cell(self) -> int:
        """Counts below it are not shown."""
        return int(getattr(self.analysis.settings, "small_cell", 0) or 0)

    def section(self, ident: str) -> Section | None:
        """A section, where the analysis has it."""
        return next((one for one in self.analysis.sections if one.id == ident), None)

    def table(self, ident: str, name: str) -> Any:
        """A table with rows, or None."""
        found = self.section(ident)
        frame = None if found is None else found.tables.get(name)
        return frame if frame is not None and len(frame) else None

    def result(self, ident: str, *names: str) -> Any:
        """The first result of these names, or None."""
        found = self.section(ident)
        return None if found is None else next((found.results[name] for name in names if name in found.results), None)

    @property
    def favours(self) -> tuple[str, str] | None:
        """What lies to the left and to the right of no difference, where more is better."""
        groups = self.analysis.groups
        return None if len(groups) != 2 else (f"Favours {groups[0]}", f"Favours {groups[1]}")


# --- one function a figure --------------------------------------------------------------------------------------------


def _flow(maker: Maker) -> Made | None:
    from ostealgia.plot import flow_diagram

    found = maker.result("flow", "flow")
    if found is None:
        return None
    analysed = dict(found.by_group.items())
    links = {
        "excluded": "#table-flow-flow-reasons",
        "enrolled": "#analysis-table-one",
        "analysed": "#analysis-response",
    }
    axes = flow_diagram(found, labels=maker.labels, analysed=analysed, links=links, small_cell=maker.small_cell)
    return Made("flow", "flow", "Flow of patients", "Boxes from screening to analysis, with the reasons why patients left.", axes,
                maker.table("flow", "patients"))  # fmt: skip


def _stack(maker: Maker) -> Made | None:
    from ostealgia.plot import response_stack

    found = maker.result("response", "response")
    if found is None:
        return None
    counts = stacked(found)
    axes = response_stack(counts, labels=maker.labels, small_cell=maker.small_cell)
    alt = "Stacked bars: share of each group with complete, partial, indeterminate response, progression, or not evaluable, by week."
    return Made("response-stack", "response", "Pain response by week, all treated", alt, axes, counts)


def stacked(found: Any) -> Any:
    """Counts of the classes by group and week as they count among all treated: a response after re-irradiation is a class of its own."""
    frame = found.frame
    again = frame["responder"].fillna(False).astype(bool) & ~frame["responder_all_treated"].fillna(False).astype(bool)
    shown = frame["pain_response"].where(~again, "RE")
    wide = frame.assign(shown=shown).groupby(["group", "week"], sort=True)["shown"].value_counts().unstack(fill_value=0)
    order = [name for name in ("CR", "PR", "RE", "IR", "NR", "PP", "NE") if name in wide.columns]
    return wide[order].rename_axis(columns=None).reset_index()


def _trajectory(maker: Maker) -> Made | None:
    from ostealgia.plot import arm_trajectories

    frame = _course(maker, "pain")
    if frame is None:
        return None
    lines = _single_courses(maker) if getattr(maker.analysis.settings, "individual_lines", False) else None
    axes = arm_trajectories(frame, labels=maker.labels, lines=lines, small_cell=maker.small_cell)
    alt = "Mean worst pain from 0 to 10 by week in each group with intervals, numbers of patients below."
    return Made("pain-trajectory", "pain", "Worst pain over time", alt, axes, frame)


def _course(maker: Maker, ident: str) -> Any:
    """Observed means at baseline, then those of the first model; observed means alone where there is no model."""
    import pandas as pd

    observed = maker.table(ident, "observed")
    if observed is None:
        return None
    half = _t975(observed["n"] - 1) * observed["sd"] / observed["n"] ** 0.5
    seen = observed.assign(
        estimate=observed["mean"], ci_low=observed["mean"] - half, ci_high=observed["mean"] + half, observed=True
    )
    columns = ["group", "week", "n", "estimate", "ci_low", "ci_high", "observed"]
    means = maker.table(ident, "means")
    if means is None:
        return seen[columns]
    means = means[means["model"] == means["model"].iloc[0]]
    modelled = means.drop(columns=[name for name in ("n",) if name in means.columns]).merge(
        observed[["group", "week", "n"]], on=["group", "week"]
    )
    rest = seen[~seen["week"].isin(set(modelled["week"]))]
    frame: Any = pd.concat([rest[columns], modelled.assign(observed=False)[columns]], ignore_index=True)
    order = list(maker.analysis.groups)
    return frame.sort_values("group", key=lambda column: column.map({g: i for i, g in enumerate(order)}), kind="stable")


def _t975(df: Any) -> Any:
    import numpy as np
    from scipy.special import stdtrit

    return stdtrit(np.maximum(np.asarray(df, dtype=float), 1.0), 0.975)


def _single_courses(maker: Maker) -> Any:
    visits, patients = maker.analysis.cohort.visits, maker.analysis.cohort.patients
    group = maker.analysis.settings.group
    frame = visits[["id", "week", "nrs_worst"]].merge(patients[["id", group]], on="id")
    return frame.rename(columns={"nrs_worst": "value", group: "group"})


def _omed(maker: Maker) -> Made | None:
    from ostealgia.plot import arm_trajectories

    frame = _course(maker, "opioids")
    if frame is None:
        return None
    axes = arm_trajectories(
        frame,
        labels=maker.labels,
        value_label="Oral morphine equivalent, mg/day",
        limits=None,
        important=None,
        small_cell=maker.small_cell,
    )
    alt = "Mean daily opioid dose in oral morphine equivalents by week in each group with intervals."
    return Made("opioid-trajectory", "opioids", "Opioid dose over time, as observed", alt, axes, frame)


def _butterfly(maker: Maker) -> Made | None:
    from ostealgia.plot import butterfly

    events = maker.table("toxicity", "events")
    if events is None or len(maker.analysis.groups) > 2:
        return None
    events = events[events["threshold"].isin(("any grade", "grade >= 3"))]
    axes = butterfly(events, labels=maker.labels | VARIABLES, small_cell=maker.small_cell)
    alt = "Mirrored bars: patients with each adverse event at any grade and at grade 3 or more, one group on each side."
    return Made("adverse-events", "toxicity", "Adverse events by group", alt, axes, events)


def _relief(maker: Maker) -> Made | None:
    from ostealgia.plot import cumulative_incidence

    found = maker.result("relief", "incidence")
    if found is None:
        return None
    until = 7.0 * max(maker.analysis.weeks, default=12)
    axes = cumulative_incidence(
        found, time_label="Days since radiotherapy", until=until, small_cell=maker.small_cell, labels=maker.labels
    )
    alt = "Cumulative incidence of pain relief and of death before relief, by group, with numbers at risk."
    return Made("relief", "relief", "Onset of relief, death competing", alt, axes, maker.table("relief", "incidence"))


def _survival(name: str, title: str, value: str) -> Callable[[Maker], Made | None]:
    def build(maker: Maker) -> Made | None:
        from ostealgia.plot import kaplan_meier

        found = maker.result("survival", name)
        if found is None:
            return None
        test = maker.result("survival", f"{name}_logrank")
        axes = kaplan_meier(
            found, test=test, time_label="Months since radiotherapy", value_label=value, small_cell=maker.small_cell, labels=maker.labels,
            censor_marks=not maker.small_cell,
        )  # fmt: skip
        alt = f"Kaplan-Meier curves of {title.lower()} by group with intervals, medians and numbers at risk."
        return Made(f"survival-{name}", "survival", title, alt, axes, maker.table("survival", "at"))

    return build


def _calibration(maker: Maker) -> Made | None:
    from ostealgia.plot import calibration

    found = maker.result("predictors", "performance")
    if found is None:
        return None
    axes = calibration(found, small_cell=maker.small_cell)
    alt = "Observed share of responders against predicted risk, in groups of risk with intervals."
    return Made(
        "calibration", "predictors", "Calibration of the model", alt, axes, maker.table("predictors", "calibration")
    )


def _decision(maker: Maker) -> Made | None:
    from ostealgia.plot import decision

    found = maker.result("predictors", "decision_curve")
    if found is None:
        return None
    alt = "Net benefit of the model, of treating all and of treating none, over thresholds of risk."
    return Made("decision-curve", "predictors", "Decision curve", alt, decision(found), found.to_frame())


def _subgroups(maker: Maker) -> Made | None:
    from ostealgia.plot import subgroup_forest

    frame = maker.table("subgroups", "subgroups")
    if frame is None or len(maker.analysis.groups) != 2:
        return None
    measures = list(frame["measure"]) if "measure" in frame.columns else ["risk difference"]
    measure = "risk difference" if "risk difference" in measures else measures[0]
    own = frame[frame["measure"] == measure] if "measure" in frame.columns else frame
    if "outcome" in own.columns:
        own = own[own["outcome"] == own["outcome"].iloc[0]]
    own = own.assign(level=_yes_no(own))
    tests = maker.table("subgroups", "interactions")
    if tests is not None and "outcome" in tests.columns and "outcome" in own.columns:
        tests = tests[tests["outcome"] == own["outcome"].iloc[0]]
    treated, reference = maker.analysis.groups[1], maker.analysis.groups[0]
    axes = subgroup_forest(
        own, measure=measure, interactions=tests, arms=(capital(treated), capital(reference)), favours=maker.favours,
        labels=VARIABLES,         small_cell=maker.small_cell,
    )  # fmt: skip
    alt = "Forest plot: difference in response between the groups in each subgroup, with tests of interaction."
    return Made("subgroups", "subgroups", "Response in subgroups", alt, axes, own)


def _yes_no(frame: Any) -> Any:
    """Levels 0 and 1 of a factor that has no other as no and yes."""
    binary = frame.groupby("factor")["level"].transform(lambda levels: set(levels.astype(str)) <= set(YES_NO))
    return frame["level"].astype(str).where(~binary.astype(bool), frame["level"].astype(str).map(YES_NO))


def _love(maker: Maker) -> Made | None:
    from ostealgia.plot import love

    found = maker.result("weighting", "propensity")
    if found is None:
        return None
    columns = list(maker.analysis.cohort.patients.columns)
    names = {str(term): capital(term_words(str(term), columns)) for term in found.balance(("unweighted",))["term"]}
    axes = love(found, weights=("unweighted", "ate", "overlap"), labels=names)
    alt = "Absolute standardised mean differences of each characteristic, unweighted and weighted."
    return Made(
        "balance", "weighting", "Balance before and after weighting", alt, axes, maker.table("weighting", "balance")
    )


# section and maker of each figure, in the order of the report
BUILDERS: tuple[tuple[str, Callable[[Maker], Made | None]], ...] = (
    ("flow", _flow),
    ("response", _stack),
    ("pain", _trajectory),
    ("opioids", _omed),
    ("toxicity", _butterfly),
    ("relief", _relief),
    ("survival", _survival("os", "Overall survival", "Overall survival, %")),
    ("survival", _survival("pfs", "Survival without pain progression", "Without pain progression, %")),
    ("predictors", _calibration),
    ("predictors", _decision),
    ("subgroups", _subgroups),
    ("weighting", _love),
)


def by_section(drawings: Mapping[str, CohortDrawing], section: str) -> tuple[CohortDrawing, ...]:
    """The drawings of a section, in their order."""
    return tuple(one for one in drawings.values() if one.section == section)
