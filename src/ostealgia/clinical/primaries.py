"""Names of primary tumours that the prognostic scores understand; a name that is not here is an error, never "other"."""

from __future__ import annotations

from typing import Any

from ostealgia.clinical.assessment import word

PRIMARIES = (
    "breast", "prostate", "lung", "thyroid", "myeloma", "lymphoma", "renal", "endometrial", "ovarian", "sarcoma", "osteosarcoma",
    "colorectal", "colon", "rectum", "gastric", "pancreatic", "head and neck", "oesophageal", "bladder", "other urological", "melanoma",
    "hepatocellular", "gallbladder", "cervical", "uterus", "carcinoid", "neuroendocrine", "unknown primary", "other",
)  # fmt: skip
SYNONYMS = {
    "kidney": "renal", "renal cell": "renal", "rcc": "renal", "stomach": "gastric", "pancreas": "pancreatic", "liver": "hepatocellular",
    "hcc": "hepatocellular", "oesophagus": "oesophageal", "esophagus": "oesophageal", "esophageal": "oesophageal",
    "cervix": "cervical", "endometrium": "endometrial", "ovary": "ovarian", "urothelial": "bladder", "rectal": "rectum",
    "cup": "unknown primary",
    "cancer of unknown primary": "unknown primary", "nsclc": "lung", "sclc": "lung", "non-small-cell lung": "lung",
    "small-cell lung": "lung", "multiple myeloma": "myeloma", "head-and-neck": "head and neck", "skin melanoma": "melanoma",
}  # fmt: skip


def primary_tumour(value: Any) -> str | None:
    """The primary in our words, None where not known. "unknown primary" is a diagnosis; "unknown" is missing.

    >>> primary_tumour("Kidney"), primary_tumour("CUP"), primary_tumour(None)
    ('renal', 'unknown primary', None)
    """
    return word("primary", value, PRIMARIES, SYNONYMS)
