"""Endpoints in time and grade: survival with its censoring rules, skeletal events, worst grades, quality-of-life scores, the flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.clinical.questionnaires import Scores, score
from ostealgia.clinical.toxicity import worst_grades
from ostealgia.cohort.derivations import follow_up, group_of
from ostealgia.cohort.quality_order import DAYS_PER_MONTH
from ostealgia.display import count_of
from ostealgia.errors import TableError
from ostealgia.options import one_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.cohort.reading import Cohort

ENDPOINTS = ("os", "pfs")
RETREATMENT = ("ignore", "censor", "event")
SKELETAL = ("pathological_fracture", "cord_compression", "radiotherapy", "surgery")


def survival_frame(cohort: Cohort, endpoint: str = "os", *, retreatment: str = "ignore") -> pd.DataFrame:
    """Time and event of each patient: id, group, time_months, event, event_type (0 censored, 1 progression, 2 death).

    endpoint : "os" (start of treatment to death, censored when last known alive) or "pfs" (to pain progression or death, censored at the
    last assessment).  retreatment : index site irradiated again is left alone ("ignore"), ends the follow-up ("censor"), or is a
    progression ("event"); for "pfs".  A patient without follow-up stays, with missing time.

    >>> import ostealgia as oa
    >>> frame = oa.cohort.survival_frame(oa.cohort.read(oa.cohort.example()), "pfs")
    >>> frame["event"].sum().item(), len(frame)
    (193, 205)
    """
    import pandas as pd

    one_of("endpoint", endpoint, ENDPOINTS)
    one_of("retreatment", retreatment, RETREATMENT)
    events = follow_up(cohort)
    for name in (f"{endpoint}_months", f"{endpoint}_event"):
        if name not in events.columns:
            raise TableError(
                f"there is no column {name!r}", file="events", expected=f"{endpoint}_months and {endpoint}_event"
            )
    time = events[f"{endpoint}_months"].to_numpy(dtype=float).copy()
    event = events[f"{endpoint}_event"].to_numpy(dtype=float).copy()
    if endpoint == "os":
        kind = np.where(event == 1, 2.0, event)
    elif "pfs_event_type" in events.columns:
        kind = events["pfs_event_type"].to_numpy(dtype=float).copy()
    else:
        kind = event.copy()
    if endpoint == "pfs" and retreatment != "ignore" and "reirradiation_day" in events.columns:
        again = events["reirradiation_day"].to_numpy(dtype=float) / DAYS_PER_MONTH
        earlier = again < time
        time[earlier] = again[earlier]
        event[earlier] = kind[earlier] = 1.0 if retreatment == "event" else 0.0
    return pd.DataFrame(
        {"id": cohort.patients["id"].to_numpy(), "group": group_of(cohort), "time_months": time, "event": pd.array(event, dtype="Int64"),
         "event_type": pd.array(kind, dtype="Int64")}
    )  # fmt: skip


def skeletal_frame(cohort: Cohort, *, types: Sequence[str] = SKELETAL) -> pd.DataFrame:
    """First skeletal event of each patient with death competing: id, group, time_days, event (0 censored, 1 skeletal, 2 death), type.

    types : what counts, of the column type of skeletal_events.csv; cord compression is urgent and is one of them.  Re-irradiation of the
    index site (events.csv) counts where "radiotherapy" does.
    """
    import pandas as pd

    for name in types:
        one_of("types", name, SKELETAL)
    events, ids = follow_up(cohort), cohort.patients["id"].to_numpy()
    end, died = events["os_months"].to_numpy(dtype=float) * DAYS_PER_MONTH, (events["os_event"] == 1).to_numpy()
    rows = []
    if "skeletal_events" in cohort:
        table = cohort.table("skeletal_events")
        unknown = sorted(set(table["type"].dropna()) - set(SKELETAL))
        if unknown:
            raise TableError("an unknown type", file="skeletal_events", column="type", expected=", ".join(SKELETAL))
        rows.append(table.loc[table["type"].isin(list(types)), ["id", "type", "day"]])
    if "radiotherapy" in types and "reirradiation_day" in events.columns:
        known = events["reirradiation_day"].notna().to_numpy()
        rows.append(
            pd.DataFrame(
                {
                    "id": ids[known],
                    "type": "radiotherapy",
                    "day": events["reirradiation_day"].to_numpy(dtype=float)[known],
                }
            )
        )
    if not rows:
        raise TableError("the cohort records no skeletal event", expected="skeletal_events.csv with id, type and day")
    first = (
        pd.concat(rows, ignore_index=True)
        .sort_values("day", kind="stable")
        .drop_duplicates("id")
        .set_index("id")
        .reindex(ids)
    )
    day = first["day"].to_numpy(dtype=float)
    seen = ~np.isnan(day)
    return pd.DataFrame(
        {"id": ids, "group": group_of(cohort), "time_days": np.where(seen, day, end), "event": np.where(seen, 1, np.where(died, 2, 0)),
         "type": first["type"].to_numpy(dtype=object)}
    )  # fmt: skip


def worst_grade_frame(
    cohort: Cohort, *, by: str = "category", from_day: float = 0.0, to_day: float | None = None
) -> pd.DataFrame:
    """Worst CTCAE grade of each patient in each category, 0 where none: id, group and one column a category.

    >>> import ostealgia as oa
    >>> oa.cohort.worst_grade_frame(oa.cohort.read(oa.cohort.example())).shape[0]
    205
    """
    made = worst_grades(
        cohort.table("adverse_events"), cohort.patients["id"].to_numpy(), by=by, from_day=from_day, to_day=to_day
    )
    made.insert(1, "group", group_of(cohort))
    return made


def quality_of_life(cohort: Cohort, instrument: str = "QLQ-C30", **options: Any) -> Scores:
    """Scale scores of every form in qlq_items; see ``ostealgia.clinical.score``.

    >>> import ostealgia as oa
    >>> oa.cohort.quality_of_life(oa.cohort.read(oa.cohort.example())).scores["pf"].notna().sum().item()
    360
    """
    return score(cohort.table("qlq_items"), instrument, **options)


def flare_frame(cohort: Cohort, *, window_days: int = 10) -> pd.DataFrame:
    """Pain flare of each patient from the daily diary: id, group, status ("flare", "progression", "no_flare", "not_assessable"), onset_day,
    return_day, reason. Without diary.csv nobody can be assessed: weekly visits do not show a flare. See ``ostealgia.clinical.pain_flare``.

    >>> import ostealgia as oa
    >>> oa.cohort.flare_frame(oa.cohort.read(oa.cohort.example()))["status"].unique().tolist()
    ['not_assessable']
    """
    import pandas as pd

    from ostealgia.clinical.flare import PainFlare, pain_flare

    basis: Any = cohort.patients
    days: dict[Any, Any] = {}
    if "diary" in cohort:
        diary = cohort.table("diary")
        if "omed_mg" not in diary.columns:
            raise TableError("there is no column 'omed_mg'", file="diary", expected="id, day, nrs_worst, omed_mg")
        days = dict(iter(diary.groupby("id", sort=False, observed=True)))
    found = []
    for patient in basis.to_dict("records"):
        own, start = (
            days.get(patient["id"]),
            (patient.get("nrs_baseline", np.nan), patient.get("omed_baseline_mg", np.nan)),
        )
        if own is None or np.isnan(start[0]) or np.isnan(start[1]):
            found.append(
                PainFlare(
                    status="not_assessable", reason="no daily diary" if own is None else "no baseline in patients"
                )
            )
            continue
        found.append(
            pain_flare(
                own["day"], own["nrs_worst"], own["omed_mg"], pain_0=start[0], omed_0=start[1], window_days=window_days
            )
        )
    columns = {name: [getattr(one, name) for one in found] for name in ("status", "onset_day", "return_day", "reason")}
    frame = pd.DataFrame({"id": basis["id"].to_numpy(), "group": group_of(cohort), **columns})
    return frame.astype({"onset_day": "Int64", "return_day": "Int64"})


# column of screening -> (what makes a patient ineligible, words); in the order of the flow diagram
ELIGIBILITY: dict[str, tuple[str, float, str]] = {
    "age": ("below", 18.0, "younger than 18 years"),
    "histology_confirmed": ("is", 0.0, "histology not confirmed"),
    "bone_metastasis_confirmed": ("is", 0.0, "bone metastasis not confirmed"),
    "nrs_screen": ("below", 4.0, "worst pain below 4"),
    "ebrt_received": ("is", 0.0, "no external-beam radiotherapy to a symptomatic lesion"),
    "primary_bone_or_benign": ("is", 1.0, "primary bone tumour or benign lesion"),
    "curative_or_overlapping_rt": ("is", 1.0, "curative or overlapping radiotherapy"),
    "cannot_report_pain": ("is", 1.0, "cannot report pain"),
    "interventional_trial": ("is", 1.0, "in an interventional trial"),
    "other_uncontrolled_pain": ("is", 1.0, "another uncontrolled pain"),
    "records_complete": ("is", 0.0, "records not complete"),
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Flow(Result):
    """The way from screening to analysis (STROBE item 13).

    screened, eligible, enrolled : patients.  reasons : frame reason, n_first (counted once, the first in order), n_any (all that apply).
    visits : frame group, week, assessed, missed_visit, dropout, death (state at the nominal date).  by_group : group -> enrolled.
    """

    screened: int
    eligible: int
    enrolled: int
    by_group: dict[str, int]
    reasons: Any
    visits: Any

    def to_frame(self) -> pd.DataFrame:
        """Reasons of exclusion."""
        return self.reasons.copy()

    def __str__(self) -> str:
        lines = [
            f"Flow: {self.screened} screened, {self.screened - self.eligible} not eligible, {self.enrolled} enrolled"
        ]
        lines += [f"  {row.reason}: {row.n_first} (with others {row.n_any})" for row in self.reasons.itertuples()]
        lines += [f"  {name}: {count}" for name, count in self.by_group.items()]
        return "\n".join(lines + tail_lines(self))


def flow(cohort: Cohort) -> Flow:
    """The flow of patients from screening.csv and the states of the visits.

    >>> import ostealgia as oa
    >>> found = oa.cohort.flow(oa.cohort.read(oa.cohort.example()))
    >>> found.screened, found.eligible, found.enrolled
    (273, 205, 205)
    """
    import pandas as pd

    log = cohort.table("screening")
    notes: list[str] = []
    fails: Any = pd.DataFrame({name: _fails(log, name) for name in ELIGIBILITY if name in log.columns}, index=log.index)
    absent = [name for name in ELIGIBILITY if name not in log.columns]
    if absent:
        notes.append(f"screening does not record {', '.join(absent)}")
    any_reason = fails.any(axis=1).to_numpy()
    first = fails.to_numpy().argmax(axis=1) if fails.shape[1] else np.zeros(len(log), dtype=int)
    rows = []
    for position, name in enumerate(fails.columns):
        n_any = int(fails[name].sum())
        if n_any:
            rows.append(
                {
                    "reason": ELIGIBILITY[name][2],
                    "n_first": int((any_reason & (first == position)).sum()),
                    "n_any": n_any,
                }
            )
    enrolled = log["id"].isin(cohort.patients["id"]).to_numpy()
    for count, words in (
        (int((enrolled & any_reason).sum()), "enrolled although a criterion is not met"),
        (int((~enrolled & ~any_reason).sum()), "eligible by the log and not enrolled, without a reason"),
    ):
        if count:
            notes.append(f"{count_of(count, 'patient', 'patients')} {words}")
    groups = pd.Series(group_of(cohort)).value_counts().sort_index()
    return Flow(
        screened=len(log), eligible=int((~any_reason).sum()), enrolled=cohort.n, by_group={str(k): int(v) for k, v in groups.items()},
        reasons=pd.DataFrame(rows, columns=["reason", "n_first", "n_any"]), visits=_states(cohort), notes=tuple(notes),
    )  # fmt: skip


def _fails(log: Any, name: str) -> Any:
    kind, bound, _ = ELIGIBILITY[name]
    values = log[name].to_numpy(dtype=float)
    return values < bound if kind == "below" else values == bound


def _states(cohort: Cohort) -> Any:
    import pandas as pd

    if "status" not in cohort.visits.columns:
        return pd.DataFrame(columns=["group", "week"])
    group: Any = pd.Series(group_of(cohort), index=cohort.patients["id"].to_numpy())
    frame = pd.DataFrame(
        {
            "group": cohort.visits["id"].map(group).to_numpy(),
            "week": cohort.visits["week"].to_numpy(),
            "status": cohort.visits["status"].to_numpy(),
        }
    )
    wide = frame.value_counts(["group", "week", "status"]).unstack(fill_value=0)
    return wide.rename_axis(columns=None).reset_index().sort_values(["group", "week"], ignore_index=True)
