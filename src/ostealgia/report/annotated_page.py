"""A paper as one HTML page with every checked number marked. It holds no script, and forbids any by its own policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ostealgia import display
from ostealgia.audit.checks.registry import question
from ostealgia.audit.finding import Finding
from ostealgia.audit.result import Audit
from ostealgia.errors import OptionError
from ostealgia.report import audit_notes, theme
from ostealgia.report.annotated_parts import Mark, parts_of
from ostealgia.report.audit_notes import KINDS, Kind, kind_of

SHOWN_FIRST = 6  # flags that change a conclusion, told at the head of the page
_TOGETHER, _LONGEST_ENDING = 14, 24  # characters
_FIT = ("consistent", "rounding")


@dataclass(frozen=True, kw_only=True)
class Note:
    """A finding in words.

    number : of its note, from 1; 0 for what fits.  mark : number of its mark, 0 without one.  quote : the printed words.
    """

    finding: Finding
    number: int
    mark: int
    where: str
    quote: str

    @property
    def kind(self) -> Kind:
        """How it looks."""
        return KINDS[kind_of(self.finding)]

    @property
    def kind_name(self) -> str:
        """The name in KINDS."""
        return kind_of(self.finding)

    @property
    def question(self) -> str:
        """What the rule asks."""
        return question(self.finding.rule)

    @property
    def recomputed(self) -> str:
        """What the other numbers give."""
        return audit_notes.recomputed_text(self.finding)

    @property
    def message(self) -> str:
        """What fits or does not fit together, as a sentence."""
        text = display.capital(self.finding.message.strip())
        return text if not text or text.endswith((".", "?")) else f"{text}."


@dataclass(frozen=True, kw_only=True)
class MarkView:
    """A mark with its notes, the gravest first."""

    number: int
    kind: Kind
    notes: tuple[Note, ...]
    pinned: bool
    judgement: bool

    @property
    def flags(self) -> tuple[Note, ...]:
        """Notes that have a number."""
        return tuple(note for note in self.notes if note.number)


def annotated(audit: Audit, *, language: str = "en") -> str:
    """The paper with its numbers marked: what fits, what does not, and why. One self-contained HTML page.

    audit : from ``audit.check``; nothing is computed here.  language : of the paper, as in HTML ("en").
    Raises OptionError for anything but an Audit. Every text of the paper is escaped. The page needs no network and no
    script, and its policy forbids both; the same audit gives the same bytes.

    >>> from ostealgia.io.documents.model import Document
    >>> page = annotated(Audit(document=Document(name="<b>.txt", format="text", text="", plain="")))
    >>> "&lt;b&gt;.txt" in page, "<script" in page
    (True, False)
    """
    if not isinstance(audit, Audit):
        raise OptionError(
            f"audit is a {type(audit).__name__}; check the paper first: report.annotated(audit.check(paper))."
        )
    parts, marks, unplaced = parts_of(audit)
    notes = _notes(audit, marks, unplaced)
    numbered = [note for note in notes.values() if note.number]
    flags = [note for note in numbered if note.finding.flagged]
    grave = [note for note in flags if note.finding.severity == "conclusion-changing"]
    page = theme.environment().get_template("audit.html").render(
        shell(f"Audit: {audit_notes.title_of(audit.document)}", language),
        audit=audit,
        title=audit_notes.title_of(audit.document),
        facts=_facts(audit),
        answer=f"{display.capital(audit.headline)}.",
        tally=[(KINDS[name], count) for name, count in audit_notes.kind_counts(audit).items()],
        kinds=KINDS,
        grave=grave[:SHOWN_FIRST],
        more_grave=len(grave) - SHOWN_FIRST,
        flags=flags,
        groups=_groups(flags),
        parts=parts,
        view=_views(marks, notes),
        ending=ending,
        numbered=numbered,
        fitting=[note for note in notes.values() if not note.number],
        rules=audit_notes.by_rule(audit.findings),
    )  # fmt: skip
    return page.rstrip() + "\n"


def ending(words: str) -> str:
    """The end of marked words that must stay on one line with the sign behind it: all of a few words, else the last one.

    >>> ending("26 (34.2)"), ending("HR 0.62, 95% CI 0.41-0.94; P = 0.024")
    ('26 (34.2)', '0.024')
    """
    if len(words) <= _TOGETHER:
        return words
    last = words.rpartition(" ")[2]
    return last if len(last) <= _LONGEST_ENDING else ""


def shell(page_title: str, language: str) -> dict[str, Any]:
    """The values of the base template of audits: style with its hash, symbols; no script."""
    from markupsafe import Markup

    more = resources.files("ostealgia.report").joinpath("templates", "audit.css").read_text(encoding="utf-8").rstrip()
    values = theme.shell(language=language, page_title=page_title, figure_colours=set(), more_css=more)
    style = f"\n{values['css']}\n"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return {**values, "css": Markup(style), "style_hash": digest}


def _notes(audit: Audit, marks: tuple[Mark, ...], unplaced: tuple[Finding, ...]) -> dict[int, Note]:
    """Each finding by its identity as a note, in the order of the page; those that do not fit, or are to note, numbered."""
    ordered = [(found, mark.number) for mark in marks for found in mark.findings]
    ordered += [(found, 0) for found in unplaced]
    notes: dict[int, Note] = {}
    next_number = 1
    for found, mark in ordered:
        counted = kind_of(found) not in _FIT
        where = audit_notes.place_words(audit.document, found)
        quote = audit_notes.quoted(audit.document, found)
        number = next_number if counted else 0
        notes[id(found)] = Note(finding=found, number=number, mark=mark, where=where, quote=quote)
        next_number += counted
    return notes


def _views(marks: tuple[Mark, ...], notes: Mapping[int, Note]) -> dict[int, MarkView]:
    """Number of a mark -> what it shows."""
    order = list(KINDS)
    views: dict[int, MarkView] = {}
    for mark in marks:
        own = sorted((notes[id(found)] for found in mark.findings), key=lambda note: order.index(note.kind_name))
        views[mark.number] = MarkView(
            number=mark.number,
            kind=KINDS[mark.kind],
            notes=tuple(own),
            pinned=mark.pinned,
            judgement=all(note.finding.basis == "judgement" for note in own if note.kind_name == mark.kind),
        )
    return views


def _groups(flags: list[Note]) -> list[tuple[str, list[Note]]]:
    severities = audit_notes.by_gravity(note.finding for note in flags)
    return [(severity, [note for note in flags if note.finding.severity == severity]) for severity in severities]


def _facts(audit: Audit) -> str:
    document = audit.document
    parts = [document.name, document.format.upper() if document.format in ("pdf", "html", "csv") else document.format]
    if document.page_starts:
        parts.append(display.count_of(len(document.page_starts), "page", "pages"))
    parts.append(f"{display.count_of(audit.statements, 'statement', 'statements')} with numbers read")
    return " · ".join(parts)
