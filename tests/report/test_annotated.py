"""The annotated page of a paper: nothing of the paper runs, every finding has a mark that the keyboard reaches, any size."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostealgia.audit.checks.registry import question, rule_names
from ostealgia.audit.finding import Finding
from ostealgia.audit.result import Audit
from ostealgia.errors import OptionError
from ostealgia.io.documents.model import Document
from ostealgia.io.documents.reading import from_text
from ostealgia.report.annotated_page import annotated
from ostealgia.report.annotated_parts import marks_of, parts_of

PAPER = """# A small trial

## Results

In all, 8 of 30 patients (2.7%) had pain, and 12 of 40 (30%) had none.

Table 1. Patients

Variable | Control (n = 30) | Treated (n = 40)
--- | --- | ---
Women | 10 (33.3) | 20 (50.0)
Lung | 5 (16.7) | 9 (25.5)
"""


def finding(document: Document, words: str, *, nth: int = 0, **more) -> Finding:
    """A finding about the nth place of some words."""
    at = -1
    for _ in range(nth + 1):
        at = document.text.index(words, at + 1)
    told = {"rule": "percent-vs-count", "verdict": "consistent", "severity": "none", "message": "it fits"} | more
    span = (at, at + len(words))
    return Finding(document=document.name, line=document.line(at), span=span, quote=words, reported=words, **told)


@pytest.fixture
def audit() -> Audit:
    document = from_text(PAPER, "trial.md", "markdown")
    wrong = {"verdict": "inconsistent", "severity": "major", "recomputed": 26.6667, "repair": "26.7"}
    return Audit(
        document=document,
        statements=4,
        notes=("one note",),
        findings=(
            finding(document, "2.7%", **wrong, message="8 of 30 is 26.67%; printed 2.7%", cause="a digit is missing"),
            finding(document, "12 of 40 (30%)"),
            finding(document, "30%", rule="GRIM", verdict="rounding"),
            finding(document, "9 (25.5)", verdict="impossible", severity="conclusion-changing", message="not a count"),
            finding(document, "10 (33.3)"),
            finding(document, "A small trial", verdict="inconsistent", severity="information", message="to note only"),
        ),
    )


class Page(HTMLParser):
    """Elements of a page: names, ids, links, classes, and whether tags are balanced."""

    VOID = frozenset({"meta", "input", "br", "path", "use", "link", "hr", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.marks: dict[str, dict[str, str]] = {}
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        self.names.append(tag)
        self.attributes |= set(found)
        if "id" in found:
            self.ids.append(found["id"])
        if "href" in found:
            self.links.append(found["href"])
        if tag == "span" and re.fullmatch(r"m\d+", found.get("id", "")):
            self.marks[found["id"]] = found
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open[-5:])
        self.open.pop()


def words_of(page: str) -> str:
    """What a reader sees, without mark-up."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.partition("<body>")[2]))


def test_every_finding_has_a_mark_with_its_note(audit):
    page = Page(annotated(audit))
    _, marks, unplaced = parts_of(audit)
    assert not unplaced
    assert sum(len(mark.findings) for mark in marks) == len(audit.findings)
    assert set(page.marks) == {f"m{mark.number}" for mark in marks}
    for mark in page.marks.values():  # reached by the keyboard, described by its popover
        assert mark["tabindex"] == "0"
        assert mark["aria-describedby"] in page.ids


def test_ids_are_unique_and_every_link_leads_somewhere_in_the_page(audit):
    page = Page(annotated(audit))
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert all(link.startswith("#") for link in page.links)  # nothing leads out of the page


def test_overlapping_findings_are_one_mark(audit):
    marks = marks_of(audit)
    both = next(mark for mark in marks if len(mark.findings) == 2)
    assert audit.document.text[both.start : both.end] == "12 of 40 (30%)"
    assert both.kind == "rounding"  # the gravest


def test_the_words_of_a_flag_are_there_and_signs_of_markup_are_not(audit):
    page = annotated(audit)
    text = words_of(page)
    for words in ("8 of 30 is 26.67%; printed 2.7%", "a digit is missing", "26.7", "one note", "A small trial"):
        assert words in text
    assert "# A small" not in text


def test_the_page_holds_no_script_and_forbids_them(audit):
    page = annotated(audit)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    parsed = Page(page)
    assert not {"script", "iframe", "object", "embed", "img", "link", "form"} & set(parsed.names)
    assert not {name for name in parsed.attributes if name.startswith("on")} and "style" not in parsed.attributes


HOSTILE = (
    '<script>alert(1)</script> 5 of 10 (50%) <img src=x onerror="alert(1)"> </span></style><svg/onload=alert(1)> '
    "{{ 7*7 }} {% raw %} javascript:alert(1) \u202e evil \x00 \" ' > <!-- "
)


def test_hostile_text_is_only_text():
    document = Document(name='"><script>x</script>', format="html", text=HOSTILE, plain=HOSTILE)
    found = finding(
        document,
        "5 of 10 (50%)",
        verdict="inconsistent",
        severity="major",
        message=HOSTILE,
        cause=HOSTILE,
        repair=HOSTILE,
    )
    page = annotated(Audit(document=document, findings=(found,), notes=(HOSTILE,)))
    parsed = Page(page)
    assert "script" not in parsed.names and "img" not in parsed.names
    assert not {name for name in parsed.attributes if name.startswith("on")}
    assert "{{ 7*7 }}" in page  # set as it is, not evaluated
    assert "\u202e" not in page and "\x00" not in page


@given(st.text(max_size=400))
def test_any_text_gives_a_well_formed_page(text):
    document = Document(name="a.txt", format="html", text=text, plain=text)
    page = Page(annotated(Audit(document=document)))
    assert "script" not in page.names


@given(st.lists(st.tuples(st.integers(0, 190), st.integers(1, 60)), max_size=12))
def test_marks_at_any_places_lose_neither_words_nor_findings(places):
    text = PAPER[:200]
    document = from_text(text, "a.txt")
    found = tuple(
        Finding(rule="GRIM", reported="1", verdict="consistent", span=(start, min(start + length, len(document.text))))
        for start, length in places
        if start < len(document.text)
    )
    audit = Audit(document=document, findings=found)
    parts, marks, unplaced = parts_of(audit)
    assert not unplaced
    assert sum(len(mark.findings) for mark in marks) == len(found)
    plain = parts_of(Audit(document=document))[0]
    assert [_words(part) for part in parts if _words(part)][: len(plain)] or not plain
    joined = "".join(_words(part) for part in parts)
    assert all(word in joined for part in plain for word in re.findall(r"\w{4,}", _words(part)))


def _words(part) -> str:
    pieces = [*part.pieces, *(piece for row in (*part.header, *part.rows) for cell in row for piece in cell.pieces)]
    return "".join(piece.text for piece in pieces)


def test_a_finding_about_a_whole_table_does_not_swallow_its_numbers():
    rows = "\n".join(f"Row {i}\t{i} ({i}.0)\t{2 * i}" for i in range(1, 40))
    document = from_text(f"Results\n\nTable 1. Many rows\n\nName\tn (%)\tall\n{rows}\n\nThe end of it.\n", "t.txt")
    start, end = document.text.index("Name"), document.text.index("The end") - 2
    whole = Finding(rule="total-vs-parts", reported="x", verdict="inconsistent", severity="minor", span=(start, end))
    one = finding(document, "7 (7.0)")
    _, marks, unplaced = parts_of(Audit(document=document, findings=(whole, one)))
    assert not unplaced
    assert [document.text[mark.start : mark.end] for mark in marks] == ["Name", "7 (7.0)"]


def test_a_long_stretch_that_begins_on_a_marked_number_is_pinned_before_it():
    document = from_text(f"Results\n\n5 of 10 (50%) {'and so on ' * 40}\n", "t.txt")
    one = finding(document, "5 of 10")
    start = one.span[0]
    long = Finding(rule="x", reported="5", verdict="consistent", span=(start, start + 300))
    page = annotated(Audit(document=document, findings=(long, one)))
    assert len(Page(page).marks) == 2 and " pin" in page
    assert "5 of 10" in words_of(page)


def test_findings_without_a_place_stand_in_the_notes():
    document = from_text("One line.", "a.txt")
    found = Finding(rule="GRIM", reported="9", verdict="impossible", severity="major", message="nowhere to be found")
    page = annotated(Audit(document=document, findings=(found,)))
    assert "Nowhere to be found." in words_of(page)
    assert len(parts_of(Audit(document=document, findings=(found,)))[2]) == 1


@pytest.mark.parametrize(
    "text", ["", "x", "One line without a number.", "نتائج الدراسة: 8 من 30 (2.7%)", "結果: 8/30 (2.7%)"]
)
def test_very_small_and_other_scripts(text):
    page = annotated(Audit(document=from_text(text, "a.txt")))
    Page(page)
    assert not text.strip() or text.split()[0].rstrip(":") in words_of(page)


def test_same_audit_same_bytes(audit):
    assert annotated(audit) == annotated(audit)


def test_a_paper_of_500_pages_stays_light():
    """1.6 million characters and 4,000 findings: seconds, and a page that a browser opens (under 5 MB)."""
    block = (
        "In this cohort 8 of 30 patients (26.7%) responded, which is what the counts give in each of the groups.\n\n"
    )
    text = block * 15_500
    document = from_text(text, "long.txt")
    starts = [found.start() for found in re.finditer(r"26\.7%", document.text)][:4000]
    findings = tuple(
        Finding(
            rule="percent-vs-count", line=document.line(at), reported="8 (26.7)", verdict="consistent", recomputed=26.6667,
            span=(at, at + 5), message="8 of 30 is 26.67%; printed 26.7%",
        )
        for at in starts
    )  # fmt: skip
    page = annotated(Audit(document=document, findings=findings))
    assert len(page) < 6_000_000


def test_a_power_that_a_greek_letter_holds_is_set_once():
    document = from_text(
        "Heterogeneity was large ($I^2 = 98\\%$, $\\tau^2 = 2.72$, $\\chi^{2} = 9.4$, 10^{-3}).", "a.md", "markdown"
    )
    page = annotated(Audit(document=document))
    for words in ("I² = 98%", "τ² = 2.72", "χ² = 9.4", "10⁻³"):
        assert words in page


def test_a_mark_takes_its_per_cent_sign_and_its_bracket_in():
    document = from_text("Pain fell in 8 of 30 (2.7%), and in 12 of 40 [30 %]. I^2 was 98\\%.", "a.md", "markdown")
    ended = [finding(document, words) for words in ("8 of 30 (2.7", "12 of 40 [30", "98")]
    marks = marks_of(Audit(document=document, findings=tuple(ended)))
    assert [document.text[mark.start : mark.end] for mark in marks] == ["8 of 30 (2.7%)", "12 of 40 [30 %]", "98\\%"]


def test_a_document_is_not_yet_an_audit():
    with pytest.raises(OptionError, match=r"audit is a Document; check the paper first"):
        annotated(from_text("8 of 30", "a.txt"))


def test_the_guide_names_every_rule():
    guide = Path(__file__).parents[2] / "docs" / "guide" / "reading-an-audit.md"
    told = re.findall(r"^\| ([A-Za-z0-9-]+) \| ([^|]+\?) \|$", guide.read_text(encoding="utf-8"), re.MULTILINE)
    assert told == [(name, question(name)) for name in rule_names()]
