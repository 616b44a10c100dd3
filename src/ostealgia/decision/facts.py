"""Facts of many patients as columns in which a value may be unknown, or known only as a range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.decision.fact_fields import CHOICE, FLAG, fields

Array = NDArray[np.float64]
States = NDArray[np.int8]

FALSE, UNKNOWN, TRUE = np.int8(0), np.int8(1), np.int8(2)
_EVERY = (np.float64(-np.inf), np.float64(np.inf))


@dataclass(kw_only=True)
class Facts:
    """Columns of n patients; a column that is not there is unknown for all.

    numbers : name -> (lowest, highest) that is possible; equal where the value is known.  flags : name -> 0, 1 (unknown) or 2.
    choices : name -> place in the field's choices, -1 where unknown.
    """

    n: int
    numbers: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    flags: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, Any] = field(default_factory=dict)

    def number(self, name: str) -> tuple[Any, Any]:
        """Lowest and highest possible value."""
        return self.numbers.get(name, _EVERY)

    def flag(self, name: str) -> Any:
        """0, 1 or 2."""
        return self.flags.get(name, UNKNOWN)

    def choice(self, name: str) -> Any:
        """Place in the choices, or -1."""
        return self.choices.get(name, np.int8(-1))

    def known(self, name: str) -> Any:
        """Whether the value is known."""
        if name in self.numbers:
            low, high = self.numbers[name]
            return low == high
        if name in self.flags:
            return self.flags[name] != UNKNOWN
        if name in self.choices:
            return self.choices[name] >= 0
        return np.bool_(False)

    def copy(self) -> Facts:
        """Columns that may be replaced without touching these."""
        return Facts(n=self.n, numbers=dict(self.numbers), flags=dict(self.flags), choices=dict(self.choices))

    def forget(self, name: str, where: Any) -> None:
        """Make values unknown."""
        kind = fields()[name].type
        if kind == FLAG:
            self.flags[name] = np.where(where, UNKNOWN, self.flag(name))
        elif kind == CHOICE:
            self.choices[name] = np.where(where, np.int8(-1), self.choice(name))
        else:
            low, high = self.number(name)
            self.numbers[name] = (np.where(where, -np.inf, low), np.where(where, np.inf, high))


def one_patient(values: Mapping[str, Any]) -> Facts:
    """Facts of one patient from checked values in the fields' own units.

    >>> facts = one_patient({"age_years": 60, "sex": "male", "site.infection": False})
    >>> facts.number("age_years")[0].tolist(), facts.flag("site.infection").tolist(), bool(facts.known("weight_kg"))
    ([60.0], [0], False)
    """
    facts = Facts(n=1)
    for name, value in values.items():
        if value is None:
            continue
        one = fields()[name]
        if one.type == FLAG:
            facts.flags[name] = np.array([TRUE if value else FALSE], dtype=np.int8)
        elif one.type == CHOICE:
            facts.choices[name] = np.array([one.choices.index(value)], dtype=np.int8)
        else:
            number = np.array([np.inf if value == "never" else float(value)])
            facts.numbers[name] = (number, number)
    return facts


@dataclass(frozen=True, kw_only=True)
class OneFacts:
    """The facts of one patient as plain values: what ``Facts`` holds, without arrays."""

    numbers: Mapping[str, tuple[float, float]]
    flags: Mapping[str, int]
    choices: Mapping[str, int]

    def known(self, name: str) -> bool:
        """Whether the value is known."""
        if name in self.numbers:
            low, high = self.numbers[name]
            return low == high
        return self.flags.get(name, 1) != 1 or self.choices.get(name, -1) >= 0


def plain_facts(facts: Facts, row: int = 0) -> OneFacts:
    """One patient of the columns.

    >>> plain_facts(one_patient({"age_years": 60, "site.infection": False}))
    OneFacts(numbers={'age_years': (60.0, 60.0)}, flags={'site.infection': 0}, choices={})
    """

    def pick(value: Any) -> Any:
        return np.broadcast_to(value, (facts.n,))[row].item()

    return OneFacts(
        numbers={name: (pick(low), pick(high)) for name, (low, high) in facts.numbers.items()},
        flags={name: pick(value) for name, value in facts.flags.items()},
        choices={name: pick(value) for name, value in facts.choices.items()},
    )
