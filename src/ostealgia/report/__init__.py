"""Reports: plain data (``content``) set as one HTML page, an index of several, and the claims for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostealgia.report.index import render_index
    from ostealgia.report.page import render_report
    from ostealgia.report.text import claims_text

__all__ = ["claims_text", "render_index", "render_report"]

_WHERE = {"render_report": "page", "render_index": "index", "claims_text": "text"}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'ostealgia.report' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"ostealgia.report.{_WHERE[name]}"), name)
