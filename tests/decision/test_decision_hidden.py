"""Records in which an emergency could hide behind a contradiction, an unreadable field or a missing value."""

from __future__ import annotations

import json

import pytest

from ostealgia.cli.app import main
from ostealgia.decision import example_patients, options
from ostealgia.decision.patient_reading import PatientError

NORMAL = {"neurology": {"status": "normal"}}


def rules(alerts):
    return [one.rule.id for one in alerts]


@pytest.mark.parametrize(
    ("facts", "refused"),
    [
        ({"opioids": {"taking": False, "respiratory_rate_per_min": 6}, "medication": {"list": ["oxycodone"]}}, True),
        ({"opioids": {"taking": False, "omed_mg_per_day": 60, "respiratory_rate_per_min": 6}}, True),
        ({"opioids": {"respiratory_rate_per_min": 6}, "medication": {"fentanyl_patch": True}}, False),
        ({"opioids": {"unrousable": True}, "medication": ["Morphine"]}, False),
        ({"opioids": {"omed_mg_per_day": 0, "unrousable": True}, "medication": ["methadone"]}, True),
    ],
)
def test_opioid_toxicity_is_seen_wherever_the_opioid_is_named(facts, refused):
    found = options({**NORMAL, **facts})
    assert rules(found.now) == ["A5-opioid-toxicity"] and found.refused is refused and found.options == ()


def test_a_slow_breath_asks_for_an_opioid_and_for_nothing_that_is_known():
    found = options({**NORMAL, "opioids": {"respiratory_rate_per_min": 6}})
    assert found.options == () and "Does the patient take an opioid?" in found.questions[0].text
    assert "respiratory rate" not in found.questions[0].text


def calcium(total=None, corrected=None, albumin=None):
    given = {"calcium": (total, "mmol/L"), "corrected_calcium": (corrected, "mmol/L"), "albumin": (albumin, "g/L")}
    return {name: {"value": value, "unit": unit} for name, (value, unit) in given.items() if value is not None}


def test_a_high_total_calcium_counts_beside_a_normal_corrected_one():
    found = options({**NORMAL, "labs": calcium(total=3.8, corrected=2.4)})
    assert found.refused and rules(found.urgent) == ["A4-hypercalcaemia-prompt"]  # 3.4 at the least
    assert found.questions[0].fields == ("labs.corrected_calcium", "labs.calcium")
    assert any(one.rule == "A4-hypercalcaemia-emergency" for one in found.questions)


@pytest.mark.parametrize("labs", [{}, calcium(total=2.6)])
def test_symptoms_of_hypercalcaemia_ask_for_the_calcium(labs):
    found = options({**NORMAL, "symptoms": {"hypercalcaemia": True}, "labs": labs})
    assert found.options == () and found.questions[0].rule == "A4-hypercalcaemia-emergency"
    assert "symptoms of hypercalcaemia:" not in found.questions[0].text
    assert "What is the albumin?" in found.questions[0].text


@pytest.mark.parametrize(
    "record",
    [
        {"radiotherapy": {"previous_at_site": False}, "previous_radiotherapy": [{"to_index_site": True}]},
        {"previous_radiotherapy": [{"to_index_site": True}], "radiotherapy": {"previous_at_site": False}},
        {"previous_radiotherapy": "none", "radiotherapy": {"previous_at_site": True}},
    ],
)
def test_two_places_of_a_record_that_disagree_are_refused(record):
    found = options({**NORMAL, **record})
    assert found.refused and found.options == ()
    assert found.questions[0].fields == ("radiotherapy.previous_at_site", "previous_radiotherapy")


def test_a_list_of_drugs_against_a_flag():
    found = options({**NORMAL, "medication": {"anticoagulant": False, "list": ["warfarin"]}})
    assert found.refused and found.questions[0].fields == ("medication.anticoagulant", "medication.list")


def test_an_unreadable_field_does_not_hide_an_emergency(tmp_path, capsys):
    record = {"performance": {"ecog": 5}, "neurology": {"new_limb_weakness": True}}
    with pytest.raises(
        PatientError, match=r"performance\.ecog: expected: 0 to 4$|performance\.ecog: expected: 0 to 4\."
    ) as caught:
        options(record)
    assert rules(caught.value.answer.now) == ["A1-cord-compression"] and caught.value.answer.options == ()
    (tmp_path / "patient.json").write_text(json.dumps(record))
    assert main(["options", str(tmp_path / "patient.json")]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("EMERGENCY, NOW") and "performance.ecog: expected: 0 to 4." in err
    assert main(["options", str(tmp_path / "patient.json"), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["now"][0]["rule"] == "A1-cord-compression" and found["questions"][0]["kind"] == "unreadable"


def test_compression_and_epidural_grade_stand_for_one_another():
    patient = json.loads(json.dumps(example_patients()["spine-sbrt"]))
    patient["neurology"] = {"status": "normal", "escc_grade": "2"}
    found = options(patient)
    status = {one.rule.id: one.status for option in found.options for one in option.because}
    assert status["C3-no-compression"] == "not_met" and status["C1-caution-compression-surgery"] == "met"
    patient["neurology"] = {"status": "normal", "cord_compression": "none"}
    assert options(patient)["surgery_spine"].status == "not_met"


def test_a_normal_examination_does_not_progress():
    missing = options(example_patients()["urgent"])["vertebroplasty"].missing
    assert "neurology.deficit_progressing" not in missing


@pytest.mark.parametrize(
    ("baseline", "now", "hold"),
    # label: 0.5 mg/dL where the baseline is below 1.4 mg/dL, 1.0 mg/dL from 1.4 on
    [(1.3, 1.8, True), (1.4, 1.9, False), (1.4, 2.4, True)],
)
def test_the_rise_of_creatinine_that_holds_zoledronate(baseline, now, hold):
    patient = json.loads(json.dumps(example_patients()["typical"]))
    patient["labs"] |= {
        "baseline_creatinine": {"value": baseline, "unit": "mg/dL"},
        "creatinine": {"value": now, "unit": "mg/dL"},
    }
    raised = {one.rule.id for one in options(patient)["zoledronate"].of("caution", "met")}
    assert ("D5-caution-creatinine-rise" in raised) is hold


def test_a_caution_of_several_names_its_reason():
    patient = json.loads(json.dumps(example_patients()["typical"]))
    patient["medication"] = {"list": ["morphine", "apixaban"], "list_complete": True}
    text = str(options(patient))
    assert "A reason against an anti-inflammatory drug: anticoagulant" in text


def test_the_text_says_where_trials_and_sources_disagree():
    text = " ".join(str(options(example_patients()["typical"])).split())
    assert "sources differ: SC.24 favours SBRT, RTOG 0631 conventional radiotherapy" in text
    assert "against 35 with placebo" in text
    emergency = " ".join(str(options(example_patients()["emergency-now"])).split())
    assert "the lymphoma exception are remembered" in emergency


def test_either_performance_status_is_enough():
    asked = next(one for one in options(example_patients()["sparse"]).questions if one.rule == "E1-minimum-set")
    assert "ECOG or Karnofsky performance status" in asked.text
