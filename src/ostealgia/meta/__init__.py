"""Pooled effects."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.meta.absolute_certainty import AbsoluteTable, absolute_table
    from ostealgia.meta.aggregate_effects import aggregate
    from ostealgia.meta.asymmetry import EggerResult, egger
    from ostealgia.meta.asymmetry_result import AsymmetryResult, RankTestResult
    from ostealgia.meta.asymmetry_tests import asymmetry_test, begg, regtest
    from ostealgia.meta.batch import Batch, as_batch
    from ostealgia.meta.batch_resampling import ResamplingResult, bootstrap_many, permutation_many, simulate_many
    from ostealgia.meta.batch_result import BatchResult
    from ostealgia.meta.bayes_fit import bayes
    from ostealgia.meta.bayes_result import BayesResult
    from ostealgia.meta.bayes_settings import heterogeneity_prior
    from ostealgia.meta.cluster import pool_many_dask
    from ostealgia.meta.diagnostics import BaujatResult, LabbeResult, RadialResult, baujat, labbe, radial
    from ostealgia.meta.excess_significance_test import ExcessSignificanceResult, excess_significance
    from ostealgia.meta.fail_safe import FailSafeResult, fail_safe_n
    from ostealgia.meta.influence_refits import RegressionRefits
    from ostealgia.meta.influence_results import InfluenceResult, ResidualResult, influence, residuals
    from ostealgia.meta.known_covariance_build import SamplingCovariance, known_covariance
    from ostealgia.meta.limit_analysis import LimitResult, limit_meta
    from ostealgia.meta.many import leave_one_out_many, pool_many
    from ostealgia.meta.multilevel_factors import FactorsResult, pool_by_factor
    from ostealgia.meta.multilevel_fit import multilevel, multivariate
    from ostealgia.meta.multilevel_result import MultilevelResult, VarianceComponent
    from ostealgia.meta.out_of_core import OutOfCoreResult, pool_parquet, write_batches
    from ostealgia.meta.permutations import PermutationResult, permutation_test
    from ostealgia.meta.pooling import pool
    from ostealgia.meta.predictions import PredictionResult, predict
    from ostealgia.meta.r_script_writer import r_script, register_r_script
    from ostealgia.meta.regression import regress
    from ostealgia.meta.regression_result import RegressionResult
    from ostealgia.meta.regression_tests import LikelihoodRatioResult, likelihood_ratio_test
    from ostealgia.meta.result import PoolResult, ScaleEstimate
    from ostealgia.meta.robust_inference import RobustResult, robust
    from ostealgia.meta.robust_inference_rve import rve
    from ostealgia.meta.selection_models import SelectionResult, selection_model
    from ostealgia.meta.sensitivity import SensitivityResult, cumulative, grid, leave_one_out
    from ostealgia.meta.shrinkage import fit_statistics, shrunken
    from ostealgia.meta.small_study_adjusted import HenmiCopasResult, PetPeeseResult, henmi_copas, pet_peese
    from ostealgia.meta.small_study_table import small_study_effects
    from ostealgia.meta.subgroups import SubgroupResult, subgroup
    from ostealgia.meta.trajectory_fit import TrajectoryResult, trajectory
    from ostealgia.meta.trajectory_prepost import PrepostResult, prepost_over_correlations
    from ostealgia.meta.trim_and_fill_method import TrimAndFillResult, trim_and_fill

_HOME = {
    "AbsoluteTable": "absolute_certainty",
    "AsymmetryResult": "asymmetry_result",
    "Batch": "batch",
    "BatchResult": "batch_result",
    "BaujatResult": "diagnostics",
    "BayesResult": "bayes_result",
    "EggerResult": "asymmetry",
    "ExcessSignificanceResult": "excess_significance_test",
    "FactorsResult": "multilevel_factors",
    "FailSafeResult": "fail_safe",
    "HenmiCopasResult": "small_study_adjusted",
    "InfluenceResult": "influence_results",
    "LabbeResult": "diagnostics",
    "LikelihoodRatioResult": "regression_tests",
    "LimitResult": "limit_analysis",
    "MultilevelResult": "multilevel_result",
    "OutOfCoreResult": "out_of_core",
    "PermutationResult": "permutations",
    "PetPeeseResult": "small_study_adjusted",
    "PoolResult": "result",
    "PredictionResult": "predictions",
    "PrepostResult": "trajectory_prepost",
    "RadialResult": "diagnostics",
    "RankTestResult": "asymmetry_result",
    "RegressionRefits": "influence_refits",
    "RegressionResult": "regression_result",
    "ResamplingResult": "batch_resampling",
    "ResidualResult": "influence_results",
    "RobustResult": "robust_inference",
    "SamplingCovariance": "known_covariance_build",
    "ScaleEstimate": "result",
    "SelectionResult": "selection_models",
    "SensitivityResult": "sensitivity",
    "SubgroupResult": "subgroups",
    "TrajectoryResult": "trajectory_fit",
    "TrimAndFillResult": "trim_and_fill_method",
    "VarianceComponent": "multilevel_result",
    "absolute_table": "absolute_certainty",
    "aggregate": "aggregate_effects",
    "as_batch": "batch",
    "asymmetry_test": "asymmetry_tests",
    "baujat": "diagnostics",
    "bayes": "bayes_fit",
    "begg": "asymmetry_tests",
    "bootstrap_many": "batch_resampling",
    "cumulative": "sensitivity",
    "egger": "asymmetry",
    "excess_significance": "excess_significance_test",
    "fail_safe_n": "fail_safe",
    "fit_statistics": "shrinkage",
    "grid": "sensitivity",
    "henmi_copas": "small_study_adjusted",
    "heterogeneity_prior": "bayes_settings",
    "influence": "influence_results",
    "known_covariance": "known_covariance_build",
    "labbe": "diagnostics",
    "leave_one_out": "sensitivity",
    "leave_one_out_many": "many",
    "likelihood_ratio_test": "regression_tests",
    "limit_meta": "limit_analysis",
    "multilevel": "multilevel_fit",
    "multivariate": "multilevel_fit",
    "permutation_many": "batch_resampling",
    "permutation_test": "permutations",
    "pet_peese": "small_study_adjusted",
    "pool": "pooling",
    "pool_by_factor": "multilevel_factors",
    "pool_many": "many",
    "pool_many_dask": "cluster",
    "pool_parquet": "out_of_core",
    "predict": "predictions",
    "prepost_over_correlations": "trajectory_prepost",
    "r_script": "r_script_writer",
    "radial": "diagnostics",
    "register_r_script": "r_script_writer",
    "regress": "regression",
    "regtest": "asymmetry_tests",
    "residuals": "influence_results",
    "robust": "robust_inference",
    "rve": "robust_inference_rve",
    "selection_model": "selection_models",
    "shrunken": "shrinkage",
    "simulate_many": "batch_resampling",
    "small_study_effects": "small_study_table",
    "subgroup": "subgroups",
    "trajectory": "trajectory_fit",
    "trim_and_fill": "trim_and_fill_method",
    "write_batches": "out_of_core",
}
__all__ = [
    "AbsoluteTable",
    "AsymmetryResult",
    "Batch",
    "BatchResult",
    "BaujatResult",
    "BayesResult",
    "EggerResult",
    "ExcessSignificanceResult",
    "FactorsResult",
    "FailSafeResult",
    "HenmiCopasResult",
    "InfluenceResult",
    "LabbeResult",
    "LikelihoodRatioResult",
    "LimitResult",
    "MultilevelResult",
    "OutOfCoreResult",
    "PermutationResult",
    "PetPeeseResult",
    "PoolResult",
    "PredictionResult",
    "PrepostResult",
    "RadialResult",
    "RankTestResult",
    "RegressionRefits",
    "RegressionResult",
    "ResamplingResult",
    "ResidualResult",
    "RobustResult",
    "SamplingCovariance",
    "ScaleEstimate",
    "SelectionResult",
    "SensitivityResult",
    "SubgroupResult",
    "TrajectoryResult",
    "TrimAndFillResult",
    "VarianceComponent",
    "absolute_table",
    "aggregate",
    "as_batch",
    "asymmetry_test",
    "baujat",
    "bayes",
    "begg",
    "bootstrap_many",
    "cumulative",
    "egger",
    "excess_significance",
    "fail_safe_n",
    "fit_statistics",
    "grid",
    "henmi_copas",
    "heterogeneity_prior",
    "influence",
    "known_covariance",
    "labbe",
    "leave_one_out",
    "leave_one_out_many",
    "likelihood_ratio_test",
    "limit_meta",
    "multilevel",
    "multivariate",
    "permutation_many",
    "permutation_test",
    "pet_peese",
    "pool",
    "pool_by_factor",
    "pool_many",
    "pool_many_dask",
    "pool_parquet",
    "predict",
    "prepost_over_correlations",
    "r_script",
    "radial",
    "register_r_script",
    "regress",
    "regtest",
    "residuals",
    "robust",
    "rve",
    "selection_model",
    "shrunken",
    "simulate_many",
    "small_study_effects",
    "subgroup",
    "trajectory",
    "trim_and_fill",
    "write_batches",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ostealgia.meta' has no attribute {name!r}")
    value = getattr(import_module(f"ostealgia.meta.{_HOME[name]}"), name)
    globals()[name] = value
    return value
