"""Forest and funnel plots of the analyses as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostealgia.display import capital
from ostealgia.project.analyses import AnalysisRun
from ostealgia.project.model import plural
from ostealgia.tables.measures import MEASURES

MOST_ROWS = 60
FEWEST_FOR_FUNNEL = 3


@dataclass(frozen=True)
class Drawing:
    """One figure: its name in ``figures/``, what it shows, and its bytes."""

    name: str
    kind: str
    title: str
    alt: str
    svg: str
    png: bytes


def draw(run: AnalysisRun, flagged: Mapping[int, str]) -> tuple[Drawing, ...]:
    """The figures of one analysis. flagged : rows of ``results.csv`` that carry an audit mark."""
    if run.fit is None or not run.spec.figure:
        return ()
    from ostealgia.plot import funnel

    drawings = list(_forests(run, flagged))
    if run.fit.k >= FEWEST_FOR_FUNNEL:
        alt = f"Funnel plot of {run.fit.k} studies: effect against standard error."
        drawings.append(
            _drawing(f"{run.spec.id}-funnel", "funnel", "Funnel plot", alt, funnel(run.fit, egger=run.egger))
        )
    return tuple(drawings)


def _forests(run: AnalysisRun, flagged: Mapping[int, str]) -> list[Drawing]:
    """One forest plot, or several pages of one where there are many studies."""
    from ostealgia.plot import forest, forest_pages

    fit = run.fit
    assert fit is not None  # the caller checked
    shown: Any = run.subgroups or fit
    options = _options(run, flagged)
    alt = f"Forest plot of {fit.k} studies with the pooled effect, its confidence interval and its prediction interval."
    title = run.spec.title or run.spec.id
    if fit.k <= MOST_ROWS:
        return [_drawing(f"{run.spec.id}-forest", "forest", title, alt, forest(shown, **options))]
    pages = forest_pages(shown, **options)
    return [
        _drawing(f"{run.spec.id}-forest-{i}", "forest", f"{title}, page {i} of {len(pages)}", alt, page)
        for i, page in enumerate(pages, start=1)
    ]


def _options(run: AnalysisRun, flagged: Mapping[int, str]) -> dict[str, Any]:
    spec = run.spec
    options: dict[str, Any] = {"event_label": spec.event_label}
    if spec.favours is not None:
        options["favours"] = spec.favours
    if MEASURES[spec.measure].kind.startswith("two-group"):
        if spec.baseline:
            options["arms"] = (capital(plural(spec.time)), capital(plural(spec.baseline)))
        elif len(spec.arms) == 2:
            options["arms"] = tuple(capital(arm) for arm in spec.arms)
    shown = set() if run.fit is None else set(run.fit.effects.study)
    names = {str(run.selection.columns["study"][i]) for i in run.selection.touching(flagged)}
    if names & shown:
        options["audit"] = dict.fromkeys(sorted(names & shown), "inconsistent")
    return options


def _drawing(name: str, kind: str, title: str, alt: str, figure: Any) -> Drawing:
    from ostealgia.plot import figure_png, figure_svg

    return Drawing(name, kind, title, alt, figure_svg(figure), figure_png(figure))
