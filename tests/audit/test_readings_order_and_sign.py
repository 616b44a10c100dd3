"""Wordings of running text that have more than one reading: nothing is flagged; the sure reading beside each still is."""

import pytest

import ostealgia as oa
from ostealgia.audit.finding import Finding
from ostealgia.io.documents.reading import from_text


def flags(results: str, *, abstract: str = "", methods: str = "") -> list[Finding]:
    parts = (("Abstract", abstract), ("Methods", methods), ("Results", results))
    told = "# A study\n\n" + "\n".join(f"## {name}\n\n{text}\n" for name, text in parts if text)
    return [one for one in oa.audit.check(from_text(told, name="a.md")).flags if one.severity != "information"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("In this clinic 72,5% (29/40) of the dogs improved.", 0),
        ("Values were raised in 47.5 % (19/40), on the third day in 62,5 % (25/40).", 0),
        ("Values were raised in 47.5 % (19/40), on the third day in 66.5 % (25/40).", 1),
        ("Sixty one of 206 (30%) patients had a rash.", 0),
        ("Sixty-one of 206 (40%) patients had a rash.", 1),
        ("Sixty one of 206 (40%) patients had a rash.", 1),
        ("No growth was seen in all the three specimens of 400 (80.0%) patients.", 0),
        ("Three patients of 400 (80.0%) had a rash.", 1),
    ],
)
def test_count_and_percentage_are_read_as_printed(text: str, wrong: int) -> None:
    assert len(flags(text)) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Treatment was associated with fewer infections, particularly among patients with a higher risk of death "
         "(RR 0.70, 95% CI 0.52 to 0.94).", 0),
        ("Mortality was expected to be 40%. Assuming that mortality would be reduced by 12% in the early group "
         "(hazard ratio, 1.6), with a power of 80%, 300 patients were needed.", 0),
        ("Treatment was associated with a higher risk of death (RR 0.70, 95% CI 0.52 to 0.94).", 1),
    ],
)  # fmt: skip
def test_a_direction_is_that_of_the_result(text: str, wrong: int) -> None:
    assert len([one for one in flags(text) if one.rule == "direction-vs-claim"]) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Weight loss was 3.3 kg (95% CI, 3.6 to 3.0) higher in the treated group.", 0),
        ("The pressure was 2.2 mm Hg (95% CI, 3.0 to 1.4) lower in the treated group.", 0),
        ("The mean difference was 0.43 (95% CI 0.67 to 0.18), for sleep the mean difference was 1.2 (95% CI 1.9 to 0.5).", 0),
        ("The mean difference was 0.43 (95% CI 0.67 to 0.18).", 1),
        ("The agreement (ICC) was 0.82 (95% CI 0.91 to 0.65).", 1),
        ("The mean age at death was 57 (95% CI 71.2 to 83.1).", 1),
        ("Growth was fast. 56 The root was dated at 77 days 57 (95% CI 71.2 to 83.1), before any 58 of the others.", 0),
        ("This made a difference of 0.46 kg (95% CI -1.02 to 0.10, P=.107) after a month and "
         "0.68 kg (95% CI -1.33 to -0.03, P=.040) after a year.", 0),
    ],
)  # fmt: skip
def test_an_interval_whose_sign_or_order_is_told_in_words(text: str, wrong: int) -> None:
    assert len(flags(text)) == wrong


def test_a_larger_p_of_an_exact_test_beside_a_ratio_of_few_events() -> None:
    text = "Three of four nurses were infected (relative risk 4.00, 95% CI 1.50 to 10.67, p = 0.04)."
    assert flags(text)
    assert not flags(text, methods="Fischer's exact test was used to compare the nurses.")


@pytest.mark.parametrize(
    ("text", "methods", "wrong"),
    [
        ("Response was seen in 30 of 60 patients with A and 20 of 80 with B (P = 0.40).", "", 1),
        ("Response was seen in 30 of 60 patients with A and 20 of 80 with B (P = 0.40).", "A mixed model of clusters was used.", 0),
        ("In A they were likely to be male (50/60), whereas in B they were female (60/80; P = 0.02).", "", 0),
    ],
)  # fmt: skip
def test_p_of_two_counts_of_prose(text: str, methods: str, wrong: int) -> None:
    assert len([one for one in flags(text, methods=methods) if one.rule == "chi2-vs-counts"]) == wrong


ROWS = """| Change | Before | After | Mean difference (95% CI) | P |
|---|---|---|---|---|
| Oxygen at rest | 9.9 (2.1) | 9.6 (2.0) | -0.3 ({}) | 0.825 |
| Pulse at rest | 8.9 (2.9) | 7.7 (2.2) | -1.2 (-0.2, -2.2) | 0.021 |
| Pulse at peak | 10.9 (3.6) | 8.8 (2.2) | -2.1 (-0.4, -3.8) | 0.016 |
"""


@pytest.mark.parametrize(("limits", "wrong"), [("2.6, -3.2", 0), ("3.6, -1.2", 1)])
def test_limits_printed_high_first_by_a_column(limits: str, wrong: int) -> None:
    found = [one for one in flags(f"Table 1. Changes\n\n{ROWS.format(limits)}") if "-0.3" in one.reported]
    assert len(found) == wrong


LEVELS = """| Factor | Level | Crude OR (95% CI) | Adjusted OR (95% CI) | P |
|---|---|---|---|---|
| Age | under 2 | 1.00 | 1.00 | |
| | 2-4 | 1.45 (0.69-3.05) | 4.40 (0.90-21.51) | {} |
| | 5-7 | 1.31 (0.60-2.86) | 5.80 (1.20-28.03) | 0.03 |
"""


@pytest.mark.parametrize("p", ["0.06", "0.07"])
def test_a_wide_adjusted_ratio_with_its_own_p_is_no_exponential(p: str) -> None:
    found = flags(f"Table 1. Risk factors\n\n{LEVELS.format(p)}")
    assert not [one for one in found if one.rule == "double-exponentiation"]


LISTED = (
    "With respect to earlier fractures, adults with several lesions (OR, 1.2; 95% CI, 1.0-1.5), large lesions "
    "(OR, 1.9; 95% CI, 1.6-2.3){} had elevated odds.\n\nAdults reporting earlier fractures and several lesions "
    "(OR, 3.2; 95% CI, 2.6-3.9) had elevated odds of having a current prescription."
)


@pytest.mark.parametrize(("more", "wrong"), [(", or a current prescription (OR, 3.2; 95% CI, 2.6-3.9)", 0), ("", 1)])
def test_a_sentence_that_prints_both_ratios_has_two_effects(more: str, wrong: int) -> None:
    assert len([one for one in flags(LISTED.format(more)) if one.rule == "cross-reference"]) == wrong
