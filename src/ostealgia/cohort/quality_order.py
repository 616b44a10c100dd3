"""Checks across columns and files: order of dates, what happens after death, and facts that are stated twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ostealgia.cohort.quality_findings import Finding, finding
from ostealgia.cohort.reading_frames import Loaded

DAYS_PER_MONTH = 30.4375
ROUNDING_DAYS = 1.0  # months are given to 2 decimals and days are whole
LEAST_CHARLSON = 6


def order_findings(tables: Mapping[str, Loaded], *, show: bool) -> Iterator[Finding]:
    """All findings that need two columns or two files."""
    if "visits" in tables:
        yield from _visits(tables["visits"], show)
    if "events" in tables:
        yield from _events(tables["events"], show)
        yield from _after_death(tables, show)
    yield from _stated_twice(tables, show)
    yield from _charlson(tables["patients"])


def _has(frame: Any, *columns: str) -> bool:
    return all(name in frame.columns for name in columns)


def _number(frame: Any, column: str) -> Any:
    return frame[column].to_numpy(dtype=float)


def _visits(loaded: Loaded, show: bool) -> Iterator[Finding]:
    frame = loaded.frame
    if _has(frame, "day"):
        yield from _days_in_order(loaded, show)
    if not _has(frame, "status"):
        return
    status = frame["status"]
    seen = (status == "assessed").to_numpy()
    values = [name for name in ("nrs_worst", "omed_mg") if name in frame.columns]
    for column in values:
        where = np.flatnonzero(frame[column].notna().to_numpy() & ~seen & status.notna().to_numpy())
        if len(where):
            yield finding(
                "value_without_visit",
                "inconsistent",
                loaded.file,
                column,
                "a value where the status is not 'assessed'",
                where,
                frame=frame,
                show=show,
            )
        where = np.flatnonzero(frame[column].isna().to_numpy() & seen)
        if len(where):
            yield finding(
                "assessed_without_value",
                "information",
                loaded.file,
                column,
                "the visit is 'assessed' and has no value",
                where,
                frame=frame,
                show=show,
            )
    dead = (status == "death").to_numpy()
    if dead.any() and seen.any():
        first = _least_by_patient(frame, dead)
        week = _number(frame, "week")
        where = np.flatnonzero(seen & (week > first))
        if len(where):
            message = "a visit is 'assessed' after one with the status 'death'"
            yield finding(
                "visit_after_death", "impossible", loaded.file, "status", message, where, frame=frame, show=show
            )


def _least_by_patient(frame: Any, chosen: Any) -> Any:
    """The first week of the chosen rows of each patient, at every row of that patient; infinity where there is none."""
    import pandas as pd

    codes, _ = pd.factorize(frame["id"])
    least = np.full(codes.max() + 2, np.inf)
    np.minimum.at(least, codes[chosen], _number(frame, "week")[chosen])
    least[-1] = np.inf
    return least[codes]


def _days_in_order(loaded: Loaded, show: bool) -> Iterator[Finding]:
    """Within a patient a later week must not have an earlier day."""
    import pandas as pd

    frame = loaded.frame
    day, week = _number(frame, "day"), _number(frame, "week")
    codes, _ = pd.factorize(frame["id"])
    known = np.flatnonzero(~np.isnan(day) & ~np.isnan(week) & (codes >= 0))
    if not len(known):
        return
    if np.any((np.diff(codes[known]) < 0) | ((np.diff(codes[known]) == 0) & (np.diff(week[known]) < 0))):
        known = known[np.lexsort((week[known], codes[known]))]
    same = np.diff(codes[known]) == 0
    back = same & (np.diff(day[known]) < 0)
    where = np.sort(known[1:][back])
    if len(where):
        message = "the day lies before that of an earlier week of the same patient"
        yield finding("days_out_of_order", "impossible", loaded.file, "day", message, where, frame=frame, show=show)


def _events(loaded: Loaded, show: bool) -> Iterator[Finding]:
    frame = loaded.frame
    if _has(frame, "os_months", "pfs_months"):
        where = np.flatnonzero(_number(frame, "pfs_months") > _number(frame, "os_months") + 1e-9)
        if len(where):
            message = "progression-free time is longer than survival time"
            yield finding(
                "pfs_after_os", "impossible", loaded.file, "pfs_months", message, where, frame=frame, show=show
            )
    if _has(frame, "pfs_event", "pfs_event_type"):
        event, kind = _number(frame, "pfs_event"), _number(frame, "pfs_event_type")
        where = np.flatnonzero((event == 1) != (kind > 0))
        if len(where):
            message = "pfs_event and pfs_event_type do not agree"
            yield finding(
                "event_type", "inconsistent", loaded.file, "pfs_event_type", message, where, frame=frame, show=show
            )
    if _has(frame, "pfs_event_type", "os_event", "pfs_months", "os_months"):
        death = _number(frame, "pfs_event_type") == 2
        apart = np.abs(_number(frame, "pfs_months") - _number(frame, "os_months")) > 0.011
        where = np.flatnonzero(death & ((_number(frame, "os_event") != 1) | apart))
        if len(where):
            message = "death without progression here, but not in os_event and os_months"
            yield finding(
                "death_stated_twice",
                "inconsistent",
                loaded.file,
                "pfs_event_type",
                message,
                where,
                frame=frame,
                show=show,
            )
    if _has(frame, "relief_onset_day", "relief_duration_days"):
        where = np.flatnonzero(
            frame["relief_onset_day"].isna().to_numpy() & frame["relief_duration_days"].notna().to_numpy()
        )
        if len(where):
            yield finding("duration_without_onset", "inconsistent", loaded.file, "relief_duration_days", "a duration without its onset",
                          where, frame=frame, show=show)  # fmt: skip


# file, column of a day, rule, severity
_AFTER_DEATH = (
    ("visits", "day", "visit_after_death"),
    ("adverse_events", "onset_day", "event_after_death"),
    ("events", "reirradiation_day", "treatment_after_death"),
    ("events", "relief_onset_day", "relief_after_death"),
    ("skeletal_events", "day", "event_after_death"),
    ("diary", "day", "visit_after_death"),
)


def last_days(events: Any, patients: Any) -> tuple[Any, Any]:
    """(last day known alive, died) of each patient of an index, NaN and False where there is no follow-up."""
    from ostealgia.cohort.quality import codes_of_ids

    day, died = np.full(len(patients), np.nan), np.zeros(len(patients), dtype=bool)
    places = codes_of_ids(events["id"], patients)
    rows = np.flatnonzero(places >= 0)[::-1]  # the first row of a patient wins
    day[places[rows]] = _number(events, "os_months")[rows] * DAYS_PER_MONTH
    died[places[rows]] = _number(events, "os_event")[rows] == 1
    return day, died


def _after_death(tables: Mapping[str, Loaded], show: bool) -> Iterator[Finding]:
    from ostealgia.cohort.quality import codes_of_ids, patient_index

    events = tables["events"].frame
    if not _has(events, "os_months", "os_event"):
        return
    patients = patient_index(tables)
    day, died = last_days(events, patients)
    day, died = np.append(day, np.nan), np.append(died, False)
    for name, column, rule in _AFTER_DEATH:
        if name not in tables or not _has(tables[name].frame, column):
            continue
        frame = tables[name].frame
        places = codes_of_ids(frame["id"], patients)
        later = _number(frame, column) > day[places] + ROUNDING_DAYS
        where = np.flatnonzero(later & died[places])
        if len(where):
            yield finding(
                rule,
                "impossible",
                tables[name].file,
                column,
                "the day lies after the patient's death",
                where,
                frame=frame,
                show=show,
            )
        where = np.flatnonzero(later & ~died[places])
        if len(where):
            message = "the day lies after the end of the follow-up in events"
            yield finding(
                "after_follow_up", "inconsistent", tables[name].file, column, message, where, frame=frame, show=show
            )
    if "visits" in tables and _has(tables["visits"].frame, "status"):
        frame = tables["visits"].frame
        places = codes_of_ids(frame["id"], patients)
        known = ~np.isnan(day[places])
        where = np.flatnonzero((frame["status"] == "death").to_numpy() & known & ~died[places])
        if len(where):
            message = "the status is 'death', but the patient is alive in events"
            yield finding(
                "death_not_in_events",
                "inconsistent",
                tables["visits"].file,
                "status",
                message,
                where,
                frame=frame,
                show=show,
            )


def _stated_twice(tables: Mapping[str, Loaded], show: bool) -> Iterator[Finding]:
    """Baseline in patients and in visits; re-irradiation in events and in visits."""
    from ostealgia.cohort.quality import codes_of_ids, patient_index

    if "visits" not in tables:
        return
    visits, patients = tables["visits"].frame, patient_index(tables)
    places = codes_of_ids(visits["id"], patients)
    basis = tables["patients"].frame.drop_duplicates("id").set_index("id").reindex(patients)
    start = np.flatnonzero((_number(visits, "week") == 0) & (places >= 0))
    for column, ours in (("nrs_worst", "nrs_baseline"), ("omed_mg", "omed_baseline_mg")):
        if _has(visits, column) and _has(basis, ours):
            there = _number(basis, ours)[places[start]]
            differ = np.abs(_number(visits, column)[start] - there) > 1e-9
            if differ.any():
                message = f"the value of week 0 is not {ours} of patients"
                yield finding(
                    "baseline_differs",
                    "inconsistent",
                    tables["visits"].file,
                    column,
                    message,
                    start[differ],
                    frame=visits,
                    show=show,
                )
    if (
        "events" in tables
        and _has(visits, "after_reirradiation", "day")
        and _has(tables["events"].frame, "reirradiation_day")
    ):
        first = (
            tables["events"]
            .frame.drop_duplicates("id")
            .set_index("id")["reirradiation_day"]
            .reindex(patients)
            .to_numpy(dtype=float)
        )
        first = np.append(first, np.nan)[places]
        day, flag = _number(visits, "day"), _number(visits, "after_reirradiation")
        wrong = ((flag == 1) & ~(day >= first)) | ((flag == 0) & (day > first))
        where = np.flatnonzero(wrong & ~np.isnan(day) & ~np.isnan(flag))
        if len(where):
            message = "after_reirradiation does not agree with reirradiation_day in events"
            yield finding(
                "reirradiation_flag",
                "inconsistent",
                tables["visits"].file,
                "after_reirradiation",
                message,
                where,
                frame=visits,
                show=show,
            )


def _charlson(loaded: Loaded) -> Iterator[Finding]:
    if not _has(loaded.frame, "charlson"):
        return
    low = int((_number(loaded.frame, "charlson") < LEAST_CHARLSON).sum())
    if low:
        message = (
            f"{low} below 6, which the index cancer alone scores by the weights of 1987: say how the index was scored"
        )
        yield finding("charlson_scoring", "suspect", loaded.file, "charlson", message, count=low)
