"""Networks of trials: every treatment against every other, from direct and indirect evidence."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.network.connection import NetworkParts, parts
    from ostealgia.network.consistency import Decomposition
    from ostealgia.network.contrast_data import Contrasts
    from ostealgia.network.contributions import Contributions
    from ostealgia.network.estimates import NetworkEstimates
    from ostealgia.network.fitting import fit, fit_parts
    from ostealgia.network.league_table import League
    from ostealgia.network.net_heat_table import NetHeat
    from ostealgia.network.node_splitting import NodeSplit
    from ostealgia.network.ranks import Rankings, Scores
    from ostealgia.network.reading import contrasts
    from ostealgia.network.result import NetworkResult
    from ostealgia.network.small_study import ComparisonAdjusted, comparison_adjusted
    from ostealgia.network.therapies import TherapyNetwork, therapy_network

_HOME = {
    "ComparisonAdjusted": "small_study",
    "Contrasts": "contrast_data",
    "Contributions": "contributions",
    "Decomposition": "consistency",
    "League": "league_table",
    "NetHeat": "net_heat_table",
    "NetworkEstimates": "estimates",
    "NetworkParts": "connection",
    "NetworkResult": "result",
    "NodeSplit": "node_splitting",
    "Rankings": "ranks",
    "Scores": "ranks",
    "TherapyNetwork": "therapies",
    "comparison_adjusted": "small_study",
    "contrasts": "reading",
    "fit": "fitting",
    "fit_parts": "fitting",
    "parts": "connection",
    "therapy_network": "therapies",
}
__all__ = [
    "ComparisonAdjusted",
    "Contrasts",
    "Contributions",
    "Decomposition",
    "League",
    "NetHeat",
    "NetworkEstimates",
    "NetworkParts",
    "NetworkResult",
    "NodeSplit",
    "Rankings",
    "Scores",
    "TherapyNetwork",
    "comparison_adjusted",
    "contrasts",
    "fit",
    "fit_parts",
    "parts",
    "therapy_network",
]


def __getattr__(name: str) -> Any:
    if name == "therapies":
        return import_module("ostealgia.network.therapies")
    if name not in _HOME:
        raise AttributeError(f"module 'ostealgia.network' has no attribute {name!r}")
    value = getattr(import_module(f"ostealgia.network.{_HOME[name]}"), name)
    globals()[name] = value
    return value
