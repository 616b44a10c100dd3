"""P of groups in sentences and tables of other shapes, against their means and SDs or counts: both ways, with made-up numbers."""

import pytest

import ostealgia as oa
from ostealgia.audit.checks.reading.told_groups import told_means, told_sizes
from ostealgia.io.documents.reading import from_text

METHODS = "Groups were compared with Student's t test and the chi-square test."


def off(results: str, methods: str = METHODS) -> list[str]:
    """The P values and statistics that are flagged as not those of their groups."""
    told = f"# A study\n\n## Methods\n\n{methods}\n\n## Results\n\n{results}\n"
    found = oa.audit.check(from_text(told, name="a.md"), rules=("t-vs-summary", "chi2-vs-counts")).flags
    return [one.reported for one in found]


def table(head: str, *rows: str, caption: str = "Results", note: str = "") -> str:
    bars = "|---" * len(head.split("|")) + "|"
    return "\n".join([f"**Table 1.** {caption}", "", f"| {head} |", bars, *(f"| {row} |" for row in rows), "", note])


MEANS = [
    "Itch was 5.1 (SD 1.9) in the 60 adults given paste and 3.2 (SD 1.8) in the 62 given balm (t test, P {}).",
    "Itch was lower with balm (3.2 ± 1.8 vs 5.1 ± 1.9, n = 62 and 60; P {}).",
    "By Welch's t test, itch was 3.2 ± 1.8 versus 5.1 ± 1.9 points (balm, n=62; paste, n=60; p {}).",
    "Itch was 3.2 ± 1.8 with balm (n = 62), 5.1 ± 1.9 with paste (n = 60). The difference was tested (unpaired t test, P {}).",
    "Itch averaged 3.2 points (SE 0.23) in 62 adults with balm and 5.1 points (SE 0.25) in 60 adults with paste (t test, P {}).",
]
COUNTS = [
    "Rash was seen in 52 adults (34.0%) in the balm group (n = 153) and 91 adults (58.0%) in the paste group (n = 157), P {}.",
    "Rash was seen in 34% of the 153 balm adults and 58% of the 157 paste adults (P {}).",
    "Rash was rarer with balm than with paste (52 [34.0%] vs 91 [58.0%]; p {}).",
    "Rash at week 4 was seen in 52 of the 153 adults in the balm group and in 91 of the 157 in the paste group (P {}).",
]
TABLES = [
    table("Group | n | Mean | SD | P", "Paste | 60 | 5.1 | 1.9 | {}", "Balm | 62 | 3.2 | 1.8 | ", caption="Itch"),
    table("Group | n | Mean ± SD | P", "Paste | 60 | 5.1 ± 1.9 | {}", "Balm | 62 | 3.2 ± 1.8 | "),
    table("Item | Group | Yes, n (%) | No, n (%) | P", "Rash | Paste | 91 (58.0) | 66 (42.0) | {}", " | Balm | 52 (34.0) | 101 (66.0) | "),
    table("Group | n | Rash, n (%) | P", "Paste | 157 | 91 (58.0) | {}", "Balm | 153 | 52 (34.0) | "),
    table("Item | Paste (n = 60) | Balm (n = 62) | P", "Itch, mean (SD) | 5.1 (1.9) | 3.2 (1.8) | {}", note="P from Student's t test."),
    table("Skin | Paste (n = 157) | Balm (n = 153) | P", "Type |  |  | {}", "Dry | 91 (58.0) | 52 (34.0) | ",
          "Oily | 40 (25.5) | 60 (39.2) | ", "Mixed | 26 (16.6) | 41 (26.8) | ", note="Chi-square test."),
]  # fmt: skip


@pytest.mark.parametrize("told", [*MEANS, *COUNTS])
def test_p_of_a_sentence(told: str) -> None:
    assert off(told.format("= 0.41")) == ["0.41"]
    assert off(told.format("< 0.001")) == []


@pytest.mark.parametrize("told", TABLES)
def test_p_of_a_table(told: str) -> None:
    assert off(told.format("0.410")) == ["0.410"]
    assert off(told.format("< 0.001")) == []


def test_p_of_several_groups() -> None:
    groups = "dry (24.4 ± 2.8, n = 51), oily (25.5 ± 3.5, n = 34) and mixed skin (25.7 ± 3.6, n = 33)"
    told = f"One-way analysis of variance across {groups} gave P = {{}}."
    assert off(told.format("0.0004")) == ["0.0004"]
    assert off(told.format("0.14")) == []


def test_standard_errors_in_a_column_of_sds() -> None:
    rows = "Itch | 5.10 ± 0.24 | 4.70 ± 0.23 | 0.230", "Redness | 4.1 ± 1.3 | 4.3 ± 1.2 | 0.379"
    told = table("Item (mean ± SD) | Paste (n = 60) | Balm (n = 62) | P", *rows)
    assert off(told) == ["0.230"]


@pytest.mark.parametrize(
    "told",
    [
        "Itch was 5.1 ± 1.9 at baseline and 3.2 ± 1.8 at 4 weeks in 60 and 62 adults (t test, P = 0.41).",  # two times
        "Itch was 5.1 ± 1.9 in 60 adults and 3.2 ± 1.8 in 62 adults (adjusted P = 0.41).",
        "Itch fell from 5.1 ± 1.9 to 3.2 ± 1.8 in the 60 adults (n = 62) (paired t test, P = 0.41).",
        "Pain was 5.1 ± 1.9 in 60 adults and 3.2 ± 1.8 in 62 adults, and age was related to itch (P = 0.41).",
        "Pain was 5.1 ± 1.9 in 60 adults and 3.2 ± 1.8 in 62 adults, and more women had paste (P = 0.41).",
        "Pain was 5.1 ± 1.9 in 60 adults at rest and 3.2 ± 1.8 on walking in the same 60 adults (P = 0.41).",
        "Pain was 5.1 ± 1.9 in 60 adults and 3.2 ± 1.8 in 62 adults. The values were lower in older adults (P = 0.41).",
        "Women were 52 (34.0%) with balm and 91 (58.0%) with paste, while age was lower with balm (P = 0.41).",
        "Asthma, 60 adults (50%), and eczema, 30 adults (25%), were commoner than in controls (P = 0.41).",
        "Rash was seen in 52 adults (34.0%) with balm and 91 (58.0%) with paste (log-rank P = 0.41).",
        "One of 63 (1.6%) balm adults, compared with four of 22 (18%) paste adults, had a rash (P = 0.016).",
    ],
)
def test_another_comparison(told: str) -> None:
    assert off(told) == []


def test_without_a_named_test_a_p_must_be_far() -> None:
    told = "Itch was 8.1 (SD 1.9) in 60 adults with paste and 7.6 (SD 1.8) in 62 adults with balm (P = {})."
    assert off(told.format("0.12"), methods="Adults were followed.") == []
    told = told.replace("7.6", "6.2")
    assert off(told.format("0.41"), methods="Adults were followed.") == ["0.41"]


def test_sizes_in_two_ways() -> None:
    means = told_means("A 5.1 ± 1.9 (n = 60), B 3.2 ± 1.8 (n = 62)")
    assert [m.mean for m in means] == ["5.1", "3.2"]
    assert told_sizes("5.1 ± 1.9 and 3.2 ± 1.8 (n = 60; n = 62)", told_means("5.1 ± 1.9 and 3.2 ± 1.8")) == (
        (60, 62),
        (62, 60),
    )


@pytest.mark.parametrize(
    ("told", "right"),
    [
        ("Itch differed by skin (Kruskal-Wallis H = 9.65, df = 2, P = {}).", "0.008"),
        ("Skin was tested (F = 8.21 with 2 and 117 degrees of freedom; P = {}).", "0.0005"),
        ("Skin types differed (chi-square 14.2 on 3 degrees of freedom, P = {}).", "0.003"),
        ("Itch and redness were correlated in 48 adults (r = 0.32, P = {}).", "0.027"),
    ],
)
def test_statistics_in_words(told: str, right: str) -> None:
    for p, wrong in (("0.41", 1), (right, 0)):
        paper = from_text(f"# A study\n\n## Results\n\n{told.format(p)}\n", name="a.md")
        assert len(oa.audit.check(paper, rules="p-vs-statistic").flags) == wrong


@pytest.mark.parametrize(
    "told",
    [
        "Skin was tested (F = 2.11 with 3 and 117 degrees of freedom, P = 0.012 with Huynh-Feldt correction).",
        "In 44 adults with scans of 90 eyes, r = 0.31 (P = 0.003).",
        "Among 44 adults, repeated measures of itch and heat gave r = 0.31 (P = 0.001).",
    ],
)
def test_statistics_of_other_units_or_corrections(told: str) -> None:
    paper = from_text(f"# A study\n\n## Results\n\n{told}\n", name="a.md")
    assert not oa.audit.check(paper, rules="p-vs-statistic").flags


def test_columns_of_two_visits_and_rows_of_two_sides() -> None:
    rows = "Itch | 6.1 | 1.2 | 5.2 | 1.0 | <0.001", "Redness | 4.1 | 1.2 | 4.2 | 1.0 | 0.04"
    head = "Item | {} (n = 40) Mean | SD | {} (n = 40) Mean | SD | P"
    assert off(table(head.format("Visit 1", "Visit 2"), *rows)) == []
    assert off(table(head.format("Balm", "Paste"), *rows)) == ["0.04"]
    sides = table("Group | n | Mean ± SD | P", "Left | 40 | 4.1 ± 1.2 | 0.04", "Right | 40 | 4.2 ± 1.0 | ")
    assert off(sides) == []
