"""The same pooling on a Dask cluster of two processes, one of which is killed: nothing is lost, nothing counts twice."""

from __future__ import annotations

import logging
import os
import signal

import dask.dataframe as dataframe
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import Client, LocalCluster

from ostealgia.errors import OptionError
from ostealgia.meta import pool_many, pool_many_dask, pool_parquet


def long_table(analyses=400, seed=8):
    rng = np.random.default_rng(seed)
    k = rng.integers(1, 25, analyses)
    se = np.sqrt(rng.uniform(0.02, 0.3, k.sum()))
    y = rng.normal(0.3, np.sqrt(0.05 + se**2))
    y[[5, 100]] = np.nan
    return pd.DataFrame({"analysis": np.repeat(np.arange(analyses), k), "estimate": y, "std_error": se})


TABLE = long_table()


@pytest.fixture(scope="module")
def client():
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=logging.CRITICAL
    )
    with cluster, Client(cluster) as client:
        yield client


def killer(client, at):
    """A progress function that kills one worker process after part ``at``."""
    killed = []

    def progress(done, total):
        assert total > 2 * at
        if done == at and not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    return progress, killed


@pytest.mark.filterwarnings("default")
def test_a_killed_worker_changes_nothing(client, tmp_path):
    """In memory, then over a Parquet file: to the last bit what one process gives."""
    expected = pool_many(TABLE, tau2="REML", ci="HK", engine="numpy")
    progress, killed = killer(client, 3)
    found = pool_many_dask(TABLE, client, effects_per_part=250, tau2="REML", ci="HK", engine="numpy", progress=progress)
    assert killed
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame(), check_exact=True)
    assert found.notes == expected.notes and found.excluded == expected.excluded

    source = tmp_path / "effects.parquet"
    pq.write_table(pa.Table.from_pandas(TABLE, preserve_index=False), source, row_group_size=300)
    progress, killed = killer(client, 3)
    result = pool_parquet(
        source, tmp_path / "pooled.parquet", client=client, effects_per_part=250, tau2="REML", ci="HK", engine="numpy",
        progress=progress,
    )  # fmt: skip
    assert killed and result.analyses == 400
    pd.testing.assert_frame_equal(result.to_frame(), expected.to_frame(), check_exact=True, check_dtype=False)


@pytest.mark.filterwarnings("default")
def test_partitions_of_a_dask_frame(client):
    sorted_frame = dataframe.from_pandas(TABLE.set_index("analysis", drop=False), npartitions=4).reset_index(drop=True)
    found = pool_many_dask(sorted_frame, client, tau2="DL", ci="z", engine="numpy")
    pd.testing.assert_frame_equal(
        found.to_frame(), pool_many(TABLE, tau2="DL", ci="z", engine="numpy").to_frame(), check_exact=True
    )
    assert len(found.excluded) == 2
    torn = dataframe.from_pandas(TABLE, npartitions=7, sort=False)
    with pytest.raises(OptionError, match="in two parts"):
        pool_many_dask(torn, client, tau2="DL", engine="numpy")


def test_what_is_no_client_is_refused():
    with pytest.raises(OptionError, match=r"not a distributed\.Client"):
        pool_many_dask(TABLE, "tcp://nowhere", engine="numpy")
