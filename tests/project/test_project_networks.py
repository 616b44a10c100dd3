"""A network in a project: arms to a league, parts that no trial joins, rows without counts, nodes of several arms, sensitivity analyses.

The numbers are those of ``network.fit`` on the same arms, which has references of its own, so equality is exact.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from project_cases import DATA

import ostealgia as oa
from ostealgia.errors import ProjectError
from ostealgia.network.therapies import SENSITIVITIES, therapy_network, trial_arms
from ostealgia.project import verify
from ostealgia.project.steps import run

NETWORK = """\
[project]
title = "Example"

[[analysis]]
id = "net"
title = "Response"
kind = "network"
outcome = "response"
measure = "OR"
reference = "8 Gy"
higher_is_better = true
"""
ARMS = """\
study,arm,outcome,n,events,design,node
Jeremic,4 Gy,response,109,64,randomised,low dose
Jeremic,6 Gy,response,108,79,randomised,low dose
Jeremic,8 Gy,response,110,86,randomised,8 Gy
Amouzegar,8 Gy,response,27,21,randomised,8 Gy
Amouzegar,30 Gy,response,31,20,randomised,30 Gy
Loop,4 Gy,response,60,30,open label,low dose
Loop,30 Gy,response,62,41,open label,30 Gy
Hurwitz,MRgFUS,response,112,72,randomised,MRgFUS
Hurwitz,sham,response,35,7,randomised,sham
IAEA,4 Gy,response,326,,randomised,low dose
IAEA,8 Gy,response,325,,randomised,8 Gy
"""


def direct(rows=range(7), **options):
    """network.fit on the arms of these rows."""
    cells = [ARMS.splitlines()[1:][i].split(",") for i in rows]
    arms = {"study": [c[0] for c in cells], "treatment": [c[1] for c in cells]}
    arms |= {"events": [int(c[4]) for c in cells], "n": [int(c[3]) for c in cells]}
    return oa.network.fit(arms, measure="OR", reference="8 Gy", small_values="undesirable", **options)


def panels(result, ident="net"):
    section = next(item for item in result.report.analyses if item.id == ident)
    return {panel.title: panel for panel in section.panels}


def test_the_network_is_that_of_the_engine(make):
    folder = make(NETWORK, ARMS)
    result = run(folder)
    found, expected = result.runs["net"].network, direct()
    np.testing.assert_array_equal(found.fit.shown.estimate, expected.shown.estimate)
    assert found.fit.treatments == ("30 Gy", "4 Gy", "6 Gy", "8 Gy") and found.fit.reference == "8 Gy"
    rows = {row["id"]: row for row in json.loads((folder / "build" / "results.json").read_text())}
    row = rows["net/4 Gy against 8 Gy/analysis"]
    assert row["estimate"] == float(f"{expected.compare('4 Gy', '8 Gy')['estimate']:.10g}") and row["k"] == 3
    assert "net/sham against MRgFUS/reported" in rows  # the other part has its own rows


def test_every_output_of_a_network_is_written(make):
    folder = make(NETWORK + "baseline_risk = 0.58\n", ARMS)
    result = run(folder)
    made = set(result.files)
    for name in (
        "network",
        "network-pairs",
        "network-arms",
        "network-parts",
        "network-ranks",
        "network-consistency",
        "network-splits",
    ):
        assert f"tables/{name}.csv" in made
    assert {"tables/league-net.csv", "r/net.R", "figures/net-forest.svg", "figures/net-network.png"} <= made
    league = (folder / "build" / "tables" / "league-net.csv").read_text().splitlines()
    assert league[0] == "treatment,30 Gy,4 Gy,6 Gy,8 Gy" and len(league) == 5
    titles = panels(result)
    assert {"What trials join, and what they do not", "In 100 patients", "League table", "Ranks"} <= set(titles)
    split = titles["Does direct evidence agree with indirect?"].tables
    assert [table.title for table in split] == ["Q, taken apart by design", "Node splitting"]
    assert not verify(folder).differences
    assert dict(run(folder).files) == dict(result.files)


def test_parts_that_no_trial_joins_are_explained_and_not_compared(make):
    result = run(make(NETWORK, ARMS))
    panel = panels(result)["What trials join, and what they do not"]
    assert "2 parts that no trial joins" in panel.text and panel.open
    assert [row["treatments"] for row in panel.tables[0].rows] == ["30 Gy, 4 Gy, 6 Gy, 8 Gy", "MRgFUS, sham"]
    assert "2 parts that no trial joins" in result.report.answers[0].text
    with pytest.raises(ProjectError, match=r"'MRgFUSS' is no treatment that is compared\. Did you mean 'MRgFUS'"):
        run(make(NETWORK.replace('"8 Gy"', '"MRgFUSS"'), ARMS))


def test_another_part_can_be_shown(make):
    found = run(make(NETWORK.replace('reference = "8 Gy"', 'component = "sham"'), ARMS)).runs["net"].network
    assert found.fit.treatments == ("MRgFUS", "sham") and len(found.others) == 1


def test_rows_without_counts_are_listed_and_never_guessed(make):
    found = run(make(NETWORK, ARMS)).runs["net"]
    left = {(item.study, item.row): item.reason for item in found.excluded}
    assert "events not established" in left["IAEA", 11] and "never guessed" in left["IAEA", 12]
    assert "IAEA" not in {arm.study for arm in found.network.arms}


def test_a_row_left_out_for_another_reason_says_that_its_count_is_missing_too(make):
    rows = ARMS.replace("IAEA,4 Gy,response,326,,randomised", "IAEA,4 Gy,response,326,,open label")
    found = run(make(NETWORK + 'only = { design = "randomised" }\n', rows)).runs["net"]
    reasons = [item.reason for item in found.excluded if item.row == 11]
    assert reasons == ["design: open label (this analysis takes randomised); events not established"]


def test_arms_of_one_node_are_added_up_with_a_note(make):
    found = run(make(NETWORK + 'treatment = "node"\n', ARMS)).runs["net"]
    jeremic = next(arm for arm in found.network.arms if arm.study == "Jeremic" and arm.treatment == "low dose")
    assert (jeremic.cells["events"], jeremic.cells["n"], jeremic.rows) == (143.0, 217.0, (2, 3))
    assert any("rows 2, 3 are one treatment here (low dose)" in note for note in found.notes)


def test_one_treatment_typed_twice_is_refused_with_its_rows(make):
    with pytest.raises(ProjectError, match=r"Jeremic has 2 rows for '4 Gy' .*rows 2, 3"):
        run(make(NETWORK, ARMS.replace("Jeremic,6 Gy", "Jeremic,4 Gy")))


def test_a_sensitivity_analysis_states_what_differs(make):
    config = (
        NETWORK
        + '\n[[analysis]]\nid = "rct"\ntitle = "Randomised only"\nlike = "net"\nonly = { design = ["randomised"] }\n'
    )
    result = run(make(config, ARMS))
    found = result.runs["rct"].network.fit
    np.testing.assert_array_equal(found.shown.estimate, direct(range(5)).shown.estimate)
    table = panels(result)["Under other choices"].tables[0]
    assert {row["line"] for row in table.rows} == {"As entered", "Randomised only"}
    assert "figures/rct-forest.svg" not in result.files


def test_common_effect_mantel_haenszel_and_another_estimator(make):
    for lines, options in (
        ('model = "common"\n', {"model": "common"}),
        ('model = "MH"\n', {"model": "MH"}),
        ('tau2 = "DL"\npi = "S"\n', {"tau2": "DL", "pi": "S"}),
    ):
        found = run(make(NETWORK + lines, ARMS)).runs["net"].network.fit
        np.testing.assert_array_equal(found.shown.estimate, direct(**options).shown.estimate)


def test_means_make_a_network_too(make):
    rows = "study,arm,outcome,time,time_unit,n,mean,sd\n" + "".join(
        f"{s},{arm},pain,{t},month,30,{m + t / 10},2\n"
        for s, arms in (("A", (("x", 3), ("y", 4))), ("B", (("y", 4.5), ("z", 5))))
        for arm, m in arms
        for t in (1, 3)
    )
    config = (
        NETWORK.replace('"response"', '"pain"')
        .replace('"OR"', '"MD"')
        .replace('reference = "8 Gy"\n', 'time = "3 month"\n')
    )
    found = run(make(config, rows)).runs["net"].network.fit
    assert round(found.compare("x", "z")["estimate"], 10) == -1.5
    with pytest.raises(ProjectError, match="State time"):
        run(make(config.replace('time = "3 month"\n', ""), rows))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('moderators = "year"\n', "key 'moderators' is for kind = \"pool\""),
        ('treatment = "nod"\n', "Did you mean 'node'"),
        ('only = { desing = "x" }\n', "Did you mean 'design'"),
        ('model = "glmm"\n', "no model of a network"),
        ('ci = "HK"\n', "intervals of a network are normal"),
        ('tau2 = "SJ"\n', "'SJ'"),
    ],
)
def test_a_wrong_call_is_refused_with_the_analysis(make, lines, words):
    folder = make(NETWORK + lines, ARMS)
    with pytest.raises(ProjectError, match="analysis 'net'") as caught:
        run(folder)
    assert words in str(caught.value) and not (folder / "build").exists()


def test_a_measure_that_is_none_of_arms_is_refused(make):
    with pytest.raises(ProjectError, match="PLO is none of a network"):
        run(make(NETWORK.replace('"OR"', '"PLO"'), ARMS))


def test_one_treatment_only_is_a_problem_and_the_report_is_made(make):
    rows = "study,arm,outcome,n,events\nA,x,response,20,10\nB,x,response,30,12\n"
    folder = make(NETWORK.replace('reference = "8 Gy"\n', ""), rows)
    found = run(folder).runs["net"]
    assert "every row was left out" in found.problem and (folder / "build" / "report.html").is_file()
    assert all("so no comparison" in item.reason for item in found.excluded)


# ---------------------------------------------------------------- the bundled network


@pytest.fixture(scope="module")
def therapies(judged):
    return judged["therapies"]


def test_the_rows_are_those_of_the_packages_table(therapies):
    rows = therapies.project.results.rows
    assert [row.number for row in rows] == [arm.row for arm in trial_arms()]
    for row, arm in zip(rows, trial_arms(), strict=True):
        typed = (
            row.text("study"),
            row.text("arm"),
            row.text("n"),
            row.text("events"),
            row.text("certainty"),
            row.text("note"),
        )
        blank = ["" if value is None else str(value) for value in (arm.n, arm.responders)]
        assert typed == (arm.study, arm.therapy, *blank, arm.certainty, arm.note)
        assert f"therapy_trials.csv, row {arm.row}" in row.text("source")


PAIRS = {
    "response": "medium or higher (first network)",
    "response-high": "high only",
    "response-low": "low or higher",
    "response-split": "schedules split",
    "response-mixed-single": "mixed schedules as EBRT-SF8",
    "response-mixed-multiple": "mixed schedules as EBRT-MF",
}


@pytest.mark.parametrize("ident", PAIRS)
def test_each_analysis_is_that_of_the_therapy_network(therapies, ident):
    chosen = therapy_network(**SENSITIVITIES[PAIRS[ident]])
    expected = chosen.fit("EBRT-SF8", reference="EBRT-SF8")
    found = therapies.runs[ident].network
    assert found.fit.treatments == expected.treatments and found.fit.k == expected.k
    np.testing.assert_allclose(
        found.fit.shown.estimate, expected.shown.estimate, rtol=1e-12
    )  # the order of studies may differ
    assert [part.treatments for part in found.parts.parts] == [part.treatments for part in chosen.parts.parts]


def test_every_row_without_a_count_is_left_out_by_name(therapies):
    run_of = therapies.runs["response"]
    left = {item.row: item.reason for item in run_of.excluded}
    for arm in trial_arms():
        outcome = therapies.project.results.rows[arm.row - 2].text("outcome")
        if arm.responders is None and outcome == "pain response":
            assert "events not established" in left[arm.row]


def test_the_marks_of_checking_are_in_the_project():
    text = (DATA / "therapies" / "ostealgia.toml").read_text()
    assert "were not checked against the papers again" in text and "[[claim]]" not in text
    assert (DATA / "therapies" / "studies.csv").read_text().count("transcribed, not checked again") == 35


def test_of_many_treatments_the_first_sentence_names_those_furthest_away(make):
    names = [f"T{i}" for i in range(8)]
    rows = "study,arm,outcome,n,events\n" + "".join(
        f"{name} trial,T0,response,400,100\n{name} trial,{name},response,400,{100 + 25 * i}\n"
        for i, name in enumerate(names)
        if i
    )
    text = run(make(NETWORK.replace('"8 Gy"', '"T0"'), rows)).report.answers[0].text
    assert "of 7 treatments differ from it at the 95% level; the 5 furthest from it are T7 " in text
