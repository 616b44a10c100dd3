"""The result of pooling: every number of the fit, on both scales, with its studies and its certificate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.numerics.pooling import quantile
from ostealgia.tables.measures import MEASURES, Measure
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
NAN = math.nan


@dataclass(frozen=True, kw_only=True)
class ScaleEstimate:
    """A pooled estimate on one scale. std_error, statistic, df and p_value belong to the analysis scale."""

    scale: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PoolResult(Result):
    """One pooled effect. Fields without a scale in their name are on the analysis scale; ``reported`` is the other.

    estimate .. pi_high : analysis scale (log odds ratio for OR).  df : infinite for z.  weights : per cent, (k,).
    i2_tau2 : 100 tau2 / (tau2 + typical variance); i2_q : 100 (Q - df) / Q, both in per cent.
    certificate : how the fit was found (roots, bracket, score, iterations).  options : every choice in force.
    study_low, study_high : interval of each study at ci_level, analysis scale, (k,).
    """

    measure: str
    model: str
    tau2_method: str | None
    ci_method: str
    pi_method: str | None
    ci_level: float
    k: int
    n: float
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    pi_low: float = NAN
    pi_high: float = NAN
    tau2: float = NAN
    tau2_std_error: float = NAN
    tau2_ci_method: str | None = None
    i2_tau2: float = NAN
    i2_q: float = NAN
    i2_q_ci_low: float = NAN
    i2_q_ci_high: float = NAN
    h2: float = NAN
    q: float = NAN
    q_df: float = NAN
    q_p_value: float = NAN
    loglik: float = NAN
    converged: bool = True
    certificate: Mapping[str, Any] = field(default_factory=dict)
    effects: EffectSizes
    weights: Array
    options: Mapping[str, Any] = field(default_factory=dict)
    reported: ScaleEstimate

    @property
    def definition(self) -> Measure:
        """The measure with its scales and back-transformation."""
        return MEASURES[self.measure]

    @cached_property
    def tau2_interval(self) -> tuple[float, float]:
        """Confidence interval of tau2 by ``tau2_ci_method``, found when it is first asked for; NaN where there is none."""
        if self.tau2_ci_method is None:
            return NAN, NAN
        from ostealgia.numerics.tau2_interval import tau2_interval

        weights = self.options.get("weights") if self.tau2_ci_method == "GENQ" else None
        return tau2_interval(
            self.effects.estimate,
            self.effects.variance,
            self.tau2_ci_method,
            level=self.ci_level,
            weights=None if weights is None else self.weights / 100.0,
            restricted=self.tau2_method != "ML",
        )

    @property
    def tau2_ci_low(self) -> float:
        """Lower limit of tau2."""
        return self.tau2_interval[0]

    @property
    def tau2_ci_high(self) -> float:
        """Upper limit of tau2."""
        return self.tau2_interval[1]

    @property
    def analysis_scale(self) -> ScaleEstimate:
        """The estimate as it was pooled (a log odds ratio, a logit)."""
        return ScaleEstimate(scale=self.definition.analysis_scale, **{name: getattr(self, name) for name in _SHARED})

    @property
    def study_low(self) -> Array:
        """Lower Wald limit of each study on the analysis scale, (k,)."""
        return self.effects.estimate - quantile(self.ci_level, math.inf) * self.effects.std_error

    @property
    def study_high(self) -> Array:
        """Upper Wald limit of each study on the analysis scale, (k,)."""
        return self.effects.estimate + quantile(self.ci_level, math.inf) * self.effects.std_error

    def to_frame(self) -> pd.DataFrame:
        """One row: the pooled estimate on the analysis scale with its heterogeneity."""
        import pandas as pd

        names = (
            "measure",
            "model",
            "k",
            "n",
            *_SHARED,
            *_HETEROGENEITY,
            "tau2_method",
            "ci_method",
            "pi_method",
            "ci_level",
        )
        row = {name: getattr(self, name) for name in names}
        row.update({f"reported_{name}": getattr(self.reported, name) for name in _REPORTED})
        return pd.DataFrame([row])

    def study_frame(self) -> pd.DataFrame:
        """One row a study: effect on both scales with its interval, weight in per cent, and the counts it came from.

        Intervals of single proportions on the reported scale are Clopper-Pearson, all others Wald on the analysis scale.
        """
        from ostealgia.meta.backtransform import study_frame

        return study_frame(self.effects, self.ci_level, self.weights)

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON of ``ostealgia pool``: NaN is None, infinite degrees of freedom are "Infinity"."""
        body: dict[str, Any] = {
            name: plain(getattr(self, name))
            for name in ("measure", "model", "tau2_method", "ci_method", "pi_method", "ci_level", "k", "n")
        }
        body["reported"] = _scale_dict(self.reported)
        body["analysis_scale"] = _scale_dict(self.analysis_scale)
        body.update({name: plain(getattr(self, name)) for name in _HETEROGENEITY})
        body.update(
            loglik=plain(self.loglik),
            converged=self.converged,
            certificate=plain(self.certificate),
            options=plain(self.options),
            weights=plain(self.weights),
            studies=self._study_dicts(),
            excluded=[row.to_dict() for row in self.excluded],
            notes=list(self.notes),
        )
        return body

    def _study_dicts(self) -> list[dict[str, Any]]:
        from ostealgia.meta.backtransform import study_columns

        columns = study_columns(self.effects, self.ci_level, self.weights)
        return [{name: plain(columns[name][i]) for name in _STUDY} for i in range(self.k)]

    def __str__(self) -> str:
        from ostealgia.meta.text import pool_text

        return pool_text(self)

    def _repr_html_(self) -> str:
        from ostealgia.meta.text import pool_html

        return pool_html(self)


_SHARED = ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high", "pi_low", "pi_high")
_REPORTED = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
_STUDY = ("study", "estimate", "std_error", "ci_low", "ci_high", "weight", "n",
          "reported_estimate", "reported_ci_low", "reported_ci_high")  # fmt: skip
_HETEROGENEITY = (
    "tau2", "tau2_std_error", "tau2_ci_low", "tau2_ci_high", "tau2_ci_method",
    "i2_tau2", "i2_q", "i2_q_ci_low", "i2_q_ci_high", "h2", "q", "q_df", "q_p_value",
)  # fmt: skip


def _scale_dict(scale: ScaleEstimate) -> dict[str, Any]:
    body = {"scale": scale.scale, **{name: plain(getattr(scale, name)) for name in _SHARED}}
    return body | {"df": plain(scale.df, infinity="Infinity")}
