"""Facts of one patient as a FHIR R4 Bundle: no name, no identifier, and no order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ostealgia.errors import JsonError
from ostealgia.io.fhir.bundles import r4_problem
from ostealgia.io.fhir.codes import codes, observation_codes, system

SUBJECT = {"reference": "Patient/patient"}


@dataclass(frozen=True, kw_only=True)
class Written:
    """A Bundle. not_written : facts that have no form in it here."""

    bundle: Mapping[str, Any]
    not_written: tuple[str, ...]


def write_bundle(facts: Mapping[str, Any], *, today: date) -> Written:
    """A Bundle (type "collection") with the facts that have a code: age and sex, conditions, pain, performance, laboratory values, drugs,
    radiotherapy of the index site.

    facts : nested, as for ``oa.decision.options``.  today : the day that is written for findings; of the birth only the year is written.
    Only what is true is written: a fact that is false or unknown has no form that a reader could not take for the other.

    >>> made = write_bundle({"age_years": 71, "performance": {"ecog": 1}, "dental": {"poor_dentition": True}}, today=date(2026, 11, 22))
    >>> [entry["resource"]["resourceType"] for entry in made.bundle["entry"]], made.not_written
    (['Patient', 'Observation'], ('dental.poor_dentition',))
    """
    flat = dict(_flat(facts))
    resources: list[dict[str, Any]] = [_patient(flat, today)]
    left: list[str] = []
    site = next((code for code, bone in codes()["sites"].items() if bone == flat.get("site.bone")), "")
    for fact, value in flat.items():
        if value is None or fact in ("age_years", "sex", "site.bone"):
            continue
        made = next((one for write in WRITERS if (one := write(fact, value, flat, site, today)) is not None), None)
        if made is None:
            left.append(fact)
        elif made:
            resources.append(made)
    course = _course(flat, site, today)
    if course:
        resources.append(course)
    return Written(bundle=_bundle(resources), not_written=tuple(left))


def _bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    for resource in resources:
        problem = r4_problem(resource)
        if problem:
            raise JsonError(f"a {resource['resourceType']} that was written is not valid R4: {problem}")
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def _flat(facts: Mapping[str, Any], group: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in facts.items():
        if isinstance(value, Mapping) and "unit" not in value:
            yield from _flat(value, f"{group}{name}.")
        else:
            yield f"{group}{name}", value


def _coded(name: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system(name), "code": code}]}


def _patient(flat: Mapping[str, Any], today: date) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Patient", "id": "patient"}
    if flat.get("sex"):
        made["gender"] = flat["sex"]
    if isinstance(flat.get("age_years"), int):
        # the year in which this age has certainly been reached by today
        made["birthDate"] = str(today.year - flat["age_years"] - (0 if (today.month, today.day) == (12, 31) else 1))
    return made


def _observation(fact: str, value: Any, flat: Mapping[str, Any], site: str, today: date) -> dict[str, Any] | None:
    number, unit = (value.get("value"), value.get("unit")) if isinstance(value, dict) else (value, None)
    found = _observation_code(fact, unit)
    if found is None or isinstance(number, bool) or not isinstance(number, int | float):
        return None
    whole = found["kind"] in ("whole", "pain")
    if (found["kind"] == "pain" and not site) or (whole and number != int(number)):
        return None
    made: dict[str, Any] = {
        "resourceType": "Observation", "status": "final", "subject": SUBJECT, "code": _coded("loinc", found["code"]),
        "effectiveDateTime": today.isoformat(),
    }  # fmt: skip
    profile = codes()["profiles"].get({"performance.ecog": "ecog", "performance.kps": "karnofsky"}.get(fact, ""))
    if profile:
        made["meta"] = {"profile": [profile]}
    if whole:
        made["valueInteger"] = int(number)
    else:
        code = next(ucum for ucum, own in found["units"].items() if own in (unit, 1.0))
        made["valueQuantity"] = {"value": number, "unit": unit or code, "system": system("ucum"), "code": code}
    if found["kind"] == "pain":
        made["bodySite"] = _coded("snomed", site)
        made["component"] = [{"code": _coded("local", codes()["local"]["worst_24h"]), "valueBoolean": True}]
    return made


def _observation_code(fact: str, unit: Any) -> Mapping[str, Any] | None:
    for found in observation_codes().values():
        if found["fact"] == fact and (found["kind"] != "laboratory" or unit in found["units"].values()):
            return found
    return None


def _condition(fact: str, value: Any, flat: Mapping[str, Any], site: str, today: date) -> dict[str, Any] | None:
    for code, meaning in codes()["conditions"].items():
        if meaning.get("fact") == fact and meaning.get("value") == value and value is not False:
            return {
                "resourceType": "Condition", "subject": SUBJECT, "code": _coded("icd10cm", code),
                "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
                "verificationStatus": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]
                },
            }  # fmt: skip
    return None


def _medication(fact: str, value: Any, flat: Mapping[str, Any], site: str, today: date) -> dict[str, Any] | None:
    if value is not True:
        return None
    code, route = _drug(fact)
    if not code:
        return None
    made: dict[str, Any] = {
        "resourceType": "MedicationStatement", "status": "active", "subject": SUBJECT, "medicationCodeableConcept": _coded("atc", code),
    }  # fmt: skip
    if route:
        made["dosage"] = [{"route": _coded("snomed", route)}]
    return made


def _drug(fact: str) -> tuple[str, str]:
    """(ATC code, route) of the drug or group that stands for the fact and for nothing but the fact and opioid treatment."""
    for code, meaning in codes()["medications"].items():
        if meaning.get("patch") == fact:
            return code, next(route for route, name in codes()["routes"].items() if name == "transdermal")
        if set(meaning["facts"]) in ({fact}, {fact, "opioids.taking"}):
            return code, ""
    return "", ""


COURSE = tuple(f"radiotherapy.{name}" for name in ("previous_at_site", "weeks_since_last", "dose_gy", "fractions"))


def _in_course(fact: str, value: Any, flat: Mapping[str, Any], site: str, today: date) -> dict[str, Any] | None:
    return {} if fact in COURSE and _course(flat, site, today) else None


def _course(flat: Mapping[str, Any], site: str, today: date) -> dict[str, Any] | None:
    if flat.get("radiotherapy.previous_at_site") is not True or not site:
        return None
    made: dict[str, Any] = {
        "resourceType": "Procedure", "status": "completed", "subject": SUBJECT, "code": _coded("snomed", "1217123003"),
        "bodySite": [_coded("snomed", site)], "meta": {"profile": [codes()["profiles"]["radiotherapy_course"]]},
    }  # fmt: skip
    weeks, dose, fractions = (flat.get(f"radiotherapy.{name}") for name in ("weeks_since_last", "dose_gy", "fractions"))
    if isinstance(weeks, int | float):
        made["performedPeriod"] = {"end": (today - timedelta(days=round(7 * weeks))).isoformat()}
    parts: list[dict[str, Any]] = []
    if dose is not None:
        parts.append({
            "url": "totalDoseDelivered",
            "valueQuantity": {"value": float(f"{dose * 100:.10g}"), "unit": "cGy", "system": system("ucum"), "code": "cGy"},
        })  # fmt: skip
    if fractions is not None:
        parts.append({"url": "fractionsDelivered", "valueUnsignedInt": int(fractions)})
    if parts:
        made["extension"] = [{"url": codes()["profiles"]["dose_to_volume"], "extension": parts}]
    return made


WRITERS: tuple[Callable[..., dict[str, Any] | None], ...] = (_in_course, _observation, _condition, _medication)
