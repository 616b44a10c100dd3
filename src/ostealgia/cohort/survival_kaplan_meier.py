"""Kaplan-Meier curves of a cohort, by group: steps, quantiles, numbers at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.survival_data import Ask, SurvivalRows, survival_rows
from ostealgia.display import count_of, level_text, number
from ostealgia.errors import OptionError
from ostealgia.numerics.survival_curve import (
    INTERVALS,
    SurvivalCurve,
    product_limit,
    risk_table,
    step_quantile,
    survival_interval,
)
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupCurve:
    """One group: its size, its events (weights count), its curve with pointwise limits (m,)."""

    group: str
    n: float
    events: float
    curve: SurvivalCurve
    ci_low: Array
    ci_high: Array

    @property
    def time(self) -> Array:
        """Different times (m,), events and censorings."""
        return self.curve.table.time

    def read(self, values: Array, times: Array, first: float) -> Array:
        """A step function of this curve at times; ``first`` holds before its first time."""
        return np.append(values, first)[np.searchsorted(self.time, times, side="right") - 1]

    def at_risk(self, times: Array) -> Array:
        """Number at risk just before each time."""
        table = self.curve.table
        return np.append(table.n_risk, 0.0)[np.searchsorted(table.time, times, side="left")]

    def quantile(self, shares: Array) -> tuple[Array, Array, Array]:
        """Times by which these shares have had the event, and their limits; NaN where the curve does not get there."""
        return (
            step_quantile(self.time, self.curve.survival, shares),
            step_quantile(self.time, self.ci_low, shares),
            step_quantile(self.time, self.ci_high, shares),
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class KaplanMeierResult(Result):
    """Survival by group. time, event, by : names of the columns.  ci_method : scale of the pointwise limits."""

    time: str
    event: str
    by: str | None
    ci_method: str
    ci_level: float
    curves: tuple[GroupCurve, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in order."""
        return tuple(curve.group for curve in self.curves)

    def to_frame(self) -> pd.DataFrame:
        """Every step: group, time, n_risk, n_event, n_censor, estimate (survival), std_error, limits, cumulative_hazard.

        The steps are patient data: keep them at home, and share ``at`` on a coarse grid.
        """
        import pandas as pd

        return pd.concat([_steps(curve, self.ci_level) for curve in self.curves], ignore_index=True)

    def at(self, times: Sequence[float]) -> pd.DataFrame:
        """Survival at chosen times, with the number at risk just before, events up to then and limits; one row a group and time."""
        import pandas as pd

        wanted = _times(times)
        parts = [_at(curve, wanted, self.ci_level) for curve in self.curves]
        return pd.concat(parts, ignore_index=True)

    def quantiles(self, shares: Sequence[float] = QUARTILES) -> pd.DataFrame:
        """Times by which a share has had the event: group, share, estimate, ci_low, ci_high (NaN where not reached)."""
        import pandas as pd

        wanted = np.asarray(shares, dtype=float)
        if not ((wanted >= 0) & (wanted <= 1)).all():
            raise OptionError(f"shares={list(shares)!r} should lie from 0 to 1; write 0.5 for the median.")
        parts: list[pd.DataFrame] = []
        for curve in self.curves:
            estimate, low, high = curve.quantile(wanted)
            parts.append(
                pd.DataFrame(
                    {
                        "group": curve.group, "share": wanted, "estimate": estimate, "ci_low": low, "ci_high": high,
                        "ci_level": self.ci_level,
                    }
                )
            )  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def summary_frame(self) -> pd.DataFrame:
        """One row a group: group, n, events, median time (estimate) with its limits."""
        import pandas as pd

        medians = self.quantiles([0.5]).drop(columns="share")
        sizes = pd.DataFrame(
            {"group": self.groups, "n": [c.n for c in self.curves], "events": [c.events for c in self.curves]}
        )
        return sizes.merge(medians, on="group")

    def __str__(self) -> str:
        n, events = sum(c.n for c in self.curves), sum(c.events for c in self.curves)
        head = f"KaplanMeierResult: {self.event} over {self.time}" + (f" by {self.by}" if self.by else "")
        lines = [f"{head}, {level_text(self.ci_level)} CI on the {self.ci_method} scale"]
        lines.append(f"  {number(n, _digits(n))} patients, {number(events, _digits(events))} events")
        width = max(len(group) for group in self.groups)
        for curve in self.curves:
            median, low, high = (float(part[0]) for part in curve.quantile(np.array([0.5])))
            size = f"n {number(curve.n, _digits(curve.n)):>5}  events {number(curve.events, _digits(curve.events)):>5}"
            lines.append(f"  {curve.group.ljust(width)}  {size}  median {median_text(median, low, high)}")
        return "\n".join([*lines, *tail_lines(self)])


def median_text(median: float, low: float, high: float) -> str:
    """A median with its limits; "not reached" where there is none.

    >>> median_text(8.56, 5.62, float("nan"))
    '8.56 [5.62 to not reached]'
    """
    words = ["not reached" if np.isnan(value) else f"{value:.4g}" for value in (median, low, high)]
    return words[0] if words[0] == words[1] == words[2] else f"{words[0]} [{words[1]} to {words[2]}]"


def _digits(value: float) -> int:
    return 0 if float(value).is_integer() else 1


def _times(times: Sequence[float]) -> Array:
    wanted = np.atleast_1d(np.asarray(times, dtype=float))
    if not (np.isfinite(wanted) & (wanted >= 0)).all():
        raise OptionError("times should be finite numbers of 0 or more.")
    return wanted


def _steps(curve: GroupCurve, level: float) -> pd.DataFrame:
    import pandas as pd

    table = curve.curve.table
    return pd.DataFrame(
        {
            "group": curve.group, "time": table.time, "n_risk": table.n_risk, "n_event": table.n_event, "n_censor": table.n_censor,
            "estimate": curve.curve.survival, "std_error": curve.curve.std_error, "ci_low": curve.ci_low, "ci_high": curve.ci_high,
            "ci_level": level, "cumulative_hazard": curve.curve.cumulative_hazard,
        }
    )  # fmt: skip


def _at(curve: GroupCurve, times: Array, level: float) -> pd.DataFrame:
    import pandas as pd

    events = np.cumsum(curve.curve.table.n_event)
    return pd.DataFrame(
        {
            "group": curve.group, "time": times, "n_risk": curve.at_risk(times), "events": curve.read(events, times, 0.0),
            "estimate": curve.read(curve.curve.survival, times, 1.0), "std_error": curve.read(curve.curve.std_error, times, 0.0),
            "ci_low": curve.read(curve.ci_low, times, 1.0), "ci_high": curve.read(curve.ci_high, times, 1.0), "ci_level": level,
        }
    )  # fmt: skip


def kaplan_meier(
    frame: Any,
    *,
    time: str,
    event: str,
    by: str | None = None,
    weights: str | None = None,
    start: str | None = None,
    ci: str = "log-log",
    level: float = 0.95,
    event_value: object = None,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> KaplanMeierResult:
    """How many remain free of the event, over time?

    frame : one row a patient (a pandas frame or a mapping of columns).  time : follow-up, in one unit.  event : 1 or yes where the event
    was seen, 0 or no where follow-up ended without it; ``event_value`` names another code.  by : groups.  weights : for instance of a
    propensity
    score.  start : time of entry, where patients come under observation late.  ci : "log-log", "log", "plain", "logit" or "arcsin".
    S(t) = product of (1 - d/Y) with Greenwood's variance; quantiles by the midpoint rule, their limits from the pointwise band.
    With weights the standard errors take the weights as counts: use a bootstrap for their uncertainty.
    Not for an event that another event prevents (pain progression, with deaths): use ``cumulative_incidence``.
    Source: Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452; Brookmeyer & Crowley 1982, doi:10.2307/2530286.

    >>> fit = kaplan_meier({"months": [2, 3, 3, 5, 8, 9], "died": [1, 1, 0, 1, 0, 1]}, time="months", event="died")
    >>> fit.at([3])["estimate"].round(4).tolist()
    [0.6667]
    """
    one_of("ci", ci, INTERVALS)
    level = confidence_level(level)
    ask = Ask(time=time, event=event, by=by, weights=weights, start=start, event_value=event_value, levels=levels or {})
    rows = survival_rows(frame, ask)
    curves = tuple(group_curve(rows, code, ci, level) for code in range(len(rows.group.levels)))
    return KaplanMeierResult(
        time=time, event=event, by=by, ci_method=ci, ci_level=level, curves=curves, excluded=rows.excluded,
        notes=(*rows.notes, *_curve_notes(curves, rows)),
    )  # fmt: skip


def group_curve(rows: SurvivalRows, code: int, ci: str, level: float) -> GroupCurve:
    """The curve of one group of rows."""
    mine = np.flatnonzero(rows.group.codes == code)
    time, event = rows.time.take(mine), rows.event.take(mine)
    weight = None if rows.weight is None else rows.weight.take(mine)
    start = None if rows.start is None else rows.start.take(mine)
    curve = product_limit(risk_table(time, event, weight, start))
    low, high = survival_interval(curve.survival, curve.std_error_log, ci, level)
    size = float(len(time)) if weight is None else float(weight.sum())
    return GroupCurve(
        group=rows.group.levels[code], n=size, events=float(curve.table.n_event.sum()), curve=curve, ci_low=low, ci_high=high
    )  # fmt: skip


def _curve_notes(curves: Sequence[GroupCurve], rows: SurvivalRows) -> list[str]:
    notes: list[str] = []
    for curve in curves:
        name = "" if rows.group.column is None else f"{curve.group}: "
        if not len(curve.time):
            notes.append(f"{name}no row; there is no curve")
        elif not curve.events:
            notes.append(f"{name}all {count_of(int(curve.n), 'row is', 'rows are')} censored; the curve stays at 1")
    zero = rows.time == 0
    if zero.any():
        notes.append(
            f"{count_of(int(zero.sum()), 'row has', 'rows have')} time 0: at risk at the start, an event there is a first step"
        )
    if rows.start is not None:
        thin = [
            c.group
            for c in curves
            if len(c.time) and ((c.curve.survival == 0) & (np.arange(len(c.time)) < len(c.time) - 1)).any()
        ]
        notes += [
            f"{group}: everybody at risk had the event early, before others entered; the curve is 0 from then on"
            for group in thin
        ]
    return notes
