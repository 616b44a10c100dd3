"""Limit meta-analysis: the pooled effect of studies of infinite precision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ostealgia import display
from ostealgia.display import p_text
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.pooling import pool
from ostealgia.meta.result import PoolResult
from ostealgia.meta.small_study_adjusted import effect_text, on_reported_scale
from ostealgia.meta.small_study_common import (
    NAN,
    as_dict,
    differing,
    few_notes,
    one_row,
    significant,
    studies,
    text_lines,
)
from ostealgia.numerics import small_study_limit
from ostealgia.numerics.pooling import quantile, wald
from ostealgia.numerics.tau2 import TAU2
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.result import Result

Array = NDArray[np.float64]
ADJUST = ("expectation", "radial", "mean")
ERRORS = ("delta", "published")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LimitResult(Result):
    """The pooled effect of studies of infinite precision.

    estimate .. ci_high : adjusted, analysis scale, by normal quantiles.  unadjusted_estimate : the random-effects mean
    by the same tau2.
    intercept, bias : of the model; ``bias`` is what a standard error of 1 adds.  tau2, tau2_method : held fixed.
    shrunken_estimate, shrunken_ci_low, shrunken_ci_high : each study at infinite precision with its interval, (k,).
    q, q_small, q_residual with their P values : Cochran's Q, its part from small-study effects (1 df), the rest (k - 2
    df).
    g2 : share of variation that small-study effects do not explain, per cent.
    """

    measure: str
    k: int
    adjust: str
    estimate: float
    std_error: float
    std_error_method: str
    statistic: float
    p_value: float
    ci_low: float
    ci_high: float
    ci_level: float
    intercept: float
    bias: float
    tau2: float
    tau2_method: str
    unadjusted_estimate: float
    q: float
    q_p_value: float
    q_small: float
    q_small_p_value: float
    q_residual: float
    q_residual_p_value: float
    g2: float
    study: tuple[str, ...]
    shrunken_estimate: Array
    shrunken_ci_low: Array
    shrunken_ci_high: Array
    reported_estimate: float
    reported_ci_low: float
    reported_ci_high: float
    reported_unadjusted: float

    def to_dict(self) -> dict[str, Any]:
        return as_dict(self)

    def to_frame(self) -> Any:
        """One row, on both scales."""
        names = (
            "measure",
            "k",
            "adjust",
            "estimate",
            "std_error",
            "statistic",
            "p_value",
            "ci_low",
            "ci_high",
            "tau2",
            "g2",
        )
        return one_row(
            self, (*names, "reported_estimate", "reported_ci_low", "reported_ci_high", "reported_unadjusted")
        )

    def study_frame(self) -> Any:
        """One row a study: its effect at infinite precision, analysis scale."""
        import pandas as pd

        return pd.DataFrame(
            {
                "study": list(self.study), "estimate": self.shrunken_estimate,
                "ci_low": self.shrunken_ci_low, "ci_high": self.shrunken_ci_high,
            }
        )  # fmt: skip

    def _p(self) -> str:
        return "" if math.isnan(self.p_value) else f", {p_text(self.p_value)}"

    def __str__(self) -> str:
        body = [
            f"adjusted {effect_text(self)}{self._p()}; unadjusted {significant(self.reported_unadjusted)}",
            f"small-study effects: Q {display.number(self.q_small)}, df = 1, {p_text(self.q_small_p_value)}; "
            f"rest: Q {display.number(self.q_residual)}, df = {self.k - 2}, {p_text(self.q_residual_p_value)}",
            f"G2 {display.number(self.g2, 1)}% of the variation is not explained by small-study effects; "
            f"tau2 {significant(self.tau2)} ({self.tau2_method})",
        ]
        return text_lines(f"Limit meta-analysis: {self.measure}, {self.k} studies", body, self)


def limit_meta(
    effects: Any, *, tau2: str = "REML", adjust: str = "expectation", std_error: str = "delta", level: float = 0.95
) -> LimitResult:
    """What would studies of infinite precision show, if bias grows with the standard error?

    effects : as for ``pool``, or a PoolResult with model="random", whose tau2 is then used; three studies or more.
    tau2 : estimator of the between-study variance, which the method takes as known.
    adjust : "expectation" (beta + alpha tau, the authors' first choice), "radial" or "mean" of the shrunken effects.
    std_error : for "expectation", "delta" (of the sum of both coefficients) or "published" (of beta alone with tau = 0,
    as R's metasens before 1.0-1 printed it: too small where tau2 is large).
    Not under ten studies; like every method from the funnel it takes all asymmetry for bias.
    Returns a LimitResult. Raises OptionError.  Source: Ruecker et al. 2011, doi:10.1093/biostatistics/kxq046.

    >>> se = [0.1, 0.15, 0.2, 0.3, 0.4]
    >>> found = limit_meta({"estimate": [0.1, 0.15, 0.3, 0.5, 0.9], "std_error": se})
    >>> round(found.unadjusted_estimate, 3), bool(found.estimate < found.unadjusted_estimate)
    (0.193, True)
    """
    one_of("tau2", tau2, TAU2)
    one_of("adjust", adjust, ADJUST)
    one_of("std_error", std_error, ERRORS)
    confidence_level(level)
    data = studies(effects, 3, "a limit meta-analysis")
    differing(data.std_error, "standard errors", "a limit meta-analysis")
    fit = _random_effects(effects, data, tau2)
    found = small_study_limit.limit_meta(
        data.estimate, data.variance, fit.tau2, adjust=adjust, published_error=std_error == "published"
    )
    return _result(data, fit, found, adjust, std_error, level)


def _random_effects(effects: Any, data: EffectSizes, tau2: str) -> PoolResult:
    if not isinstance(effects, PoolResult):
        return pool(data, tau2=tau2, ci="z", pi="none", tau2_ci="none")
    if effects.model != "random":
        raise OptionError(
            f"a limit meta-analysis starts from model='random'; found {effects.model!r}. Give the effects instead of the pool."
        )
    return effects


def _result(
    data: EffectSizes, fit: PoolResult, found: small_study_limit.Limit, adjust: str, std_error: str, level: float
) -> LimitResult:
    test = wald(found.estimate, found.std_error, math.inf, level)
    half = quantile(level, math.inf) * data.std_error
    k, tests = data.k, data.definition.no_effect is not None
    return LimitResult(
        measure=data.measure, k=k, adjust=adjust, estimate=found.estimate, std_error=found.std_error,
        std_error_method=std_error if adjust == "expectation" else "model", ci_low=test.ci_low, ci_high=test.ci_high, ci_level=level,
        statistic=test.statistic if tests else NAN, p_value=test.p_value if tests else NAN,
        intercept=found.intercept, bias=found.bias, tau2=fit.tau2, tau2_method=str(fit.tau2_method), unadjusted_estimate=fit.estimate,
        q=found.q, q_p_value=float(chdtrc(k - 1, found.q)),
        q_small=found.q_small, q_small_p_value=float(chdtrc(1, max(0.0, found.q_small))),
        q_residual=found.q_residual, q_residual_p_value=float(chdtrc(k - 2, found.q_residual)), g2=found.g2, study=data.study,
        shrunken_estimate=found.shrunken, shrunken_ci_low=found.shrunken - half, shrunken_ci_high=found.shrunken + half,
        reported_unadjusted=fit.reported.estimate, excluded=data.excluded,
        notes=tuple(dict.fromkeys([*data.notes, *few_notes(k)])), **on_reported_scale(data, found.estimate, test.ci_low, test.ci_high),
    )  # fmt: skip
