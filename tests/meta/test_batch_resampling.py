"""Simulation, bootstrap and permutation: the numbers of an analysis depend on the seed and on its name, and on nothing else."""

from __future__ import annotations

import hashlib
from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from ostealgia.errors import OptionError
from ostealgia.meta import Batch, bootstrap_many, permutation_many, pool, simulate_many
from ostealgia.numerics.batch_random import Streams, check_seed, name_key, stream


def make_batch(n=12, seed=4):
    rng = np.random.default_rng(seed)
    k = rng.integers(2, 14, n)
    k[3] = 1
    v = rng.uniform(0.02, 0.3, k.sum())
    y = rng.normal(0.3, np.sqrt(0.05 + v))
    names = [f"analysis {i}" for i in range(n)]
    return Batch(y=y, v=v, offsets=np.concatenate([[0], np.cumsum(k)]), analysis=names)


BATCH = make_batch()
CALLS = {
    "studies": lambda batch, **more: bootstrap_many(batch, seed=9, repeats=60, tau2="REML", **more),
    "parametric": lambda batch, **more: bootstrap_many(batch, seed=9, repeats=60, kind="parametric", tau2="DL", **more),
    "permutation": lambda batch, **more: permutation_many(batch, seed=9, repeats=60, ci="HK", **more),
}


def test_a_stream_is_numpys_philox_with_seed_and_name_as_its_key():
    """The stream can be had without this package: Philox(key=[seed, first 8 bytes of BLAKE2b of the name])."""
    key = np.array([7, name_key("pain")], dtype=np.uint64)
    assert_array_equal(stream(7, "pain").random(5), np.random.Generator(np.random.Philox(key=key)).random(5))
    assert name_key("pain") == int.from_bytes(hashlib.blake2b(b"pain", digest_size=8).digest(), "little")


def test_streams_of_other_names_seeds_and_purposes_differ():
    drawn = {
        stream(seed, name, purpose).random()
        for seed, name, purpose in product((0, 1, 2**64 - 1), ("A", "B", 1), ("simulation", "bootstrap", "permutation"))
    }
    assert len(drawn) == 27
    streams = Streams(3, "bootstrap")
    first = streams.of("A").random(3)
    streams.of("B").integers(0, 9, 5)  # leaves half a word behind
    assert_array_equal(first, streams.of("A").random(3))


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, None, True, "1"])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(OptionError, match="a whole number from 0"):
        check_seed(seed)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("kind", CALLS)
def test_chunks_order_and_company_change_no_bit(kind, engine):
    """In one piece, in chunks of one analysis, in another order, and each analysis alone."""
    whole = CALLS[kind](BATCH, engine=engine).to_frame()
    pd.testing.assert_frame_equal(CALLS[kind](BATCH, engine=engine, cells=1).to_frame(), whole, check_exact=True)
    backwards = CALLS[kind](BATCH.take(np.arange(len(BATCH))[::-1]), engine=engine).to_frame()
    pd.testing.assert_frame_equal(backwards[::-1].reset_index(drop=True), whole, check_exact=True)
    alone = [CALLS[kind](BATCH.take([i]), engine=engine).to_frame() for i in range(len(BATCH))]
    pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), whole, check_exact=True)


def test_simulation_follows_its_model_and_does_not_depend_on_parts():
    whole = simulate_many(BATCH, seed=2, estimate=0.4, tau2=0.1)
    parts = [simulate_many(part, seed=2, estimate=0.4, tau2=0.1).y for part in BATCH.parts(10)]
    assert len(parts) > 3
    assert_array_equal(whole.y, np.concatenate(parts))
    assert_array_equal(whole.v, BATCH.v)
    large = Batch(y=np.zeros(60_000), v=np.full(60_000, 0.3), offsets=np.arange(0, 60_001, 20))
    drawn = simulate_many(large, seed=5, estimate=0.4, tau2=0.1)
    # means of 60,000 numbers of variance 0.4: within four standard errors
    assert abs(drawn.y.mean() - 0.4) < 4 * np.sqrt(0.4 / 60_000)
    assert abs(drawn.y.var() - 0.4) < 4 * 0.4 * np.sqrt(2 / 60_000)
    with pytest.raises(OptionError, match="0 or more"):
        simulate_many(BATCH, seed=1, tau2=-1.0)
    with pytest.raises(OptionError, match="one an analysis"):
        simulate_many(BATCH, seed=1, estimate=[1.0, 2.0])


def test_bootstrap_of_studies_by_hand():
    """The same draws taken by hand and pooled one by one."""
    table = bootstrap_many(BATCH, seed=9, repeats=40, tau2="DL", ci="z", level=0.9).to_frame()
    i = 0
    rows = slice(BATCH.offsets[i], BATCH.offsets[i + 1])
    y, se = BATCH.y[rows], np.sqrt(BATCH.v[rows])
    chosen = stream(9, BATCH.analysis[i], "bootstrap").integers(0, len(y), (40, len(y)))
    drawn = [pool({"estimate": y[c], "std_error": se[c]}, tau2="DL", tau2_ci="none").estimate for c in chosen]
    assert_allclose(table.bootstrap_std_error[i], np.std(drawn, ddof=1), rtol=1e-10)
    assert_allclose(table.bootstrap_ci_low[i], np.quantile(drawn, 0.05), rtol=1e-10)
    assert_allclose(table.bootstrap_ci_high[i], np.quantile(drawn, 0.95), rtol=1e-10)


def test_permutation_by_hand():
    """All sign patterns of four effects, refitted one by one; and the random version with the same draws."""
    y, se = np.array([0.4, 0.9, -0.1, 0.6]), np.array([0.2, 0.3, 0.25, 0.2])
    batch = Batch(y=y, v=se**2, offsets=[0, 4], analysis=["four"])

    def statistic(signs):
        return abs(pool({"estimate": y * signs, "std_error": se}, tau2="DL", ci="z", tau2_ci="none").statistic)

    seen = statistic(np.ones(4))
    every = [statistic(np.array(signs)) for signs in product((1, -1), repeat=4)]
    exact = permutation_many(batch, seed=1, repeats=16, tau2="DL", ci="z")
    assert exact.to_frame().exact[0] and any("exact" in note for note in exact.notes)
    assert exact.to_frame().permutation_p_value[0] == np.mean(np.array(every) >= seen - 1e-9)
    some = permutation_many(batch, seed=1, repeats=15, tau2="DL", ci="z").to_frame()
    flips = stream(1, "four", "permutation").integers(0, 2, (15, 4))
    drawn = np.array([statistic(1 - 2 * row) for row in flips])
    assert not some.exact[0] and some.permutation_p_value[0] == (1 + (drawn >= seen - 1e-9).sum()) / 16


def test_one_study_is_said_and_has_no_numbers():
    result = bootstrap_many(BATCH, seed=1, repeats=10)
    assert "1 analysis of fewer than two studies: nothing to resample" in str(result)
    frame = result.to_frame()
    assert np.isnan(frame.bootstrap_std_error[3]) and frame.bootstrap_std_error.notna().sum() == len(BATCH) - 1
    body = result.to_dict()
    assert body["kind"] == "bootstrap (studies)" and body["analyses"][3]["bootstrap_std_error"] is None


def test_wrong_calls():
    with pytest.raises(OptionError, match="repeats=0"):
        bootstrap_many(BATCH, seed=1, repeats=0)
    with pytest.raises(OptionError, match="'studies', 'parametric'"):
        bootstrap_many(BATCH, seed=1, kind="wild")
