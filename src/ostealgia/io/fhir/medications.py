"""MedicationStatements: what the patient takes; the doses of opioids, where they are regular and complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ostealgia.io.fhir.bundles import Resource, allowed_status
from ostealgia.io.fhir.codes import code_in, codes, longest
from ostealgia.io.fhir.gathering import Gathering

DAYS_OF = {"h": 1 / 24, "d": 1.0, "wk": 7.0}
TO_MG = {"mg": 1.0, "ug": 0.001, "g": 1000.0}


def gather_medications(found: Gathering) -> None:
    """Drugs that are taken now. A drug that is not listed is unknown, not absent."""
    for resource in found.parts.of("MedicationStatement"):
        status = allowed_status(resource.content, ("active",))
        if status:
            found.leave(resource, status)
            continue
        code = _atc(resource.content, found)
        meaning = longest(code, codes()["medications"]) if code else None
        if meaning is None:
            found.leave(resource, "its code (ATC, or RxNorm ingredient) stands for no drug that is asked for")
            continue
        for fact in meaning["facts"]:
            found.say(fact, True, resource)
        route = _route(resource.content)
        if "patch" in meaning and route == "transdermal":
            found.say(meaning["patch"], True, resource)
        if "opioids.taking" in meaning["facts"]:
            found.opioids.append(_opioid(meaning.get("opioid", ""), route, resource))


def _atc(content: Mapping[str, Any], found: Gathering) -> str:
    concept = content.get("medicationCodeableConcept")
    if concept is None:
        named = found.parts.referred(content.get("medicationReference"))
        concept = named.content.get("code") if named else None
    code = code_in(concept, "atc")
    return code or codes()["rxnorm"].get(code_in(concept, "rxnorm"), "")


def _route(content: Mapping[str, Any]) -> str:
    dosage = content.get("dosage") or []
    routes = {codes()["routes"].get(code_in(one.get("route"), "snomed"), "") for one in dosage}
    return routes.pop() if len(routes) == 1 else ""


def _opioid(drug: str, route: str, resource: Resource) -> Mapping[str, Any]:
    """drug, route, dose and unit of 24 hours; ``problem`` instead of a dose where it does not follow from the statement."""
    dose, unit, problem = _daily(resource.content)
    if not drug or not route:
        problem = "drug or route is not coded"
    return {"drug": drug, "route": route, "dose": dose, "unit": unit, "problem": problem, "resource": resource.label}


def _daily(content: Mapping[str, Any]) -> tuple[float, str, str]:
    dosage = content.get("dosage") or []
    if len(dosage) != 1:
        return 0.0, "", "there is not one dosage"
    if dosage[0].get("asNeededBoolean") or dosage[0].get("asNeededCodeableConcept"):
        return 0.0, "", "taken as needed: what was taken in 24 hours is not stated"
    rates = dosage[0].get("doseAndRate") or []
    if len(rates) != 1:
        return 0.0, "", "there is not one dose"
    rate = rates[0].get("rateQuantity")
    if isinstance(rate, dict) and rate.get("code") == "ug/h" and _number(rate.get("value")):
        return float(rate["value"]), "mcg/h", ""
    quantity = rates[0].get("doseQuantity")
    if not isinstance(quantity, dict) or quantity.get("code") not in TO_MG or not _number(quantity.get("value")):
        return 0.0, "", "the dose is not in mg (UCUM)"
    times = _times_a_day((dosage[0].get("timing") or {}).get("repeat"))
    if times is None:
        return 0.0, "", "how often it is taken is not stated"
    return float(f"{quantity['value'] * TO_MG[quantity['code']] * times:.10g}"), "mg/day", ""


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6


def _times_a_day(repeat: Any) -> float | None:
    if not isinstance(repeat, dict) or repeat.get("periodUnit") not in DAYS_OF:
        return None
    if any(name in repeat for name in ("frequencyMax", "periodMax", "dayOfWeek", "count")):
        return None
    frequency: Any = repeat.get("frequency", 1)
    period: Any = repeat.get("period")
    if not _number(frequency) or not _number(period):
        return None
    return frequency / (period * DAYS_OF[repeat["periodUnit"]])
