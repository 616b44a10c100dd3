"""The papers of a project: audited with it; what does not fit travels with the rows that were typed from it."""

from __future__ import annotations

import csv
import json

import pytest
from project_cases import MINIMAL, ROWS

from ostealgia.errors import ProjectError
from ostealgia.project.papers import rows_in_doubt
from ostealgia.project.steps import run
from ostealgia.project.store import load
from ostealgia.project.verification import verify

# Beta 2002 has 30 of 40 in ROWS; its paper prints a per cent that is not that of its count
BETA = """# Focused ultrasound in forty patients

## Results

Pain fell in 30 of 40 patients (57.0%) at three months. Sleep was better in 20 of 40 patients (50.0%).
"""
ALPHA = """# Radiotherapy in twenty patients

## Results

Pain fell in 12 of 20 patients (60.0%).
"""
# what is wrong with it is not in results.csv
ELSEWHERE = """# Surgery

## Results

Pain fell in 19 of 25 patients (76.0%). There were 3 of 17 patients (47.6%) with fever.
"""
LISTED = "file,study\npapers/beta.md,Beta 2002\npapers/alpha.md,Alpha 2001\n"


@pytest.fixture
def with_papers(make):
    def write(listed: str = LISTED, config: str = MINIMAL, **texts: str):
        folder = make(config, ROWS, **({"papers": listed} if listed else {}))
        (folder / "papers").mkdir(exist_ok=True)
        for name, text in ({"beta": BETA, "alpha": ALPHA} | texts).items():
            (folder / "papers" / f"{name}.md").write_text(text)
        return folder

    return write


def test_a_flag_of_a_paper_is_in_the_findings_the_report_and_beside_the_row(with_papers):
    folder = with_papers()
    made = run(folder)
    flags = [found for found in made.findings if found.flagged]
    assert [(found.document, found.rule, found.reported) for found in flags if found.document == "papers/beta.md"]
    with open(folder / "build" / "tables" / "findings.csv", newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert {row["document"] for row in rows} >= {"papers/beta.md", "papers/alpha.md"}  # what fits is there, too
    table = next(table for table in made.report.tables if table.id == "papers")
    assert [(row["study"], row["flagged"]) for row in table.rows] == [("Beta 2002", 1), ("Alpha 2001", 0)]
    (analysis,) = made.report.analyses
    marks = {row["study"]: row["audit"] for row in analysis.tables[0].rows}
    assert marks["Beta 2002"].verdict == "inconsistent" and marks["Alpha 2001"] is None
    assert any("papers/beta.md" in problem.text for problem in made.report.problems)


def test_the_headline_is_as_entered_and_a_line_stands_without_the_flagged_row(with_papers):
    with_flag = run(with_papers())
    (run_,) = with_flag.runs.values()
    (line,) = [variant for variant in run_.variants if variant.id == "without-flagged"]
    assert "Beta 2002" in line.title
    assert run_.fit.k == line.fit.k + 1
    (with_flag.project.folder / "papers.csv").unlink()
    plain = run(with_flag.project.folder, out=with_flag.out.parent / "plain")
    headlines = [next(row for row in made.results if row["group"] == "all") for made in (with_flag, plain)]
    for key in ("estimate", "ci_low", "ci_high", "k", "n"):
        assert headlines[0][key] == headlines[1][key]


def test_an_accepted_repair_stands_beside_the_headline_and_the_line_without_the_row(with_papers):
    folder = with_papers()
    head = "row,column,from,to,why,accepted_by,date\n"
    (folder / "repairs.csv").write_text(f"{head}3,events,30,23,57.0% of 40 is 23,A. Reader,2026-01-01\n")
    made = run(folder)
    (run_,) = made.runs.values()
    lines = {variant.id: variant.fit.reported.estimate for variant in run_.variants}
    assert set(lines) == {"without-flagged", "repaired"}
    assert len({run_.fit.reported.estimate, *lines.values()}) == 3


def test_a_flag_about_other_numbers_marks_the_study_and_leaves_the_row_alone(with_papers):
    folder = with_papers("file,study\npapers/gamma.md,Gamma 2003\n", gamma=ELSEWHERE)
    made = run(folder)
    assert [found.document for found in made.findings if found.flagged] == ["papers/gamma.md"]
    (run_,) = made.runs.values()
    assert not [variant for variant in run_.variants if variant.id == "without-flagged"]
    marks = {row["study"]: row["audit"] for row in made.report.analyses[0].tables[0].rows}
    assert marks["Gamma 2003"] is not None


def test_without_papers_nothing_changes(make):
    project = load(make(MINIMAL, ROWS))
    assert project.papers == () and rows_in_doubt(project, ()) == {}
    assert "papers" not in {table.id for table in run(project.folder).report.tables}


def test_papers_can_be_named_in_the_configuration(with_papers):
    config = MINIMAL + '\n[[paper]]\nfile = "papers/beta.md"\nstudy = "Beta 2002"\n'
    project = load(with_papers("", config))
    assert [(paper.file, paper.study) for paper in project.papers] == [("papers/beta.md", "Beta 2002")]
    assert "papers/beta.md" in project.hashes


def test_annotated_papers_stand_in_the_build_and_verify_compares_them(with_papers):
    folder = with_papers()
    run(folder)
    page = (folder / "build" / "papers" / "beta.html").read_text()
    assert "<script" not in page and "Focused ultrasound in forty patients" in page
    assert not verify(folder).differences
    (folder / "papers" / "beta.md").write_text(BETA.replace("57.0", "75.0"))
    changed = {difference.what for difference in verify(folder).differences}
    assert any("papers/beta.md" in what for what in changed)


def test_a_paper_that_cannot_be_read_is_said_and_the_project_still_builds(with_papers):
    folder = with_papers("file,study\npapers/broken.pdf,Beta 2002\npapers/alpha.md,\n")
    (folder / "papers" / "broken.pdf").write_bytes(b"%PDF-1.4 no more")
    made = run(folder)
    assert any(
        "could not be audited" in problem.text and "papers/broken.pdf" in problem.text
        for problem in made.report.problems
    )
    assert str(folder) not in json.dumps([problem.text for problem in made.report.problems])  # no path of this machine
    assert any("papers/beta.md is not listed" in note for note in made.report.notes)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("file,study\npapers/none.pdf,Beta 2002\n", "papers.csv, row 2: the paper 'papers/none.pdf' is no file"),
        ("file,study\n../secret.txt,Beta 2002\n", "leaves the project folder"),
        ("file,study\npapers/beta.md,Beta 2020\n", "study 'Beta 2020' is in neither"),
        (
            "file,study\npapers/beta.md,Beta 2002\npapers/beta.md,\n",
            "row 3: the paper 'papers/beta.md' is listed twice",
        ),
        ("study\nBeta 2002\n", "the column 'file' is missing"),
    ],
)
def test_a_wrong_list_of_papers_is_refused(with_papers, listed, expected):
    from ostealgia.errors import OstealgiaError

    with pytest.raises(OstealgiaError) as caught:
        load(with_papers(listed))
    assert expected in str(caught.value)


def test_a_wrong_key_of_a_paper_is_named(with_papers):
    with pytest.raises(ProjectError, match="Known keys: file, study"):
        load(with_papers("", MINIMAL + '\n[[paper]]\nfile = "papers/beta.md"\nstudies = "Beta 2002"\n'))
