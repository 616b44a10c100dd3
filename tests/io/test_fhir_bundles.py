"""FHIR R4 Bundles: what is used, what is left out and why, and back again.

The resources are made up. Codes: docs of mCODE STU4 (89247-1), LOINC 72514-3 and its answers.
"""

from __future__ import annotations

import contextlib
import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostealgia.errors import JsonError, OptionError
from ostealgia.io.fhir import read_bundle, write_bundle

TODAY = date(2026, 11, 22)
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
PELVIS, HUMERUS = "12921003", "85050009"


def bundle(*resources, **more):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]} | more


def patient(**more):
    return {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1955-11-23"} | more


def concept(system, code, **more):
    return {"coding": [{"system": system, "code": code} | more]}


def observation(code, **more):
    made = {
        "resourceType": "Observation", "status": "final", "code": concept(LOINC, code), "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-21T08:00:00+01:00",
    }  # fmt: skip
    return made | more


def pain(site=PELVIS, marked=True, **more):
    made = observation("72514-3", valueInteger=7)
    if site:
        made["bodySite"] = concept(SNOMED, site)
    if marked:
        made["component"] = [{"code": concept("urn:ostealgia:codes", "worst-pain-last-24-h"), "valueBoolean": True}]
    return made | more


def quantity(value, code, **more):
    return {"valueQuantity": {"value": value, "unit": code, "system": UCUM, "code": code} | more}


def drug(code, system="http://www.whocc.no/atc", **more):
    made = {
        "resourceType": "MedicationStatement", "status": "active", "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": concept(system, code),
    }  # fmt: skip
    return made | more


def condition(code, clinical="active", verification="confirmed", **more):
    place = "http://terminology.hl7.org/CodeSystem/condition-"
    made = {
        "resourceType": "Condition", "subject": {"reference": "Patient/p1"},
        "code": concept("http://hl7.org/fhir/sid/icd-10-cm", code),
        "clinicalStatus": concept(place + "clinical", clinical), "verificationStatus": concept(place + "ver-status", verification),
    }  # fmt: skip
    return made | more


def course(**more):
    made = {"resourceType": "Procedure", "status": "completed", "subject": {"reference": "Patient/p1"}}
    return made | {"code": concept(SNOMED, "1217123003")} | more


def read(*resources, **more):
    return read_bundle(bundle(*resources), today=TODAY, **more)


def why(found):
    return " | ".join(f"{one.resource}: {one.reason}" for one in found.not_used)


def test_a_whole_patient():
    found = read(
        patient(), pain(), observation("89247-1", valueInteger=1), observation("17861-6", **quantity(11.2, "mg/dL")),
        observation("777-3", **quantity(180, "10*3/uL")), observation("29463-7", **quantity(150, "[lb_av]")), condition("C50.911"),
        drug("N02AA01"), drug("B01AF01"),
    )  # fmt: skip
    assert found.facts == {
        "sex": "female",
        "age_years": 70,  # the 71st birthday is tomorrow
        "pain": {"worst_nrs_0_10": 7},
        "performance": {"ecog": 1},
        "labs": {
            "calcium": {"value": 11.2, "unit": "mg/dL"},
            "platelets": {"value": 180, "unit": "10^3/uL"},
            "counts_days_ago": 1,
        },
        "weight_kg": 68.0388555,
        "primary": "breast",
        "opioids": {"taking": True},
        "medication": {"renally_risky_opioid": True, "anticoagulant": True},
        "site": {"bone": "pelvis"},
    }
    assert not found.not_used
    where = {one.fact: (one.resource, one.day) for one in found.used}
    assert where["labs.calcium"] == ("Observation, entry 4", "2026-11-21")


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 2},
        {"valueQuantity": {"value": 2.0}},
        {"valueCodeableConcept": concept(LOINC, "LA6113-0", display="2 or more")},
    ],
)
def test_pain_by_number_or_by_code_never_by_its_words(value):
    made = pain()
    del made["valueInteger"]
    assert read(patient(), made | value).facts["pain"] == {"worst_nrs_0_10": 2}


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (pain(site=""), "not_index_site"),
        (pain(marked=False), "not_index_site"),
        (pain(valueInteger=11), "not from 0 to 10"),
        (pain(effectiveDateTime="2026-11-01"), "21 days old, more than 7"),
        (pain(effectiveDateTime="2026-12-01"), "still to come"),
        (pain(effectiveDateTime="2026-11"), "its day is not stated"),
        (pain(status="entered-in-error"), "entered-in-error"),
        (pain(status="preliminary"), "status"),
        (observation("89247-1", valueQuantity={"value": 1.5}), "not a whole number"),
        (observation("89247-1", valueString="1"), "not a whole number"),
        (observation("17861-6", **quantity(2.6, "mmol/l")), "its unit is not one"),
        (observation("17861-6", **quantity(2.6, "mmol/L", system="http://example.org")), "its unit is not one"),
        (observation("777-3", **quantity(50, "10*9/L", comparator="<")), "bound"),
        (observation("1234-5", valueInteger=1), "no fact"),
        (observation("89247-1", valueInteger=1, bogus=1), "not valid FHIR R4: element bogus"),
        (observation("89247-1", valueInteger=1, status=["final"]), "not valid FHIR R4: element status"),
        (condition("C34.1"), "small cell or not"),
        (condition("N17.9", clinical="resolved"), "no longer active"),
        (condition("N17.9", verification="provisional"), "not confirmed"),
        (condition("M84.551A"), "at the painful site is not in the code"),
        (drug("N02AA01", status="stopped"), "stopped"),
        (drug("A01AA01"), "no drug that is asked for"),
        (course(), "no index site"),
        ({"resourceType": "Encounter"}, "a kind of resource that is not read"),
        (observation("89247-1", valueInteger=1, subject={"reference": "Patient/p2"}), "of another patient"),
    ],
)  # fmt: skip
def test_left_out_with_the_reason(resource, words):
    found = read(patient(), resource)
    assert words in why(found)
    assert set(found.facts) == {"sex", "age_years"}, "nothing else may be known: unknown is not absent"
    assert "p1" not in why(found) and "p2" not in why(found)


def test_the_latest_counts_and_a_contradiction_counts_for_nothing():
    old, new = (
        observation("89247-1", valueInteger=1, effectiveDateTime="2026-11-01"),
        observation("89247-1", valueInteger=3),
    )
    found = read(patient(), old, new)
    assert found.facts["performance"] == {"ecog": 3} and "a later one gives performance.ecog" in why(found)
    found = read(patient(), new, observation("89247-1", valueInteger=1))
    assert "performance" not in found.facts and "contradict one another on performance.ecog" in why(found)
    found = read(patient(), condition("C50.9"), condition("C61"))
    assert "primary" not in found.facts and "contradict" in why(found)


def test_of_two_values_of_a_day_the_more_dangerous_one_counts():
    """A calcium of 3.9 beside one of 9.6 mg/dL (2.4 mmol/L) must not hide an emergency."""
    found = read(
        patient(),
        observation("29265-6", **quantity(9.6, "mg/dL")),
        observation("29265-6", **quantity(3.9, "mmol/L")),
    )
    assert found.facts["labs"]["corrected_calcium"] == {"value": 3.9, "unit": "mmol/L"}
    assert "the more dangerous one counts" in why(found)
    found = read(
        patient(), observation("751-8", **quantity(300, "/uL")), observation("751-8", **quantity(2.1, "10*9/L"))
    )
    assert found.facts["labs"]["neutrophils"] == {"value": 300, "unit": "/uL"}


@pytest.mark.parametrize(
    ("code", "given", "fact"),
    [
        ("751-8", quantity(0.1, "10*9/L", comparator="<"), ("labs", "neutrophils", {"value": 0.1, "unit": "10^9/L"})),
        ("2000-8", quantity(4.0, "mmol/L", comparator=">"), ("labs", "calcium", {"value": 4.0, "unit": "mmol/L"})),
        ("8310-5", quantity(102.2, "[degF]"), ("vital", "temperature_c", 39.0)),
        ("8310-5", quantity(100.4, "[degF]"), ("vital", "temperature_c", 38.0)),
    ],
)
def test_bounds_that_can_only_be_worse_and_fahrenheit(code, given, fact):
    group, name, value = fact
    found = read(patient(), observation(code, **given))
    assert found.facts[group][name] == value
    assert ("comparator" in given["valueQuantity"]) == any("bound" in note for note in found.notes)


@pytest.mark.parametrize(("code", "value"), [("89247-1", 5), ("89243-0", 55), ("89243-0", 0)])
def test_an_impossible_grade_is_left_out(code, value):
    found = read(patient(), observation(code, valueInteger=value))
    assert "performance" not in found.facts and "not one of" in why(found)


def test_two_painful_sites_need_a_word():
    both = (pain(), pain(site=HUMERUS, valueInteger=4))
    assert "pain" not in read(patient(), *both).facts
    found = read(patient(), *both, site="humerus")
    assert found.facts["pain"] == {"worst_nrs_0_10": 4} and found.facts["site"] == {"bone": "humerus"}
    with pytest.raises(OptionError, match="pelvis"):
        read(patient(), *both, site="pelvic")


def test_doses_of_opioids():
    def dosage(value, repeat, route="26643006", **more):
        dose = {
            "doseAndRate": [{"doseQuantity": {"value": value, "system": UCUM, "code": "mg"}}],
            "route": concept(SNOMED, route),
        }
        return [dose | ({"timing": {"repeat": repeat}} if repeat else {}) | more]

    twice = {"frequency": 2, "period": 1, "periodUnit": "d"}
    rate = [
        {
            "route": concept(SNOMED, "45890007"),
            "doseAndRate": [{"rateQuantity": {"value": 25, "system": UCUM, "code": "ug/h"}}],
        }
    ]
    found = read(
        patient(), drug("N02AA05", dosage=dosage(20, twice)), drug("N02AB03", dosage=rate),
        drug("7052", RXNORM, dosage=dosage(10, {"period": 4, "periodUnit": "h"}, asNeededBoolean=True)),
        drug("N02AX02", dosage=dosage(50, None)), drug("N02A"),
    )  # fmt: skip
    got = [(one["drug"], one["route"], one["dose"], one["unit"]) for one in found.opioids if not one["problem"]]
    assert got == [("oxycodone", "oral", 40.0, "mg/day"), ("fentanyl", "transdermal", 25.0, "mcg/h")]
    problems = [one["problem"] for one in found.opioids if one["problem"]]
    assert ["as needed" in problems[0], "how often" in problems[1], "not coded" in problems[2]] == [True] * 3
    assert found.facts["medication"]["fentanyl_patch"] is True


def test_a_course_of_radiotherapy_at_the_site():
    volume = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-dose-delivered-to-volume"
    parts = [
        {"url": "totalDoseDelivered", "valueQuantity": {"value": 2000, "system": UCUM, "code": "cGy"}},
        {"url": "fractionsDelivered", "valueUnsignedInt": 5},
    ]
    given = {"bodySite": [concept(SNOMED, PELVIS)], "extension": [{"url": volume, "extension": parts}]}
    treated = course(performedPeriod={"start": "2026-08-01", "end": "2026-08-05"}, **given)
    found = read(patient(), pain(), treated)
    assert found.facts["radiotherapy"] == {
        "previous_at_site": True,
        "weeks_since_last": 15,
        "dose_gy": 20.0,
        "fractions": 5,
    }
    elsewhere = read(patient(), pain(site=HUMERUS), treated)
    assert "radiotherapy" not in elsewhere.facts and "another site" in why(elsewhere)
    r5 = course(occurrenceDateTime="2026-08-05", **given)
    assert read(patient(), pain(), r5).facts["radiotherapy"]["weeks_since_last"] == 15


def test_one_living_patient():
    with pytest.raises(JsonError, match="more than one patient"):
        read(patient(), patient(id="p2"))
    with pytest.raises(JsonError, match="more than one patient"):
        read(
            observation("89247-1", valueInteger=1),
            observation("89247-1", valueInteger=1, subject={"reference": "Patient/p2"}),
        )
    with pytest.raises(JsonError, match="has died"):
        read(patient(deceasedBoolean=True))
    with pytest.raises(JsonError, match="not a FHIR Bundle"):
        read_bundle({"resourceType": "Patient"}, today=TODAY)


@pytest.mark.parametrize(
    ("birth", "age"),
    [("1956-11-22", 70), ("1956-11-23", 69), ("1956", 69), ("1956-10", 70), ("2027-01-01", None), ("19561122", None)],
)
def test_age_is_what_has_certainly_been_reached(birth, age):
    found = read({"resourceType": "Patient", "id": "p1", "birthDate": birth})
    assert found.facts.get("age_years") == age


def test_what_is_written_is_read_again():
    facts = {
        "age_years": 71, "sex": "male", "primary": "prostate", "weight_kg": 81.5,
        "site": {"bone": "pelvis"}, "pain": {"worst_nrs_0_10": 8}, "performance": {"ecog": 2, "kps": 60},
        "labs": {"calcium": {"value": 2.4, "unit": "mmol/L"}, "haemoglobin": {"value": 10.2, "unit": "g/dL"}, "counts_days_ago": 0},
        "vital": {"temperature_c": 37.1}, "opioids": {"taking": True}, "medication": {"fentanyl_patch": True, "denosumab": True},
        "comorbidity": {"renal_failure": True, "heart_failure": False},
        "radiotherapy": {"previous_at_site": True, "weeks_since_last": 9, "dose_gy": 8, "fractions": 1},
        "dental": {"poor_dentition": True},
    }  # fmt: skip
    made = write_bundle(facts, today=TODAY)
    assert set(made.not_written) == {"comorbidity.heart_failure", "dental.poor_dentition", "labs.counts_days_ago"}
    back = read_bundle(json.loads(json.dumps(made.bundle)), today=TODAY)
    expected = json.loads(json.dumps(facts))
    del expected["dental"], expected["comorbidity"]["heart_failure"]
    assert back.facts == expected and not back.not_used
    again = write_bundle(back.facts, today=TODAY).bundle
    assert sorted(map(json.dumps, again["entry"])) == sorted(map(json.dumps, made.bundle["entry"]))


def test_what_is_written_names_nobody_and_orders_nothing():
    made = write_bundle({"age_years": 71, "pain": {"worst_nrs_0_10": 8}, "site": {"bone": "rib"}}, today=TODAY)
    kinds = {entry["resource"]["resourceType"] for entry in made.bundle["entry"]}
    assert kinds == {"Patient", "Observation"}
    assert made.bundle["entry"][0]["resource"] == {"resourceType": "Patient", "id": "patient", "birthDate": "1954"}


NAMES = [
    "resourceType", "status", "code", "coding", "system", "value", "valueQuantity", "valueInteger", "bodySite", "component", "dosage",
    "timing", "repeat", "subject", "reference", "entry", "extension", "url",
]  # fmt: skip
ELEMENTS = [
    "status", "code", "subject", "birthDate", "dosage", "bodySite", "component", "extension", "valueQuantity", "effectiveDateTime",
    "medication", "medicationReference", "clinicalStatus",
]  # fmt: skip
KINDS = [
    "Patient",
    "Condition",
    "Observation",
    "MedicationStatement",
    "Procedure",
    "Medication",
    "BodyStructure",
    "Bundle",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2000)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["final", "active", "Patient/p1", "2026-11-21", LOINC, "72514-3"])
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
RESOURCES = st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(ELEMENTS), JUNK, max_size=6))


@settings(max_examples=150, deadline=None)
@given(st.lists(RESOURCES, max_size=4), JUNK)
def test_no_bundle_raises_anything_but_our_error(resources, junk):
    entries = [{"resource": {"resourceType": kind} | content} for kind, content in resources] + [junk]
    for value in ({"resourceType": "Bundle", "entry": entries}, {"resourceType": "Bundle", "entry": junk}, junk):
        with contextlib.suppress(JsonError):
            read_bundle(value, today=TODAY)
