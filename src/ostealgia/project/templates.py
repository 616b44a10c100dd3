"""New projects: a folder with a commented ``ostealgia.toml`` and tables that have a header and no rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ostealgia.errors import ProjectError
from ostealgia.io.writers import write_text
from ostealgia.options import one_of
from ostealgia.project.model import CONFIG
from ostealgia.project.store import (
    APPRAISAL,
    APPRAISAL_COLUMNS,
    REPAIR_COLUMNS,
    REPAIRS,
    RESULT_COLUMNS,
    RESULTS,
    STUDIES,
    STUDY_COLUMNS,
)

REVIEW_TABLES = {
    STUDIES: STUDY_COLUMNS, RESULTS: RESULT_COLUMNS, APPRAISAL: APPRAISAL_COLUMNS, REPAIRS: REPAIR_COLUMNS,
}  # fmt: skip
COHORT_TABLES = {
    "patients.csv": ("id", "group", "index_year", "age", "sex", "ecog", "tumour", "n_bone_mets", "nrs_baseline", "omed_baseline_mg",
                     "rt_dose_gy", "rt_fractions"),
    "visits.csv": ("id", "week", "day", "status", "nrs_worst", "omed_mg"),
    "qlq_items.csv": ("id", "week"),
    "labs.csv": ("id", "week", "crp", "albumin", "hemoglobin"),
    "adverse_events.csv": ("id", "ae_seq", "category", "term", "grade", "onset_day", "discontinuation"),
    "events.csv": ("id", "os_months", "os_event", "pfs_months", "pfs_event"),
    "screening.csv": ("id", "age", "histology_confirmed", "bone_metastasis_confirmed", "nrs_screen", "records_complete"),
    "data_dictionary.csv": ("file", "column", "type", "description"),
}  # fmt: skip

HEAD = """\
# {title}
# A project of ostealgia. Fill in the tables, then: ostealgia run {folder}
# Lines that start with # are comments. A key that is not known is refused with the key that was probably meant.

[project]
title = "{title}"
kind = "{kind}"                 # review, summary (printed tables of one paper) or cohort (patient-level data)
version = "1"
# citation = "The paper that is recomputed, as it should be cited"
# doi = "10.1000/example"

[question]
text = ""                       # the question in one sentence
population = ""
intervention = ""
comparator = ""
outcomes = []
"""

TABLES_HELP = """
# studies.csv    one row a study: study (the name that results.csv uses), label, year, design, country, doi, status;
#                further columns of your own may serve as subgroup.
# results.csv    one row a study x arm x outcome x time point. Type numbers as they are printed: {columns}.
#                source: page or table. A per cent without a count: leave events empty, put the per cent in estimate and
#                "percent" in measure; the count is worked back from n. An impossible row is left out by name.
# appraisal.csv  study, tool, domain, item, judgement, support. A row with domain "total" is checked against its parts. Tool "GRADE" with
#                the id of an analysis as item and domain "certainty": high, moderate, low or very low, shown beside every result.
# repairs.csv    row (of results.csv), column, from, to, why, accepted_by, date. A repair is a line of its own, used
#                only when a named person has accepted it.
"""

REVIEW_TAIL = """
# A sensitivity analysis takes over every key of another one and states what differs:
# [[analysis]]
# id = "{id}-without"
# title = "Without the study that differs"
# like = "{id}"
# exclude = [{{ study = "Name 2020", reason = "why it is left out" }}]

# A published number, as printed (trailing zeros count), and the analysis that recomputes it:
# [[claim]]
# id = "{id}"
# analysis = "{id}"
# estimate = {example}
# source = "Abstract"

[privacy]
small_cell = 5
individual_lines = false
"""

NETWORK_TAIL = """
# A sensitivity analysis takes over every key of another one and states what differs:
# [[analysis]]
# id = "{id}-without"
# title = "Without the trial that differs"
# like = "{id}"
# exclude = [{{ study = "Name 2020", reason = "why it is left out" }}]
# only = {{ design = "randomised" }}   # rows whose column (of studies.csv or results.csv) has this value

[privacy]
small_cell = 5
individual_lines = false
"""


@dataclass(frozen=True)
class Template:
    """One kind of project. columns : of results.csv that it uses.  analysis : its part of ``ostealgia.toml``."""

    title: str
    columns: str
    analysis: str
    ident: str = "main"
    example: str = "0.79\n# ci_low = 0.73\n# ci_high = 0.83"
    kind: str = "review"
    claims: bool = True


def _analysis(ident: str, title: str, lines: str) -> str:
    return f'\n[[analysis]]\nid = "{ident}"\ntitle = "{title}"\n{lines}'


DEFAULTS = """\
model = "random"                # common, random, glmm, MH, peto; sum (add up), list (side by side)
tau2 = "REML"                   # DL, HE, HS, HSk, SJ, ML, REML, EB, PM, PMM, GENQ
ci = "auto"                     # z, t, HK, HK-adhoc, HK-ci; auto = HK, but z where k = 2 or tau2 = 0
pi = "V"                        # prediction interval: V, HTS, S, HK, HK-PR, none
level = 0.95
# subgroup = "design"           # a column of studies.csv or results.csv
# moderators = "year + factor(design)"   # meta-regression on such columns
# baseline_risk = [0.2, 0.5]    # the result per 100 patients at these risks, with higher_is_better stated
# cluster = "study"             # several effects of one study: three-level and cluster-robust lines; with
# within_correlation = 0.5      # ... the correlation of their sampling errors, which is never assumed
"""

TEMPLATES: dict[str, Template] = {
    "prevalence": Template(
        "Prevalence or response: one proportion a study",
        "study, outcome, n, events, source",
        _analysis(
            "main",
            "Patients with the outcome",
            'outcome = "pain response"       # as in results.csv\n'
            'measure = "PLO"                 # PLO logit, PLN log, PR untransformed, PAS arcsine, PFT Freeman-Tukey\n'
            "higher_is_better = true\n" + DEFAULTS,
        ),
    ),
    "pre-post": Template(
        "Pain before and after treatment: one arm, two times",
        "study, arm, outcome, time, time_unit, n, mean, sd, correlation, source",
        _analysis(
            "main",
            "Change of pain",
            'outcome = "pain score 0-10"\n'
            'measure = "MC"                  # MC mean change; SMCC, SMCR, SMCRH standardised; MD takes the two times as independent\n'
            'time = "3 month"\n'
            'baseline = "0 month"\n'
            "window_days = [60, 120]         # rows inside these days are taken ...\n"
            'pick = "nearest"                # ... the nearest, first or last\n'
            "# correlation = 0.5             # of the two scores, where results.csv gives none; it is never assumed\n"
            "higher_is_better = false\n" + DEFAULTS,
        ),
        example="-4.4\n# ci_low = -5.0\n# ci_high = -3.7",
    ),
    "two-arm": Template(
        "Two arms: treated against control",
        "study, arm, arm_role, outcome, n, events (or mean, sd), source",
        _analysis(
            "main",
            "Treated against control",
            'outcome = "pain response"\n'
            'measure = "OR"                  # OR, RR, RD, PETO; with mean and sd: MD, SMD, SMDH, ROM\n'
            'arms = ["treated", "control"]   # values of arm or arm_role; the first is compared with the second\n'
            "higher_is_better = true\n" + DEFAULTS,
        ),
        example="1.28\n# ci_low = 1.02\n# ci_high = 1.60",
    ),
    "risk-factors": Template(
        "Risk factors: published ratios, one factor a line",
        "study, outcome (the factor), estimate, ci_low, ci_high, p_value, measure, source",
        _analysis(
            "main",
            "Odds ratio of the factor",
            'outcome = "multiple metastases" # the factor; a list of factors with model = "list" sets them side by side\n'
            'measure = "OR"                  # and "OR" in the column measure of results.csv\n' + DEFAULTS,
        ),
        example="1.37\n# ci_low = 1.03\n# ci_high = 1.83",
    ),
    "time-to-event": Template(
        "Time to event: published hazard ratios",
        "study, outcome, estimate, ci_low, ci_high, ci_level, p_value, measure, source",
        _analysis(
            "main",
            "Hazard ratio",
            'outcome = "overall survival"\n'
            'measure = "HR"                  # and "HR" in the column measure of results.csv\n'
            "higher_is_better = false\n" + DEFAULTS,
        ),
        example="0.73\n# ci_low = 0.55\n# ci_high = 0.98",
    ),
    "network": Template(
        "Several treatments: arms of every trial",
        "study, arm (the treatment), outcome, n, events (or mean, sd), source",
        _analysis(
            "main",
            "All treatments at once",
            'kind = "network"\n'
            'outcome = "pain response"\n'
            'measure = "OR"                  # OR, RR, RD; with mean and sd: MD, SMD, ROM; with person_time: IRR\n'
            'reference = ""                  # a value of the column arm; empty = the treatment in most trials\n'
            '# treatment = "node"            # a column of your own, where several arms are one treatment\n'
            "higher_is_better = true         # for ranks and for baseline_risk\n"
            'model = "random"                # random, common, MH (Mantel-Haenszel)\n'
            'tau2 = "REML"                   # one for all comparisons: REML, DL, ML, EB, PM, PMM\n'
            'pi = "V"                        # prediction interval: V, HTS, S, none\n'
            "level = 0.95\n"
            "# baseline_risk = 0.58          # of the event with the reference: results per 100 patients\n",
        ),
        example="0.98\n# ci_low = 0.88\n# ci_high = 1.09",
        claims=False,
    ),
    "cohort": Template("Our centre: patients treated for bone pain", "", "", kind="cohort"),
}

COHORT_HELP = """
# patients.csv         one row a patient; id links the tables. group: who got what. sex: female, male. Yes and no: 1 and 0
# visits.csv           id, week, day, status (assessed, missed_visit, dropout, death), worst pain 0-10, oral morphine equivalent in mg a day
#                      A visit without pain keeps its row with its status; week 0 is baseline. after_reirradiation: 1 from then on
# qlq_items.csv        one row a form: id, week, and a column an item as answered (q1 1-4 ... q29, q30 1-7); empty = not answered
# labs.csv             one row a sample: crp mg/L, albumin g/L, hemoglobin g/L, and others
# adverse_events.csv   one row an event: CTCAE grade 1-5, onset_day, discontinuation 1 where treatment was stopped for it
# events.csv           months from the first visit; os_event 1 dead, 0 alive then; pfs_event 1 progression of pain or death; and where known
#                      reirradiation_day (index site), relief_onset_day, relief_duration_days; days since treatment, empty = did not happen
# screening.csv        everyone who was looked at, criteria 1 and 0. Without it the flow begins with the treated
# data_dictionary.csv  may stay empty; a row a column, with its codes as "female | male", has the values checked against it
# opioids.csv, skeletal_events.csv and diary.csv may be added. Only patients.csv and visits.csv are needed.
# Another export (REDCap, CSV, XLSX) is read with a mapping file; plan.toml holds the analysis plan. Patient data stay on this machine.

[cohort]
folder = "."                    # where the tables are, inside this folder
# mapping = "mapping.toml"      # brings another export to these tables

[groups]
column = "group"                # of patients.csv; without groups everything that compares is left out and said
# reference = "control"         # value of the reference group; default: control, standard ..., else the first by alphabet
# treated = "observation"       # value of the treated group; needed where there are more than two groups
# labels = { control = "Radiotherapy alone", observation = "Radiotherapy with protocolised analgesia" }

[endpoints]
# weeks = [1, 4, 8, 12]         # default: all after baseline
# primary_week = 12             # default: the last
definition = "consensus_2012"   # of pain response; others: nrs2, nrs2_medd25, nrs3, pct30, pct50 ...
retreatment = "non_response"    # of the index site before the visit; or treatment_policy
# opioid_table = "CDC_2022"     # OMED from opioids.csv; default: the dose given in visits.csv
# landmark_week = 4             # of the landmark analysis; choose it before looking
# rmst_months = 12              # horizon of restricted mean survival
# windows = { "4" = [21, 35] }  # week = first and last day

[models]
covariance = ["us", "toeph", "csh"]   # of the MMRM, tried in turn
df_method = "kenward-roger"     # satterthwaite, kenward-roger, kenward-roger-linear, none
# covariates = ["ecog"]         # of the pain model, beside pain at baseline
# confounders = ["age", "sex", "ecog_2_or_more", "tumour"]   # of the propensity score; columns of patients.csv or derived ones
# predictors = ["age", "ecog_2_or_more"]                     # candidates of the prognostic model
# strata = ["ecog_2_or_more"]   # of the stratified log-rank test
screen_p = 0.10                 # screening limit, as in many papers; its stability is shown beside
bootstrap = 200
imputations = 20
level = 0.95
rng_seed = 1                    # of everything random

[subgroups]
# factors = ["ecog_2_or_more", "tumour", "visceral_mets"]    # stated before looking

[privacy]
# small_cell = 5                # state it to hide counts of 1 to 4 here too; what is exported to be shared hides them anyway
individual_lines = false        # single patients are drawn only where this is true
"""


def init(folder: str | Path, template: str) -> list[Path]:
    """A new project folder from a template.

    folder : new or empty.  template : a name of TEMPLATES.  Returns the files that were made.
    Raises OptionError for another template, ProjectError where the folder holds something.

    >>> import tempfile
    >>> [path.name for path in init(tempfile.mkdtemp() + "/new", "two-arm")]
    ['ostealgia.toml', 'studies.csv', 'results.csv', 'appraisal.csv', 'repairs.csv']
    """
    chosen = TEMPLATES[one_of("template", template, TEMPLATES)]
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise ProjectError(f"{target} is a file; give a new or empty folder.")
    if target.is_dir() and any(target.iterdir()):
        raise ProjectError(f"{target} is not empty, and nothing in it is replaced. Give a new or empty folder.")
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(f"{target} cannot be made: {error.strerror or error}.") from None
    texts = {CONFIG: _config(chosen, target)}
    tables = COHORT_TABLES if chosen.kind == "cohort" else REVIEW_TABLES
    texts |= {name: ",".join(columns) + "\n" for name, columns in tables.items()}
    return [write_text(target / name, text) for name, text in texts.items()]


def _config(template: Template, folder: Path) -> str:
    """The text of ``ostealgia.toml``."""
    head = HEAD.format(title=template.title, folder=_printable(folder.resolve().name), kind=template.kind)
    if template.kind == "cohort":
        return head + COHORT_HELP
    tail = (REVIEW_TAIL if template.claims else NETWORK_TAIL).format(id=template.ident, example=template.example)
    return head + TABLES_HELP.format(columns=template.columns) + template.analysis + tail


def _printable(name: str) -> str:
    """A folder's name for a comment: no line end may begin a line of TOML."""
    return "".join(mark if mark.isprintable() else "?" for mark in name)
