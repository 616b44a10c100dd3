"""Clinical knowledge as data and small functions: pain scales, and what can be done with their scores."""

from ostealgia.clinical.pain_scale import (
    PAIN_SCALES,
    PainScale,
    change_to_nrs_0_10,
    conversion_note,
    pain_scale_of,
    sd_to_nrs_0_10,
    to_nrs_0_10,
)

__all__ = [
    "PAIN_SCALES",
    "PainScale",
    "change_to_nrs_0_10",
    "conversion_note",
    "pain_scale_of",
    "sd_to_nrs_0_10",
    "to_nrs_0_10",
]
