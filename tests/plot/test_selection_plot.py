"""The figure of selection functions, and imputed studies in a funnel: what is on the Axes is what the results say."""

from __future__ import annotations

import numpy as np
import pytest

from ostealgia.errors import OptionError
from ostealgia.meta import egger, selection_model, trim_and_fill
from ostealgia.plot import figure_png, figure_svg, funnel, selection_weights

SMALL = {"estimate": [0.1, 0.5, 0.3, 0.6, 0.7, 0.2], "std_error": [0.1, 0.2, 0.2, 0.2, 0.3, 0.25]}
STEEP = {
    "estimate": [0.19, 0.2, 0.25, 0.3, 0.5, 0.6, 0.7, 0.9, 1.1, 1.2, 1.4],
    "std_error": [0.05, 0.07, 0.1, 0.11, 0.2, 0.22, 0.25, 0.3, 0.35, 0.4, 0.45],
}


def words(ax) -> str:
    return " ".join(text.get_text() for text in ax.texts)


def curve_of(ax, colour_at: int = 1):
    return np.column_stack(ax.lines[colour_at].get_data())


def test_a_smooth_curve_is_the_weight_of_the_result() -> None:
    fit = selection_model(STEEP, "negexp", delta=[2.0])
    ax = selection_weights(fit)
    p, weight = curve_of(ax).T
    np.testing.assert_allclose(weight, np.exp(-2.0 * p), rtol=1e-12)
    assert (p[0], p[-1]) == (0.0, 1.0)
    assert "no selection" in words(ax) and "negative exponential" in words(ax)
    assert "Shaded" not in words(ax)  # a weight that was given has no interval


def test_steps_are_drawn_as_steps() -> None:
    fit = selection_model(STEEP, steps=[0.025, 0.5], delta=[1.0, 0.5, 0.25])
    points = curve_of(selection_weights(fit))
    assert points.tolist() == [[0, 1], [0.025, 1], [0.025, 0.5], [0.5, 0.5], [0.5, 0.25], [1, 0.25]]


def test_one_estimated_function_has_an_interval_and_several_have_none() -> None:
    one, other = selection_model(SMALL, "negexp"), selection_model(SMALL, "halfnorm")
    assert "Shaded: 95% interval" in words(selection_weights(one))
    both = selection_weights(one, other, labels=["first", "second"])
    assert "Shaded" not in words(both) and "first" in words(both) and "second" in words(both)
    assert "fewer than 10" in words(both)


def test_the_studies_are_small_strokes_at_their_p_values() -> None:
    fit = selection_model(SMALL, "halfnorm")
    strokes = [
        c for c in selection_weights(fit).collections if hasattr(c, "get_segments") and len(c.get_segments()) == fit.k
    ]
    at = [segment[0][0] for segment in strokes[0].get_segments()]
    np.testing.assert_allclose(at, fit.p, rtol=1e-12)


def test_beta_is_held_at_its_highest_point_or_at_one_per_cent() -> None:
    inside = curve_of(selection_weights(selection_model(STEEP, "beta", delta=[2.0, 3.0])))
    assert inside[:, 1].max() == pytest.approx(1.0, abs=1e-5)  # the grid has the summit within 0.001 in P
    endless = curve_of(selection_weights(selection_model(STEEP, "beta", delta=[0.5, 1.0])))
    assert np.interp(0.01, *endless.T) == pytest.approx(1.0, rel=1e-4)  # between points of the grid


def test_precision_is_named() -> None:
    assert "least precise study" in words(selection_weights(selection_model(STEEP, "negexp", precision="sei")))


@pytest.mark.parametrize("data", [SMALL, STEEP])
def test_every_picture_can_be_saved(data) -> None:
    ax = selection_weights(
        *(selection_model(data, kind) for kind in ("stepfun", "beta", "halfnorm", "logistic", "power"))
    )
    assert figure_png(ax.figure)[:4] == b"\x89PNG" and figure_svg(ax.figure) == figure_svg(ax.figure)


def test_what_cannot_be_drawn_together_is_refused() -> None:
    fit, other = selection_model(SMALL, "negexp"), selection_model(SMALL, "negexp", alternative="less")
    with pytest.raises(OptionError, match="one to 5"):
        selection_weights()
    with pytest.raises(OptionError, match="same studies and alternative"):
        selection_weights(fit, other)
    with pytest.raises(OptionError, match="2 names"):
        selection_weights(fit, fit, labels=["a"])
    with pytest.raises(OptionError, match="found int"):
        selection_weights(3)


def test_imputed_studies_are_hollow_in_the_funnel() -> None:
    filled = trim_and_fill(STEEP)
    assert filled.k0 > 0
    ax = funnel(filled.original, imputed=filled.imputed, egger=egger(STEEP))
    hollow = [
        line
        for line in ax.lines
        if line.get_markerfacecolor() in ("#ffffff", "none", "white") and len(line.get_xdata()) == filled.k0
    ]
    offsets = [np.asarray(c.get_offsets()) for c in ax.collections if len(c.get_offsets()) == filled.k0]
    drawn = [np.column_stack(line.get_data()) for line in hollow] + offsets
    assert any(np.allclose(points, np.column_stack(filled.imputed)) for points in drawn)
    assert "Hollow: imputed." in words(ax)
