"""Definitions that also exist as plain functions (response, opioids, performance, comorbidity, toxicity), as assessments.

The plain functions answer in a word or a number; these add the attainable range, the source and its check status.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.clinical import comorbidity, instruments, performance, toxicity
from ostealgia.clinical.assessment import (
    READ,
    REMEMBERED,
    UNCERTAIN,
    Assessment,
    ClinicalDefinition,
    Input,
    Outcome,
    Source,
    forms,
    number,
    word,
    yes_no,
)
from ostealgia.clinical.flare import PainFlare, pain_flare
from ostealgia.clinical.pain_response_rules import DEFINITIONS, pain_responses
from ostealgia.errors import OptionError, TableError
from ostealgia.options import one_of

if TYPE_CHECKING:
    import pandas as pd

STATUS = {"read": READ, "remembered": REMEMBERED, "uncertain": UNCERTAIN}

# ---------------------------------------------------------------- pain response

CLASS_MEANINGS = {
    "CR": "complete response: no pain at the treated site, no analgesic increase",
    "PR": "partial response",
    "PP": "pain progression",
    "IR": "indeterminate response",
    "NR": "no response",
    "NE": "not evaluable; no response among all treated",
}
_VISIT: tuple[str, ...] = ("pain_0", "pain_1", "omed_0", "omed_1")
_SHARES = (0.0, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 2.0)


def _pain_response(given: Mapping[str, Any]) -> Outcome:
    label = word("definition", given["definition"], tuple(DEFINITIONS)) or "consensus_2012"
    top = 4 if label == "categorical" else 10
    pain = [number(name, given[name], 0, top) for name in ("pain_0", "pain_1")]
    omed = [number(name, given[name], 0, 100_000, "mg a day") for name in ("omed_0", "omed_1")]
    flags = {
        name: yes_no(name, given[name]) for name in ("analgesic_increased", "worse_elsewhere", "died", "retreated")
    }
    made = _classes(label, [(pain[0], pain[1], omed[0], omed[1])], flags)
    found = str(made.pain_response[0])
    needed = ["pain_0", "pain_1", *(["omed_0", "omed_1"] if DEFINITIONS[label].needs_omed else [])]
    values: dict[str, float | None] = dict(zip(_VISIT, (*pain, *omed), strict=True))
    missing = tuple(name for name in needed if values[name] is None)
    change = math.nan if pain[0] is None or pain[1] is None else pain[1] - pain[0]
    notes = [f"not evaluable: {made.reason[0].replace('_', ' ')}"] if made.reason[0] else []
    if made.extended_rule[0]:
        notes.append("PP by the extended rule: 2 points or more and 25% or more opioid")
    if flags["retreated"]:
        notes.append("treated again at the index site before the visit: no responder among all treated")
    notes.append(
        f"definition {label}: {DEFINITIONS[label].rule} (check status: {STATUS[DEFINITIONS[label].check_status]})"
    )
    attainable = (found,)
    if missing and not flags["died"]:
        possible = set(_classes(label, _possible(pain, omed, top), flags).pain_response.tolist())
        attainable = tuple(name for name in CLASS_MEANINGS if name in possible)
    return Outcome(
        value=change,
        low=change,
        high=change,
        category=found,
        attainable=attainable,
        missing=missing,
        notes=tuple(notes),
    )


def _classes(label: str, rows: Sequence[tuple[Any, ...]], flags: Mapping[str, bool | None]) -> Any:
    table = np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=float)
    extra: dict[str, Any] = {
        name: np.full(len(table), float(value)) for name, value in flags.items() if value is not None
    }
    first, second, base, now = table.T
    return pain_responses(first, second, base, now, definition=label, **extra)


def _possible(pain: Sequence[float | None], omed: Sequence[float | None], top: int) -> list[tuple[Any, ...]]:
    """Every kind of completion of what is missing: whole numbers of pain, and shares of the known dose."""
    first, second = ((value,) if value is not None else tuple(range(top + 1)) for value in pain)
    base, now = omed
    if base is not None and now is not None:
        doses = [(base, now)]
    elif base is not None:
        doses = [(base, base * share) for share in _SHARES] if base else [(0.0, 0.0), (0.0, 5.0), (0.0, 20.0)]
    elif now is not None:
        doses = [(now / share if share else 2 * now + 10, now) for share in _SHARES[1:]] + [
            (0.0, now),
            (now + 100.0, now),
        ]
    else:
        doses = [(100.0, 100.0 * share) for share in _SHARES] + [(0.0, 0.0), (0.0, 20.0)]
    return [(a, b, c, d) for a, b, (c, d) in product(first, second, doses)]


PAIN_RESPONSE = ClinicalDefinition(
    id="pain_response", title="Pain response at the treated site", value_name="change_nrs_0_10",
    inputs=(
        Input(name="pain_0", title="worst pain at baseline", values="0 to 10"),
        Input(name="pain_1", title="worst pain at the visit", values="0 to 10"),
        Input(name="omed_0", title="oral morphine equivalent at baseline", values="0 or more", unit="mg/day"),
        Input(name="omed_1", title="oral morphine equivalent at the visit", values="0 or more", unit="mg/day"),
        Input(name="analgesic_increased", title="any analgesic increased", values="yes | no"),
        Input(name="worse_elsewhere", title="another site worse (nrs3)", values="yes | no"),
        Input(name="died", title="died before the visit", values="yes | no"),
        Input(name="retreated", title="index site treated again before the visit", values="yes | no"),
        Input(name="definition", title="definition; consensus_2012 where not given", values=" | ".join(DEFINITIONS)),
    ),
    source=Source(
        citation="Chow E et al. Int J Radiat Oncol Biol Phys 2012;82:1730-1737; Radiother Oncol 2002;64:275-280",
        doi="10.1016/j.ijrobp.2011.02.008", doi_status="remembered", check_status=READ,
        check_note="complete and partial response and the four classes read in papers that apply them; the wording of progression is "
        "remembered",
    ),
    evaluate=_pain_response, meanings=CLASS_MEANINGS,
    notes=("not evaluable is a class: what is attainable with the missing values stands beside it",),
)  # fmt: skip
pain_response_array = pain_responses

# ---------------------------------------------------------------- worst pain in words


def _pain_category(given: Mapping[str, Any]) -> Outcome:
    pain = number("worst_pain", given["worst_pain"], 0, 10)
    chosen = word("cut_points", given["cut_points"], tuple(instruments.PAIN_CATEGORIES))
    sets = tuple(instruments.PAIN_CATEGORIES) if chosen is None else (chosen,)
    words = ("none", "mild", "moderate", "severe")
    if pain is None:
        return Outcome(attainable=words, missing=("worst_pain",))
    found = {instruments.pain_category(pain, cut_points=one) for one in sets}
    attainable = tuple(one for one in words if one in found)
    missing = ("cut_points",) if len(found) > 1 else ()
    return Outcome(
        value=pain,
        low=pain,
        high=pain,
        category=attainable[0] if len(attainable) == 1 else "",
        attainable=attainable,
        missing=missing,
    )


PAIN_CATEGORY = ClinicalDefinition(
    id="pain_category", title="Worst pain in words", value_name="nrs_0_10",
    inputs=(
        Input(name="worst_pain", title="worst pain", values="0 to 10"),
        Input(name="cut_points", title="set of cut points", values=" | ".join(instruments.PAIN_CATEGORIES)),
    ),
    source=Source(
        citation="Serlin RC et al. Pain 1995;61:277-284; McDonald R et al. 2016", doi="10.1016/0304-3959(94)00178-H",
        doi_status="read", check_status=READ, check_note="cut points of serlin1995 read in its abstract", date_read="2026-11-22",
    ),
    evaluate=_pain_category, notes=("the published sets differ at 5",),
)  # fmt: skip
pain_category_array, pain_category_frame = forms(PAIN_CATEGORY)

# ---------------------------------------------------------------- performance

_SCHEME = Input(name="scheme", title="published mapping", values=" | ".join(performance.SCHEMES))
_PERFORMANCE_SOURCE = Source(
    citation="Oken MM et al. Am J Clin Oncol 1982;5:649-655; Verger E et al. Eur J Cancer 1992;28A:1328-1330; Ma C et al. Eur J Cancer "
    "2010;46:3175-3183",
    doi="10.1016/j.ejca.2010.06.126", doi_status="read", check_status=READ, date_read="2026-11-22",
    check_note="verger: read in the abstract of Ma 2010, which found the same categories; oken: remembered",
)  # fmt: skip


def _schemes(given: Mapping[str, Any]) -> tuple[str, ...]:
    chosen = word("scheme", given["scheme"], tuple(performance.SCHEMES))
    return tuple(performance.SCHEMES) if chosen is None else (chosen,)


def _whole(name: str, value: Any, high: int, step: int) -> int | None:
    found = number(name, value, 0, high)
    if found is not None and found % step:
        raise OptionError(f"{name} is not one of 0, {step}, ... {high}.")
    return None if found is None else int(found)


def _ecog(given: Mapping[str, Any]) -> Outcome:
    karnofsky = _whole("karnofsky", given["karnofsky"], 100, 10)
    if karnofsky is None:
        return Outcome(attainable=tuple(map(str, range(6))), missing=("karnofsky",), low=0.0, high=5.0)
    grades = [performance.ecog_of_karnofsky(karnofsky, scheme=one).values[0] for one in _schemes(given)]
    low, high = min(grades), max(grades)
    return Outcome(
        value=float(low) if low == high else math.nan, low=float(low), high=float(high), category=str(low) if low == high else "",
        attainable=tuple(map(str, range(low, high + 1))), missing=() if low == high else ("scheme",),
    )  # fmt: skip


def _karnofsky(given: Mapping[str, Any]) -> Outcome:
    ecog = _whole("ecog", given["ecog"], 5, 1)
    if ecog is None:
        return Outcome(low=0.0, high=100.0, missing=("ecog",))
    texts, ends = [], []
    for one in _schemes(given):
        values = performance.karnofsky_of_ecog(ecog, scheme=one).values
        texts.append(str(values[0]) if len(values) == 1 else f"{values[0]} to {values[-1]}")
        ends += [values[0], values[-1]]
    same = len(set(texts)) == 1
    low, high = min(ends), max(ends)
    return Outcome(
        value=float(low) if low == high else math.nan, low=float(low), high=float(high), category=texts[0] if same else "",
        attainable=tuple(dict.fromkeys(texts)), missing=() if same else ("scheme",),
    )  # fmt: skip


ECOG_OF_KARNOFSKY = ClinicalDefinition(
    id="ecog_of_karnofsky", title="ECOG status from Karnofsky", value_name="grade",
    inputs=(Input(name="karnofsky", title="Karnofsky status", values="0 to 100 in steps of 10"), _SCHEME),
    source=_PERFORMANCE_SOURCE, evaluate=_ecog, notes=("the mappings differ at 90, 70, 50 and 30",),
)  # fmt: skip
KARNOFSKY_OF_ECOG = ClinicalDefinition(
    id="karnofsky_of_ecog", title="Karnofsky status from ECOG", value_name="per_cent",
    inputs=(Input(name="ecog", title="ECOG status", values="0 to 5"), _SCHEME),
    source=_PERFORMANCE_SOURCE, evaluate=_karnofsky, notes=("the mappings differ at 90, 70, 50 and 30",),
)  # fmt: skip
ecog_of_karnofsky_array, ecog_of_karnofsky_frame = forms(ECOG_OF_KARNOFSKY)
karnofsky_of_ecog_array, karnofsky_of_ecog_frame = forms(KARNOFSKY_OF_ECOG)

# ---------------------------------------------------------------- comorbidity


def _charlson(given: Mapping[str, Any]) -> Outcome:
    weights = word("weights", given["weights"], tuple(comorbidity.WEIGHTS)) or "1987"
    names = tuple(comorbidity.WEIGHTS[weights])
    conditions = {name: yes_no(name, given[name]) for name in names}
    unknown = [name for name in names if conditions[name] is None]
    low, high = (
        comorbidity.charlson({**conditions, **dict.fromkeys(unknown, fill)}, weights=weights).cci_full or 0
        for fill in (False, True)
    )
    index = comorbidity.WEIGHTS[weights]["metastatic_tumour"]
    present = {name for name, value in conditions.items() if value} | {"metastatic_tumour"}
    replaced = {comorbidity.TRUMPS[name] for name in present if name in comorbidity.TRUMPS}
    table = comorbidity.WEIGHTS[weights]
    matters = tuple(name for name in unknown if table[name] and name not in replaced and name != "metastatic_tumour")
    return Outcome(
        value=float(low) if low == high else math.nan, low=float(low), high=float(high), missing=matters,
        notes=(f"weights of {weights}; {index} points of it are the index cancer (cci_without_index_cancer leaves them out)",),
    )  # fmt: skip


CHARLSON = ClinicalDefinition(
    id="charlson", title="Charlson comorbidity index, with the index cancer", value_name="points",
    inputs=(
        *(Input(name=name, title=name.replace("_", " "), values="yes | no") for name in comorbidity.WEIGHTS["1987"]),
        Input(name="weights", title="year of the weights; 1987 where not given", values=" | ".join(comorbidity.WEIGHTS)),
    ),
    source=Source(
        citation="Charlson ME et al. J Chronic Dis 1987;40:373-383; Quan H et al. Am J Epidemiol 2011;173:676-682",
        doi="10.1016/0021-9681(87)90171-8", doi_status="remembered", check_status=READ,
        check_note="weights of 1987 read in papers that print them; those of 2011 are remembered and fit the counts in its abstract "
        "(5 now 0, 3 lower, 4 higher, 5 the same)",
        date_read="2026-11-22",
    ),
    evaluate=_charlson, notes=("metastatic cancer counts as present; what is not recorded is not absent",),
)  # fmt: skip
charlson_array, charlson_frame = forms(CHARLSON)

# ---------------------------------------------------------------- toxicity


def _laboratory(given: Mapping[str, Any]) -> Outcome:
    version = word("version", given["version"], tuple(toxicity.LAB_TERMS)) or "5.0"
    what = word("what", given["what"], tuple(toxicity.LAB_TERMS[version]), {"white cells": "white_cells"})
    if what is None or given["value"] is None:
        missing = tuple(name for name in ("value", "what") if given[name] is None)
        return Outcome(low=0.0, high=4.0, attainable=tuple("01234"), missing=missing)
    value = number("value", given["value"], 0, 100_000)
    limit = number("lower_limit", given["lower_limit"], 0, 100_000)
    grade = str(
        toxicity.laboratory_grade(
            [math.nan if value is None else value], what, lower_limit=limit, unit=given["unit"], version=version
        )[0]
    )
    low, high = (0, 1) if grade == "0 or 1" else (int(grade), int(grade))
    return Outcome(
        value=float(low) if low == high else math.nan, low=float(low), high=float(high), category=grade if low == high else "",
        attainable=tuple(map(str, range(low, high + 1))), missing=() if low == high else ("lower_limit",), notes=(f"CTCAE v{version}",),
    )  # fmt: skip


CTCAE_LABORATORY = ClinicalDefinition(
    id="ctcae_laboratory", title="CTCAE grade of a laboratory value", value_name="grade",
    inputs=(
        Input(name="value", title="the value", values="0 or more"),
        Input(name="what", title="what was measured", values=" | ".join(toxicity.LAB_TERMS["5.0"])),
        Input(name="unit", title="its unit; the table's where not given", values="g/L | g/dL | 10^9/L"),
        Input(name="lower_limit", title="lower limit of normal, same unit", values="0 or more"),
        Input(name="version", title="CTCAE version; 5.0 where not given", values=" | ".join(toxicity.LAB_TERMS)),
    ),
    source=Source(
        citation="Common Terminology Criteria for Adverse Events v5.0, National Cancer Institute, 27 November 2017", check_status=READ,
        check_note="anaemia, white cells, neutrophils and platelets read in public reproductions; v6.0 in one",
    ),
    evaluate=_laboratory, notes=("a boundary value belongs to the milder grade; grade 5 and grade 4 anaemia are clinical",),
)  # fmt: skip
ctcae_laboratory_array, ctcae_laboratory_frame = forms(CTCAE_LABORATORY)


def ctcae_laboratory(
    value: Any = None, what: Any = None, unit: Any = None, lower_limit: Any = None, version: Any = None
) -> Assessment:
    """The CTCAE grade of one laboratory value; without the lower limit of normal it may stay "0 or 1".

    what : "haemoglobin", "white_cells", "neutrophils" or "platelets".

    >>> ctcae_laboratory(79, "haemoglobin").category, ctcae_laboratory(125, "haemoglobin").attainable
    ('3', ('0', '1'))
    """
    return CTCAE_LABORATORY.assess(value=value, what=what, unit=unit, lower_limit=lower_limit, version=version)


# ---------------------------------------------------------------- opioids


def _omed(given: Mapping[str, Any]) -> Outcome:
    from ostealgia.clinical.opioids import COLUMNS, DEFAULT, omed

    doses = given["doses"]
    if doses is not None and not (isinstance(doses, (list, tuple)) and all(isinstance(one, Mapping) for one in doses)):
        raise OptionError("doses is not a list of {drug, route, dose, unit}.")
    if not doses:
        return Outcome(missing=("doses",), notes=("nothing recorded is not 'no opioid'",))
    import pandas as pd

    frame = pd.DataFrame([{**dict.fromkeys(COLUMNS), **dict(one)} for one in doses], columns=[*COLUMNS])
    found = omed(frame.assign(visit=1), table=str(given["table"] or DEFAULT), keys=("visit",))
    value = float(found.visits["omed_mg_per_day"].iloc[0])
    at_least = float(found.lines["omed_mg_per_day"].sum())
    missing = ("factor of a dose",) if math.isnan(value) else ()
    return Outcome(value=value, low=at_least if missing else value, high=value, missing=missing, notes=found.notes)


OMED = ClinicalDefinition(
    id="omed", title="Oral morphine equivalent of 24 hours", value_name="mg_per_day",
    inputs=(
        Input(name="doses", title="what was taken in 24 hours", values="a list of {drug, route, dose, unit}"),
        Input(name="table", title="conversion table; CDC_2022 where not given", values="a name of opioid_tables()"),
    ),
    source=Source(
        citation="Dowell D et al. MMWR Recomm Rep 2022;71(3):1-95, and the named tables of opioid_tables()", doi="10.15585/mmwr.rr7103a1",
        doi_status="remembered", check_status=READ, check_note="each factor carries its own check status",
    ),
    evaluate=_omed, notes=("measures exposure; not for choosing or switching a dose",),
)  # fmt: skip


def oral_morphine(doses: Iterable[Mapping[str, Any]] | None = None, table: str | None = None) -> Assessment:
    """The OMED of one patient on one day, with the sum that is known where a dose has no factor.

    doses : mappings with drug, route, dose and unit; [{"drug": "none"}] for no opioid.  table : a name of ``opioid_tables()``.

    >>> oral_morphine([{"drug": "fentanyl", "route": "patch", "dose": 50, "unit": "mcg/h"}]).value
    120.0
    """
    return OMED.assess(doses=None if doses is None else list(doses), table=table)


def oral_morphine_array(doses: Sequence[Sequence[Mapping[str, Any]]], table: str | None = None) -> Any:
    """The OMED of many visits: one list of doses each."""
    return OMED.assess_array(doses=list(doses), table=table)


def oral_morphine_frame(frame: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The OMED of every visit of a long frame, one row a drug: the visits of ``omed``."""
    from ostealgia.clinical.opioids import omed

    return omed(frame, **options).to_frame()


# ---------------------------------------------------------------- questionnaires


def questionnaire_definitions(instrument: str) -> dict[str, ClinicalDefinition]:
    """One definition a scale of a questionnaire, its inputs the item numbers.

    >>> list(questionnaire_definitions("BPI-SF"))
    ['severity', 'worst', 'interference']
    """
    chosen = instruments.instrument_of(instrument)
    source = OWNERS[chosen.source]
    stem = chosen.name.lower().replace("-", "_")
    return {
        name: ClinicalDefinition(
            id=f"{stem}_{name}", title=f"{chosen.name}, {scale.title}", value_name="score", source=source,
            inputs=tuple(Input(name=item, title=f"item {item}", values=f"{scale.low} to {scale.high}") for item in scale.items),
            evaluate=_scale_score(scale), notes=(f"higher is {scale.higher_is}", *chosen.notes),
        )
        for name, scale in chosen.scales.items()
    }  # fmt: skip


OWNERS: dict[str, Source] = {
    "[fayers2001]": Source(
        citation="Fayers P et al. EORTC QLQ-C30 Scoring Manual, 3rd ed. Brussels: EORTC, 2001", check_status=REMEMBERED
    ),
    "[chow2009]": Source(
        citation="Chow E et al. Eur J Cancer 2009;45:1146-1152", doi="10.1016/j.ejca.2008.11.013", doi_status="read",
        check_status=UNCERTAIN,
        check_note="the four scales of 5, 3, 8 and 6 items read in the abstract; item numbers and the reversed item are not confirmed",
        date_read="2026-11-22",
    ),
    "[groenvold2006]": Source(
        citation="Groenvold M et al. Eur J Cancer 2006;42:55-64", doi="10.1016/j.ejca.2005.06.022", doi_status="remembered",
        check_status=REMEMBERED,
    ),
    "[cleeland1994]": Source(
        citation="Cleeland CS, Ryan KM. Ann Acad Med Singap 1994;23:129-138; Brief Pain Inventory User Guide", check_status=REMEMBERED
    ),
}  # fmt: skip


def _scale_score(scale: instruments.Scale) -> Any:
    def turned(mean: float) -> float:
        if scale.direction == "mean":
            return mean
        share = (mean - scale.low) / (scale.high - scale.low)
        return 100.0 * (1.0 - share if scale.direction == "function" else share)

    def evaluate(given: Mapping[str, Any]) -> Outcome:
        answers = {item: number(item, given[item], scale.low, scale.high) for item in scale.items}
        if any(one is not None and one % 1 for one in answers.values()):
            raise OptionError(f"an answer of {scale.title} is not a whole number.")
        known = [one for one in answers.values() if one is not None]
        missing = tuple(item for item, one in answers.items() if one is None)
        size = len(answers)
        ends = sorted(turned((math.fsum(known) + len(missing) * end) / size) for end in (scale.low, scale.high))
        value = turned(math.fsum(known) / len(known)) if len(known) >= scale.least else math.nan
        return Outcome(value=value, low=ends[0], high=ends[1], missing=missing)

    return evaluate


def questionnaire(instrument: str, answers: Mapping[str, Any]) -> dict[str, Assessment]:
    """Every scale of one form: the score where enough items are answered, and the range that the missing ones leave open.

    >>> found = questionnaire("QLQ-C30", {"q9": 3, "q19": 4, "q1": 1, "q2": 2, "q3": 2, "q4": 3})
    >>> round(found["pa"].value, 1), round(found["pf"].value, 1), (round(found["pf"].value_low), round(found["pf"].value_high))
    (83.3, 66.7, (53, 73))
    """
    found = questionnaire_definitions(instrument)
    items = {item for one in found.values() for item in one.names}
    for name in answers:
        one_of("item", name, sorted(items))
    return {
        name: one.assess(**{item: answers[item] for item in one.names if item in answers})
        for name, one in found.items()
    }


def questionnaire_array(instrument: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Every scale of many forms: item -> answers (n,) in, scale -> ``Assessments`` out; scales without any item are left out."""
    found = questionnaire_definitions(instrument)
    return {
        name: one.assess_array(**{item: columns[item] for item in one.names if item in columns})
        for name, one in found.items()
        if any(item in columns for item in one.names)
    }


def questionnaire_frame(frame: pd.DataFrame, instrument: str = "QLQ-C30") -> pd.DataFrame:
    """The frame with score, attainable range and missing items of every scale added; ``score`` gives the scores alone."""
    given = {column: frame[column].to_numpy() for column in frame.columns}
    made = questionnaire_array(instrument, given)
    if not made:
        raise TableError(
            f"there is no item of {instrument}", action="Name the item columns q1, q2, ... (BPI: bpi3, ...)."
        )
    return frame.assign(
        **{
            name: values
            for one in made.values()
            for name, values in one.columns().items()
            if "score" in name or "missing" in name
        }
    )


# ---------------------------------------------------------------- flare


def pain_flare_array(diaries: Sequence[Mapping[str, Any]], **options: Any) -> tuple[PainFlare, ...]:
    """The flare of many patients: one mapping each with days, pain, omed, pain_0 and omed_0."""
    return tuple(pain_flare(**one, **options) for one in diaries)


def pain_flare_frame(frame: pd.DataFrame, *, by: str = "id", **options: Any) -> pd.DataFrame:
    """The flare of each patient of a long diary: columns day, pain, omed, with pain_0 and omed_0 the same throughout a patient."""
    import pandas as pd

    for name in (by, "day", "pain", "omed", "pain_0", "omed_0"):
        if name not in frame.columns:
            raise TableError(f"there is no column {name!r}", expected=f"{by}, day, pain, omed, pain_0, omed_0")
    rows = []
    for key, part in frame.groupby(by, sort=False):
        found = pain_flare(
            part["day"].to_numpy(), part["pain"].to_numpy(), part["omed"].to_numpy(), pain_0=float(part["pain_0"].iloc[0]),
            omed_0=float(part["omed_0"].iloc[0]), **options,
        )  # fmt: skip
        rows.append(
            {
                by: key,
                "pain_flare": found.status,
                "onset_day": found.onset_day,
                "return_day": found.return_day,
                "reason": found.reason,
            }
        )
    return pd.DataFrame(rows, columns=[by, "pain_flare", "onset_day", "return_day", "reason"])
