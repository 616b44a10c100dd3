"""Scales of questionnaires: item numbers, ranges, directions and missing rules. No item text: it belongs to its owners.

Whoever uses a questionnaire needs its owner's licence. check_status: "read", "remembered" (published fact restated from memory) or
"uncertain".
Sources
    [fayers2001]     Fayers P et al. EORTC QLQ-C30 Scoring Manual, 3rd ed. Brussels: EORTC, 2001
    [giesinger2016]  Giesinger JM et al. J Clin Epidemiol 2016;69:79-88. doi:10.1016/j.jclinepi.2015.08.007
    [chow2009]       Chow E et al. Eur J Cancer 2009;45:1146-1152. doi:10.1016/j.ejca.2008.11.013 (QLQ-BM22)
    [groenvold2006]  Groenvold M et al. Eur J Cancer 2006;42:55-64. doi:10.1016/j.ejca.2005.06.022 (QLQ-C15-PAL)
    [cleeland1994]   Cleeland CS, Ryan KM. Ann Acad Med Singap 1994;23:129-138; Brief Pain Inventory User Guide
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ostealgia.errors import OptionError
from ostealgia.options import one_of


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One scale of a questionnaire.

    items : item names, in order.  low, high : of an answer.  direction : "function" (high is better), "symptom" (high is worse), "global"
    (high is better), or "mean" (the mean of the answers as it stands; high is worse).
    least : answered items that are needed.  title : what it measures.
    """

    name: str
    title: str
    items: tuple[str, ...]
    low: int
    high: int
    direction: str
    least: int

    @property
    def higher_is(self) -> str:
        """The words "better" or "worse"."""
        return "better" if self.direction in ("function", "global") else "worse"

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest possible score."""
        return (float(self.low), float(self.high)) if self.direction == "mean" else (0.0, 100.0)


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A questionnaire: its scales by name, its source and check status, and what must be said with its scores."""

    name: str
    scales: Mapping[str, Scale]
    source: str
    check_status: str
    prefix: str = "q"
    notes: tuple[str, ...] = ()

    @property
    def items(self) -> dict[str, tuple[int, int]]:
        """item -> lowest and highest answer."""
        return {item: (scale.low, scale.high) for scale in self.scales.values() for item in scale.items}


def _half(items: int) -> int:
    return (items + 1) // 2


def _scale(
    name: str,
    title: str,
    items: str,
    direction: str,
    *,
    low: int = 1,
    high: int = 4,
    least: int | None = None,
    prefix: str = "q",
) -> Scale:
    """A scale from "1-5, 9": the half rule unless ``least`` says otherwise."""
    numbers: list[str] = []
    for part in items.replace(" ", "").split(","):
        found = re.fullmatch(r"(\d+)-(\d+)", part)
        numbers += [str(n) for n in range(int(found[1]), int(found[2]) + 1)] if found else [part]
    named = tuple(f"{prefix}{number}" for number in numbers)
    return Scale(
        name=name, title=title, items=named, low=low, high=high, direction=direction, least=least or _half(len(named))
    )


def _by_name(*scales: Scale) -> dict[str, Scale]:
    return {scale.name: scale for scale in scales}


_C30 = _by_name(
    _scale("ql", "global health and quality of life", "29,30", "global", high=7),
    _scale("pf", "physical functioning", "1-5", "function"),
    _scale("rf", "role functioning", "6,7", "function"),
    _scale("ef", "emotional functioning", "21-24", "function"),
    _scale("cf", "cognitive functioning", "20,25", "function"),
    _scale("sf", "social functioning", "26,27", "function"),
    _scale("fa", "fatigue", "10,12,18", "symptom"),
    _scale("nv", "nausea and vomiting", "14,15", "symptom"),
    _scale("pa", "pain", "9,19", "symptom"),
    _scale("dy", "dyspnoea", "8", "symptom"),
    _scale("sl", "insomnia", "11", "symptom"),
    _scale("ap", "appetite loss", "13", "symptom"),
    _scale("co", "constipation", "16", "symptom"),
    _scale("di", "diarrhoea", "17", "symptom"),
    _scale("fi", "financial difficulties", "28", "symptom"),
)
_BM22 = _by_name(
    _scale("painful_sites", "painful sites", "31-35", "symptom"),
    _scale("pain_characteristics", "pain characteristics", "36-38", "symptom"),
    _scale("functional_interference", "functional interference", "39-46", "function"),
    _scale("psychosocial", "psychosocial aspects", "47-52", "function"),
)
_C15 = _by_name(
    _scale("raw_c15_pf", "physical functioning, linear (not the C30 metric)", "1-3", "function"),
    _scale("raw_c15_ef", "emotional functioning, linear (not the C30 metric)", "13,14", "function"),
    _scale("raw_c15_fa", "fatigue, linear (not the C30 metric)", "7,11", "symptom"),
    _scale("raw_c15_nv", "nausea, linear (not the C30 metric)", "9", "symptom"),
    _scale("pa", "pain", "5,12", "symptom"),
    _scale("dy", "dyspnoea", "4", "symptom"),
    _scale("sl", "insomnia", "6", "symptom"),
    _scale("ap", "appetite loss", "8", "symptom"),
    _scale("co", "constipation", "10", "symptom"),
    _scale("ql", "overall quality of life", "15", "global", high=7),
)
_BPI = _by_name(
    _scale("severity", "pain severity", "3,4,5,6", "mean", low=0, high=10, least=4, prefix="bpi"),
    _scale("worst", "worst pain", "3", "mean", low=0, high=10, prefix="bpi"),
    _scale("interference", "interference", "9a,9b,9c,9d,9e,9f,9g", "mean", low=0, high=10, least=4, prefix="bpi"),
)

INSTRUMENTS: dict[str, Instrument] = {
    one.name: one
    for one in (
        Instrument(name="QLQ-C30", scales=_C30, source="[fayers2001]", check_status="remembered"),
        Instrument(
            name="QLQ-BM22", scales=_BM22, source="[chow2009]", check_status="uncertain",
            notes=("QLQ-BM22: item numbers and the reversed item are not confirmed; none is reversed unless named by reverse=",),
        ),
        Instrument(
            name="QLQ-C15-PAL", scales=_C15, source="[groenvold2006]", check_status="remembered",
            notes=("QLQ-C15-PAL: the raw_c15 scales are linear scores; the C30 metric needs the look-up tables of the scoring addendum",),
        ),
        Instrument(name="BPI-SF", scales=_BPI, source="[cleeland1994]", check_status="remembered", prefix="bpi"),
    )
}  # fmt: skip
# scales of the QLQ-C30 summary score: all but global health and financial difficulties
SUMMARY = tuple(name for name in _C30 if name not in ("ql", "fi"))


def instrument_of(name: str) -> Instrument:
    """The questionnaire of that name. Raises OptionError with the names.

    >>> instrument_of("QLQ-C30").scales["pf"].items
    ('q1', 'q2', 'q3', 'q4', 'q5')
    """
    return INSTRUMENTS[one_of("instrument", name, INSTRUMENTS)]


# label -> upper ends of mild and moderate worst pain; above is severe, 0 is none
PAIN_CATEGORIES: dict[str, tuple[float, float, str]] = {
    "serlin1995": (4, 6, "Serlin RC et al. Pain 1995;61:277-284, doi:10.1016/0304-3959(94)00178-H (read)"),
    "mcdonald2016": (5, 6, "McDonald R et al. 2016, bone metastases (read)"),
}


def pain_category(worst_pain: float, *, cut_points: str) -> str:
    """The word "none", "mild", "moderate" or "severe" by a named set of cut points; the published sets differ.

    >>> pain_category(5, cut_points="serlin1995"), pain_category(5, cut_points="mcdonald2016")
    ('moderate', 'mild')
    """
    mild, moderate, _ = PAIN_CATEGORIES[one_of("cut_points", cut_points, PAIN_CATEGORIES)]
    if not 0 <= worst_pain <= 10:
        raise OptionError("worst_pain is outside 0 to 10.")
    if worst_pain == 0:
        return "none"
    return "mild" if worst_pain <= mild else "moderate" if worst_pain <= moderate else "severe"
