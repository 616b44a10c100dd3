"""What must never happen: an exception for a possible patient, a hidden emergency, a status that turns, a value in a message."""

from __future__ import annotations

import contextlib
import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patients_made import record, value_of, values

from ostealgia.decision import example_patients, options
from ostealgia.decision.candidacy import options_of
from ostealgia.decision.derived_facts import NEW_SYMPTOMS
from ostealgia.decision.fact_fields import fields
from ostealgia.decision.patient_reading import PatientError, read_patient, read_patient_json
from ostealgia.decision.rules_data import rule_set
from ostealgia.errors import JsonError, OstealgiaError

RULES = rule_set()
SLOW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
EMERGENCY_FIELDS = {name for rule in RULES.emergencies for name in rule.inputs} | {
    "performance.ecog",
    "performance.kps",
    "site.bone",
}


def nothing(therapy):
    return ()


def statuses(found):
    """Rule or therapy -> status, of everything that was judged, emergencies included."""
    made = {one.rule.id: "met" for one in (*found.now, *found.urgent)}
    for option in found.options:
        made[option.therapy.id] = option.status
        made.update({one.rule.id: one.status for one in option.because})
    return made


@SLOW
@given(values())
def test_no_possible_patient_raises(given_values):
    found = options(record(given_values), expected=nothing)
    json.dumps(found.to_dict(), allow_nan=False)
    str(found)
    if found.now or found.refused or any(one.first for one in found.questions):
        assert found.options == ()
    else:
        assert len(found.options) == len(RULES.therapies)
    if found.refused:
        assert all(len(one.fields) >= 2 for one in found.questions if one.kind == "contradiction")


@SLOW
@given(values(EMERGENCY_FIELDS))
def test_no_possible_emergency_patient_raises(given_values):
    options(record(given_values), expected=nothing).to_dict()


BASE = read_patient(example_patients()["spine-sbrt"]).values


@st.composite
def more_information(draw):
    """A patient with a normal examination, and the same with one or more fields added."""
    names = draw(st.lists(st.sampled_from(sorted(fields())), min_size=1, max_size=6, unique=True))
    fewer = {name: value for name, value in BASE.items() if name not in names and draw(st.integers(0, 9)) > 0}
    fewer["neurology.status"] = BASE["neurology.status"]
    more = fewer | {name: draw(value_of(fields()[name])) for name in names if name != "neurology.status"}
    return fewer, more


@settings(max_examples=40, deadline=None)
@given(more_information())
def test_more_information_only_settles_what_could_not_be_told(pair):
    fewer, more = pair
    before, after = options(record(fewer), expected=nothing), options(record(more), expected=nothing)
    if after.refused or before.refused:
        return
    if {"labs.calcium", "labs.corrected_calcium"} <= set(more) and set(more) != set(fewer):
        return  # two measurements of one thing: the more dangerous counts, see the next test
    one, two = statuses(before), statuses(after)
    for name in one.keys() & two.keys():
        assert one[name] in ("cannot_tell", two[name]), name


def test_of_two_calcium_values_the_more_dangerous_counts():
    parts = {"neurology.status": "normal", "labs.calcium": 3.45, "labs.albumin": 40.0}  # computed 3.45
    assert options(record(parts), expected=nothing).now == ()
    found = options(record({**parts, "labs.corrected_calcium": 3.53}), expected=nothing)
    assert [one.rule.id for one in found.now] == ["A4-hypercalcaemia-emergency"]
    assert "labs.corrected_calcium" in found.now[0].because.inputs
    assert options(record({**parts, "labs.corrected_calcium": 3.6}), expected=nothing).refused


@settings(max_examples=40, deadline=None)
@given(values(EMERGENCY_FIELDS), st.sampled_from(NEW_SYMPTOMS))
def test_a_new_neurological_symptom_is_never_hidden(given_values, symptom):
    found = options(record({**given_values, symptom: True}), expected=nothing)
    assert "A1-cord-compression" in [one.rule.id for one in found.now]
    assert found.options == ()


@settings(max_examples=30, deadline=None)
@given(values(), st.sampled_from([(rule.id, rule.examples["met"]) for rule in RULES.emergencies if rule.tier == "now"]))
def test_no_other_fact_hides_an_emergency(others, emergency):
    rule, facts = emergency
    decisive = {name for one in RULES.emergencies for name in one.inputs}
    kept = {name: value for name, value in others.items() if name not in decisive}
    found = options(record({**kept, **facts}), expected=nothing)
    assert rule in [one.rule.id for one in found.now]


def test_what_was_settled_names_its_field():
    fewer = {name: value for name, value in BASE.items() if name != "site.contiguous_segments"}
    before = {one.rule.id: one for one in options(record(fewer), expected=nothing)["sbrt"].because}
    after = {one.rule.id: one for one in options(record(dict(BASE)), expected=nothing)["sbrt"].because}
    assert before["C3-segments"].status == "cannot_tell" and before["C3-segments"].missing == (
        "site.contiguous_segments",
    )
    assert after["C3-segments"].status == "met" and after["C3-segments"].inputs["site.contiguous_segments"] == 1


HOSTILE = {
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "fifty megabytes": b'{"comment": "' + b"x" * 50_000_000 + b'"}',
    "duplicate": b'{"age_years": 61, "age_years": 62}',
    "duplicate inside": b'{"site": {"bone": "rib", "bone": "pelvis"}}',
    "nan": b'{"age_years": NaN}',
    "infinity": b'{"age_years": -Infinity}',
    "huge whole number": b'{"age_years": ' + b"9" * 10_000 + b"}",
    "huge decimal": b'{"age_years": 1e999}',
    "long decimal": b'{"age_years": 0.' + b"1" * 100_000 + b"}",
    "list": b"[1, 2]",
    "number": b"3",
    "nothing": b"",
    "not text": b"\xff\xfe\x00{",
    "broken": b'{"age_years": ',
    "two": b'{"age_years": 61} {"age_years": 62}',
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_json_is_one_clear_error(name):
    if name == "long decimal":  # a long decimal is a number like any other
        read_patient(read_patient_json(HOSTILE[name]))
        return
    with pytest.raises((JsonError, PatientError)) as caught:
        read_patient(read_patient_json(HOSTILE[name]))
    assert len(str(caught.value)) < 400


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["none", "never", "normal"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
NAMES = [*fields(), *{name.partition(".")[0] for name in fields()}, "previous_radiotherapy"]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), ANYTHING, max_size=4))
def test_wrong_types_are_refused_and_nothing_else_happens(patient):
    with contextlib.suppress(OstealgiaError):
        read_patient(patient)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted({name.partition(".")[0] for name in fields() if "." in name})), st.data())
def test_wrong_types_inside_a_group(group, data):
    inner = [name.partition(".")[2] for name in fields() if name.startswith(f"{group}.")]
    given_group = data.draw(st.dictionaries(st.sampled_from([*inner, "list", "list_complete"]), ANYTHING, max_size=4))
    with contextlib.suppress(OstealgiaError):
        options_of(read_patient({group: given_group}), expected=nothing)


SECRET = "Zacharias-1934"


@pytest.mark.parametrize(
    "patient",
    [
        {"age_years": SECRET},
        {"sex": SECRET},
        {"site": {"bone": SECRET}},
        {"site": SECRET},
        {SECRET: 1},
        {"site": {SECRET: 1}},
        {"labs": {"calcium": {"value": SECRET, "unit": "mmol/L"}}},
        {"labs": {"calcium": {"value": 2, "unit": SECRET}}},
        {"medication": {"list": [SECRET, 3], "list_complete": True}},
        {"medication": [SECRET]},
        {"previous_radiotherapy": [{SECRET: 1}]},
        {"previous_radiotherapy": SECRET},
        {"id": SECRET, "age_years": -7654321},
    ],
)
def test_no_value_and_no_identifier_in_messages(patient, caplog):
    caplog.set_level(logging.DEBUG)
    try:
        found = options(patient, expected=nothing)
        told = " ".join((*found.notes, *(one.text for one in found.questions), str(found)))
    except OstealgiaError as error:
        told = str(error)
    assert SECRET not in told and "7654321" not in told
    assert SECRET not in caplog.text


def test_the_identifier_is_not_repeated():
    found = options({"id": SECRET, "comment": SECRET, "neurology": {"status": "normal"}}, expected=nothing)
    assert SECRET not in json.dumps(found.to_dict()) and SECRET not in str(found)
