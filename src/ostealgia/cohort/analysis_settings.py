"""The choices of a cohort analysis: each has a default, each is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class AnalysisSettings:
    """Every choice of ``oa.cohort.analyse``.

    Groups: group (column of patients), reference and treated (labels; default by name: control, standard ... is the reference, else the
    first by alphabet), labels (label -> words).
    Endpoint: weeks (default all after baseline), primary_week (default the last), windows (week -> first and last day), definition,
    retreatment, opioid_table, rules (options of the response rule).
    Models: covariance (tried in turn), df_method, random (of the linear mixed model), covariates (of the pain model, beside baseline).
    Comparisons: baseline (variables of table 1), confounders (of the propensity score), predictors (candidates), screen_p, subgroups,
    strata (of the stratified log-rank test), landmark_week, rmst_months.
    Random: bootstrap (samples), imputations.  deltas : points of pain added to imputed values (tipping point).
    estimands : whether the table of estimands is made.
    Privacy: small_cell (counts below it are not shown; 0 shows all) and individual_lines, for whoever presents the analysis.
    """

    group: str = "group"
    reference: str | None = None
    treated: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    weeks: tuple[int, ...] | None = None
    primary_week: int | None = None
    windows: Mapping[int, tuple[int, int]] | None = None
    definition: str = "consensus_2012"
    retreatment: str = "non_response"
    opioid_table: str | None = None
    rules: Mapping[str, str] = field(default_factory=dict)
    covariance: tuple[str, ...] = ("us", "toeph", "csh")
    df_method: str = "kenward-roger"
    random: str = "1"
    covariates: tuple[str, ...] = ()
    baseline: tuple[str, ...] | None = None
    confounders: tuple[str, ...] | None = None
    predictors: tuple[str, ...] | None = None
    screen_p: float = 0.10
    subgroups: tuple[str, ...] | None = None
    strata: tuple[str, ...] | None = None
    landmark_week: int = 4
    rmst_months: float = 12.0
    scales: tuple[str, ...] | None = None
    instrument: str = "QLQ-C30"
    laboratory: tuple[str, ...] | None = None
    bootstrap: int = 200
    imputations: int = 20
    deltas: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
    level: float = 0.95
    estimands: bool = True
    small_cell: int = 0
    individual_lines: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Name -> value, in the order of the fields."""
        return {one.name: getattr(self, one.name) for one in fields(self)}
