"""Influence of single studies on a pool or a meta-regression, and residuals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.errors import OptionError
from ostealgia.meta.regression_result import RegressionResult
from ostealgia.meta.result import PoolResult
from ostealgia.numerics.influence import Refits, influence_measures, leave_out, residual_measures
from ostealgia.numerics.regression import TESTS, Regression, fit_regression
from ostealgia.tables.result import Result, as_json

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
MEASURES = ("rstudent", "dffits", "cook_distance", "cov_ratio", "tau2_deleted", "q_deleted", "hat", "weight")


def as_regression(fit: Any) -> Regression:
    """The numbers of a meta-regression, or of a pool as one with a column of ones. Raises OptionError for models without normal weights.

    >>> from ostealgia.meta.pooling import pool
    >>> as_regression(pool({"estimate": [0.1, 0.5], "std_error": [0.1, 0.1]})).p
    1
    """
    if isinstance(fit, RegressionResult):
        return fit.fit
    if not isinstance(fit, PoolResult):
        raise OptionError(f"a PoolResult or a RegressionResult is needed; found {type(fit).__name__}.")
    if fit.model not in ("random", "common"):
        raise OptionError(
            f"these diagnostics are for inverse-variance models; found model={fit.model!r}. Pool with model='random'."
        )
    if "weights" in fit.options or fit.tau2_method == "GENQ" or fit.options.get("q_center") == "MH":
        raise OptionError("these diagnostics are for weights 1 / (v + tau2) and Q around the inverse-variance mean.")
    method = "common" if fit.model == "common" else str(fit.tau2_method)
    known = fit.tau2 if method == "given" else None
    if fit.k < 2 and method != "common":
        method, known = "common", None
    test = fit.ci_method if fit.ci_method in TESTS else "z" if math.isinf(fit.df) else "HK"
    return fit_regression(
        fit.effects.estimate, fit.effects.variance, np.ones((fit.k, 1)), "REML" if method == "given" else method, test=test,
        level=fit.ci_level, names=("mean",), tau2=known,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class InfluenceResult(Result):
    """What each study does to a fit, (k,) each; dfbetas (k, p).

    rstudent : residual against the fit without the study, over its standard error.  dffits : change of its fitted value.
    cook_distance : change of all coefficients.  cov_ratio : determinant of their covariance without the study over that with it.
    tau2_deleted, q_deleted : without the study.  hat : leverage.  weight : per cent.  dfbetas : change of each coefficient in standard
    errors.  influential : by any of ``limits``.
    """

    study: tuple[str, ...]
    names: tuple[str, ...]
    rstudent: Array
    dffits: Array
    cook_distance: Array
    cov_ratio: Array
    tau2_deleted: Array
    q_deleted: Array
    hat: Array
    weight: Array
    dfbetas: Array
    influential: NDArray[np.bool_]
    limits: Mapping[str, float]
    tau2: float
    q: float

    def to_frame(self) -> pd.DataFrame:
        """One row a study; dfbetas as one column a coefficient, named dfbetas:<coefficient>."""
        import pandas as pd

        data: dict[str, Any] = {"study": list(self.study)}
        data.update({name: getattr(self, name) for name in MEASURES})
        data.update({f"dfbetas:{name}": self.dfbetas[:, j] for j, name in enumerate(self.names)})
        return pd.DataFrame({**data, "influential": self.influential})

    def to_dict(self) -> dict[str, Any]:
        rows = self.to_frame().to_dict("records")
        return {
            "limits": as_json(self.limits),
            "tau2": as_json(self.tau2),
            "q": as_json(self.q),
            "studies": as_json(rows),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        found = [name for name, yes in zip(self.study, self.influential, strict=True) if yes]
        lines = [f"InfluenceResult: {len(self.study)} studies, {len(found)} influential"]
        width = max(len(name) for name in self.study)
        for i, name in enumerate(self.study):
            if self.influential[i]:
                lines.append(
                    f"  {name.ljust(width)}  rstudent {display.number(self.rstudent[i])}   DFFITS {display.number(self.dffits[i])}   "
                    f"Cook {display.number(self.cook_distance[i])}   hat {display.number(self.hat[i])}   "
                    f"tau2 without {display.number(self.tau2_deleted[i], 4)}"
                )
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def influence(fit: PoolResult | RegressionResult) -> InfluenceResult:
    """Which studies does the result hang on?

    fit : a PoolResult (inverse variance) or a RegressionResult with two studies or more.
    A study is marked influential where |DFFITS| > 3 sqrt(p / (k - p)), or the chi-square(p) distribution at Cook's distance is above one
    half, or hat > 3 p / k, or a |DFBETAS| > 1. A mark is a reason to look at the study again, none to leave it out.
    Returns an InfluenceResult. Raises OptionError.  Source: Viechtbauer & Cheung 2010, doi:10.1002/jrsm.11.

    >>> from ostealgia.meta.pooling import pool
    >>> fit = pool({"study": list("ABCD"), "estimate": [0.1, 0.2, 0.0, 2.0], "std_error": [0.1, 0.1, 0.1, 0.1]})
    >>> influence(fit).influential.tolist()
    [False, False, False, True]
    """
    regression = as_regression(fit)
    refits = leave_out(regression)
    found = influence_measures(regression, refits)
    k, p = regression.k, regression.p
    limits = {
        "dffits": 3.0 * math.sqrt(p / (k - p)) if k > p else math.nan,
        "cook_distance": _chi_square_median(p),
        "hat": 3.0 * p / k,
        "dfbetas": 1.0,
    }
    return InfluenceResult(
        study=fit.effects.study, names=regression.names, limits=limits, tau2=regression.tau2, q=regression.q,
        notes=_lost(fit, refits), **vars(found),
    )  # fmt: skip


def _chi_square_median(p: int) -> float:
    from scipy.special import chdtri

    return float(chdtri(p, 0.5))


def _lost(fit: PoolResult | RegressionResult, refits: Refits) -> tuple[str, ...]:
    """A note for the studies without which the model cannot be fitted."""
    lost = [name for name, value in zip(fit.effects.study, refits.tau2, strict=True) if math.isnan(value)]
    return (f"without {', '.join(lost)} the model cannot be fitted: no numbers there",) if lost else ()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ResidualResult(Result):
    """Residuals of each study, (k,): within the fit (standardised) and against the fit without it (studentised)."""

    study: tuple[str, ...]
    residual: Array
    residual_std_error: Array
    standardised: Array
    deleted_residual: Array
    deleted_std_error: Array
    studentised: Array

    def to_frame(self) -> pd.DataFrame:
        """One row a study."""
        import pandas as pd

        names = [name for name in self.__dataclass_fields__ if name not in ("excluded", "notes", "study")]
        return pd.DataFrame({"study": list(self.study), **{name: getattr(self, name) for name in names}})

    def to_dict(self) -> dict[str, Any]:
        rows = self.to_frame().to_dict("records")
        return {"studies": as_json(rows), "notes": list(self.notes)}

    def __str__(self) -> str:
        width = max(len(name) for name in self.study)
        lines = [f"ResidualResult: {len(self.study)} studies, studentised residuals beyond 1.96:"]
        lines += [
            f"  {name.ljust(width)}  {display.number(value)}"
            for name, value in zip(self.study, self.studentised, strict=True)
            if abs(value) > 1.96
        ]
        return "\n".join(lines if len(lines) > 1 else [lines[0] + " none"])


def residuals(fit: PoolResult | RegressionResult) -> ResidualResult:
    """How far is each study from what the fit expects of it?

    fit : a PoolResult (inverse variance) or a RegressionResult.  standardised : (y - fitted) / sqrt((v + tau2) (1 - hat)).
    studentised : the same against the fit without the study; about 5% lie beyond 1.96 when the model holds.
    Source: Viechtbauer & Cheung 2010, doi:10.1002/jrsm.11.

    >>> from ostealgia.meta.pooling import pool
    >>> residuals(pool({"estimate": [0.0, 2.0], "std_error": [1.0, 1.0]}, model="common")).standardised.round(4).tolist()
    [-1.4142, 1.4142]
    """
    regression = as_regression(fit)
    refits = leave_out(regression)
    found = residual_measures(regression, refits)
    return ResidualResult(study=fit.effects.study, notes=_lost(fit, refits), **vars(found))
