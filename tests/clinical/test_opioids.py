"""OMED: the worked sums of the tables, and every case in which it must be missing instead of 0."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from ostealgia.clinical import omed, omed_by_tables, opioid_table, opioid_tables, oral_morphine_mg_per_day
from ostealgia.errors import OptionError, TableError


def dose(drug, amount, route="oral", unit="mg/day"):
    return {"drug": drug, "route": route, "dose": amount, "unit": unit}


@pytest.mark.parametrize(
    ("given", "table", "expected"),
    [
        ([dose("oxycodone", 40), dose("oxycodone", 15)], "CDC_2022", 82.5),
        ([dose("fentanyl", 50, "transdermal", "mcg/h")], "CDC_2022", 120),
        ([dose("fentanyl", 25, "patch", "µg/h")], "ANZCA_2021", 75),
        ([dose("hydromorphone", 8)], "CDC_2022", 40), ([dose("hydromorphone", 8)], "EAPC_2012", 40),
        ([dose("hydromorphone", 8)], "ANZCA_2021", 40), ([dose("hydromorphone", 8)], "CDC_2016", 32),
        ([dose("hydromorphone", 8)], "ESMO", 60),
        ([dose("tramadol", 200)], "CDC_2022", 40), ([dose("tramadol", 200)], "CDC_2016", 20), ([dose("tramadol", 200)], "FPM_UK", 20),
        ([dose("codeine", 240)], "CDC_2022", 36), ([dose("codeine", 240)], "FPM_UK", 24),
        ([dose("methadone", 30)], "CDC_2022", 141), ([dose("methadone", 30)], "CDC_2016", 240),
        ([dose("methadone", 20)], "CDC_2016", 80), ([dose("methadone", 20.5)], "CDC_2016", 164), ([dose("methadone", 61)], "CDC_2016", 732),
        ([dose("methadone", 15), dose("methadone", 15)], "CDC_2016", 240),  # the tier follows the day's total
        ([dose("morphine", 20, "sc")], "EAPC_2012", 60), ([dose("morphine", 20, "iv")], "ANZCA_2021", 60),
        ([dose("fentanyl", 0.4, "buccal", "mg/day")], "CDC_2016", 52),  # 400 mcg x 0.13
        ([dose("fentanyl", 1.2, "transdermal", "mg/day")], "EAPC_2012", 120),
        ([{"drug": "none"}], "CDC_2022", 0),
    ],
)  # fmt: skip
def test_worked_sums(given, table, expected):
    """Products of a dose and a printed factor: only rounding of the last digit can differ."""
    assert oral_morphine_mg_per_day(given, table=table) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([dose("buprenorphine", 35, "transdermal", "mcg/h")], "buprenorphine_needs_a_choice"),
        ([dose("morphine", 5, "intrathecal")], "neuraxial_route"),
        ([dose("morphine", 5, "epidural"), dose("morphine", 60)], "neuraxial_route"),
        ([dose("ketamine", 50)], "no_factor"),
        ([dose("morphine", 10, "oral", "tablets")], "no_factor"),
        ([dose("fentanyl", 1.2, "transdermal", "mg/day")], "no_factor"),  # CDC has the patch rate only
        ([dose("morphine", None)], "dose_missing"),
        ([{"drug": "none"}, dose("morphine", 10)], "none_beside_an_opioid"),
        ([dose("none", 10)], "none_with_a_dose"),
    ],
)
def test_an_unknown_dose_is_missing_and_never_zero(given, reason):
    assert math.isnan(oral_morphine_mg_per_day(given))
    frame = pd.DataFrame([{**dict.fromkeys(("drug", "route", "dose", "unit")), **one} for one in given]).assign(
        id="a", week=0
    )
    found = omed(frame)
    assert found.visits["reason"].tolist() == [reason]
    assert any("OMED missing in 1 visit" in note for note in found.notes)


def test_nothing_recorded_is_not_no_opioid():
    assert math.isnan(oral_morphine_mg_per_day([]))


def test_methadone_by_the_morphine_before():
    frame = pd.DataFrame([dose("methadone", 10)] * 5).assign(id=list("abcde"), week=0, before=[60, 90, 300, 301, None])
    assert omed(frame, table="ESMO", previous_morphine="before").visits["omed_mg_per_day"].tolist()[:4] == [
        40,
        80,
        80,
        120,
    ]
    found = omed(frame.iloc[:1], table="ESMO")
    assert found.visits["reason"].tolist() == ["methadone_needs_previous_morphine"]


def test_methadone_of_a_fifth_is_warned_about():
    frame = pd.DataFrame([dose("methadone", 10), dose("morphine", 100)]).assign(id="a", week=0)
    found = omed(frame)
    assert found.visits["methadone_share"].iloc[0] == pytest.approx(47 / 147)
    assert any("methadone" in note for note in found.notes)


def test_transmucosal_fentanyl_is_counted_apart():
    frame = pd.DataFrame([dose("fentanyl", 400, "buccal", "mcg/day"), dose("morphine", 60)]).assign(id="a", week=0)
    found = omed(frame)
    assert found.visits["omed_mg_per_day"].tolist() == [60]
    assert found.visits["transmucosal_lines"].tolist() == [1]
    assert any("transmucosal" in note for note in found.notes)


def test_an_own_factor_needs_its_source():
    patch = [dose("buprenorphine", 35, "transdermal", "mcg/h")]
    key = ("buprenorphine", "transdermal", "mcg/h")
    assert oral_morphine_mg_per_day(patch, factors={key: (1.8, "EAPC 2012")}) == pytest.approx(63)
    with pytest.raises(OptionError, match="source"):
        oral_morphine_mg_per_day(patch, factors={key: (1.8, "")})


def test_a_patch_in_mcg_a_day_is_suspected():
    found = omed(pd.DataFrame([dose("fentanyl", 1200, "transdermal", "mcg/h")]).assign(id="a", week=0))
    assert any("300 mcg/h" in note for note in found.notes)


def test_tables_carry_source_and_check_status():
    assert set(opioid_tables()) >= {"CDC_2022", "CDC_2016", "EAPC_2012", "ESMO", "FPM_UK", "ANZCA_2021"}
    for table in opioid_tables().values():
        frame = table.to_frame()
        assert frame["check_status"].isin(["read", "remembered", "uncertain"]).all() and (frame["source"] != "").all()
        assert (frame["factor"] > 0).all()
    assert opioid_table("CDC_2022").check_status == "read"
    assert omed_by_tables(pd.DataFrame([dose("codeine", 240)]).assign(id="a", week=0), ["CDC_2022", "FPM_UK"]).iloc[
        0, 2:
    ].tolist() == [36, 24]


def test_every_result_says_that_it_is_not_for_prescribing():
    found = omed(pd.DataFrame([dose("morphine", 60)]).assign(id="a", week=0))
    assert any("not for prescribing" in note for note in found.notes) and "CDC_2022" in str(found)


def test_bad_input_is_refused_without_the_value():
    with pytest.raises(TableError, match="row 2") as caught:
        oral_morphine_mg_per_day([dose("morphine", -77.5)])
    assert "77.5" not in str(caught.value)
    with pytest.raises(TableError, match="number"):
        oral_morphine_mg_per_day([dose("morphine", "two tablets")])
    with pytest.raises(OptionError, match="CDC_2022"):
        oral_morphine_mg_per_day([dose("morphine", 10)], table="CDC_2020")
    with pytest.raises(TableError, match="unit"):
        omed(pd.DataFrame({"id": [1], "week": [0], "drug": ["morphine"], "route": ["oral"], "dose": [10]}))
