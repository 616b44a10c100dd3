"""The report page: safe, self-contained, deterministic, well-formed, and readable by everyone."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from report_sample import figure, large, sample

from ostealgia.errors import OptionError, OstealgiaError
from ostealgia.report import render_report
from ostealgia.report.content import (
    Analysis,
    Answer,
    Cell,
    ClaimRow,
    Column,
    Download,
    ExclusionRow,
    Problem,
    Question,
    Report,
    Table,
)

VOID = {"meta", "br", "hr", "img", "input", "link", "path", "rect", "use", "circle", "line", "stop", "polygon"}
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{ 7*7 }}"
# fields whose value is a choice or markup of our own, not text from a stranger
CHOICES = {"verdict", "severity", "basis", "align", "svg", "png_base64", "group_by", "key"}


class Outline(HTMLParser):
    """Tags in order with the names of their attributes, checked for balance; ids, links and headings."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag, attrs):
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self._note(tag, attrs)

    def _note(self, tag, attrs):
        names = tuple(name for name, _ in attrs)
        if "data-pad" not in names:  # room before a number depends on the texts of its column
            self.shape.append((tag, names))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href", "action", "data")]
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def hostile(thing):
    """The same report with a hostile ending on every text that may come from a stranger."""
    if isinstance(thing, str):
        return thing + HOSTILE if thing else thing
    if isinstance(thing, tuple):
        return tuple(hostile(part) for part in thing)
    if isinstance(thing, Mapping):
        return {key: hostile(value) for key, value in thing.items()}
    if dataclasses.is_dataclass(thing):
        fields = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing)}
        return dataclasses.replace(thing, **{k: v if k in CHOICES else hostile(v) for k, v in fields.items()})
    return thing


def small() -> Report:
    """A report that shows each kind of cell once, for the snapshot."""
    table = Table(
        id="t",
        title="Studies",
        group_by="design",
        columns=(
            Column(key="study", label="Study"),
            Column(key="design", label="Design"),
            Column(key="change", label="Change", unit="points", align="decimal", digits=1),
            Column(key="check", label="Check"),
        ),
        rows=(
            {"study": "Smith 2011", "design": "cohort", "change": -4.38, "check": Cell(verdict="consistent")},
            {"study": "<b>Jones</b> & Co", "design": "cohort", "change": None, "check": Cell(value="n", footnote="a")},
        ),
        footnotes=(("a", "not printed"),),
    )
    return Report(
        id="small",
        title="A small report",
        question=Question(text="Does it help?", population="patients"),
        answers=(Answer(text="79% responded.", outcome="Response", estimate="79%", ci="73 to 83", analysis="a1"),),
        problems=(Problem(text="One percentage cannot be.", verdict="impossible", target="c1"),),
        analyses=(
            Analysis(id="a1", title="Response", exclusions=(ExclusionRow(study="Lee 2017", row=9, reason="no count"),)),
        ),
        claims=(ClaimRow(id="c1", claim="response", published="-4.4", recomputed="-4.38", verdict="reproduced"),),
        tables=(table,),
        not_done=("The search was not repeated.",),
    )


def test_page_as_set(snapshot):
    """The markup of a small report, without style and script; a change is looked at and then accepted."""
    page = render_report(small())
    assert page[page.index("<a class=") : page.index("<script>")] == snapshot


@pytest.mark.parametrize("make", [sample, large, small])
def test_tags_are_balanced_and_ids_are_unique(make):
    seen = outline(render_report(make()))
    assert len(seen.ids) == len(set(seen.ids))


@pytest.mark.parametrize("make", [sample, large, small])
def test_links_inside_the_page_lead_somewhere(make):
    seen = outline(render_report(make()))
    targets = {link[1:] for link in seen.links if link.startswith("#")}
    assert targets <= set(seen.ids)


def test_same_report_same_bytes():
    assert render_report(sample()) == render_report(sample())


def test_page_asks_nothing_of_the_network():
    page = render_report(large())
    seen = outline(page)
    assert all(link.startswith(("#", "data:")) or link == "results.json" for link in seen.links)
    assert not re.search(r"https?://", page)
    assert not re.search(r"@import|url\((?!['\"]?(?:data:|#))", page)
    assert not {"link", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in seen.shape}


def test_hostile_texts_change_no_markup():
    """Every text of a stranger ends in markup; the page must have the same elements and attributes as without."""
    shape = outline(render_report(sample())).shape
    assert outline(render_report(hostile(sample()))).shape == shape


def test_hostile_study_name_is_shown_as_text():
    page = render_report(
        Report(id="x", title="x", exclusions=(ExclusionRow(study="<script>alert(1)</script>", reason="r"),))
    )
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("<script>") == 1


def test_only_our_script_may_run():
    page = render_report(sample())
    script = re.search(r"<script>(.*)</script>", page, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page


def test_control_and_direction_marks_are_taken_out():
    page = render_report(Report(id="x", title="Smith\x00\x1b[31m 2011\u202e"))
    assert '<h1 id="summary">Smith[31m 2011</h1>' in page


def test_headings_descend_by_one_level():
    for make in (sample, large, small):
        headings = outline(render_report(make())).headings
        assert headings[0] == 1 and headings.count(1) == 1
        assert all(below <= above + 1 for above, below in pairwise(headings))


def test_tables_have_captions_and_scopes():
    page = render_report(sample())
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    assert len(tables) > 6
    for table in tables:
        caption = re.search(r"<caption[^>]*>(.*?)</caption>", table, re.DOTALL).group(1)
        assert re.sub(r"<[^>]+>", "", caption).strip()
        assert all("scope=" in head for head in re.findall(r"<th\b[^>]*>", table))


def test_page_can_be_read_without_seeing_it():
    page = render_report(sample())
    assert '<html lang="en">' in page
    assert '<a class="skip" href="#content">' in page
    assert 'role="img" aria-label="Response in 20 studies' in page


def test_each_figure_offers_data_svg_and_png():
    page = render_report(sample())
    for kind in ("text/csv;charset=utf-8", "image/svg+xml", "image/png"):
        assert page.count(f'href="data:{kind};base64,') >= 2
    assert 'download="forest.csv"' in page and 'download="forest.svg"' in page and 'download="forest.png"' in page
    data = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)" download="forest.csv"', page).group(1)
    assert base64.b64decode(data).decode() == sample().analyses[0].figures[0].csv


def test_verdicts_have_a_symbol_and_a_word():
    page = render_report(sample())
    for verdict, symbol in (("reproduced", "check"), ("differs", "exclamation"), ("cannot be computed", "circle")):
        assert re.search(rf'href="#symbol-{symbol}"/></svg><span>{verdict}</span>', page)


def test_first_section_says_what_was_asked_found_how_sure_and_what_is_wrong():
    page = render_report(sample())
    first = page[page.index('class="summary"') : page.index('class="part"')]
    order = [first.index(f">{words}<") for words in ("What was asked", "What was found", "How sure")]
    assert order == sorted(order) and order[-1] < first.index("What is wrong with the inputs")


def test_findings_that_weigh_most_come_first():
    page = render_report(large())
    wrong = page[page.index('id="findings-wrong"') : page.index('id="findings-fitting"')]
    severities = re.findall(r'<span class="severity[^"]*">([^<]+)', wrong)
    order = ["conclusion-changing", "major", "minor"]
    assert severities == sorted(severities, key=order.index)


def test_an_unknown_verdict_is_refused():
    claim = ClaimRow(id="c", claim="x", published="1", recomputed="1", verdict="fine")
    with pytest.raises(OptionError, match="verdict='fine' is not one of"):
        render_report(Report(id="x", title="x", claims=(claim,)))


def test_a_download_that_leaves_the_folder_is_refused():
    for name in ("javascript:alert(1)", "../secret.csv", "/etc/passwd", "https://example.org/x"):
        with pytest.raises(OstealgiaError, match="leaves the folder"):
            render_report(Report(id="x", title="x", downloads=(Download(filename=name, label=""),)))


def test_a_picture_that_is_not_base64_is_refused():
    broken = dataclasses.replace(figure("f", "F"), png_base64="not base64!")
    with pytest.raises(OstealgiaError, match="figure 'f': png_base64"):
        render_report(Report(id="x", title="x", analyses=(Analysis(id="a", title="a", figures=(broken,)),)))


def test_exclusions_of_analyses_are_listed_where_the_report_lists_none():
    page = render_report(small())
    section = page[page.index('id="left-out"') :]
    assert "Lee 2017" in section and "<td>Response</td>" in section


def test_an_empty_report_is_a_page():
    seen = outline(render_report(Report(id="x", title="Nothing yet")))
    assert seen.headings == [1]
