"""The tool that changes one printed number of a paper: places stay right, visible slips are found."""

from __future__ import annotations

import random

from change_oracles import VISIBLE, Numeral
from planted_changes import SLIPS, Change, changed, trials

from ostealgia.audit.checking import check
from ostealgia.io.documents.reading import from_text

PAPER = """Results

Rash was seen in 12 of 40 patients (30.0%). The odds ratio was 1.50 (95% CI 1.10 to 2.05).

Table 1. Patients

| | A (n = 40) | B (n = 50) |
|---|---|---|
| Fever, n (%) | 12 (30.0) | 10 (20.0) |
| Cough, n (%) | 14 (35.0) | 15 (30.0) |
| Asthma, n (%) | 6 (15.0) | 9 (18.0) |
| Smoking, n (%) | 20 (50.0) | 22 (44.0) |
| Diabetes, n (%) | 3 (7.5) | 5 (10.0) |
"""


def paper(text: str = PAPER):
    return from_text(text, name="made-up.txt")


def test_a_changed_document_is_the_changed_file_read_again():
    document = paper()
    for old, new in (("30.0%", "3.00%"), ("14 (35.0)", "144 (35.0)"), ("10 (20.0)", "1 (20.0)")):
        at = document.text.index(old)
        numeral, changed_to = old.rstrip("%"), new.rstrip("%")
        moved = changed(document, Change(at, at + len(numeral), numeral, changed_to, "made up"))
        again = paper(PAPER.replace(old, new, 1))
        assert moved.text == again.text
        assert moved.plain == again.plain
        assert [cell for table in moved.tables for row in table.cells for cell in row] == [
            cell for table in again.tables for row in table.cells for cell in row
        ]
        assert [(b.start, b.end) for b in moved.blocks] == [(b.start, b.end) for b in again.blocks]
        assert moved.line_starts == again.line_starts


def test_changes_of_a_small_paper_are_all_flagged():
    outcomes = [trial.outcome for trial in trials("made-up", paper(), check, 3, 1)]
    assert len(outcomes) >= 4
    assert set(outcomes) == {"flag"}


def test_slips_make_another_numeral_or_none():
    rng = random.Random(5)
    for text in ("12.4", "7", "0.05", "1,234", "100"):
        for slip in SLIPS.values():
            new = slip(text, rng)
            assert new is None or (new != "" and new[-1].isdigit())


def test_a_value_within_rounding_is_no_visible_change():
    found = next(one for one in check(paper()).findings if one.rule == "percent-vs-count")
    old = Numeral(0, 4, "30.0")
    assert VISIBLE["percent-vs-count"](found, old, Numeral(0, 4, "30.1")) is False  # cut or rounded otherwise
    assert VISIBLE["percent-vs-count"](found, old, Numeral(0, 4, "33.0")) is True
