"""Simulation study of the cohort methods: made-up cohorts with a known truth, and what each analysis makes of them.

``python bench/simulation_cohort.py --out docs/guide/cohort-simulation.md`` writes the page with every number and its Monte Carlo error.
Cohort i of a scenario is the same in every run of a seed, however many processes share the work. Planned and told after Morris, White &
Crowther 2019, doi:10.1002/sim.8086.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import clock  # noqa: F401  (holds linear algebra to one thread before NumPy is loaded)

import numpy as np  # isort: skip
from scipy.special import stdtr, stdtrit

import ostealgia as oa
from ostealgia.cohort.simulated import COVARIATES, HORIZON, SCENARIOS, SimulatedCohort, simulate
from ostealgia.numerics.imputation_normal import monotone_imputations
from ostealgia.numerics.imputation_pooling import rubin
from ostealgia.numerics.random_streams import stream

COHORTS, PATIENTS, SEED, IMPUTATIONS = 2000, 300, 5, 20
FIXED = "treated * factor(week) + pain_0 * factor(week) + age_decades + visceral + ecog_2"
LAST = "treated:factor(week)12"
ALL = ["treated", *COVARIATES]


class Found(NamedTuple):
    """What one analysis says of one cohort; NaN where it says nothing.  p : against no effect."""

    estimate: float
    std_error: float
    low: float
    high: float
    p: float


class Analysis(NamedTuple):
    """One line of the study. holds : the method's assumptions hold in the scenario.  run : cohort -> Found."""

    scenario: str
    estimand: str
    method: str
    holds: bool
    run: Callable[[SimulatedCohort, np.random.Generator], Found]


# --- the analyses -----------------------------------------------------------------------------------------------------


def row_of(fit: Any, term: str) -> Found:
    """A line of a coefficient table."""
    row = fit.row(term)
    return Found(*(float(row[name]) for name in ("estimate", "std_error", "ci_low", "ci_high", "p_value")))


def single(result: Any) -> Found:
    """A result with one estimate."""
    return Found(result.estimate, result.std_error, result.ci_low, result.ci_high, result.p_value)


def without_interval(p: float) -> Found:
    return Found(math.nan, math.nan, math.nan, math.nan, p)


def later(made: SimulatedCohort) -> dict[str, Any]:
    """Visits after baseline."""
    keep = made.visits["week"] > 0
    return {name: values[keep] for name, values in made.visits.items()}


def by_mmrm(made: SimulatedCohort, _: Any, df: str = "satterthwaite", information: str = "expected") -> Found:
    fit = oa.cohort.mmrm(
        later(made), outcome="pain", fixed=FIXED, subject="id", visit="week", df=df, information=information
    )
    if not fit.converged:
        raise ArithmeticError("not converged")
    row = fit.combination({"treated": 1.0, LAST: 1.0})
    return Found(*(float(row[name]) for name in ("estimate", "std_error", "ci_low", "ci_high", "p_value")))


def by_mixed_model(made: SimulatedCohort, _: Any, information: str = "expected") -> Found:
    fixed = "treated * factor(week) + age_decades * factor(week) + visceral * factor(week) + ecog_2 * factor(week)"
    fit = oa.cohort.mixed_model(
        made.visits, outcome="pain", fixed=fixed, subject="id", random="1 + week", information=information
    )
    if not fit.converged:
        raise ArithmeticError("not converged")
    return row_of(fit, LAST)


def by_ancova(made: SimulatedCohort, _: Any, covariates: str = " + ".join(COVARIATES)) -> Found:
    fit = oa.cohort.ancova(made.patients, outcome="pain_12", group="arm", baseline="pain_0", covariates=covariates)
    return row_of(fit, "armtreated")


def by_difference(
    made: SimulatedCohort, _: Any, outcome: str = "pain_12", terms: tuple[str, ...] = ("treated",)
) -> Found:
    return single(oa.cohort.g_computation(made.patients, treatment="treated", outcome=outcome, terms=list(terms)))


def by_weighting(made: SimulatedCohort, _: Any, outcome: str = "pain_12", weights: str = "ate") -> Found:
    return single(
        oa.cohort.weighted_effect(
            made.patients, treatment="treated", outcome=outcome, terms=list(COVARIATES), weights=weights
        )
    )


def by_aipw(made: SimulatedCohort, _: Any, outcome: str = "pain_12", terms: tuple[str, ...] = tuple(ALL)) -> Found:
    return single(
        oa.cohort.aipw(
            made.patients, treatment="treated", outcome=outcome, terms=list(terms), score_terms=list(COVARIATES)
        )
    )


def by_imputation(made: SimulatedCohort, rng: np.random.Generator, unseen: float = 0.0) -> Found:
    """Multiple imputation in each arm, then least squares on the completed outcome; unseen : added in the treated arm."""
    p = made.patients
    n = len(p["id"])
    course = np.full((n, 5), np.nan)
    weeks = np.unique(made.visits["week"])
    course[made.visits["id"] - 1, np.searchsorted(weeks, made.visits["week"])] = made.visits["pain"]
    x = np.column_stack([np.ones(n), *(p[name] for name in COVARIATES)])
    done = np.empty((IMPUTATIONS, n))
    for arm in (0.0, 1.0):
        mine = p["treated"] == arm
        shift = np.full((int(mine.sum()), 5), unseen * arm)
        done[:, mine] = monotone_imputations(course[mine], x[mine], IMPUTATIONS, rng, shift=shift)[:, :, -1]
    design = np.column_stack([x, p["pain_0"], p["treated"]])
    inverse = np.linalg.inv(design.T @ design)
    beta = done @ design @ inverse
    left = done - beta @ design.T
    df = n - design.shape[1]
    pooled = rubin(beta[:, -1:], ((left**2).sum(axis=1) / df * inverse[-1, -1])[:, None], float(df))
    estimate, se, freedom = (float(v[0]) for v in (pooled.estimate, np.sqrt(pooled.total), pooled.df))
    half = float(stdtrit(freedom, 0.975)) * se
    return Found(estimate, se, estimate - half, estimate + half, float(2.0 * stdtr(freedom, -abs(estimate / se))))


def by_cox(made: SimulatedCohort, _: Any, terms: tuple[str, ...] = tuple(ALL)) -> Found:
    fit = oa.cohort.cox(made.patients, time="weeks", event="died", terms=list(terms))
    return Found(*(float(v[0]) for v in (fit.estimate, fit.std_error, fit.ci_low, fit.ci_high, fit.p_value)))


def by_logrank(made: SimulatedCohort, _: Any) -> Found:
    return without_interval(oa.cohort.logrank(made.patients, time="weeks", event="died", by="arm").p_value)


def by_rmst(made: SimulatedCohort, _: Any) -> Found:
    rows = oa.cohort.rmst(made.patients, time="weeks", event="died", by="arm", tau=HORIZON).rows
    row = next(row for row in rows if row["quantity"] == "difference")
    return Found(*(float(row[name]) for name in ("estimate", "std_error", "ci_low", "ci_high", "p_value")))


def by_kaplan_meier(made: SimulatedCohort, _: Any) -> Found:
    curve = oa.cohort.kaplan_meier(made.patients, time="weeks", event="died", by="arm").curves[1]
    at = int(np.searchsorted(curve.time, HORIZON, side="right")) - 1
    return Found(
        *(float(v[at]) for v in (curve.curve.survival, curve.curve.std_error, curve.ci_low, curve.ci_high)), math.nan
    )


def by_gray(made: SimulatedCohort, _: Any) -> Found:
    test = oa.cohort.gray_test(made.patients, time="relief_weeks", status="relief_status", cause=1, by="arm")
    return without_interval(test.p_value)


def by_incidence(made: SimulatedCohort, _: Any) -> Found:
    curve = oa.cohort.cumulative_incidence(made.patients, time="relief_weeks", status="relief_status", by="arm").curves[
        1
    ]
    at = int(np.searchsorted(curve.incidence.time, 12.0, side="right")) - 1
    found = curve.incidence
    return Found(*(float(v[0, at]) for v in (found.incidence, found.std_error, curve.ci_low, curve.ci_high)), math.nan)


def by_death_as_censoring(made: SimulatedCohort, _: Any) -> Found:
    p = made.patients
    data = {"weeks": p["relief_weeks"], "relief": (p["relief_status"] == 1).astype(int), "arm": p["arm"]}
    curve = oa.cohort.kaplan_meier(data, time="weeks", event="relief", by="arm").curves[1]
    at = int(np.searchsorted(curve.time, 12.0, side="right")) - 1
    s, se, low, high = (
        float(v[at]) for v in (curve.curve.survival, curve.curve.std_error, curve.ci_low, curve.ci_high)
    )
    return Found(1.0 - s, se, 1.0 - high, 1.0 - low, math.nan)


def by_firth(made: SimulatedCohort, _: Any, method: str = "profile") -> Found:
    fit = oa.cohort.logistic(made.patients, outcome="response_12", terms=["treated", *COVARIATES], method=method)
    return Found(*(float(v[1]) for v in (fit.estimate, fit.std_error, fit.ci_low, fit.ci_high, fit.p_value)))


def by_state(made: SimulatedCohort, _: Any, analysis: str = "naive") -> Found:
    found = oa.cohort.immortal_time(
        made.patients, time="weeks", event="died", exposure_time="state_weeks", landmark_at=8.0
    )
    fit = found.fits[analysis]
    return Found(*(float(v[0]) for v in (fit.estimate, fit.std_error, fit.ci_low, fit.ci_high, fit.p_value)))


def lines() -> Iterator[Analysis]:
    """Every line of the study."""
    p = functools.partial
    pain, response, hazard = "pain_difference", "response_difference", "log_hazard_ratio"
    for scenario in ("null", "mar"):
        yield Analysis(scenario, pain, "MMRM, Satterthwaite", True, by_mmrm)
        yield Analysis(scenario, pain, "MMRM, Kenward-Roger", True, p(by_mmrm, df="kenward-roger"))
        yield Analysis(scenario, pain, "MMRM, observed information", True, p(by_mmrm, information="observed"))
        yield Analysis(scenario, pain, "mixed model, own level and slope", True, by_mixed_model)
        seen = p(by_mixed_model, information="observed")
        yield Analysis(scenario, pain, "mixed model, observed information", True, seen)
        yield Analysis(scenario, pain, "multiple imputation by arm, Rubin", True, by_imputation)
        yield Analysis(scenario, hazard, "Cox with covariates", True, by_cox)
        yield Analysis(scenario, "rmst_difference", "difference of restricted means", True, by_rmst)
        yield Analysis(scenario, "survival_treated", "Kaplan-Meier, log-log limits", True, by_kaplan_meier)
    yield Analysis("null", hazard, "log-rank test", True, by_logrank)
    yield Analysis("null", "relief, test", "Gray's test", True, by_gray)
    yield Analysis("null", "log odds ratio of response", "logistic, profile likelihood", True, by_firth)
    yield Analysis("null", "log odds ratio of response", "logistic, Firth", True, p(by_firth, method="firth"))
    yield Analysis("null", "state_log_hazard_ratio", "ever reached, from time zero", False, by_state)
    for way in ("landmark", "time-dependent"):
        yield Analysis("null", "state_log_hazard_ratio", f"{way} Cox", True, p(by_state, analysis=way))
    yield Analysis("mar", pain, "observed cases, difference of means", False, by_difference)
    yield Analysis(
        "mar", response, "observed cases, difference of risks", False, p(by_difference, outcome="response_12")
    )
    yield Analysis("mnar", pain, "MMRM, Satterthwaite", False, by_mmrm)
    yield Analysis("mnar", pain, "multiple imputation, no shift", False, by_imputation)
    yield Analysis("mnar", pain, "multiple imputation, delta = 2 when treated", True, p(by_imputation, unseen=2.0))
    yield Analysis("death", pain, "survivors, difference of means", False, by_difference)
    yield Analysis(
        "death", "composite_difference", "responders among survivors", False, p(by_difference, outcome="response_12")
    )
    composite = p(by_difference, outcome="alive_and_response_12")
    yield Analysis("death", "composite_difference", "alive and response, among all", True, composite)
    yield Analysis("death", "relief_incidence", "1 - Kaplan-Meier, death as censoring", False, by_death_as_censoring)
    yield Analysis("death", "relief_incidence", "Aalen-Johansen, death competing", True, by_incidence)
    yield from confounded()


def confounded() -> Iterator[Analysis]:
    p = functools.partial
    pain, response, hazard = "pain_difference", "response_difference", "log_hazard_ratio"
    yield Analysis("confounding", pain, "not adjusted", False, by_difference)
    yield Analysis("confounding", pain, "ANCOVA with covariates", True, by_ancova)
    yield Analysis("confounding", pain, "weights, ATE, M-estimation SE", True, by_weighting)
    yield Analysis("confounding", pain, "weights, overlap, M-estimation SE", True, p(by_weighting, weights="overlap"))
    yield Analysis("confounding", pain, "AIPW", True, by_aipw)
    yield Analysis("confounding", pain, "AIPW, outcome model without covariates", True, p(by_aipw, terms=("treated",)))
    yield Analysis("confounding", response, "not adjusted", False, p(by_difference, outcome="response_12"))
    yield Analysis(
        "confounding", response, "weights, ATE, M-estimation SE", True, p(by_weighting, outcome="response_12")
    )
    yield Analysis("confounding", response, "AIPW", True, p(by_aipw, outcome="response_12"))
    yield Analysis("confounding", hazard, "Cox, not adjusted", False, p(by_cox, terms=("treated",)))
    yield Analysis("confounding", hazard, "Cox with covariates", True, by_cox)


# --- the run ----------------------------------------------------------------------------------------------------------


def one_cohort(scenario: str, patients: int, seed: int, index: int) -> list[list[float]]:
    """What every analysis of a scenario says of one cohort, in order; NaN where there was no result."""
    rng = stream(seed, index, use=f"cohort {scenario}")
    made = simulate(scenario, patients, rng)
    out: list[list[float]] = []
    for line in lines():
        if line.scenario == scenario:
            try:
                out.append(list(line.run(made, rng)))
            except (ArithmeticError, oa.errors.OstealgiaError):
                out.append([math.nan] * 5)
    return out


def run(cohorts: int, patients: int, seed: int, jobs: int, keep: Path | None = None) -> dict[str, np.ndarray]:
    """scenario -> (cohorts, analyses, 5). keep : folder where finished scenarios are kept, and taken from."""
    found: dict[str, np.ndarray] = {}
    for scenario in SCENARIOS:
        kept = None if keep is None else keep / f"{scenario}-{cohorts}-{patients}-{seed}.npy"
        if kept is not None and kept.exists():
            found[scenario] = np.load(kept)
            continue
        task = functools.partial(one_cohort, scenario, patients, seed)
        if jobs > 1:
            with ProcessPoolExecutor(jobs) as pool:
                results = list(pool.map(task, range(cohorts), chunksize=20))
        else:
            results = [task(i) for i in range(cohorts)]
        found[scenario] = np.array(results)
        if kept is not None:
            np.save(kept, found[scenario])
        print(f"  {scenario}: {cohorts} cohorts", file=sys.stderr, flush=True)
    return found


class Summary(NamedTuple):
    """One line with its Monte Carlo errors (after the comma in each pair)."""

    scenario: str
    estimand: str
    method: str
    holds: bool
    truth: float | None
    failed: int
    bias: tuple[float, float]
    empirical_se: float
    model_se: float
    coverage: tuple[float, float]
    rejects: tuple[float, float]

    @property
    def within(self) -> bool:
        """Bias within 3 Monte Carlo errors, coverage 93.5 to 96.5%, type I error 3.5 to 6.5%, as far as they apply."""
        right = True
        if not math.isnan(self.bias[0]):
            right &= abs(self.bias[0]) <= 3.0 * self.bias[1] and 0.935 <= self.coverage[0] <= 0.965
        if (self.truth == 0.0 or self.truth is None) and not math.isnan(self.rejects[0]):
            right &= 0.035 <= self.rejects[0] <= 0.065
        return right and self.failed == 0


def summary(line: Analysis, values: np.ndarray, truth: float | None) -> Summary:
    """values : (cohorts, 5)."""
    estimate, se, low, high, p = values.T
    done = np.isfinite(p) | np.isfinite(estimate)
    k = max(int(done.sum()), 1)
    target = 0.0 if truth is None else truth
    nan = (math.nan, math.nan)
    bias = coverage = nan
    spread = model = math.nan
    if np.isfinite(estimate).any():
        spread, model = float(np.nanstd(estimate, ddof=1)), float(np.sqrt(np.nanmean(se**2)))
        bias = float(np.nanmean(estimate)) - target, spread / math.sqrt(k)
        coverage = share(float(((low <= target) & (target <= high))[done].mean()), k)
    rejects = share(float((p[done] < 0.05).mean()), k) if np.isfinite(p).any() else nan
    return Summary(
        line.scenario, line.estimand, line.method, line.holds, truth, int((~done).sum()), bias, spread, model, coverage, rejects
    )  # fmt: skip


def share(value: float, k: int) -> tuple[float, float]:
    return value, math.sqrt(value * (1.0 - value) / k)


def summaries(found: dict[str, np.ndarray]) -> list[Summary]:
    out: list[Summary] = []
    place = dict.fromkeys(SCENARIOS, 0)
    for line in lines():
        truth = simulate(line.scenario, 20, np.random.default_rng(0)).truth.get(line.estimand)
        out.append(summary(line, found[line.scenario][:, place[line.scenario]], truth))
        place[line.scenario] += 1
    return out


# --- the page ---------------------------------------------------------------------------------------------------------

NAMES = {
    "pain_difference": "difference in pain, week 12",
    "response_difference": "difference in response, week 12",
    "log_hazard_ratio": "log hazard ratio of death",
    "rmst_difference": f"difference in mean survival up to week {HORIZON:g}",
    "survival_treated": f"survival at week {HORIZON:g}, treated",
    "state_log_hazard_ratio": "log hazard ratio of a state reached on the way",
    "composite_difference": "difference in being alive with response, week 12",
    "relief_incidence": "share with relief by week 12, treated",
    "relief, test": "relief, same in both arms",
}


# (its assumptions hold, it is within the limits)
VERDICTS = {
    (True, True): "holds",
    (True, False): "**MISSES**",
    (False, False): "**fails, as it must**",
    (False, True): "no harm seen",
}


def table(rows: list[Summary]) -> str:
    head = "| estimand | method | truth | bias (MC error) | SE: empirical, model | coverage % | rejects % | |"
    out = [head, "|---|---|---|---|---|---|---|---|"]
    last = ""
    for row in rows:
        name = NAMES.get(row.estimand, row.estimand)
        verdict = VERDICTS[row.holds, row.within]
        truth = "0" if row.truth is None else f"{row.truth:.3g}"
        cells = [
            "" if name == last else name,
            row.method,
            truth,
            pair(row.bias, 4),
            two(row.empirical_se, row.model_se),
        ]
        out.append("| " + " | ".join([*cells, percent(row.coverage), percent(row.rejects), verdict]) + " |")
        last = name
    return "\n".join(out)


def pair(value: tuple[float, float], digits: int) -> str:
    return "" if math.isnan(value[0]) else f"{value[0]:+.{digits}f} ({value[1]:.{digits}f})"


def two(a: float, b: float) -> str:
    return "" if math.isnan(a) else f"{a:.3g}, {b:.3g}"


def percent(value: tuple[float, float]) -> str:
    return "" if math.isnan(value[0]) else f"{100 * value[0]:.1f} ({100 * value[1]:.1f})"


PAGE = """# Cohort methods on made-up cohorts

{cohorts:,} SIMULATED cohorts of {patients} patients in each of five scenarios (seed {seed}; `make simulate-cohort` writes this page again).
The truth of every estimand is known in closed form, or by quadrature. Where the assumptions of a method hold, it has to *hold*: bias
within 3 Monte Carlo errors, coverage of the 95% interval 93.5 to 96.5%, and where nothing is there to find, P < 0.05 in 3.5 to 6.5%.
Where they do not hold the failure is shown, beside a method that recovers. {verdict}

The Monte Carlo error is in brackets; "rejects" is the type I error where the truth is 0, else the power.

```python
>>> import numpy as np, ostealgia as oa
>>> made = oa.cohort.simulate("confounding", 300, np.random.default_rng(1))
>>> made.truth["pain_difference"], sorted(made.visits)[:3]
(-1.0, ['age_decades', 'arm', 'ecog_2'])

```

{sections}
## What to take from it

- A **mixed model or MMRM** is not biased when dropout depends on pain already seen; the mean of those still there is. MMRM here is always
  with an unstructured covariance.
- Its usual **standard errors** (expected information, as in R mmrm and lmerTest) take visits as missed without regard to the outcome.
  Under the strong dropout of "mar", by opposite rules in the two arms, they come out 7% too small: the misses there are this, and were
  planned as lines that hold. The lines with `information="observed"` (Kenward & Molenberghs 1998, doi:10.1214/ss/1028905886) were added
  after the misses were seen. On 2,000 fresh cohorts (seed 6) coverage was 93.3, 93.2 and 93.1% with the usual, 94.9 and 95.0% with the
  observed information.
- When it depends on **what was not seen**, no method that only looks at the data can know. The shift (delta) has to come from outside;
  `oa.cohort.tipping_point` says how large it may be before the conclusion changes.
- **Death is no missing value.** Survivors of two arms are different patients. Count the dead in the outcome, or as a competing event.
- **Reached on the way** (relief, response) is no property of baseline: use a landmark, or a term that changes with time.
- Weighting, standardisation and AIPW recover a **confounded** effect only because every confounder is measured here; `oa.cohort.e_value`
  asks how strong an unmeasured one would have to be.

Not studied: several confounders unmeasured, covariances that differ by arm, hazards that are not proportional, samples below {patients}.
Planned and told after Morris, White & Crowther 2019, doi:10.1002/sim.8086; the scenarios are in `ostealgia.cohort.simulated`.
"""


def page(rows: list[Summary], cohorts: int, patients: int, seed: int) -> str:
    sections = []
    for name, scenario in SCENARIOS.items():
        sections.append(f"## {name}: {scenario.label}\n\n{table([row for row in rows if row.scenario == name])}\n")
    should = [row for row in rows if row.holds]
    held = sum(row.within for row in should)
    wrong = [row for row in rows if not row.holds]
    shown = sum(not row.within for row in wrong)
    failed = sum(row.failed for row in rows)
    verdict = (
        f"Of {len(should)} lines whose assumptions hold, {held} hold; of {len(wrong)} that break them, {shown} fail. "
        f"{failed} of {cohorts * len(rows):,} analyses had no result."
    )
    return PAGE.format(cohorts=cohorts, patients=patients, seed=seed, verdict=verdict, sections="\n".join(sections))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=COHORTS)
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="page to write; else it is printed")
    parser.add_argument(
        "--keep", type=Path, help="folder for finished scenarios: a run that was stopped goes on from there"
    )
    parser.add_argument("--json", type=Path, help="the numbers as well")
    asked = parser.parse_args()
    rows = summaries(run(asked.cohorts, asked.patients, asked.seed, asked.jobs, asked.keep))
    text = page(rows, asked.cohorts, asked.patients, asked.seed)
    if asked.json:
        asked.json.write_text(json.dumps([row._asdict() for row in rows], indent=1), encoding="utf-8")
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
