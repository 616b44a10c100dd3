"""Colours: readable in light and dark, by the contrast that WCAG 2.2 (SC 1.4.3 and 1.4.11) asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostealgia.plot import style
from ostealgia.report.palette import COLOURS, GROUND, TEXT, contrast, dark_partner, figure_variables

HEX = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUND)
@pytest.mark.parametrize("text", TEXT)
def test_text_reaches_aa(text, ground, mode):
    assert contrast(COLOURS[text][mode], COLOURS[ground][mode]) >= 4.5


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_the_focus_ring_is_seen(mode):
    assert contrast(COLOURS["focus"][mode], COLOURS["paper"][mode]) >= 3


def test_contrast_of_known_pairs():
    """WCAG's own examples: black on white 21:1; #767676 on white 4.54:1 (the lightest grey that passes)."""
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("name", ["INK", "SECONDARY", "ACCENT", "GOOD", "QUIET", "WARN", "BAD"])
def test_text_of_figures_reaches_aa_in_dark(name):
    assert contrast(dark_partner(getattr(style, name)), COLOURS["paper"][1]) >= 4.5


@pytest.mark.parametrize("colour", [style.MARK, *style.GROUPS])
def test_marks_of_figures_are_seen_in_dark(colour):
    assert contrast(dark_partner(colour), COLOURS["paper"][1]) >= 3


def test_figures_and_pages_share_their_colours():
    light = {name: pair[0] for name, pair in COLOURS.items()}
    assert [light[n] for n in ("ink", "secondary", "rule", "paper", "accent", "good", "warn", "bad")] == [
        style.INK, style.SECONDARY, style.RULE, style.PAPER, style.ACCENT, style.GOOD, style.WARN, style.BAD,
    ]  # fmt: skip


@given(HEX)
def test_every_colour_has_a_partner(colour):
    partner = dark_partner(colour)
    assert len(partner) == 7 and int(partner[1:], 16) >= 0


def test_print_keeps_the_light_colours():
    rules = figure_variables({"#1b1f24", "#fff"})
    assert "--x1b1f24:#1b1f24" in rules and "--xffffff:#ffffff" in rules
    assert "@media screen and (prefers-color-scheme:dark)" in rules


@pytest.mark.parametrize("mode", [0, 1])
def test_words_on_bars_and_bars_on_bars_stay_apart(mode):
    """Counts on the parts of the response stack (4.5:1), the severe on any grade in the butterfly (2:1, numbers stand beside)."""
    from ostealgia.plot import butterfly_plot, response_stack_plot

    def in_mode(colour):
        return dark_partner(colour) if mode else colour

    for name, kind in response_stack_plot.KINDS.items():
        assert contrast(in_mode(kind.ink), in_mode(kind.fill)) >= 4.5, name
    for pale, dark in zip(butterfly_plot.PALE, butterfly_plot.DARK, strict=True):
        assert contrast(in_mode(pale), in_mode(dark)) >= 2.0
