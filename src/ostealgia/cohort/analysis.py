"""The whole analysis of a cohort in one call: every section of a paper, each with its tables, its notes, and what could not be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ostealgia.cohort.analysis_adjusted import estimands_section, missing_section, weighting_section
from ostealgia.cohort.analysis_context import Context, prepared
from ostealgia.cohort.analysis_describe import flow_section, plan_section, quality_section, table_one_section
from ostealgia.cohort.analysis_events import immortal_section, relief_section, survival_section, toxicity_section
from ostealgia.cohort.analysis_model import CohortAnalysis, Section
from ostealgia.cohort.analysis_models import predictors_section, subgroups_section
from ostealgia.cohort.analysis_response import opioid_section, pain_section, response_section
from ostealgia.cohort.analysis_scales import laboratory_section, quality_of_life_section
from ostealgia.cohort.analysis_settings import AnalysisSettings

if TYPE_CHECKING:
    from ostealgia.cohort.reading import Cohort

BUILD: dict[str, Callable[[Context], Section]] = {
    "quality": quality_section,
    "plan": plan_section,
    "flow": flow_section,
    "table-one": table_one_section,
    "response": response_section,
    "pain": pain_section,
    "opioids": opioid_section,
    "quality-of-life": quality_of_life_section,
    "laboratory": laboratory_section,
    "toxicity": toxicity_section,
    "relief": relief_section,
    "survival": survival_section,
    "predictors": predictors_section,
    "subgroups": subgroups_section,
    "weighting": weighting_section,
    "missing": missing_section,
    "estimands": estimands_section,
    "immortal-time": immortal_section,
}


def analyse(cohort: Cohort, settings: AnalysisSettings | None = None, *, rng_seed: int) -> CohortAnalysis:
    """The analyses of a cohort paper, section by section.

    cohort : from ``read``.  settings : every choice, see ``AnalysisSettings``; None takes the defaults.  rng_seed : of all that is random
    (bootstrap, imputation), so that the same call gives the same numbers.
    A step that the data do not allow is named in its section's ``failed`` and the others go on. Raises OptionError where a setting names a
    group, column or week that is not there, TableError where there is no visit after baseline.

    >>> import ostealgia as oa
    >>> found = oa.cohort.analyse(oa.cohort.read(oa.cohort.example()), rng_seed=1)
    >>> found.groups, found.primary_week, found.failed
    (('control', 'observation'), 12, ())
    """
    context = prepared(cohort, settings or AnalysisSettings(), rng_seed)
    sections = tuple(build(context) for build in BUILD.values())
    return CohortAnalysis(
        cohort=context.cohort, settings=context.settings, plan=cohort.plan, sections=sections, groups=context.groups, weeks=context.weeks,
        primary_week=context.primary_week, rng_seed=rng_seed, excluded=context.excluded, notes=cohort.notes,
    )  # fmt: skip
