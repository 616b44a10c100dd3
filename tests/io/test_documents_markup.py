"""HTML, JATS, Word and sheets: raised figures, merged cells, formulas, hidden words."""

from __future__ import annotations

import openpyxl
import pytest

import documents_made as made
from ostealgia.errors import DocumentError
from ostealgia.io.documents.reading import read_here


@pytest.fixture
def read(tmp_path):
    def reading(content, name):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_here(path)

    return reading


def grid(document, table=0):
    return [[cell.text for cell in row] for row in document.tables[table].cells]


# ---- HTML


@pytest.mark.parametrize(
    ("code", "text", "plain"),
    [
        ("I<sup>2</sup> = 45%", "I² = 45%", "I² = 45%"),
        ("<i>&chi;</i><sup>2</sup> = 3.2", "χ² = 3.2", "χ² = 3.2"),
        ("p = 10<sup>&minus;3</sup>", "p = 10⁻³", "p = 10⁻³"),
        ("SD 4.1<sup>a</sup> here", "SD 4.1ᵃ here", "SD 4.1  here"),
        ("seen before.<sup>12,13</sup> It", "seen before.¹²,¹³ It", "seen before.      It"),
        ("seen<a href='#b1'>12</a> It", "seen¹² It", "seen   It"),
        ("seen [<a href='#b1'>12</a>] It", "seen [12] It", "seen [12] It"),
        ("see <a href='#t2'>Table 2</a>", "see Table 2", "see Table 2"),
        ("the 1<sup>st</sup> day", "the 1st day", "the 1st day"),
        ("2&thinsp;774 men", "2\u2009774 men", "2,774 men"),
        ("a<span style='display: none'>9</span>b <span class='sr-only'>8</span>c", "ab c", "ab c"),
        ("<math><msup><mi>I</mi><mn>2</mn></msup><mo>=</mo><mn>45</mn></math>", "I² = 45", "I² = 45"),
        ("n&nbsp;=&nbsp;103", "n\xa0=\xa0103", "n = 103"),
    ],
)
def test_words_of_a_page(read, code, text, plain):
    document = read(f"<html><body><p>{code}</p></body></html>", "a.html")
    assert (document.text, document.plain) == (text, plain)


def test_merged_cells_are_copied(read):
    code = (
        "<html><body><p>Table 2. X</p><table><thead><tr><th rowspan='2'>V</th>"
        "<th colspan='2'>Group</th></tr><tr><th>A (n = 10)</th><th>B</th></tr></thead>"
        "<tbody><tr><td>Age</td><td>61<sup>b</sup></td><td>60</td></tr><tr><td colspan='3'>Site</td></tr></tbody></table></body></html>"
    )
    document = read(code, "a.html")
    assert grid(document) == [
        ["V", "Group", "Group"],
        ["V", "A (n = 10)", "B"],
        ["Age", "61ᵇ", "60"],
        ["Site", "Site", "Site"],
    ]
    table = document.tables[0]
    assert (table.header_rows, table.label, table.column_name(1)) == (2, "Table 2", "Group A (n = 10)")
    assert [cell.copied for cell in table.cells[0]] == [False, False, True]
    assert document.text.count("Group") == 1


def test_lines_within_cells_are_rows(read):
    code = (
        "<html><body><table><tr><th>Site</th><th>n (%)</th></tr><tr><td>"
        "Breast<br>Lung</td><td>3 (30)<br>7 (70)</td></tr></table></body></html>"
    )
    assert grid(read(code, "a.html")) == [["Site", "n (%)"], ["Breast", "3 (30)"], ["Lung", "7 (70)"]]


def test_tables_that_arrange_a_page_are_no_tables(read):
    code = (
        "<html><body><table><tr><td><p>One paragraph of the text.</p><table><tr><td>a</td>"
        "<td>1</td></tr><tr><td>b</td><td>2</td></tr></table></td></tr></table></body></html>"
    )
    document = read(code, "a.html")
    assert grid(document) == [["a", "1"], ["b", "2"]]
    assert document.blocks[0].kind == "paragraph"


def test_deep_nesting_is_refused_not_cut(read):
    assert "deep 1.5" in read("<html><body>" + "<div>" * 150 + "<p>deep 1.5</p>", "a.html").text
    with pytest.raises(DocumentError, match="nested too deeply"):
        read("<html><body><p>top</p>" + "<div>" * 5000 + "<p>deep 1.5</p>", "a.html")


def test_declared_charset(read):
    data = '<html><head><meta charset="iso-8859-1"></head><body><p>Größe 1.2 ± 0.3</p></body></html>'.encode("latin-1")
    assert read(data, "a.html").text == "Größe 1.2 ± 0.3"


# ---- JATS


def jats(body: str) -> str:
    return f'<article xmlns:mml="http://www.w3.org/1998/Math/MathML"><body><sec><title>Results</title>{body}</sec></body></article>'


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("<p>Seen.<xref ref-type='bibr'>1</xref> So</p>", "Seen.  So"),
        ("<p>Seen [<xref ref-type='bibr'>1</xref>] so</p>", "Seen [1] so"),
        ("<p>As in <xref ref-type='table'>Table 1</xref></p>", "As in Table 1"),
        (
            "<p><italic>I</italic><sup>2</sup> = <inline-formula><mml:math><mml:mn>45</mml:mn></mml:math></inline-formula></p>",
            "I² = 45",
        ),
        ("<p>OR&#x2009;=&#xa0;1.37</p>", "OR = 1.37"),
    ],
)
def test_words_of_an_article(read, code, plain):
    document = read(jats(code), "a.xml")
    assert document.plain.split("\n\n")[1] == plain


def test_a_table_within_a_paragraph_does_not_end_its_sentence(read):
    table = (
        "<table-wrap><label>Table 1</label><caption><p>X</p></caption><table><tr>"
        "<th>a</th><th>b</th></tr><tr><td>c</td><td>1</td></tr></table></table-wrap>"
    )
    document = read(jats(f"<p>The risk of the event was reduced by a{table}third (HR 0.68).</p>"), "a.xml")
    assert [block.kind for block in document.blocks] == ["heading", "paragraph", "caption", "table", "paragraph"]
    assert document.blocks[4].continues == 1


def test_a_table_that_is_a_picture_is_told(read):
    document = read(jats("<table-wrap><label>Table 3</label><graphic/></table-wrap><p>Text.</p>"), "a.xml")
    assert "Table 3 is a picture or empty: it was not read" in document.notes


def test_section_types_where_titles_say_nothing(read):
    code = (
        "<article><body><sec sec-type='results'><title>What we saw</title><p>"
        "OR 2.</p></sec><sec><title>Results</title><p>x</p></sec></body></article>"
    )
    assert read(code, "a.xml").blocks[1].section == "results"


def test_a_body_without_sections_is_neither_front_nor_abstract(read):
    abstract = "<front><article-meta><abstract><p>A short one.</p></abstract></article-meta></front>"
    plain = read(f"<article>{abstract}<body><p>OR 2.0 here.</p></body></article>", "a.xml")
    assert [block.section for block in plain.blocks] == ["abstract", "other"]
    led = read(
        f"<article>{abstract}<body><p>So far.</p><sec><title>Results</title><p>OR 2.0.</p></sec></body></article>",
        "b.xml",
    )
    assert [block.section for block in led.blocks] == ["abstract", "introduction", "results", "results"]


# ---- Word


def test_merged_cells_deletions_and_raised_figures_of_word(read):
    def cell(words, properties=""):
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{made.word_paragraph(words)}</w:tc>"

    down, across = "<w:vMerge w:val='restart'/>", "<w:gridSpan w:val='2'/>"
    rows = (
        f"<w:tr>{cell('V', down)}{cell('Group', across)}</w:tr>"
        f"<w:tr>{cell('', '<w:vMerge/>')}{cell('A')}{cell('B')}</w:tr><w:tr>{cell('Age')}{cell('61 ± 3')}{cell('60 ± 2')}</w:tr>"
    )
    deleted = (
        "<w:p><w:del><w:r><w:delText>OR 9.9</w:delText></w:r></w:del><w:r><w:t>I</w:t></w:r><w:r><w:rPr>"
        "<w:vertAlign w:val='superscript'/></w:rPr><w:t>2</w:t></w:r><w:ins><w:r><w:t> = 45%</w:t></w:r></w:ins></w:p>"
    )
    document = read(made.docx(f"{deleted}<w:tbl>{rows}</w:tbl>"), "a.docx")
    assert document.plain.startswith("I² = 45%\n")
    assert grid(document) == [["V", "Group", "Group"], ["V", "A", "B"], ["Age", "61 ± 3", "60 ± 2"]]
    assert document.tables[0].header_rows == 2
    assert document.notes == ("tracked deletions of the Word file were left out and insertions read",)


# ---- sheets


def test_csv_with_a_title_row_and_short_rows(read):
    document = read('Table 1. Events\nEvent;A (n = 10);B\n"Pain, any";3 (30);4\nNausea;1\n', "t.csv")
    assert document.format == "csv"
    assert grid(document) == [["Event", "A (n = 10)", "B"], ["Pain, any", "3 (30)", "4"], ["Nausea", "1", ""]]
    assert document.tables[0].caption == "Table 1. Events"


def test_sheets_show_the_decimals_that_are_shown(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Factor", "P", "Share"])
    sheet.append(["Age", 0.88312, 0.4189])
    sheet["B2"].number_format, sheet["C2"].number_format = "0.000", "0.0%"
    other = book.create_sheet("Events")
    other.append(["Group", "n", "n"])
    other.append(["", "A", "B"])
    other.append(["Pain", 3, 4])
    other.merge_cells("B1:C1")
    book.save(tmp_path / "t.xlsx")
    document = read_here(tmp_path / "t.xlsx")
    assert grid(document, 0) == [["Factor", "P", "Share"], ["Age", "0.883", "41.9%"]]
    assert grid(document, 1) == [["Group", "n", "n"], ["", "A", "B"], ["Pain", "3", "4"]]
    assert document.tables[1].header_rows == 2
