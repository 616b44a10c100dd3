"""Processor time of competing calls, taken in turns. One thread a call: linear algebra is held to one here, in R as well."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before NumPy is loaded

Call = Callable[[], object]
ROUNDS = 15
PATIENCE = 20.0  # seconds that one call may take in all rounds together


def seconds_of(call: Call, repeats: int = 1) -> float:
    """Processor seconds of one call."""
    start = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - start) / repeats


def turns(calls: dict[str, Call], rounds: int = ROUNDS, least: float = 0.02) -> dict[str, float]:
    """Median processor seconds of each call; they take turns, so that a busy machine slows all alike.

    A call that takes less than ``least`` seconds is repeated within a turn; a slow one gets fewer turns. The first call, which may load or
    compile, does not count.
    """
    single = {}
    for name, call in calls.items():
        call()
        single[name] = max(1e-7, seconds_of(call))
    repeats = {name: max(1, round(least / once)) for name, once in single.items()}
    limit = {name: max(3, min(rounds, round(PATIENCE / once))) for name, once in single.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(rounds):
        for name, call in calls.items():
            if i < limit[name]:
                times[name].append(seconds_of(call, repeats[name]))
    return {name: statistics.median(values) for name, values in times.items()}
