"""Example patients of the package, all invented."""

from __future__ import annotations

import json
from typing import Any

from ostealgia.decision.fact_fields import data_folder


def example_files() -> dict[str, bytes]:
    """Name of each example's file -> its bytes, sorted by name."""
    folder = data_folder().joinpath("patients")
    return {
        one.name: one.read_bytes()
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.endswith(".json")
    }


def example_patients() -> dict[str, dict[str, Any]]:
    """The example patients by name.

    >>> sorted(example_patients())[:3]
    ['contradictory', 'emergency-now', 'impending-fracture']
    """
    return {name.removesuffix(".json"): json.loads(data) for name, data in example_files().items()}
