"""The facts a rule may ask for: names, types, units and limits, from ``data/decision/fields.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

FLAG, NUMBER, CHOICE, LABORATORY = "flag", "number", "choice", "laboratory"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One fact. name : "group.field", or "field".  unit : the one in which rules compare.  units : accepted unit -> factor to it.

    min, max : outside a value is refused.  low, high : outside it is queried.  never : "never" may stand for a number of weeks.
    """

    name: str
    type: str
    label: str
    unit: str = ""
    units: Mapping[str, float] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    min: float = float("-inf")
    max: float = float("inf")
    low: float = float("-inf")
    high: float = float("inf")
    step: float = 0.0
    whole: bool = False
    never: bool = False
    question: str = ""

    @property
    def numeric(self) -> bool:
        """Whether it is a number, with or without a unit of its own."""
        return self.type in (NUMBER, LABORATORY)

    @property
    def asked(self) -> str:
        """The fact as a question."""
        return self.question or f"What is known of: {self.label}?"


def data_folder() -> Any:
    """The folder of the rules and fields in the package."""
    return resources.files("ostealgia").joinpath("data", "decision")


def read_toml(name: str) -> dict[str, Any]:
    """One of the package's own TOML files."""
    return tomllib.loads(data_folder().joinpath(*name.split("/")).read_text(encoding="utf-8"))


@cache
def fields() -> Mapping[str, Field]:
    """All fields by name, in the order of the file.

    >>> fields()["pain.worst_nrs_0_10"].unit, fields()["labs.calcium"].units["mg/dL"]
    ('0-10', 0.25)
    """
    made: dict[str, Field] = {}
    for name, value in read_toml("fields.toml").items():
        if not isinstance(value, dict):
            continue
        if isinstance(value.get("type"), str):
            made[name] = _field(name, value)
        else:
            made.update({f"{name}.{inner}": _field(f"{name}.{inner}", one) for inner, one in value.items()})
    return made


def _field(name: str, given: Mapping[str, Any]) -> Field:
    values = dict(given)
    if "choices" in values:
        values["choices"] = tuple(values["choices"])
    return Field(name=name, **values)


@cache
def groups() -> Mapping[str, tuple[str, ...]]:
    """Group -> names of its fields within it.

    >>> groups()["survival"]
    ('months', 'source')
    """
    made: dict[str, list[str]] = {}
    for name in fields():
        group, dot, inner = name.partition(".")
        if dot:
            made.setdefault(group, []).append(inner)
    return {group: tuple(inner) for group, inner in made.items()}
