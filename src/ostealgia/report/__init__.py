"""Reports: plain data (``content``) set as one HTML page, an index of several, audits of papers, claims for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.report.annotated_page import annotated
    from ostealgia.report.audit_files import audit_csv, audit_json, audit_pages
    from ostealgia.report.audit_terminal import audit_text
    from ostealgia.report.audit_word import audit_docx
    from ostealgia.report.index import render_index
    from ostealgia.report.page import render_report
    from ostealgia.report.text import claims_text

__all__ = [
    "annotated",
    "audit_csv",
    "audit_docx",
    "audit_json",
    "audit_pages",
    "audit_text",
    "claims_text",
    "render_index",
    "render_report",
]

_WHERE = {
    "annotated": "annotated_page",
    "audit_csv": "audit_files",
    "audit_docx": "audit_word",
    "audit_json": "audit_files",
    "audit_pages": "audit_files",
    "audit_text": "audit_terminal",
    "claims_text": "text",
    "render_index": "index",
    "render_report": "page",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'ostealgia.report' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"ostealgia.report.{_WHERE[name]}"), name)
