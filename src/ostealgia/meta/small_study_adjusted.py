"""Pooled effects that allow for small-study effects: Henmi-Copas, PET and PEESE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ostealgia.display import p_text
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.backtransform import to_reported
from ostealgia.meta.small_study_common import (
    as_dict,
    differing,
    few_notes,
    one_row,
    significant,
    studies,
    text_lines,
)
from ostealgia.numerics import small_study_henmi_copas
from ostealgia.numerics.pooling import quantile, two_sided_p, weighted_mean
from ostealgia.numerics.small_study import Line, weighted_line
from ostealgia.options import between, confidence_level
from ostealgia.tables.result import Result

_ROW = (
    "measure", "k", "estimate", "std_error", "ci_low", "ci_high",
    "reported_estimate", "reported_ci_low", "reported_ci_high",
)  # fmt: skip


def on_reported_scale(data: EffectSizes, estimate: float, low: float, high: float) -> dict[str, float]:
    """An estimate and its limits on the reported scale, by field name."""
    shown = to_reported(data.definition, np.array([estimate, low, high]), data)
    return dict(zip(("reported_estimate", "reported_ci_low", "reported_ci_high"), map(float, shown), strict=True))


def effect_text(result: Any) -> str:
    """ "OR 0.49 [0.30 to 0.81]" of a result with a reported scale."""
    limits = f"{significant(result.reported_ci_low)} to {significant(result.reported_ci_high)}"
    return f"{result.measure} {significant(result.reported_estimate)} [{limits}]"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class HenmiCopasResult(Result):
    """The common-effect mean with an interval for heterogeneous studies.

    estimate .. ci_high : analysis scale.  quantile : the interval is estimate -+ quantile x std_error.  tau2 :
    DerSimonian-Laird.
    """

    measure: str
    k: int
    estimate: float
    std_error: float
    quantile: float
    ci_low: float
    ci_high: float
    ci_level: float
    tau2: float
    reported_estimate: float
    reported_ci_low: float
    reported_ci_high: float

    def to_dict(self) -> dict[str, Any]:
        return as_dict(self)

    def to_frame(self) -> Any:
        """One row, on both scales."""
        return one_row(self, (*_ROW, "tau2"))

    def __str__(self) -> str:
        body = [effect_text(self), f"tau2 {significant(self.tau2)} (DL), quantile {significant(self.quantile)}"]
        return text_lines(f"Henmi-Copas: {self.measure}, {self.k} studies", body, self)


def henmi_copas(effects: Any, *, level: float = 0.95) -> HenmiCopasResult:
    """What is the mean effect if small studies should not pull it, though studies differ?

    effects : as for ``pool``, or a PoolResult; two studies or more.  level : confidence level as a proportion.
    The mean has the weights of the common-effect model, which small studies pull less than those of random effects; its
    interval counts tau2 (DerSimonian-Laird) and that tau2 is estimated. Nothing is adjusted: it is less sensitive to
    selection, not corrected for it.
    Returns a HenmiCopasResult. Raises OptionError, ConvergenceError.  Source: Henmi & Copas 2010, doi:10.1002/sim.4029.

    >>> found = henmi_copas({"estimate": [0.1, 0.2, 0.9], "std_error": [0.1, 0.1, 0.2]})
    >>> round(found.estimate, 4)
    0.2333
    """
    confidence_level(level)
    data = studies(effects, 2, "the Henmi-Copas interval")
    found = small_study_henmi_copas.henmi_copas(data.estimate, data.variance, level)
    return HenmiCopasResult(
        measure=data.measure, k=data.k, ci_level=level, excluded=data.excluded, notes=data.notes,
        **on_reported_scale(data, found.estimate, found.ci_low, found.ci_high), **found._asdict(),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PetPeeseResult(Result):
    """The effect of a study without error by a line in the standard error (PET) and in the variance (PEESE).

    chosen : "PET" or "PEESE" by the rule.  estimate .. p_value : of the one chosen, analysis scale, t with k - 2 df.
    pet, peese : both lines (intercept, slope and their standard errors).  pet_p_value, peese_p_value : of the
    intercepts;
    pet_slope_p_value, peese_slope_p_value : of the slopes.
    """

    measure: str
    k: int
    chosen: str
    estimate: float
    std_error: float
    p_value: float
    ci_low: float
    ci_high: float
    ci_level: float
    df: int
    pet: Line
    peese: Line
    pet_p_value: float
    pet_slope_p_value: float
    peese_p_value: float
    peese_slope_p_value: float
    alpha: float
    reported_estimate: float
    reported_ci_low: float
    reported_ci_high: float

    def to_dict(self) -> dict[str, Any]:
        body = as_dict(self)
        return {**body, "pet": self.pet._asdict(), "peese": self.peese._asdict()}

    def to_frame(self) -> Any:
        """Two rows: PET and PEESE."""
        import pandas as pd

        rows = [("PET", self.pet, self.pet_p_value), ("PEESE", self.peese, self.peese_p_value)]
        half = quantile(self.ci_level, self.df)
        return pd.DataFrame(
            [
                {
                    "model": name, "chosen": name == self.chosen, "estimate": line.intercept, "std_error": line.intercept_std_error,
                    "ci_low": line.intercept - half * line.intercept_std_error,
                    "ci_high": line.intercept + half * line.intercept_std_error,
                    "p_value": p, "slope": line.slope, "slope_std_error": line.slope_std_error,
                }
                for name, line, p in rows
            ]
        )  # fmt: skip

    def __str__(self) -> str:
        body = [
            f"{effect_text(self)} by {self.chosen}",
            f"PET intercept {significant(self.pet.intercept)}, {p_text(self.pet_p_value)}; "
            f"PEESE intercept {significant(self.peese.intercept)}, {p_text(self.peese_p_value)}",
            f"rule: PEESE where the one-sided P of the PET intercept is below {self.alpha:g}, else PET",
        ]
        return text_lines(f"PET-PEESE: {self.measure}, {self.k} studies", body, self)


def pet_peese(effects: Any, *, alpha: float = 0.05, level: float = 0.95) -> PetPeeseResult:
    """What would a study without error show, if the funnel leans for a bias that grows with the standard error?

    effects : as for ``pool``, or a PoolResult; three studies or more.  level : of the interval.
    PET is the intercept of effect on standard error, PEESE that on variance, both weighted by 1 / variance with
    multiplicative dispersion.
    alpha : PEESE is chosen where the one-sided test of the PET intercept, in its own direction, has P below alpha
    (two-sided below 2 alpha), else PET. Not under ten studies, and not with much heterogeneity: the estimate is then
    far too uncertain, and wrong where small studies differ for other reasons. Only for measures with a value of no
    effect.  Returns a PetPeeseResult. Raises OptionError.
    Source: Stanley & Doucouliagos 2014, doi:10.1002/jrsm.1095; Stanley 2017, doi:10.1177/1948550617693062.

    >>> found = pet_peese({"estimate": [0.2, 0.4, 0.5, 0.9], "std_error": [0.1, 0.2, 0.3, 0.4]})
    >>> found.chosen, round(found.estimate, 3)
    ('PET', -0.002)
    """
    confidence_level(level)
    between("alpha", alpha, 0.0, 0.5)
    data = studies(effects, 3, "PET-PEESE")
    if data.definition.no_effect is None:
        raise OptionError(
            f"{data.measure} has no value of no effect, which the rule tests against. "
            'regtest(effects, predictor="sei") and "vi" have the two lines, with limit_estimate.'
        )
    differing(data.std_error, "standard errors", "PET-PEESE")
    w = 1.0 / data.variance
    pet, peese = (weighted_line(data.estimate, x, w) for x in (data.std_error, data.variance))
    pet_p, peese_p = (_p(line.intercept, line.intercept_std_error, line.df) for line in (pet, peese))
    chosen, line, p = ("PEESE", peese, peese_p) if pet_p < 2.0 * alpha else ("PET", pet, pet_p)
    half = quantile(level, line.df) * line.intercept_std_error
    low, high = line.intercept - half, line.intercept + half
    return PetPeeseResult(
        measure=data.measure, k=data.k, chosen=chosen, estimate=line.intercept, std_error=line.intercept_std_error, p_value=p,
        ci_low=low, ci_high=high, ci_level=level, df=line.df, pet=pet, peese=peese, pet_p_value=pet_p, peese_p_value=peese_p,
        pet_slope_p_value=_p(pet.slope, pet.slope_std_error, pet.df),
        peese_slope_p_value=_p(peese.slope, peese.slope_std_error, peese.df),
        alpha=alpha, excluded=data.excluded,
        notes=tuple(dict.fromkeys([*data.notes, *_turned(data, pet, pet_p, alpha), *few_notes(data.k)])),
        **on_reported_scale(data, line.intercept, low, high),
    )  # fmt: skip


def _p(estimate: float, std_error: float, df: int) -> float:
    return two_sided_p(estimate / std_error, df) if std_error > 0 else float("nan")


def _turned(data: EffectSizes, pet: Line, p: float, alpha: float) -> list[str]:
    """A note where the line reverses the sign of the effect and is sure of it."""
    pooled = weighted_mean(data.estimate, data.variance, 0.0).estimate
    if p < 2.0 * alpha and pooled * pet.intercept < 0:
        return [
            "the PET intercept has the opposite sign of the common effect: the line over-corrects, "
            "and the rule should not be relied on"
        ]
    return []
