"""What ``ostealgia.toml`` may say of a cohort: where its tables are, its groups, endpoints, models, subgroups and estimands.

Every key has a default, which is the one of ``oa.cohort.AnalysisSettings`` and is printed in the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from ostealgia.options import confidence_level

if TYPE_CHECKING:
    from ostealgia.cohort.analysis_settings import AnalysisSettings
    from ostealgia.project.model import ProjectSpec


def _listed(found: Any) -> Any:
    """One value, or a list of them, as a list."""
    return found if isinstance(found, (list, tuple)) else [found]


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Weeks = Annotated[tuple[Annotated[int, Field(gt=0)], ...], BeforeValidator(_listed)]
Numbers = Annotated[tuple[float, ...], BeforeValidator(_listed)]
Covariance = Literal["us", "toep", "toeph", "ar1", "ar1h", "ad", "adh", "cs", "csh"]
Count = Annotated[int, Field(ge=0, le=100_000)]


class Part(BaseModel):
    """A table of ``ostealgia.toml``: a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CohortFiles(Part):
    """``[cohort]``: folder of the tables inside the project, and the file that maps another export to them."""

    folder: str = "."
    mapping: str = ""


class GroupsInfo(Part):
    """``[groups]``: column of patients, value of the reference and of the treated group, and the words to print (value -> words)."""

    column: str = "group"
    reference: str = ""
    treated: str = ""
    labels: dict[str, str] = Field(default_factory=dict)


class EndpointsInfo(Part):
    """``[endpoints]``: weeks, definition of response, windows (week -> first and last day), scales and markers."""

    weeks: Weeks = ()
    primary_week: Annotated[int, Field(gt=0)] | None = None
    definition: str = "consensus_2012"
    retreatment: Literal["non_response", "treatment_policy"] = "non_response"
    opioid_table: str = ""
    windows: dict[str, tuple[int, int]] = Field(default_factory=dict)
    rules: dict[str, str] = Field(default_factory=dict)
    landmark_week: Annotated[int, Field(gt=0)] = 4
    rmst_months: Annotated[float, Field(gt=0)] = 12.0
    instrument: str = "QLQ-C30"
    scales: Names = ()
    laboratory: Names = ()

    @field_validator("windows")
    @classmethod
    def _weeks(cls, found: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        for week, (first, last) in found.items():
            if not week.isdigit():
                raise ValueError(f"the week {week!r} is not a whole number")
            if first > last:
                raise ValueError(f"the window of week {week} ends before it begins")
        return found


class ModelsInfo(Part):
    """``[models]``: how the comparisons are made; everything random hangs on ``rng_seed``."""

    covariance: Annotated[tuple[Covariance, ...], BeforeValidator(_listed)] = ("us", "toeph", "csh")
    df_method: Literal["satterthwaite", "kenward-roger", "kenward-roger-linear", "none"] = "kenward-roger"
    random: str = "1"
    covariates: Names = ()
    baseline: Names = ()
    confounders: Names = ()
    predictors: Names = ()
    strata: Names = ()
    screen_p: Annotated[float, Field(gt=0, lt=1)] = 0.10
    bootstrap: Count = 200
    imputations: Annotated[int, Field(ge=2, le=1000)] = 20
    deltas: Numbers = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
    level: float = 0.95
    rng_seed: Annotated[int, Field(ge=0)] = 1

    @field_validator("level", mode="before")
    @classmethod
    def _level(cls, found: Any) -> float:
        return confidence_level(float(found))


class SubgroupsInfo(Part):
    """``[subgroups]``: pre-stated factors (columns of patients, or derived ones such as ecog_2_or_more)."""

    factors: Names = ()


class EstimandsInfo(Part):
    """``[estimands]``: shown or not, and a few words on the primary one."""

    show: bool = True
    primary: str = ""


PARTS: Mapping[str, type[Part]] = {
    "cohort": CohortFiles, "groups": GroupsInfo, "endpoints": EndpointsInfo, "models": ModelsInfo, "subgroups": SubgroupsInfo,
    "estimands": EstimandsInfo,
}  # fmt: skip


def settings_of(spec: ProjectSpec) -> AnalysisSettings:
    """The settings of ``oa.cohort.analyse`` that a project states; an empty list means the default."""
    from ostealgia.cohort.analysis_settings import AnalysisSettings

    groups, ends, models = spec.groups, spec.endpoints, spec.models
    stated = "small_cell" in spec.privacy.model_fields_set
    return AnalysisSettings(
        group=groups.column, reference=groups.reference or None, treated=groups.treated or None, labels=dict(groups.labels),
        weeks=ends.weeks or None, primary_week=ends.primary_week, definition=ends.definition, retreatment=ends.retreatment,
        opioid_table=ends.opioid_table or None, rules=dict(ends.rules), landmark_week=ends.landmark_week, rmst_months=ends.rmst_months,
        windows={int(week): span for week, span in ends.windows.items()} or None, instrument=ends.instrument,
        scales=ends.scales or None, laboratory=ends.laboratory or None, covariance=models.covariance, df_method=models.df_method,
        random=models.random, covariates=models.covariates, baseline=models.baseline or None, confounders=models.confounders or None,
        predictors=models.predictors or None, strata=models.strata or None, subgroups=spec.subgroups.factors or None,
        screen_p=models.screen_p, bootstrap=models.bootstrap, imputations=models.imputations, deltas=models.deltas, level=models.level,
        estimands=spec.estimands.show, small_cell=spec.privacy.small_cell if stated else 0, individual_lines=spec.privacy.individual_lines,
    )  # fmt: skip
