"""The result of a selection model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.display import p_text
from ostealgia.meta.small_study_common import as_dict, significant, text_lines
from ostealgia.numerics.selection_weights import SMOOTH, curve
from ostealgia.tables.result import Result, plain

Array = NDArray[np.float64]
TITLES = {
    "stepfun": "step function",
    "beta": "beta",
    "halfnorm": "half-normal",
    "negexp": "negative exponential",
    "logistic": "logistic",
    "power": "power",
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SelectionResult(Result):
    """A pooled effect with a model of which studies are seen.

    estimate .. ci_high : adjusted, analysis scale, by normal quantiles.  tau2, tau2_std_error : adjusted; 0 and NaN for
    model="common".
    delta, delta_std_error : parameters of the selection function, named by ``delta_name``; NaN errors where one is
    fixed or at its bound.
    unadjusted_estimate, unadjusted_tau2, loglik_unadjusted : the model without selection, maximum likelihood.
    lrt, lrt_df, lrt_p_value : likelihood-ratio test of no selection; NaN P where no parameter is free.
    study, p : studies with their P values by ``alternative``, (k,).  counts : studies in each interval of a step
    function.
    certificate : starts, maxima found, gradient, curvature, parameters at a bound.
    """

    kind: str
    measure: str
    model: str
    alternative: str
    k: int
    estimate: float
    std_error: float
    statistic: float
    p_value: float
    ci_low: float
    ci_high: float
    ci_level: float
    tau2: float
    tau2_std_error: float
    delta: Array
    delta_std_error: Array
    delta_name: tuple[str, ...]
    steps: tuple[float, ...]
    counts: tuple[int, ...]
    precision: str | None
    loglik: float
    unadjusted_estimate: float
    unadjusted_tau2: float
    loglik_unadjusted: float
    lrt: float
    lrt_df: int
    lrt_p_value: float
    study: tuple[str, ...]
    p: Array
    reported_estimate: float
    reported_ci_low: float
    reported_ci_high: float
    reported_unadjusted: float
    converged: bool = True
    certificate: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The selection function in words."""
        return TITLES[self.kind]

    def weight(self, p: Any, precision: float = 1.0) -> Array:
        """The relative chance that a study with this P value is seen.

        p : numbers from 0 to 1.  precision : of the study, 1 for the least precise one (only for a model with
        ``precision``).

        >>> from ostealgia.meta.selection_models import selection_model
        >>> data = {"estimate": [0.1, 0.5, 0.3, 0.6, 0.7], "std_error": [0.1, 0.2, 0.2, 0.2, 0.3]}
        >>> fit = selection_model(data, steps=[0.05], delta=[1, 0.5], model="common")
        >>> fit.weight([0.01, 0.4]).tolist()
        [1.0, 0.5]
        """
        values = np.asarray(p, dtype=float)
        if self.kind in SMOOTH:
            return curve(self.kind, self.delta, values, precision)
        return self.delta[np.searchsorted(np.array(self.steps), values, side="left")]

    def to_frame(self) -> Any:
        """One row a parameter: mu, tau2 and those of the selection function."""
        import pandas as pd

        rows = [("mu", self.estimate, self.std_error), ("tau2", self.tau2, self.tau2_std_error)]
        rows += [
            (name, float(d), float(e))
            for name, d, e in zip(self.delta_name, self.delta, self.delta_std_error, strict=True)
        ]
        return pd.DataFrame(rows, columns=["parameter", "estimate", "std_error"])

    def to_dict(self) -> dict[str, Any]:
        body = as_dict(self, without=("certificate",))
        return {**body, "certificate": plain(self.certificate)}

    def __str__(self) -> str:
        limits = f"{significant(self.reported_ci_low)} to {significant(self.reported_ci_high)}"
        body = [
            f"adjusted {self.measure} {significant(self.reported_estimate)} [{limits}], {p_text(self.p_value)}; "
            f"without selection {significant(self.reported_unadjusted)}",
        ]
        if self.model == "random":
            body.append(f"tau2 {significant(self.tau2)}; without selection {significant(self.unadjusted_tau2)}")
        weights = (
            f"{name} {significant(float(d))}" + (f" (SE {significant(float(e))})" if math.isfinite(e) else "")
            for name, d, e in zip(self.delta_name, self.delta, self.delta_std_error, strict=True)
        )
        body.append("weights: " + ", ".join(weights))
        if self.lrt_df > 0:
            body.append(
                f"test of no selection: chi-square {display.number(self.lrt)}, df = {self.lrt_df}, {p_text(self.lrt_p_value)}"
            )
        return text_lines(
            f"Selection model ({self.title}, {self.alternative}): {self.measure}, {self.k} studies", body, self
        )
