"""The choices of another program as options of ours, so that its numbers can be asked for by its name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ostealgia.options import one_of

TABLES = ("events_1", "n_1", "events_2", "n_2")
NAMES = ("meta",)
# options of effects.compute where R's package meta departs from our defaults, by measure
_META_EFFECTS: dict[str, dict[str, Any]] = {
    "PETO": {"apply_increment": "none", "drop_double_zero": True},
    "OR": {"drop_double_zero": True},
    "RR": {"drop_double_zero": True, "rr_increment_to_n": "incr"},
    "RD": {"rd_increment": "variance"},
    "SMD": {"exact_smd": True, "vtype": "UB"},
    "ROM": {"bias_correction": False},
    "PR": {"pr_increment": "variance"},
    "PLN": {"pln_increment_to_n": "incr"},
}


def conventions(name: str, measure: str, model: str, columns: Collection[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of ``effects.compute`` and of ``pool`` that follow another program for this measure and model.

    name : "meta" (R's package meta 8.4-0, its inverse-variance, Mantel-Haenszel and Peto methods).  columns : of the table; Q is around
    the Mantel-Haenszel estimate only where the counts are there.  What is asked for beside it should replace what it says.
    Source: Balduzzi, Ruecker & Schwarzer 2019, doi:10.1136/ebmental-2019-300117.

    >>> conventions("meta", "RD", "MH", TABLES)
    ({'rd_increment': 'variance'}, {'mh_increment': 'effects', 'rd_variance': 'greenland'})
    >>> conventions("meta", "OR", "random", TABLES)[1]
    {'ci': 'z', 'q_center': 'MH', 'mh_increment': 'effects'}
    """
    one_of("conventions", name, NAMES)
    counted = measure in ("OR", "RR", "RD") and set(TABLES) <= set(columns)
    pooled: dict[str, Any] = {"ci": "z"} if model == "random" else {}
    if counted and model in ("random", "common"):
        pooled |= {"q_center": "MH", "mh_increment": "effects"}
    if counted and model == "MH":
        pooled |= {"mh_increment": "effects", **({"rd_variance": "greenland"} if measure == "RD" else {})}
    return dict(_META_EFFECTS.get(measure, {})), pooled
