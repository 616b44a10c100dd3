"""Means of counts and of zeros and ones, instruments with printed limits, appraisal tools: flags and the silence beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostealgia.audit.checking import check
from ostealgia.io.documents.reading import read_document

HEAD = "# A study of bone pain\n\n## Methods\n\nAdults were eligible.\n\n## Results\n\n"
RULES = ("scale-bound", "GRIM", "GRIMMER", "DEBIT")


def flags(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    """Rule and printed number of every flag of these rules."""
    path = tmp_path / "paper.md"
    path.write_text(HEAD + text + "\n", encoding="utf-8")
    return [(f.rule, f.reported) for f in check(read_document(path)).flags if f.rule in RULES]


COUNTS = {
    "in so many": ("In 15 women the mean number of segments treated was 2.31.", ("GRIM", "2.31")),
    "n in brackets": ("Mean number of cemented levels per patient: 2.31 (n = 15).", ("GRIM", "2.31")),
    "an SD": ("The number of biopsies averaged 3.27 (SD, 1.20; n = 15).", ("GRIMMER", "1.20")),
    "an SD in words": ("The mean number of visits of the 15 patients was 3.27 with a standard deviation of 1.20.", ("GRIMMER", "1.20")),
    "whole points": ("Itch in whole points had a mean of 3.27 [SD = 1.20] among 15 adults.", ("GRIMMER", "1.20")),
    "coded": ("Sex was entered as 0 (male) or 1 (female), with a mean of 0.45 and an SD of 0.31 among the 20 patients.", ("DEBIT", "0.31")),
    "an indicator": ("The binary indicator of smoking (0 = no, 1 = yes) averaged 0.45 ± 0.31 (n = 20).", ("DEBIT", "0.31")),
    "a share at the end": ("In the 33 patients with a soft-tissue mass, relief was obtained in 41%.", ("GRIM", "41")),
}  # fmt: skip
SILENT = (
    "In 15 women the mean number of segments treated was 2.33.",
    "In 15 women the mean number of tablets per day was 2.31.",
    "Of 15 women 9 were treated, and the mean number of segments was 2.31.",
    "The mean number of segments was 2.31 in the 15 women who responded.",
    "The mean number of circulating cells in 15 patients was 2.31.",
    "The binary indicator of smoking (0 = no, 1 = yes) averaged 0.45 ± 0.51 (n = 20).",
    "The index (0-1) averaged 0.45 ± 0.31 (n = 20).",
    "In the 33 patients with a soft-tissue mass, control of the lesions was seen in 41%.",
)


@pytest.mark.parametrize("case", COUNTS)
def test_a_mean_that_no_whole_numbers_have(tmp_path: Path, case: str) -> None:
    text, wrong = COUNTS[case]
    assert flags(tmp_path, text) == [wrong]


@pytest.mark.parametrize("text", SILENT)
def test_no_mean_of_counts_or_a_possible_one(tmp_path: Path, text: str) -> None:
    assert flags(tmp_path, text) == []


def table(caption: str, *rows: str) -> str:
    """A table of Markdown with its caption."""
    head, *body = rows
    return "\n".join([f"Table 1. {caption}", "", head, "|" + "---|" * (head.count("|") - 1), *body])


def test_counts_in_the_cells_of_a_table(tmp_path: Path) -> None:
    rows = ("| Item | Mean (SD), n = 15 |", "| Number of biopsies | 3.27 (1.28) |", "| Sites of pain | 2.31 (1.10) |")
    assert flags(tmp_path, table("Whole-number items", *rows)) == [("GRIM", "2.31")]
    assert flags(tmp_path, table("Items", *rows)) == []


INSTRUMENTS = {
    "printed": ("The mean Toronto Salvage Score (0-100) was 118.2 (SD 9.1).", "118.2"),
    "of another length": ("The Limb Function Index (0-30) ranged from 4 to 41 (median 18).", "41"),
    "by its name": ("The median PHQ-9 score was 9 (range 0 to 31).", "31"),
    "of a possible 5": ("Jadad scores of the 6 trials: range 2 to 7, of a possible 5.", "7"),
    "a maximum": ("Studies were rated with the MINORS index (maximum 16 points) and scored between 8 and 19.", "19"),
    "of points": ("On the Newcastle-Ottawa Scale the best study obtained 11 of 9 points and the weakest 4.", "11"),
}  # fmt: skip
FITTING = (
    "The mean Toronto Salvage Score (0-100) was 78.2 (SD 9.1).",
    "The Limb Function Index (0-30) ranged from 4 to 30 and median age was 61 years.",
    "Jadad scores ranged from 2 to 5, and the 6 trials had between 12 and 90 patients.",
    "PEDro scores ranged from 3 to 10; the sample sizes were 12 to 48.",
    "A modified Newcastle-Ottawa Scale gave scores between 6 and 10.",
)


@pytest.mark.parametrize("case", INSTRUMENTS)
def test_a_score_above_its_limit(tmp_path: Path, case: str) -> None:
    text, wrong = INSTRUMENTS[case]
    assert flags(tmp_path, text) == [("scale-bound", wrong)]


@pytest.mark.parametrize("text", FITTING)
def test_a_score_within_its_limit(tmp_path: Path, text: str) -> None:
    assert flags(tmp_path, text) == []


def test_rows_of_instruments(tmp_path: Path) -> None:
    rows = (
        "| Instrument | Mean (SD) | Median (range) |",
        "| Limb Function Index (0-30) | 18.2 (4.4) | 18 (6-41) |",
        "| Mirels score | 8.1 (1.5) | 8 (4-12) |",
    )
    assert flags(tmp_path, table("Scores at entry", *rows)) == [("scale-bound", "41")]


def test_a_column_of_appraisal_scores(tmp_path: Path) -> None:
    rows = (
        "| Study | Year | PEDro score (of 10) |",
        *(f"| Author {i} | 20{10 + i} | {s} |" for i, s in enumerate((7, 12, 5, 8))),
    )
    assert flags(tmp_path, table("Included studies", *rows)) == [("scale-bound", "12")]
    right = [row.replace("| 12 |", "| 10 |") for row in rows]
    assert flags(tmp_path, table("Included studies", *right)) == []
