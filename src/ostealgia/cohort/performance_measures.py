"""How well a prognostic model predicts: discrimination, calibration, optimism, net benefit, and a penalised alternative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.logistic_model import LogisticResult
from ostealgia.display import interval, number
from ostealgia.errors import OptionError
from ostealgia.numerics import logistic_performance as measures
from ostealgia.numerics.logistic import fitted, logistic_fit
from ostealgia.numerics.logistic_ridge import RidgePath, ridge_path
from ostealgia.numerics.random_streams import stream
from ostealgia.options import confidence_level
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
CORRECTED = ("auc", "brier", "calibration_slope", "calibration_intercept")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PerformanceResult(Result):
    """Measures of a model. measures : name -> value as seen.  corrected : less the optimism by bootstrap.  curve : groups of risk."""

    outcome: str
    n: int
    events: int
    ci_level: float
    measures: dict[str, float]
    corrected: dict[str, float]
    curve: tuple[tuple[float, float, float, int], ...]
    samples: int
    seed: int
    risk: Array
    y: Array

    def to_frame(self) -> pd.DataFrame:
        """One row a measure: measure, estimate, corrected (for optimism, where done)."""
        import pandas as pd

        records = [
            {"measure": k, "estimate": v, "corrected": self.corrected.get(k, float("nan"))}
            for k, v in self.measures.items()
        ]
        return pd.DataFrame(records)

    def calibration_frame(self) -> pd.DataFrame:
        """One row a group of risk: predicted, observed, std_error, n."""
        import pandas as pd

        return pd.DataFrame(self.curve, columns=["predicted", "observed", "std_error", "n"])

    def __str__(self) -> str:
        m = self.measures
        lines = [f"PerformanceResult: {self.outcome}, {self.n:,} patients, {self.events:,} events"]
        lines.append(
            f"  AUC {number(m['auc'])} [{interval(m['auc_ci_low'], m['auc_ci_high'])}]   Brier {number(m['brier'], 3)}"
        )
        lines.append(
            f"  Nagelkerke R2 {number(m['nagelkerke_r2'])}   Hosmer-Lemeshow P {number(m['hosmer_lemeshow_p_value'], 3)}"
        )
        if self.corrected:
            c = self.corrected
            lines.append(
                f"  less optimism ({self.samples} samples): AUC {number(c['auc'])}, calibration slope {number(c['calibration_slope'])}, "
                f"Brier {number(c['brier'], 3)}"
            )
        return "\n".join([*lines, *tail_lines(self)])


def performance(
    fit: LogisticResult, *, bootstrap: int = 200, seed: int = 1, groups: int = 10, level: float = 0.95
) -> PerformanceResult:
    """How well does this model tell who will have the outcome, and how much of that is optimism?

    bootstrap : samples for the optimism (0 for none): the model is fitted again to each, and its measures there less those on the cohort
    are taken off. The terms stay as given: choosing them is not repeated, so a screened model keeps part of its optimism.
    On its own cohort a model has calibration intercept 0 and slope 1 by construction.
    Source: Harrell 1996, doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4; DeLong 1988, doi:10.2307/2531595.

    >>> from ostealgia.cohort.logistic_model import logistic
    >>> data = {"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 4, 3, 2, 5, 3, 7]}
    >>> found = performance(logistic(data, outcome="y", terms="x"), bootstrap=0)
    >>> round(found.measures["auc"], 4)
    0.8438
    """
    level = confidence_level(level)
    if bootstrap < 0 or groups < 3:
        raise OptionError(f"bootstrap={bootstrap!r} must be 0 or more, and groups={groups!r} at least 3.")
    y, x, risk = fit.rows.y, fit.rows.x, fit.risk
    found = _measures(risk, y, fit.fit.log_likelihood, level, groups)
    corrected, failed = _optimism(x, y, found, bootstrap, seed)
    notes = []
    if failed:
        notes.append(f"{failed} of {bootstrap} bootstrap samples had no finite fit and were left out")
    if fit.method == "firth":
        notes.append("likelihood-based R2 use the penalised likelihood; the optimism is that of maximum likelihood")
    if bootstrap:
        notes.append("optimism is that of fitting these terms; if they were chosen on the same patients, more remains")
    code = measures.risk_groups(risk, groups)
    curve = []
    for g in np.unique(code):
        part = code == g
        share = float(y[part].mean())
        curve.append(
            (float(risk[part].mean()), share, float(np.sqrt(share * (1 - share) / part.sum())), int(part.sum()))
        )
    return PerformanceResult(
        outcome=fit.outcome, n=fit.n, events=fit.events, ci_level=level, measures=found, corrected=corrected, curve=tuple(curve),
        samples=bootstrap, seed=seed, risk=risk, y=y, excluded=fit.excluded, notes=tuple(notes),
    )  # fmt: skip


def _measures(risk: Array, y: Array, log_likelihood: float, level: float, groups: int) -> dict[str, float]:
    auc = measures.auc_delong(risk, y)
    low, high = auc.limits(level)
    line = measures.calibration_line(risk, y)
    fits = measures.hosmer_lemeshow(risk, y, groups)
    r2 = measures.pseudo_r2(log_likelihood, measures.null_log_likelihood(y), len(y), risk, y)
    return {
        "auc": auc.estimate, "auc_std_error": auc.std_error, "auc_ci_low": low, "auc_ci_high": high, "brier": measures.brier_score(risk, y),
        "calibration_intercept": line.intercept, "calibration_slope": line.slope, "hosmer_lemeshow": float(fits.statistic),
        "hosmer_lemeshow_df": float(fits.df), "hosmer_lemeshow_p_value": float(fits.p_value), "cox_snell_r2": r2["cox_snell"],
        "nagelkerke_r2": r2["nagelkerke"], "mcfadden_r2": r2["mcfadden"], "tjur_r2": r2["tjur"],
    }  # fmt: skip


def _four(risk: Array, y: Array) -> Array:
    line = measures.calibration_line(risk, y)
    return np.array([measures.auc_delong(risk, y).estimate, measures.brier_score(risk, y), line.slope, line.intercept])


def _optimism(x: Array, y: Array, found: dict[str, float], bootstrap: int, seed: int) -> tuple[dict[str, float], int]:
    gaps: list[Array] = []
    for b in range(bootstrap):
        drawn = stream(seed, b, use="optimism").integers(0, len(y), len(y))
        if len(np.unique(y[drawn])) < 2:
            continue
        fit = logistic_fit(x[drawn], y[drawn])
        if fit.converged:
            gaps.append(_four(fitted(x[drawn], fit.beta), y[drawn]) - _four(fitted(x, fit.beta), y))
    if not gaps:
        return {}, bootstrap
    optimism = np.mean(gaps, axis=0)
    return {name: found[name] - float(gap) for name, gap in zip(CORRECTED, optimism, strict=True)}, bootstrap - len(
        gaps
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DecisionCurve(Result):
    """Net benefit over thresholds of risk. model, everyone : (m,) each; treating none has 0."""

    outcome: str
    thresholds: Array
    model: Array
    everyone: Array
    n: int

    def to_frame(self) -> pd.DataFrame:
        """One row a threshold and strategy: threshold, strategy, net_benefit."""
        import pandas as pd

        parts = (("model", self.model), ("all", self.everyone), ("none", np.zeros_like(self.model)))
        frames = [
            pd.DataFrame({"threshold": self.thresholds, "strategy": name, "net_benefit": value})
            for name, value in parts
        ]
        return pd.concat(frames, ignore_index=True)

    def __str__(self) -> str:
        useful = self.thresholds[(self.model > np.maximum(self.everyone, 0.0) + 1e-12)]
        span = (
            f"best from {number(float(useful.min()))} to {number(float(useful.max()))}"
            if len(useful)
            else "never the best"
        )
        return "\n".join(
            [f"DecisionCurve: {self.outcome}, {self.n:,} patients; the model is {span}", *tail_lines(self)]
        )


def decision_curve(fit: LogisticResult, *, thresholds: Sequence[float] | None = None) -> DecisionCurve:
    """For which thresholds of risk would acting on the model do more good than acting on all or on none?

    thresholds : strictly between 0 and 1, by default 0.01 ... 0.99. On the cohort that the model was fitted to the curve is optimistic.
    Source: Vickers & Elkin 2006, doi:10.1177/0272989X06295361.

    >>> from ostealgia.cohort.logistic_model import logistic
    >>> data = {"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 4, 3, 2, 5, 3, 7]}
    >>> decision_curve(logistic(data, outcome="y", terms="x"), thresholds=[0.5]).model.round(3).tolist()
    [0.375]
    """
    at = np.asarray(np.arange(1, 100) / 100 if thresholds is None else thresholds, dtype=float)
    if not len(at) or bool(((at <= 0) | (at >= 1)).any()):
        raise OptionError("thresholds must lie strictly between 0 and 1.")
    model, everyone = measures.net_benefit(fit.risk, fit.rows.y, at)
    return DecisionCurve(
        outcome=fit.outcome, thresholds=at, model=model, everyone=everyone, n=fit.n, excluded=fit.excluded,
        notes=("the model is judged on the patients it was fitted to",),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RidgeResult(Result):
    """Logistic regression with a ridge penalty chosen by cross-validation.

    path : deviance by penalty.  estimate : on the log odds scale.
    """

    outcome: str
    names: tuple[str, ...]
    estimate: Array
    penalty: float
    folds: int
    seed: int
    path: RidgePath

    def to_frame(self) -> pd.DataFrame:
        """One row a term: term, estimate (log odds ratio, shrunken); it has no standard error."""
        import pandas as pd

        return pd.DataFrame({"term": self.names, "scale": "log odds ratio", "estimate": self.estimate})

    def __str__(self) -> str:
        lines = [f"RidgeResult: {self.outcome}, penalty {self.penalty:.3g} by {self.folds}-fold cross-validation"]
        width = max(len(name) for name in self.names)
        lines += [
            f"  {name.ljust(width)}  OR {number(float(np.exp(b)))}"
            for name, b in zip(self.names, self.estimate, strict=True)
        ]
        return "\n".join([*lines, *tail_lines(self)])


def ridge(fit: LogisticResult, *, folds: int = 10, seed: int = 1) -> RidgeResult:
    """The same terms, shrunken: all kept, none chosen by P.

    The penalty (on standardised columns, not on the intercept) has the smallest cross-validated deviance; the same ``seed`` gives the same
    folds. Coefficients are biased towards 0 by intent and have no interval. Source: le Cessie & van Houwelingen 1992, doi:10.2307/2347628.
    """
    rarer = int(min(fit.events, fit.n - fit.events))
    if not 2 <= folds <= rarer:
        raise OptionError(f"folds={folds!r} must lie from 2 to {rarer}, the number of patients with the rarer outcome.")
    path = ridge_path(fit.rows.x, fit.rows.y, folds=folds, seed=seed)
    best = int(np.argmin(path.deviance))
    notes = ["the penalty is at the end of the range looked at"] if best in (0, len(path.penalties) - 1) else []
    return RidgeResult(
        outcome=fit.outcome, names=fit.names, estimate=path.beta[best], penalty=float(path.penalties[best]), folds=folds, seed=seed,
        path=path, excluded=fit.excluded, notes=tuple(notes),
    )  # fmt: skip
