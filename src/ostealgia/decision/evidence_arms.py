"""What happened to the patients who received a therapy: arms of trials and single-arm series, pooled without their comparison.

Arms of trials are read here as groups of patients: the pooled share is no effect of the therapy. Arms of low certainty, of superseded
reports and of other populations are left out by name. Pooled by random effects (REML, Hartung-Knapp where it applies), with the
prediction interval for a new centre (t with k - 1 degrees of freedom) from three studies on.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ostealgia.decision.evidence_facts import exact_per_100
from ostealgia.decision.evidence_model import STATUS, Evidence
from ostealgia.meta.pooling import pool
from ostealgia.network.therapies import TrialArm, trial_arms
from ostealgia.tables.result import Excluded

# pattern of the arm's therapy -> therapy, variant; the first that matches
_PLACES: tuple[tuple[str, str, str], ...] = (
    (r"^re-EBRT 8Gyx1$", "reirradiation", "8 Gy in one fraction"),
    (r"^re-EBRT", "reirradiation", "20 Gy in several fractions"),
    (r"^EBRT 8Gyx1$", "ebrt", "8 Gy in one fraction"),
    (r"^EBRT (\d+)Gyx1$", "ebrt", r"\1 Gy in one fraction"),
    (r"^EBRT 8Gyx1 or fractionated$", "ebrt", "single or several fractions"),
    (r"^EBRT [\d.]+Gy/\d+( or [\d.]+Gy/\d+)*$", "ebrt", "several fractions"),
    (r"^EBRT( local)?$|schedule not read", "ebrt", "schedule not stated"),
    (r"^EBRT .*hyperthermia$", "hyperthermia", "30 Gy in 10 with hyperthermia"),
    (r"^EBRT \+ pregabalin$", "neuropathic_adjuvant", "pregabalin with radiotherapy"),
    (r"^dexamethasone", "flare_steroid", "dexamethasone with radiotherapy"),
    (r"^SBRT", "sbrt", ""),
    (r"^Sr-89", "beta_emitter", "strontium-89"),
    (r"^Re-186", "beta_emitter", "rhenium-186"),
    (r"^RFA", "rfa", ""),
    (r"^cryoablation", "cryoablation", ""),
    (r"^MRgFUS", "mrgfus", ""),
)


def place_of(therapy: str) -> tuple[str, str]:
    """Therapy and variant of an arm, ("", "") for a control.

    >>> place_of("EBRT 20Gy/5 or 30Gy/10"), place_of("sham")
    (('ebrt', 'several fractions'), ('', ''))
    """
    for pattern, place, variant in _PLACES:
        found = re.search(pattern, therapy)
        if found:
            return place, found.expand(variant) if "\\" in variant else variant
    return "", ""


def outcome_of(arm: TrialArm) -> str:
    """ "pain response", "complete response" or "pain flare"."""
    if "PAIN FLARE" in f"{arm.study} {arm.definition}":
        return "pain flare"
    return "complete response" if "COMPLETE" in arm.definition else "pain response"


def denominator_of(arm: TrialArm) -> str:
    """Of whom the responders are counted."""
    text = f"{arm.definition} {arm.note if 'Denominators are assessable' in arm.note else ''}".lower()
    if "sites" in text:
        return "assessable treated sites"
    if "itt" in text:
        return "all randomised"
    return "assessable" if re.search(r"assess|evaluable|per protocol", text) else "not stated"


@dataclass(frozen=True)
class _Group:
    therapy: str
    variant: str
    outcome: str
    population: str
    denominator: str


def _why_not(arm: TrialArm) -> str:
    """Why an arm is not among the pooled, "" where it is."""
    if arm.responders is None or arm.n is None:
        return "number of responders not established"
    if "exclude until" in arm.note:
        return "superseded by a published correction whose numbers are not entered yet"
    if arm.certainty == "low":
        return "certainty of transcription low"
    if arm.study.endswith("CR week 4"):
        return "the same patients as at week 12"
    if place_of(arm.therapy)[0] == "mrgfus":
        return "among the series of the pooled review, or shown apart"
    if place_of(arm.therapy)[1] == "schedule not stated":
        return "the schedule of radiotherapy is not stated"
    return "a control arm" if not place_of(arm.therapy)[0] else ""


def _population(arm: TrialArm) -> str:
    if "neuropathic" in arm.definition.lower():
        return "neuropathic bone pain"
    return "re-irradiation" if arm.therapy.startswith("re-") else ""


@cache
def left_out() -> tuple[Excluded, ...]:
    """Arms that no pooled line holds, with the reason."""
    return tuple(
        Excluded(study=f"{arm.study}, {arm.therapy}", row=arm.row, reason=reason)
        for arm in trial_arms()
        if (reason := _why_not(arm))
    )


@cache
def arm_evidence() -> tuple[Evidence, ...]:
    """A line for each therapy, variant, outcome and population: all denominators together where they differ, then each apart."""
    groups: dict[_Group, list[TrialArm]] = {}
    for arm in trial_arms():
        if _why_not(arm):
            continue
        place, variant = place_of(arm.therapy)
        groups.setdefault(_Group(place, variant, outcome_of(arm), _population(arm), denominator_of(arm)), []).append(
            arm
        )
    made: list[Evidence] = []
    for head in dict.fromkeys((g.therapy, g.variant, g.outcome, g.population) for g in groups):
        parts = [
            (group, arms)
            for group, arms in groups.items()
            if (group.therapy, group.variant, group.outcome, group.population) == head
        ]
        patients = [arm for group, arms in parts for arm in arms if group.denominator != "assessable treated sites"]
        if len({group.denominator for group, _ in parts if group.denominator != "assessable treated sites"}) > 1:
            made.append(_line(_Group(*head, "mixed: all randomised, assessable, or not stated"), patients))
        made += [_line(group, arms) for group, arms in parts]
    return tuple(made)


def _line(group: _Group, arms: Sequence[TrialArm]) -> Evidence:
    worst = "medium" if any(arm.certainty == "medium" for arm in arms) else "high"
    single = all("single arm" in arm.text.lower() for arm in arms)
    kind = ("series pooled" if single else "arms pooled") if len(arms) > 1 else "single arm"
    numbers = _shares([(arm.study, arm.responders or 0, arm.n or 0) for arm in arms])
    return Evidence(
        therapy=group.therapy, variant=group.variant, kind=kind,
        outcome=group.outcome, definition=_words([arm.definition for arm in arms]), weeks=_words([arm.weeks for arm in arms]),
        denominator=group.denominator, population=group.population, transcription=worst, trials=tuple(arm.study for arm in arms),
        source="; ".join(dict.fromkeys(f"{arm.study} {arm.year}" for arm in arms)),
        doi=arms[0].doi_pmid if len(arms) == 1 and arms[0].doi_pmid.startswith("10.") else "", check_status=STATUS[worst],
        note="arms of randomised trials, read without their comparison" if not single else "single arm, no comparison", **numbers,
    )  # fmt: skip


def _words(values: Sequence[str]) -> str:
    """The values where they agree, else how many there are and all of them."""
    different = list(dict.fromkeys(values))
    return different[0] if len(different) == 1 else f"{len(different)} different: {' | '.join(different)}"


def _shares(rows: Sequence[tuple[str, int, int]]) -> dict[str, Any]:
    """Events of 100 of several studies, pooled; of one study, exact."""
    k, events, n = len(rows), sum(row[1] for row in rows), sum(row[2] for row in rows)
    if k == 1:
        estimate, low, high = exact_per_100(events, n)
        return {
            "per_100": estimate,
            "ci_low": low,
            "ci_high": high,
            "interval": "exact 95% confidence",
            "k": 1,
            "events": events,
            "n": n,
        }
    table = {"study": [row[0] for row in rows], "events": [row[1] for row in rows], "n": [row[2] for row in rows]}
    fit = pool(table, measure="PLO")
    found = fit.reported
    return {
        "per_100": 100 * found.estimate, "ci_low": 100 * found.ci_low, "ci_high": 100 * found.ci_high, "pi_low": 100 * found.pi_low,
        "pi_high": 100 * found.pi_high, "k": k, "events": events, "n": n, "tau2": fit.tau2,
    }  # fmt: skip


# ---------------------------------------------------------------- the bundled review of MR-guided focused ultrasound

_CHILDREN = "Wang B. 2019"
_BAAL = "Baal JD et al. Skeletal Radiol 2021;50:2459-2469, its Table 2"


@cache
def _results(project: str) -> tuple[Mapping[str, str], ...]:
    source = resources.files("ostealgia").joinpath("data", "projects", project, "results.csv")
    return tuple(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


@cache
def ultrasound_evidence() -> tuple[Evidence, ...]:
    """Response and harms of MR-guided focused ultrasound in the adult series of the bundled review."""
    made = []
    for outcome, kind in (
        ("pain response", "series pooled"),
        ("adverse event grade 3 or higher", "harm"),
        ("adverse event grade 1 or 2", "harm"),
    ):
        rows = [
            (row["study"], int(row["events"]), int(row["n"]))
            for row in _results("mrgfus")
            if row["outcome"] == outcome and row["events"] and row["study"] != _CHILDREN
        ]
        numbers = _shares(rows) if kind != "harm" else _added(rows)
        note = "without a control group; one study of children left out (Wang B. 2019)"
        if kind == "harm":
            note += (
                "; patients of all series added up, because most have no event; exact interval, no prediction interval"
            )
        made.append(
            Evidence(
                therapy="mrgfus", kind=kind, outcome=outcome, weeks="" if kind == "harm" else "not stated",
                definition="CTCAE grade" if kind == "harm" else "no pain, or a fall of 2 points or more of 10",
                denominator="treated or assessed, as each study reports", trials=tuple(row[0] for row in rows), source=_BAAL,
                doi="10.1007/s00256-021-03822-8", check_status="read in the source", note=note, **numbers,
            )
        )  # fmt: skip
    return tuple(made)


def _added(rows: Sequence[tuple[str, int, int]]) -> dict[str, Any]:
    events, n = sum(row[1] for row in rows), sum(row[2] for row in rows)
    estimate, low, high = exact_per_100(events, n)
    exact = {"per_100": estimate, "ci_low": low, "ci_high": high, "interval": "exact 95% confidence"}
    return {**exact, "k": len(rows), "events": events, "n": n}
