"""The result of a linear mixed model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.mixed_model_effects import FixedEffectsResult, heading
from ostealgia.display import count_of
from ostealgia.numerics.linear_mixed import LinearMixedFit
from ostealgia.tables.result import tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MixedModelResult(FixedEffectsResult):
    """Fixed effects, variance components and likelihood of a linear mixed model.

    subjects : their labels (patient data: never printed).  random_names : of the random effects.  residual_variance : sigma^2.
    """

    subject: str
    subjects: tuple[str, ...]
    random_names: tuple[str, ...]
    correlated: bool
    method: str
    fit: LinearMixedFit

    @property
    def n_subjects(self) -> int:
        """Subjects with a complete row."""
        return len(self.subjects)

    @property
    def converged(self) -> bool:
        return self.fit.converged

    @property
    def singular(self) -> bool:
        """The covariance of the random effects is on its boundary."""
        return self.fit.singular

    @property
    def certificate(self) -> Mapping[str, Any]:
        """How the optimum was found: steps, largest scaled gradient, fall of the deviance that a further step promises."""
        return {
            "converged": self.fit.converged, "iterations": self.fit.iterations, "gradient": self.fit.gradient,
            "decrement": self.fit.decrement, "singular": self.fit.singular,
        }  # fmt: skip

    @property
    def theta(self) -> Array:
        """Elements of the lower triangular factor of the random effects' covariance relative to sigma^2, column by column."""
        return self.fit.theta

    @property
    def random_covariance(self) -> Array:
        """Covariance of the random effects (q, q)."""
        return self.fit.random_covariance

    @property
    def loglik(self) -> float:
        """Log-likelihood, restricted for REML."""
        return self.fit.log_likelihood

    @property
    def n_parameters(self) -> int:
        """Coefficients, variances and covariances."""
        return len(self.names) + len(self.fit.theta) + 1

    @property
    def aic(self) -> float:
        """-2 log-likelihood + 2 parameters. With REML only for models with the same fixed effects."""
        return 2.0 * self.n_parameters - 2.0 * self.loglik

    @property
    def bic(self) -> float:
        """-2 log-likelihood + parameters x log(rows)."""
        return float(np.log(self.n)) * self.n_parameters - 2.0 * self.loglik

    def variance_frame(self) -> pd.DataFrame:
        """One row a variance component: component, term, term_2, variance (or covariance), sd (or correlation)."""
        import pandas as pd

        g, names = self.random_covariance, self.random_names
        sd = np.sqrt(np.diag(g))
        rows: list[dict[str, Any]] = [
            {"component": self.subject, "term": name, "term_2": None, "variance": g[i, i], "sd": sd[i]}
            for i, name in enumerate(names)
        ]
        if self.correlated:
            for j in range(len(names)):
                for i in range(j + 1, len(names)):
                    product = sd[i] * sd[j]
                    rho = g[i, j] / product if product > 0 else np.nan
                    rows.append(
                        {
                            "component": self.subject,
                            "term": names[j],
                            "term_2": names[i],
                            "variance": g[i, j],
                            "sd": rho,
                        }
                    )
        rows.append(
            {
                "component": "residual", "term": None, "term_2": None, "variance": self.residual_variance,
                "sd": float(np.sqrt(self.residual_variance)),
            }
        )  # fmt: skip
        return pd.DataFrame(rows)

    def random_frame(self) -> pd.DataFrame:
        """Predicted random effects (BLUP), one row a subject. These are patient data: keep them where the data are."""
        import pandas as pd

        found = {name: self.fit.random[:, i] for i, name in enumerate(self.random_names)}
        return pd.DataFrame({self.subject: self.subjects, **found})

    def __str__(self) -> str:
        sd = np.sqrt(np.diag(self.random_covariance))
        spread = ", ".join(f"{name} {value:.3g}" for name, value in zip(self.random_names, sd, strict=True))
        if self.correlated and len(sd) == 2 and sd.min() > 0:
            spread += f", correlation {self.random_covariance[0, 1] / (sd[0] * sd[1]):.2f}"
        lines = [
            heading(self, "linear mixed model by ", self.method),
            f"  {count_of(self.n, 'row', 'rows')} of {count_of(self.n_subjects, 'subject', 'subjects')}",
            *self._coefficient_lines(),
            f"  SD between subjects: {spread}; residual SD {np.sqrt(self.residual_variance):.3g}",
            f"  log-likelihood {self.loglik:.3f}, AIC {self.aic:.1f}, BIC {self.bic:.1f}",
        ]
        return "\n".join(lines + tail_lines(self))
