"""Charlson index, performance status, laboratory grades and NLR, by the published tables and by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from ostealgia.clinical import (
    charlson,
    ecog_of_karnofsky,
    karnofsky_of_ecog,
    laboratory_grade,
    neutrophil_lymphocyte_ratio,
    worst_grades,
)
from ostealgia.clinical.comorbidity import WEIGHTS, age_points, least_possible
from ostealgia.errors import OptionError, TableError


def test_the_weights_as_published():
    """1987: ten 1s, six 2s, one 3, two 6s."""
    values = sorted(WEIGHTS["1987"].values())
    assert values == [1] * 10 + [2] * 6 + [3] + [6] * 2
    updated = WEIGHTS["2011"]
    assert [updated[name] for name in ("heart_failure", "dementia", "severe_liver", "aids", "diabetes")] == [
        2,
        2,
        4,
        4,
        0,
    ]


def test_every_patient_with_metastases_has_six_or_more():
    found = charlson([], closed_list=True)
    assert (found.cci_full, found.cci_without_index_cancer) == (6, 0)
    assert least_possible() == 6


def test_the_graver_condition_replaces_the_milder():
    found = charlson(
        ["diabetes", "diabetes_with_complications", "mild_liver", "severe_liver", "tumour"], closed_list=True
    )
    assert found.cci_without_index_cancer == 2 + 3


def test_a_condition_not_recorded_is_missing_unless_the_list_is_closed():
    assert charlson({"diabetes": 1}).cci_full is None
    assert charlson({"diabetes": 1}, closed_list=True).cci_full == 7
    whole = dict.fromkeys(WEIGHTS["1987"], 0)
    assert charlson(whole).cci_full == 6
    assert charlson({**whole, "tumour": None}).cci_full == 6  # the metastatic tumour replaces it


def test_age_points_and_bad_input():
    assert [age_points(age) for age in (0, 49.9, 59.9, 60, 79, 80, 120)] == [0, 0, 1, 2, 3, 4, 4]
    with pytest.raises(OptionError, match="diabetes"):
        charlson(["diabetis"])
    with pytest.raises(OptionError):
        charlson({"diabetes": 2})
    with pytest.raises(OptionError):
        age_points(-1)


@pytest.mark.parametrize("value", [90, 70, 50, 30])
def test_the_two_mappings_differ_and_say_so(value):
    first, second = (ecog_of_karnofsky(value, scheme=scheme) for scheme in ("oken", "verger"))
    assert second.values[0] == first.values[0] + 1 and first.differs and first.scheme == "oken"


def test_karnofsky_goes_in_steps_of_ten():
    assert not ecog_of_karnofsky(0, scheme="oken").differs
    assert karnofsky_of_ecog(4, scheme="oken").values == (10, 20)
    for call in (lambda: ecog_of_karnofsky(75, scheme="oken"), lambda: karnofsky_of_ecog(6, scheme="oken")):
        with pytest.raises(OptionError):
            call()
    with pytest.raises(OptionError, match="verger"):
        ecog_of_karnofsky(70, scheme="vergr")


def test_boundary_values_belong_to_the_milder_grade():
    assert laboratory_grade([10.0, 8.0, 7.9], "haemoglobin", unit="g/dL").tolist() == ["0 or 1", "2", "3"]
    assert laboratory_grade([75, 50, 25, 24.9, np.nan], "platelets", lower_limit=150).tolist() == [
        "1",
        "2",
        "3",
        "4",
        "",
    ]
    assert laboratory_grade([1.5, 1.0, 0.5, 0.4], "neutrophils", lower_limit=2).tolist() == ["1", "2", "3", "4"]
    assert laboratory_grade([24.9, 9.9], "platelets", version="6.0").tolist() == ["3", "4"]
    with pytest.raises(OptionError, match="g/L"):
        laboratory_grade([10], "haemoglobin", unit="mmol/L")
    with pytest.raises(TableError):
        laboratory_grade([-1], "platelets")


def test_worst_grade_keeps_patients_without_an_event():
    events = pd.DataFrame(
        {"id": ["a", "a", "b"], "category": ["nausea", "nausea", "skin"], "grade": [1, 3, 2], "onset_day": [2, 90, 5]}
    )
    assert worst_grades(events, ["a", "b", "c"]).to_numpy().tolist() == [["a", 3, 0], ["b", 0, 2], ["c", 0, 0]]
    assert worst_grades(events, ["a", "b", "c"], to_day=84)["nausea"].tolist() == [1, 0, 0]
    assert worst_grades(events.iloc[:0], ["a"])["id"].tolist() == ["a"]
    with pytest.raises(TableError, match="nobody"):
        worst_grades(events, ["a"])
    with pytest.raises(TableError, match="grade"):
        worst_grades(events.assign(grade=7), ["a", "b"])


def test_nlr():
    assert neutrophil_lymphocyte_ratio(6.0, 2.0) == 3
    assert math.isnan(neutrophil_lymphocyte_ratio(6.0, 0.0))
    with pytest.raises(TableError):
        neutrophil_lymphocyte_ratio(-1, 2)
