"""Parquet files larger than memory: no analysis is split, lost or counted twice, whatever the file looks like and whoever is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostealgia.errors import OptionError, OstealgiaError, TableError
from ostealgia.meta import as_batch, pool_many, pool_parquet, write_batches
from ostealgia.meta.out_of_core_files import plan_of


def long_table(analyses=200, seed=5):
    rng = np.random.default_rng(seed)
    k = rng.integers(1, 25, analyses)
    se = np.sqrt(rng.uniform(0.02, 0.3, k.sum()))
    frame = pd.DataFrame(
        {
            "analysis": np.repeat([f"a{i}" for i in range(analyses)], k),
            "study": [f"s{i}" for i in range(k.sum())],
            "estimate": rng.normal(0.3, np.sqrt(0.05 + se**2)),
            "std_error": se,
        }
    )
    frame.loc[[5, 100], "estimate"] = np.nan
    return frame


TABLE = long_table()
EXPECTED = pool_many(TABLE, tau2="REML", engine="numpy").to_frame()


def same_numbers(result, expected=EXPECTED):
    """To the last bit, in whatever order the analyses stand in the file."""
    found = result.to_frame().set_index("analysis")
    assert found.index.is_unique and len(found) == len(expected)
    pd.testing.assert_frame_equal(
        found.loc[expected.analysis].reset_index()[list(expected)], expected, check_exact=True, check_dtype=False
    )


def call(source, target, **more):
    return pool_parquet(source, target, **{"workers": 1, "engine": "numpy", "effects_per_part": 1, **more})


def test_a_written_file_never_splits_an_analysis(tmp_path):
    mixed = TABLE.sample(frac=1.0, random_state=1)
    source = write_batches(mixed, tmp_path / "effects.parquet", effects_per_group=100)
    file = pq.ParquetFile(source)
    groups = [
        file.read_row_group(i, columns=["analysis"]).column("analysis").to_pylist() for i in range(file.num_row_groups)
    ]
    assert len(groups) > 15 and sum(map(len, groups)) == len(TABLE)
    assert all(not set(left) & set(right) for i, left in enumerate(groups) for right in groups[:i])
    assert os.listdir(tmp_path) == ["effects.parquet"]
    back = pq.read_table(source).to_pandas()
    back, mixed = (frame.sort_values("study", ignore_index=True) for frame in (back, mixed))
    pd.testing.assert_frame_equal(back, mixed, check_dtype=False)


def test_pieces_are_read_one_at_a_time_and_a_torn_analysis_is_refused(tmp_path):
    first, second = TABLE[:301], TABLE[301:]
    assert first.analysis.iloc[-1] == second.analysis.iloc[0]
    with pytest.raises(TableError, match="1 analysis stands in more than one place"):
        write_batches(iter([first, second]), tmp_path / "effects.parquet")
    assert os.listdir(tmp_path) == []
    early = TABLE.analysis.isin([f"a{i}" for i in range(50)])
    plain = TABLE.drop(columns="study")
    frame = plain[early].assign(variance=lambda t: t.std_error**2)[["analysis", "estimate", "variance"]]
    source = write_batches(iter([frame, as_batch(plain[~early])]), tmp_path / "effects.parquet", effects_per_group=100)
    assert plan_of(source, "analysis", 1).analyses == 200
    assert pq.read_schema(source).names == ["analysis", "estimate", "variance"]


@pytest.mark.parametrize("rows", [1, 7, 100, 10_000])
def test_a_file_of_others_may_split_analyses(tmp_path, rows):
    """Row groups of 1, 7, 100 rows and one for all: the same numbers, and the notes say what was put together."""
    source = tmp_path / "split.parquet"
    pq.write_table(pa.Table.from_pandas(TABLE, preserve_index=False), source, row_group_size=rows)
    result = call(source, tmp_path / "pooled.parquet", tau2="REML", effects_per_part=50)
    same_numbers(result)
    assert result.analyses == 200 and result.effects == len(TABLE) - 2
    assert any("went on in the next row group" in note for note in result.notes) == (rows < 10_000)
    assert sorted(os.listdir(tmp_path)) == ["pooled.excluded.parquet", "pooled.parquet", "split.parquet"]


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=12), rows=st.integers(1, 12), part=st.integers(1, 30))
def test_a_plan_cuts_between_analyses(tmp_path_factory, sizes, rows, part):
    """The parts are the whole file, each begins with an analysis and none is in two."""
    names = np.repeat(np.arange(len(sizes)), sizes)
    path = tmp_path_factory.mktemp("plan") / "f.parquet"
    pq.write_table(pa.table({"analysis": names}), path, row_group_size=rows)
    plan = plan_of(path, "analysis", part)
    assert (plan.rows, plan.analyses) == (len(names), len(sizes))
    assert [p.first for p in plan.parts] == [0, *(p.last for p in plan.parts[:-1])] and plan.parts[-1].last == len(
        names
    )
    held = [set(names[p.first : p.last]) for p in plan.parts]
    assert sum(map(len, held)) == len(sizes) and [len(h) for h in held] == [p.analyses for p in plan.parts]


def test_excluded_rows_are_listed_with_their_place_in_the_file(tmp_path):
    source = write_batches(TABLE, tmp_path / "effects.parquet", effects_per_group=50)
    result = call(source, tmp_path / "pooled.parquet")
    listed = pd.read_parquet(result.excluded_path)
    assert result.excluded_rows == 2 and "2 rows excluded, listed in pooled.excluded.parquet" in str(result)
    assert listed.row.tolist() == [6, 101] and listed.study.tolist() == ["s5", "s100"]
    assert listed.analysis.tolist() == TABLE.analysis[[5, 100]].tolist()
    assert set(listed.reason) == {f"analysis {name}: estimate is empty" for name in listed.analysis}


def test_the_name_column_may_have_another_name(tmp_path):
    source = write_batches(TABLE.rename(columns={"analysis": "outcome"}), tmp_path / "effects.parquet", id="outcome")
    same_numbers(call(source, tmp_path / "pooled.parquet", id="outcome"))


def test_a_broken_run_goes_on_where_it_was(tmp_path):
    source = write_batches(TABLE, tmp_path / "effects.parquet", effects_per_group=100)
    target = tmp_path / "pooled.parquet"

    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(source, target, progress=stop)
    assert not target.exists()
    folder = tmp_path / ".pooled.parquet.parts"
    (folder / "part-000001.parquet").write_bytes(b"half a file")  # as a full disk may leave it
    seen = []
    result = call(source, target, progress=lambda done, total: seen.append((done, total)))
    assert result.resumed == 3 and seen[0] == (4, result.parts) and seen[-1] == (result.parts, result.parts)
    same_numbers(result)
    assert not folder.exists() and "3 of them from an earlier run" in str(result)


def test_parts_of_another_job_are_not_taken(tmp_path):
    source = write_batches(TABLE, tmp_path / "effects.parquet", effects_per_group=100)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(source, tmp_path / "pooled.parquet", tau2="DL", progress=stop)
    result = call(source, tmp_path / "pooled.parquet", tau2="REML")
    assert result.resumed == 0 and any("put aside" in note for note in result.notes)
    same_numbers(result)


def test_a_process_that_is_killed_loses_nothing(tmp_path):
    """Two processes, one killed after the third part."""
    source = write_batches(TABLE, tmp_path / "effects.parquet", effects_per_group=60)
    killed = []

    def kill(done, total):
        if done == 3 and not killed:
            killed.append(multiprocessing.active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    result = call(source, tmp_path / "pooled.parquet", workers=2, progress=kill)
    assert killed and result.parts > 30
    same_numbers(result)
    assert any("ended from outside" in note for note in result.notes)


def test_wrong_files_and_calls(tmp_path):
    source = write_batches(TABLE, tmp_path / "effects.parquet", effects_per_group=100)
    target = tmp_path / "pooled.parquet"
    with pytest.raises(TableError, match="there is no such file"):
        call(tmp_path / "none.parquet", target)
    (tmp_path / "text.parquet").write_text("analysis,estimate")
    with pytest.raises(TableError, match="not a readable Parquet file"):
        call(tmp_path / "text.parquet", target)
    with pytest.raises(TableError, match="no column 'trial'"):
        call(source, target, id="trial")
    with pytest.raises(OstealgiaError, match="the file that is read"):
        call(source, source)
    with pytest.raises(OstealgiaError, match="no such folder"):
        call(source, tmp_path / "none" / "pooled.parquet")
    with pytest.raises(OptionError, match="not an option of a batch"):
        call(source, target, weights="equal")
    twice = pd.concat([TABLE, TABLE[:3]])
    pq.write_table(pa.Table.from_pandas(twice, preserve_index=False), tmp_path / "twice.parquet", row_group_size=100)
    with pytest.raises(TableError, match="write_batches"):
        call(tmp_path / "twice.parquet", target)
    wrong = TABLE.copy()
    wrong.loc[150, "std_error"] = -1.0
    with pytest.raises(TableError, match=r"wrong\.parquet, row 151, column std_error"):
        call(write_batches(wrong, tmp_path / "wrong.parquet", effects_per_group=40), target)
    assert not target.exists() and not (tmp_path / ".pooled.parquet.parts").exists()
    assert call(tmp_path / "wrong.parquet", target, invalid="exclude").excluded_rows == 3


def test_without_pyarrow_the_way_to_get_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(OptionError, match=r"pip install 'ostealgia\[fast\]'"):
        write_batches(TABLE, tmp_path / "effects.parquet")
