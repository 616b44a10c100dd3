"""pool_many gives each analysis the numbers that pool gives it alone, and those of the reference, with either engine."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from ostealgia.errors import OptionError, TableError
from ostealgia.meta import Batch, as_batch, leave_one_out, leave_one_out_many, pool, pool_many
from ostealgia.meta.many import joined, pool_part, specify
from ostealgia.numerics.batch import fit_batch, resolve_engine, without_each
from ostealgia.numerics.batch_codes import CERTIFIED
from reference_cases import cases, close

ENGINES = ("numpy", "numba")
NUMBERS = (
    "k", "estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2_tau2",
    "i2_q", "h2", "q", "q_df", "q_p_value",
)  # fmt: skip
METHODS = [
    {"tau2": "DL", "ci": "z"},
    {"tau2": "REML", "ci": "HK"},
    {"tau2": "REML", "ci": "auto", "pi": "HK"},
    {"tau2": "ML", "ci": "HK-adhoc", "pi": "HK-PR"},
    {"tau2": "PM", "ci": "t", "pi": "S"},
    {"tau2": "PMM", "ci": "HK-ci", "pi": "HTS"},
    {"tau2": "EB", "ci": "HK", "level": 0.9},
    {"tau2": "HE", "ci": "HK"},
    {"tau2": "HS", "ci": "z", "pi": "none"},
    {"tau2": "HSk", "ci": "z"},
    {"tau2": "SJ", "ci": "HK"},
    {"model": "common", "ci": "auto"},
    {"model": "common", "ci": "HK"},
]


def long_table(analyses=120, seed=5):
    """Analyses of 1 to 24 studies, of like and of very unlike variances, with and without heterogeneity; two long ones."""
    rng = np.random.default_rng(seed)
    rows = []
    for a in range(analyses):
        k = 300 + a if a < 2 else int(rng.integers(1, 25))
        v = 10 ** rng.uniform(-2.5, 0, k) if a % 2 else rng.uniform(0.02, 0.3, k)
        y = rng.normal(rng.normal(), np.sqrt(rng.choice([0.0, 0.05, 0.5]) + v))
        rows += [(f"a{a}", f"s{i}", y[i], np.sqrt(v[i])) for i in range(k)]
    return pd.DataFrame(rows, columns=["analysis", "study", "estimate", "std_error"])


TABLE = long_table()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("options", METHODS, ids=lambda o: "-".join(map(str, o.values())))
def test_numbers_are_those_of_pool(options, engine):
    """1e-10 relative to 1 + |value|: both iterate to rounding, in another order of summation."""
    found = pool_many(TABLE, engine=engine, **options).to_frame().set_index("analysis")
    for name, rows in TABLE.groupby("analysis", sort=False):
        one = pool(rows, tau2_ci="none", **options)
        expected = [float(getattr(one, column)) for column in NUMBERS]
        assert_allclose(
            found.loc[name, list(NUMBERS)].astype(float), expected, rtol=1e-10, atol=1e-10, err_msg=str(name)
        )
        assert found.loc[name, "ci_method"] == one.ci_method


CI = {"z": "z", "t": "t", "hartung-knapp": "HK", "hartung-knapp-adhoc": "HK-adhoc"}
POOLS = [
    case
    for case in cases("pooling")
    if case["task"] == "pool"
    and case["spec"].get("tau2_method") not in (None, "EE", "GENQ")
    and not case["spec"].get("weighting")
]
# the reference's own search stops early there: see test_pool_reference.test_where_the_reference_stopped_early
STOPPED_EARLY = ("pool-edge-shared-k2-PM", "pool-edge-shared-extreme-PM", "pool-edge-shared-extreme-REML")


@pytest.mark.parametrize("engine", ENGINES)
def test_all_reference_cases_as_batches(engine):
    """metafor 5.1-12 at the tolerances of the cases; the cases of one method form one batch."""
    groups = {}
    for case in POOLS:
        spec = case["spec"]
        key = (spec["tau2_method"], CI[spec["ci_method"]], spec["level"])
        groups.setdefault(key, []).append(case)
    assert len(POOLS) > 100
    names = {
        "estimate": "estimate", "se": "std_error", "ci_low": "ci_low", "ci_high": "ci_high", "p": "p_value", "tau2": "tau2",
        "I2": "i2_tau2", "H2": "h2", "Q": "q", "Q_p": "q_p_value",
    }  # fmt: skip
    wrong = []
    for (tau2, ci, level), members in groups.items():
        y = [np.array(case["inputs"]["yi"], dtype=float) for case in members]
        v = [np.array(case["inputs"]["vi"], dtype=float) for case in members]
        batch = Batch(
            y=np.concatenate(y), v=np.concatenate(v), offsets=np.concatenate([[0], np.cumsum([len(a) for a in y])])
        )
        fit = pool_many(batch, tau2=tau2, ci=ci, level=level, engine=engine)
        for i, case in enumerate(members):
            if case["id"].rsplit("-", 1)[0] not in STOPPED_EARLY:
                wrong += [
                    (case["id"], key)
                    for key, name in names.items()
                    if key in case["expected"] and not close(case, float(getattr(fit, name)[i]), case["expected"][key])
                ]
    assert not wrong


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("options", [{"tau2": "DL", "ci": "z"}, {"tau2": "REML", "ci": "HK"}], ids=["DL", "REML"])
def test_leave_one_out_is_that_of_pool(options, engine):
    """1e-10, as above."""
    part = TABLE[TABLE.analysis.isin([f"a{i}" for i in range(2, 30)])]
    found = leave_one_out_many(part, engine=engine, **options).to_frame()
    alone = part.groupby("analysis").size()
    assert not set(found.analysis) & set(alone[alone < 2].index)
    for name, rows in part.groupby("analysis", sort=False):
        if len(rows) > 1:
            one = leave_one_out(pool(rows, **options)).to_frame()
            mine = found[found.analysis == name]
            assert list(mine.left_out) == list(rows.study)
            columns = ["k", "estimate", "ci_low", "ci_high", "tau2", "i2_q"]
            assert_allclose(mine[columns].astype(float), one[columns].astype(float), rtol=1e-10, atol=1e-10)


def test_leave_one_out_does_not_depend_on_the_size_of_its_parts():
    batch = as_batch(TABLE[TABLE.analysis.isin([f"a{i}" for i in range(2, 12)])])
    whole = list(without_each(batch.y, batch.v, batch.offsets))
    small = list(without_each(batch.y, batch.v, batch.offsets, cells=1))
    assert len(whole) == 1 < len(small)
    assert_array_equal(whole[0].y, np.concatenate([part.y for part in small]))
    assert_array_equal(whole[0].analysis, np.concatenate([part.analysis for part in small]))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("tau2", ["DL", "SJ", "PM", "ML", "REML"])
def test_an_analysis_has_the_same_bits_in_any_company(engine, tau2):
    """Whole, in parts, one by one and in reverse order: not one bit differs."""
    batch = as_batch(TABLE)
    whole = fit_batch(batch.y, batch.v, batch.offsets, tau2, engine=engine)
    for pieces in (
        batch.parts(200),
        [batch.take([i]) for i in range(0, len(batch), 7)],
        [batch.take(np.arange(len(batch))[::-1])],
    ):
        for piece in pieces:
            at = [batch.analysis.tolist().index(name) for name in piece.analysis]
            fit = fit_batch(piece.y, piece.v, piece.offsets, tau2, engine=engine)
            for values, part in zip(whole, fit, strict=True):
                assert_array_equal(values[at], part)


def test_threads_change_nothing():
    batch = as_batch(TABLE)
    starts = np.concatenate([batch.offsets[:-1] + i * len(batch.y) for i in range(40)])
    many = Batch(y=np.tile(batch.y, 40), v=np.tile(batch.v, 40), offsets=np.append(starts, 40 * len(batch.y)))
    one = fit_batch(many.y, many.v, many.offsets, "REML", engine="numba", threads=1)
    two = fit_batch(many.y, many.v, many.offsets, "REML", engine="numba", threads=2)
    for left, right in zip(one, two, strict=True):
        assert_array_equal(left, right)


STUDIES = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2.0)), min_size=2, max_size=12)


def one_fit(y, v, **options):
    return pool_many(Batch(y=y, v=v, offsets=[0, len(y)]), engine="numpy", **options)


@settings(max_examples=60, deadline=None)
@given(studies=STUDIES, power=st.integers(-300, 300), tau2=st.sampled_from(["DL", "PM", "ML", "REML", "SJ"]))
def test_a_unit_that_is_a_power_of_two_changes_no_digit(studies, power, tau2):
    y, v = map(np.array, zip(*studies, strict=True))
    s = 2.0**power
    plain, scaled = one_fit(y, v, tau2=tau2), one_fit(s * y, s * s * v, tau2=tau2)
    assert scaled.tau2[0] == plain.tau2[0] * s * s
    assert scaled.estimate[0] == plain.estimate[0] * s


@settings(max_examples=60, deadline=None)
@given(studies=STUDIES, shift=st.floats(-5, 5))
def test_shift_sign_and_order(studies, shift):
    """A shift moves the mean alone; a flip of sign flips it; the order of the studies does not matter. 1e-9: rounding of y + shift."""
    y, v = map(np.array, zip(*studies, strict=True))
    plain = one_fit(y, v, ci="z")
    moved, flipped, turned = one_fit(y + shift, v, ci="z"), one_fit(-y, v, ci="z"), one_fit(y[::-1], v[::-1], ci="z")
    for other, sign, move in ((moved, 1, shift), (flipped, -1, 0), (turned, 1, 0)):
        assert_allclose(other.tau2, plain.tau2, rtol=1e-7, atol=1e-9)
        assert_allclose(other.estimate, sign * plain.estimate + move, rtol=1e-7, atol=1e-7)


def test_every_tau2_says_how_it_was_found():
    fit = pool_many(TABLE, engine="numpy")
    shown = fit.certificates()
    likely = shown[shown.certified != "nothing to fit"]
    assert set(likely.certified) <= {"bound", "grid", "search"}
    assert (likely.score.abs() <= 1e-8).all()
    assert (likely.score_at_zero[likely.tau2 == 0] <= 0).all() and (likely.roots >= 1).all()
    assert set(pool_many(TABLE, tau2="PM", engine="numpy").certificates().certified) == {"monotone", "nothing to fit"}
    assert set(pool_many(TABLE, tau2="DL", engine="numpy").certificates().certified) == {
        "closed form",
        "nothing to fit",
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_the_higher_of_several_maxima_is_taken(engine):
    """Found by random search; the certificate of the single fit lists the candidates, and both routes keep the same."""
    rng = np.random.default_rng(11)
    k = 3
    v = 10 ** rng.uniform(-3, 0, (20_000, k))
    y = rng.normal(0.3, np.sqrt(0.05 + v))
    batch = Batch(y=y.ravel(), v=v.ravel(), offsets=np.arange(0, 60_001, k))
    fit = pool_many(batch, engine=engine)
    several = np.flatnonzero(fit.fit.roots > 1)
    assert len(several) > 10 and any("more than one maximum" in note for note in fit.notes)
    for i in several[:20]:
        one = pool({"estimate": y[i], "std_error": np.sqrt(v[i])}, tau2_ci="none")
        assert len(one.certificate["roots"]) == fit.fit.roots[i]
        assert_allclose(fit.tau2[i], one.tau2, rtol=1e-9, atol=1e-15)


def test_what_cannot_be_fitted_says_so():
    """Variances below the normal range of doubles have lost their digits: there is no tau2, and the result says it."""
    batch = Batch(
        y=[1e-154, 2e-154, 0.1, 0.2], v=[1e-308, 1e-308, 1.0, 1.0], offsets=[0, 2, 4], analysis=["tiny", "fine"]
    )
    fit = pool_many(batch, tau2="REML")
    assert fit.converged.tolist() == [False, True]
    assert "not converged: 1 (tiny)" in str(fit)
    frame = fit.to_frame()
    assert not frame.converged[0] and np.isnan(frame.loc[0, ["estimate", "tau2", "ci_low"]].astype(float)).all()
    assert fit.to_dict()["not_converged"] == ["tiny"]
    assert fit.certificates().certified[0] == CERTIFIED[5] == "not converged"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("precise", [1e-4, 1e-8, 1e-12, 1e-16])
def test_a_study_that_outweighs_all_others_costs_no_digits(engine, precise):
    """Against exact fractions: Q and the DL estimate to 1e-14, and the restricted score, in fractions, is zero at the REML estimate."""
    y, v = np.array([3.0, 4.0, 5.0]), np.array([precise, 1.0, 1.0])
    fit = fit_batch(y, v, np.array([0, 3]), "DL", engine=engine)

    def exact(t):
        w = [1 / (Fraction(float(x)) + t) for x in v]
        s1, effects = sum(w), [Fraction(float(x)) for x in y]
        mean = sum(a * b for a, b in zip(w, effects, strict=True)) / s1
        return w, [b - mean for b in effects], s1 - sum(a * a for a in w) / s1

    w, r, trace = exact(0)
    q = sum(a * b * b for a, b in zip(w, r, strict=True))
    assert_allclose(fit.tau2[0], float((q - 2) / trace), rtol=1e-14)
    assert_allclose(fit.q[0], float(q), rtol=1e-14)
    restricted = fit_batch(y, v, np.array([0, 3]), "REML", engine=engine).tau2[0]
    w, r, trace = exact(Fraction(float(restricted)))
    score = sum((a * b) ** 2 for a, b in zip(w, r, strict=True)) - trace
    assert restricted > 0 and abs(float(score) * restricted) < 1e-13


def test_text_and_dict_of_a_batch():
    table = {
        "analysis": ["A", "A", "A", "B", "C", "C", "D"],
        "study": list("abcdefg"),
        "estimate": [0.1, 0.5, 0.9, 0.2, 0.1, 0.7, None],
        "std_error": [0.1, 0.1, 0.1, 0.2, 0.2, 0.1, 0.1],
    }
    fit = pool_many(table)
    assert str(fit).splitlines() == [
        "BatchResult: 4 analyses, random effects (tau2 by REML), 95% CI by Hartung-Knapp or z (auto)",
        "  6 effects; studies an analysis: 0 to 3, median 2",
        "  tau2 median 0.1525, 0 in 0; I2 (from tau2) median 90%",
        "  tau2 certified: bound 2",
        "  not converged: 0",
        "  1 row excluded:",
        "    g: analysis D: estimate is empty",
        "  note: 1 analysis with no usable row: no numbers",
        "  note: 1 analysis of one study: nothing was pooled, no tau2",
        "  note: 1 analysis of two studies: interval by z, not Hartung-Knapp (ci='auto')",
    ]
    body = fit.to_dict()
    assert [row["analysis"] for row in body["analyses"]] == ["A", "B", "C", "D"]
    assert body["analyses"][3]["estimate"] is None and body["analyses"][3]["k"] == 0
    assert body["analyses"][1]["df"] == "Infinity" and body["excluded"][0]["row"] == 8


def test_rows_of_an_analysis_need_not_stand_together():
    mixed = TABLE.sample(frac=1.0, random_state=3)
    fit = pool_many(mixed, tau2="DL")
    assert any("did not stand together" in note for note in fit.notes)
    found, expected = fit.to_frame().set_index("analysis"), pool_many(TABLE, tau2="DL").to_frame().set_index("analysis")
    assert list(found.index) == list(dict.fromkeys(mixed.analysis))
    # another order of the studies within an analysis: rounding only
    assert_allclose(found.loc[expected.index, "estimate"], expected.estimate, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("std_error", 0.0, "row 3, column std_error: std_error is not above 0 (analysis A)"),
        ("std_error", -1.0, "std_error is not above 0"),
        ("std_error", np.inf, "std_error is infinite"),
        ("estimate", np.inf, "estimate is infinite"),
        ("estimate", "x", "text stands where a number is needed"),
        ("analysis", None, "a row does not say to which analysis it belongs"),
    ],
)
def test_impossible_rows_are_refused_by_name(column, value, message):
    table = {"analysis": ["A", "A", "B"], "estimate": [0.1, 0.2, 0.3], "std_error": [0.1, 0.1, 0.1]}
    table[column][1] = value
    with pytest.raises(TableError) as error:
        pool_many(table)
    assert message in str(error.value) and "row 3" in str(error.value)


def test_impossible_rows_can_be_excluded_by_name():
    table = {"analysis": ["A", "A", "B"], "estimate": [0.1, 0.2, 0.3], "std_error": [0.1, 0.0, np.inf]}
    fit = pool_many(table, invalid="exclude")
    assert [(row.row, row.reason) for row in fit.excluded] == [
        (3, "analysis A: std_error is not above 0"),
        (4, "analysis B: std_error is infinite"),
    ]
    assert fit.k.tolist() == [1, 0]


def test_wrong_calls_name_the_way_out():
    with pytest.raises(TableError, match="missing: 'std_error'"):
        pool_many({"analysis": [1], "estimate": [1.0]})
    with pytest.raises(OptionError, match="Did you mean 'REML'"):
        pool_many(TABLE, tau2="REMl")
    with pytest.raises(OptionError, match="'numpy', 'numba'"):
        pool_many(TABLE, engine="cuda")
    with pytest.raises(OptionError, match="weights: not an option of a batch"):
        leave_one_out_many(TABLE, weights="equal")
    with pytest.raises(TableError, match="v above 0"):
        Batch(y=[1.0], v=[0.0], offsets=[0, 1])
    with pytest.raises(TableError, match="offsets should rise"):
        Batch(y=[1.0], v=[1.0], offsets=[0, 2])
    with pytest.raises(TableError, match="each of the 2 analyses once"):
        Batch(y=[1.0, 1.0], v=[1.0, 1.0], offsets=[0, 1, 2], analysis=["A", "A"])
    with pytest.raises(OptionError, match="two studies or more"):
        leave_one_out_many({"analysis": [1], "estimate": [1.0], "std_error": [1.0]})


def test_without_numba_the_engine_is_numpy(monkeypatch):
    monkeypatch.setattr("ostealgia.numerics.batch.find_spec", lambda name: None)
    assert resolve_engine("auto", 10**9) == "numpy"
    with pytest.raises(OptionError, match=r"pip install 'ostealgia\[fast\]'"):
        resolve_engine("numba", 10)


def test_the_core_needs_neither_numba_nor_pyarrow_nor_dask():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['numba', 'pyarrow', 'dask', 'distributed']));"
        "from ostealgia.meta import Batch, bootstrap_many, pool_many;"
        "batch = Batch(y=[0.1, 0.5, 0.3] * 20_000, v=[0.04, 0.04, 0.01] * 20_000, offsets=range(0, 60_001, 3));"
        "fit = pool_many(batch); print(fit.options['engine'], round(fit.estimate[-1], 6), fit.to_frame().shape);"
        "bootstrap_many(batch.take([0]), seed=1, repeats=10)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "numpy 0.3 (20000, 20)\n"


def test_parts_put_together_are_the_whole_and_no_analysis_counts_twice():
    spec, batch = specify({"tau2": "REML"}), as_batch(TABLE)
    whole = pool_many(batch, engine="numpy")
    parts = [pool_part(part, "analysis", spec, "numpy", "refuse") for part in batch.parts(300)]
    pd.testing.assert_frame_equal(joined(parts, spec, "numpy").to_frame(), whole.to_frame())
    with pytest.raises(OptionError, match="counted twice"):
        joined([*parts, parts[0]], spec, "numpy")
