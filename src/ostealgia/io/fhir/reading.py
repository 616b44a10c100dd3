"""A FHIR Bundle of one patient, read as facts for ``oa.decision.options``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ostealgia.display import count_of
from ostealgia.io.fhir.bundles import take_apart
from ostealgia.io.fhir.codes import codes
from ostealgia.io.fhir.conditions import gather_conditions, gather_patient, names_bone_metastasis, names_cancer
from ostealgia.io.fhir.gathering import Gathering, NotUsed, Used
from ostealgia.io.fhir.medications import gather_medications
from ostealgia.io.fhir.observations import gather_observations
from ostealgia.io.fhir.procedures import gather_procedures
from ostealgia.options import one_of


@dataclass(frozen=True, kw_only=True)
class FhirPatient:
    """What a Bundle says of the patient.

    facts : nested as the patient file of ``oa.decision.options``.  used : where each fact comes from.  not_used : every resource, or part,
    that says nothing here, with the reason.  opioids : drug, route, dose and unit of 24 hours, or ``problem``.
    index_site : SNOMED CT code of the painful site, empty where it is not stated.
    bone_metastasis : whether a Condition that is not refuted or over names bone metastasis or myeloma.  cancer : the same of any cancer.
    """

    facts: Mapping[str, Any]
    used: tuple[Used, ...]
    not_used: tuple[NotUsed, ...]
    opioids: tuple[Mapping[str, Any], ...] = ()
    index_site: str = ""
    bone_metastasis: bool = False
    cancer: bool = False
    notes: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        lines = [
            f"FHIR: {count_of(len(self.used), 'fact', 'facts')} used, {count_of(len(self.not_used), 'statement', 'statements')} not used"
        ]
        lines += [f"  {one.fact}  from {one.resource}{', ' + one.day if one.day else ''}" for one in self.used]
        lines += [f"  not used: {one.resource}: {one.reason}" for one in self.not_used]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """JSON: facts, where they come from, and what was left out."""
        return {
            "facts": dict(self.facts),
            "used": [vars(one) for one in self.used],
            "not_used": [vars(one) for one in self.not_used],
            "opioids": [dict(one) for one in self.opioids],
            "index_site": self.index_site,
            "bone_metastasis": self.bone_metastasis,
            "cancer": self.cancer,
            "notes": list(self.notes),
        }


def read_bundle(bundle: Mapping[str, Any], *, today: date, site: str = "") -> FhirPatient:
    """The facts of one patient in an R4 Bundle: Patient, Condition, Observation, MedicationStatement, Procedure.

    bundle : the JSON value.  today : ages and the age of findings are counted to this day.  site : the bone of the index site (a value of
    "site.bone"), where the Bundle holds pain of several sites.
    Each resource is checked against R4 by itself; one that is not valid is listed and not read. Findings older than 7 days (pain),
    1 day (temperature, respiratory rate), 90 days (weight) or 30 days (all others) are listed and not used. What the Bundle does not
    say stays unknown. Pain (LOINC 72514-3) counts only with a bodySite and the component "worst-pain-last-24-h".
    Raises JsonError: no Bundle, several patients, a patient who has died.

    >>> pain = {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/a"}, "valueInteger": 7,
    ...         "code": {"coding": [{"system": "http://loinc.org", "code": "89247-1"}]}, "effectiveDateTime": "2026-11-20"}
    >>> found = read_bundle({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": pain | {"valueInteger": 2}}]},
    ...                     today=date(2026, 11, 22))
    >>> found.facts
    {'performance': {'ecog': 2}}
    """
    gathered = Gathering(parts=take_apart(bundle), today=today)
    if site:
        _name_site(gathered, site)
    gathered.left += [NotUsed(resource=label, reason=reason) for label, reason in gathered.parts.skipped]
    gather_patient(gathered)
    gather_observations(gathered)
    gather_conditions(gathered)
    gather_medications(gathered)
    gather_procedures(gathered)
    _say_site(gathered)
    facts, used = gathered.settle()
    return FhirPatient(
        facts=facts, used=used, not_used=tuple(gathered.left), opioids=tuple(gathered.opioids), index_site=gathered.site_code,
        bone_metastasis=names_bone_metastasis(gathered.parts), cancer=names_cancer(gathered.parts), notes=_notes(gathered),
    )  # fmt: skip


def _name_site(gathered: Gathering, site: str) -> None:
    by_bone: dict[str, str] = {}
    for code, bone in codes()["sites"].items():
        by_bone.setdefault(bone, code)
    gathered.site = one_of("site", site, by_bone)
    gathered.site_code = by_bone[gathered.site]


def _say_site(gathered: Gathering) -> None:
    pain = gathered.claims.get("pain.worst_nrs_0_10")
    if gathered.site and pain:
        label = next(one for one in gathered.parts.resources if one.label == pain[-1].resource)
        gathered.say("site.bone", gathered.site, label)


def _notes(gathered: Gathering) -> tuple[str, ...]:
    notes = ["what the Bundle does not state is unknown, not absent"]
    invalid = sum("not valid FHIR R4" in reason for _, reason in gathered.parts.skipped)
    if invalid:
        notes.insert(
            0, f"{count_of(invalid, 'resource', 'resources')} not valid R4: not read, and what they say may matter"
        )
    if gathered.site_code and not gathered.site:
        notes.append("the code of the painful site is not known here: site.bone is left unknown")
    return (*notes, *dict.fromkeys(gathered.notes))
