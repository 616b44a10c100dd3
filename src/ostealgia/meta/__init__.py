"""Pooled effects."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.meta.asymmetry import EggerResult, egger
    from ostealgia.meta.asymmetry_result import AsymmetryResult, RankTestResult
    from ostealgia.meta.asymmetry_tests import asymmetry_test, begg, regtest
    from ostealgia.meta.excess_significance_test import ExcessSignificanceResult, excess_significance
    from ostealgia.meta.fail_safe import FailSafeResult, fail_safe_n
    from ostealgia.meta.pooling import pool
    from ostealgia.meta.result import PoolResult, ScaleEstimate
    from ostealgia.meta.sensitivity import SensitivityResult, cumulative, grid, leave_one_out
    from ostealgia.meta.shrinkage import fit_statistics, shrunken
    from ostealgia.meta.small_study_adjusted import HenmiCopasResult, PetPeeseResult, henmi_copas, pet_peese
    from ostealgia.meta.small_study_table import small_study_effects
    from ostealgia.meta.subgroups import SubgroupResult, subgroup
    from ostealgia.meta.trim_and_fill_method import TrimAndFillResult, trim_and_fill

_HOME = {
    "AsymmetryResult": "asymmetry_result",
    "EggerResult": "asymmetry",
    "ExcessSignificanceResult": "excess_significance_test",
    "FailSafeResult": "fail_safe",
    "HenmiCopasResult": "small_study_adjusted",
    "PetPeeseResult": "small_study_adjusted",
    "PoolResult": "result",
    "RankTestResult": "asymmetry_result",
    "ScaleEstimate": "result",
    "SensitivityResult": "sensitivity",
    "SubgroupResult": "subgroups",
    "TrimAndFillResult": "trim_and_fill_method",
    "asymmetry_test": "asymmetry_tests",
    "begg": "asymmetry_tests",
    "cumulative": "sensitivity",
    "egger": "asymmetry",
    "excess_significance": "excess_significance_test",
    "fail_safe_n": "fail_safe",
    "fit_statistics": "shrinkage",
    "grid": "sensitivity",
    "henmi_copas": "small_study_adjusted",
    "leave_one_out": "sensitivity",
    "pet_peese": "small_study_adjusted",
    "pool": "pooling",
    "regtest": "asymmetry_tests",
    "shrunken": "shrinkage",
    "small_study_effects": "small_study_table",
    "subgroup": "subgroups",
    "trim_and_fill": "trim_and_fill_method",
}
__all__ = [
    "AsymmetryResult",
    "EggerResult",
    "ExcessSignificanceResult",
    "FailSafeResult",
    "HenmiCopasResult",
    "PetPeeseResult",
    "PoolResult",
    "RankTestResult",
    "ScaleEstimate",
    "SensitivityResult",
    "SubgroupResult",
    "TrimAndFillResult",
    "asymmetry_test",
    "begg",
    "cumulative",
    "egger",
    "excess_significance",
    "fail_safe_n",
    "fit_statistics",
    "grid",
    "henmi_copas",
    "leave_one_out",
    "pet_peese",
    "pool",
    "regtest",
    "shrunken",
    "small_study_effects",
    "subgroup",
    "trim_and_fill",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ostealgia.meta' has no attribute {name!r}")
    value = getattr(import_module(f"ostealgia.meta.{_HOME[name]}"), name)
    globals()[name] = value
    return value
