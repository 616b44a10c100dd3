"""Observations: pain, performance status, vital signs, laboratory values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from ostealgia.io.fhir.bundles import Resource, allowed_status, day_of
from ostealgia.io.fhir.codes import code_in, codes, observation_codes, system
from ostealgia.io.fhir.gathering import Gathering

COUNTS = ("final", "amended", "corrected")
FAHRENHEIT = "[degF]"
DAYS = ("effectiveDateTime", "effectivePeriod", "effectiveInstant")
# blood counts, whose age a rule asks for
BLOOD_COUNTS = ("labs.haemoglobin", "labs.leucocytes", "labs.neutrophils", "labs.platelets")


def gather_observations(found: Gathering) -> None:
    """The facts in the Observations; the site first, because pain counts only at the index site."""
    pain = [one for one in found.parts.of("Observation") if code_in(one.content.get("code"), "loinc") == "72514-3"]
    _index_site(pain, found)
    for resource in found.parts.of("Observation"):
        _one(resource, found)
    _age_of_counts(found)


def _one(resource: Resource, found: Gathering) -> None:
    content = resource.content
    known = observation_codes().get(code_in(content.get("code"), "loinc"))
    if known is None:
        found.leave(resource, "its code stands for no fact that is asked for")
        return
    status = allowed_status(content, COUNTS)
    if status:
        found.leave(resource, status)
        return
    day = day_of(content, *DAYS)
    if found.too_old(resource, day, known["days"]):
        return
    value, problem = VALUES[known["kind"]](content, known)
    if not problem and known["kind"] == "pain":
        problem = _not_index_site(content, found)
    if problem:
        found.leave(resource, problem)
        return
    if (content.get("valueQuantity") or {}).get("comparator"):
        found.notes.append(f"{known['fact']} is given as a bound; the bound is used")
    found.say(known["fact"], value, resource, day)


def _whole(content: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Any, str]:
    value = content.get("valueInteger")
    if value is None and isinstance(content.get("valueQuantity"), dict):
        value = content["valueQuantity"].get("value")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None, "its value is not a whole number (valueInteger or valueQuantity)"
    if value not in known.get("allowed", (value,)):
        return None, f"its value is not one of {', '.join(map(str, known['allowed']))}"
    return value, ""


def _pain(content: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Any, str]:
    concept = content.get("valueCodeableConcept")
    if isinstance(concept, dict):
        # by code: the words shown for LA6113-0 are "2 or more", and it means 2
        answer = codes()["pain_answers"].get(code_in(concept, "loinc"))
        return (answer, "") if answer is not None else (None, "its answer is not one of the LOINC answers 0 to 10")
    value, problem = _whole(content, known)
    if not problem and not 0 <= value <= 10:
        return None, "its value is not from 0 to 10"
    return value, problem


def _quantity(content: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Any, str]:
    value, unit, problem = _number_and_unit(content, known)
    if unit == FAHRENHEIT:
        value = (value - 32.0) * 5.0 / 9.0
    return (None if problem else _rounded(value * known["units"][unit])), problem


def _laboratory(content: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Any, str]:
    value, unit, problem = _number_and_unit(content, known)
    return (None if problem else {"value": value, "unit": known["units"][unit]}), problem


VALUES = {"whole": _whole, "pain": _pain, "quantity": _quantity, "laboratory": _laboratory}


def _number_and_unit(content: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[float, str, str]:
    quantity = content.get("valueQuantity")
    if not isinstance(quantity, dict):
        return 0.0, "", "it has no valueQuantity"
    value, unit = quantity.get("value"), quantity.get("code")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0, "", "its value is not a number"
    if quantity.get("comparator") and str(quantity["comparator"])[:1] != known.get("bound"):
        return 0.0, "", "its value is a bound (< or >), not a number"
    if quantity.get("system") != system("ucum") or unit not in known["units"]:
        return 0.0, "", "its unit is not one of the UCUM codes " + ", ".join(known["units"])
    return value, str(unit), ""


def _rounded(value: float) -> float:
    return float(f"{value:.10g}")


# ---- the index site


def _index_site(pain: list[Resource], found: Gathering) -> None:
    """The bone to which the pain that is marked as worst in 24 hours at the index site belongs, where there is one only."""
    sites = {code for one in pain if _marked(one.content) and (code := _site_code(one.content))}
    if found.site_code:
        return
    if len(sites) == 1:
        found.site_code = sites.pop()
        found.site = codes()["sites"].get(found.site_code, "")
    elif sites:
        for one in pain:
            found.leave(one, "pain of several sites: name the index site by site=")


def _site_code(content: Mapping[str, Any]) -> str:
    return code_in(content.get("bodySite"), "snomed")


def _marked(content: Mapping[str, Any]) -> bool:
    """Whether the resource says that this is the worst pain of 24 hours: a component with the local code."""
    local = codes()["local"]["worst_24h"]
    return any(
        code_in(one.get("code"), "local") == local for one in content.get("component") or [] if isinstance(one, dict)
    )


def _not_index_site(content: Mapping[str, Any], found: Gathering) -> str:
    if not _site_code(content) or not _marked(content):
        return (
            "not_index_site: LOINC 72514-3 says neither where nor over which time; "
            "a bodySite and the component worst-pain-last-24-h are needed"
        )
    if _site_code(content) != found.site_code:
        return "not_index_site: another site, or no single index site"
    return ""


def _age_of_counts(found: Gathering) -> None:
    days: list[date] = []
    for fact in BLOOD_COUNTS:
        claimed = [one.day for one in found.claims.get(fact, ()) if one.day]
        if claimed:
            days.append(max(claimed))
    if days:
        source = next(one for one in found.claims[next(f for f in BLOOD_COUNTS if f in found.claims)])
        label = Resource(kind="Observation", label=source.resource, content={})
        found.say("labs.counts_days_ago", (found.today - min(days)).days, label)
