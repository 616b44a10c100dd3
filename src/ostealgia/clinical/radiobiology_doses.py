"""Biologically effective dose and the equivalent dose in fractions of 2 Gy, by the linear-quadratic formula.

BED = D (1 + d / (alpha/beta)), EQD2 = D (d + alpha/beta) / (2 + alpha/beta); D total dose, d dose per fraction, in Gy. They compare
schedules; they are no dose for a patient, and the formula is in doubt above about 10 Gy a fraction.
Source: [fowler1989] Fowler JF. Br J Radiol 1989;62:679-694
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ostealgia.clinical.assessment import READ, Assessment, ClinicalDefinition, Input, Outcome, Source, forms, number
from ostealgia.errors import OptionError

_LARGE_FRACTION_GY = 10.0
_INPUTS = (
    Input(name="total_dose_gy", title="total dose", values="above 0, up to 200", unit="Gy"),
    Input(name="n_fractions", title="number of fractions", values="1 to 100"),
    Input(name="alpha_beta_gy", title="alpha/beta of the tissue", values="0.5 to 30; 10 where not given", unit="Gy"),
)
_SOURCE = Source(
    citation="Fowler JF. Br J Radiol 1989;62:679-694", check_status=READ, date_read="2026-11-22",
    check_note="formula read on pages that cite textbooks (individual.utoronto.ca, icrpaedia.org); of the paper its first page",
)  # fmt: skip


def _evaluate(formula: Callable[[float, float, float], float]) -> Callable[[Mapping[str, Any]], Outcome]:
    def evaluate(given: Mapping[str, Any]) -> Outcome:
        total = number("total_dose_gy", given["total_dose_gy"], 0, 200, "Gy")
        fractions = number("n_fractions", given["n_fractions"], 1, 100)
        if fractions is not None and fractions % 1:
            raise OptionError("n_fractions is not a whole number.")
        ratio = number("alpha_beta_gy", given["alpha_beta_gy"], 0.5, 30, "Gy")
        missing = tuple(name for name, one in (("total_dose_gy", total), ("n_fractions", fractions)) if one is None)
        if total is None or fractions is None:
            return Outcome(missing=missing)
        if total == 0:
            raise OptionError("total_dose_gy is not above 0.")
        notes = ["alpha/beta 10 Gy (tumour), because none was given"] if ratio is None else []
        each = total / fractions
        if each > _LARGE_FRACTION_GY:
            notes.append("above 10 Gy a fraction the linear-quadratic formula is in doubt")
        value = formula(total, each, 10.0 if ratio is None else ratio)
        return Outcome(value=value, low=value, high=value, notes=tuple(notes))

    return evaluate


def _define(id: str, title: str, formula: Callable[[float, float, float], float]) -> ClinicalDefinition:
    return ClinicalDefinition(
        id=id, title=title, value_name="", inputs=_INPUTS, source=_SOURCE, evaluate=_evaluate(formula),
        notes=("compares schedules; no dose for a patient",),
    )  # fmt: skip


BED = _define("bed_gy", "Biologically effective dose, Gy", lambda total, each, ratio: total * (1 + each / ratio))
EQD2 = _define(
    "eqd2_gy", "Equivalent dose in 2 Gy fractions, Gy", lambda total, each, ratio: total * (each + ratio) / (2 + ratio)
)
bed_gy_array, bed_gy_frame = forms(BED)
eqd2_gy_array, eqd2_gy_frame = forms(EQD2)


def bed_gy(total_dose_gy: Any = None, n_fractions: Any = None, alpha_beta_gy: Any = None) -> Assessment:
    """The biologically effective dose of a schedule, Gy. Source: [fowler1989].

    total_dose_gy : of all fractions.  alpha_beta_gy : of the tissue; 10 with a note where not given.

    >>> bed_gy(8, 1, 10).value, bed_gy(30, 10, 10).value
    (14.4, 39.0)
    """
    return BED.assess(total_dose_gy=total_dose_gy, n_fractions=n_fractions, alpha_beta_gy=alpha_beta_gy)


def eqd2_gy(total_dose_gy: Any = None, n_fractions: Any = None, alpha_beta_gy: Any = None) -> Assessment:
    """The dose in 2 Gy fractions with the same effect, Gy. Source: [fowler1989].

    >>> eqd2_gy(8, 1, 10).value, round(float(eqd2_gy(20, 5, 2)), 1)
    (12.0, 30.0)
    """
    return EQD2.assess(total_dose_gy=total_dose_gy, n_fractions=n_fractions, alpha_beta_gy=alpha_beta_gy)


def cumulative_eqd2_gy(schedules: list[tuple[float, int]], alpha_beta_gy: float = 2.0) -> float:
    """The sum of the equivalent doses of several courses, without recovery between them.

    schedules : (total dose in Gy, fractions) of each course.  alpha_beta_gy : 2 for the spinal cord, a common choice.

    >>> cumulative_eqd2_gy([(20, 5), (8, 1)])
    50.0
    """
    return math.fsum(float(eqd2_gy(total, fractions, alpha_beta_gy)) for total, fractions in schedules)
