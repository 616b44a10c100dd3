"""One patient's facts against published rules: emergencies first, then which therapies' criteria are met, each with its source.

It informs and never orders: nothing here names a best therapy or computes a dose. What is not known is never taken for "no".
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# exported name -> module that defines it
_HOME: dict[str, str] = {
    "ExpectedResults": "expected_results",
    "Options": "options_result",
    "PatientError": "patient_reading",
    "example_patients": "bundled_patients",
    "expected": "expected_results",
    "follow_up": "follow_up_course",
    "options": "candidacy",
    "options_frame": "candidacy_frame",
    "overview_coverage": "coverage",
    "patient_schema": "json_schema",
    "read_patient": "patient_reading",
    "refractory_pain_predictors": "risk_factors_table",
    "rule_set": "rules_data",
}
__all__ = [
    "ExpectedResults",
    "Options",
    "PatientError",
    "example_patients",
    "expected",
    "follow_up",
    "options",
    "options_frame",
    "overview_coverage",
    "patient_schema",
    "read_patient",
    "refractory_pain_predictors",
    "rule_set",
]

if TYPE_CHECKING:
    from ostealgia.decision.bundled_patients import example_patients
    from ostealgia.decision.candidacy import options
    from ostealgia.decision.candidacy_frame import options_frame
    from ostealgia.decision.coverage import overview_coverage
    from ostealgia.decision.expected_results import ExpectedResults, expected
    from ostealgia.decision.follow_up_course import follow_up
    from ostealgia.decision.json_schema import patient_schema
    from ostealgia.decision.options_result import Options
    from ostealgia.decision.patient_reading import PatientError, read_patient
    from ostealgia.decision.risk_factors_table import refractory_pain_predictors
    from ostealgia.decision.rules_data import rule_set


def __getattr__(name: str) -> Any:
    """Load a part of the room when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.decision.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.decision' has no attribute {name!r}")
