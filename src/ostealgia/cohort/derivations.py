"""Endpoints of each patient from the tables of a cohort: response by week, relief, survival, skeletal events, toxicity, quality of life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.clinical.pain_response_result import PainResponses
from ostealgia.clinical.pain_response_rules import pain_responses
from ostealgia.cohort.quality_order import DAYS_PER_MONTH
from ostealgia.cohort.windows import place_visits
from ostealgia.display import count_of, percent
from ostealgia.errors import OptionError, TableError
from ostealgia.options import one_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.cohort.reading import Cohort

SITES = ("worst_baseline", "each")
RETREATMENT = ("non_response", "treatment_policy")
DENOMINATOR = {"all_treated": "all treated", "assessable": "assessable"}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ResponseByWeek(Result):
    """Pain response of every patient at every week.

    frame : one row a patient and week: id, group, week, assessment ("at_time"), pain_response, response_reason, extended_rule, responder,
    responder_all_treated.
    by_week : week -> the classification.  groups : of the patients, in their order.  definition, retreatment : as applied.
    """

    frame: Any
    by_week: Mapping[int, PainResponses]
    groups: Any
    definition: str
    retreatment: str

    def to_frame(self) -> pd.DataFrame:
        """One row a patient and week."""
        return self.frame.copy()

    def counts(self) -> pd.DataFrame:
        """One row a group and week, one column a class: the stack of a figure."""
        wide = self.frame.groupby(["group", "week"], sort=True)["pain_response"].value_counts().unstack(fill_value=0)
        order = [name for name in ("CR", "PR", "PP", "IR", "NR", "NE") if name in wide.columns]
        return wide[order].rename_axis(columns=None).reset_index()

    def rates(self, *, level: float = 0.95) -> pd.DataFrame:
        """Response rate by week and group over both denominators, with exact intervals."""
        import pandas as pd

        parts = [one.rates(self.groups, level=level).assign(week=week) for week, one in self.by_week.items()]
        frame: Any = pd.concat(parts, ignore_index=True)
        return frame[["week", *(name for name in frame.columns if name != "week")]]

    def __str__(self) -> str:
        lines = [f"ResponseByWeek: {self.definition}, {count_of(len(self.groups), 'patient', 'patients')}"]
        rates: Any = self.rates()
        for row in rates.itertuples():
            words = DENOMINATOR[str(row.denominator)]
            lines.append(
                f"  week {row.week:>2}  {row.group}: {row.events}/{row.n} of {words} ({percent(row.estimate)})"
            )
        return "\n".join(lines + tail_lines(self))


def response_by_week(
    cohort: Cohort,
    *,
    weeks: Sequence[int] | None = None,
    definition: str = "consensus_2012",
    windows: Mapping[int, tuple[int, int]] | None = None,
    retreatment: str = "non_response",
    sites: str = "worst_baseline",
    opioid_table: str | None = None,
    **rule: str,
) -> ResponseByWeek:
    """Pain response of every patient at each week after baseline, over both denominators.

    weeks : default all after baseline.  windows : see ``place_visits``.  retreatment : the index site irradiated again before the visit is
    "non_response" among all treated, or counts as it is ("treatment_policy").  opioid_table : OMED from opioids.csv by this table, both at
    baseline and at the visit; default the given omed_mg.  rule : options of ``ResponseRule``.
    sites : where visits has a column site, the one with the worst pain at baseline stands for the patient, or "each" is a row (cluster by
    patient then).
    A patient without a visit, dead or lost is not evaluable and stays among all treated; nothing is carried forward.

    >>> import ostealgia as oa
    >>> found = oa.cohort.response_by_week(oa.cohort.read(oa.cohort.example()), weeks=[12], retreatment="treatment_policy")
    >>> found.by_week[12].counts
    {'CR': 12, 'PR': 92, 'PP': 4, 'IR': 51, 'NE': 46}
    """
    import pandas as pd

    one_of("retreatment", retreatment, RETREATMENT)
    one_of("sites", sites, SITES)
    placed = place_visits(cohort, windows=windows)
    visits, notes = _with_omed(cohort, placed.visits, opioid_table)
    units, site_notes = _units(cohort, visits, sites)
    ids = units["id"].to_numpy(dtype=object)
    groups = units["group"].to_numpy(dtype=object)
    wanted = [week for week in placed.windows if week > 0] if weeks is None else [int(week) for week in weeks]
    for week in wanted:
        if week not in placed.windows:
            raise OptionError(f"weeks={week!r} has no window. Windows: {', '.join(map(str, placed.windows))}.")
    if not wanted:
        raise TableError(
            "there is no visit after baseline", file="visits", column="week", expected="visits at week 0 and later"
        )
    start = _at(visits, 0, units)
    basis = cohort.patients.set_index("id").reindex(ids)
    pain_0 = start["nrs_worst"] if "site" in units else _first_known(start["nrs_worst"], basis, "nrs_baseline")
    omed_0 = start["omed_mg"] if opioid_table else _first_known(start["omed_mg"], basis, "omed_baseline_mg")
    by_week, parts = {}, []
    for week in wanted:
        here = _at(visits, week, units)
        died, again = _before(cohort, ids, here["day"], week)
        found = pain_responses(
            pain_0, here["nrs_worst"], omed_0, here["omed_mg"], definition=definition, died=died & np.isnan(here["nrs_worst"]),
            retreated=again if retreatment == "non_response" else None, **rule,
        )  # fmt: skip
        by_week[week] = found
        parts.append(units.assign(week=week, assessment="at_time", **found.columns()))
    first = next(iter(by_week.values())).notes[:1]
    frame = pd.concat(parts, ignore_index=True)
    said = f"index site treated again before the visit: {retreatment.replace('_', ' ')} among all treated"
    if not retreatment_source(cohort):
        said = "whether the index site was treated again is not recorded: a response after that counts as one"
    return ResponseByWeek(
        frame=frame, by_week=by_week, groups=groups, definition=definition, retreatment=retreatment, excluded=placed.excluded,
        notes=(*first, said, *site_notes, *notes, *placed.notes),
    )  # fmt: skip


def best_response(found: ResponseByWeek) -> pd.DataFrame:
    """The best response of each patient over the weeks: another outcome than the response at a week, and always higher.

    found : from ``response_by_week``.  Columns id, group (site), pain_response, week (of the first best one), responder_all_treated,
    assessment ("best"). Order: CR, PR, IR, PP, NE; a response after the index site was treated again does not count.

    >>> import ostealgia as oa
    >>> found = oa.cohort.response_by_week(oa.cohort.read(oa.cohort.example()))
    >>> oa.cohort.best_response(found)["pain_response"].value_counts().to_dict()
    {'PR': 141, 'IR': 38, 'CR': 14, 'NE': 7, 'PP': 5}
    """
    frame = found.frame
    keys = ["id", "site"] if "site" in frame.columns else ["id"]
    order = {name: place for place, name in enumerate(("CR", "PR", "IR", "NR", "PP", "NE"))}
    again = frame["responder"].fillna(False).astype(bool) & ~frame["responder_all_treated"].astype(bool)
    place = frame["pain_response"].map(order).where(~again, order["IR"])
    best = frame.assign(_place=place, _row=np.arange(len(frame)) % max(len(found.groups), 1)).sort_values(
        ["_place", "week"], kind="stable"
    )
    best = best.drop_duplicates(keys).sort_values("_row", ignore_index=True)
    words = {position: name for name, position in order.items()}
    best = best.assign(pain_response=best["_place"].map(words), assessment="best")
    wanted = [*keys, "group", "pain_response", "week", "responder_all_treated", "assessment"]
    made: Any = best[wanted]
    return made


def group_of(cohort: Cohort) -> Any:
    """The group of each patient: "all" where the cohort has none, "not recorded" where the patient has none."""
    if "group" not in cohort.patients.columns:
        return np.full(cohort.n, "all", dtype=object)
    groups = cohort.patients["group"]
    return groups.astype(object).where(groups.notna(), "not recorded").to_numpy()


def _with_omed(cohort: Cohort, visits: Any, table: str | None) -> tuple[Any, tuple[str, ...]]:
    """The visits with omed_mg from opioids.csv where a conversion table is named."""
    if table is None:
        return visits, (
            "OMED as given in visits; its conversion table is not known here",
        ) if "opioids" not in cohort else (
            "OMED as given in visits; opioids.csv is there and is used with opioid_table=",
        )
    from ostealgia.clinical.opioids import omed

    opioids = cohort.table("opioids")
    found = omed(opioids.assign(week=opioids["week"].astype(float)), table=table)
    joined = visits.drop(columns="omed_mg", errors="ignore").merge(
        found.visits[["id", "week", "omed_mg_per_day"]].rename(columns={"omed_mg_per_day": "omed_mg", "week": "nominal_week"}),
        on=["id", "nominal_week"], how="left", validate="many_to_one",
    )  # fmt: skip
    return joined, found.notes


def _units(cohort: Cohort, visits: Any, sites: str) -> tuple[Any, tuple[str, ...]]:
    """One row a patient (id, group), or a patient and site where the visits tell them apart, and what must be said."""
    import pandas as pd

    whole = pd.DataFrame({"id": cohort.patients["id"].to_numpy(dtype=object), "group": group_of(cohort)})
    if "site" not in visits.columns:
        return whole, ()
    start = visits.loc[visits["week"] == 0, ["id", "site", "nrs_worst"]].sort_values(
        "nrs_worst", ascending=False, kind="stable"
    )
    known = start.assign(id=start["id"].astype(object), site=start["site"].astype(object))
    if sites == "worst_baseline":
        note = "of several sites of a patient the one with the worst pain at baseline is used"
        return whole.merge(known.drop_duplicates("id")[["id", "site"]], on="id", how="left"), (note,)
    units = whole.merge(known[["id", "site"]].sort_values(["id", "site"]), on="id", how="left")
    return units, (
        f"{len(units)} sites of {len(whole)} patients: sites of one patient are not independent, cluster by patient",
    )


def _at(visits: Any, week: int, units: Any) -> dict[str, Any]:
    """Columns of the visits at a week in the order of the units, NaN where there is none."""
    import pandas as pd

    keys = ["id", "site"] if "site" in units.columns else ["id"]
    here = visits[(visits["week"] == week).to_numpy()]
    here = here.assign(**{key: here[key].astype(object) for key in keys}).set_index(keys)
    here = here.reindex(pd.MultiIndex.from_frame(units[keys]) if len(keys) > 1 else units["id"].to_numpy(dtype=object))
    return {
        name: here[name].to_numpy(dtype=float) if name in here.columns else np.full(len(units), np.nan)
        for name in ("nrs_worst", "omed_mg", "day")
    }


def _first_known(values: Any, patients: Any, column: str) -> Any:
    """The value of week 0, else the one of the patients table."""
    if column not in patients.columns:
        return values
    return np.where(np.isnan(values), patients[column].to_numpy(dtype=float), values)


def _before(cohort: Cohort, ids: Any, day: Any, week: int) -> tuple[Any, Any]:
    """(died, index site treated again) before the visit, or before the nominal day where there is none."""
    reference = np.where(np.isnan(day), 7.0 * week, day)
    died, again = np.zeros(len(ids), dtype=bool), np.zeros(len(ids), dtype=bool)
    if "status" in cohort.visits.columns:
        dead = cohort.visits[(cohort.visits["status"] == "death").to_numpy()]
        died |= np.isin(ids, dead.loc[(dead["week"] <= week).to_numpy(), "id"].to_numpy(dtype=object))
    if "events" in cohort:
        events = cohort.table("events").set_index("id").reindex(ids)
        if {"os_months", "os_event"} <= set(events.columns):
            last = events["os_months"].to_numpy(dtype=float) * DAYS_PER_MONTH
            died |= (events["os_event"] == 1).to_numpy() & (last < reference)
        if "reirradiation_day" in events.columns:
            again |= events["reirradiation_day"].to_numpy(dtype=float) < reference
    if retreatment_source(cohort) == "visits":
        again |= flagged_again(cohort, ids, week)
    return died, again


def retreatment_source(cohort: Cohort) -> str:
    """Where the index site irradiated again is recorded: "events" (reirradiation_day), "visits" (after_reirradiation), or "" nowhere."""
    if "events" in cohort and "reirradiation_day" in cohort.table("events").columns:
        return "events"
    return "visits" if "after_reirradiation" in cohort.visits.columns else ""


def flagged_again(cohort: Cohort, ids: Any, week: int) -> Any:
    """Irradiated again by the flag of this visit or of an earlier one."""
    flagged = cohort.visits[(cohort.visits["after_reirradiation"] == 1).to_numpy()]
    return np.isin(ids, flagged.loc[(flagged["week"] <= week).to_numpy(), "id"].to_numpy(dtype=object))


def time_to_relief(cohort: Cohort, *, definition: str = "consensus_2012", **options: Any) -> pd.DataFrame:
    """Days to the first pain relief with death competing: id, group, time_days, event (0 censored, 1 relief, 2 death), source.

    The onset in events.csv where it stands, else the first visit with CR or PR (its day is an upper bound of the onset). Without relief
    the time ends at death, or at the end of the follow-up. For a cumulative incidence, never for a mean among responders.

    >>> import ostealgia as oa
    >>> frame = oa.cohort.time_to_relief(oa.cohort.read(oa.cohort.example()))
    >>> frame["event"].value_counts().sort_index().tolist()
    [3, 171, 31]
    """
    import pandas as pd

    events = follow_up(cohort)
    end, died = events["os_months"].to_numpy(dtype=float) * DAYS_PER_MONTH, (events["os_event"] == 1).to_numpy()
    given = "relief_onset_day" in events.columns
    onset = events["relief_onset_day"].to_numpy(dtype=float) if given else _first_response(cohort, definition, options)
    relief = ~np.isnan(onset)
    return pd.DataFrame(
        {"id": cohort.patients["id"].to_numpy(), "group": group_of(cohort), "time_days": np.where(relief, onset, end),
         "event": np.where(relief, 1, np.where(died, 2, 0)), "source": "events.csv" if given else "first visit with response"}
    )  # fmt: skip


def _first_response(cohort: Cohort, definition: str, options: Mapping[str, Any]) -> Any:
    frame = response_by_week(cohort, definition=definition, **options).frame
    visits = place_visits(cohort, windows=options.get("windows")).visits
    day = (
        visits["day"].where(visits["day"].notna(), visits["week"] * 7)
        if "day" in visits.columns
        else visits["week"] * 7
    )
    responders: Any = frame[frame["responder_all_treated"].astype(bool)].merge(
        visits.assign(_day=day)[["id", "week", "_day"]], on=["id", "week"]
    )
    return responders.groupby("id")["_day"].min().reindex(cohort.patients["id"]).to_numpy(dtype=float)


def relief_duration(cohort: Cohort) -> pd.DataFrame:
    """Days from the onset of relief to its end, responders only: id, group, time_days, event (0 censored, 1 progression, 2 death).

    The event is that of progression-free follow-up where it ends with the relief (within 2 days); else censored. A selected group:
    describe it beside time_to_relief, do not compare arms by it.
    """
    import pandas as pd

    events = follow_up(cohort)
    _need_columns(events, "relief_onset_day", "relief_duration_days")
    onset, length = (events[name].to_numpy(dtype=float) for name in ("relief_onset_day", "relief_duration_days"))
    kind = np.zeros(len(events), dtype=int)
    if {"pfs_months", "pfs_event_type"} <= set(events.columns):
        same = np.abs(onset + length - events["pfs_months"].to_numpy(dtype=float) * DAYS_PER_MONTH) <= 2.0
        kind = np.where(same, np.nan_to_num(events["pfs_event_type"].to_numpy(dtype=float)).astype(int), 0)
    kept = ~np.isnan(onset) & ~np.isnan(length)
    frame: Any = pd.DataFrame(
        {"id": cohort.patients["id"].to_numpy(), "group": group_of(cohort), "time_days": length, "event": kind}
    )
    return frame[kept].reset_index(drop=True)


def follow_up(cohort: Cohort) -> Any:
    """events.csv in the order of the patients. Raises TableError where there is none."""
    events = cohort.table("events")
    _need_columns(events, "os_months", "os_event")
    return events.set_index("id").reindex(cohort.patients["id"].to_numpy())


def _need_columns(frame: Any, *names: str) -> None:
    for name in names:
        if name not in frame.columns:
            raise TableError(f"there is no column {name!r}", file="events", expected=", ".join(names))
