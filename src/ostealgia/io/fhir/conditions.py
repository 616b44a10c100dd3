"""Patient and Conditions: age, sex, primary tumour, other diseases. An absent Condition never means that the disease is absent."""

from __future__ import annotations

from datetime import date
from typing import Any

from ostealgia.errors import JsonError
from ostealgia.io.fhir.bundles import Parts, Resource, full_day
from ostealgia.io.fhir.codes import codes, codings, longest, system
from ostealgia.io.fhir.gathering import Gathering

SYSTEMS = ("icd10cm", "icd10")
ACTIVE = ("active", "recurrence", "relapse")


def gather_patient(found: Gathering) -> None:
    """Age and sex. Raises JsonError where the record says that the patient has died."""
    for resource in found.parts.of("Patient"):
        content = resource.content
        if content.get("deceasedBoolean") or content.get("deceasedDateTime"):
            raise JsonError("the record says that the patient has died", action="Give the Bundle of a living patient.")
        if content.get("gender") in ("female", "male"):
            found.say("sex", content["gender"], resource)
        elif content.get("gender"):
            found.leave(resource, "gender is neither female nor male; sex is left unknown")
        age = _age(content.get("birthDate"), found.today)
        if age is not None:
            found.say("age_years", age, resource)


def _age(birth: Any, today: date) -> int | None:
    """Completed years; where only year or month of birth is stated, the age that the patient has certainly reached."""
    if not isinstance(birth, str):
        return None
    latest = {4: f"{birth}-12-31", 7: f"{birth}-28"}.get(len(birth), birth)
    day = full_day(latest)
    if day is None or day > today:
        return None
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def gather_conditions(found: Gathering) -> None:
    """Facts that an active, confirmed Condition states."""
    for resource in found.parts.of("Condition"):
        reason = _left_out(resource)
        if reason:
            found.leave(resource, reason)
            continue
        meaning = _meaning(resource.content.get("code"))
        if meaning is None:
            found.leave(resource, "its code (ICD-10 or ICD-10-CM) stands for no fact that is asked for")
        elif "unclear" in meaning:
            found.leave(resource, meaning["unclear"])
        else:
            found.say(meaning["fact"], meaning["value"], resource)


def _meaning(concept: Any) -> Any:
    table = codes()["conditions"]
    for where, code in codings(concept):
        if where in _systems():
            meaning = longest(code, table) or longest(_dotted(code), table)
            if meaning is not None:
                return meaning
    return None


def _systems() -> set[str]:
    return {system(name) for name in SYSTEMS}


def _codes(concept: Any, where: str) -> set[str]:
    return {code for place, code in codings(concept) if place == where}


def _dotted(code: str) -> str:
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 and "." not in code else code


def names_bone_metastasis(parts: Parts) -> bool:
    """Whether a Condition names bone metastasis or myeloma and is neither refuted, entered in error nor over."""
    return _named(parts, BONE_METASTASIS, BONE_METASTASIS_SNOMED)


def names_cancer(parts: Parts) -> bool:
    """Whether a Condition names a malignant tumour (ICD-10 chapter C) and is neither refuted, entered in error nor over."""
    return _named(parts, ("C",))


def _named(parts: Parts, beginnings: tuple[str, ...], snomed_code: str = "") -> bool:
    for resource in parts.of("Condition"):
        over = _codes(resource.content.get("clinicalStatus"), CLINICAL) & {"inactive", "remission", "resolved"}
        void = _codes(resource.content.get("verificationStatus"), VERIFICATION) & {"refuted", "entered-in-error"}
        named = [code for where, code in codings(resource.content.get("code")) if where in _systems()]
        snomed = _codes(resource.content.get("code"), system("snomed"))
        meant = any(_dotted(code).startswith(beginnings) for code in named) or snomed_code in snomed
        if meant and not over and not void:
            return True
    return False


BONE_METASTASIS = ("C79.5", "C90.0")
BONE_METASTASIS_SNOMED = "94222008"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def _left_out(resource: Resource) -> str:
    content = resource.content
    clinical = _codes(content.get("clinicalStatus"), CLINICAL)
    verification = _codes(content.get("verificationStatus"), VERIFICATION)
    if verification and verification != {"confirmed"}:
        return "it is not confirmed"
    if not clinical:
        return "whether it is active is not stated"
    if not clinical <= set(ACTIVE):
        return "it is no longer active"
    return ""
