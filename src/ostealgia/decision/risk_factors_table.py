"""Published predictors of pain that is hard to relieve: each one study's association, all of them indirect, and no score from them.

A model that the user has fitted to the own cohort can be set beside them, with its discrimination and calibration.
Source of the list: Li Q et al. Front Neurol 2025;16:1517279, doi:10.3389/fneur.2025.1517279, with the values of the source studies.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ostealgia.decision.evidence_model import number_of
from ostealgia.display import interval, number
from ostealgia.errors import OptionError
from ostealgia.tables.result import Result, plain, tail_lines

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.cohort.logistic_model import LogisticResult
    from ostealgia.cohort.performance_measures import PerformanceResult

FILE = "refractory_pain_predictors.csv"
NONE_AVAILABLE = (
    "no model for refractory pain is available: none was given, and none can be made from the published associations"
)
NOTES = (
    "each line is one study's association in its own population, with the outcome that was really measured: indirect for refractory pain "
    "of bone metastases",
    "no score and no risk is computed from them: they come from different patients, outcomes and adjustments",
    "Li 2025 pooled exponentials of odds ratios (3.94 is exp(1.37), 5.99 is exp(1.79), 219.20 is exp(5.39)): those values are shown as "
    "printed and not used",
    "predictors of non-response in Deng 2026 are not listed: its table has reversed coding and probably shifted rows, and no intercept",
)


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """One published association. outcome_measured : what the study measured.  why_indirect : in words.  interval NaN where not printed."""

    factor: str
    study: str
    year: int
    population: str
    outcome_measured: str
    n: int
    measure: str
    estimate: float
    ci_low: float
    ci_high: float
    p_value: str
    as_printed_in_review: str
    read_in: str
    check_status: str
    citation: str
    why_indirect: str
    indirect: bool = True

    def text(self) -> str:
        """One line for a reader."""
        limits = "no interval printed" if math.isnan(self.ci_low) else f"95% CI {interval(self.ci_low, self.ci_high)}"
        return (
            f"{self.factor}: {self.measure} {number(self.estimate)} ({limits}) for {self.outcome_measured}; {self.population}, "
            f"n = {self.n:,} ({self.study} {self.year}) INDIRECT"
        )


@cache
def predictors() -> tuple[Predictor, ...]:
    """The bundled associations, in the order of the file.

    >>> predictors()[0].estimate, predictors()[0].outcome_measured.startswith("any pain")
    (1.37, True)
    """
    source = resources.files("ostealgia").joinpath("data", "evidence", FILE)
    return tuple(_predictor(row) for row in csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


def _predictor(row: Mapping[str, str]) -> Predictor:
    made: dict[str, Any] = dict(row)
    for name in ("estimate", "ci_low", "ci_high"):
        made[name] = number_of(row, name)
    for name in ("year", "n"):
        made[name] = int(row[name])
    return Predictor(**made)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RefractoryPainPredictors(Result):
    """The published associations, and the user's own model where one is given.

    rows : the associations.  model : the fitted logistic regression, or None.  performance : its discrimination and calibration.
    """

    rows: tuple[Predictor, ...]
    model: LogisticResult | None = None
    performance: PerformanceResult | None = None

    def to_frame(self) -> pd.DataFrame:
        """One row an association."""
        import pandas as pd

        return pd.DataFrame([vars(one) for one in self.rows])

    def calibration_frame(self) -> pd.DataFrame:
        """Predicted and observed risk of the own model by group of risk. Raises OptionError where there is no model."""
        return self._performance().calibration_frame()

    def risk(self, patients: Any) -> Any:
        """Risk by the own model, (n,): a frame or mapping with the columns of its formula. Never from the published associations."""
        if self.model is None:
            raise OptionError(NONE_AVAILABLE + ". Fit one with oa.cohort.logistic and give it as model=.")
        return self.model.predict(patients)

    def _performance(self) -> PerformanceResult:
        if self.performance is None:
            raise OptionError(NONE_AVAILABLE + ". Fit one with oa.cohort.logistic and give it as model=.")
        return self.performance

    def to_dict(self) -> dict[str, Any]:
        """predictors, model (None or its measures with the calibration by group), notes."""
        return plain({"predictors": [vars(one) for one in self.rows], "model": self._model_dict(), "notes": self.notes})

    def _model_dict(self) -> Mapping[str, Any] | None:
        if self.model is None or self.performance is None:
            return None
        found = self.performance
        names = ("predicted", "observed", "std_error", "n")
        return {
            "outcome": self.model.outcome, "formula": self.model.formula, "n": self.model.n, "events": self.model.events,
            "auc": found.measures["auc"], "auc_ci_low": found.measures["auc_ci_low"], "auc_ci_high": found.measures["auc_ci_high"],
            "corrected": dict(found.corrected), "calibration": [dict(zip(names, row, strict=True)) for row in found.curve],
        }  # fmt: skip

    def __str__(self) -> str:
        lines = [f"RefractoryPainPredictors: {len(self.rows)} published associations, all indirect"]
        lines += [f"  {one.text()}" for one in self.rows]
        if self.model is None or self.performance is None:
            lines.append(f"  {NONE_AVAILABLE}")
        else:
            found = self.performance
            lines.append(
                f"  own model: {self.model.formula} of {self.model.outcome}, {self.model.n:,} patients, {self.model.events:,} events"
            )
            lines.append(
                f"    AUC {number(found.measures['auc'])} [{interval(found.measures['auc_ci_low'], found.measures['auc_ci_high'])}]"
            )
            if found.corrected:
                c = found.corrected
                lines.append(
                    f"    less optimism: AUC {number(c['auc'])}, calibration slope {number(c['calibration_slope'])}"
                )
            lines += [f"    predicted {100 * p:.0f}%, observed {100 * o:.0f}% of {n}" for p, o, _, n in found.curve]
        return "\n".join([*lines, *tail_lines(self)])


def refractory_pain_predictors(
    model: LogisticResult | None = None, *, bootstrap: int = 200, seed: int = 1, groups: int = 5
) -> RefractoryPainPredictors:
    """Which factors have been linked to pain that is hard to relieve, and how directly? No score is made of them.

    model : a logistic regression fitted to the user's own cohort (``oa.cohort.logistic``), set beside them with its calibration.
    bootstrap, seed : samples for its optimism.  groups : of risk, for the calibration.

    >>> found = refractory_pain_predictors()
    >>> len(found.rows), found.model is None, found.rows[1].why_indirect
    (14, True, "any pain and not refractory pain; the review's 5.99 is exp(1.79)")
    """
    if model is None:
        return RefractoryPainPredictors(rows=predictors(), notes=(*NOTES, NONE_AVAILABLE))
    from ostealgia.cohort.logistic_model import LogisticResult
    from ostealgia.cohort.performance_measures import performance

    if not isinstance(model, LogisticResult):
        raise OptionError(f"model is a {type(model).__name__}. Give the result of oa.cohort.logistic.")
    found = performance(model, bootstrap=bootstrap, seed=seed, groups=groups)
    said = "the own model is calibrated on the patients it was fitted to: validate it on others before use"
    return RefractoryPainPredictors(
        rows=predictors(), model=model, performance=found, notes=(*NOTES, said, *model.notes, *found.notes)
    )
