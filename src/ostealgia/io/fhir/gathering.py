"""What was found for each fact, from which resource and day, and what was left out and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ostealgia.io.fhir.bundles import Parts, Resource

# of two values of one day the more dangerous one counts, so that no emergency is hidden
WORSE: Mapping[str, Callable[..., Any]] = {
    "labs.calcium": max,
    "labs.corrected_calcium": max,
    "labs.neutrophils": min,
    "opioids.respiratory_rate_per_min": min,
    "vital.temperature_c": max,
}
PER_UNIT = {
    "mg/dL": 0.25,
    "/uL": 0.001,
}  # calcium in mmol/L, neutrophils in 10^9/L; every other unit of these is the field's own


@dataclass(frozen=True, kw_only=True)
class Used:
    """A fact and where it comes from. resource : "Observation, entry 3".  day : of the observation, empty where a day does not matter."""

    fact: str
    resource: str
    day: str = ""


@dataclass(frozen=True, kw_only=True)
class NotUsed:
    """A resource, or a part of it, that says nothing here, and why."""

    resource: str
    reason: str


@dataclass(frozen=True)
class _Claim:
    value: Any
    resource: str
    day: date | None


@dataclass
class Gathering:
    """The facts while they are gathered. site : the bone of the index site, where it is stated."""

    parts: Parts
    today: date
    site: str = ""
    site_code: str = ""
    claims: dict[str, list[_Claim]] = field(default_factory=dict)
    left: list[NotUsed] = field(default_factory=list)
    opioids: list[Mapping[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def say(self, fact: str, value: Any, resource: Resource, day: date | None = None) -> None:
        """One more statement about a fact."""
        self.claims.setdefault(fact, []).append(_Claim(value, resource.label, day))

    def leave(self, resource: Resource, reason: str) -> None:
        """A resource that says nothing here."""
        self.left.append(NotUsed(resource=resource.label, reason=reason))

    def too_old(self, resource: Resource, day: date | None, days: int) -> bool:
        """Whether the day is missing, to come, or too long ago; then it is written down."""
        if day is None:
            self.leave(resource, "its day is not stated")
        elif day > self.today:
            self.leave(resource, "its day is still to come")
        elif (self.today - day).days > days:
            self.leave(resource, f"{(self.today - day).days} days old, more than {days}")
        else:
            return False
        return True

    def settle(self) -> tuple[dict[str, Any], tuple[Used, ...]]:
        """One value a fact: the latest. Two values of the latest day contradict one another, and neither is used, but for the facts of
        an emergency, of which the more dangerous one counts."""
        facts: dict[str, Any] = {}
        used: list[Used] = []
        for fact, claims in self.claims.items():
            latest = max((one.day for one in claims if one.day), default=None)
            last = [one for one in claims if one.day == latest]
            if fact in WORSE and any(one.value != last[0].value for one in last[1:]):
                worst = WORSE[fact](last, key=_size)
                reason = f"another value of the same day; for {fact} the more dangerous one counts"
                self.left += [NotUsed(resource=one.resource, reason=reason) for one in last if one is not worst]
                last = [worst]
            elif any(one.value != last[0].value for one in last[1:]):
                names = " and ".join(sorted({one.resource for one in last}))
                self.left.append(NotUsed(resource=names, reason=f"they contradict one another on {fact}"))
                continue
            _put(facts, fact, last[0].value)
            used.append(Used(fact=fact, resource=last[0].resource, day=latest.isoformat() if latest else ""))
            self.left += [
                NotUsed(resource=one.resource, reason=f"a later one gives {fact}")
                for one in claims
                if one.day != latest
            ]
        return facts, tuple(used)


def _size(claim: _Claim) -> float:
    """The value of a claim on one scale."""
    if isinstance(claim.value, Mapping):
        return float(claim.value["value"]) * PER_UNIT.get(claim.value["unit"], 1.0)
    return float(claim.value)


def _put(facts: dict[str, Any], fact: str, value: Any) -> None:
    group, dot, name = fact.partition(".")
    if dot:
        facts.setdefault(group, {})[name] = value
    else:
        facts[fact] = value
