"""What all linear models of a cohort share: coefficients, tests of terms, marginal means, contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.display import level_text, p_text
from ostealgia.errors import OptionError, suggestion
from ostealgia.numerics.least_squares_multiplicity import critical, two_sided
from ostealgia.numerics.linear_mixed_inference import Inference, independent_rows
from ostealgia.tables.formula_design import Recipe
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.cohort.marginal_means_result import Contrasts, MarginalMeans

Array = NDArray[np.float64]

DF_WORDS = {
    "satterthwaite": "Satterthwaite df",
    "kenward-roger": "Kenward-Roger SE and df",
    "kenward-roger-linear": "Kenward-Roger SE (linear) and df",
    "none": "normal quantiles (z)",
    "residual": "residual df",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimates:
    """Linear combinations with their tests: rows (m, p), estimate, std_error, df, statistic, p_value, ci_low, ci_high (m,)."""

    rows: Array
    estimate: Array
    std_error: Array
    df: Array

    @property
    def statistic(self) -> Array:
        """Estimate / standard error."""
        return self.estimate / self.std_error

    @property
    def p_value(self) -> Array:
        """Two-sided, not adjusted."""
        return two_sided(self.statistic, self.df)

    def interval(self, level: float) -> tuple[Array, Array]:
        """Confidence limits."""
        half = critical(level, self.df) * self.std_error
        return self.estimate - half, self.estimate + half


def estimates(inference: Inference, rows: Array) -> Estimates:
    """Linear combinations of the coefficients, rows (m, p)."""
    variance = ((rows @ inference.vcov) * rows).sum(axis=1)
    return Estimates(
        rows=rows,
        estimate=rows @ inference.estimate,
        std_error=np.sqrt(np.maximum(variance, 0.0)),
        df=inference.df(rows),
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TermTests(Result):
    """Tests of whole terms, type III: each beyond all others, factors with equal weight for every level."""

    terms: tuple[str, ...]
    statistic: Array
    df: Array
    df_denominator: Array
    p_value: Array
    sum_of_squares: Array
    method: str

    def to_frame(self) -> pd.DataFrame:
        """One row a term: term, df, df_denominator, statistic (F), p_value, sum_of_squares (F x df x residual variance, or NaN)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "term": self.terms, "df": self.df, "df_denominator": self.df_denominator, "statistic": self.statistic,
                "p_value": self.p_value, "sum_of_squares": self.sum_of_squares,
            }
        )  # fmt: skip

    def __str__(self) -> str:
        width = max(map(len, self.terms), default=4)
        rows = [
            f"  {term:<{width}}  F {display.number(f)}, df {int(a)} and {'infinite' if np.isinf(b) else display.number(b, 1)}, {p_text(p)}"
            for term, f, a, b, p in zip(
                self.terms, self.statistic, self.df, self.df_denominator, self.p_value, strict=True
            )
        ]
        return "\n".join([f"TermTests: type III F tests, {DF_WORDS[self.method]}", *rows, *tail_lines(self)])


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FixedEffectsResult(Result):
    """Coefficients of a linear model with their inference.

    outcome, formula : what was fitted.  names : of the coefficients.  df_method : how degrees of freedom were found.  n : rows.
    columns : of the formula, the rows used (patient data: never printed).  levels : order of levels that was given.
    """

    outcome: str
    formula: str
    names: tuple[str, ...]
    df_method: str
    ci_level: float
    n: int
    inference: Inference
    recipe: Recipe
    columns: Mapping[str, Any]
    residual_variance: float

    @cached_property
    def coefficients(self) -> Estimates:
        """Estimates of all coefficients."""
        return estimates(self.inference, np.eye(len(self.names)))

    @property
    def vcov(self) -> Array:
        """Covariance of the coefficients (p, p), as adjusted by the method of the degrees of freedom."""
        return self.inference.vcov

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient: term, estimate, std_error, df, statistic, p_value, ci_low, ci_high, ci_level."""
        return _frame({"term": self.names}, self.coefficients, self.ci_level)

    def row(self, term: str) -> dict[str, Any]:
        """One coefficient by its name."""
        if term not in self.names:
            raise OptionError(
                f"no coefficient {term!r}; there are {', '.join(self.names)}.{suggestion(term, self.names)}"
            )
        at, found = self.names.index(term), self.to_frame()
        return {str(name): found[name].tolist()[at] for name in found.columns}

    def combination(self, weights: Mapping[str, float]) -> dict[str, float]:
        """A linear combination of coefficients with its test, for instance {"groupB": 1, "groupB:factor(week)8": 1}."""
        row = np.zeros((1, len(self.names)))
        for name, weight in weights.items():
            if name not in self.names:
                raise OptionError(
                    f"no coefficient {name!r}; there are {', '.join(self.names)}.{suggestion(name, self.names)}"
                )
            row[0, self.names.index(name)] = weight
        if not row.any():
            raise OptionError("the weights of a combination are all zero.")
        found = _frame({}, estimates(self.inference, row), self.ci_level)
        return {str(key): float(value) for key, value in found.iloc[0].items()}

    def term_tests(self, *, intercept: bool = False) -> TermTests:
        """Type III F test of every term; with ``intercept`` of the intercept too: the mean over equally weighted levels of the factors
        (of an ancova: of the groups, factors among the covariates at their first level), numbers at 0."""
        from ostealgia.cohort.marginal_means_grid import intercept_row, type3_rows

        found = type3_rows(self.recipe, self.columns, self.n)
        if intercept and self.recipe.formula.intercept:
            found = {"intercept": intercept_row(self.recipe, self.columns, self.n, self._averaged), **found}
        tests = [self.inference.f_test(independent_rows(rows)) for rows in found.values()]
        f = np.array([test.statistic for test in tests])
        df = np.array([test.df for test in tests])
        return TermTests(
            terms=tuple(found), statistic=f, df=df, df_denominator=np.array([test.df_denominator for test in tests]),
            p_value=np.array([test.p_value for test in tests]), sum_of_squares=f * df * self.residual_variance, method=self.df_method,
        )  # fmt: skip

    def marginal_means(
        self, by: str | Sequence[str], *, at: Mapping[str, Any] | None = None, weights: str = "equal"
    ) -> MarginalMeans:
        """Estimated marginal means: what the model expects for each level, or combination of levels, of the factors ``by``.

        at : values for covariates (else their mean over the rows used), or the levels of a factor to keep.  weights : of the factors that
        are averaged over: "equal", or "proportional" to the rows used.  Source: Searle, Speed & Milliken 1980,
        doi:10.1080/00031305.1980.10483031.  Not for an outcome that was transformed, unless ratios are wanted.
        """
        from ostealgia.cohort.marginal_means_result import marginal_means

        return marginal_means(self, by, at=at or {}, weights=weights)

    def contrasts(
        self, of: str, *, within: str | Sequence[str] = (), compare: str = "pairwise", adjust: str = "none",
        family: str = "within", at: Mapping[str, Any] | None = None, weights: str = "equal",
    ) -> Contrasts:  # fmt: skip
        """Differences between marginal means of the factor ``of``, separately for each level of the factors ``within``.

        compare : "pairwise" (every later level minus every earlier one), "reference" (each minus the first), "consecutive".  adjust :
        "none", "bonferroni", "holm", "sidak", "tukey".  family : which comparisons are adjusted together: "within" each level of
        ``within`` (with two arms that is one comparison, so nothing changes), or "all"; "within week", "all weeks" are understood.
        """
        from ostealgia.cohort.marginal_means_result import contrasts

        return contrasts(
            self, of, within=within, compare=compare, adjust=adjust, family=family, at=at or {}, weights=weights
        )

    def differences_in_change(
        self, of: str, *, over: str, adjust: str = "none", at: Mapping[str, Any] | None = None, weights: str = "equal"
    ) -> Contrasts:
        """How much more the marginal mean has changed since the first level of ``over`` (baseline) in one level of ``of`` than another."""
        from ostealgia.cohort.marginal_means_result import differences_in_change

        return differences_in_change(self, of, over=over, adjust=adjust, at=at or {}, weights=weights)

    @property
    def _averaged(self) -> tuple[str, ...] | None:
        """Factors whose levels the intercept's test averages over; None for all."""
        return None

    def _coefficient_lines(self) -> list[str]:
        return estimate_lines(self.names, self.coefficients, self.ci_level)


def estimate_lines(labels: Sequence[str], found: Estimates, level: float) -> list[str]:
    """One line a row: label, estimate, interval, P."""
    return aligned_lines(labels, found, found.interval(level), found.p_value)


def aligned_lines(
    labels: Sequence[str], found: Estimates, limits: tuple[Array, Array], p_values: Array | None
) -> list[str]:
    """The same for limits and P values that were adjusted, or without P."""
    width = max(map(len, labels), default=0)
    size = [
        (display.number(a, _digits(s)), display.interval(b, c, _digits(s)))
        for a, b, c, s in zip(found.estimate, *limits, found.std_error, strict=True)
    ]
    wide, wider = max(len(a) for a, _ in size), max(len(b) for _, b in size) + 2
    tails = [""] * len(size) if p_values is None else [p_text(p) for p in p_values]
    return [
        f"  {label:<{width}}  {a:>{wide}} {f'[{b}]':<{wider}}  {tail}".rstrip()
        for label, (a, b), tail in zip(labels, size, tails, strict=True)
    ]


def _digits(std_error: float) -> int:
    """Decimals that show two figures of the standard error, two at least, five at most."""
    if not std_error > 0 or not np.isfinite(std_error):
        return 2
    return int(min(5, max(2, 1 - np.floor(np.log10(std_error)))))


def _frame(first: Mapping[str, Any], found: Estimates, level: float) -> pd.DataFrame:
    import pandas as pd

    low, high = found.interval(level)
    return pd.DataFrame(
        {
            **first, "estimate": found.estimate, "std_error": found.std_error, "df": found.df, "statistic": found.statistic,
            "p_value": found.p_value, "ci_low": low, "ci_high": high, "ci_level": level,
        }
    )  # fmt: skip


def heading(fit: FixedEffectsResult, kind: str, how: str) -> str:
    """First line of a result's text."""
    return f"{type(fit).__name__}: {fit.outcome} {fit.formula}, {kind}{how}, {level_text(fit.ci_level)} CI by {DF_WORDS[fit.df_method]}"
