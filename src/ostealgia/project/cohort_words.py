"""Names of the columns, terms and tables of a cohort's report, in the words of the field."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ostealgia.display import capital

# column of a tidy table -> heading
COLUMNS: dict[str, str] = {
    "statistic": "Statistic", "df": "df", "df_2": "df 2", "p_value": "P", "p_adjusted": "P, Bonferroni", "std_error": "SE",
    "n": "n", "events": "Events", "n_missing": "Missing", "missing": "Missing", "mean": "Mean", "sd": "SD", "median": "Median",
    "q1": "Quartile 1", "q3": "Quartile 3", "min": "Min", "max": "Max", "percent": "%", "percent_missing": "Missing, %", "count": "Count",
    "n_any": "With other reasons", "pain_response": "Response", "n_risk": "At risk", "time": "Time", "month": "Months", "smd": "SMD",
    "fitted_by": "Fitted by", "p_value_wilcoxon": "P, Wilcoxon", "v": "V", "check_status": "Source checked", "n_comparisons": "Comparisons",
    "corrected": "Less optimism", "p_wald": "P, Wald", "ks": "KS", "ess_treated": "Effective n, treated",
    "ess_control": "Effective n, reference",
    "r_squared": "R²", "odds_ratio": "Odds ratio", "events_1": "Events, treated", "n_1": "n, treated",
    "events_2": "Events, reference", "n_2": "n, reference",
    "delta": "Delta, points", "missed_visit": "Missed visit", "dropout": "Dropped out",
    "death": "Died", "assessed": "Assessed", "e_value": "E-value", "aic": "AIC", "net_benefit": "Net benefit",
}  # fmt: skip
DENOMINATORS = {"all_treated": "All treated", "assessable": "Assessable"}
# column of patients -> what a reader calls it
VARIABLES = {
    "ecog": "ECOG performance status", "ecog_2_or_more": "ECOG 2 or more", "n_bone_mets": "bone metastases", "charlson": "Charlson index",
    "nrs_baseline": "worst pain at baseline", "omed_baseline_mg": "opioid dose at baseline, mg/day", "rt_dose_gy": "radiation dose, Gy",
    "rt_fractions": "fractions", "index_year": "year of treatment", "visceral_mets": "visceral metastases", "tumour": "primary tumour",
    "strong_opioid_baseline": "strong opioid at baseline", "spinal": "spinal metastases", "age": "age, years", "bone_modifying_agent":
    "bone-modifying agent", "rmst": "restricted mean", "nrs_7_or_more": "worst pain 7 or more", "age_70_or_more": "age 70 or more",
    "lesions_above_3": "more than three bone metastases", "dose_30_gy_or_more": "30 Gy or more", "several_fractions": "several fractions",
    "nausea_vomiting": "nausea or vomiting", "dermatitis_radiation": "radiation dermatitis",
    "hematologic": "haematological event", "pain_flare": "pain flare",
}  # fmt: skip
# (section, table) -> title; others are named after themselves
TITLES: dict[tuple[str, str], str] = {
    ("quality", "findings"): "Findings about the data",
    ("quality", "missing"): "Missing values by column",
    ("quality", "visits"): "Pattern of pain assessments (1 assessed, 0 not), week by week",
    ("plan", "settings"): "Every choice of the analysis",
    ("flow", "patients"): "Patients at each stage",
    ("flow", "reasons"): "Why patients were not eligible",
    ("flow", "visits"): "State of the patients at each visit",
    ("table-one", "patients"): "Every description",
    ("table-one", "tests"): "Every test of baseline characteristics",
    ("response", "classes"): "Class of response by week",
    ("response", "rates"): "Response rates with exact intervals",
    ("response", "differences"): "Risk differences, risk ratios and odds ratios",
    ("response", "definitions"): "The same patients by other definitions of response",
    ("response", "best"): "Best response at any week",
    ("pain", "observed"): "Worst pain as observed",
    ("pain", "means"): "Estimated marginal means",
    ("pain", "contrasts"): "Differences between groups by every model",
    ("pain", "changes"): "Differences in change (linear mixed model)",
    ("pain", "change"): "Paired change within groups",
    ("pain", "terms"): "Tests of terms",
    ("pain", "coefficients"): "Coefficients",
    ("opioids", "observed"): "Dose as observed, oral morphine equivalent, mg/day",
    ("opioids", "increase"): "Patients whose dose rose by a quarter or more",
    ("opioids", "increase_differences"): "Dose increase compared",
    ("opioids", "contrasts"): "Difference in dose, mg/day (ANCOVA)",
    ("quality-of-life", "observed"): "Scores as observed",
    ("quality-of-life", "scales"): "Scales and what was answered",
    ("laboratory", "observed"): "Values as observed",
    ("laboratory", "contrasts"): "Differences in units (ANCOVA)",
    ("toxicity", "events"): "Patients with each event",
    ("toxicity", "grades"): "Worst grade of each patient",
    ("toxicity", "differences"): "Risk differences and risk ratios",
    ("toxicity", "discontinuation"): "Treatment stopped for an adverse event",
    ("relief", "gray"): "Gray's tests",
    ("relief", "subdistribution"): "Fine-Gray model of relief",
    ("relief", "cause_specific"): "Cause-specific Cox model of relief",
    ("relief", "duration"): "How relief ended, among those who had it",
    ("survival", "at"): "Survival at chosen months",
    ("survival", "logrank"): "Log-rank tests",
    ("survival", "cox"): "Cox models",
    ("survival", "proportional_hazards"): "Tests of proportional hazards",
    ("survival", "rmst"): "Restricted mean survival",
    ("survival", "landmark"): "Landmark analysis",
    ("predictors", "screen"): "Factors one by one, all columns",
    ("predictors", "model"): "The model after screening",
    ("predictors", "alternative"): "The same factors without selection",
    ("predictors", "performance"): "Discrimination and calibration",
    ("predictors", "calibration"): "Calibration by group of risk",
    ("subgroups", "subgroups"): "Effects in subgroups, every outcome",
    ("subgroups", "interactions"): "Tests of interaction",
    ("weighting", "effects"): "Every estimate, all columns",
    ("weighting", "balance"): "Balance before and after weighting",
    ("weighting", "e_value"): "E-values",
    ("missing", "pooled"): "After multiple imputation",
    ("missing", "tipping_point"): "Tipping point, all columns",
    ("estimands", "strategies"): "Intercurrent events and strategies",
    ("estimands", "results"): "Strategies with their questions and methods",
    ("immortal-time", "ratios"): "Relief and death, three ways",
}


def heading(column: str) -> str:
    """The heading of a column.

    >>> heading("p_value"), heading("dominant_site")
    ('P', 'Dominant site')
    """
    return COLUMNS.get(column, capital(column.replace("_", " ")))


def table_title(section: str, name: str) -> str:
    """The title of a table of a section."""
    return TITLES.get((section, name), capital(name.replace("_", " ")))


def term_words(term: str, columns: Iterable[str]) -> str:
    """A term of a model in words.

    >>> term_words("factor(week)12:groupobservation", ["group", "week"])
    'week: 12 × group: observation'
    """
    return " × ".join(_one(part, columns) for part in term.split(":"))


def _one(part: str, columns: Iterable[str]) -> str:
    found = re.fullmatch(r"factor\((\w+)\)(.*)", part)
    if found:
        return f"{words(found[1])}: {found[2]}" if found[2] else words(found[1])
    for column in sorted(columns, key=len, reverse=True):
        if part.startswith(column) and part != column and not part[len(column) :].startswith("_"):
            return f"{words(column)}: {part[len(column) :]}"
    return words(part)


def readable(note: str) -> str:
    """A note with the names of columns in words.

    >>> readable("confounders: age, ecog_2_or_more, nrs_baseline")
    'confounders: age, ECOG 2 or more, worst pain at baseline'
    """
    return re.sub(r"\b[a-z]+(?:_[a-z0-9]+)+\b", lambda found: VARIABLES.get(found.group(), found.group()), note)


def words(name: str) -> str:
    """A name of a column or a category in words.

    >>> words("dominant_site"), words("all_treated")
    ('dominant site', 'All treated')
    """
    return DENOMINATORS.get(name, VARIABLES.get(name, name.replace("_", " ")))
