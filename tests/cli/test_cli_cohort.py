"""ostealgia cohort: check, map, export and pool-centres as a stranger calls them."""

from __future__ import annotations

import json

import pytest

import cohort_centres_cases as cases
import ostealgia as oa
from ostealgia.cli.app import main


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    return cases.write_centre(tmp_path_factory.mktemp("cli") / "centre", n=40, seed=71)


def call(capsys, *words):
    status = main(["cohort", *map(str, words)])
    found = capsys.readouterr()
    return status, found.out, found.err


def test_check_tells_findings_and_ends_with_1(capsys):
    status, out, _ = call(capsys, "check", oa.cohort.example())
    assert status == 1
    assert "SIMULATED" in out and "adverse_events.csv, row 300, column onset_day" in out and "Missing values:" in out
    assert "P0001" not in out


def test_check_of_clean_data_ends_with_0(capsys, centre):
    status, out, _ = call(capsys, "check", centre)
    assert status == 0 and "40 patients" in out


def test_check_as_json_without_values(capsys):
    status, out, _ = call(capsys, "check", oa.cohort.example(), "--json")
    found = json.loads(out)
    assert status == 1 and found["n"] == 205 and found["simulated"]
    assert [one["rule"] for one in found["findings"]][:2] == ["event_after_death", "after_follow_up"]
    assert all("values" not in one and "ids" not in one for one in found["findings"])
    assert found["missingness"] and found["patterns"]


@pytest.mark.parametrize(
    "words", [("check", "no-such-folder"), ("map", "no-such-file.csv"), ("pool-centres", "no-such-folder", "other")]
)
def test_what_is_not_there_ends_with_2_and_one_message(capsys, words):
    status, out, err = call(capsys, *words)
    assert status == 2 and out == "" and err.startswith("ostealgia: ") and "Traceback" not in err


def test_values_of_patients_are_for_a_terminal(capsys, centre):
    status, out, err = call(capsys, "check", centre, "--show-values")
    assert status == 2 and out == "" and "--show-values" in err


def test_map_writes_a_draft_and_never_over_a_file(capsys, tmp_path):
    (tmp_path / "export.csv").write_text("record_id,age,pain_w0,pain_w4\n1,60,7,3\n")
    status, out, _ = call(capsys, "map", tmp_path / "export.csv", "--out", tmp_path / "mapping.toml")
    assert status == 0 and "3 suggestions" in out
    assert (tmp_path / "mapping.toml").read_text().count("draft = true") == 1
    status, _, err = call(capsys, "map", tmp_path / "export.csv", "--out", tmp_path / "mapping.toml")
    assert status == 2 and "not written over" in err
    status, out, _ = call(capsys, "map", tmp_path / "export.csv", "--json")
    assert status == 0 and json.loads(out)["suggestions"][2]["weeks"] == [0, 4]


def test_export_and_pool(capsys, centre, tmp_path):
    other = cases.write_centre(tmp_path / "other", n=44, seed=72)
    for name, folder in (("A", centre), ("B", other)):
        status, out, _ = call(capsys, "export", folder, "--centre", name, "--out", tmp_path / name)
        assert status == 0 and "read centre.json before you send it" in out
    status, out, _ = call(capsys, "pool-centres", tmp_path / "A", tmp_path / "B", "--out", tmp_path / "pooled")
    assert status == 0 and out.startswith("CentresResult: 2 centres, 84 patients, SIMULATED data")
    status, out, _ = call(capsys, "pool-centres", tmp_path / "A", tmp_path / "B", "--json")
    assert status == 0 and json.loads(out)["schema"] == "ostealgia.centres/1"


@pytest.mark.parametrize(("words", "told"), [((), "--centre"), (("--centre", "A"), "--out")])
def test_export_names_what_is_missing(capsys, centre, words, told):
    status, _, err = call(capsys, "export", centre, *words)
    assert status == 2 and told in err


def test_a_misspelt_part_of_the_command_names_its_neighbours(capsys):
    status, _, err = call(capsys, "chek", "x")
    assert status == 2 and "Did you mean 'check'" in err and "Try 'ostealgia cohort --help'" in err
    status, _, err = call(capsys, "check")
    assert status == 2 and "Try 'ostealgia cohort check --help'" in err
