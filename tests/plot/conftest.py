"""Studies for the figures: real trials, and made ones with the names and intervals that break layouts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from ostealgia.effects.result import EffectSizes

NAMES = (
    "Radiation Therapy Oncology Group 97-14 Investigators (Hartsell et al., single versus multiple fractions) 2005",
    "Dutch Bone Metastasis Study Group, van der Linden 2004",
    "Nongkynrih-Ramanathan-Chattopadhyay-Venkatasubramanian collaborators 2011",
    "UK Bone Pain Trial Working Party 1999",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft 2013",
    "Özsaran & Yalman, $a_1$ and $b^2$ 1997",
)

# 13 trials of BCG against tuberculosis: study, allocation, cases and people, vaccinated and not (Colditz et al. 1994,
# doi:10.1001/jama.1994.03510330076038)
BCG = (
    ("Aronson 1948", "random", 4, 123, 11, 139),
    ("Ferguson & Simes 1949", "random", 6, 306, 29, 303),
    ("Rosenthal et al 1960", "random", 3, 231, 11, 220),
    ("Hart & Sutherland 1977", "random", 62, 13598, 248, 12867),
    ("Frimodt-Moller et al 1973", "alternate", 33, 5069, 47, 5808),
    ("Stein & Aronson 1953", "alternate", 180, 1541, 372, 1451),
    ("Vandiviere et al 1973", "random", 8, 2545, 10, 629),
    ("TPT Madras 1980", "random", 505, 88391, 499, 88391),
    ("Coetzee & Berjak 1968", "random", 29, 7499, 45, 7277),
    ("Rosenthal et al 1961", "systematic", 17, 1716, 65, 1665),
    ("Comstock et al 1974", "systematic", 186, 50634, 141, 27338),
    ("Comstock & Webster 1969", "systematic", 5, 2498, 3, 2341),
    ("Comstock et al 1976", "systematic", 27, 16913, 29, 17854),
)


def make_effects(
    measure: str, study: Any, estimate: Any, std_error: Any, n: Any = None, /, **columns: Any
) -> EffectSizes:
    estimate = np.asarray(estimate, dtype=float)
    return EffectSizes(
        measure=measure,
        study=tuple(map(str, study)),
        estimate=estimate,
        std_error=np.asarray(std_error, dtype=float),
        n=np.full(len(estimate), np.nan) if n is None else np.asarray(n, dtype=float),
        columns={name: np.asarray(values) for name, values in columns.items()},
    )


def risk_ratios(study: Any, a: Any, n1: Any, c: Any, n2: Any, /, **columns: Any) -> EffectSizes:
    a, n1, c, n2 = (np.asarray(x, dtype=float) for x in (a, n1, c, n2))
    estimate = np.log(a / n1) - np.log(c / n2)
    error = np.sqrt(1 / a - 1 / n1 + 1 / c - 1 / n2)
    return make_effects("RR", study, estimate, error, n1 + n2, events_1=a, n_1=n1, events_2=c, n_2=n2, **columns)


@pytest.fixture
def bcg() -> EffectSizes:
    study, allocation, a, n1, c, n2 = zip(*BCG, strict=True)
    return risk_ratios(study, a, n1, c, n2, allocation=np.array(allocation))


@pytest.fixture
def long_names() -> Callable[[int], EffectSizes]:
    """k two-arm studies; every second has a name that must be wrapped."""

    def make(k: int) -> EffectSizes:
        rng = np.random.default_rng(7)
        n1, n2 = rng.integers(8, 4000, k), rng.integers(8, 400, k)
        a, c = rng.binomial(n1, 0.3) + 1, rng.binomial(n2, 0.4) + 1
        study = [NAMES[i // 2 % len(NAMES)] if i % 2 else f"Author {chr(65 + i % 26)}. {1990 + i}" for i in range(k)]
        groups = ["Single fraction", "Multiple fractions, in schedules of any length and dose", "Reirradiation"]
        return risk_ratios(study, a, n1 + 1, c, n2 + 1, group=np.array([groups[i % 3] for i in range(k)]))

    return make


def texts_of(figure: Any) -> dict[Any, Any]:
    """Every visible text of a figure with its box in pixels, measured by the renderer."""
    from matplotlib.text import Text

    from ostealgia.plot.canvas import house_style

    with house_style():
        figure.draw_without_rendering()
        renderer = figure.canvas.get_renderer()
        found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        return {text: text.get_window_extent(renderer) for text in found}


def overlapping(figure: Any) -> Iterator[tuple[str, str]]:
    """Pairs of texts that meet: boxes share more than a tenth of a point across and the empty part of a line down.

    A line box is 1.33 times the type size; letters fill less than 1.2 of it, lines stand 1.28 apart.
    """
    boxes = texts_of(figure)
    point = figure.dpi / 72
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        empty = 0.13 * min(one.get_fontsize(), other.get_fontsize()) * point
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.1 * point and min(a.y1, b.y1) - max(a.y0, b.y0) > empty:
            yield one.get_text(), other.get_text()


def outside(figure: Any) -> list[str]:
    """Texts that leave the figure."""
    page = figure.bbox
    return [
        text.get_text()
        for text, box in texts_of(figure).items()
        if box.x0 < page.x0 - 0.5 or box.x1 > page.x1 + 0.5 or box.y0 < page.y0 - 0.5 or box.y1 > page.y1 + 0.5
    ]


@pytest.fixture
def layout_faults() -> Callable[[Any], list[Any]]:
    """What is wrong with the texts of a figure: pairs that overlap, texts that leave it."""
    return lambda figure: [*overlapping(figure), *outside(figure)]


@pytest.fixture
def words() -> Callable[[Any], list[str]]:
    """All texts of a figure, with padding removed."""
    return lambda figure: [text.get_text().strip(" \u2007\u2008") for text in texts_of(figure)]


@pytest.fixture
def effects_of() -> Callable[..., EffectSizes]:
    return make_effects
