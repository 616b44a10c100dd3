"""Mixed models at the door: factors, grids, families, what is left out, and bad input without a patient's value in the message."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa
from ostealgia.errors import OptionError, OstealgiaError, TableError
from ostealgia.tables.formula import parse_formula
from ostealgia.tables.formula_design import labels_of, missing_in, recipe_of


def cohort(patients=30, seed=11):
    rng = np.random.default_rng(seed)
    ids = [f"SECRET-{i:03d}" for i in range(patients)]
    frame = pd.DataFrame(
        {
            "id": np.repeat(ids, 4),
            "week": np.tile([0, 4, 8, 12], patients),
            "arm": np.repeat(np.where(np.arange(patients) % 2, "usual", "active"), 4),
            "site": np.repeat(np.where(np.arange(patients) % 3, "axial", "limb"), 4),
            "age": np.repeat(rng.integers(40, 80, patients), 4),
        }
    )
    frame["nrs"] = 6.0 + np.repeat(rng.normal(0, 1.5, patients), 4) + rng.normal(0, 1, len(frame)) - 0.1 * frame["week"]
    return frame


def fit(frame=None, **options):
    options = {"outcome": "nrs", "fixed": "arm * factor(week)", "subject": "id", **options}
    return oa.cohort.mixed_model(cohort() if frame is None else frame, **options)


def test_the_frame_has_the_standard_columns():
    found = fit().to_frame()
    expected = ["term", "estimate", "std_error", "df", "statistic", "p_value", "ci_low", "ci_high", "ci_level"]
    assert list(found.columns) == expected
    assert found["ci_level"].unique().tolist() == [0.95]
    text = str(fit())
    assert "120 rows of 30 subjects" in text and "Satterthwaite df" in text
    assert "<pre" in fit()._repr_html_()


def test_no_patient_is_named_in_a_text():
    fits = [fit(), oa.cohort.mmrm(cohort(), outcome="nrs", fixed="arm * factor(week)", subject="id", visit="week")]
    for one in fits:
        shown = str(one) + str(one.marginal_means("arm")) + str(one.contrasts("arm")) + str(one.term_tests())
        assert "SECRET" not in shown


def test_missing_rows_and_subjects_are_counted():
    frame = cohort()
    frame.loc[frame["id"] == "SECRET-004", "nrs"] = np.nan
    frame.loc[5, "age"] = np.nan
    found = fit(frame, fixed="arm * factor(week) + age")
    reasons = {row.reason: row.study for row in found.excluded}
    assert reasons == {
        "no value in column 'nrs'": "4 rows", "no value in column 'age'": "1 row", "no complete row": "1 subject",
    }  # fmt: skip
    assert (found.n, found.n_subjects) == (115, 29)


def test_the_reference_level_can_be_chosen_and_categories_keep_their_order():
    plain, turned = fit(), fit(reference={"arm": "usual"})
    assert "armusual" in plain.names and "armactive" in turned.names
    assert_allclose(plain.row("armusual")["estimate"], -turned.row("armactive")["estimate"], rtol=1e-7)
    assert_allclose(plain.loglik, turned.loglik, rtol=1e-10)
    frame = cohort()
    frame["arm"] = pd.Categorical(frame["arm"], categories=["usual", "active", "never"])
    assert fit(frame).names[1] == "armactive"
    with pytest.raises(OptionError, match="'usul' is not one of 'active', 'usual'"):
        fit(reference={"arm": "usul"})


def test_a_mapping_of_columns_is_a_frame():
    frame = cohort()
    assert_allclose(fit({name: list(frame[name]) for name in frame}).loglik, fit(frame).loglik, rtol=1e-12)


def test_type_three_tests_do_not_depend_on_the_reference_level():
    first, second = (fit(reference={"arm": arm}).term_tests().to_frame() for arm in ("active", "usual"))
    assert_allclose(first["statistic"], second["statistic"], rtol=1e-6)
    assert_allclose(first["df_denominator"], second["df_denominator"], rtol=1e-6)


def test_marginal_means_of_complete_data_are_means_of_cells():
    frame = cohort()
    found = fit(frame).marginal_means(["arm", "week"]).to_frame().set_index(["arm", "week"])["estimate"]
    cells = frame.groupby(["arm", "week"])["nrs"].mean()
    assert_allclose(found.loc[cells.index], cells, rtol=1e-9)


def test_marginal_means_average_over_other_factors_and_hold_covariates():
    model = fit(fixed="arm * factor(week) + site + age")
    equal, share = (model.marginal_means("arm", weights=weights).to_frame() for weights in ("equal", "proportional"))
    assert not np.allclose(equal["estimate"], share["estimate"])
    old = model.marginal_means("arm", at={"age": 75}).to_frame()["estimate"]
    young = model.marginal_means("arm", at={"age": 45}).to_frame()["estimate"]
    assert_allclose(old - young, 30 * model.row("age")["estimate"], rtol=1e-7)
    last = model.marginal_means(["arm", "week"], at={"week": 12}).to_frame()
    assert last["week"].tolist() == [12, 12]
    assert any("age at its mean" in note for note in model.marginal_means("arm").notes)
    assert any("averaged over week, site" in note for note in model.marginal_means("arm").notes)


def test_contrasts_are_differences_of_marginal_means():
    model = fit()
    means = model.marginal_means(["arm", "week"]).to_frame().set_index(["arm", "week"])["estimate"]
    found = model.contrasts("arm", within="week").to_frame()
    assert found["contrast"].unique().tolist() == ["usual - active"]
    assert_allclose(
        found["estimate"], [means["usual", week] - means["active", week] for week in (0, 4, 8, 12)], rtol=1e-7
    )
    weight = {"armusual": 1, "armusual:factor(week)8": 1}
    assert_allclose(model.combination(weight)["p_value"], found["p_value"][2], rtol=1e-9)


def test_families_are_named_and_counted():
    model = fit()
    within = model.contrasts("week", within="arm", adjust="bonferroni", family="within arm")
    pooled = model.contrasts("week", within="arm", adjust="bonferroni", family="all arms")
    assert within.to_frame()["family_size"].unique().tolist() == [6]
    assert pooled.to_frame()["family_size"].unique().tolist() == [12]
    assert "Bonferroni within each arm" in str(within) and "Bonferroni over all levels of arm together" in str(pooled)
    assert_allclose(pooled.p_value, np.minimum(1, 12 * pooled.found.p_value))
    alone = model.contrasts("arm", within="week", adjust="bonferroni", family="within time")
    assert_allclose(alone.p_value, alone.found.p_value)
    assert any("changes nothing" in note for note in alone.notes)
    steps = model.contrasts("week", compare="consecutive").labels
    assert steps == ("week 4 - week 0", "week 8 - week 4", "week 12 - week 8")


def test_several_groups_differ_in_change_pair_by_pair():
    frame = cohort()
    frame["third"] = np.repeat(np.array(["a", "b", "c"])[np.arange(30) % 3], 4)
    found = (
        fit(frame, fixed="third * factor(week)").differences_in_change("third", over="week", adjust="holm").to_frame()
    )
    assert found["contrast"][:3].tolist() == ["b - a", "c - a", "c - b"]
    assert found["week"].tolist()[::3] == ["week 4 - week 0", "week 8 - week 0", "week 12 - week 0"]
    assert (found["p_value"] >= found["p_value_unadjusted"]).all()


def test_kenward_roger_and_normal_methods_differ_as_they_should():
    errors = {df: fit(df=df).row("armusual") for df in ("satterthwaite", "kenward-roger", "none")}
    assert errors["none"]["df"] == np.inf
    assert errors["satterthwaite"]["ci_low"] < errors["none"]["ci_low"]
    assert errors["kenward-roger"]["std_error"] >= errors["satterthwaite"]["std_error"] - 1e-9


def test_a_singular_fit_says_so():
    frame = cohort()
    frame["nrs"] -= frame.groupby("id")["nrs"].transform("mean")
    found = fit(frame)
    assert found.singular and found.converged
    assert any("boundary" in note for note in found.notes)


def test_the_certificate_holds_the_gradient():
    found = fit(random="1 + week").certificate
    assert found["converged"] and found["gradient"] < 1e-8 and found["decrement"] < 1e-10


def emptied(name):
    frame = cohort()
    frame[name] = np.nan
    return frame


def text_outcome():
    frame = cohort()
    frame["nrs"] = frame["nrs"].astype(object)
    frame.loc[3, "nrs"] = "SECRET-VALUE"
    return frame


def empty_cell():
    frame = cohort()
    return frame[~((frame["arm"] == "usual") & (frame["week"] == 12))]


BAD = {
    "arm has one level": (lambda: cohort().query("arm == 'usual'"), {}, "has one level only"),
    "outcome is empty": (lambda: emptied("nrs"), {}, "no row has a value in every column"),
    "outcome is text": (text_outcome, {}, "not a number"),
    "no such column": (cohort, {"outcome": "nrss"}, "Did you mean 'nrs'"),
    "no such subject": (cohort, {"subject": "patient"}, "no column 'patient'"),
    "an empty cell": (empty_cell, {}, "armusual:factor\\(week\\)12"),
    "a column twice": (lambda: cohort().assign(years=lambda f: 2 * f["age"]), {"fixed": "age + years"}, "'years' cannot be told"),
    "outcome is constant": (lambda: cohort().assign(nrs=5.0), {"fixed": "1"}, "nothing is left to estimate"),
    "one row a subject": (lambda: cohort().query("week == 0"), {"fixed": "arm"}, "one row only"),
    "KR with ML": (cohort, {"method": "ML", "df": "kenward-roger"}, "REML"),
    "unknown df": (cohort, {"df": "kenward"}, "is not one of 'satterthwaite'"),
    "level of 95": (cohort, {"level": 95}, "Write 0.95"),
    "a formula that calls": (cohort, {"fixed": "log(age)"}, "is not a function of formulas"),
    "not a table": (lambda: 7, {}, "no table"),
    "too few rows for the slopes": (lambda: cohort().query("week < 8"), {"random": "1 + week", "fixed": "arm"}, "do not suffice"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_a_way_out(name):
    make, options, message = BAD[name]
    frame = make()
    with pytest.raises(OstealgiaError, match=message) as caught:
        oa.cohort.mixed_model(frame, **{"outcome": "nrs", "fixed": "arm * factor(week)", "subject": "id", **options})
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.marginal_means("age"), "not a factor of this model"),
        (lambda m: m.marginal_means("arm", at={"sex": 1}), "does not use"),
        (lambda m: m.marginal_means("arm", at={"week": 5}), "is not a level of 'week'"),
        (lambda m: m.marginal_means(()), "names no factor"),
        (lambda m: m.contrasts("arm", adjust="bonferoni"), "Did you mean 'bonferroni'"),
        (lambda m: m.contrasts("arm", within="week", family="every"), "is not one of 'within', 'all'"),
        (lambda m: m.contrasts("arm", within="week", family="within site"), "names what is not held"),
        (lambda m: m.contrasts("arm", within="week", adjust="tukey", family="all"), "pairwise comparisons of one set"),
        (lambda m: m.contrasts("arm", at={"arm": "usual"}), "one level only"),
        (lambda m: m.row("armusuall"), "Did you mean 'armusual'"),
        (lambda m: m.combination({"age": 1}), "no coefficient 'age'"),
        (lambda m: m.combination({"armusual": 0}), "all zero"),
    ],
)
def test_bad_questions_are_refused(call, message):
    with pytest.raises(OptionError, match=message):
        call(fit())


def test_errors_about_tables_are_table_errors():
    with pytest.raises(TableError):
        fit(emptied("nrs"))


def test_words_are_read_the_same_in_short_and_long_columns():
    """Long columns go through pandas' hash table, short ones through a dictionary."""
    short = np.array(["b ", None, "a", np.nan, "b", ""], dtype=object)
    for repeats in (1, 500):
        labels, rows = labels_of(np.tile(short, repeats))
        assert labels == ["b", "", "a"]
        assert rows[:6].tolist() == [0, 1, 2, 1, 0, 1]
        assert missing_in({"x": np.tile(short, repeats)})[:6] == ["", "x", "", "x", "", "x"]


def test_levels_in_a_given_order_set_the_reference():
    columns = {"site": ["b", "a", "c", "a"], "stage": [1, 2, 1, 2]}
    recipe = recipe_of(parse_formula("site + stage"), columns, {"site": ["c", "b", "a", "none"], "stage": ["2", "1"]})
    assert recipe.names == ("intercept", "siteb", "sitea", "stage1")
