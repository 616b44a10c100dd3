"""Contradictions that need a sum: a total against its items, a corrected value against the one that follows from its parts."""

from __future__ import annotations

from typing import Any

from ostealgia.decision.derived_facts import DERIVED, computed_calcium, item_range, stand_in_differs
from ostealgia.decision.facts import Facts

CALCIUM_TOLERANCE_MMOL_L = 0.1  # laboratories correct by formulas of their own

# id -> fields and what does not fit together
COMPUTED: dict[str, tuple[tuple[str, ...], str]] = {
    "sins-total": (
        (DERIVED["stability.sins"].inputs[-1], *DERIVED["stability.sins"].inputs[:-1]),
        "The SINS total cannot come from its items.",
    ),
    "mirels-total": (
        (DERIVED["stability.mirels"].inputs[-1], *DERIVED["stability.mirels"].inputs[:-1]),
        "The Mirels total cannot come from its items.",
    ),
    "sins-location": (
        ("site.vertebral_level", "stability.sins_location"),
        "The vertebral level and the SINS location do not fit together.",
    ),
    "corrected-calcium": (
        ("labs.corrected_calcium", "labs.calcium"),
        "The corrected calcium differs by more than 0.1 mmol/L from the one that calcium and albumin give; check the units.",
    ),
}


def computed_contradictions(facts: Facts) -> dict[str, Any]:
    """Id -> where it holds. facts : with or without the derived ones."""
    found: dict[str, Any] = {}
    for score in ("sins", "mirels"):
        low, high = item_range(score, facts)
        total = facts.number(f"stability.{score}_total")
        found[f"{score}-total"] = facts.known(f"stability.{score}_total") & ((total[0] < low) | (total[0] > high))
    found["sins-location"] = stand_in_differs("sins", "location", facts)
    low, high = computed_calcium(facts)
    given = facts.number("labs.corrected_calcium")
    found["corrected-calcium"] = facts.known("labs.corrected_calcium") & (
        (given[0] < low - CALCIUM_TOLERANCE_MMOL_L) | (given[0] > high + CALCIUM_TOLERANCE_MMOL_L)
    )
    return found
