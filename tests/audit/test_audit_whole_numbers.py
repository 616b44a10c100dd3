"""Means of whole numbers and P of two counts in running text: small made-up sentences, right and wrong."""

import pytest

from ostealgia.audit.checking import check
from ostealgia.io.documents.reading import from_text

RULES = ["GRIM", "GRIMMER", "DEBIT", "scale-bound", "chi2-vs-counts"]


def flags(sentence):
    return [(f.rule, f.reported) for f in check(from_text(f"Results\n\n{sentence}"), rules=RULES).flags]


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("Trust was rated on a single item from 1 to 7 (n = 28, M = 5.19, SD = 1.34).", "GRIM"),
        ("Pain (single-item NRS 0-10) was 3.44 ± 2.47 (n = 18) at rest.", "GRIMMER"),
        ("Refusal (coded 0 = no, 1 = yes) had a mean of 0.19 (SD = 0.35, n = 1683).", "DEBIT"),
        ("Trust was rated on a single item from 1 to 7 (n = 28, M = 15.21, SD = 1.34).", "scale-bound"),
        (
            "Response occurred in 30/80 (37.5%) in group A compared with 27/81 (33.3%) in group B (p = 0.012).",
            "chi2-vs-counts",
        ),
    ],
)
def test_what_cannot_be_is_flagged(sentence, rule):
    assert rule in [name for name, _ in flags(sentence)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Trust was rated on a single item from 1 to 7 (n = 28, M = 5.21, SD = 1.34).",
        "The average of six items rated from 1 to 7 was used (n = 28, M = 5.19, SD = 1.34).",
        "The adjusted mean change on the NRS (0-10) was 5.19 ± 1.34 (n = 28).",
        "Age was 5.19 ± 1.34 years (n = 28).",
        "The mean number of visits kept was 3.4 (SD = 1.1; range 0 - 4), with 70.5% of patients keeping all four visits.",
        "Refusal (coded 0 = no, 1 = yes) had a mean of 0.31 (SD = 0.46, n = 366).",
        "Response occurred in 30/80 (37.5%) in group A compared with 27/81 (33.3%) in group B (p = 0.58).",
        "Response occurred in 30/80 (37.5%) in group A compared with 27/81 (33.3%) in group B (adjusted p = 0.012).",
        "Response occurred in 30/80 (37.5%) at baseline and in 17/80 (21.3%) after 3 months (p = 0.001).",
    ],
)
def test_what_may_be_is_not(sentence):
    assert flags(sentence) == []


def test_flags_on_single_ratings_are_judgements():
    (found,) = check(
        from_text("Results\n\nTrust was rated on a single item from 1 to 7 (n = 28, M = 5.19, SD = 1.34).")
    ).flags
    assert (found.basis, found.severity, found.verdict) == ("judgement", "minor", "impossible")
