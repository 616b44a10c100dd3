"""Competing risks of a cohort: cumulative incidence by group, and Gray's test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ostealgia.cohort.survival_data import Ask, SurvivalRows, need_groups, survival_rows
from ostealgia.display import count_of, interval, level_text, number, p_text, percent
from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.numerics import competing_risks
from ostealgia.numerics.competing_risks import GrayTest, Incidence
from ostealgia.options import between, confidence_level, one_of
from ostealgia.tables.labels import as_text
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupIncidence:
    """One group: its size, and its curves; limits (causes, m)."""

    group: str
    n: int
    incidence: Incidence
    ci_low: Array
    ci_high: Array

    def read(self, values: Array, times: Array) -> Array:
        """A step function at times, 0 before its first time."""
        return np.append(values, 0.0)[np.searchsorted(self.incidence.time, times, side="right") - 1]

    def at_risk(self, times: Array) -> Array:
        """Number at risk just before each time."""
        return np.append(self.incidence.n_risk, 0.0)[np.searchsorted(self.incidence.time, times, side="left")]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class IncidenceResult(Result):
    """Cumulative incidence of every cause, by group. causes : in order.  names : what a reader calls them."""

    time: str
    status: str
    by: str | None
    causes: tuple[str, ...]
    names: tuple[str, ...]
    ci_method: str
    ci_level: float
    curves: tuple[GroupIncidence, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in order."""
        return tuple(curve.group for curve in self.curves)

    def to_frame(self) -> pd.DataFrame:
        """Every step: group, cause, time, n_risk, n_event, estimate (incidence), std_error, ci_low, ci_high, ci_level. Patient data."""
        import pandas as pd

        parts: list[pd.DataFrame] = []
        for curve in self.curves:
            found = curve.incidence
            for k, cause in enumerate(self.names):
                parts.append(
                    pd.DataFrame(
                        {
                            "group": curve.group, "cause": cause, "time": found.time, "n_risk": found.n_risk, "n_event": found.n_event[k],
                            "estimate": found.incidence[k], "std_error": found.std_error[k], "ci_low": curve.ci_low[k],
                            "ci_high": curve.ci_high[k], "ci_level": self.ci_level,
                        }
                    )
                )  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def at(self, times: Sequence[float]) -> pd.DataFrame:
        """Incidence at chosen times: group, cause, time, n_risk, events (up to then), estimate, std_error, ci_low, ci_high, ci_level."""
        import pandas as pd

        wanted = np.atleast_1d(np.asarray(times, dtype=float))
        if not (np.isfinite(wanted) & (wanted >= 0)).all():
            raise OptionError("times should be finite numbers of 0 or more.")
        parts: list[pd.DataFrame] = []
        for curve in self.curves:
            found = curve.incidence
            for k, cause in enumerate(self.names):
                parts.append(
                    pd.DataFrame(
                        {
                            "group": curve.group, "cause": cause, "time": wanted, "n_risk": curve.at_risk(wanted),
                            "events": curve.read(np.cumsum(found.n_event[k]), wanted), "estimate": curve.read(found.incidence[k], wanted),
                            "std_error": curve.read(found.std_error[k], wanted), "ci_low": curve.read(curve.ci_low[k], wanted),
                            "ci_high": curve.read(curve.ci_high[k], wanted), "ci_level": self.ci_level,
                        }
                    )
                )  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def __str__(self) -> str:
        head = f"IncidenceResult: {self.status} over {self.time}" + (f" by {self.by}" if self.by else "")
        lines = [
            f"{head}, cumulative incidence (Aalen-Johansen), {level_text(self.ci_level)} CI on the {self.ci_method} scale"
        ]
        width = max(len(f"{group}: {cause}") for group in self.groups for cause in self.names)
        for curve in self.curves:
            found = curve.incidence
            for k, cause in enumerate(self.names):
                label = f"{curve.group}: {cause}".ljust(width)
                if not len(found.time):
                    lines.append(f"  {label}  no row")
                    continue
                last = f"{percent(float(found.incidence[k, -1]))} [{interval(100 * curve.ci_low[k, -1], 100 * curve.ci_high[k, -1], 0)}%]"
                events = f"events {int(found.n_event[k].sum()):>5}"
                lines.append(f"  {label}  n {curve.n:>5}  {events}  by {found.time[-1]:.4g}: {last}")
        return "\n".join([*lines, *tail_lines(self)])


def _plain(f: Array, se: Array, z: float) -> tuple[Array, Array]:
    return np.maximum(f - z * se, 0.0), np.minimum(f + z * se, 1.0)


def _log(f: Array, se: Array, z: float) -> tuple[Array, Array]:
    half = z * se / f
    return f * np.exp(-half), np.minimum(f * np.exp(half), 1.0)


def _log_log(f: Array, se: Array, z: float) -> tuple[Array, Array]:
    """Limits of log(-log(1 - F))."""
    rest = np.log1p(-f)
    half = z * se / ((1.0 - f) * -rest)
    return -np.expm1(rest * np.exp(-half)), -np.expm1(rest * np.exp(half))


INTERVALS = {"log-log": _log_log, "log": _log, "plain": _plain}


def incidence_interval(estimate: Array, std_error: Array, kind: str, level: float) -> tuple[Array, Array]:
    """Pointwise limits of a cumulative incidence; 0 to 0 before the first event, NaN where the incidence is 1.

    >>> low, high = incidence_interval(np.array([0.2]), np.array([0.04]), "log-log", 0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.134], [0.293])
    """
    z = float(ndtri(0.5 + level / 2))
    low, high = np.full(estimate.shape, np.nan), np.full(estimate.shape, np.nan)
    inside = (estimate > 0) & (estimate < 1 - 1e-12)  # sums of increments reach 1 but for rounding
    low[inside], high[inside] = INTERVALS[kind](estimate[inside], std_error[inside], z)
    low[estimate == 0] = high[estimate == 0] = 0.0
    return low, high


def cumulative_incidence(
    frame: Any,
    *,
    time: str,
    status: str,
    by: str | None = None,
    censored: object = 0,
    causes: Mapping[Any, str] | Sequence[Any] | None = None,
    ci: str = "log-log",
    level: float = 0.95,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> IncidenceResult:
    """How many have each event by each time, when one event keeps the others from happening?

    frame : one row a patient.  status : which event ended the follow-up; ``censored`` is the value for none.  causes : the other values in
    order, or a mapping to their names ({1: "progression", 2: "death"}); None takes all that occur.  ci : "log-log", "log" or "plain".
    Aalen and Johansen's estimator with jackknife standard errors: see ``numerics.competing_risks``.  With progression of pain as the event
    and death competing, 1 - Kaplan-Meier would be too high.
    Source: Aalen & Johansen 1978, Scand J Stat 5:141; Putter, Fiocco & Geskus 2007, doi:10.1002/sim.2712.

    >>> data = {"months": [1, 2, 3, 4], "end": [1, 2, 0, 1]}
    >>> cumulative_incidence(data, time="months", status="end").at([4])["estimate"].tolist()
    [0.75, 0.25]
    """
    one_of("ci", ci, INTERVALS)
    level = confidence_level(level)
    order = None if causes is None else list(causes)
    rows = survival_rows(
        frame, Ask(time=time, event=status, by=by, competing=True, censored=censored, causes=order, levels=levels or {})
    )
    titles = tuple(causes.values()) if isinstance(causes, Mapping) else rows.causes
    curves = tuple(_group(rows, code, ci, level) for code in range(len(rows.group.levels)))
    notes = list(rows.notes)
    for k, title in enumerate(titles):
        if not (rows.cause == k + 1).any():
            notes.append(f"{title}: no event")
    notes += [f"{curve.group}: no row; there is no curve" for curve in curves if not curve.n]
    return IncidenceResult(
        time=time, status=status, by=by, causes=rows.causes, names=tuple(str(title) for title in titles), ci_method=ci, ci_level=level,
        curves=curves, excluded=rows.excluded, notes=tuple(notes),
    )  # fmt: skip


def _group(rows: SurvivalRows, code: int, ci: str, level: float) -> GroupIncidence:
    mine = rows.group.codes == code
    found = competing_risks.cumulative_incidence(rows.time[mine], rows.cause[mine], len(rows.causes))
    low, high = incidence_interval(found.incidence, found.std_error, ci, level)
    return GroupIncidence(group=rows.group.levels[code], n=int(mine.sum()), incidence=found, ci_low=low, ci_high=high)


# --- Gray's test ------------------------------------------------------------------------------------------------------


def cause_code(rows: SurvivalRows, cause: object, status: str) -> NDArray[np.intp]:
    """0 censored, 1 the cause asked for, 2 any other. Raises where nobody had that cause."""
    wanted = as_text(cause)
    if wanted not in rows.causes:
        listed = ", ".join(map(repr, rows.causes))
        raise OptionError(f"cause={cause!r} is not a value of {status!r}: {listed}.{suggestion(wanted, rows.causes)}")
    place = rows.causes.index(wanted) + 1
    code = np.where(rows.cause == 0, 0, np.where(rows.cause == place, 1, 2)).astype(np.intp)
    if not (code == 1).any():
        raise TableError(f"nobody had the cause {wanted!r}", column=status, expected="at least one event of the cause")
    return code


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GrayResult(Result):
    """Gray's test: chi-square ``statistic`` with ``df``; per group n, events of the cause and score (observed minus expected)."""

    time: str
    status: str
    cause: str
    by: str
    strata: str | None
    groups: tuple[str, ...]
    n: tuple[int, ...]
    events: tuple[int, ...]
    test: GrayTest

    @property
    def statistic(self) -> float:
        """Chi-square."""
        return self.test.statistic

    @property
    def df(self) -> int:
        """Groups that carry information, less 1."""
        return self.test.df

    @property
    def p_value(self) -> float:
        """P of equal incidence."""
        return self.test.p_value

    def to_frame(self) -> pd.DataFrame:
        """One row a group: group, n, events, score, and the test."""
        import pandas as pd

        return pd.DataFrame(
            {
                "group": self.groups, "n": self.n, "events": self.events, "score": self.test.score, "statistic": self.statistic,
                "df": self.df, "p_value": self.p_value,
            }
        )  # fmt: skip

    def __str__(self) -> str:
        within = f" within {self.strata}" if self.strata else ""
        lines = [f"GrayResult: incidence of {self.cause} ({self.status} over {self.time}) by {self.by}{within}"]
        lines.append(f"  chi-square {number(self.statistic)}, df {self.df}, {p_text(self.p_value)}")
        width = max(len(group) for group in self.groups)
        for group, n, events in zip(self.groups, self.n, self.events, strict=True):
            lines.append(f"  {group.ljust(width)}  n {n:>5}  {count_of(events, 'event', 'events')}")
        return "\n".join([*lines, *tail_lines(self)])


def gray_test(
    frame: Any,
    *,
    time: str,
    status: str,
    cause: object,
    by: str,
    strata: str | Sequence[str] | None = None,
    censored: object = 0,
    rho: float = 0.0,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> GrayResult:
    """Is the cumulative incidence of one cause the same in all groups?

    frame, time, status, censored : as in ``cumulative_incidence``.  cause : the value of ``status`` asked about.  rho : weight
    (1 - F(t-))^rho.  A difference in the competing event alone can move it: report both causes.
    Source: Gray 1988, doi:10.1214/aos/1176350951.

    >>> data = {"t": [1, 2, 3, 4, 5, 6], "end": [1, 2, 1, 1, 0, 1], "arm": list("aaabbb")}
    >>> round(gray_test(data, time="t", status="end", cause=1, by="arm").statistic, 3)
    2.165
    """
    rho = between("rho", rho, 0.0, 10.0, closed=True)
    rows = survival_rows(
        frame,
        Ask(time=time, event=status, by=by, strata=strata, competing=True, censored=censored, levels=levels or {}),
    )
    need_groups(rows.group, "Gray's test")
    code = cause_code(rows, cause, status)
    size = len(rows.group.levels)
    test = competing_risks.gray_test(rows.time, code, rows.group.codes, size, rows.stratum.codes, rho)
    if not test.df:
        raise TableError(
            "no event of the cause falls where two groups are at risk", column=by, action="Describe the groups"
        )
    n = tuple(int(x) for x in np.bincount(rows.group.codes, minlength=size))
    events = tuple(int(x) for x in np.bincount(rows.group.codes[code == 1], minlength=size))
    return GrayResult(
        time=time, status=status, cause=as_text(cause), by=by, strata=rows.stratum.column, groups=rows.group.levels, n=n, events=events,
        test=test, excluded=rows.excluded, notes=rows.notes,
    )  # fmt: skip
