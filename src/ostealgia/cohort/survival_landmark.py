"""A state that patients reach on the way: landmark analysis, and the immortal-time trap beside its two ways out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.cohort.cox_model import cox
from ostealgia.cohort.cox_result import CoxResult
from ostealgia.cohort.survival_data import FIRST_ROW, Ask, SurvivalRows, absent, column_of, survival_rows
from ostealgia.cohort.survival_kaplan_meier import KaplanMeierResult, kaplan_meier
from ostealgia.display import count_of, interval, level_text, number, p_text
from ostealgia.errors import TableError
from ostealgia.options import between
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

REACHED = "reached"  # column made here: 1 where the state was reached


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LandmarkResult(Result):
    """Those free of the event at a landmark, by whether they had reached the state by then; time counts from the landmark.

    before : patients whose follow-up ended by the landmark, left out of both.
    """

    at: float
    n: int
    reached: int
    before: int
    cox: CoxResult
    kaplan_meier: KaplanMeierResult

    def to_frame(self) -> pd.DataFrame:
        """The Cox model's row, with ``analysis`` and n."""
        frame = self.cox.to_frame()
        frame.insert(0, "analysis", "landmark")
        frame["n"] = self.n
        return frame

    def __str__(self) -> str:
        lines = [
            f"LandmarkResult: {self.n:,} patients free of the event at {self.at:g}, {self.reached:,} had reached the state by then"
        ]
        lines.append(f"  hazard ratio from then on {_ratio(self.cox)}")
        return "\n".join([*lines, *tail_lines(self)])


def _ratio(fit: CoxResult) -> str:
    low, high = float(np.exp(fit.ci_low[0])), float(np.exp(fit.ci_high[0]))
    return f"{number(float(np.exp(fit.estimate[0])))} [{interval(low, high)}]   {p_text(float(fit.p_value[0]))}"


def _state(frame: Any, time: str, event: str, exposure_time: str, event_value: object) -> tuple[SurvivalRows, Any]:
    """Rows with their follow-up, and when each reached the state (infinite where never, or not before its end)."""
    rows = survival_rows(frame, Ask(time=time, event=event, event_value=event_value))
    values = column_of(frame, exposure_time)[rows.positions]
    never = absent(values)
    when = np.full(rows.n, np.inf)
    try:
        when[~never] = values[~never].astype(np.float64)
    except (TypeError, ValueError):
        raise TableError(
            "not a number", column=exposure_time, expected="a time, or empty where the state was never reached"
        ) from None
    wrong = np.isnan(when) | (when < 0)
    if wrong.any():
        row = int(rows.positions[np.flatnonzero(wrong)[0]]) + FIRST_ROW
        raise TableError(
            "the value is impossible", column=exposure_time, row=row, expected="a time of 0 or more, or empty"
        )
    if not np.isfinite(when).any():
        raise TableError("nobody reached the state", column=exposure_time, expected="a time for those who did")
    return rows, when


def landmark(
    frame: Any,
    *,
    time: str,
    event: str,
    exposure_time: str,
    at: float,
    level: float = 0.95,
    ci: str = "log-log",
    event_value: object = None,
) -> LandmarkResult:
    """From a landmark on, do those who had reached a state (pain relief) by then fare better?

    frame : one row a patient.  time, event : as in ``kaplan_meier``.  exposure_time : when the state was reached, empty where never.
    at : the landmark, in the same unit; choose it before looking. Patients whose follow-up ended by then are left out and counted; who
    reaches the state later counts as without it.  Association, not effect: those who reach a state differ from the others.
    Source: Anderson, Cain & Gelber 1983, doi:10.1200/JCO.1983.1.11.710.

    >>> data = {"t": [1, 3, 4, 5, 6, 8], "d": [1, 1, 1, 1, 0, 1], "relief": [None, 1, None, 2, 1, 4]}
    >>> landmark(data, time="t", event="d", exposure_time="relief", at=2).n
    5
    """
    at = between("at", at, 0.0, np.inf)
    rows, when = _state(frame, time, event, exposure_time, event_value)
    stays = rows.time > at
    reached = when <= at
    if not reached[stays].any() or reached[stays].all():
        who = "nobody" if not reached[stays].any() else "everybody"
        raise TableError(
            f"{who} in follow-up at {at:g} had reached the state by then",
            column=exposure_time,
            action="Choose another landmark",
        )
    table = {"time": rows.time[stays] - at, "event": rows.event[stays].astype(int), REACHED: reached[stays].astype(int)}
    named = {**table, REACHED: np.where(reached[stays], "reached", "not reached").astype(object)}
    late = int((np.isfinite(when) & ~reached & (when <= rows.time))[stays].sum())
    before = int((~stays).sum())
    notes = [f"{count_of(before, 'patient', 'patients')} whose follow-up ended by {at:g} left out"] if before else []
    if late:
        notes.append(
            f"{count_of(late, 'patient', 'patients')} who reached the state after {at:g} counted as without it"
        )
    return LandmarkResult(
        at=at, n=int(stays.sum()), reached=int(reached[stays].sum()), before=before,
        cox=cox(table, time="time", event="event", terms=[REACHED], level=level),
        kaplan_meier=kaplan_meier(named, time="time", event="event", by=REACHED, ci=ci, level=level),
        excluded=rows.excluded, notes=(*rows.notes, *notes),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ImmortalTimeResult(Result):
    """The same question asked three ways. naive : ever reached, from time 0 (wrong).  landmark, time_dependent : the two ways out."""

    naive: CoxResult
    landmark: LandmarkResult
    time_dependent: CoxResult

    @property
    def fits(self) -> Mapping[str, CoxResult]:
        """analysis -> Cox model."""
        return {"naive": self.naive, "landmark": self.landmark.cox, "time-dependent": self.time_dependent}

    def to_frame(self) -> pd.DataFrame:
        """One row an analysis: analysis, valid, n, and the columns of a Cox model (log hazard ratios)."""
        import pandas as pd

        patients = {"naive": self.naive.n, "landmark": self.landmark.n, "time-dependent": self.naive.n}
        parts: list[pd.DataFrame] = []
        for name, fit in self.fits.items():
            part = fit.to_frame()
            part.insert(0, "n", patients[name])
            part.insert(0, "valid", name != "naive")
            part.insert(0, "analysis", name)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def __str__(self) -> str:
        level = level_text(self.naive.ci_level)
        lines = [f"ImmortalTimeResult: hazard ratio of having reached the state, {level} CI"]
        titles = {
            "naive": "ever reached, from time 0 (immortal time: not valid)",
            "landmark": f"reached by {self.landmark.at:g}, from then on",
            "time-dependent": "reached as it happens",
        }
        width = max(len(title) for title in titles.values())
        lines += [f"  {title.ljust(width)}  {_ratio(self.fits[name])}" for name, title in titles.items()]
        return "\n".join([*lines, *tail_lines(self)])


def immortal_time(
    frame: Any,
    *,
    time: str,
    event: str,
    exposure_time: str,
    landmark_at: float,
    level: float = 0.95,
    event_value: object = None,
) -> ImmortalTimeResult:
    """How much of the benefit of having reached a state is only that one must live to reach it?

    frame, time, event, exposure_time : as in ``landmark``; landmark_at : its landmark.  Three Cox models: ever reached as if known from
    time 0 (its
    time until then is immortal, so it flatters), the landmark analysis, and the state as it happens (one interval before, one after).
    Who reaches the state at the time of the event, or after, counts as never.
    Source: Suissa 2008, doi:10.1093/aje/kwm324; Mantel & Byar 1974, doi:10.1080/01621459.1974.10480131.

    >>> data = {"t": [1, 3, 4, 5, 6, 8], "d": [1, 1, 1, 1, 0, 1], "relief": [None, 1, None, 2, 1, 4]}
    >>> immortal_time(data, time="t", event="d", exposure_time="relief", landmark_at=2).to_frame()["analysis"].tolist()
    ['naive', 'landmark', 'time-dependent']
    """
    rows, when = _state(frame, time, event, exposure_time, event_value)
    ever = np.isfinite(when) & (when < rows.time)
    table = {"time": rows.time, "event": rows.event.astype(int), REACHED: ever.astype(int)}
    naive = cox(table, time="time", event="event", terms=[REACHED], level=level)
    split = np.flatnonzero(ever & (when > 0))
    alone = np.flatnonzero(~(ever & (when > 0)))
    intervals = {
        "start": np.concatenate([np.zeros(len(alone)), np.zeros(len(split)), when[split]]),
        "stop": np.concatenate([rows.time[alone], when[split], rows.time[split]]),
        "event": np.concatenate([rows.event[alone], np.zeros(len(split), bool), rows.event[split]]).astype(int),
        REACHED: np.concatenate([ever[alone], np.zeros(len(split), bool), np.ones(len(split), bool)]).astype(int),
    }
    early = intervals["stop"] <= intervals["start"]
    intervals = {name: values[~early] for name, values in intervals.items()}
    notes = (
        [f"{count_of(int(early.sum()), 'patient', 'patients')} with time 0 left out of the time-dependent model"]
        if early.any()
        else []
    )
    late = int((np.isfinite(when) & ~ever).sum())
    if late:
        notes.append(
            f"{count_of(late, 'patient', 'patients')} with the state at or after the end of follow-up counted as never"
        )
    return ImmortalTimeResult(
        naive=naive,
        landmark=landmark(frame, time=time, event=event, exposure_time=exposure_time, at=landmark_at, level=level, event_value=event_value),
        time_dependent=cox(intervals, time="stop", start="start", event="event", terms=[REACHED], level=level),
        excluded=rows.excluded, notes=(*rows.notes, *notes),
    )  # fmt: skip
