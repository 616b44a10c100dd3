"""The funnel plot and the panel of refits."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.testing import assert_allclose

from ostealgia import meta
from ostealgia.errors import OptionError
from ostealgia.plot import funnel, sensitivity


def points(ax):
    return [line for line in ax.lines if line.get_marker() == "o"]


def test_points_stand_at_effect_and_standard_error_which_grows_downwards(bcg):
    ax = funnel(meta.pool(bcg))
    (line,) = points(ax)
    assert_allclose(line.get_xdata(), bcg.estimate)
    assert_allclose(line.get_ydata(), bcg.std_error)
    bottom, top = ax.get_ylim()
    assert top == 0 and bottom > bcg.std_error.max()


def test_contours_meet_no_effect_at_a_standard_error_of_zero(bcg):
    ax = funnel(meta.pool(bcg))
    triangles = [patch.get_xy() for patch in ax.patches if isinstance(patch, Polygon)]
    assert len(triangles) == 3
    depth = ax.get_ylim()[0]
    for corners, z in zip(triangles, (2.575829, 1.959964, 1.644854), strict=True):  # two-sided 0.01, 0.05, 0.10
        assert_allclose(corners[:3, 0], [0.0, -z * depth, z * depth], rtol=1e-6)


def test_ticks_are_in_reported_units(bcg, effects_of):
    ax = funnel(meta.pool(bcg))
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert_allclose(ax.get_xticks(), np.log([float(label) for label in labels]), atol=1e-6)  # interpolated on a grid
    fit = meta.pool(effects_of("PLO", "ABCD", [0.0, 1.0, 2.0, 3.0], [0.3, 0.2, 0.4, 0.5]))
    ax = funnel(fit)
    shown = np.array([float(label.get_text()) for label in ax.get_xticklabels()]) / 100
    assert_allclose(ax.get_xticks(), np.log(shown / (1 - shown)), atol=1e-4)


def test_only_outliers_are_named(effects_of):
    effects = effects_of("MD", [f"S{i}" for i in range(12)], [0.0] * 11 + [5.0], [0.2] * 11 + [0.3])
    named = [text.get_text() for text in funnel(meta.pool(effects, model="common")).texts]
    assert "S11" in named
    assert not {f"S{i}" for i in range(11)} & set(named)


def test_few_studies_and_eggers_test_are_said_below(effects_of, words, bcg):
    few = meta.pool(effects_of("OR", "ABC", [0.1, 0.3, 0.2], [0.1, 0.2, 0.3]))
    assert any(word.startswith("3 studies: with fewer than 10") for word in words(funnel(few).figure))
    fit = meta.pool(bcg)
    written = words(funnel(fit, egger=meta.egger(fit)).figure)
    assert any(word.startswith("Egger’s test: intercept −2.11") for word in written)  # as the test prints it
    assert not any("fewer than 10" in word for word in written)


def test_imputed_studies_are_hollow_and_said(bcg, words):
    ax = funnel(meta.pool(bcg), imputed=([0.6, 0.9], [0.4, 0.5]))
    hollow = points(ax)[1]
    assert_allclose(hollow.get_xdata(), [0.6, 0.9])
    assert hollow.get_markerfacecolor() == "#ffffff"
    assert "Hollow: imputed." in words(ax.figure)


@pytest.mark.parametrize("k", [1, 2, 3, 20, 60])
def test_no_text_touches_another(k, long_names, layout_faults):
    assert layout_faults(funnel(meta.pool(long_names(k))).figure) == []


@pytest.mark.parametrize("measure", ["MD", "PLO", "IRLN", "ZCOR", "HR", "GEN"])
def test_every_kind_of_scale(measure, effects_of, layout_faults):
    effects = effects_of(measure, [f"S{i}" for i in range(12)], np.linspace(-1.2, -0.2, 12), np.linspace(0.1, 0.5, 12))
    assert layout_faults(funnel(meta.pool(effects)).figure) == []


def test_no_effect_far_from_every_study_is_left_out(effects_of):
    ax = funnel(meta.pool(effects_of("GEN", "ABC", [1000.0, 1010.0, 990.0], [5.0, 6.0, 9.0])))
    assert ax.get_xlim()[0] > 900


def test_inside_given_axes_without_touching_the_others():
    figure = Figure(figsize=(8, 4))
    left, right = figure.subplots(1, 2)
    fit = meta.pool({"study": list("ABC"), "estimate": [0.1, 0.2, 0.4], "std_error": [0.1, 0.2, 0.3]})
    assert funnel(fit, ax=right) is right
    assert not left.lines


# --- refits ----------------------------------------------------------------------------------------------------------


def test_leave_one_out_has_a_dot_for_each_refit_and_the_pool_as_a_diamond(bcg, layout_faults, words):
    fit = meta.pool(bcg)
    found = meta.leave_one_out(fit)
    ax = sensitivity(found)
    dots = [line.get_xdata()[0] for line in ax.child_axes[0].lines if line.get_marker() == "o"]
    assert_allclose(dots, found.to_frame()["reported_estimate"])
    assert len(ax.child_axes[0].patches) == 1
    assert layout_faults(ax.figure) == []
    assert {"Study left out", "τ²", "I², %"} <= set(words(ax.figure))


def test_a_grid_of_methods_names_them(bcg, layout_faults, words):
    ax = sensitivity(meta.grid(bcg), fit=meta.pool(bcg))
    written = words(ax.figure)
    assert {"Model", "τ² by", "CI by", "REML", "DL", "Hartung-Knapp", "Common effect"} <= set(written)
    assert layout_faults(ax.figure) == []


def test_a_method_without_a_result_keeps_its_row(bcg, words):
    frame = meta.grid(bcg)
    frame.loc[1, ["reported_estimate", "reported_ci_low", "reported_ci_high"]] = np.nan
    ax = sensitivity(frame, fit=meta.pool(bcg))
    assert len([line for line in ax.child_axes[0].lines if line.get_marker() == "o"]) == len(frame) - 1
    assert "–" in words(ax.figure)


def test_a_frame_without_a_pool_or_a_column_is_refused(bcg):
    frame = meta.grid(bcg)
    with pytest.raises(OptionError, match="fit="):
        sensitivity(frame)
    with pytest.raises(OptionError, match="reported_ci_low"):
        sensitivity(frame.drop(columns="reported_ci_low"), fit=meta.pool(bcg))
