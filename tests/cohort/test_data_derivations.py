"""Derived endpoints: response by week as R gave it, placed visits, relief, survival, flow, and cohorts with something missing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ostealgia as oa
from ostealgia.cohort.reading import example, read
from ostealgia.errors import OptionError, TableError

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def cohort():
    return read(example())


def small(path: Path, **files: str):
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text)
    return read(path)


def test_response_at_week_12_is_that_of_r(cohort):
    """Counts are whole numbers: exact."""
    (case,) = json.loads((REFERENCE / "cohort_response.json").read_text(encoding="utf-8"))["cases"]
    found = oa.cohort.response_by_week(cohort, weeks=[12], retreatment="treatment_policy")
    assert [None if one == "NE" else one for one in found.frame["pain_response"]] == case["expected"]["response"]
    rates = found.rates().set_index(["group", "denominator"])
    for group, numbers in case["expected"]["by_group"].items():
        assert rates.loc[(group, "all_treated"), ["events", "n"]].tolist() == [numbers["responders"], numbers["n"]]
        assert rates.loc[(group, "assessable"), ["events", "n"]].tolist() == [
            numbers["responders"],
            numbers["evaluable"],
        ]


def test_retreatment_and_death_are_no_response_among_all_treated(cohort):
    found = oa.cohort.response_by_week(cohort, weeks=[12])
    events = cohort.table("events")
    again = found.frame["id"].isin(events.loc[events["reirradiation_day"].notna(), "id"])
    assert not found.frame.loc[again, "responder_all_treated"].any() and found.frame.loc[again, "responder"].any()
    dead = cohort.visits[(cohort.visits["week"] == 12) & (cohort.visits["status"] == "death")]["id"]
    assert (found.frame.set_index("id").loc[dead, "response_reason"] == "death").all() and len(dead) == 28


def test_every_patient_stays_at_every_week(cohort):
    found = oa.cohort.response_by_week(cohort)
    assert (found.frame.groupby("week").size() == 205).all()
    assert (found.counts().set_index(["group", "week"]).sum(axis=1).groupby("week").sum() == 205).all()


def test_other_definitions_and_options_reach_the_rule(cohort):
    by_pain = oa.cohort.response_by_week(cohort, weeks=[12], definition="nrs2").rates()
    consensus = oa.cohort.response_by_week(cohort, weeks=[12]).rates()
    assert (by_pain["events"] >= consensus["events"]).all()
    with pytest.raises(OptionError, match="analgesic_tolerance"):
        oa.cohort.response_by_week(cohort, analgesic_tolerance="lax")
    with pytest.raises(OptionError, match="window"):
        oa.cohort.response_by_week(cohort, weeks=[5])


PATIENTS = "id,group\na,x\nb,x\n"
VISITS = "id,week,day,nrs_worst,omed_mg\na,0,-2,7,10\na,0,0,8,10\na,4,24,6,10\na,4,29,3,10\na,8,33,2,10\nb,0,0,6,0\nb,4,40,2,0\n"


def test_visits_are_placed_by_their_day(tmp_path):
    placed = oa.cohort.place_visits(
        small(tmp_path, patients=PATIENTS, visits=VISITS.replace("a,4,24,", "a,3,24,")),
        windows={0: (-7, 0), 4: (21, 35)},
    )
    here = placed.visits
    assert here[["id", "week", "day"]].to_numpy().tolist() == [["a", 0, 0], ["a", 4, 29], ["b", 0, 0]]
    assert here["days_off"].tolist() == [0, 1, 0]
    assert [one.study for one in placed.excluded] == ["1 visit", "3 visits"]  # day 40; day -2, 24 and 33
    assert any("another week" in note for note in placed.notes)


def test_a_visit_without_day_keeps_its_week(tmp_path):
    cohort = small(tmp_path, patients=PATIENTS, visits="id,week,day,nrs_worst,omed_mg\na,0,,7,0\na,4,,0,0\nb,0,0,5,0\n")
    placed = oa.cohort.place_visits(cohort)
    assert any("without an actual day" in note for note in placed.notes)
    found = oa.cohort.response_by_week(cohort)
    assert found.frame["pain_response"].tolist() == ["CR", "NE"]


def test_a_patient_without_any_visit_is_not_evaluable(tmp_path):
    cohort = small(tmp_path, patients="id\na\nb\n", visits="id,week,day,nrs_worst,omed_mg\na,0,0,7,0\na,4,28,0,0\n")
    found = oa.cohort.response_by_week(cohort)
    assert found.frame["pain_response"].tolist() == ["CR", "NE"] and found.rates()["n"].tolist() == [2, 1]


def test_windows_that_cannot_be(cohort):
    for windows in ({}, {4: (30, 20)}, {4: 28}):
        with pytest.raises(OptionError):
            oa.cohort.place_visits(cohort, windows=windows)


def test_omed_from_opioids_by_a_named_table(tmp_path):
    opioids = "id,week,drug,route,dose,unit\na,0,oxycodone,oral,40,mg/day\na,4,fentanyl,patch,12,mcg/h\nb,0,none,,0,\n"
    opioids += "b,4,ketamine,oral,5,mg/day\n"
    visits = "id,week,day,nrs_worst\na,0,0,7\na,4,28,7\nb,0,0,6\nb,4,28,2\n"
    cohort = small(tmp_path, patients=PATIENTS, visits=visits, opioids=opioids)
    found = oa.cohort.response_by_week(cohort, opioid_table="CDC_2022")
    assert found.frame["pain_response"].tolist() == ["PR", "NE"]  # 60 to 28.8 mg; a drug without factor is missing
    assert found.frame["response_reason"].tolist() == ["", "omed_missing"]
    assert any("CDC_2022" in note for note in found.notes)
    assert oa.cohort.response_by_week(cohort).frame["pain_response"].tolist() == ["NE", "NE"]


def test_time_to_relief_has_death_competing(cohort):
    frame = oa.cohort.time_to_relief(cohort)
    assert len(frame) == 205 and frame["event"].isin([0, 1, 2]).all() and (frame["time_days"] > 0).all()
    events = cohort.table("events")
    assert (frame["event"] == 1).sum() == events["relief_onset_day"].notna().sum()
    assert len(oa.cohort.relief_duration(cohort)) == 171


def test_relief_from_visits_where_no_onset_is_recorded(tmp_path):
    events = "id,os_months,os_event\na,10,0\nb,0.5,1\n"
    cohort = small(tmp_path, patients=PATIENTS, visits=VISITS, events=events)
    frame = oa.cohort.time_to_relief(cohort)
    assert frame["event"].tolist() == [1, 2] and frame["time_days"].iloc[0] == 29
    assert frame["time_days"].iloc[1] == pytest.approx(0.5 * 30.4375)


def test_survival_and_its_censoring_rules(cohort):
    events = cohort.table("events")
    whole = oa.cohort.survival_frame(cohort, "os")
    assert whole["event"].sum() == events["os_event"].sum()
    plain = oa.cohort.survival_frame(cohort, "pfs")
    censored = oa.cohort.survival_frame(cohort, "pfs", retreatment="censor")
    counted = oa.cohort.survival_frame(cohort, "pfs", retreatment="event")
    assert (censored["time_months"] <= plain["time_months"] + 1e-12).all()
    assert censored["event"].sum() <= plain["event"].sum() <= counted["event"].sum()
    assert (counted["time_months"] == censored["time_months"]).all()
    assert (plain.loc[plain["event"] == 1, "event_type"] > 0).all()
    with pytest.raises(OptionError, match="pfs"):
        oa.cohort.survival_frame(cohort, "ttp")


def test_a_patient_without_follow_up_stays_with_missing_time(tmp_path):
    cohort = small(tmp_path, patients=PATIENTS, visits=VISITS, events="id,os_months,os_event\na,10,0\n")
    frame = oa.cohort.survival_frame(cohort)
    assert frame["time_months"].isna().tolist() == [False, True] and frame["event"].isna().tolist() == [False, True]


def test_skeletal_events_take_the_first_and_let_death_compete(tmp_path):
    files = {
        "events": "id,os_months,os_event,reirradiation_day\na,10,0,60\nb,2,1,\n",
        "skeletal_events": "id,type,day\na,surgery,90\na,cord_compression,40\n",
    }
    cohort = small(tmp_path, patients=PATIENTS, visits=VISITS, **files)
    frame = oa.cohort.skeletal_frame(cohort)
    assert (
        frame[["time_days", "event", "type"]].iloc[0].tolist() == [40, 1, "cord_compression"]
        and frame["event"].iloc[1] == 2
    )
    assert oa.cohort.skeletal_frame(cohort, types=["radiotherapy"])["time_days"].iloc[0] == 60
    with pytest.raises(OptionError, match="surgery"):
        oa.cohort.skeletal_frame(cohort, types=["surgry"])


def test_worst_grades_and_scores(cohort):
    worst = oa.cohort.worst_grade_frame(cohort)
    raw = cohort.table("adverse_events")
    assert worst.shape[0] == 205
    for category in raw["category"].unique():
        assert (worst[category] > 0).sum() == raw.loc[raw["category"] == category, "id"].nunique()
    scores = oa.cohort.quality_of_life(cohort)
    assert scores.scores[["ql", "pf"]].stack().between(0, 100).all()


def test_flow_adds_up(cohort):
    found = oa.cohort.flow(cohort)
    assert (
        found.screened - found.reasons["n_first"].sum()
        == found.eligible
        == found.enrolled
        == sum(found.by_group.values())
    )
    assert (found.reasons["n_any"] >= found.reasons["n_first"]).all() and not found.notes
    states = found.visits.set_index(["group", "week"])
    assert (states.sum(axis=1).groupby("week").sum() == 205).all()
    assert "not eligible" in str(found)


def test_a_screening_log_that_does_not_fit_says_so(tmp_path):
    log = "id,age,nrs_screen\na,17,7\nb,60,7\nc,60,8\n"
    found = oa.cohort.flow(small(tmp_path, patients=PATIENTS, visits=VISITS, screening=log))
    assert any("criterion is not met" in note for note in found.notes) and any(
        "without a reason" in note for note in found.notes
    )


def test_without_the_table_the_message_names_it(tmp_path):
    cohort = small(tmp_path, patients=PATIENTS, visits=VISITS)
    for call in (oa.cohort.flow, oa.cohort.time_to_relief, oa.cohort.worst_grade_frame, oa.cohort.quality_of_life):
        with pytest.raises(TableError, match=r"\.csv"):
            call(cohort)


def test_notes_and_texts_tell_no_identifier(cohort):
    found = oa.cohort.response_by_week(cohort)
    for text in (str(cohort), str(cohort.quality), str(found), str(oa.cohort.flow(cohort))):
        assert not any(name in text for name in cohort.patients["id"])


def test_the_order_of_the_rows_does_not_matter(cohort, tmp_path):
    rng = np.random.default_rng(7)
    for name in ("patients", "visits", "events"):
        frame = pd.read_csv(example() / f"{name}.csv")
        frame.sample(frac=1, random_state=rng).to_csv(tmp_path / f"{name}.csv", index=False)
    again = oa.cohort.response_by_week(read(tmp_path)).frame.sort_values(["week", "id"], ignore_index=True)
    first = oa.cohort.response_by_week(cohort).frame.sort_values(["week", "id"], ignore_index=True)
    pd.testing.assert_frame_equal(again, first)


SITES = "id,site,week,day,nrs_worst,omed_mg\na,hip,0,0,4,10\na,spine,0,0,8,10\na,hip,4,28,0,10\n"
SITES += "a,spine,4,28,7,10\nb,rib,0,0,6,0\nb,rib,4,28,2,0\n"


def test_several_sites_of_one_patient(tmp_path):
    """By hand: the worst site at baseline (spine, 8 to 7) is indeterminate, the hip (4 to 0) complete."""
    cohort = small(tmp_path, patients=PATIENTS, visits=SITES)
    assert not cohort.quality.findings and len(cohort.visits) == 6
    worst = oa.cohort.response_by_week(cohort)
    assert worst.frame[["site", "pain_response"]].to_numpy().tolist() == [["spine", "IR"], ["rib", "PR"]]
    each = oa.cohort.response_by_week(cohort, sites="each")
    assert each.frame[["id", "site", "pain_response"]].to_numpy().tolist() == [
        ["a", "hip", "CR"],
        ["a", "spine", "IR"],
        ["b", "rib", "PR"],
    ]
    assert any("cluster by patient" in note for note in each.notes)


def test_an_impossible_value_is_counted_and_stops_nothing(tmp_path):
    cohort = small(
        tmp_path,
        patients=PATIENTS,
        visits="id,week,day,nrs_worst,omed_mg\na,0,0,7,0\na,4,28,77,0\nb,0,0,5,0\nb,4,28,0,0\n",
    )
    assert [(one.study, one.reason) for one in cohort.excluded] == [
        ("visits.csv: 1 value of nrs_worst", "impossible, taken as missing")
    ]
    found = oa.cohort.response_by_week(cohort)
    assert found.frame["response_reason"].tolist() == ["pain_missing", ""]
    assert "77" not in str(cohort) + str(cohort.quality)


def test_a_flare_needs_the_diary(tmp_path):
    patients = "id,group,nrs_baseline,omed_baseline_mg\na,x,5,20\nb,x,5,20\nc,x,,20\n"
    days = [(day, 8 if day in (3, 4) else 5) for day in range(1, 15)]
    diary = "id,day,nrs_worst,omed_mg\n" + "".join(f"{who},{day},{pain},20\n" for who in "ac" for day, pain in days)
    frame = oa.cohort.flare_frame(small(tmp_path, patients=patients, visits=VISITS, diary=diary))
    assert frame["status"].tolist() == ["flare", "not_assessable", "not_assessable"]
    assert frame["onset_day"].iloc[0] == 3 and frame["reason"].tolist() == [
        "",
        "no daily diary",
        "no baseline in patients",
    ]


def test_best_response_is_never_worse_than_at_a_week(cohort):
    found = oa.cohort.response_by_week(cohort)
    best = oa.cohort.best_response(found)
    assert best["id"].tolist() == cohort.patients["id"].tolist()
    ever = found.frame.groupby("id")["responder_all_treated"].any()
    assert (best.set_index("id")["responder_all_treated"] == ever.reindex(best["id"])).all()
    assert (
        best["pain_response"].isin(["CR", "PR"]).sum()
        == ever.sum()
        >= found.rates().query("denominator == 'all_treated'").groupby("week")["events"].sum().max()
    )


def test_a_patient_without_group_stays_under_its_own_name(tmp_path):
    cohort = small(tmp_path, patients="id,group\na,x\nb,\n", visits=VISITS)
    assert oa.cohort.response_by_week(cohort).rates()["group"].unique().tolist() == ["not recorded", "x"]


def test_no_visit_after_baseline_is_said(tmp_path):
    for visits in ("id,week,day,nrs_worst,omed_mg\na,0,0,7,10\n", "id,week,day,nrs_worst,omed_mg\n"):
        cohort = small(tmp_path, patients=PATIENTS, visits=visits, events="id,os_months,os_event\na,1,0\nb,2,1\n")
        for call in (oa.cohort.response_by_week, oa.cohort.time_to_relief):
            with pytest.raises(TableError, match="after baseline"):
                call(cohort)
