"""PDF: columns, hyphens, raised figures, tables with wrapped cells and over pages, pictures of pages, length and speed."""

from __future__ import annotations

import time

import pytest

import documents_made as made
from ostealgia.errors import DocumentError
from ostealgia.io.documents.pdf import _Paragraphs
from ostealgia.io.documents.pdf_chars import _beside, _beyond, _runs
from ostealgia.io.documents.pdf_shapes import shape_reader
from ostealgia.io.documents.reading import read_document, read_here

LINE = "the patients of both groups were followed for weeks"


@pytest.fixture
def read(tmp_path):
    def reading(pages, name="a.pdf"):
        path = tmp_path / name
        path.write_bytes(made.pdf(pages))
        return read_here(path)

    return reading


def column(page, x, y, lines):
    for at, words in enumerate(lines):
        page.put(words, x, y - 10 * at)


def test_two_columns_are_read_one_after_the_other(read):
    page = made.PdfPage()
    column(page, 48, 700, [f"left {at} {LINE[:40]}" for at in range(12)])
    column(page, 308, 700, [f"right {at} {LINE[:40]}" for at in range(12)])
    text = read([page]).text
    places = [text.index(f"left {at} ") for at in range(12)] + [text.index(f"right {at} ") for at in range(12)]
    assert places == sorted(places)


def test_lines_across_both_columns_part_them(read):
    page = made.PdfPage()
    column(page, 48, 760, [f"above {LINE} {LINE}"] * 2)
    for y, word in ((720, "first"), (500, "second")):
        column(page, 48, y, [f"{word} left {at} {LINE[:36]}" for at in range(6)])
        column(page, 308, y, [f"{word} right {at} {LINE[:36]}" for at in range(6)])
        column(page, 48, y - 100, [f"across {word} {LINE} {LINE}"])
    text = read([page]).text
    order = [
        "above",
        "first left 5",
        "first right 0",
        "across first",
        "second left 0",
        "second right 5",
        "across second",
    ]
    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)


def test_hyphens_at_line_ends(read):
    page = made.PdfPage()
    column(
        page,
        48,
        700,
        [
            f"{LINE} after radio-",
            "therapy in the meta-",
            "analysis of ours, a meta-analysis with 0.51-",
            "0.91 and non-",
            f"small tumours {LINE}.",
        ],
    )
    text = read([page]).text
    assert (
        "after radiotherapy in the meta-analysis of ours, a meta-analysis with 0.51-0.91 and non-small tumours" in text
    )


def test_raised_figures_are_no_digits_of_the_number(read):
    page = made.PdfPage()
    page.put("was 4.1", 48, 700, 10)
    page.put("2", 90.5, 703.5, 6)
    page.put("points and I", 100, 700, 10)
    page.put("2", 172.5, 703.5, 6)
    page.put("= 45% in all the patients of the study", 180, 700, 10)
    document = read([page])
    assert document.text == "was 4.1² points and I² = 45% in all the patients of the study"
    assert document.plain == "was 4.1  points and I² = 45% in all the patients of the study"


def test_both_letters_of_a_ligature_stay_in_their_word():
    """A PDF library gives the letters of one printed sign the same box."""
    signs = [("w", 0, 5), ("o", 5, 10), ("fi", 10, 16), ("t", 16, 20)]
    chars = [(letter, x0, x1, 100.0, 10.0, 0, 0) for word, x0, x1 in signs for letter in word]
    assert [word.text for word in _runs(chars)[0].words] == ["wofit"]


def test_fifty_megabytes(tmp_path):
    """A paper with large pictures: the size alone is no reason to refuse it."""
    page = made.PdfPage()
    column(page, 48, 700, [f"{LINE} {at}" for at in range(5)])
    path = tmp_path / "large.pdf"
    path.write_bytes(made.pdf([page], padding=50_000_000))
    assert path.stat().st_size > 50_000_000
    assert f"{LINE} 4" in read_document(path).text


def table_page(rows, *, caption="Table 2. Events of the patients", ruled=True, top=700):
    page = made.PdfPage()
    if caption:
        page.put(caption, 48, top, 8, "F2")
    y = top - 6
    for at, row in enumerate(rows):
        if ruled and at < 2:
            page.rule(48, 540, y)
        y -= 11
        lines = max(cell.count("\n") for cell in row) + 1
        for x, cell in zip((48, 260, 360, 470), row, strict=True):
            for down, words in enumerate(cell.split("\n")):
                if words:
                    page.put(words, x, y - 8.5 * down, 7)
        y -= 8.5 * (lines - 1) + 3
    if ruled:
        page.rule(48, 540, y)
    page.put("Note: data are n (%).", 48, y - 10, 6)
    column(page, 48, 400, [f"{LINE} and the {at} others who came later to our centre" for at in range(6)])
    return page


ROWS = [
    ["", "Control\n(n = 103)", "Treated\n(n = 102)", "P value"],
    ["Any event (any grade of\nseverity)", "82 (79.6)", "80 (78.4)", "0.836"],
    ["Site of the pain", "", "", "0.416"],
    ["Spine", "15 (14.6)", "11 (10.8)", ""],
    ["Hip", "21 (20.4)", "", ""],
]


@pytest.mark.parametrize("ruled", [True, False])
def test_cells_that_wrap(read, ruled):
    table = read([table_page(ROWS, ruled=ruled)]).tables[0]
    assert [[cell.text for cell in row] for row in table.cells] == [
        ["", "Control (n = 103)", "Treated (n = 102)", "P value"],
        ["Any event (any grade of severity)", "82 (79.6)", "80 (78.4)", "0.836"],
        ["Site of the pain", "", "", "0.416"],
        ["Spine", "15 (14.6)", "11 (10.8)", ""],
        ["Hip", "21 (20.4)", "", ""],
    ]
    assert (table.label, table.note) == ("Table 2", "Note: data are n (%).")


def test_a_table_over_two_pages_is_one(read):
    second = table_page(
        [ROWS[0], ["Knee", "1 (1.0)", "2 (2.0)", "0.5"], ["Foot", "3 (2.9)", "4 (3.9)", "0.7"]],
        caption="Table 2 (Continued)",
    )
    document = read([table_page(ROWS), second])
    assert len(document.tables) == 1
    assert [row[0].text for row in document.tables[0].cells] == [
        "",
        "Any event (any grade of severity)",
        "Site of the pain",
        "Spine",
        "Hip",
        "Knee",
        "Foot",
    ]
    assert document.page(document.tables[0].cells[-1][0].start) == 2


def test_pages_that_are_pictures_are_told(read):
    page = made.PdfPage()
    column(page, 48, 700, [f"{LINE} {at}" for at in range(5)])
    document = read([page, made.PdfPage(), page])
    assert "no text on page 2 (pictures): nothing there was read" in document.notes
    assert len(document.page_starts) == 3


def test_five_hundred_pages(read):
    pages = []
    for number in range(500):
        page = made.PdfPage()
        column(page, 48, 700, [f"{LINE} on day {number}"] * 3)
        pages.append(page)
    document = read(pages)
    assert len(document.page_starts) == 500
    assert document.page(document.text.index("on day 499")) == 500


@pytest.mark.slow  # a clock decides: not in make test
def test_twenty_pages_within_seconds(read):
    """The whole audit of 20 pages has 5 s; reading them may take 2.5 s of them even on a busy machine."""
    pages = []
    for _ in range(20):
        page = made.PdfPage()
        column(page, 48, 760, [LINE[:46]] * 50)
        column(page, 308, 760, [LINE[:46]] * 50)
        pages.append(page)
    start = time.process_time()
    read(pages)
    assert time.process_time() - start < 2.5


def test_signs_of_fonts_that_say_other_ones():
    """Ink boxes as in fonts of signs: a comma as wide as a letter is "<", a flat quarter is "=", a flat nothing a minus."""
    inks = {0: (6.0, 5.2), 1: (6.0, 2.1), 2: (4.8, 0.3), 3: (1.2, 2.0), 4: (5.3, 5.3), 5: (4.3, 7.0), 6: (6.9, 7.0)}

    class Raw:
        @staticmethod
        def FPDFText_GetCharBox(handle, index, left, right, bottom, top):
            right._obj.value, top._obj.value = inks[index]
            return 1

    read_sign = shape_reader(None, Raw)
    assert read_sign(0, ",", 7.5, 9.4) == "<"
    assert read_sign(1, "¼", 6.9, 15.5) == "="
    assert read_sign(2, "", 6.2, 13.8) == "−"
    assert read_sign(3, ",", 2.2, 9.4) == ","
    assert read_sign(4, "3", 7.5, 9.4) == "×"
    assert read_sign(5, "3", 5.0, 9.0) == "3"
    assert read_sign(6, "¼", 7.5, 9.4) == "¼"
    assert read_sign(6, "", 7.5, 9.4) == "\ufffd"


def test_a_rule_in_the_header_holds_the_columns_that_its_words_name(read):
    page = made.PdfPage()
    page.put("Table 1. Pooled effects", 48, 700, 8, "F2")
    for x0, x1, y in ((48, 540, 694), (150, 300, 681), (350, 540, 681), (48, 540, 668), (48, 540, 630)):
        page.rule(x0, x1, y)
    page.put("Association", 155, 684, 7)
    page.put("Heterogeneity", 355, 684, 7)
    rows = [["Group", "OR", "95%CI", "I2", "P"], ["All", "1.80", "1.14-2.66", "12%", "0.337"]]
    rows.append(["Asia", "2.99", "1.41-8.43", "0%", "0.821"])
    for at, row in enumerate(rows):
        for x, words in zip((48, 160, 240, 360, 500), row, strict=True):
            page.put(words, x, 672 - 16 * at, 7)
    table = read([page]).tables[0]
    assert [table.column_name(c) for c in range(5)] == [
        "Group",
        "Association OR",
        "Association 95%CI",
        "Heterogeneity I2",
        "Heterogeneity P",
    ]
    assert [cell.text for cell in table.body[1]] == rows[2]


def test_notes_and_caption_that_a_rule_encloses_are_no_rows(read):
    page = made.PdfPage()
    for y in (700, 686, 600):
        page.rule(48, 540, y)
    rows = [
        ["", "Treated", "Control", "P"],
        ["Spine", "15 (14.6)", "11 (10.8)", "0.41"],
        ["Hip", "9 (8.7)", "7 (6.9)", "0.6"],
        ["Knee", "8 (7.8)", "6 (5.9)", "0.5"],
        ["Foot", "7 (6.8)", "5 (4.9)", "0.5"],
        ["Hand", "6 (5.8)", "4 (3.9)", "0.5"],
    ]
    for at, row in enumerate(rows):
        for x, words in zip((48, 200, 320, 440), row, strict=True):
            page.put(words, x, 690 - 9 * at if at else 690, 7)
    page.put(
        "Data are numbers of patients and percent of the group unless it is said otherwise in the text of the",
        48,
        628,
        7,
    )
    page.put(
        "paper. All the percentages were rounded by the authors of the trial to a single decimal, and all the",
        48,
        620,
        7,
    )
    page.put("Table 1: Sites of pain", 48, 604, 7, "F2")
    column(page, 48, 500, [f"{LINE} and the {at} others who came later to our centre" for at in range(6)])
    document = read([page])
    assert [[cell.text for cell in row] for row in document.tables[0].cells] == rows
    assert document.tables[0].label == "Table 1"


def test_a_caption_under_its_table_does_not_name_the_next_table(read):
    page = made.PdfPage()
    for top, first, label in ((720, "0.25", "Table 3. Inconsistency"), (560, "9.75", "Table 4. Bias")):
        for y in (top, top - 16, top - 64):
            page.rule(48, 400, y)
        for at, row in enumerate([["Outcome", "Coef.", "P"], ["Pain", first, "0.675"], ["Score", "1.31", "0.203"]]):
            for x, words in zip((48, 200, 320), row, strict=True):
                page.put(words, x, top - 11 - 16 * at, 7)
        page.put(label, 48, top - 74, 7, "F2")
    tables = read([page]).tables
    assert [(table.label, table.body[0][1].text) for table in tables] == [("Table 3", "0.25"), ("Table 4", "9.75")]


def test_rows_between_two_rules_stay_apart(read):
    page = made.PdfPage()
    page.put("Table 1. Effects", 48, 710, 8, "F2")
    for y in (704, 688, 640, 592):
        page.rule(48, 400, y)
    rows = [["Outcome", "Coef.", "P"], ["Pain", "0.25", "0.834"], ["Score", "4.13", "0.488"], ["Age", "5.07", "0.069"]]
    for row, y in zip(rows, (693, 678, 664, 630), strict=True):
        for x, words in zip((48, 200, 320), row, strict=True):
            page.put(words, x, y, 7)
    assert [[cell.text for cell in row] for row in read([page]).tables[0].cells] == rows


def test_letters_that_are_all_others_are_refused(read):
    """A font that says an accent or a fraction for each letter: nothing of it is text."""
    page = made.PdfPage()
    column(
        page,
        48,
        700,
        ["\xcf\xc2\xb7\xc3\xbf \xc4\xbb\xcd\xbb \xbf\xc4\xb9\xc5\xc4\xb9\xc2\xcb\xc9\xbf \xcc\xbb\xc9\xbb"] * 8,
    )
    with pytest.raises(DocumentError, match="letters of the PDF cannot be told"):
        read([page])


def test_a_minus_sign_at_the_end_of_a_line_belongs_to_its_number():
    paragraphs = _Paragraphs([], 1)
    assert paragraphs._with("the difference (RD=−", "0.108, 95% CI") == "the difference (RD=−0.108, 95% CI"
    assert paragraphs._with("was 5 − ", "x of them") == "was 5 −  x of them"


def test_halves_of_a_sign_beyond_the_first_plane():
    """The slanted P of mathematics comes in two halves."""
    assert chr(_beyond(0xD835, 0xDC43)) == "P"
    assert _beyond(0x41, 0xDC43) == 0xFFFD


def test_a_high_box_of_a_sign_does_not_widen_the_blanks_of_its_line():
    """A minus sign whose font has a box of 15.6 beside letters of 9.4: words stay parted at 2.4 points."""
    chars = [("=", 0.0, 5.0, 100.0, 9.4, 0, 0)]
    assert _beside(15.6, chars) == 9.4
    assert _beside(8.0, chars) == 8.0
    assert _beside(15.6, []) == 15.6


def test_rows_of_a_table_at_the_foot_and_head_of_pages_are_no_running_heads(read):
    first, second = made.PdfPage(), made.PdfPage()
    for page in (first, second):
        column(page, 48, 600, [f"words {at} {LINE}" for at in range(20)])
        page.put("Journal of Examples 2020, 12", 48, 770)
    for x, words in zip((48, 200, 320), ("Lung", "31 (60.8)", "20 (39.2)"), strict=True):
        first.put(words, x, 40)
        second.put(words.replace("31", "29").replace("Lung", "Bone"), x, 750)
    text = read([first, second]).text
    assert "31 (60.8)" in text and "29 (60.8)" in text and "Journal of Examples" not in text


def test_numbers_of_lines_are_no_words(read):
    page = made.PdfPage()
    for at in range(30):
        page.put(str(101 + at), 30, 700 - 14 * at)
        page.put(f"in the group of {20 + at} {LINE}", 60, 700 - 14 * at)
    text = read([page]).text
    assert "in the group of 25" in text and "106" not in text


def test_numbers_of_lines_beside_a_wide_stamp_a_glued_line_and_on_a_page_of_few_lines(read):
    pages = [made.PdfPage() for _ in range(3)]
    for page in pages:
        for at in range(3):
            page.put(f"A stamp of the server that is wider than the text, part {at}", 10, 835 - 8 * at)
    for at in range(30):
        page, height = pages[at // 24], 700 - 14 * at if at < 24 else 700 - 14 * (at - 24)
        if at == 12:
            page.put(f"{101 + at} in the group of {20 + at} {LINE}", 30, height)  # no gap between the two
            continue
        page.put(str(101 + at), 30, height)
        page.put(f"in the group of {20 + at} {LINE}", 60, height)
    text = read(pages).text
    assert all(f"in the group of {20 + at}" in text for at in range(30))
    assert not any(str(number) in text for number in range(101, 131))


def test_a_rule_of_dots_is_no_row(read):
    page = made.PdfPage()
    page.put("Table 1. Response by group", 48, 700)
    for at, cells in enumerate(
        (("Group", "n", "Response"), ("." * 40, "." * 20, "." * 20), ("A", "20", "12 (60.0)"), ("B", "25", "10 (40.0)"))
    ):
        for x, words in zip((48, 250, 400), cells, strict=True):
            page.put(words, x, 680 - 14 * at)
    assert "....." not in read([page]).text
