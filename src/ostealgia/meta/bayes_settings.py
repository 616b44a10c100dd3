"""Priors of heterogeneity by name, and the two that were learned from the Cochrane Database.

Check status of the constants (each prior carries it in ``check``): the tables of the papers were read in two independent transcriptions
(R bayesmeta 3.4 and rnmamod 0.5) that agree in all 80 settings of Turner et al. and in 71 of 72 of Rhodes et al.; both tables add an
effect of the outcome to an effect of the comparison, so each value was also held against the others. Three settings of Rhodes et al. fail
one of these checks and are not offered; none concerns pain.
"""

from __future__ import annotations

import re
from typing import Any

from ostealgia.errors import OptionError
from ostealgia.numerics import bayes_priors
from ostealgia.numerics.bayes_priors import PRIORS, TauPrior
from ostealgia.options import one_of

TURNER = "Turner et al. 2015, doi:10.1002/sim.6381, Table IV"
RHODES = "Rhodes et al. 2015, doi:10.1016/j.jclinepi.2014.08.012, Table 3 and Appendix"
CHECK = "two independent transcriptions of the published table agree; in line with its other settings"

TURNER_OUTCOMES = (
    "all-cause mortality", "obstetric", "cause-specific mortality or major morbidity", "resource use", "surgical or device success",
    "withdrawals", "structure", "physical health", "adverse events", "infection", "signs or symptoms", "pain", "quality of life",
    "mental health", "biological marker", "subjective",
)  # fmt: skip
# comparison -> mean of log tau2 by outcome, sd of log tau2 by outcome
TURNER_SETTINGS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "pharmacological vs control": (
        (-3.95, -3.52, -3.71, -2.34, -2.14, -2.99, -2.71, -2.29, -1.87, -2.49, -2.06, -1.83, -2.54, -2.12, -1.77, -2.70),
        (1.34, 1.74, 1.74, 1.74, 1.74, 1.74, 1.74, 1.53, 1.52, 1.52, 1.51, 1.52, 1.54, 1.53, 1.52, 1.52)),
    "pharmacological vs pharmacological": (
        (-4.18, -3.75, -3.95, -2.58, -2.37, -3.23, -2.94, -2.53, -2.10, -2.73, -2.29, -2.06, -2.78, -2.35, -2.00, -2.93),
        (1.41, 1.79, 1.79, 1.79, 1.79, 1.79, 1.79, 1.58, 1.58, 1.58, 1.58, 1.58, 1.60, 1.60, 1.58, 1.58)),
    "non-pharmacological vs control": (
        (-4.17, -3.74, -3.93, -2.56, -2.36, -3.21, -2.93, -2.51, -2.10, -2.71, -2.28, -2.05, -2.77, -2.34, -1.99, -2.92),
        (1.55, 1.91, 1.91, 1.91, 1.91, 1.91, 1.92, 1.72, 1.71, 1.71, 1.71, 1.71, 1.73, 1.72, 1.71, 1.71)),
    "non-pharmacological vs pharmacological": (
        (-2.92, -2.49, -2.68, -1.31, -1.11, -1.96, -1.67, -1.26, -0.84, -1.46, -1.03, -0.80, -1.51, -1.09, -0.74, -1.67),
        (1.02, 1.50, 1.51, 1.50, 1.50, 1.51, 1.51, 1.25, 1.24, 1.24, 1.24, 1.25, 1.27, 1.27, 1.24, 1.25)),
    "non-pharmacological vs non-pharmacological": (
        (-3.50, -3.08, -3.27, -1.90, -1.69, -2.55, -2.26, -1.85, -1.43, -2.05, -1.61, -1.38, -2.10, -1.67, -1.33, -2.26),
        (1.26, 1.68, 1.68, 1.68, 1.68, 1.68, 1.68, 1.46, 1.45, 1.45, 1.45, 1.45, 1.47, 1.47, 1.45, 1.45)),
}  # fmt: skip
TURNER_ANY = (-2.56, 1.74)

# "physical health" holds adverse events, pain and quality of life as well; "signs or symptoms" holds infection
RHODES_OUTCOMES = (
    "obstetric", "resource use", "structure", "physical health, pain or quality of life", "signs, symptoms or infection", "mental health",
    "biological marker", "subjective",
)  # fmt: skip
# (area, comparison) -> location and scale of log tau2 (t with 5 df) by outcome; None: not offered, see UNSURE
RHODES_SETTINGS: dict[tuple[str, str], tuple[tuple[float | None, ...], tuple[float, ...]]] = {
    ("other", "pharmacological vs control"): (
        (-4.13, -2.55, -2.43, -3.16, -3.00, -2.99, -3.41, -2.76), (2.34, 2.73, 2.50, 2.50, 2.50, 2.16, 2.83, 2.58)),
    ("other", "pharmacological vs pharmacological"): (
        (-4.40, -2.83, -2.70, -3.44, -3.27, -3.27, -3.68, -3.03), (2.31, 2.70, 2.46, 2.44, 2.47, 2.14, 2.78, 2.59)),
    ("other", "non-pharmacological"): (
        (-3.99, -2.41, -2.29, -3.02, -2.86, None, -3.27, -2.62), (2.11, 2.57, 2.32, 2.27, 2.33, 1.93, 2.66, 2.41)),
    ("respiratory", "pharmacological vs control"): (
        (-6.03, -4.46, -4.33, -5.07, -4.90, -4.90, -5.31, -4.66), (2.36, 2.74, 2.51, 2.51, 2.50, 2.17, 2.83, 2.59)),
    ("respiratory", "pharmacological vs pharmacological"): (
        (-6.31, -4.73, -4.61, -5.34, -5.18, -5.17, -5.59, -4.94), (2.31, 2.70, 2.46, 2.45, 2.47, 2.14, 2.78, 2.59)),
    ("respiratory", "non-pharmacological"): (
        (-5.89, -4.32, -4.19, -4.93, -4.76, -4.76, -5.17, -4.52), (2.21, 2.57, 2.33, 2.28, 2.33, 1.94, 2.66, 2.41)),
    ("cancer", "pharmacological vs control"): (
        (-1.57, None, None, -0.60, -0.44, -0.43, -0.85, -0.20), (2.45, 2.83, 2.61, 2.61, 2.60, 2.28, 2.93, 2.68)),
    ("cancer", "pharmacological vs pharmacological"): (
        (-1.85, -0.27, -0.14, -0.88, -0.71, -0.71, -1.13, -0.48), (2.41, 2.79, 2.56, 2.55, 2.57, 2.25, 2.87, 2.68)),
    ("cancer", "non-pharmacological"): (
        (-1.43, 0.15, 0.27, -0.46, -0.30, -0.29, -0.71, -0.06), (2.24, 2.68, 2.45, 2.40, 2.46, 2.08, 2.78, 2.53)),
}  # fmt: skip
RHODES_ANY = (-3.44, 2.59)
UNSURE = {
    ("cancer", "pharmacological vs control", "resource use"): "the two transcriptions have different signs",
    (
        "cancer",
        "pharmacological vs control",
        "structure",
    ): "the value printed, -0.13, is out of line with the other settings by 0.26",
    (
        "other",
        "non-pharmacological",
        "mental health",
    ): "the value printed, -3.85, is out of line with the other settings by 1",
}
# the measures on whose scale an empirical prior was learned
MEASURES_OF = {"Turner": ("OR",), "Rhodes": ("SMD",)}


def heterogeneity_prior(name: str, **parameters: Any) -> TauPrior:
    """A prior for tau, the standard deviation of true effects between studies, on the scale of the effects.

    name : "half-normal" (scale), "half-Cauchy" (scale), "half-t" (scale, df), "uniform" (upper, or none: improper), "Jeffreys"
    (improper), "log-normal" (location, scale of log tau), "log-t" (location, scale, df of log tau); "Turner" (outcome, comparison)
    for log odds ratios; "Rhodes" (outcome, comparison, area) for standardised mean differences.
    Raises OptionError.  Sources: Roever et al. 2021, doi:10.1002/jrsm.1475 (how to choose a scale); Gelman 2006,
    doi:10.1214/06-BA117A; Turner et al. 2015, doi:10.1002/sim.6381; Rhodes et al. 2015, doi:10.1016/j.jclinepi.2014.08.012.

    >>> heterogeneity_prior("half-normal", scale=0.5)
    TauPrior: half-normal(0.5)
    >>> heterogeneity_prior("Turner", outcome="pain", comparison="non-pharmacological vs control")
    TauPrior: log-normal(-1.025, 0.855), Turner: pain, non-pharmacological vs control
    """
    one_of("tau_prior", name, (*PRIORS, *LEARNED))
    if name in LEARNED:
        maker, names, least = LEARNED[name]
    else:
        maker, names, least = PRIORS[name]
    wrong = [key for key in parameters if key not in names]
    missing = [key for key in names[:least] if parameters.get(key) is None]
    if wrong or missing:
        takes = ", ".join(names) or "no parameters"
        found = f"found {', '.join(wrong)}" if wrong else f"missing {', '.join(missing)}"
        raise OptionError(f"tau_prior {name!r} takes {takes}; {found}.")
    return maker(**{key: value for key, value in parameters.items() if value is not None})


def turner(outcome: str, comparison: str | None = None) -> TauPrior:
    """The log-normal prior of Turner et al. for one setting, or for any ("any")."""
    if outcome == "any":
        mean, sd, setting = *TURNER_ANY, "Turner: any setting"
    else:
        one_of("outcome", outcome, (*TURNER_OUTCOMES, "any"))
        one_of("comparison", str(comparison), TURNER_SETTINGS)
        at = TURNER_OUTCOMES.index(outcome)
        means, sds = TURNER_SETTINGS[str(comparison)]
        mean, sd, setting = means[at], sds[at], f"Turner: {outcome}, {comparison}"
    return _named(bayes_priors.log_normal(mean / 2, sd / 2), setting, TURNER)


def rhodes(outcome: str, comparison: str | None = None, area: str | None = None) -> TauPrior:
    """The log-t prior of Rhodes et al. for one setting, or for any ("any")."""
    if outcome == "any":
        return _named(bayes_priors.log_t(RHODES_ANY[0] / 2, RHODES_ANY[1] / 2), "Rhodes: any setting", RHODES)
    one_of("outcome", outcome, (*RHODES_OUTCOMES, "any"))
    one_of("comparison", str(comparison), dict.fromkeys(pair[1] for pair in RHODES_SETTINGS))
    one_of("area", str(area), dict.fromkeys(pair[0] for pair in RHODES_SETTINGS))
    locations, scales = RHODES_SETTINGS[str(area), str(comparison)]
    at = RHODES_OUTCOMES.index(outcome)
    location = locations[at]
    if location is None:
        why = UNSURE[str(area), str(comparison), outcome]
        raise OptionError(
            f"the prior of Rhodes et al. for {outcome}, {comparison}, {area} is not offered: {why}. "
            "Read the value in the paper and give it as log-t(location / 2, scale / 2)."
        )
    setting = f"Rhodes: {outcome}, {comparison}, {area}"
    return _named(bayes_priors.log_t(location / 2, scales[at] / 2), setting, RHODES)


LEARNED: dict[str, tuple[Any, tuple[str, ...], int]] = {
    "Turner": (turner, ("outcome", "comparison"), 1),
    "Rhodes": (rhodes, ("outcome", "comparison", "area"), 1),
}


def _named(prior: TauPrior, setting: str, source: str) -> TauPrior:
    from dataclasses import replace

    return replace(prior, setting=setting, source=source, check=CHECK)


_CALL = re.compile(r"\s*([A-Za-z-]+)\s*(?:\(([^()]*)\))?\s*")


def read_prior(text: str) -> TauPrior:
    """A prior written as text: "half-normal(0.5)", "half-t(0.5, 4)", "uniform", "Turner(pain; non-pharmacological vs control)".

    Values stand in the order of the parameters, separated by commas or semicolons; nothing is evaluated. Raises OptionError.

    >>> read_prior("half-t(0.5, 4)")
    TauPrior: half-t(0.5, 4)
    """
    found = _CALL.fullmatch(str(text))
    if found is None:
        raise OptionError(f"tau_prior={text!r} is not written as name(values), for instance half-normal(0.5).")
    name, inside = found.group(1), found.group(2)
    one_of("tau_prior", name, (*PRIORS, *LEARNED))
    names = (LEARNED[name] if name in LEARNED else PRIORS[name])[1]
    separator = ";" if name in LEARNED else "[,;]"
    values = [part.strip() for part in re.split(separator, inside)] if inside and inside.strip() else []
    if len(values) > len(names):
        raise OptionError(f"tau_prior={text!r} has {len(values)} values; {name} takes {', '.join(names) or 'none'}.")
    return heterogeneity_prior(name, **dict(zip(names, values, strict=False)))


def fitting_prior(prior: TauPrior | str | None, measure: str) -> TauPrior:
    """The prior as an object; refused where it is missing or was learned on the scale of another measure."""
    if prior is None:
        raise OptionError(
            "tau_prior is not given, and none is assumed. For log ratios of odds, risks or hazards and for standardised mean differences "
            "'half-normal(0.5)' is usual, 'half-normal(1)' more cautious (Roever et al. 2021, doi:10.1002/jrsm.1475); for odds ratios "
            "also 'Turner(pain; non-pharmacological vs control)', for SMD 'Rhodes(...)'. In other units choose a scale of that unit."
        )
    found = read_prior(prior) if isinstance(prior, str) else prior
    learned = found.setting.partition(":")[0]
    allowed = MEASURES_OF.get(learned)
    if allowed and measure not in allowed:
        scale = {"Turner": "log odds ratios", "Rhodes": "standardised mean differences"}[learned]
        raise OptionError(
            f"the prior of {learned} et al. was learned on {scale} and says nothing about tau of {measure}; it is for measure "
            f"{', '.join(allowed)}. Use half-normal, half-t or half-Cauchy with a scale in the unit of the effects."
        )
    return found
