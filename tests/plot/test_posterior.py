"""The posterior plot: what is drawn, where the words are, and that it is on the caller's Axes."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from ostealgia.errors import OptionError
from ostealgia.meta import bayes
from ostealgia.plot import figure_png, figure_svg, posterior

ODDS = {
    "events_1": [14, 16, 3, 9, 4, 0], "n_1": [61, 28, 18, 54, 36, 50], "events_2": [15, 19, 8, 29, 11, 3], "n_2": [20, 28, 12, 54, 36, 34],
    "study": list("ABCDEF"),
}  # fmt: skip
FITS = {
    "odds ratio": lambda: bayes(ODDS, measure="OR", tau_prior="half-normal(0.5)", mean_prior=(0, 4)),
    "two studies": lambda: bayes({k: v[:2] for k, v in ODDS.items()}, measure="OR", tau_prior="Turner(pain; pharmacological vs control)"),
    "proportion": lambda: bayes({"events": [14, 20, 33], "n": [20, 29, 40]}, measure="PLO", tau_prior="half-Cauchy(1)"),
    "endless tails": lambda: bayes({"estimate": [1, 1e4, 3], "std_error": [1, 2, 3]}, measure="MD", tau_prior="uniform"),
    "no heterogeneity": lambda: bayes({"estimate": [0.2] * 40, "std_error": [0.1] * 40}, measure="SMD", tau_prior="log-t(-1, 1)"),
    "tiny": lambda: bayes({"estimate": [1e-7, 2e-7, 4e-7], "std_error": [1e-7] * 3}, measure="RD", tau_prior="Jeffreys"),
}  # fmt: skip


@pytest.mark.parametrize("name", FITS)
def test_words_neither_meet_nor_leave_the_figure(name, layout_faults):
    ax = posterior(FITS[name]())
    assert not layout_faults(ax.figure)
    assert len(ax.child_axes) == 2


def test_density_interval_and_median_are_those_of_the_result():
    fit = FITS["odds ratio"]()
    ax = posterior(fit, of="mean")
    curve = next(line for line in ax.lines if line.get_linewidth() == 1.6 and len(line.get_xdata()) > 2)
    x = np.asarray(curve.get_xdata())
    assert_allclose(curve.get_ydata(), fit.distribution("mean").density(x), rtol=1e-12)
    shaded = ax.collections[0].get_paths()[0].vertices[:, 0]
    assert_allclose([shaded.min(), shaded.max()], [fit.mean.ci_low, fit.mean.ci_high], rtol=1e-12)
    assert any(list(line.get_xdata()) == [fit.mean.median] * 2 for line in ax.lines)
    assert any(list(line.get_xdata()) == [0.0, 0.0] for line in ax.lines), "no effect is drawn"


def test_the_prior_is_drawn_where_it_is_proper(words):
    proper, improper = posterior(FITS["odds ratio"]()), posterior(FITS["endless tails"]())
    assert words(proper.figure).count("prior") == 2
    assert words(improper.figure).count("prior") == 0
    assert any("not drawn" in text for text in words(improper.figure))


def test_on_axes_of_the_caller():
    figure = Figure(figsize=(11, 4))
    left, right = figure.subplots(1, 2)
    fit = FITS["odds ratio"]()
    assert posterior(fit, ax=left, of="tau") is left
    assert posterior(fit, ax=right) is right
    assert len(right.child_axes) == 2
    assert left.get_xlim()[0] == 0.0


def test_same_bytes_and_refusal():
    fit = FITS["proportion"]()
    assert figure_svg(posterior(fit)) == figure_svg(posterior(fit))
    assert figure_png(posterior(fit))[1:4] == b"PNG"
    with pytest.raises(OptionError, match="of='mu'"):
        posterior(fit, of="mu")
