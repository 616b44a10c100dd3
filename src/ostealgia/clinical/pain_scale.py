"""Pain scores of different scales brought to points from 0 (no pain) to 10 (worst pain).

The table is closed: a scale is here with its range, direction, source and check status, or it is refused. Moving a
score to another range is arithmetic; it does not make two instruments the same. Where the bridge is weak the scale has
a caution, which belongs in the notes of whatever is computed.

check_status: "[R]" read in a stored abstract or page, "[M]" well-known fact restated from memory, to be checked against
the source before release, "[?]" uncertain.
Sources
    [hjermstad2011]  Hjermstad MJ et al. J Pain Symptom Manage 2011;41:1073-1093. doi:10.1016/j.jpainsymman.2010.08.016
    [dworkin2005]    Dworkin RH et al. (IMMPACT). Pain 2005;113:9-19. doi:10.1016/j.pain.2004.09.012
    [chow2012]       Chow E et al. Int J Radiat Oncol Biol Phys 2012;82:1730-1737. doi:10.1016/j.ijrobp.2011.02.008
    [cleeland1994]   Cleeland CS, Ryan KM. Ann Acad Med Singap 1994;23:129-138; Brief Pain Inventory User Guide (MD
    Anderson) [fayers2001]     Fayers P et al. EORTC QLQ-C30 Scoring Manual, 3rd ed. Brussels: EORTC, 2001
    [chow2009]       Chow E et al. Eur J Cancer 2009;45:1146-1152. doi:10.1016/j.ejca.2008.11.013 (QLQ-BM22)
    [ware1992]       Ware JE, Sherbourne CD. Med Care 1992;30:473-483. doi:10.1097/00005650-199206000-00002
    [lund2005]       Lund I et al. BMC Med Res Methodol 2005;5:31. doi:10.1186/1471-2288-5-31
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


def _verbal(name: str, title: str, high: float, source: str = "[hjermstad2011]", status: str = "[R]") -> PainScale:
    reason = "its steps are ordered words, not equal distances; keep it as categories"
    return _scale(name, title, 0, high, source, status, step=1, refused=reason)


_VAS = "scores can lie systematically above an NRS in the same patients; thresholds for whole numbers do not apply"
_TWO_ITEMS = "mixes pain intensity with its interference with daily life; not a rating of worst pain"
_INTERFERENCE = "it measures what pain hinders, not how strong it is"

_ALL = (
    _scale("NRS 0-10", "numerical rating scale", 0, 10, "[chow2012]", "[R]", step=1),
    _scale("NRS 0-100", "numerical rating scale (NRS-101)", 0, 100, "[hjermstad2011]", "[R]", step=1),
    _scale("NRS 0-5", "numerical rating scale (NRS-6)", 0, 5, "[hjermstad2011]", "[R]", step=1),
    _scale("VAS 0-100 mm", "visual analogue scale", 0, 100, "[hjermstad2011]", "[R]", caution=_VAS),
    _scale("VAS 0-10 cm", "visual analogue scale", 0, 10, "[hjermstad2011]", "[R]", caution=_VAS),
    _bpi("worst"), _bpi("least"), _bpi("average"), _bpi("now"),
    _scale("BPI severity", "Brief Pain Inventory, mean of the four intensity items", 0, 10, "[cleeland1994]", "[M]",
           caution="a mean of worst, least, average and present pain: lower than worst pain in the same patients"),
    _scale("BPI interference", "Brief Pain Inventory, mean of the seven interference items", 0, 10, "[cleeland1994]", "[M]",
           refused=_INTERFERENCE),
    _scale("BPI relief 0-100%", "Brief Pain Inventory, relief by treatment", 0, 100, "[cleeland1994]", "[M]",
           higher_is="better", refused="relief says how much better, not how strong the pain is"),
    _scale("QLQ-C30 pain", "EORTC QLQ-C30 pain scale (items 9 and 19)", 0, 100, "[fayers2001]", "[M]", caution=_TWO_ITEMS),
    _scale("QLQ-C15-PAL pain", "EORTC QLQ-C15-PAL pain scale (items 5 and 12)", 0, 100, "[fayers2001]", "[M]",
           caution=_TWO_ITEMS),
    _scale("QLQ-BM22 painful sites", "EORTC QLQ-BM22 painful sites", 0, 100, "[chow2009]", "[M]",
           refused="it adds up body sites; it does not rate one pain"),
    _scale("QLQ-BM22 pain characteristics", "EORTC QLQ-BM22 pain characteristics", 0, 100, "[chow2009]", "[M]",
           refused="it asks for the kind and course of pain, not for its intensity"),
    _scale("SF-36 bodily pain", "SF-36 bodily pain (two items)", 0, 100, "[ware1992]", "[M]", higher_is="better",
           caution=_TWO_ITEMS),
    _verbal("VRS-4", "verbal rating scale, four words", 3),
    _verbal("VRS-5", "verbal rating scale, five words", 4),
    _verbal("VRS-6", "verbal rating scale, six words", 5),
    _verbal("McGill PPI", "McGill present pain intensity, six words", 5, "[hjermstad2011]", "[M]"),
    _verbal("EQ-5D pain", "EQ-5D pain/discomfort level", 4, "[lund2005]", "[?]"),
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


def pain_scale(name: str) -> PainScale:
    """The scale of that name, in any case and with common spellings; a name that leaves the range open is refused.

    >>> print(pain_scale("vas mm"))
    VAS 0-100 mm: visual analogue scale, 0 to 100, higher is worse [R] [hjermstad2011]
    >>> pain_scale("VAS")
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


# what is converted -> lowest and highest possible value on the scale
LIMITS: dict[str, Callable[[PainScale], tuple[float, float]]] = {
    "value": lambda scale: (scale.low, scale.high),
    "change": lambda scale: (-scale.span, scale.span),
    # n values inside the range have an SD of at most half the range times sqrt(n/(n - 1)), largest for n = 2
    "sd": lambda scale: (0.0, scale.span * math.sqrt(0.5)),
}
CONVERT: dict[str, Callable[[Array, PainScale], Array]] = {
    "value": lambda x, scale: (x - (scale.low if scale.higher_is == "worse" else scale.high)) * scale.points_per_unit,
    "change": lambda x, scale: x * scale.points_per_unit,
    "sd": lambda x, scale: x * abs(scale.points_per_unit),
}
WORDS = {"value": "a score", "change": "a change of scores", "sd": "an SD of scores"}


def _convert(x: ArrayLike, scale: str | PainScale, kind: str) -> Any:
    found = pain_scale(scale) if isinstance(scale, str) else scale
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

    changes : number or array in the unit of the scale.  Also for standard errors and limits of a mean difference where
    higher is worse; where higher is better the limits change places.

    >>> float(change_to_nrs_0_10(-27, "VAS 0-100 mm")), float(change_to_nrs_0_10(15, "SF-36 bodily pain"))
    (-2.7, -1.5)
    """
    return _convert(changes, scale, "change")


def sd_to_nrs_0_10(sds: ArrayLike, scale: str | PainScale) -> Any:
    """SDs and standard errors, of scores or of changes, as points of 0 to 10; the direction of the scale does not matter.

    An SD above what any sample on the scale can have (0.71 of its range, at n = 2) is refused.

    >>> float(sd_to_nrs_0_10(23.0, "VAS 0-100 mm")), float(sd_to_nrs_0_10(23.0, "SF-36 bodily pain"))
    (2.3, 2.3)
    """
    return _convert(sds, scale, "sd")
