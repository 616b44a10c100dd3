"""Counts that leave a centre: which may be shown, so that no small one can be worked out from the others.

A cell is a number of patients of one group. Relations say which cells add up to which; together with what is shown they bound every cell
that is not shown. A small cell (1 to small_cell - 1, and 0 where it is a row of a table) is protected when, by all that is shown, it might
as well be small_cell or more. Secondary suppression by linear programming: Fischetti & Salazar 2001, doi:10.1287/mnsc.47.7.1008.9805.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ostealgia.errors import OstealgiaError

SLACK = 1e-6


@dataclass
class Cells:
    """The cells of one group. values : name -> patients.  relations : (total, parts), total = sum of parts.  orders : (smaller, larger).

    free : cells of which 0 tells nothing about anybody (nobody was censored): only 1 to small_cell - 1 is protected.
    """

    values: dict[str, int] = field(default_factory=dict)
    relations: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    orders: list[tuple[str, str]] = field(default_factory=list)
    free: set[str] = field(default_factory=set)

    def add(self, total: str, parts: Mapping[str, int], *, free: bool = False) -> None:
        """Parts of a cell that is already known. Raises where they do not add up: a fault of ours."""
        if sum(parts.values()) != self.values[total]:
            raise OstealgiaError("the parts of an aggregate do not add up to their total.")
        self.values.update(parts)
        self.relations.append((total, tuple(parts)))
        if free:
            self.free.update(parts)

    def sensitive(self, small: int) -> list[str]:
        """Cells that must not be shown, nor be known to be small."""
        return [name for name, n in self.values.items() if (0 if name not in self.free else 1) <= n < small]


Facts = Mapping[tuple[str, ...], int]


Line = tuple[tuple[tuple[str, float], ...], float, bool]  # weighted cells, right-hand side, "= " rather than "at most"


def highest(
    cells: Cells, facts: Facts, targets: Iterable[str], memo: dict[Any, float] | None = None
) -> dict[str, float]:
    """The largest number of patients that each target may have by what is shown: facts (cells) -> their sum.

    memo : answers of earlier calls with the same relations around a cell, kept by the caller.
    """
    kept = {} if memo is None else memo
    lines, known = _reduced(_lines(cells, facts))
    part_of, parts = _components(cells.values, lines)
    found: dict[str, float] = {}
    for name in targets:
        if name in known:
            found[name] = known[name]
            continue
        around = parts.get(part_of[name], ())
        asked = (name, around)
        if asked not in kept:
            kept[asked] = _largest(name, around)
        found[name] = kept[asked]
    return found


def _lines(cells: Cells, facts: Facts) -> list[Line]:
    lines: list[Line] = [(((t, 1.0), *((p, -1.0) for p in parts)), 0.0, True) for t, parts in cells.relations]
    lines += [(tuple((name, 1.0) for name in shown), float(value), True) for shown, value in facts.items()]
    return lines + [(((small, 1.0), (large, -1.0)), 0.0, False) for small, large in cells.orders]


def _reduced(lines: list[Line]) -> tuple[list[Line], dict[str, float]]:
    """Cells that an equation with one unknown gives away are put in, until none is left."""
    known: dict[str, float] = {}
    while True:
        left: list[Line] = []
        solved = False
        for terms, right, equal in lines:
            rest = tuple((name, weight) for name, weight in terms if name not in known)
            right -= sum(weight * known[name] for name, weight in terms if name in known)
            if equal and len(rest) == 1:
                known[rest[0][0]] = right / rest[0][1]
                solved = True
            elif rest:
                left.append((rest, right, equal))
        lines = left
        if not solved:
            return lines, known


def _components(names: Iterable[str], lines: list[Line]) -> tuple[dict[str, str], dict[str, tuple[Line, ...]]]:
    """name -> its component, component -> the lines that hold it together."""
    parent = {name: name for name in names}

    def top(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for terms, _, _ in lines:
        for name, _ in terms[1:]:
            parent[top(name)] = top(terms[0][0])
    gathered: dict[str, list[Line]] = {}
    for line in lines:
        gathered.setdefault(top(line[0][0][0]), []).append(line)
    return {name: top(name) for name in parent}, {name: tuple(found) for name, found in gathered.items()}


def _largest(name: str, lines: tuple[Line, ...]) -> float:
    from scipy.optimize import linprog

    place = {cell: i for i, cell in enumerate(dict.fromkeys(cell for terms, _, _ in lines for cell, _ in terms))}
    if name not in place:
        return np.inf
    tables: dict[bool, tuple[list[Any], list[float]]] = {True: ([], []), False: ([], [])}
    for terms, right, equal in lines:
        row = np.zeros(len(place))
        for cell, weight in terms:
            row[place[cell]] += weight
        tables[equal][0].append(row)
        tables[equal][1].append(right)
    aim = np.zeros(len(place))
    aim[place[name]] = -1.0
    (equal_rows, equal_right), (most_rows, most_right) = tables[True], tables[False]
    answer = linprog(
        aim, A_eq=np.array(equal_rows) if equal_rows else None, b_eq=equal_right or None,
        A_ub=np.array(most_rows) if most_rows else None, b_ub=most_right or None, bounds=(0, None), method="highs",
    )  # fmt: skip
    if answer.status not in (0, 3):
        raise OstealgiaError("the aggregates contradict one another; nothing was exported.")
    return np.inf if answer.status == 3 else -float(answer.fun)


def exposed(cells: Cells, facts: Facts, small: int, memo: dict[Any, float] | None = None) -> list[str]:
    """The sensitive cells that are known to be small by what is shown."""
    return [name for name, high in highest(cells, facts, cells.sensitive(small), memo).items() if high < small - SLACK]


def protect(cells: Cells, wanted: Iterable[str], keep: Iterable[str], small: int) -> set[str]:
    """The cells to be shown, of those wanted: the small ones are left out, and others until none of the small ones is exposed.

    keep : cells that are always shown (the size of the group).
    """
    always, memo = set(keep), {}
    shown = {name for name in wanted if cells.values[name] >= small} | always
    while True:
        open_ = exposed(cells, {(name,): cells.values[name] for name in shown}, small, memo)
        if not open_:
            return shown
        near = _near(cells, open_[0], shown) - always
        if not near:
            raise OstealgiaError("a small cell cannot be protected; nothing was exported.")
        shown.discard(min(near, key=lambda name: (cells.values[name], name)))


def _near(cells: Cells, name: str, shown: set[str]) -> set[str]:
    """Shown cells that are tied to a cell by relations, through cells that are not shown."""
    reached, queue, found = {name}, [name], set()
    links = [(total, *parts) for total, parts in cells.relations] + list(cells.orders)
    while queue:
        here = queue.pop()
        for link in links:
            if here in link:
                for other in link:
                    if other in shown:
                        found.add(other)
                    elif other not in reached:
                        reached.add(other)
                        queue.append(other)
    return found
