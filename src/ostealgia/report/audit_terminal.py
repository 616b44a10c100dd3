"""An audit for a terminal: the headline, then what does not fit, the gravest first."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ostealgia import display
from ostealgia.audit.finding import Finding
from ostealgia.audit.result import Audit
from ostealgia.report.audit_notes import KINDS, by_gravity, kind_of, place_words, quoted, recomputed_text, tally_text
from ostealgia.report.text import plain

WIDTH = 110
_LABELS = 12  # columns of "recomputed  "


def audit_text(audit: Audit, *, everything: bool = False, signs: bool = True, width: int = WIDTH) -> str:
    """One audit in lines: how much was checked, each flag with its place, quote, recomputation, cause and repair.

    everything : also list what fits, a line each.  signs : use the signs of print for verdicts, where the terminal can.

    >>> from ostealgia.io.documents.model import Document
    >>> found = Finding(rule="percent-vs-count", line=3, reported="8 (2.7)", quote="8 (2.7)", recomputed=26.6667,
    ...                 verdict="inconsistent", severity="major", message="8 of 30 is 26.67%; printed 2.7%", repair="26.7")
    >>> print(audit_text(Audit(document=Document(name="a.txt", format="text", text="", plain=""), findings=(found,))))
    a.txt
      1 number checked: 1 does not fit
    <BLANKLINE>
      major
      ! percent-vs-count, line 3
          8 of 30 is 26.67%; printed 2.7%
          printed     8 (2.7)
          recomputed  26.7
          would fit   26.7
    """
    lines = [plain(audit.document.name), *_wrapped(tally_text(audit), "  ", "  ", width)]
    for severity, members in by_gravity(audit.findings).items():
        lines += ["", f"  {severity}"]
        for found in members:
            lines += _flag(audit, found, signs, width)
    others = [found for found in audit.findings if not found.flagged]
    if everything and others:
        lines += ["", "  what fits, or is only to note"]
        for found in others:
            lines += _line(audit, found, signs, width)
    if audit.notes:
        lines.append("")
        for note in audit.notes:
            lines += _wrapped(f"note: {note}", "  ", "        ", width)
    return "\n".join(lines)


def audits_line(audits: Sequence[tuple[int, int, int]], failed: int) -> str:
    """The last line of several papers. audits : checked, flagged and conclusion-changing of each.

    >>> audits_line([(286, 16, 5), (12, 0, 0)], 1)
    '2 papers: 298 numbers checked, 16 in 1 paper do not fit, 5 change a conclusion; 1 file could not be read'
    """
    papers = display.count_of(len(audits), "paper", "papers")
    checked, flagged, grave = (sum(audit[column] for audit in audits) for column in range(3))
    told = f"{papers}: {display.count_of(checked, 'number', 'numbers')} checked"
    if flagged:
        within = display.count_of(sum(audit[1] > 0 for audit in audits), "paper", "papers")
        told += f", {flagged} in {within} do{'es' if flagged == 1 else ''} not fit"
        told += f", {grave} change{'s' if grave == 1 else ''} a conclusion" if grave else ""
    elif checked:
        told += ", none of them flagged"
    return f"{told}; {display.count_of(failed, 'file', 'files')} could not be read" if failed else told


def _sign(found: Finding, signs: bool) -> str:
    kind = KINDS[kind_of(found)]
    return kind.sign if signs else kind.ascii


def _flag(audit: Audit, found: Finding, signs: bool, width: int) -> list[str]:
    where = place_words(audit.document, found) or (f"line {found.line}" if found.line is not None else "")
    judged = " (by judgement)" if found.basis == "judgement" else ""
    lines = [f"  {_sign(found, signs)} {found.rule}{judged}{f', {plain(where)}' if where else ''}"]
    lines += _wrapped(found.message or found.reported, " " * 6, " " * 6, width)
    told = (
        ("printed", quoted(audit.document, found) or found.reported),
        ("recomputed", recomputed_text(found, typographic=False)),
        ("cause", found.cause or ""),
        ("would fit", found.repair or ""),
    )
    for name, text in told:
        if text:
            lines += _wrapped(text, f"      {name:{_LABELS}}", " " * (6 + _LABELS), width)
    return lines


def _line(audit: Audit, found: Finding, signs: bool, width: int) -> list[str]:
    where = place_words(audit.document, found)
    told = f"{found.rule}{f', {where}' if where else ''}: {found.message or found.reported}"
    return _wrapped(told, f"  {_sign(found, signs)} ", "    ", width)


def _wrapped(text: str, first: str, rest: str, width: int) -> list[str]:
    lines = textwrap.wrap(plain(text), width, initial_indent=first, subsequent_indent=rest, break_long_words=False)
    return lines or [first.rstrip()]
