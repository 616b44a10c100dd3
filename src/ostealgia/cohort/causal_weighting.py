"""Treatment effects in a cohort by propensity weighting: the score, the balance it reaches, and the weighted effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ostealgia.cohort.cox_model import cox
from ostealgia.cohort.cox_result import CoxResult
from ostealgia.cohort.logistic_model import check_finite
from ostealgia.cohort.logistic_rows import Levels, ModelRows, binary, model_rows, quiet_numbers
from ostealgia.cohort.survival_data import absent
from ostealgia.display import interval, number, p_text
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.logistic import LogisticFit, fitted, logistic_fit
from ostealgia.numerics.logistic_performance import auc_delong
from ostealgia.numerics.propensity import (
    TILT_SLOPES,
    WEIGHTS,
    WeightedDifference,
    effective_size,
    m_estimation_se,
    propensity_weights,
    weighted_difference,
    weighted_ks,
    weighted_smd,
)  # fmt: skip
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula import Formula
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
EXTREME = (0.02, 0.98)
CERTAIN = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PropensityResult(Result):
    """A propensity score. score : (n,) chance of treatment.  treated : (n,) of 0 and 1.  rows, fit : what it was fitted to."""

    treatment: str
    formula: str
    score: Array
    treated: Array
    fit: LogisticFit
    rows: ModelRows

    @property
    def names(self) -> tuple[str, ...]:
        """Coefficients of the score model, the intercept first."""
        return self.rows.recipe.names

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.score)

    @property
    def c_statistic(self) -> float:
        """Area under the ROC curve of treatment; not a measure of how good the weights are."""
        return auc_delong(self.score, self.treated).estimate

    def weights(self, kind: str = "overlap") -> Array:
        """Weights of one kind, (n,): see ``ostealgia.numerics.propensity.propensity_weights``."""
        return propensity_weights(self.score, self.treated, kind)

    def balance(self, kinds: Sequence[str] = ("unweighted", "ate", "att", "overlap")) -> pd.DataFrame:
        """One row a covariate column and kind of weights: term, weights, smd, ks, ess_treated, ess_control."""
        import pandas as pd

        records = []
        for kind in kinds:
            w = self.weights(one_of("weights", kind, WEIGHTS))
            sizes = effective_size(w[self.treated > 0.5]), effective_size(w[self.treated <= 0.5])
            for j, name in enumerate(self.names):
                if name != "intercept":
                    x = self.rows.x[:, j]
                    smd, ks = weighted_smd(x, self.treated, w), weighted_ks(x, self.treated, w)
                    records.append((name, kind, smd, ks, *sizes))
        return pd.DataFrame(records, columns=["term", "weights", "smd", "ks", "ess_treated", "ess_control"])

    def to_frame(self) -> pd.DataFrame:
        """The balance under every usual kind of weights; patients' scores stay in ``score``."""
        return self.balance()

    def __str__(self) -> str:
        lines = [f"PropensityResult: chance of {self.treatment} given {self.formula}"]
        lines.append(f"  {self.n:,} patients, {int(self.treated.sum()):,} treated, C {number(self.c_statistic)}")
        table: Any = self.balance()
        for kind in dict.fromkeys(table["weights"]):
            part = table[table["weights"] == kind]
            lines.append(
                f"  {kind:<11} largest |SMD| {number(float(part['smd'].abs().max()))}   effective n "
                f"{number(float(part['ess_treated'].iloc[0]), 0)} treated, {number(float(part['ess_control'].iloc[0]), 0)} not"
            )
        return "\n".join([*lines, *tail_lines(self)])


def propensity(
    frame: Any,
    *,
    treatment: str,
    terms: str | Sequence[str] | Formula,
    event_value: object = None,
    levels: Levels | None = None,
    also: Sequence[str] = (),
) -> PropensityResult:
    """How likely was each patient to be treated, given what was known before?

    treatment : 0/1, or ``event_value`` names the treated.  terms : confounders known before treatment, never the outcome or what follows.
    also : further columns without which a patient is left out (the outcome).
    Scores near 0 or 1 mean that some patients have no counterpart: weights that look at the overlap alone ("overlap") then stay small.
    Source: Rosenbaum & Rubin 1983, doi:10.1093/biomet/70.1.41.

    >>> data = {"arm": [0, 1, 0, 1, 1, 0], "age": [50, 60, 55, 58, 70, 66]}
    >>> score = propensity(data, treatment="arm", terms="age")
    >>> round(float(score.score.mean()), 6)
    0.5
    """
    rows = model_rows(frame, treatment, terms, levels=levels, event_value=event_value, also=also)
    fit = logistic_fit(rows.x, rows.y)
    check_finite(
        fit, rows.recipe.names, "These patients have no counterpart: leave the term out, or restrict the cohort"
    )
    score = fitted(rows.x, fit.beta)
    notes = list(rows.notes)
    if (np.minimum(score, 1.0 - score) < CERTAIN).any():
        raise TableError(
            "the terms tell for certain who was treated, so some patients have no counterpart", column=treatment,
            action="Leave a term out, or restrict the cohort to patients who could have had either.",
        )  # fmt: skip
    far = int(((score < EXTREME[0]) | (score > EXTREME[1])).sum())
    if far:
        notes.append(
            f"{far} scores below {EXTREME[0]} or above {EXTREME[1]}: little overlap there, ATE weights will be large"
        )
    if not fit.converged:
        notes.append("the score model did not converge")
    return PropensityResult(
        treatment=treatment, formula=str(rows.recipe.formula), score=score, treated=rows.y, fit=fit, rows=rows, excluded=rows.excluded,
        notes=tuple(notes),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WeightedEffect(Result):
    """A weighted difference of means or risks. std_error : by ``variance``.  cox : the weighted Cox model where times were given."""

    treatment: str
    outcome: str
    weights: str
    variance: str
    estimate: float
    std_error: float
    ci_level: float
    means: WeightedDifference
    is_binary: bool
    score: PropensityResult
    weight: Array
    cox: CoxResult | None

    @property
    def ci_low(self) -> float:
        """Lower limit of the difference."""
        return self.estimate - float(ndtri(0.5 + self.ci_level / 2)) * self.std_error

    @property
    def ci_high(self) -> float:
        """Upper limit of the difference."""
        return self.estimate + float(ndtri(0.5 + self.ci_level / 2)) * self.std_error

    @property
    def p_value(self) -> float:
        """Two-sided, normal."""
        return float(2 * ndtr(-abs(self.estimate / self.std_error))) if self.std_error > 0 else float("nan")

    @property
    def risk_ratio(self) -> float:
        """Of the weighted risks; NaN for an outcome in numbers."""
        return self.means.mean_treated / self.means.mean_control if self.is_binary else float("nan")

    @property
    def odds_ratio(self) -> float:
        """Of the weighted risks; NaN for an outcome in numbers."""
        a, b = self.means.mean_treated, self.means.mean_control
        return a / (1 - a) / (b / (1 - b)) if self.is_binary else float("nan")

    def balance(self) -> pd.DataFrame:
        """Balance without and with these weights."""
        return self.score.balance(tuple(dict.fromkeys(["unweighted", self.weights])))

    def to_frame(self) -> pd.DataFrame:
        """One row an effect: term, measure, weights, estimate, std_error, statistic, df, p_value, ci_low, ci_high, ci_level."""
        import pandas as pd

        first = {
            "term": self.treatment, "measure": "risk difference" if self.is_binary else "mean difference", "weights": self.weights,
            "estimate": self.estimate, "std_error": self.std_error,
            "statistic": self.estimate / self.std_error if self.std_error > 0 else float("nan"), "df": np.inf,
            "p_value": self.p_value, "ci_low": self.ci_low, "ci_high": self.ci_high, "ci_level": self.ci_level,
        }  # fmt: skip
        frame: Any = pd.DataFrame([first])
        if self.cox is None:
            return frame
        hazard: Any = self.cox.to_frame().rename(columns={"scale": "measure"}).assign(weights=self.weights)
        return pd.concat([frame, hazard[frame.columns]], ignore_index=True)

    def __str__(self) -> str:
        what = "risk" if self.is_binary else "mean"
        lines = [
            f"WeightedEffect: {what} difference of {self.outcome}, {self.treatment} against not, {self.weights} weights"
        ]
        lines.append(
            f"  {number(self.estimate)} [{interval(self.ci_low, self.ci_high)}]   {p_text(self.p_value)}   SE by {self.variance}"
        )
        lines.append(
            f"  {what}s {number(self.means.mean_treated)} and {number(self.means.mean_control)}, {self.score.n:,} patients"
        )
        if self.cox is not None:
            limits = interval(float(np.exp(self.cox.ci_low[0])), float(np.exp(self.cox.ci_high[0])))
            lines.append(f"  hazard ratio {number(float(np.exp(self.cox.estimate[0])))} [{limits}]")
        return "\n".join([*lines, *tail_lines(self)])


def weighted_effect(
    frame: Any,
    *,
    treatment: str,
    outcome: str,
    terms: str | Sequence[str] | Formula,
    weights: str = "overlap",
    time: str | None = None,
    event: str | None = None,
    event_value: object = None,
    levels: Levels | None = None,
    level: float = 0.95,
) -> WeightedEffect:
    """By how much would the outcome differ between treated and untreated patients who are alike in the terms?

    treatment : 0/1.  outcome : 0/1 or a number.  weights : "ate" (all patients), "att" (the treated), "atc", "overlap" (those who could
    have had either), "matching", "entropy", "ate_stabilised", "ate_truncated_1_99", "unweighted".  time, event : a weighted Cox model too.
    The standard error knows that the score was estimated (M-estimation) where the weights allow it, else it is the sandwich with the
    weights as known (HC1), which is usually too large.  Right only if the terms hold every common cause of treatment and outcome.
    Source: Li, Morgan & Zaslavsky 2018, doi:10.1080/01621459.2016.1260466; Lunceford & Davidian 2004, doi:10.1002/sim.1903.

    >>> data = {"arm": [0, 1, 0, 1, 1, 0], "age": [50, 60, 55, 58, 70, 66], "relief": [0, 1, 0, 1, 1, 1]}
    >>> round(weighted_effect(data, treatment="arm", outcome="relief", terms="age", weights="unweighted").estimate, 4)
    0.6667
    """
    one_of("weights", weights, WEIGHTS)
    level = confidence_level(level)
    if (time is None) != (event is None):
        raise OptionError("time and event go together.")
    also = [outcome, *([time, event] if time and event else [])]
    score = propensity(frame, treatment=treatment, terms=terms, event_value=event_value, levels=levels, also=also)
    y, is_binary = outcome_values(score.rows, outcome)
    weight = score.weights(weights)
    means = weighted_difference(y, score.treated, weight)
    knows = weights in TILT_SLOPES
    se = m_estimation_se(score.rows.x, y, score.treated, score.score, weights) if knows else means.se_hc1
    hazard = None
    if time is not None and event is not None:
        data = {
            time: score.rows.columns[time],
            event: score.rows.columns[event],
            treatment: score.treated,
            "weight of a row": weight,
        }
        hazard = cox(
            data, time=time, event=event, terms=[treatment], weights="weight of a row", robust=True, level=level
        )
    return WeightedEffect(
        treatment=treatment, outcome=outcome, weights=weights, variance="M-estimation" if knows else "sandwich (HC1), weights as known",
        estimate=means.difference, std_error=se, ci_level=level, means=means._replace(se_m=se if knows else float("nan")),
        is_binary=is_binary, score=score, weight=weight, cox=hazard, excluded=score.excluded, notes=score.notes,
    )  # fmt: skip


def outcome_values(rows: ModelRows, outcome: str) -> tuple[Array, bool]:
    """An outcome as numbers, and whether it is 0/1 or yes/no."""
    values = rows.columns[outcome]
    if values.dtype.kind in "OUS" or values.dtype.kind == "b":
        try:
            return binary(values, outcome, rows.positions), True
        except TableError:
            if absent(values).any():
                raise
    y = quiet_numbers(rows.columns, outcome, rows.positions)
    return y, bool(np.isin(y, (0.0, 1.0)).all())
