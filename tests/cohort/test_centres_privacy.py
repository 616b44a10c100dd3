"""Exports of a centre: what an attacker who has the file, and knows what its words mean, can say about few patients."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cohort_centres_cases as cases
import ostealgia as oa
from ostealgia.cohort import centres_estimates, centres_export
from ostealgia.cohort.centres_cells import Cells, exposed, protect
from ostealgia.errors import OptionError, OstealgiaError, TableError

SMALL = 5


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """Two centres in full, with the folders that they came from."""
    root = tmp_path_factory.mktemp("centres")
    made = []
    for seed, n in ((11, 48), (12, 90)):
        folder = cases.write_centre(root / f"c{seed}", n=n, seed=seed)
        cohort = oa.cohort.read(folder)
        oa.cohort.export_centre(cohort, root / f"e{seed}", centre=f"Centre {seed}")
        made.append((cohort, root / f"e{seed}"))
    return made


def tables(cohort, small=SMALL, variables=None, step=4):
    """The count tables of a cohort as an export has them, without the models (quick)."""
    groups = np.array(cohort.patients["group"], dtype=object)
    pair = ("control", "observation")
    notes: list[str] = []
    response = centres_export._response(cohort, None, notes)
    found, _ = centres_export._tables(
        cohort, groups, pair, response, centres_export._endpoints(cohort, notes), variables, small, step, notes
    )
    return {"groups": [{"group": name, "n": int((groups == name).sum())} for name in pair], **found}


def truth(cohort, group: str, data) -> dict[str, int]:
    """cell -> patients, counted from the patients themselves."""
    mine = (cohort.patients["group"] == group).to_numpy()
    out: dict[str, int] = {}
    for variable in {row["variable"] for row in data["baseline"]}:
        column = cohort.patients.loc[mine, variable]
        out[f"base|{variable}|missing"] = int(column.isna().sum())
        out[f"base|{variable}|known"] = int(column.notna().sum())
        for level, n in (
            column.dropna().map(lambda v: f"{v:g}" if isinstance(v, (int, float)) else v).value_counts().items()
        ):
            out[f"base|{variable}|{level}"] = int(n)
    frame = oa.cohort.response_by_week(cohort).frame
    for week, part in frame[frame["group"] == group].groupby("week"):
        yes, unseen = int(part["responder_all_treated"].astype(bool).sum()), int((part["pain_response"] == "NE").sum())
        out |= {
            f"response|{week}|response": yes,
            f"response|{week}|not_evaluable": unseen,
            f"response|{week}|no_response": len(part) - yes - unseen,
        }
        os = oa.cohort.survival_frame(cohort, "os")
        dead = ((os["event"] == 1) & (os["time_months"] * cases.MONTH / 7 <= week)).to_numpy()[mine]
        ne = (part["pain_response"] == "NE").to_numpy()
        if not (dead & ~ne).any():
            out[f"alive_unseen|{week}"] = int((ne & ~dead).sum())
    worst = oa.cohort.worst_grade_frame(cohort).loc[mine].drop(columns=["id", "group"])
    for name in worst.columns:
        grade = worst[name]
        out |= {f"ae|{name}|any_grade": int((grade > 0).sum()), f"ae|{name}|none": int((grade == 0).sum()),
                f"ae|{name}|grade_3_or_more": int((grade >= 3).sum()),
                f"ae|{name}|grade_1_2": int(((grade > 0) & (grade < 3)).sum())}  # fmt: skip
    risk = {}
    for endpoint in ("os", "pfs"):
        times = oa.cohort.survival_frame(cohort, endpoint)
        weeks = times.loc[mine, "time_months"].to_numpy() * cases.MONTH / 7
        died = times.loc[mine, "event"].to_numpy(dtype=float) == 1
        for row in data["survival"]:
            if row["endpoint"] == endpoint and row["group"] == group:
                a, b = row["start_week"], row["end_week"]
                inside = (weeks > a) & (weeks <= b) if a else weeks <= b
                out[f"{endpoint}|censored|{a}-{b}"] = int((inside & ~died).sum())
                risk[endpoint, b] = int((weeks > b).sum())
                assert row["events"] == int((inside & died).sum())
                assert row["at_risk_end"] == risk[endpoint, b]
    for endpoint, week in list(risk):
        if endpoint == "os" and ("pfs", week) in risk:
            out[f"after_progression|{week}"] = risk["os", week] - risk["pfs", week]
    return out


def leaks(cohort, data) -> list[str]:
    """Cells of few patients that the attacker knows to be few. Nobody in a cell of a curve (nobody was censored) is no leak."""
    found = []
    for group in ("control", "observation"):
        attacker, real = cases.Attacker(data, group), truth(cohort, group, data)
        for name in attacker.places:
            n = real.get(name, 0 if name.startswith("base|") and not name.endswith("other levels") else None)
            table = name.split("|")[0] in ("base", "response", "ae")
            nobody = n == 0 and (
                name.startswith("alive_unseen") or not table or name.endswith(("missing", "not_evaluable"))
            )
            if n is not None and n < SMALL and not nobody and attacker.highest(name) < SMALL - 1e-6:
                found.append(f"{group} {name}")
    return found


def test_no_count_below_the_limit_is_written(sent):
    for _, folder in sent:
        data = cases.load(folder)
        assert min(cases.counts_in(data)) >= SMALL
        assert data["survival"] and data["estimates"]


def test_no_identifier_no_date_and_no_exact_time(sent):
    for cohort, folder in sent:
        text = "".join(path.read_text() for path in sorted(folder.iterdir()))
        assert not any(name in text for name in cohort.patients["id"])
        assert "index_year" not in text and "2019" not in text
        weeks = {row[key] for row in cases.load(folder)["survival"] for key in ("start_week", "end_week")}
        assert all(week % 4 == 0 for week in weeks)


def test_no_cell_below_the_limit_can_be_worked_out(sent):
    for cohort, folder in sent:
        assert leaks(cohort, cases.load(folder)) == []


@pytest.mark.parametrize("seed", range(20, 28))
def test_many_small_centres_hold_against_sums_differences_and_bounds(tmp_path, seed):
    cohort = oa.cohort.read(cases.write_centre(tmp_path, n=28 + 9 * (seed - 20), seed=seed))
    data = tables(cohort)
    assert min(cases.counts_in(data)) >= SMALL
    assert leaks(cohort, data) == []


def test_the_attacker_breaks_a_table_with_primary_suppression_only(tmp_path):
    """So that the tests above can fail: blank the small cells and nothing else, and the margins give them back."""
    cohort = oa.cohort.read(cases.write_centre(tmp_path, n=60, seed=31))
    data = tables(cohort)
    groups = cohort.patients["group"]
    naive = []
    for row in data["baseline"]:
        column = cohort.patients.loc[(groups == row["group"]).to_numpy(), row["variable"]]
        known = column.dropna().map(lambda v: f"{v:g}" if isinstance(v, (int, float)) else v)
        n = (
            int(column.isna().sum())
            if row["level"] == "missing"
            else len(known)
            if row["level"] == ""
            else int((known == row["level"]).sum())
        )
        naive.append(row | {"n": n if n >= SMALL else None})
    assert any("base|" in name for name in leaks(cohort, data | {"baseline": naive}))


def test_ratios_and_their_precision_give_no_small_cell_back(sent):
    """All tables of whole numbers that round to the printed log odds ratio and variance have cells of 5 and more, being the shown one."""
    for _, folder in sent:
        data = cases.load(folder)
        n2, n1 = (one["n"] for one in data["groups"])
        for one in data["estimates"]:
            if one["id"].endswith("-log-or"):
                log_or, variance = one["estimate"][0], one["covariance"][0][0]
                fits = [
                    (a, c) for a, c in itertools.product(range(1, n1), range(1, n2))
                    if abs(math.log(a * (n2 - c) / (c * (n1 - a))) - log_or) < 1e-3
                    and abs(1 / a + 1 / (n1 - a) + 1 / c + 1 / (n2 - c) - variance) < 1e-3 * variance
                ]  # fmt: skip
                assert fits and all(min(a, n1 - a, c, n2 - c) >= SMALL for a, c in fits)


def test_a_hidden_cell_is_not_given_back_by_a_coarser_variable(tmp_path):
    """ECOG 0 to 4 beside ECOG 0-1, 2, 3-4: where 4 is withheld and 3-4 and 3 were shown, the difference would be 4."""
    folder = cases.write_centre(tmp_path, n=90, seed=41)
    patients = pd.read_csv(folder / "patients.csv")
    patients["ecog"] = [0, 1, 2, 3, 4] * 4 + [1] * 30 + [2] * 25 + [3] * 15
    patients["group"] = (["control", "observation"] * 10) + ["control", "observation"] * 35
    patients["ecog_class"] = patients["ecog"].map({0: "0-1", 1: "0-1", 2: "2", 3: "3-4", 4: "3-4"})
    patients.to_csv(folder / "patients.csv", index=False)
    cohort = oa.cohort.read(folder)
    data = tables(cohort, variables=["ecog", "ecog_class"])
    for group in ("control", "observation"):
        shown = {(row["variable"], row["level"]): row["n"] for row in data["baseline"] if row["group"] == group}
        assert shown["ecog", "4"] is None
        assert None in (shown["ecog_class", "3-4"], shown["ecog", "3"])
        assert None in (shown["ecog_class", "0-1"], shown["ecog", "1"])


def test_protection_by_hand():
    """40 = 3 + 9 + 28: the 3 goes, and with it the 9, the smallest that hides it; 2 + 1 needs a third."""
    cells = Cells({"n": 40})
    cells.add("n", {"a": 3, "b": 9, "c": 28})
    assert protect(cells, ["a", "b", "c"], ["n"], SMALL) == {"n", "c"}
    cells = Cells({"n": 40})
    cells.add("n", {"a": 2, "b": 1, "c": 6, "d": 31})
    assert protect(cells, ["a", "b", "c", "d"], ["n"], SMALL) == {"n", "d"}
    assert exposed(cells, {("n",): 40, ("c",): 6, ("d",): 31}, SMALL) == ["a", "b"]


def test_an_order_can_expose_a_cell():
    """A category within a total of 5 that is shown: at most 5, so not known to be small; within 4 it would be."""
    cells = Cells({"all": 5, "part": 2}, orders=[("part", "all")])
    assert exposed(cells, {("all",): 5}, SMALL) == []
    cells = Cells({"all": 4, "part": 2}, orders=[("part", "all")], free={"all"})
    assert exposed(cells, {("all",): 4}, SMALL) == ["all", "part"]


def test_the_precision_of_a_hazard_ratio_is_coarser_where_few_are_censored():
    """200 patients, 197 events: 4 / variance is at most 197; four digits would say 197, fewer digits leave 5 or more censored open."""
    variance = 4 / 196.9
    digits = centres_estimates._digits(variance, 200, 197, SMALL)
    shown = centres_estimates.significant(variance, digits)
    assert digits < 4
    assert 200 - 4 / (shown + 0.5 * 10 ** (math.floor(math.log10(shown)) - digits + 1)) >= SMALL
    assert centres_estimates._digits(4 / 150, 200, 150, SMALL) == centres_estimates.DIGITS


def test_rare_words_and_the_sum_behind_a_mean_stay_home(tmp_path):
    folder = cases.write_centre(tmp_path, n=60, seed=51)
    patients = pd.read_csv(folder / "patients.csv")
    patients.loc[3, "tumour"] = "a very rare sarcoma"
    patients.to_csv(folder / "patients.csv", index=False)
    data = tables(oa.cohort.read(folder))
    assert "sarcoma" not in str(data["baseline"])
    for row in data["baseline"]:
        if row["mean"] is not None:
            assert row["mean"] == round(row["mean"], int(math.log10(row["n"] or 20)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"grid_weeks": 2}, "below 4 weeks"),
        ({"small_cell": 1}, "protects nobody"),
        ({"centre": " "}, "centre is empty"),
        ({"treated": "placebo"}, "no group of the cohort"),
        ({"variables": ["id"]}, "does not leave the centre"),
        ({"variables": ["agee"]}, "age"),
    ],
)  # fmt: skip
def test_refusals(sent, tmp_path, options, words):
    cohort, _ = sent[0]
    with pytest.raises(OptionError, match=words):
        oa.cohort.export_centre(cohort, tmp_path / "x", **({"centre": "A"} | options))
    assert not (tmp_path / "x").exists()


def test_a_group_of_few_patients_is_refused(tmp_path):
    folder = cases.write_centre(tmp_path / "c", n=30, seed=61)
    patients = pd.read_csv(folder / "patients.csv")
    patients["group"] = ["observation"] * 3 + ["control"] * 27
    patients.to_csv(folder / "patients.csv", index=False)
    with pytest.raises(TableError, match="fewer than 5 patients"):
        oa.cohort.export_centre(oa.cohort.read(folder), tmp_path / "e", centre="A")


def test_a_second_export_with_two_more_patients_is_refused(tmp_path):
    """The difference of two exports is a table of the patients that were added."""
    folder = cases.write_centre(tmp_path / "c", n=30, seed=62)
    cohort = oa.cohort.read(folder)
    oa.cohort.export_centre(cohort, tmp_path / "e", centre="A")
    oa.cohort.export_centre(cohort, tmp_path / "e", centre="A")  # the same again: the same bytes
    patients = pd.read_csv(folder / "patients.csv")
    patients.iloc[2:].to_csv(folder / "patients.csv", index=False)
    with pytest.raises(OstealgiaError, match="fewer than 5 patients"):
        oa.cohort.export_centre(oa.cohort.read(folder), tmp_path / "e", centre="A")


def test_the_same_cohort_gives_the_same_bytes(sent, tmp_path):
    cohort, folder = sent[0]
    oa.cohort.export_centre(cohort, tmp_path / "again", centre="Centre 11")
    for path in sorted(Path(folder).iterdir()):
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_without_events_or_toxicity_the_rest_is_exported(tmp_path):
    folder = cases.write_centre(tmp_path / "c", n=40, seed=63)
    (folder / "events.csv").unlink()
    (folder / "adverse_events.csv").unlink()
    found = oa.cohort.export_centre(oa.cohort.read(folder), tmp_path / "e", centre="A")
    assert found.data["survival"] == [] and found.data["adverse_events"] == []
    assert any("no table of events" in note for note in found.notes)
    assert "response" in str(found.to_frame()["id"].tolist())


def test_an_analysis_brings_its_own_settings(sent, tmp_path):
    cohort, _ = sent[1]
    settings = oa.cohort.AnalysisSettings(
        reference="observation", treated="control", definition="nrs2", bootstrap=2, imputations=2
    )
    found = oa.cohort.export_centre(oa.cohort.analyse(cohort, settings, rng_seed=1), tmp_path / "e", centre="A")
    assert [one["group"] for one in found.data["groups"]] == ["observation", "control"]
    assert found.data["settings"]["definition"] == "nrs2"
