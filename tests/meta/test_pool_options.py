"""A refit keeps the method, a model of counts says what it pools, and nothing is told twice."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.effects import compute
from ostealgia.errors import ConvergenceError, OptionError, TableError
from ostealgia.meta import cumulative, grid, leave_one_out, pool, subgroup
from ostealgia.numerics.mantel_haenszel import mantel_haenszel

TABLE = {
    "study": list("ABCD"),
    "events_1": [4, 0, 5, 7],
    "n_1": [40, 30, 25, 50],
    "events_2": [9, 3, 8, 12],
    "n_2": [41, 30, 24, 52],
}
RATES = {
    "study": list("ABC"),
    "events_1": [4, 0, 5],
    "person_time_1": [40, 30, 25],
    "events_2": [9, 3, 8],
    "person_time_2": [41, 30, 24],
}
GIVEN = {"study": list("ABC"), "estimate": [0.1, 0.5, 0.9], "std_error": [0.1, 0.2, 0.3]}


@pytest.mark.parametrize(
    ("measure", "options"),
    [
        ("OR", {"model": "MH", "mh_increment": "effects"}),
        ("RD", {"model": "MH", "rd_variance": "greenland"}),
        ("IRR", {"model": "MH", "rate_weights": "Cochran"}),
        ("OR", {"model": "random", "tau2": "DL", "q_center": "MH"}),
        ("OR", {"model": "glmm", "glmm": "UM.RS", "quadrature": 5}),
        ("OR", {"model": "glmm", "glmm_method": "EE"}),
        ("OR", {"model": "common", "weights": "equal"}),
        ("OR", {"model": "peto"}),
    ],
)
def test_a_refit_keeps_every_option_of_its_model(measure, options):
    """The last step of a cumulative pool has all studies in another order: the same numbers, to the tolerance of a fit."""
    effects = compute(RATES if measure == "IRR" else TABLE, measure=measure)
    fit = pool(effects, **options)
    last = cumulative(fit, order=list(range(effects.k))[::-1]).to_frame().iloc[-1]
    assert_allclose([last["estimate"], last["ci_low"]], [fit.estimate, fit.ci_low], rtol=1e-6)
    without = leave_one_out(fit).to_frame()["estimate"].iloc[0]
    assert_allclose(without, pool(effects.take(np.arange(effects.k) > 0), **options).estimate, rtol=1e-6)


def test_weights_and_tau2_from_elsewhere_cannot_be_refitted():
    for options in ({"weights": [1, 2, 3]}, {"weights": [1, 2, 3], "model": "common"}, {"tau2_value": 0.1}):
        with pytest.raises(OptionError, match="cannot be refitted"):
            leave_one_out(pool(GIVEN, **options))
    groups = subgroup({**GIVEN, "site": ["x", "x", "y"]}, by="site", tau2_common=True).groups
    with pytest.raises(OptionError, match="cannot be refitted"):
        leave_one_out(groups["x"])


def test_a_refit_with_another_interval_is_named():
    """Without C the other two agree and tau2 is 0: z there, Hartung-Knapp in the pool."""
    fit = pool({"study": list("ABCD"), "estimate": [0.1, 0.1, 3.0, 0.1], "std_error": [0.1] * 4})
    assert fit.ci_method == "HK"
    notes = leave_one_out(fit).notes
    assert notes == ("interval by z, not Hartung-Knapp as in the pool (ci='auto'), for: C",)
    assert notes[0] in str(leave_one_out(fit))


@pytest.mark.parametrize(("measure", "table"), [("OR", TABLE), ("IRR", RATES)])
@pytest.mark.parametrize("model", ["MH", "glmm"])
def test_a_model_of_counts_says_that_the_increment_is_not_in_the_pool(measure, table, model):
    [note] = [note for note in pool(compute(table, measure=measure), model=model).notes if "apply_increment" in note]
    assert note.startswith(
        "the pooled effect is of the counts as given; in the study effects that are shown: 0.5 added"
    )
    assert "1 of" in note and note.endswith("B")


def test_the_increment_of_the_effects_goes_to_the_studies_that_got_it():
    effects = compute(TABLE, measure="OR", apply_increment="all", increment=0.1)
    fit = pool(effects, model="MH", mh_increment="effects")
    columns = [np.array(TABLE[name], dtype=float) for name in ("events_1", "n_1", "events_2", "n_2")]
    assert_allclose(fit.estimate, mantel_haenszel(*columns, measure="OR", increment=0.1).estimate, rtol=1e-12)
    given = {**TABLE, "estimate": effects.estimate, "std_error": effects.std_error}
    with pytest.raises(OptionError, match="were given and not computed here"):
        pool(given, measure="OR", model="MH", mh_increment="effects")


def test_one_study_is_said_once():
    for data in ({"study": ["A"], "events": [4], "n": [40]}, {"study": ["A"], "estimate": [0.4], "std_error": [0.3]}):
        measure = "PLO" if "events" in data else "GEN"
        notes = pool(data, measure=measure).notes
        assert [note for note in notes if "one study" in note] == ["one study: nothing to pool"]
        assert not any("three studies" in note for note in notes)


def test_labels_and_columns_of_given_effects_are_read_like_those_of_a_file():
    assert pool({**GIVEN, "study": [2019.0, None, "C"]}).effects.study == ("2019", "study 2", "C")
    with pytest.raises(TableError, match="differ in length"):
        pool({**GIVEN, "year": [2001, 2002]})
    assert math.isnan(pool({**GIVEN, "n": ["10", "many", "12"]}).effects.n[1])


def test_equal_effects_have_no_hartung_knapp_interval_in_any_order():
    """Rounding must not decide whether there is an interval: the factor is 0 up to it."""
    se = np.array([1.0, 1.0, 0.7, 0.25, 0.7])
    for order in (range(5), [3, 0, 2, 1, 4], [4, 3, 2, 1, 0]):
        for value in (0.01, -17.3):
            fit = pool({"estimate": [value] * 5, "std_error": se[list(order)]}, ci="HK")
            assert math.isnan(fit.ci_low) and fit.std_error == 0
            assert "no interval by ci='HK': all effects are equal, so its standard error is 0" in fit.notes
            assert "[no interval]" in str(fit)


def test_a_test_between_subgroups_that_cannot_be_is_explained():
    found = subgroup({**GIVEN, "site": [1.0, 1.0, 2.0]}, by="site", ci="HK")
    assert list(found.groups) == ["1", "2"] and math.isnan(found.q_between)
    assert found.notes == ("no test between subgroups: no standard error above zero in 2",)
    assert found.to_dict()["q_between"] is None
    equal = {"estimate": [0.4, 0.4, 0.1, 0.5], "std_error": [0.1] * 4, "site": list("aabb")}
    with warnings.catch_warnings(action="error"):
        found = subgroup(equal, by="site", ci="HK")
    assert found.notes == ("no test between subgroups: no standard error above zero in a",)


def test_the_grid_has_a_mixed_model_wherever_the_counts_allow_one():
    assert grid(compute(TABLE, measure="OR"), tau2=["DL"])["model"].tolist() == ["common", "random", "random", "glmm"]
    assert "glmm" not in set(grid(compute(TABLE, measure="RR"), tau2=["DL"])["model"])
    given = {**GIVEN, "measure": ["OR"] * 3}
    assert "glmm" not in set(grid(given, tau2=["DL"])["model"])


def test_studies_are_added_in_the_order_of_any_column():
    fit = pool({**GIVEN, "year": [2003.0, None, 2001.0], "site": ["b", "", "A"]})
    assert cumulative(fit, "year").labels == ("C", "A", "B")
    assert cumulative(fit, "year").notes[-1] == "no value of 'year', so last: B"
    assert cumulative(fit, "site").labels == ("C", "A", "B")
    assert cumulative(fit, "study").labels == ("A", "B", "C")
    with pytest.raises(TableError, match=r"no column 'yaer' to order the studies by.*Did you mean 'year'\?"):
        cumulative(fit, "yaer")


@pytest.mark.parametrize("points", [0, 7.5, "x", 102, True])
def test_quadrature_points_are_whole_numbers(points):
    with pytest.raises(OptionError, match=r"quadrature=.* is not a whole number from 1 to 101"):
        pool(compute(TABLE, measure="OR"), model="glmm", quadrature=points)


def test_a_subgroup_that_cannot_be_pooled_is_named():
    effects = compute(
        {"study": list("ABC"), "events": [4, 9, 9], "n": [9, 12, 9], "site": ["x", "x", "y"]}, measure="PLO"
    )
    with pytest.raises(ConvergenceError, match="subgroup 'y': "):
        subgroup(effects, by="site", model="glmm")
    flat = compute({"study": list("AB"), "mean": [2, 3], "sd": [1, 0], "n": [4, 9], "site": ["x", "y"]}, measure="MN")
    with pytest.raises(TableError, match="subgroup 'y': no study has a usable standard error"):
        subgroup(flat, by="site")
