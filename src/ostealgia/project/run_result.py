"""What one analysis gives, as plain data: the headline, the lines beside it, and everything it was asked for beyond the pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.effects.result import EffectSizes
from ostealgia.meta.result import PoolResult
from ostealgia.numerics.proportion_intervals import clopper_pearson
from ostealgia.project.methods import MethodRow, method_grid
from ostealgia.project.model import AnalysisSpec
from ostealgia.project.select import Selection
from ostealgia.tables.result import Excluded

if TYPE_CHECKING:
    from ostealgia.meta.absolute_certainty import AbsoluteTable
    from ostealgia.meta.asymmetry import EggerResult
    from ostealgia.meta.influence_results import InfluenceResult
    from ostealgia.meta.multilevel_coefficients import Coefficients
    from ostealgia.meta.multilevel_factors import FactorsResult
    from ostealgia.meta.regression_result import RegressionResult
    from ostealgia.meta.sensitivity import SensitivityResult
    from ostealgia.meta.subgroups import SubgroupResult
    from ostealgia.meta.trajectory_fit import TrajectoryResult
    from ostealgia.project.networks import NetworkRun


@dataclass(frozen=True)
class CrudeSum:
    """Events and patients of all studies added up, with the Clopper-Pearson interval: no model, no weights.

    Source of the interval: Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.
    """

    events: float
    n: float
    k: int
    level: float

    @property
    def estimate(self) -> float:
        """The proportion."""
        return self.events / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Exact limits.

        >>> [round(x, 4) for x in CrudeSum(502, 636, 20, 0.95).interval]
        [0.7555, 0.8204]
        """
        low, high = clopper_pearson(np.array(self.events), np.array(self.n), self.level)
        return float(low), float(high)


@dataclass(frozen=True)
class Variant:
    """One sensitivity line: the same analysis under a named change. fit : None where there is none; ``problem`` says why."""

    id: str
    title: str
    fit: PoolResult | None
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class DependentLine:
    """The mean by a model of dependent effects (MultilevelResult or RobustResult). rho : assumed correlation of the errors, or None."""

    id: str
    title: str
    fit: Any
    rho: float | None = None
    problem: str = ""

    @property
    def table(self) -> Coefficients:
        """The coefficients; there is one."""
        return self.fit.coefficients

    @property
    def notes(self) -> tuple[str, ...]:
        """What the fit has to say."""
        return () if self.fit is None else tuple(self.fit.notes)


@dataclass(frozen=True)
class AnalysisRun:
    """What one ``[[analysis]]`` gives. One of fit, crude, listed, course and network is there, or ``problem`` says why none is."""

    spec: AnalysisSpec
    selection: Selection
    effects: EffectSizes | None = None
    fit: PoolResult | None = None
    crude: CrudeSum | None = None
    variants: tuple[Variant, ...] = ()
    subgroups: SubgroupResult | None = None
    leave_one_out: SensitivityResult | None = None
    egger: EggerResult | None = None
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    sources: Mapping[int, str] = field(default_factory=dict)
    regression: RegressionResult | None = None
    dependence: tuple[DependentLine, ...] = ()
    factors: FactorsResult | None = None
    course: TrajectoryResult | None = None
    absolute: AbsoluteTable | None = None
    small_study: tuple[Mapping[str, Any], ...] = ()
    influence: InfluenceResult | None = None
    network: NetworkRun | None = None

    @property
    def listed(self) -> bool:
        """Whether study results stand side by side without being pooled."""
        return self.spec.model == "list" and self.effects is not None

    @cached_property
    def grid(self) -> tuple[MethodRow, ...]:
        """Every usual method on the same rows; computed when it is first asked for."""
        if self.effects is None or self.fit is None:
            return ()
        return method_grid(self.selection, self.spec, self.fit)

    def noted(self, *notes: str) -> AnalysisRun:
        """The same run with more to say."""
        return replace(self, notes=(*self.notes, *notes))
