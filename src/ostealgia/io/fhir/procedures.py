"""Procedures: courses of radiotherapy to the index site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ostealgia.io.fhir.bundles import Resource, allowed_status, day_of
from ostealgia.io.fhir.codes import code_in, codes, codings, system
from ostealgia.io.fhir.gathering import Gathering

DOSES = {"Gy": 1.0, "cGy": 0.01}


def gather_procedures(found: Gathering) -> None:
    """Previous radiotherapy of the index site. A course elsewhere says nothing of this site, and no course at all says nothing."""
    for resource in found.parts.of("Procedure"):
        content = resource.content
        status = allowed_status(content, ("completed",))
        if code_in(content.get("code"), "snomed") not in codes()["procedures"]:
            found.leave(resource, "its code stands for no treatment that is asked for")
        elif status:
            found.leave(resource, status)
        elif not found.site_code:
            found.leave(resource, "radiotherapy, but there is no index site to compare its site with")
        elif found.site_code not in _sites(content):
            found.leave(resource, "radiotherapy of another site, or of none that is stated")
        else:
            _course(resource, found)


def _sites(content: Mapping[str, Any]) -> set[str]:
    return {code for one in content.get("bodySite") or [] for where, code in codings(one) if where == system("snomed")}


def _course(resource: Resource, found: Gathering) -> None:
    day = day_of(resource.content, "performedPeriod", "performedDateTime")
    if day is not None and day > found.today:
        found.leave(resource, "its day is still to come")
        return
    found.say("radiotherapy.previous_at_site", True, resource, day)
    if day is not None:
        found.say("radiotherapy.weeks_since_last", (found.today - day).days // 7, resource, day)
    dose, fractions = _delivered(resource.content)
    if dose is not None:
        found.say("radiotherapy.dose_gy", dose, resource, day)
    if fractions is not None:
        found.say("radiotherapy.fractions", fractions, resource, day)


def _delivered(content: Mapping[str, Any]) -> tuple[float | None, int | None]:
    """Dose and fractions of the one volume of an mCODE course; nothing where several volumes were treated."""
    volumes = [one for one in content.get("extension") or [] if one.get("url") == codes()["profiles"]["dose_to_volume"]]
    if len(volumes) != 1:
        return None, None
    parts = {one.get("url"): one for one in volumes[0].get("extension") or []}
    quantity: Any = parts.get("totalDoseDelivered", {}).get("valueQuantity") or {}
    value, unit = quantity.get("value"), quantity.get("code")
    dose = float(f"{value * DOSES[unit]:.10g}") if unit in DOSES and isinstance(value, int | float) else None
    fractions = parts.get("fractionsDelivered", {}).get("valueUnsignedInt")
    return dose, fractions if isinstance(fractions, int) else None
