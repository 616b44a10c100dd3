"""Every treatment against every other, under one model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ostealgia.numerics.network import Direct
from ostealgia.numerics.pooling import quantile
from ostealgia.tables.result import plain

Array = NDArray[np.float64]

# rule -> degrees of freedom lost from those of Q; None is the normal distribution
PREDICTION: dict[str, int | None] = {"V": 0, "HTS": 1, "S": None}


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkEstimates:
    """Network estimates, row treatment less column treatment, on the analysis scale.

    treatments : labels (n,).  level : (n,), effects that sum to zero.  covariance : (n, n), theirs (singular along (1, ..., 1)).
    estimate, std_error : (n, n).  direct : evidence from studies that compare the two.  tau2 : added to the variance of each contrast.
    pi_df : degrees of freedom of prediction intervals; NaN where there are none.
    """

    model: str
    treatments: tuple[str, ...]
    level: Array
    covariance: Array
    estimate: Array
    std_error: Array
    direct: Direct
    tau2: float
    ci_level: float
    pi_df: float = math.nan

    @cached_property
    def statistic(self) -> Array:
        """estimate / std_error, (n, n); NaN on the diagonal."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.eye(len(self.treatments), dtype=bool), np.nan, self.estimate / self.std_error)

    @cached_property
    def p_value(self) -> Array:
        """Two-sided, normal, (n, n); NaN on the diagonal."""
        return 2.0 * ndtr(-np.abs(self.statistic))

    @cached_property
    def ci_low(self) -> Array:
        return self.estimate - quantile(self.ci_level, math.inf) * self.std_error

    @cached_property
    def ci_high(self) -> Array:
        return self.estimate + quantile(self.ci_level, math.inf) * self.std_error

    @cached_property
    def _prediction_half(self) -> Array:
        if math.isnan(self.pi_df):
            return np.full_like(self.estimate, np.nan)
        half = quantile(self.ci_level, self.pi_df) * np.sqrt(np.square(self.std_error) + self.tau2)
        np.fill_diagonal(half, 0.0)
        return half

    @cached_property
    def pi_low(self) -> Array:
        """Where the true effect of a new study may lie, (n, n); NaN where there is no prediction interval."""
        return self.estimate - self._prediction_half

    @cached_property
    def pi_high(self) -> Array:
        return self.estimate + self._prediction_half

    def place(self, treatments: Sequence[str]) -> Any:
        """Positions of treatments."""
        where = {name: i for i, name in enumerate(self.treatments)}
        return [where[name] for name in treatments]

    def to_dict(self) -> dict[str, Any]:
        """Matrices as lists of rows; NaN is None."""
        names = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "pi_low", "pi_high")
        body: dict[str, Any] = {name: plain(getattr(self, name)) for name in names}
        return {"model": self.model, "tau2": plain(self.tau2), **body}


def prediction_df(rule: str, df: float) -> float:
    """Degrees of freedom of a prediction interval: those of Q ("V"), one less ("HTS"), infinite ("S"); NaN where none are left."""
    lost = PREDICTION[rule]
    if lost is None:
        return math.inf
    return df - lost if df - lost >= 1 else math.nan
