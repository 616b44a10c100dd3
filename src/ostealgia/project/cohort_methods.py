"""The methods of a cohort's analysis in paragraphs, written from its settings: what was done, by which rule, with which software."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ostealgia.cohort.analysis_model import CohortAnalysis, Section
from ostealgia.cohort.derivations import retreatment_source
from ostealgia.display import capital, level_text
from ostealgia.project.cohort_words import words

DF_WORDS = {
    "kenward-roger": "Kenward and Roger's",
    "kenward-roger-linear": "Kenward and Roger's",
    "none": "infinite (z)",
    "satterthwaite": "Satterthwaite's",
    "residual": "residual",
    "z": "infinite (z)",
}
DF_FORM = {
    "kenward-roger": " (with the second derivatives of the Cholesky form of the covariance, as the R package mmrm)",
    "kenward-roger-linear": " (without second derivatives of the covariance)",
}
COVARIANCE = {
    "us": "unstructured", "toeph": "heterogeneous Toeplitz", "csh": "heterogeneous compound symmetry", "ar1h": "heterogeneous AR(1)",
    "adh": "ante-dependence", "cs": "compound symmetry", "toep": "Toeplitz", "ar1": "AR(1)", "ad": "ante-dependence",
}  # fmt: skip
RETREATMENT = {
    "non_response": "the index site irradiated again before the visit counts as no response among all treated",
    "treatment_policy": "re-irradiation before the visit is left as it is (treatment policy)",
}  # fmt: skip


def methods(analysis: CohortAnalysis, software: Sequence[tuple[str, str]] = ()) -> tuple[str, ...]:
    """The paragraphs, each about one kind of analysis that was done."""
    return tuple(text for text in _paragraphs(analysis, software) if text)


def _done(analysis: CohortAnalysis, ident: str) -> Section | None:
    return next((one for one in analysis.sections if one.id == ident and one.tables), None)


def _compared(analysis: CohortAnalysis) -> bool:
    """Whether there is more than one group: only then anything is compared."""
    return len(analysis.groups) > 1


def _paragraphs(analysis: CohortAnalysis, software: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield _design(analysis)
    for ident, build in _BY_SECTION.items():
        found = _done(analysis, ident)
        if found is not None:
            yield build(analysis, found)
    yield _general(analysis, software)


def _design(analysis: CohortAnalysis) -> str:
    settings, groups = analysis.settings, analysis.groups
    compared = (
        f" {capital(str(groups[1]))} (treated) is compared with {groups[0]} (reference)." if len(groups) == 2 else ""
    )
    if len(groups) == 1:
        compared = " There is one group: nothing is compared between groups."
    elif len(groups) > 2:
        compared = f" {len(groups)} groups: {', '.join(map(str, groups))}; the reference is {groups[0]}."
    plan = (
        "The analysis plan was frozen by its SHA-256 before outcomes were read." if analysis.plan.frozen_sha256 else ""
    )
    plan = (
        plan
        or "No analysis plan was frozen before outcomes were read; every choice stands in the section Analysis plan."
    )
    kind = "Every record is SIMULATED. " if analysis.cohort.simulated else ""
    windows = _windows(settings.windows)
    return (
        f"Design. {kind}A cohort of {analysis.cohort.n:,} patients treated for painful bone metastases.{compared} {plan} "
        f"{windows}".strip()
    )


def _windows(windows: Any) -> str:
    if not windows:
        return ""
    parts = [f"week {week}: day {days[0]} to {days[1]}" for week, days in dict(windows).items()]
    return f"Visits are placed by their actual day ({'; '.join(parts)})."


def _response(analysis: CohortAnalysis, section: Section) -> str:
    settings = analysis.settings
    frame = section.tables.get("definitions")
    rule = source = ""
    if frame is not None and "rule" in frame.columns:
        own = frame[frame["definition"] == settings.definition]
        rule, source = (str(own["rule"].iloc[0]), str(own["source"].iloc[0])) if len(own) else ("", "")
    table = f"by the table {settings.opioid_table}" if settings.opioid_table else "as given in the visits"
    again = RETREATMENT.get(settings.retreatment, settings.retreatment)
    if not retreatment_source(analysis.cohort):
        again = "irradiation of the index site again is not recorded, and a response after it would count"
    told = f"definition {settings.definition}" + (f" ({rule}; {source})" if rule else "")
    return (
        f"Pain response. {capital(told)}. Opioid doses are oral morphine equivalents {table}. Two denominators stand "
        f"beside each other: "
        f"all treated, where a patient without a value is no responder, and those who could be assessed; {again}. Rates have "
        f"Clopper-Pearson intervals"
        + (
            ", risk differences Newcombe's, risk ratios Katz's and odds ratios Woolf's; P is Fisher's exact test."
            if _compared(analysis)
            else "."
        )
    )


def _pain(analysis: CohortAnalysis, section: Section) -> str:
    settings = analysis.settings
    fitted = section.results.get("mmrm")
    df = DF_WORDS.get(settings.df_method, settings.df_method)
    parts = ["Worst pain."]
    if fitted is not None:
        code = str(getattr(fitted, "covariance", "") or next(iter(settings.covariance), ""))
        cov = COVARIANCE.get(code, code)
        more = f", {', '.join(settings.covariates)}" if settings.covariates else ""
        group = "group, week, their interaction" if _compared(analysis) else "week"
        parts.append(
            f"A model for repeated measures (MMRM) with {group}, pain at baseline and its interaction with "
            f"week{more}; "
            f"{cov} covariance over the weeks, REML, {df} {'standard errors and ' if df.startswith('Kenward') else ''}degrees of freedom"
            f"{DF_FORM.get(settings.df_method, '')}."
        )
    if "mixed_model" in section.results:
        random = "a random intercept" if settings.random == "1" else f"random effects {settings.random}"
        parts.append(
            f"Beside it a linear mixed model over all weeks, baseline among the outcomes, with {random} for each patient."
        )
    if "ancova" in section.results:
        parts.append(f"ANCOVA of week {analysis.primary_week} on baseline.")
    if _compared(analysis):
        parts.append("Comparisons over weeks are one family each, named in its table, with Bonferroni's correction.")
    elif "paired_change" in section.results:
        parts.append(
            f"Change from baseline to week {analysis.primary_week} by a paired t-test; it is no effect of treatment."
        )
    return " ".join(parts)


def _toxicity(analysis: CohortAnalysis, section: Section) -> str:
    return (
        "Adverse events. CTCAE grades; each patient counts once a category, by the worst grade, and all patients are the "
        "denominator. Exact "
        "(Clopper-Pearson) intervals"
        + (
            "; differences with Newcombe's interval and Fisher's P, not adjusted for the number of categories."
            if _compared(analysis)
            else "."
        )
    )


def _relief(analysis: CohortAnalysis, section: Section) -> str:
    return (
        "Onset and duration of relief. Cumulative incidence with death competing (Aalen-Johansen, complementary log-log intervals)"
        + (", Gray's test, Fine and Gray's model and the cause-specific Cox model" if _compared(analysis) else "")
        + ". Duration is described among those who had relief and not compared."
    )


def _strata(section: Section) -> list[str]:
    """Columns of the stratified log-rank test, as done."""
    frame = section.tables.get("logrank")
    if frame is None or "strata" not in frame.columns:
        return []
    done = [str(value) for value in frame["strata"].dropna() if str(value)]
    return done[0].split(", ") if done else []


def short(name: str) -> str:
    """The words of a column without its unit, for a list in a sentence."""
    return words(str(name)).split(",")[0]


def _survival(analysis: CohortAnalysis, section: Section) -> str:
    strata = ", ".join(short(name) for name in _strata(section))
    stratified = f", also stratified by {strata}" if strata else ""
    if not _compared(analysis):
        parts = ["Survival. Kaplan-Meier with log-log intervals"]
        if "cox" in section.tables:
            parts.append("Cox models (Efron's ties), score test of proportional hazards")
        return (
            f"{', '.join(parts)}, restricted mean survival up to {analysis.settings.rmst_months:g} months."
            if "rmst" in section.tables
            else f"{', '.join(parts)}."
        )
    return (
        f"Survival. Kaplan-Meier with log-log intervals, log-rank test{stratified}, Cox models (Efron's ties) unadjusted and "
        f"adjusted, score test of "
        f"proportional hazards, restricted mean survival up to {analysis.settings.rmst_months:g} months."
    )


def _scales(analysis: CohortAnalysis, section: Section) -> str:
    return (
        f"Quality of life. {analysis.settings.instrument}, scales scored where half their items were answered; ANCOVA on the "
        f"baseline score."
        if _compared(analysis)
        else f"Quality of life. {analysis.settings.instrument}, scales scored where half their items were answered."
    )


def _laboratory(analysis: CohortAnalysis, section: Section) -> str:
    return (
        "Laboratory values. ANCOVA on the value at baseline, in units and on the log scale (ratios of geometric means)."
        if _compared(analysis)
        else "Laboratory values. Described by visit."
    )


def _opioids(analysis: CohortAnalysis, section: Section) -> str:
    return (
        "Opioids. Oral morphine equivalents in mg a day; "
        + ("ANCOVA on the dose at baseline, and " if _compared(analysis) else "")
        + "patients whose dose rose by a quarter or more."
    )


def _predictors(analysis: CohortAnalysis, section: Section) -> str:
    settings = analysis.settings
    return (
        f"Predictors of response. Logistic regression of each factor, those with P below {settings.screen_p:g} into one model, as "
        f"is often done; "
        f"beside it how often {settings.bootstrap} bootstrap samples select each factor, and a penalised model of all factors. Area "
        f"under the "
        "curve, Brier score, calibration, optimism by bootstrap, decision curve."
    )


def _subgroups(analysis: CohortAnalysis, section: Section) -> str:
    return (
        "Subgroups. The effect in each level of each factor with a test of interaction, and its P after Bonferroni's correction over the "
        "factors; a subgroup by itself answers nothing."
    )


def _weighting(analysis: CohortAnalysis, section: Section) -> str:
    names = ", ".join(short(name) for name in analysis.settings.confounders or ())
    return (
        f"Adjustment for confounding. Propensity score by logistic regression{f' on {names}' if names else ''}; weights for all "
        f"patients (ATE), for the "
        "treated (ATT) and for those in equipoise (overlap), standard errors by M-estimation, augmented weighting (AIPW), "
        "standardised mean "
        "differences before and after, E-value."
    )


def _missing(analysis: CohortAnalysis, section: Section) -> str:
    settings = analysis.settings
    return (
        f"Missing values. {settings.imputations} imputations pooled by Rubin's rules, and a tipping point: imputed values of the "
        f"treated group made "
        f"worse by up to {max(settings.deltas):g} points."
    )


def _estimands(analysis: CohortAnalysis, section: Section) -> str:
    return "Estimands (ICH E9(R1)). For each intercurrent event the strategy is named, and the endpoint is derived anew for each."


def _immortal(analysis: CohortAnalysis, section: Section) -> str:
    return (
        f"Immortal time. Relief and death three ways: known from time zero (wrong, shown as a warning), from week "
        f"{analysis.settings.landmark_week} on "
        "(landmark), and as a time-dependent covariate."
    )


_BY_SECTION = {
    "response": _response,
    "pain": _pain,
    "opioids": _opioids,
    "quality-of-life": _scales,
    "laboratory": _laboratory,
    "toxicity": _toxicity,
    "relief": _relief,
    "survival": _survival,
    "predictors": _predictors,
    "subgroups": _subgroups,
    "weighting": _weighting,
    "missing": _missing,
    "estimands": _estimands,
    "immortal-time": _immortal,
}


def _general(analysis: CohortAnalysis, software: Sequence[tuple[str, str]]) -> str:
    level = level_text(float(analysis.settings.level))
    used = ", ".join(f"{name} {version}" for name, version in software)
    text = f"Intervals are at {level}; P values are two-sided. Random numbers start from seed {analysis.rng_seed}."
    return f"{text} Software: {used}." if used else text
