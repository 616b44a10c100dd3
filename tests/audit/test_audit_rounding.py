"""Rounding alone never raises a flag: true data, printed with few places by any of three rules, always passes."""

import math
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special

from ostealgia import audit
from ostealgia.audit.rules import (
    Elsewhere,
    Group,
    chi2_vs_counts,
    ci_vs_point,
    double_exponentiation,
    events_bound,
    p_vs_ci,
    p_vs_statistic,
    percent_vs_count,
    precision_bound,
    scale_bound,
    t_vs_summary,
    total_vs_parts,
)
from ostealgia.audit.rules.pooled import same_mean
from ostealgia.numerics.summary_tests import CHI2_TESTS, anova_f, fisher_exact, t_student, t_welch

FITS = ("consistent", "rounding")
Z = 1.959963984540054
rules = st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN])
places = st.integers(0, 3)


def printed(value, digits, rule):
    return f"{Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=rule):f}"


cells = st.integers(0, 80)
counts = st.integers(2, 4).flatmap(
    lambda r: st.integers(2, 3).flatmap(
        lambda c: st.lists(st.lists(cells, min_size=c, max_size=c), min_size=r, max_size=r)
    )
)


@given(counts, st.sampled_from(list(CHI2_TESTS)), places, places, rules)
def test_chi_square_of_true_counts(table, name, digits, p_digits, rule):
    table = np.array(table)
    assume((table.sum(axis=0) > 0).all() and (table.sum(axis=1) > 0).all())
    test = CHI2_TESTS[name](table)
    assume(not math.isnan(float(test.statistic)))
    statistic, p = printed(test.statistic, digits, rule), printed(test.p_value, p_digits, rule)
    assert chi2_vs_counts(table, statistic, p).verdict in FITS
    assert chi2_vs_counts(table, None, p).verdict in FITS
    assert p_vs_statistic("chi2", statistic, [float(test.df)], p).verdict in FITS


@given(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=2, max_size=2), places, rules)
def test_fisher_of_true_counts(table, digits, rule):
    table = np.array(table)
    assume((table.sum(axis=0) > 0).all() and (table.sum(axis=1) > 0).all())
    assert chi2_vs_counts(table, None, printed(fisher_exact(table), digits, rule)).verdict in FITS


sample = st.lists(st.floats(-20, 120).map(lambda x: round(x, 2)), min_size=2, max_size=12)


@given(sample, sample, places, places, places, rules)
def test_t_of_true_data(a, b, digits, t_digits, p_digits, rule):
    assume(np.std(a) > 0.01 and np.std(b) > 0.01)
    true = [(np.mean(x), np.std(x, ddof=1), len(x)) for x in (a, b)]
    groups = [Group.of(printed(m, digits, rule), printed(s, digits, rule), n) for m, s, n in true]
    for function in (t_student, t_welch):
        test = function(*true[0], *true[1])
        t, p = printed(test.statistic, t_digits, rule), printed(test.p_value, p_digits, rule)
        assert t_vs_summary(groups, t, p).verdict in FITS
        assert t_vs_summary(groups, t.lstrip("-")).verdict in FITS  # many tables print t without its sign
        assert t_vs_summary(groups, None, p).verdict in FITS
        assert p_vs_statistic("t", t, [float(test.df)], p).verdict in FITS


@given(st.lists(sample, min_size=3, max_size=4), places, places, places, rules)
def test_f_of_true_data(samples, digits, f_digits, p_digits, rule):
    assume(all(np.std(x) > 0.01 for x in samples))
    true = [(np.mean(x), np.std(x, ddof=1), len(x)) for x in samples]
    f, df1, df2, p = anova_f(*zip(*true, strict=True))
    groups = [Group.of(printed(m, digits, rule), printed(s, digits, rule), n) for m, s, n in true]
    shown, shown_p = printed(f, f_digits, rule), printed(p, p_digits, rule)
    assert t_vs_summary(groups, shown, shown_p).verdict in FITS
    assert t_vs_summary(groups, None, shown_p).verdict in FITS
    assert p_vs_statistic("F", shown, [df1, df2], shown_p).verdict in FITS


@given(st.integers(1, 2000), st.floats(0, 1), st.integers(0, 2), rules)
def test_percentages_of_true_counts(n, share, digits, rule):
    count = round(share * n)
    assert percent_vs_count(count, printed(100 * count / n, digits, rule), n).verdict in FITS


@given(st.floats(-4, 4), st.floats(0.01, 2.0), st.integers(1, 3), places, rules, st.sampled_from([0.9, 0.95, 0.99]))
def test_ratios_with_true_limits(log_ratio, std_error, digits, p_digits, rule, level):
    z = float(special.ndtri(0.5 + level / 2))
    ends = [math.exp(log_ratio + k * z * std_error) for k in (0, -1, 1)]
    shown = [printed(end, digits, rule) for end in ends]
    found = ci_vs_point(*shown, scale="ratio", level=level)
    assert found.verdict in FITS
    p = 2 * float(special.ndtr(-abs(log_ratio) / std_error))
    assert p_vs_ci(*shown, printed(p, p_digits, rule), scale="OR", level=level).verdict in FITS
    if p < 0.001:
        assert p_vs_ci(*shown, "< 0.001", scale="OR", level=level).verdict in FITS


@given(st.floats(-50, 50), st.floats(0.01, 20.0), st.integers(0, 3), places, rules, st.integers(3, 60))
def test_differences_with_true_limits(difference, std_error, digits, p_digits, rule, df):
    for critical, with_df in ((Z, math.inf), (float(special.stdtrit(df, 0.975)), df)):
        shown = [printed(difference + k * critical * std_error, digits, rule) for k in (0, -1, 1)]
        assert ci_vs_point(*shown, scale="MD").verdict in FITS
        t = abs(difference) / std_error
        p = 2 * float(special.ndtr(-t) if math.isinf(with_df) else special.stdtr(with_df, -t))
        assert p_vs_ci(*shown, printed(p, p_digits, rule), scale="MD", df=with_df).verdict in FITS


@given(st.integers(5, 400), st.floats(0.0, 1.0), st.integers(0, 2), rules, st.booleans())
@settings(max_examples=60)
def test_proportions_with_limits_of_several_kinds(n, share, digits, rule, percent):
    x = round(share * n)
    p = x / n
    limits = {
        "exact": (
            special.betaincinv(x, n - x + 1, 0.025) if x else 0.0,
            special.betaincinv(x + 1, n - x, 0.975) if x < n else 1.0,
        )
    }
    centre, half = (p + Z**2 / (2 * n)) / (1 + Z**2 / n), Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n * n))
    limits["Wilson"] = tuple(centre + k * half / (1 + Z**2 / n) for k in (-1, 1))
    if 0 < x < n:
        logit, se = math.log(p / (1 - p)), math.sqrt(1 / x + 1 / (n - x))
        limits["logit"] = tuple(1 / (1 + math.exp(-(logit + k * Z * se))) for k in (-1, 1))
    scale, more = (100.0, 0) if percent else (1.0, 2)
    for low, high in limits.values():
        shown = [printed(scale * min(max(v, 0.0), 1.0), digits + more, rule) for v in (p, low, high)]
        assert ci_vs_point(*shown, scale="proportion", n=n).verdict in FITS
        assert ci_vs_point(*shown, scale="proportion").verdict in FITS


@given(sample, sample, sample, st.integers(0, 3), rules, st.randoms(use_true_random=False))
def test_two_groupings_of_the_same_patients(a, b, c, digits, rule, random):
    everyone = [*a, *b, *c]
    random.shuffle(everyone)
    cut = len(everyone) // 2

    def group(values):
        return Group.of(
            printed(np.mean(values), digits, rule), printed(np.std(values, ddof=1), digits, rule), len(values)
        )

    found = same_mean([group(x) for x in (a, b, c)], [group(everyone[:cut]), group(everyone[cut:])])
    assert [f.verdict for f in found] == ["consistent", "consistent"]


@given(st.lists(st.integers(0, 60), min_size=2, max_size=6), st.integers(0, 2), rules)
def test_percentages_that_add_to_100(parts, digits, rule):
    assume(sum(parts) > 0)
    shown = [printed(100 * part / sum(parts), digits, rule) for part in parts]
    assert total_vs_parts(shown, "100", exact=False).verdict in FITS


@given(st.integers(0, 10), st.lists(st.integers(0, 10), min_size=2, max_size=30), st.integers(0, 2), rules)
def test_means_and_sds_on_a_scale(extra, values, digits, rule):
    values = [*values, extra]
    mean, sd = printed(np.mean(values), digits, rule), printed(np.std(values, ddof=1), digits, rule)
    assert scale_bound(mean, 0, 10, sd=sd, n=len(values)).verdict == "consistent"
    assert scale_bound(mean, 0, 10, sd=sd).verdict == "consistent"


@given(st.lists(st.integers(1, 80), min_size=4, max_size=4), st.integers(1, 3), rules)
def test_the_crude_interval_is_never_too_narrow(cells, digits, rule):
    a, b, c, d = cells
    log_or, se = math.log(a * d / (b * c)), math.sqrt(sum(1 / x for x in cells))
    low, high = (printed(math.exp(log_or + k * Z * se), digits, rule) for k in (-1, 1))
    assume(0 < float(low) < float(high))
    assert precision_bound(low, high, exposed=a + b, n=sum(cells), cells=cells).verdict == "consistent"
    assert events_bound(low, high, events=sum(cells)).verdict == "consistent"


@given(st.floats(0.1, 8), st.floats(0.05, 0.8), rules)
def test_an_ordinary_ratio_is_not_called_an_exponential(ratio, std_error, rule):
    ends = [printed(ratio * math.exp(k * Z * std_error), 2, rule) for k in (0, -1, 1)]
    assume(float(ends[1]) > 0 and float(ends[1]) < float(ends[2]))
    assert double_exponentiation(*ends).verdict == "consistent"
    assert double_exponentiation(*ends, elsewhere=[Elsewhere.of(*ends)]).verdict == "consistent"


categories = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=4)


@given(categories, st.integers(0, 1), st.integers(2, 3), rules)
@settings(max_examples=50)
def test_a_whole_table_of_true_numbers(levels, digits, groups, rule):
    names = ["a", "b", "c"][:groups]
    table = np.array(levels)[:, :groups]
    sizes = table.sum(axis=0)
    assume((sizes > 1).all() and (table.sum(axis=1) > 0).all())
    test = CHI2_TESTS["Pearson"](table)
    lines = [
        {
            "variable": "kind",
            "level": "",
            "statistic": printed(test.statistic, 3, rule),
            "p": printed(test.p_value, 3, rule),
        }
    ]
    for i, row in enumerate(table):
        line = {"variable": "kind", "level": f"level {i}"}
        for name, count, size in zip(names, row, sizes, strict=True):
            line |= {f"{name}_n": str(count), f"{name}_pct": printed(100 * count / size, digits, rule)}
        lines.append(line)
    found = audit.check_baseline_table(
        pd.DataFrame(lines),
        dict(zip(names, (int(size) for size in sizes), strict=True)),
        statistic="statistic",
        p_value="p",
    )
    assert all(f.verdict in FITS for f in found)
    assert len(found) == table.size + groups + 2
