"""Coefficients of a model with their tests and intervals, as arrays and as a tidy frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from ostealgia import display
from ostealgia.errors import OptionError
from ostealgia.tables.measures import Measure
from ostealgia.tables.result import plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Coefficients:
    """One row a coefficient, all arrays (p,), on the analysis scale.

    df : infinite for z.  pi_low, pi_high : NaN where a prediction interval does not apply.  slope : True where a value is a difference,
    which the reported scale shows as a ratio for ratio measures and not at all for proportions.
    """

    names: tuple[str, ...]
    estimate: Array
    std_error: Array
    statistic: Array
    df: Array
    p_value: Array
    ci_low: Array
    ci_high: Array
    pi_low: Array
    pi_high: Array
    ci_level: float
    measure: Measure
    slope: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.names)

    def row(self, name: str | int) -> dict[str, Any]:
        """One coefficient by name or position, as a mapping of numbers."""
        at = self.names.index(name) if isinstance(name, str) else name
        return {"name": self.names[at], **{field: float(getattr(self, field)[at]) for field in FIELDS}}

    def reported(self, field: str) -> Array:
        """A field on the reported scale; NaN where that scale has no meaning (a slope of logits)."""
        values = np.asarray(getattr(self, field), dtype=float)
        if self.measure.needs_n:
            return np.full(len(values), math.nan)
        shown = np.asarray(self.measure.back(values), dtype=float)
        if self.measure.no_effect is None:
            shown = np.where(np.array(self.slope), math.nan, shown)
        return shown

    def to_frame(self) -> pd.DataFrame:
        """name, the numbers on the analysis scale, then estimate and limits on the reported scale."""
        import pandas as pd

        data: dict[str, Any] = {"name": list(self.names)}
        data.update({field: getattr(self, field) for field in FIELDS})
        data.update({f"reported_{field}": self.reported(field) for field in REPORTED})
        return pd.DataFrame(data)

    def to_dicts(self) -> list[dict[str, Any]]:
        """JSON rows: NaN is None, infinite degrees of freedom are "Infinity"."""
        out: list[dict[str, Any]] = []
        for i, name in enumerate(self.names):
            row: dict[str, Any] = {"name": name, **{field: plain(getattr(self, field)[i]) for field in FIELDS}}
            row.update({f"reported_{field}": plain(self.reported(field)[i]) for field in REPORTED})
            if math.isinf(self.df[i]):
                row["df"] = "Infinity"
            out.append(row)
        return out

    def lines(self, *, with_df: bool = False) -> list[str]:
        """One line of text a coefficient, on the reported scale where it has one."""
        width = max(len(name) for name in self.names)
        return [f"{name.ljust(width)}  {self._line(i, with_df)}" for i, name in enumerate(self.names)]

    def _line(self, i: int, with_df: bool) -> str:
        shown = {field: self.reported(field)[i] for field in REPORTED}
        percent = self.measure.percent and not self.slope[i] and math.isfinite(shown["estimate"])
        if not math.isfinite(shown["estimate"]):
            shown = {field: float(getattr(self, field)[i]) for field in REPORTED}

        def written(value: float) -> str:
            digits = 1 if percent else max(2, self.measure.digits)
            return display.percent(value, digits) if percent else display.number(value, digits)

        text = f"{written(shown['estimate'])} [{written(shown['ci_low'])} to {written(shown['ci_high'])}]"
        if math.isfinite(shown["pi_low"]):
            text += f"   prediction [{written(shown['pi_low'])} to {written(shown['pi_high'])}]"
        if math.isfinite(self.p_value[i]) and (self.measure.no_effect is not None or self.slope[i]):
            text += f"   {display.p_text(float(self.p_value[i]))}"
        return f"{text}   df {self.df[i]:.1f}" if with_df and math.isfinite(self.df[i]) else text


class OneCoefficient:
    """The numbers of the only coefficient as the result's own: ``fit.estimate``, ``fit.std_error``, ..."""

    coefficients: Coefficients

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.coefficients.names

    def _single(self, name: str) -> float:
        if len(self.names) > 1:
            listed = ", ".join(self.names)
            raise OptionError(f"the model has {len(self.names)} coefficients ({listed}); use .coefficients.row(name).")
        return float(getattr(self.coefficients, name)[0])

    @property
    def estimate(self) -> float:
        """The pooled effect, where it is the only coefficient."""
        return self._single("estimate")

    @property
    def std_error(self) -> float:
        return self._single("std_error")

    @property
    def df(self) -> float:
        return self._single("df")

    @property
    def p_value(self) -> float:
        return self._single("p_value")

    @property
    def ci_low(self) -> float:
        return self._single("ci_low")

    @property
    def ci_high(self) -> float:
        return self._single("ci_high")


FIELDS = ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high", "pi_low", "pi_high")
REPORTED = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")


def coefficients(
    names: tuple[str, ...], estimate: Array, std_error: Array, df: Array | float, level: float, measure: Measure,
    *, slope: tuple[bool, ...], prediction_sd: Array | None = None,
) -> Coefficients:  # fmt: skip
    """Wald tests and intervals.

    df : (p,) or one number, infinite for z; NaN gives no interval.  prediction_sd : (p,), standard deviation of a new true effect around
    the coefficient, NaN where there is none; the prediction interval is estimate -+ q sqrt(SE^2 + SD^2) with the same quantile.
    """
    p = len(names)
    dfs = np.broadcast_to(np.asarray(df, dtype=float), (p,)).copy()
    quantile, tail = two_sided(dfs, 0.5 + level / 2.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = estimate / std_error
    half = quantile * std_error
    none = np.full(p, math.nan)
    wide = none if prediction_sd is None else quantile * np.sqrt(std_error**2 + prediction_sd**2)
    return Coefficients(
        names, estimate, std_error, statistic, dfs, tail(statistic), estimate - half, estimate + half,
        estimate - wide, estimate + wide, level, measure, slope,
    )  # fmt: skip


def two_sided(df: Array, upper: float) -> tuple[Array, Any]:
    """Quantiles at ``upper`` and the two-sided P of a statistic, t with these df or normal where they are infinite."""
    normal = np.isinf(df)
    safe = np.where(normal, 1.0, df)

    def p_value(statistic: Array) -> Array:
        low = -np.abs(statistic)
        return 2.0 * np.where(normal, ndtr(low), stdtr(safe, low))

    return np.where(normal, ndtri(upper), stdtrit(safe, upper)), p_value
