"""Facts that follow from others: corrected calcium, creatinine clearance, scores. Each is the range that the known facts leave open.

Sources: corrected calcium Ca + 0.02 x (40 - albumin g/L), the formula quoted with the Society for Endocrinology's guidance (Endocr Connect
2016;5:G9-G11); Cockcroft DW, Gault MH. Nephron 1976;16:31-41, doi:10.1159/000180580; scores from ``ostealgia.clinical``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ostealgia.decision.fact_fields import FLAG, NUMBER, fields
from ostealgia.decision.facts import FALSE, TRUE, UNKNOWN, Facts

NEW_SYMPTOMS = (
    "neurology.new_limb_weakness",
    "neurology.gait_disturbance",
    "neurology.sensory_level_or_loss",
    "neurology.bladder_or_bowel_dysfunction",
    "neurology.saddle_anaesthesia",
)
SPINE = ("cervical_spine", "thoracic_spine", "lumbar_spine", "sacrum")
LONG_BONES = ("humerus", "forearm", "proximal_femur", "femoral_shaft", "distal_femur", "tibia_or_fibula")
WEIGHT_BEARING = (*SPINE, "pelvis", "acetabulum", "proximal_femur", "femoral_shaft", "distal_femur", "tibia_or_fibula")
ALBUMIN_G_L = (10.0, 60.0)  # where it is not known, within the limits of what is plausible
UMOL_PER_MG_DL = 88.42


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A fact that is computed.

    label : as a noun phrase.  inputs : the fields that are asked for.  also : fields that are used where they are known.
    """

    type: str
    label: str
    inputs: tuple[str, ...]
    compute: Callable[[Facts], Any]
    unit: str = ""
    also: tuple[str, ...] = ()


def add_derived(facts: Facts) -> Facts:
    """The facts with all derived ones beside them.

    >>> from ostealgia.decision.facts import one_patient
    >>> add_derived(one_patient({"labs.calcium": 3.6})).number("calcium.corrected")[0].round(2).tolist()
    [3.2]
    """
    made = facts.copy()
    for name, one in DERIVED.items():
        value = one.compute(made)
        if value is None:
            continue
        if one.type == NUMBER:
            made.numbers[name] = value
        else:
            made.flags[name] = value
    return made


def _any(*states: Any) -> Any:
    found = states[0]
    for state in states[1:]:
        found = np.maximum(found, state)
    return found


def _is(facts: Facts, name: str, *words: str) -> Any:
    """Whether a choice is one of the words: 0, 1 or 2."""
    code = facts.choice(name)
    inside = np.isin(code, [fields()[name].choices.index(word) for word in words])
    return np.where(inside, TRUE, np.where(code >= 0, FALSE, UNKNOWN)).astype(np.int8)


def _new_deficit(facts: Facts) -> Any:
    """True with a new symptom; false after a normal examination, or where each symptom is denied, or where an old and stable deficit has
    no symptomatic compression behind it."""
    status = _is(facts, "neurology.status", "new_deficit")
    compressed = _is(facts, "neurology.cord_compression", "symptomatic")
    symptoms = [facts.flag(name) for name in NEW_SYMPTOMS]
    present = _any(status, compressed, *symptoms) == TRUE
    normal = _is(facts, "neurology.status", "normal") == TRUE
    old = _is(facts, "neurology.status", "old_stable_deficit") == TRUE
    none = normal | (_any(*symptoms) == FALSE) | (old & (compressed == FALSE))
    return np.where(present, TRUE, np.where(none, FALSE, UNKNOWN)).astype(np.int8)


def _any_deficit(facts: Facts) -> Any:
    new = _new_deficit(facts)
    old = _is(facts, "neurology.status", "old_stable_deficit")
    normal = _is(facts, "neurology.status", "normal")
    present = (new == TRUE) | (old == TRUE)
    return np.where(present, TRUE, np.where((normal == TRUE) & (new == FALSE), FALSE, UNKNOWN)).astype(np.int8)


@cache
def _ecog_of_kps() -> tuple[Any, Any]:
    """Lowest and highest ECOG grade by the two published mappings, for Karnofsky 0, 10, ... 100."""
    from ostealgia.clinical.performance import SCHEMES

    grades = [
        [grade for table in SCHEMES.values() for grade, values in table.items() if kps in values]
        for kps in range(0, 101, 10)
    ]
    return np.array([min(one) for one in grades], float), np.array([max(one) for one in grades], float)


def _performance(facts: Facts) -> Any:
    low, high = facts.number("performance.ecog")
    kps, top = facts.number("performance.kps")
    given = kps == top
    place = np.clip(np.where(given, kps, 0) / 10, 0, 10).astype(int)
    from_low, from_high = _ecog_of_kps()
    unknown = low != high
    return (
        np.where(unknown & given, from_low[place], np.maximum(low, 0.0)),
        np.where(unknown & given, from_high[place], np.minimum(high, 5.0)),
    )


def _corrected_calcium(danger: str) -> Callable[[Facts], Any]:
    """A measured value counts, unless what follows from total calcium and albumin is the more dangerous: danger is "high" or "low"."""

    def compute(facts: Facts) -> Any:
        low, high = computed_calcium(facts)
        given = facts.number("labs.corrected_calcium")
        measured = given[0] == given[1]
        graver = (low > given[0]) if danger == "high" else (high < given[0])
        use = measured & ~graver
        return np.where(use, given[0], low), np.where(use, given[1], high)

    return compute


def computed_calcium(facts: Facts) -> Any:
    """Corrected calcium from total calcium and albumin, as a range where albumin is not known."""
    total = facts.number("labs.calcium")
    albumin = facts.number("labs.albumin")
    low = total[0] + 0.02 * (40.0 - np.minimum(albumin[1], np.maximum(ALBUMIN_G_L[1], albumin[0])))
    high = total[1] + 0.02 * (40.0 - np.maximum(albumin[0], np.minimum(ALBUMIN_G_L[0], albumin[1])))
    return _thousandths(low), _thousandths(high)


def _thousandths(value: Any) -> Any:
    """Without the dust of floating point at a threshold."""
    return np.round(value, 9)


def _creatinine_clearance(facts: Facts) -> Any:
    age, weight, creatinine = (facts.number(name)[0] for name in ("age_years", "weight_kg", "labs.creatinine"))
    known = facts.known("age_years") & facts.known("weight_kg") & facts.known("labs.creatinine") & (creatinine > 0)
    with np.errstate(all="ignore"):
        base = (140.0 - age) * weight * UMOL_PER_MG_DL / (72.0 * creatinine)
    female = _is(facts, "sex", "female")
    low = np.where(known, base * np.where(female == FALSE, 1.0, 0.85), -np.inf)
    high = np.where(known, base * np.where(female == TRUE, 0.85, 1.0), np.inf)
    return _thousandths(np.minimum(low, high)), _thousandths(np.maximum(low, high))


def _creatinine_rise(facts: Facts) -> Any:
    known = facts.known("labs.creatinine") & facts.known("labs.baseline_creatinine")
    with np.errstate(invalid="ignore"):
        rise = np.round(facts.number("labs.creatinine")[0] - facts.number("labs.baseline_creatinine")[0], 6)
    return np.where(known, rise, -np.inf), np.where(known, rise, np.inf)


# item of the score -> the field, and the field that can stand for it
_SINS = {
    "location": ("stability.sins_location", "site.vertebral_level"),
    "pain": ("stability.sins_pain", ""),
    "lesion": ("stability.sins_lesion", "site.lesion"),
    "alignment": ("stability.sins_alignment", ""),
    "collapse": ("stability.sins_collapse", ""),
    "posterolateral": ("stability.sins_posterolateral", ""),
}
_MIRELS = {
    "site": ("stability.mirels_site", ""),
    "pain": ("stability.mirels_pain", ""),
    "lesion": ("stability.mirels_lesion", "site.lesion"),
    "size": ("stability.mirels_size", ""),
}

_NAMES = {"sins": _SINS, "mirels": _MIRELS}


@cache
def _points(score: str) -> tuple[float, float, Mapping[str, tuple[Any, Any]]]:
    """Lowest and highest total when nothing is known, and for each field what each of its words adds to them; 0 for unknown, the last."""
    from ostealgia.clinical.stability_scores import mirels, sins

    assess, names = (sins if score == "sins" else mirels), _NAMES[score]
    nothing: Any = assess()
    low, high = float(nothing.value_low), float(nothing.value_high)
    made = {}
    for item, own in names.items():
        for name in filter(None, own):
            found: list[Any] = [assess(**{item: word}) for word in fields()[name].choices]
            made[name] = (
                np.array([*(float(one.value_low) - low for one in found), 0.0]),
                np.array([*(float(one.value_high) - high for one in found), 0.0]),
            )
    return low, high, made


def item_range(score: str, facts: Facts) -> tuple[Any, Any]:
    """Lowest and highest total that the items leave open. score : "sins" or "mirels"."""
    low, high, points = _points(score)
    for own, other in _NAMES[score].values():
        code = facts.choice(own)
        first, last = points[own][0][code], points[own][1][code]
        if other:
            stand_in = facts.choice(other)
            first = np.where(code < 0, points[other][0][stand_in], first)
            last = np.where(code < 0, points[other][1][stand_in], last)
        low, high = low + first, high + last
    return low, high


def stand_in_differs(score: str, item: str, facts: Facts) -> Any:
    """Where an item and the field that can stand for it are both known and give different points."""
    own, other = _NAMES[score][item]
    _, _, points = _points(score)
    both = facts.known(own) & facts.known(other)
    return both & (points[own][0][facts.choice(own)] != points[other][0][facts.choice(other)])


def _score(score: str) -> Callable[[Facts], Any]:
    def compute(facts: Facts) -> Any:
        low, high = item_range(score, facts)
        given = facts.number(f"stability.{score}_total")
        known = given[0] == given[1]
        return np.where(known, given[0], low), np.where(known, given[1], high)

    return compute


OPIOIDS = (
    "medication.methadone",
    "medication.tramadol_or_tapentadol",
    "medication.fentanyl_patch",
    "medication.renally_risky_opioid",
    "medication.other_opioid",
)


def _opioid(facts: Facts) -> Any:
    """True where anything says so: a dose, a name, or "takes an opioid"; facts that deny it contradict these."""
    low, high = facts.number("opioids.omed_mg_per_day")
    taking = facts.flag("opioids.taking")
    yes = (taking == TRUE) | (low > 0) | (_any(*(facts.flag(name) for name in OPIOIDS)) == TRUE)
    no = (taking == FALSE) | (high <= 0)
    return np.where(yes, TRUE, np.where(no, FALSE, UNKNOWN)).astype(np.int8)


def _compressed(facts: Facts) -> Any:
    """Compression of cord or cauda equina: stated, or an epidural grade of 2 or 3."""
    stated = _is(facts, "neurology.cord_compression", "radiological_only", "symptomatic")
    graded = _is(facts, "neurology.escc_grade", "2", "3")
    return np.where((stated == TRUE) | (graded == TRUE), TRUE, stated).astype(np.int8)


def _progressing(facts: Facts) -> Any:
    stable = _is(facts, "neurology.status", "normal", "old_stable_deficit") == TRUE
    flag = facts.flag("neurology.deficit_progressing")
    return np.where((flag == UNKNOWN) & stable, FALSE, flag).astype(np.int8)


def _not_if_male(name: str) -> Callable[[Facts], Any]:
    def compute(facts: Facts) -> Any:
        male = _is(facts, "sex", "male")
        return np.where((facts.flag(name) == UNKNOWN) & (male == TRUE), FALSE, facts.flag(name)).astype(np.int8)

    return compute


def _previous_dose(facts: Facts) -> Any:
    known = facts.known("radiotherapy.dose_gy") & facts.known("radiotherapy.fractions")
    lost = facts.flag("radiotherapy.dose_records_lost") == TRUE
    return np.where(known, TRUE, np.where(lost, FALSE, UNKNOWN)).astype(np.int8)


def _score_inputs(score: str) -> tuple[str, ...]:
    """The items and the total; the fields that can stand for an item are used where they are known."""
    return (*(own for own, _ in _NAMES[score].values()), f"stability.{score}_total")


DERIVED: dict[str, Derived] = {
    "neurology.new_deficit": Derived(
        type=FLAG,
        label="a new neurological deficit",
        inputs=("neurology.status", *NEW_SYMPTOMS, "neurology.cord_compression"),
        compute=_new_deficit,
    ),
    "neurology.any_deficit": Derived(
        type=FLAG,
        label="a neurological deficit, new or old",
        inputs=("neurology.status", *NEW_SYMPTOMS, "neurology.cord_compression"),
        compute=_any_deficit,
    ),
    "neurology.progressing": Derived(
        type=FLAG,
        label="a neurological deficit that progresses",
        inputs=("neurology.deficit_progressing",),
        also=("neurology.status",),
        compute=_progressing,
    ),
    "cord.compressed": Derived(
        type=FLAG,
        label="compression of the cord or cauda equina",
        inputs=("neurology.cord_compression",),
        also=("neurology.escc_grade",),
        compute=_compressed,
    ),
    "performance.grade": Derived(
        type=NUMBER,
        unit="grade",
        label="ECOG performance status",
        inputs=("performance.ecog", "performance.kps"),
        compute=_performance,
    ),
    "site.spinal": Derived(
        type=FLAG, label="a spinal site", inputs=("site.bone",), compute=lambda facts: _is(facts, "site.bone", *SPINE)
    ),
    "site.long_bone": Derived(
        type=FLAG,
        label="a long bone",
        inputs=("site.bone",),
        compute=lambda facts: _is(facts, "site.bone", *LONG_BONES),
    ),
    "site.weight_bearing": Derived(
        type=FLAG,
        label="a weight-bearing bone",
        inputs=("site.bone",),
        compute=lambda facts: _is(facts, "site.bone", *WEIGHT_BEARING),
    ),
    "calcium.corrected": Derived(
        type=NUMBER,
        unit="mmol/L",
        label="albumin-corrected calcium",
        inputs=("labs.calcium", "labs.albumin", "labs.corrected_calcium"),
        compute=_corrected_calcium("high"),
    ),
    "calcium.corrected_lowest": Derived(
        type=NUMBER,
        unit="mmol/L",
        label="albumin-corrected calcium",
        inputs=("labs.calcium", "labs.albumin", "labs.corrected_calcium"),
        compute=_corrected_calcium("low"),
    ),
    "renal.creatinine_clearance": Derived(
        type=NUMBER,
        unit="mL/min",
        label="creatinine clearance (Cockcroft-Gault)",
        inputs=("labs.creatinine", "age_years", "weight_kg", "sex"),
        compute=_creatinine_clearance,
    ),
    "renal.creatinine_rise": Derived(
        type=NUMBER,
        unit="umol/L",
        label="rise of creatinine over baseline",
        inputs=("labs.creatinine", "labs.baseline_creatinine"),
        compute=_creatinine_rise,
    ),
    "stability.sins": Derived(
        type=NUMBER,
        unit="points",
        label="SINS",
        inputs=_score_inputs("sins"),
        also=("site.vertebral_level", "site.lesion"),
        compute=_score("sins"),
    ),
    "stability.mirels": Derived(
        type=NUMBER,
        unit="points",
        label="Mirels score",
        inputs=_score_inputs("mirels"),
        also=("site.lesion",),
        compute=_score("mirels"),
    ),
    "radiotherapy.previous_dose_known": Derived(
        type=FLAG,
        label="dose and fractions of the previous radiotherapy",
        inputs=("radiotherapy.dose_gy", "radiotherapy.fractions"),
        compute=_previous_dose,
    ),
    "opioids.current": Derived(
        type=FLAG,
        label="takes an opioid",
        inputs=("opioids.taking", "opioids.omed_mg_per_day"),
        also=OPIOIDS,
        compute=_opioid,
    ),
    "patient.pregnant": Derived(
        type=FLAG,
        label="pregnancy",
        inputs=("comorbidity.pregnancy", "sex"),
        compute=_not_if_male("comorbidity.pregnancy"),
    ),
    "patient.breastfeeding": Derived(
        type=FLAG,
        label="breastfeeding",
        inputs=("comorbidity.breastfeeding", "sex"),
        compute=_not_if_male("comorbidity.breastfeeding"),
    ),
}
