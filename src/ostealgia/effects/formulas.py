"""The table of measures: which function, which columns, which options. A new measure is one function and one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostealgia.effects import binary, continuous, pre_post, single_group, zero_cells
from ostealgia.tables.measures import KINDS

TWO_BY_TWO = KINDS["two-group binary"]
TWO_MEANS = KINDS["two-group continuous"]
TWO_SPREADS = KINDS["two-group variability"]
TWO_RATES = KINDS["two-group rate"]
BEFORE_AFTER = KINDS["pre-post"]
PROPORTION = KINDS["proportion"]
MEAN = KINDS["mean"]
RATE = KINDS["rate"]
CORRELATION = KINDS["correlation"]
SURVIVAL = KINDS["survival"]

CORRECTIONS: dict[tuple[str, ...], Callable[..., zero_cells.Corrected]] = {
    TWO_BY_TWO: zero_cells.correct_two_by_two,
    TWO_RATES: zero_cells.correct_two_rates,
    PROPORTION: zero_cells.correct_proportion,
    RATE: zero_cells.correct_rate,
}


@dataclass(frozen=True)
class Formula:
    """One measure: ``function(*columns, **options)`` gives (estimate, variance).

    columns : in the order of the function's arguments.  corrects : the zero-cell rule applies.
    options : names of the options that the function takes.  choices : what vtype offers here.
    """

    function: Callable[..., Any]
    columns: tuple[str, ...]
    corrects: bool = False
    options: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _vtype(*names: str) -> dict[str, tuple[str, ...]]:
    return {"vtype": names}


FORMULAS: dict[str, Formula] = {
    "OR": Formula(binary.odds_ratio, TWO_BY_TWO, True),
    "RR": Formula(binary.risk_ratio, TWO_BY_TWO, True),
    "RD": Formula(binary.risk_difference, TWO_BY_TWO, True),
    "PETO": Formula(binary.peto_odds_ratio, TWO_BY_TWO, True),
    "AS": Formula(binary.arcsine_difference, TWO_BY_TWO, True),
    "YUQ": Formula(binary.yule_q, TWO_BY_TWO, True),
    "YUY": Formula(binary.yule_y, TWO_BY_TWO, True),
    "PHI": Formula(binary.phi_coefficient, TWO_BY_TWO, True),
    "MD": Formula(continuous.mean_difference, TWO_MEANS, options=("pooled_variance",), choices=_vtype("LS", "HO")),
    "SMD": Formula(
        continuous.standardised_mean_difference,
        TWO_MEANS,
        options=("vtype", "bias_correction", "method_smd", "exact_smd", "sd_glass"),
        choices=_vtype(*continuous.SMD_VARIANCES),
    ),
    "SMDH": Formula(continuous.standardised_mean_difference_unequal, TWO_MEANS),
    "ROM": Formula(
        continuous.ratio_of_means, TWO_MEANS, options=("vtype", "bias_correction"), choices=_vtype("LS", "HO")
    ),
    "CVR": Formula(continuous.ratio_of_variation, TWO_MEANS, options=("bias_correction",)),
    "VR": Formula(continuous.ratio_of_spread, TWO_SPREADS, options=("bias_correction",)),
    "MC": Formula(pre_post.mean_change, BEFORE_AFTER),
    "SMCC": Formula(
        pre_post.change_in_change_sd,
        BEFORE_AFTER,
        options=("vtype", "bias_correction"),
        choices=_vtype("LS", "LS2"),
    ),
    "SMCR": Formula(
        pre_post.change_in_baseline_sd,
        BEFORE_AFTER,
        options=("vtype", "bias_correction", "standardizer"),
        choices=_vtype("LS", "LS2"),
    ),
    "SMCRH": Formula(pre_post.change_in_baseline_sd_unequal, BEFORE_AFTER, options=("bias_correction", "standardizer")),
    "ROMC": Formula(pre_post.ratio_of_change, BEFORE_AFTER, options=("bias_correction",)),
    "PR": Formula(single_group.proportion, PROPORTION, True),
    "PLN": Formula(single_group.log_proportion, PROPORTION, True),
    "PLO": Formula(single_group.logit_proportion, PROPORTION, True),
    "PAS": Formula(single_group.arcsine_proportion, PROPORTION),
    "PFT": Formula(single_group.freeman_tukey_proportion, PROPORTION),
    "MN": Formula(single_group.mean, MEAN),
    "MNLN": Formula(single_group.log_mean, MEAN),
    "IR": Formula(single_group.rate, RATE, True),
    "IRLN": Formula(single_group.log_rate, RATE, True),
    "IRS": Formula(single_group.root_rate, RATE),
    "IRFT": Formula(single_group.freeman_tukey_rate, RATE),
    "IRR": Formula(single_group.rate_ratio, TWO_RATES, True),
    "IRD": Formula(single_group.rate_difference, TWO_RATES, True),
    "IRSD": Formula(single_group.root_rate_difference, TWO_RATES),
    "COR": Formula(single_group.correlation, CORRELATION, options=("vtype",), choices=_vtype("LS", "AV")),
    "UCOR": Formula(
        single_group.unbiased_correlation, CORRELATION, options=("vtype",), choices=_vtype("LS", "UB", "AV")
    ),
    "ZCOR": Formula(single_group.fisher_z, CORRELATION),
    "HR": Formula(single_group.observed_minus_expected, SURVIVAL),
}
