"""The course over time: mean, ribbon and studies stand where the numbers say, and no text meets another."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia import meta, plot

ROWS = {
    "study": list("AAABBCCCDDDD"),
    "time": [1, 4, 12, 1, 4, 1, 4, 12, 1, 4, 8, 12],
    "estimate": [-2.1, -3.4, -4.2, -1.6, -2.8, -2.9, -4.0, -4.4, -2.2, -3.1, -3.9, -3.8],
    "std_error": [0.4, 0.4, 0.5, 0.3, 0.3, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3, 0.35],
}


def course(**options):
    return meta.trajectory(ROWS, V=meta.known_covariance(ROWS, rho=0.9, kind="autoregressive"), **options)


def test_mean_ribbon_and_prediction():
    result = course()
    ax = plot.trajectory(result, time_label="Weeks")
    mean = next(line for line in ax.lines if line.get_linewidth() == 1.5)
    assert_allclose(mean.get_xydata(), np.column_stack([result.times, result.curve.estimate]))
    dotted = [line.get_ydata() for line in ax.lines if line.get_linestyle() not in ("-", "None")]
    assert_allclose(dotted, [result.curve.pi_low, result.curve.pi_high])
    ribbon = ax.collections[-1].get_paths()[0].vertices
    assert_allclose((ribbon[:, 1].min(), ribbon[:, 1].max()), (result.curve.ci_low.min(), result.curve.ci_high.max()))


def test_studies_are_joined_in_order_of_time():
    shuffled = {name: [values[i] for i in (2, 0, 1, *range(3, 12))] for name, values in ROWS.items()}
    ax = plot.trajectory(meta.trajectory(shuffled))
    first = next(line for line in ax.lines if line.get_linewidth() == 0.8)
    assert first.get_xdata().tolist() == [1, 4, 12] and first.get_ydata().tolist() == [-2.1, -3.4, -4.2]
    assert not [
        line for line in plot.trajectory(meta.trajectory(ROWS), studies=False).lines if line.get_linewidth() == 0.8
    ]


def test_counts_stand_under_their_times(words):
    ax = plot.trajectory(course())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "4", "8", "12"]
    shown = [text.get_text() for text in ax.texts]
    assert shown.count("4") == 2 and shown.count("1") == 1 and shown.count("3") == 1  # studies at 1, 4, 8, 12
    assert any(word.startswith("Change over time: F") for word in words(ax.figure))


def many():
    rng = np.random.default_rng(3)
    times = (0.5, 1, 2, 4, 6, 8, 12, 16, 20, 24, 36, 52)
    rows = [(f"s{s}", t) for s in range(40) for t in times if rng.uniform() < 0.6]
    y = [-np.log1p(t) + rng.normal() for _, t in rows]
    return {"study": [s for s, _ in rows], "time": [t for _, t in rows], "estimate": y, "std_error": [0.3] * len(rows)}


@pytest.mark.parametrize(
    ("rows", "shape"),
    [
        (ROWS, "log"),
        (ROWS, "means"),
        (many(), "spline"),
        ({name: values[:5] for name, values in ROWS.items()}, "linear"),
    ],
    ids=["small", "means", "many", "two studies"],
)
def test_no_text_meets_another_or_leaves_the_figure(rows, shape, layout_faults):
    result = meta.trajectory(rows, shape=shape, structure="CS")
    assert not layout_faults(plot.trajectory(result, time_label="Weeks after cryoablation").figure)


def test_ratio_ticks_and_no_effect():
    ratios = {**ROWS, "estimate": [e / 4 for e in ROWS["estimate"]]}
    ax = plot.trajectory(meta.trajectory(ratios, measure="OR", shape="linear"))
    assert "1" in [label.get_text() for label in ax.get_yticklabels()]
    assert any(np.allclose(line.get_ydata(), 0.0) for line in ax.lines)


def test_same_bytes_twice():
    result = course()
    assert plot.figure_svg(plot.trajectory(result).figure) == plot.figure_svg(plot.trajectory(result).figure)
