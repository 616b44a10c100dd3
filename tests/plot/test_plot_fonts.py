"""The bundled family: licence, size, tabular figures, the letters we need; and what is imported when."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources

import pytest
from fontTools.ttLib import TTFont

from ostealgia.plot import style

FONTS = resources.files("ostealgia").joinpath("data", "fonts")
NEEDED = "0123456789−–—.,%()[]<>≤≥≈×±τχσ²³₁₂·→←✓✕✗½’“”…ÄÖÜßéèñçøåłŁšžğıőΑΩαβμ\u00a0\u2007\u2008"


@pytest.fixture(params=["Regular", "Bold", "Italic"])
def face(request):
    with resources.as_file(FONTS.joinpath(f"OstealgiaSans-{request.param}.ttf")) as path, TTFont(path) as opened:
        yield opened


def test_figures_are_tabular_and_minus_and_figure_space_are_as_wide(face):
    names, widths = face.getBestCmap(), face["hmtx"]
    wide = {widths[names[ord(letter)]][0] for letter in "0123456789−\u2007"}
    assert len(wide) == 1
    assert len({widths[names[ord(letter)]][0] for letter in ".,\u2008"}) == 1


def test_the_letters_of_our_figures_are_there(face):
    assert [letter for letter in NEEDED if ord(letter) not in face.getBestCmap()] == []


def test_a_modified_version_does_not_carry_the_reserved_name(face):
    names = {record.nameID: str(record) for record in face["name"].names}
    assert names[1] == style.FAMILY
    assert "Source" not in " ".join(names[i] for i in (1, 3, 4, 6))
    assert "Reserved Font Name" in names[0]


def test_licence_and_sizes():
    assert "SIL OPEN FONT LICENSE Version 1.1" in FONTS.joinpath("OFL.txt").read_text(encoding="utf-8")
    for name in ("Regular", "Bold", "Italic"):
        assert len(style.font_bytes(name)) < 150_000
        assert len(style.font_bytes(name, "woff2")) < 40_000


def test_the_css_needs_no_network():
    css = style.font_css()
    assert css.count("@font-face") == css.count("url(") == css.count('url("data:font/woff2;base64,') == 3
    assert style.font_css(italic=False).count("@font-face") == 2


def test_matplotlib_finds_our_files_by_name():
    from matplotlib.font_manager import findfont

    from ostealgia.plot.style import font

    assert findfont(font(10)).endswith("OstealgiaSans-Regular.ttf")
    assert findfont(font(10, bold=True)).endswith("OstealgiaSans-Bold.ttf")
    assert findfont(font(10, italic=True)).endswith("OstealgiaSans-Italic.ttf")


def test_matplotlib_is_not_imported_before_something_is_drawn():
    code = "import sys, ostealgia.plot, ostealgia.plot.style as s; s.font_css(); sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
