"""The course of each patient at the analysed weeks, and which intercurrent event stands before which visit."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.clinical.pain_response_rules import pain_responses
from ostealgia.cohort.analysis_context import Context
from ostealgia.cohort.analysis_response import raised
from ostealgia.cohort.derivations import flagged_again, retreatment_source
from ostealgia.errors import TableError
from ostealgia.numerics.imputation_draws import Imputations, estimable, normal_imputations
from ostealgia.numerics.random_streams import stream

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
EVENTS = {
    "death": "death",
    "re-irradiation": "re-irradiation of the index site",
    "opioid escalation": "rise of the opioid dose by a quarter or more",
    "new systemic therapy": "new systemic therapy",
    "dropout": "dropout or a missed visit",
}
NEW_THERAPY = "new_systemic_therapy_day"


@dataclass(frozen=True, kw_only=True)
class Course:
    """Two groups over the weeks. treated (n,) of the compared two.  pain, omed (n, T), NaN where not seen; pain_0, omed_0 (n,).

    dead, irradiated, escalated, therapy (n, T) : the event stands before, or at, that visit.  recorded : event -> whether the data hold it.
    """

    context: Context
    treated: Bools
    weeks: tuple[int, ...]
    at: int
    pain: Array
    omed: Array
    pain_0: Array
    omed_0: Array
    dead: Bools
    irradiated: Bools
    escalated: Bools
    therapy: Bools
    recorded: dict[str, bool]
    made: dict[str, Imputations] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.treated)

    @cached_property
    def dropped(self) -> Bools:
        """Alive at the visit and not seen (n, T)."""
        return np.isnan(self.pain) & ~self.dead

    def happened(self, event: str) -> Bools:
        """Who has had the event by the main week (n,)."""
        found: Any = {
            "death": self.dead, "re-irradiation": self.irradiated, "opioid escalation": self.escalated,
            "new systemic therapy": self.therapy, "dropout": self.dropped,
        }[event]  # fmt: skip
        if event in ("dropout", "death"):
            return found[:, self.at]
        return found[:, : self.at + 1].any(axis=1)

    def responds(self, pain: Array, omed: Array, *, definition: str | None = None) -> Array:
        """1 responder, 0 not, NaN not evaluable, of pain and dose at one visit, (n,) or (m, n)."""
        settings = self.context.settings
        label = settings.definition if definition is None else definition
        rules = dict(settings.rules) if label == settings.definition else {}
        starts = [np.broadcast_to(start, pain.shape).ravel() for start in (self.pain_0, self.omed_0)]
        found = pain_responses(starts[0], pain.ravel(), starts[1], omed.ravel(), definition=label, **rules)
        return np.where(found.reason == "", found.responder.astype(float), np.nan).reshape(pain.shape)

    def last_before(self, values: Array, gone: Bools) -> Array:
        """The last value seen before the event at each patient's row (n,), the visit itself where there is no event; NaN where none."""
        out = np.full(self.n, np.nan)
        for t in range(self.at + 1):
            take = ~np.isnan(values[:, t]) & ~gone[:, t]
            out = np.where(take, values[:, t], out)
        return out

    @cached_property
    def design(self) -> Array:
        """Covariates of the imputation model (n, p): constant, treated, pain and log dose at baseline (standardised, if known of all)."""
        columns = [np.ones(self.n), self.treated.astype(float)]
        for start in (self.pain_0, np.log1p(self.omed_0)):
            if not np.isnan(start).any() and np.ptp(start) > 0:
                columns.append((start - start.mean()) / start.std())
        return np.column_stack(columns)

    def imputed(self, use: str, masked: Bools | None = None) -> Imputations:
        """Completed pain and log dose (m, n, 2T or T), values under ``masked`` (n, T) taken as missing; made once for each ``use``.

        The model holds group, pain and log dose at baseline; all weeks of pain, and of the dose where it is known, are drawn together.
        """
        if use in self.made:
            return self.made[use]
        nothing = np.zeros_like(self.dead) if masked is None else masked
        pain = np.where(nothing, np.nan, self.pain)
        dose = np.where(nothing, np.nan, np.log1p(self.omed))
        varies = all(len(np.unique(one[~np.isnan(one)])) > 1 for one in dose.T)
        y = np.hstack([pain, dose]) if varies else pain
        x = self.design
        problem = estimable(y, x)
        if problem and y.shape[1] > pain.shape[1]:
            y, problem = pain, estimable(pain, x)
        if problem:
            raise TableError(
                f"no imputation is possible: {problem}", column="nrs_worst", expected="more patients with more visits"
            )
        settings = self.context.settings
        rng = stream(self.context.rng_seed, 0, use=f"imputation {use}")
        return self.made.setdefault(use, normal_imputations(y, x, settings.imputations, rng))

    def pain_of(self, draws: Imputations, *, rounded: bool) -> Array:
        """Imputed pain at the main week (m, n); rounded to whole points and held to 0 to 10 for the classes of response."""
        values = draws.completed[:, :, self.at]
        return np.clip(np.round(values), 0.0, 10.0) if rounded else values

    def omed_of(self, draws: Imputations) -> Array:
        """Imputed dose at the main week (m, n), 0 or more; the dose at baseline where none could be imputed."""
        weeks = len(self.weeks)
        if draws.completed.shape[2] < 2 * weeks:
            return np.broadcast_to(np.where(np.isnan(self.omed_0), 0.0, self.omed_0), draws.completed.shape[:2])
        return np.maximum(np.expm1(draws.completed[:, :, weeks + self.at]), 0.0)


def course_of(context: Context) -> Course:
    """The course of the two compared groups. context : of these two, see ``Context.of_two``."""
    if context.two is None:
        raise TableError("two groups are needed", column="group", expected="[groups] with reference and treated")
    weeks = context.weeks
    found = [context.at(week) for week in weeks]
    pain = np.column_stack([one["nrs_worst"] for one in found])
    omed = np.column_stack([one["omed_mg"] for one in found])
    day = np.column_stack(
        [np.where(np.isnan(one["day"]), 7.0 * week, one["day"]) for one, week in zip(found, weeks, strict=True)]
    )
    frame = context.wide
    ids = context.cohort.patients["id"].to_numpy(dtype=object)
    pain_0, omed_0 = (frame[name].to_numpy(dtype=float) for name in ("nrs_baseline", "omed_baseline_mg"))
    escalated = raised(omed_0[:, None], omed) == 1.0
    irradiated, has_irradiation = _after(context, "reirradiation_day", day)
    if retreatment_source(context.cohort) == "visits":
        irradiated, has_irradiation = (
            np.column_stack([flagged_again(context.cohort, ids, week) for week in weeks]),
            True,
        )
    therapy, has_therapy = _after(context, NEW_THERAPY, day)
    recorded = {
        "death": "events" in context.cohort or _says_death(context), "re-irradiation": has_irradiation,
        "opioid escalation": bool((~np.isnan(omed)).any()), "new systemic therapy": has_therapy, "dropout": True,
    }  # fmt: skip
    return Course(
        context=context, treated=context.group == context.two[0], weeks=weeks, at=weeks.index(context.primary_week), pain=pain, omed=omed,
        pain_0=pain_0, omed_0=omed_0, dead=_dead(context, pain), irradiated=irradiated, escalated=escalated, therapy=therapy,
        recorded=recorded,
    )  # fmt: skip


def _says_death(context: Context) -> bool:
    return "status" in context.cohort.visits.columns and bool((context.cohort.visits["status"] == "death").any())


def _dead(context: Context, pain: Array) -> Bools:
    """Dead at the visit (n, T), as the response has it: never where pain was seen."""
    frame = context.response.frame
    size = context.cohort.n
    reason = frame["response_reason"].to_numpy(dtype=object).reshape(len(context.weeks), -1)
    if reason.shape[1] != size:
        raise TableError(
            "several sites a patient",
            file="visits",
            column="site",
            expected='one site a patient (sites="worst_baseline")',
        )
    return (reason == "death").T & np.isnan(pain)


def _after(context: Context, column: str, day: Array) -> tuple[Bools, bool]:
    """(visits after the day of an event (n, T), whether the column is there)."""
    if "events" not in context.cohort or column not in context.cohort.table("events").columns:
        return np.zeros(day.shape, dtype=bool), False
    events = context.cohort.table("events").set_index("id").reindex(context.cohort.patients["id"].to_numpy())
    start = events[column].to_numpy(dtype=float)
    return start[:, None] < day, True
