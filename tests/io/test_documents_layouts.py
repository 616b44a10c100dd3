"""The same paper in every format gives the same sentences, sections and table."""

from __future__ import annotations

import re

import pytest

import documents_made as made
from ostealgia.io.documents.reading import read_document

PAPERS = {
    "paper.txt": made.as_text,
    "paper.md": made.as_markdown,
    "paper.html": made.as_html,
    "paper.xml": made.as_jats,
    "paper.docx": made.as_docx,
    "two-columns.pdf": made.as_pdf,
    "one-column.pdf": lambda: made.as_pdf(columns=1),
    "no-rules.pdf": lambda: made.as_pdf(ruled=False),
}
FORMATS = {".txt": "text", ".md": "markdown", ".html": "html", ".xml": "jats", ".docx": "docx", ".pdf": "pdf"}


@pytest.fixture(params=PAPERS)
def paper(request, tmp_path):
    content = PAPERS[request.param]()
    path = tmp_path / request.param
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_document(path, limits=False)


def _squeezed(words: str) -> str:
    """Dashes and blanks as the plain text has them, blanks left out: formats break lines at other places."""
    return re.sub(r"\s+", "", words.replace("–", "-").replace("−", "-"))


def test_every_sentence_is_read_in_its_section(paper):
    for section, paragraphs in made.SECTIONS.items():
        wanted = section.lower()
        read = _squeezed(
            "".join(paper.plain[b.start : b.end] for b in paper.blocks if b.section == wanted and b.kind == "paragraph")
        )
        for words in paragraphs:
            assert _squeezed(words) in read


def test_the_abstract_is_the_abstract(paper):
    read = _squeezed("".join(paper.plain[b.start : b.end] for b in paper.blocks if b.section == "abstract"))
    for words in made.ABSTRACT.values():
        assert _squeezed(words) in read
    assert _squeezed(made.SECTIONS["Results"][0]) not in read


def test_the_table_is_the_same(paper):
    assert len(paper.tables) == 1
    table = paper.tables[0]
    assert [[cell.text for cell in row] for row in table.cells] == made.TABLE
    assert table.header_rows == 1
    assert table.label == "Table 1"
    assert "Characteristics of the patients" in table.caption
    assert table.note == made.NOTE
    assert table.column_name(1) == "Control (n = 103)"


def test_the_title_and_the_references_are_no_results(paper):
    kinds = {
        kind: _squeezed("".join(paper.plain[b.start : b.end] for b in paper.blocks if b.kind == kind))
        for kind in ("title", "reference")
    }
    assert _squeezed(made.TITLE) == kinds["title"]
    assert "2010;12:34-56." in kinds["reference"]


def test_places_are_exact(paper):
    assert len(paper.text) == len(paper.plain)
    last = 0
    for block in paper.blocks:
        assert last <= block.start <= block.end <= len(paper.text)
        last = block.end
    for table in paper.tables:
        for r, row in enumerate(table.cells):
            assert len(row) == table.n_columns
            for c, cell in enumerate(row):
                assert (cell.row, cell.column) == (r, c)
                assert paper.text[cell.start : cell.end] == cell.text


def test_the_format_is_named(paper):
    suffix = "." + paper.name.rsplit(".", 1)[1]
    assert paper.format == FORMATS[suffix]


def test_nothing_of_menus_scripts_heads_and_feet_is_read(paper):
    for words in ("9.99", "Home", "Copyright", "Journal of Pain Tests"):
        assert words not in paper.text


def test_pages_of_the_pdf(tmp_path):
    path = tmp_path / "p.pdf"
    path.write_bytes(made.as_pdf())
    paper = read_document(path, limits=False)
    assert len(paper.page_starts) == 3
    assert list(paper.page_starts) == sorted(paper.page_starts)
    assert paper.page(paper.tables[0].start) == 1
    assert any("heads, feet and page numbers" in note for note in paper.notes)
