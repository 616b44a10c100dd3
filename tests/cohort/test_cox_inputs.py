"""Cox models: what has no answer, what must not change the answer, and answers known from elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize

import ostealgia as oa
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.cox import information_at, state_at
from ostealgia.numerics.cox_data import cox_data
from ostealgia.numerics.survival_concordance import concordance

COX = {"time": "t", "event": "d"}


def cohort(n: int = 80, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "t": np.ceil(rng.exponential(np.exp(-0.5 * x)) * 12), "d": (rng.random(n) < 0.7).astype(int), "x": x,
            "arm": rng.choice(["control", "treated"], n), "site": rng.choice(["femur", "pelvis", "spine"], n), "w": rng.uniform(0.5, 2, n),
        }
    )  # fmt: skip


def test_separation_is_named_and_firth_answers():
    data = {"t": [1, 2, 3, 4, 5, 6, 7, 8], "d": [1, 0, 1, 0, 1, 0, 1, 0], "arm": list("abababab")}
    with pytest.raises(TableError, match=r"'armb' has no finite hazard ratio.*firth=True"):
        oa.cohort.cox(data, terms="arm", **COX)
    fit = oa.cohort.cox(data, terms="arm", firth=True, **COX)
    assert fit.converged and -10 < fit.estimate[0] < 0
    assert "penalised" in fit.notes[-1]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_firth_is_where_the_penalised_likelihood_is_highest(ties):
    frame = cohort(40)
    fit = oa.cohort.cox(frame, terms="x + arm", firth=True, ties=ties, **COX)

    def loss(beta):
        state = state_at(fit.data, beta)
        return -state.log_likelihood - 0.5 * np.linalg.slogdet(information_at(fit.data, state))[1]

    best = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000})
    assert_allclose(fit.fit.scaled_beta, best.x, atol=1e-6)  # what a search without derivatives can resolve


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_separation_is_seen_with_every_likelihood(ties):
    data = {"t": [1, 2, 3, 4, 5, 6], "d": [1, 1, 1, 0, 0, 0], "x": [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]}
    with pytest.raises(TableError, match="no finite hazard ratio"):
        oa.cohort.cox(data, terms=["x"], ties=ties, **COX)


def test_a_constant_column_and_a_sum_of_others_are_named():
    frame = cohort()
    frame["one"], frame["twice"] = 1.0, 2 * frame["x"] + 3
    with pytest.raises(TableError, match="'one' cannot be estimated"):
        oa.cohort.cox(frame, terms="x + one", **COX)
    with pytest.raises(TableError, match="'twice' cannot be estimated"):
        oa.cohort.cox(frame, terms="x + twice", **COX)
    with pytest.raises(TableError, match=r"'factor\(arm\)treated' cannot be estimated"):
        oa.cohort.cox(frame, terms="x + factor(arm)", strata="arm", **COX)


def test_all_censored_and_nobody_left():
    frame = cohort()
    with pytest.raises(TableError, match="all 80 rows are censored"):
        oa.cohort.cox(frame.assign(d=0), terms="x", **COX)
    with pytest.raises(TableError, match="no row has a value in every column"):
        oa.cohort.cox(frame.assign(x=np.nan), terms="x", **COX)


def test_a_message_about_a_covariate_holds_no_value_of_a_patient():
    frame = cohort().astype({"x": object})
    frame.loc[3, "x"] = "unclear-77"
    with pytest.raises(TableError) as caught:
        oa.cohort.cox(frame, terms="ns(x, 2)", **COX)
    assert "unclear-77" not in str(caught.value) and "column x" in str(caught.value)


def test_a_formula_is_read_and_never_run():
    with pytest.raises(OptionError, match=r"not part of a formula|not a function"):
        oa.cohort.cox(cohort(), terms="x + exec('1')", **COX)
    with pytest.raises(OptionError, match="no intercept"):
        oa.cohort.cox(cohort(), terms="x - 1", **COX)
    with pytest.raises(OptionError, match="Did you mean 'efron'"):
        oa.cohort.cox(cohort(), terms="x", ties="effron", **COX)


def test_exact_ties_have_neither_weights_nor_residuals():
    frame = cohort()
    with pytest.raises(OptionError, match="no weights"):
        oa.cohort.cox(frame, terms="x", weights="w", ties="exact", **COX)
    fit = oa.cohort.cox(frame, terms="x", ties="exact", **COX)
    with pytest.raises(OptionError, match="fit again with ties='efron'"):
        fit.proportional_hazards()
    with pytest.raises(OptionError, match="would take too long"):
        oa.cohort.cox(
            {"t": np.repeat([1.0, 2.0], 4000), "d": np.ones(8000), "x": np.arange(8000.0)},
            terms="x",
            ties="exact",
            **COX,
        )


def test_levels_set_the_reference_and_interactions_and_splines_work():
    frame = cohort(150)
    fit = oa.cohort.cox(frame, terms="arm * x + site", levels={"arm": ["treated", "control"]}, **COX)
    assert fit.names == ("armcontrol", "x", "sitepelvis", "sitespine", "armcontrol:x")
    test = fit.proportional_hazards("identity")
    assert test.terms == ("arm", "x", "site", "arm:x", "GLOBAL") and test.df.tolist() == [1, 1, 2, 1, 5]
    curve = oa.cohort.cox(frame, terms="ns(x, 3)", **COX)
    row = curve.hazard_ratio_of({"x": [0.0, 1.0]}, {"x": 0.0})
    assert row["estimate"][0] == 1.0 and row["ci_low"][1] < row["estimate"][1] < row["ci_high"][1]


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_cut_intervals_give_the_fit_of_whole_ones(ties):
    frame = cohort(40)
    whole = oa.cohort.cox(frame, terms="x + arm", ties=ties, **COX)
    cut = frame["t"] > 5
    early = frame.assign(start=0.0, t=frame["t"].clip(upper=5), d=np.where(cut, 0, frame["d"]))
    late = frame[cut].assign(start=5.0)
    parts = oa.cohort.cox(pd.concat([early, late]), start="start", terms="x + arm", ties=ties, **COX)
    assert_allclose(parts.estimate, whole.estimate, rtol=1e-8)
    assert_allclose(parts.std_error, whole.std_error, rtol=1e-8)
    assert_allclose(parts.log_likelihood, whole.log_likelihood, rtol=1e-10)
    if ties != "exact":
        zph = [fit.proportional_hazards("identity").statistic for fit in (parts, whole)]
        assert_allclose(*zph, rtol=1e-7)
    assert_allclose(parts.concordance.estimate, whole.concordance.estimate, rtol=1e-9)


def test_a_cluster_of_copies_counts_once():
    frame = cohort().assign(who=np.arange(80))
    alone = oa.cohort.cox(frame, terms="x", cluster="who", ties="breslow", **COX)
    twice = oa.cohort.cox(pd.concat([frame, frame]), terms="x", cluster="who", ties="breslow", **COX)
    assert_allclose(twice.std_error, alone.std_error, rtol=1e-8)
    assert_allclose(twice.concordance.std_error, alone.concordance.std_error, rtol=1e-8)


@settings(max_examples=25)
@given(st.floats(1e-4, 1e4), st.floats(-1e3, 1e3), st.floats(0.01, 100))
def test_units_change_nothing_but_the_coefficient(scale, shift, unit):
    frame = cohort(60)
    one = oa.cohort.cox(frame, terms="x + arm", **COX)
    other = oa.cohort.cox(frame.assign(x=frame["x"] * scale + shift, t=frame["t"] * unit), terms="x + arm", **COX)
    # a shift of 1e3 on a scale of 1e-4 leaves nine figures of x
    assert_allclose(other.estimate * [scale, 1], one.estimate, rtol=1e-5, atol=1e-8)
    assert_allclose(other.statistic, one.statistic, rtol=1e-5, atol=1e-7)


@settings(max_examples=15)
@given(st.permutations(range(30)))
def test_the_order_of_rows_changes_nothing(order):
    frame = cohort(30)
    one, other = (oa.cohort.cox(part, terms="x", weights="w", **COX) for part in (frame, frame.iloc[list(order)]))
    assert_allclose(other.estimate, one.estimate, rtol=1e-9)
    assert_allclose(other.std_error, one.std_error, rtol=1e-9)


@pytest.mark.parametrize("late", [False, True])
def test_concordance_is_the_count_over_all_pairs(late):
    rng = np.random.default_rng(2)
    n = 70
    time, event = rng.integers(5, 25, n).astype(float), rng.random(n) < 0.6
    start = rng.integers(0, 5, n).astype(float) * (3 if late else 0) - 1.0
    start = np.minimum(start, time - 1)
    score, weight, stratum = rng.integers(0, 8, n).astype(float), rng.uniform(0.5, 2, n), rng.integers(0, 2, n)
    counts = np.zeros(3)
    for i in np.flatnonzero(event):
        for j in range(n):
            later = time[j] > time[i] or (time[j] == time[i] and not event[j])
            if i != j and later and start[j] < time[i] and stratum[i] == stratum[j]:
                counts[0 if score[i] > score[j] else 1 if score[i] < score[j] else 2] += weight[i] * weight[j]
    found = concordance(score, time, event, weight=weight, stratum=stratum, start=start if late else None)
    assert_allclose([found.concordant, found.discordant, found.tied], counts, rtol=1e-10)
    assert_allclose(found.estimate, (counts[0] + counts[2] / 2) / counts.sum(), rtol=1e-12)


def test_a_large_simulated_cohort_gives_the_truth_back():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(20_000, 2))
    t = rng.exponential(np.exp(-x @ [0.7, -0.3]))
    data = cox_data(t, np.ones(20_000, bool), x, weight=np.ones(20_000), stratum=np.zeros(20_000, np.intp))
    assert data.m == 20_000
    fit = oa.cohort.cox({"t": t, "d": np.ones(20_000), "a": x[:, 0], "b": x[:, 1]}, terms=["a", "b"], **COX)
    assert_allclose(fit.estimate, [0.7, -0.3], atol=4 * fit.std_error.max())  # four standard errors
    assert fit.gradient < 1e-9


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_compiled_passes_give_the_numbers_of_the_arrays(ties):
    from ostealgia.numerics import _kernels_survival as kernels

    rng = np.random.default_rng(7)
    n = 300
    t, d, g = np.ceil(rng.exponential(8, n)), rng.random(n) < 0.6, rng.integers(0, 3, n)
    data = cox_data(t, d, rng.normal(size=(n, 3)), weight=rng.uniform(0.5, 2, n), stratum=g, ties=ties)
    beta = np.array([0.4, -0.2, 0.1])
    eta = beta @ data.x
    eta -= eta.mean()
    value, score, taken, load = kernels.cox_pass(
        data.x, eta, np.exp(eta), data.weight, data.event, data.time, data.stratum, ties == "efron"
    )
    state = state_at(data, beta)
    assert_allclose(value, state.log_likelihood, rtol=1e-12)
    assert_allclose(score, state.score, atol=1e-10)
    assert_allclose((data.x * load) @ data.x.T - taken, information_at(data, state), rtol=1e-10, atol=1e-10)


def test_compiled_concordance_is_the_same(monkeypatch):
    from ostealgia.numerics import survival_concordance

    rng = np.random.default_rng(8)
    n = 400
    inputs = (rng.integers(0, 40, n).astype(float), np.ceil(rng.exponential(9, n)), rng.random(n) < 0.6)
    more = {"weight": rng.uniform(0.5, 2, n), "stratum": rng.integers(0, 4, n), "cluster": rng.integers(0, 90, n)}
    plain = concordance(*inputs, **more)
    load = survival_concordance.compiled
    monkeypatch.setattr(survival_concordance, "compiled", lambda rows: load(rows, large=1))
    fast = concordance(*inputs, **more)
    for name in ("estimate", "std_error", "concordant", "discordant", "tied"):
        assert_allclose(getattr(fast, name), getattr(plain, name), rtol=1e-10)
