"""Randomised comparisons: each trial, the network where trials join, and where they disagree."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from ostealgia.decision.evidence_arms import denominator_of, outcome_of, place_of
from ostealgia.decision.evidence_facts import exact_per_100
from ostealgia.decision.evidence_model import STATUS, Evidence
from ostealgia.network.therapies import TrialArm, therapy_network, trial_arms

# outcome -> responders of 100 with the reference, and where that risk comes from: stated, never estimated from the network
STATED_RISK = {
    "pain response": (
        1468 / 2513,
        "58 of 100 after one fraction of 8 Gy among all randomised (Chow 2007, 1468 of 2513)",
    ),
    "complete response": (545 / 2375, "23 of 100 after one fraction of 8 Gy (Chow 2007, 545 of 2375)"),
}
REFERENCE = "EBRT-SF8"
REFERENCE_WORDS = "8 Gy in one fraction"
# node of the network -> therapy, variant
_NODES = {
    "EBRT-MF": ("ebrt", "several fractions (20 Gy/5, 24 Gy/6, 30 Gy/10)"),
    "EBRT-SF4": ("ebrt", "4 Gy in one fraction"),
    "EBRT-SF6": ("ebrt", "6 Gy in one fraction"),
    "SBRT": ("sbrt", ""),
    "EBRT+HT": ("hyperthermia", "30 Gy in 10 with hyperthermia"),
}


def _usable(arm: TrialArm) -> bool:
    return (
        arm.responders is not None and arm.n is not None and "exclude until" not in arm.note and arm.certainty != "low"
        and "single arm" not in arm.text.lower()
    )  # fmt: skip


def _trials() -> dict[str, list[TrialArm]]:
    """Study -> its arms, where every arm has counts."""
    found: dict[str, list[TrialArm]] = {}
    for arm in trial_arms():
        found.setdefault(arm.study, []).append(arm)
    return {study: arms for study, arms in found.items() if len(arms) > 1 and all(map(_usable, arms))}


@cache
def trial_contrasts() -> tuple[Evidence, ...]:
    """Each comparison of two arms as a risk difference per 100, under the therapy that is not the simpler one."""
    made: list[Evidence] = []
    for arms in _trials().values():
        control = _control(arms)
        made += [_contrast(arm, control) for arm in arms if arm is not control]
    return tuple(made)


# the arm that the others are set against: the first of these that a trial has
_CONTROLS = (
    "sham",
    "placebo",
    "EBRT + placebo",
    "EBRT local",
    "EBRT 8Gyx1",
    "re-EBRT 8Gyx1",
    "EBRT 10Gyx1",
    "EBRT 30Gy/10",
    "EBRT 20Gy/5",
    "EBRT",
)


def _control(arms: Sequence[TrialArm]) -> TrialArm:
    for name in _CONTROLS:
        same = [arm for arm in arms if arm.therapy == name]
        begins = [
            arm
            for arm in arms
            if arm.therapy.startswith(f"{name} ") and not re.search(r"hyperthermia|pregabalin", arm.therapy)
        ]
        if same or begins:
            return (same or begins)[0]
    return arms[-1]


def difference_per_100(events: int, n: int, events_control: int, n_control: int) -> tuple[float, float, float]:
    """Risk difference per 100 with Newcombe's hybrid score limits (Stat Med 1998;17:873-890, method 10).

    >>> [round(value, 1) for value in difference_per_100(57, 138, 46, 76)]
    [-19.2, -32.1, -5.2]
    """
    from ostealgia.numerics.proportion_intervals import proportion_interval

    first, second = events / n, events_control / n_control
    (_, low_1, high_1), (_, low_2, high_2) = (
        tuple(float(value) for value in proportion_interval(float(a), float(b), method="wilson", level=0.95))
        for a, b in ((events, n), (events_control, n_control))
    )
    gap = first - second
    low = gap - math.hypot(first - low_1, high_2 - second)
    high = gap + math.hypot(high_1 - first, second - low_2)
    return 100 * gap, 100 * low, 100 * high


# codes of the arms in therapy_trials.csv -> the words a reader sees
_WORDS = (
    (r"\bEBRT local\b", "local radiotherapy"),
    (r"\bre-EBRT\b", "repeat radiotherapy"),
    (r"\bEBRT\b", "radiotherapy"),
    (r"radiotherapy (?=\d)", "radiotherapy, "),
    (r"(\d+)Gyx1\b", r"\1 Gy in one fraction"),
    (r"(\d+)Gy/(\d+)", r"\1 Gy in \2 fractions"),
    (r" \+ ", " and "),
)


def in_words(arm: str) -> str:
    """The code of an arm in words.

    >>> in_words("placebo + EBRT 8Gyx1"), in_words("EBRT 30Gy/10"), in_words("sham")
    ('placebo and radiotherapy, 8 Gy in one fraction', 'radiotherapy, 30 Gy in 10 fractions', 'sham')
    """
    for code, words in _WORDS:
        arm = re.sub(code, words, arm)
    return arm


def _contrast(arm: TrialArm, control: TrialArm) -> Evidence:
    a, n, c, m = (int(value or 0) for value in (arm.responders, arm.n, control.responders, control.n))
    place, variant = place_of(arm.therapy)
    gap, low, high = difference_per_100(a, n, c, m)
    _, own_low, own_high = exact_per_100(a, n)
    randomised = "NON-RANDOMISED" not in arm.note
    return Evidence(
        therapy=place or "ebrt", variant=variant or arm.therapy, kind="trial contrast" if randomised else "non-randomised contrast",
        outcome=outcome_of(arm), definition=arm.definition, weeks=arm.weeks, denominator=denominator_of(arm),
        per_100=100 * a / n, ci_low=own_low, ci_high=own_high,
        comparator=in_words(control.therapy), per_100_comparator=100 * c / m,
        difference_per_100=gap, difference_ci_low=low, difference_ci_high=high,
        population=_patients(arm), k=1, events=a, n=n + m, transcription=arm.certainty, trials=(arm.study,),
        source=f"{arm.study} {arm.year}", doi=arm.doi_pmid if arm.doi_pmid.startswith("10.") else "",
        check_status=STATUS[arm.certainty], note=arm.note,
    )  # fmt: skip


def _patients(arm: TrialArm) -> str:
    if arm.study == "Hurwitz":
        return "radiotherapy failed or unsuitable"
    if "neuropathic" in arm.definition.lower():
        return "neuropathic bone pain"
    if arm.therapy.startswith("re-"):
        return "re-irradiation"
    return "chosen for SBRT: mostly spine, good performance status" if arm.therapy.startswith("SBRT") else ""


@cache
def network_contrasts() -> tuple[Evidence, ...]:
    """Estimates against one fraction of 8 Gy, direct and indirect, for response and complete response."""
    made: list[Evidence] = []
    for outcome, name in (("pain response", "response"), ("complete response", "complete response")):
        network = therapy_network(outcome=name)
        fit = network.fit(REFERENCE, reference=REFERENCE)
        note = next((note for note in fit.notes if note.startswith("designs disagree")), "")
        found = re.search(r"P [=<] [\d.]+", note)
        said = (
            f"direct and indirect comparisons of the network disagree{f' ({found[0]})' if found else ''}"
            if note
            else ""
        )
        for row in fit.against_reference().to_dict("records"):
            worst = "medium" if any(arm.certainty != "high" for arm, _ in network.arms) else "high"
            made.append(_network_line(row, outcome, (fit.k, said, worst), tuple(arm.study for arm in network.studies)))
    return tuple(made)


def _network_line(
    row: dict[Any, Any], outcome: str, fitted: tuple[int, str, str], studies: tuple[str, ...]
) -> Evidence:
    k, said, worst = fitted
    place, variant = _NODES[str(row["treatment"])]
    risk, words = STATED_RISK[outcome]

    def of_100(log_ratio: float) -> float:
        odds = risk / (1 - risk) * math.exp(log_ratio)
        return 100 * odds / (1 + odds)

    estimate, low, high, pi_low, pi_high = (
        of_100(float(row[name])) for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    )
    return Evidence(
        therapy=place, variant=variant, kind="network contrast", outcome=outcome,
        definition="as each trial has it: definitions, weeks and denominators differ",
        per_100=estimate, ci_low=low, ci_high=high,
        pi_low=pi_low, pi_high=pi_high, comparator=REFERENCE_WORDS, per_100_comparator=100 * risk, difference_per_100=estimate - 100 * risk,
        difference_ci_low=low - 100 * risk, difference_ci_high=high - 100 * risk, measure="OR",
        estimate=float(row["reported_estimate"]), estimate_ci_low=float(row["reported_ci_low"]),
        estimate_ci_high=float(row["reported_ci_high"]), estimate_pi_low=float(row["reported_pi_low"]),
        estimate_pi_high=float(row["reported_pi_high"]), k=k, conflict=said, transcription=worst, trials=studies,
        source="network of the randomised trials of this package", check_status=STATUS[worst],
        direct=int(row["k"]), note=f"stated risk: {words}",
    )  # fmt: skip


@cache
def conflicts() -> dict[str, tuple[str, ...]]:
    """Therapy -> sentences on randomised comparisons that point in opposite directions, or whose network does not agree.

    Trials of the same therapy (of radiotherapy: the same number of fractions) against the same kind of comparator are set beside each
    other, each with its outcome; one of them must be clear by its interval.
    """
    found: dict[str, list[str]] = {}
    groups: dict[tuple[str, str, str], list[Evidence]] = {}
    for one in trial_contrasts():
        if one.randomised and not one.trials[0].endswith("CR week 4"):  # the same patients as at week 12
            groups.setdefault((one.therapy, one.variant if one.therapy == "ebrt" else "", _against(one)), []).append(
                one
            )
    for (therapy, _, _), lines in groups.items():
        up = [one for one in lines if one.difference_per_100 > 0]
        down = [one for one in lines if one.difference_per_100 < 0]
        clear = [one for one in lines if one.difference_ci_low > 0 or one.difference_ci_high < 0]
        if up and down and clear:
            found.setdefault(therapy, []).append(
                "trials point in opposite directions: " + "; ".join(_sentence(one) for one in (*up, *down))
            )
    for one in network_contrasts():
        if one.conflict:
            words = f"{one.outcome}: {one.conflict}"
            if words not in found.setdefault(one.therapy, []):
                found[one.therapy].append(words)
    return {therapy: tuple(sentences) for therapy, sentences in found.items()}


def _against(one: Evidence) -> str:
    words = ("radiotherapy", "repeat radiotherapy", "local radiotherapy")
    return "radiotherapy" if one.comparator.startswith(words) else one.comparator


def _sentence(one: Evidence) -> str:
    gap = f"{one.difference_per_100:+.0f} [{one.difference_ci_low:+.0f} to {one.difference_ci_high:+.0f}] per 100"
    return f"{one.trials[0]}: {one.outcome} {one.per_100:.0f} against {one.per_100_comparator:.0f} of 100, {gap}"
