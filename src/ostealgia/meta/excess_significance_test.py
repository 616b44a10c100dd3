"""Are more studies significant than their power lets expect?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.display import p_text
from ostealgia.errors import OptionError
from ostealgia.meta.small_study_common import as_dict, few_notes, significant, studies, text_lines
from ostealgia.numerics import small_study_excess as excess
from ostealgia.numerics.pooling import weighted_mean
from ostealgia.numerics.tau2 import TAU2, estimate_tau2
from ostealgia.options import between, one_of
from ostealgia.tables.result import Result

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ExcessSignificanceResult(Result):
    """observed, expected, ratio : significant studies, the sum of their power, one over the other.

    theta, tau2 : the true effects that power is computed for.  power, significant : a study, (k,).
    statistic : chi-square with 1 df, for test="chi2".
    """

    measure: str
    k: int
    observed: int
    expected: float
    ratio: float
    test: str
    statistic: float
    p_value: float
    tail: str
    alpha: float
    alternative: str
    theta: float
    tau2: float
    study: tuple[str, ...]
    power: Array
    significant: NDArray[np.bool_]

    def to_dict(self) -> dict[str, Any]:
        return as_dict(self)

    def to_frame(self) -> Any:
        """One row a study: its power and whether it is significant."""
        import pandas as pd

        return pd.DataFrame({"study": list(self.study), "power": self.power, "significant": self.significant})

    def __str__(self) -> str:
        body = [
            f"{self.observed} of {self.k} studies significant at {self.alpha:g} ({self.alternative}), "
            f"{display.number(self.expected, 1)} expected, ratio {display.number(self.ratio)}",
            f"{p_text(self.p_value)} ({self.test}, {self.tail})",
            f"power for a true effect of {significant(self.theta)}, tau2 {significant(self.tau2)}",
        ]
        return text_lines(f"Test of excess significance: {self.measure}", body, self)


def excess_significance(
    effects: Any, *, test: str = "exact", alpha: float = 0.05, alternative: str = "two-sided", tail: str = "greater",
    theta: float | None = None, tau2: float | str = 0.0,
) -> ExcessSignificanceResult:  # fmt: skip
    """Are there more significant studies than their power lets expect?

    effects : as for ``pool``, or a PoolResult; two studies or more. The measure should have a value of no effect.
    test : "exact" (sum of independent trials of unequal probability), "chi2" (without continuity correction),
    "binomial" (mean power).
    alpha, alternative : what counts as significant in a study: "two-sided", "greater", "less".  tail : of the test
    itself.
    theta : the true effect, on the analysis scale; None is the pooled mean with the tau2 in force.
    tau2 : 0 (the common effect, as in the original), a number, or an estimator ("REML"): true effects are then normal
    around theta. Not with much heterogeneity and tau2 = 0: small true effects in some studies and large ones in others
    give an excess by themselves.
    Returns an ExcessSignificanceResult. Raises OptionError.  Source: Ioannidis & Trikalinos 2007,
    doi:10.1177/1740774507079441.

    >>> found = excess_significance({"estimate": [0.5, 0.6, 0.1], "std_error": [0.2, 0.2, 0.2]})
    >>> found.observed, round(found.expected, 2)
    (2, 1.55)
    """
    one_of("test", test, excess.TESTS)
    one_of("alternative", alternative, excess.ALTERNATIVES)
    one_of("tail", tail, excess.ALTERNATIVES)
    between("alpha", alpha, 0.0, 1.0)
    data = studies(effects, 2, "the test of excess significance")
    if data.definition.no_effect is None:
        raise OptionError(f"{data.measure} has no value of no effect, so no study is significant or not.")
    spread = _tau2(data.estimate, data.variance, tau2)
    y = data.estimate - data.definition.no_effect
    center = (
        weighted_mean(y, data.variance, spread).estimate if theta is None else float(theta) - data.definition.no_effect
    )
    hits = excess.significant(y, data.variance, alpha, alternative)
    power = excess.power(data.variance, center, spread, alpha, alternative)
    observed, expected = int(hits.sum()), float(power.sum())
    statistic, p_value = excess.TESTS[test](observed, power, tail)
    notes = [*data.notes, *few_notes(data.k)]
    if math.isnan(p_value):
        notes.append("all or none are expected to be significant: chi-square is not defined; use test='exact'")
    return ExcessSignificanceResult(
        measure=data.measure, k=data.k, observed=observed, expected=expected, ratio=observed / expected, test=test,
        statistic=statistic, p_value=p_value, tail=tail, alpha=alpha, alternative=alternative,
        theta=center + data.definition.no_effect, tau2=spread, study=data.study, power=power, significant=hits,
        excluded=data.excluded, notes=tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def _tau2(y: Array, v: Array, tau2: float | str) -> float:
    if isinstance(tau2, str):
        return estimate_tau2(y, v, one_of("tau2", tau2, TAU2)).value
    if not float(tau2) >= 0.0:
        raise OptionError(f"tau2={tau2!r} is not a number of 0 or more, nor an estimator.")
    return float(tau2)
