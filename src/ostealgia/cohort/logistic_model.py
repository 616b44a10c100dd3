"""Logistic regression of a cohort: Wald, profile-likelihood or Firth inference, with every reason why there may be none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ostealgia.cohort.cox_result import RatioResult
from ostealgia.cohort.logistic_rows import Levels, ModelRows, model_rows
from ostealgia.display import count_of
from ostealgia.errors import TableError
from ostealgia.numerics.logistic import LogisticFit, fitted, logistic_fit, ml_profile, robust_vcov
from ostealgia.numerics.logistic_firth import firth_fit, firth_profile, firth_tests
from ostealgia.numerics.logistic_performance import null_log_likelihood, variance_inflation
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula import Formula
from ostealgia.tables.formula_design import grid_of
from ostealgia.tables.result import tail_lines

Array = NDArray[np.float64]
METHODS = ("wald", "profile", "firth")
CLOSE = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LogisticResult(RatioResult):
    """A logistic regression. Coefficients are log odds ratios; the first is the intercept where there is one.

    method : "wald", "profile" or "firth".  low, high : limits by profile likelihood, None for Wald.  lr : likelihood-ratio statistics of
    Firth's method.  fit, rows : the numbers.
    """

    outcome: str
    formula: str
    method: str
    low: Array | None
    high: Array | None
    lr: Array | None
    fit: LogisticFit
    rows: ModelRows

    @property
    def p_value(self) -> Array:
        """Two-sided: Wald, or the penalised likelihood ratio for Firth's method, (p,)."""
        return super().p_value if self.lr is None else np.asarray(chdtrc(1.0, self.lr))

    @property
    def ci_low(self) -> Array:
        """Lower limits of the log odds ratios, (p,)."""
        return super().ci_low if self.low is None else self.low

    @property
    def ci_high(self) -> Array:
        """Upper limits of the log odds ratios, (p,)."""
        return super().ci_high if self.high is None else self.high

    @property
    def log_likelihood(self) -> float:
        """At the estimates; the penalised one for Firth's method."""
        return self.fit.log_likelihood

    @property
    def deviance(self) -> float:
        """Minus twice the log likelihood."""
        return -2 * self.log_likelihood

    @property
    def null_deviance(self) -> float:
        """Of the model with an intercept only."""
        return -2 * null_log_likelihood(self.rows.y)

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return self.deviance + 2 * len(self.names)

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return self.deviance + float(np.log(self.n)) * len(self.names)

    @cached_property
    def risk(self) -> Array:
        """Fitted probabilities, (n,), in the order of ``rows.positions``."""
        return fitted(self.rows.x, self.estimate)

    @cached_property
    def robust_std_error(self) -> Array:
        """Sandwich (HC0) standard errors, (p,)."""
        return np.sqrt(np.diag(robust_vcov(self.rows.x, self.rows.y, self.fit)))

    def predict(self, new: Any) -> Array:
        """Risk of new patients: a frame or mapping with the columns of the formula."""
        columns, k = grid_of(self.rows.recipe, self.rows.columns, new)
        return fitted(self.rows.recipe.matrix(columns, k), self.estimate)

    def vif(self) -> dict[str, float]:
        """Variance inflation of each coefficient; above about 5 the terms say much the same."""
        inner = [j for j, name in enumerate(self.names) if name != "intercept"]
        values = variance_inflation(self.vcov[np.ix_(inner, inner)])
        return {self.names[j]: float(v) for j, v in zip(inner, values, strict=True)}

    def term_tests(self) -> Any:
        """Likelihood-ratio test of each term, the others kept: a frame with term, statistic, df, p_value (not for Firth's method)."""
        import pandas as pd

        recipe, records = self.rows.recipe, []
        for i, label in enumerate(recipe.term_labels):
            own = recipe.columns_of(i)
            less = logistic_fit(np.delete(self.rows.x, own, axis=1), self.rows.y)
            statistic = max(0.0, 2 * (self.fit.log_likelihood - less.log_likelihood))
            records.append((label, statistic, len(own), float(chdtrc(float(len(own)), statistic))))
        return pd.DataFrame(records, columns=["term", "statistic", "df", "p_value"])

    def __str__(self) -> str:
        how = {"wald": "Wald", "profile": "profile likelihood", "firth": "Firth's penalised likelihood"}[self.method]
        head = f"LogisticResult: odds ratio of {self.outcome}, {100 * self.ci_level:g}% CI by {how}"
        return "\n".join([*self._lines(head), *tail_lines(self)])


def logistic(
    frame: Any,
    *,
    outcome: str,
    terms: str | Sequence[str] | Formula,
    method: str = "wald",
    level: float = 0.95,
    event_value: object = None,
    levels: Levels | None = None,
) -> LogisticResult:
    """By how much does each term multiply the odds of the outcome?

    frame : one row a patient.  outcome : 0/1 or yes/no, or ``event_value`` names what counts.  terms : a formula ("arm + ns(age, 3)") or a
    list of columns; text columns are factors whose first level, or the first of ``levels``, is the reference.
    method : "wald", "profile" (likelihood-ratio limits) or "firth" (penalised; finite where outcomes are separated).
    Odds ratios are further from 1 than risk ratios where the outcome is common (see ``g_computation`` for differences in risk).
    Raises TableError where a term carries no information or has no finite estimate.
    Source: Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x; Firth 1993, doi:10.1093/biomet/80.1.27.

    >>> data = {"response": [0, 0, 1, 0, 1, 1], "arm": list("aaabbb")}
    >>> fit = logistic(data, outcome="response", terms="arm")
    >>> fit.names, round(float(fit.estimate[1]), 4)
    (('intercept', 'armb'), 1.3863)
    """
    one_of("method", method, METHODS)
    level = confidence_level(level)
    rows = model_rows(frame, outcome, terms, levels=levels, event_value=event_value)
    return logistic_of(rows, outcome, method, level)


def logistic_of(rows: ModelRows, outcome: str, method: str, level: float) -> LogisticResult:
    """Fit the rows and put the result together."""
    names = rows.recipe.names
    fit = firth_fit(rows.x, rows.y) if method == "firth" else logistic_fit(rows.x, rows.y)
    check_finite(fit, names)
    low = high = lr = None
    if method == "profile":
        low, high = ml_profile(rows.x, rows.y, fit, level=level)
    elif method == "firth":
        low, high = firth_profile(rows.x, rows.y, fit, level=level)
        lr = firth_tests(rows.x, rows.y, fit)
    events = int(rows.y.sum())
    converged = fit.converged and fit.gradient < CLOSE
    notes = list(rows.notes)
    rarer, p = min(events, rows.n - events), len(names) - 1
    if p and rarer < 10 * p:
        notes.append(
            f"{rarer} patients with the rarer outcome for {count_of(p, 'coefficient', 'coefficients')}: fewer than 10 for each"
        )
    if not converged:
        notes.append("Newton's method did not reach the maximum: the scaled gradient is not near 0")
    return LogisticResult(
        names=names, estimate=fit.beta, vcov=fit.vcov, ci_level=level, ratio="odds ratio", n=rows.n, events=events, converged=converged,
        gradient=fit.gradient, outcome=outcome, formula=str(rows.recipe.formula), method=method, low=low, high=high, lr=lr, fit=fit,
        rows=rows, excluded=rows.excluded, notes=tuple(notes),
    )  # fmt: skip


FIRTH = "Merge levels, leave the term out, or fit with method='firth'"


def check_finite(fit: LogisticFit, names: Sequence[str], action: str = FIRTH) -> None:
    """Raise where the likelihood still rises as a coefficient runs away."""
    if fit.endless.any():
        listed = ", ".join(repr(names[j]) for j in np.flatnonzero(fit.endless)[:5])
        raise TableError(
            f"{listed} has no finite odds ratio: it separates patients with the outcome from those without",
            action=action,
        )
