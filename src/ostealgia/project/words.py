"""Numbers and names of the report in words."""

from __future__ import annotations

import math
import re

from ostealgia import display
from ostealgia.meta.result import PoolResult
from ostealgia.meta.text import method_line, shown
from ostealgia.project.analyses import AnalysisRun
from ostealgia.tables.measures import MEASURES


def signs(text: str) -> str:
    """The field's signs for their names in ASCII."""
    for name, sign in (("chi2", "χ²"), ("tau2", "τ²"), ("I2", "I²")):
        text = re.sub(rf"\b{name}\b", sign, text)
    return text


def method_text(fit: PoolResult) -> str:
    return method_line(fit).replace("tau2", "τ²")


def title_of(run: AnalysisRun) -> str:
    return run.spec.title or run.spec.id


def value_text(fit: PoolResult, value: float) -> str:
    return shown(fit, value)


def range_text(fit: PoolResult, low: float, high: float, word: str = "to") -> str:
    """ "73.3 to 83.2%" for per cents, "0.88 to 1.09" otherwise."""
    first = shown(fit, low)
    return f"{first.rstrip('%')} {word} {shown(fit, high)}"


def measured(run: AnalysisRun, value: float) -> str:
    measure = MEASURES[run.spec.measure]
    return display.percent(value, 1) if measure.percent else display.number(value, measure.digits)


def percents(low: float, high: float) -> str:
    return f"{display.percent(low, 1).rstrip('%')} to {display.percent(high, 1)}"


def count_of(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def patients_text(n: float) -> str:
    return "" if math.isnan(n) else f" with {n:,.0f} patients"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
