"""Speed and size as ratios against peers: the same inputs, the same run, processor time, medians of calls that take turns.

Run by ``make bench``. Prints one Markdown table. A peer that is not installed is named and left out; peers in R run in a process of their
own just before their task, on the same numbers. Nothing here is part of a test.
"""

from __future__ import annotations

import argparse
import csv
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import batch
from clock import turns
from tasks import Table, Task, every_task

HERE = Path(__file__).parent
PACKAGES = ("numpy", "scipy", "numba", "pimeta", "PyMARE", "PyMetaAnalysis")
R_WITHOUT = {"network": "netmeta"}  # R packages besides metafor, by task


class Line(NamedTuple):
    """One comparison, in seconds; goal None where there is none."""

    task: str
    ours: float
    peer: str
    theirs: float
    goal: float | None


def r_peers(name: str, files: dict[str, Table]) -> dict[str, tuple[str, float]]:
    """R peer -> (version, seconds); empty where R or its package is missing."""
    if shutil.which("Rscript") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for stem, columns in files.items():
            with open(Path(folder) / f"{stem}.csv", "w", newline="", encoding="utf-8") as out:
                writer = csv.writer(out)
                writer.writerow(columns)
                writer.writerows([repr(x) if isinstance(x, float) else x for x in row] for row in _rows(columns))
        done = subprocess.run(
            ["Rscript", str(HERE / "peers.R"), name, folder], capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(f"  R, {name}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
    lines = [text.split("\t") for text in done.stdout.splitlines() if text.count("\t") >= 2]
    return {text[0]: (text[1], float(text[2])) for text in lines}


def _rows(columns: Table) -> list[tuple[object, ...]]:
    plain = [values.tolist() if hasattr(values, "tolist") else values for values in columns.values()]
    return list(zip(*[[float(x) if hasattr(x, "dtype") else x for x in values] for values in plain], strict=True))


def measured(task: Task, found: dict[str, tuple[str, float]]) -> list[Line]:
    """The lines of one task."""
    times = turns(task.calls)
    lines = [
        Line(task.name, times[task.pairs[name]], name, value * task.scale[name], task.goals.get(name))
        for name, value in times.items()
        if not name.startswith("ostealgia")
    ]
    wanted = [name for name in found if name in task.goals or name == "metafor"]
    return [
        *(Line(task.name, times["ostealgia"], name, found[name][1], task.goals.get(name)) for name in wanted),
        *lines,
    ]


def every_line(only: Sequence[str]) -> tuple[list[Line], dict[str, str], list[str]]:
    """(lines, versions of R packages, peers that were left out with the task)."""
    lines: list[Line] = []
    versions: dict[str, str] = {}
    missing: list[str] = []
    known: dict[int, dict[str, tuple[str, float]]] = {}
    for name, task in every_task():
        if only and name not in only:
            continue
        print(f"  {task.name}", file=sys.stderr)
        inputs = id(task.files.get("network", task))
        if inputs not in known:
            known[inputs] = r_peers(name, task.files)
        found = known[inputs]
        versions.update({R_WITHOUT.get(name, "metafor"): text for text, _ in found.values()})
        missing += [f"{peer} ({task.name})" for peer in task.missing]
        if not found:
            missing.append(f"{R_WITHOUT.get(name, 'metafor')} of R ({task.name})")
        lines += measured(task, found)
    return lines, versions, missing


def table(lines: list[Line]) -> str:
    """The lines as Markdown."""
    rows = ["| task | ostealgia | peer | ratio | goal |", "|---|---|---|---|---|"]
    before = ""
    for line in lines:
        ratio = line.theirs / line.ours
        goal = "" if line.goal is None else f"{line.goal:g}x: {'held' if ratio >= line.goal else '**missed**'}"
        head = "" if line.task == before else line.task
        rows.append(
            f"| {head} | {duration(line.ours)} | {line.peer}: {duration(line.theirs)} | {digits(ratio)}x | {goal} |"
        )
        before = line.task
    return "\n".join(rows)


def digits(ratio: float) -> str:
    """Two digits that count, more only where the number has them anyway.

    >>> digits(3.14159), digits(1234.5)
    ('3.1', '1,200')
    """
    return f"{ratio:.1f}" if ratio < 10 else f"{float(f'{ratio:.2g}'):,.0f}"


def duration(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def process_seconds(command: list[str], rounds: int = 15) -> float:
    """Median processor time of a whole process."""
    times = []
    for _ in range(rounds):
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime)
    return statistics.median(times)


def start_up() -> str:
    """import ostealgia and ostealgia --help against numpy's own import; the bare interpreter is taken off all of them."""
    python = sys.executable
    bare = process_seconds([python, "-c", "pass"])
    base = process_seconds([python, "-c", "import numpy"]) - bare
    ours = process_seconds([python, "-c", "import ostealgia"]) - bare
    helped = process_seconds([python, "-m", "ostealgia", "--help"]) - bare
    rows = [
        f"| {name} | {duration(max(0.0, value))} | numpy's import: {duration(base)} | {value / base:.2f}x | below {limit}x |"
        for name, value, limit in (("`import ostealgia`", ours, 3), ("`ostealgia --help`", helped, 6))
    ]
    return "\n".join(rows)


def install_size(extra: str = "") -> tuple[float, list[tuple[str, float]]]:
    """(megabytes of a fresh environment with the locked versions, its largest folders).  extra : "[all]", or nothing for the core."""
    folder = Path(".bench") / "size"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    locked = Path("requirements-dev.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.rstrip(" \\") for line in locked if "==" in line and not line.startswith((" ", "#"))]
    (folder / "pins.txt").write_text("\n".join(pins), encoding="utf-8")
    pip = [str(folder / "bin" / "python"), "-m", "pip"]
    subprocess.run(
        [*pip, "install", "--quiet", "--disable-pip-version-check", "-c", folder / "pins.txt", f".{extra}"], check=True
    )
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", "pip", "setuptools"], check=True)
    sizes: dict[str, float] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            parts = path.relative_to(folder).parts
            name = parts[3] if len(parts) > 4 else "other"
            sizes[name] = sizes.get(name, 0.0) + path.stat().st_size / 1e6
    shutil.rmtree(folder)
    return sum(sizes.values()), sorted(sizes.items(), key=lambda item: -item[1])[:14]


def versions_text(of_r: dict[str, str]) -> str:
    names = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            names.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join([*names, *(f"{name} {text} (R)" for name, text in of_r.items())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", action="store_true", help="also install into fresh environments and weigh them")
    parser.add_argument(
        "--only", nargs="*", default=[], help="reml influence glmm multilevel network permutation batch"
    )
    options = parser.parse_args()
    start = time.perf_counter()
    lines, of_r, missing = every_line(options.only)
    print(table(lines))
    if not options.only or "batch" in options.only:
        print("\n".join(batch.rows()))
    if not options.only:
        print(start_up())
    if options.size:
        for extra, limit in (("", 480), ("[all]", 750)):
            size, largest = install_size(extra)
            print(f"| install, {extra or 'core'} | {size:.0f} MB | | | below {limit} MB |")
            print("  " + ", ".join(f"{name} {mega:.0f}" for name, mega in largest), file=sys.stderr)
    print(f"\n{versions_text(of_r)}; {time.strftime('%d %B %Y')}; {time.perf_counter() - start:.0f} s")
    for name in missing:
        print(f"not installed, so left out: {name}")


if __name__ == "__main__":
    main()
