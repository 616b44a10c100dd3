"""ostealgia: an evidence engine for painful bone metastases.

>>> import ostealgia as oa
>>> fit = oa.meta.pool({"study": ["A", "B", "C"], "estimate": [-0.5, -0.2, -0.4], "std_error": [0.2, 0.1, 0.3]})
>>> fit.k
3
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_ROOMS = (
    "audit",
    "clinical",
    "cohort",
    "decision",
    "effects",
    "io",
    "meta",
    "network",
    "plot",
    "project",
    "report",
    "tables",
)
__all__ = [
    "audit",
    "clinical",
    "cohort",
    "decision",
    "effects",
    "io",
    "meta",
    "network",
    "plot",
    "project",
    "report",
    "run",
    "tables",
]

if TYPE_CHECKING:
    from ostealgia import audit, clinical, cohort, decision, effects, io, meta, network, plot, project, report, tables
    from ostealgia.project.steps import run


def __getattr__(name: str) -> Any:
    """Load a room the first time it is used, so that ``import ostealgia`` stays quick."""
    if name in _ROOMS:
        return import_module(f"ostealgia.{name}")
    if name == "run":
        return import_module("ostealgia.project.steps").run
    raise AttributeError(f"module 'ostealgia' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
