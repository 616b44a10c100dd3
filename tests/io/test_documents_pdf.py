"""PDF: columns, hyphens, raised figures, tables with wrapped cells and over pages, pictures of pages, length and speed."""

from __future__ import annotations

import time

import pytest

import documents_made as made
from ostealgia.io.documents.pdf_chars import _runs
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
