"""Audits of several papers as data: one JSON, one CSV, one Word document, an index page with a page a paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia.audit.finding import COLUMNS, Finding
from ostealgia.audit.result import Audit
from ostealgia.report import theme
from ostealgia.report.annotated_page import annotated, shell
from ostealgia.report.audit_notes import KINDS, kind_counts, title_of


@dataclass(frozen=True, kw_only=True)
class Audited:
    """A paper that was audited. path : as it was given.  sha256 : of the file, "" where it is not known."""

    path: str
    audit: Audit
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A paper that could not be read, and the message that says why."""

    path: str
    message: str


def audit_json(papers: Iterable[Audited | Unread]) -> dict[str, Any]:
    """documents, findings and errors of several papers, in their order.

    >>> audit_json([Unread(path="a.pdf", message="a.pdf: the file is encrypted.")])["errors"]
    [{'path': 'a.pdf', 'message': 'a.pdf: the file is encrypted.'}]
    """
    told: dict[str, Any] = {"documents": [], "findings": [], "errors": []}
    for paper in papers:
        if isinstance(paper, Unread):
            told["errors"].append({"path": paper.path, "message": paper.message})
            continue
        data = paper.audit.to_dict()
        (entry,) = data["documents"]
        more = {"path": paper.path, "sha256": paper.sha256 or None, "checks": paper.audit.counts()}
        told["documents"].append({**entry, **{name: value for name, value in more.items() if name not in entry}})
        told["findings"] += data["findings"]
    return told


def audit_csv(audits: Iterable[Audit]) -> str:
    """All findings of several papers, one row each, always the same columns; cells that a spreadsheet would run are defused."""
    from ostealgia.io.writers import csv_text

    names = list(COLUMNS)
    rows = [_csv_row(found, names) for audit in audits for found in audit.findings]
    if rows:
        return csv_text(rows)
    return ",".join(_columns(names)) + "\n"


def _columns(names: Sequence[str]) -> list[str]:
    return [part for name in names for part in (("span_start", "span_end") if name == "span" else (name,))]


def _csv_row(found: Finding, names: Sequence[str]) -> dict[str, Any]:
    data = {**found.to_dict(), "message": found.message}
    start, end = found.span or (None, None)
    data.update(span_start=start, span_end=end, reported=_as_text(found.reported), repair=_as_text(found.repair))
    return {name: data[name] for name in _columns(names)}


def _as_text(value: str | None) -> str | None:
    return " ".join(value.split()) if value else value


# ---- pages


@dataclass(frozen=True, kw_only=True)
class _Line:
    href: str
    title: str
    audit: Audit

    @property
    def fit(self) -> int:
        counts = self.audit.counts()
        return counts["consistent"] + counts["rounding"]

    @property
    def flagged(self) -> int:
        return len(self.audit.flags)

    @property
    def grave(self) -> int:
        return self.audit.counts()["conclusion-changing"]

    @property
    def kind(self) -> Any:
        counts = kind_counts(self.audit)
        name = next((name for name in ("impossible", "inconsistent", "consistent") if counts.get(name)), "noted")
        return KINDS[name]


def audit_pages(papers: Sequence[Audited | Unread]) -> dict[str, str]:
    """File name -> page: ``index.html`` over all papers, and an annotated page for each that was read.

    >>> sorted(audit_pages([Unread(path="a.pdf", message="a.pdf: the file is encrypted.")]))
    ['index.html']
    """
    lines: list[_Line] = []
    pages: dict[str, str] = {}
    for paper in papers:
        if isinstance(paper, Audited):
            name = _free_name(paper.audit.document.name, pages)
            pages[name] = annotated(paper.audit)
            lines.append(_Line(href=name, title=title_of(paper.audit.document), audit=paper.audit))
    failed = [paper for paper in papers if isinstance(paper, Unread)]
    template = theme.environment().get_template("audit_index.html")
    index = template.render(shell("Audit of several papers", "en"), lines=lines, failed=failed)
    return {"index.html": index.rstrip() + "\n", **pages}


def _free_name(name: str, taken: dict[str, str]) -> str:
    """A file name like that of the paper which no page has yet."""
    stem = theme.slug(name.rpartition(".")[0] or name)[:80]
    candidates = (f"{stem}{f'-{number}' if number > 1 else ''}.html" for number in range(1, len(taken) + 3))
    return next(one for one in candidates if one not in taken and one != "index.html")
