"""What a finding says, ready to be set: the same words in the terminal, on the page and in Word."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ostealgia import display
from ostealgia.audit.checks.registry import question
from ostealgia.audit.finding import SEVERITIES, Finding
from ostealgia.audit.result import Audit
from ostealgia.io.documents.model import Document


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a verdict looks. symbol, tone : names of theme.  sign : for Word and the terminal.  label, of_many : words."""

    symbol: str
    tone: str
    sign: str
    ascii: str
    label: str
    of_many: str


KINDS: dict[str, Kind] = {
    "impossible": Kind(
        symbol="cross", tone="bad", sign="✕", ascii="x", label="cannot be", of_many="cannot be as printed"
    ),
    "inconsistent": Kind(
        symbol="exclamation", tone="warn", sign="!", ascii="!", label="does not fit", of_many="do not fit together"
    ),
    "noted": Kind(symbol="circle", tone="quiet", sign="○", ascii="o", label="to note", of_many="to note"),
    "rounding": Kind(
        symbol="approximate",
        tone="quiet",
        sign="≈",
        ascii="~",
        label="fits within rounding",
        of_many="fit within rounding",
    ),
    "consistent": Kind(symbol="check", tone="good", sign="✓", ascii="+", label="fits", of_many="fit"),
}

SECTION_WORDS: dict[str, str] = {"other": "", "front": "front matter", "back": "back matter"}
_DECIMALS = re.compile(r"\d[.·](\d+)")
_PER_CENT = re.compile(r"[ \u00a0\u2009\u202f]?\\?%")
_NUMERAL = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def kind_of(found: Finding) -> str:
    """The name in KINDS: what differs but is only information is "noted".

    >>> kind_of(Finding(rule="GRIM", reported="1", verdict="inconsistent", severity="information"))
    'noted'
    """
    if found.verdict in ("inconsistent", "impossible") and not found.flagged:
        return "noted"
    return found.verdict


def gravest(kinds: Iterable[str]) -> str:
    """The gravest of some kinds, in the order of KINDS.

    >>> gravest(["consistent", "inconsistent", "rounding"])
    'inconsistent'
    """
    order = list(KINDS)
    return min(kinds, key=order.index)


def kind_counts(audit: Audit) -> dict[str, int]:
    """How many findings are of each kind, those that fit first, without zeros."""
    tally = Counter(kind_of(found) for found in audit.findings)
    return {name: tally[name] for name in reversed(KINDS) if tally[name]}


def closing(document: Document, start: int, end: int) -> str:
    """The signs right behind a stretch that belong to it: a per cent sign, and the bracket that it opened.

    >>> from ostealgia.io.documents.reading import from_text
    >>> closing(from_text("fell in 8 of 30 (2.7%), and", name="a.txt"), 8, 20)
    '%)'
    """
    text = document.text
    per_cent = _PER_CENT.match(text, end) if text[start:end][-1:].isdigit() else None
    at = per_cent.end() if per_cent else end
    pair = next((pair for pair in ("()", "[]") if text[at : at + 1] == pair[1]), "")
    if pair and text.count(pair[0], start, at) > text.count(pair[1], start, at):
        at += 1
    return text[end:at]


def quoted(document: Document, found: Finding) -> str:
    """The printed words of a finding, with the signs that close them."""
    return found.quote + (closing(document, *found.span) if found.quote and found.span is not None else "")


def recomputed_text(found: Finding, *, typographic: bool = True) -> str:
    """What the other numbers give, with its range over their rounding, to as many decimals as are printed.

    One decimal more where that would look the same as what is printed and does not fit, and two digits of what is small.

    >>> recomputed_text(Finding(rule="percent-vs-count", reported="8 (2.7)", verdict="inconsistent", recomputed=26.6667))
    '26.7'
    >>> recomputed_text(Finding(rule="ci-vs-point", reported="3.91", verdict="inconsistent", recomputed=49.993,
    ...                         recomputed_low=49.891, recomputed_high=50.198))
    '49.99 (49.89 to 50.20)'
    >>> recomputed_text(Finding(rule="p-vs-ci", reported="0.16", verdict="inconsistent", recomputed=0.01597))
    '0.016'
    """
    lengths = [len(decimals) for decimals in _DECIMALS.findall(found.reported)]
    digits = min(max(lengths, default=0), 6)
    point = found.recomputed
    differs = found.verdict in ("inconsistent", "impossible")
    if differs and point is not None and _decimals(point, digits, False) in _NUMERAL.findall(found.reported):
        digits += 1
    if differs and point is not None and 0 < abs(point) < 0.1:  # a P of 0.016 beside a printed 0.16
        digits = max(digits, min(1 - math.floor(math.log10(abs(point))), 6))
    low, high = (
        None if value is None or math.isnan(value) else _decimals(value, digits, typographic)
        for value in (found.recomputed_low, found.recomputed_high)
    )
    text = "" if point is None else _decimals(point, digits, typographic)
    if low is None or high is None or low == high:
        return text or low or ""
    return f"{text} ({low} to {high})" if text else f"{low} to {high}"


def _decimals(value: float, digits: int, typographic: bool) -> str:
    places = digits if digits or float(value).is_integer() else 1
    if value and math.isfinite(value) and abs(value) < 0.5 * 10.0**-places:
        return f"{value:.2g}"
    return display.number(value, places, typographic=typographic)


def place_words(document: Document, found: Finding) -> str:
    """Where a finding stands: "page 3, line 12, results"."""
    parts = [f"page {found.page}" if found.page is not None else ""]
    if found.line is not None and document.format not in ("pdf", "html", "jats", "docx"):
        parts.append(f"line {found.line}")
    block = document.block_at(found.span[0]) if found.span is not None else None
    if block is not None:
        table = document.tables[block.table] if block.table is not None and block.table < len(document.tables) else None
        section = SECTION_WORDS.get(block.section, block.section)
        parts.append(table.label if table is not None and table.label else section)
    return ", ".join(part for part in parts if part)


def by_gravity(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The flags by severity, the gravest first; within a severity by place."""
    groups: dict[str, list[Finding]] = {severity: [] for severity in reversed(SEVERITIES)}
    for found in findings:
        if found.flagged:
            groups[found.severity].append(found)
    return {severity: members for severity, members in groups.items() if members}


def tally_text(audit: Audit) -> str:
    """One sentence: how much was checked, how much fits, what does not.

    >>> from ostealgia.io.documents.model import Document
    >>> found = Finding(rule="GRIM", reported="9.5", verdict="consistent")
    >>> tally_text(Audit(document=Document(name="a", format="text", text="", plain=""), findings=(found,)))
    '1 number checked: 1 fits'
    """
    if not audit.findings:
        return audit.headline
    words = [
        f"{count} {KINDS[name].label if count == 1 else KINDS[name].of_many}"
        for name, count in kind_counts(audit).items()
    ]
    grave = audit.counts()["conclusion-changing"]
    changes = f"; {grave} change{'s' if grave == 1 else ''} a conclusion" if grave else ""
    return f"{display.count_of(len(audit.findings), 'number', 'numbers')} checked: {', '.join(words)}{changes}"


@dataclass(frozen=True, kw_only=True)
class RuleLine:
    """How often a rule was applied to a paper, and with what result."""

    rule: str
    question: str
    checked: int
    fit: int
    noted: int
    flagged: int


def by_rule(findings: Sequence[Finding]) -> list[RuleLine]:
    """One line a rule that was applied, the most used first."""
    lines: list[RuleLine] = []
    for rule, count in Counter(found.rule for found in findings).most_common():
        kinds = Counter(kind_of(found) for found in findings if found.rule == rule)
        lines.append(
            RuleLine(
                rule=rule,
                question=question(rule),
                checked=count,
                fit=kinds["consistent"] + kinds["rounding"],
                noted=kinds["noted"],
                flagged=kinds["inconsistent"] + kinds["impossible"],
            )
        )
    return sorted(lines, key=lambda line: (-line.checked, line.rule))


def title_of(document: Document) -> str:
    """The paper's title as printed, or the name of its file."""
    for block in document.blocks[:40]:
        if block.kind == "title":
            words = " ".join(document.plain[block.start : block.end].split())
            return words[:300] or document.name
    return document.name
