"""The posterior of a Bayesian pool: the mean effect and a new study on the left, the heterogeneity on the right."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.display import level_text
from ostealgia.options import one_of
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, leading, new_sheet, size_of, text_width, wrap
from ostealgia.plot.numbers import effect_digits, effect_text
from ostealgia.plot.scales import far_away, no_effect_of
from ostealgia.plot.scatter import PLAIN, axis_label, effect_ticks, say
from ostealgia.tables.measures import MEASURES, Measure

Array = NDArray[np.float64]

WIDTH, PANEL, GAP, SIDE, TOP, FOOT = 560.0, 190.0, 36.0, 12.0, 46.0, 40.0
SHARE = 0.58  # of the width that the mean takes
POINTS = 600
FILL = "#dbe8f3"
DASH = (0, (3.0, 2.0))
PANELS = ("mean", "tau")


def posterior(fit: Any, *, ax: Any = None, of: str | None = None, effect_label: str | None = None) -> Any:
    """What is believed of the mean effect, of a new study and of the heterogeneity, and what was believed before?

    fit : BayesResult.  ax : Axes to draw in; None makes a figure.  of : "mean" or "tau" draws this one on the Axes; None draws
    both side by side, in two child Axes.  effect_label : instead of the name of the measure.
    Density of the posterior with the credible interval shaded and the median as a line; dashed: the prior, where it is proper;
    thin: a new study. The effect axis is even on the analysis scale and has ticks in the units that are reported.
    Returns the Axes.  Source: Roever 2020, doi:10.18637/jss.v093.i06.

    >>> import ostealgia as oa
    >>> data = {"study": list("ABC"), "estimate": [-0.5, -0.2, -0.4], "std_error": [0.2, 0.1, 0.3]}
    >>> ax = posterior(oa.meta.bayes(data, measure="OR", tau_prior="half-normal(0.5)"))
    >>> len(ax.child_axes)
    2
    """
    if of is not None:
        one_of("of", of, PANELS)
    with house_style():
        notes = _notes(fit)
        host = ax if ax is not None else _new(notes, of)
        if of is not None:
            _DRAW[of](host, fit, effect_label)
            return host
        for panel, (left, width) in zip(PANELS, _places(host), strict=True):
            child = host.inset_axes(_inside(host, left, width, notes), transform=host.transAxes)
            _DRAW[panel](child, fit, effect_label)
        host.set_axis_off()
        _draw_notes(host, notes)
    return host


def _new(notes: list[str], of: str | None) -> Any:
    if of is None:
        return new_sheet(WIDTH, TOP + PANEL + FOOT + _notes_height(notes, WIDTH))
    width = WIDTH * SHARE
    height = TOP + PANEL + FOOT
    rect = (SIDE / width, FOOT / height, 1 - 2 * SIDE / width, PANEL / height)
    return new_sheet(width, height, rect)


def _notes_height(notes: list[str], width: float) -> float:
    return sum(len(wrap(note, width - 2 * SIDE, style.SMALL)) for note in notes) * leading(style.SMALL) + 6.0


def _places(host: Any) -> list[tuple[float, float]]:
    """Left edge and width of the two panels, in points."""
    width, _ = size_of(host)
    free = width - 2 * SIDE - GAP
    first = SHARE * free
    return [(SIDE, first), (SIDE + first + GAP, free - first)]


def _inside(host: Any, left: float, width: float, notes: list[str]) -> tuple[float, float, float, float]:
    wide, high = size_of(host)
    foot = FOOT + _notes_height(notes, wide)
    return (left / wide, foot / high, width / wide, max(0.2, (high - TOP - foot) / high))


# --- panels -----------------------------------------------------------------------------------------------------------


def _draw_mean(ax: Any, fit: Any, effect_label: str | None) -> None:
    measure = MEASURES[fit.measure]
    low, high = _mean_reach(fit, measure)
    x = np.linspace(low, high, POINTS)
    mean, new = fit.distribution("mean"), fit.distribution("prediction")
    density, predictive = mean.density(x), new.density(x)
    prior = None
    if fit.mean_prior is not None:
        z = (x - fit.mean_prior[0]) / fit.mean_prior[1]
        prior = np.exp(-0.5 * z * z) / (fit.mean_prior[1] * math.sqrt(2 * math.pi))
    top = _top(float(max(density.max(), predictive.max())), prior)
    _frame(ax, low, high, top)
    _shade(ax, x, density, fit.mean)
    ax.plot(x, predictive, color=style.SECONDARY, linewidth=1.0, zorder=3)
    _curves(ax, x, density, prior)
    no_effect = measure.no_effect
    if no_effect is not None and low < no_effect < high:
        ax.plot([no_effect] * 2, [0, top], color=style.INK, linewidth=0.75, zorder=1)
    _ticks(ax, measure, low, high)
    label = effect_label or axis_label(measure)
    _words(
        ax,
        f"Mean effect: {_effect(fit, measure)}",
        label,
        [("mean", style.ACCENT, "-"), ("new study", style.SECONDARY, "-"), _dashed(prior)],
    )


def _mean_reach(fit: Any, measure: Measure) -> tuple[float, float]:
    """All of the mean, as much of a new study as leaves the mean wide enough, no effect where it is near."""
    mean = _within(fit.distribution("mean").quantile(np.array([0.002, 0.998])), fit.mean, 0.8)
    new = _within(fit.distribution("prediction").quantile(np.array([0.01, 0.99])), fit.prediction, 0.3)
    span = mean[1] - mean[0]
    low, high = min(mean[0], max(new[0], mean[0] - 0.6 * span)), max(mean[1], min(new[1], mean[1] + 0.6 * span))
    no_effect = measure.no_effect
    if no_effect is not None and not far_away(no_effect, [low], [high]):
        pad = 0.03 * (high - low)
        low, high = min(low, no_effect - pad), max(high, no_effect + pad)
    return float(low), float(high)


def _within(ends: Array, estimate: Any, more: float) -> tuple[float, float]:
    """The ends, but no further beyond the credible interval than ``more`` of its width: tails may be endless."""
    room = more * (estimate.ci_high - estimate.ci_low)
    return max(float(ends[0]), estimate.ci_low - room), min(float(ends[1]), estimate.ci_high + room)


def _draw_tau(ax: Any, fit: Any, effect_label: str | None) -> None:
    posterior_tau, prior_tau = fit.distribution("tau"), fit.tau_prior
    high = float(posterior_tau.quantile(np.array(0.995)))
    high = min(high, 1.7 * fit.tau.ci_high)
    x = np.concatenate([np.geomspace(1e-5, 2e-3, 20), np.linspace(3e-3, 1.0, POINTS)]) * high
    density = posterior_tau.density(x)
    prior = np.exp(prior_tau.log_density(x, fit.effects.variance)) if prior_tau.proper else None
    start = float(posterior_tau.quantile(np.array(0.05)))
    kept = x >= start if float(density[0]) > 1.5 * float(density[x >= start].max()) else x > 0
    top = _top(float(density[kept].max()) * (1.0 if kept.all() else 1.3), prior)
    _frame(ax, 0.0, high, top)
    _shade(ax, x, density, fit.tau)
    _curves(ax, x, density, prior)
    _ticks(ax, PLAIN, 0.0, high)
    median, low, limit = _tau_texts(fit.tau)
    head = f"Heterogeneity: τ {median} [{low} to {limit}]"
    _words(
        ax,
        head,
        f"τ ({MEASURES[fit.measure].analysis_scale} scale)",
        [("posterior", style.ACCENT, "-"), _dashed(prior)],
    )


def _tau_texts(tau: Any) -> tuple[str, ...]:
    """Median and limits with the digits that the upper limit carries; powers of ten in tiny units."""
    size = math.floor(math.log10(max(tau.ci_high, 1e-300)))
    values = (tau.median, tau.ci_low, tau.ci_high)
    if size < -4:
        return tuple(
            f"{value:.1e}".replace("e-0", "e-").replace("-", display.MINUS) if value else "0" for value in values
        )
    digits = max(0, 2 - max(0, size)) if size >= -1 else 1 - size
    return tuple(display.number(value, digits) for value in values)


def _top(highest: float, prior: Array | None) -> float:
    """Height of the plot: the posterior, and the prior where it is not much higher."""
    above = 0.0 if prior is None else float(prior.max())
    return 1.06 * (above if highest < above <= 1.4 * highest else highest)


_DRAW = {"mean": _draw_mean, "tau": _draw_tau}


def _frame(ax: Any, low: float, high: float, top: float) -> None:
    ax.set_xlim(low, high)
    ax.set_ylim(0.0, top)
    ax.set_yticks([])
    ax.minorticks_off()
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.tick_params(
        axis="x",
        length=3,
        width=0.75,
        color=style.INK,
        labelsize=9.5,
        labelcolor=style.INK,
        labelfontfamily=list(style.FAMILIES),
    )


def _ticks(ax: Any, measure: Measure, low: float, high: float) -> None:
    """Ticks whose labels stay on the sheet."""
    width, _ = size_of(ax)
    kept: list[tuple[float, str]] = []
    for tick, label in zip(*effect_ticks(measure, low, high, width), strict=True):
        at, half = width * (tick - low) / (high - low), text_width(label, 9.5) / 2
        if at - half >= 2.0 - SIDE and at + half <= width + SIDE - 2.0:
            kept.append((tick, label))
    ax.set_xticks([tick for tick, _ in kept], labels=[label for _, label in kept])


def _shade(ax: Any, x: Array, density: Array, estimate: Any) -> None:
    """The credible interval under the density, and the median."""
    inside = (x >= estimate.ci_low) & (x <= estimate.ci_high)
    ends = np.array([max(estimate.ci_low, x[0]), min(estimate.ci_high, x[-1])])
    xs = np.concatenate([[ends[0]], x[inside], [ends[1]]])
    ax.fill_between(xs, 0.0, np.interp(xs, x, density), color=FILL, linewidth=0, zorder=0.5)
    height = float(np.interp(estimate.median, x, density))
    ax.plot([estimate.median] * 2, [0, height], color=style.ACCENT, linewidth=0.9, zorder=2)


def _curves(ax: Any, x: Array, density: Array, prior: Array | None) -> None:
    ax.plot(x, density, color=style.ACCENT, linewidth=1.6, zorder=4)
    if prior is not None:
        ax.plot(x, prior, color=style.INK, linewidth=0.9, linestyle=DASH, zorder=3.5)


def _dashed(prior: Array | None) -> tuple[str, str, Any] | None:
    return None if prior is None else ("prior", style.INK, DASH)


# --- words ------------------------------------------------------------------------------------------------------------


def _words(ax: Any, head: str, x_label: str, key: list[tuple[str, str, Any] | None]) -> None:
    ax.set_xlabel(x_label, fontproperties=style.font(style.SMALL), color=style.SECONDARY, labelpad=4, parse_math=False)
    ax.annotate(
        head, (0.0, 1.0), xytext=(0.0, 24.0), xycoords="axes fraction", textcoords="offset points", va="baseline",
        color=style.INK, fontproperties=style.font(style.BODY, bold=True), parse_math=False, annotation_clip=False,
    )  # fmt: skip
    at = 0.0
    width, height = size_of(ax)
    for entry in key:
        if entry is None:
            continue
        words, colour, line = entry
        y = 1.0 + 11.0 / height
        ax.plot(
            [at / width, (at + 16.0) / width], [y, y], transform=ax.transAxes, color=colour, linestyle=line,
            linewidth=1.6 if colour == style.ACCENT else 1.0, clip_on=False, zorder=5,
        )  # fmt: skip
        say(ax, 0.0, 1.0, at + 20.0, 8.0, words, style.SECONDARY)
        at += 20.0 + text_width(words, style.SMALL) + 14.0


def _effect(fit: Any, measure: Measure) -> str:
    side = fit.reported
    digits = effect_digits(measure, [side.ci_low], [side.ci_high], side.estimate)
    texts = [effect_text(value, digits, measure) for value in (side.estimate, side.ci_low, side.ci_high)]
    unit = "%" if measure.percent else ""
    name = f"{fit.measure} " if no_effect_of(measure) is not None and fit.measure != "GEN" else ""
    return f"{name}{texts[0]}{unit} [{texts[1]} to {texts[2]}]"


def _notes(fit: Any) -> list[str]:
    level = level_text(fit.ci_level)
    kind = "shortest" if fit.interval == "shortest" else "central"
    mean = "flat" if fit.mean_prior is None else f"normal({fit.mean_prior[0]:g}, {fit.mean_prior[1]:g})"
    count = "one study" if fit.k == 1 else f"{fit.k} studies"
    text = f"{count}. Median and {kind} {level} credible interval. Prior of τ: {fit.tau_prior.label}"
    text += "" if fit.tau_prior.proper else " (improper, not drawn)"
    return [_minus(f"{text[:1].upper()}{text[1:]}; of the mean: {mean}.")]


def _minus(text: str) -> str:
    """True minus signs before numbers."""
    return re.sub(r"(?<![\w])-(?=\d)", display.MINUS, text)


def _draw_notes(ax: Any, notes: list[str]) -> None:
    width, _ = size_of(ax)
    lines = [line for note in notes for line in wrap(note, width - 2 * SIDE, style.SMALL)]
    y = 6.0 + (len(lines) - 1) * leading(style.SMALL)
    for line in lines:
        say(ax, 0.0, 0.0, SIDE, y, line, style.SECONDARY)
        y -= leading(style.SMALL)
