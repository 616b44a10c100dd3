"""What pooling must do on any data: invariances, certificates, edges, words."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.errors import OptionError, TableError
from ostealgia.meta import cumulative, egger, grid, leave_one_out, pool
from ostealgia.numerics.likelihood import log_likelihood, score
from ostealgia.numerics.tau2 import TAU2, estimate_tau2

studies = st.integers(2, 12).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-5, 5), min_size=k, max_size=k),
        st.lists(st.floats(0.01, 4), min_size=k, max_size=k),
    )
)


@given(studies, st.sampled_from(sorted(TAU2)), st.sampled_from([1e-6, 1e-3, 1e6]))
@settings(max_examples=150, deadline=None)
def test_unit_does_not_matter(data, method, factor):
    """Data times c: tau2 times c squared, to 1e-9 (rounding of c itself is 1e-16)."""
    y, v = np.array(data[0]), np.array(data[1])
    plain = estimate_tau2(y, v, method)
    scaled = estimate_tau2(y * factor, v * factor**2, method)
    size = float(np.median(v))
    assert_allclose(scaled.value / factor**2, plain.value, rtol=1e-9, atol=1e-9 * size)
    if math.isfinite(plain.std_error):
        assert_allclose(scaled.std_error / factor**2, plain.std_error, rtol=1e-7)


@given(studies, st.floats(-5, 5), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_shift_sign_and_order(data, shift, random):
    """A shift moves the estimate only, a change of sign mirrors it, the order of studies changes nothing."""
    y, se = np.array(data[0]), np.sqrt(np.array(data[1]))
    order = list(range(len(y)))
    random.shuffle(order)
    plain = pool({"estimate": y, "std_error": se}, ci="HK")
    moved = pool({"estimate": y + shift, "std_error": se}, ci="HK")
    mirror = pool({"estimate": -y, "std_error": se}, ci="HK")
    mixed = pool({"estimate": y[order], "std_error": se[order]}, ci="HK")
    scale = {"rtol": 1e-6, "atol": 1e-7 * (1 + abs(shift))}
    assert_allclose([moved.estimate - shift, moved.tau2], [plain.estimate, plain.tau2], **scale)
    assert_allclose(
        [-mirror.estimate, -mirror.ci_high, mirror.tau2], [plain.estimate, plain.ci_low, plain.tau2], **scale
    )
    assert_allclose(
        [mixed.estimate, mixed.ci_low, mixed.tau2, mixed.q],
        [plain.estimate, plain.ci_low, plain.tau2, plain.q],
        **scale,
    )


@given(studies, st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_likelihood_fit_is_the_highest_point(data, restricted):
    """No tau2 on a fine grid has a higher likelihood; at zero the score is not positive; inside it vanishes."""
    y, v = np.array(data[0]), np.array(data[1])
    found = estimate_tau2(y, v, "REML" if restricted else "ML")
    best = log_likelihood(found.value, [(y, v)], restricted=restricted)
    others = [log_likelihood(t, [(y, v)], restricted=restricted) for t in np.r_[0.0, np.geomspace(1e-6, 500, 400)]]
    assert best >= max(others) - 1e-9
    slope = score(found.value, [(y, v)], restricted=restricted)[0]
    if found.value == 0.0:
        assert slope <= 0
    else:
        assert abs(slope * found.value) < 1e-8
    assert found.certificate["score_at_zero"] == pytest.approx(
        score(0.0, [(y, v)], restricted=restricted)[0], rel=1e-6, abs=1e-6
    )


def test_two_maxima_are_both_found_and_the_higher_kept():
    """Two tight clusters and two vague outliers make a likelihood with two maxima (found by a search over random data)."""
    rng = np.random.default_rng(5)
    for _ in range(4000):
        v = 10 ** rng.uniform(-4, 1, size=4)
        y = rng.normal(size=4) * rng.choice([0.05, 1, 4])
        certificate = estimate_tau2(y, v, "ML").certificate
        if len(certificate["roots"]) > 1:
            break
    assert len(certificate["roots"]) > 1
    values = [log_likelihood(t, [(y, v)], restricted=False) for t in certificate["roots"]]
    assert estimate_tau2(y, v, "ML").value == certificate["roots"][int(np.argmax(values))]


def test_fisher_scoring_would_cycle_here_and_we_do_not():
    """k = 6 with unequal variances on which plain Fisher scoring for REML does not settle in 1000 steps; the certificate shows a root."""
    rng = np.random.default_rng(3)
    for _ in range(2000):
        v = 10 ** rng.uniform(-3, 0.5, size=6)
        y = rng.normal(size=6) * 0.7
        if still_moving(y, v, steps=300):
            break
    assert still_moving(y, v, steps=1000)
    found = estimate_tau2(y, v, "REML")
    assert found.value > 0 and abs(found.certificate["score"]) < 1e-10


def still_moving(y, v, steps):
    """Whether plain Fisher scoring for REML has not settled after so many steps."""
    tau2, seen = float(np.var(y)), []
    for _ in range(steps):
        w = 1 / (v + tau2)
        r = y - (w * y).sum() / w.sum()
        trace = (w**2).sum() - 2 * (w**3).sum() / w.sum() + ((w**2).sum() / w.sum()) ** 2
        tau2 = max(0.0, tau2 + ((w**2 * r**2).sum() - w.sum() + (w**2).sum() / w.sum()) / trace)
        seen.append(tau2)
    return np.ptp(seen[-10:]) > 1e-6


def test_auto_says_why_it_is_z():
    two = pool({"estimate": [0.1, 0.9], "std_error": [0.1, 0.1]})
    assert two.ci_method == "z" and any("two studies" in note for note in two.notes)
    flat = pool({"estimate": [0.1, 0.1, 0.1], "std_error": [0.1, 0.2, 0.1]})
    assert flat.ci_method == "z" and flat.tau2 == 0 and any("tau2 = 0" in note for note in flat.notes)
    kept = pool({"estimate": [0.1, 0.9], "std_error": [0.1, 0.1]}, ci="HK")
    assert kept.ci_method == "HK" and kept.df == 1


def test_one_study():
    fit = pool({"study": ["only"], "estimate": [0.4], "std_error": [0.3]})
    assert (fit.k, fit.estimate) == (1, 0.4)
    assert_allclose(fit.std_error, 0.3)
    assert math.isnan(fit.tau2) and fit.to_dict()["tau2"] is None
    assert any("one study" in note for note in fit.notes)
    assert math.isnan(fit.pi_low)


def test_json_is_stable_and_plain():
    fit = pool(
        {"study": list("ABC"), "estimate": [0.1, 0.5, 0.9], "std_error": [0.1, 0.1, 0.2], "n": [10, 20, 30]}, ci="z"
    )
    body = json.loads(json.dumps(fit.to_dict(), allow_nan=False))
    assert body["analysis_scale"]["df"] == "Infinity" and body["n"] == 60
    for key in ("measure", "model", "tau2_method", "ci_method", "pi_method", "ci_level", "k", "n", "reported", "analysis_scale", "tau2",
                "tau2_std_error", "tau2_ci_low", "tau2_ci_high", "tau2_ci_method", "i2_tau2", "i2_q", "h2", "q", "q_df", "q_p_value",
                "converged", "certificate", "weights", "studies", "excluded", "notes"):  # fmt: skip
        assert key in body
    assert list(body["reported"]) == [
        "scale",
        "estimate",
        "std_error",
        "statistic",
        "df",
        "p_value",
        "ci_low",
        "ci_high",
        "pi_low",
        "pi_high",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tau2": "REMl"}, "Did you mean 'REML'"),
        ({"ci": "hk"}, "Did you mean 'HK'"),
        ({"model": "fixed"}, "'random', 'common'"),
        ({"level": 95}, "Write 0.95 for 95%"),
        ({"weights": [1, 2]}, "3 numbers above 0"),
        ({"tau2_value": -1}, "0 or more"),
        ({"quadrature": 7}, "not an option of model='random'"),
    ],
)
def test_options_are_checked(options, words):
    with pytest.raises(OptionError, match=words.replace("(", r"\(")):
        pool({"estimate": [0.1, 0.5, 0.9], "std_error": [0.1, 0.1, 0.2]}, **options)


def test_nothing_to_pool():
    with pytest.raises(TableError, match="nothing to pool"):
        pool(None)


def test_leave_one_out_and_cumulative_by_hand():
    """Common effect, equal standard errors: plain means."""
    fit = pool(
        {"study": list("ABC"), "estimate": [0.0, 1.0, 5.0], "std_error": [1.0] * 3, "year": [3, 1, 2]}, model="common"
    )
    assert_allclose(leave_one_out(fit).to_frame()["estimate"], [3.0, 2.5, 0.5])
    running = cumulative(fit, "year")
    assert running.labels == ("B", "C", "A")
    assert_allclose(running.to_frame()["estimate"], [1.0, 3.0, 2.0])


def test_grid_names_every_method():
    frame = grid({"estimate": [0.1, 0.5, 0.9], "std_error": [0.1, 0.1, 0.2]})
    assert len(frame) == 1 + 8 * 2 and frame["estimate"].notna().all()


def test_egger_warns_under_ten_and_matches_a_regression():
    """The slope of a weighted regression with dispersion, against numpy's least squares."""
    y, se = np.array([0.2, 0.4, 0.5, 0.9, 0.3]), np.array([0.1, 0.2, 0.3, 0.4, 0.15])
    found = egger({"estimate": y, "std_error": se})
    design = np.column_stack([1 / se, np.ones(5)])
    beta, rss, *_ = np.linalg.lstsq(design, y / se, rcond=None)
    cov = float(rss[0]) / 3 * np.linalg.inv(design.T @ design)
    assert_allclose([found.slope, found.intercept, found.std_error], [*beta, math.sqrt(cov[1, 1])], rtol=1e-10)
    assert "under 10" in found.notes[0]
    with pytest.raises(OptionError, match="standard errors that differ"):
        egger({"estimate": [1, 2, 3], "std_error": [1, 1, 1]})


@pytest.mark.parametrize("method", sorted(set(TAU2) - {"SJ"}))
def test_one_study_that_outweighs_all_others_by_42_orders_of_magnitude(method):
    """Effects 0.1, 0.9, 0.4 with variances 1e-42, 1, 1: Q = 0.8^2 + 0.3^2 = 0.73 below its 2 df, so tau2 = 0. SJ is never zero."""
    fit = pool({"estimate": [0.1, 0.9, 0.4], "std_error": [1e-21, 1.0, 1.0]}, tau2=method, ci="z", tau2_ci="none")
    assert_allclose([fit.q, fit.estimate], [0.73, 0.1], rtol=1e-12)
    assert fit.tau2 == 0.0


@pytest.mark.parametrize("std_error", [[0.2, 1e200], [1e-60, 0.2]])
def test_standard_errors_that_cannot_stand_beside_one_another_are_refused(std_error):
    with pytest.raises(TableError, match="standard error"):
        pool({"study": ["A", "B"], "estimate": [0.1, 0.3], "std_error": std_error})
