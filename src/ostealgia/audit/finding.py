"""What one rule says about one printed number."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ostealgia.numerics.intervals import Interval, Printed
from ostealgia.options import one_of

VERDICTS: dict[str, str] = {
    "consistent": "the printed value is what the other numbers give",
    "rounding": "it differs from the recomputed value by no more than rounding of the printed numbers allows",
    "inconsistent": "the printed numbers cannot all be right",
    "impossible": "no data can produce the printed value",
}

SEVERITIES: tuple[str, ...] = ("none", "information", "minor", "major", "conclusion-changing")

BASES: dict[str, str] = {
    "arithmetic": "follows from the printed numbers alone",
    "judgement": "a careful reader could differ; may be switched off",
}

CAUSES: dict[str, str] = {
    "double-exponentiation": "a ratio was taken for a log ratio and exponentiated once more",
    "lost-digit": "a digit or the place of the point was lost",
    "neighbour-row": "the number belongs to a neighbouring row or column",
    "wrong-denominator": "another denominator was used",
    "reversed-coding": "outcome or exposure is coded the other way round",
    "row-swap": "two rows or columns are exchanged",
    "copied-interval": "the interval is a copy of another row's",
    "typing-slip": "one digit differs",
    "wrong-scale": "the number is printed on another scale",
    "unknown": "",
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a number stands: document, page or line (counted from 1), characters from-to, and the words around it."""

    document: str | None = None
    page: int | None = None
    line: int | None = None
    span: tuple[int, int] | None = None
    quote: str = ""


NOWHERE = Place()


@dataclass(frozen=True)
class Balance:
    """A sum of whole numbers as printed: the parts make up the whole.

    >>> Balance(250, (30, 15, 215)).off
    10
    """

    whole: int
    parts: tuple[int, ...]

    @property
    def off(self) -> int:
        """By how much the parts are more than the whole."""
        return sum(self.parts) - self.whole


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check of one printed number, passed or not.

    rule : name of the rule.
    document .. quote : see Place.
    reported : the printed numerals.
    recomputed, recomputed_low, recomputed_high : what the other numbers give, and its range over their rounding;
    None where there is no number.
    verdict, severity, basis, cause_code : names in VERDICTS, SEVERITIES, BASES, CAUSES.
    cause : the probable cause in words.
    repair : the value that would fit, written as it would be printed, or None; "113 in place of 116" where it is another number
    than the reported one that would change.
    message : one sentence that says what fits or does not fit together; it is not part of the JSON.
    balance : the sum that was checked, for the rules of sums; it is not part of the JSON either.

    >>> found = Finding(rule="percent-vs-count", reported="2.7", verdict="inconsistent", severity="major")
    >>> found.flagged, found.to_dict()["recomputed_low"] is None
    (True, True)
    """

    rule: str
    document: str | None = None
    page: int | None = None
    line: int | None = None
    span: tuple[int, int] | None = None
    quote: str = ""
    reported: str
    recomputed: float | None = None
    recomputed_low: float | None = None
    recomputed_high: float | None = None
    verdict: str
    severity: str = "none"
    basis: str = "arithmetic"
    cause_code: str | None = None
    cause: str | None = None
    repair: str | None = None
    message: str = ""
    balance: Balance | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        one_of("verdict", self.verdict, VERDICTS)
        one_of("severity", self.severity, SEVERITIES)
        one_of("basis", self.basis, BASES)
        if self.cause_code is not None:
            one_of("cause_code", self.cause_code, CAUSES)

    @property
    def flagged(self) -> bool:
        """True where the numbers do not fit together and this is more than information."""
        return self.verdict in ("inconsistent", "impossible") and self.severity not in ("none", "information")

    def to_dict(self) -> dict[str, Any]:
        """The JSON of an audit: the same keys for every rule, None where nothing is known."""
        data = {name: getattr(self, name) for name in COLUMNS if name != "message"}
        data["span"] = list(self.span) if self.span is not None else None
        for name in ("recomputed", "recomputed_low", "recomputed_high"):
            value = data[name]
            data[name] = None if value is None or not math.isfinite(value) else value
        return data

    def at(self, place: Place) -> Finding:
        """The same finding at another place."""
        return replace(
            self, document=place.document, page=place.page, line=place.line, span=place.span, quote=place.quote
        )

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.document, f"line {self.line}" if self.line else None) if part)
        head = f"{self.verdict:12} {self.rule}: {self.message or self.reported}"
        tail = f" Probable cause: {self.cause}." if self.flagged and self.cause else ""
        return f"{head}{tail}{f' [{where}]' if where else ''}"


# the columns of a frame of findings: those of the JSON, then message
COLUMNS: tuple[str, ...] = tuple(one.name for one in fields(Finding) if one.name != "balance")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A probable cause, with the value that would fit where one is known."""

    code: str = "unknown"
    text: str | None = None
    repair: str | None = None


UNKNOWN = Cause()


def make(
    rule: str,
    place: Place,
    *,
    reported: str,
    verdict: str,
    message: str,
    recomputed: float | None = None,
    values: Interval | None = None,
    severity: str = "none",
    basis: str = "arithmetic",
    cause: Cause | None = None,
) -> Finding:
    """A finding at a place. values : range of the recomputed value. cause : left out where the numbers fit."""
    given = cause if verdict in ("inconsistent", "impossible") else None
    if verdict in ("inconsistent", "impossible") and given is None:
        given = UNKNOWN
    return Finding(
        rule=rule,
        document=place.document,
        page=place.page,
        line=place.line,
        span=place.span,
        quote=place.quote,
        reported=reported,
        recomputed=recomputed,
        recomputed_low=None if values is None else values.low,
        recomputed_high=None if values is None else values.high,
        verdict=verdict,
        severity=severity,
        basis=basis,
        cause_code=given.code if given else None,
        cause=(given.text or CAUSES[given.code] or None) if given else None,
        repair=given.repair if given else None,
        message=message,
    )


def judge(printed: Printed, point: float, values: Interval) -> str:
    """consistent, rounding or inconsistent: does the print fit the recomputed point, or some value of its range?

    >>> judge(Printed.parse("0.147"), 0.1436, Interval(0.137, 0.150))
    'rounding'
    """
    if printed.fits(point):
        return "consistent"
    return "rounding" if printed.allows(values) else "inconsistent"


def worst(findings: Iterable[Finding]) -> str:
    """The highest severity among the flags, "none" where there is no flag."""
    levels = [SEVERITIES.index(found.severity) for found in findings if found.flagged]
    return SEVERITIES[max(levels)] if levels else "none"


def summary(findings: Iterable[Finding]) -> str:
    """A terminal text: how much was checked, then each number that does not fit.

    >>> print(summary([Finding(rule="percent-vs-count", reported="9.5", verdict="consistent")]))
    1 check: 1 consistent
    """
    listed = list(findings)
    counts = {verdict: sum(found.verdict == verdict for found in listed) for verdict in VERDICTS}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    lines = [f"{len(listed)} check{'' if len(listed) == 1 else 's'}: {told}" if listed else "nothing to check"]
    lines += [f"  {found}" for found in listed if found.verdict in ("inconsistent", "impossible")]
    return "\n".join(lines)
