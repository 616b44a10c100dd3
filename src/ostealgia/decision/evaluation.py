"""The order in which a patient is judged: contradictions, emergencies, questions that come first, then each therapy's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ostealgia.decision.consistency import computed_contradictions
from ostealgia.decision.derived_facts import add_derived
from ostealgia.decision.facts import TRUE, UNKNOWN, Facts, OneFacts, plain_facts
from ostealgia.decision.logic import Node, evaluate, evaluate_one
from ostealgia.decision.rules_data import Rule, RuleSet, Therapy


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Answers for n patients; each array is int8 (0 not met, 1 cannot tell, 2 met) or bool.

    facts : what candidacy is judged on, implausible values unknown.  entered : the facts as they were given, for emergencies; both plain
    where there is one patient.
    status : rule -> its value.  asked : emergency rule -> whether its question comes before everything else.
    contradictions : id -> whether it holds.
    """

    n: int
    facts: Any  # Facts, or OneFacts of one patient
    entered: Any
    status: Mapping[str, Any]
    asked: Mapping[str, Any]
    contradictions: Mapping[str, Any]
    now: Any
    urgent: Any
    refused: Any
    blocked: Any

    def therapy(self, therapy: Therapy) -> Any:
        """Status of a therapy: the least of its criteria."""
        found = self.status[therapy.criteria[0].id]
        for rule in therapy.criteria[1:]:
            found = np.minimum(found, self.status[rule.id])
        return found


def judge(entered: Facts, queried: Mapping[str, Any], rules: RuleSet) -> Judged:
    """Judge all patients.

    entered : the facts as given, derived ones not needed.  queried : field -> where its value is implausible and not confirmed.
    An implausible value counts for an emergency as it stands, and for a therapy not at all.
    """
    sure = entered.copy()
    for name, where in queried.items():
        sure.forget(name, where)
    n = entered.n
    facts: Facts | OneFacts = add_derived(sure)
    with_doubt: Facts | OneFacts = add_derived(entered) if queried else facts
    computed = computed_contradictions(facts)
    if n == 1:
        facts, with_doubt = plain_facts(facts), plain_facts(with_doubt)
    status: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    for rule in rules.rules.values():
        found = _value(rule.logic, facts)
        if rule.role == "emergency":
            found = np.where(_value(rule.logic, with_doubt) == TRUE, TRUE, found).astype(np.int8)
            asked[rule.id] = _all(n, _asked(rule, found, facts, with_doubt, queried))
        status[rule.id] = _all(n, found)
    contradictions = {one.id: _all(n, _value(one.logic, facts) == TRUE) for one in rules.contradictions}
    contradictions.update({name: _all(n, where) for name, where in computed.items()})
    now = _either(n, [status[rule.id] == TRUE for rule in rules.emergencies if rule.tier == "now"])
    urgent = _either(n, [status[rule.id] == TRUE for rule in rules.emergencies if rule.tier == "urgent"])
    refused = _either(n, contradictions.values())
    return Judged(
        n=n,
        facts=facts,
        entered=with_doubt,
        status=status,
        asked=asked,
        contradictions=contradictions,
        now=now,
        urgent=urgent,
        refused=refused,
        blocked=now | refused | _either(n, asked.values()),
    )


def _value(node: Node, facts: Facts | OneFacts) -> Any:
    return evaluate(node, facts) if isinstance(facts, Facts) else evaluate_one(node, facts)


def _asked(
    rule: Rule, found: Any, facts: Facts | OneFacts, with_doubt: Facts | OneFacts, queried: Mapping[str, Any]
) -> Any:
    """Whether the rule's question comes first: it cannot be told, and something points to the emergency or a value of it is in doubt."""
    if rule.asked_first is None:
        return np.bool_(False)
    if rule.asked_first is True:
        first: Any = np.bool_(True)
    else:
        pointer: Any = rule.asked_first
        first = (_value(pointer, facts) == TRUE) | (_value(pointer, with_doubt) == TRUE)
    for name in rule.inputs:
        if name in queried:
            first = first | queried[name]
    return (found == UNKNOWN) & first


def _all(n: int, value: Any) -> Any:
    return np.full(1, value) if n == 1 else np.broadcast_to(value, (n,))


def _either(n: int, parts: Any) -> Any:
    found = np.zeros(n, dtype=bool)
    for part in parts:
        found = found | part
    return found
