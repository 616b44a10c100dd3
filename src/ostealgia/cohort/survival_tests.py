"""Comparisons of survival between groups: log-rank tests and restricted mean survival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ostealgia.cohort.survival_data import Ask, need_events, need_groups, survival_rows
from ostealgia.display import interval, level_text, number, p_text
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.survival_curve import product_limit, restricted_mean, risk_table
from ostealgia.numerics.survival_logrank import LogRank, logrank_test
from ostealgia.options import between, confidence_level
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


# --- log-rank ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LogRankResult(Result):
    """A log-rank test: chi-square ``statistic`` with ``df``; per group n, observed and expected events (weighted where rho is not 0)."""

    time: str
    event: str
    by: str
    strata: str | None
    rho: float
    groups: tuple[str, ...]
    n: tuple[int, ...]
    test: LogRank

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
        """P of no difference."""
        return self.test.p_value

    def to_frame(self) -> pd.DataFrame:
        """One row a group: group, n, observed, expected, and the test."""
        import pandas as pd

        return pd.DataFrame(
            {
                "group": self.groups, "n": self.n, "observed": self.test.observed, "expected": self.test.expected,
                "statistic": self.statistic, "df": self.df, "p_value": self.p_value,
            }
        )  # fmt: skip

    def __str__(self) -> str:
        within = f" within {self.strata}" if self.strata else ""
        name = "log-rank" if self.rho == 0 else f"G-rho ({self.rho:g})"
        lines = [f"LogRankResult: {self.event} over {self.time} by {self.by}{within}, {name} test"]
        lines.append(f"  chi-square {number(self.statistic)}, df {self.df}, {p_text(self.p_value)}")
        width = max(len(group) for group in self.groups)
        for i, group in enumerate(self.groups):
            observed, expected = float(self.test.observed[i]), float(self.test.expected[i])
            lines.append(
                f"  {group.ljust(width)}  n {self.n[i]:>5}  observed {number(observed, 1)}  expected {number(expected, 1)}"
            )
        return "\n".join([*lines, *tail_lines(self)])


def logrank(
    frame: Any,
    *,
    time: str,
    event: str,
    by: str,
    strata: str | Sequence[str] | None = None,
    rho: float = 0.0,
    event_value: object = None,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> LogRankResult:
    """Is survival the same in all groups?

    frame, time, event, by : as in ``kaplan_meier``.  strata : columns within whose combinations groups are compared.
    rho : weight S(t-)^rho; 0 the log-rank test, 1 Peto and Peto's, which listens to early differences.
    It tests, and says nothing of size: give a hazard ratio, a difference of restricted means or of survival at a time with it.  Weak where
    curves cross.  Source: Mantel 1966, Cancer Chemother Rep 50:163; Harrington & Fleming 1982, doi:10.1093/biomet/69.3.553.

    >>> data = {"t": [1, 2, 3, 4, 5, 6], "d": [1, 1, 1, 1, 0, 1], "arm": list("aaabbb")}
    >>> round(logrank(data, time="t", event="d", by="arm").statistic, 3)
    5.052
    """
    rho = between("rho", rho, 0.0, 10.0, closed=True)
    rows = survival_rows(
        frame, Ask(time=time, event=event, by=by, strata=strata, event_value=event_value, levels=levels or {})
    )
    need_groups(rows.group, "a log-rank test")
    need_events(rows, event)
    size = len(rows.group.levels)
    test = logrank_test(rows.time, rows.event, rows.group.codes, size, rows.stratum.codes, rho)
    if not test.df:
        raise TableError(
            "no event falls at a time with two groups at risk, so there is nothing to compare", column=by,
            action="Describe the groups, or drop the strata",
        )  # fmt: skip
    notes = list(rows.notes)
    counts = tuple(int(x) for x in np.bincount(rows.group.codes, minlength=size))
    notes += [f"{name}: no row" for name, n in zip(rows.group.levels, counts, strict=True) if not n]
    return LogRankResult(
        time=time, event=event, by=by, strata=rows.stratum.column, rho=rho, groups=rows.group.levels, n=counts, test=test,
        excluded=rows.excluded, notes=tuple(notes),
    )  # fmt: skip


# --- restricted mean --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RestrictedMeanResult(Result):
    """Mean time free of the event up to tau: rows of quantity ("rmst", "difference", "ratio"), group, reference and numbers."""

    time: str
    event: str
    by: str | None
    tau: float
    ci_level: float
    rows: tuple[Mapping[str, Any], ...]

    def to_frame(self) -> pd.DataFrame:
        """quantity, group, reference, scale, estimate, std_error (of a ratio: of its logarithm), statistic, p_value, limits, ci_level."""
        import pandas as pd

        return pd.DataFrame([dict(row) for row in self.rows])

    def __str__(self) -> str:
        head = f"RestrictedMeanResult: {self.event} over {self.time}" + (f" by {self.by}" if self.by else "")
        lines = [f"{head}, mean up to {self.tau:g}, {level_text(self.ci_level)} CI"]
        for row in self.rows:
            against = f" vs {row['reference']}" if row["reference"] else ""
            text = f"{number(row['estimate'])} [{interval(row['ci_low'], row['ci_high'])}]"
            p = f"   {p_text(row['p_value'])}" if row["reference"] else ""
            lines.append(f"  {row['quantity']} {row['group']}{against}: {text}{p}")
        return "\n".join([*lines, *tail_lines(self)])


def rmst(
    frame: Any,
    *,
    time: str,
    event: str,
    tau: float | None = None,
    by: str | None = None,
    level: float = 0.95,
    event_value: object = None,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> RestrictedMeanResult:
    """How long, on average, are patients free of the event within the first ``tau``?

    tau : in the unit of time; None takes the shortest of the groups' longest follow-up times.  Area under each Kaplan-Meier curve, and for
    every group after the first the difference from the first and the ratio to it (interval on the log scale).
    Needs no proportional hazards. Choose tau before looking; beyond the follow-up of a group it is not estimable and refused.
    Source: Royston & Parmar 2013, doi:10.1186/1471-2288-13-152; Uno et al. 2014, doi:10.1200/JCO.2014.55.2208.

    >>> data = {"t": [1, 2, 3, 4], "d": [1, 1, 1, 1]}
    >>> rmst(data, time="t", event="d", tau=3).to_frame()["estimate"].tolist()
    [2.25]
    """
    level = confidence_level(level)
    rows = survival_rows(frame, Ask(time=time, event=event, by=by, event_value=event_value, levels=levels or {}))
    present = [code for code in range(len(rows.group.levels)) if (rows.group.codes == code).any()]
    curves = {
        code: product_limit(risk_table(rows.time[rows.group.codes == code], rows.event[rows.group.codes == code]))
        for code in present
    }
    reach = min(np.inf if curve.survival[-1] == 0 else float(curve.table.time[-1]) for curve in curves.values())
    longest = min(reach, max(float(curve.table.time[-1]) for curve in curves.values()))
    tau = longest if tau is None else float(tau)
    if not tau > 0 or tau > reach:
        raise OptionError(
            f"tau={tau:g} should lie above 0 and not beyond {longest:g}, where the follow-up of a group ends."
        )
    found = {code: restricted_mean(curve, tau) for code, curve in curves.items()}
    names = rows.group.levels
    out = [_mean_row(names[code], *found[code], level) for code in present]
    for code in present[1:]:
        out += _contrasts(names[code], names[present[0]], found[code], found[present[0]], level)
    return RestrictedMeanResult(
        time=time,
        event=event,
        by=by,
        tau=tau,
        ci_level=level,
        rows=tuple(out),
        excluded=rows.excluded,
        notes=rows.notes,
    )


def _mean_row(group: str, mean: float, se: float, level: float) -> dict[str, Any]:
    z = float(ndtri(0.5 + level / 2))
    return {
        "quantity": "rmst", "group": group, "reference": None, "scale": "time", "estimate": mean, "std_error": se,
        "statistic": np.nan, "p_value": np.nan, "ci_low": mean - z * se, "ci_high": mean + z * se, "ci_level": level,
    }  # fmt: skip


def _contrasts(
    group: str, reference: str, this: tuple[float, float], that: tuple[float, float], level: float
) -> list[dict[str, Any]]:
    z = float(ndtri(0.5 + level / 2))
    difference, spread = this[0] - that[0], float(np.hypot(this[1], that[1]))
    log_ratio = float(np.log(this[0] / that[0]))
    relative = float(np.hypot(this[1] / this[0], that[1] / that[0]))
    out: list[dict[str, Any]] = []
    for quantity, estimate, se, back in (
        ("difference", difference, spread, float),
        ("ratio", log_ratio, relative, np.exp),
    ):
        statistic = estimate / se if se > 0 else np.nan
        out.append(
            {
                "quantity": quantity, "group": group, "reference": reference, "scale": "time" if quantity == "difference" else "ratio",
                "estimate": float(back(estimate)), "std_error": se, "statistic": statistic, "p_value": float(2 * ndtr(-abs(statistic))),
                "ci_low": float(back(estimate - z * se)), "ci_high": float(back(estimate + z * se)), "ci_level": level,
            }
        )  # fmt: skip
    return out
