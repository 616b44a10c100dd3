"""Alerts of a follow-up: the emergency first, then progression, severe and returning pain, opioids. Each names its criterion and source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostealgia.clinical.pain_response_result import RESPONDER
from ostealgia.clinical.pain_response_rules import SLACK

if TYPE_CHECKING:
    from ostealgia.decision.follow_up_course import Visit

FLARE_DAYS = 14
SEVERE = 7.0  # worst pain of 10
POINTS = 2.0  # fall and rise of the flag of returning pain
OWN = "a flag of this package, no published definition"
TIERS = ("now", "urgent", "look")
NEUROLOGY = (
    "new limb weakness, gait disturbance, sensory loss, bladder or bowel dysfunction, or saddle anaesthesia: criteria of metastatic spinal "
    "cord compression met according to NICE QS56: contact the coordinator immediately, whole-spine MRI within 24 hours of suspicion"
)
CONSENSUS = "Chow E et al. Int J Radiat Oncol Biol Phys 2012;82:1730-1737"
NICE = "NICE QS56, statements 3 and 6; NG234 (BMJ 2023;383:p1973)"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something not to be overlooked. tier : "now" (emergency), "urgent" or "look".  day : of the visit.  source, check_status : of the
    criterion."""

    kind: str
    tier: str
    day: float
    message: str
    source: str
    check_status: str


def alerts_of(visits: tuple[Visit, ...], symptom_before: float, high_omed: float) -> tuple[Alert, ...]:
    """Every alert of a course, the most pressing first.

    symptom_before : day of the last new neurological symptom at or before the baseline, NaN where none.  high_omed : mg a day from which
    specialist review is flagged.
    """
    made = [
        *_neurology(visits, symptom_before), *_progression(visits), *_severe(visits), *_returned(visits), *_escalation(visits),
        *_high(visits, high_omed),
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda one: (TIERS.index(one.tier), -one.day)))


def _neurology(visits: tuple[Visit, ...], before: float) -> list[Alert]:
    """An emergency until a later visit records that there is none; then it is told as past.

    before : day of the last symptom at or before the baseline, also of a visit that is not the baseline.
    """
    days = [one.day for one in visits[1:] if one.new_neurological_symptom] + ([] if math.isnan(before) else [before])
    if not days:
        return []
    day = max(days)
    gone = any(one.day > day and one.new_neurological_symptom is False for one in visits)
    message = (
        NEUROLOGY
        if not gone
        else f"a new neurological symptom was recorded and is not at a later visit: was it assessed? ({NEUROLOGY})"
    )
    return [
        Alert(
            kind="new neurological symptom", tier="urgent" if gone else "now", day=day, message=message, source=NICE,
            check_status="read in the source",
        )
    ]  # fmt: skip


def _progression(visits: tuple[Visit, ...]) -> list[Alert]:
    found = [one for one in visits[1:] if one.pain_response == "PP"]
    if not found:
        return []
    last = found[-1]
    dose = "" if math.isnan(last.omed_change_percent) else f", OMED {last.omed_change_percent:+.0f}%"
    message = f"criteria of pain progression met: worst pain {last.pain_change:+g} points{dose} against the baseline"
    if last.extended_rule:
        message += " (worse on both, which neither published arm holds to the letter)"
    if last.day <= FLARE_DAYS:
        message += (
            f"; within {FLARE_DAYS} days of radiotherapy a flare cannot be told from progression without a daily diary"
        )
    if any(one.day > last.day and one.pain_response in RESPONDER for one in visits):
        message += "; a later visit is a response"
    return [
        Alert(
            kind="pain progression",
            tier="urgent",
            day=last.day,
            message=message,
            source=CONSENSUS,
            check_status="remembered",
        )
    ]


def _severe(visits: tuple[Visit, ...]) -> list[Alert]:
    """The last known worst pain is severe, whatever the opioids and the baseline."""
    last = next((one for one in reversed(visits) if not math.isnan(one.pain)), None)
    if last is None or last.pain < SEVERE or last is visits[0]:
        return []
    message = (
        f"severe pain: worst pain {last.pain:g} of 10 at the last visit that has it ({SEVERE:g} or more is severe)"
    )
    return [
        Alert(
            kind="severe pain", tier="urgent", day=last.day, message=message,
            source="Serlin RC et al. Pain 1995;61:277-284, doi:10.1016/0304-3959(94)00178-H",
            check_status="read in the source",
        )
    ]  # fmt: skip


def _returned(visits: tuple[Visit, ...]) -> list[Alert]:
    """Pain that fell by 2 or more and rose again by 2 or more from its lowest value; our own flag, independent of the opioids."""
    known_pain = [one for one in visits if not math.isnan(one.pain)]
    if len(known_pain) < 3 or math.isnan(visits[0].pain):
        return []
    last, before = known_pain[-1], known_pain[1:-1]
    lowest = min(before, key=lambda one: one.pain, default=None)
    if (
        lowest is None
        or visits[0].pain - lowest.pain < POINTS
        or last.pain - lowest.pain < POINTS
        or last.pain_response == "PP"
    ):
        return []
    message = (
        f"pain has come back: worst pain {last.pain:g} after {lowest.pain:g} on day {lowest.day:g}, a rise of {POINTS:g} points or more "
        "from its lowest value after relief; the consensus class looks at the baseline only"
    )
    return [
        Alert(
            kind="pain has come back", tier="urgent" if last.pain >= SEVERE else "look", day=last.day, message=message, source=OWN,
            check_status="uncertain",
        )
    ]  # fmt: skip


def _rise(new: float, old: float) -> bool:
    return new > 0 if old == 0 else new >= 1.25 * old * (1 - SLACK)


def _escalation(visits: tuple[Visit, ...]) -> list[Alert]:
    """The latest visit with a dose, against the baseline and against the visit before."""
    dosed = [one for one in visits if not math.isnan(one.omed_mg_per_day)]
    if len(dosed) < 2:
        return []
    last, words = dosed[-1], []
    for name, old in (("baseline", visits[0]), ("visit before", dosed[-2])):
        if old is last or math.isnan(old.omed_mg_per_day) or (name == "visit before" and old is visits[0] and words):
            continue
        if _rise(last.omed_mg_per_day, old.omed_mg_per_day):
            share = (
                "new opioid"
                if old.omed_mg_per_day == 0
                else f"{100 * (last.omed_mg_per_day / old.omed_mg_per_day - 1):+.0f}%"
            )
            words.append(f"{share} against the {name} (day {old.day:g})")
    if not words:
        return []
    return [
        Alert(
            kind="opioid escalation", tier="look", day=last.day, message=f"OMED up by 25% or more: {'; '.join(words)}", source=CONSENSUS,
            check_status="read in the source",
        )
    ]  # fmt: skip


def _high(visits: tuple[Visit, ...], limit: float) -> list[Alert]:
    dosed = [one for one in visits if not math.isnan(one.omed_mg_per_day)]
    if not dosed or dosed[-1].omed_mg_per_day < limit:
        return []
    message = f"OMED at or above {limit:g} mg a day: specialist review (a configurable limit)"
    return [
        Alert(
            kind="high opioid dose",
            tier="look",
            day=dosed[-1].day,
            message=message,
            source="configurable limit",
            check_status="remembered",
        )
    ]
