"""Speed of cohort analyses against R (survival, lmerTest, mmrm, glm) and lifelines: the same inputs, the same run, processor time, medians.

``python bench/cohort_speed.py`` prints one Markdown table. Each line times a whole call from columns to the table of results unless it says
otherwise. Ours is NumPy alone; ``--numba`` allows the compiled kernels. R runs in a process of its own on the same numbers, right after; a
peer that is not installed is named and left out. ``--growth`` times patients from 1,000 to a million instead. Not part of a test.
"""

from __future__ import annotations

import argparse
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from clock import Call, seconds_of, turns  # first: it holds linear algebra to one thread

if "--numba" not in sys.argv:
    sys.modules["numba"] = None  # type: ignore[assignment]  # what is timed is what everybody has
import numpy as np  # isort: skip

HERE = Path(__file__).parent
WEEKS = np.array([1.0, 2.0, 4.0, 8.0, 12.0])


class Line(NamedTuple):
    """One comparison. peers : the first that is there is compared.  goal : the share of its time that we want to stay below."""

    task: str
    ours: str
    peers: tuple[str, ...]
    goal: float


class Job(NamedTuple):
    """One data set. calls : name -> call.  r_task : task of cohort_speed.R.  columns : numbers.  lines : what is compared."""

    calls: dict[str, Call]
    r_task: str
    columns: dict[str, Any]
    lines: list[Line]


def repeated_columns(n: int, seed: int = 3) -> dict[str, Any]:
    """Five visits of n patients in two arms, every tenth missed at random."""
    rng = np.random.default_rng(seed)
    own, arm, base = rng.normal(size=n), rng.integers(0, 2, n), rng.normal(size=n)
    id, week = np.repeat(np.arange(n), len(WEEKS)), np.tile(WEEKS, n)
    y = 5.0 + 0.3 * base[id] - 0.5 * arm[id] * np.log(week) + own[id] + rng.normal(size=len(id))
    keep = rng.random(len(id)) > 0.1
    return {"id": id[keep], "arm": arm[id][keep], "week": week[keep], "base": base[id][keep], "y": y[keep]}


def repeated(n: int) -> Job:
    """A linear mixed model with Satterthwaite degrees of freedom, and an unstructured MMRM, to their tables of coefficients."""
    from ostealgia.cohort import mixed_model, mmrm

    columns = repeated_columns(n)
    words = columns | {"arm": np.where(columns["arm"] > 0, "treated", "control")}
    fixed = "arm * factor(week) + base"
    calls: dict[str, Call] = {
        "our lmm": lambda: mixed_model(words, outcome="y", fixed=fixed, subject="id").to_frame(),
        "our mmrm": lambda: mmrm(words, outcome="y", fixed=fixed, subject="id", visit="week").to_frame(),
    }
    lines = [
        Line(f"mixed model, Satterthwaite, {n:,} x 5", "our lmm", ("lmerTest", "lme4, no degrees of freedom"), 0.1),
        Line(
            f"MMRM, unstructured, {n:,} x 5",
            "our mmrm",
            ("mmrm", "nlme gls, no degrees of freedom"),
            0.35 if n < 1000 else 0.2,
        ),
    ]
    return Job(calls, "repeated", columns, lines)


def cox(n: int = 100_000, p: int = 5) -> Job:
    """Cox's model, Efron's likelihood, continuous times, half of them censored."""
    from ostealgia.cohort import cox
    from ostealgia.numerics.cox import cox_fit
    from ostealgia.numerics.cox_data import cox_data

    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, p))
    t, c = rng.exponential(np.exp(-x @ np.linspace(0.5, -0.3, p))), rng.exponential(1.0, n)
    d, t = t <= c, np.minimum(t, c)
    names = [f"x{j}" for j in range(p)]
    columns = {"t": t, "d": d, **{name: x[:, j] for j, name in enumerate(names)}}
    weight, stratum = np.ones(n), np.zeros(n, dtype=np.intp)
    calls: dict[str, Call] = {
        "whole": lambda: cox(columns, time="t", event="d", terms=names).concordance.std_error,
        "call": lambda: cox(columns, time="t", event="d", terms=names),
        "arrays": lambda: cox_fit(cox_data(t, d, x, weight=weight, stratum=stratum)),
    }
    add_peer(calls, "lifelines", lambda: lifelines_cox(columns))
    title = f"Cox (Efron), {n:,} x {p}"
    lines = [
        Line(f"{title}, with concordance and its standard error", "whole", ("survival",), 0.15),
        Line(f"{title}, without concordance, from arrays", "arrays", ("survival without concordance",), 1.0),
        Line(f"{title}, with concordance", "whole", ("lifelines",), 0.1),
    ]
    return Job(calls, "cox", columns, lines)


def kaplan_meier(n: int = 1_000_000) -> Job:
    """Two curves with log-log limits, continuous times."""
    from ostealgia.cohort import kaplan_meier

    rng = np.random.default_rng(2)
    columns = {"t": rng.exponential(10.0, n), "d": rng.random(n) < 0.6, "g": rng.integers(0, 2, n)}
    calls: dict[str, Call] = {"whole": lambda: kaplan_meier(columns, time="t", event="d", by="g")}
    add_peer(calls, "lifelines", lambda: lifelines_km(columns))
    title = f"Kaplan-Meier, {n:,} rows, 2 groups"
    return Job(
        calls, "km", columns, [Line(title, "whole", ("survival",), 0.05), Line(title, "whole", ("lifelines",), 1.0)]
    )


def logistic(n: int = 1_000_000, p: int = 6) -> Job:
    """Logistic regression with Wald intervals."""
    from ostealgia.cohort import logistic

    rng = np.random.default_rng(4)
    x = rng.normal(size=(n, p))
    names = [f"x{j}" for j in range(p)]
    y = (rng.random(n) < 1.0 / (1.0 + np.exp(0.3 - x @ np.linspace(0.5, -0.3, p)))).astype(int)
    columns = {"y": y, **{name: x[:, j].copy() for j, name in enumerate(names)}}
    calls: dict[str, Call] = {"whole": lambda: logistic(columns, outcome="y", terms=names).to_frame()}
    return Job(calls, "logistic", columns, [Line(f"logistic, {n:,} x {p}", "whole", ("glm",), 0.15)])


def add_peer(calls: dict[str, Call], name: str, make: Callable[[], Call]) -> None:
    """Add a Python peer where it is installed."""
    try:
        calls[name] = make()
    except ImportError:
        print(f"  {name} is not installed", file=sys.stderr)


def lifelines_cox(columns: dict[str, Any]) -> Call:
    import pandas as pd
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(columns)
    return lambda: CoxPHFitter().fit(frame, "t", "d").concordance_index_


def lifelines_km(columns: dict[str, Any]) -> Call:
    from lifelines import KaplanMeierFitter

    def both() -> None:
        for group in (0, 1):
            mine = columns["g"] == group
            KaplanMeierFitter().fit(columns["t"][mine], columns["d"][mine])

    return both


def r_times(job: Job) -> tuple[dict[str, float], dict[str, str]]:
    """R peer -> seconds, and its version; empty where R or its package is missing."""
    if shutil.which("Rscript") is None:
        return {}, {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "columns"
        rows = len(next(iter(job.columns.values())))
        np.concatenate([np.asarray(v, dtype=np.float64) for v in job.columns.values()]).tofile(path)
        call = ["Rscript", str(HERE / "cohort_speed.R"), job.r_task, str(path), str(rows), *job.columns]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
    found = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") == 2]
    return {name: float(seconds) for name, seconds, _ in found}, {name: version for name, _, version in found}


TASKS: dict[str, Callable[[], Job]] = {
    "repeated-205": functools.partial(repeated, 205),
    "repeated-20000": functools.partial(repeated, 20_000),
    "cox": cox,
    "km": kaplan_meier,
    "logistic": logistic,
}


def compare(names: list[str]) -> None:
    print("| task | ostealgia | peer | share of its time | goal |", "|---|---|---|---|---|", sep="\n")
    for name in names:
        job = TASKS[name]()
        ours = turns(job.calls)
        theirs, versions = r_times(job)
        times = ours | theirs
        for line in job.lines:
            peer = next((p for p in line.peers if p in times), None)
            if peer != line.peers[0]:
                print(f"  {line.peers[0]} is not installed: {line.task}", file=sys.stderr)
            if peer is None:
                continue
            mine, other = times[line.ours], times[peer]
            held = "held" if mine <= line.goal * other else "**missed**"
            goal = f"{line.goal:g}x: {held}" if peer == line.peers[0] else ""  # a goal is of its own peer
            cells = [
                line.task,
                f"{1e3 * mine:.3g} ms",
                f"{peer} {versions.get(peer, '')}".strip() + f": {1e3 * other:,.4g} ms",
            ]
            print("|", " | ".join([*cells, f"{mine / other:.3f}x", goal]), "|", flush=True)


def growth(sizes: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)) -> None:
    """Seconds of each analysis by number of patients (five visits each for the mixed models)."""
    tasks: dict[str, Callable[[int], Call]] = {
        "mixed model": lambda n: repeated(n).calls["our lmm"],
        "MMRM": lambda n: repeated(n).calls["our mmrm"],
        "Cox, with concordance": lambda n: cox(n).calls["whole"],
        "Kaplan-Meier": lambda n: kaplan_meier(n).calls["whole"],
        "logistic": lambda n: logistic(n).calls["whole"],
    }
    print("| patients | " + " | ".join(f"{n:,}" for n in sizes) + " |", "|---" * (len(sizes) + 1) + "|", sep="\n")
    for name, make in tasks.items():
        cells = []
        for n in sizes:
            call = make(n)
            call()
            seconds = min(seconds_of(call) for _ in range(3))
            cells.append(f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.2g} s")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--numba", action="store_true")
    asked = parser.parse_args()
    if asked.growth:
        growth()
    else:
        compare(asked.only)


if __name__ == "__main__":
    main()
