"""Pain scales brought to 0 to 10: the table, sums by hand, invariances, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.clinical import (
    PAIN_SCALES,
    change_to_nrs_0_10,
    conversion_note,
    pain_scale_of,
    sd_to_nrs_0_10,
    to_nrs_0_10,
)
from ostealgia.errors import OptionError, TableError

LINEAR = sorted(name for name, scale in PAIN_SCALES.items() if not scale.refused)
REFUSED = sorted(name for name, scale in PAIN_SCALES.items() if scale.refused)


def test_table_is_complete():
    """Every scale has a range, a direction, a source that the module lists, and one of the check status words."""
    import ostealgia.clinical.pain_scale as module

    for name, scale in PAIN_SCALES.items():
        assert name == scale.name and scale.low < scale.high and scale.higher_is in ("worse", "better")
        assert scale.check_status in ("[R]", "[R, secondary]", "[M]", "[?]")
        assert all(source in (module.__doc__ or "") for source in scale.source.split())
    assert {"NRS 0-10", "VAS 0-100 mm", "VAS 0-10 cm", "BPI worst"} <= set(LINEAR)
    assert {"VRS-4", "VRS-5", "BPI interference"} <= set(REFUSED)


@pytest.mark.parametrize(
    ("scale", "score", "points"),
    [
        ("NRS 0-10", 7, 7.0),
        ("VAS 0-100 mm", 64, 6.4),
        ("VAS 0-10 cm", 6.4, 6.4),
        ("NRS 0-5", 3, 6.0),
        ("BPI worst", 8, 8.0),
        ("BPI severity", 4.75, 4.75),
        ("QLQ-C30 pain", 83.3, 8.33),  # items 3 and 4 of 1 to 4: 100 (3.5 - 1)/3 = 83.3
        ("SF-36 bodily pain", 100, 0.0),  # 100 is no pain
        ("SF-36 bodily pain", 22, 7.8),
    ],
)
def test_scores_by_hand(scale, score, points):
    assert_allclose(to_nrs_0_10(score, scale), points, atol=1e-12)


def test_changes_and_sds_by_hand():
    assert_allclose(change_to_nrs_0_10([-31, 12], "VAS 0-100 mm"), [-3.1, 1.2])
    assert_allclose(change_to_nrs_0_10(31, "SF-36 bodily pain"), -3.1)  # better on a scale that rises
    assert_allclose(sd_to_nrs_0_10(24, "SF-36 bodily pain"), 2.4)
    assert np.isnan(to_nrs_0_10([np.nan, 5], "NRS 0-10")).tolist() == [True, False]
    assert not np.signbit(change_to_nrs_0_10(0.0, "SF-36 bodily pain"))  # no -0.0 in a table


@given(st.sampled_from(LINEAR), st.lists(st.floats(0, 1), min_size=3, max_size=12))
def test_summaries_can_be_converted_after_or_before(name, shares):
    """Mean, change and SD of converted scores = converted mean, change and SD; the ends are 0 and 10."""
    scale = pain_scale_of(name)
    scores = scale.low + np.array(shares) * scale.span
    points = to_nrs_0_10(scores, scale)
    assert points.min() >= 0 and points.max() <= 10
    assert_allclose(to_nrs_0_10(scores.mean(), scale), points.mean(), atol=1e-9)
    assert_allclose(sd_to_nrs_0_10(scores.std(ddof=1), scale), points.std(ddof=1), atol=1e-9)
    assert_allclose(change_to_nrs_0_10(np.diff(scores), scale), np.diff(points), atol=1e-9)
    assert_allclose(
        sd_to_nrs_0_10(np.diff(scores).std(ddof=1), scale, of="changes"), np.diff(points).std(ddof=1), atol=1e-9
    )
    ends = to_nrs_0_10([scale.low, scale.high], scale)
    assert sorted(ends.tolist()) == [0.0, 10.0] and (ends[1] == 10) == (scale.higher_is == "worse")


def test_names_are_forgiving_about_spelling_but_not_about_range():
    for spelling, name in (("nrs", "NRS 0-10"), ("VAS 0–100 mm", "VAS 0-100 mm"), ("vas_cm", "VAS 0-10 cm"),
                           ("bpi WORST pain", "BPI worst"), ("sf-36 bp", "SF-36 bodily pain")):  # fmt: skip
        assert pain_scale_of(spelling).name == name
    for family in ("VAS", "vrs", "BPI"):
        with pytest.raises(OptionError, match="does not name its range"):
            pain_scale_of(family)
    with pytest.raises(OptionError, match="Did you mean 'NRS 0-10'"):
        pain_scale_of("NRS 0-11")


@pytest.mark.parametrize("name", REFUSED)
def test_scales_without_equal_distances_are_refused_with_the_reason(name):
    for convert in (to_nrs_0_10, change_to_nrs_0_10, sd_to_nrs_0_10):
        with pytest.raises(OptionError, match="no linear way to points of 0 to 10") as error:
            convert(1, name)
        assert PAIN_SCALES[name].refused in str(error.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: to_nrs_0_10([3, 64], "NRS 0-10"), "a score on NRS 0-10 is out of range (value 2 of 2). Found: 64"),
        (lambda: to_nrs_0_10(-1, "VAS 0-100 mm"), "out of range. Found: -1. Expected: 0 to 100"),
        (lambda: change_to_nrs_0_10(-10.5, "NRS 0-10"), "a change of scores on NRS 0-10 is out of range"),
        (lambda: sd_to_nrs_0_10(-0.1, "NRS 0-10"), "an SD of scores on NRS 0-10 is out of range"),
        (lambda: sd_to_nrs_0_10(21, "NRS 0-10"), "Expected: 0 to 7.071"),
        (lambda: sd_to_nrs_0_10(14.2, "NRS 0-10", of="changes"), "Expected: 0 to 14.14"),
    ],
)
def test_values_outside_the_scale_are_refused(call, words):
    with pytest.raises(TableError) as error:
        call()
    assert words in str(error.value)


def test_the_largest_possible_sds_are_reached_by_two_patients():
    assert_allclose(sd_to_nrs_0_10(np.std([0, 100], ddof=1), "VAS 0-100 mm"), 10 * np.sqrt(0.5))
    assert_allclose(sd_to_nrs_0_10(np.std([-100, 100], ddof=1), "VAS 0-100 mm", of="changes"), 10 * np.sqrt(2))
    with pytest.raises(OptionError, match="of='change'"):
        sd_to_nrs_0_10(2, "NRS 0-10", of="change")


def test_notes_and_texts():
    assert conversion_note("vas mm").startswith("VAS 0-100 mm (0 to 100, higher is worse) brought to points of 0 to 10")
    assert "systematically above an NRS" in conversion_note("vas mm")
    assert "higher is better [M] [ware1992]" in str(pain_scale_of("SF-36 bodily pain"))
    assert "not convertible" in str(pain_scale_of("VRS-4"))
    assert pain_scale_of("NRS 0-10").to_dict()["check_status"] == "[R, secondary]"
