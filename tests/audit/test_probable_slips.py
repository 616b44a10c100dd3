"""Which number of several is the wrong one: named where the numbers tell, listed where they do not. All numbers are made up."""

from __future__ import annotations

import pytest

import ostealgia as oa
from ostealgia.audit.causes import within
from ostealgia.audit.checking import check
from ostealgia.audit.rules import Group, ci_vs_point, heterogeneity, p_vs_ci, p_vs_statistic, t_vs_summary
from ostealgia.audit.rules.confidence import Triplet, likely_slip
from ostealgia.audit.rules.p_values import slip_of_p
from ostealgia.audit.slips import Suspect, weighed
from ostealgia.io.documents.reading import from_text
from ostealgia.numerics.intervals import Interval, Printed


def flags(words: str, *rules: str) -> list:
    text = f"# A trial\n\n## Results\n\n{words}\n"
    return list(check(from_text(text, name="a.md", format="markdown"), rules=rules or None).flags)


# ---------------------------------------------------------------- one number


@pytest.mark.parametrize(
    ("printed", "low", "high", "repair"),
    [
        ("0.086", 0.8588, 0.8602, "0.86"),  # the point
        ("0.034", 0.3429, 0.3432, "0.343"),  # the point, rounded again
        ("0.571", 0.0570, 0.0572, "0.057"),  # not 0.06: P below 0.1 has the places of the others
        ("0.93", 0.0279, 0.0283, "0.03"),
        ("0.930", 0.0279, 0.0283, "0.028"),  # no slip, but no other print
        ("0.62", 0.11, 0.17, None),  # many would fit, 0.12 by chance
        ("0.004", 0.39, 0.43, None),  # a hundredth, of which value nobody can tell
        ("0.48", 0.00002, 0.00004, "< 0.001"),
        ("< 0.01", 0.3, 0.31, None),
    ],
)
def test_a_p_that_is_the_one_wrong_number(printed, low, high, repair):
    found = slip_of_p(Printed.parse(printed), Interval(low, high))
    assert (found.repair if found else None) == repair


def test_a_p_of_several_tests_is_named_where_one_of_them_had_it():
    ranges = [Interval(p, p) for p in (0.6312, 0.7788, 0.6904)]
    assert slip_of_p(Printed.parse("0.063"), *ranges).repair == "0.631"
    assert slip_of_p(Printed.parse("0.045"), *ranges) is None


def test_a_slip_that_fits_by_chance_is_not_named():
    # any of the 90 values from 1.1 to 9.9 would do: that one of them is a slip of the print says nothing
    loose = Suspect("x", Printed.parse("0.4"), within(Interval(1.1, 9.9)), least=1, plausible=100, determined=True)
    tight = Suspect("x", Printed.parse("0.4"), within(Interval(3.98, 4.02)), plausible=100, determined=True)
    assert weighed([loose]).named is None and weighed([tight]).named.value.text == "4.0"


def test_no_slip_is_no_cause():
    assert weighed([Suspect("x", Printed.parse("17"), within(Interval(3000.0, 3001.0)))]).cause() is None


# ---------------------------------------------------------------- statistic and P


@pytest.mark.parametrize(
    ("test", "statistic", "df", "p", "repair"),
    [
        ("chi2", "19.40", [4], "0.75", "1.94 in place of 19.40"),  # the statistic, ten times too large
        ("t", "1.31", [88], "0.019", "0.19"),  # P, a tenth: t 1.31 has 0.194
        ("t", "2.21", [88], "0.61", None),  # P of another row
        ("z", "1.52", [], "< 0.001", None),  # says too little
    ],
)
def test_statistic_or_p(test, statistic, df, p, repair):
    found = p_vs_statistic(test, statistic, df, p)
    assert found.flagged and found.repair == repair


def test_both_may_be_the_slip():
    found = p_vs_statistic("chi2", "6.64", [4], "0.96")  # P 0.156: neither number says which
    assert found.repair is None and "0.16 in place of 0.96" in found.cause and "0.64" in found.cause


# ---------------------------------------------------------------- means, statistic and P

GROUPS = [Group.of("52.40", "8.10", 90), Group.of("49.60", "8.60", 92)]  # t 2.26, P 0.025


@pytest.mark.parametrize(
    ("statistic", "p", "repair"),
    [
        ("22.60", "0.025", "2.26"),
        ("2.62", "0.025", "2.26"),
        ("-0.91", "0.025", None),  # 2.25 to 2.27
    ],
)
def test_p_confirms_the_means(statistic, p, repair):
    found = t_vs_summary(GROUPS, statistic, p)
    assert found.flagged and found.repair == repair


def test_statistic_and_p_together_are_not_those_of_the_means():
    found = t_vs_summary(GROUPS, "0.87", "0.386")
    assert found.flagged and found.repair is None


# ---------------------------------------------------------------- intervals


@pytest.mark.parametrize(
    ("numbers", "p", "repair"),
    [
        (("1.44", "1.09", "190"), None, "1.44 (1.09 to 1.90)"),  # the point of one is missing
        (("0.83", "0.52", "9.33"), "0.44", "0.83 (0.52 to 1.33)"),  # P fits 1.33
        (("2.36", "1.12", "1.64"), "0.002", "1.36 (1.12 to 1.64)"),
        (("1.36", "1.21", "1.64"), "0.002", "1.36 (1.12 to 1.64)"),  # and not 1.41 (1.21 to 1.64)
    ],
)
def test_the_one_slip_of_an_interval(numbers, p, repair):
    shown = None if p is None else Printed.parse(p)
    assert likely_slip(Triplet.of(*numbers), scale="ratio", p_value=shown).repair == repair


def test_several_slips_of_an_interval_are_told_not_proposed():
    found = likely_slip(Triplet.of("0.71", "0.28", "1.12"), scale="ratio")
    assert found.repair is None and "in place of" in (found.text or "")


def test_a_p_beside_a_sound_interval():
    assert p_vs_ci("1.364", "1.124", "1.655", "0.20").repair == "0.002"
    assert p_vs_ci("1.36", "1.12", "1.64", "0.20").repair is None  # 0.001 or 0.002
    assert not ci_vs_point("1.36", "1.12", "1.64").flagged


# ---------------------------------------------------------------- Q, I2 and P


def test_of_q_i2_and_p_the_odd_one():
    # Q 14.2 on 8 df: I2 43.7%, P 0.077
    wrong_p = [f for f in heterogeneity(i2="43.7", q="14.2", df=8, p_value="0.77", by_q=True) if f.flagged]
    assert [f.repair for f in wrong_p] == ["0.077"]
    wrong_q = [f for f in heterogeneity(i2="43.7", q="41.2", df=8, p_value="0.077", by_q=True) if f.flagged]
    assert {f.repair for f in wrong_q} == {"14.2 in place of 41.2"}
    wrong_i2 = [f for f in heterogeneity(i2="73.7", q="14.2", df=8, p_value="0.077", by_q=True) if f.flagged]
    assert [f.reported for f in wrong_i2] == ["73.7"]


# ---------------------------------------------------------------- sums


def test_the_other_sums_of_the_passage_tell_which_number_is_wrong():
    (found,) = flags(
        "A total of 341 patients were assessed for eligibility; 172 were excluded and 224 were randomly assigned to "
        "exercise (n = 111) or usual care (n = 113). Of the 341 patients assessed, most were women.",
        "sample-flow",
    )
    assert (
        found.reported == "224" and "224 " not in (found.repair or "") and "in place of 224" not in (found.cause or "")
    )


def test_a_number_that_the_paper_repeats_is_not_the_slip():
    words = (
        "Of 431 patients screened, 148 were excluded, leaving 253 for the analysis.\n\n"
        + "The rooms were alike and the hours the same. " * 20
        + "\n\nAmong the 431 patients who were screened, age was recorded. All 253 analysed patients gave consent."
    )
    (found,) = flags(words, "sample-flow")
    assert found.repair == "178 in place of 148" and found.cause_code == "typing-slip"


def test_several_numbers_may_be_the_slip():
    (found,) = flags("Of 386 patients screened, 76 were excluded, leaving 316 for the analysis.", "sample-flow")
    assert found.repair is None and "70 in place of 76" in found.cause and "310 in place of 316" in found.cause


TABLE = """| Study | Women | Men | All |
|---|---|---|---|
| Aalto 2009 | 24 | 31 | 55 |
| Berg 2012 | 47 | 38 | 75 |
| Cruz 2015 | 52 | 29 | 81 |
| Dahl 2019 | 18 | 22 | 40 |
| Total | {women} | 120 | 251 |"""


def test_one_cell_mends_a_row_and_a_column():
    found = flags(f"Table 1. Patients of the studies\n\n{TABLE.format(women=131)}", "total-vs-parts")
    assert found and {one.repair for one in found} == {"37 in place of 47"}


def test_a_table_that_adds_up():
    sound = TABLE.format(women=131).replace("| 47 |", "| 37 |")
    assert not flags(f"Table 1. Patients of the studies\n\n{sound}", "total-vs-parts")


def test_a_total_that_the_heads_of_a_table_confirm_is_not_the_slip() -> None:
    paper = (
        "# A trial\n\n## Results\n\nA total of 190 adults were randomised: 94 to early and 86 to late care. Of 214 screened, 34 were "
        "excluded and 190 randomised.\n\nTable 1. Sex\n\n| | Early (n = 94) | Late (n = 96) | All (n = 190) |\n|---|---|---|---|\n"
        "| Women | 40 (42.6) | 52 (54.2) | 92 (48.4) |\n| Men | 54 (57.4) | 44 (45.8) | 98 (51.6) |\n"
    )
    found = oa.audit.check(from_text(paper, name="a.md")).flags
    assert {one.rule for one in found} == {"total-vs-parts", "sample-flow"}
    assert not [one for one in found if one.repair and "180" in one.repair]
