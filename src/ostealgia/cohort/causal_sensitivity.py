"""How strong would an unmeasured confounder have to be: E-values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostealgia.display import number
from ostealgia.errors import OptionError
from ostealgia.numerics.propensity import TO_RISK_RATIO, e_value_of
from ostealgia.options import one_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EValue(Result):
    """estimate, ci_low, ci_high : as (approximate) risk ratios.  e_value : of the estimate.  e_value_ci : of the limit nearer to 1."""

    measure: str
    estimate: float
    ci_low: float
    ci_high: float
    e_value: float
    e_value_ci: float

    def to_frame(self) -> pd.DataFrame:
        """One row: measure, estimate, ci_low, ci_high (risk ratios), e_value, e_value_ci."""
        import pandas as pd

        names = ("measure", "estimate", "ci_low", "ci_high", "e_value", "e_value_ci")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def __str__(self) -> str:
        lines = [
            f"EValue: {number(self.e_value)} for the estimate, {number(self.e_value_ci)} for the limit nearer to 1 ({self.measure})"
        ]
        return "\n".join([*lines, *tail_lines(self)])


def e_value(
    estimate: float,
    *,
    measure: str,
    ci_low: float | None = None,
    ci_high: float | None = None,
    std_error: float | None = None,
) -> EValue:
    """With what risk ratios would an unmeasured confounder have to be tied to treatment and outcome to explain the effect away?

    measure : "RR", "OR_rare", "OR_common" (outcome in more than about 15%), "HR_rare", "HR_common", with limits as printed; "SMD" or "MD",
    a standardised mean difference with its ``std_error``. Not a proof of anything: a large E-value does not make a confounder unlikely.
    Source: VanderWeele & Ding 2017, doi:10.7326/M16-2607.

    >>> found = e_value(0.8, measure="RR", ci_low=0.71, ci_high=0.91)
    >>> round(found.e_value, 3), round(found.e_value_ci, 3)
    (1.809, 1.429)
    """
    one_of("measure", measure, [*TO_RISK_RATIO, "MD"])
    if measure in ("SMD", "MD"):
        rr = math.exp(0.91 * estimate)
        half = math.nan if std_error is None else 1.78 * std_error
        low, high = math.exp(0.91 * estimate - half), math.exp(0.91 * estimate + half)
    else:
        if not estimate > 0 or any(v is not None and not v >= 0 for v in (ci_low, ci_high)):
            raise OptionError(
                f"a ratio must be above 0 and its limits not below 0; estimate={estimate!r}, limits {ci_low!r}, {ci_high!r}."
            )
        turn = TO_RISK_RATIO[measure]
        rr = turn(estimate)
        low, high = (math.nan if v is None else turn(v) if v > 0 else 0.0 for v in (ci_low, ci_high))
    if low > rr or high < rr:
        raise OptionError("the estimate must lie between its limits.")
    notes = () if measure in ("RR", "OR_rare", "HR_rare") else ("turned into an approximate risk ratio",)
    return EValue(
        measure=measure,
        estimate=rr,
        ci_low=low,
        ci_high=high,
        e_value=e_value_of(rr),
        e_value_ci=_of_limit(rr, low, high),
        notes=notes,
    )


def _of_limit(rr: float, low: float, high: float) -> float:
    near = low if rr >= 1 else high
    if math.isnan(near):
        return math.nan
    return 1.0 if (rr >= 1) != (near > 1) or near == 1 else e_value_of(near)
