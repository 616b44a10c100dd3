"""Speed of cohort analyses against R's survival and lifelines: the same inputs, the same run, processor time, medians.

``python bench/cohort.py`` prints one Markdown table. Each line times a whole call from columns to result unless it says otherwise. R runs
in a process of its own on the same numbers, right after; a peer that is not installed is named and left out. Not part of a test.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from clock import Call, turns  # first: it holds linear algebra to one thread

import numpy as np  # isort: skip

HERE = Path(__file__).parent


class Line(NamedTuple):
    """One comparison. goal : the share of the peer's time that we want to stay below."""

    task: str
    ours: str
    peer: str
    goal: float


class Job(NamedTuple):
    """One data set. calls : name -> call.  r_task : task of cohort.R.  columns : its file.  lines : what is compared."""

    calls: dict[str, Call]
    r_task: str
    columns: dict[str, Any]
    lines: list[Line]


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
        Line(f"{title}, with concordance and its standard error", "whole", "survival", 0.15),
        Line(f"{title}, without concordance, from arrays", "arrays", "survival without concordance", 1.0),
        Line(f"{title}, without concordance", "call", "lifelines", 0.1),
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
    return Job(calls, "km", columns, [Line(title, "whole", "survival", 0.05), Line(title, "whole", "lifelines", 1.0)])


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
    return lambda: CoxPHFitter().fit(frame, "t", "d")


def lifelines_km(columns: dict[str, Any]) -> Call:
    from lifelines import KaplanMeierFitter

    def both() -> None:
        for group in (0, 1):
            mine = columns["g"] == group
            KaplanMeierFitter().fit(columns["t"][mine], columns["d"][mine])

    return both


def r_times(job: Job) -> dict[str, float]:
    """R peer -> seconds; empty where R or its package is missing."""
    if shutil.which("Rscript") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        with open(path, "w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(job.columns)
            writer.writerows(zip(*[[repr(float(v)) for v in values] for values in job.columns.values()], strict=True))
        done = subprocess.run(
            ["Rscript", str(HERE / "cohort.R"), job.r_task, str(path)], capture_output=True, text=True, check=False
        )
    return {
        name: float(seconds)
        for name, seconds in (line.split("\t") for line in done.stdout.splitlines() if "\t" in line)
    }


TASKS: dict[str, Callable[[], Job]] = {"cox": cox, "km": kaplan_meier}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(TASKS), choices=list(TASKS))
    print("| task | ostealgia | peer | share of its time | goal |", "|---|---|---|---|---|", sep="\n")
    for name in parser.parse_args().only:
        job = TASKS[name]()
        times = turns(job.calls) | r_times(job)
        for line in job.lines:
            if line.peer not in times:
                print(f"  {line.peer} is not installed: {line.task}", file=sys.stderr)
                continue
            ours, theirs = times[line.ours], times[line.peer]
            held = "held" if ours <= line.goal * theirs else "**missed**"
            cells = [line.task, f"{1e3 * ours:.3g} ms", f"{line.peer}: {1e3 * theirs:.3g} ms"]
            print("|", " | ".join([*cells, f"{ours / theirs:.3f}x", f"{line.goal:g}x: {held}"]), "|")


if __name__ == "__main__":
    main()
