"""Every definition of the room by name, in its three forms, and one table of their sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ostealgia.clinical.assessment import READ, Assessment, Assessments, ClinicalDefinition, Source
from ostealgia.options import one_of

if TYPE_CHECKING:
    import pandas as pd


@cache
def definitions() -> dict[str, ClinicalDefinition]:
    """Every definition by its id.

    >>> list(definitions())[:4]
    ['pain_response', 'pain_category', 'omed', 'ecog_of_karnofsky']
    """
    from ostealgia.clinical import established_definitions as old
    from ostealgia.clinical import laboratory_formulas as laboratory
    from ostealgia.clinical import pain_screens as screens
    from ostealgia.clinical import prognosis_scores as prognosis
    from ostealgia.clinical import radiobiology_doses as doses
    from ostealgia.clinical import stability_scores as stability

    listed = (
        old.PAIN_RESPONSE, old.PAIN_CATEGORY, old.OMED, old.ECOG_OF_KARNOFSKY, old.KARNOFSKY_OF_ECOG, old.CHARLSON, old.CTCAE_LABORATORY,
        stability.MIRELS, stability.SINS, stability.AXIAL_CORTICAL_INVOLVEMENT, stability.NOMS, doses.BED, doses.EQD2,
        *prognosis.MODELS.values(), screens.DN4, screens.S_LANSS, screens.PAIN_DETECT, screens.ECS_CP, laboratory.CORRECTED_CALCIUM,
        laboratory.COCKCROFT_GAULT,
    )  # fmt: skip
    return {one.id: one for one in listed}


def _of(name: str) -> ClinicalDefinition:
    return definitions()[one_of("definition", name, definitions())]


def assess(name: str, inputs: Mapping[str, Any] | None = None, /, **more: Any) -> Assessment:
    """The answer of a definition for one patient; see ``definitions()[name].inputs``.

    >>> assess("pain_response", pain_0=7, pain_1=5, omed_0=60).attainable
    ('PR', 'IR')
    """
    return _of(name).assess(**{**(inputs or {}), **more})


def assess_array(name: str, columns: Mapping[str, Any] | None = None, /, **more: Any) -> Assessments:
    """The answers of a definition for many patients: arrays (n,) in, ``Assessments`` out.

    >>> assess_array("nrf", primary=["lung", "breast"], kps=[50, 90], metastases_other_than_bone=["yes", None]).category.tolist()
    ['III (3)', 'I (0 or 1)']
    """
    return _of(name).assess_array(**{**(columns or {}), **more})


def assess_frame(name: str, frame: pd.DataFrame, *, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The frame with the columns of a definition added; columns : our input -> the frame's column."""
    return _of(name).assess_frame(frame, columns=columns)


def _others() -> list[tuple[str, str, Source]]:
    """Sources of what has no single definition object: response labels, questionnaires, opioid tables, pain flare, scales."""
    from ostealgia.clinical.established_definitions import OWNERS, STATUS
    from ostealgia.clinical.instruments import INSTRUMENTS
    from ostealgia.clinical.opioid_factors import opioid_tables
    from ostealgia.clinical.pain_response_rules import DEFINITIONS

    rows = [
        (f"response {one.label}", one.rule, _with_doi(one.source, STATUS[one.check_status]))
        for one in DEFINITIONS.values()
    ]
    rows += [(one.name, "scales and missing rules", OWNERS[one.source]) for one in INSTRUMENTS.values()]
    rows += [
        (
            f"opioid table {name}",
            "factors to oral morphine, each with its own check status",
            Source(citation=table.source, check_status=STATUS.get(table.check_status, table.check_status)),
        )
        for name, table in opioid_tables().items()
    ]
    flare = Source(
        citation="Chow E et al. Lancet Oncol 2015;16:1463-1472 (SC.23)", doi="10.1016/S1470-2045(15)00199-0", doi_status="remembered",
        check_status=READ,
    )  # fmt: skip
    rows.append(("pain_flare", "pain flare after radiotherapy", flare))
    return rows


# seen with the paper's title on a page, 2026-11-22
_DOIS_READ = frozenset({"10.1016/S0304-3959(01)00349-9", "10.1016/j.jpain.2007.09.005"})


def _with_doi(text: str, status: str) -> Source:
    """A source whose words hold its DOI."""
    found = re.search(r",? doi:(\S+?)(?=;|$)", text)
    if found is None:
        return Source(citation=text, check_status=status)
    citation = re.sub(r",? doi:\S+?(?=;|$)", "", text)
    return Source(
        citation=citation,
        doi=found[1],
        doi_status="read" if found[1] in _DOIS_READ else "remembered",
        check_status=status,
    )


def sources() -> pd.DataFrame:
    """One row a definition: definition, title, citation, doi, doi_status, check_status, check_note, date_read.

    check_status : "read in the source", "remembered" or "uncertain"; check_note says where it is mixed or another page was read.

    >>> sources().set_index("definition").loc["sins", "check_status"]
    'read in the source'
    """
    import pandas as pd

    rows = [(one.id, one.title, one.source) for one in definitions().values()] + _others()
    names = ("citation", "doi", "doi_status", "check_status", "check_note", "date_read")
    return pd.DataFrame(
        [
            {"definition": id, "title": title, **{name: getattr(source, name) for name in names}}
            for id, title, source in rows
        ]
    )
