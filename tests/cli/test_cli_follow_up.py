"""``ostealgia follow-up``: terminal, JSON, page, and what cannot be read. The visits are made up; classes by hand from the consensus."""

from __future__ import annotations

import json

import pytest

import ostealgia as oa
from ostealgia.cli.app import main

VISITS = "day,pain,omed_mg_per_day,new_neurological_symptom\n0,8,60,no\n7,6,60,no\n28,3,40,no\n56,0,40,no\n"


@pytest.fixture
def visits(tmp_path):
    place = tmp_path / "visits.csv"
    place.write_text(VISITS)
    return place


def test_the_course_in_the_terminal(visits, capsys):
    assert main(["follow-up", str(visits)]) == 0
    said = capsys.readouterr().out
    assert "Best response at any visit: complete response." in said and "not a medical device" in said


def test_an_emergency_stands_first_and_gives_status_1(visits, capsys):
    visits.write_text(VISITS + "84,9,,yes\n")
    assert main(["follow-up", str(visits)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("EMERGENCY (day 84)") and "NICE" in lines[2]


def test_json_has_alerts_first(visits, capsys, tmp_path):
    assert main(["follow-up", str(visits), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert list(made)[:2] == ["alerts", "questions"]
    assert [one["pain_response"] for one in made["visits"]] == ["", "PR", "PR", "CR"]
    place = tmp_path / "visits.json"
    place.write_text(json.dumps({"visits": [{"day": 0, "pain": 8}, {"day": 28, "pain": 3}]}))
    assert main(["follow-up", str(place)]) == 0


def test_the_page_needs_nothing_else_and_names_nobody(visits, tmp_path, capsys):
    out = tmp_path / "course.html"
    visits.write_text("id,day,pain,omed_mg_per_day\nMRN-4711,0,8,60\nMRN-4711,28,3,40\n")
    assert main(["follow-up", str(visits), "--html", str(out)]) == 0
    page = out.read_text()
    assert "partial response" in page and "MRN-4711" not in page and "http://" not in page and "https://" not in page
    course = oa.decision.follow_up([{"day": 0, "pain": 8}, {"day": 28, "pain": 3}])
    assert oa.report.follow_up_page(course, title="<b>") == oa.report.follow_up_page(course, title="<b>")
    assert "<b>" not in oa.report.follow_up_page(course, title="<b>")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("day,pain\n0,12\n", "row 2"),
        ("day,pain\n5,2\n", "baseline"),
        ("pain\n5\n", "neither day nor week"),
        ("day,pain\n0,5\n0,6\n", "same day"),
    ],
)
def test_what_cannot_be_read(visits, capsys, text, words):
    visits.write_text(text)
    assert main(["follow-up", str(visits)]) == 2
    said = capsys.readouterr().err
    assert words in said and "visits.csv" in said and "Traceback" not in said


def test_hostile_json_and_a_page_of_several(tmp_path, capsys):
    place = tmp_path / "visits.json"
    for text in ("[" * 9999, '{"visits": 3}', '{"visits": [NaN]}', '[{"day": 0, "day": 1}]', "[3]", "[]"):
        place.write_text(text)
        assert main(["follow-up", str(place)]) == 2, text
    place.write_text(json.dumps([{"id": i, "day": 0, "pain": 8} for i in (1, 2)]))
    assert main(["follow-up", str(place), "--html", str(tmp_path / "x.html")]) == 2
    assert "one patient" in capsys.readouterr().err and not (tmp_path / "x.html").exists()


@pytest.mark.parametrize("n", [1, 2, 45])
def test_the_figure_at_small_and_extreme_data(n):
    course = oa.decision.follow_up(
        [{"day": 9 * i, "pain": (7 * i) % 11, "omed_mg_per_day": 1000 * i} for i in range(n)]
    )
    ax = oa.plot.follow_up(course)
    assert ax.get_ylim() == (0.0, 10.0)
    labels = [text.get_text() for text in ax.texts]
    assert "Opioid, mg/day" in labels and len(labels) < 60
