"""Made-up cohorts whose truth is known, to see whether an analysis finds it. Nothing here describes a real patient.

Pain is a continuous score (it is not cut to 0 to 10, so that means have a closed form), higher is worse. One draw:

covariates  age ~ N(65, 10), visceral metastases 40%, ECOG of 2 or more 35%
arm         by chance, or by the covariates (confounding)
pain        course over weeks 0, 1, 4, 8, 12 + covariates + effect of the arm + own level + own slope x week + error
dropout     from week 4 on: by the pain last seen (missing at random), or by chance with unseen pain shifted in one arm (not at random)
death       exponential times; counted from week 12, so that nobody dies before it, or from the start and by the same own level and
            slope as pain (informative death)
relief      exponential time, with death competing (informative death);  state : reached by chance while alive, of no effect at all
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.options import one_of

Array = NDArray[np.float64]
WEEKS = (0, 1, 4, 8, 12)
COURSE = np.array([7.0, 6.3, 5.4, 5.0, 4.9])  # mean pain of a control patient without risk factors
COVARIATES = ("age_decades", "visceral", "ecog_2")
PAIN_BY = np.array([0.15, 0.5, 0.6])  # what the covariates add to pain from week 1 on
HAZARD_BY = np.array([0.15, 0.5, 0.7])
CHANCE = (0.40, 0.35)  # of visceral metastases, of ECOG 2 or more
LEVEL_SD, SLOPE_SD, LEVEL_SLOPE, ERROR_SD = 1.2, 0.08, 0.2, 1.2
HAZARD = 0.012  # a week
CENSORING = (26.0, 104.0)  # weeks, uniform
HORIZON = 52.0  # weeks, of survival and restricted means
RESPONSE = 2.0  # points of pain lost by week 12
STATE_RATE = 0.03  # a week


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is true. effect : of treatment on pain at WEEKS.  log_hr : on the hazard of death, within covariates.  assigned : (intercept,
    slopes of the covariates) of the log odds of treatment.  leave : (log odds, slope by pain last seen in control and in treated) of
    dropout at a visit.  unseen : added to the pain of treated patients who left.  frailty : how own level and slope move death and relief.
    """

    label: str
    effect: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    log_hr: float = 0.0
    assigned: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    leave: tuple[float, float, float] | None = None
    unseen: float = 0.0
    frailty: float | None = None


BENEFIT = (0.0, -0.4, -0.8, -1.0, -1.0)
SCENARIOS: dict[str, Scenario] = {
    "null": Scenario(label="no effect; dropout at random given pain", leave=(-2.4, 0.5, 0.5)),
    "mar": Scenario(
        label="effect; dropout at random given pain, by another rule in each arm", effect=BENEFIT, log_hr=-0.4, leave=(-2.2, 0.9, -0.7)
    ),
    "mnar": Scenario(label="effect; pain of treated patients who left is 2 points worse than predicted", effect=BENEFIT,
                     leave=(-2.0, 0.0, 0.0), unseen=2.0),
    "death": Scenario(label="no effect on pain; fewer deaths when treated; who suffers more dies sooner", log_hr=-0.9, frailty=1.0),
    "confounding": Scenario(
        label="effect; sicker patients are treated more often", effect=BENEFIT, log_hr=-0.4, assigned=(-0.8, 0.3, 0.9, 1.1)
    ),
}  # fmt: skip
DEATH_RATE, RELIEF_RATE = 0.03, 0.12  # a week, under informative death
RELIEF_BY = -0.5  # of the frailty, on the log hazard of relief


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedCohort:
    """One SIMULATED cohort. patients : one row a patient; visits : one row a visit made, as columns.  truth : estimand -> true value.

    patients : id, arm ("control", "treated"), treated, age_decades, visceral, ecog_2, pain_0, pain_12 (NaN where unseen), response_12
    (loss of 2 points or more, NaN where unseen), alive_and_response_12 (0 for the dead and the unseen), weeks and died (survival),
    relief_weeks and relief_status (0 censored, 1 relief, 2 death), state_weeks (NaN where never reached).
    visits : id, week, arm, treated, the covariates, pain_0, pain.
    """

    scenario: str
    patients: Mapping[str, NDArray[Any]]
    visits: Mapping[str, NDArray[Any]]
    truth: Mapping[str, float]


def simulate(scenario: str, n: int, rng: np.random.Generator) -> SimulatedCohort:
    """A made-up cohort of which the truth is known.

    scenario : "null", "mar" (missing at random), "mnar" (not at random), "death" (informative) or "confounding".  n : patients, 20 or more.
    rng : NumPy's generator; the same state gives the same cohort.  Every value is SIMULATED, and the scenarios are chosen to show where
    methods hold and fail, not to resemble a centre's patients.
    Source: Morris, White & Crowther 2019, doi:10.1002/sim.8086 (how simulation studies are planned and told).

    >>> made = simulate("mar", 200, np.random.default_rng(5))
    >>> len(made.patients["id"]), made.truth["pain_difference"]
    (200, -1.0)
    """
    what = SCENARIOS[one_of("scenario", scenario, SCENARIOS)]
    if isinstance(n, bool) or n != int(n) or n < 20:
        raise OptionError(f"n={n!r} patients; a whole number of 20 or more is needed.")
    if not isinstance(rng, np.random.Generator):
        raise OptionError("rng should be a NumPy generator, for instance numpy.random.default_rng(1).")
    n = int(n)
    covariates = np.column_stack([rng.normal(size=n), rng.random(n) < CHANCE[0], rng.random(n) < CHANCE[1]]).astype(
        float
    )
    odds = what.assigned[0] + covariates @ np.array(what.assigned[1:])
    treated = (rng.random(n) < 1.0 / (1.0 + np.exp(-odds))).astype(float)
    own = _own(n, rng)
    pain = _pain(what, covariates, treated, own, rng)
    weeks, died = _survival(what, covariates, treated, own, rng)
    made = _visits_made(what, pain, treated, weeks, rng)
    left = np.cumsum(~made, axis=1) > 0
    pain = pain + np.where(left, what.unseen * treated[:, None], 0.0)
    patients = _patients(covariates, treated, pain, made) | _times(what, own, weeks, died, rng)
    visits = _visits(patients, pain, made)
    return SimulatedCohort(scenario=scenario, patients=patients, visits=visits, truth=dict(_truth(scenario)))


def _own(n: int, rng: np.random.Generator) -> Array:
    """Own level and slope, (n, 2)."""
    z = rng.normal(size=(n, 2))
    slope = LEVEL_SLOPE * z[:, 0] + np.sqrt(1.0 - LEVEL_SLOPE**2) * z[:, 1]
    return np.column_stack([LEVEL_SD * z[:, 0], SLOPE_SD * slope])


def _frailty(own: Array) -> Array:
    """Own level and slope as one number of variance 1."""
    return (own[:, 0] / LEVEL_SD + own[:, 1] / SLOPE_SD) / np.sqrt(2.0 + 2.0 * LEVEL_SLOPE)


def _pain(what: Scenario, covariates: Array, treated: Array, own: Array, rng: np.random.Generator) -> Array:
    weeks = np.array(WEEKS, dtype=float)
    mean = COURSE + np.outer(covariates @ PAIN_BY, weeks > 0) + np.outer(treated, what.effect)
    return mean + own[:, :1] + own[:, 1:] * weeks + ERROR_SD * rng.normal(size=mean.shape)


def _survival(
    what: Scenario, covariates: Array, treated: Array, own: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Weeks to death or censoring, and 1 for death; from week 12, or from the start under informative death."""
    if what.frailty is None:
        rate = HAZARD * np.exp(covariates @ HAZARD_BY + what.log_hr * treated)
    else:
        rate = DEATH_RATE * np.exp(what.frailty * _frailty(own) + what.log_hr * treated)
    death, end = rng.exponential(1.0 / rate), rng.uniform(*CENSORING, len(rate))
    return np.minimum(death, end), (death <= end).astype(np.float64)


def _visits_made(
    what: Scenario, pain: Array, treated: Array, weeks: Array, rng: np.random.Generator
) -> NDArray[np.bool_]:
    made = np.ones(pain.shape, dtype=bool)
    if what.frailty is not None:
        return made & (np.array(WEEKS) < weeks[:, None])
    if what.leave is not None:
        start, control, with_treatment = what.leave
        slope = np.where(treated > 0.5, with_treatment, control)
        for t in range(2, pain.shape[1]):
            odds = start + slope * (pain[:, t - 1] - 5.0)
            made[:, t] = made[:, t - 1] & (rng.random(len(pain)) >= 1.0 / (1.0 + np.exp(-odds)))
    return made


def _patients(covariates: Array, treated: Array, pain: Array, made: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    seen = made[:, -1]
    response = (pain[:, -1] <= pain[:, 0] - RESPONSE).astype(float)
    return {
        "id": np.arange(1, len(treated) + 1), "arm": np.where(treated > 0.5, "treated", "control"), "treated": treated,
        **{name: covariates[:, j] for j, name in enumerate(COVARIATES)}, "pain_0": pain[:, 0],
        "pain_12": np.where(seen, pain[:, -1], np.nan), "response_12": np.where(seen, response, np.nan),
        "alive_and_response_12": np.where(seen, response, 0.0),
    }  # fmt: skip


def _times(what: Scenario, own: Array, weeks: Array, died: Array, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    by = np.zeros(len(weeks)) if what.frailty is None else RELIEF_BY * _frailty(own)
    relief, state = rng.exponential(1.0 / (RELIEF_RATE * np.exp(by))), rng.exponential(1.0 / STATE_RATE, len(weeks))
    return {
        "weeks": weeks, "died": died, "relief_weeks": np.minimum(relief, weeks),
        "relief_status": np.where(relief <= weeks, 1, 2 * died).astype(np.intp), "state_weeks": np.where(state < weeks, state, np.nan),
    }  # fmt: skip


def _visits(patients: Mapping[str, NDArray[Any]], pain: Array, made: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    row, visit = np.nonzero(made)
    names = ("id", "arm", "treated", *COVARIATES, "pain_0")
    return {name: patients[name][row] for name in names} | {"week": np.array(WEEKS)[visit], "pain": pain[row, visit]}


# --- what is true -----------------------------------------------------------------------------------------------------


@cache
def _truth(scenario: str) -> tuple[tuple[str, float], ...]:
    """True values of a scenario, by closed forms averaged over covariates and own courses (Gauss-Hermite)."""
    what = SCENARIOS[scenario]
    stays = (1.0 - 1.0 / (1.0 + np.exp(-what.leave[0]))) ** 3 if what.leave and what.unseen else 1.0
    out = {"pain_difference": what.effect[-1] + what.unseen * (1.0 - stays), "state_log_hazard_ratio": 0.0}
    if what.frailty is not None:
        out |= _truth_with_death(what)
    else:
        both = [_response(what, arm) for arm in (1.0, 0.0)]
        out |= {"log_hazard_ratio": what.log_hr}
        if not what.unseen:
            out["response_difference"] = both[0] - both[1]
        survival = [_survival_truth(what, arm) for arm in (1.0, 0.0)]
        out["rmst_difference"] = survival[0][1] - survival[1][1]
        out["survival_treated"] = survival[0][0]
    return tuple((name, float(value)) for name, value in out.items())


def _grid(points: int = 40) -> tuple[Array, Array]:
    """Covariates (k, 3) and their probabilities."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(points)
    weight = weight / weight.sum()
    rows, chance = list[tuple[float, float, float]](), list[float]()
    for visceral, a in ((0.0, 1.0 - CHANCE[0]), (1.0, CHANCE[0])):
        for ecog, b in ((0.0, 1.0 - CHANCE[1]), (1.0, CHANCE[1])):
            rows += [(float(age), visceral, ecog) for age in nodes]
            chance += [float(w * a * b) for w in weight]
    return np.array(rows), np.array(chance)


def _response(what: Scenario, arm: float) -> float:
    """Chance that pain at week 12 is 2 points or more below that at baseline."""
    from scipy.special import ndtr

    rows, chance = _grid()
    mean = COURSE[-1] - COURSE[0] + rows @ PAIN_BY + arm * what.effect[-1]
    sd = np.sqrt((WEEKS[-1] * SLOPE_SD) ** 2 + 2.0 * ERROR_SD**2)
    return float(chance @ ndtr((-RESPONSE - mean) / sd))


def _survival_truth(what: Scenario, arm: float) -> tuple[float, float]:
    """(survival at the horizon, mean survival up to it)."""
    rows, chance = _grid()
    rate = HAZARD * np.exp(rows @ HAZARD_BY + arm * what.log_hr)
    alive = np.exp(-rate * HORIZON)
    return float(chance @ alive), float(chance @ ((1.0 - alive) / rate))


def _truth_with_death(what: Scenario) -> dict[str, float]:
    """Under informative death: over own level and slope."""
    from scipy.special import ndtr

    nodes, weight = np.polynomial.hermite_e.hermegauss(60)
    weight = weight / weight.sum()
    z1, z2 = np.meshgrid(nodes, nodes, indexing="ij")
    slope = LEVEL_SLOPE * z1 + np.sqrt(1.0 - LEVEL_SLOPE**2) * z2
    u, chance = (z1 + slope) / np.sqrt(2.0 + 2.0 * LEVEL_SLOPE), np.outer(weight, weight)
    rows, part = _grid()
    shift, kinds = np.unique((rows @ PAIN_BY).round(12), return_inverse=True)
    part = np.bincount(kinds.reshape(-1), part)
    gain = COURSE[-1] - COURSE[0] + SLOPE_SD * slope * WEEKS[-1]
    responds = sum(
        p * ndtr((-RESPONSE - gain - s) / (np.sqrt(2.0) * ERROR_SD)) for s, p in zip(shift, part, strict=True)
    )
    out: dict[str, float] = {}
    composite, relieved = list[float](), list[float]()
    for arm in (1.0, 0.0):
        death = DEATH_RATE * np.exp(float(what.frailty or 0.0) * u + arm * what.log_hr)
        relief = RELIEF_RATE * np.exp(RELIEF_BY * u)
        composite.append(float((chance * np.exp(-death * WEEKS[-1]) * responds).sum()))
        relieved.append(
            float((chance * relief / (relief + death) * (1.0 - np.exp(-(relief + death) * WEEKS[-1]))).sum())
        )
    out["composite_difference"] = composite[0] - composite[1]
    out["relief_incidence"] = relieved[0]
    out["relief_difference"] = relieved[0] - relieved[1]
    return out
