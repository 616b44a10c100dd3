"""Networks of trials: the graph, each treatment against one, and the comparison-adjusted funnel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ostealgia import display
from ostealgia.display import level_text, p_text
from ostealgia.errors import OptionError
from ostealgia.network.small_study import comparison_adjusted
from ostealgia.options import one_of
from ostealgia.plot import style
from ostealgia.plot.canvas import Pen, house_style, leading, new_sheet, size_of, text_width, wrap
from ostealgia.plot.columns import Column
from ostealgia.plot.forest_plot import draw_table
from ostealgia.plot.forest_table import (
    ForestOptions,
    ForestTable,
    Row,
    align_numbers,
    effect_label,
    effect_numbers,
    tau2_text,
)
from ostealgia.plot.network_graph_draw import draw_graph
from ostealgia.plot.network_layout import graph_height, graph_layout
from ostealgia.plot.numbers import effect_digits
from ostealgia.plot.scales import effect_axis, linear_ticks, tick_labels
from ostealgia.tables.measures import MEASURES, Measure

NAN = math.nan
SORTS = ("name", "estimate")
PALE = "#c3d5e6"  # of the accent, light enough to lie behind an interval
MODEL_WORDS = {"random": "Random effects", "common": "Common effect", "MH": "Common effect (Mantel-Haenszel)"}


def network_graph(
    source: Any,
    *,
    ax: Any = None,
    title: str | None = None,
    order: Sequence[str] | None = None,
    node_area: str | None = None,
) -> Any:
    """Which treatments did studies compare, and how often?

    source : NetworkResult, NetworkParts or TherapyNetwork. Parts that no study joins are drawn apart.
    ax : Axes to draw in, everything alike smaller where they are too small; None makes a figure of its own size.
    order : treatments clockwise from the top, by default alphabetical.  node_area : "patients" or "studies"; by default patients where the
    numbers are known. Line widths and the numbers on them are studies; a shaded area is a study of three or more arms.
    Returns the Axes.  Source: Salanti, Kavvoura & Ioannidis 2008, doi:10.7326/0003-4819-148-7-200804010-00011.

    >>> from ostealgia.network import fit
    >>> data = {"study": list("ABC"), "treat1": list("xyx"), "treat2": list("yzz"), "estimate": [1.0, 2.0, 3.3], "std_error": [0.5] * 3}
    >>> ax = network_graph(fit(data))
    >>> len(ax.patches)
    3
    """
    if node_area is not None:
        one_of("node_area", node_area, ("patients", "studies"))
    with house_style():
        layout = graph_layout(_parts_of(source), order=order, node_area=node_area, title=title)
        height = graph_height(layout)
        scale = 1.0
        if ax is None:
            ax = new_sheet(layout.width, height)
            width = layout.width
        else:
            own = size_of(ax)
            scale = min(1.0, own[0] / layout.width, own[1] / height)
            width, height = own[0] / scale, own[1] / scale
        ax.set_axis_off()
        ax.set_autoscale_on(False)
        ax.set_xlim(0, width)
        ax.set_ylim(height, 0)
        draw_graph(Pen(ax, scale), layout)
    return ax


def _parts_of(source: Any) -> Any:
    """The parts of whatever was given."""
    if hasattr(source, "parts") and hasattr(source.parts, "parts"):
        return source.parts
    if hasattr(source, "parts") and hasattr(source, "connected"):
        return source
    if hasattr(source, "contrasts"):
        from ostealgia.network.connection import parts_of

        return parts_of(source.contrasts)
    raise OptionError(
        f"network_graph draws a NetworkResult, NetworkParts or TherapyNetwork; found {type(source).__name__}."
    )


# --- each treatment against one ---------------------------------------------------------------------------------------


def network_forest(
    fit: Any,
    *,
    ax: Any = None,
    reference: str | None = None,
    model: str | None = None,
    title: str | None = None,
    favours: Sequence[str] | None = None,
    effect_label: str | None = None,
    digits: int | None = None,
    xlim: tuple[float, float] | None = None,
    prediction: bool = True,
    methods: bool = True,
    sort: str = "name",
) -> Any:
    """How does each treatment compare with one of them?

    fit : NetworkResult.  reference, model : other than those of the fit.  prediction : the prediction intervals, as pale bars and as text.
    sort : "name" or "estimate"; neither is a ranking.  The rest is as in ``forest``. "Direct" counts the studies that compare the two
    treatments themselves; where it is 0, all evidence is indirect.  Returns the Axes.

    >>> from ostealgia.network import fit
    >>> data = {"study": list("ABC"), "treat1": list("xyx"), "treat2": list("yzz"), "estimate": [1.0, 2.0, 3.3], "std_error": [0.5] * 3}
    >>> ax = network_forest(fit(data), reference="z")
    >>> len(ax.child_axes)
    1
    """
    one_of("sort", sort, SORTS)
    frame = fit.against_reference(model=model, reference=reference)
    if sort == "estimate":
        frame = frame.sort_values("estimate", kind="stable").reset_index(drop=True)
    with house_style():
        rows, digits = _reference_rows(fit, frame, digits, prediction)
        if xlim is None and any(row.weights for row in rows):
            xlim = _reach(fit.definition, frame)
        options = ForestOptions(title=title, favours=favours, effect_label=effect_label, digits=digits, xlim=xlim)
        ax = draw_table(_reference_table(fit, frame, rows, options, methods), ax)
        if any(row.weights for row in rows):
            _draw_predictions(ax, frame)
    return ax


def _reference_rows(fit: Any, frame: Any, digits: int | None, prediction: bool) -> tuple[list[Row], int]:
    """One row a treatment; the text of the prediction interval takes the place of a weight."""
    measure: Measure = fit.definition
    if digits is None:
        middle = float(frame["reported_estimate"].median())
        digits = effect_digits(measure, frame["reported_ci_low"], frame["reported_ci_high"], middle)
    predicted = prediction and bool(np.isfinite(frame["reported_pi_low"]).all())
    rows: list[Row] = []
    for i, record in enumerate(frame.to_dict("records")):
        estimate, low, high = (float(record[f"reported_{name}"]) for name in ("estimate", "ci_low", "ci_high"))
        pi_low, pi_high = float(record["reported_pi_low"]), float(record["reported_pi_high"])
        row = Row(
            kind="refit",
            label=str(record["treatment"]),
            position=i,
            estimate=estimate,
            low=low,
            high=high,
            numbers=effect_numbers(estimate, low, high, digits, measure),
            cells=((f"{record['k']:d}", ""),),
            weights=(effect_numbers(NAN, pi_low, pi_high, digits, measure)[1],) if predicted else (),
        )
        rows.append(row)
    return rows, digits


def _reach(measure: Measure, frame: Any) -> tuple[float, float]:
    """Ends of an axis that holds the prediction intervals as well, as far as they do not dwarf the others."""
    columns = {
        name: np.asarray(frame[f"reported_{name}"], dtype=float)
        for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    }
    shown = [value for name in ("estimate", "ci_low", "ci_high") for value in columns[name]]
    axis = effect_axis(
        measure,
        estimates=columns["estimate"],
        lows=columns["pi_low"],
        highs=columns["pi_high"],
        shares=np.full(len(frame), np.nan),
        pooled=[min(shown), min(shown), max(shown)],
        width=204.0,
    )
    return axis.low, axis.high


def _draw_predictions(ax: Any, frame: Any) -> None:
    """A pale bar behind each interval, in the row of its dot."""
    panel = ax.child_axes[0]
    low, high = panel.get_xlim()
    heights = [line.get_ydata()[0] for line in panel.lines if line.get_marker() == "o"]
    inside = frame[(frame["reported_estimate"] >= low) & (frame["reported_estimate"] <= high)]
    size = next((line.get_markersize() for line in panel.lines if line.get_marker() == "o"), 5.0)
    for y, record in zip(heights, inside.to_dict("records"), strict=True):
        ends = [max(low, float(record["reported_pi_low"])), min(high, float(record["reported_pi_high"]))]
        panel.plot(ends, [y, y], color=PALE, linewidth=1.1 * size, solid_capstyle="butt", zorder=2.0)


def _reference_table(fit: Any, frame: Any, rows: list[Row], options: ForestOptions, methods: bool) -> ForestTable:
    measure: Measure = fit.definition
    label = options.effect_label or effect_label(measure)
    reference = str(frame["reference"].iloc[0])
    level = level_text(fit.ci_level)
    predicted = any(row.weights for row in rows)
    return ForestTable(
        measure=measure,
        rows=tuple(align_numbers(rows)),
        columns=(Column(head="Direct", cells=tuple((f"{k:d}", "") for k in frame["k"])),),
        label_head=f"Against {reference}",
        effect_head=f"{label} [{level} CI]",
        axis_label=f"{label} (log scale)" if measure.ratio else label,
        weight_heads=(f"{level} prediction",) if predicted else (),
        domains=(),
        with_audit=False,
        pooled=NAN,
        methods=_methods(fit, str(frame["model"].iloc[0]), predicted) if methods else "",
        options=options,
    )


def _methods(fit: Any, model: str, predicted: bool) -> str:
    """Model, tau2, Q with its parts."""
    text = MODEL_WORDS[model]
    if model == "random" and fit.tau2_method:
        text += f" (τ² {'given' if fit.tau2_method == 'given' else f'by {fit.tau2_method}'})"
    parts = [f"{text}, {_count(fit.k, 'study', 'studies')}, {_count(fit.n_designs, 'design', 'designs')}"]
    if model == "random" and math.isfinite(fit.tau2):
        parts.append(f"τ² {tau2_text(fit.tau2)}")
    for name, q, df, p in (
        ("Q within designs", fit.q_heterogeneity, fit.q_heterogeneity_df, fit.q_heterogeneity_p_value),
        ("Q between designs", fit.q_inconsistency, fit.q_inconsistency_df, fit.q_inconsistency_p_value),
    ):
        if df > 0:
            parts.append(f"{name} {q:.2f}, df {df}, {p_text(p)}")
    if predicted:
        parts.append("Pale bars: prediction intervals")
    parts.append("Direct: studies that compare the two themselves")
    return ". ".join(parts) + "."


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


# --- the comparison-adjusted funnel -----------------------------------------------------------------------------------

WIDTH, HEIGHT = 450.0, 330.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 30.0, 44.0
Z95 = 1.959963984540054
MOST_COLOURS = len(style.GROUPS)


def comparison_funnel(fit: Any, order: Sequence[str], *, ax: Any = None, model: str | None = None) -> Any:
    """Do less precise studies say something else, once each is set against its own comparison?

    fit : NetworkResult.  order : every treatment, from the one small studies are thought to disfavour to the one they may favour; to the
    right lie studies more in favour of a higher value of the later treatment.  ax, model : as in ``network_forest``.
    Hollow points are alone in their comparison, so they lie at zero whatever they found.  Returns the Axes.
    Source: Chaimani & Salanti 2012, doi:10.1002/jrsm.57.

    >>> from ostealgia.network import fit
    >>> data = {"study": list("ABCD"), "treat1": list("xxyy"), "treat2": list("yyzz"), "estimate": [1.0, 0.6, 2.0, 1.5],
    ...         "std_error": [0.3, 0.1, 0.4, 0.2]}
    >>> ax = comparison_funnel(fit(data), ["z", "y", "x"])
    >>> bool(ax.yaxis_inverted())
    True
    """
    data = comparison_adjusted(fit, order, model=model)
    groups = _comparisons(data)
    with house_style():
        if ax is None:
            key, lines = _below(data, groups, WIDTH - LEFT - RIGHT)
            extra = 13.0 * (1 + max(y for _, y, *_ in key) if key else 0) + leading(style.SMALL) * len(lines)
            bottom, height = BOTTOM + extra, HEIGHT + extra
            rect = (LEFT / WIDTH, bottom / height, (WIDTH - LEFT - RIGHT) / WIDTH, (height - TOP - bottom) / height)
            ax = new_sheet(WIDTH, height, rect)
        _funnel_axes(ax, data, fit.definition)
        _funnel_points(ax, data, groups)
        _funnel_words(ax, data, groups)
    return ax


def _comparisons(data: Any) -> dict[tuple[str, str], str]:
    """A colour for each comparison with several studies, where there are few enough to tell colours apart; else one ink."""
    several: dict[tuple[str, str], int] = {}
    for pair, alone in zip(zip(data.treat1, data.treat2, strict=True), data.alone, strict=True):
        if not alone:
            several[pair] = several.get(pair, 0) + 1
    if len(several) > MOST_COLOURS:
        return {}
    return dict(zip(several, style.GROUPS, strict=False))


def _funnel_axes(ax: Any, data: Any, measure: Measure) -> None:
    deepest = float(data.std_error.max()) * 1.06
    reach = max(1.12 * float(np.abs(data.adjusted).max()), 1.05 * Z95 * deepest * 0.75)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(deepest, 0.0)
    width, _ = size_of(ax)
    plain = MEASURES["GEN"]
    ticks = [tick for tick in linear_ticks(-reach, reach, width, plain) if -reach <= tick <= reach]
    ax.set_xticks(ticks, labels=tick_labels(ticks, plain))
    depths = [depth for depth in linear_ticks(0.0, deepest, 160.0, plain) if depth <= deepest]
    ax.set_yticks(depths, labels=tick_labels(depths, plain))
    ax.minorticks_off()
    ax.tick_params(
        length=3, width=0.75, color=style.INK, labelsize=9.5, labelcolor=style.INK, labelfontfamily=list(style.FAMILIES)
    )
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    scale = measure.analysis_scale
    words = f"{scale[:1].upper()}{scale[1:]}, less that of the comparison (later − earlier treatment)"
    ax.set_xlabel(words, fontproperties=style.font(style.SMALL), color=style.SECONDARY, labelpad=4, parse_math=False)
    edge = Z95 * deepest
    ax.fill([0, -edge, edge], [0, deepest, deepest], color="#f1f3f5", linewidth=0, zorder=0.5)
    ax.plot([0, 0], [0, deepest], color=style.INK, linewidth=0.75, zorder=1.5)


def _funnel_points(ax: Any, data: Any, groups: Mapping[tuple[str, str], str]) -> None:
    look = {"linestyle": "none", "marker": "o", "markersize": 5.5, "clip_on": False}
    pairs = list(zip(data.treat1, data.treat2, strict=True))
    alone = data.alone
    ax.plot(
        data.adjusted[alone], data.std_error[alone], markerfacecolor=style.PAPER, markeredgecolor=style.MARK, markeredgewidth=0.9,
        zorder=3, **look,
    )  # fmt: skip
    for pair, colour in groups.items() or {None: style.INK}.items():
        chosen = np.array([not one and (pair is None or own == pair) for own, one in zip(pairs, alone, strict=True)])
        ax.plot(
            data.adjusted[chosen], data.std_error[chosen], markerfacecolor=colour, markeredgecolor=style.PAPER, markeredgewidth=0.6,
            zorder=4, **look,
        )  # fmt: skip


def _below(
    data: Any, groups: Mapping[tuple[str, str], str], width: float
) -> tuple[list[tuple[float, int, str, str]], list[str]]:
    """The key of colours as (x, line, name, colour), and the lines of words under it."""
    key: list[tuple[float, int, str, str]] = []
    x, line = 0.0, 0
    for (later, earlier), colour in groups.items():
        name = f"{later} − {earlier}"
        wide = text_width(name, style.SMALL) + 13.0
        if x and x + wide > width:
            x, line = 0.0, line + 1
        key.append((x, line, name, colour))
        x += wide + 12.0
    words = []
    if data.alone.any():
        words.append("Hollow: alone in its comparison, at zero by construction.")
    if math.isfinite(data.intercept):
        words.append(
            f"Egger’s regression: {display.number(data.intercept, 2, typographic=True)} (SE {data.intercept_std_error:.2f}), df {data.df}, "
            f"{p_text(data.p_value)}."
        )
    words += [f"{note[:1].upper()}{note[1:]}." for note in data.notes]
    return key, [piece for text in words for piece in wrap(text, max(width, 200.0), style.SMALL)]


def _funnel_words(ax: Any, data: Any, groups: Mapping[tuple[str, str], str]) -> None:
    """Axis title above, key of colours, and what the figure cannot tell below."""
    width, _ = size_of(ax)
    _say(ax, 0.0, 1.0, -LEFT + style.MARGIN, 9.0, "Standard error")
    words = "Shaded: 95% of studies, if those of one comparison estimate the same"
    _say(ax, 0.0, 1.0, width - text_width(words, style.SMALL), 9.0, words)
    key, lines = _below(data, groups, width)
    y = -48.0
    for x, line, name, colour in key:
        ax.annotate(
            "●", (0, 0), xytext=(x, y - 13.0 * line), xycoords="axes fraction", textcoords="offset points", va="baseline", color=colour,
            fontproperties=style.font(8.0), annotation_clip=False,
        )  # fmt: skip
        _say(ax, 0.0, 0.0, x + 10.0, y - 13.0 * line, name)
    y -= 13.0 * (1 + max(line for _, line, *_ in key)) if key else 0.0
    for text in lines:
        _say(ax, 0.0, 0.0, 0.0, y, text)
        y -= leading(style.SMALL)


def _say(ax: Any, fx: float, fy: float, dx: float, dy: float, words: str) -> None:
    ax.annotate(
        words, (fx, fy), xytext=(dx, dy), xycoords="axes fraction", textcoords="offset points", va="baseline", color=style.SECONDARY,
        fontproperties=style.font(style.SMALL), parse_math=False, annotation_clip=False,
    )  # fmt: skip
