"""A mean printed with its interval, and no SD: the mean counts, and is held against the middle of its interval."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ostealgia.effects import compute
from ostealgia.errors import TableError

Z = 1.959963984540054


def test_the_printed_mean_is_used_not_the_middle():
    found = compute({"study": ["A"], "mean": [4.2], "ci_low": [3.9], "ci_high": [5.1]}, measure="MN")
    assert found.estimate.tolist() == [4.2]
    assert found.std_error[0] == pytest.approx(1.2 / (2 * Z), rel=1e-12)  # width over 2 z, by hand
    assert any(note.endswith("in: A (4.2, the middle is 4.5)") for note in found.notes)


@pytest.mark.parametrize(
    ("mean", "low", "high"), [(4.2, 3.5, 4.9), (5.0, 4.0, 5.9), (4.0, 3.25, 4.75), (-4.4, -5.0, -3.7)]
)
def test_rounding_alone_is_no_difference(mean, low, high):
    found = compute({"study": ["A"], "mean": [mean], "ci_low": [low], "ci_high": [high]}, measure="MN")
    assert not any("middle" in note for note in found.notes)


def test_the_middle_is_that_of_the_analysis_scale():
    geometric = math.sqrt(2.0 * 8.0)
    found = compute({"study": ["A"], "mean": [geometric], "ci_low": [2.0], "ci_high": [8.0]}, measure="MNLN")
    assert found.estimate[0] == pytest.approx(math.log(4.0), rel=1e-12)
    assert not any("middle" in note for note in found.notes)
    arithmetic = compute({"study": ["A"], "mean": [5.2], "ci_low": [2.1], "ci_high": [8.3]}, measure="MNLN")
    assert any(
        "the middle is 4.17" in note  # the root of 2.1 times 8.3
        for note in arithmetic.notes
    )


def test_a_row_with_data_and_a_row_with_an_interval():
    data = {
        "study": ["A", "B"],
        "mean": [4.2, 3.0],
        "sd": [2.0, np.nan],
        "n": [50, 20],
        "ci_low": [np.nan, 2.0],
        "ci_high": [np.nan, 4.0],
    }
    found = compute(data, measure="MN")
    assert found.estimate.tolist() == [4.2, 3.0]
    assert found.std_error[0] == pytest.approx(2.0 / math.sqrt(50))
    assert any("fewer than 60 patients" in note and "B (n 20, 6%)" in note for note in found.notes)  # 1 - 1.960/2.093


def test_an_estimate_comes_before_the_mean_and_the_middle_stays_where_there_is_neither():
    both = {"study": ["A"], "estimate": [4.0], "mean": [9.9], "ci_low": [3.0], "ci_high": [5.0]}
    assert compute(both, measure="MN").estimate.tolist() == [4.0]
    found = compute(
        {"study": ["A", "B"], "mean": [4.0, np.nan], "ci_low": [3.0, 1.0], "ci_high": [5.0, 2.0]}, measure="MN"
    )
    assert found.estimate.tolist() == [4.0, 1.5]
    assert any("middle of its interval on the analysis scale: B" in note for note in found.notes)


def test_a_mean_with_its_standard_error_where_the_scales_agree():
    data = {"study": ["A", "B"], "mean": [4.2, 3.0], "std_error": [0.3, 0.5]}
    found = compute(data, measure="MN")
    assert (found.estimate.tolist(), found.std_error.tolist()) == ([4.2, 3.0], pytest.approx([0.3, 0.5]))
    with pytest.raises(TableError, match="columns are missing for MNLN"):
        compute(data, measure="MNLN")  # the error would be on the log scale, the mean is not


def test_a_mean_outside_its_interval_and_text_in_it_are_refused():
    with pytest.raises(TableError, match="outside its own interval"):
        compute({"study": ["A"], "mean": [9.0], "ci_low": [3.0], "ci_high": [5.0]}, measure="MN")
    with pytest.raises(TableError, match="text stands where a number is needed in mean"):
        compute({"study": ["A"], "mean": ["about 4"], "ci_low": [3.0], "ci_high": [5.0]}, measure="MN")


def test_columns_of_effects_by_any_of_their_names():
    found = compute(
        {"study": ["A", "B"], "events": [3, 5], "n": [10, 20], "estimate": [0.9, 0.8], "site": ["x", "y"]},
        measure="PLO",
    )
    assert found.column("study").tolist() == ["A", "B"]
    assert found.column("estimate").tolist() == found.estimate.tolist()
    assert found.column("site").tolist() == ["x", "y"]
    assert found.column("nothing") is None
