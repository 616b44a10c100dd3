"""The bundled SIMULATED cohort and what may be wrong with a cohort, for the tests of the whole analysis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ostealgia.cohort.analysis_settings import AnalysisSettings
from ostealgia.cohort.reading import Cohort, example, read

QUICK: dict[str, Any] = {"bootstrap": 0, "imputations": 3}


def quick(**changes: Any) -> AnalysisSettings:
    """Settings without bootstrap and with few imputations: the tests look at what is done, not at its precision."""
    return AnalysisSettings(**{**QUICK, **changes})


def bundled() -> Cohort:
    return read(example())


def with_tables(cohort: Cohort, **tables: Any) -> Cohort:
    """The cohort with some tables in another form; None takes a table away."""
    made = {**cohort.tables, **tables}
    return replace(cohort, tables={name: frame for name, frame in made.items() if frame is not None})


def only(cohort: Cohort, ids: Any) -> Cohort:
    """The cohort of some patients."""
    keep = set(ids)
    tables = {
        name: frame if name == "screening" else frame[frame["id"].isin(keep)] for name, frame in cohort.tables.items()
    }
    return replace(cohort, tables=tables)


def made_up(n: int = 80, seed: int = 5, *, weeks: tuple[int, ...] = (0, 4, 12), effect: float = -1.0) -> Cohort:
    """A cohort in which nothing comes between: nobody dies, drops out, is treated again, or needs more opioids."""
    rng = np.random.default_rng(seed)
    ids = [f"M{i:03d}" for i in range(n)]
    group = np.where(np.arange(n) % 2 == 0, "control", "treated")
    start = rng.integers(5, 11, n)
    level = rng.normal(0, 1, n)
    rows = []
    for week in weeks:
        fall = 0 if week == 0 else 2.0 + level + rng.normal(0, 1, n) - effect * (group == "treated")
        pain = start if week == 0 else np.clip(np.round(start - fall), 0, 10)
        rows.append(pd.DataFrame({"id": ids, "week": float(week), "day": week * 7.0, "status": "assessed", "nrs_worst": pain.astype(float),
                                  "omed_mg": 20.0}))  # fmt: skip
    patients = pd.DataFrame(
        {"id": ids, "group": group, "age": rng.integers(40, 85, n).astype(float), "sex": rng.choice(["female", "male"], n),
         "ecog": rng.integers(0, 4, n).astype(float), "nrs_baseline": start.astype(float), "omed_baseline_mg": 20.0}
    )  # fmt: skip
    events = pd.DataFrame(
        {"id": ids, "os_months": rng.uniform(6, 30, n), "os_event": 1.0, "pfs_months": rng.uniform(3.5, 6, n), "pfs_event": 1.0,
         "pfs_event_type": 1.0, "reirradiation_day": np.nan, "relief_onset_day": rng.integers(3, 40, n).astype(float),
         "relief_duration_days": rng.integers(10, 90, n).astype(float)}
    )  # fmt: skip
    base = bundled()
    return replace(
        base,
        name="made-up",
        tables={"patients": patients, "visits": pd.concat(rows, ignore_index=True), "events": events},
    )
