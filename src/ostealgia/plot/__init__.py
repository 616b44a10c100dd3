"""Results to Axes: forest plots, funnels, sensitivity panels, and the same figure as SVG or PNG bytes.

>>> import ostealgia as oa
>>> {"bubble", "forest", "funnel"} <= set(oa.plot.__all__)
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.plot.arm_trajectories_plot import arm_trajectories
    from ostealgia.plot.baujat_plot import baujat
    from ostealgia.plot.bubble_plot import bubble
    from ostealgia.plot.butterfly_plot import butterfly
    from ostealgia.plot.calibration_plot import calibration, decision
    from ostealgia.plot.export import figure_png, figure_svg
    from ostealgia.plot.flow_diagram_plot import flow_diagram
    from ostealgia.plot.follow_up_plot import follow_up
    from ostealgia.plot.forest_plot import forest, forest_pages
    from ostealgia.plot.funnel_plot import funnel
    from ostealgia.plot.influence_plots import influence
    from ostealgia.plot.labbe_plot import labbe
    from ostealgia.plot.love_plot import love
    from ostealgia.plot.net_heat_plot import net_heat
    from ostealgia.plot.network_plots import comparison_funnel, network_forest, network_graph
    from ostealgia.plot.posterior_plot import posterior
    from ostealgia.plot.radial_plot import radial
    from ostealgia.plot.response_stack_plot import response_stack
    from ostealgia.plot.selection_plots import selection_weights
    from ostealgia.plot.sensitivity_plot import sensitivity
    from ostealgia.plot.subgroup_forest_plot import subgroup_forest
    from ostealgia.plot.survival_plot import cumulative_incidence, kaplan_meier
    from ostealgia.plot.trajectory_plot import trajectory

__all__ = [
    "arm_trajectories",
    "baujat",
    "bubble",
    "butterfly",
    "calibration",
    "comparison_funnel",
    "cumulative_incidence",
    "decision",
    "figure_png",
    "figure_svg",
    "flow_diagram",
    "follow_up",
    "forest",
    "forest_pages",
    "funnel",
    "influence",
    "kaplan_meier",
    "labbe",
    "love",
    "net_heat",
    "network_forest",
    "network_graph",
    "posterior",
    "radial",
    "response_stack",
    "selection_weights",
    "sensitivity",
    "subgroup_forest",
    "trajectory",
]

_HOME = {
    "arm_trajectories": "arm_trajectories_plot",
    "follow_up": "follow_up_plot",
    "butterfly": "butterfly_plot",
    "flow_diagram": "flow_diagram_plot",
    "response_stack": "response_stack_plot",
    "subgroup_forest": "subgroup_forest_plot",
    "love": "love_plot",
    "decision": "calibration_plot",
    "calibration": "calibration_plot",
    "baujat": "baujat_plot",
    "bubble": "bubble_plot",
    "comparison_funnel": "network_plots",
    "cumulative_incidence": "survival_plot",
    "figure_png": "export",
    "figure_svg": "export",
    "forest": "forest_plot",
    "forest_pages": "forest_plot",
    "funnel": "funnel_plot",
    "influence": "influence_plots",
    "kaplan_meier": "survival_plot",
    "labbe": "labbe_plot",
    "net_heat": "net_heat_plot",
    "network_forest": "network_plots",
    "network_graph": "network_plots",
    "posterior": "posterior_plot",
    "radial": "radial_plot",
    "selection_weights": "selection_plots",
    "sensitivity": "sensitivity_plot",
    "trajectory": "trajectory_plot",
}


def __getattr__(name: str) -> Any:
    """Load matplotlib only when something is drawn."""
    if name not in _HOME:
        raise AttributeError(f"module 'ostealgia.plot' has no attribute {name!r}")
    return getattr(import_module(f"ostealgia.plot.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
