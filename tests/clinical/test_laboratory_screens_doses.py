"""Units and boundaries of the laboratory formulas, the neuropathic screens, ECS-CP and the radiobiology formulas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostealgia.clinical import (
    bed_gy,
    cockcroft_gault,
    corrected_calcium,
    cumulative_eqd2_gy,
    dn4,
    ecs_cp,
    eqd2_gy,
    pain_detect,
    s_lanss,
)
from ostealgia.errors import OptionError


@pytest.mark.parametrize(
    ("calcium", "category"),
    [
        (2.65, "2.65 or below"), (2.66, "above 2.65, below 3.0"), (2.99, "above 2.65, below 3.0"), (3.0, "3.0 to 3.5"), (3.5, "3.0 to 3.5"),
        (3.51, "above 3.5"),
    ],
)  # fmt: skip
def test_calcium_levels(calcium, category):
    assert corrected_calcium(calcium, "mmol/L", 40, "g/L").category == category


def test_the_limits_of_the_sources_hold_in_mg_per_dl_and_in_the_decision_rules():
    """12 mg/dL is the label's 3.0 mmol/L; a unit factor of 4.008 would put it below, and beside the decision rules."""
    from ostealgia.clinical import laboratory_formulas
    from ostealgia.decision.derived_facts import UMOL_PER_MG_DL
    from ostealgia.decision.fact_fields import fields

    assert corrected_calcium(12.0, "mg/dL", 4.0, "g/dL").category == "3.0 to 3.5"
    assert fields()["labs.calcium"].units["mg/dL"] == 1 / laboratory_formulas.MG_PER_DL_PER_MMOL_CALCIUM
    assert laboratory_formulas.UMOL_PER_MG_DL_CREATININE == UMOL_PER_MG_DL


def test_calcium_by_hand_in_both_units():
    """2.60 + 0.02 (40 - 25) = 2.90 mmol/L; 12.0 + 0.8 (4 - 2.5) = 13.2 mg/dL."""
    assert corrected_calcium(2.6, "mmol/L", 25, "g/L").value == pytest.approx(2.9, abs=1e-12)
    assert corrected_calcium(12.0, "mg/dL", 2.5, "g/dL").value == pytest.approx(13.2 / 4.0, rel=1e-12)


@given(calcium=st.floats(1.0, 5.0), albumin=st.floats(10.0, 60.0))
def test_calcium_hardly_depends_on_the_unit(calcium, albumin):
    """The two published corrections differ by 0.2% of the correction: under 0.002 mmol/L for 30 g/L."""
    first = corrected_calcium(calcium, "mmol/L", albumin, "g/L").value
    second = corrected_calcium(calcium * 4.0, "mg/dL", albumin / 10, "g/dL").value
    assert first == pytest.approx(second, abs=2e-3)


@pytest.mark.parametrize(
    "arguments",
    [(10.2, "mmol/L", 40, "g/L"), (2.4, "mg/dL", 40, "g/L"), (2.4, "mmol/L", 4.0, "g/L"), (2.4, "mmol/L", 40, "g/dL")],
)
def test_implausible_units_are_queried(arguments):
    with pytest.raises(OptionError, match="Check the unit"):
        corrected_calcium(*arguments)


def test_a_value_without_unit_is_refused():
    with pytest.raises(OptionError, match="calcium_unit"):
        corrected_calcium(2.4)
    with pytest.raises(OptionError, match="creatinine_unit"):
        cockcroft_gault(60, 70, "male", 90)


def test_without_albumin_the_range_is_told():
    found = corrected_calcium(2.7, "mmol/L")
    assert (round(found.value_low, 2), round(found.value_high, 2)) == (2.5, 3.2) and found.missing == ("albumin",)
    assert found.category == "" and found.attainable == ("2.65 or below", "above 2.65, below 3.0", "3.0 to 3.5")
    assert corrected_calcium(4.0, "mmol/L").category == "above 3.5"


def test_clearance_by_hand():
    """(140 - 70) 60 / (72 * 1.0) = 58.33, times 0.85 in women; 88.42 umol/L is 1 mg/dL."""
    man, woman = (cockcroft_gault(70, 60, sex, 1.0, "mg/dL").value for sex in ("male", "female"))
    assert man == pytest.approx(58.3333333, abs=1e-6) and woman == pytest.approx(0.85 * man, rel=1e-12)
    assert cockcroft_gault(70, 60, "male", 88.42, "µmol/L").value == pytest.approx(man, rel=1e-12)
    unknown = cockcroft_gault(70, 60, None, 1.0, "mg/dL")
    assert (unknown.value_low, unknown.value_high) == (
        pytest.approx(woman),
        pytest.approx(man),
    ) and unknown.missing == ("sex",)


@pytest.mark.parametrize(
    ("clearance", "band"),
    [
        (29.9, "below 30"),
        (30, "30 to below 40"),
        (39.5, "30 to below 40"),
        (40, "40 to below 50"),
        (49.9, "40 to below 50"),
        (60, "50 to 60"),
        (60.1, "above 60"),
    ],
)
def test_clearance_bands_put_the_gaps_in_the_lower_band(clearance, band):
    assert cockcroft_gault(68, clearance, "male", 1.0, "mg/dL").category == band


def test_clearance_is_for_adults():
    with pytest.raises(OptionError, match="18 to 120"):
        cockcroft_gault(12, 40, "male", 50, "umol/L")


def test_screens_at_their_cut_offs():
    assert (dn4(3).category, dn4(4).category) == ("below 4", "4 or more")
    assert (s_lanss(11).category, s_lanss(12).category) == ("below 12", "12 or more")
    assert [pain_detect(total).category for total in (-1, 12, 13, 18, 19, 38)] == [
        "12 or less", "12 or less", "13 to 18", "13 to 18", "19 or more", "19 or more",
    ]  # fmt: skip


def test_screens_from_items():
    """LANSS points 5, 5, 3, 2, 1, 5, 3."""
    weights = (5, 5, 3, 2, 1, 5, 3)
    for i, weight in enumerate(weights, start=1):
        answers = {f"item_{k}": "yes" if k == i else "no" for k in range(1, 8)}
        assert s_lanss(**answers).value == weight
    found = dn4(item_1=1, item_2=1, item_3=1, item_4=1)
    assert found.category == "4 or more" and found.value is None and len(found.missing) == 6
    with pytest.raises(OptionError, match="does not fit"):
        dn4(9, **{f"item_{k}": 0 for k in range(1, 11)})
    with pytest.raises(OptionError, match="whole"):
        dn4(3.5)
    assert dn4(4, item_1="yes").category == "4 or more"


def test_ecs_cp_is_not_a_sum():
    found = ecs_cp("Nc", "Io", "Po", "Ao", "Co")
    assert found.value is None and found.category == "Nc Io Po Ao Co" and not found.missing
    unsure = ecs_cp("Nx", "Ii", "Pp", "Ao", "Co")
    assert unsure.missing == ("mechanism",) and "incident pain, psychological distress" in unsure.notes[0]
    assert ecs_cp("Ne").category == ""
    assert ecs_cp("no", "io", "po", "ao", "co").category == "No Io Po Ao Co"
    with pytest.raises(OptionError):
        ecs_cp("Zz")


@pytest.mark.parametrize(
    ("total", "fractions", "ratio", "bed", "eqd2"),
    [
        (8, 1, 10, 14.4, 12.0),
        (20, 5, 10, 28.0, 23.333333),
        (30, 10, 10, 39.0, 32.5),
        (24, 2, 10, 52.8, 44.0),
        (20, 5, 2, 60.0, 30.0),
        (50, 25, 3, 83.333333, 50.0),
    ],
)
def test_doses_by_hand(total, fractions, ratio, bed, eqd2):
    """D (1 + d/ab) and BED / (1 + 2/ab), by hand."""
    assert bed_gy(total, fractions, ratio).value == pytest.approx(bed, abs=1e-6)
    assert eqd2_gy(total, fractions, ratio).value == pytest.approx(eqd2, abs=1e-6)


@given(total=st.floats(1, 100), ratio=st.floats(1, 20), fractions=st.integers(1, 40))
def test_doses_are_consistent(total, ratio, fractions):
    bed, eqd2 = (float(form(total, fractions, ratio)) for form in (bed_gy, eqd2_gy))
    assert eqd2 == pytest.approx(bed / (1 + 2 / ratio), rel=1e-12) and bed > total
    assert eqd2_gy(2.0 * fractions, fractions, ratio).value == pytest.approx(2.0 * fractions, rel=1e-12)


def test_doses_say_what_is_in_doubt():
    assert any("in doubt" in note for note in bed_gy(20, 1, 10).notes)
    assert any("10 Gy (tumour)" in note for note in bed_gy(20, 5).notes)
    assert bed_gy(20).missing == ("n_fractions",)
    assert cumulative_eqd2_gy([(20, 5), (20, 5)], 2) == pytest.approx(60.0)
    for bad in ((0, 1), (8, 1.5), (8, 0), (300, 3)):
        with pytest.raises(OptionError):
            bed_gy(*bad)
