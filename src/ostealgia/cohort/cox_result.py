"""The result of a Cox model: coefficients, tests, residuals, concordance, test of proportional hazards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from ostealgia.cohort.survival_data import SurvivalRows
from ostealgia.display import interval, level_text, number, p_text, p_value
from ostealgia.errors import OptionError
from ostealgia.numerics import cox_residuals as parts
from ostealgia.numerics.cox import CoxFit, CoxState, state_at
from ostealgia.numerics.cox_data import CoxData
from ostealgia.numerics.survival_concordance import Concordance, concordance
from ostealgia.options import one_of
from ostealgia.tables.formula_design import Recipe, grid_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
RESIDUALS = ("martingale", "deviance", "schoenfeld", "scaled schoenfeld", "score", "dfbeta", "dfbetas")
TIES = {"efron": "Efron", "breslow": "Breslow", "exact": "exact discrete"}


def ratio_of(logarithms: Any) -> Any:
    """The ratio of a logarithm; infinite where it is too large for a number, as the limit of a term that hardly varies.

    >>> float(ratio_of(0.0)), float(ratio_of(800.0))
    (1.0, inf)
    """
    with np.errstate(over="ignore"):
        return np.exp(logarithms)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RatioResult(Result):
    """Coefficients that are logarithms of ratios. names : of the coefficients.  ratio : what exp(estimate) is called.

    std_error : robust where asked for.  converged, gradient : the certificate, largest |score| / sqrt(information).
    """

    names: tuple[str, ...]
    estimate: Array
    vcov: Array
    ci_level: float
    ratio: str
    n: int
    events: int
    converged: bool
    gradient: float

    @property
    def std_error(self) -> Array:
        """Standard errors of the logarithms, (p,)."""
        return np.sqrt(np.diag(self.vcov))

    @property
    def statistic(self) -> Array:
        """Wald statistics, (p,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.estimate / self.std_error

    @property
    def p_value(self) -> Array:
        """Two-sided, by the normal distribution, (p,)."""
        return 2.0 * np.asarray(ndtr(-np.abs(self.statistic)))

    @property
    def ci_low(self) -> Array:
        """Lower limits of the logarithms, (p,)."""
        return self.estimate - float(ndtri(0.5 + self.ci_level / 2)) * self.std_error

    @property
    def ci_high(self) -> Array:
        """Upper limits of the logarithms, (p,)."""
        return self.estimate + float(ndtri(0.5 + self.ci_level / 2)) * self.std_error

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """One row a term: term, scale, estimate, std_error (always of the logarithm), statistic, df, p_value, ci_low, ci_high, ci_level.

        exponentiate : the estimate and its limits as ratios; ``scale`` says which.
        """
        import pandas as pd

        back = ratio_of if exponentiate else np.asarray
        return pd.DataFrame(
            {
                "term": self.names, "scale": self.ratio if exponentiate else f"log {self.ratio}", "estimate": back(self.estimate),
                "std_error": self.std_error, "statistic": self.statistic, "df": np.inf, "p_value": self.p_value,
                "ci_low": back(self.ci_low), "ci_high": back(self.ci_high), "ci_level": self.ci_level,
            }
        )  # fmt: skip

    def _lines(self, head: str) -> list[str]:
        """Head, size and a line a term."""
        lines = [head, f"  {self.n:,} rows, {self.events:,} events"]
        width = max((len(name) for name in self.names), default=0)
        for j, name in enumerate(self.names):
            limits = interval(float(ratio_of(self.ci_low[j])), float(ratio_of(self.ci_high[j])))
            value = number(float(ratio_of(self.estimate[j])))
            lines.append(f"  {name.ljust(width)}  {value:>7} [{limits}]   {p_text(float(self.p_value[j]))}")
        if not self.converged:
            lines.append("  NOT CONVERGED: do not use these estimates")
        return lines


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CoxResult(RatioResult):
    """A Cox model. Coefficients are log hazard ratios.

    ties : "efron", "breslow" or "exact".  robust : the standard errors are the sandwich's (weights or clusters).  firth : the likelihood
    is penalised. fit, data : the numbers.
    recipe : how columns become the design.  rows : what went in.
    """

    formula: str
    time: str
    event: str
    strata: str | None
    ties: str
    robust: bool
    firth: bool
    fit: CoxFit
    data: CoxData
    recipe: Recipe
    rows: SurvivalRows

    @property
    def log_likelihood(self) -> float:
        """Partial log likelihood at the estimates."""
        return self.fit.log_likelihood

    @property
    def log_likelihood_null(self) -> float:
        """Partial log likelihood with all coefficients 0."""
        return self.fit.log_likelihood_null

    @property
    def aic(self) -> float:
        """Akaike's criterion from the partial likelihood."""
        return 2.0 * len(self.names) - 2.0 * self.log_likelihood

    @cached_property
    def state(self) -> CoxState:
        """Risk scores, hazards and means at the estimates (Efron's or Breslow's likelihood)."""
        return state_at(self.data, self.fit.scaled_beta)

    @cached_property
    def linear_predictor(self) -> Array:
        """x'b of each row, with every column at its distance from its mean, (n,), in the order of the input."""
        return parts.back(self.data, self.fit.scaled_beta @ self.data.x)

    @cached_property
    def concordance(self) -> Concordance:
        """Harrell's C with its standard error: pairs within strata; clusters count as one."""
        rows = self.rows
        return concordance(
            self.linear_predictor, rows.time, rows.event, weight=rows.weight, stratum=rows.stratum.codes, start=rows.start,
            cluster=rows.cluster,
        )  # fmt: skip

    def tests(self) -> pd.DataFrame:
        """Tests that all coefficients are 0: likelihood ratio, Wald (by the standard errors in use), score; statistic, df, p_value."""
        import pandas as pd

        p = len(self.names)
        wald = float(self.estimate @ np.linalg.solve(self.vcov, self.estimate)) if p else 0.0
        values = [2.0 * (self.log_likelihood - self.log_likelihood_null), wald, self.fit.score_statistic]
        return pd.DataFrame(
            {
                "test": ["likelihood ratio", "Wald", "score"],
                "statistic": values,
                "df": p,
                "p_value": [float(chdtrc(p, v)) for v in values],
            }
        )

    def residuals(self, kind: str = "martingale") -> pd.DataFrame:
        """Residuals by name: one column ("martingale", "deviance") or one a coefficient.

        "schoenfeld" has one row an event, in order of stratum and time, with ``time``; "scaled schoenfeld" estimates b(t); the others
        have one row a row of the data, in its order ("score" without weights).  Residuals are patient data: keep them at home.
        Source: Therneau, Grambsch & Fleming 1990, doi:10.1093/biomet/77.1.147.
        """
        import pandas as pd

        one_of("kind", kind, RESIDUALS)
        self._need_smooth_ties("residuals")
        if kind in ("martingale", "deviance"):
            values = getattr(parts, kind)(self.data, self.state)
            return pd.DataFrame({kind: values})
        if kind.endswith("schoenfeld"):
            values = parts.schoenfeld(self.data, self.state)
            if kind.startswith("scaled"):
                values = self.estimate + len(values) * values @ self.fit.vcov
            frame = pd.DataFrame(values, columns=list(self.names))
            frame.insert(0, "time", self.data.time[self.data.deaths])
            return frame
        values = parts.score_residuals(self.data, self.state)
        if kind != "score":
            values = values @ self.fit.vcov
        if kind == "dfbetas":
            values = values / np.sqrt(np.diag(self.fit.vcov))
        return pd.DataFrame(values, columns=list(self.names))

    def baseline(self, *, at_zero: bool = False) -> pd.DataFrame:
        """Cumulative hazard by stratum and event time: of a patient with every column at its mean, or ``at_zero`` of one with zeros."""
        import pandas as pd

        self._need_smooth_ties("a baseline hazard")
        shift = float(np.exp(-self.estimate @ self.data.centre)) if at_zero else 1.0
        hazard = parts.baseline_hazard(self.data, self.state) * shift
        stratum = [self.rows.stratum.levels[code] for code in self.data.event_stratum]
        return pd.DataFrame(
            {"stratum": stratum, "time": self.data.event_time, "cumulative_hazard": hazard, "estimate": np.exp(-hazard)}
        )

    def hazard_ratio_of(self, new: Any, reference: Any) -> pd.DataFrame:
        """Hazard ratio of new rows against one reference row, with limits; both give every column of the formula.

        Splines, squares and interactions have no hazard ratio of their own: compare patients instead.
        """
        import pandas as pd

        z = float(ndtri(0.5 + self.ci_level / 2))
        rows, base = (
            self.recipe.matrix(*grid_of(self.recipe, self.rows.columns, part))[:, 1:] for part in (new, reference)
        )
        if len(base) != 1:
            raise OptionError(f"the reference has {len(base)} rows; give one.")
        away = rows - base
        log_ratio, se = away @ self.estimate, np.sqrt(np.einsum("ij,jk,ik->i", away, self.vcov, away))
        return pd.DataFrame(
            {
                "scale": "hazard ratio", "estimate": np.exp(log_ratio), "std_error": se, "ci_low": np.exp(log_ratio - z * se),
                "ci_high": np.exp(log_ratio + z * se), "ci_level": self.ci_level,
            }
        )  # fmt: skip

    def proportional_hazards(self, transform: str = "km") -> ProportionalHazardsResult:
        """Does a hazard ratio change over time? One score test a term, and one for all.

        transform : time scale of the change: "km" (1 - survival), "rank", "identity" or "log".
        Source: Grambsch & Therneau 1994, doi:10.1093/biomet/81.3.515 (exact score test).
        """
        one_of("transform", transform, parts.TRANSFORMS)
        self._need_smooth_ties("the test of proportional hazards")
        if transform == "log" and (self.data.event_time <= 0).any():
            raise OptionError("transform='log' needs event times above 0; take 'km', 'rank' or 'identity'.")
        start = None if self.rows.start is None else self.rows.start[self.data.order]
        scale = parts.transformed_times(self.data, transform, start)
        shift = 1 if self.recipe.formula.intercept else 0
        terms = [[j - shift for j in self.recipe.columns_of(i)] for i in range(len(self.recipe.formula.terms))]
        test = parts.cox_zph(self.data, self.state, scale, terms)
        return ProportionalHazardsResult(
            transform=transform, terms=(*self.recipe.term_labels, "GLOBAL"), statistic=test.statistic, df=test.df, p_value=test.p_value,
            events=self.events,
        )  # fmt: skip

    def _need_smooth_ties(self, what: str) -> None:
        if self.ties == "exact":
            raise OptionError(f"{what} cannot be had with ties='exact'; fit again with ties='efron'.")

    def __str__(self) -> str:
        within = (f", strata {self.strata}" if self.strata else "") + (", Firth's penalty" if self.firth else "")
        se = "robust standard errors" if self.robust else "model standard errors"
        head = (
            f"CoxResult: {self.event} over {self.time} {self.formula}{within}, ties by {TIES[self.ties]}, hazard ratios, "
            f"{level_text(self.ci_level)} CI, {se}"
        )
        lines = self._lines(head)
        if self.names:
            c = self.concordance
            ratio = 2.0 * (self.log_likelihood - self.log_likelihood_null)
            tests = f"likelihood ratio {number(ratio)}, df {len(self.names)}, {p_text(float(chdtrc(len(self.names), ratio)))}"
            lines.append(f"  {tests}   concordance {number(c.estimate, 3)} (SE {number(c.std_error, 3)})")
        return "\n".join([*lines, *tail_lines(self)])


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ProportionalHazardsResult(Result):
    """Score tests of proportional hazards: one for each term, the last (GLOBAL) for all together; arrays (terms + 1,)."""

    transform: str
    terms: tuple[str, ...]
    statistic: Array
    df: NDArray[np.intp]
    p_value: Array
    events: int

    def to_frame(self) -> pd.DataFrame:
        """term, statistic (chi-square), df, p_value."""
        import pandas as pd

        return pd.DataFrame({"term": self.terms, "statistic": self.statistic, "df": self.df, "p_value": self.p_value})

    def __str__(self) -> str:
        lines = [f"ProportionalHazardsResult: score tests, time scale {self.transform}, {self.events:,} events"]
        width = max(len(term) for term in self.terms)
        for j, term in enumerate(self.terms):
            value, p = float(self.statistic[j]), float(self.p_value[j])
            lines.append(f"  {term.ljust(width)}  chi-square {number(value)}, df {int(self.df[j])}, P {p_value(p)}")
        return "\n".join([*lines, *tail_lines(self)])
