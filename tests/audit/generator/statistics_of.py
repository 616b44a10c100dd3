"""Numbers of simulated data: logistic and Cox regression, survival curves, pooled effects. Arrays in, numbers out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]


def two_sided(z: float) -> float:
    """P of a normal deviate."""
    return float(2 * special.ndtr(-abs(z)))


def logistic(x: Array, y: Array) -> tuple[Array, Array]:
    """Coefficients and standard errors of a logistic regression by Newton's method; x without the column of ones."""
    design = np.column_stack([np.ones(len(y)), x])
    beta = np.zeros(design.shape[1])
    for _ in range(60):
        p = special.expit(design @ beta)
        information = design.T @ (design * (p * (1 - p))[:, None])
        step = np.linalg.solve(information, design.T @ (y - p))
        beta = beta + np.clip(step, -2, 2)
        if float(np.abs(step).max()) < 1e-10:
            break
    std_error = np.sqrt(np.diag(np.linalg.inv(information)))[1:]
    if float(std_error.max()) > 3:
        raise np.linalg.LinAlgError("a factor separates the outcome")
    return beta[1:], std_error


def cox(group: Array, time: Array, event: Array) -> tuple[float, float, float]:
    """Log hazard ratio, its standard error and the log-rank P of a group of zeros and ones (no ties)."""
    order = np.argsort(-time)
    g, d = group[order], event[order]
    at_risk, exposed = np.arange(1, len(g) + 1, dtype=float), np.cumsum(g)
    beta = 0.0
    for _ in range(60):
        share = exposed * math.exp(beta) / (exposed * math.exp(beta) + at_risk - exposed)
        score, information = float((d * (g - share)).sum()), float((d * share * (1 - share)).sum())
        beta += score / information
        if abs(score / information) < 1e-11:
            break
    null = exposed / at_risk
    z = float((d * (g - null)).sum()) / math.sqrt(float((d * null * (1 - null)).sum()))
    return beta, 1 / math.sqrt(information), two_sided(z)


def median_survival(time: Array, event: Array) -> float:
    """The Kaplan-Meier median, infinite where the curve does not fall to a half."""
    order = np.argsort(time)
    t, d = time[order], event[order]
    curve = np.cumprod(1 - d / np.arange(len(t), 0, -1))
    below = np.flatnonzero(curve <= 0.5)
    return float(t[below[0]]) if below.size else math.inf


def pooled(y: Array, v: Array) -> dict[str, float]:
    """DerSimonian-Laird: estimate, std_error, tau2, q, df, i2 (per cent), p of Q."""
    w, k = 1 / v, len(y)
    fixed = float((w * y).sum() / w.sum())
    q = float((w * (y - fixed) ** 2).sum())
    tau2 = max(0.0, (q - (k - 1)) / float(w.sum() - (w**2).sum() / w.sum()))
    w = 1 / (v + tau2)
    return {
        "estimate": float((w * y).sum() / w.sum()),
        "std_error": float(1 / math.sqrt(w.sum())),
        "tau2": tau2,
        "q": q,
        "df": k - 1,
        "i2": max(0.0, 100 * (q - (k - 1)) / q) if q > 0 else 0.0,
        "p": float(special.chdtrc(k - 1, q)),
    }


def student(m1: float, s1: float, n1: int, m2: float, s2: float, n2: int) -> tuple[float, float, float]:
    """Student's t, its P, and the standard error of the difference."""
    df = n1 + n2 - 2
    se = math.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df * (1 / n1 + 1 / n2))
    t = (m1 - m2) / se
    return t, float(2 * special.stdtr(df, -abs(t))), se
