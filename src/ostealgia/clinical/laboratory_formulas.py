"""Calcium corrected for albumin and creatinine clearance, with units said and implausible values refused.

Sources
    [walsh2016]      Society for Endocrinology, Walsh J et al. Endocr Connect 2016;5:G9-G11. doi:10.1530/EC-16-0055
    [cockcroft1976]  Cockcroft DW, Gault MH. Nephron 1976;16:31-41. doi:10.1159/000180580
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ostealgia.clinical.assessment import (
    READ,
    Assessment,
    ClinicalDefinition,
    Input,
    Outcome,
    Source,
    forms,
    number,
    word,
)
from ostealgia.errors import OptionError

# rounded as the sources do, whose limit is 3.0 mmol/L or 12 mg/dL (4.008 would put 12 mg/dL below it); the same as in the decision rules
MG_PER_DL_PER_MMOL_CALCIUM = 4.0
UMOL_PER_MG_DL_CREATININE = 88.42
CALCIUM_UNITS: dict[str, tuple[float, float]] = {"mmol/L": (0.8, 6.0), "mg/dL": (3.2, 24.0)}
ALBUMIN_UNITS: dict[str, tuple[float, float]] = {"g/L": (8.0, 65.0), "g/dL": (0.8, 6.5)}
CREATININE_UNITS: dict[str, tuple[float, float]] = {"umol/L": (15.0, 3000.0), "mg/dL": (0.17, 34.0)}
_MICRO = {"µmol/l": "umol/L", "μmol/l": "umol/L", "micromol/l": "umol/L"}


def _measured(
    name: str, given: Mapping[str, Any], units: Mapping[str, tuple[float, float]]
) -> tuple[float | None, str]:
    """A value with its unit; a value without one, or outside what is plausible in it, is queried."""
    unit = word(f"{name}_unit", given[f"{name}_unit"], tuple(units), _MICRO)
    value = given[name]
    if value is None:
        return None, unit or ""
    if unit is None:
        raise OptionError(f"{name} has no unit. Give {name}_unit: {' or '.join(units)}.")
    try:
        return number(name, value, *units[unit], unit), unit
    except OptionError as error:
        raise OptionError(f"{error} Check the unit: {' or '.join(units)}.") from None


# ---------------------------------------------------------------- calcium

CALCIUM_LEVELS = ("2.65 or below", "above 2.65, below 3.0", "3.0 to 3.5", "above 3.5")


def _calcium_level(mmol_per_l: float) -> str:
    value = round(mmol_per_l, 9)
    return CALCIUM_LEVELS[0 if value <= 2.65 else 1 if value < 3.0 else 2 if value <= 3.5 else 3]


def _corrected(calcium: float, calcium_unit: str, albumin_g_per_l: float) -> float:
    """mmol/L; the correction is made in the unit of the calcium, as each formula is published."""
    if calcium_unit == "mmol/L":
        return calcium + 0.02 * (40.0 - albumin_g_per_l)
    return (calcium + 0.8 * (4.0 - albumin_g_per_l / 10.0)) / MG_PER_DL_PER_MMOL_CALCIUM


def _calcium(given: Mapping[str, Any]) -> Outcome:
    calcium, unit = _measured("calcium", given, CALCIUM_UNITS)
    albumin, albumin_unit = _measured("albumin", given, ALBUMIN_UNITS)
    if albumin is not None and albumin_unit == "g/dL":
        albumin *= 10.0
    if calcium is None:
        missing = ("calcium",) if albumin is not None else ("calcium", "albumin")
        return Outcome(attainable=CALCIUM_LEVELS, missing=missing)
    if albumin is not None:
        value = _corrected(calcium, unit, albumin)
        level = _calcium_level(value)
        return Outcome(value=value, low=value, high=value, category=level, attainable=(level,))
    low, high = (_corrected(calcium, unit, bound) for bound in (50.0, 15.0))
    first, last = (CALCIUM_LEVELS.index(_calcium_level(bound)) for bound in (low, high))
    attainable = CALCIUM_LEVELS[first : last + 1]
    return Outcome(
        low=low, high=high, category=attainable[0] if len(attainable) == 1 else "", attainable=attainable, missing=("albumin",),
        notes=("without albumin: the range for albumin from 15 to 50 g/L",),
    )  # fmt: skip


CORRECTED_CALCIUM = ClinicalDefinition(
    id="corrected_calcium", title="Calcium corrected for albumin", value_name="mmol_per_l",
    inputs=(
        Input(name="calcium", title="total calcium", values="0.8 to 6 mmol/L or 3.2 to 24 mg/dL"),
        Input(name="calcium_unit", title="unit of calcium", values=" | ".join(CALCIUM_UNITS)),
        Input(name="albumin", title="albumin", values="8 to 65 g/L or 0.8 to 6.5 g/dL"),
        Input(name="albumin_unit", title="unit of albumin", values=" | ".join(ALBUMIN_UNITS)),
    ),
    source=Source(
        citation="Walsh J et al., Society for Endocrinology. Endocr Connect 2016;5:G9-G11", doi="10.1530/EC-16-0055",
        doi_status="read", check_status=READ,
        check_note="levels read in the paper (ec.bioscientifica.com); formulas, and 2.65 mmol/L as the upper normal, on pages that cite it",
        date_read="2026-11-22",
    ),
    evaluate=_calcium,
    meanings={
        CALCIUM_LEVELS[0]: "not above 2.65 mmol/L",
        CALCIUM_LEVELS[1]: "raised; not urgent without symptoms",
        CALCIUM_LEVELS[2]: "prompt treatment",
        CALCIUM_LEVELS[3]: "emergency, as are symptoms at any raised level",
    },
    notes=(
        "total calcium; ionised calcium needs no correction. 1 mmol/L of calcium is taken as 4 mg/dL, as the label's 3.0 mmol/L is 12",
    ),
)  # fmt: skip
corrected_calcium_array, corrected_calcium_frame = forms(CORRECTED_CALCIUM)


def corrected_calcium(
    calcium: Any = None, calcium_unit: Any = None, albumin: Any = None, albumin_unit: Any = None
) -> Assessment:
    """Total calcium corrected for albumin, mmol/L, and its level.

    Ca + 0.02 (40 - albumin in g/L) in mmol/L, Ca + 0.8 (4 - albumin in g/dL) in mg/dL. Units are asked for; a value that is implausible
    in its unit is refused. Without albumin the attainable range is told. Source: [walsh2016].

    >>> found = corrected_calcium(2.6, "mmol/L", 25, "g/L")
    >>> round(found.value, 2), found.category
    (2.9, 'above 2.65, below 3.0')
    """
    return CORRECTED_CALCIUM.assess(
        calcium=calcium, calcium_unit=calcium_unit, albumin=albumin, albumin_unit=albumin_unit
    )


# ---------------------------------------------------------------- creatinine clearance

CLEARANCE_BANDS = ("below 30", "30 to below 40", "40 to below 50", "50 to 60", "above 60")


def _band(value: float) -> str:
    value = round(value, 9)  # 60.00000000000001 is 60
    return CLEARANCE_BANDS[sum(value >= bound for bound in (30, 40, 50)) + (value > 60)]


def _clearance(given: Mapping[str, Any]) -> Outcome:
    age = number("age_years", given["age_years"], 18, 120, "years")
    weight = number("weight_kg", given["weight_kg"], 20, 350, "kg")
    sex = word("sex", given["sex"], ("female", "male"), {"f": "female", "m": "male", "woman": "female", "man": "male"})
    creatinine, unit = _measured("creatinine", given, CREATININE_UNITS)
    known = {"age_years": age, "weight_kg": weight, "sex": sex, "creatinine": creatinine}
    missing = tuple(name for name, one in known.items() if one is None)
    if age is None or weight is None or creatinine is None:
        return Outcome(attainable=CLEARANCE_BANDS, missing=missing)
    mg_per_dl = creatinine / UMOL_PER_MG_DL_CREATININE if unit == "umol/L" else creatinine
    whole = (140.0 - age) * weight / (72.0 * mg_per_dl)
    high = whole * (0.85 if sex == "female" else 1.0)
    low = whole * (1.0 if sex == "male" else 0.85)
    bands = CLEARANCE_BANDS[CLEARANCE_BANDS.index(_band(low)) : CLEARANCE_BANDS.index(_band(high)) + 1]
    return Outcome(
        value=low if low == high else math.nan, low=low, high=high, category=bands[0] if len(bands) == 1 else "", attainable=bands,
        missing=missing,
    )  # fmt: skip


COCKCROFT_GAULT = ClinicalDefinition(
    id="cockcroft_gault", title="Creatinine clearance by Cockcroft and Gault", value_name="ml_per_min",
    inputs=(
        Input(name="age_years", title="age", values="18 to 120", unit="years"),
        Input(name="weight_kg", title="weight", values="20 to 350", unit="kg"),
        Input(name="sex", title="sex", values="female | male"),
        Input(name="creatinine", title="serum creatinine", values="15 to 3000 umol/L or 0.17 to 34 mg/dL"),
        Input(name="creatinine_unit", title="unit of creatinine", values=" | ".join(CREATININE_UNITS)),
    ),
    source=Source(
        citation="Cockcroft DW, Gault MH. Nephron 1976;16:31-41", doi="10.1159/000180580", doi_status="remembered", check_status=READ,
        check_note="formula read in the paper's abstract (15% less in females)", date_read="2026-11-22",
    ),
    evaluate=_clearance,
    notes=(
        "bands are those of the zoledronate label; the gaps 39 to 40 and 49 to 50 fall in the lower one",
        "actual body weight; not for unstable renal function, marked obesity or ascites",
    ),
)  # fmt: skip
cockcroft_gault_array, cockcroft_gault_frame = forms(COCKCROFT_GAULT)


def cockcroft_gault(
    age_years: Any = None, weight_kg: Any = None, sex: Any = None, creatinine: Any = None, creatinine_unit: Any = None
) -> Assessment:
    """Creatinine clearance, mL/min: (140 - age) weight / (72 creatinine in mg/dL), 0.85 times that in women.

    creatinine_unit : "umol/L" or "mg/dL". Without the sex the attainable range is told. Source: [cockcroft1976].

    >>> round(cockcroft_gault(65, 70, "male", 1.4, "mg/dL").value, 1), cockcroft_gault(80, 50, "female", 150, "umol/L").category
    (52.1, 'below 30')
    """
    return COCKCROFT_GAULT.assess(
        age_years=age_years, weight_kg=weight_kg, sex=sex, creatinine=creatinine, creatinine_unit=creatinine_unit
    )
