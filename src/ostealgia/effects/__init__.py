"""Effect sizes from what studies report, and the arithmetic that completes what they leave out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ostealgia.effects.compute import compute, without_zero_errors
from ostealgia.effects.result import EffectSizes

if TYPE_CHECKING:
    from ostealgia.effects.absolute import (
        AbsoluteEffect,
        NumberNeeded,
        ReexpressedSmd,
        absolute_effect,
        absolute_effect_of,
        number_needed,
        odds_ratio_to_smd,
        smd_to_odds_ratio,
        smd_to_points,
    )
    from ostealgia.effects.conversions import (
        CompletedMeans,
        Filled,
        MeanSd,
        change_correlation,
        change_sd,
        complete_means,
        critical_value,
        mean_sd_from_median,
        sd_from_ci,
        sd_from_iqr,
        sd_from_p,
        sd_from_range,
        sd_from_se,
        sd_from_se_of_difference,
        sd_from_t,
        se_from_ci,
        se_from_p,
    )
    from ostealgia.effects.handbook import (
        EventArm,
        HazardRatio,
        MeanArm,
        PairedDifference,
        change_score,
        combine_events,
        combine_means,
        crossover_difference,
        design_effect,
        effective_arm,
        final_value,
        hazard_ratio_from_log_rank,
        hazard_ratio_from_medians,
        hazard_ratio_from_o_minus_e,
        hazard_ratio_from_observed_expected,
        inflate_std_error,
        mix_change_and_final,
        split_control,
    )

# module -> names that are loaded when they are first used
_LAZY = {
    "conversions": (
        "CompletedMeans", "Filled", "MeanSd", "change_correlation", "change_sd", "complete_means", "critical_value",
        "mean_sd_from_median", "sd_from_ci", "sd_from_iqr", "sd_from_p", "sd_from_range", "sd_from_se",
        "sd_from_se_of_difference", "sd_from_t", "se_from_ci", "se_from_p",
    ),
    "handbook": (
        "EventArm", "HazardRatio", "MeanArm", "PairedDifference", "change_score", "combine_events", "combine_means",
        "crossover_difference", "design_effect", "effective_arm", "final_value", "hazard_ratio_from_log_rank",
        "hazard_ratio_from_medians", "hazard_ratio_from_o_minus_e", "hazard_ratio_from_observed_expected",
        "inflate_std_error", "mix_change_and_final", "split_control",
    ),
    "absolute": (
        "AbsoluteEffect", "NumberNeeded", "ReexpressedSmd", "absolute_effect", "absolute_effect_of", "number_needed",
        "odds_ratio_to_smd", "smd_to_odds_ratio", "smd_to_points",
    ),
}  # fmt: skip
_HOME = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [
    "AbsoluteEffect",
    "CompletedMeans",
    "EffectSizes",
    "EventArm",
    "Filled",
    "HazardRatio",
    "MeanArm",
    "MeanSd",
    "NumberNeeded",
    "PairedDifference",
    "ReexpressedSmd",
    "absolute_effect",
    "absolute_effect_of",
    "change_correlation",
    "change_score",
    "change_sd",
    "combine_events",
    "combine_means",
    "complete_means",
    "compute",
    "critical_value",
    "crossover_difference",
    "design_effect",
    "effective_arm",
    "final_value",
    "hazard_ratio_from_log_rank",
    "hazard_ratio_from_medians",
    "hazard_ratio_from_o_minus_e",
    "hazard_ratio_from_observed_expected",
    "inflate_std_error",
    "mean_sd_from_median",
    "mix_change_and_final",
    "number_needed",
    "odds_ratio_to_smd",
    "sd_from_ci",
    "sd_from_iqr",
    "sd_from_p",
    "sd_from_range",
    "sd_from_se",
    "sd_from_se_of_difference",
    "sd_from_t",
    "se_from_ci",
    "se_from_p",
    "smd_to_odds_ratio",
    "smd_to_points",
    "split_control",
    "without_zero_errors",
]


def __getattr__(name: str) -> Any:
    """Load a conversion or a rule of the Cochrane Handbook the first time it is used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.effects.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.effects' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
