"""The results of tests of funnel asymmetry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ostealgia.display import p_text
from ostealgia.meta.small_study_common import NAN, as_dict, one_row, significant, text_lines
from ostealgia.tables.result import Result


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AsymmetryResult(Result):
    """A regression of effects on a measure of how small the study is.

    kind, title : which test.  model : what was regressed on what, with which weights.  predictor : its name.
    slope .. p_value : coefficient of the predictor with its test; ``df`` is infinite for a normal quantile.
    intercept : the effect where the predictor is zero.  limit_estimate .. limit_ci_high : the same with its interval,
    where zero
    means a study without error.  tau2 : residual, where the model has one.
    """

    kind: str
    title: str
    measure: str
    model: str
    predictor: str
    k: int
    slope: float
    slope_std_error: float
    intercept: float
    intercept_std_error: float
    statistic: float
    df: float
    p_value: float
    limit_estimate: float = NAN
    limit_ci_low: float = NAN
    limit_ci_high: float = NAN
    ci_level: float = 0.95
    tau2: float = NAN
    tau2_method: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return as_dict(self)

    def to_frame(self) -> Any:
        """One row: the test with its coefficients."""
        return one_row(self, _COLUMNS)

    def __str__(self) -> str:
        test = "z" if math.isinf(self.df) else "t"
        df = "" if math.isinf(self.df) else f", df = {self.df:g}"
        body = [
            f"slope {significant(self.slope)} (SE {significant(self.slope_std_error)}), "
            f"{test} = {significant(self.statistic)}{df}, {p_text(self.p_value)}",
            f"model: {self.model}",
        ]
        if math.isfinite(self.limit_estimate):
            limits = f"{significant(self.limit_ci_low)} to {significant(self.limit_ci_high)}"
            body.append(f"effect of a study without error: {significant(self.limit_estimate)} [{limits}]")
        return text_lines(f"{self.title}: {self.measure}, {self.k} studies", body, self)


_COLUMNS = (
    "kind", "measure", "k", "predictor", "slope", "slope_std_error", "intercept", "intercept_std_error", "statistic", "df", "p_value",
    "limit_estimate", "limit_ci_low", "limit_ci_high", "tau2",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RankTestResult(Result):
    """A rank correlation of effects with their precision.

    tau : Kendall's tau-b.  s, s_std_error : concordant less discordant pairs and its standard error under no
    association.
    p_value : the one asked for by ``p_method``; p_exact (NaN with ties or fifty studies), p_normal and p_corrected
    beside it.
    """

    kind: str
    title: str
    measure: str
    k: int
    tau: float
    s: float
    s_std_error: float
    statistic: float
    p_value: float
    p_method: str
    p_exact: float
    p_normal: float
    p_corrected: float
    df: float = math.inf

    def to_dict(self) -> dict[str, Any]:
        return as_dict(self)

    def to_frame(self) -> Any:
        """One row: the test."""
        return one_row(
            self, ("kind", "measure", "k", "tau", "s", "s_std_error", "statistic", "df", "p_value", "p_method")
        )

    def __str__(self) -> str:
        body = [
            f"Kendall's tau {significant(self.tau)}, S = {self.s:g} (SE {significant(self.s_std_error)}), "
            f"{p_text(self.p_value)} ({_P_WORDS[self.p_method]})"
        ]
        return text_lines(f"{self.title}: {self.measure}, {self.k} studies", body, self)


_P_WORDS = {"exact": "exact", "normal": "normal approximation", "corrected": "normal, continuity-corrected"}
