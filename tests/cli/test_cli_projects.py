"""demo, init, run and verify through the command line: streams, exit statuses, messages."""

from __future__ import annotations

import json

import pytest

from ostealgia.cli.app import main

TEMPLATES = ("prevalence", "pre-post", "two-arm", "risk-factors", "time-to-event", "network", "cohort")
RESULTS = (
    "Namba 2019,pain response,10,8,Table 2",
    "Tsai 2019,pain response,31,26,Table 2",
    "Wang 2018,pain response,36,31,Table 2",
)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def project(tmp_path, capsys):
    """A small review, begun with ``init`` and filled in."""
    assert main(["init", "review", "--template", "prevalence"]) == 0
    capsys.readouterr()
    path = tmp_path / "review" / "results.csv"
    header = path.read_text().strip().split(",")
    given = ("study", "outcome", "n", "events", "source")
    cells = [dict(zip(given, row.split(","), strict=True)) for row in RESULTS]
    lines = [",".join(row.get(name, "") for name in header) for row in cells]
    path.write_text("\n".join([",".join(header), *lines]) + "\n")
    return tmp_path / "review"


@pytest.mark.parametrize("template", TEMPLATES)
def test_init_makes_a_project_of_every_template(template, tmp_path, capsys):
    assert main(["init", "new", "--template", template]) == 0
    out = capsys.readouterr().out
    assert "ostealgia run new" in out
    assert (tmp_path / "new" / "ostealgia.toml").is_file()
    assert main(["init", "new", "--template", template]) == 2
    assert "not empty" in capsys.readouterr().err


def test_init_lists_the_templates(capsys):
    assert main(["init", "new"]) == 2
    assert "--template is missing: give one of prevalence, pre-post" in capsys.readouterr().err
    assert main(["init", "new", "--template", "two-arms"]) == 2
    assert "--template='two-arms' is not one of 'prevalence'" in (err := capsys.readouterr().err)
    assert "Did you mean 'two-arm'?" in err


def test_run_then_verify(project, capsys):
    assert main(["run", "review"]) == 0
    out, err = capsys.readouterr()
    assert "report.html" in out
    assert "review: report" in err.split("\n")  # progress, one line a stage
    assert (project / "build" / "report.html").is_file()
    first = (project / "build" / "results.json").read_bytes()
    assert main(["verify", "review"]) == 0
    assert "everything is as it was" in capsys.readouterr().out
    (project / "results.csv").write_text((project / "results.csv").read_text().replace("26", "25"))
    assert main(["verify", "review", "--json"]) == 1
    out, _ = capsys.readouterr()
    found = json.loads(out)
    assert any("results.csv" in json.dumps(difference) for difference in found["differences"])
    assert (project / "build" / "results.json").read_bytes() == first  # verify writes nothing


def test_json_is_alone_on_standard_output(project, capsys):
    assert main(["run", "review", "--json", "--out", "elsewhere", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert {"results", "claims", "findings"} <= set(json.loads(out))
    assert err == ""


def test_an_impossible_row_is_a_finding_and_the_project_still_builds(project, capsys):
    table = project / "results.csv"
    table.write_text(table.read_text().replace("31,26", "31,46"))
    assert main(["run", "review"]) == 0
    out, _ = capsys.readouterr()
    assert "Tsai 2019" in out
    assert (project / "build" / "report.html").is_file()


REFUSED = {
    "no folder": (["run", "nowhere"], ["nowhere"]),
    "no toml": (["run", "."], ["ostealgia.toml"]),
    "nothing built": (["verify", "review"], ["ostealgia run review"]),
    "a file for a folder": (["init", "review/results.csv", "--template", "two-arm"], ["is a file"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, project, capsys):
    words, parts = REFUSED[case]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("ostealgia: error:") == 1
    assert "Traceback" not in err
    for part in parts:
        assert part in err


def test_broken_inputs_are_refused_and_leave_the_earlier_build(project, capsys):
    assert main(["run", "review", "--quiet"]) == 0
    built = {path: path.read_bytes() for path in (project / "build").rglob("*") if path.is_file()}
    capsys.readouterr()
    table = project / "results.csv"
    good = table.read_text()
    for bad, parts in {
        good + "Smith, J,pain\n": ["results.csv", "row 5", "fields"],
        good.split("\n")[0] + "\n": ["results.csv", "no rows"],
        good.replace("Tsai", '"Tsai', 1): ["results.csv", "row 3", "never closed"],
        good.replace(",note", ",source", 1): ["results.csv", "source", "twice"],
    }.items():
        table.write_text(bad)
        assert main(["run", "review"]) == 2
        err = capsys.readouterr().err
        for part in parts:
            assert part in err
        assert built == {path: path.read_bytes() for path in (project / "build").rglob("*") if path.is_file()}


def test_demo(tmp_path, capsys):
    assert main(["demo", "--json", "--out", "shown"]) == 0
    out, err = capsys.readouterr()
    claims = json.loads(out)
    assert {claim["project"] for claim in claims} == {"mrgfus", "refractory-pain", "cryoablation", "rt-analgesia"}
    assert all({"id", "published", "recomputed", "verdict"} <= set(claim) for claim in claims)
    assert "1 of 6: mrgfus" in err
    assert (tmp_path / "shown" / "index.html").is_file()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mrgfus").mkdir()
    (tmp_path / "mine" / "mrgfus" / "thesis.txt").write_text("x")
    assert main(["demo", "--out", "mine"]) == 2
    assert "no earlier demo" in capsys.readouterr().err
