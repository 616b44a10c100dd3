"""Pain scores of different scales brought to points from 0 (no pain) to 10 (worst pain).

The table is closed: a scale is here with its range, direction, source and check status, or it is refused. Moving a
score to another range is arithmetic; it does not make two instruments the same. Where the bridge is weak the scale has
a caution, which belongs in the notes of whatever is computed.

check_status of range and direction: "[R]" read in a stored abstract or page ("[R, secondary]" in a paper that
applies it), "[M]" well-known published fact restated from memory, to be checked against the source before release,
"[?]" uncertain.
Sources
    [hjermstad2011]  Hjermstad MJ et al. J Pain Symptom Manage 2011;41:1073-1093. doi:10.1016/j.jpainsymman.2010.08.016
    [lund2005]       Lund I et al. BMC Med Res Methodol 2005;5:31. doi:10.1186/1471-2288-5-31
    [chow2012]       Chow E et al. (International Consensus). Int J Radiat Oncol Biol Phys 2012;82:1730-1737
    [cleeland1994]   Cleeland CS, Ryan KM. Ann Acad Med Singap 1994;23:129-138; Brief Pain Inventory User Guide
    [fayers2001]     Fayers P et al. EORTC QLQ-C30 Scoring Manual, 3rd ed. Brussels: EORTC, 2001
    [groenvold2006]  Groenvold M et al. Eur J Cancer 2006;42:55-64 (QLQ-C15-PAL)
    [chow2009]       Chow E et al. Eur J Cancer 2009;45:1146-1152. doi:10.1016/j.ejca.2008.11.013 (QLQ-BM22)
    [ware1992]       Ware JE, Sherbourne CD. Med Care 1992;30:473-483 (SF-36)
    [melzack1987]    Melzack R. Pain 1987;30:191-197 (short-form McGill Pain Questionnaire)
    [herdman2011]    Herdman M et al. Qual Life Res 2011;20:1727-1736 (EQ-5D-5L)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.options import one_of

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PainScale:
    """One scale: its range, its direction and where that is written.

    name : our name, with range and unit.  low, high : the ends of the scale.  higher_is : "worse" or "better".
    step : 1 for whole numbers, 0 for a continuous line or a mean of items.  refused : why there is no linear map, or
    "".
    caution : what a reader must know where scores of this scale stand beside a 0 to 10 rating.
    """

    name: str
    title: str
    low: float
    high: float
    higher_is: str = "worse"
    step: float = 0.0
    refused: str = ""
    caution: str = ""
    source: str
    check_status: str

    @property
    def span(self) -> float:
        """high - low, in the unit of the scale."""
        return self.high - self.low

    @property
    def points_per_unit(self) -> float:
        """Points of 0 to 10 for one unit of the scale; negative where higher is better."""
        return (10.0 if self.higher_is == "worse" else -10.0) / self.span

    def to_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __str__(self) -> str:
        head = f"{self.name}: {self.title}, {self.low:g} to {self.high:g}, higher is {self.higher_is}"
        tail = f"; not convertible: {self.refused}" if self.refused else ""
        return f"{head} {self.check_status} {self.source}{tail}"


def _scale(name: str, title: str, low: float, high: float, source: str, check_status: str, **more: Any) -> PainScale:
    return PainScale(name=name, title=title, low=low, high=high, source=source, check_status=check_status, **more)


def _bpi(item: str) -> PainScale:
    return _scale(f"BPI {item}", f"Brief Pain Inventory, {item} pain", 0, 10, "[cleeland1994]", "[M]", step=1)


def _verbal(name: str, title: str, low: float, high: float, source: str, check_status: str) -> PainScale:
    reason = "its steps are ordered words, not equal distances; keep it as categories"
    return _scale(name, title, low, high, source, check_status, step=1, refused=reason)


_VAS = "scores can lie systematically above an NRS in the same patients; thresholds for whole numbers do not apply"
_TWO_ITEMS = "mixes pain intensity with its interference with daily life; not a rating of worst pain"
_INTERFERENCE = "it measures what pain hinders, not how strong it is"

_MEAN_OF_4 = "a mean of worst, least, average and present pain: at most the worst pain of the same patients"
_RELIEF = "relief says how much better, not how strong the pain is"
_SITES = "it adds up body sites; it does not rate one pain"
_KIND = "it asks for the kind and course of pain, not for its intensity"
_CLEELAND, _VERBAL = "[cleeland1994]", "[hjermstad2011] [lund2005]"

_ALL = (
    _scale("NRS 0-10", "numerical rating scale", 0, 10, "[chow2012]", "[R, secondary]", step=1),
    _scale("NRS 0-100", "numerical rating scale (NRS-101)", 0, 100, "[hjermstad2011]", "[R]", step=1),
    _scale("NRS 0-5", "numerical rating scale (NRS-6)", 0, 5, "[hjermstad2011]", "[M]", step=1),
    _scale("VAS 0-100 mm", "visual analogue scale", 0, 100, "[hjermstad2011]", "[M]", caution=_VAS),
    _scale("VAS 0-10 cm", "visual analogue scale", 0, 10, "[hjermstad2011]", "[M]", caution=_VAS),
    _bpi("worst"),
    _bpi("least"),
    _bpi("average"),
    _bpi("now"),
    _scale("BPI severity", "Brief Pain Inventory, mean of four items", 0, 10, _CLEELAND, "[M]", caution=_MEAN_OF_4),
    _scale("BPI interference", "Brief Pain Inventory, interference", 0, 10, _CLEELAND, "[M]", refused=_INTERFERENCE),
    _scale("BPI relief", "Brief Pain Inventory, relief by treatment in %", 0, 100, _CLEELAND, "[M]", refused=_RELIEF,
           higher_is="better"),
    _scale("QLQ-C30 pain", "EORTC QLQ-C30, items 9 and 19", 0, 100, "[fayers2001]", "[M]", caution=_TWO_ITEMS),
    _scale("QLQ-C15-PAL pain", "EORTC QLQ-C15-PAL, items 5, 12", 0, 100, "[groenvold2006]", "[M]", caution=_TWO_ITEMS),
    _scale("QLQ-BM22 painful sites", "EORTC QLQ-BM22, items 31-35", 0, 100, "[chow2009]", "[M]", refused=_SITES),
    _scale("QLQ-BM22 pain characteristics", "EORTC QLQ-BM22, items 36-38", 0, 100, "[chow2009]", "[M]", refused=_KIND),
    _scale("SF-36 bodily pain", "SF-36, two items", 0, 100, "[ware1992]", "[M]", caution=_TWO_ITEMS,
           higher_is="better"),
    _verbal("VRS-4", "verbal rating scale, four words", 0, 3, _VERBAL, "[R]"),
    _verbal("VRS-5", "verbal rating scale, five words", 0, 4, _VERBAL, "[R]"),
    _verbal("VRS-6", "verbal rating scale, six words", 0, 5, _VERBAL, "[R]"),
    _verbal("McGill PPI", "McGill present pain intensity, six words", 0, 5, "[melzack1987]", "[M]"),
    _verbal("EQ-5D-5L pain", "EQ-5D-5L pain/discomfort level", 1, 5, "[herdman2011]", "[M]"),
)  # fmt: skip

PAIN_SCALES: dict[str, PainScale] = {scale.name: scale for scale in _ALL}

# folded spelling -> name; only spellings that leave no doubt about range and unit
SPELLINGS: dict[str, str] = {
    "nrs": "NRS 0-10", "nrs-11": "NRS 0-10", "nrs 11": "NRS 0-10", "nrs-101": "NRS 0-100", "nrs-6": "NRS 0-5",
    "vas mm": "VAS 0-100 mm", "vas 100 mm": "VAS 0-100 mm", "vas 0-100": "VAS 0-100 mm",
    "vas cm": "VAS 0-10 cm", "vas 10 cm": "VAS 0-10 cm", "vas 0-10": "VAS 0-10 cm",
    "bpi worst pain": "BPI worst", "bpi average pain": "BPI average", "bpi least pain": "BPI least",
    "bpi pain now": "BPI now", "bpi current": "BPI now", "sf-36 bp": "SF-36 bodily pain",
    "qlq-c30 pa": "QLQ-C30 pain", "ppi": "McGill PPI",
}  # fmt: skip
# scale families that name no range: refused with the members to choose from
FAMILIES: dict[str, tuple[str, ...]] = {
    "vas": ("VAS 0-100 mm", "VAS 0-10 cm"),
    "vrs": ("VRS-4", "VRS-5", "VRS-6"),
    "bpi": ("BPI worst", "BPI least", "BPI average", "BPI now", "BPI severity"),
}


def pain_scale_of(name: str) -> PainScale:
    """The scale of that name, in any case and with common spellings; a name that leaves the range open is refused.

    >>> print(pain_scale_of("vas mm"))
    VAS 0-100 mm: visual analogue scale, 0 to 100, higher is worse [M] [hjermstad2011]
    >>> pain_scale_of("VAS")
    Traceback (most recent call last):
    ...
    ostealgia.errors.OptionError: scale='VAS' does not name its range. Write one of 'VAS 0-100 mm', 'VAS 0-10 cm'.
    """
    if name in PAIN_SCALES:
        return PAIN_SCALES[name]
    folded = " ".join(str(name).replace("\u2013", "-").replace("_", " ").casefold().split())
    known = {scale.casefold(): scale for scale in PAIN_SCALES} | SPELLINGS
    if folded in known:
        return PAIN_SCALES[known[folded]]
    if folded in FAMILIES:
        members = ", ".join(repr(member) for member in FAMILIES[folded])
        raise OptionError(f"scale={name!r} does not name its range. Write one of {members}.")
    listed = ", ".join(repr(scale) for scale in PAIN_SCALES)
    raise OptionError(f"scale={name!r} is not one of {listed}.{suggestion(name, PAIN_SCALES)}")


def conversion_note(scale: str | PainScale) -> str:
    """The sentence that goes with converted scores: what was done, and the caution of the scale.

    >>> conversion_note("NRS 0-100")
    'NRS 0-100 (0 to 100, higher is worse) brought to points of 0 to 10 by a linear map'
    """
    found = pain_scale_of(scale) if isinstance(scale, str) else scale
    done = f"{found.name} ({found.low:g} to {found.high:g}, higher is {found.higher_is}) brought to points of 0 to 10"
    return f"{done} by a linear map" + (f"; {found.caution}" if found.caution else "")


# what is converted -> lowest and highest possible value on the scale
LIMITS: dict[str, Callable[[PainScale], tuple[float, float]]] = {
    "value": lambda scale: (scale.low, scale.high),
    "change": lambda scale: (-scale.span, scale.span),
    # n values within a width have an SD of at most half of it times sqrt(n/(n - 1)), largest for n = 2; the width of
    # changes is twice that of scores
    "sd": lambda scale: (0.0, scale.span * math.sqrt(0.5)),
    "sd of change": lambda scale: (0.0, scale.span * math.sqrt(2.0)),
}
CONVERT: dict[str, Callable[[Array, PainScale], Array]] = {
    "value": lambda x, scale: (x - (scale.low if scale.higher_is == "worse" else scale.high)) * scale.points_per_unit,
    "change": lambda x, scale: x * scale.points_per_unit,
    "sd": lambda x, scale: x * abs(scale.points_per_unit),
    "sd of change": lambda x, scale: x * abs(scale.points_per_unit),
}
WORDS = {
    "value": "a score",
    "change": "a change of scores",
    "sd": "an SD of scores",
    "sd of change": "an SD of changes",
}
SD_OF = {"values": "sd", "changes": "sd of change"}


def _convert(x: ArrayLike, scale: str | PainScale, kind: str) -> Any:
    found = pain_scale_of(scale) if isinstance(scale, str) else scale
    one_of("kind", kind, CONVERT)
    if found.refused:
        raise OptionError(f"scale={found.name!r} has no linear way to points of 0 to 10: {found.refused}.")
    values = np.asarray(x, dtype=float)
    low, high = LIMITS[kind](found)
    slack = 1e-9 * found.span
    wrong = np.flatnonzero((values < low - slack) | (values > high + slack))
    if wrong.size:
        at = int(wrong[0])
        where = f" (value {at + 1} of {values.size})" if values.size > 1 else ""
        raise TableError(
            f"{WORDS[kind]} on {found.name} is out of range{where}", found=f"{values.ravel()[at]:g}",
            expected=f"{low:.4g} to {high:.4g}", action="Check the value and the name of the scale.",
        )  # fmt: skip
    return (CONVERT[kind](values, found) + 0.0)[()]


def to_nrs_0_10(values: ArrayLike, scale: str | PainScale) -> Any:
    """Scores (or means of scores) as points from 0, no pain, to 10, worst pain.

    values : number or array in the unit of the scale; NaN stays NaN.  scale : a name of PAIN_SCALES.
    10 (x - low)/(high - low), or 10 (high - x)/(high - low) where higher is better.
    Errors: TableError for a value outside the scale, OptionError for an unknown scale or one without equal distances.

    >>> to_nrs_0_10([0, 35, 100], "VAS 0-100 mm").tolist()
    [0.0, 3.5, 10.0]
    >>> float(to_nrs_0_10(80, "SF-36 bodily pain"))
    2.0
    """
    return _convert(values, scale, "value")


def change_to_nrs_0_10(changes: ArrayLike, scale: str | PainScale) -> Any:
    """Changes (after minus before) and mean differences as points of 0 to 10: negative is less pain on every scale.

    changes : number or array in the unit of the scale. Limits of an interval change places where higher is better.

    >>> float(change_to_nrs_0_10(-27, "VAS 0-100 mm")), float(change_to_nrs_0_10(15, "SF-36 bodily pain"))
    (-2.7, -1.5)
    """
    return _convert(changes, scale, "change")


def sd_to_nrs_0_10(sds: ArrayLike, scale: str | PainScale, *, of: str = "values") -> Any:
    """SDs (and standard errors) as points of 0 to 10; the direction of the scale does not matter.

    of : "values" or "changes", what it is an SD of. An SD above what any sample can have is refused: 0.71 of the
    range of the scale for values, 1.41 for changes (both reached by two patients at opposite ends).

    >>> sd_to_nrs_0_10([20.0, 25.0], "VAS 0-100 mm").tolist()
    [2.0, 2.5]
    """
    return _convert(sds, scale, SD_OF[one_of("of", of, SD_OF)])
