"""Percentages that are estimates over time (Kaplan-Meier, cumulative incidence) and stand beside the raw counts.

Patients who leave early count in n but not in such an estimate, which is therefore above the share of the counts, never below it.
"""

from __future__ import annotations

from ostealgia.audit.checks.reading.text import loose, once
from ostealgia.audit.paper import Paper
from ostealgia.numerics.intervals import Printed

ESTIMATED = "the percentage may be an estimate over time (Kaplan-Meier, cumulative incidence), which is above that of the counts"
_METHOD = r"(?:kaplan|cumulative incidence|cumulative event|life[- ]table|actuarial|time[- ]to[- ](?:first )?event)"
_SAID = loose(
    rf"\b(?:percentages?|event rates?) (?:shown |given |reported |presented |listed )?(?:are|were|is|represent|denote)\b"
    rf"[^.;]{{0,60}}{_METHOD}"
)
_USED = loose(r"\bkaplan[- ]meier|\bcumulative incidences?\b|\blife[- ]tables?\b|\bactuarial\b")
_COMPARED = loose(r"\b(?:hazards? ratio|a?s?HR|log-? ?rank)\b")
BEHIND = 160  # characters behind a percentage in which its hazard ratio stands
MOST = 2.5  # times the share of the counts, up to which an estimate over time may lie above it


def over_time(paper: Paper, printed: Printed, share: float, place: tuple[int, int] | None = None) -> bool:
    """Whether a percentage above that of its counts may be an estimate over time.

    share : of the counts, in per cent.  place : characters of the sentence up to the percentage, where this stands first and the
    counts behind it ("45% (8/20)").  The paper says so of its percentages, or it makes such estimates and a hazard ratio or a
    log-rank test goes with this one.
    """
    if not share < printed.value <= max(MOST * share, share + 1):
        return False
    said, used = _methods(paper)
    if said or not used or place is None:
        return said
    return _COMPARED.search(paper.document.plain, place[0], place[1] + BEHIND) is not None


@once
def _methods(paper: Paper) -> tuple[bool, bool]:
    """Whether the paper says that its percentages are estimates over time; whether it makes any."""
    plain = paper.document.plain
    return _SAID.search(plain) is not None, _USED.search(plain) is not None
