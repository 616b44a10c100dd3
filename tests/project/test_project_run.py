"""A project from its tables to ``build/``: all or nothing, the same bytes, impossible rows by name."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from project_cases import MINIMAL, ROWS

import ostealgia as oa
from ostealgia.errors import OstealgiaError, ProjectError, TableError
from ostealgia.project.outputs import RESULT_KEYS
from ostealgia.project.steps import run, write


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_everything_is_made(make):
    folder = make(MINIMAL.replace("figure = false\n", ""))
    result = run(folder)
    made = set(digests(folder / "build"))
    assert {
        "report.html",
        "results.json",
        "provenance.json",
        "tables/studies.csv",
        "figures/response-forest.svg",
    } <= made
    assert {"figures/response-forest.png", "figures/response-funnel.svg", "tables/sensitivity.csv"} <= made
    assert result.out == folder / "build"
    assert sorted(path.name for path in folder.iterdir()) == ["build", "ostealgia.toml", "results.csv"]


def test_results_json_has_the_keys_of_the_plan(make):
    folder = make()
    run(folder)
    rows = json.loads((folder / "build" / "results.json").read_text())
    assert [list(row) for row in rows] == [list(RESULT_KEYS)] * len(rows)
    reported = next(row for row in rows if row["scale"] == "proportion")
    fit = oa.meta.pool(
        oa.effects.compute({"study": ["a", "b", "c"], "events": [12, 30, 19], "n": [20, 40, 31]}, measure="PLO"),
        tau2="DL",
        ci="z",
    )
    assert reported["estimate"] == float(f"{fit.reported.estimate:.10g}")  # ten significant digits
    assert (reported["k"], reported["n"], reported["analysis"], reported["group"]) == (3, 91, "response", "all")
    assert reported["std_error"] is None  # a standard error belongs to the analysis scale
    assert len({row["id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("name", ["refractory-pain", "therapies"])
def test_two_runs_in_two_processes_give_the_same_bytes(copy_of, tmp_path, name):
    """Other hash seeds, other folders outside: nothing of it shows."""
    found = []
    for seed in ("1", "77"):
        folder = copy_of(name)
        code = f"from ostealgia.project.steps import run; run({str(folder)!r})"
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin", "HOME": str(tmp_path)},
        )
        found.append(digests(folder / "build"))
        folder.rename(tmp_path / f"done-{seed}")
    assert found[0] == found[1] and len(found[0]) > 8


def test_an_impossible_row_is_a_finding_and_the_project_still_builds(make):
    rows = ROWS + "Delta 2004,response,10,14,Table 1\nEpsilon 2005,response,-5,2,Table 1\n"
    folder = make(MINIMAL, rows)
    result = run(folder)
    assert result.runs["response"].fit.k == 3
    left = {item.study: (item.row, item.reason) for item in result.runs["response"].excluded}
    assert left["Delta 2004"][0] == 5 and "14" in left["Delta 2004"][1]
    assert "Epsilon 2005" in left
    impossible = {finding.line: finding.message for finding in result.findings if finding.verdict == "impossible"}
    assert impossible[5] == "14 events in 10 patients" and 6 in impossible
    page = (folder / "build" / "report.html").read_text()
    assert "Delta 2004" in page
    assert "Delta 2004" in (folder / "build" / "tables" / "excluded.csv").read_text()


def test_negative_sd_and_wrong_interval_are_left_out_by_name(make):
    config = MINIMAL.replace('"PLO"', '"MN"')
    rows = "study,outcome,n,mean,sd\nA,response,20,5,2\nB,response,20,5,-2\nC,response,20,6,1.5\n"
    result = run(make(config, rows))
    assert result.runs["response"].fit.k == 2 and result.runs["response"].excluded[0].study == "B"
    config = MINIMAL.replace('"PLO"', '"OR"')
    rows = (
        "study,outcome,estimate,ci_low,ci_high,measure\nA,response,2.0,1.0,4.0,OR\nB,response,5.0,1.0,4.0,OR\n"
        "C,response,3.0,1.5,6.0,OR\n"
    )
    result = run(make(config, rows))
    assert result.runs["response"].fit.k == 2 and result.runs["response"].excluded[0].study == "B"
    assert any(finding.line == 3 and finding.verdict == "impossible" for finding in result.findings)


def test_flagged_rows_give_a_line_without_them_and_the_headline_stays(make):
    rows = ROWS.replace("source\n", "source,estimate,measure\n").replace("Table 1\n", "Table 1,,\n")
    rows = rows.replace("40,30,Table 1,,", "40,30,Table 1,7.5,percent")
    result = run(make(MINIMAL, rows))
    item = result.runs["response"]
    assert item.fit.k == 3
    variant = next(v for v in item.variants if v.id == "without-flagged")
    assert variant.fit.k == 2 and "Beta 2002" in variant.title


def test_a_repair_is_a_line_only_where_a_person_accepted_it(make):
    repairs = "row,column,from,to,why,accepted_by,date\n3,events,30,3,slip,,\n4,events,19,9,slip,A. Reader,2026-01-01\n"
    result = run(make(repairs=repairs))
    item = result.runs["response"]
    assert item.fit.effects.columns["events"].tolist() == [12, 30, 19]
    variant = next(v for v in item.variants if v.id == "repaired")
    assert variant.fit.effects.columns["events"].tolist() == [12, 30, 9] and "A. Reader" in variant.title


def test_subgroups_come_from_the_table_of_studies(make):
    studies = "study,design\nAlpha 2001,trial\nBeta 2002,cohort\nGamma 2003,cohort\n"
    result = run(make(MINIMAL + 'subgroup = "design"\n', studies=studies))
    found = result.runs["response"].subgroups
    assert {label: fit.k for label, fit in found.groups.items()} == {"trial": 1, "cohort": 2}
    with pytest.raises(ProjectError, match="Did you mean 'design'"):
        run(make(MINIMAL + 'subgroup = "desing"\n', studies=studies))


def test_sum_and_list_are_not_pooled(make):
    config = MINIMAL.replace('tau2 = "DL"', 'model = "sum"').replace('ci = "z"\n', "")
    result = run(make(config))
    crude = result.runs["response"].crude
    assert (crude.events, crude.n, crude.k) == (61, 91, 3)
    config = MINIMAL.replace('tau2 = "DL"', 'model = "list"').replace('ci = "z"\n', "")
    result = run(make(config))
    assert result.runs["response"].fit is None and [row["k"] for row in result.results] == [1, 1, 1]


def test_an_analysis_without_rows_does_not_stop_the_others(make):
    config = MINIMAL + '[[analysis]]\nid = "other"\noutcome = "survival"\nmeasure = "HR"\n'
    config += '[[claim]]\nid = "c"\nanalysis = "other"\nestimate = 0.7\nsource = "Abstract"\n'
    result = run(make(config))
    assert result.runs["response"].fit.k == 3 and "survival" in result.runs["other"].problem
    assert result.claims[0].verdict == "cannot be computed" and "survival" in result.claims[0].detail


@pytest.mark.parametrize(
    ("config", "results", "error", "words"),
    [
        (MINIMAL, "study,outcome,n,events\n", TableError, "has a header and no rows"),
        (MINIMAL, None, TableError, "does not exist"),
        (MINIMAL, "", TableError, "empty"),
        (MINIMAL, "\x00\x01\x02binary", TableError, "not a table"),
        (MINIMAL.replace('"DL"', '"DLL"'), ROWS, ProjectError, "Did you mean 'DL'"),
        (MINIMAL + "[effects]\n", ROWS, ProjectError, "not known"),
        (MINIMAL + 'effect_options = { incremant = 0.5 }\n', ROWS, ProjectError, "Did you mean 'increment'"),
        (MINIMAL + '[[claim]]\nid = "c"\nquantity = "poled"\n', ROWS, ProjectError, "Did you mean 'pooled'"),
        ('[project]\ntitle = "x"\n', ROWS, ProjectError, "nothing to do"),
        ('[project]\ntitle = "x"\nkind = "cohort"\n', None, TableError, "no table 'patients'"),
        ('[project]\ntitle = "x"\n[groups]\nreference = "a"\n', ROWS, ProjectError, 'for kind = "cohort"'),
        (MINIMAL.replace('[project]', '[project]\nkind = "cohort"'), ROWS, ProjectError, 'for kind = "review"'),
    ],
)  # fmt: skip
def test_nothing_is_written_where_the_input_is_refused(make, config, results, error, words):
    folder = make(config, results)
    before = sorted(folder.rglob("*"))
    with pytest.raises(error, match=words):
        run(folder)
    assert sorted(folder.rglob("*")) == before


def test_an_earlier_build_stays_where_a_run_fails(make):
    folder = make()
    run(folder)
    before = digests(folder / "build")
    (folder / "results.csv").write_text(ROWS.replace("40,30,Table 1", "40,30"))
    with pytest.raises(TableError, match="row 3"):
        run(folder)
    assert digests(folder / "build") == before


def test_a_failure_while_writing_leaves_the_earlier_files(tmp_path, monkeypatch):
    target = tmp_path / "build"
    write({"a.txt": b"old", "sub/b.txt": b"old"}, target)

    def fail(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OstealgiaError, match="No space left"):
        write({"a.txt": b"new"}, target)
    monkeypatch.undo()
    assert (target / "a.txt").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build"]


def test_files_of_others_are_not_replaced(make, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.doc").write_text("work")
    with pytest.raises(ProjectError, match="holds other files"):
        run(make(), out=other)
    assert [path.name for path in other.iterdir()] == ["thesis.doc"]
    run(make(), out=tmp_path / "new" / "place")
    assert (tmp_path / "new" / "place" / "report.html").is_file()


def test_cells_that_a_spreadsheet_would_run_are_defused(make):
    folder = make(MINIMAL, ROWS.replace("Alpha 2001", '"=HYPERLINK(""http://x"")"'))
    run(folder)
    text = (folder / "build" / "tables" / "studies.csv").read_text()
    assert "'=HYPERLINK" in text and "\n=HYPERLINK" not in text and ",=HYPERLINK" not in text


def test_text_of_a_project_is_never_markup(make):
    folder = make(
        MINIMAL.replace('title = "Response"', 'title = "<script>alert(1)</script>"'), ROWS.replace("Alpha", "<b>Alpha")
    )
    run(folder)
    page = (folder / "build" / "report.html").read_text()
    assert "<script>alert" not in page and "<b>Alpha" not in page and "&lt;b&gt;Alpha" in page


def test_the_face_of_the_package_runs_projects(make):
    result = oa.run(make())
    assert "report.html" in str(result) and result.to_dict()["project"] == "small"
