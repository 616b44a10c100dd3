"""Which code of which system stands for which fact, from ``data/fhir/codes.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def codes() -> Mapping[str, Any]:
    """The tables of codes.

    >>> codes()["systems"]["loinc"], codes()["pain_answers"]["LA6113-0"]
    ('http://loinc.org', 2)
    """
    place = resources.files("ostealgia").joinpath("data", "fhir", "codes.toml")
    return tomllib.loads(place.read_text(encoding="utf-8"))


def system(name: str) -> str:
    """The address of a code system."""
    return codes()["systems"][name]


@cache
def observation_codes() -> Mapping[str, Mapping[str, Any]]:
    """LOINC code -> what it stands for."""
    return {one["code"]: one for one in codes()["observation"]}


@cache
def observation_of(fact: str) -> Mapping[str, Any]:
    """The first code of a fact, which is the one that is written."""
    return next(one for one in codes()["observation"] if one["fact"] == fact)


def codings(concept: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of every coding of a CodeableConcept."""
    for coding in (concept or {}).get("coding") or []:
        if coding.get("system") and coding.get("code"):
            yield coding["system"], coding["code"]


def code_in(concept: Any, name: str) -> str:
    """The code in one system, or an empty text; an empty text as well where the system stands there twice."""
    found = {code for where, code in codings(concept) if where == system(name)}
    return found.pop() if len(found) == 1 else ""


def longest(code: str, table: Mapping[str, Any]) -> Any:
    """The entry with the longest beginning of the code, or None.

    >>> longest("N02AA01", {"N02A": 1, "N02AA01": 2}), longest("N02AA99", {"N02A": 1}), longest("B01", {"N02A": 1})
    (2, 1, None)
    """
    return next((table[code[:end]] for end in range(len(code), 0, -1) if code[:end] in table), None)
