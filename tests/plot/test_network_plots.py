"""Network graph, forest against one treatment, comparison-adjusted funnel: what is drawn, and that no text meets another."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon
from numpy.testing import assert_allclose

from ostealgia import network
from ostealgia.errors import OptionError
from ostealgia.network import therapy_network
from ostealgia.plot import comparison_funnel, figure_png, figure_svg, network_forest, network_graph

TRIANGLE = {
    "study": ["A", "B", "C", "D"], "treat1": ["x", "y", "x", "x"], "treat2": ["y", "z", "z", "y"], "estimate": [1.0, 2.0, 3.3, 0.6],
    "std_error": [0.5, 0.4, 0.5, 0.3],
}  # fmt: skip


def made(n, k, seed=1, long=False):
    """A connected network of n treatments and k studies of two to four arms."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(max(k, n)):
        arms = [i, (i + 1) % n] if i < n else rng.choice(n, int(rng.integers(2, min(n, 4) + 1)), replace=False)
        for t in arms:
            name = f"Combination of radiotherapy and agent {t}" if long and t % 3 == 0 else f"T{t}"
            rows.append((f"s{i}", name, rng.normal(), 1.0, int(rng.integers(10, 400))))
    return dict(zip(("study", "treatment", "mean", "sd", "n"), map(list, zip(*rows, strict=True)), strict=True))


@pytest.fixture
def triangle():
    return network.fit(TRIANGLE)


def test_the_graph_has_a_circle_a_treatment_and_a_line_a_comparison(triangle):
    ax = network_graph(triangle)
    assert len([patch for patch in ax.patches if isinstance(patch, Circle)]) == 3
    lines = [line for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 2]
    widths = sorted(line.get_linewidth() for line in lines)
    assert len(lines) == 3 and widths[0] == widths[1] < widths[2]  # x and y are compared twice


def test_circles_have_their_area_by_patients_and_arms_of_three_are_shaded():
    arms = {"study": list("AAABB"), "treatment": list("xyzxy"), "events": [3, 4, 5, 6, 7], "n": [20, 20, 20, 80, 20]}
    found = network.fit(arms, measure="OR")
    ax = network_graph(found)
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    areas = np.array([circle.radius**2 for circle in circles])
    assert_allclose(areas / areas.max(), [1.0, 0.4, 0.2], rtol=1e-9)  # 100, 40 and 20 patients
    shaded = [patch for patch in ax.patches if isinstance(patch, Polygon)]
    assert len(shaded) == 1 and len(shaded[0].get_xy()) == 4
    by_studies = [
        patch.radius**2 for patch in network_graph(found, node_area="studies").patches if isinstance(patch, Circle)
    ]
    assert_allclose(np.array(by_studies) / max(by_studies), [1.0, 1.0, 0.5], rtol=1e-9)


def test_parts_stand_apart_and_it_is_said(words):
    ax = network_graph(therapy_network())
    assert len([patch for patch in ax.patches if isinstance(patch, Circle)]) == 13
    assert any("joined by no study" in text for text in words(ax.figure))
    assert "MRgFUS" in words(ax.figure)


@pytest.mark.parametrize(
    ("n", "k", "long"), [(2, 1, False), (3, 3, True), (7, 12, True), (12, 40, True), (20, 100, True)]
)
def test_no_text_of_a_graph_meets_another(n, k, long, layout_faults):
    found = network.fit(made(n, k, long=long), measure="MD")
    assert layout_faults(network_graph(found, title="A network of treatments").figure) == []


def test_the_order_of_treatments_can_be_given(triangle, words):
    texts = [text for text in words(network_graph(triangle, order=["z", "x", "y"]).figure) if text in "xyz"]
    assert texts == ["z", "x", "y"]
    with pytest.raises(OptionError, match="order='w'"):
        network_graph(triangle, order=["w"])
    with pytest.raises(OptionError, match="found list"):
        network_graph([1, 2])


def test_the_forest_has_estimates_intervals_and_prediction_intervals(triangle):
    ax = network_forest(triangle, reference="z")
    panel = ax.child_axes[0]
    dots = [line.get_xdata()[0] for line in panel.lines if line.get_marker() == "o"]
    frame = triangle.against_reference(reference="z")
    assert_allclose(dots, frame["reported_estimate"])
    ends = [tuple(line.get_xdata()) for line in panel.lines if len(line.get_xdata()) == 2]
    low, high = panel.get_xlim()
    for row in frame.to_dict("records"):
        assert any(np.allclose(pair, (row["ci_low"], row["ci_high"])) for pair in ends)
        wanted = (max(low, row["pi_low"]), min(high, row["pi_high"]))
        assert any(np.allclose(pair, wanted) for pair in ends)


def test_the_forest_says_its_methods(triangle, words):
    written = " ".join(words(network_forest(triangle, reference="z").figure))
    for text in (
        "Against z",
        "Direct",
        "95% prediction",
        "Random effects (τ² by REML), 4 studies, 3 designs",
        "Pale bars",
    ):
        assert text in written
    common = " ".join(words(network_forest(triangle, model="common").figure))
    assert "Common effect" in common and "prediction" not in common


@pytest.mark.parametrize("n", [2, 5, 22])
def test_no_text_of_a_forest_meets_another(n, layout_faults):
    found = network.fit(made(n, 3 * n, long=True), measure="MD")
    assert layout_faults(network_forest(found, title="All against one").figure) == []
    assert layout_faults(network_forest(found, sort="estimate", prediction=False, methods=False).figure) == []


def test_ratios_have_a_log_axis(layout_faults):
    ax = network_forest(
        therapy_network().fit("SBRT", reference="EBRT-SF8"), favours=("Favours 8 Gy", "Favours the other")
    )
    assert ax.child_axes[0].get_xscale() == "log"
    assert layout_faults(ax.figure) == []


def test_the_funnel_has_adjusted_effects_and_hollow_ones_at_zero(triangle, words, layout_faults):
    ax = comparison_funnel(triangle, ["z", "y", "x"])
    data = network.comparison_adjusted(triangle, ["z", "y", "x"])
    hollow, filled = (line for line in ax.lines if line.get_marker() == "o")
    assert_allclose(hollow.get_xdata(), 0.0)
    assert_allclose(filled.get_xdata(), data.adjusted[~data.alone])
    assert_allclose(filled.get_ydata(), data.std_error[~data.alone])
    assert ax.get_ylim()[1] == 0 < ax.get_ylim()[0]
    assert any("alone in its comparison" in text for text in words(ax.figure))
    assert layout_faults(ax.figure) == []


def test_a_funnel_of_many_comparisons(layout_faults):
    found = network.fit(made(5, 60), measure="MD")
    ax = comparison_funnel(found, ["T4", "T3", "T2", "T1", "T0"])
    assert layout_faults(ax.figure) == []


def test_in_given_axes_and_the_same_bytes_each_time(triangle):
    figure = Figure(figsize=(10, 4))
    left, middle, right = figure.subplots(1, 3)
    assert network_graph(triangle, ax=left) is left
    assert network_forest(triangle, ax=middle) is middle
    assert comparison_funnel(triangle, ["z", "y", "x"], ax=right) is right
    assert figure_png(network_graph(triangle)) == figure_png(network_graph(triangle))
    assert figure_svg(network_forest(triangle)) == figure_svg(network_forest(triangle))
