"""The result of a meta-regression: coefficients, tests, residual heterogeneity, predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.numerics.regression import Omnibus, Regression
from ostealgia.tables.formula_design import Recipe
from ostealgia.tables.measures import MEASURES, Measure
from ostealgia.tables.result import Result, as_json

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.meta.predictions import PredictionResult

Array = NDArray[np.float64]
_COEFFICIENT = ("estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high")
_HETEROGENEITY = (
    "tau2",
    "tau2_std_error",
    "tau2_ci_low",
    "tau2_ci_high",
    "r2",
    "i2_tau2",
    "i2_q",
    "h2",
    "q",
    "q_df",
    "q_p_value",
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RegressionResult(Result):
    """A meta-regression. Coefficients are on the analysis scale (log odds ratio for OR).

    formula : as it was read.  model : "random" (mixed effects) or "common" (tau2 = 0).  names : of the coefficients.
    fit : every number of the fit (``numerics.regression.Regression``).  recipe : how columns become the design, also for new rows.
    effects : the studies in the fit.  moderators : the columns of the formula, for these studies.  options : every choice in force.
    """

    measure: str
    formula: str
    model: str
    tau2_method: str | None
    ci_method: str
    pi_method: str | None
    ci_level: float
    k: int
    n: float
    fit: Regression
    recipe: Recipe
    effects: EffectSizes
    moderators: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def definition(self) -> Measure:
        """The measure with its scales and back-transformation."""
        return MEASURES[self.measure]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.fit.names

    @property
    def estimate(self) -> Array:
        """Coefficients, (p,)."""
        return self.fit.beta

    @property
    def std_error(self) -> Array:
        """Standard errors, (p,)."""
        return self.fit.std_error

    @property
    def statistic(self) -> Array:
        """Wald statistics, (p,)."""
        return self.fit.statistic

    @property
    def p_value(self) -> Array:
        """P values, (p,)."""
        return self.fit.p_value

    @property
    def ci_low(self) -> Array:
        """Lower limits, (p,)."""
        return self.fit.ci_low

    @property
    def ci_high(self) -> Array:
        """Upper limits, (p,)."""
        return self.fit.ci_high

    @property
    def df(self) -> float:
        """Degrees of freedom of the coefficients: k - p, infinite for z."""
        return self.fit.df

    @property
    def vcov(self) -> Array:
        """Covariance of the coefficients, (p, p)."""
        return self.fit.vcov

    @property
    def tau2(self) -> float:
        """Residual between-study variance."""
        return self.fit.tau2

    @property
    def tau2_std_error(self) -> float:
        return self.fit.tau2_std_error

    @property
    def tau2_ci_low(self) -> float:
        """Lower limit of the residual tau2 (Q-profile)."""
        return self.fit.tau2_interval[0]

    @property
    def tau2_ci_high(self) -> float:
        """Upper limit of the residual tau2 (Q-profile)."""
        return self.fit.tau2_interval[1]

    @property
    def r2(self) -> float:
        """Share of tau2 accounted for, per cent; NaN where it is not defined."""
        return self.fit.r2

    @property
    def i2_tau2(self) -> float:
        return self.fit.i2_tau2

    @property
    def i2_q(self) -> float:
        return self.fit.i2_q

    @property
    def h2(self) -> float:
        return self.fit.h2

    @property
    def q(self) -> float:
        """Residual heterogeneity QE."""
        return self.fit.q

    @property
    def q_df(self) -> int:
        return self.fit.q_df

    @property
    def q_p_value(self) -> float:
        return self.fit.q_p_value

    @property
    def loglik(self) -> float:
        return self.fit.loglik

    @property
    def omnibus(self) -> Omnibus:
        """Test that no moderator matters: statistic, df1, df2 (infinite for chi-square), p_value."""
        return self.fit.omnibus

    @cached_property
    def vif(self) -> Array:
        """Variance inflation of each coefficient beside the other moderators (NaN for the intercept), (p,)."""
        from ostealgia.meta.regression_tests import variance_inflation

        return variance_inflation(self)

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient: term, estimate, std_error, statistic, df, p_value, ci_low, ci_high, vif."""
        import pandas as pd

        data: dict[str, Any] = {"term": list(self.names)}
        data.update({name: getattr(self, name) for name in _COEFFICIENT[:3]})
        data["df"] = self.df
        data.update({name: getattr(self, name) for name in _COEFFICIENT[3:]})
        data["ci_level"] = self.ci_level
        data["vif"] = self.vif
        return pd.DataFrame(data)

    def terms_frame(self) -> pd.DataFrame:
        """One row a term of the formula: its Wald test, and its generalised variance inflation."""
        import pandas as pd

        from ostealgia.meta.regression_tests import term_table

        return pd.DataFrame(term_table(self))

    def study_frame(self) -> pd.DataFrame:
        """One row a study: effect, fitted value, residual, hat value, weight in per cent, moderators."""
        import pandas as pd

        fit = self.fit
        data: dict[str, Any] = {
            "study": list(self.effects.study),
            "estimate": self.effects.estimate,
            "std_error": self.effects.std_error,
            "fitted": fit.fitted,
            "residual": fit.residuals,
            "hat": fit.leverage,
            "weight": 100.0 * fit.weights / float(fit.weights.sum()),
            "n": self.effects.n,
        }
        data.update({name: values for name, values in self.moderators.items() if name not in data})
        return pd.DataFrame(data)

    def predict(self, new: Any = None, **options: Any) -> PredictionResult:
        """Predicted effects at new values of the moderators; see ``ostealgia.meta.predict``."""
        from ostealgia.meta.predictions import predict

        return predict(self, new, **options)

    def to_dict(self) -> dict[str, Any]:
        """JSON: coefficients, tests, heterogeneity, studies, notes; NaN is None, infinite df "Infinity"."""
        body: dict[str, Any] = {
            name: as_json(getattr(self, name))
            for name in ("measure", "formula", "model", "tau2_method", "ci_method", "pi_method", "ci_level", "k", "n")
        }
        body["scale"] = self.definition.analysis_scale
        body["coefficients"] = [
            {
                "term": name,
                **{key: as_json(float(getattr(self, key)[j])) for key in _COEFFICIENT},
                "df": as_json(self.df),
                "vif": as_json(float(self.vif[j])),
            }
            for j, name in enumerate(self.names)
        ]
        body["vcov"] = as_json(self.vcov)
        body["omnibus"] = omnibus_dict(self.omnibus)
        body["terms"] = as_json(self.terms_frame().to_dict("records"))
        body.update({name: as_json(getattr(self, name)) for name in _HETEROGENEITY})
        body.update(
            loglik=as_json(self.loglik),
            certificate=as_json(self.fit.certificate),
            options=as_json(self.options),
            studies=as_json(self.study_frame().to_dict("records")),
            excluded=[row.to_dict() for row in self.excluded],
            notes=list(self.notes),
        )
        return body

    def __str__(self) -> str:
        from ostealgia.meta.regression_text import regression_text

        return regression_text(self)


def omnibus_dict(test: Omnibus) -> dict[str, Any]:
    """A test as JSON."""
    return {
        "statistic": as_json(test.statistic),
        "df1": test.df1,
        "df2": as_json(test.df2),
        "p_value": as_json(test.p_value),
    }
