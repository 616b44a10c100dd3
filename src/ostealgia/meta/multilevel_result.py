"""The result of a multilevel or multivariate model: coefficients, variance components, tests, certificate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, suggestion
from ostealgia.meta.multilevel_coefficients import Coefficients, OneCoefficient, coefficients
from ostealgia.numerics.mixed_effects import MixedFit, MixedModel
from ostealgia.tables.measures import MEASURES, Measure
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class VarianceComponent:
    """One random effect. name : "study", "study/effect", "outcome | study".  structure : None for an intercept.

    levels : names of the outcomes or times.  units : how many studies (clusters) it varies over.  tau2, rho : its variances and
    correlations.  matrix : the covariance (m, m).
    """

    name: str
    structure: str | None
    levels: tuple[str, ...]
    units: int
    tau2: Array
    rho: Array
    matrix: Array

    def quantities(self) -> list[tuple[str, str, int, float]]:
        """(label, "tau2" or "rho", position, value) of everything that was estimated."""
        several = len(self.tau2) > 1
        rows = [
            (f"tau2 {self.levels[i]}" if several else "tau2", "tau2", i, float(value))
            for i, value in enumerate(self.tau2)
        ]
        if self.structure in (None, "ID", "DIAG"):
            return rows
        if self.structure == "UN":
            first, second = np.triu_indices(len(self.levels), 1)
            pairs = [f"rho {self.levels[i]}, {self.levels[j]}" for i, j in zip(first, second, strict=True)]
        else:
            pairs = ["rho"] * len(self.rho)
        return rows + [
            (pair, "rho", i, float(value)) for i, (pair, value) in enumerate(zip(pairs, self.rho, strict=True))
        ]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MultilevelResult(OneCoefficient, Result):
    """A fitted model of dependent effects, on the analysis scale.

    model : "multilevel" or "multivariate".  method : "REML" or "ML".  ci_method : "z" or "t" (k - p df).  k : effects.
    coefficients : estimates with tests and intervals; where there is one, ``estimate``, ``std_error``, ``ci_low``, ... are its numbers.
    vcov : covariance of the coefficients (p, p).  components : the random effects.  q, q_df, q_p_value : residual heterogeneity around
    the model without random effects (QE).  qm, qm_df, qm_p_value : test of all coefficients but the intercept (of the intercept where it
    is alone); chi-square for z, F with k - p for t.  loglik : with every Gaussian constant (REML with +0.5 log|X'X|).
    errors : how the sampling errors were taken.  certificate : how the maximum was found.
    """

    measure: str
    model: str
    method: str
    ci_method: str
    ci_level: float
    k: int
    n: float
    coefficients: Coefficients
    vcov: Array
    components: tuple[VarianceComponent, ...]
    q: float
    q_df: int
    q_p_value: float
    qm: float
    qm_df: int
    qm_p_value: float
    loglik: float
    converged: bool
    certificate: Mapping[str, Any]
    errors: str
    effects: EffectSizes
    design: Array
    options: Mapping[str, Any] = field(default_factory=dict)
    problem: MixedModel
    solution: MixedFit

    @property
    def definition(self) -> Measure:
        """The measure with its scales and back-transformation."""
        return MEASURES[self.measure]

    @property
    def pi_low(self) -> float:
        return self._single("pi_low")

    @property
    def pi_high(self) -> float:
        return self._single("pi_high")

    @property
    def tau2(self) -> Array:
        """All variances of all random effects, in their order."""
        return np.concatenate([part.tau2 for part in self.components]) if self.components else np.zeros(0)

    def component(self, name: str) -> VarianceComponent:
        """One random effect by its name."""
        for part in self.components:
            if part.name == name:
                return part
        names = [part.name for part in self.components]
        raise OptionError(
            f"no random effect {name!r}; there are {', '.join(map(repr, names))}.{suggestion(name, names)}"
        )

    @cached_property
    def component_intervals(self) -> tuple[dict[str, Any], ...]:
        """Profile-likelihood intervals of every variance and correlation, found when first asked for.

        Rows of name, quantity, estimate, ci_low, ci_high.  Source: Viechtbauer 2007, doi:10.1002/sim.2514.
        """
        from ostealgia.numerics.mixed_effects_profile import rho_interval, tau2_interval

        finders = {"tau2": tau2_interval, "rho": rho_interval}
        rows: list[dict[str, Any]] = []
        for t, part in enumerate(self.components):
            for label, kind, at, value in part.quantities():
                low, high = finders[kind](self.problem, self.solution, t, at, level=self.ci_level)
                rows.append({"name": part.name, "quantity": label, "estimate": value, "ci_low": low, "ci_high": high})
        return tuple(rows)

    @cached_property
    def component_tests(self) -> tuple[dict[str, Any], ...]:
        """Likelihood-ratio test of every random effect against the model without it, refitted.

        Rows of name, loglik, statistic, df, p_value (chi-square), p_value_boundary: half of it where one variance is tested, whose edge
        is 0 (Self & Liang 1987, doi:10.1080/01621459.1987.10478472), else NaN.
        """
        from scipy.special import chdtrc

        rows: list[dict[str, Any]] = []
        for t, part in enumerate(self.components):
            without = self.problem.with_terms([term for i, term in enumerate(self.problem.terms) if i != t]).fit()
            statistic = max(0.0, 2.0 * (self.loglik - without.log_likelihood))
            df = self.problem.terms[t].size
            p = float(chdtrc(df, statistic))
            rows.append(
                {
                    "name": part.name, "loglik": without.log_likelihood, "statistic": statistic, "df": df, "p_value": p,
                    "p_value_boundary": 0.5 * p if df == 1 and statistic > 0 else (1.0 if df == 1 else math.nan),
                }
            )  # fmt: skip
        return tuple(rows)

    @cached_property
    def i2(self) -> Mapping[str, float]:
        """Share of each random intercept in the total variance, per cent: 100 tau2 / (all tau2 + typical sampling variance).

        The typical variance is that of Higgins & Thompson (2002), (k - p) / tr(P), for the design of the model. Empty for a multivariate
        model, whose outcomes have different variances.
        """
        if not self.components or any(part.structure is not None for part in self.components):
            return {}
        typical = _typical_variance(self.problem)
        total = typical + float(self.tau2.sum())
        return {part.name: 100.0 * float(part.tau2[0]) / total for part in self.components}

    def contrast(self, weights: Mapping[str, float] | Any, *, name: str | None = None) -> Coefficients:
        """A weighted sum of coefficients with its test: ``fit.contrast({"PD": 1, "AL": -1})``.

        weights : by coefficient name, or (p,) numbers.
        """
        vector = self._weights(weights)
        label = name or " ".join(f"{w:+g} {n}" for w, n in zip(vector, self.names, strict=True) if w)
        error = np.sqrt(np.array([vector @ self.vcov @ vector]))
        return coefficients(
            (label,), np.array([vector @ self.coefficients.estimate]), error, self.df, self.ci_level, self.definition,
            slope=(True,),
        )  # fmt: skip

    def predict(self, rows: Any, *, outcome: Any = None, names: tuple[str, ...] | None = None) -> Coefficients:
        """The mean at given values of the design, with confidence and prediction interval.

        rows : (r, p), design columns in the order of ``names``.  outcome : level of a multivariate model, one or one a row, for the
        variance of a new true effect; not needed where all levels have the same.
        """
        x = np.atleast_2d(np.array(rows, dtype=float))
        if x.shape[1] != len(self.names):
            raise OptionError(
                f"rows have {x.shape[1]} columns; the design has {len(self.names)}: {', '.join(self.names)}."
            )
        labels = names or tuple(f"row {i + 1}" for i in range(len(x)))
        error = np.sqrt(np.einsum("rp,pq,rq->r", x, self.vcov, x))
        return coefficients(
            labels, x @ self.coefficients.estimate, error, self.df, self.ci_level, self.definition,
            slope=(False,) * len(x), prediction_sd=np.sqrt(self._new_effect(outcome, len(x))),
        )  # fmt: skip

    @property
    def df(self) -> float:
        """Degrees of freedom of the tests: infinite for z, k - p for t."""
        return math.inf if self.ci_method == "z" else float(self.k - len(self.names))

    def _weights(self, weights: Any) -> Array:
        if not isinstance(weights, Mapping):
            vector = np.array(weights, dtype=float)
            if vector.shape != (len(self.names),):
                raise OptionError(
                    f"a contrast of this model has {len(self.names)} weights; found shape {vector.shape}."
                )
            return vector
        unknown = [name for name in weights if name not in self.names]
        if unknown:
            raise OptionError(
                f"no coefficient {unknown[0]!r}; there are {', '.join(map(repr, self.names))}.{suggestion(unknown[0], self.names)}"
            )
        return np.array([float(weights.get(name, 0.0)) for name in self.names])

    def _new_effect(self, outcome: Any, rows: int) -> Array:
        """Variance of a new true effect (rows,): the sum over random effects, of the level asked for."""
        total = np.zeros(rows)
        for part in self.components:
            variances = np.diag(part.matrix)
            if len(set(variances.tolist())) == 1:
                total += variances[0]
                continue
            if outcome is None:
                return np.full(rows, math.nan)
            wanted = [outcome] * rows if isinstance(outcome, (str, int, float)) else list(outcome)
            total += np.array([variances[part.levels.index(str(level))] for level in wanted])
        return total

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient: name, estimate, std_error, statistic, df, p_value, limits, and the reported scale."""
        frame = self.coefficients.to_frame()
        frame.insert(1, "measure", self.measure)
        frame["ci_level"], frame["k"] = self.ci_level, self.k
        return frame

    def components_frame(self, *, intervals: bool = True) -> pd.DataFrame:
        """One row a variance or correlation: name, quantity, estimate, and its profile-likelihood limits."""
        import pandas as pd

        if intervals:
            return pd.DataFrame(list(self.component_intervals))
        rows = [(part.name, label, value) for part in self.components for label, _, _, value in part.quantities()]
        return pd.DataFrame(rows, columns=["name", "quantity", "estimate"])

    def to_dict(self) -> dict[str, Any]:
        """JSON: NaN is None, infinite degrees of freedom are "Infinity"."""
        return {
            "measure": self.measure,
            "model": self.model,
            "method": self.method,
            "ci_method": self.ci_method,
            "ci_level": self.ci_level,
            "k": self.k,
            "n": plain(self.n),
            "coefficients": self.coefficients.to_dicts(),
            "vcov": plain(self.vcov),
            "components": [
                {
                    "name": part.name, "structure": part.structure, "levels": list(part.levels), "units": part.units,
                    "tau2": plain(part.tau2), "rho": plain(part.rho), "matrix": plain(part.matrix),
                }
                for part in self.components
            ],
            "i2": plain(self.i2),
            **{name: plain(getattr(self, name)) for name in ("q", "q_df", "q_p_value", "qm", "qm_df", "qm_p_value", "loglik")},
            "converged": self.converged,
            "errors": self.errors,
            "certificate": plain(self.certificate),
            "options": plain(self.options),
            "excluded": [row.to_dict() for row in self.excluded],
            "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        from ostealgia.meta.multilevel_text import multilevel_text

        return multilevel_text(self)


def _typical_variance(problem: MixedModel) -> float:
    """(k - p) / tr(P), P = V^-1 - V^-1 X (X' V^-1 X)^-1 X' V^-1, in the unit of the data."""
    from ostealgia.numerics.mixed_effects_blocks import marginal

    basis, known = problem.basis, problem.known
    if known.diagonal:
        turned = basis / known.variance[:, None]
        trace = float((1.0 / known.variance).sum()) - float(
            np.trace(np.linalg.solve(basis.T @ turned, turned.T @ turned))
        )
        return (problem.k - problem.p) / trace * problem.unit**2
    codes = np.zeros(problem.k, dtype=np.int64)
    at = 1
    for rows, _ in known.blocks:
        codes[rows] = at
        at += 1
    alone = codes == 0
    codes[alone] = at + np.arange(int(alone.sum()))
    trace, information, square = 0.0, 0.0, 0.0
    for index, block in marginal(known, [], [], np.unique(codes, return_inverse=True)[1]):
        inverse = np.linalg.inv(block)
        x = basis[index]
        turned = inverse @ x
        trace += float(np.trace(inverse, axis1=1, axis2=2).sum())
        information = information + np.einsum("bnp,bnq->pq", x, turned)
        square = square + np.einsum("bnp,bnq->pq", turned, turned)
    trace -= float(np.trace(np.linalg.solve(information, square)))
    return (problem.k - problem.p) / trace * problem.unit**2
