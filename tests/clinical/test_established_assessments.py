"""Response, opioids, performance, comorbidity, toxicity, questionnaires and flare as assessments, against their plain functions."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from ostealgia import clinical
from ostealgia.clinical import comorbidity
from ostealgia.errors import OptionError, TableError

# the worked examples of the consensus: pain_0, pain_1, omed_0, omed_1, class
WORKED = [
    (7, 0, 60, 60, "CR"), (7, 0, 60, 75, "IR"), (7, 5, 60, 60, "PR"), (7, 6, 60, 45, "PR"), (7, 8, 60, 30, "IR"), (7, 5, 60, 66, "IR"),
    (5, 7, 40, 40, "PP"), (5, 6, 40, 50, "PP"), (5, 8, 40, 60, "PP"), (6, 4, 0, 0, "PR"), (6, 6, 0, 20, "PP"), (1, 0, 30, 10, "NE"),
    (8, None, None, None, "NE"), (6, 6, 40, 36, "IR"),
]  # fmt: skip


@pytest.mark.parametrize(("pain_0", "pain_1", "omed_0", "omed_1", "expected"), WORKED)
def test_worked_examples_in_three_forms(pain_0, pain_1, omed_0, omed_1, expected):
    given = {"pain_0": pain_0, "pain_1": pain_1, "omed_0": omed_0, "omed_1": omed_1}
    assert clinical.pain_response(**given) == expected
    assert clinical.assess("pain_response", given).category == expected
    assert (
        clinical.assess_array("pain_response", {k: [v, v] for k, v in given.items()}).category.tolist()
        == [expected] * 2
    )
    frame = pd.DataFrame([given], dtype=float)
    assert clinical.pain_response_frame(frame)["pain_response"].tolist() == [expected]
    assert clinical.assess_frame("pain_response", frame)["pain_response_category"].tolist() == [expected]


def test_what_a_missing_value_leaves_open():
    found = clinical.assess("pain_response", pain_0=7, pain_1=5, omed_0=60)
    assert (found.category, found.attainable, found.missing) == ("NE", ("PR", "IR"), ("omed_1",))
    assert clinical.assess("pain_response", pain_0=7, omed_0=60, omed_1=60).attainable == ("CR", "PR", "PP", "IR")
    dead = clinical.assess("pain_response", pain_0=7, omed_0=60, died="yes")
    assert dead.attainable == ("NE",) and "death" in dead.notes[0]
    assert "NE" in clinical.assess("pain_response", pain_1=2, omed_0=60, omed_1=60).attainable
    low = clinical.assess("pain_response", pain_0=1, pain_1=0, omed_0=0, omed_1=0)
    assert low.category == "NE" and "baseline below 2" in low.notes[0]


def test_every_known_completion_is_attainable():
    """Whatever the missing dose turns out to be, its class was told: tried for 0 to 120 mg."""
    for pain_1 in range(11):
        told = clinical.assess("pain_response", pain_0=6, pain_1=pain_1, omed_0=60).attainable
        found = set(
            clinical.pain_responses([6.0] * 121, [float(pain_1)] * 121, [60.0] * 121, np.arange(121.0)).pain_response
        )
        assert found <= set(told)


def test_other_definitions_and_their_words():
    assert clinical.assess("pain_response", pain_0=6, pain_1=4, definition="nrs2").category == "PR"
    assert clinical.assess("pain_response", pain_0=6, pain_1=4, omed_0=0, omed_1=0, definition="nrs3").category == "NR"
    with pytest.raises(OptionError):
        clinical.assess("pain_response", pain_0=11)


def test_opioids_in_three_forms():
    """The worked examples of the tables: oxycodone 55 mg is 82.5, fentanyl 50 mcg/h 120."""
    doses = [
        {"drug": "oxycodone", "route": "oral", "dose": 40, "unit": "mg"},
        {"drug": "oxycodone", "route": "oral", "dose": 15, "unit": "mg"},
    ]
    patch = [{"drug": "fentanyl", "route": "transdermal", "dose": 50, "unit": "mcg/h"}]
    assert clinical.oral_morphine(doses).value == 82.5
    assert clinical.oral_morphine_array([doses, patch, [{"drug": "none"}]]).value.tolist() == [82.5, 120.0, 0.0]
    frame = pd.DataFrame([{"id": "a", "week": 0, **dose} for dose in doses])
    assert clinical.oral_morphine_frame(frame)["omed_mg_per_day"].tolist() == [82.5]
    mixed = clinical.oral_morphine(
        [*doses, {"drug": "buprenorphine", "route": "transdermal", "dose": 35, "unit": "mcg/h"}]
    )
    assert mixed.value is None and mixed.value_low == 82.5 and mixed.value_high is None
    assert clinical.oral_morphine([]).value is None and clinical.oral_morphine().missing == ("doses",)
    assert clinical.oral_morphine(patch, table="ANZCA_2021").value == 150
    assert clinical.assess_array("omed", doses=[doses], table="CDC_2016").value.tolist() == [82.5]


def test_performance_range_without_a_scheme():
    found = clinical.assess("ecog_of_karnofsky", karnofsky=70)
    assert (found.value, found.value_low, found.value_high, found.missing) == (None, 1, 2, ("scheme",))
    assert clinical.ecog_of_karnofsky_array(karnofsky=[100, 0]).value.tolist() == [0, 5]
    back = clinical.assess("karnofsky_of_ecog", ecog=1, scheme="verger")
    assert (back.category, back.value_low, back.value_high) == ("80 to 90", 80, 90)
    assert clinical.karnofsky_of_ecog_frame(pd.DataFrame({"ecog": [5, None]}))[
        "karnofsky_of_ecog_category"
    ].tolist() == ["0", ""]


def test_charlson_range():
    found = clinical.assess("charlson", diabetes="yes")
    # the unknown ones at most: 9 of the ten 1s but plain diabetes and mild liver (replaced), the 2s but tumour, severe liver, AIDS
    assert found.value_low == 7 and found.value is None and "tumour" not in found.missing
    whole = clinical.charlson(dict.fromkeys(clinical.definitions()["charlson"].names[:-1], True)).cci_full
    assert found.value_high == whole
    frame = clinical.charlson_frame(pd.DataFrame({"diabetes": [1, 0], "weights": ["2011", "2011"]}))
    assert frame["charlson_points_low"].tolist() == [6, 6]


def test_the_weights_of_2011_fit_their_abstract():
    """Quan 2011, abstract: of 17 conditions 5 have weight 0 now, 3 a lower, 4 a higher and 5 the same; solid tumours are one there."""
    old, new = comorbidity.WEIGHTS["1987"], comorbidity.WEIGHTS["2011"]
    names = [name for name in old if name not in ("leukaemia", "lymphoma")]
    assert sum(new[name] == 0 for name in names) == 5
    assert sum(0 < new[name] < old[name] for name in names) == 3
    assert sum(new[name] > old[name] for name in names) == 4
    assert sum(new[name] == old[name] for name in names) == 5


def test_toxicity_in_three_forms():
    assert clinical.ctcae_laboratory(0.4, "neutrophils").category == "4"
    assert clinical.ctcae_laboratory_array(value=[75, 74], what="platelets", lower_limit=150).category.tolist() == [
        "1",
        "2",
    ]
    assert clinical.ctcae_laboratory(125, "haemoglobin").missing == ("lower_limit",)
    with pytest.raises(OptionError):
        clinical.ctcae_laboratory(1, "sodium")


def test_questionnaires_in_three_forms_by_the_worked_examples():
    """1, 2, 2, 3, missing: RS 2.0, PF2 66.7; 3, 4: PA 83.3; 4, 5: QL2 58.3."""
    answers = {"q1": 1, "q2": 2, "q3": 2, "q4": 3, "q9": 3, "q19": 4, "q29": 4, "q30": 5}
    found = clinical.questionnaire("QLQ-C30", answers)
    frame = pd.DataFrame([answers])
    made = clinical.questionnaire_frame(frame)
    scored = clinical.score(frame).scores
    for scale, expected in (("pf", 66.7), ("pa", 83.3), ("ql", 58.3)):
        assert round(found[scale].value, 1) == expected
        assert round(made[f"qlq_c30_{scale}_score"].iloc[0], 1) == expected
        assert found[scale].value == pytest.approx(scored[scale].iloc[0], abs=1e-12)
    # the missing item of PF2 answered 4 or 1: RS 2.4 or 1.8
    assert (found["pf"].value_low, found["pf"].value_high) == (
        pytest.approx(100 * (1 - 1.4 / 3)),
        pytest.approx(100 * (1 - 0.8 / 3)),
    )
    assert found["pf"].missing == ("q5",)


@pytest.mark.parametrize("instrument", ["QLQ-C30", "QLQ-BM22", "QLQ-C15-PAL", "BPI-SF"])
def test_questionnaire_equals_the_frame_scores_with_holes(instrument):
    rng = np.random.default_rng(5)
    items = clinical.instrument_of(instrument).items
    frame = pd.DataFrame(
        {
            item: np.where(rng.random(40) < 0.3, np.nan, rng.integers(low, high + 1, 40))
            for item, (low, high) in items.items()
        }
    )
    scored = clinical.score(frame, instrument).scores
    made = clinical.questionnaire_array(instrument, {name: frame[name].to_numpy() for name in frame})
    for scale, one in made.items():
        np.testing.assert_allclose(one.value, scored[scale].to_numpy(dtype=float), atol=1e-10)
        known = ~np.isnan(one.value)
        assert (one.value_low[known] <= one.value[known] + 1e-9).all() and (
            one.value_high[known] >= one.value[known] - 1e-9
        ).all()


def test_questionnaire_errors():
    with pytest.raises(OptionError, match="q99"):
        clinical.questionnaire("QLQ-C30", {"q99": 1})
    with pytest.raises(OptionError, match="1 to 4"):
        clinical.questionnaire("QLQ-C30", {"q1": 5})
    with pytest.raises(TableError, match="no item"):
        clinical.questionnaire_frame(pd.DataFrame({"a": [1]}))


def test_flare_in_three_forms():
    pain = [5, 5, 8, 8, 7, 5, 5, 5, 5, 5, 5, 5]
    diary = {"days": list(range(1, 13)), "pain": pain, "omed": [20] * 12, "pain_0": 5, "omed_0": 20}
    assert clinical.pain_flare(**diary).status == "flare"
    assert [one.status for one in clinical.pain_flare_array([diary, {**diary, "pain": [5] * 12}])] == [
        "flare",
        "no_flare",
    ]
    frame = pd.DataFrame({"id": "a", "day": diary["days"], "pain": pain, "omed": 20, "pain_0": 5, "omed_0": 20})
    found = clinical.pain_flare_frame(frame)
    assert found.loc[0, ["pain_flare", "onset_day", "return_day"]].tolist() == ["flare", 3, 6]
    with pytest.raises(TableError, match="day"):
        clinical.pain_flare_frame(frame.drop(columns="day"))


def test_an_array_with_nan_is_as_a_scalar_with_none():
    many = clinical.assess_array("pain_response", pain_0=[7.0], pain_1=[math.nan], omed_0=[0.0], omed_1=[0.0])
    one = clinical.assess("pain_response", pain_0=7, omed_0=0, omed_1=0)
    assert many.missing.tolist() == ["pain_1"] and many.attainable.tolist() == ["; ".join(one.attainable)]
