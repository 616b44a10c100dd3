"""Mechanical stability: Mirels, SINS, axial cortical involvement of the femur, and the NOMS framework.

Sources
    [mirels1989]    Mirels H. Clin Orthop Relat Res 1989;249:256-264
    [fisher2010]    Fisher CG et al. Spine 2010;35:E1221-E1229. doi:10.1097/BRS.0b013e3181e16ae2
    [linden2004]    Van der Linden YM et al. J Bone Joint Surg Br 2004;86:566-573
    [laufer2013]    Laufer I et al. Oncologist 2013;18:744-751. doi:10.1634/theoncologist.2012-0293
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import Any

from ostealgia.clinical.assessment import (
    READ,
    Assessment,
    ClinicalDefinition,
    Input,
    Outcome,
    Source,
    forms,
    known,
    number,
    word,
    yes_no,
)
from ostealgia.clinical.point_score import Group, Item, Points, choice, point_score
from ostealgia.errors import OptionError

# ---------------------------------------------------------------- Mirels

SIZES = ("<1/3", "1/3-2/3", ">2/3")
_SIZE_POINTS: dict[str, int] = dict(zip(SIZES, (1, 2, 3), strict=True))
_THIRD = 1.0 / 3.0
_SLACK = 5e-4  # "0.333" and "0.667" mean a third and two thirds


def _size_points(given: Mapping[str, Any]) -> Points:
    value = given["size"]
    if value is None:
        return 1, 3
    if isinstance(value, str) and value.replace(" ", "") in _SIZE_POINTS:
        points = _SIZE_POINTS[value.replace(" ", "")]
        return points, points
    try:
        share = number("size", value, 0.0, 1.0) or 0.0
    except OptionError:
        raise OptionError(f"size is not one of {', '.join(map(repr, SIZES))} or a share from 0 to 1.") from None
    points = 1 if share < _THIRD - _SLACK else 3 if share > 2 * _THIRD + _SLACK else 2
    return points, points


MIRELS_ITEMS = (
    choice(
        "site",
        "site of a long bone",
        {"upper limb": 1, "lower limb": 2, "peritrochanteric": 3},
        {"trochanteric": "peritrochanteric"},
    ),
    choice("pain", "pain", {"mild": 1, "moderate": 2, "functional": 3}),
    choice(
        "lesion",
        "lesion on the radiograph",
        {"blastic": 1, "mixed": 2, "lytic": 3},
        {"sclerotic": "blastic", "osteolytic": "lytic", "osteoblastic": "blastic"},
    ),
    Item(
        name="size",
        inputs=(Input(name="size", title="share of the shaft's diameter", values="<1/3 | 1/3-2/3 | >2/3, or 0 to 1"),),
        points=_size_points,
        low=1,
        high=3,
    ),
)
MIRELS = point_score(
    id="mirels",
    title="Mirels score",
    items=MIRELS_ITEMS,
    groups=(
        Group(low=4, high=7, label="7 or less", meaning="fracture in 0 to 4% of the series: irradiate or observe"),
        Group(low=8, high=8, label="8", meaning="borderline, fracture in about 15% of the series: clinical judgement"),
        Group(
            low=9,
            high=12,
            label="9 or more",
            meaning="fracture in about 33% of the series and more with each point: prophylactic fixation is advised",
        ),
    ),
    source=Source(
        citation="Mirels H. Clin Orthop Relat Res 1989;249:256-264",
        check_status=READ,
        check_note="weights and cut-offs read; the title and pages seen again on a copy of the 2003 reprint",
        date_read="2026-11-22",
    ),
    notes=(
        "long bones only",
        "sensitive (above 91%) but unspecific (35%) at 9 or more; in a series of the humerus 8 or more, with a cortical breach, "
        "told most (PMC10132712)",
    ),
)
mirels_array, mirels_frame = forms(MIRELS)


def mirels(site: Any = None, pain: Any = None, lesion: Any = None, size: Any = None) -> Assessment:
    """How likely is a lesion of a long bone to fracture, by Mirels' score of 4 to 12?

    site : "upper limb", "lower limb" or "peritrochanteric".  pain : "mild", "moderate" or "functional".  lesion : "blastic", "mixed" or
    "lytic".  size : share of the shaft's diameter, "<1/3", "1/3-2/3", ">2/3" or a number from 0 to 1. None where unknown.
    Source: [mirels1989].

    >>> found = mirels(site="lower limb", pain="functional", lesion="lytic", size=0.5)
    >>> found.value, found.category
    (10.0, '9 or more')
    >>> mirels(site="lower limb", pain="functional", lesion="lytic").category
    '9 or more'
    """
    return MIRELS.assess(site=site, pain=pain, lesion=lesion, size=size)


# ---------------------------------------------------------------- SINS

SINS_LOCATION = {"junctional": 3, "mobile": 2, "semirigid": 1, "rigid": 0}
_LEVELS = {
    **dict.fromkeys(("C0", "C1", "C2", "C7", "T1", "T2", "T11", "T12", "L1", "L5", "S1"), "junctional"),
    **dict.fromkeys(("C3", "C4", "C5", "C6", "L2", "L3", "L4"), "mobile"),
    **dict.fromkeys(tuple(f"T{n}" for n in range(3, 11)), "semirigid"),
    **dict.fromkeys(("S2", "S3", "S4", "S5"), "rigid"),
}


def sins_location(level: Any) -> Any:
    """The location of the score from a vertebral level ("T12", "Th12", "occiput"), or the words as they are.

    >>> sins_location("Th11"), sins_location("c5"), sins_location("mobile")
    ('junctional', 'mobile', 'mobile')
    """
    if not isinstance(level, str):
        return level
    plain = level.strip().upper().replace(" ", "")
    plain = "C0" if plain in ("OCCIPUT", "OC") else re.sub(r"^(TH|D)(?=\d)", "T", plain)
    return _LEVELS.get(plain, level)


SINS_ITEMS = (
    choice(
        "location", "location: a level (T12) or a region", SINS_LOCATION, {"semi-rigid": "semirigid"}, sins_location
    ),
    choice(
        "pain",
        "pain",
        {"mechanical": 3, "occasional non-mechanical": 1, "none": 0},
        {
            "occasional": "occasional non-mechanical",
            "non-mechanical": "occasional non-mechanical",
            "painless": "none",
            "no": "none",
        },
    ),
    choice(
        "lesion", "bone lesion", {"lytic": 2, "mixed": 1, "blastic": 0}, {"osteolytic": "lytic", "sclerotic": "blastic"}
    ),
    choice(
        "alignment",
        "alignment",
        {"subluxation or translation": 4, "de novo deformity": 2, "normal": 0},
        {
            "subluxation": "subluxation or translation",
            "translation": "subluxation or translation",
            "subluxation/translation": "subluxation or translation",
            "deformity": "de novo deformity",
        },
    ),
    choice(
        "collapse",
        "vertebral body collapse",
        {
            ">50%": 3,
            "<50%": 2,
            "none, >50% of the body involved": 1,
            "none": 0,
        },
        {
            "> 50%": ">50%",
            "< 50%": "<50%",
            "no collapse, >50% involved": "none, >50% of the body involved",
            "no": "none",
        },
    ),
    choice(
        "posterolateral",
        "posterolateral elements involved",
        {"bilateral": 3, "unilateral": 1, "none": 0},
        {"no": "none"},
    ),
)
SINS = point_score(
    id="sins",
    title="Spinal instability neoplastic score (SINS)",
    items=SINS_ITEMS,
    groups=(
        Group(low=0, high=6, label="stable", meaning="0 to 6 of 18"),
        Group(low=7, high=12, label="potentially unstable", meaning="7 to 12 of 18: surgical consultation before radiotherapy"),
        Group(low=13, high=18, label="unstable", meaning="13 to 18 of 18: surgical consultation before radiotherapy"),
    ),
    source=Source(
        citation="Fisher CG et al. Spine 2010;35:E1221-E1229", doi="10.1097/BRS.0b013e3181e16ae2", doi_status="read", check_status=READ,
        check_note="weights read in two places; one stored page prints other points for pain", date_read="2026-11-22",
    ),
)  # fmt: skip
sins_array, sins_frame = forms(SINS)


def sins(
    location: Any = None,
    pain: Any = None,
    lesion: Any = None,
    alignment: Any = None,
    collapse: Any = None,
    posterolateral: Any = None,
) -> Assessment:
    """Is the spine stable at this level, by the spinal instability neoplastic score of 0 to 18?

    location : a vertebral level ("T12") or "junctional", "mobile", "semirigid", "rigid".  pain : "mechanical", "occasional
    non-mechanical", "none".  lesion : "lytic", "mixed", "blastic".  alignment : "subluxation or translation", "de novo deformity",
    "normal".  collapse : ">50%", "<50%", "none, >50% of the body involved", "none".  posterolateral : "bilateral", "unilateral", "none".
    Source: [fisher2010].

    >>> found = sins(location="T12", pain="mechanical", lesion="lytic", alignment="normal", collapse="<50%", posterolateral="unilateral")
    >>> found.value, found.category
    (11.0, 'potentially unstable')
    >>> found = sins(location="T12", pain="mechanical", lesion="lytic", alignment="normal", collapse="<50%")
    >>> (found.value_low, found.value_high), found.attainable, found.missing
    ((10.0, 13.0), ('potentially unstable', 'unstable'), ('posterolateral',))
    """
    return SINS.assess(
        location=location,
        pain=pain,
        lesion=lesion,
        alignment=alignment,
        collapse=collapse,
        posterolateral=posterolateral,
    )


# ---------------------------------------------------------------- axial cortical involvement

HIGH_RISK, BORDERLINE, BELOW = "above a cut-off", "borderline", "not above the cut-offs"
_ACI_ORDER = (BELOW, BORDERLINE, HIGH_RISK)


def _aci_class(length: float, share: float) -> str:
    if length > 30 or share > 50:
        return HIGH_RISK
    return BORDERLINE if length == 30 or share == 50 else BELOW


def _aci(given: Mapping[str, Any]) -> Outcome:
    length = number("length_mm", given["length_mm"], 0, 600, "mm")
    share = number("circumference_percent", given["circumference_percent"], 0, 100, "per cent")
    found = {
        _aci_class(a, b)
        for a in ((0.0, 30.0, 31.0) if length is None else (length,))
        for b in ((0.0, 50.0, 51.0) if share is None else (share,))
    }
    attainable = tuple(name for name in _ACI_ORDER if name in found)
    value = float("nan") if length is None else length
    missing = tuple(
        name
        for name, one in (("length_mm", length), ("circumference_percent", share))
        if one is None and len(found) > 1
    )
    return Outcome(
        value=value,
        low=value,
        high=value,
        category=attainable[0] if len(attainable) == 1 else "",
        attainable=attainable,
        missing=missing,
    )


AXIAL_CORTICAL_INVOLVEMENT = ClinicalDefinition(
    id="axial_cortical_involvement",
    title="Axial cortical involvement of the femur",
    value_name="mm",
    inputs=(
        Input(name="length_mm", title="axial involvement of the cortex", values="0 to 600", unit="mm"),
        Input(name="circumference_percent", title="circumferential involvement", values="0 to 100", unit="%"),
    ),
    source=Source(
        citation="Van der Linden YM et al. J Bone Joint Surg Br 2004;86:566-573 (PMID 15174555)",
        check_status=READ,
        check_note="abstract read again; exactly 30 mm or 50% is set as borderline, because the paper says above",
        date_read="2026-11-22",
    ),
    evaluate=_aci,
    meanings={
        HIGH_RISK: "more than 30 mm axial, or more than 50% of the circumference: predictive of fracture in that study",
        BORDERLINE: "exactly at a cut-off",
        BELOW: "30 mm or less and 50% or less",
    },
    notes=(
        "femur only: 14 fractures in 110 lesions; Mirels' score was not predictive there (P = 0.36)",
        "a CT series of 47 patients found 30% or more of the circumference (Radiat Oncol 2014;9:227)",
        "a later validation had sensitivity 86% and specificity 50% at 30 mm (van der Wal 2020, abstract)",
    ),
)
axial_cortical_involvement_array, axial_cortical_involvement_frame = forms(AXIAL_CORTICAL_INVOLVEMENT)


def axial_cortical_involvement(length_mm: Any = None, circumference_percent: Any = None) -> Assessment:
    """Is a lesion of the femur above the cut-offs of axial (30 mm) or circumferential (50%) involvement of the cortex?

    length_mm : along the bone.  circumference_percent : 0 to 100. None where unknown. Source: [linden2004].

    >>> axial_cortical_involvement(38).category, axial_cortical_involvement(20).attainable
    ('above a cut-off', ('not above the cut-offs', 'borderline', 'above a cut-off'))
    """
    return AXIAL_CORTICAL_INVOLVEMENT.assess(length_mm=length_mm, circumference_percent=circumference_percent)


# ---------------------------------------------------------------- NOMS

ESCC = ("0", "1a", "1b", "1c", "2", "3")
SENSITIVE, RESISTANT = "radiosensitive", "radioresistant"
HISTOLOGY = {
    **dict.fromkeys(
        ("lymphoma", "myeloma", "seminoma", "breast", "prostate", "ovarian", "neuroendocrine", SENSITIVE), SENSITIVE
    ),
    **dict.fromkeys(
        ("renal", "thyroid", "hepatocellular", "colorectal", "non-small-cell lung", "melanoma", "sarcoma", RESISTANT),
        RESISTANT,
    ),
}
_HISTOLOGY_WORDS = {
    "nsclc": "non-small-cell lung",
    "non-small cell lung": "non-small-cell lung",
    "kidney": "renal",
    "multiple myeloma": "myeloma",
}
STABILITY = ("stable", "potentially unstable", "unstable")
CONVENTIONAL, STEREOTACTIC = "conventional EBRT", "SBRT"
DECOMPRESSION, SEPARATION = "decompression, then EBRT", "separation surgery, then SBRT"
STABILISE = "stabilise, and "


def _noms_branch(escc: str, histology: str, stability: str, fit: bool, progressing: bool) -> str:
    if escc not in ("2", "3"):
        branch = CONVENTIONAL if histology == SENSITIVE else STEREOTACTIC
    elif histology == SENSITIVE:
        branch = DECOMPRESSION if progressing and fit else CONVENTIONAL
    else:
        branch = SEPARATION if fit else CONVENTIONAL
    return STABILISE + branch if stability == "unstable" else branch


_BRANCHES = (CONVENTIONAL, STEREOTACTIC, DECOMPRESSION, SEPARATION)
NOMS_CATEGORIES = (*_BRANCHES, *(STABILISE + name for name in _BRANCHES))


def _noms(given: Mapping[str, Any]) -> Outcome:
    escc = known(given["escc"])
    escc = word("escc", None if escc is None else f"{escc:g}" if isinstance(escc, float) else escc, ESCC)
    histology = word("histology", given["histology"], tuple(HISTOLOGY), _HISTOLOGY_WORDS)
    stability = word("stability", given["stability"], STABILITY)
    fit = yes_no("fit_for_surgery", given["fit_for_surgery"])
    progressing = yes_no("deficit_progressing", given["deficit_progressing"])
    answers = (escc, None if histology is None else HISTOLOGY[histology], stability, fit, progressing)
    spaces = (("0", "2"), (SENSITIVE, RESISTANT), ("stable", "unstable"), (True, False), (True, False))
    found = _noms_set(answers, spaces)
    missing = tuple(
        name
        for name, i in (
            ("escc", 0),
            ("histology", 1),
            ("stability", 2),
            ("fit_for_surgery", 3),
            ("deficit_progressing", 4),
        )
        if answers[i] is None and _matters(answers, spaces, i)
    )
    attainable = tuple(name for name in NOMS_CATEGORIES if name in found)
    notes = []
    if escc == "1c":
        notes.append("grade 1c is counted as low grade; the source leaves it unclear")
    if stability == "potentially unstable":
        notes.append("SINS 7 to 12: surgical consultation before radiotherapy")
    if any(name.startswith(STABILISE) for name in attainable) and fit is False:
        notes.append("stabilisation as far as it is tolerated")
    return Outcome(
        category=attainable[0] if len(attainable) == 1 else "",
        attainable=attainable,
        missing=missing,
        notes=tuple(notes),
    )


def _noms_set(answers: tuple[Any, ...], spaces: tuple[tuple[Any, ...], ...]) -> set[str]:
    options = [space if one is None else (one,) for one, space in zip(answers, spaces, strict=True)]
    return {_noms_branch(*row) for row in product(*options)}


def _matters(answers: tuple[Any, ...], spaces: tuple[tuple[Any, ...], ...], i: int) -> bool:
    """Whether knowing answer i could change what is attainable."""
    whole = _noms_set(answers, spaces)
    return any(_noms_set((*answers[:i], one, *answers[i + 1 :]), spaces) != whole for one in spaces[i])


NOMS = ClinicalDefinition(
    id="noms",
    title="NOMS framework of spinal metastases",
    value_name="",
    inputs=(
        Input(name="escc", title="epidural spinal cord compression grade", values=" | ".join(ESCC)),
        Input(name="histology", title="primary, or its radiosensitivity", values=" | ".join(HISTOLOGY)),
        Input(name="stability", title="mechanical stability by SINS", values=" | ".join(STABILITY)),
        Input(name="fit_for_surgery", title="systemic: fit for surgery", values="yes | no"),
        Input(name="deficit_progressing", title="neurological deficit progressing", values="yes | no"),
    ),
    source=Source(
        citation="Laufer I et al. Oncologist 2013;18:744-751",
        doi="10.1634/theoncologist.2012-0293",
        doi_status="read",
        check_status=READ,
        check_note="branches read in a digest and the abstract; the lists of radiosensitive and radioresistant primaries are remembered",
        date_read="2026-11-22",
    ),
    evaluate=_noms,
    meanings={
        CONVENTIONAL: "low-grade compression of a radiosensitive tumour, or high-grade where surgery is not needed or not tolerated",
        STEREOTACTIC: "low-grade compression of a radioresistant tumour",
        DECOMPRESSION: "high-grade compression of a radiosensitive tumour with a progressing deficit",
        SEPARATION: "high-grade compression of a radioresistant tumour, fit for surgery",
    },
    notes=("a framework of one centre, from 2013; a neurological deficit is an emergency first",),
)
noms_array, noms_frame = forms(NOMS)


def noms(
    escc: Any = None,
    histology: Any = None,
    stability: Any = None,
    fit_for_surgery: Any = None,
    deficit_progressing: Any = None,
) -> Assessment:
    """Which branch of the NOMS framework does a spinal metastasis fall in?

    escc : epidural spinal cord compression, "0", "1a", "1b", "1c" (low grade), "2" or "3" (high grade).  histology : the primary, or
    "radiosensitive" or "radioresistant".  stability : "stable", "potentially unstable" or "unstable" (SINS).
    Source: [laufer2013].

    >>> noms(escc="1b", histology="renal", stability="stable").category
    'SBRT'
    >>> noms(escc="3", histology="renal", stability="unstable").attainable
    ('stabilise, and conventional EBRT', 'stabilise, and separation surgery, then SBRT')
    """
    return NOMS.assess(
        escc=escc,
        histology=histology,
        stability=stability,
        fit_for_surgery=fit_for_surgery,
        deficit_progressing=deficit_progressing,
    )
