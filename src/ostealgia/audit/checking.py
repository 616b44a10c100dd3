"""From a paper to its audit: read it, find its statements and tables, run every check."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ostealgia.audit.checks.registry import all_checks, rule_names
from ostealgia.audit.finding import Finding
from ostealgia.audit.lost_signs import without_signs
from ostealgia.audit.mending import mended
from ostealgia.audit.paper import Check, Paper
from ostealgia.audit.result import Audit, sorted_findings
from ostealgia.errors import OptionError
from ostealgia.io.documents.model import Document
from ostealgia.options import one_of

if TYPE_CHECKING:
    from ostealgia.audit.statements.model import Statement
    from ostealgia.audit.tables.model import ReadTable


def read(path: str | os.PathLike[str]) -> Document:
    """Read a paper: text, Markdown, HTML, JATS XML, PDF, DOCX, or a table (CSV, XLSX). See io.documents.read_document."""
    from ostealgia.io.documents.reading import read_document

    return read_document(os.fspath(path))


def check(document: Document, *, rules: Iterable[str] | str | None = None, judgement: bool = True) -> Audit:
    """Which printed numbers of a paper fit together, which do not, and what would they be?

    document : from ``read``.
    rules : names of the rules to report, all by default.
    judgement : False leaves out what a careful reader could judge differently.
    Returns an Audit: findings sorted by place, the consistent ones included. A check that breaks down on a paper is named
    in ``notes``; the others still run. Raises OptionError for an unknown rule, or where no Document is given.

    >>> from ostealgia.io.documents.model import Document
    >>> check(Document(name="a.txt", format="text", text="", plain=""), rules="GRIM").counts()["flagged"]
    0
    """
    if not isinstance(document, Document):
        found = type(document).__name__
        raise OptionError(f"document is a {found}; read the file first: audit.check(audit.read(path)).")
    wanted = wanted_rules(rules)
    paper, notes = understand(document)
    found: list[Finding] = []
    for name, one in all_checks().items():
        listed, note = _run(name, one, paper)
        found += listed
        notes += note
    found, lost = without_signs(document.plain, mended(document, found))
    notes += lost
    kept = [finding for finding in found if finding.rule in wanted and (judgement or finding.basis != "judgement")]
    return Audit(
        document=document, findings=sorted_findings(kept), statements=len(paper.statements), notes=tuple(notes)
    )


def understand(document: Document) -> tuple[Paper, list[str]]:
    """A document with its statements and tables, and notes on what the reader decided."""
    notes = list(document.notes)
    statements = _statements(document)
    tables = _tables(document)
    return Paper(document=document, statements=statements, tables=tables), notes


def _statements(document: Document) -> tuple[Statement, ...]:
    from ostealgia.audit.statements.extraction import extract

    return tuple(extract(document))


def _tables(document: Document) -> tuple[ReadTable, ...]:
    from ostealgia.audit.tables.reading import read_tables

    return tuple(read_tables(document))


def wanted_rules(rules: Iterable[str] | str | None) -> frozenset[str]:
    """The names of the rules that are asked for, all by default. Raises OptionError for an unknown one."""
    names = rule_names()
    if rules is None:
        return frozenset(names)
    listed = [rules] if isinstance(rules, str) else list(rules)
    return frozenset(one_of("rules", name, names) for name in listed)


def _run(name: str, one: Check, paper: Paper) -> tuple[list[Finding], list[str]]:
    """The findings of one check; a defect of ours in one check must not lose the others, but is said."""
    found: list[Finding] = []
    try:
        for finding in one(paper):
            found.append(finding)
    except Exception as error:  # any defect: it is told in the notes and the tests allow no such note
        kind = type(error).__name__
        return found, [f"check {name} could not be run on this paper: {kind}: {' '.join(str(error).split())[:200]}"]
    return found, []
