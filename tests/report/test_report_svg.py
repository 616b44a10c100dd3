"""Figures inside a page: their own ids, page colours, and nothing that runs or asks."""

from __future__ import annotations

import re

import pytest
from report_sample import stand_in

from ostealgia.errors import OstealgiaError
from ostealgia.report.svg import inline_svg


def inline(body: str, head: str = 'viewBox="0 0 10 10"') -> str:
    namespace = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return inline_svg(f"<svg {namespace} {head}>{body}</svg>", prefix="p-", label="a")[0]


def test_ids_and_their_uses_get_the_prefix():
    markup = inline('<defs><path id="g" d="M0 0"/></defs><use xlink:href="#g"/><path clip-path="url(#c)" d="M0 0"/>')
    assert 'id="p-g"' in markup and 'href="#p-g"' in markup and "url(#p-c)" in markup


def test_links_to_the_page_keep_their_target():
    assert '<a href="#finding-f1">' in inline('<a xlink:href="#finding-f1"><path d="M0 0"/></a>')


def test_two_figures_share_no_id():
    one, _ = inline_svg(stand_in((("A", 1, 2),)), prefix="f1-", label="one")
    two, _ = inline_svg(stand_in((("A", 1, 2),)), prefix="f2-", label="two")
    ids = [set(re.findall(r'\bid="([^"]+)"', markup)) for markup in (one, two)]
    assert 'id="f1-pooled"' in one and not ids[0] & ids[1]


def test_ids_that_nothing_refers_to_are_dropped():
    assert 'id="p-figure_1"' not in inline('<g id="figure_1"><path d="M0 0"/></g>')


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        '<path onclick="alert(1)"/>',
        "<foreignObject/>",
        '<image href="https://example.org/x.png"/>',
        '<a href="javascript:alert(1)"/>',
        '<use href="https://example.org/x.svg#a"/>',
        '<path style="fill:url(https://example.org/x)"/>',
        '<animate attributeName="x"/>',
    ],
)
def test_what_could_run_or_ask_is_refused(body):
    with pytest.raises(OstealgiaError, match="A figure"):
        inline(body)


@pytest.mark.parametrize("text", ["", "no markup", "<svg>", "<html></html>"])
def test_what_is_not_svg_is_refused(text):
    with pytest.raises(OstealgiaError, match="A figure"):
        inline_svg(text, prefix="p-", label="a")


def test_labels_stay_text():
    assert "&lt;script&gt;" in inline("<text>&lt;script&gt;</text>")


def test_rules_for_everything_stay_inside_the_figure():
    markup = inline('<style>*{stroke-linejoin: round} .a,.b{fill:#123456} @font-face{src:url(x)}</style><g class="a"/>')
    assert "<style>#p-figure .a,#p-figure .b{fill:var(--x123456)}</style>" in markup
    assert "stroke-linejoin:round" in markup.split(">")[0]


def test_colours_become_properties_and_sizes_become_pixels():
    markup, colours = inline_svg(
        '<svg width="72pt" height="36pt" viewBox="0 0 72 36"><path fill="#FFF" style="stroke: black"/></svg>',
        prefix="p-",
        label="a",
    )
    assert "width:96px" in markup and "fill:var(--xffffff);stroke:var(--x000000)" in markup
    assert colours == {"#000000", "#ffffff"}


def test_the_paper_of_the_figure_is_the_page():
    assert "#fff" not in inline('<g id="figure_1"><g id="patch_1"><path d="M0 0H9" style="fill: #ffffff"/></g></g>')
    assert "M0 0H9" not in inline('<g id="figure_1"><g id="patch_1"><path d="M0 0H9" style="fill: #ffffff"/></g></g>')
