"""Every analysis as a script for R, with its data and checks of our numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ostealgia.errors import OstealgiaError
from ostealgia.project.run_result import AnalysisRun


def scripts_of(runs: Mapping[str, AnalysisRun]) -> tuple[dict[str, str], tuple[str, ...]]:
    """File name to script, and a line for each reason why analyses have no counterpart in R."""
    from ostealgia.meta.r_script_writer import r_script

    made: dict[str, str] = {}
    without: dict[str, list[str]] = defaultdict(list)
    for run in runs.values():
        for suffix, result in _results(run):
            if getattr(result, "n_comparisons", 2) < 2:
                without["one trial of two arms; rma.mv of metafor needs more"].append(run.spec.id + suffix)
                continue
            try:
                made[f"r/{run.spec.id}{suffix}.R"] = r_script(result)
            except OstealgiaError as error:
                without[str(error).rstrip(".")].append(run.spec.id + suffix)
    return made, tuple(f"no script for R: {', '.join(names)} ({reason})" for reason, names in without.items())


def _results(run: AnalysisRun) -> Iterator[tuple[str, Any]]:
    """What an analysis gave that R can compute as well: (end of the file's name, result)."""
    if run.fit is not None:
        yield "", run.fit
    if run.subgroups is not None:
        yield "-subgroups", run.subgroups
    if run.regression is not None:
        yield "-regression", run.regression
    for line in run.dependence:
        if line.fit is not None and line.id.startswith("three-level"):
            yield f"-{line.id.replace(' ', '-')}", line.fit
    if run.course is not None:
        yield "-course", run.course.fit
    if run.network is not None:
        yield "", run.network.fit
        if run.spec.role == "primary":
            yield from ((f"-part-{number}", fit) for number, fit in enumerate(run.network.others, start=2))
