"""The bundled trials: every row is used or named, nothing is guessed, nothing is joined that no randomised trial joins."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.errors import OptionError
from ostealgia.network import fit as fit_network
from ostealgia.network.therapies import (
    CERTAINTY,
    MIXED,
    NODES,
    OUTCOMES,
    SENSITIVITIES,
    therapy_network,
    therapy_sensitivity,
    trial_arms,
)

CHOICES = list(product(CERTAINTY, OUTCOMES, NODES, MIXED, (False, True)))


def chosen(certainty, outcome, nodes, mixed, non_randomised):
    return therapy_network(
        certainty, outcome=outcome, nodes=nodes, mixed_schedules=mixed, include_non_randomised=non_randomised
    )


def reasons(found):
    return {row.row: row.reason for row in found.excluded}


@pytest.mark.parametrize("settings", CHOICES, ids=lambda s: "-".join(map(str, s)))
def test_every_row_is_used_or_named(settings):
    found = chosen(*settings)
    used = [arm.row for arm, _ in found.arms]
    assert sorted([*used, *(row.row for row in found.excluded)]) == [arm.row for arm in trial_arms()]
    assert all(arm.responders is not None and arm.n is not None for arm, _ in found.arms)
    assert all(CERTAINTY[arm.certainty] >= CERTAINTY[settings[0]] for arm, _ in found.arms)
    assert all(row.reason for row in found.excluded)


def test_the_first_network():
    found = therapy_network()
    assert not found.is_sensitivity
    assert [part.treatments for part in found.parts.parts] == [
        ("EBRT-MF", "EBRT-SF4", "EBRT-SF6", "EBRT-SF8", "SBRT"),
        ("EBRT (local field)", "Sr-89"),
        ("EBRT 22.5Gy/5", "EBRT-SF10"),
        ("EBRT+drug", "EBRT+placebo"),
        ("MRgFUS", "sham"),
    ]
    assert {arm.study.split(" (")[0] for arm, _ in found.arms} == {
        "RTOG 9714", "Dutch Bone Metastasis Study", "UK Bone Pain Trial Working Party", "Koswig and Budach", "Gaze", "Amouzegar-Hashemi",
        "Jeremic", "RTOG 0631", "Sprave", "Hurwitz", "Fallon", "Oosterhof",
    }  # fmt: skip
    assert any("MRgFUS or sham with radiotherapy" in note for note in found.notes)
    assert any("treated sites, not patients: Gaze" in note for note in found.notes)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((8, 9, 14, 15, 18, 19), "certainty of transcription low"),
        ((16, 17), "neuropathic pain only"),
        ((25, 26, 27, 28, 55, 56, 62, 63, 67, 68, 69), "number of responders not established"),
        ((29, 30), "re-irradiation, another network"),
        ((31, 32, 33, 34, 35, 36, 51, 52), "complete response, another outcome"),
        ((39, 40), "superseded by a published correction"),
        ((44,), "mixes single and multiple fractions"),
        ((43,), "its other arm is not used"),
        ((47, 48, 49, 50), "not randomised"),
        ((59, 60), "share of days"),
        ((61, 62, 63, 64), "single arm"),
        ((65, 66, 67), "pain flare, another outcome"),
    ],
)
def test_why_rows_are_left_out(rows, words):
    found = reasons(therapy_network())
    assert all(words in found[row] for row in rows)


def test_the_superseded_trial_stays_out_at_any_certainty():
    assert "superseded" in reasons(therapy_network("low"))[39]


def test_high_certainty_is_a_thin_network():
    """therapy table: 4, 6 and 8 Gy (Jeremic) meet 30 Gy/10 only through Amouzegar-Hashemi (58 assessable)."""
    found = therapy_network("high")
    assert found.is_sensitivity and "certainty of transcription high" in found.label
    first = found.parts.parts[0]
    assert first.studies == ("Amouzegar-Hashemi", "Jeremic")
    assert first.treatments == ("EBRT-MF", "EBRT-SF4", "EBRT-SF6", "EBRT-SF8")
    assert {part.treatments for part in found.parts.parts[1:]} >= {("MRgFUS", "sham"), ("EBRT 22.5Gy/5", "EBRT-SF10")}


def test_ultrasound_is_joined_only_in_a_labelled_sensitivity():
    for settings in CHOICES:
        found = chosen(*settings)
        if settings[1] != "response":
            continue
        names = {name for part in found.parts.parts for name in part.treatments}
        joined = "MRgFUS" in names and any(name.startswith("EBRT") for name in found.parts.of("MRgFUS").treatments)
        if joined:
            assert settings[4] and found.label.startswith("SENSITIVITY") and "NON-RANDOMISED" in found.label
        if settings[4] and settings[2] == "one EBRT":
            assert joined


def test_outcomes_are_not_mixed():
    found = therapy_network(outcome="complete response")
    assert found.parts.connected
    assert found.parts.parts[0].treatments == ("EBRT+HT", "EBRT-MF", "EBRT-SF8", "SBRT")
    studies = {arm.study for arm, _ in found.arms}
    assert studies == {"SC.24 (Sahgal)", "ROBOMET (Mercier) CR week 12", "Chi"}
    week_4 = therapy_network(outcome="complete response", complete_response_week=4)
    assert "ROBOMET (Mercier) CR week 4" in {arm.study for arm, _ in week_4.arms}
    assert "the same patients as at week 12" in reasons(found)[33]
    flare = therapy_network(outcome="pain flare")
    assert {arm.study for arm, _ in flare.arms} == {"SC.23 (Chow) PAIN FLARE"}
    assert flare.fit().small_values == "desirable" and found.fit().small_values == "undesirable"


def test_re_irradiation_is_another_network():
    found = therapy_network(population="re-irradiation")
    assert found.parts.parts[0].studies == ("NCIC CTG SC.20 (Chow)",)
    assert found.parts.parts[0].treatments == ("EBRT 20Gy multiple", "EBRT-SF8")


def test_split_schedules_do_not_guess_a_mixed_arm():
    found = therapy_network(nodes="split")
    assert "its arm mixes schedules (EBRT 20Gy/5 or 30Gy/10)" in reasons(found)[7]
    assert {"EBRT 24Gy/6", "EBRT 30Gy/10"} <= set(found.parts.parts[0].treatments)


def test_the_fit_carries_its_warnings_and_its_exclusions():
    found = therapy_network()
    fit = found.fit("SBRT", reference="EBRT-SF8")
    assert fit.k == 8 and len(fit.excluded) == len(found.excluded)
    for words in (
        "check status",
        "times of response differ",
        "years (systemic therapy) differ",
        "not connected with this part",
        "designs disagree",
    ):
        assert any(words in note for note in fit.notes), words
    assert "and 13 more studies, all in .excluded" in str(fit)
    assert len(found.fits()) == 5
    # the two-treatment part by hand: log odds ratio of Hurwitz
    sham = found.fit("sham", reference="sham")
    assert_allclose(sham.compare("MRgFUS", "sham")["estimate"], np.log(72 / 40 / (7 / 28)))


def test_estimates_equal_those_of_the_same_arms_given_by_hand():
    found = therapy_network()
    part = found.parts.parts[0]
    arms = [(arm, node) for arm, node in found.arms if node in part.treatments]
    table = {
        "study": [arm.study for arm, _ in arms], "treatment": [node for _, node in arms], "events": [arm.responders for arm, _ in arms],
        "n": [arm.n for arm, _ in arms],
    }  # fmt: skip
    assert_allclose(fit_network(table, measure="OR").random.estimate, found.fit(1).random.estimate)


def test_transitivity_is_read_off_the_rows():
    frame = therapy_network().transitivity().set_index("study")
    assert frame.loc["Dutch Bone Metastasis Study (Steenland)", "timing"] == "best response at any time"
    assert frame.loc["RTOG 0631 (Ryu)", "threshold"] == ">= 3 points"
    assert frame.loc["RTOG 0631 (Ryu)", "denominator"] == "assessable"
    assert frame.loc["RTOG 9714 (Hartsell)", "denominator"] == "all randomised"
    assert frame.loc["Hurwitz", "patients"] == "radiotherapy failed or unsuitable"
    assert frame.loc["Jeremic", "era"] == "before 2000"
    assert len(frame) == 12


def test_the_sensitivity_table_has_every_analysis():
    frame = therapy_sensitivity()
    assert list(frame["analysis"].unique()) == list(SENSITIVITIES)
    assert set(frame[frame.analysis == "high only"]["treatment"]) == {"EBRT-MF", "EBRT-SF4", "EBRT-SF6"}
    first = frame[(frame.analysis == "medium or higher (first network)") & (frame.treatment == "SBRT")].iloc[0]
    assert (first["k"], first["direct"]) == (8, 1)
    assert (frame["reported_ci_low"] < frame["reported_ci_high"]).all()


def test_words():
    found = therapy_network()
    text = str(found)
    assert "5 parts that no study joins; treatments of different parts cannot be compared" in text
    assert "43 of 68 rows not used" in text and "Nguyen (rows 39, 40)" in text
    frame = found.to_frame()
    assert len(frame) == 68 and frame["used"].sum() == 25
    assert set(frame.loc[~frame["used"], "reason"]) & {""} == set()
    body = found.to_dict()
    assert len(body["excluded"]) == 43 and len(body["parts"]) == 5
    for word in ("best", "recommend", "should receive", "first choice"):
        assert word not in text.replace("best response", "").lower()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"minimum_certainty": "Medium"}, "Did you mean 'medium'"),
        ({"outcome": "survival"}, "'complete response'"),
        ({"nodes": "all"}, "'one EBRT'"),
        ({"complete_response_week": 8}, "not 4 or 12"),
        (
            {"population": "re-irradiation", "minimum_certainty": "high"},
            "no study is left for minimum_certainty='high'",
        ),
    ],
)
def test_options_are_checked(options, words):
    with pytest.raises(OptionError, match=words):
        therapy_network(**options)
