"""`ostealgia pool`: conventions of other programs, levels, regression, clusters, priors; and messages that name the real option."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import ostealgia as oa
from ostealgia.cli import failures
from ostealgia.cli.app import main

TRIALS = "study,events_1,n_1,events_2,n_2,Year,Design type\n" + "".join(
    f"{row}\n"
    for row in (
        "Aronson,4,123,11,139,1948,random",
        "Ferguson,6,306,29,303,1949,random",
        "Rosenthal,3,231,11,220,1960,other",
        "Hart,62,13598,248,12867,1977,random",
        "Stein,180,1541,372,1451,1953,other",
        "Zero,0,50,3,50,1970,other",
    )
)
DEPENDENT = "study,outcome,estimate,std_error\n" + "".join(
    f"{name},{outcome},{y},{se}\n"
    for name, outcome, y, se in (
        ("A", "pain", 0.1, 0.1), ("A", "function", 0.3, 0.12), ("B", "pain", 0.9, 0.1), ("B", "function", 0.7, 0.1),
        ("C", "pain", 0.2, 0.15), ("D", "pain", 0.5, 0.2), ("E", "pain", 0.4, 0.1),
    )
)  # fmt: skip
PUBLISHED = "study,estimate,ci_low,ci_high\nA,2.0,1.5,2.667\nB,1.5,1.0,2.25\nC,3.0,1.5,6.0\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def save(content: str, name: str = "t.csv") -> str:
        (tmp_path / name).write_text(content, encoding="utf-8")
        return name

    return save


def pooled(capsys, *words: str) -> dict:
    status = main(["pool", *words, "--json"])
    out, err = capsys.readouterr()
    assert status == 0, err
    return json.loads(out)


def refused(capsys, *words: str) -> str:
    assert main(["pool", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return err


def frame() -> dict:
    head, *rows = [line.split(",") for line in TRIALS.strip().split("\n")]
    columns = dict(zip(head, zip(*rows, strict=True), strict=True))
    return {k: list(map(float, v)) if k.startswith(("events", "n_")) else list(v) for k, v in columns.items()}


# option words -> the same in Python
SAME = {
    "rd variance": (["-m", "RD", "--model", "MH", "--rd-variance", "greenland"], {}, {"model": "MH", "rd_variance": "greenland"}),
    "mh increment": (["-m", "OR", "--model", "MH", "--mh-increment", "effects"], {}, {"model": "MH", "mh_increment": "effects"}),
    "q center": (["-m", "OR", "--tau2", "DL", "--q-center", "MH"], {}, {"tau2": "DL", "q_center": "MH"}),
    "tau2 value": (["-m", "OR", "--tau2-value", "0.3"], {}, {"tau2_value": 0.3}),
    "equal weights": (["-m", "OR", "--weights", "equal"], {}, {"weights": "equal"}),
    "common GLMM": (["-m", "OR", "--model", "glmm", "--glmm-method", "EE"], {}, {"model": "glmm", "glmm_method": "EE"}),
    "rr increment": (["-m", "RR", "--rr-increment-to-n", "incr"], {"rr_increment_to_n": "incr"}, {}),
    "rd increment": (["-m", "RD", "--rd-increment", "variance"], {"rd_increment": "variance"}, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_an_option_is_that_of_python(case, here, capsys):
    words, effects, options = SAME[case]
    found = pooled(capsys, here(TRIALS), *words)
    expected = oa.meta.pool(oa.effects.compute(frame(), measure=words[1], **effects), **options)
    assert found["analysis_scale"]["estimate"] == pytest.approx(expected.estimate, rel=1e-12)  # the same sums
    assert found["analysis_scale"]["std_error"] == pytest.approx(expected.std_error, rel=1e-12)
    plain = pooled(capsys, "t.csv", "-m", words[1])
    assert found["analysis_scale"]["std_error"] != plain["analysis_scale"]["std_error"] or found["q"] != plain["q"]


def test_conventions_of_meta_and_what_is_said_beside_them(here, capsys):
    table = here(TRIALS)
    found = pooled(capsys, table, "-m", "RD", "--model", "MH", "--conventions", "meta")
    assert (found["options"]["rd_variance"], found["options"]["mh_increment"]) == ("greenland", "effects")
    found = pooled(capsys, table, "-m", "RD", "--model", "MH", "--conventions", "meta", "--rd-variance", "sato")
    assert found["options"]["rd_variance"] == "sato"
    found = pooled(capsys, table, "-m", "RR", "--conventions", "meta")
    assert (found["ci_method"], found["options"]["q_center"]) == ("z", "MH")
    assert found["options"]["rr_increment_to_n"] == "incr"


def test_the_common_glmm_does_not_say_random(here, capsys):
    table = here("study,events,n\nA,3,20\nB,9,30\nC,12,50\n")
    assert main(["pool", table, "-m", "PLO", "--model", "glmm", "--glmm-method", "EE"]) == 0
    text = capsys.readouterr().out
    assert "common effect" in text
    assert "random" not in text
    found = pooled(capsys, table, "-m", "PLO", "--model", "glmm", "--glmm-method", "EE")
    assert found["reported"]["estimate"] == pytest.approx(24 / 100)  # all patients as one sample, by hand


def test_published_intervals_are_never_read_at_the_level_of_the_results(here, capsys):
    table = here(PUBLISHED)
    plain = pooled(capsys, table, "-m", "OR")
    found = pooled(capsys, table, "-m", "OR", "--level", "0.9")
    assert [row["std_error"] for row in found["studies"]] == [row["std_error"] for row in plain["studies"]]
    assert any("results are at 90%" in note and "read as 95% intervals" in note for note in found["notes"])
    assert not any("results are at" in note for note in plain["notes"])
    read = pooled(capsys, table, "-m", "OR", "--published-level", "0.9")
    ratio = read["studies"][0]["std_error"] / plain["studies"][0]["std_error"]
    assert ratio == pytest.approx(1.959964 / 1.644854, rel=1e-6)  # the two normal quantiles, to their printed digits
    assert "Write 0.95 for 95%" in refused(capsys, table, "-m", "OR", "--published-level", "95")
    main(["pool", "--help"])
    assert "never at this one" in " ".join(capsys.readouterr().out.split())


def test_cumulative_by_label_and_by_effect(here, capsys):
    table = here(TRIALS.replace("study", "slab", 1))
    by_name = pooled(capsys, table, "-m", "OR", "--cumulative", "slab")["cumulative"]["rows"]
    assert [row["label"] for row in by_name] == ["Aronson", "Ferguson", "Hart", "Rosenthal", "Stein", "Zero"]
    by_size = pooled(capsys, table, "-m", "OR", "--cumulative", "std_error")["cumulative"]["rows"]
    assert by_size[0]["label"] == "Stein"  # the largest trial in events comes first
    assert "column yeer: --cumulative: there is no such column" in refused(
        capsys, table, "-m", "OR", "--cumulative", "yeer"
    )


def test_regression_by_the_names_of_the_file(here, capsys):
    table = here(TRIALS)
    words = ["-m", "OR", "--moderators", "~ Year + factor(`Design type`)", "--csv", "out.csv"]
    found = pooled(capsys, table, *words)["regression"]
    assert [row["term"] for row in found["coefficients"]] == ["intercept", "year", "factor(design_type)random"]
    assert set(found["omnibus"]) == {"statistic", "df1", "df2", "p_value"}
    assert "r2" in found
    effects = oa.effects.compute(frame() | {"Year": [1948, 1949, 1960, 1977, 1953, 1970]}, measure="OR")
    expected = oa.meta.regress(effects, "~ year + factor(design_type)")
    assert [row["estimate"] for row in found["coefficients"]] == pytest.approx(expected.estimate.tolist(), rel=1e-10)
    assert Path("out.csv").read_text(encoding="utf-8").count("\ncoefficient,") == 3
    assert main(["pool", table, *words[:4], "--quiet"]) == 0
    assert "moderators: " in capsys.readouterr().out


def test_clusters_give_three_levels_and_robust_errors(here, capsys):
    table = here(DEPENDENT)
    found = pooled(capsys, table, "-m", "SMD", "--cluster", "study", "--forest", "f.svg", "--quiet")
    assert [part["name"] for part in found["three_level"]["components"]] == ["study", "study/effect"]
    assert (found["robust"]["kind"], found["robust"]["clusters"]) == ("CR2", 5)
    robust, levels = (found[key]["coefficients"][0]["estimate"] for key in ("robust", "three_level"))
    assert robust == pytest.approx(levels, rel=1e-12)  # one estimate, two orders of summation
    assert not set(found["three_level"]["notes"]) & set(found["robust"]["notes"])
    assert "<svg" in Path("f.svg").read_text(encoding="utf-8")[:600]
    alone = pooled(capsys, here(TRIALS), "-m", "OR", "--cluster", "study")
    assert "three_level" not in alone
    assert any("no third level" in note for note in alone["robust"]["notes"])


def test_a_prior_on_the_command_line(here, capsys):
    found = pooled(capsys, here(DEPENDENT), "-m", "SMD", "--bayes", "half-normal(0.5)")["bayes"]
    assert found["tau_prior"]


REFUSED = {
    "egger of two": ("study,estimate,std_error\nA,1,1\nB,2,.1\n", ["-m", "GEN", "--egger"], ["t.csv: --egger:", "three studies"]),
    "prior": (DEPENDENT, ["-m", "SMD", "--bayes", "half-normal(-1)"], ["t.csv: --bayes half-normal(-1)", "scale='-1'"]),
    "formula": (TRIALS, ["-m", "OR", "--moderators", "~ open('x')"], ["--moderators: formula", "Allowed:"]),
    "moderator": (TRIALS, ["-m", "OR", "--moderators", "~ yeer"], ["t.csv, column yeer", "--moderators", "Did you mean 'year'"]),
    "moderators of counts": (TRIALS, ["-m", "OR", "--model", "MH", "--moderators", "~ Year"], ["--model random or common"]),
    "clusters of counts": (TRIALS, ["-m", "OR", "--model", "MH", "--cluster", "study"], ["Leave out --model"]),
    "no events": ("study,events,n\nA,0,9\nB,0,8\n", ["-m", "PLO", "--model", "glmm"], ["t.csv: No study", "Report the total"]),
    "counts in part": (
        "study,events_1,n_1,events_2,n_2,estimate,ci_low,ci_high\nA,1,10,2,10,,,\nB,,,,,2,1,4\n",
        ["-m", "OR", "--model", "MH"],
        ["t.csv, row 3, column events_1", "study 'B' has a published effect only", "use --model random or --model common"],
    ),
    "nothing left": ("study,estimate,std_error\nA,,\nB,,1\n", ["-m", "GEN"], ["t.csv: no study is left", "B (row 3)", "Fill or"]),
    "missing column": ("study,events,m\nA,1,10\n", ["-m", "PLO"], ["column n", "Add the column", "--help"]),
    "huge error": ("study,estimate,std_error\nA,1,1e200\nB,1,1\n", ["-m", "GEN"], ["t.csv, row 2, column std_error", "Found: 1e+200"]),
    "per cent": ("study,estimate,ci_low,ci_high\nA,79,73,83\n", ["-m", "PLO"], ["row 2", "0.79 for 79%"]),
    "rd variance": (TRIALS, ["-m", "RD", "--model", "MH", "--rd-variance", "x"], ["--rd-variance='x' is not one of 'sato'"]),
    "common tau2": (TRIALS, ["-m", "OR", "--model", "MH", "--subgroup", "Year", "--common-tau2"], ["--common-tau2 belongs to"]),
    "other conventions": (TRIALS, ["-m", "OR", "--conventions", "revman"], ["--conventions='revman' is not one of 'meta'"]),
    "a number": (TRIALS, ["-m", "OR", "--tau2-value", "much"], ["--tau2-value='much' is not a number", "0.04"]),
    "header only in words": ("hello world\n", ["-m", "PLO"], ["t.csv, row 2", "names of the columns"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_name_file_option_and_way_out(case, here, capsys):
    content, words, parts = REFUSED[case]
    err = refused(capsys, here(content), *words)
    assert err.count("t.csv: ") <= 1
    for part in parts:
        assert part in err


def test_options_of_python_are_written_as_flags():
    assert failures.as_flags("use model='glmm' or pi='V'") == "use --model glmm or --pi V"
    assert failures.as_flags("(ci = 0.95)") == "(ci = 0.95)"


def test_a_subgroup_of_one_study_has_no_tau2(here, capsys):
    table = here("study,events,n,site\nA,3,10,x\nB,5,20,y\nC,9,30,y\n")
    for model in ("glmm", "random"):
        found = pooled(capsys, table, "-m", "PLO", "--model", model, "--subgroup", "site")
        assert found["subgroups"]["groups"]["x"]["tau2"] is None
        assert main(["pool", table, "-m", "PLO", "--model", model, "--subgroup", "site"]) == 0
        assert "tau2 not estimable" in capsys.readouterr().out


def test_an_empty_interval_and_a_narrow_one_are_said(here, capsys):
    table = here("study,estimate,std_error\n" + "".join(f"S{i},{0.5 + 0.001 * i},0.3\n" for i in range(6)))
    found = pooled(capsys, table, "-m", "GEN", "--ci", "HK")
    assert (found["tau2_ci_low"], found["tau2_ci_high"]) == (0, 0)
    assert any("interval of tau2 is empty" in note and "lower quantile" in note for note in found["notes"])
    assert any("narrower than that by z" in note and "HK-ci" in note for note in found["notes"])
    assert main(["pool", table, "-m", "GEN"]) == 0
    out = capsys.readouterr().out
    assert "[empty, QP]" in out
    assert "narrower" not in out  # ci="auto" took z, which it says


def test_huge_limits_are_readable(here, capsys):
    table = here("study,estimate,std_error\nA,30,4\nB,41,5\n")
    assert main(["pool", table, "-m", "OR"]) == 0
    effect = capsys.readouterr().out.splitlines()[2]
    assert "e+" in effect
    assert max(map(len, effect.split())) < 12
    assert math.isfinite(pooled(capsys, table, "-m", "OR")["reported"]["ci_high"])
