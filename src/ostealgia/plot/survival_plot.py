"""Kaplan-Meier and cumulative incidence plots with numbers at risk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.competing_incidence import GroupIncidence, IncidenceResult
from ostealgia.cohort.survival_kaplan_meier import GroupCurve, KaplanMeierResult
from ostealgia.cohort.survival_tests import LogRankResult
from ostealgia.display import capital, level_text, number, p_text
from ostealgia.errors import OptionError, suggestion
from ostealgia.options import between
from ostealgia.plot.canvas import house_style
from ostealgia.plot.survival_curves import Curve, Panel, RiskRow, draw, new_axes
from ostealgia.tables.labels import as_text

Array = NDArray[np.float64]
MOST_MARKS = 400  # censoring marks beyond which a curve would be all marks


def kaplan_meier(
    fit: KaplanMeierResult,
    *,
    ax: Any = None,
    test: LogRankResult | None = None,
    time_label: str | None = None,
    value_label: str = "Survival, %",
    until: float | None = None,
    censor_marks: bool = True,
    small_cell: int = 0,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """How many remain free of the event, over time?

    fit : what ``cohort.kaplan_meier`` gave.  ax : Axes to draw in, with room below for the table; None makes a figure.
    test : a log-rank test to be noted.  time_label : with the unit ("Months since radiotherapy").  until : where the time axis ends.
    censor_marks : a tick at every censoring (patient data: leave them out of what is shared).  small_cell : counts below it are hidden.
    labels : group -> name.
    Steps with pointwise ribbons on 0 to 100%; dotted lines mark the medians; under the axis the number at risk just before each time, and
    the events up to then in brackets. Returns the Axes.

    >>> import ostealgia as oa
    >>> data = {"months": [2, 3, 3, 5, 8, 9], "died": [1, 1, 0, 1, 0, 1], "arm": list("aababb")}
    >>> ax = kaplan_meier(oa.cohort.kaplan_meier(data, time="months", event="died", by="arm"), time_label="Months")
    >>> ax.get_xlabel()
    'Months'
    """
    drawn = [curve for curve in fit.curves if len(curve.time)]
    names = {curve.group: str((labels or {}).get(curve.group, curve.group)) for curve in drawn}
    last = _until(until, [float(curve.time[-1]) for curve in drawn])
    several = len(drawn) > 1
    marks = censor_marks and sum(int((curve.curve.table.n_censor > 0).sum()) for curve in drawn) <= MOST_MARKS
    curves = tuple(
        _survival_curve(curve, names[curve.group] if several else "", i, marks) for i, curve in enumerate(drawn)
    )
    rows = tuple(
        RiskRow(label=names[curve.group], colour=i, dash=i // 5, at_risk=curve.at_risk, events=_events_of(curve))
        for i, curve in enumerate(drawn)
    )
    panel = Panel(
        curves=curves, rows=rows, notes=tuple(_survival_notes(fit, marks, curves, test, last)), top=1.0, until=last,
        time_label=time_label or capital(fit.time), value_label=value_label, small_cell=small_cell,
    )  # fmt: skip
    return _drawn(panel, ax)


def _until(until: float | None, ends: Sequence[float]) -> float:
    longest = max(ends, default=0.0)
    if longest <= 0:
        raise OptionError("there is no follow-up to draw: every time is 0.")
    return longest if until is None else between("until", until, 0.0, math.inf)


def _drawn(panel: Panel, ax: Any) -> Any:
    with house_style():
        if ax is None:
            ax = new_axes(panel)
        draw(ax, panel)
    return ax


def _survival_curve(curve: GroupCurve, label: str, i: int, marks: bool) -> Curve:
    table = curve.curve.table
    return Curve(
        label=label, colour=i, dash=i // 5, time=curve.time, value=curve.curve.survival, low=curve.ci_low,
        high=curve.ci_high, first=1.0, end=float(curve.time[-1]), median=float(curve.quantile(np.array([0.5]))[0][0]),
        censored=table.time[table.n_censor > 0] if marks else None,
    )  # fmt: skip


def _events_of(curve: GroupCurve) -> Any:
    total = np.cumsum(curve.curve.table.n_event)
    return lambda times: curve.read(total, times, 0.0)


def _survival_notes(
    fit: KaplanMeierResult, marks: bool, curves: Sequence[Curve], test: LogRankResult | None, until: float
) -> list[str]:
    words = [f"Ribbons: pointwise {level_text(fit.ci_level)} intervals ({fit.ci_method})."]
    if marks and any(curve.censored is not None and len(curve.censored) for curve in curves):
        words.append("Ticks: censored.")
    if any(curve.median <= until for curve in curves):
        words.append("Dotted: medians.")
    notes = [" ".join(words)]
    if test is not None:
        name = "Log-rank test" if test.rho == 0 else f"Weighted log-rank test (rho {test.rho:g})"
        within = f", stratified by {test.strata}" if test.strata else ""
        notes.append(f"{name}{within}: χ² {number(test.statistic)}, df {test.df}, {p_text(test.p_value)}.")
    left = sum(int(row.study.split()[0].replace(",", "")) for row in fit.excluded if row.study[:1].isdigit())
    if left:
        notes.append(f"{left:,} rows without a value in a column that is needed are left out.")
    return notes


def cumulative_incidence(
    fit: IncidenceResult,
    *,
    ax: Any = None,
    cause: object = None,
    time_label: str | None = None,
    value_label: str = "Cumulative incidence, %",
    until: float | None = None,
    small_cell: int = 0,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """How many have had each event, over time, with the others competing?

    fit : what ``cohort.cumulative_incidence`` gave.  cause : one cause (its code or its name), None for all: the first solid, the others
    dashed.  ax, time_label, until, small_cell, labels : as in ``kaplan_meier``.  Returns the Axes.

    >>> import ostealgia as oa
    >>> data = {"months": [1, 2, 3, 4], "end": [1, 2, 0, 1]}
    >>> fit = oa.cohort.cumulative_incidence(data, time="months", status="end", causes={1: "progression", 2: "death"})
    >>> cumulative_incidence(fit, time_label="Months").get_xlabel()
    'Months'
    """
    wanted = range(len(fit.causes)) if cause is None else [_place(fit, cause)]
    drawn = [curve for curve in fit.curves if curve.n]
    names = {curve.group: str((labels or {}).get(curve.group, curve.group)) for curve in drawn}
    last = _until(until, [float(curve.incidence.time[-1]) for curve in drawn])
    several = len(drawn) > 1
    curves: list[Curve] = []
    for i, curve in enumerate(drawn):
        for j, k in enumerate(wanted):
            label = (
                fit.names[k]
                if not several
                else names[curve.group]
                if len(wanted) == 1
                else f"{names[curve.group]}: {fit.names[k]}"
            )
            colour = i if several else j
            dash = i // 5 if len(wanted) == 1 else j
            curves.append(
                _incidence_curve(curve, k, label if several or len(wanted) > 1 else "", colour, dash if several else 0)
            )
    rows = tuple(
        RiskRow(
            label=names[curve.group],
            colour=i,
            dash=i // 5,
            at_risk=curve.at_risk,
            events=_incidence_events(curve, wanted),
        )
        for i, curve in enumerate(drawn)
    )
    counted = "all causes" if len(wanted) > 1 else fit.names[wanted[0]]
    words = f"Ribbons: pointwise {level_text(fit.ci_level)} intervals ({fit.ci_method}). Aalen-Johansen estimates; events: {counted}."
    panel = Panel(
        curves=tuple(curves), rows=rows, notes=(words,), top=_top(curves, last), until=last, time_label=time_label or capital(fit.time),
        value_label=value_label if len(wanted) > 1 else f"{value_label.removesuffix(', %')} of {fit.names[wanted[0]]}, %",
        small_cell=small_cell,
    )  # fmt: skip
    return _drawn(panel, ax)


def _place(fit: IncidenceResult, cause: object) -> int:
    name = as_text(cause)
    for names in (fit.causes, fit.names):
        if name in names:
            return names.index(name)
    listed = ", ".join(map(repr, fit.names))
    raise OptionError(f"cause={cause!r} is not one of {listed}.{suggestion(name, fit.names)}")


def _incidence_curve(curve: GroupIncidence, k: int, label: str, colour: int, dash: int) -> Curve:
    found = curve.incidence
    return Curve(
        label=label, colour=colour, dash=dash, time=found.time, value=found.incidence[k], low=curve.ci_low[k], high=curve.ci_high[k],
        first=0.0, end=float(found.time[-1]),
    )  # fmt: skip


def _incidence_events(curve: GroupIncidence, wanted: Sequence[int]) -> Any:
    total = np.cumsum(curve.incidence.n_event[list(wanted)].sum(axis=0))
    return lambda times: curve.read(total, times)


def _top(curves: Sequence[Curve], until: float) -> float:
    """The value axis ends at the next 10% above the curves with most of their ribbons, whole from 75% on."""
    reach = 0.0
    for curve in curves:
        use = curve.time <= until
        values = np.where(np.isnan(curve.high), curve.value, curve.high)[use]
        reach = max(reach, float(values.max(initial=0.0)))
    return 1.0 if reach > 0.75 else max(0.1, math.ceil(reach * 10 - 1e-9) / 10)
