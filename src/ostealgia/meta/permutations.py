"""Permutation test of a meta-regression or of a pooled mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.meta.influence_results import as_regression
from ostealgia.numerics.permutation import permutation_p_values
from ostealgia.tables.result import Result, as_json

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PermutationResult(Result):
    """P values by permutation beside those of the fit. names : of the coefficients.  refits : arrangements used.

    exact : all there are.  kind : "orders" of the moderators, or "signs" of the effects for a single mean.
    """

    names: tuple[str, ...]
    estimate: Array
    statistic: Array
    wald_p_value: Array
    p_value: Array
    omnibus_wald_p_value: float
    omnibus_p_value: float
    refits: int
    exact: bool
    kind: str
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient, then the omnibus test: term, estimate, statistic, wald_p_value, p_value."""
        import pandas as pd

        rows = {
            "term": [*self.names, "all moderators"],
            "estimate": [*self.estimate, math.nan],
            "statistic": [*self.statistic, math.nan],
            "wald_p_value": [*self.wald_p_value, self.omnibus_wald_p_value],
            "p_value": [*self.p_value, self.omnibus_p_value],
        }
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        rows = self.to_frame().to_dict("records")
        head = {name: getattr(self, name) for name in ("refits", "exact", "kind", "seed")}
        return {**head, "rows": as_json(rows), "notes": list(self.notes)}

    def __str__(self) -> str:
        how = f"all {self.refits:,}" if self.exact else f"{self.refits:,} random"
        lines = [f"PermutationResult: {how} {self.kind}" + ("" if self.exact else f", seed {self.seed}")]
        width = max(len(name) for name in (*self.names, "all moderators"))
        for row in self.to_frame().to_dict("records"):
            if math.isfinite(row["p_value"]):
                wald, found = display.p_value(row["wald_p_value"]), display.p_value(row["p_value"])
                lines.append(f"  {row['term'].ljust(width)}  P {found}   (Wald {wald})")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def permutation_test(fit: Any, *, refits: int = 10_000, seed: int = 1) -> PermutationResult:
    """Is a relation with a moderator more than what a random assignment of the moderators would show?

    fit : a RegressionResult, or a PoolResult (then the signs of the effects are changed).  refits : random arrangements; all of them where
    there are no more than that.  seed : of a counter-based stream; results do not depend on how the work is divided.
    Right for few studies, where Wald tests are too liberal; it needs studies that could have had one another's moderators, and it cannot
    give a small P when there are few arrangements (5 studies: 1/120 at best).
    Source: Higgins & Thompson 2004, doi:10.1002/sim.1752.

    >>> from ostealgia.meta.regression import regress
    >>> data = {"estimate": [0.1, 0.3, 0.5, 0.8], "std_error": [0.1, 0.1, 0.1, 0.1], "dose_gy": [8, 16, 24, 32]}
    >>> print(permutation_test(regress(data, "~ dose_gy")))
    PermutationResult: all 24 orders
      dose_gy         P 0.083   (Wald < 0.001)
      all moderators  P 0.083   (Wald < 0.001)
      note: there are 24 arrangements, so no P can be below 0.042
    """
    regression = as_regression(fit)
    found = permutation_p_values(regression, refits=refits, seed=seed)
    notes: list[str] = []
    if found.exact and found.refits < 100:
        notes.append(f"there are {found.refits} arrangements, so no P can be below {1.0 / found.refits:.3f}")
    return PermutationResult(
        names=regression.names, estimate=regression.beta, statistic=regression.statistic, wald_p_value=regression.p_value,
        p_value=found.p_value, omnibus_wald_p_value=regression.omnibus.p_value, omnibus_p_value=found.omnibus_p_value,
        refits=found.refits, exact=found.exact, kind=found.kind, seed=seed, notes=tuple(notes),
    )  # fmt: skip
