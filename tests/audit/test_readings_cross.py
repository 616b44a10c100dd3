"""One quantity at two places, flows, groups and medians in sentences: the error is flagged, the reading beside it is not."""

from __future__ import annotations

import pytest

import ostealgia as oa
from ostealgia.io.documents.reading import from_text

GROUPS = """Table 1. Patients

| Variable | Early (n = 103) | Late (n = 101) | P value |
|---|---|---|---|
| Age, years, mean ± SD | 68.3 ± 10.9 | 64.9 ± 11.4 | 0.031 |
| Male, n (%) | 58 (56.3) | 55 (54.5) | 0.793 |
| Diabetes, n (%) | 31 (30.1) | 28 (27.7) | 0.709 |
| Smoking, n (%) | 43 (41.7) | 19 (18.8) | 0.001 |
"""


def flags(words: str, *rules: str) -> list[tuple[str, str]]:
    """(rule, printed numerals) of the flags of made-up Results."""
    audit = oa.audit.check(from_text(f"# A study\n\n## Results\n\n{words}\n", name="a.md"), rules=rules or None)
    assert not [note for note in audit.notes if "could not be run" in note]
    return [(found.rule, found.reported) for found in audit.flags]


ROWS = {
    "count of one group": ("In the early group, 85 patients (82.5%) were male.", "85"),
    "count beside the right one of the other group": (
        "Smoking was noted in 33 patients (32.0%) of the early group and 19 patients (18.8%) of the late group.",
        "32.0",
    ),
    "mean with the same SD": ("Mean age was 63.8 ± 10.9 years in the early group.", "63.8"),
    "P of a list whose others agree": (
        "The groups did not differ in male sex (P = 0.793), diabetes (P = 0.709), or age (P = 0.013).",
        "0.013",
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_number_of_the_text_is_that_of_its_row(case: str) -> None:
    words, wrong = ROWS[case]
    words = words.replace("male sex", "male")
    assert ("cross-reference", wrong) in flags(f"{words}\n\n{GROUPS}", "cross-reference")


OTHER_ROWS = {
    "a time": "In the early group at 3 months, 85 patients (82.5%) were male.",
    "a part": "In the early group, 85 patients (82.5%) of the male smokers relapsed.",
    "a model": "The groups did not differ in male (P = 0.793), diabetes (P = 0.709), or, adjusted, age (P = 0.013).",
    "another mean": "Mean age at relapse was 63.8 ± 10.6 years in the early group.",
    "all right": "In the early group, 58 patients (56.3%) were male. Mean age was 68.3 ± 10.9 years in the early group.",
}


@pytest.mark.parametrize("case", OTHER_ROWS)
def test_another_quantity_is_not_that_of_the_row(case: str) -> None:
    assert flags(f"{OTHER_ROWS[case]}\n\n{GROUPS}", "cross-reference") == []


SENTENCES = {
    "sample-flow: the rest": (
        "Of 251 patients screened, 57 were excluded. The remaining 204 patients were randomised.",
        "204",
    ),
    "sample-flow: leaving": ("Of 120 patients enrolled, 15 were lost to follow-up, leaving 95 for the analysis.", "95"),
    "sample-flow: three verbs": ("We screened 251 patients, excluded 57, and included 204 in the analysis.", "204"),
    "total-vs-parts: two groups": (
        "A total of 214 patients were randomised: 103 to early and 101 to late care.",
        "214",
    ),
    "total-vs-parts: sexes": ("There were 120 patients (70 men and 60 women).", "120"),
    "quantile-order: range": ("Median age was 64 years (range 65-88).", "65 64 88"),
    "quantile-order: IQR": (
        "The median follow-up was 9.6 months (interquartile range, 10.1 to 17.3 months).",
        "10.1 9.6 17.3",
    ),
    "GRIM: of": ("Of 28 patients with fever, 41% had a flare.", "41"),
    "GRIM: a rate": ("Among the 28 patients, the response rate was 41%.", "41"),
    "GRIM: a mean": ("The 19 patients had a mean number of vertebral fractures of 2.36 (SD 1.20).", "2.36"),
    "DEBIT: binary": ("In 40 patients the mean of the binary item (0/1) was 0.45 (SD 0.61).", "0.61"),
    "scale-bound: on the scale": ("The mean worst pain score on the 0-10 NRS was 14.2 ± 2.5.", "14.2"),
    "scale-bound: Karnofsky": ("The mean Karnofsky performance status was 112 ± 10.", "112"),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_a_planted_sentence_is_flagged(case: str) -> None:
    words, wrong = SENTENCES[case]
    rule = case.partition(":")[0]
    assert (rule, wrong) in flags(words, rule)


RIGHT = {
    "the rest": "Of 251 patients screened, 57 were excluded. The remaining 194 patients were randomised.",
    "more losses in the next sentence": "Of 251 patients screened, 57 were excluded. A further 20 declined and 174 were randomised.",
    "leaving": "Of 120 patients enrolled, 15 were lost to follow-up, leaving 105 for the analysis.",
    "groups": "A total of 204 patients were randomised: 103 to early and 101 to late care.",
    "not all were assigned": "A total of 214 patients were enrolled: 103 to early and 101 to late care.",
    "sexes": "There were 120 patients (60 men and 60 women).",
    "from high to low": "The median age was 63 years (range 72-44).",
    "other units": "The median follow-up was 1 year (range 379 to 1051 days).",
    "spread before the range": "The mean age was 32 years (sd: 9.8, range 23-63).",
    "a power of ten": "The median density was 15 × 10^6/ml (interquartile range 9-30).",
    "one interval of another": "The median dose and age were 2 (range 1-5) and 64 (range 44-72).",
    "a rough share": "Of 20 patients, about 41% had a flare.",
    "a share of others": "Of 28 patients, 41% of those treated had a flare.",
    "an estimate": "Of 28 patients, an estimated 41% had a flare.",
    "a range of scores": "The mean worst pain score on the 0-10 NRS was 4.2 ± 2.5 and the Karnofsky status was 80.",
}


@pytest.mark.parametrize("case", RIGHT)
def test_the_reading_beside_it_is_not(case: str) -> None:
    assert flags(RIGHT[case]) == []


ENTRY = (
    "Miller AB, Carter CD, Smith EF. A trial of early and of late care in painful disease. J Care 2019; 41: 1223-1246."
)


def test_a_reference_that_stands_twice() -> None:
    listed = "\n".join(
        [f"1. {ENTRY}", "2. Young A. A second study of quite another thing. J Care 2020; 12: 15-19.", f"3. {ENTRY}"]
    )
    paper = f"# A study\n\n## Results\n\nAll were well.\n\n## References\n\n{listed}\n"
    audit = oa.audit.check(from_text(paper, name="a.md"))
    found = [one for one in audit.findings if "one and the same" in one.message]
    assert [one.severity for one in found] == ["information"]
    assert audit.flags == ()


def test_what_stands_on_every_page_is_no_reference() -> None:
    margin = "A Journal Author Manuscript; available in the archive since 2014 January 03 of the collection no. 12345."
    paper = f"# A study\n\n## Results\n\nAll were well.\n\n## References\n\n1. {ENTRY}\n\n{margin}\n\n{margin}\n"
    assert oa.audit.check(from_text(paper, name="a.md")).flags == ()


STUDIES = """Table 1. Included studies

| Study | Patients | Mean age |
|---|---|---|
| Alder 2011 [4] | 20 | 61 |
| Birch 2012 [5] | 31 | 58.5 |
| Cedar 2014 [6] | 24 | 70 |
| Doum 2016 [7] | 40 | 66 |
"""


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("Two studies (N = 64) used a diary [4, 5].", ["64"]),
        ("Two studies (N = 51) used a diary [4, 5].", []),
        ("Two studies (N = 40) used a diary [4, 5].", []),  # not all patients need have one
        ("Two studies (N = 64) used a diary [4-6].", []),
    ],
)
def test_what_is_said_of_cited_studies(words: str, wrong: list[str]) -> None:
    text = f"A total of four studies were included.\n\n{words}\n\n{STUDIES}"
    assert [value for _, value in flags(text, "total-vs-parts", "cross-reference")] == wrong


@pytest.mark.parametrize(
    ("abstract", "wrong"),
    [
        (
            "Median progression-free survival was longer with early care than with late care (7.9 vs. 4.8 months).",
            ["7.9"],
        ),
        ("Median progression-free survival was longer with early care than with late care (7.2 vs. 4.8 months).", []),
        ("Median overall survival was longer with early care than with late care (12.1 vs. 4.8 months).", []),
        ("Median progression-free survival in men was longer with early than with late care (8.3 vs. 4.8 months).", []),
    ],
)
def test_a_pair_of_the_abstract_is_that_of_the_results(abstract: str, wrong: list[str]) -> None:
    results = (
        "The median progression-free survival was longer with early care than with late care (7.2 vs. 4.8 months)."
    )
    paper = f"# A study\n\n## Abstract\n\n{abstract}\n\n## Results\n\n{results}\n"
    found = oa.audit.check(from_text(paper, name="a.md"), rules=("cross-reference",)).flags
    assert [flag.reported for flag in found] == wrong


def test_only_a_number_that_would_be_flagged_is_listed_as_fitting() -> None:
    alone = "# A study\n\n## Abstract\n\nWheeze had a score of 12.62.\n\n## Results\n\nThe score of wheeze was 12.62.\n"
    audit = oa.audit.check(from_text(alone, name="a.md"), rules=("cross-reference",))
    assert [found.reported for found in audit.findings] == []
