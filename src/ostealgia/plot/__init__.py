"""Results to Axes: forest plots, funnels, sensitivity panels, and the same figure as SVG or PNG bytes.

>>> import ostealgia as oa
>>> sorted(oa.plot.__all__)
['figure_png', 'figure_svg', 'forest', 'forest_pages', 'funnel', 'sensitivity']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.plot.export import figure_png, figure_svg
    from ostealgia.plot.forest_plot import forest, forest_pages
    from ostealgia.plot.funnel_plot import funnel
    from ostealgia.plot.sensitivity_plot import sensitivity

__all__ = ["figure_png", "figure_svg", "forest", "forest_pages", "funnel", "sensitivity"]

_HOME = {
    "figure_png": "export",
    "figure_svg": "export",
    "forest": "forest_plot",
    "forest_pages": "forest_plot",
    "funnel": "funnel_plot",
    "sensitivity": "sensitivity_plot",
}


def __getattr__(name: str) -> Any:
    """Load matplotlib only when something is drawn."""
    if name not in _HOME:
        raise AttributeError(f"module 'ostealgia.plot' has no attribute {name!r}")
    return getattr(import_module(f"ostealgia.plot.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
