"""Tables with groups side by side: how they are read, and one planted error at a time."""

import pandas as pd
import pytest

from ostealgia import audit
from ostealgia.audit import Layout
from ostealgia.audit.layout import read_variables
from ostealgia.audit.margins import same_lines
from ostealgia.errors import OptionError, TableError

GROUPS = {"a": 132, "b": 73}


def table(*lines, columns=("variable", "level", "a_n", "b_n", "a_pct", "b_pct", "statistic_reported", "p_reported")):
    return pd.DataFrame([list(line) for line in lines], columns=list(columns), dtype=str)


GOOD = table(
    ("Sex, male", "", "78", "46", "59.1", "63.0", "0.303", "0.582"),
    ("Dose", "", "", "", "", "", "0.677", "0.411"),
    ("Dose", "< 30", "59", "37", "44.7", "50.7", "", ""),
    ("", ">= 30", "73", "36", "55.3", "49.3", "", ""),
)


def flags(found):
    return [(f.rule, f.line) for f in found if f.flagged]


def changed(row, column, value):
    frame = GOOD.copy()
    frame.loc[row, column] = value
    return audit.check_baseline_table(frame, GROUPS)


def test_a_true_table_has_no_flag_and_every_number_is_checked():
    found = audit.check_baseline_table(GOOD, GROUPS, document="paper", page=3)
    assert flags(found) == []
    # 2 + 4 percentages, 2 category totals, 2 statistics, 2 P values
    assert len(found) == 12
    assert {(f.document, f.page) for f in found} == {("paper", 3)}
    assert found[0].quote == "Sex, male 78 (59.1) 46 (63.0) 0.303 0.582"
    assert [f.line for f in found if f.rule == "percent-vs-count"] == [2, 2, 4, 4, 5, 5]


def test_planted_errors():
    # a percentage alone; a count breaks its percentage, the total and the test; a P; a statistic
    assert flags(changed(2, "a_pct", "47.4")) == [("percent-vs-count", 4)]
    assert flags(changed(2, "a_n", "95")) == [("percent-vs-count", 4), ("total-vs-parts", 3), ("chi2-vs-counts", 3)]
    assert flags(changed(1, "p_reported", "0.041")) == [("p-vs-statistic", 3)]
    assert flags(changed(0, "statistic_reported", "3.03")) == [("chi2-vs-counts", 2), ("p-vs-statistic", 2)]


def test_the_counts_decide_whether_statistic_or_p_is_off():
    by_rule = {f.rule: f for f in changed(1, "statistic_reported", "6.677") if f.flagged}
    assert by_rule["p-vs-statistic"].severity == "minor" and by_rule["p-vs-statistic"].repair == "0.677"
    (p,) = [f for f in changed(1, "p_reported", "0.041") if f.flagged]
    assert (p.severity, p.repair) == ("major", "0.411")


def test_a_percentage_of_the_neighbouring_cell():
    (found,) = [f for f in changed(2, "a_pct", "50.7") if f.flagged]
    assert (found.cause_code, found.repair) == ("neighbour-row", "44.7")


def test_the_p_of_fisher_beside_a_chi_square_is_no_flag():
    frame = table(("Rare", "", "3", "8", "2.3", "11.0", "6.984", "0.018"))  # Pearson's P is 0.008, Fisher's 0.018
    found = audit.check_baseline_table(frame, GROUPS)
    assert flags(found) == []
    assert "another test of the counts" in found[-1].message


def test_percentages_of_the_line():
    frame = table(
        ("Dose", "< 30", "59", "37", "61.5", "38.5", "", ""),
        ("Dose", ">= 30", "73", "36", "67.0", "33.0", "", ""),
    )
    assert flags(audit.check_baseline_table(frame, GROUPS)) == []


def test_missing_values_are_information():
    frame = table(
        ("Dose", "", "", "", "", "", "", ""),
        ("Dose", "< 30", "59", "37", "46.5", "50.7", "", ""),
        ("Dose", ">= 30", "68", "36", "53.5", "49.3", "", ""),
    )
    found = audit.check_baseline_table(frame, GROUPS)
    assert flags(found) == []
    assert [f.severity for f in found if f.rule == "total-vs-parts"] == ["information", "none"]


def test_means_and_three_groups():
    columns = ("variable", "level", *(f"{g}_{part}" for g in "xyz" for part in ("mean", "sd")), "F", "p")
    frame = table(("Age", "", "61.8", "10.9", "61.6", "10.3", "66.0", "11.0", "3.39", "0.036"), columns=columns)
    groups = {"x": 60, "y": 60, "z": 60}
    found = audit.check_baseline_table(frame, groups, statistic="F", p_value="p")
    assert [f.rule for f in found] == ["t-vs-summary", "p-vs-statistic"] and flags(found) == []
    frame.loc[0, "F"] = "5.39"
    assert flags(audit.check_baseline_table(frame, groups, statistic="F", p_value="p"))[0] == ("t-vs-summary", 2)


def test_p_alone_is_compared_with_the_summaries():
    columns = ("variable", "level", "a_n", "b_n", "a_mean", "b_mean", "a_sd", "b_sd", "p_reported")
    frame = table(
        ("Pain", "", "", "", "7.08", "7.96", "2.29", "2.27", "0.009"),
        ("Opioids", "", "51", "42", "", "", "", "", "0.009"),
        columns=columns,
    )
    found = audit.check_baseline_table(frame, GROUPS)
    assert [(f.rule, f.flagged) for f in found] == [("t-vs-summary", False), ("chi2-vs-counts", False)]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("a_n", "many", "row 4, column a_n: the cell cannot be read"),
        ("a_n", "5.5", "row 4, column a_n: a count is not a whole number"),
        ("p_reported", "maybe", "row 4, column p_reported"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(column, value, message):
    with pytest.raises(TableError, match=message):
        changed(2, column, value)


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(TableError, match="column 'c_n' is missing"):
        audit.check_baseline_table(GOOD, {"a": 132, "c": 73})
    with pytest.raises(TableError, match="column 'what' is missing"):
        audit.check_baseline_table(GOOD, GROUPS, variable="what")
    with pytest.raises(OptionError, match="fewer than two groups"):
        audit.check_baseline_table(GOOD, {"a": 132})
    with pytest.raises(OptionError, match="at least one patient"):
        audit.check_baseline_table(GOOD, {"a": 132, "b": 0})
    with pytest.raises(TableError, match="column 'or' is missing"):
        audit.check_ratio_triplets(GOOD, estimate="or")
    with pytest.raises(TableError, match="column 'effect' is missing"):
        audit.check_repeated_effects(GOOD.rename(columns={"a_n": "estimate"}), by="effect")


def test_rows_keep_the_numbers_of_their_file():
    frame = GOOD.copy()
    frame.index = [5, 6, 8, 9]  # as a reader that skips blank lines hands them over
    assert [v.rows[0].line for v in read_variables(frame, Layout(groups=GROUPS))] == [5, 6]
    frame.index = ["a", "b", "c", "d"]
    assert [v.rows[0].line for v in read_variables(frame, Layout(groups=GROUPS))] == [2, 3]


def test_an_empty_table_gives_nothing():
    assert audit.check_baseline_table(GOOD.iloc[:0], GROUPS) == []


# ---------------------------------------------------------------- margins


LEFT, RIGHT = Layout(groups=GROUPS, name="Table 3"), Layout(groups={"c": 103, "d": 102}, name="Table 1")
OTHER = table(
    ("Sex, male", "", "62", "62", "", "", "", ""),
    ("Dose", "< 30", "50", "46", "", "", "", ""),
    ("Dose", ">= 30", "53", "56", "", "", "", ""),
    columns=("variable", "level", "c_n", "d_n", "c_pct", "d_pct", "statistic_reported", "p_reported"),
)


def test_lines_of_the_same_name_are_found():
    found = audit.compare_margins(GOOD, OTHER, layout=LEFT, other=RIGHT)
    assert [(f.rule, f.verdict) for f in found] == [("total-vs-parts", "consistent")] + [
        ("cross-reference", "consistent")
    ] * 3
    pairs = same_lines(read_variables(GOOD, LEFT), read_variables(OTHER, RIGHT))
    assert pairs == {"Sex, male": "Sex, male", ("Dose", "< 30"): ("Dose", "< 30"), ("Dose", ">= 30"): ("Dose", ">= 30")}


def test_a_margin_that_differs():
    frame = OTHER.copy()
    frame.loc[0, "c_n"] = "63"
    found = audit.compare_margins(GOOD, frame, layout=LEFT, other=RIGHT)
    assert [(f.message, f.verdict) for f in found if f.flagged] == [
        ("Sex, male: 78 + 46 = 124 in Table 3 and 63 + 62 = 125 in Table 1", "impossible")
    ]


def test_other_patients_are_not_compared():
    other = Layout(groups={"c": 103, "d": 100}, name="Table 1")
    found = audit.compare_margins(GOOD, OTHER, layout=LEFT, other=other)
    assert [(f.rule, f.verdict) for f in found] == [("total-vs-parts", "impossible")]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("Sex, mal", "Did you mean 'Sex, male'"),
        (("Dose", "<30"), "is not one of '< 30', '>= 30'"),
        ("Dose", "no count for every"),
    ],
)
def test_a_line_that_is_not_there_is_named(key, message):
    with pytest.raises(OptionError, match=message):
        audit.compare_margins(GOOD, OTHER, {key: 100}, layout=LEFT, other=RIGHT)


# ---------------------------------------------------------------- estimates


def test_lines_with_estimates():
    frame = pd.DataFrame(
        {
            "quantity": ["OS", "PFS", "pain", "response", "n", "age"],
            "measure": ["HR", "HR", "MD", "PR", "", "OR"],
            "estimate": ["0.73", "0.68", "−4.4", "79", "", "1.02"],
            "ci_low": ["0.55", "0.51", "−5.0", "73", "", ""],
            "ci_high": ["0.98", "0.91", "−3.7", "83", "", ""],
            "p_reported": ["0.021", "0.009", "< 0.001", "< 0.001", "", "0.5"],
        }
    )
    found = audit.check_ratio_triplets(frame, p_test={"OS": "log-rank", "PFS": "log-rank"}, n=205, events={"OS": 190})
    assert flags(found) == []
    assert [f.rule for f in found if f.line == 2] == ["ci-vs-point", "p-vs-ci", "events-bound"]
    assert [f.rule for f in found if f.line == 5] == ["ci-vs-point"]  # a proportion has no value of no effect
    assert {f.line for f in found} == {2, 3, 4, 5}
    few = audit.check_ratio_triplets(frame, events={"OS": 100})
    assert ("events-bound", 2) in flags(few)


def test_a_copied_interval_is_named():
    frame = pd.DataFrame(
        {
            "quantity": ["depression", "anxiety"],
            "estimate": ["3.91", "4.22"],
            "ci_low": ["1.22", "1.22"],
            "ci_high": ["2048.64", "2048.64"],
        }
    )
    found = audit.check_ratio_triplets(frame)
    assert [(f.rule, f.line, f.cause_code, f.repair) for f in found] == [
        ("ci-vs-point", 2, "double-exponentiation", "3.91 (1.68 to 9.11)"),
        ("ci-vs-point", 3, "copied-interval", None),
        ("duplicate-value", 3, "copied-interval", None),
    ]
