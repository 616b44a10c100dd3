"""Four published papers: what was worked out by hand about their printed numbers, rule by rule.

Numbers, verdicts and sources are in tests/reference/audit_truth.json; ids are document and running number. A row that
is "inconsistent" or "impossible" must be flagged; one that is "consistent" or "rounding" must not.
"""

import json
from pathlib import Path

import pandas as pd
import pytest

from ostealgia import audit
from ostealgia.audit import Layout
from ostealgia.audit.rules import (
    Elsewhere,
    Triplet,
    adjusted_vs_crude,
    ci_vs_point,
    cross_reference,
    direction_vs_claim,
    double_exponentiation,
    duplicate_interval,
    events_bound,
    p_vs_ci,
    percent_vs_count,
    precision_bound,
    total_vs_parts,
)

TRUTH = json.loads((Path(__file__).parents[1] / "reference" / "audit_truth.json").read_text(encoding="utf-8"))
FLAG = ("inconsistent", "impossible")
GROUPS = {
    "baseline": {"control": 103, "observation": 102},
    "adverse_events": {"control": 103, "observation": 102},
    "responders": {"responders": 132, "nonresponders": 73},
}


def rows(name):
    return pytest.mark.parametrize("case", TRUTH[name], ids=[case["id"] for case in TRUTH[name]])


def frame(name):
    body = TRUTH["tables"][name]
    return pd.DataFrame(body["rows"], columns=body["columns"], dtype=str)


def agrees(found, case):
    assert found.verdict in (FLAG if case["verdict"] in FLAG else ("consistent", "rounding")), found
    return True


@pytest.fixture(scope="module")
def checked():
    return {name: audit.check_baseline_table(frame(name), groups) for name, groups in GROUPS.items()}


@rows("table_checks")
def test_lines_of_the_tables(checked, case):
    same = [f for f in checked[case["table"]] if f.line == case["line"] and f.rule == case["rule"]]
    assert same
    flags = [f for f in same if f.verdict in FLAG]
    assert bool(flags) == (case["verdict"] in FLAG)
    assert all(f.severity == case["severity"] for f in flags)


def test_the_tables_hold_two_flags_and_no_more(checked):
    flags = [(name, f.line, f.rule) for name, found in checked.items() for f in found if f.flagged]
    # one typing slip in the third table, seen by two rules; every other printed number fits
    assert flags == [("responders", 21, "chi2-vs-counts"), ("responders", 21, "p-vs-statistic")]
    statistic, p = [f for f in checked["responders"] if f.flagged]
    assert (statistic.cause_code, statistic.repair, p.repair) == ("typing-slip", "0.677", "0.677")
    assert round(statistic.recomputed, 3) == 0.677 and round(p.recomputed, 4) == 0.0098
    assert sum(len(found) for found in checked.values()) == 178  # each printed percentage, total, statistic and P


def test_numbers_read_as_floats_lose_zeros_but_raise_no_flag(checked):
    for name, groups in GROUPS.items():
        loose = frame(name).apply(
            lambda column: pd.to_numeric(column, errors="coerce") if "_" in column.name else column
        )
        found = audit.check_baseline_table(loose, groups)
        assert len(found) == len(checked[name])
        assert {(f.line, f.rule) for f in found if f.flagged} <= {(f.line, f.rule) for f in checked[name] if f.flagged}


@rows("percents")
def test_percentages(case):
    found = percent_vs_count(case["count"], case["percent"], case["n"], neighbours=case.get("neighbours"))
    assert agrees(found, case)
    assert found.severity == case["severity"]
    assert found.cause_code == case.get("cause_code") and found.repair == case.get("repair")


@rows("intervals")
def test_estimate_and_interval(case):
    found = ci_vs_point(case["estimate"], case["ci_low"], case["ci_high"], scale=case["scale"])
    assert agrees(found, case)
    assert found.severity == case["severity"]
    if found.flagged:
        assert (found.verdict, found.basis) == (case["verdict"], "arithmetic" if case["certain"] else "judgement")


def test_a_mixed_triplet_gives_back_the_interval_that_was_entered():
    found = ci_vs_point("3.91", "1.22", "2048.64")
    assert (found.cause_code, found.repair) == ("double-exponentiation", "3.91 (1.68 to 9.11)")
    assert found.recomputed == pytest.approx(49.99, abs=0.005)  # printed to two places in the hand calculation


def test_one_interval_on_two_estimates():
    found = duplicate_interval(Triplet.of("4.22", "1.22", "2048.64"), Triplet.of("3.91", "1.22", "2048.64"))
    assert (found.verdict, found.severity, found.cause_code) == ("impossible", "major", "copied-interval")


@rows("p_from_intervals")
def test_p_and_interval(case):
    found = p_vs_ci(case["estimate"], case["ci_low"], case["ci_high"], case["p"], scale=case["scale"])
    assert agrees(found, case)
    if not case["certain"]:  # log-rank beside a Wald interval: information, not an error
        assert (found.severity, found.flagged) == ("information", False)
    else:
        assert found.severity == case["severity"]


@rows("double_exponentiation")
def test_double_exponentiation_and_its_recovery(case):
    found = double_exponentiation(
        case["estimate"], case["ci_low"], case["ci_high"], elsewhere=[Elsewhere.of(*case["elsewhere"])]
    )
    assert (found.verdict, found.severity) == (case["verdict"], case["severity"])
    assert (found.cause_code, found.repair) == ("double-exponentiation", case["repair"])


@rows("directions")
def test_words_and_ratio(case):
    found = direction_vs_claim(
        case["ratio"],
        case["claim"],
        percent=case.get("percent"),
        fold=case.get("fold"),
        limits=case.get("limits"),
        role=case.get("role", "factor"),
    )
    assert (found.verdict, found.severity) == (case["verdict"], case["severity"])
    assert found.repair == case.get("repair")
    assert found.cause_code == ("reversed-coding" if found.flagged else None)


def test_the_adjusted_effect_against_the_printed_counts():
    # 72 of 97 against 48 of 89 respond; the regression prints 0.210
    found = adjusted_vs_crude(Triplet.of("0.210", "0.100", "0.440"), [[72, 25], [48, 41]], role="treatment")
    assert (found.verdict, found.basis, found.repair) == ("inconsistent", "judgement", "4.76 (2.27 to 10.00)")
    assert found.recomputed == pytest.approx(2.46, abs=5e-4)  # 72 x 41/(48 x 25)


def key(value):
    return value if isinstance(value, int) else (value[0], tuple(value[1]) if isinstance(value[1], list) else value[1])


@pytest.fixture(scope="module")
def margins():
    mapping = {key(case["line"]): key(case["other"]) for case in TRUTH["margins"]}
    mapping |= {"Age, years": "Age, years, mean ± SD", "Sex, n (% male)": "Male sex, n (%)"}
    return audit.compare_margins(
        frame("responders"),
        frame("baseline"),
        mapping,
        layout=Layout(groups=GROUPS["responders"], name="Table 3"),
        other=Layout(groups=GROUPS["baseline"], name="Table 1"),
    )


@rows("margins")
def test_the_same_patients_in_two_tables(margins, case):
    head = ", ".join(case["line"])
    (found,) = [f for f in margins if f.message.startswith(f"{head}:")]
    assert found.rule == case["rule"] and found.verdict == case["verdict"]


def test_sizes_that_do_not_add_up_tell_both_ways_to_mend_them(margins):
    found = [f for f in margins if f.rule == "total-vs-parts"]
    assert [f.verdict for f in found] == ["consistent", "impossible", "impossible"]
    assert all("22, 51" in f.cause and "73, 59" in f.cause for f in found[1:])
    assert found[1].repair is None and found[1].severity == "conclusion-changing"


def test_means_and_sexes_of_the_same_patients(margins):
    by_head = {f.message.split(":")[0] + f.message.split(":")[1][:5]: f for f in margins}
    mean = by_head["Age, years mean"]
    # (62.02 x 103 + 62.25 x 102)/205 = 62.134 against (61.84 x 132 + 61.56 x 73)/205 = 61.740
    assert mean.verdict == "impossible" and mean.recomputed == pytest.approx(62.134, abs=5e-4)
    assert by_head["Sex, n (% male) 78 +"].verdict == "impossible"  # 124 and 125 men


@rows("totals")
def test_totals(case):
    assert agrees(total_vs_parts(case["parts"], case["total"]), case)


@rows("cross_references")
def test_one_quantity_at_two_places(case):
    assert agrees(cross_reference(case["first"], case["second"]), case)


def test_bounds():
    # 129 of 205 have more than three lesions: no logistic regression has a standard error below 0.289, printed is 0.061
    found = precision_bound("1.359", "1.727", exposed=129, n=205)
    assert (found.verdict, found.severity) == ("impossible", "major")
    assert precision_bound("0.056", "0.239", exposed=102, n=205).verdict == "consistent"
    survival = events_bound("0.51", "0.91", n=205)  # S1-118: about 183 events, not above 205 patients
    assert survival.verdict == "consistent" and round(survival.recomputed) == 183


def test_the_regression_table_as_a_whole():
    found = audit.check_ratio_triplets(
        frame("regression"),
        label="variable",
        estimate="adjusted_or",
        exposed={"Treatment group": (102, 205), "Number of bone metastases": (129, 205)},
    )
    assert [(f.rule, f.line) for f in found if f.flagged] == [("precision-bound", 4)]
    assert len(found) == 8


def test_repeated_effects_as_a_table():
    lines = [["pooled", c["estimate"], c["ci_low"], c["ci_high"], c["id"]] for c in TRUTH["double_exponentiation"]]
    lines += [["study", *(c["elsewhere"] + ["", ""])[:3], c["id"]] for c in TRUTH["double_exponentiation"]]
    table = pd.DataFrame(lines, columns=["quantity", "estimate", "ci_low", "ci_high", "effect"])
    found = audit.check_repeated_effects(table, by="effect")
    repairs = {f.repair for f in found if f.rule == "double-exponentiation" and f.flagged}
    assert repairs == {case["repair"] for case in TRUTH["double_exponentiation"]}
    assert sum(f.rule == "cross-reference" and f.flagged for f in found) == 3
    triplets = audit.check_ratio_triplets(table)
    assert not any(f.flagged for f in triplets)  # each by itself looks like any other ratio
