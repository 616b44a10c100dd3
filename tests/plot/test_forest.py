"""The forest plot: where things stand, what is written, what happens with few, many and odd studies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.testing import assert_allclose

from ostealgia import meta
from ostealgia.errors import OptionError
from ostealgia.plot import figure_png, figure_svg, forest, forest_pages, style


def squares(ax):
    """Centre and side of each study's square, from top to bottom."""
    lines = [line for line in ax.child_axes[0].lines if line.get_marker() == "s"]
    return [(line.get_xdata()[0], line.get_ydata()[0], line.get_markersize()) for line in lines]


def diamonds(ax):
    return [patch.get_xy() for patch in ax.child_axes[0].patches if isinstance(patch, Polygon)]


def arrows(ax):
    return [line for line in ax.child_axes[0].lines if isinstance(line.get_marker(), list)]


# --- rows and marks --------------------------------------------------------------------------------------------------


def test_every_study_has_a_square_at_its_estimate_on_a_row_of_its_own(bcg):
    fit = meta.pool(bcg)
    drawn = squares(forest(fit))
    assert_allclose([x for x, _, _ in drawn], np.exp(bcg.estimate), rtol=1e-12)
    # rows are 16.5 points (22 px) apart when no name wraps
    assert_allclose(np.diff([y for _, y, _ in drawn]), style.ROW, atol=1e-9)


def test_area_of_the_squares_is_proportional_to_the_weights(bcg):
    fit = meta.pool(bcg)
    sides = np.array([side for _, _, side in squares(forest(fit))])
    assert_allclose(sides**2 / sides.max() ** 2, fit.weights / fit.weights.max(), rtol=1e-12)


def test_the_diamond_reaches_from_limit_to_limit(bcg):
    fit = meta.pool(bcg)
    (corners,) = diamonds(forest(fit))
    assert_allclose(corners[:3, 0], [fit.reported.ci_low, fit.reported.estimate, fit.reported.ci_high], rtol=1e-9)
    assert np.ptp(corners[:, 1]) <= style.ROW


def test_the_effect_axis_is_in_reported_units_and_log_for_ratios(bcg):
    panel = forest(meta.pool(bcg)).child_axes[0]
    assert panel.get_xscale() == "log"
    low, high = panel.get_xlim()
    assert low < 0.07 < 6.6 < high  # the widest interval is 0.37 to 6.53, the lowest limit 0.07
    assert {0.1, 0.2, 0.5, 1.0, 2.0, 5.0} <= set(panel.get_xticks())


def test_lines_stand_at_no_effect_and_at_the_pooled_value(bcg):
    fit = meta.pool(bcg)
    panel = forest(fit).child_axes[0]
    upright = {
        tuple(np.round(line.get_xdata(), 9)): line
        for line in panel.lines
        if len(line.get_xdata()) == 2 and np.ptp(line.get_xdata()) == 0
    }
    assert upright[(1.0, 1.0)].get_linestyle() == "-"
    assert upright[(round(fit.reported.estimate, 9),) * 2].is_dashed()


def test_an_interval_that_dwarfs_the_others_is_clipped_with_its_limits_in_the_text(effects_of, words):
    effects = effects_of("OR", ["Small", "B", "C", "D"], np.log([1.1, 0.8, 0.75, 0.9]), [3.5, 0.1, 0.05, 0.08])
    ax = forest(meta.pool(effects))
    low, high = ax.child_axes[0].get_xlim()
    assert high / low < 30
    assert len(arrows(ax)) == 2
    # exp(log 1.1 -+ 1.96 * 3.5) by hand: 0.00115 and 1049
    assert "[0.001 to 1,049]" in " ".join(words(ax.figure))


def test_an_estimate_beyond_the_axis_leaves_an_arrow_and_no_square(bcg):
    ax = forest(meta.pool(bcg), xlim=(0.5, 2.0))
    low = bcg.study_low if hasattr(bcg, "study_low") else bcg.estimate - 1.96 * bcg.std_error
    inside = (np.exp(bcg.estimate) >= 0.5) & (np.exp(bcg.estimate) <= 2.0)
    assert len(squares(ax)) == inside.sum()
    assert len(arrows(ax)) >= (np.exp(low) < 0.5).sum()


def test_infinite_and_missing_limits_are_drawn_without_a_warning(effects_of):
    fit = meta.pool(effects_of("MD", ["A", "B"], [1.0, 2.0], [1e-3, 1e-3]), ci="HK")
    figure_png(forest(fit), dpi=50)
    fit = meta.pool(effects_of("MD", ["A"], [1.0], [0.5]), ci="HK")
    assert math.isnan(fit.ci_low)
    figure_png(forest(fit), dpi=50)


# --- what is written -------------------------------------------------------------------------------------------------


def test_numbers_totals_and_methods_are_written(bcg, words):
    fit = meta.pool(bcg)
    written = words(forest(fit, arms=("Vaccinated", "Not vaccinated"), event_label="cases").figure)
    assert {"Study", "Vaccinated", "Not vaccinated", "Risk ratio [95% CI]", "Weight, %", "100.0"} <= set(written)
    assert written.count("cases/n") == 2
    assert "1,065" in written and "/191,064" in written  # sums of the published table
    assert "[0.13 to 1.26]" in written  # Aronson 1948: 0.41 (0.13 to 1.26)
    methods = " ".join(written).replace("\u00a0", " ")
    for part in (
        "Random effects (REML)",
        "Hartung-Knapp",
        "τ² 0.31",
        "(log risk ratio scale)",
        "I² 92% (from τ²)",
        "Q 152.23, df 12, P < 0.001",
    ):
        assert part in methods
    assert not any("-" in word and word.replace("-", "").replace(".", "").isdigit() for word in written)  # true minus


def test_means_have_a_column_for_each_arm_and_a_true_minus(effects_of, words):
    effects = effects_of(
        "MD", ["A", "B"], [-20.0, -2.0], [6.4, 1.4], [311, 63],
        mean_1=[55, 27], sd_1=[47, 7], n_1=[155, 31], mean_2=[75, 29], sd_2=[64, 4], n_2=[156, 32],
    )  # fmt: skip
    written = words(forest(meta.pool(effects), favours=("Favours care", "Favours routine")).figure)
    assert written.count("mean (SD)") == 2 and written.count("n") == 2
    assert {"55", "(47)", "155", "186", "← Favours care", "Favours routine →"} <= set(written)
    assert any(word.startswith("[−32.5 to") for word in written)


def test_proportions_are_per_cent_with_exact_intervals(effects_of, words):
    events, n = np.array([8.0, 26.0, 6.0]), np.array([10.0, 31.0, 9.0])
    effects = effects_of(
        "PLO", "ABC", np.log(events / (n - events)), np.sqrt(1 / events + 1 / (n - events)), n, events=events, n=n
    )
    ax = forest(meta.pool(effects), event_label="responders")
    written = words(ax.figure)
    assert {"responders/n", "Proportion, % [95% CI]", "80", "[44 to 97]"} <= set(
        written
    )  # Clopper-Pearson, Baal 2021 Figure 2
    low, high = ax.child_axes[0].get_xlim()
    assert 0 <= low < 0.31 and high == pytest.approx(1.0)


def test_subgroups_have_headings_subtotals_and_their_test(bcg, words):
    found = meta.subgroup(bcg, by="allocation")
    ax = forest(found)
    written = words(ax.figure)
    assert [word for word in written if word in ("random", "alternate", "systematic")] == [
        "random",
        "alternate",
        "systematic",
    ]
    assert written.count("Subtotal") == 3
    assert len(diamonds(ax)) == 4
    assert f"Between\u00a0subgroups:\u00a0Q\u00a0{found.q_between:.2f}" in " ".join(written)
    # 7 random trials, sums by hand
    assert "617" in written and "/112,693" in written


def test_a_study_without_a_subgroup_is_still_there(bcg, words):
    labels = ["a"] * 6 + ["b"] * 6 + [""]
    ax = forest(meta.subgroup(bcg, by=labels))
    assert len(squares(ax)) == 13
    assert "In no subgroup" in words(ax.figure)


def test_equal_rows_in_two_subgroups_each_appear_once(effects_of):
    effects = effects_of("MD", ["Same"] * 4, [1.0, 1.0, 1.0, 1.0], [0.5, 0.5, 0.5, 0.5])
    ax = forest(meta.subgroup(effects, by=["x", "x", "y", "y"]))
    assert len(squares(ax)) == 4


def test_one_study_is_shown_and_nothing_is_called_pooled(effects_of, words):
    ax = forest(meta.pool(effects_of("HR", ["Only 2011"], [-0.2], [0.1])))
    assert not diamonds(ax)
    assert any("nothing was pooled" in word for word in words(ax.figure))


def test_a_second_model_has_a_row_and_a_column_of_weights(bcg, words):
    fit, common = meta.pool(bcg), meta.pool(bcg, model="common")
    ax = forest(fit, common=common)
    written = words(ax.figure)
    assert {"Common effect", "random", "common"} <= set(written)
    assert written.count("100.0") == 2
    assert len(diamonds(ax)) == 2
    with pytest.raises(OptionError, match="same studies"):
        forest(fit, common=meta.pool(bcg.take([0, 1, 2]), model="common"))


def test_rows_left_out_are_counted_under_the_figure(bcg, words):
    from dataclasses import replace

    from ostealgia.tables.result import Excluded

    fit = replace(meta.pool(bcg), excluded=(Excluded(study="X", reason="no events"),))
    assert "1 row left out" in " ".join(words(forest(fit).figure)).replace("\u00a0", " ")


# --- layout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3, 20, 60])
def test_no_text_touches_another_or_leaves_the_figure(k, long_names, layout_faults):
    ax = forest(
        meta.pool(long_names(k)),
        title="A title that is long enough to need more than one line on a figure as wide as its columns ask for",
        arms=("Single fraction of 8 Gy", "Multiple fractions"),
        favours=("Favours a single fraction of radiotherapy", "Favours multiple fractions of radiotherapy"),
    )
    assert layout_faults(ax.figure) == []


@pytest.mark.parametrize("measure", ["MD", "OR", "RD", "GEN"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_layout_holds_at_any_scale_of_the_data(measure, scale, effects_of, layout_faults):
    effects = effects_of(
        measure,
        ["A", "B", "C", "D"],
        np.array([0.1, -0.4, 0.2, 0.3]) * scale,
        np.array([0.2, 0.1, 2.0, 0.3]) * min(scale, 1.0),
    )
    assert layout_faults(forest(meta.pool(effects), favours=("Favours a", "Favours b")).figure) == []


def test_layout_of_subgroups_signs_and_columns(long_names, layout_faults):
    effects = long_names(24)
    judgements = ("low", "some concerns", "high", "no information")
    domains = ("Randomisation", "Deviations", "Missing data", "Measurement", "Selection")
    ax = forest(
        meta.subgroup(effects, by="group"),
        risk_of_bias={
            s: {d: judgements[(i + j) % 4] for j, d in enumerate(domains)} for i, s in enumerate(effects.study)
        },
        audit={s: ("inconsistent", f"#finding-{i}") if i % 3 else "consistent" for i, s in enumerate(effects.study)},
        columns={"group": "Schedule"},
    )
    assert layout_faults(ax.figure) == []
    assert figure_svg(ax).count('href="#finding-') > 10


def test_the_figure_is_as_high_as_its_rows(effects_of):
    def height(k):
        ax = forest(meta.pool(effects_of("OR", [f"S{i}" for i in range(k)], np.linspace(-1, 1, k), [0.3] * k)))
        return ax.figure.get_size_inches()[1] * 72

    assert height(60) - height(20) == pytest.approx(40 * style.ROW, abs=1e-6)


def test_two_hundred_studies_go_on_pages_of_one_width_and_axis(long_names, layout_faults):
    effects = long_names(200)
    figures = forest_pages(meta.subgroup(effects, by="group"), rows_per_page=40)
    assert len(figures) > 5
    panels = [figure.axes[0].child_axes[0] for figure in figures]
    assert len({figure.get_size_inches()[0] for figure in figures}) == 1
    assert len({panel.get_xlim() for panel in panels}) == 1
    assert sum(len(squares(figure.axes[0])) for figure in figures) == 200
    assert [len(diamonds(figure.axes[0])) > 0 for figure in figures][-1]
    for figure in (figures[0], figures[1], figures[-1]):
        assert layout_faults(figure) == []
        assert figure.get_size_inches()[1] * 72 < 40 * style.ROW + 160


def test_inside_given_axes_everything_is_smaller_alike(bcg):
    figure = Figure(figsize=(6, 3), dpi=100)
    left, right = figure.subplots(1, 2)
    assert forest(meta.pool(bcg), ax=left) is left
    assert right.child_axes == []
    sizes = {
        round(text.get_fontsize() / style.BODY, 3)
        for text in left.texts or left.get_children()
        if hasattr(text, "get_fontsize") and text.get_text() == "Aronson 1948"
    }
    assert sizes and max(sizes) < 0.6
    x_unit = left.get_window_extent().width / left.get_xlim()[1]
    y_unit = left.get_window_extent().height / left.get_ylim()[0]
    assert x_unit == pytest.approx(y_unit)


def test_names_are_never_read_as_mathematics_and_unknown_letters_do_not_warn(effects_of, words):
    names = ["$\\frac{1}{0}$ 2001", "王 2019", "a\tb\nc", "<script> & co 1999"]
    ax = forest(meta.pool(effects_of("OR", names, [0.1, 0.2, 0.3, 0.2], [0.1] * 4)))
    assert {"$\\frac{1}{0}$ 2001", "a b c", "<script> & co 1999"} <= set(words(ax.figure))
    assert "<script>" not in figure_svg(ax, text="none")


# --- options ---------------------------------------------------------------------------------------------------------


def test_sorting_changes_the_order_only(bcg):
    ax = forest(meta.pool(bcg), sort="estimate")
    drawn = [x for x, _, _ in squares(ax)]
    assert drawn == sorted(drawn)
    assert_allclose(sorted(np.exp(bcg.estimate)), drawn, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sort": "wieght"}, "Did you mean 'weight'"),
        ({"arms": "Treated"}, "pair of labels"),
        ({"favours": ("one",)}, "pair of labels"),
        ({"digits": 1.5}, "whole number"),
        ({"xlim": (2, 1)}, "low below high"),
        ({"columns": {"alocation": "Allocation"}}, "Did you mean 'allocation'"),
        ({"risk_of_bias": {"Aronson 1948": "hihg"}}, "Did you mean 'high'"),
        ({"audit": {"Aronson 1948": "wrong"}}, "not one of 'consistent'"),
    ],
)
def test_a_wrong_option_is_named_with_the_choices(bcg, options, message):
    with pytest.raises(OptionError, match=message):
        forest(meta.pool(bcg), **options)


def test_what_is_not_a_pool_is_refused(bcg):
    with pytest.raises(OptionError, match="Pool the effects first"):
        forest(bcg)
    with pytest.raises(OptionError, match="rows_per_page"):
        forest_pages(meta.pool(bcg), rows_per_page=3)


def test_too_many_rows_for_one_figure_are_sent_to_pages(effects_of):
    fit = meta.pool(effects_of("GEN", range(1001), np.linspace(0, 1, 1001), np.ones(1001)), tau2="DL", tau2_ci="none")
    with pytest.raises(OptionError, match="Use forest_pages"):
        forest(fit)


def test_drawing_changes_nothing_global(bcg):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    figure_svg(forest(meta.pool(bcg)))
    assert dict(mpl.rcParams) == before


def test_a_model_without_weights_says_why_its_squares_are_alike(effects_of, words):
    events, n = np.array([28.0, 228.0, 177.0]), np.array([152.0, 599.0, 200.0])
    error = np.sqrt(1 / events + 1 / (n - events))
    effects = effects_of("PLO", "ABC", np.log(events / (n - events)), error, n, events=events, n=n)
    ax = forest(meta.pool(effects, model="glmm"))
    assert len({side for _, _, side in squares(ax)}) == 1
    written = " ".join(words(ax.figure)).replace("\u00a0", " ")
    assert "Squares of one size" in written and "Weight" not in written
