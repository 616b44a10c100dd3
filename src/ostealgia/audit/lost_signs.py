"""Did the text of a paper lose its minus and comparison signs? "211 mm Hg (24 to 218)" was -11 (-4 to -18), "p,0.02" was P < 0.02.

Signs of a symbol font become digits and commas where a text was taken from a page. What rests on a sign cannot be judged then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ostealgia.audit.finding import Finding
from ostealgia.audit.rules.confidence import ci_vs_point
from ostealgia.io.documents import gates

SIGNED = frozenset(
    [
        "ci-vs-point",
        "p-vs-ci",
        "p-vs-statistic",
        "direction-vs-claim",
        "claim-vs-evidence",
        "quantile-order",
        "scale-bound",
        "precision-bound",
        "events-bound",
        "double-exponentiation",
        "cross-reference",
        "t-vs-summary",
        "chi2-vs-counts",
    ]
)
NOTE = "the text seems to have lost its minus or comparison signs (a minus may stand as 2, a less-than sign as a comma)"
_P_COMMA = re.compile(r"(?<![A-Za-z])p\s?(?:,\s?0?|5\s?0)\.\d", re.I)
_INTERVAL = re.compile(r"([\d.]+) \(([\d.]+) to ([\d.]+)\)")
ENOUGH = 2


def without_signs(plain: str, found: Sequence[Finding]) -> tuple[list[Finding], list[str]]:
    """The findings as they are; where the text lost its signs, those that rest on one are information, with a note.

    >>> without_signs("P < 0.05", [])
    ([], [])
    """
    commas = sum(1 for _ in gates.finditer(_P_COMMA, plain))
    mended = sum(_mended(finding) for finding in found)
    if commas < ENOUGH and mended < ENOUGH and not (commas and mended):
        return list(found), []
    return [_lowered(finding) if finding.rule in SIGNED else finding for finding in found], [NOTE]


def _lowered(finding: Finding) -> Finding:
    if not finding.flagged:
        return finding
    told = f"{finding.message}; {NOTE}"
    return replace(finding, severity="information", basis="judgement", message=told, repair=None)


def _mended(finding: Finding) -> bool:
    """Whether an interval that does not hold its estimate does so when the first 2 of each numeral is read as a minus."""
    off = finding.rule == "ci-vs-point" and finding.verdict in ("inconsistent", "impossible")
    shown = _INTERVAL.fullmatch(finding.reported or "") if off else None
    if shown is None or not all(part.startswith("2") and part[1:2].isdigit() for part in shown.groups()):
        return False
    point, low, high = (f"-{part[1:]}" for part in shown.groups())
    return not ci_vs_point(point, high, low, scale="difference").flagged
