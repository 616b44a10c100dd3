"""Pooled effects."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.meta.asymmetry import EggerResult, egger
    from ostealgia.meta.asymmetry_result import AsymmetryResult, RankTestResult
    from ostealgia.meta.asymmetry_tests import asymmetry_test, begg, regtest
    from ostealgia.meta.pooling import pool
    from ostealgia.meta.result import PoolResult, ScaleEstimate
    from ostealgia.meta.sensitivity import SensitivityResult, cumulative, grid, leave_one_out
    from ostealgia.meta.shrinkage import fit_statistics, shrunken
    from ostealgia.meta.small_study_table import small_study_effects
    from ostealgia.meta.subgroups import SubgroupResult, subgroup

_HOME = {
    "AsymmetryResult": "asymmetry_result",
    "EggerResult": "asymmetry",
    "PoolResult": "result",
    "RankTestResult": "asymmetry_result",
    "ScaleEstimate": "result",
    "SensitivityResult": "sensitivity",
    "SubgroupResult": "subgroups",
    "asymmetry_test": "asymmetry_tests",
    "begg": "asymmetry_tests",
    "cumulative": "sensitivity",
    "egger": "asymmetry",
    "fit_statistics": "shrinkage",
    "grid": "sensitivity",
    "leave_one_out": "sensitivity",
    "pool": "pooling",
    "regtest": "asymmetry_tests",
    "shrunken": "shrinkage",
    "small_study_effects": "small_study_table",
    "subgroup": "subgroups",
}
__all__ = [
    "AsymmetryResult",
    "EggerResult",
    "PoolResult",
    "RankTestResult",
    "ScaleEstimate",
    "SensitivityResult",
    "SubgroupResult",
    "asymmetry_test",
    "begg",
    "cumulative",
    "egger",
    "fit_statistics",
    "grid",
    "leave_one_out",
    "pool",
    "regtest",
    "shrunken",
    "small_study_effects",
    "subgroup",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ostealgia.meta' has no attribute {name!r}")
    value = getattr(import_module(f"ostealgia.meta.{_HOME[name]}"), name)
    globals()[name] = value
    return value
