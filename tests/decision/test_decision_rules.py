"""The rule files: every rule has a source, a check status and worked examples that come out as they say."""

from __future__ import annotations

import json

import pytest

from ostealgia.decision.derived_facts import DERIVED, add_derived
from ostealgia.decision.fact_fields import data_folder, fields
from ostealgia.decision.facts import one_patient, plain_facts
from ostealgia.decision.json_schema import patient_schema
from ostealgia.decision.logic import STATUS, evaluate, evaluate_one, inputs, leaves, parsed, undecided
from ostealgia.decision.rules_data import CHECK_STATUS, rule_set
from ostealgia.errors import OstealgiaError

RULES = rule_set()
ALL = list(RULES.rules.values())


def status_of(logic, facts):
    return STATUS[int(evaluate(logic, add_derived(one_patient(facts))).ravel()[0])]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_the_worked_examples_of_a_rule(rule):
    assert set(rule.examples) == set(STATUS)
    for wanted, facts in rule.examples.items():
        assert status_of(rule.logic, facts) == wanted, (rule.id, wanted)
        plain = plain_facts(add_derived(one_patient(facts)))
        assert STATUS[evaluate_one(rule.logic, plain)] == wanted
        missing = undecided(rule.logic, plain)
        assert bool(missing) == (wanted == "cannot_tell")
        assert set(missing) <= set(fields())
        for one in RULES.contradictions:
            assert status_of(one.logic, facts) != "met", (rule.id, one.id)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_says_where_it_comes_from(rule):
    assert rule.sources and rule.citation and rule.strength and rule.title and rule.output
    assert rule.check_status in CHECK_STATUS
    assert bool(rule.date_read) == (rule.check_status != "remembered")
    assert rule.id.startswith(rule.section)
    assert ("-caution-" in rule.id) == (rule.role == "caution")
    assert ("-info-" in rule.id) == (rule.role == "information")
    assert (rule.tier != "") == (rule.role == "emergency")
    assert bool(rule.question) == (rule.asked_first is True or rule.asked_beside is not None)
    for words in (rule.title, rule.output, rule.conflicts):
        assert "recommend" not in words.lower() and "!" not in words


def test_nothing_is_there_for_no_use():
    used = {rule.id for therapy in RULES.therapies.values() for rule in therapy.rules}
    used |= {rule.id for rule in RULES.emergencies}
    assert used == set(RULES.rules)
    asked = {name for rule in ALL for name in rule.inputs}
    asked |= {name for rule in ALL if rule.asked_first not in (None, True) for name in inputs(rule.asked_first)}
    asked |= {name for one in RULES.contradictions for name in inputs(one.logic)}
    assert asked | {"site.vertebral_level"} == set(fields())


def test_every_therapy_has_criteria_and_every_local_one_the_minimum_set():
    for therapy in RULES.therapies.values():
        assert therapy.criteria, therapy.id
        local = any(rule.section == "C" for rule in therapy.criteria)
        names = {rule.id for rule in therapy.rules}
        assert ("E1-minimum-set" in names, "E2-adult" in names) == (local, not local), therapy.id


@pytest.mark.parametrize("one", RULES.contradictions, ids=lambda one: one.id)
def test_a_contradiction_names_two_facts_that_it_compares(one):
    assert len(one.fields) == 2
    assert one.fields[0] in fields()
    assert set(one.fields) <= {*fields(), "medication"}
    assert status_of(one.logic, {}) == "cannot_tell"


def test_the_published_schema_is_that_of_the_fields():
    assert json.loads(data_folder().joinpath("patient.schema.json").read_text(encoding="utf-8")) == patient_schema()


def test_derived_facts_come_from_fields():
    for name, one in DERIVED.items():
        assert set(one.inputs) <= set(fields()), name


def test_units_in_comparisons_are_those_of_the_fields():
    for rule in ALL:
        for leaf in leaves(rule.logic):
            assert leaf.name in fields() or leaf.name in DERIVED


@pytest.mark.parametrize(
    "logic",
    [
        {"field": "age_years", "ge": 18},
        {"field": "age_years", "ge": 18, "unit": "months"},
        {"field": "no.such", "is": True},
        {"field": "sex", "is": "other"},
        {"field": "site.infection", "ge": 1, "unit": ""},
        {"field": "age_years", "ge": 18, "le": 20, "unit": "years"},
        {"all": []},
        {"eval": "1 + 1"},
        {"all": [{"field": "sex", "is": "male"}], "any": []},
        "age_years >= 18",
    ],
)
def test_any_other_logic_is_refused(logic):
    with pytest.raises(OstealgiaError, match="rule x"):
        parsed(logic, "x")


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ((True, True, None), "met"),
        ((True, None, None), "cannot_tell"),
        ((False, False, None), "not_met"),
        ((False, True, None), "cannot_tell"),
        ((False, True, True), "met"),
    ],
)
def test_at_least_two_of_three(flags, wanted):
    names = ("site.infection", "comorbidity.diabetes", "comorbidity.peptic_ulcer")
    logic = parsed({"at_least": 2, "of": [{"field": name, "is": True} for name in names]}, "x")
    assert status_of(logic, dict(zip(names, flags, strict=True))) == wanted
