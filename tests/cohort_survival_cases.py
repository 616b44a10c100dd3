"""Reference values of survival analysis: R 4.2.2 with survival 3.5-3 and cmprsk 2.2-11, each case with its source and its tolerance.

Tolerances are those of the reference file: closed forms 1e-8, Cox 1e-7 (the reference's own convergence), Fine-Gray 1e-5.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent / "reference"


@cache
def every_case() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((FOLDER / "cohort_survival.json").read_text(encoding="utf-8"))["cases"])


def of(*methods: str) -> list[Any]:
    """The cases of these methods."""
    return [case for case in every_case() if case["method"] in methods]


def named(case: dict[str, Any]) -> str:
    return str(case["id"])


@cache
def _frame(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "cohort_data" / Path(name).name)


def frame(case: dict[str, Any]) -> pd.DataFrame:
    return _frame(case["data"]).copy()


def same(case: dict[str, Any], found: Any, expected: Any, *, atol: float | None = None) -> None:
    """Equal within the case's own tolerance; null is not estimable (NaN)."""
    if isinstance(expected, dict):
        expected = list(expected.values())
    flat = [
        np.nan if x is None else np.inf if x == "Infinity" else x for x in np.ravel(np.array(expected, dtype=object))
    ]
    room = case["tolerance"]
    np.testing.assert_allclose(
        np.ravel(np.asarray(found, float)), flat, rtol=room["rtol"], atol=room["atol"] if atol is None else atol
    )
