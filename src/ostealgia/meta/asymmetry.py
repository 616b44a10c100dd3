"""Egger's test of funnel asymmetry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia import display
from ostealgia.errors import OptionError
from ostealgia.meta.coerce import as_effects
from ostealgia.meta.result import PoolResult
from ostealgia.numerics.pooling import two_sided_p
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd

FEW = 10


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EggerResult(Result):
    """intercept of the regression of effect / SE on 1 / SE, with its standard error, t, df and P; k studies.

    slope : the limit effect at a standard error of zero.
    """

    intercept: float
    std_error: float
    statistic: float
    df: int
    p_value: float
    slope: float
    k: int

    def to_dict(self) -> dict[str, Any]:
        names = ("intercept", "std_error", "statistic", "df", "p_value", "slope", "k")
        return {**{name: getattr(self, name) for name in names}, "notes": list(self.notes)}

    def to_frame(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame([{key: value for key, value in self.to_dict().items() if key != "notes"}])

    def __str__(self) -> str:
        head = (
            f"Egger's test: intercept {display.number(self.intercept)} (SE {display.number(self.std_error)}), "
            f"t = {display.number(self.statistic)}, df = {self.df}, {display.p_text(self.p_value)}"
        )
        return "\n".join([head, *(f"  note: {note}" for note in self.notes)])


def egger(effects: Any) -> EggerResult:
    """Is the effect larger in less precise studies?

    effects : as for ``pool``, or a PoolResult; three studies or more with unequal standard errors.
    The regression of effect on standard error, weighted by 1 / SE^2 with multiplicative dispersion: t with k - 2 df. A
    note under ten studies: the test has little power then. Raises OptionError.  Source: Egger et al. 1997,
    doi:10.1136/bmj.315.7109.629.

    >>> found = egger({"estimate": [0.2, 0.4, 0.5, 0.9], "std_error": [0.1, 0.2, 0.3, 0.4]})
    >>> found.df
    2
    """
    data = effects.effects if isinstance(effects, PoolResult) else as_effects(effects)
    y, se, k = data.estimate, data.std_error, data.k
    if k < 3:
        raise OptionError(f"Egger's test needs three studies or more; found {k}.")
    if float(np.ptp(se)) <= 1e-12 * float(se.max()):
        raise OptionError("Egger's test needs standard errors that differ; all are equal.")
    w = se**-2.0
    mean_x = float((w * se).sum() / w.sum())
    mean_y = float((w * y).sum() / w.sum())
    sxx = float((w * (se - mean_x) ** 2).sum())
    slope = float((w * (se - mean_x) * (y - mean_y)).sum()) / sxx
    limit = mean_y - slope * mean_x
    rss = float((w * (y - limit - slope * se) ** 2).sum())
    std_error = math.sqrt(rss / (k - 2) / sxx)
    statistic = slope / std_error if std_error > 0 else math.nan
    notes = list(data.notes)
    if k < FEW:
        notes.append(
            f"{k} studies: under {FEW}, tests of funnel asymmetry have too little power to be read "
            "(Sterne et al. 2011, doi:10.1136/bmj.d4002)"
        )
    return EggerResult(
        intercept=slope, std_error=std_error, statistic=statistic, df=k - 2, p_value=two_sided_p(statistic, k - 2),
        slope=limit, k=k, notes=tuple(notes),
    )  # fmt: skip
