"""What effect sizes must do on any data: invariances, zero cells, long rows, published effects, the result."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.effects import compute
from ostealgia.effects.continuous import small_sample_correction
from ostealgia.effects.formulas import FORMULAS
from ostealgia.effects.settings import used_by
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics import transforms
from ostealgia.numerics.proportion_intervals import PROPORTION_INTERVALS, proportion_interval
from ostealgia.tables.measures import KINDS, MEASURES

arms = st.integers(2, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
two_by_two = st.lists(st.tuples(arms, arms), min_size=1, max_size=8)
spread = st.floats(0.1, 50)
two_means = st.lists(
    st.tuples(st.floats(-50, 50), spread, st.integers(3, 500), st.floats(-50, 50), spread, st.integers(3, 500)),
    min_size=1,
    max_size=8,
)


def counts(table):
    """Columns, and the same with the groups exchanged."""
    (a, n_1), (c, n_2) = (np.array([[row[g][j] for row in table] for j in (0, 1)]) for g in (0, 1))
    columns = {"events_1": a, "n_1": n_1, "events_2": c, "n_2": n_2}
    return columns, {"events_1": c, "n_1": n_2, "events_2": a, "n_2": n_1}


def means(table):
    names = KINDS["two-group continuous"]
    columns = dict(zip(names, np.array(table, dtype=float).T, strict=True))
    swap = {"1": "2", "2": "1"}
    return columns, {name[:-1] + swap[name[-1]]: values for name, values in columns.items()}


def results(columns, measure, **options):
    """Estimate and standard error by row; rows that are left out are absent."""
    size = len(next(iter(columns.values())))
    try:
        effects = compute({**columns, "study": [str(i) for i in range(size)]}, measure=measure, **options)
    except TableError as error:
        assert "no study is left" in str(error)
        return {}
    return {s: (y, se) for s, y, se in zip(effects.study, effects.estimate, effects.std_error, strict=True)}


@given(two_by_two, st.sampled_from(["OR", "RR", "RD", "PETO", "AS", "YUQ", "YUY", "PHI"]))
@settings(max_examples=150, deadline=None)
def test_exchanging_groups_changes_the_sign(table, measure):
    columns, exchanged = counts(table)
    first, second = results(columns, measure), results(exchanged, measure)
    assert set(first) == set(second)
    for label, (estimate, std_error) in first.items():
        assert_allclose([estimate, std_error], [-second[label][0], second[label][1]], rtol=1e-9, atol=1e-12)


@given(two_by_two, st.sampled_from(["OR", "RD", "PETO", "AS", "YUQ", "YUY", "PHI"]))
@settings(max_examples=100, deadline=None)
def test_counting_the_others_changes_the_sign(table, measure):
    """Responders or non-responders: the same evidence (but not for a risk ratio)."""
    columns, _ = counts(table)
    others = {**columns, **{f"events_{g}": columns[f"n_{g}"] - columns[f"events_{g}"] for g in (1, 2)}}
    first, second = results(columns, measure), results(others, measure)
    assert set(first) == set(second)
    for label, (estimate, std_error) in first.items():
        assert_allclose([estimate, std_error], [-second[label][0], second[label][1]], rtol=1e-8, atol=1e-10)


@given(two_means, st.sampled_from(["MD", "SMD", "SMDH"]), st.floats(-20, 20), st.sampled_from([1e-6, 0.1, 10, 1e6]))
@settings(max_examples=150, deadline=None)
def test_unit_and_origin_of_a_scale(table, measure, shift, factor):
    """A pain scale of 0-100 or 0-10, from 0 or from 1: MD moves with the unit, SMD does not see it."""
    columns, exchanged = means(table)
    changed = {
        n: factor * (v + shift) if n.startswith("mean") else factor * v if n.startswith("sd") else v
        for n, v in columns.items()
    }
    unit = factor if measure == "MD" else 1.0
    plain, moved, turned = results(columns, measure), results(changed, measure), results(exchanged, measure)
    for label, (estimate, std_error) in plain.items():
        scale = max(
            abs(estimate), 70 / 0.1 if measure != "MD" else 70
        )  # digits are lost where two means are near equal
        assert_allclose(moved[label][0] / unit, estimate, rtol=1e-9, atol=1e-13 * scale)
        assert_allclose(moved[label][1] / unit, std_error, rtol=1e-8)
        assert_allclose([turned[label][0], turned[label][1]], [-estimate, std_error], rtol=1e-9, atol=1e-13)


@given(two_means, st.sampled_from(["MD", "SMD", "SMDH", "ROM", "CVR", "VR"]), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_of_studies(table, measure, random):
    columns, _ = means(table)
    order = list(range(len(table)))
    random.shuffle(order)
    columns["study"] = np.array([f"s{i}" for i in range(len(table))])
    mixed = {name: values[order] for name, values in columns.items()}
    first, second = results_by_label(columns, measure), results_by_label(mixed, measure)
    assert first == second


def results_by_label(columns, measure):
    try:
        effects = compute(columns, measure=measure)
    except TableError:
        return None
    return dict(zip(effects.study, zip(effects.estimate, effects.std_error, strict=True), strict=True))


@given(st.lists(arms, min_size=1, max_size=8), st.sampled_from(["PR", "PLO", "PAS", "PFT"]))
@settings(max_examples=100, deadline=None)
def test_proportions_mirror(table, measure):
    """Events and non-events: the same distance from the middle, the same standard error."""
    x, n = np.array(table).T
    middle = {"PR": 0.5, "PLO": 0.0, "PAS": math.pi / 4, "PFT": math.pi / 4}[measure]
    first, second = results({"events": x, "n": n}, measure), results({"events": n - x, "n": n}, measure)
    for label, (estimate, std_error) in first.items():
        assert_allclose(
            [estimate - middle, std_error], [middle - second[label][0], second[label][1]], rtol=1e-9, atol=1e-12
        )


@given(st.lists(arms, min_size=1, max_size=8), st.sampled_from(["PR", "PLN", "PLO", "PAS", "PFT"]))
@settings(max_examples=100, deadline=None)
def test_proportions_go_there_and_back(table, measure):
    """1e-10: the back-transformation of Freeman and Tukey divides by the sine of the transformed value."""
    x, n = np.array(table, dtype=float).T
    keep = (x > 0) & (x < n)
    if not keep.any():
        return
    effects = compute({"events": x[keep], "n": n[keep]}, measure=measure)
    back = effects.definition.back
    found = back(effects.estimate, n[keep]) if effects.definition.needs_n else back(effects.estimate)
    assert_allclose(found, x[keep] / n[keep], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n", [1, 5, 17.3, 100, 69773.3, 1e7])
def test_freeman_tukey_outside_its_range(n):
    lowest, highest = transforms.freeman_tukey(0.0, n), transforms.freeman_tukey(n, n)
    found = transforms.freeman_tukey_back([-1, 0, lowest, highest, math.pi / 2, 4, np.nan, -np.inf, np.inf], n)
    assert_allclose(found[:6], [0, 0, 0, 1, 1, 1], atol=1e-12)
    assert np.isnan(found[6])
    assert found[7:].tolist() == [0, 1]
    inside = transforms.freeman_tukey_back(np.linspace(lowest, highest, 2001), n)
    assert np.all(np.diff(inside) >= 0)
    assert np.isnan(transforms.freeman_tukey_back(0.5, [np.nan, 0.0, -3.0])).all()


def test_freeman_tukey_rates_outside_their_range():
    t = np.array([0.5, 20.0, 1e6])
    for events in (0.0, 1.0, 7.0):
        x = 0.5 * (np.sqrt(events / t) + np.sqrt((events + 1) / t))
        assert_allclose(transforms.freeman_tukey_rate_back(x, t), events / t, rtol=1e-12, atol=1e-18)
    assert transforms.freeman_tukey_rate_back([-1.0, 0.01], 20.0).tolist() == [0, 0]
    assert np.isnan(transforms.freeman_tukey_rate_back([0.5, np.nan, 0.5], [0.0, 9.0, np.nan])).all()


@given(arms, st.sampled_from(sorted(PROPORTION_INTERVALS)), st.floats(0.5, 0.999))
@settings(max_examples=100, deadline=None)
def test_intervals_hold_their_proportion(arm, method, level):
    x, n = arm
    p, low, high = (float(value) for value in proportion_interval(x, n, method=method, level=level))
    assert 0 <= low <= high <= 1
    if method != "logit" or 0 < x < n:  # at 0 and n events 0.5 moves the logit interval inwards
        assert low - 1e-12 <= p <= high + 1e-12
    _, low_2, high_2 = proportion_interval(n - x, n, method=method, level=level)
    assert_allclose([low, high], [1 - high_2, 1 - low_2], rtol=1e-9, atol=1e-9)


def test_intervals_of_impossible_counts_are_refused():
    with pytest.raises(OptionError, match="between 0 and n"):
        proportion_interval([3, 5], [4, 4])
    assert np.isnan(proportion_interval(np.nan, 4)).all()


def test_the_small_sample_factor_is_smooth_where_the_method_changes():
    """Log-gammas below 100 degrees of freedom, a series above: the same to 1e-13."""
    below, above = small_sample_correction(np.array([100.0, np.nextafter(100.0, 101)]))
    assert_allclose(below, above, rtol=1e-13)
    # J(2) = 1/sqrt(pi), J(3) = sqrt(2/3) Gamma(3/2)
    exact = [1 / math.sqrt(math.pi), math.sqrt(2 / 3) * math.sqrt(math.pi) / 2]
    assert_allclose(small_sample_correction(np.array([2.0, 3.0])), exact, rtol=1e-14)
    assert np.isnan(small_sample_correction(np.array([1.0, 0.0]))).all()


ZERO = {
    "study": ["A", "B", "C", "D"],
    "events_1": [4, 0, 0, 12],
    "n_1": [40, 30, 20, 12],
    "events_2": [9, 3, 0, 10],
    "n_2": [41, 30, 25, 14],
}


def test_zero_cells_are_corrected_as_asked_and_said():
    effects = compute(ZERO, measure="OR")
    assert effects.notes == (
        "no event in either group, or nothing but events, in 1 study: C",
        "0.5 added to every cell of 3 of 4 studies (apply_increment='only0'): B, C, D",
    )
    assert effects.options["increment"] == 0.5
    assert effects.columns["events_1"].tolist() == [4, 0, 0, 12]  # as observed
    assert_allclose(effects.estimate[1], math.log(0.5 * 27.5 / (30.5 * 3.5)), rtol=1e-14)
    dropped = compute(ZERO, measure="OR", drop_double_zero=True)
    assert [(e.study, "drop_double_zero" in e.reason) for e in dropped.excluded] == [("C", True)]
    everywhere = compute(ZERO, measure="OR", apply_increment="all", increment=0.1)
    assert "0.1 added to every cell of 4 of 4 studies (apply_increment='all'): A, B, C, D" in everywhere.notes
    nothing = compute(ZERO, measure="OR", apply_increment="none")
    assert nothing.study == ("A",)
    assert nothing.excluded[0].reason == (
        "OR is not defined for events_1 0, n_1 30, events_2 3, n_2 30, an empty cell to which nothing is added"
    )
    tacc = compute(ZERO, measure="OR", increment="TACC")
    add_1, add_2 = 12 / 26, 14 / 26
    assert_allclose(tacc.estimate[3], math.log((12 + add_1) * (4 + add_2) / (add_1 * (10 + add_2))), rtol=1e-14)
    assert any("TACC" in note for note in tacc.notes)


def test_the_increment_can_enter_n_once_or_the_variance_only():
    """Study B, 0 of 30 against 3 of 30, by hand."""
    twice, once = (compute(ZERO, measure="RR", rr_increment_to_n=rule) for rule in ("2*incr", "incr"))
    assert_allclose(twice.estimate[1], math.log((0.5 / 31) / (3.5 / 31)), rtol=1e-14)
    assert_allclose(once.std_error[1] ** 2, 1 / 0.5 - 1 / 30.5 + 1 / 3.5 - 1 / 30.5, rtol=1e-14)
    observed = compute(ZERO, measure="RD", rd_increment="variance")
    assert_allclose(observed.estimate, [4 / 40 - 9 / 41, -0.1, 0, 1 - 10 / 14], rtol=1e-14)
    assert observed.std_error.min() > 0


LONG = {
    "study": ["A", "A", "B", "B", "C", "A", "A", "D", "D"],
    "arm": ["sham", "mrgfus", "mrgfus", "sham", "mrgfus", "mrgfus", "sham", "mrgfus", "radiotherapy"],
    "outcome": ["pain_response"] * 5 + ["skin burn"] * 2 + ["pain_response"] * 2,
    "events": [9, 14, 22, 3, 4, 1, 0, 5, 6],
    "n": [41, 40, 30, 30, 9, 40, 41, 10, 11],
    "year": [2001, 2001, 2002, 2002, 2003, 2001, 2001, 2004, 2004],
}
WIDE = {"study": ["A", "B"], "events_1": [14, 22], "n_1": [40, 30], "events_2": [9, 3], "n_2": [41, 30]}


def test_long_rows_are_paired_by_study_outcome_and_arm():
    frame = pd.DataFrame(LONG, index=pd.Index(range(2, 11), name="row"))
    effects = compute(frame, measure="OR", outcome="pain_response", arms=("mrgfus", "sham"))
    wide = compute(WIDE, measure="OR")
    assert effects.study == wide.study
    assert_allclose(effects.estimate, wide.estimate)
    assert_allclose(effects.std_error, wide.std_error)
    assert effects.columns["events_2"].tolist() == [9, 3]
    assert effects.columns["year"].tolist() == [2001, 2002]
    assert effects.n.tolist() == [81, 60]
    assert effects.rows == (3, 4)
    assert [(e.study, e.row, e.reason) for e in effects.excluded] == [
        ("C", 6, "no row for the control arm"),
        ("D", 9, "no row for the control arm"),
    ]
    assert "outcome 'pain_response': 7 of 9 rows taken" in effects.notes
    assert "1 row of another arm is not part of this comparison" in effects.notes


def test_roles_name_the_arms_without_an_option():
    roles = {"mrgfus": "treated", "sham": "control", "radiotherapy": "control"}
    table = {**LONG, "arm_role": [roles[arm] for arm in LONG["arm"]]}
    effects = compute(table, measure="RR", outcome="PAIN_RESPONSE")
    assert effects.study == ("A", "B", "D")
    with pytest.raises(TableError, match="which arm is treated"):
        compute({**LONG, "arm": ["x", "y"] * 4 + ["x"]}, measure="RR")


def test_faults_of_long_rows_point_to_their_own_row():
    frame = pd.DataFrame({**LONG, "events": [99, 14, 22, 3, 4, 1, 0, 5, 6]}, index=pd.Index(range(2, 11), name="row"))
    with pytest.raises(
        TableError, match=r"row 2, column events: events_2 is above n_2 \(study 'A'\)\. Found: 99 of 41"
    ):
        compute(frame, measure="OR", outcome="pain_response", arms=("mrgfus", "sham"))


def test_an_arm_given_twice_is_refused():
    table = {**LONG, "outcome": ["pain_response"] * 9}
    with pytest.raises(TableError, match=r"arm given twice for 'A pain_response' \(rows 3 and 7\).*Combine the arms"):
        compute(table, measure="OR", arms=("mrgfus", "sham"))
    effects = compute(table, measure="OR", arms=("mrgfus", "sham"), on_bad="exclude")
    assert effects.study == ("B",)
    assert "A" in {e.study for e in effects.excluded}


def test_one_arm_of_a_long_table():
    effects = compute(LONG, measure="PLO", outcome="pain_response", arms="mrgfus")
    assert effects.study == ("A", "B", "C", "D")
    with pytest.raises(TableError, match=r"no row belongs to the arm 'hifu'.*mrgfus"):
        compute(LONG, measure="PLO", arms=["hifu"])
    with pytest.raises(OptionError, match="a comparison needs two"):
        compute(LONG, measure="OR", arms=["mrgfus"])


def test_rows_of_one_time_point():
    table = {
        "study": ["A", "A"],
        "time": [1.0, 3.0],
        "time_unit": ["month"] * 2,
        "mean": [4, 2],
        "sd": [2, 2],
        "n": [9, 9],
    }
    for time in (3, "3", "3 month", "3 months"):
        assert compute(table, measure="MN", time=time).estimate.tolist() == [2]
    with pytest.raises(TableError, match="no row has time '6'"):
        compute(table, measure="MN", time=6)


def test_counts_are_preferred_and_published_effects_fill_the_gaps():
    table = {
        "study": ["A", "B", "C", "D"],
        "events_1": [14, None, None, 4],
        "n_1": [40, None, None, 9],
        "events_2": [9, None, None, None],
        "n_2": [41, None, None, 8],
        "estimate": [9.99, 0.7, 0.8, None],
        "ci_low": [9.0, 0.4, 0.5, None],
        "ci_high": [11.0, 1.2, 1.3, None],
        "measure": ["OR", "OR", "HR", ""],
    }
    effects = compute(table, measure="OR")
    assert effects.study == ("A", "B")
    assert_allclose(effects.estimate, [math.log(14 * 32 / (26 * 9)), math.log(0.7)])
    assert [(e.study, e.reason) for e in effects.excluded] == [
        ("C", "the published effect is HR, not OR"),
        ("D", "events_2 is empty"),
    ]
    assert "published effect used where the data are incomplete: B" in effects.notes
    assert effects.columns["published_estimate"].tolist() == [9.99, 0.7]
    assert "estimate" not in effects.columns


def test_published_values_are_on_the_reported_scale_and_given_errors_on_the_analysis_scale():
    z = 1.959963984540054
    ratio = compute({"study": ["A"], "estimate": [0.5], "ci_low": [0.25], "ci_high": [1.0]}, measure="OR")
    assert_allclose([ratio.estimate[0], ratio.std_error[0]], [math.log(0.5), math.log(4) / (2 * z)], rtol=1e-12)
    given_error = compute({"study": ["A"], "estimate": [-0.5], "std_error": [0.2]}, measure="OR")
    assert (given_error.estimate[0], given_error.std_error[0]) == (-0.5, 0.2)
    assert "on the scale log odds ratio" in given_error.notes[0]
    share = compute({"study": ["A"], "estimate": [0.79], "ci_low": [0.73], "ci_high": [0.83]}, measure="PLO")
    assert_allclose(share.estimate[0], math.log(0.79 / 0.21), rtol=1e-12)
    r = compute({"study": ["A"], "estimate": [0.5], "ci_low": [0.2], "ci_high": [0.7]}, measure="ZCOR")
    assert_allclose(r.estimate[0], math.atanh(0.5), rtol=1e-12)
    plain = compute(
        {"study": ["A"], "estimate": [-4.4], "ci_low": [-5.0], "ci_high": [-3.7], "std_error": [0.3]}, measure="MD"
    )
    assert plain.std_error[0] == 0.3
    with pytest.raises(OptionError, match="needs the counts"):
        compute({"study": ["A"], "estimate": [0.79], "ci_low": [0.73], "ci_high": [0.83]}, measure="PFT")


def test_levels_of_published_intervals():
    table = {"study": ["A", "B", "C"], "estimate": [0.5] * 3, "ci_low": [0.25] * 3, "ci_high": [1.0] * 3}
    wide = compute(table, measure="HR").std_error
    mixed = compute({**table, "ci_level": [90, 0.9, None]}, measure="HR", level=0.9).std_error
    assert_allclose(mixed, wide * 1.959963984540054 / 1.6448536269514722, rtol=1e-12)


def test_the_result_knows_what_was_done():
    table = {"author": ["A", "B"], "xi": [3, 4], "non_events": [6, 5], "country": ["NL", "CN"], "dose_gy": [8.0, 20.0]}
    effects = compute(table, measure="PLOGIT")
    assert effects.measure == "PLO"
    assert effects.notes[0] == "measure 'PLOGIT' read as 'PLO'"
    assert {"column 'author' read as 'study'", "column 'xi' read as 'events'", "n is events + non_events"} <= set(
        effects.notes
    )
    assert effects.columns["country"].tolist() == ["NL", "CN"]
    assert effects.columns["dose_gy"].tolist() == [8.0, 20.0]
    assert effects.columns["events"].dtype == float
    assert effects.n.tolist() == [9, 9]
    frame = effects.to_frame()
    assert list(frame.columns[:5]) == ["study", "measure", "estimate", "std_error", "n"]
    assert effects.options["apply_increment"] == "only0"


def test_events_and_non_events_with_a_fault():
    with pytest.raises(TableError, match="row 2, column bi"):
        compute({"ai": [3], "bi": [-1], "ci": [3], "di": [4]}, measure="OR")


def test_the_standardiser_of_a_change():
    table = {"mean_pre": [6.0], "sd_pre": [2.0], "mean_post": [2.0], "sd_post": [1.0], "n": [16], "correlation": [0.5]}
    pre, post = (compute(table, measure="SMCR", standardizer=which).estimate[0] for which in ("pre", "post"))
    assert_allclose(post, 2 * pre, rtol=1e-14)
    assert compute(table, measure="SMCR").estimate[0] == pre


def test_every_measure_has_a_formula_or_takes_published_effects():
    assert set(MEASURES) - set(FORMULAS) == {"GEN"}
    for name, formula in FORMULAS.items():
        kind = MEASURES[name].kind
        assert KINDS.get(kind, KINDS["survival"]) == formula.columns
        assert set(formula.options) <= set(used_by(name))


def test_many_rows():
    """One pass over arrays, no loop over rows: the labels are the slowest part."""
    k = 200_000
    rng = np.random.default_rng(1)
    table = {
        "events_1": rng.integers(0, 20, k),
        "n_1": np.full(k, 20),
        "events_2": rng.integers(0, 20, k),
        "n_2": np.full(k, 25),
    }
    effects = compute(table, measure="OR")
    assert effects.k == k
    assert any("and" in note and "more" in note for note in effects.notes)


def test_published_comparisons_in_a_long_table():
    """One row with the ratio, with or without the name of its arm, beside pairs of arms with counts."""
    table = {
        "study": ["A", "A", "B", "C"],
        "arm_role": ["treated", "control", None, "treated"],
        "n": [40, 41, 100, 90],
        "events": [14, 9, None, None],
        "estimate": [None, None, 0.7, 0.8],
        "ci_low": [None, None, 0.4, 0.5],
        "ci_high": [None, None, 1.2, 1.3],
    }
    for frame in (table, pd.DataFrame(table).convert_dtypes()):
        effects = compute(frame, measure="OR")
        assert effects.study == ("A", "B", "C")
        assert_allclose(effects.estimate[1:], np.log([0.7, 0.8]))
        assert_allclose(effects.estimate[0], math.log(14 * 32 / (26 * 9)))
    ratios = {name: values[2:] for name, values in table.items() if name not in {"n", "events"}}
    assert compute(ratios, measure="HR", arms=("treated", "control")).study == ("B", "C")


def test_notes_count_the_studies_that_enter():
    """Who is left out is in ``excluded``: 33 rows of which 13 are empty are 20 studies."""
    rows = 13
    table = {
        "study": [f"S{i}" for i in range(20)] + [f"E{i}" for i in range(rows)],
        "events": [0, 0, 0] + [4] * 17 + [None] * rows,
        "n": [12] * 20 + [9] * rows,
    }
    effects = compute(table, measure="PLO")
    assert effects.k == 20 and len(effects.excluded) == rows
    assert "0.5 added to every cell of 3 of 20 studies (apply_increment='only0'): S0, S1, S2" in effects.notes
    ratios = {
        "study": list("ABC"),
        "estimate": [0.5, 0.8, None],
        "ci_low": [0.3, 0.7, None],
        "ci_high": [0.9, 1.2, None],
    }
    assert "standard error from the 95% interval, in 2 of 2 studies" in compute(ratios, measure="HR").notes
    change = {
        "mean_pre": [6, 7, None],
        "sd_pre": [2, 2, 2],
        "mean_post": [2, 3, 4],
        "sd_post": [2, 2, 2],
        "n": [16, 20, 9],
    }
    stated = compute(change, measure="MC", correlation=0.5)
    assert "correlation 0.5 (option) used in 2 of 2 studies" in stated.notes


def test_a_row_that_is_left_out_is_in_no_note():
    """Nothing is added where the measure stays undefined: the row is excluded and not among the corrected ones."""
    effects = compute(ZERO, measure="OR", drop_double_zero=True)
    assert "0.5 added to every cell of 2 of 3 studies (apply_increment='only0'): B, D" in effects.notes
    assert not any("C" in note for note in effects.notes)
