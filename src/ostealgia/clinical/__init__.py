"""Clinical knowledge as data and small functions: pain scales, pain response, opioid equivalents, questionnaires, toxicity."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# exported name -> module that defines it
_HOME: dict[str, str] = {
    "PAIN_SCALES": "pain_scale",
    "PainScale": "pain_scale",
    "change_to_nrs_0_10": "pain_scale",
    "conversion_note": "pain_scale",
    "pain_scale_of": "pain_scale",
    "sd_to_nrs_0_10": "pain_scale",
    "to_nrs_0_10": "pain_scale",
    "DEFINITIONS": "pain_response_rules",
    "ResponseRule": "pain_response_rules",
    "pain_response": "pain_response_rules",
    "pain_response_frame": "pain_response_rules",
    "pain_responses": "pain_response_rules",
    "PainResponses": "pain_response_result",
    "PainFlare": "flare",
    "pain_flare": "flare",
    "OpioidTable": "opioid_factors",
    "opioid_table": "opioid_factors",
    "opioid_tables": "opioid_factors",
    "Omed": "opioids",
    "omed": "opioids",
    "omed_by_tables": "opioids",
    "oral_morphine_mg_per_day": "opioids",
    "INSTRUMENTS": "instruments",
    "instrument_of": "instruments",
    "pain_category": "instruments",
    "Scores": "questionnaires",
    "score": "questionnaires",
    "Charlson": "comorbidity",
    "charlson": "comorbidity",
    "Performance": "performance",
    "ecog_of_karnofsky": "performance",
    "karnofsky_of_ecog": "performance",
    "laboratory_grade": "toxicity",
    "neutrophil_lymphocyte_ratio": "toxicity",
    "worst_grades": "toxicity",
}
__all__ = [
    "DEFINITIONS",
    "INSTRUMENTS",
    "PAIN_SCALES",
    "Charlson",
    "Omed",
    "OpioidTable",
    "PainFlare",
    "PainResponses",
    "PainScale",
    "Performance",
    "ResponseRule",
    "Scores",
    "change_to_nrs_0_10",
    "charlson",
    "conversion_note",
    "ecog_of_karnofsky",
    "instrument_of",
    "karnofsky_of_ecog",
    "laboratory_grade",
    "neutrophil_lymphocyte_ratio",
    "omed",
    "omed_by_tables",
    "opioid_table",
    "opioid_tables",
    "oral_morphine_mg_per_day",
    "pain_category",
    "pain_flare",
    "pain_response",
    "pain_response_frame",
    "pain_responses",
    "pain_scale_of",
    "score",
    "sd_to_nrs_0_10",
    "to_nrs_0_10",
    "worst_grades",
]

if TYPE_CHECKING:
    from ostealgia.clinical.comorbidity import Charlson, charlson
    from ostealgia.clinical.flare import PainFlare, pain_flare
    from ostealgia.clinical.instruments import INSTRUMENTS, instrument_of, pain_category
    from ostealgia.clinical.opioid_factors import OpioidTable, opioid_table, opioid_tables
    from ostealgia.clinical.opioids import Omed, omed, omed_by_tables, oral_morphine_mg_per_day
    from ostealgia.clinical.pain_response_result import PainResponses
    from ostealgia.clinical.pain_response_rules import (
        DEFINITIONS,
        ResponseRule,
        pain_response,
        pain_response_frame,
        pain_responses,
    )
    from ostealgia.clinical.pain_scale import (
        PAIN_SCALES,
        PainScale,
        change_to_nrs_0_10,
        conversion_note,
        pain_scale_of,
        sd_to_nrs_0_10,
        to_nrs_0_10,
    )
    from ostealgia.clinical.performance import Performance, ecog_of_karnofsky, karnofsky_of_ecog
    from ostealgia.clinical.questionnaires import Scores, score
    from ostealgia.clinical.toxicity import laboratory_grade, neutrophil_lymphocyte_ratio, worst_grades


def __getattr__(name: str) -> Any:
    """Load a part of the room when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.clinical.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.clinical' has no attribute {name!r}")
