"""A centre's own patients: derivations, tables, mixed models, survival, regression, weighting."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# exported name -> module that defines it
_HOME: dict[str, str] = {
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
}
__all__ = [
    "AncovaResult",
    "Cohort",
    "Contrasts",
    "Flow",
    "MarginalMeans",
    "MixedModelResult",
    "MmrmResult",
    "PairedChange",
    "QualityReport",
    "TermTests",
    "aipw",
    "ancova",
    "backward_aic",
    "best_response",
    "cox",
    "cumulative_incidence",
    "decision_curve",
    "e_value",
    "example",
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
    "read",
    "read_plan",
    "relief_duration",
    "response_by_week",
    "ridge",
    "rmst",
    "skeletal_frame",
    "survival_frame",
    "table_one",
    "time_to_relief",
    "tipping_point",
    "univariable_screen",
    "weighted_effect",
    "worst_grade_frame",
]

if TYPE_CHECKING:
    from ostealgia.cohort.ancova_fit import AncovaResult, ancova
    from ostealgia.cohort.ancova_paired import PairedChange, paired_change
    from ostealgia.cohort.causal_sensitivity import e_value
    from ostealgia.cohort.causal_standardisation import aipw, g_computation
    from ostealgia.cohort.causal_weighting import propensity, weighted_effect
    from ostealgia.cohort.competing_incidence import cumulative_incidence, gray_test
    from ostealgia.cohort.competing_regression import fine_gray
    from ostealgia.cohort.cox_model import cox
    from ostealgia.cohort.derivations import best_response, relief_duration, response_by_week, time_to_relief
    from ostealgia.cohort.derivations_events import (
        Flow,
        flare_frame,
        flow,
        quality_of_life,
        skeletal_frame,
        survival_frame,
        worst_grade_frame,
    )
    from ostealgia.cohort.gee_model import gee
    from ostealgia.cohort.imputation_pool import pool_imputations, tipping_point
    from ostealgia.cohort.logistic_model import logistic
    from ostealgia.cohort.logistic_screen import backward_aic, univariable_screen
    from ostealgia.cohort.marginal_means_result import Contrasts, MarginalMeans
    from ostealgia.cohort.mixed_model_effects import TermTests
    from ostealgia.cohort.mixed_model_fit import mixed_model
    from ostealgia.cohort.mixed_model_result import MixedModelResult
    from ostealgia.cohort.mmrm_fit import mmrm
    from ostealgia.cohort.mmrm_result import MmrmResult
    from ostealgia.cohort.performance_measures import decision_curve, performance, ridge
    from ostealgia.cohort.plan import freeze_plan, read_plan
    from ostealgia.cohort.quality import quality_report
    from ostealgia.cohort.quality_findings import QualityReport
    from ostealgia.cohort.reading import Cohort, example, read
    from ostealgia.cohort.survival_kaplan_meier import kaplan_meier
    from ostealgia.cohort.survival_landmark import immortal_time, landmark
    from ostealgia.cohort.survival_tests import logrank, rmst
    from ostealgia.cohort.table_one_build import table_one
    from ostealgia.cohort.windows import place_visits


def __getattr__(name: str) -> Any:
    """Load a part of the room when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.cohort.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.cohort' has no attribute {name!r}")
