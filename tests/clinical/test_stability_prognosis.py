"""Mirels, SINS, axial cortical involvement, NOMS, and the prognostic groups, by the published tables and at their boundaries."""

from __future__ import annotations

import pytest

from ostealgia.clinical import (
    PRIMARIES,
    axial_cortical_involvement,
    katagiri,
    mirels,
    noms,
    nrf,
    prognoses,
    sins,
    sins_location,
    teachh,
    tokuhashi,
    tomita,
    van_der_linden,
)
from ostealgia.clinical.prognosis_scores import NOT_OFFERED
from ostealgia.errors import OptionError


@pytest.mark.parametrize(
    ("size", "points"),
    [("<1/3", 4), (0.32, 4), (1 / 3, 5), (0.333, 5), ("1/3-2/3", 5), (2 / 3, 5), (0.667, 5), (0.68, 6), (">2/3", 6)],
)
def test_mirels_counts_the_size_by_thirds(size, points):
    assert mirels("upper limb", "mild", "blastic", size).value == points


def test_mirels_groups():
    assert mirels("lower limb", "moderate", "mixed", 0.2).category == "7 or less"
    assert mirels("lower limb", "moderate", "mixed", 0.5).category == "8"
    assert mirels("lower limb", "moderate", "mixed", 0.7).category == "9 or more"
    open_ = mirels("lower limb", "moderate", "mixed")
    assert open_.attainable == ("7 or less", "8", "9 or more") and open_.missing == ("size",)
    with pytest.raises(OptionError, match="share from 0 to 1"):
        mirels(size=30)


LEVELS = {
    "junctional": ["occiput", "C0", "C2", "C7", "T1", "T2", "Th11", "D12", "L1", "L5", "S1"],
    "mobile": ["C3", "C6", "l2", "L4"],
    "semirigid": ["T3", "T10"],
    "rigid": ["S2", "S5"],
}


@pytest.mark.parametrize(
    ("region", "level"), [(region, level) for region, levels in LEVELS.items() for level in levels]
)
def test_sins_knows_each_level(region, level):
    assert sins_location(level) == region
    assert sins(location=level).value_low == sins(location=region).value_low


def test_sins_boundaries():
    """6 is stable, 7 and 12 potentially unstable, 13 unstable."""
    stable = sins("T5", "mechanical", "lytic", "normal", "none", "none")
    assert (stable.value, stable.category) == (6, "stable")
    seven = sins("T5", "mechanical", "lytic", "normal", "none, >50% of the body involved", "none")
    assert (seven.value, seven.category) == (7, "potentially unstable")
    twelve = sins("T12", "mechanical", "lytic", "normal", ">50%", "unilateral")
    assert (twelve.value, twelve.category) == (12, "potentially unstable")
    thirteen = sins("T12", "mechanical", "lytic", "de novo deformity", "<50%", "unilateral")
    assert (thirteen.value, thirteen.category) == (13, "unstable")
    with pytest.raises(OptionError, match="junctional"):
        sins(location="T13")


def test_sins_with_a_missing_item_may_still_tell():
    found = sins("T12", "mechanical", "lytic", "subluxation", ">50%")
    assert found.value is None and (found.value_low, found.value_high) == (15, 18)
    assert found.category == "unstable" and found.missing == ("posterolateral",)


@pytest.mark.parametrize(
    ("length", "share", "category"),
    [
        (31, None, "above a cut-off"), (None, 51, "above a cut-off"), (30, 10, "borderline"), (20, 50, "borderline"),
        (29, 49, "not above the cut-offs"), (29, None, ""), (None, 20, ""), (None, None, ""),
    ],
)  # fmt: skip
def test_axial_cortical_involvement(length, share, category):
    assert axial_cortical_involvement(length, share).category == category


@pytest.mark.parametrize(
    ("inputs", "branch"),
    [
        (("0", "breast", "stable", None, None), "conventional EBRT"),
        (("1c", "lymphoma", "stable", None, None), "conventional EBRT"),
        (("1a", "melanoma", "potentially unstable", None, None), "SBRT"),
        (("2", "prostate", "stable", "yes", "no"), "conventional EBRT"),
        (("3", "prostate", "stable", "yes", "yes"), "decompression, then EBRT"),
        (("3", "renal", "stable", "yes", None), "separation surgery, then SBRT"),
        (("3", "renal", "stable", "no", None), "conventional EBRT"),
        (("1b", "renal", "unstable", None, None), "stabilise, and SBRT"),
    ],
)
def test_noms_branches(inputs, branch):
    """Every branch of the framework; what is missing and does not matter is not asked for."""
    found = noms(*inputs)
    assert found.category == branch and found.missing == ()


def test_noms_names_what_is_missing():
    found = noms("3", "renal")
    assert found.missing == ("stability", "fit_for_surgery") and len(found.attainable) == 4
    assert any("1c" in note for note in noms("1c", "renal", "stable").notes)
    assert (
        noms(escc=2.0, histology="radiosensitive", stability="stable", fit_for_surgery=0).category
        == "conventional EBRT"
    )


@pytest.mark.parametrize(
    ("arguments", "points"),
    [
        (("breast", "no", 70), 0),
        (("breast", "no", 60), 1),
        (("lung", "no", 70), 1),
        (("lung", "yes", 70), 2),
        (("other", "yes", 0), 3),
    ],
)
def test_nrf(arguments, points):
    assert nrf(*arguments).value == points


def test_teachh_counts_age_above_60_and_ecog_from_2():
    base = ("prostate", 1, 60, 1, "no", "no")
    assert teachh(*base).value == 0
    for i, value in ((0, "lung"), (1, 2), (2, 61), (3, 2), (4, "yes"), (5, "yes")):
        assert teachh(*base[:i], value, *base[i + 1 :]).value == 1
    assert teachh("lung", 4, 90, 9, 1, 1).category == "C (5 or 6)"
    assert "19.9" in teachh(*base).meaning


def test_van_der_linden_and_its_corrected_medians():
    """3, 9 and 19 months, read off the paper's figure; 4.8, 13.1 and 18.3 had no source."""
    assert van_der_linden(80, "breast", "no").value == 6 and "19 months" in van_der_linden(80, "breast", "no").meaning
    assert "9 months" in van_der_linden(50, "breast", "yes").meaning and van_der_linden(50, "breast", "yes").value == 4
    assert "3 months" in van_der_linden(40, "renal", "yes").meaning and van_der_linden(40, "renal", "yes").value == 0


def test_katagiri_primaries_need_their_question():
    assert katagiri(primary="breast").missing[0] == "hormone_dependent"
    assert katagiri(primary="lung").missing[0] == "targeted_drug"
    rest = {
        "visceral": "none", "crp_mg_per_dl": 0.1, "ldh_iu_per_l": 200, "albumin_g_per_dl": 4,
        "platelets_10e9_per_l": 200, "calcium_mg_per_dl": 9, "bilirubin_mg_per_dl": 0.5,
        "ecog": 2, "previous_chemotherapy": 0, "multiple_skeletal_metastases": 0,
    }  # fmt: skip
    points = {"thyroid": 0, "renal": 2, "colorectal": 3, "unknown primary": 3, "hepatocellular": 3, "sarcoma": 2}
    assert {name: katagiri(primary=name, **rest).value for name in points} == points
    assert katagiri(primary="prostate", hormone_dependent="yes", **rest).value == 0
    assert katagiri(primary="lung", targeted_drug="yes", **rest).value == 2
    assert katagiri(primary="uterus", **rest).missing == ("primary",)


@pytest.mark.parametrize(
    ("name", "normal", "cut", "points"),
    [
        ("crp_mg_per_dl", 0.39, 0.4, 1), ("ldh_iu_per_l", 249, 250, 1), ("albumin_g_per_dl", 3.7, 3.69, 1),
        ("platelets_10e9_per_l", 100, 99, 2), ("calcium_mg_per_dl", 10.29, 10.3, 2), ("bilirubin_mg_per_dl", 1.39, 1.4, 2),
    ],
)  # fmt: skip
def test_katagiri_laboratory_cut_offs(name, normal, cut, points):
    rest = {
        "primary": "thyroid", "visceral": "none", "crp_mg_per_dl": 0, "ldh_iu_per_l": 200, "albumin_g_per_dl": 4,
        "platelets_10e9_per_l": 200, "calcium_mg_per_dl": 9, "bilirubin_mg_per_dl": 0.5,
        "ecog": 2, "previous_chemotherapy": 0, "multiple_skeletal_metastases": 0,
    }  # fmt: skip
    assert katagiri(**{**rest, name: normal}).value == 0
    assert katagiri(**{**rest, name: cut}).value == points
    assert katagiri(**{**rest, name: None}).value_high == points


def test_katagiri_critical_laboratory_needs_no_more():
    """Two points already: no other laboratory value is asked for."""
    found = katagiri(primary="renal", platelets_10e9_per_l=50)
    assert not [name for name in found.missing if name.endswith(("_per_dl", "_per_l"))]


def test_tokuhashi_primaries():
    """Kidney has 3 and rectum 4, so that the best total is 15."""
    points = {"lung": 0, "hepatocellular": 1, "ovarian": 2, "renal": 3, "rectum": 4, "breast": 5, "carcinoid": 5}
    rest = {
        "kps": 40,
        "extraspinal_bone_metastases": 5,
        "vertebral_metastases": 4,
        "major_organs": "unremovable",
        "frankel": "B",
    }
    assert {name: tokuhashi(primary=name, **rest).value for name in points} == points
    assert tokuhashi(primary="colorectal", **rest).attainable == ("0 to 8",)


def test_tomita_cannot_be_3_by_growth():
    values = {
        tomita(g, v, b).value
        for g in ("slow", "moderate", "rapid")
        for v in ("none", "treatable", "untreatable")
        for b in ("solitary", "multiple")
    }
    assert min(values) == 2 and max(values) == 10
    assert tomita("unknown primary", "none", "solitary").value == 5


@pytest.mark.parametrize("name", PRIMARIES)
def test_every_primary_has_points_in_every_score(name):
    for score in (nrf, teachh):
        assert score(primary=name).value_high is not None
    assert van_der_linden(primary=name).value_low is not None
    assert tokuhashi(primary=name).value_high and katagiri(primary=name).value_high


def test_models_side_by_side_are_not_averaged():
    found = prognoses(
        ("nrf", "van_der_linden"), primary="breast", kps=60, metastases_other_than_bone="yes", visceral_metastases="no"
    )
    assert [one.definition for one in found] == ["nrf", "van_der_linden"]
    assert not any("more than one group" in one.notes[0] for one in found)
    far = prognoses(
        ("nrf", "teachh"), primary="breast", kps=70, metastases_other_than_bone="no", ecog=2, age_years=70,
        palliative_chemotherapy_courses=3, hospitalised_in_3_months="yes", hepatic_metastases="yes",
    )  # fmt: skip
    assert [one.category for one in far] == ["I (0 or 1)", "C (5 or 6)"] and all(
        "more than one group" in one.notes[0] for one in far
    )
    assert set(NOT_OFFERED) == {"SORG-ML", "PATHFx 3.0", "BMETS"}
    with pytest.raises(OptionError):
        prognoses(("nrf",), primry="lung")
