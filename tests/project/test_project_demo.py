"""The demo: six projects, one index, claims by id; the bundled data stay as they are."""

from __future__ import annotations

import hashlib
import json

import pytest
from project_cases import DATA

from ostealgia.errors import ProjectError
from ostealgia.project import demo, verify
from ostealgia.project.bundled import PROJECTS


def bundled_bytes():
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(DATA.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    before = bundled_bytes()
    said = []
    found = demo(tmp_path_factory.mktemp("demo") / "out", progress=said.append)
    assert bundled_bytes() == before, "the bundled data were written to"
    assert said[0] == "1 of 6: mrgfus"
    return found


def test_reports_and_index_are_there(result):
    page = result.index.read_text()
    for name in PROJECTS:
        assert (result.out / name / "build" / "report.html").is_file()
        assert f'href="{name}/build/report.html"' in page
    assert not [path for path in result.out.iterdir() if path.name.startswith(".")]


def test_claims_are_listed_by_id_with_verdict(result):
    claims = json.loads(json.dumps(result.to_json()))
    assert len({(claim["project"], claim["id"]) for claim in claims}) == len(claims) == 115
    response = next(claim for claim in claims if claim["id"] == "response")
    assert {key: response[key] for key in ("project", "published", "recomputed", "verdict")} == {
        "project": "mrgfus",
        "published": "79% (73 to 83)",
        "recomputed": "78.6% (73.3 to 83.2)",
        "verdict": "reproduced",
    }


def test_the_text_is_one_ascii_table(result):
    text = result.text()
    assert text.isascii()
    assert "claim" in text and "published" in text and "recomputed" in text and "verdict" in text
    assert "115 claims: 67 reproduced, 5 rounding, 28 differs, 15 cannot be computed" in text


def test_reports_need_no_network_and_name_their_inputs(result):
    for name in PROJECTS:
        page = (result.out / name / "build" / "report.html").read_text()
        assert "http://" not in page.replace("http://www.w3.org", "")  # namespaces of SVG only
        assert 'src="http' not in page and 'href="http' not in page
        assert "SHA-256" in page
        if name not in ("therapies", "cohort"):  # nothing is published to compare them with
            assert "What is wrong with the inputs" in page and "Published and recomputed" in page


def test_verify_finds_nothing_and_then_the_changed_cell(result):
    folder = result.out / "cryoablation"
    assert not verify(folder).differences
    table = folder / "results.csv"
    text = table.read_text()
    table.write_text(text.replace("-3.71", "-3.65"))
    assert any("results.csv, row 2" in str(item) for item in verify(folder).differences)
    table.write_text(text)


def test_a_second_demo_takes_the_place_of_the_first_and_a_foreign_folder_is_kept(result, tmp_path):
    (tmp_path / "mrgfus").mkdir()
    (tmp_path / "mrgfus" / "mine.txt").write_text("mine")
    with pytest.raises(ProjectError, match="no earlier demo"):
        demo(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine.txt", "mrgfus"]
