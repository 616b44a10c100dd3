"""Which published criteria does one patient meet? Emergencies first, then each therapy with the rules behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ostealgia.decision.consistency import COMPUTED
from ostealgia.decision.derived_facts import DERIVED
from ostealgia.decision.evaluation import Judged, judge
from ostealgia.decision.fact_fields import CHOICE, FLAG, fields
from ostealgia.decision.facts import TRUE, OneFacts, one_patient
from ostealgia.decision.logic import STATUS, evaluate_one, leaves, undecided
from ostealgia.decision.options_result import Alert, Because, Option, Options, Question
from ostealgia.decision.patient_reading import Patient, PatientError, read_patient
from ostealgia.decision.rules_data import LIMITS, Rule, RuleSet, rule_set
from ostealgia.display import capital

Expected = Callable[[str], Iterable[Mapping[str, Any]]]
MINIMUM = "E1-minimum-set"
EITHER = ("Karnofsky performance status; ECOG performance status", "ECOG or Karnofsky performance status")
CALCIUM = ("A4-hypercalcaemia-emergency", "A4-hypercalcaemia-prompt", "A4-hypercalcaemia-flag")  # the gravest first


def options(patient: Mapping[str, Any], *, expected: Expected | None = None) -> Options:
    """Emergencies, open questions and the therapies whose published criteria this patient meets, does not meet, or may meet.

    patient : the facts by group, as in ``patient_schema()``; what is absent or None is unknown, never "no".
    expected : therapy id -> what trials report of it; default the evidence of this package.
    Raises PatientError, naming fields and never values, for what cannot be read. Contradictory facts give a result with ``refused`` set,
    the questions name the fields, and emergencies are shown all the same.
    Informs clinicians; not a medical device, not validated for decisions on one patient.

    >>> found = options({"age_years": 64, "neurology": {"new_limb_weakness": True}})
    >>> [one.rule.id for one in found.now], found.options
    (['A1-cord-compression'], ())
    >>> options({"age_years": 64}).questions[0].fields[0]
    'neurology.status'
    """
    try:
        read = read_patient(patient)
    except PatientError as error:
        if error.readable is not None:
            error.answer = _emergencies_only(error)
        raise
    return options_of(read, expected=expected)


def _emergencies_only(error: PatientError) -> Options:
    """What the readable part of a record says of emergencies, with the problems as questions."""
    found = options_of(error.readable or Patient(values={}), expected=lambda therapy: ())
    unread = tuple(
        Question(kind="unreadable", text=f"{_called(name)}{text}.", fields=(name,) if name else (), first=True)
        for name, text in error.problems
    )
    note = "Part of the record could not be read; emergencies were looked for in the rest, and no options are shown."
    return replace(found, questions=(*unread, *found.questions), options=(), refused=True, notes=(LIMITS, note))


def options_of(patient: Patient, *, expected: Expected | None = None) -> Options:
    """``options`` of a patient that was read before."""
    rules = rule_set()
    entered = one_patient(patient.values)
    judged = judge(entered, {name: np.array([True]) for name in patient.queried}, rules)
    now = _alerts(judged, rules, "now")
    urgent = _alerts(judged, rules, "urgent")
    blocked = bool(judged.blocked[0]) or bool(patient.clashes)
    return Options(
        now=now,
        urgent=urgent,
        questions=tuple(_questions(judged, rules, patient, blocked)),
        options=() if blocked else _options(judged, rules, expected or _expected_for),
        rules=rules,
        refused=bool(judged.refused[0]) or bool(patient.clashes),
        notes=_notes(judged, patient, now, urgent, blocked),
    )


def _called(name: str) -> str:
    """The fact in words, before what is wrong with it."""
    return f"{capital(fields()[name].label)}: " if name in fields() else f"{name}: " if name else ""


def _expected_for(therapy: str) -> Iterable[Mapping[str, Any]]:
    from ostealgia.decision.expected_results import expected_for

    return expected_for(therapy)


def _status(judged: Judged, rule: Rule) -> str:
    return STATUS[int(judged.status[rule.id][0])]


def _because(judged: Judged, rule: Rule, facts: OneFacts) -> Because:
    status = _status(judged, rule)
    return Because(
        rule=rule,
        status=status,
        inputs=_used(rule, facts),
        missing=undecided(rule.logic, judged.facts) if status == "cannot_tell" else (),
    )


def _used(rule: Rule, facts: OneFacts) -> dict[str, Any]:
    """The known inputs of a rule, and what was derived from them."""
    found: dict[str, Any] = {}
    for name in rule.inputs:
        value = _plain_value(facts, name)
        if value is not None:
            found[name] = value
    for leaf in leaves(rule.logic):
        if leaf.name in DERIVED and DERIVED[leaf.name].type != FLAG:
            low, high = facts.numbers.get(leaf.name, (-math.inf, math.inf))
            if low == high:
                found[leaf.name] = round(low, 4)
            elif (
                math.isfinite(low) and math.isfinite(high) and any(name in found for name in DERIVED[leaf.name].inputs)
            ):
                found[leaf.name] = [round(low, 4), round(high, 4)]
    return found


def _plain_value(facts: OneFacts, name: str) -> Any:
    if not facts.known(name):
        return None
    one = fields()[name]
    if one.type == FLAG:
        return bool(facts.flags[name] == TRUE)
    if one.type == CHOICE:
        return one.choices[facts.choices[name]]
    value = facts.numbers[name][0]
    return "never" if math.isinf(value) else int(value) if value.is_integer() else value


def _alerts(judged: Judged, rules: RuleSet, tier: str) -> tuple[Alert, ...]:
    met = [rule for rule in rules.emergencies if rule.tier == tier and judged.status[rule.id][0] == TRUE]
    graver = [name for name in CALCIUM if judged.status[name][0] == TRUE][:1]  # it says the others, too
    met = [rule for rule in met if rule.id not in CALCIUM or rule.id in graver]
    return tuple(Alert(because=_because(judged, rule, judged.entered)) for rule in met)


def _options(judged: Judged, rules: RuleSet, expected: Expected) -> tuple[Option, ...]:
    made: dict[str, Because] = {}

    def one(rule: Rule) -> Because:
        if rule.id not in made:
            made[rule.id] = _because(judged, rule, judged.facts)
        return made[rule.id]

    return tuple(
        Option(
            therapy=therapy,
            status=STATUS[int(judged.therapy(therapy)[0])],
            because=tuple(one(rule) for rule in therapy.rules),
            expected=tuple(expected(therapy.id)),
        )
        for therapy in rules.therapies.values()
    )


def _questions(judged: Judged, rules: RuleSet, patient: Patient, blocked: bool) -> Iterable[Question]:
    """Contradictions, emergency questions (neurology before the others), implausible values, then what the minimum set lacks."""
    yield from _contradictions(judged, rules, patient)
    for rule in rules.emergencies:
        if judged.asked[rule.id][0]:
            missing = undecided(rule.logic, judged.facts)
            yield Question(kind="emergency", text=_asking(rule, missing), fields=missing, rule=rule.id, first=True)
    for rule in rules.emergencies:
        if rule.asked_beside is None or _status(judged, rule) != "cannot_tell":
            continue
        if evaluate_one(rule.asked_beside, judged.facts) == TRUE:
            yield Question(
                kind="emergency", text=rule.question, fields=undecided(rule.logic, judged.facts), rule=rule.id
            )
    for name in patient.queried:
        yield _query(name, patient)
    if not blocked:
        rule = rules.rules[MINIMUM]
        missing = undecided(rule.logic, judged.facts)
        if missing:
            labels = "; ".join(fields()[name].label for name in missing).replace(*EITHER)
            text = f"Needed before a local treatment can be said to meet its criteria: {labels}."
            yield Question(kind="missing", text=text, fields=missing, rule=MINIMUM)


def _contradictions(judged: Judged, rules: RuleSet, patient: Patient) -> Iterable[Question]:
    found = [(one.fields, one.text) for one in rules.contradictions if judged.contradictions[one.id][0]]
    found += [told for name, told in COMPUTED.items() if judged.contradictions[name][0]]
    for names, text in (*found, *patient.clashes):
        yield Question(kind="contradiction", text=text, fields=names, first=True)


def _asking(rule: Rule, missing: Iterable[str]) -> str:
    """The rule's own question, or its title with the questions of the fields that are open."""
    return rule.question or " ".join((f"{rule.title}?", *(fields()[name].asked for name in missing)))


def _query(name: str, patient: Patient) -> Question:
    one = fields()[name]
    unit = patient.given_units.get(name, "")
    others = [other for other in one.units if other != unit]
    hint = f" It was given in {unit}: is {' or '.join(others)} meant?" if unit and others else ""
    return Question(
        kind="implausible",
        text=f"The {one.label} is outside {one.low:g} to {one.high:g} {one.unit}.{hint} "
        'Correct it, or confirm it with "confirmed": true. Until then it is not used for any therapy.'.replace(
            "-inf", "0"
        ),
        fields=(name,),
    )


def _notes(
    judged: Judged, patient: Patient, now: tuple[Alert, ...], urgent: tuple[Alert, ...], blocked: bool
) -> tuple[str, ...]:
    found = [LIMITS]
    if now:
        found.append("An emergency is shown alone; no options are shown until it has been dealt with.")
    elif judged.refused[0] or patient.clashes:
        found.append("The facts contradict one another; no options are shown until they have been corrected.")
    elif blocked:
        found.append("A question about an emergency is open; no options are shown until it has been answered.")
    elif urgent:
        found.append("Everything below the urgent findings follows after the urgent assessment.")
    if not blocked:
        found.append(
            "Met means: criteria met according to the source beside each rule. The order is no order of merit."
        )
    return (*found, *patient.notes)
