"""Tables of PDF files that stand sideways, go on after a break, stand beside text, or above text that fills the columns."""

from __future__ import annotations

import pytest

import documents_made as made
from ostealgia.io.documents.reading import from_text, read_here

ROWS = [
    ["Characteristic", "Treated (n = 40)", "Control (n = 42)", "P"],
    ["Male sex, n (%)", "22 (55.0)", "23 (54.8)", "0.98"],
    ["Opioid use, n (%)", "31 (77.5)", "30 (71.4)", "0.53"],
    ["Spine, n (%)", "18 (45.0)", "20 (47.6)", "0.81"],
]
WORDS = "Patients were seen at the clinic every month and told how strong their pain had been in the week before that visit."


@pytest.fixture
def read(tmp_path):
    def reading(pages):
        path = tmp_path / "paper.pdf"
        path.write_bytes(made.pdf(pages))
        return read_here(path)

    return reading


def _table(rows, caption, x=80.0, y=500.0, step=110.0):
    page = made.PdfPage()
    if caption:
        page.put(caption, x, y + 16)
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            page.put(cell, x + step * column, y - 14 * at)
    return page


def _prose(page, x=60.0, y=760.0, lines=6, width=90):
    for at, line in enumerate(made.wrapped(WORDS * 6, width, hyphens=False)[:lines]):
        page.put(line, x, y - 10 * at)
    return page


def _cells(document, table=0):
    return [[cell.text for cell in row] for row in document.tables[table].cells]


TURNS = {"upwards": "0 1 -1 0 595 0 cm", "downwards": "0 -1 1 0 0 842 cm"}


@pytest.mark.parametrize("turn", TURNS)
def test_a_table_on_its_side_is_read_in_its_direction(read, turn):
    first, second = _prose(made.PdfPage()), made.PdfPage()
    second.operators = f"q {TURNS[turn]}\n{_table(ROWS, 'Table 1. Patients', y=300).operators}Q\n"
    document = read([first, second])
    assert _cells(document) == ROWS
    assert document.tables[0].label == "Table 1"
    assert any("sideways on page 2" in note for note in document.notes)
    assert "stneitaP" not in document.text


def test_a_table_on_its_side_on_a_page_of_upright_words_is_read(read):
    page = _prose(made.PdfPage(), lines=40)
    page.operators += f"q {TURNS['upwards']}\n{_table(ROWS, 'Table 1. Patients', x=20, y=160, step=90).operators}Q\n"
    document = read([page])
    assert _cells(document) == ROWS


def test_a_line_in_the_margin_is_left_out_and_counted(read):
    page = _prose(made.PdfPage(), lines=30)
    page.operators += "q 0 1 -1 0 595 0 cm\n"
    page.put("Downloaded from a library by one of its readers on the first of May", 60, 12)
    page.operators += "Q\n"
    document = read([page])
    assert "Downloaded" not in document.text
    assert any("at an angle" in note for note in document.notes)


def test_a_table_goes_on_where_its_header_is_printed_again(read):
    first = _table(ROWS[:3], "Table 1. Patients", y=120)
    second = _table([ROWS[0], ROWS[3], ["Lung, n (%)", "9 (22.5)", "8 (19.0)", "0.70"]], "", y=780)
    _prose(first), _prose(second, y=600)
    document = read([first, second])
    assert _cells(document) == [*ROWS, ["Lung, n (%)", "9 (22.5)", "8 (19.0)", "0.70"]]
    assert any("goes on after a break: 2 rows" in note for note in document.notes)


def test_text_beside_a_table_is_another_column(read):
    page = _prose(made.PdfPage(), x=48, y=780, lines=12, width=48)
    for at, (name, count) in enumerate((("Site", "Patients, n"), ("Spine", "20"), ("Pelvis", "14"), ("Limb", "8"))):
        page.put(name, 320, 780 - 12 * at)
        page.put(count, 420, 780 - 12 * at)
    _prose(page, x=320, y=600, lines=12, width=48)
    document = read([page])
    lines = made.wrapped(WORDS * 6, 48, hyphens=False)[:12]
    assert " ".join(lines[:4]) in " ".join(document.text.split())


def test_two_values_beside_one_another_are_two_columns(read):
    rows = [["Lung", "0.280", "0.82 (0.60-1.12)"], ["Breast", "0.093", "1.44 (1.04-1.99)"]]
    rows += [["Kidney", "0.061", "1.46 (1.05-2.02)"], ["Other", "0.177", "1.15 (0.98-1.33)"]]
    page = made.PdfPage()
    page.put("Table 1. Cox regression", 60, 520)
    for at, row in enumerate([["Site", "P", "HR (95% CI)"], *rows]):
        for x, cell in zip((60, 200, 228), row, strict=True):
            page.put(cell, x, 500 - 12 * at)
    assert _cells(read([_prose(page)]))[1:] == rows


def test_running_text_below_a_table_is_no_row_of_it(read):
    page = _table(ROWS, "Table 1. Patients", x=60, y=740, step=120)
    page.rule(60, 540, 750), page.rule(60, 540, 736), page.rule(60, 540, 100)
    _prose(page, y=680, lines=30, width=95)
    document = read([page])
    assert _cells(document) == ROWS
    assert "told how strong their pain had been" in " ".join(document.text.split())


def test_a_table_that_cannot_be_read_is_told(read):
    page = _prose(made.PdfPage(), lines=20)
    page.put("Table 3. Costs of treatment", 60, 500)
    document = read([page])
    assert any(note.startswith("Table 3 (page 1) could not be read as a table") for note in document.notes)


def test_an_abstract_with_its_parts_in_one_paragraph_ends_at_the_next_heading():
    abstract = (
        "Background: Pain is common. Methods: We asked 40 patients. Results: Pain fell. Conclusions: Treatment helps."
    )
    parts = [
        "A trial",
        "Abstract",
        abstract,
        "Methods",
        "Pain was asked every week.",
        "Results",
        "Pain fell in 20 of 40.",
    ]
    document = from_text("\n\n".join(parts))
    assert [block.section for block in document.blocks if block.kind == "paragraph"] == [
        "abstract",
        "methods",
        "results",
    ]


def test_a_long_abstract_without_parts_ends_at_the_next_heading():
    parts = ["A trial", "Abstract", WORDS * 8, "Methods", WORDS, "Results", "Pain fell in 20 of 40 patients."]
    document = from_text("\n\n".join(parts))
    assert [block.section for block in document.blocks if block.kind == "paragraph"] == [
        "abstract",
        "methods",
        "results",
    ]


def test_numbers_of_the_lines_of_a_text_are_blank():
    lines = ["Results", "", "The odds ratio was 1.84", "(95% CI 0.97-3.52), in", *["so many patients that"] * 6]
    document = from_text("\n".join(f"{number} {line}" for number, line in enumerate(lines, start=1)))
    assert "1.84 (95% CI 0.97-3.52)" in " ".join(document.plain.split())
    assert document.notes == ("numbers of lines in the margin were left out: 10",)


def test_signs_that_are_escaped_twice(tmp_path):
    path = tmp_path / "paper.html"
    path.write_text(
        "<h2>Results</h2><table><tr><th>Sex</th><th>P</th></tr><tr><td>Male</td><td>&amp;lt;0.001</td></tr></table>"
    )
    assert _cells(read_here(path))[1] == ["Male", "<0.001"]


def test_comments_and_ties_of_tex_are_no_words():
    tex = "\\documentclass{article}\n\\begin{document}\nThe OR~was 1.67 (95\\%~CI 0.96--2.90). % 61 of 103 (12.0\\%)\n\\end{document}"
    plain = " ".join(from_text(tex).plain.split())
    assert "OR was 1.67 (95 % CI 0.96- 2.90)." in plain
    assert "12.0" not in plain


def test_names_set_in_wide_letters_and_headings_with_a_bar(read):
    page = _prose(made.PdfPage(), lines=8)
    for x, letters in ((60, "TABL"), (82, "E"), (91, "1"), (101, "Patients")):
        page.put(letters, x, 516)
    for at, row in enumerate(ROWS):
        for column, cell in enumerate(row):
            page.put(cell, 60 + 110 * column, 500 - 14 * at)
    page.put("3 | RESULTS", 60, 640, 8, "F2")
    page.put("3.1 | Patients", 60, 628, 8, "F2")
    _prose(page, y=616, lines=6)
    document = read([page])
    assert document.tables[0].label == "Table 1"
    assert _cells(document) == ROWS
    headings = [document.text[one.start : one.end] for one in document.blocks if one.kind == "heading"]
    assert headings == ["3 | RESULTS", "3.1 | Patients"]
    assert {one.section for one in document.blocks if one.kind == "paragraph"} >= {"results"}
