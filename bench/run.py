"""Speed and size as ratios against peers, measured in the same run: several rounds, interleaved, medians.

Run by ``make bench``. A peer that is not installed is named and left out. Nothing here is part of a test.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROUNDS = 15


def data(k: int) -> tuple[np.ndarray, np.ndarray]:
    """k studies with effects around 0.3, tau2 = 0.05, variances 0.02 to 0.3."""
    rng = np.random.default_rng(k)
    v = rng.uniform(0.02, 0.3, size=k)
    return rng.normal(0.3, np.sqrt(0.05 + v)), v


def medians(calls: dict[str, Callable[[], object]], seconds: float = 0.15) -> dict[str, float]:
    """Median time of each call in seconds; calls take turns, so that a busy machine slows all alike."""
    repeats: dict[str, int] = {}
    for name, call in calls.items():
        call()
        start = time.perf_counter()
        call()
        repeats[name] = max(1, round(seconds / ROUNDS / max(1e-6, time.perf_counter() - start)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            times[name].append((time.perf_counter() - start) / repeats[name])
    return {name: statistics.median(values) for name, values in times.items()}


def reml_calls(k: int) -> dict[str, Callable[[], object]]:
    """One REML fit with its full result object, from arrays."""
    from ostealgia.meta import pool

    y, v = data(k)
    se = np.sqrt(v)
    calls: dict[str, Callable[[], object]] = {"ostealgia": lambda: pool({"estimate": y, "std_error": se})}
    try:
        import meta_analyze

        calls["PyMetaAnalysis"] = lambda: meta_analyze.meta_analysis(
            effect=y, variance=v, model="random", tau2_method="REML"
        )
    except ImportError:
        print("  PyMetaAnalysis is not installed: left out")
    try:
        from pymare import Dataset
        from pymare.estimators import VarianceBasedLikelihoodEstimator

        def pymare() -> object:
            return (
                VarianceBasedLikelihoodEstimator(method="REML")
                .fit_dataset(Dataset(y=y[:, None], v=v[:, None]))
                .summary()
            )

        calls["PyMARE"] = pymare
    except ImportError:
        print("  PyMARE is not installed: left out")
    return calls


def glmm_calls(k: int) -> dict[str, Callable[[], object]]:
    """Random-intercept logistic model of k proportions, 7 quadrature points, from counts."""
    from ostealgia.effects import compute
    from ostealgia.meta import pool

    rng = np.random.default_rng(7)
    n = rng.integers(8, 140, size=k).astype(float)
    x = rng.binomial(n.astype(int), 1 / (1 + np.exp(-rng.normal(1.2, 0.6, size=k)))).astype(float)
    calls: dict[str, Callable[[], object]] = {
        "ostealgia": lambda: pool(compute({"events": x, "n": n}, measure="PLO"), model="glmm"),
    }
    try:
        import pimeta

        calls["pimeta"] = lambda: pimeta.rma_glmm(measure="PLO", xi=x, ni=n)
    except ImportError:
        print("  pimeta is not installed: left out")
    return calls


def show(title: str, times: dict[str, float]) -> None:
    """Times in milliseconds and each peer as a multiple of ours."""
    print(title)
    for name, value in times.items():
        ratio = "" if name == "ostealgia" else f"   {value / times['ostealgia']:.1f}x ours"
        print(f"  {name:<16}{value * 1e3:10.3f} ms{ratio}")


def process_seconds(command: list[str], rounds: int = 11) -> float:
    """Median wall time of a whole process."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def start_up() -> None:
    """import ostealgia and ostealgia --help against numpy's own import; the bare interpreter is taken off all of them."""
    python = sys.executable
    bare = process_seconds([python, "-c", "pass"])
    numpy_time = process_seconds([python, "-c", "import numpy"]) - bare
    ours = process_seconds([python, "-c", "import ostealgia"]) - bare
    helped = process_seconds([python, "-m", "ostealgia", "--help"]) - bare
    print(f"start-up (interpreter {bare * 1e3:.0f} ms taken off; numpy's import {numpy_time * 1e3:.0f} ms)")
    print(f"  import ostealgia   {ours * 1e3:7.0f} ms   {ours / numpy_time:.2f}x numpy (limit 3)")
    print(f"  ostealgia --help   {helped * 1e3:7.0f} ms   {helped / numpy_time:.2f}x numpy (limit 6)")


def install_size(folder: Path) -> None:
    """Size of a fresh environment with the core lock file."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", "requirements.lock"], check=True)
    subprocess.run([*pip, "--no-deps", "."], check=True)
    subprocess.run([*pip[:2], "pip", "uninstall", "--quiet", "--yes", "pip", "setuptools"], check=True)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"core install: {size / 1e6:.0f} MB (limit 480)")
    shutil.rmtree(folder)


def r_metafor(k: int) -> None:
    """rma() of R's metafor, where it is installed; its own clock, without the start of R."""
    if shutil.which("Rscript") is None:
        print("R is not installed: metafor left out")
        return
    y, v = data(k)
    code = (
        "ok <- suppressWarnings(suppressMessages(require(metafor, quietly=TRUE))); if (!ok) { cat('no'); quit() };"
        f"y <- c({','.join(map(repr, y.tolist()))}); v <- c({','.join(map(repr, v.tolist()))});"
        "t <- sapply(1:15, function(i) system.time(for (j in 1:20) rma(y, v))[['elapsed']]/20); cat(median(t)*1000)"
    )
    text = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False).stdout.strip()
    print(
        "metafor is not installed: left out"
        if text in ("", "no")
        else f"  metafor (R)     {float(text):10.3f} ms for the same fit"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", action="store_true", help="also install into a fresh environment and weigh it")
    options = parser.parse_args()
    show("one REML fit with the full result, k = 20", medians(reml_calls(20)))
    r_metafor(20)
    print("ostealgia by number of studies")
    for k in (10, 100, 1000, 10_000):
        calls = {"ostealgia": reml_calls(k)["ostealgia"]}
        print(f"  k = {k:<6d}{medians(calls)['ostealgia'] * 1e3:10.3f} ms")
    show("random-intercept logistic GLMM, k = 20, 7 quadrature points", medians(glmm_calls(20), seconds=0.5))
    start_up()
    if options.size:
        install_size(Path(".bench") / "size")


if __name__ == "__main__":
    main()
