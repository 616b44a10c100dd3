"""What the files of a cohort hold: columns, codes, units and the limits beyond which a value is impossible."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# file -> (columns that must be there, columns that name one row)
FILES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "patients": (("id",), ("id",)),
    "visits": (("id", "week"), ("id", "site", "week", "day")),
    "qlq_items": (("id", "week"), ("id", "week")),
    "labs": (("id", "week"), ("id", "week")),
    "adverse_events": (("id", "grade"), ("id", "ae_seq")),
    "events": (("id",), ("id",)),
    "screening": (("id",), ("id",)),
    "opioids": (("id", "week", "drug", "route", "dose", "unit"), ()),
    "skeletal_events": (("id", "type", "day"), ()),
    "diary": (("id", "day", "nrs_worst"), ("id", "site", "day")),
}
NEEDED = ("patients", "visits")
# read only after the plan was seen
OUTCOME_FILES = ("visits", "qlq_items", "labs", "adverse_events", "events", "opioids", "skeletal_events", "diary")


def key_of(table: str, columns: Iterable[str]) -> list[str]:
    """The columns whose values name one row of a table; [] where they are not all there. Day and site of a visit may be absent.

    >>> key_of("visits", ["id", "week", "nrs_worst"]), key_of("labs", ["id", "crp"])
    (['id', 'week'], [])
    """
    present = set(columns)
    keys = [name for name in FILES.get(table, ((), ()))[1] if name in present or name not in ("day", "site")]
    return keys if set(keys) <= present else []


TEXT_COLUMNS = ("id", "group", "status", "site", "drug", "route", "unit", "type", "category", "term", "soc")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Limits of a column. low, high : beyond them a value is impossible.  whole : only whole numbers.  unit : the one expected.

    median_low, median_high : a median outside them suggests another unit, which is named by ``other``.
    """

    low: float = 0.0
    high: float = float("inf")
    whole: bool = False
    unit: str = ""
    median_low: float = float("-inf")
    median_high: float = float("inf")
    other: str = ""


_YES_NO = Limit(high=1, whole=True)
LIMITS: dict[str, Limit] = {
    "age": Limit(high=120, unit="years"),
    "index_year": Limit(low=1950, high=2100, whole=True),
    "ecog": Limit(high=5, whole=True),
    "charlson": Limit(high=37, whole=True),
    "n_bone_mets": Limit(whole=True),
    "nrs_baseline": Limit(high=10, whole=True, median_high=10, unit="points of 0 to 10"),
    "nrs_worst": Limit(high=10, whole=True, unit="points of 0 to 10"),
    "nrs_screen": Limit(high=10, whole=True, unit="points of 0 to 10"),
    "omed_baseline_mg": Limit(high=20_000, unit="mg/day"),
    "omed_mg": Limit(high=20_000, unit="mg/day"),
    "rt_dose_gy": Limit(high=100, unit="Gy", median_high=90, other="cGy"),
    "rt_fractions": Limit(low=1, high=60, whole=True),
    "week": Limit(high=1000, whole=True, unit="weeks"),
    "day": Limit(low=-60, high=7300, unit="days"),
    "onset_day": Limit(low=-60, high=7300, unit="days"),
    "reirradiation_day": Limit(high=7300, unit="days"),
    "relief_onset_day": Limit(high=7300, unit="days"),
    "relief_duration_days": Limit(high=7300, unit="days"),
    "os_months": Limit(high=600, unit="months"),
    "pfs_months": Limit(high=600, unit="months"),
    "pfs_event_type": Limit(high=2, whole=True),
    "grade": Limit(low=1, high=5, whole=True),
    "ae_seq": Limit(low=1, whole=True),
    "dose": Limit(high=100_000),
    "crp": Limit(high=1000, unit="mg/L"),
    "nlr": Limit(high=500),
    "wbc": Limit(high=1000, unit="10^9/L", median_high=100, other="cells/µL"),
    "albumin": Limit(low=5, high=80, unit="g/L", median_low=10, other="g/dL"),
    "hemoglobin": Limit(low=20, high=250, unit="g/L", median_low=25, other="g/dL"),
    "transferrin": Limit(high=20, unit="g/L", median_high=20, other="mg/dL"),
    "il6": Limit(high=1e6, unit="pg/mL"),
    "tnf_a": Limit(high=1e6, unit="pg/mL"),
    "pct": Limit(high=1000, unit="ng/mL"),
    "kcal": Limit(high=20_000, unit="kcal"),
    **{f"q{i}": Limit(low=1, high=4, whole=True) for i in range(1, 29)},
    "q29": Limit(low=1, high=7, whole=True),
    "q30": Limit(low=1, high=7, whole=True),
    **dict.fromkeys(
        ("spinal", "pathological_fracture", "visceral_mets", "neuropathic_component", "bone_modifying_agent", "strong_opioid_baseline",
         "antineuropathic", "after_reirradiation", "discontinuation", "os_event", "pfs_event", "histology_confirmed",
         "bone_metastasis_confirmed", "ebrt_received", "primary_bone_or_benign", "curative_or_overlapping_rt", "cannot_report_pain",
         "interventional_trial", "other_uncontrolled_pain", "records_complete"),
        _YES_NO,
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the data dictionary. codes : the texts that are allowed, () where any is.  low, high : stated range, None where none."""

    file: str
    column: str
    kind: str
    low: float | None = None
    high: float | None = None
    n: int | None = None
    n_missing: int | None = None
    codes: tuple[str, ...] = ()
    description: str = ""


def codes_of(description: str) -> tuple[str, ...]:
    """The codes of a description such as "male | female (at birth)"; () where it lists none.

    >>> codes_of("assessed | missed_visit | death (state at the nominal date)"), codes_of("years at index")
    (('assessed', 'missed_visit', 'death'), ())
    """
    if "|" not in description:
        return ()
    parts = [re.sub(r"\s*\(.*\)\s*$", "", part).strip() for part in description.split("|")]
    return tuple(parts) if all(re.fullmatch(r"[\w .+/-]{1,60}", part) for part in parts) else ()
