"""The verdicts and numbers of the bundled projects.

Witnesses: the published papers; for pooled values metafor 5.1-12 and meta 8.4-0 in R 4.2.2 (baal2021 and li2025 of the reference files).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

VERDICTS = {
    "mrgfus": {
        "response": "reproduced",
        "response-k": "reproduced",
        "response-n": "reproduced",
        "response-sum": "reproduced",
        "response-adult": "reproduced",
        "response-complete": "reproduced",
        "response-partial": "reproduced",
        "pain-3month": "reproduced",
        "pain-3month-k": "differs",
        "pain-3month-n": "differs",
        "pain-3month-adult": "reproduced",
        "pain-1month": "cannot be computed",
        "pain-1month-adult": "cannot be computed",
        "harm-high-printed": "reproduced",
        "harm-high-table": "reproduced",
        "harm-high-n": "differs",
        "harm-high-k": "differs",
        "harm-high-adult-printed": "reproduced",
        "harm-high-adult-table": "reproduced",
        "harm-low-printed": "reproduced",
        "harm-low-table": "differs",
        "harm-low-n": "differs",
        "harm-low-k": "reproduced",
        "harm-low-adult-printed": "reproduced",
        "harm-low-adult-table": "differs",
        "response-prior-rt": "reproduced",
        "response-no-prior-rt": "cannot be computed",
        "sonication-pain": "cannot be computed",
        "qol-bpi": "cannot be computed",
        "qol-bm22-site": "cannot be computed",
        "qol-bm22-pain": "cannot be computed",
        "qol-bm22-function": "cannot be computed",
        "qol-bm22-psychosocial": "cannot be computed",
    },
    "refractory-pain": {
        "incidence": "reproduced",
        "incidence-tau2": "rounding",
        "incidence-i2": "reproduced",
        "incidence-common": "reproduced",
        "incidence-k": "reproduced",
        "incidence-n": "reproduced",
        "akakura-91": "differs",
        "factor-multiple": "differs",
        "factor-multiple-text": "differs",
        "factor-lytic": "differs",
        "factor-acute-pain": "differs",
        "factor-breakthrough": "cannot be computed",
        "factor-depression": "differs",
        "factor-anxiety": "differs",
        "factors-all": "cannot be computed",
    },
    "cryoablation": {
        "smd": "cannot be computed",
        "smd-interval": "differs",
        "smd-p": "reproduced",
        "relief": "cannot be computed",
        "relief-interval": "reproduced",
        "relief-p": "reproduced",
    },
}
# analysis -> (estimate, low, high) on the reported scale, from the reference files; printed there to 4 (Baal) and 4 (Li) places
POOLED = {
    ("mrgfus", "response"): (0.7863, 0.7327, 0.8315),
    ("mrgfus", "response-glmm"): (0.819, 0.760, 0.866),
    ("mrgfus", "pain-3month"): (-4.383, -5.025, -3.741),
    ("mrgfus", "pain-3month-adult"): (-4.355, -5.037, -3.673),
    ("refractory-pain", "incidence"): (0.6996, 0.4160, 0.8839),
    ("refractory-pain", "incidence-common"): (0.6067, 0.588, 0.625),
    ("refractory-pain", "incidence-source"): (0.627, 0.429, 0.789),
}


@pytest.mark.parametrize(("name", "ident"), [(name, ident) for name, wanted in VERDICTS.items() for ident in wanted])
def test_verdict_of_each_claim(judged, name, ident):
    assert judged[name].claims[ident].verdict == VERDICTS[name][ident]


@pytest.mark.parametrize("name", VERDICTS)
def test_no_claim_is_forgotten(judged, name):
    assert list(judged[name].claims) == list(VERDICTS[name])


@pytest.mark.parametrize("key", POOLED)
def test_pooled_values_match_the_references(judged, key):
    fit = judged[key[0]].runs[key[1]].fit.reported
    # half a unit of the last place that the reference prints (3 or 4 places)
    atol = 6e-5 if key in (("mrgfus", "response"), ("refractory-pain", "incidence")) else 6e-4
    assert_allclose((fit.estimate, fit.ci_low, fit.ci_high), POOLED[key], atol=atol)


def test_studies_and_patients_of_the_pools(judged):
    runs = judged["mrgfus"].runs
    assert (runs["response"].fit.k, runs["response"].fit.n) == (20, 636)
    assert (runs["pain-3month"].fit.k, runs["pain-3month"].fit.n) == (
        18,
        509,
    )  # patients counted once, not at both times
    assert (runs["response-sum"].crude.events, runs["response-sum"].crude.n) == (502, 636)
    assert (runs["harm-high"].crude.events, runs["harm-high"].crude.n, runs["harm-high"].crude.k) == (7, 796, 27)
    assert (runs["harm-low"].crude.events, runs["harm-low"].crude.n, runs["harm-low"].crude.k) == (47, 765, 26)
    assert (runs["harm-low-adult"].crude.events, runs["harm-low-adult"].crude.n) == (39, 735)


def test_one_month_is_shown_under_each_assumption_and_none_is_confirmed(judged):
    run, claim = judged["mrgfus"].runs["pain-1month"], judged["mrgfus"].claims["pain-1month"]
    assert run.fit is None and "SD at 1 month" in run.problem
    found = {v.id: (v.fit.reported.estimate, v.fit.reported.ci_low, v.fit.reported.ci_high) for v in run.variants}
    # reference values are printed to 3 places
    assert_allclose(found["baseline"], (-3.840, -4.300, -3.381), atol=1.1e-3)
    assert_allclose(found["3-month"], (-3.847, -4.323, -3.370), atol=6e-4)
    assert_allclose(found["median"], (-3.794, -4.253, -3.334), atol=6e-4)
    assert {v.fit.k for v in run.variants} == {18} and {v.fit.n for v in run.variants} == {454}
    assert "median SD at 3 months (1.705)" in " ".join(next(v for v in run.variants if v.id == "median").notes)
    verdicts = {variant.title: variant.verdict for variant in claim.variants}
    assert verdicts["SD at 1 month = SD at baseline"] == "other digits"
    assert verdicts["SD at 1 month = median of the SDs at 3 months"] == "same digits"
    assert "none is confirmed" in claim.detail


def test_adverse_events_show_the_printed_and_the_tables_denominator(judged):
    claims = judged["mrgfus"].claims
    assert claims["harm-low-printed"].recomputed == "5.88% (47 of 799)"
    assert claims["harm-low-table"].recomputed == "6.14% (47 of 765 in 26 studies)"
    assert claims["harm-high-printed"].recomputed == "0.88% (7 of 799)"
    assert claims["harm-high-table"].recomputed == "0.88% (7 of 796 in 27 studies)"
    assert claims["harm-low-adult-printed"].recomputed == "5.07% (39 of 769)"
    assert claims["harm-low-adult-table"].recomputed == "5.31% (39 of 735 in 25 studies)"


def test_prior_radiotherapy_is_reproduced_by_the_three_studies_the_paper_cites(judged):
    crude = judged["mrgfus"].runs["response-prior-rt"].crude
    assert (crude.events, crude.n) == (34, 46)  # references 17, 20 and 30: 14/17 + 13/18 + 7/11


def test_what_is_said_about_the_radiation_naive_studies_is_true(judged):
    """379 sets of five other rows add up to 112 patients; in five of them 88.0% of those with an outcome responded."""
    claim = judged["mrgfus"].claims["response-no-prior-rt"]
    assert "379 sets of five" in claim.detail and "in five of these sets" in claim.detail
    project = judged["mrgfus"].project
    cited = {"17", "20", "30", "26", "32"}  # references whose prior treatment the paper states
    rows = [(int(row.text("n")), row.text("study")) for row in project.studies if row.text("reference") not in cited]
    events = {
        row.text("study"): int(row.text("events")) for row in project.results if row.text("outcome") == "pain response"
    }
    sets = [chosen for chosen in itertools.combinations(rows, 5) if sum(n for n, _ in chosen) == 112]
    assert len(sets) == 379
    shares = []
    for chosen in sets:
        known = [(events[name], n) for n, name in chosen if name in events]
        shares.append(round(100 * sum(e for e, _ in known) / sum(n for _, n in known), 1) if known else np.nan)
    assert shares.count(88.0) == 5


def test_tau2_of_li_is_reached_by_counts_inside_the_printed_per_cents(judged):
    claim = judged["refractory-pain"].claims["incidence-tau2"]
    assert claim.recomputed == "2.7161"
    assert "Halabi 2008: events 227 instead of 228 (printed 38% of 599)" in claim.detail
    assert "Parkes 2018: events 1,028 instead of 1,026 (printed 71% of 1445)" in claim.detail


def test_incidence_has_a_prediction_interval(judged):
    part = judged["refractory-pain"].runs["incidence"].fit.reported
    assert_allclose((part.pi_low, part.pi_high), (0.035, 0.993), atol=6e-4)  # 3.5 to 99.3%, t with k - 1 df


@pytest.mark.parametrize(
    ("ident", "entered"),
    [
        ("factor-multiple", "1.37 (1.03 to 1.83)"),
        ("factor-lytic", "1.79 (1.26 to 2.53)"),
        ("factor-acute-pain", "5.39 (1.89 to 15.40)"),
        ("factor-breakthrough", "2.80 (1.03 to 7.64)"),
        ("factor-depression", "3.91 (1.68 to 9.11)"),
    ],
)
def test_what_was_entered_is_worked_back(judged, ident, entered):
    assert f"ntered as {entered}" in judged["refractory-pain"].claims[ident].detail


def test_single_study_factors_stand_beside_the_source(judged):
    claims = judged["refractory-pain"].claims
    assert claims["factor-multiple"].recomputed == "1.37 (1.03 to 1.83)"
    assert claims["factor-acute-pain"].recomputed == "5.39 (2.03 to 15.54)"
    assert "cannot be recovered" in claims["factor-anxiety"].detail


def test_what_is_said_about_all_twelve_factors_is_true(judged):
    """Precision of the six printed factors against that of the pooled interval, on the log scale as published."""
    printed = [(2.64, 5.87), (3.17, 11.30), (0.26, 188127.63), (0.60, 448.07), (1.22, 2048.64), (1.22, 2048.64)]
    precision = sum((3.919928 / np.log(high / low)) ** 2 for low, high in printed)
    claimed = (3.919928 / np.log(5.41 / 3.60)) ** 2
    assert_allclose((precision, claimed), (34.6, 92.6), atol=0.06)
    assert round(100 * precision / claimed) == 37
    assert round(float(np.log(4.41)), 2) == 1.48
    assert "37% of the precision" in judged["refractory-pain"].claims["factors-all"].detail


def test_deng_tests_and_margins(judged):
    claims = judged["rt-analgesia"].claims
    tests = [claim for claim in claims.values() if claim.quantity == "test"]
    assert sum(claim.id.startswith(("table1.", "table2.", "table3.")) for claim in tests) == 33
    wrong = [claim.id for claim in tests if claim.verdict == "differs"]
    assert wrong == ["table3.total-rt-dose", "survival.median-os-months"]
    rounded = [claim.id for claim in tests if claim.verdict == "rounding"]
    assert rounded == [
        "table1.age-years",
        "table3.age-years",
        "table3.charlson-comorbidity-index",
        "table3.baseline-nrs-pain-score",
    ]
    assert claims["table3.total-rt-dose"].recomputed == "chi2 0.677, P 0.411"
    assert claims["survival.median-pfs-months"].verdict == "reproduced"
    assert "P 0.033" in claims["survival.median-os-months"].recomputed
    assert (claims["margin-observation"].published, claims["margin-observation"].recomputed) == ("80 + 29 = 109", "102")
    assert (claims["margin-control"].published, claims["margin-control"].recomputed) == ("52 + 44 = 96", "103")


def test_deng_odds_ratios_point_the_other_way(judged):
    claims = judged["rt-analgesia"].claims
    for ident in (
        "or-treatment-direction",
        "or-pain-direction",
        "or-lesions-direction",
        "or-pain-change",
        "or-lesions-change",
    ):
        assert claims[ident].verdict == "differs"
    assert "8.62 (4.18 to 17.86)" in claims["or-treatment-direction"].detail  # 1/0.116 (1/0.239 to 1/0.056)
    assert "2.33" in claims["or-treatment-direction"].detail  # 80 x 44 / (52 x 29)
    assert claims["or-lesions-precision"].verdict == "differs"
    assert claims["pfs-change"].verdict == claims["os-change"].verdict == "reproduced"


def test_torabi_is_checked_for_inner_consistency_only(judged):
    claims = judged["cryoablation"].claims
    assert claims["smd-interval"].recomputed == "middle -3.645"  # (-5.29 - 2.00) / 2
    assert claims["relief-interval"].recomputed == "middle 0.689"


def test_methods_that_match_are_counted(judged):
    response = judged["mrgfus"].claims["response"]
    assert response.methods_matching == 3 and response.methods_tried == 127
    assert "none is confirmed" in response.detail
    incidence = judged["refractory-pain"].claims["incidence"]
    assert incidence.methods_matching == 1 and "GLMM" in incidence.detail
