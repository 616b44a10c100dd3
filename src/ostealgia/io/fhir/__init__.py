"""FHIR R4: a Bundle of one patient to facts with their provenance, and facts to a Bundle."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.io.fhir.bundles import is_bundle
    from ostealgia.io.fhir.reading import FhirPatient, read_bundle
    from ostealgia.io.fhir.writing import write_bundle

_HOME = {
    "FhirPatient": "reading",
    "is_bundle": "bundles",
    "read_bundle": "reading",
    "write_bundle": "writing",
}
__all__ = ["FhirPatient", "is_bundle", "read_bundle", "write_bundle"]


def __getattr__(name: str) -> Any:
    """Load a part of the room when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.io.fhir.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.io.fhir' has no attribute {name!r}")
