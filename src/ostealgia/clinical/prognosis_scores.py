"""Prognostic groups with open formulas: NRF, TEACHH, van der Linden, Katagiri, Tokuhashi, Tomita.

Survival figures are those of the published cohorts, before modern systemic therapy; they are no date for a patient. Where items are
missing the attainable groups are told, nothing is imputed. SORG, PATHFx and BMETS have no open formula and are not offered.
Sources
    [chow2008]       Chow E et al. J Clin Oncol 2008;26:5863-5869 (NRF)
    [krishnan2014]   Krishnan MS et al. Cancer 2014;120:134-141. doi:10.1002/cncr.28408 (TEACHH)
    [linden2005]     van der Linden YM et al. Cancer 2005;103:320-328
    [katagiri2014]   Katagiri H et al. Cancer Med 2014;3:1359-1367. doi:10.1002/cam4.292
    [tokuhashi2005]  Tokuhashi Y et al. Spine 2005;30:2186-2191
    [tomita2001]     Tomita K et al. Spine 2001;26:298-306
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ostealgia.clinical.assessment import (
    READ,
    REMEMBERED,
    Assessment,
    ClinicalDefinition,
    Input,
    Source,
    forms,
    number,
    yes_no,
)
from ostealgia.clinical.point_score import Group, Item, Points, banded, choice, flag, point_score
from ostealgia.clinical.primaries import PRIMARIES, primary_tumour
from ostealgia.options import one_of

_TODAY = "2026-11-22"
_ERA = "of the published cohort, before modern systemic therapy; not a patient's own time"
_SHORT = (
    "in 505 patients who died within 90 days TEACHH placed 21% and the NRF 29% in the shortest group (Mojica-Marquez 2020, "
    "doi:10.1002/cam4.3257)"
)
_KPS = (0.0, 100.0)
_PRIMARY = Input(name="primary", title="primary tumour", values=" | ".join(PRIMARIES))


def _by_primary(points: Mapping[str, int], others: int) -> Item:
    """Points of a primary by its name; every other known primary has ``others``."""
    low, high = min(*points.values(), others), max(*points.values(), others)

    def found(given: Mapping[str, Any]) -> Points:
        name = primary_tumour(given["primary"])
        if name is None:
            return low, high
        picked = points.get(name, others)
        return picked, picked

    return Item(name="primary", inputs=(_PRIMARY,), points=found, low=low, high=high)


def _median(months: str, rest: str = "") -> str:
    return f"median survival {months} months{rest}, {_ERA}"


NRF = point_score(
    id="nrf",
    title="Number of risk factors (NRF, Chow)",
    items=(
        _by_primary({"breast": 0}, 1),
        flag("metastases_other_than_bone", "metastases outside bone", 1),
        banded("kps", "Karnofsky status", ((0, 1), (math.nextafter(60, math.inf), 0)), _KPS, step=10),
    ),
    groups=(
        Group(low=0, high=1, label="I (0 or 1)", meaning=_median("15.0")),
        Group(low=2, high=2, label="II (2)", meaning=_median("6.5")),
        Group(low=3, high=3, label="III (3)", meaning=_median("2.3")),
    ),
    source=Source(
        citation="Chow E et al. J Clin Oncol 2008;26:5863-5869", check_status=READ, date_read=_TODAY,
        check_note="factors read in the abstract, medians in a validation (doi:10.1002/cam4.3257)",
    ),
    notes=(
        "cohorts of the model published in 2008",
        "485 patients irradiated for bone metastases lived 35.1, 10.1 and 3.3 months by group (doi:10.1186/s13014-024-02503-9, abstract)",
        _SHORT,
    ),
)  # fmt: skip
nrf_array, nrf_frame = forms(NRF)


def nrf(primary: Any = None, metastases_other_than_bone: Any = None, kps: Any = None) -> Assessment:
    """In which group of the three-variable NRF model is a patient referred for palliative radiotherapy?

    primary : a name of ``PRIMARIES``.  metastases_other_than_bone : yes or no.  kps : Karnofsky 0 to 100 in steps of 10.
    Source: [chow2008].

    >>> nrf("lung", "no", 60).category, nrf("lung", None, 90).attainable
    ('II (2)', ('I (0 or 1)', 'II (2)'))
    """
    return NRF.assess(primary=primary, metastases_other_than_bone=metastases_other_than_bone, kps=kps)


TEACHH = point_score(
    id="teachh",
    title="TEACHH model",
    items=(
        _by_primary({"breast": 0, "prostate": 0}, 1),
        banded("ecog", "ECOG status", ((0, 0), (2, 1)), (0, 4), step=1),
        banded("age_years", "age", ((0, 0), (math.nextafter(60, math.inf), 1)), (0, 130), "years"),
        banded("palliative_chemotherapy_courses", "prior courses of palliative chemotherapy", ((0, 0), (2, 1)), (0, 50), step=1),
        flag("hospitalised_in_3_months", "in hospital in the previous 3 months", 1),
        flag("hepatic_metastases", "liver metastases", 1),
    ),
    groups=(
        Group(low=0, high=1, label="A (0 or 1)", meaning=_median("19.9", " (95% CI 13.9 to 31.1)")),
        Group(low=2, high=4, label="B (2 to 4)", meaning=_median("5.0", " (95% CI 4.3 to 5.6)")),
        Group(low=5, high=6, label="C (5 or 6)", meaning=_median("1.7", " (95% CI 1.2 to 2.1)")),
    ),
    source=Source(
        citation="Krishnan MS et al. Cancer 2014;120:134-141", doi="10.1002/cncr.28408", doi_status="read", check_status=READ,
        check_note="abstract read", date_read=_TODAY,
    ),
    notes=("patients irradiated from 2008 to 2011", _SHORT),
)  # fmt: skip
teachh_array, teachh_frame = forms(TEACHH)


def teachh(
    primary: Any = None, ecog: Any = None, age_years: Any = None, palliative_chemotherapy_courses: Any = None,
    hospitalised_in_3_months: Any = None, hepatic_metastases: Any = None,
) -> Assessment:  # fmt: skip
    """In which group of the TEACHH model is a patient who receives palliative radiotherapy?

    One point each: type of cancer other than breast or prostate, ECOG 2 to 4, age above 60, two or more courses of palliative
    chemotherapy, in hospital in the previous 3 months, liver metastases. Source: [krishnan2014].

    >>> teachh("lung", 2, 61, 2, "yes", "no").category
    'C (5 or 6)'
    >>> found = teachh("breast", 1, 55)
    >>> (found.value_low, found.value_high), found.attainable
    ((0.0, 3.0), ('A (0 or 1)', 'B (2 to 4)'))
    """
    return TEACHH.assess(
        primary=primary, ecog=ecog, age_years=age_years, palliative_chemotherapy_courses=palliative_chemotherapy_courses,
        hospitalised_in_3_months=hospitalised_in_3_months, hepatic_metastases=hepatic_metastases,
    )  # fmt: skip


VAN_DER_LINDEN = point_score(
    id="van_der_linden",
    title="Van der Linden score of spinal metastases",
    items=(
        banded("kps", "Karnofsky status", ((0, 0), (50, 1), (80, 2)), _KPS, step=10),
        _by_primary({"breast": 3, "prostate": 2, "lung": 1}, 0),
        flag("visceral_metastases", "visceral metastases", 0, no=1),
    ),
    groups=(
        Group(low=0, high=3, label="A (0 to 3)", meaning=_median("3", ", about 4% alive at 2 years")),
        Group(low=4, high=5, label="B (4 or 5)", meaning=_median("9", ", 22% alive at 2 years")),
        Group(low=6, high=6, label="C (6)", meaning=_median("19", ", 37% alive at 2 years")),
    ),
    source=Source(
        citation="van der Linden YM et al. Cancer 2005;103:320-328", check_status=READ, date_read=_TODAY,
        check_note="read on a page that cites the paper (medicalalgorithms.com); its medians were read off the paper's figure 2",
    ),
    notes=("painful spinal metastases without a neurological deficit; a Karnofsky status below 20 is not in the published table",),
)  # fmt: skip
van_der_linden_array, van_der_linden_frame = forms(VAN_DER_LINDEN)


def van_der_linden(kps: Any = None, primary: Any = None, visceral_metastases: Any = None) -> Assessment:
    """In which group of van der Linden's score is a patient with painful spinal metastases? More points are better.

    Source: [linden2005].

    >>> van_der_linden(90, "breast", "no").category, van_der_linden(60, "lung").category
    ('C (6)', 'A (0 to 3)')
    """
    return VAN_DER_LINDEN.assess(kps=kps, primary=primary, visceral_metastases=visceral_metastases)


# ---------------------------------------------------------------- Katagiri

_KATAGIRI = {
    **dict.fromkeys(("thyroid", "myeloma", "lymphoma"), (0, 0)),
    **dict.fromkeys(
        ("renal", "endometrial", "ovarian", "sarcoma", "osteosarcoma", "carcinoid", "neuroendocrine", "other"), (2, 2)
    ),
    "uterus": (2, 3),
}  # every other primary: 3
_LAB = (
    # input, title, limits, unit, points, cut, True where at or above it counts
    ("crp_mg_per_dl", "C-reactive protein", (0, 100), "mg/dL", 1, 0.4, True),
    ("ldh_iu_per_l", "lactate dehydrogenase", (0, 50000), "IU/L", 1, 250, True),
    ("albumin_g_per_dl", "albumin", (0.5, 7), "g/dL", 1, 3.7, False),
    ("platelets_10e9_per_l", "platelets", (0, 3000), "10^9/L", 2, 100, False),
    ("calcium_mg_per_dl", "calcium", (2, 24), "mg/dL", 2, 10.3, True),
    ("bilirubin_mg_per_dl", "total bilirubin", (0, 100), "mg/dL", 2, 1.4, True),
)


def _katagiri_primary(given: Mapping[str, Any]) -> Points:
    name = primary_tumour(given["primary"])
    hormone = yes_no("hormone_dependent", given["hormone_dependent"])
    targeted = yes_no("targeted_drug", given["targeted_drug"])
    if name is None:
        return 0, 3
    if name in ("breast", "prostate"):
        return (0, 2) if hormone is None else (0, 0) if hormone else (2, 2)
    if name == "lung":
        return (2, 3) if targeted is None else (2, 2) if targeted else (3, 3)
    return _KATAGIRI.get(name, (3, 3))


def _katagiri_primary_missing(given: Mapping[str, Any]) -> tuple[str, ...]:
    name = primary_tumour(given["primary"])
    if name in ("breast", "prostate"):
        return ("hormone_dependent",)
    return ("targeted_drug",) if name == "lung" else ("primary",)


def _katagiri_laboratory_missing(given: Mapping[str, Any]) -> tuple[str, ...]:
    """An abnormal value makes the other values of the same weight needless."""
    low, _ = _katagiri_laboratory(given)
    return tuple(name for name, _, _, _, points, _, _ in _LAB if given[name] is None and points > low)


def _katagiri_laboratory(given: Mapping[str, Any]) -> Points:
    low = high = 0
    for name, _, limits, unit, points, cut, above in _LAB:
        value = number(name, given[name], *limits, unit)
        if value is None:
            high = max(high, points)
        elif (value >= cut) if above else (value < cut):
            low, high = max(low, points), max(high, points)
    return low, high


KATAGIRI = point_score(
    id="katagiri",
    title="Katagiri score (2014)",
    items=(
        Item(
            name="primary", points=_katagiri_primary, low=0, high=3, missing=_katagiri_primary_missing,
            inputs=(
                _PRIMARY,
                Input(name="hormone_dependent", title="breast or prostate cancer hormone-dependent", values="yes | no"),
                Input(name="targeted_drug", title="lung cancer on a molecularly targeted drug", values="yes | no"),
            ),
        ),
        choice("visceral", "visceral or brain metastases", {"none": 0, "nodular": 1, "disseminated": 2}, {"no": "none"}),
        Item(
            name="laboratory", points=_katagiri_laboratory, low=0, high=2, missing=_katagiri_laboratory_missing,
            inputs=tuple(
                Input(name=name, title=title, values=f"{limits[0]:g} to {limits[1]:g}", unit=unit)
                for name, title, limits, unit, *_ in _LAB
            ),
        ),
        banded("ecog", "ECOG status", ((0, 0), (3, 1)), (0, 4), step=1),
        flag("previous_chemotherapy", "previous chemotherapy", 1),
        flag("multiple_skeletal_metastases", "more than one skeletal metastasis", 1),
    ),
    groups=(
        Group(low=0, high=3, label="0 to 3", meaning=f"alive at 6, 12 and 24 months: 98, 91 and 78%, {_ERA}"),
        Group(low=4, high=6, label="4 to 6", meaning=f"alive at 6, 12 and 24 months: 74, 49 and 28%, {_ERA}"),
        Group(low=7, high=10, label="7 to 10", meaning=f"alive at 6, 12 and 24 months: 27, 6 and 2%, {_ERA}"),
    ),
    source=Source(
        citation="Katagiri H et al. Cancer Med 2014;3:1359-1367", doi="10.1002/cam4.292", doi_status="read", check_status=REMEMBERED,
        check_note="the six factors and the survival of the outer groups are read in the abstract; the points of each item and the "
        "laboratory cut-offs are remembered", date_read=_TODAY,
    ),
    notes=(
        "in 616 patients irradiated for bone metastases three survival figures a group were 94, 78 and 61% (0 to 3), 68, 49 and 31% "
        "(4 to 6), 39, 22 and 9% (7 to 10); the abstract names four times (doi:10.1186/s13014-019-1218-z)",
        "patients treated from 2005 to 2008",
        "disseminated: pleural, peritoneal or leptomeningeal",
    ),
)  # fmt: skip
katagiri_array, katagiri_frame = forms(KATAGIRI)


def katagiri(**inputs: Any) -> Assessment:
    """In which group of Katagiri's score of 0 to 10 is a patient with skeletal metastases?

    inputs : primary, hormone_dependent (breast, prostate), targeted_drug (lung), visceral ("none", "nodular", "disseminated"),
    crp_mg_per_dl, ldh_iu_per_l, albumin_g_per_dl, platelets_10e9_per_l, calcium_mg_per_dl, bilirubin_mg_per_dl, ecog,
    previous_chemotherapy, multiple_skeletal_metastases. Source: [katagiri2014].

    >>> katagiri(primary="renal", visceral="nodular", platelets_10e9_per_l=90, ecog=3, previous_chemotherapy="yes",
    ...          multiple_skeletal_metastases="yes").category
    '7 to 10'
    """
    return KATAGIRI.assess(**inputs)


# ---------------------------------------------------------------- Tokuhashi, Tomita

_TOKUHASHI = {
    **dict.fromkeys(("lung", "osteosarcoma", "gastric", "bladder", "oesophageal", "pancreatic"), (0, 0)),
    **dict.fromkeys(("hepatocellular", "gallbladder", "unknown primary"), (1, 1)),
    **dict.fromkeys(("renal", "uterus", "endometrial", "cervical"), (3, 3)),
    **dict.fromkeys(("thyroid", "breast", "prostate", "carcinoid"), (5, 5)),
    "rectum": (4, 4),
    "colorectal": (2, 4),
}  # every other primary: 2


def _tokuhashi_primary(given: Mapping[str, Any]) -> Points:
    name = primary_tumour(given["primary"])
    return (0, 5) if name is None else _TOKUHASHI.get(name, (2, 2))


TOKUHASHI = point_score(
    id="tokuhashi",
    title="Tokuhashi score, revised 2005",
    items=(
        banded("kps", "Karnofsky status", ((0, 0), (50, 1), (80, 2)), _KPS, step=10),
        banded("extraspinal_bone_metastases", "bone metastases outside the spine", ((0, 2), (1, 1), (3, 0)), (0, 1000), step=1),
        banded("vertebral_metastases", "vertebrae with metastases", ((1, 2), (2, 1), (3, 0)), (1, 30), step=1),
        choice("major_organs", "metastases of major organs", {"none": 2, "removable": 1, "unremovable": 0}, {"no": "none"}),
        Item(name="primary", inputs=(_PRIMARY,), points=_tokuhashi_primary, low=0, high=5),
        choice("frankel", "palsy by Frankel", {"A": 0, "B": 0, "C": 1, "D": 1, "E": 2}),
    ),
    groups=(
        Group(low=0, high=8, label="0 to 8", meaning=f"expected survival below 6 months, {_ERA}"),
        Group(low=9, high=11, label="9 to 11", meaning=f"expected survival 6 months or more, {_ERA}"),
        Group(low=12, high=15, label="12 to 15", meaning=f"expected survival 12 months or more, {_ERA}"),
    ),
    source=Source(
        citation="Tokuhashi Y et al. Spine 2005;30:2186-2191", check_status=READ, date_read=_TODAY,
        check_note="points read on pages that cite the paper; one page prints the survival of the groups the wrong way round",
    ),
    notes=("spinal metastases; fewer points are worse",),
)  # fmt: skip
tokuhashi_array, tokuhashi_frame = forms(TOKUHASHI)


def tokuhashi(**inputs: Any) -> Assessment:
    """In which group of the revised Tokuhashi score of 0 to 15 is a patient with spinal metastases?

    inputs : kps, extraspinal_bone_metastases (number), vertebral_metastases (number), major_organs ("none", "removable", "unremovable"),
    primary, frankel ("A" to "E"). Source: [tokuhashi2005].

    >>> tokuhashi(kps=80, extraspinal_bone_metastases=0, vertebral_metastases=1, major_organs="none", primary="breast", frankel="E").value
    15.0
    """
    return TOKUHASHI.assess(**inputs)


TOMITA = point_score(
    id="tomita",
    title="Tomita score (2001)",
    items=(
        choice("growth", "growth of the primary", {"slow": 1, "moderate": 2, "rapid": 4, "unknown primary": 4}),
        choice("visceral", "visceral metastases", {"none": 0, "treatable": 2, "untreatable": 4}, {"no": "none"}),
        choice("bone", "bone metastases", {"solitary": 1, "multiple": 2}),
    ),
    groups=(
        Group(low=2, high=3, label="2 or 3", meaning="wide or marginal excision in that paper's strategy"),
        Group(low=4, high=5, label="4 or 5", meaning="marginal or intralesional excision in that paper's strategy"),
        Group(low=6, high=7, label="6 or 7", meaning="palliative surgery in that paper's strategy"),
        Group(low=8, high=10, label="8 to 10", meaning="supportive care in that paper's strategy"),
    ),
    source=Source(
        citation="Tomita K et al. Spine 2001;26:298-306 (PMID 11224867)", check_status=READ,
        check_note="points read in an audit of calculators that cites the paper",
    ),
    notes=("a surgical strategy of 2001 for spinal metastases; more points are worse",),
)  # fmt: skip
tomita_array, tomita_frame = forms(TOMITA)


def tomita(growth: Any = None, visceral: Any = None, bone: Any = None) -> Assessment:
    """In which group of Tomita's score of 2 to 10 is a patient with spinal metastases?

    growth : of the primary, "slow", "moderate", "rapid" or "unknown primary".  visceral : "none", "treatable", "untreatable".
    bone : "solitary" or "multiple". Source: [tomita2001].

    >>> tomita("rapid", "none", "multiple").category, tomita("slow", "none").attainable
    ('6 or 7', ('2 or 3',))
    """
    return TOMITA.assess(growth=growth, visceral=visceral, bone=bone)


# ---------------------------------------------------------------- side by side

MODELS: dict[str, ClinicalDefinition] = {
    one.id: one for one in (NRF, TEACHH, VAN_DER_LINDEN, KATAGIRI, TOKUHASHI, TOMITA)
}
# groups from the worst to the best survival
_WORST_FIRST = {
    "nrf": ("III (3)", "II (2)", "I (0 or 1)"),
    "teachh": ("C (5 or 6)", "B (2 to 4)", "A (0 or 1)"),
    "van_der_linden": ("A (0 to 3)", "B (4 or 5)", "C (6)"),
    "katagiri": ("7 to 10", "4 to 6", "0 to 3"),
    "tokuhashi": ("0 to 8", "9 to 11", "12 to 15"),
}
NOT_OFFERED = {
    "SORG-ML": "90-day and 1-year mortality; a machine-learning model that its authors offer as a web application",
    "PATHFx 3.0": "1 to 24 months after surgery; a Bayesian network without open parameters",
    "BMETS": "survival at consultation for palliative radiotherapy; a random survival forest of 27 inputs, web only",
}


def prognoses(models: tuple[str, ...] = ("nrf", "teachh"), **inputs: Any) -> tuple[Assessment, ...]:
    """Several models side by side, from one set of inputs; each takes those it knows. They are never averaged.

    A note on each says where two models are more than one group apart.

    >>> [one.category for one in prognoses(primary="breast", kps=90, metastases_other_than_bone="no", ecog=1, age_years=50,
    ...     palliative_chemotherapy_courses=0, hospitalised_in_3_months="no", hepatic_metastases="no")]
    ['I (0 or 1)', 'A (0 or 1)']
    """
    from dataclasses import replace

    chosen = [MODELS[one_of("model", name, MODELS)] for name in models]
    every = {name for one in MODELS.values() for name in one.names}
    for name in inputs:
        one_of("input", name, sorted(every))
    found = [one.assess(**{name: value for name, value in inputs.items() if name in one.names}) for one in chosen]
    ranks = {
        one.definition: _WORST_FIRST[one.definition].index(one.category)
        for one in found
        if one.category and one.definition in _WORST_FIRST
    }
    if ranks and max(ranks.values()) - min(ranks.values()) > 1:
        said = "the models are more than one group apart: look at each, they are not averaged"
        found = [replace(one, notes=(said, *one.notes)) for one in found]
    return tuple(found)
