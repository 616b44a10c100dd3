"""The numbers behind three diagnostic plots: Baujat, radial (Galbraith) and L'Abbé."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.meta.influence_results import as_regression
from ostealgia.meta.regression_result import RegressionResult
from ostealgia.meta.result import PoolResult
from ostealgia.numerics.influence import baujat_measures
from ostealgia.numerics.pooling import quantile
from ostealgia.tables.result import Result, as_json

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


class _StudyTable(Result):
    """A result that is one row a study."""

    _columns: tuple[str, ...] = ()
    study: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a study."""
        import pandas as pd

        return pd.DataFrame({"study": list(self.study), **{name: getattr(self, name) for name in self._columns}})

    def to_dict(self) -> dict[str, Any]:
        rows = self.to_frame().to_dict("records")
        return {"studies": as_json(rows), "notes": list(self.notes)}

    def __str__(self) -> str:
        text = self.to_frame().to_string(index=False, float_format=lambda value: f"{value:.3f}")
        return "\n".join(
            [f"{type(self).__name__}: {len(self.study)} studies", text, *(f"  note: {n}" for n in self.notes)]
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BaujatResult(_StudyTable):
    """heterogeneity : squared Pearson residual of each study, its contribution to Q.  influence : its standardised squared influence."""

    study: tuple[str, ...]
    heterogeneity: Array
    influence: Array
    _columns = ("heterogeneity", "influence")


def baujat(fit: PoolResult | RegressionResult) -> BaujatResult:
    """Which studies make the heterogeneity, and do they move the result?

    fit : a PoolResult or a RegressionResult of two studies or more. With model="common" the first number is the study's part of Cochran's
    Q, as in the plot of Baujat et al. 2002, doi:10.1002/sim.1221; with random effects residuals are weighted by 1 / (v + tau2).

    >>> from ostealgia.meta.pooling import pool
    >>> fit = pool({"estimate": [0.0, 2.0], "std_error": [1.0, 1.0]}, model="common")
    >>> baujat(fit).heterogeneity.round(6).tolist()
    [1.0, 1.0]
    """
    x, y = baujat_measures(as_regression(fit))
    return BaujatResult(study=fit.effects.study, heterogeneity=x, influence=y)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RadialResult(_StudyTable):
    """precision : 1 / sqrt(v + tau2).  standardised : effect times precision; the slope of a line from the origin is an effect.

    estimate, ci_low, ci_high : the pooled effect, that slope.  z : half the width of the band of ``level`` around the line.
    """

    study: tuple[str, ...]
    precision: Array
    standardised: Array
    estimate: float
    ci_low: float
    ci_high: float
    level: float
    z: float
    measure: str
    _columns = ("precision", "standardised")


def radial(fit: PoolResult) -> RadialResult:
    """Galbraith's radial plot: effects over their standard errors against precision.

    fit : a PoolResult (inverse variance).  Studies outside the band of -+ z are further from the pooled effect than chance explains.
    Source: Galbraith 1988, doi:10.1002/sim.4780070807.

    >>> from ostealgia.meta.pooling import pool
    >>> radial(pool({"estimate": [0.0, 2.0], "std_error": [1.0, 0.5]}, model="common")).precision.tolist()
    [1.0, 2.0]
    """
    if isinstance(fit, RegressionResult):
        raise OptionError("a radial plot is of one pooled effect, not of a meta-regression.")
    as_regression(fit)
    tau2 = fit.tau2 if fit.model == "random" and math.isfinite(fit.tau2) else 0.0
    precision = 1.0 / np.sqrt(fit.effects.variance + tau2)
    return RadialResult(
        study=fit.effects.study, precision=precision, standardised=fit.effects.estimate * precision, estimate=fit.estimate,
        ci_low=fit.ci_low, ci_high=fit.ci_high, level=fit.ci_level, z=quantile(fit.ci_level, math.inf), measure=fit.measure,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LabbeResult(_StudyTable):
    """Risk (or rate) of each study in the two groups. treated, control : (k,).  weight : per cent.

    line_control, line_treated : the pooled effect as a curve of the treated risk over the control risk.
    """

    study: tuple[str, ...]
    control: Array
    treated: Array
    n_control: Array
    n_treated: Array
    weight: Array
    line_control: Array
    line_treated: Array
    measure: str
    estimate: float
    kind: str
    _columns = ("control", "treated", "n_control", "n_treated", "weight")


def labbe(fit: PoolResult) -> LabbeResult:
    """The L'Abbé plot: risk with treatment against risk without, and the pooled effect as a line.

    fit : a PoolResult of two-group binary data (OR, RR, RD, PETO) or rates (IRR, IRD) whose counts were kept.
    Source: L'Abbé, Detsky & O'Rourke 1987, doi:10.7326/0003-4819-107-2-224.

    >>> from ostealgia.effects.compute import compute
    >>> from ostealgia.meta.pooling import pool
    >>> arms = {"study": ["A", "B"], "events_1": [4, 6], "n_1": [10, 12], "events_2": [6, 8], "n_2": [10, 12]}
    >>> labbe(pool(compute(arms, measure="RR"))).control.round(2).tolist()
    [0.6, 0.67]
    """
    if fit.measure not in _LINES:
        listed = ", ".join(_LINES)
        raise OptionError(f"a L'Abbé plot needs a measure of two risks or rates ({listed}); found {fit.measure!r}.")
    kind = "rate" if fit.measure.startswith("IR") else "risk"
    denominator = "person_time" if kind == "rate" else "n"
    data = fit.effects
    treated, n_treated = _risk(data, "1", denominator)
    control, n_control = _risk(data, "2", denominator)
    grid = np.linspace(0.0, 1.0 if kind == "risk" else 1.1 * float(np.nanmax(np.concatenate([treated, control]))), 401)
    line = _LINES[fit.measure](grid, fit.reported.estimate)
    inside = (line >= 0.0) & ((line <= 1.0) | (kind == "rate"))
    return LabbeResult(
        study=data.study, control=control, treated=treated, n_control=n_control, n_treated=n_treated, weight=fit.weights,
        line_control=grid[inside], line_treated=line[inside], measure=fit.measure, estimate=fit.reported.estimate, kind=kind,
    )  # fmt: skip


def _risk(data: EffectSizes, group: str, denominator: str) -> tuple[Array, Array]:
    names = (f"events_{group}", f"{denominator}_{group}")
    missing = [name for name in names if name not in data.columns]
    if missing:
        raise TableError("the counts were not kept with the effects", column=missing[0], expected=", ".join(names))
    events, size = (np.asarray(data.columns[name], dtype=float) for name in names)
    return events / size, size


def _odds_line(control: Array, odds_ratio: float) -> Array:
    return odds_ratio * control / (1.0 - control + odds_ratio * control)


def _ratio_line(control: Array, ratio: float) -> Array:
    return ratio * control


def _difference_line(control: Array, difference: float) -> Array:
    return control + difference


_LINES: dict[str, Any] = {
    "OR": _odds_line, "PETO": _odds_line, "RR": _ratio_line, "RD": _difference_line, "IRR": _ratio_line, "IRD": _difference_line,
}  # fmt: skip
