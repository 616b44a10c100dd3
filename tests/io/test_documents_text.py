"""Plain text and Markdown: blocks, sections, tables by tabs, pipes and blanks, and the plain form of signs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostealgia.io.documents.decimals import with_points
from ostealgia.io.documents.reading import from_text, read_document
from ostealgia.io.documents.signs import plain_of

PARAGRAPH = "The patients of both groups were followed for twelve weeks after the treatment had been given to them. "


def grid(document, table=0):
    return [[cell.text for cell in row] for row in document.tables[table].cells]


def kinds(document):
    return [(block.kind, block.section) for block in document.blocks]


# ---- signs


@pytest.mark.parametrize(
    ("printed", "plain"),
    [
        ("0·68 (0·51–0·91)", "0.68 (0.51-0.91)"),  # Lancet
        ("P＝０．０３", "P=0.03"),
        ("2\u2009774 patients", "2,774 patients"),
        ("−3.8 ‐ 4 — 5", "-3.8 - 4 - 5"),
        ("mean \\pm SD", "mean ±   SD"),
        ("$p \\leq 0.05$", " p ≤    0.05 "),
        ("$-3.8$ (95\\% CI $-4.3$; $-3.3$)", " -3.8  (95 % CI  -4.3 ;  -3.3 )"),
        ("*I*² = 98%", " I²  = 98%"),
        ("$\\chi^2 = 3.2$", " χ²     = 3.2 "),
        ("t/X ²", "t/X² "),
        ("10^{-3}", "10⁻³   "),
        ("I<sup>2</sup>", "I²            "[: len("I<sup>2</sup>")]),
        ("4.1<sup>a</sup>", "4.1            "),
        ("death.¹²–¹⁴", "death.     "),
        ("m² and Li²", "m² and Li "),
        ("p &lt; 0.05", "p <    0.05"),
        ("4.1*\t3\t1.4*", "4.1*\t3\t1.4*"),  # marks of significance are no emphasis
        ("**OR** 2*3*4", "  OR   2*3*4"),
        ("$5,000 and $6,000", "$5,000 and $6,000"),
        ("[site](https://a.org/x_(1)) [1](#r1)", " site                       [1]     "),
        ("р < 0,05", "p < 0,05"),  # a Cyrillic letter
    ],
)
def test_plain_form(printed, plain):
    assert plain_of(printed) == plain
    assert len(plain_of(printed)) == len(printed)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_plain_form_keeps_every_place(text):
    assert len(plain_of(text)) == len(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "$",
                "\\",
                "**",
                "<sup>",
                "</sup>",
                "^{2}",
                "·",
                "1",
                "²",
                "I",
                " ",
                "|",
                "&lt;",
                "[",
                "](",
                ")",
                "\n",
                "\t",
            ]
        ),
        max_size=40,
    )
)
def test_documents_of_marks_alone_are_read(pieces):
    document = from_text("".join(pieces))
    assert len(document.plain) == len(document.text)


def test_decimal_commas_are_a_property_of_the_paper():
    text = "Die OR war 0,68 (0,51-0,91), p = 0,009, bei 1.024 Patienten [1,2], und 53,2% sprachen an."
    plain, note = with_points(text)
    assert "0.68 (0.51-0.91), p = 0.009, bei 1,024 Patienten [1,2], und 53.2%" in plain
    assert note is not None and "decimal commas" in note
    english = "There were 2,774 patients (OR 0.68; 0.51-0.91), coded 0,1."
    assert with_points(english) == (english, None)


def test_invisible_characters_are_told():
    document = from_text("A signi\ufb01cant treat\u00adment eff\u200bect was seen.")
    assert document.text == "A significant treatment effect was seen."
    assert "3 ligatures or invisible characters were resolved" in document.notes


# ---- blocks and sections


def test_a_snippet_is_a_paragraph():
    assert kinds(from_text("OR 3.94 (95% CI 2.64-5.87)")) == [("paragraph", "other")]


def test_structured_abstract_without_its_name():
    text = (
        f"Peng Mao,\nSome Hospital, China\n\nRisk factors of pain in patients with bone metastases: a review\n\nBackground: {PARAGRAPH}\n\n"
        f"Results: {PARAGRAPH}\n\nKEYWORDS\n\npain, bone\n\nIntroduction\n\n{PARAGRAPH}\n\nResults\n\nBaseline data\n\n{PARAGRAPH}"
    )
    found = kinds(from_text(text))
    assert found == [
        ("front", "front"), ("title", "front"), ("paragraph", "abstract"), ("paragraph", "abstract"),
        ("front", "front"), ("front", "front"),
        ("heading", "introduction"), ("paragraph", "introduction"), ("heading", "results"),
        ("heading", "results"), ("paragraph", "results"),
    ]  # fmt: skip


def test_headings_of_the_abstract_do_not_open_the_body():
    text = "\n\n".join(
        [
            "# T",
            "## Abstract",
            "### Results",
            PARAGRAPH,
            "## Introduction",
            PARAGRAPH,
            "## 3. RESULTS",
            PARAGRAPH,
            "## References",
            "1. A B. 2010.",
        ]
    )
    document = from_text(text, format="markdown")
    assert [section for kind, section in kinds(document) if kind == "paragraph"] == [
        "abstract",
        "introduction",
        "results",
    ]
    assert kinds(document)[-1] == ("reference", "references")


def test_abstract_and_body_with_the_same_headings():
    text = "\n\n".join(
        [
            "Abstract",
            "Background",
            PARAGRAPH,
            "Methods",
            PARAGRAPH,
            "Results",
            PARAGRAPH,
            "Background",
            PARAGRAPH,
            "Methods",
            PARAGRAPH,
        ]
    )
    sections = [section for kind, section in kinds(from_text(text)) if kind == "paragraph"]
    assert sections == ["abstract", "abstract", "abstract", "introduction", "methods"]


def test_back_matter_within_the_methods_ends_with_the_next_heading():
    text = "\n\n".join(
        ["## Methods", "### Ethics statement", PARAGRAPH, "### Patients", PARAGRAPH, "## Funding", PARAGRAPH]
    )
    assert [section for kind, section in kinds(from_text(text)) if kind == "paragraph"] == ["back", "methods", "back"]


def test_headings_in_wrapped_text_without_blank_lines():
    text = (
        "Results\nBaseline characteristics\n"
        "There were no differences between the groups in age or sex (P = 0.8), as the table on the page\n"
        "shows.\nDISCUSSION\nWe found this."
    )
    assert [block.kind for block in from_text(text).blocks] == [
        "heading",
        "heading",
        "paragraph",
        "heading",
        "paragraph",
    ]


def test_a_sentence_about_a_table_is_no_caption():
    document = from_text(
        "Results\n\nTable 2 shows that 82 of 103 patients (79.6%) had an event.\n\nFigure 3 Survival of the patients."
    )
    assert [block.kind for block in document.blocks] == ["heading", "paragraph", "caption"]


def test_a_result_is_no_heading():
    document = from_text(f"Results\n\nMean age = 62.0 (SD 11.4)\n\n{PARAGRAPH}")
    assert [block.kind for block in document.blocks] == ["heading", "paragraph", "paragraph"]


# ---- broken paragraphs


def test_a_sentence_broken_by_a_blank_line_is_one_block():
    document = from_text(
        f"{PARAGRAPH}They had 1.79 times greater odds compared\n\nto those without (95% CI 1.31-2.43)."
    )
    assert len(document.blocks) == 1
    assert "compared  to those without (95% CI 1.31-2.43)." in document.plain


def test_a_sentence_broken_by_a_table_goes_on_below():
    head = f"{PARAGRAPH}This translated into a 32% relative reduction in the"
    text = (
        f"Results\n\n{head}\n\nTable 2. Events\n\na\tb\nc\t1\nd\t2\n\n"
        f"Note: AE: adverse event.\n\nFigure 4. Survival.\n\nrisk of death (HR 0.68)."
    )
    blocks = from_text(text).blocks
    assert [block.kind for block in blocks] == [
        "heading",
        "paragraph",
        "caption",
        "table",
        "note",
        "caption",
        "paragraph",
    ]
    assert blocks[6].continues == 1


def test_running_heads_are_no_text():
    words = "Pain control after radiotherapy and analgesia"
    text = (
        f"Results\n\n{PARAGRAPH}It was seen in\n\n{words}\n\nmost patients. {PARAGRAPH}\n\n"
        f"{words}\n\n12\n\n{PARAGRAPH}\n\n{words}\n\n{PARAGRAPH}"
    )
    document = from_text(text)
    assert [block.kind for block in document.blocks].count("front") == 4
    assert document.blocks[3].continues == 1


# ---- tables


def test_tabs_with_empty_cells_captions_and_notes():
    text = (
        "TABLE 2 Study data\n\nStudy\tN\tAge\tResponse (%)\nA 2019 [13]\t10\t\t8 (80)\nB 2018\t\t\t\n"
        "C\t11\t60\n\n\\*Estimated\n\nPS, pain score, TR, treatment response\n\nAll of them were well."
    )
    document = from_text(text)
    assert grid(document) == [
        ["Study", "N", "Age", "Response (%)"],
        ["A 2019 [13]", "10", "", "8 (80)"],
        ["B 2018", "", "", ""],
        ["C", "11", "60", ""],
    ]
    table = document.tables[0]
    assert (table.label, table.caption, table.note) == (
        "Table 2",
        "TABLE 2 Study data",
        "\\*Estimated PS, pain score, TR, treatment response",
    )
    assert document.text[table.caption_start : table.caption_start + 7] == "TABLE 2"
    assert [block.kind for block in document.blocks][-1] == "paragraph"


def test_a_table_broken_over_pages_is_one():
    head = "Study\tN\tOR"
    text = f"Table 2 Data\n\n{head}\nA\t1\t1.1\n\n(Continued)\n\nTABLE 2 (Continued)\n\n{head}\nB\t2\t1.2\nC\t3\t1.3\n\nText goes on here."
    document = from_text(text)
    assert grid(document) == [["Study", "N", "OR"], ["A", "1", "1.1"], ["B", "2", "1.2"], ["C", "3", "1.3"]]
    assert document.notes == ("Table 2 goes on after a break: 2 rows were joined to it",)
    assert [block.table for block in document.blocks] == [0, 0, 0, 0, 0, None]


def test_two_tables_below_each_other_stay_two():
    document = from_text("Table 1. A\n\nx\ty\na\t1\n\nTable 2. B\n\nx\ty\nb\t2\n")
    assert [table.label for table in document.tables] == ["Table 1", "Table 2"]


def test_a_table_of_values_has_no_header():
    document = from_text(
        "Table 1 Population\n\nNumber of studies\t33 (13 abstracts)\nNumber of patients\t1082 (median 21)\n"
    )
    assert document.tables[0].header_rows == 0


def test_a_header_of_two_lines():
    document = from_text("Table 1. X\n\nVariable\tGroup A\t\tGroup B\t\n\tn\t%\tn\t%\nMale\t3\t30\t4\t40\n")
    assert document.tables[0].header_rows == 2


def test_a_row_broken_by_a_line_end_is_joined():
    document = from_text(
        "Table 1. X\n\nVariable\tA\tB\nStage\t3 (30)\t4 (40)\nCause of\npain\t5 (50)\t6 (60)\nLung\t1\t2\n"
    )
    assert ["Lung", "1", "2"] in grid(document)
    short = from_text("Table 1. X\n\nVariable\tA\tB\nStage\tthree of\nten\t4 (40)\nLung\t1\t2\nSkin\t1\t2\n")
    assert grid(short)[1] == ["Stage", "three of ten", "4 (40)"]


def test_cells_without_words_are_no_table():
    for text in ("\t\t\n\t\t\n", "| | |\n|---|---|\n| | |\n", "Table 1. X\n\n\t\t\n\t\t\n"):
        assert from_text(text).tables == ()


def test_pipes():
    text = "| Variable | A \\| B | |\n|:--|:-:|--:|\n| Age | 62 | |\n| Sex | 1 | 2 |\n"
    document = from_text(text)
    assert grid(document) == [["Variable", "A \\| B", ""], ["Age", "62", ""], ["Sex", "1", "2"]]
    assert document.tables[0].header_rows == 1


def test_columns_of_blanks():
    text = (
        "Table 3. Response by group\n\n"
        "Variable             Control     Treated     P value\n"
        "                     (n = 103)   (n = 102)\n"
        "-----------------------------------------------------\n"
        "Any event            82 (79.6)   80 (78.4)   0.836\n"
        "Pain flare           15 (14.6)   11 (10.8)   0.416\n"
        "Skin reaction        21 (20.4)               0.706\n\n"
        "Note: data are n (%).\n"
    )
    document = from_text(text)
    table = document.tables[0]
    assert table.header_rows == 2
    assert table.column_name(1) == "Control (n = 103)"
    assert [[cell.text for cell in row] for row in table.body] == [
        ["Any event", "82 (79.6)", "80 (78.4)", "0.836"], ["Pain flare", "15 (14.6)", "11 (10.8)", "0.416"],
        ["Skin reaction", "21 (20.4)", "", "0.706"],
    ]  # fmt: skip
    assert table.note == "Note: data are n (%)."


def test_prose_in_two_columns_is_no_table():
    row = "the patients were followed for some weeks       after which the outcome was taken again\n"
    assert from_text(row * 6).tables == ()


def test_tags_of_a_table_within_text():
    text = (
        "Table 1. X\n\n<table><tr><th rowspan=2>V</th><th colspan=2>Group</th></tr><tr><th>"
        "A</th><th>B</th></tr>\n<tr><td>Age</td><td>62.0</td><td>61.0</td></tr></table>\n\nMore."
    )
    document = from_text(text)
    assert grid(document) == [["V", "Group", "Group"], ["V", "A", "B"], ["Age", "62.0", "61.0"]]
    assert document.tables[0].header_rows == 2
    assert document.tables[0].label == "Table 1"


# ---- files and time


@pytest.mark.parametrize(
    ("data", "words", "note"),
    [
        ("0·68 – 1".encode(), "0·68 – 1", None),
        ("\ufeffOR 1.2".encode(), "OR 1.2", None),
        ("OR 1.2 – x".encode("utf-16"), "OR 1.2 – x", "UTF-16"),
        ("OR 1.2 \u2013 x".encode("utf-16-le"), "OR 1.2 \u2013 x", "UTF-16"),
        ("Größe 1.2 ± 0.3 – x".encode("cp1252"), "Größe 1.2 ± 0.3 – x", "Windows-1252"),
        (b"a\r\nb\rc", "a\nb\nc", None),
    ],
)
def test_encodings(tmp_path, data, words, note):
    path = tmp_path / "p.txt"
    path.write_bytes(data)
    document = read_document(path, limits=False)
    assert document.text == words
    assert (note is None) == (not document.notes)
    assert note is None or note in document.notes[0]


@pytest.mark.slow  # a clock decides: not in make test
@pytest.mark.parametrize(
    "unit",
    [
        "a  b\n",
        "\\(",
        "a\tb\n",
        "**a ",
        "<sup>1",
        "$a",
        "[a](",
        "Table 1. x\n",
        "²,",
        "0,5 ",
        "|a|\n",
        "&amp",
        "<table><tr><td>",
    ],
)
def test_time_grows_with_length_only(unit):
    """Twice the text may take four times as long at most (twice is expected; the rest is noise of a shared machine).

    The shortest of three runs counts: a garbage collection of the whole suite's objects falls into single runs.
    """

    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        took = []
        for _ in range(3):
            start = time.process_time()
            from_text(text)
            took.append(time.process_time() - start)
        return min(took)

    assert seconds(60_000) < 4 * seconds(30_000) + 0.2


@pytest.mark.slow  # a clock decides: not in make test
def test_five_hundred_pages_a_second():
    """3,000 characters are a page; a quarter of the wanted speed is asked so that a busy machine does not fail."""
    text = "\n\n".join([PARAGRAPH * 6 + "OR 1.37 (95% CI 1.03–1.83; *I*² = 45\\%)."] * 300)
    start = time.process_time()
    from_text(text)
    assert len(text) / 3000 / (time.process_time() - start) > 125


SEEDS = Path(__file__).parents[2] / "../shared/seeds"


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.txt")) if SEEDS.is_dir() else [], ids=lambda path: path.name[:3])
def test_real_papers_are_read_without_loss(path):
    document = read_document(path, limits=False)
    covered = sum(block.end - block.start for block in document.blocks)
    assert covered > 0.98 * len("".join(document.text.split("\n\n")))
    for table in document.tables:
        assert len({len(row) for row in table.cells}) == 1


def test_hyphens_of_a_range_are_one_dash():
    from ostealgia.io.documents.signs import plain_of

    assert plain_of("CI 1.06--3.89") == "CI 1.06- 3.89"
    assert plain_of("-4.4 (-5.0--3.7)") == "-4.4 (-5.0--3.7)"  # a dash and a minus


def test_a_few_letters_without_a_meaning_do_not_stop_a_text(tmp_path):
    from ostealgia.io.documents.reading import read_here

    path = tmp_path / "a.txt"
    words = "The response was 12 of 30 (40%) in these patients. " * 300
    path.write_bytes(words.encode() + b"1.2 \x17 0.4 " * 10)
    document = read_here(path)
    assert "40%" in document.text and any("control characters" in note for note in document.notes)
