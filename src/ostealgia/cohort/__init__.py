"""A centre's own patients: derivations, tables, mixed models, survival, regression, weighting."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# exported name -> module that defines it
_HOME: dict[str, str] = {}
__all__: list[str] = []

if TYPE_CHECKING:
    pass


def __getattr__(name: str) -> Any:
    """Load a part of the room when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.cohort.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.cohort' has no attribute {name!r}")
