"""The protocol of CDS Hooks 2.0: what the service says of itself, and a request taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostealgia.io.fhir.codes import observation_codes, system

SERVICE = "ostealgia-bone-metastasis-pain"
HOOK = "patient-view"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
RESULTS = ("conditions", "observations", "medications", "procedures")


class HookError(Exception):
    """A request that is not answered with cards. status : of HTTP.  The text never holds anything of the patient."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(text)


def discovery() -> dict[str, Any]:
    """The answer of ``GET /cds-services``.

    >>> discovery()["services"][0]["hook"], sorted(discovery()["services"][0]["prefetch"])
    ('patient-view', ['conditions', 'medications', 'observations', 'patient', 'procedures'])
    """
    codes = ",".join(f"{system('loinc')}|{code}" for code in observation_codes())
    of_patient = "patient={{context.patientId}}"
    return {
        "services": [
            {
                "hook": HOOK,
                "id": SERVICE,
                "title": "Painful bone metastases: emergencies and criteria of therapies",
                "description": (
                    "Emergency signs first, then which published criteria of therapies for painful bone metastases are met, not met or "
                    "cannot be told, each with its source. For clinicians; not a medical device; orders nothing."
                ),
                "prefetch": {
                    "patient": "Patient/{{context.patientId}}",
                    "conditions": f"Condition?{of_patient}",
                    "observations": f"Observation?{of_patient}&code={codes}&_sort=-date&_count=200",
                    "medications": f"MedicationStatement?{of_patient}&status=active&_include=MedicationStatement:medication",
                    "procedures": f"Procedure?{of_patient}&status=completed",
                },
                "usageRequirements": "Works on the prefetch alone. The FHIR server of the request is never called.",
            }
        ]
    }


@dataclass(frozen=True, kw_only=True)
class HookRequest:
    """A request. bundle : all prefetched resources as one Bundle.  missing : names of the prefetch that were not given."""

    bundle: Mapping[str, Any]
    missing: tuple[str, ...]


def take_request(body: Any) -> HookRequest:
    """The body of ``POST /cds-services/{id}``. ``fhirServer`` and ``fhirAuthorization`` are not looked at.

    Raises HookError: 400 where the body is not a call of the hook, 412 where the patient was not prefetched.
    """
    if not isinstance(body, dict):
        raise HookError(400, "The body is not a JSON object.")
    if body.get("hook") != HOOK:
        raise HookError(400, f"hook is not '{HOOK}'.")
    instance = body.get("hookInstance")
    if not isinstance(instance, str) or not UUID.fullmatch(instance):
        raise HookError(400, "hookInstance is not a UUID.")
    context = body.get("context")
    if not isinstance(context, dict) or not all(_text(context.get(name)) for name in ("userId", "patientId")):
        raise HookError(400, "context needs userId and patientId.")
    prefetch = body.get("prefetch")
    if not isinstance(prefetch, dict):
        prefetch = {}
    patient = prefetch.get("patient")
    if not isinstance(patient, dict) or patient.get("resourceType") != "Patient":
        raise HookError(412, "The prefetch 'patient' is missing; this service never calls the FHIR server.")
    if patient.get("id") != context["patientId"]:
        raise HookError(400, "The prefetched patient is not the patient of the context.")
    entries: list[Any] = [{"resource": patient}]
    missing: list[str] = []
    for name in RESULTS:
        given = prefetch.get(name)
        if (
            isinstance(given, dict)
            and given.get("resourceType") == "Bundle"
            and isinstance(given.get("entry") or [], list)
        ):
            entries += given.get("entry") or []
        else:
            missing.append(name)
    return HookRequest(
        bundle={"resourceType": "Bundle", "type": "collection", "entry": entries}, missing=tuple(missing)
    )


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 256
