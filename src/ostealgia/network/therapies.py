"""Randomised trials of local and systemic therapy of painful bone metastases, as a network.

The rows are facts typed from published reports, each with the certainty of its transcription; they were not checked against the papers
again. Nothing here orders treatments for a patient.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

from ostealgia.errors import OptionError
from ostealgia.network.connection import NetworkParts, choose_part, parts_of
from ostealgia.network.contrast_data import Contrasts
from ostealgia.network.fitting import fit
from ostealgia.network.labels import join
from ostealgia.network.reading import contrasts
from ostealgia.network.result import NetworkResult
from ostealgia.network.text import excluded_lines
from ostealgia.options import one_of
from ostealgia.tables.result import Excluded, Result

if TYPE_CHECKING:
    import pandas as pd

CERTAINTY = {"low": 0, "medium": 1, "high": 2}
CERTAINTY_WORDS = {
    "low": "derived from rounded rates, unclear denominator or time, or superseded",
    "medium": "remembered from published tables and consistent with reported rates",
    "high": "counts, or a rounded per cent that allows one whole number, read in an abstract or report",
}
OUTCOMES = {"response": "undesirable", "complete response": "undesirable", "pain flare": "desirable"}
POPULATIONS = ("first irradiation", "re-irradiation")
NODES = ("lumped", "split", "one EBRT")
MIXED = ("exclude", "EBRT-SF8", "EBRT-MF", "own node")
MIXED_NODE = "EBRT (single or fractionated)"
CHECK_STATUS = "transcribed from published reports, not checked against the papers again"
STANDARD = (
    "radiotherapy",
    r"^(EBRT|SBRT)",
)  # the class of therapies that others should be joined to, and how its names begin
LUMPED = ("EBRT 20Gy/5", "EBRT 24Gy/6", "EBRT 30Gy/10")


@dataclass(frozen=True, kw_only=True)
class TrialArm:
    """One row of the table: an arm of a trial. responders is None where the count is not established (never 0)."""

    row: int
    study: str
    year: int
    doi_pmid: str
    therapy: str
    n: int | None
    responders: int | None
    definition: str
    weeks: str
    certainty: str
    note: str

    @property
    def text(self) -> str:
        """Everything the row says in words."""
        return f"{self.study} | {self.therapy} | {self.definition} | {self.note}"


@cache
def trial_arms() -> tuple[TrialArm, ...]:
    """The bundled table, one entry an arm, in the order of the file.

    >>> len(trial_arms()), trial_arms()[0].therapy
    (68, 'EBRT 8Gyx1')
    """
    source = resources.files("ostealgia").joinpath("data", "therapy_trials.csv")
    rows = list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))
    return tuple(
        TrialArm(
            row=i, study=row["study"], year=int(row["year"]), doi_pmid=row["doi_pmid"], therapy=row["therapy"],
            n=int(row["n"]) if row["n"] else None, responders=int(row["responders"]) if row["responders"] else None,
            definition=row["response_definition"], weeks=row["timepoint_weeks"], certainty=row["certainty_of_transcription"],
            note=row["note"],
        )
        for i, row in enumerate(rows, start=2)
    )  # fmt: skip


def _outcome(arm: TrialArm) -> str:
    if "PAIN FLARE" in arm.text:
        return "pain flare"
    return "complete response" if "COMPLETE" in arm.definition else "response"


def _population(arm: TrialArm) -> str:
    return "re-irradiation" if arm.therapy.startswith("re-") else "first irradiation"


# why a row cannot be in any network of counts: reason -> test
ALWAYS: dict[str, Callable[[TrialArm], bool]] = {
    "number of responders not established": lambda arm: arm.responders is None or arm.n is None,
    "single arm, so no comparison": lambda arm: "single arm" in arm.text.lower(),
    "neuropathic pain only": lambda arm: "neuropathic" in arm.definition.lower(),
    "superseded by a published correction whose numbers are not entered yet": lambda arm: "exclude until" in arm.note,
    "share of days with response, not responders": lambda arm: "PERCENT OF DAYS" in arm.definition,
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TherapyNetwork(Result):
    """A selection of trial arms and the network they form.

    label : what this analysis is; it begins with SENSITIVITY where it is not the suggested first network.  arms : (row, node) of every arm
    that is used.  parts : treatments that trials connect.  excluded : every row that is not used, with all its reasons.
    """

    label: str
    outcome: str
    measure: str
    minimum_certainty: str
    arms: tuple[tuple[TrialArm, str], ...]
    contrasts: Contrasts
    parts: NetworkParts
    check_status: str = CHECK_STATUS

    @property
    def is_sensitivity(self) -> bool:
        return self.label.startswith("SENSITIVITY")

    def fit(self, component: str | int = 1, **options: Any) -> NetworkResult:
        """The estimates of one part: its number (1 is the largest) or a treatment in it. options : those of ``network.fit``.

        >>> found = therapy_network().fit("SBRT", reference="EBRT-SF8")
        >>> found.k, found.treatments
        (8, ('EBRT-MF', 'EBRT-SF4', 'EBRT-SF6', 'EBRT-SF8', 'SBRT'))
        """
        part = choose_part(self.parts, component)
        found = fit(self.contrasts, component=part.treatments[0], small_values=OUTCOMES[self.outcome], **options)
        notes = (self.label, f"check status: {self.check_status}", *self.threats(part.treatments[0]))
        return _renamed(found, notes, self.excluded)

    def fits(self, **options: Any) -> tuple[NetworkResult, ...]:
        """The estimates of every part, the largest first."""
        return tuple(self.fit(part.treatments[0], **options) for part in self.parts.parts)

    def to_frame(self) -> pd.DataFrame:
        """One row a row of the table: used or not, its node or the reasons, and the facts with their source and certainty."""
        import pandas as pd

        nodes = {arm.row: node for arm, node in self.arms}
        reasons = {row.row: row.reason for row in self.excluded}
        rows = [
            {
                "row": arm.row, "study": arm.study, "year": arm.year, "therapy": arm.therapy, "used": arm.row in nodes,
                "node": nodes.get(arm.row, ""), "reason": reasons.get(arm.row, ""), "events": arm.responders, "n": arm.n,
                "definition": arm.definition, "weeks": arm.weeks, "certainty": arm.certainty, "doi_pmid": arm.doi_pmid, "note": arm.note,
            }
            for arm in trial_arms()
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        return {
            "label": self.label, "outcome": self.outcome, "measure": self.measure, "minimum_certainty": self.minimum_certainty,
            "check_status": self.check_status, "arms": [{"row": arm.row, "study": arm.study, "node": node} for arm, node in self.arms],
            "parts": [part.to_dict() for part in self.parts.parts], "excluded": [row.to_dict() for row in self.excluded],
            "notes": list(self.notes),
        }  # fmt: skip

    @cached_property
    def studies(self) -> tuple[TrialArm, ...]:
        """The first arm of each study that is used."""
        seen = set(self.contrasts.study)
        first: dict[str, TrialArm] = {}
        for arm, _ in self.arms:
            if arm.study in seen:
                first.setdefault(arm.study, arm)
        return tuple(first.values())

    def transitivity(self) -> pd.DataFrame:
        """One row a study: what may make its patients or its outcome differ from those of the other studies."""
        import pandas as pd

        nodes: dict[str, list[str]] = {}
        for arm, node in self.arms:
            nodes.setdefault(arm.study, []).append(node)
        rows = [
            {
                "study": arm.study,
                "year": arm.year,
                "nodes": " / ".join(nodes[arm.study]),
                "certainty": arm.certainty,
                **_traits(arm),
            }
            for arm in self.studies
        ]
        return pd.DataFrame(rows)

    def threats(self, treatment: str) -> tuple[str, ...]:
        """Sentences on how the studies of one part differ, computed from the table."""
        inside = set(self.parts.of(treatment).studies)
        chosen = [arm for arm in self.studies if arm.study in inside]
        made: list[str] = []
        for trait, words in _THREATS.items():
            levels: dict[str, list[str]] = {}
            for arm in chosen:
                levels.setdefault(_traits(arm)[trait], []).append(arm.study)
            if len(levels) > 1:
                listed = "; ".join(f"{level}: {join(names)}" for level, names in levels.items())
                made.append(f"transitivity, {words} differ: {listed}")
        return tuple(made)

    def __str__(self) -> str:
        used = len({arm.study for arm, _ in self.arms})
        lines = [
            f"TherapyNetwork: {self.label}",
            f"  {used} studies, {len(self.arms)} arms; check status: {self.check_status}",
        ]
        count = len(self.parts.parts)
        if count > 1:
            lines.append(f"  {count} parts that no study joins; treatments of different parts cannot be compared:")
        lines += [f"    {i}. {part}" for i, part in enumerate(self.parts.parts, start=1)]
        lines += [f"  note: {note}" for note in self.notes]
        lines.append(f"  {len(self.excluded)} of {len(trial_arms())} rows not used:")
        lines += [f"    {line}" for line in excluded_lines(self.excluded)]
        return "\n".join(lines)


def _renamed(found: NetworkResult, notes: Sequence[str], excluded: tuple[Excluded, ...]) -> NetworkResult:
    from dataclasses import replace

    kept = [note for note in found.notes if not note.startswith("column ")]
    return replace(found, notes=(*notes, *kept), excluded=excluded)


def therapy_network(
    minimum_certainty: str = "medium",
    *,
    outcome: str = "response",
    population: str = "first irradiation",
    nodes: str = "lumped",
    mixed_schedules: str = "exclude",
    include_non_randomised: bool = False,
    complete_response_week: int = 12,
    measure: str = "OR",
) -> TherapyNetwork:
    """Which therapies of painful bone metastases do randomised trials connect, and by which trials?

    minimum_certainty : "high", "medium" (the suggested first network) or "low", of the transcription of the counts.
    outcome : "response" (complete or partial), "complete response" or "pain flare"; they are never mixed.
    population : "first irradiation" or "re-irradiation".
    nodes : "lumped" (20 Gy/5, 24 Gy/6 and 30 Gy/10 are EBRT-MF), "split" (one node each) or "one EBRT" (every schedule).
    mixed_schedules : an arm that mixes single and multiple fractions is left out ("exclude"), a node of its own ("own node"), or counted
    as "EBRT-SF8" or "EBRT-MF".  include_non_randomised : adds two studies.
    complete_response_week : 4 or 12, of the one trial that reports both.
    Anything but the defaults is labelled as a sensitivity analysis.
    Rows without counts are never used. Returns a TherapyNetwork; nothing is fitted yet.

    >>> found = therapy_network()
    >>> [part.treatments for part in found.parts.parts][1:3]
    [('EBRT (local field)', 'Sr-89'), ('EBRT 22.5Gy/5', 'EBRT-SF10')]
    """
    one_of("minimum_certainty", minimum_certainty, CERTAINTY)
    one_of("outcome", outcome, OUTCOMES)
    one_of("population", population, POPULATIONS)
    one_of("nodes", nodes, NODES)
    one_of("mixed_schedules", mixed_schedules, MIXED)
    if complete_response_week not in (4, 12):
        raise OptionError(f"complete_response_week={complete_response_week!r} is not 4 or 12.")
    kept: list[tuple[TrialArm, str]] = []
    excluded: list[Excluded] = []
    for arm in trial_arms():
        reasons = _reasons(arm, minimum_certainty, outcome, population, include_non_randomised, complete_response_week)
        node, why = _node(arm, nodes, mixed_schedules)
        reasons += [why] if why else []
        if reasons:
            excluded.append(Excluded(study=arm.study, reason="; ".join(reasons), row=arm.row))
        else:
            kept.append((arm, node))
    kept, alone = _with_partner(kept)
    excluded = sorted([*excluded, *alone], key=lambda row: row.row or 0)
    settings = {
        "minimum_certainty": minimum_certainty, "outcome": outcome, "population": population, "nodes": nodes,
        "mixed_schedules": mixed_schedules, "include_non_randomised": include_non_randomised,
    }  # fmt: skip
    if not kept:
        raise OptionError(f"no study is left for {', '.join(f'{name}={value!r}' for name, value in settings.items())}.")
    table = contrasts(
        {
            "study": [arm.study for arm, _ in kept], "treatment": [node for _, node in kept],
            "events": [float(arm.responders or 0) for arm, _ in kept], "n": [float(arm.n or 0) for arm, _ in kept],
        },
        measure=measure,
    )  # fmt: skip
    joined = parts_of(table)
    return TherapyNetwork(
        label=_label(settings), outcome=outcome, measure=measure, minimum_certainty=minimum_certainty, arms=tuple(kept), contrasts=table,
        parts=joined, excluded=tuple(excluded), notes=_notes(kept, include_non_randomised, joined),
    )  # fmt: skip


def _reasons(
    arm: TrialArm, minimum_certainty: str, outcome: str, population: str, include_non_randomised: bool, week: int
) -> list[str]:
    """Every reason why this row is not used."""
    reasons = [reason for reason, applies in ALWAYS.items() if applies(arm)]
    if _outcome(arm) != outcome:
        reasons.append(f"its outcome is {_outcome(arm)}, another outcome")
    if _population(arm) != population:
        reasons.append(f"its patients are those of {_population(arm)}, another network")
    if "NON-RANDOMISED" in arm.note and not include_non_randomised:
        reasons.append("not randomised")
    if CERTAINTY[arm.certainty] < CERTAINTY[minimum_certainty]:
        reasons.append(f"certainty of transcription {arm.certainty} ({CERTAINTY_WORDS[arm.certainty]})")
    if outcome == "complete response" and "ROBOMET" in arm.study and not arm.study.endswith(f"week {week}"):
        reasons.append(f"the same patients as at week {week}")
    return reasons


def _node(arm: TrialArm, nodes: str, mixed: str) -> tuple[str, str]:
    """The node of an arm, or why it has none."""
    therapy = re.sub(r"^re-", "", arm.therapy)
    plain = therapy.startswith("EBRT") and "+" not in therapy
    if nodes == "one EBRT" and plain:
        return "EBRT", ""
    if "or fractionated" in therapy and plain:
        if mixed == "exclude":
            return "", "its arm mixes single and multiple fractions, so it is neither EBRT-SF8 nor EBRT-MF"
        return (MIXED_NODE if mixed == "own node" else mixed), ""
    parts = therapy.removeprefix("EBRT ").split(" or ")
    if plain and all(f"EBRT {part}" in LUMPED for part in parts):
        if nodes == "lumped":
            return "EBRT-MF", ""
        return ("", f"its arm mixes schedules ({therapy})") if len(parts) > 1 else (therapy, "")
    for pattern, name in _NAMES:
        if re.search(pattern, therapy):
            return re.sub(pattern, name, therapy) if "\\" in name else name, ""
    return therapy, ""


# therapy -> node, the first that matches; a therapy that matches none keeps its own name
_NAMES = (
    (r"^EBRT (\d+)Gyx1$", r"EBRT-SF\1"),
    (r"^EBRT .*\+ hyperthermia$", "EBRT+HT"),
    (r"^EBRT \+ pregabalin$", "EBRT+drug"),
    (r"^EBRT \+ placebo$", "EBRT+placebo"),
    (r"^EBRT local$", "EBRT (local field)"),
    (r"^EBRT( \(schedule not read\))?$", "EBRT (schedule not known)"),
    (r"^SBRT", "SBRT"),
    (r"^Sr-89", "Sr-89"),
)


def _with_partner(kept: list[tuple[TrialArm, str]]) -> tuple[list[tuple[TrialArm, str]], list[Excluded]]:
    """Arms of studies that compare two nodes; the others with the reason."""
    of_study: dict[str, list[str]] = {}
    for arm, node in kept:
        of_study.setdefault(arm.study, []).append(node)
    alone: list[Excluded] = []
    good: list[tuple[TrialArm, str]] = []
    for arm, node in kept:
        own = of_study[arm.study]
        if len(set(own)) == 1:
            reason = (
                "its other arm is not used"
                if len(own) == 1
                else f"its arms are one node here ({node}), so no comparison"
            )
            alone.append(Excluded(study=arm.study, reason=reason, row=arm.row))
        elif own.count(node) > 1:
            raise OptionError(f"study {arm.study!r} has {own.count(node)} arms in node {node!r}.")
        else:
            good.append((arm, node))
    return good, alone


def _label(settings: dict[str, Any]) -> str:
    """What this analysis is, with a word wherever it departs from the suggested first network."""
    changes = []
    if settings["minimum_certainty"] != "medium":
        changes.append(
            f"certainty of transcription {settings['minimum_certainty']}{'' if settings['minimum_certainty'] == 'high' else ' or higher'}"
        )
    if settings["nodes"] != "lumped":
        changes.append(
            {"split": "multi-fraction schedules split", "one EBRT": "every EBRT schedule as one node"}[
                settings["nodes"]
            ]
        )
    if settings["mixed_schedules"] != "exclude":
        changes.append(f"mixed schedules as {settings['mixed_schedules']}")
    if settings["include_non_randomised"]:
        changes.append("INCLUDES NON-RANDOMISED STUDIES")
    what = f"{settings['outcome']}, {settings['population']}"
    return (
        f"SENSITIVITY, {what}: {'; '.join(changes)}" if changes else f"{what}, randomised, certainty medium or higher"
    )


def _notes(kept: Sequence[tuple[TrialArm, str]], non_randomised: bool, parts: NetworkParts) -> tuple[str, ...]:
    notes: list[str] = []
    medium = sorted({arm.study for arm, _ in kept if arm.certainty != "high"})
    if medium:
        notes.append(f"not read in the papers; check before inferential use: {join(medium, 20)}")
    sites = [arm.study for arm in dict.fromkeys(a for a, _ in kept) if "SITES" in arm.definition]
    if sites:
        notes.append(f"counts are of treated sites, not patients: {join(sorted(set(sites)))}")
    trial = "trial or study" if non_randomised else "randomised trial"
    class_, pattern = STANDARD
    apart = [part.treatments for part in parts.parts if not any(re.search(pattern, name) for name in part.treatments)]
    if len(apart) < len(parts.parts):
        notes += [
            f"no {trial} here compares {' or '.join(names)} with {class_}, so they are not joined to it"
            for names in apart
        ]
    return tuple(notes)


def _traits(arm: TrialArm) -> dict[str, str]:
    """What may differ between studies, read off the words of the row."""
    text = arm.definition.lower()
    return {
        "timing": "best response at any time" if "any" in arm.weeks else "fixed time",
        "weeks": arm.weeks,
        "threshold": _threshold(text),
        "analgesics": "pain and analgesics" if re.search(r"analgesic|medd|opioid", text) else "pain only, or not stated",
        "denominator": _denominator(arm),
        "era": "before 2000" if arm.year < 2000 else "2000 to 2014" if arm.year < 2015 else "2015 or later",
        "patients": _patients(arm),
    }  # fmt: skip


def _threshold(text: str) -> str:
    if ">=3" in text:
        return ">= 3 points"
    return ">= 2 points or partial response" if ">=2" in text or "cr+pr" in text else "other or not stated"


def _denominator(arm: TrialArm) -> str:
    text = arm.definition.lower()
    if "itt" in text:
        return "all randomised"
    assessed = re.search(r"assess|evaluable|sites|per protocol", text) or "Denominators are assessable" in arm.note
    return "assessable" if assessed else "not stated"


def _patients(arm: TrialArm) -> str:
    if arm.study == "Hurwitz":
        return "radiotherapy failed or unsuitable"
    partners = [other.therapy for other in trial_arms() if other.study == arm.study]
    return (
        "chosen for SBRT (mostly spine, good performance status)"
        if any(name.startswith("SBRT") for name in partners)
        else "unselected"
    )


_THREATS = {
    "timing": "the times of response",
    "threshold": "the thresholds of response",
    "analgesics": "the definitions (with or without analgesics)",
    "denominator": "the denominators",
    "era": "the years (systemic therapy)",
    "patients": "the patients",
}

# label -> options: the analyses that are set beside the first network
SENSITIVITIES: dict[str, dict[str, Any]] = {
    "medium or higher (first network)": {},
    "high only": {"minimum_certainty": "high"},
    "low or higher": {"minimum_certainty": "low"},
    "schedules split": {"nodes": "split"},
    "mixed schedules as EBRT-SF8": {"mixed_schedules": "EBRT-SF8"},
    "mixed schedules as EBRT-MF": {"mixed_schedules": "EBRT-MF"},
}


def therapy_sensitivity(*, reference: str = "EBRT-SF8", measure: str = "OR", **options: Any) -> pd.DataFrame:
    """How much do the estimates against one treatment depend on certainty, nodes and mixed arms?

    options : those of ``network.fit``. One row an analysis and treatment of the part that holds the reference: analysis, label, k
    (studies in that part), treatment, reference, direct, reported_estimate, reported_ci_low, reported_ci_high, tau2.

    >>> found = therapy_sensitivity(tau2="DL")
    >>> found[found.analysis == "high only"][["k", "treatment"]].values.tolist()[0]
    [2, 'EBRT-MF']
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for name, settings in SENSITIVITIES.items():
        chosen = therapy_network(**settings, measure=measure)
        found = chosen.fit(reference, reference=reference, **options)
        for record in found.against_reference().to_dict("records"):
            rows.append(
                {
                    "analysis": name, "label": chosen.label, "k": found.k, "treatment": record["treatment"], "reference": reference,
                    "direct": record["k"], **{f"reported_{v}": record[f"reported_{v}"] for v in ("estimate", "ci_low", "ci_high")},
                    "tau2": found.tau2,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)
