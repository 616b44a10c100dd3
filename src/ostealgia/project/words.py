"""Names and signs of the report in words."""

from __future__ import annotations

import math
import re

from ostealgia.meta.result import PoolResult
from ostealgia.meta.text import method_line
from ostealgia.project.analyses import AnalysisRun


def signs(text: str) -> str:
    """The field's signs for their names in ASCII.

    >>> signs("I2 98%, tau2 2.72")
    'I² 98%, τ² 2.72'
    """
    for name, sign in (("chi2", "χ²"), ("tau2", "τ²"), ("I2", "I²")):
        text = re.sub(rf"\b{name}\b", sign, text)
    return text


def method_text(fit: PoolResult) -> str:
    """Model, estimator of τ² and interval in one phrase."""
    return signs(method_line(fit))


def title_of(run: AnalysisRun) -> str:
    """The title of an analysis, its id where it has none."""
    return run.spec.title or run.spec.id


def patients_text(n: float) -> str:
    """ " with 636 patients", or nothing where the number is not known."""
    return "" if math.isnan(n) else f" with {n:,.0f} patients"
