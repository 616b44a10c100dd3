"""Columns: gutters narrower than a wide gap between words, words a figure's clip hides, plain text with columns side by side."""

from __future__ import annotations

import time

import pytest

import documents_made as made
from ostealgia.io.documents.parts import RawCell
from ostealgia.io.documents.pdf_cells import _wraps
from ostealgia.io.documents.pdf_chars import Segment, Word, _runs
from ostealgia.io.documents.pdf_gutters import parted
from ostealgia.io.documents.pdf_rows import Region
from ostealgia.io.documents.pdf_tables import _is_drawing
from ostealgia.io.documents.pdf_title import is_banner
from ostealgia.io.documents.reading import from_text, read_here
from ostealgia.io.documents.text_columns import in_one_column

LEFT = "the patients of both groups were followed for {} weeks"
RIGHT = "after which {} of them had the outcome that was planned"


@pytest.fixture
def read(tmp_path):
    def reading(pages, name="a.pdf"):
        path = tmp_path / name
        path.write_bytes(made.pdf(pages))
        return read_here(path)

    return reading


def line(text, x, y, size=12.0, gap=2.5):
    """Words of 5 points a letter, so far apart; "||" begins the next column at 300 points."""
    words = []
    for word in text.split():
        if word == "||":
            x = 300.0
            continue
        words.append(Word(word, x, x + 5 * len(word)))
        x = words[-1].x1 + gap
    return Segment(words, y, size)


def filled(text, x, y, end=292.0, gap=2.5):
    """A line set to end at one place: its last word is made longer."""
    segment = line(text, x, y, gap=gap)
    segment.words[-1] = Word(segment.words[-1].text, segment.words[-1].x0, end)
    return segment


def both(left, right, y):
    """A line of the left column that ends 8 points before the right one begins, in one segment with that."""
    return Segment([*filled(left, 40.0, y).words, *line(right, 300.0, y).words], y, 12.0)


def test_a_gutter_narrower_than_a_wide_gap_parts_the_lines():
    page = [both(LEFT.format(at), RIGHT.format(at), 700.0 - 12 * at) for at in range(8)]
    page.append(line("one line across the page whose words have usual gaps and which stays whole", 40.0, 500.0))
    (out,) = parted([page])
    assert [one.text for one in out[:4]] == [LEFT.format(0), RIGHT.format(0), LEFT.format(1), RIGHT.format(1)]
    assert len(out) == 17 and out[-1] is page[-1]


def test_lines_set_wide_have_no_gutter():
    words = "some words of a line that is set wide to fill the whole breadth of its page and goes on here"
    page = [line(f"{words[at % 7 :]}", 40.0, 700.0 - 12 * at, gap=7.0 + at % 3) for at in range(30)]
    (out,) = parted([page])
    assert out == page


def test_a_page_with_few_lines_has_the_gutter_of_the_others():
    full = [both(LEFT.format(at), RIGHT.format(at), 700.0 - 12 * at) for at in range(8)]
    few = [both(LEFT.format(at), RIGHT.format(at), 200.0 - 12 * at) for at in range(2)]
    assert [len(one) for one in parted([full, few])] == [16, 4]
    assert [len(one) for one in parted([few])] == [2]


def test_words_outside_the_clip_of_their_drawing_are_not_read(read):
    page = made.PdfPage()
    page.put("the words that a reader of the page can see", 60, 700)
    page.operators += "q 60 300 200 100 re W n\n"
    page.put("words of the figure itself", 70, 350)
    page.put("words of the page it was cut from", 70, 600)
    page.operators += "Q\n"
    text = read([page]).text
    assert "can see" in text and "figure itself" in text and "cut from" not in text


def test_a_title_over_several_lines_below_a_banner(read):
    page = made.PdfPage()
    page.put("R E S E A R C H  A R T I C L E", 48, 780, size=15)
    for at, words in enumerate(("Effect of a made-up drug on", "the pain of the knee: a trial", "in two hospitals")):
        page.put(words, 48, 740 - 22 * at, size=16)
    for at in range(20):
        page.put(LEFT.format(at), 48, 640 - 10 * at)
    document = read([page])
    words = [document.text[block.start : block.end] for block in document.blocks if block.kind == "title"]
    assert words == ["Effect of a made-up drug on the pain of the knee: a trial in two hospitals"]


def test_banners():
    assert is_banner("CO M M E N T ARY") and is_banner("The New England Journal of Medicine")
    assert not is_banner("Review of two drugs for pain")


def side_by_side(rows, width=64):
    return "\n".join(f"{left:<{width}}{right}".rstrip() for left, right in rows)


def test_columns_of_a_text_are_read_one_after_the_other():
    rows = [(LEFT.format(at), RIGHT.format(at)) for at in range(10)]
    rows.insert(5, ("where the left one goes on alone", ""))
    text, changed, left = in_one_column(side_by_side(rows))
    lines = text.split("\n")
    assert (changed, left) == (1, 0)
    assert lines[:2] == [LEFT.format(0), LEFT.format(1)] and lines[5] == "where the left one goes on alone"
    assert [words for words in lines if words][11:] == [RIGHT.format(at) for at in range(10)]
    document = from_text(side_by_side(rows))
    assert any("lines are counted in that order" in note for note in document.notes)


def test_a_word_at_the_end_of_a_column_meets_its_second_half():
    rows = [(LEFT.format(at), RIGHT.format(at)) for at in range(8)]
    rows += [("the difference was -2.9 points (95% confi-", "the scores did not differ between the groups")]
    rows += [("dence interval, -8.2 to 2.2) in favour of it", "(difference, -1; 95% CI, -5.3 to 4.0) after all")]
    plain = from_text(side_by_side(rows)).plain
    assert plain.index("confi-") < plain.index("dence interval") < plain.index("the scores did not")


def test_a_table_beside_a_column_of_text_keeps_its_rows_alone():
    rows = [(LEFT.format(at), RIGHT.format(at)) for at in range(8)]
    rows += [("Table 1. Outcomes", "apy group: 79.2% (14/18) of all the patients"), ("", "")]
    rows += [
        ("                    Drug (n = 20)   Placebo (n = 18)", "which was more than had been planned before"),
        ("Death               2 (10.0)        3 (16.7)", "and readmission was numerically lower there"),
        ("Stroke              1 (5.0)         2 (11.1)", "so that the rates of it were similar in both"),
    ]
    (table,) = from_text(side_by_side(rows)).tables
    assert [[cell.text for cell in row] for row in table.cells[1:]] == [
        ["Death", "2 (10.0)", "3 (16.7)"],
        ["Stroke", "1 (5.0)", "2 (11.1)"],
    ]


def test_a_table_across_both_columns_stays_one():
    rows = [(LEFT.format(at), RIGHT.format(at)) for at in range(8)]
    cells = ("Death", "Stroke", "Bleeding", "Readmission")
    table = "\n".join(
        f"{name:<30}{10 + at} (20.0)          {12 + at} (24.0)           0.{at}1" for at, name in enumerate(cells)
    )
    text = f"{side_by_side(rows)}\n\n{table}\n\n{side_by_side(rows)}"
    out = in_one_column(text)[0].split("\n")
    assert all(row in out for row in table.split("\n"))


def test_a_table_or_text_alone_is_left_as_it_is():
    table = "\n".join(f"Row {at:<20}{at} (1.0)      {at + 2} (3.0)      0.0{at}" for at in range(9))
    prose = "\n".join(["a line of plain prose that has no columns at all, however long it may be"] * 30)
    for text in (table, prose, f"{prose}\n\n{table}"):
        assert in_one_column(text) == (text, 0, 0)


@pytest.mark.parametrize(
    "unit", ["word   " * 50 + "\n", "a" + " " * 200 + "b\n", "\f", "some words of text      and some more words\n"]
)
def test_time_grows_with_length_only(unit):
    text = unit * (600_000 // len(unit))
    start = time.perf_counter()
    in_one_column(text)
    assert time.perf_counter() - start < 12  # a square of the length would take minutes


def test_notes_whose_mark_is_a_paragraph_of_its_own():
    text = (
        "Table 1. Patients\n\nSetting\tn (%)\nWard*\t12 (60.0)\nHome\t8 (40.0)\n\n*\n\nOne patient was counted twice.\n\n"
        "‖ Data were missing for two.\n\nThe patients were followed for a year and their pain was asked for every month.\n"
    )
    (table,) = from_text(text).tables
    assert table.note == "* One patient was counted twice. ‖ Data were missing for two."


def test_short_words_before_the_abbreviations_are_a_note():
    rows = "Table 1. Patients\n\nFactor\tOR\nAge\t1.2\nSex\t0.8\n\n"
    note = "Multivariate analysis adjusted by sex and age.\n\nCI = confidence interval; OR = odds ratio.\n\n"
    assert from_text(f"{rows}{note}Text.").tables[0].note.endswith("OR = odds ratio.")
    body = "We saw no difference between the sexes.\n\nCI = confidence interval.\n\n"
    assert from_text(f"{rows}{body}Text.").tables[0].note == ""


def test_words_in_brackets_open_no_section():
    text = "Methods\n\nThe outcome is told elsewhere\n(appendix). Given that it was planned\nat one year, we took it then.\n"
    assert {block.section for block in from_text(text).blocks} == {"methods"}


def test_words_printed_twice_at_one_place_are_read_once(read):
    page = made.PdfPage()
    for shift in (0, 0.3):
        page.put("0.11 (0.08, 0.14) in bold by printing it twice", 60 + shift, 700)
    assert read([page]).text.count("0.08") == 1


def chars(words, x=0.0, y=100.0, size=10.0, overhang=0.0):
    """Characters of 5 points with a printed blank of 2.5 where the words have one; f hangs over what follows."""
    out = []
    for at, sign in enumerate(words):
        width = 2.5 if sign == " " else 5.0
        wide = width + overhang if sign == "f" and words[at + 1 : at + 2] == " " else width
        out.append((sign, x, x + wide, y, size, 0, at))
        x += width
    return out


def test_a_blank_that_the_letter_before_hangs_over_parts_two_words():
    (run,) = _runs(chars("lack of daily", overhang=2.8))
    assert [word.text for word in run.words] == ["lack", "of", "daily"]


def row(*cells):
    return [RawCell(cell) for cell in cells]


def test_the_year_below_a_study_belongs_to_its_name():
    assert _wraps(row("Able et al.", "Trial", "40"), row("2019", "", ""))
    assert _wraps(row("Able, Baker [3],", "Trial", ""), row("2019", "of drugs", "40"))
    assert not _wraps(row("Able et al.", "Trial", "40"), row("2019", "Trial", "52"))
    assert not _wraps(row("Patients recruited in", "12", "14"), row("2019", "15", "17"))


def test_scales_and_numbers_at_risk_are_a_drawing():
    def region(*rows):
        return Region(0, 100, 100, 0, [], cells=[row(*cells) for cells in rows])

    assert _is_drawing(
        region(("", "+ Censored", ""), ("1", "160 148 121 91", "66 45 32"), ("2", "90 80 70 60", "50 40 30"))
    )
    assert _is_drawing(region(("Drug", "HR: 0.73", "P = 0.01"), ("0 6 12", "18 24 30", "36 42 Months")))
    assert not _is_drawing(region(("Visit", "Drug (n = 20)", "Placebo (n = 18)"), ("Week 4", "12 (60)", "9 (50)")))


def test_a_caption_between_the_rules_of_its_table_is_no_row(read):
    page = made.PdfPage()
    for y in (720, 690, 590):
        page.rule(60, 420, y)
    page.put("TABLE 4  Adverse events of the two groups", 66, 708, font="F2")
    for x, words in ((66, "Event"), (200, "Drug (n = 40)"), (320, "Placebo (n = 42)")):
        page.put(words, x, 694, font="F2")
    for at, cells in enumerate(
        (("Death", "4 (10.0)", "6 (14.3)"), ("Stroke", "2 (5.0)", "3 (7.1)"), ("Pain", "8 (20.0)", "9 (21.4)"))
    ):
        for x, words in zip((66, 200, 320), cells, strict=True):
            page.put(words, x, 670 - 20 * at)
    (table,) = read([page]).tables
    assert table.label == "Table 4" and [cell.text for cell in table.cells[0]] == [
        "Event",
        "Drug (n = 40)",
        "Placebo (n = 42)",
    ]
