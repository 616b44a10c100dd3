"""What a paper says in numbers: statements with their exact places."""

from __future__ import annotations

from ostealgia.audit.statements.extraction import extract
from ostealgia.audit.statements.model import (
    CellPlace,
    Claim,
    Count,
    Estimate,
    Heterogeneity,
    Mean,
    Median,
    Number,
    PValue,
    Size,
    Stars,
    Statement,
    Statements,
    Test,
)

__all__ = [
    "CellPlace",
    "Claim",
    "Count",
    "Estimate",
    "Heterogeneity",
    "Mean",
    "Median",
    "Number",
    "PValue",
    "Size",
    "Stars",
    "Statement",
    "Statements",
    "Test",
    "extract",
]
