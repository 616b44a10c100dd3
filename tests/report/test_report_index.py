"""The index page: every report with its answer, all claims in one table, filters without a script."""

from __future__ import annotations

import dataclasses

import pytest
from report_sample import sample
from test_report_page import hostile, outline

from ostealgia.errors import OstealgiaError
from ostealgia.report import render_index
from ostealgia.report.content import IndexEntry


def entries():
    second = dataclasses.replace(sample(), id="cryo", title="Cryoablation", claims=sample().claims[:2])
    return [IndexEntry(report=sample(), href="mrgfus/report.html"), IndexEntry(report=second, href="cryo/report.html")]


def test_every_report_is_linked_with_answer_and_counts():
    page = render_index(entries(), title="Recomputed", subtitle="Two reviews")
    assert page.count('href="mrgfus/report.html"') == 2  # its title, and the head of its claims
    assert "Of 636 patients 79% responded" in page
    assert "10 published numbers: 6 reproduced, 1 within rounding, 1 differs and 2 cannot be computed." in page


def test_page_is_well_formed_and_the_same_each_time():
    page = render_index(entries())
    seen = outline(page)
    assert len(seen.ids) == len(set(seen.ids))
    assert page == render_index(entries())
    assert {link for link in seen.links if not link.startswith("#")} == {"mrgfus/report.html", "cryo/report.html"}


def test_filters_name_what_is_there():
    page = render_index(entries())
    assert "body:has(#show-cryo:checked) .claims tbody:not(.of-cryo){display:none}" in page
    assert 'id="show-cryo"' in page and 'class="of-cryo"' in page
    assert 'tr[data-verdict]:not([data-verdict="cannot-be-computed"]){display:none}' in page


def test_hostile_texts_change_no_markup():
    plain = outline(render_index([IndexEntry(report=sample(), href="a.html")])).shape
    assert outline(render_index([IndexEntry(report=hostile(sample()), href="a.html")])).shape == plain


def test_two_projects_of_one_name_stay_apart():
    page = render_index([IndexEntry(report=sample(), href="a.html"), IndexEntry(report=sample(), href="b.html")])
    seen = outline(page)
    assert len(seen.ids) == len(set(seen.ids))


def test_links_stay_in_the_folder():
    with pytest.raises(OstealgiaError, match="leaves the folder"):
        render_index([IndexEntry(report=sample(), href="javascript:alert(1)")])


def test_no_reports():
    assert outline(render_index([])).headings == [1]
