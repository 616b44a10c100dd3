"""Each rule with one planted error: is it flagged, for the right reason, with the right repair? And calls that make no sense."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostealgia import audit
from ostealgia.audit.causes import only_repair, single_repairs, slip, within
from ostealgia.audit.finding import BASES, CAUSES, SEVERITIES, VERDICTS, Finding, Place, summary, worst
from ostealgia.audit.rules import (
    RULES,
    Elsewhere,
    Group,
    Triplet,
    chi2_vs_counts,
    ci_vs_point,
    cross_reference,
    direction_vs_claim,
    double_exponentiation,
    duplicate_interval,
    events_bound,
    p_vs_ci,
    p_vs_statistic,
    percent_vs_count,
    precision_bound,
    recover,
    scale_bound,
    t_vs_summary,
    total_vs_parts,
)
from ostealgia.audit.rules.pooled import same_mean
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Printed, written

KEYS = [
    "rule", "document", "page", "line", "span", "quote", "reported", "recomputed", "recomputed_low", "recomputed_high",
    "verdict", "severity", "basis", "cause_code", "cause", "repair",
]  # fmt: skip


def test_a_finding_is_the_json_of_an_audit():
    place = Place(document="a.txt", page=2, line=7, span=(3, 9), quote="8 (2.7)")
    found = percent_vs_count(8, "2.7", 30, place=place)
    data = found.to_dict()
    assert list(data) == KEYS
    assert json.loads(json.dumps(data, allow_nan=False))["span"] == [3, 9]
    assert data["reported"] == "8 (2.7)" and data["repair"] == "26.7"
    assert (found.document, found.page, found.line, found.quote) == ("a.txt", 2, 7, "8 (2.7)")
    assert found.at(Place(line=8)).line == 8


def test_infinite_ranges_are_null():
    found = Finding(rule="x", reported="1", verdict="consistent", recomputed=math.nan, recomputed_high=math.inf)
    assert found.to_dict()["recomputed"] is None and found.to_dict()["recomputed_high"] is None


@pytest.mark.parametrize("field", ["verdict", "severity", "basis", "cause_code"])
def test_words_of_a_finding_are_checked(field):
    with pytest.raises(OptionError, match=f"{field}='wrong'"):
        Finding(**{"rule": "x", "reported": "1", "verdict": "consistent", field: "wrong"})


def test_rules_are_a_table_of_questions():
    assert set(RULES) >= {
        "percent-vs-count",
        "chi2-vs-counts",
        "t-vs-summary",
        "p-vs-statistic",
        "ci-vs-point",
        "p-vs-ci",
    }
    for name, rule in RULES.items():
        assert rule.name == name and rule.question.endswith("?") and rule.basis in BASES and callable(rule.check)
        assert rule.check.__doc__


def test_a_summary_counts_what_was_checked():
    found = [percent_vs_count(8, "2.7", 30), percent_vs_count(1, "20.0", 5)]
    text = summary(found)
    assert text.splitlines()[0] == "2 checks: 1 consistent, 1 inconsistent"
    assert "a digit is missing (2.7 for 26.7)" in text
    assert (worst(found), worst(found[1:])) == ("major", "none")
    assert summary([]) == "nothing to check"
    assert {f.verdict for f in found} <= set(VERDICTS) and {f.severity for f in found} <= set(SEVERITIES)


# ---------------------------------------------------------------- slips


@pytest.mark.parametrize(
    ("text", "expected", "code", "repair"),
    [
        ("2.7", 26.67, "lost-digit", "26.7"),
        ("3.6", 35.714, "lost-digit", "35.7"),
        ("6.677", 0.6767, "typing-slip", "0.677"),
        ("39.6", 36.9, "typing-slip", "36.9"),
        ("112.5", 12.5, "typing-slip", "12.5"),
        ("4.4", -4.4, "typing-slip", "-4.4"),
        ("267", 26.7, "typing-slip", "27"),
    ],
)
def test_one_step_slips(text, expected, code, repair):
    found = slip(Printed.parse(text), expected)
    assert (found.code, found.repair) == (code, repair)


def test_no_slip_where_more_than_one_digit_differs():
    assert slip(Printed.parse("12.9"), 40.0) is None


def test_a_repair_is_named_only_where_there_is_one():
    near = within(Interval(0.67, 0.68))
    assert only_repair(Printed.parse("6.677"), near).repair == "0.677"
    assert only_repair(Printed.parse("5.5"), within(Interval(0, 100))) is None
    assert single_repairs(Printed.parse("5.5"), within(Interval(900, 901))) == []


@given(st.floats(1, 99), st.integers(0, 3), st.integers(0, 9))
def test_a_changed_digit_is_found_again(value, position, digit):
    text = f"{value:.2f}"
    marks = [i for i, mark in enumerate(text) if mark != "."]
    i = marks[position % len(marks)]
    changed = text[:i] + str(digit) + text[i + 1 :]
    if float(changed) != float(text):
        assert slip(Printed.parse(changed), float(text)) is not None


# ---------------------------------------------------------------- percentages


@given(st.integers(20, 300), st.floats(0.05, 0.95))
def test_a_lost_digit_is_flagged_and_repaired(n, share):
    count = round(share * n)
    true = f"{100 * count / n:.1f}"
    if len(true) == 4 and true[1] != "0":
        found = percent_vs_count(count, true[0] + true[2:], n)  # the second digit is lost
        assert found.flagged and found.cause_code == "lost-digit"
        assert found.repair in written(100 * count / n, 1)  # 81.25 is 81.2 or 81.3


def test_causes_of_a_wrong_percentage():
    neighbour = percent_vs_count(4, "12.9", 10, neighbours={"the row below": 31})
    assert (neighbour.cause_code, neighbour.repair) == ("neighbour-row", "40.0")
    other = percent_vs_count(47, "5.9", 765, denominators={"all patients": 799})
    assert (other.cause_code, other.severity, other.repair) == ("wrong-denominator", "minor", "6.1")
    count = percent_vs_count(82, "27.2", 103)  # 28 of 103 is 27.2%: the count's digits are exchanged
    assert (count.cause_code, count.repair) == ("typing-slip", "28 (27.2)")
    unknown = percent_vs_count(10, "76.9", 60)
    assert unknown.cause_code == "unknown" and unknown.cause == "76.9% would need a denominator of 13"
    assert "no denominator gives 150%" in percent_vs_count(7, "150", 9).cause


def test_percentages_that_cannot_be():
    assert percent_vs_count(12, "120.0", 10).verdict == "impossible"
    assert percent_vs_count(5, "150", 10).verdict == "impossible"
    assert percent_vs_count(1, "< 1", 250).verdict == "consistent"
    with pytest.raises(OptionError, match="above 0"):
        percent_vs_count(1, "10", 0)


# ---------------------------------------------------------------- statistics


def test_chi_square_by_another_test_fits():
    table = [[44, 30], [59, 72]]
    assert "Yates" in chi2_vs_counts(table, "3.378", "0.066").message
    assert chi2_vs_counts(table, None, "0.059").verdict == "consistent"  # Fisher
    assert chi2_vs_counts(table, "3.915").verdict == "consistent"  # Pearson x 204/205


def test_wrong_chi_squares():
    table = [[44, 30], [59, 72]]  # Pearson 3.934, P 0.047
    root = chi2_vs_counts(table, "1.983")
    assert (root.cause_code, root.repair) == ("wrong-scale", "3.934")
    flips = chi2_vs_counts(table, "0.512", "0.474")
    assert (flips.verdict, flips.severity) == ("inconsistent", "major")
    assert chi2_vs_counts(table, None, "0.47").severity == "minor"  # Fisher's and Yates' P are above 0.05 as well
    assert chi2_vs_counts([[40, 20], [20, 40]], None, "0.3").severity == "major"
    assert chi2_vs_counts(table, None, "0.03").severity == "information"  # the one-sided exact P, 0.0295
    stays = chi2_vs_counts(table, None, "0.02")
    assert (stays.verdict, stays.severity, stays.basis) == ("inconsistent", "minor", "arithmetic")
    ordered = chi2_vs_counts([[10, 20], [15, 15], [20, 10]], None, "0.5")
    assert ordered.basis == "judgement"  # a trend test may have been used


@pytest.mark.parametrize("counts", [[[1.5, 2], [3, 4]], [[1, 2]], [[0, 0], [3, 4]], [[-1, 2], [3, 4]]])
def test_counts_that_cannot_be_tested(counts):
    with pytest.raises(OptionError, match="count"):
        chi2_vs_counts(counts, "1.0")


def test_something_must_be_printed():
    with pytest.raises(OptionError, match="statistic"):
        chi2_vs_counts([[1, 2], [3, 4]])
    with pytest.raises(OptionError, match="statistic"):
        t_vs_summary([Group.of("1", "1", 5), Group.of("2", "1", 5)])
    with pytest.raises(OptionError, match="two groups"):
        t_vs_summary([Group.of("1", "1", 5)], "1.0")
    with pytest.raises(OptionError, match="no t test"):
        Group.of("1", "-1", 5)


def test_wrong_t():
    groups = [Group.of("7.08", "2.29", 132), Group.of("7.96", "2.27", 73)]
    found = t_vs_summary(groups, "1.652", "0.100")  # 2.643
    assert (found.verdict, found.severity) == ("inconsistent", "major")
    assert round(found.recomputed, 3) == 2.643 and found.recomputed_low < 2.652 < found.recomputed_high
    as_se = t_vs_summary([Group.of("10.0", "1.00", 50), Group.of("14.0", "1.00", 50)], "2.83")
    assert as_se.cause_code == "wrong-scale"
    assert t_vs_summary(groups, "-2.652").verdict == "rounding"
    assert t_vs_summary(groups, "6.99").verdict in ("consistent", "rounding")  # F = t squared
    rank = t_vs_summary(groups, None, "0.02")
    assert (rank.verdict, rank.severity, rank.basis) == ("inconsistent", "information", "judgement")


def test_an_sd_of_zero_leaves_t_open():
    assert t_vs_summary([Group.of("1.0", "0.0", 5), Group.of("2.0", "0.0", 5)], "19.8").verdict == "rounding"


def test_p_and_statistic():
    assert p_vs_statistic("t", "2.20", [28], "0.036").verdict == "consistent"
    assert p_vs_statistic("z", "2.17", [], "0.03").verdict == "consistent"
    assert p_vs_statistic("F", "5.73", [1, 186], "0.02").verdict == "consistent"
    assert p_vs_statistic("t", "0.5", [28], "ns").verdict == "consistent"
    assert p_vs_statistic("chi2", "15.0", [2], "0.000").verdict == "rounding"
    wrong = p_vs_statistic("t", "2.20", [28], "0.36")
    assert (wrong.verdict, wrong.severity) == ("inconsistent", "major")
    one_sided = p_vs_statistic("t", "1.80", [28], "0.041")
    assert (one_sided.severity, one_sided.basis) == ("information", "judgement")
    assert p_vs_statistic("t", "2.0", [28], "1.2").verdict == "impossible"
    slipped = p_vs_statistic("chi2", "3.934", [1], "0.074")
    assert (slipped.cause_code, slipped.severity) == ("typing-slip", "major")
    with pytest.raises(OptionError, match="distribution='w'"):
        p_vs_statistic("w", "2.0", [28], "0.05")


def test_p_and_interval():
    crossing = p_vs_ci("219.20", "0.26", "188127.63", "0.001")
    assert (crossing.severity, crossing.verdict) == (
        "major",
        "inconsistent",
    ) and "includes no effect" in crossing.message
    wald = p_vs_ci("0.73", "0.55", "0.98", "0.021", test="Wald")
    assert (wald.severity, wald.basis) == ("minor", "arithmetic")
    assert p_vs_ci("0.73", "0.00", "0.98", "0.80").verdict == "rounding"  # a limit of 0.00 leaves the width open
    with pytest.raises(OptionError, match="no value of no effect"):
        p_vs_ci("0.7", "0.6", "0.8", "0.01", scale="proportion")
    with pytest.raises(OptionError, match="upside down"):
        p_vs_ci("0.7", "0.8", "0.6", "0.01")


# ---------------------------------------------------------------- intervals


@pytest.mark.parametrize(
    ("triplet", "scale", "verdict", "code", "repair"),
    [
        (("1.15", "1.20", "1.10"), "ratio", "impossible", "typing-slip", "1.15 (1.10 to 1.20)"),
        # turned round the limits would still leave 1.50 out: one digit is wrong, 1.50 = sqrt(1.20 * 1.90) by rounding
        (("1.50", "1.20", "1.10"), "ratio", "impossible", "typing-slip", "1.50 (1.20 to 1.90)"),
        (("4.62", "1.21", "1.94"), "ratio", "impossible", "double-exponentiation", "1.53 (1.21 to 1.94)"),
        (("1.53", "3.35", "6.96"), "ratio", "impossible", "double-exponentiation", "1.53 (1.21 to 1.94)"),
        (("1.50", "2.01", "3.00"), "ratio", "impossible", None, None),
        (("0.50", "1.00", "4.00"), "ratio", "impossible", "reversed-coding", "2.00"),
        (("2.00", "0.30", "1.09"), "ratio", "impossible", "wrong-scale", "2.00 (1.35 to 2.97)"),
        (("0.30", "1.00", "1.82"), "ratio", "impossible", "wrong-scale", "1.35"),
        (("2.00", "1.00", "3.00"), "ratio", "inconsistent", "wrong-scale", None),
        (("1.50", "-0.20", "2.00"), "ratio", "impossible", "wrong-scale", None),
        (("4.4", "-5.0", "-3.8"), "difference", "impossible", "reversed-coding", "-4.4"),
        (("3.91", "1.22", "2048.64"), "ratio", "impossible", "double-exponentiation", "3.91 (1.68 to 9.11)"),
    ],
)
def test_intervals_with_a_planted_error(triplet, scale, verdict, code, repair):
    found = ci_vs_point(*triplet, scale=scale)
    assert found.verdict == verdict and found.flagged
    if code:
        assert (found.cause_code, found.repair) == (code, repair)


@pytest.mark.parametrize("triplet", [("1", "3", "2"), ("1.00", "1.20", "0.80"), ("2", "3.1", "1.4")])
def test_limits_in_the_wrong_order_are_never_rounding(triplet):
    """Limits with as many decimals as the estimate are swapped as surely as those with more."""
    estimate, low, high = triplet
    found = ci_vs_point(*triplet)
    assert (found.verdict, found.cause) == ("impossible", "the limits stand in the wrong order")
    assert found.repair == f"{estimate} ({high} to {low})"


def test_a_digit_in_a_limit():
    found = ci_vs_point("1.532", "1.359", "1.927")
    assert (found.verdict, found.flagged) == ("inconsistent", True)
    assert found.recomputed == pytest.approx(math.sqrt(1.359 * 1.927))


def test_an_exact_interval_of_a_proportion_is_not_symmetric():
    assert ci_vs_point("100%", "83.2%", "100%", scale="proportion", n=20).verdict in ("consistent", "rounding")
    assert ci_vs_point("0.95", "0.75", "1.00", scale="PR", n=20).flagged is False
    assert ci_vs_point("90", "40", "60", scale="proportion").verdict == "impossible"


def test_scales_are_named():
    with pytest.raises(OptionError, match="scale='rato'"):
        ci_vs_point("1", "0.5", "2", scale="rato")


@given(st.floats(1.05, 6), st.floats(0.05, 0.6))
def test_what_was_exponentiated_twice_comes_back(ratio, std_error):
    ratio = round(ratio, 2)
    low, high = (ratio * math.exp(k * 1.959963984540054 * std_error) for k in (-1, 1))
    h = 0.5 * (high - low)
    shown = [f"{math.exp(ratio + k * h):.6g}" for k in (0, -1, 1)]  # six digits: the tolerance below is theirs
    back = recover(*shown, entered=ratio)
    assert back.low == pytest.approx(low, rel=2e-4) and back.high == pytest.approx(high, rel=2e-4)
    found = double_exponentiation(*shown, elsewhere=[Elsewhere.of(f"{ratio:.2f}")])
    assert found.verdict == "inconsistent" and found.cause_code == "double-exponentiation"


def test_an_absurd_ratio_without_company_is_judgement():
    found = double_exponentiation("219.20", "0.26", "188127.63")
    assert (found.verdict, found.basis, found.severity) == ("inconsistent", "judgement", "conclusion-changing")
    both = double_exponentiation(
        "3.94", "2.64", "5.87", elsewhere=[Elsewhere.of("1.37"), Elsewhere.of("1.37", "1.02", "1.84")]
    )
    assert "1.37 (1.02 to 1.84)" in both.message and "1.37 (1.03 to 1.83)" in both.message
    with pytest.raises(OptionError, match="not a ratio"):
        double_exponentiation("1.5", "-1", "2")


def test_short_intervals_may_be_equal():
    assert duplicate_interval(Triplet.of("0.70", "0.50", "0.98"), Triplet.of("0.75", "0.50", "0.98")) is None
    assert duplicate_interval(Triplet.of("4.2", "1.22", "2048.64"), Triplet.of("4.2", "1.22", "2048.64")) is None


# ---------------------------------------------------------------- words, totals, bounds


def test_words():
    assert direction_vs_claim("1.79", "higher", percent="79").verdict == "consistent"
    size = direction_vs_claim("1.79", "higher", percent="97")
    assert (size.verdict, size.severity, size.repair) == ("inconsistent", "minor", "79.0% higher")
    assert direction_vs_claim("0.25", "lower", fold="4").verdict == "consistent"
    assert direction_vs_claim("1.00", "higher").basis == "judgement"
    with pytest.raises(OptionError, match="claim='more'"):
        direction_vs_claim("1.2", "more")
    with pytest.raises(OptionError, match="not above 0"):
        direction_vs_claim("-0.2", "higher")


def test_totals_and_their_slips():
    found = total_vs_parts([152, 599, 200], 915)
    assert (found.verdict, found.cause_code, found.repair) == ("inconsistent", "typing-slip", "951")
    assert total_vs_parts(["33.3", "33.3", "33.3"], "98", exact=False).verdict == "inconsistent"
    assert cross_reference("0.68", "0.86").cause_code == "typing-slip"
    assert cross_reference("< 0.001", "0.0004").verdict == "consistent"
    with pytest.raises(OptionError, match="at least one part"):
        total_vs_parts([], 3)


def test_bounds_refuse_what_they_cannot_judge():
    assert precision_bound("1.30", "1.70", exposed=40, n=80, cells=[20, 20, 20, 20]).verdict == "impossible"
    # SE 0.49 is above 2/sqrt(100 x 0.1 x 0.9) = 0.67? no: 0.49 < 0.67 is impossible; 0.70 is below the crude 0.86
    assert precision_bound("0.50", "7.80", exposed=10, n=100, cells=[2, 8, 30, 60]).verdict == "inconsistent"
    assert events_bound("0.60", "0.70", events=100).verdict == "impossible"
    assert events_bound("0.1", "0.2", events=30).verdict == "consistent"  # one digit leaves the width open
    with pytest.raises(OptionError, match="both groups"):
        precision_bound("1.3", "1.7", exposed=80, n=80)
    with pytest.raises(OptionError, match="number of events"):
        events_bound("0.5", "0.9")
    with pytest.raises(OptionError, match="two limits above 0"):
        events_bound("0.00", "0.9", n=10)


def test_scales():
    assert scale_bound("5.0", 0, 10, sd="6.0", n=20).verdict == "impossible"  # at most 5 sqrt(20/19) = 5.13
    assert scale_bound("5.0", 0, 10, sd="5.1", n=20).verdict == "consistent"
    assert scale_bound("9.9", 0, 10, sd="3.0").verdict == "impossible"
    with pytest.raises(OptionError, match="no room"):
        scale_bound("5", 10, 0)


def test_means_of_other_patients_are_not_compared():
    with pytest.raises(OptionError, match="same number"):
        same_mean([Group.of("1", "1", 5)], [Group.of("1", "1", 6)])


def test_the_room_has_a_face():
    assert {
        "check_baseline_table",
        "check_ratio_triplets",
        "check_repeated_effects",
        "compare_margins",
        "RULES",
    } <= set(audit.__all__)
    assert set(CAUSES) >= {
        "double-exponentiation",
        "lost-digit",
        "neighbour-row",
        "wrong-denominator",
        "reversed-coding",
    }


def test_the_bound_without_a_known_share_is_the_lowest_of_all_shares():
    """By hand: q (1 - q) is largest at 1/2, so no share of 205 patients allows less than 2 / sqrt(205 / 4) = 4 / sqrt(205)."""
    unknown = precision_bound("1.359", "1.727", exposed=None, n=205)
    assert unknown.recomputed == pytest.approx(4 / math.sqrt(205), rel=1e-12)
    assert all(precision_bound("1.3", "1.7", exposed=k, n=205).recomputed >= unknown.recomputed for k in range(1, 205))
    assert "any binary factor of 205 patients" in unknown.message
