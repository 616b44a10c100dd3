"""Follow-up: the consensus class at each visit, times, alerts with the emergency first, questions for what is not recorded."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ostealgia as oa
from ostealgia.decision.follow_up_course import TIERS, FollowUp, FollowUps, follow_up
from ostealgia.errors import OptionError, TableError


def course(*rows, **options):
    """Visits as (day, pain, omed) with more by mappings at the end of a row."""
    made = []
    for row in rows:
        extra = row[3] if len(row) > 3 else {}
        made.append({"day": row[0], "pain": row[1], "omed_mg_per_day": row[2], **extra})
    found = follow_up(made, **options)
    assert isinstance(found, FollowUp)
    return found


def kinds(found):
    return [one.kind for one in found.alerts]


CLEAR = {"new_neurological_symptom": "no"}


def test_classes_are_those_of_the_consensus():
    """The worked examples, each as the second visit of a course."""
    examples = [
        (7, 0, 60, 60, "CR"), (7, 0, 60, 75, "IR"), (7, 5, 60, 60, "PR"), (7, 6, 60, 45, "PR"), (7, 8, 60, 30, "IR"), (7, 5, 60, 66, "IR"),
        (5, 7, 40, 40, "PP"), (5, 6, 40, 50, "PP"), (5, 8, 40, 60, "PP"), (6, 4, 0, 0, "PR"), (6, 6, 0, 20, "PP"), (1, 0, 30, 10, "NE"),
        (6, 6, 40, 36, "IR"),
    ]  # fmt: skip
    for pain_0, pain_1, omed_0, omed_1, expected in examples:
        assert course((0, pain_0, omed_0), (28, pain_1, omed_1)).latest.pain_response == expected


def test_times_to_response_and_progression():
    found = course((0, 7, 60), (14, 6, 60), (28, 4, 60), (56, 3, 60), (84, 9, 60))
    assert (found.response_day, found.response_after_day, found.progression_day) == (28, 14, 84)
    assert found.best == "PR" and found.last_day == 84 and "pain progression" in found.progression_by
    never = course((0, 7, 60), (28, 7, 60))
    assert (
        math.isnan(never.response_day)
        and math.isnan(never.progression_day)
        and "No response up to day 28" in never.text()
    )


def test_an_unknown_visit_is_not_bridged():
    """The onset lies after the last assessable visit, and nothing is carried forward."""
    found = course((0, 7, 60), (14, None, 60), (28, 4, 60))
    assert (
        found.response_after_day == 0
        and found.visits[1].pain_response == "NE"
        and found.visits[1].reason == "pain_missing"
    )


def test_a_second_treatment_ends_the_course_of_the_site():
    found = course((0, 7, 60), (28, 6, 60, {"retreated": "yes"}), (56, 2, 60))
    assert found.progression_day == 28 and "treated again" in found.progression_by
    assert math.isnan(found.response_day) and found.latest.retreated and found.best == "NE"


def test_no_alert_after_death_and_no_response_that_is_none():
    """Severe pain on day 28 is no alert for a patient who has died since; progression is not called a best response."""
    found = course((0, 8, 60), (28, 10, 150), (56, None, None, {"died": 1}))
    assert found.alerts == () and found.progression_day == 28
    assert "No response at any visit; best class: pain progression." in found.text()
    assert "Died by day 56; no alerts are given." in found.text()


def test_nothing_is_said_of_days_that_cannot_be_classed():
    text = course((0, 8, None), (14, 5, None)).text()
    assert "No visit after treatment can be classed." in text and "up to day 0" not in text


def test_an_unknown_conversion_table_is_refused_even_where_no_dose_is_converted():
    with pytest.raises(OptionError, match="CDC_2022"):
        follow_up([{"day": 0, "pain": 7, "omed_mg_per_day": 60}], table="WHO")


def test_death_is_not_evaluable():
    found = course((0, 7, 60), (28, None, None, {"died": 1}))
    assert found.death_day == 28 and found.latest.pain_response == "NE" and "Died by day 28" in found.text()
    assert not any("latest visit" in question for question in found.questions)


def test_the_emergency_stands_first():
    found = course((0, 5, 40), (28, 9, 400, {"new_neurological_symptom": "yes"}))
    assert kinds(found) == [
        "new neurological symptom",
        "pain progression",
        "severe pain",
        "opioid escalation",
        "high opioid dose",
    ]
    assert found.alerts[0].tier == "now" and found.text().splitlines()[2].startswith("EMERGENCY")
    assert found.to_dict()["alerts"][0]["tier"] == "now" and next(iter(found.to_dict())) == "alerts"


def test_a_symptom_before_the_baseline_is_not_lost():
    """The visit that is not the baseline carries the symptom: it still fires."""
    found = course((-7, None, None, {"new_neurological_symptom": "yes"}), (0, 7, 60), (28, 4, 60))
    assert found.alerts[0].tier == "now" and found.alerts[0].day == -7
    at_baseline = course((0, 7, 60, {"new_neurological_symptom": "yes"}))
    assert at_baseline.alerts[0].tier == "now"


def test_a_symptom_that_is_gone_is_told_as_past():
    found = course((0, 7, 60), (28, 5, 60, {"new_neurological_symptom": "yes"}), (56, 5, 60, CLEAR))
    assert found.alerts[0].tier == "urgent" and "was it assessed" in found.alerts[0].message


def test_unknown_neurology_is_asked_before_everything_but_an_emergency():
    found = course((0, 5, 40), (28, 8, 40))
    body = found.text().splitlines()
    assert body[2].startswith("ASK: Neurological status") and body[3].startswith("URGENT")
    assert not course((0, 5, 40), (28, 5, 40, CLEAR)).questions


def test_alerts_of_pain_and_opioids():
    assert kinds(course((0, 4, 40), (28, 6, 40, CLEAR))) == ["pain progression"]
    assert kinds(course((0, 5, 40), (28, 5, 49, CLEAR))) == []
    assert kinds(course((0, 5, 40), (28, 3, 50, CLEAR))) == ["opioid escalation"]
    new = course((0, 5, 0), (28, 3, 10, CLEAR))
    assert "new opioid" in new.alerts[0].message
    step = course((0, 5, 100), (28, 3, 60), (56, 3, 80, CLEAR))
    assert "against the visit before" in step.alerts[0].message and "baseline" not in step.alerts[0].message
    assert "high opioid dose" in kinds(course((0, 5, 300), (28, 5, 300, CLEAR)))
    assert kinds(course((0, 5, 300), (28, 5, 300, CLEAR), high_omed_mg_per_day=400)) == []


def test_pain_that_comes_back_is_flagged_whatever_the_class():
    """8, then 0, then 9: one point above the baseline, and not evaluable without the opioids."""
    found = course((0, 8, None), (28, 0, None), (56, 9, None, CLEAR))
    assert [one.pain_response for one in found.visits[1:]] == ["NE", "NE"]
    assert kinds(found) == ["severe pain", "pain has come back"] and {one.tier for one in found.alerts} == {"urgent"}
    mild = course((0, 6, 40), (28, 2, 40), (56, 4, 40, CLEAR))
    assert mild.latest.pain_response == "PR" and kinds(mild) == ["pain has come back"] and mild.alerts[0].tier == "look"
    assert "no published definition" in mild.alerts[0].source and mild.alerts[0].check_status == "uncertain"
    assert kinds(course((0, 6, 40), (28, 5, 40), (56, 7, 40, CLEAR))) == ["severe pain"]  # it never fell by 2
    assert "pain has come back" not in kinds(
        course((0, 4, 40), (28, 2, 40), (56, 6, 40, CLEAR))
    )  # progression says it already
    assert "pain has come back" not in kinds(course((0, 6, 40), (28, 2, 40), (56, 3, 40, CLEAR)))


def test_severe_pain_is_that_of_the_last_visit_that_has_it():
    assert kinds(course((0, 8, 40), (28, 7, 40, CLEAR))) == ["severe pain"]
    assert kinds(course((0, 8, 40), (28, 7, 40), (56, None, 40, CLEAR))) == ["severe pain"]
    assert kinds(course((0, 8, 40), (28, 6, 40, CLEAR))) == []
    assert kinds(course((0, 8, 40))) == []


def test_an_early_rise_may_be_a_flare():
    early = course((0, 4, 40), (7, 6, 40, CLEAR))
    assert "a flare cannot be told from progression" in early.alerts[0].message
    assert "flare" not in course((0, 4, 40), (28, 6, 40, CLEAR)).alerts[0].message


def test_opioids_by_a_named_table():
    patch = {"doses": [{"drug": "fentanyl", "route": "patch", "dose": 25, "unit": "mcg/h"}]}
    rows = [{"day": 0, "pain": 6, "doses": [{"drug": "none"}]}, {"day": 28, "pain": 6, **patch}]
    found = follow_up(rows)
    assert found.latest.omed_mg_per_day == 60 and found.table == "CDC_2022" and found.latest.pain_response == "PP"
    assert follow_up(rows, table="ANZCA_2021").latest.omed_mg_per_day == 75
    missing = follow_up([{"day": 0, "pain": 6, "doses": []}, {"day": 28, "pain": 3, "omed_mg_per_day": 0}])
    assert math.isnan(missing.baseline.omed_mg_per_day) and missing.latest.pain_response == "NE"
    assert any("baseline" in question for question in missing.questions)


def test_a_cohort_gives_the_classes_of_the_cohort_room():
    """Every patient and week as ``cohort.response_by_week`` has it, where that class needs no rule on death or second treatment."""
    cohort = oa.cohort.read(oa.cohort.example())
    found = follow_up(cohort.visits)
    assert isinstance(found, FollowUps) and len(found) == 205
    ours = found.to_frame().assign(week=lambda f: f["day"] / 7)
    theirs = oa.cohort.response_by_week(cohort, weeks=[12], retreatment="treatment_policy").frame.set_index("id")[
        "pain_response"
    ]
    visits = cohort.visits[cohort.visits["week"] == 12].set_index("id")
    seen = visits[visits["nrs_worst"].notna() & visits["omed_mg"].notna()].index
    last = ours[ours["day"] > 0].sort_values("day").groupby("id").last()["pain_response"]
    day = visits["day"]
    at = {(row.id, row.day): row.pain_response for row in ours.itertuples()}
    pairs = [(at[(id, day[id])], theirs[id]) for id in seen if (id, day[id]) in at]
    assert len(pairs) > 100 and all(a == b for a, b in pairs) and len(last) == 205


def test_many_patients_in_one_table():
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "a", "b"],
            "week": [0, 0, 4, 4],
            "nrs_worst": [7, 5, 4, 8],
            "omed_mg": [0, 0, 0, 0],
            "new_neurology": [None, None, "no", "yes"],
        }
    )
    found = follow_up(frame)
    assert [one.latest.pain_response for one in found] == ["PR", "PP"] and found["a"].latest.day == 28
    alerts = found.alert_frame()
    assert alerts["tier"].tolist() == sorted(alerts["tier"], key=TIERS.index) and alerts["id"].iloc[0] == "b"
    assert "1 emergency" in str(found) and "\f" in found.text()
    json.dumps(found.to_dict(), allow_nan=False)
    with pytest.raises(OptionError):
        found["c"]


def test_errors_tell_the_row_and_no_value():
    with pytest.raises(TableError, match="row 3") as caught:
        follow_up([{"day": 0, "pain": 7}, {"day": 28, "pain": 77}])
    assert "77" not in str(caught.value)
    with pytest.raises(TableError, match="before treatment"):
        course((7, 5, 0), (28, 5, 0))
    with pytest.raises(TableError, match="same day"):
        course((0, 5, 0), (28, 5, 0), (28, 4, 0))
    with pytest.raises(TableError, match="neither day nor week"):
        follow_up([{"pain": 5}])
    with pytest.raises(TableError, match="no visit"):
        follow_up([])
    with pytest.raises(TableError, match="not a mapping"):
        follow_up([1, 2])
    with pytest.raises(TableError, match="not a table"):
        follow_up({"day": 0})
    with pytest.raises(TableError, match="no id"):
        follow_up([{"id": "a", "day": 0, "pain": 5}, {"day": 0, "pain": 5}])
    with pytest.raises(OptionError, match="columns"):
        follow_up([{"day": 0, "pain": 5}], columns={"ache": "pain"})
    with pytest.raises(OptionError):
        course((0, 5, 0), (28, 5, 0), worse_on_both="maybe")


def test_columns_and_rules_can_be_named():
    rows = [{"d": 0, "vas": 7, "m": 60}, {"d": 28, "vas": 5, "m": 66}]
    names = {"day": "d", "pain": "vas", "omed_mg_per_day": "m"}
    assert follow_up(rows, columns=names).latest.pain_response == "IR"
    kind = follow_up(rows, columns=names, analgesic_tolerance="below_25_percent")
    assert kind.latest.pain_response == "PR" and any("options that differ" in note for note in kind.notes)


def test_one_page():
    """Twelve visits, alerts and notes: under 60 lines, none wider than a page of a landscape print can wrap."""
    rows = [(0, 8, 60), *((7 * i, 8 - i % 4, 60 + i, CLEAR) for i in range(1, 12))]
    assert len(course(*rows).text().splitlines()) < 60


VISIT = st.fixed_dictionaries(
    {},
    optional={
        "day": st.one_of(st.integers(-30, 400), st.none()), "pain": st.one_of(st.integers(0, 10), st.none(), st.just(float("nan"))),
        "omed_mg_per_day": st.one_of(st.floats(0, 500), st.none()),
        "new_neurological_symptom": st.sampled_from(["yes", "no", None, "unknown", 1, 0]), "retreated": st.booleans(),
        "died": st.booleans(), "analgesic_increased": st.booleans(),
    },
)  # fmt: skip


@given(rows=st.lists(VISIT, min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_no_course_raises_but_for_its_table_and_no_emergency_is_hidden(rows):
    try:
        found = follow_up(rows)
    except TableError:
        return
    json.dumps(found.to_dict(), allow_nan=False)
    symptom = [row for row in rows if row.get("new_neurological_symptom") in ("yes", 1)]
    if symptom and not any(row.get("died") for row in rows):  # after a death nothing is asked for
        assert found.alerts[0].tier in ("now", "urgent")
        assert "new neurological symptom" in kinds(found)
    assert found.text() and len(found.to_frame()) == len(found.visits)


def test_the_scalar_is_a_frame_of_one():
    frame = pd.DataFrame({"day": [0, 28], "pain": [7.0, np.nan], "omed_mg_per_day": [60, 60]})
    assert (
        follow_up(frame).text() == follow_up(frame.astype(object).where(frame.notna(), None).to_dict("records")).text()
    )
