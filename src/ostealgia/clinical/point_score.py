"""Scores that add up points: a table of items, a table of groups, and the range that missing items leave open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia.clinical.assessment import ClinicalDefinition, Input, Outcome, Source, number, word, yes_no
from ostealgia.errors import OptionError

Points = tuple[int, int]  # lowest and highest that the input leaves open; equal where it is known


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of a score. points : all inputs -> lowest and highest points.  low, high : of the item when nothing is known.

    inputs : those that decide it.  missing : all inputs -> those that are not known and would narrow it; by default all unknown ones.
    """

    name: str
    inputs: tuple[Input, ...]
    points: Callable[[Mapping[str, Any]], Points]
    low: int
    high: int
    missing: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Totals from low to high have this label; meaning is what the source reports of its cohort."""

    low: int
    high: int
    label: str
    meaning: str


def choice(
    name: str,
    title: str,
    points: Mapping[str, int],
    synonyms: Mapping[str, str] | None = None,
    fold: Callable[[Any], Any] | None = None,
) -> Item:
    """An item that is one of some words. fold : turns another way of saying it (a vertebral level) into one of the words."""
    low, high = min(points.values()), max(points.values())

    def found(given: Mapping[str, Any]) -> Points:
        value = given[name] if fold is None else fold(given[name])
        picked = word(name, value, tuple(points), synonyms)
        return (low, high) if picked is None else (points[picked], points[picked])

    return Item(
        name=name,
        inputs=(Input(name=name, title=title, values=" | ".join(points)),),
        points=found,
        low=low,
        high=high,
    )


def flag(name: str, title: str, yes: int, no: int = 0) -> Item:
    """An item that is there or not."""
    low, high = min(yes, no), max(yes, no)

    def found(given: Mapping[str, Any]) -> Points:
        value = yes_no(name, given[name])
        return (low, high) if value is None else (yes, yes) if value else (no, no)

    return Item(name=name, inputs=(Input(name=name, title=title, values="yes | no"),), points=found, low=low, high=high)


def banded(
    name: str,
    title: str,
    bands: Sequence[tuple[float, int]],
    limits: tuple[float, float],
    unit: str = "",
    step: float = 0,
) -> Item:
    """An item decided by a number: the points of the last band whose lower bound it reaches.

    bands : (lower bound, points), in order; the first bound is the lower limit.  step : the number goes in steps of it.
    """
    values = [points for _, points in bands]

    def found(given: Mapping[str, Any]) -> Points:
        value = number(name, given[name], *limits, unit)
        if value is None:
            return min(values), max(values)
        if step and value % step:
            raise OptionError(f"{name} goes in steps of {step:g}.")
        picked = [points for bound, points in bands if value >= bound][-1]
        return picked, picked

    words = f"{limits[0]:g} to {limits[1]:g}" + (f" in steps of {step:g}" if step else "")
    return Item(
        name=name,
        inputs=(Input(name=name, title=title, values=words, unit=unit),),
        points=found,
        low=min(values),
        high=max(values),
    )


def point_score(
    *, id: str, title: str, items: Sequence[Item], groups: Sequence[Group], source: Source, notes: Sequence[str] = ()
) -> ClinicalDefinition:
    """A definition that adds up the points of its items."""

    def evaluate(given: Mapping[str, Any]) -> Outcome:
        low = high = 0
        missing: list[str] = []
        for item in items:
            least, most = item.points(given)
            low, high = low + least, high + most
            if least != most:
                unknown = [one.name for one in item.inputs if given[one.name] is None]
                missing += unknown if item.missing is None else list(item.missing(given))
        labels = tuple(dict.fromkeys(group.label for group in groups if group.low <= high and group.high >= low))
        return Outcome(
            value=float(low) if low == high else float("nan"), low=float(low), high=float(high),
            category=labels[0] if len(labels) == 1 else "", attainable=labels, missing=tuple(dict.fromkeys(missing)),
        )  # fmt: skip

    inputs = {one.name: one for item in items for one in item.inputs}
    return ClinicalDefinition(
        id=id, title=title, value_name="points", inputs=tuple(inputs.values()), source=source, evaluate=evaluate,
        meanings={group.label: group.meaning for group in groups}, notes=tuple(notes),
    )  # fmt: skip
