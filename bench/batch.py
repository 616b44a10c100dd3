"""Speed of the batch engine as ratios in the same run: against reading every byte once (np.sum over y and v) and against a pimeta loop.

100,000 ragged analyses of 10 to 30 studies. Calls take turns; medians of wall time and of processor time (all threads added up). The first
call of each, which loads or compiles the kernel, is not counted and told apart. ``--growth`` adds time and memory from 100 to 10 million
effects. Run by ``make bench``; nothing here is part of a test.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

ROUNDS = 15
ANALYSES = 100_000
PEER = 300  # analyses that the pimeta loop does; scaled up
Call = Callable[[], object]


def batch(analyses: int, low: int = 10, high: int = 30) -> object:
    """Ragged analyses with effects around 0.3, tau2 = 0.05, variances 0.02 to 0.3."""
    from ostealgia.meta import Batch

    rng = np.random.default_rng(20)
    k = rng.integers(low, high + 1, analyses)
    v = rng.uniform(0.02, 0.3, k.sum())
    y = rng.normal(0.3, np.sqrt(0.05 + v))
    return Batch(y=y, v=v, offsets=np.concatenate([[0], np.cumsum(k)]))


def turns(calls: dict[str, Call], rounds: int = ROUNDS) -> dict[str, tuple[float, float]]:
    """Median (wall, processor) seconds of each call; calls take turns, so that a busy machine slows all alike."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            wall, processor = time.perf_counter(), time.process_time()
            call()
            times[name].append((time.perf_counter() - wall, time.process_time() - processor))
    return {
        name: (statistics.median(w for w, _ in pairs), statistics.median(p for _, p in pairs))
        for name, pairs in times.items()
    }


def engine_calls(data: object) -> dict[str, Call]:
    """The tasks of the goals, from a Batch to estimate, standard error, interval, tau2 and Q."""
    from ostealgia.meta import pool_many

    def with_interval(**options: object) -> Call:
        def call() -> object:
            fit = pool_many(data, pi="none", **options)
            return fit.ci_low

        return call

    calls: dict[str, Call] = {
        "read every byte once": lambda: (data.y.sum(), data.v.sum()),
        "DL, z": with_interval(tau2="DL", ci="z", engine="numba"),
        "DL, z, 1 thread": with_interval(tau2="DL", ci="z", engine="numba", threads=1),
        "REML, HK": with_interval(tau2="REML", ci="HK", engine="numba"),
        "REML, HK, 1 thread": with_interval(tau2="REML", ci="HK", engine="numba", threads=1),
    }
    return calls


def peer_calls(data: object) -> dict[str, Call]:
    """The NumPy engine on all, pimeta and our own single pool on the first few hundred analyses."""
    from ostealgia.meta import pool, pool_many

    def loop(one: Callable[[np.ndarray, np.ndarray], object]) -> Call:
        def call() -> None:
            for i in range(PEER):
                rows = slice(data.offsets[i], data.offsets[i + 1])
                one(data.y[rows], data.v[rows])

        return call

    calls: dict[str, Call] = {
        "DL, z, NumPy": lambda: pool_many(data, tau2="DL", ci="z", pi="none", engine="numpy").ci_low,
        "REML, HK, NumPy": lambda: pool_many(data, tau2="REML", ci="HK", pi="none", engine="numpy").ci_low,
        "REML, HK, pool() loop": loop(lambda y, v: pool({"estimate": y, "std_error": np.sqrt(v)}, ci="HK", pi="none")),
    }
    try:
        import pimeta

        calls["DL, z, pimeta loop"] = loop(lambda y, v: pimeta.rma(yi=y, vi=v, method="DL"))
        calls["REML, HK, pimeta loop"] = loop(lambda y, v: pimeta.rma(yi=y, vi=v, method="REML", test="knha"))
    except ImportError:
        print("  pimeta is not installed: left out")
    return calls


def show(times: dict[str, tuple[float, float]], base: tuple[float, float] | None = None) -> None:
    for name, (wall, processor) in times.items():
        ratio = "" if base is None else f"   {wall / base[0]:7.1f}x   {processor / base[1]:7.1f}x"
        print(f"  {name:<26}{wall * 1e3:12.2f} ms{processor * 1e3:12.2f} ms{ratio}")


def goals(data: object) -> None:
    calls = engine_calls(data)
    for name, call in calls.items():
        start = time.perf_counter()
        call()
        if "read" not in name:
            print(
                f"  first call of {name!r}: {time.perf_counter() - start:.2f} s (loading or compiling included; not counted below)"
            )
    first = turns(calls)
    read = first["read every byte once"]
    print(
        f"\n{ANALYSES:,} analyses, {len(data.y):,} effects            wall      processor    wall/read   processor/read"
    )
    show(first, read)
    peers = peer_calls(data)
    for call in peers.values():
        call()
    slow = turns(peers, 5)
    scale = len(data) / PEER
    slow = {name: (w * scale, p * scale) if "loop" in name else (w, p) for name, (w, p) in slow.items()}
    print("\nall analyses (loops: measured on the first 300, scaled up)")
    show(slow)
    print()
    for method, numpy_goal in (("REML, HK", 40), ("DL, z", None)):
        peer = slow.get(f"{method}, pimeta loop")
        if peer:
            goal = "  (goals 500 and 40)" if numpy_goal else ""
            print(
                f"{method}: pimeta loop / batch {peer[0] / first[method][0]:,.0f}x wall, {peer[1] / first[method][1]:,.0f}x processor;"
                f"  / NumPy engine {peer[0] / slow[f'{method}, NumPy'][0]:,.0f}x{goal}"
            )


def whole_path(data: object) -> None:
    """What a user's call costs besides the fits: from a long frame, to a frame of every column, leave-one-out for all."""
    from ostealgia.meta import leave_one_out_many, pool_many

    frame = data.to_frame()
    part = data.take(np.arange(10_000))
    calls: dict[str, Call] = {
        "from a long frame, REML HK": lambda: pool_many(frame, tau2="REML", ci="HK", engine="numba"),
        "to_frame, all columns": lambda: pool_many(data, tau2="REML", ci="HK", engine="numba").to_frame(),
        "leave-one-out DL, 10,000": lambda: leave_one_out_many(part, tau2="DL", ci="z", engine="numba"),
        "leave-one-out REML, 10,000": lambda: leave_one_out_many(part, tau2="REML", ci="HK", engine="numba"),
    }
    for call in calls.values():
        call()
    print("\naround the fits")
    show(turns(calls, 5))


def growth() -> None:
    """Time and peak memory by number of effects, each size in a process of its own."""
    print("\ngrowth, REML + HK, one thread (analyses of 10 to 30 studies)")
    print(f"  {'effects':>12}{'time':>14}{'a million effects':>20}{'memory besides the data':>26}")
    for effects in (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000):
        code = f"import sys; sys.path.insert(0, {sys.path[0]!r}); import batch; batch.one_size({effects})"
        print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout, end="")


def one_size(effects: int) -> None:
    from ostealgia.meta import pool_many

    small = batch(5)
    pool_many(small, tau2="REML", ci="HK", engine="numba")
    data = batch(max(1, effects // 20))

    def call() -> object:
        return pool_many(data, tau2="REML", ci="HK", pi="none", engine="numba", threads=1).ci_low

    call()
    wall = turns({"": call}, 5)[""][0]
    tracemalloc.start()  # numpy reports its arrays to it; the kernel's own tables are 0.3 MB
    call()
    used = tracemalloc.get_traced_memory()[1] / 1e6
    print(f"  {len(data.y):>12,}{wall * 1e3:>11.2f} ms{wall / len(data.y) * 1e9:>17.1f} ms{used:>23.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--growth", action="store_true", help="also time and memory from 100 to 10 million effects")
    options = parser.parse_args()
    try:
        import numba  # noqa: F401
    except ImportError:
        print("numba is not installed: nothing to measure (pip install 'ostealgia[fast]')")
        return
    data = batch(ANALYSES)
    goals(data)
    whole_path(data)
    if options.growth:
        growth()


if __name__ == "__main__":
    main()
