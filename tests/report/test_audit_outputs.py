"""Audits as text and as a Word document: the same words, nothing lost, one date."""

from __future__ import annotations

import io
import zipfile

import pytest

from ostealgia.audit.finding import Finding
from ostealgia.audit.result import Audit
from ostealgia.io.documents.reading import from_text
from ostealgia.report.audit_files import Audited, Unread, audit_csv, audit_json, audit_pages
from ostealgia.report.audit_notes import by_rule, kind_counts, place_words, recomputed_text, tally_text
from ostealgia.report.audit_terminal import audit_text, audits_line
from ostealgia.report.audit_word import audit_docx


@pytest.fixture
def audit() -> Audit:
    document = from_text(
        "# A title\n\n## Results\n\nPain fell in 8 of 30 (2.7%); \u221244 \u00b1 2; 5 of 10 (50%).\n",
        "a.txt",
        "markdown",
    )

    def found(words: str, **more) -> Finding:
        at = document.text.index(words)
        base = {"rule": "percent-vs-count", "line": document.line(at), "span": (at, at + len(words)), "quote": words}
        return Finding(document="a.txt", reported=words, **(base | more))

    return Audit(
        document=document,
        notes=("the table goes on after a break",),
        findings=(
            found("5 of 10 (50%)", verdict="consistent", message="5 of 10 is 50%"),
            found(
                "2.7%", verdict="inconsistent", severity="minor", recomputed=26.6667, repair="26.7",
                message="8 of 30 is 26.67%; printed 2.7%", cause="a digit is missing", cause_code="lost-digit",
            ),
            found("44", rule="GRIM", verdict="impossible", severity="conclusion-changing", message="44 is not \u2265 50"),
        ),
    )  # fmt: skip


def test_terminal_text_has_the_gravest_first_in_ascii(audit):
    text = audit_text(audit, signs=False)
    assert text.isascii()
    assert text.index("conclusion-changing\n") < text.index("minor\n")
    assert "note: the table goes on" in text
    assert "5 of 10 is 50%" not in text
    assert "5 of 10 is 50%" in audit_text(audit, everything=True, signs=False)


def test_no_line_is_wider_than_asked(audit):
    assert max(map(len, audit_text(audit, width=60).splitlines())) <= 60


def test_words_of_the_headline(audit):
    assert tally_text(audit) == "3 numbers checked: 1 fits, 1 does not fit, 1 cannot be; 1 changes a conclusion"
    assert kind_counts(audit) == {"consistent": 1, "inconsistent": 1, "impossible": 1}
    assert audits_line([], 2) == "0 papers: 0 numbers checked; 2 files could not be read"


def test_places_in_words(audit):
    assert place_words(audit.document, audit.findings[1]) == "line 5, results"


@pytest.mark.parametrize(
    ("reported", "value", "low", "high", "text"),
    [
        ("0.411", 0.67744, None, None, "0.677"),
        ("8 (2.7)", 40.0, 40.0, 40.0, "40.0"),
        ("0.05", 0.0499, 0.0001, 0.09, "0.050 (0.0001 to 0.090)"),  # a digit more: 0.05 would look the same
        ("0.001", 5.9e-9, 3.4e-9, 9.3e-9, "5.9e-09 (3.4e-09 to 9.3e-09)"),
        ("91", 88.888, None, None, "88.9"),
        ("91", 88.0, None, None, "88"),
        ("higher", None, None, None, ""),
        ("1.2", None, 1.31, 1.42, "1.3 to 1.4"),
        ("2.0", float("inf"), None, None, "\u221e"),
    ],
)
def test_recomputed_values_carry_no_more_digits_than_are_printed(reported, value, low, high, text):
    found = Finding(
        rule="GRIM", reported=reported, verdict="inconsistent", severity="minor", recomputed=value, recomputed_low=low,
        recomputed_high=high,
    )  # fmt: skip
    assert recomputed_text(found) == text


def test_word_document_says_it_all_and_has_one_date(audit):
    import docx

    papers = [Audited(path="a.txt", audit=audit), Unread(path="b.pdf", message="b.pdf: the file is encrypted.")]
    data = audit_docx(papers)
    assert data == audit_docx(papers)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    made = docx.Document(io.BytesIO(data))
    text = "\n".join(paragraph.text for paragraph in made.paragraphs)
    cells = "\n".join(cell.text for table in made.tables for row in table.rows for cell in row.cells)
    for words in ("A title", "1 changes a conclusion", "b.pdf: the file is encrypted.", "the table goes on", "Limits"):
        assert words in text
    for words in ("8 of 30 is 26.67%", "Would fit: 26.7", "Probable cause: a digit is missing", "line 5, results"):
        assert words in cells
    assert sum(line.checked for line in by_rule(audit.findings)) == 3


def test_word_document_of_nothing():
    assert audit_docx([])[:2] == b"PK"


def test_hostile_characters_do_not_stop_word():
    document = from_text("x\x00\x0b <w:p> \ufffe", "a\x07.txt")
    found = Finding(rule="GRIM", reported="\x00\x1f", verdict="impossible", severity="major", message="\x08 & <b>")
    audit_docx([Audited(path="a", audit=Audit(document=document, findings=(found,), notes=("\x01",)))])


def test_json_csv_and_pages_agree_on_what_was_found(audit):
    papers = [Audited(path="a.txt", audit=audit, sha256="0" * 64), Unread(path="b", message="b: no")]
    data = audit_json(papers)
    assert len(data["findings"]) == len(audit.findings) == audit_csv([audit]).count("a.txt,")
    pages = audit_pages(papers)
    assert sorted(pages) == ["a.html", "index.html"]
    assert "1 paper read, 1 not" in pages["index.html"] and "<script" not in pages["index.html"]
