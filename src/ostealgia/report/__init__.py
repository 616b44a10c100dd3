"""Reports: plain data (``content``) set as one HTML page, an index of several, audits of papers, claims for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.report.annotated_page import annotated
    from ostealgia.report.audit_files import audit_csv, audit_json, audit_pages
    from ostealgia.report.audit_terminal import audit_text
    from ostealgia.report.audit_word import audit_docx
    from ostealgia.report.follow_up_html import follow_up_page
    from ostealgia.report.index import render_index
    from ostealgia.report.options_page_html import options_page
    from ostealgia.report.page import render_report
    from ostealgia.report.report_word import report_docx
    from ostealgia.report.text import claims_text

__all__ = [
    "annotated",
    "audit_csv",
    "audit_docx",
    "audit_json",
    "audit_pages",
    "audit_text",
    "claims_text",
    "follow_up_page",
    "options_page",
    "render_index",
    "render_report",
    "report_docx",
]

_WHERE = {
    "annotated": "annotated_page",
    "audit_csv": "audit_files",
    "audit_docx": "audit_word",
    "audit_json": "audit_files",
    "audit_pages": "audit_files",
    "audit_text": "audit_terminal",
    "claims_text": "text",
    "follow_up_page": "follow_up_html",
    "options_page": "options_page_html",
    "render_index": "index",
    "render_report": "page",
    "report_docx": "report_word",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'ostealgia.report' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"ostealgia.report.{_WHERE[name]}"), name)
