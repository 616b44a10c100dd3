# pyright: reportMissingTypeStubs=false
"""How well predicted risks do: discrimination, calibration, explained variation, net benefit."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtri, xlogy

from ostealgia.numerics.logistic import logistic_fit
from ostealgia.numerics.ranks import midranks
from ostealgia.numerics.summary_tests import SummaryTest, p_from_chi2

Array = NDArray[np.float64]


class Auc(NamedTuple):
    """Area under the ROC curve with DeLong's standard error."""

    estimate: float
    std_error: float

    def limits(self, level: float = 0.95) -> tuple[float, float]:
        """estimate plus or minus z standard errors, ended at 0 and 1."""
        half = float(ndtri(0.5 + level / 2)) * self.std_error
        return max(0.0, self.estimate - half), min(1.0, self.estimate + half)


def auc_delong(score: Array, y: Array) -> Auc:
    """Chance that a patient with the event has the higher score, ties as half.

    score : (n,).  y : (n,) of 0 and 1, both present, else NaN.
    Source: DeLong et al. 1988, doi:10.2307/2531595; by ranks, Sun & Xu 2014, doi:10.1109/LSP.2014.2337313.

    >>> auc = auc_delong(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.0, 0.0, 1.0, 1.0]))
    >>> auc.estimate, round(auc.std_error, 4)
    (0.75, 0.3536)
    """
    yes, no = score[y > 0.5], score[y <= 0.5]
    m, n = len(yes), len(no)
    if not m or not n:
        return Auc(math.nan, math.nan)
    every = midranks(np.concatenate([yes, no]))[0]
    won = (every[:m] - midranks(yes)[0]) / n
    lost = 1.0 - (every[m:] - midranks(no)[0]) / m
    variance = (float(won.var(ddof=1)) / m if m > 1 else math.nan) + (
        float(lost.var(ddof=1)) / n if n > 1 else math.nan
    )
    return Auc(float(won.mean()), math.sqrt(max(variance, 0.0)) if not math.isnan(variance) else math.nan)


def brier_score(risk: Array, y: Array) -> float:
    """Mean squared distance of risk and outcome (Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2)."""
    return float(np.mean(np.square(y - risk)))


class Calibration(NamedTuple):
    """intercept : with the slope held at 1 (calibration in the large).  slope : of the log odds of the risk, 1 is right."""

    intercept: float
    intercept_std_error: float
    slope: float
    slope_std_error: float


def calibration_line(risk: Array, y: Array) -> Calibration:
    """Logistic recalibration of risks (Cox 1958, doi:10.1093/biomet/45.3-4.562; Van Calster 2019, doi:10.1186/s12916-019-1466-7).

    On the data that the model was fitted to they are 0 and 1 by construction; see ``optimism``.
    """
    eta = np.asarray(logit(np.clip(risk, 1e-15, 1 - 1e-15)), dtype=float)
    one = np.ones((len(y), 1))
    large = logistic_fit(one, y, offset=eta)
    if float(np.ptp(eta)) < 1e-12:
        return Calibration(float(large.beta[0]), float(large.std_error[0]), math.nan, math.nan)
    line = logistic_fit(np.column_stack([one, eta]), y)
    return Calibration(float(large.beta[0]), float(large.std_error[0]), float(line.beta[1]), float(line.std_error[1]))


def risk_groups(risk: Array, groups: int) -> NDArray[np.intp]:
    """Group of each risk, cut at its quantiles (intervals open below, ties together), (n,)."""
    cuts = np.unique(np.quantile(risk, np.arange(1, groups) / groups))
    return np.searchsorted(cuts, risk, side="left")


def hosmer_lemeshow(risk: Array, y: Array, groups: int = 10) -> SummaryTest:
    """Observed against expected events in groups of risk; chi-square with groups - 2 df.

    Depends on how the groups are cut, and has little power in small cohorts: a calibration curve says more.
    Source: Hosmer & Lemeshow 1980, doi:10.1080/03610928008827941.
    """
    code = risk_groups(risk, groups)
    n = np.bincount(code)
    used = n > 0
    n, seen, due = n[used], np.bincount(code, y)[used], np.bincount(code, risk)[used]
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.asarray(np.square(seen - due) / due + np.square(seen - due) / (n - due)).sum()
    df = np.asarray(float(len(n) - 2))
    return SummaryTest(np.asarray(statistic), df, p_from_chi2(statistic, df))


def pseudo_r2(log_likelihood: float, null: float, n: int, risk: Array, y: Array) -> dict[str, float]:
    """Cox-Snell, Nagelkerke (doi:10.1093/biomet/78.3.691), McFadden, and Tjur (doi:10.1198/tast.2009.08210)."""
    cox_snell = -math.expm1(2 / n * (null - log_likelihood))
    return {
        "cox_snell": cox_snell,
        "nagelkerke": cox_snell / -math.expm1(2 / n * null),
        "mcfadden": 1 - log_likelihood / null,
        "tjur": float(risk[y > 0.5].mean() - risk[y <= 0.5].mean()),
    }


def null_log_likelihood(y: Array) -> float:
    """Of the model with an intercept only."""
    share = float(y.mean())
    return float(len(y) * (xlogy(share, share) + xlogy(1 - share, 1 - share)))


def net_benefit(risk: Array, y: Array, thresholds: Array) -> tuple[Array, Array]:
    """Net benefit of treating at risk >= threshold, and of treating all, (m,) each; treating none has 0.

    True positives minus false positives weighed by the odds of the threshold, a patient.
    Source: Vickers & Elkin 2006, doi:10.1177/0272989X06295361.

    >>> model, everyone = net_benefit(np.array([0.9, 0.6, 0.2]), np.array([1.0, 0.0, 0.0]), np.array([0.5]))
    >>> round(float(model[0]), 4), round(float(everyone[0]), 4)
    (0.0, -0.3333)
    """
    order = np.argsort(risk)
    at = np.searchsorted(risk[order], thresholds - 1e-12, side="left")
    events = np.concatenate([np.cumsum(y[order][::-1])[::-1], [0.0]])[at]
    treated = len(y) - at
    odds = thresholds / (1 - thresholds)
    share = y.mean()
    return (events - (treated - events) * odds) / len(y), share - (1 - share) * odds


def variance_inflation(vcov: Array) -> Array:
    """Diagonal of the inverse correlation matrix of coefficients (without the intercept), (p,).

    Source: Fox & Monette 1992, doi:10.1080/01621459.1992.10475190.

    >>> variance_inflation(np.array([[1.0, 0.5], [0.5, 1.0]])).round(4).tolist()
    [1.3333, 1.3333]
    """
    sd = np.sqrt(np.diag(vcov))
    return np.asarray(np.diag(np.linalg.inv(vcov / np.outer(sd, sd))), dtype=np.float64).copy()
