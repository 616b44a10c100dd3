"""Judgements and verdicts as a colour and a sign, so that they can be read in grey and by everyone."""

from __future__ import annotations

from dataclasses import dataclass

from ostealgia.plot import style


@dataclass(frozen=True, kw_only=True)
class Sign:
    """How one judgement is drawn: a sign, on a filled shape where there is one. legend : its name under the figure."""

    sign: str
    colour: str
    shape: str
    legend: str


JUDGEMENTS: dict[str, Sign] = {
    "low": Sign(sign="+", colour=style.GOOD, shape="o", legend="low"),
    "some concerns": Sign(sign="?", colour=style.WARN, shape="D", legend="some concerns"),
    "moderate": Sign(sign="?", colour=style.WARN, shape="D", legend="moderate"),
    "unclear": Sign(sign="?", colour=style.QUIET, shape="D", legend="unclear"),
    "high": Sign(sign="−", colour=style.BAD, shape="s", legend="high"),
    "serious": Sign(sign="−", colour=style.BAD, shape="s", legend="serious"),
    "critical": Sign(sign="×", colour=style.INK, shape="s", legend="critical"),
    "no information": Sign(sign="·", colour=style.QUIET, shape="o", legend="no information"),
}

VERDICTS: dict[str, Sign] = {
    "consistent": Sign(sign="✓", colour=style.GOOD, shape="", legend="consistent"),
    "rounding": Sign(sign="≈", colour=style.QUIET, shape="", legend="rounding"),
    "inconsistent": Sign(sign="!", colour=style.WARN, shape="", legend="inconsistent"),
    "impossible": Sign(sign="✕", colour=style.BAD, shape="", legend="impossible"),
}

SIZE = 10.0  # points
