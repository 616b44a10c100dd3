"""What a FHIR Bundle says of a patient, completed by what our definitions make of it: the opioid dose of 24 hours."""

from __future__ import annotations

import copy
import math
from typing import Any

from ostealgia.clinical.opioids import oral_morphine_mg_per_day
from ostealgia.io.fhir.reading import FhirPatient

TABLE = "CDC_2022"


def facts_of_bundle(found: FhirPatient, *, table: str = TABLE) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Facts for ``options``, and notes.

    The oral morphine equivalent is added where every opioid of the record has a regular dose and a factor in the table; else it stays
    unknown. A record without an opioid says nothing of opioids.

    >>> from datetime import date
    >>> from ostealgia.io.fhir import read_bundle
    >>> facts_of_bundle(read_bundle({"resourceType": "Bundle"}, today=date(2026, 11, 22)))
    ({}, ('what the Bundle does not state is unknown, not absent',))
    """
    facts = copy.deepcopy(dict(found.facts))
    notes = list(found.notes)
    open_doses = [one for one in found.opioids if one["problem"]]
    if open_doses:
        reasons = sorted({str(one["problem"]) for one in open_doses})
        notes.append(f"oral morphine equivalent left unknown: {'; '.join(reasons)}")
    elif found.opioids:
        doses = [{name: one[name] for name in ("drug", "route", "dose", "unit")} for one in found.opioids]
        dose = oral_morphine_mg_per_day(doses, table=table)
        if math.isfinite(dose):
            facts.setdefault("opioids", {})["omed_mg_per_day"] = dose
            notes.append(f"oral morphine equivalent of the regular doses by the table {table}")
        else:
            notes.append("oral morphine equivalent left unknown: a drug or route has no factor in the table")
    return facts, tuple(notes)
