"""Screens of neuropathic pain (DN4, S-LANSS, painDETECT) and the complexity of cancer pain (ECS-CP).

Item numbers and scoring only: the texts belong to their owners, and users need their permission. A screen is no diagnosis.
Sources
    [bouhassira2005]  Bouhassira D et al. Pain 2005;114:29-36. doi:10.1016/j.pain.2004.12.010 (DN4)
    [bennett2005]     Bennett MI et al. J Pain 2005;6:149-158. doi:10.1016/j.jpain.2004.11.007 (S-LANSS)
    [freynhagen2006]  Freynhagen R et al. Curr Med Res Opin 2006;22:1911-1920. doi:10.1185/030079906X132488 (painDETECT)
    [fainsinger2010]  Fainsinger RL et al. Eur J Cancer 2010;46:2896-2904 (ECS-CP)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ostealgia.clinical.assessment import (
    READ,
    REMEMBERED,
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
from ostealgia.clinical.point_score import Group
from ostealgia.errors import OptionError

_TODAY = "2026-11-22"
_SCREEN = "a screen, no diagnosis; validated mostly outside cancer"


def _screen(
    id: str, title: str, weights: Sequence[int], limits: tuple[int, int], groups: Sequence[Group], source: Source
) -> ClinicalDefinition:
    """A screen given by its total, or by its items answered yes or no (item_1, item_2, ...)."""
    names = [f"item_{i}" for i in range(1, len(weights) + 1)]

    def evaluate(given: Mapping[str, Any]) -> Outcome:
        total = number("total", given["total"], *limits)
        if total is not None and total % 1:
            raise OptionError("total is not a whole number.")
        answers = [yes_no(name, given[name]) for name in names]
        missing = tuple(name for name, one in zip(names, answers, strict=True) if one is None)
        low = sum(weight for weight, one in zip(weights, answers, strict=True) if one)
        high = low + sum(weight for weight, one in zip(weights, answers, strict=True) if one is None)
        if not weights or len(missing) == len(names):
            low, high, missing = (limits[0], limits[1], ("total",)) if total is None else (int(total), int(total), ())
        elif total is not None and not low <= total <= high:
            raise OptionError("total does not fit the items. Give one of them.")
        elif total is not None:
            low, high, missing = int(total), int(total), ()
        labels = tuple(group.label for group in groups if group.low <= high and group.high >= low)
        return Outcome(
            value=float(low) if low == high else float("nan"), low=float(low), high=float(high),
            category=labels[0] if len(labels) == 1 else "", attainable=labels, missing=missing,
        )  # fmt: skip

    inputs = [Input(name="total", title="total", values=f"{limits[0]} to {limits[1]}")]
    inputs += [
        Input(name=name, title=f"item {i} ({w})", values="yes | no")
        for i, (name, w) in enumerate(zip(names, weights, strict=True), 1)
    ]
    return ClinicalDefinition(
        id=id, title=title, value_name="points", inputs=tuple(inputs), source=source, evaluate=evaluate,
        meanings={group.label: group.meaning for group in groups}, notes=(_SCREEN,),
    )  # fmt: skip


DN4 = _screen(
    "dn4", "DN4", (1,) * 10, (0, 10),
    (
        Group(low=0, high=3, label="below 4", meaning="neuropathic pain not suggested"),
        Group(low=4, high=10, label="4 or more", meaning="neuropathic pain suggested"),
    ),
    Source(
        citation="Bouhassira D et al. Pain 2005;114:29-36", doi="10.1016/j.pain.2004.12.010", doi_status="remembered",
        check_status=REMEMBERED, check_note="its ten items of one point are read in a review (PMC7136290), the cut-off is remembered",
        date_read=_TODAY,
    ),
)  # fmt: skip
S_LANSS = _screen(
    "s_lanss", "S-LANSS", (5, 5, 3, 2, 1, 5, 3), (0, 24),
    (
        Group(low=0, high=11, label="below 12", meaning="pain of predominantly neuropathic origin not suggested"),
        Group(low=12, high=24, label="12 or more", meaning="pain of predominantly neuropathic origin suggested"),
    ),
    Source(
        citation="Bennett MI et al. J Pain 2005;6:149-158", doi="10.1016/j.jpain.2004.11.007", doi_status="read", check_status=READ,
        check_note="points and cut-off of the LANSS read in a review (PMC7136290); that those of its self-report version are the same is "
        "remembered", date_read=_TODAY,
    ),
)  # fmt: skip
PAIN_DETECT = _screen(
    "pain_detect", "painDETECT", (), (-1, 38),
    (
        Group(low=-1, high=12, label="12 or less", meaning="neuropathic component unlikely (below 15% in the source)"),
        Group(low=13, high=18, label="13 to 18", meaning="unclear"),
        Group(low=19, high=38, label="19 or more", meaning="neuropathic component likely (above 90% in the source)"),
    ),
    Source(
        citation="Freynhagen R et al. Curr Med Res Opin 2006;22:1911-1920", doi="10.1185/030079906X132488", doi_status="read",
        check_status=READ, check_note="range and cut-offs read in appraisals that cite the paper; one misprints the upper cut-off",
        date_read=_TODAY,
    ),
)  # fmt: skip
dn4_array, dn4_frame = forms(DN4)
s_lanss_array, s_lanss_frame = forms(S_LANSS)
pain_detect_array, pain_detect_frame = forms(PAIN_DETECT)


def dn4(total: Any = None, **items: Any) -> Assessment:
    """Does the DN4 of 0 to 10 suggest neuropathic pain (4 or more)?

    total : or item_1 to item_10, yes or no; with items missing the attainable range is told. Source: [bouhassira2005].

    >>> dn4(5).category, dn4(item_1="yes", item_2="yes").attainable
    ('4 or more', ('below 4', '4 or more'))
    """
    return DN4.assess(total=total, **items)


def s_lanss(total: Any = None, **items: Any) -> Assessment:
    """Does the S-LANSS of 0 to 24 suggest pain of predominantly neuropathic origin (12 or more)?

    total : or item_1 to item_7, yes or no. Source: [bennett2005].

    >>> s_lanss(item_1="yes", item_2="yes", item_3="yes").category
    '12 or more'
    """
    return S_LANSS.assess(total=total, **items)


def pain_detect(total: Any = None) -> Assessment:
    """Does painDETECT of -1 to 38 suggest a neuropathic component (19 or more)? Source: [freynhagen2006].

    >>> pain_detect(15).category
    '13 to 18'
    """
    return PAIN_DETECT.assess(total=total)


# ---------------------------------------------------------------- ECS-CP

ECS_CP_CODES: dict[str, dict[str, str]] = {
    "mechanism": {
        "No": "no pain syndrome", "Nc": "nociceptive", "Ne": "neuropathic, with or without nociceptive", "Nx": "not enough information",
    },
    "incident": {"Io": "no incident pain", "Ii": "incident pain", "Ix": "not enough information"},
    "distress": {"Po": "no psychological distress", "Pp": "psychological distress", "Px": "not enough information"},
    "addictive": {"Ao": "no addictive behaviour", "Aa": "addictive behaviour", "Ax": "not enough information"},
    "cognition": {
        "Co": "cognition not impaired", "Ci": "partly impaired", "Cu": "fully impaired", "Cx": "not enough information",
    },
}  # fmt: skip
# features that went with more days to stable pain control
ECS_CP_COMPLEX = {"Ne": "neuropathic pain", "Ii": "incident pain", "Pp": "psychological distress"}


def _ecs_cp(given: Mapping[str, Any]) -> Outcome:
    codes = {name: word(name, given[name], tuple(table)) for name, table in ECS_CP_CODES.items()}
    missing = tuple(name for name, code in codes.items() if code is None or code.endswith("x"))
    complete = all(codes.values())
    shown = " ".join(str(code) for code in codes.values())
    found = [ECS_CP_COMPLEX[code] for code in codes.values() if code in ECS_CP_COMPLEX]
    notes = (f"linked to more days to stable pain control in the source: {', '.join(found)}",) if found else ()
    return Outcome(
        category=shown if complete else "", attainable=(shown,) if complete else (), missing=missing, notes=notes
    )


ECS_CP = ClinicalDefinition(
    id="ecs_cp", title="Edmonton Classification System for Cancer Pain (ECS-CP)", value_name="",
    inputs=tuple(
        Input(name=name, title=name, values="; ".join(f"{code} {words}" for code, words in table.items()))
        for name, table in ECS_CP_CODES.items()
    ),
    source=Source(
        citation="Fainsinger RL et al. Eur J Cancer 2010;46:2896-2904; administration manual 2019", check_status=READ,
        check_note="the five features and their association are read; the letters of the codes are remembered", date_read=_TODAY,
    ),
    evaluate=_ecs_cp, notes=("five descriptions, not a sum; younger age and pain intensity were linked as well",),
)  # fmt: skip
ecs_cp_array, ecs_cp_frame = forms(ECS_CP)


def ecs_cp(
    mechanism: Any = None, incident: Any = None, distress: Any = None, addictive: Any = None, cognition: Any = None
) -> Assessment:
    """The complexity of a cancer pain in five codes, in the order mechanism, incident pain, distress, addictive behaviour, cognition.

    Codes: see ``ECS_CP_CODES``; a code with x is recorded as not enough information. Source: [fainsinger2010].

    >>> ecs_cp("Ne", "Ii", "Po", "Ao", "Co").category
    'Ne Ii Po Ao Co'
    """
    return ECS_CP.assess(
        mechanism=mechanism, incident=incident, distress=distress, addictive=addictive, cognition=cognition
    )
