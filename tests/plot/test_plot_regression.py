"""Bubble, influence, Baujat, radial and L'Abbé plots: artists stand where the numbers say, and no text meets another."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from ostealgia import meta, plot
from ostealgia.errors import OptionError
from ostealgia.plot.bubble_plot import bubble_sizes
from ostealgia.plot.influence_plots import strip_ticks


@pytest.fixture
def trials(bcg):
    latitude = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]
    columns = {**bcg.columns, "latitude": np.array(latitude), "year": np.array([int(name[-4:]) for name in bcg.study])}
    return type(bcg)(**{**{name: getattr(bcg, name) for name in bcg.__dataclass_fields__}, "columns": columns})


def dots(ax):
    return next(c for c in ax.collections if isinstance(c, PathCollection))


def test_bubbles_stand_at_moderator_and_effect_with_area_by_weight(trials):
    fit = meta.regress(trials, "~ latitude")
    ax = plot.bubble(fit)
    found = dots(ax)
    order = np.argsort(-fit.fit.weights, kind="stable")
    assert_allclose(found.get_offsets(), np.column_stack([fit.moderators["latitude"], trials.estimate])[order])
    sizes = found.get_sizes()
    assert_allclose(sizes / sizes[0], fit.fit.weights[order] / fit.fit.weights.max(), rtol=1e-9)  # area, not diameter


def test_line_is_the_prediction(trials):
    fit = meta.regress(trials, "~ latitude")
    ax = plot.bubble(fit)
    line = next(line for line in ax.lines if line.get_linewidth() == 1.5)
    assert_allclose(line.get_ydata(), fit.estimate[0] + fit.estimate[1] * line.get_xdata(), rtol=1e-9)
    assert line.get_xdata()[0] == 13 and line.get_xdata()[-1] == 55  # not beyond the studies


def test_one_line_a_level_and_a_key(trials, words):
    fit = meta.regress(trials, "~ latitude + allocation")
    ax = plot.bubble(fit)
    assert sum(line.get_linewidth() == 1.5 for line in ax.lines) == 3
    assert {"alternate", "random", "systematic"} <= set(words(ax.figure))


def test_other_moderators_are_held_at_values_that_are_said(trials, words):
    fit = meta.regress(trials, "~ latitude + year")
    assert any("Held at: year" in word for word in words(plot.bubble(fit, "latitude").figure))
    assert any("Held at: year 1950" in word for word in words(plot.bubble(fit, "latitude", at={"year": 1950}).figure))
    with pytest.raises(OptionError, match=r"at='yer' is not another moderator.*year"):
        plot.bubble(fit, "latitude", at={"yer": 1950})
    with pytest.raises(OptionError, match="moderator='lat'"):
        plot.bubble(fit, "lat")


def test_years_have_no_comma(trials):
    labels = [label.get_text() for label in plot.bubble(meta.regress(trials, "~ year")).get_xticklabels()]
    assert "1960" in labels


def test_heaviest_bubble_is_smaller_where_there_are_many():
    assert bubble_sizes(np.ones(10)).max() == 20.0
    assert bubble_sizes(np.ones(200)).max() < 8.0


def test_influence_draws_a_dot_a_study_and_strip_and_marks_the_outlier_bold(effects_of, words):
    fit = meta.pool(effects_of("MD", [f"S{i}" for i in range(9)] + ["far"], [0.0, 0.1] * 4 + [0.05, 3.0], [0.2] * 10))
    ax = plot.influence(fit)
    assert sum(line.get_marker() == "o" for line in ax.lines) == 7 * 10
    bold = {text.get_text() for text in ax.texts if text.get_fontweight() == "bold"}
    assert "far" in bold and "S0" not in bold
    with pytest.raises(OptionError, match="measures='cook'"):
        plot.influence(fit, measures=("cook",))


def test_influence_of_many_studies_shows_sixty_and_says_so(effects_of, words):
    rng = np.random.default_rng(3)
    fit = meta.pool(effects_of("MD", [f"S{i}" for i in range(150)], rng.normal(size=150), [0.5] * 150))
    assert "60 of 150 studies: those with the largest Cook’s distance." in words(plot.influence(fit).figure)


def test_baujat_and_radial_points(trials):
    fit = meta.pool(trials, model="common")
    found = meta.baujat(fit)
    point = next(line for line in plot.baujat(fit).lines if line.get_marker() == "o")
    assert_allclose(point.get_xydata(), np.column_stack([found.heterogeneity, found.influence]))
    assert_allclose(found.heterogeneity.sum(), fit.q, rtol=1e-12)  # the parts of Cochran's Q
    ax = plot.radial(fit)
    point = next(line for line in ax.lines if line.get_marker() == "o")
    assert_allclose(point.get_ydata() / point.get_xdata(), trials.estimate)
    slope = np.polyfit(point.get_xdata(), point.get_ydata(), 1)[0]
    assert np.isfinite(slope)
    pooled = next(line for line in ax.lines if line.get_linewidth() == 1.2)
    assert_allclose(pooled.get_ydata()[1] / pooled.get_xdata()[1], fit.estimate)


def test_labbe_shows_risks_and_the_pooled_effect(trials):
    fit = meta.pool(trials)
    ax = plot.labbe(fit)
    columns = trials.columns
    risks = np.column_stack([columns["events_2"] / columns["n_2"], columns["events_1"] / columns["n_1"]])
    assert_allclose(np.sort(dots(ax).get_offsets(), axis=0), np.sort(risks, axis=0))
    line = next(line for line in ax.lines if line.get_linewidth() == 1.2)
    assert_allclose(line.get_ydata()[1:] / line.get_xdata()[1:], fit.reported.estimate)
    with pytest.raises(OptionError, match="two risks or rates"):
        plot.labbe(meta.pool({"estimate": [0.1, 0.2], "std_error": [0.1, 0.1]}))


def drawings(effects):
    fit = meta.pool(effects)
    yield plot.influence(fit)
    yield plot.baujat(fit)
    yield plot.radial(fit)
    yield plot.labbe(fit)


@pytest.mark.parametrize("k", [3, 13, 60])
def test_no_text_meets_another_or_leaves_the_figure(k, long_names, layout_faults):
    effects = long_names(k)
    for ax in drawings(effects):
        assert not layout_faults(ax.figure)
    columns = {**effects.columns, "dose": np.linspace(1990.0, 2020.0, k)}
    effects = type(effects)(
        **{**{name: getattr(effects, name) for name in effects.__dataclass_fields__}, "columns": columns}
    )
    formulas = ["~ dose", "~ group", "~ dose + group"] if k > 5 else ["~ dose"]
    for formula in formulas:
        assert not layout_faults(plot.bubble(meta.regress(effects, formula)).figure)


def test_they_draw_on_given_axes_and_hand_them_back(trials):
    figure = Figure(figsize=(10, 8))
    axes = figure.subplots(2, 2).ravel()
    fit = meta.pool(trials)
    draws = (plot.baujat, plot.radial, plot.labbe)
    assert [draw(fit, ax=ax) for draw, ax in zip(draws, axes, strict=False)] == list(axes[:3])
    assert plot.bubble(meta.regress(trials, "~ latitude"), ax=axes[3]) is axes[3]


def test_strips_have_two_or_three_round_ticks():
    for low, high in ((-0.9, 0.9), (0.0, 0.47), (68.0, 152.0), (0.999, 1.001), (1e-9, 3e-8)):
        ticks = strip_ticks(low, high)
        assert 2 <= len(ticks) <= 3 and low <= ticks[0] and ticks[-1] <= high * (1 + 1e-9)
