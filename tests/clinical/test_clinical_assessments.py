"""The frame that every clinical definition shares: three forms that agree, what is unknown, errors without the patient's value."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ostealgia as oa
from ostealgia.clinical.assessment import CHECK_STATUS, LIMITS
from ostealgia.clinical.point_score import Item
from ostealgia.clinical.stability_scores import MIRELS_ITEMS, SINS_ITEMS
from ostealgia.errors import OptionError, TableError

clinical = oa.clinical
NAMES = list(clinical.definitions())
PLAIN = {"pain_response", "pain_category", "charlson", "ecog_of_karnofsky", "karnofsky_of_ecog"}

# one complete set of inputs of each definition, with the value and category it must give (worked by hand from the published tables)
COMPLETE = {
    "pain_response": ({"pain_0": 7, "pain_1": 5, "omed_0": 60, "omed_1": 60}, -2, "PR"),
    "pain_category": ({"worst_pain": 5, "cut_points": "mcdonald2016"}, 5, "mild"),
    "ecog_of_karnofsky": ({"karnofsky": 70, "scheme": "verger"}, 2, "2"),
    "charlson": ({**dict.fromkeys(clinical.definitions()["charlson"].names[:-1], "no"), "diabetes": "yes"}, 7, ""),
    "ctcae_laboratory": ({"value": 8.0, "what": "haemoglobin", "unit": "g/dL"}, 2, "2"),
    "mirels": ({"site": "peritrochanteric", "pain": "functional", "lesion": "lytic", "size": ">2/3"}, 12, "9 or more"),
    "sins": (
        {"location": "L5", "pain": "mechanical", "lesion": "lytic", "alignment": "subluxation", "collapse": ">50%",
         "posterolateral": "bilateral"},
        18, "unstable",
    ),
    "axial_cortical_involvement": ({"length_mm": 30, "circumference_percent": 40}, 30, "borderline"),
    "bed_gy": ({"total_dose_gy": 20, "n_fractions": 5, "alpha_beta_gy": 10}, 28, ""),
    "eqd2_gy": ({"total_dose_gy": 30, "n_fractions": 10, "alpha_beta_gy": 10}, 32.5, ""),
    "nrf": ({"primary": "lung", "metastases_other_than_bone": "yes", "kps": 60}, 3, "III (3)"),
    "teachh": (
        {"primary": "breast", "ecog": 1, "age_years": 60, "palliative_chemotherapy_courses": 1, "hospitalised_in_3_months": 0,
         "hepatic_metastases": 1},
        1, "A (0 or 1)",
    ),
    "van_der_linden": ({"kps": 70, "primary": "prostate", "visceral_metastases": "no"}, 4, "B (4 or 5)"),
    "katagiri": (
        {
            "primary": "lung", "targeted_drug": "no", "visceral": "disseminated", "platelets_10e9_per_l": 99, "ecog": 3,
            "previous_chemotherapy": "yes", "multiple_skeletal_metastases": "yes",
        },
        10, "7 to 10",
    ),
    "tokuhashi": (
        {"kps": 40, "extraspinal_bone_metastases": 3, "vertebral_metastases": 3, "major_organs": "unremovable", "primary": "lung",
         "frankel": "A"},
        0, "0 to 8",
    ),
    "tomita": ({"growth": "rapid", "visceral": "untreatable", "bone": "multiple"}, 10, "8 to 10"),
    "dn4": ({"total": 4}, 4, "4 or more"),
    "s_lanss": ({f"item_{i}": "yes" for i in range(1, 8)}, 24, "12 or more"),
    "pain_detect": ({"total": 19}, 19, "19 or more"),
    "corrected_calcium": ({"calcium": 3.0, "calcium_unit": "mmol/L", "albumin": 40, "albumin_unit": "g/L"}, 3.0, "3.0 to 3.5"),
    "cockcroft_gault": (
        {"age_years": 68, "weight_kg": 72, "sex": "male", "creatinine": 1.2, "creatinine_unit": "mg/dL"}, 60, "50 to 60",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLETE)
def test_the_three_forms_agree(name):
    """Scalar, array and frame are the same function: equal to the last digit."""
    inputs, value, category = COMPLETE[name]
    one = clinical.assess(name, inputs)
    assert one.value == pytest.approx(value, abs=1e-9) and one.category == category
    assert not one.missing or name in ("katagiri",)
    many = clinical.assess_array(name, {key: [item, item] for key, item in inputs.items()})
    assert many.value.tolist() == [one.value] * 2 and many.category.tolist() == [category] * 2
    frame = clinical.assess_frame(name, pd.DataFrame([inputs], index=["x"]))
    assert frame.index.tolist() == ["x"] and frame[f"{name}_category"].tolist() == [category]
    columns = [column for column in frame.columns if column.startswith(f"{name}_")]
    assert len(columns) == 6


@pytest.mark.parametrize("name", NAMES)
def test_every_definition_has_its_three_functions(name):
    shown = {"omed": "oral_morphine"}.get(name, name)
    for form in ("", "_array", "_frame"):
        assert callable(getattr(clinical, shown + form)) and getattr(clinical, shown + form).__doc__


@pytest.mark.parametrize("name", NAMES)
def test_nothing_known_is_nothing_guessed(name):
    """All inputs unknown: no value, and no category unless the definition has a class for it."""
    found = clinical.assess(name)
    assert found.value is None
    assert found.category == ("NE" if name == "pain_response" else "")
    assert found.missing or name == "charlson"
    assert found.citation and found.check_status in CHECK_STATUS and LIMITS in found.notes
    json.dumps(found.to_dict(), allow_nan=False)
    assert str(found) and len(found.to_frame()) == 1


@pytest.mark.parametrize("name", [name for name in COMPLETE if name not in ("pain_response",)])
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_more_information_only_narrows_the_range(name, data):
    """Leave out any inputs: the answer with all of them lies in the range that was told attainable."""
    inputs, _, _ = COMPLETE[name]
    whole = clinical.assess(name, inputs)
    kept = data.draw(st.sets(st.sampled_from(sorted(inputs))))
    if name in ("corrected_calcium", "cockcroft_gault"):  # a value goes with its unit
        kept |= {f"{key}_unit" for key in kept if f"{key}_unit" in inputs}
    if name == "ctcae_laboratory":
        kept |= {"what", "unit"}
    part = clinical.assess(name, {key: inputs[key] for key in kept})
    if part.value_low is not None and whole.value_low is not None:
        assert part.value_low <= whole.value_low + 1e-9
    if part.value_high is not None and whole.value_high is not None:
        assert part.value_high >= whole.value_high - 1e-9
    if whole.category and name != "karnofsky_of_ecog":
        assert whole.category in part.attainable
    if part.category:
        assert part.category == whole.category


@pytest.mark.parametrize("word", [None, float("nan"), "", "unknown", pd.NA, np.nan, "NA"])
def test_words_for_unknown(word):
    assert clinical.nrf("lung", word, 50).missing == ("metastases_other_than_bone",)


def test_errors_tell_the_choices_and_not_the_value():
    with pytest.raises(OptionError, match="'lytic'") as caught:
        clinical.mirels(lesion="verysecret")
    assert "verysecret" not in str(caught.value)
    with pytest.raises(TableError, match="row 3") as caught:
        clinical.nrf_array(primary=["lung", "verysecret"])
    assert "verysecret" not in str(caught.value)
    with pytest.raises(OptionError, match="0 to 130") as caught:
        clinical.teachh(age_years=7777)
    assert "7777" not in str(caught.value)
    with pytest.raises(OptionError, match="steps of 10"):
        clinical.nrf(kps=75)
    with pytest.raises(OptionError, match="yes or no"):
        clinical.nrf(metastases_other_than_bone=2)
    with pytest.raises(OptionError, match="Did you mean 'mirels'"):
        clinical.assess("mirel")
    with pytest.raises(OptionError):
        clinical.assess("mirels", age=3)
    with pytest.raises(TableError, match="different lengths"):
        clinical.nrf_array(primary=["lung"], kps=[50, 60])
    with pytest.raises(TableError, match="no input of mirels"):
        clinical.mirels_frame(pd.DataFrame({"a": [1]}))
    with pytest.raises(TableError, match="no column"):
        clinical.mirels_frame(pd.DataFrame({"a": [1]}), columns={"size": "b"})


@pytest.mark.parametrize("value", [True, "abc", [1], {"a": 1}, float("inf"), 10**400])
def test_hostile_values_are_refused(value):
    with pytest.raises(OptionError):
        clinical.teachh(age_years=value)


def test_a_column_by_another_name():
    frame = pd.DataFrame({"tumour": ["breast"], "kps": [90]})
    made = clinical.nrf_frame(frame, columns={"primary": "tumour"})
    assert made["nrf_category"].tolist() == ["I (0 or 1)"] and list(frame.columns) == ["tumour", "kps"]


def test_the_points_tables_are_public():
    """Lowest and highest sums of the published scores: Mirels 4 to 12, SINS 0 to 18."""
    for items, low, high in ((MIRELS_ITEMS, 4, 12), (SINS_ITEMS, 0, 18)):
        assert all(isinstance(item, Item) for item in items)
        assert (sum(item.low for item in items), sum(item.high for item in items)) == (low, high)


def test_sources_are_one_table():
    found = clinical.sources()
    assert found["definition"].is_unique and set(NAMES) <= set(found["definition"])
    assert found["check_status"].isin(CHECK_STATUS).all()
    assert (found["citation"].str.len() >= 9).all()
    dois = found[found["doi"] != ""]
    assert dois["doi"].str.fullmatch(r"10\.\d{4,}/\S+").all() and dois["doi_status"].isin(["read", "remembered"]).all()
    assert (found.loc[found["doi"] == "", "doi_status"] == "").all()
    assert found.set_index("definition").loc["katagiri", "check_status"] == "remembered"


def test_one_patient_needs_no_frame_library():
    """The scalar form stays quick to start: pandas is not imported for it."""
    code = (
        "import sys; from ostealgia.clinical import sins, katagiri, corrected_calcium, ecs_cp; sins(location='T5', pain='none'); "
        "katagiri(primary='lung'); corrected_calcium(2.4, 'mmol/L'); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


HOSTILE = [
    None, "", "yes", "unknown", 0, 2, -1, 3.5, 1e9, float("nan"), float("inf"), True, [], [1], {}, {"a": 1}, (1,), b"x", "x" * 1000, "T5",
    "mg/dL",
    10**400, np.float64(3), pd.NA, pd.NaT, object(), "\x00", complex(1, 2), {1},
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_no_input_raises_anything_but_a_clear_error(name, data):
    """Whatever stands in a field: an answer that JSON can hold, or an error of the package."""
    names = clinical.definitions()[name].names
    inputs = data.draw(st.dictionaries(st.sampled_from(names), st.sampled_from(HOSTILE), max_size=6))
    try:
        found = clinical.assess(name, inputs)
    except (OptionError, TableError):
        return
    json.dumps(found.to_dict(), allow_nan=False)
