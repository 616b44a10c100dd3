"""Predicted effects of a meta-regression at chosen values of its moderators."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.display import level_text
from ostealgia.meta.backtransform import to_reported
from ostealgia.meta.regression_result import RegressionResult
from ostealgia.numerics.pooling import PREDICTION, quantile
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula_design import grid_of
from ostealgia.tables.result import Result, as_json

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
_NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "pi_low", "pi_high")
_REPORTED = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PredictionResult(Result):
    """Predictions, a row each: estimate, std_error, interval and prediction interval on the analysis scale; ``reported`` the other scale.

    labels : of the rows.  at : the moderator values, column by column.  df : of the interval.
    """

    measure: str
    labels: tuple[str, ...]
    at: Mapping[str, Any]
    estimate: Array
    std_error: Array
    ci_low: Array
    ci_high: Array
    pi_low: Array
    pi_high: Array
    df: float
    ci_level: float
    ci_method: str
    pi_method: str | None
    reported: Mapping[str, Array]
    percent: bool
    digits: int

    def to_frame(self) -> pd.DataFrame:
        """One row a prediction: label, the moderators, then estimate to pi_high on both scales."""
        import pandas as pd

        data: dict[str, Any] = {"label": list(self.labels), **self.at}
        data.update({name: getattr(self, name) for name in _NUMBERS})
        data.update({f"reported_{name}": values for name, values in self.reported.items()})
        return pd.DataFrame(data)

    def to_dict(self) -> dict[str, Any]:
        rows = self.to_frame().to_dict("records")
        head = {name: as_json(getattr(self, name)) for name in ("measure", "df", "ci_level", "ci_method", "pi_method")}
        return {**head, "rows": as_json(rows), "notes": list(self.notes)}

    def __str__(self) -> str:
        def text(value: float) -> str:
            return display.percent(value, 1) if self.percent else display.number(value, self.digits)

        shown = self.reported
        width = max((len(label) for label in self.labels), default=0)
        lines = [f"PredictionResult: {self.measure}, {level_text(self.ci_level)} intervals"]
        for i, label in enumerate(self.labels):
            line = f"  {label.ljust(width)}  {text(shown['estimate'][i])} [{text(shown['ci_low'][i])} to {text(shown['ci_high'][i])}]"
            if math.isfinite(self.pi_low[i]):
                line += f"   prediction [{text(shown['pi_low'][i])} to {text(shown['pi_high'][i])}]"
            lines.append(line)
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def predict(
    fit: RegressionResult, new: Any = None, *, level: float | None = None, pi: str | None = None
) -> PredictionResult:
    """The effect that a meta-regression expects at these values of its moderators.

    fit : a RegressionResult.  new : mapping or frame with every column of the formula (single values are repeated); None for the studies
    of the fit.  level, pi : as in ``regress``, by default those of the fit.
    ci is for the mean effect of such studies, pi for the effect in one new study: estimate -+ q sqrt(tau2 + SE^2).
    A note where a value lies outside what the studies cover.  Returns a PredictionResult. Raises TableError, OptionError.

    >>> from ostealgia.meta.regression import regress
    >>> data = {"estimate": [0.1, 0.3, 0.5, 0.8], "std_error": [0.1, 0.1, 0.1, 0.1], "dose_gy": [8, 16, 24, 32]}
    >>> predict(regress(data, "~ dose_gy"), {"dose_gy": [10, 30]}).estimate.round(4).tolist()
    [0.1375, 0.7125]
    """
    level = fit.ci_level if level is None else confidence_level(level)
    rule = fit.pi_method if pi is None else None if one_of("pi", pi, (*PREDICTION, "none")) == "none" else pi
    columns, k = (dict(fit.moderators), fit.k) if new is None else grid_of(fit.recipe, fit.moderators, new)
    x = fit.recipe.matrix(columns, k)
    numbers = fit.fit
    estimate = x @ numbers.beta
    model_variance = _variance(fit, x)
    std_error = np.sqrt(model_variance * numbers.variance_factor)
    half = _quantile(level, numbers.df) * std_error
    low, high = _prediction(fit, estimate, model_variance, rule, level)
    limits = {
        "estimate": estimate,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "pi_low": low,
        "pi_high": high,
    }
    shown = {name: to_reported(fit.definition, values, fit.effects) for name, values in limits.items()}
    labels = tuple(fit.effects.study) if new is None else _labels(columns, k)
    return PredictionResult(
        measure=fit.measure, labels=labels, at=columns, std_error=std_error, df=numbers.df, ci_level=level, ci_method=fit.ci_method,
        pi_method=rule, reported=shown, percent=fit.definition.percent, digits=fit.definition.digits,
        notes=() if new is None else _outside(fit, columns), estimate=estimate, ci_low=estimate - half, ci_high=estimate + half,
        pi_low=low, pi_high=high,
    )  # fmt: skip


def _variance(fit: RegressionResult, x: Array) -> Array:
    """Model-based variance of the fitted value, (rows,)."""
    numbers = fit.fit
    if numbers.moment_weights is not None or numbers.method == "GENQ":
        return np.einsum("ki,ij,kj->k", x, numbers.vcov_model, x)
    return np.square(np.linalg.solve(numbers.root.T, x.T)).sum(axis=0)


def _quantile(level: float, df: float) -> float:
    return quantile(level, df) if df > 0 else math.nan


def _prediction(
    fit: RegressionResult, estimate: Array, model_variance: Array, rule: str | None, level: float
) -> tuple[Array, Array]:
    """The interval of the true effect in a new study, by a rule of ``numerics.pooling.PREDICTION``; NaN where it is not defined."""
    numbers = fit.fit
    nan = np.full(len(estimate), math.nan)
    if rule is None or fit.model == "common":
        return nan, nan
    scaled, lost = PREDICTION[rule]
    factor = 1.0
    if scaled:
        factor = max(1.0, numbers.hk_factor) if numbers.test == "HK-adhoc" else numbers.hk_factor
    df = math.inf if lost is None else numbers.q_df - (lost - 1.0)
    if not df > 0 or numbers.k < 3:
        return nan, nan
    half = quantile(level, df) * np.sqrt(numbers.tau2 + model_variance * factor)
    return estimate - half, estimate + half


def _labels(columns: Mapping[str, Any], k: int) -> tuple[str, ...]:
    if not columns:
        return ("mean",) * k
    return tuple(", ".join(f"{name} {_short(values[i])}" for name, values in columns.items()) for i in range(k))


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)


def _outside(fit: RegressionResult, columns: Mapping[str, Any]) -> tuple[str, ...]:
    """A note for every numeric moderator that goes beyond what the studies cover."""
    notes: list[str] = []
    for name, values in columns.items():
        seen = np.asarray(fit.moderators[name])
        if any(coding.levels for variable, coding in fit.recipe.codings.items() if variable.column == name):
            continue
        low, high = float(np.min(seen.astype(float))), float(np.max(seen.astype(float)))
        new = np.asarray(values).astype(float)
        if bool(((new < low) | (new > high)).any()):
            notes.append(
                f"{name}: beyond the studies, which cover {low:g} to {high:g}; the prediction there rests on the formula alone"
            )
    return tuple(notes)
