"""A Bundle taken apart: its resources, checked one by one against R4, and whose they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ostealgia.errors import JsonError, OptionError

MOST = 5000
NAMED = re.compile(r'(?:entry|property|Property) "([A-Za-z]+)"')
READ = ("Patient", "Condition", "Observation", "MedicationStatement", "Procedure", "Medication", "BodyStructure")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a Bundle. label : "Observation, entry 3", never an identifier.  address : what a reference to it says."""

    kind: str
    label: str
    content: Mapping[str, Any]
    address: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a Bundle holds. skipped : (label, why) of every resource that was not read."""

    resources: tuple[Resource, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    by_address: Mapping[str, Resource] = field(default_factory=dict)

    def of(self, kind: str) -> list[Resource]:
        """The resources of one kind."""
        return [one for one in self.resources if one.kind == kind]

    def referred(self, reference: Any) -> Resource | None:
        """The resource of the Bundle that a Reference names."""
        name = reference.get("reference") if isinstance(reference, dict) else None
        return self.by_address.get(name) if isinstance(name, str) else None


def is_bundle(value: Any) -> bool:
    """Whether a JSON value is a FHIR Bundle."""
    return isinstance(value, dict) and value.get("resourceType") == "Bundle"


def take_apart(bundle: Any) -> Parts:
    """The resources of a Bundle that can be read. Raises JsonError: no Bundle, no list of entries, too many, two patients."""
    if not is_bundle(bundle):
        raise JsonError("this is not a FHIR Bundle", expected='an object with "resourceType": "Bundle"')
    entries = bundle.get("entry") or []
    if not isinstance(entries, list):
        raise JsonError("the entries of the Bundle are not a list")
    if len(entries) > MOST:
        raise JsonError("the Bundle is too large", found=f"{len(entries):,} entries", expected=f"at most {MOST:,}")
    kept: list[Resource] = []
    skipped: list[tuple[str, str]] = []
    for position, entry in enumerate(entries, start=1):
        content = entry.get("resource") if isinstance(entry, dict) else None
        kind = content.get("resourceType") if isinstance(content, dict) else None
        label = (
            f"{kind if isinstance(kind, str) and kind.isalpha() and len(kind) < 40 else 'something'}, entry {position}"
        )
        if not isinstance(content, dict) or kind not in READ:
            skipped.append((label, "a kind of resource that is not read"))
            continue
        content = _from_r5(content)
        wrong = r4_problem(content)
        if wrong:
            skipped.append((label, f"not valid FHIR R4: {wrong}"))
            continue
        kept.append(Resource(kind=str(kind), label=label, content=content, address=_addresses(entry, content)))
    if sum(one.kind == "Patient" for one in kept) > 1:
        raise JsonError("the Bundle holds more than one patient", action="Give the Bundle of one patient.")
    return _of_one_patient(kept, skipped)


def _of_one_patient(kept: Sequence[Resource], skipped: list[tuple[str, str]]) -> Parts:
    patients = [one for one in kept if one.kind == "Patient"]
    subjects = {_subject(one) for one in kept if one.kind not in ("Patient", "Medication", "BodyStructure")} - {""}
    own = set(patients[0].address) if patients else subjects
    if not patients and len(subjects) > 1:
        raise JsonError("the Bundle holds more than one patient", action="Give the Bundle of one patient.")
    out: list[Resource] = []
    for one in kept:
        if one.kind not in ("Patient", "Medication") and _subject(one) not in own:
            skipped.append((one.label, "of another patient" if _subject(one) else "whose it is is not stated"))
        else:
            out.append(one)
    by_address = {address: one for one in out for address in one.address}
    return Parts(resources=tuple(out), skipped=tuple(skipped), by_address=by_address)


def _subject(resource: Resource) -> str:
    reference = resource.content.get("patient" if resource.kind == "BodyStructure" else "subject")
    name = reference.get("reference") if isinstance(reference, dict) else None
    return name if isinstance(name, str) else ""


def _addresses(entry: Mapping[str, Any], content: Mapping[str, Any]) -> tuple[str, ...]:
    own = content.get("id")
    found = [entry.get("fullUrl"), f"{content['resourceType']}/{own}" if own else None]
    return tuple(one for one in found if isinstance(one, str))


def r4_problem(content: Mapping[str, Any]) -> str:
    """What makes a resource invalid R4 by the models of fhirclient: names of its elements, no values; empty where it is valid."""
    model = _model(str(content["resourceType"]))
    try:
        made = model(dict(content), strict=True)
        made.as_json()
    except Exception as error:  # whatever a stranger's resource does to the models, it is not valid
        return _elements(error)
    return ""


def _model(kind: str) -> Any:
    from importlib import import_module

    try:
        return getattr(import_module(f"fhirclient.models.{kind.lower()}"), kind)
    except ModuleNotFoundError:
        raise OptionError("FHIR needs the package fhirclient. Install it: pip install 'ostealgia[fhir]'.") from None


def _elements(error: Exception) -> str:
    # the names of elements only: what else fhirclient says may hold a value
    named = [name for name in NAMED.findall(str(error)) if len(name) < 40]
    return (
        "element " + ", ".join(dict.fromkeys(named[:4]))
        if named
        else "an element is missing, unknown or of the wrong type"
    )


def _from_r5(content: dict[str, Any]) -> dict[str, Any]:
    """R5 shapes that mean one thing only, in their R4 form."""
    kind, out = content.get("resourceType"), dict(content)
    if kind == "MedicationStatement" and isinstance(out.get("medication"), dict):
        named = out.pop("medication")
        for new, old in (("concept", "medicationCodeableConcept"), ("reference", "medicationReference")):
            if new in named:
                out[old] = named[new]
    if kind == "Procedure":
        for new, old in (("occurrencePeriod", "performedPeriod"), ("occurrenceDateTime", "performedDateTime")):
            if new in out:
                out[old] = out.pop(new)
    return out


def day_of(content: Mapping[str, Any], *names: str) -> date | None:
    """The day a resource is about: the first of these elements that has one; the end of a Period."""
    for name in names:
        value = content.get(name)
        if isinstance(value, dict):
            value = value.get("end")
        found = full_day(value)
        if found is not None:
            return found
    return None


def full_day(value: Any) -> date | None:
    """The day of a FHIR date or dateTime; None where the day is not stated.

    >>> full_day("2026-11-03T10:00:00+01:00").isoformat(), full_day("2026-11"), full_day("2026-13-01")
    ('2026-11-03', None, None)
    """
    if not isinstance(value, str) or len(value) < 10:
        return None
    try:
        return datetime.fromisoformat(value).date() if len(value) > 10 else date.fromisoformat(value)
    except ValueError:
        return None


def allowed_status(content: Mapping[str, Any], allowed: Sequence[str]) -> str:
    """Why the status of a resource keeps it out, or an empty text."""
    status = content.get("status")
    return "" if status in allowed else f"its status is {status if status in STATUS else 'not one that counts'}"


STATUS = (
    "registered", "cancelled", "entered-in-error", "unknown", "intended", "stopped", "on-hold", "not-taken", "completed", "preparation",
    "not-done", "in-progress",
)  # fmt: skip
