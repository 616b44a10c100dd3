"""Forest and funnel plots of the analyses as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostealgia.display import capital
from ostealgia.project.run_result import AnalysisRun
from ostealgia.project.times import plural
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
    drawings: list[Drawing] = []
    if run.fit is not None and run.spec.figure:
        drawings += _forests(run, flagged)
        drawings += _funnel(run)
    if run.regression is not None:
        drawings += _bubbles(run)
    if run.course is not None:
        drawings.append(_course(run))
    if run.network is not None and run.spec.figure:
        drawings += _network(run)
    return tuple(drawings)


def _funnel(run: AnalysisRun) -> list[Drawing]:
    from ostealgia.plot import funnel

    fit = run.fit
    if fit is None or fit.k < FEWEST_FOR_FUNNEL:
        return []
    alt = f"Funnel plot of {fit.k} studies: effect against standard error."
    return [_drawing(f"{run.spec.id}-funnel", "funnel", "Funnel plot", alt, funnel(fit, egger=run.egger))]


def _bubbles(run: AnalysisRun) -> list[Drawing]:
    """Effects against each moderator that is a number."""
    from ostealgia.plot import bubble

    fit = run.regression
    assert fit is not None  # the caller checked
    factors = {variable.column for variable, coding in fit.recipe.codings.items() if coding.is_factor}
    made = []
    for name in fit.moderators:
        if name in factors or len({*fit.moderators} - factors) != 1:
            continue
        label = capital(name.replace("_", " "))
        alt = f"Bubble plot: effects of {fit.k} studies against {name}, with the fitted line."
        figure = bubble(fit, name, moderator_label=label)
        made.append(
            _drawing(f"{run.spec.id}-bubble", "bubble", f"Effects against {name.replace('_', ' ')}", alt, figure)
        )
    return made


def _course(run: AnalysisRun) -> Drawing:
    from ostealgia.plot import trajectory

    found = run.course
    assert found is not None  # the caller checked
    alt = f"Course over time: the pooled effect at {len(found.observed)} times with its confidence and prediction interval."
    unit = capital(run.spec.time_unit) + "s"
    title = f"{run.spec.title or run.spec.id}, over time"
    return _drawing(f"{run.spec.id}-course", "course", title, alt, trajectory(found, time_label=unit))


def _network(run: AnalysisRun) -> list[Drawing]:
    """The graph of all parts, and the treatments of the part that is shown against the reference."""
    from ostealgia.plot import network_forest, network_graph

    found = run.network
    assert found is not None  # the caller checked
    fit = found.fit
    options: dict[str, Any] = {} if run.spec.favours is None else {"favours": run.spec.favours}
    count = sum(len(part.treatments) for part in found.parts.parts)
    graph = f"Network of {count} treatments: a line joins treatments that a trial compared."
    alt = f"Each of {len(fit.treatments) - 1} treatments against {fit.reference}, with confidence and prediction interval."
    return [
        _drawing(
            f"{run.spec.id}-forest",
            "network-forest",
            run.spec.title or run.spec.id,
            alt,
            network_forest(fit, **options),
        ),
        _drawing(
            f"{run.spec.id}-network", "network", "Which treatments trials compared", graph, network_graph(found.parts)
        ),
    ]


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
