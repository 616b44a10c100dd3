"""The result of pooling a batch: arrays with one entry an analysis, a tidy frame, and what must be said about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.meta.text import CI_NAMES, MODEL_NAMES, level_text
from ostealgia.numerics import batch_intervals as intervals
from ostealgia.numerics.batch import BatchFit
from ostealgia.numerics.batch_codes import CERTIFIED, FAILED
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
COLUMNS = (
    "analysis", "left_out", "k", "estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high", "pi_low",
    "pi_high", "tau2", "i2_tau2", "i2_q", "h2", "q", "q_df", "q_p_value", "ci_method", "converged",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BatchResult(Result):
    """One pooled effect an analysis, on the analysis scale; all arrays (n,). What costs time (P values, frame) is found when asked for.

    analysis : names.  left_out : the study left out of each refit, or None.  fit : the numbers of the engine, with the certificate
    of each tau2.  tau2_method : None for the common effect.  ci : as asked for ("auto" is settled analysis by analysis in ``ci_method``).
    """

    analysis: Any
    fit: BatchFit
    model: str
    tau2_method: str | None
    ci: str
    pi_method: str | None
    ci_level: float
    left_out: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.analysis)

    @property
    def k(self) -> NDArray[np.int64]:
        """Studies in each analysis."""
        return self.fit.k

    @property
    def estimate(self) -> Array:
        """Pooled effects."""
        return self.fit.estimate

    @property
    def tau2(self) -> Array:
        """Between-study variances; NaN where there is one study."""
        return self.fit.tau2

    @property
    def q(self) -> Array:
        """Cochran's Q."""
        return self.fit.q

    @property
    def converged(self) -> NDArray[np.bool_]:
        """False where tau2 was not found; estimate, tau2 and all that follow are NaN there."""
        return self.fit.certified != FAILED

    @cached_property
    def _errors(self) -> tuple[Array, Array, NDArray[np.bool_]]:
        return intervals.standard_errors(self.fit, self.ci, self.ci_level, random=self.model == "random")

    @property
    def std_error(self) -> Array:
        """Standard errors by the interval in force (with the Hartung-Knapp factor where it is HK)."""
        return self._errors[0]

    @property
    def df(self) -> Array:
        """Degrees of freedom; infinite for z."""
        return self._errors[1]

    @cached_property
    def _limits(self) -> tuple[Array, Array]:
        return intervals.limits(self.estimate, self.std_error, self.df, self.ci_level)

    @property
    def ci_low(self) -> Array:
        """Lower limits of the mean."""
        return self._limits[0]

    @property
    def ci_high(self) -> Array:
        """Upper limits of the mean."""
        return self._limits[1]

    @cached_property
    def _tests(self) -> tuple[Array, Array]:
        return intervals.wald_tests(self.estimate, self.std_error, self.df)

    @property
    def statistic(self) -> Array:
        """estimate / std_error."""
        return self._tests[0]

    @property
    def p_value(self) -> Array:
        """Two-sided P of no effect."""
        return self._tests[1]

    @cached_property
    def _prediction(self) -> tuple[Array, Array]:
        if self.pi_method is None:
            empty = np.full(len(self), np.nan)
            return empty, empty
        return intervals.prediction_limits(self.fit, self.pi_method, self.ci_level, adhoc=self.ci == "HK-adhoc")

    @property
    def pi_low(self) -> Array:
        """Lower prediction limits; NaN below three studies."""
        return self._prediction[0]

    @property
    def pi_high(self) -> Array:
        """Upper prediction limits; NaN below three studies."""
        return self._prediction[1]

    @cached_property
    def _heterogeneity(self) -> tuple[Array, Array, Array, Array]:
        return intervals.heterogeneity_of(self.fit, random=self.model == "random")

    @property
    def i2_tau2(self) -> Array:
        """100 tau2 / (tau2 + typical variance)."""
        return self._heterogeneity[0]

    @property
    def i2_q(self) -> Array:
        """100 (Q - df) / Q, not below 0."""
        return self._heterogeneity[1]

    @property
    def h2(self) -> Array:
        """H squared."""
        return self._heterogeneity[2]

    @property
    def q_df(self) -> NDArray[np.int64]:
        """Degrees of freedom of Q."""
        return np.maximum(self.k - 1, 0)

    @property
    def q_p_value(self) -> Array:
        """P of Q."""
        return self._heterogeneity[3]

    @cached_property
    def ci_method(self) -> Any:
        """The interval in force, analysis by analysis."""
        if self.ci != "auto":
            return np.full(len(self), self.ci, dtype=object)
        return np.where(self._errors[2], "z", "HK").astype(object)

    def to_frame(self) -> pd.DataFrame:
        """One row an analysis (or a refit), in the order of the batch."""
        import pandas as pd

        names = [name for name in COLUMNS if name != "left_out" or self.left_out is not None]
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def certificates(self) -> pd.DataFrame:
        """How each tau2 was found: analysis, tau2, certified, roots, score, score_at_zero, steps, converged.

        score is the derivative of the log-likelihood times tau2; score_at_zero the derivative at 0 times the harmonic mean variance.
        """
        import pandas as pd

        fit = self.fit
        return pd.DataFrame(
            {
                "analysis": self.analysis,
                "tau2": fit.tau2,
                "certified": np.array(CERTIFIED, dtype=object)[fit.certified],
                "roots": fit.roots,
                "score": fit.score,
                "score_at_zero": fit.score_at_zero,
                "steps": fit.steps,
                "converged": self.converged,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON: the method once, then one entry an analysis; NaN is None, infinite degrees of freedom are "Infinity"."""
        rows = self.to_frame().to_dict("records")
        for row in rows:
            row["df"] = "Infinity" if row["df"] == np.inf else row["df"]
        return {
            "model": self.model,
            "tau2_method": self.tau2_method,
            "ci": self.ci,
            "pi_method": self.pi_method,
            "ci_level": self.ci_level,
            "options": {name: plain(value) for name, value in self.options.items()},
            "not_converged": [plain(name) for name in self.analysis[~self.converged]],
            "analyses": [{name: plain(value) for name, value in row.items()} for row in rows],
            "excluded": [row.to_dict() for row in self.excluded],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return batch_text(self)


def batch_text(result: BatchResult) -> str:
    """A batch in a few lines: size, method, heterogeneity, how tau2 was certified, what did not converge or was left out."""
    what = "analyses" if result.left_out is None else "refits, each without one study"
    model = MODEL_NAMES[result.model] + (f" (tau2 by {result.tau2_method})" if result.tau2_method else "")
    interval = "Hartung-Knapp or z (auto)" if result.ci == "auto" else CI_NAMES[result.ci]
    k = result.k
    lines = [
        f"BatchResult: {len(result):,} {what}, {model}, {level_text(result.ci_level)} CI by {interval}",
        f"  {int(k.sum()):,} effects; studies an analysis: {k.min():,} to {k.max():,}, median {np.median(k):,.0f}",
    ]
    if result.tau2_method is not None and (k > 1).any():
        tau2, i2 = result.tau2[np.isfinite(result.tau2)], result.i2_tau2[np.isfinite(result.i2_tau2)]
        if len(tau2):
            lines.append(
                f"  tau2 median {np.median(tau2):.4g}, 0 in {int((tau2 == 0).sum()):,}; I2 (from tau2) median {np.median(i2):.0f}%"
            )
        lines.append(f"  tau2 certified: {_certified(result)}")
    lost = int((~result.converged).sum())
    names = ", ".join(str(name) for name in result.analysis[~result.converged][:5])
    lines.append(f"  not converged: {lost:,}" + (f" ({names}{', ...' if lost > 5 else ''})" if lost else ""))
    if result.excluded:
        lines.append(f"  {len(result.excluded):,} {'row' if len(result.excluded) == 1 else 'rows'} excluded:")
        lines += [f"    {row.study}: {row.reason}" for row in result.excluded[:5]]
        lines += ["    ..."] if len(result.excluded) > 5 else []
    return "\n".join([*lines, *(f"  note: {note}" for note in result.notes)])


def _certified(result: BatchResult) -> str:
    counts = np.bincount(result.fit.certified, minlength=len(CERTIFIED))[:FAILED]
    return ", ".join(f"{name} {count:,}" for name, count in zip(CERTIFIED, counts, strict=False) if count) or "none"
