"""Expected results: the pooled numbers against the pooling room and by hand, randomised kept apart, conflicts shown, nothing ranked."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
from importlib import resources

import pytest

import ostealgia as oa
from ostealgia.clinical.assessment import CHECK_STATUS
from ostealgia.decision import evidence_store
from ostealgia.decision.evidence_arms import arm_evidence, left_out, place_of, ultrasound_evidence
from ostealgia.decision.evidence_contrasts import (
    conflicts,
    difference_per_100,
    network_contrasts,
    trial_contrasts,
)
from ostealgia.decision.evidence_facts import exact_per_100, facts, stated_conflicts
from ostealgia.decision.evidence_model import ALIASES, KINDS, NAMES, THERAPIES, therapy_id
from ostealgia.decision.expected_results import (
    NO_EVIDENCE,
    computed,
    computed_conflicts,
    evidence,
    expected,
    expected_for,
)
from ostealgia.errors import OptionError
from ostealgia.network.therapies import trial_arms

EVERY = expected()
WITHOUT = (
    "hemibody_rt", "postoperative_rt", "radium_223", "surgery_long_bone", "surgery_spine", "microwave", "vertebroplasty", "kyphoplasty",
    "interventional_analgesia", "cordotomy", "non_opioid", "opioid", "systemic_therapy", "activity_rehabilitation",
)  # fmt: skip


def lines(therapy, **wanted):
    return [one for one in evidence(therapy) if all(getattr(one, name) == value for name, value in wanted.items())]


def test_focused_ultrasound_by_its_own_table():
    """502 of 636 less the paediatric 26 of 30, pooled as the pooling room does; the paper prints 78% (72 to 83) without children."""
    found = lines("mrgfus", kind="series pooled")[0]
    assert (found.events, found.n, found.k) == (476, 606, 19)
    assert (round(found.per_100), round(found.ci_low), round(found.ci_high)) == (78, 72, 83)
    assert found.pi_low < found.ci_low and found.pi_high > found.ci_high
    rows = [
        row for row in csv.DictReader(_text("projects", "mrgfus", "results.csv")) if row["outcome"] == "pain response"
    ]
    table = {
        name: [int(row[name]) if name != "study" else row[name] for row in rows if row["study"] != "Wang B. 2019"]
        for name in ("study", "events", "n")
    }
    fit = oa.meta.pool(table, measure="PLO")
    # stored with ten digits
    assert found.per_100 == pytest.approx(100 * fit.reported.estimate, rel=1e-9)
    assert found.pi_low == pytest.approx(100 * fit.reported.pi_low, rel=1e-9)


def test_harms_of_focused_ultrasound_are_added_up():
    """7 of 766 adults (7 of the printed 799 in all); exact interval, no prediction interval."""
    found = lines("mrgfus", kind="harm", outcome="adverse event grade 3 or higher")[0]
    assert (found.events, found.n) == (7, 766) and math.isnan(found.pi_low)
    assert found.per_100 == pytest.approx(700 / 766) and "added up" in found.note


def test_single_fraction_pools_what_it_says():
    """The seven trials with 8 Gy arms of known counts and at least medium certainty, patients and not sites."""
    found = lines("ebrt", kind="arms pooled", variant="8 Gy in one fraction")[0]
    arms = {
        arm.study: (arm.responders, arm.n) for arm in trial_arms()
        if arm.therapy == "EBRT 8Gyx1" and arm.responders is not None and arm.certainty != "low" and "COMPLETE" not in arm.definition
        and "neuropathic" not in arm.definition.lower()
    }  # fmt: skip
    assert set(found.trials) == set(arms) and len(arms) == 7
    assert (found.events, found.n) == tuple(sum(values) for values in zip(*arms.values(), strict=True))
    assert found.denominator.startswith("mixed") and not math.isnan(found.pi_low)
    by_denominator = lines("ebrt", variant="8 Gy in one fraction", kind="arms pooled")[1:]
    assert sum(one.n for one in by_denominator) == found.n and len({one.denominator for one in by_denominator}) == 3


def test_no_prediction_interval_under_three_studies():
    for one in arm_evidence():
        assert math.isnan(one.pi_low) == (one.k < 3)
        assert one.certainty.startswith("not rated")


def test_every_arm_is_pooled_shown_or_left_out_by_name():
    """No row of the trial table disappears without a line saying why."""
    named = {row.row for row in left_out()}
    for arm in trial_arms():
        pooled = any(arm.study in one.trials and place_of(arm.therapy)[0] == one.therapy for one in arm_evidence())
        assert pooled or arm.row in named
    assert all(row.reason for row in left_out())
    assert any("superseded" in row.reason for row in left_out() if row.study.startswith("Nguyen"))


def test_trial_contrasts_by_hand():
    """Newcombe's method 10 on 57/138 and 46/76: the paper prints -32.9 to -5.5 by another method."""
    found = {one.trials[0]: one for one in trial_contrasts() if one.therapy == "sbrt"}
    ryu = found["RTOG 0631 (Ryu)"]
    assert ryu.per_100 == pytest.approx(41.304, abs=1e-3) and ryu.per_100_comparator == pytest.approx(60.526, abs=1e-3)
    assert ryu.difference_per_100 == pytest.approx(-19.222, abs=1e-3)
    assert -33 < ryu.difference_ci_low < -31 and -6 < ryu.difference_ci_high < -5
    # Newcombe 1998, table II, example (a): 56/70 - 48/80, 0.0524 to 0.3339
    gap, low, high = difference_per_100(56, 70, 48, 80)
    assert (round(gap, 2), round(low, 2), round(high, 2)) == (20.0, 5.24, 33.39)


def test_contrasts_are_of_the_therapy_and_not_of_its_control():
    heated = [one for one in trial_contrasts() if "Chi" in one.trials[0]]
    assert len(heated) == 1 and heated[0].therapy == "hyperthermia" and heated[0].difference_per_100 > 0
    assert next(one for one in trial_contrasts() if one.trials == ("Hurwitz",)).comparator == "sham"
    assert next(one for one in trial_contrasts() if one.trials == ("Fallon",)).therapy == "neuropathic_adjuvant"
    assert {one.kind for one in trial_contrasts() if one.trials[0] in ("Napoli", "Lee matched-pair")} == {
        "non-randomised contrast"
    }
    assert sum(one.trials == ("Jeremic",) for one in trial_contrasts()) == 2


def test_network_contrasts_are_those_of_the_network():
    network = oa.network.therapy_network().fit("SBRT", reference="EBRT-SF8")
    rows = {row["treatment"]: row for row in network.against_reference().to_dict("records")}
    found = next(one for one in network_contrasts() if one.therapy == "sbrt" and one.outcome == "pain response")
    assert found.estimate == pytest.approx(rows["SBRT"]["reported_estimate"], rel=1e-12)
    odds = 1468 / 1045 * found.estimate
    assert found.per_100 == pytest.approx(100 * odds / (1 + odds), rel=1e-12)
    assert found.difference_per_100 == pytest.approx(found.per_100 - 100 * 1468 / 2513, rel=1e-12)
    assert found.pi_low < found.ci_low < found.per_100 < found.ci_high < found.pi_high
    assert "stated risk" in found.note and "disagree (P = 0.015)" in found.conflict


def test_randomised_and_single_arm_lines_stay_apart():
    for one in EVERY.lines:
        assert one.randomised == (one.kind in ("network contrast", "trial contrast"))
        if one.randomised:
            assert one.comparator and not math.isnan(one.difference_per_100)
        if one.kind in ("arms pooled", "series pooled", "single arm"):
            assert not one.comparator and math.isnan(one.difference_per_100)


def test_conflicts_are_shown():
    said = " ".join(EVERY.conflicts["sbrt"])
    for trial in ("SC.24", "RTOG 0631", "ROBOMET"):
        assert trial in said
    assert "week 4" not in said  # the same patients as at week 12
    assert {"ebrt", "flare_steroid", "denosumab", "zoledronate", "reirradiation", "cryoablation", "mrgfus"} <= set(
        EVERY.conflicts
    )
    assert not any("opposite" in sentence for sentence in conflicts().get("ebrt", ()))
    assert set(stated_conflicts()) <= set(THERAPIES)
    assert all("CONFLICT" in line for line in str(EVERY).splitlines() if "opposite directions" in line)


@pytest.mark.parametrize("therapy", WITHOUT)
def test_where_there_is_no_evidence_it_is_said(therapy):
    found = evidence(therapy)
    assert len(found) == 1 and found[0].kind == "none" and found[0].note == NO_EVIDENCE
    assert NO_EVIDENCE in str(expected(therapy))


def test_therapies_with_evidence_tell_of_burden():
    for therapy in set(THERAPIES) - set(WITHOUT) - {"hyperthermia", "neuropathic_adjuvant", "flare_steroid"}:
        assert lines(therapy, kind="burden"), therapy


def test_sorting_is_only_by_a_column_the_user_names():
    plain = expected(["sbrt", "ebrt"], kinds=["trial contrast"])
    assert plain.sort_by == "" and plain.lines[0].therapy == "sbrt"
    up = expected(["sbrt", "ebrt"], kinds=["trial contrast"], sort_by="difference_per_100")
    values = [one.difference_per_100 for one in up.lines]
    assert values == sorted(values) and up.sort_by == "difference_per_100"
    down = expected(["ebrt", "radium_223"], sort_by="per_100", descending=True)
    numbers = [one.per_100 for one in down.lines if not math.isnan(one.per_100)]
    assert numbers == sorted(numbers, reverse=True) and math.isnan(down.lines[-1].per_100)
    for column in ("best", "rank", "score"):
        with pytest.raises(OptionError, match="sort_by"):
            expected("sbrt", sort_by=column)
    with pytest.raises(OptionError, match="sort_by"):
        expected("sbrt", descending=True)


def test_the_words_best_and_recommended_are_nowhere():
    text = str(EVERY) + json.dumps(EVERY.to_dict())
    assert not re.search(r"recommended|best treatment|should (be given|receive)|first choice", text, re.IGNORECASE)


def test_expected_for_is_json_cached_and_never_raises():
    for therapy in (*THERAPIES, *ALIASES, "not a therapy", ""):
        found = expected_for(therapy)
        assert found and json.loads(json.dumps(found, allow_nan=False)) == [dict(one) for one in found]
        assert expected_for(therapy) is found
        assert set(NAMES) <= set(found[0])
    assert expected_for("not a therapy")[0]["note"] == NO_EVIDENCE
    assert expected_for("ebrt_single_fraction")[0]["therapy"] == "ebrt"
    assert expected_for("sbrt")[0]["conflicts"]


def test_results_are_deterministic():
    first = json.dumps(expected_for("sbrt"))
    for cached in (evidence, expected_for, network_contrasts, trial_contrasts, arm_evidence, ultrasound_evidence):
        cached.cache_clear()
    assert json.dumps(expected_for("sbrt")) == first


def test_options_are_checked():
    with pytest.raises(OptionError, match="Did you mean 'sbrt'"):
        therapy_id("sbrtt")
    with pytest.raises(OptionError, match="outcome"):
        expected("sbrt", outcome="happiness")
    with pytest.raises(OptionError, match="kind"):
        expected("sbrt", kinds=["rank"])
    assert {one.outcome for one in expected("sbrt", outcome="complete response").lines} == {"complete response"}


def test_the_frame_holds_every_line():
    frame = EVERY.to_frame()
    assert len(frame) == len(EVERY) and set(NAMES) <= set(frame.columns)
    assert frame["kind"].isin(KINDS).all() and frame["therapy"].isin(THERAPIES).all()
    shares = frame[["per_100", "ci_low", "ci_high", "pi_low", "pi_high"]].stack().dropna()
    assert shares.between(0, 100).all()
    bounded = frame.dropna(subset=["ci_low", "per_100"])
    assert ((bounded["ci_low"] <= bounded["per_100"] + 1e-9) & (bounded["per_100"] <= bounded["ci_high"] + 1e-9)).all()
    assert frame.loc[frame["kind"] != "none", "check_status"].isin(CHECK_STATUS).all()


def test_facts_carry_source_and_status():
    for one in facts():
        assert one.source and one.check_status in CHECK_STATUS
        assert one.therapy in THERAPIES
        if not math.isnan(one.ci_low) or not math.isnan(one.estimate_ci_low):
            assert one.interval
    for one in trial_contrasts():
        assert one.check_status == {"high": "read in the source", "medium": "remembered"}[one.transcription]
    assert exact_per_100(0, 20)[1:] == (0.0, pytest.approx(16.84, abs=0.01))


def test_both_denominators_of_the_cohort_are_there():
    """PRESENT: 262 of 432 treated, 262 of 390 assessable."""
    found = [one for one in evidence("ebrt") if "PRESENT" in one.source and one.kind == "single arm"]
    assert [(one.events, one.n) for one in found] == [(262, 432), (262, 390)]


def test_retreatment_after_one_and_several_fractions():
    found = lines("ebrt", kind="retreatment", variant="single fraction")
    assert (found[0].per_100, found[0].per_100_comparator) == (20, 8) and found[1].estimate == 2.5


def _text(*parts):
    return resources.files("ostealgia").joinpath("data", *parts).read_text(encoding="utf-8").splitlines()


# ---------------------------------------------------------------- the stored lines


def _same(first, second):
    for name in NAMES:
        a, b = getattr(first, name), getattr(second, name)
        if isinstance(a, float) and isinstance(b, float):
            assert a == pytest.approx(b, rel=1e-8, abs=1e-10, nan_ok=True), name
        else:
            assert a == b, name


@pytest.mark.parametrize("therapy", THERAPIES)
def test_the_stored_lines_are_those_that_are_computed(therapy):
    """Ten digits in the file; 1e-8 leaves room for another linear algebra library."""
    kept, made = evidence_store.stored()[therapy], computed(therapy)
    assert len(kept) == len(made)
    for first, second in zip(kept, made, strict=True):
        _same(first, second)
    assert evidence_store.stored_conflicts().get(therapy, ()) == computed_conflicts(therapy)


def test_the_fingerprint_is_that_of_the_inputs(monkeypatch):
    """Changed inputs: the file is not used, the evidence is computed, and it is the same shape."""
    before = expected_for("sbrt")
    monkeypatch.setattr(evidence_store, "fingerprint", lambda: "another")
    caches = (evidence_store.stored, evidence_store._body, evidence, expected_for)
    for cached in caches:
        cached.cache_clear()
    assert not evidence_store.stored()
    after = expected_for("sbrt")
    for cached in caches:
        cached.cache_clear()
    assert [set(one) for one in after] == [set(one) for one in before]
    for first, second in zip(after, before, strict=True):
        assert first["kind"] == second["kind"]
        assert first["per_100"] is second["per_100"] or first["per_100"] == pytest.approx(second["per_100"], rel=1e-8)


def test_the_expected_results_of_a_patient_need_no_frame_library():
    """One patient's options start quickly: neither pandas nor scipy is loaded for the evidence."""
    code = (
        "import sys; from ostealgia.decision.expected_results import expected_for; "
        "[expected_for(name) for name in ('sbrt', 'ebrt', 'mrgfus')]; "
        "print([name for name in ('pandas', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
