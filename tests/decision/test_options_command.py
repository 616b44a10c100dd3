"""``ostealgia options``: what is printed, written and refused."""

from __future__ import annotations

import io
import json
import sys
from datetime import date

import pytest

from ostealgia.cli.app import main
from ostealgia.decision import example_patients


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["options", "--examples", "patients", "--quiet"]) == 0
    return tmp_path


def run(capsys, *words):
    status = main(["options", *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_examples_and_schema_are_written(folder, capsys):
    names = {path.name for path in (folder / "patients").iterdir()}
    assert names == {f"{name}.json" for name in example_patients()} | {"patient.schema.json"}
    status, out, _ = run(capsys, "--schema")
    assert status == 0 and json.loads(out) == json.loads((folder / "patients" / "patient.schema.json").read_text())


@pytest.mark.parametrize("name", sorted(example_patients()))
def test_json_on_standard_output(folder, capsys, name):
    status, out, err = run(capsys, f"patients/{name}.json", "--json")
    assert status == (2 if name == "contradictory" else 0)
    assert list(json.loads(out)) == ["now", "urgent", "questions", "options", "rule_set", "notes"]
    assert bool(err) == (status == 2)


def test_text(folder, capsys):
    status, out, err = run(capsys, "patients/typical.json")
    assert status == 0 and err == ""
    assert out.startswith("CRITERIA MET") and "criteria met according to ASTRO 2024" in out
    assert max(map(len, out.splitlines())) <= 100


def test_contradictions_exit_with_two_and_name_both_fields(folder, capsys):
    status, out, err = run(capsys, "patients/contradictory.json")
    assert status == 2
    assert "performance.ecog and performance.kps" in err and err.startswith(
        "ostealgia: error: patients/contradictory.json"
    )
    assert "TO BE ANSWERED FIRST" in out


def test_html(folder, capsys):
    status, out, err = run(capsys, "patients/urgent.json", "--html", "page.html")
    assert status == 0 and out == "" and "written: page.html" in err
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert "<script" not in page and "Urgent" in page and "http-equiv" in page


def test_an_emergency_is_printed_beside_the_page(folder, capsys):
    _, out, _ = run(capsys, "patients/emergency-now.json", "--html", "page.html")
    assert out.startswith("EMERGENCY, NOW")


def test_sorting(folder, capsys):
    status, out, _ = run(capsys, "patients/typical.json", "--sort", "therapy", "--json")
    found = json.loads(out)
    assert status == 0 and found["options"][0]["therapy"] == "activity_rehabilitation"
    assert "Sorted by therapy, at your request." in found["notes"]
    status, _, err = run(capsys, "patients/typical.json", "--sort", "best")
    assert status == 2 and "--sort" in err and "pi_low" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "a patient is missing"),
        (["patients/typical.json", "--schema"], "stands alone"),
        (["--schema", "--examples", "x"], "stands alone"),
        (["nowhere.json"], "there is no such file"),
        (["patients"], "this is a folder"),
        (["patients/typical.json", "--site", "rib"], "--site is for a FHIR Bundle"),
        (["patients/typical.json", "--site", "knee"], "is not one of"),
        (["patients/typical.json", "--html", "page.pdf"], "ends in .html"),
        (["patients/typical.json", "--html", "no/where/page.html"], "does not exist"),
    ],
)
def test_wrong_calls(folder, capsys, words, told):
    status, out, err = run(capsys, *words)
    assert status == 2 and out == "" and told in err and "Traceback" not in err


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b'{"age_years": NaN}',
        b'{"age_years": 1, "age_years": 2}',
        b'{"age_years": ' + b"9" * 5000 + b"}",
        b'{"age_years": "sixty"}',
        b'{"pain": []}',
        b"",
        b"\x00\xff",
    ],
)
def test_hostile_records(folder, capsys, text):
    (folder / "patient.json").write_bytes(text)
    status, out, err = run(capsys, "patient.json", "--json")
    assert status == 2 and out == "" and err.startswith("ostealgia: error: patient.json") and len(err) < 500


def test_no_value_in_a_message(folder, capsys):
    secret = "Zacharias-1934"
    (folder / "patient.json").write_text(
        json.dumps({"age_years": secret, secret: 1, "site": {"bone": secret}, "id": secret})
    )
    status, out, err = run(capsys, "patient.json", "--show-values")
    assert status == 2 and secret not in out + err  # the error stream is no terminal here
    assert "age_years: expected: a number in years" in err and "only on a terminal" in err


def test_show_values_on_a_terminal(folder, capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    (folder / "patient.json").write_text('{"age_years": "sixty"}')
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    assert main(["options", "patient.json", "--show-values"]) == 2
    assert "Found: 'sixty'" in screen.getvalue()


def test_standard_input(capsys, monkeypatch):
    record = json.dumps(example_patients()["typical"]).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(record)))
    status, out, _ = run(capsys, "-", "--json")
    assert status == 0 and len(json.loads(out)["options"]) == 25


def resource(kind, **more):
    return {"resourceType": kind, **({} if kind == "Patient" else {"subject": {"reference": "Patient/77"}}), **more}


def calcium(value, **more):
    """Corrected calcium (LOINC 29265-6) of today, in mmol/L."""
    return resource(
        "Observation",
        status="final",
        effectiveDateTime=date.today().isoformat(),
        code={"coding": [{"system": "http://loinc.org", "code": "29265-6"}]},
        valueQuantity={"value": value, "system": "http://unitsofmeasure.org", "code": "mmol/L"},
        **more,
    )


def bundle(*resources):
    patient = resource("Patient", id="77", gender="female", birthDate="1950-01-01", name=[{"family": "Zacharias"}])
    entries = [{"resource": one} for one in (patient, *resources)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def test_a_fhir_bundle_is_read(folder, capsys):
    """The neurology is not in it: asked first. What could not be used is said by its place; no name is shown."""
    bad = calcium(3.9, bogus=1)
    (folder / "bundle.json").write_text(bundle(calcium(2.4), bad))
    status, out, err = run(capsys, "bundle.json")
    assert status == 0 and "TO BE ANSWERED FIRST" in out and err == ""
    assert "not used: Observation, entry 3: not valid FHIR R4" in " ".join(out.split())
    assert "Zacharias" not in out
    status, out, _ = run(capsys, "bundle.json", "--json")
    assert status == 0 and any("entry 3" in note for note in json.loads(out)["notes"])


def test_an_emergency_of_a_bundle(folder, capsys, monkeypatch):
    """3.9 mmol/L is an emergency, whatever stands beside it; the same from standard input."""
    impossible = calcium(2e6) | {"code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}}
    impossible["valueQuantity"] = impossible["valueQuantity"] | {"code": "10*9/L"}
    text = bundle(calcium(3.9), impossible)
    (folder / "bundle.json").write_text(text)
    _, out, _ = run(capsys, "bundle.json")
    assert out.startswith("EMERGENCY, NOW") and "CRITERIA MET" not in out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    _, out, _ = run(capsys, "-", "--json")
    assert json.loads(out)["now"] and json.loads(out)["options"] == []


def test_a_single_resource_is_no_bundle(folder, capsys):
    (folder / "patient.json").write_text(json.dumps(calcium(2.4)))
    status, out, err = run(capsys, "patient.json")
    assert status == 2 and out == "" and "Expected: a Bundle" in err


def test_a_fhir_bundle_is_taken_as_well(tmp_path, capsys):
    from datetime import date

    from ostealgia.io.fhir import write_bundle

    facts = {
        "age_years": 71,
        "performance": {"ecog": 1},
        "comorbidity": {"diabetes": False},
        "labs": {"neutrophils": {"value": 0.2, "unit": "10^9/L"}},
    }
    made = write_bundle(facts, today=date.today())
    (tmp_path / "bundle.json").write_text(json.dumps(made.bundle))
    status, out, err = run(capsys, str(tmp_path / "bundle.json"), "--json")
    found = json.loads(out)
    assert status == 0 and err == "" and found["options"] == []
    assert found["questions"][0]["rule"] == "A1-cord-compression"
    assert "what the Bundle does not state is unknown, not absent" in found["notes"]
    (tmp_path / "one.json").write_text(json.dumps(made.bundle["entry"][0]["resource"]))
    status, out, err = run(capsys, str(tmp_path / "one.json"))
    assert status == 2 and out == "" and "a Bundle with the resources of one patient" in err
