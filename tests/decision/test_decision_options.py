"""Whole patients: what is shown, in which order, and what is held back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ostealgia.decision import example_patients, options, patient_schema, read_patient, rule_set
from ostealgia.decision.bundled_patients import example_files
from ostealgia.decision.patient_reading import PatientError, folded_unit

EXAMPLES = example_patients()


def status(found, therapy):
    return found[therapy].status


def rules(alerts):
    return [one.rule.id for one in alerts]


def test_the_json_has_the_published_shape():
    found = options(EXAMPLES["typical"]).to_dict()
    assert list(found) == ["now", "urgent", "questions", "options", "rule_set", "notes"]
    for option in found["options"]:
        assert list(option) == ["therapy", "status", "because", "expected"]
        assert option["status"] in ("met", "not_met", "cannot_tell")
        for one in option["because"]:
            assert list(one) == ["rule", "status", "inputs", "missing", "citation", "check_status"]
            assert one["rule"] in found["rule_set"]["rules"]
            assert one["citation"] and one["check_status"]
            assert bool(one["missing"]) == (one["status"] == "cannot_tell")
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_an_emergency_is_shown_alone():
    found = options(EXAMPLES["emergency-now"])
    assert rules(found.now) == ["A1-cord-compression"]
    assert found.options == ()
    text = str(found)
    assert (
        text.startswith("EMERGENCY, NOW") and "whole-spine mri within 24 h" in text.lower() and "CRITERIA" not in text
    )


def test_urgent_findings_stand_on_top_and_the_rest_follows():
    found = options(EXAMPLES["urgent"])
    assert rules(found.now) == [] and rules(found.urgent) == ["A2-spinal-pain", "A6-unstable-spine"]
    assert len(found.options) == 25
    assert status(found, "surgery_spine") == "met" and status(found, "sbrt") == "not_met"
    assert "Everything below the urgent findings follows after the urgent assessment." in found.notes
    assert str(found).startswith("URGENT")


def test_unknown_neurology_is_asked_first_and_nothing_is_shown():
    found = options(EXAMPLES["unknown-neurology"])
    assert found.options == () and found.now == ()
    assert found.questions[0].rule == "A1-cord-compression" and found.questions[0].first
    assert "neurology.status" in found.questions[0].fields


def test_denying_each_symptom_is_a_neurological_status():
    patient = json.loads(json.dumps(EXAMPLES["typical"]))
    symptoms = (
        "new_limb_weakness",
        "gait_disturbance",
        "sensory_level_or_loss",
        "bladder_or_bowel_dysfunction",
        "saddle_anaesthesia",
    )
    patient["neurology"] = dict.fromkeys(symptoms, False)
    assert options(patient).options
    patient["neurology"].pop("saddle_anaesthesia")
    found = options(patient)
    assert found.options == () and found.questions[0].fields == (
        "neurology.status",
        "neurology.saddle_anaesthesia",
        "neurology.cord_compression",
    )


def test_contradictions_are_refused_with_both_fields_named():
    found = options(EXAMPLES["contradictory"])
    assert found.refused and found.options == ()
    assert found.questions[0].kind == "contradiction"
    assert found.questions[0].fields == ("performance.ecog", "performance.kps")


def test_a_contradiction_does_not_hide_an_emergency():
    patient = {**EXAMPLES["contradictory"], "neurology": {"new_limb_weakness": True}}
    found = options(patient)
    assert found.refused and rules(found.now) == ["A1-cord-compression"]


def test_a_value_in_the_wrong_unit_counts_for_an_emergency_and_is_queried():
    found = options(EXAMPLES["wrong-unit"])
    assert rules(found.now) == ["A4-hypercalcaemia-emergency"]
    assert [one.kind for one in found.questions] == ["implausible"]
    assert "mg/dL" in found.questions[0].text


def test_an_implausible_value_of_an_emergency_is_asked_first():
    patient = json.loads(json.dumps(EXAMPLES["typical"]))
    patient["labs"]["calcium"] = {"value": 2.6, "unit": "mg/dL"}  # 2.6 mmol/L was meant
    found = options(patient)
    assert found.now == () and found.options == ()
    assert {one.kind for one in found.questions} == {"emergency", "implausible"}
    patient["labs"]["calcium"] = {"value": 2.6, "unit": "mmol/L"}
    assert options(patient).options


@pytest.mark.parametrize(
    ("given", "unit"),
    [("µmol/l", "umol/L"), ("10*9/L", "10^9/L"), ("x10⁹/l", "10^9/L"), ("G/L", "10^9/L"), ("g/l", "g/L"), ("10*3/uL", "10^3/uL"),
     ("K/uL", "10^3/uL"), ("/mm³", "/uL"), ("mL/min/{1.73_m2}", "mL/min/1.73m2"), ("mL/min/1.73 m²", "mL/min/1.73m2"), ("MG/DL", "mg/dL"),
     ("furlong", "furlong"), (None, "")],
)  # fmt: skip
def test_other_spellings_of_units(given, unit):
    assert folded_unit(given) == unit


def test_children_are_outside_all_of_it():
    patient = {**EXAMPLES["typical"], "age_years": 12}
    assert {one.status for one in options(patient).options} == {"not_met"}


def test_a_spine_without_a_score_is_asked_about_beside_the_options():
    patient = json.loads(json.dumps(EXAMPLES["typical"]))
    patient["site"] |= {"bone": "lumbar_spine"}
    found = options(patient)
    asked = [one for one in found.questions if one.rule == "A6-unstable-spine"]
    assert found.options and len(asked) == 1 and not asked[0].first and "stability.sins_total" in asked[0].fields


def test_an_unusual_value_can_be_confirmed():
    patient = json.loads(json.dumps(EXAMPLES["typical"]))
    patient["labs"]["creatinine"] = {"value": 19, "unit": "umol/L"}
    assert status(options(patient), "zoledronate") == "cannot_tell"
    patient["labs"]["creatinine"]["confirmed"] = True
    assert status(options(patient), "zoledronate") == "met"


@pytest.mark.parametrize(
    ("calcium", "albumin", "symptoms", "now", "urgent"),
    [
        # Ca_corr = Ca + 0.02 (40 - albumin): by hand
        (2.50, 32, False, [], ["A4-hypercalcaemia-flag"]),  # 2.66
        (2.50, 33, False, [], []),  # 2.64
        (2.90, 35, False, [], ["A4-hypercalcaemia-prompt"]),  # 3.00
        (3.40, 34, False, ["A4-hypercalcaemia-emergency"], []),  # 3.52
        (3.50, 40, False, [], ["A4-hypercalcaemia-prompt"]),  # 3.50 is not above
        (2.60, 30, True, ["A4-hypercalcaemia-emergency"], []),  # 2.80 with symptoms
    ],
)
def test_hypercalcaemia(calcium, albumin, symptoms, now, urgent):
    patient = {
        "neurology": {"status": "normal"},
        "symptoms": {"hypercalcaemia": symptoms},
        "labs": {"calcium": {"value": calcium, "unit": "mmol/L"}, "albumin": {"value": albumin, "unit": "g/L"}},
    }
    found = options(patient)
    assert (rules(found.now), rules(found.urgent)) == (now, urgent)


def test_units_are_converted():
    si = {
        "neurology": {"status": "normal"},
        "labs": {"calcium": {"value": 3.0, "unit": "mmol/L"}, "albumin": {"value": 40, "unit": "g/L"}},
    }
    us = {
        "neurology": {"status": "normal"},
        "labs": {"calcium": {"value": 12, "unit": "mg/dL"}, "albumin": {"value": 4.0, "unit": "g/dL"}},
    }
    assert read_patient(si).values == read_patient(us).values
    assert rules(options(us).urgent) == rules(options(si).urgent) == ["A4-hypercalcaemia-prompt"]


@pytest.mark.parametrize("pointer", ["drowsy", "pinpoint_pupils"])
def test_signs_that_point_to_opioid_toxicity_are_asked_about_and_fire_nothing(pointer):
    found = options({"neurology": {"status": "normal"}, "opioids": {"taking": True, pointer: True}})
    assert found.now == () and found.options == () and found.questions[0].rule == "A5-opioid-toxicity"
    told = {"taking": True, pointer: True, "respiratory_rate_per_min": 12, "unrousable": False}
    assert options({"neurology": {"status": "normal"}, "opioids": told}).options


@pytest.mark.parametrize(
    "alone",
    [
        {"pain": {"nocturnal_preventing_sleep": True}},
        {"site": {"bone": "thoracic_spine"}},
        {"opioids": {"pinpoint_pupils": True, "taking": False, "omed_mg_per_day": 0}},
    ],
)
def test_night_pain_a_thoracic_site_or_small_pupils_alone_fire_nothing(alone):
    found = options({"neurology": {"status": "normal"}, **alone})
    assert found.now == found.urgent == ()


def test_both_definitions_of_neutropenic_fever_are_shown():
    patient = {
        "neurology": {"status": "normal"},
        "vital": {"temperature_c": 38.5},
        "labs": {"neutrophils": {"value": 400, "unit": "/uL"}},
    }
    assert rules(options(patient).now) == ["A7-febrile-neutropenia-esmo", "A7-febrile-neutropenia-nice"]


def test_radium_is_a_rule_of_its_own():
    patient = json.loads(json.dumps(EXAMPLES["radium"]))
    assert status(options(patient), "radium_223") == "met"
    patient["treatment"]["weeks_since_bisphosphonate"] = 2
    patient["medication"]["list"] += ["zoledronate"]
    found = options(patient)
    assert status(found, "beta_emitter") == "not_met" and status(found, "radium_223") == "met"
    patient["medication"]["list"] += ["abiraterone"]
    assert status(options(patient), "radium_223") == "not_met"


def test_re_irradiation_of_the_spine_needs_the_earlier_dose():
    patient = json.loads(json.dumps(EXAMPLES["re-irradiation"]))
    assert status(options(patient), "reirradiation") == "met"
    patient["previous_radiotherapy"][0].pop("dose_gy")
    found = options(patient)["reirradiation"]
    assert found.status == "cannot_tell" and "radiotherapy.dose_gy" in found.missing
    patient["site"] = {**patient["site"], "bone": "rib"}
    patient["site"].pop("vertebral_level")
    assert status(options(patient), "reirradiation") == "met"


def test_without_the_minimum_set_no_local_treatment_is_met():
    found = options(EXAMPLES["sparse"])
    for option in found.options:
        if any(one.rule.section == "C" for one in option.of("criterion")):
            assert option.status != "met", option.therapy.id
    minimum = next(one for one in found.questions if one.rule == "E1-minimum-set")
    assert "survival.source" in minimum.fields and "performance.ecog" in minimum.fields


def test_renal_failure_bars_zoledronate_and_warns_with_denosumab():
    found = options(EXAMPLES["renal-failure"])
    assert status(found, "zoledronate") == "not_met"
    warned = {one.rule.id for one in found["denosumab"].of("caution", "met")}
    assert "D6-caution-renal" in warned
    assert {"D2-caution-renal", "D2-caution-renal-opioid"} <= {
        one.rule.id for one in found["opioid"].of("caution", "met")
    }


@pytest.mark.parametrize(
    ("creatinine_mg_dl", "quoted"),
    # Cockcroft-Gault for a man of 60 with 75 kg: 83.33 / creatinine, by hand
    [(1.0, "4.0 mg"), (1.5, "3.5 mg"), (1.667, "3.3 mg"), (1.85, "3.3 mg"), (2.1, "3.0 mg")],
)
def test_label_doses_are_quoted_by_renal_function(creatinine_mg_dl, quoted):
    patient = json.loads(json.dumps(EXAMPLES["typical"]))
    patient |= {"age_years": 60, "sex": "male", "weight_kg": 75}
    patient["labs"]["creatinine"] = {"value": creatinine_mg_dl, "unit": "mg/dL"}
    told = [
        one.rule.output
        for one in options(patient)["zoledronate"].of("information", "met")
        if "-info-label-" in one.rule.id
    ]
    assert len(told) == 1 and quoted in told[0]


def test_a_karnofsky_status_alone_leaves_open_what_the_mappings_leave_open():
    patient = {**EXAMPLES["spine-sbrt"], "performance": {"kps": 50}}
    found = next(one for one in options(patient)["sbrt"].because if one.rule.id == "C3-performance")
    assert found.status == "cannot_tell" and found.missing == ("performance.ecog",)
    assert found.inputs == {"performance.kps": 50, "performance.grade": [2.0, 3.0]}


def test_names_of_drugs_set_their_classes_and_a_complete_list_the_others():
    one = read_patient({"medication": ["Warfarin", "paracetamol"]}).values
    assert one == {"medication.anticoagulant": True}
    whole = read_patient({"medication": {"list": ["warfarin"], "list_complete": True}}).values
    assert whole["medication.anticoagulant"] is True and whole["medication.abiraterone"] is False
    strange = read_patient({"medication": {"list": ["warfarin", "xyzumab"], "list_complete": True}})
    assert "medication.abiraterone" not in strange.values and "1 of 2" in strange.notes[0]


def test_a_course_elsewhere_says_nothing_about_the_site():
    assert read_patient({"previous_radiotherapy": [{"to_index_site": False}]}).values == {}
    assert read_patient({"previous_radiotherapy": []}).values == {}
    assert read_patient({"previous_radiotherapy": "none"}).values == {"radiotherapy.previous_at_site": False}
    two = [
        {"to_index_site": True, "weeks_ago": 40, "dose_gy": 8, "fractions": 1},
        {"to_index_site": True, "weeks_ago": 9, "dose_gy": 20, "fractions": 5},
    ]
    assert read_patient({"previous_radiotherapy": two}).values == {
        "radiotherapy.previous_at_site": True,
        "radiotherapy.weeks_since_last": 9,
        "radiotherapy.dose_gy": 28,
        "radiotherapy.fractions": 6,
    }


@pytest.mark.parametrize("column", ["therapy", "status", "per_100", "pi_low", "n"])
def test_options_are_sorted_only_on_request(column):
    found = options(EXAMPLES["typical"])
    again = found.sorted_by(column)
    assert {one.therapy.id for one in again.options} == {one.therapy.id for one in found.options}
    assert "at your request" in again.notes[-1]
    if column in ("per_100", "pi_low", "n"):
        figures = [one.figure(column) for one in again.options]
        known = [value for value in figures if value is not None]
        assert known == sorted(known, reverse=True) and figures[: len(known)] == known
        assert "not a better therapy" in again.notes[-1]


def test_the_words_of_the_answer():
    for patient in EXAMPLES.values():
        text = str(options(patient)).lower()
        assert "recommended" not in text and "best" not in text.split()
        assert "not a medical device" in text


def conforms(value, schema):
    """A small reading of JSON Schema, enough for ours."""
    if "anyOf" in schema:
        return any(conforms(value, one) for one in schema["anyOf"])
    if "const" in schema:
        return value == schema["const"]
    if "enum" in schema:
        return value in schema["enum"]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "null": type(None)}
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if not any(isinstance(value, kinds[one]) and not (one == "number" and isinstance(value, bool)) for one in types):
        return False
    if isinstance(value, dict):
        known = schema.get("properties", {})
        if not set(schema.get("required", [])) <= set(value) or (
            not schema.get("additionalProperties", True) and not set(value) <= set(known)
        ):
            return False
        return all(conforms(one, known[name]) for name, one in value.items() if name in known)
    if isinstance(value, list):
        return all(conforms(one, schema.get("items", {})) for one in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return schema.get("minimum", value) <= value <= schema.get("maximum", value)
    return True


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_examples_follow_the_schema(name):
    assert conforms(EXAMPLES[name], patient_schema())
    read_patient(EXAMPLES[name])
    assert EXAMPLES[name]["comment"].startswith("Invented patient.")


def test_the_schema_refuses_what_the_reader_refuses():
    for wrong in (
        {"age_years": "60"},
        {"labs": {"calcium": 2.4}},
        {"neurology": "normal"},
        {"colour": "red"},
        {"site": {"bone": "arm"}},
    ):
        assert not conforms(wrong, patient_schema())
        with pytest.raises(PatientError):
            read_patient(wrong)


def test_scalars_of_a_frame_are_taken():
    row = {"age_years": np.int64(61), "pain": {"worst_nrs_0_10": np.float64(6.0), "mechanical": np.bool_(True)}}
    assert read_patient(row).values == {"age_years": 61, "pain.worst_nrs_0_10": 6.0, "pain.mechanical": True}
    for wrong in (np.array([61]), float("nan"), np.float64("nan"), np.float64("inf")):
        with pytest.raises(PatientError, match="age_years"):
            read_patient({"age_years": wrong})
    with pytest.raises(PatientError, match="field 1 of the record is not known"):
        read_patient({3: 4})


def test_the_rules_as_a_table():
    table = rule_set().to_frame()
    assert list(table["rule"]) == list(rule_set().rules)
    assert (table["citation"] != "").all() and (table["check_status"] != "").all()
    assert table.set_index("rule").loc["C3-stable", "therapies"] == "sbrt"


def test_the_files_of_the_examples_are_plain():
    for data in example_files().values():
        data.decode("ascii")
