"""The audit of one paper: every number that was checked, what does not fit, and what it changes."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ostealgia.audit.finding import COLUMNS, SEVERITIES, VERDICTS, Finding
from ostealgia.display import count_of
from ostealgia.io.documents.model import Document
from ostealgia.tables.result import Result, as_json

if TYPE_CHECKING:
    import pandas as pd

SYMBOLS: dict[str, str] = {"consistent": "✓", "rounding": "≈", "inconsistent": "!", "impossible": "✕"}
WIDTH = 110  # columns of the terminal text


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Audit(Result):
    """What the checks say about one paper.

    document : the paper as it was read.  findings : sorted by place; those that fit are listed, too.
    statements : how many printed statements were read.  notes : what the reader decided, what could not be checked.

    >>> from ostealgia.audit.checking import check
    >>> from ostealgia.io.documents.model import Document
    >>> check(Document(name="empty.txt", format="text", text="", plain="")).flags
    ()
    """

    document: Document
    findings: tuple[Finding, ...] = ()
    statements: int = 0

    @property
    def flags(self) -> tuple[Finding, ...]:
        """The findings that do not fit, the gravest first, then by place."""
        flagged = [found for found in self.findings if found.flagged]
        return tuple(sorted(flagged, key=lambda found: -SEVERITIES.index(found.severity)))

    def counts(self) -> dict[str, int]:
        """How many findings have each verdict, and how many are flagged and change a conclusion."""
        told = {verdict: sum(found.verdict == verdict for found in self.findings) for verdict in VERDICTS}
        told["flagged"] = len(self.flags)
        told["conclusion-changing"] = sum(found.severity == "conclusion-changing" for found in self.flags)
        return told

    @property
    def headline(self) -> str:
        """One sentence: how much was checked, how much does not fit, what it changes."""
        if not self.findings:
            return "no number of this paper could be checked against another"
        counts = self.counts()
        checked = f"{count_of(len(self.findings), 'number', 'numbers')} checked"
        if not counts["flagged"]:
            return f"{checked}, all fit"
        count, grave = counts["flagged"], counts["conclusion-changing"]
        changes = f"; {grave} change{'s' if grave == 1 else ''} a conclusion" if grave else ""
        return f"{checked}, {count} do{'es' if count == 1 else ''} not fit{changes}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of an audit: documents and findings."""
        document = self.document
        entry = {
            "name": document.name,
            "format": document.format,
            "pages": len(document.page_starts) or None,
            "statements": self.statements,
            "notes": list(self.notes),
        }
        return {"documents": [entry], "findings": [as_json(found.to_dict()) for found in self.findings]}

    def to_frame(self) -> pd.DataFrame:
        """One row a finding, always the same columns: those of the JSON, then message."""
        import pandas as pd

        rows = [{**found.to_dict(), "message": found.message} for found in self.findings]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def __str__(self) -> str:
        lines = [f"Audit of {self.document.name}: {self.headline}"]
        for severity in reversed(SEVERITIES):
            listed = [found for found in self.flags if found.severity == severity]
            if listed:
                lines += ["", severity]
                for found in listed:
                    lines += flag_lines(found)
        lines += [""] if self.notes and self.flags else []
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])

    def _repr_html_(self) -> str:
        head = f"<p style='margin:0 0 .5em'><b>{_escape(self.document.name)}</b>: {_escape(self.headline)}</p>"
        rows = "".join(_html_row(found) for found in self.flags)
        table = f"<table style='border-collapse:collapse;font-size:.92em'>{rows}</table>" if rows else ""
        notes = "".join(f"<p style='margin:.5em 0 0;color:#57606a'>{_escape(note)}</p>" for note in self.notes)
        style = "max-width:60em;border-left:3px solid #0b5fa5;padding:.4em 0 .4em 1em;line-height:1.4"
        return f"<div style='{style}'>{head}{table}{notes}</div>"


def place_text(found: Finding) -> str:
    """Where a finding stands: "page 3, line 120"."""
    parts = (("page", found.page), ("line", found.line))
    return ", ".join(f"{name} {number}" for name, number in parts if number is not None)


def flag_lines(found: Finding) -> list[str]:
    """A flag for a terminal: what does not fit, the words, the probable cause, the repair.

    >>> found = Finding(rule="percent-vs-count", line=3, reported="2.7", verdict="inconsistent", severity="major",
    ...                 quote="8 (2.7)", message="8 of 30 is 26.7%; printed 2.7%", cause="a digit is missing", repair="26.7")
    >>> print("\\n".join(flag_lines(found)))
      ! percent-vs-count, line 3
          8 of 30 is 26.7%; printed 2.7%
          printed   "8 (2.7)"
          cause     a digit is missing
          repair    26.7
    """
    where = place_text(found)
    judgement = " (judgement)" if found.basis == "judgement" else ""
    lines = [f"  {SYMBOLS[found.verdict]} {found.rule}{judgement}{f', {where}' if where else ''}"]
    lines += _wrapped(found.message or found.reported, "      ", "      ")
    told = (("printed", f'"{found.quote}"' if found.quote else ""), ("cause", found.cause), ("repair", found.repair))
    for name, text in told:
        if text:
            lines += _wrapped(text, f"      {name:10}", " " * 16)
    return lines


def sorted_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings by place, one rule only once on the same numerals of one place: the gravest is kept."""
    order = sorted(enumerate(findings), key=lambda item: (*_place_key(item[1]), item[0]))
    kept: list[Finding] = []
    recent: dict[tuple[str, str], int] = {}
    for _, found in order:
        key = (found.rule, found.reported)
        at = recent.get(key)
        if at is not None and _same_place(kept[at], found):
            kept[at] = max(kept[at], found, key=_gravity)
            continue
        recent[key] = len(kept)
        kept.append(found)
    return tuple(kept)


def _place_key(found: Finding) -> tuple[str, int, int, str]:
    start, end = found.span or (-1, -1)
    return found.document or "", start, end, found.rule


def _same_place(first: Finding, second: Finding) -> bool:
    if first.span is None or second.span is None:
        return first == second
    return second.span[0] < first.span[1] and first.span[0] <= second.span[1]


def _gravity(found: Finding) -> tuple[bool, int, int]:
    return found.flagged, SEVERITIES.index(found.severity), list(VERDICTS).index(found.verdict)


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False) or [first]


def _escape(text: str) -> str:
    return html.escape(text)


def _html_row(found: Finding) -> str:
    colour = "#b3470c" if found.verdict == "impossible" else "#8a5a00"
    mark = f"<td style='color:{colour};vertical-align:top;padding:.15em .6em .15em 0'>{SYMBOLS[found.verdict]}</td>"
    rest = "".join(f"<br><span style='color:#57606a'>{_escape(text)}</span>" for text in _asides(found))
    cell = "<td style='text-align:left;padding:.15em 0'>"
    return f"<tr>{mark}{cell}{_escape(found.message or found.reported)}{rest}</td></tr>"


def _asides(found: Finding) -> list[str]:
    where = place_text(found)
    told = [f"{found.rule}, {found.severity}{f', {where}' if where else ''}"]
    told += [f"probable cause: {found.cause}"] if found.cause else []
    return told + ([f"repair: {found.repair}"] if found.repair else [])
