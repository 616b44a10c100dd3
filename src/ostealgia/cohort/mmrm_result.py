"""The result of a mixed model for repeated measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.mixed_model_effects import FixedEffectsResult, heading
from ostealgia.display import count_of
from ostealgia.numerics.mmrm import MmrmFit
from ostealgia.numerics.mmrm_structures import STRUCTURES
from ostealgia.tables.result import tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MmrmResult(FixedEffectsResult):
    """Fixed effects, covariance of the visits and likelihood. covariance : name of its structure.  visits : labels in order."""

    subject: str
    n_subjects: int
    visit: str
    visits: tuple[str, ...]
    covariance: str
    method: str
    fit: MmrmFit

    @property
    def converged(self) -> bool:
        """The optimum was found and is one."""
        return self.fit.converged and self.fit.definite

    @property
    def certificate(self) -> Mapping[str, Any]:
        """How the optimum was found: steps, largest scaled gradient, fall of the deviance that a further step promises."""
        return {
            "converged": self.converged, "iterations": self.fit.iterations, "gradient": self.fit.gradient,
            "decrement": self.fit.decrement, "positive_definite": self.fit.definite,
        }  # fmt: skip

    @property
    def covariance_matrix(self) -> Array:
        """Covariance of the visits (T, T)."""
        return self.fit.covariance

    @property
    def correlation_matrix(self) -> Array:
        """Correlation of the visits (T, T)."""
        sd = np.sqrt(np.diag(self.fit.covariance))
        return self.fit.covariance / np.outer(sd, sd)

    @property
    def loglik(self) -> float:
        """Log-likelihood, restricted for REML."""
        return self.fit.log_likelihood

    @property
    def n_theta(self) -> int:
        """Parameters of the covariance."""
        return len(self.fit.psi)

    @property
    def n_parameters(self) -> int:
        """Parameters that the likelihood was maximised over: those of the covariance, with ML the coefficients too."""
        return self.n_theta + (len(self.names) if self.method == "ML" else 0)

    @property
    def aic(self) -> float:
        """-2 log-likelihood + 2 parameters."""
        return 2.0 * self.n_parameters - 2.0 * self.loglik

    @property
    def bic(self) -> float:
        """-2 log-likelihood + parameters x log(subjects)."""
        return float(np.log(self.n_subjects)) * self.n_parameters - 2.0 * self.loglik

    @cached_property
    def empirical_vcov(self) -> Array:
        """Covariance of the coefficients from the subjects' own scores, without small-sample correction (CR0), (p, p)."""
        return self.fit.sandwich()

    def covariance_frame(self) -> pd.DataFrame:
        """One row a pair of visits: visit_1, visit_2, covariance, correlation."""
        import pandas as pd

        i, j = np.tril_indices(len(self.visits))
        return pd.DataFrame(
            {
                "visit_1": [self.visits[b] for b in j], "visit_2": [self.visits[a] for a in i],
                "covariance": self.covariance_matrix[i, j], "correlation": self.correlation_matrix[i, j],
            }
        )  # fmt: skip

    def __str__(self) -> str:
        sd = np.sqrt(np.diag(self.covariance_matrix))
        spread = ", ".join(f"{visit}: {value:.3g}" for visit, value in zip(self.visits, sd, strict=True))
        lines = [
            heading(
                self,
                f"mixed model for repeated measures, {STRUCTURES[self.covariance].label} covariance, ",
                self.method,
            ),
            f"  {count_of(self.n, 'row', 'rows')} of {count_of(self.n_subjects, 'subject', 'subjects')} at {len(self.visits)} visits",
            *self._coefficient_lines(),
            f"  SD by {self.visit}: {spread}",
            f"  log-likelihood {self.loglik:.3f}, AIC {self.aic:.1f}, BIC {self.bic:.1f} "
            f"({count_of(self.n_parameters, 'parameter', 'parameters')})",
        ]
        return "\n".join(lines + tail_lines(self))
