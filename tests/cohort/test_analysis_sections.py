"""The whole analysis on the bundled SIMULATED cohort: every section, its numbers against the single functions, and the order of groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa
from cohort_analysis_cases import bundled, made_up, quick, with_tables
from ostealgia.cohort.analysis_model import SECTIONS
from ostealgia.errors import OptionError, OstealgiaError


@pytest.fixture(scope="module")
def cohort():
    return bundled()


@pytest.fixture(scope="module")
def found(cohort):
    return oa.cohort.analyse(cohort, quick(), rng_seed=1)


def test_every_section_of_a_paper_is_there_in_order_and_nothing_failed(found):
    assert [one.id for one in found.sections] == [id for id in SECTIONS if id != "checklists"]
    assert not found.failed
    assert all(one.tables for one in found.sections)
    assert "SIMULATED" in str(found) and any("SIMULATED" in note for note in found.notes)


def test_the_same_seed_gives_the_same_numbers(cohort, found):
    again = oa.cohort.analyse(cohort, quick(), rng_seed=1)
    pd.testing.assert_frame_equal(again.to_frame(), found.to_frame())


def test_classes_add_up_to_the_group_and_responders_to_the_rates(found):
    tables = found.section("response").tables
    sums = tables["classes"].groupby(["week", "group"])["events"].sum()
    assert set(sums.loc[:, "control"]) == {103} and set(sums.loc[:, "observation"]) == {102}
    wide = tables["classes"].pivot_table(index=["week", "group"], columns="pain_response", values="events")
    seen = tables["rates"][tables["rates"]["denominator"] == "assessable"].set_index(["week", "group"])
    assert (wide["CR"] + wide["PR"] == seen["events"]).all()
    assert (seen["n"] == sums - wide["NE"]).all()


def test_response_of_the_reference_is_the_one_of_the_dictionary(cohort):
    # 12 CR, 92 PR, 4 PP, 51 IR, 46 NE: the reference of the cohort's case set, with re-irradiation left alone
    other = oa.cohort.analyse(cohort, quick(retreatment="treatment_policy", estimands=False), rng_seed=1)
    classes = other.section("response").tables["classes"]
    total = classes[classes["week"] == 12].groupby("pain_response")["events"].sum()
    assert total.to_dict() == {"CR": 12, "IR": 51, "NE": 46, "PP": 4, "PR": 92}


def test_the_mmrm_of_the_section_is_the_published_specification(cohort, found):
    # chg ~ baseline * week + group * week, unstructured, REML: the change and the value give the same difference between groups
    rows = cohort.visits[(cohort.visits["week"] > 0) & cohort.visits["nrs_worst"].notna()]
    by_id = cohort.patients.set_index("id")
    rows = rows.assign(group=rows["id"].map(by_id["group"]), start=rows["id"].map(by_id["nrs_baseline"]))
    rows = rows.assign(change=rows["nrs_worst"] - rows["start"])
    fit = oa.cohort.mmrm(
        rows,
        outcome="change",
        fixed="start * factor(week) + group * factor(week)",
        subject="id",
        visit="week",
        df="kenward-roger",
    )
    direct = fit.contrasts("group", within="week").to_frame()
    table = found.section("pain").tables["contrasts"]
    table = table[table["model"] == "MMRM"]
    for name in ("estimate", "std_error", "df", "ci_low", "p_value"):
        # two climbs to the same optimum; the values are of order 1
        assert_allclose(table[name].to_numpy(), direct[name].to_numpy(), rtol=1e-5, err_msg=name)
    assert table["p_adjusted"].to_numpy() == pytest.approx(np.minimum(1, 4 * direct["p_value"].to_numpy()), rel=1e-5)
    assert "all levels of week together" in table["family"].iloc[0] and (table["n_comparisons"] == 4).all()


def test_other_models_of_pain_stand_beside(found):
    tables = found.section("pain").tables
    assert set(tables["contrasts"]["model"]) == {"MMRM", "linear mixed model", "ANCOVA"}
    assert set(tables["means"]["model"]) == {"MMRM", "linear mixed model"}
    assert len(tables["changes"]) == 4 and list(tables["change"]["group"]) == ["control", "observation"]


def test_survival_is_that_of_the_single_functions(cohort, found):
    frame = oa.cohort.survival_frame(cohort, "os")
    fit = oa.cohort.cox(frame, time="time_months", event="event", terms="group")
    row = (
        found.section("survival")
        .tables["cox"]
        .query("endpoint == 'overall survival' and model == 'unadjusted'")
        .iloc[0]
    )
    assert row["estimate"] == pytest.approx(float(np.exp(fit.estimate[0])), rel=1e-12)
    tests = found.section("survival").tables["logrank"]
    assert list(tests["test"]) == ["log-rank", "stratified log-rank"] * 2
    assert found.section("survival").tables["rmst"]["month"].unique().tolist() == [12.0]


def test_immortal_time_flatters_in_this_cohort(found):
    ratios = found.section("immortal-time").tables["ratios"].set_index("analysis")["estimate"]
    assert ratios["naive"] < ratios["time-dependent"] and ratios["naive"] < ratios["landmark"]


def test_settings_are_resolved_and_printed(found):
    settings = found.settings
    assert (settings.reference, settings.treated, settings.primary_week) == ("control", "observation", 12)
    assert settings.weeks == (1, 4, 8, 12) and settings.windows[12] == (70, 98)
    printed = found.section("plan").tables["settings"].set_index("choice")["value"]
    assert printed["df_method"] == "kenward-roger" and printed["rng_seed"] == "1"


def test_frame_has_one_row_a_number_with_standard_columns(found):
    frame = found.to_frame()
    assert list(frame.columns[:3]) == ["section", "table", "row"]
    assert {"estimate", "std_error", "ci_low", "ci_high", "p_value", "n", "events"} <= set(frame.columns)
    assert len(frame) == sum(len(table) for one in found.sections for table in one.tables.values())


# --- groups -----------------------------------------------------------------------------------------------------------


def test_turning_the_reference_turns_the_signs(cohort, found):
    turned = oa.cohort.analyse(cohort, quick(reference="observation", estimands=False), rng_seed=1)
    assert turned.groups == ("observation", "control")
    for section, table in (("pain", "contrasts"), ("opioids", "contrasts"), ("quality-of-life", "contrasts")):
        one, other = (a.section(section).tables[table]["estimate"].to_numpy() for a in (found, turned))
        assert_allclose(other, -one, rtol=1e-6)  # iterative fits of the same model in another coding
    hazard = [a.section("survival").tables["cox"]["estimate"].iloc[0] for a in (found, turned)]
    assert hazard[0] * hazard[1] == pytest.approx(1.0, rel=1e-8)


def test_labels_are_printed_everywhere(cohort):
    labels = {"control": "Radiotherapy", "observation": "Radiotherapy and analgesia"}
    found = oa.cohort.analyse(
        cohort, quick(labels=labels, reference="control", treated="observation", estimands=False), rng_seed=1
    )
    assert found.groups == tuple(labels.values())
    text = found.to_frame()["row"].str.cat(sep=" ")
    assert "Radiotherapy and analgesia" in text and "observation" not in text


def test_three_groups_compare_each_with_the_reference_and_two_where_two_are_named(cohort):
    third = cohort.patients.assign(group=np.where(np.arange(cohort.n) % 3 == 0, "third", cohort.patients["group"]))
    three = with_tables(cohort, patients=third)
    few = ("age", "sex")  # exact tests of 5 x 3 tables take seconds
    found = oa.cohort.analyse(three, quick(baseline=few), rng_seed=1)
    assert found.groups == ("control", "observation", "third")
    assert set(found.section("pain").tables["contrasts"]["comparison"]) == {"observation - control", "third - control"}
    assert {one.id for one in found.failed} == {"subgroups", "weighting", "missing", "estimands"}
    assert "there are 3 groups" in found.section("estimands").failed
    named = oa.cohort.analyse(three, quick(reference="control", treated="third", baseline=few), rng_seed=1)
    assert not named.failed
    assert named.section("estimands").results["estimands"].groups == ("third", "control")


@pytest.mark.parametrize("form", ["no column", "one value", "all empty"])
def test_a_single_group_runs_and_says_what_is_left_out(cohort, form):
    patients = cohort.patients
    changed = {"no column": patients.drop(columns="group"), "one value": patients.assign(group="all of them"),
               "all empty": patients.assign(group=None)}[form]  # fmt: skip
    found = oa.cohort.analyse(with_tables(cohort, patients=changed), quick(), rng_seed=1)
    assert len(found.groups) == 1
    for id in ("response", "pain", "opioids", "quality-of-life", "laboratory", "toxicity", "relief", "survival"):
        section = found.section(id)
        assert section.tables and not section.failed
        assert "there is one group: comparisons are left out" in section.notes
    assert {one.id for one in found.failed} == {"subgroups", "weighting", "missing", "estimands"}
    assert "contrasts" not in found.section("pain").tables
    assert (found.section("table-one").results["table_one"].groups) == found.groups


def test_patients_without_a_group_are_left_out_and_counted(cohort):
    patients = cohort.patients.assign(group=np.where(np.arange(cohort.n) < 3, None, cohort.patients["group"]))
    found = oa.cohort.analyse(with_tables(cohort, patients=patients), quick(estimands=False), rng_seed=1)
    assert found.cohort.n == 202
    assert any(item.study == "3 patients" for item in found.excluded)
    assert found.section("response").tables["rates"]["n"].max() <= 103


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference": "controle"}, "Did you mean 'control'"),
        ({"treated": "x"}, "treated='x' is not one of"),
        ({"reference": "control", "treated": "control"}, "both"),
        ({"group": "arm"}, "no column of patients"),
        ({"weeks": (2,)}, "has no visit"),
        ({"primary_week": 5}, "not one of 1, 4, 8, 12"),
        ({"confounders": ("agee",)}, "Did you mean 'age'"),
        ({"covariates": ("nothing",)}, "no column of patients"),
        ({"labels": {"contrl": "x"}}, "labels"),
        ({"labels": {"control": "A", "observation": "A"}}, "same name"),
        ({"level": 95}, "0.95"),
        ({"definition": "consensus"}, "definition"),
        ({"df_method": "kenward"}, "df_method"),
        ({"covariance": ("us", "unstructured")}, "covariance"),
        ({"subgroups": ("ecog2",)}, "subgroups"),
        ({"predictors": ("x",)}, "predictors"),
        ({"strata": ("x",)}, "strata"),
        ({"baseline": ("x",)}, "baseline"),
        ({"scales": ("zz",)}, "scales"),
        ({"laboratory": ("zz",)}, "laboratory"),
        ({"opioid_table": "CDC_2022"}, "needs the doses by drug"),
        ({"rules": {"new_opioid": "maybe"}}, "new_opioid"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_with_the_choices(cohort, changes, words):
    with pytest.raises(OstealgiaError, match=words):
        oa.cohort.analyse(cohort, quick(**changes), rng_seed=1)


def test_a_seed_must_be_a_whole_number(cohort):
    with pytest.raises(OptionError, match="rng_seed"):
        oa.cohort.analyse(cohort, quick(), rng_seed=-1)


def test_another_column_may_hold_the_groups():
    cohort = made_up()
    patients = cohort.patients.rename(columns={"group": "arm"}).assign(
        arm=np.where(cohort.patients["group"] == "treated", 1, 0)
    )
    found = oa.cohort.analyse(
        with_tables(cohort, patients=patients), quick(group="arm", labels={"0": "usual", "1": "new"}), rng_seed=1
    )
    assert found.groups == ("usual", "new")
    effect = found.section("pain").tables["contrasts"].query("model == 'MMRM' and week == 12").iloc[0]
    assert effect["ci_low"] < -1.0 < effect["ci_high"]  # the truth of the made-up cohort


def test_doses_by_a_named_table_are_used_everywhere():
    # tramadol 100 mg a day is 20 mg of oral morphine by CDC 2022 and 10 mg by CDC 2016
    cohort = made_up(40)
    keys = cohort.visits[["id", "week"]]
    doses = keys.assign(drug="tramadol", route="oral", dose=100.0, unit="mg/day")
    with_doses = with_tables(cohort, opioids=doses)
    for table, expected in (("CDC_2022", 20.0), ("CDC_2016", 10.0)):
        found = oa.cohort.analyse(with_doses, quick(opioid_table=table, estimands=False), rng_seed=1)
        observed = found.section("opioids").tables["observed"]
        assert observed["mean"].tolist() == [expected] * len(observed)
