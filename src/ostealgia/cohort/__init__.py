"""A centre's own patients: derivations, tables, mixed models, survival, regression, weighting."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# exported name -> module that defines it
_HOME: dict[str, str] = {
    "RandomInterceptsResult": "mixed_model_groupings",
    "random_intercepts": "mixed_model_groupings",
    "CoxResult": "cox_result",
    "DecisionCurve": "performance_measures",
    "EValue": "causal_sensitivity",
    "FineGrayResult": "competing_regression",
    "GeeResult": "gee_model",
    "GrayResult": "competing_incidence",
    "ImmortalTimeResult": "survival_landmark",
    "IncidenceResult": "competing_incidence",
    "KaplanMeierResult": "survival_kaplan_meier",
    "LandmarkResult": "survival_landmark",
    "LogRankResult": "survival_tests",
    "LogisticResult": "logistic_model",
    "PerformanceResult": "performance_measures",
    "Plan": "plan",
    "PooledImputations": "imputation_pool",
    "PropensityResult": "causal_weighting",
    "ProportionalHazardsResult": "cox_result",
    "ResponseByWeek": "derivations",
    "RestrictedMeanResult": "survival_tests",
    "RidgeResult": "performance_measures",
    "ScreenResult": "logistic_screen",
    "StandardisedEffect": "causal_standardisation",
    "TableOne": "table_one_result",
    "TippingPoint": "imputation_pool",
    "WeightedEffect": "causal_weighting",
    "SubgroupEffects": "subgroups_effects",
    "subgroup_effects": "subgroups_effects",
    "Estimands": "estimands_table",
    "estimands": "estimands_table",
    "response_difference": "response_difference_build",
    "Section": "analysis_model",
    "CohortAnalysis": "analysis_model",
    "AnalysisSettings": "analysis_settings",
    "analyse": "analysis",
    "AdverseEvents": "adverse_events_table",
    "adverse_events": "adverse_events_table",
    "best_response": "derivations",
    "weighted_effect": "causal_weighting",
    "univariable_screen": "logistic_screen",
    "tipping_point": "imputation_pool",
    "table_one": "table_one_build",
    "ridge": "performance_measures",
    "propensity": "causal_weighting",
    "pool_imputations": "imputation_pool",
    "performance": "performance_measures",
    "logistic": "logistic_model",
    "gee": "gee_model",
    "g_computation": "causal_standardisation",
    "e_value": "causal_sensitivity",
    "CentreExport": "centres_export",
    "export_centre": "centres_export",
    "DraftMapping": "reading_suggest",
    "draft_mapping": "reading_suggest",
    "decision_curve": "performance_measures",
    "backward_aic": "logistic_screen",
    "aipw": "causal_standardisation",
    "flare_frame": "derivations_events",
    "quality_of_life": "derivations_events",
    "worst_grade_frame": "derivations_events",
    "skeletal_frame": "derivations_events",
    "survival_frame": "derivations_events",
    "relief_duration": "derivations",
    "time_to_relief": "derivations",
    "response_by_week": "derivations",
    "place_visits": "windows",
    "flow": "derivations_events",
    "Flow": "derivations_events",
    "read_plan": "plan",
    "freeze_plan": "plan",
    "quality_report": "quality",
    "QualityReport": "quality_findings",
    "example": "reading",
    "read": "reading",
    "Cohort": "reading",
    "AncovaResult": "ancova_fit",
    "Contrasts": "marginal_means_result",
    "MarginalMeans": "marginal_means_result",
    "MixedModelResult": "mixed_model_result",
    "MmrmResult": "mmrm_result",
    "PairedChange": "ancova_paired",
    "TermTests": "mixed_model_effects",
    "ancova": "ancova_fit",
    "cox": "cox_model",
    "cumulative_incidence": "competing_incidence",
    "fine_gray": "competing_regression",
    "gray_test": "competing_incidence",
    "immortal_time": "survival_landmark",
    "kaplan_meier": "survival_kaplan_meier",
    "landmark": "survival_landmark",
    "logrank": "survival_tests",
    "mixed_model": "mixed_model_fit",
    "mmrm": "mmrm_fit",
    "paired_change": "ancova_paired",
    "rmst": "survival_tests",
    "simulate": "simulated",
    "SimulatedCohort": "simulated",
}
__all__ = [
    "AdverseEvents",
    "AnalysisSettings",
    "AncovaResult",
    "CentreExport",
    "Cohort",
    "CohortAnalysis",
    "Contrasts",
    "CoxResult",
    "DecisionCurve",
    "DraftMapping",
    "EValue",
    "Estimands",
    "FineGrayResult",
    "Flow",
    "GeeResult",
    "GrayResult",
    "ImmortalTimeResult",
    "IncidenceResult",
    "KaplanMeierResult",
    "LandmarkResult",
    "LogRankResult",
    "LogisticResult",
    "MarginalMeans",
    "MixedModelResult",
    "MmrmResult",
    "PairedChange",
    "PerformanceResult",
    "Plan",
    "PooledImputations",
    "PropensityResult",
    "ProportionalHazardsResult",
    "QualityReport",
    "RandomInterceptsResult",
    "ResponseByWeek",
    "RestrictedMeanResult",
    "RidgeResult",
    "ScreenResult",
    "Section",
    "SimulatedCohort",
    "StandardisedEffect",
    "SubgroupEffects",
    "TableOne",
    "TermTests",
    "TippingPoint",
    "WeightedEffect",
    "adverse_events",
    "aipw",
    "analyse",
    "ancova",
    "backward_aic",
    "best_response",
    "cox",
    "cumulative_incidence",
    "decision_curve",
    "draft_mapping",
    "e_value",
    "estimands",
    "example",
    "export_centre",
    "fine_gray",
    "flare_frame",
    "flow",
    "freeze_plan",
    "g_computation",
    "gee",
    "gray_test",
    "immortal_time",
    "kaplan_meier",
    "landmark",
    "logistic",
    "logrank",
    "mixed_model",
    "mmrm",
    "paired_change",
    "performance",
    "place_visits",
    "pool_imputations",
    "propensity",
    "quality_of_life",
    "quality_report",
    "random_intercepts",
    "read",
    "read_plan",
    "relief_duration",
    "response_by_week",
    "response_difference",
    "ridge",
    "rmst",
    "simulate",
    "skeletal_frame",
    "subgroup_effects",
    "survival_frame",
    "table_one",
    "time_to_relief",
    "tipping_point",
    "univariable_screen",
    "weighted_effect",
    "worst_grade_frame",
]

if TYPE_CHECKING:
    from ostealgia.cohort.adverse_events_table import AdverseEvents, adverse_events
    from ostealgia.cohort.analysis import analyse
    from ostealgia.cohort.analysis_model import CohortAnalysis, Section
    from ostealgia.cohort.analysis_settings import AnalysisSettings
    from ostealgia.cohort.ancova_fit import AncovaResult, ancova
    from ostealgia.cohort.ancova_paired import PairedChange, paired_change
    from ostealgia.cohort.causal_sensitivity import EValue, e_value
    from ostealgia.cohort.causal_standardisation import StandardisedEffect, aipw, g_computation
    from ostealgia.cohort.causal_weighting import PropensityResult, WeightedEffect, propensity, weighted_effect
    from ostealgia.cohort.centres_export import CentreExport, export_centre
    from ostealgia.cohort.competing_incidence import GrayResult, IncidenceResult, cumulative_incidence, gray_test
    from ostealgia.cohort.competing_regression import FineGrayResult, fine_gray
    from ostealgia.cohort.cox_model import cox
    from ostealgia.cohort.cox_result import CoxResult, ProportionalHazardsResult
    from ostealgia.cohort.derivations import (
        ResponseByWeek,
        best_response,
        relief_duration,
        response_by_week,
        time_to_relief,
    )
    from ostealgia.cohort.derivations_events import (
        Flow,
        flare_frame,
        flow,
        quality_of_life,
        skeletal_frame,
        survival_frame,
        worst_grade_frame,
    )
    from ostealgia.cohort.estimands_table import Estimands, estimands
    from ostealgia.cohort.gee_model import GeeResult, gee
    from ostealgia.cohort.imputation_pool import PooledImputations, TippingPoint, pool_imputations, tipping_point
    from ostealgia.cohort.logistic_model import LogisticResult, logistic
    from ostealgia.cohort.logistic_screen import ScreenResult, backward_aic, univariable_screen
    from ostealgia.cohort.marginal_means_result import Contrasts, MarginalMeans
    from ostealgia.cohort.mixed_model_effects import TermTests
    from ostealgia.cohort.mixed_model_fit import mixed_model
    from ostealgia.cohort.mixed_model_groupings import RandomInterceptsResult, random_intercepts
    from ostealgia.cohort.mixed_model_result import MixedModelResult
    from ostealgia.cohort.mmrm_fit import mmrm
    from ostealgia.cohort.mmrm_result import MmrmResult
    from ostealgia.cohort.performance_measures import (
        DecisionCurve,
        PerformanceResult,
        RidgeResult,
        decision_curve,
        performance,
        ridge,
    )
    from ostealgia.cohort.plan import Plan, freeze_plan, read_plan
    from ostealgia.cohort.quality import quality_report
    from ostealgia.cohort.quality_findings import QualityReport
    from ostealgia.cohort.reading import Cohort, example, read
    from ostealgia.cohort.reading_suggest import DraftMapping, draft_mapping
    from ostealgia.cohort.response_difference_build import response_difference
    from ostealgia.cohort.simulated import SimulatedCohort, simulate
    from ostealgia.cohort.subgroups_effects import SubgroupEffects, subgroup_effects
    from ostealgia.cohort.survival_kaplan_meier import KaplanMeierResult, kaplan_meier
    from ostealgia.cohort.survival_landmark import ImmortalTimeResult, LandmarkResult, immortal_time, landmark
    from ostealgia.cohort.survival_tests import LogRankResult, RestrictedMeanResult, logrank, rmst
    from ostealgia.cohort.table_one_build import table_one
    from ostealgia.cohort.table_one_result import TableOne
    from ostealgia.cohort.windows import place_visits


def __getattr__(name: str) -> Any:
    """Load a part of the room when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.cohort.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.cohort' has no attribute {name!r}")
