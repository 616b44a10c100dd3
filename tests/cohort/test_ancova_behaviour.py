"""Analysis of covariance and paired change at the door."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa
from ostealgia.errors import OstealgiaError


def cohort(patients=40, seed=8):
    rng = np.random.default_rng(seed)
    before = rng.lognormal(3, 0.5, patients)
    arm = np.where(np.arange(patients) % 2, "usual", "active")
    after = before * np.where(arm == "usual", 1.0, 0.7) * rng.lognormal(0, 0.3, patients)
    return pd.DataFrame({"id": [f"SECRET-{i}" for i in range(patients)], "arm": arm, "crp_0": before, "crp_12": after})


def fit(frame=None, **options):
    options = {"outcome": "crp_12", "group": "arm", "baseline": "crp_0", **options}
    return oa.cohort.ancova(cohort() if frame is None else frame, **options)


def test_the_group_effect_is_the_same_for_value_and_change():
    """An identity: subtracting a covariate from the outcome moves its own coefficient by one, and nothing else."""
    value, change = fit(response="value"), fit(response="change")
    for column in ("estimate", "std_error", "p_value"):
        assert_allclose(value.row("armusual")[column], change.row("armusual")[column], rtol=1e-9)
    assert_allclose(change.row("crp_0")["estimate"], value.row("crp_0")["estimate"] - 1.0, rtol=1e-9)


def test_logs_give_ratios_that_do_not_depend_on_the_unit():
    frame = cohort()
    ratio = fit(frame, response="log").ratios()
    other = fit(frame.assign(crp_0=frame["crp_0"] / 10, crp_12=frame["crp_12"] * 95), response="log").ratios()
    assert_allclose(ratio["estimate"], other["estimate"], rtol=1e-9)
    assert ratio["contrast"].tolist() == ["usual - active"]
    assert 1.1 < ratio["estimate"][0] < 1.9
    assert "log(crp_12)" in str(fit(frame, response="log"))


def test_a_formula_says_the_same_as_the_arguments():
    assert_allclose(fit(fixed="arm + crp_0", group=None).vcov, fit().vcov, rtol=1e-12)
    crossed = fit(slopes="separate")
    assert crossed.names == ("intercept", "armusual", "crp_0", "armusual:crp_0")


def test_without_a_baseline_it_is_a_t_test():
    frame = cohort()
    found = fit(frame, baseline=None).row("armusual")
    a, b = (frame.loc[frame["arm"] == arm, "crp_12"] for arm in ("active", "usual"))
    pooled = ((len(a) - 1) * a.var() + (len(b) - 1) * b.var()) / (len(a) + len(b) - 2)
    t = (b.mean() - a.mean()) / np.sqrt(pooled * (1 / len(a) + 1 / len(b)))
    assert_allclose(found["statistic"], t, rtol=1e-10)


def test_hc3_is_wider_than_hc2_and_hc0():
    errors = [fit(std_error=kind).row("armusual")["std_error"] for kind in ("HC0", "HC2", "HC3")]
    assert errors == sorted(errors)
    assert "HC3 standard errors" in str(fit(std_error="HC3"))


def test_paired_change_counts_what_is_left_out():
    frame = cohort()
    frame.loc[[0, 1, 2], "crp_12"] = np.nan
    found = oa.cohort.paired_change(frame, before="crp_0", after="crp_12", group="arm")
    assert found.to_frame()["n"].tolist() == [18, 19]
    assert [(row.study, row.reason) for row in found.excluded] == [("3 rows", "no value in column 'crp_12'")]
    assert "SECRET" not in str(found)
    alone = oa.cohort.paired_change(frame, before="crp_0", after="crp_12").to_frame()
    assert alone["group"].tolist() == ["all"] and alone["n"].tolist() == [37]


def test_a_group_with_one_pair_is_left_out_by_name():
    frame = cohort().assign(arm=["once"] + ["often"] * 39)
    found = oa.cohort.paired_change(frame, before="crp_0", after="crp_12", group="arm")
    assert found.groups == ("often",)
    assert found.excluded[0].study == "group once"


def test_a_change_that_is_the_same_in_all_has_no_t_test():
    found = oa.cohort.paired_change({"a": [1, 2, 3], "b": [2, 3, 4]}, before="a", after="b")
    assert any("the same in all" in note for note in found.notes)
    still = oa.cohort.paired_change({"a": [1, 2, 3], "b": [1, 2, 3]}, before="a", after="b").to_frame()
    assert np.isnan(still["p_value"][0]) and np.isnan(still["p_value_wilcoxon"][0])


BAD = {
    "log of zero": (lambda: cohort().assign(crp_0=0.0), {"response": "log"}, "40 values are not above 0"),
    "change without baseline": (cohort, {"response": "change", "baseline": None}, "needs baseline"),
    "separate slopes without baseline": (cohort, {"slopes": "separate", "baseline": None}, "needs baseline"),
    "no group": (cohort, {"group": None}, "needs group"),
    "one arm": (lambda: cohort().query("arm == 'usual'"), {}, "has one level only"),
    "unknown response": (cohort, {"response": "percent"}, "is not one of 'value'"),
    "text": (lambda: cohort().assign(crp_12="SECRET"), {"response": "change"}, "not a number"),
    "no column": (cohort, {"outcome": "crp_21", "response": "change"}, "no column 'crp_21'"),
    "leverage 1": (lambda: cohort().assign(arm=["once"] + ["often"] * 39), {"std_error": "HC3"}, "leverage 1"),
    "two rows": (lambda: cohort().iloc[:2], {}, "2 rows for 3 coefficients"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_a_way_out(name):
    make, options, message = BAD[name]
    frame = make()
    with pytest.raises(OstealgiaError, match=message) as caught:
        fit(frame, **options)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        ({"a": [1.0], "b": [2.0]}, {}, "two pairs"),
        ({"a": [1.0, np.nan], "b": [np.nan, 2.0]}, {}, "no row has both"),
        ({"a": [1.0, 2.0]}, {}, "no column 'b'"),
        ({"a": [1.0, 2.0], "b": ["SECRET", "x"]}, {}, "not a number"),
    ],
)
def test_paired_change_refuses_bad_input(frame, options, message):
    with pytest.raises(OstealgiaError, match=message) as caught:
        oa.cohort.paired_change(frame, before="a", after="b", **options)
    assert "SECRET" not in str(caught.value)
