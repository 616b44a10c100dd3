"""The batch engine: 100,000 ragged analyses of 10 to 30 studies against reading every byte once, and against a pimeta loop.

Processor time of one thread, medians of calls that take turns. The first call of each, which loads or compiles the kernel, does not count.
Part of bench/run.py; by itself it prints its own rows and what a call costs around the fits.
"""

from __future__ import annotations

import sys
from typing import Any

from clock import Call, turns  # first: it holds linear algebra to one thread

import numpy as np  # isort: skip

ANALYSES = 100_000
PEER = 300  # analyses that a loop does; scaled up


def batch(analyses: int, low: int = 10, high: int = 30) -> Any:
    """Ragged analyses with effects around 0.3, tau2 = 0.05, variances 0.02 to 0.3."""
    from ostealgia.meta import Batch

    rng = np.random.default_rng(20)
    k = rng.integers(low, high + 1, analyses)
    v = rng.uniform(0.02, 0.3, k.sum())
    y = rng.normal(0.3, np.sqrt(0.05 + v))
    return Batch(y=y, v=v, offsets=np.concatenate([[0], np.cumsum(k)]))


def engine_calls(data: Any) -> dict[str, Call]:
    """From a Batch to estimate, standard error, interval, tau2 and Q; and the bytes of the Batch, read."""
    from ostealgia.meta import pool_many

    def fitted(**options: Any) -> Call:
        return lambda: pool_many(data, pi="none", threads=1, **options).ci_low

    return {
        "reading": lambda: (data.y.sum(), data.v.sum(), data.offsets.sum()),
        "DL": fitted(tau2="DL", ci="z", engine="numba"),
        "REML + HK": fitted(tau2="REML", ci="HK", engine="numba"),
    }


def slow_calls(data: Any) -> dict[str, Call]:
    """NumPy alone on all; pimeta and our own single pool on the first few hundred analyses."""
    from ostealgia.meta import pool, pool_many

    def loop(one: Any) -> Call:
        def call() -> None:
            for i in range(PEER):
                rows = slice(data.offsets[i], data.offsets[i + 1])
                one(data.y[rows], data.v[rows])

        return call

    calls: dict[str, Call] = {
        "NumPy, DL": lambda: pool_many(data, tau2="DL", ci="z", pi="none", engine="numpy").ci_low,
        "NumPy, REML + HK": lambda: pool_many(data, tau2="REML", ci="HK", pi="none", engine="numpy").ci_low,
        "pool() loop": loop(lambda y, v: pool({"estimate": y, "std_error": np.sqrt(v)}, ci="HK", pi="none")),
    }
    try:
        import pimeta
    except ImportError:
        return calls
    calls["pimeta loop"] = loop(lambda y, v: pimeta.rma(yi=y, vi=v, method="REML", test="knha"))
    return calls


def rows() -> list[str]:
    """The rows of the table, in Markdown; a word where numba is missing."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return ["| batch engine | not measured: numba is not installed (pip install 'ostealgia[fast]') | | | |"]
    data = batch(ANALYSES)
    fast = turns(
        engine_calls(data), rounds=61, least=0.0
    )  # one at a time: what one leaves in the caches serves no repeat
    slow = turns(slow_calls(data), rounds=5)
    slow.update({name: value * len(data) / PEER for name, value in slow.items() if "loop" in name})
    read = fast["reading"]
    found = [
        within(f"batch DL, {ANALYSES:,} ragged", fast["DL"], read, 4.0),
        within("batch REML + HK, the same", fast["REML + HK"], read, 25.0),
        within("batch DL, NumPy alone", slow["NumPy, DL"], read, None),
        within("batch REML + HK, NumPy alone", slow["NumPy, REML + HK"], read, None),
    ]
    if "pimeta loop" not in slow:
        return [*found, "| batch REML + HK | | pimeta loop: not installed | | |"]
    loop = slow["pimeta loop"]
    for name, ours, goal in (
        ("batch REML + HK, compiled", fast["REML + HK"], 500.0),
        ("batch REML + HK, NumPy alone", slow["NumPy, REML + HK"], 40.0),
        ("`pool` one by one", slow["pool() loop"], None),
    ):
        verdict = "" if goal is None else f"{goal:g}x: {'held' if loop / ours >= goal else '**missed**'}"
        found.append(
            f"| {name} | {ours * 1e3:,.3g} ms | pimeta loop: {loop:.3g} s | {float(f'{loop / ours:.2g}'):,g}x | {verdict} |"
        )
    return found


def within(name: str, ours: float, read: float, goal: float | None) -> str:
    verdict = "" if goal is None else f"within {goal:g}x: {'held' if ours <= goal * read else '**missed**'}"
    return f"| {name} | {ours * 1e3:.3g} ms | reading every byte: {read * 1e3:.3g} ms | {ours / read:.1f}x reading | {verdict} |"


def around(data: Any) -> None:
    """What a user's call costs besides the fits: from a long frame, to a frame of every column, leave-one-out for all."""
    from ostealgia.meta import leave_one_out_many, pool_many

    frame = data.to_frame()
    part = data.take(np.arange(10_000))
    calls: dict[str, Call] = {
        "from a long frame, REML + HK": lambda: pool_many(frame, tau2="REML", ci="HK", engine="numba", threads=1),
        "and to a frame of all columns": lambda: pool_many(
            frame, tau2="REML", ci="HK", engine="numba", threads=1
        ).to_frame(),
        "leave-one-out DL, 10,000": lambda: leave_one_out_many(part, tau2="DL", ci="z", engine="numba", threads=1),
        "leave-one-out REML, 10,000": lambda: leave_one_out_many(part, tau2="REML", ci="HK", engine="numba", threads=1),
    }
    for name, seconds in turns(calls, rounds=5).items():
        print(f"  {name:<32}{seconds * 1e3:8.1f} ms")


def main() -> None:
    print("\n".join(rows()))
    around(batch(ANALYSES))


if __name__ == "__main__":
    sys.exit(main())
