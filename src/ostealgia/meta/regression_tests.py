"""Tests within and between meta-regressions: terms, variance inflation, likelihood ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ostealgia import display
from ostealgia.errors import OptionError
from ostealgia.meta.regression_result import RegressionResult
from ostealgia.tables.result import Result, as_json

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


def _correlation(fit: RegressionResult) -> tuple[Array, list[int]]:
    """Correlation of the coefficients other than the intercept, and their positions."""
    kept = [j for j, owner in enumerate(fit.recipe.term_of) if owner >= 0]
    block = fit.fit.vcov_model[np.ix_(kept, kept)]
    size = np.sqrt(np.diag(block))
    return block / np.outer(size, size), kept


def variance_inflation(fit: RegressionResult) -> Array:
    """How much the variance of each coefficient is raised by the other moderators, (p,); NaN for the intercept.

    The diagonal of the inverse correlation matrix of the coefficients without the intercept.
    Source: Marquardt 1970, doi:10.1080/00401706.1970.10488699.
    """
    out = np.full(len(fit.names), math.nan)
    correlation, kept = _correlation(fit)
    if kept:
        out[kept] = np.diag(np.linalg.inv(correlation))
    return out


def term_table(fit: RegressionResult) -> list[dict[str, Any]]:
    """One row a term: Wald test, generalised variance inflation and its root per coefficient (Fox & Monette 1992)."""
    correlation, kept = _correlation(fit)
    rows: list[dict[str, Any]] = []
    for i, label in enumerate(fit.recipe.term_labels):
        columns = fit.recipe.columns_of(i)
        test = fit.fit.test_of(columns)
        inside = [kept.index(j) for j in columns]
        outside = [j for j in range(len(kept)) if j not in inside]
        gvif = _det(correlation, inside) * _det(correlation, outside) / _det(correlation, list(range(len(kept))))
        rows.append(
            {
                "term": label,
                "statistic": test.statistic,
                "df1": test.df1,
                "df2": test.df2,
                "p_value": test.p_value,
                "gvif": gvif,
                "gvif_scaled": gvif ** (0.5 / len(columns)),
            }
        )
    return rows


def _det(matrix: Array, rows: list[int]) -> float:
    return float(np.linalg.det(matrix[np.ix_(rows, rows)])) if rows else 1.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LikelihoodRatioResult(Result):
    """Twice the difference of two log-likelihoods, with df and P by chi-square. aic, bic : of both models, smaller is better."""

    formula_full: str
    formula_reduced: str
    statistic: float
    df: int
    p_value: float
    loglik_full: float
    loglik_reduced: float
    aic_full: float
    aic_reduced: float
    bic_full: float
    bic_reduced: float

    def to_dict(self) -> dict[str, Any]:
        names = [name for name in self.__dataclass_fields__ if name not in ("excluded", "notes")]
        return {**{name: as_json(getattr(self, name)) for name in names}, "notes": list(self.notes)}

    def to_frame(self) -> pd.DataFrame:
        """One row a model: formula, loglik, aic, bic; the test stands in the row of the larger one."""
        import pandas as pd

        rows = [
            {"formula": self.formula_reduced, "loglik": self.loglik_reduced, "aic": self.aic_reduced, "bic": self.bic_reduced},
            {"formula": self.formula_full, "loglik": self.loglik_full, "aic": self.aic_full, "bic": self.bic_full,
             "statistic": self.statistic, "df": self.df, "p_value": self.p_value},
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        return (
            f"Likelihood ratio test of {self.formula_full} against {self.formula_reduced}: "
            f"{display.number(self.statistic)}, df {self.df}, {display.p_text(self.p_value)}"
        )


def likelihood_ratio_test(full: RegressionResult, reduced: RegressionResult | None = None) -> LikelihoodRatioResult:
    """Does the larger of two nested meta-regressions fit better than chance allows?

    full, reduced : fits of the same studies by maximum likelihood (tau2="ML"); ``reduced`` is by default the intercept alone.
    Returns the test against chi-square with as many df as coefficients differ. Raises OptionError for fits by another estimator
    (restricted likelihoods of different moderators cannot be compared), other studies, or models that are not nested.
    Anti-conservative with few studies; the permutation test is not.

    >>> from ostealgia.meta.regression import regress
    >>> data = {"estimate": [0.1, 0.3, 0.5, 0.8], "std_error": [0.1, 0.1, 0.1, 0.1], "dose_gy": [8, 16, 24, 32]}
    >>> print(likelihood_ratio_test(regress(data, "~ dose_gy", tau2="ML")))
    Likelihood ratio test of ~ dose_gy against ~ 1: 11.30, df 1, P < 0.001
    """
    if reduced is None:
        from ostealgia.meta.regression import regress

        reduced = regress(
            full.effects, "~ 1", model=full.model, tau2=full.tau2_method or "REML", ci="z", level=full.ci_level
        )
    for name, fit in (("full", full), ("reduced", reduced)):
        if fit.model == "random" and fit.tau2_method != "ML":
            raise OptionError(
                f"the {name} model has tau2 by {fit.tau2_method}; a likelihood ratio needs tau2='ML' in both."
            )
    if full.model != reduced.model:
        raise OptionError(f"the models differ in tau2: {full.model!r} and {reduced.model!r}; fit both alike.")
    a, b = full.fit, reduced.fit
    if a.k != b.k or not (np.array_equal(a.y, b.y) and np.array_equal(a.v, b.v)):
        raise OptionError("the two models were fitted to different studies; leave the same studies out of both.")
    unit = b.x / np.maximum(np.abs(b.x).max(axis=0), 1e-300)
    if float(np.abs(unit - a.x @ np.linalg.lstsq(a.x, unit, rcond=None)[0]).max()) > 1e-7 or a.p < b.p:
        raise OptionError(f"{reduced.formula} is not contained in {full.formula}; the models are not nested.")
    extra = 0 if full.model == "common" else 1
    statistic, df = max(0.0, 2.0 * (a.loglik - b.loglik)), a.p - b.p
    return LikelihoodRatioResult(
        formula_full=full.formula, formula_reduced=reduced.formula, statistic=statistic, df=df,
        p_value=float(chdtrc(df, statistic)) if df > 0 else math.nan, loglik_full=a.loglik, loglik_reduced=b.loglik,
        aic_full=2.0 * (a.p + extra - a.loglik), aic_reduced=2.0 * (b.p + extra - b.loglik),
        bic_full=math.log(a.k) * (a.p + extra) - 2.0 * a.loglik, bic_reduced=math.log(b.k) * (b.p + extra) - 2.0 * b.loglik,
    )  # fmt: skip
