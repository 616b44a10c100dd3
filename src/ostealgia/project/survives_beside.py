"""The bundled SIMULATED cohort set beside a published one: same definitions only, never pooled, and no confirmation of anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ostealgia import display
from ostealgia.errors import OptionError, ProjectError
from ostealgia.options import one_of
from ostealgia.project.model import CONFIG
from ostealgia.project.store import Project
from ostealgia.project.survives_spec import BesideSpec

CAUTION = (
    "The simulated cohort was made to imitate this paper's tables: agreement is by construction and confirms nothing. "
    "No row of it is a real "
    "patient. The two are shown side by side and never added up."
)
GROUPS = ("control", "observation")


@dataclass(frozen=True)
class Beside:
    """One quantity of both cohorts, as text by group."""

    title: str
    published: tuple[str, str]
    simulated: tuple[str, str]
    definition: str

    def to_dict(self) -> dict[str, str]:
        """One row of a table."""
        return {
            "quantity": self.title, "published_control": self.published[0], "published_observation": self.published[1],
            "simulated_control": self.simulated[0], "simulated_observation": self.simulated[1], "definition": self.definition,
        }  # fmt: skip


def beside_of(project: Project) -> tuple[Beside, ...]:
    """Every ``[[beside]]`` of a project. Raises ProjectError for a quantity that does not exist."""
    return tuple(_one(spec) for spec in project.spec.beside)


def _one(spec: BesideSpec) -> Beside:
    name, _, argument = spec.quantity.partition(":")
    try:
        step = QUANTITIES[one_of("quantity", name, QUANTITIES)]
    except OptionError as error:
        raise ProjectError(f"{CONFIG}, [[beside]] {spec.title!r}: {error}") from None
    found = (step(_cohort(), GROUPS[0], argument), step(_cohort(), GROUPS[1], argument))
    return Beside(spec.title, (spec.control, spec.observation), found, spec.definition)


@lru_cache(maxsize=1)
def _cohort() -> Any:
    from ostealgia.cohort.reading import example, read

    return read(example())


def _in(cohort: Any, group: str) -> Any:
    return (cohort.patients["group"] == group).to_numpy()


def _share(events: int, n: int) -> str:
    return f"{events}/{n} ({display.percent(events / n, 1)})"


def _size(cohort: Any, group: str, argument: str) -> str:
    return str(int(_in(cohort, group).sum()))


def _level(cohort: Any, group: str, argument: str) -> str:
    """ "sex=male": patients with that value of a column; several values by "|"."""
    column, _, values = argument.partition("=")
    own = cohort.patients.loc[_in(cohort, group), column].astype(str)
    return _share(int(own.isin(values.split("|")).sum()), len(own))


def _mean(cohort: Any, group: str, argument: str) -> str:
    own = cohort.patients.loc[_in(cohort, group), argument].to_numpy(dtype=float)
    return f"{display.number(float(np.nanmean(own)))} ± {display.number(float(np.nanstd(own, ddof=1)))}"


def _event(cohort: Any, group: str, argument: str) -> str:
    """Patients with an adverse event of the category, any grade; "any" for all categories, "any>=3" for grade 3 or more."""
    from ostealgia.cohort.derivations_events import worst_grade_frame

    name, _, least = argument.partition(">=")
    grades = worst_grade_frame(cohort).drop(columns=["id", "group"])
    worst = grades.max(axis=1) if name == "any" else grades[name]
    own = worst.to_numpy(dtype=float)[_in(cohort, group)]
    return _share(int((own >= (int(least) if least else 1)).sum()), len(own))


def _stopped(cohort: Any, group: str, argument: str) -> str:
    table = cohort.table("adverse_events")
    ids = set(table.loc[(table["discontinuation"] == 1).to_numpy(), "id"])
    own = cohort.patients.loc[_in(cohort, group), "id"]
    return _share(int(own.isin(ids).sum()), len(own))


def _response(cohort: Any, group: str, argument: str) -> str:
    """Response at a week by the consensus criteria among all treated; re-irradiation before it counts as it is."""
    from ostealgia.cohort.derivations import response_by_week

    found = response_by_week(cohort, weeks=[int(argument)], retreatment="treatment_policy").rates()
    row = found[(found["group"] == group) & (found["denominator"] == "all_treated")].iloc[0]
    return _share(int(row["events"]), int(row["n"]))


def _median(cohort: Any, group: str, argument: str) -> str:
    from ostealgia.cohort.derivations_events import survival_frame
    from ostealgia.cohort.survival_kaplan_meier import kaplan_meier

    fit = kaplan_meier(survival_frame(cohort, argument), time="time_months", event="event", by="group")
    row = fit.quantiles([0.5]).set_index("group").loc[group]
    return f"{display.number(row['estimate'], 1)} ({display.interval(row['ci_low'], row['ci_high'], 1)})"


def _hazard(cohort: Any, group: str, argument: str) -> str:
    from ostealgia.cohort.cox_model import cox
    from ostealgia.cohort.derivations_events import survival_frame

    if group == GROUPS[0]:
        return "1"
    fit = cox(
        survival_frame(cohort, argument), time="time_months", event="event", terms=["group"], levels={"group": GROUPS}
    )
    row = fit.to_frame(exponentiate=True).iloc[0]
    return f"{display.number(row['estimate'])} ({display.interval(row['ci_low'], row['ci_high'])})"


QUANTITIES: dict[str, Callable[[Any, str, str], str]] = {
    "patients": _size,
    "level": _level,
    "mean": _mean,
    "event": _event,
    "stopped": _stopped,
    "response": _response,
    "median": _median,
    "hazard-ratio": _hazard,
}
