"""Numbers of other measures, lost signs, and words that belong to another comparison: nothing is flagged."""

import pytest

import ostealgia as oa
from ostealgia.audit.finding import Finding
from ostealgia.io.documents.reading import from_text


def flags(results: str, *, abstract: str = "") -> list[Finding]:
    told = (
        f"# A study\n\n## Abstract\n\n{abstract}\n\n## Results\n\n{results}\n"
        if abstract
        else f"## Results\n\n{results}\n"
    )
    return list(oa.audit.check(from_text(told, name="a.md")).flags)


@pytest.mark.parametrize(
    "text",
    [
        "The incidence rate ratio was 1.42 (95% CI 0.81, 2.49) and the attributable risk was 0.30 (95% CI -0.23, 0.60).",
        "Both exposures raised the risk (RR=20.3, 10.0-41.2; RERI=13.1, 1.2-25.0).",
        "Both raised the relative risk (RR 20.3, 95% CI 10.0-41.2), RERI 5.7 (95% CI 0.5-10.9).",
        "The rate ratio was 0.40 (95% CI 0.20-0.80); vaccine efficacy was 60% (95% CI 20% to 80%).",
    ],
)
def test_the_measure_named_right_before_a_number_is_its_measure(text: str) -> None:
    assert not flags(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Grip grew in the early group (t 1,6 = -2.51; P = 0.046).", 0),
        ("Grip grew in the early group (t(1, 6) = -2.51; P = 0.046).", 0),
        ("Grip grew in the early group (t(6) = -2.51; P = 0.46).", 1),
    ],
)
def test_the_second_df_of_a_t_are_those_of_the_error(text: str, wrong: int) -> None:
    assert len(flags(text)) == wrong


LOST = "Pressure fell (mean difference 219 mm Hg; 95% CI 28 to 230; p = 0.001) and pulse (mean difference 212; 95% CI 24 to 220)."


def test_a_text_that_lost_its_minus_signs_is_not_judged_by_them() -> None:
    audit = oa.audit.check(from_text(f"## Results\n\n{LOST}\n", name="a.md"))
    assert audit.flags == ()
    assert any("minus" in note for note in audit.notes)


@pytest.mark.parametrize("lost", ["p,0.02", "p50.02"])
def test_a_lost_sign_of_p_is_a_sign_too(lost: str) -> None:
    text = f"Pain fell (mean difference 219 mm; 95% CI 28 to 230; {lost}), and sleep grew (1.2 h; {lost})."
    assert not flags(text)
    assert flags(text.replace(lost, "p = 0.02"))


def test_one_interval_far_from_its_estimate_is_no_lost_minus() -> None:
    audit = oa.audit.check(
        from_text("## Results\n\nPulse fell (mean difference 212; 95% CI 24 to 220).\n", name="a.md")
    )
    assert not audit.notes


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Pain was significantly more frequent with age (OR 1.40, 95% CI 0.60-3.27).", 1),
        ("Pain was significantly more frequent with age (OR 1.40, 95% CI 0.95-2.06; P = 0.087).", 1),
        ("Pain was significantly more frequent with age (OR 1.40, 95% CI 0.95-2.06).", 0),
        ("Two of the subgroups had significantly more pain (OR 1.40, 95% CI 0.60-3.27).", 0),
        ("The trend was nearly significant for pain (OR 1.40, 95% CI 0.60-3.27).", 0),
        ("Pain was significantly more frequent (OR 1.40, 95% CI 0.60-3.27 and OR 3.00, 95% CI 1.50-6.00).", 0),
        ("Pain differed significantly between the groups (P = 0.61).", 1),
        ("Of those without fever, pain differed significantly between the groups (P = 0.61).", 0),
        ("Pain did not differ significantly between the groups (P = 0.0004).", 1),
    ],
)
def test_a_claim_is_judged_where_the_sentence_has_one_reading(text: str, wrong: int) -> None:
    assert len(flags(text)) == wrong


def test_digits_cut_by_a_blank_and_ends_of_a_change_are_no_other_values() -> None:
    cut = "The gradient rose to 73.4 ± 3 1.8 mmHg and the mean gradient to 41.2 ± 12.3 mmHg with dobutamine."
    assert not flags(cut.replace("3 1.8", "31.8"), abstract=cut)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Median stay was 9.6 days (range, 11 to 17 days).", 1),
        ("The median score at 12 months (range 14 to 20) was 16.", 0),
        ("Median dose in cycle 1 (range 4-6) was 5 mg.", 0),
    ],
)
def test_a_median_is_the_number_that_is_said_to_be_it(text: str, wrong: int) -> None:
    assert len(flags(text)) == wrong


@pytest.mark.parametrize(
    "sentence",
    [
        "The groups differed (F(1, 120) = 45.3, P ≤ 0.000).",
        "Smokers had > 3.5-fold higher odds of pain (OR 3.70, 95% CI 1.80 to 7.60).",
    ],
    ids=["a rounded zero", "a bound for a size"],
)
def test_a_bound_is_no_value(sentence: str) -> None:
    assert not flags(sentence)
