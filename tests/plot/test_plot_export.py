"""The same figure gives the same bytes: twice in one process, and in another one with another hash seed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from ostealgia import meta
from ostealgia.errors import OptionError
from ostealgia.plot import figure_png, figure_svg, forest, funnel, sensitivity

CODE = """
import hashlib
from ostealgia import meta
from ostealgia.plot import figure_png, figure_svg, forest, funnel
data = {"study": ["A 2001", "B 2002", "C 2003"], "estimate": [-0.5, -0.2, 0.4], "std_error": [0.2, 0.1, 0.3]}
fit = meta.pool(data, measure="OR")
digest = hashlib.sha256()
for ax in (forest(fit, favours=("left", "right")), funnel(fit)):
    for part in (figure_svg(ax), figure_svg(ax, text="none")):
        digest.update(part.encode())
    digest.update(figure_png(ax))
print(digest.hexdigest())
"""


def test_two_runs_give_the_same_bytes(bcg):
    for draw in (forest, funnel, lambda fit: sensitivity(meta.leave_one_out(fit))):
        first, second = (draw(meta.pool(bcg)) for _ in range(2))
        for text in ("path", "none"):
            assert figure_svg(first, text=text) == figure_svg(second, text=text) == figure_svg(first, text=text)
        assert figure_png(first) == figure_png(second)


def test_another_process_with_another_hash_seed_gives_the_same_bytes():
    found = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "MPLBACKEND": "svg" if seed == "2" else "agg"}
        done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1
    assert len(found.pop().strip()) == len(hashlib.sha256().hexdigest())


def test_svg_is_one_well_formed_document_without_a_date_or_address(bcg):
    svg = figure_svg(forest(meta.pool(bcg)))
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "<dc:date>" not in svg and "matplotlib.org" not in svg and "<!--" not in svg


def test_text_as_text_is_selectable_and_in_our_family(bcg):
    svg = figure_svg(forest(meta.pool(bcg)), text="none")
    root = ElementTree.fromstring(svg)
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "Aronson 1948" in texts
    assert "Ostealgia Sans" in svg


def test_sixty_studies_with_long_names_stay_small(long_names):
    ax = forest(meta.subgroup(long_names(60), by="group"))
    assert len(figure_svg(ax)) < 600_000
    assert len(figure_svg(ax, text="none")) < 250_000


def test_png_has_two_hundred_dots_an_inch(bcg):
    ax = forest(meta.pool(bcg))
    png = figure_png(ax)
    width = int.from_bytes(png[16:20], "big")
    assert width == pytest.approx(200 * ax.figure.get_size_inches()[0], abs=1)
    assert ax._repr_png_() == png  # a notebook shows the figure


def test_an_unknown_kind_of_text_is_refused(bcg):
    with pytest.raises(OptionError, match="text='paths' is not one of 'path', 'none'"):
        figure_svg(forest(meta.pool(bcg)), text="paths")
