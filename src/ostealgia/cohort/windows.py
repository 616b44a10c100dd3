"""Visits placed at weeks by their actual day, in stated windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.display import count_of
from ostealgia.errors import OptionError
from ostealgia.tables.result import Excluded, Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.cohort.reading import Cohort

# week -> first and last day, from the first fraction
WINDOWS: dict[int, tuple[int, int]] = {
    0: (-14, 0),
    1: (4, 13),
    2: (11, 17),
    4: (21, 35),
    8: (42, 69),
    12: (70, 98),
    24: (140, 196),
}
BASELINE = 0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PlacedVisits(Result):
    """One row a patient and week that has a visit in its window.

    visits : the columns of the visits, with ``week`` placed, ``nominal_week`` and ``days_off`` (actual day less the week's).
    windows : as applied, days.
    """

    visits: Any
    windows: Mapping[int, tuple[int, int]]

    def to_frame(self) -> pd.DataFrame:
        """The placed visits."""
        return self.visits.copy()

    def __str__(self) -> str:
        spans = ", ".join(f"week {week}: day {low} to {high}" for week, (low, high) in self.windows.items())
        return "\n".join(
            [f"PlacedVisits: {count_of(len(self.visits), 'visit', 'visits')}", f"  {spans}", *tail_lines(self)]
        )


def place_visits(cohort: Cohort, *, windows: Mapping[int, tuple[int, int]] | None = None) -> PlacedVisits:
    """Every visit at the week in whose window its actual day lies; of several the nearest to the week, then the earlier.

    windows : week -> (first day, last day), both included; default: those of ``WINDOWS`` for the weeks of the cohort.
    A visit without an actual day keeps its nominal week, with a note. Baseline is the last day not after 0.

    >>> import ostealgia as oa
    >>> placed = oa.cohort.place_visits(oa.cohort.read(oa.cohort.example()))
    >>> len(placed.visits), (placed.visits["week"] == placed.visits["nominal_week"]).all().item()
    (897, True)
    """
    frame: Any = cohort.visits
    chosen = _checked(windows) if windows is not None else _default(frame)
    if "status" in frame.columns:
        frame = frame[(frame["status"] == "assessed").to_numpy()]
    elif "nrs_worst" in frame.columns:
        frame = frame[frame["nrs_worst"].notna()]
    nominal = frame["week"].to_numpy(dtype=float)
    day = frame["day"].to_numpy(dtype=float) if "day" in frame.columns else np.full(len(frame), np.nan)
    notes = [f"windows in days: {', '.join(f'week {week}: {low} to {high}' for week, (low, high) in chosen.items())}"]
    unknown = np.isnan(day)
    if unknown.any():
        notes.append(
            f"{count_of(int(unknown.sum()), 'visit', 'visits')} without an actual day kept at the nominal week"
        )
    week, off = _nearest(np.where(unknown, nominal * 7, day), nominal, unknown, chosen)
    made = frame.assign(nominal_week=nominal, week=week, days_off=np.where(unknown, np.nan, off))
    outside = np.isnan(week)
    moved = int((~outside & (week != nominal)).sum())
    if moved:
        notes.append(f"{count_of(moved, 'visit', 'visits')} placed at another week than the nominal one")
    inside = made[~outside].assign(_off=np.abs(off[~outside]), _day=day[~outside])
    inside = inside.sort_values(["_off", "_day"], kind="stable")
    twice = inside.duplicated(["id", "week", *(["site"] if "site" in inside.columns else [])])
    kept = inside[~twice].sort_index().drop(columns=["_off", "_day"])
    excluded = []
    for count, reason in (
        (int(outside.sum()), "outside all windows"),
        (int(twice.sum()), "another visit of the patient is nearer to the week"),
    ):
        if count:
            excluded.append(Excluded(study=count_of(count, "visit", "visits"), reason=reason))
    return PlacedVisits(visits=kept, windows=chosen, notes=tuple(notes), excluded=tuple(excluded))


def _checked(windows: Mapping[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    if not windows:
        raise OptionError("windows is empty. Give week -> (first day, last day).")
    made = {}
    for week, span in windows.items():
        try:
            low, high = span
        except (TypeError, ValueError):
            raise OptionError(f"windows[{week!r}] is not (first day, last day).") from None
        if not low <= high:
            raise OptionError(f"windows[{week!r}] ends before it begins.")
        made[int(week)] = (int(low), int(high))
    return dict(sorted(made.items()))


def _default(frame: Any) -> dict[int, tuple[int, int]]:
    """The windows of the weeks that occur; for other weeks half the way to the neighbours."""
    weeks = sorted({int(week) for week in frame["week"].dropna().unique()})
    made = {}
    for position, week in enumerate(weeks):
        if week in WINDOWS:
            made[week] = WINDOWS[week]
            continue
        before = weeks[position - 1] if position else week - 2
        after = weeks[position + 1] if position + 1 < len(weeks) else week + (week - before)
        made[week] = (int(7 * (before + week) / 2) + 1, int(7 * (week + after) / 2))
    return made


def _nearest(day: Any, nominal: Any, unknown: Any, windows: Mapping[int, tuple[int, int]]) -> tuple[Any, Any]:
    week, off = np.full(len(day), np.nan), np.full(len(day), np.inf)
    for target, (low, high) in windows.items():
        distance = np.abs(day - 7 * target)
        better = (day >= low) & (day <= high) & (distance < np.abs(off)) & ~unknown
        week[better], off[better] = target, day[better] - 7 * target
    keep = unknown & np.isin(nominal, list(windows))
    week[keep], off[keep] = nominal[keep], 0.0
    return week, off
