"""The JSON Schema of a patient's record, made from the fields; the file in the package holds the same."""

from __future__ import annotations

from typing import Any

from ostealgia.decision.fact_fields import CHOICE, FLAG, LABORATORY, Field, fields, groups
from ostealgia.decision.patient_reading import ABSENT, COURSE
from ostealgia.decision.rules_data import LIMITS

ID = "https://json-schema.org/draft/2020-12/schema"


def patient_schema() -> dict[str, Any]:
    """What a patient's record may hold, as JSON Schema (2020-12). Every field may be absent or null: it is then unknown, never "no".

    >>> schema = patient_schema()
    >>> schema["properties"]["age_years"]["anyOf"][0]["maximum"]
    125
    """
    properties: dict[str, Any] = {
        "$schema": {"type": "string"},
        "id": {"description": "not read, never repeated", "type": ["string", "null"]},
        "comment": {"description": "not read", "type": ["string", "null"]},
    }
    for name, one in fields().items():
        group, dot, inner = name.partition(".")
        if not dot:
            properties[name] = _field(one)
            continue
        properties.setdefault(group, {"type": "object", "additionalProperties": False, "properties": {}})
        properties[group]["properties"][inner] = _field(one)
    for group in groups():
        properties[group] = _group(group, properties[group])
    properties["previous_radiotherapy"] = _courses()
    return {
        "$schema": ID,
        "title": "One patient with painful bone metastases",
        "description": f"A field that is absent or null is unknown. {LIMITS}",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _group(group: str, schema: dict[str, Any]) -> dict[str, Any]:
    choices: list[dict[str, Any]] = [schema, {"type": "null"}]
    if group in ABSENT or group == "opioids":
        choices.append({"const": "none", "description": "none of these"})
    if group == "medication":
        names = {"type": "array", "items": {"anyOf": [{"type": "string"}, _named_drug()]}}
        schema["properties"]["list"] = {"anyOf": [names, {"const": "none"}, {"type": "null"}]}
        schema["properties"]["list_complete"] = {
            "type": ["boolean", "null"],
            "description": "true: what is not in the list is not taken",
        }
        choices.append(names)
    return {"anyOf": choices}


def _named_drug() -> dict[str, Any]:
    return {"type": "object", "properties": {"drug": {"type": "string"}}, "required": ["drug"]}


def _field(one: Field) -> dict[str, Any]:
    described = {"description": f"{one.label}, {one.unit}" if one.unit and one.unit not in one.label else one.label}
    if one.type == FLAG:
        return {**described, "anyOf": [{"type": "boolean"}, {"const": "none"}, {"type": "null"}]}
    if one.type == CHOICE:
        return {**described, "anyOf": [{"enum": list(one.choices)}, {"type": "null"}]}
    if one.type == LABORATORY:
        return {**described, "anyOf": [_laboratory(one), {"type": "null"}]}
    number: dict[str, Any] = {"type": "number", "minimum": one.min, "maximum": one.max}
    if one.whole:
        number["multipleOf"] = 1
    if one.step:
        number["multipleOf"] = one.step
    confirmed = {
        "type": "object",
        "additionalProperties": False,
        "required": ["value"],
        "properties": {"value": {"anyOf": [dict(number), {"type": "null"}]}, "confirmed": {"type": "boolean"}},
    }
    choices = [number, confirmed, *([{"const": "never"}] if one.never else []), {"type": "null"}]
    return {**described, "anyOf": choices}


def _laboratory(one: Field) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["value", "unit"],
        "properties": {
            "value": {"type": ["number", "null"], "minimum": 0},
            "unit": {"enum": list(one.units)},
            "confirmed": {"type": "boolean", "description": "true for an unusual value that was checked"},
        },
    }


def _courses() -> dict[str, Any]:
    number = {"type": ["number", "null"], "minimum": 0, "maximum": 5000}
    course = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **dict.fromkeys(COURSE[1:], number),
            "to_index_site": {"type": ["boolean", "null"]},
            "site": {"type": ["string", "null"], "description": "not read"},
            "comment": {"type": ["string", "null"], "description": "not read"},
        },
    }
    return {
        "description": "courses of radiotherapy; those to the index site set the group radiotherapy",
        "anyOf": [{"type": "array", "items": course}, {"const": "none"}, {"type": "null"}],
    }
