"""New projects load, and run as soon as rows are typed."""

from __future__ import annotations

import csv

import pytest

from ostealgia.errors import OptionError, ProjectError, TableError
from ostealgia.project.steps import run
from ostealgia.project.store import load
from ostealgia.project.templates import TEMPLATES, init

NAMES = ("prevalence", "pre-post", "two-arm", "risk-factors", "time-to-event", "network", "cohort")
# what a user types into results.csv, column by column
TYPED = {
    "prevalence": [
        {"study": s, "outcome": "pain response", "n": n, "events": x} for s, n, x in (("A", 20, 15), ("B", 31, 20))
    ],
    "pre-post": [
        {
            "study": s,
            "outcome": "pain score 0-10",
            "time": t,
            "time_unit": "month",
            "n": 20,
            "mean": m,
            "sd": 2,
            "correlation": 0.5,
        }
        for s, m3 in (("A", 3), ("B", 4))
        for t, m in ((0, 7), (3, m3))
    ],
    "two-arm": [
        {"study": s, "arm_role": arm, "outcome": "pain response", "n": 30, "events": x}
        for s in ("A", "B")
        for arm, x in (("treated", 20), ("control", 14))
    ],
    "risk-factors": [
        {
            "study": s,
            "outcome": "multiple metastases",
            "estimate": 1.37,
            "ci_low": 1.03,
            "ci_high": 1.83,
            "measure": "OR",
        }
        for s in "AB"
    ],
    "time-to-event": [
        {"study": s, "outcome": "overall survival", "estimate": 0.73, "ci_low": 0.55, "ci_high": 0.98, "measure": "HR"}
        for s in "AB"
    ],
    "network": [
        {"study": s, "arm": arm, "outcome": "pain response", "n": 30, "events": x}
        for s in ("A", "B")
        for arm, x in (("single fraction", 18), ("multiple fractions", 19), ("other", 12))
    ],
}


def test_the_templates_of_the_plan_are_there():
    assert tuple(TEMPLATES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_new_project_loads_and_has_headers_only(tmp_path, name):
    made = init(tmp_path / "new", name)
    project = load(tmp_path / "new")
    assert project.spec.project.title == TEMPLATES[name].title
    for path in made:
        if path.suffix == ".csv":
            assert len(path.read_text().splitlines()) == 1
    assert "# " in (tmp_path / "new" / "ostealgia.toml").read_text()
    with pytest.raises((TableError, ProjectError)):
        run(tmp_path / "new")


@pytest.mark.parametrize("name", TYPED)
def test_typed_rows_run(tmp_path, name):
    folder = tmp_path / "new"
    init(folder, name)
    path = folder / "results.csv"
    header = path.read_text().strip().split(",")
    with open(path, "a", newline="", encoding="utf-8") as handle:
        csv.DictWriter(handle, header, restval="").writerows(TYPED[name])
    result = run(folder)
    found = result.runs["main"]
    fit = found.network.fit if found.network is not None else found.fit
    assert fit.k == 2 and not found.excluded
    assert (folder / "build" / "report.html").is_file()


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ProjectError, match="not empty"):
        init(tmp_path, "prevalence")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_unknown_template_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(OptionError, match="Did you mean 'prevalence'"):
        init(tmp_path / "new", "prevalance")
    assert not (tmp_path / "new").exists()
