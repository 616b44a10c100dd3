"""Treatment effects by a model of the outcome: g-computation, and its doubly robust companion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ostealgia.cohort.causal_weighting import outcome_values, propensity
from ostealgia.cohort.logistic_model import check_finite
from ostealgia.cohort.logistic_rows import Levels, ModelRows, check_rank, design, formula_from, model_rows
from ostealgia.display import interval, number, p_text
from ostealgia.errors import OptionError
from ostealgia.numerics.logistic import fitted, logistic_fit
from ostealgia.numerics.propensity import aipw as aipw_estimate
from ostealgia.options import confidence_level
from ostealgia.tables.formula import Formula
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class StandardisedEffect(Result):
    """Mean outcome of all patients if treated minus if not. method : "g-computation" or "AIPW"."""

    treatment: str
    outcome: str
    method: str
    mean_treated: float
    mean_control: float
    estimate: float
    std_error: float
    ci_level: float
    n: int
    is_binary: bool

    @property
    def ci_low(self) -> float:
        """Lower limit."""
        return self.estimate - float(ndtri(0.5 + self.ci_level / 2)) * self.std_error

    @property
    def ci_high(self) -> float:
        """Upper limit."""
        return self.estimate + float(ndtri(0.5 + self.ci_level / 2)) * self.std_error

    @property
    def p_value(self) -> float:
        """Two-sided, normal."""
        return float(2 * ndtr(-abs(self.estimate / self.std_error))) if self.std_error > 0 else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """One row: term, measure, method, estimate, std_error, statistic, df, p_value, ci_low, ci_high, ci_level."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "term": self.treatment, "measure": "risk difference" if self.is_binary else "mean difference", "method": self.method,
                    "estimate": self.estimate, "std_error": self.std_error,
            "statistic": self.estimate / self.std_error if self.std_error > 0 else np.nan, "df": np.inf,
                    "p_value": self.p_value, "ci_low": self.ci_low, "ci_high": self.ci_high, "ci_level": self.ci_level,
                }
            ]
        )  # fmt: skip

    def __str__(self) -> str:
        what = "risk" if self.is_binary else "mean"
        lines = [f"StandardisedEffect: {what} difference of {self.outcome} by {self.method}, {self.n:,} patients"]
        lines.append(f"  {number(self.estimate)} [{interval(self.ci_low, self.ci_high)}]   {p_text(self.p_value)}")
        lines.append(f"  {what} {number(self.mean_treated)} if treated, {number(self.mean_control)} if not")
        return "\n".join([*lines, *tail_lines(self)])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Predicted:
    """Predictions (n,) if treated and if not, and the standard error of their mean difference by the delta method."""

    mean_1: Array
    mean_0: Array
    std_error: float


def _outcome_model(
    rows: ModelRows,
    treatment: str,
    terms: str | Sequence[str] | Formula,
    y: Array,
    is_binary: bool,
    levels: Levels | None,
) -> _Predicted:
    formula = formula_from(terms)
    if treatment not in formula.columns:
        raise OptionError(f"the terms of the outcome model must hold the treatment {treatment!r}.")
    columns = {name: rows.columns[name] for name in formula.columns} | {treatment: rows.y}
    recipe, x = design(formula, columns, rows.n, levels)
    check_rank(x, recipe.names)
    if is_binary:
        fit = logistic_fit(x, y)
        check_finite(fit, recipe.names, "Merge levels, or leave the term out")
        beta, vcov = fit.beta, fit.vcov
    else:
        beta = np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], dtype=np.float64)
        vcov = np.linalg.inv(x.T @ x) * float(np.square(y - x @ beta).sum() / (rows.n - x.shape[1]))
    found, slopes = list[Array](), list[Array]()
    for value in (1.0, 0.0):
        at = recipe.matrix(columns | {treatment: np.full(rows.n, value)}, rows.n)
        mean = fitted(at, beta) if is_binary else at @ beta
        found.append(mean)
        slopes.append((at * (mean * (1 - mean))[:, None] if is_binary else at).mean(axis=0))
    lead = slopes[0] - slopes[1]
    return _Predicted(mean_1=found[0], mean_0=found[1], std_error=float(np.sqrt(lead @ vcov @ lead)))


def g_computation(
    frame: Any,
    *,
    treatment: str,
    outcome: str,
    terms: str | Sequence[str] | Formula,
    also: Sequence[str] = (),
    event_value: object = None,
    levels: Levels | None = None,
    level: float = 0.95,
) -> StandardisedEffect:
    """How would the mean outcome of all patients differ if all were treated or none?

    terms : of the outcome model, treatment among them ("arm * stage + age"); logistic for a 0/1 outcome, else least squares.
    also : further columns without which a patient is left out.
    Standard error by the delta method with the patients as fixed. Right only if the outcome model is and holds every confounder.
    Source: Robins 1986, doi:10.1016/0270-0255(86)90088-6; Snowden 2011, doi:10.1093/aje/kwq472.

    >>> data = {"arm": [0, 1, 0, 1, 1, 0], "age": [50, 60, 55, 58, 70, 66], "pain": [7.0, 5.0, 7.0, 4.0, 5.0, 8.0]}
    >>> round(g_computation(data, treatment="arm", outcome="pain", terms="arm + age").estimate, 3)
    -3.024
    """
    level = confidence_level(level)
    rows, y, is_binary = _rows(frame, treatment, outcome, terms, also, event_value, levels)
    found = _outcome_model(rows, treatment, terms, y, is_binary, levels)
    one, none = float(found.mean_1.mean()), float(found.mean_0.mean())
    return StandardisedEffect(
        treatment=treatment, outcome=outcome, method="g-computation", mean_treated=one, mean_control=none, estimate=one - none,
        std_error=found.std_error, ci_level=level, n=rows.n, is_binary=is_binary, excluded=rows.excluded, notes=rows.notes,
    )  # fmt: skip


def _rows(
    frame: Any,
    treatment: str,
    outcome: str,
    terms: Any,
    also: Sequence[str],
    event_value: object,
    levels: Levels | None,
) -> tuple[ModelRows, Array, bool]:
    others = [name for name in formula_from(terms).columns if name != treatment]
    rows = model_rows(frame, treatment, others, levels=levels, event_value=event_value, also=[outcome, *also])
    return (rows, *outcome_values(rows, outcome))


def aipw(
    frame: Any,
    *,
    treatment: str,
    outcome: str,
    terms: str | Sequence[str] | Formula,
    score_terms: str | Sequence[str] | Formula,
    event_value: object = None,
    levels: Levels | None = None,
    level: float = 0.95,
) -> StandardisedEffect:
    """As ``g_computation``, mended by weighted residuals: right where the outcome model or the score model is.

    terms : of the outcome model, treatment among them.  score_terms : of the propensity score.
    Unstable where scores come near 0 or 1.  Source: Robins, Rotnitzky & Zhao 1994, doi:10.1080/01621459.1994.10476818.

    >>> data = {"arm": [0, 1, 0, 1, 1, 0], "age": [50, 60, 55, 58, 70, 66], "pain": [7.0, 5.0, 7.0, 4.0, 5.0, 8.0]}
    >>> fit = aipw(data, treatment="arm", outcome="pain", terms="arm + age", score_terms="age")
    >>> round(fit.estimate, 1)
    -3.1
    """
    level = confidence_level(level)
    needed = [outcome, *(name for name in formula_from(terms).columns if name != treatment)]
    score = propensity(
        frame, treatment=treatment, terms=score_terms, event_value=event_value, levels=levels, also=needed
    )
    y, is_binary = outcome_values(score.rows, outcome)
    found = _outcome_model(score.rows, treatment, terms, y, is_binary, levels)
    estimate, std_error = aipw_estimate(y, score.treated, score.score, found.mean_1, found.mean_0)
    one = float(np.mean(found.mean_1 + score.treated * (y - found.mean_1) / score.score))
    return StandardisedEffect(
        treatment=treatment, outcome=outcome, method="AIPW", mean_treated=one, mean_control=one - estimate, estimate=estimate,
        std_error=std_error, ci_level=level, n=score.n, is_binary=is_binary, excluded=score.excluded, notes=score.notes,
    )  # fmt: skip
