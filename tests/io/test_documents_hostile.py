"""Files that are broken, hostile or no paper: one clear message each, the other papers are still read."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest

import documents_made as made
from ostealgia.errors import DocumentError
from ostealgia.io.documents.children import READING, in_children, read_documents, read_in_child
from ostealgia.io.documents.model import Document
from ostealgia.io.documents.reading import read_document, read_here

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE article [<!ENTITY a "ha">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b"<article><body><p>&c;</p></body></article>"
)


def _empty_pages() -> bytes:
    return made.pdf([made.PdfPage("0 0 100 100 re f\n") for _ in range(3)])


def _zip(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return out.getvalue()


HOSTILE = {
    "empty.pdf": (b"", "the file is empty"),
    "blank.txt": (b" \n\t ", "the file is empty"),
    "scan.pdf": (_empty_pages(), "holds no text"),
    "garbage.pdf": (b"%PDF-1.7\n" + bytes(range(256)) * 40, "the PDF is damaged"),
    "truncated.pdf": (made.as_pdf()[:300], "the PDF is damaged"),
    "encrypted.pdf": (
        made.pdf(
            [made.PdfPage()],
            trailer="/Encrypt << /Filter /Standard /V 1 /R 2 /O <"
            + "41" * 32
            + "> /U <"
            + "42" * 32
            + "> /P -4 >> /ID [<41><41>] ",
        ),
        "encrypted",
    ),
    "binary.txt": (bytes(range(256)) * 20, "the text cannot be read"),
    "picture.pdf": (b"\x89PNG\r\n\x1a\n" + b"0" * 50, "a PNG picture"),
    "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 50, "an old Office file"),
    "archive.zip": (_zip({"a.txt": b"x"}), "a zip archive"),
    "broken.docx": (made.as_docx()[:400], "the file is damaged"),
    "half.docx": (_zip({"word/document.xml": b"<w:document><w:body>"}), "the Word file is damaged"),
    "bomb.xml": (BOMB, "entities that are built from other entities"),
    "cut.xml": (made.as_jats().encode()[:900], "not well-formed XML"),
    "other.xml": (b"<?xml version='1.0'?><catalog><book/></catalog>", "this kind of XML is not a paper"),
    "scripts.html": (
        b"<html><head><script>alert(1)</script></head><body><script>x</script><nav>Home</nav></body></html>",
        "holds no text",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_one_message_that_names_the_file(tmp_path, name):
    data, words = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DocumentError) as caught:
        read_here(path)
    message = str(caught.value)
    assert words in message
    assert message.startswith(str(path))
    assert "\n" not in message
    assert message.count("Expected") + message.count("Found") >= 1


def test_folders_and_missing_files(tmp_path):
    with pytest.raises(DocumentError, match="this is a folder"):
        read_here(tmp_path)
    with pytest.raises(DocumentError, match="does not exist"):
        read_here(tmp_path / "none.pdf")


def test_zip_bombs_are_not_unpacked(tmp_path, monkeypatch):
    from ostealgia.io.documents import docx

    monkeypatch.setattr(docx, "_LARGEST", 1_000_000)
    body = made.docx("<w:p><w:r><w:t>" + "0" * 3_000_000 + "</w:t></w:r></w:p>")
    sheet = _zip({"xl/workbook.xml": b"<x/>", "xl/big.xml": b"0" * 3_000_000})
    for name, data in (("bomb.docx", body), ("bomb.xlsx", sheet)):
        path = tmp_path / name
        path.write_bytes(data)
        assert len(data) < 100_000
        with pytest.raises(DocumentError, match="too large"):
            read_here(path)


def test_external_entities_are_not_loaded(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("OR 6.66")
    path = tmp_path / "x.xml"
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE article [<!ENTITY x SYSTEM "file://{secret}">'
        f"]><article><body><p>Text &x; here.</p></body></article>"
    )
    assert "6.66" not in read_here(path).text


def test_one_bad_paper_does_not_stop_the_others(tmp_path):
    papers = {
        "a.txt": made.as_text().encode(),
        "b.pdf": HOSTILE["garbage.pdf"][0],
        "c.pdf": made.as_pdf(),
        "d.xml": BOMB,
    }
    for name, data in papers.items():
        (tmp_path / name).write_bytes(data)
    done = []
    read = dict(
        read_documents([tmp_path / name for name in papers], processes=2, progress=lambda path: done.append(path.name))
    )
    assert [type(read[tmp_path / name]).__name__ for name in papers] == [
        "Document",
        "DocumentError",
        "Document",
        "DocumentError",
    ]
    assert sorted(done) == sorted(papers)
    assert read[tmp_path / "c.pdf"].tables[0].label == "Table 1"


def test_a_child_reads_as_its_parent_does(tmp_path):
    path = tmp_path / "a.html"
    path.write_text(made.as_html())
    assert read_document(path) == read_here(path)


def test_a_paper_that_takes_too_long_is_ended(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("a  b\n" * 400_000)
    with pytest.raises(DocumentError, match="takes too long to read"):
        read_in_child(path, seconds=0.8)


def test_a_paper_that_waits_for_the_processor_is_read(tmp_path):
    """The limit is of processor time: on a busy machine a paper takes longer by the clock than it may work."""
    path = tmp_path / "a.txt"
    path.write_text("Pain improved.")
    start = (
        "import time\nfrom ostealgia.io.documents import children\n"
        "def waits(*given):\n    time.sleep(2)\n    return children._read(*given)\n"
        "children.serve(waits)"
    )
    ((_, found),) = in_children([path], replace(READING, start=start), seconds=1)
    assert isinstance(found, Document)


def test_a_paper_that_takes_too_much_memory_is_refused(tmp_path):
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(1_200_000_000)  # holes: nothing is written
    with pytest.raises(DocumentError, match="too much memory"):
        read_in_child(path)


def test_errors_name_the_page():
    error = DocumentError("no text", file="a.pdf", page=3, found="0 letters", action="Give the HTML.")
    assert str(error) == "a.pdf, page 3: no text. Found: 0 letters. Give the HTML."
