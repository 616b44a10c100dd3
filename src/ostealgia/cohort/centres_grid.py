"""Numbers at risk and events on a grid of weeks, intervals joined until none of them shows a few patients only."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ostealgia.cohort.centres_cells import Cells, exposed
from ostealgia.cohort.centres_tables import key

DAYS_PER_WEEK = 7.0
CAUSES = ("events", "competing", "censored")


@dataclass(frozen=True)
class Endpoint:
    """Time in weeks and state (0 censored, 1 event, 2 competing event) of each patient; missing time is censored at the start."""

    name: str
    weeks: Any
    state: Any

    @property
    def competing(self) -> bool:
        """There are competing events."""
        return bool((self.state == 2).any())


def add_endpoint(cells: Cells, root: str, endpoint: Endpoint, here: Any, step: int) -> list[int]:
    """Cells of an endpoint on the finest grid; its times in weeks. A patient who leaves at a time of the grid leaves in the interval
    before.

    Cells: at_risk at each time, and what happened in the interval that begins there.
    """
    weeks = np.nan_to_num(np.asarray(endpoint.weeks, dtype=float)[here], nan=0.0)
    state = np.nan_to_num(np.asarray(endpoint.state, dtype=float)[here]).astype(int)
    interval = np.maximum(np.ceil(weeks / step - 1e-9).astype(int) - 1, 0)
    last = int(interval.max()) if len(interval) else 0
    times = [step * i for i in range(last + 2)]
    start, name = root, endpoint.name
    cells.add(root, {key(name, "at_risk", 0): len(weeks)})
    start = key(name, "at_risk", 0)
    for i in range(last + 1):
        own = interval == i
        after = int((interval > i).sum())
        parts = {key(name, "at_risk", times[i + 1]): after}
        for code, cause in ((1, "events"), (2, "competing"), (0, "censored")):
            if cause != "competing" or endpoint.competing:
                parts[key(name, cause, times[i])] = int((own & (state == code)).sum())
        cells.add(start, parts, free=True)
        start = key(name, "at_risk", times[i + 1])
    return times


def joined(cells: Cells, endpoint: Endpoint, times: list[int], small: int) -> list[int]:
    """Bounds of the intervals that may be shown: in each, events (and competing ones) at least ``small``, censored none or at least
    ``small``, and as many at risk at its end. The last bound is where the table stops."""
    bounds, sums = [0], dict.fromkeys(CAUSES, 0)
    for start, end in itertools.pairwise(times):
        for cause in CAUSES:
            sums[cause] += cells.values.get(key(endpoint.name, cause, start), 0)
        left = cells.values[key(endpoint.name, "at_risk", end)]
        shown = [sums[cause] for cause in (CAUSES[:2] if endpoint.competing else CAUSES[:1])]
        fine = min(shown) >= small and (sums["censored"] == 0 or sums["censored"] >= small)
        if fine and left >= small:
            bounds.append(end)
            sums = dict.fromkeys(CAUSES, 0)
    return bounds


def facts_of(cells: Cells, endpoint: Endpoint, times: list[int], bounds: list[int]) -> dict[tuple[str, ...], int]:
    """What a table with these bounds tells: numbers at risk at the bounds and events between them."""
    if len(bounds) < 2:
        return {}
    facts: dict[tuple[str, ...], int] = {
        (key(endpoint.name, "at_risk", at),): cells.values[key(endpoint.name, "at_risk", at)] for at in bounds
    }
    for start, end in itertools.pairwise(bounds):
        for cause in CAUSES[:2]:
            names = tuple(
                name
                for at in times[:-1]
                if start <= at < end and (name := key(endpoint.name, cause, at)) in cells.values
            )
            if names:
                facts[names] = sum(cells.values[name] for name in names)
    return facts


def link_progression(cells: Cells, os: Endpoint, pfs: Endpoint, times: Mapping[str, list[int]], here: Any) -> None:
    """Alive after progression: at risk for death less at risk for progression or death, where no progression lies after the end."""
    if not (np.nan_to_num(pfs.weeks[here]) <= np.nan_to_num(os.weeks[here]) + 1e-6).all():
        return
    for at in times["os"]:
        whole = cells.values[key("os", "at_risk", at)]
        free = cells.values.get(key("pfs", "at_risk", at), 0)
        parts = {key("after_progression", at): whole - free}
        if key("pfs", "at_risk", at) in cells.values:
            parts[key("pfs", "at_risk", at)] = free
        cells.values.update(parts)
        cells.free.update(parts)
        cells.relations.append((key("os", "at_risk", at), tuple(parts)))


def link_response(cells: Cells, times: list[int], weeks: Any, classes: Any, dead_by: Any) -> None:
    """Not evaluable and alive: the patients without response data less those who have died by then, where all of these lack the data."""
    for week in weeks:
        unseen = key("response", week, "not_evaluable")
        died = tuple(name for at in times[:-1] if at < week and (name := key("os", "events", at)) in cells.values)
        if week not in times or not died or unseen not in cells.values:
            continue
        total = sum(cells.values[name] for name in died)
        if total > cells.values[unseen] or (dead_by[week] & (classes[week] != "not_evaluable")).any():
            continue
        alive = key("not_evaluable_alive", week)
        cells.values[alive] = cells.values[unseen] - total
        cells.free.add(alive)
        cells.relations.append((unseen, (*died, alive)))


def settle(
    cells: Cells, endpoints: Mapping[str, Endpoint], times: Mapping[str, list[int]], facts: dict[tuple[str, ...], int], small: int
) -> dict[str, list[int]]:  # fmt: skip
    """endpoint -> bounds, one endpoint after the other; bounds go until nothing small is exposed by all that is shown."""
    chosen: dict[str, list[int]] = {}
    memo: dict[Any, float] = {}
    for name, endpoint in endpoints.items():
        bounds = joined(cells, endpoint, times[name], small)
        while len(bounds) > 1:
            told = {**facts, **facts_of(cells, endpoint, times[name], bounds)}
            open_ = exposed(cells, told, small, memo)
            if not open_:
                facts.update(told)
                break
            bounds = _without(bounds, open_[0])
        chosen[name] = bounds if len(bounds) > 1 else []
    return chosen


def _without(bounds: list[int], name: str) -> list[int]:
    """The bounds less the one nearest to the time of an exposed cell; the start stays."""
    last = name.rsplit("\x1f", 1)[-1]
    at = int(last) if last.isdigit() else bounds[-1]
    victim = min(bounds[1:], key=lambda bound: (abs(bound - at), -bound))
    return [bound for bound in bounds if bound != victim]
