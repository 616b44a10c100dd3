"""The result of a Bayesian pool: posterior of the mean, of tau, of each study and of a new study, on both scales."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.display import level_text
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.backtransform import to_reported
from ostealgia.meta.result import ScaleEstimate
from ostealgia.numerics.bayes import Posterior
from ostealgia.numerics.bayes_mixture import NormalMixture
from ostealgia.numerics.bayes_priors import TauPrior
from ostealgia.options import one_of
from ostealgia.tables.measures import MEASURES, Measure
from ostealgia.tables.result import Result, plain, tail_lines
from ostealgia.tables.writing import measure_interval, measure_text

if TYPE_CHECKING:
    import pandas as pd

INTERVAL_NAMES = {"shortest": "shortest credible interval", "central": "central credible interval"}
NAN = math.nan


@dataclass(frozen=True, kw_only=True)
class PosteriorEstimate:
    """One posterior in numbers, analysis scale. ci_low, ci_high : the interval in force; both kinds are there.

    mean, sd : NaN or infinite where the integral does not exist (heavy tails, few studies).
    """

    parameter: str
    mean: float
    sd: float
    median: float
    mode: float
    ci_low: float
    ci_high: float
    shortest_low: float
    shortest_high: float
    central_low: float
    central_high: float


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BayesResult(Result):
    """The posterior under the normal-normal model. mean : of the mean effect; tau : of the standard deviation between studies;
    prediction : of the true effect in a new study; all on the analysis scale. ``reported`` : medians and limits on the reported scale
    (limits of the mean in ci_low and ci_high, of a new study in pi_low and pi_high).

    tau_prior, mean_prior : the priors; mean_prior is None (flat) or (mean, sd) of a normal.  interval : "shortest" or "central".
    posterior : densities and distribution functions.  certificate : how the integral was found and how well.
    """

    measure: str
    k: int
    n: float
    ci_level: float
    interval: str
    tau_prior: TauPrior
    mean_prior: tuple[float, float] | None
    mean: PosteriorEstimate
    tau: PosteriorEstimate
    prediction: PosteriorEstimate
    reported: ScaleEstimate
    effects: EffectSizes
    posterior: Posterior
    certificate: Mapping[str, Any] = field(default_factory=dict)
    converged: bool = True

    @property
    def definition(self) -> Measure:
        """The measure with its scales and back-transformation."""
        return MEASURES[self.measure]

    @cached_property
    def studies(self) -> tuple[PosteriorEstimate, ...]:
        """Posterior of the true effect of each study (shrinkage), found when first asked for."""
        from ostealgia.meta.bayes_fit import estimate_of

        return tuple(
            estimate_of(name, self.posterior.study(i), self.posterior, 0, self.ci_level, self.interval)
            for i, name in enumerate(self.effects.study)
        )

    @property
    def log_evidence(self) -> float:
        """Log marginal likelihood; NaN for an improper prior of tau. With a flat prior of the mean it compares only such models."""
        return self.posterior.log_evidence

    @cached_property
    def bayes_factors(self) -> dict[str, float]:
        """tau_zero : evidence for tau = 0 against this model; mean_zero : for a mean of no effect against this model. NaN where
        a prior that matters is improper, or the measure has no value of no effect. Above 1 speaks for the simpler model.
        """
        no_effect, mean_zero = self.definition.no_effect, NAN
        if self.mean_prior is not None and no_effect is not None:
            centre, sd = self.mean_prior
            prior = math.exp(-0.5 * ((no_effect - centre) / sd) ** 2) / (sd * math.sqrt(2.0 * math.pi))
            mean_zero = float(self.posterior.mu.density(np.array(no_effect))) / prior
        return {"tau_zero": math.exp(self.posterior.log_bayes_factor_homogeneous()), "mean_zero": mean_zero}

    def distribution(self, of: str) -> Any:
        """The posterior of "mean", "prediction", "tau" or a study (its label): an object with density, cdf and quantile."""
        parts: dict[str, Any] = {
            "mean": self.posterior.mu,
            "prediction": self.posterior.new_study,
            "tau": self.posterior.tau_posterior,
        }
        if of in parts:
            return parts[of]
        if of in self.effects.study:
            return self.posterior.study(self.effects.study.index(of))
        one_of("of", of, (*parts, *self.effects.study))
        raise OptionError(f"of={of!r}")

    def probability_below(self, value: float, of: str = "mean") -> float:
        """Posterior probability of a value below this one, on the analysis scale (log odds ratio for OR; tau for of="tau")."""
        return float(self.distribution(of).cdf(np.array(float(value))))

    def probability_above(self, value: float, of: str = "mean") -> float:
        """One minus probability_below, without loss of digits for the mean, a new study and each study."""
        found = self.distribution(of)
        if isinstance(found, NormalMixture):
            turned = NormalMixture(weight=found.weight, mean=-found.mean, sd=found.sd)
            return float(turned.cdf(np.array(-float(value))))
        return 1.0 - float(found.cdf(np.array(float(value))))

    def to_frame(self) -> pd.DataFrame:
        """One row each for mean, tau and prediction: estimate (the median), mean, sd, mode, both intervals; medians and limits of the
        reported scale where there is one.
        """
        import pandas as pd

        rows = [self._row(one) for one in (self.mean, self.tau, self.prediction)]
        return pd.DataFrame(
            [{"measure": self.measure, **row, "ci_level": self.ci_level, "interval": self.interval} for row in rows]
        )

    def shrinkage_frame(self) -> pd.DataFrame:
        """One row a study: what it reported (estimate, std_error) and what is believed of it now."""
        import pandas as pd

        head = zip(self.effects.study, self.effects.estimate, self.effects.std_error, strict=True)
        rows = []
        for (study, estimate, std_error), found in zip(head, self.studies, strict=True):
            posterior = {f"posterior_{key}": value for key, value in self._row(found).items() if key != "parameter"}
            rows.append({"study": study, "estimate": estimate, "std_error": std_error, **posterior})
        return pd.DataFrame(rows)

    def _row(self, one: PosteriorEstimate) -> dict[str, Any]:
        names = (
            "mean",
            "sd",
            "mode",
            "ci_low",
            "ci_high",
            "shortest_low",
            "shortest_high",
            "central_low",
            "central_high",
        )
        row = {"parameter": one.parameter, "estimate": one.median, **{name: getattr(one, name) for name in names}}
        shown = np.full(3, NAN)
        if one is not self.tau:
            shown = to_reported(self.definition, np.array([one.median, one.ci_low, one.ci_high]), self.effects)
        reported = zip(("reported_estimate", "reported_ci_low", "reported_ci_high"), map(float, shown), strict=True)
        return {**row, **dict(reported)}

    def to_dict(self) -> dict[str, Any]:
        """Everything by name; NaN and infinity as None."""
        return plain({
            "measure": self.measure, "model": "Bayesian normal-normal", "k": self.k, "n": self.n, "ci_level": self.ci_level,
            "interval": self.interval, "tau_prior": self.tau_prior.label, "tau_prior_source": self.tau_prior.source,
            "tau_prior_check": self.tau_prior.check,
            "mean_prior": "flat" if self.mean_prior is None else {"mean": self.mean_prior[0], "sd": self.mean_prior[1]},
            **{one.parameter: {key: value for key, value in self._row(one).items() if key != "parameter"}
               for one in (self.mean, self.tau, self.prediction)},
            "probability_below_no_effect": NAN if self.definition.no_effect is None else self.probability_below(self.definition.no_effect),
            "log_evidence": self.log_evidence, "bayes_factors": self.bayes_factors, "converged": self.converged,
            "certificate": dict(self.certificate), "excluded": [row.to_dict() for row in self.excluded], "notes": list(self.notes),
        })  # fmt: skip

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def _lines(fit: BayesResult) -> list[str]:
    level = level_text(fit.ci_level)
    size = f"{fit.k} {'study' if fit.k == 1 else 'studies'}"
    size += f", {fit.n:,.0f} patients" if math.isfinite(fit.n) else ""
    side = fit.reported
    effect = f"{fit.measure} {measure_text(fit.definition, side.estimate)} [{measure_interval(fit.definition, side.ci_low, side.ci_high)}]"
    effect += f"   new study [{measure_interval(fit.definition, side.pi_low, side.pi_high)}]"
    if fit.definition.no_effect is not None:
        value = float(to_reported(fit.definition, np.array([fit.definition.no_effect]), fit.effects)[0])
        effect += f"   P({fit.measure} < {value:g}) {_probability(fit.probability_below(fit.definition.no_effect))}"
    tau = fit.tau
    scale = fit.definition.analysis_scale
    flat = "flat" if fit.mean_prior is None else f"normal({fit.mean_prior[0]:g}, {fit.mean_prior[1]:g})"
    error = fit.certificate["relative_error"]
    lines = [
        f"BayesResult: {fit.measure} ({fit.definition.title}), Bayesian normal-normal model",
        f"  {size}",
        f"  {effect}",
        f"  tau {tau.median:.3g} [{tau.ci_low:.3g} to {tau.ci_high:.3g}] ({scale} scale)",
        f"  posterior medians, {level} {INTERVAL_NAMES[fit.interval]}s on the analysis scale",
        f"  priors: tau {fit.tau_prior.label}; mean {flat}",
        f"  integral over tau: {fit.certificate['nodes']} nodes, relative error below {max(error, 1e-15):.0e}",
    ]
    return [*lines, *tail_lines(fit)]


def _probability(value: float) -> str:
    if value < 0.001:
        return "< 0.001"
    return "> 0.999" if value > 0.999 else f"= {value:.3f}"
