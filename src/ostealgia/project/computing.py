"""Calls of ``effects.compute`` for an analysis: its options checked by name, impossible rows left out."""

from __future__ import annotations

import inspect
from typing import Any

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import ProjectError, suggestion
from ostealgia.project.model import CONFIG, AnalysisSpec
from ostealgia.project.select import Selection

OWN = ("frame", "measure", "outcome", "time", "arms", "correlation", "on_bad", "file")


def effect_sizes(
    spec: AnalysisSpec, selection: Selection, measure: str = "", *, on_bad: str = "exclude"
) -> EffectSizes:
    """Effect sizes of the selected rows by the options of the analysis; a row that cannot be is left out by name.

    measure : another one than that of the analysis.  on_bad : "raise" refuses such a row instead.
    Raises ProjectError for an option that does not exist, and what ``effects.compute`` raises.
    """
    from ostealgia.effects.compute import compute

    known = [name for name in inspect.signature(compute).parameters if name not in OWN]
    for name in spec.effect_options:
        if name not in known:
            raise ProjectError(
                f"{CONFIG}, analysis {spec.id!r}: effect_options has no {name!r}.{suggestion(name, known)} "
                f"Known: {', '.join(known)}."
            )
    options: dict[str, Any] = dict(spec.effect_options)
    return compute(selection.frame(), measure=measure or spec.measure, on_bad=on_bad, **options)
