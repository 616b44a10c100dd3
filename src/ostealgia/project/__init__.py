"""One project on disk: its inputs, the steps from them to a report, and the check that nothing has changed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.project.bundled import DemoResult, demo
    from ostealgia.project.centres import CentresResult, pool_centres
    from ostealgia.project.steps import ProjectResult, run
    from ostealgia.project.store import Project, load
    from ostealgia.project.templates import TEMPLATES, init
    from ostealgia.project.verification import VerifyResult, verify

_HOME = {
    "CentresResult": "centres",
    "DemoResult": "bundled",
    "Project": "store",
    "ProjectResult": "steps",
    "TEMPLATES": "templates",
    "VerifyResult": "verification",
    "demo": "bundled",
    "init": "templates",
    "load": "store",
    "pool_centres": "centres",
    "run": "steps",
    "verify": "verification",
}
__all__ = [
    "TEMPLATES",
    "CentresResult",
    "DemoResult",
    "Project",
    "ProjectResult",
    "VerifyResult",
    "demo",
    "init",
    "load",
    "pool_centres",
    "run",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Load a step when it is first used: reading a project needs pydantic, running one matplotlib."""
    if name in _HOME:
        value = getattr(import_module(f"ostealgia.project.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'ostealgia.project' has no attribute {name!r}")
