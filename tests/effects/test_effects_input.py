"""What compute refuses, what it leaves out by name, and what it accepts with a note."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ostealgia.effects import compute, without_zero_errors
from ostealgia.errors import OptionError, TableError

COUNTS = {
    "study": ["Aronson", "Ferguson", "Hart"],
    "events_1": [4, 0, 62],
    "n_1": [123, 306, 13598],
    "events_2": [11, 29, 248],
    "n_2": [139, 303, 12867],
}
MEANS = {
    "study": ["A", "B"],
    "mean_1": [6.0, 7.0],
    "sd_1": [2.0, 2.0],
    "n_1": [10, 10],
    "mean_2": [2.0, 3.0],
    "sd_2": [2.0, 1.0],
    "n_2": [16, 20],
}
RATIOS = {"study": ["A", "B"], "estimate": [0.5, 0.8], "ci_low": [0.3, 0.7], "ci_high": [0.9, 1.2]}
GIVEN = {"study": ["A", "B"], "estimate": [0.5, 0.8], "std_error": [0.1, 0.2]}
CHANGE = {
    "study": ["A", "B"],
    "mean_pre": [6, 7],
    "sd_pre": [2, 2],
    "mean_post": [2, 3],
    "sd_post": [2, 2],
    "n": [16, 20],
}


def numbered(table, rows):
    """A frame as io.read_table gives it."""
    frame = pd.DataFrame(table, index=pd.Index(rows, name="row"))
    frame.attrs = {"file": "t.csv", "notes": ("read as Windows-1252",), "columns": {"sd_1": "SD (treated)"}}
    return frame


# name: (table, measure, parts of the message)
REFUSED = {
    "text in a number": (
        {**COUNTS, "n_1": [123, "x", 900]},
        "OR",
        ["row 3, column n_1", "Ferguson", "Found: 'x'", "a number"],
    ),
    "per cent": ({**COUNTS, "events_1": ["4%", 0, 1]}, "OR", ["row 2, column events_1", "Found: '4%'", "per-cent"]),
    "events above n": ({**COUNTS, "events_1": [4, 307, 62]}, "RR", ["row 3", "events_1", "Found: 307 of 306"]),
    "negative events": ({**COUNTS, "events_2": [-1, 29, 248]}, "RD", ["row 2, column events_2", "Found: -1"]),
    "no patients": (
        {**COUNTS, "n_2": [139, 0, 12867], "events_2": [11, 0, 3]},
        "RD",
        ["row 3, column n_2", "Found: 0"],
    ),
    "endless count": ({**COUNTS, "n_2": [139, np.inf, 12867]}, "OR", ["row 3, column n_2", "Found: inf", "finite"]),
    "negative SD": ({**MEANS, "sd_1": [2.0, -2.0]}, "MD", ["row 3, column sd_1", "Found: -2", "0 or more"]),
    "zero standard error": (
        {**GIVEN, "std_error": [0.1, 0.0]},
        "GEN",
        ["row 3, column std_error", "Found: 0", "above 0"],
    ),
    "infinite standard error": (
        {**GIVEN, "std_error": [np.inf, 0.1]},
        "GEN",
        ["row 2, column std_error", "Found: inf"],
    ),
    "negative variance": (
        {"study": ["A"], "estimate": [1.0], "variance": [-0.1]},
        "GEN",
        ["row 2, column variance", "Found: -0.1"],
    ),
    "estimate outside": (
        {**RATIOS, "estimate": [0.2, 0.8]},
        "HR",
        ["row 2, column estimate", "Found: 0.2", "0.3 to 0.9"],
    ),
    "estimate above": ({**RATIOS, "estimate": [0.5, 1.31]}, "GEN", ["row 3, column estimate", "ci_high 1.2"]),
    "limits swapped": ({**RATIOS, "ci_low": [1.3, 0.7]}, "OR", ["row 2, column ci_low", "above ci_high"]),
    "ratio of zero": (
        {**RATIOS, "ci_low": [0.3, 0.0]},
        "OR",
        ["row 3, column ci_low", "Found: 0", "above 0", "digits"],
    ),
    "negative ratio": ({**RATIOS, "estimate": [-0.5, 0.8]}, "RR", ["row 2, column estimate", "Found: -0.5"]),
    "no width": ({**RATIOS, "ci_low": [0.5, 0.7], "ci_high": [0.5, 1.2]}, "HR", ["row 2, column ci_low", "no width"]),
    "a level that is none": ({**RATIOS, "ci_level": [950, 0.95]}, "HR", ["row 2, column ci_level", "Found: 950"]),
    "a proportion of 79": (
        {"study": ["A"], "estimate": [79], "ci_low": [73], "ci_high": [83]},
        "PLO",
        ["row 2, column estimate", "Found: 79", "from 0 to 1"],
    ),
    "P of 1": ({"study": ["A"], "estimate": [0.5], "p_value": [1.0]}, "HR", ["row 2, column p_value", "Found: 1"]),
    "P without effect": ({"study": ["A"], "estimate": [1.0], "p_value": [0.9]}, "HR", ["row 2", "no standard error"]),
    "correlation above 1": ({"r": [0.2, 1.2], "n": [20, 30]}, "ZCOR", ["row 3, column r", "Found: 1.2", "-1 to 1"]),
    "pre-post correlation": (
        {**CHANGE, "correlation": [0.5, -1.5]},
        "SMCC",
        ["row 3, column correlation", "Found: -1.5"],
    ),
    "no person-time": ({"events": [2, 1], "person_time": [10.5, 0]}, "IR", ["row 3, column person_time", "Found: 0"]),
    "no information": ({"o_minus_e": [2, 1], "variance": [10.5, 0]}, "HR", ["row 3, column variance", "Found: 0"]),
    "missing columns": (
        {"study": ["A"], "events_1": [1], "n_1": [9], "event2": [2], "n2": [8]},
        "OR",
        ["a column is missing for OR: events_2", "Found: study, events_1, n_1, event2, n2", "Did you mean 'event2'?"],
    ),
    "nothing for GEN": ({"study": ["A"], "events": [1]}, "GEN", ["columns are missing for GEN: estimate, std_error"]),
    "zero studies": ({"study": [], "events": [], "n": []}, "PLO", ["no rows (zero studies)"]),
    "unequal columns": ({"study": ["A"], "events": [1, 2], "n": [9, 9]}, "PLO", ["differ in length", "events 2"]),
    "nothing left": (
        {"study": ["A"], "events": [None], "n": [9]},
        "PLO",
        ["no study is left", "A (row 2): events is empty"],
    ),
    "all undefined": ({"r": [0.5], "n": [3]}, "ZCOR", ["no study is left", "not defined for r 0.5, n 3"]),
    "no table": (7, "OR", ["no table was given", "Found: int"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    table, measure, parts = REFUSED[name]
    with pytest.raises(TableError) as error:
        compute(table, measure=measure)
    for part in parts:
        assert part in str(error.value)


def test_rows_files_and_spellings_are_those_of_the_file():
    with pytest.raises(TableError) as error:
        compute(numbered({**MEANS, "sd_1": [2.0, -2.0]}, [2, 9]), measure="MD")
    assert str(error.value).startswith(
        "t.csv, row 9, column SD (treated) (read as sd_1): sd_1 is negative (study 'B')."
    )
    with pytest.raises(TableError, match="other\\.csv, row 9"):
        compute(numbered({**MEANS, "sd_1": [2.0, -2.0]}, [2, 9]), measure="MD", file="other.csv")
    effects = compute(numbered(MEANS, [2, 9]), measure="MD")
    assert effects.rows == (2, 9)
    assert effects.notes[0] == "read as Windows-1252"


def test_the_first_bad_row_is_reported():
    with pytest.raises(TableError, match="row 2, column events_2"):
        compute({**COUNTS, "events_1": [4, 307, 62], "events_2": [-1, 29, 248]}, measure="OR")


SEVERAL = [
    n for n, (table, _, parts) in REFUSED.items() if parts[0].startswith("row") and len(next(iter(table.values()))) > 1
]


@pytest.mark.parametrize("name", SEVERAL)
def test_bad_rows_can_be_left_out_by_name(name):
    """In `run` an impossible row is a finding: the same rows, with a good one beside them."""
    table, measure, parts = REFUSED[name]
    effects = compute(table, measure=measure, on_bad="exclude")
    assert effects.k == len(next(iter(table.values()))) - 1
    [left_out] = effects.excluded
    assert left_out.row == int(parts[0].split()[1].rstrip(","))
    assert left_out.reason


def test_an_empty_cell_leaves_its_row_out_with_the_reason():
    table = {**COUNTS, "n_1": [123, None, 13598]}
    for frame in (
        table,
        pd.DataFrame(table),
        pd.DataFrame(table).convert_dtypes(),
        {**COUNTS, "n_1": ["123", "", "13598"]},
    ):
        effects = compute(frame, measure="OR")
        assert effects.study == ("Aronson", "Hart")
        assert [(e.study, e.row, e.reason) for e in effects.excluded] == [("Ferguson", 3, "n_1 is empty")]


def test_a_word_for_missing_is_an_empty_cell():
    effects = compute({**COUNTS, "n_1": [123, "NR", 13598]}, measure="OR")
    assert effects.excluded[0].reason == "n_1 is empty"


def test_one_study_repeated_labels_and_broken_counts_are_noted():
    assert "one study: nothing to pool" in compute({"study": ["A"], "events": [3], "n": [9]}, measure="PLO").notes
    effects = compute({**COUNTS, "study": ["A", "B", "A"], "events_1": [4.5, 2, 62]}, measure="OR")
    assert effects.study == ("A", "B", "A")
    assert "labels that occur more than once: A" in effects.notes
    assert "events_1 is not a whole number in A (4.5)" in effects.notes


def test_labels_are_made_where_there_are_none():
    effects = compute({"events": [3, 4], "n": [9, 9]}, measure="PLO")
    assert effects.study == ("study 1", "study 2")
    assert compute({"study": [2019.0, None], "events": [3, 4], "n": [9, 9]}, measure="PLO").study == ("2019", "study 2")


@pytest.mark.parametrize("measure", ["MC", "SMCC", "SMCR", "SMCRH", "ROMC"])
def test_a_missing_correlation_is_refused_and_never_assumed(measure):
    with pytest.raises(OptionError, match=r"never assumed.*correlation=0\.5 in Python, --correlation 0\.5"):
        compute(CHANGE, measure=measure)
    with pytest.raises(OptionError, match="for B; it is never assumed"):
        compute({**CHANGE, "correlation": [0.4, None]}, measure=measure)
    stated = compute({**CHANGE, "correlation": [0.4, None]}, measure=measure, correlation=0.6)
    assert "correlation 0.6 (option) used in 1 of 2 studies" in stated.notes
    assert stated.columns["correlation"].tolist() == [0.4, 0.6]
    assert stated.options["correlation"] == 0.6
    lenient = compute({**CHANGE, "correlation": [0.4, None]}, measure=measure, on_bad="exclude")
    assert [(e.study, e.reason) for e in lenient.excluded] == [("B", "correlation is empty")]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"vtype": "UB"}, "vtype='UB' is not one of 'LS'"),
        ({"apply_increment": "only"}, "Did you mean 'only0'"),
        ({"increment": -0.5}, "increment=-0.5 is not a number of 0 or more"),
        ({"increment": "half"}, "nor 'TACC'"),
        ({"drop_double_zero": "yes"}, "drop_double_zero='yes'"),
        ({"on_bad": "ignore"}, "on_bad='ignore'"),
        ({"level": 95}, "Write 0.95 for 95%"),
        ({"measure": "ORR"}, "measure='ORR' is not one of OR"),
    ],
)
def test_options_are_checked(option, message):
    with pytest.raises(OptionError) as error:
        compute(COUNTS, **{"measure": "OR", **option})
    assert message in str(error.value)


def test_an_option_that_changes_nothing_is_said():
    assert "pooled_variance=True changes nothing for OR" in compute(COUNTS, measure="OR", pooled_variance=True).notes
    with pytest.raises(OptionError, match="'TACC' is for two groups"):
        compute({"study": ["A"], "events": [0], "n": [9]}, measure="PLO", increment="TACC")


def test_rounding_is_no_reason_to_refuse():
    """0.5 printed with one decimal may be 0.54; 0.5 beside 0.53 and 0.91 is 0.50 and outside."""
    rough = {"study": ["A"], "estimate": [1], "ci_low": [1.02], "ci_high": [2]}
    assert compute(rough, measure="HR").k == 1
    with pytest.raises(TableError, match="outside its own interval"):
        compute({"study": ["A"], "estimate": [0.5], "ci_low": [0.53], "ci_high": [0.91]}, measure="HR")


def test_a_standard_error_of_zero_from_data_is_said_and_can_be_left_out():
    effects = compute({**MEANS, "sd_1": [0, 2.0], "sd_2": [0, 1.0]}, measure="MD")
    assert effects.std_error[0] == 0
    assert "standard error 0, so no weight by inverse variance, in: A" in effects.notes
    weighted = without_zero_errors(effects)
    assert weighted.study == ("B",)
    assert weighted.excluded[0].study == "A"
    assert without_zero_errors(weighted) is weighted
