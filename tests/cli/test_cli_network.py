"""`ostealgia network`: what comes out, what is written, what is refused."""

from __future__ import annotations

import json

import pytest

import ostealgia as oa
from ostealgia.cli.app import main

ARMS = """study,treatment,events,n
A,sham,4,40
A,MRgFUS,20,42
B,sham,10,60
B,RT,30,61
C,RT,25,50
C,MRgFUS,22,48
D,sham,8,50
D,RT,20,50
D,MRgFUS,24,52
"""


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.csv").write_text(ARMS, encoding="utf-8")
    return "net.csv"


def test_the_tables_are_those_of_python(table, capsys):
    words = ["network", table, "-m", "OR", "--reference", "sham", "--small-values", "undesirable", "--split", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    rows = [line.split(",") for line in ARMS.split()[1:]]
    data = {"study": [r[0] for r in rows], "treatment": [r[1] for r in rows]}
    data |= {"events": [float(r[2]) for r in rows], "n": [float(r[3]) for r in rows]}
    fit = oa.network.fit(data, measure="OR", reference="sham", small_values="undesirable")
    assert found["q_inconsistency"] == pytest.approx(fit.q_inconsistency, rel=1e-12)  # the same sums
    assert found["league"]["rows"][0]["network_reported_estimate"] == pytest.approx(
        fit.league().rows[0]["network_reported_estimate"]
    )
    assert found["scores"]["random"] == pytest.approx(fit.scores().p_score["random"].tolist())
    assert {"league", "scores", "rankings", "decomposition", "split"} <= set(found)


def test_text_says_each_note_once_and_ranks_only_with_a_direction(table, capsys):
    assert main(["network", table, "-m", "OR", "--small-values", "undesirable"]) == 0
    out = capsys.readouterr().out
    notes = [line for line in out.splitlines() if line.startswith("  note: ")]
    assert len(notes) == len(set(notes))
    for word in ("League:", "Scores:", "Rankings:", "Decomposition of Q", "  against "):
        assert word in out
    assert "nan" not in out
    assert main(["network", table, "-m", "OR"]) == 0
    assert "Rankings:" not in capsys.readouterr().out


def test_figures_and_table_are_written(table, tmp_path, capsys):
    words = [
        "network",
        table,
        "-m",
        "OR",
        "--graph",
        "g.svg",
        "--heat",
        "h.svg",
        "--forest",
        "f.png",
        "--csv",
        "all.csv",
    ]
    assert main(words) == 0
    assert capsys.readouterr().err.count("wrote ") == 4
    assert b"<svg" in (tmp_path / "h.svg").read_bytes()[:600]
    assert (tmp_path / "f.png").read_bytes()[1:4] == b"PNG"
    assert (tmp_path / "all.csv").read_text(encoding="utf-8").count("\n") == 1 + 2 * 3  # three pairs under two models


REFUSED = {
    "reference": (["-m", "OR", "--reference", "shan"], ["--reference='shan'", "Did you mean 'sham'?"]),
    "no measure": ([], ["the measure is not stated"]),
    "measure": (["-m", "PLO"], ["--measure='PLO' is not one of"]),
    "level": (["-m", "OR", "--level", "95"], ["Write 0.95 for 95%"]),
    "direction": (["-m", "OR", "--small-values", "good"], ["--small-values='good'", "'desirable'"]),
    "split of counts": (["-m", "OR", "--model", "MH", "--split"], ["--split and --heat", "--model common"]),
    "figure": (["-m", "OR", "--graph", "g.pdf"], ["--graph g.pdf", ".svg or .png"]),
    "one file twice": (["-m", "OR", "--graph", "g.svg", "--heat", "g.svg"], ["the same file"]),
    "tau2": (["-m", "OR", "--tau2-value", "x"], ["--tau2-value='x' is not a number"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, table, tmp_path, capsys):
    words, parts = REFUSED[case]
    assert main(["network", table, *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    for part in parts:
        assert part in err
    assert [path.name for path in tmp_path.iterdir()] == [table]
