"""complete_means: fills what is missing, says how for every cell, never touches what is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.effects.conversions import complete_means, mean_sd_from_median, sd_from_ci
from ostealgia.errors import OptionError, TableError


def table(**columns):
    size = max(len(column) for column in columns.values())
    return pd.DataFrame(columns, index=range(2, size + 2))  # as read from a file: header is row 1


def test_each_source_in_its_order():
    frame = table(
        study=["given", "se", "ci", "iqr", "both ways"],
        n=[20, 16, 25, 24, 16],
        mean=[3.0, 4.0, 5.0, np.nan, 4.0],
        sd=[1.5, np.nan, np.nan, np.nan, np.nan],
        std_error=[9.9, 0.5, np.nan, np.nan, 0.5],
        ci_low=[np.nan, np.nan, 4.0, np.nan, 0.0],
        ci_high=[np.nan, np.nan, 6.0, np.nan, 9.0],
        median=[2.9, np.nan, np.nan, 4.0, 4.0],
        q1=[2.0, np.nan, np.nan, 2.5, 1.0],
        q3=[4.0, np.nan, np.nan, 5.8, 7.0],
    )
    done = complete_means(frame)
    # 0.5 sqrt(16) = 2;  5 x 2/(2 x 2.063899) = 2.422600;  3.3/1.274 = 2.590267;  standard error before interval
    assert_allclose(done.frame["sd"], [1.5, 2.0, 2.422600, 2.590267, 2.0], atol=1e-6)
    assert_allclose(done.frame["mean"], [3.0, 4.0, 5.0, 4.1074375, 4.0])
    assert [(cell.study, cell.column, cell.row) for cell in done.filled] == [
        ("iqr", "mean", 5), ("se", "sd", 3), ("ci", "sd", 4), ("iqr", "sd", 5), ("both ways", "sd", 6),
    ]  # fmt: skip
    assert "ci: sd 2.423 from the 95% interval (t, n = 25)" in done.notes
    assert "iqr: mean 4.107 from median and quartiles (Luo, n = 24)" in done.notes
    assert "iqr: sd 2.59 from quartiles (Wan, tabulated quantiles, n = 24)" in done.notes
    assert frame["sd"].isna().sum() == 4  # the caller's table is as it was


def test_two_groups_and_pre_post_with_a_shared_n():
    frame = table(
        study=["A"], n=[30], median_pre=[7.0], q1_pre=[6.0], q3_pre=[8.0], mean_post=[3.0], sd_post=[2.0],
        n_1=[20], median_1=[4.0], min_1=[0.0], max_1=[9.0], n_2=[22], mean_2=[5.0], sd_2=[1.0],
    )  # fmt: skip
    done = complete_means(frame)
    assert {cell.column for cell in done.filled} == {"mean_pre", "sd_pre", "mean_1", "sd_1"}
    expected = mean_sd_from_median(n=30, median=7.0, q1=6.0, q3=8.0)
    assert_allclose(done.frame[["mean_pre", "sd_pre"]].iloc[0], [expected.mean[0], expected.sd[0]])


def test_the_error_of_an_effect_is_not_taken_for_that_of_a_mean():
    frame = table(study=["A", "B"], n=[50, 50], mean=[4.0, 4.0], sd=[np.nan, np.nan], std_error=[0.3, 0.3],
                  estimate=[-1.2, np.nan])  # fmt: skip
    done = complete_means(frame)
    assert_allclose(done.frame["sd"], [np.nan, 0.3 * np.sqrt(50)])


def test_an_interval_beside_a_median_is_not_the_interval_of_the_mean():
    done = complete_means(table(study=["A"], n=[50], median=[4.0], ci_low=[3.0], ci_high=[5.0]))
    assert done.filled == () and "sd" not in done.frame


def test_level_of_each_row_counts():
    frame = table(study=["A", "B"], n=[25, 25], mean=[5, 5], ci_low=[4, 4], ci_high=[6, 6], ci_level=[0.9, np.nan])
    done = complete_means(frame, level=0.99)
    assert_allclose(done.frame["sd"], [sd_from_ci(4, 6, 25, level=0.9), sd_from_ci(4, 6, 25, level=0.99)])


def test_what_cannot_be_found_is_named():
    frame = table(study=["A"], n=[30], mean=[np.nan], sd=[np.nan], q1=[2.0], q3=[6.0])
    done = complete_means(frame)
    assert_allclose(done.frame["sd"], 4 / 1.292)  # n = 30: Q = ceil(29/4) = 8
    assert "A: mean is missing and cannot be found from what the row gives" in done.notes
    without_n = complete_means(table(study=["A"], n=[np.nan], median=[4.0], q1=[2.0], q3=[6.0]))
    assert without_n.notes == ("A: mean is missing and cannot be found as n is missing",
                               "A: sd is missing and cannot be found as n is missing")  # fmt: skip


def test_skewed_rows_stay_empty_when_asked():
    frame = table(study=["A", "B"], n=[100, 100], median=[2.0, 5.0], q1=[1.0, 1.0], q3=[9.0, 9.0])
    done = complete_means(frame, skewness="exclude")
    assert np.isnan(done.frame["mean"]).tolist() == [True, False]
    assert any(note.startswith("A: the values look skewed") for note in done.notes)


def test_an_impossible_row_is_refused_with_its_place_or_left_alone_by_name():
    frame = table(study=["A", "B"], n=[30, 30], median=[4.0, 7.0], q1=[2.0, 2.0], q3=[6.0, 6.0])
    with pytest.raises(TableError) as error:
        complete_means(frame)
    assert str(error.value).startswith("row 3, column median: B: median is above q3. Found: median 7, q3 6")
    done = complete_means(frame, impossible="exclude")
    assert len(done.frame) == 2 and np.isnan(done.frame["mean"].iloc[1]) and np.isfinite(done.frame["mean"].iloc[0])
    assert [(row.study, row.row) for row in done.excluded] == [("B", 3)]
    assert "median is above q3" in done.excluded[0].reason


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"mean": [4.0], "std_error": [-0.1]}, "row 2, column std_error: A: std_error is not above 0"),
        ({"mean": [4.0], "std_error": [0.1], "n": [0]}, "row 2, column n: A: n is not above 0"),
        ({"mean": [4.0], "ci_low": [5.0], "ci_high": [4.5]}, "row 2, column ci_high: A: ci_high is not above ci_low"),
        ({"mean": [4.0], "ci_low": [5.0], "ci_high": [6.0]}, "row 2, column mean: A: mean is outside its interval"),
        ({"mean": [4.0], "std_error": ["0,3"]}, "row 2, column std_error: A: not a number. Found: '0,3'"),
    ],
)
def test_impossible_cells(columns, words):
    with pytest.raises(TableError) as error:
        complete_means(table(**{"study": ["A"], "n": [30], **columns}))
    assert str(error.value).startswith(words)


def test_numbers_as_text_and_other_spellings_are_read():
    frame = {"slab": ["A"], "ni": ["24"], "med": ["4"], "q1": ["2.5"], "q3": ["5.8"], "sd": [""]}
    done = complete_means(frame)
    assert_allclose(done.frame["sd"], 2.590267, atol=1e-6)
    assert "column 'med' read as 'median'" in done.notes and done.filled[0].row is None


def test_a_table_without_anything_to_do_comes_back_as_it_was():
    frame = table(study=["A"], events=[3], n=[10])
    done = complete_means(frame)
    pd.testing.assert_frame_equal(done.frame, frame)
    assert done.filled == () and done.notes == ()
    empty = complete_means(pd.DataFrame({"study": [], "n": [], "mean": []}))
    assert len(empty.frame) == 0


def test_options_are_checked():
    frame = table(study=["A"], n=[10])
    for option in ({"impossible": "skip"}, {"distribution": "normal"}, {"level": 95}):
        with pytest.raises(OptionError):
            complete_means(frame, **option)


cells = st.one_of(st.none(), st.floats(0.1, 9))


@given(st.lists(st.tuples(cells, cells, cells, st.integers(5, 90)), min_size=1, max_size=8))
def test_given_cells_are_never_touched_and_every_new_cell_has_a_note(rows):
    frame = pd.DataFrame(
        {
            "study": [f"S{i}" for i in range(len(rows))],
            "mean": pd.array([row[0] for row in rows], dtype="Float64").to_numpy(dtype=float, na_value=np.nan),
            "sd": pd.array([row[1] for row in rows], dtype="Float64").to_numpy(dtype=float, na_value=np.nan),
            "median": 5.0, "q1": 3.0, "q3": 7.5,
            "std_error": pd.array([row[2] for row in rows], dtype="Float64").to_numpy(dtype=float, na_value=np.nan),
            "n": [row[3] for row in rows],
        }
    )  # fmt: skip
    done = complete_means(frame)
    for column in ("mean", "sd"):
        given_cells = frame[column].notna()
        assert (done.frame.loc[given_cells, column] == frame.loc[given_cells, column]).all()
        assert done.frame[column].notna().all()
    missing = int(frame[["mean", "sd"]].isna().sum().sum())
    assert len(done.filled) == missing and all(str(cell) in done.notes for cell in done.filled)
