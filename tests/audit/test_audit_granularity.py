"""GRIM, GRIMMER, DEBIT, heterogeneity, orders and flows: published examples, brute force, outside vectors where present."""

import csv
import itertools
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostealgia.audit.rules import (
    RULES,
    date_order,
    debit,
    grim_mean,
    grim_percent,
    grimmer,
    heterogeneity,
    median_vs_hr,
    quantile_order,
    robustness_of_significance,
    sample_flow,
    star_limit,
)
from ostealgia.audit.rules.granularity import NO_POWER
from ostealgia.errors import OptionError
from ostealgia.numerics.granularity import largest_squares_sum, least_squares_sum, mean_possible, sd_possible
from ostealgia.numerics.intervals import Printed

VECTORS = Path(__file__).parents[2] / "../shared/audit/external"


def vectors(name):
    path = VECTORS / f"{name}_vectors.csv"
    if not path.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{name} vectors are not on this machine"))]
    with path.open(newline="", encoding="utf-8") as file:
        return [pytest.param(row, id=row["id"]) for row in csv.DictReader(file)]


def agrees(found, row):
    wanted = {row[name] for name in ("exact", "expected") if row[name]}
    assert wanted == {str(int(found.verdict == "consistent"))}, found
    assert found.flagged == (wanted == {"0"})


@pytest.mark.parametrize("row", vectors("grim"))
def test_grim_vectors(row):
    mean, n, items = row["mean"], int(row["n"]), int(row["items"])
    if row["percent"] == "1":  # some of these are above 100: a mean in per cent, not a share
        agrees(grim_mean(Printed.parse(mean).proportion(), n, items=items), row)
    if row["percent"] == "0" or float(mean) <= 100:
        agrees((grim_percent if row["percent"] == "1" else grim_mean)(mean, n), row) if items == 1 else agrees(
            grim_mean(mean, n, items=items), row
        )


@pytest.mark.parametrize("row", vectors("grimmer"))
def test_grimmer_vectors(row):
    agrees(grimmer(row["mean"], row["sd"], int(row["n"]), items=int(row["items"])), row)


@pytest.mark.parametrize("row", vectors("debit"))
def test_debit_vectors(row):
    agrees(debit(row["mean"], row["sd"], int(row["n"])), row)


def test_published_examples():
    # Brown, Heathers 2017: 28 persons cannot have a mean of 5.19 (145/28 = 5.18, 146/28 = 5.21)
    found = grim_mean("5.19", 28)
    assert (found.rule, found.verdict, found.severity) == ("GRIM", "impossible", "major")
    assert found.recomputed == pytest.approx(145 / 28) and found.recomputed_high == pytest.approx(146 / 28)
    # Allard 2018, the analytic form of GRIMMER: 18 persons, mean 3.44, SD 2.47 fails by parity
    assert grimmer("3.44", "2.47", 18).rule == "GRIMMER" and grimmer("3.44", "2.47", 18).flagged
    # Heathers, Brown 2019: zeros and ones with mean 0.19 have SD 0.39, not 0.35
    assert debit("0.19", "0.35", 1683).flagged and not debit("0.93", "0.25", 1683).flagged


def test_percentages_of_whole_patients():
    found = grim_percent("91%", 48, denominators={"all patients": 120, "treated": 23})
    assert found.flagged and found.reported == "91"
    assert found.cause_code == "wrong-denominator" and "21 of 23" in found.cause
    assert grim_percent("57.26", 124).verdict == "consistent"
    assert grim_percent("112", 40).verdict == "impossible"
    assert grim_percent("0", 7).verdict == grim_percent("100", 7).verdict == "consistent"
    assert NO_POWER in grim_percent("90", 599).message and NO_POWER not in grim_percent("57.26", 124).message


def test_both_directions_of_rounding_are_allowed():
    # 1/8 = 12.5%: half up prints 13, half even prints 12
    assert {grim_percent(text, 8).verdict for text in ("12", "13", "12.5")} == {"consistent"}
    # 5.225 and 5.215 of 40 persons stand on a tie
    assert grim_mean("5.23", 40).verdict == grim_mean("5.22", 40).verdict == "consistent"


@pytest.mark.parametrize(("n", "width"), [(3, 4), (5, 3), (6, 2)])
def test_reachable_means_and_sds_by_listing_all_data(n, width):
    """Every data set of n whole numbers 0..width, listed: what is printed for it passes; with the scale nothing else does."""
    seen = set()
    for data in itertools.combinations_with_replacement(range(width + 1), n):
        seen.add((f"{np.mean(data):.2f}", f"{np.std(data, ddof=1):.2f}"))
    means = sorted({mean for mean, _ in seen})
    sds = [f"{value / 100:.2f}" for value in range(0, int(100 * width * 0.75), 3)]
    for mean in means:
        for sd in {*sds, *(s for m, s in seen if m == mean)}:
            m, s = Printed.parse(mean).interval("half"), Printed.parse(sd).interval("half")
            fits, _ = sd_possible((m.low, m.high), (s.low, s.high), n, 1, (0, width))
            close = any(
                abs(float(other) - float(sd)) < 0.0101 and abs(float(m2) - float(mean)) < 0.0101 for m2, other in seen
            )
            if (mean, sd) in seen:
                assert fits
                assert grimmer(mean, sd, n).verdict == "consistent"
            assert not fits or close  # ties may be printed either way, one unit apart


@given(st.lists(st.integers(0, 10), min_size=2, max_size=60), st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_what_real_whole_numbers_print_always_passes(data, decimals):
    mean, sd, n = np.mean(data), np.std(data, ddof=1), len(data)
    shown, spread = f"{mean:.{decimals}f}", f"{sd:.{decimals}f}"
    assert not grim_mean(shown, n).flagged
    assert not grimmer(shown, spread, n).flagged
    assert not grimmer(shown, spread, n, scale=(0, 10)).flagged
    share = [value > 5 for value in data]
    assert not grim_percent(f"{100 * np.mean(share):.{decimals}f}", n).flagged
    assert not debit(f"{np.mean(share):.{decimals}f}", f"{np.std(share, ddof=1):.{decimals}f}", n).flagged


@given(st.lists(st.integers(1, 7), min_size=3, max_size=20), st.integers(2, 4))
@settings(max_examples=50, deadline=None)
def test_averages_of_items_pass_with_their_number_of_items(data, items):
    persons = [sum(data[(i + j) % len(data)] for j in range(items)) / items for i in range(len(data))]
    shown, spread = f"{np.mean(persons):.2f}", f"{np.std(persons, ddof=1):.2f}"
    assert not grim_mean(shown, len(data), items=items).flagged
    assert not grimmer(shown, spread, len(data), items=items).flagged


def test_sums_of_squares_at_their_ends():
    for n, width in ((4, 3), (5, 4)):
        listed = {}
        for data in itertools.combinations_with_replacement(range(width + 1), n):
            listed.setdefault(sum(data), []).append(sum(x * x for x in data))
        for total, squares in listed.items():
            assert least_squares_sum([total], n)[0] == min(squares)
            assert largest_squares_sum([total], n, 0, width)[0] == max(squares)


def test_a_repair_is_told_where_there_is_one_only():
    found = grimmer("2.00", "9.16", 5, scale=(0, 4))
    assert found.flagged and found.verdict == "impossible"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: grim_mean("5.19", 0), "n=0"),
        (lambda: grim_mean("< 5", 20), "is a bound"),
        (lambda: grimmer("5.2", "-1", 20), "below 0"),
        (lambda: grimmer("5.2", "1", 1), "n=1"),
        (lambda: debit("1.2", "0.3", 20), "zeros and ones"),
        (lambda: sd_possible((1, 2), (1, 2), 5, 1, (3, 3)), "no room"),
        (lambda: quantile_order({"mean": "3"}), "quantile='mean'"),
        (lambda: star_limit(3, "beauty"), "domain='beauty'"),
        (lambda: sample_flow(10, [-1], 9), "below 0"),
        (lambda: date_order([("a", date(2020, 1, 1))]), "two dates"),
        (lambda: median_vs_hr("0", "1", "1"), "above 0"),
    ],
)
def test_calls_that_make_no_sense(call, words):
    with pytest.raises(OptionError, match=words):
        call()


def test_huge_samples_are_quick_and_have_no_power():
    assert grim_mean("5.1", 10**9).verdict == "consistent"
    assert grimmer("5.1", "2.2", 10**7).verdict == "consistent"
    assert debit("0.50", "0.50", 10**8).verdict == "consistent"


# ---------------------------------------------------------------- heterogeneity


def test_heterogeneity_of_one_pool():
    # by hand: Q 22.4 on 12 df is I2 (22.4 - 12)/22.4 = 46.4%, H2 22.4/12 = 1.867, P 0.033
    found = heterogeneity(i2="46%", q="22.4", df=12, p_value="0.033", h="1.37", h2="1.87", tau2="0.04", tau="0.2")
    assert len(found) == 5 and {f.verdict for f in found} <= {"consistent", "rounding"}
    assert {f.rule for f in found} == {"heterogeneity"}


@pytest.mark.parametrize(
    ("parts", "reported", "repair"),
    [
        ({"i2": "64", "q": "22.4", "df": 12}, "64", "46"),
        ({"i2": "46", "q": "22.4", "df": 12, "p_value": "0.33"}, "0.33", None),
        ({"i2": "46", "h": "1.73"}, "46", "67"),
        ({"tau2": "0.4", "tau": "0.2"}, "0.4", "0.04"),
        ({"i2": "0%", "df": 9, "p_value": "0.0001"}, "0.0001", None),
    ],
)
def test_planted_errors_of_heterogeneity(parts, reported, repair):
    (flag,) = [f for f in heterogeneity(**parts) if f.flagged]
    assert flag.reported == reported and flag.verdict == "inconsistent"
    assert repair is None or flag.repair == repair


def test_two_definitions_of_i2_are_information_only():
    assert not any(f.flagged for f in heterogeneity(i2="52", q="22.4", df=12))
    assert any(f.flagged for f in heterogeneity(i2="52", q="22.4", df=12, by_q=True))
    assert not any(f.flagged for f in heterogeneity(i2="72", q="22.4", df=12, by_q=False))
    assert not any(f.flagged for f in heterogeneity(i2="12", tau2="0.0", q="10.2", df=9))
    assert [f.verdict for f in heterogeneity(i2="104")] == ["impossible"]
    assert [f.verdict for f in heterogeneity(i2="50", i2_limits=("55", "80"))] == ["impossible"]


@given(st.floats(0.5, 400), st.integers(1, 60), st.integers(0, 2))
@settings(max_examples=200, deadline=None)
def test_heterogeneity_printed_from_one_q_passes(q, df, places):
    from scipy import special

    i2 = max(0.0, 100 * (q - df) / q)
    p = float(special.chdtrc(df, q))
    shown = f"{p:.3f}" if p >= 0.001 else "< 0.001"
    found = heterogeneity(i2=f"{i2:.{places}f}", q=f"{q:.2f}", df=df, p_value=shown, by_q=True)
    assert not any(f.flagged for f in found)
    assert not any(f.flagged for f in heterogeneity(i2=f"{i2:.{places}f}", df=df, p_value=shown, by_q=True))


# ---------------------------------------------------------------- orders, flows, limits


def test_quantiles_rise():
    assert (
        quantile_order({"min": "1", "q1": "2", "median": "2", "q3": "5.5", "max": "9"}, mean="3.3").verdict
        == "consistent"
    )
    assert quantile_order({"median": "62", "min": "29", "max": "91"}).verdict == "consistent"
    assert quantile_order({"median": "26", "min": "29", "max": "91"}).flagged
    assert quantile_order({"min": "1.0", "max": "9.0"}, mean="9.4").flagged
    assert quantile_order({"median": "4", "q3": "3.8"}).verdict == "consistent"  # 3.8 may be printed 4


def test_flows_dates_and_stars():
    assert sample_flow(300, [20, 15, 5], 260).verdict == "consistent"
    found = sample_flow(300, [20, 15, 5], 206)
    assert (found.verdict, found.cause_code, found.repair) == ("inconsistent", "typing-slip", "260")
    assert sample_flow(300, [], 310).verdict == "impossible"
    assert not date_order([("received", date(2024, 1, 2)), ("accepted", date(2024, 1, 2))]).flagged
    assert star_limit(3, "comparability").flagged and not star_limit(3, "outcome").flagged


def test_medians_and_hazard_ratio_are_a_judgement():
    assert median_vs_hr("14.2", "9.8", "0.68", ("0.51", "0.91")).verdict == "consistent"
    wrong = median_vs_hr("14.2", "9.8", "1.47", ("1.10", "1.96"))
    assert wrong.flagged and wrong.basis == "judgement"
    assert not median_vs_hr("14.2", "13.8", "1.05", ("0.80", "1.38")).flagged  # curves cross, no clear direction


def test_significance_that_rests_on_the_test():
    found = robustness_of_significance([[44, 30], [59, 72]], "0.047")
    assert found.verdict == "consistent" and found.severity == "information" and not found.flagged
    assert robustness_of_significance([[80, 20], [20, 80]], "< 0.001").severity == "none"


def test_the_rules_are_listed():
    wanted = {"GRIM", "GRIMMER", "DEBIT", "heterogeneity", "median-vs-hr", "quantile-order", "sample-flow"}
    assert wanted <= set(RULES)


def test_an_open_or_enormous_mean_has_no_power_and_no_overflow():
    """By hand: a mean printed as "< 5", or of 1e30, fits every whole total."""
    low, high = np.array([-np.inf, 1e30]), np.array([5.0, 1.1e30])
    assert mean_possible(low, high, 28).tolist() == [True, True]
    assert sd_possible((-np.inf, 5.0), (1.0, 1.1), 28) == (True, "")
