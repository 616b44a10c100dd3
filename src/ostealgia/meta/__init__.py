"""Pooled effects."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.meta.asymmetry import EggerResult, egger
    from ostealgia.meta.pooling import pool
    from ostealgia.meta.result import PoolResult, ScaleEstimate
    from ostealgia.meta.sensitivity import SensitivityResult, cumulative, grid, leave_one_out
    from ostealgia.meta.shrinkage import fit_statistics, shrunken
    from ostealgia.meta.subgroups import SubgroupResult, subgroup

_HOME = {
    "pool": "pooling",
    "PoolResult": "result",
    "ScaleEstimate": "result",
    "subgroup": "subgroups",
    "SubgroupResult": "subgroups",
    "leave_one_out": "sensitivity",
    "cumulative": "sensitivity",
    "grid": "sensitivity",
    "SensitivityResult": "sensitivity",
    "egger": "asymmetry",
    "EggerResult": "asymmetry",
    "shrunken": "shrinkage",
    "fit_statistics": "shrinkage",
}
__all__ = [
    "EggerResult",
    "PoolResult",
    "ScaleEstimate",
    "SensitivityResult",
    "SubgroupResult",
    "cumulative",
    "egger",
    "fit_statistics",
    "grid",
    "leave_one_out",
    "pool",
    "shrunken",
    "subgroup",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ostealgia.meta' has no attribute {name!r}")
    value = getattr(import_module(f"ostealgia.meta.{_HOME[name]}"), name)
    globals()[name] = value
    return value
