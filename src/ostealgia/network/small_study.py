"""Small-study effects in a network: effects around those of their own comparison, all turned the same way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import p_text
from ostealgia.errors import OptionError
from ostealgia.network.labels import known
from ostealgia.network.result import NetworkResult
from ostealgia.numerics.pooling import two_sided_p
from ostealgia.numerics.small_study import weighted_line
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
FEW = 10


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ComparisonAdjusted(Result):
    """One entry a contrast: treat1 (later in ``order``) less treat2, less the pooled direct effect of that comparison.

    adjusted, std_error : (M,), analysis scale.  alone : (M,), its comparison has this study only, so ``adjusted`` is 0 in any case.
    intercept (with std_error, statistic, df, p_value) : Egger's regression over the others; NaN with fewer than three.
    """

    measure: str
    model: str
    order: tuple[str, ...]
    study: tuple[str, ...]
    treat1: tuple[str, ...]
    treat2: tuple[str, ...]
    adjusted: Array
    std_error: Array
    alone: NDArray[np.bool_]
    intercept: float
    intercept_std_error: float
    statistic: float
    df: int
    p_value: float

    def to_frame(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(
            {
                "study": list(self.study), "treat1": list(self.treat1), "treat2": list(self.treat2), "adjusted": self.adjusted,
                "std_error": self.std_error, "alone": self.alone,
            }
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        names = ("measure", "model", "order", "study", "treat1", "treat2", "adjusted", "std_error", "alone", "intercept",
                 "intercept_std_error", "statistic", "df", "p_value")  # fmt: skip
        return {name: plain(getattr(self, name)) for name in names} | {"notes": list(self.notes)}

    def __str__(self) -> str:
        used = int((~self.alone).sum())
        lines = [
            f"ComparisonAdjusted: {self.measure}, {self.model}; {used} contrasts, {int(self.alone.sum())} alone in their comparison"
        ]
        if math.isfinite(self.intercept):
            lines.append(
                f"  Egger's regression: intercept {self.intercept:.3f} (SE {self.intercept_std_error:.3f}), t {self.statistic:.2f}, "
                f"df {self.df}, {p_text(self.p_value)}"
            )
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def comparison_adjusted(found: NetworkResult, order: Sequence[str], *, model: str | None = None) -> ComparisonAdjusted:
    """Do smaller studies favour the treatments that come later in an order?

    order : every treatment, from the one that small studies are thought to disfavour (oldest, placebo) to the one they may favour (newest).
    Without a reasoned order the plot says nothing. Contrasts of a multi-arm study are shown as if they were independent.
    Source: Chaimani & Salanti 2012, doi:10.1002/jrsm.57; Egger et al. 1997, doi:10.1136/bmj.315.7109.629.

    >>> from ostealgia.network import fit
    >>> data = {"study": list("ABCD"), "treat1": list("xxyy"), "treat2": list("yyzz"), "estimate": [1.0, 0.6, 2.0, 1.5],
    ...         "std_error": [0.3, 0.1, 0.4, 0.2]}
    >>> comparison_adjusted(fit(data, model="common"), ["z", "y", "x"]).adjusted.round(2).tolist()
    [0.36, -0.04, 0.4, -0.1]
    """
    names = [known("order", name, found.treatments) for name in order]
    missing = [name for name in found.treatments if name not in names]
    if missing or len(set(names)) < len(names):
        raise OptionError(
            f"order should name every treatment once; {'missing: ' + ', '.join(missing) if missing else 'one is named twice'}."
        )
    data, chosen = found.with_evidence("comparison-adjusted effects"), found.estimates(model)
    rank = np.array([names.index(name) for name in found.treatments])
    later = rank[data.first] > rank[data.second]
    direct = chosen.direct
    around = data.estimate - direct.estimate[data.first, data.second]
    adjusted = np.where(later, around, -around)
    alone = direct.k[data.first, data.second] == 1
    adjusted[alone] = 0.0
    first, second = np.where(later, data.first, data.second), np.where(later, data.second, data.first)
    used = ~alone
    error = np.sqrt(data.variance)
    line = _egger(adjusted[used], error[used])
    notes = []
    if used.sum() < FEW:
        notes.append(f"{int(used.sum())} contrasts: with fewer than {FEW}, asymmetry cannot be told from chance")
    return ComparisonAdjusted(
        measure=found.measure, model=chosen.model, order=tuple(names), study=tuple(found.studies[s] for s in data.study),
        treat1=tuple(found.treatments[i] for i in first), treat2=tuple(found.treatments[i] for i in second), adjusted=adjusted,
        std_error=error, alone=alone, intercept=line[0], intercept_std_error=line[1], statistic=line[2], df=int(line[3]), p_value=line[4],
        notes=tuple(notes),
    )  # fmt: skip


def _egger(y: Array, se: Array) -> tuple[float, float, float, float, float]:
    """Slope of y on its standard error with weights 1 / SE^2 (the intercept of y / SE on 1 / SE), its SE, t, df and P."""
    nothing = (math.nan, math.nan, math.nan, 0.0, math.nan)
    if len(y) < 3 or np.ptp(se) <= 1e-12 * float(se.max()):
        return nothing
    line = weighted_line(y, se, 1.0 / np.square(se))
    if not line.slope_std_error > 0:
        return nothing
    statistic = line.slope / line.slope_std_error
    return line.slope, line.slope_std_error, statistic, float(line.df), two_sided_p(statistic, line.df)
